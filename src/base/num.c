/* SPDX-License-Identifier: MIT */
/* Text <-> boolean, integer, size, duration and rate. */
#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "num.h"

#define QUOTED "%.60s" /* as much of a wrong text as an error text repeats */

__attribute__((format(printf, 2, 3))) static int bad(char *err, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(err, NUM_ERR, fmt, ap);
	va_end(ap);
	return -EINVAL;
}

/* ---- boolean ---- */

static const struct {
	const char *text;
	bool value;
} booleans[] = {
	{ "yes", true }, { "on", true },   { "true", true },
	{ "no", false }, { "off", false }, { "false", false },
};

int num_bool(const char *text, bool *ret, char *err)
{
	for (size_t i = 0; i < sizeof(booleans) / sizeof(*booleans); i++) {
		if (strcasecmp(text, booleans[i].text) == 0) {
			*ret = booleans[i].value;
			return 0;
		}
	}
	return bad(err, QUOTED " is not yes or no", text);
}

/* ---- digits ---- */

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/*
 * Read the digits at *P in BASE (2..10), moving *P past them.  -EINVAL: there are none,
 * -ERANGE: they make more than a uint64_t holds.
 */
static int read_digits(const char **p, unsigned base, uint64_t *ret)
{
	const char *start = *p;
	uint64_t n = 0;
	bool over = false;

	for (; **p >= '0' && **p < (char)('0' + base); (*p)++) {
		over |= __builtin_mul_overflow(n, base, &n);
		over |= __builtin_add_overflow(n, (uint64_t)(**p - '0'), &n);
	}
	if (*p == start)
		return -EINVAL;
	*ret = n;
	return over ? -ERANGE : 0;
}

int num_int(const char *text, long min, long max, long *ret, char *err)
{
	const char *p = text;
	bool minus = *p == '-';
	uint64_t n;
	long value;
	int r;

	p += minus;
	r = read_digits(&p, 10, &n);
	if (r == -EINVAL || *p)
		return bad(err, QUOTED " is not a whole number", text);
	value = minus ? -(long)(n & INT64_MAX) : (long)(n & INT64_MAX);
	if (r < 0 || n > INT64_MAX || value < min || value > max)
		return bad(err, QUOTED " is not between %ld and %ld", text, min, max);
	*ret = value;
	return 0;
}

int num_hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

int num_octal(const char *text, unsigned max, unsigned *ret, char *err)
{
	const char *p = text;
	uint64_t n;
	int r = read_digits(&p, 8, &n);

	if (r == -EINVAL || *p)
		return bad(err, QUOTED " is not an octal mode: 022, 0660", text);
	if (r < 0 || n > max)
		return bad(err, QUOTED " is more than 0%o", text, max);
	*ret = (unsigned)n;
	return 0;
}

/* ---- numbers with a unit ---- */

struct unit {
	const char *name;
	double factor;
};

static const struct unit durations[] = {
	{ "ms", 0.001 }, { "s", 1 },     { "m", 60 },
	{ "h", 3600 },   { "d", 86400 }, { NULL, 0 },
};
static const struct unit sizes[] = {
	{ "", 1 },        { "k", 1 << 10 }, { "K", 1 << 10 }, { "M", 1 << 20 },
	{ "m", 1 << 20 }, { "G", 1 << 30 }, { "g", 1 << 30 }, { NULL, 0 },
};
static const struct unit rates[] = {
	{ "/s", 1 },
	{ "/m", 1.0 / 60 },
	{ "/h", 1.0 / 3600 },
	{ NULL, 0 },
};

static const struct unit *find_unit(const struct unit *units, const char *name)
{
	for (; units->name; units++)
		if (strcmp(units->name, name) == 0)
			return units;
	return NULL;
}

/* Read the fraction ".25" at *P, when there is one, moving *P past it.  A dot without
 * digits stays. */
static double read_fraction(const char **p)
{
	double fraction = 0;
	double place = 0.1;

	if (**p != '.' || !is_digit((*p)[1]))
		return 0;
	for ((*p)++; is_digit(**p); (*p)++, place /= 10)
		fraction += place * (**p - '0');
	return fraction;
}

