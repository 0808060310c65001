/* SPDX-License-Identifier: MIT */
/* What the kernel says of this process. */
#include <dirent.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "self.h"

#define FDS "/proc/self/fd"

static void look_at_memory(struct self *s)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE), mapped, resident;
	FILE *f = fopen("/proc/self/statm", "re");

	if (!f)
		return;
	if (fscanf(f, "%zu %zu", &mapped, &resident) == 2) {
		s->mapped = mapped * page;
		s->resident = resident * page;
	}
	fclose(f);
}

/* Linux before 6.2 has no number of them at hand. */
static size_t count_fds(void)
{
	DIR *dir = opendir(FDS);
	size_t n = 0;

	if (!dir)
		return 0;
	while (readdir(dir))
		n++;
	closedir(dir);
	return n > 3 ? n - 3 : 0; /* . and .. and the directory itself */
}

static void look_at_fds(struct self *s)
{
	struct rlimit limit;
	struct stat st;

	if (getrlimit(RLIMIT_NOFILE, &limit) == 0)
		s->max_fds = limit.rlim_cur;
	if (stat(FDS, &st) == 0 && st.st_size > 0)
		s->fds = (size_t)st.st_size;
	else
		s->fds = count_fds();
}

void self_look(struct self *ret)
{
	struct timespec cpu;

	*ret = (struct self){ 0 };
	if (clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &cpu) == 0)
		ret->cpu = (double)cpu.tv_sec + (double)cpu.tv_nsec / 1e9;
	look_at_memory(ret);
	look_at_fds(ret);
}
