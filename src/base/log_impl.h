/* SPDX-License-Identifier: MIT */
/* log_impl.h - what the files log*.c tell each other. */
#ifndef BASE_LOG_IMPL_H
#define BASE_LOG_IMPL_H

#include <time.h>

#include "log.h"

/* ---- log_printable.c ---- */

/* Bytes go to P while they fit; the first that do not are its end. */
struct log_out {
	char *p;
	size_t cap;      /* more than an ellipsis has, and a NUL */
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

/* What overflowed ends in an ellipsis; the NUL.  The length. */
size_t log_out_end(struct log_out *o);

/* ---- log_line.c ---- */

/* The line of an event, at most LOG_LINE_MAX bytes with its newline: its length. */
size_t log_line(char *out, const struct log_conf *conf, const struct timespec *when,
		enum log_level level, const char *who, const struct log_event *e);

/* F's value as text, which is no word. */
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

/* Send it to where CONF says.  False: nobody has it; never waits. */
bool log_send(const struct log_conf *conf, const struct timespec *when,
	      enum log_level level, const char *who, const struct log_event *e);

/* ---- log_limit.c ---- */

#define LOG_REASONS 64 /* told apart in one second; what is beyond shares one limit */

/* Why a line is written: the address of an event's name, or of a free text's format. */
struct log_reason {
	const char *name; /* NULL: one of too many to tell apart */
	unsigned kind;
	enum log_level level;
};

struct log_window {
	struct log_reason reason;
	double since;       /* when its second began */
	unsigned lines;     /* allowed in it */
	unsigned long more; /* one too many */
};

struct log_limit {
	unsigned long untold; /* the sum of all `more` */
	struct log_window windows[LOG_REASONS];
	struct log_window others;
};

/* May a line for REASON be written at NOW?  Else it is counted.  MOST: in a second. */
bool log_limit_take(struct log_limit *l, const struct log_reason *reason, unsigned most,
		    double now);

/* A window with a count whose second is over at NOW; it is forgotten.  False: none. */
bool log_limit_over(struct log_limit *l, double now, struct log_window *ret);

#endif
