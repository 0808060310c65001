/* SPDX-License-Identifier: MIT */
/* What each setting takes, where it goes, and what is said of the rest. */
#include <signal.h>

#include "conf_text.h"
#include "log.h"

#define IN_PATH(wrong) "x.ini:3: error: " wrong "\n"

TEST(numbers_go_to_their_places)
{
	struct conf *c = load_good(
		"[server]\nbacklog = 7\nshutdown_timeout = 3s\n"
		"[limits]\nmax_connections = 1\nmax_per_address = 2\n"
		"max_handshakes = 3\naccept_rate = 600/m\nhandshake_timeout = 500ms\n"
		"max_header = 4k\n");

	assert_int_equal(c->backlog, 7);
	assert_true(c->shutdown_timeout == 3);
	assert_int_equal(c->limits.max_connections, 1);
	assert_int_equal(c->limits.max_per_address, 2);
	assert_int_equal(c->limits.max_handshakes, 3);
	assert_true(c->limits.accept_rate == 10);
	assert_true(c->limits.handshake_timeout == 0.5);
	assert_int_equal(c->limits.max_header, 4096);
	conf_free(c);
}

TEST(words_go_to_their_places)
{
	struct conf *c = load_good("[limits]\nfull = close\n[socket]\nnodelay = no\n"
				   "[logging]\nto = stderr\nlevel = debug\naccess = off\n"
				   "format = json\n"
				   "[web]\nconsole = yes\n");

	assert_int_equal(c->limits.full, FULL_CLOSE);
	assert_false(c->stream.nodelay);
	assert_int_equal(c->log_to, LOG_TO_STDERR);
	assert_int_equal(c->log_level, LOG_LEVEL_DEBUG);
	assert_false(c->log_access);
	assert_int_equal(c->log_format, LOG_FORMAT_JSON);
	assert_true(c->console);
	conf_free(c);
}

TEST(the_settings_of_a_session_go_to_their_places)
{
	struct conf *c = load_good(
		LOAD "write = no\nping_interval = 1s\nping_timeout = 2s\n"
		     "idle_timeout = 3s\nsend_timeout = 4s\nmax_message = 5k\n"
		     "buffer_message = yes\nmax_frame = 6k\nqueue = 7k\n"
		     "slow_client = pause\nclose_code = 4321\nclose_reason = tschüß\n"
		     "close_wait = no\nclose_timeout = 8s\neof = no\n");
	const struct session_conf *s = &c->paths[0]->session;

	assert_false(s->write);
	assert_true(s->ping_interval == 1 && s->ping_timeout == 2 &&
		    s->idle_timeout == 3);
	assert_true(s->send_timeout == 4 && s->close_timeout == 8);
	assert_int_equal(s->ws.max_message, 5 << 10);
	assert_true(s->ws.whole);
	assert_int_equal(c->paths[0]->hub.max_frame, 6 << 10);
	assert_int_equal(s->queue, 7 << 10);
	assert_int_equal(s->close_code, 4321);
	assert_string_equal(s->close_reason, "tschüß");
	assert_false(s->close_wait);
	assert_false(s->eof);
	conf_free(c);
}

TEST(the_settings_of_a_program_go_to_their_places)
{
	struct conf *c =
		load_good(LOAD "cwd = /tmp\numask = 027\nenv = A=b c\npass_env = X Y\n"
			       "stderr = merge\nmax_processes = 9\nstop_signal = INT\n"
			       "stop_timeout = 1s\neof_timeout = 2s\nline_buffer = no\n"
			       "spawn_rate = 6/m\nmax_runtime = 3s\nnofile = 64\n"
			       "new_privileges = yes\nexit_code = plain\n"
			       "stop_scope = group\n");
	const struct exec_conf *e = &c->paths[0]->exec;

	assert_string_equal(e->cwd, "/tmp");
	assert_int_equal(e->umask, 027);
	assert_string_equal(e->env[0], "A=b c");
	assert_string_equal(e->pass_env[0], "X");
	assert_string_equal(e->pass_env[1], "Y");
	assert_null(e->pass_env[2]);
	assert_int_equal(e->stderr_to, STDERR_MERGE);
	assert_int_equal(e->max_processes, 9);
	assert_int_equal(e->stop.signal, SIGINT);
	assert_true(e->stop.stop_timeout == 1 && e->stop.eof_timeout == 2);
	assert_int_equal(e->line_buffer, LINE_BUFFER_NO);
	assert_true(e->spawn_rate == 0.1 && e->max_runtime == 3);
	assert_int_equal(e->nofile, 64);
	assert_true(e->new_privileges);
	assert_int_equal(e->exit_code, EXIT_CODE_PLAIN);
	assert_int_equal(e->stop.scope, STOP_GROUP);
	conf_free(c);
}

