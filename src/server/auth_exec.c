/* SPDX-License-Identifier: MIT */
/* Lets a program decide who a client is. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "auth_exec.h"
#include "auth_impl.h"
#include "hooks.h"
#include "log.h"

#define INPUT (CREDENTIALS_MAX + 2) /* bytes: a user and a password, a line each */
#define NAME_TEXT 128               /* room for what the log calls a program */

_Static_assert(INPUT <= HOOK_INPUT, "a program's input fits its pipe");

/* A client's question. */
struct ask {
	struct client *client;
	struct auth_pool *pool;
	struct hook *hook; /* NULL: it waits for its turn */
	enum credentials_kind kind;
	size_t nuser, n; /* bytes of INPUT: the user's, and in all */
	char input[INPUT];
	TAILQ_ENTRY(ask) link; /* while it waits */
};

/* The programs of one [auth NAME], of this snapshot and of older ones, as long as there
 * are any. */
struct auth_pool {
	TAILQ_HEAD(, ask) waiting;
	unsigned running, nwaiting;
	LIST_ENTRY(auth_pool) link;
	char name[];
};

static const struct auth_conf *conf_of(const struct client *c)
{
	return c->route->conf->auth;
}

static const char *name_of(const struct client *c, char *out)
{
	snprintf(out, NAME_TEXT, "[auth %s]", conf_of(c)->head.name);
	return out;
}

/* ---- pools ---- */

static struct auth_pool *pool_of(struct auth *all, const char *name)
{
	size_t n = strlen(name) + 1;
	struct auth_pool *p;

	LIST_FOREACH(p, &all->pools, link)
		if (strcmp(p->name, name) == 0)
			return p;
	p = calloc(1, sizeof(*p) + n);
	if (!p)
		return NULL;
	memcpy(p->name, name, n);
	TAILQ_INIT(&p->waiting);
	LIST_INSERT_HEAD(&all->pools, p, link);
	return p;
}

static void leave_queue(struct ask *a)
{
	TAILQ_REMOVE(&a->pool->waiting, a, link);
	a->pool->nwaiting--;
}

static void ask_free(struct ask *a)
{
	explicit_bzero(a->input, sizeof(a->input));
	free(a);
}

/* ---- the answer ---- */

static enum step refuse_failed(struct client *c)
{
	return auth_refuse_for_now(c, 502, "the program that checks this has failed", 0);
}

/* The credentials are wrong, or as good as: with the program's own STATUS and TEXT. */
static enum step refuse_as_told(struct client *c, const struct hook_answer *said)
{
	const char *reason = said->text ? said->text : "refused by the program of auth";

	if (said->status == 401)
		return auth_fail(c, reason, false);
	if (said->status < 500)
		auth_count_failure(c);
	return auth_refuse_for_now(c, said->status, reason, 0);
}

/* Its lines. */
static enum step judge(struct client *c, const struct ask *a, const struct hook_end *end)
{
	struct grant *g = malloc(sizeof(*g) + end->n + 1 + a->nuser + 1);
	char name[NAME_TEXT], *user;

	if (!g)
		return auth_refuse_for_now(c, 503, "out of memory", 0);
	c->grant = g;
	user = g->text + end->n + 1;
	if (end->n > 0)
		memcpy(g->text, end->out, end->n);
	memcpy(user, a->input, a->nuser);
	user[a->nuser] = '\0';
	if (!hooks_read(c, name_of(c, name), g->text, end->n, &g->answer))
		return refuse_failed(c);
	if (g->answer.status)
		return refuse_as_told(c, &g->answer);
	if (!hooks_add_fields(c, &g->answer))
		return auth_refuse_for_now(c, 503, "out of memory", 0);
	c->user = g->answer.user ? g->answer.user : user;
	c->auth_type = a->kind == CREDENTIALS_BASIC ? "Basic" : "Bearer";
	return STEP_NEXT;
}

static enum step decide(struct client *c, const struct ask *a, const struct hook_end *end)
{
	bool token = a->kind == CREDENTIALS_BEARER;
	char name[NAME_TEXT];

	switch (hooks_said(c, name_of(c, name), end)) {
	case HOOK_LATE:
		return auth_refuse_for_now(
			c, 503, "the program that checks this took too long (timeout)",
			0);
	case HOOK_FAILED:
		return refuse_failed(c);
	case HOOK_NO:
		return auth_fail(
			c, token ? "this token is not known" : "wrong user or password",
			token);
	case HOOK_YES:
		break;
	}
	return judge(c, a, end);
}

static void on_answer(void *data, const struct hook_end *end)
{
	struct ask *a = data;
	struct client *c = a->client;
	enum step said;

	c->cancel = NULL; /* C may be dropped for want of memory */
	said = decide(c, a, end);
	ask_free(a);
	request_resume(c, said);
}

