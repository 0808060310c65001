/* SPDX-License-Identifier: MIT */
/* The names that WSServer has for settings, and its units for their values. */
#include <string.h>

#include "conf_alias.h"
#include "num.h"

/* A number of WSServer, and our word for it. */
struct number_word {
	unsigned long number;
	const char *word;
};

struct conf_unit {
	const char *text; /* for the manual */
	/* As conf_alias_read() and conf_alias_write(). */
	const char *(*read)(const struct conf_unit *unit, const struct conf_key *key,
			    const char *value, char *out, char *err);
	const char *(*write)(const struct conf_unit *unit, const char *value, char *out);
	const struct number_word *words; /* of masks and enumerations, NULL ends them */
};

/* ---- numbers ---- */

#define MOST 0x7fffffffffffffffL

/* VALUE is a whole number from MIN to MAX; else ERR says so. */
static bool read_number(const char *value, double min, double max, long *ret, char *err)
{
	return num_int(value, (long)min, max < (double)MOST ? (long)max : MOST, ret,
		       err) == 0;
}

static const char *same_read(const struct conf_unit *unit, const struct conf_key *key,
			     const char *value, char *out, char *err)
{
	(void)unit;
	(void)key;
	(void)out;
	(void)err;
	return value;
}

static const char *same_write(const struct conf_unit *unit, const char *value, char *out)
{
	(void)unit;
	(void)out;
	return value;
}

static const char *bytes_read(const struct conf_unit *unit, const struct conf_key *key,
			      const char *value, char *out, char *err)
{
	long n;

	(void)unit;
	(void)out;
	return read_number(value, key->min, key->max, &n, err) ? value : NULL;
}

static const char *bytes_write(const struct conf_unit *unit, const char *value, char *out)
{
	char unused[NUM_ERR];
	size_t n;

	(void)unit;
	if (num_size(value, 0, SIZE_MAX, &n, unused) < 0)
		return NULL;
	snprintf(out, CONF_ALIAS_TEXT, "%zu", n);
	return out;
}

static const char *milliseconds_read(const struct conf_unit *unit,
				     const struct conf_key *key, const char *value,
				     char *out, char *err)
{
	long n;

	(void)unit;
	if (!read_number(value, key->min * 1e3, key->max * 1e3, &n, err))
		return NULL;
	snprintf(out, CONF_ALIAS_TEXT, "%ldms", n);
	return out;
}

static const char *milliseconds_write(const struct conf_unit *unit, const char *value,
				      char *out)
{
	char unused[NUM_ERR];
	double seconds;

	(void)unit;
	if (num_seconds(value, 0, 1e9, &seconds, unused) < 0)
		return NULL;
	snprintf(out, CONF_ALIAS_TEXT, "%.0f", seconds * 1e3);
	return out;
}

static const char *flag_read(const struct conf_unit *unit, const struct conf_key *key,
			     const char *value, char *out, char *err)
{
	bool flag = strcmp(value, "1") == 0;
	char unused[NUM_ERR];

	(void)unit;
	(void)key;
	if (!flag && strcmp(value, "0") != 0 && num_bool(value, &flag, unused) < 0) {
		snprintf(err, CONF_ALIAS_ERR, "%.60s is not true or false", value);
		return NULL;
	}
	return strcpy(out, flag ? "yes" : "no");
}

static const char *flag_write(const struct conf_unit *unit, const char *value, char *out)
{
	char unused[NUM_ERR];
	bool flag;

	(void)unit;
	if (num_bool(value, &flag, unused) < 0)
		return NULL;
	return strcpy(out, flag ? "true" : "false");
}

/* ---- words ---- */

static const char *star_read(const struct conf_unit *unit, const struct conf_key *key,
			     const char *value, char *out, char *err)
{
	(void)unit;
	(void)key;
	(void)out;
	(void)err;
	return strcmp(value, "*") == 0 ? "default" : value;
}

/* The words of VALUE, which lie between any of FROM, with TO between them; NULL: they are
 * too long. */
static const char *separate(const char *value, const char *from, char to, char *out)
{
	size_t n = 0, word;

	if (strlen(value) >= CONF_ALIAS_TEXT)
		return NULL;
	for (value += strspn(value, from); *value; value += strspn(value, from)) {
		word = strcspn(value, from);
		if (n > 0)
			out[n++] = to;
		memcpy(out + n, value, word);
		n += word;
		value += word;
	}
	out[n] = 0;
	return out;
}

static const char *list_read(const struct conf_unit *unit, const struct conf_key *key,
			     const char *value, char *out, char *err)
{
	const char *words = separate(value, ";, ", ' ', out);

	(void)unit;
	(void)key;
	if (!words)
		snprintf(err, CONF_ALIAS_ERR, "%.60s... is too long", value);
	return words;
}

