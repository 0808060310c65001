/* SPDX-License-Identifier: MIT */
/* The messages of one read as packets for many. */
#include <stdint.h>
#include <string.h>

#include "batch.h"

void batch_reset(struct batch *b)
{
	while (b->n > 0)
		packet_unref(b->at[--b->n]);
	b->bytes = 0;
	b->traffic = (struct traffic){ 0 };
	b->lost = false;
}

bool batch_is_full(const struct batch *b)
{
	return b->n + 2 > OUTQ_IOV; /* an open one may be sealed, a large one follow */
}

/* Append P, with the caller's reference; NULL: there was no memory for it. */
static void take(struct batch *b, struct packet *p)
{
	if (!p) {
		b->lost = true;
		return;
	}
	b->at[b->n] = p;
	b->iov[b->n++] = (struct iovec){ p->data, p->n };
	b->bytes += p->n;
	b->traffic.messages += p->traffic.messages;
	b->traffic.bytes += p->traffic.bytes;
}

void batch_take(struct batch *b, struct packet *p)
{
	take(b, packet_ref(p));
}

void batch_seal(struct batch *b)
{
	struct packet *p;

	if (b->open_n == 0)
		return;
	p = packet_new(b->open_n);
	if (p) {
		memcpy(p->data, b->open, b->open_n);
		p->traffic = b->open_traffic;
	}
	take(b, p);
	b->open_n = 0;
	b->open_traffic = (struct traffic){ 0 };
}

/* ---- frames ---- */

static size_t frame_size(size_t n)
{
	return n + (n < 126 ? 2 : n <= UINT16_MAX ? 4 : 10); /* RFC 6455 5.2 */
}

/* Bytes of the frames of a message of N bytes, at most MOST in each. */
static size_t frames_size(size_t n, size_t most)
{
	size_t full = n / most, rest = n % most;

	return full * frame_size(most) + (rest > 0 || n == 0 ? frame_size(rest) : 0);
}

static void write_frames(char *to, enum opcode opcode, const char *p, size_t n,
			 size_t most)
{
	do {
		size_t part = n < most ? n : most;

		to += frame_encode(to, opcode, part == n, part);
		opcode = OP_CONTINUATION;
		if (part == 0) /* P may be NULL */
			break;
		memcpy(to, p, part);
		to += part;
		p += part;
		n -= part;
	} while (n > 0);
}

void batch_add(struct batch *b, enum opcode opcode, const char *p, size_t n,
	       size_t max_frame, size_t most)
{
	size_t frame = max_frame ? max_frame : n + 1;
	size_t size = frames_size(n, frame);
	struct packet *large;

	if (most > BATCH_PACKET)
		most = BATCH_PACKET;
	if (b->open_n + size > most)
		batch_seal(b);
	if (size <= most) {
		write_frames(b->open + b->open_n, opcode, p, n, frame);
		b->open_n += size;
		b->open_traffic.messages++;
		b->open_traffic.bytes += n;
		return;
	}
	large = packet_new(size);
	if (large) {
		write_frames(large->data, opcode, p, n, frame);
		large->traffic = (struct traffic){ 1, n };
	}
	take(b, large);
}