TEST(the_defaults_of_a_path_are_those_of_the_manual)
{
	struct conf *c = load_good(LOAD);
	const struct path_conf *p = c->paths[0];

	assert_string_equal(p->access.origins[0], "same");
	assert_null(p->access.origins[1]);
	assert_int_equal(p->access.clients.allow.n, 1);
	assert_int_equal(p->access.clients.allow.items[0].kind, CIDR_ALL);
	assert_int_equal(p->access.clients.deny.n, 0);
	assert_true(p->access.origin_missing);
	assert_null(p->subprotocol);
	assert_true(p->session.write && p->session.eof && p->session.close_wait);
	assert_false(p->session.ws.whole);
	assert_int_equal(p->session.ws.max_message, 1 << 20);
	assert_int_equal(p->session.queue, 1 << 20);
	assert_int_equal(p->session.close_code, 1000);
	assert_null(p->session.close_reason);
	assert_int_equal(p->hub.framing.kind, FRAMING_LINE);
	assert_int_equal(p->hub.framing.embedded, EMBEDDED_PASS);
	assert_int_equal(p->hub.framing.invalid, INVALID_REPLACE);
	assert_int_equal(p->hub.max_frame, 0);
	assert_null(p->exec.cwd);
	assert_int_equal(p->exec.umask, -1);
	assert_null(p->exec.env);
	assert_null(p->exec.pass_env);
	assert_int_equal(p->exec.stop.signal, SIGTERM);
	assert_int_equal(p->exec.stderr_to, STDERR_LOG);
	conf_free(c);
}

TEST(framing_words_go_to_their_places)
{
	struct conf *c =
		load_good(LOAD "frame = raw\nembedded = space\ninvalid_utf8 = binary\n"
			       "origin_missing = deny\nstderr = drop\n");
	const struct path_conf *p = c->paths[0];

	assert_int_equal(p->hub.framing.kind, FRAMING_RAW);
	assert_int_equal(p->hub.framing.embedded, EMBEDDED_SPACE);
	assert_int_equal(p->hub.framing.invalid, INVALID_BINARY);
	assert_false(p->access.origin_missing);
	assert_int_equal(p->exec.stderr_to, STDERR_DROP);
	conf_free(c);
}

TEST(utf8_is_no_charset_that_needs_converting)
{
	struct conf *c = load_good("[/a]\nexec = x\n[/b]\nexec = x\ncharset = utf8\n"
				   "[/c]\nexec = x\ncharset = 932\n"
				   "[/d]\nexec = x\ncharset = 65001\n"
				   "charset_error = close\n"
				   "[/e]\nexec = x\ncharset = 932\n"
				   "charset_error = close\n");

	assert_null(c->paths[0]->hub.framing.charset);
	assert_null(c->paths[1]->hub.framing.charset);
	assert_string_equal(c->paths[2]->hub.framing.charset, "932");
	assert_null(c->paths[3]->hub.framing.charset);
	assert_false(c->paths[2]->session.ws.whole);
	assert_false(c->paths[3]->session.ws.whole);
	assert_true(c->paths[4]->session.ws.whole); /* refused whole or not at all */
	conf_free(c);
}

/* ---- what is wrong ---- */

TEST(a_wrong_value_is_told_with_what_would_be_right)
{
	static const struct {
		const char *setting, *wrong;
	} cases[] = {
		{ "ping_interval = 30",
		  IN_PATH("ping_interval = 30 needs a unit: 500ms, 10s, 2m") },
		{ "queue = 100", IN_PATH("queue = 100 is not between 4k and 1G") },
		{ "write = maybe", IN_PATH("write = maybe is not yes or no") },
		{ "frame = xml",
		  IN_PATH("frame = xml is not line, raw, nul, netstring, u32be or json") },
		{ "charset = latin99",
		  IN_PATH("charset: 'latin99' is no charset that iconv knows; iconv -l "
			  "lists them") },
		{ "charset_error = ignore",
		  IN_PATH("charset_error = ignore is not replace or close") },
		{ "slow_client = wait",
		  IN_PATH("slow_client = wait is not pause, disconnect or drop") },
		{ "line_buffer = tty",
		  IN_PATH("line_buffer = tty is not yes, no or pty") },
		{ "umask = 888", IN_PATH("umask = 888 is not an octal mode: 022, 0660") },
		{ "umask = 1000", IN_PATH("umask = 1000 is more than 0777") },
		{ "stop_signal = STOPP",
		  IN_PATH("stop_signal = STOPP is not a signal: TERM, SIGINT, 15") },
		{ "cwd = tmp", IN_PATH("cwd: 'tmp' is not an absolute path") },
		{ "env = A", IN_PATH("env: 'A' is not NAME=value") },
		{ "env = 1A=b", IN_PATH("env: '1A=b' is not NAME=value") },
		{ "env = =b", IN_PATH("env: '=b' is not NAME=value") },
		{ "pass_env = A B=1",
		  IN_PATH("pass_env: 'B=1' is no name of a variable") },
		{ "subprotocol = a,b",
		  IN_PATH("subprotocol: 'a,b' is no token; names stand apart by blanks") },
		{ "subprotocol = a b a", IN_PATH("subprotocol: 'a' stands there twice") },
		{ "max_processes = 0",
		  IN_PATH("max_processes = 0 is not between 1 and 1000000") },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++)
		assert_string_equal(errors_in_path(cases[i].setting), cases[i].wrong);
}

