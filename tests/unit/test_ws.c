/* SPDX-License-Identifier: MIT */
/* Tests ws.c: bytes and events; where payload lies, what is kept, what is sent. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "ws.h"

#define ROWS(table) (sizeof(table) / sizeof(*(table)))
#define K "\x01\x02\x03\x04" /* masking key */
#define Z "\0\0\0\0"         /* one that changes nothing */

/* An allocation that cannot be had is NULL, as without AddressSanitizer. */
const char *__asan_default_options(void);
const char *__asan_default_options(void)
{
	return "allocator_may_return_null=1";
}

static const struct ws_conf pieces = { .max_message = 0 };
static const struct ws_conf whole = { .whole = true };

/* ---- tables of {bytes, events} ---- */

struct row {
	const char *bytes;
	size_t n;
	const char *events;
};

#define BYTES(literal) literal, sizeof(literal) - 1

static const struct row rows[] = {
	{ BYTES(""), "" },
	{ BYTES("\x81\x80" Z), "text()" },
	{ BYTES("\x82\x80" K), "binary()" },
	{ BYTES("\x81\x83" K "\x60\x60\x60"), "text(abc)" },
	{ BYTES("\x81\x83" Z "abc\x82\x81" Z "d"), "text(abc)binary(d)" },
	{ BYTES("\x01\x81" Z "a\x80\x81" Z "b"), "text(ab)" },
	{ BYTES("\x01\x80" Z "\x00\x80" Z "\x80\x80" Z), "text()" },
	{ BYTES("\x01\x81" Z "a\x89\x82" Z "hi\x80\x81" Z "b\x8A\x80" Z),
	  "ping(hi)text(ab)pong()" },
	{ BYTES("\x88\x80" Z "\x81\x81" Z "x"), "close 1005()" },
	{ BYTES("\x88\x85" Z "\x03\xE9"
		"bye"),
	  "close 1001(bye)" },
	{ BYTES("\x88\x81" Z "\x03"), "fail 1002" },
	{ BYTES("\x88\x82" Z "\x03\xED"), "fail 1002" },
	{ BYTES("\x88\x83" Z "\x03\xE8\xFF"), "fail 1007" },
	{ BYTES("\x81\x01x\x81\x80" Z), "fail 1002" },
	{ BYTES("\xC1\x80" Z), "fail 1002" },
	{ BYTES("\x83\x80" Z), "fail 1002" },
	{ BYTES("\x80\x80" Z), "fail 1002" },
	{ BYTES("\x01\x81" Z "a\x01\x81" Z "b"), "fail 1002" },
	{ BYTES("\x09\x80" Z), "fail 1002" },
	{ BYTES("\x89\xFE\x00\x7E" Z), "fail 1002" },
	{ BYTES("\x82\xFE\x00\x01" Z "x"), "fail 1002" },
	{ BYTES("\x82\xFF\x80\0\0\0\0\0\0\0" Z), "fail 1002" },
	{ BYTES("\x81\x81" Z "a\x81\x82" Z "b\xFF"), "text(a)fail 1007" },
	{ BYTES("\x01\x81" Z "\xC3\x80\x81" Z "\xA9"), "text(\xC3\xA9)" },
	{ BYTES("\x01\x81" Z "\xC3\x80\x80" Z), "fail 1007" },
};

/* The events as text; pieces are joined, an unfinished message does not show. */
struct story {
	struct ws ws;
	char text[400];
	size_t n, begun; /* characters; those before the message under way */
	bool open;
};

static void say(struct story *s, const char *what, unsigned code)
{
	s->n += (size_t)snprintf(s->text + s->n, sizeof(s->text) - s->n,
				 code ? "%s %u" : "%s", what, code);
}

static void say_payload(struct story *s, const struct ws_event *e, bool first, bool last)
{
	s->n += (size_t)snprintf(s->text + s->n, sizeof(s->text) - s->n, "%s%.*s%s",
				 first ? "(" : "", (int)e->n, e->n ? e->p : "",
				 last ? ")" : "");
}

