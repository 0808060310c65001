/* SPDX-License-Identifier: MIT */
/* conf_value.h - the parsers of the key table: the text of one value -> its place in the
 * snapshot. */
#ifndef SERVER_CONF_VALUE_H
#define SERVER_CONF_VALUE_H

#include "conf.h"
#include "conf_mem.h"

#define CONF_VALUE_ERR 400 /* room that every error text fits in */

struct conf_key;

struct conf_value {
	const struct conf_key *key; /* its row */
	const char
		*text; /* expanded; a list's is NULL once, before the others: empty it */
	void *field;   /* where the row says that it goes */
	struct conf_origin where;
	struct conf_mem *mem; /* owner of what the snapshot will point to */
	char *err;            /* CONF_VALUE_ERR bytes */
};

/* 0, -EINVAL with a sentence in err, beginning with the key's name, or -ENOMEM. */
typedef int conf_parser(const struct conf_value *v);

/* Say what is wrong: "KEY: " and the sentence.  -EINVAL. */
int conf_value_wrong(const struct conf_value *v, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

/* What to append to a sentence about the value RAW: "", or, where RAW seems to end in
 * a comment, that comments stand on lines of their own. */
const char *conf_value_hint(const char *raw);

#define CONF_BLANKS " \t\r\n" /* what lies between the words of a value */

/* Scalars, by the type of their field (conf_value.c). */
conf_parser conf_parse_bool;         /* bool */
conf_parser conf_parse_word;         /* int or enum: one of the row's words */
conf_parser conf_parse_flag_word;    /* bool: one of the row's words */
conf_parser conf_parse_bool_or_word; /* int or enum: a word, 1 for yes, or 0 for no */
conf_parser conf_parse_unsigned; /* unsigned, or int when the row's min is not negative;
				    "": 0 */
conf_parser conf_parse_seconds;  /* double */
conf_parser conf_parse_rate;     /* double */
conf_parser conf_parse_size;     /* size_t */
conf_parser conf_parse_replay;   /* struct replay_conf */
conf_parser conf_parse_session_key;  /* struct session_key_conf */
conf_parser conf_parse_umask;        /* int; "": -1 */
conf_parser conf_parse_mode_or_word; /* int: an octal mode or a word */
conf_parser conf_parse_signal;       /* int */
conf_parser conf_parse_absolute;     /* char *: an absolute path; "": NULL */
conf_parser conf_parse_text;         /* char *; "": NULL */
conf_parser conf_parse_name;         /* char *: one word; "": NULL */
conf_parser conf_parse_control;      /* struct control_conf: its automatic and socket */
conf_parser conf_parse_close_code;   /* unsigned */
conf_parser conf_parse_close_reason; /* char *; "": NULL */
conf_parser conf_parse_page;         /* char *: a path of plain HTTP; off or "": NULL */
conf_parser conf_parse_terminal;     /* struct terminal_size; "": 0, 0 */
conf_parser conf_parse_charset;      /* char *: what iconv knows; UTF-8: NULL */
conf_parser conf_parse_section_name; /* char *; none: NULL */
conf_parser conf_parse_realm;        /* char *: what a quoted-string holds; "": NULL */
conf_parser conf_parse_exec;         /* char **: words; "": left alone */
conf_parser conf_parse_shell;        /* char **: /bin/sh -c text; "": left alone */

/* An address to listen on, with its words (conf_value_listen.c). */
conf_parser conf_parse_listen; /* struct conf: its listen and nlisten */

/* Addresses of services (conf_value_connect.c). */
conf_parser conf_parse_connect;  /* struct dial_target; "": left alone */
conf_parser conf_parse_resolver; /* char *: a list as c-ares reads it; empty: NULL */

/* Lists (conf_value_list.c). */
conf_parser conf_parse_origin;       /* char **: same, scheme://host[:port]; or any */
conf_parser conf_parse_cidrs;        /* struct cidr_list */
conf_parser conf_parse_tokens;       /* char **: tokens of RFC 9110 5.6.2 */
conf_parser conf_parse_hosts;        /* char **: uri-host without a port */
conf_parser conf_parse_server_names; /* char **: names of TLS, or *.name */
conf_parser conf_parse_protocols;    /* unsigned: a bit for each enum tls_protocol */
conf_parser conf_parse_flags;        /* unsigned: the bits of the row's words */
conf_parser conf_parse_algorithms;   /* char **: one word each */
conf_parser conf_parse_lines;        /* char **: one text an entry */
conf_parser conf_parse_env;   /* char **: NAME=value, a later NAME replaces an earlier */
conf_parser conf_parse_token; /* struct auth_token *: sha256:HEX NAME, one an entry */
conf_parser conf_parse_names; /* char **: names of environment variables */

#endif
