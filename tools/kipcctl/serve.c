// SPDX-License-Identifier: GPL-2.0
/*
 * kipcctl serve: a server made of a command, which is run once for each call (job.c).
 *
 * One loop waits for everything at once: calls, as long as there is a free place; the
 * pipes of the commands that run; their ends and the user's signals, by a signalfd; and
 * their time.  While no place is free no call is received: they wait where the mechanism
 * keeps them.
 */
#include <errno.h>
#include <getopt.h>
#include <limits.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "human.h"
#include "kipcctl.h"
#include "serve.h"
#include "talk.h"

static const char text[] =
	"Usage: kipcctl serve [OPTION]... ADDRESS [--] COMMAND [ARGUMENT]...\n"
	"Listen at ADDRESS, and run COMMAND for each call: the request is its standard\n"
	"input, and its standard output the reply.  If it fails, its caller gets no reply\n"
	"but an error.  It finds in its environment KIPC_ADDRESS, KIPC_KIND (call, or send\n"
	"for a one-way message, whose output goes to standard output), and where they are\n"
	"known KIPC_PEER_PID, _UID, _GID, _ADDRESS, KIPC_TYPE and KIPC_PRIO.\n\n"
	"  -J, --jobs=N           run up to N at once (default: 1)\n"
	"  -1, --once             serve one call, and end\n"
	"  -c, --count=N          serve N calls, and end\n"
	"  -t, --timeout=SECONDS  kill COMMAND after so long (default: never)\n"
	"  -m, --mode=MODE        who may connect, octal (default: 0600)\n"
	"  -h, --help             this\n\n"
	"A first SIGINT, SIGTERM or SIGHUP ends it when the commands that run have ended;\n"
	"a second one kills these.  One that is ignored at its start (nohup) stays so.\n\n"
	"Exit status: 0, ended by a signal, or all of N calls were served well; 1, failed,\n"
	"or of N calls one; 2, wrong usage.\n";

#define JOBS_MAX 4096

/* The longest that a last client may take to have its reply. */
#define LINGER KIPC_S(5)

/* So much is received before the signals and the commands have their turn again. */
#define AT_ONCE 64

/* Larger replies on cma: stay in the server's memory until they are fetched. */
#define CMA_KEEPS (128 * 1024)

struct serve_args {
	uint64_t jobs;
	uint64_t count;		/* 0: no end */
	mode_t mode;		/* 0: the mechanism's default */
	const char *address;
	char **command;
	int64_t timeout;
};

struct server {
	struct service service;
	struct job *jobs;
	struct pollfd *polls;	/* the mechanism, the signals, and two a job */
	size_t places;
	size_t running;
	uint64_t left;		/* calls still to be received */
	bool bounded;		/* @left counts */
	bool ending;		/* no more calls */
	bool asked;		/* by a signal, to end */
	bool busy;		/* the mechanism gives no further one before an answer */
	bool single;		/* it has one client, and is hung up with it (pty:) */
	bool hung_up;
	size_t keeps;		/* larger replies end with it, if nobody took them (pty:, cma:) */
	int64_t linger_until;	/* for the process @last to take its own; 0: no longer */
	pid_t last;
	int signals;		/* a signalfd */
	int status;
};

static int parse_option(struct serve_args *args, int c)
{
	switch (c) {
	case 'J':
		return number_of(optarg, JOBS_MAX, &args->jobs) || !args->jobs;
	case '1':
		args->count = 1;
		return 0;
	case 'c':
		return count_of(optarg, &args->count);
	case 't':
		return seconds(optarg, &args->timeout);
	case 'm':
		return mode_number(optarg, &args->mode) || !args->mode;
	default:
		return -1;
	}
}

/* EXIT_OK to go on; -1 to end well. */
static int parse(struct serve_args *args, int argc, char **argv)
{
	static const struct option options[] = {
		{ "jobs", required_argument, NULL, 'J' },
		{ "once", no_argument, NULL, '1' },
		{ "count", required_argument, NULL, 'c' },
		{ "timeout", required_argument, NULL, 't' },
		{ "mode", required_argument, NULL, 'm' },
		{ "help", no_argument, NULL, 'h' },
		{ 0 },
	};
	int c;

	/* Those of the command are its own, and those after the address still ours */
	while ((c = getopt_long(argc, argv, "+J:1c:t:m:h", options, NULL)) != -1) {
		if (c == 'h')
			return usage(text, EXIT_OK) - 1;
		if (parse_option(args, c))
			return usage(text, EXIT_USAGE);
	}
	if (optind >= argc)
		return usage(text, EXIT_USAGE);
	args->address = argv[optind++];
	while ((c = getopt_long(argc, argv, "+J:1c:t:m:h", options, NULL)) != -1)
		if (c == 'h' || parse_option(args, c))
			return usage(text, c == 'h' ? EXIT_OK : EXIT_USAGE) - (c == 'h');
	args->command = argv + optind;
	return optind < argc ? EXIT_OK : usage(text, EXIT_USAGE);
}

