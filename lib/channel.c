// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * channel: kipc channels, both ways, with calls and one copy.
 *
 * A received message is not copied at all here: msg->data points into the pool,
 * the read-only mapping that the kernel fills, until the message is released.
 *
 * Releasing lazily
 *	A release by itself would be a system call after every message.  Instead
 *	its id is put down in @pending and goes to the kernel with the next request
 *	of this handle (@release of call and recv).  Three things keep a slice from
 *	being held back by that while somebody waits for it:
 *
 *	- only small slices wait (@lazy_max); a large one is released at once,
 *	- none waits while a thread of this process sleeps in the kernel on the
 *	  handle, for it may sleep for want of the very slice, and nobody would come
 *	  by to take the id along.  Releaser and sleeper both first put down and
 *	  then look (id, then @sleepers; @sleepers, then ids), all sequentially
 *	  consistent, so at least one of them sees the other; each id is taken by
 *	  exchange, so only one of them releases it,
 *	- none waits once kipc_fd() has been asked for: the owner may then sleep in
 *	  poll(), which takes no ids along.
 *
 *	An id that the kernel does not know (a forked copy of the handle released
 *	it, or a restarted system call already has) is ENOENT, and then nothing else
 *	happened: the request is made again without it.
 *
 * Fork: the pool's mapping is not inherited.  The child finds its forkmark
 * cleared and maps the pool anew at its first receive; ids that were pending at
 * the fork are the parent's.
 */
#include <errno.h>
#include <linux/kipc.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "internal.h"

/* Addresses, not memory: the kernel backs a pool only where it fills it. */
#define KIPC_CHANNEL_POOL	(16ULL << 20)

#define KIPC_CHANNEL_PENDING	8
#define KIPC_CHANNEL_LAZY_MAX	16384

struct kipc_channel {
	struct kipc base;
	int fd;
	atomic_uintptr_t pool;
	size_t pool_size;
	size_t lazy_max;
	uint64_t to;			/* a pair's server: its one client */
	struct kipc_forkmark mark;
	atomic_ullong pending[KIPC_CHANNEL_PENDING];
	atomic_uint sleepers;
	atomic_bool polled;
};

static struct kipc_channel *to_channel(struct kipc *handle)
{
	return container_of(handle, struct kipc_channel, base);
}

static uint32_t kipc_channel_flags(kipc_deadline deadline)
{
	return deadline == KIPC_AT_ONCE ? KIPC_F_NONBLOCK : 0;
}

static uint64_t kipc_channel_deadline(kipc_deadline deadline)
{
	return deadline > 0 ? (uint64_t)deadline : 0;
}

/* ---- releasing ---- */

static int kipc_channel_flush(struct kipc_channel *channel, uint64_t *ids, unsigned int count)
{
	int err = 0;

	while (count) {
		struct kipc_channel_release release = {
			.size = sizeof(release),
			.ids = (uintptr_t)ids,
			.count = count,
		};

		err = kipc_device_ioctl(channel->fd, KIPC_IOC_CHANNEL_RELEASE, &release);
		if (!err || release.done >= count)
			break;
		/* The id after the last one done is the bad one: step over it. */
		ids += release.done + 1;
		count -= release.done + 1;
	}
	return err;
}

/* Take all pending ids away; how many. */
static unsigned int kipc_channel_collect(struct kipc_channel *channel,
					 uint64_t ids[KIPC_CHANNEL_PENDING])
{
	unsigned int i, count = 0;

	for (i = 0; i < KIPC_CHANNEL_PENDING; i++) {
		uint64_t id = 0;

		if (atomic_load(&channel->pending[i]))
			id = atomic_exchange(&channel->pending[i], 0);
		if (id)
			ids[count++] = id;
	}
	return count;
}

static void kipc_channel_flush_all(struct kipc_channel *channel)
{
	uint64_t ids[KIPC_CHANNEL_PENDING];

	kipc_channel_flush(channel, ids, kipc_channel_collect(channel, ids));
}

/* Before a request: the one id that it can carry; the others are flushed. */
static uint64_t kipc_channel_carry(struct kipc_channel *channel)
{
	uint64_t ids[KIPC_CHANNEL_PENDING];
	unsigned int count = kipc_channel_collect(channel, ids);

	if (count > 1)
		kipc_channel_flush(channel, ids + 1, count - 1);
	return count ? ids[0] : 0;
}

