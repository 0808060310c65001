/* SPDX-License-Identifier: MIT */
/* What a header of the PROXY protocol says, whole and byte by byte, and what is none. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "proxy.h"

#define TEST(name) static void name(void **state __attribute__((unused)))
#define COUNT(array) (sizeof(array) / sizeof(*(array)))

#define SIG "\r\n\r\n\0\r\nQUIT\n"
#define BYTES(literal) (literal), sizeof(literal) - 1
#define V4 "\xc0\x00\x02\x01\xc0\x00\x02\x02\x12\x67\x01\xbb" /* 192.0.2.1:4711 */
#define V6                                           \
	"\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x01" \
	"\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x02\x12\x67\x01\xbb"

/* Parse the N bytes at DATA in memory of exactly that size. */
static enum proxy_result parse(const char *data, size_t n, struct proxy *ret)
{
	char *copy = malloc(n + (n == 0));
	enum proxy_result r;

	memcpy(copy, data, n);
	r = proxy_parse(copy, n, ret);
	free(copy);
	return r;
}

/* The client of the header in the N bytes at DATA, which is complete only at its last
 * byte; "-": none is told. */
static const char *client_of(const char *data, size_t n)
{
	static char text[ADDR_TEXT];
	struct proxy p;
	char *more;

	for (size_t cut = 0; cut < n; cut++)
		if (parse(data, cut, &p) != PROXY_MORE)
			fail_msg("after %zu of %zu bytes: %s", cut, n,
				 p.reason ? p.reason : "done");
	if (parse(data, n, &p) != PROXY_DONE)
		fail_msg("%s", p.reason ? p.reason : "more");
	assert_int_equal(p.size, n);
	more = malloc(n + 5);
	memcpy(more, data, n);
	memcpy(more + n, "GET /", 5);
	assert_int_equal(parse(more, n + 5, &p),
			 PROXY_DONE); /* what follows is not its */
	free(more);
	assert_int_equal(p.size, n);
	return p.client.len ? addr_text(&p.client, text) : "-";
}

/* Why the N bytes at DATA are refused, as soon as the last of them is there. */
static const char *reason_of(const char *data, size_t n)
{
	struct proxy p;

	if (parse(data, n, &p) != PROXY_BAD)
		fail_msg("%.*s is not refused", (int)n, data);
	for (size_t cut = 0; cut < n; cut++) {
		struct proxy q;

		assert_int_not_equal(parse(data, cut, &q), PROXY_DONE);
	}
	return p.reason;
}

/* ---- version 1 ---- */

TEST(a_line_names_the_client)
{
	static const char *const rows[][2] = {
		{ "PROXY TCP4 192.0.2.1 192.0.2.2 4711 443\r\n", "192.0.2.1:4711" },
		{ "PROXY TCP4 255.255.255.255 255.255.255.255 65535 65535\r\n",
		  "255.255.255.255:65535" },
		{ "PROXY TCP4 0.0.0.0 0.0.0.0 0 0\r\n", "0.0.0.0:0" },
		{ "PROXY TCP6 2001:db8::1 2001:db8::2 4711 443\r\n",
		  "[2001:db8::1]:4711" },
		{ "PROXY TCP6 ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff "
		  "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff 65535 65535\r\n",
		  "[ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff]:65535" },
		{ "PROXY TCP6 ::ffff:192.0.2.1 ::1 1 2\r\n", "192.0.2.1:1" },
		{ "PROXY UNKNOWN\r\n", "-" },
		{ "PROXY UNKNOWN ffff::1 ffff::1 65535 65535\r\n", "-" },
		{ "PROXY UNKNOWN and anything\r more\r\n", "-" },
	};

	for (size_t i = 0; i < COUNT(rows); i++)
		assert_string_equal(client_of(rows[i][0], strlen(rows[i][0])),
				    rows[i][1]);
}

