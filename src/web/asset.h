/* SPDX-License-Identifier: MIT */
/* asset.h - the files of our own pages, embedded and compressed. */
#ifndef WEB_ASSET_H
#define WEB_ASSET_H

#include "span.h"

/* What a file is there for; each of these can be on or off. */
enum asset_page {
	ASSET_OF_CONSOLE = 1,
	ASSET_OF_TERMINAL = 2,
	ASSET_OF_DASHBOARD = 4,
};

struct asset {
	const char *path; /* of its URL */
	const char *type; /* Content-Type */
	unsigned pages;   /* enum asset_page, one or more */
	struct span gzip;
};

/* The file at PATH, or NULL.  The pages themselves: */
#define ASSET_CONSOLE "/-/console"
#define ASSET_DASHBOARD "/-/dashboard"
const struct asset *asset_find(const char *path);

#endif