static bool kipc_channel_put_down(struct kipc_channel *channel, uint64_t id)
{
	unsigned int i;

	for (i = 0; i < KIPC_CHANNEL_PENDING; i++) {
		unsigned long long none = 0;

		if (atomic_compare_exchange_strong(&channel->pending[i], &none, id))
			return true;
	}
	return false;
}

static void kipc_channel_release_msg(struct kipc_msg *msg)
{
	struct kipc_channel *channel = to_channel(msg->handle);
	uint64_t id = msg->id;

	/* A call's caller waits to hear that it was refused. */
	if (msg->kind == KIPC_MSG_CALL || msg->len > channel->lazy_max ||
	    atomic_load(&channel->polled)) {
		kipc_channel_flush(channel, &id, 1);
		return;
	}
	if (!kipc_channel_put_down(channel, id)) {
		kipc_channel_flush_all(channel);
		kipc_channel_flush(channel, &id, 1);
		return;
	}
	if (atomic_load(&channel->sleepers))
		kipc_channel_flush_all(channel);
}

/* ---- the pool ---- */

static int kipc_channel_map(struct kipc_channel *channel)
{
	void *pool = mmap(NULL, channel->pool_size, PROT_READ, MAP_SHARED, channel->fd, 0);

	if (pool == MAP_FAILED)
		return -errno;
	atomic_store(&channel->pool, (uintptr_t)pool);
	return 0;
}

/* In a forked child: the pool is to be mapped, and nobody sleeps yet. */
static int kipc_channel_settle(struct kipc_channel *channel)
{
	int i, err = 0;

	pthread_mutex_lock(&channel->base.lock);
	if (kipc_forkmark_forked(&channel->mark)) {
		for (i = 0; i < KIPC_CHANNEL_PENDING; i++)
			atomic_store(&channel->pending[i], 0);
		atomic_store(&channel->sleepers, 0);
		err = kipc_channel_map(channel);
		if (!err)
			kipc_forkmark_settle(&channel->mark);
	}
	pthread_mutex_unlock(&channel->base.lock);
	return err;
}

static int kipc_channel_enter(struct kipc_channel *channel)
{
	return kipc_forkmark_forked(&channel->mark) ? kipc_channel_settle(channel) : 0;
}

/* Fill in @msg from what the kernel tells. */
static int kipc_channel_lend(struct kipc_channel *channel, struct kipc_msg *msg,
			     const struct kipc_header *header)
{
	if (header->offset > channel->pool_size ||
	    header->len > channel->pool_size - header->offset)
		return -EPROTO;
	msg->handle = &channel->base;
	msg->data = (const char *)atomic_load_explicit(&channel->pool, memory_order_relaxed) +
		    header->offset;
	msg->len = header->len;
	msg->id = header->id;
	msg->type = header->tag;
	msg->prio = 0;
	msg->kind = header->kind;
	msg->peer = header->peer;
	msg->pid = (pid_t)header->pid;
	msg->uid = header->uid;
	msg->gid = header->gid;
	msg->known = KIPC_KNOWN_PEER | KIPC_KNOWN_TYPE;
	return 0;
}

/* ---- messages ---- */

static int kipc_channel_send_out(struct kipc *handle, const struct kipc_outgoing *out,
				 kipc_deadline deadline)
{
	struct kipc_channel *channel = to_channel(handle);
	struct kipc_channel_send send = {
		.size = sizeof(send),
		.flags = kipc_channel_flags(deadline),
		.deadline = kipc_channel_deadline(deadline),
		.to = out->to ? out->to : channel->to,
		.payload = {
			.data = (uintptr_t)out->data,
			.len = out->len,
			.tag = out->type,
		},
	};
	int err;

	if (handle->transport == &kipc_channel_transport && out->to)
		return -EINVAL;		/* a client has one server */
	if (handle->transport != &kipc_channel_transport && !send.to)
		return -EDESTADDRREQ;
	err = kipc_device_ioctl(channel->fd, KIPC_IOC_CHANNEL_SEND, &send);
	return err == -ESRCH ? -EPIPE : err;
}

