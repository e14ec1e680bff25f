// SPDX-License-Identifier: GPL-2.0
/*
 * Android's Binder by ioctl(2): the server is the context manager of a device, and the
 * others send to it as handle 0
 *
 * A device has one context manager at a time, and one that has ended is forgotten by a
 * worker of the kernel a little later, so becoming one is tried for a while.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/android/binder.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "table.h"

#define CHUNK		1024
#define MAP		131072
#define MAP_LARGEST	(4 << 20)	/* the driver maps no more */
#define MANAGER_TRIES	200

static const char * const devices[] = {
	"/dev/binder",
	"/dev/hwbinder",
	"/dev/vndbinder",
	"/dev/binderfs/binder",
};

static int binder_absent(struct trial *trial, char *why, size_t size)
{
	unsigned int i;
	int err = ENOENT, fd;

	(void)trial;
	for (i = 0; i < ARRAY_SIZE(devices); i++) {
		fd = open(devices[i], O_RDWR | O_CLOEXEC);
		if (fd >= 0) {
			close(fd);
			return 0;
		}
		if (errno != ENOENT && errno != ENXIO)
			err = errno;
	}
	if (err == ENOENT)
		snprintf(why, size,
			 "no /dev/binder: module binder_linux is not loaded, or not there");
	else
		snprintf(why, size, "/dev/binder: %s", strerror(err));
	return -ENODEV;
}

/* ---- the protocol ---- */

/* Commands to the driver: each is a number and what belongs to it. */
struct commands {
	size_t len;
	unsigned char bytes[256];
};

static void put(struct commands *out, uint32_t command, const void *argument)
{
	memcpy(out->bytes + out->len, &command, sizeof(command));
	out->len += sizeof(command);
	if (_IOC_SIZE(command))
		memcpy(out->bytes + out->len, argument, _IOC_SIZE(command));
	out->len += _IOC_SIZE(command);
}

static int refusal(uint32_t answer)
{
	switch (answer) {
	case BR_DEAD_REPLY:
		return -EPIPE;
	case BR_FAILED_REPLY:
		return -EREMOTEIO;
	case BR_ERROR:
		return -EIO;
	default:
		return 0;
	}
}

/* Write @out and read until @wanted comes; what belongs to it goes to @argument. */
static int until(struct end *end, struct commands *out, uint32_t wanted, void *argument)
{
	unsigned char in[256];
	struct binder_write_read turn = {
		.write_size = out->len,
		.write_buffer = (uintptr_t)out->bytes,
		.read_buffer = (uintptr_t)in,
		.read_size = sizeof(in),
	};
	bool seen = false;
	uint32_t answer;
	size_t at;
	int err = 0;

	while (!seen && !err) {
		turn.read_consumed = 0;
		if (ioctl(end->fd, BINDER_WRITE_READ, &turn))
			return -errno;
		for (at = 0; at < turn.read_consumed; at += _IOC_SIZE(answer)) {
			memcpy(&answer, in + at, sizeof(answer));
			at += sizeof(answer);
			if (answer == wanted && argument)
				memcpy(argument, in + at, _IOC_SIZE(answer));
			seen |= answer == wanted;
			err = err ? err : refusal(answer);
		}
	}
	return err;
}

static void give_back(struct end *end, struct commands *out)
{
	if (end->held)
		put(out, BC_FREE_BUFFER, &end->held);
	end->held = 0;
}

/* The next one-way message to the same object comes when this has been given back. */
static int give_back_now(struct end *end)
{
	struct commands out = { .len = 0 };
	struct binder_write_read turn = { .write_buffer = (uintptr_t)out.bytes };

	give_back(end, &out);
	turn.write_size = out.len;
	return out.len && ioctl(end->fd, BINDER_WRITE_READ, &turn) ? -errno : -EAGAIN;
}

/* @offsets: where in @data the one object is, or NULL. */
static int transact(struct end *end, uint32_t handle, uint32_t command, uint32_t flags,
		    const void *data, size_t len, const binder_size_t *offsets)
{
	struct binder_transaction_data request = {
		.target.handle = handle,
		.flags = flags,
		.data_size = len,
		.data.ptr.buffer = (uintptr_t)data,
		.offsets_size = offsets ? sizeof(*offsets) : 0,
		.data.ptr.offsets = (uintptr_t)offsets,
	};
	struct binder_transaction_data reply;
	struct commands out = { .len = 0 };
	bool waits = command == BC_TRANSACTION && !(flags & TF_ONE_WAY);

	give_back(end, &out);
	put(&out, command, &request);
	return until(end, &out, waits ? BR_REPLY : BR_TRANSACTION_COMPLETE,
		     waits ? &reply : NULL);
}

/* ---- a transport: one-way transactions ---- */

