/* SPDX-License-Identifier: MIT */
/* What a program writes to its standard error, cut into lines. */
#include <string.h>

#include "stderr_lines.h"

static void end_line(struct stderr_lines *l, stderr_line *say, void *data)
{
	struct buf line = l->line;

	l->line = (struct buf){ 0 };
	say(data, buf_len(&line) > 0 ? buf_head(&line) : "", buf_len(&line));
	buf_free(&line);
}

/* The first line of the N bytes at P, or as much as a line may have: how many bytes it
 * took. */
static size_t take(struct stderr_lines *l, const char *p, size_t n, stderr_line *say,
		   void *data)
{
	size_t room = STDERR_LINE_MAX - buf_len(&l->line);
	const char *lf = memchr(p, '\n', n <= room ? n : room + 1);
	size_t len = lf ? (size_t)(lf - p) : n < room ? n : room;

	if (lf && buf_len(&l->line) == 0) {
		say(data, p, len);
		return len + 1;
	}
	if (buf_append(&l->line, p, len, STDERR_LINE_MAX) < 0) {
		buf_free(&l->line);
		say(data, NULL, 0);
	} else if (lf || n > room) {
		end_line(l, say, data);
	}
	return len + (lf != NULL);
}

void stderr_lines_feed(struct stderr_lines *l, const char *p, size_t n, stderr_line *say,
		       void *data)
{
	while (n > 0) {
		size_t used = take(l, p, n, say, data);

		p += used;
		n -= used;
	}
}

void stderr_lines_end(struct stderr_lines *l, stderr_line *say, void *data)
{
	if (buf_len(&l->line) > 0)
		end_line(l, say, data);
}

void stderr_lines_free(struct stderr_lines *l)
{
	buf_free(&l->line);
}
