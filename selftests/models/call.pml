/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Model: a call is handed to a server's thread, and its end to its caller.
 *
 * It stands for
 *
 *	caller()	kipc_channel_call(), kipc_channel_transmit(): kipc_channel_post() and
 *			kipc_channel_send_stepwise() with kipc_channel_reserve(),
 *			kipc_channel_commit(), kipc_channel_cancel(); kipc_call_give_up();
 *			then kipc_channel_disconnect()
 *	server()	kipc_channel_receive(): kipc_receive_begin(), kipc_receive_finish(),
 *			kipc_channel_requeue(); kipc_channel_reply(): kipc_reply_post() and
 *			kipc_reply_stepwise(), kipc_reply_commit(), kipc_reply_end(),
 *			kipc_reply_deliver(); kipc_channel_release(); by the last thread of
 *			the process kipc_channel_destroy() with kipc_channel_abandon()
 *	inlines		the functions of kernel/inbox.c, kernel/call.c and kernel/wait.c whose
 *			names they have
 *
 * Names are the code's: the states of a message are those of enum kipc_message_state without
 * their prefix, errors and outcomes likewise.  What is in a struct there is in an array here:
 * msg[] by message (each attempt of each caller makes one), w[] by thread, for its waiter.
 *
 * @lock is the channel's.  What is done under it is one step, but for this: after a waiter
 * has been finished comes another step, since its thread may go on from there without the
 * lock; whoever still looks at its stack fails (w[].live).  Sleep and wake-up are what
 * waiter.pml shows that they may be taken for: who is not finished falls asleep in one step,
 * and sleeps until somebody wakes it.
 *
 * The surroundings: each caller is patient, or may give up at any time, by its deadline or a
 * signal (after which it restarts what it may).  The server's process is killed at any time, or
 * only after the last call.  Its threads end each call that they receive, by a reply or without.
 * ODDS of these may happen besides: a copy faults; there is no memory under the lock (so that all
 * the steps are taken); a thread ends a call that it has not received, as by an id that it
 * guessed; a thread is killed alone while it receives, and another remains.
 *
 * More is allowed than the code does: waiters and messages are chosen in any order, a drained lot
 * is one message.  A wake-up comes with the unlocking before it; that it may come later, when its
 * task has gone on, is in waiter.pml.  Left out: asynchronous calls and calls by the server, nice
 * values, descriptors, quotas; KIPC_REPLY_RECV, which is two operations here.
 *
 * Each run ends (there is no cycle), and each ends with all threads at their ends (there is no
 * invalid end state): so each call ends, and nobody sleeps for ever.
 *
 * Runs.  Two are enough for each pair of parties that meet at a message: caller and thread, two
 * threads, one who waits for room and one who gives it.  BRIEF is without notices of
 * cancelled calls: each call is made in all the steps, each ended by a small reply.  QUICK
 * is with patient callers, and small calls.  In each only the first caller may be hasty.
 *	ONE	-DCALLERS=1 -DSERVERS=1 -DATTEMPTS=2 -DODDS=2
 *	ROOM	-DCALLERS=2 -DSERVERS=1 -DATTEMPTS=1 -DODDS=0 -DBRIEF
 *	THREADS	-DCALLERS=1 -DSERVERS=2 -DATTEMPTS=1 -DODDS=1 -DQUICK
 *
 * Mistakes, each with the run that shows it, and what must be found:
 *	GIVE_UP_UNLOCKED_LOOK	ONE	violated 0		give up without looking at done again
 *	GIVE_UP_KEEPS_CALL	ONE	.live		give up and leave msg->call
 *	RESTART_DELIVERED	ONE	err		restart a call that has been delivered
 *	TELL_FIRST		ONE	.live		tell the caller, then drop the call
 *	REPLY_UNPINNED		ONE	ref		reply without a reference
 *	COMMIT_BLINDLY		ONE	.live		reply without looking whether it is wanted still
 *	NOT_BUSY		THREADS	state==2	let others end a call that is being replied to
 *	CLOSE_FORGETS_SENDERS	ROOM	end state	close, and leave who waits for room
 *	ABANDON_QUEUED_ONLY	ONE	room==	die, and leave calls that were received
 *	RESERVE_IN_CLOSED	ONE	closed		let a message into a closed inbox
 *	COMMIT_IN_CLOSED	ONE	closed		likewise, at commit
 *	NO_GRANT		ROOM	end state	give room back and tell nobody
 *	DIE_WITH_MESSAGE	THREADS	end state	be killed and keep what was handed over
 *	WITHDRAW_HELD		ONE	state==2		take back a call that was received
 *	END_SAYS_UNDELIVERED	ONE	outcome		say "not delivered" of a call that may have run
 *	NO_FLUSH		ONE	end state	finish and do not wake
 */

