/* SPDX-License-Identifier: MIT */
/*
 * fork.c - LD_PRELOADed under valgrind, which knows no child that borrows its parent's
 * memory and descriptors: gives the daemon's clone(2) as fork(2).
 *
 * What the child leaves in its parent's memory, the struct birth of child_spawn.c, comes
 * through a pipe; the pipe's end tells that the child has become its program.
 */
#include <fcntl.h>
#include <sched.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

#define LEFT 64 /* bytes of its memory; struct birth has fewer */

/* Of the child between fork and exec. */
static struct {
	int fd; /* 0: this is no child */
	const void *memory;
} to_parent;

int clone(int (*child)(void *), void *stack, int flags, void *data, ...)
{
	int fd[2];
	pid_t pid;

	(void)stack;
	(void)flags;
	if (pipe2(fd, O_CLOEXEC) < 0)
		return -1;
	pid = fork();
	if (pid == 0) {
		to_parent.fd = fd[1];
		to_parent.memory = data;
		_exit(child(data));
	}
	close(fd[1]);
	if (pid > 0)
		(void)!read(fd[0], data, LEFT);
	close(fd[0]);
	return pid;
}

void _exit(int status)
{
	if (to_parent.fd > 0)
		(void)!write(to_parent.fd, to_parent.memory, LEFT);
	syscall(SYS_exit_group, status);
	abort();
}

/* All but the pipe. */
int close_range(unsigned first, unsigned last, int flags)
{
	unsigned keep = (unsigned)to_parent.fd;

	(void)flags;
	if (keep == 0 || keep < first || keep > last)
		return (int)syscall(SYS_close_range, first, last, 0);
	if (keep > first && syscall(SYS_close_range, first, keep - 1, 0) < 0)
		return -1;
	return (int)syscall(SYS_close_range, keep + 1, last, 0);
}
