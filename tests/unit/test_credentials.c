/* SPDX-License-Identifier: MIT */
/* What Authorization and a query say, and that the head is without it afterwards. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "credentials.h"

#define TEST(name) static void name(void **state __attribute__((unused)))

static const char *const kinds[] = {
	[CREDENTIALS_NONE] = "none",     [CREDENTIALS_BASIC] = "basic",
	[CREDENTIALS_BEARER] = "bearer", [CREDENTIALS_OTHER] = "other",
	[CREDENTIALS_BAD] = "bad",
};

/* "basic joe:secret" or "bearer TOKEN", or the kind alone. */
static void describe(const struct credentials *c, char *out, size_t cap)
{
	if (c->kind == CREDENTIALS_BASIC)
		snprintf(out, cap, "basic %.*s:%.*s", (int)c->user.n, c->user.p,
			 (int)c->secret.n, c->secret.p);
	else if (c->kind == CREDENTIALS_BEARER)
		snprintf(out, cap, "bearer %.*s", (int)c->secret.n, c->secret.p);
	else
		snprintf(out, cap, "%s", kinds[c->kind]);
}

static void expect_field(const char *field, const char *want)
{
	char *copy = malloc(strlen(field) + 1), said[CREDENTIALS_MAX + 64];
	struct credentials c;

	assert_non_null(copy);
	memcpy(copy, field, strlen(field));
	credentials_parse((struct span){ copy, strlen(field) }, &c);
	free(copy);
	describe(&c, said, sizeof(said));
	if (strcmp(said, want) != 0)
		fail_msg("\"%s\" is %s, not %s", field, said, want);
}

TEST(basic_is_strict_base64_of_a_user_and_a_password)
{
	static const char *const cases[][2] = {
		{ "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==", "basic Aladdin:open sesame" },
		{ "bASIC   QTpi", "basic A:b" },
		{ "Basic Og==", "basic :" },
		{ "Basic YTo6", "basic a::" },
		{ "Basic dGVzdDoxMjPCow==", "basic test:123\xc2\xa3" },
		{ "Basic", "bad" },
		{ "Basic ", "bad" },
		{ "Basic QQ==", "bad" }, /* no colon */
		{ "Basic QTpi QTpi", "bad" },
		{ "Basic QTp", "bad" }, /* a group is not whole */
		{ "Basic QTpi=", "bad" },
		{ "Basic Oh==", "bad" }, /* bits too many */
		{ "Basic Og=", "bad" },
		{ "Basic O===", "bad" },
		{ "Basic ====", "bad" },
		{ "Basic Og==Og==", "bad" },
		{ "Basic QTp_", "bad" }, /* base64url */
		{ "Basic QToJ", "bad" }, /* a tab */
		{ "Basic AEE6", "bad" }, /* a NUL */
		{ "Basic QTp/", "bad" }, /* DEL */
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++)
		expect_field(cases[i][0], cases[i][1]);
}