TEST(a_close_code_must_be_one_that_may_be_sent)
{
	static const char *const bad[] = {
		"1004", "1005", "1006", "1015", "1016", "2999"
	};
	static const char *const good[] = {
		"1000", "1001", "1003", "1011", "3000", "4999"
	};
	char setting[50];

	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		snprintf(setting, sizeof(setting), "close_code = %s", bad[i]);
		assert_non_null(strstr(errors_in_path(setting),
				       "may not be sent (RFC 6455 7.4)"));
	}
	for (size_t i = 0; i < sizeof(good) / sizeof(*good); i++) {
		snprintf(setting, sizeof(setting), LOAD "close_code = %s\n", good[i]);
		conf_free(load_good(setting));
	}
	assert_string_equal(errors_in_path("close_code = 5000"),
			    IN_PATH("close_code = 5000 is not between 1000 and 4999"));
}

TEST(a_close_reason_fits_into_a_frame)
{
	char setting[300];

	snprintf(setting, sizeof(setting), LOAD "close_reason = %0123d", 0);
	conf_free(load_good(setting));
	snprintf(setting, sizeof(setting), "close_reason = %0124d", 0);
	assert_string_equal(
		errors_in_path(setting),
		IN_PATH("close_reason: 124 bytes are too long, a close frame holds 123"));
	assert_string_equal(errors_in_path("close_reason = a\xFF"),
			    IN_PATH("close_reason: it is not UTF-8"));
	assert_string_equal(errors_in_path("close_reason = a\xC3"),
			    IN_PATH("close_reason: it is not UTF-8"));
}

TEST(a_later_variable_of_the_same_name_wins)
{
	struct conf *c = load_good(LOAD "env = A=1\nenv = AB=2\nenv = A=3\n");

	assert_string_equal(c->paths[0]->exec.env[0], "A=3");
	assert_string_equal(c->paths[0]->exec.env[1], "AB=2");
	assert_null(c->paths[0]->exec.env[2]);
	conf_free(c);
}

/* ---- commands ---- */

TEST(exec_is_split_into_words_and_shell_is_not)
{
	struct conf *c = load_good(
		"[/a]\nexec = a 'b c' \"d\\\"\" $e\n[/b]\nshell = a 'b c' | d\n");

	assert_string_equal(c->paths[0]->exec.argv[1], "b c");
	assert_string_equal(c->paths[0]->exec.argv[2], "d\"");
	assert_string_equal(c->paths[0]->exec.argv[3], "$e");
	assert_string_equal(c->paths[1]->exec.argv[0], "/bin/sh");
	assert_string_equal(c->paths[1]->exec.argv[1], "-c");
	assert_string_equal(c->paths[1]->exec.argv[2], "a 'b c' | d");
	assert_null(c->paths[1]->exec.argv[3]);
	conf_free(c);
}

TEST(a_command_that_is_none_is_refused)
{
	assert_string_equal(errors_of("[/a]\nexec = a 'b\n"),
			    "x.ini:2: error: exec: a quote is not closed\n");
	assert_string_equal(errors_of("[/a]\nexec = '' b\n"),
			    "x.ini:2: error: exec: the program's name is empty\n");
}

/* ---- networks ---- */

