/* SPDX-License-Identifier: MIT */
/* The header of a netstring: its length in decimal and a colon
 * (https://cr.yp.to/proto/netstrings.txt). */
#include <stdio.h>

#include "framing_kind.h"

#define LENGTH_DIGITS 10 /* 10 GB: max_message is less */

size_t framing_netstring_write(size_t n, char *out)
{
	return (size_t)snprintf(out, sizeof(((struct framing_ends *)0)->head), "%zu:", n);
}

enum framing_header framing_netstring_read(const char *p, size_t n, size_t *ret_size,
					   size_t *ret_length)
{
	size_t length = 0, digits = 0;

	while (digits < n && digits < LENGTH_DIGITS && p[digits] >= '0' &&
	       p[digits] <= '9')
		length = 10 * length + (size_t)(p[digits++] - '0');
	if (digits > 1 && p[0] == '0') /* a length has no leading zeros */
		return HEADER_BAD;
	if (digits == n)
		return HEADER_MORE;
	if (digits == 0 || p[digits] != ':')
		return HEADER_BAD;
	*ret_size = digits + 1;
	*ret_length = length;
	return HEADER_DONE;
}
