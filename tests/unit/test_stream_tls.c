/* SPDX-License-Identifier: MIT */
/* What a stream through TLS makes of records, of a full socket, and of its end; the
 * client is OpenSSL's. */
#include <errno.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
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
#include "tls.h"

#define TEST(name) static void name(void **state __attribute__((unused)))
#define RECORD 16384
#define LOT (1 << 20)

static struct ev_loop *loop;
static struct tls *tls;
static SSL_CTX *ctx; /* the client's */

static struct stream stream;  /* under test */
static int calls, got_events; /* of its watcher */
static SSL *client;
static int peer; /* its descriptor */

static int setup(void **state)
{
	struct tls_conf conf = { .protocols = TLS_1_2 | TLS_1_3,
				 .ciphers = (char[]){ "ECDHE+AESGCM" },
				 .session_reuse = true };
	struct tls_error err;

	(void)state;
	signal(SIGPIPE, SIG_IGN);
	loop = ev_loop_new(EVBACKEND_EPOLL | EVFLAG_NOENV);
	tls = tls_new_self_signed(&conf, NULL, &err);
	ctx = SSL_CTX_new(TLS_client_method());
	return loop && tls && ctx ? 0 : -1;
}

static int teardown(void **state)
{
	(void)state;
	SSL_CTX_free(ctx);
	tls_unref(tls);
	ev_loop_destroy(loop);
	return 0;
}

static void on_event(EV_P_ ev_io *w, int revents)
{
	(void)loop;
	(void)w;
	calls++;
	got_events = stream_ready(&stream, revents);
}

/* Is the stream ready for one of EVENTS now? */
static int ready(int events)
{
	calls = got_events = 0;
	stream_watch(loop, &stream, events);
	ev_run(loop, EVRUN_NOWAIT);
	return got_events;
}

static int begin(void **state)
{
	int fds[2];

	(void)state;
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, fds) < 0)
		return -1;
	memset(&stream, 0, sizeof(stream));
	ev_init(&stream.io, on_event);
	stream_init(&stream, fds[0]);
	peer = fds[1];
	client = SSL_new(ctx);
	SSL_set_fd(client, peer);
	SSL_set_connect_state(client);
	return stream_secure(&stream, tls);
}

static int end(void **state)
{
	(void)state;
	stream_close(loop, &stream, false);
	SSL_free(client);
	close(peer);
	return 0;
}

/* The handshake, and TLS 1.3's tickets. */
static int shake_hands(void **state)
{
	char unused[16];
	int r = begin(state);

	for (int i = 0; r == 0 && i < 10; i++) {
		SSL_do_handshake(client);
		if (stream_read(&stream, unused, sizeof(unused)) != -EAGAIN)
			return -1;
	}
	SSL_read(client, unused, sizeof(unused));
	return r == 0 && SSL_is_init_finished(client) ? 0 : -1;
}

static void say(size_t n)
{
	char text[RECORD];

	memset(text, 'x', sizeof(text));
	assert_int_equal(SSL_write(client, text, (int)n), (int)n);
}

/* ---- reading ---- */

TEST(a_reader_with_little_room_is_told_of_what_is_left)
{
	char room[100];

	say(250);
	assert_int_equal(ready(EV_READ), EV_READ);
	for (ssize_t left = 250; left > 0; left -= 100) {
		assert_int_equal(stream_read(&stream, room, sizeof(room)),
				 left < 100 ? left : 100);
		assert_int_equal(ready(EV_READ), left > 100 ? EV_READ : 0);
	}
	assert_int_equal(stream_read(&stream, room, sizeof(room)), -EAGAIN);
}

TEST(records_that_came_together_are_read_at_once_and_told_of_one_by_one)
{
	char room[100];

	for (int i = 0; i < 3; i++)
		say(10);
	for (int left = 2; left >= 0; left--) {
		assert_int_equal(stream_read(&stream, room, sizeof(room)), 10);
		assert_int_equal(recv(stream.io.fd, room, 1, MSG_PEEK), -1);
		assert_int_equal(ready(EV_READ), left > 0 ? EV_READ : 0);
	}
	assert_int_equal(stream_read(&stream, room, sizeof(room)), -EAGAIN);
}

