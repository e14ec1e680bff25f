// SPDX-License-Identifier: GPL-2.0
/*
 * The supervisor: starts the workers, kills one now and then and starts another in its place,
 * takes away what programs leave in the module (names, limits), and looks on.
 *
 * It ends the run when the kernel's log has a report, or when a worker does not come to the
 * end of a program and cannot be killed; then the programs that all workers ran last are
 * written to the file "crash", the latest of each worker last, for "fuzz replay".
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include <linux/kipc.h>

#include "fuzz.h"

#define TICK_MS		50
#define SLOW_MS		20000	/* for one program, before its worker is killed */
#define STUCK_MS	60000	/* then, for dying */
#define SAY_MS		5000

/**
 * struct watch - the supervisor's view of a worker
 * @pid:	its process
 * @begun:	programs that it had begun when it was last seen to begin one
 * @since:	when that was, ms
 * @killed:	it should be dead
 */
struct watch {
	pid_t pid;
	unsigned long begun;
	uint64_t since;
	bool killed;
};

/**
 * struct run - a run
 * @plan:	what it is to be
 * @shared:	with the workers
 * @watch:	each of them
 * @random:	state
 * @kmsg:	the kernel's log
 * @began:	when, ms
 * @said:	when progress was told last
 * @kills:	workers killed
 * @deaths:	workers that died otherwise
 * @found:	what ends it, or NULL
 */
struct run {
	const struct plan *plan;
	struct shared *shared;
	struct watch watch[WORKERS_MAX];
	uint64_t random;
	int kmsg;
	uint64_t began;
	uint64_t said;
	unsigned int kills;
	unsigned int deaths;
	const char *found;
};

struct shared *shared_new(void)
{
	struct shared *shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE,
				     MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	return shared == MAP_FAILED ? NULL : shared;
}

static uint64_t now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000ULL + ts.tv_nsec / 1000000;
}

/* Removes the queue of a name, and with it its messages. */
static void name_remove(unsigned int name)
{
	struct kipc_queue_unlink arg = { .size = sizeof(arg), .flags = KIPC_UNLINK_REMOVE };
	int fd = open("/dev/kipc", O_RDWR | O_CLOEXEC);

	machine_name(name, arg.name);
	ioctl(fd, KIPC_IOC_QUEUE_UNLINK, &arg);
	close(fd);
}

/* Those of all names, once nobody makes them any more. */
void names_remove(void)
{
	unsigned int name;

	control_reset(); /* first: nobody may open an endpoint where the limit is 0 */
	for (name = 0; name < 2 * NAMES; name++)
		name_remove(name);
}

static void start(struct run *run, unsigned int number)
{
	struct watch *watch = &run->watch[number];

	watch->killed = false;
	watch->since = now_ms();
	fflush(NULL);
	watch->pid = fork();
	if (!watch->pid)
		worker(run->shared, number, any(&run->random, 0) + number);
	any(&run->random, 0);
}

/* Its children are in its process group. */
static void put_down(struct watch *watch)
{
	kill(-watch->pid, SIGKILL);
	kill(watch->pid, SIGKILL);
	watch->since = now_ms();
	watch->killed = true;
}

static void reap(struct run *run)
{
	unsigned int i;

	for (i = 0; i < run->plan->workers; i++) {
		struct watch *watch = &run->watch[i];

		if (!watch->pid || waitpid(watch->pid, NULL, WNOHANG) != watch->pid)
			continue;
		kill(-watch->pid, SIGKILL);
		run->deaths += !watch->killed;
		watch->pid = 0;
		if (!run->shared->stop)
			start(run, i);
	}
}

/* One that does not come to the end of a program is killed; one that does not die is stuck. */
static void look_after(struct run *run)
{
	uint64_t now = now_ms();
	unsigned int i;

	for (i = 0; i < run->plan->workers; i++) {
		struct watch *watch = &run->watch[i];
		unsigned long begun = atomic_load(&run->shared->worker[i].begun);

		if (!watch->pid)
			continue;
		kill(-watch->pid, SIGCONT);
		if (watch->killed) {
			if (now - watch->since > STUCK_MS)
				run->found = "a process cannot be killed";
			continue;
		}
		if (begun != watch->begun) {
			watch->begun = begun;
			watch->since = now;
		} else if (now - watch->since > SLOW_MS) {
			printf("# worker %u does not come to an end\n", i);
			put_down(watch);
		}
	}
}

static void be_unkind(struct run *run)
{
	struct watch *watch = &run->watch[any(&run->random, run->plan->workers)];

	if (!any(&run->random, 4) && watch->pid && !watch->killed) {
		put_down(watch);
		run->kills++;
	}
	if (!any(&run->random, 4))
		name_remove(any(&run->random, NAMES));
	if (!any(&run->random, 8))
		control_reset();
}

