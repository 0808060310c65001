/* SPDX-License-Identifier: MIT */
/* Reads frame vectors, text files that say: these bytes in, these events out. */
#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "frame_vector.h"

#define DEFAULT_KEY "37fa213d"

/* Where the reader is, for its error texts. */
struct place {
	const char *file;
	unsigned line;
};

__attribute__((noreturn, format(printf, 2, 3))) static void die(const struct place *at,
								const char *format, ...)
{
	va_list args;

	fprintf(stderr, "%s:%u: ", at->file, at->line);
	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	fputc('\n', stderr);
	exit(2);
}

static void *must(void *p)
{
	if (!p)
		abort(); /* out of memory */
	return p;
}

static void append(struct buf *b, const void *p, size_t n)
{
	if (buf_append(b, p, n, SIZE_MAX) < 0)
		abort();
}

/* ---- lists of events ---- */

void told_add(struct told *told, enum ws_event_type type, enum opcode opcode,
	      unsigned code, const char *p, size_t n)
{
	struct told_event *e;

	if (told->n == told->cap) {
		told->cap = 2 * told->cap + 4;
		told->events =
			must(realloc(told->events, told->cap * sizeof(*told->events)));
	}
	e = &told->events[told->n++];
	*e = (struct told_event){ .type = type, .opcode = opcode, .code = code };
	append(&e->data, p, n);
}

static bool event_equal(const struct told_event *a, const struct told_event *b)
{
	size_t n = buf_len(&a->data);

	return a->type == b->type && a->code == b->code && n == buf_len(&b->data) &&
	       (a->type != WS_DATA || a->opcode == b->opcode) &&
	       (n == 0 || memcmp(buf_head(&a->data), buf_head(&b->data), n) == 0);
}

bool told_equal(const struct told *a, const struct told *b)
{
	if (a->n != b->n)
		return false;
	for (size_t i = 0; i < a->n; i++)
		if (!event_equal(&a->events[i], &b->events[i]))
			return false;
	return true;
}

void told_free(struct told *told)
{
	for (size_t i = 0; i < told->n; i++)
		buf_free(&told->events[i].data);
	free(told->events);
	*told = (struct told){ 0 };
}

static void event_print(const struct told_event *e)
{
	static const char *const names[] = {
		[WS_DATA] = "data",   [WS_PING] = "ping", [WS_PONG] = "pong",
		[WS_CLOSE] = "close", [WS_FAIL] = "fail", [WS_MORE] = "more",
	};
	size_t n = buf_len(&e->data);

	printf("#   %s", e->type != WS_DATA     ? names[e->type]
			 : e->opcode == OP_TEXT ? "text"
						: "binary");
	if (e->code)
		printf(" %u", e->code);
	printf(" (%zu bytes) ", n);
	for (size_t i = 0; i < n && i < 40; i++)
		printf(isprint((unsigned char)buf_head(&e->data)[i]) ? "%c" : "\\x%02x",
		       (unsigned char)buf_head(&e->data)[i]);
	puts(n > 40 ? "..." : "");
}

void told_print(const struct told *told, const char *title)
{
	printf("# %s: %zu events\n", title, told->n);
	for (size_t i = 0; i < told->n && i < 10; i++)
		event_print(&told->events[i]);
}

/* ---- words ---- */

static size_t number(const struct place *at, const char *text)
{
	char *end;
	unsigned long long value = strtoull(text, &end, 0);

	if (!isdigit((unsigned char)*text) || *end)
		die(at, "not a number: %s", text);
	return (size_t)value;
}

/* The next word of *LINE, which is cut out of it, or NULL. */
static char *next_word(char **line)
{
	char *word;

	*line += strspn(*line, " \t");
	if (!**line)
		return NULL;
	word = *line;
	*line += strcspn(*line, " \t");
	if (**line)
		*(*line)++ = '\0';
	return word;
}

static char *must_word(const struct place *at, char **line)
{
	char *word = next_word(line);

	if (!word)
		die(at, "something is missing at the end of the line");
	return word;
}

