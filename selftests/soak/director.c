// SPDX-License-Identifier: GPL-2.0
/*
 * Director: starts the actors, kills some, suspends some, replaces whoever has ended, and
 * watches that every thread moves.  One that does not is named, with what it was at and
 * where in the kernel it is.
 */
#include "soak.h"

#define BIT(n)		(1U << (n))
#define EVERY		(BIT(STEADY) | BIT(MORTAL) | BIT(SLEEPY))
#define PROGRESS	20	/* calls that others make while somebody is suspended */

static const struct role server = { "server", server_run, STAGE_END, BIT(MORTAL), BIT(SLEEPY) };
static const struct role client = { "client", client_run, STAGE_RECEIVE,
				    BIT(MORTAL) | BIT(SLEEPY), BIT(SLEEPY) };
static const struct role sender = { "sender", sender_run, STAGE_RECEIVE, EVERY, BIT(SLEEPY) };
static const struct role receiver = { "receiver", receiver_run, STAGE_END,
				      BIT(MORTAL) | BIT(SLEEPY), BIT(SLEEPY) };
static const struct role changer = { "changer", changer_run, STAGE_RECEIVE, 0, 0 };
static const struct role tokens = { "tokens", tokens_run, STAGE_RECEIVE, 0, 0 };
static const struct role lister = { "lister", lister_run, STAGE_RECEIVE, 0, 0 };
static const struct role mapper = { "mapper", mapper_run, STAGE_RECEIVE, EVERY, 0 };
static const struct role forker = { "forker", forker_run, STAGE_RECEIVE, EVERY, 0 };
static const struct role space = { "namespace", space_run, STAGE_RECEIVE, 0, 0 };
static const struct role presser = { "presser", presser_run, STAGE_RECEIVE, 0, 0 };
static const struct role unloader = { "unloader", unloader_run, STAGE_RECEIVE, 0, 0 };
static const struct role flooder = { "flooder", flooder_run, STAGE_RECEIVE, EVERY, 0 };
static const struct role hog = { "hog", hog_run, STAGE_RECEIVE, 0, 0 };

static const struct { const struct role *role; int slot, number; } cast[] = {
	{ &server, STEADY, 1 },   { &server, MORTAL, 1 },   { &server, SLEEPY, 1 },
	{ &client, STEADY, 2 },   { &client, MORTAL, 3 },   { &client, SLEEPY, 2 },
	{ &sender, STEADY, 2 },   { &sender, MORTAL, 2 },   { &sender, SLEEPY, 1 },
	{ &receiver, STEADY, 2 }, { &receiver, MORTAL, 2 }, { &receiver, SLEEPY, 1 },
	{ &changer, STEADY, 1 },  { &tokens, STEADY, 1 },   { &lister, STEADY, 1 },
	{ &mapper, STEADY, 1 },   { &forker, MORTAL, 1 },   { &space, STEADY, 1 },
	{ &presser, STEADY, 1 },  { &unloader, STEADY, 1 }, { &flooder, STEADY, 1 },
	{ &hog, STEADY, 1 },
};

static pid_t background;

static bool is_well(void)
{
	return !__atomic_load_n(&board->wrong, __ATOMIC_RELAXED);
}

static void __attribute__((format(printf, 1, 2))) complain(const char *format, ...)
{
	va_list args;

	printf("# soak: WRONG: ");
	va_start(args, format);
	vprintf(format, args);
	va_end(args);
	printf("\n");
	__atomic_fetch_add(&board->wrong, 1, __ATOMIC_RELAXED);
}

static void actor_start(struct actor *actor)
{
	pid_t pid;
	int i;

	for (i = 0; i < THREADS; i++)
		actor->marks[i] = (struct mark){ };
	actor->life++;
	actor->killed = false;
	fflush(stdout);
	pid = spawn();
	if (pid) {
		actor->pid = pid;
		return;
	}
	me = &actor->marks[0];
	me->doing = "starts";
	me->tid = getpid();
	random_state = board->seed + (actor - board->actors) * 7919 + actor->life * 104729;
	actor->role->run(actor);
	_exit(0);
}