static int binder_open(struct end *end, unsigned int device, size_t map)
{
	end_close(end);
	end->fd = open(devices[device], O_RDWR | O_CLOEXEC);
	if (end->fd < 0)
		return -errno;
	end->map_size = map;
	end->map = mmap(NULL, map, PROT_READ, MAP_PRIVATE | MAP_NORESERVE, end->fd, 0);
	if (end->map != MAP_FAILED)
		return 0;
	end->map = NULL;
	return -errno;
}

static int become_manager(struct end *end)
{
	struct flat_binder_object object = { .flags = FLAT_BINDER_FLAG_ACCEPTS_FDS };
	struct binder_write_read turn = { .write_size = sizeof(uint32_t) };
	uint32_t enter = BC_ENTER_LOOPER;

	turn.write_buffer = (uintptr_t)&enter;
	if (ioctl(end->fd, BINDER_SET_CONTEXT_MGR_EXT, &object) ||
	    ioctl(end->fd, BINDER_WRITE_READ, &turn))
		return -errno;
	return 0;
}

static int serve_with(struct trial *trial, struct end *rx, size_t map)
{
	int err = -ENOENT, last, tries;
	unsigned int i;

	for (tries = 0; tries < MANAGER_TRIES; tries++) {
		for (i = 0; i < ARRAY_SIZE(devices); i++) {
			last = binder_open(rx, i, map);
			if (!last)
				last = become_manager(rx);
			if (!last) {
				trial->stage->value[2] = i;
				rx->server = true;
				return 0;
			}
			err = last == -ENOENT ? err : last;
		}
		if (err != -EBUSY)
			break;
		nap(5);
	}
	return err;
}

static int binder_serve(struct trial *trial, struct end *rx)
{
	return serve_with(trial, rx, MAP);
}

static int binder_serve_largest(struct trial *trial, struct end *rx)
{
	return serve_with(trial, rx, MAP_LARGEST);
}

static int binder_join(struct trial *trial, struct end *tx)
{
	return binder_open(tx, (unsigned int)trial->stage->value[2], MAP);
}

static ssize_t binder_send(struct end *end, const void *data, size_t len, int flags)
{
	int err = transact(end, 0, BC_TRANSACTION, TF_ONE_WAY, data, len, NULL);

	(void)flags;
	return err ? err : (ssize_t)len;
}

static ssize_t binder_send_to(struct trial *trial, struct end *end, const void *data,
			      size_t len)
{
	int err = binder_join(trial, end);

	return err ? err : binder_send(end, data, len, 0);
}

static ssize_t binder_recv(struct end *end, void *data, size_t len, int flags)
{
	struct binder_transaction_data request;
	struct commands out = { .len = 0 };
	struct pollfd one = { .fd = end->fd, .events = POLLIN };
	int err;

	/* The driver writes a line to the kernel's log for each EAGAIN */
	if (flags & NOWAIT && !poll(&one, 1, 0))
		return give_back_now(end);
	give_back(end, &out);
	err = until(end, &out, BR_TRANSACTION, &request);
	if (err)
		return err;
	end->held = request.data.ptr.buffer;
	end->lent = (const void *)(uintptr_t)request.data.ptr.buffer;
	end->sender = request.sender_pid;
	memcpy(data, end->lent, request.data_size < len ? request.data_size : len);
	return (ssize_t)request.data_size;
}

static int binder_send_fd(struct end *end, int fd)
{
	const struct binder_fd_object object = { .hdr.type = BINDER_TYPE_FD, .fd = (__u32)fd };
	const binder_size_t offset = 0;

	return transact(end, 0, BC_TRANSACTION, TF_ONE_WAY, &object, sizeof(object), &offset);
}

static int binder_recv_fd(struct end *end)
{
	struct binder_fd_object object;
	ssize_t n = binder_recv(end, &object, sizeof(object), 0);

	if (n < 0)
		return (int)n;
	return n == sizeof(object) && object.hdr.type == BINDER_TYPE_FD ? (int)object.fd : -ENOMSG;
}

/* The device can always be opened: is anybody there? */
static int binder_attach(struct trial *trial, struct end *end)
{
	int err = binder_join(trial, end);

	return err ? err : transact(end, 0, BC_TRANSACTION, TF_ONE_WAY, "message", 8, NULL);
}

/* A process that has the descriptor by fork() has not what it maps. */
static int binder_share(struct end *end)
{
	end->map = mmap(NULL, end->map_size, PROT_READ, MAP_PRIVATE | MAP_NORESERVE, end->fd, 0);
	if (end->map != MAP_FAILED)
		return 0;
	end->map = NULL;
	return -errno;
}

/* ---- what a call shows, and no one-way transaction ---- */

