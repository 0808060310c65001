/* SPDX-License-Identifier: MIT */
/* mode.c - what the modes of the load generator have in common. */
#include "mode.h"

#include <string.h>

void mode_opened(struct conn *c)
{
	load_of(c)->opened++;
}

void mode_closed_early(struct conn *c)
{
	conn_die(c, "ended by the server after %llu messages (close code %d)",
		 (unsigned long long)c->received, c->close_code);
}

void mode_unexpected_data(struct conn *c, const unsigned char *p, size_t n)
{
	(void)p;
	conn_die(c, "got %zu bytes where none were due", n);
}

void mode_compare(const struct conn *c, const unsigned char *p, const char *expected,
		  size_t n, size_t at)
{
	if (memcmp(p, expected, n) == 0)
		return;
	for (size_t i = 0; i < n; i++)
		if (p[i] != (unsigned char)expected[i])
			conn_die(c, "message %llu, byte %zu: got 0x%02x, expected 0x%02x",
				 (unsigned long long)c->received, at + i, p[i],
				 (unsigned char)expected[i]);
}

void mode_fill_text(char *p, size_t n)
{
	uint32_t x = 1;

	for (size_t i = 0; i < n; i++) {
		x = x * 1103515245u + 12345u;
		p[i] = (char)('a' + (x >> 16) % 26);
	}
}
