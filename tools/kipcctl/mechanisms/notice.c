// SPDX-License-Identifier: GPL-2.0
/*
 * signal(7) and eventfd(2), as transports of very small messages
 *
 * A signal is sent to a process by its number, and what it carries is one value: up to
 * eight bytes.  The receiver has it blocked and takes it by sigtimedwait(2); where a
 * descriptor is asked for that is signalfd(2)'s.  An eventfd adds what is sent to what
 * was there: a message of N bytes is to add N.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "table.h"

#define CHUNK	8
#define PENDING	64	/* signals that may wait: what the receiver allows */

/* ---- signals ---- */

/* Where the two learn each other's number */
static struct stage *told;

static void block_all(sigset_t *set)
{
	int number;

	sigemptyset(set);
	sigaddset(set, SIGUSR1);
	for (number = SIGRTMIN; number <= SIGRTMIN + 5; number++)
		sigaddset(set, number);
	sigprocmask(SIG_BLOCK, set, NULL);
}

static int signal_serve(struct trial *trial, struct end *rx)
{
	sigset_t set;

	block_all(&set);
	rx->server = true;
	rx->id = SIGRTMIN;
	rx->fd = signalfd(-1, &set, SFD_CLOEXEC);
	if (rx->fd < 0)
		return -errno;
	told = trial->stage;
	told->server = getpid();
	return 0;
}

static int signal_join(struct trial *trial, struct end *tx)
{
	sigset_t set;

	block_all(&set);
	told = trial->stage;
	told->value[3] = getpid();
	tx->peer = told->server;
	return 0;
}

static ssize_t queue_signal(struct end *end, const void *data, size_t len, int number)
{
	union sigval value = { .sival_ptr = NULL };
	pid_t to = (pid_t)(end->server ? (uint64_t)told->value[3] : end->peer);

	if (to <= 0)
		return -ESRCH;
	if (len > sizeof(value))
		return -EMSGSIZE;
	memcpy(&value, data, len);
	return sigqueue(to, number, value) ? -errno : (ssize_t)len;
}

static ssize_t signal_send(struct end *end, const void *data, size_t len, int flags)
{
	(void)flags;
	return queue_signal(end, data, len, SIGRTMIN);
}

static ssize_t signal_send_kind(struct end *end, const void *data, size_t len, int type,
				int prio)
{
	/* Lower numbers come first: the urgent one has the lowest */
	return queue_signal(end, data, len, SIGRTMIN + (prio ? 0 : type + 1));
}

static ssize_t signal_send_to(struct trial *trial, struct end *end, const void *data, size_t len)
{
	end->peer = trial->stage->server;
	return queue_signal(end, data, len, SIGRTMIN);
}

static ssize_t take_signal(struct end *end, void *data, size_t len, const sigset_t *set, int ms)
{
	const struct timespec time = { .tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000L };
	siginfo_t info;

	if (sigtimedwait(set, &info, &time) < 0)
		return errno == EAGAIN && ms ? -ETIMEDOUT : -errno;
	end->sender = info.si_pid;
	memcpy(data, &info.si_value, len < CHUNK ? len : CHUNK);
	return len < CHUNK ? (ssize_t)len : CHUNK;
}

static ssize_t signal_recv_timed(struct end *end, void *data, size_t len, int ms)
{
	sigset_t set;

	block_all(&set);
	return take_signal(end, data, len, &set, ms);
}

static ssize_t signal_recv(struct end *end, void *data, size_t len, int flags)
{
	return signal_recv_timed(end, data, len, flags & NOWAIT ? 0 : 1000);
}

static const struct transport signal_transport = {
	.chunk = CHUNK,
	.records = true,
	.serve = signal_serve,
	.join = signal_join,
	.send = signal_send,
	.recv = signal_recv,
	.send_to = signal_send_to,
	.recv_timed = signal_recv_timed,
};

/* ---- what is different about signals ---- */

/* The receiver's limit counts what waits for all of its user's processes. */
static int signal_flow(struct trial *trial)
{
	const struct rlimit limit = { PENDING, PENDING };

	if (setrlimit(RLIMIT_SIGPENDING, &limit))
		return bad(trial, -errno, "setrlimit");
	return probe_flow(trial);
}

static int send_twenty(struct trial *trial, struct end *tx)
{
	const pid_t to = (pid_t)tx->peer;
	union sigval value = { .sival_int = 0 };
	int i, err = 0;

	for (i = 0; i < 20 && !err; i++)
		err = kill(to, SIGUSR1) || sigqueue(to, SIGRTMIN, value) ? -errno : 0;
	if (err)
		return bad(trial, err, "send");
	tell(trial, STEP_OWN);
	return await(trial, STEP_OWN + 9);
}

