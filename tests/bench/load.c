/* SPDX-License-Identifier: MIT */
/* load.c - a load generator: clients, a mode that works with them, and what it cost. */
#include "load.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#define EXIT_STALLED 3
#define OPENING_MAX 32 /* connections being made at once: no backlog overflows */
#define EVENTS 256

int64_t load_now(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * LOAD_NS_PER_SECOND + now.tv_nsec;
}

void *load_alloc(size_t n)
{
	void *p = calloc(1, n);

	if (!p) {
		fprintf(stderr, "load: out of memory\n");
		exit(EXIT_FAILURE);
	}
	return p;
}

static int64_t cpu_of(pid_t pid)
{
	int64_t ns;

	if (pid == 0)
		return 0;
	ns = cost_cpu_ns(pid);
	if (ns < 0) {
		fprintf(stderr, "load: process %d: %s\n", (int)pid, strerror((int)-ns));
		exit(EXIT_FAILURE);
	}
	return ns;
}

void load_begin(struct load *load)
{
	load->phase = PHASE_MEASURING;
	if (load->options.pid)
		cost_memory(load->options.pid, &load->memory_before);
	load->began = load_now();
	load->phase_until = load->began + load->options.run_ns;
	load->own_cpu_began = cpu_of(getpid());
	load->cpu_began = cpu_of(load->options.pid);
	if (load->options.pid)
		cost_ticks(load->options.pid, &load->ticks_began);
	load->mode->begin(load);
}

void load_stop(struct load *load)
{
	load->phase = PHASE_DRAINING;
	load->mode->stop(load);
}

void load_finish(struct load *load)
{
	load->phase = PHASE_DONE;
	load->cpu_ended = cpu_of(load->options.pid);
	if (load->options.pid)
		cost_ticks(load->options.pid, &load->ticks_ended);
	load->own_cpu_ended = cpu_of(getpid());
	load->ended = load_now();
	if (load->options.pid)
		cost_memory(load->options.pid, &load->memory_after);
}

static void open_more(struct load *load)
{
	while (load->begun < load->to_open && load->begun - load->opened < OPENING_MAX)
		conn_open(&load->conns[load->begun++], &load->target);
}

/* What only time or the number of open connections brings on. */
static void move_on(struct load *load)
{
	int64_t now = load_now();

	if (!crowd_gather(&load->crowd, OPENING_MAX))
		return;
	open_more(load);
	if (load->phase == PHASE_OPENING && load->opened >= load->to_open) {
		load->phase = PHASE_WARMING;
		load->phase_until = now + load->mode->warm_up_ns;
	}
	if (load->phase == PHASE_WARMING && now >= load->phase_until)
		load_begin(load);
	if (load->phase != PHASE_MEASURING)
		return;
	if (load->options.messages == 0 && now >= load->phase_until)
		load_stop(load);
	else if (load->mode->tick)
		load->mode->tick(load);
}

static void run(struct load *load)
{
	struct epoll_event events[EVENTS];

	while (load->phase != PHASE_DONE) {
		int n = epoll_wait(load->target.epoll, events, EVENTS, 10);

		for (int i = 0; i < n && load->phase != PHASE_DONE; i++)
			conn_io(events[i].data.ptr, events[i].events);
		if (load->phase != PHASE_DONE)
			move_on(load);
	}
}

static double us(int64_t ns)
{
	return (double)ns / 1000.0;
}

static void print_latency(const struct histogram *h)
{
	static const struct {
		const char *name;
		double at;
	} rows[] = {
		{ "p50_us", 0.5 },
		{ "p90_us", 0.9 },
		{ "p99_us", 0.99 },
		{ "p999_us", 0.999 },
	};

	for (size_t i = 0; h->count > 0 && i < sizeof(rows) / sizeof(rows[0]); i++)
		printf(", \"%s\": %.1f", rows[i].name,
		       us((int64_t)histogram_at(h, rows[i].at)));
}

static void print_kernel_share(const struct load *load)
{
	double kernel = (double)(load->ticks_ended.kernel - load->ticks_began.kernel);
	double user = (double)(load->ticks_ended.user - load->ticks_began.user);

	if (kernel + user > 0)
		printf(", \"kernel_share\": %.3f", kernel / (kernel + user));
}

