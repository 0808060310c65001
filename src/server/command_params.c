/* SPDX-License-Identifier: MIT */
/* Are a call's parameters those of its command's row? */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "command_params.h"
#include "nearest.h"

#define PARAMS (sizeof(((struct command *)0)->params) / sizeof(struct command_param))

static const char *const type_texts[] = {
	[PARAM_TEXT] = "a string without NUL",
	[PARAM_DATA] = "a string",
	[PARAM_NUMBER] = "an integer from 0 on",
	[PARAM_FLAG] = "true or false",
	[PARAM_TARGET] = "a client's id, \"all\", or \"path=/x\"",
	[PARAM_CLIENT] = "a client's id",
	[PARAM_VALUE] = "a string, an integer, true or false",
	[PARAM_PATH] = "a path that begins with /",
	[PARAM_WORDS] = "a string, or an array of strings",
};

/* ---- clients ---- */

/* The id that V is, as a number or its text; 0: it is none. */
static uint64_t id_of(const json_t *v)
{
	const char *text = json_string_value(v);
	unsigned long long id;
	char *end;

	if (json_is_integer(v))
		return json_integer_value(v) > 0 ? (uint64_t)json_integer_value(v) : 0;
	if (!text || *text < '1' || *text > '9')
		return 0;
	errno = 0;
	id = strtoull(text, &end, 10);
	return *end || errno ? 0 : id;
}

/* The path of "path=/x" or "/x"; NULL: it is none. */
static const char *path_of(const json_t *v)
{
	const char *text = json_string_value(v);

	if (text && strncmp(text, "path=", 5) == 0)
		text += 5;
	return text && *text == '/' ? text : NULL;
}

bool call_means_one(const struct call *c, const char *name)
{
	return id_of(json_object_get(c->params, name)) > 0;
}

/* "/x/" and "/x/STAR" are one. */
static bool same_path(const char *wanted, const char *path)
{
	size_t n = strlen(path);

	return strncmp(wanted, path, n) == 0 &&
	       (!wanted[n] ||
		(n > 0 && path[n - 1] == '/' && strcmp(wanted + n, "*") == 0));
}

bool call_means(const struct call *c, const char *name, const struct session *s)
{
	const json_t *v = json_object_get(c->params, name);
	const char *path = path_of(v);

	if (path)
		return same_path(path, s->path);
	return !v || id_of(v) == 0 || id_of(v) == s->id;
}

struct session *call_client(struct call *c)
{
	uint64_t id = id_of(json_object_get(c->params, "to"));
	struct session *s = bridge_find(&c->server->bridge, id);

	if (!s)
		call_fail(c, CALL_NO_CLIENT,
			  "there is no client %llu; list tells who is connected",
			  (unsigned long long)id);
	return s;
}

/* ---- checks ---- */

static bool are_texts(const json_t *list);

static bool is_of(enum param_type type, const json_t *v)
{
	switch (type) {
	case PARAM_TEXT:
		return json_is_string(v) &&
		       strlen(json_string_value(v)) == json_string_length(v);
	case PARAM_DATA:
		return json_is_string(v);
	case PARAM_NUMBER:
		return json_is_integer(v) && json_integer_value(v) >= 0;
	case PARAM_FLAG:
		return json_is_boolean(v);
	case PARAM_TARGET:
		return id_of(v) > 0 || path_of(v) ||
		       (json_is_string(v) && strcmp(json_string_value(v), "all") == 0);
	case PARAM_CLIENT:
		return id_of(v) > 0;
	case PARAM_VALUE:
		return json_is_boolean(v) || json_is_integer(v) || is_of(PARAM_TEXT, v);
	case PARAM_PATH:
		return path_of(v) != NULL;
	case PARAM_WORDS:
		return is_of(PARAM_TEXT, v) || are_texts(v);
	}
	return false;
}

static bool are_texts(const json_t *list)
{
	const json_t *v;
	size_t i;

	json_array_foreach(list, i, v)
		if (!is_of(PARAM_TEXT, v))
			return false;
	return json_is_array(list);
}

static const struct command_param *find(const struct command *command, const char *name)
{
	for (size_t i = 0; i < PARAMS && command->params[i].name; i++)
		if (strcmp(command->params[i].name, name) == 0)
			return &command->params[i];
	return NULL;
}

/* The array that the parameters are becomes an object. */
static bool give_names(struct call *c)
{
	json_t *object;
	size_t i;
	json_t *v;

	if (!json_is_array(c->params))
		return true;
	object = json_object();
	json_array_foreach(c->params, i, v) {
		if (i >= PARAMS || !c->command->params[i].name) {
			json_decref(object);
			call_fail(c, CALL_PARAMS, "%s takes no more than %zu parameters",
				  c->command->name, i);
			return false;
		}
		json_object_set(object, c->command->params[i].name, v);
	}
	json_decref(c->params);
	c->params = object;
	return true;
}

static bool check_known(struct call *c)
{
	const char *name, *meant;
	struct nearest n;
	json_t *v;

	json_object_foreach(c->params, name, v) {
		if (find(c->command, name))
			continue;
		nearest_init(&n, name);
		for (size_t i = 0; i < PARAMS && c->command->params[i].name; i++)
			nearest_offer(&n, c->command->params[i].name);
		meant = nearest_found(&n);
		call_fail(c, CALL_PARAMS, "%s has no parameter '%.60s'%s%s%s",
			  c->command->name, name, meant ? "; did you mean '" : "",
			  meant ? meant : "", meant ? "'?" : "");
		return false;
	}
	return true;
}

/* A value as it would stand in the file. */
static void make_text(struct call *c, const char *name, const json_t *v)
{
	char text[32];

	if (json_is_boolean(v))
		snprintf(text, sizeof(text), "%s", json_is_true(v) ? "yes" : "no");
	else if (json_is_integer(v))
		snprintf(text, sizeof(text), "%lld", (long long)json_integer_value(v));
	else
		return;
	json_object_set_new(c->params, name, json_string(text));
}

bool command_params_check(struct call *c)
{
	if (!give_names(c) || !check_known(c))
		return false;
	for (size_t i = 0; i < PARAMS && c->command->params[i].name; i++) {
		const struct command_param *p = &c->command->params[i];
		const json_t *v = json_object_get(c->params, p->name);

		if ((!v && p->required) || (v && !is_of(p->type, v))) {
			call_fail(c, CALL_PARAMS, "%s needs %s: %s", c->command->name,
				  p->name, type_texts[p->type]);
			return false;
		}
		if (v && p->type == PARAM_VALUE)
			make_text(c, p->name, v);
	}
	return true;
}

/* ---- values ---- */

const char *call_text(const struct call *c, const char *name, const char *def)
{
	const char *text = json_string_value(json_object_get(c->params, name));

	return text ? text : def;
}

json_int_t call_number(const struct call *c, const char *name, json_int_t def)
{
	const json_t *v = json_object_get(c->params, name);

	return v ? json_integer_value(v) : def;
}

bool call_flag(const struct call *c, const char *name)
{
	return json_is_true(json_object_get(c->params, name));
}
