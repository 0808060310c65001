/* SPDX-License-Identifier: MIT */
/* websocketd_line.h - a command line of websocketd 0.4.1, read as Go's flag package does.
 */
#ifndef SERVER_WEBSOCKETD_LINE_H
#define SERVER_WEBSOCKETD_LINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

/* All flags of `websocketd --help`. */
enum websocketd_flag {
	FLAG_PORT,
	FLAG_ADDRESS,
	FLAG_SAMEORIGIN,
	FLAG_ORIGIN,
	FLAG_SSL,
	FLAG_SSLCERT,
	FLAG_SSLKEY,
	FLAG_REDIRPORT,
	FLAG_PASSENV,
	FLAG_BINARY,
	FLAG_REVERSELOOKUP,
	FLAG_DIR,
	FLAG_STATICDIR,
	FLAG_CGIDIR,
	FLAG_MAXFORKS,
	FLAG_CLOSEMS,
	FLAG_HEADER,
	FLAG_HEADER_WS,
	FLAG_HEADER_HTTP,
	FLAG_DEVCONSOLE,
	FLAG_LOGLEVEL,
	FLAG_HELP,
	FLAG_VERSION,
	FLAG_LICENSE,
	FLAG_COUNT
};

/* A log level of websocketd, and the settings that it is here. */
struct websocketd_level {
	const char *name, *level, *access;
};

/* The texts point into the arguments. */
struct websocketd_line {
	const char *value[FLAG_COUNT]; /* the last one, as it was given; NULL: none */
	long number[FLAG_COUNT];       /* of those that are no text */
	const char **addresses;        /* every --address, in order */
	size_t naddresses;
	char *const *command; /* empty: none */
	const struct websocketd_level *level;
};

/* Read ARGS (NULL-terminated, without the program's name); RET is yours, end it with
 * websocketd_line_free(), also on failure.  0; -ENOMEM; -EINVAL, with the reason on
 * ERR: this is no such command line, or no ini can hold it. */
int websocketd_line_read(struct websocketd_line *ret_line, char *const *args, FILE *err);

void websocketd_line_free(struct websocketd_line *l);

/* Is the flag given, and neither off, empty nor 0? */
bool websocketd_line_has(const struct websocketd_line *l, enum websocketd_flag id);

/* The name of a flag without its dashes. */
const char *websocketd_flag_name(enum websocketd_flag id);

#endif
