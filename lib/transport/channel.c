// SPDX-License-Identifier: LGPL-2.1-or-later
/* channel: opening and closing; see channel.h. */
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "channel.h"

/* Addresses, not memory: the kernel backs a pool only where it fills it. */
#define KIPC_CHANNEL_POOL	(16ULL << 20)

#define KIPC_CHANNEL_LAZY_MAX	16384

/* ---- the pool ---- */

static int kipc_channel_map(struct kipc_channel *channel)
{
	void *pool = mmap(NULL, channel->pool_size, PROT_READ, MAP_SHARED, channel->fd, 0);

	if (pool == MAP_FAILED)
		return -errno;
	atomic_store(&channel->pool, (uintptr_t)pool);
	return 0;
}

/* In a forked child: everything is to be mapped, and nobody sleeps yet. */
int kipc_channel_settle(struct kipc_channel *channel)
{
	int i, err = 0;

	pthread_mutex_lock(&channel->base.lock);
	if (kipc_forkmark_forked(&channel->mark)) {
		for (i = 0; i < KIPC_CHANNEL_PENDING; i++)
			atomic_store(&channel->pending[i], 0);
		atomic_store(&channel->sleepers, 0);
		err = kipc_channel_map(channel);
		if (!err && channel->intake) {
			err = kipc_intake_map(channel);
			if (err)
				munmap((void *)atomic_load(&channel->pool), channel->pool_size);
		}
		if (!err)
			kipc_forkmark_settle(&channel->mark);
	}
	pthread_mutex_unlock(&channel->base.lock);
	return err;
}

/* ---- opening ---- */

static void kipc_channel_close(struct kipc *handle)
{
	struct kipc_channel *channel = kipc_to_channel(handle);
	void *pool = (void *)atomic_load(&channel->pool);
	/* In a child that never used it, the parent's mappings are not there. */
	bool mapped = !kipc_forkmark_forked(&channel->mark);

	if (channel->intake)
		kipc_intake_close(channel, mapped);
	if (pool && mapped)
		munmap(pool, channel->pool_size);
	if (channel->fd >= 0)
		close(channel->fd);
	kipc_forkmark_deinit(&channel->mark);
	kipc_handle_free(handle);
}

static struct kipc_channel *kipc_channel_new(bool server, int *err)
{
	struct kipc_channel *channel = kipc_handle_new(sizeof(*channel), &kipc_channel_transport,
						       KIPC_SIDE_BOTH);

