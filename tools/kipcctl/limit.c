// SPDX-License-Identifier: GPL-2.0
/*
 * kipcctl limit: what users may have of kipc.
 *
 * All of a command line is understood before any of it is done: a misspelt limit changes
 * nothing.
 */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "account.h"
#include "control.h"
#include "json.h"
#include "kipcctl.h"

static const char text[] =
	"Usage: kipcctl limit [OPTION]... [USER] [WHAT=LIMIT]...\n"
	"       kipcctl limit [OPTION]... --default WHAT=LIMIT...\n"
	"Show what a user, by name or number, has and may have of kipc; without USER, what\n"
	"everybody may have who has no limit of its own.  With WHAT=LIMIT, set it.\n\n"
	"  -d, --default          set what everybody may have\n"
	"  -j, --json             print JSON\n"
	"  -h, --help             this\n\n"
	"WHAT is one of\n"
	"  endpoints              open ends (descriptors of /dev/kipc)\n"
	"  names                  channels and queues\n"
	"  pool_bytes             memory behind pools\n"
	"  pool_msgs              messages in pools\n"
	"  queue_bytes            payload that the user has in queues\n"
	"  queue_msgs             messages that the user has in queues\n"
	"  fds                    descriptors that the user has in messages\n"
	"LIMIT is a number, with K, M or G if need be, or 'default'.  What a user has already\n"
	"stays, if it is more.  Setting needs CAP_SYS_RESOURCE.\n\n"
	"Exit status: 0, shown or set; 1, failed; 2, wrong usage.\n";

struct limit_args {
	bool json;
	bool everybody;
	uid_t uid;
	bool set[KIPC_ADMIN_QUOTAS];
	uint64_t limits[KIPC_ADMIN_QUOTAS];
	unsigned int count;
};

static int no_such_limit(const char *name)
{
	struct nearest near = nearest_to(name);
	unsigned int i;

	for (i = 0; i < KIPC_ADMIN_QUOTAS; i++)
		nearest_try(&near, kipc_admin_quota_name(i));
	if (near.found)
		failed("no limit '%s'; is it '%s'?", name, near.found);
	else
		failed("no limit '%s'; kipcctl limit --help lists them", name);
	return EXIT_USAGE;
}

/* "pool_bytes=64M", also as the module's parameter is called; @value is behind the '='. */
static int parse_limit(struct limit_args *args, char *name, const char *value)
{
	int what;

	if (!strncmp(name, "max_", 4))
		name += 4;
	what = kipc_admin_quota_number(name);
	if (what < 0 || what >= KIPC_ADMIN_QUOTAS)
		return no_such_limit(name);
	if (!strcmp(value, "default") && !args->everybody) {
		args->limits[what] = KIPC_ADMIN_NO_LIMIT;
	} else if (size_of(value, &args->limits[what]) ||
		   args->limits[what] == KIPC_ADMIN_NO_LIMIT) {
		failed("'%s' is no limit for %s: a number, perhaps with K, M or G%s", value,
		       name, args->everybody ? "" : ", or default");
		return EXIT_USAGE;
	}
	args->set[what] = true;
	args->count++;
	return EXIT_OK;
}

static int parse_operands(struct limit_args *args, int argc, char **argv)
{
	int i = optind, status = EXIT_OK;
	char *equals;

	if (!args->everybody && i < argc && !strchr(argv[i], '=')) {
		if (user_number(argv[i], &args->uid))
			return failed("no user '%s'", argv[i]);
		i++;
	} else if (!args->everybody && i < argc) {
		failed("whose limit? USER %s, or --default %s", argv[i], argv[i]);
		return EXIT_USAGE;
	}
	for (; i < argc && status == EXIT_OK; i++) {
		equals = strchr(argv[i], '=');
		if (!equals) {
			failed("'%s' is not WHAT=LIMIT", argv[i]);
			return EXIT_USAGE;
		}
		*equals = '\0';
		status = parse_limit(args, argv[i], equals + 1);
	}
	return status;
}

/* EXIT_OK to go on; -1 to end well. */
static int parse(struct limit_args *args, int argc, char **argv)
{
	static const struct option options[] = {
		{ "default", no_argument, NULL, 'd' },
		{ "json", no_argument, NULL, 'j' },
		{ "help", no_argument, NULL, 'h' },
		{ 0 },
	};
	int c;

	while ((c = getopt_long(argc, argv, "djh", options, NULL)) != -1) {
		if (c == 'h')
			return usage(text, EXIT_OK) - 1;
		else if (c == 'd')
			args->everybody = true;
		else if (c == 'j')
			args->json = true;
		else
			return usage(text, EXIT_USAGE);
	}
	return parse_operands(args, argc, argv);
}

static int not_set(const struct kipc_admin *admin, const struct limit_args *args, int what,
		   int err)
{
	const char *name = kipc_admin_quota_name((enum kipc_admin_quota)what);

	if (err == -EPERM)
		return failed("%s is not set: that needs CAP_SYS_RESOURCE%s", name,
			      args->uid == KIPC_ADMIN_DEFAULTS ?
			      " of the machine, not of a container" : " (be root)");
	return control_failed(admin, name);
}

static int set(struct kipc_admin *admin, const struct limit_args *args)
{
	int what, err;

	for (what = 0; what < KIPC_ADMIN_QUOTAS; what++) {
		if (!args->set[what])
			continue;
		err = kipc_admin_limit(admin, args->uid, (enum kipc_admin_quota)what,
				       args->limits[what]);
		if (err)
			return not_set(admin, args, what, err);
	}
	return EXIT_OK;
}

static int show(struct kipc_admin *admin, const struct limit_args *args)
{
	struct kipc_admin_user user;
	int status = account_get(admin, args->uid, &user);

	if (status)
		return status;
	if (args->json)
		return put_json(json_user(&user), 0);
	account_print(&user);
	return EXIT_OK;
}

int verb_limit(int argc, char **argv)
{
	struct limit_args args = { .uid = KIPC_ADMIN_DEFAULTS };
	int status = parse(&args, argc, argv);
	struct kipc_admin *admin;

	if (status)
		return status < 0 ? EXIT_OK : status;
	admin = control_open();
	if (!admin)
		return EXIT_FAILED;
	status = args.count ? set(admin, &args) : show(admin, &args);
	kipc_admin_close(admin);
	return status;
}
