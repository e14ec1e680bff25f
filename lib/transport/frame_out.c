// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Sending frames; what they are is in frame.h.
 *
 * Up to PIPE_BUF a frame is written by one write(2), which a pipe takes as a whole or
 * not at all and never mixes with others: any number of threads and processes may send
 * those.  During a larger one no other process may send, unless it goes in packets.
 *
 * Deadlines: a descriptor may be inherited and its O_NONBLOCK flag shared with
 * strangers, so that flag is left alone, and both its values work.  A send with a
 * deadline polls before each write and writes at most PIPE_BUF bytes, which a pipe that
 * polls writable takes without waiting.  A frame that a deadline or a signal cuts short
 * is *void*: the sender remembers what it owes, pays it in zeros before its next frame,
 * and the void trailer makes the receiver drop the whole.  So a send that fails delivers
 * nothing, and the stream stays in step.  Packets owe nothing: the first piece of the
 * next message tells the receiver that the one before will not be completed.
 *
 * SIGPIPE: a send into a pipe without readers returns -EPIPE and raises no signal.
 * Where SIGPIPE was ignored when the handle was opened that costs nothing; on Linux 6.18
 * and later it is a flag of the write; on older ones the thread blocks the signal around
 * it, which costs two system calls a send.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/uio.h>
#include <unistd.h>

#include "frame.h"

/* <linux/fs.h> since Linux 6.18 */
#ifndef RWF_NOSIGNAL
#define RWF_NOSIGNAL	0x00000100
#endif

/* Up to here one copy more costs less than a vector of pieces. */
#define KIPC_FRAME_TINY		2048

enum kipc_frame_signal {
	KIPC_FRAME_NO_SIGNAL,	/* it is ignored, or never comes */
	KIPC_FRAME_FLAGGED,	/* RWF_NOSIGNAL */
	KIPC_FRAME_BLOCKED,	/* blocked around each send */
};

/* A frame on its way: a vector that is eaten up from the front. */
struct kipc_frame_vec {
	struct iovec iov[4];
	struct iovec *at;
	int count;
	size_t left;
};

void kipc_frame_out_init(struct kipc_frame_out *out, int fd, bool packets)
{
	*out = (struct kipc_frame_out){
		.fd = fd,
		.packets = packets,
		.max_size = KIPC_FRAME_SIZE_MAX,
	};
	pthread_mutex_init(&out->lock, NULL);
}

/* Close what it has. */
void kipc_frame_out_deinit(struct kipc_frame_out *out)
{
	if (out->fd >= 0)
		close(out->fd);
	pthread_mutex_destroy(&out->lock);
}

/* ---- SIGPIPE ---- */

/* Can this kernel write without a signal?  A pipe that is broken already tells. */
static bool kipc_frame_can_flag(void)
{
	char byte = 0;
	struct iovec iov = { .iov_base = &byte, .iov_len = 1 };
	int fds[2];
	bool can;

	if (pipe2(fds, O_CLOEXEC))
		return false;
	close(fds[0]);
	can = pwritev2(fds[1], &iov, 1, -1, RWF_NOSIGNAL) < 0 && errno == EPIPE;
	close(fds[1]);
	return can;
}

/* The descriptor may raise SIGPIPE. */
void kipc_frame_out_expect_signal(struct kipc_frame_out *out)
{
	struct sigaction sigpipe;

	if (!sigaction(SIGPIPE, NULL, &sigpipe) && sigpipe.sa_handler == SIG_IGN)
		return;
	out->signal = kipc_frame_can_flag() ? KIPC_FRAME_FLAGGED : KIPC_FRAME_BLOCKED;
}

/*
 * Keep SIGPIPE from this thread.  It is blocked only if it was not; then, if the
 * write raised it, it is the one pending signal of its kind and is taken away.
 */
