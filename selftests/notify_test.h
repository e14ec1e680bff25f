/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the tests of notification share: a queue with two endpoints, an eventfd and blocked
 * signals, and the ways to ask and to be told.
 */
#ifndef NOTIFY_TEST_H
#define NOTIFY_TEST_H

#include <sys/eventfd.h>

#include "queue_test.h"

#ifndef SI_MESGQ
#define SI_MESGQ	(-3)
#endif

#define VALUE		0x12345678	/* fits a pointer of 32 bits as well */

FIXTURE(notify)
{
	char name[KIPC_NAME_SIZE];
	int fd;
	int other;	/* a second endpoint of the same queue */
	int event;
	struct kipc_queue_notify arg;
	siginfo_t info;
	sigset_t signals;
};

FIXTURE_SETUP(notify)
{
	umask(0);
	self->fd = queue_make(self->name, 0, 0, 0);
	ASSERT_LE(0, self->fd);
	self->other = queue_open(self->name, QUEUE_BOTH);
	ASSERT_LE(0, self->other);
	self->event = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	ASSERT_LE(0, self->event);
	sigemptyset(&self->signals);
	sigaddset(&self->signals, SIGUSR1);
	sigaddset(&self->signals, SIGRTMIN);
	ASSERT_EQ(0, pthread_sigmask(SIG_BLOCK, &self->signals, NULL));
	self->arg = (struct kipc_queue_notify){ .size = sizeof(self->arg) };
}

FIXTURE_TEARDOWN(notify)
{
	close(self->fd);
	close(self->other);
	close(self->event);
	queue_unlink(self->name);
}

#define PUT(number)	ASSERT_EQ(0, put(self->fd, number, 0, 0))

static inline int by_signal(int fd, int number, unsigned int flags)
{
	struct kipc_queue_notify arg = {
		.size = sizeof(arg),
		.flags = flags,
		.how = KIPC_NOTIFY_SIGNAL,
		.signo = number,
		.value = VALUE,
	};

	return request(fd, KIPC_IOC_QUEUE_NOTIFY, &arg);
}

static inline int by_eventfd(int fd, int event, unsigned int flags)
{
	struct kipc_queue_notify arg = {
		.size = sizeof(arg),
		.flags = flags,
		.how = KIPC_NOTIFY_EVENTFD,
		.fd = event,
	};

	return request(fd, KIPC_IOC_QUEUE_NOTIFY, &arg);
}

static inline int by_nothing(int fd, unsigned int flags)
{
	struct kipc_queue_notify arg = {
		.size = sizeof(arg),
		.flags = flags,
		.how = KIPC_NOTIFY_NOTHING,
	};

	return request(fd, KIPC_IOC_QUEUE_NOTIFY, &arg);
}

static inline int off(int fd, unsigned int flags)
{
	struct kipc_queue_notify arg = { .size = sizeof(arg), .flags = flags };

	return request(fd, KIPC_IOC_QUEUE_NOTIFY, &arg);
}

/* What an eventfd has counted since it was last asked */
static inline int events(int fd)
{
	uint64_t count;

	return read(fd, &count, sizeof(count)) == sizeof(count) ? count : 0;
}

/* Has a signal come?  It was sent before the request that caused it returned. */
static inline int pending(const sigset_t *signals, siginfo_t *info)
{
	struct timespec now = { };
	int number = sigtimedwait(signals, info, &now);

	return number < 0 ? 0 : number;
}

#define PENDING()	pending(&self->signals, &self->info)

/* What another process is told that wants the place through an endpoint of its own. */
static inline int other_wants_it(const char *name)
{
	pid_t child = spawn();
	int fd;

	if (!child) {
		fd = queue_open(name, QUEUE_BOTH);
		_exit(fd < 0 ? 255 : -by_nothing(fd, KIPC_NOTIFY_SOLE));
	}
	return reap(child);
}

#endif /* NOTIFY_TEST_H */
