/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Endpoint: one open of /dev/kipc.
 *
 * It starts without a role and takes one once.  The role, and everything that goes
 * with it, is prepared under @setup and published by storing @role with release;
 * every operation loads it with acquire, so what it then finds never changes.
 *
 * The file holds one reference.  Whoever has room reserved in its pool holds
 * another (taken under the channel's lock while the inbox is open), so that the
 * memory outlives a close.  Shutdown happens at release of the file, when no thread
 * is in an operation on it any more; the structure itself goes with the last
 * reference.
 *
 * @poll_wait is what pollers of this file wait on.  It lives here because the file
 * pins this; epoll lets go of it before the file's release.
 */
#ifndef KIPC_ENDPOINT_H
#define KIPC_ENDPOINT_H

#include <linux/fs.h>
#include <linux/kipc.h>
#include <linux/kref.h>
#include <linux/mutex.h>
#include <linux/wait.h>

#include "inbox.h"

struct kipc_channel;
struct kipc_notifier;
struct kipc_queue;
struct kipc_user;
struct net;

/**
 * struct kipc_endpoint - see above
 * @ref:	file, and whoever fills the pool or looks at it
 * @id:		its number among the namespace's endpoints (objects.h)
 * @pid:	the process that opened it, pinned
 * @setup:	serialises taking a role
 * @role:	enum kipc_role, published last
 * @net:	network namespace of the opener, where its names are
 * @user:	who opened it, and pays
 * @time_offset: what the opener's monotonic clock is ahead of the machine's
 * @mapping:	where this file is mapped, apart from other opens of /dev/kipc
 * @poll_wait:	pollers of this file
 * @busy_poll:	nanoseconds that a waiting thread polls before it sleeps
 * @channel:	SERVER, CLIENT: the channel, pinned
 * @inbox:	SERVER, CLIENT: the receiving side; guarded by the channel's lock
 * @number:	CLIENT: its number on the channel; SERVER: 0
 * @client_node: CLIENT: in the channel's @clients
 * @taken:	CLIENT: bytes of the server's pool that its messages have
 * @spare:	SERVER, CLIENT: a message kept for the next one to send, or NULL;
 *		exchanged atomically, under no lock
 * @options:	SERVER: KIPC_CHANNEL_*
 * @gone:	CLIENT: the notice of its end, until that is sent; or NULL
 * @reclaim:	SERVER, CLIENT: among all that have memory to give back (reclaim.h)
 * @reading:	SERVER: id of the call that read() took and write() answers, or 0
 * @queue:	QUEUE: the queue, pinned
 * @may:	QUEUE: KIPC_MAY_*, what it was opened for
 * @queue_net:	QUEUE: the queue's network namespace, pinned, where it is not @net; or NULL
 * @notify:	QUEUE: its request to be told of messages, or NULL; guarded by the queue's
 *		lock
 * @stuck:	SERVER, CLIENT: id of the message that it was last told of holding too long;
 *		by the work that looks for that only (watch.h)
 */
struct kipc_endpoint {
	struct kref		ref;
	u32			id;
	struct pid		*pid;
	struct mutex		setup;	/* taking a role */
	u32			role;
	struct net		*net;
	struct kipc_user	*user;
	s64			time_offset;
	struct address_space	mapping;
	wait_queue_head_t	poll_wait;
	u32			busy_poll;

	struct kipc_channel	*channel;
	struct kipc_inbox	inbox;
	u64			number;
	struct rb_node		client_node;
	u32			taken;
	struct kipc_message	*spare;
	u32			options;
	struct kipc_message	*gone;
	struct list_head	reclaim;
	u64			reading;

	struct kipc_queue	*queue;
	int			may;
	struct net		*queue_net;
	struct kipc_notifier	*notify;
	u64			stuck;
};

struct kipc_endpoint *kipc_endpoint_create(void);
void kipc_endpoint_free(struct kref *ref);
void kipc_endpoint_shutdown(struct kipc_endpoint *ep);
struct kipc_endpoint *kipc_endpoint_find(struct net *net, u32 id);
struct kipc_endpoint *kipc_endpoint_next(struct net *net, u32 id);

int kipc_endpoint_begin(struct kipc_endpoint *ep);
void kipc_endpoint_end(struct kipc_endpoint *ep, enum kipc_role role);
u32 kipc_pool_size(u64 want);
void kipc_endpoint_info(struct kipc_endpoint *ep, struct kipc_endpoint_info *info);

int kipc_endpoint_init(void);
void kipc_endpoint_exit(void);

/**
 * kipc_endpoint_role() - what the endpoint is
 * @ep:	the endpoint
 *
 * What comes with the role is there once the role is seen.
 */
static inline u32 kipc_endpoint_role(const struct kipc_endpoint *ep)
{
	/* Pairs with the release in kipc_endpoint_end(). */
	return smp_load_acquire(&ep->role);
}

/**
 * kipc_endpoint_expect() - is the endpoint what an operation is for?
 * @ep:		the endpoint
 * @roles:	BIT() of each role that will do
 *
 * Return: 0, -ENOTCONN (no role yet) or -EOPNOTSUPP (another role).
 */
static inline int kipc_endpoint_expect(const struct kipc_endpoint *ep, unsigned int roles)
{
	u32 role = kipc_endpoint_role(ep);

	if (likely(BIT(role) & roles))
		return 0;
	return role == KIPC_ROLE_NONE ? -ENOTCONN : -EOPNOTSUPP;
}

static inline struct kipc_endpoint *kipc_endpoint_get(struct kipc_endpoint *ep)
{
	kref_get(&ep->ref);
	return ep;
}

/* A reference, unless the last one has gone. */
static inline bool kipc_endpoint_get_alive(struct kipc_endpoint *ep)
{
	return kref_get_unless_zero(&ep->ref);
}

static inline void kipc_endpoint_put(struct kipc_endpoint *ep)
{
	kref_put(&ep->ref, kipc_endpoint_free);
}

#endif /* KIPC_ENDPOINT_H */
