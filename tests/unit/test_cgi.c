/* SPDX-License-Identifier: MIT */
/* The environment that a program gets for a request, variable by variable. */
#include <unistd.h>

#include "cgi.h"
#include "conf_text.h"

#define COUNT(array) (sizeof(array) / sizeof(*(array)))
#define HEAD_MAX 65536

/* A request that is like all others but for what is said. */
struct request {
	const char *section;  /* "/a" */
	const char *settings; /* lines of it */
	const char *target;   /* "/a" */
	const char *host;     /* "h:8765" */
	const char *fields;   /* further ones, each with its CRLF */
	const char *peer;     /* "192.0.2.1", or the path of a Unix socket */
	const char *subprotocol;
	const char *const *line_buffer;
	bool secure;
};

static struct cgi *cgi; /* of the last request; in memory of its own, for ASan */

static int setup(void **state)
{
	static const char *const passed[] = { "USER", "SHELL", "LANG", "TZ" };

	(void)state;
	for (size_t i = 0; i < COUNT(passed); i++)
		unsetenv(passed[i]);
	setenv("PATH", "/daemons/path", 1);
	setenv("HOME", "/home/d", 1);
	setenv("SECRET", "hush", 1);
	cgi = malloc(sizeof(*cgi));
	return cgi ? 0 : -1;
}

static int teardown(void **state)
{
	(void)state;
	free(cgi);
	return 0;
}

static const char *or_else(const char *text, const char *otherwise)
{
	return text ? text : otherwise;
}

static struct conf *conf_of(const struct request *r)
{
	const char *settings = or_else(r->settings, "");
	char *text = malloc(strlen(settings) + 200);
	struct conf *c;

	sprintf(text, "[%s]\nexec = x\n%s\n", or_else(r->section, "/a"), settings);
	c = load_good(text);
	free(text);
	return c;
}

static struct addr peer_of(const struct request *r)
{
	const char *text = or_else(r->peer, "192.0.2.1");
	struct addr a;

	assert_true(text[0] == '/' ? addr_unix(text, &a) : addr_inet(text, 4711, &a));
	return a;
}

/* Does the environment of R, which is then cgi's, fit? */
static bool build(const struct request *r)
{
	static char head[HEAD_MAX], decoded[1000];
	struct http http;
	struct handshake handshake = { .key = SPAN("k") };
	struct addr peer = peer_of(r);
	struct conf *conf = conf_of(r);
	struct cgi_request request = { .path = conf->paths[0],
				       .line_buffer = r->line_buffer,
				       .http = &http,
				       .data = head,
				       .decoded = decoded,
				       .handshake = &handshake,
				       .peer = &peer,
				       .secure = r->secure,
				       .id = 17 };
	int n = snprintf(head, sizeof(head), "GET %s HTTP/1.1\r\nHost: %s\r\n%s\r\n",
			 or_else(r->target, "/a"), or_else(r->host, "h:8765"),
			 or_else(r->fields, ""));
	bool fits;

	assert_in_range(n, 1, sizeof(head) - 1);
	http_init(&http, sizeof(head));
	assert_int_equal(http_parse(&http, head, (size_t)n), HTTP_DONE);
	assert_true(http_decode_path(http_span(head, http.path), decoded,
				     sizeof(decoded)) > 0);
	if (r->subprotocol)
		handshake.subprotocol =
			(struct span){ r->subprotocol, strlen(r->subprotocol) };
	fits = cgi_build(cgi, &request);
	conf_free(conf);
	return fits;
}

static const char *value(const char *name)
{
	size_t n = strlen(name);
	const char *found = NULL;

	for (char **v = cgi->vars; *v; v++)
		if (strncmp(*v, name, n) == 0 && (*v)[n] == '=') {
			assert_null(found); /* no variable stands there twice */
			found = *v + n + 1;
		}
	return found;
}

static void expect(const char *name, const char *want)
{
	const char *got = value(name);

	if (!want)
		assert_null(got);
	else if (!got || strcmp(got, want) != 0)
		fail_msg("%s is %s, not %s", name, got ? got : "unset", want);
}

static size_t count(void)
{
	size_t n = 0;

	while (cgi->vars[n])
		n++;
	return n;
}

