/* SPDX-License-Identifier: MIT */
/* session_inject_impl.h - what the files about other messages than the backend's share.
 */
#ifndef BRIDGE_SESSION_INJECT_IMPL_H
#define BRIDGE_SESSION_INJECT_IMPL_H

#include <sys/queue.h>

#include "outq.h"
#include "session_inject.h"

/* One that waits: a message, or a file. */
struct injected {
	STAILQ_ENTRY(injected) link;
	struct session_file *file; /* NULL: a message */
	enum opcode opcode;
	size_t n;
	char data[];
};

STAILQ_HEAD(injected_list, injected);

struct inject {
	struct injected_list waiting;
	size_t bytes;              /* of the messages in it, with what each costs */
	struct session_file *file; /* that is sent; NULL: none is */
	struct outq after;         /* frames behind it: the backend's, and messages */
	struct ending *ending;     /* of what the backend says, behind all of it */
};

/* What waits may go: no message is under way. */
void inject_next(struct session *s);

/* The file that is sent is over; what is behind it goes on. */
void inject_file_over(struct session *s, int error);

/* F, which is not sent any more, is its owner's again. */
void inject_give_back(struct session_file *f, int error);

#endif
