/* SPDX-License-Identifier: MIT */
/* What is said when the world lacks what a configuration asks for. */
#include <arpa/inet.h>
#include <fcntl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "conf_check.h"
#include "conf_text.h"

#define LISTEN "[server]\nlisten = 127.0.0.1:0\n"

/* bin/ with prog, noexec, perl-script, mawk and a link to it, awk. */
static char top[] = "/tmp/check-XXXXXX";

static void make(const char *name, const char *text, mode_t mode)
{
	FILE *f = fopen(name, "we");

	assert_non_null(f);
	fputs(text, f);
	fclose(f);
	assert_int_equal(chmod(name, mode), 0);
}

static int setup(void **state)
{
	(void)state;
	if (!mkdtemp(top) || chdir(top) < 0 || mkdir("bin", 0755) < 0)
		return -1;
	make("bin/journalctl", "", 0755);
	make("bin/noexec", "", 0644);
	make("bin/script", "#!/usr/bin/perl -w\n", 0755);
	make("bin/mawk", "", 0755);
	return symlink("mawk", "bin/awk") | setenv("PATH", "bin", 1);
}

static int teardown(void **state)
{
	static const char *const names[] = { "bin/journalctl", "bin/noexec", "bin/script",
					     "bin/mawk",       "bin/awk",    "live" };

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		unlink(names[i]);
	rmdir("bin");
	return chdir("/") < 0 ? -1 : rmdir(top);
}

/* What is said of TEXT, which is a good ini but may lack a path; the exit code is
 * EXPECTED. */
static const char *check(const char *text, int expected)
{
	char whole[2000], root[] = "root";
	struct conf *c;
	FILE *err;
	int status;

	snprintf(whole, sizeof(whole), "%s%s", text,
		 strstr(text, "[/") ? "" : "[/x]\nexec = journalctl\n");
	c = load_good(whole);
	err = saying();
	if (geteuid() == 0)
		c->user = root; /* as root is told to say */
	status = conf_check_world(c, err);
	fclose(err);
	conf_free(c);
	assert_int_equal(status, expected);
	return said;
}

/* The same of the lines SETTINGS of a path, the first of them line 4. */
static const char *check_path(const char *settings, int expected)
{
	char text[1000];

	snprintf(text, sizeof(text), LISTEN "[/a]\n%s\n", settings);
	return check(text, expected);
}

/* ---- programs ---- */

TEST(what_is_there_is_not_talked_about)
{
	assert_string_equal(check_path("exec = journalctl -f", EX_OK), "");
	assert_string_equal(check_path("exec = bin/journalctl -f", EX_OK), "");
	assert_string_equal(check_path("shell = nonsense | x", EX_OK), "");
}

TEST(a_program_that_is_not_there_is_an_error_with_the_nearest_name)
{
	assert_string_equal(check_path("exec = jornalctl -f", EX_CONFIG),
			    "x.ini:4: error: exec: 'jornalctl' not found in PATH (bin); "
			    "did you mean 'journalctl'?\n");
	assert_string_equal(check_path("exec = zzz", EX_CONFIG),
			    "x.ini:4: error: exec: 'zzz' not found in PATH (bin)\n");
	assert_string_equal(check_path("exec = /usr/bin/no/such", EX_CONFIG),
			    "x.ini:4: error: exec: /usr/bin/no/such: no such file\n");
	assert_string_equal(check_path("exec = noexec", EX_CONFIG),
			    "x.ini:4: error: exec: noexec: not executable\n");
}

TEST(a_program_is_searched_in_the_PATH_that_it_gets)
{
	assert_string_equal(
		check_path("env = PATH=/nope\nexec = journalctl", EX_CONFIG),
		"x.ini:5: error: exec: 'journalctl' not found in PATH (/nope)\n");
}

TEST(a_relative_program_is_searched_in_its_directory)
{
	char settings[200];

	snprintf(settings, sizeof(settings), "exec = ./journalctl\ncwd = %s/bin", top);
	assert_string_equal(check_path(settings, EX_OK), "");
	assert_string_equal(check_path("exec = ./journalctl\ncwd = /", EX_CONFIG),
			    "x.ini:4: error: exec: ./journalctl: no such file\n");
}

TEST(a_directory_that_is_not_there_is_an_error)
{
	char settings[200];

	assert_string_equal(check_path("exec = journalctl\ncwd = /no/such", EX_CONFIG),
			    "x.ini:5: error: cwd: /no/such: no such directory\n");
	snprintf(settings, sizeof(settings), "exec = journalctl\ncwd = %s/bin/noexec",
		 top);
	assert_non_null(
		strstr(check_path(settings, EX_CONFIG), "bin/noexec: not a directory\n"));
}

TEST(programs_that_line_buffer_cannot_cure_get_a_hint)
{
	assert_non_null(strstr(check_path("exec = awk 1", EX_OK),
			       "x.ini:4: warning: exec: mawk holds"));
	assert_non_null(strstr(said, "-W interactive"));
	assert_string_equal(check_path("exec = mawk -W interactive 1", EX_OK), "");
	assert_string_equal(check_path("exec = awk 1\nline_buffer = no", EX_OK), "");
	assert_string_equal(check_path("exec = awk 1\nframe = raw", EX_OK), "");
	assert_non_null(strstr(check_path("exec = script", EX_OK),
			       "x.ini:4: warning: exec: perl holds"));
}

