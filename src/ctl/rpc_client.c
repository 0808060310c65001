/* SPDX-License-Identifier: MIT */
/* One request to the daemon's control socket, and its answer. */
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sysexits.h>
#include <unistd.h>

#include "addr.h"
#include "buf.h"
#include "log.h"
#include "rpc_client.h"

#define NAME "control.sock"
#define CHUNK 65536

/* ---- where ---- */

/* The first of the usual places that is there, else the last of them. */
static const char *find_socket(char *path, size_t cap)
{
	const char *run = getenv("RUNTIME_DIRECTORY"), *own = getenv("XDG_RUNTIME_DIR");

	if (run && *run == '/') {
		snprintf(path, cap, "%.*s/" NAME, (int)strcspn(run, ":"), run);
		return path;
	}
	if (geteuid() != 0 && own && *own == '/') {
		snprintf(path, cap, "%s/wsbridge/" NAME, own);
		if (access(path, F_OK) == 0)
			return path;
	}
	snprintf(path, cap, "/run/wsbridge/" NAME);
	return path;
}

static void tell_unreachable(const char *path, int error)
{
	const char *hint = "";

	if (error == ENOENT || error == ECONNREFUSED)
		hint = "; is wsbridged running?  --socket names another one";
	else if (error == EACCES)
		hint = "; mode and group in [control] say who may";
	fprintf(stderr, "wsbridgectl: %s: %s%s\n", path, strerror(error), hint);
}

/* A connection, or -1: said. */
static int connect_to(const char *path)
{
	struct addr at;
	int fd;

	if (!addr_unix(path, &at)) {
		tell_unreachable(path, ENAMETOOLONG);
		return -1;
	}
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd >= 0 && connect(fd, &at.sa, at.len) == 0)
		return fd;
	tell_unreachable(path, errno);
	if (fd >= 0)
		close(fd);
	return -1;
}

/* ---- the request ---- */

/* The N bytes at P, and FD with the first of them.  0 or -errno. */
static int send_all(int sock, const char *p, size_t n, int fd)
{
	union {
		char bytes[CMSG_SPACE(sizeof(int))];
		struct cmsghdr align;
	} control = { { 0 } };
	struct iovec v = { (char *)p, n };
	struct msghdr m = { .msg_iov = &v, .msg_iovlen = 1 };
	struct cmsghdr *c;

	if (fd >= 0) {
		m.msg_control = &control;
		m.msg_controllen = sizeof(control);
		c = CMSG_FIRSTHDR(&m);
		*c = (struct cmsghdr){ .cmsg_len = CMSG_LEN(sizeof(fd)),
				       .cmsg_level = SOL_SOCKET,
				       .cmsg_type = SCM_RIGHTS };
		memcpy(CMSG_DATA(c), &fd, sizeof(fd));
	}
	while (v.iov_len > 0) {
		ssize_t sent = sendmsg(sock, &m, MSG_NOSIGNAL);

		if (sent < 0 && errno != EINTR)
			return -errno;
		if (sent < 0)
			continue;
		v.iov_base = (char *)v.iov_base + sent;
		v.iov_len -= (size_t)sent;
		m.msg_control = NULL;
		m.msg_controllen = 0;
	}
	return 0;
}

/* PARAMS are given away. */
static int send_request(int sock, const char *method, json_t *params, int fd)
{
	json_t *request =
		json_pack("{s:s, s:i, s:s}", "jsonrpc", "2.0", "id", 1, "method", method);
	char *text;
	int r = -ENOMEM;

	if (params)
		json_object_set_new(request, "params", params);
	text = json_dumps(request, JSON_COMPACT);
	json_decref(request);
	if (text) {
		r = send_all(sock, text, strlen(text), fd);
		if (r == 0)
			r = send_all(sock, "\n", 1, -1);
	}
	free(text);
	return r;
}

/* ---- the answer ---- */

/* The next line as JSON, yours; NULL: there is none, or it is no JSON. */
static json_t *read_line(int sock, struct buf *in)
{
	static char chunk[CHUNK];
	size_t looked = 0;
	char *end;
	json_t *v;
	ssize_t n;

	while (buf_len(in) == looked ||
	       !(end = memchr(buf_head(in) + looked, '\n', buf_len(in) - looked))) {
		looked = buf_len(in);
		n = recv(sock, chunk, sizeof(chunk), 0);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0 || buf_append(in, chunk, (size_t)n, SIZE_MAX) < 0)
			return NULL;
	}
	n = end + 1 - buf_head(in);
	v = json_loadb(buf_head(in), (size_t)n, JSON_ALLOW_NUL, NULL);
	buf_consume(in, (size_t)n);
	return v;
}

static void print_line(const char *before, const char *text)
{
	char printable[4096];

	log_printable(printable, sizeof(printable), text, strlen(text));
	fprintf(stderr, "%s%s\n", before, printable);
}

/* What the daemon says against it, and each line of what it has to say about that. */
static void tell_error(const json_t *error)
{
	const char *text = json_string_value(json_object_get(error, "message"));
	json_t *data = json_object_get(error, "data");
	json_t *line;
	size_t i;

	print_line("wsbridgectl: ", text ? text : "error");
	json_array_foreach(data, i, line)
		print_line("", json_string_value(line) ? json_string_value(line) : "");
}

/* The lines up to the answer. */
static json_t *read_answer(const struct rpc_client *how, int sock, int *ret_code)
{
	json_t *line, *result = NULL, *error = NULL;
	struct buf in = { 0 };
	const char *method;

	*ret_code = EX_UNAVAILABLE;
	while (!error && (!result || how->follows) && (line = read_line(sock, &in))) {
		method = json_string_value(json_object_get(line, "method"));
		if (method && how->on_notification)
			how->on_notification(method, json_object_get(line, "params"));
		if (!result)
			result = json_incref(json_object_get(line, "result"));
		error = json_incref(json_object_get(line, "error"));
		json_decref(line);
	}
	buf_free(&in);
	if (error) {
		*ret_code = 1;
		tell_error(error);
	} else if (!result || how->follows) {
		json_decref(result);
		result = NULL;
		fputs("wsbridgectl: the daemon hung up\n", stderr);
	}
	json_decref(error);
	return result;
}

json_t *rpc_client_ask(const struct rpc_client *how, const char *method, json_t *params,
		       int fd, int *ret_code)
{
	char path[256];
	int sock =
		connect_to(how->socket ? how->socket : find_socket(path, sizeof(path)));
	json_t *result;

	*ret_code = EX_UNAVAILABLE;
	if (sock < 0) {
		json_decref(params);
		return NULL;
	}
	(void)send_request(sock, method, params, fd); /* who refuses it has said why */
	result = read_answer(how, sock, ret_code);
	close(sock);
	return result;
}