#ifndef CALLERS
#define CALLERS		2
#endif
#ifndef SERVERS
#define SERVERS		2
#endif
#ifndef ROOM
#define ROOM		1
#endif
#ifndef ATTEMPTS
#define ATTEMPTS	2
#endif

#ifndef ODDS
#define ODDS		1
#endif

#define MSGS		(CALLERS * ATTEMPTS)
#define THREADS		(CALLERS + SERVERS)
#define NOBODY		255
#define CALLER_OF(m)	((m) / ATTEMPTS)

mtype:states = { NONE, NEW, RESERVED, QUEUED, HELD, FREED };
mtype:errors = { OK, EPIPE, ECONNRESET, ETIMEDOUT, ERESTARTSYS, EINTR, EAGAIN, EFAULT, ENOENT,
	      EBUSY, ECANCELED };
mtype:outcomes = { OUTCOME_NONE, DELIVERED, REPLIED };

typedef message {
	mtype:states	state;
	bool		call;		/* msg->call is not NULL */
	bool		busy;
	bool		canceled;	/* KIPC_HEADER_CANCELED */
	bool		listed;		/* in inbox->canceled */
};

typedef waiter {
	bool		live;		/* its stack */
	bool		entry;		/* on a list */
	bool		done;
	bool		asleep;
	mtype:errors	result;
};

message msg[MSGS];
waiter w[THREADS];		/* a caller's: first that of its kipc_room, then of its kipc_call */
bool lock;

/* Within one step only */
hidden byte i, j;

/* The server's inbox */
bool server = true;			/* channel->server */
bool closed;
byte room = ROOM;
byte server_ref = 1;
byte header[SERVERS];			/* receiver.header: the message */
bool header_canceled[SERVERS];		/* and whether it is told of KIPC_KIND_CANCELED */

/* The callers */
byte ref[CALLERS];			/* of the endpoint */
byte cur[CALLERS];			/* the message that room->msg, call->msg is */
mtype:outcomes outcome[CALLERS];
byte replies[CALLERS];			/* held in its inbox */
bool left[CALLERS];			/* its inbox is closed */
bool hasty[CALLERS];			/* it may give up */
byte ran[CALLERS];			/* how often a server was told of this call */

byte callers_left = CALLERS;
byte servers_left = SERVERS;
bool killed;				/* the server's process */
bool notices;				/* the server has KIPC_CHANNEL_NOTICES */
byte odds = ODDS;			/* what may go wrong, see above */
byte threads = SERVERS;			/* that are not being killed */

#define me		(CALLERS + s)
#define LOCK		!lock -> lock = true

/* One of those who wait; any. */
#define RECEIVES(n)	((n) < SERVERS && w[CALLERS + (n) % SERVERS].entry)
#define WANTS_ROOM(n)	((n) < CALLERS && w[(n) % CALLERS].entry)

/* Any message that is so: @j; or NOBODY. */
#define SOME(is)				\
	if					\
	:: is(0) -> j = 0			\
	:: is(1) -> j = 1			\
	:: is(2) -> j = 2			\
	:: is(3) -> j = 3			\
	:: is(4) -> j = 4			\
	:: is(5) -> j = 5			\
	:: else -> j = NOBODY			\
	fi
