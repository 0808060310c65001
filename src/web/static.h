/* SPDX-License-Identifier: MIT */
/* static.h - a file below a directory, opened so that no request reaches beyond it, and
 * what a request gets of it. */
#ifndef WEB_STATIC_H
#define WEB_STATIC_H

#include <stdint.h>
#include <time.h>

#include "http.h"
#include "range.h"

struct static_file {
	int fd; /* a regular file */
	uint64_t size;
	time_t modified;
	char etag[64]; /* with its quotes */
	const char *type;
};

/*
 * Open REST (a decoded path, without its first slash) below ROOT; "", and what ends in a
 * slash, is the index.html there.  ROOT may be a file, which REST "" is then.  0, and
 * ret->fd is the caller's; or
 * -ENOENT: there is nothing to serve: no such file, one that is no regular file, a
 * symbolic link that leads out of ROOT, or a name that begins with a dot; -EISDIR: a
 * directory, whose path ends in a slash; or another -errno of openat2(2).
 */
int static_open(const char *root, const char *rest, struct static_file *ret);

/*
 * What the conditions of the request H in DATA (RFC 9110 13.2.2) and its Range leave of
 * FILE: status 200, 206 (*ret is the part), 304, 412 or 416.  METHOD is GET or HEAD.
 */
int static_choose(const struct static_file *file, const struct http *h, const char *data,
		  struct range *ret);

#endif
