/* SPDX-License-Identifier: MIT */
/* Tells a host with an optional port from anything else. */
#include <arpa/inet.h>

#include "authority.h"

/* unreserved and sub-delims of RFC 3986 2 */
static bool is_name_byte(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') ||
	       (c >= 'a' && c <= 'z') || (c != 0 && strchr("-._~!$&'()*+,;=", c));
}

/* Is S what stands in the brackets of an IP literal? */
static bool is_ipv6(struct span s)
{
	char text[INET6_ADDRSTRLEN];
	struct in6_addr address;

	if (s.n >= sizeof(text) || memchr(s.p, 0, s.n))
		return false;
	memcpy(text, s.p, s.n);
	text[s.n] = 0;
	return inet_pton(AF_INET6, text, &address) == 1;
}

/* Is S nothing, or a colon and a port? */
static bool is_port(struct span s)
{
	unsigned long port = 0;

	if (s.n > 0 && s.p[0] != ':')
		return false;
	for (size_t i = 1; i < s.n; i++) {
		if (s.p[i] < '0' || s.p[i] > '9')
			return false;
		port = port * 10 + (unsigned long)(s.p[i] - '0');
		if (port > 65535)
			return false;
	}
	return true;
}

/* The size of the host that S begins with, 0: none. */
static size_t host_size(struct span s)
{
	size_t n = 0;

	if (s.n > 0 && s.p[0] == '[') {
		const char *end = memchr(s.p, ']', s.n);

		if (!end)
			return 0;
		n = (size_t)(end - s.p);
		return is_ipv6((struct span){ s.p + 1, n - 1 }) ? n + 1 : 0;
	}
	while (n < s.n && is_name_byte(s.p[n]))
		n++;
	return n;
}

bool authority_is_valid(struct span s)
{
	size_t n = host_size(s);

	return n > 0 && is_port((struct span){ s.p + n, s.n - n });
}