bool auth_exec_decided(struct client *c, struct handshake *hs)
{
	char name[NAME_TEXT];

	if (!c->grant || hooks_choose(c, name_of(c, name), &c->grant->answer, hs))
		return true;
	refuse_failed(c);
	return false;
}

/* ---- the question ---- */

static void cancel(struct client *c)
{
	struct ask *a = c->waits_for;

	if (a->hook)
		hook_cancel(a->hook);
	else
		leave_queue(a);
	ask_free(a);
}

/* Run A's program.  0, or -errno: it is logged. */
static int start(struct ask *a)
{
	struct client *c = a->client;
	struct cgi *e = &c->server->cgi;
	const struct auth_conf *auth = conf_of(c);
	char who[SESSION_WHO];
	struct hook_start how = { .argv = auth->exec,
				  .kind = "auth program",
				  .who = client_who(c, who),
				  .input = { a->input, a->n },
				  .timeout = auth->timeout,
				  .output_max = HOOK_ANSWER_MOST,
				  .done = on_answer,
				  .data = a,
				  .count = &a->pool->running };
	int r;

	hooks_describe(c, "auth", c->route);
	cgi_put_text(e, "WSBRIDGE_AUTH", auth->head.name);
	cgi_put_text(e, "WSBRIDGE_AUTH_TYPE",
		     a->kind == CREDENTIALS_BASIC ? "Basic" : "Bearer");
	r = hooks_run(c->server, &how, &a->hook);
	if (r == 0)
		explicit_bzero(a->input + a->nuser, sizeof(a->input) - a->nuser);
	return r;
}

static enum step refuse_start(struct client *c, int error)
{
	if (error == -E2BIG)
		return auth_refuse_for_now(
			c, 431, "the auth program's environment would be too large", 0);
	return auth_refuse_for_now(c, 502,
				   "the program that checks this cannot be started", 0);
}

static void put_line(struct ask *a, struct span text)
{
	if (text.n > 0)
		memcpy(a->input + a->n, text.p, text.n);
	a->n += text.n;
	a->input[a->n++] = '\n';
}

static struct ask *ask_new(struct client *c, struct auth_pool *pool,
			   const struct credentials *given)
{
	struct ask *a = calloc(1, sizeof(*a));

	if (!a)
		return NULL;
	a->client = c;
	a->pool = pool;
	a->kind = given->kind;
	if (given->kind == CREDENTIALS_BASIC) {
		a->nuser = given->user.n;
		put_line(a, given->user);
	}
	put_line(a, given->secret);
	return a;
}

enum step auth_exec_check(struct client *c, const struct credentials *given)
{
	struct auth_pool *pool = pool_of(&c->server->auth, conf_of(c)->head.name);
	struct ask *a;
	int r = 0;

	if (pool && pool->nwaiting >= c->routes->conf->limits.max_checks)
		return auth_refuse_for_now(c, 503,
					   "too many checks are waiting (max_checks)", 0);
	a = pool ? ask_new(c, pool, given) : NULL;
	if (!a)
		return auth_refuse_for_now(c, 503, "out of memory", 0);
	if (pool->running < conf_of(c)->max_running && pool->nwaiting == 0) {
		r = start(a);
	} else {
		TAILQ_INSERT_TAIL(&pool->waiting, a, link);
		pool->nwaiting++;
	}
	if (r < 0) {
		ask_free(a);
		return refuse_start(c, r);
	}
	c->waits_for = a;
	c->cancel = cancel;
	return STEP_WAIT;
}

/* ---- its turn ---- */

/* The next one whose turn it is by now, which waits no longer; NULL: none. */
static struct ask *take_waiting(struct auth_pool *p)
{
	struct ask *a = TAILQ_FIRST(&p->waiting);

	/* NOLINTNEXTLINE(clang-analyzer-unix.Malloc): who was freed is no longer first */
	if (!a || p->running >= conf_of(a->client)->max_running)
		return NULL;
	leave_queue(a);
	return a;
}

static void start_waiting(struct ask *a)
{
	struct client *c = a->client;
	int r = start(a);

	if (r == 0)
		return;
	c->cancel = NULL;
	ask_free(a);
	request_resume(c, refuse_start(c, r));
}

void auth_exec_proceed(struct auth *all)
{
	struct auth_pool *p, *next;
	struct ask *a;

	for (p = LIST_FIRST(&all->pools); p; p = next) {
		next = LIST_NEXT(p, link);
		while ((a = take_waiting(p)))
			start_waiting(a);
		if (p->running > 0 || p->nwaiting > 0)
			continue;
		LIST_REMOVE(p, link);
		free(p);
	}
}

void auth_exec_free(struct auth *all)
{
	struct auth_pool *p;

	while ((p = LIST_FIRST(&all->pools))) {
		LIST_REMOVE(p, link);
		free(p);
	}
}
