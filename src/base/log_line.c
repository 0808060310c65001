/* SPDX-License-Identifier: MIT */
/* How an event looks as a line: text for people, or one JSON object. */
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "digits.h"
#include "log_impl.h"
#include "sys.h"

static const struct {
	const char *journal, *text, *coloured, *json;
} levels[] = {
	[LOG_LEVEL_ERROR] = { "<3>", "error: ", "\033[1;31merror:\033[0m ", "error" },
	[LOG_LEVEL_WARNING] = { "<4>", "warning: ", "\033[33mwarning:\033[0m ",
				"warning" },
	[LOG_LEVEL_INFO] = { "<6>", "", "", "info" },
	[LOG_LEVEL_DEBUG] = { "<7>", "", "", "debug" },
};

static void add_number(struct log_out *o, unsigned long long n)
{
	char text[DIGITS_MAX];

	log_out_bytes(o, text, digits(text, n));
}

static void add_decimals(struct log_out *o, double value, unsigned decimals)
{
	char text[DIGITS_MAX];

	log_out_bytes(o, text, digits_fixed(text, value, decimals));
}

void log_split_who(const char *who, struct span *ret_id, struct span *ret_path)
{
	size_t n = *who == '#' ? strcspn(who, " ") : 0;

	*ret_id = (struct span){ who, n };
	*ret_path = (struct span){ who + n, strlen(who + n) };
	if (n > 0 && ret_path->n > 0)
		*ret_path = (struct span){ who + n + 1, ret_path->n - 1 };
}

/* N in WIDTH digits, and what stands before the next number. */
static size_t put(char *out, int n, unsigned width, char after)
{
	out[digits_wide(out, (unsigned)n, width)] = after;
	return width + 1;
}

/* 2026-11-22T09:30:00.120 */
static void add_date(struct log_out *o, const struct tm *tm, long nanoseconds)
{
	char text[32];
	size_t n = put(text, tm->tm_year + 1900, 4, '-');

	n += put(text + n, tm->tm_mon + 1, 2, '-');
	n += put(text + n, tm->tm_mday, 2, 'T');
	n += put(text + n, tm->tm_hour, 2, ':');
	n += put(text + n, tm->tm_min, 2, ':');
	n += put(text + n, tm->tm_sec, 2, '.');
	n += digits_wide(text + n, (unsigned long long)nanoseconds / 1000000, 3);
	log_out_bytes(o, text, n);
}

static void add_utc(struct log_out *o, const struct timespec *when)
{
	struct tm tm;

	gmtime_r(&when->tv_sec, &tm);
	add_date(o, &tm, when->tv_nsec);
	log_out_text(o, "Z");
}

static void add_local(struct log_out *o, const struct timespec *when)
{
	char zone[] = "+hh:mm";
	struct tm tm;
	int minutes;

	localtime_r(&when->tv_sec, &tm);
	add_date(o, &tm, when->tv_nsec);
	minutes = abs((int)(tm.tm_gmtoff / 60));
	if (tm.tm_gmtoff < 0)
		*zone = '-';
	digits_wide(zone + 1, (unsigned)minutes / 60, 2);
	digits_wide(zone + 4, (unsigned)minutes % 60, 2);
	log_out_text(o, zone);
}

/* ---- text ---- */

/* A value that no quote, blank or sign in it can end. */
static bool is_word(const char *text)
{
	size_t n = strlen(text);

	for (size_t i = 0; i < n; i++)
		if (text[i] <= ' ' || text[i] > '~' || text[i] == '"' ||
		    text[i] == '\\' || text[i] == '=')
			return false;
	return n > 0;
}

static void add_quoted(struct log_out *o, const char *text)
{
	log_out_text(o, "\"");
	log_out_escaped(o, text, strlen(text), LOG_ESCAPE_BACKSLASH | LOG_ESCAPE_QUOTE);
	log_out_text(o, "\"");
}

void log_out_value(struct log_out *o, const struct log_field *f)
{
	switch (f->type) {
	case LOG_WORD:
		if (!f->value.text || is_word(f->value.text))
			log_out_text(o, f->value.text ? f->value.text : "-");
		else
			add_quoted(o, f->value.text);
		break;
	case LOG_TEXT:
		add_quoted(o, f->value.text ? f->value.text : "");
		break;
	case LOG_NUMBER:
		add_number(o, f->value.number);
		break;
	case LOG_FLAG:
		log_out_text(o, f->value.flag ? "yes" : "no");
		break;
	case LOG_SECONDS:
		add_decimals(o, f->value.seconds, 3);
		break;
	case LOG_LATENCY:
		if (f->value.seconds < 0) {
			log_out_text(o, "-");
			break;
		}
		add_decimals(o, f->value.seconds * 1e3, 1);
		log_out_text(o, "ms");
		break;
	case LOG_TRAFFIC:
		add_number(o, f->value.traffic.messages);
		log_out_text(o, "/");
		add_number(o, f->value.traffic.bytes);
		break;
	}
}

/* No blank in the path: the first one behind ID ends it, so it cannot be followed by
 * words of the client that look like ours. */
static void add_text_who(struct log_out *o, const char *who)
{
	struct span id, path;

	log_split_who(who, &id, &path);
	log_out_escaped(o, id.p, id.n, 0);
	if (id.n > 0 && path.n > 0)
		log_out_text(o, " ");
	log_out_escaped(o, path.p, path.n, LOG_ESCAPE_BLANK);
	if (*who)
		log_out_text(o, ": ");
}

