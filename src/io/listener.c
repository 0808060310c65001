/* SPDX-License-Identifier: MIT */
/* Accepts clients; pauses itself when descriptors run out or too many come. */
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/socket.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "bucket.h"
#include "listener.h"
#include "log.h"
#include "sys.h"

#define ACCEPTS_PER_TURN \
	16        /* so that a storm of clients does not keep the others waiting */
#define PAUSE 0.2 /* seconds, when descriptors have run out */

struct listener {
	struct ev_loop *loop;
	ev_io io;
	ev_timer resume;
	int reserve; /* spent to refuse a client when descriptors have run out; -1: none
		      */
	bool bound;  /* a Unix socket's file is ours */
	int usual_receive, usual_send; /* bytes of the buffers, when nobody sets them */
	struct listener_conf conf;
	struct bucket clients; /* under conf.rate */
	listener_accepted *accepted;
	void *data;
};

/* ---- accepting ---- */

static void pause_for(struct listener *l, double seconds)
{
	ev_io_stop(l->loop, &l->io);
	ev_timer_set(&l->resume, seconds, 0);
	ev_timer_start(l->loop, &l->resume);
}

static void on_resume(EV_P_ ev_timer *w, int revents)
{
	struct listener *l = w->data;

	(void)revents;
	if (l->reserve < 0)
		l->reserve = open("/dev/null", O_RDONLY | O_CLOEXEC);
	ev_io_start(EV_A_ & l->io);
}

/* Out of descriptors: refuse the client that waits, else epoll reports it for ever. */
static void refuse_one(struct listener *l)
{
	int fd;

	if (l->reserve >= 0)
		close(l->reserve);
	fd = accept4(l->io.fd, NULL, NULL, SOCK_CLOEXEC);
	if (fd >= 0)
		close(fd);
	l->reserve = open("/dev/null", O_RDONLY | O_CLOEXEC);
}

/* False: no more this turn. */
static bool accept_one(struct listener *l)
{
	struct addr peer = { .len = sizeof(peer.un) };
	int fd, err;

	if (!bucket_take(&l->clients, l->conf.rate, sys_now())) {
		pause_for(l, bucket_wait(&l->clients, l->conf.rate));
		return false;
	}
	fd = accept4(l->io.fd, &peer.sa, &peer.len, SOCK_CLOEXEC | SOCK_NONBLOCK);
	if (fd >= 0) {
		l->accepted(l->data, fd, &peer, &l->conf);
		return true;
	}
	err = errno;
	bucket_give_back(&l->clients);
	switch (err) {
	case EMFILE:
	case ENFILE:
	case ENOBUFS:
	case ENOMEM:
		log_error("", "clients are turned away: %s", strerror(err));
		refuse_one(l);
		pause_for(l, PAUSE);
		return false;
	case ECONNABORTED: /* the client has left already */
	case EINTR:
		return true;
	default:
		return false;
	}
}

static void on_client(EV_P_ ev_io *w, int revents)
{
	struct listener *l = w->data;

	(void)loop;
	if (revents & EV_ERROR) { /* the kernel does not watch it, for want of memory */
		pause_for(l, PAUSE);
		return;
	}
	for (int i = 0; i < ACCEPTS_PER_TURN; i++)
		if (!accept_one(l))
			return;
}

/* ---- opening ---- */

/* Remove the file of a Unix socket that nobody listens on any more. */
static int remove_stale(const struct addr *at)
{
	struct stat st;
	int fd, r = 0;

	if (lstat(at->un.sun_path, &st) < 0)
		return errno == ENOENT ? 0 : -errno;
	if (!S_ISSOCK(st.st_mode))
		return -EADDRINUSE;
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return -errno;
	if (connect(fd, &at->sa, at->len) == 0 || errno != ECONNREFUSED)
		r = -EADDRINUSE;
	else if (unlink(at->un.sun_path) < 0)
		r = -errno;
	close(fd);
	return r;
}

/* A Unix socket has its mode from the beginning, by the umask: no other thread makes
 * files. */
static int bind_with_mode(int fd, const struct listener_conf *conf)
{
	mode_t before = conf->mode >= 0 ? umask(0777 & ~(mode_t)conf->mode) : 0;
	int r = bind(fd, &conf->at.sa, conf->at.len) < 0 ? -errno : 0;

	if (conf->mode >= 0)
		umask(before);
	return r;
}

/* A default ACL of the directory counts for more than the umask.  Without /proc glibc can
 * change no mode that way: it need not be changed then. */
static int set_mode(const char *path, mode_t mode)
{
	struct stat st;

	if (lstat(path, &st) < 0)
		return -errno;
	if (S_ISSOCK(st.st_mode) && (st.st_mode & 07777) == mode)
		return 0;
	return fchmodat(AT_FDCWD, path, mode, AT_SYMLINK_NOFOLLOW) < 0 ? -errno : 0;
}

/* Who owns the directory may have put a link in the place of the socket: root, who opens
 * it, would change what that leads to. */
static int set_owner(const struct listener_conf *conf)
{
	const char *path = conf->at.un.sun_path;
	struct group *g;

	if (conf->group) {
		g = getgrnam(conf->group);
		if (!g)
			return -ENOENT;
		if (lchown(path, (uid_t)-1, g->gr_gid) < 0)
			return -errno;
	}
	return conf->mode >= 0 ? set_mode(path, (mode_t)conf->mode) : 0;
}

/* Bind L's socket; for a Unix socket its mode and group stand before anybody can connect.
 */
