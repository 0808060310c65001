/* SPDX-License-Identifier: MIT */
/* What messages a backend's bytes become does not depend on how they were read: the kinds
 * that cut at separators or reads. */
#include "framing_backend.h"

TEST(a_line_is_a_message_at_every_split)
{
	static const struct row rows[] = {
		{ LINE_TEXT(INVALID_REPLACE), S(""), S("") },
		{ LINE_TEXT(INVALID_REPLACE), S("\n"), S("T[]") },
		{ LINE_TEXT(INVALID_REPLACE), S("a\nbc\n"), S("T[a]T[bc]") },
		{ LINE_TEXT(INVALID_REPLACE), S("\n\na\n\n"), S("T[]T[]T[a]T[]") },
		{ LINE_TEXT(INVALID_REPLACE), S("a\nlast"), S("T[a]T[last]") },
		{ LINE_TEXT(INVALID_REPLACE), S("a\0b\n\0"), S("T[a\0b]T[\0]") },
		{ LINE_TEXT(INVALID_REPLACE), S("é€😀\n€\n"), S("T[é€😀]T[€]") },
		{ LINE_BINARY, S("a\n\xFF\xC3\nb"), S("B[a]B[\xFF\xC3]B[b]") },
	};

	check_rows(rows, COUNT(rows));
}

TEST(a_message_ends_in_nul_at_every_split)
{
	static const struct row rows[] = {
		{ NUL_TEXT(INVALID_REPLACE), S(""), S("") },
		{ NUL_TEXT(INVALID_REPLACE), S("\0"), S("T[]") },
		{ NUL_TEXT(INVALID_REPLACE), S("a\0bc\0"), S("T[a]T[bc]") },
		{ NUL_TEXT(INVALID_REPLACE), S("\0\0a\0\0"), S("T[]T[]T[a]T[]") },
		{ NUL_TEXT(INVALID_REPLACE), S("a\0last"), S("T[a]T[last]") },
		{ NUL_TEXT(INVALID_REPLACE), S("a\r\nb\r\0\r"), S("T[a\r\nb\r]T[\r]") },
		{ NUL_TEXT(INVALID_REPLACE), S("é€😀\0\xFF\0"), S("T[é€😀]T[" FFFD "]") },
		{ NUL_TEXT(INVALID_BINARY), S("\xE9\0é\0"), S("B[\xE9]T[é]") },
		{ NUL_TEXT(INVALID_CLOSE), S("é\0\xE9\0b\0"), S("T[é]!") },
		{ NUL_BINARY, S("a\0\xFF\n\0"), S("B[a]B[\xFF\n]") },
	};

	check_rows(rows, COUNT(rows));
}

TEST(only_the_cr_of_a_crlf_is_cut)
{
	static const struct row rows[] = {
		{ LINE_TEXT(INVALID_REPLACE), S("a\r\nb\r\n"), S("T[a]T[b]") },
		{ LINE_TEXT(INVALID_REPLACE), S("\r\n\r\n"), S("T[]T[]") },
		{ LINE_TEXT(INVALID_REPLACE), S("a\r\r\n"), S("T[a\r]") },
		{ LINE_TEXT(INVALID_REPLACE), S("a\rb\n\rc\n"), S("T[a\rb]T[\rc]") },
		{ LINE_TEXT(INVALID_REPLACE), S("a\r"), S("T[a\r]") },
		{ LINE_TEXT(INVALID_REPLACE), S("\r"), S("T[\r]") },
		{ LINE_BINARY, S("a\r\nb\r"), S("B[a]B[b\r]") },
	};

	check_rows(rows, COUNT(rows));
}

