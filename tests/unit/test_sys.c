/* SPDX-License-Identifier: MIT */
/* Standard descriptors, limits, the clock, the service manager and the journal. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "sys.h"

#define TEST(name) static void name(void **state __attribute__((unused)))

/* What RUN(ARG) returns in a process of its own: it may break what it likes. */
static int in_child(int (*run)(int arg), int arg)
{
	pid_t pid = fork();
	int status;

	assert_true(pid >= 0);
	if (pid == 0)
		_exit(run(arg));
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

/* The descriptor that the next open(2) would give. */
static int lowest_free(void)
{
	int fd = dup(0);

	close(fd);
	return fd;
}

/* ---- standard descriptors ---- */

static bool is_null(int fd)
{
	struct stat st;

	return fstat(fd, &st) == 0 && S_ISCHR(st.st_mode) && st.st_rdev == makedev(1, 3);
}

/* With those closed whose bit is set in CLOSED and a pipe at the others. */
static int fill(int closed)
{
	int fds[2], r, next;

	if (pipe(fds) < 0)
		return 1;
	next = lowest_free();
	for (int fd = 0; fd < 3; fd++)
		if (closed >> fd & 1)
			close(fd);
		else if (dup2(fds[1], fd) < 0)
			return 2;
	r = sys_fill_stdio();
	if (r != 0)
		return 3;
	for (int fd = 0; fd < 3; fd++)
		if (is_null(fd) != (closed >> fd & 1))
			return 10 + fd;
	return lowest_free() == next ? 0 : 4;
}

TEST(closed_standard_descriptors_become_dev_null_and_open_ones_stay)
{
	for (int closed = 0; closed < 8; closed++)
		assert_int_equal(in_child(fill, closed), 0);
}

static int fill_without_descriptors(int unused)
{
	struct rlimit none = { 0, 0 };

	(void)unused;
	if (setrlimit(RLIMIT_NOFILE, &none) < 0)
		return 0;
	return -sys_fill_stdio();
}

TEST(without_descriptors_filling_fails)
{
	assert_int_equal(in_child(fill_without_descriptors, 0), EMFILE);
}

/* ---- limits, clock ---- */

static int raise_from(int soft)
{
	struct rlimit r;

	if (getrlimit(RLIMIT_NOFILE, &r) < 0)
		return 1;
	r.rlim_cur = (rlim_t)soft;
	if (setrlimit(RLIMIT_NOFILE, &r) < 0)
		return 2;
	if (sys_raise_nofile() != soft)
		return 3;
	return getrlimit(RLIMIT_NOFILE, &r) == 0 && r.rlim_cur == r.rlim_max ? 0 : 4;
}

TEST(the_limit_of_descriptors_is_raised_and_the_old_one_told)
{
	assert_int_equal(in_child(raise_from, 50), 0);
}

static double monotonic(void)
{
	struct timespec t;

	assert_int_equal(clock_gettime(CLOCK_MONOTONIC, &t), 0);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

TEST(now_is_the_monotonic_clock_in_seconds)
{
	double before = monotonic(), now = sys_now(), after = monotonic();

	assert_true(before <= now && now <= after);
}

/* ---- the service manager ---- */

/* A socket bound to an address of the kernel's choice, which is abstract; NOTIFY_SOCKET
 * says which. */
static int abstract_manager(void)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	socklen_t n = sizeof(a);
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	char name[sizeof(a.sun_path) + 1] = "";

	assert_return_code(bind(fd, (struct sockaddr *)&a, sizeof(sa_family_t)), 0);
	assert_return_code(getsockname(fd, (struct sockaddr *)&a, &n), 0);
	memcpy(name, a.sun_path, n - offsetof(struct sockaddr_un, sun_path));
	name[0] = '@';
	assert_return_code(setenv("NOTIFY_SOCKET", name, 1), 0);
	return fd;
}

/* One bound to PATH. */
static int manager_at(const char *path)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	snprintf(a.sun_path, sizeof(a.sun_path), "%s", path);
	assert_return_code(bind(fd, (struct sockaddr *)&a, sizeof(a)), 0);
	assert_return_code(setenv("NOTIFY_SOCKET", path, 1), 0);
	return fd;
}

/* The datagram that FD has, or "none". */
static const char *told(int fd)
{
	static char text[1000];
	ssize_t n = recv(fd, text, sizeof(text) - 1, 0);

	if (n < 0)
		return "none";
	text[n] = '\0';
	return text;
}

TEST(the_manager_gets_one_datagram_with_the_whole_state)
{
	char dir[] = "/tmp/sys-XXXXXX", path[50];
	int fd;

	assert_non_null(mkdtemp(dir));
	snprintf(path, sizeof(path), "%s/notify", dir);
	fd = manager_at(path);
	sys_notify("READY=1\nSTATUS=2 paths");
	assert_string_equal(told(fd), "READY=1\nSTATUS=2 paths");
	assert_string_equal(told(fd), "none");
	close(fd);
	unlink(path);
	rmdir(dir);
}

