/* SPDX-License-Identifier: MIT */
/* Where a listener listens, whom it lets in and when it pauses: on a real loop. */
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "listener.h"
#include "sys.h"

#define TEST(name) static void name(void **state __attribute__((unused)))

static struct ev_loop *loop;
static char top[] = "/tmp/listener-XXXXXX";
static char path[sizeof(top) + 10]; /* of a Unix socket */

/* Who was let in, in that order. */
static int clients[100];
static size_t count;
static struct addr last_peer, last_at;

static void on_accepted(void *data, int fd, const struct addr *peer,
			const struct listener_conf *conf)
{
	assert_ptr_equal(data, clients);
	clients[count++] = fd;
	last_peer = *peer;
	last_at = conf->at;
}

static int setup(void **state)
{
	(void)state;
	if (!mkdtemp(top))
		return -1;
	snprintf(path, sizeof(path), "%s/x.sock", top);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	return rmdir(top);
}

static int begin(void **state)
{
	(void)state;
	count = 0;
	loop = ev_loop_new(EVBACKEND_EPOLL | EVFLAG_NOENV);
	alarm(60); /* a test that waits for ever is ended by SIGALRM */
	return loop ? 0 : -1;
}

static void close_clients(void)
{
	while (count > 0)
		close(clients[--count]);
}

static int end(void **state)
{
	(void)state;
	alarm(0);
	close_clients();
	ev_loop_destroy(loop);
	unlink(path);
	return 0;
}

/* ---- listeners and their clients ---- */

static struct listener_conf on_inet(const char *host)
{
	struct listener_conf conf = { .backlog = 50, .mode = -1 };

	assert_true(addr_inet(host, 0, &conf.at));
	return conf;
}

static struct listener_conf on_unix(void)
{
	struct listener_conf conf = { .backlog = 50, .mode = -1 };

	assert_true(addr_unix(path, &conf.at));
	return conf;
}

static struct listener *open_good(struct listener_conf conf)
{
	struct listener *l = NULL;
	int r = listener_open(loop, &conf, on_accepted, clients, &l);

	if (r < 0)
		fail_msg("%s", strerror(-r));
	return l;
}

/* The error of a listener that cannot be. */
static int error_of(struct listener_conf conf)
{
	struct listener *untouched = (struct listener *)path, *l = untouched;
	int r = listener_open(loop, &conf, on_accepted, clients, &l);

	assert_ptr_equal(l, untouched);
	return r;
}

