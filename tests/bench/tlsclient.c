/* SPDX-License-Identifier: MIT */
/* tlsclient.c - a TLS client whose reads and writes look like those of its socket. */
#include "tlsclient.h"

#include <errno.h>
#include <openssl/err.h>
#include <stdio.h>
#include <stdlib.h>

struct tlsclient {
	SSL_CTX *ctx;
	SSL_SESSION *session; /* the newest; NULL: none yet, or none wanted */
};

static _Noreturn void fail(void)
{
	fputs("load: TLS:\n", stderr);
	ERR_print_errors_fp(stderr);
	exit(EXIT_FAILURE);
}

static int on_session(SSL *ssl, SSL_SESSION *session)
{
	struct tlsclient *client = SSL_CTX_get_app_data(SSL_get_SSL_CTX(ssl));

	SSL_SESSION_free(client->session);
	client->session = session;
	return 1; /* its reference is ours now */
}

struct tlsclient *tlsclient_new(bool resume)
{
	struct tlsclient *client = calloc(1, sizeof(*client));

	if (!client)
		fail();
	client->ctx = SSL_CTX_new(TLS_client_method());
	if (!client->ctx)
		fail();
	SSL_CTX_set_app_data(client->ctx, client);
	SSL_CTX_set_mode(client->ctx, SSL_MODE_ENABLE_PARTIAL_WRITE |
					      SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
					      SSL_MODE_RELEASE_BUFFERS);
	SSL_CTX_set_options(client->ctx, SSL_OP_IGNORE_UNEXPECTED_EOF);
	SSL_CTX_set_session_cache_mode(client->ctx, SSL_SESS_CACHE_CLIENT |
							    SSL_SESS_CACHE_NO_INTERNAL);
	if (resume)
		SSL_CTX_sess_set_new_cb(client->ctx, on_session);
	return client;
}

void tlsclient_free(struct tlsclient *client)
{
	if (!client)
		return;
	SSL_SESSION_free(client->session);
	SSL_CTX_free(client->ctx);
	free(client);
}

/* A copy: OpenSSL lets a client use a session of TLS 1.3 only once. */
static void offer_session(SSL *ssl, const SSL_SESSION *session)
{
	SSL_SESSION *copy = SSL_SESSION_dup(session);

	if (!copy || !SSL_set_session(ssl, copy))
		fail();
	SSL_SESSION_free(copy);
}

SSL *tlsclient_open(struct tlsclient *client, int fd)
{
	SSL *ssl = SSL_new(client->ctx);

	if (!ssl || !SSL_set_fd(ssl, fd))
		fail();
	SSL_set_connect_state(ssl);
	if (client->session)
		offer_session(ssl, client->session);
	SSL_set_app_data(ssl, client->session); /* only whether there is one */
	return ssl;
}

void tlsclient_close(SSL *ssl)
{
	if (!ssl)
		return;
	/* Else OpenSSL takes the session of a connection that just ended for broken. */
	SSL_set_shutdown(ssl, SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN);
	SSL_free(ssl);
}

/* What a call that got nothing done returns: 0 at the end, else -1 with errno. */
static ssize_t stopped(SSL *ssl, int r)
{
	switch (SSL_get_error(ssl, r)) {
	case SSL_ERROR_WANT_READ:
	case SSL_ERROR_WANT_WRITE:
		errno = EAGAIN;
		return -1;
	case SSL_ERROR_ZERO_RETURN:
		return 0;
	case SSL_ERROR_SSL:
		fail();
	default:
		errno = ECONNRESET;
		return -1;
	}
}

/* One call gives at most one record. */
ssize_t tlsclient_read(SSL *ssl, void *p, size_t n)
{
	size_t got, done = 0;

	ERR_clear_error();
	while (done < n) {
		int r = SSL_read_ex(ssl, (char *)p + done, n - done, &got);

		if (r <= 0 && done == 0)
			return stopped(ssl, r);
		if (r <= 0)
			break;
		done += got;
	}
	return (ssize_t)done;
}

ssize_t tlsclient_write(SSL *ssl, const void *p, size_t n)
{
	size_t sent;
	int r;

	ERR_clear_error();
	r = SSL_write_ex(ssl, p, n, &sent);
	return r > 0 ? (ssize_t)sent : stopped(ssl, r);
}

bool tlsclient_declined(SSL *ssl)
{
	return SSL_get_app_data(ssl) && !SSL_session_reused(ssl);
}
