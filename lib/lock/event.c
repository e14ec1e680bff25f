// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * event: set, reset, pulse; manual-reset or auto-reset.
 *
 * One 64-bit word is the event: is it set, how many wait, how many of them a pulse lets
 * go, and a number that every release of waiters raises.  All changes are single atomic
 * steps.  Sleepers sleep on a second word, the bell, which is rung after each step that
 * can release somebody; a waiter reads the bell first and the event then.
 *
 * A waiter remembers the number it came with.
 *
 *	manual-reset	a set or a pulse raises the number, and every waiter that came with
 *			another one goes: also if it is reset before the waiter runs
 *	auto-reset	a set stays until one takes it.  A pulse lets one more go, if there
 *			is one that waits and is not being let go already; who came after it
 *			has its number and may not take that
 *
 * Who was killed in the wait stays counted as waiting.  A set is not concerned; a pulse
 * for the dead stays, and one that follows may let one too many go.
 *
 * With ?poll the event is an eventfd: a descriptor that is readable while it is set.  It
 * cannot pulse, as poll() asks again before it returns.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "lock.h"

/* The shape: a bit. */
#define KIPC_EVENT_MANUAL	1U

/* The word: number << 33 | waiters << 17 | grants << 1 | set. */
#define KIPC_EVENT_IS_SET	1ULL
#define KIPC_EVENT_GRANT	(1ULL << 1)
#define KIPC_EVENT_WAITER	(1ULL << 17)
#define KIPC_EVENT_NUMBER	(1ULL << 33)
#define KIPC_EVENT_MANY		65535U

struct kipc_event_object {
	struct kipc_object head;
	atomic_uint_fast64_t word;
	atomic_uint bell;
};

static struct kipc_event_object *kipc_event_object(struct kipc_lock *lock)
{
	return container_of(lock->object, struct kipc_event_object, head);
}

static uint32_t kipc_event_number(uint64_t word)
{
	return (uint32_t)(word >> 33);
}

static uint32_t kipc_event_waiters(uint64_t word)
{
	return word >> 17 & KIPC_EVENT_MANY;
}

static uint32_t kipc_event_grants(uint64_t word)
{
	return word >> 1 & KIPC_EVENT_MANY;
}

/* ---- waiting ---- */

/*
 * struct kipc_event_wait - one that waits
 * @number:	it came with
 * @counted:	among the waiters, of which no more than so many are counted
 */
struct kipc_event_wait {
	uint32_t number;
	bool counted;
};

static uint64_t kipc_event_uncount(uint64_t word, const struct kipc_event_wait *wait)
{
	return wait->counted && kipc_event_waiters(word) ? word - KIPC_EVENT_WAITER : word;
}

/* The word once this waiter has gone on; false: it may not, the word is the same. */
static bool kipc_event_may_go(uint64_t word, bool manual, const struct kipc_event_wait *wait,
			      uint64_t *next)
{
	bool later = kipc_event_number(word) != wait->number;

	*next = kipc_event_uncount(word, wait);
	if (manual)
		return word & KIPC_EVENT_IS_SET || later;
	if (kipc_event_grants(word) && later) {
		*next -= KIPC_EVENT_GRANT;
		return true;
	}
	*next &= ~KIPC_EVENT_IS_SET;
	return word & KIPC_EVENT_IS_SET;
}

/* Go on if it may; with @leave go in any case.  Returns whether it was let go. */
static bool kipc_event_go(struct kipc_event_object *event, bool manual,
			  const struct kipc_event_wait *wait, bool leave)
{
	uint64_t word = atomic_load(&event->word), next;
	bool may;

	do {
		may = kipc_event_may_go(word, manual, wait, &next);
		if (!may && !leave)
			return false;
		if (!may)
			next = kipc_event_uncount(word, wait);
	} while (!atomic_compare_exchange_weak(&event->word, &word, next));
	return may;
}

/* Be counted; or, if it is set, go on at once: returns true. */
static bool kipc_event_come(struct kipc_event_object *event, bool manual,
			    struct kipc_event_wait *wait)
{
	uint64_t word = atomic_load(&event->word), next;
	bool set;

	do {
		set = word & KIPC_EVENT_IS_SET;
		wait->number = kipc_event_number(word);
		wait->counted = !set && kipc_event_waiters(word) < KIPC_EVENT_MANY;
		next = set && !manual ? word & ~KIPC_EVENT_IS_SET : word;
		if (wait->counted)
			next += KIPC_EVENT_WAITER;
	} while (!atomic_compare_exchange_weak(&event->word, &word, next));
	return set;
}

