// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * mq_notify: being told of a message on an empty queue.
 *
 * The kernel keeps the registration: one for each queue, of one process, for one
 * message.  It sends the signal of SIGEV_SIGNAL itself.  For SIGEV_THREAD it adds 1 to
 * an eventfd, and here is who waits for that: the very thread that is to run the
 * program's function.  It is started by mq_notify(), with the program's attributes
 * while those are certainly there, and a thread that cannot be started is an error of
 * mq_notify() instead of a notification that is lost.  Until the notification comes it
 * sleeps with all signals blocked, so none of them is handled in a thread that the
 * program does not know of.  For the function it has the mask of the thread that called
 * mq_notify(), or of the attributes.
 *
 * A thread whose registration ends without a notification is told by a count in the
 * eventfd's upper half, written after the kernel has forgotten the registration.  So
 * what the kernel added before is in the lower half by then: a notification that was
 * made is delivered, and one that was not never is.
 *
 * The list has what waits.  Its lock is held while something is registered, ended or
 * closed, so that a descriptor's number does not come to mean another queue meanwhile;
 * sending and receiving know nothing of it.  Nor are signals handled while it is held:
 * programs ask for the next notification in the handler of the last one, and that may
 * have come while the thread was still in here.  Registrations that the kernel has ended
 * on its own, as by close(2) of the descriptor, are found when the number or the queue
 * is registered, or opened, again.
 *
 * A child of fork() has none of its parent's registrations, which are the parent's
 * process's, and none of its threads: it forgets the list.
 */
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "dropin.h"
#include "mq.h"

/* Added to an eventfd: the registration has ended.  The kernel adds 1. */
#define KIPC_MQ_ENDED	(1ULL << 32)

/**
 * struct kipc_mq_notice - a thread that waits to be the notification
 * @next:	in the list
 * @mqd:	which descriptor it was registered through
 * @number:	of which queue
 * @event:	the eventfd
 * @mask:	the function's signal mask
 * @function:	the program's
 * @value:	its argument
 */
struct kipc_mq_notice {
	struct kipc_mq_notice *next;
	mqd_t mqd;
	uint32_t number;
	int event;
	sigset_t mask;
	void (*function)(union sigval value);
	union sigval value;
};

static pthread_mutex_t kipc_mq_mutex = PTHREAD_MUTEX_INITIALIZER;
static struct kipc_mq_notice *kipc_mq_notices;	/* guarded by the mutex */

static void kipc_mq_lock(sigset_t *was)
{
	sigset_t all;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, was);
	pthread_mutex_lock(&kipc_mq_mutex);
}

static void kipc_mq_unlock(const sigset_t *was)
{
	pthread_mutex_unlock(&kipc_mq_mutex);
	pthread_sigmask(SIG_SETMASK, was, NULL);
}

/* ---- fork ---- */

static sigset_t kipc_mq_fork_mask;	/* guarded by the mutex */

static void kipc_mq_fork_prepare(void)
{
	sigset_t was;

	kipc_mq_lock(&was);
	kipc_mq_fork_mask = was;
}

static void kipc_mq_fork_parent(void)
{
	sigset_t was = kipc_mq_fork_mask;

	kipc_mq_unlock(&was);
}

/* The memory stays where it is: this may run where malloc() must not. */
static void kipc_mq_fork_child(void)
{
	sigset_t was = kipc_mq_fork_mask;
	struct kipc_mq_notice *notice;

	for (notice = kipc_mq_notices; notice; notice = notice->next)
		close(notice->event);
	kipc_mq_notices = NULL;
	pthread_mutex_init(&kipc_mq_mutex, NULL);
	pthread_sigmask(SIG_SETMASK, &was, NULL);
}

/* Not when it is first needed: that may be in a handler, where it could not be done. */
__attribute__((constructor))
static void kipc_mq_fork_watch(void)
{
	pthread_atfork(kipc_mq_fork_prepare, kipc_mq_fork_parent, kipc_mq_fork_child);
}

/* ---- the list ---- */

static void kipc_mq_notice_free(struct kipc_mq_notice *notice)
{
	if (notice->event >= 0)
		close(notice->event);
	free(notice);
}

