/* SPDX-License-Identifier: MIT */
/* The TLS contexts of a snapshot: what [tls] and [tls NAME] name, read and checked. */
#include <dirent.h>
#include <math.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <sysexits.h>

#include "conf_tls.h"
#include "nearest.h"

#define DAY (24 * 3600.0)
#define RSA_MOST 4096 /* bits, whose signature takes a few milliseconds */

/* ---- sections ---- */

const struct tls_section *conf_tls_at(const struct conf *c, size_t i)
{
	if (i == 0)
		return &c->tls;
	return i <= c->ntls_names ? &c->tls_names[i - 1] : NULL;
}

const struct tls_section *conf_tls_named(const struct conf *c, const char *name)
{
	if (!name)
		return &c->tls;
	for (size_t i = 0; i < c->ntls_names; i++)
		if (strcmp(c->tls_names[i].head.name, name) == 0)
			return &c->tls_names[i];
	return NULL;
}

const struct tls_section *conf_tls_of_host(const struct conf *c, const char *name)
{
	const struct tls_section *found = NULL;

	for (size_t i = 0; i < c->ntls_names; i++)
		for (char **p = c->tls_names[i].server_name; p && *p; p++)
			if (tls_name_matches(*p, name) && (!found || **p != '*'))
				found = &c->tls_names[i];
	return found ? found : &c->tls;
}

/* May clients ask for a name? */
static bool has_names(const struct conf *c)
{
	for (size_t i = 0; i < c->ntls_names; i++)
		if (c->tls_names[i].server_name)
			return true;
	return false;
}

