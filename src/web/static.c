/* SPDX-License-Identifier: MIT */
/* A file below a directory, opened so that no request reaches beyond it. */
#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "etag.h"
#include "http_date.h"
#include "media_type.h"
#include "static.h"

#define INDEX "index.html"
#define TRIES 8 /* while somebody renames below the directory, openat2(2) says EAGAIN */

/* ---- opening ---- */

/* Has one of the names between slashes a dot in front? */
static bool is_hidden(const char *rest)
{
	return *rest == '.' || strstr(rest, "/.");
}

/* NAME below the directory DIR, by links that stay below it.  A FIFO is not waited for.
 */
static int open_below(int dir, const char *name)
{
	const struct open_how how = {
		.flags = O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY,
		.resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS,
	};
	long fd = -1;

	errno = EAGAIN;
	for (int i = 0; i < TRIES && fd < 0 && errno == EAGAIN; i++)
		fd = syscall(SYS_openat2, dir, name, &how, sizeof(how));
	return fd < 0 ? -errno : (int)fd;
}

static int open_in(const char *root, const char *name)
{
	int dir = open(root, O_PATH | O_DIRECTORY | O_CLOEXEC);
	int fd = dir < 0 ? -errno : open_below(dir, name);

	if (dir >= 0)
		close(dir);
	return fd;
}

static int open_itself(const char *root)
{
	int fd = open(root, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);

	return fd < 0 ? -errno : fd;
}

/* REST, or the index in it; yours. */
static char *index_of(const char *rest)
{
	size_t n = strlen(rest);
	bool is_directory = n == 0 || rest[n - 1] == '/';
	char *name;

	return asprintf(&name, "%s%s", rest, is_directory ? INDEX : "") < 0 ? NULL : name;
}

/* Names that lead nowhere, or out. */
static int nothing(int err)
{
	static const int same[] = { -ENOTDIR, -ELOOP, -EXDEV, -ENAMETOOLONG, -ENXIO };

	for (size_t i = 0; i < sizeof(same) / sizeof(*same); i++)
		if (err == same[i])
			return -ENOENT;
	return err;
}

/* Take FD, which may be an error, as the file called NAME. */
static int take(int fd, const char *name, struct static_file *ret)
{
	struct stat st;
	int r = fd;

	if (fd >= 0)
		r = fstat(fd, &st) < 0 ? -errno : 0;
	if (r == 0 && S_ISDIR(st.st_mode))
		r = -EISDIR;
	else if (r == 0 && !S_ISREG(st.st_mode))
		r = -ENOENT;
	if (r < 0) {
		if (fd >= 0)
			close(fd);
		return nothing(r);
	}
	*ret = (struct static_file){ .fd = fd,
				     .size = (uint64_t)st.st_size,
				     .modified = st.st_mtim.tv_sec,
				     .type = media_type(name) };
	snprintf(ret->etag, sizeof(ret->etag), "\"%llx-%llx.%lx-%llx\"",
		 (unsigned long long)st.st_ino, (unsigned long long)st.st_mtim.tv_sec,
		 (unsigned long)st.st_mtim.tv_nsec, (unsigned long long)st.st_size);
	(void)posix_fadvise(fd, 0, 0, POSIX_FADV_SEQUENTIAL); /* read ahead of us */
	return 0;
}

int static_open(const char *root, const char *rest, struct static_file *ret)
{
	char *name;
	int r;

	if (is_hidden(rest))
		return -ENOENT;
	name = index_of(rest);
	if (!name)
		return -ENOMEM;
	r = take(open_in(root, name), name, ret);
	if (r == -ENOENT && !*rest) /* ROOT may be the file */
		r = take(open_itself(root), root, ret);
	if (r == -EISDIR && strcmp(rest, name) != 0) /* index.html/ */
		r = -ENOENT;
	free(name);
	return r;
}

/* ---- what of it ---- */

/* The first field NAME, whose list of entity tags may have FILE's: -1 there is none, else
 * whether one of all such fields has it. */
static int names_etag(const struct static_file *file, const struct http *h,
		      const char *data, const char *name, bool weakly)
{
	struct span etag = { file->etag, strlen(file->etag) };
	int result = -1;

	for (unsigned i = 0; i < h->nfields && result != 1; i++)
		if (span_is_nocase(http_span(data, h->fields[i].name),
				   (struct span){ name, strlen(name) }))
			result = etag_in_list(http_span(data, h->fields[i].value), etag,
					      weakly);
	return result;
}

/* Is FILE as old as the date in the field NAME?  -1: there is no such date. */
static int is_unmodified(const struct static_file *file, const struct http *h,
			 const char *data, const char *name)
{
	struct span text;
	time_t since;

	if (!http_find(h, data, name, &text) || !http_date_parse(text, &since))
		return -1;
	return file->modified <= since;
}

/* If-Match or If-Unmodified-Since does not hold. */
static bool fails(const struct static_file *file, const struct http *h, const char *data)
{
	int match = names_etag(file, h, data, "If-Match", false);

	return match == 0 ||
	       (match < 0 && is_unmodified(file, h, data, "If-Unmodified-Since") == 0);
}

/* The client has FILE as it is. */
static bool is_known(const struct static_file *file, const struct http *h,
		     const char *data)
{
	int match = names_etag(file, h, data, "If-None-Match", true);

	return match == 1 ||
	       (match < 0 && is_unmodified(file, h, data, "If-Modified-Since") == 1);
}

/* Does a range go on from what the client has (If-Range)? */
static bool range_holds(const struct static_file *file, const struct http *h,
			const char *data)
{
	struct span field;
	time_t date;

	if (!http_find(h, data, "If-Range", &field))
		return true;
	if (http_date_parse(field, &date))
		return date == file->modified;
	return !span_is(field, SPAN("*")) &&
	       etag_in_list(field, (struct span){ file->etag, strlen(file->etag) },
			    false);
}

int static_choose(const struct static_file *file, const struct http *h, const char *data,
		  struct range *ret)
{
	struct span field;

	if (fails(file, h, data))
		return 412;
	if (is_known(file, h, data))
		return 304;
	if (!span_is(http_span(data, h->method), SPAN("GET")) ||
	    !http_find(h, data, "Range", &field) || !range_holds(file, h, data))
		return 200;
	switch (range_parse(field, file->size, ret)) {
	case RANGE_WHOLE:
		return 200;
	case RANGE_PART:
		return 206;
	case RANGE_BEYOND:
		break;
	}
	return 416;
}