/* A control frame inside a message is told before it. */
static void say_control(struct story *s, const struct ws_event *e)
{
	static const char *const names[] = { [WS_PING] = "ping",
					     [WS_PONG] = "pong",
					     [WS_CLOSE] = "close",
					     [WS_FAIL] = "fail" };
	char under_way[sizeof(s->text)];
	size_t n = s->open ? s->n - s->begun : 0;

	memcpy(under_way, s->text + s->n - n, n);
	s->n -= n;
	say(s, names[e->type], e->code);
	if (e->type != WS_FAIL)
		say_payload(s, e, true, true);
	s->begun = s->n;
	memcpy(s->text + s->n, under_way, n);
	s->n += n;
}

static void say_event(struct story *s, const struct ws_event *e)
{
	if (e->type != WS_DATA) {
		say_control(s, e);
		return;
	}
	assert_int_equal(e->first, !s->open);
	if (e->first) {
		s->begun = s->n;
		say(s, e->opcode == OP_TEXT ? "text" : "binary", 0);
	}
	say_payload(s, e, e->first, e->last);
	s->open = !e->last;
}

static void feed(struct story *s, const char *bytes, size_t n)
{
	char copy[400], *p = copy;
	struct ws_event e;

	memcpy(copy, bytes, n);
	do {
		ws_next(&s->ws, &p, copy + n, &e);
		if (e.type != WS_MORE)
			say_event(s, &e);
	} while (e.type != WS_MORE);
	assert_ptr_equal(p, copy + n);
}

/* FIRST bytes at once, then STEP at a time. */
static void tells(const struct row *row, const struct ws_conf *conf, size_t first,
		  size_t step)
{
	struct story s = { .n = 0 };
	size_t n = first;

	ws_init(&s.ws, conf);
	for (size_t at = 0; at < row->n; at += n, n = step) {
		if (n > row->n - at)
			n = row->n - at;
		feed(&s, row->bytes + at, n);
	}
	s.text[s.open ? s.begun : s.n] = '\0';
	ws_free(&s.ws);
	assert_string_equal(s.text, row->events);
}

/* Of a server: nothing is masked. */
static const struct row servers_rows[] = {
	{ BYTES("\x81\x03"
		"abc\x82\x00"),
	  "text(abc)binary()" },
	{ BYTES("\x01\x01"
		"a\x89\x02"
		"hi\x80\x01"
		"b"),
	  "ping(hi)text(ab)" },
	{ BYTES("\x82\x7E\x00\x7E" Z), "" },
	{ BYTES("\x88\x05\x0F\xA3"
		"bye"),
	  "close 4003(bye)" },
	{ BYTES("\x81\x80" Z), "fail 1002" },
	{ BYTES("\x88\x82" K), "fail 1002" },
	{ BYTES("\xC1\x00"), "fail 1002" },
	{ BYTES("\x82\x7F\x80\0\0\0\0\0\0\0"), "fail 1002" },
	{ BYTES("\x82\x7E\x00\x01"), "fail 1002" },
	{ BYTES("\x09\x00"), "fail 1002" },
	{ BYTES("\x81\x01\xFF"), "fail 1007" },
};

static void a_servers_frames_are_not_masked(void **state)
{
	static const struct ws_conf of_server = { .from_server = true };

	(void)state;
	for (size_t i = 0; i < ROWS(servers_rows); i++) {
		tells(&servers_rows[i], &of_server, 1, 1);
		for (size_t cut = 1; cut <= servers_rows[i].n; cut++)
			tells(&servers_rows[i], &of_server, cut, servers_rows[i].n);
	}
}

static void bytes_mean_the_same_events_however_they_are_cut(void **state)
{
	(void)state;
	for (size_t i = 0; i < 2 * ROWS(rows); i++) {
		const struct row *row = &rows[i / 2];
		const struct ws_conf *conf = i & 1 ? &whole : &pieces;

		tells(row, conf, 1, 1);
		for (size_t cut = 1; cut <= row->n; cut++)
			tells(row, conf, cut, row->n);
	}
}