TEST(bearer_is_a_token68)
{
	static const char *const cases[][2] = {
		{ "Bearer mF_9.B5f-4.1JqM", "bearer mF_9.B5f-4.1JqM" },
		{ "BEARER a+/~=", "bearer a+/~=" },
		{ "Bearer", "bad" },
		{ "Bearer =", "bad" },
		{ "Bearer a=b", "bad" },
		{ "Bearer a b", "bad" },
		{ "Bearer \"a\"", "bad" },
		{ "Bearer \xc3\xa4", "bad" },
		{ "Digest username=\"a\"", "other" },
		{ "Bearerx a", "other" },
		{ "", "bad" },
		{ " Basic QTpi", "bad" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++)
		expect_field(cases[i][0], cases[i][1]);
}

TEST(what_is_too_long_is_bad)
{
	char field[CREDENTIALS_MAX + 16] = "Bearer ";
	struct credentials c;

	memset(field + 7, 'a', CREDENTIALS_MAX + 1);
	credentials_parse((struct span){ field, 7 + CREDENTIALS_MAX }, &c);
	assert_int_equal(c.kind, CREDENTIALS_BEARER);
	credentials_parse((struct span){ field, 8 + CREDENTIALS_MAX }, &c);
	assert_int_equal(c.kind, CREDENTIALS_BAD);
}

/* Take the credentials of HEAD: what they are, and the target that is left. */
static void expect_head(const char *head, const char *want, const char *target)
{
	char data[1024], said[CREDENTIALS_MAX + 64];
	size_t n = strlen(head);
	struct credentials c;
	struct http h;

	memcpy(data, head, n);
	http_init(&h, sizeof(data));
	assert_int_equal(http_parse(&h, data, n), HTTP_DONE);
	credentials_take(&h, data, "token", &c);
	describe(&c, said, sizeof(said));
	if (strcmp(said, want) != 0)
		fail_msg("\"%s\" has %s, not %s", head, said, want);
	if (!span_is(http_span(data, h.target), (struct span){ target, strlen(target) }))
		fail_msg("of \"%s\" is left %.*s", head, (int)h.target.n,
			 data + h.target.at);
	assert_int_equal(http_count(&h, data, "Authorization"), 0);
	assert_int_equal(http_count(&h, data, "X"), 1);
	if (h.has_query)
		assert_true(h.query.at + h.query.n == h.target.at + h.target.n);
	assert_null(memmem(data, n, "secret", 6));
	assert_null(memmem(data, n, "c2Vjc", 5));
}

#define HEAD(target, fields) \
	"GET " target " HTTP/1.1\r\nHost: h\r\n" fields "X: y\r\n\r\n"

TEST(a_head_loses_its_credentials)
{
	static const char *const cases[][3] = {
		{ HEAD("/", ""), "none", "/" },
		{ HEAD("/?a=b", "Authorization: Bearer secret\r\n"), "bearer secret",
		  "/?a=b" },
		{ HEAD("/", "AUTHORIZATION: Basic c2VjcmV0Og==\r\n"),
		  "basic secret:", "/" },
		{ HEAD("/", "Authorization: Bearer secret\r\n"
			    "Authorization: Bearer secret\r\n"),
		  "bad", "/" },
		{ HEAD("/?token=secret", ""), "bearer secret", "/" },
		{ HEAD("http://h/p?token=secret&a", ""), "bearer secret",
		  "http://h/p?a" },
		{ HEAD("/?a&token=secret", ""), "bearer secret", "/?a" },
		{ HEAD("/?a&token=secret&b", ""), "bearer secret", "/?a&b" },
		{ HEAD("/?&token=secret", ""), "bearer secret", "/" },
		{ HEAD("/?token=secret&", ""), "bearer secret", "/" },
		{ HEAD("/?token=sec%72et", ""), "bearer secret", "/" },
		{ HEAD("/?token=secret%3D%3d", ""), "bearer secret==", "/" },
		{ HEAD("/?token=secret&token=secret2", ""), "bearer secret", "/" },
		{ HEAD("/?token=secret&x=1&token=secret2&y", ""), "bearer secret",
		  "/?x=1&y" },
		{ HEAD("/?token=", ""), "bad", "/" },
		{ HEAD("/?token=secret%00", ""), "bad", "/" },
		{ HEAD("/?token=secret%", ""), "bad", "/" },
		{ HEAD("/?tokens=1&xtoken=2&Token=3&token", ""), "none",
		  "/?tokens=1&xtoken=2&Token=3&token" },
		{ HEAD("/?", ""), "none", "/?" },
		{ HEAD("/?token=secret2", "Authorization: Bearer secret\r\n"),
		  "bearer secret", "/" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++)
		expect_head(cases[i][0], cases[i][1], cases[i][2]);
}

TEST(wiping_leaves_nothing)
{
	struct credentials c;

	credentials_parse(SPAN("Bearer secret"), &c);
	credentials_wipe(&c);
	assert_int_equal(c.kind, CREDENTIALS_NONE);
	assert_null(memmem(&c, sizeof(c), "secret", 6));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(basic_is_strict_base64_of_a_user_and_a_password),
		cmocka_unit_test(bearer_is_a_token68),
		cmocka_unit_test(what_is_too_long_is_bad),
		cmocka_unit_test(a_head_loses_its_credentials),
		cmocka_unit_test(wiping_leaves_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
