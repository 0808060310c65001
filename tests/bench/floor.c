/* SPDX-License-Identifier: MIT */
/* floor.c - the yardstick: relays a TCP byte stream to a process for each client.
 *
 * Level-triggered epoll, one read and one write for each piece of data.  What the other
 * side does not take waits in one fixed buffer, and the reading side is not watched
 * meanwhile. */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#define READ_SIZE (64 * 1024)
#define EVENTS 256

enum which { CLIENT, TO_PROCESS, FROM_PROCESS, ENDS };

struct end {
	struct relay *relay;
	int fd;           /* -1: closed */
	uint32_t watched; /* what epoll waits for; 0: not in epoll */
};

/* One direction: bytes that the output did not take. */
struct flow {
	size_t start, size;
	int at_eof; /* the input has ended */
	char pending[READ_SIZE];
};

struct relay {
	struct end ends[ENDS];
	struct flow up;   /* CLIENT -> TO_PROCESS */
	struct flow down; /* FROM_PROCESS -> CLIENT */
	int dead;
	struct relay *next_dead;
};

static char scratch[READ_SIZE];
static int epoll;
static struct relay *the_dead; /* freed when no event of this turn can name them */

static void fail(const char *what)
{
	perror(what);
	exit(EXIT_FAILURE);
}

static void watch(struct end *end, uint32_t wanted)
{
	struct epoll_event event = { .events = wanted, .data.ptr = end };
	int op = !end->watched ? EPOLL_CTL_ADD : wanted ? EPOLL_CTL_MOD : EPOLL_CTL_DEL;

	if (end->fd < 0 || wanted == end->watched)
		return;
	end->watched = wanted;
	if (epoll_ctl(epoll, op, end->fd, &event) < 0)
		fail("epoll_ctl");
}

static void end_close(struct end *end)
{
	watch(end, 0); /* a child on its way to exec may still hold the descriptor */
	if (end->fd >= 0)
		close(end->fd);
	end->fd = -1;
}

/* The buffers stay untouched, and so cost nothing, until a side does not keep up. */
static struct relay *relay_new(int client)
{
	struct relay *r = malloc(sizeof(*r));

	if (!r)
		fail("malloc");
	for (int i = 0; i < ENDS; i++)
		r->ends[i] = (struct end){ r, -1, 0 };
	r->ends[CLIENT].fd = client;
	r->up.size = r->down.size = 0;
	r->up.at_eof = r->down.at_eof = 0;
	r->dead = 0;
	return r;
}

static void relay_end(struct relay *r)
{
	if (r->dead)
		return;
	for (int i = 0; i < ENDS; i++)
		end_close(&r->ends[i]);
	r->dead = 1;
	r->next_dead = the_dead;
	the_dead = r;
}

static void bury(void)
{
	while (the_dead) {
		struct relay *r = the_dead;

		the_dead = r->next_dead;
		free(r);
	}
}

/* The only place that says what is watched. */
static void proceed(struct relay *r)
{
	uint32_t client = 0;

	if (r->dead)
		return;
	if (r->up.at_eof && r->up.size == 0)
		end_close(&r->ends[TO_PROCESS]);
	if (r->down.at_eof && r->down.size == 0) {
		relay_end(r);
		return;
	}
	if (!r->up.at_eof && r->up.size == 0)
		client |= EPOLLIN;
	if (r->down.size > 0)
		client |= EPOLLOUT;
	watch(&r->ends[CLIENT], client);
	watch(&r->ends[TO_PROCESS], r->up.size > 0 ? EPOLLOUT : 0);
	watch(&r->ends[FROM_PROCESS], r->down.size == 0 ? EPOLLIN : 0);
}

/* How many of N bytes went out; -1: nothing ever will. */
static ssize_t put(int fd, const char *p, size_t n)
{
	ssize_t r = write(fd, p, n);

	return r < 0 && errno == EAGAIN ? 0 : r;
}

/* The output is gone: without a client all is over, without a process only this flow. */
static void on_broken(struct relay *r, struct flow *f)
{
	if (f == &r->down) {
		relay_end(r);
		return;
	}
	f->size = 0;
	f->at_eof = 1;
}

static void drain(struct relay *r, struct flow *f, int to)
{
	ssize_t n = put(to, f->pending + f->start, f->size);

	if (n < 0) {
		on_broken(r, f);
		return;
	}
	f->start += (size_t)n;
	f->size -= (size_t)n;
}

