/* SPDX-License-Identifier: MIT */
/* How an address is read, how it is written, and which ones are this machine's. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "addr.h"

#define TEST(name) static void name(void **state __attribute__((unused)))
#define COUNT(array) (sizeof(array) / sizeof(*(array)))

static struct addr inet(const char *host, unsigned port)
{
	struct addr a;

	if (!addr_inet(host, port, &a))
		fail_msg("%s is refused", host);
	return a;
}

static struct addr on_unix(const char *path)
{
	struct addr a;

	assert_true(addr_unix(path, &a));
	return a;
}

/* ---- texts ---- */

TEST(an_address_is_written_as_a_listen_entry_would_be)
{
	static const struct {
		const char *host;
		unsigned port;
		const char *text, *written_host;
	} rows[] = {
		{ "127.0.0.1", 80, "127.0.0.1:80", "127.0.0.1" },
		{ "0.0.0.0", 0, "0.0.0.0:0", "0.0.0.0" },
		{ "255.255.255.255", 65535, "255.255.255.255:65535", "255.255.255.255" },
		{ "::1", 80, "[::1]:80", "::1" },
		{ "::", 0, "[::]:0", "::" },
		{ "2001:DB8:0:0:0:0:0:1", 443, "[2001:db8::1]:443", "2001:db8::1" },
		{ "2001:db8:1111:2222:3333:4444:5555:6666", 65535,
		  "[2001:db8:1111:2222:3333:4444:5555:6666]:65535",
		  "2001:db8:1111:2222:3333:4444:5555:6666" },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct addr a = inet(rows[i].host, rows[i].port);
		char out[ADDR_TEXT];

		assert_ptr_equal(addr_text(&a, out), out);
		assert_string_equal(out, rows[i].text);
		assert_ptr_equal(addr_host(&a, out), out);
		assert_string_equal(out, rows[i].written_host);
		assert_int_equal(addr_port(&a), rows[i].port);
	}
}

TEST(an_ipv4_client_of_a_dual_stack_socket_is_written_as_ipv4)
{
	struct addr a = inet("::ffff:192.0.2.7", 8080);
	char out[ADDR_TEXT];

	assert_string_equal(addr_text(&a, out), "192.0.2.7:8080");
	assert_string_equal(addr_host(&a, out), "192.0.2.7");
	assert_int_equal(addr_port(&a), 8080);
}

TEST(a_unix_socket_is_written_with_its_path_and_has_no_port)
{
	struct addr a = on_unix("/run/x.sock");
	char out[ADDR_TEXT];

	assert_string_equal(addr_text(&a, out), "unix:/run/x.sock");
	assert_string_equal(addr_host(&a, out), "unix");
	assert_int_equal(addr_port(&a), 0);
}

TEST(a_unix_client_without_a_name_has_no_path)
{
	struct addr a = { .len = offsetof(struct sockaddr_un, sun_path) };
	char out[ADDR_TEXT];

	memset(&a.un, 'x', sizeof(a.un)); /* as the stack that accept(2) did not fill */
	a.un.sun_family = AF_UNIX;
	assert_string_equal(addr_text(&a, out), "unix:");
}

TEST(the_longest_path_of_the_kernel_needs_no_nul)
{
	struct addr a = { .len = sizeof(a.un) };
	char out[ADDR_TEXT];

	memset(&a.un, 'x', sizeof(a.un));
	a.un.sun_family = AF_UNIX;
	assert_int_equal(strlen(addr_text(&a, out)), 5 + sizeof(a.un.sun_path));
}

/* ---- reading ---- */

/* A session keeps no more of an address than there is. */
TEST(what_lies_behind_an_address_is_not_looked_at)
{
	struct addr whole[] = { inet("192.0.2.1", 80),
				inet("2001:db8::1", 443),
				on_unix("/x"),
				{ .un.sun_family = AF_UNIX } };

	whole[2].len--; /* its NUL need not count */
	whole[3].len = sizeof(sa_family_t);
	for (size_t i = 0; i < COUNT(whole); i++) {
		size_t n = offsetof(struct addr, sa) + whole[i].len;
		char want[ADDR_TEXT], got[ADDR_TEXT];
		struct addr *part = malloc(n);

		assert_non_null(part);
		memcpy(part, &whole[i], n);
		assert_string_equal(addr_text(part, got), addr_text(&whole[i], want));
		assert_string_equal(addr_host(part, got), addr_host(&whole[i], want));
		assert_int_equal(addr_port(part), addr_port(&whole[i]));
		assert_int_equal(addr_is_local(part), addr_is_local(&whole[i]));
		free(part);
	}
}

