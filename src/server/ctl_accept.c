/* SPDX-License-Identifier: MIT */
/* Who comes to the control socket, and may stay. */
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "ctl_impl.h"
#include "ctl_peer.h"
#include "log.h"
#include "rpc.h"

#define MOST 8 /* clients at the same time */

/* Say why and hang up: what a fresh socket always takes. */
static void refuse(int fd, enum call_error code, const char *why)
{
	json_t *id = json_null();
	char *text = rpc_error(id, code, why, NULL);

	if (text && send(fd, text, strlen(text), MSG_NOSIGNAL) < 0)
		log_debug("", "control: %m");
	free(text);
	close(fd);
}

void ctl_accepted(void *data, int fd, const struct addr *peer,
		  const struct listener_conf *at)
{
	struct server *s = data;
	struct ctl_client *c;
	char who[CTL_WHO];

	(void)peer;
	if (!ctl_peer_allowed(fd, at->at.un.sun_path, s->routes->conf->control.mode,
			      who)) {
		log_warning("", "control: %s is refused", who);
		close(fd);
		return;
	}
	if (s->ncontrol_clients >= MOST) {
		log_info("", "control: %s is refused: there are %d clients", who, MOST);
		refuse(fd, CALL_TOO_MANY,
		       "8 control clients are connected; end one and try again");
		return;
	}
	c = calloc(1, sizeof(*c));
	if (!c) {
		close(fd);
		return;
	}
	c->caller = (struct caller){ .server = s, .rights = RIGHTS_ALL, .fd = -1 };
	memcpy(c->caller.who, who, sizeof(who));
	LIST_INSERT_HEAD(&s->control_clients, c, link);
	s->ncontrol_clients++;
	log_debug("", "control: %s has come", who);
	ctl_begin(c, fd);
}
