// SPDX-License-Identifier: GPL-2.0
/*
 * kipcctl: look at kipc, and use it from a shell.  This file finds the verb; all
 * else is in the file of that name.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "kipcctl.h"

#define KIPCCTL_VERSION "0.1.0"

/*
 * By what one wants, in the order of --help.  A line without a name is a heading, one
 * without help an older name of the verb above it.
 */
static const struct verb verbs[] = {
	{ NULL,		"To talk",					NULL },
	{ "send",	"send a file or messages",			verb_send },
	{ "recv",	"receive a file or messages",			verb_recv },
	{ "call",	"call a server, and print its reply",		verb_call },
	{ "serve",	"answer calls with a command's output",		verb_serve },

	{ NULL,		"To look",					NULL },
	{ "channels",	"list the channels and how their servers do",	verb_channels },
	{ "queues",	"list the queues and how full they are",	verb_queues },
	{ "endpoints",	"list who has what open",			verb_endpoints },
	{ "users",	"list what users have and may have",		verb_users },
	{ "show",	"show all of one of these, and who is stuck",	verb_show },
	{ "top",	"show who talks how much, now",			verb_top },
	{ "monitor",	"print what happens, as it happens",		verb_monitor },
	{ "doctor",	"find out why one cannot connect",		verb_doctor },
	{ "status",	"show the module, its device and parameters",	verb_status },

	{ NULL,		"To choose",					NULL },
	{ "schemes",	"list the mechanisms and their limits",		verb_schemes },
	{ "mechanisms",	"show what each mechanism can do; try it",	verb_mechanisms },

	{ NULL,		"To manage",					NULL },
	{ "create",	"make queues with their limits and owner",	verb_create },
	{ "remove",	"remove names that outlive their users",	verb_remove },
	{ "unlink",	NULL,						verb_remove },
	{ "set",	"change a channel's or queue's owner or mode",	verb_set },
	{ "limit",	"show and set what users may have",		verb_limit },
	{ "load",	"load the module",				verb_load },
	{ "unload",	"unload the module",				verb_unload },
	{ NULL,		NULL,						NULL },
};

static bool is_last(const struct verb *verb)
{
	return !verb->name && !verb->help;
}

static void print_help(FILE *out)
{
	const struct verb *verb;

	fprintf(out, "Usage: kipcctl VERB [OPTION]... [ARGUMENT]...\n");
	for (verb = verbs; !is_last(verb); verb++) {
		if (!verb->name)
			fprintf(out, "\n%s\n", verb->help);
		else if (verb->help)
			fprintf(out, "  %-12s%s\n", verb->name, verb->help);
	}
	fprintf(out, "\n`kipcctl VERB --help` tells more; kipcctl(1) tells all.\n");
}

static int no_such_verb(const char *name)
{
	struct nearest near = nearest_to(name);
	const struct verb *verb;

	for (verb = verbs; !is_last(verb); verb++)
		if (verb->name)
			nearest_try(&near, verb->name);
	if (near.found)
		failed("no verb '%s'; is it '%s'? (kipcctl --help)", name, near.found);
	else
		failed("no verb '%s'; kipcctl --help lists them", name);
	return EXIT_USAGE;
}

/* `kipcctl help VERB` is `kipcctl VERB --help`. */
static int run(int argc, char **argv)
{
	char help_option[] = "--help";
	const struct verb *verb;

	if (!strcmp(argv[1], "help") && argc == 3) {
		argv[1] = argv[2];
		argv[2] = help_option;
	} else if (!strcmp(argv[1], "--help") || !strcmp(argv[1], "-h") ||
		   !strcmp(argv[1], "help")) {
		print_help(stdout);
		return EXIT_OK;
	}
	if (!strcmp(argv[1], "--version") || !strcmp(argv[1], "-V")) {
		printf("kipcctl %s\n", KIPCCTL_VERSION);
		return EXIT_OK;
	}
	for (verb = verbs; !is_last(verb); verb++)
		if (verb->name && !strcmp(argv[1], verb->name))
			return verb->run(argc - 1, argv + 1);
	return no_such_verb(argv[1]);
}

/*
 * Started without standard input or output, what is opened next would take their place,
 * and get what was meant for them.  These fail as closed ones do.
 */
static void fill_standard(void)
{
	int fd;

	for (fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
		if (fcntl(fd, F_GETFD) < 0 &&
		    open("/dev/null", fd == STDIN_FILENO ? O_WRONLY : O_RDONLY) != fd)
			exit(EXIT_FAILED);
}

int main(int argc, char **argv)
{
	int status;

	fill_standard();
	if (argc < 2) {
		print_help(stderr);
		return EXIT_USAGE;
	}
	status = run(argc, argv);
	/* A list of which a part is missing, as on a full disk, is no list */
	if (fflush(stdout) && status == EXIT_OK)
		status = failed("standard output: %s", strerror(errno));
	return status;
}
