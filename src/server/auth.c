/* SPDX-License-Identifier: MIT */
/* Who is it, and may they open this path? */
#include <crypt.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "auth_exec.h"
#include "auth_htpasswd.h"
#include "auth_impl.h"
#include "auth_token.h"
#include "client_impl.h"
#include "credentials.h"

/* ---- refusals ---- */

/* 401 with what is wanted instead (RFC 9110 11.6.1). */
static enum step refuse(struct client *c, const char *reason, bool token_given)
{
	const struct auth_conf *auth = c->route->conf->auth;
	char want[320];
	int n = 0;

	if (auth->type != AUTH_TOKEN)
		n = snprintf(want, sizeof(want), "Basic realm=\"%s\", charset=\"UTF-8\"",
			     auth->realm);
	if (auth->type != AUTH_HTPASSWD)
		snprintf(want + n, sizeof(want) - (size_t)n, "%sBearer realm=\"%s\"%s",
			 n > 0 ? ", " : "", auth->realm,
			 token_given ? ", error=\"invalid_token\"" : "");
	answer_refusal(c, &(struct http_refusal){ .status = 401,
						  .reason = reason,
						  .authenticate = want,
						  .auth = auth->head.name });
	return STEP_END;
}

enum step auth_refuse_for_now(struct client *c, int status, const char *reason,
			      double seconds)
{
	answer_refusal(c,
		       &(struct http_refusal){ .status = status,
					       .reason = reason,
					       .retry_after = (int)ceil(seconds),
					       .auth = c->route->conf->auth->head.name });
	return STEP_END;
}

static double rate_of(const struct client *c)
{
	return c->routes->conf->limits.auth_failures;
}

void auth_count_failure(struct client *c)
{
	struct server *s = c->server;

	backoff_add(&s->auth.backoff, &c->peer, rate_of(c), s->bridge.now);
}

enum step auth_fail(struct client *c, const char *reason, bool token_given)
{
	auth_count_failure(c);
	return refuse(c, reason, token_given);
}

/* ---- tokens ---- */

static enum step check_token(struct client *c, const struct credentials *given)
{
	const struct auth_conf *auth = c->route->conf->auth;
	const struct auth_token *token;

	if (given->kind != CREDENTIALS_BEARER)
		return refuse(c, "this path takes a bearer token", false);
	token = auth_token_find(auth->token, given->secret);
	if (!token)
		return auth_fail(c, "this token is not known", true);
	c->user = token->name;
	c->auth_type = "Bearer";
	return STEP_NEXT;
}

/* ---- passwords ---- */

static void on_checked(void *data, bool matches)
{
	struct client *c = data;

	c->cancel = NULL;
	if (matches && c->claims) {
		c->user = c->claims->name;
		c->auth_type = "Basic";
		request_resume(c, STEP_NEXT);
	} else {
		request_resume(c, auth_fail(c, "wrong user or password", false));
	}
}

static void cancel(struct client *c)
{
	auth_job_cancel(c->waits_for);
}

static enum step check_password(struct client *c, const struct credentials *given)
{
	struct auth *all = &c->server->auth;
	const struct auth_user *user;
	bool known;

	if (given->kind != CREDENTIALS_BASIC)
		return refuse(c, "this path takes a user and a password", false);
	if (given->secret.n >= CRYPT_MAX_PASSPHRASE_SIZE)
		return auth_fail(c, "wrong user or password", false);
	user = auth_htpasswd_find(c->route->conf->auth, given->user, &known);
	c->claims = known ? user : NULL;
	if (!all->worker)
		all->worker = auth_worker_new(c->server->loop);
	if (all->worker)
		c->waits_for = auth_worker_check(all->worker, given->secret, user->hash,
						 c->routes->conf->limits.max_checks,
						 on_checked, c);
	if (!c->waits_for)
		return auth_refuse_for_now(
			c, 503, "too many passwords are being checked (max_checks)", 0);
	c->cancel = cancel;
	return STEP_WAIT;
}

/* ---- the decision ---- */

static enum step check_by_program(struct client *c, const struct credentials *given)
{
	if (given->kind == CREDENTIALS_OTHER)
		return refuse(c, "this path takes a password or a bearer token", false);
	return auth_exec_check(c, given);
}

static enum step check(struct client *c, const struct credentials *given)
{
	static enum step (*const checks[])(struct client * c,
					   const struct credentials *given) = {
		[AUTH_HTPASSWD] = check_password,
		[AUTH_TOKEN] = check_token,
		[AUTH_EXEC] = check_by_program,
	};
	struct server *s = c->server;
	double wait = backoff_wait(&s->auth.backoff, &c->peer, rate_of(c), s->bridge.now);

	if (given->kind == CREDENTIALS_NONE)
		return refuse(c, "this path wants to know who you are", false);
	if (given->kind == CREDENTIALS_BAD)
		return refuse(c, "these credentials are malformed", false);
	if (wait > 0)
		return auth_refuse_for_now(
			c, 429, "too many failures from this address (auth_failures)",
			wait);
	return checks[c->route->conf->auth->type](c, given);
}

enum step auth_check(struct client *c)
{
	const struct auth_conf *auth = c->route ? c->route->conf->auth : NULL;
	struct credentials given;
	enum step said;

	if (!auth)
		return STEP_NEXT;
	credentials_take(&c->http, buf_head(&c->head), auth->query ? "token" : NULL,
			 &given);
	/* where read_head() had them before */
	explicit_bzero(c->server->bridge.scratch.read, c->http.max_header);
	said = check(c, &given);
	credentials_wipe(&given);
	return said;
}

void auth_proceed(struct auth *a)
{
	auth_exec_proceed(a);
}

void auth_free(struct auth *a)
{
	auth_exec_free(a);
	auth_worker_free(a->worker);
	backoff_free(&a->backoff);
}
