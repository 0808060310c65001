/* SPDX-License-Identifier: MIT */
/* Percent-decodes the path of a request once, or refuses it. */
#include "http.h"
#include "num.h"

/* Take the next byte off PATH, decoded.  -1: a bad escape, or a byte that may not be in a
 * path. */
static int next_byte(struct span *path)
{
	unsigned char c = (unsigned char)*path->p;
	size_t used = 1;

	if (c == '%') {
		int high = path->n > 2 ? num_hex_digit(path->p[1]) : -1;
		int low = path->n > 2 ? num_hex_digit(path->p[2]) : -1;

		if (high < 0 || low < 0)
			return -1;
		c = (unsigned char)(high << 4 | low);
		used = 3;
		if (c ==
		    '/') /* a/b as one segment: no file and no route has such a name */
			return -1;
	}
	span_skip(path, used);
	return c < 0x20 || c == 0x7f ? -1 : c;
}

/* May the N bytes at SEGMENT stand between two slashes?  Decoded, so that %2e is a dot,
 * too. */
static bool is_segment(const char *segment, size_t n)
{
	return n > 0 && !(n == 1 && segment[0] == '.') &&
	       !(n == 2 && segment[0] == '.' && segment[1] == '.');
}

long http_decode_path(struct span path, char *out, size_t cap)
{
	size_t n = 0;
	size_t segment = 1; /* where the one under way begins in OUT */

	if (path.n == 0)
		path = SPAN("/");
	if (path.p[0] != '/')
		return -1;
	while (path.n > 0) {
		int c = next_byte(&path);

		if (c < 0 || n + 1 >= cap)
			return -1;
		if (c == '/' && n > 0) {
			if (!is_segment(out + segment, n - segment))
				return -1;
			segment = n + 1;
		}
		out[n++] = (char)c;
	}
	if (n > segment && !is_segment(out + segment, n - segment))
		return -1;
	out[n] = 0;
	return (long)n;
}
