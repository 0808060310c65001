/* SPDX-License-Identifier: MIT */
/* The environment of a program, built from nothing. */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cgi.h"
#include "digits.h"
#include "which.h"

void cgi_put(struct cgi *c, struct span name, struct span value)
{
	size_t n = name.n + 1 + value.n + 1;
	char *p = c->text + c->used;

	if (c->n == CGI_VARS || n > CGI_BYTES - c->used) {
		c->full = true;
		return;
	}
	memcpy(p, name.p, name.n);
	p[name.n] = '=';
	if (value.n > 0)
		memcpy(p + name.n + 1, value.p, value.n);
	p[n - 1] = '\0';
	c->used += n;
	c->vars[c->n++] = p;
	c->vars[c->n] = NULL;
}

/* Append ", " and VALUE to the variable put last. */
static void append(struct cgi *c, struct span value)
{
	char *end = c->text + c->used - 1; /* its NUL */

	if (value.n + 2 > CGI_BYTES - c->used) {
		c->full = true;
		return;
	}
	end[0] = ',';
	end[1] = ' ';
	if (value.n > 0)
		memcpy(end + 2, value.p, value.n);
	end[2 + value.n] = '\0';
	c->used += 2 + value.n;
}

static struct span text(const char *s)
{
	return (struct span){ s, strlen(s) };
}

void cgi_put_text(struct cgi *c, const char *name, const char *value)
{
	cgi_put(c, text(name), text(value));
}

void cgi_put_number(struct cgi *c, const char *name, unsigned long long n)
{
	char number[DIGITS_MAX];

	cgi_put(c, text(name), (struct span){ number, digits(number, n) });
}

/* The place of the variable called NAME, from FIRST on, or NULL. */
static char **find(char **first, struct span name)
{
	for (char **v = first; *v; v++)
		if (strncmp(*v, name.p, name.n) == 0 && (*v)[name.n] == '=')
			return v;
	return NULL;
}

/* NAME=VALUE in place of what is called so. */
static void set(struct cgi *c, struct span name, struct span value)
{
	char **old = find(c->vars, name);

	cgi_put(c, name, value);
	if (!old || c->full)
		return;
	*old = c->vars[--c->n];
	c->vars[c->n] = NULL;
}

/* ---- from the daemon and the configuration ---- */

static void pass(struct cgi *c, const char *name)
{
	const char *value = getenv(name);

	if (value)
		set(c, text(name), text(value));
}

void cgi_begin(struct cgi *c, char *const *env)
{
	static const char *const passed[] = { "HOME", "USER", "SHELL", "LANG", "TZ" };

	c->n = 0;
	c->used = 0;
	c->full = false;
	c->vars[0] = NULL;
	cgi_put_text(c, "PATH", which_path(env));
	for (size_t i = 0; i < sizeof(passed) / sizeof(passed[0]); i++)
		pass(c, passed[i]);
}

static void add_configured(struct cgi *c, const struct exec_conf *conf)
{
	for (char **name = conf->pass_env; name && *name; name++)
		pass(c, *name);
	for (char **e = conf->env; e && *e; e++) {
		const char *equals = strchr(*e, '=');

		set(c, (struct span){ *e, (size_t)(equals - *e) }, text(equals + 1));
	}
}

/* ---- from the request ---- */

/* SERVER_NAME and SERVER_PORT are what the client asked for: its Host. */
static void add_server(struct cgi *c, struct span host, bool secure)
{
	const char *colon = memrchr(host.p, ':', host.n);
	struct span port = secure ? SPAN("443") : SPAN("80");

	if (colon && !memchr(colon, ']', (size_t)(host.p + host.n - colon))) {
		if (colon + 1 < host.p + host.n)
			port = (struct span){ colon + 1,
					      (size_t)(host.p + host.n - colon - 1) };
		host.n = (size_t)(colon - host.p);
	}
	if (secure)
		cgi_put_text(c, "HTTPS", "on");
	cgi_put_text(c, "REQUEST_SCHEME", secure ? "https" : "http");
	cgi_put(c, SPAN("SERVER_NAME"), host);
	cgi_put(c, SPAN("SERVER_PORT"), port);
}

void cgi_put_tls(struct cgi *c, const struct tls_seen *tls)
{
	cgi_put_text(c, "SSL_CLIENT_VERIFY", tls->verify);
	if (!*tls->fingerprint) /* it showed no certificate */
		return;
	cgi_put_text(c, "SSL_CLIENT_S_DN", tls->subject);
	cgi_put_text(c, "SSL_CLIENT_I_DN", tls->issuer);
	cgi_put_text(c, "SSL_CLIENT_M_SERIAL", tls->serial);
	cgi_put_text(c, "SSL_CLIENT_FINGERPRINT", tls->fingerprint);
}

static bool is_websocketd(const struct cgi_request *r)
{
	return r->path->compat == COMPAT_WEBSOCKETD;
}

static void add_path(struct cgi *c, const struct cgi_request *r)
{
	size_t n = strlen(r->path->path);
	struct span script = { r->decoded, n };

	if (r->path->prefix)
		script.n = --n; /* its slash begins PATH_INFO */
	if (is_websocketd(r) && strcmp(r->path->path, "/") == 0) {
		script = SPAN("/");
		n = 0;
	}
	cgi_put(c, SPAN("SCRIPT_NAME"), script);
	cgi_put_text(c, "PATH_INFO", r->decoded + n);
	cgi_put_text(c, "PATH_TRANSLATED", r->decoded);
	cgi_put(c, SPAN("QUERY_STRING"), http_span(r->data, r->http->query));
	cgi_put(c, SPAN("REQUEST_URI"), http_span(r->data, r->http->target));
}