static int by_text(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* All variables in the order of their names, each with a newline; yours. */
static char *all_variables(void)
{
	char *text = NULL;
	size_t size, n = count();
	FILE *f = open_memstream(&text, &size);

	qsort(cgi->vars, n, sizeof(*cgi->vars), by_text);
	for (size_t i = 0; i < n; i++)
		fprintf(f, "%s\n", cgi->vars[i]);
	fclose(f);
	return text;
}

/* ---- everything ---- */

TEST(a_program_gets_these_variables_and_no_others)
{
	struct request r = { .section = "/files/*",
			     .target = "/files/a%20b/c?x=%20&y",
			     .host = "example.org:8765",
			     .fields = "Origin: http://example.org:8765\r\n"
				       "User-Agent:\tMozilla/5.0\tX  \r\n"
				       "X-Empty:\r\n",
			     .subprotocol = "chat" };
	const char *software;
	char *got, want[2000];

	assert_true(build(&r));
	software = value("SERVER_SOFTWARE");
	assert_non_null(software);
	assert_memory_equal(software, "wsbridged/", 10);
	snprintf(want, sizeof(want),
		 "AUTH_TYPE=\n"
		 "CONTENT_LENGTH=\n"
		 "CONTENT_TYPE=\n"
		 "GATEWAY_INTERFACE=CGI/1.1\n"
		 "HOME=/home/d\n"
		 "HTTP_HOST=example.org:8765\n"
		 "HTTP_ORIGIN=http://example.org:8765\n"
		 "HTTP_USER_AGENT=Mozilla/5.0 X\n"
		 "HTTP_X_EMPTY=\n"
		 "PATH=/daemons/path\n"
		 "PATH_INFO=/a b/c\n"
		 "PATH_TRANSLATED=/files/a b/c\n"
		 "QUERY_STRING=x=%%20&y\n"
		 "REMOTE_ADDR=192.0.2.1\n"
		 "REMOTE_HOST=192.0.2.1\n"
		 "REMOTE_IDENT=\n"
		 "REMOTE_PORT=4711\n"
		 "REMOTE_USER=\n"
		 "REQUEST_METHOD=GET\n"
		 "REQUEST_SCHEME=http\n"
		 "REQUEST_URI=/files/a%%20b/c?x=%%20&y\n"
		 "SCRIPT_NAME=/files\n"
		 "SERVER_NAME=example.org\n"
		 "SERVER_PORT=8765\n"
		 "SERVER_PROTOCOL=HTTP/1.1\n"
		 "SERVER_SOFTWARE=%s\n"
		 "UNIQUE_ID=%ld-17\n"
		 "WSBRIDGE_ID=17\n"
		 "WSBRIDGE_PATH=/files/\n"
		 "WSBRIDGE_PID=%ld\n"
		 "WSBRIDGE_SUBPROTOCOL=chat\n",
		 software, (long)getpid(), (long)getpid());
	got = all_variables();
	assert_string_equal(got, want);
	free(got);
}

/* ---- from the daemon and the configuration ---- */

TEST(a_program_of_many_clients_is_told_of_no_request)
{
	struct request settings = { .settings = "env = MODE=fast" };
	struct conf *conf = conf_of(&settings);
	struct cgi_request request = { .path = conf->paths[0], .user = "ann", .id = 17 };
	char *got, want[1000];

	assert_true(cgi_build(cgi, &request));
	snprintf(want, sizeof(want),
		 "GATEWAY_INTERFACE=CGI/1.1\n"
		 "HOME=/home/d\n"
		 "MODE=fast\n"
		 "PATH=/daemons/path\n"
		 "REMOTE_USER=ann\n"
		 "SERVER_SOFTWARE=%s\n"
		 "UNIQUE_ID=%ld-17\n"
		 "WSBRIDGE_ID=17\n"
		 "WSBRIDGE_PATH=/a\n"
		 "WSBRIDGE_PID=%ld\n",
		 value("SERVER_SOFTWARE"), (long)getpid(), (long)getpid());
	got = all_variables();
	assert_string_equal(got, want);
	free(got);
	conf_free(conf);
}

TEST(of_the_daemons_environment_only_what_is_passed_comes_through)
{
	struct request r = { .settings = "pass_env = TERM UNSET" };

	setenv("TERM", "vt100", 1);
	setenv("LANG", "C.UTF-8", 1);
	setenv("TZ", "", 1);
	assert_true(build(&r));
	expect("TERM", "vt100");
	expect("LANG", "C.UTF-8");
	expect("TZ", "");
	expect("UNSET", NULL);
	expect("USER", NULL);
	expect("SECRET", NULL);
	unsetenv("TERM");
	unsetenv("LANG");
	unsetenv("TZ");
}

TEST(env_has_the_last_word)
{
	static const char *const preload[] = { "LD_PRELOAD=libstdbuf", "_STDBUF_O=L",
					       NULL };
	struct request r = { .settings = "pass_env = SECRET\n"
					 "env = SECRET=mine\n"
					 "env = HOME=/nowhere\n"
					 "env = PATH=/bin:/x\n"
					 "env = WSBRIDGE_ID=none\n"
					 "env = HTTP_X=by us\n"
					 "env = _STDBUF_O=0\n"
					 "env = TWICE=1\n"
					 "env = TWICE=2\n"
					 "env = EQUALS=a=b=\n"
					 "env = EMPTY=",
			     .fields = "X: by the client\r\n",
			     .line_buffer = preload };

	assert_true(build(&r));
	expect("SECRET", "mine");
	expect("HOME", "/nowhere");
	expect("PATH", "/bin:/x");
	expect("WSBRIDGE_ID", "none");
	expect("HTTP_X", "by us");
	expect("LD_PRELOAD", "libstdbuf");
	expect("_STDBUF_O", "0");
	expect("TWICE", "2");
	expect("EQUALS", "a=b=");
	expect("EMPTY", "");
}

TEST(a_name_that_begins_another_is_not_taken_for_it)
{
	struct request r = { .settings = "env = XY=1\nenv = X=2\nenv = X_Y=3\nenv = X=4",
			     .fields = "A-B: 2\r\nA: 1\r\nA: 3\r\n" };

	assert_true(build(&r));
	expect("X", "4");
	expect("XY", "1");
	expect("X_Y", "3");
	expect("HTTP_A", "1, 3");
	expect("HTTP_A_B", "2");
}

/* ---- from the request ---- */

TEST(the_path_is_split_where_it_matched)
{
	static const struct {
		const char *section, *target, *script_name, *path_info, *query, *uri;
	} rows[] = {
		{ "/a", "/a", "/a", "", "", "/a" },
		{ "/a", "/a?", "/a", "", "", "/a?" },
		{ "/a", "/%61?q", "/a", "", "q", "/%61?q" },
		{ "/", "/", "/", "", "", "/" },
		{ "/*", "/", "", "/", "", "/" },
		{ "/*", "/x/y", "", "/x/y", "", "/x/y" },
		{ "/a/*", "/a/", "/a", "/", "", "/a/" },
		{ "/a/*", "/a/b/c/", "/a", "/b/c/", "", "/a/b/c/" },
		{ "/a/*", "/a/b?c=/d?e", "/a", "/b", "c=/d?e", "/a/b?c=/d?e" },
		{ "/a", "http://h/a?x", "/a", "", "x", "http://h/a?x" },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct request r = { .section = rows[i].section,
				     .target = rows[i].target };

		assert_true(build(&r));
		expect("SCRIPT_NAME", rows[i].script_name);
		expect("PATH_INFO", rows[i].path_info);
		expect("QUERY_STRING", rows[i].query);
		expect("REQUEST_URI", rows[i].uri);
	}
}

/* RFC 3875 4.1.15: the port is there also where the URI leaves it out. */
TEST(the_server_is_whom_the_client_asked_for)
{
	static const struct {
		const char *host, *name, *port;
	} rows[] = {
		{ "h:8765", "h", "8765" },           { "h", "h", "80" },
		{ "127.0.0.1:1", "127.0.0.1", "1" }, { "[::1]:8765", "[::1]", "8765" },
		{ "[::1]", "[::1]", "80" },          { "H.example", "H.example", "80" },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct request r = { .host = rows[i].host };

		assert_true(build(&r));
		expect("SERVER_NAME", rows[i].name);
		expect("SERVER_PORT", rows[i].port);
	}
}

TEST(tls_is_told_and_has_another_default_port)
{
	struct request r = { .host = "h", .secure = true };

	assert_true(build(&r));
	expect("HTTPS", "on");
	expect("REQUEST_SCHEME", "https");
	expect("SERVER_PORT", "443");
	r.secure = false;
	assert_true(build(&r));
	expect("HTTPS", NULL);
}

TEST(a_host_with_an_empty_port_has_the_default_one)
{
	struct request r = { .host = "h:" };

	assert_true(build(&r));
	expect("SERVER_NAME", "h");
	expect("SERVER_PORT", "80");
}

TEST(the_peer_is_told_as_an_address_and_a_port)
{
	static const struct {
		const char *peer, *addr, *port;
	} rows[] = {
		{ "192.0.2.1", "192.0.2.1", "4711" },
		{ "2001:db8::1", "2001:db8::1", "4711" },
		{ "::ffff:192.0.2.1", "192.0.2.1", "4711" },
		{ "/run/x", "unix", "0" },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct request r = { .peer = rows[i].peer };

		assert_true(build(&r));
		expect("REMOTE_ADDR", rows[i].addr);
		expect("REMOTE_HOST", rows[i].addr);
		expect("REMOTE_PORT", rows[i].port);
	}
}

TEST(without_a_subprotocol_its_variable_is_empty)
{
	assert_true(build(&(struct request){ 0 }));
	expect("WSBRIDGE_SUBPROTOCOL", "");
}

/* ---- from its header fields ---- */

TEST(a_field_becomes_a_variable_in_capitals)
{
	struct request r = { .fields = "accept-language: de\r\nX-1: a=b\r\n"
				       "X-Latin: \xe4\r\nX-Shell: $(id) `id`; '\"\r\n" };

	assert_true(build(&r));
	expect("HTTP_ACCEPT_LANGUAGE", "de");
	expect("HTTP_X_1", "a=b");
	expect("HTTP_X_LATIN", "\xe4");
	expect("HTTP_X_SHELL", "$(id) `id`; '\"");
}

/* HTTP_PROXY would tell many programs where to send their own requests (httpoxy). */
TEST(a_field_called_proxy_becomes_nothing)
{
	static const char *const fields[] = { "Proxy: evil\r\n", "PROXY: evil\r\n",
					      "proxy: evil\r\n" };

	for (size_t i = 0; i < COUNT(fields); i++) {
		assert_true(build(&(struct request){ .fields = fields[i] }));
		expect("HTTP_PROXY", NULL);
	}
	assert_true(build(&(struct request){ .fields = "Proxy-X: a\r\nX-Proxy: b\r\n" }));
	expect("HTTP_PROXY_X", "a");
	expect("HTTP_X_PROXY", "b");
}

/* X_Real_IP would look like the X-Real-IP that a proxy in front of us sets. */
TEST(a_field_with_an_underscore_becomes_nothing)
{
	struct request r = { .fields = "X_Real_IP: evil\r\n_: evil\r\nA_: evil\r\n" };

	assert_true(build(&r));
	expect("HTTP_X_REAL_IP", NULL);
	expect("HTTP__", NULL);
	expect("HTTP_A_", NULL);
	r.fields = "X_Real_IP: evil\r\nX-Real-IP: good\r\nX_Real_IP: evil\r\n";
	assert_true(build(&r));
	expect("HTTP_X_REAL_IP", "good");
}

TEST(a_field_whose_name_is_no_variables_becomes_nothing)
{
	size_t before;
	struct request r = { 0 };

	assert_true(build(&r));
	before = count();
	r.fields = "X.Y: 1\r\nX~: 2\r\n!#$%&'*+^`|: 3\r\n";
	assert_true(build(&r));
	assert_int_equal(count(), before);
}

/* RFC 9110 5.3 */
TEST(repeated_fields_are_one_list_in_their_order)
{
	struct request r = { .fields = "X-A: 1\r\nX-B: 2\r\nx-a: 3, 4\r\nX-A:\r\n"
				       "X-A: 5\r\n" };

	assert_true(build(&r));
	expect("HTTP_X_A", "1, 3, 4, , 5");
	expect("HTTP_X_B", "2");
}

/* ---- how much ---- */

/* What the variables take. */
static size_t bytes(void)
{
	size_t n = 0;

	for (char **v = cgi->vars; *v; v++)
		n += strlen(*v) + 1;
	return n;
}

/* Does the environment of a request fit that has a field with a value of N bytes? */
static bool fits_with(size_t n)
{
	char *fields = calloc(1, n + 20);
	bool fits;

	memcpy(fields, "X: ", 3);
	memset(fields + 3, 'x', n);
	memcpy(fields + 3 + n, "\r\n", 2);
	fits = build(&(struct request){ .fields = fields });
	free(fields);
	return fits;
}

TEST(it_fits_up_to_the_last_byte)
{
	size_t room;

	assert_true(fits_with(0));
	room = CGI_BYTES - bytes();
	assert_true(fits_with(room));
	assert_int_equal(bytes(), CGI_BYTES);
	assert_false(fits_with(room + 1));
	assert_false(fits_with(2 * CGI_BYTES - 10000));
}

TEST(what_did_not_fit_is_forgotten_by_the_next_request)
{
	assert_false(fits_with(CGI_BYTES));
	assert_true(fits_with(1));
	expect("HTTP_X", "x");
}

/* N settings `env = V_I=`; yours. */
static char *many_settings(int n)
{
	char *text = NULL;
	size_t size;
	FILE *f = open_memstream(&text, &size);

	for (int i = 0; i < n; i++)
		fprintf(f, "env = V_%d=\n", i);
	fclose(f);
	return text;
}

TEST(it_fits_up_to_the_last_variable)
{
	struct request r = { 0 };
	int room;

	assert_true(build(&r));
	room = CGI_VARS - (int)count();
	for (int more = 0; more < 2; more++) {
		char *settings = many_settings(room + more);

		r.settings = settings;
		assert_int_equal(build(&r), !more);
		free(settings);
	}
}

/* A field counts as what it adds to the list, not as the whole list again. */
TEST(many_fields_of_one_name_fit_where_their_list_does)
{
	char fields[8000] = "", want[8000] = "";
	size_t n = 0, m = 0;

	for (int i = 0; i < 60; i++) {
		n += (size_t)snprintf(fields + n, sizeof(fields) - n, "X: %0100d\r\n", i);
		m += (size_t)snprintf(want + m, sizeof(want) - m, "%s%0100d",
				      i ? ", " : "", i);
	}
	assert_true(build(&(struct request){ .fields = fields }));
	expect("HTTP_X", want);
}

/* The same for settings that replace others. */
TEST(what_is_replaced_takes_no_room)
{
	char *text = NULL;
	size_t size;
	FILE *f = open_memstream(&text, &size);

	for (int i = 0; i < 60; i++)
		fprintf(f, "env = V=%0900d\n", i);
	fclose(f);
	assert_true(build(&(struct request){ .settings = text }));
	free(text);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_program_gets_these_variables_and_no_others),
		cmocka_unit_test(a_program_of_many_clients_is_told_of_no_request),
		cmocka_unit_test(
			of_the_daemons_environment_only_what_is_passed_comes_through),
		cmocka_unit_test(env_has_the_last_word),
		cmocka_unit_test(a_name_that_begins_another_is_not_taken_for_it),
		cmocka_unit_test(the_path_is_split_where_it_matched),
		cmocka_unit_test(the_server_is_whom_the_client_asked_for),
		cmocka_unit_test(tls_is_told_and_has_another_default_port),
		cmocka_unit_test(a_host_with_an_empty_port_has_the_default_one),
		cmocka_unit_test(the_peer_is_told_as_an_address_and_a_port),
		cmocka_unit_test(without_a_subprotocol_its_variable_is_empty),
		cmocka_unit_test(a_field_becomes_a_variable_in_capitals),
		cmocka_unit_test(a_field_called_proxy_becomes_nothing),
		cmocka_unit_test(a_field_with_an_underscore_becomes_nothing),
		cmocka_unit_test(a_field_whose_name_is_no_variables_becomes_nothing),
		cmocka_unit_test(repeated_fields_are_one_list_in_their_order),
		cmocka_unit_test(it_fits_up_to_the_last_byte),
		cmocka_unit_test(what_did_not_fit_is_forgotten_by_the_next_request),
		cmocka_unit_test(it_fits_up_to_the_last_variable),
		cmocka_unit_test(many_fields_of_one_name_fit_where_their_list_does),
		cmocka_unit_test(what_is_replaced_takes_no_room),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
