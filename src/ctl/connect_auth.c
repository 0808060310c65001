/* SPDX-License-Identifier: MIT */
/* The Authorization field of who connects. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "base64.h"
#include "connect_auth.h"

#define SECRET_MAX 8192 /* bytes of a password, a token, or --user */
#define PASSWORD_ENV "WSBRIDGECTL_PASSWORD"

static bool say(const char *what, const char *why)
{
	fprintf(stderr, "wsbridgectl: connect: %s: %s\n", what, why);
	return false;
}

/* A secret, and room for the end of its line and a NUL, so that what is longer is seen.
 */
struct secret {
	char text[SECRET_MAX + 4];
};

static bool fits(const struct secret *s, const char *name)
{
	char why[64];

	snprintf(why, sizeof(why), "more than %d bytes", SECRET_MAX);
	return strlen(s->text) <= SECRET_MAX || say(name, why);
}

static void copy(struct secret *s, const char *from)
{
	snprintf(s->text, sizeof(s->text), "%s", from);
}

/* The next line of F; false: there is none. */
static bool read_line(struct secret *s, FILE *f)
{
	if (!fgets(s->text, sizeof(s->text), f))
		return false;
	s->text[strcspn(s->text, "\r\n")] = 0;
	return true;
}

static bool ask(const char *user, struct secret *out)
{
	FILE *tty = fopen("/dev/tty", "r+e");
	struct termios old, quiet;
	bool ok;

	if (!tty)
		return say("--user", "there is no terminal to ask for the password; "
				     "it may stand in " PASSWORD_ENV);
	if (tcgetattr(fileno(tty), &old) < 0) {
		fclose(tty);
		return say("--user", "the terminal does not hide what is typed");
	}
	quiet = old;
	quiet.c_lflag &= ~(tcflag_t)ECHO;
	/* Flushing drops what was typed before: so it may not come after the prompt. */
	tcsetattr(fileno(tty), TCSAFLUSH, &quiet);
	fprintf(tty, "Password of %s: ", user);
	fflush(tty);
	ok = read_line(out, tty);
	tcsetattr(fileno(tty), TCSAFLUSH, &old);
	fputs("\n", tty);
	fclose(tty);
	return ok || say("--user", "no password");
}

/* Text that may stand in a field. */
static bool is_clean(const char *text)
{
	for (; *text; text++)
		if ((unsigned char)*text < 0x20 || *text == 0x7F)
			return false;
	return true;
}

static bool find_password(const char *user, struct secret *out)
{
	const char *from = getenv(PASSWORD_ENV);

	if (!from)
		return ask(user, out) && fits(out, "--user");
	copy(out, from);
	return fits(out, PASSWORD_ENV);
}

/* Basic and the base64 of the N bytes at PAIR. */
static char *encode(const char *pair, size_t n)
{
	char *value = malloc(6 + BASE64_SIZE(n));

	if (!value)
		return NULL;
	memcpy(value, "Basic ", 6);
	base64_encode((struct span){ pair, n }, value + 6);
	return value;
}

/* Of NAME:PASSWORD (RFC 7617). */
static char *basic(const char *user)
{
	struct secret password = { "" };
	char pair[2 * SECRET_MAX + 2], *value = NULL;
	bool whole = strchr(user, ':');
	int n;

	if (strlen(user) > SECRET_MAX)
		say("--user", "too long");
	else if (whole || find_password(user, &password)) {
		n = snprintf(pair, sizeof(pair), "%s%s%s", user, whole ? "" : ":",
			     password.text);
		value = encode(pair, (size_t)n);
		explicit_bzero(pair, sizeof(pair));
	}
	explicit_bzero(&password, sizeof(password));
	return value;
}

/* The token, if there is one.  False: said why not. */
static bool find_token(const struct connect_options *o, struct secret *out)
{
	const char *from = o->token_file ? NULL : getenv(o->token_env);
	FILE *f;

	if (from)
		copy(out, from);
	if (!o->token_file)
		return true;
	f = fopen(o->token_file, "re");
	if (!f)
		return say(o->token_file, strerror(errno));
	setvbuf(f, NULL, _IONBF, 0); /* no copy stays behind */
	(void)read_line(out, f);
	fclose(f);
	return true;
}

/* Bearer and the token (RFC 6750 2.1). */
static char *bearer(const struct connect_options *o)
{
	const char *name = o->token_file ? o->token_file : o->token_env;
	struct secret token = { "" };
	char *value = NULL;

	if (find_token(o, &token) && fits(&token, name)) {
		if (!*token.text || !is_clean(token.text))
			say(name, "there is no token");
		else if (asprintf(&value, "Bearer %s", token.text) < 0)
			value = NULL;
	}
	explicit_bzero(&token, sizeof(token));
	return value;
}

bool connect_auth(const struct connect_options *o, char **ret)
{
	*ret = NULL;
	if (o->user)
		*ret = basic(o->user);
	else if (o->token_file || o->token_env)
		*ret = bearer(o);
	else
		return true;
	return *ret != NULL;
}

void connect_auth_free(char *value)
{
	if (value)
		explicit_bzero(value, strlen(value));
	free(value);
}
