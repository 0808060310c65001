/* SPDX-License-Identifier: MIT */
/*
 * From clone to exec: the only code that runs between the two.
 *
 * This is vfork(2), with a stack of the child's own and one table of descriptors for
 * both.  The child borrows our memory until it execs, while we are suspended: it makes
 * raw, async-signal-safe calls alone, allocates nothing, and leaves its errno in our
 * memory.
 *
 * A table of its own from the start would be a copy of ours, only to be closed: that is
 * 1.4 ms for 9,000 descriptors, during which nothing else moves.  So what it needs lies
 * in three low slots, and it takes a copy of the table up to these and no further.  That
 * has one more merit: no descriptor of ours is ever open in two tables, so a close()
 * takes it out of epoll at once.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/close_range.h>
#include <sched.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "child_spawn.h"

#define KERNEL_SIGSET 8   /* bytes of the kernel's sigset_t */
#define STACK (32 * 1024) /* bytes, as posix_spawn(3) of glibc has it */

/* A sanitizer knows nothing of the child's stack. */
#define IN_CHILD __attribute__((no_sanitize_address))

struct birth {
	const struct child_spec *spec;
	const struct children *all;
	pid_t parent;
	int err; /* of the child; 0: it has become the program */
	const char *what;
};

static _Noreturn IN_CHILD void fail(struct birth *b, const char *what)
{
	b->err = errno;
	b->what = what;
	_exit(127);
}

/* The kernel's own struct sigaction: handler, flags, restorer, mask.  sigaction(3) would
 * refuse 32 and 33, which the C library keeps for itself; whoever started us may have
 * ignored those, too. */
struct disposition {
	unsigned long handler, others[2];
	unsigned char mask[KERNEL_SIGSET];
};

uint64_t child_signals(void)
{
	struct disposition d;
	uint64_t set = 0;

	for (int sig = 1; sig < NSIG; sig++)
		if (syscall(SYS_rt_sigaction, sig, NULL, &d, KERNEL_SIGSET) < 0 ||
		    d.handler != (unsigned long)SIG_DFL)
			set |= UINT64_C(1) << (sig - 1);
	return set;
}

/* No handler of ours may run in the child: it would run in our memory.  Ignored signals
 * (SIGPIPE, or SIGHUP under nohup) would stay ignored after the exec. */
static IN_CHILD void default_signals(uint64_t set)
{
	static const struct disposition dfl = { (unsigned long)SIG_DFL, { 0 }, { 0 } };

	for (; set; set &= set - 1)
		(void)syscall(SYS_rt_sigaction, __builtin_ctzll(set) + 1, &dfl, NULL,
			      KERNEL_SIGSET);
}

/* The slots become 0, 1, 2, in a table of descriptors of its own. */
static IN_CHILD void take_descriptors(struct birth *b)
{
	const int *slot = b->all->slot;
	unsigned last = 0;

	for (int i = 0; i < 3; i++)
		if ((unsigned)slot[i] > last)
			last = (unsigned)slot[i];
	if (close_range(last + 1, ~0U, CLOSE_RANGE_UNSHARE) < 0)
		fail(b, "close_range");
	for (int i = 0; i < 3; i++)
		if (dup2(slot[i], i) < 0)
			fail(b, "dup2");
	if (close_range(3, ~0U, 0) < 0)
		fail(b, "close_range");
}

static IN_CHILD void limit_descriptors(struct birth *b)
{
	long soft = b->spec->nofile ? b->spec->nofile : b->all->nofile;
	struct rlimit r;

	int done;

	if (soft < 0)
		return;
	done = getrlimit(RLIMIT_NOFILE, &r);
	r.rlim_cur = (rlim_t)soft;
	if (done == 0)
		done = setrlimit(RLIMIT_NOFILE, &r);
	if (done < 0 && b->spec->nofile)
		fail(b, "nofile");
}

static IN_CHILD int child(void *data)
{
	struct birth *b = data;
	const struct child_spec *spec = b->spec;
	sigset_t none;

	default_signals(b->all->signals);
	take_descriptors(b);
	setsid();
	if (spec->terminal && ioctl(STDIN_FILENO, TIOCSCTTY, 0) < 0)
		fail(b, "controlling terminal");
	if (spec->parent_death_signal)
		prctl(PR_SET_PDEATHSIG, spec->parent_death_signal);
	if (getppid() != b->parent) /* it ended before the line above */
		_exit(127);
	if (spec->cwd && chdir(spec->cwd) < 0)
		fail(b, "chdir");
	if (spec->umask >= 0)
		umask((mode_t)spec->umask);
	limit_descriptors(b);
	/* What the daemon may by lowport.conf no program may. */
	(void)prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
	if (!spec->new_privileges && prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		fail(b, "no_new_privs");
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	execve(spec->file, spec->argv, spec->envp);
	fail(b, "exec");
}

static int put(int fd, int slot)
{
	int r;

	do /* EBUSY: another thread is opening a file, and might get this very slot */
		r = dup3(fd, slot, O_CLOEXEC);
	while (r < 0 && (errno == EBUSY || errno == EINTR));
	return r < 0 ? -errno : 0;
}

/* Put the descriptors of SPEC into the slots; NULL: take them out again.  What stayed in
 * one would keep a program's pipe open for good. */
static int fill_slots(const struct children *all, const struct child_spec *spec)
{
	int r = 0;

	for (int i = 0; r == 0 && i < 3; i++)
		r = put(spec ? spec->fd[i] : STDIN_FILENO, all->slot[i]);
	return r;
}

/* Nothing of ours may run while the child is in our memory: all signals wait. */
static pid_t give_birth(struct birth *b)
{
	_Alignas(16) char stack[STACK];
	sigset_t all, old;
	pid_t pid;
	int err;

	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, &old);
	pid = clone(child, stack + STACK, CLONE_VM | CLONE_VFORK | CLONE_FILES | SIGCHLD,
		    b);
	err = errno;
	sigprocmask(SIG_SETMASK, &old, NULL);
	return pid < 0 ? -err : pid;
}

pid_t child_spawn(const struct child_spec *spec, const struct children *all,
		  const char **ret_what)
{
	struct birth b = { .spec = spec, .all = all, .parent = getpid() };
	pid_t pid = fill_slots(all, spec);

	*ret_what = "dup2";
	if (pid == 0) {
		*ret_what = "clone";
		pid = give_birth(&b);
	}
	(void)fill_slots(all, NULL);
	if (pid < 0 || b.err == 0)
		return pid;
	waitpid(pid, NULL, 0); /* its _exit(127) is no end of a program's */
	*ret_what = b.what;
	return -b.err;
}
