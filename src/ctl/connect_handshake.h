/* SPDX-License-Identifier: MIT */
/* connect_handshake.h - asks for the WebSocket, and reads the answer. */
#ifndef CTL_CONNECT_HANDSHAKE_H
#define CTL_CONNECT_HANDSHAKE_H

#include "buf.h"
#include "connect_options.h"

/*
 * Open the WebSocket of O on W, with the Authorization AUTH (NULL: none), until the time
 * END.  Bytes behind the answer come to RET_GOT.  False: that failed, and the reason has
 * been reported on standard error.
 */
bool connect_handshake(struct wire *w, const struct connect_options *o, const char *auth,
		       double end, struct buf *ret_got);

#endif