TEST(a_line_that_is_no_utf8_is_treated_as_the_policy_says)
{
	static const struct row rows[] = {
		{ LINE_TEXT(INVALID_REPLACE), S("a\xFFz\n"), S("T[a" FFFD "z]") },
		{ LINE_TEXT(INVALID_REPLACE), S("\xFF\xFF\n"), S("T[" FFFD FFFD "]") },
		{ LINE_TEXT(INVALID_REPLACE), S("\xE2\x82\n\xAC\n"),
		  S("T[" FFFD "]T[" FFFD "]") },
		{ LINE_TEXT(INVALID_REPLACE), S("a\xC3"), S("T[a" FFFD "]") },
		{ LINE_TEXT(INVALID_REPLACE), S("\xC3\r\nb"), S("T[" FFFD "]T[b]") },
		{ LINE_TEXT(INVALID_BINARY), S("é\n\xE9t\r\né"), S("T[é]B[\xE9t]T[é]") },
		{ LINE_TEXT(INVALID_BINARY), S("a\xE2\x82"), S("B[a\xE2\x82]") },
		{ LINE_TEXT(INVALID_BINARY), S("\xFF\n\xC3\n"), S("B[\xFF]B[\xC3]") },
		{ LINE_TEXT(INVALID_CLOSE), S("é\n\xE9t\nb\n"), S("T[é]!") },
		{ LINE_TEXT(INVALID_CLOSE), S("a\nb\xC3"), S("T[a]!") },
		{ LINE_TEXT(INVALID_CLOSE), S("é\n"), S("T[é]") },
	};

	check_rows(rows, COUNT(rows));
}

TEST(raw_passes_every_byte_on_at_every_split)
{
	static const struct row rows[] = {
		{ RAW_BINARY, S(""), S("") },
		{ RAW_BINARY, S("a\n\r\n\0\xFF\xC3"), S("a\n\r\n\0\xFF\xC3") },
		{ RAW_TEXT(INVALID_REPLACE), S("a\r\né€😀"), S("a\r\né€😀") },
		{ RAW_TEXT(INVALID_REPLACE), S("\xE2\x82"), S(FFFD) },
		{ RAW_TEXT(INVALID_REPLACE), S("a\xFF\xC3z\xF0\x9F\x98"),
		  S("a" FFFD FFFD "z" FFFD) },
		{ RAW_TEXT(INVALID_REPLACE), S("\xE2\x82\xE2\x82\xAC"), S(FFFD "€") },
		{ RAW_TEXT(INVALID_BINARY), S("é\xFF\xC3z😀\xF0\x9F\x98"),
		  S("é\xFF\xC3z😀\xF0\x9F\x98") },
		{ RAW_TEXT(INVALID_CLOSE), S("é€"), S("é€") },
		{ RAW_TEXT(INVALID_CLOSE), S("\xFFz"), S("!") },
		{ RAW_TEXT(INVALID_CLOSE), S("\xE2\x82"), S("!") },
	};

	check_rows(rows, COUNT(rows));
}

/* ---- another charset than UTF-8 ---- */

#define JIS "\x1B$B"
#define ASCII "\x1B(B"
#define CHARSET(frame, name)                                                  \
	{                                                                     \
		.kind = FRAMING_##frame, .type = OP_TEXT, .charset = (char[]) \
		{                                                             \
			name                                                  \
		}                                                             \
	}

TEST(text_is_converted_behind_the_framing_at_every_split)
{
	const struct row rows[] = {
		{ CHARSET(LINE, "1252"), S("gr\xFCn \x80\r\n\n\x81\n\xE9"),
		  S("T[grün €]T[]T[" FFFD "]T[é]") },
		{ CHARSET(LINE, "Shift_JIS"), S("\x93\xFA\x96{\n\x93\nx\n"),
		  S("T[日本]T[" FFFD "]T[x]") },
		{ CHARSET(LINE, "ISO-2022-JP"), S(JIS "F|" ASCII "\n" JIS "F|\nF|\n"),
		  S("T[日]T[日]T[F|]") }, /* each line begins in ASCII */
		{ CHARSET(NUL, "IBM037"), S("\xC8\x85\0\x25\0"), S("T[He]T[\n]") },
		{ CHARSET(NETSTRING, "UTF-16"),
		  S("6:\xFE\xFF\0a\x65\xE5,4:\xFF\xFE"
		    "b\0,0:,1:x,"),
		  S("T[a日]T[b]T[]T[" FFFD "]") },
		{ CHARSET(U32BE, "UTF-32LE"), S("\0\0\0\4\0\xF6\1\0"), S("T[😀]") },
		{ CHARSET(RAW, "EUC-JP"), S("\xC6\xFC\xCB\xDC"), S("日本") },
		{ CHARSET(RAW, "ISO-2022-JP"), S(JIS "F|" ASCII "x\n" JIS "F|"),
		  S("日x\n日") },
		{ CHARSET(RAW, "Shift_JIS"), S("a\x93"), S("a" FFFD) },
	};

	check_rows(rows, COUNT(rows));
}

