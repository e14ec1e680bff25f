// SPDX-License-Identifier: GPL-2.0
/* A second read of which it is said that it is safe. */
#include "stand_in.h"

static inline __attribute__((user_reread)) void __user *again(const void __user *from)
{
	return (void __user *)from;
}

/* Only the size is used of what came first, and it is put over what came second. */
int meant(struct request __user *ureq, struct request *req)
{
	u32 size;

	if (get_user(size, &ureq->size))
		return -EFAULT;
	if (copy_struct_from_user(req, sizeof(*req), again(ureq), size))
		return -EFAULT;
	req->size = size;
	return 0;
}

static int fetch(void *to, const void __user *from)
{
	return copy_from_user(to, from, 8);
}

int meant_in_helper(u32 __user *uword, u64 *to)
{
	return fetch(to, uword) ?: fetch(to + 1, again(uword));
}

/* It is said of that one only */
int a_third(u32 __user *uword, u32 *to)
{
	return get_user(to[0], uword) ?: get_user(to[1], (u32 __user *)again(uword)) ?:
	       get_user(to[2], uword); /* twice: uword */
}
