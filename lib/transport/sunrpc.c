// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * sunrpc: records on the socket.
 *
 * A record is one or more fragments, each a mark (31 bits of length, and one that says
 * that it is the last) and bytes.  One is written as a single fragment; any number is
 * read.  Reading keeps what it has when there is no more yet, and goes on from there.
 *
 * A record that was begun cannot be taken back.  So one that may not wait is begun only
 * where all of it fits, and one whose deadline passes half-way ends the line, by which
 * the other side knows that it will never be whole.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/sockios.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/uio.h>
#include <unistd.h>

#include "sunrpc.h"

#define KIPC_RPC_MARK_LAST	0x80000000U

/* What the kernel takes for a message beside its bytes, generously. */
#define KIPC_RPC_RESERVE	8192

/* What goes into one buffer of the socket, as a whole or not at all. */
#define KIPC_RPC_PIECE		32768

/* ---- writing ---- */

static size_t kipc_rpc_sndbuf(int fd)
{
	int size = 0;
	socklen_t len = sizeof(size);

	return getsockopt(fd, SOL_SOCKET, SO_SNDBUF, &size, &len) || size < 0 ? 0 : (size_t)size;
}

/* Would the socket take so much at once? */
static bool kipc_rpc_fits(int fd, size_t len)
{
	int queued = 0;

	if (len <= KIPC_RPC_PIECE)
		return true;
	if (ioctl(fd, SIOCOUTQ, &queued))
		return false;
	return (size_t)queued + len + len / 32 <= kipc_rpc_sndbuf(fd);
}

/* Take @n bytes off the front of what is to be written. */
static void kipc_rpc_advance(struct msghdr *msg, size_t n)
{
	while (msg->msg_iovlen && n >= msg->msg_iov->iov_len) {
		n -= msg->msg_iov->iov_len;
		msg->msg_iov++;
		msg->msg_iovlen--;
	}
	if (msg->msg_iovlen) {
		msg->msg_iov->iov_base = (char *)msg->msg_iov->iov_base + n;
		msg->msg_iov->iov_len -= n;
	}
}

/* Write what goes, with the lock: 0 when that is all, -EAGAIN when there is no room. */
static int kipc_rpc_push(int fd, struct msghdr *msg, bool *begun)
{
	while (msg->msg_iovlen) {
		ssize_t n = sendmsg(fd, msg, MSG_NOSIGNAL | MSG_DONTWAIT);

		if (n < 0)
			return errno == ECONNRESET || errno == ENOTCONN ? -EPIPE : -errno;
		*begun |= n > 0;
		kipc_rpc_advance(msg, (size_t)n);
	}
	return 0;
}

/* One try; *@other: there is no room because another record is half out. */
static int kipc_rpc_try(struct kipc_rpc *rpc, struct msghdr *msg, size_t total, bool *begun,
			bool *other, bool at_once)
{
	int err;

	pthread_mutex_lock(&rpc->lock);
	*other = rpc->busy && !*begun;
	if (*other || (at_once && !kipc_rpc_fits(rpc->line.fd, total)))
		err = -EAGAIN;
	else
		err = kipc_rpc_push(rpc->line.fd, msg, begun);
	if (*begun)
		rpc->busy = err == -EAGAIN;
	pthread_mutex_unlock(&rpc->lock);
	return err;
}

/* A record that was begun comes to nothing: then nothing can follow it. */
static void kipc_rpc_break(struct kipc_rpc *rpc)
{
	shutdown(rpc->line.fd, SHUT_RDWR);
	pthread_mutex_lock(&rpc->lock);
	rpc->busy = false;
	pthread_mutex_unlock(&rpc->lock);
}

