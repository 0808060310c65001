/* SPDX-License-Identifier: MIT */
/* Tests buf.c: what goes in comes out, within its limit and in little more memory. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "buf.h"

#define NO_LIMIT SIZE_MAX

/* An allocation that cannot be had is NULL, as without AddressSanitizer. */
const char *__asan_default_options(void);
const char *__asan_default_options(void)
{
	return "allocator_may_return_null=1";
}

static void owns_nothing(const struct buf *b)
{
	assert_null(b->store);
	assert_int_equal(buf_len(b), 0);
	assert_null(buf_head(b));
	assert_int_equal(buf_cap(b), 0);
}

static void an_empty_buffer_owns_no_memory(void **state)
{
	struct buf b = { 0 };

	(void)state;
	assert_int_equal(buf_append(&b, "x", 0, NO_LIMIT), 0);
	assert_int_equal(buf_append(&b, NULL, 0, 0), 0);
	owns_nothing(&b);
	buf_consume(&b, 0);
	buf_free(&b);
	owns_nothing(&b);
}

static void what_is_appended_is_the_content(void **state)
{
	struct buf b = { 0 };

	(void)state;
	assert_int_equal(buf_append(&b, "Hel", 3, NO_LIMIT), 0);
	assert_int_equal(buf_append(&b, "lo", 2, NO_LIMIT), 0);
	assert_int_equal(buf_len(&b), 5);
	assert_memory_equal(buf_head(&b), "Hello", 5);
	buf_free(&b);
	owns_nothing(&b);
}

static void what_is_consumed_is_gone_from_the_front(void **state)
{
	struct buf b = { 0 };

	(void)state;
	buf_append(&b, "Hello", 5, NO_LIMIT);
	buf_consume(&b, 2);
	assert_int_equal(buf_len(&b), 3);
	assert_memory_equal(buf_head(&b), "llo", 3);
	buf_free(&b);
}

static void consuming_the_last_byte_gives_the_memory_back(void **state)
{
	struct buf b = { 0 };

	(void)state;
	buf_append(&b, "Hello", 5, NO_LIMIT);
	buf_consume(&b, 4);
	assert_non_null(b.store);
	buf_consume(&b, 1);
	owns_nothing(&b);
}

static void what_is_cut_is_gone_from_the_end(void **state)
{
	struct buf b = { 0 };

	(void)state;
	buf_cut(&b, 0);
	buf_append(&b, "Hello", 5, NO_LIMIT);
	buf_consume(&b, 1);
	buf_cut(&b, 2);
	assert_int_equal(buf_len(&b), 2);
	assert_memory_equal(buf_head(&b), "el", 2);
	assert_int_equal(buf_append(&b, "p", 1, NO_LIMIT), 0);
	assert_memory_equal(buf_head(&b), "elp", 3);
	buf_cut(&b, 3);
	owns_nothing(&b);
}

static void bytes_over_the_limit_are_refused_as_a_whole(void **state)
{
	static const struct {
		size_t have, n, limit;
		int want;
	} rows[] = {
		{ 0, 10, 10, 0 },
		{ 0, 11, 10, -ENOBUFS },
		{ 7, 3, 10, 0 },
		{ 7, 4, 10, -ENOBUFS },
		{ 10, 1, 10, -ENOBUFS },
		{ 10, 1, 5, -ENOBUFS },
		{ 10, SIZE_MAX, 20, -ENOBUFS },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct buf b = { 0 };

		buf_append(&b, "0123456789ab", rows[i].have, NO_LIMIT);
		assert_int_equal(buf_append(&b, "0123456789ab", rows[i].n, rows[i].limit),
				 rows[i].want);
		assert_int_equal(buf_len(&b),
				 rows[i].have + (rows[i].want == 0 ? rows[i].n : 0));
		buf_free(&b);
	}
}

static void the_limit_counts_the_content_and_not_what_was_consumed(void **state)
{
	struct buf b = { 0 };

	(void)state;
	buf_append(&b, "0123456789", 10, 10);
	buf_consume(&b, 6);
	assert_int_equal(buf_append(&b, "abcdef", 6, 10), 0);
	assert_memory_equal(buf_head(&b), "6789abcdef", 10);
	buf_free(&b);
}

static void without_memory_the_content_stays(void **state)
{
	struct buf b = { 0 };

	(void)state;
	buf_append(&b, "Hello", 5, NO_LIMIT);
	assert_int_equal(buf_append(&b, "x", SIZE_MAX / 4, NO_LIMIT), -ENOMEM);
	assert_memory_equal(buf_head(&b), "Hello", 5);
	assert_int_equal(buf_len(&b), 5);
	buf_free(&b);
}

