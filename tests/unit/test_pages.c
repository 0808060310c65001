/* SPDX-License-Identifier: MIT */
/* What the small pages say, and that no name in them becomes markup. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "http.h"
#include "pages.h"

#define TEST(name) static void name(void **state __attribute__((unused)))
#define COUNT(array) (sizeof(array) / sizeof(*(array)))

static const struct web_path two[] = {
	{ .path = "/clock",
	  .exec = "date",
	  .frame = "line",
	  .type = "text",
	  .write = true },
	{ .path = "/files/*",
	  .session = "key",
	  .replay = true,
	  .subprotocols = (char *[]){ (char[]){ "chat" }, (char[]){ "json" }, NULL },
	  .exec = "cat",
	  .frame = "raw",
	  .type = "binary",
	  .eof = true },
};

/* Every character that means something in HTML, JSON or an attribute. */
static const struct web_path nasty = {
	.path = "/<script>alert(1)</script>\"onload='x' &amp;\\",
	.exec = "\"><img src=x>&lt;\x01\t\n",
	.frame = "line",
	.type = "text",
};

/* A text of N bytes is what its length says; yours. */
static char *page(char *text, size_t n)
{
	assert_non_null(text);
	assert_int_equal(strlen(text), n);
	return text;
}

static char *list_of(const struct web_path *paths, size_t count, bool json, bool links)
{
	struct pages_list *l = pages_list_begin(json, links, links);
	struct buf list;
	char *text;

	assert_non_null(l);
	for (size_t i = 0; i < count; i++)
		pages_list_add(l, &paths[i]);
	assert_int_equal(pages_list_end(l, &list), 0);
	text = strndup(buf_head(&list), buf_len(&list));
	buf_free(&list);
	return page(text, text ? strlen(text) : 0);
}

static char *index_of(const struct web_path *paths, size_t count, bool console)
{
	return list_of(paths, count, false, console);
}

static char *upgrade_of(const struct web_path *path, enum pages_can why)
{
	size_t n;
	char *text = pages_upgrade(path, why, &n);

	return page(text, n);
}

static char *json_of(const struct web_path *paths, size_t count)
{
	return list_of(paths, count, true, false);
}

static char *error_of(int status, const char *reason)
{
	size_t n;
	char *text = pages_error(status, reason, &n);

	return page(text, n);
}

static void has(const char *text, const char *part)
{
	if (!strstr(text, part))
		fail_msg("\"%s\" is not in\n%s", part, text);
}

static void has_not(const char *text, const char *part)
{
	if (strstr(text, part))
		fail_msg("\"%s\" is in\n%s", part, text);
}

/* ---- structure ---- */

/* Elements that have no end. */
static bool is_void(const char *name, size_t n)
{
	static const char *const names[] = { "!DOCTYPE", "meta", "link", "br", "img" };

	for (size_t i = 0; i < COUNT(names); i++)
		if (strlen(names[i]) == n && memcmp(names[i], name, n) == 0)
			return true;
	return false;
}

/* Every element of HTML ends, in the order that nesting wants. */
static void expect_balanced(const char *html)
{
	struct {
		const char *name;
		size_t n;
	} open[20];
	size_t depth = 0;

	for (const char *p = html; (p = strchr(p, '<')); p++) {
		bool ends = p[1] == '/';
		const char *name = p + 1 + ends;
		size_t n = strcspn(name, " >\n");

		if (!ends && !is_void(name, n)) {
			assert_true(depth < COUNT(open));
			open[depth].name = name;
			open[depth++].n = n;
		} else if (ends) {
			assert_true(depth > 0);
			depth--;
			if (open[depth].n != n || memcmp(open[depth].name, name, n) != 0)
				fail_msg("</%.*s> ends <%.*s> in\n%s", (int)n, name,
					 (int)open[depth].n, open[depth].name, html);
		}
	}
	assert_int_equal(depth, 0);
}

TEST(pages_are_whole_html_documents)
{
	for (int console = 0; console < 2; console++) {
		enum pages_can why = console ? PAGES_CROSS_SITE : PAGES_OFF;
		char *pages[] = { index_of(two, 2, console), index_of(two, 0, console),
				  index_of(&nasty, 1, console), upgrade_of(&two[0], why),
				  upgrade_of(&nasty, why) };

		for (size_t i = 0; i < COUNT(pages); i++) {
			assert_memory_equal(pages[i], "<!DOCTYPE html>\n", 16);
			has(pages[i], "<meta charset=\"utf-8\">");
			expect_balanced(pages[i]);
			free(pages[i]);
		}
	}
}

