/* SPDX-License-Identifier: MIT */
/* The control objects of terminal.wsbridge: what a client and its terminal tell each
 * other beside keys and output. */
#include "session_impl.h"
#include "terminal.h"

const char *session_control(struct session *s, const char *p, size_t n)
{
	struct terminal_size size;
	const char *wrong;

	if (!terminal_read_control(p, n, &size, &wrong))
		return wrong;
	hub_resize(s->hub, size);
	return NULL;
}

void session_tell_size(struct session *s)
{
	char text[TERMINAL_CONTROL];

	if (s->terminal && s->hub) /* a client that has no room for it learns it later */
		(void)session_send(s, OP_TEXT, text,
				   terminal_write_control(s->hub->terminal, text));
}
