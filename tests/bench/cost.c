/* SPDX-License-Identifier: MIT */
/* cost.c - what another process has used: CPU time and memory. */
#include "cost.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

int64_t cost_cpu_ns(pid_t pid)
{
	struct timespec used;
	clockid_t clock;
	int r = clock_getcpuclockid(pid, &clock);

	if (r != 0)
		return -r;
	if (clock_gettime(clock, &used) < 0)
		return -errno;
	return used.tv_sec * INT64_C(1000000000) + used.tv_nsec;
}

int cost_ticks(pid_t pid, struct cost_ticks *ret_ticks)
{
	char path[64], line[1024];
	const char *after = NULL;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
	f = fopen(path, "re");
	if (!f)
		return -errno;
	if (fgets(line, sizeof(line), f))
		after = strrchr(line, ')'); /* of the name, which may be anything */
	fclose(f);
	if (!after ||
	    sscanf(after + 1, " %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %llu %llu",
		   &ret_ticks->user, &ret_ticks->kernel) != 2)
		return -ENODATA;
	return 0;
}

int cost_memory(pid_t pid, struct cost_memory *ret_memory)
{
	struct cost_memory memory = { -1, -1 };
	char path[64], line[256];
	long long kib;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/smaps_rollup", (int)pid);
	f = fopen(path, "re");
	if (!f)
		return -errno;
	while (fgets(line, sizeof(line), f)) {
		if (sscanf(line, "Anonymous: %lld kB", &kib) == 1)
			memory.anonymous = kib * 1024;
		else if (sscanf(line, "Pss: %lld kB", &kib) == 1)
			memory.pss = kib * 1024;
	}
	fclose(f);
	if (memory.anonymous < 0 || memory.pss < 0)
		return -ENODATA;
	*ret_memory = memory;
	return 0;
}