#define IS_LISTED(n)	((n) < MSGS && msg[(n) % MSGS].listed)
#define IS_QUEUED(n)	((n) < MSGS && msg[(n) % MSGS].state == QUEUED)
#define IS_HELD(n)	((n) < MSGS && msg[(n) % MSGS].state == HELD)
#define IS_IN(n)	(IS_HELD(n) || IS_QUEUED(n))

/* ---- kernel/wait.c ---- */

inline kipc_waiter_init(t)
{
	w[t].live = true;
	w[t].done = false;
	w[t].result = OK;
}

/* The function that had it on its stack has returned. */
inline waiter_gone(t)
{
	w[t].live = false;
	w[t].done = false;
	w[t].result = OK
}

inline kipc_waiter_finish(t, why)
{
	assert(w[t].live && !w[t].done);
	w[t].result = why;
	w[t].done = true;
	wakes = wakes | (1 << (t));
}

/* The lock is given up: at once where nobody was finished, who could go on before that. */
inline unlock()
{
	if
	:: wakes == 0 -> lock = false
	:: else
	fi
}

inline kipc_wakes_flush()
{
	if
	:: atomic { wakes != 0 ->
		lock = false;
		i = 0;
		do
		:: i < THREADS ->
#ifndef NO_FLUSH
			if
			:: wakes & (1 << i) -> w[i].asleep = false
			:: else
			fi;
#endif
			i++
		:: else -> break
		od;
		wakes = 0 }
	:: else
	fi
}

/* @may: it may give up, for the deadline or a signal */
inline kipc_waiter_sleep(t, may)
{
	do
	:: atomic { w[t].done -> err = OK; break }
	:: atomic { !w[t].done -> w[t].asleep = true };
		if
		:: !w[t].asleep
		:: atomic { w[t].asleep && (may) -> w[t].asleep = false; err = ETIMEDOUT; break }
#ifndef BRIEF
		:: atomic { w[t].asleep && (may) -> w[t].asleep = false; err = ERESTARTSYS; break }
#endif
		fi
	od
}

/* ---- kernel/inbox.c, of the server's inbox; under the lock ---- */

inline kipc_inbox_reserve(m)
{
	if
#ifdef RESERVE_IN_CLOSED
	:: room == 0 -> err = EAGAIN
	:: room > 0 ->
#else
	:: closed -> err = EPIPE
	:: !closed && room == 0 -> err = EAGAIN
	:: !closed && room > 0 ->
#endif
		assert(!closed && msg[m].state == NEW);
		room--;
		msg[m].state = RESERVED;
		err = OK
	fi
}

inline grant_to(n)
{
	i = (n) % CALLERS;
	assert(msg[cur[i]].state == NEW);
	room--;
	msg[cur[i]].state = RESERVED;
	server_ref++;			/* kipc_inbox_pin() */
	w[i].entry = false;
	kipc_waiter_finish(i, OK)
}

inline kipc_inbox_grant()
{
	do
	:: room > 0 && WANTS_ROOM(0) -> grant_to(0)
	:: room > 0 && WANTS_ROOM(1) -> grant_to(1)
	:: room > 0 && WANTS_ROOM(2) -> grant_to(2)
	:: else -> break
	od
}

#ifdef NO_GRANT
#define kipc_inbox_grant()	skip
#endif

/* Whom it counts for is known by the stack of who waits: kipc_inbox_payer(). */
inline kipc_inbox_give(m)
{
	assert(!msg[m].call || w[CALLER_OF(m)].live);
	room++
}

inline kipc_inbox_free_slice(m)
{
	kipc_inbox_give(m);
	kipc_inbox_grant()
}

inline kipc_inbox_cancel(m)
{
	assert(msg[m].state == RESERVED);
	msg[m].state = NEW;
	kipc_inbox_free_slice(m)
}

