/* SPDX-License-Identifier: MIT */
/* Makes a snapshot of what the ini files say. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "conf_access.h"
#include "conf_apply.h"
#include "conf_auth.h"
#include "conf_dashboard.h"
#include "conf_read.h"
#include "conf_share.h"
#include "conf_source.h"
#include "conf_tls.h"
#include "conf_web.h"
#include "file.h"
#include "log.h"

/* ---- paths ---- */

/* An empty segment before the last, or a dot segment. */
static bool has_bad_segment(const char *path)
{
	for (const char *segment = path + 1;; segment++) {
		size_t n = strcspn(segment, "/");
		bool last = !segment[n];

		if ((n == 0 && !last) || (n == 1 && *segment == '.') ||
		    (n == 2 && strncmp(segment, "..", 2) == 0))
			return true;
		if (last)
			return false;
		segment += n;
	}
}

/* Take the star off a prefix path, and refuse what no request's path can be. */
static void check_path(struct conf_load *l, const struct conf_section *section,
		       struct path_conf *path)
{
	size_t n = strlen(path->path);

	if (n >= 2 && strcmp(path->path + n - 2, "/*") == 0) {
		path->prefix = true;
		path->path[n - 1] = 0;
	}
	if (strchr(path->path, '*'))
		conf_error(&l->report, section->where,
			   "[%s]: a * can only be the last segment", section->name);
	if (has_bad_segment(path->path))
		conf_error(&l->report, section->where,
			   "[%s] never matches: it has an empty or a dot segment",
			   section->name);
}

/* What websocketd does and no other setting says. */
static void settle_websocketd(struct path_conf *path)
{
	struct child_stop *stop = &path->exec.stop;

	path->exec.ends_at_eof = true;
	path->hub.framing.ends_text = path->hub.framing.kind == FRAMING_RAW;
	/* Its --closems=C puts off its signals by C each, and the steps are 100 ms, 250
	 * ms and 500 ms: the second is the first and 150 ms. */
	stop->term_after = stop->eof_timeout + 0.15;
	if (stop->term_after > stop->stop_timeout)
		stop->term_after = stop->stop_timeout;
}

/* The byte that ends a message must not be a part of a character. */
static void check_charset(struct conf_load *l, const struct conf_section *section,
			  const struct path_conf *path)
{
	const struct framing_conf *framing = &path->hub.framing;
	const struct framing_traits *kind = framing_traits(framing->kind);
	struct conf_origin at = conf_where(l->conf, path, "charset");
	char separator = framing->ends_text ? '\n' : framing_separator(framing->kind);

	if (framing->charset && (kind->separated || framing->ends_text) &&
	    !charset_keeps(framing->charset, separator))
		conf_error(
			&l->report, at.file ? at : section->where,
			"charset = %s has no single byte that could end a message with "
			"frame = %s; use netstring, u32be or raw",
			framing->charset, kind->name);
}

/* A terminal has a subprotocol of its own, behind those of the path. */
static void offer_terminal(struct conf_load *l, struct path_conf *path)
{
	for (char **name = path->subprotocol; name && *name; name++)
		if (strcmp(*name, TERMINAL_SUBPROTOCOL) == 0)
			return;
	if (conf_mem_append(l->conf->mem, &path->subprotocol, TERMINAL_SUBPROTOCOL) < 0)
		l->status = -ENOMEM;
}

static void settle_terminal(struct conf_load *l, const struct conf_section *section,
			    struct path_conf *path)
{
	struct conf_origin at = conf_where(l->conf, path, "eof");

	if (path->source != SOURCE_EXEC) /* it may have come from [defaults] */
		path->exec.pty = (struct terminal_size){ 0 };
	if (path->exec.pty.rows == 0)
		return;
	if (path->eof == EOF_YES)
		conf_error(&l->report, at.file ? at : section->where,
			   "[%s] eof = yes: the input of a terminal (pty) does not end; "
			   "a program there takes ^D for its end",
			   section->name);
	path->exec.pty_utf8 = !path->hub.framing.charset;
	path->session.ws.whole = true; /* a control object is one message */
	offer_terminal(l, path);
}

/* What is said once for all that is started for a client.  What [defaults] says of
 * programs is not for services. */
static void settle_connect(struct path_conf *path)
{
	if (path->source == SOURCE_CONNECT)
		path->compat = COMPAT_NONE;
	path->connect.patience = path->exec.stop.eof_timeout;
	path->connect.max_runtime = path->exec.max_runtime;
}

