/* SPDX-License-Identifier: MIT */
/* hub_json_impl.h - what the files of hub_json.h tell each other. */
#ifndef BRIDGE_HUB_JSON_IMPL_H
#define BRIDGE_HUB_JSON_IMPL_H

#include "framing_json.h"
#include "hub_json.h"

/* A client that the program knows. */
struct json_peer {
	uint64_t id;
	struct session *session;
	uint64_t order;  /* the last one that was, or was not to be, carried out on it */
	struct buf open; /* its line, for a program that starts again; else empty */
};

/* Whom the messages are for that are in the bridge's batch. */
struct json_group {
	unsigned orders; /* that they come from; 0: nothing is there */
	bool all;
	size_t to_n, except_n;
	char ids[128]; /* texts as in an order, one behind the other */
};

struct hub_json {
	const struct hub_conf *conf;
	struct framing_json_lines lines;
	struct json_peer *peers; /* in the order of their ids */
	size_t n, cap;
	uint64_t order; /* the number of the one that is carried out */
	struct json_group group;
};

/* The client ID, or NULL; until a client comes or goes. */
struct json_peer *hub_json_find(const struct hub_json *j, uint64_t id);

#endif
