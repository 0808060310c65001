/* SPDX-License-Identifier: MIT */
/* How sections, drop-ins and defaults make a snapshot, and what is said about those that
 * do not. */
#include <sys/stat.h>
#include <unistd.h>

#include "conf_text.h"

#define SOURCES \
	"exec, shell, connect, static, read_fifo, write_fifo, file, channel or builtin"

TEST(the_smallest_useful_file_loads)
{
	struct conf *c = load_good("[server]\nlisten = 127.0.0.1:8765\n\n" LOAD);

	assert_int_equal(c->nlisten, 1);
	assert_int_equal(c->npaths, 1);
	assert_string_equal(c->paths[0]->path, "/load");
	assert_false(c->paths[0]->prefix);
	assert_string_equal(c->paths[0]->exec.argv[0], "vmstat");
	assert_string_equal(c->paths[0]->exec.argv[1], "1");
	assert_null(c->paths[0]->exec.argv[2]);
	assert_int_equal(c->paths[0]->where.line, 4);
	assert_string_equal(c->file, "x.ini");
	conf_free(c);
}

TEST(an_empty_file_has_the_default_listener)
{
	struct conf *c = load_good("");

	assert_int_equal(c->nlisten, 1);
	assert_string_equal(c->listen[0].host, "127.0.0.1");
	assert_int_equal(c->listen[0].port, 8765);
	assert_int_equal(c->npaths, 0);
	conf_free(c);
}

/* ---- defaults ---- */

TEST(defaults_hold_for_paths_before_and_after_them)
{
	struct conf *c = load_good("[/a]\nexec = x\n[defaults]\nqueue = 64k\nwrite = no\n"
				   "[/b]\nexec = x\nqueue = 8k\n");

	assert_int_equal(c->paths[0]->session.queue, 65536);
	assert_int_equal(c->paths[1]->session.queue, 8192);
	assert_false(c->paths[0]->session.write);
	assert_false(c->paths[1]->session.write);
	conf_free(c);
}

TEST(a_paths_list_replaces_that_of_the_defaults)
{
	struct conf *c = load_good("[defaults]\nenv = A=1\nenv = B=2\n[/a]\nexec = x\n"
				   "[/b]\nexec = x\nenv = C=3\n[/c]\nexec = x\nenv =\n");

	assert_string_equal(c->paths[0]->exec.env[1], "B=2");
	assert_string_equal(c->paths[1]->exec.env[0], "C=3");
	assert_null(c->paths[1]->exec.env[1]);
	assert_null(c->paths[2]->exec.env);
	conf_free(c);
}

TEST(a_wrong_default_is_told_once)
{
	assert_string_equal(
		errors_of("[defaults]\nqueue = 1\n[/a]\nexec = x\n[/b]\nexec = x\n"),
		"x.ini:2: error: queue = 1 is not between 4k and 1G\n");
}

TEST(defaults_take_every_key_of_a_path_but_its_source)
{
	assert_string_equal(
		errors_of("[defaults]\nexec = x\nshell = y\n"),
		"x.ini:2: error: unknown key 'exec' in [defaults]; it belongs to [/path]\n"
		"x.ini:3: error: unknown key 'shell' in [defaults]; it belongs to [/path]\n");
}

/* ---- paths ---- */

TEST(a_star_makes_a_prefix)
{
	struct conf *c =
		load_good("[/files/*]\nexec = x\n[/*]\nexec = x\n[/]\nexec = x\n");

	assert_string_equal(c->paths[0]->path, "/files/");
	assert_true(c->paths[0]->prefix);
	assert_string_equal(c->paths[1]->path, "/");
	assert_true(c->paths[1]->prefix);
	assert_string_equal(c->paths[2]->path, "/");
	assert_false(c->paths[2]->prefix);
	conf_free(c);
}

TEST(a_path_that_no_request_has_is_refused)
{
	assert_string_equal(errors_of("[/a*]\nexec = x\n[/*/b]\nexec = x\n"),
			    "x.ini:1: error: [/a*]: a * can only be the last segment\n"
			    "x.ini:3: error: [/*/b]: a * can only be the last segment\n");
	assert_string_equal(
		errors_of("[/a//b]\nexec = x\n"),
		"x.ini:1: error: [/a//b] never matches: it has an empty or a dot segment\n");
	assert_non_null(strstr(errors_of("[/a/./b]\nexec = x\n"), "never matches"));
	assert_non_null(strstr(errors_of("[/../b]\nexec = x\n"), "never matches"));
	assert_non_null(strstr(errors_of("[/b/..]\nexec = x\n"), "never matches"));
	assert_non_null(strstr(errors_of("[/.]\nexec = x\n"), "never matches"));
}

