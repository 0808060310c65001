/* SPDX-License-Identifier: MIT */
/* The descriptors between the daemon and a program: pipes, or a pseudo-terminal for its
 * output. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "exec_pipes.h"
#include "terminal_master.h"

static int set_nonblocking(int fd)
{
	return fcntl(fd, F_SETFL, O_NONBLOCK) < 0 ? -errno : 0;
}

/* A pipe whose end OURS (0 reads, 1 writes) we keep, the program the other. */
static int make_pipe(int ours, int *ret_near, int *ret_far)
{
	int fd[2];

	if (pipe2(fd, O_CLOEXEC) < 0)
		return -errno;
	*ret_near = fd[ours];
	*ret_far = fd[!ours];
	return set_nonblocking(*ret_near);
}

static int make_stderr(enum exec_stderr to, struct exec_pipes *p)
{
	int r;

	switch (to) {
	case STDERR_MERGE:
		p->far[2] = p->far[1];
		return 0;
	case STDERR_DROP:
		p->far[2] = open("/dev/null", O_WRONLY | O_CLOEXEC);
		return p->far[2] < 0 ? -errno : 0;
	case STDERR_LOG:
	case STDERR_CLIENT:
		break;
	}
	r = make_pipe(0, &p->err, &p->far[2]);
	if (r == 0)
		(void)fcntl(p->err, F_SETPIPE_SZ, STDERR_PIPE);
	return r;
}

/* All three are one terminal.  Ours are two descriptors of it, as two of pipes: each is
 * watched and closed for itself, and the last that is closed hangs up. */
static int make_whole_terminal(const struct exec_conf *conf, struct terminal_size size,
			       struct exec_pipes *p)
{
	int r = terminal_open(conf->pty_utf8 ? TERMINAL_UTF8 : TERMINAL_BYTES, &p->out,
			      &p->far[0]);

	p->far[1] = p->far[2] = p->far[0];
	if (r == 0)
		r = terminal_set_size(p->out, size);
	if (r < 0)
		return r;
	p->in = fcntl(p->out, F_DUPFD_CLOEXEC, 0);
	return p->in < 0 ? -errno : 0;
}

int exec_pipes_open(const struct exec_conf *conf, struct terminal_size size,
		    struct exec_pipes *ret)
{
	struct exec_pipes *p = ret;
	int r;

	*p = (struct exec_pipes){ -1, -1, -1, { -1, -1, -1 } };
	if (size.rows > 0)
		return make_whole_terminal(conf, size, p);
	r = make_pipe(1, &p->in, &p->far[0]);
	if (r == 0 && conf->line_buffer == LINE_BUFFER_PTY)
		r = terminal_open(TERMINAL_RAW, &p->out, &p->far[1]);
	else if (r == 0)
		r = make_pipe(0, &p->out, &p->far[1]);
	return r == 0 ? make_stderr(conf->stderr_to, p) : r;
}

void exec_pipes_close_far(struct exec_pipes *p)
{
	for (int i = 2; i >= 0; i--)
		if (p->far[i] >= 0 && (i == 0 || p->far[i] != p->far[i - 1]))
			close(p->far[i]);
}
