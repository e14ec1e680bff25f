// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Taking frames off a descriptor; what they are is in frame.h.
 *
 * Whatever comes is checked before memory is taken for it, as anybody who may write
 * may write anything.
 *
 * Reading ahead: what a read brings beyond its frame goes to memory that fork() shares
 * (struct kipc_frame_ahead), so that processes which receive in turns lose nothing, and
 * neither do those that fork with something there.  A frame that is not whole yet stays
 * there, too, if it can.  A poll does not show it: when the handle's descriptor has been
 * asked for, nothing more is read ahead.  A forked process may have fewer rights, and
 * writes there whatever it likes: offsets are checked, headers copied before they are.
 */
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "frame.h"

void kipc_frame_in_init(struct kipc_frame_in *in, int fd, bool packets)
{
	*in = (struct kipc_frame_in){
		.fd = fd,
		.now = -1,
		.packets = packets,
		.max_size = KIPC_FRAME_SIZE_MAX,
	};
	pthread_mutex_init(&in->lock, NULL);
}

/* Close what it has.  Buffers are their handle's. */
void kipc_frame_in_deinit(struct kipc_frame_in *in)
{
	if (in->ahead)
		munmap(in->ahead, sizeof(*in->ahead));
	if (in->now >= 0)
		close(in->now);
	if (in->fd >= 0)
		close(in->fd);
	pthread_mutex_destroy(&in->lock);
}

/*
 * Nobody else reads @fd, but by fork().  Without memory for it frames are read as if
 * somebody did.
 */
