/* SPDX-License-Identifier: MIT */
/* conf_memory.h - the most memory that clients can make the daemon hold, by the
 * settings. */
#ifndef SERVER_CONF_MEMORY_H
#define SERVER_CONF_MEMORY_H

#include "conf_report.h"

/* The worst case in bytes: max_connections sessions of the path where one can hold
 * most, all queues full, max_handshakes requests under way, and the shared programs that
 * have no client.  *RET_PATH is that path, or NULL. */
double conf_memory_most(const struct conf *c, const struct path_conf **ret_path);

/* Warn if that is more than the machine has. */
void conf_memory_check(const struct conf *c, struct conf_report *r);

#endif
