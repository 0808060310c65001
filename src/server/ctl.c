/* SPDX-License-Identifier: MIT */
/* The control socket's clients: lines to calls, and their answers. */
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "command.h"
#include "ctl.h"
#include "ctl_impl.h"
#include "ctl_peer.h"
#include "follower.h"
#include "log.h"
#include "rpc.h"
#include "watch.h"

#define LINE_MOST (64 * 1024)  /* bytes of a request */
#define OUT_ROOM (64 * 1024)   /* bytes of answers, from which on none is made */
#define OUT_MOST (1024 * 1024) /* one answer more than that may be long */
#define LINES_PER_TURN 16
#define ROWS_PER_TURN 100
#define PATIENCE 10.0 /* seconds for half a line to go on, and for output to be read */

/* ---- the end ---- */

static void drop(struct ctl_client *c)
{
	struct server *s = c->server;

	if (c->dead)
		return;
	c->dead = true;
	log_debug("", "control: %s has left", c->who);
	ev_io_stop(s->loop, &c->io);
	ev_timer_stop(s->loop, &c->stalled);
	if (c->busy)
		call_free(&c->call);
	follower_free(c->follower);
	c->follower = NULL;
	LIST_REMOVE(c, link);
	LIST_INSERT_HEAD(&s->dead_control_clients, c, link);
	s->ncontrol_clients--;
}

static void close_descriptor(struct ctl_client *c)
{
	if (c->fd >= 0)
		close(c->fd);
	c->fd = -1;
}

static void free_client(struct ctl_client *c)
{
	LIST_REMOVE(c, link);
	close(c->io.fd);
	close_descriptor(c);
	json_decref(c->id);
	buf_free(&c->in);
	buf_free(&c->out);
	free(c);
}

void ctl_reap(struct server *s)
{
	struct ctl_client *c, *next;

	for (c = LIST_FIRST(&s->dead_control_clients); c; c = next) {
		next = LIST_NEXT(c, link);
		free_client(c);
	}
}

void ctl_close(struct server *s)
{
	struct ctl_client *c;

	while ((c = LIST_FIRST(&s->control_clients)))
		drop(c);
	ctl_reap(s);
	listener_free(s->control);
	s->control = NULL;
}

static void on_stalled(EV_P_ ev_timer *w, int revents)
{
	struct ctl_client *c = w->data;

	(void)loop;
	(void)revents;
	log_info("", "control: %s is dropped: it %s", c->who,
		 buf_len(&c->out) > 0 ? "does not read" : "does not end its line");
	drop(c);
}

/* ---- output ---- */

/* Queue TEXT, which is freed; NULL: out of memory. */
static void queue(struct ctl_client *c, char *text)
{
	if (!text || buf_append(&c->out, text, strlen(text), OUT_MOST) < 0)
		drop(c);
	free(text);
}

static void flush(struct ctl_client *c)
{
	ssize_t n;

	if (buf_len(&c->out) == 0)
		return;
	n = send(c->io.fd, buf_head(&c->out), buf_len(&c->out), MSG_NOSIGNAL);
	if (n < 0 && errno != EAGAIN && errno != EINTR) {
		drop(c);
	} else if (n > 0) {
		buf_consume(&c->out, (size_t)n);
		ev_timer_stop(c->server->loop, &c->stalled); /* it begins anew */
	}
}

/* ---- calls ---- */

static bool has_room(const struct ctl_client *c)
{
	return buf_len(&c->out) < OUT_ROOM;
}

static void answer_error(struct ctl_client *c, int code, const char *text,
			 const json_t *data)
{
	if (c->id)
		queue(c, rpc_error(c->id, code, text, data));
}

/* The call has ended: its answer. */
static void answer(struct ctl_client *c)
{
	struct call *call = &c->call;

	if (c->listing)
		queue(c, strdup(RPC_LIST_END));
	else if (call->code)
		answer_error(c, call->code, call->text, call->data);
	else if (c->id)
		queue(c, rpc_result(c->id, call->result));
	if (c->dead) /* which has freed the call */
		return;
	c->busy = c->listing = false;
	call_free(call);
	json_decref(c->id);
	c->id = NULL;
}

