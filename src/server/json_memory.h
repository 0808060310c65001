/* SPDX-License-Identifier: MIT */
/*
 * json_memory.h - whether jansson has lacked memory.
 *
 * Where it does, jansson leaves a member out of an object, and a key out of the text that
 * json_dumps() then gives as if all were well.  Who makes an answer asks here whether it
 * is whole.
 */
#ifndef SERVER_JSON_MEMORY_H
#define SERVER_JSON_MEMORY_H

#include <stdbool.h>
#include <stddef.h>

/* From now on FROM, malloc(3) or what does the same, is where jansson gets memory from.
 */
void json_memory_watch(void *(*from)(size_t n));

/* Has it lacked any since the last time that this was asked? */
bool json_memory_lacked(void);

#endif