struct conf_origin conf_tls_where(const struct conf *c, const struct tls_section *t,
				  const char *key)
{
	char name[64];
	struct conf_origin at;

	snprintf(name, sizeof(name), "tls.%s", key);
	at = t->head.name ? conf_where_or_header(c, &t->head, key)
			  : conf_where(c, NULL, name);
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

static void tell(const struct conf *c, const struct tls_section *t, struct conf_report *r,
		 const struct tls_error *e)
{
	bool same = e->other && strcmp(e->member, "key") == 0 && !t->conf.key;
	struct conf_origin at = conf_tls_where(c, t, same ? e->other : e->member);
	char place[512];

	if (at.line == 0)
		at = conf_tls_where(c, t, "certificate");
	if (!e->other) {
		conf_error(r, at, "%s", e->text);
		return;
	}
	place_text(at, conf_tls_where(c, t, e->other), place, sizeof(place));
	conf_error(r, at, "%s (%s)", e->text, place);
}

/* ---- warnings ---- */

static double seconds_left(const struct tls_section *t)
{
	return difftime(tls_valid_until(t->context), time(NULL));
}

int conf_tls_days_left(const struct tls_section *t)
{
	return (int)floor(seconds_left(t) / DAY);
}

static void date_text(time_t at, char *out, size_t cap)
{
	struct tm tm;

	strftime(out, cap, "%Y-%m-%d %H:%M UTC", gmtime_r(&at, &tm));
}

static void check_dates(const struct conf *c, const struct tls_section *t,
			struct conf_report *r)
{
	const char *file = t->conf.certificate;
	struct conf_origin at = conf_tls_where(c, t, "certificate");
	double left = seconds_left(t);
	char from[64], until[64];

	date_text(tls_valid_from(t->context), from, sizeof(from));
	date_text(tls_valid_until(t->context), until, sizeof(until));
	if (difftime(tls_valid_from(t->context), time(NULL)) > 0)
		conf_warning(r, at, "certificate: %s is not valid before %s", file, from);
	else if (left <= 0)
		conf_warning(r, at,
			     "certificate: %s expired at %s; clients will refuse it",
			     file, until);
	else if (left < t->conf.expiry_warning)
		conf_warning(r, at, "certificate: %s expires in %d days, at %s", file,
			     conf_tls_days_left(t), until);
}

static void check_key(const struct conf *c, const struct tls_section *t,
		      struct conf_report *r)
{
	int bits = tls_rsa_bits(t->context);

	if (bits > RSA_MOST)
		conf_warning(r, conf_tls_where(c, t, t->conf.key ? "key" : "certificate"),
			     "key: with an RSA key of %d bits each handshake holds all "
			     "others up for 10 ms and more; ECDSA does not",
			     bits);
}

static void check_mode(const struct conf *c, const struct tls_section *t,
		       struct conf_report *r)
{
	const char *file = t->conf.key ? t->conf.key : t->conf.certificate;
	const char *key = t->conf.key ? "key" : "certificate";
	struct stat st;

	if (stat(file, &st) == 0 && st.st_mode & S_IROTH)
		conf_warning(r, conf_tls_where(c, t, key),
			     "key: every user of this machine can read %s; chmod 600, or "
			     "640 with wsbridged's group",
			     file);
}

static void check_protocols(const struct conf *c, const struct tls_section *t,
			    struct conf_report *r)
{
	if (t->conf.protocols & (TLS_1_0 | TLS_1_1))
		conf_warning(r, conf_tls_where(c, t, "protocols"),
			     "protocols: TLS before 1.2 is not safe any more (RFC 8996)");
}

/* NAME, as openssl-rehash(1) makes them: 8 hexadecimal digits, a dot and a number. */
static bool is_hashed(const char *name)
{
	return strlen(name) > 9 && strspn(name, "0123456789abcdef") == 8 &&
	       name[8] == '.' && strspn(name + 9, "r0123456789") == strlen(name + 9);
}

static void check_ca_dir(const struct conf *c, const struct tls_section *t,
			 struct conf_report *r)
{
	DIR *d = t->conf.ca_dir ? opendir(t->conf.ca_dir) : NULL;
	const struct dirent *e;
	bool found = !d;

	while (!found && (e = readdir(d)))
		found = is_hashed(e->d_name);
	if (d)
		closedir(d);
	if (!found)
		conf_warning(r, conf_tls_where(c, t, "ca_dir"),
			     "ca_dir: nothing in %s has a name that OpenSSL looks for; "
			     "run: openssl rehash %s",
			     t->conf.ca_dir, t->conf.ca_dir);
}

static void check_clients(const struct conf *c, const struct tls_section *t,
			  struct conf_report *r)
{
	const struct {
		const char *key;
		bool used;
	} keys[] = {
		{ "ca_file", t->conf.ca_file },
		{ "ca_dir", t->conf.ca_dir },
		{ "crl_file", t->conf.crl_file },
		{ "client_subject", t->conf.client_subject },
	};

	if (t->conf.client_certificate != TLS_CLIENT_NONE)
		return;
	for (size_t i = 0; i < sizeof(keys) / sizeof(*keys); i++)
		if (keys[i].used)
			conf_warning(r, conf_tls_where(c, t, keys[i].key),
				     "%s means nothing with client_certificate = none",
				     keys[i].key);
}

/* ---- of each other ---- */

static void check_listener(const struct conf *c, const struct listen_conf *l,
			   struct conf_report *r)
{
	const struct conf_origin at = { l->file, l->line };
	const struct tls_section *t = conf_tls_named(c, l->tls_name);
	struct nearest n;

	if (!t) {
		nearest_init(&n, l->tls_name);
		for (size_t i = 0; i < c->ntls_names; i++)
			nearest_offer(&n, c->tls_names[i].head.name);
		conf_error(r, at, "listen: there is no [tls %s]%s%s%s", l->tls_name,
			   nearest_found(&n) ? "; did you mean '" : "",
			   nearest_found(&n) ? nearest_found(&n) : "",
			   nearest_found(&n) ? "'?" : "");
	} else if (!l->tls_name && !t->conf.certificate && !has_names(c)) {
		conf_error(r, at, "listen: %s tls needs a certificate in [tls]", l->text);
	}
}

/* Which section before T has the name NAME, too? */
static const struct tls_section *other_with(const struct conf *c,
					    const struct tls_section *t, const char *name)
{
	for (const struct tls_section *o = c->tls_names; o < t; o++)
		for (char **p = o->server_name; p && *p; p++)
			if (strcasecmp(*p, name) == 0)
				return o;
	return NULL;
}

static void check_section(const struct conf *c, const struct tls_section *t,
			  struct conf_report *r)
{
	const struct tls_section *other;

	if (!t->conf.certificate)
		conf_error(r, t->head.where, "[tls %s] needs a certificate",
			   t->head.name);
	for (char **p = t->server_name; p && *p; p++)
		if ((other = other_with(c, t, *p)))
			conf_error(r, conf_tls_where(c, t, "server_name"),
				   "server_name: %s is that of [tls %s]", *p,
				   other->head.name);
}

void conf_tls_settle(const struct conf *c, struct conf_report *r)
{
	for (size_t i = 0; i < c->ntls_names; i++)
		check_section(c, &c->tls_names[i], r);
}

/* ---- contexts ---- */

/* CONF without its MEMBER.  False: it has none that could be left out. */
static bool leave_out(struct tls_conf *conf, const char *member)
{
	static char all[] = "ALL";
	const struct {
		const char *name;
		char **value, *instead;
	} texts[] = {
		{ "provider", &conf->provider, NULL },
		{ "prng_seed_file", &conf->prng_seed_file, NULL },
		{ "ciphers", &conf->ciphers, all },
		{ "ciphersuites", &conf->ciphersuites, NULL },
		{ "groups", &conf->groups, NULL },
		{ "ca_file", &conf->ca_file, NULL },
		{ "ca_dir", &conf->ca_dir, NULL },
		{ "crl_file", &conf->crl_file, NULL },
	};

	if (strncmp(member, "ca_", 3) == 0) /* nobody can be asked for one then */
		conf->client_certificate = TLS_CLIENT_NONE;
	if (strcmp(member, "algorithms") == 0 && conf->algorithms) {
		conf->algorithms = NULL;
		return true;
	}
	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++)
		if (strcmp(texts[i].name, member) == 0 &&
		    *texts[i].value != texts[i].instead) {
			*texts[i].value = texts[i].instead;
			return true;
		}
	return false;
}