#define CLOSING(name)                                                               \
	{                                                                           \
		.kind = FRAMING_LINE, .type = OP_TEXT, .charset = (char[]){ name }, \
		.charset_error = CHARSET_CLOSE                                      \
	}

TEST(binary_is_not_converted)
{
	const struct row row = {
		{ .kind = FRAMING_LINE,
		  .type = OP_BINARY,
		  .charset = (char[]){ "1252" } },
		S("\xE9\n\x81\n"),
		S("B[\xE9]B[\x81]"),
	};

	check_rows(&row, 1);
}

TEST(what_is_not_in_the_charset_can_close)
{
	const struct row rows[] = {
		{ CLOSING("1252"), S("\xE9\n\x81\nb\n"), S("T[é]!") },
		{ CLOSING("Shift_JIS"), S("a\n\x93\nb\n"), S("T[a]!") },
	};

	check_rows(rows, COUNT(rows));
}

TEST(a_long_line_in_another_charset_is_streamed)
{
	struct framing_conf conf = CHARSET(LINE, "Shift_JIS");
	size_t n = 3 * K64;
	char *in = malloc(n + 1), *out_ = malloc(n / 2 * 3);
	struct row row = { conf, { in, n + 1 }, { NULL, 0 } };

	for (size_t i = 0; i < n; i += 2) {
		memcpy(in + i, "\x93\xFA", 2);
		memcpy(out_ + i / 2 * 3, "日", 3);
	}
	in[n] = '\n';
	row.out = message('T', out_, n / 2 * 3);
	check_long(&row);
	free(in);
	free(out_);
	free((char *)row.out.p);
}

TEST(a_long_line_of_nothing_but_shifts_loses_nothing)
{
	struct framing_conf conf = CHARSET(LINE, "ISO-2022-JP");
	size_t n = K64 / 3 * 3 + 3;
	char *in = malloc(n + 10);
	struct row row = { conf, { in, n + 10 }, S("T[x]T[yz]") };

	for (size_t i = 0; i < n; i += 3)
		memcpy(in + i, ASCII, 3);
	memcpy(in + n, "x\r\nyz" ASCII "\n", 10 - 1);
	row.in.n = n + 9;
	check_long(&row);
	free(in);
}

/* ---- raw ---- */

TEST(in_raw_a_read_is_one_message)
{
	static const struct framing_conf conf = RAW_TEXT(INVALID_REPLACE);
	struct backend b;

	begin(&b, &conf);
	feed(&b, "a\nb\n", 4, false);
	feed(&b, "c", 1, false);
	assert_int_equal(b.messages, 2);
	assert_int_equal(b.transients, 0);
	feed(&b, "d\xE2", 2, false);
	feed(&b, "\x82", 1, false); /* nothing to tell yet */
	assert_int_equal(b.messages, 3);
	feed(&b, "\xAC!", 2, false);
	assert_int_equal(b.messages, 4);
	assert_int_equal(b.frames, 4);
	feed_eof(&b);
	assert_int_equal(b.messages, 4);
	end(&b);
}

