/* SPDX-License-Identifier: MIT */
/* Memory that lives as long as a snapshot and is freed with it. */
#include <errno.h>
#include <stdalign.h>
#include <stdlib.h>
#include <string.h>

#include "conf_mem.h"

/* A snapshot is freed in one go: of 10,000 paths in a few blocks, not in a million. */
#if defined(__SANITIZE_ADDRESS__) || defined(FUZZING_BUILD_MODE_UNSAFE_FOR_PRODUCTION)
static const size_t block_size = 0; /* each one of its own, around which it looks */
#else
static const size_t block_size = 256UL * 1024;
#endif

struct block {
	struct block *next;
	_Alignas(max_align_t) char data[];
};

struct conf_mem {
	struct block *blocks;
	char *free; /* of the block that is filled */
	size_t left;
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

static char *add_block(struct conf_mem *m, size_t n)
{
	struct block *b = calloc(1, sizeof(*b) + n);

	if (!b)
		return NULL;
	b->next = m->blocks;
	m->blocks = b;
	return b->data;
}

static size_t aligned(size_t n)
{
	return (n + alignof(max_align_t) - 1) & ~(alignof(max_align_t) - 1);
}

void *conf_mem_alloc(struct conf_mem *m, size_t n)
{
	char *p;

	if (n >= block_size / 4)
		return add_block(m, n);
	n = aligned(n);
	if (n > m->left) {
		p = add_block(m, block_size);
		if (!p)
			return NULL;
		m->free = p;
		m->left = block_size;
	}
	p = m->free;
	m->free += n;
	m->left -= n;
	return p;
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
