// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * channel: when received messages are given back.
 *
 * Releasing by itself would be a system call after every message.  Instead the id is
 * put down in @pending and goes to the kernel with the next request of this handle
 * (@release of call and recv).  Four things keep a slice from being held back by that
 * while somebody waits for it:
 *
 *	- only small slices wait (@lazy_max), and none that has descriptors, which
 *	  somebody may wait to see closed; others are released at once,
 *	- none waits while a thread of this process sleeps in the kernel on the
 *	  handle, for it may sleep for want of the very slice, and nobody would come
 *	  by to take the id along.  Releaser and sleeper both first put down and
 *	  then look (id, then @sleepers; @sleepers, then ids), all sequentially
 *	  consistent, so at least one of them sees the other; each id is taken by
 *	  exchange, so only one of them releases it,
 *	- none waits once kipc_fd() has been asked for: the owner may then sleep in
 *	  poll(), which takes no ids along,
 *	- what came through a ring waits by the rules of channel_ring.c.
 *
 * An id that the kernel does not know (a forked copy of the handle released it, or a
 * restarted system call already has) is ENOENT, and then nothing else happened: the
 * request is made again without it.
 */
#include "channel.h"

/* Give messages back now; those that the kernel does not know are passed over. */
int kipc_channel_flush(struct kipc_channel *channel, const uint64_t *ids, unsigned int count)
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

/* Give back all whose release waits. */
void kipc_channel_flush_all(struct kipc_channel *channel)
{
	uint64_t ids[KIPC_CHANNEL_PENDING];

	kipc_channel_flush(channel, ids, kipc_channel_collect(channel, ids));
}

/* Before a request: the one id that it can carry; the others are flushed. */
uint64_t kipc_channel_carry(struct kipc_channel *channel)
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

/* Let the release of a message wait, or not if there are too many that do. */
void kipc_channel_defer(struct kipc_channel *channel, uint64_t id)
{
	if (kipc_channel_put_down(channel, id))
		return;
	kipc_channel_flush_all(channel);
	kipc_channel_flush(channel, &id, 1);
}

void kipc_channel_release_msg(struct kipc_msg *msg)
{
	struct kipc_channel *channel = kipc_to_channel(msg->handle);
	uint64_t id = msg->id;

	/* It names a call, which is still held. */
	if (msg->kind == KIPC_MSG_CANCELED)
		return;
	if (kipc_intake_number(msg)) {
		kipc_intake_release(channel, msg);
		return;
	}
	/* A call's caller waits to hear that it was refused. */
	if (msg->kind == KIPC_MSG_CALL || msg->len > channel->lazy_max || msg->fd_count ||
	    atomic_load(&channel->polled)) {
		kipc_channel_flush(channel, &id, 1);
		return;
	}
	kipc_channel_defer(channel, id);
	if (atomic_load(&channel->sleepers))
		kipc_channel_flush_all(channel);
}
