/* SPDX-License-Identifier: MIT */
/* What of the bytes for one writev(2) is copied, referenced, saved when it was short. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "gather.h"

#define TEST(name) static void name(void **state __attribute__((unused)))

static struct gather g;

static char large[4 * GATHER_REF_MIN];

static int setup(void **state)
{
	(void)state;
	memset(&g, 0xEE, sizeof(g)); /* gather_reset() alone must make it usable */
	gather_reset(&g);
	for (size_t i = 0; i < sizeof(large); i++)
		large[i] = (char)('a' + i % 23);
	return 0;
}

/* What writev(2) would send, and its length in *N.  The caller frees it. */
static char *sent(size_t *n)
{
	char *out = malloc(g.bytes + 1);
	size_t at = 0;

	for (unsigned i = 0; i < g.n; i++) {
		memcpy(out + at, g.iov[i].iov_base, g.iov[i].iov_len);
		at += g.iov[i].iov_len;
	}
	assert_int_equal(at, g.bytes);
	*n = at;
	return out;
}

TEST(consecutive_copies_share_one_iovec)
{
	gather_copy(&g, "ab", 2);
	gather_copy(&g, "cde", 3);
	gather_add(&g, "f", 1);
	assert_int_equal(g.n, 1);
	assert_int_equal(g.bytes, 6);
	assert_memory_equal(g.iov[0].iov_base, "abcdef", 6);
}

TEST(a_piece_is_copied_below_the_limit_and_referenced_from_it_on)
{
	gather_add(&g, large, GATHER_REF_MIN - 1);
	assert_ptr_not_equal(g.iov[0].iov_base, large);
	gather_add(&g, large, GATHER_REF_MIN);
	assert_int_equal(g.n, 2);
	assert_ptr_equal(g.iov[1].iov_base, large);
	assert_int_equal(g.bytes, 2 * GATHER_REF_MIN - 1);
}

TEST(a_large_piece_can_be_copied_on_demand)
{
	char *p = malloc(sizeof(large));
	char *out;
	size_t n;

	memcpy(p, large, sizeof(large));
	gather_copy(&g, p, sizeof(large));
	memset(p, 0, sizeof(large));
	free(p);
	out = sent(&n);
	assert_int_equal(n, sizeof(large));
	assert_memory_equal(out, large, n);
	free(out);
}

TEST(order_is_kept_between_copies_and_references)
{
	char *out;
	size_t n;

	gather_copy(&g, "<", 1);
	gather_add(&g, large, GATHER_REF_MIN);
	gather_copy(&g, ">", 1);
	gather_copy(&g, "<", 1);
	gather_add(&g, large + 7, GATHER_REF_MIN);
	gather_copy(&g, ">", 1);
	assert_int_equal(g.n, 5);
	out = sent(&n);
	assert_int_equal(n, 2 * GATHER_REF_MIN + 4);
	assert_memory_equal(out, "<", 1);
	assert_memory_equal(out + 1, large, GATHER_REF_MIN);
	assert_memory_equal(out + 1 + GATHER_REF_MIN, "><", 2);
	assert_memory_equal(out + 3 + GATHER_REF_MIN, large + 7, GATHER_REF_MIN);
	assert_memory_equal(out + n - 1, ">", 1);
	free(out);
}

TEST(nothing_costs_no_iovec)
{
	gather_copy(&g, NULL, 0);
	gather_add(&g, NULL, 0);
	assert_int_equal(g.n, 0);
	assert_int_equal(g.bytes, 0);
}

TEST(a_reset_gather_is_empty)
{
	gather_copy(&g, "abc", 3);
	gather_add(&g, large, sizeof(large));
	gather_reset(&g);
	assert_int_equal(g.n, 0);
	assert_int_equal(g.bytes, 0);
	gather_copy(&g, "x", 1);
	assert_int_equal(g.n, 1);
	assert_int_equal(g.iov[0].iov_len, 1);
}

TEST(it_fits_until_the_copy_area_is_full_to_the_byte)
{
	assert_true(gather_fits(&g, GATHER_COPY));
	assert_false(gather_fits(&g, GATHER_COPY + 1));
	gather_copy(&g, large, 100);
	assert_true(gather_fits(&g, GATHER_COPY - 100));
	assert_false(gather_fits(&g, GATHER_COPY - 99));
	assert_false(gather_fits(&g, SIZE_MAX));
	while (gather_fits(&g, 1))
		gather_copy(&g, "x", 1);
	assert_int_equal(g.used, GATHER_COPY);
	assert_true(gather_fits(&g, 0));
}

