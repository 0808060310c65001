/* SPDX-License-Identifier: MIT */
/* mode_flood.c - one side sends as fast as the other one takes it. */
#include "mode.h"

#include <string.h>

#define UP_SIZE (128 * 1024)     /* at least that much is sent in one write */
#define STREAM_SIZE (512 * 1024) /* more than one read and one period */
#define WARM_UP_NS INT64_C(200000000)

/* --- down: the server floods, each message says what --line says --- */

static void down_prepare(struct load *load)
{
	size_t line_n = strlen(load->options.line);
	size_t period = line_n + 1;

	load->options.size = line_n;
	load->text = load_alloc(STREAM_SIZE + period);
	for (size_t i = 0; i <= STREAM_SIZE; i += period) {
		memcpy(load->text + i, load->options.line, line_n);
		load->text[i + line_n] = '\n';
	}
}

/* A byte stream: c->sent, else unused, counts its bytes. */
static void down_stream(struct load *load, struct conn *c, const unsigned char *p,
			size_t n)
{
	size_t period = load->options.size + 1;
	size_t phase = c->sent % period;

	mode_compare(c, p, load->text + phase, n, phase);
	c->sent += n;
	load->messages += (phase + n) / period;
}

static void down_data(struct conn *c, const unsigned char *p, size_t n)
{
	struct load *load = load_of(c);

	load->bytes += n;
	if (load->options.stream) {
		down_stream(load, c, p, n);
	} else {
		if (c->message_n + n > load->options.size)
			conn_die(c, "message %llu is too long",
				 (unsigned long long)c->received);
		mode_compare(c, p, load->text + c->message_n, n, c->message_n);
	}
	if (load->options.messages > 0 && load->messages >= load->options.messages &&
	    load->phase == PHASE_MEASURING)
		load_stop(load);
}

static void down_message(struct conn *c)
{
	struct load *load = load_of(c);

	if (load->options.stream)
		return;
	if (c->message_n != load->options.size)
		conn_die(c, "message %llu has %zu bytes", (unsigned long long)c->received,
			 c->message_n);
	load->messages++;
}

static void down_begin(struct load *load)
{
	load->messages = load->bytes = 0;
}

/* --- up: the client floods; its end proves that the server has taken everything --- */

static void up_prepare(struct load *load)
{
	size_t size = load->options.size;
	size_t unit = load->target.raw ? size + 1 : wsclient_frame_size(size);
	size_t count = UP_SIZE / unit + 1;
	unsigned char *flood = load_alloc(count * unit);

	load->text = load_alloc(size + 1);
	mode_fill_text(load->text, size);
	load->text[size] = '\n';
	for (size_t i = 0; i < count; i++) {
		if (load->target.raw)
			memcpy(flood + i * unit, load->text, unit);
		else
			wsclient_frame(flood + i * unit, WS_TEXT, load->text, size);
	}
	load->flood = (struct conn_flood){ flood, count * unit, unit };
}

static void up_begin(struct load *load)
{
	for (unsigned i = 0; i < load->options.clients; i++) {
		conn_begin_flood(&load->conns[i], &load->flood);
		conn_flush(&load->conns[i]);
	}
}

static void up_tick(struct load *load)
{
	uint64_t gone = 0;

	if (load->options.messages == 0)
		return;
	for (unsigned i = 0; i < load->options.clients; i++)
		gone += load->conns[i].flood_sent;
	if (gone / load->flood.unit >= load->options.messages)
		load_stop(load);
}

static void up_stop(struct load *load)
{
	for (unsigned i = 0; i < load->options.clients; i++) {
		struct conn *c = &load->conns[i];

		conn_end_flood(c);
		if (load->options.end == END_EOF)
			conn_send_eof(c);
		else
			conn_send_close(c);
		conn_flush(c);
	}
}

static void up_closed(struct conn *c)
{
	struct load *load = load_of(c);

	if (load->phase != PHASE_DRAINING || c->reset ||
	    c->flood_sent % load->flood.unit != 0)
		mode_closed_early(c);
	if (!c->target->raw && load->options.end == END_EOF && c->close_code != 1000)
		mode_closed_early(c);
	load->messages += c->flood_sent / load->flood.unit;
	load->bytes += c->flood_sent / load->flood.unit * load->options.size;
	if (++load->closed == load->options.clients)
		load_finish(load);
}

const struct load_mode mode_down = {
	.name = "down",
	.handler = { mode_opened, down_data, down_message, mode_closed_early },
	.warm_up_ns = WARM_UP_NS,
	.prepare = down_prepare,
	.begin = down_begin,
	.stop = load_finish,
};

const struct load_mode mode_up = {
	.name = "up",
	.handler = { mode_opened, mode_unexpected_data, NULL, up_closed },
	.prepare = up_prepare,
	.begin = up_begin,
	.tick = up_tick,
	.stop = up_stop,
};
