/* SPDX-License-Identifier: MIT */
/* The header of a u32be message: its length in 4 bytes, the highest first. */
#include "framing_kind.h"

#define SIZE 4

size_t framing_u32be_write(size_t n, char *out)
{
	for (int i = 0; i < SIZE; i++)
		out[i] = (char)(n >> (24 - 8 * i));
	return SIZE;
}

enum framing_header framing_u32be_read(const char *p, size_t n, size_t *ret_size,
				       size_t *ret_length)
{
	if (n < SIZE)
		return HEADER_MORE;
	*ret_size = SIZE;
	*ret_length = 0;
	for (int i = 0; i < SIZE; i++)
		*ret_length = *ret_length << 8 | (unsigned char)p[i];
	return HEADER_DONE;
}
