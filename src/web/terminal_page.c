/* SPDX-License-Identifier: MIT */
/* The page that is a terminal, with a nonce of its own each time. */
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "base64.h"
#include "terminal_page.h"

#define PLACE "@NONCE@" /* in the page */

__asm__(".section .rodata\nterminal_html:\n.incbin \"terminal.html\"\n"
	"terminal_html_end:\n.previous\n");
extern const char terminal_html[], terminal_html_end[];

int terminal_page_nonce(char *nonce)
{
	char random[16];

	_Static_assert(BASE64_SIZE(sizeof(random)) == TERMINAL_NONCE, "its room");
	if (getrandom(random, sizeof(random), 0) != sizeof(random))
		return -errno;
	base64_encode((struct span){ random, sizeof(random) }, nonce);
	return 0;
}

char *terminal_page(const char *nonce, size_t *ret_n)
{
	size_t n = (uintptr_t)terminal_html_end - (uintptr_t)terminal_html;
	const char *place = memmem(terminal_html, n, PLACE, strlen(PLACE));
	size_t before = (size_t)(place - terminal_html), after = before + strlen(PLACE);
	char *text = NULL;
	FILE *f = open_memstream(&text, ret_n);

	if (!f)
		return NULL;
	fwrite(terminal_html, 1, before, f);
	fputs(nonce, f);
	fwrite(terminal_html + after, 1, n - after, f);
	if (fclose(f) == 0)
		return text;
	free(text);
	return NULL;
}

const char *terminal_page_policy(const char *nonce, char *out)
{
	snprintf(out, TERMINAL_POLICY,
		 "default-src 'none'; script-src 'self'; "
		 "style-src-elem 'self' 'nonce-%s'; style-src-attr 'unsafe-inline'; "
		 "img-src 'self'; connect-src 'self' ws: wss:; "
		 "base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
		 nonce);
	return out;
}
