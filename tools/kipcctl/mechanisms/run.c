// SPDX-License-Identifier: GPL-2.0
/*
 * Probes are run here, and nothing of them is left: not a process, as each is a process
 * group that is killed and reaped, and not a name, as they are chosen here and removed
 * here.  Names have our pid and random numbers in them, and are made with "must not
 * exist": what is removed is ours.
 *
 * Most probes wait most of the time, so a few workers, processes, each take the next row
 * until none is left.  A worker tidies up after its own probes also when it is told to
 * end, or when kipcctl itself is killed.
 *
 * A probe's own failure, its death and its hanging are findings too.
 */
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "mechanisms.h"

/* Far more than any probe takes, but on a machine that has stopped */
#define PROBE_MS 10000

#define WORKERS 4

static const int ending[] = { SIGINT, SIGTERM, SIGHUP };
static int stopped;			/* by a signal */
static struct stage *shared;		/* a worker's, with its probes */
static char directory[32];

static void on_signal(int number)
{
	(void)number;
	__atomic_store_n(&stopped, 1, __ATOMIC_RELAXED);
}

static bool is_stopped(void)
{
	return __atomic_load_n(&stopped, __ATOMIC_RELAXED);
}

static void *share_memory(size_t size)
{
	void *map = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	return map == MAP_FAILED ? NULL : map;
}

/* Names of its own for each probe, so that none can see what another left. */
static int prepare(struct trial *trial)
{
	uint32_t number;

	if (getrandom(&number, sizeof(number), 0) != sizeof(number))
		return -errno;
	memset(shared, 0, sizeof(*shared));
	trial->stage = shared;
	trial->key = (int)(number >> 1 | 1);
	snprintf(trial->dir, sizeof(trial->dir), "%s", directory);
	snprintf(trial->name, sizeof(trial->name), "/kipc-mech-%d-%08x", (int)getpid(), number);
	snprintf(trial->path, sizeof(trial->path), "%s/%08x", directory, number);
	return 0;
}

static void told(struct finding *finding, enum tried tried, const char *value, const char *what,
		 const char *more)
{
	finding->tried = tried;
	snprintf(finding->value, sizeof(finding->value), "%s", value);
	snprintf(finding->evidence, sizeof(finding->evidence), "%s%s", what, more);
}

static void run_in_child(struct trial *trial, probe_fn *probe)
{
	const struct rlimit none = { 0, 0 };
	struct finding *finding = &shared->finding;
	unsigned int i;
	int err;

	setpgid(0, 0);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	setrlimit(RLIMIT_CORE, &none);
	/* Nobody's file is to be taken for what has no name */
	if (chdir("/"))
		_exit(1);
	for (i = 0; i < ARRAY_SIZE(ending); i++)
		signal(ending[i], SIG_DFL);
	err = probe(trial);
	if (!err)
		_exit(0);
	told(finding, TRIED_BADLY, "?", "the probe failed: ",
	     shared->text[0] ? shared->text : error_name(err));
	_exit(1);
}

/* Wait for the probe; what it says of itself, or what became of it. */
static const char *watch(pid_t pid, char *buf, size_t size)
{
	struct pollfd end = { .events = POLLIN };
	siginfo_t info = { .si_pid = 0 };
	int n;

	end.fd = (int)syscall(SYS_pidfd_open, pid, 0);
	n = end.fd < 0 ? -1 : poll(&end, 1, PROBE_MS);
	if (end.fd >= 0)
		close(end.fd);
	if (!n)
		return "the probe did not end";
	if (n < 0)
		return is_stopped() ? "interrupted" : "the probe could not be watched";
	if (waitid(P_PID, pid, &info, WEXITED | WNOWAIT) || info.si_code == CLD_EXITED)
		return NULL;
	snprintf(buf, size, "the probe died of signal %d", info.si_status);
	return buf;
}

/* Everything in the probe's group, and every orphan that came to us. */
static void kill_all(pid_t group)
{
	kill(-group, SIGKILL);
	while (waitpid(-1, NULL, 0) > 0 || errno == EINTR)
		;
}

static void run_probe(struct trial *trial, probe_fn *probe, struct finding *finding)
{
	const char *ended;
	char text[64];
	pid_t pid;

	told(finding, TRIED_BADLY, "?", "the probe said nothing", "");
	if (prepare(trial)) {
		told(finding, TRIED_BADLY, "?", "no random number", "");
		return;
	}
	pid = fork();
	if (!pid)
		run_in_child(trial, probe);
	if (pid < 0) {
		told(finding, TRIED_BADLY, "?", "fork: ", error_name(errno));
		return;
	}
	setpgid(pid, pid);
	ended = watch(pid, text, sizeof(text));
	kill_all(pid);
	if (trial->mechanism->clean)
		trial->mechanism->clean(trial);
	if (ended)
		told(finding, TRIED_BADLY, "?", ended, "");
	else if (shared->finding.evidence[0])
		*finding = shared->finding;
}

