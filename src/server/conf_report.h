/* SPDX-License-Identifier: MIT */
/*
 * conf_report.h - what is wrong with a configuration, one line each: `FILE:LINE: error:
 * ...`.
 *
 * The lines are collected and written at the end in the order in which one reads: the
 * main file, the drop-ins by name, each from top to bottom.
 */
#ifndef SERVER_CONF_REPORT_H
#define SERVER_CONF_REPORT_H

#include <stdbool.h>
#include <stdio.h>

#include "conf.h"

struct conf_report {
	const char *main; /* name of the main file */
	unsigned errors;  /* said so far, without the warnings */
	struct conf_remark *remarks;
	size_t n;
	bool lost; /* there was no memory to keep something */
};

/* Say something about the place AT; line 0 is left out.  Control bytes are made
 * printable. */
void conf_error(struct conf_report *r, struct conf_origin at, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
void conf_warning(struct conf_report *r, struct conf_origin at, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* Forget what was said. */
void conf_report_clear(struct conf_report *r);

/* Write what was said to ERR and forget it, but for the number of errors. */
void conf_report_write(struct conf_report *r, FILE *err);

#endif
