/* SPDX-License-Identifier: MIT */
/*
 * A stream through TLS.
 *
 * OpenSSL may have to write in order to read and the other way round (RFC 8446 4.6.3), so
 * what the holder waits for is not always what the descriptor is watched for.
 */
#include <errno.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "stream_impl.h"
#include "tls.h"
#include "tls_socket.h"
#include "watch.h"

#define RECORD STREAM_TLS_RECORD

/*
 * OpenSSL reads on as long as something has come, up to a record with data: a client that
 * sends new keys without an end (RFC 8446 4.6.3), or a byte a record, would have the loop
 * for itself.  A record takes two reads; new keys that are to be answered cost 25 us and
 * more.
 */
#define READS_PER_TURN 64

struct stream_tls {
	struct tls_socket socket; /* first: what OpenSSL's BIO knows of it */
	SSL *ssl;
	struct ev_loop *loop;
	ev_idle turn;          /* the holder is told in the next turn of the loop */
	int wanted;            /* EV_READ, EV_WRITE: by the holder */
	bool begun;            /* the first byte looks like TLS */
	bool read_needs_write; /* reading goes on when the socket takes more */
	bool write_needs_read; /* writing goes on when something has come */
	bool finishing;        /* close_notify waits for the socket to take it */
	bool over;             /* nothing will come any more, as END says: */
	ssize_t end;           /* what reading gives then, 0 or -errno */
	bool cut;              /* the end came without close_notify */
	bool broken;           /* OpenSSL must not be asked for anything any more */
	unsigned long reason;  /* of -EPROTO, as OpenSSL numbers them */
	stream_tls_step *tell; /* stream_tls_tell() */
	void *tell_data;
};

/* ---- what OpenSSL says ---- */

/* It ends here, with R. */
static ssize_t end_with(struct stream_tls *t, ssize_t r)
{
	t->over = true;
	t->end = r;
	return r;
}

static ssize_t on_error(struct stream_tls *t)
{
	unsigned long e = ERR_peek_error();

	t->broken = true;
	ERR_clear_error();
	if (ERR_GET_LIB(e) == ERR_LIB_SSL &&
	    ERR_GET_REASON(e) == SSL_R_UNEXPECTED_EOF_WHILE_READING) {
		t->cut = true;
		return end_with(t, 0);
	}
	t->reason = e;
	return end_with(t, -EPROTO);
}

/* An SSL call has returned R, no success.  -EAGAIN with *NEEDS_OTHER when it must go on
 * once the socket is ready for OTHER (SSL_ERROR_WANT_...). */
static ssize_t failed(struct stream_tls *t, int r, int other, bool *needs_other)
{
	int err = errno;
	int what = SSL_get_error(t->ssl, r);

	switch (what) {
	case SSL_ERROR_WANT_READ:
	case SSL_ERROR_WANT_WRITE:
		*needs_other = what == other;
		return -EAGAIN;
	case SSL_ERROR_ZERO_RETURN:
		/* once the client has ended its side, it calls every failure to write
		 * so, too */
		if (other == SSL_ERROR_WANT_WRITE)
			return end_with(t, 0);
		__attribute__((fallthrough));
	case SSL_ERROR_SYSCALL:
		t->broken = true;
		ERR_clear_error();
		return end_with(t, err ? -err : -ECONNRESET);
	default:
		return on_error(t);
	}
}

/* ---- reading ---- */

/* A client that does not speak TLS is found out before OpenSSL answers in TLS: what
 * begins with a letter is a request of HTTP, never a record of TLS.  1: go on; else as
 * stream_read(). */
static ssize_t look_at_first(struct stream *s)
{
	unsigned char first;
	ssize_t n = recv(s->io.fd, &first, 1, MSG_PEEK);

	if (n <= 0)
		return n < 0 ? -errno : 0;
	if (first >= 'A' && first <= 'Z')
		return end_with(s->tls, -EPROTONOSUPPORT);
	s->tls->begun = true;
	return 1;
}

/* Has something come that the descriptor does not tell of any more? */
static bool has_more(const struct stream_tls *t)
{
	return buf_len(&t->socket.ahead) > 0 || SSL_pending(t->ssl) > 0;
}

/*
 * A record is begun only where all of it has room.  What is left, stream_watch() tells
 * of.  Behind a record that is not full nothing is asked for that has not come yet.
 */
