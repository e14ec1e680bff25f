// SPDX-License-Identifier: GPL-2.0
/* kipcctl unlink: remove a queue, or a socket path that nobody listens on. */
#include <string.h>

#include "kipc.h"
#include "kipcctl.h"

static const char text[] =
	"Usage: kipcctl unlink ADDRESS...\n"
	"Remove what outlives its users: a queue (queue:, posix-mq:, sysv-msg:) with\n"
	"what is in it, or the path of a socket that nobody listens on any more.\n\n"
	"Exit status: 0, all are gone; 1, one was not there or could not be removed;\n"
	"2, wrong usage.\n";

int verb_unlink(int argc, char **argv)
{
	int i, err, status = EXIT_OK;

	if (argc == 2 && (!strcmp(argv[1], "--help") || !strcmp(argv[1], "-h")))
		return usage(text, EXIT_OK);
	if (argc < 2 || argv[1][0] == '-')
		return usage(text, EXIT_USAGE);
	for (i = 1; i < argc; i++) {
		err = kipc_unlink(argv[i]);
		if (err)
			status = failed_at(argv[i], err);
	}
	return status;
}