static void add_peer(struct cgi *c, const struct addr *peer)
{
	char host[ADDR_TEXT];

	addr_host(peer, host);
	cgi_put_text(c, "REMOTE_ADDR", host);
	cgi_put_text(c, "REMOTE_HOST", host);
	cgi_put_number(c, "REMOTE_PORT", addr_port(peer));
}

/* What CGI knows and we do not: set, and empty. */
static void add_unknown(struct cgi *c)
{
	static const char *const names[] = { "CONTENT_LENGTH", "CONTENT_TYPE",
					     "REMOTE_IDENT" };

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		cgi_put_text(c, names[i], "");
}

/* Who is who, for logs and for the processes that leave their group. */
static void add_ids(struct cgi *c, const struct cgi_request *r)
{
	unsigned long long daemon = (unsigned long long)getpid();
	char unique[2 * DIGITS_MAX + 1];
	size_t n = digits(unique, daemon);

	unique[n++] = '-';
	n += digits(unique + n, r->id);
	cgi_put(c, SPAN("UNIQUE_ID"), (struct span){ unique, n });
	cgi_put_number(c, ORPHAN_ID, r->id);
	cgi_put_number(c, ORPHAN_DAEMON, daemon);
	cgi_put_text(c, "WSBRIDGE_PATH", r->path->path);
}

static void add_interface(struct cgi *c, const struct cgi_request *r)
{
	cgi_put_text(c, "GATEWAY_INTERFACE",
		     is_websocketd(r) ? "websocketd-CGI/0.1" : "CGI/1.1");
	cgi_put_text(c, "SERVER_SOFTWARE", "wsbridged/" VERSION);
}

static void add_request(struct cgi *c, const struct cgi_request *r)
{
	add_interface(c, r);
	cgi_put_text(c, "SERVER_PROTOCOL", "HTTP/1.1");
	cgi_put_text(c, "REQUEST_METHOD", "GET");
	add_server(c, http_span(r->data, r->http->host), r->secure);
	if (r->tls)
		cgi_put_tls(c, r->tls);
	add_peer(c, r->peer);
	add_path(c, r);
	cgi_put_text(c, "AUTH_TYPE", r->auth_type ? r->auth_type : "");
	cgi_put_text(c, "REMOTE_USER", r->user ? r->user : "");
	add_unknown(c);
	add_ids(c, r);
	cgi_put(c, SPAN("WSBRIDGE_SUBPROTOCOL"), r->handshake->subprotocol);
}

/* A program of many clients is told of none; but all of a session's have one user. */
static void add_shared(struct cgi *c, const struct cgi_request *r)
{
	add_interface(c, r);
	cgi_put_text(c, "REMOTE_USER", r->user ? r->user : "");
	add_ids(c, r);
}

/* ---- from its header fields ---- */

/* The variable's name for a field's; false: it gets none.  `Proxy` would become
 * HTTP_PROXY, which many programs take for their own setting; a `_` could stand for a
 * name that a proxy in front guards. */
static bool variable_name(struct span field, char *out, size_t cap)
{
	static const char prefix[] = "HTTP_";
	size_t n = sizeof(prefix) - 1;

	memcpy(out, prefix, n);
	if (n + field.n >= cap || span_is_nocase(field, SPAN("Proxy")))
		return false;
	for (size_t i = 0; i < field.n; i++) {
		char ch = field.p[i];

		if (!isalnum((unsigned char)ch) && ch != '-')
			return false;
		out[n++] = ch == '-' ? '_' : (char)toupper((unsigned char)ch);
	}
	out[n] = '\0';
	return true;
}

/* Append the values of all fields called NAME from the I-th on, ", " between them (RFC
 * 9110 5.3). */
static void put_joined(struct cgi *c, const char *variable, const struct http *h,
		       const char *data, unsigned i)
{
	struct span name = http_span(data, h->fields[i].name);

	cgi_put(c, text(variable), http_span(data, h->fields[i].value));
	while (++i < h->nfields && !c->full)
		if (span_is_nocase(name, http_span(data, h->fields[i].name)))
			append(c, http_span(data, h->fields[i].value));
}

static void add_fields(struct cgi *c, const struct http *h, const char *data)
{
	char name[256], **first = c->vars + c->n; /* no other is called HTTP_ so far */

	for (unsigned i = 0; i < h->nfields && !c->full; i++)
		if (variable_name(http_span(data, h->fields[i].name), name,
				  sizeof(name)) &&
		    !find(first, text(name)))
			put_joined(c, name, h, data, i);
}

bool cgi_build(struct cgi *c, const struct cgi_request *r)
{
	cgi_begin(c, r->path->exec.env);
	if (r->http) {
		add_request(c, r);
		add_fields(c, r->http, r->data);
	} else {
		add_shared(c, r);
	}
	for (const char *const *v = r->line_buffer; v && *v; v++)
		cgi_put(c, (struct span){ *v, strcspn(*v, "=") },
			text(strchr(*v, '=') + 1));
	add_configured(c, &r->path->exec);
	for (size_t i = 0; i < sizeof(r->extra) / sizeof(*r->extra); i++)
		for (char *const *e = r->extra[i]; e && *e; e++)
			set(c, (struct span){ *e, strcspn(*e, "=") },
			    text(strchr(*e, '=') + 1));
	return !c->full;
}
