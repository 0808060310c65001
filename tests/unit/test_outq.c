/* SPDX-License-Identifier: MIT */
/* What waits for a client leaves in order and whole, whatever it lies in. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "frame.h"
#include "outq.h"

#define TEST(name) static void name(void **state __attribute__((unused)))

static struct outq q;
static struct gather g;

static int setup(void **state)
{
	(void)state;
	q = (struct outq){ 0 };
	gather_reset(&g);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	outq_free(&q);
	return 0;
}

/* The frame of TEXT at OUT: its size. */
static size_t frame(char *out, enum opcode opcode, const char *text)
{
	size_t n = frame_encode(out, opcode, true, strlen(text));

	memcpy(out + n, text, strlen(text));
	return n + strlen(text);
}

/* A packet of one message for each word of TEXTS. */
static struct packet *packet(const char *texts)
{
	char frames[256], word[64];
	struct traffic t = { 0 };
	size_t n = 0;
	int used;

	for (; sscanf(texts, "%63s%n", word, &used) == 1; texts += used) {
		n += frame(frames + n, OP_TEXT, word);
		t.messages++;
		t.bytes += strlen(word);
	}
	struct packet *p = packet_new(n);
	p->traffic = t;
	memcpy(p->data, frames, n);
	return p;
}

/* Append a packet of TEXTS that only the queue holds. */
static void push(const char *texts)
{
	struct packet *p = packet(texts);

	assert_int_equal(outq_push(&q, p, 0), 0);
	packet_unref(p);
}

/* Append a frame of the session's own. */
static void append(enum opcode opcode, const char *text)
{
	char bytes[128];

	assert_int_equal(outq_append(&q, bytes, frame(bytes, opcode, text)), 0);
}

/* All that waits, N bytes at a time; the payloads with a blank behind each, a ping's in
 * brackets.  What has left before is AHEAD. */
static const char *drain(const char *ahead, size_t ahead_n, size_t step)
{
	static char text[512];
	char bytes[1024];
	size_t n = ahead_n, at = 0, to = 0;

	memcpy(bytes, ahead, ahead_n);
	while (outq_len(&q) > 0) {
		struct iovec v[OUTQ_IOV];
		size_t part;

		assert_true(outq_iov(&q, v) > 0);
		part = v[0].iov_len < step ? v[0].iov_len : step;
		memcpy(bytes + n, v[0].iov_base, part);
		n += part;
		outq_sent(&q, part);
	}
	while (at < n) {
		struct frame_header h;

		assert_true(frame_decode(bytes + at, &h));
		at += h.size;
		to += (size_t)sprintf(text + to,
				      h.opcode == OP_PING ? "[%.*s] " : "%.*s ",
				      (int)h.length, bytes + at);
		at += h.length;
	}
	assert_int_equal(at, n);
	text[to] = 0;
	return text;
}

/* Let N bytes leave, to be given to drain() later. */
static size_t leave(char *to, size_t n)
{
	struct iovec v[OUTQ_IOV];
	unsigned count = outq_iov(&q, v);
	size_t at = 0;

	for (unsigned i = 0; i < count && at < n; i++) {
		size_t part = v[i].iov_len < n - at ? v[i].iov_len : n - at;

		memcpy(to + at, v[i].iov_base, part);
		at += part;
	}
	outq_sent(&q, at);
	return at;
}

TEST(what_comes_first_leaves_first_at_any_step)
{
	for (size_t step = 1; step < 40; step++) {
		append(OP_TEXT, "own");
		push("one two");
		append(OP_PING, "ping");
		push("three");
		assert_string_equal(drain("", 0, step), "own one two [ping] three ");
		assert_null(q.own.store);
		assert_null(q.packets.at);
		assert_int_equal(q.cut, 0);
		assert_int_equal(q.gone, 0);
	}
}

TEST(one_write_takes_bytes_and_packets_together)
{
	struct iovec v[OUTQ_IOV];

	append(OP_TEXT, "own");
	for (int i = 0; i < 2 * OUTQ_IOV; i++)
		push("x");
	assert_int_equal(outq_iov(&q, v), OUTQ_IOV);
	assert_int_equal(v[0].iov_len, 5);
	assert_int_equal(v[OUTQ_IOV - 1].iov_len, 3);
	assert_int_equal(outq_len(&q), 5 + 2 * OUTQ_IOV * 3);
}

static size_t bytes_of_a_write(void)
{
	struct iovec v[OUTQ_IOV];
	size_t n = 0;

	for (unsigned count = outq_iov(&q, v); count > 0; count--)
		n += v[count - 1].iov_len;
	return n;
}

