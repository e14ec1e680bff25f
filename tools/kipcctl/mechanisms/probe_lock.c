// SPDX-License-Identifier: GPL-2.0
/*
 * Probes of locks.  One process holds, another finds the lock by its name, is kept out,
 * waits, and goes on when it is let go.  What nobody holds (an event, a condition, a
 * barrier) is waited for in the same way.
 */
#include <errno.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "mechanisms.h"

#define STEP_TRIED	STEP_OWN
#define STEP_TAKEN	(STEP_OWN + 1)
#define STEP_DONE	(STEP_OWN + 9)

#define LONG		6000	/* ms: longer than anybody waits to be woken */
#define PATIENCE	1000
#define SHORT		30
#define TICK		10	/* a deadline may be one early */

static const struct lock *lock_of(const struct trial *trial)
{
	return trial->mechanism->lock;
}

static bool busy(int err)
{
	return err == -EAGAIN || err == -EBUSY || err == -ETIMEDOUT;
}

static int find_it(struct trial *trial, struct end *end)
{
	int err = await(trial, STEP_MADE);

	end_init(end);
	if (!err)
		err = lock_of(trial)->find(trial, end);
	return err ? bad(trial, err, "find") : 0;
}

/* Make it, and hold it where that can be. */
static int make_it(struct trial *trial, struct end *end)
{
	int err;

	end_init(end);
	err = lock_of(trial)->make(trial, end);
	if (err)
		return bad(trial, err, "make");
	if (!lock_of(trial)->born_taken)
		err = lock_of(trial)->take(end, -1);
	if (err)
		return bad(trial, err, "take");
	tell(trial, STEP_MADE);
	return 0;
}

/* ---- unrelated processes ---- */

static int contend(struct trial *trial, void *arg)
{
	const struct lock *lock = lock_of(trial);
	struct end end;
	int err = find_it(trial, &end);

	(void)arg;
	if (err)
		return err;
	trial->stage->value[0] = lock->no_try ? -EBUSY : lock->take(&end, 0);
	tell(trial, STEP_TRIED);
	/* Who is not woken gives up, where that can be */
	trial->stage->value[1] = lock->take(&end, lock->no_timed ? -1 : LONG);
	tell(trial, STEP_TAKEN);
	return 0;
}

static int wait_for_sleep(struct trial *trial, pid_t pid)
{
	int slept = 0, i;

	for (i = 0; i < 400 && slept < 4; i++) {
		slept = peer_sleeps(pid) ? slept + 1 : 0;
		nap(5);
	}
	return slept == 4 ? 0 : bad(trial, -EPROTO, "the other did not wait");
}

static int keep_out_and_let_in(struct trial *trial, int *outcome)
{
	pid_t pid = fork_peer(trial, contend, NULL);
	struct end end;
	int err = pid < 0 ? pid : make_it(trial, &end), i;

	if (!err)
		err = await(trial, STEP_TRIED);
	if (!err && !busy((int)trial->stage->value[0]))
		err = bad(trial, -EPROTO, "the other was not kept out");
	if (!err)
		err = wait_for_sleep(trial, pid);
	if (!err)
		err = lock_of(trial)->drop ? lock_of(trial)->drop(&end) :
					     lock_of(trial)->take(&end, -1);
	if (err)
		return bad(trial, err, "let go");
	for (i = 0; i < PATIENCE && __atomic_load_n(&trial->stage->step, __ATOMIC_ACQUIRE) <
				    STEP_TAKEN; i++)
		nap(1);
	*outcome = i == PATIENCE ? -ETIMEDOUT : (int)trial->stage->value[1];
	return 0;
}

static int lock_unrelated(struct trial *trial)
{
	int outcome = 0, err = keep_out_and_let_in(trial, &outcome);

	if (err)
		return err;
	if (outcome)
		return found(trial, "no", "another process that waited was not woken: %s",
			     error_name(outcome));
	return found(trial, "yes",
		     "a process forked before it was made found it, waited, and was let in");
}

static int lock_unprivileged(struct trial *trial)
{
	int outcome = 0, err = drop_privileges();

	if (!err)
		err = keep_out_and_let_in(trial, &outcome);
	if (err || outcome)
		return bad(trial, err ? err : outcome, "setresuid");
	return found(trial, "yes", "user %d waited and was let in by another process",
		     (int)geteuid());
}

