// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * cma: packets on the socket, and what is sent how.
 *
 *	up to 64 KiB			in the packet
 *	more				offered; the sender waits until it has been taken,
 *					a caller until it has the reply
 *	more, but KIPC_NOW		in the packet, up to 128 KiB: there is no time
 *	a listener's, and replies	in the packet, up to 128 KiB; beyond that a copy is
 *					offered, and kept until it has been fetched, so that
 *					no client can hold its server up
 *
 * The kernel's word for who sent a packet comes with each of them (SO_PASSCRED).
 *
 * That an offer has been taken, or refused, is on the board; a packet (DONE) wakes the
 * sender to look.  A packet that finds no room is not sent again: a sender that waits looks
 * for itself now and then.
 */
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/uio.h>
#include <unistd.h>

#include "cma.h"

#define KIPC_CMA_MAGIC 0x316d6371U	/* "qcm1" */

/* How often a sender looks whether it was forgotten. */
#define KIPC_CMA_LOOK KIPC_MS(100)

/* ---- packets ---- */

union kipc_cma_control {
	struct cmsghdr head;
	char room[CMSG_SPACE(sizeof(struct ucred)) + CMSG_SPACE(sizeof(int))];
};

/* Send a packet: 0, -EPIPE, -EAGAIN, -ETIMEDOUT, -EINTR, -EMSGSIZE or -ENOBUFS. */
static int kipc_cma_send_msg(int fd, struct msghdr *msg, kipc_deadline deadline)
{
	int flags = MSG_NOSIGNAL | (deadline == KIPC_NEVER ? 0 : MSG_DONTWAIT);

	for (;;) {
		int err;

		if (sendmsg(fd, msg, flags) >= 0)
			return 0;
		if (errno == ECONNRESET || errno == ENOTCONN)
			return -EPIPE;
		if (errno != EAGAIN)
			return -errno;
		if (deadline == KIPC_AT_ONCE)
			return -EAGAIN;
		err = kipc_wait_fd(fd, POLLOUT, deadline);
		if (err)
			return err;
	}
}

static int kipc_cma_put(struct kipc_cma *cma, struct kipc_cma_packet *packet, const void *data,
			size_t len, kipc_deadline deadline)
{
	struct iovec iov[2] = { { packet, sizeof(*packet) }, { (void *)data, len } };
	struct msghdr msg = { .msg_iov = iov, .msg_iovlen = len ? 2 : 1 };

	packet->magic = KIPC_CMA_MAGIC;
	return kipc_cma_send_msg(cma->line.fd, &msg, deadline);
}

/* The first packet of a line, which brings the board. */
static int kipc_cma_hello(struct kipc_cma *cma, int board)
{
	struct kipc_cma_packet packet = { .magic = KIPC_CMA_MAGIC, .kind = KIPC_CMA_HELLO };
	struct iovec iov = { &packet, sizeof(packet) };
	union kipc_cma_control control = { 0 };
	struct msghdr msg = {
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = &control,
		.msg_controllen = CMSG_SPACE(sizeof(int)),
	};

	control.head.cmsg_level = SOL_SOCKET;
	control.head.cmsg_type = SCM_RIGHTS;
	control.head.cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(&control.head), &board, sizeof(board));
	return kipc_cma_send_msg(cma->line.fd, &msg, KIPC_NEVER);
}

/* Keep the first descriptor that came, if none has yet, and no other. */
static void kipc_cma_read_fds(const struct cmsghdr *c, int *fd)
{
	size_t count = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int), i;
	int one;

	for (i = 0; i < count; i++) {
		memcpy(&one, CMSG_DATA(c) + i * sizeof(one), sizeof(one));
		if (*fd < 0)
			*fd = one;
		else
			close(one);
	}
}

/* Who sent a packet, and a descriptor that came along, or -1. */
static void kipc_cma_read_control(struct msghdr *msg, struct ucred *from, int *fd)
{
	struct cmsghdr *c;

	memset(from, 0, sizeof(*from));
	*fd = -1;
	for (c = CMSG_FIRSTHDR(msg); c; c = CMSG_NXTHDR(msg, c)) {
		if (c->cmsg_level != SOL_SOCKET)
			continue;
		if (c->cmsg_type == SCM_CREDENTIALS)
			memcpy(from, CMSG_DATA(c), sizeof(*from));
		else if (c->cmsg_type == SCM_RIGHTS)
			kipc_cma_read_fds(c, fd);
	}
}