/* ---- listeners ---- */

/* A socket that listens on a port of the kernel's choice. */
static int listen_somewhere(unsigned *ret_port)
{
	struct sockaddr_in a = { .sin_family = AF_INET,
				 .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t n = sizeof(a);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_int_equal(bind(fd, (struct sockaddr *)&a, n), 0);
	assert_int_equal(listen(fd, 1), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&a, &n), 0);
	*ret_port = ntohs(a.sin_port);
	return fd;
}

TEST(an_address_in_use_is_a_warning_that_names_its_owner)
{
	char text[200], expected[200], name[16] = "";
	FILE *comm = fopen("/proc/self/comm", "re");
	unsigned port;
	int fd = listen_somewhere(&port);

	assert_int_equal(fscanf(comm, "%15s", name), 1);
	fclose(comm);
	snprintf(text, sizeof(text), "[server]\nlisten = 127.0.0.1:%u\n", port);
	snprintf(
		expected, sizeof(expected),
		"x.ini:2: warning: cannot listen on 127.0.0.1:%u: in use by %s (pid %d)\n",
		port, name, (int)getpid());
	assert_string_equal(check(text, EX_OK), expected);
	close(fd);
}

TEST(a_free_address_is_not_talked_about)
{
	char text[200];
	unsigned port;

	close(listen_somewhere(&port));
	snprintf(text, sizeof(text), "[server]\nlisten = 127.0.0.1:%u\n", port);
	assert_string_equal(check(text, EX_OK), "");
	assert_string_equal(check("[server]\nlisten = [::1]:0\n", EX_OK), "");
}

TEST(an_address_that_the_network_reaches_is_a_warning)
{
	assert_non_null(
		strstr(check("[server]\nlisten = 0.0.0.0:0\n[/a]\nshell = x\n", EX_OK),
		       "x.ini:2: warning: 0.0.0.0:0 is open to the network"));
}

TEST(an_address_of_another_machine_is_a_warning)
{
	assert_non_null(
		strstr(check("[server]\nlisten = 192.0.2.1:0\n", EX_OK),
		       "x.ini:2: warning: cannot listen on 192.0.2.1:0: Cannot assign"));
}

/* A Unix socket at "live". */
static int listen_unix(void)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX, .sun_path = "live" };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_int_equal(bind(fd, (struct sockaddr *)&a, sizeof(a)), 0);
	assert_int_equal(listen(fd, 1), 0);
	return fd;
}

TEST(a_unix_socket_may_be_stale_but_not_in_use)
{
	char text[200];
	int fd = listen_unix();

	snprintf(text, sizeof(text), "[server]\nlisten = unix:%s/live\n", top);
	assert_non_null(strstr(check(text, EX_OK), "/live: in use by "));
	close(fd);
	assert_string_equal(check(text, EX_OK), "");
}

TEST(what_a_unix_socket_lacks_is_an_error)
{
	char text[200];

	assert_string_equal(check("[server]\nlisten = unix:/no/such\n", EX_CONFIG),
			    "x.ini:2: error: listen: /no: no such directory\n");
	snprintf(text, sizeof(text), "[server]\nlisten = unix:%s/a group=no-such-group\n",
		 top);
	assert_string_equal(
		check(text, EX_CONFIG),
		"x.ini:2: error: listen: there is no group 'no-such-group'\n");
	snprintf(text, sizeof(text), "[server]\nlisten = unix:%s/bin\n", top);
	assert_non_null(
		strstr(check(text, EX_CONFIG), "/bin is there and is no socket\n"));
}

/* ---- descriptors ---- */

TEST(too_few_descriptors_are_a_warning)
{
	struct rlimit old, low;
	char text[200];

	assert_int_equal(getrlimit(RLIMIT_NOFILE, &old), 0);
	low = (struct rlimit){ 4 * 50 + 32, 4 * 50 + 32 };
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &low), 0);
	snprintf(text, sizeof(text), LISTEN "[limits]\nmax_connections = %d\n", 50);
	assert_string_equal(check(text, EX_OK), "");
	snprintf(text, sizeof(text), LISTEN "[limits]\nmax_connections = %d\n", 51);
	assert_string_equal(
		check(text, EX_OK),
		"x.ini:4: warning: max_connections = 51 can need 236 file descriptors, "
		"there are 232; raise LimitNOFILE= or ulimit -Hn\n");
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_there_is_not_talked_about),
		cmocka_unit_test(
			a_program_that_is_not_there_is_an_error_with_the_nearest_name),
		cmocka_unit_test(a_program_is_searched_in_the_PATH_that_it_gets),
		cmocka_unit_test(a_relative_program_is_searched_in_its_directory),
		cmocka_unit_test(a_directory_that_is_not_there_is_an_error),
		cmocka_unit_test(programs_that_line_buffer_cannot_cure_get_a_hint),
		cmocka_unit_test(an_address_in_use_is_a_warning_that_names_its_owner),
		cmocka_unit_test(a_free_address_is_not_talked_about),
		cmocka_unit_test(an_address_that_the_network_reaches_is_a_warning),
		cmocka_unit_test(an_address_of_another_machine_is_a_warning),
		cmocka_unit_test(a_unix_socket_may_be_stale_but_not_in_use),
		cmocka_unit_test(what_a_unix_socket_lacks_is_an_error),
		cmocka_unit_test(too_few_descriptors_are_a_warning),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
