// SPDX-License-Identifier: GPL-2.0
/* Endpoint: see endpoint.h for what it is. */
#include <linux/cred.h>
#include <linux/nsproxy.h>
#include <linux/slab.h>
#include <net/net_namespace.h>

#include "channel.h"
#include "compat.h"
#include "endpoint.h"
#include "event.h"
#include "notify.h"
#include "objects.h"
#include "queue.h"
#include "quota.h"
#include "reclaim.h"
#include "survey.h"
#include "trace.h"

#define KIPC_POOL_DEFAULT	SZ_16M

static struct kmem_cache *kipc_endpoint_cache;

/**
 * kipc_endpoint_create() - an endpoint of the current thread's, without a role
 *
 * Return: the endpoint with one reference, or ERR_PTR(-ENOMEM, -EDQUOT, -EBUSY).
 */
struct kipc_endpoint *kipc_endpoint_create(void)
{
	struct kipc_endpoint *ep;
	int err = -ENOMEM;

	ep = kmem_cache_zalloc(kipc_endpoint_cache, GFP_KERNEL_ACCOUNT);
	if (!ep)
		return ERR_PTR(-ENOMEM);
	kref_init(&ep->ref);
	INIT_LIST_HEAD(&ep->reclaim);
	address_space_init_once(&ep->mapping);
	mutex_init(&ep->setup);
	init_waitqueue_head(&ep->poll_wait);

	ep->net = get_net(current->nsproxy->net_ns);
	ep->pid = get_pid(task_tgid(current));
	ep->time_offset = kipc_time_offset();
	ep->user = kipc_user_open(ep->net->user_ns, current_euid());
	if (!ep->user)
		goto err_free;
	err = kipc_user_charge(ep->user, KIPC_QUOTA_ENDPOINTS, 1);
	if (err)
		goto err_user;
	err = kipc_object_add(ep->net, KIPC_OBJECT_ENDPOINT, ep, &ep->id);
	if (!err)
		return ep;

	kipc_user_uncharge(ep->user, KIPC_QUOTA_ENDPOINTS, 1);
err_user:
	kipc_user_put(ep->user);
err_free:
	put_pid(ep->pid);
	put_net(ep->net);
	kmem_cache_free(kipc_endpoint_cache, ep);
	return ERR_PTR(err);
}

/* The last reference has gone: kipc_endpoint_put(). */
void kipc_endpoint_free(struct kref *ref)
{
	struct kipc_endpoint *ep = container_of(ref, struct kipc_endpoint, ref);

	kipc_message_drop_spare(&ep->spare);
	if (ep->inbox.ring)
		kipc_ring_destroy(ep->inbox.ring);
	kipc_reclaim_remove(ep);
	if (ep->inbox.memory.size)
		kipc_memory_deinit(&ep->inbox.memory);
	if (ep->channel)
		kipc_channel_put(ep->channel);
	if (ep->queue)
		kipc_queue_put(ep->queue);
	if (ep->queue_net)
		put_net(ep->queue_net);
	put_pid(ep->pid);
	put_net(ep->net);
	kipc_user_uncharge(ep->user, KIPC_QUOTA_ENDPOINTS, 1);
	kipc_user_put(ep->user);
	mutex_destroy(&ep->setup);
	kmem_cache_free(kipc_endpoint_cache, ep);
}

static bool kipc_endpoint_get_object(void *object)
{
	return kipc_endpoint_get_alive(object);
}

/* The endpoint of an id, pinned, or NULL. */
struct kipc_endpoint *kipc_endpoint_find(struct net *net, u32 id)
{
	return kipc_object_find(net, KIPC_OBJECT_ENDPOINT, id, kipc_endpoint_get_object);
}

/* The endpoint with the next higher id, pinned, or NULL. */
struct kipc_endpoint *kipc_endpoint_next(struct net *net, u32 id)
{
	return kipc_object_next(net, KIPC_OBJECT_ENDPOINT, id, kipc_endpoint_get_object);
}

