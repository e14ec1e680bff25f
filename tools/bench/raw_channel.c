// SPDX-License-Identifier: GPL-2.0
/*
 * raw-channel: a kipc channel by ioctl(2), without the library
 *
 * What the module itself costs, to be compared with the other baselines; its
 * distance to "channel" is what the library adds.
 */
#include "raw_channel.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "payload.h"

/* One request may fill half of the server's pool. */
#define SERVER_POOL_MIN	(1ULL << 20)
#define CLIENT_POOL	65536ULL

int raw_channel_request(struct raw_channel *channel, unsigned long nr, void *arg)
{
	return ioctl(channel->fd, nr, arg) < 0 ? -errno : 0;
}

int raw_channel_prepare(struct lane *lane)
{
	struct raw_channel *channel = calloc(1, sizeof(*channel));

	if (!channel)
		return -ENOMEM;
	channel->fd = -1;
	snprintf(channel->name, sizeof(channel->name), "kipc-bench-raw-%d-%u",
		 (int)lane->parent, lane->serial);
	lane->priv = channel;
	return 0;
}

static int raw_channel_create(struct lane *lane, struct raw_channel *channel)
{
	struct kipc_channel_create create = {
		.size = sizeof(create),
		.mode = 0600,
		.pool_size = max_u64(SERVER_POOL_MIN, 4 * (uint64_t)lane->size),
	};
	int err;

	memcpy(create.name, channel->name, sizeof(create.name));
	err = raw_channel_request(channel, KIPC_IOC_CHANNEL_CREATE, &create);
	channel->pool_size = create.pool_size;
	return err;
}

static int raw_channel_connect(struct raw_channel *channel)
{
	struct kipc_channel_connect connect = {
		.size = sizeof(connect),
		.pool_size = CLIENT_POOL,
	};
	int err;

	memcpy(connect.name, channel->name, sizeof(connect.name));
	err = raw_channel_request(channel, KIPC_IOC_CHANNEL_CONNECT, &connect);
	channel->pool_size = connect.pool_size;
	return err;
}

int raw_channel_open(struct lane *lane, int step)
{
	struct raw_channel *channel = lane->priv;
	int err;

	if (step)
		return 0;
	channel->fd = open("/dev/kipc", O_RDWR | O_CLOEXEC);
	if (channel->fd < 0)
		return errno == ENOENT ? -ENODEV : -errno;
	err = lane->side == SIDE_SERVER ? raw_channel_create(lane, channel) :
					  raw_channel_connect(channel);
	if (err)
		return err;
	channel->pool = mmap(NULL, channel->pool_size, PROT_READ, MAP_SHARED,
			     channel->fd, 0);
	return channel->pool == MAP_FAILED ? -errno : 0;
}

void raw_channel_close(struct lane *lane)
{
	struct raw_channel *channel = lane->priv;

	if (!channel)
		return;
	if (channel->fd >= 0)
		close(channel->fd);
	if (channel->pool && channel->pool != MAP_FAILED)
		munmap(channel->pool, channel->pool_size);
	free(channel->more);
	free(channel);
	lane->priv = NULL;
}

static ssize_t raw_channel_call(struct lane *lane, const void *data, size_t len,
				void *reply)
{
	struct raw_channel *channel = lane->priv;
	struct kipc_channel_call call = {
		.size = sizeof(call),
		.release = channel->held,
		.request = { .data = (uintptr_t)data, .len = len },
	};
	int err;

	err = raw_channel_request(channel, KIPC_IOC_CHANNEL_CALL, &call);
	channel->held = err ? call.release : call.reply.id;
	if (err)
		return err;
	memcpy(reply, channel->pool + call.reply.offset,
	       min_u64(call.reply.len, PAYLOAD_REPLY));
	return (ssize_t)call.reply.len;
}

/* Answer the call that is held, if one is, and receive the next. */
static ssize_t raw_channel_turn(struct lane *lane, const void *data, size_t len,
				const void **next)
{
	struct raw_channel *channel = lane->priv;
	struct kipc_channel_reply turn = {
		.size = sizeof(turn),
		.flags = KIPC_REPLY_RECV,
		.id = channel->held,
		.reply = { .data = (uintptr_t)data, .len = len },
	};
	int err;

	err = raw_channel_request(channel, KIPC_IOC_CHANNEL_REPLY, &turn);
	channel->held = err ? turn.id : turn.msg.id;
	if (err)
		return err;
	*next = channel->pool + turn.msg.offset;
	return (ssize_t)turn.msg.len;
}

static ssize_t raw_channel_recv(struct lane *lane, size_t expect,
				const void **data)
{
	(void)expect;
	return raw_channel_turn(lane, NULL, 0, data);
}

static ssize_t raw_channel_reply_recv(struct lane *lane, const void *data,
				      size_t len, size_t expect,
				      const void **next)
{
	(void)expect;
	return raw_channel_turn(lane, data, len, next);
}

static int raw_channel_reply(struct lane *lane, const void *data, size_t len)
{
	struct raw_channel *channel = lane->priv;
	struct kipc_channel_reply answer = {
		.size = sizeof(answer),
		.id = channel->held,
		.reply = { .data = (uintptr_t)data, .len = len },
	};

	channel->held = 0;
	return raw_channel_request(channel, KIPC_IOC_CHANNEL_REPLY, &answer);
}

const struct driver raw_channel_driver = {
	.name = "raw-channel",
	.about = "a kipc channel by ioctl(2), without the library",
	.kind = DRIVER_BASELINE,
	.measures = { true, false },
	.prepare = raw_channel_prepare,
	.open = raw_channel_open,
	.close = raw_channel_close,
	.call = raw_channel_call,
	.recv = raw_channel_recv,
	.reply = raw_channel_reply,
	.reply_recv = raw_channel_reply_recv,
};