/* ---- many holders ---- */

static int share_it(struct trial *trial, void *arg)
{
	const struct lock *lock = lock_of(trial);
	struct end end;
	int err = find_it(trial, &end);

	(void)arg;
	if (err)
		return err;
	err = lock->share ? lock->share(&end, 0) :
	      lock->born_taken ? lock->take(&end, lock->no_timed ? -1 : LONG) :
				 lock->take(&end, 0);
	if (!err)
		__atomic_add_fetch(&trial->stage->sent, 1, __ATOMIC_SEQ_CST);
	if (__atomic_add_fetch(&trial->stage->ended, 1, __ATOMIC_SEQ_CST) == 2)
		tell(trial, STEP_TAKEN);
	return await(trial, STEP_DONE);
}

static int lock_many(struct trial *trial)
{
	const struct lock *lock = lock_of(trial);
	struct end end;
	pid_t first = fork_peer(trial, share_it, NULL), second;
	int err = first < 0 ? first : 0;

	second = err ? 0 : fork_peer(trial, share_it, NULL);
	end_init(&end);
	if (!err)
		err = second < 0 ? second : lock->make(trial, &end);
	/* One that is shared is held by us too, and by the others beside us */
	if (!err && !lock->born_taken)
		err = (lock->share ? lock->share : lock->take)(&end, 0);
	if (err)
		return bad(trial, err, "make");
	tell(trial, STEP_MADE);
	if (lock->born_taken && lock->drop) {
		err = wait_for_sleep(trial, first);
		if (!err)
			err = wait_for_sleep(trial, second);
		if (!err)
			err = lock->drop(&end);
	}
	if (!err)
		err = await(trial, STEP_TAKEN);
	if (err)
		return err;
	return found(trial, trial->stage->sent == 2 ? "n" : "1",
		     "%u of two processes %s", trial->stage->sent,
		     lock->born_taken ? "went on, at one wake-up" : "held it beside a third");
}

/* ---- who holds it ---- */

static int hold(struct trial *trial, void *arg)
{
	struct end end;
	int err = find_it(trial, &end);

	(void)arg;
	if (!err)
		err = lock_of(trial)->take(&end, -1);
	if (err)
		return err;
	tell(trial, STEP_TAKEN);
	return await(trial, STEP_DONE);
}

/* Made here and held there. */
static pid_t held_by_other(struct trial *trial, struct end *end)
{
	pid_t pid = fork_peer(trial, hold, NULL);
	int err = pid < 0 ? pid : 0;

	end_init(end);
	if (!err)
		err = lock_of(trial)->make(trial, end);
	if (err)
		return bad(trial, err, "make");
	tell(trial, STEP_MADE);
	err = await(trial, STEP_TAKEN);
	return err ? err : pid;
}

static int lock_identity(struct trial *trial)
{
	struct end end;
	pid_t pid, holder;

	if (!lock_of(trial)->holder)
		return found(trial, "no", "no call says who holds it");
	pid = held_by_other(trial, &end);
	if (pid < 0)
		return pid;
	holder = lock_of(trial)->holder(&end);
	return found(trial, holder == pid ? "yes" : "no", "held by process %d, the kernel said %d",
		     (int)pid, (int)holder);
}

/* ---- pollable, timed ---- */

static int lock_pollable(struct trial *trial)
{
	struct end end;
	int err, n;

	end_init(&end);
	err = lock_of(trial)->make(trial, &end);
	if (err)
		return bad(trial, err, "make");
	if (end.fd < 0)
		return found(trial, "no", "it has no descriptor");
	n = pollable_fd(trial, end.fd, true);
	return found(trial, n > 0 ? "yes" : "no", "epoll: %s", n < 0 ? error_name(n) : "taken");
}

