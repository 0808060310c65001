/* SPDX-License-Identifier: MIT */
/* conf_same.h - is what is behind a path the same in two snapshots? */
#ifndef SERVER_CONF_SAME_H
#define SERVER_CONF_SAME_H

#include "conf.h"

/* Are the settings of P (of the snapshot A) that make its source and hub the same as
 * those of Q (of B)?  Settings about who may come and how a client is treated do not
 * count. */
bool conf_same_backend(const struct conf *a, const struct path_conf *p,
		       const struct conf *b, const struct path_conf *q);

#endif
