// SPDX-License-Identifier: GPL-2.0
/*
 * The operations that are no requests: what any descriptor can be used for, mappings, and what
 * becomes of processes.
 *
 * What may wait is broken by the worker's timer, a signal every few milliseconds.  A fork's
 * child makes the next few calls of the program as well, as somebody else perhaps, and is
 * killed when its parent has come to the end.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>
#include <linux/kipc.h>

#include "fuzz.h"

#define TIMER_US	4000	/* how long anything waits */

static __thread sigjmp_buf bad_access;
static __thread sig_atomic_t accessing;

static long result(long said)
{
	return said < 0 ? -errno : said;
}

static void on_signal(int signo)
{
}

static void on_bad_access(int signo)
{
	if (accessing)
		siglongjmp(bad_access, 1);
	signal(signo, SIG_DFL);
}

/* Every signal that can be caught only interrupts; one of them restarts calls. */
void signals_init(void)
{
	struct itimerval timer = {
		.it_value.tv_usec = TIMER_US,
		.it_interval.tv_usec = TIMER_US,
	};
	struct sigaction action = { .sa_handler = on_signal };
	int signo;

	for (signo = 1; signo <= SIGRTMAX; signo++) {
		action.sa_flags = signo == SIGUSR2 ? SA_RESTART : 0;
		if (signo != SIGCHLD && signo != SIGFPE && signo != SIGILL && signo != SIGABRT)
			sigaction(signo, &action, NULL);
	}
	action.sa_handler = on_bad_access;
	action.sa_flags = SA_NODEFER;
	sigaction(SIGSEGV, &action, NULL);
	sigaction(SIGBUS, &action, NULL);
	setitimer(ITIMER_REAL, &timer, NULL);
}

long do_open(struct machine *m, const uint64_t *arg)
{
	int fd = open("/dev/kipc", O_RDWR | O_CLOEXEC | (arg[1] ? O_NONBLOCK : 0));

	machine_hold(m, arg[0], fd);
	return result(fd);
}

long do_close(struct machine *m, const uint64_t *arg)
{
	return result(close(machine_fd(m, arg[0])));
}

long do_dup(struct machine *m, const uint64_t *arg)
{
	int fd = machine_fd(m, arg[0]), to = machine_fd(m, arg[1]);

	if (to >= 0 && fd != to)
		return result(dup2(fd, to));
	fd = dup(fd);
	machine_hold(m, arg[1], fd);
	return result(fd);
}

long do_fcntl(struct machine *m, const uint64_t *arg)
{
	int fd = machine_fd(m, arg[0]);

	switch (arg[1]) {
	case 0:
		return result(fcntl(fd, F_SETFL, arg[2] & 1 ? O_NONBLOCK : 0));
	case 1:
		return result(fcntl(fd, F_SETFL, (arg[2] & 1 ? O_ASYNC : 0) |
						 (arg[2] & 2 ? O_APPEND : 0)));
	case 2:
		return result(fcntl(fd, F_SETOWN, getpid()));
	case 3:
		fd = fcntl(fd, F_DUPFD_CLOEXEC, m->first);
		machine_hold(m, arg[2], fd);
		return result(fd);
	case 4:
		return result(fcntl(fd, F_SETLEASE, arg[2] & 1 ? F_RDLCK : F_UNLCK));
	default:
		return result(fcntl(fd, F_GETFL));
	}
}

long do_read(struct machine *m, const uint64_t *arg)
{
	return result(read(machine_fd(m, arg[0]),
			   (void *)(uintptr_t)machine_address(m, arg[1], DATA), arg[2]));
}

long do_write(struct machine *m, const uint64_t *arg)
{
	return result(write(machine_fd(m, arg[0]),
			    (void *)(uintptr_t)machine_address(m, arg[1], DATA), arg[2]));
}

static struct iovec *vecs(struct machine *m, uint64_t first)
{
	uint64_t at = PLACE_VECS | (first % 16 * sizeof(struct iovec)) << 4;

	return (void *)(uintptr_t)machine_address(m, at, DATA);
}