/* A cell that does not apply is told from one that nobody has a probe for. */
int probe_none(struct trial *trial)
{
	return found(trial, "-", "does not apply");
}

static probe_fn *probe_of(const struct mechanism *mechanism, enum cell cell)
{
	if (mechanism->own[cell])
		return mechanism->own[cell] == probe_none ? NULL : mechanism->own[cell];
	if (mechanism->transport)
		return transport_probes[cell];
	if (mechanism->region)
		return region_probes[cell];
	if (mechanism->lock)
		return lock_probes[cell];
	return NULL;
}

static void run_row(struct row *row)
{
	const struct mechanism *mechanism = row->mechanism;
	struct trial trial = { .mechanism = mechanism, .host = htonl(INADDR_LOOPBACK) };
	probe_fn *probe;
	enum cell cell;

	row->absent = mechanism->absent &&
		mechanism->absent(&trial, row->why, sizeof(row->why));
	for (cell = 0; cell < CELL_COUNT && !row->absent && !is_stopped(); cell++) {
		probe = probe_of(mechanism, cell);
		if (probe)
			run_probe(&trial, probe, &row->cells[cell]);
		else
			told(&row->cells[cell], TRIED_WELL, "-", "does not apply", "");
	}
}

/* ---- workers ---- */

struct work {
	uint32_t next;		/* the row that is to be taken */
	uint32_t done;		/* rows that have been tried */
	size_t count;
	struct row rows[];
};

/* Orphans of a probe are ours to reap; and who has no kipcctl any more ends. */
static int worker(struct work *work, pid_t parent)
{
	uint32_t i;

	shared = share_memory(sizeof(*shared));
	if (!shared || prctl(PR_SET_CHILD_SUBREAPER, 1) || prctl(PR_SET_PDEATHSIG, SIGTERM))
		return EXIT_FAILURE;
	while (!is_stopped() && getppid() == parent) {
		i = __atomic_fetch_add(&work->next, 1, __ATOMIC_RELAXED);
		if (i >= work->count)
			return EXIT_SUCCESS;
		run_row(&work->rows[i]);
		__atomic_add_fetch(&work->done, 1, __ATOMIC_RELAXED);
	}
	/* The last of the workers succeeds */
	rmdir(directory);
	return EXIT_FAILURE;
}

static void wait_for_workers(const pid_t *pids, int count)
{
	int i, w;

	for (i = 0; i < count; i++)
		while (waitpid(pids[i], NULL, 0) < 0 && errno == EINTR)
			for (w = i; w < count && is_stopped(); w++)
				kill(pids[w], SIGTERM);
}

static int work_all(struct work *work)
{
	const pid_t self = getpid();
	pid_t pids[WORKERS];
	int i, err = 0;

	for (i = 0; i < WORKERS && !err; i++) {
		pids[i] = fork();
		if (!pids[i])
			_exit(worker(work, self));
		err = pids[i] < 0 ? -errno : 0;
	}
	if (err) {
		on_signal(0);
		i--;
	}
	wait_for_workers(pids, i);
	if (err)
		return err;
	if (is_stopped())
		return -EINTR;
	return work->done == work->count ? 0 : -ECHILD;
}

/* Try all rows: 0 or -errno, -EINTR when told to end. */
int run_rows(struct row *rows, size_t count)
{
	struct sigaction action = { .sa_handler = on_signal };
	struct work *work = share_memory(sizeof(*work) + count * sizeof(*rows));
	unsigned int i;
	int err = 0;

	if (!work)
		return -ENOMEM;
	work->count = count;
	memcpy(work->rows, rows, count * sizeof(*rows));
	for (i = 0; i < ARRAY_SIZE(ending); i++)
		sigaction(ending[i], &action, NULL);
	snprintf(directory, sizeof(directory), "/tmp/kipc-mech-XXXXXX");
	if (!mkdtemp(directory))
		err = -errno;
	if (!err) {
		err = chmod(directory, 01777) ? -errno : work_all(work);
		rmdir(directory);
	}
	memcpy(rows, work->rows, count * sizeof(*rows));
	munmap(work, sizeof(*work) + count * sizeof(*rows));
	return err;
}
