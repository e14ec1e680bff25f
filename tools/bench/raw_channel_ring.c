// SPDX-License-Identifier: GPL-2.0
/*
 * raw-channel-ring: one-way messages over a kipc channel as a busy program sends them
 *
 * The sender collects up to a batch and sends it with one request; the receiver finds
 * messages in its ring without a request, and releases them with the request that it
 * makes when the ring is empty.  Larger messages go in smaller batches, in the end one
 * by one and from where they are.
 */
#include "raw_channel.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#define BATCH_MSGS	32
#define BATCH_BYTES	65536
#define RING_ENTRIES	256

/* The sender's: payloads that wait to be sent. */
struct batch {
	unsigned int count, most;
	struct kipc_payload payloads[BATCH_MSGS];
	char bytes[];
};

/* The receiver's: how far it has come. */
struct ring {
	const struct kipc_ring *shared;
	uint64_t bytes;
	uint64_t seen;		/* entries taken */
	uint64_t done;		/* entries the kernel has been told to release */
};

static int ring_open_receiver(struct raw_channel *channel)
{
	struct kipc_channel_ring setup = {
		.size = sizeof(setup),
		.entries = RING_ENTRIES,
	};
	struct ring *ring = calloc(1, sizeof(*ring));
	int err;

	if (!ring)
		return -ENOMEM;
	channel->more = ring;
	err = raw_channel_request(channel, KIPC_IOC_CHANNEL_RING, &setup);
	if (err)
		return err;
	ring->bytes = setup.bytes;
	ring->shared = mmap(NULL, setup.bytes, PROT_READ, MAP_SHARED, channel->fd,
			    (off_t)setup.offset);
	return ring->shared == MAP_FAILED ? -errno : 0;
}

static int ring_open_sender(struct lane *lane, struct raw_channel *channel)
{
	unsigned int most = BATCH_BYTES / max_u64(lane->size, 1);
	struct batch *batch;

	most = most < 1 ? 1 : min_u64(most, BATCH_MSGS);
	batch = calloc(1, sizeof(*batch) + (most > 1 ? most * lane->size : 0));
	if (!batch)
		return -ENOMEM;
	batch->most = most;
	channel->more = batch;
	return 0;
}

static int ring_open(struct lane *lane, int step)
{
	struct raw_channel *channel = lane->priv;
	int err = raw_channel_open(lane, step);

	if (err || step)
		return err;
	return lane->side == SIDE_SERVER ? ring_open_receiver(channel) :
					   ring_open_sender(lane, channel);
}

static void ring_close(struct lane *lane)
{
	struct raw_channel *channel = lane->priv;
	struct ring *ring = channel ? channel->more : NULL;

	if (ring && lane->side == SIDE_SERVER && ring->shared &&
	    ring->shared != MAP_FAILED)
		munmap((void *)ring->shared, ring->bytes);
	raw_channel_close(lane);
}

/* A batch may go in parts, where the receiver's pool has no room for all of it. */
static int ring_flush(struct lane *lane)
{
	struct raw_channel *channel = lane->priv;
	struct batch *batch = channel->more;
	struct kipc_channel_send_batch send = { .size = sizeof(send) };
	unsigned int done;
	int err;

	for (done = 0; done < batch->count; done += send.done) {
		send.payloads = (uintptr_t)&batch->payloads[done];
		send.count = batch->count - done;
		err = raw_channel_request(channel, KIPC_IOC_CHANNEL_SEND_BATCH,
					  &send);
		if (err)
			return err;
	}
	batch->count = 0;
	return 0;
}

static int ring_send(struct lane *lane, const void *data, size_t len)
{
	struct raw_channel *channel = lane->priv;
	struct batch *batch = channel->more;
	struct kipc_payload *payload = &batch->payloads[batch->count];

	if (batch->most > 1)
		data = memcpy(batch->bytes + batch->count * lane->size, data, len);
	payload->data = (uintptr_t)data;
	payload->len = len;
	return ++batch->count == batch->most ? ring_flush(lane) : 0;
}

/* The ring is empty: wait for more, in it or as a message. */
static int ring_wait(struct raw_channel *channel, struct ring *ring,
		     struct kipc_header *msg)
{
	struct kipc_channel_recv recv = {
		.size = sizeof(recv),
		.flags = KIPC_RECV_RING,
		.release = channel->held,
		.ring_seen = ring->seen,
		.ring_done = ring->seen,
	};
	int err = raw_channel_request(channel, KIPC_IOC_CHANNEL_RECV, &recv);

	channel->held = err ? recv.release : recv.msg.id;
	*msg = recv.msg;
	ring->done = ring->seen;
	return err;
}

static ssize_t ring_recv(struct lane *lane, size_t expect, const void **data)
{
	struct raw_channel *channel = lane->priv;
	struct ring *ring = channel->more;
	struct kipc_header msg = { .kind = KIPC_KIND_NONE };
	int err;

	(void)expect;
	while (msg.kind == KIPC_KIND_NONE) {
		if (ring->seen < __atomic_load_n(&ring->shared->tail, __ATOMIC_ACQUIRE)) {
			msg = ring->shared->slots[ring->seen++ % RING_ENTRIES];
			break;
		}
		err = ring_wait(channel, ring, &msg);
		if (err)
			return err;
	}
	*data = channel->pool + msg.offset;
	return (ssize_t)msg.len;
}

const struct driver raw_channel_ring_driver = {
	.name = "raw-channel-ring",
	.about = "a kipc channel by ioctl(2), one way: batches and a ring",
	.kind = DRIVER_BASELINE,
	.measures = { false, true },
	.prepare = raw_channel_prepare,
	.open = ring_open,
	.close = ring_close,
	.recv = ring_recv,
	.send = ring_send,
	.flush = ring_flush,
};
