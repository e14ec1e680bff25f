// SPDX-License-Identifier: GPL-2.0
/* Survey: see survey.h for what it is. */
#include "channel.h"
#include "endpoint.h"
#include "survey.h"

static u32 kipc_survey_object_locked(struct kipc_endpoint *ep)
{
	struct kipc_channel *channel = ep->channel;

	if (kipc_endpoint_role(ep) == KIPC_ROLE_SERVER)
		return ep->id;
	return channel->server ? channel->server->id : 0;
}

/**
 * kipc_survey_object() - what an endpoint belongs to
 * @ep:		the endpoint, pinned
 *
 * Return: id of its channel or queue; 0, none (any more).
 */
u32 kipc_survey_object(struct kipc_endpoint *ep)
{
	u32 object;

	switch (kipc_endpoint_role(ep)) {
	case KIPC_ROLE_SERVER:
	case KIPC_ROLE_CLIENT:
		spin_lock(&ep->channel->lock);
		object = kipc_survey_object_locked(ep);
		spin_unlock(&ep->channel->lock);
		return object;
	case KIPC_ROLE_QUEUE:
		return ep->queue->id;
	default:
		return 0;
	}
}

/* How long ago the first message that waits was made. */
static u64 kipc_survey_queued_ns(struct kipc_inbox *inbox)
{
	const struct kipc_message *msg = kipc_inbox_first(inbox);
	u64 now = ktime_get_coarse_ns();

	return msg && now > msg->time ? now - msg->time : 0;
}

static void kipc_survey_inbox_locked(struct kipc_endpoint *ep, struct kipc_endpoint_survey *survey)
{
	const struct kipc_message *oldest = kipc_inbox_oldest(&ep->inbox);

	survey->role = kipc_endpoint_role(ep);
	survey->name = ep->channel->name.text;
	survey->object = kipc_survey_object_locked(ep);
	survey->info.role = survey->role;
	kipc_channel_info_locked(ep, &survey->info);
	survey->queued_ns = kipc_survey_queued_ns(&ep->inbox);
	survey->oldest = oldest ? oldest->id : 0;
	survey->receivers = kipc_waiters_count(&ep->inbox.receivers);
	survey->senders = kipc_waiters_count(&ep->inbox.senders);
}

/**
 * kipc_survey_endpoint() - how an endpoint is
 * @ep:		the endpoint, pinned
 * @survey:	written
 */
void kipc_survey_endpoint(struct kipc_endpoint *ep, struct kipc_endpoint_survey *survey)
{
	memset(survey, 0, sizeof(*survey));
	survey->role = kipc_endpoint_role(ep);
	switch (survey->role) {
	case KIPC_ROLE_SERVER:
	case KIPC_ROLE_CLIENT:
		spin_lock(&ep->channel->lock);
		kipc_survey_inbox_locked(ep, survey);
		spin_unlock(&ep->channel->lock);
		break;
	case KIPC_ROLE_QUEUE:
		survey->object = ep->queue->id;
		if (READ_ONCE(ep->queue->name.registered))
			survey->name = ep->queue->name.text;
		break;
	}
}

/**
 * kipc_survey_channel() - how a channel is, and its server
 * @server:	that, pinned
 * @survey:	written
 */
void kipc_survey_channel(struct kipc_endpoint *server, struct kipc_channel_survey *survey)
{
	struct kipc_channel *channel = server->channel;

	memset(survey, 0, sizeof(*survey));
	spin_lock(&channel->lock);
	survey->access = channel->name.access;
	survey->record = channel->record;
	kipc_survey_inbox_locked(server, &survey->server);
	spin_unlock(&channel->lock);
}

/**
 * kipc_survey_done() - what a channel has done
 * @server:	its server, pinned
 * @done:	that is added to it
 */
void kipc_survey_done(struct kipc_endpoint *server, struct kipc_totals *done)
{
	struct kipc_channel *channel = server->channel;

	spin_lock(&channel->lock);
	done->messages += channel->record.last_id;
	done->bytes += channel->record.bytes;
	spin_unlock(&channel->lock);
}

static void kipc_survey_message(const struct kipc_message *msg, struct kipc_held *held)
{
	*held = (struct kipc_held){
		.id = msg->id,
		.kind = msg->kind,
		.peer = msg->peer,
		.sender = msg->sender,
		.len = msg->len,
		.held_ns = kipc_message_held_ns(msg),
		.awaited = msg->call || kipc_message_is_async_call(msg),
	};
	get_pid(held->sender.pid);
}

