/* SPDX-License-Identifier: MIT */
/*
 * The socket under TLS, read ahead: a record costs OpenSSL two reads, and many records
 * that have come together one read(2).
 *
 * OpenSSL could read ahead itself, but then works on all that it has, however long that
 * takes: 16 KiB can be 600 requests for new keys (RFC 8446 4.6.3), which are 10 ms.
 */
#include <errno.h>
#include <openssl/bio.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tls_socket.h"

#define AHEAD (32 * 1024) /* two records, and more of the small ones */

static bool is_later(int error)
{
	return error == EAGAIN || error == EINTR;
}

/* As read(2). */
static ssize_t fill(struct tls_socket *s)
{
	static char come[AHEAD]; /* for the one call that runs */
	ssize_t n = read(s->fd, come, sizeof(come));

	s->ended = n == 0;
	if (n > 0 && buf_append(&s->ahead, come, (size_t)n, SIZE_MAX) < 0) {
		errno = ENOMEM;
		return -1;
	}
	return n;
}

static int on_read(BIO *bio, char *out, int most)
{
	struct tls_socket *s = BIO_get_data(bio);
	size_t n = (size_t)most;
	ssize_t r = 1;

	BIO_clear_retry_flags(bio);
	if (s->reads_left == 0) {
		BIO_set_retry_read(bio);
		return -1;
	}
	s->reads_left--;
	if (buf_len(&s->ahead) == 0)
		r = fill(s);
	if (r < 0 && is_later(errno))
		BIO_set_retry_read(bio);
	if (r <= 0)
		return (int)r;
	if (n > buf_len(&s->ahead))
		n = buf_len(&s->ahead);
	memcpy(out, buf_head(&s->ahead), n);
	buf_consume(&s->ahead, n);
	return (int)n;
}

static int on_write(BIO *bio, const char *p, int n)
{
	const struct tls_socket *s = BIO_get_data(bio);
	ssize_t r = send(s->fd, p, (size_t)n, MSG_NOSIGNAL | (s->last ? MSG_MORE : 0));

	BIO_clear_retry_flags(bio);
	if (r < 0 && is_later(errno))
		BIO_set_retry_write(bio);
	return (int)r;
}

static long on_control(BIO *bio, int what, long n, void *p)
{
	const struct tls_socket *s = BIO_get_data(bio);

	(void)n;
	switch (what) {
	case BIO_CTRL_FLUSH:
		return 1;
	case BIO_CTRL_EOF:
		return s->ended;
	case BIO_C_GET_FD: /* P may be NULL */
		if (p)
			*(int *)p = s->fd;
		return s->fd;
	default:
		return 0;
	}
}

/* NULL: out of memory. */
static BIO_METHOD *make_method(void)
{
	int type = BIO_get_new_index() | BIO_TYPE_SOURCE_SINK | BIO_TYPE_DESCRIPTOR;
	BIO_METHOD *m = BIO_meth_new(type, "socket, read ahead");

	if (m && BIO_meth_set_read(m, on_read) && BIO_meth_set_write(m, on_write) &&
	    BIO_meth_set_ctrl(m, on_control))
		return m;
	BIO_meth_free(m);
	return NULL;
}

BIO *tls_socket_bio(struct tls_socket *s)
{
	static BIO_METHOD *method;
	BIO *bio;

	if (!method)
		method = make_method();
	bio = method ? BIO_new(method) : NULL;
	if (!bio)
		return NULL;
	BIO_set_data(bio, s);
	BIO_set_init(bio, 1);
	return bio;
}
