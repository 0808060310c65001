/* SPDX-License-Identifier: MIT */
/*
 * shim.c - LD_PRELOADed: fails one call of one function, and tells at the end how many
 * calls there were.
 *
 * FAULT=NAME:N fails the N-th call of NAME.  FAULT_REPORT=FILE gets, when the process
 * exits, "FAILED BLOCKS DESCRIPTORS": how often a call was failed, and how many blocks of
 * memory are still allocated and descriptors open; then lines "NAME CALLS READY": how
 * often each function was called, and how often until the daemon first said something at
 * NOTIFY_SOCKET.
 *
 * Whatever allocates is malloc (calloc, realloc, strdup, a stream in memory), but not
 * what OpenSSL allocates: it loses memory of its own where it runs out of it.
 */
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <iconv.h>
#include <link.h>
#include <pthread.h>
#include <pwd.h>
#include <sched.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/inotify.h>
#include <sys/ioctl.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <termios.h>
#include <unistd.h>

#include "shim.h"

void *__libc_malloc(size_t n);
void *__libc_calloc(size_t n, size_t size);
void *__libc_realloc(void *p, size_t n);
void __libc_free(void *p);

static struct call *calls; /* those that were called */
static unsigned long failed;
static _Atomic long blocks; /* a snapshot is made beside the loop */

/* ---- whose turn it is ---- */

/* Ends of libcrypto and libssl in memory. */
static struct {
	uintptr_t from, to;
} openssl[2];

static int find_openssl(struct dl_phdr_info *object, size_t size, void *data)
{
	size_t *n = data;

	(void)size;
	if (*n == 2 || (!strstr(object->dlpi_name, "/libcrypto.") &&
			!strstr(object->dlpi_name, "/libssl.")))
		return 0;
	openssl[*n].from = object->dlpi_addr;
	for (int i = 0; i < object->dlpi_phnum; i++) {
		const ElfW(Phdr) *part = &object->dlpi_phdr[i];
		uintptr_t last = object->dlpi_addr + part->p_vaddr + part->p_memsz;

		if (part->p_type == PT_LOAD && last > openssl[*n].to)
			openssl[*n].to = last;
	}
	++*n;
	return 0;
}

bool is_openssl(const void *caller)
{
	uintptr_t at = (uintptr_t)caller;

	return (at >= openssl[0].from && at < openssl[0].to) ||
	       (at >= openssl[1].from && at < openssl[1].to);
}

static __attribute__((constructor)) void begin(void)
{
	size_t n = 0;

	dl_iterate_phdr(find_openssl, &n);
}

static bool in_name_service;

static void know(struct call *c)
{
	const char *text = getenv("FAULT");
	size_t n = strlen(c->name);

	if (text && strncmp(text, c->name, n) == 0 && text[n] == ':')
		c->at = strtoul(text + n + 1, NULL, 10);
	c->next = calls;
	calls = c;
	c->is_known = true;
}

bool fails(struct call *c)
{
	if (in_name_service)
		return false;
	if (!c->is_known)
		know(c);
	if (++c->seen != c->at)
		return false;
	failed++;
	errno = c->err;
	return true;
}

void *hidden(struct call *c)
{
	if (!c->real)
		c->real = dlsym(RTLD_NEXT, c->name);
	return c->real;
}

/* ---- memory ---- */

KNOW(malloc, ENOMEM);

/* Count the block P, if it is one. */
static void *counted(void *p)
{
	blocks += p != NULL;
	return p;
}

#define FAILS_MEMORY() \
	(!is_openssl(__builtin_return_address(0)) && fails(&call_of_malloc))

void *malloc(size_t n)
{
	return FAILS_MEMORY() ? NULL : counted(__libc_malloc(n));
}

void *calloc(size_t n, size_t size)
{
	return FAILS_MEMORY() ? NULL : counted(__libc_calloc(n, size));
}

void *realloc(void *p, size_t n)
{
	if (FAILS_MEMORY())
		return NULL;
	return p ? __libc_realloc(p, n) : counted(__libc_malloc(n));
}

void free(void *p)
{
	blocks -= p != NULL;
	__libc_free(p);
}

/* ---- sockets ---- */

CALL(int, accept4, (int fd, struct sockaddr *a, socklen_t *n, int flags),
     (fd, a, n, flags), -1, EMFILE)
CALL(int, bind, (int fd, const struct sockaddr *a, socklen_t n), (fd, a, n), -1,
     EADDRINUSE)
CALL(int, connect, (int fd, const struct sockaddr *a, socklen_t n), (fd, a, n), -1,
     ENETUNREACH)
