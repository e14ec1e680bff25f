// SPDX-License-Identifier: GPL-2.0
/*
 * Soak: one phase.
 *
 * usage: soak [SECONDS [SEED]]
 *
 * TAP, and a line of what was done.  See soak.h for what it is; "make soak" runs one phase
 * after the other, with the module loaded anew for each.
 */
#include "soak.h"

#define SECONDS	6

struct board *board;
__thread struct mark *me;
__thread unsigned int random_state;
static struct mark nobody;

static const char * const count_names[COUNTS] = {
	"calls", "sends", "batches", "async", "callbacks", "ringed", "fds", "notices",
	"timeouts", "queued", "taken", "tokens", "notified", "changes", "removals", "listed",
	"events", "mapped", "forks", "namespaces", "drops", "rmmods", "refused", "ooms",
	"kills", "stops",
};

void wrong_at(const char *file, int line, const char *format, ...)
{
	char text[512];
	va_list args;
	int n;

	n = snprintf(text, sizeof(text), "# soak: WRONG in %d (%s), %s:%d: ", getpid(),
		     me ? me->doing : "", file, line);
	va_start(args, format);
	vsnprintf(text + n, sizeof(text) - n - 1, format, args);
	va_end(args);
	dprintf(1, "%s\n", text);
	__atomic_fetch_add(&board->wrong, 1, __ATOMIC_RELAXED);
	_exit(1);
}

static void *part_run(void *arg)
{
	struct part *part = arg;

	me = &part->actor->marks[part->number];
	random_state = board->seed + (part->actor - board->actors) * 7919 +
		       part->actor->life * 104729 + part->number;
	__atomic_store_n(&me->tid, syscall(SYS_gettid), __ATOMIC_RELEASE);
	part->run(part->arg);
	__atomic_store_n(&me->tid, 0, __ATOMIC_RELEASE);
	return NULL;
}

/* Do something in a further thread of an actor. */
void part_begin(struct part *part, struct actor *actor, int number, void (*run)(void *arg),
		void *arg)
{
	*part = (struct part){ 0, actor, run, arg, number };
	must(!pthread_create(&part->thread, NULL, part_run, part), "no thread");
}

void part_end(struct part *part)
{
	pthread_join(part->thread, NULL);
}

static void say(unsigned int seconds)
{
	int i;

	printf("# soak: seed %u, %u s:", board->seed, seconds);
	for (i = 0; i < COUNTS; i++)
		printf("%s %llu %s", i ? "," : "", (unsigned long long)counted(i),
		       count_names[i]);
	printf("; %llu messages, %llu/s\n", (unsigned long long)board->next,
	       (unsigned long long)board->next / seconds);
}

/* Has everything happened that is to?  Not everything does in a few seconds. */
static bool has_happened(unsigned int seconds)
{
	bool all = true;
	int i;

	for (i = 0; i < COUNTS; i++) {
		if (counted(i) || (seconds < 30 && i != CALLS && i != TAKEN && i != KILLS) ||
		    (i == OOMS && access("/sys/fs/cgroup/cgroup.procs", F_OK)))
			continue;
		printf("# soak: there were no %s\n", count_names[i]);
		all = false;
	}
	return all;
}

static int report(int number, bool good, const char *what)
{
	printf("%sok %d %s\n", good ? "" : "not ", number, what);
	return !good;
}

static int phase(unsigned int seconds)
{
	int failed;

	must(!limits_set(), "limits cannot be set");
	must(!account_open(), "there is nothing to count");
	queues_make();
	failed = direct(seconds);
	say(seconds);
	report(1, !failed, "everybody moves and sees nothing wrong");
	if (failed) {
		/* The books cannot be right. */
		printf("ok 2 # SKIP\nok 3 # SKIP\nok 4 # SKIP\n");
		queues_close();
	} else {
		failed += report(2, !(queues_close() + ledger_close()),
				 "every message is accounted for");
		failed += report(3, !account_close(), "all counts are back where they were");
		failed += report(4, has_happened(seconds), "everything has happened");
	}
	limits_unset();
	return failed;
}

int main(int argc, char **argv)
{
	unsigned int seconds = argc > 1 ? atoi(argv[1]) : SECONDS;
	int failed;

	setlinebuf(stdout);
	printf("TAP version 13\n");
	board = mmap(NULL, sizeof(*board), PROT_READ | PROT_WRITE,
		     MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (board == MAP_FAILED || endpoint_open() < 0) {
		printf("1..0 # SKIP no /dev/kipc\n");
		return 4;
	}
	printf("1..4\n");
	me = &nobody;
	nobody.doing = "directs";
	board->seed = argc > 2 ? atoi(argv[2]) : now_ns() / 1000 % 1000000;
	random_state = board->seed;
	umask(0);
	/* Whoever is orphaned becomes a child of this process. */
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	failed = phase(seconds);
	fflush(stdout);
	return failed ? 1 : 0;
}
