/* SPDX-License-Identifier: MIT */
/* What the on_request hook, or the program of an auth, has to say on a request, line by
 * line. */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "hook_answer.h"
#include "http.h"

/* Control characters would end a line of the answer, or of the environment's reader. */
static bool is_clean(const char *text)
{
	for (; *text; text++)
		if ((unsigned char)*text < ' ' || *text == 0x7f)
			return false;
	return true;
}

static bool is_token(const char *text)
{
	return http_is_token((struct span){ text, strlen(text) });
}

/* ---- the lines: what is wrong with one, or NULL ---- */

static const char *read_status(struct hook_answer *a, char *value)
{
	char *end;
	long status = strtol(value, &end, 10);

	if (a->status)
		return "a second status";
	if (end != value + 3 || *value < '0' || *value > '9' || (*end && *end != ' ') ||
	    status < 400 || status > 599)
		return "a status is 400 to 599, and then a blank and text";
	a->status = (int)status;
	if (*end && end[1])
		a->text = end + 1;
	return NULL;
}

static const char *read_subprotocol(struct hook_answer *a, char *value)
{
	if (a->subprotocol)
		return "a second subprotocol";
	if (!is_token(value))
		return "a subprotocol is a token";
	a->subprotocol = value;
	return NULL;
}

static const char *read_user(struct hook_answer *a, char *value)
{
	if (a->user)
		return "a second user";
	if (!*value)
		return "a user needs a name";
	a->user = value;
	return NULL;
}

/* Fields that say how the connection goes on (RFC 9110 7.6.1), or where the answer ends:
 * they are ours. */
static bool is_ours(const char *name)
{
	static const char *const names[] = { "Connection",
					     "Content-Length",
					     "Keep-Alive",
					     "Proxy-Authenticate",
					     "Proxy-Authorization",
					     "Proxy-Connection",
					     "TE",
					     "Trailer",
					     "Transfer-Encoding",
					     "Upgrade" };

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (strcasecmp(name, names[i]) == 0)
			return true;
	return strncasecmp(name, "Sec-WebSocket-", strlen("Sec-WebSocket-")) == 0;
}

static const char *read_header(struct hook_answer *a, char *value)
{
	char *colon = strchr(value, ':');
	const char *wrong = NULL;

	if (!colon)
		return "a header is Name: value";
	*colon = '\0';
	if (!is_token(value))
		wrong = "a header's name is a token";
	else if (is_ours(value))
		wrong = "this header is not a hook's to set";
	*colon = ':';
	if (!wrong && a->nheaders == HOOK_ANSWER_FIELDS)
		wrong = "too many headers";
	if (!wrong)
		a->header[a->nheaders++] = value;
	return wrong;
}

static const char *read_env(struct hook_answer *a, char *value)
{
	static const char letters[] =
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
		"_0123456789";
	size_t n = strspn(value, letters);

	if (n == 0 || value[n] != '=' || (*value >= '0' && *value <= '9'))
		return "env is NAME=value";
	if (strncmp(value, "WSBRIDGE_", strlen("WSBRIDGE_")) == 0)
		return "WSBRIDGE_ variables are not a hook's to set";
	if (a->nenv == HOOK_ANSWER_FIELDS)
		return "too many variables";
	a->env[a->nenv++] = value;
	return NULL;
}

static const struct {
	const char *word;
	const char *(*read)(struct hook_answer *a, char *value);
} words[] = {
	{ "status ", read_status }, { "subprotocol ", read_subprotocol },
	{ "header ", read_header }, { "env ", read_env },
	{ "user ", read_user },
};

static const char *read_line(struct hook_answer *a, char *line)
{
	if (!*line)
		return NULL;
	if (!is_clean(line))
		return "a control character";
	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++)
		if (strncmp(line, words[i].word, strlen(words[i].word)) == 0)
			return words[i].read(a, line + strlen(words[i].word));
	return "a line begins with status, subprotocol, header, env or user";
}

bool hook_answer_read(char *text, size_t n, struct hook_answer *ret, unsigned *ret_line,
		      const char **ret_why)
{
	char *end = text + n, *line = text, *next;

	*ret = (struct hook_answer){ 0 };
	for (unsigned number = 1; line < end; number++, line = next) {
		char *stop = memchr(line, '\n', (size_t)(end - line));

		next = stop ? stop + 1 : end;
		stop = stop ? stop : end;
		*ret_line = number;
		*ret_why = memchr(line, '\0', (size_t)(stop - line)) ? "a NUL" : NULL;
		*stop = '\0';
		if (!*ret_why)
			*ret_why = read_line(ret, line);
		if (*ret_why)
			return false;
	}
	return true;
}
