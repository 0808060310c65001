/* SPDX-License-Identifier: MIT */
/* Memory that lives as long as a snapshot and is freed with it. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "conf_mem.h"

struct block {
	struct block *next;
	_Alignas(max_align_t) char data[];
};

struct conf_mem {
	struct block *blocks;
};

struct conf_mem *conf_mem_new(void)
{
	return calloc(1, sizeof(struct conf_mem));
}

void conf_mem_free(struct conf_mem *m)
{
	struct block *next;

	if (!m)
		return;
	for (struct block *b = m->blocks; b; b = next) {
		next = b->next;
		free(b);
	}
	free(m);
}

void *conf_mem_alloc(struct conf_mem *m, size_t n)
{
	struct block *b = calloc(1, sizeof(*b) + n);

	if (!b)
		return NULL;
	b->next = m->blocks;
	m->blocks = b;
	return b->data;
}

char *conf_mem_text(struct conf_mem *m, const char *p, size_t n)
{
	char *copy = conf_mem_alloc(m, n + 1);

	if (copy && n > 0)
		memcpy(copy, p, n);
	return copy;
}

int conf_mem_append(struct conf_mem *m, char ***vector, const char *text)
{
	char *copy = conf_mem_text(m, text, strlen(text));
	char **grown;
	size_t n = 0;

	while (*vector && (*vector)[n])
		n++;
	grown = conf_mem_alloc(m, (n + 2) * sizeof(*grown));
	if (!copy || !grown)
		return -ENOMEM;
	if (n > 0)
		memcpy(grown, *vector, n * sizeof(*grown));
	grown[n] = copy;
	*vector = grown;
	return 0;
}
