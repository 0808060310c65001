/* SPDX-License-Identifier: MIT */
/*
 * Runs framing vectors, text that says which messages a program's bytes are and which
 * bytes a client's messages become, however they are cut, and prints TAP.
 *
 * A line begins with a word; blank lines and lines that begin with # are skipped.
 *
 *   case NAME            begins a vector
 *   conf WORD=VALUE ...  frame (default line), type, embedded, invalid, charset, error
 *                        (close), max; as the keys of the ini have them
 *
 * From the program; bytes are those of all lines:
 *   program DATA         bytes that it writes
 *   text DATA | binary DATA   a message to the client; with frame=raw its pieces
 *   bad REASON           the framing is broken
 *
 * From the client:
 *   says text DATA | says binary DATA   a message
 *   reads DATA           bytes that the program reads
 *   refused              the last message is
 *
 * DATA as in frame_vector.h.  What the program writes is read in one piece, byte by byte,
 * and cut in two everywhere; what the client says is cut in two everywhere, too, where
 * the framing does not want it whole.
 *
 * usage: run_framings FILE...
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "frame_vector.h"
#include "framing.h"

struct vector {
	char name[128];
	const char *file;
	unsigned line;
	struct framing_conf conf;
	bool whole;
	struct buf program, reads;
	struct told want, says;
	bool refused;
};

static struct vector v;
static unsigned count, failed;

static void die(const char *what)
{
	fprintf(stderr, "%s:%u: %s\n", v.file, v.line, what);
	exit(2);
}

static void append(struct buf *b, const char *p, size_t n)
{
	if (buf_append(b, p, n, SIZE_MAX) < 0)
		abort();
}

static struct span content(const struct buf *b)
{
	return (struct span){ buf_len(b) > 0 ? buf_head(b) : "", buf_len(b) };
}

/* ---- from the program ---- */

struct run {
	struct framing framing;
	struct told told;
	struct buf message;
	enum opcode opcode;
	bool ended;
};

static void feed(struct run *r, const char *p, size_t n, bool eof)
{
	char *copy = malloc(n + 1);
	struct span in = { copy, n };
	enum framing_result result;
	struct piece piece;
	const char *reason;

	if (!copy)
		abort();
	memcpy(copy, p, n);
	while (!r->ended && (result = framing_decode(&r->framing, &in, eof, &piece,
						     &reason)) != FRAMING_MORE) {
		if (result == FRAMING_BAD) {
			told_add(&r->told, WS_FAIL, 0, 0, reason, strlen(reason));
			r->ended = true;
			break;
		}
		if (piece.opcode != OP_CONTINUATION)
			r->opcode = piece.opcode;
		append(&r->message, piece.p, piece.n);
		if (!piece.last || v.conf.kind == FRAMING_RAW)
			continue;
		told_add(&r->told, WS_DATA, r->opcode, 0, content(&r->message).p,
			 buf_len(&r->message));
		buf_free(&r->message);
	}
	free(copy);
}

/* Read FIRST bytes, then STEP at a time. */
static bool decodes(size_t first, size_t step)
{
	struct span in = content(&v.program);
	struct run r = { 0 };
	bool good;

	if (framing_init(&r.framing, &v.conf) < 0)
		die("the charset is unknown");
	feed(&r, in.p, first, false);
	for (size_t at = first; at < in.n; at += step)
		feed(&r, in.p + at, at + step < in.n ? step : in.n - at, false);
	feed(&r, "", 0, true);
	if (v.conf.kind == FRAMING_RAW && !r.ended)
		told_add(&r.told, WS_DATA, v.conf.type, 0, content(&r.message).p,
			 buf_len(&r.message));
	good = told_equal(&v.want, &r.told);
	if (!good) {
		printf("# %s:%u: read %zu, then %zu at a time\n", v.file, v.line, first,
		       step);
		told_print(&v.want, "wanted");
		told_print(&r.told, "told");
	}
	framing_free(&r.framing);
	told_free(&r.told);
	buf_free(&r.message);
	return good;
}

