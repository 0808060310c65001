/* SPDX-License-Identifier: MIT */
/* words.h - splits a command line into its words: quotes group, no shell. */
#ifndef BASE_WORDS_H
#define BASE_WORDS_H

#include <stdio.h>

/*
 * Split TEXT at blanks.  Single and double quotes group; outside single quotes a
 * backslash takes the next character as it is; nothing expands.  *ret_words is a
 * NULL-terminated vector, yours, words_free(). 0, -EINVAL with a static sentence in
 * *ret_error (an unclosed quote, a backslash at the end), or -ENOMEM.
 */
int words_split(const char *text, char ***ret_words, const char **ret_error);

/* Write WORD so that words_split() takes it as it is.  Line ends stay what they are. */
void words_quote(FILE *out, const char *word);

void words_free(char **words); /* NULL is a no-op */

#endif