static int count(int number)
{
	const struct timespec none = { 0 };
	sigset_t set;
	int n = 0;

	sigemptyset(&set);
	sigaddset(&set, number);
	while (sigtimedwait(&set, NULL, &none) == number)
		n++;
	return n;
}

static int signal_reliable(struct trial *trial)
{
	struct end rx;
	pid_t pid = meet(trial, &rx, send_twenty);
	int err = pid < 0 ? pid : await(trial, STEP_OWN), standard, real_time;

	if (err)
		return err;
	standard = count(SIGUSR1);
	real_time = count(SIGRTMIN);
	return found(trial, standard < 20 && real_time == 20 ? "rt" : standard == 20 ? "yes" : "no",
		     "of 20 each that were sent while blocked, %d SIGUSR1 and %d SIGRTMIN arrived",
		     standard, real_time);
}

static int send_two(struct trial *trial, struct end *tx)
{
	if (signal_send(tx, "abc", 3, 0) != 3 || signal_send(tx, "defg", 4, 0) != 4)
		return bad(trial, -errno, "send");
	tell(trial, STEP_OWN);
	return await(trial, STEP_OWN + 9);
}

static int signal_records(struct trial *trial)
{
	char first[CHUNK], second[CHUNK];
	struct end rx;
	pid_t pid = meet(trial, &rx, send_two);
	int err = pid < 0 ? pid : await(trial, STEP_OWN);

	if (err)
		return err;
	if (signal_recv(&rx, first, CHUNK, 0) < 0 || signal_recv(&rx, second, CHUNK, 0) < 0)
		return bad(trial, -errno, "receive");
	return found(trial, !strcmp(first, "abc") && !strcmp(second, "defg") ? "yes" : "no",
		     "two real-time signals, each with a value: they came as two");
}

static int send_numbers(struct trial *trial, struct end *tx)
{
	if (signal_send_kind(tx, "A", 1, 1, 0) < 0 || signal_send_kind(tx, "B", 1, 2, 5) < 0 ||
	    signal_send_kind(tx, "C", 1, 3, 0) < 0)
		return bad(trial, -errno, "send");
	tell(trial, STEP_OWN);
	return await(trial, STEP_OWN + 9);
}

static int signal_kind(struct trial *trial)
{
	char order[CHUNK] = "";
	sigset_t last;
	struct end rx;
	pid_t pid = meet(trial, &rx, send_numbers);
	int err = pid < 0 ? pid : await(trial, STEP_OWN);

	if (err)
		return err;
	sigemptyset(&last);
	sigaddset(&last, SIGRTMIN + 4);
	if (take_signal(&rx, order, 1, &last, 1) < 0 || signal_recv(&rx, order + 1, 1, 0) < 0 ||
	    signal_recv(&rx, order + 2, 1, 0) < 0)
		return bad(trial, -errno, "receive");
	return found(trial, !strcmp(order, "CBA") ? "both" : "?",
		     "of three numbers, one was asked for and of the others the lowest came first: %s",
		     order);
}

static int answer_signal(struct trial *trial, struct end *tx)
{
	char text[CHUNK] = "";

	if (signal_send(tx, "abc", 3, 0) != 3)
		return bad(trial, -errno, "send");
	tell(trial, STEP_OWN);
	await(trial, STEP_OWN + 1);
	signal_recv(tx, text, CHUNK, 0);
	trial->stage->value[0] = !strcmp(text, "vwxyz");
	tell(trial, STEP_OWN + 2);
	return await(trial, STEP_OWN + 9);
}

static int signal_direction(struct trial *trial)
{
	char text[CHUNK] = "";
	struct end rx;
	pid_t pid = meet(trial, &rx, answer_signal);
	int err = pid < 0 ? pid : await(trial, STEP_OWN);

	if (!err && signal_send(&rx, "vwxyz", 5, 0) != 5)
		err = -errno;
	tell(trial, STEP_OWN + 1);
	if (!err)
		err = await(trial, STEP_OWN + 2);
	if (err || signal_recv(&rx, text, CHUNK, 0) != CHUNK)
		return bad(trial, err ? err : -EPROTO, "exchange");
	return found(trial, trial->stage->value[0] && !strcmp(text, "abc") ? "full" : "1-way",
		     "both sent at once, and each got the other's");
}

static int send_and_exit(struct trial *trial, struct end *tx)
{
	return signal_send(tx, "message", 8, 0) == 8 ? 0 : bad(trial, -errno, "send");
}

static int signal_survives(struct trial *trial)
{
	char text[CHUNK];
	struct end rx;
	pid_t pid = meet(trial, &rx, send_and_exit);

	if (pid < 0 || waitpid(pid, NULL, 0) != pid)
		return bad(trial, pid < 0 ? pid : -errno, "meet");
	if (signal_recv(&rx, text, CHUNK, NOWAIT) == CHUNK && !strcmp(text, "message"))
		return found(trial, "yes", "its sender was gone when it was received");
	return found(trial, "no", "it went with its sender");
}