TEST(it_fits_as_long_as_a_header_and_a_reference_have_iovecs)
{
	unsigned frames = 0;

	while (gather_fits(&g, 2)) {
		gather_copy(&g, "hd", 2);
		gather_add(&g, large, sizeof(large));
		frames++;
	}
	assert_int_equal(frames, GATHER_IOV / 2);
	assert_int_equal(g.n, GATHER_IOV);
	gather_reset(&g);
	for (unsigned i = 0; i < GATHER_IOV - 1; i++)
		gather_add(&g, large, sizeof(large));
	assert_false(gather_fits(&g, 2));
}

TEST(a_short_write_at_any_byte_saves_exactly_the_rest)
{
	char *out;
	size_t n;

	gather_copy(&g, "<head>", 6);
	gather_add(&g, large, GATHER_REF_MIN);
	gather_copy(&g, "<mid>", 5);
	gather_add(&g, large + 3, GATHER_REF_MIN + 1);
	out = sent(&n);
	for (size_t skip = 0; skip <= n; skip++) {
		struct buf to = { 0 };

		assert_int_equal(buf_append(&to, "before", 6, SIZE_MAX), 0);
		assert_int_equal(gather_save(&g, skip, &to, 6 + n - skip), 0);
		assert_int_equal(buf_len(&to), 6 + n - skip);
		assert_memory_equal(buf_head(&to), "before", 6);
		assert_memory_equal(buf_head(&to) + 6, out + skip, n - skip);
		buf_free(&to);
	}
	free(out);
}

TEST(a_rest_over_the_limit_saves_nothing)
{
	struct buf to = { 0 };

	gather_copy(&g, "ab", 2);
	gather_add(&g, large, GATHER_REF_MIN);
	assert_int_equal(gather_save(&g, 0, &to, GATHER_REF_MIN + 1), -ENOBUFS);
	assert_int_equal(buf_len(&to), 0);
	assert_int_equal(buf_append(&to, "x", 1, 1), 0);
	assert_int_equal(gather_save(&g, 1, &to, GATHER_REF_MIN + 1), -ENOBUFS);
	assert_int_equal(gather_save(&g, 1, &to, 0), -ENOBUFS);
	assert_int_equal(buf_len(&to), 1);
	assert_int_equal(gather_save(&g, 1, &to, GATHER_REF_MIN + 2), 0);
	buf_free(&to);
}

/* LARGE in a buffer of its own is given between two small pieces. */
static struct buf give(void)
{
	struct buf given = { 0 };

	assert_int_equal(buf_append(&given, large, sizeof(large), SIZE_MAX), 0);
	return given;
}

TEST(what_is_given_is_moved_and_not_copied)
{
	struct buf given = give(), to = { 0 };
	const struct buf_store *store = given.store;

	gather_give(&g, &given);
	assert_int_equal(g.bytes, sizeof(large));
	assert_int_equal(gather_save(&g, 10, &to, SIZE_MAX), 0);
	assert_ptr_equal(to.store, store);
	assert_int_equal(buf_len(&to), sizeof(large) - 10);
	assert_null(given.store);
	buf_free(&to);
}

TEST(what_is_given_stands_in_its_place_after_any_short_write)
{
	size_t n = 3 + sizeof(large) + 2;

	for (size_t skip = 0; skip <= n; skip++) {
		struct buf given = give(), to = { 0 };
		char *out;

		gather_reset(&g);
		gather_copy(&g, "abc", 3);
		gather_give(&g, &given);
		gather_copy(&g, "de", 2);
		out = sent(&n);
		assert_int_equal(buf_append(&to, "before", 6, SIZE_MAX), 0);
		assert_int_equal(gather_save(&g, skip, &to, SIZE_MAX), 0);
		assert_int_equal(buf_len(&to), 6 + n - skip);
		assert_memory_equal(buf_head(&to), "before", 6);
		assert_memory_equal(buf_head(&to) + 6, out + skip, n - skip);
		assert_null(given.store);
		buf_free(&to);
		free(out);
	}
}

#define T(name) cmocka_unit_test_setup(name, setup)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(consecutive_copies_share_one_iovec),
		T(a_piece_is_copied_below_the_limit_and_referenced_from_it_on),
		T(a_large_piece_can_be_copied_on_demand),
		T(order_is_kept_between_copies_and_references),
		T(nothing_costs_no_iovec),
		T(a_reset_gather_is_empty),
		T(it_fits_until_the_copy_area_is_full_to_the_byte),
		T(it_fits_as_long_as_a_header_and_a_reference_have_iovecs),
		T(a_short_write_at_any_byte_saves_exactly_the_rest),
		T(a_rest_over_the_limit_saves_nothing),
		T(what_is_given_is_moved_and_not_copied),
		T(what_is_given_stands_in_its_place_after_any_short_write),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
