/* SPDX-License-Identifier: MIT */
/* wsbridged --hash-password and --hash-token: what an [auth NAME] knows. */
#include <crypt.h>
#include <openssl/evp.h>
#include <openssl/rand.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <termios.h>
#include <unistd.h>

#include "make_secret.h"

#define TOKEN_BYTES 33 /* random ones: 44 characters without padding */
#define ROOM (CRYPT_MAX_PASSPHRASE_SIZE + 2)

/* ---- passwords ---- */

/* A line of IN to LINE (ROOM bytes) without its end.  What is wrong, or NULL. */
static const char *read_line(FILE *in, char *line)
{
	size_t n;

	if (!fgets(line, ROOM, in))
		return "no password was given";
	n = strcspn(line, "\r\n");
	if (!line[n] && !feof(in))
		return "a password has at most 511 bytes";
	line[n] = '\0';
	if (n == 0)
		return "the password is empty";
	if (n >= CRYPT_MAX_PASSPHRASE_SIZE)
		return "a password has at most 511 bytes";
	for (const char *p = line; *p; p++)
		if ((unsigned char)*p < ' ' || *p == 0x7f)
			return "a password has no control characters (RFC 7617)";
	return NULL;
}

/* The same from the terminal TTY, asked for by PROMPT, without echo. */
static const char *ask(FILE *tty, const char *prompt, char *line)
{
	struct termios before, quiet;
	const char *wrong;

	if (tcgetattr(fileno(tty), &before) < 0)
		return "the terminal cannot be asked";
	quiet = before;
	quiet.c_lflag &= ~(tcflag_t)ECHO;
	quiet.c_lflag |= ECHONL;
	if (tcsetattr(fileno(tty), TCSAFLUSH, &quiet) < 0)
		return "the terminal cannot be asked";
	fputs(prompt, stderr);
	wrong = read_line(tty, line);
	tcsetattr(fileno(tty), TCSAFLUSH, &before);
	return wrong;
}

static const char *ask_twice(char *password)
{
	char again[ROOM];
	const char *wrong = ask(stdin, "Password: ", password);

	if (!wrong)
		wrong = ask(stdin, "Once more: ", again);
	if (!wrong && strcmp(password, again) != 0)
		wrong = "these are two passwords";
	explicit_bzero(again, sizeof(again));
	return wrong;
}

static int print_hash(const char *user, const char *password, FILE *out, FILE *err)
{
	struct crypt_data *data = calloc(1, sizeof(*data));
	char *setting = crypt_gensalt_ra("$y$", 0, NULL, 0);
	const char *hash =
		data && setting ? crypt_rn(password, setting, data, sizeof(*data)) : NULL;
	if (hash)
		fprintf(out, "%s%s%s\n", user ? user : "", user ? ":" : "", hash);
	else
		fprintf(err, "wsbridged: cannot make a hash: %m\n");
	if (data)
		explicit_bzero(data, sizeof(*data));
	free(data);
	free(setting);
	return hash && fflush(out) == 0 ? EX_OK : EX_OSERR;
}

int make_secret_password(const char *user, FILE *out, FILE *err)
{
	char password[ROOM];
	const char *wrong;
	int status = EX_USAGE;

	setvbuf(stdin, NULL, _IONBF, 0); /* no copy of it stays there */
	if (user && (!*user || strchr(user, ':')))
		wrong = "a user's name is not empty and has no colon";
	else
		wrong = isatty(STDIN_FILENO) ? ask_twice(password)
					     : read_line(stdin, password);
	if (wrong)
		fprintf(err, "wsbridged: %s\n", wrong);
	else
		status = print_hash(user, password, out, err);
	explicit_bzero(password, sizeof(password));
	return status;
}

/* ---- tokens ---- */

/* base64url (RFC 4648 5) of the N bytes at P, a multiple of three, to OUT. */
static void base64url(const unsigned char *p, size_t n, char *out)
{
	EVP_EncodeBlock((unsigned char *)out, p, (int)n);
	for (; *out; out++)
		*out = *out == '+' ? '-' : *out == '/' ? '_' : *out;
}

int make_secret_token(const char *name, FILE *out, FILE *err)
{
	unsigned char random[TOKEN_BYTES], hash[32];
	char token[TOKEN_BYTES / 3 * 4 + 1];

	if (RAND_bytes(random, sizeof(random)) != 1) {
		fprintf(err, "wsbridged: no random bytes\n");
		return EX_OSERR;
	}
	base64url(random, sizeof(random), token);
	EVP_Digest(token, strlen(token), hash, NULL, EVP_sha256(), NULL);
	fprintf(err, "%s\n", token);
	fputs("sha256:", out);
	for (size_t i = 0; i < sizeof(hash); i++)
		fprintf(out, "%02x", hash[i]);
	fprintf(out, " %s\n", name ? name : "NAME");
	explicit_bzero(token, sizeof(token));
	explicit_bzero(random, sizeof(random));
	return fflush(out) == 0 ? EX_OK : EX_OSERR;
}
