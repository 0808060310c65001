/* SPDX-License-Identifier: MIT */
/*
 * json_memory.h - finds out whether jansson has run out of memory.
 *
 * If it does, jansson leaves a member out of an object, or a key out of the text of
 * json_dumps(), and reports success.  Whoever has made an answer asks here whether it is
 * whole.
 */
#ifndef SERVER_JSON_MEMORY_H
#define SERVER_JSON_MEMORY_H

#include <stdbool.h>
#include <stddef.h>

/* From now on let jansson get memory from FROM, malloc(3) or what does the same. */
void json_memory_watch(void *(*from)(size_t n));

/* Has jansson lacked memory since the last call of this? */
bool json_memory_lacked(void);

#endif
