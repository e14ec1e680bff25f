/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Survey: an endpoint, channel or queue as it is at one moment.
 *
 * Whoever looks after objects (netlink.h, event.h) wants them whole, and needs time and
 * memory to tell of them; the lock of an object is for those that use it.  So what is to be
 * told is copied under one hold of the lock, and told without it.  The object is pinned by the
 * caller, and with it what the pointers here point to; where that is not so it is said.
 */
#ifndef KIPC_SURVEY_H
#define KIPC_SURVEY_H

#include <linux/kipc.h>
#include <linux/kipc_netlink.h>
#include <linux/types.h>

#include "message.h"
#include "objects.h"
#include "queue.h"
#include "registry.h"

/**
 * struct kipc_endpoint_survey - an endpoint
 * @role:	enum kipc_role
 * @object:	id of its channel or queue; 0, none (any more)
 * @name:	of that; NULL, none (any more)
 * @info:	server, client: what it says of itself
 * @queued_ns:	server, client: how long ago the first message that waits was made
 * @oldest:	server, client: id of the message it has held longest, or 0
 * @receivers:	server, client: threads that wait for a message
 * @senders:	server, client: threads that wait for room
 */
struct kipc_endpoint_survey {
	u32				role;
	u32				object;
	const char			*name;
	struct kipc_endpoint_info	info;
	u64				queued_ns;
	u64				oldest;
	u32				receivers;
	u32				senders;
};

/**
 * struct kipc_channel_survey - a channel
 * @access:	who may do what
 * @record:	what it has carried
 * @server:	its server
 */
struct kipc_channel_survey {
	struct kipc_access		access;
	struct kipc_record		record;
	struct kipc_endpoint_survey	server;
};

/**
 * struct kipc_held - a message that is held
 * @id:		its id
 * @kind:	enum kipc_kind
 * @peer:	number of the client that sent it; 0, the server did
 * @sender:	who that is; its pid is pinned by whoever has this
 * @len:	bytes of payload
 * @held_ns:	for how long
 * @awaited:	somebody waits for the reply
 */
struct kipc_held {
	u64			id;
	u32			kind;
	u64			peer;
	struct kipc_sender	sender;
	u32			len;
	u64			held_ns;
	bool			awaited;
};

/**
 * struct kipc_queue_survey - a queue
 * @name:	NULL, it has none (any more)
 * @access:	who may do what
 * @bounds:	what it may hold
 * @record:	what has happened; @sender and @receiver are pinned by whoever has this
 * @msgs:	that wait
 * @bytes:	their payload
 * @senders:	threads that wait for room
 * @receivers:	threads that wait for a message
 */
struct kipc_queue_survey {
	const char			*name;
	struct kipc_access		access;
	struct kipc_bounds		bounds;
	struct kipc_queue_record	record;
	u64				msgs;
	u64				bytes;
	u32				senders;
	u32				receivers;
};

/**
 * struct kipc_totals_survey - a network namespace
 * @done:	what its objects have done, also those that are gone
 * @channels:	how many there are
 * @memory:	bytes behind pools
 */
struct kipc_totals_survey {
	struct kipc_totals	done;
	u32			channels;
	u64			memory;
};

u32 kipc_survey_object(struct kipc_endpoint *ep);
void kipc_survey_endpoint(struct kipc_endpoint *ep, struct kipc_endpoint_survey *survey);
void kipc_survey_channel(struct kipc_endpoint *server, struct kipc_channel_survey *survey);
void kipc_survey_done(struct kipc_endpoint *server, struct kipc_totals *done);
unsigned int kipc_survey_held(struct kipc_endpoint *ep, struct kipc_held *held, unsigned int max);
void kipc_survey_queue(struct kipc_queue *queue, struct kipc_queue_survey *survey);
void kipc_survey_queue_end(struct kipc_queue_survey *survey);
void kipc_survey_totals(struct net *net, struct kipc_totals_survey *survey);

#endif /* KIPC_SURVEY_H */