static void add_rows(struct ctl_client *c)
{
	json_t *row;

	if (!c->listing && c->id) {
		queue(c, rpc_list_begin(c->id));
		c->listing = c->first = true;
	}
	for (int i = 0; i < ROWS_PER_TURN && !c->dead && has_room(c); i++) {
		if (i > 0 && server_turn_is_long(c->server))
			break;
		row = call_row(&c->call);
		if (!row)
			break;
		if (c->id)
			queue(c, rpc_list_element(row, c->first));
		c->first = false;
		json_decref(row);
	}
}

/* Go on with the call under way. */
static void go_on(struct ctl_client *c)
{
	if (c->call.state == CALL_STEPS)
		call_step(&c->call);
	else if (c->call.state == CALL_ROWS)
		add_rows(c);
	if (!c->dead && c->call.state == CALL_ENDED)
		answer(c);
}

static void on_changed(struct call *call);
static void on_progress(struct call *call, json_t *params);
static void follow(struct call *call, struct follower *f);

/* The descriptor that came with the first N bytes of `in`, or -1. */
static int take_descriptor(struct ctl_client *c, size_t n)
{
	int fd = c->fd_end <= n ? c->fd : -1;

	if (fd >= 0)
		c->fd = -1;
	return fd;
}

static void begin(struct ctl_client *c, const char *line, size_t n)
{
	struct rpc_request r;

	rpc_read(line, n, &r);
	c->id = json_incref(r.id);
	if (r.code) {
		answer_error(c, r.code, r.text, NULL);
		json_decref(c->id);
		c->id = NULL;
	} else {
		c->call = (struct call){
			.server = c->server,
			.who = c->who,
			.fd = take_descriptor(c, n),
			.changed = on_changed,
			.progress = on_progress,
			.follow = follow,
			.owner = c,
		};
		c->busy = true;
		call_start(&c->call, json_string_value(r.method), json_incref(r.params));
		if (c->call.state == CALL_ENDED)
			answer(c);
	}
	rpc_request_free(&r);
}

/* ---- input ---- */

/* The size of the line that lies whole in `in`, with its newline or at the end of all;
 * 0: none does. */
static size_t line_size(const struct ctl_client *c)
{
	size_t n = buf_len(&c->in);
	const char *end = n > 0 ? memchr(buf_head(&c->in), '\n', n) : NULL;

	if (end)
		return (size_t)(end - buf_head(&c->in)) + 1;
	return c->ended ? n : 0;
}

static bool is_blank(const char *p, size_t n)
{
	return strspn(p, " \t\r\n") >= n;
}

static void take_line(struct ctl_client *c, size_t n)
{
	char *line = buf_head(&c->in);

	if (c->overlong) {
		c->overlong = false;
		c->id = json_null();
		answer_error(c, CALL_REQUEST,
			     "a request is a line of at most 64 KiB; send-file takes "
			     "what is longer",
			     NULL);
		c->id = NULL;
	} else if (line[n - 1] != '\n' || !is_blank(line, n)) {
		begin(c, line, n);
	}
	if (c->dead)
		return;
	buf_consume(&c->in, n);
	if (c->fd_end <= n) /* nobody has wanted it */
		close_descriptor(c);
	else
		c->fd_end -= n;
}

/* More than a line may have: what is there goes, but for one byte that stands for it. */
static void check_overlong(struct ctl_client *c)
{
	if (buf_len(&c->in) < LINE_MOST || line_size(c) > 0)
		return;
	c->overlong = true;
	close_descriptor(c);
	buf_consume(&c->in, buf_len(&c->in) - 1);
}

/* The end of what it says; a client that is gone altogether hears no answer either. */
static void on_end(struct ctl_client *c)
{
	struct pollfd p = { .fd = c->io.fd };

	c->ended = true;
	if (poll(&p, 1, 0) > 0 && (p.revents & (POLLHUP | POLLERR)))
		drop(c);
}

/* One descriptor at a time: while one waits, nothing behind its line is read. */
static bool may_read(const struct ctl_client *c)
{
	return !c->ended && buf_len(&c->in) < LINE_MOST &&
	       (c->fd < 0 || line_size(c) == 0);
}

/* How much to read to P at the most. */
static size_t room_at(const struct ctl_client *c, char *p)
{
	size_t room = LINE_MOST - buf_len(&c->in);
	ssize_t n = c->fd < 0 ? 0 : recv(c->io.fd, p, room, MSG_PEEK | MSG_DONTWAIT);
	const char *end = n > 0 ? memchr(p, '\n', (size_t)n) : NULL;

	return end ? (size_t)(end - p) + 1 : room;
}

