/* SPDX-License-Identifier: MIT */
/* progress.h - a bar on a terminal that tells how far a file is. */
#ifndef CTL_PROGRESS_H
#define CTL_PROGRESS_H

#include <jansson.h>

/* A notification of METHOD: draws on standard error if that is a terminal. */
void progress_draw(const char *method, const json_t *params);

/* It is over: the line is free. */
void progress_end(void);

#endif
