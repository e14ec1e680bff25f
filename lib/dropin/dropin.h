/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What a library that takes the place of the C library's calls must do as that does:
 * answer a bad address with EFAULT, and be a cancellation point, or not be one.
 *
 * A library that touches a bad address crashes.  The kernel can look without a crash,
 * and rt_sigprocmask() is the cheapest call that lets it look at eight bytes and do
 * nothing else: with a @how that does not exist it reads a signal mask and refuses it
 * with EINVAL, and without a new mask it writes the present one, which what we have to
 * say then overwrites.  What is only there until between the look and the touch is
 * another thread's doing, and its own fault.
 */
#ifndef KIPC_DROPIN_H
#define KIPC_DROPIN_H

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/ioctl.h>
#include <sys/single_threaded.h>
#include <sys/syscall.h>
#include <unistd.h>

#define KIPC_DROPIN_PAGE	4096UL
#define KIPC_DROPIN_WORD	8UL	/* of a signal mask, which is what the kernel looks at */

/* The first page is nobody's, and the call takes NULL for "no mask". */
static inline bool kipc_dropin_word_readable(const char *at)
{
	return (uintptr_t)at >= KIPC_DROPIN_PAGE &&
	       (!syscall(SYS_rt_sigprocmask, ~0, at, NULL, KIPC_DROPIN_WORD) ||
		errno != EFAULT);
}

static inline bool kipc_dropin_word_writable(char *at)
{
	return (uintptr_t)at >= KIPC_DROPIN_PAGE &&
	       !syscall(SYS_rt_sigprocmask, SIG_BLOCK, NULL, at, KIPC_DROPIN_WORD);
}

/* Can @len bytes be read?  8 at least, and less than a page. */
static inline bool kipc_dropin_readable(const void *at, size_t len)
{
	const char *bytes = at;

	return kipc_dropin_word_readable(bytes) &&
	       (len == KIPC_DROPIN_WORD ||
		kipc_dropin_word_readable(bytes + len - KIPC_DROPIN_WORD));
}

/* Can they be written?  The first and the last eight are. */
static inline bool kipc_dropin_writable(void *at, size_t len)
{
	char *bytes = at;

	return kipc_dropin_word_writable(bytes) &&
	       (len == KIPC_DROPIN_WORD ||
		kipc_dropin_word_writable(bytes + len - KIPC_DROPIN_WORD));
}

/*
 * The thread is not canceled from here to there: opening and reading files would let it,
 * and leave them open.
 */
static inline int kipc_dropin_keep(void)
{
	int state;

	pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &state);
	return state;
}

static inline void kipc_dropin_unkeep(int state)
{
	pthread_setcancelstate(state, &state);
}

/*
 * A request that waits; 0 or -errno.  ioctl is no cancellation point, so the thread lets
 * itself be canceled at any point of it, as the C library does in its own calls.  With a
 * single thread there is nobody else to do it.
 */
static inline int kipc_dropin_wait(int fd, unsigned long request, void *arg)
{
	int type, err;

	if (__libc_single_threaded) {
		pthread_testcancel();
		return ioctl(fd, request, arg) < 0 ? -errno : 0;
	}
	pthread_setcanceltype(PTHREAD_CANCEL_ASYNCHRONOUS, &type);
	err = ioctl(fd, request, arg) < 0 ? -errno : 0;
	pthread_setcanceltype(type, &type);
	return err;
}

#endif /* KIPC_DROPIN_H */
