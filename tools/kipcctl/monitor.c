// SPDX-License-Identifier: GPL-2.0
/*
 * kipcctl monitor: what happens, a line each, while it happens.
 *
 * Signals are blocked but for the wait, so that none comes between looking whether one has
 * come and waiting; each line is written at once, whoever reads it.
 */
#include <errno.h>
#include <getopt.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "control.h"
#include "events.h"
#include "kipcctl.h"
#include "talk.h"

static const char text[] =
	"Usage: kipcctl monitor [OPTION]...\n"
	"Print what happens in this network namespace, a line each, until interrupted.\n\n"
	"  -o, --objects          channels, queues and endpoints that come and go\n"
	"  -t, --trouble          limits that are hit, pools that are stuck, processes that\n"
	"                         died, calls that failed; needs CAP_NET_ADMIN\n"
	"                         (default: both; without that privilege, objects)\n"
	"  -n, --name=PATTERN     only of channels and queues with a name like that, 'cam*'\n"
	"                         or 'queue:jobs'\n"
	"  -c, --count=N          end after N events\n"
	"  -T, --timeout=SECONDS  end after that time\n"
	"  -j, --json             print JSON, an object a line\n"
	"  -h, --help             this\n\n"
	"On standard error it says when it has begun to listen.\n\n"
	"Exit status: 0, ended by --count, by --timeout without --count, or by a signal; 1,\n"
	"failed, or the time was up before the N events; 2, wrong usage.\n";

struct monitor_args {
	uint32_t groups;
	const char *pattern;
	uint64_t count;		/* 0: no end */
	int64_t timeout;
	bool json;
};

/* From here on they come only where @waiting is the mask. */
static void block_signals(sigset_t *waiting)
{
	sigset_t blocked;

	catch_signals();
	sigemptyset(&blocked);
	sigaddset(&blocked, SIGINT);
	sigaddset(&blocked, SIGTERM);
	sigaddset(&blocked, SIGHUP);
	sigprocmask(SIG_BLOCK, &blocked, waiting);
}

/* EXIT_OK to go on; -1 to end well. */
static int parse(struct monitor_args *args, int argc, char **argv)
{
	static const struct option options[] = {
		{ "objects", no_argument, NULL, 'o' },
		{ "trouble", no_argument, NULL, 't' },
		{ "name", required_argument, NULL, 'n' },
		{ "count", required_argument, NULL, 'c' },
		{ "timeout", required_argument, NULL, 'T' },
		{ "json", no_argument, NULL, 'j' },
		{ "help", no_argument, NULL, 'h' },
		{ 0 },
	};
	int c, bad = 0;

	while ((c = getopt_long(argc, argv, "otn:c:T:jh", options, NULL)) != -1) {
		if (c == 'h')
			return usage(text, EXIT_OK) - 1;
		else if (c == 'o')
			args->groups |= KIPC_ADMIN_OBJECTS;
		else if (c == 't')
			args->groups |= KIPC_ADMIN_TROUBLE;
		else if (c == 'n')
			args->pattern = optarg;
		else if (c == 'c')
			bad |= count_of(optarg, &args->count);
		else if (c == 'T')
			bad |= seconds(optarg, &args->timeout);
		else if (c == 'j')
			args->json = true;
		else
			bad = 1;
	}
	return bad || optind != argc ? usage(text, EXIT_USAGE) : EXIT_OK;
}

/* What was not asked for is left out where it is not allowed; an exit status. */
static int watch(struct kipc_admin *admin, const struct monitor_args *args)
{
	uint32_t both = KIPC_ADMIN_OBJECTS | KIPC_ADMIN_TROUBLE;
	int err = kipc_admin_watch(admin, args->groups ?: both);

	if (err == -EPERM && !args->groups) {
		err = kipc_admin_watch(admin, KIPC_ADMIN_OBJECTS);
		if (!err)
			fprintf(stderr, "kipcctl: objects only: trouble needs CAP_NET_ADMIN\n");
	}
	if (err == -EPERM)
		return failed("--trouble needs CAP_NET_ADMIN (be root)");
	if (err)
		return control_failed(admin, NULL);
	fprintf(stderr, "kipcctl: listening\n");
	return EXIT_OK;
}

/* Return: 1, there is something to take; 0, the time is up or a signal has come; -errno. */
static int await(struct kipc_admin *admin, int64_t end, const sigset_t *waiting)
{
	struct pollfd poll = { .fd = kipc_admin_fd(admin), .events = POLLIN };
	int n = -1;

	while (n < 0 && !signal_caught()) {
		int64_t ns = end ? end - now() : 0;
		struct timespec left = {
			.tv_sec = ns / KIPC_S(1),
			.tv_nsec = ns % KIPC_S(1),
		};

		if (ns < 0)
			return 0;
		n = ppoll(&poll, 1, end ? &left : NULL, waiting);
		if (n < 0 && errno != EINTR)
			return -errno;
	}
	return n > 0;
}

/* One that is there; an exit status, or -1 when there is none (any more). */
static int take(struct kipc_admin *admin, const struct monitor_args *args, uint64_t *seen)
{
	struct kipc_admin_event event = { .size = sizeof(event) };
	int err = kipc_admin_event(admin, &event, KIPC_NOW);

	if (err == -EAGAIN || err == -EINTR)
		return -1;
	if (err && err != -ENOBUFS)
		return control_failed(admin, NULL);
	if (!err && args->pattern && !event_concerns(&event, args->pattern))
		return EXIT_OK;
	*seen += !err;
	if (args->json)
		return err ? lost_print_json() : event_print_json(&event);
	if (err)
		lost_print();
	else
		event_print(&event);
	return fflush(stdout) ? failed("standard output: %s", strerror(errno)) : EXIT_OK;
}

static int monitor(struct kipc_admin *admin, const struct monitor_args *args,
		   const sigset_t *waiting)
{
	int64_t end = args->timeout >= 0 ? now() + args->timeout : 0;
	int status = -1, n = 1;
	uint64_t seen = 0;

	while (status <= 0 && n > 0 && (!args->count || seen < args->count)) {
		status = take(admin, args, &seen);
		if (status < 0)
			n = await(admin, end, waiting);
		else if (signal_caught())
			n = 0;
	}
	if (status > 0)
		return status;
	if (n < 0)
		return failed("%s", strerror(-n));
	if (seen < args->count && !signal_caught())
		return failed("the time was up after %llu of %llu events",
			      (unsigned long long)seen, (unsigned long long)args->count);
	return EXIT_OK;
}

int verb_monitor(int argc, char **argv)
{
	struct monitor_args args = { .timeout = KIPC_FOREVER };
	int status = parse(&args, argc, argv);
	struct kipc_admin *admin;
	sigset_t waiting;

	if (status)
		return status < 0 ? EXIT_OK : status;
	admin = control_open();
	if (!admin)
		return EXIT_FAILED;
	block_signals(&waiting);
	status = watch(admin, &args);
	if (!status)
		status = monitor(admin, &args, &waiting);
	kipc_admin_close(admin);
	return status;
}