/**
 * kipc_survey_held() - the messages that an endpoint has held longest
 * @ep:		a server or client, pinned
 * @held:	written; each @sender is the caller's to forget
 * @max:	room in it
 *
 * Return: how many.
 */
unsigned int kipc_survey_held(struct kipc_endpoint *ep, struct kipc_held *held, unsigned int max)
{
	struct kipc_inbox *inbox = &ep->inbox;
	struct rb_node *node;
	unsigned int n = 0;

	spin_lock(&ep->channel->lock);
	for (node = rb_first(&inbox->held); node && n < max; node = rb_next(node))
		kipc_survey_message(rb_entry(node, struct kipc_message, node), &held[n++]);
	if (inbox->recent && n < max)
		kipc_survey_message(inbox->recent, &held[n++]);
	spin_unlock(&ep->channel->lock);
	return n;
}

/**
 * kipc_survey_queue() - how a queue is
 * @queue:	the queue, pinned
 * @survey:	written; kipc_survey_queue_end() must follow
 */
void kipc_survey_queue(struct kipc_queue *queue, struct kipc_queue_survey *survey)
{
	survey->name = READ_ONCE(queue->name.registered) ? queue->name.text : NULL;
	spin_lock(&queue->lock);
	survey->access = queue->name.access;
	survey->bounds = queue->bounds;
	survey->record = queue->record;
	survey->msgs = queue->store.count;
	survey->bytes = queue->store.bytes;
	survey->senders = kipc_waiters_count(&queue->senders);
	survey->receivers = kipc_waiters_count(&queue->receivers);
	get_pid(survey->record.sender);
	get_pid(survey->record.receiver);
	spin_unlock(&queue->lock);
}

void kipc_survey_queue_end(struct kipc_queue_survey *survey)
{
	put_pid(survey->record.sender);
	put_pid(survey->record.receiver);
}

static void kipc_survey_add_queue(struct kipc_queue *queue, struct kipc_totals *done)
{
	spin_lock(&queue->lock);
	done->sent += queue->record.sent;
	done->received += queue->record.received;
	spin_unlock(&queue->lock);
}

static void kipc_survey_add_endpoint(struct kipc_endpoint *ep, struct kipc_totals_survey *survey)
{
	switch (kipc_endpoint_role(ep)) {
	case KIPC_ROLE_SERVER:
		kipc_survey_done(ep, &survey->done);
		survey->channels++;
		fallthrough;
	case KIPC_ROLE_CLIENT:
		survey->memory += kipc_memory_taken(&ep->inbox.memory);
	}
}

/* Return: which state of the tables the sum is of, if that is still theirs. */
static u32 kipc_survey_sum(struct net *net, struct kipc_totals_survey *survey)
{
	struct kipc_endpoint *ep;
	struct kipc_queue *queue;
	u32 id, gone, left;

	memset(survey, 0, sizeof(*survey));
	gone = kipc_object_totals(net, &survey->done);
	/* What is new has a higher id: the walk ends, however fast others make some. */
	left = kipc_object_count(net, KIPC_OBJECT_ENDPOINT);
	for (id = 0; left-- && (ep = kipc_endpoint_next(net, id)); kipc_endpoint_put(ep)) {
		id = ep->id;
		kipc_survey_add_endpoint(ep, survey);
		cond_resched();
	}
	left = kipc_object_count(net, KIPC_OBJECT_QUEUE);
	for (id = 0; left-- && (queue = kipc_queue_next(net, id)); kipc_queue_put(queue)) {
		id = queue->id;
		kipc_survey_add_queue(queue, &survey->done);
		cond_resched();
	}
	return gone;
}

/**
 * kipc_survey_totals() - what all objects of a namespace have done, and have
 * @net:	which namespace
 * @survey:	written
 *
 * An object that goes while its namespace is summed up is counted twice or not at all, so
 * the sum is made again then.  Where something goes all the time the last one must do.
 */
void kipc_survey_totals(struct net *net, struct kipc_totals_survey *survey)
{
	struct kipc_totals done;
	int tries = 4;

	while (kipc_survey_sum(net, survey) != kipc_object_totals(net, &done) && --tries)
		;
}
