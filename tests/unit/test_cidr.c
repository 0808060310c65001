/* SPDX-License-Identifier: MIT */
/* Which addresses lie in which networks, and what is no network. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "cidr.h"

#define TEST(name) static void name(void **state __attribute__((unused)))
#define COUNT(array) (sizeof(array) / sizeof(*(array)))

static struct cidr net(const char *text)
{
	char wrong[CIDR_ERR] = "";
	struct cidr c;

	if (!cidr_parse(text, &c, wrong))
		fail_msg("%s is refused: %s", text, wrong);
	return c;
}

/* A numeric address, or the path of a Unix socket. */
static struct addr peer(const char *text)
{
	struct addr a;

	if (text[0] == '/' ? !addr_unix(text, &a) : !addr_inet(text, 4711, &a))
		fail_msg("%s is no address", text);
	return a;
}

static bool has(const char *network, const char *address)
{
	struct cidr c = net(network);
	struct addr a = peer(address);

	return cidr_has(&c, &a);
}

TEST(an_address_is_in_a_network_or_not)
{
	static const struct {
		const char *net, *addr;
		bool in;
	} rows[] = {
		{ "192.0.2.0/24", "192.0.2.0", true },
		{ "192.0.2.0/24", "192.0.2.255", true },
		{ "192.0.2.0/24", "192.0.3.0", false },
		{ "192.0.2.0/24", "192.0.1.255", false },
		{ "192.0.2.128/25", "192.0.2.128", true },
		{ "192.0.2.128/25", "192.0.2.127", false },
		{ "192.0.2.4/31", "192.0.2.5", true },
		{ "192.0.2.4/31", "192.0.2.6", false },
		{ "10.0.0.0/8", "10.255.0.1", true },
		{ "10.0.0.0/8", "11.0.0.1", false },
		{ "0.0.0.0/0", "255.1.2.3", true },
		{ "0.0.0.0/0", "::1", false },
		{ "0.0.0.0/1", "127.0.0.1", true },
		{ "0.0.0.0/1", "128.0.0.1", false },
		{ "192.0.2.1", "192.0.2.1", true },
		{ "192.0.2.1/32", "192.0.2.1", true },
		{ "192.0.2.1", "192.0.2.0", false },
		{ "192.0.2.1", "192.0.2.3", false },
		{ "2001:db8::/32", "2001:db8:ffff::1", true },
		{ "2001:db8::/32", "2001:db9::1", false },
		{ "2001:db8:0:8::/61", "2001:db8:0:f::1", true },
		{ "2001:db8:0:8::/61", "2001:db8:0:10::1", false },
		{ "::1", "::1", true },
		{ "::1/128", "::2", false },
		{ "::1", "127.0.0.1", false },
		{ "fe80::/10", "febf::1", true },
		{ "fe80::/10", "fec0::1", false },
		/* the same first bytes in the other family */
		{ "192.0.2.0/24", "c000:200::", false },
		{ "c000:200::/24", "192.0.2.0", false },
		{ "all", "192.0.2.1", true },
		{ "all", "::1", true },
		{ "all", "/run/x", true },
		{ "unix", "/run/x", true },
		{ "unix", "127.0.0.1", false },
		{ "unix", "::1", false },
		{ "0.0.0.0/0", "/run/x", false },
		{ "::/0", "/run/x", false },
	};

	for (size_t i = 0; i < COUNT(rows); i++)
		if (has(rows[i].net, rows[i].addr) != rows[i].in)
			fail_msg("%s is %s %s", rows[i].addr,
				 rows[i].in ? "not in" : "in", rows[i].net);
}

TEST(ipv4_mapped_into_ipv6_is_ipv4)
{
	assert_true(has("192.0.2.0/24", "::ffff:192.0.2.7"));
	assert_false(has("192.0.2.0/24", "::ffff:192.0.3.7"));
	assert_true(has("::ffff:192.0.2.0/120", "192.0.2.7"));
	assert_true(has("::ffff:192.0.2.0/120", "::ffff:192.0.2.7"));
	assert_false(has("::ffff:192.0.2.0/120", "192.0.3.7"));
	assert_true(has("::ffff:192.0.2.7", "192.0.2.7"));
	assert_true(has("::ffff:0:0/96", "203.0.113.1"));
	assert_false(has("::/0", "::ffff:192.0.2.7"));
	assert_false(has("::/0", "192.0.2.7"));
	assert_false(has("192.0.2.7", "::192.0.2.7")); /* IPv4-compatible: not mapped */
}

