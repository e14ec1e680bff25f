// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * signal: signals, to wait for or to raise.
 *
 * The waiting end blocks its signal in the thread that opens it and reads a signalfd.
 * Which signals a thread blocks is the thread's own, and several handles may want the same
 * one blocked, in whatever order they close.  So each thread counts its handles on each
 * signal, and the last one lets the signal through again, if it was the first that blocked
 * it.  A handle remembers the thread that opened it by a number that fork() hands on, as
 * it hands on the mask: the child's only thread is the forking one's copy.
 *
 * What is still pending when the signal is let through would end the process, by the
 * signal's default action, for having been asked for and not waited for: it is dropped.
 * What comes after that is the program's own affair again, as it was before.
 *
 * The raising end holds a pidfd: the process it was opened for and no other that gets the
 * same id later.  Fork leaves both ends useful: a child's signalfd tells of the child's
 * signals, its pidfd is the same process still.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "notice/notice.h"

struct kipc_signal {
	struct kipc_notice base;
	int fd;			/* a signalfd, or a pidfd */
	bool waits;		/* which */
	uint64_t thread;	/* that blocks it for us; see kipc_thread_number() */
};

static struct kipc_signal *to_signal(const struct kipc_notice *notice)
{
	return container_of(notice, struct kipc_signal, base);
}

/* ---- the mask ---- */

/* What this thread blocks on behalf of handles. */
static __thread struct {
	uint64_t number;		/* of the thread; 0: has none yet */
	sigset_t ours;			/* was not blocked before */
	unsigned int handles[_NSIG];
} kipc_held;

/* A number that no other thread of this process had before. */
static uint64_t kipc_thread_number(void)
{
	static atomic_uint_fast64_t last;

	if (!kipc_held.number)
		kipc_held.number = atomic_fetch_add_explicit(&last, 1, memory_order_relaxed) + 1;
	return kipc_held.number;
}

static void kipc_mask(int how, int signo, sigset_t *old)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, signo);
	pthread_sigmask(how, &set, old);
}

static void kipc_signal_hold(int signo)
{
	sigset_t old;

	kipc_mask(SIG_BLOCK, signo, &old);
	if (kipc_held.handles[signo]++)
		return;
	if (sigismember(&old, signo))
		sigdelset(&kipc_held.ours, signo);
	else
		sigaddset(&kipc_held.ours, signo);
}

/* Take all that is pending. */
static void kipc_signal_drop(int fd)
{
	struct signalfd_siginfo info;

	while (read(fd, &info, sizeof(info)) == sizeof(info))
		;
}

static void kipc_signal_let_go(const struct kipc_signal *signal)
{
	int signo = signal->base.signo;

	if (signal->thread != kipc_thread_number() || --kipc_held.handles[signo] ||
	    !sigismember(&kipc_held.ours, signo))
		return;
	if (signal->fd >= 0)
		kipc_signal_drop(signal->fd);
	kipc_mask(SIG_UNBLOCK, signo, NULL);
}

/* ---- opening ---- */

static struct kipc_signal *kipc_signal_new(const struct kipc_address *address)
{
	struct kipc_signal *signal = calloc(1, sizeof(*signal));

	if (!signal)
		return NULL;
	signal->base.mechanism = &kipc_signal_notice;
	signal->base.signo = kipc_signal_number(address->name);
	signal->fd = -1;
	return signal;
}

static void kipc_signal_close(struct kipc_notice *notice)
{
	struct kipc_signal *signal = to_signal(notice);

	if (signal->waits)
		kipc_signal_let_go(signal);
	if (signal->fd >= 0)
		close(signal->fd);
	free(signal);
}

static int kipc_signal_open(struct kipc_notice **notice, const struct kipc_address *address)
{
	struct kipc_signal *signal = kipc_signal_new(address);
	sigset_t set;
	int err;

	if (!signal)
		return -ENOMEM;
	if (signal->base.signo == SIGKILL || signal->base.signo == SIGSTOP) {
		free(signal);
		return -EINVAL;
	}
	/* Before the signal can be waited for it must not do what it does otherwise. */
	signal->waits = true;
	signal->thread = kipc_thread_number();
	kipc_signal_hold(signal->base.signo);
	sigemptyset(&set);
	sigaddset(&set, signal->base.signo);
	signal->fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	if (signal->fd < 0) {
		err = -errno;
		kipc_signal_close(&signal->base);
		return err;
	}
	*notice = &signal->base;
	return 0;
}

/* Make a raising end that owns a pidfd, or close that. */
static int kipc_signal_at(struct kipc_notice **notice, const struct kipc_address *address,
			  int pidfd)
{
	struct kipc_signal *signal = kipc_signal_new(address);

	if (!signal) {
		close(pidfd);
		return -ENOMEM;
	}
	signal->fd = pidfd;
	*notice = &signal->base;
	return 0;
}

static int kipc_signal_target(struct kipc_notice **notice, const struct kipc_address *address,
			      pid_t pid)
{
	int pidfd = pidfd_open(pid, 0);

	if (pidfd >= 0)
		return kipc_signal_at(notice, address, pidfd);
	if (errno == ENOSYS)
		return -ENODEV;
	/* EINVAL, in newer kernels ENOENT: a thread, but not a process's first */
	return errno == ESRCH || errno == EINVAL ? -ENOENT : -errno;
}

