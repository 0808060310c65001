/* SPDX-License-Identifier: MIT */
/* wsbridgectl connect: a WebSocket on standard input and output. */
#include <signal.h>
#include <string.h>
#include <sysexits.h>

#include "connect.h"
#include "connect_auth.h"
#include "connect_handshake.h"
#include "connect_options.h"
#include "log.h"
#include "relay.h"
#include "sys.h"
#include "ws.h"

#define FIRST_STATUS 4000 /* close codes from here on are exit statuses */

/* RFC 6455 7.4.1 and IANA's registry, in words. */
static const struct {
	unsigned code;
	const char *words;
} meanings[] = {
	{ CLOSE_NORMAL, "normal closure" },
	{ CLOSE_GOING_AWAY, "going away" },
	{ CLOSE_PROTOCOL_ERROR, "protocol error" },
	{ CLOSE_UNSUPPORTED, "unsupported data" },
	{ CLOSE_NO_STATUS, "no code" },
	{ CLOSE_INVALID_DATA, "invalid data" },
	{ CLOSE_POLICY, "policy violation" },
	{ CLOSE_TOO_BIG, "message too big" },
	{ CLOSE_SERVER_ERROR, "server error" },
	{ CLOSE_RESTART, "service restart" },
	{ CLOSE_TRY_LATER, "try again later" },
};

static const char *meaning_of(unsigned code)
{
	for (size_t i = 0; i < sizeof(meanings) / sizeof(*meanings); i++)
		if (meanings[i].code == code)
			return meanings[i].words;
	return "";
}

static void tell_close(const struct relay_close *c)
{
	const char *words = *c->reason ? c->reason : meaning_of(c->code);
	char printable[512];

	log_printable(printable, sizeof(printable), words, strlen(words));
	fprintf(stderr, "closed: %u%s%s\n", c->code, *words ? " " : "", printable);
}

static int status_of(unsigned code)
{
	switch (code) {
	case CLOSE_NORMAL:
	case CLOSE_GOING_AWAY:
	case CLOSE_NO_STATUS:
		return EX_OK;
	case FIRST_STATUS ... FIRST_STATUS + 255:
		return (int)code - FIRST_STATUS;
	default:
		return 1;
	}
}

/* On the open W. */
static int relay(struct wire *w, const struct connect_options *o, struct buf *got)
{
	struct relay_close c;

	relay_run(w, got, &o->relay, &c);
	if (c.code != CLOSE_ABNORMAL && !o->quiet)
		tell_close(&c);
	return status_of(c.code);
}

static int open_and_relay(const struct connect_options *o, const char *auth)
{
	double end = sys_now() + o->timeout;
	struct buf got = { 0 };
	struct wire w;
	int status = EX_UNAVAILABLE;

	if (wire_open(&w, &o->url, &o->tls, end))
		status = connect_handshake(&w, o, auth, end, &got) ? relay(&w, o, &got)
								   : 1;
	buf_free(&got);
	wire_close(&w);
	return status;
}

int connect_run(int argc, char **argv)
{
	struct connect_options o;
	char *auth = NULL;
	int status;

	(void)sys_fill_stdio();
	signal(SIGPIPE, SIG_IGN);
	if (connect_options_parse(argc, argv, &o, &status)) {
		status = EX_USAGE;
		if (connect_auth(&o, &auth))
			status = open_and_relay(&o, auth);
	}
	connect_auth_free(auth);
	connect_options_free(&o);
	return status;
}
