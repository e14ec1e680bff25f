// SPDX-License-Identifier: GPL-2.0
/*
 * kipcctl monitor: what happens, a line each, while it happens.
 *
 * Signals are blocked from looking whether one has come to the end of a wait, so that none
 * comes between these.  However fast events come, and however slowly they are read, signals
 * and the time are looked at after each; a line is written, at once, when there is room.
 */
#include <errno.h>
#include <getopt.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdio_ext.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

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

struct monitor {
	struct kipc_admin *admin;
	const struct monitor_args *args;
	int64_t end;		/* of CLOCK_MONOTONIC; 0: none */
	uint64_t seen;
};

/* @before is the mask that lets them come. */
static void block_signals(sigset_t *before)
{
	sigset_t blocked;

	sigemptyset(&blocked);
	sigaddset(&blocked, SIGINT);
	sigaddset(&blocked, SIGTERM);
	sigaddset(&blocked, SIGHUP);
	sigprocmask(SIG_BLOCK, &blocked, before);
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

static bool is_over(const struct monitor *monitor)
{
	return signal_caught() || (monitor->end && now() >= monitor->end);
}

/* Until @fd is ready, or it is over; an exit status. */
static int await(const struct monitor *monitor, int fd, short events)
{
	struct pollfd poll = { .fd = fd, .events = events };
	sigset_t before;
	int n = 0;

	block_signals(&before);
	while (!n && !is_over(monitor)) {
		int64_t ns = monitor->end - now();
		struct timespec left = { 0 };

		if (ns > 0) {
			left.tv_sec = ns / KIPC_S(1);
			left.tv_nsec = ns % KIPC_S(1);
		}
		n = ppoll(&poll, 1, monitor->end ? &left : NULL, &before);
		if (n < 0 && errno == EINTR)
			n = 0;
	}
	sigprocmask(SIG_SETMASK, &before, NULL);
	return n < 0 ? failed("%s", strerror(errno)) : EXIT_OK;
}

static int print(const struct monitor *monitor, const struct kipc_admin_event *event)
{
	if (monitor->args->json)
		return event ? event_print_json(event) : lost_print_json();
	if (event)
		event_print(event);
	else
		lost_print();
	return fflush(stdout) ? failed("standard output: %s", strerror(errno)) : EXIT_OK;
}

/* A pipe that has room at all has it for a line; @event: NULL, some were lost. */
static int write_line(struct monitor *monitor, const struct kipc_admin_event *event)
{
	int status = await(monitor, STDOUT_FILENO, POLLOUT);

	if (status || is_over(monitor))
		return status;
	status = print(monitor, event);
	if (status && signal_caught()) {
		/* It has interrupted this: what is left would be waited for at the end */
		__fpurge(stdout);
		return EXIT_OK;
	}
	if (!status && event)
		monitor->seen++;
	return status;
}

/* The next, or wait for it; an exit status. */
static int take(struct monitor *monitor)
{
	const char *pattern = monitor->args->pattern;
	struct kipc_admin_event event = { .size = sizeof(event) };
	int err = kipc_admin_event(monitor->admin, &event, KIPC_NOW);

	if (err == -EINTR)
		return EXIT_OK;
	if (err == -EAGAIN)
		return await(monitor, kipc_admin_fd(monitor->admin), POLLIN);
	if (err == -ENOBUFS)
		return write_line(monitor, NULL);
	if (err)
		return control_failed(monitor->admin, NULL);
	if (pattern && !event_concerns(&event, pattern))
		return EXIT_OK;
	return write_line(monitor, &event);
}

static int run(struct monitor *monitor)
{
	uint64_t count = monitor->args->count;
	int status = EXIT_OK;

	while (!status && !is_over(monitor) && (!count || monitor->seen < count))
		status = take(monitor);
	if (!status && monitor->seen < count && !signal_caught())
		return failed("the time was up after %llu of %llu events",
			      (unsigned long long)monitor->seen, (unsigned long long)count);
	return status;
}

int verb_monitor(int argc, char **argv)
{
	struct monitor_args args = { .timeout = KIPC_FOREVER };
	struct monitor monitor = { .args = &args };
	int status = parse(&args, argc, argv);
	sigset_t before;

	if (status)
		return status < 0 ? EXIT_OK : status;
	monitor.admin = control_open();
	if (!monitor.admin)
		return EXIT_FAILED;
	catch_signals();
	block_signals(&before);
	status = watch(monitor.admin, &args);
	sigprocmask(SIG_SETMASK, &before, NULL);
	if (args.timeout >= 0)
		monitor.end = now() + args.timeout;
	if (!status)
		status = run(&monitor);
	kipc_admin_close(monitor.admin);
	return status;
}
