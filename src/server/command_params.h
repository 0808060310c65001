/* SPDX-License-Identifier: MIT */
/* command_params.h - are a call's parameters those of its command's row? */
#ifndef SERVER_COMMAND_PARAMS_H
#define SERVER_COMMAND_PARAMS_H

#include "command.h"

/* Make an object of C's parameters and check each against the row of its command.  False:
 * C has failed. */
bool command_params_check(struct call *c);

#endif
