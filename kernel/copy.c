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

/* A payload of a line costs more in calls than in bytes: word by word, right here. */
static int kipc_source_read_line(struct kipc_source *source, const void __user *from, u32 len)
{
	u64 *word = source->line;
	u8 *byte;

	if (!len)
		return 0;
	if (should_fail_usercopy() || !user_read_access_begin(from, len))
		return -EFAULT;
	for (; len >= sizeof(*word); len -= sizeof(*word)) {
		unsafe_get_user(*word++, (const u64 __user *)from, err_fault);
		from += sizeof(*word);
	}
	if (len)
		*word = 0;
	for (byte = (u8 *)word; len; len--)
		unsafe_get_user(*byte++, (const u8 __user *)from++, err_fault);
	user_read_access_end();
	return 0;

err_fault:
	user_read_access_end();
	return -EFAULT;
}

static int kipc_source_take_fds(struct kipc_source *source, const struct kipc_payload *payload,
				struct kipc_user *user)
{
	struct kipc_fds *fds;

	fds = kipc_fds_create(user, u64_to_user_ptr(payload->fds), payload->fd_count);
	if (IS_ERR(fds)) {
		kipc_source_close(source);
		return PTR_ERR(fds);
	}
	source->fds = fds;
	return 0;
}

static int kipc_source_take_data(struct kipc_source *source, const struct kipc_payload *payload,
				 u64 max)
{
	void __user *data = u64_to_user_ptr(payload->data);

	if (payload->flags & KIPC_PAYLOAD_VEC && payload->len)
		return kipc_source_gather(source, payload, max);
	if (payload->len > max)
		return -EMSGSIZE;
	iov_iter_ubuf(&source->iter, ITER_SOURCE, data, payload->len);
	if (payload->len > sizeof(source->line))
		return 0;
	source->small = true;
	return kipc_source_read_line(source, data, payload->len);
}

/**
 * kipc_source_open() - check a payload and make it ready to be copied from
 * @source:	made ready: kipc_source_close() when done
 * @payload:	as the user gave it; already in kernel memory
 * @max:	bytes that it may have
 * @user:	who pays for descriptors
 *
 * Return: 0, -EINVAL, -EMSGSIZE, -EFAULT, -ENOMEM, or as kipc_fds_create().
 */
int kipc_source_open(struct kipc_source *source, const struct kipc_payload *payload, u64 max,
		     struct kipc_user *user)
{
	int err = kipc_payload_check(payload);

	if (err)
		return err;
	source->iov = NULL;
	source->fds = NULL;
	source->tag = payload->tag;
	source->prio = payload->prio;
	source->small = false;
	err = kipc_source_take_data(source, payload, max);
	if (err || likely(!payload->fd_count))
		return err;
	return kipc_source_take_fds(source, payload, user);
}

/* What a source has and no message has taken: kipc_source_close(). */
void kipc_source_free(struct kipc_source *source)
{
	kvfree(source->iov);
	if (source->fds)
		kipc_fds_forget(source->fds);
}

static void kipc_copy_words(u64 *to, const struct kipc_source *source, u32 len)
{
	const u64 *word = source->line;
	u32 left = DIV_ROUND_UP(len, sizeof(*word));

	while (left--)
		*to++ = *word++;
}

/**
 * kipc_copy_small() - fill a piece of a pool with a small payload, without sleeping
 * @memory:	the receiver's memory
 * @offset:	of the piece, which the caller has reserved
 * @len:	its bytes
 * @source:	the payload, small
 *
 * Slices start on a line, so the payload lies in one chunk.
 *
 * Return: whether there was memory for it: kipc_copy_to_memory() can get some.
 */
bool kipc_copy_small(struct kipc_memory *memory, u32 offset, u32 len,
		     const struct kipc_source *source)
{
	void *chunk = kipc_memory_peek(memory, offset / KIPC_CHUNK_SIZE);

	if (unlikely(!chunk))
		return false;
	kipc_copy_words(chunk + offset % KIPC_CHUNK_SIZE, source, len);
	return true;
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
	while (len) {
		u32 at = offset % KIPC_CHUNK_SIZE;
		u32 run = min_t(u32, len, KIPC_CHUNK_SIZE - at);
		void *chunk = kipc_memory_chunk(memory, offset / KIPC_CHUNK_SIZE);

		if (IS_ERR(chunk))
			return PTR_ERR(chunk);
		if (source->small) {
			kipc_copy_words(chunk + at, source, len);
			return 0;
		}
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
	size_t i;

	might_fault();
	if (should_fail_usercopy() || !user_read_access_begin(from, bytes))
		return -EFAULT;
	for (i = 0; i < bytes / sizeof(*word); i++)
		unsafe_get_user(word[i], uword + i, err_fault);
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
	size_t i;

	might_fault();
	if (should_fail_usercopy() || !user_write_access_begin(to, bytes))
		return -EFAULT;
	for (i = 0; i < bytes / sizeof(*word); i++)
		unsafe_put_user(word[i], uword + i, err_fault);
	user_write_access_end();
	return 0;

err_fault:
	user_write_access_end();
	return -EFAULT;
}

static int kipc_write_line(void __user *to, const void *from, size_t len)
{
	const u64 *word = from;
	const u8 *byte;

	if (!len)
		return 0;
	might_fault();
	if (should_fail_usercopy() || !user_write_access_begin(to, len))
		return -EFAULT;
	for (; len >= sizeof(*word); len -= sizeof(*word)) {
		unsafe_put_user(*word++, (u64 __user *)to, err_fault);
		to += sizeof(*word);
	}
	for (byte = (const u8 *)word; len; len--)
		unsafe_put_user(*byte++, (u8 __user *)to++, err_fault);
	user_write_access_end();
	return 0;

err_fault:
	user_write_access_end();
	return -EFAULT;
}

/**
 * kipc_write_bytes() - write a payload out
 * @to:		in user memory
 * @from:	in an object that is known to have as many bytes, aligned to a word
 * @len:	how many
 *
 * A payload of a line goes word by word, right here: see kipc_source_read_line().
 *
 * Return: 0 or -EFAULT.
 */
int kipc_write_bytes(void __user *to, const void *from, size_t len)
{
	if (len <= KIPC_POOL_ALIGN)
		return kipc_write_line(to, from, len);
	return _copy_to_user(to, from, len) ? -EFAULT : 0;
}
