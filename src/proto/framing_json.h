/* SPDX-License-Identifier: MIT */
/*
 * framing_json.h - frame = json: one program talks to each of its clients, by lines of
 * JSON.
 *
 * To the program, of the client whose session has the id 17:
 *      {"id":17,"event":"open","path":"/x","query":"a=1","remote":"192.0.2.7:4711",
 *       "user":null,"subprotocol":null}
 *      {"id":17,"event":"message","text":"…"}      or "base64":"…" of a binary message
 *      {"id":17,"event":"eof"}
 *      {"id":17,"event":"close","code":1001,"reason":"…"}
 * From the program:
 *      {"to":17,"text":"…"}       or "base64":"…"; "to":[17,18]; "to":"all"
 *      {"to":"all","except":17,"text":"…"}         "except":[17,18]
 *      {"to":17,"close":4001,"reason":"…"}         behind "text" if both are there
 * Every line to the program is valid JSON (RFC 8259), whatever a client has sent.
 */
#ifndef PROTO_FRAMING_JSON_H
#define PROTO_FRAMING_JSON_H

#include <stdint.h>

#include "buf.h"
#include "frame.h"
#include "span.h"

/* ---- to the program ---- */

enum framing_json_field {
	JSON_PATH,
	JSON_QUERY,
	JSON_REMOTE,
	JSON_USER,
	JSON_SUBPROTOCOL,
	JSON_FIELDS
};

/* Append the line to OUT.  0 or -ENOMEM: then a part may be appended.  FIELDS may hold
 * any bytes (what is no UTF-8 becomes U+FFFD); p == NULL is null.  REASON is UTF-8. */
int framing_json_open(struct buf *out, uint64_t id, const struct span fields[]);
int framing_json_eof(struct buf *out, uint64_t id);
int framing_json_close(struct buf *out, uint64_t id, unsigned code, const char *reason);

/* ---- to a client, of any frame ---- */

/* Append LINE, any bytes that a program wrote to its standard error, as
 *      {"event":"stderr","text":"…"}
 * which is FRAMING_JSON_STDERR bytes around the text.  0 or -ENOMEM as above. */
#define FRAMING_JSON_STDERR (sizeof("{\"event\":\"stderr\",\"text\":\"\"}") - 1)
int framing_json_stderr(struct buf *out, struct span line);

/*
 * The line of a message is its head, its payload as framing_json_body() writes it piece
 * by piece, and its tail, so that nobody has to hold it twice.  Each returns the bytes
 * that it wrote to OUT.
 */
#define FRAMING_JSON_HEAD 80   /* room for a head */
#define FRAMING_JSON_PIECE 768 /* bytes of a piece; only the last one has fewer */
#define FRAMING_JSON_BODY (6 * FRAMING_JSON_PIECE) /* room for what it becomes */
#define FRAMING_JSON_TAIL SPAN("\"}\n")

size_t framing_json_head(uint64_t id, enum opcode opcode, char *out);

/* N bytes (at most a piece) of a message; of a text one in UTF-8, a character may go on
 * in the next piece. */
size_t framing_json_body(enum opcode opcode, const char *p, size_t n, char *out);

/* ---- from the program: its lines ---- */

/* The longest line, where a message has at most MAX bytes: each of them may be escaped
 * as 6, and 64 KiB are left for ids and the rest. */
#define FRAMING_JSON_LINE_MAX(max) (6 * (size_t)(max) + 64 * 1024)

/* How many bytes of a line that is too long are kept, its first ones, for the log. */
#define FRAMING_JSON_FIRST 32

/* Cuts what a program writes into lines. */
struct framing_json_lines {
	size_t most;     /* bytes of one, without its LF */
	struct buf held; /* the line under way; without storage when there is none */
	bool told;       /* the last RET lies in `held` */
	bool skipping;   /* the line under way is too long */
};

enum framing_json_cut {
	JSON_MORE,     /* all bytes are used */
	JSON_LINE,     /* ret is a line, without its LF */
	JSON_TOO_LONG, /* ret is the first bytes of one that is skipped */
};

/* Cut the next line off IN, a read of the program's output (advanced past what was
 * used); with EOF the rest is the last line.  Before the first call L is all zero but
 * for `most`.  RET is valid until the next call and as long as IN.  Call until
 * JSON_MORE.  Out of memory is JSON_TOO_LONG. */
enum framing_json_cut framing_json_cut(struct framing_json_lines *l, struct span *in,
				       bool eof, struct span *ret);
void framing_json_lines_free(struct framing_json_lines *l);

/* ---- from the program: what a line says ---- */

struct framing_json_order {
	bool to_all;
	struct span to, except; /* ids: framing_json_next_id() */
	enum opcode opcode;     /* of the message; OP_CONTINUATION: there is none */
	struct span message;    /* in the line, or in storage */
	unsigned close;         /* the code to close with; 0: do not */
	char reason[FRAME_CONTROL_MAX - 1]; /* cut to what a close frame has room for */
	char *storage;
};

/*
 * Read LINE, whose message may have MAX_MESSAGE bytes.  NULL, or what is wrong with it
 * (static): it is no order then.  A blank line is an order to nobody.  Either way RET is
 * set; give it back with framing_json_order_free().  It is valid as long as LINE.
 *
 * Time and memory are linear in the line.  It is not parsed into a tree of JSON values:
 * for a line of a megabyte that would take 10 ms, which the loop does not have, and 30
 * MB.
 */
const char *framing_json_read(struct span line, size_t max_message,
			      struct framing_json_order *ret);
void framing_json_order_free(struct framing_json_order *o);

/* Take the first id off IDS (`to` or `except`).  False: there is no more. */
bool framing_json_next_id(struct span *ids, uint64_t *ret);

#endif
