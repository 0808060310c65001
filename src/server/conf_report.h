/* SPDX-License-Identifier: MIT */
/* conf_report.h - what is wrong with a configuration, one line each: `FILE:LINE: error: ...`. */
#ifndef SERVER_CONF_REPORT_H
#define SERVER_CONF_REPORT_H

#include <stdio.h>

#include "conf.h"

struct conf_report {
	FILE *err;
	unsigned errors; /* written so far, without the warnings */
};

/* Write one line.  Control bytes in it are made printable; line 0 is left out. */
void conf_error(struct conf_report *r, struct conf_origin at, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
void conf_warning(struct conf_report *r, struct conf_origin at, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

#endif