/* Receive a packet: the length of what follows its head, or -errno as for a line. */
static ssize_t kipc_cma_get(struct kipc_cma *cma, struct kipc_cma_packet *packet,
			    struct kipc_buffer *buffer, struct ucred *from, int *board,
			    kipc_deadline deadline)
{
	struct iovec iov[2] = {
		{ packet, sizeof(*packet) },
		{ buffer->data, buffer->capacity },
	};
	union kipc_cma_control control;
	int fd = cma->line.fd;

	for (;;) {
		struct msghdr msg = {
			.msg_iov = iov,
			.msg_iovlen = 2,
			.msg_control = &control,
			.msg_controllen = sizeof(control),
		};
		int err = deadline > 0 ? kipc_wait_fd(fd, POLLIN, deadline) : 0;
		ssize_t n;

		if (err)
			return err;
		n = recvmsg(fd, &msg, MSG_CMSG_CLOEXEC |
				      (deadline == KIPC_NEVER ? 0 : MSG_DONTWAIT));
		if (n >= 0) {
			kipc_cma_read_control(&msg, from, board);
			if (!n)
				return -EPIPE;
			if (msg.msg_flags & MSG_TRUNC || n < (ssize_t)sizeof(*packet) ||
			    packet->magic != KIPC_CMA_MAGIC)
				return -EPROTO;
			return n - (ssize_t)sizeof(*packet);
		}
		if (errno == EAGAIN && deadline == KIPC_AT_ONCE)
			return -EAGAIN;
		/* The peer closed without having read all; what it sent can be read. */
		if (errno != EAGAIN && errno != ECONNRESET)
			return -errno;
	}
}

/* ---- reading ---- */

/* Tell a sender to look at its word.  It will, even if this finds no room. */
static void kipc_cma_done(struct kipc_cma *cma, uint64_t call)
{
	struct kipc_cma_packet packet = { .kind = KIPC_CMA_DONE, .call = call };

	/* A copy that was kept for us has nobody waiting. */
	if (call)
		kipc_cma_put(cma, &packet, NULL, 0, KIPC_AT_ONCE);
}

/* An offer: 1 with the payload, 0, or -errno. */
static int kipc_cma_read_offer(struct kipc_cma *cma, const struct kipc_cma_packet *packet,
			       struct kipc_parcel *parcel)
{
	int why = -ECONNRESET;
	int got = kipc_cma_offer_fetch(cma, packet, &parcel->cred, &parcel->buffer, &why);

	parcel->len = (size_t)packet->len;
	/* An answer that could not be fetched is the end of the call all the same. */
	if (packet->kind == KIPC_CMA_REPLY && !got) {
		parcel->kind = KIPC_PARCEL_END;
		parcel->err = why;
		return 1;
	}
	/* A caller who was heard waits for its reply, and for an answer nobody waits. */
	if (packet->kind == KIPC_CMA_SEND || (packet->kind == KIPC_CMA_CALL && got != 1))
		kipc_cma_done(cma, packet->call);
	return got;
}

/* The first packet of a line must bring the board, and no other may bring anything. */
static int kipc_cma_read_hello(struct kipc_cma *cma, const struct kipc_cma_packet *packet,
			       int board)
{
	int err = -EPROTO;

	if (cma->board && board < 0)
		return packet->kind == KIPC_CMA_HELLO ? -EPROTO : 1;
	if (!cma->board && board >= 0 && packet->kind == KIPC_CMA_HELLO)
		err = kipc_cma_board_take(cma, board);
	if (board >= 0)
		close(board);
	return err;
}

static int kipc_cma_read_packet(struct kipc_cma *cma, const struct kipc_cma_packet *packet,
				struct kipc_parcel *parcel)
{
	parcel->kind = packet->kind;
	parcel->letter.call = packet->call;
	parcel->type = packet->type;
	switch (packet->kind) {
	case KIPC_CMA_SEND:
	case KIPC_CMA_CALL:
	case KIPC_CMA_REPLY:
		return packet->word ? kipc_cma_read_offer(cma, packet, parcel) : 1;
	case KIPC_CMA_END:
		parcel->err = -ECONNRESET;
		return 1;
	case KIPC_CMA_DONE:
		parcel->kind = KIPC_PARCEL_END;
		return 1;
	default:
		return -EPROTO;
	}
}

