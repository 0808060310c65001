/* SPDX-License-Identifier: MIT */
/* Bytes of whatever origin as printable UTF-8, within a limit. */
#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "log_impl.h"

#define ELLIPSIS "…"
#define ELLIPSIS_SIZE (sizeof(ELLIPSIS) - 1)
#define SEEN_MAX 8 /* bytes that one character or byte becomes */

/* C1 controls, line separators, and the marks that reorder a line on a terminal. */
static bool is_deceptive(unsigned c)
{
	return c < 0x20 || (c >= 0x7F && c < 0xA0) || (c >= 0x2028 && c <= 0x202E) ||
	       (c >= 0x2066 && c <= 0x2069);
}

/* Length of the character at P (N > 0 bytes), which is *RET; 0: none (RFC 3629). */
static size_t character(const unsigned char *p, size_t n, unsigned *ret)
{
	static const unsigned least[] = { 0, 0, 0x80, 0x800, 0x10000 }; /* by size */
	size_t size = p[0] >= 0xF0 ? 4 : p[0] >= 0xE0 ? 3 : 2;
	unsigned c = p[0] & (0x7Fu >> size);

	*ret = p[0];
	if (p[0] < 0x80)
		return 1;
	if (p[0] < 0xC2 || p[0] > 0xF4 || n < size)
		return 0;
	for (size_t i = 1; i < size; i++) {
		if ((p[i] & 0xC0) != 0x80)
			return 0;
		c = c << 6 | (p[i] & 0x3F);
	}
	*ret = c;
	if (c < least[size] || c > 0x10FFFF || (c >= 0xD800 && c <= 0xDFFF))
		return 0; /* overlong, beyond Unicode, a surrogate */
	return size;
}

static bool is_wanted_escaped(unsigned c, unsigned how)
{
	return (c == '\\' && how & LOG_ESCAPE_BACKSLASH) ||
	       (c == '"' && how & LOG_ESCAPE_QUOTE);
}

/* Write what is to be seen of the character or byte at P to SEEN (SEEN_MAX bytes): its
 * length.  *USED: the bytes of P it stands for. */
static size_t show(char *seen, const unsigned char *p, size_t n, unsigned how,
		   size_t *used)
{
	bool json = how & LOG_ESCAPE_JSON;
	unsigned c;
	size_t size = character(p, n, &c);

	*used = 1;
	if (size > 0 && is_wanted_escaped(c, how))
		return (size_t)sprintf(seen, "\\%c", (int)c);
	if (size > 0 && !is_deceptive(c) && !(c == ' ' && how & LOG_ESCAPE_BLANK)) {
		memcpy(seen, p, size);
		*used = size;
		return size;
	}
	if (size > 0 && json) {
		*used = size;
		return (size_t)sprintf(seen, "\\u%04X", c & 0xFFFF);
	}
	return (size_t)sprintf(seen, json ? "\\\\x%02X" : "\\x%02X", *p);
}

void log_out_bytes(struct log_out *o, const char *p, size_t n)
{
	if (o->overflowed)
		return;
	if (o->at + ELLIPSIS_SIZE < o->cap)
		o->cut = o->at;
	if (o->at + n >= o->cap) {
		o->overflowed = true;
		return;
	}
	memcpy(o->p + o->at, p, n);
	o->at += n;
}

void log_out_text(struct log_out *o, const char *text)
{
	log_out_bytes(o, text, strlen(text));
}

/* How many of the N bytes at P are seen as they are, whatever is escaped: most are. */
static size_t plain(const unsigned char *p, size_t n)
{
	size_t i = 0;

	while (i < n && p[i] > ' ' && p[i] <= '~' && p[i] != '\\' && p[i] != '"')
		i++;
	return i;
}

void log_out_escaped(struct log_out *o, const void *bytes, size_t n, unsigned how)
{
	size_t first = plain(bytes, n);
	const unsigned char *p = bytes;

	if (o->at + first + ELLIPSIS_SIZE < o->cap) { /* else it is cut in its midst */
		log_out_bytes(o, bytes, first);
		p += first;
		n -= first;
	}
	while (n > 0 && !o->overflowed) {
		char seen[SEEN_MAX];
		size_t used, size = show(seen, p, n, how, &used);

		log_out_bytes(o, seen, size);
		p += used;
		n -= used;
	}
}

size_t log_out_end(struct log_out *o)
{
	if (o->overflowed) {
		assert(o->cap > ELLIPSIS_SIZE);
		memcpy(o->p + o->cut, ELLIPSIS, ELLIPSIS_SIZE);
		o->at = o->cut + ELLIPSIS_SIZE;
	}
	o->p[o->at] = '\0';
	return o->at;
}

size_t log_printable(char *out, size_t cap, const void *p, size_t n)
{
	struct log_out o = { .p = out, .cap = cap };

	log_out_escaped(&o, p, n, LOG_ESCAPE_BACKSLASH);
	return log_out_end(&o);
}
