/* SPDX-License-Identifier: MIT */
/* Which addresses a list of networks names. */
#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

#include "cidr.h"

#define MAPPED_BITS 96 /* before the IPv4 address in ::ffff:0:0/96 */

/* The bits of A's address and their number, 32 or 128; NULL: it is of a Unix socket. */
static const unsigned char *bits_of(const struct addr *a, unsigned *ret_n)
{
	*ret_n = 32;
	if (a->sa.sa_family == AF_INET)
		return (const unsigned char *)&a->in.sin_addr;
	if (a->sa.sa_family != AF_INET6)
		return NULL;
	if (IN6_IS_ADDR_V4MAPPED(&a->in6.sin6_addr))
		return &a->in6.sin6_addr.s6_addr[MAPPED_BITS / 8];
	*ret_n = 128;
	return a->in6.sin6_addr.s6_addr;
}

static bool same_bits(const unsigned char *a, const unsigned char *b, unsigned n)
{
	unsigned rest = n % 8;

	if (memcmp(a, b, n / 8) != 0)
		return false;
	return rest == 0 || (a[n / 8] ^ b[n / 8]) >> (8 - rest) == 0;
}

/* ---- parsing ---- */

/* The number after the slash at TEXT, up to MOST: -1 when it is none. */
static int parse_bits(const char *text, unsigned most)
{
	unsigned n = 0;
	size_t digits = strspn(text, "0123456789");

	if (digits == 0 || digits > 3 || text[digits])
		return -1;
	for (size_t i = 0; i < digits; i++)
		n = n * 10 + (unsigned)(text[i] - '0');
	return n <= most ? (int)n : -1;
}

static bool wrong_text(const char *text, char *wrong)
{
	snprintf(wrong, CIDR_ERR,
		 "'%.60s' is no address, network (192.0.2.0/24, 2001:db8::/32), all or "
		 "unix",
		 text);
	return false;
}

/* What it could mean: the network that the address lies in. */
static bool wrong_host_bits(const char *text, const struct cidr *net, char *wrong)
{
	char base[INET6_ADDRSTRLEN];

	inet_ntop(net->kind == CIDR_IPV4 ? AF_INET : AF_INET6, net->net, base,
		  sizeof(base));
	snprintf(wrong, CIDR_ERR,
		 "'%.60s' is an address inside a network; write %s/%u for all of it",
		 text, base, net->bits);
	return false;
}

/* From the address A and BITS of it. */
static bool set_net(const char *text, const struct addr *a, unsigned bits,
		    struct cidr *ret, char *wrong)
{
	struct cidr c = { .bits = bits };
	unsigned size;
	const unsigned char *from = bits_of(a, &size);

	c.kind = size == 32 ? CIDR_IPV4 : CIDR_IPV6;
	memcpy(c.net, from, bits / 8);
	if (bits % 8)
		c.net[bits / 8] =
			from[bits / 8] & (unsigned char)(0xff << (8 - bits % 8));
	if (memcmp(c.net, from, size / 8) != 0)
		return wrong_host_bits(text, &c, wrong);
	*ret = c;
	return true;
}

/* The address before SLASH, and how many bits of it make the network, as they are
 * written. */
static bool split(const char *text, const char *slash, struct addr *ret, int *ret_bits)
{
	char host[INET6_ADDRSTRLEN];
	size_t n = (size_t)(slash - text);
	unsigned written;

	if (n >= sizeof(host))
		return false;
	memcpy(host, text, n);
	host[n] = 0;
	if (!addr_inet(host, 0, ret))
		return false;
	written = ret->sa.sa_family == AF_INET ? 32 : 128;
	*ret_bits = *slash ? parse_bits(slash + 1, written) : (int)written;
	return *ret_bits >= 0;
}

bool cidr_parse(const char *text, struct cidr *ret, char *wrong)
{
	unsigned size;
	struct addr a;
	int bits;

	if (strcmp(text, "all") == 0 || strcmp(text, "unix") == 0) {
		*ret = (struct cidr){ .kind = *text == 'a' ? CIDR_ALL : CIDR_UNIX };
		return true;
	}
	if (!split(text, strchrnul(text, '/'), &a, &bits))
		return wrong_text(text, wrong);
	bits_of(&a, &size);
	if (a.sa.sa_family == AF_INET6 && size == 32)
		bits -= MAPPED_BITS;
	if (bits < 0)
		return wrong_text(text, wrong);
	return set_net(text, &a, (unsigned)bits, ret, wrong);
}

/* ---- asking ---- */

bool cidr_has(const struct cidr *c, const struct addr *a)
{
	unsigned size;
	const unsigned char *bits = bits_of(a, &size);

	switch (c->kind) {
	case CIDR_ALL:
		return true;
	case CIDR_UNIX:
		return !bits;
	case CIDR_IPV4:
		return bits && size == 32 && same_bits(bits, c->net, c->bits);
	case CIDR_IPV6:
		return bits && size == 128 && same_bits(bits, c->net, c->bits);
	}
	return false;
}

bool cidr_list_has(const struct cidr_list *l, const struct addr *a)
{
	for (size_t i = 0; i < l->n; i++)
		if (cidr_has(&l->items[i], a))
			return true;
	return false;
}

bool cidr_allows(const struct cidr_access *access, const struct addr *a)
{
	return cidr_list_has(&access->allow, a) && !cidr_list_has(&access->deny, a);
}
