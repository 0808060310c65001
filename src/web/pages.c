/* SPDX-License-Identifier: MIT */
/* The small pages that name the paths. */
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "buf_stream.h"
#include "http.h"
#include "pages.h"

#define PAGE_END "</main></body></html>\n"

static void put_html(FILE *f, const char *text)
{
	for (; *text; text++)
		switch (*text) {
		case '&':
			fputs("&amp;", f);
			break;
		case '<':
			fputs("&lt;", f);
			break;
		case '>':
			fputs("&gt;", f);
			break;
		case '"':
			fputs("&quot;", f);
			break;
		default:
			fputc(*text, f);
		}
}

/* A path in a URL: what would mean something else there is encoded (RFC 3986 2.1). */
static void put_url(FILE *f, const char *path)
{
	for (; *path; path++)
		if (isalnum((unsigned char)*path) || strchr("/-._~*", *path))
			fputc(*path, f);
		else
			fprintf(f, "%%%02X", (unsigned char)*path);
}

static void put_json(FILE *f, const char *text)
{
	fputc('"', f);
	for (; *text; text++)
		if (*text == '"' || *text == '\\')
			fprintf(f, "\\%c", *text);
		else if ((unsigned char)*text < 0x20)
			fprintf(f, "\\u%04x", (unsigned char)*text);
		else
			fputc(*text, f);
	fputc('"', f);
}

static void begin(FILE *f, const char *title, bool styled)
{
	fputs("<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\n"
	      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<title>",
	      f);
	put_html(f, title);
	fputs("</title>\n", f);
	if (styled)
		fputs("<link rel=\"stylesheet\" href=\"/-/page.css\">\n"
		      "<link rel=\"icon\" href=\"/-/icon.svg\">\n",
		      f);
	fputs("</head><body class=\"index\"><main>\n<h1>", f);
	put_html(f, title);
	fputs("</h1>\n", f);
}

/* The end of every text: F closed, or everything freed. */
static char *finish(FILE *f, char **text)
{
	bool failed = ferror(f);

	if (fclose(f) == 0 && !failed)
		return *text;
	free(*text);
	return NULL;
}

static char *finish_page(FILE *f, char **text)
{
	fputs(PAGE_END, f);
	return finish(f, text);
}

static void put_mode(FILE *f, const struct web_path *p)
{
	fputs(p->write ? "read and write, " : "view only, ", f);
	if (p->terminal)
		fputs("a terminal", f);
	else
		fprintf(f, "%s as %s", p->frame, p->type);
}

static void put_row(FILE *f, const struct web_path *p)
{
	fputs("<li><a href=\"", f);
	put_url(f, p->path);
	fputs("\"><code>", f);
	put_html(f, p->path);
	fputs("</code></a> <span>", f);
	put_html(f, p->exec);
	fputs("</span>", f);
	if (!p->files) {
		fputs(" <small>", f);
		put_mode(f, p);
		fputs("</small>", f);
	}
	fputs("</li>\n", f);
}

static void put_links(FILE *f, bool console, bool dashboard)
{
	if (!console && !dashboard)
		return;
	fputs("<nav>", f);
	if (console)
		fputs("<a href=\"/-/console\">Console</a>\n", f);
	if (dashboard)
		fputs("<a href=\"/-/dashboard\">Dashboard</a>\n", f);
	fputs("</nav>\n", f);
}

/* What PATH can be done with in spite of WHY. */
static void put_way(FILE *f, const struct web_path *path, enum pages_can why)
{
	const char *page = path->terminal ? "terminal" : "console";

	if (why == PAGES_CROSS_SITE) {
		fputs("<p>A link of another site led here.  <a href=\"", f);
		put_url(f, path->path);
		fprintf(f, "\">Open it in the %s</a></p>\n", page);
		return;
	}
	fputs("<p>Open it with <code>new WebSocket()</code>", f);
	if (why == PAGES_OFF)
		fprintf(f,
			", or set <code>%s = yes</code> in <code>[web]</code> to use it here",
			page);
	else
		fprintf(f,
			"; the %s is not for your address (<code>allow</code> in "
			"<code>[web]</code>)",
			page);
	fputs(".</p>\n", f);
}