/* ---- from the client ---- */

static bool encode(struct charset *c, enum opcode opcode, bool last, const char *p,
		   size_t n, struct buf *to)
{
	struct buf piece = { 0 };
	struct framing_ends ends;
	bool ends_text = last && v.conf.kind != FRAMING_RAW, ok = true;

	if (c && opcode == OP_TEXT)
		ok = charset_convert(c, p, n, ends_text, &piece) == 0;
	else
		append(&piece, p, n);
	ok = ok && framing_encode(&v.conf, opcode, last, buf_head(&piece),
				  buf_len(&piece), &ends);
	if (ok) {
		append(to, ends.head, ends.head_n);
		append(to, content(&piece).p, buf_len(&piece));
		append(to, ends.tail.p, ends.tail.n);
	}
	buf_free(&piece);
	return ok;
}

/* Each message in two pieces, the first of CUT bytes at most; SIZE_MAX: in one. */
static bool encodes(size_t cut)
{
	struct charset *c = NULL;
	struct buf to = { 0 };
	bool ok = true, good;

	if (v.conf.charset &&
	    charset_open(v.conf.charset, CHARSET_ENCODE, v.conf.charset_error, &c) < 0)
		die("the charset is unknown");
	for (size_t i = 0; ok && i < v.says.n; i++) {
		const struct told_event *e = &v.says.events[i];
		struct span s = content(&e->data);

		if (cut < s.n) {
			ok = encode(c, e->opcode, false, s.p, cut, &to);
			s.p += cut;
			s.n -= cut;
		}
		ok = ok && encode(c, e->opcode, true, s.p, s.n, &to);
	}
	good = ok == !v.refused && span_is(content(&to), content(&v.reads));
	if (!good)
		printf("# %s:%u: cut at %zu: %s, %zu bytes: %.*s\n", v.file, v.line, cut,
		       ok ? "passed" : "refused", buf_len(&to), (int)buf_len(&to),
		       content(&to).p);
	charset_free(c);
	buf_free(&to);
	return good;
}

/* ---- a vector ---- */

static bool passes(void)
{
	size_t n = buf_len(&v.program), longest = 0;
	bool good = v.want.n + v.says.n > 0;

	if (v.want.n > 0)
		good = decodes(n, 1) && decodes(0, 1);
	for (size_t cut = 1; v.want.n > 0 && good && cut < n; cut += 1 + n / 500)
		good = decodes(cut, n);
	if (v.says.n > 0)
		good = good && encodes(SIZE_MAX);
	for (size_t i = 0; i < v.says.n; i++)
		if (buf_len(&v.says.events[i].data) > longest)
			longest = buf_len(&v.says.events[i].data);
	for (size_t cut = 0; good && !v.whole && cut < longest; cut++)
		good = encodes(cut);
	return good;
}

static void finish(void)
{
	bool good;

	if (!v.line)
		return;
	good = passes();
	printf("%s %u - %s\n", good ? "ok" : "not ok", ++count, v.name);
	failed += !good;
	told_free(&v.want);
	told_free(&v.says);
	buf_free(&v.program);
	buf_free(&v.reads);
	free(v.conf.charset);
	v = (struct vector){ 0 };
}

/* The place of WORD in the list WORDS. */
static int find(const char *word, const char *const *words)
{
	for (int i = 0; words[i]; i++)
		if (strcmp(words[i], word) == 0)
			return i;
	die("an unknown value");
	return 0;
}

