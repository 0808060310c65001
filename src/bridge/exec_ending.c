/* SPDX-License-Identifier: MIT */
/* What clients are told of a program's exit status. */
#include <sys/wait.h>

#include "exec_ending.h"
#include "num.h"
#include "ws.h"

void exec_ending(enum exec_code as, int status, struct ending *ret)
{
	*ret = (struct ending){ 0 };
	if (WIFSIGNALED(status)) {
		const char *name = num_signal_name(WTERMSIG(status));

		ret->code = 4128 + (unsigned)WTERMSIG(status);
		snprintf(ret->reason, sizeof(ret->reason), "process killed by %s", name);
		snprintf(ret->process, sizeof(ret->process), "%s", name);
	} else {
		int n = WEXITSTATUS(status);

		snprintf(ret->process, sizeof(ret->process), "status %d", n);
		if (n == 0)
			return;
		ret->code = 4000 + (unsigned)n;
		snprintf(ret->reason, sizeof(ret->reason),
			 "process exited with status %d", n);
	}
	if (as == EXIT_CODE_PLAIN)
		ret->code = CLOSE_SERVER_ERROR;
}
