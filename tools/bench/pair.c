// SPDX-License-Identifier: GPL-2.0
/*
 * pair: see pair.h
 *
 * A control socket is a SOCK_SEQPACKET pair, one for each process, so a command
 * is one message and the death of a process is end of file.  All waiting of the
 * parent happens in one ppoll(), which is also the only place where Ctrl-C gets
 * through (main.c blocks it everywhere else): there is no moment at which it
 * could be missed.
 */
#include "pair.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define STOP_GENTLY_NS	(2 * NSEC_PER_SEC)
#define STOP_BROKEN_NS	(NSEC_PER_SEC / 2)

static const char * const side_names[SIDE_COUNT] = { "server", "client" };

static struct pair *pairs_alive;

static __printf(3, 4)
int pair_fail(struct pair *pair, int err, const char *format, ...)
{
	va_list args;

	pair->broken = true;
	va_start(args, format);
	vsnprintf(pair->why, sizeof(pair->why), format, args);
	va_end(args);
	return err;
}

/* Wait until a control socket has something; @sides says of whom. */
static int pair_poll(struct pair *pair, unsigned int sides, uint64_t deadline)
{
	struct pollfd fds[SIDE_COUNT];
	struct timespec left;
	uint64_t now, ns;
	sigset_t none;
	int i, n;

	sigemptyset(&none);
	for (i = 0; i < SIDE_COUNT; i++) {
		fds[i].fd = sides & (1U << i) ? pair->children[i].control : -1;
		fds[i].events = POLLIN;
		fds[i].revents = 0;
	}
	for (;;) {
		now = clock_now();
		ns = now < deadline ? deadline - now : 0;
		left.tv_sec = (time_t)(ns / NSEC_PER_SEC);
		left.tv_nsec = (long)(ns % NSEC_PER_SEC);
		n = ppoll(fds, SIDE_COUNT, &left, &none);
		if (n > 0)
			return fds[SIDE_SERVER].revents ? SIDE_SERVER :
							  SIDE_CLIENT;
		if (n == 0)
			return -ETIMEDOUT;
		if (errno != EINTR)
			return -errno;
		if (bench_interrupted && !pair->broken)
			return -EINTR;
	}
}

/* A control socket ended: find out how its process did. */
static int pair_died(struct pair *pair, int side)
{
	struct child *child = &pair->children[side];
	int status;

	if (waitpid(child->pid, &status, 0) != child->pid)
		status = 0;
	child->pid = 0;
	if (WIFSIGNALED(status))
		return pair_fail(pair, -ECHILD, "the %s died of signal %d (%s)",
				 side_names[side], WTERMSIG(status),
				 strsignal(WTERMSIG(status)));
	return pair_fail(pair, -ECHILD, "the %s ended with status %d",
			 side_names[side], WEXITSTATUS(status));
}

/* Take the answer that poll announced. */
static int pair_take(struct pair *pair, int side)
{
	struct answer *answer = &pair->answers[side];
	ssize_t n;

	do {
		n = recv(pair->children[side].control, answer, sizeof(*answer),
			 0);
	} while (n < 0 && errno == EINTR);
	if (n != (ssize_t)sizeof(*answer))
		return pair_died(pair, side);
	pair->lane.max_size = min_u64(pair->lane.max_size, answer->max_size);
	if (answer->status < 0)
		return pair_fail(pair, answer->status, "%s: %s",
				 side_names[side], answer->why);
	return 0;
}

static int pair_silent(struct pair *pair, unsigned int sides)
{
	double seconds = (double)pair->settings->timeout_ns / NSEC_PER_SEC;
	const char *who = "either side";

	if (sides == 1U << SIDE_SERVER)
		who = "the server";
	else if (sides == 1U << SIDE_CLIENT)
		who = "the client";
	return pair_fail(pair, -ETIMEDOUT, "no answer from %s within %.3g s",
			 who, seconds);
}

static int pair_wait(struct pair *pair, unsigned int sides)
{
	uint64_t deadline = clock_now() + pair->settings->timeout_ns;
	int side, err;

	while (sides) {
		side = pair_poll(pair, sides, deadline);
		if (side == -EINTR)
			return pair_fail(pair, -EINTR, "interrupted");
		if (side == -ETIMEDOUT)
			return pair_silent(pair, sides);
		if (side < 0)
			return pair_fail(pair, side, "waiting: %s",
					 strerror(-side));
		err = pair_take(pair, side);
		if (err)
			return err;
		sides &= ~(1U << side);
	}
	return 0;
}

static int pair_tell(struct pair *pair, int side, const struct command *command)
{
	if (send(pair->children[side].control, command, sizeof(*command),
		 MSG_NOSIGNAL) < 0)
		return pair_died(pair, side);
	return 0;
}

/* The server is told, and waited for until it is ready. */
static int pair_tell_server(struct pair *pair, const struct command *command)
{
	int err;

	err = pair_tell(pair, SIDE_SERVER, command);
	if (err)
		return err;
	err = pair_wait(pair, 1U << SIDE_SERVER);
	if (!err && pair->answers[SIDE_SERVER].status != ANSWER_READY)
		return pair_fail(pair, -EPROTO,
				 "the server answered out of turn");
	return err;
}

int pair_run(struct pair *pair, const struct command *command)
{
	int err;

	err = pair_tell_server(pair, command);
	if (err)
		return err;
	err = pair_tell(pair, SIDE_CLIENT, command);
	if (err)
		return err;
	return pair_wait(pair, 1U << SIDE_SERVER | 1U << SIDE_CLIENT);
}

