/* SPDX-License-Identifier: MIT */
/* Are the FIFOs and files that paths name there, and what they should be? */
#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "conf_check.h"

static void check_fifo(const struct conf *c, const struct path_conf *path,
		       const char *key, const char *name, struct conf_report *r)
{
	bool made = path->fifo.create != FIFO_CREATE_NO;
	struct conf_origin at = conf_where(c, path, key);
	struct stat st;

	if (stat(name, &st) == 0 && !S_ISFIFO(st.st_mode))
		conf_error(r, at, "%s: %s: not a FIFO", key, name);
	else if (access(name, *key == 'r' ? R_OK : W_OK) < 0 &&
		 !(made && errno == ENOENT))
		conf_warning(r, at, "%s: %s: %m", key, name);
}

void conf_check_fifos(const struct conf *c, const struct path_conf *path,
		      struct conf_report *r)
{
	const struct fifo_conf *fifo = &path->fifo;

	if (fifo->read)
		check_fifo(c, path, "read_fifo", fifo->read, r);
	if (fifo->write)
		check_fifo(c, path, "write_fifo", fifo->write, r);
	if (fifo->read && path->hub.process == PROCESS_EACH &&
	    !conf_where(c, path, "process").file)
		conf_warning(
			r, conf_where(c, path, "read_fifo"),
			"read_fifo: each message goes to one of the clients; let all "
			"of them hear it with process = shared, or say process = "
			"each");
	if (fifo->read && fifo->write && strcmp(fifo->read, fifo->write) == 0)
		conf_error(r, conf_where(c, path, "write_fifo"),
			   "read_fifo and write_fifo are the same: clients would hear "
			   "themselves, some of the time");
}

void conf_check_file(const struct conf *c, const struct path_conf *path,
		     struct conf_report *r)
{
	const struct file_conf *file = &path->file;
	struct conf_origin at = conf_where(c, path, "file");
	struct stat st;

	if (stat(file->path, &st) == 0 && !S_ISREG(st.st_mode))
		conf_error(r, at, "file: %s: not a regular file", file->path);
	else if (access(file->path, R_OK) < 0 && !(file->follow && errno == ENOENT))
		conf_warning(r, at, "file: %s: %m", file->path);
}