TEST(in_raw_only_a_read_that_is_no_utf8_becomes_binary)
{
	static const struct framing_conf conf = RAW_TEXT(INVALID_BINARY);
	static const struct {
		struct span in;
		enum opcode opcode;
		struct span out;
	} reads[] = {
		{ S("a\xC3"), OP_TEXT, S("a") },
		{ S("\xFF"), OP_BINARY, S("\xC3\xFF") }, /* with what was withheld */
		{ S("b"), OP_TEXT, S("b") },
		{ S("c\xFF\xE2"), OP_BINARY, S("c\xFF\xE2") }, /* as it is */
		{ S("d"), OP_TEXT, S("d") },
	};
	struct framing f;
	struct piece piece;
	const char *reason;

	framing_init(&f, &conf);
	for (size_t i = 0; i < COUNT(reads); i++) {
		struct span in = reads[i].in;

		assert_int_equal(framing_decode(&f, &in, false, &piece, &reason),
				 FRAMING_PIECE);
		assert_int_equal(piece.opcode, reads[i].opcode);
		assert_true(piece.last);
		assert_true(span_is((struct span){ piece.p, piece.n }, reads[i].out));
	}
	framing_free(&f);
}

/* ---- long lines ---- */

static const size_t lengths[] = { K64 - 1, K64, K64 + 1, MEG };

/* IN is LINE (N bytes) and ENDING, once; expected is the message OUT of TYPE, or "!". */
static void check_line(struct framing_conf conf, const char *line, size_t n,
		       const char *ending, char type, const char *text, size_t text_n)
{
	struct row row = { .conf = conf };
	char *in = malloc(n + 3);

	memcpy(in, line, n);
	strcpy(in + n, ending);
	row.in = (struct span){ in, n + strlen(ending) };
	row.out = message(type, text, text_n);
	check_long(&row);
	free(in);
	free((char *)row.out.p);
}

TEST(a_character_may_straddle_every_border_of_a_long_line)
{
	static const char *const characters[] = { "é", "€", "😀" };
	static const struct framing_conf conf = LINE_TEXT(INVALID_REPLACE);
	char *line = malloc(MEG);

	for (size_t l = 0; l < COUNT(lengths); l++)
		for (size_t c = 0; c < COUNT(characters); c++) {
			size_t size = strlen(characters[c]), at = (l + c) % size;

			memset(line, 'x', lengths[l]);
			for (; at + size <= lengths[l]; at += size)
				memcpy(line + at, characters[c], size);
			check_line(conf, line, lengths[l], "\n", 'T', line, lengths[l]);
		}
	free(line);
}

TEST(the_end_of_a_long_line_may_straddle_every_border)
{
	static const struct framing_conf text = LINE_TEXT(INVALID_REPLACE);
	static const struct framing_conf binary = LINE_BINARY;
	char *line = malloc(MEG);

	for (size_t l = 0; l < COUNT(lengths); l++)
		for (size_t less = 0; less < (lengths[l] < MEG ? 3 : 1); less++) {
			size_t n = lengths[l] - less;

			memset(line, 'x', n);
			check_line(text, line, n, "\r\n", 'T', line, n);
			check_line(text, line, n, "", 'T', line, n);
			line[n - 1] = '\r';
			check_line(text, line, n, "\r\n", 'T', line, n);
			check_line(text, line, n, "", 'T', line, n);
			line[n - 2] = '\r';
			check_line(binary, line, n, "\r\n", 'B', line, n);
			line[K64 - 4] = '\r';
			check_line(text, line, n, "\n", 'T', line, n - 1);
		}
	free(line);
}

TEST(a_long_message_may_end_in_cr_and_nul)
{
	static const struct framing_conf conf = NUL_TEXT(INVALID_REPLACE);
	char *text = malloc(K64 + 8);

	for (size_t n = K64 - 1; n <= K64 + 8; n++) {
		struct row row = { .conf = conf, .out = { NULL, 0 } };
		char *in = calloc(1, n + 1);

		memset(text, 'x', n);
		text[n - 1] = '\r';
		memcpy(in, text, n);
		row.in = (struct span){ in, n + 1 }; /* with the NUL */
		row.out = message('T', text, n);
		check_long(&row);
		free(in);
		free((char *)row.out.p);
	}
	free(text);
}

