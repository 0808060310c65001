/* SPDX-License-Identifier: MIT */
/* Tests utf8.c: every class of sequence, however cut, against the definition. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "utf8.h"
#include "utf8_reference.h"

/* Both ends of each range in table 3-7, and their neighbours. */
static const uint8_t boundary[] = { 0x00, 0x41, 0x7F, 0x80, 0x8F, 0x90, 0x9F, 0xA0,
				    0xBF, 0xC0, 0xC2, 0xE0, 0xED, 0xF0, 0xF4, 0xFF };

/* Check N bytes in memory of exactly that size, cut after CUT: how many are valid. */
static size_t check_in_two(const uint8_t *p, size_t n, size_t cut, struct utf8 *ret)
{
	char *copy = malloc(n ? n : 1);
	size_t valid;

	*ret = (struct utf8){ 0 };
	memcpy(copy, p, n);
	valid = utf8_check(ret, copy, cut);
	if (valid == cut)
		valid += utf8_check(ret, copy + cut, n - cut);
	free(copy);
	return valid;
}

static void agrees(const uint8_t *p, size_t n)
{
	bool complete;
	size_t valid = reference_check(p, n, &complete);

	for (size_t cut = 0; cut <= n; cut++) {
		struct utf8 u;
		size_t got = check_in_two(p, n, cut, &u);

		if (got != valid || (valid == n && utf8_complete(&u) != complete))
			fail_msg(
				"%02x %02x %02x %02x, %zu bytes cut at %zu: %zu valid, wanted %zu",
				p[0], p[1], p[2], p[3], n, cut, got, valid);
	}
}

/* Call EACH with all sequences of N bytes: any lead byte, then boundary values. */
static void all_sequences(size_t n, void (*each)(const uint8_t *p, size_t n))
{
	size_t tails = 1;

	for (size_t i = 1; i < n; i++)
		tails *= sizeof(boundary);
	for (unsigned lead = 0; lead < 256; lead++) {
		for (size_t t = 0; t < tails; t++) {
			uint8_t p[4] = { (uint8_t)lead };
			size_t rest = t;

			for (size_t i = 1; i < n; i++, rest /= sizeof(boundary))
				p[i] = boundary[rest % sizeof(boundary)];
			each(p, n);
		}
	}
}

static void sequences_of_1_to_4_bytes_are_judged_as_the_definition_says(void **state)
{
	(void)state;
	for (size_t n = 1; n <= 4; n++)
		all_sequences(n, agrees);
}

static void a_code_point_is_valid_unless_it_is_a_surrogate(void **state)
{
	(void)state;
	for (uint32_t c = 0x10000; c <= 0x10FFFF; c++) {
		char p[4] = { (char)(0xF0 | c >> 18), (char)(0x80 | (c >> 12 & 0x3F)),
			      (char)(0x80 | (c >> 6 & 0x3F)), (char)(0x80 | (c & 0x3F)) };
		struct utf8 u = { 0 };

		assert_int_equal(utf8_check(&u, p, 4), 4);
		assert_true(utf8_complete(&u));
	}
	for (uint32_t c = 0x800; c <= 0xFFFF; c++) {
		char p[3] = { (char)(0xE0 | c >> 12), (char)(0x80 | (c >> 6 & 0x3F)),
			      (char)(0x80 | (c & 0x3F)) };
		struct utf8 u = { 0 };

		assert_int_equal(utf8_check(&u, p, 3),
				 c >= 0xD800 && c <= 0xDFFF ? 1 : 3);
	}
}

/* The words that are skipped at once: a sequence at every place in them. */
static void a_sequence_is_judged_the_same_anywhere_in_ascii(void **state)
{
	static const char *const sequences[] = {
		"\xC3\xA9",     "\xE2\x82\xAC",     "\xF0\x9F\x98\x80", "\x80", "\xC3",
		"\xED\xA0\x80", "\xF4\x90\x80\x80", "\xE2\x82",         "\xFF"
	};
	enum { SIZE = 100 };

	(void)state;
	for (size_t s = 0; s < sizeof(sequences) / sizeof(*sequences); s++) {
		size_t n = strlen(sequences[s]);

		for (size_t at = 0; at + n <= SIZE; at++) {
			uint8_t text[SIZE];

			memset(text, 'x', SIZE);
			memcpy(text + at, sequences[s], n);
			agrees(text, SIZE);
		}
	}
}

