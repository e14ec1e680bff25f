/* SPDX-License-Identifier: GPL-2.0 */
/*
 * fuzz: random programs against the module, led by the coverage that they bring.
 *
 * A *program* is a short list of calls.  A call is a row of the table (table.c), its arguments
 * are numbers, and each has a kind that says what the number stands for: a slot of the table
 * of descriptors, one of the message ids seen last, a place in memory, one of a few names.  So
 * any list of numbers is a program: calls may be left out, put in or exchanged, and what
 * remains still means something.
 *
 * The rooms:
 *
 *	table.c		the operations and the kinds of their arguments
 *	program.c	programs made up, changed, written and read
 *	machine.c	the state in which a program runs: memory, descriptors, ids, helpers
 *	system.c	the operations that are no requests: of files, memory, processes
 *	netlink.c	those of control; and the account at the end
 *	cover.c		what the kernel says that it ran through (KCOV)
 *	worker.c	a process that runs programs and keeps those that found something
 *	supervise.c	the process that starts workers, kills them, and reads the kernel's log
 *	main.c		the command
 *
 * A worker is one process, its machine and its helpers (threads for the calls marked as
 * asynchronous).  Workers share struct shared and nothing else that is not the module's; any of
 * them may be killed at any moment, so what is shared has no locks.
 */
#ifndef FUZZ_H
#define FUZZ_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/types.h>

#define ARRAY_SIZE(a)	(sizeof(a) / sizeof(*(a)))

#define SLOTS		12	/* descriptors that a program can name */
#define IDS		8	/* message ids that it remembers */
#define PEERS		4	/* numbers of clients, and of queues */
#define MAPS		4
#define CHILDREN	4
#define HELPERS		2
#define NAMES		6	/* names that all workers share */

#define ARGS_MAX	16
#define CALLS_MAX	20
#define CORPUS_MAX	4096
#define WORKERS_MAX	32
#define HISTORY		16	/* programs of a worker that are shown after a report */

/* What the number of an argument stands for. */
enum kind {
	NONE,
	NUMBER,		/* itself; @limit is the largest that makes sense */
	FLAGS,		/* itself; @limit has the bits that are known */
	LENGTH,		/* itself, bytes; @limit is the largest that makes sense */
	SIZE,		/* of a structure: 0 is the right one */
	SLOT,		/* of the table of descriptors */
	DEADLINE,	/* 0, none; less than 10000: so many us from now; else itself */
	ID,		/* 0; 1 to IDS: of a message, the latest first; else itself */
	PEER,		/* likewise, of a client */
	QUEUE,		/* likewise, of a queue */
	NAME,		/* one of NAMES, and others, which are none */
	DATA,		/* addresses (enum place), by what they should point at */
	FDS_AT,
	IDS_AT,
	PAYLOADS_AT,
	ITEMS_AT,
	HEADERS_AT,
	MAP,		/* one of the mappings */
	ATTR,		/* an attribute of netlink: see netlink.c */
	PAYLOAD,	/* struct kipc_payload: stands for seven arguments */
	OUT_ID,		/* no argument, but what is remembered after a success */
	OUT_PEER,
	OUT_QUEUE,
};

/* Where an address points: the four lowest bits; above them an offset, in bytes. */
enum place {
	PLACE_RIGHT,	/* where its kind should point */
	PLACE_BYTES,
	PLACE_VECS,
	PLACE_IDS,
	PLACE_FDS,
	PLACE_PAYLOADS,
	PLACE_ITEMS,
	PLACE_EDGE,	/* the last bytes before memory that is not there */
	PLACE_HOLE,	/* memory that is not there */
	PLACE_READONLY,
	PLACE_MAP,	/* the mapping of the offset's two lowest bits */
	PLACE_NULL,
	PLACE_KERNEL,
	PLACE_COLD,	/* memory that has to be faulted in */
	PLACE_TOP,	/* the end of user space */
	PLACE_ODD,	/* where its kind should point, at an offset */
};

struct machine;

/**
 * struct arg - a kind of argument
 * @name:	what the structure's field is called
 * @kind:	enum kind
 * @width:	of a request's field: bytes
 * @offset:	of a request's field
 * @limit:	see enum kind
 */
struct arg {
	const char *name;
	uint8_t kind;
	uint16_t width;
	uint16_t offset;
	uint64_t limit;
};

