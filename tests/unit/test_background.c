/* SPDX-License-Identifier: MIT */
/* Work is done aside, the loop goes on meanwhile and is told. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <unistd.h>

#include <cmocka.h>

#include "background.h"

#define TEST(name) static void name(void **state __attribute__((unused)))

struct job {
	int gate[2]; /* it is held up until this can be read */
	atomic_int thread;
	bool done;
};

static void work(void *data)
{
	struct job *j = data;
	char byte;

	assert_int_equal(read(j->gate[0], &byte, 1), 1);
	atomic_store(&j->thread, gettid());
}

static void done(void *data)
{
	struct job *j = data;

	j->done = true;
}

static void open_gate(struct job *j)
{
	assert_int_equal(write(j->gate[1], "", 1), 1);
}

static struct background *begin(struct ev_loop **ret_loop, struct job *j)
{
	struct background *b;

	*j = (struct job){ .done = false };
	assert_int_equal(pipe(j->gate), 0);
	*ret_loop = ev_loop_new(EVFLAG_NOENV);
	b = background_begin(*ret_loop, work, done, j);
	assert_non_null(b);
	return b;
}

static void end(struct ev_loop *loop, struct job *j)
{
	ev_loop_destroy(loop);
	close(j->gate[0]);
	close(j->gate[1]);
}

TEST(the_loop_goes_on_while_it_is_done_and_is_told_once)
{
	struct ev_loop *loop;
	struct job j;

	begin(&loop, &j);
	for (int i = 0; i < 3; i++)
		ev_run(loop, EVRUN_NOWAIT);
	assert_false(j.done);
	open_gate(&j);
	while (!j.done)
		ev_run(loop, EVRUN_ONCE);
	assert_true(j.thread != 0 && j.thread != gettid());
	assert_int_equal(ev_run(loop, EVRUN_NOWAIT), 0); /* nothing is left of it */
	end(loop, &j);
}

TEST(its_end_waits_for_it_and_tells_nobody)
{
	struct ev_loop *loop;
	struct background *b;
	struct job j;

	b = begin(&loop, &j);
	open_gate(&j);
	assert_true(background_end(b));
	assert_true(j.thread != 0);
	ev_run(loop, EVRUN_NOWAIT);
	assert_false(j.done);
	end(loop, &j);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_loop_goes_on_while_it_is_done_and_is_told_once),
		cmocka_unit_test(its_end_waits_for_it_and_tells_nobody),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