long do_readv(struct machine *m, const uint64_t *arg)
{
	return result(preadv2(machine_fd(m, arg[0]), vecs(m, arg[1]), arg[2], -1, arg[3]));
}

long do_writev(struct machine *m, const uint64_t *arg)
{
	return result(pwritev2(machine_fd(m, arg[0]), vecs(m, arg[1]), arg[2], -1, arg[3]));
}

long do_poll(struct machine *m, const uint64_t *arg)
{
	struct pollfd fds[] = {
		{ .fd = machine_fd(m, arg[0]), .events = arg[2] },
		{ .fd = machine_fd(m, arg[1]), .events = arg[2] >> 16 },
	};

	return result(poll(fds, 2, 1));
}

long do_epoll(struct machine *m, const uint64_t *arg)
{
	int fd = epoll_create1(EPOLL_CLOEXEC);

	machine_hold(m, arg[0], fd);
	return result(fd);
}

long do_epoll_ctl(struct machine *m, const uint64_t *arg)
{
	struct epoll_event event = { .events = arg[3], .data.u64 = arg[2] };

	return result(epoll_ctl(machine_fd(m, arg[0]), arg[1], machine_fd(m, arg[2]), &event));
}

long do_epoll_wait(struct machine *m, const uint64_t *arg)
{
	struct epoll_event events[4];

	return result(epoll_wait(machine_fd(m, arg[0]), events, ARRAY_SIZE(events), 1));
}

long do_eventfd(struct machine *m, const uint64_t *arg)
{
	int fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);

	machine_hold(m, arg[0], fd);
	return result(fd);
}

long do_pipe(struct machine *m, const uint64_t *arg)
{
	int fds[2];

	if (pipe2(fds, O_CLOEXEC | O_NONBLOCK))
		return -errno;
	machine_hold(m, arg[0], fds[0]);
	machine_hold(m, arg[1], fds[1]);
	return 0;
}

long do_socketpair(struct machine *m, const uint64_t *arg)
{
	int fds[2];

	if (socketpair(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, fds))
		return -errno;
	machine_hold(m, arg[0], fds[0]);
	machine_hold(m, arg[1], fds[1]);
	return 0;
}

/* One message of one byte, with room for a descriptor */
union control {
	char buf[CMSG_SPACE(sizeof(int))];
	struct cmsghdr align;
};

long do_fd_send(struct machine *m, const uint64_t *arg)
{
	struct iovec byte = { .iov_base = "f", .iov_len = 1 };
	union control control = { .align = {
		.cmsg_len = CMSG_LEN(sizeof(int)),
		.cmsg_level = SOL_SOCKET,
		.cmsg_type = SCM_RIGHTS,
	} };
	struct msghdr msg = {
		.msg_iov = &byte,
		.msg_iovlen = 1,
		.msg_control = &control,
		.msg_controllen = sizeof(control),
	};
	int fd = machine_fd(m, arg[1]);

	memcpy(CMSG_DATA(&control.align), &fd, sizeof(fd));
	return result(sendmsg(machine_fd(m, arg[0]), &msg, MSG_NOSIGNAL));
}

long do_fd_recv(struct machine *m, const uint64_t *arg)
{
	char byte;
	struct iovec vec = { .iov_base = &byte, .iov_len = 1 };
	union control control;
	struct msghdr msg = {
		.msg_iov = &vec,
		.msg_iovlen = 1,
		.msg_control = &control,
		.msg_controllen = sizeof(control),
	};
	long got = recvmsg(machine_fd(m, arg[0]), &msg, MSG_CMSG_CLOEXEC);
	int fd;

	if (got < 0)
		return -errno;
	if (msg.msg_controllen >= CMSG_LEN(sizeof(int))) {
		memcpy(&fd, CMSG_DATA(&control.align), sizeof(fd));
		machine_hold(m, arg[1], fd);
	}
	return got;
}

long do_splice(struct machine *m, const uint64_t *arg)
{
	return result(splice(machine_fd(m, arg[0]), NULL, machine_fd(m, arg[1]), NULL, arg[2],
			     SPLICE_F_NONBLOCK));
}

