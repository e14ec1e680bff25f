// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * eventfd: a counter in the kernel.
 *
 * Who raises adds to it, who waits takes all of it, or 1 in semaphore mode, which is the
 * descriptor's own and needs no knowledge of it here.  Any number of processes may do
 * either on one descriptor.
 *
 * The library's own descriptors are O_NONBLOCK.  One that came from elsewhere may not be,
 * and the flag is shared with whoever else has it, so it is left alone: reading is told
 * not to wait in each call (RWF_NOWAIT), and writing, which cannot be told so, looks for
 * room first.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/uio.h>
#include <unistd.h>

#include "notice/notice.h"

struct kipc_eventfd {
	struct kipc_notice base;
	int fd;
	bool blocking;		/* somebody made it so */
};

static struct kipc_eventfd *to_eventfd(const struct kipc_notice *notice)
{
	return container_of(notice, struct kipc_eventfd, base);
}

static int kipc_eventfd_new(struct kipc_notice **notice, int fd, bool blocking)
{
	struct kipc_eventfd *event = calloc(1, sizeof(*event));

	if (!event)
		return -ENOMEM;
	event->base.mechanism = &kipc_eventfd_notice;
	event->fd = fd;
	event->blocking = blocking;
	*notice = &event->base;
	return 0;
}

/* Is it an eventfd?  Says whether it blocks, or -errno. */
static int kipc_eventfd_look(int fd)
{
	int flags = fcntl(fd, F_GETFL);

	if (flags < 0)
		return -errno;
	return kipc_notice_fd_is(fd, "eventfd-count:") ? !(flags & O_NONBLOCK) : -EINVAL;
}

/* Take over an inherited one; after an error it is as it was. */
static int kipc_eventfd_inherit(struct kipc_notice **notice,
				const struct kipc_address *address)
{
	int fd = (int)address->value[KIPC_PARAM_FD];
	int err = kipc_eventfd_look(fd);

	if (err < 0)
		return err;
	/* It has its value and its mode. */
	if (kipc_address_demands(address, KIPC_PARAM_VALUE) ||
	    kipc_address_demands(address, KIPC_PARAM_SEMAPHORE))
		return -EINVAL;
	err = kipc_eventfd_new(notice, fd, err);
	if (!err)
		fcntl(fd, F_SETFD, FD_CLOEXEC);
	return err;
}

static int kipc_eventfd_open(struct kipc_notice **notice, const struct kipc_address *address)
{
	bool semaphore = kipc_address_get(address, KIPC_PARAM_SEMAPHORE, 0);
	uint64_t value = kipc_address_get(address, KIPC_PARAM_VALUE, 0);
	int fd, err;

	if (address->given & KIPC_PARAM_BIT(KIPC_PARAM_FD))
		return kipc_eventfd_inherit(notice, address);
	fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK | (semaphore ? EFD_SEMAPHORE : 0));
	if (fd < 0)
		return -errno;
	/* eventfd() itself takes 32 bits of it only. */
	err = !value || write(fd, &value, sizeof(value)) == sizeof(value) ?
	      kipc_eventfd_new(notice, fd, false) : -errno;
	if (err)
		close(fd);
	return err;
}

static int kipc_eventfd_open_fd(struct kipc_notice **notice,
				const struct kipc_address *address, int fd)
{
	int blocking = kipc_eventfd_look(fd), mine, err;

	(void)address;
	if (blocking < 0)
		return blocking;
	mine = fcntl(fd, F_DUPFD_CLOEXEC, 0);
	if (mine < 0)
		return -errno;
	err = kipc_eventfd_new(notice, mine, blocking);
	if (err)
		close(mine);
	return err;
}

static int kipc_eventfd_raise(struct kipc_notice *notice, uint64_t value)
{
	const struct kipc_eventfd *event = to_eventfd(notice);
	struct pollfd room = { .fd = event->fd, .events = POLLOUT };

	if (value == UINT64_MAX)
		return -EINVAL;
	if (!value)
		value = 1;
	if (event->blocking && poll(&room, 1, 0) == 0)
		return -EAGAIN;
	return write(event->fd, &value, sizeof(value)) == sizeof(value) ? 0 : -errno;
}

static int kipc_eventfd_wait(struct kipc_notice *notice, struct kipc_notice_event *event,
			     kipc_deadline deadline)
{
	int fd = to_eventfd(notice)->fd, err;
	struct iovec iov = { .iov_base = &event->count, .iov_len = sizeof(event->count) };

	while (preadv2(fd, &iov, 1, -1, RWF_NOWAIT) != sizeof(event->count)) {
		if (errno != EAGAIN)
			return -errno;
		if (deadline == KIPC_AT_ONCE)
			return -EAGAIN;
		err = kipc_wait_fd(fd, POLLIN, deadline);
		if (err)
			return err;
	}
	event->value = event->count;
	return 0;
}

static int kipc_eventfd_pending(const struct kipc_notice *notice)
{
	int err = kipc_wait_fd(to_eventfd(notice)->fd, POLLIN, KIPC_AT_ONCE);

	return err == -EAGAIN ? 0 : err ? err : 1;
}

static int kipc_eventfd_fd(const struct kipc_notice *notice)
{
	return to_eventfd(notice)->fd;
}

static void kipc_eventfd_close(struct kipc_notice *notice)
{
	close(to_eventfd(notice)->fd);
	free(to_eventfd(notice));
}

static uint32_t kipc_eventfd_can(int signo)
{
	(void)signo;
	return KIPC_NOTICE_CAN_COUNT | KIPC_NOTICE_CAN_FD | KIPC_NOTICE_CAN_PASS;
}

const struct kipc_notice_mechanism kipc_eventfd_notice = {
	.mechanism.scheme = "eventfd",
	.mechanism.family = KIPC_FAMILY_NOTICE,
	.mechanism.params = KIPC_PARAM_BIT(KIPC_PARAM_VALUE) | KIPC_PARAM_BIT(KIPC_PARAM_FD) |
			    KIPC_PARAM_BIT(KIPC_PARAM_SEMAPHORE),
	.open = kipc_eventfd_open,
	.open_fd = kipc_eventfd_open_fd,
	.raise = kipc_eventfd_raise,
	.wait = kipc_eventfd_wait,
	.pending = kipc_eventfd_pending,
	.fd = kipc_eventfd_fd,
	.close = kipc_eventfd_close,
	.can = kipc_eventfd_can,
};