inline kipc_inbox_receiver(n, m, notice)
{
	header[(n) % SERVERS] = m;
	header_canceled[(n) % SERVERS] = notice;
	w[CALLERS + (n) % SERVERS].entry = false;
	kipc_waiter_finish(CALLERS + (n) % SERVERS, OK)
}

/* Or else the message is QUEUED. */
inline kipc_inbox_hand_over(m)
{
	msg[m].state = HELD;
	if
	:: RECEIVES(0) -> kipc_inbox_receiver(0, m, false)
	:: RECEIVES(1) -> kipc_inbox_receiver(1, m, false)
	:: RECEIVES(2) -> kipc_inbox_receiver(2, m, false)
	:: else -> msg[m].state = QUEUED
	fi
}

inline kipc_inbox_tell_canceled(m)
{
	if
	:: RECEIVES(0) -> kipc_inbox_receiver(0, m, true)
	:: RECEIVES(1) -> kipc_inbox_receiver(1, m, true)
	:: RECEIVES(2) -> kipc_inbox_receiver(2, m, true)
	:: else -> msg[m].listed = true
	fi
}

inline kipc_inbox_unhold(m)
{
	assert(msg[m].state == HELD);
	msg[m].listed = false;
	msg[m].state = NONE
}

inline kipc_inbox_requeue(m, notice)
{
	if
	:: msg[m].state != HELD || msg[m].busy
	:: msg[m].state == HELD && !msg[m].busy && notice -> kipc_inbox_tell_canceled(m)
	:: msg[m].state == HELD && !msg[m].busy && !notice ->
		kipc_inbox_unhold(m);
		kipc_inbox_hand_over(m)
	fi
}

inline kipc_message_destroy(m)
{
	assert(msg[m].state != FREED);
	assert(msg[m].state == NEW || msg[m].state == NONE);
	assert(!msg[m].call && !msg[m].busy && !msg[m].listed);
	msg[m].canceled = false;
	msg[m].state = FREED
}

/* ---- kernel/send.c, kernel/call.c ---- */

/* A filled message to its receiver. */
inline kipc_channel_deliver(m)
{
	assert(!closed && msg[m].state == RESERVED);
	kipc_waiter_init(c);
	msg[m].call = true;
	kipc_inbox_hand_over(m)
}

/* End a call without a reply: its caller, if it waits, is told. */
inline kipc_call_end(m, why, held)
{
	if
	:: msg[m].call ->
		assert(w[CALLER_OF(m)].live);
		msg[m].call = false;
		outcome[CALLER_OF(m)] = (held -> DELIVERED : OUTCOME_NONE);
#ifdef END_SAYS_UNDELIVERED
		outcome[CALLER_OF(m)] = OUTCOME_NONE;
#endif
		kipc_waiter_finish(CALLER_OF(m), why)
	:: else
	fi
}

inline kipc_call_give_up()
{
	atomic { LOCK;
	if
#ifndef GIVE_UP_UNLOCKED_LOOK
	:: w[c].done -> err = w[c].result
	:: !w[c].done ->
#else
	:: true ->
#endif
#ifndef GIVE_UP_KEEPS_CALL
		msg[m].call = false;
#endif
		if
		:: msg[m].state == QUEUED ->
			msg[m].state = NEW;	/* kipc_inbox_withdraw() */
			kipc_inbox_free_slice(m);
			withdrawn = true
#ifdef WITHDRAW_HELD
		:: msg[m].state == HELD ->
			msg[m].state = NEW;
			kipc_inbox_free_slice(m);
			withdrawn = true
#else
		:: msg[m].state == HELD ->
			outcome[c] = DELIVERED;
			msg[m].canceled = true;	/* kipc_inbox_give_up() */
			if
			:: notices -> kipc_inbox_tell_canceled(m)
			:: else
			fi;
#ifndef RESTART_DELIVERED
			err = (err == ERESTARTSYS -> EINTR : err)
#endif
#endif
		:: else -> assert(false)	/* unreached: it is one of them */
		fi
	fi;
		unlock() };
	kipc_wakes_flush();
	if
	:: atomic { withdrawn -> withdrawn = false; kipc_message_destroy(m) }
	:: else
	fi
}

