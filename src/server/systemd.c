/* SPDX-License-Identifier: MIT */
/* What a service manager is told (sd_notify(3)): ready, reloading, stopping, and that the
 * loop still turns. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "sys.h"
#include "systemd.h"

#define STATE_TEXT 4200

__attribute__((format(printf, 1, 2))) static void tell(const char *fmt, ...)
{
	char state[STATE_TEXT];
	va_list args;

	va_start(args, fmt);
	vsnprintf(state, sizeof(state), fmt, args);
	va_end(args);
	sys_notify(state);
}

/* ---- the watchdog ---- */

static void on_watchdog(EV_P_ ev_timer *w, int revents)
{
	(void)loop;
	(void)w;
	(void)revents;
	sys_notify("WATCHDOG=1");
}

/* Seconds within which it wants to hear of us; 0: it does not. */
static double watchdog_interval(void)
{
	long usec = sys_env_number("WATCHDOG_USEC");

	if (getenv("WATCHDOG_PID") && sys_env_number("WATCHDOG_PID") != (long)getpid())
		return 0; /* it is meant for who has started us */
	return usec > 0 ? (double)usec / 1e6 : 0;
}

void systemd_init(struct server *s)
{
	double interval = watchdog_interval();

	ev_timer_init(&s->watchdog, on_watchdog, 0, interval / 2);
	if (interval > 0)
		ev_timer_start(s->loop, &s->watchdog);
}

void systemd_end(struct server *s)
{
	ev_timer_stop(s->loop, &s->watchdog);
}

/* ---- states ---- */

void systemd_ready(const char *where)
{
	if (*where)
		tell("READY=1\nSTATUS=listening on %s", where);
	else
		tell("READY=1\nSTATUS=not listening, as told by a control command");
}

void systemd_reloading(void)
{
	tell("RELOADING=1\nMONOTONIC_USEC=%.0f", sys_now() * 1e6);
}

void systemd_reload_failed(void)
{
	tell("READY=1\nSTATUS=reload failed, the old configuration stays; see the log");
}

void systemd_stopping(unsigned sessions, double seconds)
{
	tell("STOPPING=1\nSTATUS=stopping: %u sessions\nEXTEND_TIMEOUT_USEC=%.0f",
	     sessions, seconds * 1e6);
}
