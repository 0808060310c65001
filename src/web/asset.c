/* SPDX-License-Identifier: MIT */
/* The files of our own pages, embedded and compressed. */
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
EMBED(icon_svg, "icon.svg");
EMBED(page_css, "page.css");
EMBED(dashboard_html, "dashboard.html");
EMBED(dashboard_css, "dashboard.css");
EMBED(dashboard_js, "dashboard.js");
EMBED(uplot_css, "uplot/uPlot.min.css");
EMBED(uplot_js, "uplot/uPlot.iife.js");
EMBED(asciicast_js, "asciicast.js");
EMBED(close_words_js, "close_words.js");
EMBED(terminal_css, "terminal.css");
EMBED(terminal_js, "terminal.js");
EMBED(xterm_css, "xterm/xterm.css");
EMBED(xterm_js, "xterm/xterm.mjs");
EMBED(fit_js, "xterm/addon-fit.mjs");

#define HTML "text/html; charset=utf-8"
#define CSS "text/css; charset=utf-8"
#define JS "text/javascript; charset=utf-8"
#define SVG "image/svg+xml"
#define TALKING (ASSET_OF_CONSOLE | ASSET_OF_TERMINAL)
#define ALL (TALKING | ASSET_OF_DASHBOARD)

static const struct {
	const char *path, *type;
	unsigned pages;
	const char *begin, *end;
} rows[] = {
	{ ASSET_CONSOLE, HTML, ASSET_OF_CONSOLE, console_html, console_html_end },
	{ "/-/console.css", CSS, ASSET_OF_CONSOLE, console_css, console_css_end },
	{ "/-/console.js", JS, ASSET_OF_CONSOLE, console_js, console_js_end },
	{ "/-/page.css", CSS, ALL, page_css, page_css_end },
	{ "/-/icon.svg", SVG, ALL, icon_svg, icon_svg_end },
	{ "/-/asciicast.js", JS, ASSET_OF_CONSOLE, asciicast_js, asciicast_js_end },
	{ "/-/close_words.js", JS, TALKING, close_words_js, close_words_js_end },
	{ "/-/terminal.css", CSS, ASSET_OF_TERMINAL, terminal_css, terminal_css_end },
	{ "/-/terminal.js", JS, ASSET_OF_TERMINAL, terminal_js, terminal_js_end },
	{ "/-/xterm.css", CSS, ASSET_OF_TERMINAL, xterm_css, xterm_css_end },
	{ "/-/xterm.js", JS, ASSET_OF_TERMINAL, xterm_js, xterm_js_end },
	{ "/-/addon-fit.js", JS, ASSET_OF_TERMINAL, fit_js, fit_js_end },
	{ ASSET_DASHBOARD, HTML, ASSET_OF_DASHBOARD, dashboard_html, dashboard_html_end },
	{ "/-/dashboard.css", CSS, ASSET_OF_DASHBOARD, dashboard_css, dashboard_css_end },
	{ "/-/dashboard.js", JS, ASSET_OF_DASHBOARD, dashboard_js, dashboard_js_end },
	{ "/-/uplot.css", CSS, ASSET_OF_DASHBOARD, uplot_css, uplot_css_end },
	{ "/-/uplot.js", JS, ASSET_OF_DASHBOARD, uplot_js, uplot_js_end },
};

const struct asset *asset_find(const char *path)
{
	static struct asset found;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (strcmp(rows[i].path, path) == 0) {
			found = (struct asset){
				rows[i].path,
				rows[i].type,
				rows[i].pages,
				{ rows[i].begin, (size_t)(rows[i].end - rows[i].begin) }
			};
			return &found;
		}
	return NULL;
}
