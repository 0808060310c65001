/* SPDX-License-Identifier: MIT */
/* Which connections count as one address's, and that the counts come back to none. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "peers.h"

#define TEST(name) static void name(void **state __attribute__((unused)))
#define COUNT(array) (sizeof(array) / sizeof(*(array)))

/* A numeric address, or the path of a Unix socket.  Every call gives another port. */
static struct addr peer(const char *text)
{
	static unsigned port;
	struct addr a;

	if (text[0] == '/')
		assert_true(addr_unix(text, &a));
	else if (!addr_inet(text, ++port % 65536, &a))
		fail_msg("%s is no address", text);
	return a;
}

static unsigned add(struct peers *p, const char *text)
{
	struct addr a = peer(text);

	return peers_add(p, &a);
}

static void drop(struct peers *p, const char *text)
{
	struct addr a = peer(text);

	peers_remove(p, &a);
}

TEST(connections_of_one_address_are_counted_whatever_their_port)
{
	struct peers p = { NULL };

	assert_int_equal(add(&p, "192.0.2.1"), 1);
	assert_int_equal(add(&p, "192.0.2.1"), 2);
	assert_int_equal(add(&p, "192.0.2.2"), 1);
	assert_int_equal(add(&p, "192.0.2.1"), 3);
	drop(&p, "192.0.2.1");
	assert_int_equal(add(&p, "192.0.2.1"), 3);
	for (int i = 0; i < 3; i++)
		drop(&p, "192.0.2.1");
	assert_int_equal(add(&p, "192.0.2.1"), 1);
	drop(&p, "192.0.2.1");
	drop(&p, "192.0.2.2");
	assert_null(p.tree); /* what has no connection takes no memory */
}

TEST(two_addresses_are_one_or_not)
{
	static const struct {
		const char *a, *b;
		bool one;
	} rows[] = {
		/* an IPv6 client has a /64 to choose from */
		{ "2001:db8:1:2::1", "2001:db8:1:2:ffff:ffff:ffff:ffff", true },
		{ "2001:db8:1:2::1", "2001:db8:1:3::1", false },
		{ "2001:db8:1:2::1", "2001:db8:2:2::1", false },
		{ "2001:db8:1:2::1", "2002:db8:1:2::1", false },
		{ "::1", "::2", true },
		/* an IPv4 client of a dual-stack socket */
		{ "::ffff:192.0.2.1", "192.0.2.1", true },
		{ "::ffff:192.0.2.1", "::ffff:192.0.2.2", false },
		{ "::ffff:192.0.2.1", "::1", false },
		/* every byte counts */
		{ "192.0.2.1", "192.0.2.2", false },
		{ "192.0.2.1", "193.0.2.1", false },
		{ "0.0.0.0", "::", false },
		{ "192.0.2.1", "c000:201::", false }, /* the same first bytes */
		/* Unix clients cannot be told apart */
		{ "/a", "/b", true },
		{ "/a", "0.0.0.0", false },
		{ "/a", "::", false },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct peers p = { NULL };
		unsigned first = add(&p, rows[i].a), second = add(&p, rows[i].b);

		if (first != 1 || second != (rows[i].one ? 2 : 1))
			fail_msg("%s and %s are counted %u, %u", rows[i].a, rows[i].b,
				 first, second);
		drop(&p, rows[i].b); /* in either order */
		drop(&p, rows[i].a);
		assert_null(p.tree);
	}
}

TEST(who_was_never_counted_can_be_dropped)
{
	struct peers p = { NULL };

	drop(&p, "192.0.2.1");
	assert_int_equal(add(&p, "192.0.2.1"), 1);
	drop(&p, "192.0.2.2");
	assert_int_equal(add(&p, "192.0.2.1"), 2);
	drop(&p, "192.0.2.1");
	drop(&p, "192.0.2.1");
	drop(&p, "192.0.2.1");
	assert_null(p.tree);
}

TEST(many_addresses_are_counted_each_for_itself)
{
	struct peers p = { NULL };
	char text[40];

	for (unsigned round = 1; round <= 3; round++)
		for (unsigned i = 0; i < 2000; i++) {
			snprintf(text, sizeof(text),
				 i % 2 ? "10.1.%u.%u" : "2001:%x:%x::", i / 256, i % 256);
			assert_int_equal(add(&p, text), round);
		}
	for (unsigned i = 0; i < 2000 * 3; i++) { /* in another order */
		unsigned k = i * 1013 % 2000;

		snprintf(text, sizeof(text),
			 k % 2 ? "10.1.%u.%u" : "2001:%x:%x::", k / 256, k % 256);
		drop(&p, text);
	}
	assert_null(p.tree);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			connections_of_one_address_are_counted_whatever_their_port),
		cmocka_unit_test(two_addresses_are_one_or_not),
		cmocka_unit_test(who_was_never_counted_can_be_dropped),
		cmocka_unit_test(many_addresses_are_counted_each_for_itself),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
