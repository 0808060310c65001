/* SPDX-License-Identifier: MIT */
/* frame = json: what clients do, as lines for their program; what a program complains of,
 * for them. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base64.h"
#include "framing_json.h"
#include "utf8.h"

/* C in a string, where it may not stand as it is (RFC 8259 7). */
static char *escape(char *out, unsigned char c)
{
	static const char short_of[] = "\"\"\\\\\bb\ff\nn\rr\tt",
			  digits[] = "0123456789abcdef";

	*out++ = '\\';
	for (const char *s = short_of; *s; s += 2)
		if ((unsigned char)*s == c) {
			*out++ = s[1];
			return out;
		}
	memcpy(out, "u00", 3);
	out[3] = digits[c >> 4];
	out[4] = digits[c & 15];
	return out + 5;
}

/* N bytes of UTF-8 as they stand in a string; OUT has room for 6 * N. */
static size_t write_text(const char *p, size_t n, char *out)
{
	char *to = out;

	for (const char *end = p + n; p < end; p++) {
		unsigned char c = (unsigned char)*p;

		if (c >= ' ' && c != '"' && c != '\\')
			*to++ = (char)c;
		else
			to = escape(to, c);
	}
	return (size_t)(to - out);
}

/* ---- messages ---- */

size_t framing_json_head(uint64_t id, enum opcode opcode, char *out)
{
	return (size_t)snprintf(out, FRAMING_JSON_HEAD,
				"{\"id\":%" PRIu64 ",\"event\":\"message\",\"%s\":\"", id,
				opcode == OP_TEXT ? "text" : "base64");
}

size_t framing_json_body(enum opcode opcode, const char *p, size_t n, char *out)
{
	if (opcode == OP_TEXT)
		return write_text(p, n, out);
	base64_encode((struct span){ p, n }, out);
	return BASE64_SIZE(n) - 1;
}

/* ---- the rest ---- */

static int append(struct buf *out, const char *text)
{
	return buf_append(out, text, strlen(text), SIZE_MAX);
}

static int append_begin(struct buf *out, uint64_t id, const char *event)
{
	char text[64];

	snprintf(text, sizeof(text), "{\"id\":%" PRIu64 ",\"event\":\"%s\"", id, event);
	return append(out, text);
}

/* TEXT, which may be any bytes, as a string. */
static int append_string(struct buf *out, struct span text)
{
	char repaired[UTF8_REPAIRED_MAX(256)], escaped[6 * sizeof(repaired)], tail[3];
	uint8_t tail_n = 0;
	size_t n;
	int r = append(out, "\"");

	while (r == 0 && text.n > 0) {
		n = text.n < 256 ? text.n : 256;
		text.n -= n;
		n = utf8_repair(tail, &tail_n, text.p, n, text.n == 0, repaired);
		n = write_text(repaired, n, escaped);
		r = buf_append(out, escaped, n, SIZE_MAX);
		text.p += 256;
	}
	return r == 0 ? append(out, "\"") : r;
}

static int append_field(struct buf *out, const char *name, struct span value)
{
	char text[32];
	int r;

	snprintf(text, sizeof(text), ",\"%s\":", name);
	r = append(out, text);
	if (r < 0)
		return r;
	return value.p ? append_string(out, value) : append(out, "null");
}

int framing_json_open(struct buf *out, uint64_t id, const struct span fields[])
{
	static const char *const names[JSON_FIELDS] = {
		[JSON_PATH] = "path",
		[JSON_QUERY] = "query",
		[JSON_REMOTE] = "remote",
		[JSON_USER] = "user",
		[JSON_SUBPROTOCOL] = "subprotocol",
	};
	int r = append_begin(out, id, "open");

	for (int i = 0; r == 0 && i < JSON_FIELDS; i++)
		r = append_field(out, names[i], fields[i]);
	return r == 0 ? append(out, "}\n") : r;
}

int framing_json_eof(struct buf *out, uint64_t id)
{
	int r = append_begin(out, id, "eof");

	return r == 0 ? append(out, "}\n") : r;
}

int framing_json_close(struct buf *out, uint64_t id, unsigned code, const char *reason)
{
	char text[32];
	int r = append_begin(out, id, "close");

	snprintf(text, sizeof(text), ",\"code\":%u", code);
	if (r == 0)
		r = append(out, text);
	if (r == 0)
		r = append_field(out, "reason", (struct span){ reason, strlen(reason) });
	return r == 0 ? append(out, "}\n") : r;
}

/* ---- to a client ---- */

int framing_json_stderr(struct buf *out, struct span line)
{
	int r = append(out, "{\"event\":\"stderr\"");

	if (r == 0)
		r = append_field(out, "text", line);
	return r == 0 ? append(out, "}") : r;
}
