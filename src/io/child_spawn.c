/* SPDX-License-Identifier: MIT */
/*
 * vfork and exec: the only code that runs between the two.
 *
 * The child borrows our memory and stack until it execs, while we are suspended: it makes
 * raw, async-signal-safe calls alone, allocates nothing, and leaves its errno in our
 * memory.
 */
#include <errno.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "child_spawn.h"

#define KERNEL_SIGSET 8 /* bytes of the kernel's sigset_t */

struct failure {
	volatile int err;
	const char *volatile what;
};

static _Noreturn void fail(struct failure *f, const char *what)
{
	f->err = errno;
	f->what = what;
	_exit(127);
}

/* No handler of ours may run in the child: it would run in our memory.  Ignored signals
 * (SIGPIPE, or SIGHUP under nohup) would stay ignored after the exec. */
static void default_signals(void)
{
	/* The kernel's own struct sigaction: no handler, no flags, no restorer, empty
	 * mask. sigaction(3) would refuse 32 and 33, which the C library keeps for
	 * itself; whoever started us may have ignored those, too. */
	static const unsigned long dfl[4];

	for (int sig = 1; sig < NSIG; sig++)
		(void)syscall(SYS_rt_sigaction, sig, dfl, NULL, KERNEL_SIGSET);
}

static void restore_nofile(long soft)
{
	struct rlimit r;

	if (soft < 0 || getrlimit(RLIMIT_NOFILE, &r) < 0)
		return;
	r.rlim_cur = (rlim_t)soft;
	(void)setrlimit(RLIMIT_NOFILE, &r);
}

static _Noreturn void child(const struct child_spec *spec, long nofile, pid_t parent,
			    struct failure *f)
{
	sigset_t none;

	default_signals();
	setsid();
	if (spec->parent_death_signal)
		prctl(PR_SET_PDEATHSIG, spec->parent_death_signal);
	if (getppid() != parent) /* it ended before the line above */
		_exit(127);
	for (int i = 0; i < 3; i++)
		if (dup2(spec->fd[i], i) < 0)
			fail(f, "dup2");
	/* Closing here, not at the exec, while our parent still waits: afterwards no
	 * descriptor is shared, so a close() of the parent's takes it out of epoll at
	 * once. */
	if (close_range(3, ~0U, 0) < 0)
		fail(f, "close_range");
	if (spec->cwd && chdir(spec->cwd) < 0)
		fail(f, "chdir");
	if (spec->umask >= 0)
		umask((mode_t)spec->umask);
	restore_nofile(nofile);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	execve(spec->file, spec->argv, spec->envp);
	fail(f, "exec");
}

pid_t child_spawn(const struct child_spec *spec, long nofile, const char **ret_what)
{
	struct failure f = { 0, NULL };
	pid_t parent = getpid();
	sigset_t all, old;
	pid_t pid;
	int err;

	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, &old);
	pid = vfork();
	if (pid == 0)
		child(spec, nofile, parent, &f);
	err = errno;
	sigprocmask(SIG_SETMASK, &old, NULL);
	if (pid < 0) {
		*ret_what = "vfork";
		return -err;
	}
	if (f.err) { /* its _exit(127) is no end of a program's */
		waitpid(pid, NULL, 0);
		*ret_what = f.what;
		return -f.err;
	}
	return pid;
}
