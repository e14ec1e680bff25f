// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * barrier: as many as it has parties wait for the last of them.
 *
 * One 64-bit word has the round in its upper half and how many have arrived in its lower:
 * arriving, leaving because the time is up, and completing a round are each one atomic
 * step.  (The C library's barrier has no timed wait.)  Whoever waits sleeps on a second
 * word, which the last one changes after the round: a waiter reads that word first, then
 * the round.
 *
 * Who is killed in the wait stays counted: the round can complete.
 */
#include <errno.h>

#include "lock.h"

#define KIPC_BARRIER_PARTIES_MAX	65535

struct kipc_barrier_object {
	struct kipc_object head;
	atomic_uint_fast64_t state;		/* round << 32 | arrived */
	atomic_uint bell;
};

static struct kipc_barrier_object *kipc_barrier_object(struct kipc_lock *lock)
{
	return container_of(lock->object, struct kipc_barrier_object, head);
}

static uint32_t kipc_barrier_round(uint64_t state)
{
	return state >> 32;
}

static uint32_t kipc_barrier_arrived(uint64_t state)
{
	return (uint32_t)state;
}

/* Arrive; *@round says where.  Returns whether that completed it. */
static bool kipc_barrier_arrive(struct kipc_barrier_object *barrier, uint32_t parties,
				uint32_t *round)
{
	uint64_t state = atomic_load(&barrier->state), next;
	bool last;

	do {
		*round = kipc_barrier_round(state);
		last = kipc_barrier_arrived(state) + 1 >= parties;
		next = last ? (uint64_t)(*round + 1) << 32 : state + 1;
	} while (!atomic_compare_exchange_weak(&barrier->state, &state, next));
	return last;
}

/* Take our arrival back.  Returns false if the round was completed first. */
static bool kipc_barrier_withdraw(struct kipc_barrier_object *barrier, uint32_t round)
{
	uint64_t state = atomic_load(&barrier->state);

	do {
		if (kipc_barrier_round(state) != round || !kipc_barrier_arrived(state))
			return false;
	} while (!atomic_compare_exchange_weak(&barrier->state, &state, state - 1));
	return true;
}

static int kipc_barrier_meet(struct kipc_lock *lock, kipc_deadline deadline)
{
	struct kipc_barrier_object *barrier = kipc_barrier_object(lock);
	unsigned int bell;
	uint32_t round;
	int err = 0;

	if (kipc_barrier_arrive(barrier, lock->shape, &round)) {
		atomic_fetch_add(&barrier->bell, 1);
		kipc_futex_wake(&barrier->bell, INT_MAX, KIPC_FUTEX_SHARED);
		return 1;
	}
	while (!err) {
		bell = atomic_load(&barrier->bell);
		if (kipc_barrier_round(atomic_load(&barrier->state)) != round)
			return 0;
		err = kipc_futex_wait(&barrier->bell, bell, deadline, KIPC_FUTEX_SHARED);
	}
	return kipc_barrier_withdraw(barrier, round) ? err : 0;
}

static uint32_t kipc_barrier_shape(const struct kipc_address *address)
{
	return (uint32_t)kipc_address_get(address, KIPC_PARAM_PARTIES, 0);
}

static size_t kipc_barrier_size(uint32_t shape)
{
	return !shape || shape > KIPC_BARRIER_PARTIES_MAX ? 0 :
	       sizeof(struct kipc_barrier_object);
}

static int kipc_barrier_init(struct kipc_object *object, const struct kipc_address *address)
{
	(void)object;
	(void)address;
	return 0;
}

static void kipc_barrier_describe(const struct kipc_lock *lock, struct kipc_lock_info *info)
{
	info->count = lock->shape;
}

const struct kipc_locking kipc_barrier_locking = {
	.mechanism.scheme = "barrier",
	.mechanism.family = KIPC_FAMILY_LOCK,
	.mechanism.params = KIPC_PARAM_BIT(KIPC_PARAM_MODE) |
		  KIPC_PARAM_BIT(KIPC_PARAM_PARTIES),
	.mechanism.name_rule = KIPC_OBJECT_NAME_RULE,
	.mechanism.name_ok = kipc_object_name_ok,
	.can = KIPC_LOCK_CAN_BARRIER | KIPC_LOCK_CAN_NAME | KIPC_LOCK_CAN_NONAME |
	       KIPC_LOCK_CAN_MEMORY | KIPC_LOCK_CAN_TIME,
	.handle = sizeof(struct kipc_lock),
	.kind = 4,
	.shaping = KIPC_PARAM_BIT(KIPC_PARAM_PARTIES),
	.shape = kipc_barrier_shape,
	.size = kipc_barrier_size,
	.init = kipc_barrier_init,
	.open = kipc_object_open,
	.unlink = kipc_object_unlink,
	.meet = kipc_barrier_meet,
	.describe = kipc_barrier_describe,
};