/* ---- one event at a time ---- */

static struct ws w;

static struct ws_event next(char **p, char *end)
{
	struct ws_event e;

	ws_next(&w, p, end, &e);
	return e;
}

/* All bytes of P mean nothing yet. */
static void means_nothing(char *p, size_t n)
{
	char *at = p;

	assert_int_equal(next(&at, p + n).type, WS_MORE);
	assert_ptr_equal(at, p + n);
}

static void payload_is_told_where_it_lies(void **state)
{
	char bytes[] = "\x82\x83" K "abc\x89\x82" K "de\x82\x81" K "f";
	char *p = bytes, *end = bytes + sizeof(bytes) - 1;

	for (int i = 0; i <= 1; i++) {
		ws_init(&w, i ? &whole : &pieces);
		p = bytes;
		assert_ptr_equal(next(&p, end).p, bytes + 6);
		assert_ptr_equal(next(&p, end).p, bytes + 15);
		assert_ptr_equal(next(&p, end).p, bytes + 23);
		assert_null(w.message.store);
		assert_int_equal(next(&p, end).type, WS_MORE);
	}
	(void)state;
}

static void pieces_are_told_as_they_come(void **state)
{
	char bytes[] = "\x01\x84" Z "ab"
		       "cd"
		       "\x80\x81" Z "e";
	char *p = bytes;
	struct ws_event e;

	(void)state;
	ws_init(&w, &pieces);
	e = next(&p, bytes + 8);
	assert_true(e.type == WS_DATA && e.first && !e.last && e.n == 2 &&
		    e.p == bytes + 6);
	assert_int_equal(next(&p, bytes + 8).type, WS_MORE);
	e = next(&p, bytes + 10);
	assert_true(e.type == WS_DATA && !e.first && !e.last && e.n == 2 &&
		    e.opcode == OP_TEXT);
	means_nothing(bytes + 10, 6);
	p = bytes + 16;
	e = next(&p, bytes + 17);
	assert_true(e.type == WS_DATA && !e.first && e.last && e.n == 1 &&
		    e.opcode == OP_TEXT);
	assert_null(w.message.store);
}

static void a_header_alone_is_no_piece(void **state)
{
	char bytes[] = "\x82\x84" Z;

	(void)state;
	ws_init(&w, &pieces);
	means_nothing(bytes, 6);
	means_nothing(bytes, 0);
}

static void an_empty_piece_is_told_only_first_or_last(void **state)
{
	char first[] = "\x02\x80" Z, middle[] = "\x00\x80" Z, last[] = "\x80\x80" Z;
	char *p = first;
	struct ws_event e;

	(void)state;
	ws_init(&w, &pieces);
	e = next(&p, first + 6);
	assert_true(e.type == WS_DATA && e.first && !e.last && e.n == 0);
	means_nothing(middle, 6);
	p = last;
	e = next(&p, last + 6);
	assert_true(e.type == WS_DATA && !e.first && e.last && e.n == 0);
}

static void a_collected_message_is_given_back_by_the_call_after(void **state)
{
	char bytes[] = "\x02\x82" Z "ab\x80\x82" Z "cd";
	char *p = bytes, *end = bytes + sizeof(bytes) - 1;
	struct ws_event e;

	(void)state;
	ws_init(&w, &whole);
	e = next(&p, end);
	assert_true(e.type == WS_DATA && e.first && e.last && e.n == 4);
	assert_memory_equal(e.p, "abcd", 4);
	assert_non_null(w.message.store);
	assert_int_equal(next(&p, end).type, WS_MORE);
	assert_null(w.message.store);
}

static void a_ping_leaves_the_message_under_way_alone(void **state)
{
	char bytes[] = "\x02\x82" Z "ab\x89\x81" Z "p\x80\x82" Z "cd";
	char *p = bytes, *end = bytes + sizeof(bytes) - 1;

	(void)state;
	ws_init(&w, &whole);
	assert_int_equal(next(&p, end).type, WS_PING);
	assert_int_equal(buf_len(&w.message), 2);
	assert_memory_equal(next(&p, end).p, "abcd", 4);
	ws_free(&w);
	assert_null(w.message.store);
}

