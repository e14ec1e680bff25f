/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Model: the ring, where a receiver finds one-way messages without a request.
 *
 * It stands for
 *
 *	producer()	kipc_inbox_put() of a message without priority: to a thread that waits,
 *			kipc_ring_takes() and kipc_ring_push(), or else the queue
 *	consumer()	lib/transport/channel_ring.c: kipc_intake_take(), kipc_intake_advance(),
 *			kipc_intake_tell(), kipc_intake_release(); and the requests that it makes:
 *			kipc_channel_receive() with kipc_ring_release(): kipc_ring_check(),
 *			kipc_ring_next_done(), kipc_ring_clear(); and kipc_receive_begin() with
 *			kipc_ring_mark_seen(): kipc_inbox_fill_ring()
 *	hostile()	a thread of the owner that says it has seen and done with anything
 *
 * A message is its number in the order of sending, from 0; the entries of the ring have numbers of
 * their own.  at[].slot is what the owner reads in an entry: a message, or STALE while it is written.
 * @shared_tail is @tail of struct kipc_ring.  What the kernel has stored there, and the owner does not
 * see yet, is in @stores, in the order that smp_store_release() gives it; whoever takes the lock
 * sees all.  @tail, @seen, @done, at[].held are those of struct kipc_ring_state; @taken,
 * @intake_done, at[].released those of struct kipc_intake, sequentially consistent as the library
 * has them.  What is done under the channel's lock is one step, and needs no lock here; a receiver
 * that is handed a message is woken as in waiter.pml.
 *
 * What must be true: each message is seen once and whole, by one consumer in their order; no entry
 * is written over that is held; no message is freed twice; and none sleeps while there is something
 * for it (no invalid end state).  Beside a hostile thread the owner may lose messages and sleep for
 * ever; but the kernel's numbers are right, no message is freed twice, and the sender gets on.
 *
 * Left out: urgent messages, poll, releases that wait for company (@told_seen), fork().
 *
 * Runs: a ring of 2 entries, which is written over once and a half.
 *	ONE	-DCONSUMERS=1 -DMSGS=4
 *	TWO	-DCONSUMERS=2 -DMSGS=3
 *	HOSTILE	-DCONSUMERS=1 -DMSGS=3 -DHOSTILE
 *
 * Mistakes:
 *	TAIL_FIRST	ONE	254		set tail, then write the entry
 *	OVERWRITE	ONE	held		take no care whether the entry is free
 *	NO_RECHECK	ONE	end state	sleep without looking whether tail is what was seen
 *	PASS_QUEUE	ONE	last		put into the ring what must stay behind the queue
 *	TAKE_PLAIN	TWO	met		take a number by load and store
 *	RELEASE_ALL	TWO	held		release what was seen, not what was done with
 *	NO_CHECK	HOSTILE	tail		do not check what the owner says
 *	FREE_AGAIN	HOSTILE	freed		leave the entry when its message has ended
 */


#ifndef ENTRIES
#define ENTRIES		2
#endif
#define NONE		255
#define STALE		254
#define TAIL		253

typedef entry {
	byte	slot;		/* what the owner reads there */
	byte	held;		/* the kernel's */
	byte	released;	/* the library's */
};

entry at[ENTRIES];
byte tail, seen, done;			/* struct kipc_ring_state */
byte shared_tail;
byte taken, intake_done;		/* struct kipc_intake */
chan queued = [MSGS] of { byte };	/* inbox->queued */
chan stores = [8] of { byte, byte };	/* an entry and what goes there; or TAIL, and that */
byte met[MSGS];			/* how often it was seen */
bool freed[MSGS];
byte last = NONE;			/* the message that was seen last */
bool waits[CONSUMERS];			/* in inbox->receivers */
byte handed[CONSUMERS];			/* receiver.header */
byte queued_count;
byte count;				/* messages seen */

hidden byte i, j;

