/* SPDX-License-Identifier: MIT */
/* An event as one datagram: with fields to the journal, or a line to syslog. */
#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "digits.h"
#include "log_impl.h"

#define NAME "wsbridged"
#define PREFIX_LENGTH 3 /* <6> */
#define VALUE_MAX 1024  /* bytes of a field's value */
#define DAEMON_FACILITY (3 << 3)

/* As syslog(3) has them, and the prefixes of sd-daemon(3). */
static const char severity[] = {
	[LOG_LEVEL_ERROR] = '3',
	[LOG_LEVEL_WARNING] = '4',
	[LOG_LEVEL_INFO] = '6',
	[LOG_LEVEL_DEBUG] = '7',
};

/* ---- the journal ---- */

/* Fields are NAME=value lines (systemd.io/JOURNAL_NATIVE_PROTOCOL).  No value has a
 * newline in it, as all are printable: the other form, with a length, is never needed. */
struct entry {
	char *p;
	size_t n, cap;
};

/* One field, or none if it does not fit. */
static void add(struct entry *e, const char *prefix, const char *name, const char *value,
		size_t n)
{
	size_t start = strlen(prefix), length = strlen(name);

	if (e->cap - e->n < start + length + n + 2)
		return;
	memcpy(e->p + e->n, prefix, start);
	e->n += start;
	for (size_t i = 0; i < length; i++)
		e->p[e->n++] = (char)toupper((unsigned char)name[i]);
	e->p[e->n++] = '=';
	memcpy(e->p + e->n, value, n);
	e->n += n;
	e->p[e->n++] = '\n';
}

/* A field of ours, of a peer's bytes or our own. */
static void add_own(struct entry *e, const char *name, const void *value, size_t n)
{
	char text[VALUE_MAX];

	if (n > 0)
		add(e, "WSBRIDGE_", name, text,
		    log_printable(text, sizeof(text), value, n));
}

static void add_field(struct entry *e, const struct log_field *f)
{
	char text[2 * DIGITS_MAX + 1];
	const char *value = text;
	size_t n = 0;

	switch (f->type) {
	case LOG_WORD:
	case LOG_TEXT:
		value = f->value.text ? f->value.text : "";
		n = strlen(value);
		break;
	case LOG_NUMBER:
		n = digits(text, f->value.number);
		break;
	case LOG_FLAG:
		value = f->value.flag ? "yes" : "no";
		n = strlen(value);
		break;
	case LOG_SECONDS:
		n = digits_fixed(text, f->value.seconds, 3);
		break;
	case LOG_LATENCY:
		if (f->value.seconds >= 0)
			n = digits_fixed(text, f->value.seconds, 6);
		break;
	case LOG_TRAFFIC:
		n = digits(text, f->value.traffic.messages);
		text[n++] = '/';
		n += digits(text + n, f->value.traffic.bytes);
		break;
	}
	add_own(e, f->name, value, n);
}

size_t log_journal_entry(char *out, const struct log_conf *conf,
			 const struct timespec *when, enum log_level level,
			 const char *who, const struct log_event *event)
{
	struct log_conf prefixed = *conf;
	struct entry e = { .p = out, .cap = LOG_DATAGRAM_MAX };
	char line[LOG_LINE_MAX];
	struct span id, path;
	size_t n;

	prefixed.journal_prefix = true;
	n = log_line(line, &prefixed, when, level, who, event);
	add(&e, "", "MESSAGE", line + PREFIX_LENGTH, n - PREFIX_LENGTH - 1);
	add(&e, "", "PRIORITY", &severity[level], 1);
	add(&e, "", "SYSLOG_IDENTIFIER", NAME, strlen(NAME));
	if (event->name)
		add_own(&e, "EVENT", event->name, strlen(event->name));
	log_split_who(who, &id, &path);
	if (id.n > 1)
		add_own(&e, "CONN", id.p + 1, id.n - 1);
	add_own(&e, "PATH", path.p, path.n);
	for (size_t i = 0; i < event->nfields; i++)
		add_field(&e, &event->fields[i]);
	return e.n;
}

/* ---- syslog ---- */

/* RFC 3164 4.1, as a local program sends it: local time, and no host. */
size_t log_syslog_entry(char *out, const struct log_conf *conf,
			const struct timespec *when, enum log_level level,
			const char *who, const struct log_event *event)
{
	struct log_conf plain = *conf;
	char line[LOG_LINE_MAX], date[32];
	struct tm tm;
	size_t n;
	int head;

	localtime_r(&when->tv_sec, &tm);
	strftime(date, sizeof(date), "%b %e %H:%M:%S", &tm);
	head = snprintf(out, LOG_DATAGRAM_MAX, "<%d>%s " NAME "[%d]: ",
			DAEMON_FACILITY + (severity[level] - '0'), date, (int)getpid());
	plain.journal_prefix = plain.colour = plain.time = false;
	n = log_line(line, &plain, when, level, who, event);
	memcpy(out + head, line, n - 1); /* it is shorter by far than a datagram */
	return (size_t)head + n - 1;
}

/* ---- sending ---- */

static const struct {
	const char *path;
	size_t (*entry)(char *out, const struct log_conf *conf,
			const struct timespec *when, enum log_level level,
			const char *who, const struct log_event *event);
} sinks[] = {
	[LOG_SINK_JOURNAL] = { "/run/systemd/journal/socket", log_journal_entry },
	[LOG_SINK_SYSLOG] = { "/dev/log", log_syslog_entry },
};

bool log_send(const struct log_conf *conf, const struct timespec *when,
	      enum log_level level, const char *who, const struct log_event *e)
{
	struct sockaddr_un to = { .sun_family = AF_UNIX };
	char entry[LOG_DATAGRAM_MAX];
	size_t n;

	if (conf->sink == LOG_SINK_FD || conf->socket < 0)
		return false;
	n = sinks[conf->sink].entry(entry, conf, when, level, who, e);
	strcpy(to.sun_path, sinks[conf->sink].path);
	return sendto(conf->socket, entry, n, MSG_DONTWAIT | MSG_NOSIGNAL,
		      (struct sockaddr *)&to, sizeof(to)) == (ssize_t)n;
}
