// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * binder: opening a device, and the table of what the transport can do.
 *
 * The driver forgets a context manager some time after its last descriptor was closed,
 * from a worker thread; so a listener that finds the place taken tries a little longer
 * before it believes it.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "binder.h"

#define KIPC_BINDER_TRIES	20
#define KIPC_BINDER_NAP		5000000L

int kipc_binder_set_nonblock(struct kipc_binder *binder)
{
	int flags;

	if (atomic_load_explicit(&binder->nonblock, memory_order_relaxed))
		return 0;
	flags = fcntl(binder->fd, F_GETFL);
	if (flags < 0 || fcntl(binder->fd, F_SETFL, flags | O_NONBLOCK))
		return -errno;
	atomic_store(&binder->nonblock, true);
	return 0;
}

static void kipc_binder_close(struct kipc *handle)
{
	struct kipc_binder *binder = kipc_to_binder(handle);

	/* A child has the descriptor, but not the mapping: something else may be there. */
	if (binder->map && !kipc_forkmark_forked(&binder->mark))
		munmap(binder->map, binder->map_size);
	if (binder->fd >= 0)
		close(binder->fd);
	kipc_forkmark_deinit(&binder->mark);
	pthread_mutex_destroy(&binder->lock);
	free(binder->calls);
	kipc_handle_free(handle);
}

/* No such device is no such mechanism, however the kernel words it. */
static int kipc_binder_error(int err)
{
	return err == ENOENT || err == ENXIO || err == ENOTTY ? -ENODEV : -err;
}

/* The descriptor of a device: /dev/NAME, or where binderfs is by custom. */
static int kipc_binder_open_device(const char *name)
{
	static const char * const where[] = { "/dev/", "/dev/binderfs/" };
	char path[PATH_MAX + 16];
	unsigned int i;
	int fd = -1;

	if (name[0] == '/')
		return open(name, O_RDWR | O_CLOEXEC);
	for (i = 0; i < ARRAY_SIZE(where) && fd < 0; i++) {
		snprintf(path, sizeof(path), "%s%s", where[i], name);
		fd = open(path, O_RDWR | O_CLOEXEC);
		if (fd < 0 && errno != ENOENT)
			break;
	}
	return fd;
}

static int kipc_binder_map(struct kipc_binder *binder, const struct kipc_address *address)
{
	uint64_t size = kipc_address_get(address, KIPC_PARAM_POOL, KIPC_BINDER_MAP_MAX);
	uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE);

	if (size > KIPC_BINDER_MAP_MAX) {
		if (kipc_address_demands(address, KIPC_PARAM_POOL))
			return -EINVAL;
		size = KIPC_BINDER_MAP_MAX;
	}
	binder->map_size = (size + page - 1) & ~(page - 1);
	binder->map = mmap(NULL, binder->map_size, PROT_READ, MAP_PRIVATE | MAP_NORESERVE,
			   binder->fd, 0);
	if (binder->map != MAP_FAILED)
		return 0;
	binder->map = NULL;
	return -errno;
}

static int kipc_binder_open(struct kipc_binder *binder, const struct kipc_address *address)
{
	struct binder_version version;

	binder->fd = kipc_binder_open_device(address->name);
	if (binder->fd < 0)
		return kipc_binder_error(errno);
	if (ioctl(binder->fd, BINDER_VERSION, &version))
		return kipc_binder_error(errno);
	if (version.protocol_version != BINDER_CURRENT_PROTOCOL_VERSION)
		return -ENODEV;
	return kipc_binder_map(binder, address);
}

static int kipc_binder_new(struct kipc_binder **made, uint32_t side,
			   const struct kipc_address *address)
{
	struct kipc_binder *binder;
	int err;

	binder = kipc_handle_new(sizeof(*binder), &kipc_binder_transport, side);
	if (!binder)
		return -ENOMEM;
	binder->fd = -1;
	err = kipc_forkmark_init(&binder->mark);
	if (err) {
		kipc_handle_free(&binder->base);
		return err;
	}
	pthread_mutex_init(&binder->lock, NULL);
	err = kipc_binder_open(binder, address);
	if (err)
		kipc_binder_close(&binder->base);
	else
		*made = binder;
	return err;
}

