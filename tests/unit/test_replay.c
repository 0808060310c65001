/* SPDX-License-Identifier: MIT */
/* Who comes late hears the last messages, neither one more nor one less. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "batch.h"
#include "replay.h"

#define TEST(name) static void name(void **state __attribute__((unused)))

static struct replay r;
static struct batch b;

static int teardown(void **state)
{
	(void)state;
	replay_free(&r);
	return 0;
}

/* The messages FROM to TO are said, in one packet, frames of at most MAX_FRAME. */
static void say(const struct replay_conf *conf, unsigned from, unsigned to,
		size_t max_frame)
{
	char text[16];

	for (unsigned i = from; i <= to; i++)
		batch_add(&b, OP_TEXT, text, (size_t)sprintf(text, "%04u", i), max_frame,
			  BATCH_PACKET);
	batch_seal(&b);
	replay_add(&r, conf, b.at[0]);
	batch_reset(&b);
}

/* The numbers that R holds: the first, and how many; that they follow each other, and
 * that R knows how many messages and bytes they are. */
static unsigned held(unsigned *ret_first)
{
	unsigned n = 0, last = 0;
	uint64_t messages = 0, payload = 0, told = 0;
	size_t bytes = 0;

	for (unsigned i = 0; i < r.packets.n; i++) {
		const struct packet *p = packet_ring_at(&r.packets, i);
		char text[16] = "";
		size_t have = 0;

		for (size_t at = 0; at < p->n;) {
			struct frame_header h;

			frame_decode(p->data + at, &h);
			memcpy(text + have, p->data + at + h.size, h.length);
			have += h.length;
			at += h.size + h.length;
			payload += h.length;
			if (!h.fin)
				continue;
			if (n++ == 0)
				*ret_first = (unsigned)atoi(text);
			else
				assert_int_equal(atoi(text), last + 1);
			last = (unsigned)atoi(text);
			have = 0;
		}
		messages += p->traffic.messages;
		told += p->traffic.bytes;
		bytes += p->n;
	}
	assert_int_equal(messages, n);
	assert_int_equal(told, payload);
	assert_int_equal(r.messages, n);
	assert_int_equal(r.bytes, bytes);
	return n;
}

TEST(nothing_is_kept_unless_it_is_asked_for)
{
	say(&(struct replay_conf){ 0 }, 1, 5, 0);
	assert_int_equal(r.packets.n, 0);
}

TEST(so_many_messages_are_held_however_they_came)
{
	for (unsigned most = 1; most < 30; most++)
		for (unsigned size = 1; size < 9; size++)
			for (size_t max_frame = 0; max_frame < 4; max_frame++) {
				struct replay_conf c = { most, 1 << 20 };
				unsigned first, said = 0;

				for (; said < 40; said += size)
					say(&c, said + 1, said + size, max_frame);
				replay_trim(&r, &c);
				assert_int_equal(held(&first), most);
				assert_int_equal(first, said - most + 1);
				replay_free(&r);
			}
}

TEST(so_many_bytes_are_held_of_whole_messages)
{
	for (size_t bytes = 0; bytes < 100; bytes++) {
		struct replay_conf c = { 0, bytes };
		unsigned first;

		for (unsigned i = 1; i < 40; i += 3)
			say(&c, i, i + 2, 0); /* of 6 bytes each */
		replay_trim(&r, &c);
		assert_int_equal(held(&first), bytes / 6);
		replay_free(&r);
	}
}

TEST(what_was_trimmed_goes_on_growing)
{
	struct replay_conf c = { 5, 1 << 20 };
	unsigned first;

	say(&c, 1, 8, 0);
	replay_trim(&r, &c);
	assert_int_equal(held(&first), 5);
	say(&c, 9, 10, 0);
	replay_trim(&r, &c);
	assert_int_equal(held(&first), 5);
	assert_int_equal(first, 6);
}

TEST(little_more_than_that_is_held_between)
{
	struct replay_conf c = { 10, 1 << 20 };

	for (unsigned i = 1; i < 1000; i += 4) {
		say(&c, i, i + 3, 0);
		assert_true(r.messages < 10 + REPLAY_SMALL / 6 + 4);
	}
}

TEST(small_messages_lie_together_in_few_packets)
{
	struct replay_conf c = { 0, 60000 };
	unsigned first;

	for (unsigned i = 1; i <= 5000; i++)
		say(&c, i, i, 0);
	assert_int_equal(held(&first), 5000);
	assert_true(r.packets.n <= 5000 * 6 / (REPLAY_SMALL / 2));
}

TEST(a_message_that_is_larger_than_all_is_not_said_again)
{
	struct replay_conf c = { 0, 5 };
	unsigned first;

	say(&c, 1, 1, 0);
	replay_trim(&r, &c);
	assert_int_equal(held(&first), 0);
}

int main(void)
{
#define T(name) cmocka_unit_test_teardown(name, teardown)
	const struct CMUnitTest tests[] = {
		T(nothing_is_kept_unless_it_is_asked_for),
		T(so_many_messages_are_held_however_they_came),
		T(so_many_bytes_are_held_of_whole_messages),
		T(what_was_trimmed_goes_on_growing),
		T(little_more_than_that_is_held_between),
		T(small_messages_lie_together_in_few_packets),
		T(a_message_that_is_larger_than_all_is_not_said_again),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
