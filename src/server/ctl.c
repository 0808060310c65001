/* SPDX-License-Identifier: MIT */
/* The control socket's clients: their bytes to and from the callers that they are. */
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "ctl_impl.h"
#include "ctl_peer.h"
#include "log.h"
#include "watch.h"

#define PATIENCE 10.0 /* seconds for half a line to go on, and for output to be read */
#define LOOK 0.4      /* seconds between looks at one that waits and is not read */

/* ---- the end ---- */

static void drop(struct ctl_client *c)
{
	struct server *s = c->caller.server;

	if (c->dead)
		return;
	c->dead = true;
	log_debug("", "control: %s has left", c->caller.who);
	ev_io_stop(s->loop, &c->io);
	ev_timer_stop(s->loop, &c->stalled);
	ev_timer_stop(s->loop, &c->look);
	caller_end(&c->caller);
	LIST_REMOVE(c, link);
	LIST_INSERT_HEAD(&s->dead_control_clients, c, link);
	s->ncontrol_clients--;
}

static void free_client(struct ctl_client *c)
{
	LIST_REMOVE(c, link);
	caller_end(&c->caller); /* a descriptor that came last */
	close(c->io.fd);
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
	log_info("", "control: %s is dropped: it %s", c->caller.who,
		 buf_len(&c->caller.out) > 0 ? "does not read" : "does not end its line");
	drop(c);
}

/* ---- output ---- */

static void flush(struct ctl_client *c)
{
	struct buf *out = &c->caller.out;
	ssize_t n;

	if (buf_len(out) == 0)
		return;
	n = send(c->io.fd, buf_head(out), buf_len(out), MSG_NOSIGNAL);
	if (n < 0 && errno != EAGAIN && errno != EINTR) {
		drop(c);
	} else if (n > 0) {
		buf_consume(out, (size_t)n);
		ev_timer_stop(c->caller.server->loop, &c->stalled); /* it begins anew */
	}
}

/* ---- input ---- */

/* A client that is gone altogether hears no answer either. */
static void drop_if_gone(struct ctl_client *c)
{
	struct pollfd p = { .fd = c->io.fd };

	if (poll(&p, 1, 0) > 0 && (p.revents & (POLLHUP | POLLERR)))
		drop(c);
}

/* The end of what it says. */
static void on_end(struct ctl_client *c)
{
	c->caller.ended = true;
	drop_if_gone(c);
}

/* libev tells nothing of a socket that is not read. */
static void on_look(EV_P_ ev_timer *w, int revents)
{
	(void)loop;
	(void)revents;
	drop_if_gone(w->data);
}

/* How much to read to P (TURN_BYTES) at the most: with a descriptor that waits, no more
 * than its line.
 */
static size_t room_at(const struct ctl_client *c, char *p)
{
	size_t left = CALLER_LINE - buf_len(&c->caller.in);
	size_t room = left < TURN_BYTES ? left : TURN_BYTES;
	bool waits = c->caller.fd >= 0;
	ssize_t n = waits ? recv(c->io.fd, p, room, MSG_PEEK | MSG_DONTWAIT) : 0;
	const char *end = n > 0 ? memchr(p, '\n', (size_t)n) : NULL;

	return end ? (size_t)(end - p) + 1 : room;
}

static void read_in(struct ctl_client *c)
{
	char *p = c->caller.server->bridge.scratch.read;
	int fd = -1;
	ssize_t n = ctl_receive(c->io.fd, p, room_at(c, p), &fd);

	if (n == 0 || (n < 0 && n != -EAGAIN && n != -EINTR))
		on_end(c);
	else if (n > 0 && buf_append(&c->caller.in, p, (size_t)n, CALLER_LINE) < 0)
		drop(c);
	if (n > 0)
		ev_timer_stop(c->caller.server->loop, &c->stalled);
	if (fd >= 0) /* the kernel ends a read behind what it came with */
		caller_take_descriptor(&c->caller, fd);
}

/* ---- watchers ---- */

/* The only place where its watchers start and stop. */
static void arm(struct ctl_client *c)
{
	struct ev_loop *loop = c->caller.server->loop;
	bool unread = buf_len(&c->caller.out) > 0;
	bool writes = unread || caller_has_work(&c->caller);
	/* who follows may take its time: what it misses is counted */
	bool owes = (unread && !c->caller.follower) || caller_half_line(&c->caller) > 0;
	bool reads = caller_takes_more(&c->caller);

	watch(EV_A_ & c->io, (reads ? EV_READ : 0) | (writes ? EV_WRITE : 0));
	if (reads || !caller_waits(&c->caller))
		ev_timer_stop(EV_A_ & c->look);
	else if (!ev_is_active(&c->look))
		ev_timer_again(EV_A_ & c->look);
	if (!owes)
		ev_timer_stop(EV_A_ & c->stalled);
	else if (!ev_is_active(&c->stalled))
		ev_timer_again(EV_A_ & c->stalled);
}

static void proceed(struct ctl_client *c)
{
	if (!c->dead)
		caller_work(&c->caller);
	if (!c->dead)
		flush(c);
	if (!c->dead &&
	    (c->caller.over || (c->caller.ended && caller_is_idle(&c->caller))))
		drop(c);
	if (!c->dead)
		arm(c);
}

/* In the middle of somebody else's callback: it waits for the next turn. */
static void on_stirred(struct caller *caller)
{
	struct ctl_client *c = (struct ctl_client *)caller;

	if (!c->dead)
		arm(c);
}

static void on_client(EV_P_ ev_io *w, int revents)
{
	struct ctl_client *c = w->data;

	(void)loop;
	if (revents & EV_READ && caller_takes_more(&c->caller))
		read_in(c);
	proceed(c);
}

void ctl_begin(struct ctl_client *c, int fd)
{
	c->caller.stirred = on_stirred;
	ev_io_init(&c->io, on_client, fd, EV_READ);
	ev_init(&c->stalled, on_stalled);
	c->stalled.repeat = PATIENCE;
	ev_timer_init(&c->look, on_look, LOOK, LOOK);
	c->io.data = c->stalled.data = c->look.data = c;
	arm(c);
}