/* A client of L; the kernel takes it at once. */
static int connect_to(const struct listener *l)
{
	const struct addr *at = listener_addr(l);
	int fd = socket(at->sa.sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_true(fd >= 0);
	assert_return_code(connect(fd, &at->sa, at->len), 0);
	return fd;
}

static void await(size_t n)
{
	while (count < n)
		ev_run(loop, EVRUN_ONCE);
	assert_int_equal(count, n);
}

/* L takes one client: what FD sends arrives. */
static void expect_service(const struct listener *l)
{
	size_t before = count;
	int fd = connect_to(l);
	char got;

	await(before + 1);
	assert_int_equal(write(fd, "x", 1), 1);
	fcntl(clients[before], F_SETFL, 0);
	assert_int_equal(read(clients[before], &got, 1), 1);
	close(fd);
}

/* ---- TCP ---- */

TEST(instead_of_port_0_there_is_a_real_one)
{
	struct listener *l = open_good(on_inet("127.0.0.1"));
	struct listener *other = open_good(on_inet("127.0.0.1"));
	char text[ADDR_TEXT];

	assert_int_not_equal(addr_port(listener_addr(l)), 0);
	assert_int_not_equal(addr_port(listener_addr(other)),
			     addr_port(listener_addr(l)));
	assert_string_equal(addr_host(listener_addr(l), text), "127.0.0.1");
	expect_service(l);
	expect_service(other);
	listener_free(l);
	listener_free(other);
}

TEST(a_client_comes_with_its_address_and_does_not_block)
{
	struct listener *l = open_good(on_inet("127.0.0.1"));
	struct addr own = { .len = sizeof(own.un) };
	int fd = connect_to(l);
	char want[ADDR_TEXT], got[ADDR_TEXT];

	await(1);
	assert_return_code(getsockname(fd, &own.sa, &own.len), 0);
	assert_string_equal(addr_text(&last_peer, got), addr_text(&own, want));
	assert_string_equal(addr_text(&last_at, got), addr_text(listener_addr(l), want));
	assert_true(fcntl(clients[0], F_GETFL) & O_NONBLOCK);
	assert_true(fcntl(clients[0], F_GETFD) & FD_CLOEXEC);
	close(fd);
	listener_free(l);
}

TEST(ipv4_and_ipv6_can_share_a_port)
{
	struct listener *six = open_good(on_inet("::"));
	struct listener_conf conf = on_inet("0.0.0.0");
	struct listener *four;

	conf.at.in.sin_port = htons((uint16_t)addr_port(listener_addr(six)));
	four = open_good(conf);
	assert_int_equal(addr_port(listener_addr(four)), addr_port(listener_addr(six)));
	listener_free(six);
	listener_free(four);
}

TEST(a_port_in_use_is_an_error_and_a_freed_one_is_not)
{
	struct listener *l = open_good(on_inet("127.0.0.1"));
	struct listener_conf conf = on_inet("127.0.0.1");
	int fd = connect_to(l);

	await(1);
	conf.at = *listener_addr(l);
	assert_int_equal(error_of(conf), -EADDRINUSE);
	close_clients(); /* our side first: the port is in TIME_WAIT */
	close(fd);
	listener_free(l);
	l = open_good(conf);
	expect_service(l);
	listener_free(l);
}

TEST(an_address_of_another_machine_is_an_error)
{
	assert_int_equal(error_of(on_inet("192.0.2.1")), -EADDRNOTAVAIL);
}

TEST(nobody_is_let_in_once_it_is_freed)
{
	struct listener *l = open_good(on_inet("127.0.0.1"));
	struct addr at = *listener_addr(l);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	listener_free(l);
	assert_int_equal(connect(fd, &at.sa, at.len), -1);
	assert_int_equal(errno, ECONNREFUSED);
	close(fd);
	ev_run(loop, EVRUN_NOWAIT);
	listener_free(NULL);
}

/* ---- Unix sockets ---- */

TEST(a_unix_socket_has_the_mode_that_it_was_told)
{
	static const int modes[] = { 0600, 0660, 0666, 0 };
	mode_t old = umask(077);
	struct stat st;

	for (size_t i = 0; i < sizeof(modes) / sizeof(*modes); i++) {
		struct listener_conf conf = on_unix();
		struct listener *l;

		conf.mode = modes[i];
		l = open_good(conf);
		assert_return_code(stat(path, &st), 0);
		assert_int_equal(st.st_mode, S_IFSOCK | (mode_t)modes[i]);
		listener_free(l);
	}
	umask(old);
}

TEST(without_a_mode_the_umask_decides)
{
	mode_t old = umask(0117);
	struct listener *l = open_good(on_unix());
	struct stat st;

	umask(old);
	assert_return_code(stat(path, &st), 0);
	assert_int_equal(st.st_mode, S_IFSOCK | 0660);
	expect_service(l);
	assert_int_equal(last_peer.sa.sa_family, AF_UNIX);
	assert_int_equal(last_at.sa.sa_family, AF_UNIX);
	listener_free(l);
}

TEST(a_unix_socket_has_the_group_that_it_was_told)
{
	struct group *own = getgrgid(getgid());
	struct listener_conf conf = on_unix();
	struct listener *l;
	struct stat st;

	assert_non_null(own);
	conf.group = own->gr_name;
	l = open_good(conf);
	assert_return_code(stat(path, &st), 0);
	assert_int_equal(st.st_gid, own->gr_gid);
	listener_free(l);
}

TEST(an_unknown_group_is_an_error_and_leaves_no_file)
{
	struct listener_conf conf = on_unix();

	conf.group = "no-such-group";
	assert_int_equal(error_of(conf), -ENOENT);
	assert_int_equal(access(path, F_OK), -1);
}

TEST(the_file_of_a_unix_socket_goes_with_it)
{
	struct listener *l = open_good(on_unix());

	assert_int_equal(access(path, F_OK), 0);
	listener_free(l);
	assert_int_equal(access(path, F_OK), -1);
}

/* A socket bound to path, which listens if BACKLOG is not -1. */
static int bound(int type, int backlog)
{
	struct addr a;
	int fd = socket(AF_UNIX, type | SOCK_CLOEXEC, 0);

	assert_true(addr_unix(path, &a));
	assert_return_code(bind(fd, &a.sa, a.len), 0);
	if (backlog >= 0)
		assert_return_code(listen(fd, backlog), 0);
	return fd;
}

TEST(a_stale_unix_socket_is_replaced)
{
	struct listener *l;

	close(bound(SOCK_STREAM, 1)); /* its file stays, as after a crash */
	assert_int_equal(access(path, F_OK), 0);
	l = open_good(on_unix());
	expect_service(l);
	listener_free(l);
}

/* The file is there, untouched. */
static void expect_untouched(const struct stat *before)
{
	struct stat now;

	assert_return_code(lstat(path, &now), 0);
	assert_int_equal(now.st_ino, before->st_ino);
	assert_int_equal(now.st_mode, before->st_mode);
}

TEST(a_unix_socket_that_is_alive_is_left_alone)
{
	struct listener_conf conf = on_unix();
	struct listener *l = open_good(conf);
	struct stat before;

	assert_return_code(lstat(path, &before), 0);
	conf.mode = 0600;
	assert_int_equal(error_of(conf), -EADDRINUSE);
	expect_untouched(&before);
	while (count == 0) /* the question whether it is alive came as a client */
		ev_run(loop, EVRUN_ONCE);
	expect_service(l);
	listener_free(l);
}

TEST(a_unix_socket_whose_queue_is_full_is_alive)
{
	int fd = bound(SOCK_STREAM, 0), waiting[10], n = 0;
	struct stat before;
	struct addr a;

	assert_true(addr_unix(path, &a));
	do {
		assert_true(n < 10);
		waiting[n] = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);
	} while (connect(waiting[n++], &a.sa, a.len) == 0);
	assert_int_equal(errno, EAGAIN);
	assert_return_code(lstat(path, &before), 0);
	assert_int_equal(error_of(on_unix()), -EADDRINUSE);
	expect_untouched(&before);
	while (n > 0)
		close(waiting[--n]);
	close(fd);
}

