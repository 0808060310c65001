/* SPDX-License-Identifier: MIT */
/* The users of a file of `NAME:HASH` lines. */
#include <crypt.h>
#include <errno.h>
#include <openssl/evp.h>
#include <openssl/rand.h>
#include <stdlib.h>
#include <string.h>

#include "auth_htpasswd.h"
#include "utf8.h"

#define NAME_LONGEST 255 /* as htpasswd(1) has it */

struct reading {
	struct auth_conf *auth;
	struct conf_report *report;
	int line;
	unsigned errors; /* before it */
};

static struct conf_origin at(const struct reading *r)
{
	return (struct conf_origin){ r->auth->file, r->line };
}

/* ---- lines ---- */

/* Prefixes of crypt(5).  What is cheap to guess is refused by its name. */
static const struct method {
	const char *prefix;
	const char *weak; /* NULL: good */
	size_t tail;      /* bytes behind the last $ */
} methods[] = {
	{ "$y$", NULL, 43 },
	{ "$2b$", NULL, 53 },
	{ "$2y$", NULL, 53 },
	{ "$6$", NULL, 86 },
	{ "$5$", NULL, 43 },
	{ "$2a$", "an old form of bcrypt", 0 },
	{ "$1$", "MD5", 0 },
	{ "$apr1$", "MD5", 0 },
	{ "{SHA}", "SHA-1", 0 },
	{ "{SSHA}", "SHA-1", 0 },
	{ "$", "of an unknown method", 0 },
	{ "", "DES or plain text", 0 },
};

static const struct method *method_of(const char *hash)
{
	const struct method *m = methods;

	while (strncmp(hash, m->prefix, strlen(m->prefix)) != 0)
		m++;
	return m;
}

/* Is HASH of crypt(5)'s bytes, and whole? */
static bool is_whole(const char *hash, const struct method *m)
{
	for (const char *p = hash; *p; p++)
		if (*p <= ' ' || *p >= 0x7f || strchr(":;*!\\", *p))
			return false;
	return strlen(hash) < CRYPT_OUTPUT_SIZE &&
	       strlen(strrchr(hash, '$') + 1) == m->tail;
}

static bool is_name(const char *name)
{
	size_t n = strlen(name);

	for (const char *p = name; *p; p++)
		if ((unsigned char)*p < ' ' || *p == 0x7f)
			return false;
	return n > 0 && n <= NAME_LONGEST && utf8_is_valid(name, n);
}

/* One line without its end; nothing of a hash is ever shown. */
static void read_line(struct reading *r, char *line)
{
	char *colon = strchr(line, ':');
	const struct method *method;

	if (!*line || *line == '#')
		return;
	if (!colon) {
		conf_error(r->report, at(r), "is not NAME:HASH");
		return;
	}
	*colon = '\0';
	colon[1 + strcspn(colon + 1, ":")] = '\0'; /* passwd(5) has more fields */
	method = method_of(colon + 1);
	if (!is_name(line))
		conf_error(r->report, at(r),
			   "no name of up to 255 bytes of UTF-8 before the colon");
	else if (method->weak)
		conf_error(r->report, at(r),
			   "the hash of '%s' is %s; use yescrypt, bcrypt, SHA-512 or "
			   "SHA-256: wsbridged --hash-password",
			   line, method->weak);
	else if (!is_whole(colon + 1, method))
		conf_error(r->report, at(r), "the hash of '%s' is not whole", line);
	else
		r->auth->users[r->auth->nusers++] =
			(struct auth_user){ line, colon + 1, r->line };
}

static size_t count_lines(const char *text)
{
	size_t n = 1;

	for (; *text; text++)
		n += *text == '\n';
	return n;
}

static int by_name(const void *a, const void *b)
{
	const struct auth_user *x = a, *y = b;
	int order = strcmp(x->name, y->name);

	return order ? order : (x->line > y->line) - (x->line < y->line);
}

static void check_users(struct reading *r)
{
	const struct auth_user *users = r->auth->users;

	for (size_t i = 1; i < r->auth->nusers; i++) {
		r->line = users[i].line;
		if (strcmp(users[i - 1].name, users[i].name) == 0)
			conf_error(r->report, at(r),
				   "'%s' stands there twice (first in line %d)",
				   users[i].name, users[i - 1].line);
	}
	r->line = 0;
	if (r->auth->nusers == 0 && r->report->errors == r->errors)
		conf_error(r->report, at(r), "has no users; nobody could get in");
}

int auth_htpasswd_read(struct auth_conf *auth, char *text, struct conf_mem *mem,
		       struct conf_report *report)
{
	struct reading r = { auth, report, 0, report->errors };
	char *next;

	auth->users = conf_mem_alloc(mem, count_lines(text) * sizeof(*auth->users));
	auth->nusers = 0;
	if (!auth->users)
		return -ENOMEM;
	for (char *line = text; line; line = next) {
		next = strchr(line, '\n');
		if (next)
			*next++ = '\0';
		line[strcspn(line, "\r")] = '\0';
		r.line++;
		read_line(&r, line);
	}
	qsort(auth->users, auth->nusers, sizeof(*auth->users), by_name);
	check_users(&r);
	return 0;
}

/* ---- looking up ---- */

static int match(const void *k, const void *u)
{
	const struct span *key = k;
	const char *name = ((const struct auth_user *)u)->name;
	size_t n = strlen(name);
	int order = memcmp(key->p, name, key->n < n ? key->n : n);

	return order ? order : (key->n > n) - (key->n < n);
}

/* A number that is always the same for NAME, and that nobody outside can tell. */
static size_t number_of(struct span name)
{
	static unsigned char key[16];
	unsigned char text[sizeof(key) + NAME_LONGEST], hash[32];
	size_t n = name.n < NAME_LONGEST ? name.n : NAME_LONGEST, number;

	if (key[0] == 0 && RAND_bytes(key, sizeof(key)) == 1)
		key[0] |= 1;
	memcpy(text, key, sizeof(key));
	if (n > 0)
		memcpy(text + sizeof(key), name.p, n);
	memset(hash, 0, sizeof(hash));
	EVP_Digest(text, sizeof(key) + n, hash, NULL, EVP_sha256(), NULL);
	memcpy(&number, hash, sizeof(number));
	return number;
}

const struct auth_user *auth_htpasswd_find(const struct auth_conf *auth, struct span name,
					   bool *ret_known)
{
	size_t any = number_of(name) % auth->nusers;
	const struct auth_user *found =
		bsearch(&name, auth->users, auth->nusers, sizeof(*found), match);

	*ret_known = found != NULL;
	return found ? found : &auth->users[any];
}
