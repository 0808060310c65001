/* SPDX-License-Identifier: MIT */
/* Password hashes are computed aside, and the loop is told. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "auth_worker.h"

#define TEST(name) static void name(void **state __attribute__((unused)))

static char order[16]; /* a letter for each job that was told of */

struct asked {
	char letter;
	bool matches;
};

static void on_done(void *data, bool matches)
{
	struct asked *a = data;

	a->matches = matches;
	order[strlen(order)] = a->letter;
}

static struct auth_job *ask(struct auth_worker *w, const char *password, const char *hash,
			    struct asked *a)
{
	struct span p = { password, strlen(password) };

	return auth_worker_check(w, p, hash, 3, on_done, a);
}

static void run_until(struct ev_loop *loop, size_t told)
{
	while (strlen(order) < told)
		ev_run(loop, EVRUN_ONCE);
}

static struct auth_worker *begin(struct ev_loop **ret_loop)
{
	struct auth_worker *w;

	memset(order, 0, sizeof(order));
	*ret_loop = ev_loop_new(EVFLAG_NOENV);
	w = auth_worker_new(*ret_loop);
	assert_non_null(w);
	return w;
}

static void end(struct auth_worker *w, struct ev_loop *loop)
{
	auth_worker_free(w);
	ev_loop_destroy(loop);
}

/* bcrypt of "secret", of the lowest cost. */
static const char hash[] = "$2b$04$abcdefghijklmnopqrstuu2r9OfJnfCsdneAXAGHnS4UpFFP8WIrW";

TEST(a_password_matches_its_hash_and_no_other)
{
	struct ev_loop *loop;
	struct auth_worker *w = begin(&loop);
	struct asked a = { 'a', false }, b = { 'b', true }, c = { 'c', true };

	assert_non_null(ask(w, "secret", hash, &a));
	assert_non_null(ask(w, "Secret", hash, &b));
	assert_non_null(ask(w, "secret", "*0", &c)); /* what crypt(3) says of an error */
	assert_string_equal(order, "");
	run_until(loop, 3);
	assert_string_equal(order, "abc");
	assert_true(a.matches && !b.matches && !c.matches);
	end(w, loop);
}

TEST(one_job_too_many_is_refused)
{
	struct ev_loop *loop;
	struct auth_worker *w = begin(&loop);
	struct asked a = { 'a', false };

	for (unsigned i = 0; i < 3; i++)
		assert_non_null(ask(w, "secret", hash, &a));
	assert_null(ask(w, "secret", hash, &a));
	run_until(loop, 3);
	assert_non_null(ask(w, "secret", hash, &a));
	run_until(loop, 4);
	end(w, loop);
}

TEST(what_crypt_cannot_take_is_refused)
{
	struct ev_loop *loop;
	struct auth_worker *w = begin(&loop);
	struct asked a = { 'a', false };
	char password[513];

	memset(password, 'x', sizeof(password) - 1);
	password[512] = 0;
	assert_null(ask(w, password, hash, &a));
	password[511] = 0;
	assert_non_null(ask(w, password, hash, &a));
	run_until(loop, 1);
	end(w, loop);
}

/* Whether it waits, is under way or is over: the thread may be anywhere. */
TEST(nobody_is_told_of_a_cancelled_job)
{
	for (unsigned i = 0; i < 50; i++) {
		struct ev_loop *loop;
		struct auth_worker *w = begin(&loop);
		struct asked a = { 'a', false }, b = { 'b', false }, c = { 'c', false };
		struct auth_job *first = ask(w, "secret", hash, &a),
				*second = ask(w, "secret", hash, &b);

		assert_non_null(ask(w, "secret", hash, &c));
		for (volatile unsigned spin = 0; spin < i * 20000; spin++)
			;
		auth_job_cancel(second);
		auth_job_cancel(first);
		run_until(loop, 1);
		assert_string_equal(order, "c");
		end(w, loop);
	}
}

TEST(its_end_forgets_what_waits)
{
	struct ev_loop *loop;
	struct auth_worker *w = begin(&loop);
	struct asked a = { 'a', false };

	for (unsigned i = 0; i < 3; i++)
		assert_non_null(ask(w, "secret", hash, &a));
	end(w, loop);
	assert_string_equal(order, "");
	auth_worker_free(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_password_matches_its_hash_and_no_other),
		cmocka_unit_test(one_job_too_many_is_refused),
		cmocka_unit_test(what_crypt_cannot_take_is_refused),
		cmocka_unit_test(nobody_is_told_of_a_cancelled_job),
		cmocka_unit_test(its_end_forgets_what_waits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