TEST(a_streamed_line_leaves_nothing_behind_for_the_next)
{
	struct row row = { .conf = LINE_TEXT(INVALID_REPLACE) };
	size_t n = K64 + 7;
	char *in = malloc(3 * (n + 2)), *want = malloc(3 * (n + 3));

	memset(in, 'x', 3 * (n + 2));
	for (size_t i = 0; i < 3; i++) {
		memcpy(in + i * (n + 2) + n, "\r\n", 2);
		memset(want + i * (n + 3), 'x', n + 2);
		memcpy(want + i * (n + 3), "T[", 2);
		want[i * (n + 3) + n + 2] = ']';
	}
	row.in = (struct span){ in, 3 * (n + 2) };
	row.out = (struct span){ want, 3 * (n + 3) };
	check_long(&row);
	for (size_t i = 0; i < 5; i++) /* the CR at the end of a read */
		check_step(&row, n + i, n + 2, false);
	free(in);
	free(want);
}

TEST(invalid_bytes_in_any_place_of_a_long_line_are_replaced)
{
	static const char *const invalid[] = { "\xFF", "\xC3", "\xE2\x82",
					       "\xF0\x9F\x98" };
	static const struct framing_conf conf = LINE_TEXT(INVALID_REPLACE);
	char *line = malloc(MEG), *fixed = malloc(UTF8_REPAIRED_MAX(MEG));
	char tail[3];

	for (size_t l = 0; l < COUNT(lengths) - 1; l++)
		for (size_t k = 0; k < COUNT(invalid); k++) {
			size_t n = lengths[l], size = strlen(invalid[k]);
			uint8_t tail_n = 0;
			size_t fixed_n;
			const size_t at[] = { 0, 4096 - 1, n - size };

			memset(line, 'x', n);
			for (size_t i = 0; i < COUNT(at); i++)
				memcpy(line + at[i], invalid[k], size);
			fixed_n = utf8_repair(tail, &tail_n, line, n, true, fixed);
			check_line(conf, line, n, "\n", 'T', fixed, fixed_n);
			check_line(conf, line, n, "\r\n", 'T', fixed, fixed_n);
			check_line(conf, line, n, "", 'T', fixed, fixed_n);
		}
	free(line);
	free(fixed);
}

TEST(an_invalid_line_is_binary_only_if_it_can_be_held)
{
	static const struct framing_conf conf = LINE_TEXT(INVALID_BINARY);
	char *line = malloc(K64 + 1), *fixed = malloc(UTF8_REPAIRED_MAX(K64 + 1));
	char tail[3];

	for (size_t n = K64 - 1; n <= K64 + 1; n++)
		for (size_t at = 0; at < n; at += n / 2 - 1) {
			uint8_t tail_n = 0;
			size_t fixed_n;

			memset(line, 'x', n);
			line[at] = '\xE9';
			fixed_n = utf8_repair(tail, &tail_n, line, n, true, fixed);
			if (n <= K64)
				check_line(conf, line, n, "\n", 'B', line, n);
			else
				check_line(conf, line, n, "\n", 'T', fixed, fixed_n);
		}
	free(line);
	free(fixed);
}

TEST(an_invalid_byte_in_a_streamed_line_can_close)
{
	static const struct framing_conf conf = LINE_TEXT(INVALID_CLOSE);
	static const size_t places[] = { 0, K64 - 1, K64, 2 * K64 - 1 };
	static char line[2 * K64 + 1];

	for (size_t i = 0; i < COUNT(places); i++) {
		struct backend b;

		memset(line, 'x', sizeof(line));
		line[places[i]] = '\xE9';
		line[sizeof(line) - 1] = '\n';
		begin(&b, &conf);
		for (size_t at = 0; at < sizeof(line); at += 4096)
			feed(&b, line + at, sizeof(line) - at < 4096 ? 1 : 4096, false);
		assert_true(b.bad);
		assert_int_equal(b.messages, 0);
		end(&b);
	}
}

