/* SPDX-License-Identifier: MIT */
/* A socket address of a peer or a listener, and its text. */
#include <arpa/inet.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "addr.h"
#include "digits.h"

bool addr_inet(const char *host, unsigned port, struct addr *ret)
{
	struct addr a = { .len = sizeof(a.in) };

	if (inet_pton(AF_INET, host, &a.in.sin_addr) == 1) {
		a.in.sin_family = AF_INET;
		a.in.sin_port = htons((uint16_t)port);
	} else if (inet_pton(AF_INET6, host, &a.in6.sin6_addr) == 1) {
		a.len = sizeof(a.in6);
		a.in6.sin6_family = AF_INET6;
		a.in6.sin6_port = htons((uint16_t)port);
	} else {
		return false;
	}
	*ret = a;
	return true;
}

bool addr_unix(const char *path, struct addr *ret)
{
	struct addr a = { .un.sun_family = AF_UNIX };
	size_t n = strlen(path);

	if (n >= sizeof(a.un.sun_path))
		return false;
	memcpy(a.un.sun_path, path, n + 1);
	a.len = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + n + 1);
	*ret = a;
	return true;
}

/* A client of a dual-stack listener looks like ::ffff:192.0.2.1; it is an IPv4 peer. */
static bool is_mapped(const struct addr *a)
{
	return a->sa.sa_family == AF_INET6 && IN6_IS_ADDR_V4MAPPED(&a->in6.sin6_addr);
}

/* The address of four bytes at FOUR, as inet_ntop(3) has it, who asks printf(3). */
static void put_ipv4(const void *four, char *out)
{
	const unsigned char *p = four;

	for (int i = 0; i < 4; i++) {
		out += digits(out, p[i]);
		*out++ = i < 3 ? '.' : '\0';
	}
}

const char *addr_host(const struct addr *a, char *out)
{
	if (a->sa.sa_family == AF_UNIX)
		return strcpy(out, "unix");
	if (a->sa.sa_family == AF_INET)
		put_ipv4(&a->in.sin_addr, out);
	else if (is_mapped(a))
		put_ipv4(&a->in6.sin6_addr.s6_addr[12], out);
	else
		inet_ntop(AF_INET6, &a->in6.sin6_addr, out, ADDR_TEXT);
	return out;
}

static void put_unix(const struct addr *a, char *out)
{
	size_t before = offsetof(struct sockaddr_un, sun_path);

	snprintf(out, ADDR_TEXT, "unix:%.*s",
		 a->len > before ? (int)(a->len - before) : 0, a->un.sun_path);
}

const char *addr_text(const struct addr *a, char *out)
{
	bool v6 = a->sa.sa_family == AF_INET6 && !is_mapped(a);
	char *end;

	if (a->sa.sa_family == AF_UNIX) {
		put_unix(a, out);
		return out;
	}
	*out = '[';
	addr_host(a, out + v6);
	end = out + strlen(out);
	if (v6)
		*end++ = ']';
	*end++ = ':';
	end[digits(end, addr_port(a))] = '\0';
	return out;
}

unsigned addr_port(const struct addr *a)
{
	if (a->sa.sa_family == AF_UNIX)
		return 0;
	return ntohs(a->sa.sa_family == AF_INET ? a->in.sin_port : a->in6.sin6_port);
}

bool addr_is_local(const struct addr *a)
{
	if (a->sa.sa_family == AF_UNIX)
		return true;
	if (a->sa.sa_family == AF_INET)
		return ntohl(a->in.sin_addr.s_addr) >> 24 == 127;
	return is_mapped(a) ? a->in6.sin6_addr.s6_addr[12] == 127
			    : IN6_IS_ADDR_LOOPBACK(&a->in6.sin6_addr);
}
