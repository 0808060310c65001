/* SPDX-License-Identifier: MIT */
/* The header in which a proxy says whose connection it passes on. */
#include <stdint.h>
#include <string.h>

#include "proxy.h"
#include "proxy_v2.h"
#include "span.h"

static enum proxy_result bad(struct proxy *p, const char *reason)
{
	p->reason = reason;
	return PROXY_BAD;
}

/* ---- version 1: a line ---- */

/* 0 to 65535 without leading zeros; -1: it is no port. */
static long parse_port(struct span s)
{
	return s.n > 1 && s.p[0] == '0' ? -1 : span_port(s);
}

static bool parse_address(struct span s, int family, unsigned port, struct addr *ret)
{
	char text[INET6_ADDRSTRLEN];

	if (s.n >= sizeof(text) || (s.n > 0 && memchr(s.p, 0, s.n)))
		return false;
	memcpy(text, s.p, s.n);
	text[s.n] = '\0';
	return addr_inet(text, port, ret) && ret->sa.sa_family == family;
}

/* S is what stands behind "PROXY ". */
static enum proxy_result parse_line(struct span s, struct proxy *p)
{
	struct span protocol = span_cut(&s, ' ');
	int family = span_is(protocol, SPAN("TCP6")) ? AF_INET6 : AF_INET;
	struct span source, destination;
	struct addr unused;
	long from, to;

	if (span_is(protocol, SPAN("UNKNOWN")))
		return PROXY_DONE; /* whatever follows */
	if (family == AF_INET && !span_is(protocol, SPAN("TCP4")))
		return bad(p, "PROXY header: not TCP4, TCP6 or UNKNOWN");
	source = span_cut(&s, ' ');
	destination = span_cut(&s, ' ');
	from = parse_port(span_cut(&s, ' '));
	to = parse_port(s);
	if (from < 0 || to < 0)
		return bad(p, "PROXY header: a port is wrong");
	if (!parse_address(destination, family, 0, &unused) ||
	    !parse_address(source, family, (unsigned)from, &p->client))
		return bad(p, "PROXY header: an address is wrong");
	return PROXY_DONE;
}

static enum proxy_result parse_v1(struct span data, struct proxy *p)
{
	static const char begin[] = "PROXY ";
	size_t known = sizeof(begin) - 1,
	       look = data.n < PROXY_MAX_V1 ? data.n : PROXY_MAX_V1;
	const char *end;

	if (memcmp(data.p, begin, data.n < known ? data.n : known) != 0)
		return bad(p, "no PROXY header, which this port expects");
	end = memchr(data.p, '\n', look);
	if (!end)
		return look < PROXY_MAX_V1
			       ? PROXY_MORE
			       : bad(p, "PROXY header: longer than a line can be");
	p->size = (size_t)(end - data.p) + 1;
	if (p->size < known + 2 || end[-1] != '\r')
		return bad(p, "PROXY header: a line that does not end in CRLF");
	return parse_line((struct span){ data.p + known, p->size - known - 2 }, p);
}

/* ---- version 2: binary ---- */

static const char signature[] = PROXY_V2_TEXT;

/* The protocols that can carry a WebSocket, and the bytes of their two addresses. */
static const struct {
	unsigned char code;
	int family;
	size_t size;
} protocols[] = {
	{ OVER_IPV4, AF_INET, 2 * 4 + 2 * 2 },
	{ OVER_IPV6, AF_INET6, 2 * 16 + 2 * 2 },
	{ OVER_UNIX, AF_UNIX, 2 * UNIX_BYTES },
};

static unsigned be16(const char *p)
{
	return (unsigned)(unsigned char)p[0] << 8 | (unsigned char)p[1];
}

static uint32_t be32(const char *p)
{
	return (uint32_t)be16(p) << 16 | be16(p + 2);
}

