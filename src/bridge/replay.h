/* SPDX-License-Identifier: MIT */
/* replay.h - the last messages of a hub, for clients that come late. */
#ifndef BRIDGE_REPLAY_H
#define BRIDGE_REPLAY_H

#include <stdint.h>

#include "packet.h"

/* Packets are put together up to so many bytes: each echo of a key on a terminal is one,
 * and would take twenty times its bytes. */
#define REPLAY_SMALL 1024

/* How much is kept: all zero is nothing. */
struct replay_conf {
	size_t messages; /* the last so many; 0: however many */
	size_t bytes;    /* of their frames, at the most */
};

/* All zero is empty. */
struct replay {
	struct packet_ring packets; /* the first may hold messages too many */
	uint64_t messages;          /* in them */
	size_t bytes;               /* of them */
};

/* P has been said: it is kept, and what is too old goes.  -ENOMEM: nothing is kept, P
 * neither. */
int replay_add(struct replay *r, const struct replay_conf *conf, struct packet *p);

/* Make R hold the last messages to the letter of CONF.  -ENOMEM: it holds fewer. */
int replay_trim(struct replay *r, const struct replay_conf *conf);

void replay_free(struct replay *r);

#endif
