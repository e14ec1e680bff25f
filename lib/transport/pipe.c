// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * pipe: whole messages over a pipe.
 *
 * A pipe is a stream of bytes, so each message travels as a *frame*: a header
 * (magic, check, length, type), the payload, and, where the frame is larger than
 * PIPE_BUF and so may be cut short, a trailer that says whether it is whole.
 *
 * Writers: a frame of up to PIPE_BUF bytes (a payload of up to 4072) is written
 * by one write(2), which the kernel never mixes with others: any number of
 * threads and processes may send those.  A larger frame takes its handle's lock,
 * so threads may share a handle; two *processes* must not send larger ones into
 * one pipe at the same time.  If they do, the receiver notices (-EPROTO).
 *
 * Readers: one process at a time, in any number of threads.
 *
 * Deadlines: the descriptor may be inherited and its O_NONBLOCK flag shared with
 * strangers, so that flag is left alone, and both its values work.  A send with a
 * deadline polls before each write and writes at most PIPE_BUF bytes, which a pipe
 * that polls writable takes without waiting.  A frame that a deadline or a signal
 * cuts short is *void*: the sender remembers what it owes, pays it in zeros before
 * its next frame, and the void trailer makes the receiver drop the whole.  So a
 * send that fails delivers nothing, and the stream stays in step.
 *
 * SIGPIPE: a send into a pipe without readers returns -EPIPE and raises no
 * signal.  That costs two system calls a send, unless SIGPIPE was ignored when
 * the handle was opened.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include "internal.h"

#define KIPC_FRAME_MAGIC	0x316b7066U		/* "fpk1" */
#define KIPC_FRAME_WHOLE	0x656c6f6877206573ULL	/* xor the length */
#define KIPC_FRAME_VOID		0ULL			/* what the zeros end in */

/* No message is larger: a length above this is a broken stream. */
#define KIPC_PIPE_SIZE_MAX	(1ULL << 30)

struct kipc_frame {
	uint32_t magic;
	uint32_t check;
	uint64_t len;
	uint64_t type;
};

/*
 * @lock serialises senders, or receivers: a handle is one or the other.
 * @owed: a sender's, bytes of a void frame still to be written, trailer included.
 * @frame, @got, @buffer: a receiver's, the frame under way and how much of it is
 * here; it outlives a receive that ran out of time.
 */
struct kipc_pipe {
	struct kipc base;
	int fd;
	bool mask_sigpipe;
	bool broken;
	uint64_t max_size;
	pthread_mutex_t lock;
	size_t owed;
	struct kipc_frame frame;
	size_t got;
	struct kipc_buffer *buffer;
};

static struct kipc_pipe *to_pipe(struct kipc *handle)
{
	return container_of(handle, struct kipc_pipe, base);
}

static uint32_t kipc_frame_check(uint64_t len, uint64_t type)
{
	uint64_t mixed = (len * 0x9e3779b97f4a7c15ULL) ^ (type + (len << 7));

	return (uint32_t)(mixed ^ mixed >> 32) ^ KIPC_FRAME_MAGIC;
}

static size_t kipc_frame_trailer(uint64_t len)
{
	return sizeof(struct kipc_frame) + len > PIPE_BUF ? sizeof(uint64_t) : 0;
}

/* ---- sending ---- */

/*
 * Keep SIGPIPE from this thread.  It is blocked only if it was not; then, if the
 * write raised it, it is the one pending signal of its kind and is taken away.
 */
static bool kipc_sigpipe_block(const struct kipc_pipe *pipe)
{
	sigset_t sigpipe, before;

	if (!pipe->mask_sigpipe)
		return false;
	sigemptyset(&sigpipe);
	sigaddset(&sigpipe, SIGPIPE);
	pthread_sigmask(SIG_BLOCK, &sigpipe, &before);
	return !sigismember(&before, SIGPIPE);
}

static void kipc_sigpipe_unblock(bool raised)
{
	static const struct timespec now;
	sigset_t sigpipe;

	sigemptyset(&sigpipe);
	sigaddset(&sigpipe, SIGPIPE);
	if (raised)
		while (sigtimedwait(&sigpipe, NULL, &now) < 0 && errno == EINTR)
			;
	pthread_sigmask(SIG_UNBLOCK, &sigpipe, NULL);
}

/* Step over the first @n bytes of a vector. */
static void kipc_iov_advance(struct iovec **iov, int *count, size_t n)
{
	while (*count && n >= (*iov)->iov_len) {
		n -= (*iov)->iov_len;
		(*iov)++;
		(*count)--;
	}
	if (*count) {
		(*iov)->iov_base = (char *)(*iov)->iov_base + n;
		(*iov)->iov_len -= n;
	}
}