/* What is seen under the lock is all that was stored there. */
#define LOCKED		empty(stores)

inline see(msg)
{
#ifndef HOSTILE
	assert(msg != STALE && met[msg] == 0);
	assert(CONSUMERS > 1 || msg == last + 1 || (msg == 0 && last == NONE));
	met[msg]++;
	last = msg;
#endif
	count++
}

inline message_end(msg)
{
	assert(!freed[msg]);
	freed[msg] = true
}

/* The entry is free: kipc_ring_takes(). */
inline kipc_ring_push(msg)
{
	j = tail % ENTRIES;
	assert(at[j].held == NONE);
	at[j].held = msg;
	at[j].slot = STALE;
	tail++;
#ifdef TAIL_FIRST
	stores ! TAIL, tail;
	stores ! j, msg
#else
	stores ! j, msg;
	stores ! TAIL, tail
#endif
}

#ifdef OVERWRITE
#define kipc_ring_takes()	true
#else
#define kipc_ring_takes()	(at[tail % ENTRIES].held == NONE)
#endif

inline kipc_inbox_fill_ring()
{
	do
	:: queued_count > 0 && kipc_ring_takes() ->
		queued ? i;
		queued_count--;
		kipc_ring_push(i)
	:: else -> break
	od
}

/* kipc_inbox_hand_over() */
inline hand_over(n, msg)
{
	waits[(n) % CONSUMERS] = false;
	handed[(n) % CONSUMERS] = msg
}

active proctype producer()
{
	byte msg;

	do
	:: msg < MSGS ->
		atomic {	/* kipc_inbox_put() */
			if
			:: waits[0] -> hand_over(0, msg)
			:: CONSUMERS > 1 && waits[1 % CONSUMERS] -> hand_over(1, msg)
			:: else ->
				if
#ifdef PASS_QUEUE
				:: kipc_ring_takes() -> kipc_ring_push(msg)
#else
				:: queued_count == 0 && kipc_ring_takes() -> kipc_ring_push(msg)
#endif
				:: else -> queued ! msg; queued_count++
				fi
			fi;
			msg++
		}
	:: else -> break
	od
}

/* Stores become seen */
active proctype memory()
{
	byte where, what;

end:	do
	:: atomic { stores ? where, what ->
		if
		:: where == TAIL -> shared_tail = what
		:: else -> at[where].slot = what
		fi;
		where = 0;
		what = 0 }
	od
}

/* KIPC_IOC_CHANNEL_RECV with KIPC_RECV_RING: @got is a message, or NONE (KIPC_KIND_NONE) */
inline kipc_channel_receive(mark_seen, mark_done)
{
	/* kipc_ring_release() */
	atomic { LOCKED ->
		if
#ifndef NO_CHECK
		:: !(mark_done <= mark_seen && mark_seen <= tail) -> err = true
#endif
		:: else ->
			/* kipc_ring_next_done() */
			if
			:: tail > ENTRIES && done < tail - ENTRIES -> done = tail - ENTRIES
			:: else
			fi;
			do
			:: done < mark_done ->
				j = done % ENTRIES;
				done++;
				if
				:: at[j].held != NONE ->
					i = at[j].held;
					message_end(i);
#ifndef FREE_AGAIN
					at[j].held = NONE	/* kipc_ring_clear() */
#endif
				:: else
				fi
			:: else -> break
			od;
			assert(done <= tail)
		fi };
	if
	:: err
	:: else ->
		/* kipc_receive_begin(), kipc_ring_mark_seen() */
		atomic { LOCKED ->
			kipc_inbox_fill_ring();
			seen = (mark_seen > seen -> mark_seen : seen);
			assert(seen <= tail);
			if
#ifndef NO_RECHECK
			:: tail != mark_seen -> got = NONE
#endif
			:: else ->
				if
				:: queued_count > 0 -> queued ? got; queued_count--
				:: queued_count == 0 && wait -> waits[c] = true
				:: queued_count == 0 && !wait
				fi
			fi }
	fi
}