static const char *list_write(const struct conf_unit *unit, const char *value, char *out)
{
	(void)unit;
	return separate(value, CONF_BLANKS, ';', out);
}

/* ---- numbers that stand for words ---- */

/* The number is our word, or what we take as a number as well. */
static const char *number_read(const struct conf_unit *unit, const struct conf_key *key,
			       const char *value, char *out, char *err)
{
	long n;

	(void)key;
	(void)out;
	if (!read_number(value, 0, 1e9, &n, err))
		return NULL;
	for (const struct number_word *w = unit->words; w && w->word; w++)
		if (w->number == (unsigned long)n)
			return w->word;
	return value;
}

static const char *number_write(const struct conf_unit *unit, const char *value,
				char *out)
{
	for (const struct number_word *w = unit->words; w && w->word; w++)
		if (strcasecmp(w->word, value) == 0) {
			snprintf(out, CONF_ALIAS_TEXT, "%lu", w->number);
			return out;
		}
	return *value && !value[strspn(value, "0123456789")] ? value : NULL;
}

static void say_masks(const struct conf_unit *unit, const char *value, char *err)
{
	size_t n = (size_t)snprintf(err, CONF_ALIAS_ERR, "%.40s is not a sum of", value);

	for (const struct number_word *w = unit->words; w->word && n < CONF_ALIAS_ERR;
	     w++)
		n += (size_t)snprintf(err + n, CONF_ALIAS_ERR - n, "%s %lu (%s)",
				      w == unit->words ? "" : ",", w->number, w->word);
}

/* A word for each of its masks of which a bit is set.  No bits are no list where that
 * would mean our default. */
static const char *mask_read(const struct conf_unit *unit, const struct conf_key *key,
			     const char *value, char *out, char *err)
{
	unsigned long left;
	size_t n = 0;
	long mask;

	if (!read_number(value, 0, UINT32_MAX, &mask, err))
		return NULL;
	left = (unsigned long)mask;
	*out = 0;
	for (const struct number_word *w = unit->words; w->word; w++) {
		if (left & w->number)
			n += (size_t)snprintf(out + n, CONF_ALIAS_TEXT - n, "%s%s",
					      n > 0 ? " " : "", w->word);
		left &= ~w->number;
	}
	if (!left && (n > 0 || !*key->def))
		return out;
	say_masks(unit, value, err);
	return NULL;
}

static const struct number_word *find_word(const struct conf_unit *unit, const char *word,
					   size_t n)
{
	for (const struct number_word *w = unit->words; w->word; w++)
		if (strncasecmp(w->word, word, n) == 0 && !w->word[n])
			return w;
	return NULL;
}

static const char *mask_write(const struct conf_unit *unit, const char *value, char *out)
{
	unsigned long mask = 0;
	size_t n;

	for (value += strspn(value, CONF_BLANKS); *value;
	     value += n + strspn(value + n, CONF_BLANKS)) {
		const struct number_word *w;

		n = strcspn(value, CONF_BLANKS);
		w = find_word(unit, value, n);
		if (!w)
			return NULL;
		mask |= w->number;
	}
	snprintf(out, CONF_ALIAS_TEXT, "%lu", mask);
	return out;
}

/* ---- the tables ---- */

static const struct number_word pages[] = { { 65001, "UTF-8" },
					    { 1252, "windows-1252" },
					    { 28591, "ISO-8859-1" },
					    { 932, "Shift_JIS" },
					    { 0, NULL } };
static const struct number_word protocols[] = {
	{ 192, "TLSv1" },     { 768, "TLSv1.1" }, { 3072, "TLSv1.2" },
	{ 12288, "TLSv1.3" }, { 192, "TLSv1.0" }, { 0, NULL },
};
static const struct number_word security[] = { { 7, "ignore_time" },
					       { 16, "allow_unknown_ca" },
					       { 32, "ignore_usage" },
					       { 3840, "ignore_crl_unavailable" },
					       { 0, NULL } };

static const struct conf_unit
	text = { NULL, same_read, same_write, NULL },
	number = { NULL, number_read, number_write, NULL },
	bytes = { "in bytes", bytes_read, bytes_write, NULL },
	milliseconds = { "in milliseconds", milliseconds_read, milliseconds_write, NULL },
	flag = { "true or false", flag_read, flag_write, NULL },
	page = { "the number of a code page", number_read, number_write, pages },
	protocol_mask = { "the sum of 192 (TLSv1), 768 (TLSv1.1), 3072 (TLSv1.2) and "
			  "12288 (TLSv1.3)",
			  mask_read, mask_write, protocols },
	security_mask = { "the sum of 7 (ignore_time), 16 (allow_unknown_ca), 32 "
			  "(ignore_usage) and 3840 (ignore_crl_unavailable), or of some of "
			  "their bits",
			  mask_read, mask_write, security },
	provider = { "* is default", star_read, same_write, NULL },
	list = { "with semicolons between the names", list_read, list_write, NULL };

