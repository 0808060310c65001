/* SPDX-License-Identifier: MIT */
/* Which [/path] gets a request: the exact one, then the longest prefix. */
#include "conf_text.h"
#include "route.h"

/* The routes of the sections PATHS, separated by blanks; yours. */
static struct routes *routes_of(const char *paths)
{
	size_t n = strlen(paths) * 20 + 100;
	char *text = calloc(1, n), *words = strdup(paths), *save = NULL;
	FILE *f = fmemopen(text, n, "w");
	struct routes *r;

	for (char *w = strtok_r(words, " ", &save); w; w = strtok_r(NULL, " ", &save))
		fprintf(f, "[%s]\nexec = x\n", w);
	fclose(f);
	r = routes_new(load_good(text), NULL);
	assert_non_null(r);
	free(words);
	free(text);
	return r;
}

/* The section that PATH leads to, or "none". */
static const char *found(const struct routes *r, const char *path)
{
	static char name[200];
	const struct route *route = route_find(r, path);

	if (!route)
		return "none";
	snprintf(name, sizeof(name), "%s%s", route->conf->path,
		 route->conf->prefix ? "*" : "");
	return name;
}

/* Where the paths lead: pairs of a path and a section, up to a NULL. */
static void expect_all(const char *paths, const char *const (*rows)[2])
{
	struct routes *r = routes_of(paths);

	for (; (*rows)[0]; rows++) {
		const char *got = found(r, (*rows)[0]);

		if (strcmp(got, (*rows)[1]) != 0)
			fail_msg("%s leads to %s, not to %s", (*rows)[0], got,
				 (*rows)[1]);
	}
	routes_unref(r);
}

TEST(an_exact_path_is_only_itself)
{
	expect_all("/load /a/b / /a", (const char *const[][2]){
					      { "/load", "/load" },
					      { "/load/", "none" },
					      { "/loa", "none" },
					      { "/load2", "none" },
					      { "/load/x", "none" },
					      { "/Load", "none" },
					      { "/", "/" },
					      { "/a", "/a" },
					      { "/a/b", "/a/b" },
					      { "/a/", "none" },
					      { "", "none" },
					      { NULL, NULL },
				      });
}

TEST(a_prefix_takes_what_begins_with_it)
{
	expect_all("/files/*", (const char *const[][2]){
				       { "/files/", "/files/*" },
				       { "/files/a", "/files/*" },
				       { "/files/a/b/c/", "/files/*" },
				       { "/files", "none" },
				       { "/filesystem", "none" },
				       { "/x/files/a", "none" },
				       { "/", "none" },
				       { NULL, NULL },
			       });
}

TEST(an_exact_path_goes_before_every_prefix)
{
	expect_all("/* /a/* /a/b /a/b/*", (const char *const[][2]){
						  { "/a/b", "/a/b" },
						  { "/a/b/", "/a/b/*" },
						  { "/a/bb", "/a/*" },
						  { "/a", "/*" },
						  { NULL, NULL },
					  });
}

TEST(the_longest_prefix_wins_whatever_the_order)
{
	static const char *const orders[] = {
		"/* /a/* /a/b/* /a/b/c/*",
		"/a/b/c/* /a/b/* /a/* /*",
		"/a/b/* /* /a/b/c/* /a/*",
	};

	for (size_t i = 0; i < sizeof(orders) / sizeof(*orders); i++)
		expect_all(orders[i], (const char *const[][2]){
					      { "/", "/*" },
					      { "/x", "/*" },
					      { "/ab/c", "/*" },
					      { "/a/", "/a/*" },
					      { "/a/x/b/c/d", "/a/*" },
					      { "/a/b/x", "/a/b/*" },
					      { "/a/b/c", "/a/b/*" },
					      { "/a/b/c/", "/a/b/c/*" },
					      { "/a/b/c/d/e/f", "/a/b/c/*" },
					      { NULL, NULL },
				      });
}

TEST(paths_that_share_a_beginning_are_told_apart)
{
	expect_all("/a /aa /aaa /a/* /aa/* /a-b /a-b/* /a.b /a0",
		   (const char *const[][2]){
			   { "/a", "/a" },
			   { "/aa", "/aa" },
			   { "/aaa", "/aaa" },
			   { "/aaaa", "none" },
			   { "/a/x", "/a/*" },
			   { "/aa/x", "/aa/*" },
			   { "/aaa/x", "none" },
			   { "/a-b", "/a-b" },
			   { "/a-b/x", "/a-b/*" },
			   { "/a.b", "/a.b" },
			   { "/a.b/x", "none" },
			   { "/a0", "/a0" },
			   { NULL, NULL },
		   });
}

