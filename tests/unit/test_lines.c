/* SPDX-License-Identifier: MIT */
/* Tests lines.c: what of standard input is which message. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "lines.h"

#define TEST(name) static void name(void **state __attribute__((unused)))
#define ROWS(table) (sizeof(table) / sizeof(*(table)))

static const struct {
	const char *in, *want; /* t text, b binary, each with its bytes in parentheses */
} rows[] = {
	{ "", "" },
	{ "a\n", "t(a)" },
	{ "a", "t(a)" },
	{ "a\nb", "t(a)t(b)" },
	{ "\n\n", "t()t()" },
	{ "a\r\n", "t(a\r)" },
	{ "\xC3\xA4\nx\xFF\n\xC3\n", "t(\xC3\xA4)b(x\xFF)b(\xC3)" },
};

static void take(struct lines *l, bool ended, char *out)
{
	static const char letters[] = { [OP_TEXT] = 't', [OP_BINARY] = 'b' };
	struct line_piece p;

	while (lines_next(l, ended, &p)) {
		assert_true(p.fin && !p.bad);
		sprintf(out + strlen(out), "%c(%.*s)", letters[p.opcode], (int)p.n, p.p);
	}
}

TEST(lines_are_the_same_however_they_are_cut)
{
	for (size_t i = 0; i < ROWS(rows); i++)
		for (size_t cut = 0; cut <= strlen(rows[i].in); cut++) {
			struct lines l = { 0 };
			char got[200] = "";

			lines_feed(&l, rows[i].in, cut);
			take(&l, false, got);
			lines_feed(&l, rows[i].in + cut, strlen(rows[i].in) - cut);
			take(&l, false, got);
			take(&l, true, got);
			assert_string_equal(got, rows[i].want);
			lines_free(&l);
		}
}

/* A line of LINES_HOLD bytes and TAIL: its pieces. */
static void long_line(const char *tail, size_t n, struct line_piece *ret)
{
	char *p = malloc(LINES_HOLD);
	struct lines l = { 0 };

	memset(p, 'x', LINES_HOLD);
	lines_feed(&l, p, LINES_HOLD - 1);
	assert_false(lines_next(&l, false, ret));
	lines_feed(&l, p, 1);
	assert_true(lines_next(&l, false, &ret[0]));
	assert_int_equal(ret[0].n, LINES_HOLD);
	assert_false(lines_next(&l, false, &ret[1]));
	lines_feed(&l, tail, n);
	assert_true(lines_next(&l, true, &ret[1]));
	assert_false(lines_next(&l, true, &ret[2]));
	lines_free(&l);
	free(p);
}

TEST(a_line_over_1_mib_goes_out_in_fragments)
{
	struct line_piece pieces[3];

	long_line("yz", 2, pieces);
	assert_int_equal(pieces[0].opcode, OP_TEXT);
	assert_false(pieces[0].fin);
	assert_int_equal(pieces[1].opcode, OP_CONTINUATION);
	assert_true(pieces[1].fin && !pieces[1].bad);
	assert_int_equal(pieces[1].n, 2);
	long_line("\n", 1, pieces);
	assert_true(pieces[1].fin && pieces[1].n == 0);
}

TEST(a_long_line_that_turns_out_to_be_no_text_is_told)
{
	struct line_piece pieces[3];

	long_line("\xFF\n", 2, pieces);
	assert_true(pieces[1].bad);
	long_line("\xC3", 1, pieces);
	assert_true(pieces[1].bad);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lines_are_the_same_however_they_are_cut),
		cmocka_unit_test(a_line_over_1_mib_goes_out_in_fragments),
		cmocka_unit_test(a_long_line_that_turns_out_to_be_no_text_is_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
