/* SPDX-License-Identifier: MIT */
/*
 * Fuzzes whole sessions: the real hubs, fans, framings, queues and deadlines between
 * clients without sockets and programs without processes, on a clock of its own.
 *
 * What a client gets is always a sequence of good frames, and nothing is lost, doubled or
 * left behind, in whatever order bytes, room, ends, commands and time come.
 *
 * Input: the path (session_paths.h), a byte of choices, then steps: which (steps[], with
 * 0x80 in one turn of the loop with the next), who or how much, a length, and as many
 * bytes.
 */
#include <fcntl.h>
#include <sys/mman.h>

#include "log.h"
#include "loop.h"
#include "session_paths.h"
#include "session_steps.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define MOST 300 /* turns; steps in one of them */
#define FILE_SIZE 9000

static const struct conf *conf;

/* The source that ARG names among those there are. */
static struct fuzz_source *source_at(unsigned arg)
{
	unsigned n = 0;

	for (int i = 0; i < SOURCES; i++)
		n += sources[i] != NULL;
	if (n == 0)
		return NULL;
	arg %= n;
	for (int i = 0;; i++)
		if (sources[i] && arg-- == 0)
			return sources[i];
}

/* ---- turns of the loop ---- */

static struct span input;

static unsigned next_byte(void)
{
	unsigned b = input.n > 0 ? (unsigned char)*input.p : 0;

	input.p += input.n > 0;
	input.n -= input.n > 0;
	return b;
}

/* The next step; true: another one belongs to the same turn. */
static bool do_step(void)
{
	unsigned which = next_byte();
	struct step step = { .arg = next_byte() };

	step.n = next_byte();
	if (step.n > input.n)
		step.n = input.n;
	step.p = input.p;
	input.p += step.n;
	input.n -= step.n;
	step.c = &clients[step.arg % CLIENTS];
	if (step.c->session && step.c->session->state != SESSION_DEAD)
		step.s = step.c->session;
	step.x = source_at(step.arg & 0xF);
	steps[(which & 0x7F) % STEPS](&step);
	return which & 0x80;
}

static void client_turn(struct fuzz_client *c)
{
	int revents = 0;

	if (!c->session || c->session->state == SESSION_DEAD)
		return;
	if (c->events & EV_READ && (buf_len(&c->sent) > 0 || c->end))
		revents |= EV_READ;
	if (c->events & EV_WRITE && (c->room > 0 || c->end < 0))
		revents |= EV_WRITE;
	if (revents)
		ev_invoke(bridge.loop, &c->session->client.io, revents);
}

/* Behind the bridge's clock, before timers: what the kernel would tell. */
static void on_turn(EV_P_ ev_check *w, int revents)
{
	(void)loop;
	(void)w;
	(void)revents;
	if (rest > 0)
		rest--;
	else
		for (int i = 0; input.n > 0 && do_step() && i < MOST;)
			i++;
	for (int i = 0; i < CLIENTS; i++)
		client_turn(&clients[i]);
	for (int i = 0; i < SOURCES; i++)
		if (sources[i])
			source_turn(sources[i]);
}

/* Everything that an open session has read, its program has been told. */
static void check_told(const struct fuzz_client *c, const struct session *s)
{
	bool plain = path == conf->paths[0] || path == conf->paths[1];
	const struct fuzz_source *x = s->hub ? source_of(s->hub->source) : NULL;

	if (!plain || !x || s->state != SESSION_OPEN)
		return;
	if (c->sent_over || x->deaf || x->finishing || x->state != FUZZ_RUNNING)
		return;
	MUST(buf_len(&x->told) == buf_len(&c->meant));
	MUST(starts_with(&x->told, &c->meant));
}

static void check_client(const struct fuzz_client *c)
{
	const struct session *s = c->session;

	if (!s || s->state == SESSION_DEAD)
		return;
	MUST(session_queued(s) <=
	     2 * s->conf->queue + 3 * (size_t)FRAMING_HELD_MAX + 8192);
	check_told(c, s);
	if (is_transparent() && !c->untold)
		MUST(starts_with(heard_of(c), &c->got));
}

static void turn(void)
{
	ev_run(bridge.loop, EVRUN_NOWAIT);
	for (int i = 0; i < CLIENTS; i++)
		check_client(&clients[i]);
}

/* ---- begin and end ---- */

static struct hub *first_hub(void)
{
	return LIST_FIRST(&bridge.hubs);
}

