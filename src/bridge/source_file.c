/* SPDX-License-Identifier: MIT */
/* A regular file as a source: to its end, or as it grows. */
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "disk.h"
#include "follow.h"
#include "log.h"
#include "source_file.h"
#include "ws.h"

#define WHO_MAX 96

enum file_state {
	FILE_READING,
	FILE_WAITING, /* for the disk */
	FILE_DRY,     /* for more to be written to it */
	FILE_ENDED,   /* the hub knows */
	FILE_GONE,
};

struct source_file {
	struct source source;
	const struct file_conf *conf;
	enum file_state state;
	int fd; /* unless it is followed; else -1 */
	uint64_t at;
	unsigned tries;
	struct follow follow;
	struct late late; /* it is read when a turn has time: a file is never "ready" */
	ev_timer again;   /* FILE_WAITING */
	char who[WHO_MAX];
};

static struct source_file *of(const struct source *s)
{
	return (struct source_file *)s; /* its first member */
}

static void on_turn(struct late *l);

/* The only place where its watchers start and stop. */
static void proceed(struct source_file *x)
{
	struct bridge *b = x->source.hub->bridge;
	struct ev_loop *loop = b->loop;

	if (x->state == FILE_READING && hub_room(x->source.hub) > 0)
		turn_wait(&b->turn, &x->late, on_turn);
	else
		turn_forget(&b->turn, &x->late);
	if (x->state != FILE_WAITING)
		ev_timer_stop(EV_A_ & x->again);
	else if (!ev_is_active(&x->again))
		ev_timer_again(EV_A_ & x->again);
}

static void end(struct source_file *x, unsigned code, const char *reason)
{
	struct ending e = { .code = code };

	x->state = FILE_ENDED;
	snprintf(e.reason, sizeof(e.reason), "%s", reason);
	hub_source_ended(x->source.hub, &e);
}

/* ---- reading ---- */

static ssize_t read_some(struct source_file *x, char *p, size_t n, bool *ret_cut)
{
	ssize_t r;

	if (x->conf->follow)
		return follow_read(&x->follow, p, n, ret_cut);
	*ret_cut = false;
	r = disk_read(x->fd, p, n, x->at, 1, &x->tries);
	if (r > 0)
		x->at += (uint64_t)r;
	return r;
}

/* Reading has come to N bytes at P, which may be -errno. */
static void take(struct source_file *x, const char *p, ssize_t n)
{
	struct hub *h = x->source.hub;

	if (n > 0) {
		hub_output(h, p, (size_t)n, false);
	} else if (n == -EAGAIN) {
		x->state = FILE_WAITING;
	} else if (n < 0) {
		log_error(x->who, "file: %s: %s", x->conf->path, follow_strerror((int)n));
		end(x, CLOSE_SERVER_ERROR, "the file cannot be read");
	} else if (x->conf->follow) {
		x->state = FILE_DRY;
	} else {
		hub_output(h, p, 0, true);
		if (x->state == FILE_READING)
			end(x, 0, "");
	}
}

static void on_turn(struct late *l)
{
	struct source_file *x =
		(struct source_file *)((char *)l - offsetof(struct source_file, late));
	struct hub *h = x->source.hub;
	char *p = h->bridge->scratch.read;
	size_t room = hub_room(h);
	ssize_t n;
	bool cut;

	if (room > 0) {
		n = read_some(x, p, room, &cut);
		if (cut)
			hub_cut(h);
		if (x->state == FILE_READING)
			take(x, p, n);
	}
	proceed(x);
}

static void on_again(EV_P_ ev_timer *w, int revents)
{
	struct source_file *x = w->data;

	(void)loop;
	(void)revents;
	if (x->state == FILE_WAITING)
		x->state = FILE_READING;
	proceed(x);
}

static void on_more(struct follow *f)
{
	struct source_file *x =
		(struct source_file *)((char *)f - offsetof(struct source_file, follow));

	if (x->state == FILE_DRY)
		x->state = FILE_READING;
	proceed(x);
}

/* ---- for the hub ---- */

/* Nothing is ever written to it. */
static void file_write(struct source *s, const struct gather *g)
{
	(void)s;
	(void)g;
}

static void file_finish(struct source *s)
{
	(void)s;
}

static size_t file_kept(const struct source *s)
{
	(void)s;
	return 0;
}

static long file_pid(const struct source *s)
{
	(void)s;
	return 0;
}

static void file_proceed(struct source *s)
{
	proceed(of(s));
}

static void file_kill(struct source *s)
{
	struct source_file *x = of(s);

	if (x->state == FILE_GONE)
		return;
	x->state = FILE_GONE;
	proceed(x);
	hub_source_gone(s->hub);
}

static void file_stop(struct source *s, bool flush)
{
	(void)flush;
	file_kill(s);
}

static void file_free(struct source *s)
{
	struct source_file *x = of(s);

	follow_close(&x->follow);
	if (x->fd >= 0)
		close(x->fd);
	free(x);
}

static const struct source_ops file_ops = {
	.name = "file",
	.write = file_write,
	.finish = file_finish,
	.kept = file_kept,
	.pid = file_pid,
	.proceed = file_proceed,
	.stop = file_stop,
	.kill = file_kill,
	.free = file_free,
};

static struct source_file *file_new(struct hub *h, const struct file_conf *conf,
				    const char *who)
{
	struct source_file *x = calloc(1, sizeof(*x));

	if (!x)
		return NULL;
	x->source = (struct source){ &file_ops, h };
	x->conf = conf;
	x->fd = -1;
	snprintf(x->who, sizeof(x->who), "%s", who);
	x->follow.path = conf->path;
	x->follow.who = x->who;
	x->follow.more = on_more;
	x->follow.paths = &h->bridge->paths;
	ev_timer_init(&x->again, on_again, 0, DISK_AGAIN);
	x->again.data = x;
	return x;
}

int source_file_open(struct hub *h, const struct file_conf *conf, const char *who)
{
	struct source_file *x = file_new(h, conf, who);
	int r;

	if (!x)
		return -ENOMEM;
	if (conf->follow)
		r = follow_open(&x->follow);
	else
		r = x->fd = follow_open_regular(conf->path);
	if (r < 0) {
		file_free(&x->source);
		return r;
	}
	hub_attach(h, &x->source);
	proceed(x);
	return 0;
}
