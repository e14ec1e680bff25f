// SPDX-License-Identifier: GPL-2.0
/*
 * worker: what the server and the client of a pair do
 *
 * A loop over commands.  For every one there is a function a side; before the
 * server's runs, the server answers ANSWER_READY, and only then does the parent
 * give the client its command, so the client's first message finds the server
 * receiving or about to.
 *
 * Time.  Latency: the clock runs from before the client writes its payload
 * until it holds the reply; the cost of the clock itself
 * (settings.clock_overhead_ns) is taken off each sample.  Checking the reply is
 * outside.  Throughput: from before the client's first message until the server
 * has read its last; both processes read the same CLOCK_MONOTONIC, so nothing
 * has to travel back.  Where only receiving is timed, the clock starts when all
 * messages of the run wait.
 *
 * A worker ends when its control socket does (the parent stopped it, or died),
 * and on SIGTERM, which interrupts whatever it is blocked in: the parent's
 * death sends it.  Ctrl-C is the parent's business.
 */
#include "pair.h"

#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "payload.h"

atomic_bool worker_stop;

/* The alarm ends us even when the signal came just before a blocking call. */
static void worker_on_term(int signal)
{
	(void)signal;
	worker_stop = true;
	alarm(2);
}

__printf(3, 4)
int worker_fail(struct worker *worker, int err, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(worker->answer.why, sizeof(worker->answer.why), format, args);
	va_end(args);
	return err;
}

int worker_error(struct worker *worker, const char *what, ssize_t err)
{
	return worker_fail(worker, (int)err, "%s: %s", what,
			   strerror((int)-err));
}

int worker_check_length(struct worker *worker, ssize_t got, size_t expected)
{
	if ((size_t)got == expected)
		return 0;
	return worker_fail(worker, -EBADMSG,
			   "a message of %zu bytes arrived with %zd", expected,
			   got);
}

/* Server: answer the i-th request and wait for the next one. */
static ssize_t serve_next(struct lane *lane, uint64_t answer, size_t len,
			  size_t expect, const void **data)
{
	const size_t reply_len = payload_reply_len(len);
	int err;

	if (lane->driver->reply_recv)
		return lane->driver->reply_recv(lane, &answer, reply_len,
						expect, data);
	err = lane->driver->reply(lane, &answer, reply_len);
	return err ? err : lane->driver->recv(lane, expect, data);
}

static int server_latency(struct worker *worker, const struct command *command)
{
	struct lane *lane = worker->lane;
	const size_t size = lane->size;
	const void *data;
	uint64_t i, sum;
	ssize_t n;
	int err;

	n = lane->driver->recv(lane, size, &data);
	for (i = 0;; i++) {
		if (n < 0)
			return worker_error(worker, "receiving a request", n);
		err = worker_check_length(worker, n, size);
		if (err)
			return err;
		sum = payload_sum(data, size);
		if (i + 1 == command->count)
			break;
		n = serve_next(lane, sum, size, size, &data);
	}
	err = lane->driver->reply(lane, &sum, payload_reply_len(size));
	return err ? worker_error(worker, "replying", err) : 0;
}

/* Client: the reply must be what the contract says. */
int worker_check_reply(struct worker *worker, ssize_t n, size_t len,
		       const void *reply, uint64_t expected)
{
	if (n < 0)
		return worker_error(worker, "calling", n);
	if ((size_t)n != payload_reply_len(len))
		return worker_fail(worker, -EBADMSG,
				   "a reply of %zu bytes arrived with %zd",
				   payload_reply_len(len), n);
	if (memcmp(reply, &expected, (size_t)n))
		return worker_fail(worker, -EBADMSG,
				   "the reply to %zu bytes is wrong", len);
	return 0;
}

static int client_latency(struct worker *worker, const struct command *command)
{
	const uint64_t overhead = worker->settings->clock_overhead_ns;
	struct histogram *samples = &worker->shared->samples;
	struct lane *lane = worker->lane;
	const size_t size = lane->size;
	uint64_t i, word, before, after, reply;
	ssize_t n;
	int err;

	histogram_reset(samples);
	worker->answer.from_ns = clock_now();
	for (i = 0; i < command->count; i++) {
		word = payload_word(command->seed, i);
		before = clock_now();
		payload_write(worker->source, size, word);
		n = lane->driver->call(lane, worker->source, size, &reply);
		after = clock_now();
		err = worker_check_reply(worker, n, size, &reply,
					 payload_expect(size, word));
		if (err)
			return err;
		histogram_add(samples,
			      after - before -
				      min_u64(after - before, overhead));
	}
	worker->answer.bytes = command->count * size;
	return 0;
}

/* Server: where all of a run is to wait before any is received, that is when. */
int worker_settle(struct worker *worker)
{
	struct lane *lane = worker->lane;
	int err;

	if (!lane->driver->settle)
		return 0;
	err = lane->driver->settle(lane);
	worker->answer.from_ns = clock_now();
	return err ? worker_error(worker, "waiting for the client", err) : 0;
}