/* Everybody reads, nobody says any more, and nobody stays. */
static void let_go(void)
{
	for (int i = 0; i < CLIENTS; i++) {
		struct fuzz_client *c = &clients[i];

		if (c->waits) {
			hub_unwait(c->waits, &c->waiter);
			client_free(c);
		}
		c->piece = TURN_BYTES;
		if (!(choices & STUCK))
			c->room = SIZE_MAX;
		if (c->session && !(choices & SHUTDOWN))
			c->end = c->end ? c->end : 1;
		if (c->session && c->session->state != SESSION_DEAD)
			session_hold(c->session, false);
	}
	for (int i = 0; i < SOURCES; i++) {
		struct fuzz_source *x = sources[i];

		if (!x)
			continue;
		x->piece = TURN_BYTES;
		x->room = SIZE_MAX;
		x->slow = false;
		if (x->state == FUZZ_STOPPING)
			source_gone(x);
	}
	if (shared)
		fan_retire(shared);
}

static void end(void)
{
	choices &= ~(unsigned)SLOW;
	let_go();
	if (choices & KILL)
		bridge_kill(&bridge);
	else if (choices & SHUTDOWN)
		bridge_shutdown(&bridge, CLOSE_GOING_AWAY, "shutdown");
	for (int i = 0; i < 200 && !bridge_is_empty(&bridge); i++) {
		now += 0.5;
		turn();
	}
	/* Only a client that takes nothing can keep it up, where it may. */
	MUST(bridge_is_empty(&bridge) || choices & STUCK);
	for (int i = 0; i < 10 && !bridge_is_empty(&bridge); i++) {
		bridge_kill(&bridge);
		turn();
	}
	MUST(bridge_is_empty(&bridge) && !first_hub() && keeps == 0 && !shared);
	MUST(stats.open == 0 && stats.input_queue == 0 && stats.output_queue == 0);
	for (int i = 0; i < SOURCES; i++)
		MUST(!sources[i]);
	for (int i = 0; i < CLIENTS; i++)
		MUST(!clients[i].session && !clients[i].waits);
	stats_free(&stats);
	stats = (struct path_stats){ 0 };
}

/* Empty ones, short ones, longer ones than a frame, a message or a queue may be. */
static void make_lines(void)
{
	static const unsigned sizes[] = { 0, 1, 7, 99, 1, 0, 500, 5000, 3, 20000 };
	char line[20000];
	int fd = memfd_create("lines", MFD_CLOEXEC);

	for (size_t i = 0; i < sizeof(sizes) / sizeof(*sizes); i++) {
		memset(line, 'a' + (int)i, sizes[i]);
		keep(&lines, line, sizes[i]);
		keep(&lines, "\n", 1);
	}
	MUST(write(fd, buf_head(&lines), buf_len(&lines)) == (ssize_t)buf_len(&lines));
	MUST(dup3(fd, LINES_FD, O_CLOEXEC) == LINES_FD);
	close(fd);
}

static void set_up(void)
{
	static const struct bridge_owner owner = {
		.session_ended = on_session_ended,
		.ponged = on_ponged,
		.unkeep = on_unkeep,
	};
	static const struct log_conf quiet = { .level = LOG_LEVEL_ERROR, .socket = -1 };
	static ev_check check;
	struct ev_loop *loop = loop_new();
	int status;

	MUST(loop);
	conf = conf_load_text("paths", session_paths, stderr, &status);
	MUST(conf);
	log_open(STDERR_FILENO, &quiet);
	bridge_init(&bridge, loop, 1024, &owner);
	ev_check_init(&check, on_turn);
	ev_set_priority(&check, EV_MAXPRI - 1);
	ev_check_start(loop, &check);
	make_lines();
	file = memfd_create("file", MFD_CLOEXEC);
	for (int i = 0; i < FILE_SIZE; i += 3)
		MUST(write(file, "\xE2\x82\xAC", 3) == 3);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (!conf)
		set_up();
	if (size < 2)
		return 0;
	now = 1000;
	path = conf->paths[data[0] % conf->npaths];
	choices = data[1];
	start_fails = false;
	last_id = 0;
	input = (struct span){ NULL, 0 };
	turn(); /* the loop's time is that of the clock */
	input = (struct span){ (const char *)data + 2, size - 2 };
	for (int i = 0; i < MOST && (input.n > 0 || rest > 0); i++)
		turn();
	input.n = rest = 0;
	end();
	now = -1;
	return 0;
}