long do_fdinfo(struct machine *m, const uint64_t *arg)
{
	int fd = machine_fd(m, arg[0]), info;
	char buf[4096], path[64];
	struct stat st;
	long got;

	if (arg[1] == 1)
		return result(fstat(fd, &st) ?: lseek(fd, arg[0], SEEK_CUR));
	snprintf(path, sizeof(path), arg[1] ? "/proc/self/fd/%d" : "/proc/self/fdinfo/%d", fd);
	if (arg[1])
		return result(readlink(path, buf, sizeof(buf)));
	info = open(path, O_RDONLY | O_CLOEXEC);
	if (info < 0)
		return -errno;
	got = read(info, buf, sizeof(buf));
	close(info);
	return got;
}

/* Any request, also one that there is not. */
long do_ioctl(struct machine *m, const uint64_t *arg)
{
	unsigned int type = arg[5] ? arg[5] : KIPC_IOC_MAGIC;

	return result(ioctl(machine_fd(m, arg[0]), _IOC(arg[4] & 3, type & 0xff, arg[1] & 0xff,
							arg[2] & 0x3fff),
			    machine_address(m, arg[3], DATA)));
}

static uint64_t file_offset(uint64_t arg)
{
	switch (arg) {
	case 0:
		return 0;
	case 1:
		return KIPC_RING_OFFSET;
	case 2:
		return 4096;
	case 3:
		return KIPC_RING_OFFSET + 4096;
	default:
		return arg << 12;
	}
}

long do_mmap(struct machine *m, const uint64_t *arg)
{
	static const int flags[] = { MAP_SHARED, MAP_SHARED | MAP_POPULATE, MAP_SHARED | MAP_LOCKED,
				     MAP_PRIVATE };
	unsigned int map = arg[0] % MAPS;
	void *at;

	if (arg[2] > 1UL << 30)
		return -ENOMEM;
	if (m->maps[map].at)
		munmap(m->maps[map].at, m->maps[map].len);
	m->maps[map].at = NULL;
	m->maps[map].len = 0;
	at = mmap(NULL, arg[2], arg[3] & 7, flags[arg[4] & 3], machine_fd(m, arg[1]),
		  file_offset(arg[5]));
	if (at == MAP_FAILED)
		return -errno;
	m->maps[map].at = at;
	m->maps[map].len = arg[2];
	return 0;
}

/* A part of it, or all; no more, as what is beside may be the fuzzer's. */
long do_munmap(struct machine *m, const uint64_t *arg)
{
	uint8_t *at = m->maps[arg[0] % MAPS].at;
	size_t len = m->maps[arg[0] % MAPS].len, from = arg[1] & ~4095UL;

	if (!at || from >= len)
		return -EINVAL;
	len -= from;
	return result(munmap(at + from, arg[2] && arg[2] < len ? arg[2] : len));
}

long do_mremap(struct machine *m, const uint64_t *arg)
{
	unsigned int map = arg[0] % MAPS;
	void *at;

	if (!m->maps[map].at || !arg[1] || arg[1] > 1UL << 30)
		return -EINVAL;
	at = mremap(m->maps[map].at, m->maps[map].len, arg[1], arg[2] & 5 & ~MREMAP_FIXED);
	if (at == MAP_FAILED)
		return -errno;
	if (!(arg[2] & MREMAP_DONTUNMAP)) {
		m->maps[map].at = at;
		m->maps[map].len = arg[1];
	}
	return 0;
}

long do_mprotect(struct machine *m, const uint64_t *arg)
{
	return result(mprotect(m->maps[arg[0] % MAPS].at, m->maps[arg[0] % MAPS].len, arg[1] & 7));
}

long do_madvise(struct machine *m, const uint64_t *arg)
{
	if (arg[1] > MADV_POPULATE_WRITE) /* 100 and 101 take the machine's memory away */
		return -EINVAL;
	return result(madvise(m->maps[arg[0] % MAPS].at, m->maps[arg[0] % MAPS].len, arg[1]));
}

