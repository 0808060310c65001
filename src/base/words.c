/* SPDX-License-Identifier: MIT */
/* Splits a command line into its words. */
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "words.h"

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static const char *skip_blanks(const char *p)
{
	while (is_blank(*p))
		p++;
	return p;
}

/*
 * Copy the word at *P to OUT without its quotes, ended by a NUL, and move *P past it. OUT
 * needs the room of the rest of the text.  NULL, or a sentence that says what is wrong.
 */
static const char *take_word(const char **p, char *out)
{
	char quote = 0;

	for (; **p && (quote || !is_blank(**p)); (*p)++) {
		char c = **p;

		if (quote ? c == quote : (c == '\'' || c == '"')) {
			quote = quote ? 0 : c;
			continue;
		}
		if (c == '\\' && quote != '\'') {
			c = *++*p;
			if (!c)
				return "a backslash at the end takes nothing";
		}
		*out++ = c;
	}
	*out = 0;
	return quote ? "a quote is not closed" : NULL;
}

/* Put a copy of WORD behind the N words of *WORDS.  0 or -ENOMEM. */
static int append(char ***words, size_t n, const char *word)
{
	char **grown = realloc(*words, (n + 2) * sizeof(*grown));

	if (!grown)
		return -ENOMEM;
	*words = grown;
	grown[n] = strdup(word);
	grown[n + 1] = NULL;
	return grown[n] ? 0 : -ENOMEM;
}

int words_split(const char *text, char ***ret_words, const char **ret_error)
{
	char **words = calloc(1, sizeof(*words));
	char *word = malloc(strlen(text) + 1);
	int r = words && word ? 0 : -ENOMEM;
	size_t n = 0;

	for (const char *p = skip_blanks(text); r == 0 && *p; p = skip_blanks(p)) {
		const char *wrong = take_word(&p, word);

		if (wrong) {
			*ret_error = wrong;
			r = -EINVAL;
		} else {
			r = append(&words, n++, word);
		}
	}
	free(word);
	if (r < 0)
		words_free(words);
	else
		*ret_words = words;
	return r;
}

void words_quote(FILE *out, const char *word)
{
	if (*word && !word[strcspn(word, " \t\r\n\v\f\\\"'")]) {
		fputs(word, out);
		return;
	}
	fputc('\'', out);
	for (; *word; word++)
		fputs(*word == '\'' ? "'\\''" : (char[]){ *word, 0 }, out);
	fputc('\'', out);
}

void words_free(char **words)
{
	for (char **w = words; w && *w; w++)
		free(*w);
	free(words);
}