TEST(a_line_that_breaks_the_rules_is_refused)
{
	static const char *const rows[][2] = {
		{ "G", "no PROXY header, which this port expects" },
		{ "PROXY\r", "no PROXY header, which this port expects" },
		{ "PROXX", "no PROXY header, which this port expects" },
		{ "proxy ", "no PROXY header, which this port expects" },
		{ "PROXY  TCP4 1.1.1.1 2.2.2.2 1 2\r\n",
		  "PROXY header: not TCP4, TCP6 or UNKNOWN" },
		{ "PROXY UDP4 1.1.1.1 2.2.2.2 1 2\r\n",
		  "PROXY header: not TCP4, TCP6 or UNKNOWN" },
		{ "PROXY UNKNOWNS\r\n", "PROXY header: not TCP4, TCP6 or UNKNOWN" },
		{ "PROXY \r\n", "PROXY header: not TCP4, TCP6 or UNKNOWN" },
		{ "PROXY TCP4\r\n", "PROXY header: a port is wrong" },
		{ "PROXY TCP4 1.1.1.1 2.2.2.2 1\r\n", "PROXY header: a port is wrong" },
		{ "PROXY TCP4 1.1.1.1 2.2.2.2 1 2 \r\n",
		  "PROXY header: a port is wrong" },
		{ "PROXY TCP4 1.1.1.1 2.2.2.2 1 2 3\r\n",
		  "PROXY header: a port is wrong" },
		{ "PROXY TCP4 1.1.1.1 2.2.2.2 01 2\r\n",
		  "PROXY header: a port is wrong" },
		{ "PROXY TCP4 1.1.1.1 2.2.2.2 65536 2\r\n",
		  "PROXY header: a port is wrong" },
		{ "PROXY TCP4 1.1.1.1 2.2.2.2 1 -2\r\n",
		  "PROXY header: a port is wrong" },
		{ "PROXY TCP4 1.1.1.1 2.2.2.2 1 999999\r\n",
		  "PROXY header: a port is wrong" },
		{ "PROXY TCP4 1.1.1.1  1 2\r\n", "PROXY header: an address is wrong" },
		{ "PROXY TCP4 1.1.1 2.2.2.2 1 2\r\n",
		  "PROXY header: an address is wrong" },
		{ "PROXY TCP4 1.1.1.1 2.2.2 1 2\r\n",
		  "PROXY header: an address is wrong" },
		{ "PROXY TCP4 ::1 ::1 1 2\r\n", "PROXY header: an address is wrong" },
		{ "PROXY TCP6 1.1.1.1 2.2.2.2 1 2\r\n",
		  "PROXY header: an address is wrong" },
		{ "PROXY TCP6 [::1] [::1] 1 2\r\n", "PROXY header: an address is wrong" },
		{ "PROXY TCP4 1.1.1.1 2.2.2.2 1 2\n",
		  "PROXY header: a line that does not end in CRLF" },
		{ "PROXY \n", "PROXY header: a line that does not end in CRLF" },
	};
	char text[200];

	for (size_t i = 0; i < COUNT(rows); i++)
		assert_string_equal(reason_of(rows[i][0], strlen(rows[i][0])),
				    rows[i][1]);
	assert_string_equal(reason_of(BYTES("PROXY TCP4 1.1.1.1\0 2.2.2.2 1 2\r\n")),
			    "PROXY header: an address is wrong");
	memset(text, 'x', sizeof(text));
	memcpy(text, "PROXY UNKNOWN ", 14);
	memcpy(text + PROXY_MAX_V1 - 2, "\r\n", 2);
	client_of(text, PROXY_MAX_V1);
	memcpy(text + PROXY_MAX_V1 - 2, "x\r\n", 3);
	assert_string_equal(reason_of(text, PROXY_MAX_V1),
			    "PROXY header: longer than a line can be");
}

/* ---- version 2 ---- */

TEST(a_binary_header_names_the_client)
{
	char at_path[16 + 216] = SIG "\x21\x31\x00\xd8/some/where";

	assert_string_equal(client_of(BYTES(SIG "\x21\x11\x00\x0c" V4)),
			    "192.0.2.1:4711");
	assert_string_equal(client_of(BYTES(SIG "\x21\x21\x00\x24" V6)),
			    "[2001:db8::1]:4711");
	assert_string_equal(client_of(at_path, 16 + 216), "unix:");
}

TEST(a_proxy_that_speaks_for_itself_names_nobody)
{
	assert_string_equal(client_of(BYTES(SIG "\x20\x00\x00\x00")), "-");
	assert_string_equal(client_of(BYTES(SIG "\x20\x11\x00\x0c" V4)), "-");
	assert_string_equal(client_of(BYTES(SIG "\x20\xff\x00\x02xx")), "-");
	assert_string_equal(client_of(BYTES(SIG "\x21\x00\x00\x00")), "-");
	assert_string_equal(client_of(BYTES(SIG "\x21\x00\x00\x03xxx")), "-");
}

TEST(unknown_tlvs_are_skipped)
{
	assert_string_equal(client_of(BYTES(SIG "\x21\x11\x00\x0f" V4 "\x04\x00\x00")),
			    "192.0.2.1:4711"); /* NOOP */
	assert_string_equal(
		client_of(BYTES(SIG "\x21\x11\x00\x1c" V4
				    "\x02\x00\x04host\x01\x00\x02h2\xee\x00\x01x")),
		"192.0.2.1:4711"); /* AUTHORITY, ALPN, a custom one */
}

TEST(the_clients_tls_is_told_by_a_tlv)
{
	struct proxy p;

	parse(BYTES(SIG "\x21\x11\x00\x14" V4 "\x20\x00\x05\x01\0\0\0\x01"), &p);
	assert_true(p.secure); /* without a certificate, as browsers are */
	parse(BYTES(SIG "\x21\x11\x00\x1e" V4
			"\x20\x00\x0f\x07\0\0\0\0\x21\x00\x07TLSv1.3"),
	      &p);
	assert_true(p.secure);
	parse(BYTES(SIG "\x21\x11\x00\x14" V4 "\x20\x00\x05\x06\0\0\0\0"), &p);
	assert_false(p.secure); /* only of an earlier connection */
	parse(BYTES(SIG "\x21\x11\x00\x0c" V4), &p);
	assert_false(p.secure);
	parse(BYTES(SIG "\x20\x11\x00\x14" V4 "\x20\x00\x05\x01\0\0\0\x01"), &p);
	assert_false(p.secure); /* LOCAL */
}

