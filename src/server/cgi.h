/* SPDX-License-Identifier: MIT */
/* cgi.h - the environment of a program, built from nothing (CGI/1.1, RFC 3875, and ours).
 */
#ifndef SERVER_CGI_H
#define SERVER_CGI_H

#include "addr.h"
#include "conf.h"
#include "handshake.h"

#define CGI_BYTES (32 * 1024) /* of all variables together */
#define CGI_VARS 512

/* What a program is started for: one request, or none if it serves many clients. */
struct cgi_request {
	const struct path_conf *path;
	const char *const *line_buffer; /* variables for that key, or NULL */
	const struct http *http; /* NULL: there is no request, and only user and id of
				    what follows count */
	const char *data;        /* the head */
	const char *decoded;     /* the request's path, decoded */
	const struct handshake *handshake;
	const struct addr *peer;
	char *const *extra[2];        /* more variables, NULL-terminated, or NULL: the
				       * later ones count */
	const char *user, *auth_type; /* NULL: nobody was asked */
	bool secure;                  /* by TLS */
	const struct tls_seen *tls;   /* ... and how; NULL: not here */
	uint64_t id;
};

struct cgi {
	char *vars[CGI_VARS + 1]; /* NULL-terminated: envp */
	unsigned n;
	size_t used;
	bool full; /* something did not fit */
	char text[CGI_BYTES];
};

/* Fill C for R.  False: it does not fit. */
bool cgi_build(struct cgi *c, const struct cgi_request *r);

/* ---- for a program that has no such request ---- */

/* Begin C with what every program gets; ENV is its own environment (NULL-terminated,
 * or NULL). */
void cgi_begin(struct cgi *c, char *const *env);

/* Append NAME=VALUE, NAME being new; when it does not fit, c->full is set. */
void cgi_put(struct cgi *c, struct span name, struct span value);
void cgi_put_text(struct cgi *c, const char *name, const char *value);
void cgi_put_number(struct cgi *c, const char *name, unsigned long long n);

/* The client's certificate, as Apache's mod_ssl calls the variables. */
void cgi_put_tls(struct cgi *c, const struct tls_seen *tls);

#endif
