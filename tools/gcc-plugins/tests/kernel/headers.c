// SPDX-License-Identifier: GPL-2.0
/* What the kernel's own headers make of their functions: each is seen, and seen right. */
#include <linux/compat.h>
#include <linux/module.h>
#include <linux/string.h>
#include <linux/sockptr.h>
#include <linux/uaccess.h>
#include <linux/uio.h>

MODULE_DESCRIPTION("what the plugin must see of the kernel's headers");
MODULE_LICENSE("GPL");

struct request {
	u32	size;
	u16	flags;
	u8	bytes[2];
	u64	data;
};

long twice_get_user(u8 __user *bytes, u16 __user *halves, u32 __user *words, u64 __user *longs);
long twice_unsafe(struct request __user *ureq, struct request *req);
long twice_copy(const struct request __user *ureq, struct request *req);
long twice_dup(const void __user *ubuf, size_t bytes);
long twice_compat(compat_uptr_t at, u64 *to);
long twice_sockptr(sockptr_t opt, unsigned int len, u64 *to);
long twice_iter(struct iov_iter *iter, u64 *to);
long twice_ubuf(void __user *ubuf, u64 *to);
long twice_vector(const struct iovec __user *uvec, unsigned int nr, struct iov_iter *iter);
long once_members(struct request __user *ureq, struct request *req);
long once_words(const u64 __user *uwords, u64 *to, size_t count);
long once_struct(struct request __user *ureq, struct request *req, size_t usize);
long once_iter(struct iov_iter *iter, void *to, size_t bytes);

long twice_get_user(u8 __user *bytes, u16 __user *halves, u32 __user *words, u64 __user *longs)
{
	u8 byte;
	u16 half;
	u32 word;
	u64 all;

	if (get_user(byte, bytes) || get_user(half, halves) || get_user(word, words) ||
	    get_user(all, longs))
		return -EFAULT;
	if (__get_user(byte, bytes)) /* twice: bytes */
		return -EFAULT;
	if (__get_user(half, halves)) /* twice: halves */
		return -EFAULT;
	if (__get_user(word, words)) /* twice: words */
		return -EFAULT;
	if (__get_user(all, longs)) /* twice: longs */
		return -EFAULT;
	return byte + half + word + all;
}

long twice_unsafe(struct request __user *ureq, struct request *req)
{
	if (!user_read_access_begin(ureq, sizeof(*ureq)))
		return -EFAULT;
	unsafe_get_user(req->size, &ureq->size, err_fault);
	unsafe_get_user(req->flags, &ureq->flags, err_fault);
	unsafe_get_user(req->bytes[0], &ureq->bytes[0], err_fault);
	unsafe_get_user(req->data, &ureq->data, err_fault);
	unsafe_get_user(req->bytes[1], &ureq->bytes[1], err_fault);
	unsafe_get_user(req->bytes[1], &ureq->bytes[0], err_fault); /* twice: ureq->bytes[] */
	unsafe_get_user(req->data, (u64 __user *)ureq, err_fault); /* twice: ureq */
	user_read_access_end();
	return 0;

err_fault:
	user_read_access_end();
	return -EFAULT;
}

long twice_copy(const struct request __user *ureq, struct request *req)
{
	u32 size;

	if (get_user(size, &ureq->size))
		return -EFAULT;
	return copy_struct_from_user(req, sizeof(*req), ureq, size); /* twice: ureq */
}

long twice_dup(const void __user *ubuf, size_t bytes)
{
	void *copy = memdup_user(ubuf, bytes);

	if (IS_ERR(copy))
		return PTR_ERR(copy);
	kfree(copy);
	copy = strndup_user(ubuf, bytes); /* twice: ubuf */
	return PTR_ERR_OR_ZERO(copy);
}

long twice_compat(compat_uptr_t at, u64 *to)
{
	if (copy_from_user(to, compat_ptr(at), 8))
		return -EFAULT;
	return copy_from_user(to, compat_ptr(at) + 4, 8); /* twice: at */
}

long twice_sockptr(sockptr_t opt, unsigned int len, u64 *to)
{
	if (copy_from_sockptr(to, opt, 8) || copy_from_sockptr_offset(to, opt, 8, 8))
		return -EFAULT;
	return copy_from_sockptr(to, opt, len); /* twice: opt */
}

long twice_iter(struct iov_iter *iter, u64 *to)
{
	if (!copy_from_iter_full(to, 8, iter))
		return -EFAULT;
	iov_iter_revert(iter, 8);
	return copy_from_iter(to, 8, iter); /* twice: iter */
}

long twice_ubuf(void __user *ubuf, u64 *to)
{
	struct iov_iter iter;

	if (copy_from_user(to, ubuf, 8))
		return -EFAULT;
	iov_iter_ubuf(&iter, ITER_SOURCE, ubuf, 64);
	return copy_from_iter(to, 64, &iter); /* twice: iter */
}

long twice_vector(const struct iovec __user *uvec, unsigned int nr, struct iov_iter *iter)
{
	struct iovec one, *iov = &one;

	if (copy_from_user(&one, uvec, sizeof(one)))
		return -EFAULT;
	return import_iovec(ITER_SOURCE, uvec, nr, 1, &iov, iter); /* twice: uvec */
}

long once_members(struct request __user *ureq, struct request *req)
{
	if (get_user(req->size, &ureq->size) || get_user(req->flags, &ureq->flags) ||
	    copy_from_user(req->bytes, ureq->bytes, sizeof(req->bytes)) ||
	    __get_user(req->data, &ureq->data))
		return -EFAULT;
	return put_user(req->size, &ureq->size);
}

long once_words(const u64 __user *uwords, u64 *to, size_t count)
{
	const u8 __user *rest;
	size_t i;

	if (!user_read_access_begin(uwords, count))
		return -EFAULT;
	for (i = 0; i < count / 8; i++)
		unsafe_get_user(to[i], uwords + i, err_fault);
	for (rest = (const u8 __user *)(uwords + i); count % 8; count--)
		unsafe_get_user(*(u8 *)to, rest++, err_fault);
	user_read_access_end();
	return 0;

err_fault:
	user_read_access_end();
	return -EFAULT;
}

long once_struct(struct request __user *ureq, struct request *req, size_t usize)
{
	int err = copy_struct_from_user(req, sizeof(*req), ureq, usize);

	return err ?: copy_to_user(ureq, req, sizeof(*req));
}

long once_iter(struct iov_iter *iter, void *to, size_t bytes)
{
	size_t got = copy_from_iter(to, bytes, iter);

	if (got == bytes)
		return 0;
	iov_iter_revert(iter, got);
	return -EFAULT;
}