TEST(one_write_takes_no_more_than_goes_quickly)
{
	struct packet *large = packet_new(OUTQ_WRITE + 1);
	char *bytes = calloc(1, OUTQ_WRITE + 2);

	append(OP_TEXT, "own");
	assert_int_equal(outq_push(&q, large, 0), 0);
	assert_int_equal(bytes_of_a_write(), OUTQ_WRITE);
	outq_free(&q);
	assert_int_equal(outq_append(&q, bytes, OUTQ_WRITE + 2), 0);
	assert_int_equal(bytes_of_a_write(), OUTQ_WRITE);
	free(bytes);
	packet_unref(large);
}

TEST(a_packet_lives_as_long_as_somebody_holds_it)
{
	struct packet *p = packet("shared");
	struct outq other = { 0 };

	outq_push(&q, p, 0);
	outq_push(&other, p, 0);
	assert_int_equal(p->refs, 3);
	outq_sent(&q, p->n);
	assert_int_equal(p->refs, 2);
	outq_free(&other);
	assert_int_equal(p->refs, 1);
	packet_unref(p);
}

TEST(the_mark_has_passed_when_what_stood_before_it_has_left)
{
	push("one");
	append(OP_PING, "p");
	outq_mark(&q);
	push("two");
	outq_sent(&q, 5 + 2);
	assert_int_equal(q.mark, 1);
	outq_sent(&q, 1);
	assert_int_equal(q.mark, 0);
}

TEST(the_mark_comes_nearer_when_what_is_before_it_is_dropped)
{
	push("one");
	append(OP_PING, "p");
	outq_mark(&q);
	push("two");
	outq_drop(&q, SIZE_MAX, 0);
	assert_int_equal(q.mark, 3);
	assert_string_equal(drain("", 0, 99), "[p] ");
	assert_int_equal(q.mark, 0);
}

TEST(only_the_oldest_are_dropped_and_no_more_than_asked_for)
{
	struct traffic t;

	push("one two");
	push("three");
	push("four");
	t = outq_drop(&q, 1, 0);
	assert_int_equal(t.messages, 2);
	assert_int_equal(t.bytes, 6);
	assert_string_equal(drain("", 0, 99), "three four ");
}

TEST(a_packet_costs_more_than_its_bytes)
{
	append(OP_PING, "own");
	assert_int_equal(outq_cost(&q), 5);
	push("one");
	push("two");
	push("six");
	assert_int_equal(outq_cost(&q), 5 + 3 * (5 + OUTQ_PACKET));
	assert_int_equal(outq_drop(&q, 5 + OUTQ_PACKET + 1, 0).messages, 2);
	assert_string_equal(drain("", 0, 99), "[own] six ");
}

TEST(a_packet_that_has_begun_to_leave_stays)
{
	char ahead[16];
	size_t n;

	push("one two");
	push("three");
	push("four");
	n = leave(ahead, 5); /* a frame of the first packet, whole */
	assert_int_equal(outq_drop(&q, SIZE_MAX, 0).messages, 2);
	assert_string_equal(drain(ahead, n, 99), "one two ");
}

TEST(a_frame_that_has_begun_to_leave_stays_and_packets_behind_it_go)
{
	char ahead[16];
	size_t n;

	append(OP_TEXT, "own");
	push("one");
	push("two");
	n = leave(ahead, 3);
	assert_int_equal(outq_drop(&q, 5, 0).messages, 1);
	assert_string_equal(drain(ahead, n, 99), "own two ");
}

TEST(what_TLS_may_have_encrypted_is_not_dropped)
{
	push("one");
	push("two");
	push("three");
	assert_int_equal(outq_drop(&q, SIZE_MAX, 6).messages, 1);
	assert_string_equal(drain("", 0, 99), "one two ");
}

TEST(frames_of_its_own_are_never_dropped)
{
	push("one");
	append(OP_PING, "a");
	append(OP_PING, "b");
	push("two");
	append(OP_PING, "c");
	assert_int_equal(outq_drop(&q, SIZE_MAX, 0).messages, 2);
	assert_string_equal(drain("", 0, 99), "[a] [b] [c] ");
}

TEST(a_ring_that_turns_and_grows_keeps_its_order)
{
	char text[16];
	unsigned in = 0, out = 0;

	for (unsigned round = 0; round < 60; round++) {
		for (unsigned i = 0; i < round % 13; i++, in++) {
			snprintf(text, sizeof(text), "%u", in);
			push(text);
		}
		for (unsigned i = 0; i < round % 11 && out < in; i++, out++) {
			const struct packet *p = packet_ring_at(&q.packets, 0);

			snprintf(text, sizeof(text), "%u", out);
			assert_memory_equal(p->data + 2, text, p->n - 2);
			outq_sent(&q, p->n);
		}
	}
	assert_true(in > out);
}

