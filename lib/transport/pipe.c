// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * pipe: whole messages over a pipe, one way; with ?duplex over two of them, both ways,
 * with calls and replies.
 *
 * A pipe that the library makes is read ahead (see frame.h).  An inherited one is not, as
 * it may be shared with strangers; so a receiver of it that ends, or is asked for one
 * message only, leaves the next one in the pipe.
 *
 * Writers: messages of up to 4072 bytes may be sent by any number of threads and
 * processes.  Larger ones take their handle's lock, so threads may share a handle; while
 * one is on its way no other *process* may send.  If it does, the receiver notices
 * (-EPROTO).
 *
 * Readers: one process at a time, in any number of threads.
 *
 * ?packet: each message is one packet, of up to 4072 bytes, and what is no message costs
 * itself only.  So any number of processes may receive as well as send, each message
 * goes to one of them, and deadlines hold whoever else is faster.
 *
 * fork: both processes may use their copies within these rules.  Each closes its own.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "duplex.h"

/* ---- an end of frames ---- */

/* @in, @out: descriptors, which are the handle's from here on, or -1. */
void kipc_pipe_init(struct kipc_pipe *pipe, int in, int out, bool packets)
{
	kipc_frame_in_init(&pipe->in, in, packets);
	kipc_frame_out_init(&pipe->out, out, packets);
}

void kipc_pipe_deinit(struct kipc_pipe *pipe)
{
	kipc_frame_in_deinit(&pipe->in);
	kipc_frame_out_deinit(&pipe->out);
}

/* The largest message is @max, or what the address says. */
void kipc_pipe_set_max(struct kipc_pipe *pipe, const struct kipc_address *address,
		       uint64_t max)
{
	uint64_t size = kipc_address_get(address, KIPC_PARAM_SIZE, max);

	pipe->in.max_size = size < max ? size : max;
	pipe->out.max_size = pipe->in.max_size;
}

KIPC_HOT
int kipc_pipe_send(struct kipc *handle, const struct kipc_outgoing *out,
		   kipc_deadline deadline)
{
	if (out->to)
		return -EINVAL;
	return kipc_frame_send(&kipc_to_pipe(handle)->out, KIPC_FRAME_SEND, 0, out, deadline);
}

KIPC_HOT
int kipc_pipe_recv(struct kipc *handle, struct kipc_msg *msg, kipc_deadline deadline)
{
	struct kipc_frame_got got;
	int err;

	do {
		err = kipc_frame_recv(&kipc_to_pipe(handle)->in, handle, &got, deadline);
		if (err)
			return err;
		if (got.kind == KIPC_FRAME_SEND)
			break;
		/* Somebody calls, and there is no way back. */
		kipc_buffer_put(handle, got.buffer);
	} while (true);
	kipc_buffer_lend(handle, msg, got.buffer, got.offset, got.len);
	msg->type = got.type;
	msg->known = KIPC_KNOWN_TYPE;
	return 0;
}

KIPC_HOT
ssize_t kipc_pipe_recv_into(struct kipc *handle, void *buf, size_t size,
			    kipc_deadline deadline)
{
	return kipc_frame_recv_into(&kipc_to_pipe(handle)->in, handle, buf, size, deadline);
}

int kipc_pipe_fd(struct kipc *handle)
{
	struct kipc_pipe *pipe = kipc_to_pipe(handle);

	if (pipe->in.fd < 0)
		return pipe->out.fd;
	kipc_frame_in_polled(&pipe->in);
	return pipe->in.fd;
}

int kipc_pipe_events(struct kipc *handle, uint32_t want, struct kipc_events *events)
{
	if (want & KIPC_WANT_RECV && kipc_frame_in_has_frame(&kipc_to_pipe(handle)->in))
		events->timeout = 0;
	return 0;
}

void kipc_pipe_limits(const struct kipc *handle, struct kipc_info *info)
{
	info->max_size = handle ? kipc_to_pipe((struct kipc *)handle)->out.max_size :
				  KIPC_FRAME_SIZE_MAX;
}

