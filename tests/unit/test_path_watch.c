/* SPDX-License-Identifier: MIT */
/* What is told of a path and of a file, and when: on a real loop and a real directory. */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "path_watch.h"

#define TEST(name) static void name(void **state __attribute__((unused)))

static struct ev_loop *loop;
static struct turn work;
static struct path_watches all;
static char top[] = "/tmp/path-watch-XXXXXX";
static char path[sizeof(top) + 10], other[sizeof(top) + 10];
static struct path_watch a, b;
static unsigned told_a, told_b;
static bool a_stops_b;

static void on_changed(struct path_watch *w)
{
	told_a += w == &a;
	told_b += w == &b;
	if (w == &a && a_stops_b)
		path_watch_stop(&b);
}

static int setup(void **state)
{
	(void)state;
	loop = ev_loop_new(EVBACKEND_EPOLL | EVFLAG_NOENV);
	if (!loop || !mkdtemp(top))
		return -1;
	snprintf(path, sizeof(path), "%s/file", top);
	snprintf(other, sizeof(other), "%s/other", top);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	ev_loop_destroy(loop);
	return rmdir(top);
}

static int begin(void **state)
{
	(void)state;
	turn_init(&work, loop);
	path_watches_init(&all, &work);
	a = b = (struct path_watch){ .changed = on_changed };
	told_a = told_b = 0;
	a_stops_b = false;
	return 0;
}

static int end(void **state)
{
	(void)state;
	path_watch_stop(&a);
	path_watch_stop(&b);
	unlink(path);
	unlink(other);
	path_watches_end(&all);
	turn_stop(&work);
	return ev_is_active(&all.look) ? -1 : 0;
}

/* Let everything be told that has happened. */
static void turn(void)
{
	ev_run(loop, EVRUN_NOWAIT);
	ev_run(loop, EVRUN_NOWAIT);
}

static int make(const char *name)
{
	int fd = open(name, O_RDWR | O_CREAT | O_CLOEXEC, 0600);

	assert_true(fd >= 0);
	return fd;
}

TEST(what_takes_or_leaves_a_name_is_told_and_nothing_of_other_names)
{
	path_watch_start(&all, &a, path);
	close(make(other));
	turn();
	assert_int_equal(told_a, 0);
	close(make(path));
	turn();
	assert_int_equal(told_a, 1);
	assert_int_equal(rename(path, other), 0);
	turn();
	assert_int_equal(told_a, 2);
	assert_int_equal(unlink(other), 0);
	turn();
	assert_int_equal(told_a, 2);
}

TEST(what_is_written_to_a_file_is_told_whatever_its_name)
{
	int fd = make(path);

	path_watch_start_file(&all, &a, fd);
	assert_int_equal(rename(path, other), 0);
	turn();
	assert_int_equal(told_a, 0);
	assert_int_equal(write(fd, "x", 1), 1);
	turn();
	assert_int_equal(told_a, 1);
	assert_int_equal(ftruncate(fd, 0), 0);
	turn();
	assert_int_equal(told_a, 2);
	close(fd);
}

TEST(two_watch_the_same_and_one_stops)
{
	int fd = make(path);

	path_watch_start_file(&all, &a, fd);
	path_watch_start_file(&all, &b, fd);
	path_watch_stop(&b);
	assert_int_equal(write(fd, "x", 1), 1);
	turn();
	assert_int_equal(told_a, 1);
	assert_int_equal(told_b, 0);
	close(fd);
}

TEST(who_is_told_may_stop_another_that_would_be_next)
{
	path_watch_start(&all, &b, path);
	path_watch_start(&all, &a, path); /* the newest is told first */
	a_stops_b = true;
	close(make(path));
	turn();
	assert_int_equal(told_a, 1);
	assert_int_equal(told_b, 0);
}

TEST(a_directory_that_is_not_there_is_looked_for)
{
	char below[sizeof(top) + 20];

	snprintf(below, sizeof(below), "%s/none/file", top);
	path_watch_start(&all, &a, below);
	assert_int_equal(a.wd, -1);
	*strrchr(below, '/') = 0;
	assert_int_equal(mkdir(below, 0700), 0);
	below[strlen(below)] = '/';
	ev_feed_event(loop, &all.look, EV_TIMER);
	turn();
	assert_int_equal(told_a, 1);
	assert_true(a.wd >= 0);
	*strrchr(below, '/') = 0;
	assert_int_equal(rmdir(below), 0);
	turn();
	assert_true(told_a > 1);
	assert_int_equal(a.wd, -1);
}

TEST(a_look_at_many_takes_several_turns_and_leaves_out_who_has_stopped)
{
	struct path_watch many[20];

	for (unsigned i = 0; i < 20; i++) {
		many[i] = (struct path_watch){ .changed = on_changed };
		path_watch_start(&all, &many[i], path);
	}
	path_watch_start(&all, &a, path); /* the newest is told first, the oldest last */
	turn_begin(&work, 0);             /* it is long */
	ev_invoke(loop, &all.look, EV_TIMER);
	assert_int_equal(told_a, 1);
	assert_ptr_equal(all.unseen, &many[12]);
	path_watch_stop(&many[12]);
	ev_invoke(loop, &all.look, EV_TIMER); /* no look begins amid another */
	assert_ptr_equal(all.unseen, &many[11]);
	ev_run(loop, EVRUN_NOWAIT);
	assert_ptr_equal(all.unseen, &many[3]);
	for (unsigned i = 0; i < 12; i++)
		path_watch_stop(&many[i]);
	assert_null(all.unseen);
	turn();
	assert_int_equal(told_a, 1);
	for (unsigned i = 13; i < 20; i++)
		path_watch_stop(&many[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define T(name) cmocka_unit_test_setup_teardown(name, begin, end)
		T(what_takes_or_leaves_a_name_is_told_and_nothing_of_other_names),
		T(what_is_written_to_a_file_is_told_whatever_its_name),
		T(two_watch_the_same_and_one_stops),
		T(who_is_told_may_stop_another_that_would_be_next),
		T(a_directory_that_is_not_there_is_looked_for),
		T(a_look_at_many_takes_several_turns_and_leaves_out_who_has_stopped),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
