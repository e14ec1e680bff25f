// SPDX-License-Identifier: GPL-2.0
/* Channel: see channel.h for what it is; this is making, joining and leaving one. */
#include <linux/slab.h>
#include <linux/uaccess.h>

#include "channel.h"
#include "endpoint.h"
#include "quota.h"
#include "transfer.h"

static struct kipc_channel *kipc_channel_alloc(struct kipc_endpoint *ep, const char *text,
					       umode_t mode)
{
	struct kipc_channel *channel = kzalloc(sizeof(*channel), GFP_KERNEL_ACCOUNT);

	if (!channel)
		return NULL;
	kref_init(&channel->ref);
	spin_lock_init(&channel->lock);
	init_waitqueue_head(&channel->room_wait);
	channel->clients = RB_ROOT;
	channel->server = ep;
	kipc_name_init(&channel->name, KIPC_NAME_CHANNEL, ep->net, text, mode);
	return channel;
}

static void kipc_channel_free(struct kref *ref)
{
	kfree(container_of(ref, struct kipc_channel, ref));
}

void kipc_channel_put(struct kipc_channel *channel)
{
	kref_put(&channel->ref, kipc_channel_free);
}

static bool kipc_channel_get(struct kipc_name *name)
{
	return kref_get_unless_zero(&container_of(name, struct kipc_channel, name)->ref);
}

/**
 * kipc_channel_find() - the server of a channel
 * @net:	in which namespace
 * @text:	the channel's name, checked
 *
 * Return: the server, pinned, and with it the channel; or NULL.
 */
struct kipc_endpoint *kipc_channel_find(struct net *net, const char *text)
{
	struct kipc_name *name = kipc_name_find(net, KIPC_NAME_CHANNEL, text, kipc_channel_get);
	struct kipc_endpoint *server;
	struct kipc_channel *channel;

	if (!name)
		return NULL;
	channel = container_of(name, struct kipc_channel, name);
	spin_lock(&channel->lock);
	server = channel->server;
	if (server)
		kipc_endpoint_get(server);
	spin_unlock(&channel->lock);
	kipc_channel_put(channel);
	return server;
}

/* Who may connect, at one moment. */
struct kipc_access kipc_channel_access(struct kipc_channel *channel)
{
	struct kipc_access access;

	spin_lock(&channel->lock);
	access = channel->name.access;
	spin_unlock(&channel->lock);
	return access;
}

/**
 * kipc_channel_change() - change a channel's owner and mode
 * @channel:	the channel, pinned; that the caller may has been asked
 * @change:	what to
 */
void kipc_channel_change(struct kipc_channel *channel, const struct kipc_change *change)
{
	spin_lock(&channel->lock);
	kipc_access_change(&channel->name.access, change);
	spin_unlock(&channel->lock);
}

/**
 * kipc_channel_create() - make an endpoint the server of a new channel
 * @ep:		the endpoint, taking a role
 * @text:	the channel's name, checked
 * @mode:	who may connect
 * @options:	KIPC_CHANNEL_*
 * @pool:	bytes of the pool, from kipc_pool_size()
 *
 * Return: 0, -EADDRINUSE, -EDQUOT or -ENOMEM.
 */
int kipc_channel_create(struct kipc_endpoint *ep, const char *text, umode_t mode, u32 options,
			u32 pool)
{
	struct kipc_channel *channel;
	struct kipc_name *there;
	int err;

	err = kipc_user_charge(ep->user, KIPC_QUOTA_NAMES, 1);
	if (err)
		return err;
	channel = kipc_channel_alloc(ep, text, mode);
	if (!channel) {
		err = -ENOMEM;
		goto err_uncharge;
	}
	kipc_memory_init(&ep->inbox.memory, pool, ep->user, ep);
	kipc_inbox_init(&ep->inbox, ep, channel);
	ep->options = options;
	ep->channel = channel;

	/* From here on clients find it, and everything must be in its place. */
	there = kipc_name_register(&channel->name, kipc_channel_get);
	if (there == &channel->name)
		return 0;
	if (there)
		kipc_channel_put(container_of(there, struct kipc_channel, name));
	err = -EADDRINUSE;

	ep->channel = NULL;
	kipc_channel_put(channel);
err_uncharge:
	kipc_user_uncharge(ep->user, KIPC_QUOTA_NAMES, 1);
	return err;
}