TEST(a_path_has_exactly_one_source)
{
	assert_string_equal(errors_of("[/a]\nqueue = 1M\n"),
			    "x.ini:1: error: [/a] has no source: it needs " SOURCES "\n");
	assert_string_equal(errors_of("[/a]\n"),
			    "x.ini:1: error: [/a] has no source: it needs " SOURCES "\n");
	assert_string_equal(errors_of("[/a]\nexec =\n"),
			    "x.ini:1: error: [/a] has no source: it needs " SOURCES "\n");
	assert_string_equal(errors_of("[/a]\nexec = x\nshell = y\n"),
			    "x.ini:3: error: [/a] has two sources: exec and shell\n");
}

TEST(raw_is_binary_and_line_is_text_unless_type_says_otherwise)
{
	struct conf *c = load_good("[/a]\nexec = x\n[/b]\nexec = x\nframe = raw\n"
				   "[/c]\nexec = x\nframe = raw\ntype = text\n"
				   "[/d]\nexec = x\ntype = binary\n");

	assert_int_equal(c->paths[0]->hub.framing.type, OP_TEXT);
	assert_int_equal(c->paths[1]->hub.framing.type, OP_BINARY);
	assert_int_equal(c->paths[2]->hub.framing.type, OP_TEXT);
	assert_int_equal(c->paths[3]->hub.framing.type, OP_BINARY);
	assert_true(c->paths[0]->exec.line_buffer);
	assert_false(c->paths[1]->exec.line_buffer);
	conf_free(c);
}

TEST(what_is_not_said_follows_from_the_framing)
{
	static const struct {
		const char *frame;
		enum opcode type;
		enum framing_embedded embedded;
		bool eof, line_buffer, whole;
	} rows[] = {
		{ "line", OP_TEXT, EMBEDDED_PASS, true, true, false },
		{ "raw", OP_BINARY, EMBEDDED_PASS, true, false, false },
		{ "nul", OP_TEXT, EMBEDDED_REFUSE, true, true, true },
		{ "netstring", OP_BINARY, EMBEDDED_PASS, false, false, true },
		{ "u32be", OP_BINARY, EMBEDDED_PASS, false, false, true },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		char text[100];
		struct conf *c;
		const struct path_conf *p;

		snprintf(text, sizeof(text), LOAD "max_message = 5000\nframe = %s\n",
			 rows[i].frame);
		c = load_good(text);
		p = c->paths[0];
		assert_string_equal(framing_traits(p->hub.framing.kind)->name,
				    rows[i].frame);
		assert_int_equal(p->hub.framing.type, rows[i].type);
		assert_int_equal(p->hub.framing.embedded, rows[i].embedded);
		assert_int_equal(p->hub.framing.max_message, 5000);
		assert_int_equal(p->session.eof, rows[i].eof);
		assert_int_equal(p->exec.line_buffer, rows[i].line_buffer);
		assert_int_equal(p->session.ws.whole, rows[i].whole);
		conf_free(c);
	}
}

TEST(what_is_said_counts_whatever_the_framing_is)
{
	struct conf *c =
		load_good("[/a]\nexec = x\nframe = u32be\neof = yes\ntype = text\n"
			  "[/b]\nexec = x\nframe = nul\neof = no\n"
			  "embedded = pass\nline_buffer = no\n");

	assert_true(c->paths[0]->session.eof);
	assert_int_equal(c->paths[0]->hub.framing.type, OP_TEXT);
	assert_false(c->paths[1]->session.eof);
	assert_int_equal(c->paths[1]->hub.framing.embedded, EMBEDDED_PASS);
	assert_false(c->paths[1]->exec.line_buffer);
	conf_free(c);
	assert_non_null(strstr(errors_in_path("max_message = 0\nframe = netstring"),
			       "x.ini:1: error: [/load] holds whole messages"));
}