static int kill_from_elsewhere(struct trial *trial, void *arg)
{
	(void)arg;
	trial->stage->value[0] = kill(trial->stage->server, 0) ? -errno : 0;
	tell(trial, STEP_OWN);
	return 0;
}

static int signal_machines(struct trial *trial)
{
	struct end rx;
	int err;

	if (geteuid())
		return untried(trial, "needs privileges: another machine is made of namespaces");
	end_init(&rx);
	err = signal_serve(trial, &rx);
	if (!err)
		err = in_other_pids(trial, kill_from_elsewhere);
	if (!err)
		err = await(trial, STEP_OWN);
	if (err)
		return err;
	return found(trial, trial->stage->value[0] ? "no" : "yes",
		     "from other process numbers kill() said %s",
		     trial->stage->value[0] ? error_name((int)trial->stage->value[0]) : "0");
}

static int signal_largest(struct trial *trial)
{
	char text[CHUNK + 1] = "";
	struct end rx;
	pid_t pid = meet(trial, &rx, send_and_exit);

	if (pid < 0 || signal_recv(&rx, text, CHUNK, 0) != CHUNK)
		return bad(trial, pid < 0 ? pid : -errno, "receive");
	return found(trial, strcmp(text, "message") ? "?" : "8",
		     "the value of a real-time signal: %zu bytes, and no call takes more",
		     sizeof(union sigval));
}

const struct mechanism mechanism_signal = {
	.scheme = "signal",
	.about = "signals: signal(7), sigqueue(3)",
	.family = FAMILY_NOTICE,
	.transport = &signal_transport,
	.own = {
		[CELL_RELIABLE] = signal_reliable,
		[CELL_FLOW] = signal_flow,
		[CELL_RECORDS] = signal_records,
		[CELL_KIND] = signal_kind,
		[CELL_DIRECTION] = signal_direction,
		[CELL_SURVIVES] = signal_survives,
		[CELL_MACHINES] = signal_machines,
		[CELL_COPIES] = probe_none,
		[CELL_LARGEST] = signal_largest,
	},
};

/* ---- eventfd ---- */

static int eventfd_pair(struct trial *trial, struct end *rx, struct end *tx)
{
	(void)trial;
	rx->fd = eventfd(0, EFD_CLOEXEC);
	tx->fd = rx->fd < 0 ? -1 : fcntl(rx->fd, F_DUPFD_CLOEXEC, 0);
	return tx->fd < 0 ? -errno : 0;
}

static ssize_t eventfd_add(struct end *end, const void *data, size_t len, int flags)
{
	uint64_t number = len;
	ssize_t n = fd_send(end, &number, sizeof(number), flags);

	(void)data;
	return n < 0 ? n : (ssize_t)len;
}

static ssize_t eventfd_take(struct end *end, void *data, size_t len, int flags)
{
	uint64_t number;
	ssize_t n = fd_recv(end, &number, sizeof(number), flags);

	memset(data, 0, len);
	return n < 0 ? n : (ssize_t)number;
}

static const struct transport eventfd_transport = {
	.chunk = 16,
	.pair = eventfd_pair,
	.send = eventfd_add,
	.recv = eventfd_take,
};

#define NEARLY_FULL (UINT64_MAX - 2)

static int add_beyond(struct trial *trial, struct end *tx)
{
	const uint64_t much = NEARLY_FULL, more[2] = { 1, 2 };
	int i;

	if (write(tx->fd, &much, sizeof(much)) != sizeof(much))
		return bad(trial, -errno, "write");
	for (i = 0; i < 2; i++) {
		tell(trial, STEP_OWN + i);
		if (write(tx->fd, &more[i], sizeof(more[i])) != sizeof(more[i]))
			return bad(trial, -errno, "write");
	}
	tell(trial, STEP_OWN + 2);
	return await(trial, STEP_OWN + 9);
}

/* The counter is filled up: one more fits, and two further ones have to wait. */
static int eventfd_flow(struct trial *trial)
{
	uint64_t first = 0, second = 0;
	struct end rx;
	pid_t pid = meet(trial, &rx, add_beyond);
	int err = pid < 0 ? pid : await(trial, STEP_OWN + 1), i, slept = 0;

	if (err)
		return err;
	for (i = 0; i < 200 && slept < 4; i++) {
		slept = peer_sleeps(pid) ? slept + 1 : 0;
		nap(5);
	}
	if (trial->stage->step != STEP_OWN + 1)
		return found(trial, "no", "adding to a full counter did not wait");
	if (read(rx.fd, &first, sizeof(first)) != sizeof(first))
		return bad(trial, -errno, "read");
	err = await(trial, STEP_OWN + 2);
	if (!err && read(rx.fd, &second, sizeof(second)) != sizeof(second))
		err = bad(trial, -errno, "read");
	if (err)
		return err;
	if (first != NEARLY_FULL + 1 || second != 2)
		return found(trial, "no", "the counter lost what was added");
	return found(trial, "yes", "adding to a full counter slept until it was read");
}

