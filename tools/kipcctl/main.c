// SPDX-License-Identifier: GPL-2.0
/*
 * kipcctl: look at kipc, and use it from a shell.  This file finds the verb; all
 * else is in the file of that name.
 */
#include <stdio.h>
#include <string.h>

#include "kipcctl.h"

#define KIPCCTL_VERSION "0.1.0"

static const struct verb verbs[] = {
	{ "send",	"send a file to an address",			verb_send },
	{ "recv",	"receive a file at an address",			verb_recv },
	{ "unlink",	"remove a name that outlives its users",	verb_unlink },
	{ "queues",	"list the queues and how full they are",	verb_queues },
	{ "schemes",	"list the mechanisms and their limits",		verb_schemes },
	{ "mechanisms",	"show what each mechanism can do; try it",	verb_mechanisms },
	{ "status",	"show the module, its device and parameters",	verb_status },
	{ "load",	"load the module",				verb_load },
	{ "unload",	"unload the module",				verb_unload },
	{ NULL, NULL, NULL },
};

static void print_help(FILE *out)
{
	const struct verb *verb;

	fprintf(out, "Usage: kipcctl VERB [OPTION]... [ARGUMENT]...\n\n");
	for (verb = verbs; verb->name; verb++)
		fprintf(out, "  %-12s%s\n", verb->name, verb->help);
	fprintf(out, "\n`kipcctl VERB --help` tells more; kipcctl(1) tells all.\n");
}

int main(int argc, char **argv)
{
	const struct verb *verb;

	if (argc < 2) {
		print_help(stderr);
		return EXIT_USAGE;
	}
	if (!strcmp(argv[1], "--help") || !strcmp(argv[1], "-h") || !strcmp(argv[1], "help")) {
		print_help(stdout);
		return EXIT_OK;
	}
	if (!strcmp(argv[1], "--version") || !strcmp(argv[1], "-V")) {
		printf("kipcctl %s\n", KIPCCTL_VERSION);
		return EXIT_OK;
	}
	for (verb = verbs; verb->name; verb++)
		if (!strcmp(argv[1], verb->name))
			return verb->run(argc - 1, argv + 1);
	fprintf(stderr, "kipcctl: no verb '%s'; try kipcctl --help\n", argv[1]);
	return EXIT_USAGE;
}
