/* SPDX-License-Identifier: MIT */
/* mode.h - what the modes of the load generator have in common, and their rows. */
#ifndef MODE_H
#define MODE_H

#include "load.h"

extern const struct load_mode mode_echo, mode_connect, mode_down, mode_up, mode_idle,
	mode_rest;

static inline struct load *load_of(const struct conn *c)
{
	return c->target->owner;
}

/* Handlers that just count, or end the program because nothing of the kind may happen. */
void mode_opened(struct conn *c);
void mode_closed_early(struct conn *c);
void mode_unexpected_data(struct conn *c, const unsigned char *p, size_t n);

/* End the program unless the N bytes, the first being byte AT of a message, are right. */
void mode_compare(const struct conn *c, const unsigned char *p, const char *expected,
		  size_t n, size_t at);

/* Write N letters without a short period. */
void mode_fill_text(char *p, size_t n);

#endif
