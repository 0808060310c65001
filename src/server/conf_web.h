/* SPDX-License-Identifier: MIT */
/* conf_web.h - keeps the pages of [web] and the paths apart. */
#ifndef SERVER_CONF_WEB_H
#define SERVER_CONF_WEB_H

#include "conf_report.h"

/* A page and a path cannot have the same name: if the page's is its default, the path
 * wins and C has no such page; else it is reported. */
void conf_web_settle(struct conf *c, struct conf_report *r);

#endif