static void what_is_kept_is_given_back_at_the_end(void **state)
{
	static const char *const ends[] = { "\x88\x80" Z, "\x83\x80" Z };

	(void)state;
	for (size_t i = 0; i < ROWS(ends); i++) {
		char begin[] = "\x02\x82" Z "ab", end[7], *p = end;

		ws_init(&w, &whole);
		means_nothing(begin, 8);
		assert_non_null(w.message.store);
		memcpy(end, ends[i], 6);
		assert_int_equal(next(&p, end + 6).type, i == 0 ? WS_CLOSE : WS_FAIL);
		assert_null(w.message.store);
	}
}

static void ws_free_takes_what_was_never_begun(void **state)
{
	struct ws never = { 0 };

	(void)state;
	ws_free(&never);
}

static void out_of_memory_is_a_failure_of_ours(void **state)
{
	char begin[] = "\x02\x82" Z "ab", more[] = "\x80\x82" Z "cd";
	char *p = more;
	struct ws_event e;

	(void)state;
	ws_init(&w, &whole);
	means_nothing(begin, 8);
	/* pretend that so much came */
	w.message.store->w = w.message.store->cap = SIZE_MAX / 4;
	e = next(&p, more + 8);
	assert_int_equal(e.type, WS_FAIL);
	assert_int_equal(e.code, CLOSE_SERVER_ERROR);
	assert_null(w.message.store);
}

static void after_the_end_all_bytes_are_used_up(void **state)
{
	char bytes[] = "\x88\x80" Z "\x81\x81" Z "x\x89\x80" Z;
	char *p = bytes, *end = bytes + sizeof(bytes) - 1;

	(void)state;
	ws_init(&w, &pieces);
	assert_int_equal(next(&p, end).type, WS_CLOSE);
	assert_ptr_equal(p, bytes + 6);
	assert_int_equal(next(&p, end).type, WS_MORE);
	assert_ptr_equal(p, end);
}

/* ---- as early as the bytes allow ---- */

static void a_failure_shows_with_the_byte_that_makes_it(void **state)
{
	static const struct {
		const char *bytes;
		size_t n; /* all of them; the last is the one */
		unsigned code;
	} early[] = {
		{ BYTES("\xC1"), 1002 },              /* reserved bit */
		{ BYTES("\x83"), 1002 },              /* reserved opcode */
		{ BYTES("\x80"), 1002 },              /* continuation of nothing */
		{ BYTES("\x09"), 1002 },              /* fragmented ping */
		{ BYTES("\x01\x80" Z "\x81"), 1002 }, /* a message inside another */
		{ BYTES("\x81\x05"), 1002 },          /* not masked */
		{ BYTES("\x89\xFE"), 1002 },          /* long ping */
		{ BYTES("\x82\xFE\x00\x7D"), 1002 },  /* not the shortest form */
		{ BYTES("\x82\xFF\0\0\0\0\0\0\xFF\xFF"), 1002 },
		{ BYTES("\x82\xFF\x80\0\0\0\0\0\0\0"), 1002 },
		{ BYTES("\x82\xFE\x10\x01"), 1009 },               /* 4097 bytes */
		{ BYTES("\x02\x81" Z "x\x80\xFE\x10\x00"), 1009 }, /* 1 + 4096 */
		{ BYTES("\x81\x8A" Z "ab\xED\xA0"), 1007 },
		{ BYTES("\x01\x82" Z "\xF0\x9F\x80\x8A" Z "a"), 1007 },
	};
	static const struct ws_conf limited = { .max_message = 4096, .whole = true };

	(void)state;
	for (size_t i = 0; i < ROWS(early); i++) {
		char copy[32], *p = copy;
		struct ws_event e;

		memcpy(copy, early[i].bytes, early[i].n);
		ws_init(&w, &limited);
		means_nothing(copy, early[i].n - 1);
		memcpy(copy, early[i].bytes, early[i].n); /* unmasked by now */
		p = copy + early[i].n - 1;
		e = next(&p, p + 1);
		if (e.type != WS_FAIL || e.code != early[i].code)
			fail_msg("row %zu: event %d, code %u", i, (int)e.type, e.code);
		assert_in_range(strlen(e.reason), 1, 123);
		ws_free(&w);
	}
}