/* ---- a caller: a client with one thread ---- */

inline kipc_message_create()
{
	cur[c] = m;
	msg[m].state = NEW;
	outcome[c] = OUTCOME_NONE
}

inline kipc_channel_post()
{
	if
#ifndef BRIEF
	:: atomic { LOCK;
		kipc_message_create();
		kipc_inbox_reserve(m);
		if
		:: err == OK -> kipc_channel_deliver(m)
		:: err == OK && odds > 0 ->		/* no memory now */
			odds--;
			kipc_inbox_cancel(m);
			err = EAGAIN
		:: else
		fi;
			unlock() };
		kipc_wakes_flush()
#endif
#ifndef QUICK
	:: atomic { kipc_message_create(); err = EAGAIN }		/* not small */
#endif
	fi
}

/* kipc_channel_await(), after a sleep that did not end well */
inline kipc_channel_await(t)
{
	atomic { LOCK;
		if
		:: w[t].done -> err = w[t].result
		:: else -> w[t].entry = false
		fi;
		waiter_gone(t);
		unlock() }
}

inline kipc_channel_reserve()
{
	atomic { LOCK;
		kipc_inbox_reserve(m);
		if
		:: err == OK -> server_ref++
		:: err == EAGAIN -> kipc_waiter_init(c); w[c].entry = true
		:: else
		fi;
		unlock() };
	if
	:: err == EAGAIN ->
		kipc_waiter_sleep(c, hasty[c]);
		if
		:: err == OK -> err = w[c].result; waiter_gone(c)
		:: else -> kipc_channel_await(c)
		fi
	:: else
	fi
}

inline kipc_channel_commit()
{
	atomic { LOCK;
		if
#ifndef COMMIT_IN_CLOSED
		:: closed -> kipc_inbox_cancel(m); err = EPIPE
		:: !closed -> kipc_channel_deliver(m)
#else
		:: kipc_channel_deliver(m)
#endif
		fi;
		unlock() };
	kipc_wakes_flush();
	server_ref--
}

inline kipc_channel_cancel()
{
	atomic { LOCK; kipc_inbox_cancel(m);
		unlock() };
	kipc_wakes_flush();
	server_ref--;
	err = EFAULT
}

inline kipc_channel_send_stepwise()
{
	kipc_channel_reserve();
	if
	:: err == OK ->
		assert(server_ref > 0);		/* kipc_copy_to_memory() */
		if
		:: kipc_channel_commit()
		:: atomic { odds > 0 -> odds-- }; kipc_channel_cancel()
		fi
	:: else
	fi
}

inline kipc_channel_call()
{
	kipc_channel_post();
	if
	:: err == EAGAIN -> kipc_channel_send_stepwise()
	:: else
	fi;
	if
	:: err != OK -> kipc_message_destroy(m)
	:: else ->
		kipc_waiter_sleep(c, hasty[c]);
		if
		:: err != OK -> kipc_call_give_up()
		:: else -> err = w[c].result
		fi;
		waiter_gone(c)		/* it returns */
	fi
}

/* The outcomes that a caller can rely on: exactly one of them. */
inline check_outcome()
{
	assert(err != OK || (outcome[c] == REPLIED && replies[c] == 1 && ran[c] <= 1));
	assert(err == OK || replies[c] == 0);
	assert(err != EPIPE || (outcome[c] == OUTCOME_NONE && ran[c] == 0));
	assert(err != ECONNRESET || outcome[c] == DELIVERED);
	assert(err != ETIMEDOUT || outcome[c] == DELIVERED ||
	       (outcome[c] == OUTCOME_NONE && ran[c] == 0));
	assert(err != EINTR || outcome[c] == DELIVERED);
	assert(err != ERESTARTSYS || (outcome[c] == OUTCOME_NONE && ran[c] == 0));
	assert(err != EFAULT || (outcome[c] == OUTCOME_NONE && ran[c] == 0));
	assert(err == OK || err == EPIPE || err == ECONNRESET || err == ETIMEDOUT ||
	       err == EINTR || err == ERESTARTSYS || err == EFAULT)
}