/* Write at most PIPE_BUF bytes of a vector, in one write. */
static ssize_t kipc_pipe_write_little(int fd, const struct iovec *iov, int count)
{
	struct iovec part[3];
	size_t left = PIPE_BUF;
	int n;

	for (n = 0; n < count && n < 3 && left; n++) {
		part[n] = iov[n];
		if (part[n].iov_len > left)
			part[n].iov_len = left;
		left -= part[n].iov_len;
	}
	return writev(fd, part, n);
}

/* Write all, or say in *@done how much was; 0 or -errno. */
static int kipc_pipe_write(struct kipc_pipe *pipe, struct iovec *iov, int count,
			   size_t *done, kipc_deadline deadline)
{
	bool wait = deadline != KIPC_NEVER;

	while (count) {
		ssize_t n;
		int err = wait ? kipc_wait_fd(pipe->fd, POLLOUT, deadline) : 0;

		if (err)
			return err;
		n = wait ? kipc_pipe_write_little(pipe->fd, iov, count) :
			   writev(pipe->fd, iov, count);
		if (n < 0 && errno == EAGAIN) {
			wait = true;
			continue;
		}
		if (n < 0)
			return -errno;
		*done += (size_t)n;
		kipc_iov_advance(&iov, &count, (size_t)n);
	}
	return 0;
}

/* Pay for a void frame, in zeros; its trailer ends in zeros as well. */
static int kipc_pipe_pay(struct kipc_pipe *pipe, kipc_deadline deadline)
{
	static const char zeros[PIPE_BUF];
	int err = 0;

	while (pipe->owed && !err) {
		struct iovec iov = {
			.iov_base = (void *)zeros,
			.iov_len = pipe->owed < PIPE_BUF ? pipe->owed : PIPE_BUF,
		};
		size_t done = 0;

		err = kipc_pipe_write(pipe, &iov, 1, &done, deadline);
		pipe->owed -= done;
	}
	return err;
}

/*
 * A frame that does not go in one piece needs to wait for the reader.  Without
 * waiting it is only begun when it will fit, or the pipe would fill up with void
 * frames.
 */
static int kipc_pipe_fits_now(const struct kipc_pipe *pipe, size_t total)
{
	int capacity = fcntl(pipe->fd, F_GETPIPE_SZ);
	int unread = 0;

	if (total <= PIPE_BUF)
		return 0;
	if (capacity < 0 || total > (size_t)capacity)
		return -EMSGSIZE;
	if (ioctl(pipe->fd, FIONREAD, &unread) || unread)
		return -EAGAIN;
	return 0;
}

static int kipc_pipe_send_locked(struct kipc_pipe *pipe, const struct kipc_outgoing *out,
				 kipc_deadline deadline)
{
	struct kipc_frame frame = {
		.magic = KIPC_FRAME_MAGIC,
		.check = kipc_frame_check(out->len, out->type),
		.len = out->len,
		.type = out->type,
	};
	uint64_t trailer = KIPC_FRAME_WHOLE ^ out->len;
	struct iovec iov[3] = {
		{ &frame, sizeof(frame) },
		{ (void *)out->data, out->len },
		{ &trailer, kipc_frame_trailer(out->len) },
	};
	size_t total = sizeof(frame) + out->len + iov[2].iov_len;
	size_t done = 0;
	int err = 0;

	if (pipe->owed)
		err = kipc_pipe_pay(pipe, deadline);
	if (!err && deadline == KIPC_AT_ONCE)
		err = kipc_pipe_fits_now(pipe, total);
	if (!err)
		err = kipc_pipe_write(pipe, iov, 3, &done, deadline);
	if (err && done)
		pipe->owed = total - done;
	return err;
}

static int kipc_pipe_send(struct kipc *handle, const struct kipc_outgoing *out,
			  kipc_deadline deadline)
{
	struct kipc_pipe *pipe = to_pipe(handle);
	bool blocked;
	int err;

	if (out->to)
		return -EINVAL;
	if (out->len > pipe->max_size)
		return -EMSGSIZE;
	err = kipc_wait_lock(&pipe->lock, deadline);
	if (err)
		return err;
	blocked = kipc_sigpipe_block(pipe);
	err = kipc_pipe_send_locked(pipe, out, deadline);
	if (blocked)
		kipc_sigpipe_unblock(err == -EPIPE);
	pthread_mutex_unlock(&pipe->lock);
	return err;
}

/* ---- receiving ---- */

