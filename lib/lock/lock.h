/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The locks' room: what its files share.
 *
 *	lock.c		the public functions: check the arguments, find the mechanism,
 *			call its operation
 *	object.c	locks that are memory: made, found, checked, unmapped
 *	futex.c		sleeping on a word
 *	one file for each mechanism; file.c has the three kinds of file locks
 *
 * A mechanism is a struct kipc_locking, listed in mechanisms.c.  It makes handles that
 * begin with struct kipc_lock.  What it cannot do is NULL there, and the dispatcher
 * answers -EOPNOTSUPP.
 *
 * A lock that is memory is an *object*, shared with other processes.  Nobody there is
 * prevented from writing anything at any time, so what decides where this process reads
 * and writes (the size, the number of slots) is read once, checked, and kept in the handle.
 * The C library keeps pointers in its robust mutexes, though: those who share one trust
 * each other.
 *
 * Any process may be killed between any two instructions.  An object is published only
 * when it is complete; a sleeper looks again from time to time (futex.c), because its
 * waker may have been killed between the change and the wake-up.
 */
#ifndef KIPC_LOCK_LOCK_H
#define KIPC_LOCK_LOCK_H

#include "internal.h"
#include "kipc_lock.h"

/* ---- objects ---- */

/* struct kipc_object, state: of what the lock protects. */
enum kipc_object_state {
	KIPC_OBJECT_WHOLE,
	KIPC_OBJECT_BROKEN,	/* an owner died inside */
	KIPC_OBJECT_CONDEMNED,	/* somebody says that it cannot be mended */
};

/**
 * struct kipc_object - the beginning of a lock that is memory
 * @magic:	%KIPC_OBJECT_MAGIC, written last
 * @kind:	of which mechanism
 * @size:	bytes of it all
 * @shape:	what its maker chose: parties, readers, flags
 * @state:	enum kipc_object_state
 */
struct kipc_object {
	atomic_uint magic;
	uint32_t kind;
	uint32_t size;
	uint32_t shape;
	atomic_uint state;
} __attribute__((aligned(KIPC_LOCK_ALIGN)));

#define KIPC_OBJECT_MAGIC 0x6b6c6331U

struct kipc_locking;

/* What is common to all handles. */
struct kipc_lock {
	const struct kipc_locking *locking;
	struct kipc_object *object;	/* or NULL */
	size_t mapped;			/* of @object, ours to unmap; 0: the caller's */
	uint32_t shape;			/* of @object, checked */
};

/* What to do to an event. */
enum kipc_event_act {
	KIPC_EVENT_SET,
	KIPC_EVENT_RESET,
	KIPC_EVENT_PULSE,
};

/* What to do with a range of a file. */
enum kipc_range_act {
	KIPC_RANGE_RELEASE,
	KIPC_RANGE_SHARED,
	KIPC_RANGE_EXCLUSIVE,
};

/**
 * struct kipc_locking - a mechanism: its name, what it can do, and its operations
 * @can:	KIPC_LOCK_CAN_*
 * @handle:	bytes of a handle
 * @kind:	of its objects; 0: it has none
 * @shaping:	KIPC_PARAM_BIT()s that make an object's shape
 * @shape:	the shape that an address asks for
 * @size:	bytes of an object of that shape; 0: there is no such shape
 * @init:	make an object; its head is done
 * @attach:	the handle's own part, once it has its object; NULL: nothing
 * @open:	make or find; @flags are KIPC_LOCK_EXCL and _EXISTING
 * @unlink:	remove a name; NULL: it has none
 * @detach:	the reverse of @attach or @open; -EBUSY: it is held.  NULL: nothing
 * @acquire:	exclusively or shared; 0, %KIPC_LOCK_RECOVERED, -errno
 * @release:	what @acquire got
 * @mend:	the holder says what state its data is in
 * @range:	lock or release bytes
 * @holder:	who is in the way
 * @describe:	fill in flags and count; NULL: there are none
 */
struct kipc_locking {
	struct kipc_mechanism mechanism;
	uint32_t can;
	size_t handle;

	uint32_t kind;
	uint64_t shaping;
	uint32_t (*shape)(const struct kipc_address *address);
	size_t (*size)(uint32_t shape);
	int (*init)(struct kipc_object *object, const struct kipc_address *address);
	int (*attach)(struct kipc_lock *lock);

	int (*open)(struct kipc_lock **lock, const struct kipc_address *address,
		    uint32_t flags);
	int (*unlink)(const struct kipc_address *address);
	int (*detach)(struct kipc_lock *lock);

	int (*acquire)(struct kipc_lock *lock, bool shared, kipc_deadline deadline);
	int (*release)(struct kipc_lock *lock);
	int (*mend)(struct kipc_lock *lock, enum kipc_object_state state);

