/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Quota: what each user has taken, and how much it may take.
 *
 * Everything that a user can make the module keep is charged to its account (user.h), and
 * those around it, before it is allocated, and uncharged after it is freed.  Users are told
 * apart by their kernel uid, so a container's users are users of their own.  Counters are
 * atomic and need no lock.
 *
 * What a user may have is what its accounts say, the lowest of them.  Where the machine's
 * account says nothing, a default holds: the module's parameters, the same for everybody
 * (/sys/module/kipc/parameters/).  All may change while the module is in use: a lower limit
 * lets be what has been taken and refuses more.
 *
 * Whoever is refused something is told of in a moment, by a work (event.h): at most once
 * in a tenth of a second for all that it wanted of one kind meanwhile.
 */
#ifndef KIPC_QUOTA_H
#define KIPC_QUOTA_H

#include "user.h"

int kipc_user_charge(struct kipc_user *user, enum kipc_quota what, u64 amount);
void kipc_user_overcharge(struct kipc_user *user, enum kipc_quota what, u64 amount);
void kipc_user_uncharge(struct kipc_user *user, enum kipc_quota what, u64 amount);

u64 kipc_quota_default(enum kipc_quota what);
void kipc_quota_set_default(enum kipc_quota what, u64 limit);
u64 kipc_quota_limit(const struct kipc_user *user, enum kipc_quota what, bool *own);
void kipc_quota_exit(void);

#endif /* KIPC_QUOTA_H */
