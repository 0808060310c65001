/* SPDX-License-Identifier: MIT */
/* asset.h - the files of the console page, embedded and compressed. */
#ifndef WEB_ASSET_H
#define WEB_ASSET_H

#include "span.h"

struct asset {
	const char *path; /* of its URL */
	const char *type; /* Content-Type */
	struct span gzip;
};

/* The file at PATH, or NULL.  The console itself is at ASSET_CONSOLE. */
#define ASSET_CONSOLE "/-/console"
const struct asset *asset_find(const char *path);

#endif
