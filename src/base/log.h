/* SPDX-License-Identifier: MIT */
/*
 * log.h - one line per event: level prefix for the journal, session prefix, peers' bytes
 * made printable, never blocking.
 *
 *      error: #17 /clock: cannot write to the program: Broken pipe
 *      #17 /clock: closed 1000
 *
 * With the journal's prefix (sd-daemon(3)) a line begins with <3>, <4>, <6> or <7>, not
 * with a word.
 */
#ifndef BASE_LOG_H
#define BASE_LOG_H

#include <stdbool.h>
#include <stddef.h>

/* Bytes of a line with its newline; what is longer is cut and ends in … */
#define LOG_LINE_MAX 4096

enum log_level { LOG_LEVEL_ERROR, LOG_LEVEL_WARNING, LOG_LEVEL_INFO, LOG_LEVEL_DEBUG };

/*
 * From now on write lines up to LEVEL to FD, which stays the caller's.  Before the first
 * call: up to LOG_LEVEL_INFO to stderr, without the journal's prefix.
 */
void log_open(int fd, enum log_level level, bool journal_prefix);

/* Are lines of LEVEL written? */
bool log_is_on(enum log_level level);

/*
 * Write one line about WHO ("" or such as "#17 /clock").  Control bytes and invalid UTF-8
 * come out as \xNN wherever they are from: no peer can forge a line.  Never waits: a line
 * that FD does not take is dropped and counted; the next one that it takes is preceded by
 * the count.  errno is left alone, and %m may be used.
 */
void log_write(enum log_level level, const char *who, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* The same, but a level that is off costs no formatting and evaluates no argument. */
#define log_at(level, who, ...)                             \
	do {                                                \
		if (log_is_on(level))                       \
			log_write(level, who, __VA_ARGS__); \
	} while (0)
#define log_error(who, ...) log_at(LOG_LEVEL_ERROR, who, __VA_ARGS__)
#define log_warning(who, ...) log_at(LOG_LEVEL_WARNING, who, __VA_ARGS__)
#define log_info(who, ...) log_at(LOG_LEVEL_INFO, who, __VA_ARGS__)
#define log_debug(who, ...) log_at(LOG_LEVEL_DEBUG, who, __VA_ARGS__)

/*
 * Write the N bytes at P as printable UTF-8 to OUT (CAP >= 4 bytes, NUL-terminated): its
 * length.  Control characters, DEL, invalid UTF-8 and characters that reorder or break a
 * line become \xNN, a backslash is doubled: the bytes can be told back.  What is too long
 * is cut and ends in …
 */
size_t log_printable(char *out, size_t cap, const void *p, size_t n);

#endif
