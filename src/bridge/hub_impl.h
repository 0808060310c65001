/* SPDX-License-Identifier: MIT */
/* hub_impl.h - what the files of a hub tell each other. */
#ifndef BRIDGE_HUB_IMPL_H
#define BRIDGE_HUB_IMPL_H

#include "fan.h"
#include "hub.h"

/* ---- hub.c ---- */

/* The prefix of its log lines; static, until the next call. */
const char *hub_name(const struct hub *h);

/* Forget what a source has begun, before another one.  0 or -ENOMEM. */
int hub_reset(struct hub *h);

/* How many bytes of frames a byte of the source can become. */
size_t hub_expansion(const struct hub *h);

/* ---- hub_stream.c ---- */

/* As hub_output(), where there is one subscriber. */
void hub_stream_output(struct hub *h, const char *p, size_t n, bool eof);

/* As hub_room(), where there is one subscriber. */
size_t hub_stream_room(const struct hub *h);

/* Log what the source says that breaks its framing. */
void hub_tell_broken(const struct hub *h, const char *reason);

#endif