TEST(what_is_no_numeric_address_is_refused_and_nothing_is_set)
{
	static const char *const texts[] = {
		"",      "localhost",  "127.1",    "1.2.3",      "1.2.3.4.5", "1.2.3.256",
		"[::1]", "::1%lo",     "fe80::%1", ":::",        "12345::",   "1::2::3",
		"*",     "127.0.0.1 ", " ::1",     "0x7f.0.0.1", "1.2.3.4:5",
	};
	struct addr a, before;

	memset(&before, 0x55, sizeof(before));
	a = before;
	for (size_t i = 0; i < COUNT(texts); i++)
		if (addr_inet(texts[i], 1, &a))
			fail_msg("\"%s\" is accepted", texts[i]);
	assert_memory_equal(&a, &before, sizeof(a));
}

TEST(a_unix_path_must_leave_room_for_its_nul)
{
	struct addr a;
	char path[sizeof(a.un.sun_path) + 1];

	memset(path, 'x', sizeof(path));
	path[sizeof(path) - 1] = '\0';
	assert_false(addr_unix(path, &a));
	path[sizeof(path) - 2] = '\0';
	assert_true(addr_unix(path, &a));
	assert_string_equal(a.un.sun_path, path);
	assert_int_equal(a.len, sizeof(a.un));
}

TEST(the_length_is_what_bind_wants)
{
	struct addr four = inet("127.0.0.1", 1), six = inet("::1", 1), un = on_unix("/x");

	assert_int_equal(four.len, sizeof(struct sockaddr_in));
	assert_int_equal(six.len, sizeof(struct sockaddr_in6));
	assert_int_equal(un.len, offsetof(struct sockaddr_un, sun_path) + sizeof("/x"));
}

/* ---- where from ---- */

TEST(loopback_and_unix_are_this_machine)
{
	static const struct {
		const char *host;
		bool local;
	} rows[] = {
		{ "127.0.0.1", true },
		{ "127.255.255.255", true },
		{ "::1", true },
		{ "::ffff:127.0.0.1", true },
		{ "::ffff:127.9.9.9", true },
		{ "126.255.255.255", false },
		{ "128.0.0.1", false },
		{ "0.0.0.0", false },
		{ "192.0.2.127", false },
		{ "::", false },
		{ "::2", false },
		{ "1::1", false },
		{ "::127.0.0.1", false }, /* IPv4-compatible: not mapped */
		{ "::ffff:192.0.2.1", false },
		{ "::ffff:0:127.0.0.1", false },
		{ "fe80::1", false },
	};
	struct addr un = on_unix("/x");

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct addr a = inet(rows[i].host, 0);

		if (addr_is_local(&a) != rows[i].local)
			fail_msg("%s is %s", rows[i].host,
				 rows[i].local ? "not local" : "local");
	}
	assert_true(addr_is_local(&un));
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_address_is_written_as_a_listen_entry_would_be),
		cmocka_unit_test(
			an_ipv4_client_of_a_dual_stack_socket_is_written_as_ipv4),
		cmocka_unit_test(a_unix_socket_is_written_with_its_path_and_has_no_port),
		cmocka_unit_test(a_unix_client_without_a_name_has_no_path),
		cmocka_unit_test(the_longest_path_of_the_kernel_needs_no_nul),
		cmocka_unit_test(what_lies_behind_an_address_is_not_looked_at),
		cmocka_unit_test(
			what_is_no_numeric_address_is_refused_and_nothing_is_set),
		cmocka_unit_test(a_unix_path_must_leave_room_for_its_nul),
		cmocka_unit_test(the_length_is_what_bind_wants),
		cmocka_unit_test(loopback_and_unix_are_this_machine),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