/*
 * Tell those that wait through a descriptor, or for a queue, that it was for nothing.
 * One that has been notified meanwhile does not mind.
 */
static void kipc_mq_notice_end(mqd_t mqd, uint32_t number)
{
	struct kipc_mq_notice **link = &kipc_mq_notices, *notice;
	uint64_t ended = KIPC_MQ_ENDED;

	while ((notice = *link)) {
		if (notice->mqd != mqd && (!number || notice->number != number)) {
			link = &notice->next;
			continue;
		}
		/* It frees itself, but not before it has had the lock. */
		*link = notice->next;
		while (write(notice->event, &ended, sizeof(ended)) < 0 && errno == EINTR)
			continue;
	}
}

static bool kipc_mq_notice_any(void)
{
	return __atomic_load_n(&kipc_mq_notices, __ATOMIC_RELAXED);
}

/* A descriptor has been opened: what waits through its number waits in vain. */
void kipc_mq_notice_forget(mqd_t mqd)
{
	sigset_t was;

	if (!kipc_mq_notice_any())
		return;
	kipc_mq_lock(&was);
	kipc_mq_notice_end(mqd, 0);
	kipc_mq_unlock(&was);
}

/* Close a descriptor, with which the kernel forgets what was registered through it. */
void kipc_mq_notice_close(mqd_t mqd)
{
	sigset_t was;

	if (!kipc_mq_notice_any()) {
		close(mqd);
		return;
	}
	kipc_mq_lock(&was);
	close(mqd);
	kipc_mq_notice_end(mqd, 0);
	kipc_mq_unlock(&was);
}

/* ---- the thread ---- */

static void kipc_mq_notice_unlist(struct kipc_mq_notice *notice)
{
	struct kipc_mq_notice **link;
	sigset_t was;

	kipc_mq_lock(&was);
	for (link = &kipc_mq_notices; *link; link = &(*link)->next) {
		if (*link == notice) {
			*link = notice->next;
			break;
		}
	}
	kipc_mq_unlock(&was);
}

/* What the eventfd has come to; nothing, where the program has closed it. */
static uint64_t kipc_mq_notice_wait(struct kipc_mq_notice *notice)
{
	uint64_t count;
	ssize_t n;

	do
		n = read(notice->event, &count, sizeof(count));
	while (n < 0 && errno == EINTR);
	return n == sizeof(count) ? count : 0;
}

static void *kipc_mq_notice_run(void *arg)
{
	struct kipc_mq_notice *notice = arg, copy;
	uint64_t count;
	sigset_t all;

	/* Attributes may have had a mask. */
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, NULL);
	count = kipc_mq_notice_wait(notice);
	kipc_mq_notice_unlist(notice);
	if (!count)
		notice->event = -1;
	copy = *notice;
	kipc_mq_notice_free(notice);
	if (!(uint32_t)count)
		return NULL;
	pthread_sigmask(SIG_SETMASK, &copy.mask, NULL);
	copy.function(copy.value);
	return NULL;
}

/* With the lock held, and so all signals blocked.  The thread is nobody's to join. */
static int kipc_mq_notice_start(struct kipc_mq_notice *notice, const pthread_attr_t *attr)
{
	int state = PTHREAD_CREATE_JOINABLE, err;
	pthread_t thread;

	err = pthread_create(&thread, attr, kipc_mq_notice_run, notice);
	if (err)
		return -ENOMEM;
	if (attr)
		pthread_attr_getdetachstate(attr, &state);
	if (state == PTHREAD_CREATE_JOINABLE)
		pthread_detach(thread);
	return 0;
}

static struct kipc_mq_notice *kipc_mq_notice_new(mqd_t mqd, const struct sigevent *sev)
{
	struct kipc_mq_notice *notice = calloc(1, sizeof(*notice));

	if (!notice)
		return NULL;
	notice->mqd = mqd;
	notice->function = sev->sigev_notify_function;
	notice->value = sev->sigev_value;
	notice->event = eventfd(0, EFD_CLOEXEC);
	if (notice->event >= 0)
		return notice;
	free(notice);
	return NULL;
}

/* ---- registering ---- */

