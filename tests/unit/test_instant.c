/* SPDX-License-Identifier: MIT */
/* What the daemon serves without an ini: one command, or the demo. */
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "conf_text.h"
#include "instant.h"

#define COUNT(array) (sizeof(array) / sizeof(*(array)))

static char *const command[] = { (char[]){ "cat" }, (char[]){ "a b" }, (char[]){ "$c" },
				 NULL };
static char top[] = "/tmp/instant-XXXXXX";

static int setup(void **state)
{
	(void)state;
	return !mkdtemp(top) || chdir(top) < 0 ? -1 : 0;
}

static int teardown(void **state)
{
	(void)state;
	unlink(DEMO_FILE);
	return chdir("/") < 0 ? -1 : rmdir(top);
}

/* ---- its words on stderr ---- */

static int own_stderr, caught;

static void catch_stderr(void)
{
	caught = memfd_create("stderr", MFD_CLOEXEC);
	own_stderr = dup(STDERR_FILENO);
	assert_return_code(dup2(caught, STDERR_FILENO), 0);
}

/* What was said on stderr since, now in said[]. */
static void release_stderr(void)
{
	ssize_t n = pread(caught, said, sizeof(said) - 1, 0);

	said[n > 0 ? n : 0] = '\0';
	dup2(own_stderr, STDERR_FILENO);
	close(own_stderr);
	close(caught);
}

/* What the options give, or NULL and *ret_status. */
static struct conf *serve(const struct instant_options *o, int *ret_status)
{
	struct conf *c;

	*ret_status = -1;
	catch_stderr();
	c = instant_command(o, ret_status);
	release_stderr();
	return c;
}

static struct conf *serve_good(struct instant_options o)
{
	struct conf *c;
	int status;

	o.argv = command;
	c = serve(&o, &status);
	assert_string_equal(said, "");
	assert_non_null(c);
	assert_int_equal(status, EX_OK);
	return c;
}

/* ---- one command ---- */

TEST(one_command_is_served_at_the_root_of_loopback_with_the_console)
{
	struct conf *c = serve_good((struct instant_options){ 0 });

	assert_int_equal(c->nlisten, 1);
	assert_string_equal(c->listen[0].host, "127.0.0.1");
	assert_int_equal(c->listen[0].port, 8765);
	assert_int_equal(c->npaths, 1);
	assert_string_equal(c->paths[0]->path, "/");
	assert_false(c->paths[0]->prefix);
	assert_true(c->paths[0]->session.write);
	assert_true(c->console);
	assert_int_equal(c->dashboard, RIGHTS_VIEW);
	conf_free(c);
}

TEST(the_commands_words_are_not_taken_apart)
{
	struct conf *c = serve_good((struct instant_options){ 0 });

	for (size_t i = 0; i < COUNT(command) - 1; i++)
		assert_string_equal(c->paths[0]->exec.argv[i], command[i]);
	assert_null(c->paths[0]->exec.argv[COUNT(command) - 1]);
	conf_free(c);
}

TEST(the_address_and_the_port_are_as_told)
{
	static const struct {
		const char *bind, *port, *host;
		unsigned number;
	} rows[] = {
		{ NULL, "0", "127.0.0.1", 0 },
		{ NULL, "65535", "127.0.0.1", 65535 },
		{ "127.0.0.2", NULL, "127.0.0.2", 8765 },
		{ "0.0.0.0", "80", "0.0.0.0", 80 },
		{ "::1", "1", "::1", 1 },
		{ "::", "08765", "::", 8765 },
		{ "2001:db8:1111:2222:3333:4444:5555:6666", "65535",
		  "2001:db8:1111:2222:3333:4444:5555:6666", 65535 },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct conf *c = serve_good((struct instant_options){
			.bind = rows[i].bind, .port = rows[i].port });

		assert_int_equal(c->nlisten, 1);
		assert_string_equal(c->listen[0].host, rows[i].host);
		assert_int_equal(c->listen[0].port, rows[i].number);
		conf_free(c);
	}
}

TEST(clients_write_on_loopback_and_beyond_it_only_when_told)
{
	static const struct {
		const char *bind;
		bool view, write, writes;
	} rows[] = {
		{ NULL, false, false, true },
		{ "127.0.0.1", false, false, true },
		{ "127.1.2.3", false, false, true },
		{ "::1", false, false, true },
		{ "::ffff:127.0.0.1", false, false, true },
		{ "0.0.0.0", false, false, false },
		{ "192.0.2.1", false, false, false },
		{ "::", false, false, false },
		{ "2001:db8::1", false, false, false },
		{ "::ffff:192.0.2.1", false, false, false },
		{ "0.0.0.0", false, true, true },
		{ "::", false, true, true },
		{ "127.0.0.1", false, true, true },
		{ "127.0.0.1", true, false, false },
		{ "::1", true, false, false },
		{ "0.0.0.0", true, false, false },
		{ "0.0.0.0", true, true, false }, /* the safer one wins */
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct conf *c =
			serve_good((struct instant_options){ .bind = rows[i].bind,
							     .view = rows[i].view,
							     .write = rows[i].write });

		if (c->paths[0]->session.write != rows[i].writes)
			fail_msg("row %zu: clients of %s %s", i,
				 rows[i].bind ? rows[i].bind : "nothing said",
				 rows[i].writes ? "only watch" : "write");
		conf_free(c);
	}
}

