/* SPDX-License-Identifier: MIT */
/* The commands that take long, or cut short: send-file, interrupt. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "command.h"

#define TELL 0.2 /* seconds between words about the progress */

struct file_work {
	struct call *call;
	struct session_file file;
	ev_timer tick;
};

static void tell(struct file_work *w)
{
	struct call *c = w->call;

	if (c->progress)
		c->progress(c, json_pack("{s:I, s:I}", "sent", (json_int_t)w->file.at,
					 "size", (json_int_t)w->file.size));
}

static void on_tick(EV_P_ ev_timer *t, int revents)
{
	(void)loop;
	(void)revents;
	tell(t->data);
}

/* ---- its end ---- */

void command_file_end(struct call *c)
{
	struct file_work *w = c->work;

	if (!w)
		return;
	c->work = NULL;
	w->call = NULL;
	ev_timer_stop(c->server->loop, &w->tick);
	session_drop_file(&w->file);
	free(w);
}

static void on_ended(struct session_file *f, int error)
{
	struct file_work *w = f->data;
	struct call *c = w->call;
	unsigned long long at = f->at;

	if (!c) /* it is the call that has ended it */
		return;
	switch (error) {
	case 0:
		call_succeed(c, json_pack("{s:I}", "sent", (json_int_t)at));
		break;
	case -ECANCELED:
		call_fail(c, CALL_INTERRUPTED, "interrupted after %llu bytes", at);
		break;
	case -ESHUTDOWN:
		call_fail(c, CALL_CLOSING, "the client has gone after %llu bytes", at);
		break;
	case -EILSEQ:
		call_fail(c, CALL_FILE,
			  "the file is not UTF-8 behind byte %llu; send it without "
			  "text",
			  at);
		break;
	case -ENODATA:
		call_fail(c, CALL_FILE, "the file has become shorter: %llu bytes", at);
		break;
	default:
		call_fail(c, CALL_FILE, "the file cannot be read: %s", strerror(-error));
	}
}

/* ---- its begin ---- */

/* The size of the regular file that came along; false: C has failed. */
static bool size_of(struct call *c, uint64_t *ret)
{
	struct stat st;

	if (c->fd < 0)
		call_fail(c, CALL_FILE,
			  "no open file came with the request (SCM_RIGHTS)");
	else if (fstat(c->fd, &st) < 0 || !S_ISREG(st.st_mode))
		call_fail(c, CALL_FILE, "only a regular file can be sent");
	else {
		*ret = (uint64_t)st.st_size;
		return true;
	}
	return false;
}

static void refuse(struct call *c, int error, const struct session *s)
{
	unsigned long long id = s->id;

	if (error == -EBUSY)
		call_fail(c, CALL_BUSY, "client %llu is being sent a file already", id);
	else if (error == -ESHUTDOWN)
		call_fail(c, CALL_CLOSING, "client %llu is closing", id);
	else
		call_fail(c, CALL_INTERNAL, "out of memory");
}

void command_send_file(struct call *c)
{
	struct session *s = call_client(c);
	struct file_work *w;
	uint64_t size;
	int r;

	if (!s || !size_of(c, &size))
		return;
	w = calloc(1, sizeof(*w));
	if (!w) {
		call_fail(c, CALL_INTERNAL, "out of memory");
		return;
	}
	w->call = c;
	w->file = (struct session_file){
		.fd = c->fd,
		.size = size,
		.opcode = call_flag(c, "text") ? OP_TEXT : OP_BINARY,
		.ended = on_ended,
		.data = w,
	};
	ev_timer_init(&w->tick, on_tick, TELL, TELL);
	w->tick.data = w;
	c->work = w;
	call_wait(c, NULL, 0);
	r = session_send_file(s, &w->file);
	if (r < 0) {
		refuse(c, r, s);
		return;
	}
	if (call_flag(c, "progress") && c->state == CALL_WAITS)
		ev_timer_start(c->server->loop, &w->tick);
}

/* ---- interrupt ---- */

static void add(struct call *c, const char *name, uint64_t n)
{
	json_int_t before = json_integer_value(json_object_get(c->result, name));

	json_object_set_new(c->result, name, json_integer(before + (json_int_t)n));
}

void command_interrupt(struct call *c)
{
	struct session *s;

	c->result = json_pack("{s:i}", "dropped", 0);
	if (!call_means_one(c, "to")) {
		call_walk(c, CALL_STEPS);
		return;
	}
	s = call_client(c);
	if (!s)
		return;
	add(c, "dropped", session_interrupt(s));
	call_counted(c, "dropped");
}

void command_interrupt_step(struct call *c)
{
	unsigned left = CALL_PER_STEP;
	struct session *s;

	while ((s = call_next(c, "to", &left)))
		add(c, "dropped", session_interrupt(s));
	if (left > 0)
		call_counted(c, "dropped");
}