static int server_stream(struct worker *worker, const struct command *command)
{
	struct lane *lane = worker->lane;
	const size_t size = lane->size;
	const void *data;
	uint64_t i, sum;
	ssize_t n;
	int err;

	err = worker_settle(worker);
	if (err)
		return err;
	for (i = 0; i < command->count; i++) {
		n = lane->driver->recv(lane, size, &data);
		if (n < 0)
			return worker_error(worker, "receiving", n);
		err = worker_check_length(worker, n, size);
		if (err)
			return err;
		sum = payload_sum(data, size);
		if (sum != payload_expect(size, payload_word(command->seed, i)))
			return worker_fail(worker, -EBADMSG,
					   "a message of %zu bytes is wrong",
					   size);
		if (lane->driver->done)
			lane->driver->done(lane);
	}
	return 0;
}

int worker_flush(struct worker *worker)
{
	struct lane *lane = worker->lane;
	int err = lane->driver->flush ? lane->driver->flush(lane) : 0;

	return err ? worker_error(worker, "sending", err) : 0;
}

static int client_stream(struct worker *worker, const struct command *command)
{
	struct lane *lane = worker->lane;
	const size_t size = lane->size;
	uint64_t i;
	int err;

	worker->answer.from_ns = clock_now();
	for (i = 0; i < command->count; i++) {
		payload_write(worker->source, size,
			      payload_word(command->seed, i));
		err = lane->driver->send(lane, worker->source, size);
		if (err)
			return worker_error(worker, "sending", err);
	}
	worker->answer.bytes = command->count * size;
	return worker_flush(worker);
}

static void *worker_map(size_t size)
{
	void *map = mmap(NULL, size, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);

	return map == MAP_FAILED ? NULL : map;
}

/* The mechanism first: it may refuse the size before memory is spent on it. */
static int worker_open(struct worker *worker, const struct command *command)
{
	struct lane *lane = worker->lane;
	int err;

	if (lane->driver->open) {
		err = lane->driver->open(lane, command->step);
		if (err && (lane->why[0] || err == -EMSGSIZE))
			return worker_fail(worker, err, "%s", lane->why);
		if (err)
			return worker_error(worker, "opening", err);
	}
	if (command->step == 0 && lane->side == SIDE_CLIENT &&
	    lane->driver->place)
		worker->source = lane->driver->place(lane);
	else if (command->step == 0)
		worker->source = worker_map(lane->size);
	if (command->step == 0 && lane->side == SIDE_SERVER)
		lane->buffer = worker_map(lane->size);
	if (!worker->source || (lane->side == SIDE_SERVER && !lane->buffer))
		return worker_fail(worker, -ENOMEM,
				   "no memory for the buffers");
	return 0;
}

typedef int (*worker_fn)(struct worker *worker, const struct command *command);

static const worker_fn worker_fns[COMMAND_COUNT][SIDE_COUNT] = {
	[COMMAND_OPEN] = { worker_open, worker_open },
	[COMMAND_VERIFY_CALLS] = { server_verify_calls, client_verify_calls },
	[COMMAND_VERIFY_STREAM] = { server_verify_stream,
				    client_verify_stream },
	[COMMAND_LATENCY] = { server_latency, client_latency },
	[COMMAND_STREAM] = { server_stream, client_stream },
};

static int worker_pin(const struct worker *worker)
{
	int cpu = worker->settings->cpus[worker->lane->side];
	cpu_set_t set;

	if (cpu < 0)
		return 0;
	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	if (sched_setaffinity(0, sizeof(set), &set) ||
	    sched_getaffinity(0, sizeof(set), &set))
		return -errno;
	return CPU_COUNT(&set) == 1 && CPU_ISSET(cpu, &set) ? 0 : -EPERM;
}

static void worker_answer(struct worker *worker, int status)
{
	int cpu = worker->settings->cpus[worker->lane->side];

	worker->answer.status = status;
	worker->answer.strayed = cpu >= 0 && sched_getcpu() != cpu;
	worker->answer.max_size = worker->lane->max_size;
	if (send(worker->control, &worker->answer, sizeof(worker->answer),
		 MSG_NOSIGNAL) < 0)
		worker_stop = true;
}

static void worker_serve(struct worker *worker)
{
	enum side side = worker->lane->side;
	struct command command;
	int status;

	while (!worker_stop && recv(worker->control, &command, sizeof(command),
				    0) == sizeof(command)) {
		memset(&worker->answer, 0, sizeof(worker->answer));
		if (side == SIDE_SERVER)
			worker_answer(worker, ANSWER_READY);
		status = worker_fns[command.op][side](worker, &command);
		worker->answer.to_ns = clock_now();
		worker_answer(worker, status);
	}
}

void worker_main(struct worker *worker)
{
	struct sigaction on_term = { .sa_handler = worker_on_term };
	struct lane *lane = worker->lane;
	sigset_t none;
	int err;

	sigaction(SIGTERM, &on_term, NULL);
	signal(SIGINT, SIG_IGN);
	signal(SIGPIPE, SIG_IGN);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	prctl(PR_SET_PDEATHSIG, SIGTERM);
	err = worker_pin(worker);
	if (err) {
		worker_error(worker, "pinning the process to its CPU", err);
		worker_answer(worker, err);
	} else if (getppid() == lane->parent) {
		worker_serve(worker);
	}
	if (worker->source &&
	    !(lane->side == SIDE_CLIENT && lane->driver->place))
		munmap(worker->source, lane->size);
	if (lane->buffer)
		munmap(lane->buffer, lane->size);
	lane->driver->close(lane);
	_exit(0);
}