static ssize_t tls_read(struct stream *s, void *p, size_t n)
{
	struct stream_tls *t = s->tls;
	size_t got = 0, more;
	ssize_t r = 1;

	if (!t->begun)
		r = look_at_first(s);
	if (t->over || r <= 0)
		return t->over ? t->end : r;
	t->read_needs_write = false;
	t->socket.reads_left = READS_PER_TURN;
	do {
		ERR_clear_error();
		errno = 0;
		r = SSL_read_ex(t->ssl, (char *)p + got, n - got, &more);
		if (r <= 0) {
			r = failed(t, (int)r, SSL_ERROR_WANT_WRITE, &t->read_needs_write);
			break;
		}
		got += more;
	} while ((n - got >= RECORD && (more == RECORD || has_more(t))) ||
		 (n > got && SSL_pending(t->ssl) > 0));
	return got > 0 ? (ssize_t)got : r;
}

/* ---- writing ---- */

/* Where one stands in vectors of bytes. */
struct cursor {
	const struct iovec *iov, *end;
	size_t skip; /* bytes of *iov that lie behind */
};

static void advance(struct cursor *c, size_t n)
{
	for (; c->iov < c->end && n >= c->iov->iov_len - c->skip; c->iov++) {
		n -= c->iov->iov_len - c->skip;
		c->skip = 0;
	}
	c->skip += n;
}

/* The next bytes, as many as one record holds, in one piece: small ones are put side by
 * side, for each record costs. */
static struct iovec next_record(struct cursor c)
{
	static char together[RECORD]; /* for the one call that runs */
	struct iovec piece = { (char *)c.iov->iov_base + c.skip,
			       c.iov->iov_len - c.skip };
	size_t n = 0;

	if (piece.iov_len >= RECORD || c.iov + 1 == c.end) {
		if (piece.iov_len > RECORD)
			piece.iov_len = RECORD;
		return piece;
	}
	while (c.iov < c.end && n < RECORD) {
		size_t part = c.iov->iov_len - c.skip;

		if (part > RECORD - n)
			part = RECORD - n;
		memcpy(together + n, (char *)c.iov->iov_base + c.skip, part);
		n += part;
		advance(&c, part);
	}
	return (struct iovec){ together, n };
}

static ssize_t tls_writev(struct stream *s, const struct iovec *iov, unsigned n)
{
	struct stream_tls *t = s->tls;
	struct cursor c = { iov, iov + n, 0 };
	size_t done = 0, more;
	ssize_t r = 0;

	if (t->broken)
		return t->over && t->end < 0 ? t->end : -EPIPE;
	t->write_needs_read = false;
	t->socket.reads_left = READS_PER_TURN;
	advance(&c, 0); /* over empty vectors */
	while (c.iov < c.end) {
		struct iovec record = next_record(c);

		ERR_clear_error();
		errno = 0;
		r = SSL_write_ex(t->ssl, record.iov_base, record.iov_len, &more);
		if (r <= 0) {
			r = failed(t, (int)r, SSL_ERROR_WANT_READ, &t->write_needs_read);
			break;
		}
		done += more;
		advance(&c, more);
	}
	return done > 0 || r == -EAGAIN ? (ssize_t)done : r;
}

/* ---- the end ---- */

void stream_tls_last(struct stream *s)
{
	s->tls->socket.last = true;
}

/* Send close_notify, then the end of the stream; later, if the socket takes nothing now.
 */
static void say_goodbye(struct stream *s)
{
	struct stream_tls *t = s->tls;
	int r = 0;

	ERR_clear_error();
	if (!t->broken && SSL_is_init_finished(t->ssl))
		r = SSL_shutdown(t->ssl);
	t->finishing = r < 0 && SSL_get_error(t->ssl, r) == SSL_ERROR_WANT_WRITE;
	ERR_clear_error();
	if (!t->finishing)
		(void)shutdown(s->io.fd, SHUT_WR);
}

static bool has_said_goodbye(const struct stream_tls *t)
{
	return SSL_get_shutdown(t->ssl) & SSL_SENT_SHUTDOWN;
}

static void tls_finish(struct stream *s)
{
	if (s->tls->broken || !has_said_goodbye(s->tls))
		say_goodbye(s);
}

void stream_tls_close(struct stream *s)
{
	if (!s->tls->broken && !has_said_goodbye(s->tls))
		say_goodbye(s);
}

