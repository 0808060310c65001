/* SPDX-License-Identifier: MIT */
/* cidr.h - which addresses a list of networks names. */
#ifndef BASE_CIDR_H
#define BASE_CIDR_H

#include <stdbool.h>
#include <stddef.h>

#include "addr.h"

#define CIDR_ERR 200 /* room that every error text fits in */

enum cidr_kind { CIDR_ALL, CIDR_UNIX, CIDR_IPV4, CIDR_IPV6 };

struct cidr {
	enum cidr_kind kind;
	unsigned bits;         /* of the network */
	unsigned char net[16]; /* the first 4 of them for CIDR_IPV4; the rest is 0 */
};

struct cidr_list {
	const struct cidr *items; /* NULL: none */
	size_t n;
};

/* Who may: those in `allow` and not in `deny`. */
struct cidr_access {
	struct cidr_list allow, deny;
};

/*
 * From "all", "unix", an address, or a network ADDRESS/BITS without bits of a host.  IPv4
 * that is mapped into IPv6 (::ffff:192.0.2.0/120) is the same as IPv4.  False: a sentence
 * why in WRONG (CIDR_ERR bytes), which begins with TEXT.
 */
bool cidr_parse(const char *text, struct cidr *ret, char *wrong);

/* Is A in C?  IPv4 mapped into IPv6 is IPv4: ::/0 does not have it. */
bool cidr_has(const struct cidr *c, const struct addr *a);

/* Is A in one of them? */
bool cidr_list_has(const struct cidr_list *l, const struct addr *a);

bool cidr_allows(const struct cidr_access *access, const struct addr *a);

#endif
