/* SPDX-License-Identifier: MIT */
/* The parsers of scalar settings. */
#include <errno.h>
#include <stdarg.h>
#include <string.h>

#include "addr.h"
#include "charset.h"
#include "conf_keys.h"
#include "conf_value.h"
#include "http.h"
#include "num.h"
#include "terminal.h"
#include "utf8.h"
#include "words.h"
#include "ws.h"

#define CLOSE_REASON_MAX \
	123 /* RFC 6455 5.5: 125 bytes of a control frame less the code */

#define PAGE_MAX 256 /* bytes of a page's path */

int conf_value_wrong(const struct conf_value *v, const char *fmt, ...)
{
	int n = snprintf(v->err, CONF_VALUE_ERR, "%s: ", v->key->name);
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(v->err + n, CONF_VALUE_ERR - (size_t)n, fmt, ap);
	va_end(ap);
	return -EINVAL;
}

const char *conf_value_hint(const char *raw)
{
	for (const char *p = raw; (p = strpbrk(p, "#;")); p++)
		if (p > raw && strchr(CONF_BLANKS, p[-1]))
			return "; a comment is a line of its own";
	return "";
}

/* WRONG is a sentence of num.h, which begins with the value. */
static int wrong_number(const struct conf_value *v, const char *wrong)
{
	snprintf(v->err, CONF_VALUE_ERR, "%s = %s", v->key->name, wrong);
	return -EINVAL;
}

int conf_parse_bool(const struct conf_value *v)
{
	char wrong[NUM_ERR];

	return num_bool(v->text, v->field, wrong) < 0 ? wrong_number(v, wrong) : 0;
}

int conf_parse_unsigned(const struct conf_value *v)
{
	char wrong[NUM_ERR];
	unsigned n;
	long value = 0;

	if (*v->text &&
	    num_int(v->text, (long)v->key->min, (long)v->key->max, &value, wrong) < 0)
		return wrong_number(v, wrong);
	n = (unsigned)value;
	memcpy(v->field, &n, sizeof(n));
	return 0;
}

int conf_parse_seconds(const struct conf_value *v)
{
	char wrong[NUM_ERR];

	if (num_seconds(v->text, v->key->min, v->key->max, v->field, wrong) < 0)
		return wrong_number(v, wrong);
	return 0;
}

int conf_parse_rate(const struct conf_value *v)
{
	char wrong[NUM_ERR];

	return num_rate(v->text, v->key->max, v->field, wrong) < 0
		       ? wrong_number(v, wrong)
		       : 0;
}

int conf_parse_size(const struct conf_value *v)
{
	char wrong[NUM_ERR];

	if (num_size(v->text, (size_t)v->key->min, (size_t)v->key->max, v->field, wrong) <
	    0)
		return wrong_number(v, wrong);
	return 0;
}

int conf_parse_umask(const struct conf_value *v)
{
	char wrong[NUM_ERR];
	unsigned mode;

	if (!*v->text) {
		*(int *)v->field = -1;
		return 0;
	}
	if (num_octal(v->text, (unsigned)v->key->max, &mode, wrong) < 0)
		return wrong_number(v, wrong);
	*(int *)v->field = (int)mode;
	return 0;
}

int conf_parse_mode_or_word(const struct conf_value *v)
{
	char unused[NUM_ERR];
	unsigned mode;

	if (num_octal(v->text, (unsigned)v->key->max, &mode, unused) < 0)
		return conf_parse_word(v);
	*(int *)v->field = (int)mode;
	return 0;
}

int conf_parse_signal(const struct conf_value *v)
{
	char wrong[NUM_ERR];

	return num_signal(v->text, v->field, wrong) < 0 ? wrong_number(v, wrong) : 0;
}

/* ---- words ---- */

/* Find the row's word that the value is; say which there are if it is none. */
static int find_word(const struct conf_value *v, int *ret)
{
	if (!*v->text && (v->key->flags & CONF_EMPTY)) {
		*ret = 0;
		return 0;
	}
	for (const struct conf_word *w = v->key->words; w->text; w++) {
		if (strcmp(w->text, v->text) == 0) {
			*ret = w->value;
			return 0;
		}
	}
	snprintf(v->err, CONF_VALUE_ERR, "%s = %.60s is not %s", v->key->name, v->text,
		 v->key->values);
	return -EINVAL;
}

int conf_parse_word(const struct conf_value *v)
{
	int value;
	int r = find_word(v, &value);

	if (r == 0)
		memcpy(v->field, &value, sizeof(value)); /* an int or any enum */
	return r;
}

int conf_parse_flag_word(const struct conf_value *v)
{
	int value;
	int r = find_word(v, &value);

	if (r == 0)
		*(bool *)v->field = value;
	return r;
}

int conf_parse_bool_or_word(const struct conf_value *v)
{
	char unused[NUM_ERR];
	bool flag;
	int value;

	if (num_bool(v->text, &flag, unused) < 0)
		return conf_parse_word(v);
	value = flag;
	memcpy(v->field, &value, sizeof(value));
	return 0;
}

/* ---- text ---- */

/* Put the value, NULL when it is empty, into the field. */
static int keep_text(const struct conf_value *v)
{
	char **field = v->field;

	*field = NULL;
	if (!*v->text)
		return 0;
	*field = conf_mem_text(v->mem, v->text, strlen(v->text));
	return *field ? 0 : -ENOMEM;
}

int conf_parse_absolute(const struct conf_value *v)
{
	if (*v->text && *v->text != '/')
		return conf_value_wrong(v, "'%.200s' is not an absolute path", v->text);
	return keep_text(v);
}

