/* SPDX-License-Identifier: MIT */
/* conf_web.h - the pages of [web] stand apart from the paths. */
#ifndef SERVER_CONF_WEB_H
#define SERVER_CONF_WEB_H

#include "conf_report.h"

/* A page and a path cannot be one: where the page is the default one the path wins and C
 * has none, else report it. */
void conf_web_settle(struct conf *c, struct conf_report *r);

#endif
