/* SPDX-License-Identifier: MIT */
/* source_echo.h - what clients say is what it says. */
#ifndef BRIDGE_SOURCE_ECHO_H
#define BRIDGE_SOURCE_ECHO_H

#include "hub.h"
#include "stats.h"

/* Give H such a source; STATS lives as long as H's conf.  0 or -ENOMEM. */
int source_echo_open(struct hub *h, struct path_stats *stats);

#endif
