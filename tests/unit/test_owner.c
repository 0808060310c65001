/* SPDX-License-Identifier: MIT */
/* Which process is named as the one that listens on an address. */
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "owner.h"

#define TEST(name) static void name(void **state __attribute__((unused)))
#define NOBODY 65534

struct any_addr {
	socklen_t len;
	union {
		struct sockaddr sa;
		struct sockaddr_in in;
		struct sockaddr_in6 in6;
		struct sockaddr_un un;
	};
};

static struct any_addr v4(in_addr_t address, in_port_t port)
{
	struct any_addr a = { .len = sizeof(a.in) };

	a.in = (struct sockaddr_in){ .sin_family = AF_INET, .sin_port = port };
	a.in.sin_addr.s_addr = htonl(address);
	return a;
}

static struct any_addr v6(struct in6_addr address, in_port_t port)
{
	struct any_addr a = { .len = sizeof(a.in6) };

	a.in6 = (struct sockaddr_in6){ .sin6_family = AF_INET6, .sin6_port = port };
	a.in6.sin6_addr = address;
	return a;
}

/* A Unix address of N bytes of NAME; it begins with a NUL if it is abstract. */
static struct any_addr on_unix(const char *name, size_t n)
{
	struct any_addr a = { .len = (socklen_t)(offsetof(struct sockaddr_un, sun_path) +
						 n) };

	a.un = (struct sockaddr_un){ .sun_family = AF_UNIX };
	memcpy(a.un.sun_path, name, n);
	return a;
}

/* A socket that is bound to A, which gets the port, and listens if BACKLOG is not -1. */
static int bound(struct any_addr *a, int backlog)
{
	int fd = socket(a->sa.sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_true(fd >= 0);
	assert_return_code(bind(fd, &a->sa, a->len), 0);
	if (backlog >= 0)
		assert_return_code(listen(fd, backlog), 0);
	assert_return_code(getsockname(fd, &a->sa, &a->len), 0);
	return fd;
}

static void expect_me(const struct any_addr *a)
{
	char got[OWNER_TEXT] = "nobody", name[32], want[OWNER_TEXT];

	assert_return_code(prctl(PR_GET_NAME, name), 0);
	snprintf(want, sizeof(want), "%s (pid %d)", name, (int)getpid());
	assert_true(owner_find(&a->sa, a->len, got, sizeof(got)));
	assert_string_equal(got, want);
}

static void expect_nobody(const struct any_addr *a)
{
	char got[OWNER_TEXT] = "untouched";

	assert_false(owner_find(&a->sa, a->len, got, sizeof(got)));
	assert_string_equal(got, "untouched");
}

TEST(a_listener_is_named_with_its_pid)
{
	struct any_addr a = v4(INADDR_LOOPBACK, 0);
	int fd = bound(&a, 1);

	expect_me(&a);
	close(fd);
	expect_nobody(&a);
}

TEST(a_socket_that_does_not_listen_is_nobody)
{
	struct any_addr a = v4(INADDR_LOOPBACK, 0);
	int fd = bound(&a, -1);

	expect_nobody(&a);
	close(fd);
}

TEST(a_connection_that_outlives_its_listener_is_nobody)
{
	struct any_addr a = v4(INADDR_LOOPBACK, 0);
	int listener = bound(&a, 1), client = socket(AF_INET, SOCK_STREAM, 0), accepted;

	assert_return_code(connect(client, &a.sa, a.len), 0);
	accepted = accept(listener, NULL, NULL);
	assert_true(accepted >= 0);
	expect_me(&a);
	close(listener);
	expect_nobody(&a);
	close(accepted);
	close(client);
}

TEST(a_wildcard_overlaps_with_each_address_of_its_port)
{
	struct any_addr any = v4(INADDR_ANY, 0), one = v4(INADDR_LOOPBACK, 0), six;
	int fd = bound(&any, 1);

	one.in.sin_port = any.in.sin_port;
	expect_me(&one);
	six = v6(in6addr_loopback, any.in.sin_port);
	expect_nobody(&six);
	close(fd);

	one.in.sin_port = 0;
	fd = bound(&one, 1);
	any.in.sin_port = one.in.sin_port;
	expect_me(&any);
	close(fd);
}

TEST(two_addresses_of_one_port_do_not_overlap)
{
	struct any_addr one = v4(INADDR_LOOPBACK, 0), other;
	int fd = bound(&one, 1);

	other = v4(INADDR_LOOPBACK + 1, one.in.sin_port);
	expect_nobody(&other);
	close(fd);
}

TEST(ipv6_is_looked_up_too)
{
	struct any_addr a = v6(in6addr_loopback, 0), other;
	int fd = bound(&a, 1);

	expect_me(&a);
	other = v6(in6addr_any, a.in6.sin6_port);
	expect_me(&other);
	other = v4(INADDR_LOOPBACK, a.in6.sin6_port);
	expect_nobody(&other);
	other = v4(INADDR_ANY, a.in6.sin6_port);
	expect_nobody(&other);
	close(fd);
}

TEST(the_ipv6_wildcard_takes_ipv4_as_well)
{
	struct any_addr a = v6(in6addr_any, 0), other;
	int fd = bound(&a, 1);

	other = v4(INADDR_LOOPBACK, a.in6.sin6_port);
	expect_me(&other);
	other = v4(INADDR_ANY, a.in6.sin6_port);
	expect_me(&other);
	close(fd);
}

TEST(a_unix_socket_is_found_by_its_path)
{
	char dir[] = "/tmp/test_owner.XXXXXX", path[64];
	struct any_addr a;
	int fd;

	assert_non_null(mkdtemp(dir));
	snprintf(path, sizeof(path), "%s/a socket", dir);
	a = on_unix(path, strlen(path) + 1);
	fd = bound(&a, 1);
	expect_me(&a);
	close(fd);
	expect_nobody(&a); /* the file is still there */
	unlink(path);
	fd = bound(&a, -1);
	expect_nobody(&a);
	close(fd);
	unlink(path);
	rmdir(dir);
}

TEST(a_unix_socket_is_found_by_its_abstract_name)
{
	char name[32] = "";
	struct any_addr a;
	size_t n;
	int fd;

	n = 1 +
	    (size_t)snprintf(name + 1, sizeof(name) - 1, "owner%c%d", 0, (int)getpid());
	a = on_unix(name, n);
	fd = bound(&a, 1);
	expect_me(&a);
	close(fd);
	expect_nobody(&a);
}

/* In a child that may not look at its parent's descriptors: what owner_find() says. */
static void ask_as_another_user(const struct any_addr *a, int listener, int answer)
{
	char got[OWNER_TEXT] = "nobody";

	close(listener);
	if (geteuid() == 0 && setresuid(NOBODY, NOBODY, NOBODY) < 0)
		_exit(1);
	owner_find(&a->sa, a->len, got, sizeof(got));
	_exit(write(answer, got, sizeof(got)) != sizeof(got));
}

static void expect_uid_only(const struct any_addr *a, int listener)
{
	char got[OWNER_TEXT] = "", want[OWNER_TEXT];
	int answer[2], status;
	pid_t pid;

	assert_return_code(pipe(answer), 0);
	/* Without it a child of the same user would see, too.  Sanitizers want it back at
	 * exit. */
	assert_return_code(prctl(PR_SET_DUMPABLE, 0), 0);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0)
		ask_as_another_user(a, listener, answer[1]);
	close(answer[1]);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_return_code(prctl(PR_SET_DUMPABLE, 1), 0);
	assert_int_equal(status, 0);
	assert_int_equal(read(answer[0], got, sizeof(got)), sizeof(got));
	close(answer[0]);
	snprintf(want, sizeof(want), "another process (uid %u)", (unsigned)geteuid());
	assert_string_equal(got, want);
}

