/* SPDX-License-Identifier: MIT */
/* The settings about who may connect go together. */
#include "conf_access.h"

void conf_access_settle(const struct conf *c, struct conf_report *r)
{
	for (size_t i = 0; i < c->nlisten; i++) {
		const struct listen_conf *l = &c->listen[i];

		if (l->proxy && c->trusted_proxy.n == 0)
			conf_error(r, (struct conf_origin){ l->file, l->line },
				   "listen: nobody could connect to %s with the word "
				   "proxy: add trusted_proxy = ADDRESS, the proxy's, in "
				   "[server]",
				   l->text);
	}
}
