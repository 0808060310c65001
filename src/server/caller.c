/* SPDX-License-Identifier: MIT */
/* Who gives commands: lines to calls, and their answers. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "caller.h"
#include "follower.h"
#include "rpc.h"

#define OUT_ROOM (64 * 1024)      /* bytes of answers, from which on none is made */
#define ANSWER_MOST (1024 * 1024) /* bytes of one, which comes on top of that */
#define OUT_MOST (OUT_ROOM + ANSWER_MOST)
/* So that one caller does not hold up the loop. */
#define LINES_PER_TURN 16
#define ROWS_PER_TURN 100

/* ---- the end ---- */

/* Its call is forgotten: nothing comes to it any more. */
static void give_up(struct caller *c)
{
	c->over = true;
	if (c->busy)
		call_free(&c->call);
	c->busy = false;
	follower_free(c->follower);
	c->follower = NULL;
}

static void close_descriptor(struct caller *c)
{
	if (c->fd >= 0)
		close(c->fd);
	c->fd = -1;
}

void caller_end(struct caller *c)
{
	give_up(c);
	close_descriptor(c);
	json_decref(c->id);
	c->id = NULL;
	buf_free(&c->in);
	buf_free(&c->out);
}

/* ---- output ---- */

/* Queue TEXT, which is freed; NULL: out of memory. */
static void queue(struct caller *c, char *text)
{
	if (!text || buf_append(&c->out, text, strlen(text), OUT_MOST) < 0)
		give_up(c);
	free(text);
}

static bool has_room(const struct caller *c)
{
	return buf_len(&c->out) < OUT_ROOM;
}

/* ---- calls ---- */

static void answer_error(struct caller *c, int code, const char *text, const json_t *data)
{
	char *line;

	if (!c->id)
		return;
	line = rpc_error(c->id, code, text, data);
	queue(c, line ? line : rpc_error(c->id, CALL_INTERNAL, "out of memory", NULL));
}

static void answer_result(struct caller *c, const json_t *result)
{
	char *line = rpc_result(c->id, result);
	bool fits = !line || strlen(line) <= ANSWER_MOST;

	if (line && fits) {
		queue(c, line);
		return;
	}
	free(line);
	answer_error(c, CALL_INTERNAL,
		     fits ? "out of memory" : "the answer has more than 1 MiB", NULL);
}

/* The call has ended: its answer. */
static void answer(struct caller *c)
{
	struct call *call = &c->call;

	if (c->listing)
		queue(c, strdup(RPC_LIST_END));
	else if (call->code)
		answer_error(c, call->code, call->text, call->data);
	else if (c->id)
		answer_result(c, call->result);
	if (c->over) /* which has freed the call */
		return;
	c->busy = c->listing = false;
	call_free(call);
	json_decref(c->id);
	c->id = NULL;
}