/* Write all, as long as it may take. */
static int kipc_rpc_write_all(struct kipc_rpc *rpc, struct msghdr *msg, size_t total,
			      kipc_deadline deadline)
{
	int64_t nap = KIPC_NAP_MIN;
	bool begun = false, other;
	int err;

	for (;;) {
		err = kipc_rpc_try(rpc, msg, total, &begun, &other,
				   deadline == KIPC_AT_ONCE);
		if (err != -EAGAIN || deadline == KIPC_AT_ONCE)
			break;
		if (other)
			err = kipc_wait_nap(&nap, deadline);
		else
			err = kipc_wait_fd(rpc->line.fd, POLLOUT, deadline);
		/* What was begun is not given up for a signal. */
		if (err && !(err == -EINTR && begun))
			break;
	}
	if (err && begun)
		kipc_rpc_break(rpc);
	return err;
}

/**
 * kipc_rpc_write() - write a record
 * @rpc:	the line
 * @head:	begins with room for the mark
 * @data:	the payload, @len bytes
 * @deadline:	for all of it
 *
 * Return: 0, -EPIPE, -EAGAIN, -ETIMEDOUT, -EINTR.
 */
int kipc_rpc_write(struct kipc_rpc *rpc, struct kipc_rpc_head *head, const void *data,
		   size_t len, kipc_deadline deadline)
{
	static const char zeros[4];
	size_t total = head->len + len + head->padding;
	uint32_t mark = htonl(KIPC_RPC_MARK_LAST | (uint32_t)(total - sizeof(mark)));
	struct iovec iov[3] = {
		{ head->bytes, head->len },
		{ (void *)data, len },
		{ (void *)zeros, head->padding },
	};
	struct msghdr msg = { .msg_iov = iov, .msg_iovlen = 3 };

	memcpy(head->bytes, &mark, sizeof(mark));
	return kipc_rpc_write_all(rpc, &msg, total, deadline);
}

static int kipc_rpc_line_write(struct kipc_line *line, enum kipc_parcel_kind kind,
			       uint64_t call, const struct kipc_outgoing *out,
			       kipc_deadline deadline)
{
	struct kipc_rpc *rpc = kipc_to_rpc(line);
	struct kipc_rpc_head head;
	int err;

	if (out && out->len > rpc->max_size)
		return -EMSGSIZE;
	err = kipc_rpc_put(rpc, kind, (uint32_t)call, out, &head);
	if (err)
		return err;
	return kipc_rpc_write(rpc, &head, out ? out->data : NULL, out ? out->len : 0, deadline);
}

/* ---- reading ---- */

/* Read some of what is wanted: how much, or -EPIPE, -EAGAIN, -ETIMEDOUT, -EINTR. */
static ssize_t kipc_rpc_read_some(int fd, void *to, size_t len, kipc_deadline deadline)
{
	for (;;) {
		ssize_t n = recv(fd, to, len, MSG_DONTWAIT);
		int err;

		if (n > 0)
			return n;
		if (!n || errno == ECONNRESET)
			return -EPIPE;
		if (errno != EAGAIN)
			return -errno;
		if (deadline == KIPC_AT_ONCE)
			return -EAGAIN;
		err = kipc_wait_fd(fd, POLLIN, deadline);
		if (err)
			return err;
	}
}

/* Room for the next fragment behind those that are there. */
static int kipc_rpc_grow(struct kipc_rpc *rpc)
{
	struct kipc *handle = rpc->line.handle;
	struct kipc_buffer *grown, *old = rpc->buffer;

	if (old && old->capacity - rpc->got >= rpc->left)
		return 0;
	grown = kipc_buffer_get(handle, rpc->got + rpc->left);
	if (!grown)
		return -ENOMEM;
	if (old) {
		memcpy(grown->data, old->data, rpc->got);
		kipc_buffer_put(handle, old);
	}
	rpc->buffer = grown;
	return 0;
}

/*
 * A whole mark has come.  Neither a fragment nor a record may be larger than what the
 * library would send, and only the last may be empty, or there would be no end of them.
 */
static int kipc_rpc_begin_fragment(struct kipc_rpc *rpc)
{
	uint32_t mark;

	memcpy(&mark, rpc->mark, sizeof(mark));
	mark = ntohl(mark);
	rpc->last = mark & KIPC_RPC_MARK_LAST;
	rpc->left = mark & ~KIPC_RPC_MARK_LAST;
	if ((!rpc->left && !rpc->last) ||
	    rpc->left > rpc->max_size + KIPC_RPC_HEAD_MAX - rpc->got)
		return -EPROTO;
	return 0;
}