TEST(networks_are_lists_of_a_path_and_of_the_daemon)
{
	struct conf *c = load_good("[server]\nallow = 10.0.0.0/8 ::1\nallow = unix\n"
				   "deny = 10.1.0.0/16\n"
				   "[defaults]\ndeny = 192.0.2.1\n"
				   "[/a]\nexec = x\nallow = 2001:db8::/32\n"
				   "[/b]\nexec = x\ndeny =\n");

	assert_int_equal(c->clients.allow.n, 3);
	assert_int_equal(c->clients.allow.items[0].kind, CIDR_IPV4);
	assert_int_equal(c->clients.allow.items[0].bits, 8);
	assert_int_equal(c->clients.allow.items[1].kind, CIDR_IPV6);
	assert_int_equal(c->clients.allow.items[2].kind, CIDR_UNIX);
	assert_int_equal(c->clients.deny.n, 1);
	assert_int_equal(c->paths[0]->access.clients.allow.items[0].bits, 32);
	assert_int_equal(c->paths[0]->access.clients.deny.n, 1);
	assert_int_equal(c->paths[1]->access.clients.allow.items[0].kind, CIDR_ALL);
	assert_int_equal(c->paths[1]->access.clients.deny.n, 0);
	conf_free(c);
}

TEST(what_is_no_network_is_refused)
{
	assert_string_equal(errors_in_path("allow = 10.0.0.0/8 example.com"),
			    IN_PATH("allow: 'example.com' is no address, network "
				    "(192.0.2.0/24, 2001:db8::/32), all or unix"));
	assert_string_equal(
		errors_in_path("deny = 10.0.0.1/8"),
		IN_PATH("deny: '10.0.0.1/8' is an address inside a network; write "
			"10.0.0.0/8 for all of it"));
}

/* ---- origin ---- */

TEST(an_origin_is_same_or_any_or_a_list)
{
	struct conf *c =
		load_good("[/a]\nexec = x\norigin = any\n"
			  "[/b]\nexec = x\norigin = https://a.example http://b:81\n"
			  "origin = http://[::1]:82\n"
			  "[/c]\nexec = x\norigin = any\norigin =\norigin = https://c\n"
			  "origin = same\n");

	assert_string_equal(c->paths[0]->access.origins[0], "any");
	assert_null(c->paths[0]->access.origins[1]);
	assert_string_equal(c->paths[1]->access.origins[0], "https://a.example");
	assert_string_equal(c->paths[1]->access.origins[1], "http://b:81");
	assert_string_equal(c->paths[1]->access.origins[2], "http://[::1]:82");
	assert_null(c->paths[1]->access.origins[3]);
	assert_string_equal(c->paths[2]->access.origins[0], "https://c");
	assert_string_equal(c->paths[2]->access.origins[1], "same");
	assert_null(c->paths[2]->access.origins[2]);
	conf_free(c);
}

TEST(what_no_browser_sends_as_an_origin_is_refused)
{
	static const char *const bad[] = { "https://a/",     "a.example",
					   "https://",       "://a",
					   "https://a:0",    "https://a:65536",
					   "https://a:",     "https://a b",
					   "https://u@a",    "https://[::1",
					   "https://[]",     "ht_tp://a",
					   "https://[::1]x", "none" };
	char setting[60];

	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		snprintf(setting, sizeof(setting), "origin = %s", bad[i]);
		assert_non_null(strstr(errors_in_path(setting),
				       "is not same, any or scheme://host"));
	}
	assert_string_equal(errors_in_path("origin = any https://a"),
			    IN_PATH("origin: 'any' does not go with 'https://a'"));
	assert_string_equal(errors_in_path("origin = any any"),
			    IN_PATH("origin: 'any' does not go with 'any'"));
	assert_string_equal(
		errors_in_path("origin = https://a\norigin = any"),
		"x.ini:4: error: origin: 'https://a' does not go with 'any'\n");
	assert_string_equal(errors_in_path("origin = same any"),
			    IN_PATH("origin: 'same' does not go with 'any'"));
}

/* ---- listen ---- */

TEST(an_address_is_numeric_or_a_path)
{
	struct conf *c = load_good("[server]\nlisten = 0.0.0.0:80\nlisten = [::1]:0\n"
				   "listen = unix:/run/a.sock mode=0660 group=www-data\n"
				   "listen = unix:/run/b.sock\nlisten = [::1]:0\n");

	assert_int_equal(c->nlisten, 5);
	assert_string_equal(c->listen[0].text, "0.0.0.0:80");
	assert_string_equal(c->listen[0].host, "0.0.0.0");
	assert_int_equal(c->listen[0].port, 80);
	assert_null(c->listen[0].path);
	assert_int_equal(c->listen[0].line, 2);
	assert_string_equal(c->listen[0].file, "x.ini");
	assert_string_equal(c->listen[1].host, "::1");
	assert_int_equal(c->listen[1].port, 0);
	assert_string_equal(c->listen[2].text, "unix:/run/a.sock");
	assert_string_equal(c->listen[2].path, "/run/a.sock");
	assert_null(c->listen[2].host);
	assert_int_equal(c->listen[2].mode, 0660);
	assert_string_equal(c->listen[2].group, "www-data");
	assert_int_equal(c->listen[3].mode, -1);
	assert_null(c->listen[3].group);
	conf_free(c);
}