/**
 * struct op - an operation
 * @name:	as programs are written
 * @weight:	how often it is chosen, compared with others
 * @request:	of an ioctl; then @arg are its structure's fields, and argument 0 is the slot
 * @size:	of that structure
 * @arg:	its arguments, up to one of kind NONE
 * @alone:	never asynchronous: it changes what helpers use
 * @run:	otherwise: what does it.  Its result is 0 or more, or a negative errno
 */
struct op {
	const char *name;
	unsigned int weight;
	unsigned long request;
	size_t size;
	struct arg arg[ARGS_MAX];
	bool alone;
	long (*run)(struct machine *m, const uint64_t *arg);
};

struct call {
	uint8_t op;
	bool async;	/* by a helper, while the program goes on */
	uint64_t arg[ARGS_MAX];
};

struct program {
	uint32_t n;
	struct call calls[CALLS_MAX];
};

/* table.c */
extern const struct op ops[];
extern const unsigned int op_count;
void table_init(void);
const struct arg *op_args(unsigned int op, unsigned int *count);
unsigned int op_any(uint64_t *random);
int op_find(const char *name);

/* program.c */
uint64_t any(uint64_t *random, uint64_t below);
void program_make(struct program *p, uint64_t *random);
void program_change(struct program *p, const struct program *other, uint64_t *random);
void program_write(FILE *file, const struct program *p);
int program_read(FILE *file, struct program *p, unsigned int *line);
void program_drop(struct program *p, unsigned int at);

/* cover.c */

#define PC_BITS		(1U << 21)	/* the module's text is smaller */
#define EDGE_BITS	(1U << 20)
#define MARKS		(CALLS_MAX + 1)

/**
 * struct cover - what one thread runs through
 * @fd:		of KCOV, or -1
 * @area:	[0] is how many addresses follow
 * @marks:	how many there were before each call
 * @n:		marks
 */
struct cover {
	int fd;
	unsigned long *area;
	unsigned long marks[MARKS];
	unsigned int n;
};

void cover_open(struct cover *c);
void cover_enable(struct cover *c);
void cover_reset(struct cover *c);
void cover_mark(struct cover *c);
/* Calls @each with every edge, and every address, of what has been run through. */
void cover_each(const struct cover *c, void (*each)(void *arg, uint32_t edge, uint32_t pc),
		void *arg);
bool cover_set(atomic_uint *map, uint32_t bit);

/**
 * struct shared - what the processes of a run share
 * @ops:	calls that have been made
 * @programs:	that have been run
 * @pc_count:	addresses seen
 * @edge_count:	edges seen
 * @corpus_n:	entries of @corpus that have been taken; one is there when @ready says so
 * @first_n:	of those, entries that there were at first
 * @tried:	of those, how many have been run
 * @stop:	workers end
 * @worker:	of each worker: how often it has begun a program, and the last ones of them
 */
struct shared {
	atomic_ulong ops;
	atomic_ulong programs;
	atomic_uint pc_count;
	atomic_uint edge_count;
	atomic_uint corpus_n;
	unsigned int first_n;
	atomic_uint tried;
	atomic_bool stop;
	atomic_uint edges[EDGE_BITS / 32];
	atomic_uint pcs[PC_BITS / 32];
	atomic_bool ready[CORPUS_MAX];
	struct program corpus[CORPUS_MAX];
	struct {
		atomic_ulong begun;
		struct program last[HISTORY];
	} worker[WORKERS_MAX];
};

/* machine.c */

/**
 * struct machine - the state in which a program runs
 * @arena:	memory that programs use, see machine.c
 * @fds:	the descriptors, in the arena; -1 for none
 * @ids:	message ids seen last, in the arena; the latest first
 * @peers:	clients seen last
 * @queues:	queues seen last
 * @maps:	mappings made
 * @children:	processes forked; 0 for none
 * @first:	descriptors from here on are the program's
 * @cover:	of the thread that runs the program
 * @helpers:	see machine.c; NULL in a forked child, which has none
 * @program:	that is being run, for fork
 * @at:		the call that is being made
 * @shared:	counters
 * @said:	where each call and its result are written to, or NULL
 */
struct machine {
	uint8_t *arena;
	int32_t *fds;
	uint64_t *ids;
	uint64_t peers[PEERS];
	uint64_t queues[PEERS];
	struct {
		uint8_t *at;
		size_t len;
	} maps[MAPS];
	pid_t children[CHILDREN];
	int first;
	struct cover cover;
	struct helper *helpers;
	const struct program *program;
	unsigned int at;
	struct shared *shared;
	FILE *said;
};

