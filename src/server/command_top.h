/* SPDX-License-Identifier: MIT */
/* command_top.h - the clients that stand out: list with its parameter sort. */
#ifndef SERVER_COMMAND_TOP_H
#define SERVER_COMMAND_TOP_H

#include "command.h"

/* As command_list(), command_list_row() and command_list_end(). */
void command_top(struct call *c);
json_t *command_top_row(struct call *c, bool *ret_later);
void command_top_end(struct call *c);

#endif