/* Read until a record is whole. */
static int kipc_rpc_read_record(struct kipc_rpc *rpc, kipc_deadline deadline)
{
	int fd = rpc->line.fd, err;
	ssize_t n;

	while (!rpc->last || rpc->left) {
		if (rpc->mark_got < sizeof(rpc->mark)) {
			n = kipc_rpc_read_some(fd, rpc->mark + rpc->mark_got,
					       sizeof(rpc->mark) - rpc->mark_got, deadline);
			if (n < 0)
				return (int)n;
			rpc->mark_got += (size_t)n;
			if (rpc->mark_got < sizeof(rpc->mark))
				continue;
			err = kipc_rpc_begin_fragment(rpc);
			if (err)
				return err;
		}
		if (rpc->left) {
			err = kipc_rpc_grow(rpc);
			if (err)
				return err;
			n = kipc_rpc_read_some(fd, rpc->buffer->data + rpc->got, rpc->left,
					       deadline);
			if (n < 0)
				return (int)n;
			rpc->got += (size_t)n;
			rpc->left -= (size_t)n;
		}
		if (!rpc->left)
			rpc->mark_got = 0;
	}
	return 0;
}

static int kipc_rpc_read(struct kipc_line *line, struct kipc_parcel *parcel,
			 kipc_deadline deadline)
{
	struct kipc_rpc *rpc = kipc_to_rpc(line);
	int got = kipc_rpc_read_record(rpc, deadline);

	if (got)
		return got;
	parcel->buffer = rpc->buffer;
	parcel->len = rpc->got;
	parcel->known = line->known;
	parcel->cred = line->cred;
	rpc->buffer = NULL;
	rpc->got = 0;
	rpc->last = false;
	got = kipc_rpc_get(rpc, parcel);
	if (got != 1 || parcel->kind == KIPC_PARCEL_END) {
		kipc_buffer_put(line->handle, parcel->buffer);
		parcel->buffer = NULL;
	}
	return got;
}

/* ---- opening ---- */

/*
 * Make room for large records, as far as the system lets us: privileged without a bound,
 * otherwise up to net.core.wmem_max.  The kernel doubles what it is given.
 */
static int kipc_rpc_setup(int fd, const struct kipc_address *address)
{
	uint64_t size = kipc_address_get(address, KIPC_PARAM_SIZE, 0);
	int want = size < INT32_MAX / 2 ? (int)size + KIPC_RPC_RESERVE : INT32_MAX / 2;

	if (size && kipc_rpc_sndbuf(fd) < (size_t)want &&
	    setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, &want, sizeof(want)))
		setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &want, sizeof(want));
	return kipc_address_demands(address, KIPC_PARAM_SIZE) &&
	       kipc_rpc_sndbuf(fd) < size + KIPC_RPC_RESERVE ? -EMSGSIZE : 0;
}

static int kipc_rpc_init(struct kipc_line *line, const struct kipc_address *address)
{
	struct kipc_rpc *rpc = kipc_to_rpc(line);
	size_t sndbuf;

	pthread_mutex_init(&rpc->lock, NULL);
	/* An accepted socket has the default size, whatever the listener's has. */
	if (line->role == KIPC_LINE_SERVER)
		kipc_rpc_setup(line->fd, address);
	sndbuf = kipc_rpc_sndbuf(line->fd);
	rpc->max_size = sndbuf > KIPC_RPC_RESERVE ? sndbuf - sndbuf / 16 - KIPC_RPC_RESERVE / 2 : 0;
	rpc->program = (uint32_t)kipc_address_get(address, KIPC_PARAM_PROG, KIPC_RPC_PROGRAM);
	rpc->version = (uint32_t)kipc_address_get(address, KIPC_PARAM_VERS, KIPC_RPC_VERSION);
	rpc->xdr = kipc_address_get(address, KIPC_PARAM_XDR, 0);
	return 0;
}

