/* SPDX-License-Identifier: MIT */
/* What a client's stream reads, writes, knows of its peer, and leaves behind at its end.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/tcp.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "stream.h"

#define TEST(name) static void name(void **state __attribute__((unused)))

static struct ev_loop *loop;

/* The stream under test, and the peer's descriptor. */
static struct stream stream;
static int peer;

static int setup(void **state)
{
	(void)state;
	loop = ev_loop_new(EVBACKEND_EPOLL | EVFLAG_NOENV);
	return loop ? 0 : -1;
}

static int teardown(void **state)
{
	(void)state;
	ev_loop_destroy(loop);
	return 0;
}

static void on_event(EV_P_ ev_io *w, int revents)
{
	(void)w;
	(void)revents;
	ev_break(EV_A_ EVBREAK_ONE);
}

/* Run the loop until the stream has one of EVENTS. */
static void await(int events)
{
	ev_io_set(&stream.io, stream.io.fd, events);
	ev_io_start(loop, &stream.io);
	ev_run(loop, 0);
	ev_io_stop(loop, &stream.io);
}

static void take(int fd)
{
	assert_return_code(fcntl(fd, F_SETFL, O_NONBLOCK), 0);
	memset(&stream, 0, sizeof(stream));
	ev_init(&stream.io, on_event);
	stream_init(&stream, fd);
}

/* Both ends of a connection over TCP. */
static int open_tcp(void **state)
{
	struct sockaddr_in a = { .sin_family = AF_INET,
				 .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t n = sizeof(a);
	int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	(void)state;
	peer = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (bind(listener, (struct sockaddr *)&a, n) < 0 || listen(listener, 1) < 0 ||
	    getsockname(listener, (struct sockaddr *)&a, &n) < 0 ||
	    connect(peer, (struct sockaddr *)&a, n) < 0)
		return -1;
	take(accept4(listener, NULL, NULL, SOCK_CLOEXEC));
	return close(listener);
}

static int open_unix(void **state)
{
	int fds[2];

	(void)state;
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds) < 0)
		return -1;
	peer = fds[1];
	take(fds[0]);
	return 0;
}

static int end(void **state)
{
	(void)state;
	stream_close(loop, &stream, false);
	if (peer >= 0)
		close(peer);
	return 0;
}

static void peer_closes(void)
{
	close(peer);
	peer = -1;
}

/* ---- reading ---- */

TEST(what_the_peer_sends_is_read_and_then_there_is_no_more_now)
{
	char got[10];

	assert_int_equal(stream_read(&stream, got, sizeof(got)), -EAGAIN);
	assert_int_equal(write(peer, "Hello", 5), 5);
	await(EV_READ);
	assert_int_equal(stream_read(&stream, got, 2), 2);
	assert_memory_equal(got, "He", 2);
	assert_int_equal(stream_read(&stream, got, sizeof(got)), 3);
	assert_memory_equal(got, "llo", 3);
	assert_int_equal(stream_read(&stream, got, sizeof(got)), -EAGAIN);
}

TEST(the_peers_end_comes_after_its_last_bytes)
{
	char got[10];

	assert_int_equal(write(peer, "Bye", 3), 3);
	peer_closes();
	await(EV_READ);
	assert_int_equal(stream_read(&stream, got, sizeof(got)), 3);
	await(EV_READ);
	assert_int_equal(stream_read(&stream, got, sizeof(got)), 0);
}

/* The peer sends an RST. */
static void peer_resets(void)
{
	struct linger now = { .l_onoff = 1, .l_linger = 0 };

	assert_return_code(setsockopt(peer, SOL_SOCKET, SO_LINGER, &now, sizeof(now)), 0);
	peer_closes();
	await(EV_READ);
}

TEST(a_reset_is_an_error)
{
	char got[10];

	peer_resets();
	assert_int_equal(stream_read(&stream, got, sizeof(got)), -ECONNRESET);
}

/* ---- writing ---- */

TEST(vectors_are_written_in_order)
{
	const struct iovec iov[] = { { (char[]){ "He" }, 2 },
				     { (char[]){ "" }, 0 },
				     { (char[]){ "llo" }, 3 } };
	char got[10];

	assert_int_equal(stream_writev(&stream, iov, 3), 5);
	assert_int_equal(recv(peer, got, 5, MSG_WAITALL), 5);
	assert_memory_equal(got, "Hello", 5);
}

