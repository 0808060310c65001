/* SPDX-License-Identifier: MIT */
/* Sends a file to a client, a piece each turn, for as long as the client takes them. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "client_impl.h"
#include "disk.h"
#include "log.h"

struct download {
	int fd; /* -1: all is sent, or nothing was to be */
	uint64_t at, left;
	int status;
	unsigned long long sent;
	double began, patience;
	const char *why; /* it ended too early; a constant */
	bool waits;      /* for the disk ... */
	unsigned tries;  /* ... in vain, since the last byte */
	ev_timer again;
};

void download_log(const struct client *c, int status, unsigned long long bytes,
		  double seconds, const char *why)
{
	char peer[ADDR_TEXT], who[SESSION_WHO];
	const struct log_field fields[] = {
		{ "status", LOG_NUMBER, .value.number = (unsigned)status },
		{ "peer", LOG_WORD, .value.text = addr_text(&c->peer, peer) },
		{ "user", LOG_WORD, .value.text = c->user },
		{ "bytes", LOG_NUMBER, .value.number = bytes },
		{ "seconds", LOG_SECONDS, .value.seconds = seconds },
		{ "reason", LOG_TEXT, .value.text = why },
	};

	if (c->routes->conf->log_access && log_is_on(LOG_LEVEL_INFO))
		log_event(
			LOG_LEVEL_INFO, client_who(c, who),
			&(struct log_event){ .name = "served",
					     .fields = fields,
					     .nfields = sizeof(fields) / sizeof(*fields),
					     .unlimited = true });
}

static void on_again(EV_P_ ev_timer *w, int revents)
{
	struct client *c = w->data;

	(void)loop;
	(void)revents;
	c->download->waits = false;
	client_proceed(c);
}

void download_begin(struct client *c, int fd, struct range part, int status)
{
	struct server *s = c->server;
	struct download *d = calloc(1, sizeof(*d));

	if (!d) {
		close(fd);
		client_drop_for_memory(c);
		return;
	}
	*d = (struct download){
		.fd = fd,
		.at = part.first,
		.left = part.last - part.first + 1,
		.status = status,
		.began = s->bridge.now,
		.patience = c->route->conf->session.send_timeout,
		.why = "connection lost",
	};
	ev_init(&d->again, on_again);
	d->again.data = c;
	TAILQ_REMOVE(&s->clients, c, link);
	TAILQ_INSERT_TAIL(&s->downloads, c, link);
	s->nclients--;
	s->ndownloads++;
	c->download = d;
	stream_give_up_after(&c->stream, d->patience);
	client_set_deadline(c, d->patience);
}

/* All of it, or as much as there will be, is sent. */
static void end(struct client *c)
{
	struct download *d = c->download;

	if (d->fd < 0)
		return;
	close(d->fd);
	d->fd = -1;
	download_log(c, d->status, d->sent, c->server->bridge.now - d->began,
		     d->left > 0 ? d->why : "");
}

/* The file is shorter than it was, or cannot be read: nothing can take the place of what
 * was announced. */
static void cut(struct client *c, ssize_t n)
{
	char who[SESSION_WHO];

	if (n < 0)
		log_error(client_who(c, who), "cannot read the file: %s",
			  strerror((int)-n));
	c->download->why = n < 0 ? "the file cannot be read" : "the file became shorter";
	client_drop(c);
}

/* The next bytes of the file to P (TURN_BYTES), of which there are some: as disk_read().
 * What TLS may have encrypted comes whole again. */
static ssize_t read_piece(struct client *c, char *p)
{
	struct download *d = c->download;
	size_t most = d->left < TURN_BYTES ? (size_t)d->left : TURN_BYTES;
	size_t least = stream_committed(&c->stream);

	if (least == 0)
		least = 1;
	return disk_read(d->fd, p, most, d->at, least < most ? least : most, &d->tries);
}

bool download_waits(const struct client *c)
{
	return c->download->waits;
}

bool download_send(struct client *c)
{
	struct download *d = c->download;
	char *piece = c->server->bridge.scratch.read;
	ssize_t n = d->left > 0 ? read_piece(c, piece) : 0;
	struct iovec v = { piece, n > 0 ? (size_t)n : 0 };

	d->waits = n == -EAGAIN;
	if (d->waits) {
		ev_timer_set(&d->again, DISK_AGAIN, 0);
		ev_timer_start(c->server->loop, &d->again);
		return false;
	}
	if (n <= 0 && d->left > 0) {
		cut(c, n);
		return false;
	}
	n = d->left > 0 ? stream_writev(&c->stream, &v, 1) : 0;
	if (n < 0) {
		client_drop(c);
		return false;
	}
	turn_passed(&c->server->bridge.turn, (size_t)n);
	d->at += (uint64_t)n;
	d->left -= (uint64_t)n;
	d->sent += (uint64_t)n;
	c->route->use->stats.file_bytes += (uint64_t)n;
	if (n > 0)
		client_set_deadline(c, d->patience);
	if (d->left > 0)
		return false;
	end(c);
	return true;
}

void download_timeout(struct client *c)
{
	if (c->download->waits) { /* it is the disk that takes its time */
		client_set_deadline(c, c->download->patience);
		return;
	}
	c->download->why = "the client takes nothing (send_timeout)";
	client_drop(c);
}

void download_leave(struct client *c)
{
	ev_timer_stop(c->server->loop, &c->download->again);
	end(c);
	TAILQ_REMOVE(&c->server->downloads, c, link);
	c->server->ndownloads--;
}

void download_free(struct download *d)
{
	free(d);
}
