/* SPDX-License-Identifier: MIT */
/* Fuzzes ws_url.c: what is taken apart holds nothing that breaks a request. */
#include <stdint.h>
#include <stdlib.h>

#include "ws_url.h"

#define MUST(holds) ((holds) ? (void)0 : abort())

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_clean(struct span s)
{
	MUST(s.n > 0);
	for (size_t i = 0; i < s.n; i++)
		MUST((unsigned char)s.p[i] > ' ' && (unsigned char)s.p[i] < 0x7F);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = calloc(1, size + 1);
	struct ws_url u;

	MUST(text);
	if (size > 0)
		memcpy(text, data, size);
	if (!ws_url_parse(text, &u)) {
		check_clean(u.authority);
		check_clean(u.target);
		MUST(u.target.p[0] == '/');
		MUST(*u.name && strlen(u.name) < sizeof(u.name));
		MUST(u.is_unix == (u.port == 0));
	}
	free(text);
	return 0;
}
