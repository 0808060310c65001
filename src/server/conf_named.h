/* SPDX-License-Identifier: MIT */
/* conf_named.h - where settings were written, and what sections with names of their own
 * have in common. */
#ifndef SERVER_CONF_NAMED_H
#define SERVER_CONF_NAMED_H

/* Where a setting of one section came from. */
struct conf_origin {
	const char *file; /* NULL: the default */
	int line;
};

/* How the struct of each [word NAME] begins. */
struct conf_named {
	const char *name;         /* "" for [word] */
	struct conf_origin where; /* of the header */
};

#endif