/* The threads of one that was killed take with them what they had in hand. */
static void actor_ended(struct actor *actor, int status)
{
	int i;

	actor->pid = 0;
	actor->stopped = false;
	if (WIFEXITED(status) && WEXITSTATUS(status))
		complain("a %s of slot %d (%u) ended with %d", actor->role->name, actor->slot,
			 actor->life, WEXITSTATUS(status));
	if (!WIFSIGNALED(status))
		return;
	if (!actor->killed || WTERMSIG(status) != SIGKILL)
		complain("a %s of slot %d ended by signal %d", actor->role->name, actor->slot,
			 WTERMSIG(status));
	if (actor->role == &receiver && actor->slot == MORTAL)
		for (i = 0; i < THREADS; i++)
			board->lost += actor->marks[i].in_hand;
}

/* Take note of whoever has ended; orphans are reaped with them. */
static void reap_all(void)
{
	struct actor *actor;
	int status;
	pid_t pid;

	while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
		if (pid == background)
			background = 0;
		for (actor = board->actors; actor->role; actor++)
			if (actor->pid == pid)
				actor_ended(actor, status);
	}
}

static void start_missing(void)
{
	struct actor *actor;

	for (actor = board->actors; actor->role; actor++)
		if (!actor->pid && actor->role->ends > stage())
			actor_start(actor);
}

/* Movement */

static void show(const struct actor *actor, pid_t tid, const char *file)
{
	char path[96], text[2048] = "", *line, *rest = text;

	snprintf(path, sizeof(path), "/proc/%d/task/%d/%s", actor->pid, tid, file);
	read_text(path, text, sizeof(text));
	while ((line = strsep(&rest, "\n")))
		if (*line)
			printf("# soak:   %s: %s\n", file, line);
}

static void name_hung(const struct actor *actor, const struct mark *mark)
{
	complain("thread %d of %s %d (slot %d) has not moved for %d s; it %s, step %llu",
		 mark->tid, actor->role->name, actor->pid, actor->slot, HANG_S, mark->doing,
		 (unsigned long long)mark->beat);
	show(actor, mark->tid, "syscall");
	show(actor, mark->tid, "stack");
}

/* Whoever depends on one that is suspended need not move. */
static bool may_rest(const struct actor *actor, bool asleep)
{
	return !actor->pid || actor->stopped || (asleep && actor->slot == SLEEPY);
}

static void watch_all(void)
{
	struct actor *actor;
	struct mark *mark;
	bool asleep = false;

	for (actor = board->actors; actor->role; actor++)
		asleep |= actor->stopped;
	for (actor = board->actors; actor->role; actor++)
		for (mark = actor->marks; mark < actor->marks + THREADS; mark++) {
			if (!mark->tid || may_rest(actor, asleep) || !mark->seen_at ||
			    mark->beat != mark->seen_beat) {
				mark->seen_beat = mark->beat;
				mark->seen_at = now_ns();
			} else if (now_ns() - mark->seen_at > HANG_S * 1000000000ULL) {
				name_hung(actor, mark);
				mark->seen_at = 0;
			}
		}
}

/* Trouble */

static struct actor *some_actor(bool sleepy)
{
	struct actor *actor, *found = NULL;
	unsigned int n = 0;

	for (actor = board->actors; actor->role; actor++)
		if (actor->pid && !actor->stopped &&
		    (sleepy ? actor->role->sleepy : actor->role->mortal) & BIT(actor->slot) &&
		    !chance(++n))
			found = actor;
	return found;
}

static void kill_one(void)
{
	struct actor *actor = some_actor(false);

	if (!actor)
		return;
	actor->killed = true;
	kill(actor->pid, SIGKILL);
	count(KILLS);
}

