/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Transfer: what moves messages through a channel (channel.h).
 *
 * Every sending operation goes the same way: validate, reserve room at the
 * receiver (lock), copy (no lock), commit (lock), wake.  Nothing is visible to
 * anybody before commit, and commit cannot fail but for a receiver that has closed
 * meanwhile; until then every step can be undone.
 *
 * What one operation does after another (release, then call; reply, then receive)
 * is done under one hold of the lock.  A small payload is in the kernel before the lock
 * is taken, and for it all the steps are done under that hold as well: a round trip takes
 * the lock twice.
 *
 *	send.c		room for a message, its payload, and giving it to its receiver
 *	call.c		calls, how they end, and replies
 *	receive.c	receiving, and what is done with a held message
 */
#ifndef KIPC_TRANSFER_H
#define KIPC_TRANSFER_H

#include <linux/kipc.h>

#include "endpoint.h"
#include "inbox.h"

struct kipc_fds_taken;
struct kipc_source;

/**
 * struct kipc_call - a call that waits for its reply, on the caller's stack
 * @receiver:	how it waits, and where the reply's header goes
 * @caller:	whose call it is
 * @inbox:	where it went; good while it is not finished: the receiver's death
 *		finishes it
 * @msg:	the call; good as long
 * @id:		its id
 * @outcome:	how far it came
 */
struct kipc_call {
	struct kipc_receiver	receiver;
	struct kipc_endpoint	*caller;
	struct kipc_inbox	*inbox;
	struct kipc_message	*msg;
	u64			id;
	enum kipc_outcome	outcome;
};

/**
 * struct kipc_ring_mark - how far the owner has come in its ring
 * @seen:	entries taken
 * @done:	entries done with: to be released
 */
struct kipc_ring_mark {
	u64	seen;
	u64	done;
};

/* send.c */
int kipc_channel_transmit(struct kipc_endpoint *ep, u64 to, struct kipc_message *msg,
			  struct kipc_source *source, const struct kipc_limit *limit,
			  u64 *release, struct kipc_call *call);
int kipc_channel_send(struct kipc_endpoint *ep, u64 to, struct kipc_source *source,
		      const struct kipc_limit *limit);
int kipc_channel_await(struct kipc_channel *channel, struct kipc_waiter *waiter,
		       const struct kipc_limit *limit);
void kipc_endpoint_tell(struct kipc_endpoint *ep);

/* call.c */
int kipc_channel_call(struct kipc_endpoint *ep, u64 to, struct kipc_source *source,
		      const struct kipc_limit *limit, u64 *release, struct kipc_call *call);
int kipc_channel_call_async(struct kipc_endpoint *ep, u64 to, struct kipc_source *source,
			    const struct kipc_limit *limit, u64 *release, struct kipc_call *call);
int kipc_channel_reply(struct kipc_endpoint *ep, u64 *id, struct kipc_source *source,
		       const struct kipc_limit *limit, struct kipc_receiver *receiver);
bool kipc_call_is_wanted(struct kipc_endpoint *ep, const struct kipc_message *msg);
void kipc_call_failed(struct kipc_endpoint *ep, u64 id, int err, u32 outcome);
bool kipc_call_end(struct kipc_endpoint *ep, struct kipc_message *msg, int result,
		   struct kipc_wakes *wakes);

/* receive.c */
int kipc_channel_receive(struct kipc_endpoint *ep, const struct kipc_limit *limit,
			 const struct kipc_ring_mark *mark, u64 *release,
			 struct kipc_receiver *receiver);
void kipc_channel_requeue(struct kipc_endpoint *ep, const struct kipc_header *header);
int kipc_channel_release(struct kipc_endpoint *ep, u64 id);
bool kipc_channel_claim(struct kipc_endpoint *ep, u64 id);
void kipc_channel_unclaim(struct kipc_endpoint *ep, u64 id);
int kipc_channel_add_ring(struct kipc_endpoint *ep, u32 entries);
int kipc_channel_inspect(struct kipc_endpoint *ep, u64 id, struct kipc_header *header);
int kipc_channel_take_fds(struct kipc_endpoint *ep, u64 id, s32 __user *to, u32 count,
			  struct kipc_fds_taken *taken);
void kipc_channel_drop(struct kipc_endpoint *ep, struct kipc_message *msg,
		       struct kipc_wakes *wakes);
struct kipc_message *kipc_channel_release_locked(struct kipc_endpoint *ep, u64 id,
						 struct kipc_wakes *wakes);
int kipc_receive_begin(struct kipc_endpoint *ep, const struct kipc_limit *limit,
		       const struct kipc_ring_mark *mark, struct kipc_receiver *receiver);
int kipc_receive_finish(struct kipc_endpoint *ep, const struct kipc_limit *limit,
			struct kipc_receiver *receiver, int err);

/* Is this endpoint a client, whose messages count against its share of the server's pool? */
static inline bool kipc_endpoint_is_client(const struct kipc_endpoint *ep)
{
	return kipc_endpoint_role(ep) == KIPC_ROLE_CLIENT;
}

#endif /* KIPC_TRANSFER_H */
