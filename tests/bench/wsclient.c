/* SPDX-License-Identifier: MIT */
/* wsclient.c - a WebSocket client's bytes (RFC 6455): request, frames, parser. */
#include "wsclient.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

/* The key and the answer of RFC 6455 section 1.3: the answer is checked without a SHA-1
 * here. */
static const char sample_key[] = "dGhlIHNhbXBsZSBub25jZQ==";
static const char sample_accept[] = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=";

size_t wsclient_request(char *to, size_t cap, const char *host, const char *path)
{
	int n = snprintf(to, cap,
			 "GET %s HTTP/1.1\r\n"
			 "Host: %s\r\n"
			 "Upgrade: websocket\r\n"
			 "Connection: Upgrade\r\n"
			 "Sec-WebSocket-Version: 13\r\n"
			 "Sec-WebSocket-Key: %s\r\n\r\n",
			 path, host, sample_key);

	return n > 0 && (size_t)n < cap ? (size_t)n : 0;
}

bool wsclient_accepted(const char *head)
{
	static const char field[] = "\r\nSec-WebSocket-Accept:";
	const char *at;

	if (strncmp(head, "HTTP/1.1 101 ", 13) != 0)
		return false;
	at = strcasestr(head, field);
	if (!at)
		return false;
	at += strlen(field);
	at += strspn(at, " \t");
	return strncmp(at, sample_accept, strlen(sample_accept)) == 0;
}

/* Not a secret: it only has to differ from frame to frame as a browser's does. */
static void next_key(unsigned char key[4])
{
	static uint32_t x = 2463534242u;

	x ^= x << 13;
	x ^= x >> 17;
	x ^= x << 5;
	memcpy(key, &x, 4);
}

static void mask(unsigned char *to, const unsigned char *from, size_t n,
		 const unsigned char key[4])
{
	uint64_t word, wide;
	size_t i = 0;

	memcpy(&wide, key, 4);
	memcpy((unsigned char *)&wide + 4, key, 4);
	for (; n - i >= sizeof(word); i += sizeof(word)) {
		memcpy(&word, from + i, sizeof(word));
		word ^= wide;
		memcpy(to + i, &word, sizeof(word));
	}
	for (; i < n; i++)
		to[i] = from[i] ^ key[i & 3];
}

static size_t length_bytes(size_t n)
{
	return n < 126 ? 0 : n <= UINT16_MAX ? 2 : 8;
}

size_t wsclient_frame_size(size_t n)
{
	return 2 + length_bytes(n) + 4 + n;
}

void wsclient_frame(unsigned char *to, enum ws_opcode opcode, const void *payload,
		    size_t n)
{
	size_t extra = length_bytes(n);
	unsigned char *key = to + 2 + extra;

	to[0] = 0x80 | (unsigned char)opcode;
	to[1] = 0x80 | (unsigned char)(extra == 0 ? n : extra == 2 ? 126 : 127);
	for (size_t i = 0; i < extra; i++)
		to[2 + i] = (unsigned char)(n >> 8 * (extra - 1 - i));
	next_key(key);
	mask(key + 4, payload, n, key);
}

static size_t head_size(const unsigned char *head)
{
	unsigned char n = head[1] & 0x7f;

	return 2 + (n < 126 ? 0 : n == 126 ? 2 : 8);
}

/* True when the head is whole. */
static bool take_head(struct wsclient_parser *parser, const unsigned char **p, size_t *n)
{
	while (parser->have < 2 || parser->have < head_size(parser->head)) {
		if (*n == 0)
			return false;
		parser->head[parser->have++] = *(*p)++;
		(*n)--;
	}
	return true;
}

static uint64_t head_length(const unsigned char *head)
{
	size_t size = head_size(head);
	uint64_t n = 0;

	if (size == 2)
		return head[1];
	for (size_t i = 2; i < size; i++)
		n = n << 8 | head[i];
	return n;
}

/* RFC 6455 5.1 (no mask), 5.2 (RSV, minimal length), 5.4 (order), 5.5 (control). */
static bool head_is_legal(const struct wsclient_parser *parser)
{
	unsigned opcode = parser->head[0] & 0x0f;
	bool fin = parser->head[0] & 0x80;
	uint64_t n = head_length(parser->head);

	if (parser->head[0] & 0x70 || parser->head[1] & 0x80)
		return false;
	if (n >> 63 || head_size(parser->head) != 2 + length_bytes(n))
		return false;
	if (opcode >= WS_CLOSE)
		return opcode <= WS_PONG && fin && n <= WSCLIENT_CONTROL_MAX;
	return parser->in_message ? opcode == 0
				  : opcode == WS_TEXT || opcode == WS_BINARY;
}

static void end_frame(struct wsclient_parser *parser)
{
	parser->in_payload = false;
	parser->have = 0;
	parser->control_n = 0;
}

static enum wsclient_event take_control(struct wsclient_parser *parser,
					const unsigned char **p, size_t *n,
					struct wsclient_piece *ret_piece)
{
	size_t take = *n < parser->left ? *n : parser->left;
	unsigned opcode = parser->head[0] & 0x0f;

	memcpy(parser->control + parser->control_n, *p, take);
	parser->control_n += take;
	parser->left -= take;
	*p += take;
	*n -= take;
	if (parser->left > 0)
		return WSCLIENT_MORE;
	*ret_piece = (struct wsclient_piece){ parser->control, parser->control_n, true };
	end_frame(parser);
	return opcode == WS_PING   ? WSCLIENT_PING
	       : opcode == WS_PONG ? WSCLIENT_PONG
				   : WSCLIENT_CLOSE;
}

static enum wsclient_event take_data(struct wsclient_parser *parser,
				     const unsigned char **p, size_t *n,
				     struct wsclient_piece *ret_piece)
{
	size_t take = *n < parser->left ? *n : parser->left;
	bool fin = parser->head[0] & 0x80;

	if (take == 0 && parser->left > 0)
		return WSCLIENT_MORE;
	parser->left -= take;
	*ret_piece = (struct wsclient_piece){ *p, take, fin && parser->left == 0 };
	*p += take;
	*n -= take;
	if (parser->left == 0) {
		parser->in_message = !fin;
		end_frame(parser);
	}
	return WSCLIENT_DATA;
}

enum wsclient_event wsclient_next(struct wsclient_parser *parser, const unsigned char **p,
				  size_t *n, struct wsclient_piece *ret_piece)
{
	if (!parser->in_payload) {
		if (!take_head(parser, p, n))
			return WSCLIENT_MORE;
		if (!head_is_legal(parser))
			return WSCLIENT_BAD;
		parser->left = head_length(parser->head);
		parser->in_payload = true;
	}
	if (parser->head[0] & 0x08)
		return take_control(parser, p, n, ret_piece);
	return take_data(parser, p, n, ret_piece);
}
