/* SPDX-License-Identifier: MIT */
/* SHA-1. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "sha1.h"

#define TEST(name) static void name(void **state __attribute__((unused)))

TEST(the_example_of_fips_180)
{
	static const unsigned char want[] = { 0xa9, 0x99, 0x3e, 0x36, 0x47, 0x06, 0x81,
					      0x6a, 0xba, 0x3e, 0x25, 0x71, 0x78, 0x50,
					      0xc2, 0x6c, 0x9c, 0xd0, 0xd8, 0x9d };
	unsigned char got[SHA1_SIZE];

	sha1(SPAN("abc"), got);
	assert_memory_equal(got, want, SHA1_SIZE);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(the_example_of_fips_180) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