TEST(what_cannot_be_listened_on_is_refused)
{
	static const char *const bad[] = {
		"80",       "localhost:80", "*:80",           ":80",
		"::1:80",   "[::1]",        "[127.0.0.1]:80", "[::1:80",
		"1.2.3:80", "[]:80",        "[::1]80",        "[:80"
	};
	char text[300];

	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		snprintf(text, sizeof(text), "[server]\nlisten = %s\n", bad[i]);
		assert_non_null(strstr(errors_of(text),
				       "' is not ADDR:PORT, [ADDR]:PORT, unix:/path or "
				       "systemd:NAME"));
	}
	assert_string_equal(
		errors_of("[server]\nlisten = 127.0.0.1:65536\n"),
		"x.ini:2: error: listen: port 65536 is not between 0 and 65535\n");
	assert_string_equal(errors_of("[server]\nlisten = unix:a\n"),
			    "x.ini:2: error: listen: 'a' is not an absolute path\n");
	snprintf(text, sizeof(text), "[server]\nlisten = unix:/%0120d\n", 0);
	assert_non_null(strstr(errors_of(text), "is longer than a socket's path can be"));
	assert_string_equal(
		errors_of("[server]\nlisten = 127.0.0.1:1\nlisten = 127.0.0.1:1\n"),
		"x.ini:3: error: listen: 127.0.0.1:1 stands there twice\n");
}

TEST(words_behind_an_address_that_mean_nothing_are_refused)
{
	static const struct {
		const char *listen, *wrong;
	} cases[] = {
		{ "127.0.0.1:1 tlsx", "x.ini:2: error: listen: unknown word 'tlsx'\n" },
		{ "127.0.0.1:1 proxies",
		  "x.ini:2: error: listen: unknown word 'proxies'\n" },
		{ "127.0.0.1:1 mode=0660",
		  "x.ini:2: error: listen: 'mode=0660' is for unix: only\n" },
		{ "unix:/a mode=x",
		  "x.ini:2: error: listen: mode=x is not an octal mode: 022, 0660\n" },
		{ "unix:/a group=", "x.ini:2: error: listen: group= needs a name\n" },
		{ "systemd:", "x.ini:2: error: listen: '' is no name of a socket that "
			      "systemd passes\n" },
		{ "systemd:a:b", "x.ini:2: error: listen: 'a:b' is no name of a socket "
				 "that systemd passes\n" },
		{ "systemd:a mode=0600",
		  "x.ini:2: error: listen: 'mode=0600' is for unix: only\n" },
	};
	char text[200];

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		snprintf(text, sizeof(text), "[server]\nlisten = %s\n", cases[i].listen);
		assert_string_equal(errors_of(text), cases[i].wrong);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(numbers_go_to_their_places),
		cmocka_unit_test(words_go_to_their_places),
		cmocka_unit_test(the_settings_of_a_session_go_to_their_places),
		cmocka_unit_test(the_settings_of_a_program_go_to_their_places),
		cmocka_unit_test(the_defaults_of_a_path_are_those_of_the_manual),
		cmocka_unit_test(framing_words_go_to_their_places),
		cmocka_unit_test(utf8_is_no_charset_that_needs_converting),
		cmocka_unit_test(a_wrong_value_is_told_with_what_would_be_right),
		cmocka_unit_test(a_close_code_must_be_one_that_may_be_sent),
		cmocka_unit_test(a_close_reason_fits_into_a_frame),
		cmocka_unit_test(a_later_variable_of_the_same_name_wins),
		cmocka_unit_test(exec_is_split_into_words_and_shell_is_not),
		cmocka_unit_test(a_command_that_is_none_is_refused),
		cmocka_unit_test(networks_are_lists_of_a_path_and_of_the_daemon),
		cmocka_unit_test(what_is_no_network_is_refused),
		cmocka_unit_test(an_origin_is_same_or_any_or_a_list),
		cmocka_unit_test(what_no_browser_sends_as_an_origin_is_refused),
		cmocka_unit_test(an_address_is_numeric_or_a_path),
		cmocka_unit_test(what_cannot_be_listened_on_is_refused),
		cmocka_unit_test(words_behind_an_address_that_mean_nothing_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
