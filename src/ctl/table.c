/* SPDX-License-Identifier: MIT */
/* Rows of text in aligned columns. */
#include <assert.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "log.h"
#include "table.h"

struct table {
	size_t columns, cells, cap;
	bool right[TABLE_COLUMNS];
	char **cell; /* row by row; the first row is the head */
};

/* Characters of UTF-8 text. */
static size_t width(const char *s)
{
	size_t n = 0;

	for (; *s; s++)
		n += ((unsigned char)*s & 0xC0) != 0x80;
	return n;
}

struct table *table_new(const char *const *heads)
{
	struct table *t = calloc(1, sizeof(*t));

	for (; t && heads[t->columns]; t->columns++)
		t->right[t->columns] = *heads[t->columns] == '>';
	for (size_t i = 0; t && i < t->columns; i++)
		table_add(t, "%s", heads[i] + t->right[i]);
	return t;
}

void table_add(struct table *t, const char *fmt, ...)
{
	char text[TABLE_CELL], printable[TABLE_CELL];
	va_list ap;
	char **grown;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	log_printable(printable, sizeof(printable), text, strlen(text));
	if (t->cells == t->cap) {
		t->cap = t->cap ? 2 * t->cap : 64;
		grown = realloc(t->cell, t->cap * sizeof(*grown));
		if (!grown)
			abort();
		t->cell = grown;
	}
	t->cell[t->cells] = strdup(printable);
	if (!t->cell[t->cells++])
		abort();
}

static size_t widest(const struct table *t, size_t column)
{
	size_t most = 0;

	for (size_t i = column; i < t->cells; i += t->columns)
		if (width(t->cell[i]) > most)
			most = width(t->cell[i]);
	return most;
}

void table_print(const struct table *t, FILE *out)
{
	size_t widths[TABLE_COLUMNS] = { 0 };

	assert(t->columns > 0);
	for (size_t i = 0; i < t->columns; i++)
		widths[i] = widest(t, i);
	for (size_t i = 0; i < t->cells; i++) {
		size_t column = i % t->columns;
		bool last = column + 1 == t->columns;
		int pad = (int)(widths[column] - width(t->cell[i]));

		if (t->right[column])
			fprintf(out, "%*s%s", pad, "", t->cell[i]);
		else
			fprintf(out, "%s%*s", t->cell[i], last ? 0 : pad, "");
		fputs(last ? "\n" : "  ", out);
	}
}

void table_free(struct table *t)
{
	if (!t)
		return;
	for (size_t i = 0; i < t->cells; i++)
		free(t->cell[i]);
	free(t->cell);
	free(t);
}

/* ---- cells ---- */

const char *cell_seconds(double seconds, char *out)
{
	static const struct {
		const char *unit, *next;
		unsigned of, of_next;
	} units[] = { { "d", "h", 86400, 3600 },
		      { "h", "m", 3600, 60 },
		      { "m", "s", 60, 1 } };
	unsigned s = seconds > 0 ? (unsigned)seconds : 0;

	if (seconds < 10)
		snprintf(out, 32, "%.1fs", seconds);
	else
		snprintf(out, 32, "%us", s);
	for (size_t i = 0; i < sizeof(units) / sizeof(*units); i++)
		if (s >= units[i].of) {
			snprintf(out, 32, "%u%s%u%s", s / units[i].of, units[i].unit,
				 s % units[i].of / units[i].of_next, units[i].next);
			break;
		}
	return out;
}

const char *cell_exact(double seconds, char *out)
{
	size_t n = (size_t)snprintf(out, 32, "%.*f", seconds < 0.001 ? 6 : 3, seconds);

	n = n < 32 ? n : 31;
	while (out[n - 1] == '0')
		n--;
	n -= out[n - 1] == '.';
	out[n] = 0;
	return out;
}

const char *cell_bytes(double bytes, char *out)
{
	static const char units[] = " kMGTP";
	size_t i = 0;

	while (bytes >= 1024 && units[i + 1]) {
		bytes /= 1024;
		i++;
	}
	if (i == 0)
		snprintf(out, 32, "%.0f", bytes);
	else
		snprintf(out, 32, bytes < 10 ? "%.1f%c" : "%.0f%c", bytes, units[i]);
	return out;
}

void cell_print(const char *text)
{
	char printable[4096];

	log_printable(printable, sizeof(printable), text, strlen(text));
	fputs(printable, stdout);
}
