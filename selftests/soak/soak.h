/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Soak: a mix of everything that the module does, under everything that may happen to those
 * who use it, for as long as one likes; and then the books are closed.
 *
 *	main.c		a phase: begins, judges and says what it came to
 *	director.c	kills, suspends and replaces the actors; sees to it that they move
 *	ledger.c	parcels, and what became of each
 *	channel.c	servers and clients
 *	queue.c		senders, receivers, and who changes and removes queues
 *	trouble.c	forks, namespaces, mappings, netlink, memory pressure, unloading
 *	limits.c	a user that floods, and processes that run out of memory
 *	account.c	what the module counts, before and after
 *
 * An *actor* is a process with a role.  Whatever it finds wrong it says, and ends; nobody
 * is restarted after that.  What actors share is the *board*, which only grows atomically.
 * An actor is in one of three *slots*: in STEADY nobody is killed or stopped whom the others
 * depend on, so there every message must arrive; in MORTAL anybody may be killed; in SLEEPY
 * servers are suspended and queues are removed.
 */
#ifndef SOAK_H
#define SOAK_H

/* The harness is for programs of one file: what the tests share is wanted without it. */
#define HARNESS_H

#include "ring_test.h"
#include "kipc_admin.h"

#define ACTORS		64
#define THREADS		6
#define LINES		(48UL << 20)
#define HANG_S		45	/* whoever has not moved for so long does not move */
#define WAIT_MS		3000	/* how long a receiver waits that looks for a lost wake-up */
#define LATE_NS		2000000000ULL

enum { STEADY, MORTAL, SLEEPY, SLOTS };

/* The stages of a phase: senders end first, so that receivers can take what is left */
enum { STAGE_RUN, STAGE_RECEIVE, STAGE_END };

enum count {
	CALLS, SENDS, BATCHES, ASYNC, CALLBACKS, RINGED, FDS, NOTICES, TIMEOUTS, PUSHED, TAKEN,
	TOKENS, NOTIFIED, CHANGES, REMOVALS, LISTED, EVENTS, MAPPED, FORKS, SPACES, DROPS,
	RMMODS, REFUSED, OOMS, KILLS, STOPS, COUNTS
};

/**
 * struct mark - what a thread is at
 * @tid:	the thread, while it runs
 * @beat:	grows with each step
 * @doing:	which one; the same address in every process
 * @in_hand:	messages of a bounded queue that it may have taken
 * @seen_beat, @seen_at: the director's: when it last saw it move
 */
struct mark {
	pid_t tid;
	uint64_t beat;
	const char *doing;
	uint32_t in_hand;
	uint64_t seen_beat;
	uint64_t seen_at;
};

struct actor;

/**
 * struct role - what an actor does
 * @name:	what it is called
 * @run:	does it, until the stage after which it is to end
 * @ends:	that stage
 * @mortal:	slots in which it is killed, as bits
 * @sleepy:	slots in which it is suspended
 */
struct role {
	const char *name;
	void (*run)(struct actor *actor);
	int ends;
	unsigned int mortal;
	unsigned int sleepy;
};

struct actor {
	const struct role *role;
	int slot;
	pid_t pid;
	unsigned int life;
	bool killed;
	bool stopped;
	struct mark marks[THREADS];
};

struct board {
	int stage;
	int wrong;
	unsigned int seed;
	uint64_t next;		/* line of the ledger */
	uint64_t lost;		/* messages that killed receivers may have taken */
	uint64_t counts[COUNTS];
	struct actor actors[ACTORS];	/* the last has no role */
	uint8_t lines[LINES];
};

extern struct board *board;
extern __thread struct mark *me;
extern __thread unsigned int random_state;

/* main.c */

void wrong_at(const char *file, int line, const char *format, ...)
	__attribute__((format(printf, 3, 4), noreturn));

#define wrong(...)	wrong_at(__FILE__, __LINE__, __VA_ARGS__)
#define must(good, ...)	do { if (!(good)) wrong(__VA_ARGS__); } while (0)

static inline unsigned int chance(unsigned int n)
{
	return rand_r(&random_state) % n;
}

static inline void count_many(enum count what, uint64_t n)
{
	__atomic_fetch_add(&board->counts[what], n, __ATOMIC_RELAXED);
}

static inline void count(enum count what)
{
	count_many(what, 1);
}

static inline uint64_t counted(enum count what)
{
	return __atomic_load_n(&board->counts[what], __ATOMIC_RELAXED);
}

static inline int stage(void)
{
	return __atomic_load_n(&board->stage, __ATOMIC_ACQUIRE);
}

/* Say that this thread moves, and what it does next. */
static inline void step(const char *doing)
{
	me->doing = doing;
	__atomic_fetch_add(&me->beat, 1, __ATOMIC_RELAXED);
}

/* In a thread of an actor of its own mark */
struct part {
	pthread_t thread;
	struct actor *actor;
	void (*run)(void *arg);
	void *arg;
	int number;
};

void part_begin(struct part *part, struct actor *actor, int number, void (*run)(void *arg),
		void *arg);
void part_end(struct part *part);

/* ledger.c: what became of a message */

enum {
	LINE_TRIED	= 1,	/* its sender was about to send it */
	LINE_SENT	= 2,	/* it has been sent */
	LINE_RECEIVED	= 4,
	LINE_VOID	= 8,	/* its sender was told that nobody will ever see it */
	LINE_ENDED	= 16,	/* a call whose end its caller has seen */
	LINE_EXACT	= 32,	/* must arrive */
	LINE_BOUND	= 64,	/* must arrive, unless a killed receiver had it in hand */
};

struct parcel {
	uint64_t line;
	uint64_t len;	/* of all of it */
	uint64_t to;	/* whom it is for */
	uint32_t pid;
	uint32_t uid;
	uint8_t bytes[];
};

#define LARGEST		(72UL << 10)

#define TO_SERVER(slot)	(1ULL << 40 | (slot))
#define TO_QUEUE(slot)	(2ULL << 40 | (slot))
#define TO_CLIENT(n)	(3ULL << 40 | (n))
#define TO_CALLER	(4ULL << 40)

size_t parcel_pack(struct parcel *parcel, uint64_t to, size_t most, unsigned int bits);
size_t parcel_answer(struct parcel *parcel, uint64_t line, size_t most);
const struct parcel *parcel_open(const void *data, const struct kipc_header *msg, uint64_t to);
void parcel_received(const struct parcel *parcel);
void line_sent(uint64_t line);
void line_void(uint64_t line);
void line_ended(uint64_t line);
int ledger_close(void);

/* channel.c, queue.c, trouble.c, limits.c: roles */

void channel_name(char *name, int slot);
void queue_name(char *name, int slot);
int queue_make_slot(int slot);
void queues_make(void);
int queues_close(void);

void server_run(struct actor *actor);
void client_run(struct actor *actor);
void sender_run(struct actor *actor);
void receiver_run(struct actor *actor);
void changer_run(struct actor *actor);
void tokens_run(struct actor *actor);
void lister_run(struct actor *actor);
void mapper_run(struct actor *actor);
void forker_run(struct actor *actor);
void space_run(struct actor *actor);
void presser_run(struct actor *actor);
void unloader_run(struct actor *actor);
void flooder_run(struct actor *actor);
void hog_run(struct actor *actor);
int limits_set(void);
void limits_unset(void);

/* director.c */

int direct(unsigned int seconds);

/* account.c */

int account_open(void);
int account_close(void);

#endif /* SOAK_H */
