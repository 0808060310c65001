/* SPDX-License-Identifier: MIT */
/* When memory goes back to the kernel: at once of many, and of few a second later. */
#include <malloc.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "heap.h"

#define TEST(name) static void name(void **state __attribute__((unused)))
#define CROWD 256

static struct ev_loop *loop;
static struct heap heap;
static unsigned trims;

int malloc_trim(size_t pad)
{
	assert_int_equal(pad, 0);
	trims++;
	return 1;
}

static int begin(void **state)
{
	(void)state;
	loop = ev_loop_new(EVBACKEND_EPOLL | EVFLAG_NOENV);
	heap_init(&heap, loop);
	trims = 0;
	return 0;
}

static int end(void **state)
{
	(void)state;
	heap_stop(&heap);
	ev_loop_destroy(loop);
	return 0;
}

TEST(what_one_has_left_goes_back_a_second_later_each_time)
{
	for (unsigned i = 1; i <= 2; i++) {
		ev_tstamp since = ev_time();

		heap_left(&heap);
		while (trims < i)
			ev_run(loop, EVRUN_ONCE);
		assert_true(ev_time() - since > 0.9);
	}
}

TEST(what_many_have_left_goes_back_at_once)
{
	for (unsigned i = 0; i < 3 * CROWD; i++) {
		heap_left(&heap);
		assert_int_equal(trims, (i + 1) / CROWD);
	}
	assert_false(ev_is_active(&heap.rest));
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			what_one_has_left_goes_back_a_second_later_each_time, begin, end),
		cmocka_unit_test_setup_teardown(what_many_have_left_goes_back_at_once,
						begin, end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