TEST(a_long_line_is_streamed_before_it_ends)
{
	static const struct framing_conf conf = LINE_TEXT(INVALID_REPLACE);
	static char line[K64];
	struct backend b;

	memset(line, 'x', sizeof(line));
	begin(&b, &conf);
	feed(&b, line, K64, false);
	assert_int_equal(b.frames, 0);
	assert_int_equal(buf_len(&b.f.held), K64);
	feed(&b, "y", 1, false);
	assert_int_equal(b.frames, 2); /* what was held, and the byte */
	assert_null(b.f.held.store);
	feed(&b, "z\xE2", 2, false);
	feed(&b, "\x82", 1, false);
	assert_int_equal(b.frames, 3);
	feed(&b, "\xAC\r", 2, false);
	assert_int_equal(b.frames, 4);
	feed(&b, "\nnext", 5, false);
	assert_int_equal(b.frames, 5);
	assert_int_equal(b.messages, 1);
	assert_int_equal(b.f.tail_n, 0);
	feed_eof(&b);
	assert_int_equal(b.messages, 2);
	assert_int_equal(b.frames, 6); /* the next line is held again */
	end(&b);
}

TEST(a_line_that_can_be_held_is_one_frame_however_it_is_read)
{
	static const struct framing_conf conf = LINE_TEXT(INVALID_REPLACE);
	static char line[K64 + 1];

	memset(line, 'x', K64);
	line[K64] = '\n';
	for (size_t cut = 0; cut <= K64 + 1; cut += K64 / 8) {
		struct backend b;

		begin(&b, &conf);
		feed(&b, line, cut, false);
		feed(&b, line + cut, K64 + 1 - cut, false);
		assert_int_equal(b.frames, 1);
		assert_null(b.f.held.store);
		end(&b);
	}
}

/* ---- cost ---- */

TEST(whole_lines_come_straight_from_the_input)
{
	static const struct framing_conf conf = LINE_TEXT(INVALID_REPLACE);
	struct backend b;

	begin(&b, &conf);
	feed(&b, "a\nb\r\n\né\nbegun", 13, false);
	assert_int_equal(b.messages, 4);
	assert_int_equal(b.transients, 0);
	feed(&b, " done\nc\n", 8, false);
	assert_int_equal(b.transients, 1); /* only the line that was held */
	assert_int_equal(b.messages, 6);
	assert_null(b.f.held.store);
	feed(&b, "last", 4, true);
	assert_int_equal(b.transients, 1);
	end(&b);
}

TEST(a_line_that_becomes_binary_comes_straight_from_the_input)
{
	static const struct framing_conf conf = LINE_TEXT(INVALID_BINARY);
	struct backend b;

	begin(&b, &conf);
	feed(&b, "\xFF\n\xE2\n", 4, false);
	assert_int_equal(b.messages, 2);
	assert_int_equal(b.transients, 0);
	end(&b);
}

TEST(a_streamed_line_comes_straight_from_the_input)
{
	static const struct framing_conf conf = LINE_TEXT(INVALID_REPLACE);
	static char line[2 * K64];
	struct backend b;

	memset(line, 'x', sizeof(line));
	begin(&b, &conf);
	feed(&b, line, sizeof(line), false);
	feed(&b, line, 4096, false);
	feed(&b, "\r", 1, false);
	feed(&b, "x\n", 2, false);
	assert_int_equal(b.messages, 1);
	assert_int_equal(b.transients, 0);
	end(&b);
}

