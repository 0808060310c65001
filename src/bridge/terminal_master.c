/* SPDX-License-Identifier: MIT */
/* Our side of a program's pseudo-terminal: its making and its size. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <termios.h>

#include "terminal_master.h"

/* ---- its making ---- */

/* A new terminal is cooked: it echoes, edits a line, and ^C is SIGINT.  Bytes pass a raw
 * one as they pass a pipe; but a program's stdio takes it for somebody who watches, and
 * writes line by line. */
static int set_mode(int fd, enum terminal_mode mode)
{
	struct termios t;

	if (mode == TERMINAL_BYTES)
		return 0;
	if (tcgetattr(fd, &t) < 0)
		return -errno;
	if (mode == TERMINAL_RAW)
		cfmakeraw(&t);
	else
		t.c_iflag |= IUTF8;
	return tcsetattr(fd, TCSANOW, &t) < 0 ? -errno : 0;
}

int terminal_open(enum terminal_mode mode, int *ret_near, int *ret_far)
{
	int r;

	*ret_far = -1;
	*ret_near = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (*ret_near < 0 || unlockpt(*ret_near) < 0)
		return -errno;
	*ret_far = ioctl(*ret_near, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (*ret_far < 0)
		return -errno;
	r = set_mode(*ret_far, mode);
	if (r == 0 && fcntl(*ret_near, F_SETFL, O_NONBLOCK) < 0)
		r = -errno;
	return r;
}

int terminal_set_size(int fd, struct terminal_size size)
{
	struct winsize w = { .ws_row = size.rows, .ws_col = size.cols };

	return ioctl(fd, TIOCSWINSZ, &w) < 0 ? -errno : 0;
}

/* ---- its size ---- */

struct terminal_master {
	struct ev_loop *loop;
	int fd;
	struct terminal_size size; /* as it is to be */
	bool asked;                /* and is not yet */
	ev_prepare before_sleep;   /* active: a size was set in this turn */
	void (*settled)(void *data);
	void *data;
};

static void on_before_sleep(EV_P_ ev_prepare *w, int revents)
{
	struct terminal_master *t = w->data;

	(void)revents;
	ev_prepare_stop(EV_A_ w);
	terminal_master_settle(t);
	t->settled(t->data);
}

struct terminal_master *terminal_master_new(struct ev_loop *loop, int fd,
					    struct terminal_size size,
					    void (*settled)(void *data), void *data)
{
	struct terminal_master *t = calloc(1, sizeof(*t));

	if (!t)
		return NULL;
	t->loop = loop;
	t->fd = fd;
	t->size = size;
	t->settled = settled;
	t->data = data;
	ev_prepare_init(&t->before_sleep, on_before_sleep);
	t->before_sleep.data = t;
	return t;
}

void terminal_master_free(struct terminal_master *t)
{
	if (!t)
		return;
	ev_prepare_stop(t->loop, &t->before_sleep);
	free(t);
}

void terminal_master_resize(struct terminal_master *t, struct terminal_size size)
{
	t->size = size;
	t->asked = true;
	ev_prepare_start(t->loop, &t->before_sleep);
}

void terminal_master_settle(struct terminal_master *t)
{
	if (t->asked) /* the kernel sends SIGWINCH where the size has changed */
		(void)terminal_set_size(t->fd, t->size);
	t->asked = false;
}

struct terminal_size terminal_master_size(const struct terminal_master *t)
{
	return t->size;
}