static unsigned hex_byte(const struct place *at, const char *p)
{
	unsigned value;

	if (!isxdigit((unsigned char)p[0]) || !isxdigit((unsigned char)p[1]))
		die(at, "not two hex digits: %.2s", p);
	sscanf(p, "%2x", &value);
	return value;
}

/* ---- data ---- */

/* One character or escape of a quoted text; moves *P past it. */
static char quoted_char(const struct place *at, char **p)
{
	char c = *(*p)++;

	if (c != '\\')
		return c;
	switch (c = *(*p)++) {
	case 'n':
		return '\n';
	case 'r':
		return '\r';
	case '0':
		return '\0';
	case 'x':
		*p += 2;
		return (char)hex_byte(at, *p - 2);
	case '"':
	case '\\':
		return c;
	default:
		die(at, "unknown escape: \\%c", c);
	}
}

static void read_quoted(const struct place *at, char **p, struct buf *out)
{
	++*p;
	while (**p != '"') {
		char c;

		if (!**p)
			die(at, "a quote is not closed");
		c = quoted_char(at, p);
		append(out, &c, 1);
	}
	++*p;
}

static void read_code(char **p, struct buf *out)
{
	unsigned long code = strtoul(*p, p, 10);
	char bytes[2] = { (char)(code >> 8 & 0xFF), (char)(code & 0xFF) };

	append(out, bytes, 2);
}

static void read_hex(const struct place *at, char **p, struct buf *out)
{
	for (; isalnum((unsigned char)**p); *p += 2) {
		char c = (char)hex_byte(at, *p);

		append(out, &c, 1);
	}
}

/* What the item at *P stands for, appended to OUT. */
static void read_item(const struct place *at, char **p, struct buf *out)
{
	struct buf item = { 0 };
	unsigned long times = 1;

	if (**p == '"') {
		read_quoted(at, p, &item);
	} else if (strncmp(*p, "code=", 5) == 0) {
		*p += 5;
		read_code(p, &item);
	} else {
		read_hex(at, p, &item);
	}
	if (**p == '*')
		times = strtoul(*p + 1, p, 10);
	if (**p && !isblank((unsigned char)**p))
		die(at, "cannot read: %s", *p);
	while (times-- > 0)
		append(out, buf_head(&item), buf_len(&item));
	buf_free(&item);
}

static void read_data(const struct place *at, char *p, struct buf *out)
{
	for (p += strspn(p, " \t"); *p; p += strspn(p, " \t"))
		read_item(at, &p, out);
}

void vector_data(const char *file, unsigned line, char *text, struct buf *out)
{
	const struct place at = { file, line };

	read_data(&at, text, out);
}

/* ---- frames ---- */

struct shorthand {
	unsigned first; /* byte of the header */
	bool masked;
	uint8_t key[4];
	size_t length; /* announced; SIZE_MAX: that of the data */
	size_t form;   /* 0: the shortest */
};

static void read_key(const struct place *at, const char *text, uint8_t key[4])
{
	if (strlen(text) != 8)
		die(at, "a masking key is 8 hex digits: %s", text);
	for (int i = 0; i < 4; i++)
		key[i] = (uint8_t)hex_byte(at, text + 2 * (size_t)i);
}

/* WORD is an opcode, which ends the first byte. */
static bool read_opcode(const char *word, struct shorthand *s)
{
	static const char *const names[16] = {
		[OP_CONTINUATION] = "cont", [OP_TEXT] = "text", [OP_BINARY] = "binary",
		[OP_CLOSE] = "close",       [OP_PING] = "ping", [OP_PONG] = "pong",
	};

	for (unsigned i = 0; i < 16; i++) {
		char by_number[4] = { 'o', 'p', "0123456789abcdef"[i] };

		if (strcmp(word, by_number) == 0 ||
		    (names[i] && strcmp(word, names[i]) == 0)) {
			s->first |= i;
			return true;
		}
	}
	return false;
}

