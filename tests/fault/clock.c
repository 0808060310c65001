/* SPDX-License-Identifier: MIT */
/*
 * clock.c - LD_PRELOADed: the wall clock is wrong by as many seconds as the file
 * CLOCK_FILE says now, a double; nobody tells the process when that changes.  Clocks that
 * only go forward stay.
 */
#include <dlfcn.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

static const volatile double *wrong_by;

__attribute__((constructor)) static void map_file(void)
{
	const char *name = getenv("CLOCK_FILE");
	int fd = name ? open(name, O_RDONLY | O_CLOEXEC) : -1;
	void *p;

	if (fd < 0)
		return;
	p = mmap(NULL, sizeof(*wrong_by), PROT_READ, MAP_SHARED, fd, 0);
	close(fd);
	if (p != MAP_FAILED)
		wrong_by = p;
}

static long ask(clockid_t clock, struct timespec *ts)
{
	static long (*real)(long, ...);
	long r;

	if (!real)
		real = (long (*)(long, ...))dlsym(RTLD_NEXT, "syscall");
	r = real(SYS_clock_gettime, clock, ts);
	if (r == 0 && wrong_by &&
	    (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE))
		ts->tv_sec += (time_t)*wrong_by;
	return r;
}

int clock_gettime(clockid_t clock, struct timespec *ts)
{
	return (int)ask(clock, ts);
}

int gettimeofday(struct timeval *restrict tv, void *restrict zone)
{
	struct timespec ts;

	(void)zone;
	if (ask(CLOCK_REALTIME, &ts) < 0)
		return -1;
	tv->tv_sec = ts.tv_sec;
	tv->tv_usec = ts.tv_nsec / 1000;
	return 0;
}

time_t time(time_t *ret)
{
	struct timespec ts = { 0 };

	ask(CLOCK_REALTIME, &ts);
	if (ret)
		*ret = ts.tv_sec;
	return ts.tv_sec;
}

/* libev(3) asks the kernel itself. */
long syscall(long n, ...)
{
	static long (*real)(long, ...);
	long a[6];
	va_list ap;

	va_start(ap, n);
	for (int i = 0; i < 6; i++)
		a[i] = va_arg(ap, long);
	va_end(ap);
	if (n == SYS_clock_gettime)
		return ask((clockid_t)a[0], (struct timespec *)a[1]);
	if (!real)
		real = (long (*)(long, ...))dlsym(RTLD_NEXT, "syscall");
	return real(n, a[0], a[1], a[2], a[3], a[4], a[5]);
}