/* ---- the loop's parts ---- */

static int open_it(struct server *server, const struct serve_args *args)
{
	struct kipc_options options = KIPC_OPTIONS_INIT;
	struct kipc_info info = KIPC_INFO_INIT;
	mode_t mask = 0;
	int err;

	options.mode = args->mode;
	/* What was asked for is what they get; the command's files have the usual mask */
	if (args->mode)
		mask = umask(0);
	err = kipc_listen(&server->service.handle, args->address, &options);
	if (args->mode)
		umask(mask);
	if (!err && !kipc_info(server->service.handle, &info)) {
		server->single = !strcmp(info.scheme, "pty");
		server->keeps = server->single ? 0 :
				!strcmp(info.scheme, "cma") ? CMA_KEEPS : SIZE_MAX;
	}
	return err;
}

static bool wants_calls(const struct server *server)
{
	return !server->ending && !server->busy && !server->hung_up;
}

/* Enough was served, and the last client is to take its reply yet. */
static bool lingers(const struct server *server)
{
	return server->ending && !server->running && !server->asked && server->linger_until;
}

static struct job *free_place(struct server *server)
{
	size_t i;

	for (i = 0; i < server->places; i++)
		if (!server->jobs[i].pid)
			return &server->jobs[i];
	return NULL;
}

/* What was received is to be served: run the command for it. */
static void serve(struct server *server, struct job *job)
{
	struct service *service = &server->service;
	int err;

	if (server->bounded && !--server->left)
		server->ending = true;
	err = job_start(service, job);
	if (!err) {
		server->running++;
		return;
	}
	kipc_release(&job->msg);
	failed("%s: %s", service->command[0], strerror(-err));
	if (server->bounded)
		server->status = EXIT_FAILED;
}

/* Is that an error of one message or client only, and the next may be there already? */
static bool passes(int err)
{
	return err == -EPROTO || err == -EINTR || err == -ECONNRESET;
}

/*
 * Enough was served, but where the server's end takes replies with it the last client is
 * to have its own first: until it goes, what else is called is refused.
 */
static void linger(struct server *server)
{
	struct kipc *handle = server->service.handle;
	struct kipc_msg msg;
	unsigned int i;
	ssize_t n = 0;

	for (i = 0; i < AT_ONCE && (n >= 0 || passes((int)n)); i++) {
		n = kipc_recv(handle, &msg, KIPC_NOW);
		if (n >= 0)
			kipc_release(&msg);
	}
	if ((n < 0 && n != -EAGAIN && !passes((int)n)) || now() >= server->linger_until ||
	    (server->last && kill(server->last, 0) && errno == ESRCH))
		server->linger_until = 0;
}

/* A terminal whose client has closed: there is a new one for the next. */
static void open_again(struct server *server, const struct serve_args *args)
{
	int err;

	kipc_close(server->service.handle);
	server->service.handle = NULL;
	server->hung_up = false;
	err = open_it(server, args);
	if (!err)
		return;
	server->status = failed_at(args->address, err);
	server->ending = true;
}

/* What receiving failed with, and whether there is more to receive now. */
static bool receive_failed(struct server *server, int err)
{
	if (err == -EPROTO)
		failed_at(server->service.address, err);
	if (passes(err))
		return true;
	switch (err) {
	case -EAGAIN:
		return false;
	case -EDEADLK:
		server->busy = server->running;
		if (server->busy)
			return false;
		break;
	case -EPIPE:
		server->hung_up = server->single;
		if (server->hung_up)
			return false;
		break;
	}
	server->status = failed_at(server->service.address, err);
	server->ending = true;
	return false;
}

/*
 * Receive as long as there are calls and places, but not for ever: what makes no sense takes
 * no place, and may come faster than it is thrown away.
 */