/* Reads or writes memory that may not be there, or not be ours. */
static long touch(uintptr_t at, bool write, uint64_t value)
{
	long err = 0;

	if (sigsetjmp(bad_access, 0)) {
		err = -EFAULT;
	} else {
		__atomic_store_n(&accessing, 1, __ATOMIC_SEQ_CST);
		if (write)
			__atomic_store_n((uint64_t *)at, value, __ATOMIC_RELAXED);
		else
			__atomic_load_n((uint8_t *)at, __ATOMIC_RELAXED);
	}
	__atomic_store_n(&accessing, 0, __ATOMIC_SEQ_CST);
	return err;
}

long do_touch(struct machine *m, const uint64_t *arg)
{
	uint64_t place = PLACE_MAP | (arg[1] * MAPS + arg[0] % MAPS) << 4;

	return touch(machine_address(m, place, DATA), arg[2], 0);
}

long do_store(struct machine *m, const uint64_t *arg)
{
	return touch(machine_address(m, arg[0], DATA), true, arg[1]);
}

/* A child becomes somebody else, or somewhere else. */
static void become(uint64_t as, int first)
{
	struct rlimit files = { .rlim_cur = first + 2, .rlim_max = first + 2 };

	switch (as) {
	case 2:
		(void)!setgid(1000);
		(void)!setuid(1000);
		break;
	case 3:
		unshare(CLONE_NEWUSER | CLONE_NEWNET);
		break;
	case 4:
		setrlimit(RLIMIT_NOFILE, &files);
		break;
	case 5:
		unshare(CLONE_NEWNET | CLONE_NEWIPC);
		break;
	}
	prctl(PR_SET_PDEATHSIG, SIGKILL);
}

static void child(struct machine *m, const uint64_t *arg, pid_t parent)
{
	unsigned int n = arg[0] % (CALLS_MAX + 1);
	struct itimerval timer = {
		.it_value.tv_usec = TIMER_US,
		.it_interval.tv_usec = TIMER_US,
	};

	m->helpers = NULL;
	m->said = NULL;
	become(arg[1], m->first);
	if (getppid() != parent)
		_exit(0);
	setitimer(ITIMER_REAL, &timer, NULL);
	while (n-- && ++m->at < m->program->n) {
		const struct call *call = &m->program->calls[m->at];

		if (ops[call->op].run != do_fork)
			machine_call(m, call);
	}
	_exit(0);
}

long do_fork(struct machine *m, const uint64_t *arg)
{
	pid_t parent = getpid(), pid;
	unsigned int i;

	for (i = 0; i < CHILDREN && m->children[i]; i++)
		;
	if (i == CHILDREN)
		return -EAGAIN;
	pid = fork();
	if (pid < 0)
		return -errno;
	if (!pid)
		child(m, arg, parent);
	m->children[i] = pid;
	if (arg[2] && waitpid(pid, NULL, 0) == pid)
		m->children[i] = 0;
	return 0;
}

long do_kill(struct machine *m, const uint64_t *arg)
{
	static const int signals[] = { SIGKILL, SIGSTOP, SIGCONT, SIGUSR1 };
	pid_t pid = m->children[arg[0] % CHILDREN];

	return pid ? result(kill(pid, signals[arg[1] & 3])) : -ESRCH;
}

long do_signal(struct machine *m, const uint64_t *arg)
{
	static const int signals[] = { SIGUSR1, SIGUSR2, SIGURG, SIGIO };

	helper_signal(m, arg[0], signals[arg[1] & 3]);
	return 0;
}

long do_sleep(struct machine *m, const uint64_t *arg)
{
	return arg[0] ? result(usleep(arg[0] % 1000)) : sched_yield();
}

/* Has every shrinker asked, as when memory is short. */
long do_shrink(struct machine *m, const uint64_t *arg)
{
	int fd = open("/proc/sys/vm/drop_caches", O_WRONLY | O_CLOEXEC);
	long said;

	if (fd < 0)
		return -errno;
	said = result(write(fd, "2", 1));
	close(fd);
	return said;
}
