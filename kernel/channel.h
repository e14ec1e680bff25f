/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Channel: a named meeting place of one server endpoint and its clients.
 *
 * Everything that the ends of a channel do to each other is decided under one
 * spinlock, the channel's: room in the pools, queues of messages, who waits for
 * what, who is alive.  It is held for a few list and tree operations, never while
 * payload is copied, memory is allocated or a thread sleeps.  Channels share no
 * lock with one another.  (Below it only the locks of wait queues are taken:
 * Documentation/locking.rst.)
 *
 * The channel lives as long as an endpoint refers to it; it is dead once @server is
 * NULL.  That pointer is cleared, and every reference through it taken, under the
 * lock.  Its clients are told once nothing more comes, the failures of their calls
 * included: @ended.
 *
 * Making, joining and leaving a channel is in channel.c; what moves messages
 * through it is described in transfer.h.
 */
#ifndef KIPC_CHANNEL_H
#define KIPC_CHANNEL_H

#include <linux/kref.h>
#include <linux/poll.h>
#include <linux/rbtree.h>
#include <linux/spinlock.h>
#include <linux/wait.h>

#include "inbox.h"
#include "registry.h"

struct kipc_endpoint;

/**
 * struct kipc_channel - see above
 * @ref:	one per endpoint
 * @lock:	guards all that follows, and the channel side of its endpoints
 * @name:	its name; guarded by the registry, but for its @access
 * @server:	the server endpoint, NULL once it has closed
 * @ended:	its inbox has been emptied as well: clients receive nothing new any more
 * @clients:	client endpoints by number
 * @client_count: how many
 * @last_client: number of the newest client
 * @record:	what it has carried
 * @room_wait:	clients that poll for room in the server's pool
 */
struct kipc_channel {
	struct kref		ref;
	spinlock_t		lock;	/* see above */
	struct kipc_name	name;
	struct kipc_endpoint	*server;
	bool			ended;
	struct rb_root		clients;
	u32			client_count;
	u64			last_client;
	struct kipc_record	record;
	wait_queue_head_t	room_wait;
};

void kipc_channel_put(struct kipc_channel *channel);
struct kipc_endpoint *kipc_channel_find(struct net *net, const char *text);
struct kipc_access kipc_channel_access(struct kipc_channel *channel);
void kipc_channel_change(struct kipc_channel *channel, const struct kipc_change *change);

int kipc_channel_create(struct kipc_endpoint *ep, const char *text, umode_t mode, u32 options,
			u32 pool);
int kipc_channel_connect(struct kipc_endpoint *ep, const char *text, u32 pool,
			 u64 __user *number);
void kipc_channel_destroy(struct kipc_endpoint *ep);
void kipc_channel_disconnect(struct kipc_endpoint *ep);
struct kipc_endpoint *kipc_channel_client(struct kipc_channel *channel, u64 number);
__poll_t kipc_channel_poll(struct kipc_endpoint *ep, struct file *file, poll_table *table);
void kipc_channel_info_locked(struct kipc_endpoint *ep, struct kipc_endpoint_info *info);
void kipc_channel_info(struct kipc_endpoint *ep, struct kipc_endpoint_info *info);

#endif /* KIPC_CHANNEL_H */