/* Is there a report in the kernel's log? */
static void listen(struct run *run)
{
	static const char * const reports[] = {
		"BUG:", "WARNING:", "Oops", "KASAN", "UBSAN", "KCSAN", "KFENCE", "kmemleak:",
		"general protection", "INFO: task", "INFO: rcu", "possible circular",
		"possible recursive", "inconsistent lock", "bad unlock", "refcount_t",
		"scheduling while atomic", "sleeping function", "lockup", "corruption",
		"bad page", "ODEBUG", "list_add", "list_del",
	};
	char line[2048];
	unsigned int i;
	ssize_t got;

	while ((got = read(run->kmsg, line, sizeof(line) - 1)) > 0 || errno == EPIPE) {
		if (got <= 0)
			continue;
		line[got] = '\0';
		for (i = 0; i < ARRAY_SIZE(reports); i++) {
			if (!strstr(line, reports[i]))
				continue;
			printf("# the kernel: %s", line);
			run->found = "the kernel's log has a report";
		}
	}
}

static void say(struct run *run, bool always)
{
	const struct shared *shared = run->shared;
	unsigned long long now = now_ms(), ms = now - run->began;
	unsigned long n = atomic_load(&shared->ops);

	if (!always && now - run->said < SAY_MS)
		return;
	run->said = now;
	printf("# %llu s: %lu ops (%llu/s), %lu programs, ", ms / 1000, n, n * 1000 / (ms + 1),
	       atomic_load(&shared->programs));
	printf("%u PCs, %u edges, corpus %u, %u kills, %u deaths\n",
	       atomic_load(&shared->pc_count), atomic_load(&shared->edge_count),
	       atomic_load(&shared->corpus_n), run->kills, run->deaths);
	fflush(stdout);
}

static void write_crash(struct run *run)
{
	unsigned long begun, at;
	char path[256];
	FILE *file;
	unsigned int i;

	snprintf(path, sizeof(path), "%s/crash", run->plan->dir);
	file = fopen(path, "w");
	if (!file)
		return;
	fprintf(file, "# seed %llx: %s\n\n", (unsigned long long)run->plan->seed, run->found);
	for (i = 0; i < run->plan->workers; i++) {
		begun = atomic_load(&run->shared->worker[i].begun);
		at = begun < HISTORY ? 0 : begun - HISTORY;
		fprintf(file, "# worker %u\n", i);
		for (; at < begun; at++)
			program_write(file, &run->shared->worker[i].last[at % HISTORY]);
	}
	fclose(file);
}

static bool is_over(const struct run *run)
{
	const struct plan *plan = run->plan;

	return run->found || (plan->ops && atomic_load(&run->shared->ops) >= plan->ops) ||
	       (plan->seconds && now_ms() - run->began >= plan->seconds * 1000ULL);
}

/* Nobody begins anything; those that do not end are killed. */
static void stop_all(struct run *run)
{
	uint64_t until = now_ms() + STUCK_MS;
	bool left = true;
	unsigned int i;

	atomic_store(&run->shared->stop, true);
	for (i = 0; i < run->plan->workers; i++) {
		if (run->watch[i].pid)
			put_down(&run->watch[i]);
	}
	while (left && now_ms() < until) {
		usleep(TICK_MS * 1000);
		reap(run);
		left = false;
		for (i = 0; i < run->plan->workers; i++)
			left |= run->watch[i].pid;
	}
	if (left && !run->found)
		run->found = "a process cannot be killed";
}

/* Return: 0, or 1 if something was found. */
int supervise(struct shared *shared, const struct plan *plan)
{
	struct run run = {
		.plan = plan,
		.shared = shared,
		.random = plan->seed,
		.kmsg = open("/dev/kmsg", O_RDONLY | O_NONBLOCK | O_CLOEXEC),
		.began = now_ms(),
	};
	unsigned int i;

	if (run.kmsg >= 0)
		lseek(run.kmsg, 0, SEEK_END);
	for (i = 0; i < plan->workers; i++)
		start(&run, i);
	while (!is_over(&run)) {
		usleep(TICK_MS * 1000);
		reap(&run);
		look_after(&run);
		be_unkind(&run);
		if (run.kmsg >= 0)
			listen(&run);
		say(&run, false);
	}
	if (run.found)
		write_crash(&run);
	stop_all(&run);
	say(&run, true);
	if (run.found)
		printf("# found: %s\n", run.found);
	return run.found ? 1 : 0;
}
