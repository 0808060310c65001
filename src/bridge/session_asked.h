/* SPDX-License-Identifier: MIT */
/* session_asked.h - what a session's client has asked for, kept to be told. */
#ifndef BRIDGE_SESSION_ASKED_H
#define BRIDGE_SESSION_ASKED_H

#include <stdbool.h>

#include "span.h"

enum session_asked {
	ASKED_URI,
	ASKED_HOST,
	ASKED_ORIGIN,
	ASKED_SUBPROTOCOL,
	ASKED_COUNT
};

#define ASKED_MOST 1024 /* bytes of one that are kept */

/* A copy of the ASKED_COUNT texts in one piece, to be freed.  NULL: out of memory. */
char *session_asked_copy(const struct span *texts);

/* WHICH of a COPY (or NULL); "": it was not there. */
const char *session_asked_text(const char *copy, enum session_asked which);

#endif