TEST(the_expansion_is_reached_by_invalid_bytes_read_one_by_one)
{
	static const struct framing_conf raw = RAW_TEXT(INVALID_REPLACE);
	static const struct framing_conf line = LINE_TEXT(INVALID_REPLACE);
	struct backend b;
	size_t before;

	begin(&b, &raw);
	for (int i = 0; i < 100; i++)
		feed(&b, "\xFF", 1, false);
	assert_int_equal(b.wire, 100 * FRAMING_EXPANSION);
	end(&b);
	begin(&b, &line);
	for (int i = 0; i < K64 + 1; i++)
		feed(&b, "\xFF", 1, false);
	before = b.wire;
	assert_int_equal(before, 3 * K64 + FRAME_SERVER_HEADER_MAX + 5);
	feed(&b, "\xFF", 1, false);
	assert_int_equal(b.wire - before, FRAMING_EXPANSION);
	end(&b);
}

TEST(a_framing_that_is_given_up_gives_everything_back)
{
	static const struct framing_conf conf = LINE_TEXT(INVALID_REPLACE);
	struct framing f = { 0 };
	struct span in = S("\xFF\xFF\nbegun");
	struct piece piece;
	const char *reason;

	framing_free(&f); /* all zero */
	framing_init(&f, &conf);
	assert_int_equal(framing_decode(&f, &in, false, &piece, &reason), FRAMING_PIECE);
	assert_true(piece.transient);
	framing_free(&f); /* LeakSanitizer sees to the rest */
	framing_init(&f, &conf);
	assert_int_equal(framing_decode(&f, &in, false, &piece, &reason), FRAMING_MORE);
	framing_free(&f);
	assert_null(f.held.store);
}

/* ---- client -> backend ---- */

