/* SPDX-License-Identifier: GPL-2.0 */
/* One run of the command of `kipcctl serve`: job.c has it, serve.c has several. */
#ifndef KIPCCTL_SERVE_H
#define KIPCCTL_SERVE_H

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "kipc.h"

/* More than this a reply has not. */
#define REPLY_MAX ((size_t)1 << 30)

/* What all runs have in common. */
struct service {
	struct kipc *handle;
	const char *address;		/* what the command is told */
	char **command;
	int64_t timeout;		/* of a run, or KIPC_FOREVER */
	sigset_t mask;			/* the signals that it starts with */
};

/*
 * A run.  It has its message from the start to the end, when that is answered or let go.
 * The message's payload is the mechanism's own memory as long.
 */
struct job {
	struct kipc_msg msg;
	pid_t pid;			/* 0: the place is free */
	int in;				/* its standard input, to write to; -1: closed */
	int out;			/* its standard output, to read from; -1: closed */
	size_t fed;			/* bytes of the request that it has */
	char *reply;
	size_t len;			/* bytes of its reply so far */
	size_t size;			/* bytes that there is room for */
	int64_t kill_at;		/* when to kill it, or KIPC_FOREVER */
	bool told;			/* it was asked to end: the next time there is no asking */
	const char *failure;		/* why it is a failure whatever its exit status is */
};

int job_start(const struct service *service, struct job *job);
void job_feed(struct job *job);
void job_drain(struct job *job);
void job_kill(struct job *job, const char *why);
bool job_end(const struct service *service, struct job *job, int status);

#endif /* KIPCCTL_SERVE_H */
