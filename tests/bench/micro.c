/* SPDX-License-Identifier: MIT */
/* Prints how many GB/s utf8_check() and frame_mask() make. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "frame.h"
#include "utf8.h"

#define SIZE (64 * 1024) /* a turn's worth of bytes (DESIGN 5) */
#define SECONDS 0.2      /* for one figure */
#define TRIES 5          /* the best counts: the machine is shared */

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static void run_utf8(char *p, size_t n)
{
	struct utf8 u = { 0 };

	if (utf8_check(&u, p, n) != n) {
		fputs("micro: the text is not valid\n", stderr);
		exit(1);
	}
}

static void run_mask(char *p, size_t n)
{
	static const uint8_t key[4] = { 0x37, 0xFA, 0x21, 0x3D };

	frame_mask(p, n, key, 0);
}

static double rate(void (*run)(char *p, size_t n), char *p, size_t n)
{
	double begin = now(), seconds;
	double bytes = 0;

	do {
		for (int i = 0; i < 64; i++)
			run(p, n);
		bytes += 64.0 * (double)n;
		seconds = now() - begin;
	} while (seconds < SECONDS);
	return bytes / seconds / 1e9;
}

static void measure(const char *name, void (*run)(char *p, size_t n), char *p, size_t n)
{
	double best = 0;

	for (int i = 0; i < TRIES; i++) {
		double r = rate(run, p, n);

		best = r > best ? r : best;
	}
	printf("%-32s %6.2f GB/s\n", name, best);
}

/* Fill P with whole copies of TEXT: how many bytes of it. */
static size_t fill(char *p, const char *text)
{
	size_t n = strlen(text), at = 0;

	for (; at + n <= SIZE; at += n)
		memcpy(p + at, text, n);
	return at;
}

int main(void)
{
	static char room[SIZE + 64];
	char *p = room + (64 - (uintptr_t)room % 64) % 64;

	measure("utf8_check, ASCII", run_utf8, p, fill(p, "the quick brown fox "));
	measure("utf8_check, German", run_utf8, p,
		fill(p, "Zw\u00f6lf Boxk\u00e4mpfer jagen Viktor "));
	measure("utf8_check, Greek", run_utf8, p,
		fill(p, "\u039e\u03b5\u03c3\u03ba\u03b5\u03c0\u03ac\u03b6\u03c9 "));
	measure("utf8_check, Japanese", run_utf8, p,
		fill(p, "\u3044\u308d\u306f\u306b\u307b\u3078\u3068"));
	measure("utf8_check, emoji", run_utf8, p, fill(p, "\U0001f600\U0001f680"));
	measure("frame_mask, aligned", run_mask, p, SIZE - 64);
	measure("frame_mask, unaligned", run_mask, p + 3, SIZE - 64);
	measure("frame_mask, 32 bytes", run_mask, p + 3, 32);
	return 0;
}
