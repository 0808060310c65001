/* SPDX-License-Identifier: MIT */
/* Messages with their length before them, however they are read. */
#include "framing_backend.h"

#define MAX 300000

/* clang-format off */
#define CONF(frame, opcode, how) \
	{ .kind = FRAMING_##frame, .type = OP_##opcode, .invalid = how, .max_message = MAX }
#define NET(how) CONF(NETSTRING, TEXT, how)
#define NET_BINARY CONF(NETSTRING, BINARY, INVALID_REPLACE)
#define U32(how) CONF(U32BE, TEXT, how)
#define U32_BINARY CONF(U32BE, BINARY, INVALID_REPLACE)
/* clang-format on */

TEST(a_netstring_is_a_message_at_every_split)
{
	static const struct row rows[] = {
		{ NET_BINARY, S(""), S("") },
		{ NET_BINARY, S("0:,"), S("B[]") },
		{ NET_BINARY, S("5:hello,"), S("B[hello]") },
		{ NET_BINARY, S("1:a,0:,2:bc,"), S("B[a]B[]B[bc]") },
		{ NET_BINARY, S("12:hello, world,"), S("B[hello, world]") },
		{ NET_BINARY, S("3:\0\n\xFF,"), S("B[\0\n\xFF]") },
		{ NET(INVALID_REPLACE), S("3:€,4:😀,"), S("T[€]T[😀]") },
		{ NET(INVALID_REPLACE), S("2:\xE2\x82,1:\xAC,"),
		  S("T[" FFFD "]T[" FFFD "]") },
		{ NET(INVALID_BINARY), S("1:\xE9,2:é,"), S("B[\xE9]T[é]") },
		{ NET(INVALID_CLOSE), S("2:é,1:\xE9,1:a,"), S("T[é]!") },
	};

	check_rows(rows, COUNT(rows));
}

TEST(what_is_no_netstring_ends_it_at_every_split)
{
	static const struct row rows[] = {
		{ NET_BINARY, S("hello\n"), S("!") },
		{ NET_BINARY, S("1:a,hello"), S("B[a]!") },
		{ NET_BINARY, S(":a,"), S("!") },
		{ NET_BINARY, S("1;a,"), S("!") },
		{ NET_BINARY, S("-1:a,"), S("!") },
		{ NET_BINARY, S(" 1:a,"), S("!") },
		{ NET_BINARY, S("01:a,"), S("!") },
		{ NET_BINARY, S("00:,"), S("!") },
		{ NET_BINARY, S("1:a\n"), S("!") },
		{ NET_BINARY, S("1:ab,"), S("!") },
		{ NET_BINARY, S("0:a"), S("!") },
		{ NET_BINARY, S("300001:"), S("!") },
		{ NET_BINARY, S("99999999999999999999999:"), S("!") },
		{ NET_BINARY, S("1"), S("!") },
		{ NET_BINARY, S("1:"), S("!") },
		{ NET_BINARY, S("1:a"), S("!") },
		{ NET_BINARY, S("0:,0:"), S("B[]!") },
		{ NET_BINARY, S("1:a,\n"), S("B[a]!") },
	};

	check_rows(rows, COUNT(rows));
}

TEST(a_u32be_is_a_message_at_every_split)
{
	static const struct row rows[] = {
		{ U32_BINARY, S(""), S("") },
		{ U32_BINARY, S("\0\0\0\0"), S("B[]") },
		{ U32_BINARY, S("\0\0\0\5hello\0\0\0\1x"), S("B[hello]B[x]") },
		{ U32_BINARY, S("\0\0\0\0\0\0\0\0\0\0\0\1\0"), S("B[]B[]B[\0]") },
		{ U32(INVALID_REPLACE), S("\0\0\0\3€\0\0\0\1\xE2"),
		  S("T[€]T[" FFFD "]") },
		{ U32(INVALID_BINARY), S("\0\0\0\1\xE9\0\0\0\2é"), S("B[\xE9]T[é]") },
		{ U32(INVALID_CLOSE), S("\0\0\0\2é\0\0\0\1\xE9\0\0\0\0"), S("T[é]!") },
		{ U32_BINARY, S("\0\4\x93\xE1"), S("!") }, /* 300001 */
		{ U32_BINARY, S("\xFF\xFF\xFF\xFFx"), S("!") },
		{ U32_BINARY, S("hello"), S("!") },
		{ U32_BINARY, S("\0"), S("!") },
		{ U32_BINARY, S("\0\0\0\1"), S("!") },
		{ U32_BINARY, S("\0\0\0\0\0\0\0\2a"), S("B[]!") },
	};

	check_rows(rows, COUNT(rows));
}

/* ---- long messages ---- */

/* PAYLOAD of N bytes as CONF frames it; yours. */
static struct span framed(const struct framing_conf *conf, const char *payload, size_t n)
{
	struct framing_ends ends;
	char *all = malloc(n + 20), *copy = malloc(n);
	size_t at;

	memcpy(copy, payload, n);
	assert_true(framing_encode(conf, OP_BINARY, true, copy, n, &ends));
	memcpy(all, ends.head, at = ends.head_n);
	memcpy(all + at, copy, n);
	memcpy(all + at + n, ends.tail.p, ends.tail.n);
	free(copy);
	return (struct span){ all, at + n + ends.tail.n };
}

static void check_message(const struct framing_conf *conf, const char *payload, size_t n)
{
	struct row row = { .conf = *conf, .in = framed(conf, payload, n) };

	row.out = message(conf->type == OP_TEXT ? 'T' : 'B', payload, n);
	check_long(&row);
	free((char *)row.in.p);
	free((char *)row.out.p);
}

TEST(a_message_of_any_size_comes_back_from_its_own_framing)
{
	static const struct framing_conf confs[] = { NET(INVALID_CLOSE), NET_BINARY,
						     U32(INVALID_CLOSE), U32_BINARY };
	static const size_t sizes[] = { 1,       9,     10,     99,  255,
					256,     65534, 65535,  K64, K64 + 1,
					K64 + 2, 99999, 100000, MAX };
	char *payload = malloc(MAX);

	for (size_t i = 0; i < MAX; i++)
		payload[i] = "€,0:"[i % 6];
	for (size_t c = 0; c < COUNT(confs); c++)
		for (size_t i = 0; i < COUNT(sizes); i++)
			if (confs[c].type == OP_BINARY || sizes[i] % 6 > 2 ||
			    sizes[i] % 6 == 0)
				check_message(&confs[c], payload, sizes[i]);
	free(payload);
}

TEST(a_long_message_is_streamed_as_soon_as_its_length_is_known)
{
	static const struct framing_conf conf = NET(INVALID_REPLACE);
	static char text[K64];
	struct backend b;

	memset(text, 'x', sizeof(text));
	begin(&b, &conf);
	feed(&b, "65537", 5, false);
	feed(&b, ":xx", 3, false);
	assert_int_equal(b.frames, 1);
	assert_int_equal(b.messages, 0);
	assert_null(b.f.held.store);
	feed(&b, text, K64 - 2, false);
	assert_int_equal(b.frames, 2);
	feed(&b, "x", 1, false); /* all of it, but not its comma */
	assert_int_equal(b.frames, 3);
	assert_int_equal(b.messages, 0);
	feed(&b, ",", 1, false);
	assert_int_equal(b.messages, 1);
	feed(&b, "1:y,", 4, false);
	assert_int_equal(b.messages, 2);
	assert_int_equal(b.transients, 0);
	feed_eof(&b);
	end(&b);
}

TEST(a_missing_comma_after_streaming_never_ends_the_message)
{
	static const struct framing_conf conf = NET_BINARY;
	static char text[K64 + 1];

	for (int together = 0; together < 2; together++) {
		struct backend b;

		memset(text, ',', sizeof(text));
		begin(&b, &conf);
		feed(&b, "65537:", 6, false);
		feed(&b, text, K64, false);
		if (together) {
			feed(&b, ",!", 2, false);
		} else {
			feed(&b, ",", 1, false);
			assert_false(b.bad);
			feed(&b, "!", 1, false);
		}
		assert_true(b.bad);
		assert_int_equal(b.messages, 0);
		end(&b);
	}
}

TEST(a_message_inside_a_read_is_never_copied_nor_one_that_is_streamed)
{
	static const struct framing_conf conf = U32_BINARY;
	static char in[5 + K64 + 5] = "\0\0\0\1x\0\1\0\1";
	struct backend b;

	begin(&b, &conf);
	feed(&b, "\0\0\0\2ab\0\0\0\1c\0\0", 13, false);
	assert_int_equal(b.messages, 2);
	assert_int_equal(b.transients, 0);
	feed(&b, "\0\1d", 3, false); /* the header came apart, the payload did not */
	assert_int_equal(b.messages, 3);
	assert_int_equal(b.transients, 0);
	feed(&b, in, sizeof(in), false);
	feed(&b, "\0\0\0\2e", 5, false);
	assert_int_equal(b.messages, 5);
	assert_int_equal(b.transients, 0);
	feed(&b, "f", 1, false);
	assert_int_equal(b.messages, 6);
	assert_int_equal(b.transients, 1); /* it was held */
	feed_eof(&b);
	end(&b);
}

TEST(only_what_has_come_is_held)
{
	static const struct framing_conf conf = U32_BINARY;
	struct backend b;

	begin(&b, &conf);
	feed(&b, "\0\0\xFF\xFFxy", 6, false); /* a length is but a promise */
	assert_int_equal(buf_len(&b.f.held), 2);
	assert_true(buf_cap(&b.f.held) < 4096);
	end(&b);
}

/* ---- what the log quotes ---- */

static void expect_first(const struct framing_conf *conf, struct span in, size_t cut,
			 struct span want, const char *reason)
{
	struct backend b;
	struct span first;

	begin(&b, conf);
	feed(&b, in.p, cut, false);
	feed(&b, in.p + cut, in.n - cut, true);
	assert_true(b.bad);
	assert_string_equal(b.reason, reason);
	first = framing_first(&b.f);
	if (cut == 0 ? !span_is(first, want)
		     : first.n == 0 || memcmp(first.p, want.p, first.n) != 0)
		fail_msg("cut at %zu: quoted %.*s", cut, (int)first.n, first.p);
	end(&b);
}

TEST(the_first_bytes_of_a_broken_message_are_kept)
{
	static const struct {
		struct framing_conf conf;
		struct span in, first;
		const char *reason;
	} rows[] = {
		{ NET_BINARY, S("usage: x"), S("usage: x"),
		  "program wrote a broken netstring" },
		{ NET_BINARY, S("2:abc,"), S("2:abc,"),
		  "program wrote a broken netstring" },
		{ NET_BINARY, S("300001:ab"), S("300001:ab"),
		  "program wrote a netstring over max_message" },
		{ NET_BINARY, S("9:abc"), S("9:abc"),
		  "program ended inside a netstring" },
		{ NET_BINARY, S("0123456789012345678901234567890123456789"),
		  S("01234567890123456789012345678901"),
		  "program wrote a broken netstring" },
		{ U32_BINARY, S("hello"), S("hello"),
		  "program wrote a length over max_message" },
		{ U32_BINARY, S("\0\0\0\2a"), S("\0\0\0\2a"),
		  "program ended inside a message" },
	};

	for (size_t i = 0; i < COUNT(rows); i++)
		for (size_t cut = 0; cut <= rows[i].in.n; cut++)
			expect_first(&rows[i].conf, rows[i].in, cut, rows[i].first,
				     rows[i].reason);
}

/* ---- client -> backend ---- */

TEST(a_clients_message_gets_its_length)
{
	static const struct {
		enum framing_kind kind;
		enum opcode opcode;
		size_t n;
		struct span head, tail;
	} rows[] = {
		{ FRAMING_NETSTRING, OP_TEXT, 0, S("0:"), S(",") },
		{ FRAMING_NETSTRING, OP_BINARY, 0, S("0:"), S(",") },
		{ FRAMING_NETSTRING, OP_TEXT, 10, S("10:"), S(",") },
		{ FRAMING_NETSTRING, OP_BINARY, 1 << 30, S("1073741824:"), S(",") },
		{ FRAMING_U32BE, OP_TEXT, 0, S("\0\0\0\0"), S("") },
		{ FRAMING_U32BE, OP_BINARY, 258, S("\0\0\1\2"), S("") },
		{ FRAMING_U32BE, OP_TEXT, 0xFFFFFFFE, S("\xFF\xFF\xFF\xFE"), S("") },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		/* refuse has no separator here that it could refuse */
		struct framing_conf conf = { .kind = rows[i].kind,
					     .embedded = EMBEDDED_REFUSE };
		struct framing_ends ends;

		assert_true(framing_encode(&conf, rows[i].opcode, true, NULL, rows[i].n,
					   &ends));
		assert_true(
			span_is((struct span){ ends.head, ends.head_n }, rows[i].head));
		assert_true(span_is(ends.tail, rows[i].tail));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_netstring_is_a_message_at_every_split),
		cmocka_unit_test(what_is_no_netstring_ends_it_at_every_split),
		cmocka_unit_test(a_u32be_is_a_message_at_every_split),
		cmocka_unit_test(a_message_of_any_size_comes_back_from_its_own_framing),
		cmocka_unit_test(
			a_long_message_is_streamed_as_soon_as_its_length_is_known),
		cmocka_unit_test(a_missing_comma_after_streaming_never_ends_the_message),
		cmocka_unit_test(
			a_message_inside_a_read_is_never_copied_nor_one_that_is_streamed),
		cmocka_unit_test(only_what_has_come_is_held),
		cmocka_unit_test(the_first_bytes_of_a_broken_message_are_kept),
		cmocka_unit_test(a_clients_message_gets_its_length),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
