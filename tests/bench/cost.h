/* SPDX-License-Identifier: MIT */
/* cost.h - what another process has used: CPU time and memory. */
#ifndef COST_H
#define COST_H

#include <stdint.h>
#include <sys/types.h>

/* CPU nanoseconds of all threads of PID, also of those that have ended; not of its
 * children. The kernel's process clock: exact, where /proc/PID/stat counts in steps of 10
 * ms and /proc/PID/task/.../schedstat forgets a thread that ends.  -errno: no such
 * process. */
int64_t cost_cpu_ns(pid_t pid);

/* The same in the kernel's clock ticks, by where they found the process. */
struct cost_ticks {
	unsigned long long user, kernel;
};

/* From /proc/PID/stat.  0 or -errno. */
int cost_ticks(pid_t pid, struct cost_ticks *ret_ticks);

struct cost_memory {
	int64_t anonymous; /* bytes: heap, stacks and written data, what the process alone
			      holds */
	int64_t pss;       /* bytes: the same plus its share of mapped files */
};

/* From /proc/PID/smaps_rollup.  0 or -errno. */
int cost_memory(pid_t pid, struct cost_memory *ret_memory);

#endif