static int kipc_event_acquire(struct kipc_lock *lock, bool shared, kipc_deadline deadline)
{
	struct kipc_event_object *event = kipc_event_object(lock);
	bool manual = lock->shape & KIPC_EVENT_MANUAL;
	struct kipc_event_wait wait;
	unsigned int bell;
	int err = 0;

	(void)shared;
	if (kipc_event_come(event, manual, &wait))
		return 0;
	while (!err) {
		bell = atomic_load(&event->bell);
		if (kipc_event_go(event, manual, &wait, false))
			return 0;
		err = kipc_futex_wait(&event->bell, bell, deadline, KIPC_FUTEX_SHARED);
	}
	return kipc_event_go(event, manual, &wait, true) ? 0 : err;
}

/* ---- setting ---- */

/* An auto-reset event lets one more go, and one for a set that nobody has taken yet. */
static uint64_t kipc_event_grant(uint64_t word)
{
	uint32_t more = word & KIPC_EVENT_IS_SET ? 2 : 1;

	for (; more && kipc_event_grants(word) < kipc_event_waiters(word); more--)
		word += KIPC_EVENT_NUMBER + KIPC_EVENT_GRANT;
	return word;
}

/* The word after an act. */
static uint64_t kipc_event_next(uint64_t word, bool manual, enum kipc_event_act act)
{
	if (manual && act != KIPC_EVENT_RESET)
		word += KIPC_EVENT_NUMBER;
	else if (act == KIPC_EVENT_PULSE)
		word = kipc_event_grant(word);
	return act == KIPC_EVENT_SET ? word | KIPC_EVENT_IS_SET : word & ~KIPC_EVENT_IS_SET;
}

static int kipc_event_act(struct kipc_lock *lock, enum kipc_event_act act)
{
	struct kipc_event_object *event = kipc_event_object(lock);
	bool manual = lock->shape & KIPC_EVENT_MANUAL;
	uint64_t word = atomic_load(&event->word);

	while (!atomic_compare_exchange_weak(&event->word, &word,
					     kipc_event_next(word, manual, act)))
		;
	if (act == KIPC_EVENT_RESET || !kipc_event_waiters(word))
		return 0;
	atomic_fetch_add(&event->bell, 1);
	/* Any waiter may take a set, but a pulse's is for some of them only. */
	kipc_futex_wake(&event->bell, manual || act == KIPC_EVENT_PULSE ? INT_MAX : 1,
			KIPC_FUTEX_SHARED);
	return 0;
}

static int kipc_event_release(struct kipc_lock *lock)
{
	return lock->locking->event(lock, KIPC_EVENT_SET);
}

/* ---- as an eventfd ---- */

struct kipc_eventfd {
	struct kipc_lock base;
	int fd;
};

static struct kipc_eventfd *to_eventfd(const struct kipc_lock *lock)
{
	return container_of((struct kipc_lock *)lock, struct kipc_eventfd, base);
}

/* Another waiter may have been faster after the poll: then wait on. */
static int kipc_eventfd_acquire(struct kipc_lock *lock, bool shared, kipc_deadline deadline)
{
	bool manual = lock->shape & KIPC_EVENT_MANUAL;
	int fd = to_eventfd(lock)->fd, err;
	eventfd_t count;

	(void)shared;
	for (;;) {
		if (!manual && !eventfd_read(fd, &count))
			return 0;
		if (!manual && (errno != EAGAIN || deadline == KIPC_AT_ONCE))
			return -errno;
		err = kipc_wait_fd(fd, POLLIN, deadline);
		if (err || manual)
			return err;
	}
}

static int kipc_eventfd_act(struct kipc_lock *lock, enum kipc_event_act act)
{
	int fd = to_eventfd(lock)->fd;
	eventfd_t count;

	if (act == KIPC_EVENT_PULSE)
		return -EOPNOTSUPP;
	if (act == KIPC_EVENT_SET && eventfd_write(fd, 1) && errno != EAGAIN)
		return -errno;
	if (act == KIPC_EVENT_RESET && eventfd_read(fd, &count) && errno != EAGAIN)
		return -errno;
	return 0;
}

static int kipc_eventfd_fd(const struct kipc_lock *lock)
{
	return to_eventfd(lock)->fd;
}

static int kipc_eventfd_detach(struct kipc_lock *lock)
{
	close(to_eventfd(lock)->fd);
	return 0;
}

/* ---- opening ---- */

static uint32_t kipc_event_shape(const struct kipc_address *address)
{
	return kipc_address_get(address, KIPC_PARAM_MANUAL, 0) ? KIPC_EVENT_MANUAL : 0;
}

static size_t kipc_event_size(uint32_t shape)
{
	return shape > KIPC_EVENT_MANUAL ? 0 : sizeof(struct kipc_event_object);
}

static bool kipc_event_begins_set(const struct kipc_address *address)
{
	return kipc_address_get(address, KIPC_PARAM_VALUE, 0);
}

static int kipc_event_init(struct kipc_object *object, const struct kipc_address *address)
{
	atomic_store(&container_of(object, struct kipc_event_object, head)->word,
		     kipc_event_begins_set(address) ? KIPC_EVENT_IS_SET : 0);
	return 0;
}

