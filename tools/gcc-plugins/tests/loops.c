// SPDX-License-Identifier: GPL-2.0
/* Loops: what stands still is read twice, what moves on is not. */
#include "stand_in.h"

int same_each_turn(u32 __user *uword)
{
	u32 word;

	do {
		if (get_user(word, uword)) /* twice: uword */
			return -EFAULT;
	} while (word != number());
	return 0;
}

int element_by_element(const u32 __user *uwords, u32 *to, unsigned int count)
{
	unsigned int i;

	for (i = 0; i < count; i++)
		if (get_user(to[i], uwords + i))
			return -EFAULT;
	return 0;
}

int down(const u32 __user *uwords, u32 *to, int count)
{
	while (count--)
		if (get_user(to[count], uwords + count))
			return -EFAULT;
	return 0;
}

int by_pointer(const u8 __user *ubuf, u8 *to, size_t left)
{
	for (; left >= 8; left -= 8) {
		unsafe_get_user(*(u64 *)to, (const u64 __user *)ubuf);
		ubuf += 8;
		to += 8;
	}
	for (; left; left--)
		unsafe_get_user(*to++, ubuf++);
	return 0;
}

int in_runs(const u8 __user *ubuf, u8 *to, size_t left)
{
	while (left) {
		size_t run = number();

		if (copy_from_user(to, ubuf, run))
			return -EFAULT;
		ubuf += run;
		left -= run;
	}
	return 0;
}

/* Four bytes on, and eight are read */
int steps_too_short(const u8 __user *ubuf, u64 *to, unsigned int count)
{
	unsigned int i;

	for (i = 0; i < count; i++)
		if (copy_from_user(to + i, ubuf + 4 * i, 8)) /* twice: ubuf */
			return -EFAULT;
	return 0;
}

/* All is checked, and then all is read */
int two_loops(const u32 __user *uwords, u32 *to, unsigned int count)
{
	unsigned int i;
	u32 word;

	for (i = 0; i < count; i++)
		if (get_user(word, uwords + i) || !word)
			return -EFAULT;
	for (i = 0; i < count; i++)
		if (get_user(to[i], uwords + i)) /* twice: uwords */
			return -EFAULT;
	return 0;
}

int head_then_loop(const struct request __user *ureq, struct request *to)
{
	u64 i, count;

	if (get_user(count, (const u64 __user *)ureq))
		return -EFAULT;
	for (i = 0; i < count; i++)
		if (copy_from_user(to + i, (const u8 __user *)ureq + 8 + i * sizeof(*ureq),
				   sizeof(*ureq)))
			return -EFAULT;
	return 0;
}

int loop_over_head(const u64 __user *uwords, u64 *to)
{
	u64 i, count;

	if (get_user(count, uwords))
		return -EFAULT;
	for (i = 0; i < count; i++)
		if (get_user(to[i], uwords + i)) /* twice: uwords */
			return -EFAULT;
	return 0;
}

int nested(const u32 __user *uwords, u32 *to, unsigned int rows)
{
	unsigned int row, column;

	for (row = 0; row < rows; row++)
		for (column = 0; column < 16; column++)
			if (get_user(to[column], uwords + row * 16 + column))
				return -EFAULT;
	return 0;
}

/* The inner loop begins anew with each turn of the outer one */
int nested_and_same(const u32 __user *uwords, u32 *to, unsigned int rows)
{
	unsigned int row, column;

	for (row = 0; row < rows; row++)
		for (column = 0; column < 16; column++)
			if (get_user(to[column], uwords + column)) /* twice: uwords */
				return -EFAULT;
	return 0;
}

/* Tried again without having moved on */
int retry(const u32 __user *uwords, u32 *to, unsigned int count)
{
	unsigned int i = 0;

	while (i < count) {
		if (get_user(to[i], uwords + i)) { /* twice: uwords */
			use(to);
			continue;
		}
		i++;
	}
	return 0;
}

int pointers_of_an_array(const struct request *reqs, void *to, unsigned int count)
{
	unsigned int i;

	for (i = 0; i < count; i++)
		if (copy_from_user(to, (void __user *)(uintptr_t)reqs[i].data, reqs[i].len))
			return -EFAULT;
	return 0;
}

int requests(const struct request __user *ureqs, void *to, unsigned int count)
{
	struct request req;
	unsigned int i;

	for (i = 0; i < count; i++) {
		if (copy_from_user(&req, ureqs + i, sizeof(req)))
			return -EFAULT;
		if (copy_from_user(to, (void __user *)(uintptr_t)req.data, req.len))
			return -EFAULT;
	}
	return 0;
}

int once_found(u32 __user *uword, u32 __user **others, unsigned int count)
{
	unsigned int i;
	u32 word;

	for (i = 0; i < count; i++)
		if (others[i] == uword)
			return get_user(word, uword) ?: (int)word;
	return -EINVAL;
}

/* How far it is, is kept in memory, and each turn stores it */
struct list {
	u32	count;
	u32	words[16];
};

int counted_in_memory(struct list *list, const u32 __user *uwords, u32 count)
{
	while (list->count < count) {
		if (copy_from_user(&list->words[list->count], uwords + list->count, 4))
			return -EFAULT;
		list->count++;
	}
	return 0;
}

/* After an error there is no next turn */
int until_error(struct list *list, const u32 __user *uwords, u32 count)
{
	int err = 0;

	while (!err && list->count < count) {
		if (copy_from_user(&list->words[0], uwords + list->count, 4))
			err = -EFAULT;
		else
			err = number();
		if (!err)
			list->count++;
	}
	return err;
}

int despite_error(struct list *list, const u32 __user *uwords, u32 count)
{
	int err = 0;

	while (list->count < count) {
		err = copy_from_user(&list->words[0], uwords + list->count, 4); /* twice: uwords */
		if (!err)
			list->count++;
	}
	return err;
}
