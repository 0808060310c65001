/* SPDX-License-Identifier: MIT */
/* -T prints every setting with its origin, and what it prints loads as the same snapshot.
 */
#include "conf_keys.h"
#include "conf_text.h"

/* ---- a snapshot as text, from its fields alone ---- */

static void tell_words(FILE *f, const char *name, char **words)
{
	fprintf(f, " %s=", name);
	for (; words && *words; words++)
		fprintf(f, "<%s>", *words);
}

static void tell_listen(FILE *f, const struct listen_conf *l)
{
	fprintf(f, "listen %s %s %s %u %d %s\n", l->text, l->path ? l->path : "-",
		l->host ? l->host : "-", l->port, l->mode, l->group ? l->group : "-");
}

static void tell_networks(FILE *f, const struct cidr_list *list)
{
	fprintf(f, " %zu:", list->n);
	for (size_t i = 0; i < list->n; i++)
		fprintf(f, " %d %u %u", list->items[i].kind, list->items[i].bits,
			list->items[i].net[0]);
}

static void tell_path(FILE *f, const struct path_conf *p)
{
	const struct session_conf *s = &p->session;
	const struct framing_conf *r = &p->hub.framing;
	const struct exec_conf *e = &p->exec;

	fprintf(f, "path %s %d %d", p->path, p->prefix, p->compat);
	tell_words(f, "subprotocol", p->subprotocol);
	tell_words(f, "origins", p->access.origins);
	fprintf(f, " %d", p->access.origin_missing);
	tell_networks(f, &p->access.clients.allow);
	tell_networks(f, &p->access.clients.deny);
	fprintf(f, " %zu %d %d %d %g %g %g %g %g %zu %u %s %d %g", s->ws.max_message,
		s->ws.whole, s->write, s->eof, s->ping_interval, s->ping_timeout,
		s->idle_timeout, s->send_timeout, s->message_rate, s->queue,
		s->close_code, s->close_reason ? s->close_reason : "-", s->close_wait,
		s->close_timeout);
	fprintf(f, " %d %d %d %d %d %s %d %zu %zu %d", r->kind, r->type, r->ends_text,
		r->embedded, r->invalid, r->charset ? r->charset : "-", r->charset_error,
		r->max_message, p->hub.max_frame, p->hub.slow_client);
	tell_words(f, "argv", e->argv);
	tell_words(f, "env", e->env);
	tell_words(f, "pass_env", e->pass_env);
	fprintf(f, " %g %g %u %d %d %d", e->spawn_rate, e->max_runtime, e->nofile,
		e->new_privileges, e->exit_code, e->stop.scope);
	fprintf(f, " %s %d %d %d %d %d %g %g %g %u\n", e->cwd ? e->cwd : "-", e->umask,
		e->stderr_to, e->line_buffer, e->ends_at_eof, e->stop.signal,
		e->stop.eof_timeout, e->stop.stop_timeout, e->stop.term_after,
		e->max_processes);
}

/* Yours. */
static char *told(const struct conf *c)
{
	char *text = NULL;
	size_t n;
	FILE *f = open_memstream(&text, &n);

	for (size_t i = 0; i < c->nlisten; i++)
		tell_listen(f, &c->listen[i]);
	fprintf(f, "%d %g %u %u %u %g %g %zu %d %d %d %d %d %d %d %zu %g %g %u\n",
		c->backlog, c->shutdown_timeout, c->limits.max_connections,
		c->limits.max_per_address, c->limits.max_handshakes,
		c->limits.accept_rate, c->limits.handshake_timeout, c->limits.max_header,
		c->limits.full, c->stream.nodelay, c->log_to, c->log_level, c->log_access,
		c->log_format, c->console, c->stream.unsent, c->stream.keepalive_time,
		c->stream.keepalive_interval, c->stream.keepalive_probes);
	for (size_t i = 0; i < c->npaths; i++)
		tell_path(f, c->paths[i]);
	fclose(f);
	return text;
}

static void survives_printing(const char *text)
{
	struct conf *first = load_good(text);
	char *print = printed(first), *before = told(first);
	struct conf *second = load_good(print);
	char *after = told(second);

	assert_string_equal(before, after);
	free(print);
	free(before);
	free(after);
	conf_free(first);
	conf_free(second);
}

TEST(what_is_printed_loads_as_the_same_snapshot)
{
	survives_printing("");
	survives_printing(LOAD);
	survives_printing(
		"[server]\nlisten = [::1]:0\nlisten = unix:/a mode=0600 group=g\nbacklog = 1\n"
		"[limits]\nfull = close\naccept_rate = 0\n[logging]\nlevel = error\nformat = json\n"
		"[web]\nconsole = on\n[socket]\nnodelay = off\nunsent = 64k\n"
		"keepalive_time = 3m\n" LOAD);
	survives_printing(
		"[defaults]\nenv = A=1\nenv = B=2\norigin = any\nsubprotocol = a b\ntype = binary\n"
		"queue = 9k\n[/a]\nexec = x\n[/b/*]\nshell = y | z\nenv =\norigin =\n"
		"subprotocol =\ntype =\nqueue = 5k\n[/c]\nexec = x\norigin = https://c\n"
		"origin = https://d https://e\nframe = netstring\ntype =\ncharset = UTF-16\n"
		"charset_error = close\nembedded = space\neof = no\n");
	survives_printing(
		LOAD
		"close_reason = a b\\\\\numask = 077\ncwd = /\npass_env = A\npass_env = B\n");
	survives_printing(
		LOAD
		"env = A=1 \\\n  2 \\\n  3\nenv = B=\\\\\nclose_reason = ; no # comment\n");
	survives_printing("[/a]\nexec = a \\\\b 'c\\\\'\n[/b]\nshell = a; b \\\\\\\\\n");
	survives_printing("[server]\nlisten = 127.0.0.1:1\nlisten =\n");
	survives_printing("[defaults]\ncompat = websocketd\nstop_signal = HUP\n[/a]\n"
			  "exec = a\n[/b]\nexec = b\ncompat =\n[/c]\nexec = c\n"
			  "frame = raw\neof = yes\npass_env =\nstop_timeout = 100ms\n");
}

