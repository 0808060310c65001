/* SPDX-License-Identifier: MIT */
/* Messages <-> a backend's byte stream: the table of kinds and what they share. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "framing_kind.h"

static const struct framing_row kinds[] = {
	[FRAMING_LINE] = {
		.traits = {
			.name = "line",
			.type = OP_TEXT,
			.embedded = EMBEDDED_PASS,
			.separated = true,
			.by_lines = true,
		},
		.tail = { "\n", 1 },
		.text_only = true,
		.cuts_cr = true,
		.decode = framing_separated_decode,
	},
	[FRAMING_RAW] = {
		.traits = {
			.name = "raw",
			.type = OP_BINARY,
			.embedded = EMBEDDED_PASS,
		},
		.tail = { "", 0 },
		.decode = framing_raw_decode,
	},
	[FRAMING_NUL] = {
		.traits = {
			.name = "nul",
			.type = OP_TEXT,
			.embedded = EMBEDDED_REFUSE,
			.separated = true,
			.by_lines = true,
		},
		.tail = { "", 1 }, /* the NUL */
		.decode = framing_separated_decode,
	},
	[FRAMING_NETSTRING] = {
		.traits = {
			.name = "netstring",
			.type = OP_BINARY,
			.embedded = EMBEDDED_PASS,
			.measured = true,
			.whole = true,
		},
		.tail = { ",", 1 },
		.decode = framing_measured_decode,
		.write_header = framing_netstring_write,
		.read_header = framing_netstring_read,
		.broken = "program wrote a broken netstring",
		.too_big = "program wrote a netstring over max_message",
		.cut_off = "program ended inside a netstring",
	},
	[FRAMING_U32BE] = {
		.traits = {
			.name = "u32be",
			.type = OP_BINARY,
			.embedded = EMBEDDED_PASS,
			.measured = true,
			.whole = true,
		},
		.tail = { "", 0 },
		.decode = framing_measured_decode,
		.write_header = framing_u32be_write,
		.read_header = framing_u32be_read,
		.too_big = "program wrote a length over max_message",
		.cut_off = "program ended inside a message",
	},
	[FRAMING_JSON] = {
		.traits = {
			.name = "json",
			.type = OP_TEXT,
			.embedded = EMBEDDED_PASS,
			.whole = true,
			.by_lines = true,
		},
		.tail = { "", 0 },
	},
	[FRAMING_WHOLE] = {
		.traits = {
			.name = "whole",
			.type = OP_BINARY,
			.embedded = EMBEDDED_PASS,
		},
		.tail = { "", 0 },
		.decode = framing_whole_decode,
	},
	[FRAMING_MESSAGE] = {
		.traits = {
			.name = "message",
			.type = OP_BINARY,
			.embedded = EMBEDDED_PASS,
		},
		.tail = { "", 0 },
		.decode = framing_message_decode,
		.write_piece_header = framing_message_write,
	},
};

const struct framing_traits *framing_traits(enum framing_kind kind)
{
	return &kinds[kind].traits;
}

char framing_separator(enum framing_kind kind)
{
	return kinds[kind].tail.p[0];
}

/* ---- client -> backend ---- */

/* Treat SEPARATOR in the N bytes at P as EMBEDDED says.  False: do not pass them on. */
static bool settle_embedded(enum framing_embedded embedded, char separator, char *p,
			    size_t n)
{
	char *end = p + n;

	if (embedded == EMBEDDED_PASS)
		return true;
	while (p < end && (p = memchr(p, separator, (size_t)(end - p)))) {
		if (embedded == EMBEDDED_REFUSE)
			return false;
		*p++ = ' ';
	}
	return true;
}

bool framing_encode(const struct framing_conf *conf, enum opcode opcode, bool last,
		    char *p, size_t n, struct framing_ends *ret)
{
	const struct framing_row *kind = &kinds[conf->kind];
	bool bare = opcode != OP_TEXT && (kind->text_only || conf->ends_text);
	struct span tail = conf->ends_text ? SPAN("\n") : kind->tail;
	bool separated = kind->traits.separated || conf->ends_text;

	if (separated && !bare && n > 0 &&
	    !settle_embedded(conf->embedded, tail.p[0], p, n))
		return false;
	ret->head_n = kind->write_header ? kind->write_header(n, ret->head) : 0;
	if (kind->write_piece_header)
		ret->head_n = kind->write_piece_header(opcode, last, n, ret->head);
	ret->tail = last && !bare ? tail : SPAN("");
	return true;
}

/* ---- backend -> client ---- */

int framing_init(struct framing *f, const struct framing_conf *conf)
{
	*f = (struct framing){ .conf = conf, .kind = &kinds[conf->kind] };
	if (!conf->charset || conf->type != OP_TEXT)
		return 0;
	return charset_open(conf->charset, CHARSET_DECODE, conf->charset_error,
			    &f->charset);
}

/* Give back the storage of the last piece. */
static void forget(struct framing *f)
{
	free(f->repaired);
	f->repaired = NULL;
	if (f->told)
		buf_free(&f->held);
	f->told = false;
}

void framing_free(struct framing *f)
{
	forget(f);
	buf_free(&f->held);
	charset_free(f->charset);
	f->charset = NULL;
}

void framing_restart(struct framing *f)
{
	struct charset *charset = f->charset;

	forget(f);
	buf_free(&f->held);
	*f = (struct framing){ .conf = f->conf, .kind = f->kind, .charset = charset };
}

