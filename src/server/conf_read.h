/* SPDX-License-Identifier: MIT */
/* conf_read.h - ini files -> the sheet of what was written. */
#ifndef SERVER_CONF_READ_H
#define SERVER_CONF_READ_H

#include <stddef.h>

#include "conf_report.h"
#include "conf_sheet.h"

/*
 * Write the N bytes of TEXT, called FILE in messages (which lives as long as the sheet),
 * to SHEET.  What is wrong goes to REPORT: syntax, unknown sections and keys, what stands
 * there twice.  0 or -ENOMEM.
 */
int conf_read_text(struct conf_sheet *sheet, struct conf_report *report, const char *file,
		   const char *text, size_t n);

/*
 * The same from the file FILE and then its drop-ins: X.d/ *.ini for X.ini or X, in C
 * order, without dotfiles (nor *~, which does not end in .ini).  0, or -errno: nothing
 * could be read of FILE, which is not reported; a drop-in that cannot be read is an error
 * in REPORT.
 */
int conf_read_files(struct conf_sheet *sheet, struct conf_report *report,
		    const char *file);

#endif
