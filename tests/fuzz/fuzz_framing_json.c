/* SPDX-License-Identifier: MIT */
/*
 * Fuzzes framing_json_lines.c and framing_json_read.c: whatever the reads, the lines are
 * those of a naive look at the whole, and what one says is what jansson reads in it.
 *
 * The first byte of an input is the size of the reads, the second the most bytes of a
 * line, the third those of a message.
 */
#include <jansson.h>
#include <stdint.h>
#include <stdlib.h>

#include "framing_json.h"
#include "utf8.h"
#include "ws.h"

#define MUST(holds) ((holds) ? (void)0 : abort())
#define HEAD 3

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* ---- lines ---- */

/* The line that the N bytes at P begin with, and whether it is the last. */
static size_t naive_line(const char *p, size_t n)
{
	size_t at = 0;

	while (at < n && p[at] != '\n')
		at++;
	return at;
}

/* What was cut is the next line of the text from *AT on. */
static void check_cut(enum framing_json_cut said, struct span line, size_t most,
		      const char *text, size_t n, size_t *at)
{
	size_t naive = naive_line(text + *at, n - *at);

	if (said == JSON_TOO_LONG) {
		MUST(naive > most && line.n <= FRAMING_JSON_FIRST);
		MUST(memcmp(text + *at, line.p, line.n) == 0);
	} else {
		MUST(naive <= most && line.n == naive);
		MUST(naive == 0 || memcmp(text + *at, line.p, naive) == 0);
	}
	*at += naive + 1;
}

/* ---- orders ---- */

/* IDS are those of V, a number or an array. */
static void check_ids(struct span ids, const json_t *v)
{
	size_t n = json_is_array(v) ? json_array_size(v) : json_is_integer(v);
	uint64_t id;

	for (size_t i = 0; i < n; i++) {
		const json_t *one = json_is_array(v) ? json_array_get(v, i) : v;

		MUST(framing_json_next_id(&ids, &id));
		MUST(json_is_integer(one) && id == (uint64_t)json_integer_value(one));
	}
	MUST(!framing_json_next_id(&ids, &id));
}

static void check_text(const struct framing_json_order *o, const json_t *text)
{
	if (!json_is_string(text))
		return;
	MUST(o->opcode == OP_TEXT && o->message.n == json_string_length(text));
	MUST(memcmp(o->message.p, json_string_value(text), o->message.n) == 0);
}

static void check_order(const struct framing_json_order *o, const json_t *v)
{
	struct utf8 utf8 = { 0 };

	MUST(o->to_all == json_is_string(json_object_get(v, "to")));
	check_ids(o->to, json_object_get(v, "to"));
	check_ids(o->except, json_object_get(v, "except"));
	check_text(o, json_object_get(v, "text"));
	MUST(o->close == (unsigned)json_integer_value(json_object_get(v, "close")));
	MUST(o->close == 0 || ws_close_code_valid(o->close));
	MUST(strlen(o->reason) <= FRAME_CONTROL_MAX - 2);
	MUST(utf8_check(&utf8, o->reason, strlen(o->reason)) == strlen(o->reason));
	MUST(utf8_complete(&utf8));
}

/* What jansson does not read: half a pair of surrogates, and numbers over 63 bits. */
static bool is_beyond_jansson(const json_error_t *e)
{
	enum json_error_code code = json_error_code(e);

	return code == json_error_numeric_overflow || strstr(e->text, "Unicode");
}

/* An object of which it is plain that it is an order, unless a NUL was in it: jansson
 * reads {"to":1<NUL>} as if it were not there. */
static bool is_plain_order(const json_t *v, size_t most)
{
	const json_t *to = json_object_get(v, "to"), *text = json_object_get(v, "text");

	return json_object_size(v) == 2 && json_is_integer(to) && json_is_string(text) &&
	       json_integer_value(to) > 0 && json_string_length(text) <= most;
}

static void check_line(struct span line, size_t most)
{
	struct framing_json_order o;
	const char *wrong = framing_json_read(line, most, &o);
	json_error_t e = { 0 };
	json_t *v = json_loadb(line.n ? line.p : "", line.n,
			       JSON_ALLOW_NUL | JSON_REJECT_DUPLICATES, &e);
	bool has_nul = line.n > 0 && memchr(line.p, '\0', line.n);

	MUST(o.message.n <= most || wrong);
	if (has_nul)
		MUST(wrong);
	else if (is_plain_order(v, most))
		MUST(!wrong);
	if (!wrong && v)
		check_order(&o, v);
	else if (!wrong && (o.opcode != OP_CONTINUATION || o.close))
		MUST(is_beyond_jansson(&e));
	framing_json_order_free(&o);
	json_decref(v);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	size_t step, most, at = 0;
	const char *text = (const char *)data + HEAD;
	struct framing_json_lines l = { 0 };
	enum framing_json_cut said;
	struct span line;

	if (size < HEAD)
		return 0;
	size -= HEAD;
	step = 1 + data[0];
	l.most = most = 4 * (size_t)data[1];
	for (size_t read = 0;; read += step) {
		size_t left = size > read ? size - read : 0;
		struct span in = { text + read, left < step ? left : step };

		while ((said = framing_json_cut(&l, &in, left == 0, &line)) !=
		       JSON_MORE) {
			check_cut(said, line, most, text, size, &at);
			if (said == JSON_LINE)
				check_line(line, data[2]);
		}
		MUST(in.n == 0);
		if (left == 0)
			break;
	}
	MUST(at == size || at == size + 1);
	framing_json_lines_free(&l);
	return 0;
}
