/* SPDX-License-Identifier: MIT */
/* Tests frame.c: headers in every form; masking at every offset, length and phase. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "frame.h"

#define ROWS(table) (sizeof(table) / sizeof(*(table)))

static const struct {
	const char *bytes;
	size_t size;
	struct frame_header header;
} good[] = {
	{ "\x81\x00", 2, { .fin = true, .opcode = OP_TEXT } },
	{ "\x02\x7D", 2, { .opcode = OP_BINARY, .length = 125 } },
	{ "\x81\x85\x37\xFA\x21\x3D",
	  6,
	  { .fin = true,
	    .opcode = OP_TEXT,
	    .masked = true,
	    .length = 5,
	    .key = { 0x37, 0xFA, 0x21, 0x3D } } },
	{ "\x80\x7E\x00\x7E", 4, { .fin = true, .length = 126 } },
	{ "\x80\x7E\xFF\xFF", 4, { .fin = true, .length = 65535 } },
	{ "\x00\x7F\x00\x00\x00\x00\x00\x01\x00\x00", 10, { .length = 65536 } },
	{ "\x82\xFE\x01\x02\x0A\x0B\x0C\x0D",
	  8,
	  { .fin = true,
	    .opcode = OP_BINARY,
	    .masked = true,
	    .length = 258,
	    .key = { 10, 11, 12, 13 } } },
	{ "\xFF\xFF\x7F\xFF\xFF\xFF\xFF\xFF\xFF\xFF\x01\x02\x03\x04",
	  14,
	  { .fin = true,
	    .rsv = 7,
	    .opcode = 15,
	    .masked = true,
	    .length = INT64_MAX,
	    .key = { 1, 2, 3, 4 } } },
	{ "\x49\x00", 2, { .rsv = 4, .opcode = OP_PING } },
	{ "\x2A\x00", 2, { .rsv = 2, .opcode = OP_PONG } },
	{ "\x18\x00", 2, { .rsv = 1, .opcode = OP_CLOSE } },
};

static void a_header_is_decoded(void **state)
{
	(void)state;
	for (size_t i = 0; i < ROWS(good); i++) {
		struct frame_header got = { 0 }, want = good[i].header;

		assert_int_equal(frame_header_size(good[i].bytes), good[i].size);
		assert_true(frame_decode(good[i].bytes, &got));
		assert_int_equal(got.size, good[i].size);
		assert_int_equal(got.fin, want.fin);
		assert_int_equal(got.masked, want.masked);
		assert_int_equal(got.rsv, want.rsv);
		assert_int_equal(got.opcode, want.opcode);
		assert_int_equal(got.length, want.length);
		assert_memory_equal(got.key, want.key, 4);
	}
}

static void a_length_not_in_its_shortest_form_is_refused(void **state)
{
	static const char *const rows[] = {
		"\x82\x7E\x00\x00\0\0\0\0\0\0", "\x82\x7E\x00\x7D\0\0\0\0\0\0",
		"\x82\x7F\0\0\0\0\0\0\0\x00",   "\x82\x7F\0\0\0\0\0\0\0\x7D",
		"\x82\x7F\0\0\0\0\0\0\0\x7E",   "\x82\x7F\0\0\0\0\0\0\xFF\xFF",
	};

	(void)state;
	for (size_t i = 0; i < ROWS(rows); i++) {
		struct frame_header h;

		assert_false(frame_decode(rows[i], &h));
	}
}

static void a_length_with_its_top_bit_set_is_refused(void **state)
{
	struct frame_header h;

	(void)state;
	assert_false(frame_decode("\x82\x7F\x80\0\0\0\0\0\0\0", &h));
	assert_false(frame_decode("\x82\x7F\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF", &h));
	assert_true(frame_decode("\x82\x7F\x40\0\0\0\0\0\0\0", &h));
}

static void what_is_encoded_is_decoded_the_same(void **state)
{
	static const struct {
		uint64_t n;
		size_t size;
	} rows[] = { { 0, 2 },      { 1, 2 },        { 125, 2 },
		     { 126, 4 },    { 127, 4 },      { 65535, 4 },
		     { 65536, 10 }, { 1 << 24, 10 }, { INT64_MAX, 10 } };
	static const enum opcode opcodes[] = { OP_CONTINUATION, OP_TEXT, OP_BINARY,
					       OP_CLOSE,        OP_PING, OP_PONG };

	(void)state;
	for (size_t i = 0; i < ROWS(rows) * ROWS(opcodes) * 2; i++) {
		enum opcode opcode = opcodes[i / 2 % ROWS(opcodes)];
		size_t row = i / 2 / ROWS(opcodes);
		char out[FRAME_SERVER_HEADER_MAX + 1];
		struct frame_header h;

		memset(out, '#', sizeof(out));
		assert_int_equal(frame_encode(out, opcode, i & 1, rows[row].n),
				 rows[row].size);
		assert_int_equal(out[rows[row].size], '#');
		assert_true(frame_decode(out, &h));
		assert_int_equal(h.fin, i & 1);
		assert_int_equal(h.opcode, opcode);
		assert_int_equal(h.length, rows[row].n);
		assert_int_equal(h.size, rows[row].size);
		assert_false(h.masked || h.rsv);
	}
}

static void a_clients_header_is_a_servers_with_a_key(void **state)
{
	static const uint64_t sizes[] = { 0, 125, 126, 65535, 65536, INT64_MAX };
	static const uint8_t a_key[4] = { 1, 2, 3, 4 };

	(void)state;
	for (size_t i = 0; i < ROWS(sizes); i++) {
		char out[FRAME_HEADER_MAX + 1], plain[FRAME_SERVER_HEADER_MAX];
		size_t size = frame_encode(plain, OP_TEXT, i & 1, sizes[i]);
		struct frame_header h;

		memset(out, '#', sizeof(out));
		assert_int_equal(
			frame_encode_masked(out, OP_TEXT, i & 1, sizes[i], a_key),
			size + 4);
		assert_int_equal(out[size + 4], '#');
		assert_int_equal(frame_header_size(out), size + 4);
		assert_true(frame_decode(out, &h));
		assert_true(h.masked);
		assert_int_equal(h.fin, i & 1);
		assert_int_equal(h.length, sizes[i]);
		assert_memory_equal(h.key, a_key, 4);
	}
}

/* ---- masking ---- */

