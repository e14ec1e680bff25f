// SPDX-License-Identifier: GPL-2.0
/* An iov_iter goes on by itself: read twice is what it is put back over. */
#include "stand_in.h"

int goes_on(struct iov_iter *iter, u64 *to)
{
	if (copy_from_iter(to, 8, iter) != 8 || copy_from_iter(to + 1, 8, iter) != 8)
		return -EFAULT;
	return 0;
}

int put_back(struct iov_iter *iter, u64 *to)
{
	if (copy_from_iter(to, 8, iter) != 8)
		return -EFAULT;
	iov_iter_revert(iter, 8);
	return copy_from_iter(to + 1, 8, iter); /* twice: iter */
}

int put_back_at_the_end(struct iov_iter *iter, u64 *to)
{
	size_t got = copy_from_iter(to, 8, iter);

	if (got == 8)
		return 0;
	iov_iter_revert(iter, got);
	return -EFAULT;
}

int restored(struct iov_iter *iter, u64 *to)
{
	struct iov_iter saved = *iter;

	if (copy_from_iter(to, 8, iter) != 8)
		return -EFAULT;
	*iter = saved;
	return copy_from_iter(to, 8, iter); /* twice: iter */
}

int bound_anew(struct iov_iter *iter, void __user *a, void __user *b, u64 *to)
{
	iov_iter_ubuf(iter, 1, a, 8);
	if (copy_from_iter(to, 8, iter) != 8)
		return -EFAULT;
	iov_iter_revert(iter, 8);
	iov_iter_ubuf(iter, 1, b, 8);
	return copy_from_iter(to, 8, iter);
}

int of_two(struct iov_iter *a, struct iov_iter *b, u64 *to)
{
	if (copy_from_iter(to, 8, a) != 8)
		return -EFAULT;
	iov_iter_revert(a, 8);
	return copy_from_iter(to, 8, b);
}

static int take(struct iov_iter *iter, void *to)
{
	return copy_from_iter(to, 8, iter) == 8 ? 0 : -EFAULT;
}

int put_back_over_helper(struct iov_iter *iter, u64 *to)
{
	if (take(iter, to))
		return -EFAULT;
	iov_iter_revert(iter, 8);
	return take(iter, to); /* twice: iter */
}

/* Read by its address, and then through what stands there */
int by_both_ways(struct iov_iter *iter, void __user *ubuf, u64 *to)
{
	iov_iter_ubuf(iter, 1, ubuf, 64);
	if (copy_from_user(to, ubuf, 8))
		return -EFAULT;
	return copy_from_iter(to, 64, iter); /* twice: iter */
}
