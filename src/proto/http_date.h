/* SPDX-License-Identifier: MIT */
/* http_date.h - the dates of HTTP (RFC 9110 5.6.7), whatever the locale. */
#ifndef PROTO_HTTP_DATE_H
#define PROTO_HTTP_DATE_H

#include <stdbool.h>
#include <time.h>

#include "span.h"

#define HTTP_DATE_SIZE sizeof("Sun, 06 Nov 1994 08:49:37 GMT")

/* WHEN (from the years 0 to 9999) to OUT, HTTP_DATE_SIZE bytes, returned; "" when it is
 * no such time. */
const char *http_date_text(time_t when, char *out);

/* The time that TEXT says, in any of the three forms that may come.  False: in none. */
bool http_date_parse(struct span text, time_t *ret);

#endif