static void memory_stays_within_a_tenth_and_4_kib(void **state)
{
	struct buf b = { 0 };
	static const char chunk[97];

	(void)state;
	for (size_t n = sizeof(chunk); n < 4 << 20; n += sizeof(chunk)) {
		assert_int_equal(buf_append(&b, chunk, sizeof(chunk), NO_LIMIT), 0);
		assert_in_range(buf_cap(&b), n, n + n / 10 + 4096);
	}
	buf_free(&b);
}

/* Appends and consumes of many sizes; byte I of the stream is (char)(I * 31). */
static void a_long_stream_passes_through_unchanged(void **state)
{
	struct buf b = { 0 };
	size_t in = 0, out = 0;
	unsigned random = 1;

	(void)state;
	for (int turn = 0; turn < 20000; turn++) {
		char chunk[1000];
		size_t n;

		random = random * 1103515245 + 12345;
		n = random >> 16 & 511;
		for (size_t i = 0; i < n; i++)
			chunk[i] = (char)((in + i) * 31);
		assert_int_equal(buf_append(&b, chunk, n, NO_LIMIT), 0);
		in += n;
		random = random * 1103515245 + 12345;
		n = random >> 16 & 511;
		n = n < buf_len(&b) ? n : buf_len(&b);
		for (size_t i = 0; i < n; i++)
			assert_int_equal(buf_head(&b)[i], (char)((out + i) * 31));
		buf_consume(&b, n);
		out += n;
		assert_int_equal(buf_len(&b), in - out);
		assert_true(buf_len(&b) > 0 || !b.store);
	}
	buf_free(&b);
}

/* A buffer of N bytes FROM, FROM + 1, ..., of which the first CONSUMED are gone. */
static struct buf filled(size_t n, unsigned from, size_t consumed)
{
	struct buf b = { 0 };

	for (size_t i = 0; i < n; i++) {
		char c = (char)(from + i);

		assert_int_equal(buf_append(&b, &c, 1, NO_LIMIT), 0);
	}
	buf_consume(&b, consumed);
	return b;
}

static void joining_keeps_the_order_whichever_is_larger(void **state)
{
	static const size_t sizes[] = { 0, 1, 100, 511, 5000 };

	(void)state;
	for (size_t i = 0; i < 25; i++) {
		size_t n = sizes[i / 5], m = sizes[i % 5], gone = n / 3;
		struct buf b = filled(n, 0, gone),
			   from = filled(m + gone, n - gone, gone);

		assert_int_equal(buf_join(&b, &from), 0);
		owns_nothing(&from);
		assert_int_equal(buf_len(&b), n - gone + m);
		for (size_t at = 0; at < buf_len(&b); at++)
			assert_int_equal(buf_head(&b)[at], (char)(gone + at));
		buf_free(&b);
	}
}

static void the_larger_of_two_that_are_joined_is_not_copied(void **state)
{
	struct buf b = { 0 }, from = filled(5000, 0, 0);
	const struct buf_store *store = from.store;

	(void)state;
	assert_int_equal(buf_join(&b, &from), 0);
	assert_ptr_equal(b.store, store);
	from = filled(10, 5000, 0);
	assert_int_equal(buf_join(&b, &from), 0);
	assert_ptr_equal(b.store, store);
	buf_free(&b);
}

static void storage_that_lies_idle_is_given_back(void **state)
{
	struct buf b = { 0 };
	static char text[1 << 20];

	(void)state;
	for (size_t i = 0; i < sizeof(text); i++)
		text[i] = (char)(i * 7 / 5);
	assert_int_equal(buf_append(&b, text, sizeof(text), NO_LIMIT), 0);
	for (size_t out = 1000; out < sizeof(text); out += 1000) {
		buf_consume(&b, 1000);
		assert_memory_equal(buf_head(&b), text + out, buf_len(&b));
		assert_true(buf_cap(&b) <= 64 * 1024 ||
			    buf_cap(&b) <= 8 * buf_len(&b) + 8);
	}
	buf_free(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_empty_buffer_owns_no_memory),
		cmocka_unit_test(what_is_appended_is_the_content),
		cmocka_unit_test(what_is_consumed_is_gone_from_the_front),
		cmocka_unit_test(consuming_the_last_byte_gives_the_memory_back),
		cmocka_unit_test(what_is_cut_is_gone_from_the_end),
		cmocka_unit_test(bytes_over_the_limit_are_refused_as_a_whole),
		cmocka_unit_test(the_limit_counts_the_content_and_not_what_was_consumed),
		cmocka_unit_test(without_memory_the_content_stays),
		cmocka_unit_test(memory_stays_within_a_tenth_and_4_kib),
		cmocka_unit_test(joining_keeps_the_order_whichever_is_larger),
		cmocka_unit_test(the_larger_of_two_that_are_joined_is_not_copied),
		cmocka_unit_test(storage_that_lies_idle_is_given_back),
		cmocka_unit_test(a_long_stream_passes_through_unchanged),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