/* ---- handles ---- */

static const struct kipc_transport kipc_pipe_duplex;

static void kipc_pipe_close(struct kipc *handle)
{
	kipc_pipe_deinit(kipc_to_pipe(handle));
	kipc_handle_free(handle);
}

static void kipc_pipe_duplex_close(struct kipc *handle)
{
	kipc_duplex_deinit(kipc_to_duplex(handle));
	kipc_handle_free(handle);
}

/* Two pipes: no one descriptor is for both. */
static int kipc_pipe_duplex_events(struct kipc *handle, uint32_t want,
				   struct kipc_events *events)
{
	if (want == (KIPC_WANT_RECV | KIPC_WANT_SEND))
		return -EOPNOTSUPP;
	if (want & KIPC_WANT_SEND)
		events->fd = kipc_to_pipe(handle)->out.fd;
	return kipc_duplex_events(handle, want, events);
}

static bool kipc_pipe_is_packet(const struct kipc_address *address)
{
	return kipc_address_demands(address, KIPC_PARAM_PACKET);
}

/*
 * Of several processes that receive packets with a deadline, one may find that another
 * was faster: it must not block then.  Without /proc it may.
 */
static void kipc_pipe_share(struct kipc_frame_in *in)
{
	char path[32];

	snprintf(path, sizeof(path), "/proc/self/fd/%d", in->fd);
	in->now = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
}

/*
 * Make a handle of descriptors, which are the handle's from here on, or -1; @ours: nobody
 * else has them.
 */
static int kipc_pipe_new(struct kipc **handle, int in, int out, bool ours,
			 const struct kipc_address *address)
{
	bool both = in >= 0 && out >= 0, packet = kipc_pipe_is_packet(address);
	struct kipc_pipe *pipe;

	pipe = kipc_handle_new(both ? sizeof(struct kipc_duplex) : sizeof(*pipe),
			       both ? &kipc_pipe_duplex : &kipc_pipe_transport,
			       (in >= 0 ? KIPC_SIDE_RECV : 0) | (out >= 0 ? KIPC_SIDE_SEND : 0));
	if (!pipe) {
		close(in);
		close(out);
		return -ENOMEM;
	}
	kipc_pipe_init(pipe, in, out, packet);
	kipc_pipe_set_max(pipe, address, packet ? KIPC_FRAME_PACKET_MAX : KIPC_FRAME_SIZE_MAX);
	if (out >= 0) {
		kipc_frame_out_expect_signal(&pipe->out);
		pipe->out.nonblock = ours && packet;
	}
	if (packet && in >= 0)
		kipc_pipe_share(&pipe->in);
	else if (ours && in >= 0)
		kipc_frame_in_read_ahead(&pipe->in);
	if (both)
		kipc_duplex_init(kipc_to_duplex(&pipe->base));
	*handle = &pipe->base;
	return 0;
}

/* What the address wants of a message's size that cannot be. */
static int kipc_pipe_check_size(const struct kipc_address *address)
{
	uint64_t max = kipc_pipe_is_packet(address) ? KIPC_FRAME_PACKET_MAX :
						      KIPC_FRAME_SIZE_MAX;

	return kipc_address_demands(address, KIPC_PARAM_SIZE) &&
	       address->value[KIPC_PARAM_SIZE] > max ? -EMSGSIZE : 0;
}

static int kipc_pipe_set_capacity(int fd, const struct kipc_address *address)
{
	uint64_t capacity = kipc_address_get(address, KIPC_PARAM_CAPACITY, 0);

	return capacity && fcntl(fd, F_SETPIPE_SZ, (int)capacity) < 0 ? -errno : 0;
}

/* ---- inherited pipes ---- */

/*
 * Is this descriptor the right end of a pipe?  -EBADF where it is not open,
 * -EINVAL where it is something else.
 */
static int kipc_pipe_check(int fd, int mode)
{
	int flags = fcntl(fd, F_GETFL);
	struct stat st;

	if (flags < 0 || fstat(fd, &st))
		return -errno;
	if (!S_ISFIFO(st.st_mode))
		return -EINVAL;
	flags &= O_ACCMODE;
	return flags == mode || flags == O_RDWR ? 0 : -EINVAL;
}

