/* SPDX-License-Identifier: MIT */
/* What `listen` takes: an address and its words. */
#include <errno.h>
#include <string.h>

#include "addr.h"
#include "conf_value.h"
#include "listener.h"
#include "num.h"

static int wrong_address(const struct conf_value *v, const char *text)
{
	return conf_value_wrong(v,
				"'%.100s' is not ADDR:PORT, [ADDR]:PORT, unix:/path or "
				"systemd:NAME with a numeric address, as 127.0.0.1:8765",
				text);
}

/* Split ADDR:PORT or [ADDR]:PORT, in place, and check both. */
static int parse_inet(const struct conf_value *v, struct listen_conf *l)
{
	char *copy = conf_mem_text(v->mem, l->text, strlen(l->text));
	char *colon = copy ? strrchr(copy, ':') : NULL;
	bool bracketed = copy && *copy == '[';
	char wrong[NUM_ERR];
	struct addr addr;
	long port;

	if (!copy)
		return -ENOMEM;
	if (!colon || (bracketed && (colon == copy || colon[-1] != ']')))
		return wrong_address(v, l->text);
	*colon = 0;
	if (bracketed)
		colon[-1] = 0;
	l->host = copy + bracketed;
	if (bracketed != !!strchr(l->host, ':') || !addr_inet(l->host, 0, &addr))
		return wrong_address(v, l->text);
	if (num_int(colon + 1, 0, 65535, &port, wrong) < 0)
		return conf_value_wrong(v, "port %s", wrong);
	l->port = (unsigned)port;
	return 0;
}

static int parse_unix(const struct conf_value *v, struct listen_conf *l)
{
	struct addr addr;

	l->path = l->text + strlen("unix:");
	if (*l->path != '/')
		return conf_value_wrong(v, "'%.100s' is not an absolute path", l->path);
	if (!addr_unix(l->path, &addr))
		return conf_value_wrong(
			v, "'%.120s' is longer than a socket's path can be", l->path);
	return 0;
}

/* systemd.socket(5) allows any printable ASCII but the colon in FileDescriptorName=. */
static int parse_systemd(const struct conf_value *v, struct listen_conf *l)
{
	l->systemd = l->text + strlen("systemd:");
	if (!*l->systemd || strchr(l->systemd, ':'))
		return conf_value_wrong(
			v, "'%.100s' is no name of a socket that systemd passes",
			l->systemd);
	return 0;
}

/* What an address begins with; the last is any other. */
static const struct listen_kind {
	const char *begin;
	int (*parse)(const struct conf_value *v, struct listen_conf *l);
} listen_kinds[] = {
	{ "unix:", parse_unix },
	{ "systemd:", parse_systemd },
	{ "", parse_inet },
};

static int parse_address(const struct conf_value *v, struct listen_conf *l)
{
	const struct listen_kind *k = listen_kinds;

	while (strncmp(l->text, k->begin, strlen(k->begin)) != 0)
		k++;
	return k->parse(v, l);
}

static int set_mode(const struct conf_value *v, struct listen_conf *l, const char *text)
{
	char wrong[NUM_ERR];
	unsigned mode;

	if (num_octal(text, 0777, &mode, wrong) < 0)
		return conf_value_wrong(v, "mode=%s", wrong);
	l->mode = (int)mode;
	return 0;
}

static int set_group(const struct conf_value *v, struct listen_conf *l, const char *text)
{
	if (!*text)
		return conf_value_wrong(v, "group= needs a name");
	l->group = conf_mem_text(v->mem, text, strlen(text));
	return l->group ? 0 : -ENOMEM;
}

static int set_redirect(const struct conf_value *v, struct listen_conf *l,
			const char *text)
{
	(void)v;
	(void)text;
	l->redirect = REDIRECT_TLS;
	return 0;
}

static int set_redirect_port(const struct conf_value *v, struct listen_conf *l,
			     const char *text)
{
	char wrong[NUM_ERR];
	long port;

	if (num_int(text, 1, 65535, &port, wrong) < 0)
		return conf_value_wrong(v, "redirect=%s", wrong);
	l->redirect = (int)port;
	return 0;
}

