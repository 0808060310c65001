/* SPDX-License-Identifier: MIT */
/* One line per event: prefixes, peers' bytes made printable, never blocking. */
#include <assert.h>
#include <errno.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "log.h"

#define ELLIPSIS "…"
#define ELLIPSIS_SIZE (sizeof(ELLIPSIS) - 1)

static const struct {
	const char *journal, *word;
} levels[] = {
	[LOG_LEVEL_ERROR] = { "<3>", "error: " },
	[LOG_LEVEL_WARNING] = { "<4>", "warning: " },
	[LOG_LEVEL_INFO] = { "<6>", "" },
	[LOG_LEVEL_DEBUG] = { "<7>", "" },
};

static struct {
	int fd;
	enum log_level level;
	bool journal_prefix;
	unsigned long lost; /* lines dropped since the last one that was written */
} sink = { .fd = STDERR_FILENO, .level = LOG_LEVEL_INFO };

/* ---- printable ---- */

/* C1 controls, line separators, and the marks that reorder a line on a terminal. */
static bool is_deceptive(unsigned c)
{
	return c < 0xA0 || (c >= 0x2028 && c <= 0x202E) || (c >= 0x2066 && c <= 0x2069);
}

/* Length of the printable multi-byte character at P (N > 0 bytes); 0: none (RFC 3629). */
static size_t character(const unsigned char *p, size_t n)
{
	static const unsigned least[] = { 0, 0, 0x80, 0x800, 0x10000 }; /* by size */
	size_t size = p[0] >= 0xF0 ? 4 : p[0] >= 0xE0 ? 3 : 2;
	unsigned c = p[0] & (0x7Fu >> size);

	if (p[0] < 0xC2 || p[0] > 0xF4 || n < size)
		return 0;
	for (size_t i = 1; i < size; i++) {
		if ((p[i] & 0xC0) != 0x80)
			return 0;
		c = c << 6 | (p[i] & 0x3F);
	}
	if (c < least[size] || c > 0x10FFFF || (c >= 0xD800 && c <= 0xDFFF))
		return 0; /* overlong, beyond Unicode, a surrogate */
	return is_deceptive(c) ? 0 : size;
}

/* Write what is to be seen of the character or byte at P to SEEN (5 bytes): its length.
 * *USED: the bytes of P it stands for. */
static size_t show(char *seen, const unsigned char *p, size_t n, bool double_backslash,
		   size_t *used)
{
	size_t size = *p >= 0x20 && *p < 0x7F ? 1 : character(p, n);

	*used = 1;
	if (*p == '\\' && double_backslash)
		return (size_t)sprintf(seen, "\\\\");
	if (size == 0)
		return (size_t)sprintf(seen, "\\x%02X", *p);
	memcpy(seen, p, size);
	*used = size;
	return size;
}

static size_t escape(char *out, size_t cap, const void *bytes, size_t n,
		     bool double_backslash)
{
	const unsigned char *p = bytes;
	size_t at = 0, cut = 0; /* cut: the last place where an ellipsis fits */

	assert(cap > ELLIPSIS_SIZE);
	while (n > 0) {
		char seen[5];
		size_t used, size = show(seen, p, n, double_backslash, &used);

		if (at + ELLIPSIS_SIZE < cap)
			cut = at;
		if (at + size >= cap) {
			memcpy(out + cut, ELLIPSIS, ELLIPSIS_SIZE);
			at = cut + ELLIPSIS_SIZE;
			break;
		}
		memcpy(out + at, seen, size);
		at += size;
		p += used;
		n -= used;
	}
	out[at] = '\0';
	return at;
}

size_t log_printable(char *out, size_t cap, const void *p, size_t n)
{
	return escape(out, cap, p, n, true);
}

/* ---- writing ---- */

/* A pipe that polls writable takes PIPE_BUF (4096) bytes: no line waits or is torn. */
static bool put(const char *line, size_t n)
{
	struct pollfd p = { .fd = sink.fd, .events = POLLOUT };

	return poll(&p, 1, 0) == 1 && (p.revents & POLLOUT) &&
	       write(sink.fd, line, n) == (ssize_t)n;
}

/* Write TEXT of LEVEL as one line.  False: it was not taken. */
static bool put_line(enum log_level level, const char *text)
{
	char line[LOG_LINE_MAX];
	const char *word = levels[level].word;
	const char *prefix = sink.journal_prefix ? levels[level].journal : word;
	size_t n = strlen(prefix);

	memcpy(line, prefix, n);
	n += escape(line + n, sizeof(line) - n, text, strlen(text), false);
	line[n++] = '\n'; /* over the NUL */
	return put(line, n);
}

/* Say how many lines were lost, if any.  False: not taken. */
static bool put_lost(void)
{
	char text[80];

	if (sink.lost == 0)
		return true;
	snprintf(text, sizeof(text),
		 "%lu log lines were lost: they came faster than they were read",
		 sink.lost);
	if (!put_line(LOG_LEVEL_WARNING, text))
		return false;
	sink.lost = 0;
	return true;
}

void log_open(int fd, enum log_level level, bool journal_prefix)
{
	sink.fd = fd;
	sink.level = level;
	sink.journal_prefix = journal_prefix;
}

bool log_is_on(enum log_level level)
{
	return level <= sink.level;
}

void log_write(enum log_level level, const char *who, const char *fmt, ...)
{
	char text[LOG_LINE_MAX + 8]; /* if cut here, escape() cuts again, with … */
	int saved = errno, n = 0;
	va_list args;

	if (!log_is_on(level))
		return;
	if (who[0] != '\0')
		n = snprintf(text, sizeof(text), "%s: ", who);
	errno = saved; /* for %m */
	if (n >= 0 && (size_t)n < sizeof(text)) {
		va_start(args, fmt);
		vsnprintf(text + n, sizeof(text) - (size_t)n, fmt, args);
		va_end(args);
	}
	if (!put_lost() || !put_line(level, text))
		sink.lost++;
	errno = saved;
}