/* Read until *@got is @size; 0, -EPIPE at the end of the stream, or -errno. */
static int kipc_pipe_read(struct kipc_pipe *pipe, void *buf, size_t *got, size_t size,
			  kipc_deadline deadline)
{
	bool wait = deadline != KIPC_NEVER;

	while (*got < size) {
		ssize_t n;
		int err = wait ? kipc_wait_fd(pipe->fd, POLLIN, deadline) : 0;

		if (err)
			return err;
		n = read(pipe->fd, (char *)buf + *got, size - *got);
		if (n < 0 && errno == EAGAIN) {
			wait = true;
			continue;
		}
		if (n < 0)
			return -errno;
		if (!n)
			return -EPIPE;
		*got += (size_t)n;
	}
	return 0;
}

static bool kipc_frame_ok(const struct kipc_pipe *pipe)
{
	const struct kipc_frame *frame = &pipe->frame;

	return frame->magic == KIPC_FRAME_MAGIC && frame->len <= KIPC_PIPE_SIZE_MAX &&
	       frame->check == kipc_frame_check(frame->len, frame->type);
}

/* Read the header, check it, and have a buffer for the rest. */
static int kipc_pipe_recv_header(struct kipc_pipe *pipe, kipc_deadline deadline)
{
	int err;

	if (pipe->broken)
		return -EPROTO;
	err = kipc_pipe_read(pipe, &pipe->frame, &pipe->got, sizeof(pipe->frame), deadline);
	if (err)
		return err;
	if (!kipc_frame_ok(pipe)) {
		pipe->broken = true;
		return -EPROTO;
	}
	if (pipe->frame.len > pipe->max_size)
		return -EMSGSIZE;
	pipe->buffer = kipc_buffer_get(&pipe->base, pipe->frame.len + sizeof(uint64_t));
	if (!pipe->buffer)
		return -ENOMEM;
	pipe->got = 0;
	return 0;
}

/* Is the frame whole?  1 yes, 0 no (void), or -EPROTO. */
static int kipc_pipe_judge(struct kipc_pipe *pipe)
{
	uint64_t trailer;

	if (!kipc_frame_trailer(pipe->frame.len))
		return 1;
	memcpy(&trailer, pipe->buffer->data + pipe->frame.len, sizeof(trailer));
	if (trailer == (KIPC_FRAME_WHOLE ^ pipe->frame.len))
		return 1;
	if (trailer == KIPC_FRAME_VOID)
		return 0;
	pipe->broken = true;
	return -EPROTO;
}

/* Receive one frame; 1 when it is whole and @buffer holds it, 0 when it is void. */
static int kipc_pipe_recv_frame(struct kipc_pipe *pipe, kipc_deadline deadline)
{
	size_t size;
	int err;

	if (!pipe->buffer) {
		err = kipc_pipe_recv_header(pipe, deadline);
		if (err)
			return err;
	}
	size = pipe->frame.len + kipc_frame_trailer(pipe->frame.len);
	err = kipc_pipe_read(pipe, pipe->buffer->data, &pipe->got, size, deadline);
	if (err)
		return err;
	pipe->got = 0;
	err = kipc_pipe_judge(pipe);
	if (err <= 0) {
		kipc_buffer_put(&pipe->base, pipe->buffer);
		pipe->buffer = NULL;
	}
	return err;
}

static int kipc_pipe_recv(struct kipc *handle, struct kipc_msg *msg, kipc_deadline deadline)
{
	struct kipc_pipe *pipe = to_pipe(handle);
	int err = kipc_wait_lock(&pipe->lock, deadline);

	if (err)
		return err;
	do {
		err = kipc_pipe_recv_frame(pipe, deadline);
	} while (!err);
	if (err > 0) {
		kipc_buffer_lend(handle, msg, pipe->buffer, 0, pipe->frame.len);
		pipe->buffer = NULL;
		msg->type = pipe->frame.type;
		msg->known = KIPC_KNOWN_TYPE;
		err = 0;
	}
	pthread_mutex_unlock(&pipe->lock);
	return err;
}

/* ---- opening ---- */

static void kipc_pipe_close(struct kipc *handle)
{
	struct kipc_pipe *pipe = to_pipe(handle);

	close(pipe->fd);
	pthread_mutex_destroy(&pipe->lock);
	kipc_handle_free(handle);
}