TEST(what_the_kernel_does_not_take_is_0_and_no_error)
{
	static char block[1 << 16];
	const struct iovec iov[] = { { block, sizeof(block) }, { block, sizeof(block) } };
	size_t taken = 0;
	ssize_t n;

	while ((n = stream_writev(&stream, iov, 2)) > 0)
		taken += (size_t)n;
	assert_int_equal(n, 0);
	while (taken > 0) { /* and it goes on when the peer reads */
		n = read(peer, block, sizeof(block));
		assert_true(n > 0);
		taken -= (size_t)n;
	}
	await(EV_WRITE);
	assert_true(stream_writev(&stream, iov, 2) > 0);
}

TEST(to_a_peer_that_is_gone_is_an_error_and_no_SIGPIPE)
{
	const struct iovec iov = { (char[]){ "x" }, 1 };

	assert_true(signal(SIGPIPE, SIG_DFL) != SIG_ERR); /* would end us */
	peer_closes();
	assert_int_equal(stream_writev(&stream, &iov, 1), -EPIPE);
}

/* ---- the peer ---- */

TEST(a_peer_that_is_there_is_neither_gone_nor_at_its_end)
{
	bool fin = false;

	assert_false(stream_gone(&stream, &fin));
	assert_false(fin);
	assert_int_equal(write(peer, "x", 1), 1);
	await(EV_READ);
	assert_false(stream_gone(&stream, &fin));
	assert_false(fin);
}

TEST(the_peers_end_is_seen_though_nobody_reads)
{
	bool fin = false;
	char got;

	assert_int_equal(write(peer, "x", 1), 1);
	assert_return_code(shutdown(peer, SHUT_WR), 0);
	await(EV_READ);
	assert_false(stream_gone(&stream, &fin));
	assert_true(fin);
	assert_int_equal(stream_read(&stream, &got, 1), 1); /* still there */
}

TEST(a_reset_is_seen_though_nobody_reads)
{
	bool fin = false;

	peer_resets();
	assert_true(stream_gone(&stream, &fin));
}

/* ---- the end ---- */

/* What the peer reads at the end of all bytes: 0, or -errno. */
static int peers_end(void)
{
	static char rest[1 << 16];
	ssize_t n;

	while ((n = read(peer, rest, sizeof(rest))) > 0)
		;
	return n < 0 ? -errno : 0;
}

TEST(a_finished_stream_still_reads)
{
	char got;

	stream_finish(&stream);
	assert_int_equal(peers_end(), 0);
	assert_int_equal(write(peer, "x", 1), 1);
	await(EV_READ);
	assert_int_equal(stream_read(&stream, &got, 1), 1);
}

/* Packets that the peer has got. */
static unsigned packets(void)
{
	struct tcp_info info;
	socklen_t n = sizeof(info);

	assert_return_code(getsockopt(peer, IPPROTO_TCP, TCP_INFO, &info, &n), 0);
	return info.tcpi_segs_in;
}

/* Say "Bye" and end; how many packets were it? */
static unsigned packets_of_the_last(void)
{
	struct iovec v = { (char *)"Bye", 3 };
	unsigned before = packets();
	char got[10];

	stream_last(&stream);
	assert_int_equal(stream_writev(&stream, &v, 1), 3);
	stream_finish(&stream);
	assert_int_equal(recv(peer, got, sizeof(got), MSG_WAITALL), 3);
	assert_memory_equal(got, "Bye", 3);
	return packets() - before;
}

TEST(what_is_last_leaves_with_the_end_in_one_packet)
{
	/* The kernel waits 200 ms for more, and this process may get no time as long. */
	for (int tries = 0; packets_of_the_last() != 1; tries++) {
		assert_true(tries < 10);
		end(NULL);
		open_tcp(NULL);
	}
}

TEST(what_is_last_is_not_kept_back_for_good)
{
	struct iovec v = { (char *)"Bye", 3 };
	char got[10];

	stream_last(&stream);
	assert_int_equal(stream_writev(&stream, &v, 1), 3);
	assert_int_equal(recv(peer, got, sizeof(got), 0), 3);
}

TEST(finishing_after_the_peer_left_does_no_harm)
{
	peer_resets();
	stream_finish(&stream);
}

static bool is_open(int fd)
{
	return fcntl(fd, F_GETFD) >= 0;
}

