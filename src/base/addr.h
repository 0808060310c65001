/* SPDX-License-Identifier: MIT */
/* addr.h - a socket address of a peer or a listener, and its text. */
#ifndef BASE_ADDR_H
#define BASE_ADDR_H

#include <netinet/in.h>
#include <stdbool.h>
#include <sys/socket.h>
#include <sys/un.h>

#define ADDR_TEXT 128 /* room for any address's text */

struct addr {
	socklen_t len; /* bytes of the union in use; a copy may be allocated without the
			  rest */
	union {
		struct sockaddr sa;
		struct sockaddr_in in;
		struct sockaddr_in6 in6;
		struct sockaddr_un un;
	};
};

/* From a numeric HOST (no brackets) and PORT.  False: HOST is no address. */
bool addr_inet(const char *host, unsigned port, struct addr *ret);

/* From the PATH of a Unix socket.  False: too long. */
bool addr_unix(const char *path, struct addr *ret);

/* 127.0.0.1:80, [::1]:80, unix:/path.  OUT has room for ADDR_TEXT bytes; returned. */
const char *addr_text(const struct addr *a, char *out);

/* The address without the port: 127.0.0.1, ::1, unix.  OUT as above. */
const char *addr_host(const struct addr *a, char *out);

/* The port; 0 for a Unix socket. */
unsigned addr_port(const struct addr *a);

/* Does A belong to this machine: 127.0.0.0/8, ::1 (also mapped), or a Unix socket? */
bool addr_is_local(const struct addr *a);

#endif
