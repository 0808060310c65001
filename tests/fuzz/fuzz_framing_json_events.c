/* SPDX-License-Identifier: MIT */
/* Fuzzes framing_json_write.c: whatever a client says, its program gets one line, in
 * which jansson finds just that. */
#include <jansson.h>
#include <stdint.h>
#include <stdlib.h>

#include "base64.h"
#include "framing_json.h"
#include "utf8.h"

#define MUST(holds) ((holds) ? (void)0 : abort())
#define ID 4711

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* OUT, one line of an EVENT, as jansson reads it. */
static json_t *line_of(struct buf *out, const char *event)
{
	const char *end = memchr(buf_head(out), '\n', buf_len(out));
	json_t *v;

	MUST(end == buf_head(out) + buf_len(out) - 1);
	v = json_loadb(buf_head(out), buf_len(out), JSON_ALLOW_NUL, NULL);
	MUST(json_integer_value(json_object_get(v, "id")) == ID);
	MUST(strcmp(json_string_value(json_object_get(v, "event")), event) == 0);
	buf_free(out);
	return v;
}

static void check_member(const json_t *v, const char *name, struct span text)
{
	const json_t *member = json_object_get(v, name);

	MUST(json_string_length(member) == text.n);
	MUST(text.n == 0 || memcmp(json_string_value(member), text.p, text.n) == 0);
}

static void check_message(enum opcode opcode, struct span payload)
{
	char head[FRAMING_JSON_HEAD], body[FRAMING_JSON_BODY];
	struct span left = payload, tail = FRAMING_JSON_TAIL;
	struct buf out = { 0 };
	char *base64 = malloc(BASE64_SIZE(payload.n));
	json_t *v;

	MUST(base64);
	base64_encode(payload, base64);
	buf_append(&out, head, framing_json_head(ID, opcode, head), SIZE_MAX);
	while (left.n > 0) {
		size_t n = left.n < FRAMING_JSON_PIECE ? left.n : FRAMING_JSON_PIECE;
		size_t written = framing_json_body(opcode, left.p, n, body);

		MUST(written <= sizeof(body));
		buf_append(&out, body, written, SIZE_MAX);
		left = (struct span){ left.p + n, left.n - n };
	}
	buf_append(&out, tail.p, tail.n, SIZE_MAX);
	v = line_of(&out, "message");
	if (opcode == OP_TEXT)
		check_member(v, "text", payload);
	else
		check_member(v, "base64", (struct span){ base64, strlen(base64) });
	json_decref(v);
	free(base64);
}

/* In an event that is made of any bytes, what is no UTF-8 is repaired. */
static void check_open(struct span path, struct span query)
{
	struct span fields[JSON_FIELDS] = { [JSON_PATH] = path, [JSON_QUERY] = query };
	char *repaired = malloc(UTF8_REPAIRED_MAX(path.n)), tail[3];
	uint8_t tail_n = 0;
	struct buf out = { 0 };
	json_t *v;

	MUST(repaired);
	MUST(framing_json_open(&out, ID, fields) == 0);
	v = line_of(&out, "open");
	path.n = utf8_repair(tail, &tail_n, path.p, path.n, true, repaired);
	check_member(v, "path", (struct span){ repaired, path.n });
	MUST(json_is_string(json_object_get(v, "query")));
	MUST(json_is_null(json_object_get(v, "user")));
	json_decref(v);
	free(repaired);
}

static void check_end(struct span reason)
{
	char *text = strndup(reason.p, reason.n);
	struct buf out = { 0 };

	MUST(text);
	MUST(framing_json_close(&out, ID, 1000, text) == 0);
	json_decref(line_of(&out, "close"));
	MUST(framing_json_eof(&out, ID) == 0);
	json_decref(line_of(&out, "eof"));
	free(text);
}

/* What a program complains of is no line. */
static void check_stderr(struct span line)
{
	struct buf out = { 0 };
	json_t *v;

	MUST(framing_json_stderr(&out, line) == 0);
	MUST(!memchr(buf_head(&out), '\n', buf_len(&out)));
	v = json_loadb(buf_head(&out), buf_len(&out), JSON_ALLOW_NUL, NULL);
	MUST(strcmp(json_string_value(json_object_get(v, "event")), "stderr") == 0);
	MUST((json_string_length(json_object_get(v, "text")) > 0) == (line.n > 0));
	json_decref(v);
	buf_free(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct span payload = { size ? (const char *)data : "", size };
	struct utf8 utf8 = { 0 };

	if (utf8_check(&utf8, payload.p, size) == size && utf8_complete(&utf8))
		check_message(OP_TEXT, payload);
	check_message(OP_BINARY, payload);
	check_open((struct span){ payload.p, size / 2 },
		   (struct span){ payload.p + size / 2, size - size / 2 });
	check_end(payload);
	check_stderr(payload);
	return 0;
}