static void expect_usage(const struct instant_options *o, const char *want)
{
	int status;

	assert_null(serve(o, &status));
	assert_int_equal(status, EX_USAGE);
	assert_string_equal(said, want);
}

TEST(a_bind_that_is_no_address_is_wrong_usage)
{
	static const char *const binds[] = { "",
					     "localhost",
					     "[::1]",
					     "127.0.0.1:80",
					     "*",
					     "::1%lo",
					     "127.0.0.1\nlisten = 0.0.0.0:1" };

	for (size_t i = 0; i < COUNT(binds); i++) {
		char want[200];

		snprintf(want, sizeof(want),
			 "wsbridged: %s: not a numeric address, such as 127.0.0.1 or "
			 "::1\n",
			 binds[i]);
		expect_usage(
			&(struct instant_options){ .bind = binds[i], .argv = command },
			want);
	}
}

TEST(a_port_that_is_no_number_up_to_65535_is_wrong_usage)
{
	static const char *const ports[] = { "",
					     "x",
					     "80x",
					     "65536",
					     "-1",
					     "-0",
					     " 80",
					     "+80",
					     "0x50",
					     "8 0",
					     "80\nbacklog = 1",
					     "99999999999999999999999999" };

	for (size_t i = 0; i < COUNT(ports); i++) {
		char want[200];

		snprintf(want, sizeof(want),
			 "wsbridged: %s: not a port between 0 and 65535\n", ports[i]);
		expect_usage(
			&(struct instant_options){ .port = ports[i], .argv = command },
			want);
	}
}

/* ---- the demo ---- */

static struct conf *demo(int *ret_status)
{
	struct conf *c;

	*ret_status = -1;
	catch_stderr();
	c = instant_demo(ret_status);
	release_stderr();
	return c;
}

static void write_demo(const char *text)
{
	FILE *f = fopen(DEMO_FILE, "we");

	assert_non_null(f);
	fputs(text, f);
	fclose(f);
}

TEST(the_demo_is_written_and_good)
{
	struct conf *c;
	int status;

	unlink(DEMO_FILE);
	c = demo(&status);
	assert_string_equal(said, "");
	assert_non_null(c);
	assert_int_equal(status, EX_OK);
	assert_string_equal(c->file, DEMO_FILE);
	assert_true(c->npaths > 0);
	for (size_t i = 0; i < c->nlisten; i++) /* a demo is for this machine */
		assert_string_equal(c->listen[i].host, "127.0.0.1");
	conf_free(c);
	assert_int_equal(access(DEMO_FILE, W_OK), 0);
}

TEST(a_demo_that_is_there_is_loaded_and_not_overwritten)
{
	struct conf *c;
	int status;

	write_demo("[/mine]\nexec = cat\n");
	c = demo(&status);
	assert_non_null(c);
	assert_int_equal(c->npaths, 1);
	assert_string_equal(c->paths[0]->path, "/mine");
	conf_free(c);
}

TEST(errors_in_the_demo_are_told_with_its_lines)
{
	int status;

	write_demo("[/mine]\nexce = cat\n");
	assert_null(demo(&status));
	assert_int_equal(status, EX_CONFIG);
	assert_non_null(strstr(said, DEMO_FILE ":2: error: unknown key 'exce'"));
}

TEST(a_demo_that_cannot_be_written_is_told)
{
	char gone[] = "/tmp/gone-XXXXXX";
	int status;

	assert_non_null(mkdtemp(gone));
	assert_int_equal(chdir(gone), 0);
	assert_int_equal(rmdir(gone), 0);
	assert_null(demo(&status));
	assert_int_equal(status, EX_OSERR);
	assert_string_equal(said, "wsbridged: cannot write " DEMO_FILE
				  ": No such file or directory\n");
	assert_int_equal(chdir(top), 0);
	if (geteuid() == 0)
		return; /* root may write everywhere */
	unlink(DEMO_FILE);
	assert_int_equal(chmod(top, 0500), 0);
	assert_null(demo(&status));
	assert_int_equal(status, EX_NOPERM);
	assert_int_equal(chmod(top, 0700), 0);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			one_command_is_served_at_the_root_of_loopback_with_the_console),
		cmocka_unit_test(the_commands_words_are_not_taken_apart),
		cmocka_unit_test(the_address_and_the_port_are_as_told),
		cmocka_unit_test(clients_write_on_loopback_and_beyond_it_only_when_told),
		cmocka_unit_test(a_bind_that_is_no_address_is_wrong_usage),
		cmocka_unit_test(a_port_that_is_no_number_up_to_65535_is_wrong_usage),
		cmocka_unit_test(the_demo_is_written_and_good),
		cmocka_unit_test(a_demo_that_is_there_is_loaded_and_not_overwritten),
		cmocka_unit_test(errors_in_the_demo_are_told_with_its_lines),
		cmocka_unit_test(a_demo_that_cannot_be_written_is_told),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