enum framing_result framing_bad(struct framing *f, const char *reason)
{
	f->reason = reason;
	return FRAMING_BAD;
}

/* Are BYTES, behind what is withheld, valid UTF-8?  If the text ENDS with them, no
 * sequence may be unfinished.  *U: the state behind them. */
static bool is_valid(const struct framing *f, struct span bytes, bool ends,
		     struct utf8 *u)
{
	utf8_check(u, f->tail, f->tail_n);
	return utf8_check(u, bytes.p, bytes.n) == bytes.n && (!ends || utf8_complete(u));
}

/* Withhold the last N bytes of RET: the sequence goes on in the next read. */
static void withhold(struct framing *f, struct piece *ret, size_t n)
{
	ret->n -= n;
	memcpy(f->tail, ret->p + ret->n, n);
	f->tail_n = (uint8_t)n;
}

/* What is withheld, and BYTES, as they are, in a binary message. */
static enum framing_result as_binary(struct framing *f, struct span bytes,
				     struct piece *ret)
{
	char *joined;

	ret->opcode = OP_BINARY;
	if (f->tail_n == 0)
		return FRAMING_PIECE;
	joined = f->repaired = malloc(f->tail_n + bytes.n);
	if (!joined)
		return framing_bad(f, "out of memory");
	memcpy(joined, f->tail, f->tail_n);
	memcpy(joined + f->tail_n, bytes.p, bytes.n);
	ret->p = joined;
	ret->n = f->tail_n + bytes.n;
	f->tail_n = 0;
	return FRAMING_PIECE;
}

/* What is withheld, and BYTES, with U+FFFD for what is invalid; just put together if
 * nothing is. */
static enum framing_result repaired(struct framing *f, struct span bytes, bool ends,
				    struct piece *ret)
{
	f->repaired = malloc(UTF8_REPAIRED_MAX(bytes.n));
	if (!f->repaired)
		return framing_bad(f, "out of memory");
	ret->p = f->repaired;
	ret->n = utf8_repair(f->tail, &f->tail_n, bytes.p, bytes.n, ends, f->repaired);
	return FRAMING_PIECE;
}

/* BYTES, and what waited before them, in UTF-8. */
static enum framing_result converted(struct framing *f, struct span bytes, bool ends,
				     struct piece *ret)
{
	struct buf out = { 0 };
	int r = charset_convert(f->charset, bytes.p, bytes.n, ends, &out);

	f->repaired = out.store;
	if (r == -EILSEQ)
		return framing_bad(f, "program wrote what is not in its charset");
	if (r < 0)
		return framing_bad(f, "out of memory");
	ret->p = buf_len(&out) > 0 ? buf_head(&out) : "";
	ret->n = buf_len(&out);
	return FRAMING_PIECE;
}

enum framing_result framing_text(struct framing *f, struct span bytes, bool ends,
				 struct piece *ret)
{
	struct utf8 u = { 0 };

	if (!is_valid(f, bytes, ends, &u)) {
		if (f->conf->invalid == INVALID_CLOSE)
			return framing_bad(f, "program wrote invalid UTF-8");
		if (f->conf->invalid == INVALID_BINARY && !f->streaming)
			return as_binary(f, bytes, ret);
		return repaired(f, bytes, ends, ret);
	}
	if (f->tail_n > 0)
		return repaired(f, bytes, ends, ret);
	withhold(f, ret, u.have);
	return FRAMING_PIECE;
}

enum framing_result framing_piece(struct framing *f, struct span bytes, bool ends,
				  struct piece *ret)
{
	*ret = (struct piece){ .p = bytes.p, .n = bytes.n, .opcode = f->conf->type };
	if (f->fragmented)
		ret->opcode = OP_CONTINUATION;
	if (f->conf->type != OP_TEXT)
		return FRAMING_PIECE;
	if (f->charset)
		return converted(f, bytes, ends, ret);
	return framing_text(f, bytes, ends, ret);
}

enum framing_result framing_tell(struct framing *f, struct span text, bool last,
				 struct piece *ret)
{
	enum framing_result r = framing_piece(f, text, last, ret);

	if (r != FRAMING_PIECE)
		return r;
	if (ret->n == 0 && !last) /* all of it is withheld */
		return FRAMING_MORE;
	ret->last = last;
	f->fragmented = !last;
	if (last)
		f->streaming = false;
	return FRAMING_PIECE;
}

bool framing_hold(struct framing *f, struct span *in, size_t n)
{
	if (buf_append(&f->held, in->p, n, FRAMING_HELD_MAX) < 0)
		return false;
	span_skip(in, n);
	return true;
}

struct span framing_held(struct framing *f)
{
	f->told = true;
	return (struct span){ buf_len(&f->held) ? buf_head(&f->held) : "",
			      buf_len(&f->held) };
}

enum framing_result framing_decode(struct framing *f, struct span *in, bool eof,
				   struct piece *ret, const char **ret_reason)
{
	enum framing_result r = FRAMING_MORE;

	forget(f);
	if (in->n == 0)
		in->p = ""; /* never NULL, which memchr(3) must not see */
	if (in->n > 0 || eof)
		r = f->kind->decode(f, in, eof, ret);
	if (r == FRAMING_PIECE)
		ret->transient = f->told || f->repaired;
	else
		forget(f);
	if (r == FRAMING_BAD)
		*ret_reason = f->reason;
	return r;
}

struct span framing_first(const struct framing *f)
{
	return (struct span){ f->first, f->first_n };
}