static void bytes_of_a_broken_sequence_are_counted(void **state)
{
	static const struct {
		const char *text;
		size_t valid;
		unsigned have;
	} rows[] = {
		{ "ab\xFF", 2, 0 },       { "a\xC3\x41", 2, 1 },
		{ "\xE2\x82\x41", 2, 2 }, { "\xF0\x9F\x98z", 3, 3 },
		{ "\xC3\xA9\xA9", 2, 0 }, { "\xF0\x80", 1, 1 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct utf8 u = { 0 };

		assert_int_equal(utf8_check(&u, rows[i].text, strlen(rows[i].text)),
				 rows[i].valid);
		assert_int_equal(u.have, rows[i].have);
	}
}

/* ---- repair ---- */

static size_t repair_in_two(const uint8_t *p, size_t n, size_t cut, char *out)
{
	char tail[3];
	uint8_t tail_n = 0;
	size_t first = utf8_repair(tail, &tail_n, (const char *)p, cut, false, out);

	assert_in_range(tail_n, 0, 3);
	first += utf8_repair(tail, &tail_n, (const char *)p + cut, n - cut, true,
			     out + first);
	assert_int_equal(tail_n, 0);
	return first;
}

static void repairs_as_the_reference(const uint8_t *p, size_t n)
{
	uint8_t wanted[3 * 64];
	char out[UTF8_REPAIRED_MAX(64)];
	size_t size = reference_repair(p, n, wanted);

	for (size_t cut = 0; cut <= n; cut++) {
		size_t got = repair_in_two(p, n, cut, out);

		if (got != size || memcmp(out, wanted, size) != 0)
			fail_msg(
				"%02x %02x %02x %02x, %zu bytes cut at %zu: %zu repaired, wanted %zu",
				p[0], p[1], p[2], p[3], n, cut, got, size);
	}
}

static void sequences_of_1_to_4_bytes_are_repaired_as_the_definition_says(void **state)
{
	(void)state;
	for (size_t n = 1; n <= 4; n++)
		all_sequences(n, repairs_as_the_reference);
}

/* Unicode 3.9, tables 3-8 to 3-11 */
static void a_maximal_subpart_becomes_one_replacement(void **state)
{
#define R "\xEF\xBF\xBD"
	static const struct {
		const char *text, *repaired;
	} rows[] = {
		{ "\xC0\xAF\xE0\x80\xBF\xF0\x81\x82\x41", R R R R R R R R "A" },
		{ "\xED\xA0\x80\xED\xBF\xBF\xED\xAF\x41", R R R R R R R R "A" },
		{ "\xF4\x91\x92\x93\xFF\x41\x80\xBF\x42", R R R R R "A" R R "B" },
		{ "\xE1\x80\xE2\xF0\x91\x92\xF1\xBF\x41", R R R R "A" },
		{ "na\xC3\xAFve", "na\xC3\xAFve" },
		{ "cut \xF0\x9F\x98", "cut " R },
		{ "", "" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		size_t n = strlen(rows[i].text);

		for (size_t cut = 0; cut <= n; cut++) {
			char out[UTF8_REPAIRED_MAX(64)];
			size_t got =
				repair_in_two((const uint8_t *)rows[i].text, n, cut, out);

			out[got] = '\0';
			assert_string_equal(out, rows[i].repaired);
		}
	}
#undef R
}

static void a_tail_waits_for_what_completes_it(void **state)
{
	char tail[3], out[UTF8_REPAIRED_MAX(8)];
	uint8_t tail_n = 0;

	(void)state;
	assert_int_equal(utf8_repair(tail, &tail_n, "a\xE2", 2, false, out), 1);
	assert_int_equal(tail_n, 1);
	assert_int_equal(utf8_repair(tail, &tail_n, "\x82", 1, false, out), 0);
	assert_int_equal(tail_n, 2);
	assert_int_equal(utf8_repair(tail, &tail_n, NULL, 0, false, out), 0);
	assert_int_equal(tail_n, 2);
	assert_int_equal(utf8_repair(tail, &tail_n, "\xAC", 1, false, out), 3);
	assert_memory_equal(out, "\xE2\x82\xAC", 3);
	assert_int_equal(tail_n, 0);
}

static void a_tail_that_is_never_completed_is_replaced_at_the_end(void **state)
{
	char tail[3] = { '\xF0', '\x9F', '\x98' }, out[UTF8_REPAIRED_MAX(0)];
	uint8_t tail_n = 3;

	(void)state;
	assert_int_equal(utf8_repair(tail, &tail_n, NULL, 0, true, out), 3);
	assert_memory_equal(out, "\xEF\xBF\xBD", 3);
	assert_int_equal(tail_n, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			sequences_of_1_to_4_bytes_are_judged_as_the_definition_says),
		cmocka_unit_test(a_code_point_is_valid_unless_it_is_a_surrogate),
		cmocka_unit_test(a_sequence_is_judged_the_same_anywhere_in_ascii),
		cmocka_unit_test(bytes_of_a_broken_sequence_are_counted),
		cmocka_unit_test(
			sequences_of_1_to_4_bytes_are_repaired_as_the_definition_says),
		cmocka_unit_test(a_maximal_subpart_becomes_one_replacement),
		cmocka_unit_test(a_tail_waits_for_what_completes_it),
		cmocka_unit_test(a_tail_that_is_never_completed_is_replaced_at_the_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