/*
 * A request that may sleep and takes an id along.  The kernel clears @release once
 * it has done that; an id that it does not know is dropped, and one that it did
 * not come to is released here.
 */
static int kipc_channel_request(struct kipc_channel *channel, unsigned long request,
				void *arg, __u64 *release)
{
	uint64_t id;
	int err;

	atomic_fetch_add(&channel->sleepers, 1);
	*release = kipc_channel_carry(channel);
	err = kipc_device_ioctl(channel->fd, request, arg);
	if (err == -ENOENT && *release) {
		*release = 0;
		err = kipc_device_ioctl(channel->fd, request, arg);
	}
	atomic_fetch_sub(&channel->sleepers, 1);
	id = *release;
	if (err && id)
		kipc_channel_flush(channel, &id, 1);
	return err;
}

static int kipc_channel_recv_msg(struct kipc *handle, struct kipc_msg *msg,
				 kipc_deadline deadline)
{
	struct kipc_channel *channel = to_channel(handle);
	struct kipc_channel_recv recv;
	int err = kipc_channel_enter(channel);

	if (err)
		return err;
	memset(&recv, 0, sizeof(recv));
	recv.size = sizeof(recv);
	recv.flags = kipc_channel_flags(deadline);
	recv.deadline = kipc_channel_deadline(deadline);

	err = kipc_channel_request(channel, KIPC_IOC_CHANNEL_RECV, &recv, &recv.release);
	return err ? err : kipc_channel_lend(channel, msg, &recv.msg);
}

static int kipc_channel_call_out(struct kipc *handle, const struct kipc_outgoing *out,
				 struct kipc_msg *reply, kipc_deadline deadline)
{
	struct kipc_channel *channel = to_channel(handle);
	struct kipc_channel_call call;
	int err = kipc_channel_enter(channel);

	if (err)
		return err;
	memset(&call, 0, sizeof(call));
	call.size = sizeof(call);
	call.deadline = kipc_channel_deadline(deadline);
	call.request.data = (uintptr_t)out->data;
	call.request.len = out->len;
	call.request.tag = out->type;

	err = kipc_channel_request(channel, KIPC_IOC_CHANNEL_CALL, &call, &call.release);
	reply->outcome = call.outcome;	/* KIPC_CALL_* are KIPC_OUTCOME_* */
	return err ? err : kipc_channel_lend(channel, reply, &call.reply);
}

static void kipc_channel_answer(struct kipc_channel_reply *reply, const struct kipc_msg *call,
				const void *data, size_t len)
{
	memset(reply, 0, sizeof(*reply));
	reply->size = sizeof(*reply);
	reply->id = call->id;
	reply->reply.data = (uintptr_t)data;
	reply->reply.len = len;
}

static int kipc_channel_reply_to(struct kipc *handle, struct kipc_msg *call,
				 const void *data, size_t len)
{
	struct kipc_channel *channel = to_channel(handle);
	struct kipc_channel_reply reply;
	int err;

	kipc_channel_answer(&reply, call, data, len);
	err = kipc_device_ioctl(channel->fd, KIPC_IOC_CHANNEL_REPLY, &reply);
	switch (err) {
	case 0:
	case -EMSGSIZE:
	case -ENOBUFS:
	case -ECANCELED:
		return err;
	case -ENOENT:
		return -EINVAL;		/* answered already */
	default:
		/* The call is over for the caller of kipc_reply(): let it be. */
		kipc_channel_flush(channel, &call->id, 1);
		return err;
	}
}

/*
 * Reply and receive in one request.  It has no place for a pending id, so those
 * are flushed first; a server that only answers calls has none.
 */