/*
 * Opening is the one command that the two sides carry out one after the other.
 */
static int pair_open(struct pair *pair)
{
	struct command command = { .op = COMMAND_OPEN };
	int err;

	for (command.step = 0; command.step < 2; command.step++) {
		err = pair_tell_server(pair, &command);
		if (err)
			return err;
		err = pair_wait(pair, 1U << SIDE_SERVER);
		if (err)
			return err;
		err = pair_tell(pair, SIDE_CLIENT, &command);
		if (err)
			return err;
		err = pair_wait(pair, 1U << SIDE_CLIENT);
		if (err)
			return err;
	}
	return 0;
}

/*
 * In the child: the control sockets of all other pairs are none of its
 * business.
 */
static void pairs_forget(const struct pair *except)
{
	const struct pair *pair;
	int i;

	for (pair = pairs_alive; pair; pair = pair->next)
		for (i = 0; i < SIDE_COUNT; i++)
			if (pair != except && pair->children[i].control >= 0)
				close(pair->children[i].control);
}

static int pair_fork(struct pair *pair, enum side side)
{
	struct worker worker = {
		.lane = &pair->lane,
		.settings = pair->settings,
		.shared = pair->shared,
	};
	int ends[2], i;
	pid_t pid;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends))
		return pair_fail(pair, -errno, "control socket: %s",
				 strerror(errno));
	pid = fork();
	if (pid < 0) {
		close(ends[0]);
		close(ends[1]);
		return pair_fail(pair, -errno, "fork: %s", strerror(errno));
	}
	if (!pid) {
		pairs_forget(pair);
		close(ends[0]);
		for (i = 0; i < SIDE_COUNT; i++)
			if (pair->children[i].control >= 0)
				close(pair->children[i].control);
		pair->lane.side = side;
		worker.control = ends[1];
		worker_main(&worker);
	}
	close(ends[1]);
	pair->children[side].control = ends[0];
	pair->children[side].pid = pid;
	return 0;
}

static int pair_share(struct pair *pair)
{
	void *map = mmap(NULL, sizeof(*pair->shared), PROT_READ | PROT_WRITE,
			 MAP_SHARED | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);

	if (map == MAP_FAILED)
		return pair_fail(pair, -errno, "shared memory: %s",
				 strerror(errno));
	pair->shared = map;
	return 0;
}

static int pair_prepare(struct pair *pair)
{
	struct lane *lane = &pair->lane;
	int err;

	if (!lane->driver->prepare)
		return 0;
	err = lane->driver->prepare(lane);
	if (err)
		return pair_fail(pair, err, "%s",
				 lane->why[0] ? lane->why : strerror(-err));
	return 0;
}

int pair_start(struct pair *pair, const struct driver *driver, uint64_t size,
	       const struct settings *settings)
{
	static unsigned int serial;
	enum side side;
	int err;

	memset(pair, 0, sizeof(*pair));
	pair->settings = settings;
	pair->lane.driver = driver;
	pair->lane.size = (size_t)size;
	pair->lane.serial = serial++;
	pair->lane.parent = getpid();
	pair->lane.max_size = UINT64_MAX;
	pair->lane.max_send = UINT64_MAX;
	for (side = 0; side < SIDE_COUNT; side++)
		pair->children[side].control = -1;
	pair->next = pairs_alive;
	pairs_alive = pair;
	err = pair_share(pair);
	if (!err)
		err = pair_prepare(pair);
	for (side = 0; !err && side < SIDE_COUNT; side++)
		err = pair_fork(pair, side);
	if (!err) {
		driver->close(&pair->lane); /* the children's from here on */
		err = pair_open(pair);
	}
	if (err)
		pair_stop(pair);
	return err;
}

/* Wait for a process to close its control socket; kill it when it does not. */
static void pair_reap(struct pair *pair, enum side side, uint64_t deadline)
{
	struct child *child = &pair->children[side];
	char answer[sizeof(struct answer)];

	while (child->pid && pair_poll(pair, 1U << side, deadline) >= 0)
		if (recv(child->control, answer, sizeof(answer),
			 MSG_DONTWAIT) <= 0)
			break;
	if (child->pid) {
		if (clock_now() >= deadline)
			kill(child->pid, SIGKILL);
		waitpid(child->pid, NULL, 0);
	}
	close(child->control);
	child->control = -1;
	child->pid = 0;
}

void pair_stop(struct pair *pair)
{
	uint64_t deadline =
		clock_now() + (pair->broken ? STOP_BROKEN_NS : STOP_GENTLY_NS);
	struct lane *lane = &pair->lane;
	struct pair **at;
	enum side side;

	if (!lane->driver)
		return;
	for (side = 0; side < SIDE_COUNT; side++) {
		if (pair->children[side].control >= 0)
			shutdown(pair->children[side].control, SHUT_WR);
		if (pair->children[side].pid && pair->broken)
			kill(pair->children[side].pid, SIGTERM);
	}
	pair->broken = true;	/* Ctrl-C does not cut this short */
	for (side = 0; side < SIDE_COUNT; side++)
		if (pair->children[side].control >= 0)
			pair_reap(pair, side, deadline);
	lane->driver->close(lane);
	if (lane->driver->clean)
		lane->driver->clean(lane);
	if (pair->shared)
		munmap(pair->shared, sizeof(*pair->shared));
	for (at = &pairs_alive; *at; at = &(*at)->next) {
		if (*at == pair) {
			*at = pair->next;
			break;
		}
	}
	pair->shared = NULL;
	lane->driver = NULL;
}
