/* SPDX-License-Identifier: MIT */
/* The files of our pages are all embedded, whole, and of the type that a browser wants.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

#include "asset.h"

#define TEST(name) static void name(void **state __attribute__((unused)))
#define COUNT(array) (sizeof(array) / sizeof(*(array)))

static const struct {
	const char *path, *type, *contains;
} rows[] = {
	{ ASSET_CONSOLE, "text/html; charset=utf-8", "<html" },
	{ "/-/console.css", "text/css; charset=utf-8", "{" },
	{ "/-/console.js", "text/javascript; charset=utf-8", "WebSocket" },
	{ "/-/page.css", "text/css; charset=utf-8", "--accent" },
	{ "/-/icon.svg", "image/svg+xml", "<svg" },
	{ "/-/asciicast.js", "text/javascript; charset=utf-8", "export" },
	{ "/-/close_words.js", "text/javascript; charset=utf-8", "export" },
	{ "/-/terminal.css", "text/css; charset=utf-8", "{" },
	{ "/-/terminal.js", "text/javascript; charset=utf-8", "WebSocket" },
	{ "/-/xterm.css", "text/css; charset=utf-8", ".xterm" },
	{ "/-/xterm.js", "text/javascript; charset=utf-8", "as Terminal" },
	{ "/-/addon-fit.js", "text/javascript; charset=utf-8", "as FitAddon" },
};

/* What gzip(1) makes of A, NUL-terminated; yours. */
static char *content(const struct asset *a)
{
	int fd = memfd_create("asset", 0);
	char command[100];
	char *text = calloc(1, 1 << 20);
	size_t n;
	FILE *f;

	assert_int_equal(write(fd, a->gzip.p, a->gzip.n), a->gzip.n);
	snprintf(command, sizeof(command), "gzip -dc </proc/%d/fd/%d", (int)getpid(), fd);
	f = popen(command, "r");
	assert_non_null(f);
	n = fread(text, 1, (1 << 20) - 1, f);
	assert_true(n > 0);
	assert_int_equal(pclose(f), 0); /* neither cut nor followed by anything */
	close(fd);
	return text;
}

TEST(each_file_of_the_console_is_found_with_its_type)
{
	for (size_t i = 0; i < COUNT(rows); i++) {
		const struct asset *a = asset_find(rows[i].path);

		assert_non_null(a);
		assert_string_equal(a->path, rows[i].path);
		assert_string_equal(a->type, rows[i].type);
	}
}

TEST(other_paths_are_no_file)
{
	static const char *const paths[] = {
		"",           "/",           "/-/",           "/-",
		"/console",   "/-/console/", "/-/consol",     "/-/console.cssx",
		"/-/Console", "console.css", "/-/paths.json", "/-/console.html",
	};

	for (size_t i = 0; i < COUNT(paths); i++)
		if (asset_find(paths[i]))
			fail_msg("\"%s\" is a file", paths[i]);
}

/* RFC 1952 2.3.1: magic, deflate, and neither a name nor a time, which would differ from
 * build to build. */
TEST(a_file_is_gzip_without_a_name_and_a_time)
{
	for (size_t i = 0; i < COUNT(rows); i++)
		assert_memory_equal(asset_find(rows[i].path)->gzip.p,
				    "\x1f\x8b\x08\0\0\0\0\0", 8);
}

TEST(a_file_is_whole)
{
	for (size_t i = 0; i < COUNT(rows); i++) {
		char *text = content(asset_find(rows[i].path));

		if (!strstr(text, rows[i].contains))
			fail_msg("%s does not contain %s", rows[i].path,
				 rows[i].contains);
		free(text);
	}
}

TEST(what_the_console_refers_to_is_embedded)
{
	char *text = content(asset_find(ASSET_CONSOLE));
	int found = 0;

	for (char *p = text; (p = strstr(p, "=\"/-/")); found++) {
		char *url = p + 2, *end = strchr(url, '"');

		assert_non_null(end);
		*end = '\0';
		if (!asset_find(url))
			fail_msg("there is no %s", url);
		p = end + 1;
	}
	assert_true(found > 0);
	free(text);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_file_of_the_console_is_found_with_its_type),
		cmocka_unit_test(other_paths_are_no_file),
		cmocka_unit_test(a_file_is_gzip_without_a_name_and_a_time),
		cmocka_unit_test(a_file_is_whole),
		cmocka_unit_test(what_the_console_refers_to_is_embedded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
