// SPDX-License-Identifier: GPL-2.0
/* Reads through functions of the same file, and through those of others that declare them. */
#include "stand_in.h"

static int fetch(u32 *to, const u32 __user *from)
{
	return copy_from_user(to, from, sizeof(*to)) ? -EFAULT : 0;
}

static int fetch_request(struct request *req, struct request __user *ureq)
{
	return fetch(&req->size, &ureq->size) ?: fetch(&req->flags, &ureq->flags);
}

static void __user *behind(void __user *at, size_t bytes)
{
	return (u8 __user *)at + bytes;
}

/* Never defined here */
int fetch_bytes(void *to, const void __user *from, size_t bytes)
	__attribute__((reads_user(2, 3)));
int fetch_both(const void __user *a, const void __user *b)
	__attribute__((reads_user(1), reads_user(2)));

int helper_twice(u32 __user *uword)
{
	u32 a, b;

	return fetch(&a, uword) ?: fetch(&b, uword) ?: (int)(a + b); /* twice: uword */
}

int helper_and_here(u32 __user *uword)
{
	u32 a, b;

	if (get_user(a, uword))
		return -EFAULT;
	return fetch(&b, uword) ?: (int)(a + b); /* twice: uword */
}

int helper_of_helpers(struct request __user *ureq, struct request *req)
{
	if (fetch_request(req, ureq))
		return -EFAULT;
	return copy_from_user(req, ureq, sizeof(*req)); /* twice: ureq */
}

int other_members(struct request __user *ureq, struct request *req)
{
	if (fetch_request(req, ureq))
		return -EFAULT;
	return get_user(req->data, &ureq->data) ?: get_user(req->len, &ureq->len);
}

int helper_in_loop(u32 __user *uword, u32 *to, int count)
{
	while (count--)
		if (fetch(to++, uword)) /* twice: uword */
			return -EFAULT;
	return 0;
}

int helper_advances(u32 __user *uwords, u32 *to, int count)
{
	while (count--)
		if (fetch(to++, uwords++))
			return -EFAULT;
	return 0;
}

int pointer_from_helper(struct request __user *ureq, struct request *req)
{
	if (fetch_bytes(req, ureq, sizeof(*req)))
		return -EFAULT;
	if (fetch_bytes(req, behind(ureq, sizeof(*req)), 64))
		return -EFAULT;
	return fetch_bytes(req, behind(ureq, 16), 4); /* twice: ureq */
}

int declared(struct request __user *ureq, struct request *req)
{
	if (fetch_bytes(req, ureq, 8))
		return -EFAULT;
	if (fetch_bytes(&req->data, &ureq->data, 16))
		return -EFAULT;
	return fetch_bytes(req, ureq, 4); /* twice: ureq */
}

int declared_both(u32 __user *a, u32 __user *b)
{
	u32 word;

	if (fetch_both(a, b))
		return -EFAULT;
	return get_user(word, b) ?: (int)word; /* twice: b */
}

/* A helper that moves the pointer on */
struct cursor {
	const u8 __user	*at;
};

static int take(struct cursor *cursor, void *to, size_t bytes)
{
	if (copy_from_user(to, cursor->at, bytes))
		return -EFAULT;
	cursor->at += bytes;
	return 0;
}

static int peek(struct cursor *cursor, void *to, size_t bytes)
{
	return copy_from_user(to, cursor->at, bytes) ? -EFAULT : 0;
}

int take_twice(struct cursor *cursor, u64 *to)
{
	return take(cursor, to, 8) ?: take(cursor, to + 1, 8);
}

int peek_and_take(struct cursor *cursor, u64 *to)
{
	return peek(cursor, to, 8) ?: take(cursor, to + 1, 8); /* twice: cursor->at */
}

/* What a helper reads through is in what another one has filled */
static int fill(struct request *req, const struct request __user *ureq)
{
	return copy_from_user(req, ureq, sizeof(*req)) ? -EFAULT : 0;
}

static int payload(const struct request *req, void *to)
{
	return copy_from_user(to, (void __user *)(uintptr_t)req->data, req->len) ? -EFAULT : 0;
}

int payloads(const struct request __user *ureqs, void *to)
{
	struct request req;

	return fill(&req, ureqs) ?: payload(&req, to) ?:
	       fill(&req, ureqs + 1) ?: payload(&req, to);
}

int payload_twice(const struct request __user *ureqs, void *to)
{
	struct request req;

	return fill(&req, ureqs) ?: payload(&req, to) ?:
	       payload(&req, to); /* twice: req->data */
}