TEST(what_is_no_stream_socket_is_left_alone)
{
	struct stat before;
	int fd = bound(SOCK_DGRAM, -1);

	assert_return_code(lstat(path, &before), 0);
	assert_int_equal(error_of(on_unix()), -EADDRINUSE);
	expect_untouched(&before);
	close(fd);
	unlink(path);
	close(open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0644));
	assert_return_code(lstat(path, &before), 0);
	assert_int_equal(error_of(on_unix()), -EADDRINUSE);
	expect_untouched(&before);
	unlink(path);
	assert_return_code(symlink("/no/such/file", path), 0);
	assert_return_code(lstat(path, &before), 0);
	assert_int_equal(error_of(on_unix()), -EADDRINUSE);
	expect_untouched(&before);
}

TEST(a_unix_socket_needs_its_directory)
{
	struct listener_conf conf = { .backlog = 1, .mode = -1 };

	assert_true(addr_unix("/no/such/dir/x.sock", &conf.at));
	assert_int_equal(error_of(conf), -ENOENT);
}

/* ---- how many ---- */

/* N clients of L wait; yours. */
static void connect_many(const struct listener *l, int *fds, size_t n)
{
	for (size_t i = 0; i < n; i++)
		fds[i] = connect_to(l);
}

static void close_many(int *fds, size_t n)
{
	for (size_t i = 0; i < n; i++)
		close(fds[i]);
}