TEST(a_closed_stream_ends_in_order_and_holds_no_descriptor)
{
	const struct iovec iov = { (char[]){ "Hello" }, 5 };
	int fd = stream.io.fd;

	assert_int_equal(stream_writev(&stream, &iov, 1), 5);
	ev_io_set(&stream.io, fd, EV_READ);
	ev_io_start(loop, &stream.io);
	stream_close(loop, &stream, false);
	assert_false(stream.open);
	assert_false(ev_is_active(&stream.io));
	assert_false(is_open(fd));
	assert_int_equal(peers_end(), 0);
}

TEST(an_aborted_stream_is_reset)
{
	stream_close(loop, &stream, true);
	assert_int_equal(peers_end(), -ECONNRESET);
}

TEST(closing_twice_closes_nobody_elses_descriptor)
{
	int fd = stream.io.fd, other;

	stream_close(loop, &stream, false);
	other = fcntl(peer, F_DUPFD, fd); /* takes the number that is free now */
	assert_int_equal(other, fd);
	stream_close(loop, &stream, false);
	stream_close(loop, &stream, true);
	assert_true(is_open(other));
	close(other);
}

TEST(no_stream_can_be_closed)
{
	struct stream none = { .open = false };

	stream_close(loop, &none, false);
	stream_close(loop, &none, true);
	assert_true(is_open(0)); /* the descriptor that its zeros name */
}

TEST(a_stream_that_moved_is_the_others)
{
	struct stream to = { .open = false };
	int fd = stream.io.fd;
	char got[10];

	ev_init(&to.io, on_event);
	ev_io_set(&stream.io, fd, EV_READ);
	ev_io_start(loop, &stream.io);
	stream_move(loop, &stream, &to);
	assert_false(stream.open);
	assert_false(ev_is_active(&stream.io));
	assert_true(to.open);
	stream_close(loop, &stream, true); /* a no-op */
	assert_true(is_open(fd));
	assert_int_equal(write(peer, "Hello", 5), 5);
	assert_true(ev_is_active(&to.io)); /* as the first was */
	ev_run(loop, 0);
	assert_int_equal(stream_read(&to, got, sizeof(got)), 5);
	stream_close(loop, &to, false);
	assert_false(is_open(fd));
}

TEST(a_stream_that_was_not_watched_is_not_when_it_moved)
{
	struct stream to = { .open = false };

	ev_init(&to.io, on_event);
	stream_move(loop, &stream, &to);
	assert_false(ev_is_active(&to.io));
	stream_close(loop, &to, false);
}

#define OVER_TCP(name) cmocka_unit_test_setup_teardown(name, open_tcp, end)
#define OVER_UNIX(name) cmocka_unit_test_setup_teardown(name, open_unix, end)
#define OVER_BOTH(name)                                     \
	{ #name " (TCP)", name, open_tcp, end, NULL },      \
	{                                                   \
#name " (Unix)", name, open_unix, end, NULL \
	}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		OVER_BOTH(what_the_peer_sends_is_read_and_then_there_is_no_more_now),
		OVER_BOTH(the_peers_end_comes_after_its_last_bytes),
		OVER_TCP(a_reset_is_an_error),
		OVER_BOTH(vectors_are_written_in_order),
		OVER_BOTH(what_the_kernel_does_not_take_is_0_and_no_error),
		OVER_UNIX(to_a_peer_that_is_gone_is_an_error_and_no_SIGPIPE),
		OVER_BOTH(a_peer_that_is_there_is_neither_gone_nor_at_its_end),
		OVER_BOTH(the_peers_end_is_seen_though_nobody_reads),
		OVER_TCP(a_reset_is_seen_though_nobody_reads),
		OVER_BOTH(a_finished_stream_still_reads),
		OVER_TCP(finishing_after_the_peer_left_does_no_harm),
		OVER_BOTH(a_closed_stream_ends_in_order_and_holds_no_descriptor),
		OVER_TCP(an_aborted_stream_is_reset),
		OVER_TCP(closing_twice_closes_nobody_elses_descriptor),
		OVER_TCP(no_stream_can_be_closed),
		OVER_TCP(what_is_last_leaves_with_the_end_in_one_packet),
		OVER_UNIX(what_is_last_is_not_kept_back_for_good),
		OVER_TCP(a_stream_that_moved_is_the_others),
		OVER_TCP(a_stream_that_was_not_watched_is_not_when_it_moved),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