TEST(a_message_that_may_be_refused_is_held_whole)
{
	struct conf *c = load_good("[/a]\nexec = x\n[/b]\nexec = x\nembedded = refuse\n"
				   "[/c]\nexec = x\nbuffer_message = yes\n");

	assert_false(c->paths[0]->session.ws.whole);
	assert_true(c->paths[1]->session.ws.whole);
	assert_true(c->paths[2]->session.ws.whole);
	conf_free(c);
	c = load_good("[/a]\nexec = x\nframe = nul\n"
		      "[/b]\nexec = x\nframe = nul\nembedded = space\n"
		      "[/c]\nexec = x\nframe = raw\nembedded = refuse\n");
	assert_true(c->paths[0]->session.ws.whole);
	assert_false(c->paths[1]->session.ws.whole);
	assert_false(c->paths[2]->session.ws.whole); /* it has no separator */
	conf_free(c);
	assert_non_null(strstr(errors_in_path("max_message = 0\nembedded = refuse"),
			       "x.ini:1: error: [/load] holds whole messages"));
}

/* ---- what stands there twice ---- */

TEST(what_stands_twice_in_a_file_is_an_error)
{
	assert_string_equal(
		errors_in_path("queue = 1M\nwrite = no\nqueue = 1M"),
		"x.ini:5: error: queue stands there twice (first in line 3)\n");
	assert_string_equal(
		errors_of("[server]\nbacklog = 1\n" LOAD "[server]\nlisten = [::1]:1\n"),
		"x.ini:5: error: [server] stands there twice\n");
	assert_string_equal(
		errors_of(LOAD LOAD),
		"x.ini:3: error: [/load] stands there twice\n"
		"x.ini:4: error: exec stands there twice (first in line 2)\n");
}

TEST(an_empty_entry_clears_a_list)
{
	struct conf *c = load_good(
		"[server]\nlisten = 127.0.0.1:1\nlisten =\nlisten = 127.0.0.1:2\n");

	assert_int_equal(c->nlisten, 1);
	assert_int_equal(c->listen[0].port, 2);
	conf_free(c);
}

TEST(an_empty_scalar_is_an_error_unless_it_may_be_empty)
{
	assert_string_equal(
		errors_in_path("queue =\nclose_reason =\ncwd =\numask =\ntype ="),
		"x.ini:3: error: queue needs a value\n");
}

/* ---- what is unknown ---- */

TEST(unknown_names_are_refused_with_what_may_be_meant)
{
	assert_string_equal(
		errors_in_path("quue = 1"),
		"x.ini:3: error: unknown key 'quue' in [/load]; did you mean 'queue'?\n");
	assert_string_equal(
		errors_in_path("Queue = 1M"),
		"x.ini:3: error: unknown key 'Queue' in [/load]; did you mean 'queue'?\n");
	assert_string_equal(
		errors_in_path("backlog = 1"),
		"x.ini:3: error: unknown key 'backlog' in [/load]; it belongs to [server]\n");
	assert_string_equal(
		errors_of("[severs]\nx = 1\n"),
		"x.ini:1: error: unknown section [severs]; did you mean [server]?\n");
	assert_string_equal(
		errors_of("[load]\nexec = 1\n"),
		"x.ini:1: error: unknown section [load]; a path begins with /\n");
}

TEST(keys_and_sections_of_later_versions_are_unknown)
{
	static const char *const later[] = { "compression = on", "hook = x",
					     "publish = x", "signals = clock" };

	for (size_t i = 0; i < sizeof(later) / sizeof(*later); i++)
		assert_non_null(strstr(errors_in_path(later[i]),
				       "x.ini:3: error: unknown key '"));
	assert_non_null(strstr(errors_of("[tls]\ngroupes = X25519\n"),
			       "unknown key 'groupes' in [tls]"));
	assert_non_null(strstr(errors_of("[tls x y]\n"), "[tls x y] is no [tls NAME]"));
	assert_non_null(strstr(errors_of("[auth]\n"), "[auth] is no [auth NAME]"));
	assert_non_null(strstr(errors_of("[server x]\n"), "unknown section [server x]"));
}