TEST(but_only_when_it_wants_to_read)
{
	char room[100];

	say(250);
	assert_int_equal(stream_read(&stream, room, sizeof(room)), 100);
	assert_int_equal(ready(0), 0);
	assert_int_equal(calls, 0);
	assert_int_equal(ready(EV_READ), EV_READ);
}

TEST(a_reader_with_room_for_records_leaves_nothing_of_one_behind)
{
	static char room[4 * RECORD];
	ssize_t n, sum = 0;

	for (int i = 0; i < 9; i++)
		say(i % 2 ? RECORD : 5000);
	while ((n = stream_read(&stream, room, sizeof(room))) > 0) {
		sum += n;
		if (sum < 5 * 5000 + 4 * RECORD)
			assert_true(n > 3 * RECORD);
	}
	assert_int_equal(n, -EAGAIN);
	assert_int_equal(sum, 5 * 5000 + 4 * RECORD);
}

TEST(an_error_that_somebody_left_in_openssls_queue_is_not_the_reads)
{
	char room[100];

	ERR_raise(ERR_LIB_USER, ERR_R_INTERNAL_ERROR);
	assert_int_equal(stream_read(&stream, room, sizeof(room)), -EAGAIN);
	say(10);
	ERR_raise(ERR_LIB_USER, ERR_R_INTERNAL_ERROR);
	assert_int_equal(stream_read(&stream, room, sizeof(room)), 10);
}

/* ---- writing ---- */

static char lot[LOT], read_back[LOT];

/* What the client finds, as far as it has come: how much of it it has then. */
static size_t read_some(size_t have)
{
	int n;

	while (have < LOT &&
	       (n = SSL_read(client, read_back + have, (int)(LOT - have))) > 0)
		have += (size_t)n;
	return have;
}

/* Offer what is left from SENT on, in N pieces. */
static ssize_t offer(size_t sent, unsigned n)
{
	struct iovec v[8];
	size_t each = (LOT - sent) / n;

	for (unsigned i = 0; i < n; i++)
		v[i] = (struct iovec){ lot + sent + i * each,
				       i + 1 < n ? each : LOT - sent - i * each };
	return stream_writev(&stream, v, n);
}

TEST(what_the_socket_does_not_take_goes_on_where_it_stopped_from_wherever_it_lies)
{
	size_t sent = 0, have = 0;

	for (size_t i = 0; i < LOT; i++)
		lot[i] = (char)(i * 7 + i / 251);
	for (unsigned round = 0; sent < LOT; round++) {
		ssize_t n = offer(sent, 1 + round % 8);

		assert_true(n >= 0);
		sent += (size_t)n;
		assert_int_equal(offer(sent, 1), 0);
		have = read_some(have);
		assert_true(ready(EV_WRITE) == EV_WRITE);
	}
	assert_int_equal(read_some(have), LOT);
	assert_memory_equal(lot, read_back, LOT);
}

TEST(nor_is_it_the_writes)
{
	size_t sent = 0;
	ssize_t n;

	while ((n = offer(sent, 1)) > 0)
		sent += (size_t)n;
	assert_true(sent > 0 && sent < LOT);
	ERR_raise(ERR_LIB_USER, ERR_R_INTERNAL_ERROR);
	assert_int_equal(offer(sent, 1), 0);
	read_some(0);
	assert_true(offer(sent, 1) > 0);
}

TEST(pieces_share_a_record)
{
	char text[] = "abc", room[100];
	struct iovec v[3] = { { text, 1 }, { text + 1, 0 }, { text + 1, 2 } };

	assert_int_equal(stream_writev(&stream, v, 3), 3);
	assert_int_equal(SSL_read(client, room, sizeof(room)), 3);
	assert_memory_equal(room, text, 3);
}

TEST(nothing_is_written_of_nothing)
{
	char nothing[1];
	struct iovec v = { nothing, 0 };

	assert_int_equal(stream_writev(&stream, &v, 1), 0);
	assert_int_equal(stream_writev(&stream, &v, 0), 0);
}

