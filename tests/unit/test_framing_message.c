/* SPDX-License-Identifier: MIT */
/* The framings of what has no bytes of its own: nothing of a message is lost, and all is
 * one message. */
#include "framing_backend.h"

/* Append a piece of a message to TO as framing_encode() puts it. */
static void say(struct buf *to, enum opcode opcode, bool last, const char *text)
{
	static const struct framing_conf conf = { .kind = FRAMING_MESSAGE };
	struct framing_ends ends;
	char copy[64];
	size_t n = strlen(text);

	memcpy(copy, text, n);
	assert_true(framing_encode(&conf, opcode, last, copy, n, &ends));
	assert_int_equal(ends.tail.n, 0);
	assert_int_equal(buf_append(to, ends.head, ends.head_n, SIZE_MAX), 0);
	assert_int_equal(buf_append(to, copy, n, SIZE_MAX), 0);
}

/* What comes out of the N bytes at P, as T[payload] and B[payload]. */
static void hear(struct framing *f, const char *p, size_t n, char *out)
{
	struct span in = { p, n };
	struct piece piece;
	const char *reason;

	out += strlen(out);
	while (framing_decode(f, &in, false, &piece, &reason) == FRAMING_PIECE) {
		if (piece.opcode != OP_CONTINUATION)
			out += sprintf(out, "%c[", piece.opcode == OP_TEXT ? 'T' : 'B');
		out += sprintf(out, "%.*s%s", (int)piece.n, piece.p,
			       piece.last ? "]" : "");
		assert_true(is_utf8(piece.p, piece.n));
	}
	assert_int_equal(in.n, 0);
}

TEST(messages_keep_type_and_end_at_every_split)
{
	static const struct framing_conf conf = { .kind = FRAMING_MESSAGE };
	struct buf all = { 0 };

	say(&all, OP_TEXT, true, "a\nb");
	say(&all, OP_BINARY, true, "");
	say(&all, OP_TEXT, true, "");
	say(&all, OP_TEXT, false, "in ");
	say(&all, OP_TEXT, false, "");
	say(&all, OP_TEXT, true, "parts");
	say(&all, OP_TEXT, false, "\xE2");
	say(&all, OP_TEXT, false, "\x82");
	say(&all, OP_TEXT, false, "\xAC\xF0\x9F\x98");
	say(&all, OP_TEXT, true, "\x80");
	say(&all, OP_BINARY, false, "ends ");
	say(&all, OP_BINARY, true, "");
	for (size_t cut = 0; cut <= buf_len(&all); cut++) {
		char out[200] = "";
		struct framing f;

		assert_int_equal(framing_init(&f, &conf), 0);
		hear(&f, buf_head(&all), cut, out);
		hear(&f, buf_head(&all) + cut, buf_len(&all) - cut, out);
		assert_string_equal(out, "T[a\nb]B[]T[]T[in parts]T[€😀]B[ends ]");
		framing_free(&f);
	}
	buf_free(&all);
}

#define WHOLE_TEXT(how)                                                \
	{                                                              \
		.kind = FRAMING_WHOLE, .type = OP_TEXT, .invalid = how \
	}

TEST(all_is_one_message_at_every_split)
{
	static const struct row rows[] = {
		{ { .kind = FRAMING_WHOLE, .type = OP_BINARY },
		  S("a\n\r\n\0\xFF"),
		  S("B[a\n\r\n\0\xFF]") },
		{ WHOLE_TEXT(INVALID_REPLACE), S("é€😀"), S("T[é€😀]") },
		{ WHOLE_TEXT(INVALID_BINARY), S("é\xFFz\xE2\x82"),
		  S("T[é" FFFD "z" FFFD "]") },
		{ WHOLE_TEXT(INVALID_CLOSE), S("\xFFz"), S("!") },
	};

	check_rows(rows, COUNT(rows));
}

TEST(a_restart_forgets_what_was_unfinished)
{
	static const struct framing_conf conf = { .kind = FRAMING_NETSTRING,
						  .type = OP_TEXT };
	char out[50] = "";
	struct framing f;

	assert_int_equal(framing_init(&f, &conf), 0);
	hear(&f, "1:a,20:b", 8, out);
	framing_restart(&f);
	assert_int_equal(framing_first(&f).n, 0);
	hear(&f, "1:c,", 4, out);
	hear(&f, "9", 1, out);
	framing_restart(&f);
	hear(&f, "1:d,", 4, out);
	assert_string_equal(out, "T[a]T[c]T[d]");
	framing_free(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(messages_keep_type_and_end_at_every_split),
		cmocka_unit_test(all_is_one_message_at_every_split),
		cmocka_unit_test(a_restart_forgets_what_was_unfinished),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
