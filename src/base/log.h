/* SPDX-License-Identifier: MIT */
/*
 * log.h - one line per event, as text or as a JSON object, limited per reason, never
 * blocking.
 *
 *      error: #17 /clock: cannot write to the program: Broken pipe
 *      #17 /clock: disconnected peer=127.0.0.1:40112 code=1000 reason="bye"
 *      {"time":"2026-11-22T09:30:00.120Z","level":"info","id":17,"path":"/clock",
 *       "event":"disconnected","peer":"127.0.0.1:40112","code":1000,"reason":"bye"}
 *
 * WHO is whom a line is about: "" the daemon, or "#ID", or "#ID PATH" (session_who()).
 * Bytes of a peer may stand anywhere but in a name: they come out printable, and can
 * forge neither a line nor the prefix or a field of one.
 */
#ifndef BASE_LOG_H
#define BASE_LOG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "span.h"

/* Bytes of a line with its newline; what is longer is cut and ends in … */
#define LOG_LINE_MAX 4096

enum log_level { LOG_LEVEL_ERROR, LOG_LEVEL_WARNING, LOG_LEVEL_INFO, LOG_LEVEL_DEBUG };
enum log_format { LOG_FORMAT_TEXT, LOG_FORMAT_JSON };
enum log_sink { LOG_SINK_FD, LOG_SINK_JOURNAL, LOG_SINK_SYSLOG };

struct log_conf {
	enum log_level level; /* lines up to this one are written */
	enum log_format format;
	bool journal_prefix; /* a line begins with <3>, <4>, <6> or <7> (sd-daemon(3)) */
	bool colour;         /* of the words error: and warning: in text */
	bool time;           /* a line of text begins with the local time (RFC 3339) */
	unsigned most;       /* lines of one reason in a second; 0: no limit */
	enum log_sink sink;  /* tried first; what it does not take becomes a line */
	int socket;          /* for it: an AF_UNIX datagram one, the caller's; -1: none */
};

/*
 * From now on write to FD, which stays the caller's, as CONF (copied) says.  Before the
 * first call, lines up to LOG_LEVEL_INFO go to stderr as text.
 */
void log_open(int fd, const struct log_conf *conf);

/* Are lines of LEVEL written? */
bool log_is_on(enum log_level level);

/* The prefix of a line of LEVEL that is written to F directly, before the log is open:
 * the journal's where F leads to the journal, else "". */
const char *log_prefix(FILE *f, enum log_level level);

/* ---- lines ---- */

/*
 * Write one line of free text.  Never waits: a line that FD does not take is dropped and
 * counted; the next one that it takes is preceded by the count.  Lines are limited per
 * FMT, which has to be a constant that begins with words; those of LOG_LEVEL_DEBUG are
 * not limited.  errno is left alone, and %m may be used.
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

/* How a field's value is written: in text, and in JSON. */
enum log_type {
	LOG_WORD,    /* word    "word"   NULL: - and null */
	LOG_TEXT,    /* "text"  "text"   NULL: "" and null */
	LOG_NUMBER,  /* 7       7 */
	LOG_FLAG,    /* yes     true */
	LOG_SECONDS, /* 1.250   1.250 */
	LOG_LATENCY, /* 1.2ms   0.001200 seconds; negative: - and null */
	LOG_TRAFFIC, /* 2/8     {"messages":2,"bytes":8} */
};

/* The type says which member is set. */
union log_value {
	const char *text;
	unsigned long long number;
	double seconds;
	bool flag;
	struct {
		unsigned long long messages, bytes;
	} traffic;
};

struct log_field {
	const char *name;
	enum log_type type;
	union log_value value;
};

/* An event: its name, by which programs recognize it, and its fields in order. */
struct log_event {
	const char *name;    /* a constant; NULL: free text only */
	struct span message; /* free text behind the name; .p is NULL: none */
	const struct log_field *fields;
	size_t nfields;
	unsigned kind;  /* events of one name are limited by kind, such as a status */
	bool unlimited; /* something else bounds their number */
};

/* Write one line about the event E, as log_write() does. */
void log_event(enum log_level level, const char *who, const struct log_event *e);

/* Write the event to OUT (LOG_LINE_MAX bytes) as the JSON object of a line, whatever
 * the format of the log: its length, without newline or NUL. */
size_t log_json(char *out, enum log_level level, const char *who,
		const struct log_event *e);

/* Does E, about WHO, have a field NAME whose value is VALUE in text?  NAME may also be
 * event, id or path. */
bool log_event_has(const char *who, const struct log_event *e, const char *name,
		   const char *value);

/* ---- counts ---- */

/* Are there lost or suppressed lines whose number has not been logged yet? */
bool log_owes(void);

/* Log those numbers, as far as their second is over or, with ALL, every one.  To be
 * called a second after log_owes() became true, and at the end. */
void log_settle(bool all);

/* Lines since the start that were not written. */
struct log_counts {
	unsigned long long limited; /* suppressed: too many for one reason */
	unsigned long long lost;    /* not taken by whoever reads the log */
};
struct log_counts log_counts(void);

/* ---- bytes ---- */

/*
 * Write the N bytes at P as printable UTF-8 to OUT (CAP >= 4 bytes, NUL-terminated): its
 * length.  Control characters, DEL, invalid UTF-8 and characters that reorder or break a
 * line become \xNN, and a backslash is doubled, so the original bytes can be recovered.
 * What is too long is cut and ends in …
 */
size_t log_printable(char *out, size_t cap, const void *p, size_t n);

#endif
