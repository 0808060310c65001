/* SPDX-License-Identifier: MIT */
/* What the kernel made of a listener's backlog and buffers, in the log. */
#include <stdlib.h>

#include "listen_report.h"
#include "log.h"

/* The number in /proc/sys/NAME; 0: it cannot be read. */
static unsigned long limit(const char *name)
{
	char path[64];
	unsigned long value = 0;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/sys/%s", name);
	f = fopen(path, "re");
	if (!f)
		return 0;
	if (fscanf(f, "%lu", &value) != 1) /* NOLINT(cert-err34-c): the kernel's own */
		value = 0;
	fclose(f);
	return value;
}

/* A socket that systemd opened is as its unit says. */
static void report_passed(const struct conf *conf, const char *where)
{
	static const struct {
		const char *key, *unit;
	} keys[] = { { "backlog", "Backlog=" },
		     { "receive_buffer", "ReceiveBuffer=" },
		     { "send_buffer", "SendBuffer=" },
		     { "exclusive", "ReusePort=" } };

	for (size_t i = 0; i < sizeof(keys) / sizeof(*keys); i++)
		if (conf_where(conf, NULL, keys[i].key).file)
			log_warning("",
				    "%s: %s is not used, the socket is systemd's: "
				    "%s of its unit decides",
				    where, keys[i].key, keys[i].unit);
}

static void report_backlog(const struct conf *conf, const char *where)
{
	unsigned long most = limit("net/core/somaxconn");

	if (most > 0 && (unsigned long)conf->backlog > most)
		log_warning("",
			    "%s: backlog = %d is more than the kernel takes: %lu "
			    "(net.core.somaxconn)",
			    where, conf->backlog, most);
}

/* KEY = ASKED made GOT bytes, twice what was taken (socket(7)). */
static void report_buffer(const char *where, const char *key, size_t asked, size_t got,
			  const char *sysctl)
{
	if (asked == 0)
		return;
	if (got / 2 < asked)
		log_warning(
			"",
			"%s: %s = %zu is more than the kernel takes: %zu (net.core.%s)",
			where, key, asked, got / 2, sysctl);
	else
		log_info("", "%s: %s = %zu, for which the kernel reserves %zu bytes",
			 where, key, asked, got);
}

void listen_report(const struct conf *conf, const struct listen_place *place,
		   const struct listener *l)
{
	char where[ADDR_TEXT];
	size_t receive, send;

	addr_text(listener_addr(l), where);
	if (place->passed) {
		report_passed(conf, where);
		return;
	}
	report_backlog(conf, where);
	listener_buffers(l, &receive, &send);
	report_buffer(where, "receive_buffer", conf->receive_buffer, receive, "rmem_max");
	report_buffer(where, "send_buffer", conf->send_buffer, send, "wmem_max");
}