/*
 * Empty the closed inbox of an endpoint that is going, and end the calls in it.  A
 * caller that gives up meanwhile withdraws its call under the same lock.
 */
static void kipc_channel_abandon(struct kipc_endpoint *ep)
{
	int undelivered = kipc_endpoint_is_client(ep) ? -ESRCH : -EPIPE;
	struct kipc_channel *channel = ep->channel;
	struct kipc_message *msg, *next;
	struct kipc_wakes wakes = { };
	LIST_HEAD(drained);
	LIST_HEAD(gone);
	bool more;

	do {
		spin_lock(&channel->lock);
		more = kipc_inbox_drain(&ep->inbox, &drained);
		list_for_each_entry_safe(msg, next, &drained, entry) {
			bool held = msg->state == KIPC_MESSAGE_HELD;

			list_del_init(&msg->entry);
			if (kipc_call_end(ep, msg, held ? -ECONNRESET : undelivered, &wakes))
				list_add_tail(&msg->entry, &gone);
		}
		spin_unlock(&channel->lock);

		kipc_wakes_flush(&wakes);
		kipc_message_destroy_all(&gone);
	} while (more);
}

/* Tell every client that nothing will come any more. */
static void kipc_channel_hang_up(struct kipc_channel *channel, struct kipc_wakes *wakes)
{
	struct rb_node *node;

	for (node = rb_first(&channel->clients); node; node = rb_next(node)) {
		struct kipc_endpoint *client = rb_entry(node, struct kipc_endpoint, client_node);
		struct kipc_waiter *waiter, *next;

		list_for_each_entry_safe(waiter, next, &client->inbox.receivers, entry) {
			list_del(&waiter->entry);
			kipc_waiter_finish(waiter, -EPIPE, wakes);
		}
		kipc_wake_pollers(&client->poll_wait, EPOLLIN | EPOLLHUP);
	}
}

/**
 * kipc_channel_destroy() - the server's file is going
 * @ep:	the server
 */
void kipc_channel_destroy(struct kipc_endpoint *ep)
{
	struct kipc_channel *channel = ep->channel;
	struct kipc_wakes wakes = { };

	kipc_name_unregister(&channel->name);

	spin_lock(&channel->lock);
	channel->server = NULL;
	kipc_inbox_close(&ep->inbox, -EPIPE, &wakes);
	spin_unlock(&channel->lock);

	kipc_wakes_flush(&wakes);
	kipc_channel_abandon(ep);

	/* Only now: calls that have failed just here are messages to their callers. */
	spin_lock(&channel->lock);
	channel->ended = true;
	kipc_channel_hang_up(channel, &wakes);
	spin_unlock(&channel->lock);

	kipc_wakes_flush(&wakes);
	kipc_user_uncharge(ep->user, KIPC_QUOTA_NAMES, 1);
}

static bool kipc_client_less(struct rb_node *a, const struct rb_node *b)
{
	return rb_entry(a, struct kipc_endpoint, client_node)->number <
	       rb_entry(b, struct kipc_endpoint, client_node)->number;
}

/* The two notices of a client, made with it so that they cannot fail later. */
struct kipc_client_notices {
	struct kipc_message *connected;
	struct kipc_message *gone;
};

/*
 * The client's user pays for them until they are received: whoever comes and goes all the
 * time uses up its own account, not the server's.
 */
static struct kipc_message *kipc_client_notice_create(struct kipc_user *user, enum kipc_kind kind)
{
	struct kipc_message *msg;

	if (kipc_user_charge(user, KIPC_QUOTA_POOL_MSGS, 1))
		return ERR_PTR(-EDQUOT);
	msg = kipc_message_create_notice(kind);
	if (!msg) {
		kipc_user_uncharge(user, KIPC_QUOTA_POOL_MSGS, 1);
		return ERR_PTR(-ENOMEM);
	}
	msg->payer = kipc_user_get(user);
	return msg;
}

static int kipc_client_notices_create(struct kipc_endpoint *ep,
				      struct kipc_client_notices *notices)
{
	struct kipc_message *connected, *gone;

	connected = kipc_client_notice_create(ep->user, KIPC_KIND_CONNECTED);
	if (IS_ERR(connected))
		return PTR_ERR(connected);
	gone = kipc_client_notice_create(ep->user, KIPC_KIND_GONE);
	if (IS_ERR(gone)) {
		kipc_message_destroy(connected);
		return PTR_ERR(gone);
	}
	notices->connected = connected;
	notices->gone = gone;
	return 0;
}

