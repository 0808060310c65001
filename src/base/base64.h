/* SPDX-License-Identifier: MIT */
/* base64.h - bytes <-> strict base64 (RFC 4648 4). */
#ifndef BASE_BASE64_H
#define BASE_BASE64_H

#include <stddef.h>

#include "span.h"

/* Decode IN, which has to be padded and without stray bits at its end (RFC 4648 3.5),
 * to OUT (CAP bytes): the number of bytes, or -1; also when IN is empty.  OUT may be
 * IN's own memory. */
long base64_decode(struct span in, char *out, size_t cap);

/* Encode IN with its padding to OUT (room for BASE64_SIZE(IN.n) bytes with a NUL). */
void base64_encode(struct span in, char *out);
#define BASE64_SIZE(n) (((n) + 2) / 3 * 4 + 1)

#endif
