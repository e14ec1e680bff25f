// SPDX-License-Identifier: GPL-2.0
/*
 * raw-queue, raw-queue-batch, raw-queue-typed: kipc's queues by ioctl(2)
 *
 * What the module itself costs.  The batch row is one way only: it sends up to 32
 * messages a request and receives up to 32, in a queue that has room for 32; larger
 * messages go in smaller batches, in the end one by one.
 */
#include "raw_store.h"

#include <fcntl.h>
#include <linux/kipc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define BATCH_MSGS	32
#define BATCH_BYTES	262144

/* Both ends': payloads that wait to be sent, or to be handed out. */
struct batch {
	unsigned int count, next, most;
	size_t size;
	struct kipc_queue_item items[BATCH_MSGS];
	struct kipc_header msgs[BATCH_MSGS];
	char bytes[] __aligned(8);
};

static int queue_request(int fd, unsigned long nr, void *arg)
{
	int n;

	do {
		n = ioctl(fd, nr, arg);
	} while (n < 0 && raw_store_again());
	return n < 0 ? -errno : 0;
}

static void queue_name(const struct lane *lane, int way, char *name)
{
	snprintf(name, KIPC_NAME_SIZE, "kipc-bench-raw-%d-%u", (int)lane->parent,
		 raw_store_number(lane, way));
}

static int queue_device(void)
{
	int fd = open("/dev/kipc", O_RDWR | O_CLOEXEC);

	if (fd >= 0)
		return fd;
	return errno == ENOENT ? -ENODEV : -errno;
}

static int queue_open(struct lane *lane, int way, struct kipc_queue_open *open)
{
	struct raw_store *store = lane->priv;

	open->size = sizeof(*open);
	queue_name(lane, way, open->name);
	store->id[way] = queue_device();
	if (store->id[way] < 0)
		return store->id[way];
	return queue_request(store->id[way], KIPC_IOC_QUEUE_OPEN, open);
}

static int queue_make_room(struct lane *lane, int way, unsigned int depth, size_t bytes)
{
	struct kipc_queue_open open = {
		.flags = KIPC_QUEUE_CREATE | KIPC_QUEUE_EXCL | KIPC_QUEUE_RECV,
		.mode = 0600,
		.max_msgs = depth,
		.max_bytes = bytes,
		.max_size = raw_store_size(lane, way),
	};

	if (lane->size > KIPC_QUEUE_SIZE_MAX) {
		lane->max_size = KIPC_QUEUE_SIZE_MAX;
		return -EMSGSIZE;
	}
	return queue_open(lane, way, &open);
}

static int queue_make(struct lane *lane, int way)
{
	const struct raw_store_kind *kind = ((struct raw_store *)lane->priv)->kind;

	return queue_make_room(lane, way, raw_store_depth(kind, way),
			       raw_store_bytes(lane, kind, way));
}

static int queue_join(struct lane *lane, int way)
{
	struct kipc_queue_open open = { .flags = KIPC_QUEUE_SEND };

	return queue_open(lane, way, &open);
}

static int queue_put(struct raw_store *store, int way, long type, const void *data,
		     size_t len)
{
	struct kipc_queue_send send = {
		.size = sizeof(send),
		.type = (__u64)type,
		.payload = { .data = (uintptr_t)data, .len = len },
	};

	return queue_request(store->id[way], KIPC_IOC_QUEUE_SEND, &send);
}

static ssize_t queue_take_by(struct raw_store *store, int way, void *data, size_t size,
			     enum kipc_select select)
{
	struct kipc_queue_recv recv = {
		.size = sizeof(recv),
		.data = (uintptr_t)data,
		.len = size,
		.select = select,
		.match = select == KIPC_SELECT_TYPE ? STORE_MEANT : 0,
	};
	int err = queue_request(store->id[way], KIPC_IOC_QUEUE_RECV, &recv);

	return err ? err : (ssize_t)recv.msg.len;
}

static ssize_t queue_take(struct raw_store *store, int way, void *data, size_t size)
{
	return queue_take_by(store, way, data, size, KIPC_SELECT_URGENT);
}

static ssize_t queue_take_typed(struct raw_store *store, int way, void *data, size_t size)
{
	return queue_take_by(store, way, data, size, KIPC_SELECT_TYPE);
}

static void queue_leave(struct raw_store *store, int way)
{
	close(store->id[way]);
}

static void queue_unlink(const struct raw_store_kind *kind, const struct lane *lane,
			 int way)
{
	struct kipc_queue_unlink unlink = { .size = sizeof(unlink) };
	int fd = queue_device();

	(void)kind;
	if (fd < 0)
		return;
	queue_name(lane, way, unlink.name);
	ioctl(fd, KIPC_IOC_QUEUE_UNLINK, &unlink);
	close(fd);
}

static const struct raw_store_kind queue_kind = {
	.make = queue_make,
	.join = queue_join,
	.put = queue_put,
	.take = queue_take,
	.leave = queue_leave,
	.unlink = queue_unlink,
};

