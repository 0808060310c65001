/* SPDX-License-Identifier: MIT */
/* ballast.c - preloaded into a daemon, makes it 1 GiB larger: what then does a spawn
 * cost?
 */
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#define SIZE ((size_t)1 << 30)

/* In pages of 4 KiB, as a heap that has grown has them: a fork would copy their tables.
 */
__attribute__((constructor)) static void take(void)
{
	void *p = mmap(NULL, SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
		       -1, 0);

	if (p == MAP_FAILED)
		abort();
	madvise(p, SIZE, MADV_NOHUGEPAGE);
	memset(p, 1, SIZE);
}
