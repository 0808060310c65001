/* SPDX-License-Identifier: MIT */
/* Messages become packets of whole frames: small ones together, large ones alone. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "batch.h"

#define TEST(name) static void name(void **state __attribute__((unused)))
#define MOST 1000 /* bytes of a packet here */

static struct batch b;
static char text[100 * 1000];

static int setup(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(text); i++)
		text[i] = (char)('a' + i % 23);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	batch_seal(&b);
	batch_reset(&b);
	return 0;
}

/* How many messages the frames of P are, and that they say TEXT's first bytes in each;
 * that no frame has more than MAX_FRAME bytes. */
static unsigned check(const struct packet *p, size_t max_frame)
{
	size_t at = 0, of_message = 0;
	unsigned messages = 0;

	while (at < p->n) {
		struct frame_header h;

		assert_true(frame_decode(p->data + at, &h));
		assert_int_equal(h.opcode, of_message ? OP_CONTINUATION : OP_TEXT);
		assert_true(max_frame == 0 || h.length <= max_frame);
		assert_memory_equal(p->data + at + h.size, text + of_message, h.length);
		of_message += h.length;
		at += h.size + h.length;
		if (h.fin) {
			messages++;
			of_message = 0;
		}
	}
	assert_int_equal(at, p->n);
	assert_int_equal(of_message, 0);
	return messages;
}

TEST(small_messages_share_a_packet_up_to_its_size)
{
	for (int i = 0; i < 25; i++)
		batch_add(&b, OP_TEXT, text, 98, 0, MOST); /* 100 bytes with its header */
	batch_seal(&b);
	assert_int_equal(b.n, 3);
	assert_int_equal(b.at[0]->n, 1000);
	assert_int_equal(check(b.at[0], 0), 10);
	assert_int_equal(check(b.at[2], 0), 5);
	assert_int_equal(b.at[2]->traffic.messages, 5);
	assert_int_equal(b.at[2]->traffic.bytes, 5 * 98);
	assert_int_equal(b.traffic.messages, 25);
	assert_int_equal(b.bytes, 2500);
}

TEST(a_large_message_is_a_packet_of_its_own_and_keeps_its_place)
{
	batch_add(&b, OP_TEXT, text, 5, 0, MOST);
	batch_add(&b, OP_TEXT, text, sizeof(text), 0, MOST);
	batch_add(&b, OP_TEXT, text, 7, 0, MOST);
	batch_seal(&b);
	assert_int_equal(b.n, 3);
	assert_int_equal(b.at[0]->traffic.bytes, 5);
	assert_int_equal(b.at[1]->traffic.bytes, sizeof(text));
	assert_int_equal(b.at[2]->traffic.bytes, 7);
	assert_int_equal(check(b.at[1], 0), 1);
}

TEST(an_empty_message_is_a_frame)
{
	batch_add(&b, OP_TEXT, "", 0, 0, MOST);
	batch_seal(&b);
	assert_int_equal(b.bytes, 2);
	assert_int_equal(check(b.at[0], 0), 1);
}

TEST(nothing_is_no_packet)
{
	batch_seal(&b);
	assert_int_equal(b.n, 0);
}

TEST(frames_are_cut_at_max_frame_and_reckoned_to_the_byte)
{
	static const size_t sizes[] = { 1,   2,    124,   125,   126,   127,  252,
					999, 1000, 65534, 65535, 65536, 70001 };
	static const size_t frames[] = { 1, 2, 125, 126, 1000, 65535, 65536 };

	for (size_t i = 0; i < sizeof(sizes) / sizeof(*sizes); i++)
		for (size_t k = 0; k < sizeof(frames) / sizeof(*frames); k++) {
			batch_add(&b, OP_TEXT, text, sizes[i], frames[k], MOST);
			batch_seal(&b);
			assert_int_equal(b.n, 1);
			assert_int_equal(check(b.at[0], frames[k]), 1);
			batch_reset(&b);
		}
}

TEST(before_it_is_full_it_says_so)
{
	unsigned added = 0;

	for (; !batch_is_full(&b); added++) {
		batch_add(&b, OP_TEXT, text, 5, 0, MOST);
		batch_add(&b, OP_TEXT, text, 2000, 0, MOST);
	}
	batch_seal(&b);
	assert_true(b.n <= OUTQ_IOV);
	assert_int_equal(b.traffic.messages, 2 * added);
}

TEST(who_refers_to_a_packet_keeps_it)
{
	struct packet *p;

	batch_add(&b, OP_TEXT, text, 9, 0, MOST);
	batch_seal(&b);
	p = packet_ref(b.at[0]);
	batch_reset(&b);
	assert_int_equal(b.n, 0);
	assert_int_equal(check(p, 0), 1);
	packet_unref(p);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(small_messages_share_a_packet_up_to_its_size),
		T(a_large_message_is_a_packet_of_its_own_and_keeps_its_place),
		T(an_empty_message_is_a_frame),
		T(nothing_is_no_packet),
		T(frames_are_cut_at_max_frame_and_reckoned_to_the_byte),
		T(before_it_is_full_it_says_so),
		T(who_refers_to_a_packet_keeps_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
