// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Slots: which handle of the library has a signal's handler, and who had it before.
 *
 * A signal's handler belongs to the process, and gets nothing but the signal's number; so
 * here, and nowhere else, the library has state of the process's own, one slot a signal.
 * A handler may run in any thread at any instruction, also while another thread changes
 * the slot, and may take no lock.  It reads the slot as a whole by a sequence number that
 * is odd while somebody writes; the writer blocks all signals, so that no handler waits
 * for the thread that it interrupts.  Writers of a slot are kept apart by @taken.
 *
 * A handler that has read the slot may run on after it was given back, in another thread.
 * Nothing it has read is freed: it may call the caller's function once more.
 *
 * Whoever installs a handler over ours after us, and calls it for what he does not want
 * himself, may still do so after the slot was given back: then it is passed on.
 */
#include <errno.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "notice/notice.h"

static struct kipc_slot {
	atomic_bool taken;
	atomic_uint sequence;
	atomic_uintptr_t owner;
	atomic_uintptr_t fn;
	atomic_uintptr_t user;
	atomic_uintptr_t old_fn;
	atomic_int old_flags;
	atomic_uint_fast64_t old_mask;
} kipc_slots[_NSIG];

/* The kernel's 64 signals lie in the set's first 64 bits. */
static uint64_t kipc_set_bits(const sigset_t *set)
{
	uint64_t bits;

	memcpy(&bits, set, sizeof(bits));
	return bits;
}

static void kipc_bits_set(uint64_t bits, sigset_t *set)
{
	sigemptyset(set);
	memcpy(set, &bits, sizeof(bits));
}

static uintptr_t kipc_action_fn(const struct sigaction *action)
{
	return action->sa_flags & SA_SIGINFO ? (uintptr_t)action->sa_sigaction :
					       (uintptr_t)action->sa_handler;
}

/* All accesses are sequentially consistent, which is what makes the numbers tell. */
static void kipc_slot_write(struct kipc_slot *slot, struct kipc_notice *owner, uintptr_t fn,
			    void *user, const struct sigaction *old)
{
	sigset_t all, mask;

	sigfillset(&all);
	pthread_sigmask(SIG_BLOCK, &all, &mask);
	atomic_fetch_add(&slot->sequence, 1);
	atomic_store(&slot->owner, (uintptr_t)owner);
	atomic_store(&slot->fn, fn);
	atomic_store(&slot->user, (uintptr_t)user);
	if (old) {
		atomic_store(&slot->old_fn, kipc_action_fn(old));
		atomic_store(&slot->old_flags, old->sa_flags);
		atomic_store(&slot->old_mask, kipc_set_bits(&old->sa_mask));
	}
	atomic_fetch_add(&slot->sequence, 1);
	pthread_sigmask(SIG_SETMASK, &mask, NULL);
}

void kipc_slot_read(int signo, struct kipc_slot_view *view)
{
	struct kipc_slot *slot = &kipc_slots[signo];
	unsigned int sequence;

	do {
		sequence = atomic_load(&slot->sequence);
		view->owner = (struct kipc_notice *)atomic_load(&slot->owner);
		view->fn = atomic_load(&slot->fn);
		view->user = (void *)atomic_load(&slot->user);
		view->old_fn = atomic_load(&slot->old_fn);
		view->old_flags = atomic_load(&slot->old_flags);
		view->old_mask = atomic_load(&slot->old_mask);
	} while (sequence & 1 || sequence != atomic_load(&slot->sequence));
}

static bool kipc_action_is(const struct sigaction *action, kipc_slot_handler handler)
{
	return action->sa_flags & SA_SIGINFO && action->sa_sigaction == handler;
}

/* Install @handler, and let its slot say whose it is: 0 or -EBUSY. */
int kipc_slot_take(int signo, struct kipc_notice *owner, kipc_slot_handler handler, int flags,
		   uintptr_t fn, void *user)
{
	struct kipc_slot *slot = &kipc_slots[signo];
	struct sigaction action = { .sa_flags = flags | SA_SIGINFO | SA_ONSTACK }, old;

	if (atomic_exchange(&slot->taken, true))
		return -EBUSY;
	action.sa_sigaction = handler;
	sigaction(signo, NULL, &old);
	/* Somebody may have put our handler back: then it is known who was before it. */
	kipc_slot_write(slot, owner, fn, user, kipc_action_is(&old, handler) ? NULL : &old);
	sigaction(signo, &action, NULL);
	return 0;
}

/* Put back who was there before, unless somebody has installed another since. */
void kipc_slot_give_back(int signo, kipc_slot_handler handler)
{
	struct kipc_slot *slot = &kipc_slots[signo];
	struct kipc_slot_view view;
	struct sigaction action;

	kipc_slot_read(signo, &view);
	kipc_slot_write(slot, NULL, 0, NULL, NULL);
	sigaction(signo, NULL, &action);
	if (kipc_action_is(&action, handler)) {
		action.sa_flags = view.old_flags;
		if (view.old_flags & SA_SIGINFO)
			action.sa_sigaction = (kipc_slot_handler)view.old_fn;
		else
			action.sa_handler = (__sighandler_t)view.old_fn;
		kipc_bits_set(view.old_mask, &action.sa_mask);
		sigaction(signo, &action, NULL);
	}
	atomic_store(&slot->taken, false);
}

/*
 * The signal's default action, with all that is known of it: sent again, it comes when
 * this handler returns.
 */
static void kipc_slot_default(int signo, siginfo_t *info)
{
	struct sigaction action = { .sa_handler = SIG_DFL };

	sigaction(signo, &action, NULL);
	syscall(SYS_rt_tgsigqueueinfo, getpid(), gettid(), signo, info);
}

/* Do what would be done without us. */
void kipc_slot_pass(int signo, siginfo_t *info, void *context,
		    const struct kipc_slot_view *view)
{
	__sighandler_t plain = (__sighandler_t)view->old_fn;
	bool simple = !(view->old_flags & SA_SIGINFO);
	sigset_t mask;

	if (simple && plain == SIG_IGN && info->si_code <= 0)
		return;
	/* The kernel lets nobody ignore an exception. */
	if (simple && (plain == SIG_DFL || plain == SIG_IGN)) {
		kipc_slot_default(signo, info);
		return;
	}
	if (view->old_flags & SA_RESETHAND)
		signal(signo, SIG_DFL);
	kipc_bits_set(view->old_mask, &mask);
	pthread_sigmask(SIG_BLOCK, &mask, NULL);
	if (view->old_flags & SA_NODEFER) {
		kipc_bits_set(KIPC_SIGNAL_BIT(signo), &mask);
		pthread_sigmask(SIG_UNBLOCK, &mask, NULL);
	}
	if (simple)
		plain(signo);
	else
		((kipc_slot_handler)view->old_fn)(signo, info, context);
}
