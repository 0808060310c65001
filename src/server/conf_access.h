/* SPDX-License-Identifier: MIT */
/* conf_access.h - the settings about who may connect go together. */
#ifndef SERVER_CONF_ACCESS_H
#define SERVER_CONF_ACCESS_H

#include "conf_report.h"

/* Report what cannot be meant: a listener for proxies without a proxy that is trusted. */
void conf_access_settle(const struct conf *c, struct conf_report *r);

#endif