/* The request of a page is compared as it comes, not decoded: an escape cannot match. */
static bool is_page(const char *path)
{
	char decoded[PAGE_MAX];
	struct span text = { path, strlen(path) };

	return *path == '/' && !strpbrk(path, "%?#*\" \"<>\\^`{|}") &&
	       http_decode_path(text, decoded, sizeof(decoded)) == (long)text.n;
}

int conf_parse_page(const struct conf_value *v)
{
	char **field = v->field;

	*field = NULL;
	if (strcmp(v->text, "off") == 0)
		return 0;
	if (*v->text && !is_page(v->text))
		return conf_value_wrong(v,
					"'%.200s' is neither off nor a path such as /%s",
					v->text, v->key->name);
	return keep_text(v);
}

int conf_parse_terminal(const struct conf_value *v)
{
	struct terminal_size *size = v->field;

	*size = (struct terminal_size){ 0, 0 };
	if (*v->text && !terminal_read_size(v->text, size))
		return conf_value_wrong(v,
					"'%.100s' is not ROWSxCOLS such as 24x80, each "
					"from 1 to 1000",
					v->text);
	return 0;
}

int conf_parse_control(const struct conf_value *v)
{
	struct control_conf *c = v->field;
	struct addr addr;

	c->socket = NULL;
	c->automatic = strcmp(v->text, "auto") == 0;
	if (c->automatic || strcmp(v->text, "none") == 0)
		return 0;
	if (*v->text != '/')
		return conf_value_wrong(
			v, "'%.200s' is not auto, none or an absolute path", v->text);
	if (!addr_unix(v->text, &addr))
		return conf_value_wrong(
			v, "'%.120s' is longer than a socket's path can be", v->text);
	c->socket = conf_mem_text(v->mem, v->text, strlen(v->text));
	return c->socket ? 0 : -ENOMEM;
}

int conf_parse_text(const struct conf_value *v)
{
	return keep_text(v);
}

int conf_parse_name(const struct conf_value *v)
{
	if (v->text[strcspn(v->text, CONF_BLANKS)])
		return conf_value_wrong(v, "'%.100s' is not one name", v->text);
	return keep_text(v);
}

int conf_parse_section_name(const struct conf_value *v)
{
	*(char **)v->field = NULL;
	return strcmp(v->text, "none") == 0 ? 0 : keep_text(v);
}

/* Printable ASCII that a quoted-string needs no backslash for (RFC 9110 5.6.4). */
int conf_parse_realm(const struct conf_value *v)
{
	for (const char *p = v->text; *p; p++)
		if (*p < ' ' || *p >= 0x7f || *p == '"' || *p == '\\')
			return conf_value_wrong(
				v, "takes printable ASCII without \" and \\");
	if (strlen(v->text) > 100)
		return conf_value_wrong(v, "takes up to 100 bytes");
	return keep_text(v);
}

int conf_parse_close_code(const struct conf_value *v)
{
	int r = conf_parse_unsigned(v);

	if (r == 0 && !ws_close_code_valid(*(unsigned *)v->field))
		return conf_value_wrong(
			v,
			"%s may not be sent (RFC 6455 7.4); 1000 to 1003, 1007 to 1014, "
			"or 3000 to 4999",
			v->text);
	return r;
}

int conf_parse_close_reason(const struct conf_value *v)
{
	size_t n = strlen(v->text);

	if (n > CLOSE_REASON_MAX)
		return conf_value_wrong(v,
					"%zu bytes are too long, a close frame holds %d",
					n, CLOSE_REASON_MAX);
	if (!utf8_is_valid(v->text, n))
		return conf_value_wrong(v, "it is not UTF-8");
	return keep_text(v);
}

/* iconv converts between NAME and UTF-8 in this direction: 0, -EINVAL or -ENOMEM. */
static int try_charset(const char *name, enum charset_direction direction)
{
	struct charset *c = NULL;
	int r = charset_open(name, direction, CHARSET_REPLACE, &c);

	charset_free(c);
	return r;
}

int conf_parse_charset(const struct conf_value *v)
{
	int r = try_charset(v->text, CHARSET_DECODE);

	if (r == 0)
		r = try_charset(v->text, CHARSET_ENCODE);
	if (r == -EINVAL)
		return conf_value_wrong(
			v, "'%.200s' is no charset that iconv knows; iconv -l lists them",
			v->text);
	if (r < 0)
		return r;
	if (!charset_is_utf8(v->text))
		return keep_text(v);
	*(char **)v->field = NULL;
	return 0;
}

/* ---- commands ---- */

int conf_parse_exec(const struct conf_value *v)
{
	char ***field = v->field;
	const char *wrong;
	char **words;
	int r = 0;

	if (!*v->text)
		return 0;
	r = words_split(v->text, &words, &wrong);
	if (r == -EINVAL)
		return conf_value_wrong(v, "%s", wrong);
	if (r < 0)
		return r;
	*field = NULL;
	for (char **w = words; r == 0 && *w; w++)
		r = conf_mem_append(v->mem, field, *w);
	words_free(words);
	if (r == 0 && (!*field || !**field[0]))
		return conf_value_wrong(v, "the program's name is empty");
	return r;
}

int conf_parse_shell(const struct conf_value *v)
{
	static const char *const shell[] = { "/bin/sh", "-c" };
	char ***field = v->field;
	int r = 0;

	if (!*v->text)
		return 0;
	*field = NULL;
	for (size_t i = 0; r == 0 && i < 2; i++)
		r = conf_mem_append(v->mem, field, shell[i]);
	return r == 0 ? conf_mem_append(v->mem, field, v->text) : r;
}