TEST(one_turn_of_the_loop_lets_in_a_few_and_the_next_ones_the_rest)
{
	struct listener *l = open_good(on_inet("127.0.0.1"));
	int fds[40];

	connect_many(l, fds, 40);
	ev_run(loop, EVRUN_ONCE);
	assert_in_range(count, 1, 39);
	await(40);
	close_many(fds, 40);
	listener_free(l);
}

/* What can be done without waiting is done. */
static void run_without_waiting(void)
{
	for (int i = 0; i < 20; i++)
		ev_run(loop, EVRUN_NOWAIT);
}

TEST(one_seconds_worth_comes_at_once_and_the_rest_waits)
{
	struct listener_conf conf = on_unix();
	double begin_at = sys_now();
	struct listener *l;
	int fds[14];

	conf.rate = 10;
	l = open_good(conf);
	connect_many(l, fds, 14);
	run_without_waiting();
	assert_in_range(count, 10, 14);
	await(14);
	assert_true(sys_now() - begin_at >= 0.4);
	close_many(fds, 14);
	listener_free(l);
}

TEST(also_with_a_rate_below_one_a_second_the_first_need_not_wait)
{
	struct listener_conf conf = on_unix();
	struct listener *l;
	int fd;

	conf.rate = 0.01;
	l = open_good(conf);
	fd = connect_to(l);
	run_without_waiting();
	assert_int_equal(count, 1);
	close(fd);
	listener_free(l);
}

TEST(a_listener_that_pauses_can_be_freed)
{
	struct listener_conf conf = on_unix();
	struct listener *l;
	int fds[3];

	conf.rate = 1;
	l = open_good(conf);
	connect_many(l, fds, 3);
	await(1);
	ev_run(loop, EVRUN_NOWAIT);
	listener_free(l);
	ev_run(loop, 0); /* nothing is left that could keep it running */
	assert_int_equal(count, 1);
	close_many(fds, 3);
}

TEST(the_rate_can_be_lifted)
{
	struct listener_conf conf = on_unix();
	struct listener *l;
	int fds[40];

	conf.rate = 1;
	l = open_good(conf);
	conf.rate = 0;
	listener_adjust(l, &conf);
	connect_many(l, fds, 40);
	run_without_waiting();
	assert_int_equal(count, 40);
	close_many(fds, 40);
	listener_free(l);
}

TEST(a_rate_can_be_set_later)
{
	struct listener_conf conf = on_unix();
	struct listener *l = open_good(conf);
	double begin_at = sys_now();
	int fds[24];

	conf.rate = 20;
	listener_adjust(l, &conf);
	connect_many(l, fds, 24);
	await(24);
	assert_true(sys_now() - begin_at >= 0.2);
	close_many(fds, 24);
	listener_free(l);
}

TEST(the_queue_can_be_made_longer)
{
	struct listener_conf conf = on_unix();
	struct listener *l;
	int fds[20];

	conf.backlog = 1;
	l = open_good(conf);
	conf.backlog = 30;
	listener_adjust(l, &conf);
	for (int i = 0; i < 20; i++) {
		fds[i] = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
		assert_return_code(
			connect(fds[i], &listener_addr(l)->sa, listener_addr(l)->len), 0);
	}
	close_many(fds, 20);
	listener_free(l);
}

/* ---- without descriptors ---- */

/* Has the peer of FD closed it? */
static bool is_refused(int fd)
{
	struct pollfd p = { .fd = fd, .events = POLLIN | POLLRDHUP };

	return poll(&p, 1, 0) == 1;
}