/* Make a handle of a descriptor, which is the handle's from here on. */
static int kipc_pipe_new(struct kipc **handle, int fd, uint32_t side,
			 const struct kipc_address *address)
{
	uint64_t size = kipc_address_get(address, KIPC_PARAM_SIZE, KIPC_PIPE_SIZE_MAX);
	struct kipc_pipe *pipe = kipc_handle_new(sizeof(*pipe), &kipc_pipe_transport, side);
	struct sigaction sigpipe;

	if (!pipe) {
		close(fd);
		return -ENOMEM;
	}
	pipe->fd = fd;
	pipe->max_size = size < KIPC_PIPE_SIZE_MAX ? size : KIPC_PIPE_SIZE_MAX;
	pipe->mask_sigpipe = sigaction(SIGPIPE, NULL, &sigpipe) ||
			     sigpipe.sa_handler != SIG_IGN;
	pthread_mutex_init(&pipe->lock, NULL);
	*handle = &pipe->base;
	return 0;
}

static int kipc_pipe_set_up(int fd, const struct kipc_address *address)
{
	uint64_t capacity = kipc_address_get(address, KIPC_PARAM_CAPACITY, 0);

	if (kipc_address_demands(address, KIPC_PARAM_SIZE) &&
	    address->value[KIPC_PARAM_SIZE] > KIPC_PIPE_SIZE_MAX)
		return -EMSGSIZE;
	return capacity && fcntl(fd, F_SETPIPE_SZ, (int)capacity) < 0 ? -errno : 0;
}

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

/*
 * Take an inherited descriptor over.  The standard ones are left to stdio and
 * duplicated; any other one is the handle's now and closes with it.
 */
static int kipc_pipe_adopt(struct kipc **handle, const struct kipc_address *address,
			   int standard, uint32_t side)
{
	int fd = (int)kipc_address_get(address, KIPC_PARAM_FD, (uint64_t)standard);
	int err = kipc_pipe_check(fd, side == KIPC_SIDE_RECV ? O_RDONLY : O_WRONLY);

	if (!err)
		err = kipc_pipe_set_up(fd, address);
	if (err)
		return err;
	if (fd <= STDERR_FILENO)
		fd = fcntl(fd, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
	else if (fcntl(fd, F_SETFD, FD_CLOEXEC))
		return -errno;
	return fd < 0 ? -errno : kipc_pipe_new(handle, fd, side, address);
}

static int kipc_pipe_listen(struct kipc **handle, const struct kipc_address *address)
{
	return kipc_pipe_adopt(handle, address, STDIN_FILENO, KIPC_SIDE_RECV);
}

static int kipc_pipe_connect(struct kipc **handle, const struct kipc_address *address)
{
	return kipc_pipe_adopt(handle, address, STDOUT_FILENO, KIPC_SIDE_SEND);
}

static int kipc_pipe_pair(struct kipc *ends[2], const struct kipc_address *address)
{
	int fds[2];
	int err;

	if (kipc_address_demands(address, KIPC_PARAM_FD))
		return -EINVAL;
	if (pipe2(fds, O_CLOEXEC))
		return -errno;
	err = kipc_pipe_set_up(fds[0], address);
	if (err) {
		close(fds[0]);
		close(fds[1]);
		return err;
	}
	err = kipc_pipe_new(&ends[0], fds[0], KIPC_SIDE_RECV, address);
	if (err) {
		close(fds[1]);
		return err;
	}
	err = kipc_pipe_new(&ends[1], fds[1], KIPC_SIDE_SEND, address);
	if (err) {
		kipc_pipe_close(ends[0]);
		ends[0] = NULL;
	}
	return err;
}

static int kipc_pipe_fd(struct kipc *handle)
{
	return to_pipe(handle)->fd;
}

static void kipc_pipe_limits(const struct kipc *handle, struct kipc_info *info)
{
	info->max_size = handle ? to_pipe((struct kipc *)handle)->max_size :
				  KIPC_PIPE_SIZE_MAX;
}

const struct kipc_transport kipc_pipe_transport = {
	.mechanism.scheme = "pipe",
	.can = KIPC_CAN_LISTEN | KIPC_CAN_PAIR | KIPC_CAN_TYPE | KIPC_CAN_POLL,
	.mechanism.params = KIPC_PARAM_BIT(KIPC_PARAM_FD) | KIPC_PARAM_BIT(KIPC_PARAM_CAPACITY) |
		  KIPC_PARAM_BIT(KIPC_PARAM_SIZE),
	.listen = kipc_pipe_listen,
	.connect = kipc_pipe_connect,
	.pair = kipc_pipe_pair,
	.close = kipc_pipe_close,
	.send = kipc_pipe_send,
	.recv = kipc_pipe_recv,
	.fd = kipc_pipe_fd,
	.limits = kipc_pipe_limits,
};