void machine_init(struct machine *m, struct shared *shared, bool unprivileged);
void machine_run(struct machine *m, const struct program *p);
long machine_call(struct machine *m, const struct call *call);
void machine_each(struct machine *m, void (*each)(void *arg, uint32_t edge, uint32_t pc),
		  void *arg);
uint64_t machine_address(const struct machine *m, uint64_t arg, enum kind kind);
const char *machine_name(uint64_t arg, char *buf);
void machine_hold(struct machine *m, uint64_t slot, int fd);
int machine_fd(const struct machine *m, uint64_t slot);
uint64_t recent(const uint64_t *of, unsigned int n, uint64_t arg);

/* system.c */
long do_open(struct machine *m, const uint64_t *arg);
long do_close(struct machine *m, const uint64_t *arg);
long do_dup(struct machine *m, const uint64_t *arg);
long do_fcntl(struct machine *m, const uint64_t *arg);
long do_read(struct machine *m, const uint64_t *arg);
long do_write(struct machine *m, const uint64_t *arg);
long do_readv(struct machine *m, const uint64_t *arg);
long do_writev(struct machine *m, const uint64_t *arg);
long do_poll(struct machine *m, const uint64_t *arg);
long do_epoll(struct machine *m, const uint64_t *arg);
long do_epoll_ctl(struct machine *m, const uint64_t *arg);
long do_epoll_wait(struct machine *m, const uint64_t *arg);
long do_eventfd(struct machine *m, const uint64_t *arg);
long do_pipe(struct machine *m, const uint64_t *arg);
long do_socketpair(struct machine *m, const uint64_t *arg);
long do_fd_send(struct machine *m, const uint64_t *arg);
long do_fd_recv(struct machine *m, const uint64_t *arg);
long do_splice(struct machine *m, const uint64_t *arg);
long do_fdinfo(struct machine *m, const uint64_t *arg);
long do_ioctl(struct machine *m, const uint64_t *arg);
long do_mmap(struct machine *m, const uint64_t *arg);
long do_munmap(struct machine *m, const uint64_t *arg);
long do_mremap(struct machine *m, const uint64_t *arg);
long do_mprotect(struct machine *m, const uint64_t *arg);
long do_madvise(struct machine *m, const uint64_t *arg);
long do_touch(struct machine *m, const uint64_t *arg);
long do_store(struct machine *m, const uint64_t *arg);
long do_fork(struct machine *m, const uint64_t *arg);
long do_kill(struct machine *m, const uint64_t *arg);
long do_signal(struct machine *m, const uint64_t *arg);
long do_sleep(struct machine *m, const uint64_t *arg);
long do_shrink(struct machine *m, const uint64_t *arg);
void signals_init(void);
void helper_signal(struct machine *m, uint64_t which, int signo);

/* netlink.c */
long do_nl_open(struct machine *m, const uint64_t *arg);
long do_nl_join(struct machine *m, const uint64_t *arg);
long do_nl_ask(struct machine *m, const uint64_t *arg);
long do_nl_recv(struct machine *m, const uint64_t *arg);
int control_find(void);
void control_reset(void);
int control_settled(void);

/* The file "corpus", which worker.c takes in */
extern const char built_in[], built_in_end[];

/* worker.c */
void worker(struct shared *shared, unsigned int number, uint64_t seed);
bool corpus_add(struct shared *shared, const struct program *p);
int corpus_load(struct shared *shared, FILE *file, const char *name);
int corpus_save(const struct shared *shared, const char *path);
int corpus_built_in(struct shared *shared);
int replay(struct shared *shared, unsigned int times, unsigned int workers, bool verbose);
int minimise(struct shared *shared, const char *path);

/* supervise.c */

/**
 * struct plan - what a run is to be
 * @ops:	calls, 0 for any number
 * @seconds:	time, 0 for any
 * @workers:	processes
 * @seed:	of what is random
 * @dir:	where the corpus, and programs that were running when something was found, go
 */
struct plan {
	uint64_t ops;
	unsigned int seconds;
	unsigned int workers;
	uint64_t seed;
	const char *dir;
};

struct shared *shared_new(void);
int supervise(struct shared *shared, const struct plan *plan);
void names_remove(void);

#endif
