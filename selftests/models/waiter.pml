/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Model: the hand-over to a thread that sleeps (kernel/wait.h), and the memory's order.
 *
 * It stands for
 *
 *	sleeper()	kipc_waiter_init(), kipc_waiter_sleep() with kipc_waiter_poll() and
 *			kipc_waiter_done(); and what kipc_channel_await(), kipc_queue_await()
 *			and kipc_call_give_up() do after a sleep that did not end well
 *	finisher()	whoever takes the waiter off its list, under the lock: kipc_waiter_end(),
 *			kipc_waiter_finish(), and with the lock given up kipc_wakes_wake() or,
 *			some time later, kipc_rouse_wake()
 *	spurious()	a wake-up by somebody else, as a task that was held back (kernel/rouse.h)
 *			may get in a later sleep
 *
 * Stores are made as weak as the code lets them be.  Each side has a buffer of those that have
 * been made and are not seen by others yet; they come out in any order, but for
 *	- a store-release and an unlock, which come after all that were made before,
 *	- set_current_state() and wake_up_process(), which have a full barrier: what follows them
 *	  comes after all stores have come out.
 * The sleeper's own loads are made in order (a load-acquire does not let later ones pass, and
 * the barrier of set_current_state() none at all); the finisher loads nothing that matters
 * but the task's state, after the barrier of wake_up_process().
 *
 * What must be true: a sleeper that was handed something finds it whole; one that was not
 * leaves its list; nobody looks at the waiter, or wakes a task, that is gone; and a sleeper that
 * does not give up is woken (no invalid end state).
 *
 * Runs: one of each party; a waiter has one finisher, since that takes it off its list.
 *	ALL	-DWAKE_LATE=1
 *
 * Mistakes:
 *	DONE_FIRST		ALL	result==7	set done, then write the result
 *	DONE_PLAIN		ALL	result==7	set done without release
 *	PIN_LATE		ALL	task_live	set done, then pin the task
 *	TOUCH_AFTER		ALL	stack		look at the waiter once done is set
 *	STATE_PLAIN		ALL	end state	fall asleep without a barrier
 *	DONE_BEFORE_STATE	ALL	end state	look at done, then become one who sleeps
 *	WAKE_UNORDERED		ALL	end state	wake without a barrier
 *	SLEEP_ONCE		ALL	result==7	take a wake-up for the end of the wait
 *	NO_RECHECK		ALL	handed		give up without looking at done again
 */

bool lock;
bool listed;			/* waiter.entry */
bool stack;			/* the waiter is there */
bool task_live = true;		/* the task_struct */
byte task_ref = 1;
bool task_gone;			/* the thread has exited */

/* The memory, as all see it */
byte result;
bool done;
bool sleeping;			/* task->__state is TASK_INTERRUPTIBLE */

/* What the finisher has stored and others do not see: its value, and whether there is one */
bool buffered_result, buffered_done;
/* The sleeper's */
bool buffered_state;
bool handed, over;

#define LOCK		!lock -> lock = true

/* Stores come out by themselves, in any order */
active proctype memory()
{
end:	do
	:: atomic { buffered_result -> result = 7; buffered_result = false }
	:: atomic { buffered_done -> done = true; buffered_done = false }
	:: atomic { buffered_state -> sleeping = true; buffered_state = false }	/* unreached: STATE_PLAIN */
	od
}

inline set_current_state()
{
#ifdef STATE_PLAIN
	buffered_state = true
#else
	sleeping = true
#endif
}

active proctype sleeper()
{
	bool patient, timed_out, seen;

	/* kipc_waiter_init(), lined up under the lock */
	atomic { stack = true; listed = true };
	if
	:: patient = true
	:: true
	fi;

	/* kipc_waiter_poll() */
	if
	:: atomic { done -> seen = true }
	:: true
	fi;
	/* kipc_waiter_sleep() */
	do
	:: seen -> break
	:: else ->
#ifdef DONE_BEFORE_STATE
		seen = done;		/* kipc_waiter_done() */
		set_current_state();
#else
		set_current_state();
		seen = done;
#endif
		if
		:: seen -> break
		:: !seen && !patient -> timed_out = true; break
		:: !seen && !buffered_state ->
			!sleeping;	/* schedule() */
#ifdef SLEEP_ONCE
			break
#endif
		fi
	od;
	/* __set_current_state() */
	atomic { sleeping = false; buffered_state = false };

	if
	:: timed_out ->
		/* kipc_channel_await() */
#ifdef NO_RECHECK
		listed = false;
#else
		atomic { LOCK };
		seen = done;
		if
		:: seen
		:: else -> listed = false
		fi;
		lock = false;
#endif
	:: else -> seen = true
	fi;
	if
	:: seen -> assert(result == 7 && !listed)
	:: else -> assert(!handed)
	fi;
	atomic { stack = false; over = true };

	/* The thread may exit */
	atomic {
		task_ref--;
		task_live = (task_ref > 0);
		task_gone = true
	}
}

inline wake_up_process()
{
	assert(task_live);
	sleeping = false
}

active proctype finisher()
{
	bool found;

	/* Once there is somebody, who may have left when the lock is had */
	listed || over;
	atomic { LOCK;
		found = listed;
		listed = false
	};
	if
	:: found ->
		assert(stack);
		handed = true;
#ifdef DONE_FIRST
		done = true;
		buffered_result = true;
#else
		/* kipc_waiter_end() */
#ifndef PIN_LATE
		atomic { assert(task_live); task_ref++ };
#endif
		buffered_result = true;
#ifdef DONE_PLAIN
		buffered_done = true;
#else
		!buffered_result;	/* smp_store_release() */
		buffered_done = true;
#endif
#endif
#ifdef PIN_LATE
		atomic { assert(task_live); task_ref++ };
#endif
#ifdef TOUCH_AFTER
		assert(stack);
#endif
#ifdef DONE_FIRST
		atomic { assert(task_live); task_ref++ };
#endif
	:: else
	fi;
#ifndef WAKE_UNORDERED
	!buffered_result && !buffered_done;	/* the unlock's release; wake_up_process() has more */
#endif
	lock = false;
	if
	:: found ->
		wake_up_process();
		atomic {
			task_ref--;	/* put_task_struct() */
			task_live = (task_ref > 0)
		}
	:: else
	fi
}

/* At any time, once */
active proctype spurious()
{
	sleeping = false
}
