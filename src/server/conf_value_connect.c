/* SPDX-License-Identifier: MIT */
/* What connect and resolver take: the addresses of services. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "conf_value.h"
#include "num.h"

#define NAME_LONGEST                                                                   \
	253              /* bytes of a name (RFC 1035 2.3.4), without the last dot ... \
			  */
#define LABEL_LONGEST 63 /* ... and of what stands between two */
#define MOST_SERVERS 8
#define SERVER_LONGEST 64 /* bytes of a server's address with its port, and a comma */

static int wrong_target(const struct conf_value *v, const char *text)
{
	return conf_value_wrong(v, "'%.100s' is not HOST:PORT, [ADDR]:PORT or unix:/path",
				text);
}

#define DIGITS "0123456789"
#define LABEL_BYTES DIGITS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ-_"

/* A last label of digits alone would be an address that is none. */
static bool is_host_name(const char *s)
{
	size_t n;

	if (strlen(s) > NAME_LONGEST)
		return false;
	for (;; s += n + 1) {
		n = strcspn(s, ".");
		if (n == 0 || n > LABEL_LONGEST || strspn(s, LABEL_BYTES) < n)
			return false;
		if (!s[n] || !s[n + 1]) /* a dot may be the last: the name is whole */
			return strspn(s, DIGITS) < n;
	}
}

/* Cut the port off TEXT, ADDR:PORT or [ADDR]:PORT; *RET_PORT is NULL when it has none.
 * NULL: it is neither. */
static char *split_port(char *text, char **ret_port)
{
	bool bracketed = *text == '[';
	char *end = text + strcspn(text, bracketed ? "]" : ":");

	if (bracketed && !*end)
		return NULL;
	if (bracketed)
		*end++ = 0;
	if (*end && *end != ':')
		return NULL;
	*ret_port = *end ? end + 1 : NULL;
	*end = 0;
	return text + bracketed;
}

static bool parse_port(const char *text, unsigned *ret)
{
	char wrong[NUM_ERR];
	long port;

	if (!text || num_int(text, 1, 65535, &port, wrong) < 0)
		return false;
	*ret = (unsigned)port;
	return true;
}

/* An address of IPv6 stands in brackets, and no other does. */
static bool fits(const char *text, const struct addr *a)
{
	return (*text == '[') == (a->sa.sa_family == AF_INET6);
}

static int parse_inet(const struct conf_value *v, struct dial_target *t)
{
	char *copy = conf_mem_text(v->mem, t->text, strlen(t->text));
	char *host, *port;

	if (!copy)
		return -ENOMEM;
	host = split_port(copy, &port);
	if (!host || !parse_port(port, &t->port))
		return wrong_target(v, t->text);
	if (addr_inet(host, t->port, &t->addr))
		return fits(t->text, &t->addr) ? 0 : wrong_target(v, t->text);
	if (host != copy || !is_host_name(host))
		return wrong_target(v, t->text);
	t->name = host;
	return 0;
}

static int parse_unix(const struct conf_value *v, struct dial_target *t)
{
	const char *path = t->text + strlen("unix:");

	if (*path != '/')
		return conf_value_wrong(v, "'%.100s' is not an absolute path", path);
	if (!addr_unix(path, &t->addr))
		return conf_value_wrong(
			v, "'%.120s' is longer than a socket's path can be", path);
	return 0;
}

int conf_parse_connect(const struct conf_value *v)
{
	struct dial_target *target = v->field;
	struct dial_target t = { .text = NULL };
	int r;

	if (!*v->text)
		return 0;
	if (strpbrk(v->text, CONF_BLANKS))
		return wrong_target(v, v->text);
	t.text = conf_mem_text(v->mem, v->text, strlen(v->text));
	if (!t.text)
		return -ENOMEM;
	r = strncmp(t.text, "unix:", 5) == 0 ? parse_unix(v, &t) : parse_inet(v, &t);
	if (r == 0)
		*target = t;
	return r;
}

/* ---- resolver ---- */

/* ADDR, ADDR:PORT or [ADDR]:PORT? */
static bool is_server(const char *word)
{
	char text[ADDR_TEXT], *host, *port;
	unsigned number;
	struct addr a;

	snprintf(text, sizeof(text), "%s", word);
	if (addr_inet(text, 0, &a))
		return true;
	host = split_port(text, &port);
	return host && addr_inet(host, 0, &a) && fits(word, &a) &&
	       (!port || parse_port(port, &number));
}

/* Append WORD, which is one, to the list at FIELD, as c-ares reads it. */
static int append_server(const struct conf_value *v, const char *word)
{
	char **field = v->field;
	char all[MOST_SERVERS * SERVER_LONGEST];
	unsigned n = 1;

	for (const char *p = *field; p && (p = strchr(p, ',')); p++)
		n++;
	if (*field && n >= MOST_SERVERS)
		return conf_value_wrong(v, "more than %d servers", MOST_SERVERS);
	snprintf(all, sizeof(all), "%s%s%s", *field ? *field : "", *field ? "," : "",
		 word);
	*field = conf_mem_text(v->mem, all, strlen(all));
	return *field ? 0 : -ENOMEM;
}

int conf_parse_resolver(const struct conf_value *v)
{
	char *copy, *word, *state;
	int r = 0;

	if (!v->text) {
		*(char **)v->field = NULL;
		return 0;
	}
	copy = conf_mem_text(v->mem, v->text, strlen(v->text));
	if (!copy)
		return -ENOMEM;
	for (word = strtok_r(copy, CONF_BLANKS, &state); word && r == 0;
	     word = strtok_r(NULL, CONF_BLANKS, &state)) {
		if (strlen(word) >= SERVER_LONGEST || !is_server(word))
			return conf_value_wrong(v,
						"'%.60s' is not ADDR, ADDR:PORT or "
						"[ADDR]:PORT with a numeric address",
						word);
		r = append_server(v, word);
	}
	return r;
}
