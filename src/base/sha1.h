/* SPDX-License-Identifier: MIT */
/* sha1.h - the digest of Sec-WebSocket-Accept (FIPS 180-4 6.1).
 *
 * It guards nothing there (RFC 6455 1.3).  EVP_Digest(3), which goes through many cold
 * layers to it, took a twenty-fifth of the CPU time of a whole connection.
 */
#ifndef BASE_SHA1_H
#define BASE_SHA1_H

#include "span.h"

#define SHA1_SIZE 20

/* The SHA-1 of TEXT to OUT. */
void sha1(struct span text, unsigned char out[SHA1_SIZE]);

#endif