static void print_cost(const struct load *load)
{
	double cpu = us(load->cpu_ended - load->cpu_began);
	double messages = (double)load->messages;

	printf(", \"daemon_cpu_us\": %.0f", cpu);
	if (load->messages > 0 && !load->mode->measures_memory)
		printf(", \"cpu_us_per_msg\": %.4f", cpu / messages);
	if (load->bytes > 0)
		printf(", \"cpu_us_per_kib\": %.4f", cpu / ((double)load->bytes / 1024));
	print_kernel_share(load);
	printf(", \"anonymous_before\": %lld, \"anonymous_after\": %lld",
	       (long long)load->memory_before.anonymous,
	       (long long)load->memory_after.anonymous);
	if (load->messages > 0 && load->mode->measures_memory)
		printf(", \"anonymous_per_session\": %.0f, \"pss_per_session\": %.0f",
		       (double)(load->memory_after.anonymous -
				load->memory_before.anonymous) /
			       messages,
		       (double)(load->memory_after.pss - load->memory_before.pss) /
			       messages);
}

static void print_report(const struct load *load)
{
	double seconds = (double)(load->ended - load->began) / LOAD_NS_PER_SECOND;
	double messages = (double)load->messages;

	printf("{\"mode\": \"%s\", \"raw\": %s, \"clients\": %u, \"inflight\": %u",
	       load->mode->name, load->target.raw ? "true" : "false",
	       load->options.clients, load->options.inflight);
	printf(", \"size\": %zu, \"seconds\": %.3f, \"messages\": %llu, \"bytes\": %llu",
	       load->options.size, seconds, (unsigned long long)load->messages,
	       (unsigned long long)load->bytes);
	printf(", \"rate\": %.1f, \"mib_per_s\": %.2f", messages / seconds,
	       (double)load->bytes / seconds / (1024 * 1024));
	printf(", \"client_cpu_us\": %.0f",
	       us(load->own_cpu_ended - load->own_cpu_began));
	print_latency(&load->latency);
	if (load->options.pid)
		print_cost(load);
	printf("}\n");
}

static void on_alarm(int signo)
{
	static const char text[] = "load: gave up: the run took too long\n";

	(void)signo;
	if (write(STDERR_FILENO, text, sizeof(text) - 1) < 0)
		_exit(EXIT_FAILURE);
	_exit(EXIT_STALLED);
}

static void raise_descriptor_limit(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
		return;
	limit.rlim_cur = limit.rlim_max;
	setrlimit(RLIMIT_NOFILE, &limit);
}

static void prepare(struct load *load)
{
	struct load_options *o = &load->options;

	load->target.epoll = epoll_create1(EPOLL_CLOEXEC);
	load->target.handler = &load->mode->handler;
	load->target.owner = load;
	if (o->tls)
		load->target.tls = tlsclient_new(o->resume);
	if (load->mode->cuts_raw)
		load->target.raw_unit = o->size + 1;
	load->conns = load_alloc(o->clients * sizeof(*load->conns));
	for (unsigned i = 0; i < o->clients; i++)
		load->conns[i].id = i;
	load->to_open = o->clients;
	crowd_prepare(&load->crowd, &load->target, o->crowd);
	load->mode->prepare(load);
}

static void load_free(struct load *load)
{
	for (unsigned i = 0; i < load->options.clients; i++)
		conn_free(&load->conns[i]);
	free(load->conns);
	crowd_free(&load->crowd);
	free(load->text);
	free(load->work);
	free(load->flood.p);
	tlsclient_free(load->target.tls);
	close(load->target.epoll);
}

int main(int argc, char **argv)
{
	static struct load load;

	load_parse_options(&load, argc, argv);
	signal(SIGALRM, on_alarm);
	alarm(load.options.timeout);
	raise_descriptor_limit();
	prepare(&load);
	run(&load);
	print_report(&load);
	load_free(&load);
	return EXIT_SUCCESS;
}