/* Leave the table; what a channel has done is counted with its server. */
static void kipc_endpoint_retire(struct kipc_endpoint *ep)
{
	bool server = kipc_endpoint_role(ep) == KIPC_ROLE_SERVER;
	struct kipc_totals done = { };

	if (server)
		kipc_survey_done(ep, &done);
	kipc_object_remove(ep->net, KIPC_OBJECT_ENDPOINT, ep->id, server ? &done : NULL);
}

/**
 * kipc_endpoint_shutdown() - the file is going: leave the channel or queue
 * @ep:	the endpoint; the file's reference on it is dropped
 */
void kipc_endpoint_shutdown(struct kipc_endpoint *ep)
{
	u32 role = kipc_endpoint_role(ep);

	trace_kipc_close(ep);
	if (current->flags & PF_EXITING)
		kipc_event_peer_died(ep);
	if (role == KIPC_ROLE_SERVER)
		kipc_channel_destroy(ep);
	else if (role == KIPC_ROLE_CLIENT)
		kipc_channel_disconnect(ep);
	else if (role == KIPC_ROLE_QUEUE)
		kipc_notify_drop(ep);
	kipc_endpoint_retire(ep);
	if (role != KIPC_ROLE_NONE)
		kipc_event_endpoint(ep, false);
	kipc_endpoint_put(ep);
}

/**
 * kipc_endpoint_begin() - start taking a role
 * @ep:	the endpoint
 *
 * Return: 0, and kipc_endpoint_end() must follow; -EISCONN; -EINTR.
 */
int kipc_endpoint_begin(struct kipc_endpoint *ep)
{
	if (mutex_lock_interruptible(&ep->setup))
		return -EINTR;
	if (ep->role == KIPC_ROLE_NONE)
		return 0;
	mutex_unlock(&ep->setup);
	return -EISCONN;
}

/**
 * kipc_endpoint_end() - have taken a role, or failed to
 * @ep:		the endpoint
 * @role:	the role; KIPC_ROLE_NONE, it failed and all has been undone
 */
void kipc_endpoint_end(struct kipc_endpoint *ep, enum kipc_role role)
{
	/* Pairs with the acquire in kipc_endpoint_role(). */
	smp_store_release(&ep->role, role);
	mutex_unlock(&ep->setup);
	if (role == KIPC_ROLE_NONE)
		return;
	trace_kipc_open(ep);
	kipc_event_endpoint(ep, true);
}

/**
 * kipc_pool_size() - the size that a pool will have
 * @want:	bytes wanted, 0 for the default
 *
 * A pool larger than a chunk has whole chunks, a smaller one is a power of two.
 *
 * Return: bytes, or 0 for a size that no pool can have.
 */
u32 kipc_pool_size(u64 want)
{
	if (!want)
		want = KIPC_POOL_DEFAULT;
	if (want < KIPC_POOL_MIN || want > KIPC_POOL_MAX)
		return 0;
	return kipc_memory_size(want);
}

/**
 * kipc_endpoint_info() - describe an endpoint
 * @ep:		the endpoint
 * @info:	zero but for @size; filled in
 */
void kipc_endpoint_info(struct kipc_endpoint *ep, struct kipc_endpoint_info *info)
{
	info->version = KIPC_ABI_VERSION;
	info->role = kipc_endpoint_role(ep);
	switch (info->role) {
	case KIPC_ROLE_SERVER:
	case KIPC_ROLE_CLIENT:
		kipc_channel_info(ep, info);
		break;
	case KIPC_ROLE_QUEUE:
		kipc_queue_info(ep->queue, info);
		break;
	}
}

int __init kipc_endpoint_init(void)
{
	kipc_endpoint_cache = KMEM_CACHE(kipc_endpoint, SLAB_NO_MERGE);
	return kipc_endpoint_cache ? 0 : -ENOMEM;
}

void kipc_endpoint_exit(void)
{
	kmem_cache_destroy(kipc_endpoint_cache);
}
