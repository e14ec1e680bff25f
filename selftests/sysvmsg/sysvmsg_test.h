/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the tests of System V messages share: the four calls as functions that return a
 * value or -errno, a queue for each test, other users, and children that wait.
 */
#ifndef SYSVMSG_TEST_H
#define SYSVMSG_TEST_H

#include <dlfcn.h>
#include <limits.h>
#include <sched.h>
#include <sys/ipc.h>
#include <sys/msg.h>
#include <sys/resource.h>
#include "kipc_test.h"

#ifndef ON_KIPC
#define ON_KIPC		1
#endif
#ifndef MSG_COPY
#define MSG_COPY	040000
#endif
#ifndef MSG_STAT_ANY
#define MSG_STAT_ANY	13
#endif

#define TEXT		8192	/* msgmax, as it is by default */
#define PRELOAD		"libkipc-sysvmsg.so.0"
#define SEND_TO		"send-to"	/* as an argument, with an id: do that only */

extern char __gcc_personality_v0[];	/* of libgcc_s */

/* A message with room for the largest. */
struct message {
	long type;
	char text[TEXT + 1];
};

/* ---- which of the two is tested ---- */

static inline bool preloaded(void)
{
	void *library = dlopen(PRELOAD, RTLD_LAZY | RTLD_NOLOAD);

	return library && dlsym(library, "msgsnd") == dlsym(RTLD_DEFAULT, "msgsnd");
}

/* Come back with the drop-in in place.  Return: 0 to go on, or an exit status. */
static inline int sysvmsg_test_begin(char **argv)
{
	if (preloaded() == ON_KIPC)
		return 0;
	if (!ON_KIPC || getenv("LD_PRELOAD")) {
		fprintf(stderr, "LD_PRELOAD=%s, but %s\n", getenv("LD_PRELOAD") ?: "",
			ON_KIPC ? PRELOAD " is not there" : "the kernel is to be tested");
		return 1;
	}
	setenv("LD_PRELOAD", PRELOAD, 1);
	execv("/proc/self/exe", argv);
	return 1;
}

/* ---- the calls: what they return, or -errno ---- */

static inline int get(key_t key, int flags)
{
	int id = msgget(key, flags);

	return id < 0 ? -errno : id;
}

static inline int snd(int id, const void *msg, size_t size, int flags)
{
	return msgsnd(id, msg, size, flags) ? -errno : 0;
}

static inline ssize_t rcv(int id, void *msg, size_t size, long type, int flags)
{
	ssize_t n = msgrcv(id, msg, size, type, flags);

	return n < 0 ? -errno : n;
}

static inline int ctl(int id, int cmd, void *buf)
{
	int n = msgctl(id, cmd, buf);

	return n < 0 ? -errno : n;
}

/* A message that is its text's, final NUL and all. */
static inline int put(int id, long type, const char *text)
{
	struct message msg = { .type = type };

	snprintf(msg.text, sizeof(msg.text), "%s", text);
	return snd(id, &msg, strlen(text) + 1, IPC_NOWAIT);
}

/* Does this message come, without waiting? */
static inline bool take(int id, long wanted, int flags, long type, const char *text)
{
	struct message msg = { 0 };
	ssize_t n = rcv(id, &msg, TEXT, wanted, flags | IPC_NOWAIT);

	return n == strlen(text) + 1 && msg.type == type && !strcmp(msg.text, text);
}

static inline struct msqid_ds stat_of(int id)
{
	struct msqid_ds ds;

	if (ctl(id, IPC_STAT, &ds))
		memset(&ds, 0xff, sizeof(ds));
	return ds;
}

static inline int set_mode(int id, unsigned int mode)
{
	struct msqid_ds ds = stat_of(id);

	ds.msg_perm.mode = mode;
	return ctl(id, IPC_SET, &ds);
}

