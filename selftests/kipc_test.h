/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the tests of the module share: requests as functions that return 0 or
 * -errno, endpoints with their pool mapped, a request made in a thread, children.
 *
 * Everything that may wait here waits until LONG at most, so that what would hang
 * fails with ETIMEDOUT instead.
 */
#ifndef KIPC_TEST_H
#define KIPC_TEST_H

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <linux/kipc.h>
#include <linux/userfaultfd.h>
#include "harness.h"

#define PAGE		4096UL
#define CHUNK		32768UL	/* what a pool grows by */
#define USER		1000	/* an ordinary user and group */
#define OTHER		1001	/* another one */

/* Deadlines: one that is to pass, and one that passes when something is broken. */
#define SOON		in_ms(40 * slow())
#define LONG		in_ms(10000)

static inline uint64_t now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000000000ULL + ts.tv_nsec;
}

static inline uint64_t in_ms(unsigned int ms)
{
	return now_ns() + ms * 1000000ULL;
}

static inline void nap_ms(unsigned int ms)
{
	struct timespec ts = { ms / 1000, ms % 1000 * 1000000L };

	nanosleep(&ts, NULL);
}

/* The next eight bytes of a pattern, none of which follow from their place. */
static inline uint64_t pattern_next(uint64_t *state)
{
	uint64_t z = *state += 0x9e3779b97f4a7c15ULL;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9ULL;
	z = (z ^ z >> 27) * 0x94d049bb133111ebULL;
	return z ^ z >> 31;
}

/* Bytes that are different everywhere and for every seed. */
static inline void fill(void *buf, size_t len, uint64_t seed)
{
	uint64_t state = seed << 32, word = pattern_next(&state);
	uint8_t *to = buf;

	for (; len >= sizeof(word); to += sizeof(word), len -= sizeof(word)) {
		memcpy(to, &word, sizeof(word));
		word = pattern_next(&state);
	}
	memcpy(to, &word, len);
}

static inline bool filled(const void *buf, size_t len, uint64_t seed)
{
	uint64_t state = seed << 32, word = pattern_next(&state);
	const uint8_t *at = buf;

	for (; len >= sizeof(word); at += sizeof(word), len -= sizeof(word)) {
		if (memcmp(at, &word, sizeof(word)))
			return false;
		word = pattern_next(&state);
	}
	return !memcmp(at, &word, len);
}