/* Become the context manager: -EADDRINUSE, somebody is. */
static int kipc_binder_manage(struct kipc_binder *binder)
{
	const struct timespec nap = { .tv_nsec = KIPC_BINDER_NAP };
	int manager = 0, tries;
	uint32_t threads = 0;

	if (ioctl(binder->fd, BINDER_SET_MAX_THREADS, &threads))
		return -errno;
	for (tries = 0; tries < KIPC_BINDER_TRIES; tries++) {
		if (!ioctl(binder->fd, BINDER_SET_CONTEXT_MGR, &manager))
			return 0;
		if (errno != EBUSY)
			break;
		clock_nanosleep(CLOCK_MONOTONIC, 0, &nap, NULL);
	}
	/* The first user who managed the device keeps it to itself. */
	return errno == EBUSY ? -EADDRINUSE : errno == EPERM ? -EACCES : -errno;
}

static int kipc_binder_listen(struct kipc **handle, const struct kipc_address *address)
{
	struct kipc_binder *binder;
	int err = kipc_binder_new(&binder, KIPC_SIDE_RECV, address);

	if (err)
		return err;
	err = kipc_binder_manage(binder);
	if (err)
		kipc_binder_close(&binder->base);
	else
		*handle = &binder->base;
	return err;
}

static int kipc_binder_connect(struct kipc **handle, const struct kipc_address *address)
{
	struct kipc_binder *binder;
	int err = kipc_binder_new(&binder, KIPC_SIDE_SEND, address);

	if (err)
		return err;
	err = kipc_binder_ping(binder);
	if (err)
		kipc_binder_close(&binder->base);
	else
		*handle = &binder->base;
	return err;
}

static bool kipc_binder_name_ok(const char *name)
{
	return name[0] == '/' ? name[1] : strlen(name) <= NAME_MAX && !strchr(name, '/');
}

static int kipc_binder_fd(struct kipc *handle)
{
	struct kipc_binder *binder = kipc_to_binder(handle);
	int err;

	if (kipc_forkmark_forked(&binder->mark))
		return -EOPNOTSUPP;
	err = kipc_binder_set_nonblock(binder);
	if (err)
		return err;
	/* The driver tells of the next one-way message when it has the last one back. */
	atomic_store(&binder->polled, true);
	kipc_binder_flush(binder);
	return binder->fd;
}

/* The driver does not tell when there is room. */
static int kipc_binder_events(struct kipc *handle, uint32_t want, struct kipc_events *events)
{
	if (kipc_forkmark_forked(&kipc_to_binder(handle)->mark))
		return -EOPNOTSUPP;
	if (want & KIPC_WANT_SEND)
		events->timeout = KIPC_MS(1);
	return 0;
}

static void kipc_binder_limits(const struct kipc *handle, struct kipc_info *info)
{
	info->max_size = handle ? kipc_to_binder((struct kipc *)handle)->map_size :
				  KIPC_BINDER_MAP_MAX;
}

const struct kipc_transport kipc_binder_transport = {
	.mechanism.scheme = "binder",
	.can = KIPC_CAN_LISTEN | KIPC_CAN_CALL | KIPC_CAN_TYPE | KIPC_CAN_POLL |
	       KIPC_CAN_BORROW | KIPC_CAN_PEER,
	.mechanism.params = KIPC_PARAM_BIT(KIPC_PARAM_POOL),
	.mechanism.name_rule = "a name is a Binder device: binder, hwbinder, or a path",
	.mechanism.name_ok = kipc_binder_name_ok,
	.listen = kipc_binder_listen,
	.connect = kipc_binder_connect,
	.close = kipc_binder_close,
	.send = kipc_binder_send,
	.recv = kipc_binder_recv,
	.call = kipc_binder_call,
	.reply = kipc_binder_reply,
	.reply_recv = kipc_binder_reply_recv,
	.release = kipc_binder_release,
	.fd = kipc_binder_fd,
	.events = kipc_binder_events,
	.limits = kipc_binder_limits,
};
