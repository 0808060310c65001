/* SPDX-License-Identifier: MIT */
/* Writes a command as the line `exec = ...` of an ini. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ini_command.h"
#include "words.h"

char *ini_absolute(const char *name)
{
	char *here = *name != '/' ? getcwd(NULL, 0) : NULL;
	char *file;

	if (asprintf(&file, "%s%s%s", here ? here : "", here ? "/" : "", name) < 0)
		file = NULL;
	free(here);
	return file;
}

void ini_put_command(FILE *out, char *const *argv)
{
	char *file = strchr(*argv, '/') ? ini_absolute(*argv) : NULL;

	fputs("exec = ", out);
	words_quote(out, file ? file : *argv);
	free(file);
	while (*++argv) {
		fputc(' ', out);
		words_quote(out, *argv);
	}
	fputc('\n', out);
}