TEST(a_setting_before_all_sections_is_an_error)
{
	assert_string_equal(errors_of("exec = x\n" LOAD),
			    "x.ini:1: error: 'exec' stands before the first [section]\n");
}

TEST(a_setting_below_a_broken_header_is_not_the_section_befores)
{
	assert_string_equal(errors_of("[/a]\nexec = x\n[/b\nexec = y\n"),
			    "x.ini:3: error: the section's name has no ]\n");
}

TEST(all_errors_are_told_in_one_pass_in_the_order_of_the_lines)
{
	assert_string_equal(
		errors_of("[server]\nbacklog = x\nlisten = a\n[limits]\n"
			  "handshake_timeout = 10\n[/a]\nqueue = x\nfull\n[what]\n"),
		"x.ini:2: error: backlog = x is not a whole number\n"
		"x.ini:3: error: listen: 'a' is not ADDR:PORT, [ADDR]:PORT, unix:/path or systemd:NAME "
		"with a numeric address, as 127.0.0.1:8765\n"
		"x.ini:5: error: handshake_timeout = 10 needs a unit: 500ms, 10s, 2m\n"
		"x.ini:6: error: [/a] has no source: it needs " SOURCES "\n"
		"x.ini:7: error: queue = x is not a size: 512, 64k, 1M\n"
		"x.ini:8: error: 'full' is neither [section] nor key = value\n"
		"x.ini:9: error: unknown section [what]; a path begins with /\n");
}

TEST(bytes_of_the_file_cannot_drive_the_terminal)
{
	assert_string_equal(errors_in_path("type = \x1b[2J"),
			    "x.ini:3: error: type = ?[2J is not text or binary\n");
}

TEST(very_long_names_and_values_are_only_quoted_in_part)
{
	char text[20000];

	memset(text, 'x', sizeof(text) - 1);
	text[sizeof(text) - 1] = 0;
	memcpy(text, "[/", 2);
	memcpy(text + 9000, "]\nqueue=", 8);
	errors_of(text);
	memcpy(text, "[s", 2);
	errors_of(text);
	assert_non_null(strstr(said, "unknown section"));
}

/* ---- files ---- */

static char top[] = "/tmp/conf-XXXXXX";

static void write_file(const char *name, const char *text)
{
	FILE *f = fopen(name, "we");

	assert_non_null(f);
	fputs(text, f);
	fclose(f);
}

static int setup(void **state)
{
	(void)state;
	return !mkdtemp(top) || chdir(top) < 0 || mkdir("w.d", 0755) < 0 ? -1 : 0;
}

static int teardown(void **state)
{
	static const char *const names[] = { "w.ini",      "w.d/a.ini",  "w.d/b.ini",
					     "w.d/.c.ini", "w.d/d.ini~", "w.d/e.txt",
					     "w" };

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		unlink(names[i]);
	rmdir("w.d");
	return chdir("/") < 0 ? -1 : rmdir(top);
}

static struct conf *load_file(const char *file, int expected)
{
	FILE *err = saying();
	int status = -1;
	struct conf *c = conf_load(file, err, &status);

	fclose(err);
	assert_int_equal(status, expected);
	assert_int_equal(!c, expected != EX_OK);
	return c;
}

TEST(dropins_follow_in_order_and_override)
{
	struct conf *c;

	write_file("w.ini",
		   "[server]\nlisten = 127.0.0.1:1\nbacklog = 1\n[/a]\nexec = x\n");
	write_file("w.d/b.ini",
		   "[server]\nbacklog = 3\nlisten = 127.0.0.1:3\n[/c]\nexec = z\n");
	write_file(
		"w.d/a.ini",
		"[/a]\nexec =\nshell = y\n[server]\nbacklog = 2\nlisten = 127.0.0.1:2\n");
	write_file("w.d/.c.ini", "nonsense\n");
	write_file("w.d/d.ini~", "nonsense\n");
	write_file("w.d/e.txt", "nonsense\n");
	for (int bare = 0; bare < 2; bare++) {
		c = load_file(bare ? "w" : "w.ini", EX_OK);
		assert_string_equal(said, "");
		assert_int_equal(c->backlog, 3);
		assert_int_equal(c->nlisten, 3);
		assert_int_equal(c->listen[1].port, 2);
		assert_string_equal(c->listen[1].file, "w.d/a.ini");
		assert_int_equal(c->listen[1].line, 6);
		assert_string_equal(c->paths[0]->exec.argv[0], "/bin/sh");
		assert_string_equal(c->paths[1]->path, "/c");
		conf_free(c);
		rename("w.ini", "w");
	}
	rename("w", "w.ini");
}

