/* SPDX-License-Identifier: MIT */
/* stderr = client: each line of a program's standard error is a message. */
#include <errno.h>

#include "fan.h"
#include "framing_json.h"
#include "hub.h"
#include "session.h"
#include "stderr_client.h"

/* What a byte of it can become: an empty line. */
#define EXPANSION (FRAMING_JSON_STDERR + FRAME_SERVER_HEADER_MAX)

int stderr_client_open(struct stderr_client *c, const struct hub *h, uint64_t *dropped)
{
	const char *charset = h->conf->framing.charset;

	c->dropped = dropped;
	return charset ? charset_open(charset, CHARSET_DECODE, CHARSET_REPLACE,
				      &c->charset)
		       : 0;
}

void stderr_client_free(struct stderr_client *c)
{
	stderr_lines_free(&c->lines);
	charset_free(c->charset);
	c->charset = NULL;
}

size_t stderr_client_room(const struct hub *h)
{
	size_t room = hub_room(h);

	return room > EXPANSION ? room / EXPANSION : room > 0;
}

/* Who writes, and to whom. */
struct writing {
	struct stderr_client *c;
	struct hub *h;
};

/* To all of H; false: its only client is in the middle of a message, and too much waits
 * for the end of that. */
static bool say(struct hub *h, const struct buf *message)
{
	if (h->fan) {
		fan_say(h, buf_head(message), buf_len(message));
		return true;
	}
	return !h->subscriber || session_send(h->subscriber, OP_TEXT, buf_head(message),
					      buf_len(message)) != -ENOBUFS;
}

static int make(struct stderr_client *c, const char *p, size_t n, struct buf *message)
{
	struct span line = { p, n };
	struct buf text = { 0 };
	int r = p ? 0 : -ENOMEM;

	if (r == 0 && c->charset) {
		r = charset_convert(c->charset, p, n, true, &text);
		line = (struct span){ buf_len(&text) > 0 ? buf_head(&text) : "",
				      buf_len(&text) };
	}
	if (r == 0)
		r = framing_json_stderr(message, line);
	buf_free(&text);
	return r;
}

static void one_line(void *data, const char *p, size_t n)
{
	const struct writing *w = data;
	struct buf message = { 0 };

	if (make(w->c, p, n, &message) < 0 || !say(w->h, &message))
		++*w->c->dropped;
	buf_free(&message);
}

void stderr_client_feed(struct stderr_client *c, struct hub *h, const char *p, size_t n)
{
	struct writing w = { c, h };

	stderr_lines_feed(&c->lines, p, n, one_line, &w);
	if (h->fan)
		fan_say_end(h);
}

void stderr_client_end(struct stderr_client *c, struct hub *h)
{
	struct writing w = { c, h };

	stderr_lines_end(&c->lines, one_line, &w);
	if (h->fan)
		fan_say_end(h);
}
