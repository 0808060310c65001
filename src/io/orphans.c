/* SPDX-License-Identifier: MIT */
/* Processes that became our children when their parents ended. */
#include <errno.h>
#include <fcntl.h>
#include <search.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "log.h"
#include "orphans.h"

#define ENVIRON_MAX (256 * 1024) /* bytes that are looked through */
#define LIST "/proc/thread-self/children"
#define LIST_PIECE 4096 /* bytes of it that the kernel gives at once, at most */
#define PROC_PATH 40
#define PROC_STAT 1024
/* Fields of /proc/PID/stat, see proc(5). */
#define START_CODE 26
#define ENV_START 50 /* behind it env_end */

struct orphan {
	pid_t pid;
	unsigned round; /* the last one of which it got its signal */
	uint64_t id;    /* 0: nobody knows */
	LIST_ENTRY(orphan) link;
};

static int by_pid(const void *a, const void *b)
{
	const struct orphan *x = a, *y = b;

	return (x->pid > y->pid) - (x->pid < y->pid);
}

static FILE *open_proc(pid_t pid, const char *file)
{
	char path[PROC_PATH];

	snprintf(path, sizeof(path), "/proc/%ld/%s", (long)pid, file);
	return fopen(path, "re");
}

/* ENTRY is NAME=number: the number, else OTHERWISE. */
static uint64_t number_in(const char *entry, const char *name, uint64_t otherwise)
{
	size_t n = strlen(name);

	return strncmp(entry, name, n) == 0 && entry[n] == '='
		       ? strtoull(entry + n + 1, NULL, 10)
		       : otherwise;
}

/* Whose PID is, by its environment; 0: that does not say.  *RET_EMPTY: nothing could be
 * read of it. */
static uint64_t id_of(pid_t pid, bool *ret_empty)
{
	FILE *f = open_proc(pid, "environ");
	uint64_t id = 0, daemon = 0;
	size_t cap = 0, seen = 0;
	char *entry = NULL;
	ssize_t n;

	*ret_empty = f || errno != EACCES; /* or it is somebody else's */
	if (!f)
		return 0;
	while (seen < ENVIRON_MAX && (n = getdelim(&entry, &cap, '\0', f)) > 0) {
		seen += (size_t)n;
		id = number_in(entry, ORPHAN_ID, id);
		daemon = number_in(entry, ORPHAN_DAEMON, daemon);
	}
	free(entry);
	fclose(f);
	*ret_empty = seen == 0;
	return daemon == (uint64_t)getpid() ? id : 0;
}

/* The environment of PID, which was empty just now: is it there, and empty?  A zombie has
 * none, nor has a process in the middle of its exec, of which one may follow another: its
 * environment ends where it begins for a moment, and until that is over there is no code.
 */
static bool is_empty_for_good(pid_t pid)
{
	FILE *f = open_proc(pid, "stat");
	unsigned long code = 0, start = 0, end = 0;
	char line[PROC_STAT];
	const char *p = f && fgets(line, sizeof(line), f) ? strrchr(line, ')') : NULL;

	for (int field = 3; p && field <= ENV_START; field++) {
		p = strchr(p + 1, ' ');
		if (p && field == START_CODE)
			code = strtoul(p, NULL, 10);
	}
	if (f)
		fclose(f);
	return p && sscanf(p, "%lu %lu", &start, &end) == 2 && code != 0 && end != 0 &&
	       start == end;
}

static void log_unknown(pid_t pid)
{
	FILE *f = open_proc(pid, "comm");
	char name[20] = "";

	if (f && fgets(name, sizeof(name), f))
		name[strcspn(name, "\n")] = '\0';
	if (f)
		fclose(f);
	log_warning("",
		    "process %ld (%s) has left its program's group and has no " ORPHAN_ID
		    " in its environment: it is left alone",
		    (long)pid, name);
}

static void add(struct orphans *o, pid_t pid, uint64_t id)
{
	struct orphan *new = malloc(sizeof(*new));

	if (new)
		*new = (struct orphan){ .pid = pid, .id = id };
	if (!new || !tsearch(new, &o->by_pid, by_pid)) {
		free(new); /* found again at the next look */
		return;
	}
	LIST_INSERT_HEAD(&o->all, new, link);
	if (id == 0)
		log_unknown(pid);
}

