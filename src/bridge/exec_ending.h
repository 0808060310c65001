/* SPDX-License-Identifier: MIT */
/* exec_ending.h - what clients are told of a program's exit status. */
#ifndef BRIDGE_EXEC_ENDING_H
#define BRIDGE_EXEC_ENDING_H

#include "source_exec.h"

/* STATUS as wait(2) has it. */
void exec_ending(enum exec_code as, int status, struct ending *ret);

#endif