/* In a process of its own.  The limit leaves room for nothing but the descriptor that
 * the listener keeps in reserve: its number is free again when it is given up. */
static int run_out(struct listener *l)
{
	int first = connect_to(l), second = connect_to(l), last = dup(first);
	struct rlimit limit;
	char got;

	if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
		return 1;
	close(last);
	limit.rlim_cur = (rlim_t)last; /* all numbers below are taken */
	if (setrlimit(RLIMIT_NOFILE, &limit) < 0)
		return 2;
	while (!is_refused(first) && count == 0)
		ev_run(loop, EVRUN_ONCE);
	if (count > 0)
		return 3;
	if (read(first, &got, 1) > 0)
		return 4;
	while (!is_refused(second)) /* the next one, after a pause */
		ev_run(loop, EVRUN_ONCE);
	limit.rlim_cur = limit.rlim_max;
	if (setrlimit(RLIMIT_NOFILE, &limit) < 0)
		return 5;
	first = connect_to(l);
	while (count == 0)
		ev_run(loop, EVRUN_ONCE);
	return is_refused(first) ? 6 : 0;
}

/* Not even the descriptor in reserve can be had again: whoever waits goes on waiting. */
static int run_dry(struct listener *l)
{
	int fd = connect_to(l);
	struct rlimit none, old;
	double begin_at = sys_now();

	if (getrlimit(RLIMIT_NOFILE, &old) < 0)
		return 1;
	none = old;
	none.rlim_cur = 0;
	if (setrlimit(RLIMIT_NOFILE, &none) < 0)
		return 2;
	for (int i = 0; i < 6; i++)
		ev_run(loop, EVRUN_ONCE);
	if (sys_now() - begin_at < 0.2) /* it spins */
		return 3;
	if (setrlimit(RLIMIT_NOFILE, &old) < 0)
		return 4;
	while (count == 0)
		ev_run(loop, EVRUN_ONCE);
	return is_refused(fd) ? 5 : 0;
}

