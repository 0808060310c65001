/* SPDX-License-Identifier: MIT */
/* systemd.h - tells the service manager (sd_notify(3)) when the daemon is ready,
 * reloading or stopping, and that its loop still turns. */
#ifndef SERVER_SYSTEMD_H
#define SERVER_SYSTEMD_H

#include "server.h"

/* To be called once.  If WATCHDOG_USEC is meant for this process, start a timer on S's
 * loop that sends WATCHDOG=1 twice in that time (sd_watchdog_enabled(3)). */
void systemd_init(struct server *s);
void systemd_end(struct server *s);

/* The daemon listens on WHERE, at first or again; "": nowhere, as it was told. */
void systemd_ready(const char *where);

void systemd_reloading(void);
void systemd_reload_failed(void);

/* The daemon stops, which takes SECONDS at most. */
void systemd_stopping(unsigned sessions, double seconds);

#endif
