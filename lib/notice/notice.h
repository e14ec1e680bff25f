/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The insides of the notices: what notice.c, which has the public functions, and the
 * mechanisms share.
 *
 *	notice.c	checks arguments, finds the mechanism, calls its operation
 *	signal.c	signal: blocked and waited for, or raised at a process
 *	sentences.c	errors in words
 *	signal_names.c	signals by name; what is blocked and pending
 *	slot.c		who has a signal's handler, and who had it before
 *	catch.c		signal: with a function of the caller's
 *	exception.c	the processor's exceptions
 *	eventfd.c	eventfd:
 *
 * A mechanism makes its own handles, structures that begin with struct kipc_notice.
 */
#ifndef KIPC_NOTICE_INTERNAL_H
#define KIPC_NOTICE_INTERNAL_H

#include <signal.h>

#include "internal.h"
#include "kipc_notice.h"

/**
 * struct kipc_notice_mechanism - a mechanism that tells of something
 * @mechanism:	what it has in common with those of other families
 *
 * @open, @open_fd, @target, @catch: make a handle.  NULL: -EOPNOTSUPP.
 * @raise, @wait, @pending, @fd: NULL: -EOPNOTSUPP; so is, on an end that cannot, the
 *		mechanism's own answer
 * @wait:	fills in all of a zeroed event
 * @close:	releases all the handle has
 * @can:	KIPC_NOTICE_CAN_* of a signal's number, or of any (0)
 */
struct kipc_notice_mechanism {
	struct kipc_mechanism mechanism;

	int (*open)(struct kipc_notice **notice, const struct kipc_address *address);
	int (*open_fd)(struct kipc_notice **notice, const struct kipc_address *address, int fd);
	int (*target)(struct kipc_notice **notice, const struct kipc_address *address,
		      pid_t pid);
	int (*catch)(struct kipc_notice **notice, const struct kipc_address *address,
		     kipc_notice_fn fn, void *user, uint32_t flags);
	int (*raise)(struct kipc_notice *notice, uint64_t value);
	int (*wait)(struct kipc_notice *notice, struct kipc_notice_event *event,
		    kipc_deadline deadline);
	int (*pending)(const struct kipc_notice *notice);
	int (*fd)(const struct kipc_notice *notice);
	void (*close)(struct kipc_notice *notice);
	uint32_t (*can)(int signo);
};

/* The common part of a handle. */
struct kipc_notice {
	const struct kipc_notice_mechanism *mechanism;
	int signo;			/* or 0 */
};

extern const struct kipc_notice_mechanism kipc_signal_notice;
extern const struct kipc_notice_mechanism kipc_eventfd_notice;

/* ---- notice.c ---- */

bool kipc_notice_fd_is(int fd, const char *key);

/* ---- signal.c, and what of it catch.c and exception.c use ---- */

/* Handles of these have no address of their own: they are signals, with a handler. */
extern const struct kipc_notice_mechanism kipc_catch_notice;
extern const struct kipc_notice_mechanism kipc_exception_notice;

int kipc_signal_catch(struct kipc_notice **notice, const struct kipc_address *address,
		      kipc_notice_fn fn, void *user, uint32_t flags);

/* ---- slot.c ---- */

typedef void (*kipc_slot_handler)(int signo, siginfo_t *info, void *context);

/* What a handler needs to know, read as one. */
struct kipc_slot_view {
	struct kipc_notice *owner;	/* NULL: it has just closed */
	uintptr_t fn;			/* the caller's, of a type that the owner knows; or 0 */
	void *user;
	uintptr_t old_fn;		/* who was there before, its flags and mask */
	int old_flags;
	uint64_t old_mask;
};

int kipc_slot_take(int signo, struct kipc_notice *owner, kipc_slot_handler handler, int flags,
		   uintptr_t fn, void *user);
void kipc_slot_give_back(int signo, kipc_slot_handler handler);
void kipc_slot_read(int signo, struct kipc_slot_view *view);
void kipc_slot_pass(int signo, siginfo_t *info, void *context,
		    const struct kipc_slot_view *view);

#endif /* KIPC_NOTICE_INTERNAL_H */
