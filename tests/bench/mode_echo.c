/* SPDX-License-Identifier: MIT */
/* mode_echo.c - messages go out and must come back: many a connection, or one. */
#include "mode.h"

#include <string.h>

#define ECHO_HEAD 16   /* "0012 0000002a 3c" names client and message */
#define ECHO_SHIFTS 61 /* a prime: the text differs from message to message */

/* --- echo: every reply must be, byte for byte, the next message that was sent --- */

static void echo_prepare(struct load *load)
{
	size_t size = load->options.size;

	load->text = load_alloc(size + ECHO_SHIFTS);
	load->work = load_alloc(size + 1);
	mode_fill_text(load->text, size + ECHO_SHIFTS);
	for (unsigned i = 0; i < load->options.clients; i++)
		load->conns[i].sent_at =
			load_alloc(load->options.inflight * sizeof(int64_t));
}

static void put_hex(char *p, unsigned digits, uint64_t value)
{
	while (digits-- > 0) {
		p[digits] = "0123456789abcdef"[value & 15];
		value >>= 4;
	}
}

static void echo_head(char head[ECHO_HEAD], const struct conn *c, uint64_t number)
{
	put_hex(head, 4, c->id);
	head[4] = ' ';
	put_hex(head + 5, 8, number);
	head[13] = ' ';
	put_hex(head + 14, 2, c->id + number);
}

static const char *echo_text(const struct conn *c, uint64_t number)
{
	return load_of(c)->text + (number + c->id) % ECHO_SHIFTS;
}

static void echo_send(struct conn *c)
{
	struct load *load = load_of(c);
	size_t size = load->options.size;
	char head[ECHO_HEAD];

	memcpy(load->work, echo_text(c, c->sent), size);
	echo_head(head, c, c->sent);
	memcpy(load->work, head, size < ECHO_HEAD ? size : ECHO_HEAD);
	load->work[size] = '\n';
	c->sent_at[c->sent % load->options.inflight] = load_now();
	conn_send(c, load->work, c->target->raw ? size + 1 : size);
	load->sent++;
	load->bytes += size;
}

static void echo_data(struct conn *c, const unsigned char *p, size_t n)
{
	size_t size = load_of(c)->options.size, at = c->message_n;
	size_t head_n = size < ECHO_HEAD ? size : ECHO_HEAD;
	char head[ECHO_HEAD];

	if (at + n > (c->target->raw ? size + 1 : size))
		conn_die(c, "message %llu is longer than %zu",
			 (unsigned long long)c->received, size);
	if (at + n == size + 1)
		mode_compare(c, p + --n, "\n", 1, size);
	if (at < head_n) {
		size_t i = n < head_n - at ? n : head_n - at;

		echo_head(head, c, c->received);
		mode_compare(c, p, head + at, i, at);
		p += i;
		n -= i;
		at += i;
	}
	mode_compare(c, p, echo_text(c, c->received) + at, n, at);
}

static void echo_check_end(const struct conn *c)
{
	size_t size = load_of(c)->options.size;

	if (c->message_n != (c->target->raw ? size + 1 : size))
		conn_die(c, "message %llu has %zu bytes instead of %zu",
			 (unsigned long long)c->received, c->message_n, size);
}

static bool echo_may_send(const struct load *load)
{
	return load->phase == PHASE_MEASURING &&
	       (load->options.messages == 0 || load->sent < load->options.messages);
}

static void echo_message(struct conn *c)
{
	struct load *load = load_of(c);
	int64_t sent_at = c->sent_at[c->received % load->options.inflight];

	echo_check_end(c);
	histogram_add(&load->latency, (uint64_t)(load_now() - sent_at));
	load->messages++;
	if (echo_may_send(load))
		echo_send(c);
	else if (load->messages == load->sent)
		load_finish(load);
}

static void echo_begin(struct load *load)
{
	for (unsigned i = 0; i < load->options.clients; i++) {
		struct conn *c = &load->conns[i];

		for (unsigned k = 0; k < load->options.inflight && echo_may_send(load);
		     k++)
			echo_send(c);
		conn_flush(c);
	}
}

static void echo_stop(struct load *load)
{
	if (load->messages == load->sent)
		load_finish(load);
}

/* --- connect: connect, handshake, one echo, close; N at a time, again and again --- */

static void connect_prepare(struct load *load)
{
	load->options.inflight = 1;
	load->to_open = 0; /* connect_begin() does it */
	echo_prepare(load);
}

/* The next connection in this slot, as long as there shall be one. */
static void connect_again(struct conn *c)
{
	struct load *load = load_of(c);

	if (!echo_may_send(load) ||
	    (load->options.messages > 0 && load->begun >= load->options.messages)) {
		if (load->messages == load->begun)
			load_finish(load);
		return;
	}
	load->begun++;
	c->opened_at = load_now();
	conn_open(c, c->target);
}

static void connect_begin(struct load *load)
{
	for (unsigned i = 0; i < load->options.clients; i++) {
		load->conns[i].target = &load->target;
		connect_again(&load->conns[i]);
	}
}

static void connect_opened(struct conn *c)
{
	mode_opened(c);
	echo_send(c);
}

static void connect_message(struct conn *c)
{
	echo_check_end(c);
	conn_send_close(c);
}

static void connect_closed(struct conn *c)
{
	struct load *load = load_of(c);

	if (c->received != 1 || c->reset || (!c->target->raw && c->close_code == 1006))
		mode_closed_early(c);
	histogram_add(&load->latency, (uint64_t)(load_now() - c->opened_at));
	load->messages++;
	connect_again(c);
}

static void connect_stop(struct load *load)
{
	if (load->messages == load->begun)
		load_finish(load);
}

const struct load_mode mode_echo = {
	.name = "echo",
	.handler = { mode_opened, echo_data, echo_message, mode_closed_early },
	.cuts_raw = true,
	.prepare = echo_prepare,
	.begin = echo_begin,
	.stop = echo_stop,
};

const struct load_mode mode_connect = {
	.name = "connect",
	.handler = { connect_opened, echo_data, connect_message, connect_closed },
	.cuts_raw = true,
	.prepare = connect_prepare,
	.begin = connect_begin,
	.stop = connect_stop,
};
