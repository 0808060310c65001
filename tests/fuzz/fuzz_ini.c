/* SPDX-License-Identifier: MIT */
/*
 * Fuzzes the ini reader and the key table: whatever the text, it is a snapshot or there
 * are errors, and what -T prints of a snapshot prints the same again.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "conf.h"
#include "ini_lines.h"

#define MUST(holds) ((holds) ? (void)0 : abort())

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct memory {
	FILE *f;
	char *text;
	size_t n;
};

static void memory_open(struct memory *s)
{
	s->f = open_memstream(&s->text, &s->n);
	MUST(s->f);
}

static void memory_close(struct memory *s)
{
	fclose(s->f);
}

/* ---- the reader alone, which sees NUL bytes too ---- */

static void on_section(void *arg, const char *name, int line)
{
	(void)arg;
	MUST(*name && line > 0);
}

static void on_setting(void *arg, const char *key, const char *value, int line)
{
	(void)arg;
	MUST(*key && strlen(key) <= INI_KEY_MAX && line > 0);
	MUST(!strchr(value, '\n'));
}

static void on_error(void *arg, const char *wrong, int line)
{
	(void)arg;
	MUST(*wrong && line > 0);
}

/* ---- the whole ---- */

/* The snapshot of TEXT or NULL; errors are said if and only if there is none. */
static struct conf *load(const char *text)
{
	struct memory err;
	struct conf *c;
	int status = -1;

	memory_open(&err);
	c = conf_load_text("f", text, err.f, &status);
	memory_close(&err);
	MUST(!c == (err.n > 0));
	MUST(status == (c ? 0 : 78));
	free(err.text);
	return c;
}

static struct memory print(const struct conf *c)
{
	struct memory out;

	memory_open(&out);
	conf_print(c, CONF_NAMES_OWN, out.f);
	memory_close(&out);
	return out;
}

/* Settings without the comments, which name other lines. */
static void strip_comments(char *text)
{
	char *out = text;

	while (*text) {
		size_t n = strcspn(text, "\n") + 1;

		if (*text != ';') {
			memmove(out, text, n);
			out += n;
		}
		text += n;
	}
	*out = 0;
}

static void check(const char *text)
{
	struct conf *first = load(text), *second;
	struct memory before, after;

	if (!first)
		return;
	before = print(first);
	second = load(before.text);
	MUST(second);
	after = print(second);
	strip_comments(before.text);
	strip_comments(after.text);
	MUST(strcmp(before.text, after.text) == 0);
	free(before.text);
	free(after.text);
	conf_free(first);
	conf_free(second);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct ini_sink sink = { on_section, on_setting, on_error };
	char *text = malloc(size + 1);

	MUST(text);
	if (size > 0)
		memcpy(text, data, size);
	MUST(ini_read(text, size, &sink, NULL) == 0);
	text[size] = 0;
	check(text);
	free(text);
	return 0;
}