static void receive(struct server *server)
{
	unsigned int i;
	struct job *job;
	ssize_t n;

	for (i = 0; i < AT_ONCE && wants_calls(server) && (job = free_place(server)); i++) {
		n = kipc_recv(server->service.handle, &job->msg, KIPC_NOW);
		if (n >= 0)
			serve(server, job);
		else if (!receive_failed(server, (int)n))
			return;
	}
}

/* Has it?  If it was killed, then with all of its group. */
static bool has_ended(const struct job *job)
{
	siginfo_t info = { .si_pid = 0 };

	if (waitid(P_PID, (id_t)job->pid, &info, WEXITED | WNOHANG | WNOWAIT) ||
	    info.si_pid != job->pid)
		return false;
	if (job->told)
		kill(-job->pid, SIGKILL);
	return true;
}

static void reap_one(struct server *server, struct job *job)
{
	int status;

	/* Its number is its own until now, and with it its group's */
	waitpid(job->pid, &status, 0);
	server->last = job->msg.known & KIPC_KNOWN_PEER ? job->msg.pid : 0;
	if (!job_end(&server->service, job, status) && server->bounded)
		server->status = EXIT_FAILED;
	if (job->len > server->keeps)
		server->linger_until = now() + LINGER;
	server->running--;
	server->busy = false;
}

static void reap(struct server *server)
{
	size_t i;

	for (i = 0; i < server->places; i++)
		if (server->jobs[i].pid && has_ended(&server->jobs[i]))
			reap_one(server, &server->jobs[i]);
}

static void kill_all(struct server *server)
{
	size_t i;

	for (i = 0; i < server->places; i++)
		if (server->jobs[i].pid)
			job_kill(&server->jobs[i], "killed at the user's wish");
}

/* It cannot go on: none of what runs is left behind. */
static void give_up(struct server *server, const char *why)
{
	size_t i;

	for (i = 0; i < server->places; i++) {
		if (!server->jobs[i].pid)
			continue;
		job_kill(&server->jobs[i], "killed: the server cannot go on");
		job_kill(&server->jobs[i], NULL);
		reap_one(server, &server->jobs[i]);
	}
	server->status = failed("poll: %s", why);
}

/* An end of a command, or the user's wish to end. */
static void hear_signals(struct server *server)
{
	struct signalfd_siginfo info;

	while (read(server->signals, &info, sizeof(info)) == sizeof(info)) {
		if (info.ssi_signo == SIGCHLD)
			continue;
		if (server->asked)
			kill_all(server);
		else if (server->running)
			failed("%zu still running; a second signal kills", server->running);
		server->asked = true;
		server->ending = true;
	}
	reap(server);
}

static void kill_late(struct server *server)
{
	size_t i;

	for (i = 0; i < server->places; i++) {
		struct job *job = &server->jobs[i];

		if (job->pid && job->kill_at != KIPC_FOREVER && now() >= job->kill_at)
			job_kill(job, job->failure ? NULL : "killed: its time was up");
	}
}

/* The time to wait in ms for poll(), the shorter of @wait and @until's distance. */
static int sooner(int wait, int64_t nanoseconds)
{
	int64_t ms = nanoseconds <= 0 ? 0 : (nanoseconds + 999999) / 1000000;

	if (ms > INT_MAX)
		ms = INT_MAX;
	return wait < 0 || ms < wait ? (int)ms : wait;
}

/* What to wait for: the mechanism only where there is a place. */
static int prepare(struct server *server)
{
	struct kipc_events events = KIPC_EVENTS_INIT;
	struct pollfd *polls = server->polls;
	int wait = -1;
	size_t i;

	polls[0] = (struct pollfd){ .fd = -1 };
	if (((wants_calls(server) && free_place(server)) || lingers(server)) &&
	    !kipc_events(server->service.handle, KIPC_WANT_RECV, &events)) {
		polls[0] = (struct pollfd){ .fd = events.fd, .events = (short)events.events };
		if (events.timeout != KIPC_FOREVER)
			wait = sooner(wait, events.timeout);
	}
	if (lingers(server))
		wait = sooner(wait, server->last ? KIPC_MS(20) : server->linger_until - now());
	polls[1] = (struct pollfd){ .fd = server->signals, .events = POLLIN };
	for (i = 0; i < server->places; i++) {
		struct job *job = &server->jobs[i];

		polls[2 + 2 * i] = (struct pollfd){ .fd = job->pid ? job->in : -1,
						    .events = POLLOUT };
		polls[3 + 2 * i] = (struct pollfd){ .fd = job->pid ? job->out : -1,
						    .events = POLLIN };
		if (job->pid && job->kill_at != KIPC_FOREVER)
			wait = sooner(wait, job->kill_at - now());
	}
	return wait;
}

