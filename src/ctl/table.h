/* SPDX-License-Identifier: MIT */
/* table.h - rows of text in aligned columns. */
#ifndef CTL_TABLE_H
#define CTL_TABLE_H

#include <stdio.h>

#define TABLE_COLUMNS 9
#define TABLE_CELL 256

struct table;

/* With the head HEADS (NULL-terminated, at most TABLE_COLUMNS); columns whose head begins
 * with '>' are aligned to the right.  NULL: out of memory. */
struct table *table_new(const char *const *heads);

/* Text for the next cell, in the order of the columns; made printable. */
void table_add(struct table *t, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

/* The last column is not padded. */
void table_print(const struct table *t, FILE *out);
void table_free(struct table *t); /* NULL is a no-op */

/* ---- cells ---- */

/* 3d4h, 2h5m, 7m12s, 42s, 0.3s.  OUT has room for 32 bytes; returned. */
const char *cell_seconds(double seconds, char *out);

/* 1234567, 2.027, 0.002, 0.000172: to the millisecond; of less than one, to the
 * microsecond.  OUT as above. */
const char *cell_exact(double seconds, char *out);

/* 0, 512, 1.5k, 12M: bytes in powers of 1024.  OUT as above. */
const char *cell_bytes(double bytes, char *out);

/* TEXT, which may hold anything, on standard output, made printable. */
void cell_print(const char *text);

#endif
