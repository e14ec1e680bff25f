/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Copy: the one path on which payload crosses between user and kernel.
 *
 * A payload comes as a struct kipc_payload (from an ioctl) or as an iov_iter
 * (from write); both become an iov_iter here.  A small one in one piece is brought into
 * the kernel at once, so that room for it can be found, filled and given away under one
 * hold of a lock.  Copies run with no lock held: a
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
#include <linux/uio.h>

#include "fetch.h"
#include "pool.h"

struct kipc_fds;
struct kipc_memory;
struct kipc_user;

/**
 * struct kipc_source - what a sender sends, ready to be copied from
 * @iter:	what is left to copy; its count is the payload's length
 * @iov:	the pieces of a gathered payload, allocated; otherwise NULL
 * @fds:	descriptors that go with it, until a message has taken them; or NULL
 * @tag:	the application's
 * @prio:	its priority
 * @small:	the payload is in @line already
 * @line:	a payload of at most KIPC_POOL_ALIGN bytes, zero up to a whole word
 */
struct kipc_source {
	struct iov_iter		iter;
	struct iovec		*iov;
	struct kipc_fds		*fds;
	u64			tag;
	u16			prio;
	bool			small;
	u64			line[KIPC_POOL_ALIGN / sizeof(u64)];
};

static inline int kipc_payload_check(const struct kipc_payload *payload)
{
	bool unknown = payload->flags & ~KIPC_PAYLOAD_VEC || payload->prio > KIPC_PRIO_MAX ||
		       payload->fd_count > KIPC_FDS_MAX;

	return unknown ? -EINVAL : 0;
}

int kipc_source_open(struct kipc_source *source, const struct kipc_payload *payload, u64 max,
		     struct kipc_user *user);
void kipc_source_free(struct kipc_source *source);

bool kipc_copy_small(struct kipc_memory *memory, u32 offset, u32 len,
		     const struct kipc_source *source);
int kipc_copy_to_memory(struct kipc_memory *memory, u32 offset, u32 len,
			struct kipc_source *source);
int kipc_copy_from_memory(struct kipc_memory *memory, u32 offset, u32 len,
			  struct iov_iter *to);

int kipc_read_words(void *to, const void __user *from, size_t bytes) __reads_user(2, 3);
int kipc_write_words(void __user *to, const void *from, size_t bytes);
int kipc_write_bytes(void __user *to, const void *from, size_t len);

static inline void kipc_source_close(struct kipc_source *source)
{
	if (unlikely(source->iov || source->fds))
		kipc_source_free(source);
}

#endif /* KIPC_COPY_H */