static int call_largest(struct trial *trial, struct end *tx)
{
	char *data = calloc(1, MAP_LARGEST + 1);

	if (!data)
		return -ENOMEM;
	trial->stage->value[0] = transact(tx, 0, BC_TRANSACTION, 0, data, MAP_LARGEST, NULL);
	trial->stage->value[1] = transact(tx, 0, BC_TRANSACTION, 0, data, MAP_LARGEST + 1, NULL);
	free(data);
	tell(trial, STEP_OWN);
	return await(trial, STEP_OWN + 9);
}

/* Take a call and answer it. */
static ssize_t answer(struct end *rx, void *data, size_t len)
{
	ssize_t n = binder_recv(rx, data, len, 0);
	int err;

	if (n < 0)
		return n;
	err = transact(rx, 0, BC_REPLY, 0, "reply", 6, NULL);
	return err ? err : n;
}

static int binder_largest(struct trial *trial)
{
	struct stage *stage = trial->stage;
	char byte;
	struct end rx;
	pid_t pid;
	ssize_t n;
	int err;

	trial->largest = true;
	pid = meet(trial, &rx, call_largest);
	if (pid < 0)
		return pid;
	n = answer(&rx, &byte, 1);
	if (n != MAP_LARGEST)
		return bad(trial, n < 0 ? (int)n : -EPROTO, "a call of the largest size");
	err = await(trial, STEP_OWN);
	if (err || stage->value[0])
		return bad(trial, err ? err : (int)stage->value[0], "a call of the largest size");
	return found(trial, stage->value[1] ? "4M" : "?",
		     "a call of 4M arrived, one byte more: %s; one-way messages: half of that",
		     error_name((int)stage->value[1]));
}

static int call_and_say_who(struct trial *trial, struct end *tx)
{
	trial->stage->value[0] = getpid();
	return transact(tx, 0, BC_TRANSACTION, 0, "message", 8, NULL);
}

static int binder_identity(struct trial *trial)
{
	char text[8];
	struct end rx;
	pid_t pid = meet(trial, &rx, call_and_say_who);
	ssize_t n = pid < 0 ? pid : answer(&rx, text, sizeof(text));

	if (n != 8)
		return bad(trial, n < 0 ? (int)n : -EPROTO, "a call");
	if (rx.sender != pid)
		return found(trial, "no", "the driver named process %d", (int)rx.sender);
	return found(trial, "yes", "the driver named the caller (of one-way messages: its user)");
}

/* ---- direction: an object that the client made, which the server sends to ---- */

static int offer_object(struct trial *trial, struct end *tx)
{
	const struct flat_binder_object object = {
		.hdr.type = BINDER_TYPE_BINDER,
		.binder = 0x1000,
		.cookie = 0x1000,
	};
	const binder_size_t offset = 0;
	char text[8] = "";
	ssize_t n;
	int err;

	err = transact(tx, 0, BC_TRANSACTION, TF_ONE_WAY, &object, sizeof(object), &offset);
	if (err)
		return bad(trial, err, "send an object");
	n = binder_recv(tx, text, sizeof(text), 0);
	trial->stage->value[0] = n == 8 && !strcmp(text, "message") ? 0 : n < 0 ? n : -EPROTO;
	tell(trial, STEP_OWN);
	return await(trial, STEP_OWN + 9);
}

static int binder_direction(struct trial *trial)
{
	struct flat_binder_object object;
	uint32_t handle;
	struct end rx;
	pid_t pid = meet(trial, &rx, offer_object);
	ssize_t n = pid < 0 ? pid : binder_recv(&rx, &object, sizeof(object), 0);
	uint64_t held = rx.held;
	int err;

	if (n != sizeof(object) || object.hdr.type != BINDER_TYPE_HANDLE)
		return bad(trial, n < 0 ? (int)n : -EPROTO, "receive an object");
	handle = object.handle;
	/* What came with the message lives as long as that does */
	rx.held = 0;
	err = transact(&rx, handle, BC_TRANSACTION, TF_ONE_WAY, "message", 8, NULL);
	rx.held = held;
	if (!err)
		err = await(trial, STEP_OWN);
	if (!err)
		err = (int)trial->stage->value[0];
	if (err)
		return bad(trial, err, "send to the client's object");
	return found(trial, "full", "the server sent to an object that the client had sent it");
}

static const struct transport binder_transport = {
	.chunk = CHUNK,
	.records = true,
	.root = true,
	.serve = binder_serve,
	.serve_largest = binder_serve_largest,
	.join = binder_join,
	.attach = binder_attach,
	.send = binder_send,
	.recv = binder_recv,
	.send_to = binder_send_to,
	.send_fd = binder_send_fd,
	.recv_fd = binder_recv_fd,
	.share = binder_share,
};

const struct mechanism mechanism_binder = {
	.scheme = "binder",
	.about = "Android's Binder: module binder_linux",
	.absent = binder_absent,
	.transport = &binder_transport,
	.own = {
		[CELL_DIRECTION] = binder_direction,
		[CELL_IDENTITY] = binder_identity,
		[CELL_LARGEST] = binder_largest,
	},
};