proctype caller(byte c)
{
	byte m, wakes;
	mtype:errors err;
	bool withdrawn;

	m = c * ATTEMPTS;
	do
	:: kipc_channel_call();
		check_outcome();
		if
		:: err == ERESTARTSYS && m < (c + 1) * ATTEMPTS - 1 -> m++
		:: err != ERESTARTSYS || m == (c + 1) * ATTEMPTS - 1 -> break
		fi
	od;
	/* kipc_channel_disconnect(), kipc_channel_abandon() */
	atomic { !lock -> left[c] = true; replies[c] = 0; ref[c]--; callers_left-- }
}

/* ---- a thread of the server ---- */

inline kipc_receive_begin()
{
	SOME(IS_LISTED);
	if
	:: j != NOBODY ->
		msg[j].listed = false;
		m = j;
		notice = true
	:: else ->
		SOME(IS_QUEUED);
		if
		:: j != NOBODY ->
			msg[j].state = HELD;	/* kipc_inbox_take() */
			m = j
		:: else ->
			kipc_waiter_init(me);
			w[me].entry = true
		fi
	fi
}

inline kipc_channel_requeue()
{
	atomic { LOCK;
		kipc_inbox_requeue(m, notice);
		m = NOBODY;
		notice = false;
		unlock() };
	kipc_wakes_flush()
}

/* @m, or NOBODY: killed, or to be called again */
inline kipc_channel_receive()
{
	atomic { LOCK;
		notice = false;
		kipc_receive_begin();
		err = OK;
		unlock() };
	if
	:: m == NOBODY ->
		kipc_waiter_sleep(me, killed || dying);
		if
		:: err != OK -> kipc_channel_await(me)
		:: else
		fi;
		atomic {
			if
			:: err == OK ->
				m = header[s];
				notice = header_canceled[s];
				header[s] = 0;
				header_canceled[s] = false
			:: else
			fi;
			waiter_gone(me)
		}
	:: else
	fi;
	if
	:: atomic { err != OK -> leave = true }
	/* fatal_signal_pending() */
	:: atomic { err == OK && (killed || dying) -> leave = true };
#ifdef DIE_WITH_MESSAGE
		m = NOBODY
#else
		kipc_channel_requeue()
#endif
	:: atomic { err == OK && odds > 0 -> odds-- };
		kipc_channel_requeue()
	:: atomic { err == OK && notice -> m = NOBODY; notice = false }
	:: atomic { err == OK && !notice ->
		ran[CALLER_OF(m)]++;
		assert(ran[CALLER_OF(m)] == 1) }
	fi
}

inline kipc_channel_drop(n)
{
	kipc_inbox_unhold(n);
	kipc_inbox_free_slice(n)
}

inline kipc_channel_release(n)
{
	atomic { LOCK;
		if
		:: msg[n].state != HELD -> err = ENOENT
		:: msg[n].state == HELD && msg[n].busy -> err = EBUSY
		:: msg[n].state == HELD && !msg[n].busy ->
			err = OK;
			kipc_channel_drop(n);
			kipc_call_end(n, ECONNRESET, true)
		fi;
		unlock() };
	kipc_wakes_flush();
	if
	:: err == OK -> kipc_message_destroy(n)
	:: else
	fi
}