TEST(the_root_may_be_exact_or_a_prefix_or_both)
{
	expect_all("/", (const char *const[][2]){
				{ "/", "/" }, { "/x", "none" }, { NULL, NULL } });
	expect_all("/*", (const char *const[][2]){
				 { "/", "/*" }, { "/x/y", "/*" }, { NULL, NULL } });
	expect_all("/* /", (const char *const[][2]){
				   { "/", "/" }, { "/x", "/*" }, { NULL, NULL } });
}

TEST(bytes_above_ascii_are_compared_as_they_are)
{
	expect_all("/\xc3\xbc /z /\xc3\xbc/* /~",
		   (const char *const[][2]){
			   { "/\xc3\xbc", "/\xc3\xbc" },
			   { "/\xc3\xbc/a", "/\xc3\xbc/*" },
			   { "/\xc3", "none" },
			   { "/\xc3\x9c", "none" },
			   { "/z", "/z" },
			   { "/~", "/~" },
			   { NULL, NULL },
		   });
}

TEST(without_paths_nothing_is_found)
{
	struct routes *r = routes_new(load_good(""), NULL);

	assert_string_equal(found(r, "/"), "none");
	assert_string_equal(found(r, ""), "none");
	routes_unref(r);
}

TEST(each_of_many_paths_is_found)
{
	char paths[20000] = "", name[40], want[40];
	struct routes *r;
	size_t n = 0;

	for (int i = 0; i < 500; i++) /* in an order that is no order */
		n += (size_t)snprintf(paths + n, sizeof(paths) - n, "/p%d /d%d/* ",
				      i * 211 % 500, i * 307 % 500);
	r = routes_of(paths);
	for (int i = 0; i < 500; i++) {
		snprintf(name, sizeof(name), "/p%d", i);
		assert_string_equal(found(r, name), name);
		snprintf(name, sizeof(name), "/d%d/x/y", i);
		snprintf(want, sizeof(want), "/d%d/*", i);
		assert_string_equal(found(r, name), want);
	}
	assert_string_equal(found(r, "/p500"), "none");
	assert_string_equal(found(r, "/d500/x"), "none");
	routes_unref(r);
}

TEST(a_route_is_the_same_at_every_request)
{
	struct routes *r = routes_of("/a /b/*");
	struct route *a = route_find(r, "/a"), *b = route_find(r, "/b/x");

	assert_int_equal(a->use->running, 0);
	a->use->running = 3;
	assert_ptr_equal(route_find(r, "/a"), a);
	assert_ptr_equal(route_find(r, "/b/y"), b);
	assert_int_equal(b->use->running, 0);
	routes_unref(r);
}

TEST(only_paths_with_line_buffer_get_its_variables)
{
	struct routes *r = routes_new(
		load_good("[/a]\nexec = x\n[/b]\nexec = x\nline_buffer = no\n"), NULL);

	assert_non_null(route_line_buffer(route_find(r, "/a")));
	assert_null(route_line_buffer(route_find(r, "/b")));
	routes_unref(r);
}

TEST(routes_and_their_configuration_live_until_the_last_reference_is_gone)
{
	struct routes *r = routes_of("/a");

	assert_ptr_equal(routes_ref(r), r);
	routes_unref(r);
	assert_string_equal(found(r, "/a"), "/a");
	routes_unref(r);
	routes_unref(NULL);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_exact_path_is_only_itself),
		cmocka_unit_test(a_prefix_takes_what_begins_with_it),
		cmocka_unit_test(an_exact_path_goes_before_every_prefix),
		cmocka_unit_test(the_longest_prefix_wins_whatever_the_order),
		cmocka_unit_test(paths_that_share_a_beginning_are_told_apart),
		cmocka_unit_test(the_root_may_be_exact_or_a_prefix_or_both),
		cmocka_unit_test(bytes_above_ascii_are_compared_as_they_are),
		cmocka_unit_test(without_paths_nothing_is_found),
		cmocka_unit_test(each_of_many_paths_is_found),
		cmocka_unit_test(a_route_is_the_same_at_every_request),
		cmocka_unit_test(only_paths_with_line_buffer_get_its_variables),
		cmocka_unit_test(
			routes_and_their_configuration_live_until_the_last_reference_is_gone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
