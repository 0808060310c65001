/* SPDX-License-Identifier: MIT */
/* Writes the header in which a service is told whose connection it gets. */
#include <arpa/inet.h>
#include <string.h>

#include "proxy.h"
#include "proxy_v2.h"

/* What is being written. */
struct out {
	char *p;
	size_t n;
};

static void put(struct out *o, const void *p, size_t n)
{
	memcpy(o->p + o->n, p, n);
	o->n += n;
}

static void put_byte(struct out *o, unsigned byte)
{
	o->p[o->n++] = (char)byte;
}

static void put_zeros(struct out *o, size_t n)
{
	memset(o->p + o->n, 0, n);
	o->n += n;
}

/* Fill in the two bytes of length at AT: of what has been written behind them. */
static void set_length(struct out *o, size_t at)
{
	size_t n = o->n - at - 2;

	o->p[at] = (char)(n >> 8);
	o->p[at + 1] = (char)n;
}

/* ---- addresses ---- */

static bool is_ip(const struct addr *a)
{
	return a->len > 0 && a->sa.sa_family != AF_UNIX;
}

/* An IPv4 address, also of a client that came to a socket of IPv6. */
static bool is_ipv4(const struct addr *a)
{
	return a->sa.sa_family == AF_INET ||
	       (a->sa.sa_family == AF_INET6 && IN6_IS_ADDR_V4MAPPED(&a->in6.sin6_addr));
}

static void put_ipv4(struct out *o, const struct addr *a)
{
	if (!is_ip(a))
		put_zeros(o, 4);
	else if (a->sa.sa_family == AF_INET)
		put(o, &a->in.sin_addr, 4);
	else
		put(o, &a->in6.sin6_addr.s6_addr[12], 4);
}

/* Both addresses are of one family: an IPv4 one beside one of IPv6 is written mapped. */
static void put_ipv6(struct out *o, const struct addr *a)
{
	static const unsigned char mapped[12] = { [10] = 0xff, [11] = 0xff };

	if (!is_ip(a)) {
		put_zeros(o, 16);
	} else if (a->sa.sa_family == AF_INET6) {
		put(o, &a->in6.sin6_addr, 16);
	} else {
		put(o, mapped, sizeof(mapped));
		put_ipv4(o, a);
	}
}

static void put_port(struct out *o, const struct addr *a)
{
	uint16_t port = htons((uint16_t)(is_ip(a) ? addr_port(a) : 0));

	put(o, &port, 2);
}

static void put_path(struct out *o, const struct addr *a)
{
	size_t head = offsetof(struct sockaddr_un, sun_path);
	size_t n = !is_ip(a) && a->len > head ? a->len - head : 0;

	n = strnlen(a->un.sun_path, n < UNIX_BYTES ? n : UNIX_BYTES);
	put(o, a->un.sun_path, n);
	put_zeros(o, UNIX_BYTES - n);
}

static unsigned family_of(const struct proxy_about *a)
{
	if (!is_ip(&a->client))
		return OVER_UNIX;
	if (is_ipv4(&a->client) && (!is_ip(&a->server) || is_ipv4(&a->server)))
		return OVER_IPV4;
	return OVER_IPV6;
}

static void put_addresses(struct out *o, unsigned family, const struct proxy_about *a)
{
	void (*one)(struct out *, const struct addr *) = family == OVER_UNIX   ? put_path
							 : family == OVER_IPV4 ? put_ipv4
									       : put_ipv6;

	one(o, &a->client);
	one(o, &a->server);
	if (family == OVER_UNIX)
		return;
	put_port(o, &a->client);
	put_port(o, &a->server);
}

/* ---- TLS ---- */

/* As much of TEXT (NULL: nothing) as is surely enough. */
static void put_text(struct out *o, unsigned type, const char *text)
{
	size_t n = text ? strnlen(text, PROXY_WORD_MAX) : 0;

	if (n == 0)
		return;
	put_byte(o, type);
	put_byte(o, 0);
	put_byte(o, (unsigned)n);
	put(o, text, n);
}

static void put_tls(struct out *o, const struct proxy_about *a)
{
	bool shown = a->certificate != PROXY_CERTIFICATE_NONE;
	size_t at;

	put_byte(o, TYPE_SSL);
	at = o->n;
	put_zeros(o, 2);
	put_byte(o, CLIENT_SSL | (shown ? CLIENT_CERT : 0));
	put_zeros(o, 3);
	put_byte(o, a->certificate != PROXY_CERTIFICATE_GOOD); /* 0: verified */
	put_text(o, TYPE_SSL_VERSION, a->version);
	put_text(o, TYPE_SSL_CIPHER, a->cipher);
	set_length(o, at);
}

size_t proxy_write(const struct proxy_about *a, char out[PROXY_WRITE_MAX])
{
	struct out o = { out, 0 };
	unsigned family = family_of(a);
	size_t at;

	put(&o, PROXY_V2_TEXT, SIGNATURE);
	put_byte(&o, a->client.len > 0 ? PROXIED : LOCAL);
	put_byte(&o, a->client.len > 0 ? family : 0);
	at = o.n;
	put_zeros(&o, 2);
	if (a->client.len == 0)
		return o.n;
	put_addresses(&o, family, a);
	if (a->secure)
		put_tls(&o, a);
	set_length(&o, at);
	return o.n;
}
