/* SPDX-License-Identifier: MIT */
/* Bytes to base64 and back. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base64.h"

#define TEST(name) static void name(void **state __attribute__((unused)))

static long decode(const char *text, char *out, size_t cap)
{
	return base64_decode((struct span){ text, strlen(text) }, out, cap);
}

TEST(the_examples_of_rfc_4648)
{
	static const char *const pairs[][2] = {
		{ "f", "Zg==" },        { "fo", "Zm8=" },        { "foo", "Zm9v" },
		{ "foob", "Zm9vYg==" }, { "fooba", "Zm9vYmE=" }, { "foobar", "Zm9vYmFy" },
	};
	char out[16];

	for (size_t i = 0; i < sizeof(pairs) / sizeof(*pairs); i++) {
		size_t n = strlen(pairs[i][0]);

		base64_encode((struct span){ pairs[i][0], n }, out);
		assert_string_equal(out, pairs[i][1]);
		assert_int_equal(strlen(out) + 1, BASE64_SIZE(n));
		assert_int_equal(decode(pairs[i][1], out, n), n);
		assert_memory_equal(out, pairs[i][0], n);
	}
	base64_encode((struct span){ "", 0 }, out);
	assert_string_equal(out, "");
}

TEST(every_byte_comes_back)
{
	char in[256], text[BASE64_SIZE(256)], out[256];

	for (size_t n = 253; n <= 256; n++) {
		for (size_t i = 0; i < n; i++)
			in[i] = (char)i;
		base64_encode((struct span){ in, n }, text);
		assert_int_equal(decode(text, out, n), n);
		assert_memory_equal(in, out, n);
	}
}

TEST(what_is_not_canonical_is_none)
{
	static const char *const wrong[] = { "",       "Z",    "Zg",       "Zg=",
					     "Zh==",   "Zm9=", "Zg==Zg==", "Z g=",
					     "Zg==\n", "====", "-_8=" };
	char out[16];

	for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++)
		assert_int_equal(decode(wrong[i], out, sizeof(out)), -1);
	assert_int_equal(decode("Zm9v", out, 2), -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_examples_of_rfc_4648),
		cmocka_unit_test(every_byte_comes_back),
		cmocka_unit_test(what_is_not_canonical_is_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