void kipc_frame_in_read_ahead(struct kipc_frame_in *in)
{
	void *ahead = mmap(NULL, sizeof(*in->ahead), PROT_READ | PROT_WRITE,
			   MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	in->ahead = ahead == MAP_FAILED ? NULL : ahead;
}

/* Read once; how many bytes, -EPIPE at the end of the stream, or -errno. */
KIPC_HOT
static ssize_t kipc_frame_read(const struct kipc_frame_in *in, void *buf, size_t size,
			       kipc_deadline deadline)
{
	bool wait = deadline != KIPC_NEVER && in->now < 0;
	int fd = deadline != KIPC_NEVER && in->now >= 0 ? in->now : in->fd;

	for (;;) {
		int err = wait ? kipc_wait_fd(fd, POLLIN, deadline) : 0;
		ssize_t n;

		if (err)
			return err;
		n = read(fd, buf, size);
		if (n > 0)
			return n;
		/* EIO: the other end of a terminal has closed. */
		if (!n || errno == EIO)
			return -EPIPE;
		if (errno != EAGAIN)
			return -errno;
		wait = true;
	}
}

/* The frame under way is done with, or dropped. */
void kipc_frame_reset(struct kipc_frame_in *in)
{
	in->got = 0;
	in->size = 0;
}

/*
 * It makes no sense.  Packets have their bounds all the same; a stream has lost its step
 * for good.
 */
int kipc_frame_refuse(struct kipc_frame_in *in)
{
	in->broken = !in->packets;
	kipc_frame_reset(in);
	return -EPROTO;
}

static bool kipc_frame_ok(const struct kipc_frame *frame)
{
	uint32_t kind = frame->magic ^ KIPC_FRAME_MAGIC;

	return kind >= KIPC_FRAME_SEND && kind <= KIPC_FRAME_NEXT &&
	       frame->len <= KIPC_FRAME_SIZE_MAX + sizeof(uint64_t) &&
	       frame->check == kipc_frame_check(frame) &&
	       (kind == KIPC_FRAME_SEND || frame->len >= sizeof(uint64_t));
}

/* Have a buffer of at least @size bytes, with what is in it already. */
static int kipc_frame_room(struct kipc_frame_in *in, struct kipc *handle, size_t size)
{
	struct kipc_buffer *larger;

	if (in->buffer && in->buffer->capacity >= size)
		return 0;
	larger = kipc_buffer_get(handle, size);
	if (!larger)
		return -ENOMEM;
	if (in->buffer) {
		memcpy(larger->data, in->buffer->data, in->got);
		kipc_buffer_put(handle, in->buffer);
	}
	in->buffer = larger;
	return 0;
}

/* How large is the frame with this header?  -EPROTO or -EMSGSIZE where it cannot be. */
KIPC_HOT
static ssize_t kipc_frame_measure(struct kipc_frame_in *in, const struct kipc_frame *frame)
{
	uint32_t kind = frame->magic ^ KIPC_FRAME_MAGIC;

	if (!kipc_frame_ok(frame) || (kind >= KIPC_FRAME_FIRST && !in->packets))
		return kipc_frame_refuse(in);
	if (frame->len > in->max_size + (kind == KIPC_FRAME_SEND ? 0 : sizeof(uint64_t)))
		return -EMSGSIZE;
	return sizeof(*frame) + frame->len + kipc_frame_trailer(frame->len, in->trailers);
}

/* ---- packets ---- */

static int kipc_frame_fill_packet(struct kipc_frame_in *in, struct kipc *handle,
				  kipc_deadline deadline)
{
	const struct kipc_frame *frame;
	ssize_t n;

	if (kipc_frame_room(in, handle, PIPE_BUF))
		return -ENOMEM;
	n = kipc_frame_read(in, in->buffer->data, PIPE_BUF, deadline);
	if (n < 0)
		return (int)n;
	frame = (const void *)in->buffer->data;
	in->got = (size_t)n;
	in->size = (size_t)n;
	if (in->size < sizeof(*frame) || !kipc_frame_ok(frame))
		return kipc_frame_refuse(in);
	/* A piece's length is the message's. */
	if ((frame->magic ^ KIPC_FRAME_MAGIC) < KIPC_FRAME_FIRST) {
		n = kipc_frame_measure(in, frame);
		if ((size_t)n == in->size)
			return 0;
		kipc_frame_reset(in);
		return n < 0 ? (int)n : kipc_frame_refuse(in);
	}
	return 0;
}

/* ---- a stream, byte by byte ---- */

/* The first @got bytes of a frame are in @buffer; read the rest and nothing else. */
static int kipc_frame_fill_exactly(struct kipc_frame_in *in, struct kipc *handle,
				   kipc_deadline deadline)
{
	ssize_t n;

	if (kipc_frame_room(in, handle, PIPE_BUF))
		return -ENOMEM;
	while (!in->size || in->got < in->size) {
		size_t want = in->size ? in->size : sizeof(struct kipc_frame);

		if (in->got < want) {
			n = kipc_frame_read(in, in->buffer->data + in->got, want - in->got,
					    deadline);
			if (n < 0)
				return (int)n;
			in->got += (size_t)n;
		}
		if (in->size || in->got < want)
			continue;
		n = kipc_frame_measure(in, (const void *)in->buffer->data);
		if (n < 0)
			return (int)n;
		if (kipc_frame_room(in, handle, (size_t)n))
			return -ENOMEM;
		in->size = (size_t)n;
	}
	return 0;
}

/* ---- a stream, ahead ---- */

/* Is there a frame that no poll shows?  A part of one is not enough to receive. */
bool kipc_frame_in_has_frame(struct kipc_frame_in *in)
{
	struct kipc_frame frame;
	uint32_t begin, end;
	bool has;

	pthread_mutex_lock(&in->lock);
	has = in->broken || (in->size && in->got == in->size);
	begin = in->ahead ? in->ahead->begin : 0;
	end = in->ahead ? in->ahead->end : 0;
	if (!has && begin < end && end <= KIPC_FRAME_AHEAD && end - begin >= sizeof(frame)) {
		ssize_t size;

		memcpy(&frame, in->ahead->data + begin, sizeof(frame));
		size = kipc_frame_measure(in, &frame);
		has = size < 0 || (size_t)size <= end - begin;
	}
	pthread_mutex_unlock(&in->lock);
	return has;
}

/*
 * @over bytes have been read into the buffer.  1 with a frame there, or the beginning of
 * one that is larger than any read of it; 0 when what has come was put aside.
 */
int kipc_frame_digest(struct kipc_frame_in *in, struct kipc *handle, size_t over)
{
	struct kipc_frame_ahead *ahead = in->ahead;
	size_t size = 0;
	ssize_t n;

	if (over >= sizeof(struct kipc_frame)) {
		n = kipc_frame_measure(in, (const void *)in->buffer->data);
		if (n == -EPROTO)
			return (int)n;
		size = n < 0 ? 0 : (size_t)n;
	}
	if (size > over && size > PIPE_BUF) {
		in->got = over;
		if (kipc_frame_room(in, handle, size))
			return -ENOMEM;
		in->size = size;
		return 1;
	}
	/* A part of a small one, or one that is too large: the next look tells. */
	if (size > over)
		size = 0;
	over -= size;
	if (over)
		memcpy(ahead->data, in->buffer->data + size, over);
	ahead->begin = 0;
	ahead->end = (uint32_t)over;
	in->got = size;
	in->size = size;
	return size != 0;
}

/* Nothing is there: read into the buffer; returns as kipc_frame_digest(). */
static int kipc_frame_read_new(struct kipc_frame_in *in, struct kipc *handle,
			       kipc_deadline deadline)
{
	size_t most;
	ssize_t n;

	if (kipc_frame_room(in, handle, in->last > PIPE_BUF ? in->last : PIPE_BUF))
		return -ENOMEM;
	most = in->buffer->capacity;
	n = kipc_frame_read(in, in->buffer->data, most < KIPC_FRAME_AHEAD ? most :
			    KIPC_FRAME_AHEAD, deadline);
	return n < 0 ? (int)n : kipc_frame_digest(in, handle, (size_t)n);
}

/* Something is there; read on behind it: up to @size bytes of a frame, or ahead. */
static int kipc_frame_read_on(struct kipc_frame_in *in, uint32_t begin, uint32_t end,
			      size_t size, kipc_deadline deadline)
{
	struct kipc_frame_ahead *ahead = in->ahead;
	size_t most;
	ssize_t n;

	if (begin) {
		memmove(ahead->data, ahead->data + begin, end - begin);
		end -= begin;
		ahead->begin = 0;
		ahead->end = end;
	}
	most = (kipc_frame_ahead_is_off(ahead) ? size : KIPC_FRAME_AHEAD) - end;
	n = kipc_frame_read(in, ahead->data + end, most, deadline);
	if (n < 0)
		return (int)n;
	ahead->end = end + (uint32_t)n;
	return 0;
}

/*
 * Take a frame of @size bytes out of what is there, or of a large one its beginning; the
 * header is the one that was checked.
 */
static int kipc_frame_take_ahead(struct kipc_frame_in *in, struct kipc *handle,
				 const struct kipc_frame *frame, uint32_t begin, uint32_t end,
				 size_t size)
{
	struct kipc_frame_ahead *ahead = in->ahead;
	uint32_t len = end - begin;

	if (kipc_frame_room(in, handle, size))
		return -ENOMEM;
	if (len > size)
		len = (uint32_t)size;
	memcpy(in->buffer->data, ahead->data + begin, len);
	memcpy(in->buffer->data, frame, sizeof(*frame));
	in->got = len;
	in->size = size;
	begin += len;
	ahead->begin = begin == end ? 0 : begin;
	ahead->end = begin == end ? 0 : end;
	return 0;
}

KIPC_HOT
static int kipc_frame_fill_ahead(struct kipc_frame_in *in, struct kipc *handle,
				 kipc_deadline deadline)
{
	struct kipc_frame frame;
	ssize_t n;
	int err;

	for (;;) {
		uint32_t begin = __atomic_load_n(&in->ahead->begin, __ATOMIC_RELAXED);
		uint32_t end = __atomic_load_n(&in->ahead->end, __ATOMIC_RELAXED);
		size_t size = sizeof(frame);

		if (begin > end || end > KIPC_FRAME_AHEAD)
			return kipc_frame_refuse(in);
		if (begin == end && !kipc_frame_ahead_is_off(in->ahead)) {
			err = kipc_frame_read_new(in, handle, deadline);
			if (err)
				return err < 0 ? err : 0;
			continue;
		}
		if (end - begin >= sizeof(frame)) {
			memcpy(&frame, in->ahead->data + begin, sizeof(frame));
			n = kipc_frame_measure(in, &frame);
			if (n < 0)
				return (int)n;
			size = (size_t)n;
			if (size <= end - begin || size > PIPE_BUF)
				return kipc_frame_take_ahead(in, handle, &frame, begin, end,
							     size);
		}
		err = kipc_frame_read_on(in, begin, end, size, deadline);
		if (err)
			return err;
	}
}

/* Receive until a frame, or a packet, is in @buffer, and @size says how large. */
KIPC_HOT
int kipc_frame_fill(struct kipc_frame_in *in, struct kipc *handle, kipc_deadline deadline)
{
	int err = 0;

	/* One that was too large for its receiver is here already. */
	if (in->size && in->got == in->size)
		return 0;
	if (in->broken)
		return -EPROTO;
	if (in->packets)
		return kipc_frame_fill_packet(in, handle, deadline);
	if (in->ahead && !in->size) {
		err = kipc_frame_fill_ahead(in, handle, deadline);
		if (err || in->got == in->size)
			return err;
		/* The rest of a large one comes straight into the buffer. */
	}
	return kipc_frame_fill_exactly(in, handle, deadline);
}