/* Split TEXT into a number and the unit after it.  -EINVAL: no number. */
static int read_number(const char *text, double *ret_number, const char **ret_unit)
{
	const char *p = text;
	uint64_t whole;
	int r = read_digits(&p, 10, &whole);

	if (r == -EINVAL)
		return r;
	*ret_number = r < 0 ? 1e30 : (double)whole + read_fraction(&p);
	*ret_unit = p;
	return 0;
}

/* Write VALUE with the largest of UNITS that makes a whole number of it. */
static void print_unit(char *out, size_t cap, const struct unit *units, double value)
{
	const struct unit *best = units;

	for (const struct unit *u = units; u->name; u++) {
		double n = value / u->factor;

		if (n >= 1 && n == (double)(uint64_t)n && u->factor > best->factor)
			best = u;
	}
	if (value == 0)
		snprintf(out, cap, "0");
	else
		snprintf(out, cap, "%g%s", value / best->factor, best->name);
}

static int out_of_range(const char *text, const struct unit *units, double min,
			double max, char *err)
{
	char low[32], high[32];

	print_unit(low, sizeof(low), units, min);
	print_unit(high, sizeof(high), units, max);
	return bad(err, QUOTED " is not between %s and %s", text, low, high);
}

int num_seconds(const char *text, double min, double max, double *ret, char *err)
{
	const struct unit *u;
	const char *unit;
	double n;

	if (read_number(text, &n, &unit) < 0)
		return bad(err, QUOTED " is not a duration: 500ms, 10s, 2m", text);
	u = find_unit(durations, unit);
	if (!u && *unit)
		return bad(err, QUOTED " has an unknown unit: 500ms, 10s, 2m, 1h, 1d",
			   text);
	if (!u && n != 0)
		return bad(err, QUOTED " needs a unit: 500ms, 10s, 2m", text);
	if (u)
		n *= u->factor;
	if (n < min || n > max)
		return out_of_range(text, durations, min, max, err);
	*ret = n;
	return 0;
}

int num_size(const char *text, size_t min, size_t max, size_t *ret, char *err)
{
	const struct unit *u = NULL;
	const char *unit = text;
	uint64_t n;
	int r = read_digits(&unit, 10, &n);

	if (r != -EINVAL)
		u = find_unit(sizes, unit);
	if (!u)
		return bad(err, QUOTED " is not a size: 512, 64k, 1M", text);
	if (r < 0 || __builtin_mul_overflow(n, (uint64_t)u->factor, &n) || n < min ||
	    n > max)
		return out_of_range(text, sizes, (double)min, (double)max, err);
	*ret = (size_t)n;
	return 0;
}

int num_rate(const char *text, double max, double *ret, char *err)
{
	const struct unit *u;
	const char *unit;
	double n;

	if (read_number(text, &n, &unit) < 0)
		return bad(err, QUOTED " is not a rate: 20/s, 600/m", text);
	u = find_unit(rates, unit);
	if (!u && (*unit || n != 0))
		return bad(err, QUOTED " needs a unit: 20/s, 600/m", text);
	if (u)
		n *= u->factor;
	if (n > max)
		return bad(err, QUOTED " is more than %g/s", text, max);
	*ret = n;
	return 0;
}

/* ---- signals ---- */

int num_signal(const char *text, int *ret, char *err)
{
	const char *name = strncasecmp(text, "SIG", 3) == 0 ? text + 3 : text;
	char unused[NUM_ERR];
	long n = 0;

	if (num_int(text, 1, NSIG - 1, &n, unused) == 0) {
		*ret = (int)n;
		return 0;
	}
	for (int s = 1; s < NSIG; s++) {
		const char *known = sigabbrev_np(s);

		if (known && strcasecmp(known, name) == 0) {
			*ret = s;
			return 0;
		}
	}
	return bad(err, QUOTED " is not a signal: TERM, SIGINT, 15", text);
}

const char *num_signal_name(int signo)
{
	static char names[NSIG][16]; /* made on demand, the same text each time */
	const char *known = sigabbrev_np(signo);

	if (signo < 0 || signo >= NSIG)
		return "unknown signal";
	if (known)
		snprintf(names[signo], sizeof(*names), "SIG%s", known);
	else
		snprintf(names[signo], sizeof(*names), "signal %d", signo);
	return names[signo];
}
