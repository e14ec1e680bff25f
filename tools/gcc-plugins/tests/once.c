// SPDX-License-Identifier: GPL-2.0
/* The plain cases in which nothing may be reported. */
#include "stand_in.h"

int members(struct request __user *ureq)
{
	u32 size, flags;
	u64 data, len;

	return get_user(size, &ureq->size) ?: get_user(flags, &ureq->flags) ?:
	       get_user(data, &ureq->data) ?: get_user(len, &ureq->len) ?:
	       (int)(size + flags + data + len);
}

int head_then_body(struct request __user *ureq, struct request *req, void *body)
{
	if (copy_from_user(req, ureq, sizeof(*req)))
		return -EFAULT;
	return copy_from_user(body, ureq + 1, req->len);
}

/* The offset of the user's is from behind the head, and not negative */
int behind_the_head(u8 __user *ubuf, void *to)
{
	u32 offset;

	if (get_user(offset, (u32 __user *)ubuf))
		return -EFAULT;
	return copy_from_user(to, ubuf + 4 + offset, 8);
}

int piece_by_piece(u8 __user *ubuf, u8 *to, size_t first, size_t second)
{
	if (copy_from_user(to, ubuf, first))
		return -EFAULT;
	return copy_from_user(to + first, ubuf + first, second);
}

int either(u32 __user *uword, bool wide)
{
	u64 all;
	u32 word;

	if (wide)
		return get_user(all, (u64 __user *)uword) ?: (int)all;
	else
		return get_user(word, uword) ?: (int)word;
}

int one_of_three(u32 __user *uword, int how, void *to)
{
	u32 word = 0;
	int err;

	switch (how) {
	case 1:
		err = get_user(word, uword);
		break;
	case 2:
		err = copy_from_user(to, uword, 64);
		break;
	default:
		err = copy_struct_from_user(to, 8, uword, how);
		break;
	}
	return err ?: (int)word;
}

int another_pointer(u32 __user *a, u32 __user *b)
{
	u32 x, y;

	return get_user(x, a) ?: get_user(y, b) ?: (int)(x + y);
}

int new_pointer(u32 __user *uword, u32 *to)
{
	if (copy_from_user(to, uword, 4))
		return -EFAULT;
	uword = next_pointer();
	return copy_from_user(to, uword, 4);
}

int read_and_written(struct request __user *ureq, struct request *req)
{
	if (copy_from_user(req, ureq, sizeof(*req)))
		return -EFAULT;
	return copy_to_user(ureq, req, sizeof(*req));
}

/* What has been read is a pointer to something else */
int through_what_was_read(struct request __user *ureq, void *to)
{
	struct request req;

	if (copy_from_user(&req, ureq, sizeof(req)))
		return -EFAULT;
	if (copy_from_user(to, (void __user *)(uintptr_t)req.data, req.len))
		return -EFAULT;
	if (copy_from_user(&req, ureq + 1, sizeof(req)))
		return -EFAULT;
	return copy_from_user(to, (void __user *)(uintptr_t)req.data, req.len);
}

struct kept {
	u32		other;
	u32 __user	*uword;
};

void renew(struct kept *kept);

int kept_and_changed(struct kept *kept, u32 *to)
{
	if (copy_from_user(to, kept->uword, 4))
		return -EFAULT;
	kept->uword++;
	if (copy_from_user(to, kept->uword, 4))
		return -EFAULT;
	renew(kept);
	return copy_from_user(to, kept->uword, 4);
}

/* The same condition twice is one */
int one_or_the_other(u32 __user *uword, bool small, u32 *to)
{
	int err = 0;

	if (small)
		err = get_user(*to, uword);
	use(to);
	if (!small)
		err = copy_from_user(to, uword, 64);
	return err;
}
