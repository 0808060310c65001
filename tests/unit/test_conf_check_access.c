/* SPDX-License-Identifier: MIT */
/* What is said when what is offered cannot be reached, or by too many. */
#include "conf_check.h"
#include "conf_text.h"

/* What is said of TEXT, which is a good ini. */
static const char *check(const char *text)
{
	struct conf *c = load_good(text);
	struct conf_report r = { .main = c->file };
	FILE *err = saying();

	conf_check_access(c, &r);
	conf_report_write(&r, err);
	fclose(err);
	conf_free(c);
	assert_int_equal(r.errors, 0);
	return said;
}

TEST(a_file_without_a_path_is_a_warning)
{
	assert_string_equal(check("[server]\n"),
			    "x.ini: warning: there is no path: nobody can open a "
			    "WebSocket; add a section such as [/load] with exec = "
			    "vmstat 1\n");
	assert_string_equal(check(LOAD), "");
}

TEST(a_path_that_hides_our_pages_is_a_warning_while_there_are_any)
{
	static const char *const rows[][2] = {
		{ "/-/console", "x.ini:3: warning: [/-/console] hides the pages of "
				"console and terminal, which are below /-/\n" },
		{ "/-/*",
		  "x.ini:3: warning: [/-/*] hides the pages of console and terminal, "
		  "which are below /-/\n" },
		{ "/*",
		  "x.ini:3: warning: [/*] hides the pages of console and terminal, which "
		  "are below /-/\n" },
		{ "/", "" },
		{ "/-", "" },
		{ "/a/-/console", "" },
		{ "/a/*", "" },
	};
	char text[200];

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		snprintf(text, sizeof(text), "[web]\nconsole = yes\n[%s]\nexec = x\n",
			 rows[i][0]);
		assert_string_equal(check(text), rows[i][1]);
		snprintf(text, sizeof(text), "[%s]\nexec = x\n", rows[i][0]);
		assert_string_equal(check(text), "");
	}
}

TEST(trust_in_everybody_is_a_warning)
{
	static const char *const everybody[] = { "all", "10.0.0.0/8 0.0.0.0/0", "::/0" };
	char text[200];

	for (size_t i = 0; i < sizeof(everybody) / sizeof(*everybody); i++) {
		snprintf(text, sizeof(text), LOAD "[server]\ntrusted_proxy = %s\n",
			 everybody[i]);
		assert_string_equal(check(text),
				    "x.ini:4: warning: trusted_proxy believes everybody: "
				    "whoever connects can choose his address; list the "
				    "proxies\n");
	}
	assert_string_equal(check(LOAD "[server]\ntrusted_proxy = unix 10.0.0.0/8 ::1\n"),
			    "");
}

TEST(a_unix_socket_that_nobody_may_connect_to_is_a_warning)
{
	static const char *const warning =
		"x.ini:4: warning: nobody may connect to unix:/a: add unix to allow\n";

	assert_string_equal(
		check(LOAD "[server]\nlisten = unix:/a\nallow = 10.0.0.0/8\n"), warning);
	assert_string_equal(check(LOAD "[server]\nlisten = unix:/a\ndeny = all\n"),
			    warning);
	assert_string_equal(check(LOAD "[server]\nlisten = unix:/a\nallow = ::1 unix\n"),
			    "");
	assert_string_equal(check(LOAD "[server]\nlisten = unix:/a\n"), "");
	assert_string_equal(check(LOAD "[server]\nallow = 10.0.0.0/8\n"), "");
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_file_without_a_path_is_a_warning),
		cmocka_unit_test(
			a_path_that_hides_our_pages_is_a_warning_while_there_are_any),
		cmocka_unit_test(trust_in_everybody_is_a_warning),
		cmocka_unit_test(a_unix_socket_that_nobody_may_connect_to_is_a_warning),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