TEST(an_at_sign_means_an_abstract_socket)
{
	int fd = abstract_manager();

	sys_notify("STOPPING=1");
	assert_string_equal(told(fd), "STOPPING=1");
	close(fd);
}

TEST(without_a_manager_nothing_is_sent)
{
	int fd = abstract_manager();

	assert_return_code(unsetenv("NOTIFY_SOCKET"), 0);
	sys_notify("READY=1");
	assert_return_code(setenv("NOTIFY_SOCKET", "", 1), 0);
	sys_notify("READY=1");
	assert_string_equal(told(fd), "none");
	close(fd);
}

TEST(a_manager_that_cannot_be_reached_costs_no_descriptor)
{
	int next = lowest_free();
	char longest[300];

	memset(longest, 'x', sizeof(longest));
	longest[0] = '/';
	longest[sizeof(longest) - 1] = '\0';
	assert_return_code(setenv("NOTIFY_SOCKET", "/no/such/socket", 1), 0);
	sys_notify("READY=1");
	assert_return_code(setenv("NOTIFY_SOCKET", longest, 1), 0);
	sys_notify("READY=1");
	assert_int_equal(lowest_free(), next);
}

TEST(a_manager_that_does_not_read_never_blocks_us)
{
	int fd = abstract_manager();

	alarm(20); /* blocked: ended by SIGALRM */
	for (int i = 0; i < 10000; i++)
		sys_notify("WATCHDOG=1");
	alarm(0);
	assert_string_equal(told(fd), "WATCHDOG=1");
	close(fd);
}

/* ---- the journal ---- */

static void say_journal(const char *fmt, const struct stat *st)
{
	char text[100];

	snprintf(text, sizeof(text), fmt, (unsigned long long)st->st_dev,
		 (unsigned long long)st->st_ino);
	assert_return_code(setenv("JOURNAL_STREAM", text, 1), 0);
}

TEST(the_journal_is_the_descriptor_of_JOURNAL_STREAM)
{
	int journal[2], other[2];
	struct stat st;

	assert_return_code(pipe(journal), 0);
	assert_return_code(pipe(other), 0);
	assert_return_code(fstat(journal[1], &st), 0);
	say_journal("%llu:%llu", &st);
	assert_true(sys_is_journal(journal[1]));
	assert_false(sys_is_journal(other[1])); /* redirected by a shell */
	say_journal("%llu:1%llu", &st);
	assert_false(sys_is_journal(journal[1]));
	say_journal("1%llu:%llu", &st);
	assert_false(sys_is_journal(journal[1]));
	say_journal("%llu", &st);
	assert_false(sys_is_journal(journal[1]));
	say_journal("", &st);
	assert_false(sys_is_journal(journal[1]));
	assert_return_code(unsetenv("JOURNAL_STREAM"), 0);
	assert_false(sys_is_journal(journal[1]));
	say_journal("%llu:%llu", &st);
	for (int i = 0; i < 2; i++) {
		close(journal[i]);
		close(other[i]);
	}
	assert_false(sys_is_journal(journal[1]));
}

/* What sys_env_number() makes of TEXT; NULL: the variable is not set. */
static long number(const char *text)
{
	static const char name[] = "TEST_SYS_NUMBER";

	if (text)
		setenv(name, text, 1);
	else
		unsetenv(name);
	return sys_env_number(name);
}

TEST(a_variable_is_a_number_only_as_a_whole)
{
	assert_int_equal(number("0"), 0);
	assert_int_equal(number("4711"), 4711);
	assert_int_equal(number("9223372036854775807"), 9223372036854775807);
	assert_int_equal(number("9223372036854775808"), -1);
	assert_int_equal(number("-1"), -1);
	assert_int_equal(number("+1"), -1);
	assert_int_equal(number(" 1"), -1);
	assert_int_equal(number("1s"), -1);
	assert_int_equal(number(""), -1);
	assert_int_equal(number(NULL), -1);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			closed_standard_descriptors_become_dev_null_and_open_ones_stay),
		cmocka_unit_test(without_descriptors_filling_fails),
		cmocka_unit_test(the_limit_of_descriptors_is_raised_and_the_old_one_told),
		cmocka_unit_test(now_is_the_monotonic_clock_in_seconds),
		cmocka_unit_test(the_manager_gets_one_datagram_with_the_whole_state),
		cmocka_unit_test(an_at_sign_means_an_abstract_socket),
		cmocka_unit_test(without_a_manager_nothing_is_sent),
		cmocka_unit_test(a_manager_that_cannot_be_reached_costs_no_descriptor),
		cmocka_unit_test(a_manager_that_does_not_read_never_blocks_us),
		cmocka_unit_test(the_journal_is_the_descriptor_of_JOURNAL_STREAM),
		cmocka_unit_test(a_variable_is_a_number_only_as_a_whole),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
