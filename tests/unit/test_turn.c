/* SPDX-License-Identifier: MIT */
/* What waits for another turn of the loop: its order, and that each turn does some. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "sys.h"
#include "turn.h"

#define TEST(name) static void name(void **state __attribute__((unused)))
#define MANY 100

static struct ev_loop *loop;
static struct turn turn;
static struct late late[MANY];
static unsigned done[MANY], ndone;
static double each; /* seconds that one takes */

static int begin(void **state)
{
	(void)state;
	loop = ev_loop_new(EVBACKEND_EPOLL | EVFLAG_NOENV);
	turn_init(&turn, loop);
	memset(late, 0, sizeof(late));
	ndone = 0;
	each = 0;
	return 0;
}

static int end(void **state)
{
	(void)state;
	turn_stop(&turn);
	ev_loop_destroy(loop);
	return 0;
}

static void act(struct late *l)
{
	double until = sys_now() + each;

	done[ndone++] = (unsigned)(l - late);
	while (sys_now() < until)
		;
}

static void act_again(struct late *l)
{
	act(l);
	turn_wait(&turn, l, act_again);
}

static void wait_all(void)
{
	for (unsigned i = 0; i < MANY; i++)
		turn_wait(&turn, &late[i], act);
}

/* It has time for all, however slow the machine is. */
static void take_turn(void)
{
	turn_begin(&turn, sys_now() + 3600);
	ev_run(loop, EVRUN_NOWAIT);
}

TEST(what_waits_is_done_in_its_order_and_once)
{
	wait_all();
	wait_all();
	take_turn();
	assert_int_equal(ndone, MANY);
	for (unsigned i = 0; i < MANY; i++)
		assert_int_equal(done[i], i);
	take_turn();
	assert_int_equal(ndone, MANY);
}

TEST(the_first_pieces_of_a_turn_are_done_without_a_look_at_the_clock)
{
	turn_begin(&turn, sys_now() - 1);
	for (unsigned i = 0; i < TURN_FREE; i++)
		assert_true(turn_has_time(&turn));
	assert_false(turn_has_time(&turn));
	turn_begin(&turn, sys_now());
	assert_true(turn_has_time(&turn));
}

TEST(after_much_that_was_passed_on_a_turn_looks_at_the_clock_at_once)
{
	turn_begin(&turn, sys_now() - 1);
	turn_passed(&turn, TURN_PIECE - 1);
	assert_true(turn_has_time(&turn));
	turn_passed(&turn, (TURN_FREE - 1) * TURN_PIECE);
	assert_false(turn_has_time(&turn));
}

TEST(what_is_forgotten_is_not_done)
{
	wait_all();
	turn_forget(&turn, &late[0]);
	turn_forget(&turn, &late[50]);
	turn_forget(&turn, &late[50]);
	take_turn();
	assert_int_equal(ndone, MANY - 2);
	assert_int_equal(done[0], 1);
}

TEST(a_turn_ends_when_it_is_long_and_does_one_piece_in_any_case)
{
	each = TURN_LONG / 40;
	wait_all();
	turn_begin(&turn, sys_now() - 1); /* it is long already */
	ev_run(loop, EVRUN_NOWAIT);
	assert_int_equal(ndone, 1);
	turn_begin(&turn, sys_now());
	ev_run(loop, EVRUN_NOWAIT);
	assert_in_range(ndone, 2, 1 + 40 + 1); /* the last is begun before the end */
	take_turn();
	take_turn();
	assert_int_equal(ndone, MANY);
}

TEST(the_loop_does_not_sleep_while_some_is_left)
{
	each = TURN_LONG / 4;
	wait_all();
	turn_begin(&turn, sys_now() - 1);
	ev_run(loop, EVRUN_ONCE); /* would wait for ever */
	assert_in_range(ndone, 1, MANY - 1);
}

TEST(what_puts_itself_off_again_waits_for_the_next_turn)
{
	turn_wait(&turn, &late[0], act_again);
	turn_wait(&turn, &late[1], act_again);
	take_turn();
	assert_int_equal(ndone, 2);
	take_turn();
	assert_int_equal(ndone, 4);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
#define ROW(test) cmocka_unit_test_setup_teardown(test, begin, end)
		ROW(what_waits_is_done_in_its_order_and_once),
		ROW(the_first_pieces_of_a_turn_are_done_without_a_look_at_the_clock),
		ROW(after_much_that_was_passed_on_a_turn_looks_at_the_clock_at_once),
		ROW(what_is_forgotten_is_not_done),
		ROW(a_turn_ends_when_it_is_long_and_does_one_piece_in_any_case),
		ROW(the_loop_does_not_sleep_while_some_is_left),
		ROW(what_puts_itself_off_again_waits_for_the_next_turn),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
