/* SPDX-License-Identifier: MIT */
/* What systemd has passed, held against the entries that name it. */
#include <string.h>

#include "listen_passed.h"
#include "log.h"

static void tell_not_passed(FILE *f, const struct listen_conf *conf,
			    const struct passed *passed)
{
	char names[256], why[512] = "systemd has passed no socket; start the socket unit";

	if (passed->n > 0)
		snprintf(why, sizeof(why),
			 "systemd has passed no socket of this name "
			 "(FileDescriptorName=), but %s",
			 passed_names(passed, names, sizeof(names)));
	listen_tell_failure(f, conf, why);
}

bool listen_passed_check(FILE *f, const struct listen_conf *conf,
			 const struct passed *passed)
{
	char why[128];
	struct addr at;

	if (!passed_has(passed, conf->systemd)) {
		tell_not_passed(f, conf, passed);
		return false;
	}
	for (size_t i = 0; i < passed->n; i++) {
		const struct passed_socket *p = &passed->sockets[i];

		if (strcmp(p->name, conf->systemd) != 0 || passed_listens(p->fd, &at))
			continue;
		snprintf(why, sizeof(why),
			 "descriptor %d is no listening stream socket "
			 "(ListenStream= with Accept=no)",
			 p->fd);
		listen_tell_failure(f, conf, why);
		return false;
	}
	return true;
}

void listen_passed_warn(const struct server *s)
{
	for (size_t i = 0; i < s->passed.n; i++) {
		const struct passed_socket *p = &s->passed.sockets[i];
		bool used = false;

		for (size_t j = 0; j < s->nlisteners; j++)
			used = used || s->places[j].passed == p->fd;
		if (!used)
			log_warning("",
				    "systemd has passed socket '%s' (descriptor %d), but "
				    "there is no listen = systemd:%s",
				    p->name, p->fd, p->name);
	}
}
