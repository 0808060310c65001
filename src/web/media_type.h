/* SPDX-License-Identifier: MIT */
/* media_type.h - the Content-Type of a file, by its name. */
#ifndef WEB_MEDIA_TYPE_H
#define WEB_MEDIA_TYPE_H

/* Of the file called NAME; application/octet-stream when its ending says nothing. */
const char *media_type(const char *name);

#endif