/* ---- both ---- */

/* Bytes that nobody sees but drain(); how many. */
static size_t choke(void)
{
	static const char junk[1000];
	size_t sum = 0;
	ssize_t n;

	while ((n = write(stream.io.fd, junk, sizeof(junk))) > 0)
		sum += (size_t)n;
	return sum;
}

static void drain(size_t n)
{
	char junk[1000];

	for (; n > 0; n -= sizeof(junk))
		assert_int_equal(read(peer, junk, sizeof(junk)), sizeof(junk));
}

TEST(a_handshake_that_has_to_write_waits_for_that)
{
	char room[10];
	size_t clogged;

	assert_int_equal(SSL_do_handshake(client), -1); /* its hello is sent */
	clogged = choke();
	assert_int_equal(stream_read(&stream, room, sizeof(room)), -EAGAIN);
	assert_int_equal(ready(EV_READ), 0);
	assert_int_equal(stream.io.events & (EV_READ | EV_WRITE), EV_WRITE);
	drain(clogged);
	assert_int_equal(ready(EV_READ), EV_READ);
	assert_int_equal(stream_read(&stream, room, sizeof(room)), -EAGAIN);
	assert_int_equal(SSL_do_handshake(client), 1);
	say(3);
	assert_int_equal(ready(EV_READ), EV_READ);
	assert_int_equal(stream_read(&stream, room, sizeof(room)), 3);
}

/* The answer to a KeyUpdate (RFC 8446 4.6.3) has to be written before anything more can
 * be read. */
TEST(keys_change_though_the_socket_is_full)
{
	char room[RECORD];
	size_t sent = 0, have = 0;
	ssize_t n;

	while ((n = offer(sent, 1)) > 0)
		sent += (size_t)n;
	assert_int_equal(SSL_key_update(client, SSL_KEY_UPDATE_REQUESTED), 1);
	say(10);
	for (int i = 0; i < 100 && (n = stream_read(&stream, room, sizeof(room))) < 0;
	     i++) {
		assert_int_equal(n, -EAGAIN);
		have = read_some(have);
		assert_int_equal(ready(EV_READ) & ~EV_READ, 0);
	}
	assert_int_equal(n, 10);
	for (int i = 0; i < 1000 && have < LOT; i++) {
		if (sent < LOT && (n = offer(sent, 1)) > 0)
			sent += (size_t)n;
		have = read_some(have);
	}
	assert_int_equal(have, LOT);
	assert_memory_equal(lot, read_back, LOT);
}

/* ---- the end ---- */

TEST(close_notify_is_the_end)
{
	char room[10];

	SSL_shutdown(client);
	assert_int_equal(stream_read(&stream, room, sizeof(room)), 0);
	assert_false(stream_is_cut(&stream));
	assert_int_equal(stream_read(&stream, room, sizeof(room)), 0);
}

TEST(the_end_without_it_is_cut)
{
	char room[10];

	shutdown(peer, SHUT_WR);
	assert_int_equal(stream_read(&stream, room, sizeof(room)), 0);
	assert_true(stream_is_cut(&stream));
	assert_int_equal(stream_read(&stream, room, sizeof(room)), 0);
}

TEST(what_came_before_the_end_is_read_first_and_the_end_is_told)
{
	char room[RECORD];

	say(5);
	shutdown(peer, SHUT_WR);
	assert_int_equal(stream_read(&stream, room, 4), 4);
	assert_int_equal(ready(EV_READ), EV_READ);
	assert_int_equal(stream_read(&stream, room, sizeof(room)), 1);
	assert_int_equal(ready(EV_READ), EV_READ);
	assert_int_equal(stream_read(&stream, room, sizeof(room)), 0);
}

static void finish(void)
{
	char room[10];

	assert_int_equal(SSL_read(client, room, sizeof(room)), 0);
	assert_int_equal(SSL_get_error(client, 0), SSL_ERROR_ZERO_RETURN);
	assert_int_equal(read(peer, room, sizeof(room)), 0);
}