static void read_flags(const struct place *at, char **line, struct shorthand *s)
{
	static const char *const names[] = { "fin", "rsv1", "rsv2", "rsv3" };

	for (;;) {
		char *word = must_word(at, line);
		unsigned i = 0;

		if (read_opcode(word, s))
			return;
		while (i < 4 && strcmp(word, names[i]) != 0)
			i++;
		if (i == 4)
			die(at, "no flag and no opcode: %s", word);
		s->first |= 0x80U >> i;
	}
}

static void read_options(const struct place *at, char **line, struct shorthand *s)
{
	for (;;) {
		char *before = *line + strspn(*line, " \t");
		size_t n = strcspn(before, " \t");
		char word[40];

		if (n >= sizeof(word))
			return; /* data */
		memcpy(word, before, n);
		word[n] = '\0';
		if (strcmp(word, "unmasked") == 0)
			s->masked = false;
		else if (strncmp(word, "mask=", 5) == 0)
			read_key(at, word + 5, s->key);
		else if (strncmp(word, "len=", 4) == 0)
			s->length = number(at, word + 4);
		else if (strncmp(word, "form=", 5) == 0)
			s->form = number(at, word + 5);
		else
			return;
		*line = before + n;
	}
}

static size_t shortest_form(size_t length)
{
	return length < 126 ? 7 : length < 65536 ? 16 : 64;
}

/* Write the header as it is asked for, right or wrong: frame_encode() would not. */
static void append_header(const struct place *at, const struct shorthand *s,
			  struct buf *out)
{
	size_t form = s->form ? s->form : shortest_form(s->length);
	unsigned char h[10] = { (unsigned char)s->first };
	size_t size = form == 7 ? 2 : form == 16 ? 4 : 10;
	size_t value = s->length;

	if (form == 7 && value > 125)
		die(at, "%zu needs a longer form", value);
	for (size_t i = size; i-- > 2; value >>= 8)
		h[i] = value & 0xFF;
	h[1] = (unsigned char)((form == 7    ? s->length
				: form == 16 ? 126
					     : 127) |
			       (s->masked ? 0x80U : 0));
	append(out, h, size);
	if (s->masked)
		append(out, s->key, 4);
}

static void read_frame(const struct place *at, char *line, struct buf *out)
{
	struct shorthand s = { .masked = true, .length = SIZE_MAX };
	struct buf data = { 0 };

	read_key(at, DEFAULT_KEY, s.key);
	read_flags(at, &line, &s);
	read_options(at, &line, &s);
	read_data(at, line, &data);
	if (s.length == SIZE_MAX)
		s.length = buf_len(&data);
	append_header(at, &s, out);
	for (size_t i = 0; s.masked && i < buf_len(&data); i++)
		buf_head(&data)[i] = (char)(buf_head(&data)[i] ^ s.key[i % 4]);
	append(out, buf_head(&data), buf_len(&data));
	buf_free(&data);
}

/* ---- lines ---- */

static void read_want(const struct place *at, struct told *want, enum ws_event_type type,
		      enum opcode opcode, char *line)
{
	bool has_code = type == WS_CLOSE || type == WS_FAIL;
	unsigned code = has_code ? (unsigned)number(at, must_word(at, &line)) : 0;
	struct buf data = { 0 };

	read_data(at, line, &data);
	told_add(want, type, opcode, code, buf_head(&data), buf_len(&data));
	buf_free(&data);
}

/* WORD is an event, which LINE goes on with. */
static bool read_event(const struct place *at, struct frame_vector *v, const char *word,
		       char *line)
{
	static const struct {
		const char *word;
		enum ws_event_type type;
		enum opcode opcode;
	} rows[] = {
		{ "text", WS_DATA, OP_TEXT },    { "binary", WS_DATA, OP_BINARY },
		{ "ping", WS_PING, OP_PING },    { "pong", WS_PONG, OP_PONG },
		{ "close", WS_CLOSE, OP_CLOSE }, { "fail", WS_FAIL, OP_CLOSE },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		if (strcmp(word, rows[i].word) != 0)
			continue;
		read_want(at, &v->want, rows[i].type, rows[i].opcode, line);
		return true;
	}
	return false;
}

