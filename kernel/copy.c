// SPDX-License-Identifier: GPL-2.0
/* Copy: see copy.h for what it is. */
#include <linux/err.h>
#include <linux/fault-inject-usercopy.h>
#include <linux/overflow.h>
#include <linux/mm.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#include "copy.h"
#include "fds.h"
#include "mmap.h"
#include "pool.h"

/*
 * Bring in the array of pieces once, and check it: nothing of it is read from the
 * user's memory again.  The native array is not smaller than the user's, so both
 * live in one allocation and each piece is converted where it lies.
 */
static int kipc_source_gather(struct kipc_source *source, const struct kipc_payload *payload,
			      u64 max)
{
	struct kipc_vec *vec;
	struct iovec *iov;
	u64 total = 0;
	u64 i;

	if (payload->len > KIPC_VEC_MAX)
		return -EINVAL;
	vec = vmemdup_user(u64_to_user_ptr(payload->data), array_size(payload->len, sizeof(*vec)));
	if (IS_ERR(vec))
		return PTR_ERR(vec);

	BUILD_BUG_ON(sizeof(struct iovec) > sizeof(struct kipc_vec));
	iov = (struct iovec *)vec;
	for (i = 0; i < payload->len; i++) {
		struct kipc_vec piece = vec[i];

		if (check_add_overflow(total, piece.len, &total) || total > max) {
			kvfree(vec);
			return -EMSGSIZE;
		}
		iov[i].iov_base = u64_to_user_ptr(piece.base);
		iov[i].iov_len = piece.len;
	}
	source->iov = iov;
	iov_iter_init(&source->iter, ITER_SOURCE, iov, payload->len, total);
	return 0;
}

/**
 * kipc_source_open() - check a payload and make it ready to be copied from
 * @source:	made ready: kipc_source_close() when done
 * @payload:	as the user gave it; already in kernel memory
 * @max:	bytes that it may have
 *
 * Return: 0, -EINVAL, -EMSGSIZE, -EFAULT or -ENOMEM.
 */
int kipc_source_open(struct kipc_source *source, const struct kipc_payload *payload,
		     u64 max)
{
	int err = kipc_payload_check(payload);

	if (err)
		return err;
	source->iov = NULL;
	source->flat = NULL;
	source->fds = NULL;
	source->tag = payload->tag;
	source->prio = payload->prio;
	if (payload->flags & KIPC_PAYLOAD_VEC && payload->len)
		return kipc_source_gather(source, payload, max);

	if (payload->len > max)
		return -EMSGSIZE;
	source->flat = u64_to_user_ptr(payload->data);
	iov_iter_ubuf(&source->iter, ITER_SOURCE, (void __user *)source->flat, payload->len);
	return 0;
}

/* What a source has and no message has taken: kipc_source_close(). */
void kipc_source_free(struct kipc_source *source)
{
	kvfree(source->iov);
	if (source->fds)
		kipc_fds_put(source->fds);
}

/*
 * A payload of a line costs more in calls than in bytes: copy it right here.  Slices
 * start on a line, so it lies in one chunk.
 */
static int kipc_copy_line(void *to, const void __user *from, u32 len)
{
	if (should_fail_usercopy() || !user_read_access_begin(from, len))
		return -EFAULT;
	for (; len >= sizeof(u64); len -= sizeof(u64)) {
		unsafe_get_user(*(u64 *)to, (const u64 __user *)from, err_fault);
		to += sizeof(u64);
		from += sizeof(u64);
	}
	for (; len; len--)
		unsafe_get_user(*(u8 *)to++, (const u8 __user *)from++, err_fault);
	user_read_access_end();
	return 0;

err_fault:
	user_read_access_end();
	return -EFAULT;
}

/**
 * kipc_copy_to_memory() - fill a piece of a pool from a sender
 * @memory:	the receiver's memory, pinned
 * @offset:	of the piece, which the caller has reserved
 * @len:	its bytes
 * @source:	the payload, of @len bytes
 *
 * Return: 0; -EFAULT; -ENOMEM or -EDQUOT, no chunk for it.
 */
int kipc_copy_to_memory(struct kipc_memory *memory, u32 offset, u32 len,
			struct kipc_source *source)
{
	bool line = source->flat && len <= KIPC_POOL_ALIGN;

	while (len) {
		u32 at = offset % KIPC_CHUNK_SIZE;
		u32 run = min_t(u32, len, KIPC_CHUNK_SIZE - at);
		void *chunk = kipc_memory_chunk(memory, offset / KIPC_CHUNK_SIZE);

		if (IS_ERR(chunk))
			return PTR_ERR(chunk);
		if (line)
			return kipc_copy_line(chunk + at, source->flat, len);
		/* The bounds are the chunk's; there is no object to check them against. */
		if (_copy_from_iter(chunk + at, run, &source->iter) != run)
			return -EFAULT;
		offset += run;
		len -= run;
	}
	return 0;
}

/**
 * kipc_copy_from_memory() - copy a piece of a pool out to its owner (for read)
 * @memory:	the owner's memory
 * @offset:	of the piece
 * @len:	its bytes
 * @to:		has room for at least @len bytes
 *
 * Return: 0, -EFAULT, -ENOMEM or -EDQUOT.
 */
int kipc_copy_from_memory(struct kipc_memory *memory, u32 offset, u32 len,
			  struct iov_iter *to)
{
	while (len) {
		u32 at = offset % KIPC_CHUNK_SIZE;
		u32 run = min_t(u32, len, KIPC_CHUNK_SIZE - at);
		void *chunk = kipc_memory_chunk(memory, offset / KIPC_CHUNK_SIZE);

		if (IS_ERR(chunk))
			return PTR_ERR(chunk);
		if (copy_to_iter(chunk + at, run, to) != run)
			return -EFAULT;
		offset += run;
		len -= run;
	}
	return 0;
}

/**
 * kipc_read_words() - bring in (a part of) a request's structure
 * @to:		in kernel memory
 * @from:	in user memory
 * @bytes:	a multiple of eight
 *
 * Return: 0 or -EFAULT.
 */
int kipc_read_words(void *to, const void __user *from, size_t bytes)
{
	const u64 __user *uword = from;
	u64 *word = to;

	might_fault();
	if (should_fail_usercopy() || !user_read_access_begin(from, bytes))
		return -EFAULT;
	for (; bytes; bytes -= sizeof(*word))
		unsafe_get_user(*word++, uword++, err_fault);
	user_read_access_end();
	return 0;

err_fault:
	user_read_access_end();
	return -EFAULT;
}

/**
 * kipc_write_words() - write (a part of) a request's structure back
 * @to:		in user memory
 * @from:	in kernel memory
 * @bytes:	a multiple of eight
 *
 * Return: 0 or -EFAULT.
 */
int kipc_write_words(void __user *to, const void *from, size_t bytes)
{
	u64 __user *uword = to;
	const u64 *word = from;

	might_fault();
	if (should_fail_usercopy() || !user_write_access_begin(to, bytes))
		return -EFAULT;
	for (; bytes; bytes -= sizeof(*word))
		unsafe_put_user(*word++, uword++, err_fault);
	user_write_access_end();
	return 0;

err_fault:
	user_write_access_end();
	return -EFAULT;
}
