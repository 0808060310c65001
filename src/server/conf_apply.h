/* SPDX-License-Identifier: MIT */
/* conf_apply.h - fills the structs of a snapshot from the sheet. */
#ifndef SERVER_CONF_APPLY_H
#define SERVER_CONF_APPLY_H

#include "conf_keys.h"
#include "conf_report.h"
#include "conf_sheet.h"

/* A snapshot being made. */
struct conf_load {
	struct conf *conf;
	struct conf_report report;
	int status; /* 0 or -ENOMEM */
};

/* Fill BASE with the settings of SECTION (NULL: it is not there), of CLASS, and with
 * the defaults of all others. */
void conf_apply_whole(struct conf_load *l, enum conf_class class,
		      const struct conf_section *section, void *base);

/* Overwrite in BASE only what SECTION says. */
void conf_apply_over(struct conf_load *l, const struct conf_section *section, void *base);

/* Fill in the defaults that depend on another key (conf_sheet_default()), where
 * nothing is written. */
void conf_apply_dependent(struct conf_load *l, const struct conf_section *section,
			  void *base);

/* Append each section of CLASS, a kind whose sections have names, to its array in the
 * snapshot. */
void conf_apply_named(struct conf_load *l, enum conf_class class);

#endif