TEST(each_setting_stands_below_its_origin)
{
	struct conf *c =
		load_good("[limits]\n\nfull = close\n" LOAD "env = A=1\nenv = B=2\n"
			  "[defaults]\nqueue = 64k\nsubprotocol =\n");
	char *text = printed(c);

	assert_non_null(strstr(text, "[limits]\n; default\nmax_connections = 1000\n"));
	assert_non_null(strstr(text, "; x.ini:3\nfull = close\n"));
	assert_non_null(strstr(text, "; x.ini:6\nenv = A=1\n; x.ini:7\nenv = B=2\n"));
	assert_non_null(strstr(text, "[defaults]\n; default\norigin = same\n"));
	assert_non_null(strstr(text, "[/load]\n; default\norigin = same\n"));
	assert_non_null(strstr(text, "[/load]"));
	assert_non_null(strstr(strstr(text, "[/load]"), "; x.ini:9\nqueue = 64k\n"));
	assert_non_null(strstr(text, "; x.ini:10\nsubprotocol =\n"));
	assert_non_null(strstr(
		text,
		"; default: text for line and nul, binary for the others\ntype =\n"));
	assert_non_null(strstr(text, "; x.ini:5\nexec = vmstat 1\n"));
	assert_null(strstr(text, "shell"));
	free(text);
	conf_free(c);
}

TEST(every_key_of_the_table_is_printed_with_its_default)
{
	struct conf *c = load_good("");
	char *text = printed(c);

	for (size_t i = 0; i < conf_nkeys; i++) {
		const struct conf_key *key = &conf_keys[i];
		char line[200];

		if ((key->flags & CONF_SOURCE) || conf_classes[key->class].named.size > 0)
			continue; /* there is none */
		if (key->def_doc)
			snprintf(line, sizeof(line), "\n; default: %s\n%s =\n",
				 key->def_doc, key->name);
		else
			snprintf(line, sizeof(line), "\n; default\n%s = %s\n", key->name,
				 key->def);
		if (!strstr(text, line))
			fail_msg("not printed: %s", line);
	}
	free(text);
	conf_free(c);
}

#define TOKEN "sha256:0123456789abcdef0123456789ABCDEF0123456789abcdef0123456789abcdef"

TEST(a_section_with_a_name_of_its_own_is_printed_without_secrets)
{
	struct conf *c = load_good("[auth b]\ntype = token\ntoken = " TOKEN " x\n"
				   "[/load]\nexec = cat\nauth = a\n"
				   "[auth a]\ntype = token\nrealm = here\ntoken = ***\n");
	char *text = printed(c), *b = strstr(text, "[auth b]\n"),
	     *a = strstr(text, "[auth a]\n");

	assert_true(b && a && b < a && a < strstr(text, "[defaults]"));
	assert_non_null(strstr(b, "; x.ini:2\ntype = token\n"));
	assert_non_null(strstr(b, "; default: the section's NAME\nrealm =\n"));
	assert_non_null(strstr(b, "; x.ini:3\ntoken = ***\n"));
	assert_non_null(strstr(a, "; x.ini:9\nrealm = here\n"));
	assert_null(strstr(text, TOKEN));
	free(text);
	assert_int_equal(conf_where_named(c, &c->auth[1].head, "realm").line, 9);
	assert_int_equal(conf_where(c, NULL, "realm").line, 0);
	conf_free(c);
}

TEST(it_is_known_where_a_setting_was_written)
{
	struct conf *c = load_good(
		"[server]\nbacklog = 1\n[/a]\nexec = x\n[/b]\nexec = y\nqueue = 8k\n"
		"[defaults]\nqueue = 64k\n");

	assert_int_equal(conf_where(c, NULL, "backlog").line, 2);
	assert_int_equal(conf_where(c, c->paths[0], "exec").line, 4);
	assert_int_equal(conf_where(c, c->paths[1], "exec").line, 6);
	assert_int_equal(conf_where(c, c->paths[0], "queue").line, 9);
	assert_int_equal(conf_where(c, c->paths[1], "queue").line, 7);
	assert_string_equal(conf_where(c, c->paths[1], "queue").file, "x.ini");
	assert_null(conf_where(c, NULL, "max_connections").file);
	assert_null(conf_where(c, NULL, "queue").file);
	assert_null(conf_where(c, c->paths[0], "cwd").file);
	assert_null(conf_where(c, c->paths[0], "nonsense").file);
	conf_free(c);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_printed_loads_as_the_same_snapshot),
		cmocka_unit_test(each_setting_stands_below_its_origin),
		cmocka_unit_test(every_key_of_the_table_is_printed_with_its_default),
		cmocka_unit_test(
			a_section_with_a_name_of_its_own_is_printed_without_secrets),
		cmocka_unit_test(it_is_known_where_a_setting_was_written),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