inline kipc_reply_reserve(n)
{
	if
	:: msg[n].state != HELD -> err = ENOENT
	:: msg[n].state == HELD && msg[n].busy -> err = EBUSY
	:: msg[n].state == HELD && !msg[n].busy ->
		err = OK;
		inbox = msg[n].call;		/* kipc_reply_target() */
		if
		:: inbox ->
			assert(w[CALLER_OF(n)].live && !left[CALLER_OF(n)]);
			assert(reply == NEW);
			reply = RESERVED
		:: else
		fi
	fi
}

inline reply_cancel()
{
	assert(reply == RESERVED);
	reply = NEW
}

/* Touches the stack of who waits, and ends that. */
inline kipc_reply_deliver(n)
{
	assert(reply == RESERVED && !left[CALLER_OF(n)]);
	assert(w[CALLER_OF(n)].live && outcome[CALLER_OF(n)] == OUTCOME_NONE);
#ifndef TELL_FIRST
	msg[n].call = false;
#endif
	reply = HELD;
	replies[CALLER_OF(n)]++;
	outcome[CALLER_OF(n)] = REPLIED;
	kipc_waiter_finish(CALLER_OF(n), OK)
}

inline kipc_reply_end(n)
{
#ifdef TELL_FIRST
	if
	:: inbox
	:: else -> kipc_channel_drop(n)
	fi;
#else
	kipc_channel_drop(n);
#endif
	if
	:: inbox -> kipc_reply_deliver(n)
	:: else -> err = ECANCELED
	fi
}

inline reply_unlock(n)
{
#ifdef TELL_FIRST
	if
	:: atomic { reply == HELD -> kipc_channel_drop(n); msg[n].call = false }
	:: else
	fi;
#endif
	kipc_wakes_flush()
}

inline kipc_reply_post(n)
{
	atomic { LOCK;
		kipc_reply_reserve(n);
		if
		:: err == OK -> kipc_reply_end(n)
		:: err == OK && inbox && odds > 0 ->
			odds--;
			reply_cancel();
			err = EAGAIN
		:: err != OK
		fi;
		unlock() };
	reply_unlock(n)
}

inline kipc_reply_commit(n)
{
	msg[n].busy = false;
	if
#ifdef COMMIT_BLINDLY
	:: err == OK && inbox ->
#else
	:: err == OK && inbox && msg[n].call ->
#endif
		kipc_reply_end(n)
	:: else ->
		if
		:: inbox -> reply_cancel()
		:: else
		fi;
		if
		:: err == OK -> inbox = false; kipc_reply_end(n)
		:: else
		fi
	fi
}

inline kipc_reply_stepwise(n)
{
	atomic { LOCK;
		kipc_reply_reserve(n);
		pinned = (err == OK && inbox);
		if
		:: err == OK ->
#ifndef NOT_BUSY
			msg[n].busy = true;
#endif
#ifndef REPLY_UNPINNED
			ref[CALLER_OF(n)] = ref[CALLER_OF(n)] + pinned
#endif
		:: else
		fi;
		unlock() };
	if
	:: err == OK ->
		if
		:: pinned ->
			assert(ref[CALLER_OF(n)] > 0);	/* kipc_copy_to_memory() */
			if
			:: true
			:: atomic { odds > 0 -> odds--; err = EFAULT }
			fi
		:: else
		fi;
		atomic { LOCK; kipc_reply_commit(n); unlock() };
		reply_unlock(n);
		atomic {
#ifndef REPLY_UNPINNED
			ref[CALLER_OF(n)] = ref[CALLER_OF(n)] - pinned;
#endif
			pinned = false
		}
	:: else
	fi
}

inline kipc_channel_reply(n)
{
	reply = NEW;
	if
	:: kipc_reply_post(n)
#ifndef BRIEF
	:: err = EAGAIN		/* not small */
#endif
	fi;
	if
	:: err == EAGAIN -> kipc_reply_stepwise(n)
	:: else
	fi;
	atomic {
		assert(reply == (err == OK -> HELD : NEW));
		reply = NONE;
		inbox = false;
		if
		:: err == OK || err == ECANCELED -> kipc_message_destroy(n)
		:: else
		fi
	}
}