/* ---- large ---- */

static size_t put_frame(char *out, unsigned first, char fill, size_t n)
{
	size_t size = frame_encode(out, first & 0xF, first & 0x80, n);

	out[1] = (char)(out[1] | 0x80);
	memset(out + size, 0, 4);
	memset(out + size + 4, fill, n);
	return size + 4 + n;
}

/* Feed N bytes STEP at a time: the size of the one message in them. */
static size_t one_message(char *bytes, size_t n, size_t step)
{
	size_t told = 0;

	for (size_t at = 0; at < n; at += step) {
		char *p = bytes + at, *end = bytes + (n - at < step ? n : at + step);
		struct ws_event e;

		while (e = next(&p, end), e.type != WS_MORE) {
			assert_int_equal(e.type, WS_DATA);
			assert_true(e.last && told == 0);
			told = e.n;
		}
		assert_in_range(buf_cap(&w.message), 0,
				at + step + (at + step) / 10 + 4096);
	}
	return told;
}

static void a_message_of_16_mib_is_collected(void **state)
{
	enum { SIZE = 16 << 20 };
	char *bytes = malloc(SIZE + FRAME_HEADER_MAX);
	size_t n = put_frame(bytes, 0x81, 'x', SIZE);

	(void)state;
	ws_init(&w, &whole);
	assert_int_equal(one_message(bytes, n, 65536), SIZE);
	ws_free(&w);
	free(bytes);
}

static void a_message_of_65537_fragments_is_collected(void **state)
{
	char *bytes = malloc(65537 * 7), *p = bytes;

	(void)state;
	for (int i = 0; i < 65537; i++)
		p += put_frame(p, i == 0 ? 0x02 : i == 65536 ? 0x80 : 0x00, 'x', 1);
	ws_init(&w, &whole);
	assert_int_equal(one_message(bytes, (size_t)(p - bytes), 1000), 65537);
	ws_free(&w);
	free(bytes);
}

static void empty_fragments_cost_neither_memory_nor_events(void **state)
{
	char fragments[600], *p = fragments;

	(void)state;
	for (int i = 0; i < 100; i++)
		p += put_frame(p, 0x00, 'x', 0);
	for (int i = 0; i <= 1; i++) {
		char first[] = "\x02\x80" Z;

		ws_init(&w, i ? &whole : &pieces);
		p = first;
		assert_int_equal(next(&p, first + 6).type, i ? WS_MORE : WS_DATA);
		for (int turn = 0; turn < 700; turn++)
			means_nothing(fragments, sizeof(fragments));
		assert_null(w.message.store);
	}
}

static void memory_is_not_reserved_by_what_is_announced(void **state)
{
	char bytes[] = "\x82\xFF\x7F\xFF\xFF\xFF\xFF\xFF\xFF\xFF" Z "abc";

	(void)state;
	ws_init(&w, &whole);
	means_nothing(bytes, sizeof(bytes) - 1);
	assert_in_range(buf_cap(&w.message), 3, 4096);
	ws_free(&w);
}

/* ---- what a server sends ---- */

static bool in_ranges(unsigned code)
{
	return (code >= 1000 && code <= 1003) || (code >= 1007 && code <= 1014) ||
	       (code >= 3000 && code <= 4999);
}

static void close_codes_are_valid_as_the_rfc_and_iana_say(void **state)
{
	(void)state;
	for (unsigned code = 0; code <= 70000; code++)
		assert_int_equal(ws_close_code_valid(code), in_ranges(code));
}

