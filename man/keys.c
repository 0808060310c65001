/* SPDX-License-Identifier: MIT */
/* Prints the tables of settings and of metrics as the lists in wsbridge.ini(5), at build
 * time. */
#include <stdio.h>
#include <string.h>

#include "conf_alias.h"
#include "conf_keys.h"
#include "metrics.h"

/* Text for mdoc(7): a backslash would begin an escape, and a sentence begins a line. */
static void print_text(const char *s)
{
	for (; *s; s++)
		if (strncmp(s, ".  ", 3) == 0) {
			puts(".");
			s += 2;
		} else {
			fputs(*s == '\\' ? "\\e" : (char[]){ *s, 0 }, stdout);
		}
}

static void print_line(const char *before, const char *text, const char *after)
{
	fputs(before, stdout);
	print_text(text);
	puts(after);
}

static void print_alias(const struct conf_alias *a)
{
	const char *unit = conf_alias_unit(a);

	printf("In WSServer it is\n.Cm %s", a->name);
	if (unit)
		print_line(" :\n", unit, ".");
	else
		puts(" .");
}

static void print_key(const struct conf_key *key)
{
	const struct conf_alias *alias = conf_alias_of(key);

	printf(".It Cm %s", key->name);
	if (*key->def)
		print_line(" Ns Li \" = ", key->def, "\"");
	else
		puts("");
	print_line("", key->doc, "");
	print_line("Takes ", key->values ? key->values : "yes or no", ".");
	if (!*key->def && key->def_doc && !(key->flags & CONF_SOURCE))
		print_line("Default: ", key->def_doc, ".");
	if (key->websocketd)
		print_line("With compat = websocketd the default is ", key->websocketd,
			   ".");
	if (key->flags & CONF_LIST)
		puts("May stand several times.");
	if (alias)
		print_alias(alias);
}

static void print_sources(void)
{
	puts(".Ss [/path] and [defaults]\nEach path has one of");
	for (size_t i = 0; i < conf_nkeys; i++)
		if (conf_keys[i].flags & CONF_SOURCE)
			printf(".Cm %s ,\n", conf_keys[i].name);
	puts("which stand in a path only.");
}

static void print_class(enum conf_class class)
{
	if (class == CONF_PATH)
		print_sources();
	else
		printf(".Ss %s\n", conf_classes[class].title);
	puts(".Bl -tag -width Ds");
	for (size_t i = 0; i < conf_nkeys; i++)
		if (conf_keys[i].class == class)
			print_key(&conf_keys[i]);
	puts(".El");
}

static void print_metrics(void)
{
	puts(".Sh METRICS\n"
	     "What the page of\n.Cm metrics\nin\n.Li [web]\ntells.\n"
	     "Those of a path have its section as the label\n.Li path .\n"
	     "They begin at 0 when the daemon starts, and go on over a reload.\n"
	     ".Bl -tag -width Ds");
	for (size_t i = 0; i < metrics_count; i++) {
		printf(".It Li %s%s\n", metrics[i].name,
		       metrics[i].base == METRIC_OF_PATH ? " Pq a path" : "");
		print_line("", metrics[i].help, "");
	}
	puts(".El");
}

/* ---- WSServer's names ---- */

static void print_name(const char *name, void *data)
{
	const struct conf_alias *a = conf_alias_find_anywhere(name);
	const char *unit = conf_alias_unit(a);

	(void)data;
	printf(".It Li %s\n.Cm %s\n%s\n.Li %s", name, a->key,
	       a->class == CONF_PATH ? "of a" : "in", conf_classes[a->class].title);
	if (unit)
		print_line(" ,\n", unit, ".");
	else
		puts(" .");
}

static void print_names(void)
{
	puts(".Bl -tag -width Ds");
	for (enum conf_class class = 0; class < CONF_CLASS_COUNT; class ++)
		if (class != CONF_DEFAULTS)
			conf_alias_each(class, print_name, NULL);
	puts(".El");
}

int main(int argc, char **argv)
{
	if (argc > 1 && strcmp(argv[1], "wsserver") == 0) {
		print_names();
		return ferror(stdout) || fclose(stdout) ? 1 : 0;
	}
	for (enum conf_class class = 0; class < CONF_CLASS_COUNT; class ++)
		if (class != CONF_DEFAULTS)
			print_class(class);
	print_metrics();
	return ferror(stdout) || fclose(stdout) ? 1 : 0;
}