/**
 * struct pause - somebody who is suspended until the others have done something
 * @actor:	who, or NULL
 * @calls:	how many the others had made then
 * @since:	when
 */
struct pause {
	struct actor *actor;
	uint64_t calls;
	uint64_t since;
};

static void pause_begin(struct pause *pause)
{
	struct actor *actor = some_actor(true);

	if (!actor || kill(actor->pid, SIGSTOP))
		return;
	actor->stopped = true;
	*pause = (struct pause){ actor, counted(CALLS), now_ns() };
	count(STOPS);
}

static void pause_end(struct pause *pause)
{
	uint64_t age = now_ns() - pause->since;

	if (!pause->actor->pid) {
		pause->actor = NULL;
		return;
	}
	if (age > HANG_S * 1000000000ULL)
		complain("while %s %d is suspended the others stand still",
			 pause->actor->role->name, pause->actor->pid);
	else if (age < 300000000 || counted(CALLS) - pause->calls < PROGRESS)
		return;
	pause->actor->stopped = false;
	kill(pause->actor->pid, SIGCONT);
	pause->actor = NULL;
}

static void start_background(unsigned int seconds)
{
	char time[16];

	snprintf(time, sizeof(time), "%us", seconds);
	background = spawn();
	if (background)
		return;
	setpgid(0, 0);
	execlp("stress-ng", "stress-ng", "--cpu", "1", "--vm", "1", "--vm-bytes", "32M",
	       "--fork", "1", "--switch", "1", "-t", time, "--quiet", NULL);
	_exit(0);
}

static void end_background(void)
{
	uint64_t end = in_ms(30000);

	if (background)
		kill(background, SIGTERM);
	while (background && now_ns() < end) {
		reap_all();
		nap_ms(20);
	}
	if (background)
		kill(-background, SIGKILL);
}

/* A stage is over when all who end with it have. */
static bool end_stage(int next)
{
	struct actor *actor;
	bool all;

	__atomic_store_n(&board->stage, next, __ATOMIC_RELEASE);
	do {
		nap_ms(20);
		reap_all();
		start_missing();
		watch_all();
		all = true;
		for (actor = board->actors; actor->role; actor++)
			all &= !actor->pid || actor->role->ends > next;
	} while (!all && is_well());
	return all;
}

static void run_for(unsigned int seconds)
{
	uint64_t end = in_ms(seconds * 1000), next_kill = 0;
	struct pause pause = { };

	while (is_well() && now_ns() < end && board->next < LINES - (1 << 20)) {
		reap_all();
		if (!is_well())
			break;
		start_missing();
		watch_all();
		if (now_ns() > next_kill) {
			kill_one();
			next_kill = in_ms(chance(250));
		}
		if (pause.actor)
			pause_end(&pause);
		else if (!chance(20))
			pause_begin(&pause);
		nap_ms(10);
	}
	if (pause.actor && pause.actor->pid) {
		pause.actor->stopped = false;
		kill(pause.actor->pid, SIGCONT);
	}
}

static void kill_all(void)
{
	struct actor *actor;

	for (actor = board->actors; actor->role; actor++)
		if (actor->pid)
			kill(actor->pid, SIGKILL);
	while (waitpid(-1, NULL, 0) > 0)
		;
}

/* Return: 0, or 1 where anything was wrong. */
int direct(unsigned int seconds)
{
	struct actor *actor = board->actors;
	int i, n;

	for (i = 0; i < sizeof(cast) / sizeof(cast[0]); i++)
		for (n = 0; n < cast[i].number; n++, actor++) {
			actor->role = cast[i].role;
			actor->slot = cast[i].slot;
		}
	start_background(seconds);
	run_for(seconds);
	end_background();
	if (is_well() && end_stage(STAGE_RECEIVE))
		end_stage(STAGE_END);
	kill_all();
	return !is_well();
}
