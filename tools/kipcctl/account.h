/* SPDX-License-Identifier: GPL-2.0 */
/* kipcctl: what a user has and may have, and the defaults, for users, limit, show, status. */
#ifndef KIPCCTL_ACCOUNT_H
#define KIPCCTL_ACCOUNT_H

#include "human.h"
#include "kipc_admin.h"

struct human account_amount(enum kipc_admin_quota what, uint64_t amount);
int account_get(struct kipc_admin *admin, uid_t uid, struct kipc_admin_user *user);
void account_print(const struct kipc_admin_user *user);

#endif /* KIPCCTL_ACCOUNT_H */
