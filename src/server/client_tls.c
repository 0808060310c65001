/* SPDX-License-Identifier: MIT */
/* A client's TLS, from its beginning to what the handshake has agreed on or why it
 * failed, and the events that tell of it. */
#include "client_impl.h"
#include "event.h"
#include "log.h"

/* The handshake of TLS is over as SEEN, or NULL, by ERROR. */
static void tell_status(const struct client *c, const struct tls_seen *seen,
			const char *error)
{
	static const struct tls_seen nothing;
	const struct tls_seen *s = seen ? seen : &nothing;
	char who[SESSION_WHO];

	event_tell(
		EVENT_SSL_STATUS, client_who(c, who),
		(union log_value[]){ { .text = s->version },
				     { .text = s->cipher },
				     { .number = (unsigned)s->bits },
				     { .flag = s->resumed },
				     { .text = *s->server_name ? s->server_name : NULL },
				     { .text = error } });
}

void client_tls_failed(const struct client *c, const char *error)
{
	if (c->tls && !c->seen && event_wanted(EVENT_SSL_STATUS))
		tell_status(c, NULL, error);
}

static void tell_step(void *data, const char *step)
{
	char who[SESSION_WHO];

	event_tell(EVENT_SSL_STEP, client_who(data, who),
		   &(union log_value){ .text = step });
}

/* The client has shown a certificate. */
static void tell_certificate(const struct client *c, const struct tls_seen *s)
{
	char who[SESSION_WHO];

	event_tell(EVENT_SSL_CLIENT_AUTHENTICATION, client_who(c, who),
		   (union log_value[]){ { .text = s->verify },
					{ .text = s->subject },
					{ .text = s->issuer },
					{ .text = s->fingerprint } });
}

void client_tls_look(struct client *c)
{
	c->seen = stream_tls_seen(&c->stream);
	if (!c->seen)
		return;
	stream_tls_tell(&c->stream, NULL, NULL);
	if (event_wanted(EVENT_SSL_STATUS))
		tell_status(c, c->seen, NULL);
	if (*c->seen->fingerprint && event_wanted(EVENT_SSL_CLIENT_AUTHENTICATION))
		tell_certificate(c, c->seen);
}

void client_tls_refuse(struct client *c, ssize_t error)
{
	char who[SESSION_WHO];

	if (c->seen)
		log_info(client_who(c, who), "TLS: %s",
			 stream_strerror(&c->stream, error));
	client_tls_failed(c, stream_strerror(&c->stream, error));
	stream_unsecure(&c->stream);
	stream_finish(&c->stream);
	c->state = CLIENT_LINGERING;
	c->end = UNANSWERED_TLS;
	client_set_deadline(c, CLIENT_LINGER);
}

void client_begin(struct client *c)
{
	c->state = CLIENT_READING;
	if (!c->tls)
		return;
	c->secure = true;
	if (stream_secure(&c->stream, c->tls) < 0)
		client_drop_for_memory(c);
	else if (event_wanted(EVENT_SSL_STEP))
		stream_tls_tell(&c->stream, tell_step, c);
}
