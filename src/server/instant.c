/* SPDX-License-Identifier: MIT */
/* A configuration without an ini: one command, or the demo. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "addr.h"
#include "ini_command.h"
#include "instant.h"
#include "num.h"

#define TEXT 256 /* room for the ini of a command */

__asm__(".section .rodata\ndemo_ini:\n.incbin \"demo.ini\"\ndemo_ini_end:\n.previous\n");
extern const char demo_ini[], demo_ini_end[];

static int usage(const char *text, const char *value)
{
	fprintf(stderr, "wsbridged: %s: %s\n", value, text);
	return EX_USAGE;
}

/* Does every certificate of ours name the address BIND, or does it stand for all? */
static bool is_named(const char *bind)
{
	static const char *const named[] = { "127.0.0.1", "::1", "0.0.0.0", "::" };

	for (size_t i = 0; i < sizeof(named) / sizeof(*named); i++)
		if (strcmp(bind, named[i]) == 0)
			return true;
	return false;
}

/* BIND: where it will listen, NULL: as usual. */
static int make_certificate(struct conf *conf, const char *bind)
{
	struct tls_error err;

	conf->tls.context = tls_new_self_signed(
		&conf->tls.conf, bind && !is_named(bind) ? bind : NULL, &err);
	if (conf->tls.context)
		return 0;
	fprintf(stderr, "wsbridged: %s\n", err.text);
	return -EIO;
}

/* The ini of O but for its command, which an ini's line cannot always hold.  0 or the
 * exit code. */
static int make_text(const struct instant_options *o, char *out, size_t cap)
{
	const char *bind = o->bind ? o->bind : "127.0.0.1";
	const char *port = o->port ? o->port : "8765";
	bool brackets = strchr(bind, ':');
	struct addr addr;
	char err[NUM_ERR];
	long number;

	if (!addr_inet(bind, 0, &addr))
		return usage("not a numeric address, such as 127.0.0.1 or ::1", bind);
	if (*port == '-' || num_int(port, 0, 65535, &number, err) < 0)
		return usage("not a port between 0 and 65535", port);
	snprintf(
		out, cap,
		"[server]\nlisten = %s%s%s:%s%s\n\n[web]\nconsole = yes\nterminal = yes\n"
		"%s\n[/]\nwrite = %s\n%s",
		brackets ? "[" : "", bind, brackets ? "]" : "", port,
		o->tls ? " tls" : "",
		addr_is_local(&addr) ? "dashboard = view\n" : "allow = all\n",
		!o->view && (o->write || addr_is_local(&addr)) ? "yes" : "no",
		o->pty ? "pty = 24x80\n" : "");
	return 0;
}

int instant_print(const struct instant_options *o, FILE *out)
{
	char text[TEXT];
	int status = make_text(o, text, sizeof(text));

	if (status == 0 && o->tls)
		status = usage("its certificate is made for one run; a file has one in "
			       "[tls]",
			       "--tls");
	for (char *const *word = o->argv; status == 0 && *word; word++)
		if (strpbrk(*word, "\r\n"))
			status = usage("a line end cannot stand in a file; make the "
				       "command a script",
				       *o->argv);
	if (status)
		return status;
	fputs(text, out);
	ini_put_command(out, o->argv);
	return fflush(out) == 0 ? EX_OK : EX_OSERR;
}

struct conf *instant_command(const struct instant_options *o, int *ret_status)
{
	static const char rest[] = "exec = true\n[control]\nsocket = none\n";
	char text[TEXT + sizeof(rest)];
	struct conf *conf;

	*ret_status = make_text(o, text, TEXT);
	if (*ret_status)
		return NULL;
	strcat(text, rest);
	conf = conf_load_text("(command line)", text, stderr, ret_status);
	if (conf && (conf_set_command(conf, o->argv) < 0 ||
		     (o->tls && make_certificate(conf, o->bind) < 0))) {
		conf_free(conf);
		*ret_status = EX_OSERR;
		return NULL;
	}
	return conf;
}

static int write_whole(int fd, const char *p, size_t n)
{
	while (n > 0) { /* a disk that fills up takes a part before it says so */
		ssize_t taken = write(fd, p, n);

		if (taken < 0)
			return -errno;
		p += taken;
		n -= (size_t)taken;
	}
	return 0;
}

/* All of it is there, or nothing: the next start would take what is. */
static int write_demo(void)
{
	int fd = open(DEMO_FILE, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
	int r;

	if (fd < 0)
		return errno == EEXIST ? 0 : -errno;
	r = write_whole(fd, demo_ini, (uintptr_t)demo_ini_end - (uintptr_t)demo_ini);
	if (close(fd) < 0 && r == 0)
		r = -errno;
	if (r < 0)
		(void)unlink(DEMO_FILE);
	return r;
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