static int kipc_mq_register(mqd_t mqd, struct kipc_queue_notify *notify)
{
	notify->size = sizeof(*notify);
	notify->flags = KIPC_NOTIFY_SOLE;
	if (notify->how != KIPC_NOTIFY_OFF)
		notify->flags |= KIPC_NOTIFY_ONCE;
	return kipc_mq_request(mqd, KIPC_IOC_QUEUE_NOTIFY, notify);
}

/*
 * There can be only one: whatever else waits here for the same queue, or through the
 * same descriptor, the kernel has forgotten.  It is told so.
 */
static int kipc_mq_register_only(mqd_t mqd, uint32_t number, struct kipc_queue_notify *notify)
{
	int err = kipc_mq_register(mqd, notify);

	if (!err)
		kipc_mq_notice_end(mqd, number);
	return err;
}

static int kipc_mq_register_thread(struct kipc_mq_notice *notice, const pthread_attr_t *attr)
{
	struct kipc_queue_notify notify = {
		.how = KIPC_NOTIFY_EVENTFD,
		.fd = notice->event,
	};
	struct kipc_queue_notify off = { .how = KIPC_NOTIFY_OFF };
	int err = kipc_mq_register_only(notice->mqd, notice->number, &notify);

	if (err)
		return err;
	/* In the list first: it may be over before this returns. */
	notice->next = kipc_mq_notices;
	kipc_mq_notices = notice;
	err = kipc_mq_notice_start(notice, attr);
	if (!err)
		return 0;
	kipc_mq_notices = notice->next;
	kipc_mq_register(notice->mqd, &off);
	return err;
}

static int kipc_mq_notify_thread(mqd_t mqd, uint32_t number, const struct sigevent *sev)
{
	struct kipc_mq_notice *notice = kipc_mq_notice_new(mqd, sev);
	const pthread_attr_t *attr = sev->sigev_notify_attributes;
	sigset_t was;
	int err;

	if (!notice)
		return -ENOMEM;
	notice->number = number;
	kipc_mq_lock(&was);
	if (!attr || pthread_attr_getsigmask_np(attr, &notice->mask))
		notice->mask = was;
	err = kipc_mq_register_thread(notice, attr);
	kipc_mq_unlock(&was);
	if (err)
		kipc_mq_notice_free(notice);
	return err;
}

/* What Linux takes for an argument, which it looks at before the descriptor. */
static int kipc_mq_notify_check(const struct sigevent *sev)
{
	if (!sev)
		return 0;
	switch (sev->sigev_notify) {
	case SIGEV_NONE:
	case SIGEV_THREAD:
		return 0;
	case SIGEV_SIGNAL:
		return (unsigned int)sev->sigev_signo > (unsigned int)SIGRTMAX ? -EINVAL : 0;
	default:
		return -EINVAL;
	}
}

static int kipc_mq_notify(mqd_t mqd, const struct sigevent *sev)
{
	struct kipc_queue_notify notify = { .how = KIPC_NOTIFY_OFF };
	int err = kipc_mq_notify_check(sev);
	uint32_t number;
	sigset_t was;

	if (!err)
		err = kipc_mq_number(mqd, &number);
	if (err)
		return err;
	if (sev && sev->sigev_notify == SIGEV_THREAD)
		return kipc_mq_notify_thread(mqd, number, sev);
	if (sev)
		notify.how = KIPC_NOTIFY_NOTHING;
	/* To Linux 0 is a signal, which nobody gets. */
	if (sev && sev->sigev_notify == SIGEV_SIGNAL && sev->sigev_signo) {
		notify.how = KIPC_NOTIFY_SIGNAL;
		notify.signo = sev->sigev_signo;
		notify.value = (uintptr_t)sev->sigev_value.sival_ptr;
	}
	kipc_mq_lock(&was);
	err = kipc_mq_register_only(mqd, number, &notify);
	kipc_mq_unlock(&was);
	return err;
}

int mq_notify(mqd_t mqd, const struct sigevent *sev)
{
	int was = errno, state = kipc_dropin_keep();
	int err = kipc_mq_notify(mqd, sev);

	kipc_dropin_unkeep(state);
	errno = err ? -err : was;
	return err ? -1 : 0;
}