/* Packet mode is the writer's, and its readers' to know of. */
static int kipc_pipe_set_packet(int fd)
{
	int flags = fcntl(fd, F_GETFL);

	if (flags & O_DIRECT)
		return 0;
	return fcntl(fd, F_SETFL, flags | O_DIRECT) ? -errno : 0;
}

/* Take a descriptor over, or a copy of a standard one, which is stdio's. */
static int kipc_pipe_own(int fd)
{
	if (fd <= STDERR_FILENO)
		fd = fcntl(fd, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
	else if (fcntl(fd, F_SETFD, FD_CLOEXEC))
		fd = -1;
	return fd < 0 ? -errno : fd;
}

/* Of a descriptor that was copied there is one too many. */
static void kipc_pipe_disown(int fd, int owned)
{
	if (owned >= 0 && owned != fd)
		close(owned);
}

/*
 * Take inherited descriptors over, of which one may be -1.  After a failure they are
 * still the caller's.
 */
static int kipc_pipe_adopt(struct kipc **handle, const struct kipc_address *address,
			   int in, int out)
{
	int my_in = -1, my_out = -1;
	int err = kipc_pipe_check_size(address);

	if (!err && in >= 0)
		err = kipc_pipe_check(in, O_RDONLY);
	if (!err && out >= 0)
		err = kipc_pipe_check(out, O_WRONLY);
	if (!err)
		err = kipc_pipe_set_capacity(in >= 0 ? in : out, address);
	if (!err && out >= 0 && kipc_pipe_is_packet(address))
		err = kipc_pipe_set_packet(out);
	if (!err && in >= 0)
		err = (my_in = kipc_pipe_own(in)) < 0 ? my_in : 0;
	if (!err && out >= 0)
		err = (my_out = kipc_pipe_own(out)) < 0 ? my_out : 0;
	if (err) {
		kipc_pipe_disown(in, my_in);
		return err;
	}
	return kipc_pipe_new(handle, my_in, my_out, false, address);
}

static int kipc_pipe_adopt_both(struct kipc **handle, const struct kipc_address *address)
{
	return kipc_pipe_adopt(handle, address,
			       (int)kipc_address_get(address, KIPC_PARAM_FD, STDIN_FILENO),
			       (int)kipc_address_get(address, KIPC_PARAM_OUT, STDOUT_FILENO));
}

static int kipc_pipe_adopt_one(struct kipc **handle, const struct kipc_address *address,
			       int standard, uint32_t side)
{
	int fd = (int)kipc_address_get(address, KIPC_PARAM_FD, (uint64_t)standard);

	if (kipc_address_demands(address, KIPC_PARAM_DUPLEX))
		return kipc_pipe_adopt_both(handle, address);
	if (kipc_address_demands(address, KIPC_PARAM_OUT))
		return -EINVAL;
	return side == KIPC_SIDE_RECV ? kipc_pipe_adopt(handle, address, fd, -1) :
					kipc_pipe_adopt(handle, address, -1, fd);
}

static int kipc_pipe_listen(struct kipc **handle, const struct kipc_address *address)
{
	return kipc_pipe_adopt_one(handle, address, STDIN_FILENO, KIPC_SIDE_RECV);
}

static int kipc_pipe_connect(struct kipc **handle, const struct kipc_address *address)
{
	return kipc_pipe_adopt_one(handle, address, STDOUT_FILENO, KIPC_SIDE_SEND);
}

/* ---- pipes of our own ---- */

/*
 * Make room for a message of the size that is wished for, so that it goes in one turn;
 * as far as the user may (F_SETPIPE_SZ).
 */
static void kipc_pipe_wish_capacity(int fd, const struct kipc_address *address)
{
	uint64_t size = kipc_address_get(address, KIPC_PARAM_SIZE, 0);
	uint64_t room = size + 2 * (uint64_t)sysconf(_SC_PAGESIZE), most;

	if (!size || room <= (uint64_t)fcntl(fd, F_GETPIPE_SZ) ||
	    address->given & KIPC_PARAM_BIT(KIPC_PARAM_CAPACITY))
		return;
	most = kipc_system_number("/proc/sys/fs/pipe-max-size", 1 << 20);
	fcntl(fd, F_SETPIPE_SZ, (int)(room < most ? room : most));
}

/* One pipe, as the address wants it. */
static int kipc_pipe_make(int fds[2], const struct kipc_address *address)
{
	bool packet = kipc_pipe_is_packet(address);
	int err;

	if (pipe2(fds, O_CLOEXEC | (packet ? O_DIRECT : 0)))
		return -errno;
	kipc_pipe_wish_capacity(fds[0], address);
	err = kipc_pipe_set_capacity(fds[0], address);
	if (!err && packet && fcntl(fds[1], F_SETFL, O_DIRECT | O_NONBLOCK))
		err = -errno;
	if (err) {
		close(fds[0]);
		close(fds[1]);
	}
	return err;
}

/* @forth goes to ends[0], and @back, if there is one, to ends[1]. */
static int kipc_pipe_make_ends(struct kipc *ends[2], const int forth[2], const int back[2],
			       const struct kipc_address *address)
{
	int err = kipc_pipe_new(&ends[0], forth[0], back[1], true, address);

	if (err) {
		close(forth[1]);
		close(back[0]);
		return err;
	}
	err = kipc_pipe_new(&ends[1], back[0], forth[1], true, address);
	if (err) {
		ends[0]->transport->close(ends[0]);
		ends[0] = NULL;
	}
	return err;
}

static int kipc_pipe_pair(struct kipc *ends[2], const struct kipc_address *address)
{
	int forth[2], back[2] = { -1, -1 };
	int err = kipc_pipe_check_size(address);

	if (kipc_address_demands(address, KIPC_PARAM_FD) ||
	    kipc_address_demands(address, KIPC_PARAM_OUT))
		return -EINVAL;
	if (!err)
		err = kipc_pipe_make(forth, address);
	if (err)
		return err;
	if (kipc_address_demands(address, KIPC_PARAM_DUPLEX))
		err = kipc_pipe_make(back, address);
	if (err) {
		close(forth[0]);
		close(forth[1]);
		return err;
	}
	return kipc_pipe_make_ends(ends, forth, back, address);
}

static const struct kipc_transport kipc_pipe_duplex = {
	.mechanism.scheme = "pipe",
	.can = KIPC_CAN_LISTEN | KIPC_CAN_PAIR | KIPC_DUPLEX_CAN,
	.close = kipc_pipe_duplex_close,
	.events = kipc_pipe_duplex_events,
	.limits = kipc_pipe_limits,
	KIPC_DUPLEX_OPS,
};

const struct kipc_transport kipc_pipe_transport = {
	.mechanism.scheme = "pipe",
	.can = KIPC_CAN_LISTEN | KIPC_CAN_PAIR | KIPC_CAN_TYPE | KIPC_CAN_POLL,
	.mechanism.params = KIPC_PARAM_BIT(KIPC_PARAM_FD) | KIPC_PARAM_BIT(KIPC_PARAM_OUT) |
		  KIPC_PARAM_BIT(KIPC_PARAM_CAPACITY) | KIPC_PARAM_BIT(KIPC_PARAM_SIZE) |
		  KIPC_PARAM_BIT(KIPC_PARAM_PACKET) | KIPC_PARAM_BIT(KIPC_PARAM_DUPLEX),
	.listen = kipc_pipe_listen,
	.connect = kipc_pipe_connect,
	.pair = kipc_pipe_pair,
	.close = kipc_pipe_close,
	.send = kipc_pipe_send,
	.recv = kipc_pipe_recv,
	.recv_into = kipc_pipe_recv_into,
	.fd = kipc_pipe_fd,
	.events = kipc_pipe_events,
	.limits = kipc_pipe_limits,
};