static void kipc_event_describe(const struct kipc_lock *lock, struct kipc_lock_info *info)
{
	if (lock->shape & KIPC_EVENT_MANUAL)
		info->flags |= KIPC_LOCK_MANUAL;
}

#define KIPC_EVENT_CAN (KIPC_LOCK_CAN_ACQUIRE | KIPC_LOCK_CAN_EVENT | KIPC_LOCK_CAN_NONAME | \
			KIPC_LOCK_CAN_TIME | KIPC_LOCK_CAN_EXCLUDE)

/* Of the scheme "event" too, but not to be found by it. */
static const struct kipc_locking kipc_eventfd_locking = {
	.mechanism.scheme = "event",
	.mechanism.family = KIPC_FAMILY_LOCK,
	.can = KIPC_EVENT_CAN | KIPC_LOCK_CAN_FD,
	.handle = sizeof(struct kipc_eventfd),
	.detach = kipc_eventfd_detach,
	.acquire = kipc_eventfd_acquire,
	.release = kipc_event_release,
	.event = kipc_eventfd_act,
	.fd = kipc_eventfd_fd,
	.describe = kipc_event_describe,
};

static bool kipc_eventfd_is_one(int fd)
{
	char path[40], link[32];
	ssize_t n;

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	n = readlink(path, link, sizeof(link) - 1);
	link[n < 0 ? 0 : n] = '\0';
	return !strcmp(link, "anon_inode:[eventfd]");
}

/* Take over an inherited or received one; it must not block, as others wait too. */
static int kipc_eventfd_adopt(int fd)
{
	int flags = fcntl(fd, F_GETFL);

	if (flags < 0)
		return -EBADF;
	if (!kipc_eventfd_is_one(fd))
		return -EINVAL;
	if (fcntl(fd, F_SETFL, flags | O_NONBLOCK) || fcntl(fd, F_SETFD, FD_CLOEXEC))
		return -errno;
	return fd;
}

static int kipc_eventfd_open(struct kipc_lock **lock, const struct kipc_address *address,
			     uint32_t flags)
{
	bool given = kipc_address_demands(address, KIPC_PARAM_FD);
	struct kipc_eventfd *event;
	int fd;

	if (address->name[0] || (flags & KIPC_LOCK_EXISTING && !given) ||
	    (flags & KIPC_LOCK_EXCL && given))
		return -EINVAL;
	event = kipc_lock_new(&kipc_eventfd_locking);
	if (!event)
		return -ENOMEM;
	event->fd = -1;
	event->base.shape = kipc_event_shape(address);
	if (given)
		fd = kipc_eventfd_adopt((int)address->value[KIPC_PARAM_FD]);
	else
		fd = eventfd(kipc_event_begins_set(address), EFD_CLOEXEC | EFD_NONBLOCK);
	if (fd < 0) {
		fd = given ? fd : -errno;
		kipc_lock_close(&event->base);
		return fd;
	}
	event->fd = fd;
	*lock = &event->base;
	return 0;
}

static int kipc_event_open(struct kipc_lock **lock, const struct kipc_address *address,
			   uint32_t flags)
{
	/* Beyond 1 an event cannot be. */
	if (kipc_address_get(address, KIPC_PARAM_VALUE, 0) > 1)
		return -EINVAL;
	if (kipc_address_demands(address, KIPC_PARAM_POLLABLE) ||
	    kipc_address_demands(address, KIPC_PARAM_FD))
		return kipc_eventfd_open(lock, address, flags);
	return kipc_object_open(lock, address, flags);
}

const struct kipc_locking kipc_event_locking = {
	.mechanism.scheme = "event",
	.mechanism.family = KIPC_FAMILY_LOCK,
	.mechanism.params = KIPC_PARAM_BIT(KIPC_PARAM_MODE) |
		  KIPC_PARAM_BIT(KIPC_PARAM_MANUAL) | KIPC_PARAM_BIT(KIPC_PARAM_VALUE) |
		  KIPC_PARAM_BIT(KIPC_PARAM_POLLABLE) | KIPC_PARAM_BIT(KIPC_PARAM_FD),
	.mechanism.name_rule = KIPC_OBJECT_NAME_RULE,
	.mechanism.name_ok = kipc_object_name_ok,
	.can = KIPC_EVENT_CAN | KIPC_LOCK_CAN_PULSE | KIPC_LOCK_CAN_NAME |
	       KIPC_LOCK_CAN_MEMORY,
	.handle = sizeof(struct kipc_lock),
	.kind = 5,
	.shaping = KIPC_PARAM_BIT(KIPC_PARAM_MANUAL),
	.shape = kipc_event_shape,
	.size = kipc_event_size,
	.init = kipc_event_init,
	.open = kipc_event_open,
	.unlink = kipc_object_unlink,
	.acquire = kipc_event_acquire,
	.release = kipc_event_release,
	.event = kipc_event_act,
	.describe = kipc_event_describe,
};
