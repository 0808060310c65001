/* SPDX-License-Identifier: MIT */
/* Makes programs write line by line. */
#include <string.h>
#include <unistd.h>

#include "elf_needs.h"
#include "line_buffer.h"
#include "which.h"

#define LIBSTDBUF "/usr/libexec/coreutils/libstdbuf.so"

static bool sets_preload(char *const *env)
{
	for (; env && *env; env++)
		if (strncmp(*env, "LD_PRELOAD=", 11) == 0)
			return true;
	return false;
}

const char *const *line_buffer_env(const struct exec_conf *conf)
{
	static const char *const preload[] = { "LD_PRELOAD=" LIBSTDBUF, "_STDBUF_O=L",
					       "PYTHONUNBUFFERED=1", NULL };
	static const char *const terminal[] = { "PAGER=cat", "TERM=dumb", NULL };
	static const char *const whole[] = { "TERM=xterm-256color", NULL };
	char file[4096];

	if (conf->pty.rows > 0)
		return whole;
	if (conf->line_buffer == LINE_BUFFER_PTY)
		return terminal;
	if (sets_preload(conf->env) || access(LIBSTDBUF, R_OK) < 0)
		return preload + 2;
	if (which_from(conf->cwd, conf->argv[0], which_path(conf->env), file,
		       sizeof(file)) == 0 &&
	    elf_needs(file, "libasan.so"))
		return preload + 2;
	return preload;
}
