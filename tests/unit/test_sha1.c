/* SPDX-License-Identifier: MIT */
/* SHA-1. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <openssl/evp.h>

#include "sha1.h"

#define TEST(name) static void name(void **state __attribute__((unused)))

static void expect(struct span text, const unsigned char want[SHA1_SIZE])
{
	unsigned char got[SHA1_SIZE];

	sha1(text, got);
	assert_memory_equal(got, want, SHA1_SIZE);
}

TEST(the_example_of_fips_180)
{
	static const unsigned char abc[] = { 0xa9, 0x99, 0x3e, 0x36, 0x47, 0x06, 0x81,
					     0x6a, 0xba, 0x3e, 0x25, 0x71, 0x78, 0x50,
					     0xc2, 0x6c, 0x9c, 0xd0, 0xd8, 0x9d };

	expect(SPAN("abc"), abc);
}

/* The padding needs another block from 56 bytes on: lengths around all its edges. */
TEST(a_text_of_any_length_has_the_digest_that_openssl_has_of_it)
{
	unsigned char want[EVP_MAX_MD_SIZE];
	char text[300];

	for (size_t i = 0; i < sizeof(text); i++)
		text[i] = (char)(i * i + 7 * i);
	for (size_t n = 0; n <= sizeof(text); n++) {
		EVP_Digest(text, n, want, NULL, EVP_sha1(), NULL);
		expect((struct span){ text, n }, want);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_example_of_fips_180),
		cmocka_unit_test(
			a_text_of_any_length_has_the_digest_that_openssl_has_of_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