CALL(int, getsockname, (int fd, struct sockaddr *a, socklen_t *n), (fd, a, n), -1,
     ENOBUFS)
CALL(int, getsockopt, (int fd, int level, int what, void *p, socklen_t *n),
     (fd, level, what, p, n), -1, ENOPROTOOPT)
CALL(int, listen, (int fd, int backlog), (fd, backlog), -1, EADDRINUSE)
CALL(ssize_t, recv, (int fd, void *p, size_t n, int flags), (fd, p, n, flags), -1,
     ECONNRESET)
CALL(ssize_t, recvmsg, (int fd, struct msghdr *m, int flags), (fd, m, flags), -1,
     ECONNRESET)
CALL(ssize_t, send, (int fd, const void *p, size_t n, int flags), (fd, p, n, flags), -1,
     ECONNRESET)
CALL(ssize_t, sendmsg, (int fd, const struct msghdr *m, int flags), (fd, m, flags), -1,
     ECONNRESET)
CALL(int, setsockopt, (int fd, int level, int what, const void *p, socklen_t n),
     (fd, level, what, p, n), -1, ENOPROTOOPT)

/* What is sent to NOTIFY_SOCKET is how the test knows that the daemon is there. */
KNOW(socket, EMFILE);
int socket(int domain, int type, int protocol)
{
	bool is_sure = domain == AF_UNIX && (type & SOCK_DGRAM);

	return !is_sure && fails(&call_of_socket) ? -1
						  : REAL(socket)(domain, type, protocol);
}

KNOW(sendto, ECONNRESET);
ssize_t sendto(int fd, const void *p, size_t n, int flags, const struct sockaddr *a,
	       socklen_t len)
{
	static bool is_ready;

	for (struct call *c = is_ready ? NULL : calls; c; c = c->next)
		c->ready = c->seen;
	is_ready = true;
	return REAL(sendto)(fd, p, n, flags, a, len);
}

/* ---- descriptors ---- */

KNOW(fstat, EIO);

/* The eventfd by which libev wakes itself, a pipe to read from: they do not fail; what
 * looks so at a terminal is its end. */
static bool is_sure(int fd, bool reading)
{
	struct stat st;

	return REAL(fstat)(fd, &st) == 0 &&
	       ((st.st_mode & S_IFMT) == 0 ||
		(reading && (S_ISFIFO(st.st_mode) || S_ISCHR(st.st_mode))));
}

int fstat(int fd, struct stat *st)
{
	return fails(&call_of_fstat) ? -1 : REAL(fstat)(fd, st);
}

KNOW(read, EIO);
ssize_t read(int fd, void *p, size_t n)
{
	return !is_sure(fd, true) && fails(&call_of_read) ? -1 : REAL(read)(fd, p, n);
}

KNOW(write, EIO);
ssize_t write(int fd, const void *p, size_t n)
{
	return !is_sure(fd, false) && fails(&call_of_write) ? -1 : REAL(write)(fd, p, n);
}

KNOW(epoll_ctl, ENOMEM);
int epoll_ctl(int fd, int what, int of, struct epoll_event *event)
{
	return !is_sure(of, false) && fails(&call_of_epoll_ctl)
		       ? -1
		       : REAL(epoll_ctl)(fd, what, of, event);
}

/* Commands take an argument, or none, or a pointer: one register. */
KNOW(fcntl, EINVAL);
int fcntl(int fd, int what, ...)
{
	va_list more;
	void *argument;

	va_start(more, what);
	argument = va_arg(more, void *);
	va_end(more);
	return fails(&call_of_fcntl) ? -1 : REAL(fcntl)(fd, what, argument);
}

/* The size of a terminal that is open can always be set. */
KNOW(ioctl, ENOTTY);
int ioctl(int fd, unsigned long what, ...)
{
	va_list more;
	void *argument;

	va_start(more, what);
	argument = va_arg(more, void *);
	va_end(more);
	return what != TIOCSWINSZ && fails(&call_of_ioctl)
		       ? -1
		       : REAL(ioctl)(fd, what, argument);
}

CALL(ssize_t, writev, (int fd, const struct iovec *v, int n), (fd, v, n), -1, ENOMEM)
CALL(ssize_t, pread, (int fd, void *p, size_t n, off_t at), (fd, p, n, at), -1, EIO)
CALL(ssize_t, preadv2, (int fd, const struct iovec *v, int n, off_t at, int flags),
     (fd, v, n, at, flags), -1, EIO)
