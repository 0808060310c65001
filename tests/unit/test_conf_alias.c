/* SPDX-License-Identifier: MIT */
/* WSServer's names and units become ours, and the way back. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "conf_alias.h"

#define TEST(name) static void name(void **state __attribute__((unused)))

/* VALUE of NAME as that of our key, or what is wrong with it; static. */
static const char *read_as(const char *name, const char *value)
{
	const struct conf_alias *a = conf_alias_find_anywhere(name);
	static char out[CONF_ALIAS_TEXT], err[CONF_ALIAS_ERR];
	const char *r;

	assert_non_null(a);
	r = conf_alias_read(a, conf_key_find(a->class, a->key), value, out, err);
	return r ? r : err;
}

static const char *written_as(const char *name, const char *value)
{
	static char out[CONF_ALIAS_TEXT];
	const char *r = conf_alias_write(conf_alias_find_anywhere(name), value, out);

	return r ? r : "nothing";
}

TEST(values_have_the_units_of_wsserver)
{
	static const struct {
		const char *name, *theirs, *ours, *back;
	} cases[] = {
		{ "KeepAliveTime", "120000", "120000ms", "120000" },
		{ "KeepAliveTime", "0", "0ms", "0" },
		{ "MaxFrameSize", "65536", "65536", "65536" },
		{ "TcpNoDelay", "True", "yes", "true" },
		{ "TcpNoDelay", "0", "no", "false" },
		{ "MaxConnections", "1000", "1000", "1000" },
		{ "CodePage", "65001", "UTF-8", "65001" },
		{ "CodePage", "950", "950", "950" },
		{ "SSLEnabledProtocols", "15360", "TLSv1.2 TLSv1.3", "15360" },
		{ "SSLEnabledProtocols", "2048", "TLSv1.2", "3072" },
		{ "SSLSecurityFlags", "17", "ignore_time allow_unknown_ca", "23" },
		{ "SSLAlgorithmList", "AES256-GCM; CHACHA20;", "AES256-GCM CHACHA20",
		  "AES256-GCM;CHACHA20" },
		{ "SSLProvider", "*", "default", "default" },
		{ "SSLSecurityFlags", "0", "", "0" },
		{ "SSLCipherStrength", "128", "128", "128" },
		{ "OpenSSLCipherList", "HIGH:!aNULL", "HIGH:!aNULL", "HIGH:!aNULL" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		assert_string_equal(read_as(cases[i].name, cases[i].theirs),
				    cases[i].ours);
		assert_string_equal(written_as(cases[i].name, cases[i].ours),
				    cases[i].back);
	}
	assert_string_equal(written_as("KeepAliveTime", "2m"), "120000");
	assert_string_equal(written_as("MaxFrameSize", "64k"), "65536");
}

TEST(what_is_none_of_its_values_is_told_under_its_name)
{
	assert_string_equal(read_as("TcpNoDelay", "2"),
			    "TcpNoDelay = 2 is not true or false");
	assert_non_null(
		strstr(read_as("SSLEnabledProtocols", "0"), "is not a sum of 192"));
	assert_non_null(strstr(read_as("SSLEnabledProtocols", "-1"), "-1 is not"));
	assert_non_null(strstr(read_as("KeepAliveTime", "32767001"),
			       "is not between 0 and 32767000"));
	assert_string_equal(written_as("CodePage", "EUC-JP"), "nothing");
	assert_string_equal(written_as("KeepAliveTime", "${env:X}"), "nothing");
	assert_string_equal(written_as("SSLEnabledProtocols", "TLSv1.4"), "nothing");
}

TEST(a_name_is_known_where_its_key_may_stand)
{
	const struct conf_key *key = NULL;

	assert_non_null(conf_alias_find(CONF_DEFAULTS, "MaxFrameSize", &key));
	assert_string_equal(key->name, "max_frame");
	assert_non_null(conf_alias_find(CONF_PATH, "MaxFrameSize", &key));
	assert_null(conf_alias_find(CONF_SOCKET, "MaxFrameSize", &key));
	assert_string_equal(conf_alias_of(key)->name, "MaxFrameSize");
	assert_null(conf_alias_find_anywhere("maxframesize"));
}

static void count(const char *name, void *n)
{
	const struct conf_key *key;

	++*(unsigned *)n;
	for (enum conf_class class = 0; class < CONF_CLASS_COUNT; class ++)
		assert_null(conf_key_find(class, name));
	assert_true(conf_alias_find(CONF_SOCKET, name, &key) != NULL);
}

TEST(each_section_tells_its_names)
{
	unsigned n = 0;

	conf_alias_each(CONF_SOCKET, count, &n);
	assert_int_equal(n, 5);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(values_have_the_units_of_wsserver),
		cmocka_unit_test(what_is_none_of_its_values_is_told_under_its_name),
		cmocka_unit_test(a_name_is_known_where_its_key_may_stand),
		cmocka_unit_test(each_section_tells_its_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