/* Its file goes: nobody is in an operation on it. */
inline kipc_channel_destroy()
{
	atomic { LOCK;
		server = false;
		closed = true;		/* kipc_inbox_close() */
#ifndef CLOSE_FORGETS_SENDERS
		i = 0;
		do
		:: i < CALLERS ->
			if
			:: w[i].entry ->
				w[i].entry = false;
				kipc_waiter_finish(i, EPIPE)
			:: else
			fi;
			i++
		:: else -> break
		od;
#endif
		unlock() };
	kipc_wakes_flush();
	/* kipc_channel_abandon() */
	do
	:: atomic { LOCK;
#ifdef ABANDON_QUEUED_ONLY
		SOME(IS_QUEUED);
#else
		SOME(IS_IN);
#endif
		m = j;
		if
		:: j != NOBODY ->	/* kipc_inbox_drain() */
			assert(!msg[j].busy);
			notice = (msg[j].state == HELD);
			msg[j].state = NONE;
			msg[j].listed = false;
			kipc_inbox_give(j);
			kipc_call_end(j, (notice -> ECONNRESET : EPIPE), notice)
		:: else
		fi;
			unlock() };
		kipc_wakes_flush();
		if
		:: m != NOBODY -> kipc_message_destroy(m)
		:: else -> break
		fi
	od;
	server_ref--
}

proctype server_thread(byte s)
{
	byte m = NOBODY, wakes;
	mtype:errors err;
	mtype:states reply = NONE;
	bool notice, leave, inbox, pinned, dying;

	do
	:: !leave && m == NOBODY && !killed -> kipc_channel_receive()
	:: m != NOBODY && !killed ->
		if
		:: kipc_channel_reply(m);
			/* Still held: once more, differently. */
			if
			:: err == EFAULT || err == EBUSY -> kipc_channel_release(m)
			:: else
			fi
#ifndef BRIEF
		:: kipc_channel_release(m)
#endif
		fi;
		atomic { m = NOBODY; err = OK }
	/* Killed alone, from now on whenever it may be */
	:: atomic { odds > 0 && threads > 1 && !dying && !leave && m == NOBODY && !killed ->
		odds--;
		threads--;
		dying = true }
	/* Any other's that it has heard of */
	:: atomic { odds > 0 && m == NOBODY && !killed ->
		odds--;
		SOME(IS_HELD);
		m = j }
	:: leave || killed -> break
	od;
	atomic {
		servers_left--;
		leave = (servers_left == 0)
	};
	if
	:: leave -> kipc_channel_destroy()
	:: else
	fi
}

/* Kills the server's process; and what must be true when all is over. */
active proctype reaper()
{
	if
#if !defined(BRIEF) && !defined(QUICK)
	:: notices = true	/* KIPC_CHANNEL_NOTICES */
#endif
	:: true
	fi;
	atomic {
		i = 0;
		do
		:: i < CALLERS ->
			if
#ifndef QUICK
			:: i == 0 -> hasty[i] = true
#endif
			:: true
			fi;
			ref[i] = 1;
			run caller(i);
			i++
		:: else -> break
		od;
		i = 0;
		do
		:: i < SERVERS -> run server_thread(i); i++
		:: else -> break
		od
	};
	if
	:: true				/* at any time */
	:: true -> callers_left == 0	/* when there is nothing to do any more */
	fi;
	killed = true;
	atomic { callers_left == 0 && server_ref == 0 && _nr_pr == 1 ->
		assert(room == ROOM && !lock);
		i = 0;
		do
		:: i < MSGS -> assert(msg[i].state == FREED || msg[i].state == 0); i++	/* 0: never made */
		:: else -> break
		od;
		i = 0;
		do
		:: i < CALLERS -> assert(ref[i] == 0 && replies[i] == 0); i++
		:: else -> break
		od }
}
