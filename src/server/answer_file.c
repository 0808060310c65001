/* SPDX-License-Identifier: MIT */
/* Answers with a file below the directory of a path. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "client_impl.h"
#include "log.h"
#include "pages.h"
#include "static.h"

/* ---- what is no file ---- */

static void answer_nothing(struct client *c, int err)
{
	static const struct {
		int err, status;
		const char *reason;
	} rows[] = {
		{ -ENOENT, 404, "no such file" },
		{ -EACCES, 403, "the daemon may not read this file" },
		{ -EMFILE, 503, "out of descriptors" },
		{ -ENFILE, 503, "out of descriptors" },
		{ -ENOMEM, 503, "out of memory" },
		{ -EAGAIN, 503, "the files are being renamed" },
	};
	char who[SESSION_WHO];

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		if (rows[i].err == err) {
			answer_error(c, rows[i].status, rows[i].reason);
			return;
		}
	log_error(client_who(c, who), "cannot open the file: openat2: %s",
		  strerror(-err));
	answer_error(c, 500, "the file cannot be opened; the log says why");
}

/* A directory is asked for without its slash: the links of its index would lead beside
 * it.  The last segment, from here: whatever it looks like, this leads nowhere else. */
void answer_slash(struct client *c)
{
	const char *data = buf_head(&c->head);
	struct span path = http_span(data, c->http.path);
	struct span query = http_span(data, c->http.query);
	const char *slash = memrchr(path.p, '/', path.n);
	size_t n = slash ? (size_t)(path.p + path.n - slash - 1) : 0;
	struct http_response r = { .status = 301,
				   .content_type = "text/plain; charset=utf-8" };
	char *to;

	if (asprintf(&to, "./%.*s/%s%.*s", (int)n, path.p + path.n - n,
		     c->http.has_query ? "?" : "", (int)query.n, query.p) < 0) {
		client_drop_for_memory(c);
		return;
	}
	r.location = to;
	if (answer(c, &r, SPAN("It is a directory: add a slash.\n")))
		download_log(c, r.status, 0, 0, "");
	free(to);
}

/* ---- a file ---- */

/* 304 and 412, 416 in words. */
static void answer_without(struct client *c, struct http_response *r,
			   const struct static_file *file, int status)
{
	char range[64];
	size_t n = 0;
	char *text;

	close(file->fd);
	if (status == 304) {
		r->content_type = NULL;
		answer_head(c, r);
		return;
	}
	snprintf(range, sizeof(range), "bytes */%llu", (unsigned long long)file->size);
	r->content_range = status == 416 ? range : NULL;
	r->content_type = "text/plain; charset=utf-8";
	text = pages_error(status,
			   status == 416 ? "the file has no such range"
					 : "the file is not as the request wants it",
			   &n);
	answer_text(c, r, text, n);
}

/* PART of FILE, with HEAD only its head. */
static void answer_part(struct client *c, struct http_response *r,
			const struct static_file *file, struct range part)
{
	struct span method = http_span(buf_head(&c->head), c->http.method);
	bool empty = file->size == 0 || span_is(method, SPAN("HEAD"));
	char range[96];

	r->content_length = file->size > 0 ? part.last - part.first + 1 : 0;
	if (r->status == 206) {
		snprintf(range, sizeof(range), "bytes %llu-%llu/%llu",
			 (unsigned long long)part.first, (unsigned long long)part.last,
			 (unsigned long long)file->size);
		r->content_range = range;
	}
	if (!answer_head(c, r) || empty)
		close(file->fd);
	else
		download_begin(c, file->fd, part, r->status);
}

static void answer_open(struct client *c, const struct static_file *file)
{
	struct range part = { 0, file->size - 1 };
	int status = static_choose(file, &c->http, buf_head(&c->head), &part);
	struct http_response r = { .status = status,
				   .content_type = file->type,
				   .etag = file->etag,
				   .last_modified = file->modified };

	if (status == 200 || status == 206)
		answer_part(c, &r, file, part);
	else
		answer_without(c, &r, file, status);
	if (c->state != CLIENT_DEAD && !c->download)
		download_log(c, status, 0, 0, "");
}

void answer_file(struct client *c, const struct route *route)
{
	const struct path_conf *p = route->conf;
	const char *rest = p->prefix ? c->path + strlen(p->path) : "";
	struct static_file file;
	const char *reason;
	int status, r;

	status = client_no_room(c, &reason);
	if (status) {
		answer_error(c, status, reason);
		return;
	}
	r = static_open(p->files, rest, &file);
	if (r == 0)
		answer_open(c, &file);
	else if (r == -EISDIR)
		answer_slash(c);
	else
		answer_nothing(c, r);
}
