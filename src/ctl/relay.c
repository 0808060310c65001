/* SPDX-License-Identifier: MIT */
/* Standard input and output to an open WebSocket and back, until it is closed. */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "relay_impl.h"
#include "sys.h"

enum { IN, OUT, SOCKET, NFDS };

static volatile sig_atomic_t caught; /* the signal */

static void on_signal(int signo)
{
	if (caught)
		_exit(128 + signo);
	caught = signo;
}

void relay_must(int r)
{
	if (r == 0)
		return;
	fputs("wsbridgectl: out of memory\n", stderr);
	exit(1);
}

/* ---- the end ---- */

void relay_begin_close(struct relay *r, unsigned code, const char *reason)
{
	char frame[2 + FRAME_CONTROL_MAX];
	size_t n = ws_close(frame, code, reason);

	relay_control(r, OP_CLOSE, frame + 2, n - 2);
	r->state = RELAY_CLOSING;
	r->pong_due = false;
	r->deadline = sys_now() + RELAY_CLOSE_WAIT;
}

void relay_end_with(struct relay *r, unsigned code, const char *text)
{
	r->state = RELAY_CLOSED;
	r->close->code = code;
	r->deadline = sys_now() + RELAY_END_WAIT;
	if (text)
		fprintf(stderr, "wsbridgectl: %s\n", text);
}

static void on_deadline(struct relay *r)
{
	if (r->state == RELAY_CLOSING)
		relay_end_with(r, CLOSE_ABNORMAL, "the server does not answer the close");
	r->socket_ended = true;
	buf_free(&r->send);
}

/* Who interrupts does not wait for a reader of standard output that does not read. */
static bool deadline_counts(const struct relay *r)
{
	return r->state != RELAY_OPEN && !r->socket_ended &&
	       (buf_len(&r->out) == 0 || r->interrupted);
}

/* The server's side of the closing handshake is over, or has been given up, and all that
 * came is written. */
static bool is_over(const struct relay *r)
{
	return r->state == RELAY_CLOSED && r->socket_ended &&
	       (buf_len(&r->out) == 0 || r->interrupted);
}

/* ---- what to wait for ---- */

static bool wants_socket(const struct relay *r)
{
	return !r->socket_ended && buf_len(&r->out) < RELAY_ROOM;
}

static void fill(const struct relay *r, struct pollfd *fds)
{
	bool in =
		r->state == RELAY_OPEN && !r->in_ended && buf_len(&r->send) < RELAY_ROOM;
	bool write = !r->socket_ended && (buf_len(&r->send) > 0 || r->pong_due);
	short events = wire_events(r->wire, wants_socket(r), write);

	fds[IN] = (struct pollfd){ .fd = in ? STDIN_FILENO : -1, .events = POLLIN };
	fds[OUT] = (struct pollfd){ .fd = r->out_broken ? -1 : r->out_fd,
				    .events = buf_len(&r->out) > 0 ? POLLOUT : 0 };
	fds[SOCKET] =
		(struct pollfd){ .fd = events ? r->wire->fd : -1, .events = events };
}

/* Seconds until something is due; a year when nothing is. */
static double patience(const struct relay *r)
{
	double left = 365 * 86400.0, now = sys_now();

	if (wants_socket(r) && wire_pending(r->wire))
		return 0;
	if (deadline_counts(r))
		left = r->deadline - now;
	else if (r->state == RELAY_OPEN && r->conf->ping > 0)
		left = r->ping_at - now;
	return left > 0 ? left : 0;
}

/* ---- what is due ---- */

/* A server that is not read cannot be heard. */
static void ping(struct relay *r, double now)
{
	r->ping_at = now + r->conf->ping;
	if (r->pinged > 0 && r->heard < r->pinged && wants_socket(r)) {
		relay_begin_close(r, CLOSE_GOING_AWAY, "");
		relay_end_with(r, CLOSE_ABNORMAL, "the server does not answer a ping");
		r->socket_ended = true;
		return;
	}
	if (buf_len(&r->send) >= RELAY_ROOM)
		return;
	relay_control(r, OP_PING, "", 0);
	r->pinged = now;
}

