/* SPDX-License-Identifier: MIT */
/* The files of the console page, embedded and compressed. */
#include <string.h>

#include "asset.h"

/* NAME.gz of the build directory as the bytes from SYMBOL to SYMBOL_end. */
#define EMBED(symbol, name)                                                         \
	__asm__(".section .rodata\n" #symbol ":\n.incbin \"" name ".gz\"\n" #symbol \
		"_end:\n.previous\n");                                              \
	extern const char symbol[], symbol##_end[]

EMBED(console_html, "console.html");
EMBED(console_css, "console.css");
EMBED(console_js, "console.js");
EMBED(console_svg, "console.svg");

static const struct {
	const char *path, *type;
	const char *begin, *end;
} rows[] = {
	{ ASSET_CONSOLE, "text/html; charset=utf-8", console_html, console_html_end },
	{ "/-/console.css", "text/css; charset=utf-8", console_css, console_css_end },
	{ "/-/console.js", "text/javascript; charset=utf-8", console_js, console_js_end },
	{ "/-/console.svg", "image/svg+xml", console_svg, console_svg_end },
};

const struct asset *asset_find(const char *path)
{
	static struct asset found;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (strcmp(rows[i].path, path) == 0) {
			found = (struct asset){
				rows[i].path,
				rows[i].type,
				{ rows[i].begin, (size_t)(rows[i].end - rows[i].begin) }
			};
			return &found;
		}
	return NULL;
}