static int kipc_channel_reply_recv(struct kipc *handle, struct kipc_msg *msg,
				   const void *data, size_t len, kipc_deadline deadline,
				   bool *replied)
{
	struct kipc_channel *channel = to_channel(handle);
	struct kipc_channel_reply reply;
	int err = kipc_channel_enter(channel);

	if (err)
		return err;
	kipc_channel_answer(&reply, msg, data, len);
	reply.flags = KIPC_REPLY_RECV | kipc_channel_flags(deadline);
	reply.deadline = kipc_channel_deadline(deadline);

	atomic_fetch_add(&channel->sleepers, 1);
	kipc_channel_flush_all(channel);
	err = kipc_device_ioctl(channel->fd, KIPC_IOC_CHANNEL_REPLY, &reply);
	atomic_fetch_sub(&channel->sleepers, 1);

	if (!err) {
		*replied = true;
		return kipc_channel_lend(channel, msg, &reply.msg);
	}
	if (reply.id && (err == -EMSGSIZE || err == -ENOBUFS))
		return err;
	*replied = true;
	if (!reply.id && err != -ECANCELED)
		return err;
	/* The reply failed for good; what is left of the request is to receive. */
	if (reply.id)
		kipc_channel_flush(channel, &msg->id, 1);
	return kipc_channel_recv_msg(handle, msg, deadline);
}

/* ---- opening ---- */

static void kipc_channel_close(struct kipc *handle)
{
	struct kipc_channel *channel = to_channel(handle);
	void *pool = (void *)atomic_load(&channel->pool);

	/* In a child that never used it, the pool is not mapped. */
	if (pool && !kipc_forkmark_forked(&channel->mark))
		munmap(pool, channel->pool_size);
	if (channel->fd >= 0)
		close(channel->fd);
	kipc_forkmark_deinit(&channel->mark);
	kipc_handle_free(handle);
}

static struct kipc_channel *kipc_channel_new(const struct kipc_transport *transport, int *err)
{
	struct kipc_channel *channel = kipc_handle_new(sizeof(*channel), transport,
						       KIPC_SIDE_BOTH);

	if (!channel) {
		*err = -ENOMEM;
		return NULL;
	}
	channel->fd = kipc_device_open();
	*err = channel->fd < 0 ? channel->fd : kipc_forkmark_init(&channel->mark);
	if (!*err)
		return channel;
	if (channel->fd >= 0)
		close(channel->fd);
	kipc_handle_free(&channel->base);
	return NULL;
}

/* A wish for large messages is one for a pool that takes a few of them. */
static uint64_t kipc_channel_pool(const struct kipc_address *address)
{
	uint64_t size = kipc_address_get(address, KIPC_PARAM_SIZE, 0);
	uint64_t pool = kipc_address_get(address, KIPC_PARAM_POOL, KIPC_CHANNEL_POOL);

	if (address->given & KIPC_PARAM_BIT(KIPC_PARAM_POOL))
		return pool;
	if (size > KIPC_POOL_MAX / 4) {
		if (kipc_address_demands(address, KIPC_PARAM_SIZE))
			return UINT64_MAX;	/* which the kernel refuses */
		size = KIPC_POOL_MAX / 4;
	}
	return 4 * size > pool ? 4 * size : pool;
}

/* The endpoint has its role: map its pool. */
static int kipc_channel_start(struct kipc_channel *channel, uint64_t pool_size)
{
	channel->pool_size = pool_size;
	channel->lazy_max = pool_size / 64 < KIPC_CHANNEL_LAZY_MAX ?
			    pool_size / 64 : KIPC_CHANNEL_LAZY_MAX;
	return kipc_channel_map(channel);
}

static const struct kipc_transport kipc_channel_server;

static int kipc_channel_create_named(struct kipc_channel **server, const char *name,
				     const struct kipc_address *address)
{
	struct kipc_channel_create create = {
		.size = sizeof(create),
		.mode = kipc_address_mode(address),
		.pool_size = kipc_channel_pool(address),
	};
	struct kipc_channel *channel;
	int err;

	channel = kipc_channel_new(&kipc_channel_server, &err);
	if (!channel)
		return err;
	kipc_device_set_name(create.name, name);
	err = kipc_device_ioctl(channel->fd, KIPC_IOC_CHANNEL_CREATE, &create);
	if (!err)
		err = kipc_channel_start(channel, create.pool_size);
	if (err) {
		kipc_channel_close(&channel->base);
		return err;
	}
	*server = channel;
	return 0;
}