/* Memory that the test gives back when it ends. */
static inline void *memory(size_t len)
{
	void *mem = mmap(NULL, len ?: 1, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	return mem == MAP_FAILED ? NULL : mem;
}

static inline void *pattern(size_t len, uint64_t seed)
{
	void *mem = memory(len);

	if (mem)
		fill(mem, len, seed);
	return mem;
}

/* One byte, read or written for certain */
static inline uint8_t peek(const void *at)
{
	return __atomic_load_n((const uint8_t *)at, __ATOMIC_RELAXED);
}

static inline void poke(void *at, uint8_t byte)
{
	__atomic_store_n((uint8_t *)at, byte, __ATOMIC_RELAXED);
}

/* A name that no other test has, in a buffer of KIPC_NAME_SIZE zero bytes. */
static inline char *fresh_name(char *buf)
{
	static int count;

	memset(buf, 0, KIPC_NAME_SIZE);
	/* Several threads may want one. */
	snprintf(buf, KIPC_NAME_SIZE, "test-%d-%d", getpid(),
		 __atomic_add_fetch(&count, 1, __ATOMIC_RELAXED));
	return buf;
}

/* Into a structure's zeroed field, and not a byte beyond it. */
static inline void put_name(char *field, const char *name)
{
	memccpy(field, name, 0, KIPC_NAME_SIZE);
}

/* One request.  Return: 0 or -errno. */
static inline int request(int fd, unsigned long cmd, void *arg)
{
	return ioctl(fd, cmd, arg) < 0 ? -errno : 0;
}

/* An endpoint without a role.  Return: the descriptor or -errno. */
static inline int endpoint_open(void)
{
	int fd = open("/dev/kipc", O_RDWR | O_CLOEXEC);

	return fd < 0 ? -errno : fd;
}

static inline struct kipc_endpoint_info endpoint_info(int fd)
{
	struct kipc_endpoint_info info = { .size = sizeof(info) };

	if (request(fd, KIPC_IOC_ENDPOINT_INFO, &info))
		memset(&info, 0xff, sizeof(info));
	return info;
}

static inline int set_nonblock(int fd)
{
	return fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
}

/* Channels */

static inline int channel_create(int fd, const char *name, unsigned int mode,
				 uint64_t *pool)
{
	struct kipc_channel_create arg = {
		.size = sizeof(arg),
		.mode = mode,
		.pool_size = *pool,
	};
	int err;

	put_name(arg.name, name);
	err = request(fd, KIPC_IOC_CHANNEL_CREATE, &arg);
	*pool = arg.pool_size;
	return err;
}

static inline int channel_connect(int fd, const char *name, uint64_t *pool,
				  uint64_t *number)
{
	struct kipc_channel_connect arg = {
		.size = sizeof(arg),
		.pool_size = *pool,
	};
	int err;

	put_name(arg.name, name);
	err = request(fd, KIPC_IOC_CHANNEL_CONNECT, &arg);
	*pool = arg.pool_size;
	*number = arg.client;
	return err;
}

/**
 * struct end - one end of a channel, its pool mapped
 * @fd:		the endpoint
 * @size:	of its pool
 * @pool:	the pool
 * @number:	a client's number, 0 for a server
 */
struct end {
	int fd;
	uint64_t size;
	const uint8_t *pool;
	uint64_t number;
};

static inline void end_close(struct end *end)
{
	if (end->pool)
		munmap((void *)end->pool, end->size);
	if (end->fd >= 0)
		close(end->fd);
	end->pool = NULL;
	end->fd = -1;
}

static inline int end_map(struct end *end, int err)
{
	void *pool;

	if (!err) {
		pool = mmap(NULL, end->size, PROT_READ, MAP_SHARED, end->fd, 0);
		if (pool != MAP_FAILED) {
			end->pool = pool;
			return 0;
		}
		err = -errno;
	}
	end_close(end);
	return err;
}

/* Become the server of a channel that everybody may use (but for the umask). */
static inline int end_serve(struct end *end, const char *name, uint64_t pool)
{
	*end = (struct end){ .fd = endpoint_open(), .size = pool };
	if (end->fd < 0)
		return end->fd;
	return end_map(end, channel_create(end->fd, name, 0666, &end->size));
}

static inline int end_connect(struct end *end, const char *name, uint64_t pool)
{
	*end = (struct end){ .fd = endpoint_open(), .size = pool };
	if (end->fd < 0)
		return end->fd;
	return end_map(end, channel_connect(end->fd, name, &end->size,
					    &end->number));
}

/* Does a message have these bytes, and are they in its receiver's pool? */
static inline bool end_has(const struct end *end, const struct kipc_header *msg,
			   const void *data, size_t len)
{
	return msg->len == len && msg->offset + len <= end->size &&
	       !memcmp(end->pool + msg->offset, data, len);
}

static inline struct kipc_payload payload_of(const void *data, size_t len)
{
	return (struct kipc_payload){ .data = (uintptr_t)data, .len = len };
}

static inline int channel_send(int fd, uint64_t to, const void *data, size_t len)
{
	struct kipc_channel_send arg = {
		.size = sizeof(arg),
		.deadline = LONG,
		.to = to,
		.payload = payload_of(data, len),
	};

	return request(fd, KIPC_IOC_CHANNEL_SEND, &arg);
}

static inline int channel_send_now(int fd, uint64_t to, const void *data,
				   size_t len)
{
	struct kipc_channel_send arg = {
		.size = sizeof(arg),
		.flags = KIPC_F_NONBLOCK,
		.to = to,
		.payload = payload_of(data, len),
	};

	return request(fd, KIPC_IOC_CHANNEL_SEND, &arg);
}

static inline int channel_recv_until(int fd, struct kipc_header *msg,
				     uint64_t deadline)
{
	struct kipc_channel_recv arg = {
		.size = sizeof(arg),
		.deadline = deadline,
	};
	int err = request(fd, KIPC_IOC_CHANNEL_RECV, &arg);

	*msg = arg.msg;
	return err;
}

static inline int channel_recv(int fd, struct kipc_header *msg)
{
	return channel_recv_until(fd, msg, LONG);
}

static inline int channel_recv_now(int fd, struct kipc_header *msg)
{
	struct kipc_channel_recv arg = {
		.size = sizeof(arg),
		.flags = KIPC_F_NONBLOCK,
	};
	int err = request(fd, KIPC_IOC_CHANNEL_RECV, &arg);

	*msg = arg.msg;
	return err;
}

static inline int channel_reply(int fd, uint64_t id, const void *data, size_t len)
{
	struct kipc_channel_reply arg = {
		.size = sizeof(arg),
		.id = id,
		.reply = payload_of(data, len),
	};

	return request(fd, KIPC_IOC_CHANNEL_REPLY, &arg);
}

static inline int channel_release(int fd, uint64_t id)
{
	struct kipc_channel_release arg = {
		.size = sizeof(arg),
		.ids = (uintptr_t)&id,
		.count = 1,
	};

	return request(fd, KIPC_IOC_CHANNEL_RELEASE, &arg);
}

static inline struct kipc_channel_call call_of(const void *data, size_t len)
{
	return (struct kipc_channel_call){
		.size = sizeof(struct kipc_channel_call),
		.deadline = LONG,
		.request = payload_of(data, len),
	};
}

static inline int channel_call(int fd, const void *data, size_t len,
			       struct kipc_header *reply)
{
	struct kipc_channel_call arg = call_of(data, len);
	int err = request(fd, KIPC_IOC_CHANNEL_CALL, &arg);

	*reply = arg.reply;
	return err;
}

/* Queues */

static inline struct kipc_queue_open queue_args(const char *name,
						unsigned int flags)
{
	struct kipc_queue_open arg = { .size = sizeof(arg), .flags = flags };

	if (flags & KIPC_QUEUE_CREATE)
		arg.mode = 0666;
	put_name(arg.name, name);
	return arg;
}

#define QUEUE_BOTH	(KIPC_QUEUE_RECV | KIPC_QUEUE_SEND)

/* A handle on a queue that can hold so much.  Return: descriptor or -errno. */
static inline int queue_open_sized(const char *name, unsigned int flags,
				   uint64_t msgs, uint64_t bytes, uint64_t size)
{
	struct kipc_queue_open arg = queue_args(name, flags);
	int fd = endpoint_open(), err;

	if (fd < 0)
		return fd;
	arg.max_msgs = msgs;
	arg.max_bytes = bytes;
	arg.max_size = size;
	err = request(fd, KIPC_IOC_QUEUE_OPEN, &arg);
	if (!err)
		return fd;
	close(fd);
	return err;
}

static inline int queue_open(const char *name, unsigned int flags)
{
	return queue_open_sized(name, flags, 0, 0, 0);
}

static inline int queue_unlink(const char *name)
{
	struct kipc_queue_unlink arg = { .size = sizeof(arg) };
	int fd = endpoint_open(), err;

	if (fd < 0)
		return fd;
	put_name(arg.name, name);
	err = request(fd, KIPC_IOC_QUEUE_UNLINK, &arg);
	close(fd);
	return err;
}

static inline struct kipc_queue_send queue_send_args(const void *data, size_t len)
{
	return (struct kipc_queue_send){
		.size = sizeof(struct kipc_queue_send),
		.deadline = LONG,
		.payload = payload_of(data, len),
	};
}

static inline struct kipc_queue_recv queue_recv_args(void *data, size_t len)
{
	return (struct kipc_queue_recv){
		.size = sizeof(struct kipc_queue_recv),
		.deadline = LONG,
		.data = (uintptr_t)data,
		.len = len,
	};
}

static inline int queue_send_prio(int fd, const void *data, size_t len,
				  unsigned int prio)
{
	struct kipc_queue_send arg = queue_send_args(data, len);

	arg.prio = prio;
	return request(fd, KIPC_IOC_QUEUE_SEND, &arg);
}

static inline int queue_send(int fd, const void *data, size_t len)
{
	return queue_send_prio(fd, data, len, 0);
}

static inline int queue_send_now(int fd, const void *data, size_t len)
{
	struct kipc_queue_send arg = queue_send_args(data, len);

	arg.flags = KIPC_F_NONBLOCK;
	return request(fd, KIPC_IOC_QUEUE_SEND, &arg);
}

static inline int queue_recv(int fd, void *data, size_t len,
			     struct kipc_header *msg)
{
	struct kipc_queue_recv arg = queue_recv_args(data, len);
	int err = request(fd, KIPC_IOC_QUEUE_RECV, &arg);

	*msg = arg.msg;
	return err;
}

static inline int queue_recv_now(int fd, void *data, size_t len,
				 struct kipc_header *msg)
{
	struct kipc_queue_recv arg = queue_recv_args(data, len);
	int err;

	arg.flags = KIPC_F_NONBLOCK;
	err = request(fd, KIPC_IOC_QUEUE_RECV, &arg);
	*msg = arg.msg;
	return err;
}

/* Requests that wait, made in a thread of their own */

/**
 * struct asker - a thread that makes one request
 * @thread:	the thread
 * @fd:		on which endpoint
 * @cmd:	which request
 * @arg:	its structure, the caller's
 * @err:	how it ended: 0 or -errno; good after ask_end()
 * @tid:	the thread, once it runs
 */
struct asker {
	pthread_t thread;
	int fd;
	unsigned long cmd;
	void *arg;
	int err;
	pid_t tid;
};

static inline void *ask_run(void *arg)
{
	struct asker *asker = arg;

	__atomic_store_n(&asker->tid, syscall(SYS_gettid), __ATOMIC_RELEASE);
	asker->err = request(asker->fd, asker->cmd, asker->arg);
	return NULL;
}

/* Does a thread of this machine sleep in a system call of this number? */
static inline bool sleeps_in(pid_t pid, pid_t tid, long number)
{
	char path[64], line[32] = "";
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/task/%d/syscall", pid, tid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return false;
	if (read(fd, line, sizeof(line) - 1) < 0)
		line[0] = 0;
	close(fd);
	return line[0] >= '0' && line[0] <= '9' && atol(line) == number;
}

static inline bool await_sleep(pid_t pid, pid_t tid, long number)
{
	int i;

	for (i = 0; i < 2000; i++) {
		if (sleeps_in(pid, tid, number))
			return true;
		nap_ms(1);
	}
	return false;
}

static inline int ask(struct asker *asker, int fd, unsigned long cmd, void *arg)
{
	*asker = (struct asker){ .fd = fd, .cmd = cmd, .arg = arg };
	return -pthread_create(&asker->thread, NULL, ask_run, asker);
}

static inline bool ask_waits(struct asker *asker)
{
	while (!__atomic_load_n(&asker->tid, __ATOMIC_ACQUIRE))
		nap_ms(1);
	return await_sleep(getpid(), asker->tid, SYS_ioctl);
}

/* Ask, and return when it waits. */
static inline int ask_and_wait(struct asker *asker, int fd, unsigned long cmd,
			       void *arg)
{
	int err = ask(asker, fd, cmd, arg);

	return err ?: ask_waits(asker) ? 0 : -ETIME;
}

static inline int ask_end(struct asker *asker)
{
	pthread_join(asker->thread, NULL);
	return asker->err;
}

/* Children */

/* fork(), with a child that does not outlive its parent. */
static inline pid_t spawn(void)
{
	pid_t parent = getpid(), pid = fork();

	if (!pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (getppid() != parent)
			_exit(0);
	}
	return pid;
}

/* Return: its exit status, 128 + the signal that ended it, or -1. */
static inline int reap(pid_t child)
{
	int status;

	if (waitpid(child, &status, 0) != child)
		return -1;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

static inline int kill_and_reap(pid_t child)
{
	kill(child, SIGKILL);
	return reap(child);
}

/* Be somebody else, for good. */
static inline int become(uid_t uid)
{
	if (setgroups(0, NULL) || setresgid(uid, uid, uid) ||
	    setresuid(uid, uid, uid))
		return -errno;
	return 0;
}

/* How many signals have been taken so far */
static int signals_taken;

static inline void on_signal_count(int number)
{
	__atomic_add_fetch(&signals_taken, 1, __ATOMIC_RELAXED);
}

/* Let a signal interrupt, and say whether what it interrupts is restarted. */
static inline void on_signal(int number, int flags)
{
	struct sigaction action = {
		.sa_handler = on_signal_count,
		.sa_flags = flags,
	};

	sigaction(number, &action, NULL);
}

static inline int read_text(const char *path, char *buf, size_t size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n;

	if (fd < 0)
		return -errno;
	n = read(fd, buf, size - 1);
	close(fd);
	if (n < 0)
		return -errno;
	buf[n] = 0;
	return 0;
}

static inline int write_text(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC), err = 0;

	if (fd < 0)
		return -errno;
	if (write(fd, text, strlen(text)) < 0)
		err = -errno;
	close(fd);
	return err;
}

/* Limits: the module's parameters */

static inline void limit_path(const char *name, char *path, size_t size)
{
	snprintf(path, size, "/sys/module/kipc/parameters/%s", name);
}

static inline int limit_read(const char *name, char *buf, size_t size)
{
	char path[128];

	limit_path(name, path, sizeof(path));
	return read_text(path, buf, size);
}

static inline int limit_write(const char *name, const char *text)
{
	char path[128];

	limit_path(name, path, sizeof(path));
	return write_text(path, text);
}

static inline int limit_to(const char *name, unsigned long value)
{
	char text[32];

	snprintf(text, sizeof(text), "%lu", value);
	return limit_write(name, text);
}

/**
 * struct guard - pages with an end: what lies beyond cannot be touched
 * @base:	two pages that can be read and written
 * @end:	the page that cannot, right behind
 */
struct guard {
	uint8_t *base;
	uint8_t *end;
};

static inline int guard_init(struct guard *guard)
{
	guard->base = memory(3 * PAGE);
	if (!guard->base)
		return -ENOMEM;
	guard->end = guard->base + 2 * PAGE;
	return mprotect(guard->end, PAGE, PROT_NONE) ? -errno : 0;
}

/* A copy of a structure that cannot be written from its byte @from on. */
static inline void *guard_readonly(struct guard *guard, const void *data,
				   size_t len, size_t from)
{
	uint8_t *at = guard->base + PAGE - from;

	memcpy(at, data, len);
	mprotect(guard->base + PAGE, PAGE, PROT_READ);
	return at;
}

static inline void guard_writable(struct guard *guard)
{
	mprotect(guard->base, 2 * PAGE, PROT_READ | PROT_WRITE);
}

/**
 * struct stall - a page that does not come: whoever touches it sleeps in the copy
 * @page:	the page
 * @fd:		the userfaultfd that withholds it
 */
struct stall {
	void *page;
	int fd;
};

static inline int stall_init(struct stall *stall)
{
	struct uffdio_api api = { .api = UFFD_API };
	struct uffdio_register area = { .mode = UFFDIO_REGISTER_MODE_MISSING };

	stall->page = memory(PAGE);
	stall->fd = syscall(SYS_userfaultfd, O_CLOEXEC);
	if (stall->fd < 0)
		return -errno;
	area.range.start = (uintptr_t)stall->page;
	area.range.len = PAGE;
	if (ioctl(stall->fd, UFFDIO_API, &api) ||
	    ioctl(stall->fd, UFFDIO_REGISTER, &area))
		return -errno;
	return 0;
}

/* Let the page come, full of zeroes. */
static inline void stall_end(struct stall *stall)
{
	close(stall->fd);
}

/* Does a child come to sleep at such a page? */
static inline bool stalls(pid_t child)
{
	uint64_t end = LONG;
	char path[64], where[64] = "";
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/wchan", child);
	while (now_ns() < end && strcmp(where, "handle_userfault")) {
		nap_ms(2);
		file = fopen(path, "re");
		if (!file)
			return false;
		if (!fgets(where, sizeof(where), file))
			where[0] = '\0';
		fclose(file);
	}
	return now_ns() < end;
}

#endif /* KIPC_TEST_H */
