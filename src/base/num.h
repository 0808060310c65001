/* SPDX-License-Identifier: MIT */
/*
 * num.h - text <-> boolean, integer, size, duration and rate: the one place where `60s`
 * or `64k` becomes a number.
 *
 * Each num_*() takes the whole NUL-terminated TEXT, no blanks around it.  0 and the
 * value, or -EINVAL with a sentence for the operator in ERR (CAP bytes), such as `10
 * needs a unit: 500ms, 10s, 2m` or `70000 is not between 1 and 65535`.
 */
#ifndef BASE_NUM_H
#define BASE_NUM_H

#include <stdbool.h>
#include <stddef.h>

#define NUM_ERR 160 /* room that every error text fits in */

int num_bool(const char *text, bool *ret, char *err); /* yes no on off true false */
int num_int(const char *text, long min, long max, long *ret, char *err);
int num_size(const char *text, size_t min, size_t max, size_t *ret,
	     char *err); /* 512, 64k, 1M, 2G */
int num_seconds(const char *text, double min, double max, double *ret,
		char *err); /* 500ms 30s 5m 8h 1d 0 */
int num_rate(const char *text, double max, double *ret,
	     char *err); /* 20/s 600/m, 0 = none: events a second */
int num_octal(const char *text, unsigned max, unsigned *ret, char *err); /* 022, 0660 */
int num_signal(const char *text, int *ret, char *err); /* TERM, SIGTERM, 15 */

/* "SIGTERM" for 15, "signal 40" for those without a name; static. */
const char *num_signal_name(int signo);

/* The value of the hexadecimal digit C in either case, or -1. */
int num_hex_digit(char c);

#endif