static int kipc_channel_connect_named(struct kipc_channel **client, const char *name,
				      const struct kipc_address *address, uint64_t *number)
{
	struct kipc_channel_connect connect = {
		.size = sizeof(connect),
		.pool_size = kipc_channel_pool(address),
	};
	struct kipc_channel *channel;
	int err;

	channel = kipc_channel_new(&kipc_channel_transport, &err);
	if (!channel)
		return err;
	kipc_device_set_name(connect.name, name);
	err = kipc_device_ioctl(channel->fd, KIPC_IOC_CHANNEL_CONNECT, &connect);
	if (!err)
		err = kipc_channel_start(channel, connect.pool_size);
	if (err) {
		kipc_channel_close(&channel->base);
		return err;
	}
	*client = channel;
	*number = connect.client;
	return 0;
}

static int kipc_channel_listen(struct kipc **handle, const struct kipc_address *address)
{
	struct kipc_channel *server;
	int err = kipc_channel_create_named(&server, address->name, address);

	if (!err)
		*handle = &server->base;
	return err;
}

static int kipc_channel_connect_to(struct kipc **handle, const struct kipc_address *address)
{
	struct kipc_channel *client;
	uint64_t number;
	int err = kipc_channel_connect_named(&client, address->name, address, &number);

	if (!err)
		*handle = &client->base;
	return err;
}

static int kipc_channel_pair(struct kipc *ends[2], const struct kipc_address *address)
{
	struct kipc_channel *server, *client;
	char name[KIPC_NAME_SIZE];
	int err;

	kipc_system_fresh_name(name, sizeof(name));
	err = kipc_channel_create_named(&server, name, address);
	if (err)
		return err;
	err = kipc_channel_connect_named(&client, name, address, &server->to);
	if (err) {
		kipc_channel_close(&server->base);
		return err;
	}
	ends[0] = &server->base;
	ends[1] = &client->base;
	return 0;
}

/* From here on the owner may wait where we do not see it. */
static int kipc_channel_fd(struct kipc *handle)
{
	struct kipc_channel *channel = to_channel(handle);

	atomic_store(&channel->polled, true);
	if (!kipc_forkmark_forked(&channel->mark))
		kipc_channel_flush_all(channel);
	return channel->fd;
}

static void kipc_channel_limits(const struct kipc *handle, struct kipc_info *info)
{
	struct kipc_endpoint_info endpoint = { .size = sizeof(endpoint) };

	info->max_size = KIPC_POOL_MAX / 2;
	if (handle && !kipc_device_ioctl(to_channel((struct kipc *)handle)->fd,
					 KIPC_IOC_ENDPOINT_INFO, &endpoint))
		info->max_size = endpoint.max_size;
}

#define KIPC_CHANNEL_OPERATIONS							\
	.scheme = "channel",							\
	.can = KIPC_CAN_LISTEN | KIPC_CAN_PAIR | KIPC_CAN_DUPLEX | KIPC_CAN_CALL |	\
	       KIPC_CAN_TYPE | KIPC_CAN_POLL | KIPC_CAN_BORROW | KIPC_CAN_PEER,	\
	.params = KIPC_PARAM_BIT(KIPC_PARAM_MODE) | KIPC_PARAM_BIT(KIPC_PARAM_POOL) |	\
		  KIPC_PARAM_BIT(KIPC_PARAM_SIZE),				\
	.name_rule = KIPC_DEVICE_NAME_RULE,					\
	.name_ok = kipc_device_name_ok,						\
	.listen = kipc_channel_listen,						\
	.connect = kipc_channel_connect_to,					\
	.pair = kipc_channel_pair,						\
	.close = kipc_channel_close,						\
	.send = kipc_channel_send_out,						\
	.recv = kipc_channel_recv_msg,						\
	.release = kipc_channel_release_msg,					\
	.fd = kipc_channel_fd,							\
	.limits = kipc_channel_limits

/* A client: what the scheme's table has as well. */
const struct kipc_transport kipc_channel_transport = {
	KIPC_CHANNEL_OPERATIONS,
	.call = kipc_channel_call_out,
};

/* A server: it answers where a client calls. */
static const struct kipc_transport kipc_channel_server = {
	KIPC_CHANNEL_OPERATIONS,
	.reply = kipc_channel_reply_to,
	.reply_recv = kipc_channel_reply_recv,
};
