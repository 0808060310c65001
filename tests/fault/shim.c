/* SPDX-License-Identifier: MIT */
/*
 * shim.c - LD_PRELOADed: fails one call of one function, and tells at the end how many
 * calls there were.
 *
 * FAULT=NAME:N fails the N-th call of NAME (0: none), those by OpenSSL not counted: it
 * loses memory of its own where it runs out of it.  FAULT_REPORT=FILE gets, when the
 * process exits, "CALLS FAILED BLOCKS": how often NAME was called, how often it was
 * failed, and how many blocks of memory are still allocated.
 */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <link.h>
#include <pwd.h>
#include <sched.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

void *__libc_malloc(size_t n);
void *__libc_calloc(size_t n, size_t size);
void *__libc_realloc(void *p, size_t n);
void __libc_free(void *p);

enum call {
	MALLOC,
	ACCEPT4,
	SOCKET,
	CONNECT,
	PIPE2,
	CLONE,
	READ,
	WRITE,
	WRITEV,
	SENDMSG,
	EPOLL_CTL,
	CALLS
};

static const struct {
	const char *name;
	int err;
} calls[CALLS] = {
	[MALLOC] = { "malloc", ENOMEM },
	[ACCEPT4] = { "accept4", EMFILE },
	[SOCKET] = { "socket", EMFILE },
	[CONNECT] = { "connect", ENETUNREACH },
	[PIPE2] = { "pipe2", EMFILE },
	[CLONE] = { "clone", EAGAIN },
	[READ] = { "read", EIO },
	[WRITE] = { "write", EIO },
	[WRITEV] = { "writev", EIO },
	[SENDMSG] = { "sendmsg", ECONNRESET },
	[EPOLL_CTL] = { "epoll_ctl", ENOMEM },
};

static struct {
	enum call which;
	unsigned long at, seen, failed;
} fault = { .which = CALLS };

static long blocks;

static __attribute__((destructor)) void end(void)
{
	const char *file = getenv("FAULT_REPORT");
	int fd = file ? open(file, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600) : -1;

	if (fd < 0)
		return;
	dprintf(fd, "%lu %lu %ld\n", fault.seen, fault.failed, blocks);
	close(fd);
}

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
		uintptr_t end = object->dlpi_addr + part->p_vaddr + part->p_memsz;

		if (part->p_type == PT_LOAD && end > openssl[*n].to)
			openssl[*n].to = end;
	}
	++*n;
	return 0;
}

static bool is_openssl(const void *caller)
{
	uintptr_t at = (uintptr_t)caller;

	return (at >= openssl[0].from && at < openssl[0].to) ||
	       (at >= openssl[1].from && at < openssl[1].to);
}

static __attribute__((constructor)) void begin(void)
{
	const char *text = getenv("FAULT");
	size_t n_openssl = 0;

	dl_iterate_phdr(find_openssl, &n_openssl);

	for (int i = 0; text && i < CALLS; i++) {
		size_t n = strlen(calls[i].name);

		if (strncmp(text, calls[i].name, n) == 0 && text[n] == ':') {
			fault.at = strtoul(text + n + 1, NULL, 10);
			fault.which = (enum call)i;
		}
	}
}

static bool in_name_service;

/* Is it this call's turn? */
static bool fails(enum call which)
{
	if (in_name_service || which != fault.which || ++fault.seen != fault.at)
		return false;
	fault.failed++;
	errno = calls[which].err;
	return true;
}

/* The eventfd by which libev wakes itself, and a pipe to read from: they do not fail. */
static bool is_sure(int fd, bool reading)
{
	struct stat st;

	return fstat(fd, &st) == 0 &&
	       ((st.st_mode & S_IFMT) == 0 || (reading && S_ISFIFO(st.st_mode)));
}

#define REAL(name)                                                 \
	({                                                         \
		static __typeof__(name) *real;                     \
		if (!real)                                         \
			*(void **)&real = dlsym(RTLD_NEXT, #name); \
		real;                                              \
	})

/* Count the block P, if it is one. */
static void *counted(void *p)
{
	blocks += p != NULL;
	return p;
}

#define FAILS_MEMORY() (!is_openssl(__builtin_return_address(0)) && fails(MALLOC))

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

int accept4(int fd, struct sockaddr *addr, socklen_t *len, int flags)
{
	return fails(ACCEPT4) ? -1 : REAL(accept4)(fd, addr, len, flags);
}

/* What is sent to NOTIFY_SOCKET is how the test knows that the daemon is there. */
int socket(int domain, int type, int protocol)
{
	bool is_sure = domain == AF_UNIX && (type & SOCK_DGRAM);

	return !is_sure && fails(SOCKET) ? -1 : REAL(socket)(domain, type, protocol);
}

int connect(int fd, const struct sockaddr *addr, socklen_t len)
{
	return fails(CONNECT) ? -1 : REAL(connect)(fd, addr, len);
}

int pipe2(int fd[2], int flags)
{
	return fails(PIPE2) ? -1 : REAL(pipe2)(fd, flags);
}

int clone(int (*child)(void *), void *stack, int flags, void *data, ...)
{
	return fails(CLONE) ? -1 : REAL(clone)(child, stack, flags, data);
}

ssize_t read(int fd, void *p, size_t n)
{
	return !is_sure(fd, true) && fails(READ) ? -1 : REAL(read)(fd, p, n);
}

ssize_t write(int fd, const void *p, size_t n)
{
	return !is_sure(fd, false) && fails(WRITE) ? -1 : REAL(write)(fd, p, n);
}

ssize_t writev(int fd, const struct iovec *v, int n)
{
	return fails(WRITEV) ? -1 : REAL(writev)(fd, v, n);
}

ssize_t sendmsg(int fd, const struct msghdr *m, int flags)
{
	return fails(SENDMSG) ? -1 : REAL(sendmsg)(fd, m, flags);
}

int epoll_ctl(int fd, int what, int of, struct epoll_event *event)
{
	return !is_sure(of, false) && fails(EPOLL_CTL)
		       ? -1
		       : REAL(epoll_ctl)(fd, what, of, event);
}

#define OF_NAME_SERVICE(type, name, parameters, arguments) \
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