static inline int set_owner(int id, uid_t uid, gid_t gid)
{
	struct msqid_ds ds = stat_of(id);

	ds.msg_perm.uid = uid;
	ds.msg_perm.gid = gid;
	return ctl(id, IPC_SET, &ds);
}

static inline int set_bytes(int id, unsigned long bytes)
{
	struct msqid_ds ds = stat_of(id);

	ds.msg_qbytes = bytes;
	return ctl(id, IPC_SET, &ds);
}

static inline unsigned long limit(const char *name)
{
	char path[64], text[32];

	snprintf(path, sizeof(path), "/proc/sys/kernel/%s", name);
	return read_text(path, text, sizeof(text)) ? 0 : strtoul(text, NULL, 10);
}

static inline int set_limit(const char *name, unsigned long value)
{
	char path[64], text[32];

	snprintf(path, sizeof(path), "/proc/sys/kernel/%s", name);
	snprintf(text, sizeof(text), "%lu", value);
	return write_text(path, text);
}

static inline key_t fresh_key(void)
{
	static int count;

	return 0x6b000000 + (getpid() << 6) + ++count;
}

/* ---- a queue for each test ---- */

#define MADE	64

FIXTURE(sysv) {
	key_t key;
	int id;
	int made[MADE];
	int count;
};

/* A queue that goes with the test.  (FIXTURE_DATA(sysv) is this structure.) */
static inline int make(struct _test_data_sysv *self, key_t key, int flags)
{
	int id = get(key, flags);

	if (id >= 0 && self->count < MADE)
		self->made[self->count++] = id;
	return id;
}

FIXTURE_SETUP(sysv)
{
	self->count = 0;
	self->key = fresh_key();
	self->id = make(self, self->key, IPC_CREAT | IPC_EXCL | 0600);
	ASSERT_LE(0, self->id);
}

FIXTURE_TEARDOWN(sysv)
{
	while (self->count)
		msgctl(self->made[--self->count], IPC_RMID, NULL);
}

/* ---- others ---- */

static inline int status_of(long result)
{
	return result < 0 ? -result : 0;
}

/* What the expression fails with in a child that is somebody else; 0: it succeeds. */
#define AS(uid, expression) ({						\
	pid_t as_child = spawn();					\
									\
	if (!as_child)							\
		_exit(become(uid) ? 255 : status_of(expression));	\
	reap(as_child);							\
})

/* The same in a child that is as we are. */
#define IN_CHILD(expression) ({						\
	pid_t in_child = spawn();					\
									\
	if (!in_child)							\
		_exit(status_of(expression));				\
	reap(in_child);							\
})

/* Like IN_CHILD(), but do not wait: reap() tells. */
#define START(expression) ({						\
	pid_t started = spawn();					\
									\
	if (!started)							\
		_exit(status_of(expression));				\
	started;							\
})

static inline bool waits_in(pid_t pid, long number)
{
	return await_sleep(pid, pid, ON_KIPC ? SYS_ioctl : number);
}

#define WAITS_SENDING(pid)	waits_in(pid, SYS_msgsnd)
#define WAITS_RECEIVING(pid)	waits_in(pid, SYS_msgrcv)

/* Does it still wait, some time later? */
static inline bool still_runs(pid_t pid)
{
	nap_ms(50);
	return !waitpid(pid, NULL, WNOHANG);
}

/* A page that cannot be touched; the test gives it back when it ends. */
static inline char *no_page(void)
{
	return mmap(NULL, PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
}

/* A page with nothing behind it. */
static inline char *last_page(void)
{
	char *pages = memory(2 * PAGE);

	mprotect(pages + PAGE, PAGE, PROT_NONE);
	return pages;
}

/* An id that no queue has. */
static inline int no_queue(void)
{
	int id = get(IPC_PRIVATE, 0600);

	msgctl(id, IPC_RMID, NULL);
	return id;
}

#endif /* SYSVMSG_TEST_H */
