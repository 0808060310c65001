/* SPDX-License-Identifier: MIT */
/* conf_text.h - loads a configuration from a text and keeps what was said about it. */
#ifndef UNIT_CONF_TEXT_H
#define UNIT_CONF_TEXT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include <cmocka.h>

#include "conf.h"

#define TEST(name) static void name(void **state __attribute__((unused)))
#define LOAD "[/load]\nexec = vmstat 1\n"

/* What was said last: `x.ini:LINE: ...`, one a line. */
static char said[65536];

/* A stream into said[]. */
static inline FILE *saying(void)
{
	FILE *f;

	memset(said, 0, sizeof(said));
	f = fmemopen(said, sizeof(said) - 1, "w");
	assert_non_null(f);
	return f;
}

/* The snapshot of TEXT, or NULL. */
static inline struct conf *load(const char *text)
{
	FILE *err = saying();
	int status = -1;
	struct conf *c = conf_load_text("x.ini", text, err, &status);

	fclose(err);
	assert_int_equal(status, c ? EX_OK : EX_CONFIG);
	return c;
}

/* The snapshot of TEXT, which must be good. */
static inline struct conf *load_good(const char *text)
{
	struct conf *c = load(text);

	assert_string_equal(said, "");
	assert_non_null(c);
	return c;
}

/* What is said about TEXT, which must be bad. */
static inline const char *errors_of(const char *text)
{
	assert_null(load(text));
	return said;
}

/* What is said about the lines SETTINGS in the section of a path; the first is line 3. */
static inline const char *errors_in_path(const char *settings)
{
	char text[2000];

	snprintf(text, sizeof(text), LOAD "%s\n", settings);
	return errors_of(text);
}

/* What conf_print() writes of C; yours.  Inlined, gcc 12 takes it for a pointer to its
 * own variable (-Wdangling-pointer). */
static __attribute__((noinline, unused)) char *printed(const struct conf *c)
{
	char *text = NULL;
	size_t n;
	FILE *f = open_memstream(&text, &n);

	assert_non_null(f);
	conf_print(c, CONF_NAMES_OWN, f);
	fclose(f);
	return text;
}

#endif
