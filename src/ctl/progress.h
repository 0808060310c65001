/* SPDX-License-Identifier: MIT */
/* progress.h - a progress bar on a terminal for a file that is being sent. */
#ifndef CTL_PROGRESS_H
#define CTL_PROGRESS_H

#include <jansson.h>

/* A notification of METHOD: draws on standard error if that is a terminal. */
void progress_draw(const char *method, const json_t *params);

/* Remove the bar: the transfer is over. */
void progress_end(void);

#endif
