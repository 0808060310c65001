/* SPDX-License-Identifier: MIT */
/* conf_dashboard.h - the path that `dashboard` in [web] makes, without a section. */
#ifndef SERVER_CONF_DASHBOARD_H
#define SERVER_CONF_DASHBOARD_H

#include "conf_apply.h"

/* Fill in conf->dashboard_path, when there is to be one.  Only once the paths are there.
 */
void conf_dashboard_settle(struct conf_load *l);

#endif
