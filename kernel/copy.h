/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Copy: the one path on which payload crosses between user and kernel.
 *
 * A payload comes as a struct kipc_payload (from an ioctl) or as an iov_iter
 * (from write); both become an iov_iter here.  Copies run with no lock held: a
 * user page that does not come (userfaultfd, a stalled network file) stalls the
 * thread that named it and nobody else.
 *
 * The structures of the requests go in words instead: they are small, a multiple of
 * eight bytes, and on the path of every message, where a general copy costs more
 * than its bytes.
 */
#ifndef KIPC_COPY_H
#define KIPC_COPY_H

#include <linux/kipc.h>
#include <linux/mm.h>
#include <linux/uio.h>

struct kipc_memory;

/**
 * struct kipc_source - a sender's payload, ready to be copied from
 * @iter:	what is left to copy; its count is the payload's length
 * @flat:	where a payload in one piece is; otherwise NULL
 * @iov:	the pieces of a gathered payload, allocated; otherwise NULL
 */
struct kipc_source {
	struct iov_iter		iter;
	const void __user	*flat;
	struct iovec		*iov;
};

static inline int kipc_payload_check(const struct kipc_payload *payload)
{
	bool unknown = payload->flags & ~KIPC_PAYLOAD_VEC || payload->reserved ||
		       payload->reserved2;

	return unknown ? -EINVAL : 0;
}

int kipc_source_open(struct kipc_source *source, const struct kipc_payload *payload,
		     u64 max);

int kipc_copy_to_memory(struct kipc_memory *memory, u32 offset, u32 len,
			struct kipc_source *source);
int kipc_copy_from_memory(struct kipc_memory *memory, u32 offset, u32 len,
			  struct iov_iter *to);

int kipc_read_words(void *to, const void __user *from, size_t bytes);
int kipc_write_words(void __user *to, const void *from, size_t bytes);

static inline void kipc_source_close(struct kipc_source *source)
{
	if (unlikely(source->iov))
		kvfree(source->iov);
}

#endif /* KIPC_COPY_H */