/* Put a notice of a client into its server's inbox.  The caller holds the lock. */
static void kipc_client_notify(struct kipc_endpoint *client, struct kipc_message *msg,
			       struct kipc_wakes *wakes)
{
	struct kipc_endpoint *server = client->channel->server;

	msg->peer = client->number;
	msg->time = ktime_get_coarse_ns();
	if (kipc_inbox_put(&server->inbox, msg, wakes))
		kipc_wake_pollers(&server->poll_wait, EPOLLIN | EPOLLRDNORM);
}

/* Choose a client's number and tell it, before anybody else knows of the client. */
static int kipc_channel_number(struct kipc_channel *channel, u64 *number, u64 __user *to)
{
	spin_lock(&channel->lock);
	*number = ++channel->last_client;
	spin_unlock(&channel->lock);
	return copy_to_user(to, number, sizeof(*number)) ? -EFAULT : 0;
}

/* Alive and joined are decided under one lock. */
static int kipc_channel_join(struct kipc_channel *channel, struct kipc_endpoint *ep,
			     struct kipc_client_notices *notices)
{
	struct kipc_wakes wakes = { };
	int err = -ECONNREFUSED;

	spin_lock(&channel->lock);
	if (channel->server) {
		rb_add(&ep->client_node, &channel->clients, kipc_client_less);
		channel->client_count++;
		err = 0;
	}
	if (!err && notices->connected) {
		/* Before anything that the client sends, however urgent that is. */
		notices->connected->prio = U16_MAX;
		kipc_client_notify(ep, notices->connected, &wakes);
		ep->gone = notices->gone;
	}
	spin_unlock(&channel->lock);
	kipc_wakes_flush(&wakes);
	return err;
}

/* Does the server want to be told of its clients?  It decided that when it was made. */
static bool kipc_channel_wants_notices(struct kipc_channel *channel)
{
	bool wants;

	spin_lock(&channel->lock);
	wants = channel->server && channel->server->options & KIPC_CHANNEL_NOTICES;
	spin_unlock(&channel->lock);
	return wants;
}

/**
 * kipc_channel_connect() - make an endpoint a client of a channel
 * @ep:		the endpoint, taking a role
 * @text:	the channel's name, checked
 * @pool:	bytes of the pool, from kipc_pool_size()
 * @number:	where the client's number goes
 *
 * Return: 0, -ENOENT, -EACCES, -ECONNREFUSED, -EDQUOT, -ENOMEM or -EFAULT.
 */
int kipc_channel_connect(struct kipc_endpoint *ep, const char *text, u32 pool,
			 u64 __user *number)
{
	struct kipc_client_notices notices = { };
	struct kipc_channel *channel;
	struct kipc_access access;
	struct kipc_name *name;
	int err;

	name = kipc_name_find(ep->net, KIPC_NAME_CHANNEL, text, kipc_channel_get);
	if (!name)
		return -ENOENT;
	channel = container_of(name, struct kipc_channel, name);

	access = kipc_channel_access(channel);
	err = kipc_name_permit(name, &access, KIPC_MAY_SEND);
	if (!err && kipc_channel_wants_notices(channel))
		err = kipc_client_notices_create(ep, &notices);
	if (err)
		goto err_put;
	err = kipc_channel_number(channel, &ep->number, number);
	if (err)
		goto err_notices;
	kipc_memory_init(&ep->inbox.memory, pool, ep->user, ep);
	kipc_inbox_init(&ep->inbox, ep, channel);
	ep->channel = channel;
	err = kipc_channel_join(channel, ep, &notices);
	if (!err)
		return 0;

	ep->channel = NULL;
err_notices:
	ep->number = 0;
	kipc_message_destroy(notices.connected);
	kipc_message_destroy(notices.gone);
err_put:
	kipc_channel_put(channel);
	return err;
}

/**
 * kipc_channel_disconnect() - a client's file is going
 * @ep:	the client
 *
 * No thread of it is in a call: each would pin the file.  What it has sent one
 * way stays, and counts for nobody any more.
 */
