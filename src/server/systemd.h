/* SPDX-License-Identifier: MIT */
/* systemd.h - what a service manager is told (sd_notify(3)): ready, reloading, stopping,
 * and that the loop still turns. */
#ifndef SERVER_SYSTEMD_H
#define SERVER_SYSTEMD_H

#include "server.h"

/* Once: with WATCHDOG_USEC for this process, a timer of S's loop says WATCHDOG=1 twice in
 * that time from now on (sd_watchdog_enabled(3)). */
void systemd_init(struct server *s);
void systemd_end(struct server *s);

/* It listens on WHERE, at first or again; "": on nothing, as it was told. */
void systemd_ready(const char *where);

void systemd_reloading(void);
void systemd_reload_failed(void);

/* It ends, which takes SECONDS at the most. */
void systemd_stopping(unsigned sessions, double seconds);

#endif