/* The client's address is the first of the two, its port stands behind both. */
static void take_address(const char *p, int family, struct addr *ret)
{
	struct addr a = { .sa.sa_family = (sa_family_t)family };

	if (family == AF_INET) {
		a.len = sizeof(a.in);
		memcpy(&a.in.sin_addr, p, 4);
		memcpy(&a.in.sin_port, p + 8, 2);
	} else if (family == AF_INET6) {
		a.len = sizeof(a.in6);
		memcpy(&a.in6.sin6_addr, p, 16);
		memcpy(&a.in6.sin6_port, p + 32, 2);
	} else {
		a.len = sizeof(a.un.sun_family); /* who could tell what the path means? */
	}
	*ret = a;
}

/* CRC32C (RFC 3720 B.4) of the N bytes at P, those from HOLE on for 4 bytes as zeros. */
static uint32_t crc32c(const char *p, size_t n, size_t hole)
{
	uint32_t crc = UINT32_MAX;

	for (size_t i = 0; i < n; i++) {
		if (i < hole || i >= hole + 4)
			crc ^= (unsigned char)p[i];
		for (int bit = 0; bit < 8; bit++)
			crc = crc >> 1 ^ (crc & 1 ? 0x82f63b78 : 0);
	}
	return ~crc;
}

static enum proxy_result take_tlv(const char *header, size_t at, size_t n,
				  struct proxy *p)
{
	const char *value = header + at + TLV_HEAD;

	switch (header[at]) {
	case TYPE_CRC32C:
		if (n != 4 || be32(value) != crc32c(header, p->size, at + TLV_HEAD))
			return bad(p, "PROXY header: the checksum is wrong");
		break;
	case TYPE_SSL:
		if (n < 5)
			return bad(p, "PROXY header: a TLV is cut off");
		p->secure = value[0] & CLIENT_SSL;
		break;
	default:
		break;
	}
	return PROXY_DONE;
}

/* The TLVs from AT to the end of the header. */
static enum proxy_result take_tlvs(const char *header, size_t at, struct proxy *p)
{
	enum proxy_result r = PROXY_DONE;

	while (r == PROXY_DONE && at < p->size) {
		size_t left = p->size - at;
		size_t n = left < TLV_HEAD ? 0 : be16(header + at + 1);

		if (left < TLV_HEAD || n > left - TLV_HEAD)
			return bad(p, "PROXY header: a TLV is cut off");
		r = take_tlv(header, at, n, p);
		at += TLV_HEAD + n;
	}
	return r;
}

/* DATA has the whole header. */
static enum proxy_result parse_proxied(const char *data, struct proxy *p)
{
	unsigned char code = (unsigned char)data[SIGNATURE + 1];
	size_t i = 0, n = sizeof(protocols) / sizeof(*protocols);

	if (code == 0) /* unspecified: what follows cannot be told */
		return PROXY_DONE;
	while (i < n && protocols[i].code != code)
		i++;
	if (i == n)
		return bad(p, "PROXY header: not TCP and no Unix stream");
	if (p->size - HEAD < protocols[i].size)
		return bad(p, "PROXY header: too short for its addresses");
	take_address(data + HEAD, protocols[i].family, &p->client);
	return take_tlvs(data, HEAD + protocols[i].size, p);
}

static enum proxy_result parse_v2(struct span data, struct proxy *p)
{
	unsigned char command;

	if (memcmp(data.p, signature, data.n < SIGNATURE ? data.n : SIGNATURE) != 0)
		return bad(p, "no PROXY header, which this port expects");
	if (data.n <= SIGNATURE)
		return PROXY_MORE;
	command = (unsigned char)data.p[SIGNATURE];
	if (command != LOCAL && command != PROXIED)
		return bad(p, "PROXY header: an unknown version or command");
	if (data.n < HEAD)
		return PROXY_MORE;
	p->size = HEAD + be16(data.p + HEAD - 2);
	if (p->size > PROXY_MAX)
		return bad(p, "PROXY header: too long");
	if (data.n < p->size)
		return PROXY_MORE;
	return command == PROXIED ? parse_proxied(data.p, p) : PROXY_DONE;
}

enum proxy_result proxy_parse(const char *data, size_t n, struct proxy *ret)
{
	struct span s = { data, n };

	*ret = (struct proxy){ 0 };
	if (n == 0)
		return PROXY_MORE;
	return data[0] == signature[0] ? parse_v2(s, ret) : parse_v1(s, ret);
}
