/* SPDX-License-Identifier: GPL-2.0 */
/* kipcctl top: how much has happened on each channel and queue from one look to the next. */
#ifndef KIPCCTL_RATES_H
#define KIPCCTL_RATES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "kipc_admin.h"

/* Of a channel or queue, at one look; those that only grow are what a rate is made of. */
struct sample {
	char *name;		/* with its scheme; a queue without one: its id */
	uint32_t id;
	uint32_t is_queue;
	uint64_t messages;	/* carried; sent to a queue */
	uint64_t taken;		/* received from a queue */
	uint64_t bytes;
	uint64_t failed;
	uint64_t waiting;
	uint64_t held;
	uint64_t oldest_ns;
	uint32_t users;		/* clients */
	pid_t server;
};

struct look {
	struct sample *samples;	/* by is_queue, then id */
	size_t count;
	size_t room;
	int64_t time;		/* when it began, CLOCK_MONOTONIC */
	struct kipc_admin_stats stats;
};

/* In a second */
struct rate {
	const struct sample *sample;
	double messages;
	double taken;
	double bytes;
	double failed;
};

enum rate_order {
	BY_MESSAGES,
	BY_BYTES,
	BY_FAILURES,
	BY_WAITING,
	BY_NAME,
};

int look(struct kipc_admin *admin, struct look *look);
void look_free(struct look *look);
struct rate *rates_of(const struct look *before, const struct look *after,
		      enum rate_order order);
struct rate rate_of_all(const struct look *before, const struct look *after);

#endif /* KIPCCTL_RATES_H */
