/* SPDX-License-Identifier: MIT */
/* Sockets that were passed: which are taken, what they are called, which can be used. */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "passed.h"

#define TEST(name) static void name(void **state __attribute__((unused)))

/* What a process takes that was passed N descriptors from 3 on, as NAMES, and told that
 * they are SAID, for PID (NULL: itself): "name,name", and a * if a variable is left. */
static const char *taken(int n, const char *said, const char *pid, const char *names)
{
	static char text[256];
	int out[2];
	size_t got;
	FILE *in;

	assert_return_code(pipe(out), 0);
	if (fork() == 0) {
		struct passed p;
		char own[16];

		dup2(out[1], 100);
		for (int fd = 3; fd < 100; fd++)
			close(fd);
		for (int i = 0; i < n; i++)
			dup2(STDERR_FILENO, 3 + i);
		snprintf(own, sizeof(own), "%d", (int)getpid());
		setenv("LISTEN_PID", pid ? pid : own, 1);
		setenv("LISTEN_FDS", said, 1);
		if (names)
			setenv("LISTEN_FDNAMES", names, 1);
		if (passed_take(&p) < 0)
			_exit(1);
		for (size_t i = 0; i < p.n; i++)
			dprintf(100, "%s%s%s", i ? "," : "", p.sockets[i].name,
				fcntl(p.sockets[i].fd, F_GETFD) == FD_CLOEXEC ? "" : "!");
		if (getenv("LISTEN_PID") || getenv("LISTEN_FDS") ||
		    getenv("LISTEN_FDNAMES"))
			dprintf(100, "*");
		passed_close(&p);
		_exit(fcntl(3, F_GETFD) < 0 || !n ? 0 : 2);
	}
	close(out[1]);
	in = fdopen(out[0], "r");
	got = fread(text, 1, sizeof(text) - 1, in); /* to the end */
	text[got] = '\0';
	fclose(in);
	wait(NULL);
	return text;
}

TEST(each_has_its_name)
{
	assert_string_equal(taken(3, "3", NULL, "web:web:x y"), "web,web,x y");
}

TEST(a_name_that_is_lacking_is_unknown)
{
	assert_string_equal(taken(2, "2", NULL, NULL), "unknown,unknown");
	assert_string_equal(taken(3, "3", NULL, "web"), "web,unknown,unknown");
	assert_string_equal(taken(3, "3", NULL, ":web:"), "unknown,web,unknown");
	assert_string_equal(taken(1, "1", NULL, "web:more:than:there"), "web");
}

TEST(what_is_not_open_is_not_taken)
{
	assert_string_equal(taken(1, "2", NULL, "a:b"), "a");
	assert_string_equal(taken(1, "2147483648", NULL, "a:b"), "a");
	assert_string_equal(taken(0, "1", NULL, "a"), "");
}

TEST(what_is_for_another_process_is_not_taken)
{
	assert_string_equal(taken(1, "1", "1", "a"), "");
	assert_string_equal(taken(1, "1", "", "a"), "");
	assert_string_equal(taken(1, "1", "x", "a"), "");
}

TEST(a_number_that_is_none_is_nothing)
{
	assert_string_equal(taken(1, "", NULL, "a"), "");
	assert_string_equal(taken(1, "-1", NULL, "a"), "");
	assert_string_equal(taken(1, "+1", NULL, "a"), "");
	assert_string_equal(taken(1, "1 ", NULL, "a"), "");
	assert_string_equal(taken(1, "99999999999999999999", NULL, "a"), "");
}

TEST(names_are_told_once)
{
	char web[] = "web", web2[] = "web", other[] = "other", text[64];
	struct passed_socket sockets[] = { { 3, web }, { 4, web2 }, { 5, other } };
	struct passed p = { sockets, 3 };

	assert_string_equal(passed_names(&p, text, sizeof(text)), "web, other");
	assert_string_equal(passed_names(&p, text, 6), "web, ");
	assert_true(passed_has(&p, "other"));
	assert_false(passed_has(&p, "oth"));
}

TEST(only_a_socket_that_listens_can_be_listened_on)
{
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	int datagram = socket(AF_INET, SOCK_DGRAM, 0);
	struct addr at;

	assert_false(passed_listens(fd, &at));
	assert_false(passed_listens(datagram, &at));
	assert_false(passed_listens(STDERR_FILENO, &at));
	assert_false(passed_listens(999, &at));
	assert_return_code(listen(fd, 1), 0);
	assert_true(passed_listens(fd, &at));
	assert_int_not_equal(addr_port(&at), 0);
	assert_true(fcntl(fd, F_GETFL) & O_NONBLOCK);
	close(fd);
	close(datagram);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_has_its_name),
		cmocka_unit_test(a_name_that_is_lacking_is_unknown),
		cmocka_unit_test(what_is_not_open_is_not_taken),
		cmocka_unit_test(what_is_for_another_process_is_not_taken),
		cmocka_unit_test(a_number_that_is_none_is_nothing),
		cmocka_unit_test(names_are_told_once),
		cmocka_unit_test(only_a_socket_that_listens_can_be_listened_on),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
