// SPDX-License-Identifier: GPL-2.0
/*
 * raw-binder: Android's Binder by ioctl(2), without Android's library
 *
 * The stock driver (module binder_linux), used as a careful program would.  The
 * server becomes the context manager, so the client reaches it as handle 0 and
 * no names, references or death notices are in the way.  A buffer is given back
 * with whatever is written next, never by a system call of its own, and every
 * request reads in the same BINDER_WRITE_READ in which it writes.  That makes
 * one system call a round trip for the client and two for the server, and not
 * one: the driver ends a read as soon as it has said BR_TRANSACTION_COMPLETE of
 * the reply, and so the next request needs a second read.
 *
 * Binder never blocks a one-way sender; it refuses a message for which the
 * receiver has no room, and half of the receiver's mapping is all there is for
 * such.  So the sender counts: it runs ahead by a window that fills half of
 * that half (below that the driver begins to search its buffers for a flood at
 * every message), and the server credits what it has given back, half a window
 * at a time.  Credit travels by a shared word and a futex, which is cheaper than
 * any answer through Binder would be.
 *
 * A device has one context manager at a time.  The names tried are Android's
 * three contexts and where binderfs is by custom.
 */
#include "driver.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/futex.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "payload.h"
#include "transport/binder_wire.h"

#define BINDER_MAP_MIN	(1ULL << 20)
#define CLIENT_MAP	65536ULL

/* A context manager that ended a moment ago is forgotten by a worker thread. */
#define MANAGER_TRIES	20
#define MANAGER_NAP_US	5000

static const char * const binder_devices[] = {
	"/dev/binder",
	"/dev/hwbinder",
	"/dev/vndbinder",
	"/dev/binderfs/binder",
};

/* Seen by both processes. */
struct binder_shared {
	unsigned int device;	/* the server's choice */
	uint32_t credited;	/* one-way messages, since the beginning */
};

struct raw_binder {
	int fd;
	void *map;
	size_t map_size;
	uint64_t held;		/* the buffer to give back with the next write */
	struct binder_shared *shared;
	uint32_t window;	/* one-way messages that may be under way */
	uint32_t sent;		/* client: one-way messages */
	uint32_t taken;		/* server: likewise */
};

static void binder_put_held(struct raw_binder *binder,
			    struct kipc_binder_out *out)
{
	if (binder->held)
		kipc_binder_put(out, BC_FREE_BUFFER, &binder->held);
	binder->held = 0;
}

/* One system call, and again when a signal cuts in that is not for us. */
static int binder_request(struct raw_binder *binder,
			  struct kipc_binder_out *out,
			  struct kipc_binder_in *in)
{
	int err;

	do
		err = kipc_binder_request(binder->fd, out, in);
	while (err == -EINTR && !worker_stop);
	return err;
}

/* Write @out and read until @wanted comes; what belongs to it goes to @argument. */
static int binder_until(struct raw_binder *binder, struct kipc_binder_out *out,
			uint32_t wanted, void *argument)
{
	struct kipc_binder_in in;
	const void *belongs;
	bool found = false;
	uint32_t answer;
	int err = 0;

	while (!found && !err) {
		err = binder_request(binder, out, &in);
		while (kipc_binder_next(&in, &answer, &belongs)) {
			if (answer == wanted) {
				memcpy(argument, belongs, _IOC_SIZE(answer));
				found = true;
			} else if (!err) {
				err = kipc_binder_refusal(answer);
			}
		}
	}
	return err;
}

