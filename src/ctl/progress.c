/* SPDX-License-Identifier: MIT */
/* A bar on a terminal that tells how far a file is. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "progress.h"
#include "sys.h"
#include "table.h"

#define WIDTH 30

static double begun; /* when the first word came, less what had gone by then; 0: none */
static double first;

void progress_draw(const char *method, const json_t *params)
{
	double sent = json_number_value(json_object_get(params, "sent"));
	double size = json_number_value(json_object_get(params, "size"));
	double part = size > 0 ? sent / size : 1, now = sys_now();
	char bar[WIDTH + 1], a[32], b[32], rate[32];

	if (strcmp(method, "progress") != 0 || !isatty(STDERR_FILENO))
		return;
	if (begun == 0) {
		begun = now;
		first = sent;
	}
	memset(bar, ' ', WIDTH);
	memset(bar, '#', (size_t)(part * WIDTH));
	bar[WIDTH] = 0;
	cell_bytes(now > begun ? (sent - first) / (now - begun) : 0, rate);
	fprintf(stderr, "\r[%s] %3.0f%%  %s of %s  %s/s   ", bar, part * 100,
		cell_bytes(sent, a), cell_bytes(size, b), rate);
}

void progress_end(void)
{
	if (begun > 0)
		fprintf(stderr, "\r%*s\r", WIDTH + 48, "");
}