TEST(every_length_of_a_network_counts_its_bits)
{
	struct addr zero = peer("0.0.0.0"), zero6 = peer("::");

	for (unsigned bits = 0; bits <= 32; bits++) {
		struct cidr c = { .kind = CIDR_IPV4, .bits = bits };

		for (unsigned flip = 0; flip < 32; flip++) {
			struct addr a = zero;

			((unsigned char *)&a.in.sin_addr)[flip / 8] ^= 0x80 >> flip % 8;
			assert_int_equal(cidr_has(&c, &a), flip >= bits);
		}
	}
	for (unsigned bits = 0; bits <= 128; bits++) {
		struct cidr c = { .kind = CIDR_IPV6, .bits = bits };

		for (unsigned flip = 0; flip < 128; flip++) {
			struct addr a = zero6;

			a.in6.sin6_addr.s6_addr[flip / 8] ^= 0x80 >> flip % 8;
			assert_int_equal(cidr_has(&c, &a), flip >= bits);
		}
	}
}

TEST(what_is_no_network_is_refused)
{
	static const char *const texts[] = {
		"",
		"All",
		"UNIX",
		"localhost",
		"192.0.2",
		"192.0.2.256",
		"192.0.2.1/",
		"192.0.2.0/33",
		"192.0.2.0/-1",
		"192.0.2.0/+8",
		"192.0.2.0/ 8",
		"192.0.2.0/8 ",
		"192.0.2.0/8x",
		"192.0.2.0/24/8",
		"192.0.2.0/255.255.255.0",
		"192.0.2.0/0000000008",
		"/24",
		"::1/129",
		"::/99999999999",
		"[::1]",
		"[::1]/128",
		"::1%lo",
		"127.0.0.1:80",
		"unix:/run/x",
		"all/0",
		"::ffff:0:0/95", /* more than all of IPv4, and not all of IPv6 */
		"1111:2222:3333:4444:5555:6666:7777:8888:9999:aaaa:bbbb:cccc",
	};

	for (size_t i = 0; i < COUNT(texts); i++) {
		char wrong[CIDR_ERR] = "", begin[CIDR_ERR];
		struct cidr c = { .bits = 77 };

		if (cidr_parse(texts[i], &c, wrong))
			fail_msg("\"%s\" is accepted", texts[i]);
		assert_int_equal(c.bits, 77);
		snprintf(begin, sizeof(begin), "'%.60s' is no address", texts[i]);
		assert_memory_equal(wrong, begin, strlen(begin));
	}
}

TEST(an_address_inside_a_network_is_no_network)
{
	static const char *const rows[][2] = {
		{ "192.0.2.1/24", "192.0.2.0/24" },
		{ "10.0.0.1/0", "0.0.0.0/0" },
		{ "192.0.2.3/31", "192.0.2.2/31" },
		{ "2001:db8::1/64", "2001:db8::/64" },
		{ "::ffff:10.1.2.3/112", "10.1.0.0/16" },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		char wrong[CIDR_ERR], want[CIDR_ERR];
		struct cidr c;

		assert_false(cidr_parse(rows[i][0], &c, wrong));
		snprintf(want, sizeof(want),
			 "'%s' is an address inside a network; write %s for all of it",
			 rows[i][0], rows[i][1]);
		assert_string_equal(wrong, want);
	}
}

TEST(deny_wins_over_allow_and_nobody_unlisted_may)
{
	struct cidr allow[] = { net("10.0.0.0/8"), net("::1") };
	struct cidr deny[] = { net("10.1.0.0/16") };
	const struct cidr_access access = { { allow, 2 }, { deny, 1 } };
	static const struct {
		const char *addr;
		bool may;
	} rows[] = {
		{ "10.0.0.1", true },  { "::1", true },
		{ "10.1.2.3", false }, { "11.0.0.1", false },
		{ "/run/x", false },   { "::ffff:10.0.0.1", true },
		{ "::2", false },      { "127.0.0.1", false },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct addr a = peer(rows[i].addr);

		if (cidr_allows(&access, &a) != rows[i].may)
			fail_msg("%s %s", rows[i].addr, rows[i].may ? "may not" : "may");
	}
}

TEST(an_empty_list_has_nobody)
{
	const struct cidr_list none = { NULL, 0 };
	struct addr a = peer("127.0.0.1");

	assert_false(cidr_list_has(&none, &a));
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_address_is_in_a_network_or_not),
		cmocka_unit_test(ipv4_mapped_into_ipv6_is_ipv4),
		cmocka_unit_test(every_length_of_a_network_counts_its_bits),
		cmocka_unit_test(what_is_no_network_is_refused),
		cmocka_unit_test(an_address_inside_a_network_is_no_network),
		cmocka_unit_test(deny_wins_over_allow_and_nobody_unlisted_may),
		cmocka_unit_test(an_empty_list_has_nobody),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
