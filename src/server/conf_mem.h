/* SPDX-License-Identifier: MIT */
/* conf_mem.h - memory that lives as long as a snapshot and is freed with it. */
#ifndef SERVER_CONF_MEM_H
#define SERVER_CONF_MEM_H

#include <stddef.h>

struct conf_mem;

/* Empty.  Yours; end with conf_mem_free().  NULL: out of memory, as below. */
struct conf_mem *conf_mem_new(void);
void conf_mem_free(struct conf_mem *m); /* NULL is a no-op */

/* N bytes of zeros. */
void *conf_mem_alloc(struct conf_mem *m, size_t n);

/* A copy of the N bytes at P and a NUL. */
char *conf_mem_text(struct conf_mem *m, const char *p, size_t n);

/* Append a copy of TEXT to the NULL-terminated vector *VECTOR (NULL: empty).  0 or
 * -ENOMEM. */
int conf_mem_append(struct conf_mem *m, char ***vector, const char *text);

#endif