/* Lines of JSON are UTF-8, and say themselves what a message is. */
static void settle_json(struct conf_load *l, const struct conf_section *section,
			struct path_conf *path)
{
	static const char *const others[] = { "type",          "embedded",     "charset",
					      "charset_error", "invalid_utf8", "pty" };

	for (size_t i = 0; i < sizeof(others) / sizeof(*others); i++) {
		const struct conf_key *key = conf_key_find(CONF_PATH, others[i]);
		const struct conf_slot *slot = conf_sheet_slot(section, key);

		if (slot->where.file)
			conf_error(&l->report, slot->where,
				   "%s means nothing with frame = json", key->name);
	}
	path->hub.framing.charset = NULL; /* of [defaults], and so is the terminal */
	path->exec.pty = (struct terminal_size){ 0 };
}

/* What follows from several settings together. */
static void settle_path(struct conf_load *l, const struct conf_section *section,
			struct path_conf *path)
{
	struct framing_conf *framing = &path->hub.framing;
	const struct framing_traits *kind;

	if (path->frame == FRAME_OF(FRAMING_JSON))
		settle_json(l, section, path);
	settle_terminal(l, section, path);
	framing->kind = path->frame           ? path->frame - FRAME_OF(0)
			: path->exec.pty.rows ? FRAMING_RAW
					      : FRAMING_LINE;
	kind = framing_traits(framing->kind);
	if (framing->type == 0)
		framing->type = kind->type;
	if (framing->embedded == EMBEDDED_USUAL)
		framing->embedded = kind->embedded;
	framing->max_message = path->session.ws.max_message;
	path->session.eof = path->eof == EOF_AUTO ? !kind->whole && !path->exec.pty.rows
						  : path->eof == EOF_YES;
	if (path->exec.pty.rows ||
	    (!kind->by_lines && path->exec.line_buffer == LINE_BUFFER_YES))
		path->exec.line_buffer = LINE_BUFFER_NO;
	settle_connect(path);
	if (path->compat == COMPAT_WEBSOCKETD)
		settle_websocketd(path);
	conf_share_settle(l, section, path);
	if (kind->whole || (kind->separated && framing->embedded == EMBEDDED_REFUSE) ||
	    (framing->charset && framing->charset_error == CHARSET_CLOSE))
		path->session.ws.whole = true;
	if (path->session.ws.whole && path->session.ws.max_message == 0)
		conf_error(
			&l->report, section->where,
			"[%s] holds whole messages (process = shared, buffer_message "
			"= yes, embedded = refuse, charset_error = close, or frame = nul, netstring, "
			"u32be, json): max_message = 0 sets no limit to them",
			section->name);
	check_charset(l, section, path);
	conf_settle_path_auth(l, path);
}

static void add_path(struct conf_load *l, const struct conf_section *section,
		     const struct path_conf *template)
{
	struct conf *c = l->conf;
	struct path_conf *path = conf_mem_alloc(c->mem, sizeof(*path));
	char *name = conf_mem_text(c->mem, section->name, strlen(section->name));

	if (!path || !name) {
		l->status = -ENOMEM;
		return;
	}
	*path = *template;
	path->path = name;
	path->where = section->where;
	conf_apply_dependent(l, section, path);
	conf_apply_over(l, section, path);
	conf_source_settle(l, section, path);
	check_path(l, section, path);
	settle_path(l, section, path);
	c->paths[c->npaths++] = path;
}

static void add_paths(struct conf_load *l)
{
	const struct conf_sheet *sheet = l->conf->sheet;
	struct path_conf template = { 0 };
	size_t n = 0;

	conf_apply_whole(l, CONF_DEFAULTS, conf_sheet_find(sheet, "defaults"), &template);
	for (const struct conf_section *s = sheet->first; s; s = s->next)
		n += s->class == CONF_PATH;
	l->conf->paths =
		conf_mem_alloc(l->conf->mem, (n + 1) * sizeof(struct path_conf *));
	if (!l->conf->paths) {
		l->status = -ENOMEM;
		return;
	}
	for (const struct conf_section *s = sheet->first; s; s = s->next)
		if (s->class == CONF_PATH)
			add_path(l, s, &template);
	conf_access_settle(l->conf, &l->report);
	conf_web_settle(l->conf, &l->report);
	conf_dashboard_settle(l);
}

