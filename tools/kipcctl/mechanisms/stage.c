// SPDX-License-Identifier: GPL-2.0
/*
 * What probes are written with: telling what was found, waiting for each other, and
 * bringing two processes together that share nothing but a name.
 *
 * await() has no deadline of its own: the whole probe has one (run.c).  It ends early
 * when a peer has failed, so that a failure is told and not waited for.
 */
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/futex.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "mechanisms.h"

/* ---- findings ---- */

static void tell_finding(struct trial *trial, enum tried tried, const char *value,
			 const char *format, va_list args)
{
	struct finding *finding = &trial->stage->finding;

	finding->tried = tried;
	snprintf(finding->value, sizeof(finding->value), "%s", value);
	vsnprintf(finding->evidence, sizeof(finding->evidence), format, args);
}

/* The cell is @value; returns 0, for a probe to return. */
int found(struct trial *trial, const char *value, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	tell_finding(trial, TRIED_WELL, value, format, args);
	va_end(args);
	return 0;
}

/* It cannot be tried here, which is nobody's fault; returns 0 as well. */
int untried(struct trial *trial, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	tell_finding(trial, TRIED_NOT, "", format, args);
	va_end(args);
	return 0;
}

/* What the probe needs has failed with @err; the first to say so is heard. */
int bad(struct trial *trial, int err, const char *what)
{
	struct stage *stage = trial->stage;

	if (!stage->text[0])
		snprintf(stage->text, sizeof(stage->text), "%s: %s", what, error_name(err));
	return err;
}

/* "EPIPE" of -EPIPE */
const char *error_name(int err)
{
	const char *name = strerrorname_np(err < 0 ? -err : err);

	return name ? name : "no known error";
}

/* 8192 is "8K"; what is no round number is written out. */
const char *size_name(int64_t size, char *buf, size_t len)
{
	static const char units[] = "KMGT";
	int unit = -1;

	while (size && !(size % 1024) && units[unit + 1]) {
		size /= 1024;
		unit++;
	}
	snprintf(buf, len, "%lld%.*s", (long long)size, unit >= 0, unit >= 0 ? units + unit : "");
	return buf;
}

/* ---- steps ---- */

static void futex(uint32_t *word, int op, uint32_t value, const struct timespec *timeout)
{
	syscall(SYS_futex, word, op, value, timeout, NULL, 0);
}

/* Steps only go up, in whatever order two processes come to them. */
void tell(struct trial *trial, uint32_t step)
{
	uint32_t old = __atomic_load_n(&trial->stage->step, __ATOMIC_RELAXED);

	while (old < step && !__atomic_compare_exchange_n(&trial->stage->step, &old, step, false,
							  __ATOMIC_ACQ_REL, __ATOMIC_RELAXED))
		;
	futex(&trial->stage->step, FUTEX_WAKE, INT32_MAX, NULL);
}

/*
 * 0 once the others have come to @step, or the error of one that failed.  That is not
 * announced by the step, so it is looked for now and then.
 */
int await(struct trial *trial, uint32_t step)
{
	const struct timespec look = { .tv_nsec = 20000000 };
	struct stage *stage = trial->stage;
	uint32_t seen;
	int err;

	for (;;) {
		seen = __atomic_load_n(&stage->step, __ATOMIC_ACQUIRE);
		if (seen >= step)
			return 0;
		err = __atomic_load_n(&stage->err, __ATOMIC_ACQUIRE);
		if (err)
			return err;
		futex(&stage->step, FUTEX_WAIT, seen, &look);
	}
}

int64_t now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000000000LL + ts.tv_nsec;
}

void nap(int ms)
{
	const struct timespec time = { .tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000L };

	nanosleep(&time, NULL);
}

/* ---- peers ---- */

/* A process of this probe.  What @run returns other than 0 ends every await(). */
pid_t fork_peer(struct trial *trial, int (*run)(struct trial *trial, void *arg), void *arg)
{
	pid_t pid = fork();
	int err;

	if (pid)
		return pid < 0 ? bad(trial, -errno, "fork") : pid;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	err = run(trial, arg);
	if (err)
		__atomic_store_n(&trial->stage->err, err, __ATOMIC_RELEASE);
	_exit(err ? 1 : 0);
}