static void read_conf(char *p)
{
	static const char *const frames[] = { "line",      "raw",   "nul",
					      "netstring", "u32be", NULL };
	static const char *const types[] = { "", "text", "binary", NULL };
	static const char *const embedded[] = { "", "pass", "space", "refuse", NULL };
	static const char *const invalid[] = { "replace", "binary", "close", NULL };
	static const char *const errors[] = { "replace", "close", NULL };

	for (char *word = strtok(p, " "); word; word = strtok(NULL, " ")) {
		char *value = strchr(word, '=');

		if (!value)
			die("conf wants WORD=VALUE");
		*value++ = '\0';
		if (strcmp(word, "frame") == 0)
			v.conf.kind = (enum framing_kind)find(value, frames);
		else if (strcmp(word, "type") == 0)
			v.conf.type = (enum opcode)find(value, types);
		else if (strcmp(word, "embedded") == 0)
			v.conf.embedded = (enum framing_embedded)find(value, embedded);
		else if (strcmp(word, "invalid") == 0)
			v.conf.invalid = (enum framing_invalid)find(value, invalid);
		else if (strcmp(word, "error") == 0)
			v.conf.charset_error = (enum charset_error)find(value, errors);
		else if (strcmp(word, "max") == 0)
			v.conf.max_message = (size_t)atol(value);
		else if (strcmp(word, "charset") == 0)
			v.conf.charset = strdup(value);
		else
			die("an unknown setting");
	}
}

/* What the daemon makes of settings that were not said. */
static void settle(void)
{
	const struct framing_traits *kind = framing_traits(v.conf.kind);

	if (!v.conf.type)
		v.conf.type = kind->type;
	if (!v.conf.embedded)
		v.conf.embedded = kind->embedded;
	v.whole = kind->measured || v.conf.embedded == EMBEDDED_REFUSE ||
		  v.conf.charset_error == CHARSET_CLOSE;
}

static void add(struct told *told, enum ws_event_type type, enum opcode opcode,
		char *data)
{
	struct buf bytes = { 0 };

	vector_data(v.file, v.line, data, &bytes);
	told_add(told, type, opcode, 0, content(&bytes).p, buf_len(&bytes));
	buf_free(&bytes);
}

/* The rest of LINE behind WORD, or NULL. */
static char *after(char *line, const char *word)
{
	size_t n = strlen(word);

	if (strncmp(line, word, n) != 0 || (line[n] && line[n] != ' '))
		return NULL;
	return line + n + (line[n] == ' ');
}

static void read_line(char *line)
{
	char *p;

	if ((p = after(line, "conf")))
		read_conf(p);
	else if ((p = after(line, "program")))
		vector_data(v.file, v.line, p, &v.program);
	else if ((p = after(line, "reads")))
		vector_data(v.file, v.line, p, &v.reads);
	else if ((p = after(line, "text")))
		add(&v.want, WS_DATA, OP_TEXT, p);
	else if ((p = after(line, "binary")))
		add(&v.want, WS_DATA, OP_BINARY, p);
	else if ((p = after(line, "bad")))
		told_add(&v.want, WS_FAIL, 0, 0, p, strlen(p));
	else if ((p = after(line, "says text")))
		add(&v.says, WS_DATA, OP_TEXT, p);
	else if ((p = after(line, "says binary")))
		add(&v.says, WS_DATA, OP_BINARY, p);
	else if (after(line, "refused"))
		v.refused = true;
	else
		die("an unknown word");
	settle();
}

static void read_file(const char *name)
{
	FILE *f = fopen(name, "re");
	char *line = NULL, *p;
	size_t cap = 0;
	unsigned number = 0;

	if (!f) {
		perror(name);
		exit(2);
	}
	while (getline(&line, &cap, f) > 0) {
		line[strcspn(line, "\n")] = '\0';
		number++;
		if (!*line || *line == '#')
			continue;
		p = after(line, "case");
		if (p) {
			finish();
			snprintf(v.name, sizeof(v.name), "%s", p);
		}
		v.file = name;
		v.line = number;
		if (!p)
			read_line(line);
	}
	finish();
	free(line);
	fclose(f);
}

int main(int argc, char **argv)
{
	for (int i = 1; i < argc; i++)
		read_file(argv[i]);
	printf("1..%u\n", count);
	return failed > 0 || argc < 2;
}