/* What RUN(L) returns in a process of its own. */
static int in_child(int (*run)(struct listener *l), struct listener *l)
{
	pid_t pid = fork();
	int status;

	assert_true(pid >= 0);
	if (pid == 0) {
		alarm(30);
		ev_loop_fork(loop);
		ev_run(loop, EVRUN_NOWAIT); /* opens its descriptors anew */
		_exit(run(l));
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

TEST(without_descriptors_clients_are_refused_and_later_let_in_again)
{
	struct listener *l = open_good(on_inet("127.0.0.1"));

	assert_int_equal(in_child(run_out, l), 0);
	listener_free(l);
}

TEST(without_any_descriptor_the_loop_does_not_spin)
{
	struct listener *l = open_good(on_inet("127.0.0.1"));

	assert_int_equal(in_child(run_dry, l), 0);
	listener_free(l);
}

TEST(a_failed_listener_costs_no_descriptor)
{
	int next = dup(0), now;
	struct listener_conf conf = on_unix();

	close(next);
	conf.group = "no-such-group";
	for (int i = 0; i < 10; i++)
		error_of(conf);
	error_of(on_inet("192.0.2.1"));
	now = dup(0);
	close(now);
	assert_int_equal(now, next);
}

/* ---- what its clients' connections are like ---- */

static int option_of(int fd, int level, int option)
{
	int value = -1;
	socklen_t n = sizeof(value);

	assert_return_code(getsockopt(fd, level, option, &value, &n), 0);
	return value;
}

/* The connection of a client of L that comes now is as CONF says. */
static void assert_tuned(const struct listener *l, const struct stream_conf *conf)
{
	int client = connect_to(l), fd;

	await(1);
	fd = clients[0];
	assert_int_equal(!!option_of(fd, IPPROTO_TCP, TCP_NODELAY), conf->nodelay);
	assert_int_equal(option_of(fd, IPPROTO_TCP, TCP_NOTSENT_LOWAT), conf->unsent);
	assert_int_equal(option_of(fd, SOL_SOCKET, SO_KEEPALIVE),
			 conf->keepalive_time > 0);
	if (conf->keepalive_time > 0) {
		assert_int_equal(option_of(fd, IPPROTO_TCP, TCP_KEEPIDLE),
				 conf->keepalive_time);
		assert_int_equal(option_of(fd, IPPROTO_TCP, TCP_KEEPINTVL),
				 conf->keepalive_interval);
		assert_int_equal(option_of(fd, IPPROTO_TCP, TCP_KEEPCNT),
				 conf->keepalive_probes);
	}
	close_clients();
	close(client);
}

TEST(its_clients_connections_are_as_it_was_told_last)
{
	static const struct stream_conf told[] = {
		{ .nodelay = true,
		  .keepalive_time = 120,
		  .keepalive_interval = 15,
		  .keepalive_probes = 4 },
		{ .unsent = 65536,
		  .keepalive_time = 90,
		  .keepalive_interval = 3,
		  .keepalive_probes = 9 },
		{ .nodelay = true },
		{ .nodelay = false },
	};
	struct listener_conf conf = on_inet("127.0.0.1");
	struct listener *l;

	conf.stream = told[3];
	l = open_good(conf);
	for (size_t i = 0; i < sizeof(told) / sizeof(*told); i++) {
		conf.stream = told[i];
		listener_adjust(l, &conf);
		assert_tuned(l, &told[i]);
	}
	listener_free(l);
	conf.stream = told[0];
	l = open_good(conf);
	assert_tuned(l, &told[0]);
	listener_free(l);
}

#define LISTENER_TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void)
{
	static const struct CMUnitTest tests[] = {
		LISTENER_TEST(instead_of_port_0_there_is_a_real_one),
		LISTENER_TEST(a_client_comes_with_its_address_and_does_not_block),
		LISTENER_TEST(ipv4_and_ipv6_can_share_a_port),
		LISTENER_TEST(a_port_in_use_is_an_error_and_a_freed_one_is_not),
		LISTENER_TEST(an_address_of_another_machine_is_an_error),
		LISTENER_TEST(nobody_is_let_in_once_it_is_freed),
		LISTENER_TEST(a_unix_socket_has_the_mode_that_it_was_told),
		LISTENER_TEST(without_a_mode_the_umask_decides),
		LISTENER_TEST(a_unix_socket_has_the_group_that_it_was_told),
		LISTENER_TEST(an_unknown_group_is_an_error_and_leaves_no_file),
		LISTENER_TEST(the_file_of_a_unix_socket_goes_with_it),
		LISTENER_TEST(a_stale_unix_socket_is_replaced),
		LISTENER_TEST(a_unix_socket_that_is_alive_is_left_alone),
		LISTENER_TEST(a_unix_socket_whose_queue_is_full_is_alive),
		LISTENER_TEST(what_is_no_stream_socket_is_left_alone),
		LISTENER_TEST(a_unix_socket_needs_its_directory),
		LISTENER_TEST(
			one_turn_of_the_loop_lets_in_a_few_and_the_next_ones_the_rest),
		LISTENER_TEST(one_seconds_worth_comes_at_once_and_the_rest_waits),
		LISTENER_TEST(
			also_with_a_rate_below_one_a_second_the_first_need_not_wait),
		LISTENER_TEST(a_listener_that_pauses_can_be_freed),
		LISTENER_TEST(the_rate_can_be_lifted),
		LISTENER_TEST(a_rate_can_be_set_later),
		LISTENER_TEST(the_queue_can_be_made_longer),
		LISTENER_TEST(its_clients_connections_are_as_it_was_told_last),
		LISTENER_TEST(
			without_descriptors_clients_are_refused_and_later_let_in_again),
		LISTENER_TEST(without_any_descriptor_the_loop_does_not_spin),
		LISTENER_TEST(a_failed_listener_costs_no_descriptor),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