static int kipc_cma_read(struct kipc_line *line, struct kipc_parcel *parcel,
			 kipc_deadline deadline)
{
	struct kipc_cma *cma = kipc_to_cma(line);
	struct kipc_cma_packet packet;
	int board = -1, got;
	ssize_t len;

	parcel->buffer = kipc_buffer_get(line->handle, KIPC_CMA_INLINE);
	if (!parcel->buffer)
		return -ENOMEM;
	len = kipc_cma_get(cma, &packet, parcel->buffer, &parcel->cred, &board, deadline);
	got = len < 0 ? (int)len : kipc_cma_read_hello(cma, &packet, board);
	if (len < 0 && board >= 0)
		close(board);
	if (got == 1) {
		parcel->len = (size_t)len;
		got = kipc_cma_read_packet(cma, &packet, parcel);
	}
	if (got != 1 || parcel->kind == KIPC_PARCEL_END) {
		kipc_buffer_put(line->handle, parcel->buffer);
		parcel->buffer = NULL;
	}
	/* The process is this packet's; its effective user is known of connections only. */
	parcel->known = parcel->cred.pid > 0;
	if (line->known) {
		parcel->cred.uid = line->cred.uid;
		parcel->cred.gid = line->cred.gid;
	}
	return got;
}

/* ---- writing ---- */

/* What nobody waits for: in the packet, or a copy that is offered. */
static int kipc_cma_write(struct kipc_line *line, enum kipc_parcel_kind kind, uint64_t call,
			  const struct kipc_outgoing *out, kipc_deadline deadline)
{
	struct kipc_cma *cma = kipc_to_cma(line);
	struct kipc_cma_packet packet = { .kind = (uint16_t)kind, .call = call };
	struct kipc_cma_kept *kept;
	int err;

	if (!out)
		return kipc_cma_put(cma, &packet, NULL, 0, deadline);
	packet.type = out->type;
	if (out->len > cma->max_size)
		return -EMSGSIZE;
	if (out->len <= cma->inline_size)
		return kipc_cma_put(cma, &packet, out->data, out->len, deadline);
	err = kipc_cma_keep(cma, &packet, out->data, out->len, &kept);
	if (err)
		return err;
	err = kipc_cma_put(cma, &packet, NULL, 0, deadline);
	if (err)
		kipc_cma_unkeep(cma, kept);
	return err;
}

/* ---- sending and calling, with the payload where it is ---- */

/* The earlier of a deadline and the next look. */
static kipc_deadline kipc_cma_next_look(kipc_deadline deadline)
{
	kipc_deadline look = kipc_deadline_after(KIPC_CMA_LOOK);

	return deadline == KIPC_NEVER || look < deadline ? look : deadline;
}

/*
 * Wait for the end of an offer's message: the answer to a call, and of one that goes one
 * way that it has been taken.
 */
static int kipc_cma_await(struct kipc_line_end *end, struct kipc_line_caller *caller,
			  const struct kipc_cma_offer *offer, bool call, kipc_deadline deadline)
{
	struct kipc_cma *cma = kipc_to_cma(end->line);
	unsigned int state;
	int err;

	for (;;) {
		err = kipc_reader_await(&end->reader, &caller->slot, kipc_cma_next_look(deadline));
		if (err != -ETIMEDOUT)
			return err;
		state = kipc_cma_offer_state(cma, offer) & 0xf;
		if (state == KIPC_CMA_REFUSED || (state == KIPC_CMA_TAKEN && !call))
			return 0;
		if (!kipc_deadline_left(deadline))
			return err;
	}
}

/*
 * Offer a message and wait for its end.
 *
 * Returns 0 or -errno; *@taken: whether the peer has it, whatever came then.
 */
static int kipc_cma_offer(struct kipc_line_end *end, struct kipc_line_caller *caller,
			  enum kipc_cma_kind kind, const struct kipc_outgoing *out, bool *taken,
			  kipc_deadline deadline)
{
	struct kipc_cma *cma = kipc_to_cma(end->line);
	struct kipc_cma_packet packet = {
		.kind = kind,
		.call = caller->slot.call,
		.type = out->type,
	};
	struct kipc_cma_offer offer;
	int refused = 0, err = kipc_cma_offer_make(cma, &offer, &packet, out->data, out->len);

	if (err)
		return err;
	err = kipc_cma_put(cma, &packet, NULL, 0, deadline);
	if (!err)
		err = kipc_cma_await(end, caller, &offer, kind == KIPC_CMA_CALL, deadline);
	*taken = kipc_cma_offer_end(cma, &offer, &refused);
	return refused ? refused : err;
}