TEST(a_checksum_must_be_right)
{
	/* by an implementation that gives 8a9136aa for 32 zeros (RFC 3720 B.4) */
	static const char good[] =
		SIG "\x21\x11\x00\x13" V4 "\x03\x00\x04\xe8\x8b\x19\xbc";
	char wrong[sizeof(good)];

	assert_string_equal(client_of(BYTES(good)), "192.0.2.1:4711");
	for (size_t i = 16; i < sizeof(good) - 1; i++) {
		struct proxy p;

		if (i >= 28 && i < 31)
			continue; /* type and length of the TLV itself */
		memcpy(wrong, good, sizeof(good));
		wrong[i] ^= 0x10;
		assert_int_equal(parse(wrong, sizeof(good) - 1, &p), PROXY_BAD);
		assert_string_equal(p.reason, "PROXY header: the checksum is wrong");
	}
	assert_string_equal(reason_of(BYTES(SIG "\x21\x11\x00\x12" V4 "\x03\x00\x03xxx")),
			    "PROXY header: the checksum is wrong");
}

TEST(a_binary_header_that_breaks_the_rules_is_refused)
{
	static const struct {
		const char *p;
		size_t n;
		const char *reason;
	} rows[] = {
		{ BYTES("\rx"), "no PROXY header, which this port expects" },
		{ BYTES("\r\n\r\nx"), "no PROXY header, which this port expects" },
		{ BYTES("\r\n\r\n\0\r\nQUIT\r"),
		  "no PROXY header, which this port expects" },
		{ BYTES(SIG "\x11"), "PROXY header: an unknown version or command" },
		{ BYTES(SIG "\x31"), "PROXY header: an unknown version or command" },
		{ BYTES(SIG "\x22"), "PROXY header: an unknown version or command" },
		{ BYTES(SIG "\x21\x12\x00\x0c" V4),
		  "PROXY header: not TCP and no Unix stream" },
		{ BYTES(SIG "\x21\x32\x00\x0c" V4),
		  "PROXY header: not TCP and no Unix stream" },
		{ BYTES(SIG "\x21\x01\x00\x0c" V4),
		  "PROXY header: not TCP and no Unix stream" },
		{ BYTES(SIG "\x21\x11\x00\x0b\xc0\0\x02\x01\xc0\0\x02\x02\x12\x67\x01"),
		  "PROXY header: too short for its addresses" },
		{ BYTES(SIG "\x21\x21\x00\x0c" V4),
		  "PROXY header: too short for its addresses" },
		{ BYTES(SIG "\x21\x11\x00\x00"),
		  "PROXY header: too short for its addresses" },
		{ BYTES(SIG "\x21\x11\x00\x0d" V4 "\x04"),
		  "PROXY header: a TLV is cut off" },
		{ BYTES(SIG "\x21\x11\x00\x0e" V4 "\x04\x00"),
		  "PROXY header: a TLV is cut off" },
		{ BYTES(SIG "\x21\x11\x00\x0f" V4 "\x04\x00\x01"),
		  "PROXY header: a TLV is cut off" },
		{ BYTES(SIG "\x21\x11\x00\x13" V4 "\x20\x00\x04xxxx"),
		  "PROXY header: a TLV is cut off" },
		{ BYTES(SIG "\x21\x11\x0f\xf1"), "PROXY header: too long" },
		{ BYTES(SIG "\x21\x11\xff\xff"), "PROXY header: too long" },
		{ BYTES(SIG "\x20\x00\xff\xff"), "PROXY header: too long" },
	};

	for (size_t i = 0; i < COUNT(rows); i++)
		assert_string_equal(reason_of(rows[i].p, rows[i].n), rows[i].reason);
}

TEST(the_longest_header_is_4096_bytes)
{
	char data[PROXY_MAX] = SIG "\x21\x11\x0f\xf0" V4 "\x04\x0f\xe1";

	assert_string_equal(client_of(data, sizeof(data)), "192.0.2.1:4711");
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_line_names_the_client),
		cmocka_unit_test(a_line_that_breaks_the_rules_is_refused),
		cmocka_unit_test(a_binary_header_names_the_client),
		cmocka_unit_test(a_proxy_that_speaks_for_itself_names_nobody),
		cmocka_unit_test(unknown_tlvs_are_skipped),
		cmocka_unit_test(the_clients_tls_is_told_by_a_tlv),
		cmocka_unit_test(a_checksum_must_be_right),
		cmocka_unit_test(a_binary_header_that_breaks_the_rules_is_refused),
		cmocka_unit_test(the_longest_header_is_4096_bytes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
