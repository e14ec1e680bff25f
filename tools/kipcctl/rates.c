// SPDX-License-Identifier: GPL-2.0
/*
 * kipcctl top: how much has happened on each channel and queue from one look to the next.
 *
 * Ids go round slowly, so one that is there in both looks is the same object; and what its
 * counter says less than before is another one all the same.  One that is new did all that
 * it has done since the last look.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "control.h"
#include "kipcctl.h"
#include "rates.h"
#include "table.h"

static struct sample *add(struct look *look, const char *scheme, const char *name, uint32_t id)
{
	struct sample *sample;
	int n;

	look->samples = grown(look->samples, look->count, &look->room, sizeof(*look->samples));
	sample = &look->samples[look->count++];
	*sample = (struct sample){ .id = id };
	if (*name)
		n = asprintf(&sample->name, "%s:%s", scheme, name);
	else
		n = asprintf(&sample->name, "%s %u", scheme, id);
	if (n < 0)
		exit(failed("out of memory"));
	return sample;
}

static int each_channel(const struct kipc_admin_channel *channel, void *context)
{
	struct sample *sample = add(context, "channel", channel->name, channel->id);

	sample->messages = channel->messages;
	sample->bytes = channel->bytes;
	sample->failed = channel->failed;
	sample->waiting = channel->server.queued;
	sample->held = channel->server.held;
	sample->oldest_ns = oldest_ns(&channel->server);
	sample->users = channel->clients;
	sample->server = channel->server.pid;
	return 0;
}

static int each_queue(const struct kipc_admin_queue *queue, void *context)
{
	struct sample *sample = add(context, "queue", queue->name, queue->id);

	sample->is_queue = 1;
	sample->messages = queue->sent;
	sample->taken = queue->received;
	sample->waiting = queue->msgs;
	return 0;
}

static int by_id(const void *a, const void *b)
{
	const struct sample *one = a, *other = b;

	if (one->is_queue != other->is_queue)
		return one->is_queue ? 1 : -1;
	return (one->id > other->id) - (one->id < other->id);
}

/* 0 or -errno; free it in any case. */
int look(struct kipc_admin *admin, struct look *look)
{
	int err;

	*look = (struct look){
		.time = now(),
		.stats.size = sizeof(look->stats),
	};
	err = kipc_admin_stats(admin, &look->stats);
	if (!err)
		err = kipc_admin_channels(admin, each_channel, look);
	if (!err)
		err = kipc_admin_queues(admin, each_queue, look);
	if (look->count)
		qsort(look->samples, look->count, sizeof(*look->samples), by_id);
	return err;
}

void look_free(struct look *look)
{
	size_t i;

	for (i = 0; i < look->count; i++)
		free(look->samples[i].name);
	free(look->samples);
	look->samples = NULL;
	look->count = 0;
	look->room = 0;
}

static double seconds_between(const struct look *before, const struct look *after)
{
	int64_t ns = after->time - before->time;

	return (double)(ns > 0 ? ns : 1) / 1e9;
}

/* In a second.  A counter that says less than before has begun anew: nobody knows how much. */
static double grown_by(uint64_t before, uint64_t after, double s)
{
	return after < before ? 0 : (double)(after - before) / s;
}

static struct rate rate_of(const struct sample *before, const struct sample *after, double s)
{
	static const struct sample nothing;

	if (!before || after->messages < before->messages || after->taken < before->taken)
		before = &nothing;
	return (struct rate){
		.sample = after,
		.messages = grown_by(before->messages, after->messages, s),
		.taken = grown_by(before->taken, after->taken, s),
		.bytes = grown_by(before->bytes, after->bytes, s),
		.failed = grown_by(before->failed, after->failed, s),
	};
}

static int compare(const void *a, const void *b, void *order)
{
	const struct rate *one = a, *other = b;
	double difference = 0;

	switch (*(enum rate_order *)order) {
	case BY_MESSAGES:
		difference = other->messages + other->taken - one->messages - one->taken;
		break;
	case BY_BYTES:
		difference = other->bytes - one->bytes;
		break;
	case BY_FAILURES:
		difference = other->failed - one->failed;
		break;
	case BY_WAITING:
		difference = (double)(other->sample->waiting + other->sample->held) -
			     (double)(one->sample->waiting + one->sample->held);
		break;
	case BY_NAME:
		break;
	}
	if (difference > 0 || difference < 0)
		return difference > 0 ? 1 : -1;
	return strverscmp(one->sample->name, other->sample->name);
}

/* One for each of @after's, which it points into; the caller's to free. */
struct rate *rates_of(const struct look *before, const struct look *after, enum rate_order order)
{
	double s = seconds_between(before, after);
	struct rate *rates = calloc(after->count + 1, sizeof(*rates));
	size_t i;

	if (!rates)
		exit(failed("out of memory"));
	for (i = 0; i < after->count; i++) {
		const struct sample *last = NULL;

		if (before->count)
			last = bsearch(&after->samples[i], before->samples, before->count,
				       sizeof(*before->samples), by_id);
		rates[i] = rate_of(last, &after->samples[i], s);
	}
	qsort_r(rates, after->count, sizeof(*rates), compare, &order);
	return rates;
}

/* Of the namespace, those that are gone included */
struct rate rate_of_all(const struct look *before, const struct look *after)
{
	const struct kipc_admin_stats *a = &before->stats, *b = &after->stats;
	double s = seconds_between(before, after);

	return (struct rate){
		.messages = grown_by(a->messages, b->messages, s) + grown_by(a->sent, b->sent, s),
		.taken = grown_by(a->received, b->received, s),
		.bytes = grown_by(a->bytes, b->bytes, s),
		.failed = grown_by(a->failed, b->failed, s),
	};
}
