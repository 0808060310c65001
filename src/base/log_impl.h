/* SPDX-License-Identifier: MIT */
/* log_impl.h - what the files log*.c tell each other. */
#ifndef BASE_LOG_IMPL_H
#define BASE_LOG_IMPL_H

#include <time.h>

#include "log.h"

/* ---- log_printable.c ---- */

/* A bounded output: it takes bytes while they fit, and from the first that do not
 * nothing more. */
struct log_out {
	char *p;
	size_t cap;      /* of P; there has to be room for an ellipsis and a NUL */
	size_t at;       /* written so far */
	size_t cut;      /* the last place where an ellipsis fits */
	bool overflowed; /* nothing more is taken */
};

enum log_escape {
	LOG_ESCAPE_BACKSLASH = 1,
	LOG_ESCAPE_QUOTE = 2, /* the double one */
	LOG_ESCAPE_BLANK = 4,
	LOG_ESCAPE_JSON = 8, /* \u009B instead of \x9B */
};

/* The N bytes at P as they are: all of them, or none. */
void log_out_bytes(struct log_out *o, const char *p, size_t n);
void log_out_text(struct log_out *o, const char *text);

/* The N BYTES printable, with what HOW (enum log_escape) says escaped as well. */
void log_out_escaped(struct log_out *o, const void *bytes, size_t n, unsigned how);

/* End the text with a NUL, behind an ellipsis if it overflowed: its length. */
size_t log_out_end(struct log_out *o);

/* ---- log_line.c ---- */

/* The line of an event, at most LOG_LINE_MAX bytes with its newline: its length. */
size_t log_line(char *out, const struct log_conf *conf, const struct timespec *when,
		enum log_level level, const char *who, const struct log_event *e);

/* F's value as it stands in a line of text. */
void log_out_value(struct log_out *o, const struct log_field *f);

/* The two parts of WHO: "#17" and the path. */
void log_split_who(const char *who, struct span *ret_id, struct span *ret_path);

/* ---- log_datagram.c ---- */

#define LOG_DATAGRAM_MAX (4 * LOG_LINE_MAX)

/* An event for the journal, or for syslog; OUT has room for LOG_DATAGRAM_MAX bytes: its
 * length. */
size_t log_journal_entry(char *out, const struct log_conf *conf,
			 const struct timespec *when, enum log_level level,
			 const char *who, const struct log_event *event);
size_t log_syslog_entry(char *out, const struct log_conf *conf,
			const struct timespec *when, enum log_level level,
			const char *who, const struct log_event *event);

/* Send the event to the journal or syslog, as CONF says; never waits.  False: nobody
 * took it. */
bool log_send(const struct log_conf *conf, const struct timespec *when,
	      enum log_level level, const char *who, const struct log_event *e);

/* ---- log_limit.c ---- */

#define LOG_REASONS 64 /* kept apart in one second; all others share one limit */

/* Why a line is written: the address of an event's name, or of a free text's format. */
struct log_reason {
	const char *name; /* NULL: one of too many to tell apart */
	unsigned kind;
	enum log_level level;
};

struct log_window {
	struct log_reason reason;
	double since;       /* when its second began */
	unsigned lines;     /* written in it */
	unsigned long more; /* suppressed since */
};

struct log_limit {
	unsigned long untold; /* the sum of all `more` */
	struct log_window windows[LOG_REASONS];
	struct log_window others;
};

/* May a line for REASON be written at NOW, where MOST may in a second?  If not, it is
 * counted as suppressed. */
bool log_limit_take(struct log_limit *l, const struct log_reason *reason, unsigned most,
		    double now);

/* Take out a window whose second is over at NOW and that has suppressed lines.  False:
 * none. */
bool log_limit_over(struct log_limit *l, double now, struct log_window *ret);

#endif
