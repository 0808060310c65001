/* SPDX-License-Identifier: MIT */
/* Fuzzes terminal.c: whatever it takes for a size is one, and means the same once
 * written.
 */
#include <stdint.h>
#include <stdlib.h>

#include "terminal.h"

#define MUST(holds) ((holds) ? (void)0 : abort())

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(struct terminal_size size)
{
	char text[TERMINAL_CONTROL];
	struct terminal_size again;
	const char *wrong;
	size_t n;

	MUST(size.rows >= 1 && size.rows <= TERMINAL_MOST);
	MUST(size.cols >= 1 && size.cols <= TERMINAL_MOST);
	n = terminal_write_control(size, text);
	MUST(n < sizeof(text) && terminal_read_control(text, n, &again, &wrong));
	MUST(again.rows == size.rows && again.cols == size.cols);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct terminal_size told = { 0, 0 }, asked = { 24, 80 }, written = { 0, 0 };
	char *text = malloc(size + 1);
	const char *wrong = NULL;

	MUST(text);
	if (size > 0)
		memcpy(text, data, size);
	text[size] = '\0';
	if (terminal_read_control(text, size, &told, &wrong))
		check(told);
	else
		MUST(wrong && strlen(wrong) <= 123);
	if (terminal_read_query((struct span){ text, size }, &asked))
		check(asked);
	if (terminal_read_size(text, &written))
		check(written);
	free(text);
	return 0;
}
