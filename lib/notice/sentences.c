// SPDX-License-Identifier: LGPL-2.1-or-later
/* What is said of the errors of notices, before error.c says what is said of any. */
#include <errno.h>
#include <stddef.h>

#include "internal.h"

const struct kipc_sentence kipc_notice_sentences[] = {
	{ ENODEV, NULL, "/proc is not mounted, or the kernel has no pidfd_open()" },
	{ ENOENT, NULL, "there is no such process" },
	{ EPIPE, NULL, "the process has ended" },
	{ EAGAIN, "signal",
	  "none is pending, or no more may be queued for that user (ulimit -i)" },
	{ EAGAIN, "eventfd", "it has not been raised, or its counter is full" },
	{ EBADF, NULL, "the descriptor is not open" },
	{ EINVAL, "signal", "no name, or one that nobody can wait for or catch" },
	{ EINVAL, "eventfd", "the descriptor is not an eventfd, or an argument makes no sense" },
	{ EPERM, NULL, "that process is another user's" },
	{ EBUSY, NULL, "that signal is caught through another handle already" },
	{ 0, NULL, NULL },
};