static void add_text(struct log_out *o, const char *who, const struct log_event *e)
{
	add_text_who(o, who);
	if (e->name)
		log_out_text(o, e->name);
	if (e->name && e->message.p)
		log_out_text(o, ": ");
	if (e->message.p)
		log_out_escaped(o, e->message.p, e->message.n, 0);
	for (size_t i = 0; i < e->nfields; i++) {
		log_out_text(o, " ");
		log_out_text(o, e->fields[i].name);
		log_out_text(o, "=");
		log_out_value(o, &e->fields[i]);
	}
}

/* ---- JSON ---- */

/* A line that is cut would be no object any more: strings are cut instead, to MOST
 * bytes each. */
static void add_string(struct log_out *o, size_t most, struct span text)
{
	struct log_out string;
	size_t room;

	log_out_text(o, "\"");
	room = o->cap - o->at;
	string = (struct log_out){ .p = o->p + o->at, .cap = most < room ? most : room };
	log_out_escaped(&string, text.p, text.n,
			LOG_ESCAPE_JSON | LOG_ESCAPE_BACKSLASH | LOG_ESCAPE_QUOTE);
	if (o->overflowed || (string.overflowed && room <= most)) {
		o->overflowed = true;
		return;
	}
	o->at += log_out_end(&string);
	log_out_text(o, "\"");
}

static void add_json_value(struct log_out *o, size_t most, const struct log_field *f)
{
	switch (f->type) {
	case LOG_WORD:
	case LOG_TEXT:
		if (f->value.text)
			add_string(o, most,
				   (struct span){ f->value.text, strlen(f->value.text) });
		else
			log_out_text(o, "null");
		break;
	case LOG_NUMBER:
		add_number(o, f->value.number);
		break;
	case LOG_FLAG:
		log_out_text(o, f->value.flag ? "true" : "false");
		break;
	case LOG_SECONDS:
		add_decimals(o, f->value.seconds, 3);
		break;
	case LOG_LATENCY:
		if (f->value.seconds < 0)
			log_out_text(o, "null");
		else
			add_decimals(o, f->value.seconds, 6);
		break;
	case LOG_TRAFFIC:
		log_out_text(o, "{\"messages\":");
		add_number(o, f->value.traffic.messages);
		log_out_text(o, ",\"bytes\":");
		add_number(o, f->value.traffic.bytes);
		log_out_text(o, "}");
		break;
	}
}

static void add_json_who(struct log_out *o, size_t most, const char *who)
{
	struct span id, path;

	log_split_who(who, &id, &path);
	if (id.n > 1) {
		log_out_text(o, ",\"id\":");
		log_out_bytes(o, id.p + 1, id.n - 1);
	}
	if (path.n == 0)
		return;
	log_out_text(o, ",\"path\":");
	add_string(o, most, path);
}

static void add_json(struct log_out *o, size_t most, const char *who,
		     const struct log_event *e)
{
	add_json_who(o, most, who);
	if (e->name) {
		log_out_text(o, ",\"event\":\"");
		log_out_text(o, e->name);
		log_out_text(o, "\"");
	}
	for (size_t i = 0; i < e->nfields; i++) {
		log_out_text(o, ",\"");
		log_out_text(o, e->fields[i].name);
		log_out_text(o, "\":");
		add_json_value(o, most, &e->fields[i]);
	}
	if (e->message.p) {
		log_out_text(o, ",\"message\":");
		add_string(o, most, e->message);
	}
	log_out_text(o, "}");
}

/* ---- the line ---- */

static const char *prefix_of(const struct log_conf *conf, enum log_level level)
{
	if (conf->journal_prefix)
		return levels[level].journal;
	if (conf->format == LOG_FORMAT_JSON)
		return "";
	return conf->colour ? levels[level].coloured : levels[level].text;
}

const char *log_prefix(FILE *f, enum log_level level)
{
	int fd = fileno(f); /* -1: F is memory */

	return fd >= 0 && sys_is_journal(fd) ? levels[level].journal : "";
}

size_t log_line(char *out, const struct log_conf *conf, const struct timespec *when,
		enum log_level level, const char *who, const struct log_event *e)
{
	size_t most = LOG_LINE_MAX;
	struct log_out o;

	do {
		o = (struct log_out){ .p = out, .cap = LOG_LINE_MAX };
		if (conf->time && conf->format == LOG_FORMAT_TEXT &&
		    !conf->journal_prefix) {
			add_local(&o, when);
			log_out_text(&o, " ");
		}
		log_out_text(&o, prefix_of(conf, level));
		if (conf->format == LOG_FORMAT_TEXT) {
			add_text(&o, who, e);
			break;
		}
		log_out_text(&o, "{\"time\":\"");
		add_utc(&o, when);
		log_out_text(&o, "\",\"level\":\"");
		log_out_text(&o, levels[level].json);
		log_out_text(&o, "\"");
		add_json(&o, most, who, e);
		most -= most / 4;
		assert(most > 8); /* the names and numbers of an event are few */
	} while (o.overflowed);
	log_out_end(&o);
	out[o.at] = '\n'; /* over the NUL */
	return o.at + 1;
}

size_t log_json(char *out, enum log_level level, const char *who,
		const struct log_event *e)
{
	static const struct log_conf plain = { .format = LOG_FORMAT_JSON };
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return log_line(out, &plain, &now, level, who, e) - 1;
}
