/* SPDX-License-Identifier: GPL-2.0 */
/*
 * pair: the two processes that use one mechanism at one size
 *
 * kipc-bench itself never touches a mechanism that it measures.  It forks a
 * server and a client, gives each a command over a control socket, and waits
 * for the answers with a bound; a pair that breaks or stays silent is killed,
 * and kipc-bench lives.  Between two commands both processes are blocked in
 * recv() on their control sockets and cost nothing, so the pairs of all
 * mechanisms can stand side by side and be measured in turn.
 *
 * Answers are short; what is measured lies in memory that the pair shares with
 * the parent (struct pair_shared) and is the parent's to read once the client
 * has answered.
 */
#ifndef PAIR_H
#define PAIR_H

#include "driver.h"

enum command_op {
	COMMAND_OPEN,		/* driver->open(step) */
	COMMAND_VERIFY_CALLS,	/* @count verified requests and replies */
	COMMAND_VERIFY_STREAM,	/* @count verified one-way messages */
	COMMAND_LATENCY,	/* @count requests, each into the histogram */
	COMMAND_STREAM,		/* @count one-way messages, as a whole */
	COMMAND_COUNT,
};

struct command {
	uint32_t op;
	int32_t step;
	uint64_t count;
	uint64_t seed;
};

/* What a process answers: once when it is ready to receive, once when done. */
struct answer {
	int32_t status;		/* 0 or -errno; ANSWER_READY */
	int32_t strayed;	/* the process was seen on a CPU not its own */
	uint64_t max_size;
	uint64_t from_ns;	/* client, or server after settle(): when it began */
	uint64_t to_ns;		/* when the last message was dealt with */
	uint64_t bytes;		/* payload moved */
	char why[BENCH_REASON];
};

#define ANSWER_READY	1

struct pair_shared {
	struct histogram samples;
};

struct child {
	pid_t pid;		/* 0: none */
	int control;		/* the parent's end */
};

struct pair {
	struct lane lane;
	const struct settings *settings;
	struct child children[SIDE_COUNT];
	struct pair_shared *shared;
	struct answer answers[SIDE_COUNT];
	bool broken;		/* a command failed: they may be blocked */
	char why[BENCH_REASON];	/* after a failure: a sentence */
	struct pair *next;	/* all pairs that are alive */
};

/* Fork and open.  Returns 0, -EMSGSIZE (pair->lane.max_size says how much it
 * carries) or another -errno; afterwards the pair is stopped unless 0.
 */
int pair_start(struct pair *pair, const struct driver *driver, uint64_t size,
	       const struct settings *settings);

/* Have both sides carry out a command and wait for both.  After a failure the
 * pair is of no further use: stop it.  -ETIMEDOUT: it hung; -EINTR: Ctrl-C.
 */
int pair_run(struct pair *pair, const struct command *command);

/* End both processes, gently or not, reap them and remove what they left. */
void pair_stop(struct pair *pair);

/* worker.c: the life of a forked process; never returns. */
struct worker {
	struct lane *lane;
	const struct settings *settings;
	struct pair_shared *shared;
	int control;
	void *source;		/* the payload, or what to compare it with */
	struct answer answer;
};

void __noreturn worker_main(struct worker *worker);

/* Both leave a sentence in the answer and return @err. */
int __printf(3, 4) worker_fail(struct worker *worker, int err,
			       const char *format, ...);
int worker_error(struct worker *worker, const char *what, ssize_t err);
int worker_flush(struct worker *worker);
int worker_settle(struct worker *worker);

int worker_check_length(struct worker *worker, ssize_t got, size_t expected);
int worker_check_reply(struct worker *worker, ssize_t n, size_t len,
		       const void *reply, uint64_t expected);

/* verify.c */
int server_verify_calls(struct worker *worker, const struct command *command);
int client_verify_calls(struct worker *worker, const struct command *command);
int server_verify_stream(struct worker *worker, const struct command *command);
int client_verify_stream(struct worker *worker, const struct command *command);

/* Set by Ctrl-C in the parent (main.c). */
extern atomic_bool bench_interrupted;

#endif /* PAIR_H */
