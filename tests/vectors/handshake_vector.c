/* SPDX-License-Identifier: MIT */
/* Reads handshake vectors; handshake_vector.h has the grammar. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "handshake_vector.h"

#define DEFAULT_LIMIT 8192

/* Where the reader is. */
struct reader {
	struct handshake_vectors *all;
	const char *file;
	unsigned line;
};

static _Noreturn void wrong(const struct reader *r, const char *what)
{
	fprintf(stderr, "%s:%u: %s\n", r->file, r->line, what);
	exit(1);
}

/* The vector under way. */
static struct handshake_vector *last(const struct reader *r)
{
	if (r->all->n == 0)
		wrong(r, "a line before the first case");
	return &r->all->v[r->all->n - 1];
}

static void begin(struct reader *r, const char *name)
{
	size_t n = r->all->n;
	struct handshake_vector *v = realloc(r->all->v, (n + 1) * sizeof(*v));

	if (!v)
		abort();
	v[n] = (struct handshake_vector){ .name = strdup(name),
					  .file = r->file,
					  .line = r->line,
					  .limit = DEFAULT_LIMIT };
	r->all->v = v;
	r->all->n = n + 1;
}

/* The byte of the escape at *P, which stands behind its backslash; moves *P past it. */
static char unescape(const struct reader *r, const char **p)
{
	static const char names[] = "rnt0\\", bytes[] = "\r\n\t\0\\";
	const char *name = strchr(names, **p);
	char digits[3] = "";
	unsigned byte;

	if (**p && name) {
		++*p;
		return bytes[name - names];
	}
	if (**p != 'x')
		wrong(r, "an unknown escape");
	strncpy(digits, *p + 1, 2);
	if (strspn(digits, "0123456789abcdefABCDEF") != 2 ||
	    sscanf(digits, "%2x", &byte) != 1)
		wrong(r, "\\x wants two hex digits");
	*p += 3;
	return (char)byte;
}

/* Append TEXT, without its escapes, COUNT times. */
static void add_bytes(const struct reader *r, const char *text, unsigned long count)
{
	struct handshake_vector *v = last(r);

	while (count-- > 0)
		for (const char *p = text; *p;) {
			char c = *p++;

			if (c == '\\')
				c = unescape(r, &p);
			if (buf_append(&v->bytes, &c, 1, SIZE_MAX) < 0)
				abort();
		}
}

/* The words of TEXT between single blanks, NULL-terminated; all in the memory of the
 * first. */
static char **split(const char *text)
{
	char *rest = strdup(text);
	char **list = calloc(strlen(text) + 2, sizeof(*list));

	if (!rest || !list)
		abort();
	for (size_t n = 0; rest; n++)
		list[n] = strsep(&rest, " ");
	return list;
}

static void split_free(char **list)
{
	if (list)
		free(list[0]);
	free(list);
}

/* What follows WORD at the beginning of LINE, else NULL. */
static const char *after(const char *line, const char *word)
{
	size_t n = strlen(word);

	return strncmp(line, word, n) == 0 ? line + n : NULL;
}

static void read_line(struct reader *r, const char *line)
{
	const char *text;
	char *end;

	if (*line == 0 || *line == '#' || after(line, "second: "))
		return;
	if ((text = after(line, "case: ")))
		begin(r, text);
	else if ((text = after(line, "> ")))
		add_bytes(r, text, 1);
	else if ((text = after(line, "server: ")))
		last(r)->server = split(text);
	else if ((text = after(line, "limit: ")))
		last(r)->limit = strtoul(text, NULL, 10);
	else if ((text = after(line, "expect: ")) && !last(r)->expect)
		last(r)->expect = split(text);
	else if (*line == '*' && strtoul(line + 1, &end, 10) > 0 &&
		 (text = after(end, "> ")))
		add_bytes(r, text, strtoul(line + 1, NULL, 10));
	else
		wrong(r, "this is no line of a handshake vector");
}

void handshake_vectors_read(struct handshake_vectors *all, const char *file)
{
	struct reader r = { .all = all, .file = file };
	FILE *f = fopen(file, "re");
	size_t first = all->n, cap = 0;
	char *line = NULL;

	if (!f)
		wrong(&r, "cannot be read");
	while (getline(&line, &cap, f) >= 0) {
		r.line++;
		line[strcspn(line, "\n")] = 0;
		read_line(&r, line);
	}
	free(line);
	fclose(f);
	for (; first < all->n; first++)
		if (!all->v[first].expect) {
			r.line = all->v[first].line;
			wrong(&r, "a case without expect");
		}
}

void handshake_vectors_free(struct handshake_vectors *all)
{
	for (size_t i = 0; i < all->n; i++) {
		free(all->v[i].name);
		split_free(all->v[i].server);
		split_free(all->v[i].expect);
		buf_free(&all->v[i].bytes);
	}
	free(all->v);
	*all = (struct handshake_vectors){ 0 };
}
