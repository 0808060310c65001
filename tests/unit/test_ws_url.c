/* SPDX-License-Identifier: MIT */
/* Tests ws_url.c: where a URL leads. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "ws_url.h"

#define TEST(name) static void name(void **state __attribute__((unused)))
#define ROWS(table) (sizeof(table) / sizeof(*(table)))

static const struct {
	const char *text;
	const char *want; /* [s]NAME PORT HOST TARGET; NULL: refused */
} rows[] = {
	{ "ws://h", "h 80 h /" },
	{ "WS://h/", "h 80 h /" },
	{ "wss://h/a?b=c:/d", "sh 443 h /a?b=c:/d" },
	{ "ws://h:8765/a", "h 8765 h:8765 /a" },
	{ "ws://h:/a", "h 80 h: /a" },
	{ "ws://[::1]:1/a", "::1 1 [::1]:1 /a" },
	{ "wss://[::1]/", "s::1 443 [::1] /" },
	{ "unix:/run/x:/a?b:/c", "/run/x 0 localhost /a?b:/c" },
	{ "unix:/run/x", "/run/x 0 localhost /" },
	{ "ws+unix:///run/x:/a", "/run/x 0 localhost /a" },
	{ "", NULL },
	{ "h", NULL },
	{ "http://h/", NULL },
	{ "ws://", NULL },
	{ "ws:///a", NULL },
	{ "ws://u:p@h/", NULL },
	{ "ws://h:0/", NULL },
	{ "ws://h:65536/", NULL },
	{ "ws://h:x/", NULL },
	{ "ws://h/#f", NULL },
	{ "ws://h/a b", NULL },
	{ "ws://h/\xC3\xA4", NULL },
	{ "ws://h/\r\nX: y", NULL },
	{ "ws://h?a", NULL },
	{ "unix:x:/a", NULL },
	{ "unix:/x:a", NULL },
	{ "unix:", NULL },
};

TEST(urls_are_taken_apart)
{
	for (size_t i = 0; i < ROWS(rows); i++) {
		struct ws_url u;
		const char *wrong = ws_url_parse(rows[i].text, &u);
		char got[400];

		snprintf(got, sizeof(got), "%s%s %u %.*s %.*s", u.secure ? "s" : "",
			 u.name, u.port, (int)u.authority.n, u.authority.p,
			 (int)u.target.n, u.target.p);
		if (!rows[i].want)
			assert_non_null(wrong);
		else
			assert_string_equal(wrong ? wrong : got, rows[i].want);
	}
}

TEST(a_name_that_is_too_long_is_refused)
{
	char text[WS_URL_NAME + 16] = "unix:/";
	struct ws_url u;

	memset(text + 6, 'x', WS_URL_NAME - 2);
	assert_null(ws_url_parse(text, &u));
	strcat(text, "x");
	assert_non_null(ws_url_parse(text, &u));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(urls_are_taken_apart),
		cmocka_unit_test(a_name_that_is_too_long_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