CALL(int, pipe2, (int fd[2], int flags), (fd, flags), -1, EMFILE)
CALL(int, dup2, (int from, int to), (from, to), -1, EMFILE)
CALL(int, dup3, (int from, int to, int flags), (from, to, flags), -1, EBUSY)
CALL(int, close_range, (unsigned first, unsigned last, int flags), (first, last, flags),
     -1, ENOMEM)
CALL(int, inotify_init1, (int flags), (flags), -1, EMFILE)
CALL(int, inotify_add_watch, (int fd, const char *path, uint32_t of), (fd, path, of), -1,
     ENOSPC)
CALL(int, posix_openpt, (int flags), (flags), -1, ENOSPC)
CALL(int, unlockpt, (int fd), (fd), -1, EACCES)
CALL(int, tcsetattr, (int fd, int when, const struct termios *t), (fd, when, t), -1, EIO)

/* ---- files ---- */

KNOW(open, EMFILE);

static int really_open(const char *path, int flags, mode_t mode)
{
	return fails(&call_of_open) ? -1 : REAL(open)(path, flags, mode);
}

int open(const char *path, int flags, ...)
{
	va_list more;
	mode_t mode;

	va_start(more, flags);
	mode = flags & O_CREAT ? va_arg(more, mode_t) : 0;
	va_end(more);
	return really_open(path, flags, mode);
}

int __open_2(const char *path, int flags);
int __open_2(const char *path, int flags)
{
	return really_open(path, flags, 0);
}

CALL(FILE *, fopen, (const char *path, const char *how), (path, how), NULL, EMFILE)
CALL(int, stat, (const char *path, struct stat *st), (path, st), -1, EIO)
CALL(int, lstat, (const char *path, struct stat *st), (path, st), -1, EIO)
CALL(int, unlink, (const char *path), (path), -1, EIO)
CALL(int, mkfifo, (const char *path, mode_t mode), (path, mode), -1, ENOSPC)
CALL(int, fchmodat, (int fd, const char *path, mode_t mode, int flags),
     (fd, path, mode, flags), -1, EPERM)

/* ---- processes and the rest ---- */

CALL(int, clone, (int (*child)(void *), void *stack, int flags, void *data, ...),
     (child, stack, flags, data), -1, EAGAIN)
CALL(int, execve, (const char *path, char *const argv[], char *const env[]),
     (path, argv, env), -1, ENOMEM)
CALL(int, chdir, (const char *path), (path), -1, EACCES)
CALL(int, getrlimit, (__rlimit_resource_t what, struct rlimit *r), (what, r), -1, EPERM)
CALL(int, setrlimit, (__rlimit_resource_t what, const struct rlimit *r), (what, r), -1,
     EPERM)
CALL(int, pthread_create,
     (pthread_t * t, const pthread_attr_t *a, void *(*run)(void *), void *data),
     (t, a, run, data), EAGAIN, EAGAIN)
CALL(ssize_t, getrandom, (void *p, size_t n, unsigned flags), (p, n, flags), -1, ENOSYS)
CALL(iconv_t, iconv_open, (const char *to, const char *from), (to, from), (iconv_t)-1,
     ENOMEM)

#define OF_NAME_SERVICE(type, name, parameters, arguments) \
	KNOW(name, 0);                                     \
	type name parameters                               \
	{                                                  \
		type found;                                \
                                                           \
		in_name_service = true;                    \
		found = REAL(name) arguments;              \
		in_name_service = false;                   \
		return found;                              \
	}

OF_NAME_SERVICE(struct passwd *, getpwnam, (const char *name), (name))
OF_NAME_SERVICE(struct group *, getgrnam, (const char *name), (name))
OF_NAME_SERVICE(struct group *, getgrgid, (gid_t gid), (gid))
OF_NAME_SERVICE(int, initgroups, (const char *user, gid_t group), (user, group))

/* ---- the report ---- */

#define DESCRIPTORS 1024 /* a test needs fewer */

static int count_descriptors(void)
{
	int n = 0;

	for (int fd = 0; fd < DESCRIPTORS; fd++)
		n += REAL(fcntl)(fd, F_GETFD) >= 0;
	return n;
}

static __attribute__((destructor)) void end(void)
{
	const char *name = getenv("FAULT_REPORT");
	int descriptors = count_descriptors();
	int fd = name ? REAL(open)(name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600)
		      : -1;

	if (fd < 0)
		return;
	dprintf(fd, "%lu %ld %d\n", failed, blocks, descriptors);
	for (struct call *c = calls; c; c = c->next)
		dprintf(fd, "%s %lu %lu\n", c->name, c->seen, c->ready);
	close(fd);
}
