// SPDX-License-Identifier: LGPL-2.1-or-later
/* What is said of the errors of traces, before error.c says what is said of any. */
#include <errno.h>
#include <stddef.h>

#include "internal.h"

const struct kipc_sentence kipc_control_sentences[] = {
	{ ENODEV, NULL, "/proc is not mounted" },
	{ ENOENT, NULL, "there is no such process, thread or program" },
	{ EPIPE, NULL, "the process, or that thread of it, has ended" },
	{ EAGAIN, NULL, "nothing has happened, or the thread runs: stop it first" },
	{ EPERM, NULL,
	  "not yours, traced already (also: by another thread), or see kernel.yama.ptrace_scope" },
	{ EFAULT, NULL, "the process has no such memory" },
	{ 0, NULL, NULL },
};