TEST(of_a_process_that_cannot_be_seen_the_user_is_named)
{
	char dir[] = "/tmp/test_owner.XXXXXX", path[64];
	struct any_addr a = v4(INADDR_LOOPBACK, 0);
	int fd = bound(&a, 1);

	expect_uid_only(&a, fd);
	close(fd);

	assert_non_null(mkdtemp(dir));
	assert_return_code(chmod(dir, 0755), 0);
	snprintf(path, sizeof(path), "%s/socket", dir);
	a = on_unix(path, strlen(path) + 1);
	fd = bound(&a, 1);
	expect_uid_only(&a, fd);
	close(fd);
	unlink(path);
	rmdir(dir);
}

TEST(the_answer_is_cut_to_fit)
{
	struct any_addr a = v4(INADDR_LOOPBACK, 0);
	int fd = bound(&a, 1);
	char got[5] = "";

	assert_true(owner_find(&a.sa, a.len, got, sizeof(got)));
	assert_int_equal(strlen(got), 4);
	close(fd);
}

TEST(a_name_that_is_not_printable_is_made_so)
{
	struct any_addr a = v4(INADDR_LOOPBACK, 0);
	int fd = bound(&a, 1);
	char name[32], got[OWNER_TEXT], want[OWNER_TEXT];

	assert_return_code(prctl(PR_GET_NAME, name), 0);
	assert_return_code(prctl(PR_SET_NAME, "a\x1b[7m\xff)"), 0);
	snprintf(want, sizeof(want), "a?[7m?) (pid %d)", (int)getpid());
	assert_true(owner_find(&a.sa, a.len, got, sizeof(got)));
	assert_string_equal(got, want);
	assert_return_code(prctl(PR_SET_NAME, name), 0);
	close(fd);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_listener_is_named_with_its_pid),
		cmocka_unit_test(a_socket_that_does_not_listen_is_nobody),
		cmocka_unit_test(a_connection_that_outlives_its_listener_is_nobody),
		cmocka_unit_test(a_wildcard_overlaps_with_each_address_of_its_port),
		cmocka_unit_test(two_addresses_of_one_port_do_not_overlap),
		cmocka_unit_test(ipv6_is_looked_up_too),
		cmocka_unit_test(the_ipv6_wildcard_takes_ipv4_as_well),
		cmocka_unit_test(a_unix_socket_is_found_by_its_path),
		cmocka_unit_test(a_unix_socket_is_found_by_its_abstract_name),
		cmocka_unit_test(of_a_process_that_cannot_be_seen_the_user_is_named),
		cmocka_unit_test(the_answer_is_cut_to_fit),
		cmocka_unit_test(a_name_that_is_not_printable_is_made_so),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