static int raw_binder_prepare(struct lane *lane)
{
	size_t map_size = (size_t)min_u64(KIPC_BINDER_MAP_MAX,
					  max_u64(BINDER_MAP_MIN,
						  4 * (uint64_t)lane->size));
	struct raw_binder *binder;

	lane->max_size = KIPC_BINDER_MAP_MAX;
	if (lane->size > lane->max_size)
		return -EMSGSIZE;
	binder = calloc(1, sizeof(*binder));
	if (!binder)
		return -ENOMEM;
	binder->fd = -1;
	binder->map_size = map_size;
	binder->shared = mmap(NULL, sizeof(*binder->shared),
			      PROT_READ | PROT_WRITE,
			      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (binder->shared == MAP_FAILED) {
		free(binder);
		return -ENOMEM;
	}
	lane->max_send = map_size / 2 - KIPC_BINDER_ONE_WAY_COST;
	binder->window = (uint32_t)max_u64(map_size / 4 /
					   (lane->size + KIPC_BINDER_ONE_WAY_COST), 1);
	lane->priv = binder;
	return 0;
}

static int binder_open_device(struct raw_binder *binder, unsigned int i)
{
	struct binder_version version;

	binder->fd = open(binder_devices[i], O_RDWR | O_CLOEXEC);
	if (binder->fd < 0)
		return -errno;
	if (ioctl(binder->fd, BINDER_VERSION, &version))
		return -errno;
	if (version.protocol_version != BINDER_CURRENT_PROTOCOL_VERSION)
		return -EPROTO;
	binder->map = mmap(NULL, binder->map_size, PROT_READ,
			   MAP_PRIVATE | MAP_NORESERVE, binder->fd, 0);
	return binder->map == MAP_FAILED ? -errno : 0;
}

static void binder_close_device(struct raw_binder *binder)
{
	if (binder->fd >= 0)
		close(binder->fd);
	if (binder->map && binder->map != MAP_FAILED)
		munmap(binder->map, binder->map_size);
	binder->fd = -1;
	binder->map = NULL;
}

/* Become the context manager of a device, and a thread that takes requests. */
static int binder_serve_device(struct raw_binder *binder, unsigned int i)
{
	struct kipc_binder_out out = { .len = 0 };
	uint32_t threads = 0;
	int manager = 0, err;

	err = binder_open_device(binder, i);
	if (err)
		return err;
	if (ioctl(binder->fd, BINDER_SET_MAX_THREADS, &threads) ||
	    ioctl(binder->fd, BINDER_SET_CONTEXT_MGR, &manager))
		return -errno;
	binder->shared->device = i;
	kipc_binder_put(&out, BC_ENTER_LOOPER, NULL);
	return binder_request(binder, &out, NULL);
}

/* The first device that has no context manager yet. */
static int binder_serve(struct lane *lane, struct raw_binder *binder)
{
	int err = -ENOENT, last, tries;
	unsigned int i;

	for (tries = 0; tries < MANAGER_TRIES; tries++) {
		for (i = 0; i < ARRAY_SIZE(binder_devices); i++) {
			last = binder_serve_device(binder, i);
			if (!last)
				return 0;
			binder_close_device(binder);
			if (last != -ENOENT)
				err = last;
		}
		if (err != -EBUSY)
			break;
		usleep(MANAGER_NAP_US);
	}
	if (err == -ENOENT)
		snprintf(lane->why, sizeof(lane->why),
			 "no /dev/binder: module binder_linux is not loaded, or this kernel has none");
	else if (err == -EACCES)
		snprintf(lane->why, sizeof(lane->why),
			 "the Binder devices are not for this user");
	else if (err == -EBUSY)
		snprintf(lane->why, sizeof(lane->why),
			 "every Binder device has a context manager already");
	return err;
}

static int raw_binder_open(struct lane *lane, int step)
{
	struct raw_binder *binder = lane->priv;

	if (step)
		return 0;
	if (lane->side == SIDE_SERVER)
		return binder_serve(lane, binder);
	binder->map_size = CLIENT_MAP;
	return binder_open_device(binder, binder->shared->device);
}

static void raw_binder_close(struct lane *lane)
{
	struct raw_binder *binder = lane->priv;

	if (!binder)
		return;
	binder_close_device(binder);
	munmap(binder->shared, sizeof(*binder->shared));
	free(binder);
	lane->priv = NULL;
}

static ssize_t raw_binder_call(struct lane *lane, const void *data, size_t len,
			       void *reply)
{
	struct binder_transaction_data answer;
	struct raw_binder *binder = lane->priv;
	struct kipc_binder_out out = { .len = 0 };
	int err;

	binder_put_held(binder, &out);
	kipc_binder_put_data(&out, BC_TRANSACTION, 0, 0, data, len);
	err = binder_until(binder, &out, BR_REPLY, &answer);
	if (err)
		return err;
	binder->held = answer.data.ptr.buffer;
	memcpy(reply, (const void *)(uintptr_t)answer.data.ptr.buffer,
	       min_u64(answer.data_size, PAYLOAD_REPLY));
	return (ssize_t)answer.data_size;
}

/* Give back what is held, write @out and wait for a request. */
static ssize_t binder_receive(struct raw_binder *binder, struct kipc_binder_out *out,
			      const void **data)
{
	struct binder_transaction_data request;
	int err;

	err = binder_until(binder, out, BR_TRANSACTION, &request);
	if (err)
		return err;
	binder->held = request.data.ptr.buffer;
	*data = (const void *)(uintptr_t)request.data.ptr.buffer;
	return (ssize_t)request.data_size;
}

static ssize_t raw_binder_recv(struct lane *lane, size_t expect,
			       const void **data)
{
	struct raw_binder *binder = lane->priv;
	struct kipc_binder_out out = { .len = 0 };

	(void)expect;
	binder_put_held(binder, &out);
	return binder_receive(binder, &out, data);
}

static ssize_t raw_binder_reply_recv(struct lane *lane, const void *data,
				     size_t len, size_t expect,
				     const void **next)
{
	struct raw_binder *binder = lane->priv;
	struct kipc_binder_out out = { .len = 0 };

	(void)expect;
	binder_put_held(binder, &out);
	kipc_binder_put_data(&out, BC_REPLY, 0, 0, data, len);
	return binder_receive(binder, &out, next);
}

static int raw_binder_reply(struct lane *lane, const void *data, size_t len)
{
	struct raw_binder *binder = lane->priv;
	struct kipc_binder_out out = { .len = 0 };

	binder_put_held(binder, &out);
	kipc_binder_put_data(&out, BC_REPLY, 0, 0, data, len);
	return binder_request(binder, &out, NULL);
}

/* Sleep while a whole window is under way. */
static int binder_await_credit(struct raw_binder *binder)
{
	uint32_t *credited = &binder->shared->credited, seen;

	for (;;) {
		seen = __atomic_load_n(credited, __ATOMIC_ACQUIRE);
		if (binder->sent - seen < binder->window)
			return 0;
		if (worker_stop)
			return -EINTR;
		syscall(SYS_futex, credited, FUTEX_WAIT, seen, NULL, NULL, 0);
	}
}

static int raw_binder_send(struct lane *lane, const void *data, size_t len)
{
	struct raw_binder *binder = lane->priv;
	struct kipc_binder_out out = { .len = 0 };
	int err;

	err = binder_await_credit(binder);
	if (err)
		return err;
	binder_put_held(binder, &out);
	kipc_binder_put_data(&out, BC_TRANSACTION, 0, TF_ONE_WAY, data, len);
	err = binder_until(binder, &out, BR_TRANSACTION_COMPLETE, NULL);
	if (!err)
		binder->sent++;
	return err;
}

/* Credit is for room that is there: the buffer goes back before it is given. */
static void raw_binder_done(struct lane *lane)
{
	struct raw_binder *binder = lane->priv;
	struct kipc_binder_out out = { .len = 0 };
	uint32_t *credited = &binder->shared->credited;

	binder->taken++;
	if (binder->taken - *credited < (binder->window + 1) / 2)
		return;
	binder_put_held(binder, &out);
	binder_request(binder, &out, NULL);
	__atomic_store_n(credited, binder->taken, __ATOMIC_RELEASE);
	syscall(SYS_futex, credited, FUTEX_WAKE, 1, NULL, NULL, 0);
}

const struct driver raw_binder_driver = {
	.name = "raw-binder",
	.about = "Android's Binder by ioctl(2): the context manager, handle 0",
	.kind = DRIVER_BASELINE,
	.measures = { true, true },
	.prepare = raw_binder_prepare,
	.open = raw_binder_open,
	.close = raw_binder_close,
	.call = raw_binder_call,
	.recv = raw_binder_recv,
	.reply = raw_binder_reply,
	.reply_recv = raw_binder_reply_recv,
	.send = raw_binder_send,
	.done = raw_binder_done,
};
