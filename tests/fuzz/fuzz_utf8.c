/* SPDX-License-Identifier: MIT */
/* Fuzzes utf8.c: a text, cut where its first byte says, is judged as by the reference. */
#include <stdlib.h>

#include "../unit/utf8_reference.h"
#include "utf8.h"

#define MUST(holds) ((holds) ? (void)0 : abort())

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void *copy(const uint8_t *p, size_t n)
{
	char *c = malloc(n + 1);

	MUST(c);
	if (n > 0)
		memcpy(c, p, n);
	return c;
}

static void check(const uint8_t *p, size_t n, size_t cut)
{
	char *left = copy(p, cut), *right = copy(p + cut, n - cut);
	struct utf8 u = { 0 };
	bool complete;
	size_t wanted = reference_check(p, n, &complete);
	size_t valid = utf8_check(&u, left, cut);

	if (valid == cut)
		valid += utf8_check(&u, right, n - cut);
	MUST(valid == wanted);
	MUST(valid < n || utf8_complete(&u) == complete);
	free(left);
	free(right);
}

static void repair(const uint8_t *p, size_t n, size_t cut)
{
	char *got = malloc(UTF8_REPAIRED_MAX(cut) + UTF8_REPAIRED_MAX(n - cut)), tail[3];
	uint8_t *wanted = malloc(3 * n + 1);
	uint8_t tail_n = 0;
	size_t size, first;
	struct utf8 u = { 0 };

	MUST(got && wanted);
	first = utf8_repair(tail, &tail_n, (const char *)p, cut, false, got);
	MUST(tail_n <= 3 && first <= UTF8_REPAIRED_MAX(cut));
	size = utf8_repair(tail, &tail_n, (const char *)p + cut, n - cut, true,
			   got + first);
	MUST(tail_n == 0 && size <= UTF8_REPAIRED_MAX(n - cut));
	size += first;
	MUST(size == reference_repair(p, n, wanted));
	MUST(size == 0 || memcmp(got, wanted, size) == 0);
	MUST(utf8_check(&u, got, size) == size && utf8_complete(&u));
	free(got);
	free(wanted);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	size_t cut;

	if (size == 0)
		return 0;
	cut = data[0] % size;
	check(data + 1, size - 1, cut);
	repair(data + 1, size - 1, cut);
	return 0;
}