/* Does the payload stay where it is? */
static bool kipc_cma_offers(const struct kipc_cma *cma, const struct kipc_outgoing *out,
			    kipc_deadline deadline)
{
	if (deadline == KIPC_AT_ONCE)
		return false;
	return out->len > KIPC_CMA_SMALL || out->len > cma->inline_size;
}

static int kipc_cma_send(struct kipc *handle, const struct kipc_outgoing *out,
			 kipc_deadline deadline)
{
	struct kipc_line_end *end = kipc_to_line_end(handle);
	struct kipc_cma *cma = kipc_to_cma(end->line);
	struct kipc_line_caller caller;
	bool taken = false;
	int err;

	if (out->to)
		return -EINVAL;
	if (out->len > cma->max_size)
		return -EMSGSIZE;
	if (!kipc_cma_offers(cma, out, deadline))
		return out->len > cma->inline_size ? -EAGAIN :
						     kipc_line_send(handle, out, deadline);
	kipc_reader_begin(&end->reader, &caller.slot, &caller.parcel.letter);
	err = kipc_cma_offer(end, &caller, KIPC_CMA_SEND, out, &taken, deadline);
	kipc_reader_finish(&end->reader, &caller.slot);
	if (taken)
		return 0;
	/* Told to look where there is nothing to be seen. */
	return err ? err : -EPROTO;
}

static int kipc_cma_call(struct kipc *handle, const struct kipc_outgoing *out,
			 struct kipc_msg *reply, kipc_deadline deadline)
{
	struct kipc_line_end *end = kipc_to_line_end(handle);
	struct kipc_cma *cma = kipc_to_cma(end->line);
	struct kipc_line_caller caller;
	bool taken = false;
	int err;

	if (out->to)
		return -EINVAL;
	if (out->len > cma->max_size)
		return -EMSGSIZE;
	if (!kipc_cma_offers(cma, out, deadline))
		return kipc_line_call(handle, out, reply, deadline);
	kipc_reader_begin(&end->reader, &caller.slot, &caller.parcel.letter);
	err = kipc_cma_offer(end, &caller, KIPC_CMA_CALL, out, &taken, deadline);
	kipc_reader_finish(&end->reader, &caller.slot);
	if (taken)
		reply->outcome = KIPC_CALL_SEEN;
	if (caller.slot.done && !err)
		return kipc_line_answer(end, &caller, reply);
	if (caller.slot.done && caller.parcel.buffer)
		kipc_buffer_put(handle, caller.parcel.buffer);
	if (!err)
		return -EPROTO;
	return taken && err == -EPIPE ? -ECONNRESET : err;
}

/* ---- opening ---- */

static int kipc_cma_setup(int fd, const struct kipc_address *address)
{
	int on = 1;

	(void)address;
	return setsockopt(fd, SOL_SOCKET, SO_PASSCRED, &on, sizeof(on)) ? -errno : 0;
}

/* What the socket takes in one packet, with the head and the kernel's reserve. */
static size_t kipc_cma_inline_size(int fd)
{
	const size_t reserve = sizeof(struct kipc_cma_packet) + 4096;
	socklen_t len = sizeof(int);
	int sndbuf = 0;

	getsockopt(fd, SOL_SOCKET, SO_SNDBUF, &sndbuf, &len);
	if (sndbuf < (int)(KIPC_CMA_INLINE + reserve))
		return sndbuf < (int)(2 * reserve) ? 0 : (size_t)sndbuf - reserve;
	return KIPC_CMA_INLINE;
}

static int kipc_cma_init(struct kipc_line *line, const struct kipc_address *address)
{
	struct kipc_cma *cma = kipc_to_cma(line);
	int board, err;

	pthread_mutex_init(&cma->lock, NULL);
	if (getrandom(&cma->secret, sizeof(cma->secret), 0) != sizeof(cma->secret))
		return -EIO;
	cma->max_size = (size_t)kipc_address_get(address, KIPC_PARAM_SIZE, KIPC_CMA_SIZE);
	cma->inline_size = kipc_cma_inline_size(line->fd);
	if (cma->inline_size > cma->max_size)
		cma->inline_size = cma->max_size;
	/* An accepted socket begins without what its listener has. */
	err = kipc_cma_setup(line->fd, address);
	if (err || line->role == KIPC_LINE_SERVER)
		return err;
	err = kipc_cma_board_new(cma, &board);
	if (err)
		return err;
	err = kipc_cma_hello(cma, board);
	close(board);
	return err;
}