void kipc_channel_disconnect(struct kipc_endpoint *ep)
{
	struct kipc_channel *channel = ep->channel;
	struct kipc_wakes wakes = { };

	spin_lock(&channel->lock);
	rb_erase(&ep->client_node, &channel->clients);
	channel->client_count--;
	kipc_inbox_close(&ep->inbox, -ESRCH, &wakes);
	spin_unlock(&channel->lock);

	kipc_wakes_flush(&wakes);
	kipc_channel_abandon(ep);

	/* The last of it: after the failures of the calls that it had received. */
	spin_lock(&channel->lock);
	if (channel->server && ep->gone) {
		kipc_client_notify(ep, ep->gone, &wakes);
		ep->gone = NULL;
	}
	spin_unlock(&channel->lock);

	kipc_wakes_flush(&wakes);
	kipc_message_destroy(ep->gone);
}

/**
 * kipc_channel_client() - the client of a number; the caller holds the lock
 * @channel:	the channel
 * @number:	what the server says
 *
 * Return: the client, or NULL.
 */
struct kipc_endpoint *kipc_channel_client(struct kipc_channel *channel, u64 number)
{
	struct rb_node *node = channel->clients.rb_node;

	lockdep_assert_held(&channel->lock);
	while (node) {
		struct kipc_endpoint *ep = rb_entry(node, struct kipc_endpoint, client_node);

		if (number == ep->number)
			return ep;
		node = number < ep->number ? node->rb_left : node->rb_right;
	}
	return NULL;
}

static __poll_t kipc_channel_writable(struct kipc_endpoint *ep)
{
	struct kipc_endpoint *server = ep->channel->server;
	bool writable;

	if (kipc_endpoint_role(ep) == KIPC_ROLE_SERVER)
		writable = ep->reading;
	else
		writable = server && kipc_inbox_has_room(&server->inbox, ep->taken);
	return writable ? EPOLLOUT | EPOLLWRNORM : 0;
}

/**
 * kipc_channel_poll() - what is ready
 * @ep:		server or client
 * @file:	its file
 * @table:	poll's
 *
 * Every change is made under the lock and told after it: a poller that is on the
 * wait queues before it takes the lock misses nothing.
 */
__poll_t kipc_channel_poll(struct kipc_endpoint *ep, struct file *file, poll_table *table)
{
	struct kipc_channel *channel = ep->channel;
	__poll_t events = 0;

	poll_wait(file, &ep->poll_wait, table);
	if (kipc_endpoint_role(ep) == KIPC_ROLE_CLIENT)
		poll_wait(file, &channel->room_wait, table);

	spin_lock(&channel->lock);
	if (kipc_inbox_has_message(&ep->inbox) || kipc_ring_has_message(ep->inbox.ring))
		events |= EPOLLIN | EPOLLRDNORM;
	if (channel->ended)
		events |= EPOLLIN | EPOLLRDNORM | EPOLLHUP;
	events |= kipc_channel_writable(ep);
	spin_unlock(&channel->lock);
	return events;
}

/* The same as kipc_channel_info(); the caller holds the lock. */
void kipc_channel_info_locked(struct kipc_endpoint *ep, struct kipc_endpoint_info *info)
{
	struct kipc_channel *channel = ep->channel;
	struct kipc_inbox *inbox = &ep->inbox;
	const struct kipc_message *oldest = kipc_inbox_oldest(inbox);

	lockdep_assert_held(&channel->lock);
	info->pool_size = inbox->pool.size;
	info->pool_free = inbox->pool.free;
	info->queued = inbox->queued_count;
	info->held = inbox->held_count;
	info->held_bytes = inbox->held_bytes;
	info->held_ns = oldest ? kipc_message_held_ns(oldest) : 0;
	info->memory = kipc_memory_taken(&inbox->memory);
	info->options = ep->options;
	info->ring = inbox->ring ? inbox->ring->entries : 0;
	info->client = ep->number;
	if (info->role == KIPC_ROLE_SERVER) {
		info->peers = channel->client_count;
		info->max_size = inbox->pool.size;
	} else if (channel->server) {
		info->peers = 1;
		info->max_size = channel->server->inbox.pool.size / 2;
	}
}

/**
 * kipc_channel_info() - describe a server or client
 * @ep:		the endpoint
 * @info:	its channel fields are filled in
 */
void kipc_channel_info(struct kipc_endpoint *ep, struct kipc_endpoint_info *info)
{
	spin_lock(&ep->channel->lock);
	kipc_channel_info_locked(ep, info);
	spin_unlock(&ep->channel->lock);
}