enum { ROOM = 200 };
static const uint8_t key[4] = { 0x37, 0xFA, 0x21, 0x3D };

static void fill(char *p)
{
	for (int i = 0; i < ROOM; i++)
		p[i] = (char)(i * 7 + 1);
}

/* RFC 6455 5.3, one byte at a time. */
static void mask_slowly(char *p, size_t n, unsigned phase)
{
	for (size_t i = 0; i < n; i++)
		p[i] = (char)(p[i] ^ key[(i + phase) % 4]);
}

static void masks_alike(size_t at, size_t n, unsigned phase)
{
	char got[ROOM], want[ROOM];
	unsigned after;

	fill(got);
	fill(want);
	mask_slowly(want + at, n, phase);
	after = frame_mask(got + at, n, key, phase);
	if (after != (phase + n) % 4 || memcmp(got, want, ROOM) != 0)
		fail_msg("%zu bytes at %zu, phase %u: not as byte by byte", n, at, phase);
}

static void masking_is_the_same_at_every_offset_length_and_phase(void **state)
{
	(void)state;
	for (size_t at = 0; at < 9; at++)
		for (size_t n = 0; at + n <= 150; n++)
			for (unsigned phase = 0; phase < 4; phase++)
				masks_alike(at, n, phase);
}

static void masking_goes_on_with_the_phase_it_returned(void **state)
{
	(void)state;
	for (size_t cut = 0; cut <= ROOM; cut++) {
		char got[ROOM], want[ROOM];
		unsigned phase;

		fill(got);
		fill(want);
		mask_slowly(want, ROOM, 0);
		phase = frame_mask(got, cut, key, 0);
		frame_mask(got + cut, ROOM - cut, key, phase);
		assert_memory_equal(got, want, ROOM);
	}
}

static void masking_twice_gives_the_payload_back(void **state)
{
	char got[ROOM], want[ROOM];

	(void)state;
	fill(got);
	fill(want);
	frame_mask(got, ROOM, key, 3);
	assert_memory_not_equal(got, want, ROOM);
	frame_mask(got, ROOM, key, 3);
	assert_memory_equal(got, want, ROOM);
}

static void masking_stays_inside_its_bytes(void **state)
{
	(void)state;
	for (size_t n = 1; n < 140; n++) { /* seen by AddressSanitizer */
		char *p = calloc(1, n);

		frame_mask(p, n, key, 1);
		assert_int_equal((uint8_t)p[0], key[1]);
		free(p);
	}
}

static void the_size_of_a_whole_frame_is_told_by_its_header(void **state
							    __attribute__((unused)))
{
	static const size_t sizes[] = { 0, 1, 125, 126, 65535, 65536, 1 << 30 };
	char header[FRAME_SERVER_HEADER_MAX];

	for (size_t i = 0; i < sizeof(sizes) / sizeof(*sizes); i++) {
		size_t n = frame_encode(header, OP_TEXT, true, sizes[i]);

		assert_int_equal(frame_whole_size(header), n + sizes[i]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_header_is_decoded),
		cmocka_unit_test(a_length_not_in_its_shortest_form_is_refused),
		cmocka_unit_test(a_length_with_its_top_bit_set_is_refused),
		cmocka_unit_test(the_size_of_a_whole_frame_is_told_by_its_header),
		cmocka_unit_test(what_is_encoded_is_decoded_the_same),
		cmocka_unit_test(a_clients_header_is_a_servers_with_a_key),
		cmocka_unit_test(masking_is_the_same_at_every_offset_length_and_phase),
		cmocka_unit_test(masking_goes_on_with_the_phase_it_returned),
		cmocka_unit_test(masking_twice_gives_the_payload_back),
		cmocka_unit_test(masking_stays_inside_its_bytes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