static void do_due(struct relay *r)
{
	double now = sys_now();

	if (caught && !r->interrupted) {
		r->interrupted = true;
		if (r->state == RELAY_OPEN)
			relay_begin_close(r, CLOSE_GOING_AWAY, "");
	}
	if (r->state == RELAY_OPEN && r->conf->ping > 0 && now >= r->ping_at)
		ping(r, now);
	if (deadline_counts(r) && now >= r->deadline)
		on_deadline(r);
}

/* Move what can be moved.  Bytes that come or go put off the deadline of a close. */
static void do_ready(struct relay *r, const struct pollfd *fds)
{
	double heard = r->heard;
	size_t waits = buf_len(&r->send);

	if (fds[OUT].revents)
		relay_flush_out(r);
	if (fds[IN].revents)
		relay_read_stdin(r);
	if (wants_socket(r) && (fds[SOCKET].revents || wire_pending(r->wire)))
		relay_read_socket(r);
	relay_flush_socket(r);
	if (r->state == RELAY_CLOSING && !r->interrupted &&
	    (r->heard != heard || buf_len(&r->send) < waits))
		r->deadline = sys_now() + RELAY_CLOSE_WAIT;
}

static void loop(struct relay *r, const sigset_t *unblocked)
{
	struct pollfd fds[NFDS];
	struct timespec t;
	double left;
	int n;

	do_due(r);
	while (!is_over(r)) {
		fill(r, fds);
		left = patience(r);
		t.tv_sec = (time_t)left;
		t.tv_nsec = (long)((left - (double)t.tv_sec) * 1e9);
		n = ppoll(fds, NFDS, &t, unblocked);
		if (n < 0 && errno != EINTR) {
			relay_end_with(r, CLOSE_ABNORMAL, strerror(errno));
			return;
		}
		if (n >= 0)
			do_ready(r, fds);
		do_due(r);
	}
}

/* Signals come while the loop waits, and at no other time. */
static void catch_signals(sigset_t *ret_old)
{
	static const int signals[] = { SIGINT, SIGTERM, SIGHUP };
	struct sigaction a = { .sa_handler = on_signal }, old;
	sigset_t block;

	sigemptyset(&block);
	signal(SIGPIPE, SIG_IGN);
	for (size_t i = 0; i < sizeof(signals) / sizeof(*signals); i++) {
		sigaction(signals[i], NULL, &old);
		if (old.sa_handler == SIG_IGN) /* nohup(1), or a shell's & */
			continue;
		sigaction(signals[i], &a, NULL);
		sigaddset(&block, signals[i]);
	}
	sigprocmask(SIG_BLOCK, &block, ret_old);
}

void relay_run(struct wire *w, struct buf *got, const struct relay_conf *conf,
	       struct relay_close *ret)
{
	struct relay r = { .conf = conf, .wire = w, .close = ret };
	sigset_t unblocked;

	*ret = (struct relay_close){ .code = CLOSE_ABNORMAL };
	r.ws_conf = (struct ws_conf){ .from_server = true };
	r.out_fd = sys_own_output(STDOUT_FILENO);
	r.heard = sys_now();
	r.ping_at = r.heard + conf->ping;
	ws_init(&r.ws, &r.ws_conf);
	catch_signals(&unblocked);
	if (buf_len(got) > 0)
		relay_take(&r, buf_head(got), buf_len(got));
	buf_free(got);
	loop(&r, &unblocked);
	sigprocmask(SIG_SETMASK, &unblocked, NULL);
	if (r.out_broken && ret->code == CLOSE_GOING_AWAY)
		ret->code = CLOSE_ABNORMAL;
	ws_free(&r.ws);
	lines_free(&r.lines);
	buf_free(&r.send);
	buf_free(&r.out);
}