static void run(struct server *server, const struct serve_args *args)
{
	size_t i;

	for (;;) {
		int wait;

		receive(server);
		if (server->hung_up && !server->running && !server->ending)
			open_again(server, args);
		if (lingers(server))
			linger(server);
		if (server->ending && !server->running && !lingers(server))
			return;
		wait = prepare(server);
		if (poll(server->polls, 2 + 2 * server->places, wait) < 0 && errno != EINTR) {
			give_up(server, strerror(errno));
			return;
		}
		for (i = 0; i < server->places; i++) {
			if (server->polls[2 + 2 * i].revents)
				job_feed(&server->jobs[i]);
			if (server->polls[3 + 2 * i].revents)
				job_drain(&server->jobs[i]);
		}
		hear_signals(server);
		kill_late(server);
	}
}

/* ---- its beginning and its end ---- */

/*
 * The signals come by a descriptor, and so does the end of a child: that must not have
 * been set to be ignored, or nobody would be told.
 */
static int watch_signals(struct server *server)
{
	sigset_t set;

	ending_signals(&set);
	sigaddset(&set, SIGCHLD);
	signal(SIGCHLD, SIG_DFL);
	signal(SIGPIPE, SIG_IGN);
	sigprocmask(SIG_BLOCK, &set, &server->service.mask);
	server->signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	return server->signals < 0 ? -errno : 0;
}

static bool can_run(const char *path)
{
	struct stat st;

	return !stat(path, &st) && S_ISREG(st.st_mode) && !access(path, X_OK);
}

/* Better said now than to the first caller. */
static bool find_command(const char *command)
{
	char path[PATH_MAX], *list, *state = NULL, *dir;
	const char *search = getenv("PATH");
	bool found = false;

	if (strchr(command, '/'))
		return can_run(command);
	list = strdup(search ? search : "/bin:/usr/bin");
	for (dir = list ? strtok_r(list, ":", &state) : NULL; dir && !found;
	     dir = strtok_r(NULL, ":", &state)) {
		snprintf(path, sizeof(path), "%s/%s", dir, command);
		found = can_run(path);
	}
	free(list);
	return found;
}

/* Where the kernel chose the port, nobody would know it otherwise. */
static const char *name_itself(const struct server *server, const char *address, char *buf)
{
	if (kipc_local_address(server->service.handle, buf, KIPC_ADDRESS_SIZE))
		return address;
	if (strncmp(address, "tcp:", 4) && strncmp(address, "udp:", 4))
		return address;
	if (!strncmp(address, buf, strlen(buf)))
		return address;
	fprintf(stderr, "kipcctl: serving %s\n", buf);
	return buf;
}

static int serve_at(struct server *server, const struct serve_args *args)
{
	char name[KIPC_ADDRESS_SIZE];
	int err = open_it(server, args);

	if (err)
		return failed_at(args->address, err);
	server->service.address = name_itself(server, args->address, name);
	run(server, args);
	kipc_close(server->service.handle);
	return server->status;
}

int verb_serve(int argc, char **argv)
{
	struct serve_args args = { .jobs = 1, .timeout = KIPC_FOREVER };
	int status = parse(&args, argc, argv), err;
	struct server server = { .status = EXIT_OK };

	if (status)
		return status < 0 ? EXIT_OK : status;
	if (!find_command(args.command[0]))
		return failed("%s: no such command", args.command[0]);
	server.service.command = args.command;
	server.service.timeout = args.timeout;
	server.places = args.jobs;
	server.left = args.count;
	server.bounded = args.count;
	server.jobs = calloc(server.places, sizeof(*server.jobs));
	server.polls = calloc(2 + 2 * server.places, sizeof(*server.polls));
	if (!server.jobs || !server.polls) {
		status = failed("out of memory");
	} else {
		err = watch_signals(&server);
		status = err ? failed("signalfd: %s", strerror(-err)) :
			       serve_at(&server, &args);
	}
	free(server.polls);
	free(server.jobs);
	return status;
}