static void meet(struct orphans *o, pid_t pid)
{
	bool empty;
	uint64_t id = id_of(pid, &empty);

	if (empty && !is_empty_for_good(pid))
		o->unsettled = true;
	else
		add(o, pid, id);
}

/* Is E a want of descriptors or memory?  After any other error there is no list, and
 * never will be. */
static bool is_want(int e)
{
	return e == EMFILE || e == ENFILE || e == ENOMEM;
}

int orphans_init(struct orphans *o, struct turn *turn)
{
	o->turn = turn;
	LIST_INIT(&o->all);
	o->list = open(LIST, O_RDONLY | O_CLOEXEC);
	return o->list < 0 && is_want(errno) ? -errno : 0;
}

/* The first pid of the list at TEXT; *RET_REST: what is behind it.  0: none, or not all
 * of it. */
static pid_t first_pid(const char *text, const char **ret_rest)
{
	char *end;
	long pid = strtol(text, &end, 10);

	if (*end != ' ') /* one stands behind each */
		return 0;
	*ret_rest = end + 1;
	return (pid_t)pid;
}

/* PID is in the list.  False: the next one is for another turn. */
static bool look_at(struct orphans *o, pid_t pid, orphans_started *started,
		    const void *data)
{
	struct orphan key = { .pid = pid };

	if (started(data, pid) || tfind(&key, &o->by_pid, by_pid))
		return true;
	meet(o, pid); /* one in any case: turns may be long for ever */
	return turn_has_time(o->turn);
}

/* As orphans_look().  0 or -errno. */
static int read_list(struct orphans *o, orphans_started *started, const void *data)
{
	char text[LIST_PIECE + 1];
	size_t kept = 0; /* the beginning of a pid */
	off_t at = 0;
	ssize_t n = 0;
	pid_t pid;

	while (!o->cut && (n = pread(o->list, text + kept, LIST_PIECE - kept, at)) > 0) {
		const char *rest = text;

		text[kept + (size_t)n] = '\0';
		while (!o->cut && (pid = first_pid(rest, &rest))) {
			o->cut = !look_at(o, pid, started, data);
			o->listed++;
		}
		kept = strlen(rest);
		memmove(text, rest, kept);
		at += n;
	}
	return n < 0 ? -errno : 0;
}

void orphans_look(struct orphans *o, orphans_started *started, const void *data)
{
	if (o->fresh || o->blind)
		return;
	if (o->list < 0) { /* a kernel without CONFIG_PROC_CHILDREN */
		o->blind = true;
		log_warning("", LIST ": not there: processes that leave their program's "
				     "group are not found");
		return;
	}
	o->unsettled = o->cut = false;
	o->listed = 0;
	o->fresh = read_list(o, started, data) == 0;
	if (!o->fresh || o->cut)
		o->unsettled = true; /* again later */
}

void orphans_forget(struct orphans *o)
{
	o->fresh = false;
}

void orphans_reaped(struct orphans *o, pid_t pid)
{
	struct orphan key = { .pid = pid }, **found, *gone;

	found = tfind(&key, &o->by_pid, by_pid);
	if (!found)
		return;
	gone = *found;
	tdelete(gone, &o->by_pid, by_pid);
	LIST_REMOVE(gone, link);
	free(gone);
}

bool orphans_any(const struct orphans *o, uint64_t id)
{
	const struct orphan *i;

	LIST_FOREACH(i, &o->all, link)
		if (i->id == id)
			return true;
	return o->unsettled;
}

/* A stopped process sees no other signal than these two. */
static void send_signal(const struct orphan *i, int sig)
{
	pid_t to = getpgid(i->pid) == i->pid ? -i->pid : i->pid;

	kill(to, sig);
	if (sig != SIGKILL)
		kill(to, SIGCONT);
}

bool orphans_signal(struct orphans *o, uint64_t id, int sig, unsigned round)
{
	struct orphan *i;

	LIST_FOREACH(i, &o->all, link) {
		if (i->id != id || i->round == round)
			continue;
		i->round = round;
		send_signal(i, sig);
		if (!turn_has_time(o->turn))
			return false;
	}
	return true;
}

void orphans_free(struct orphans *o)
{
	while (!LIST_EMPTY(&o->all))
		orphans_reaped(o, LIST_FIRST(&o->all)->pid);
	if (o->list >= 0)
		close(o->list);
}
