/* SPDX-License-Identifier: MIT */
/* What is opened below a directory, and what its type is. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "media_type.h"
#include "static.h"

#define TEST(name) static void name(void **state __attribute__((unused)))

static char top[] = "/tmp/static-XXXXXX";

static const char *const files[] = { "index.html", "a.txt", ".hidden", "d/index.html",
				     "d/b.css",    ".d/c",  "e/none" };
static const char *const links[][2] = { { "d/b.css", "in" },
					{ "../../etc/passwd", "out" },
					{ "/etc/passwd", "absolute" },
					{ ".hidden", "shown" } };

static int setup(void **state)
{
	(void)state;
	if (!mkdtemp(top) || chdir(top) < 0 || mkdir("d", 0755) < 0 ||
	    mkdir(".d", 0755) < 0 || mkdir("e", 0755) < 0)
		return -1;
	for (size_t i = 0; i < sizeof(files) / sizeof(*files); i++) {
		FILE *f = fopen(files[i], "we");

		if (!f || fputs(files[i], f) < 0 || fclose(f) != 0)
			return -1;
	}
	for (size_t i = 0; i < sizeof(links) / sizeof(*links); i++)
		if (symlink(links[i][0], links[i][1]) < 0)
			return -1;
	return mkfifo("fifo", 0644);
}

static int teardown(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(links) / sizeof(*links); i++)
		unlink(links[i][1]);
	for (size_t i = 0; i < sizeof(files) / sizeof(*files); i++)
		unlink(files[i]);
	unlink("fifo");
	rmdir("d");
	rmdir(".d");
	rmdir("e");
	return chdir("/") < 0 ? -1 : rmdir(top);
}

/* The content of what REST is below ROOT, or the error in words. */
static const char *served(const char *root, const char *rest)
{
	static char text[64];
	struct static_file file;
	int r = static_open(root, rest, &file);
	ssize_t n;

	if (r < 0)
		return strerrorname_np(-r);
	n = read(file.fd, text, sizeof(text) - 1);
	close(file.fd);
	assert_int_equal(n, file.size);
	text[n] = '\0';
	return text;
}

TEST(files_are_found_by_their_path)
{
	assert_string_equal(served(top, "a.txt"), "a.txt");
	assert_string_equal(served(top, "d/b.css"), "d/b.css");
	assert_string_equal(served(top, "in"), "d/b.css");
	assert_string_equal(served(top, "shown"), ".hidden");
}

TEST(a_directory_is_its_index)
{
	assert_string_equal(served(top, ""), "index.html");
	assert_string_equal(served(top, "d/"), "d/index.html");
	assert_string_equal(served(top, "d"), "EISDIR");
	assert_string_equal(served(top, "e"), "EISDIR");
	assert_string_equal(served(top, "e/"), "ENOENT");
}

TEST(a_root_may_be_a_file)
{
	assert_string_equal(served("a.txt", ""), "a.txt");
	assert_string_equal(served("a.txt", "x"), "ENOENT");
	assert_string_equal(served("fifo", ""), "ENOENT");
	assert_string_equal(served("none", ""), "ENOENT");
}

TEST(nothing_else_is_there)
{
	static const char *const rests[] = { ".hidden",     ".d/c",     "none",
					     "a.txt/",      "a.txt/x",  "out",
					     "fifo",        "d/.x/y",   "../x",
					     "/etc/passwd", "absolute", ".",
					     "..",          "e/../../x" };

	for (size_t i = 0; i < sizeof(rests) / sizeof(*rests); i++)
		assert_string_equal(served(top, rests[i]), "ENOENT");
}

TEST(a_change_changes_the_etag)
{
	struct static_file before, after;
	FILE *f;

	assert_int_equal(static_open(top, "a.txt", &before), 0);
	f = fopen("a.txt", "we");
	assert_non_null(f);
	fputs("a.TXT", f);
	fclose(f);
	assert_int_equal(static_open(top, "a.txt", &after), 0);
	assert_string_not_equal(before.etag, after.etag);
	close(before.fd);
	close(after.fd);
}

TEST(a_type_follows_the_ending)
{
	assert_string_equal(media_type("x/a.b/index.HTML"), "text/html; charset=utf-8");
	assert_string_equal(media_type("a.woff2"), "font/woff2");
	assert_string_equal(media_type("a.b.js"), "text/javascript; charset=utf-8");
	assert_string_equal(media_type("js"), "application/octet-stream");
	assert_string_equal(media_type("a."), "application/octet-stream");
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(files_are_found_by_their_path),
		cmocka_unit_test(a_directory_is_its_index),
		cmocka_unit_test(a_root_may_be_a_file),
		cmocka_unit_test(nothing_else_is_there),
		cmocka_unit_test(a_change_changes_the_etag),
		cmocka_unit_test(a_type_follows_the_ending),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
