/* SPDX-License-Identifier: MIT */
/* The control objects of terminal.wsbridge: what a client and its terminal tell each
 * other beside keys and output. */
#include <errno.h>

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
	int r = 0;

	if (s->terminal && s->hub)
		r = session_send(s, OP_TEXT, text,
				 terminal_write_control(s->hub->terminal, text));
	s->size_waits = r == -ENOBUFS; /* until its queue has room again */
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