static int bind_to(struct listener *l)
{
	const struct addr *at = &l->conf.at;
	bool is_unix = at->sa.sa_family == AF_UNIX;
	int on = 1, r = 0;

	if (is_unix)
		r = remove_stale(at);
	else if (setsockopt(l->io.fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) < 0 ||
		 (l->conf.shared &&
		  setsockopt(l->io.fd, SOL_SOCKET, SO_REUSEPORT, &on, sizeof(on)) < 0) ||
		 (at->sa.sa_family == AF_INET6 &&
		  setsockopt(l->io.fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof(on)) < 0))
		r = -errno;
	if (r < 0)
		return r;
	r = bind_with_mode(l->io.fd, &l->conf);
	if (r < 0)
		return r;
	l->bound = true;
	return is_unix ? set_owner(&l->conf) : 0;
}

/* ---- buffers: those of a listening socket are its clients' ---- */

static int get_int(const struct listener *l, int option)
{
	int value = 0;
	socklen_t n = sizeof(value);

	(void)getsockopt(l->io.fd, SOL_SOCKET, option, &value, &n);
	return value;
}

/* Give L's socket a buffer of BYTES, to which it is LOCKed then; 0: USUAL, and the kernel
 * tunes it. */
static void set_buffer(const struct listener *l, int option, size_t bytes, int usual,
		       int lock)
{
	int value = bytes > 0 ? (int)bytes : usual / 2; /* it doubles what it is told */
	int locks = get_int(l, SO_BUF_LOCK);

	if (bytes == 0 && !(locks & lock))
		return;
	(void)setsockopt(l->io.fd, SOL_SOCKET, option, &value, sizeof(value));
	locks &= ~lock;
	if (bytes == 0)
		(void)setsockopt(l->io.fd, SOL_SOCKET, SO_BUF_LOCK, &locks,
				 sizeof(locks));
}

/* Before listen(2): a client is told of the window while its connection is made. */
static void set_buffers(struct listener *l)
{
	if (l->usual_receive == 0) {
		l->usual_receive = get_int(l, SO_RCVBUF);
		l->usual_send = get_int(l, SO_SNDBUF);
	}
	set_buffer(l, SO_RCVBUF, l->conf.receive_buffer, l->usual_receive,
		   SOCK_RCVBUF_LOCK);
	set_buffer(l, SO_SNDBUF, l->conf.send_buffer, l->usual_send, SOCK_SNDBUF_LOCK);
}

void listener_buffers(const struct listener *l, size_t *ret_receive, size_t *ret_send)
{
	*ret_receive = (size_t)get_int(l, SO_RCVBUF);
	*ret_send = (size_t)get_int(l, SO_SNDBUF);
}

/* ---- the socket ---- */

/* Its clients' connections inherit it, which costs them no call. */
static void tune(const struct listener *l)
{
	if (l->conf.at.sa.sa_family != AF_UNIX)
		stream_tune(l->io.fd, &l->conf.stream);
}

/* A socket that listens where L's configuration says. */
static int open_socket(struct listener *l)
{
	int r;

	l->io.fd = socket(l->conf.at.sa.sa_family,
			  SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (l->io.fd < 0)
		return -errno;
	r = bind_to(l);
	if (r < 0)
		return r;
	set_buffers(l);
	tune(l);
	if (listen(l->io.fd, l->conf.backlog) < 0)
		return -errno;
	if (l->conf.at.sa.sa_family != AF_UNIX &&
	    getsockname(l->io.fd, &l->conf.at.sa, &l->conf.at.len) < 0)
		return -errno;
	return 0;
}

static int listener_start(struct listener *l)
{
	int r = 0;

	if (l->conf.passed)
		l->io.fd = l->conf.passed;
	else
		r = open_socket(l);
	if (r < 0)
		return r;
	l->reserve = open("/dev/null", O_RDONLY | O_CLOEXEC);
	ev_io_set(&l->io, l->io.fd, EV_READ);
	ev_io_start(l->loop, &l->io);
	return 0;
}

int listener_open(struct ev_loop *loop, const struct listener_conf *conf,
		  listener_accepted *accepted, void *data, struct listener **ret)
{
	struct listener *l = calloc(1, sizeof(*l));
	int r;

	if (!l)
		return -ENOMEM;
	l->loop = loop;
	l->conf = *conf;
	bucket_init(&l->clients, conf->rate, sys_now());
	l->accepted = accepted;
	l->data = data;
	l->reserve = -1;
	ev_io_init(&l->io, on_client, -1, 0);
	ev_timer_init(&l->resume, on_resume, 0, 0);
	l->io.data = l->resume.data = l;
	r = listener_start(l);
	if (r < 0) {
		listener_free(l);
		return r;
	}
	*ret = l;
	return 0;
}

bool listener_adjust(struct listener *l, const struct listener_conf *conf)
{
	struct addr at = l->conf.at;
	bool changed = conf->backlog != l->conf.backlog ||
		       conf->receive_buffer != l->conf.receive_buffer ||
		       conf->send_buffer != l->conf.send_buffer;

	if (conf->backlog != l->conf.backlog && !l->conf.passed)
		(void)listen(l->io.fd, conf->backlog);
	l->conf = *conf;
	l->conf.at = at;
	tune(l);
	if (changed && !l->conf.passed)
		set_buffers(l);
	return changed;
}

const struct addr *listener_addr(const struct listener *l)
{
	return &l->conf.at;
}

bool listener_is_tls(const struct listener *l)
{
	return l->conf.tls;
}

void listener_free(struct listener *l)
{
	if (!l)
		return;
	ev_io_stop(l->loop, &l->io);
	ev_timer_stop(l->loop, &l->resume);
	if (l->bound && l->conf.at.sa.sa_family == AF_UNIX)
		(void)unlink(l->conf.at.un.sun_path);
	if (l->io.fd >= 0 && !l->conf.passed)
		close(l->io.fd);
	if (l->reserve >= 0)
		close(l->reserve);
	free(l);
}
