/* SPDX-License-Identifier: MIT */
/* listen_report.h - logs what the kernel has made of a listener's backlog and buffers. */
#ifndef SERVER_LISTEN_REPORT_H
#define SERVER_LISTEN_REPORT_H

#include "listen.h"

/* L was opened or adjusted as CONF says, for PLACE. */
void listen_report(const struct conf *conf, const struct listen_place *place,
		   const struct listener *l);

#endif