static void add_rows(struct caller *c)
{
	json_t *row;

	if (!c->listing && c->id) {
		queue(c, rpc_list_begin(c->id));
		c->listing = c->first = true;
	}
	for (int i = 0; i < ROWS_PER_TURN && !c->over && has_room(c); i++) {
		if (i > 0 && turn_is_long(&c->server->bridge.turn))
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
static void go_on(struct caller *c)
{
	if (c->call.state == CALL_STEPS)
		call_step(&c->call);
	else if (c->call.state == CALL_ROWS)
		add_rows(c);
	if (!c->over && c->call.state == CALL_ENDED)
		answer(c);
}

static void on_changed(struct call *call)
{
	struct caller *c = call->owner;

	if (!c->over)
		c->stirred(c);
}

/* A word less does not matter to who reads too slowly. */
static void on_progress(struct call *call, json_t *params)
{
	struct caller *c = call->owner;

	if (!c->over && c->id && has_room(c))
		queue(c, rpc_notification("progress", params));
	json_decref(params);
	c->stirred(c);
}

static void on_events(void *data)
{
	struct caller *c = data;

	if (!c->over)
		c->stirred(c);
}

static void on_follow(struct call *call, struct follower *f)
{
	struct caller *c = call->owner;

	follower_free(c->follower);
	c->follower = f;
	follower_on_lines(f, on_events, c);
}

/* The descriptor that came with the first N bytes of `in`, or -1. */
static int descriptor_of(struct caller *c, size_t n)
{
	int fd = c->fd_end <= n ? c->fd : -1;

	if (fd >= 0)
		c->fd = -1;
	return fd;
}

static void begin_call(struct caller *c, const struct rpc_request *r, int fd)
{
	c->call = (struct call){
		.server = c->server,
		.who = c->who,
		.rights = c->rights,
		.fd = fd,
		.changed = on_changed,
		.progress = on_progress,
		.follow = on_follow,
		.owner = c,
	};
	c->busy = true;
	call_start(&c->call, json_string_value(r->method), json_incref(r->params));
	if (c->call.state == CALL_ENDED)
		answer(c);
}

static void begin(struct caller *c, const char *line, size_t n)
{
	struct rpc_request r;

	rpc_read(line, n, &r);
	c->id = json_incref(r.id);
	if (r.code) {
		answer_error(c, r.code, r.text, NULL);
		json_decref(c->id);
		c->id = NULL;
	} else {
		begin_call(c, &r, descriptor_of(c, n));
	}
	rpc_request_free(&r);
}

/* ---- input ---- */

/* The size of the line that lies whole in `in`, with its newline or at the end of all;
 * 0: none does. */
static size_t line_size(struct caller *c)
{
	size_t n = buf_len(&c->in);
	const char *end =
		n > c->looked ? memchr(buf_head(&c->in) + c->looked, '\n', n - c->looked)
			      : NULL;

	c->looked = end ? (size_t)(end - buf_head(&c->in)) : n;
	if (end)
		return c->looked + 1;
	return c->ended ? n : 0;
}

/* The first N bytes of `in` are done with. */
static void consume(struct caller *c, size_t n)
{
	buf_consume(&c->in, n);
	c->looked = 0;
}

static bool is_blank(const char *p, size_t n)
{
	while (n > 0 && memchr(" \t\r\n", *p, 4)) {
		p++;
		n--;
	}
	return n == 0;
}

/* The first N bytes of what has come: there are some. */
static void take_line(struct caller *c, size_t n)
{
	char *line = buf_head(&c->in);

	assert(line);
	if (c->overlong) {
		c->overlong = false;
		c->id = json_null();
		answer_error(c, CALL_REQUEST,
			     "a request is a line of at most 1 MiB; send-file takes "
			     "what is longer",
			     NULL);
		c->id = NULL;
	} else if (line[n - 1] != '\n' || !is_blank(line, n)) {
		begin(c, line, n);
	}
	if (c->over)
		return;
	consume(c, n);
	if (c->fd_end <= n) /* nobody has wanted it */
		close_descriptor(c);
	else
		c->fd_end -= n;
}

/* More than a line may have: what is there goes, but for one byte that stands for it. */
static void check_overlong(struct caller *c)
{
	if (buf_len(&c->in) < CALLER_LINE || line_size(c) > 0)
		return;
	c->overlong = true;
	close_descriptor(c);
	consume(c, buf_len(&c->in) - 1);
}

bool caller_takes_more(struct caller *c)
{
	return !c->ended && buf_len(&c->in) < CALLER_LINE &&
	       (c->fd < 0 || line_size(c) == 0);
}

void caller_take_descriptor(struct caller *c, int fd)
{
	close_descriptor(c);
	c->fd = fd;
	c->fd_end = buf_len(&c->in);
}

/* ---- events ---- */

/* Are there events for it, and do they fit in now, between two answers? */
static bool has_events(const struct caller *c)
{
	return !c->listing && has_room(c) && follower_has_lines(c->follower);
}

static void take_events(struct caller *c)
{
	if (has_events(c) && follower_take(c->follower, &c->out) < 0)
		give_up(c);
}

/* ---- work ---- */

bool caller_waits(const struct caller *c)
{
	return c->busy && c->call.state == CALL_WAITS;
}

bool caller_has_work(struct caller *c)
{
	if (c->over) /* its end is to be seen */
		return true;
	if (!has_room(c))
		return false;
	if (has_events(c))
		return true;
	return c->busy ? !caller_waits(c) : line_size(c) > 0;
}

bool caller_is_idle(struct caller *c)
{
	return !c->busy && buf_len(&c->out) == 0 && line_size(c) == 0;
}

size_t caller_half_line(struct caller *c)
{
	return c->busy || line_size(c) > 0 ? 0 : buf_len(&c->in);
}

void caller_work(struct caller *c)
{
	size_t n;

	check_overlong(c);
	take_events(c);
	if (!c->over && c->busy && has_room(c))
		go_on(c);
	for (int i = 0; i < LINES_PER_TURN && !c->over && !c->busy && has_room(c); i++) {
		n = line_size(c);
		if (n == 0 || (i > 0 && turn_is_long(&c->server->bridge.turn)))
			break;
		take_line(c, n);
	}
}
