/* SPDX-License-Identifier: MIT */
/* The Authorization field of who connects. */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "base64.h"
#include "connect_auth.h"

#define SECRET_MAX 1024
#define PASSWORD_ENV "WSBRIDGECTL_PASSWORD"

static bool say(const char *what, const char *why)
{
	fprintf(stderr, "wsbridgectl: connect: %s: %s\n", what, why);
	return false;
}

/* The first line of F, which is closed, to OUT. */
static bool read_line(FILE *f, char *out, size_t cap)
{
	bool ok;

	setvbuf(f, NULL, _IONBF, 0);
	ok = fgets(out, (int)cap, f) != NULL;
	fclose(f);
	if (ok)
		out[strcspn(out, "\r\n")] = 0;
	return ok && *out;
}

static bool ask(const char *user, char *out, size_t cap)
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
	ok = fgets(out, (int)cap, tty) != NULL;
	tcsetattr(fileno(tty), TCSAFLUSH, &old);
	fputs("\n", tty);
	fclose(tty);
	if (ok)
		out[strcspn(out, "\r\n")] = 0;
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

static bool find_password(const char *user, char *out, size_t cap)
{
	const char *from = getenv(PASSWORD_ENV);

	if (!from)
		return ask(user, out, cap);
	snprintf(out, cap, "%s", from);
	return true;
}

/* Basic and the base64 of NAME:PASSWORD (RFC 7617). */
static char *basic(const char *user)
{
	char pair[2 * SECRET_MAX], password[SECRET_MAX] = "";
	char *value;
	int n;

	if (!strchr(user, ':') && !find_password(user, password, sizeof(password)))
		return NULL;
	n = snprintf(pair, sizeof(pair), "%s%s%s", user, strchr(user, ':') ? "" : ":",
		     password);
	explicit_bzero(password, sizeof(password));
	value = n < (int)sizeof(pair) ? malloc(6 + BASE64_SIZE((size_t)n)) : NULL;
	if (value) {
		memcpy(value, "Basic ", 6);
		base64_encode((struct span){ pair, (size_t)n }, value + 6);
	}
	explicit_bzero(pair, sizeof(pair));
	return value;
}

/* Bearer and the token (RFC 6750 2.1). */
static char *bearer(const struct connect_options *o)
{
	const char *name = o->token_file ? o->token_file : o->token_env;
	char token[SECRET_MAX] = "";
	const char *from;
	char *value = NULL;
	FILE *f;

	if (o->token_file && (f = fopen(o->token_file, "re"))) {
		read_line(f, token, sizeof(token));
	} else if (o->token_file) {
		fprintf(stderr, "wsbridgectl: connect: %s: %m\n", name);
		return NULL;
	} else if ((from = getenv(o->token_env))) {
		snprintf(token, sizeof(token), "%s", from);
	}
	if (!*token || !is_clean(token))
		say(name, "there is no token");
	else if (asprintf(&value, "Bearer %s", token) < 0)
		value = NULL;
	explicit_bzero(token, sizeof(token));
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
