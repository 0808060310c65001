/* SPDX-License-Identifier: MIT */
/* The page that is a terminal has a nonce of its own, and its policy the same. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "terminal_page.h"

#define TEST(name) static void name(void **state __attribute__((unused)))

TEST(each_nonce_is_another_one)
{
	char a[TERMINAL_NONCE], b[TERMINAL_NONCE];

	assert_int_equal(terminal_page_nonce(a), 0);
	assert_int_equal(terminal_page_nonce(b), 0);
	assert_int_equal(strlen(a), TERMINAL_NONCE - 1);
	assert_string_not_equal(a, b);
}

TEST(the_page_has_the_nonce_once_and_nothing_is_missing)
{
	size_t n = 0;
	char *text = terminal_page("abc+/=", &n);

	assert_non_null(text);
	assert_int_equal(strlen(text), n);
	assert_non_null(strstr(text, "<!doctype html>"));
	assert_non_null(strstr(text, " nonce=\"abc+/=\"></script>"));
	assert_null(strchr(text, '@'));
	assert_string_equal(text + n - strlen("</html>\n"), "</html>\n");
	free(text);
}

TEST(the_policy_takes_style_elements_with_the_nonce_alone)
{
	char nonce[TERMINAL_NONCE], out[TERMINAL_POLICY], rule[100];

	memset(nonce, 'x', sizeof(nonce) - 1);
	nonce[sizeof(nonce) - 1] = '\0';
	snprintf(rule, sizeof(rule), "; style-src-elem 'self' 'nonce-%s'; ", nonce);
	assert_non_null(strstr(terminal_page_policy(nonce, out), rule));
	assert_non_null(strstr(out, "script-src 'self'; "));
	assert_non_null(strstr(out, "frame-ancestors 'none'")); /* its end: it fits */
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_nonce_is_another_one),
		cmocka_unit_test(the_page_has_the_nonce_once_and_nothing_is_missing),
		cmocka_unit_test(the_policy_takes_style_elements_with_the_nonce_alone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