static bool kipc_sigpipe_block(void)
{
	sigset_t sigpipe, before;

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

/* ---- writing ---- */

static void kipc_frame_vec_add(struct kipc_frame_vec *vec, const void *data, size_t len)
{
	if (!len)
		return;
	vec->at[vec->count].iov_base = (void *)data;
	vec->at[vec->count++].iov_len = len;
	vec->left += len;
}

/* Step over the first @n bytes. */
KIPC_HOT
static void kipc_frame_vec_eat(struct kipc_frame_vec *vec, size_t n)
{
	vec->left -= n;
	while (vec->count && n >= vec->at->iov_len) {
		n -= vec->at->iov_len;
		vec->at++;
		vec->count--;
	}
	if (vec->count) {
		vec->at->iov_base = (char *)vec->at->iov_base + n;
		vec->at->iov_len -= n;
	}
}

KIPC_HOT
static ssize_t kipc_frame_put(const struct kipc_frame_out *out, const struct iovec *iov,
			      int count)
{
	if (out->signal == KIPC_FRAME_FLAGGED)
		return pwritev2(out->fd, iov, count, -1, RWF_NOSIGNAL);
	if (count == 1)
		return write(out->fd, iov->iov_base, iov->iov_len);
	return writev(out->fd, iov, count);
}

/* Write at most PIPE_BUF bytes of a vector. */
static ssize_t kipc_frame_put_little(const struct kipc_frame_out *out,
				     const struct kipc_frame_vec *vec)
{
	struct iovec part[ARRAY_SIZE(vec->iov)];
	size_t left = PIPE_BUF;
	int n;

	for (n = 0; n < vec->count && left; n++) {
		part[n] = vec->at[n];
		if (part[n].iov_len > left)
			part[n].iov_len = left;
		left -= part[n].iov_len;
	}
	return kipc_frame_put(out, part, n);
}

/* Write all, or -errno with the rest left in @vec. */
KIPC_HOT
static int kipc_frame_write(const struct kipc_frame_out *out, struct kipc_frame_vec *vec,
			    kipc_deadline deadline)
{
	const bool careful = deadline != KIPC_NEVER && !out->nonblock;
	bool wait = careful;

	while (vec->count) {
		int err = wait ? kipc_wait_fd(out->fd, POLLOUT, deadline) : 0;
		ssize_t n;

		if (err)
			return err;
		n = wait ? kipc_frame_put_little(out, vec) :
			   kipc_frame_put(out, vec->at, vec->count);
		if (n < 0 && errno == EAGAIN) {
			wait = true;
			continue;
		}
		if (n < 0)
			return errno == EIO ? -EPIPE : -errno;	/* EIO: a terminal's end */
		kipc_frame_vec_eat(vec, (size_t)n);
		wait = careful;
	}
	return 0;
}

/*
 * Pay for a void frame: what lacks of its header, and zeros; its trailer ends in zeros as
 * well.
 */
static int kipc_frame_pay(struct kipc_frame_out *out, kipc_deadline deadline)
{
	static const char zeros[PIPE_BUF];
	int err = 0;

	while (out->owed && !err) {
		struct kipc_frame_vec vec = { .at = vec.iov };
		size_t at = out->owed_size - out->owed, len = out->owed;

		if (at < sizeof(out->owed_head)) {
			len = sizeof(out->owed_head) - at;
			kipc_frame_vec_add(&vec, (char *)&out->owed_head + at, len);
		} else {
			len = len < PIPE_BUF ? len : PIPE_BUF;
			kipc_frame_vec_add(&vec, zeros, len);
		}
		err = kipc_frame_write(out, &vec, deadline);
		out->owed -= len - vec.left;
	}
	return err;
}

/* Has the other end gone, and a write would not tell? */
bool kipc_frame_out_is_gone(const struct kipc_frame_out *out)
{
	struct pollfd pollfd = { .fd = out->fd };

	return out->silent && poll(&pollfd, 1, 0) == 1 && pollfd.revents & POLLHUP;
}

/*
 * A frame that does not go in one piece needs to wait for the receiver.  Without
 * waiting it is only begun when it will fit, or the pipe would fill up with void
 * frames.  A page is the least that a packet takes.  (Terminals do not tell.)
 */
static int kipc_frame_fits_now(const struct kipc_frame_out *out, size_t total)
{
	int capacity = fcntl(out->fd, F_GETPIPE_SZ);
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	int unread = 0;

	if (capacity < 0)
		return 0;
	if (out->packets)
		total = (total + KIPC_FRAME_PACKET_MAX - 1) / KIPC_FRAME_PACKET_MAX * page;
	if (total > (size_t)capacity)
		return -EMSGSIZE;
	if (ioctl(out->fd, FIONREAD, &unread) || unread)
		return -EAGAIN;
	return 0;
}

/* ---- sending ---- */

static void kipc_frame_head(struct kipc_frame *frame, enum kipc_frame_kind kind,
			    uint64_t len, uint64_t type)
{
	frame->magic = KIPC_FRAME_MAGIC | kind;
	frame->len = len;
	frame->type = type;
	frame->check = kipc_frame_check(frame);
}

/*
 * A small message in the usual case: one write, which takes all or nothing.  0, -EINTR, or
 * -EAGAIN: the long way knows what to do.
 */
KIPC_HOT
static int kipc_frame_send_tiny(const struct kipc_frame_out *out,
				const struct kipc_outgoing *msg)
{
	struct {
		struct kipc_frame frame;
		char data[KIPC_FRAME_TINY];
	} tiny;
	size_t size = sizeof(tiny.frame) + msg->len;

	kipc_frame_head(&tiny.frame, KIPC_FRAME_SEND, msg->len, msg->type);
	if (msg->len)
		memcpy(tiny.data, msg->data, msg->len);
	if (write(out->fd, &tiny, size) == (ssize_t)size)
		return 0;
	return errno == EINTR ? -EINTR : -EAGAIN;
}

/* One frame; what cannot be sent now is owed. */
static int kipc_frame_send_whole(struct kipc_frame_out *out, struct kipc_frame_vec *vec,
				 kipc_deadline deadline)
{
	const struct kipc_frame *head = vec->iov[0].iov_base;
	size_t size = vec->left;
	int err = 0;

	if (kipc_frame_out_is_gone(out))
		return -EPIPE;
	if (out->owed)
		err = kipc_frame_pay(out, deadline);
	if (!err && deadline == KIPC_AT_ONCE && size > PIPE_BUF)
		err = kipc_frame_fits_now(out, size);
	if (err)
		return err;
	err = kipc_frame_write(out, vec, deadline);
	if (err && vec->left < size) {
		out->owed = vec->left;
		out->owed_size = size;
		out->owed_head = *head;
	}
	return err;
}

/* A message that is too large for a packet, in several. */
static int kipc_frame_send_pieces(struct kipc_frame_out *out, const struct kipc_outgoing *msg,
				  kipc_deadline deadline)
{
	const char *data = msg->data;
	size_t sent = 0;
	int fd, err = 0;

	if (deadline == KIPC_AT_ONCE)
		err = kipc_frame_fits_now(out, msg->len);
	if (err)
		return err;
	fd = out->turn(out, deadline);
	if (fd < 0)
		return fd;
	while (sent < msg->len && !err) {
		struct kipc_frame_vec vec = { .at = vec.iov };
		size_t len = msg->len - sent;
		struct kipc_frame frame;

		if (len > KIPC_FRAME_PACKET_MAX)
			len = KIPC_FRAME_PACKET_MAX;
		kipc_frame_head(&frame, sent ? KIPC_FRAME_NEXT : KIPC_FRAME_FIRST, msg->len,
				sent ? sent : msg->type);
		kipc_frame_vec_add(&vec, &frame, sizeof(frame));
		kipc_frame_vec_add(&vec, data + sent, len);
		err = kipc_frame_write(out, &vec, deadline);
		sent += len;
	}
	close(fd);	/* it has kept the turn, nothing else */
	return err;
}

KIPC_HOT
static int kipc_frame_send_locked(struct kipc_frame_out *out, enum kipc_frame_kind kind,
				  uint64_t call, const struct kipc_outgoing *msg,
				  kipc_deadline deadline)
{
	size_t len = msg->len + (kind == KIPC_FRAME_SEND ? 0 : sizeof(call));
	uint64_t trailer = KIPC_FRAME_WHOLE ^ len;
	struct kipc_frame_vec vec;
	struct kipc_frame frame;

	if (out->packets && len > KIPC_FRAME_PACKET_MAX)
		return kipc_frame_send_pieces(out, msg, deadline);
	vec.at = vec.iov;
	vec.count = 0;
	vec.left = 0;
	kipc_frame_head(&frame, kind, len, msg->type);
	kipc_frame_vec_add(&vec, &frame, sizeof(frame));
	if (kind != KIPC_FRAME_SEND)
		kipc_frame_vec_add(&vec, &call, sizeof(call));
	kipc_frame_vec_add(&vec, msg->data, msg->len);
	kipc_frame_vec_add(&vec, &trailer, kipc_frame_trailer(len, out->trailers));
	return kipc_frame_send_whole(out, &vec, deadline);
}

/**
 * kipc_frame_send() - send a frame
 * @out:	where to
 * @kind:	what it is
 * @call:	which call, but for KIPC_FRAME_SEND
 * @msg:	type and payload
 * @deadline:	how long to wait for room
 *
 * Return: 0, -EMSGSIZE, -EPIPE, -EAGAIN, -ETIMEDOUT, -EINTR; the frame is received only
 * after 0.
 */
KIPC_HOT
int kipc_frame_send(struct kipc_frame_out *out, enum kipc_frame_kind kind, uint64_t call,
		    const struct kipc_outgoing *msg, kipc_deadline deadline)
{
	bool locked, blocked = false;
	int err;

	if (msg->len > out->max_size)
		return -EMSGSIZE;
	if (__libc_single_threaded && msg->len <= KIPC_FRAME_TINY && kind == KIPC_FRAME_SEND &&
	    deadline == KIPC_NEVER && !out->owed && !out->trailers && !out->signal) {
		err = kipc_frame_send_tiny(out, msg);
		if (err != -EAGAIN)
			return err;
	}
	err = kipc_frame_lock(&out->lock, &locked, deadline);
	if (err)
		return err;
	if (out->signal == KIPC_FRAME_BLOCKED)
		blocked = kipc_sigpipe_block();
	err = kipc_frame_send_locked(out, kind, call, msg, deadline);
	if (blocked)
		kipc_sigpipe_unblock(err == -EPIPE);
	kipc_frame_unlock(&out->lock, locked);
	return err;
}