static int lock_timed(struct trial *trial)
{
	const struct lock *lock = lock_of(trial);
	int64_t start;
	struct end end;
	int err;

	if (lock->no_timed)
		return found(trial, "no", "no call that waits for it takes a time");
	if (lock->born_taken) {
		err = make_it(trial, &end);
	} else {
		err = held_by_other(trial, &end);
		err = err < 0 ? err : 0;
	}
	if (err)
		return err;
	start = now_ns();
	err = lock->take(&end, SHORT);
	if (err != -ETIMEDOUT)
		return bad(trial, err ? err : -EPROTO, "waiting with a time");
	if (now_ns() - start < (SHORT - TICK) * 1000000LL)
		return bad(trial, -ETIME, "a wait that returned before its time");
	return found(trial, "yes", "waiting for %d ms returned after %lld ms", SHORT,
		     (long long)(now_ns() - start) / 1000000);
}

/* ---- life and death ---- */

static int make_and_stay(struct trial *trial, void *arg)
{
	const struct lock *lock = lock_of(trial);
	struct end end;
	int err;

	(void)arg;
	end_init(&end);
	err = lock->make(trial, &end);
	if (!err && lock->born_taken && lock->drop)
		err = lock->drop(&end);
	if (err)
		return bad(trial, err, "make");
	tell(trial, STEP_MADE);
	return await(trial, STEP_DONE);
}

static int lock_survives(struct trial *trial)
{
	const struct lock *lock = lock_of(trial);
	pid_t pid = fork_peer(trial, make_and_stay, NULL);
	int err = pid < 0 ? pid : await(trial, STEP_MADE);
	struct end end;

	if (!err)
		err = kill_peer(pid);
	if (err)
		return err;
	end_init(&end);
	err = lock->find(trial, &end);
	if (err)
		return found(trial, "no", "after its creator died: %s", error_name(err));
	err = lock->no_try ? 0 : lock->take(&end, 0);
	if (err)
		return bad(trial, err, "take what its creator had left free");
	return found(trial, "yes", "its creator died; another process found it as it was left");
}

static int find_from_elsewhere(struct trial *trial, void *arg)
{
	struct end end;
	int err = leave_machine(trial);

	(void)arg;
	tell(trial, STEP_OWN);
	if (!err)
		err = await(trial, STEP_OWN + 1);
	if (err)
		return err;
	end_init(&end);
	trial->stage->value[0] = lock_of(trial)->find(trial, &end);
	tell(trial, STEP_OWN + 2);
	return 0;
}

static int lock_machines(struct trial *trial)
{
	struct end end;
	pid_t pid;
	int err;

	if (geteuid())
		return untried(trial, "needs privileges: another machine is made of namespaces");
	pid = fork_peer(trial, find_from_elsewhere, NULL);
	err = pid < 0 ? pid : await(trial, STEP_OWN);
	end_init(&end);
	if (!err)
		err = lock_of(trial)->make(trial, &end);
	if (err)
		return bad(trial, err, "make");
	tell(trial, STEP_OWN + 1);
	err = await(trial, STEP_OWN + 2);
	if (err)
		return err;
	return found(trial, trial->stage->value[0] ? "no" : "yes",
		     "from a process that shares no name with it: %s",
		     trial->stage->value[0] ? error_name((int)trial->stage->value[0]) : "found");
}

static int lock_death(struct trial *trial)
{
	const struct lock *lock = lock_of(trial);
	struct end end;
	pid_t pid = held_by_other(trial, &end);
	int err = pid < 0 ? pid : kill_peer(pid);

	if (err)
		return err;
	err = lock->take(&end, 0);
	if (err == -EOWNERDEAD)
		return found(trial, "told", "killed who held it: the next got it, and EOWNERDEAD");
	if (!err)
		return found(trial, "freed", "killed who held it: the next got it");
	if (!busy(err))
		return bad(trial, err, "take");
	return found(trial, "no", "killed who held it: it stays taken (%s)", error_name(err));
}

probe_fn * const lock_probes[CELL_COUNT] = {
	[CELL_UNRELATED] = lock_unrelated,
	[CELL_MANY] = lock_many,
	[CELL_IDENTITY] = lock_identity,
	[CELL_POLLABLE] = lock_pollable,
	[CELL_TIMED] = lock_timed,
	[CELL_SURVIVES] = lock_survives,
	[CELL_MACHINES] = lock_machines,
	[CELL_UNPRIVILEGED] = lock_unprivileged,
	[CELL_DEATH] = lock_death,
};
