/* SPDX-License-Identifier: MIT */
/* lws.c - what libwebsockets does at its best: echoes messages itself, without a process.
 *
 * usage: lws [CERTIFICATE KEY] */
#include <libwebsockets.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#define BUFFER_SIZE (64 * 1024) /* for what is read at once; its default is 4 KiB */

/* A piece of a message: as much of it as one read gave. */
struct piece {
	STAILQ_ENTRY(piece) next;
	enum lws_write_protocol kind;
	size_t n;
	unsigned char bytes[]; /* LWS_PRE of room, and N bytes */
};

struct session {
	STAILQ_HEAD(, piece) pieces; /* received, and not yet sent back */
};

static int on_receive(struct lws *wsi, struct session *s, const void *p, size_t n)
{
	struct piece *piece = malloc(sizeof(*piece) + LWS_PRE + n);

	if (!piece)
		return -1;
	piece->n = n;
	piece->kind = (enum lws_write_protocol)lws_write_ws_flags(
		lws_frame_is_binary(wsi) ? LWS_WRITE_BINARY : LWS_WRITE_TEXT,
		lws_is_first_fragment(wsi), lws_is_final_fragment(wsi));
	memcpy(piece->bytes + LWS_PRE, p, n);
	STAILQ_INSERT_TAIL(&s->pieces, piece, next);
	lws_callback_on_writable(wsi);
	return 0;
}

/* It wants one write for each time that it says that a client is writable. */
static int on_writable(struct lws *wsi, struct session *s)
{
	struct piece *piece = STAILQ_FIRST(&s->pieces);
	int r;

	if (!piece)
		return 0;
	r = lws_write(wsi, piece->bytes + LWS_PRE, piece->n, piece->kind);
	STAILQ_REMOVE_HEAD(&s->pieces, next);
	free(piece);
	if (!STAILQ_EMPTY(&s->pieces))
		lws_callback_on_writable(wsi);
	return r < 0 ? -1 : 0;
}

static void on_closed(struct session *s)
{
	struct piece *piece;

	while ((piece = STAILQ_FIRST(&s->pieces))) {
		STAILQ_REMOVE_HEAD(&s->pieces, next);
		free(piece);
	}
}

static int on_event(struct lws *wsi, enum lws_callback_reasons reason, void *user,
		    void *in, size_t n)
{
	struct session *s = user;

	switch (reason) {
	case LWS_CALLBACK_ESTABLISHED:
		STAILQ_INIT(&s->pieces);
		return 0;
	case LWS_CALLBACK_RECEIVE:
		return on_receive(wsi, s, in, n);
	case LWS_CALLBACK_SERVER_WRITEABLE:
		return on_writable(wsi, s);
	case LWS_CALLBACK_CLOSED:
		on_closed(s);
		return 0;
	default:
		return 0;
	}
}

static const struct lws_protocols protocols[] = {
	{ .name = "echo",
	  .callback = on_event,
	  .per_session_data_size = sizeof(struct session),
	  .rx_buffer_size = BUFFER_SIZE },
	{ .name = NULL },
};

int main(int argc, char **argv)
{
	struct lws_context_creation_info info = {
		.iface = "127.0.0.1",
		.port = 0,
		.protocols = protocols,
		.pt_serv_buf_size = BUFFER_SIZE,
		.options = LWS_SERVER_OPTION_EXPLICIT_VHOSTS,
		.gid = -1,
		.uid = -1,
	};
	struct lws_context *context;
	struct lws_vhost *vhost;

	if (argc == 3) {
		info.options |= LWS_SERVER_OPTION_DO_SSL_GLOBAL_INIT;
		info.ssl_cert_filepath = argv[1];
		info.ssl_private_key_filepath = argv[2];
	}
	lws_set_log_level(LLL_ERR | LLL_WARN, NULL);
	context = lws_create_context(&info);
	vhost = context ? lws_create_vhost(context, &info) : NULL;
	if (!vhost) {
		fputs("lws: libwebsockets did not start\n", stderr);
		return EXIT_FAILURE;
	}
	printf("listening on 127.0.0.1:%d\n", lws_get_vhost_listen_port(vhost));
	fflush(stdout);
	while (lws_service(context, 0) >= 0)
		continue;
	return EXIT_SUCCESS;
}