TEST(to_finish_is_to_say_close_notify)
{
	stream_finish(&stream);
	finish();
}

TEST(so_is_to_close)
{
	stream_close(loop, &stream, false);
	finish();
}

static ssize_t write_one(void)
{
	char x[] = "x";

	return stream_writev(&stream, &(struct iovec){ x, 1 }, 1);
}

/* The last that fits has been written, and nothing of TLS waits to be. */
static void fill(void)
{
	char room[1];

	while (write_one() == 1)
		;
	do
		assert_int_equal(SSL_read(client, room, 1), 1);
	while (write_one() == 0);
}

TEST(to_write_to_who_has_gone_since_is_an_error)
{
	char room[100];

	SSL_shutdown(client);
	assert_int_equal(stream_read(&stream, room, sizeof(room)), 0);
	assert_int_equal(write_one(), 1); /* it may still read */
	close(peer);
	peer = -1;
	assert_int_equal(write_one(), -EPIPE);
	assert_int_equal(write_one(), -EPIPE);
}

TEST(close_notify_waits_for_a_full_socket)
{
	char room[100];
	int n;

	fill();
	stream_finish(&stream);
	while ((n = SSL_read(client, room, sizeof(room))) > 0)
		;
	assert_int_equal(SSL_get_error(client, n), SSL_ERROR_WANT_READ);
	ready(0);
	finish();
}

/* ---- who does not speak TLS ---- */

TEST(a_letter_is_no_tls_and_can_be_answered_in_plain_text)
{
	char room[10];

	assert_int_equal(write(peer, "GET", 3), 3);
	assert_int_equal(stream_read(&stream, room, sizeof(room)), -EPROTONOSUPPORT);
	assert_int_equal(stream_read(&stream, room, sizeof(room)), -EPROTONOSUPPORT);
	stream_unsecure(&stream);
	assert_int_equal(stream_read(&stream, room, sizeof(room)), 3);
	assert_int_equal(write_one(), 1);
	assert_int_equal(read(peer, room, sizeof(room)), 1);
}

TEST(garbage_is_an_error_with_words)
{
	char room[100];

	assert_int_equal(write(peer, "\x16\x03\x01\x00\x05hello", 10), 10);
	assert_int_equal(stream_read(&stream, room, sizeof(room)), -EPROTO);
	assert_true(strlen(stream_strerror(&stream, -EPROTO)) > 5);
	assert_string_equal(stream_strerror(&stream, -ENOENT), strerror(ENOENT));
	assert_int_equal(write_one(), -EPROTO);
}

#define OPEN(test) cmocka_unit_test_setup_teardown(test, shake_hands, end)
#define NEW(test) cmocka_unit_test_setup_teardown(test, begin, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		OPEN(a_reader_with_little_room_is_told_of_what_is_left),
		OPEN(records_that_came_together_are_read_at_once_and_told_of_one_by_one),
		OPEN(but_only_when_it_wants_to_read),
		OPEN(a_reader_with_room_for_records_leaves_nothing_of_one_behind),
		OPEN(an_error_that_somebody_left_in_openssls_queue_is_not_the_reads),
		OPEN(nor_is_it_the_writes),
		OPEN(what_the_socket_does_not_take_goes_on_where_it_stopped_from_wherever_it_lies),
		OPEN(pieces_share_a_record),
		OPEN(nothing_is_written_of_nothing),
		OPEN(keys_change_though_the_socket_is_full),
		OPEN(close_notify_is_the_end),
		OPEN(the_end_without_it_is_cut),
		OPEN(what_came_before_the_end_is_read_first_and_the_end_is_told),
		OPEN(to_finish_is_to_say_close_notify),
		OPEN(so_is_to_close),
		OPEN(to_write_to_who_has_gone_since_is_an_error),
		OPEN(close_notify_waits_for_a_full_socket),
		NEW(a_handshake_that_has_to_write_waits_for_that),
		NEW(a_letter_is_no_tls_and_can_be_answered_in_plain_text),
		NEW(garbage_is_an_error_with_words),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
