// SPDX-License-Identifier: GPL-2.0
/*
 * kipcctl remove: a queue, or a socket path that nobody listens on.  It was once called
 * unlink, and answers to that.
 */
#include <errno.h>
#include <getopt.h>

#include "kipc.h"
#include "kipcctl.h"

static const char text[] =
	"Usage: kipcctl remove [OPTION]... ADDRESS...\n"
	"Remove what outlives its users: a queue (queue:, posix-mq:, sysv-msg:) with\n"
	"what is in it, a ring, or the path of a socket that nobody listens on any more.\n\n"
	"  -f, --force            what is not there is no failure\n"
	"  -h, --help             this\n\n"
	"Exit status: 0, all are gone; 1, one was not there or could not be removed;\n"
	"2, wrong usage.\n";

int verb_remove(int argc, char **argv)
{
	static const struct option options[] = {
		{ "force", no_argument, NULL, 'f' },
		{ "help", no_argument, NULL, 'h' },
		{ 0 },
	};
	int c, err, force = 0, status = EXIT_OK;

	while ((c = getopt_long(argc, argv, "fh", options, NULL)) != -1) {
		if (c == 'h')
			return usage(text, EXIT_OK);
		if (c != 'f')
			return usage(text, EXIT_USAGE);
		force = 1;
	}
	if (optind == argc)
		return usage(text, EXIT_USAGE);
	for (; optind < argc; optind++) {
		err = kipc_unlink(argv[optind]);
		if (err && !(force && err == -ENOENT))
			status = failed_at(argv[optind], err);
	}
	return status;
}
