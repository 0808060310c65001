/* SPDX-License-Identifier: MIT */
/* ctl_words.h - wsbridgectl's words: what each takes, asks for and shows. */
#ifndef CTL_CTL_WORDS_H
#define CTL_CTL_WORDS_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

struct ctl_word {
	const char *name; /* also of the daemon's command, unless it has run() */
	const char *args; /* for the usage */
	const char *doc;
	int least, most; /* of arguments */
	/* Make the parameters of the command from ARGV (NULL-terminated), yours.
	 * NULL: ARGV is wrong, which has been reported on standard error. */
	json_t *(*params)(char **argv);
	/* Show the answer to a person. */
	void (*show)(const json_t *result);
	/* In place of these: does it all itself, with the word as its ARGV[0]; the exit
	 * status. */
	int (*run)(int argc, char **argv);
	int file; /* which of its arguments, from 1 on, names a file to hand over; 0: none
		   */
	/* For words with notifications after the answer: show one.  Else NULL. */
	void (*follow)(const char *method, const json_t *params);
};

extern const struct ctl_word ctl_words[];
extern const size_t ctl_nwords;

/* Say on standard error how the word NAME is used. */
void ctl_usage(const char *name);

/*
 * Is ARGV[*I] the option NAME, `--name VALUE` or `--name=VALUE`?  Then *ret_value is its
 * value, or NULL where it is missing, and *I stands at the last word that it took.
 */
bool ctl_option(char **argv, int *i, const char *name, const char **ret_value);

/* ---- ctl_list.c ---- */

json_t *list_params(char **argv);

/* Did these ask for an order?  Else a person finds the newest at the end. */
bool list_is_sorted(void);

/* ---- ctl_show.c ---- */

void show_version(const json_t *result);
void show_fields(const json_t *result);
void show_list(const json_t *result);
void show_ping(const json_t *result);
void show_reload(const json_t *result);
void show_set(const json_t *result);
void show_keys(const json_t *result);
void show_counts(const json_t *result);

/* ---- ctl_events.c ---- */

json_t *events_params(char **argv);
void show_event(const char *method, const json_t *params);
void show_event_json(const char *method, const json_t *params);

#endif