static void a_control_frame_is_written_whole(void **state)
{
	char out[2 + FRAME_CONTROL_MAX], payload[FRAME_CONTROL_MAX];

	(void)state;
	memset(payload, 'p', sizeof(payload));
	assert_int_equal(ws_control(out, OP_PING, NULL, 0), 2);
	assert_memory_equal(out, "\x89\x00", 2);
	assert_int_equal(ws_control(out, OP_PONG, "abc", 3), 5);
	assert_memory_equal(out,
			    "\x8A\x03"
			    "abc",
			    5);
	assert_int_equal(ws_control(out, OP_PONG, payload, sizeof(payload)), sizeof(out));
	assert_memory_equal(out + 2, payload, sizeof(payload));
}

static void a_close_frame_is_written_whole(void **state)
{
	char out[2 + FRAME_CONTROL_MAX];

	(void)state;
	assert_int_equal(ws_close(out, CLOSE_NO_STATUS, "not sent"), 2);
	assert_memory_equal(out, "\x88\x00", 2);
	assert_int_equal(ws_close(out, CLOSE_NORMAL, ""), 4);
	assert_memory_equal(out, "\x88\x02\x03\xE8", 4);
	assert_int_equal(ws_close(out, 4001, "because"), 11);
	assert_memory_equal(out,
			    "\x88\x09\x0F\xA1"
			    "because",
			    11);
}

static void a_long_reason_is_cut_between_characters(void **state)
{
	static const struct {
		const char *character;
		size_t before, size; /* x's before it; of the frame */
	} cuts[] = {
		{ "", 123, 127 },
		{ "", 124, 127 },
		{ "", 300, 127 },
		{ "\xC3\xA9", 121, 127 },
		{ "\xC3\xA9", 122, 126 },
		{ "\xE2\x82\xAC", 120, 127 },
		{ "\xE2\x82\xAC", 121, 125 },
		{ "\xE2\x82\xAC", 122, 126 },
		{ "\xF0\x9F\x98\x80", 120, 124 },
	};

	(void)state;
	for (size_t i = 0; i < ROWS(cuts); i++) {
		char out[2 + FRAME_CONTROL_MAX], reason[310];

		memset(reason, 'x', cuts[i].before);
		strcpy(reason + cuts[i].before, cuts[i].character);
		assert_int_equal(ws_close(out, CLOSE_NORMAL, reason), cuts[i].size);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(bytes_mean_the_same_events_however_they_are_cut),
		cmocka_unit_test(a_servers_frames_are_not_masked),
		cmocka_unit_test(payload_is_told_where_it_lies),
		cmocka_unit_test(pieces_are_told_as_they_come),
		cmocka_unit_test(a_header_alone_is_no_piece),
		cmocka_unit_test(an_empty_piece_is_told_only_first_or_last),
		cmocka_unit_test(a_collected_message_is_given_back_by_the_call_after),
		cmocka_unit_test(a_ping_leaves_the_message_under_way_alone),
		cmocka_unit_test(what_is_kept_is_given_back_at_the_end),
		cmocka_unit_test(ws_free_takes_what_was_never_begun),
		cmocka_unit_test(out_of_memory_is_a_failure_of_ours),
		cmocka_unit_test(after_the_end_all_bytes_are_used_up),
		cmocka_unit_test(a_failure_shows_with_the_byte_that_makes_it),
		cmocka_unit_test(a_message_of_16_mib_is_collected),
		cmocka_unit_test(a_message_of_65537_fragments_is_collected),
		cmocka_unit_test(empty_fragments_cost_neither_memory_nor_events),
		cmocka_unit_test(memory_is_not_reserved_by_what_is_announced),
		cmocka_unit_test(close_codes_are_valid_as_the_rfc_and_iana_say),
		cmocka_unit_test(a_control_frame_is_written_whole),
		cmocka_unit_test(a_close_frame_is_written_whole),
		cmocka_unit_test(a_long_reason_is_cut_between_characters),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
