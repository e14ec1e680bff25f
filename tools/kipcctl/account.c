// SPDX-License-Identifier: GPL-2.0
/*
 * kipcctl: what a user has and may have, and the defaults, for users, limit, show, status.
 *
 * The kernel keeps an account while something is charged to a user or a limit is the user's
 * own, and shows it to that user and to who has CAP_SYS_RESOURCE.  Who has none has what
 * everybody may have: who asks need not know the difference.
 */
#include <errno.h>
#include <stdio.h>

#include "account.h"
#include "control.h"
#include "kipcctl.h"
#include "table.h"

/* Bytes have units, what is counted has not. */
struct human account_amount(enum kipc_admin_quota what, uint64_t amount)
{
	if (what == KIPC_ADMIN_POOL_BYTES || what == KIPC_ADMIN_QUEUE_BYTES)
		return human_bytes(amount);
	return human_count(amount);
}

static int explain(const struct kipc_admin *admin, uid_t uid, int err)
{
	if (err == -EPERM && uid != KIPC_ADMIN_DEFAULTS)
		return failed("the account of %s is for that user and for CAP_SYS_RESOURCE",
			      human_user(uid).s);
	return control_failed(admin, NULL);
}

/*
 * A user's account, or the defaults: an exit status.  One to whom nothing is charged has
 * no account, and what everybody may have.
 */
int account_get(struct kipc_admin *admin, uid_t uid, struct kipc_admin_user *user)
{
	int err;

	*user = (struct kipc_admin_user){ .size = sizeof(*user) };
	err = kipc_admin_user(admin, uid, user);
	if (err == -ENOENT && uid != KIPC_ADMIN_DEFAULTS) {
		err = kipc_admin_user(admin, KIPC_ADMIN_DEFAULTS, user);
		user->uid = uid;
	}
	return err ? explain(admin, uid, err) : EXIT_OK;
}

static const struct column of_user[] = {
	{ "WHAT", LEFT, 0 },
	{ "TAKEN", RIGHT, 0 },
	{ "LIMIT", RIGHT, 0 },
	{ "SET FOR", LEFT, 0 },
	{ "REFUSED", RIGHT, 0 },
};

static const struct column of_defaults[] = {
	{ "WHAT", LEFT, 0 },
	{ "LIMIT", RIGHT, 0 },
};

void account_print(const struct kipc_admin_user *user)
{
	struct table one = TABLE(of_user), all = TABLE(of_defaults);
	bool defaults = user->uid == KIPC_ADMIN_DEFAULTS;
	struct table *table = defaults ? &all : &one;
	unsigned int i;

	for (i = 0; i < user->charges && i < KIPC_ADMIN_QUOTAS; i++) {
		const struct kipc_admin_charge *charge = &user->charge[i];

		table_cell(table, "%s", kipc_admin_quota_name(i));
		if (!defaults)
			table_cell(table, "%s", account_amount(i, charge->taken).s);
		table_cell(table, "%s", account_amount(i, charge->limit).s);
		if (defaults)
			continue;
		table_cell(table, charge->own ? "this user" : "everybody");
		table_cell(table, "%s", human_count(charge->refused).s);
	}
	table_print(table);
}