static void kipc_cma_deinit(struct kipc_line *line)
{
	struct kipc_cma *cma = kipc_to_cma(line);

	kipc_cma_unkeep_all(cma);
	kipc_cma_board_drop(cma);
	pthread_mutex_destroy(&cma->lock);
}

static const struct kipc_transport kipc_cma_listener_transport;

static const struct kipc_line_kind kipc_cma_kind = {
	.end = &kipc_cma_transport,
	.listener = &kipc_cma_listener_transport,
	.type = SOCK_SEQPACKET,
	.size = sizeof(struct kipc_cma),
	.setup = kipc_cma_setup,
	.init = kipc_cma_init,
	.deinit = kipc_cma_deinit,
	.read = kipc_cma_read,
	.write = kipc_cma_write,
};

/* Has the kernel the call, and does it let us have it? */
static int kipc_cma_check(void)
{
	if (!process_vm_readv(getpid(), NULL, 0, NULL, 0, 0))
		return 0;
	return errno == ENOSYS ? -ENODEV : -errno;
}

static int kipc_cma_listen(struct kipc **handle, const struct kipc_address *address)
{
	int err = kipc_cma_check();

	return err ? err : kipc_line_listen(handle, address, &kipc_cma_kind);
}

static int kipc_cma_connect(struct kipc **handle, const struct kipc_address *address)
{
	int err = kipc_cma_check();

	return err ? err : kipc_line_connect(handle, address, &kipc_cma_kind);
}

static int kipc_cma_pair(struct kipc *ends[2], const struct kipc_address *address)
{
	struct kipc_parcel hello = { 0 };
	int err = kipc_cma_check();

	if (!err)
		err = kipc_line_pair(ends, address, &kipc_cma_kind);
	if (err)
		return err;
	/* The board is on its way; whoever sends first needs it. */
	err = kipc_cma_read(kipc_to_line_end(ends[0])->line, &hello, KIPC_AT_ONCE);
	if (!err)
		return 0;
	kipc_line_close(ends[0]);
	kipc_line_close(ends[1]);
	ends[0] = NULL;
	ends[1] = NULL;
	return err;
}

static int kipc_cma_unlink(const struct kipc_address *address)
{
	return kipc_unix_unlink(SOCK_SEQPACKET, address->name);
}

static void kipc_cma_limits(const struct kipc *handle, struct kipc_info *info)
{
	struct kipc_line_end *end = kipc_to_line_end((struct kipc *)handle);

	info->max_size = handle ? kipc_to_cma(end->line)->max_size : KIPC_CMA_SIZE;
}

static void kipc_cma_listener_limits(const struct kipc *handle, struct kipc_info *info)
{
	info->max_size = kipc_address_get(kipc_line_listener_address(handle), KIPC_PARAM_SIZE,
					  KIPC_CMA_SIZE);
}

#define KIPC_CMA_SCHEME									\
	.mechanism.scheme = "cma",							\
	.can = KIPC_CAN_LISTEN | KIPC_CAN_PAIR | KIPC_CAN_DUPLEX | KIPC_CAN_CALL |	\
	       KIPC_CAN_TYPE | KIPC_CAN_POLL | KIPC_CAN_PEER

const struct kipc_transport kipc_cma_transport = {
	KIPC_CMA_SCHEME,
	.mechanism.params = KIPC_PARAM_BIT(KIPC_PARAM_MODE) | KIPC_PARAM_BIT(KIPC_PARAM_SIZE),
	.mechanism.name_rule = "a name is a path of at most 107 bytes, or '@' and an abstract name",
	.mechanism.name_ok = kipc_unix_name_ok,
	.listen = kipc_cma_listen,
	.connect = kipc_cma_connect,
	.pair = kipc_cma_pair,
	.unlink = kipc_cma_unlink,
	.send = kipc_cma_send,
	.call = kipc_cma_call,
	KIPC_LINE_END_OPERATIONS,
	.limits = kipc_cma_limits,
};

static const struct kipc_transport kipc_cma_listener_transport = {
	KIPC_CMA_SCHEME,
	KIPC_LINE_LISTENER_OPERATIONS,
	.limits = kipc_cma_listener_limits,
};