	int (*range)(struct kipc_lock *lock, const struct kipc_lock_range *range,
		     enum kipc_range_act act, kipc_deadline deadline);
	int (*holder)(struct kipc_lock *lock, const struct kipc_lock_range *range,
		      pid_t *holder);

	int (*ops)(struct kipc_lock *lock, const struct kipc_sem_op *ops, size_t count,
		   kipc_deadline deadline);
	int (*post)(struct kipc_lock *lock, unsigned int n);
	int (*stat)(struct kipc_lock *lock, unsigned int index, struct kipc_sem_stat *stat);

	int (*wait)(struct kipc_lock *cond, struct kipc_lock *lock, kipc_deadline deadline);
	int (*wake)(struct kipc_lock *cond, int count);
	int (*meet)(struct kipc_lock *barrier, kipc_deadline deadline);
	int (*event)(struct kipc_lock *event, enum kipc_event_act act);

	int (*fd)(const struct kipc_lock *lock);
	void (*describe)(const struct kipc_lock *lock, struct kipc_lock_info *info);
};

extern const struct kipc_locking kipc_mutex_locking;
extern const struct kipc_locking kipc_rwlock_locking;
extern const struct kipc_locking kipc_critical_locking;
extern const struct kipc_locking kipc_sysv_sem_locking;
extern const struct kipc_locking kipc_posix_sem_locking;
extern const struct kipc_locking kipc_flock_locking;
extern const struct kipc_locking kipc_fcntl_locking;
extern const struct kipc_locking kipc_ofd_locking;
extern const struct kipc_locking kipc_event_locking;
extern const struct kipc_locking kipc_cond_locking;
extern const struct kipc_locking kipc_barrier_locking;

static inline const struct kipc_locking *
kipc_address_locking(const struct kipc_address *address)
{
	return container_of(address->mechanism, struct kipc_locking, mechanism);
}

void *kipc_lock_new(const struct kipc_locking *locking);

/*
 * A thread, as the handles of its process know it.  Unlike a pthread_t it is never given
 * to another thread; fork() leaves it to the child's one.
 */
typedef uint64_t kipc_thread;

kipc_thread kipc_thread_self(void);

/* ---- object.c ---- */

int kipc_object_open(struct kipc_lock **lock, const struct kipc_address *address,
		     uint32_t flags);
int kipc_object_create_at(struct kipc_lock **lock, void *memory, size_t size,
			  const struct kipc_address *address);
int kipc_object_attach_at(struct kipc_lock **lock, void *memory, size_t size,
			  const struct kipc_address *address);
int kipc_object_unlink(const struct kipc_address *address);
size_t kipc_object_size(const struct kipc_address *address);
bool kipc_object_name_ok(const char *name);
int kipc_object_file(const struct kipc_address *address);
int kipc_object_publish(int fd, const char *path);

#define KIPC_OBJECT_DIR "/dev/shm"

#define KIPC_OBJECT_NAME_RULE \
	"a name is '/' and 1 to 200 characters without a further '/'"

/* ---- states ---- */

/* An owner died inside. */
static inline void kipc_state_break(atomic_uint *state)
{
	unsigned int whole = KIPC_OBJECT_WHOLE;

	atomic_compare_exchange_strong(state, &whole, KIPC_OBJECT_BROKEN);
}

/* What its holder says of it; what is condemned stays so. */
static inline void kipc_state_set(atomic_uint *state, enum kipc_object_state to)
{
	unsigned int broken = KIPC_OBJECT_BROKEN;

	if (to == KIPC_OBJECT_CONDEMNED)
		atomic_store(state, to);
	else
		atomic_compare_exchange_strong(state, &broken, to);
}

/* What acquiring it returns: 0, %KIPC_LOCK_RECOVERED, -ENOTRECOVERABLE. */
static inline int kipc_state_judge(atomic_uint *state)
{
	switch (atomic_load_explicit(state, memory_order_acquire)) {
	case KIPC_OBJECT_WHOLE:
		return 0;
	case KIPC_OBJECT_CONDEMNED:
		return -ENOTRECOVERABLE;
	default:
		return KIPC_LOCK_RECOVERED;
	}
}

/* ---- futex.c ---- */

/* Who may sleep on a word. */
enum kipc_futex_scope {
	KIPC_FUTEX_SHARED,	/* any process that has the memory */
	KIPC_FUTEX_PRIVATE,	/* threads of this one */
};

int kipc_futex_wait(atomic_uint *word, unsigned int value, kipc_deadline deadline,
		    enum kipc_futex_scope scope);
void kipc_futex_wake(atomic_uint *word, int count, enum kipc_futex_scope scope);

#endif /* KIPC_LOCK_LOCK_H */