static void apply_sheet(struct conf_load *l)
{
	for (enum conf_class class = 0; class < CONF_DEFAULTS; class ++)
		if (conf_classes[class].named.size > 0)
			conf_apply_named(l, class);
		else
			conf_apply_whole(l, class, conf_sheet_of(l->conf->sheet, class),
					 (char *)l->conf + conf_classes[class].base);
	conf_tls_settle(l->conf, &l->report);
	conf_settle_auth(l);
	add_paths(l);
}

/* ---- snapshots ---- */

static struct conf *conf_new(const char *file)
{
	struct conf *c = calloc(1, sizeof(*c));

	if (!c)
		return NULL;
	c->mem = conf_mem_new();
	if (c->mem) {
		c->file = conf_mem_text(c->mem, file, strlen(file));
		c->sheet = conf_sheet_new(c->mem);
	}
	if (c->file && c->sheet)
		return c;
	conf_free(c);
	return NULL;
}

static void tell_no_memory(const char *file, FILE *err)
{
	fprintf(err, "%s%s: error: out of memory\n", log_prefix(err, LOG_LEVEL_ERROR),
		file);
}

static int exit_code(int r)
{
	switch (r) {
	case -ENOMEM:
		return EX_OSERR;
	case -EACCES:
	case -EPERM:
		return EX_NOPERM;
	default:
		return EX_NOINPUT;
	}
}

/* The sheet is read with R: a snapshot, or NULL and the exit code. */
static struct conf *finish(struct conf_load *l, int r, FILE *err, int *ret_status)
{
	const struct conf_origin whole = { l->conf->file, 0 };

	if (r == 0)
		apply_sheet(l);
	if (r == 0)
		r = l->report.lost ? -ENOMEM : l->status;
	if (r == -ENOMEM) { /* alone: what there was no memory for seems to be missing */
		conf_report_clear(&l->report);
		tell_no_memory(l->conf->file, err);
	} else if (r < 0) {
		conf_error(&l->report, whole, "%s", file_error(r));
	}
	if (r < 0)
		*ret_status = exit_code(r);
	else
		*ret_status = l->report.errors > 0 ? EX_CONFIG : EX_OK;
	conf_report_write(&l->report, err);
	if (*ret_status == EX_OK)
		return l->conf;
	conf_free(l->conf);
	return NULL;
}

/* NULL: out of memory, said. */
static struct conf *begin(const char *file, FILE *err, int *ret_status)
{
	struct conf *c = conf_new(file);

	if (!c) {
		tell_no_memory(file, err);
		*ret_status = EX_OSERR;
	}
	return c;
}

struct conf *conf_load(const char *file, FILE *err, int *ret_status)
{
	struct conf_load l = { .conf = begin(file, err, ret_status),
			       .report = { .main = file } };

	if (!l.conf)
		return NULL;
	return finish(&l, conf_read_files(l.conf->sheet, &l.report, file), err,
		      ret_status);
}

struct conf *conf_load_text(const char *name, const char *text, FILE *err,
			    int *ret_status)
{
	struct conf_load l = { .conf = begin(name, err, ret_status),
			       .report = { .main = name } };
	int r;

	if (!l.conf)
		return NULL;
	r = conf_read_text(l.conf->sheet, &l.report, l.conf->file, text, strlen(text));
	return finish(&l, r, err, ret_status);
}

struct conf *conf_load_sheet(const char *name,
			     int (*write)(struct conf_sheet *sheet, void *data),
			     void *data, FILE *err, int *ret_status)
{
	struct conf_load l = { .conf = begin(name, err, ret_status),
			       .report = { .main = name } };

	if (!l.conf)
		return NULL;
	return finish(&l, write(l.conf->sheet, data), err, ret_status);
}

void conf_free(struct conf *c)
{
	if (!c)
		return;
	tls_unref(c->tls.context);
	for (size_t i = 0; i < c->ntls_names; i++)
		tls_unref(c->tls_names[i].context);
	conf_mem_free(c->mem);
	free(c);
}

int conf_set_command(struct conf *c, char *const *argv)
{
	char **words = NULL;
	int r = 0;

	for (; r == 0 && *argv; argv++)
		r = conf_mem_append(c->mem, &words, *argv);
	if (r == 0)
		c->paths[0]->exec.argv = words;
	return r;
}