void stream_tls_free(struct stream *s)
{
	if (ev_is_active(&s->tls->turn))
		ev_idle_stop(s->tls->loop, &s->tls->turn);
	SSL_free(s->tls->ssl);
	buf_free(&s->tls->socket.ahead);
	free(s->tls);
	s->tls = NULL;
	s->ops = &stream_plain;
	ERR_clear_error();
}

bool stream_tls_is_cut(const struct stream *s)
{
	return s->tls->cut;
}

struct tls_seen *stream_tls_seen(const struct stream *s)
{
	const SSL *ssl = s->tls ? s->tls->ssl : NULL;

	return ssl && SSL_is_init_finished(ssl) ? tls_look(ssl) : NULL;
}

const char *stream_tls_reason(const struct stream *s)
{
	static char text[128];
	const char *reason = ERR_reason_error_string(s->tls->reason);
	int alert = ERR_GET_REASON(s->tls->reason) - SSL_AD_REASON_OFFSET;

	if (alert < 0 || ERR_GET_LIB(s->tls->reason) != ERR_LIB_SSL)
		return reason ? reason : "protocol error";
	snprintf(text, sizeof(text), "the client says: %s",
		 SSL_alert_desc_string_long(alert));
	return text;
}

/* ---- readiness ---- */

static void on_turn(EV_P_ ev_idle *w, int revents)
{
	struct stream *s = w->data;

	(void)revents;
	ev_idle_stop(EV_A_ w);
	ev_feed_event(EV_A_ & s->io, s->tls->read_needs_write ? EV_WRITE : EV_READ);
}

/* Not at once: what others wait for comes before. */
static void tell_later(EV_P_ struct stream *s)
{
	struct stream_tls *t = s->tls;

	t->loop = loop;
	t->turn.data = s;
	ev_idle_start(EV_A_ & t->turn);
}

static void tls_watch(EV_P_ struct stream *s, int events)
{
	struct stream_tls *t = s->tls;
	int of_socket = t->finishing ? EV_WRITE : 0;

	t->wanted = events;
	if (events & EV_READ)
		of_socket |= t->read_needs_write ? EV_WRITE : EV_READ;
	if (events & EV_WRITE)
		of_socket |= t->write_needs_read ? EV_READ : EV_WRITE;
	watch(EV_A_ & s->io, of_socket);
	if (events & EV_READ && (t->over || (!t->read_needs_write && has_more(t))))
		tell_later(EV_A_ s);
	else
		ev_idle_stop(EV_A_ & t->turn);
}

static int tls_ready(struct stream *s, int revents)
{
	struct stream_tls *t = s->tls;
	int ready = 0;

	if (t->finishing && revents & EV_WRITE)
		say_goodbye(s);
	if (revents & (t->read_needs_write ? EV_WRITE : EV_READ))
		ready |= EV_READ;
	if (revents & (t->write_needs_read ? EV_READ : EV_WRITE))
		ready |= EV_WRITE;
	return ready & t->wanted;
}

const struct stream_ops stream_tls = {
	.read = tls_read,
	.writev = tls_writev,
	.watch = tls_watch,
	.ready = tls_ready,
	.finish = tls_finish,
};

static void on_info(const SSL *ssl, int where, int value)
{
	const struct stream_tls *t = BIO_get_data(SSL_get_rbio(ssl));
	char text[128];

	if (where & SSL_CB_LOOP)
		t->tell(t->tell_data, SSL_state_string_long(ssl));
	if (!(where & SSL_CB_ALERT))
		return;
	snprintf(text, sizeof(text), "alert %s: %s",
		 where & SSL_CB_READ ? "received" : "sent",
		 SSL_alert_desc_string_long(value));
	t->tell(t->tell_data, text);
}

void stream_tls_tell(struct stream *s, stream_tls_step *tell, void *data)
{
	if (!s->tls)
		return;
	s->tls->tell = tell;
	s->tls->tell_data = data;
	SSL_set_info_callback(s->tls->ssl, tell ? on_info : NULL);
}

int stream_secure(struct stream *s, const struct tls *tls)
{
	struct stream_tls *t = calloc(1, sizeof(*t));

	if (!t)
		return -ENOMEM;
	t->socket.fd = s->io.fd;
	ev_idle_init(&t->turn, on_turn);
	ev_set_priority(&t->turn, EV_MAXPRI); /* in the next turn, however busy that is */
	t->ssl = tls_accept(tls, tls_socket_bio(&t->socket));
	if (!t->ssl) {
		free(t);
		return -ENOMEM;
	}
	s->tls = t;
	s->ops = &stream_tls;
	return 0;
}