static int set_proxy(const struct conf_value *v, struct listen_conf *l, const char *text)
{
	(void)v;
	(void)text;
	l->proxy = true;
	return 0;
}

static int set_tls(const struct conf_value *v, struct listen_conf *l, const char *text)
{
	(void)v;
	(void)text;
	l->tls = true;
	return 0;
}

static int set_tls_name(const struct conf_value *v, struct listen_conf *l,
			const char *text)
{
	l->tls = true;
	l->tls_name = conf_mem_text(v->mem, text, strlen(text));
	return l->tls_name ? 0 : -ENOMEM;
}

/* What may stand behind an address. */
static const struct listen_word {
	const char *name; /* one that ends in = has a value, which SET gets */
	bool unix_only;
	int (*set)(const struct conf_value *v, struct listen_conf *l, const char *text);
} listen_words[] = {
	{ "mode=", true, set_mode },         { "group=", true, set_group },
	{ "redirect", false, set_redirect }, { "redirect=", false, set_redirect_port },
	{ "proxy", false, set_proxy },       { "tls", false, set_tls },
	{ "tls=", false, set_tls_name },
};

static const struct listen_word *find_listen_word(const char *word)
{
	size_t n = strcspn(word, "=");

	n += word[n] == '=';
	for (size_t i = 0; i < sizeof(listen_words) / sizeof(*listen_words); i++)
		if (strlen(listen_words[i].name) == n &&
		    strncmp(word, listen_words[i].name, n) == 0)
			return &listen_words[i];
	return NULL;
}

static int parse_listen_word(const struct conf_value *v, struct listen_conf *l,
			     const char *word)
{
	const struct listen_word *known = find_listen_word(word);

	if (!known)
		return conf_value_wrong(v, "unknown word '%.60s'", word);
	if (known->unix_only && !l->path)
		return conf_value_wrong(v, "'%.60s' is for unix: only", word);
	return known->set(v, l, word + strlen(known->name));
}

/* Append L to the snapshot's listeners. */
static int append_listen(const struct conf_value *v, const struct listen_conf *l)
{
	struct conf *conf = v->field;
	struct listen_conf *grown;

	for (size_t i = 0; i < conf->nlisten; i++)
		if (strcmp(conf->listen[i].text, l->text) == 0 &&
		    (l->path || l->systemd || l->port != 0))
			return conf_value_wrong(v, "%.120s stands there twice", l->text);
	grown = conf_mem_alloc(v->mem, (conf->nlisten + 1) * sizeof(*grown));
	if (!grown)
		return -ENOMEM;
	if (conf->nlisten > 0)
		memcpy(grown, conf->listen, conf->nlisten * sizeof(*grown));
	grown[conf->nlisten++] = *l;
	conf->listen = grown;
	return 0;
}

static int add_listen(const struct conf_value *v)
{
	struct listen_conf l = { .mode = -1,
				 .file = v->where.file,
				 .line = v->where.line };
	char *copy = conf_mem_text(v->mem, v->text, strlen(v->text));
	char *state;
	int r;

	if (!copy)
		return -ENOMEM;
	l.text = strtok_r(copy, CONF_BLANKS, &state);
	if (!l.text)
		return wrong_address(v, v->text);
	r = parse_address(v, &l);
	for (char *w; r == 0 && (w = strtok_r(NULL, CONF_BLANKS, &state));)
		r = parse_listen_word(v, &l, w);
	if (r == 0 && l.tls && l.redirect)
		return conf_value_wrong(v, "tls and redirect do not go together");
	return r == 0 ? append_listen(v, &l) : r;
}

int conf_parse_listen(const struct conf_value *v)
{
	struct conf *conf = v->field;

	if (!v->text) {
		conf->listen = NULL;
		conf->nlisten = 0;
		return 0;
	}
	return add_listen(v);
}