/* clang-format off */
static const struct conf_alias aliases[] = {
	{ "WaitForCloseResponse", CONF_PATH, "close_wait", &flag },
	{ "BufferMessage", CONF_PATH, "buffer_message", &flag },
	{ "DisconnectStatusCode", CONF_PATH, "close_code", &number },
	{ "DisconnectStatusDescription", CONF_PATH, "close_reason", &text },
	{ "MaxFrameSize", CONF_PATH, "max_frame", &bytes },
	{ "BindExclusively", CONF_SERVER, "exclusive", &flag },
	{ "InBufferSize", CONF_SOCKET, "receive_buffer", &bytes },
	{ "MaxConnections", CONF_LIMITS, "max_connections", &number },
	{ "OutBufferSize", CONF_SOCKET, "send_buffer", &bytes },
	{ "KeepAliveTime", CONF_SOCKET, "keepalive_time", &milliseconds },
	{ "KeepAliveInterval", CONF_SOCKET, "keepalive_interval", &milliseconds },
	{ "TcpNoDelay", CONF_SOCKET, "nodelay", &flag },
	{ "ReuseSSLSession", CONF_TLS, "session_reuse", &flag },
	{ "SSLEnabledProtocols", CONF_TLS, "protocols", &protocol_mask },
	{ "OpenSSLCipherList", CONF_TLS, "ciphers", &text },
	{ "SSLCipherStrength", CONF_TLS, "min_cipher_bits", &number },
	{ "SSLAlgorithmList", CONF_TLS, "algorithms", &list },
	{ "SSLProvider", CONF_TLS, "provider", &provider },
	{ "SSLSecurityFlags", CONF_TLS, "verify_flags", &security_mask },
	{ "OpenSSLCADir", CONF_TLS, "ca_dir", &text },
	{ "OpenSSLCAFile", CONF_TLS, "ca_file", &text },
	{ "OpenSSLPrngSeedData", CONF_TLS, "prng_seed", &text },
	{ "CodePage", CONF_PATH, "charset", &page },
};
/* clang-format on */

#define NALIASES (sizeof(aliases) / sizeof(*aliases))

/* The key of A, if it may stand in a section of CLASS. */
static const struct conf_key *key_in(const struct conf_alias *a, enum conf_class class)
{
	const struct conf_key *key = conf_key_find(a->class, a->key);

	return key && conf_key_belongs(key, class) ? key : NULL;
}

const struct conf_alias *conf_alias_find(enum conf_class class, const char *name,
					 const struct conf_key **ret_key)
{
	for (size_t i = 0; i < NALIASES; i++) {
		const struct conf_key *key = key_in(&aliases[i], class);

		if (!key || strcmp(aliases[i].name, name) != 0)
			continue;
		*ret_key = key;
		return &aliases[i];
	}
	return NULL;
}

const struct conf_alias *conf_alias_find_anywhere(const char *name)
{
	for (size_t i = 0; i < NALIASES; i++)
		if (strcmp(aliases[i].name, name) == 0)
			return &aliases[i];
	return NULL;
}

const struct conf_alias *conf_alias_of(const struct conf_key *key)
{
	for (size_t i = 0; i < NALIASES; i++)
		if (aliases[i].class == key->class &&
		    strcmp(aliases[i].key, key->name) == 0)
			return &aliases[i];
	return NULL;
}

void conf_alias_each(enum conf_class class, void (*fn)(const char *name, void *data),
		     void *data)
{
	for (size_t i = 0; i < NALIASES; i++)
		if (key_in(&aliases[i], class))
			fn(aliases[i].name, data);
}

const char *conf_alias_read(const struct conf_alias *a, const struct conf_key *key,
			    const char *value, char *out, char *err)
{
	char wrong[CONF_ALIAS_ERR];
	const char *read = a->unit->read(a->unit, key, value, out, wrong);

	if (!read)
		snprintf(err, CONF_ALIAS_ERR, "%s = %.200s", a->name, wrong);
	return read;
}

const char *conf_alias_write(const struct conf_alias *a, const char *value, char *out)
{
	return a->unit->write(a->unit, value, out);
}

const char *conf_alias_unit(const struct conf_alias *a)
{
	return a->unit->text;
}
