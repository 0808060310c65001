/* SPDX-License-Identifier: MIT */
/* What is written of a client is what proxy.c reads, whatever it is. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "proxy.h"

#define TEST(name) static void name(void **state __attribute__((unused)))

static struct addr inet(const char *host, unsigned port)
{
	struct addr a;

	assert_true(addr_inet(host, port, &a));
	return a;
}

static struct addr local(const char *path)
{
	struct addr a;

	assert_true(addr_unix(path, &a));
	return a;
}

/* Write a header about A in memory of exactly its size, and read it again. */
static struct proxy round_trip(const struct proxy_about *a)
{
	char out[PROXY_WRITE_MAX];
	struct proxy p;
	size_t n = proxy_write(a, out);

	assert_in_range(n, 1, sizeof(out));
	for (size_t cut = 0; cut < n; cut++)
		assert_int_equal(proxy_parse(out, cut, &p), PROXY_MORE);
	assert_int_equal(proxy_parse(out, n, &p), PROXY_DONE);
	assert_int_equal(p.size, n);
	return p;
}

/* Whom a service sees that is told of CLIENT, which has connected to SERVER. */
static const char *seen(struct addr client, struct addr server)
{
	static char text[ADDR_TEXT];
	struct proxy p =
		round_trip(&(struct proxy_about){ .client = client, .server = server });

	assert_false(p.secure);
	return addr_text(&p.client, text);
}

TEST(a_client_is_read_as_it_was_written)
{
	const struct addr unknown = { .len = 0 };

	assert_string_equal(seen(inet("192.0.2.1", 4711), inet("192.0.2.2", 443)),
			    "192.0.2.1:4711");
	assert_string_equal(seen(inet("2001:db8::1", 4711), inet("2001:db8::2", 443)),
			    "[2001:db8::1]:4711");
	assert_string_equal(seen(inet("192.0.2.1", 4711), unknown), "192.0.2.1:4711");
	assert_string_equal(seen(local("/run/client"), local("/run/server")), "unix:");
}

TEST(addresses_of_two_families_go_together)
{
	assert_string_equal(seen(inet("2001:db8::1", 4711), inet("192.0.2.2", 443)),
			    "[2001:db8::1]:4711");
	assert_string_equal(seen(inet("192.0.2.1", 4711), inet("2001:db8::2", 443)),
			    "192.0.2.1:4711");
	assert_string_equal(seen(inet("::ffff:192.0.2.1", 4711), inet("192.0.2.2", 443)),
			    "192.0.2.1:4711");
	assert_string_equal(seen(inet("2001:db8::1", 4711), local("/run/server")),
			    "[2001:db8::1]:4711");
	assert_string_equal(seen(local(""), inet("192.0.2.2", 443)), "unix:");
}

TEST(a_header_is_these_bytes)
{
	static const char want[] = "\r\n\r\n\0\r\nQUIT\n\x21\x11\x00\x0c"
				   "\xc0\x00\x02\x01\xc0\x00\x02\x02\x12\x67\x01\xbb";
	const struct proxy_about about = { .client = inet("192.0.2.1", 4711),
					   .server = inet("192.0.2.2", 443) };
	char out[PROXY_WRITE_MAX];

	assert_int_equal(proxy_write(&about, out), sizeof(want) - 1);
	assert_memory_equal(out, want, sizeof(want) - 1);
}

TEST(who_speaks_for_itself_names_nobody)
{
	const struct proxy_about about = { .secure = true };

	assert_int_equal(round_trip(&about).client.len, 0);
	assert_int_equal(round_trip(&about).size, 16);
}

TEST(the_path_of_the_server_is_told)
{
	const struct proxy_about about = { .client = { .len = 2,
						       .sa.sa_family = AF_UNIX },
					   .server = local("/run/server") };
	char out[PROXY_WRITE_MAX], none[108] = "";

	assert_int_equal(proxy_write(&about, out), 16 + 216);
	assert_memory_equal(out + 16, none, 108);
	assert_string_equal(out + 16 + 108, "/run/server");
}

/* The TLV of a client that speaks TLS, behind two addresses of IPv4. */
static void expect_tls(const struct proxy_about *a, const char *want, size_t n)
{
	char out[PROXY_WRITE_MAX];

	assert_true(round_trip(a).secure);
	assert_int_equal(proxy_write(a, out), 28 + n);
	assert_int_equal(out[15], 12 + n);
	assert_memory_equal(out + 28, want, n);
}

#define EXPECT_TLS(about, bytes) expect_tls(about, bytes, sizeof(bytes) - 1)

TEST(tls_is_told_with_its_version_and_the_clients_certificate)
{
	struct proxy_about a = { .client = inet("192.0.2.1", 4711),
				 .server = inet("192.0.2.2", 443),
				 .secure = true };

	EXPECT_TLS(&a, "\x20\x00\x05\x01\x00\x00\x00\x01");
	a.version = "TLSv1.3";
	a.certificate = PROXY_CERTIFICATE_DOUBTFUL;
	EXPECT_TLS(&a, "\x20\x00\x0f\x03\x00\x00\x00\x01\x21\x00\x07TLSv1.3");
	a.certificate = PROXY_CERTIFICATE_GOOD;
	a.cipher = "X";
	EXPECT_TLS(&a,
		   "\x20\x00\x13\x03\x00\x00\x00\x00\x21\x00\x07TLSv1.3\x23\x00\x01X");
}

TEST(the_longest_header_fits)
{
	char word[300] = "";
	struct proxy_about a = { .client = local("/run/client"),
				 .server = local("/run/server"),
				 .secure = true,
				 .version = word,
				 .cipher = word };
	char out[PROXY_WRITE_MAX];

	memset(word, 'x', sizeof(word) - 1);
	assert_int_equal(proxy_write(&a, out), PROXY_WRITE_MAX);
	assert_true(round_trip(&a).secure);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_client_is_read_as_it_was_written),
		cmocka_unit_test(addresses_of_two_families_go_together),
		cmocka_unit_test(a_header_is_these_bytes),
		cmocka_unit_test(who_speaks_for_itself_names_nobody),
		cmocka_unit_test(the_path_of_the_server_is_told),
		cmocka_unit_test(
			tls_is_told_with_its_version_and_the_clients_certificate),
		cmocka_unit_test(the_longest_header_fits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