/* ---- the index ---- */

TEST(the_index_names_every_path_with_what_it_is)
{
	char *text = index_of(two, 2, false);

	has(text, "<a href=\"/clock\"><code>/clock</code></a> <span>date</span> "
		  "<small>read and write, line as text</small>");
	has(text, "<a href=\"/files/*\"><code>/files/*</code></a> <span>cat</span> "
		  "<small>view only, raw as binary</small>");
	assert_true(strstr(text, "/clock") < strstr(text, "/files/"));
	free(text);
}

TEST(only_with_the_console_a_page_refers_to_its_files)
{
	char *with = index_of(two, 2, true), *without = index_of(two, 2, false);

	has(with, "href=\"/-/console\"");
	has(with, "href=\"/-/page.css\"");
	has_not(without, "/-/");
	free(with);
	free(without);
	with = upgrade_of(&two[0], PAGES_CROSS_SITE);
	without = upgrade_of(&two[0], PAGES_OFF);
	has(with, "href=\"/-/page.css\"");
	has_not(without, "/-/");
	free(with);
	free(without);
}

/* Where the first link of HTML leads, as the daemon decodes it, or "nowhere". */
static const char *link_of(const char *html)
{
	static char path[100];
	const char *href = strstr(html, "<a href=\"");

	assert_non_null(href);
	href += strlen("<a href=\"");
	if (http_decode_path((struct span){ href, strcspn(href, "?#\"") }, path,
			     sizeof(path)) < 0)
		return "nowhere";
	return path;
}

/* What a URL gives a meaning is encoded (RFC 3986 2.1). */
TEST(a_link_leads_to_its_path)
{
	static const char *const paths[] = { "/clock", "/a/b/*", "/~a.b-c_d", "/50%",
					     "/a%20b", "/what?", "/c#",       "/a b" };

	for (size_t i = 0; i < COUNT(paths); i++) {
		struct web_path path = {
			.path = paths[i], .exec = "x", .frame = "line", .type = "text"
		};
		char *index = index_of(&path, 1, false),
		     *upgrade = upgrade_of(&path, PAGES_CROSS_SITE);

		assert_string_equal(link_of(index), paths[i]);
		assert_string_equal(link_of(upgrade), paths[i]);
		free(index);
		free(upgrade);
	}
}

/* ---- a path in a browser ---- */

TEST(a_path_that_a_browser_opens_says_what_it_is)
{
	char *text = upgrade_of(&two[0], PAGES_OFF);

	has(text, "<title>/clock</title>");
	has(text, "<code>date</code> (read and write, line as text)");
	has(text, "console = yes");
	has_not(text, "<a ");
	free(text);
}

TEST(a_page_says_what_it_needs)
{
	struct web_path terminal = { "/sh", "bash", "raw", "binary", .terminal = true };
	char *off[] = { upgrade_of(&two[0], PAGES_OFF),
			upgrade_of(&terminal, PAGES_OFF) };
	char *elsewhere = upgrade_of(&terminal, PAGES_ELSEWHERE);

	has(off[0], "<code>console = yes</code> in <code>[web]</code>");
	has(off[1], "<code>terminal = yes</code> in <code>[web]</code>");
	has(elsewhere, "the terminal is not for your address");
	has(elsewhere, "(view only, a terminal)");
	has_not(elsewhere, "href=\"/sh\"");
	free(off[0]);
	free(off[1]);
	free(elsewhere);
}

TEST(with_the_console_a_path_is_only_opened_by_a_click)
{
	char *text = upgrade_of(&two[0], PAGES_CROSS_SITE);

	has(text, "<a href=\"/clock\">");
	has_not(text, "<script");
	has_not(text, "http-equiv");
	free(text);
}

/* ---- names are no markup ---- */

TEST(names_in_html_are_escaped)
{
	char *pages[] = { index_of(&nasty, 1, true), upgrade_of(&nasty, PAGES_CROSS_SITE),
			  upgrade_of(&nasty, PAGES_OFF) };

	for (size_t i = 0; i < COUNT(pages); i++) {
		has_not(pages[i], "<script");
		has_not(pages[i], "<img");
		has_not(pages[i], "\"onload");
		has(pages[i], "/&lt;script&gt;alert(1)&lt;/script&gt;&quot;onload='x' "
			      "&amp;amp;\\");
		has(pages[i], "&quot;&gt;&lt;img src=x&gt;&amp;lt;");
		free(pages[i]);
	}
}

