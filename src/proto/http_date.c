/* SPDX-License-Identifier: MIT */
/* The dates of HTTP. */
#include <ctype.h>
#include <stdio.h>

#include "http_date.h"

static const char days[7][10] = { "Sunday",   "Monday", "Tuesday", "Wednesday",
				  "Thursday", "Friday", "Saturday" };
static const char months[12][4] = { "Jan", "Feb", "Mar", "Apr", "May", "Jun",
				    "Jul", "Aug", "Sep", "Oct", "Nov", "Dec" };

const char *http_date_text(time_t when, char *out)
{
	struct tm t;

	*out = '\0';
	if (gmtime_r(&when, &t) && t.tm_year >= -1900 && t.tm_year <= 9999 - 1900)
		snprintf(out, HTTP_DATE_SIZE, "%.3s, %02d %s %04d %02d:%02d:%02d GMT",
			 days[t.tm_wday], t.tm_mday, months[t.tm_mon], t.tm_year + 1900,
			 t.tm_hour, t.tm_min, t.tm_sec);
	return out;
}

/* ---- reading ---- */

/* Take a number of N digits; the first may be BLANK instead (asctime pads the day). */
static bool take_digits(struct span *s, size_t n, char blank, int *ret)
{
	if (s->n < n)
		return false;
	*ret = 0;
	for (size_t i = 0; i < n; i++) {
		char c = i == 0 && blank && s->p[i] == blank ? '0' : s->p[i];

		if (!isdigit((unsigned char)c))
			return false;
		*ret = *ret * 10 + (c - '0');
	}
	span_skip(s, n);
	return true;
}

static bool take_month(struct span *s, int *ret)
{
	for (*ret = 0; *ret < 12; ++*ret)
		if (span_take(s, (struct span){ months[*ret], 3 }))
			return true;
	return false;
}

/* A day's name, in full or its first three letters. */
static bool take_weekday(struct span *s, bool full)
{
	for (size_t i = 0; i < 7; i++)
		if (span_take(s, (struct span){ days[i], full ? strlen(days[i]) : 3 }))
			return true;
	return false;
}

/* Read S by FORM: a = Sun, A = Sunday, d = 06, e = _6, b = Nov, y = 94, Y = 1994,
 * H, M, S = 08, Z = GMT; every other byte stands for itself. */
static bool read_form(struct span s, const char *form, struct tm *t)
{
	bool ok = true;

	*t = (struct tm){ 0 };
	for (; *form && ok; form++)
		switch (*form) {
		case 'a':
		case 'A':
			ok = take_weekday(&s, *form == 'A');
			break;
		case 'd':
		case 'e':
			ok = take_digits(&s, 2, *form == 'e' ? ' ' : 0, &t->tm_mday);
			break;
		case 'b':
			ok = take_month(&s, &t->tm_mon);
			break;
		case 'y': /* which century, only a clock could tell better */
			ok = take_digits(&s, 2, 0, &t->tm_year);
			t->tm_year += t->tm_year < 70 ? 100 : 0;
			break;
		case 'Y':
			ok = take_digits(&s, 4, 0, &t->tm_year);
			t->tm_year -= 1900;
			break;
		case 'H':
			ok = take_digits(&s, 2, 0, &t->tm_hour);
			break;
		case 'M':
			ok = take_digits(&s, 2, 0, &t->tm_min);
			break;
		case 'S':
			ok = take_digits(&s, 2, 0, &t->tm_sec);
			break;
		case 'Z':
			ok = span_take(&s, SPAN("GMT"));
			break;
		default:
			ok = span_take(&s, (struct span){ form, 1 });
		}
	return ok && s.n == 0;
}

static const char *const forms[] = {
	"a, d b Y H:M:S Z", /* IMF-fixdate */
	"A, d-b-y H:M:S Z", /* RFC 850 */
	"a b e H:M:S Y",    /* asctime(3) */
};

static bool is_time(const struct tm *t)
{
	return t->tm_mday >= 1 && t->tm_mday <= 31 && t->tm_hour < 24 && t->tm_min < 60 &&
	       t->tm_sec <= 60;
}

bool http_date_parse(struct span text, time_t *ret)
{
	struct tm t;

	for (size_t i = 0; i < sizeof(forms) / sizeof(*forms); i++)
		if (read_form(text, forms[i], &t) && is_time(&t)) {
			*ret = timegm(&t);
			return true;
		}
	return false;
}
