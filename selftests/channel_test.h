/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the tests of a channel's later features share: messages with everything that
 * a payload may have, descriptors, batches, calls that are not waited for, notices,
 * and the module's parameters.
 */
#ifndef CHANNEL_TEST_H
#define CHANNEL_TEST_H

#include <poll.h>

#include "kipc_test.h"

/* Become a server that asks for something. */
static inline int end_serve_with(struct end *end, const char *name, uint64_t pool,
				 unsigned int flags)
{
	struct kipc_channel_create arg = {
		.size = sizeof(arg),
		.flags = flags,
		.mode = 0666,
		.pool_size = pool,
	};
	int err;

	*end = (struct end){ .fd = endpoint_open() };
	if (end->fd < 0)
		return end->fd;
	put_name(arg.name, name);
	err = request(end->fd, KIPC_IOC_CHANNEL_CREATE, &arg);
	end->size = arg.pool_size;
	return end_map(end, err);
}

/* Payloads */

static inline struct kipc_payload payload_prio(const void *data, size_t len,
					       unsigned int prio)
{
	struct kipc_payload payload = payload_of(data, len);

	payload.prio = prio;
	return payload;
}

static inline struct kipc_payload payload_fds(const void *data, size_t len,
					      const int *fds, unsigned int count)
{
	struct kipc_payload payload = payload_of(data, len);

	payload.fds = (uintptr_t)fds;
	payload.fd_count = count;
	return payload;
}

static inline struct kipc_channel_send send_of(struct kipc_payload payload)
{
	return (struct kipc_channel_send){
		.size = sizeof(struct kipc_channel_send),
		.deadline = LONG,
		.payload = payload,
	};
}

static inline int channel_send_payload(int fd, uint64_t to,
				       struct kipc_payload payload)
{
	struct kipc_channel_send arg = send_of(payload);

	arg.to = to;
	return request(fd, KIPC_IOC_CHANNEL_SEND, &arg);
}

static inline int channel_send_prio(int fd, const void *data, size_t len,
				    unsigned int prio)
{
	return channel_send_payload(fd, 0, payload_prio(data, len, prio));
}

static inline int channel_send_fds(int fd, const int *fds, unsigned int count)
{
	return channel_send_payload(fd, 0, payload_fds("fds", 3, fds, count));
}

static inline int channel_reply_payload(int fd, uint64_t id,
					struct kipc_payload payload)
{
	struct kipc_channel_reply arg = {
		.size = sizeof(arg),
		.id = id,
		.reply = payload,
	};

	return request(fd, KIPC_IOC_CHANNEL_REPLY, &arg);
}

static inline int channel_reply_text(int fd, uint64_t id, const char *text)
{
	return channel_reply(fd, id, text, strlen(text));
}

static inline struct kipc_channel_send_batch
batch_of(const struct kipc_payload *payloads, unsigned int count)
{
	return (struct kipc_channel_send_batch){
		.size = sizeof(struct kipc_channel_send_batch),
		.deadline = LONG,
		.payloads = (uintptr_t)payloads,
		.count = count,
		.done = 77,
	};
}

/* Make a call whose end is received as a message. */
static inline int channel_call_async(int fd, uint64_t to,
				     struct kipc_payload payload, uint64_t *id)
{
	struct kipc_channel_call arg = {
		.size = sizeof(arg),
		.flags = KIPC_CALL_ASYNC,
		.deadline = LONG,
		.to = to,
		.request = payload,
	};
	int err = request(fd, KIPC_IOC_CHANNEL_CALL, &arg);

	*id = arg.reply.id;
	return err;
}

/* Held messages */

static inline int channel_inspect(int fd, uint64_t id, struct kipc_header *msg)
{
	struct kipc_channel_inspect arg = { .size = sizeof(arg), .id = id };
	int err = request(fd, KIPC_IOC_CHANNEL_INSPECT, &arg);

	*msg = arg.msg;
	return err;
}

static inline int channel_fds_to(int fd, uint64_t id, int *fds,
				 unsigned int count, unsigned int *done)
{
	struct kipc_channel_fds arg = {
		.size = sizeof(arg),
		.id = id,
		.fds = (uintptr_t)fds,
		.count = count,
		.done = 77,
	};
	int err = request(fd, KIPC_IOC_CHANNEL_FDS, &arg);

	*done = arg.done;
	return err;
}

/* Take the first descriptors.  Return: 0 with all of them taken, or -errno. */
static inline int channel_fds(int fd, uint64_t id, int *fds, unsigned int count)
{
	unsigned int done;
	int err = channel_fds_to(fd, id, fds, count, &done);

	return !err && done != count ? -EPROTO : err;
}

/* Descriptors of this process */

static inline bool is_open(int fd)
{
	return fcntl(fd, F_GETFD) >= 0;
}

/* How many there are below a number that no test comes to. */
static inline int count_open(void)
{
	int fd, n = 0;

	for (fd = 0; fd < 1024; fd++)
		n += is_open(fd);
	return n;
}

static inline void close_all(const int *fds, unsigned int count)
{
	while (count--)
		close(fds[count]);
}

/* What a descriptor is ready for, of reading and the end, within so many ms. */
static inline int revents(int fd, int timeout)
{
	struct pollfd pfd = { .fd = fd, .events = POLLIN };

	return poll(&pfd, 1, timeout) < 0 ? -errno : pfd.revents;
}

/*
 * Does the read end of a pipe see that no write end is left?  What the kernel closes
 * for somebody it may close a moment later.
 */
static inline bool pipe_ends(int fd)
{
	return revents(fd, 5000) & POLLHUP;
}

static inline bool pipe_is_open(int fd)
{
	return !revents(fd, 0);
}

/* Parameters of the module: whoever sets one sets it back, in the parent. */

static inline void parameter_path(const char *name, char *path, size_t size)
{
	snprintf(path, size, "/sys/module/kipc/parameters/%s", name);
}

static inline int parameter_set(const char *name, unsigned long value)
{
	char path[128], text[32];

	parameter_path(name, path, sizeof(path));
	snprintf(text, sizeof(text), "%lu", value);
	return write_text(path, text);
}

static inline long parameter_get(const char *name)
{
	char path[128], text[32];
	int err;

	parameter_path(name, path, sizeof(path));
	err = read_text(path, text, sizeof(text));
	return err ?: strtol(text, NULL, 10);
}

#endif /* CHANNEL_TEST_H */