/* OpenSSL stops at the first error, E: what would it say without that? */
static void find_more(const struct conf *c, const struct tls_section *t,
		      struct conf_report *r, struct tls_error *e)
{
	struct tls_conf rest = t->conf;
	struct tls *good;

	while (leave_out(&rest, e->member)) {
		good = tls_new(&rest, e);
		if (good) {
			tls_unref(good);
			return;
		}
		tell(c, t, r, e);
	}
}

static void make(const struct conf *c, struct tls_section *t, struct conf_report *r)
{
	struct tls_error e;

	t->context = tls_new(&t->conf, &e);
	if (!t->context) {
		tell(c, t, r, &e);
		find_more(c, t, r, &e);
	}
	if (!t->context || !t->conf.certificate)
		return;
	check_dates(c, t, r);
	check_key(c, t, r);
	check_mode(c, t, r);
	check_protocols(c, t, r);
	check_ca_dir(c, t, r);
	check_clients(c, t, r);
}

static void add_names(const struct conf *c, struct conf_report *r)
{
	for (size_t i = 0; i < c->ntls_names; i++)
		for (char **p = c->tls_names[i].server_name; p && *p; p++)
			if (tls_add_name(c->tls.context, *p, c->tls_names[i].context) < 0)
				conf_error(r, c->tls_names[i].head.where,
					   "out of memory");
}

void conf_tls_make(struct conf *c, struct conf_report *r)
{
	unsigned errors = r->errors;

	if (c->tls.context)
		return;
	for (size_t i = 0; i < c->nlisten; i++)
		if (c->listen[i].tls)
			check_listener(c, &c->listen[i], r);
	for (size_t i = 0; i < c->ntls_names; i++)
		make(c, &c->tls_names[i], r);
	if (c->tls.conf.certificate || has_names(c))
		make(c, &c->tls, r);
	if (r->errors == errors && c->tls.context)
		add_names(c, r);
}

void conf_tls_share(struct conf *c, const struct conf *other)
{
	c->tls.context = tls_ref(other->tls.context);
	for (size_t i = 0; i < c->ntls_names; i++)
		c->tls_names[i].context = tls_ref(other->tls_names[i].context);
}

int conf_tls_open(struct conf *c, FILE *err)
{
	struct conf_report r = { .main = c->file };

	conf_tls_make(c, &r);
	conf_report_write(&r, err);
	return r.errors > 0 ? EX_CONFIG : EX_OK;
}
