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

	s->size_waits = false;
	if (s->terminal && s->hub) /* a client that has no room for it learns it later */
		(void)session_send(s, OP_TEXT, text,
				   terminal_write_control(s->hub->terminal, text));
}

void session_tell_size_in_time(struct session *s)
{
	if (!s->late.act && turn_has_time(&s->bridge->turn)) {
		session_tell_size(s);
	} else if (s->terminal) {
		s->size_waits = true;
		session_share_wait(s);
	}
}
