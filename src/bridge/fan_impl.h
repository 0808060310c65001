/* SPDX-License-Identifier: MIT */
/* fan_impl.h - what the files fan*.c tell each other. */
#ifndef BRIDGE_FAN_IMPL_H
#define BRIDGE_FAN_IMPL_H

#include "fan.h"

/* F, which is to be H's, has not had a source yet. */
void fan_restart_init(struct hub *h, struct fan *f);

/* The source of H has ended, and no other comes: each client is told how. */
void fan_end(struct hub *h, const struct ending *e);

#endif
