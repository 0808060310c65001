/* SPDX-License-Identifier: MIT */
/* Is this entity tag in that list? */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "etag.h"

#define TEST(name) static void name(void **state __attribute__((unused)))

static bool has(const char *field, bool weakly)
{
	return etag_in_list((struct span){ field, strlen(field) }, SPAN("\"ab\""),
			    weakly);
}

TEST(a_list_has_its_tags)
{
	static const char *const lists[] = {
		"\"ab\"", "\"x\", \"ab\"",  "\"x\",\"ab\",\"y\"", ", ,\"ab\"",
		"*",      "\"a,b\", \"ab\""
	};

	for (size_t i = 0; i < sizeof(lists) / sizeof(*lists); i++) {
		assert_true(has(lists[i], true));
		assert_true(has(lists[i], false));
	}
}

TEST(a_weak_tag_counts_only_weakly)
{
	assert_true(has("W/\"ab\"", true));
	assert_false(has("W/\"ab\"", false));
	assert_true(has("W/\"ab\", \"ab\"", false));
}

TEST(other_tags_and_nonsense_do_not)
{
	static const char *const lists[] = { "",     "\"a\"",         "ab",
					     "\"ab", "\"abc\"",       "w/\"ab\"",
					     "\"\"", "\"x\" ab \"ab", "**",
					     "W/",   "\"AB\"",        "*, \"x\"" };

	for (size_t i = 0; i < sizeof(lists) / sizeof(*lists); i++)
		assert_false(has(lists[i], true));
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_list_has_its_tags),
		cmocka_unit_test(a_weak_tag_counts_only_weakly),
		cmocka_unit_test(other_tags_and_nonsense_do_not),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
