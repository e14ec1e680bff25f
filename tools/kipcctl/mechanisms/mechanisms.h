/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kipcctl mechanisms: what the table is made of.
 *
 * A *mechanism* is a row, a *cell* one property of it.  A *probe* finds a cell out: it
 * uses the mechanism between processes by bare system calls, without libkipc, and says
 * what happened (found()).  Most probes are written once, over the few operations that
 * each mechanism of a family has (struct transport, struct region, struct lock); where
 * one mechanism needs another way it has a probe of its own for that cell.
 *
 * A probe is a process in a group of its own, with a deadline (run.c).  Whatever it forks
 * is in that group, and all of it is killed and reaped before the names that it may have
 * made are removed: by kipcctl itself, which has chosen them.  So a probe may fail, hang
 * or die anywhere and need not tidy up.
 *
 * Processes of one probe share a page (struct stage): a step that they wait for, and the
 * finding.
 */
#ifndef KIPCCTL_MECHANISMS_H
#define KIPCCTL_MECHANISMS_H

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

enum cell {
	CELL_CONNECTIONLESS,
	CELL_RELIABLE,
	CELL_FLOW,
	CELL_RECORDS,
	CELL_KIND,
	CELL_DIRECTION,
	CELL_UNRELATED,
	CELL_MANY,
	CELL_FDS,
	CELL_IDENTITY,
	CELL_POLLABLE,
	CELL_TIMED,
	CELL_SURVIVES,
	CELL_MACHINES,
	CELL_COPIES,
	CELL_LARGEST,
	CELL_UNPRIVILEGED,
	CELL_DEATH,
	CELL_COUNT
};

struct cell_name {
	const char *key;	/* in JSON */
	const char *heading;	/* of the table */
	const char *title;	/* in full */
};

extern const struct cell_name cell_names[CELL_COUNT];

enum family {
	FAMILY_TRANSPORT,
	FAMILY_REGION,
	FAMILY_LOCK,
	FAMILY_NOTICE,
	FAMILY_CONTROL,
	FAMILY_COUNT
};

extern const char * const family_names[FAMILY_COUNT];

/* What became of a cell. */
enum tried {
	TRIED_NOT,		/* and @evidence says why */
	TRIED_WELL,
	TRIED_BADLY,		/* the probe itself failed; @evidence says how */
};

struct finding {
	enum tried tried;
	char value[12];
	char evidence[240];
};

/* What the processes of a probe share. */
struct stage {
	uint32_t step;		/* how far they are: tell(), await() */
	int err;		/* a peer has failed: every await() ends */
	uint32_t sent;		/* a flood: messages that were taken */
	uint32_t ended;		/* the flood is over */
	uint32_t stop;		/* it is to be */
	int64_t value[4];	/* whatever peers tell each other */
	uint16_t port;		/* inet: the server's */
	pid_t server;		/* signal, cma: who it is */
	uint64_t address;	/* cma: where */
	uint64_t len;		/* cma: how much */
	char text[128];
	struct finding finding;
};

/* One probe of one mechanism. */
struct trial {
	const struct mechanism *mechanism;
	struct stage *stage;
	char dir[64];		/* a directory for files */
	char name[48];		/* "/kipc-mech-PID-N": queues, shared memory, channels */
	char path[112];		/* a file in @dir, which is not there yet */
	int key;		/* of System V */
	uint32_t host;		/* inet: where the server is, in network order */
	bool largest;		/* serve with room for the largest message */
	unsigned int binder;	/* which of the devices */
};

/* ---- the families ---- */

#define NOWAIT 1

/* One end of a transport, of one process; what the fields mean is its mechanism's. */
struct end {
	int fd;			/* what poll() and epoll would take, or -1 */
	int listener;
	int id;
	void *map;
	size_t map_size;
	uint64_t held;		/* a message not yet given back */
	uint64_t peer;
	pid_t sender;		/* of the last message: what the kernel says, or 0 */
	const void *lent;	/* where the last message lay, if it was not copied to us */
	bool server;
	void *more;
};

/*
 * A mechanism that moves bytes.  Operations return 0 or a length, or -errno.  One
 * without a name has @pair, others @serve, in the receiving process, and @join.
 */
struct transport {
	size_t chunk;		/* bytes of an ordinary message */
	int (*pair)(struct trial *trial, struct end *rx, struct end *tx);
	int (*serve)(struct trial *trial, struct end *rx);
	int (*serve_largest)(struct trial *trial, struct end *rx);	/* likewise, with room */
	int (*join)(struct trial *trial, struct end *tx);
	int (*accept)(struct end *rx);		/* or NULL */
	int (*attach)(struct trial *trial, struct end *rx);	/* receive from what is there */
	ssize_t (*send)(struct end *end, const void *data, size_t len, int flags);
	ssize_t (*recv)(struct end *end, void *data, size_t len, int flags);
	/* In one call, by the address and without a peer; NULL: send() on no end at all */
	ssize_t (*send_to)(struct trial *trial, struct end *end, const void *data, size_t len);
	ssize_t (*send_kind)(struct end *end, const void *data, size_t len, int type, int prio);
	ssize_t (*recv_type)(struct end *end, void *data, size_t len, int type);
	int (*send_fd)(struct end *end, int fd);
	int (*recv_fd)(struct end *end);
	ssize_t (*recv_timed)(struct end *end, void *data, size_t len, int ms);
	int64_t (*largest)(struct trial *trial, struct end *end, const char **source);
	int (*share)(struct end *end);		/* after fork(), in the child */
	int (*settle)(struct end *rx);		/* see to a client, which has sent nothing */
	void (*close)(struct end *end);		/* or NULL: end_close() */
	bool records;		/* an ordinary message is received in @chunk bytes */
	bool root;		/* its device is root's */
	bool network;		/* there is a wire to other machines that it may use */
	const char *address;	/* of libkipc, for those that are made of it */
	uint32_t can;		/* likewise: KIPC_CAN_* */
};