inline kipc_intake_advance()
{
	do
	:: atomic { at[intake_done % ENTRIES].released > intake_done -> intake_done++ }
	:: else -> break
	od;
	mark_done = intake_done
}

/* By its id */
inline kipc_channel_release(msg)
{
	atomic { LOCKED ->
		j = 0;
		do
		:: j < ENTRIES && at[j].held != msg -> j++
		:: else -> break
		od;
		if
		:: j < ENTRIES ->
			message_end(msg);
#ifndef FREE_AGAIN
			at[j].held = NONE
#endif
		:: else		/* -ENOENT */
		fi;
		j = 0 }
}

proctype consumer(byte c)
{
	byte number, got = NONE, mark_seen, mark_done;
	bool err, wait = true;

	do
	:: count == MSGS -> break
	:: else ->
		/* kipc_intake_take() */
		number = taken;
		if
#ifdef TAKE_PLAIN
		:: number != shared_tail -> taken = number + 1;
#else
		:: atomic { number != shared_tail && taken == number -> taken++ };
#endif
			atomic {
				got = at[number % ENTRIES].slot;
				see(got)
			};
#ifndef HOSTILE
			/* It is read for a while: nobody else may end it */
			assert(at[number % ENTRIES].held == got);
#endif
			/* kipc_intake_release() */
			at[number % ENTRIES].released = number + 1;
			kipc_intake_advance();
			if
			:: mark_done <= number && got != STALE -> kipc_channel_release(got)
			:: else
			fi
		:: number == shared_tail ->
			/* kipc_intake_tell() */
			mark_seen = taken;
			kipc_intake_advance();
			mark_done = (mark_done > mark_seen -> mark_seen : mark_done);
#ifdef RELEASE_ALL
			mark_done = mark_seen;
#endif
			kipc_channel_receive(mark_seen, mark_done);
#ifndef HOSTILE
			assert(!err);
#endif
			if
			:: waits[c] || handed[c] != NONE ->
#ifdef HOSTILE
end_sleep:
#endif
				if
				:: atomic { handed[c] != NONE -> got = handed[c]; handed[c] = NONE }
				:: atomic { waits[c] && count == MSGS -> waits[c] = false }
				fi
			:: else
			fi;
			if
			:: atomic { got != NONE -> see(got); message_end(got) }
			:: else
			fi
		:: number != shared_tail && taken != number	/* somebody else has taken it */
		fi;
		atomic { got = NONE; err = false; number = 0; mark_seen = 0; mark_done = 0 }
	od
}

#ifdef HOSTILE
/* Says anything, twice, and releases anything */
proctype hostile()
{
	byte c, number, got = NONE, mark_seen, mark_done;
	bool err, wait;

	do
	:: c < 2 ->
		if
		:: mark_seen = 0
		:: mark_seen = tail
		:: mark_seen = tail + 1
		fi;
		if
		:: mark_done = 0
		:: mark_done = 1
		:: mark_done = tail
		:: mark_done = tail + 1
		fi;
		kipc_channel_receive(mark_seen, mark_done);
		if
		:: atomic { got != NONE -> message_end(got); got = NONE }
		:: else
		fi;
		err = false;
		number = at[c % ENTRIES].held;
		if
		:: number != NONE -> kipc_channel_release(number)
		:: true
		fi;
		c++
	:: else -> break
	od
}
#endif

init {
	atomic {
		i = 0;
		do
		:: i < ENTRIES -> at[i].held = NONE; at[i].slot = STALE; i++
		:: else -> break
		od;
		i = 0;
		do
		:: i < CONSUMERS -> handed[i] = NONE; run consumer(i); i++
		:: else -> break
		od;
#ifdef HOSTILE
		run hostile();
#endif
		i = 0
	}
}