static void read_in(struct ctl_client *c)
{
	char *p = c->server->bridge.scratch.read;
	int fd = -1;
	ssize_t n = ctl_receive(c->io.fd, p, room_at(c, p), &fd);

	if (n == 0 || (n < 0 && n != -EAGAIN && n != -EINTR))
		on_end(c);
	else if (n > 0 && buf_append(&c->in, p, (size_t)n, LINE_MOST) < 0)
		drop(c);
	if (n > 0)
		ev_timer_stop(c->server->loop, &c->stalled);
	if (fd < 0)
		return;
	close_descriptor(c);
	c->fd = fd;
	c->fd_end = buf_len(&c->in); /* the kernel ends a read behind what it came with */
}

/* ---- events ---- */

/* Are there events for it, and do they fit in now, between two answers? */
static bool has_events(const struct ctl_client *c)
{
	return !c->listing && has_room(c) && follower_has_lines(c->follower);
}

static void take_events(struct ctl_client *c)
{
	if (has_events(c) && follower_take(c->follower, &c->out) < 0)
		drop(c);
}

/* ---- watchers ---- */

/* Is there something to do that waits for nobody? */
static bool has_work(const struct ctl_client *c)
{
	if (!has_room(c))
		return false;
	if (has_events(c))
		return true;
	return c->busy ? c->call.state != CALL_WAITS : line_size(c) > 0;
}

static void work(struct ctl_client *c)
{
	size_t n;

	take_events(c);
	if (!c->dead && c->busy && has_room(c))
		go_on(c);
	for (int i = 0; i < LINES_PER_TURN && !c->dead && !c->busy && has_room(c); i++) {
		n = line_size(c);
		if (n == 0 || (i > 0 && server_turn_is_long(c->server)))
			break;
		take_line(c, n);
	}
}

/* The only place where its watchers start and stop. */
static void arm(struct ctl_client *c)
{
	struct ev_loop *loop = c->server->loop;
	bool reads = may_read(c);
	bool writes = buf_len(&c->out) > 0 || has_work(c);
	/* who follows may take its time: what it misses is counted */
	bool owes = (buf_len(&c->out) > 0 && !c->follower) ||
		    (buf_len(&c->in) > 0 && !c->busy && line_size(c) == 0);

	watch(EV_A_ & c->io, (reads ? EV_READ : 0) | (writes ? EV_WRITE : 0));
	if (!owes)
		ev_timer_stop(EV_A_ & c->stalled);
	else if (!ev_is_active(&c->stalled))
		ev_timer_again(EV_A_ & c->stalled);
}

static void proceed(struct ctl_client *c)
{
	if (!c->dead)
		check_overlong(c);
	if (!c->dead)
		work(c);
	if (!c->dead)
		flush(c);
	if (!c->dead && c->ended && !c->busy && buf_len(&c->out) == 0 &&
	    line_size(c) == 0)
		drop(c);
	if (!c->dead)
		arm(c);
}

/* In the middle of somebody else's callback: the answer waits for the next turn. */
static void on_changed(struct call *call)
{
	struct ctl_client *c = call->owner;

	if (!c->dead)
		arm(c);
}

/* A word less does not matter to who reads too slowly. */
static void on_progress(struct call *call, json_t *params)
{
	struct ctl_client *c = call->owner;

	if (!c->dead && c->id && has_room(c))
		queue(c, rpc_notification("progress", params));
	json_decref(params);
	if (!c->dead)
		arm(c);
}

static void on_events(void *data)
{
	struct ctl_client *c = data;

	if (!c->dead)
		arm(c);
}

static void follow(struct call *call, struct follower *f)
{
	struct ctl_client *c = call->owner;

	follower_free(c->follower);
	c->follower = f;
	follower_on_lines(f, on_events, c);
}

static void on_client(EV_P_ ev_io *w, int revents)
{
	struct ctl_client *c = w->data;

	(void)loop;
	if (revents & EV_READ && may_read(c))
		read_in(c);
	proceed(c);
}

void ctl_begin(struct ctl_client *c, int fd)
{
	ev_io_init(&c->io, on_client, fd, EV_READ);
	ev_init(&c->stalled, on_stalled);
	c->stalled.repeat = PATIENCE;
	c->io.data = c->stalled.data = c;
	arm(c);
}