static int eventfd_reliable(struct trial *trial)
{
	int err = eventfd_flow(trial);

	if (err || strcmp(trial->stage->finding.value, "yes"))
		return err;
	return found(trial, "yes", "all that was added was read, around a full counter");
}

static int add_three_times(struct trial *trial, struct end *tx)
{
	int i;

	for (i = 0; i < 3; i++)
		if (eventfd_add(tx, NULL, 3, 0) != 3)
			return bad(trial, -errno, "write");
	tell(trial, STEP_OWN);
	return await(trial, STEP_OWN + 9);
}

static int eventfd_kind(struct trial *trial)
{
	char none[1];
	struct end rx;
	pid_t pid = meet(trial, &rx, add_three_times);
	int err = pid < 0 ? pid : await(trial, STEP_OWN);

	if (err)
		return err;
	return found(trial, eventfd_take(&rx, none, 1, NOWAIT) == 9 ? "no" : "?",
		     "what three sent came as one number");
}

/* Of two readers one gets all that there is, and the other waits for more. */
static int read_again(struct trial *trial, struct end *other)
{
	char none[1];
	int err = eventfd_add(other, NULL, 1, 0) == 1 ? 0 : -errno;

	if (err)
		return bad(trial, err, "write");
	tell(trial, STEP_OWN);
	err = await(trial, STEP_OWN + 1);
	if (!err)
		trial->stage->value[0] = eventfd_take(other, none, 1, NOWAIT);
	tell(trial, STEP_OWN + 2);
	return err ? err : await(trial, STEP_OWN + 9);
}

static int eventfd_many(struct trial *trial)
{
	char none[1];
	struct end rx;
	pid_t pid = meet(trial, &rx, read_again);
	ssize_t n = pid < 0 ? pid : await(trial, STEP_OWN);
	int err;

	if (!n)
		n = eventfd_take(&rx, none, 1, NOWAIT);
	if (n != 1 || eventfd_add(&rx, NULL, 2, 0) != 2)
		return bad(trial, n < 0 ? (int)n : -EPROTO, "read");
	tell(trial, STEP_OWN + 1);
	err = await(trial, STEP_OWN + 2);
	if (err)
		return err;
	return found(trial, trial->stage->value[0] == 2 ? "n:n" : "1:1",
		     "each of two processes added, and the other read it");
}

static int eventfd_largest(struct trial *trial)
{
	const uint64_t most = UINT64_MAX - 1, over = UINT64_MAX;
	uint64_t got = 0;
	struct end rx, tx;
	int err;

	end_init(&rx);
	end_init(&tx);
	err = eventfd_pair(trial, &rx, &tx);
	if (err)
		return bad(trial, err, "eventfd");
	if (write(tx.fd, &over, 8) >= 0 || errno != EINVAL || write(tx.fd, &most, 8) != 8 ||
	    read(rx.fd, &got, 8) != 8 || got != most)
		return bad(trial, -errno, "the largest number");
	return found(trial, "8", "a number up to 2^64-2; 2^64-1 was refused (EINVAL)");
}

static int eventfd_unprivileged(struct trial *trial)
{
	char none[1];
	struct end rx;
	pid_t pid;
	int err = drop_privileges();

	if (err)
		return bad(trial, err, "setresuid");
	pid = meet(trial, &rx, add_three_times);
	err = pid < 0 ? pid : await(trial, STEP_OWN);
	if (err || eventfd_take(&rx, none, 1, NOWAIT) != 9)
		return bad(trial, err ? err : -EPROTO, "read");
	return found(trial, "yes", "user %d sent and received", (int)geteuid());
}

/* A number in it is a number: what fds are of the sender's is not told. */
const struct mechanism mechanism_eventfd = {
	.scheme = "eventfd",
	.about = "eventfd(2), a counter",
	.family = FAMILY_NOTICE,
	.transport = &eventfd_transport,
	.own = {
		[CELL_RELIABLE] = eventfd_reliable,
		[CELL_FLOW] = eventfd_flow,
		[CELL_KIND] = eventfd_kind,
		[CELL_MANY] = eventfd_many,
		[CELL_FDS] = probe_none,
		[CELL_IDENTITY] = probe_none,
		[CELL_COPIES] = probe_none,
		[CELL_LARGEST] = eventfd_largest,
		[CELL_UNPRIVILEGED] = eventfd_unprivileged,
	},
};
