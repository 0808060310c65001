/* SPDX-License-Identifier: MIT */
/* source_file.h - a regular file as a source of messages. */
#ifndef BRIDGE_SOURCE_FILE_H
#define BRIDGE_SOURCE_FILE_H

#include "hub.h"

struct file_conf {
	char *path;
	bool follow; /* as it grows, whatever its name stands for; else to its end */
};

/* Open the file and attach it to H; WHO, the log prefix, is copied.  0 or -errno
 * (follow_strerror()). */
int source_file_open(struct hub *h, const struct file_conf *conf, const char *who);

#endif