static const struct raw_store_kind queue_typed_kind = {
	.make = queue_make,
	.join = queue_join,
	.put = queue_put,
	.take = queue_take_typed,
	.leave = queue_leave,
	.unlink = queue_unlink,
	.typed = true,
};

static int queue_prepare(struct lane *lane)
{
	return raw_store_prepare(lane, &queue_kind);
}

static int queue_typed_prepare(struct lane *lane)
{
	return raw_store_prepare(lane, &queue_typed_kind);
}

static void queue_clean(struct lane *lane)
{
	raw_store_clean(lane, &queue_kind);
}

/* ---- batches ---- */

static int batch_open(struct lane *lane, int step)
{
	struct raw_store *store = lane->priv;
	unsigned int most = BATCH_BYTES / max_u64(lane->size, 1);
	struct batch *batch;
	size_t size;

	if (step)
		return 0;
	most = most < 1 ? 1 : min_u64(most, BATCH_MSGS);
	size = (lane->size + 7) / 8 * 8;
	batch = calloc(1, sizeof(*batch) + most * size);
	if (!batch)
		return -ENOMEM;
	batch->most = most;
	batch->size = size;
	memset(batch->bytes, 1, most * size);
	store->more = batch;
	return lane->side == SIDE_SERVER ?
		       queue_make_room(lane, STORE_FORWARD, most, most * lane->size) :
		       queue_join(lane, STORE_FORWARD);
}

/* Where the queue has no room for all of a batch it takes some. */
static int batch_flush(struct lane *lane)
{
	struct raw_store *store = lane->priv;
	struct batch *batch = store->more;
	struct kipc_queue_send_batch send = { .size = sizeof(send) };
	unsigned int done;
	int err;

	for (done = 0; done < batch->count; done += send.done) {
		send.items = (uintptr_t)&batch->items[done];
		send.count = batch->count - done;
		err = queue_request(store->id[STORE_FORWARD], KIPC_IOC_QUEUE_SEND_BATCH,
				    &send);
		if (err)
			return err;
	}
	batch->count = 0;
	return 0;
}

static int batch_send(struct lane *lane, const void *data, size_t len)
{
	struct raw_store *store = lane->priv;
	struct batch *batch = store->more;
	struct kipc_queue_item *item = &batch->items[batch->count];

	if (batch->most > 1)
		data = memcpy(batch->bytes + batch->count * batch->size, data, len);
	item->payload.data = (uintptr_t)data;
	item->payload.len = len;
	return ++batch->count == batch->most ? batch_flush(lane) : 0;
}

static ssize_t batch_recv(struct lane *lane, size_t expect, const void **data)
{
	struct raw_store *store = lane->priv;
	struct batch *batch = store->more;
	const struct kipc_header *msg;

	(void)expect;
	if (batch->next == batch->count) {
		struct kipc_queue_recv_batch recv = {
			.size = sizeof(recv),
			.data = (uintptr_t)batch->bytes,
			.len = batch->most * batch->size,
			.msgs = (uintptr_t)batch->msgs,
			.count = batch->most,
		};
		int err = queue_request(store->id[STORE_FORWARD],
					KIPC_IOC_QUEUE_RECV_BATCH, &recv);

		if (err)
			return err;
		batch->count = recv.done;
		batch->next = 0;
	}
	msg = &batch->msgs[batch->next++];
	*data = batch->bytes + msg->offset;
	return (ssize_t)msg->len;
}

const struct driver raw_queue_driver = {
	.name = "raw-queue",
	.about = "two kipc queues by ioctl(2), without the library",
	.kind = DRIVER_BASELINE,
	.measures = { true, true },
	.prepare = queue_prepare,
	.open = raw_store_open,
	.close = raw_store_close,
	.clean = queue_clean,
	.call = raw_store_call,
	.recv = raw_store_recv,
	.reply = raw_store_reply,
	.send = raw_store_send,
};

const struct driver raw_queue_batch_driver = {
	.name = "raw-queue-batch",
	.about = "a kipc queue by ioctl(2), one way: batches of 32",
	.kind = DRIVER_BASELINE,
	.measures = { false, true },
	.prepare = queue_prepare,
	.open = batch_open,
	.close = raw_store_close,
	.clean = queue_clean,
	.recv = batch_recv,
	.send = batch_send,
	.flush = batch_flush,
};

const struct driver raw_queue_typed_driver = {
	.name = "raw-queue-typed",
	.about = "the same, receiving by type: 10,000 others wait",
	.kind = DRIVER_BASELINE,
	.measures = { false, true },
	.prepare = queue_typed_prepare,
	.open = raw_store_open,
	.close = raw_store_close,
	.clean = queue_clean,
	.recv = raw_store_recv,
	.send = raw_store_send,
	.flush = raw_store_flush,
	.settle = raw_store_settle,
	.backlog = STORE_BACKLOG,
};