static void move(struct relay *r, struct flow *f, int from, int to)
{
	ssize_t n = read(from, scratch, sizeof(scratch)), out;

	if (n < 0 && errno == EAGAIN)
		return;
	if (n < 0 && f == &r->up) {
		relay_end(r);
		return;
	}
	if (n <= 0) {
		f->at_eof = 1;
		return;
	}
	out = put(to, scratch, (size_t)n);
	if (out < 0) {
		on_broken(r, f);
		return;
	}
	if (out == n)
		return;
	f->start = 0;
	f->size = (size_t)(n - out);
	memcpy(f->pending, scratch + out, f->size);
}

static void on_event(struct end *end, uint32_t events)
{
	struct relay *r = end->relay;
	struct end *ends = r->ends;

	if (end->fd < 0)
		return; /* closed by an earlier event of this turn */
	if (end == &ends[FROM_PROCESS])
		move(r, &r->down, end->fd, ends[CLIENT].fd);
	else if (end == &ends[TO_PROCESS])
		drain(r, &r->up, end->fd);
	else if (events & EPOLLOUT)
		drain(r, &r->down, end->fd);
	else if (r->up.at_eof || r->up.size > 0)
		relay_end(r); /* not watched for input, so it is an error */
	else
		move(r, &r->up, end->fd, ends[TO_PROCESS].fd);
	proceed(r);
}

/* In the child of the vfork: only system calls. */
static void become(char **argv, int in, int out)
{
	signal(SIGPIPE, SIG_DFL);
	signal(SIGCHLD, SIG_DFL);
	if (dup2(in, STDIN_FILENO) >= 0 && dup2(out, STDOUT_FILENO) >= 0)
		execvp(argv[0], argv);
	_exit(127);
}

static int spawn(char **argv, int *ret_to, int *ret_from)
{
	int in[2], out[2];

	if (pipe2(in, O_CLOEXEC) < 0 || pipe2(out, O_CLOEXEC) < 0)
		return -1;
	switch (vfork()) {
	case -1:
		return -1;
	case 0:
		become(argv, in[0], out[1]);
	}
	close(in[0]);
	close(out[1]);
	fcntl(in[1], F_SETFL, O_NONBLOCK);
	fcntl(out[0], F_SETFL, O_NONBLOCK);
	*ret_to = in[1];
	*ret_from = out[0];
	return 0;
}

static void on_accept(int listener, char **argv)
{
	int fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC), one = 1;
	struct relay *r;

	if (fd < 0 && errno != EAGAIN)
		fail("accept4");
	if (fd < 0)
		return;
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	r = relay_new(fd);
	if (spawn(argv, &r->ends[TO_PROCESS].fd, &r->ends[FROM_PROCESS].fd) < 0)
		fail("spawn");
	proceed(r);
}

static int listen_somewhere(void)
{
	struct sockaddr_in at = { .sin_family = AF_INET,
				  .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	socklen_t size = sizeof(at);

	if (fd < 0 || bind(fd, (struct sockaddr *)&at, size) < 0 || listen(fd, 511) < 0 ||
	    getsockname(fd, (struct sockaddr *)&at, &size) < 0)
		fail("listen");
	printf("listening on 127.0.0.1:%u\n", ntohs(at.sin_port));
	fflush(stdout);
	return fd;
}

static void loop(struct end *listener, char **argv)
{
	struct epoll_event events[EVENTS];

	for (;;) {
		int n = epoll_wait(epoll, events, EVENTS, -1);

		for (int i = 0; i < n; i++) {
			if (events[i].data.ptr == listener)
				on_accept(listener->fd, argv);
			else
				on_event(events[i].data.ptr, events[i].events);
		}
		bury();
	}
}

static void raise_descriptor_limit(void)
{
	struct rlimit limit;

	getrlimit(RLIMIT_NOFILE, &limit);
	limit.rlim_cur = limit.rlim_max;
	setrlimit(RLIMIT_NOFILE, &limit);
}

int main(int argc, char **argv)
{
	struct end listener = { .fd = -1 };

	if (argc < 2) {
		fprintf(stderr, "usage: floor CMD ARG...\n");
		return 64;
	}
	signal(SIGPIPE, SIG_IGN);
	signal(SIGCHLD, SIG_IGN); /* the kernel reaps */
	raise_descriptor_limit();
	epoll = epoll_create1(EPOLL_CLOEXEC);
	listener.fd = listen_somewhere();
	watch(&listener, EPOLLIN);
	loop(&listener, argv + 1);
}