TEST(a_clients_message_is_ended_and_its_separators_are_settled)
{
	static const struct {
		enum framing_kind kind;
		enum opcode opcode;
		enum framing_embedded embedded;
		bool last;
		struct span in;
		bool ok;
		struct span out, tail;
	} rows[] = {
#define LINE_ROW(opcode, embedded, last) \
	FRAMING_LINE, OP_##opcode, EMBEDDED_##embedded, last
#define RAW_ROW(opcode, embedded, last) \
	FRAMING_RAW, OP_##opcode, EMBEDDED_##embedded, last
#define NUL_ROW(opcode, embedded, last) \
	FRAMING_NUL, OP_##opcode, EMBEDDED_##embedded, last
		{ LINE_ROW(TEXT, PASS, true), S("a"), true, S("a"), S("\n") },
		{ LINE_ROW(TEXT, PASS, true), S(""), true, S(""), S("\n") },
		{ LINE_ROW(TEXT, PASS, false), S("a"), true, S("a"), S("") },
		{ LINE_ROW(TEXT, PASS, true), S("a\nb"), true, S("a\nb"), S("\n") },
		{ LINE_ROW(TEXT, SPACE, true), S("\na\n\nb\r\n"), true, S(" a  b\r "),
		  S("\n") },
		{ LINE_ROW(TEXT, SPACE, false), S("a\nb"), true, S("a b"), S("") },
		{ LINE_ROW(TEXT, SPACE, true), S(""), true, S(""), S("\n") },
		{ LINE_ROW(TEXT, REFUSE, true), S("a\r\0b"), true, S("a\r\0b"), S("\n") },
		{ LINE_ROW(TEXT, REFUSE, true), S("\n"), false, S("\n"), S("") },
		{ LINE_ROW(TEXT, REFUSE, true), S("ab\n"), false, S("ab\n"), S("") },
		{ LINE_ROW(BINARY, PASS, true), S("a"), true, S("a"), S("") },
		{ LINE_ROW(BINARY, SPACE, true), S("a\nb"), true, S("a\nb"), S("") },
		{ LINE_ROW(BINARY, REFUSE, true), S("a\nb"), true, S("a\nb"), S("") },
		{ RAW_ROW(TEXT, PASS, true), S("a\n"), true, S("a\n"), S("") },
		{ RAW_ROW(TEXT, SPACE, true), S("a\n"), true, S("a\n"), S("") },
		{ RAW_ROW(TEXT, REFUSE, true), S("a\n"), true, S("a\n"), S("") },
		{ RAW_ROW(BINARY, REFUSE, true), S("a\n"), true, S("a\n"), S("") },
		{ NUL_ROW(TEXT, PASS, true), S("a\n"), true, S("a\n"), S("\0") },
		{ NUL_ROW(BINARY, PASS, true), S("a\0b"), true, S("a\0b"), S("\0") },
		{ NUL_ROW(TEXT, PASS, false), S("a"), true, S("a"), S("") },
		{ NUL_ROW(TEXT, SPACE, true), S("\0a\0\n"), true, S(" a \n"), S("\0") },
		{ NUL_ROW(TEXT, REFUSE, true), S("a\0"), false, S("a\0"), S("") },
		{ NUL_ROW(BINARY, REFUSE, true), S("\0"), false, S("\0"), S("") },
		{ NUL_ROW(BINARY, REFUSE, true), S(""), true, S(""), S("\0") },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct framing_conf conf = { .kind = rows[i].kind,
					     .embedded = rows[i].embedded };
		size_t n = rows[i].in.n;
		char *p = n ? malloc(n) : NULL; /* an empty piece may have no address */
		struct framing_ends ends = { .tail = S("untouched") };
		bool ok;

		if (n > 0)
			memcpy(p, rows[i].in.p, n);
		ok = framing_encode(&conf, rows[i].opcode, rows[i].last, p, n, &ends);
		if (ok != rows[i].ok || !span_is((struct span){ p, n }, rows[i].out))
			fail_msg("row %zu: %d %.*s", i, ok, (int)n, n ? p : "");
		if (ok && (ends.head_n > 0 || !span_is(ends.tail, rows[i].tail)))
			fail_msg("row %zu: tail of %zu bytes", i, ends.tail.n);
		free(p);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_line_is_a_message_at_every_split),
		cmocka_unit_test(a_message_ends_in_nul_at_every_split),
		cmocka_unit_test(only_the_cr_of_a_crlf_is_cut),
		cmocka_unit_test(a_line_that_is_no_utf8_is_treated_as_the_policy_says),
		cmocka_unit_test(raw_passes_every_byte_on_at_every_split),
		cmocka_unit_test(text_is_converted_behind_the_framing_at_every_split),
		cmocka_unit_test(binary_is_not_converted),
		cmocka_unit_test(what_is_not_in_the_charset_can_close),
		cmocka_unit_test(a_long_line_in_another_charset_is_streamed),
		cmocka_unit_test(a_long_line_of_nothing_but_shifts_loses_nothing),
		cmocka_unit_test(in_raw_a_read_is_one_message),
		cmocka_unit_test(in_raw_only_a_read_that_is_no_utf8_becomes_binary),
		cmocka_unit_test(a_character_may_straddle_every_border_of_a_long_line),
		cmocka_unit_test(the_end_of_a_long_line_may_straddle_every_border),
		cmocka_unit_test(a_long_message_may_end_in_cr_and_nul),
		cmocka_unit_test(a_streamed_line_leaves_nothing_behind_for_the_next),
		cmocka_unit_test(invalid_bytes_in_any_place_of_a_long_line_are_replaced),
		cmocka_unit_test(an_invalid_line_is_binary_only_if_it_can_be_held),
		cmocka_unit_test(an_invalid_byte_in_a_streamed_line_can_close),
		cmocka_unit_test(a_long_line_is_streamed_before_it_ends),
		cmocka_unit_test(a_line_that_can_be_held_is_one_frame_however_it_is_read),
		cmocka_unit_test(whole_lines_come_straight_from_the_input),
		cmocka_unit_test(
			a_line_that_becomes_binary_comes_straight_from_the_input),
		cmocka_unit_test(a_streamed_line_comes_straight_from_the_input),
		cmocka_unit_test(
			the_expansion_is_reached_by_invalid_bytes_read_one_by_one),
		cmocka_unit_test(a_framing_that_is_given_up_gives_everything_back),
		cmocka_unit_test(
			a_clients_message_is_ended_and_its_separators_are_settled),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