TEST(errors_of_all_files_are_told_with_their_names)
{
	write_file("w.ini", "[server]\nbacklog = x\n");
	write_file("w.d/a.ini", "[server]\nbaklog = 1\n");
	write_file("w.d/b.ini", "\n[limits]\nfull = x\n");
	load_file("w.ini", EX_CONFIG);
	assert_string_equal(said, "w.ini:2: error: backlog = x is not a whole number\n"
				  "w.d/a.ini:2: error: unknown key 'baklog' in [server]; "
				  "did you mean 'backlog'?\n"
				  "w.d/b.ini:3: error: full = x is not http or close\n");
}

TEST(a_file_that_cannot_be_read_has_an_exit_code_of_its_own)
{
	load_file("nope.ini", EX_NOINPUT);
	assert_string_equal(said, "nope.ini: error: No such file or directory\n");
	load_file("w.d", EX_NOINPUT);
	assert_string_equal(said, "w.d: error: Is a directory\n");
	if (geteuid() == 0)
		return; /* root may read everything */
	write_file("w.ini", "");
	assert_int_equal(chmod("w.ini", 0), 0);
	load_file("w.ini", EX_NOPERM);
	assert_string_equal(said, "w.ini: error: Permission denied\n");
}

TEST(the_command_line_gives_the_only_path_its_words)
{
	char *words[] = { (char[]){ "a b" }, (char[]){ "$c" }, NULL };
	struct conf *c = load_good("[/]\nexec = x y z\n");

	assert_int_equal(conf_set_command(c, words), 0);
	assert_string_equal(c->paths[0]->exec.argv[0], "a b");
	assert_string_equal(c->paths[0]->exec.argv[1], "$c");
	assert_null(c->paths[0]->exec.argv[2]);
	conf_free(c);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_smallest_useful_file_loads),
		cmocka_unit_test(an_empty_file_has_the_default_listener),
		cmocka_unit_test(defaults_hold_for_paths_before_and_after_them),
		cmocka_unit_test(a_paths_list_replaces_that_of_the_defaults),
		cmocka_unit_test(a_wrong_default_is_told_once),
		cmocka_unit_test(defaults_take_every_key_of_a_path_but_its_source),
		cmocka_unit_test(a_star_makes_a_prefix),
		cmocka_unit_test(a_path_that_no_request_has_is_refused),
		cmocka_unit_test(a_path_has_exactly_one_source),
		cmocka_unit_test(
			raw_is_binary_and_line_is_text_unless_type_says_otherwise),
		cmocka_unit_test(what_is_not_said_follows_from_the_framing),
		cmocka_unit_test(what_is_said_counts_whatever_the_framing_is),
		cmocka_unit_test(a_message_that_may_be_refused_is_held_whole),
		cmocka_unit_test(what_stands_twice_in_a_file_is_an_error),
		cmocka_unit_test(an_empty_entry_clears_a_list),
		cmocka_unit_test(an_empty_scalar_is_an_error_unless_it_may_be_empty),
		cmocka_unit_test(unknown_names_are_refused_with_what_may_be_meant),
		cmocka_unit_test(keys_and_sections_of_later_versions_are_unknown),
		cmocka_unit_test(a_setting_before_all_sections_is_an_error),
		cmocka_unit_test(
			a_setting_below_a_broken_header_is_not_the_section_befores),
		cmocka_unit_test(
			all_errors_are_told_in_one_pass_in_the_order_of_the_lines),
		cmocka_unit_test(bytes_of_the_file_cannot_drive_the_terminal),
		cmocka_unit_test(very_long_names_and_values_are_only_quoted_in_part),
		cmocka_unit_test(dropins_follow_in_order_and_override),
		cmocka_unit_test(errors_of_all_files_are_told_with_their_names),
		cmocka_unit_test(a_file_that_cannot_be_read_has_an_exit_code_of_its_own),
		cmocka_unit_test(the_command_line_gives_the_only_path_its_words),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
