/* SPDX-License-Identifier: MIT */
/* Whom the kernel's list of children names, however long it is. */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "orphans.h"
#include "sys.h"

#define TEST(name) static void name(void **state __attribute__((unused)))

#define MOST 900 /* children: more than are read at once */

static pid_t started[MOST];
static unsigned asked[MOST]; /* times that each was asked about */
static size_t count;

static bool was_started(const void *data, pid_t pid)
{
	assert_ptr_equal(data, started);
	for (size_t i = 0; i < count; i++)
		if (started[i] == pid) {
			asked[i]++;
			return true;
		}
	fail_msg("%d is no child", (int)pid);
	return false;
}

static void start_children(size_t n)
{
	for (; count < n; count++) {
		started[count] = fork();
		assert_true(started[count] >= 0);
		asked[count] = 0;
		if (started[count] == 0) {
			prctl(PR_SET_PDEATHSIG, SIGKILL);
			pause();
			_exit(0);
		}
	}
}

static int end_children(void **state)
{
	(void)state;
	for (; count > 0; count--) {
		kill(started[count - 1], SIGKILL);
		waitpid(started[count - 1], NULL, 0);
	}
	return 0;
}

TEST(each_child_is_seen_once)
{
	static const size_t numbers[] = { 0, 1, 2, MOST };
	struct orphans o = { .fresh = false };
	struct turn turn = { .since = sys_now() };

	assert_int_equal(orphans_init(&o, &turn), 0);
	for (size_t k = 0; k < sizeof(numbers) / sizeof(*numbers); k++) {
		start_children(numbers[k]);
		orphans_look(&o, was_started, started);
		for (size_t i = 0; i < count; i++)
			assert_int_equal(asked[i], 1);
		orphans_look(&o, was_started, started); /* nothing has changed */
		for (size_t i = 0; i < count; i++)
			assert_int_equal(asked[i], 1);
		assert_false(orphans_any(&o, 1));
		orphans_forget(&o);
		end_children(NULL);
	}
	orphans_free(&o);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(each_child_is_seen_once, end_children),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
