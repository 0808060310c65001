/* SPDX-License-Identifier: MIT */
/* The TLS context of a snapshot: what [tls] names, read and checked. */
#include <dirent.h>
#include <math.h>
#include <string.h>
#include <sys/stat.h>
#include <sysexits.h>

#include "conf_tls.h"

#define DAY (24 * 3600.0)

static struct conf_origin where(const struct conf *c, const char *key)
{
	struct conf_origin at = conf_where(c, NULL, key);

	return at.file ? at : (struct conf_origin){ c->file, 0 };
}

/* ---- errors ---- */

/* The place of the setting OTHER, as it is told at AT: "line 31", or with its file. */
static void place_text(struct conf_origin at, struct conf_origin other, char *out,
		       size_t cap)
{
	if (at.file && other.file && strcmp(at.file, other.file) == 0)
		snprintf(out, cap, "line %d", other.line);
	else
		snprintf(out, cap, "%s:%d", other.file, other.line);
}

static void tell(const struct conf *c, struct conf_report *r, const struct tls_error *e)
{
	struct conf_origin at = conf_where(c, NULL, e->member);
	char place[512];

	if (!at.file && e->other) /* the key lies in the certificate's file */
		at = where(c, e->other);
	if (!at.file)
		at = where(c, "certificate");
	if (!e->other) {
		conf_error(r, at, "%s", e->text);
		return;
	}
	place_text(at, where(c, e->other), place, sizeof(place));
	conf_error(r, at, "%s (%s)", e->text, place);
}

/* Every listener with the word tls needs a context. */
static void check_listeners(const struct conf *c, struct conf_report *r)
{
	for (size_t i = 0; i < c->nlisten; i++) {
		const struct listen_conf *l = &c->listen[i];

		if (l->tls)
			conf_error(r, (struct conf_origin){ l->file, l->line },
				   "listen: %s tls needs a certificate in [tls]",
				   l->text);
	}
}

/* ---- warnings ---- */

static double seconds_left(const struct tls *t)
{
	return difftime(tls_valid_until(t), time(NULL));
}

int conf_tls_days_left(const struct conf *c)
{
	return (int)floor(seconds_left(c->tls_context) / DAY);
}

static void date_text(time_t at, char *out, size_t cap)
{
	struct tm tm;

	strftime(out, cap, "%Y-%m-%d %H:%M UTC", gmtime_r(&at, &tm));
}

static void check_dates(const struct conf *c, struct conf_report *r)
{
	const struct tls *t = c->tls_context;
	const char *file = c->tls.certificate;
	struct conf_origin at = where(c, "certificate");
	double left = seconds_left(t);
	char from[64], until[64];

	date_text(tls_valid_from(t), from, sizeof(from));
	date_text(tls_valid_until(t), until, sizeof(until));
	if (difftime(tls_valid_from(t), time(NULL)) > 0)
		conf_warning(r, at, "certificate: %s is not valid before %s", file, from);
	else if (left <= 0)
		conf_warning(r, at,
			     "certificate: %s expired at %s; clients will refuse it",
			     file, until);
	else if (left < c->tls.expiry_warning)
		conf_warning(r, at, "certificate: %s expires in %d days, at %s", file,
			     conf_tls_days_left(c), until);
}

static void check_mode(const struct conf *c, struct conf_report *r)
{
	const char *file = c->tls.key ? c->tls.key : c->tls.certificate;
	const char *key = c->tls.key ? "key" : "certificate";
	struct stat st;

	if (stat(file, &st) == 0 && st.st_mode & S_IROTH)
		conf_warning(r, where(c, key),
			     "key: every user of this machine can read %s; chmod 600, or "
			     "640 with wsbridged's group",
			     file);
}

static void check_protocols(const struct conf *c, struct conf_report *r)
{
	if (c->tls.protocols & (TLS_1_0 | TLS_1_1))
		conf_warning(r, where(c, "protocols"),
			     "protocols: TLS before 1.2 is not safe any more (RFC 8996)");
}

/* NAME, as openssl-rehash(1) makes them: 8 hexadecimal digits, a dot and a number. */
static bool is_hashed(const char *name)
{
	return strlen(name) > 9 && strspn(name, "0123456789abcdef") == 8 &&
	       name[8] == '.' && strspn(name + 9, "r0123456789") == strlen(name + 9);
}

static void check_ca_dir(const struct conf *c, struct conf_report *r)
{
	DIR *d = c->tls.ca_dir ? opendir(c->tls.ca_dir) : NULL;
	const struct dirent *e;
	bool found = !d;

	while (!found && (e = readdir(d)))
		found = is_hashed(e->d_name);
	if (d)
		closedir(d);
	if (!found)
		conf_warning(r, where(c, "ca_dir"),
			     "ca_dir: nothing in %s has a name that OpenSSL looks for; "
			     "run: openssl rehash %s",
			     c->tls.ca_dir, c->tls.ca_dir);
}

static void check_clients(const struct conf *c, struct conf_report *r)
{
	const struct {
		const char *key;
		bool used;
	} keys[] = {
		{ "ca_file", c->tls.ca_file },
		{ "ca_dir", c->tls.ca_dir },
		{ "crl_file", c->tls.crl_file },
		{ "client_subject", c->tls.client_subject },
	};

	if (c->tls.client_certificate != TLS_CLIENT_NONE)
		return;
	for (size_t i = 0; i < sizeof(keys) / sizeof(*keys); i++)
		if (keys[i].used)
			conf_warning(r, where(c, keys[i].key),
				     "%s means nothing with client_certificate = none",
				     keys[i].key);
}

/* ---- all of it ---- */

void conf_tls_make(struct conf *c, struct conf_report *r)
{
	struct tls_error e;

	if (c->tls_context)
		return;
	if (!c->tls.certificate) {
		check_listeners(c, r);
		return;
	}
	c->tls_context = tls_new(&c->tls, &e);
	if (!c->tls_context) {
		tell(c, r, &e);
		return;
	}
	check_dates(c, r);
	check_mode(c, r);
	check_protocols(c, r);
	check_ca_dir(c, r);
	check_clients(c, r);
}

int conf_tls_open(struct conf *c, FILE *err)
{
	struct conf_report r = { .main = c->file };

	conf_tls_make(c, &r);
	conf_report_write(&r, err);
	return r.errors > 0 ? EX_CONFIG : EX_OK;
}
