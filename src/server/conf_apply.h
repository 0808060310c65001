/* SPDX-License-Identifier: MIT */
/* conf_apply.h - gives the structs of a snapshot what the sheet says. */
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

/* The settings of SECTION (NULL: there is none such) of CLASS, and the defaults of all
 * others. */
void conf_apply_whole(struct conf_load *l, enum conf_class class,
		      const struct conf_section *section, void *base);

/* Only what SECTION says, over what BASE has. */
void conf_apply_over(struct conf_load *l, const struct conf_section *section, void *base);

/* The defaults that hang on another key (conf_sheet_default()), where nothing is
 * written. */
void conf_apply_dependent(struct conf_load *l, const struct conf_section *section,
			  void *base);

/* Every section of CLASS, which have names of their own, to its array in the snapshot. */
void conf_apply_named(struct conf_load *l, enum conf_class class);

#endif