static int kipc_signal_open_fd(struct kipc_notice **notice, const struct kipc_address *address,
			       int fd)
{
	int mine = fcntl(fd, F_DUPFD_CLOEXEC, 0);

	if (mine < 0)
		return -errno;
	if (!kipc_notice_fd_is(mine, "Pid:")) {
		close(mine);
		return -EINVAL;
	}
	return kipc_signal_at(notice, address, mine);
}

/* ---- raising and waiting ---- */

static int kipc_signal_raise(struct kipc_notice *notice, uint64_t value)
{
	const struct kipc_signal *signal = to_signal(notice);
	struct pollfd ended = { .fd = signal->fd, .events = POLLIN };
	siginfo_t info;

	if (signal->waits)
		return -EOPNOTSUPP;
	/* The kernel takes signals for the dead until their parents have seen them. */
	if (poll(&ended, 1, 0) == 1)
		return -EPIPE;
	memset(&info, 0, sizeof(info));
	info.si_signo = notice->signo;
	info.si_code = SI_QUEUE;
	info.si_pid = getpid();
	info.si_uid = getuid();
	info.si_value.sival_ptr = (void *)(uintptr_t)value;
	if (!pidfd_send_signal(signal->fd, notice->signo,
			       value || notice->signo >= SIGRTMIN ? &info : NULL, 0))
		return 0;
	return errno == ESRCH ? -EPIPE : -errno;
}

static uint32_t kipc_signal_known(const struct signalfd_siginfo *info)
{
	/* These codes only the kernel sets; it checks the sender's of others. */
	if (info->ssi_code == SI_USER || info->ssi_code == SI_TKILL ||
	    (info->ssi_signo == SIGCHLD && info->ssi_code > 0))
		return KIPC_NOTICE_KNOWN_PEER | KIPC_NOTICE_KNOWN_SURE;
	return info->ssi_code == SI_QUEUE || info->ssi_code == SI_MESGQ ?
	       KIPC_NOTICE_KNOWN_PEER : 0;
}

static void kipc_signal_fill(struct kipc_notice_event *event,
			     const struct signalfd_siginfo *info)
{
	event->signo = (int)info->ssi_signo;
	event->code = info->ssi_code;
	event->count = 1;
	event->known = kipc_signal_known(info);
	if (event->known & KIPC_NOTICE_KNOWN_PEER) {
		event->pid = (pid_t)info->ssi_pid;
		event->uid = info->ssi_uid;
	}
	if (info->ssi_signo == SIGCHLD && info->ssi_code > 0)
		event->status = info->ssi_status;
	else if (info->ssi_code < 0)
		event->value = info->ssi_ptr;
	else if (info->ssi_code > 0)
		event->address = info->ssi_addr;
}

static int kipc_signal_wait(struct kipc_notice *notice, struct kipc_notice_event *event,
			    kipc_deadline deadline)
{
	const struct kipc_signal *signal = to_signal(notice);
	struct signalfd_siginfo info;
	int err;

	if (!signal->waits)
		return -EOPNOTSUPP;
	while (read(signal->fd, &info, sizeof(info)) != sizeof(info)) {
		if (errno != EAGAIN)
			return -errno;
		if (deadline == KIPC_AT_ONCE)
			return -EAGAIN;
		err = kipc_wait_fd(signal->fd, POLLIN, deadline);
		if (err)
			return err;
	}
	kipc_signal_fill(event, &info);
	return 0;
}

static int kipc_signal_pending(const struct kipc_notice *notice)
{
	sigset_t set;

	if (!to_signal(notice)->waits)
		return -EOPNOTSUPP;
	return sigpending(&set) ? -errno : sigismember(&set, notice->signo);
}

static int kipc_signal_fd(const struct kipc_notice *notice)
{
	return to_signal(notice)->fd;
}

static uint32_t kipc_signal_can(int signo)
{
	uint32_t can = KIPC_NOTICE_CAN_VALUE | KIPC_NOTICE_CAN_FD | KIPC_NOTICE_CAN_PEER |
		       KIPC_NOTICE_CAN_TARGET | KIPC_NOTICE_CAN_CATCH;

	return !signo || signo >= SIGRTMIN ? can | KIPC_NOTICE_CAN_QUEUED : can;
}

static bool kipc_signal_name_ok(const char *name)
{
	return kipc_signal_number(name) > 0;
}

const struct kipc_notice_mechanism kipc_signal_notice = {
	.mechanism.scheme = "signal",
	.mechanism.family = KIPC_FAMILY_NOTICE,
	.mechanism.name_rule = "a signal is USR1, RTMIN+3, RTMAX-1 or a number (see `kill -l`)",
	.mechanism.name_ok = kipc_signal_name_ok,
	.open = kipc_signal_open,
	.open_fd = kipc_signal_open_fd,
	.target = kipc_signal_target,
	.catch = kipc_signal_catch,
	.raise = kipc_signal_raise,
	.wait = kipc_signal_wait,
	.pending = kipc_signal_pending,
	.fd = kipc_signal_fd,
	.close = kipc_signal_close,
	.can = kipc_signal_can,
};