TEST(the_rest_of_a_write_begins_with_the_rest_of_its_frame)
{
	char bytes[64];
	size_t n = frame(bytes, OP_TEXT, "first");

	n += frame(bytes + n, OP_TEXT, "second");
	gather_add(&g, bytes, n);
	assert_int_equal(outq_save(&q, &g, 3), 0);
	assert_int_equal(q.cut, 4);
	assert_string_equal(drain(bytes, 3, 99), "first second ");
}

TEST(what_is_gathered_goes_behind_the_packets)
{
	char bytes[64];

	push("one");
	gather_add(&g, bytes, frame(bytes, OP_TEXT, "two"));
	assert_int_equal(outq_save(&q, &g, 0), 0);
	assert_string_equal(drain("", 0, 99), "one two ");
}

TEST(one_queue_goes_behind_another)
{
	for (int packets = 0; packets < 2; packets++) {
		struct outq other = q;

		q = (struct outq){ 0 };
		append(OP_TEXT, "three");
		push("four");
		{
			struct outq behind = q;

			q = other;
			append(OP_TEXT, "one");
			if (packets)
				push("two");
			assert_int_equal(outq_join(&q, &behind), 0);
			assert_int_equal(outq_len(&behind), 0);
		}
		assert_string_equal(drain("", 0, 7),
				    packets ? "one two three four " : "one three four ");
	}
}

TEST(of_a_packet_that_has_left_in_part_the_rest_waits)
{
	struct packet *p = packet("one two");

	assert_int_equal(outq_push(&q, p, 7), 0);
	assert_int_equal(outq_len(&q), 3);
	assert_int_equal(outq_drop(&q, SIZE_MAX, 0).messages, 0);
	assert_string_equal(drain(p->data, 7, 2), "one two ");
	packet_unref(p);
}

TEST(flattened_it_knows_where_the_begun_frame_ends)
{
	char ahead[64];

	for (size_t n = 0; n <= 10; n++) { /* "one" and "two" are 5 bytes each */
		push("one two");
		append(OP_PING, "p");
		outq_mark(&q);
		push("three");
		leave(ahead, n);
		assert_int_equal(outq_flatten(&q), 0);
		assert_int_equal(q.packets.n, 0);
		assert_int_equal(q.cut, n == 10 ? 0 : (10 - n) % 5);
		assert_int_equal(q.mark, 13 - n);
		assert_string_equal(drain(ahead, n, 3), "one two [p] three ");
	}
}

TEST(flattening_bytes_of_its_own_changes_nothing)
{
	char ahead[8];
	size_t n;

	append(OP_TEXT, "own");
	n = leave(ahead, 2);
	assert_int_equal(q.cut, 3);
	assert_int_equal(outq_flatten(&q), 0);
	assert_int_equal(q.cut, 3);
	push("one");
	assert_int_equal(outq_flatten(&q), 0);
	assert_int_equal(q.cut, 3);
	assert_string_equal(drain(ahead, n, 1), "own one ");
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(what_comes_first_leaves_first_at_any_step),
		T(one_write_takes_bytes_and_packets_together),
		T(one_write_takes_no_more_than_goes_quickly),
		T(a_packet_lives_as_long_as_somebody_holds_it),
		T(the_mark_has_passed_when_what_stood_before_it_has_left),
		T(the_mark_comes_nearer_when_what_is_before_it_is_dropped),
		T(only_the_oldest_are_dropped_and_no_more_than_asked_for),
		T(a_packet_costs_more_than_its_bytes),
		T(a_packet_that_has_begun_to_leave_stays),
		T(a_frame_that_has_begun_to_leave_stays_and_packets_behind_it_go),
		T(what_TLS_may_have_encrypted_is_not_dropped),
		T(frames_of_its_own_are_never_dropped),
		T(a_ring_that_turns_and_grows_keeps_its_order),
		T(the_rest_of_a_write_begins_with_the_rest_of_its_frame),
		T(what_is_gathered_goes_behind_the_packets),
		T(one_queue_goes_behind_another),
		T(of_a_packet_that_has_left_in_part_the_rest_waits),
		T(flattened_it_knows_where_the_begun_frame_ends),
		T(flattening_bytes_of_its_own_changes_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
