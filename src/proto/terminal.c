/* SPDX-License-Identifier: MIT */
/* The size of a terminal, in the texts that carry it. */
#include <stdio.h>
#include <string.h>

#include "terminal.h"

/* A decimal number from 1 to TERMINAL_MOST, taken off the front of IN. */
static bool take_number(struct span *in, unsigned short *ret)
{
	unsigned value = 0;
	size_t n = 0;

	while (n < in->n && in->p[n] >= '0' && in->p[n] <= '9' && value <= TERMINAL_MOST)
		value = value * 10 + (unsigned)(in->p[n++] - '0');
	if (n == 0 || in->p[0] == '0' || value > TERMINAL_MOST)
		return false;
	span_skip(in, n);
	*ret = (unsigned short)value;
	return true;
}

/* ---- control objects ---- */

/* What JSON lets stand between its tokens (RFC 8259 2). */
static void skip_blanks(struct span *in)
{
	while (in->n > 0 && memchr(" \t\r\n", *in->p, 4))
		span_skip(in, 1);
}

static bool take_token(struct span *in, struct span token)
{
	skip_blanks(in);
	return span_take(in, token);
}

/* "rows": 24, or "cols", each once. */
static bool take_member(struct span *in, struct terminal_size *size)
{
	unsigned short *field;

	if (take_token(in, SPAN("\"rows\"")))
		field = &size->rows;
	else if (take_token(in, SPAN("\"cols\"")))
		field = &size->cols;
	else
		return false;
	if (*field != 0 || !take_token(in, SPAN(":")))
		return false;
	skip_blanks(in);
	return take_number(in, field);
}

bool terminal_read_control(const char *p, size_t n, struct terminal_size *ret,
			   const char **ret_reason)
{
	struct terminal_size size = { 0, 0 };
	struct span in = { p, n };
	bool ok = take_token(&in, SPAN("{")) && take_member(&in, &size) &&
		  take_token(&in, SPAN(",")) && take_member(&in, &size) &&
		  take_token(&in, SPAN("}"));

	skip_blanks(&in);
	if (!ok || in.n > 0) {
		*ret_reason = TERMINAL_SUBPROTOCOL
			": a text message is {\"rows\":R,\"cols\":C}, each 1 to 1000";
		return false;
	}
	*ret = size;
	return true;
}

size_t terminal_write_control(struct terminal_size size, char *out)
{
	return (size_t)snprintf(out, TERMINAL_CONTROL, "{\"rows\":%u,\"cols\":%u}",
				size.rows, size.cols);
}

/* ---- URLs and settings ---- */

static bool read_parameter(struct span part, struct terminal_size *size)
{
	unsigned short *field;

	if (span_take(&part, SPAN("rows=")))
		field = &size->rows;
	else if (span_take(&part, SPAN("cols=")))
		field = &size->cols;
	else
		return true; /* the program's own */
	return take_number(&part, field) && part.n == 0;
}

bool terminal_read_query(struct span query, struct terminal_size *size)
{
	while (query.n > 0)
		if (!read_parameter(span_cut(&query, '&'), size))
			return false;
	return true;
}

bool terminal_read_size(const char *text, struct terminal_size *ret)
{
	struct span in = { text, strlen(text) };
	struct terminal_size size;

	if (!take_number(&in, &size.rows) || !span_take(&in, SPAN("x")) ||
	    !take_number(&in, &size.cols) || in.n > 0)
		return false;
	*ret = size;
	return true;
}
