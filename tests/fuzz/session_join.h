/* SPDX-License-Identifier: MIT */
/* session_join.h - how clients, hubs and programs come together and part, for
 * fuzz_session.c: what the server does around the bridge. */
#ifndef FUZZ_SESSION_JOIN_H
#define FUZZ_SESSION_JOIN_H

#include "fan.h"
#include "session_source.h"
#include "source_echo.h"
#include "source_file.h"

static struct hub *shared; /* that new clients come to; NULL: none */
static int keeps;          /* references to the settings */
static uint64_t last_id;
static bool start_fails; /* of a program that comes again */
static struct buf lines; /* of the paths with a file */

/* What C was to get, up to now or to its end. */
static const struct buf *heard_of(const struct fuzz_client *c)
{
	return path->source == SOURCE_FILE ? &lines : &c->heard;
}

/* ---- the bridge's owner ---- */

/* What its program has said, the client has, all of it if it is told of its end. */
static void check_heard(const struct fuzz_client *c, const struct session *s)
{
	if (!is_transparent() || c->untold)
		return;
	MUST(starts_with(heard_of(c), &c->got));
	if (s->closed_by == CLOSED_BY_BACKEND && c->closed)
		MUST(buf_len(heard_of(c)) == buf_len(&c->got));
}

static void on_session_ended(void *data, const struct session *s)
{
	struct fuzz_client *c = client_of(&s->client);

	(void)data;
	MUST(c->session == s && !c->file.session);
	check_heard(c, s);
	client_free(c);
}

static void on_ponged(void *data, const struct session *s)
{
	(void)data;
	MUST(s->state != SESSION_DEAD && s->round_trip >= 0);
}

static void on_unkeep(void *keep)
{
	MUST(keep == &keeps);
	keeps--;
}

/* ---- hubs ---- */

static int open_source(struct hub *h)
{
	if (path->source == SOURCE_ECHO || path->source == SOURCE_CHANNEL)
		return source_echo_open(h, &stats);
	if (path->source == SOURCE_FILE)
		return source_file_open(h, &path->file, "x");
	return source_open(h);
}

static int on_open(struct fan_owner *o, struct hub *h)
{
	(void)o;
	fan_set_id(h->fan, ++last_id);
	return start_fails ? -ENOENT : open_source(h);
}

static void on_retired(struct fan_owner *o)
{
	if (shared && shared->fan->owner == o)
		shared = NULL;
}

static void on_gone(struct fan_owner *o)
{
	on_retired(o);
	free(o);
}

/* A hub with its source, to share or not; NULL: there are too many. */
static struct hub *make_hub(void)
{
	struct hub *h = hub_new(&bridge, &path->hub, &stats, &keeps);
	struct fan_owner *o;

	MUST(h);
	keeps++;
	if (path->hub.process != PROCESS_EACH) {
		o = malloc(sizeof(*o));
		MUST(o);
		*o = (struct fan_owner){ on_open, on_retired, on_gone };
		fan_own(h, o, path->path, "the program");
		fan_set_id(h->fan, ++last_id);
		shared = h;
	}
	if (open_source(h) == 0)
		return h;
	hub_free(h);
	return NULL;
}

/* The hub for one more client; NULL: there is none now. */
static struct hub *find_hub(void)
{
	if (!shared)
		return make_hub();
	if (shared->fan->state == FAN_ENDED || shared->fan->state == FAN_WAITING)
		return NULL;
	return shared;
}

/* ---- clients come ---- */

/* Who has subscribed gets a session on H (or NULL: is refused), and what it has sent
 * already. */
static void join(struct fuzz_client *c, struct hub *h)
{
	static const struct span asked[ASKED_COUNT];
	char early[256];
	size_t n = buf_len(&c->sent) < sizeof(early) ? buf_len(&c->sent) : sizeof(early);
	bool odd = ++last_id % 2;
	struct session_start start = {
		.id = last_id,
		.conf = &path->session,
		.path = path->path,
		.stats = &stats,
		.user = "somebody",
		.keep = &keeps,
		.client = &c->stream,
		.hub = h,
		.request_path = "/x",
		.asked = asked,
		.greeting = { GREETING, strlen(GREETING) },
		.subprotocol = { TERMINAL_SUBPROTOCOL, strlen(TERMINAL_SUBPROTOCOL) },
		.terminal = h && h->terminal.rows > 0 && odd,
	};

	addr_inet("127.0.0.1", 1, &start.peer);
	stream_init(&c->stream, FIRST_FD - (int)(c - clients));
	c->stream.ops = &client_ops;
	keeps++;
	c->untold |= start.terminal; /* sizes are told, too */
	c->session = session_open(&bridge, &start);
	MUST(c->session);
	if (!h) {
		session_close(c->session, CLOSE_TRY_LATER, "full", CLOSED_BY_SERVER);
	} else {
		if (path->session_replace && c->session->hub && c->session->hub->fan)
			fan_close_others(h, c->session, "session taken over");
		if (n > 0) {
			memcpy(early, buf_head(&c->sent), n);
			buf_consume(&c->sent, n);
		}
		mean(c, early, n, path->hub.framing.kind == FRAMING_LINE);
		session_input(c->session, early, n);
	}
	session_proceed(c->session);
}

static void on_opened(struct hub_waiter *w, int error, const char *why)
{
	struct fuzz_client *c =
		(struct fuzz_client *)((char *)w - offsetof(struct fuzz_client, waiter));
	struct hub *h = c->waits;

	c->waits = NULL;
	MUST(h && !why == !error);
	if (error)
		client_free(c);
	else
		join(c, h);
}

static void enter(struct fuzz_client *c, struct hub *h)
{
	c->piece = TURN_BYTES;
	c->room = SIZE_MAX;
	ws_init(&c->ws, &from_server);
	ws_init(&c->sent_ws, &from_client);
	if (!h || !h->opening) {
		join(c, h);
		return;
	}
	c->waits = h;
	c->waiter.opened = on_opened;
	hub_wait(h, &c->waiter);
}

#endif