/* Kill a process at whatever it is doing, and wait until the kernel has cleared it up. */
int kill_peer(pid_t pid)
{
	if (kill(pid, SIGKILL) || waitpid(pid, NULL, 0) != pid)
		return -errno;
	return 0;
}

/* Does this process wait for something, as far as the kernel tells? */
bool peer_sleeps(pid_t pid)
{
	char path[40], line[256];
	const char *state;
	ssize_t n;
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return false;
	n = read(fd, line, sizeof(line) - 1);
	close(fd);
	if (n <= 0)
		return false;
	line[n] = '\0';
	state = strrchr(line, ')');
	return state && state[2] == 'S';
}

/* Become an ordinary user, with nothing but that user's own. */
int drop_privileges(void)
{
	if (geteuid())
		return 0;
	if (setgroups(0, NULL) || setresgid(1000, 1000, 1000) || setresuid(1000, 1000, 1000))
		return -errno;
	return prctl(PR_SET_DUMPABLE, 1) ? -errno : 0;
}

/* ---- meeting ---- */

/* One side of a meeting, which may be run in a child. */
struct side {
	peer_fn *peer;
	struct end *end;
	bool serves;
};

static int side_open(struct trial *trial, struct end *end, bool serves)
{
	const struct transport *transport = trial->mechanism->transport;
	int err;

	if (!serves) {
		err = await(trial, STEP_MADE);
		if (!err)
			err = transport->join(trial, end);
		if (err)
			return bad(trial, err, "join");
		tell(trial, STEP_JOINED);
		return 0;
	}
	err = (trial->largest && transport->serve_largest ? transport->serve_largest :
							    transport->serve)(trial, end);
	if (err)
		return bad(trial, err, "serve");
	tell(trial, STEP_MADE);
	return 0;
}

/* The server takes the client in, where there is such a thing. */
static int side_accept(struct trial *trial, struct end *end)
{
	const struct transport *transport = trial->mechanism->transport;
	int err = await(trial, STEP_JOINED);

	if (!err && transport->accept)
		err = transport->accept(end);
	return err ? bad(trial, err, "accept") : 0;
}

static int side_run(struct trial *trial, void *arg)
{
	struct side *side = arg;
	int err = 0;

	if (!trial->mechanism->transport->pair) {
		end_init(side->end);
		err = side_open(trial, side->end, side->serves);
		if (!err && side->serves)
			err = side_accept(trial, side->end);
	}
	return err ? err : side->peer(trial, side->end);
}

/*
 * Two ends in two processes: @mine here and the other in a child that runs @peer.  A
 * mechanism that has a name is made after the fork, so that nothing was inherited.
 */
static pid_t meet_any(struct trial *trial, struct end *mine, peer_fn *peer, bool serve)
{
	const struct transport *transport = trial->mechanism->transport;
	struct end theirs;
	struct side side = { peer, &theirs, !serve };
	pid_t pid;
	int err = 0;

	end_init(mine);
	end_init(&theirs);
	if (transport->pair) {
		err = transport->pair(trial, serve ? mine : &theirs, serve ? &theirs : mine);
		if (err)
			return bad(trial, err, "pair");
	}
	pid = fork();
	if (pid < 0)
		return bad(trial, -errno, "fork");
	if (!pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (transport->pair)
			end_close(mine);
		err = side_run(trial, &side);
		if (err)
			__atomic_store_n(&trial->stage->err, err, __ATOMIC_RELEASE);
		_exit(err ? 1 : 0);
	}
	if (transport->pair) {
		end_close(&theirs);
		return pid;
	}
	err = side_open(trial, mine, serve);
	if (!err && serve)
		err = side_accept(trial, mine);
	return err ? err : pid;
}

/* We receive.  Returns the sender's pid or -errno. */
pid_t meet(struct trial *trial, struct end *rx, peer_fn *peer)
{
	return meet_any(trial, rx, peer, true);
}

/* We send, and the child receives. */
pid_t meet_as_sender(struct trial *trial, struct end *tx, peer_fn *peer)
{
	return meet_any(trial, tx, peer, false);
}
