/* SPDX-License-Identifier: MIT */
/* The descriptors between the daemon and a program: pipes, or a pseudo-terminal for its
 * output. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include "exec_pipes.h"

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

/* Bytes pass a raw terminal as they pass a pipe; but a program's stdio takes it for
 * somebody who watches, and writes line by line. */
static int make_raw(int fd)
{
	struct termios t;

	if (tcgetattr(fd, &t) < 0)
		return -errno;
	cfmakeraw(&t);
	return tcsetattr(fd, TCSANOW, &t) < 0 ? -errno : 0;
}

static int make_terminal(int *ret_near, int *ret_far)
{
	int r;

	*ret_near = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (*ret_near < 0 || unlockpt(*ret_near) < 0)
		return -errno;
	*ret_far = ioctl(*ret_near, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (*ret_far < 0)
		return -errno;
	r = make_raw(*ret_far);
	return r < 0 ? r : set_nonblocking(*ret_near);
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
		break;
	}
	r = make_pipe(0, &p->err, &p->far[2]);
	if (r == 0)
		(void)fcntl(p->err, F_SETPIPE_SZ, STDERR_PIPE);
	return r;
}

int exec_pipes_open(const struct exec_conf *conf, struct exec_pipes *ret)
{
	struct exec_pipes *p = ret;
	int r;

	*p = (struct exec_pipes){ -1, -1, -1, { -1, -1, -1 } };
	r = make_pipe(1, &p->in, &p->far[0]);
	if (r == 0 && conf->line_buffer == LINE_BUFFER_PTY)
		r = make_terminal(&p->out, &p->far[1]);
	else if (r == 0)
		r = make_pipe(0, &p->out, &p->far[1]);
	return r == 0 ? make_stderr(conf->stderr_to, p) : r;
}

void exec_pipes_close_far(struct exec_pipes *p)
{
	if (p->far[2] == p->far[1]) /* merged */
		p->far[2] = -1;
	for (int i = 0; i < 3; i++)
		if (p->far[i] >= 0)
			close(p->far[i]);
}
