/* SPDX-License-Identifier: GPL-2.0 */
/*
 * driver: one mechanism, as the two processes that are measured use it
 *
 * A *lane* is one mechanism between one pair of processes.  Its life:
 *
 *	parent	prepare()		what must exist before fork()
 *	server	open(0)			e.g. listen
 *	client	open(0)			e.g. connect
 *	server	open(1)			e.g. connect back, if one-way
 *	both	the operations below	as often as wanted
 *	both	close()			also in the parent, right after fork()
 *	parent	clean()			names that a killed process left behind
 *
 * The server receives: recv(), then either reply() or reply_recv() for a
 * request, or done() for a one-way message.  The client does call() or send().
 * All of them block, in the kernel and not in a loop.  They return a length or
 * 0, or -errno.
 *
 * @expect is the length of the next message, which both ends know: for
 * baselines that have no message boundaries of their own.  A mechanism that has
 * them ignores it and says what it really received.
 *
 * prepare() and open() refuse a size that the mechanism does not carry with
 * -EMSGSIZE, having set lane->max_size to what it does carry: that is "n/a" and
 * not a failure.  Where only one-way messages are bounded, prepare() sets
 * lane->max_send and refuses nothing.  Any other refusal means "not available here"; lane->why may
 * say it better than the error number.
 */
#ifndef DRIVER_H
#define DRIVER_H

#include "bench.h"

#include <stdatomic.h>
#include <sys/types.h>

struct lane {
	const struct driver *driver;
	size_t size;		/* the largest message */
	unsigned int serial;	/* unlike that of any other lane of this run */
	pid_t parent;		/* kipc-bench itself */
	enum side side;		/* once forked */
	uint64_t max_size;	/* it carries, UINT64_MAX: no bound */
	uint64_t max_send;	/* likewise one way, where that is less */
	char why[BENCH_REASON];
	void *buffer;		/* where the server may receive; @size bytes */
	void *priv;		/* the driver's own */
};

enum driver_kind {
	DRIVER_LIBRARY,		/* through libkipc */
	DRIVER_BASELINE,	/* system calls by hand, to compare with */
	DRIVER_FAULT,		/* broken on purpose, to test ourselves */
};

struct driver {
	const char *name;
	const char *about;
	enum driver_kind kind;
	bool measures[MEASURE_COUNT];
	int (*prepare)(struct lane *lane);
	int (*open)(struct lane *lane, int step);
	void (*close)(struct lane *lane);
	void (*clean)(struct lane *lane);
	/* NULL, or where the client writes its payload in place */
	void *(*place)(struct lane *lane);
	/* the reply goes to @reply, PAYLOAD_REPLY bytes */
	ssize_t (*call)(struct lane *lane, const void *data, size_t len,
			void *reply);
	ssize_t (*recv)(struct lane *lane, size_t expect, const void **data);
	int (*reply)(struct lane *lane, const void *data, size_t len);
	/* NULL: reply(), then recv() */
	ssize_t (*reply_recv)(struct lane *lane, const void *data, size_t len,
			      size_t expect, const void **next);
	int (*send)(struct lane *lane, const void *data, size_t len);
	/* NULL, or send what send() has kept back: called after the last one */
	int (*flush)(struct lane *lane);
	/* NULL: nothing to give back */
	void (*done)(struct lane *lane);
	/*
	 * Where only receiving is timed: the server waits until the client's
	 * flush(), and a run has no more than @backlog messages, which wait.
	 */
	int (*settle)(struct lane *lane);
	uint64_t backlog;
};

extern const char * const driver_kind_names[];

/*
 * Set in a worker when it has been asked to go: blocked calls end with -EINTR.
 */
extern atomic_bool worker_stop;

/*
 * drivers.c: NULL-terminated; the library's first.  NULL when memory ran out.
 */
const struct driver **drivers_all(void);
void drivers_free(const struct driver **all);

/* kipc_driver.c: a driver for the n-th scheme of the library, or NULL. */
int kipc_driver_make(struct driver *driver, unsigned int n);

/* kipc_driver.c: a ring as it is meant for two CPUs. */
extern const struct driver ring_busy_driver;

extern const struct driver mq_dropin_driver;
extern const struct driver raw_binder_driver;
extern const struct driver raw_channel_driver;
extern const struct driver raw_channel_ring_driver;
extern const struct driver raw_futex_driver;
extern const struct driver raw_pipe_driver;
extern const struct driver raw_posix_mq_driver;
extern const struct driver raw_process_vm_driver;
extern const struct driver raw_queue_batch_driver;
extern const struct driver raw_queue_driver;
extern const struct driver raw_queue_typed_driver;
extern const struct driver raw_sysv_msg_driver;
extern const struct driver raw_sysv_typed_driver;
extern const struct driver raw_unix_seqpacket_driver;
extern const struct driver raw_unix_stream_driver;
extern const struct driver sysvmsg_dropin_driver;
extern const struct driver fault_drivers[];
extern const unsigned int fault_drivers_count;

/* raw.c: a pair of byte streams, for baselines. */
struct raw_fds {
	int request[2];		/* [0] the server's end, [1] the client's */
	int reply[2];		/* [0] the client's end, [1] the server's */
};

int raw_prepare_pipes(struct lane *lane);
int raw_open(struct lane *lane, int step);
void raw_close(struct lane *lane);
int raw_write(int fd, const void *data, size_t len);
ssize_t raw_read(int fd, void *data, size_t len);
ssize_t raw_stream_call(struct lane *lane, const void *data, size_t len,
			void *reply);
ssize_t raw_stream_recv(struct lane *lane, size_t expect, const void **data);
int raw_stream_reply(struct lane *lane, const void *data, size_t len);
int raw_stream_send(struct lane *lane, const void *data, size_t len);

#endif /* DRIVER_H */
