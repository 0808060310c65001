/* SPDX-License-Identifier: MIT */
/* A configuration without an ini: one command, or the demo. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "addr.h"
#include "instant.h"
#include "num.h"

__asm__(".section .rodata\ndemo_ini:\n.incbin \"demo.ini\"\ndemo_ini_end:\n.previous\n");
extern const char demo_ini[], demo_ini_end[];

static struct conf *usage(const char *text, const char *value, int *ret_status)
{
	fprintf(stderr, "wsbridged: %s: %s\n", value, text);
	*ret_status = EX_USAGE;
	return NULL;
}

struct conf *instant_command(const struct instant_options *o, int *ret_status)
{
	const char *bind = o->bind ? o->bind : "127.0.0.1";
	const char *port = o->port ? o->port : "8765";
	bool brackets = strchr(bind, ':');
	struct addr addr;
	struct conf *conf;
	char text[256];
	char err[NUM_ERR];
	long number;

	if (!addr_inet(bind, 0, &addr))
		return usage("not a numeric address, such as 127.0.0.1 or ::1", bind,
			     ret_status);
	if (*port == '-' || num_int(port, 0, 65535, &number, err) < 0)
		return usage("not a port between 0 and 65535", port, ret_status);
	snprintf(
		text, sizeof(text),
		"[server]\nlisten = %s%s%s:%s\n[web]\nconsole = yes\n[/]\nwrite = %s\nexec = true\n",
		brackets ? "[" : "", bind, brackets ? "]" : "", port,
		!o->view && (o->write || addr_is_local(&addr)) ? "yes" : "no");
	conf = conf_load_text("(command line)", text, stderr, ret_status);
	if (conf && conf_set_command(conf, o->argv) < 0) {
		conf_unref(conf);
		*ret_status = EX_OSERR;
		return NULL;
	}
	return conf;
}

static int write_demo(void)
{
	int fd = open(DEMO_FILE, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
	size_t size = (uintptr_t)demo_ini_end - (uintptr_t)demo_ini;
	ssize_t n;

	if (fd < 0)
		return errno == EEXIST ? 0 : -errno;
	n = write(fd, demo_ini, size);
	if (close(fd) < 0 || n != (ssize_t)size)
		return -EIO;
	return 0;
}

struct conf *instant_demo(int *ret_status)
{
	int r = write_demo();

	if (r < 0) {
		fprintf(stderr, "wsbridged: cannot write %s: %s\n", DEMO_FILE,
			strerror(-r));
		*ret_status = r == -EACCES ? EX_NOPERM : EX_OSERR;
		return NULL;
	}
	return conf_load(DEMO_FILE, stderr, ret_status);
}