	if (!channel) {
		*err = -ENOMEM;
		return NULL;
	}
	channel->server = server;
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

/* Entries of a ring that is wanted; what was demanded is in range. */
static uint64_t kipc_channel_ring_size(const struct kipc_address *address)
{
	uint64_t entries = kipc_address_get(address, KIPC_PARAM_RING, 0);

	if (entries && entries < KIPC_RING_MIN)
		return KIPC_RING_MIN;
	return entries < KIPC_RING_MAX ? entries : KIPC_RING_MAX;
}

static uint32_t kipc_channel_create_flags(const struct kipc_address *address)
{
	uint32_t flags = 0;

	if (kipc_address_get(address, KIPC_PARAM_NOTICES, 0))
		flags |= KIPC_CHANNEL_NOTICES;
	if (kipc_address_get(address, KIPC_PARAM_NICE, 0))
		flags |= KIPC_CHANNEL_NICE;
	return flags;
}

/* The endpoint has its role: map its pool, and give it what was wished for. */
static int kipc_channel_start(struct kipc_channel *channel, uint64_t pool_size,
			      const struct kipc_address *address)
{
	uint64_t ring = kipc_channel_ring_size(address);
	int err;

	channel->pool_size = pool_size;
	channel->lazy_max = pool_size / 64 < KIPC_CHANNEL_LAZY_MAX ?
			    pool_size / 64 : KIPC_CHANNEL_LAZY_MAX;
	err = kipc_channel_map(channel);
	if (!err)
		err = kipc_device_tune(channel->fd, address);
	if (!err && ring)
		err = kipc_intake_open(channel, ring);
	return err;
}

static int kipc_channel_create_named(struct kipc_channel **server, const char *name,
				     const struct kipc_address *address)
{
	struct kipc_channel_create create = {
		.size = sizeof(create),
		.flags = kipc_channel_create_flags(address),
		.mode = kipc_address_mode(address),
		.pool_size = kipc_channel_pool(address),
	};
	struct kipc_channel *channel;
	int err;

	channel = kipc_channel_new(true, &err);
	if (!channel)
		return err;
	kipc_device_set_name(create.name, name);
	err = kipc_device_ioctl(channel->fd, KIPC_IOC_CHANNEL_CREATE, &create);
	if (!err)
		err = kipc_channel_start(channel, create.pool_size, address);
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

	channel = kipc_channel_new(false, &err);
	if (!channel)
		return err;
	kipc_device_set_name(connect.name, name);
	err = kipc_device_ioctl(channel->fd, KIPC_IOC_CHANNEL_CONNECT, &connect);
	if (!err)
		err = kipc_channel_start(channel, connect.pool_size, address);
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
	struct kipc_channel *channel = kipc_to_channel(handle);

	atomic_store(&channel->polled, true);
	if (!kipc_forkmark_forked(&channel->mark))
		kipc_channel_flush_all(channel);
	return channel->fd;
}

/* The server's end has as many rooms to send into as clients. */
static int kipc_channel_events(struct kipc *handle, uint32_t want, struct kipc_events *events)
{
	(void)events;
	return want & KIPC_WANT_SEND && kipc_to_channel(handle)->server ? -EOPNOTSUPP : 0;
}

static void kipc_channel_limits(const struct kipc *handle, struct kipc_info *info)
{
	struct kipc_endpoint_info endpoint = { .size = sizeof(endpoint) };

	info->max_size = KIPC_POOL_MAX / 2;
	if (handle && !kipc_device_ioctl(kipc_to_channel(handle)->fd,
					 KIPC_IOC_ENDPOINT_INFO, &endpoint))
		info->max_size = endpoint.max_size;
}

const struct kipc_transport kipc_channel_transport = {
	.mechanism.scheme = "channel",
	.can = KIPC_CAN_LISTEN | KIPC_CAN_PAIR | KIPC_CAN_DUPLEX | KIPC_CAN_CALL |
	       KIPC_CAN_TYPE | KIPC_CAN_PRIO | KIPC_CAN_POLL | KIPC_CAN_BORROW |
	       KIPC_CAN_PEER | KIPC_CAN_FDS | KIPC_CAN_ASYNC | KIPC_CAN_CALLBACK |
	       KIPC_CAN_NOTICES,
	.mechanism.params = KIPC_PARAM_BIT(KIPC_PARAM_MODE) | KIPC_PARAM_BIT(KIPC_PARAM_POOL) |
		  KIPC_PARAM_BIT(KIPC_PARAM_SIZE) | KIPC_PARAM_BIT(KIPC_PARAM_BUSY) |
		  KIPC_PARAM_BIT(KIPC_PARAM_RING) | KIPC_PARAM_BIT(KIPC_PARAM_NOTICES) |
		  KIPC_PARAM_BIT(KIPC_PARAM_NICE),
	.mechanism.name_rule = KIPC_DEVICE_NAME_RULE,
	.mechanism.name_ok = kipc_device_name_ok,
	.listen = kipc_channel_listen,
	.connect = kipc_channel_connect_to,
	.pair = kipc_channel_pair,
	.close = kipc_channel_close,
	.send = kipc_channel_send_out,
	.send_many = kipc_channel_send_many,
	.recv = kipc_channel_recv_msg,
	.call = kipc_channel_call_out,
	.call_start = kipc_channel_call_start,
	.reply = kipc_channel_reply_to,
	.reply_recv = kipc_channel_reply_recv,
	.release = kipc_channel_release_msg,
	.canceled = kipc_channel_canceled,
	.take_fds = kipc_channel_take_fds,
	.fd = kipc_channel_fd,
	.events = kipc_channel_events,
	.limits = kipc_channel_limits,
};
