/* SPDX-License-Identifier: MIT */
/* frame.h - encodes and decodes the header of a WebSocket frame, and masks (RFC 6455
 * 5.2, 5.3). */
#ifndef PROTO_FRAME_H
#define PROTO_FRAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define FRAME_HEADER_MAX 14        /* of a client's: 2 + 8 + masking key */
#define FRAME_SERVER_HEADER_MAX 10 /* a server does not mask */
#define FRAME_CONTROL_MAX 125      /* payload of a control frame (RFC 6455 5.5) */

enum opcode {
	OP_CONTINUATION = 0x0,
	OP_TEXT = 0x1,
	OP_BINARY = 0x2,
	OP_CLOSE = 0x8,
	OP_PING = 0x9,
	OP_PONG = 0xA,
};

static inline bool opcode_is_control(unsigned opcode)
{
	return opcode & 0x8;
}

struct frame_header {
	bool fin, masked;
	uint8_t rsv;    /* the three reserved bits, 0..7 */
	uint8_t opcode; /* any of the 16 */
	uint8_t key[4]; /* masking key, when masked */
	uint64_t length;
	uint8_t size; /* bytes of the header itself */
};

/* Size of the header that begins with the two bytes at P. */
size_t frame_header_size(const char *p);

/* Size of the unmasked frame, header and payload, whose complete header is at P. */
size_t frame_whole_size(const char *p);

/* Decode the complete header at P (frame_header_size() bytes).  False: a length that is
 * not in its shortest form, or has its top bit set. */
bool frame_decode(const char *p, struct frame_header *ret);

/* Write the unmasked header of a frame of N bytes to OUT (room for
 * FRAME_SERVER_HEADER_MAX): its size. */
size_t frame_encode(char *out, enum opcode opcode, bool fin, uint64_t n);

/* The same of a client's frame, whose payload is to be masked with KEY (room for
 * FRAME_HEADER_MAX). */
size_t frame_encode_masked(char *out, enum opcode opcode, bool fin, uint64_t n,
			   const uint8_t key[4]);

/* XOR the N bytes at P in place with KEY, beginning with its byte PHASE & 3: the phase
 * for the bytes that follow. */
unsigned frame_mask(char *p, size_t n, const uint8_t key[4], unsigned phase);

#endif