static void kipc_rpc_deinit(struct kipc_line *line)
{
	struct kipc_rpc *rpc = kipc_to_rpc(line);

	if (rpc->buffer)
		kipc_buffer_put(line->handle, rpc->buffer);
	pthread_mutex_destroy(&rpc->lock);
}

static const struct kipc_transport kipc_sunrpc_listener_transport;

static const struct kipc_line_kind kipc_rpc_kind = {
	.end = &kipc_sunrpc_transport,
	.listener = &kipc_sunrpc_listener_transport,
	.type = SOCK_STREAM,
	.size = sizeof(struct kipc_rpc),
	.setup = kipc_rpc_setup,
	.init = kipc_rpc_init,
	.deinit = kipc_rpc_deinit,
	.read = kipc_rpc_read,
	.write = kipc_rpc_line_write,
};

static int kipc_rpc_listen(struct kipc **handle, const struct kipc_address *address)
{
	int err = kipc_rpc_load();

	return err ? err : kipc_line_listen(handle, address, &kipc_rpc_kind);
}

static int kipc_rpc_connect(struct kipc **handle, const struct kipc_address *address)
{
	int err = kipc_rpc_load();

	return err ? err : kipc_line_connect(handle, address, &kipc_rpc_kind);
}

static int kipc_rpc_pair(struct kipc *ends[2], const struct kipc_address *address)
{
	int err = kipc_rpc_load();

	return err ? err : kipc_line_pair(ends, address, &kipc_rpc_kind);
}

static int kipc_rpc_unlink(const struct kipc_address *address)
{
	return kipc_unix_unlink(SOCK_STREAM, address->name);
}

static void kipc_rpc_limits(const struct kipc *handle, struct kipc_info *info)
{
	struct kipc_line_end *end = kipc_to_line_end((struct kipc *)handle);

	info->max_size = handle ? kipc_to_rpc(end->line)->max_size : INT32_MAX / 2;
}

/* A new client's socket has what the system gives by default, or what was wished for. */
static void kipc_rpc_listener_limits(const struct kipc *handle, struct kipc_info *info)
{
	const struct kipc_address *address = kipc_line_listener_address(handle);
	uint64_t system = kipc_system_number("/proc/sys/net/core/wmem_default", 212992);
	uint64_t size = kipc_address_get(address, KIPC_PARAM_SIZE, 0);

	system -= system / 16 + KIPC_RPC_RESERVE / 2;
	info->max_size = size > system ? size : system;
}

#define KIPC_RPC_SCHEME									\
	.mechanism.scheme = "sunrpc",							\
	.can = KIPC_CAN_LISTEN | KIPC_CAN_PAIR | KIPC_CAN_DUPLEX | KIPC_CAN_CALL |	\
	       KIPC_CAN_TYPE | KIPC_CAN_POLL | KIPC_CAN_PEER

const struct kipc_transport kipc_sunrpc_transport = {
	KIPC_RPC_SCHEME,
	.mechanism.params = KIPC_PARAM_BIT(KIPC_PARAM_MODE) | KIPC_PARAM_BIT(KIPC_PARAM_SIZE) |
		  KIPC_PARAM_BIT(KIPC_PARAM_PROG) | KIPC_PARAM_BIT(KIPC_PARAM_VERS) |
		  KIPC_PARAM_BIT(KIPC_PARAM_XDR),
	.mechanism.name_rule = "a name is a path of at most 107 bytes, or '@' and an abstract name",
	.mechanism.name_ok = kipc_unix_name_ok,
	.listen = kipc_rpc_listen,
	.connect = kipc_rpc_connect,
	.pair = kipc_rpc_pair,
	.unlink = kipc_rpc_unlink,
	.send = kipc_line_send,
	.call = kipc_line_call,
	KIPC_LINE_END_OPERATIONS,
	.limits = kipc_rpc_limits,
};

static const struct kipc_transport kipc_sunrpc_listener_transport = {
	KIPC_RPC_SCHEME,
	KIPC_LINE_LISTENER_OPERATIONS,
	.limits = kipc_rpc_listener_limits,
};
