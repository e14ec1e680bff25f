// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Memory of the program that may not be there.
 *
 * dropin.h has the call by which the kernel looks.  It takes a quarter of the time of a
 * message, and msgsnd() would need it each time.  Most programs keep the message on the
 * stack, and memory above our own frame and below the top of the same stack is there
 * without looking.  How to know the top:
 *
 *  - The C library puts the thread's descriptor, which is what pthread_self() says, at
 *    the top of the stack of each thread but the first.
 *  - The kernel puts the bytes of AT_RANDOM above the frames of the first.
 *
 * And how to know that we are on that stack at all, and not on a coroutine's or a signal
 * handler's: the top is less than 64 KiB away, which with anything else in between is
 * no stack's size.  In all other cases the kernel is asked.
 */
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/auxv.h>

#include "dropin.h"
#include "sysvmsg.h"

#define USER_STACK	65536UL

static atomic_uintptr_t first_top;

/* Before the first message; several threads at once store the same. */
void sysvmsg_user_init(void)
{
	atomic_store_explicit(&first_top, getauxval(AT_RANDOM), memory_order_relaxed);
}

/* From the program; @len is 8 bytes at least and less than a page.  0 or -EFAULT. */
int sysvmsg_read(void *to, const void *from, size_t len)
{
	if (!kipc_dropin_readable(from, len))
		return -EFAULT;
	memcpy(to, from, len);
	return 0;
}

/* To the program, likewise. */
int sysvmsg_write(void *to, const void *from, size_t len)
{
	if (!kipc_dropin_writable(to, len))
		return -EFAULT;
	memcpy(to, from, len);
	return 0;
}

/* Are these bytes certainly there? */
bool sysvmsg_on_stack(const void *at, size_t len)
{
	uintptr_t frame = (uintptr_t)__builtin_frame_address(0);
	uintptr_t top = (uintptr_t)pthread_self();

	if (top < frame)
		top = atomic_load_explicit(&first_top, memory_order_relaxed);
	return (uintptr_t)at - frame < USER_STACK && top - frame < USER_STACK &&
	       (uintptr_t)at + len <= top;
}
