/* SPDX-License-Identifier: MIT */
/* Fuzzes hook_answer.c: whatever a hook says, nothing of it can split a response or an
 * environment. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "hook_answer.h"

#define MUST(holds) ((holds) ? (void)0 : abort())

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_text(const char *text, const char *begin, const char *end)
{
	MUST(text >= begin && text < end);
	for (; *text; text++)
		MUST((unsigned char)*text >= ' ' && *text != 0x7f);
}

static void check(const struct hook_answer *a, const char *begin, const char *end)
{
	MUST(a->status == 0 || (a->status >= 400 && a->status <= 599));
	MUST(a->nheaders <= HOOK_ANSWER_FIELDS && a->nenv <= HOOK_ANSWER_FIELDS);
	if (a->text)
		check_text(a->text, begin, end);
	if (a->subprotocol)
		check_text(a->subprotocol, begin, end);
	if (a->user)
		check_text(a->user, begin, end);
	for (unsigned i = 0; i < a->nheaders; i++) {
		check_text(a->header[i], begin, end);
		MUST(strchr(a->header[i], ':') > a->header[i]);
		MUST(strncasecmp(a->header[i], "sec-websocket-", 14) != 0);
		MUST(strncasecmp(a->header[i], "connection:", 11) != 0);
	}
	for (unsigned i = 0; i < a->nenv; i++) {
		check_text(a->env[i], begin, end);
		MUST(strchr(a->env[i], '=') > a->env[i]);
	}
	MUST(!a->header[a->nheaders] && !a->env[a->nenv]);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *copy = malloc(size + 1);
	struct hook_answer a;
	unsigned line = 0;
	const char *why = NULL;

	MUST(copy);
	if (size > 0)
		memcpy(copy, data, size);
	if (hook_answer_read(copy, size, &a, &line, &why))
		check(&a, copy, copy + size + 1);
	else
		MUST(why && line > 0 && line <= size + 1);
	free(copy);
	return 0;
}