char *pages_upgrade(const struct web_path *path, enum pages_can why, size_t *ret_n)
{
	char *text = NULL;
	FILE *f = open_memstream(&text, ret_n);

	if (!f)
		return NULL;
	begin(f, path->path, why != PAGES_OFF);
	fputs("<p>This is a WebSocket: it speaks to <code>", f);
	put_html(f, path->exec);
	fputs("</code> (", f);
	put_mode(f, path);
	fputs(").</p>\n", f);
	put_way(f, path, why);
	return finish_page(f, &text);
}

char *pages_error(int status, const char *reason, size_t *ret_n)
{
	const char *phrase = http_phrase(status);
	char *text = NULL;
	FILE *f = open_memstream(&text, ret_n);

	if (!f)
		return NULL;
	fprintf(f, "%d%s%s\n%s\n", status, *phrase ? " " : "", phrase, reason);
	return finish(f, &text);
}

static void put_subprotocols(FILE *f, char *const *names)
{
	fputs(",\"subprotocols\":[", f);
	for (size_t i = 0; names && names[i]; i++) {
		if (i > 0)
			fputc(',', f);
		put_json(f, names[i]);
	}
	fputc(']', f);
}

static void put_object(FILE *f, const struct web_path *p, bool first)
{
	fputs(first ? "{\"path\":" : ",\n{\"path\":", f);
	put_json(f, p->path);
	fprintf(f,
		",\"write\":%s,\"frame\":\"%s\",\"type\":\"%s\",\"eof\":%s,"
		"\"terminal\":%s,\"shared\":%s,\"exec\":",
		p->write ? "true" : "false", p->frame, p->type, p->eof ? "true" : "false",
		p->terminal ? "true" : "false", p->shared ? "true" : "false");
	put_json(f, p->exec);
	put_subprotocols(f, p->subprotocols);
	fprintf(f, ",\"replay\":%s", p->replay ? "true" : "false");
	if (p->session) {
		fputs(",\"session\":", f);
		put_json(f, p->session);
	}
	fputc('}', f);
}

/* ---- the list ---- */

struct pages_list {
	FILE *f;
	struct buf text; /* that F writes to */
	bool json, console, dashboard;
	bool any; /* there is an object */
};

struct pages_list *pages_list_begin(bool json, bool console, bool dashboard)
{
	struct pages_list *l = calloc(1, sizeof(*l));

	if (l)
		*l = (struct pages_list){
			buf_stream(&l->text), { 0 }, json, console, dashboard, false
		};
	if (!l || !l->f) {
		free(l);
		return NULL;
	}
	if (json) {
		fputc('[', l->f);
		return l;
	}
	begin(l->f, "wsbridged", console || dashboard);
	fputs("<p>Each path is a WebSocket in front of a program.</p>\n<ul class=\"paths\">\n",
	      l->f);
	return l;
}

void pages_list_add(struct pages_list *l, const struct web_path *path)
{
	if (!l->json) {
		put_row(l->f, path);
	} else if (!path->files) {
		put_object(l->f, path, !l->any);
		l->any = true;
	}
}

int pages_list_end(struct pages_list *l, struct buf *ret)
{
	bool failed;

	if (l->json) {
		fputs("]\n", l->f);
	} else {
		fputs("</ul>\n", l->f);
		put_links(l->f, l->console, l->dashboard);
		fputs(PAGE_END, l->f);
	}
	failed = ferror(l->f);
	if (fclose(l->f) != 0 || failed)
		buf_free(&l->text);
	*ret = l->text;
	free(l);
	return buf_len(ret) > 0 ? 0 : -ENOMEM;
}
