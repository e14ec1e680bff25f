// SPDX-License-Identifier: GPL-2.0
/* The plain cases that must be reported. */
#include "stand_in.h"

/* The classic: a length is read, then again with what it is the length of */
int length_then_all(struct request __user *ureq, struct request *req)
{
	u32 size;

	if (copy_from_user(&size, &ureq->size, sizeof(size)))
		return -EFAULT;
	if (size != sizeof(*req))
		return -EINVAL;
	return copy_from_user(req, ureq, size); /* twice: ureq */
}

int get_user_twice(u32 __user *uword)
{
	u32 a, b;

	return get_user(a, uword) ?: get_user(b, uword) ?: /* twice: uword */
	       a == b;
}

int get_then_struct(struct request __user *ureq, struct request *req)
{
	u32 size;

	if (get_user(size, &ureq->size))
		return -EFAULT;
	return copy_struct_from_user(req, sizeof(*req), ureq, size); /* twice: ureq */
}

void unsafe_twice(u64 __user *uword, u64 *a, u64 *b)
{
	unsafe_get_user(*a, uword);
	unsafe_get_user(*b, uword); /* twice: uword */
}

/* Casts and copies do not make it another pointer */
int through_casts(unsigned long arg, u64 *to)
{
	void __user *here = (void __user *)arg;
	const u8 __user *there = (const u8 __user *)(uintptr_t)(u64)arg;

	if (copy_from_user(to, here, 8))
		return -EFAULT;
	return copy_from_user(to + 1, there + 4, 8); /* twice: there */
}

int of_a_u64(const struct request *req, u64 *a, u64 *b)
{
	if (copy_from_user(a, (void __user *)(uintptr_t)req->data, 8))
		return -EFAULT;
	return copy_from_user(b, (void __user *)(uintptr_t)req->data, 8); /* twice: req->data */
}

int string_len_then_copy(const char __user *ustr, char *to)
{
	long len = strnlen_user(ustr, 64);

	if (len <= 0 || len > 64)
		return -EINVAL;
	return copy_from_user(to, ustr, len); /* twice: ustr */
}

long string_twice(const char __user *ustr, char *to)
{
	use(strndup_user(ustr, 16));
	return strncpy_from_user(to, ustr, 16); /* twice: ustr */
}

int checked_then_read(void __user *ubuf, void *to, size_t bytes)
{
	if (check_zeroed_user(ubuf, bytes) <= 0)
		return -EINVAL;
	use(memdup_user(ubuf, bytes)); /* twice: ubuf */
	return 0;
}

int overlap_by_one(u8 __user *ubuf, u8 *to)
{
	if (copy_from_user(to, ubuf, 8))
		return -EFAULT;
	return copy_from_user(to, ubuf + 7, 8); /* twice: ubuf */
}

/* A length that nobody knows may reach any member behind */
int unknown_length(struct request __user *ureq, void *to, size_t bytes)
{
	u64 len;

	if (copy_from_user(to, ureq, bytes))
		return -EFAULT;
	return get_user(len, &ureq->len) ?: (int)len; /* twice: ureq->len */
}

int unknown_offset(u8 __user *ubuf, void *to)
{
	u32 offset;

	if (get_user(offset, (u32 __user *)ubuf))
		return -EFAULT;
	return copy_from_user(to, ubuf + offset, 8); /* twice: ubuf */
}

/* One branch of a former one comes here as well */
int after_a_branch(u32 __user *uword, bool both)
{
	u32 a = 0, b;

	if (both && get_user(a, uword))
		return -EFAULT;
	return get_user(b, uword) ?: (int)(a + b); /* twice: uword */
}

int sockptr_twice(sockptr_t opt, u32 *to)
{
	if (copy_from_sockptr(to, opt, 4))
		return -EFAULT;
	return copy_from_sockptr(to, opt, 8); /* twice: opt */
}

long vector_twice(void __user *uvec, unsigned int nr, void **iov, struct iov_iter *iter, void *to)
{
	if (copy_from_user(to, uvec, 16))
		return -EFAULT;
	return import_iovec(1, uvec, nr, 8, iov, iter); /* twice: uvec */
}

/* A pointer kept in memory is the same while nothing is stored there */
struct kept {
	u32		other;
	u32 __user	*uword;
};

int kept_in_memory(struct kept *kept, u32 *to)
{
	if (copy_from_user(to, kept->uword, 4))
		return -EFAULT;
	kept->other = 1;
	return copy_from_user(to, kept->uword, 4); /* twice: kept->uword */
}

int stored_then_loaded(u32 __user *uword, u32 *to)
{
	struct kept kept = { .uword = uword };

	use(&kept);
	if (copy_from_user(to, uword, 4))
		return -EFAULT;
	return copy_from_user(to, kept.uword, 4); /* twice: kept.uword */
}
