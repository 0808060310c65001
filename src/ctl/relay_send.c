/* SPDX-License-Identifier: MIT */
/* What goes from standard input to the server. */
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "relay_impl.h"

/* An unpredictable masking key (RFC 6455 10.3). */
static const uint8_t *new_key(void)
{
	static uint8_t pool[256];
	static size_t left;

	if (left == 0) {
		if (getrandom(pool, sizeof(pool), 0) != sizeof(pool)) {
			fprintf(stderr, "wsbridgectl: getrandom: %m\n");
			exit(1);
		}
		left = sizeof(pool);
	}
	left -= 4;
	return pool + left;
}

static void send_frame(struct relay *r, enum opcode opcode, bool fin, const char *p,
		       size_t n)
{
	const uint8_t *key = new_key();
	char header[FRAME_HEADER_MAX];
	size_t size = frame_encode_masked(header, opcode, fin, n, key);

	relay_must(buf_append(&r->send, header, size, SIZE_MAX));
	relay_must(buf_append(&r->send, p, n, SIZE_MAX));
	if (n > 0)
		frame_mask(buf_head(&r->send) + buf_len(&r->send) - n, n, key, 0);
}

void relay_control(struct relay *r, enum opcode opcode, const void *p, size_t n)
{
	if (!r->send_broken)
		send_frame(r, opcode, true, p, n);
}

/* The lines that are there. */
static void send_lines(struct relay *r)
{
	struct line_piece piece;

	while (lines_next(&r->lines, r->in_ended, &piece)) {
		if (piece.bad) {
			relay_begin_close(r, CLOSE_GOING_AWAY, "");
			relay_end_with(
				r, CLOSE_ABNORMAL,
				"a line of more than 1M begins as UTF-8 and is not; "
				"--raw takes any bytes");
			return;
		}
		send_frame(r, piece.opcode, piece.fin, piece.p, piece.n);
	}
}

static void end_input(struct relay *r)
{
	r->in_ended = true;
	if (!r->conf->raw)
		send_lines(r);
	if (r->state != RELAY_OPEN)
		return;
	if (r->conf->at_end == RELAY_HALF_CLOSE)
		send_frame(r, OP_BINARY, true, NULL, 0);
	else if (r->conf->at_end == RELAY_CLOSE)
		relay_begin_close(r, CLOSE_NORMAL, "");
}

void relay_read_stdin(struct relay *r)
{
	static char chunk[RELAY_CHUNK];
	ssize_t n = read(STDIN_FILENO, chunk, sizeof(chunk));

	if (n < 0 && (errno == EINTR || errno == EAGAIN))
		return;
	if (n < 0)
		fprintf(stderr, "wsbridgectl: standard input: %m\n");
	if (n <= 0) {
		end_input(r);
	} else if (r->conf->raw) {
		send_frame(r, OP_BINARY, true, chunk, (size_t)n);
	} else {
		relay_must(lines_feed(&r->lines, chunk, (size_t)n));
		send_lines(r);
	}
}

void relay_flush_socket(struct relay *r)
{
	ssize_t n;

	if (r->pong_due && buf_len(&r->send) < RELAY_ROOM) {
		relay_control(r, OP_PONG, r->pong, r->pong_n);
		r->pong_due = false;
	}
	while (buf_len(&r->send) > 0) {
		n = wire_write(r->wire, buf_head(&r->send), buf_len(&r->send));
		if (n == -EAGAIN)
			return;
		if (n < 0) { /* what the server has said may be there still */
			r->send_broken = r->in_ended = true;
			r->pong_due = false;
			buf_free(&r->send);
			return;
		}
		buf_consume(&r->send, (size_t)n);
	}
}