static void read_cut(const struct place *at, struct frame_vector *v, size_t n)
{
	if (n > buf_len(&v->bytes))
		die(at, "cut %zu of %zu bytes", n, buf_len(&v->bytes));
	buf_cut(&v->bytes, n);
}

static void read_line(const struct place *at, struct frame_vector *v, char *line);

static void read_repeat(const struct place *at, struct frame_vector *v, char *line)
{
	size_t times = number(at, must_word(at, &line));

	while (times-- > 0) {
		char *copy = must(strdup(line)); /* reading cuts it up */

		read_line(at, v, copy);
		free(copy);
	}
}

static void read_line(const struct place *at, struct frame_vector *v, char *line)
{
	char *word = must_word(at, &line);

	if (read_event(at, v, word, line))
		return;
	if (strcmp(word, "frame") == 0)
		read_frame(at, line, &v->bytes);
	else if (strcmp(word, "hex") == 0)
		read_data(at, line, &v->bytes);
	else if (strcmp(word, "repeat") == 0)
		read_repeat(at, v, line);
	else if (strcmp(word, "cut") == 0)
		read_cut(at, v, number(at, must_word(at, &line)));
	else if (strcmp(word, "limit") == 0)
		v->limit = number(at, must_word(at, &line));
	else if (strcmp(word, "here") == 0)
		v->here = buf_len(&v->bytes);
	else if (strcmp(word, "nothing") == 0)
		v->nothing = true;
	else if (strcmp(word, "second") == 0)
		v->second = must(strdup(line));
	else
		die(at, "unknown word: %s", word);
}

static struct frame_vector *begin_vector(struct frame_vectors *all,
					 const struct place *at, const char *name)
{
	struct frame_vector *v;

	all->v = must(realloc(all->v, (all->n + 1) * sizeof(*all->v)));
	v = &all->v[all->n++];
	*v = (struct frame_vector){ .file = at->file,
				    .line = at->line,
				    .here = SIZE_MAX };
	v->name = must(strdup(name));
	return v;
}

/* A vector without an expectation cannot fail: refuse it. */
static void end_vector(const struct place *at, const struct frame_vector *v)
{
	if (v && v->nothing == (v->want.n > 0))
		die(at, "case '%s': say what events are wanted, or nothing", v->name);
}

static bool is_comment(const char *line)
{
	line += strspn(line, " \t");
	return *line == '\0' || *line == '#';
}

void frame_vectors_read(struct frame_vectors *all, const char *file)
{
	struct place at = { .file = file };
	struct frame_vector *v = NULL;
	char *line = NULL;
	size_t cap = 0;
	FILE *f = fopen(file, "r");

	if (!f)
		die(&at, "cannot open");
	for (at.line = 1; getline(&line, &cap, f) >= 0; at.line++) {
		line[strcspn(line, "\n")] = '\0';
		if (is_comment(line))
			continue;
		if (strncmp(line, "case ", 5) == 0) {
			end_vector(&at, v);
			v = begin_vector(all, &at, line + 5);
		} else if (v) {
			read_line(&at, v, line);
		} else {
			die(&at, "a line before the first case");
		}
	}
	end_vector(&at, v);
	free(line);
	fclose(f);
}

void frame_vectors_free(struct frame_vectors *all)
{
	for (size_t i = 0; i < all->n; i++) {
		struct frame_vector *v = &all->v[i];

		free(v->name);
		free(v->second);
		buf_free(&v->bytes);
		told_free(&v->want);
	}
	free(all->v);
	*all = (struct frame_vectors){ 0 };
}

int frame_vectors_run(int argc, char **argv, const char *title,
		      bool (*passes)(const struct frame_vector *v))
{
	struct frame_vectors all = { 0 };
	size_t failed = 0;

	for (int i = 1; i < argc; i++)
		frame_vectors_read(&all, argv[i]);
	printf("1..%zu\n", all.n);
	for (size_t i = 0; i < all.n; i++) {
		bool good = passes(&all.v[i]);

		printf("%s %zu - %s%s\n", good ? "ok" : "not ok", i + 1, title,
		       all.v[i].name);
		failed += !good;
	}
	frame_vectors_free(&all);
	return failed > 0 || argc < 2;
}