/* Shared memory: it is mapped at @map of an end. */
struct region {
	int (*make)(struct trial *trial, struct end *end, size_t size);
	int (*find)(struct trial *trial, struct end *end, size_t size);	/* NULL: no name */
	bool eager;		/* its memory is taken when it is made */
};

/* What one process holds or waits for and another lets go or wakes. */
struct lock {
	bool born_taken;	/* an event, a condition: nobody takes it, it is waited for */
	int (*make)(struct trial *trial, struct end *end);
	int (*find)(struct trial *trial, struct end *end);
	int (*take)(struct end *end, int ms);	/* negative: for ever; 0: do not wait */
	int (*drop)(struct end *end);
	int (*share)(struct end *end, int ms);	/* take it beside others that share it */
	pid_t (*holder)(struct end *end);
	bool no_try;		/* ms must be negative */
	bool no_timed;		/* ms must not be positive */
};

typedef int probe_fn(struct trial *trial);	/* 0, having found(), or -errno */

struct mechanism {
	const char *scheme;
	const char *about;
	enum family family;
	int (*absent)(struct trial *trial, char *why, size_t size);	/* or NULL: never */
	const struct transport *transport;
	const struct region *region;
	const struct lock *lock;
	void (*clean)(const struct trial *trial);	/* removes its name */
	probe_fn * const own[CELL_COUNT];	/* instead of the family's probe */
};

extern const struct mechanism * const mechanisms[];

const struct mechanism *mechanism_find(const char *scheme);
const char *recorded(const struct mechanism *mechanism, enum cell cell);

probe_fn probe_none;
probe_fn probe_flow;
probe_fn probe_connectionless;
probe_fn probe_unrelated;
probe_fn probe_many;
probe_fn probe_pass_fd;
probe_fn probe_identity;
probe_fn probe_pollable;
probe_fn probe_timed;
probe_fn probe_survives;
probe_fn probe_machines;
probe_fn probe_unprivileged;
probe_fn probe_death;

extern probe_fn * const transport_probes[CELL_COUNT];
extern probe_fn * const region_probes[CELL_COUNT];
extern probe_fn * const lock_probes[CELL_COUNT];

/* ---- run.c: probes, kept within bounds ---- */

struct row {
	const struct mechanism *mechanism;
	bool absent;
	char why[160];
	struct finding cells[CELL_COUNT];
};

int run_rows(struct row *rows, size_t count);

/* ---- stage.c: for probes ---- */

int found(struct trial *trial, const char *value, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
int untried(struct trial *trial, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
int bad(struct trial *trial, int err, const char *what);
const char *error_name(int err);
const char *size_name(int64_t size, char *buf, size_t len);

void tell(struct trial *trial, uint32_t step);
int await(struct trial *trial, uint32_t step);
void nap(int ms);
int64_t now_ns(void);

typedef int peer_fn(struct trial *trial, struct end *end);

pid_t fork_peer(struct trial *trial, int (*run)(struct trial *trial, void *arg), void *arg);
int kill_peer(pid_t pid);
bool peer_sleeps(pid_t pid);
int drop_privileges(void);
int leave_machine(struct trial *trial);
int wire_machines(struct trial *trial, pid_t other);
int wire_end(struct trial *trial);
int in_other_pids(struct trial *trial, int (*run)(struct trial *trial, void *arg));

/* Steps that meet() uses; a probe's own begin at STEP_OWN. */
#define STEP_MADE	1
#define STEP_JOINED	2
#define STEP_OWN	10

pid_t meet(struct trial *trial, struct end *rx, peer_fn *peer);
pid_t meet_as_sender(struct trial *trial, struct end *tx, peer_fn *peer);

/* ---- what several mechanisms do alike ---- */

void end_init(struct end *end);
void end_close(struct end *end);
ssize_t fd_send(struct end *end, const void *data, size_t len, int flags);
ssize_t fd_recv(struct end *end, void *data, size_t len, int flags);
ssize_t socket_send(struct end *end, const void *data, size_t len, int flags);
ssize_t socket_recv(struct end *end, void *data, size_t len, int flags);
int pollable_fd(struct trial *trial, int fd, bool ready);
int receive_soon(struct trial *trial, struct end *rx, void *data, size_t len, int ms);
ssize_t socket_recv_timed(struct end *end, void *data, size_t len, int ms);
int socket_send_fd(struct end *end, int fd);
int socket_recv_fd(struct end *end);
int datagram_direction(struct trial *trial);
int socket_accept(struct end *end);
int no_name(struct trial *trial, int fd);
int64_t read_number(const char *path);
void unlink_path(const struct trial *trial);

#endif /* KIPCCTL_MECHANISMS_H */
