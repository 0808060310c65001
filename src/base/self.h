/* SPDX-License-Identifier: MIT */
/* self.h - what the kernel says of this process. */
#ifndef BASE_SELF_H
#define BASE_SELF_H

#include <stddef.h>

struct self {
	double cpu;              /* seconds, user and system */
	size_t resident, mapped; /* bytes */
	size_t fds, max_fds;     /* descriptors, and the soft limit of them */
};

/* What it does not say is 0. */
void self_look(struct self *ret);

/* Its descriptors, one asked for after the other, for Linux before 6.2: there the kernel
 * has no number of them, and reading 16,000 names of /proc/self/fd takes 25 ms, this 1
 * ms.
 */
size_t self_count_fds(void);

#endif