/* ---- errors ---- */

TEST(an_error_is_its_status_its_phrase_and_the_reason)
{
	char *text = error_of(404, "there is no path /x");

	assert_string_equal(text, "404 Not Found\nthere is no path /x\n");
	free(text);
	text = error_of(403, "<%s%n> & \"");
	assert_string_equal(text, "403 Forbidden\n<%s%n> & \"\n");
	free(text);
}

/* ---- JSON ---- */

TEST(the_json_is_a_list_of_objects)
{
	char *text = json_of(two, 2);

	assert_string_equal(
		text,
		"[{\"path\":\"/clock\",\"write\":true,\"frame\":\"line\","
		"\"type\":\"text\",\"eof\":false,\"terminal\":false,\"shared\":false,\"exec\":\"date\",\"subprotocols\":[],\"replay\":false},\n"
		"{\"path\":\"/files/*\",\"write\":false,\"frame\":\"raw\","
		"\"type\":\"binary\",\"eof\":true,\"terminal\":false,\"shared\":false,\"exec\":\"cat\",\"subprotocols\":[\"chat\",\"json\"],\"replay\":true,\"session\":\"key\"}]\n");
	free(text);
	text = json_of(two, 1);
	assert_string_equal(
		text,
		"[{\"path\":\"/clock\",\"write\":true,\"frame\":\"line\","
		"\"type\":\"text\",\"eof\":false,\"terminal\":false,\"shared\":false,\"exec\":\"date\",\"subprotocols\":[],\"replay\":false}]\n");
	free(text);
}

TEST(without_paths_the_json_is_an_empty_list)
{
	char *text = json_of(two, 0);

	assert_string_equal(text, "[]\n");
	free(text);
}

/* RFC 8259 7: the quotation mark, the backslash and the control characters. */
TEST(every_byte_of_a_name_is_legal_in_a_json_string)
{
	for (int c = 1; c < 0x80; c++) {
		char name[] = { 'a', (char)c, 'b', '\0' }, want[100];
		struct web_path path = {
			.path = name, .exec = name, .frame = "line", .type = "text"
		};
		char *text = json_of(&path, 1);

		if (c < 0x20)
			snprintf(
				want, sizeof(want),
				"\"exec\":\"a\\u%04xb\",\"subprotocols\":[],\"replay\":false}]\n",
				c);
		else if (c == '"' || c == '\\')
			snprintf(
				want, sizeof(want),
				"\"exec\":\"a\\%cb\",\"subprotocols\":[],\"replay\":false}]\n",
				c);
		else
			snprintf(
				want, sizeof(want),
				"\"exec\":\"a%cb\",\"subprotocols\":[],\"replay\":false}]\n",
				c);
		has(text, want);
		*strchr(want, ',') = '\0'; /* the path is escaped as well */
		has(text, want + strlen("\"exec\":"));
		assert_memory_equal(text, "[{\"path\":\"a", 11);
		free(text);
	}
}

TEST(utf8_stays_as_it_is)
{
	struct web_path path = { .path = "/\xc3\xbc",
				 .exec = "\xe2\x82\xac",
				 .frame = "line",
				 .type = "text" };
	char *json = json_of(&path, 1), *html = index_of(&path, 1, false);

	has(json, "{\"path\":\"/\xc3\xbc\",");
	has(json, "\"exec\":\"\xe2\x82\xac\",");
	has(html, "<code>/\xc3\xbc</code>");
	has(html, "<span>\xe2\x82\xac</span>");
	free(json);
	free(html);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(pages_are_whole_html_documents),
		cmocka_unit_test(the_index_names_every_path_with_what_it_is),
		cmocka_unit_test(only_with_the_console_a_page_refers_to_its_files),
		cmocka_unit_test(a_link_leads_to_its_path),
		cmocka_unit_test(a_path_that_a_browser_opens_says_what_it_is),
		cmocka_unit_test(a_page_says_what_it_needs),
		cmocka_unit_test(with_the_console_a_path_is_only_opened_by_a_click),
		cmocka_unit_test(names_in_html_are_escaped),
		cmocka_unit_test(an_error_is_its_status_its_phrase_and_the_reason),
		cmocka_unit_test(the_json_is_a_list_of_objects),
		cmocka_unit_test(without_paths_the_json_is_an_empty_list),
		cmocka_unit_test(every_byte_of_a_name_is_legal_in_a_json_string),
		cmocka_unit_test(utf8_stays_as_it_is),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
