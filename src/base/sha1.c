/* SPDX-License-Identifier: MIT */
/* SHA-1 by OpenSSL's functions of before 3.0: those since look for their provider first.
 */
#define OPENSSL_SUPPRESS_DEPRECATED
#include <openssl/sha.h>

#include "sha1.h"

void sha1(struct span text, unsigned char out[SHA1_SIZE])
{
	SHA_CTX context;

	SHA1_Init(&context);
	SHA1_Update(&context, text.p, text.n);
	SHA1_Final(out, &context);
}
