// SPDX-License-Identifier: GPL-2.0
/*
 * kipcctl create: a queue that is there before its users, with its limits, mode and owner.
 *
 * It may be run again, as at every boot: a queue that is there already is given mode and
 * owner, and it is a failure if it has other limits.  Those are part of the address that it
 * is opened by; the library makes it or says what differs.
 */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "human.h"
#include "kipc.h"
#include "kipcctl.h"

static const char text[] =
	"Usage: kipcctl create [OPTION]... ADDRESS...\n"
	"Make queues (queue:, posix-mq:, sysv-msg:) that stay until `kipcctl remove`.\n"
	"Sizes may end in K, M or G.\n\n"
	"  -n, --max-msgs=N       messages that it may hold\n"
	"  -b, --max-bytes=SIZE   bytes of them in all\n"
	"  -s, --max-size=SIZE    bytes of the largest message\n"
	"  -m, --mode=MODE        who may receive (read) and send (write), octal\n"
	"                         (default: 0600)\n"
	"  -o, --owner=USER       whose it is, by name or number\n"
	"  -g, --group=GROUP      its group\n"
	"  -h, --help             this\n\n"
	"One that is there is given mode, owner and group, if they are asked for; if its\n"
	"limits are not those asked for, that is a failure, and it stays as it is.\n\n"
	"Exit status: 0, they are there as asked for; 1, failed; 2, wrong usage.\n";

struct create_args {
	uint64_t max_msgs;	/* 0: the mechanism's default, as with the others */
	uint64_t max_bytes;
	uint64_t max_size;
	struct kipc_change change;
};

static int user_of(const char *word, struct kipc_change *change)
{
	change->what |= KIPC_CHANGE_UID;
	return user_number(word, &change->uid) ? failed("no user '%s'", word) : EXIT_OK;
}

static int group_of(const char *word, struct kipc_change *change)
{
	change->what |= KIPC_CHANGE_GID;
	return group_number(word, &change->gid) ? failed("no group '%s'", word) : EXIT_OK;
}

static int mode_of(const char *word, struct kipc_change *change)
{
	change->what |= KIPC_CHANGE_MODE;
	if (!mode_number(word, &change->mode))
		return EXIT_OK;
	failed("'%s' is no mode: three octal digits, as 0660", word);
	return EXIT_USAGE;
}

static int limit_of(const char *word, uint64_t *limit)
{
	if (!size_of(word, limit) && *limit)
		return EXIT_OK;
	failed("'%s' is no number above 0 (perhaps with K, M or G)", word);
	return EXIT_USAGE;
}

/* An exit status: one may be as it should be, and there is nobody of that name. */
static int parse_option(struct create_args *args, int c)
{
	switch (c) {
	case 'n':
		return limit_of(optarg, &args->max_msgs);
	case 'b':
		return limit_of(optarg, &args->max_bytes);
	case 's':
		return limit_of(optarg, &args->max_size);
	case 'm':
		return mode_of(optarg, &args->change);
	case 'o':
		return user_of(optarg, &args->change);
	case 'g':
		return group_of(optarg, &args->change);
	default:
		return usage(text, EXIT_USAGE);
	}
}

/* EXIT_OK to go on; -1 to end well. */
static int parse(struct create_args *args, int argc, char **argv)
{
	static const struct option options[] = {
		{ "max-msgs", required_argument, NULL, 'n' },
		{ "max-bytes", required_argument, NULL, 'b' },
		{ "max-size", required_argument, NULL, 's' },
		{ "mode", required_argument, NULL, 'm' },
		{ "owner", required_argument, NULL, 'o' },
		{ "group", required_argument, NULL, 'g' },
		{ "help", no_argument, NULL, 'h' },
		{ 0 },
	};
	int c, status;

	while ((c = getopt_long(argc, argv, "n:b:s:m:o:g:h", options, NULL)) != -1) {
		if (c == 'h')
			return usage(text, EXIT_OK) - 1;
		status = parse_option(args, c);
		if (status)
			return status;
	}
	return optind < argc ? EXIT_OK : usage(text, EXIT_USAGE);
}

/* ADDRESS with the limits as its options, which are demands. */
static int demand(char *demands, size_t size, const char *address,
		  const struct create_args *args)
{
	const struct {
		const char *key;
		uint64_t value;
	} limits[] = {
		{ "msgs", args->max_msgs },
		{ "bytes", args->max_bytes },
		{ "size", args->max_size },
	};
	char mark = strchr(address, '?') ? '&' : '?';
	size_t len = (size_t)snprintf(demands, size, "%s", address);
	unsigned int i;

	for (i = 0; i < sizeof(limits) / sizeof(limits[0]) && len < size; i++) {
		if (!limits[i].value)
			continue;
		len += (size_t)snprintf(demands + len, size - len, "%c%s=%llu", mark,
					limits[i].key, (unsigned long long)limits[i].value);
		mark = '&';
	}
	return len < size ? 0 : -1;
}

/* Mode and owner, where they are others; to change nothing needs no permission. */
static int adjust(struct kipc *handle, const struct kipc_change *wanted)
{
	struct kipc_stat stat = KIPC_STAT_INIT;
	struct kipc_change change = *wanted;
	int err = kipc_stat(handle, &stat);

	if (err)
		return err;
	if (change.mode == stat.mode)
		change.what &= ~KIPC_CHANGE_MODE;
	if (change.uid == stat.uid)
		change.what &= ~KIPC_CHANGE_UID;
	if (change.gid == stat.gid)
		change.what &= ~KIPC_CHANGE_GID;
	return change.what ? kipc_change(handle, &change) : 0;
}

static int create(const char *address, const struct create_args *args)
{
	struct kipc_options options = KIPC_OPTIONS_INIT;
	struct kipc_info info = KIPC_INFO_INIT;
	struct kipc *handle;
	char demands[4096];
	int err;

	if (demand(demands, sizeof(demands), address, args))
		return failed("the address is too long");
	err = kipc_scheme_info(address, &info);
	if (err)
		return failed_at(address, err);
	if (!(info.can & KIPC_CAN_STAT))
		return failed("%s: only queues are made beforehand, all else by its listener",
			      address);
	/* Less the umask; the rest is granted once it has its owner */
	if (args->change.what & KIPC_CHANGE_MODE)
		options.mode = args->change.mode;
	err = kipc_listen(&handle, demands, &options);
	if (err)
		return failed_at(demands, err);
	err = adjust(handle, &args->change);
	/*
	 * The handle is not closed: with it kipc_close() would remove a queue that this
	 * handle has made, and whose mechanism is not kipc's.
	 */
	return err ? failed_at(address, err) : EXIT_OK;
}

int verb_create(int argc, char **argv)
{
	struct create_args args = { .change = KIPC_CHANGE_INIT };
	int status = parse(&args, argc, argv), i;

	if (status)
		return status < 0 ? EXIT_OK : status;
	for (i = optind; i < argc; i++)
		status |= create(argv[i], &args);
	return status;
}
