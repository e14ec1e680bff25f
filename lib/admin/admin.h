/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * libkipc-admin's insides: what its files share and no program sees.
 *
 *	admin.c		the handle, and sentences for errors
 *	talk.c		requests and answers, and which number the family has now
 *	fill.c		structures from attributes, and out to the caller's size
 *	list.c		listings and single objects
 *	change.c	owners, modes and limits
 *	event.c		what happens
 *	quota.c		names of limits
 *
 * Of libnl it has messages and attributes.  Sockets are its own: libnl makes one error of
 * several (EMFILE of any failure, ENOMEM of ENOBUFS), and drops what the kernel says of them.
 *
 * A handle has two sockets, so that events do not come between answers.  Both are opened
 * with it, for a thread may be in another network namespace later.
 *
 * It is apart from libkipc, of which it has the deadlines (../wait.c) only.
 */
#ifndef KIPC_ADMIN_PRIVATE_H
#define KIPC_ADMIN_PRIVATE_H

#include <errno.h>
#include <linux/genetlink.h>
#include <linux/kipc.h>
#include <linux/kipc_netlink.h>
#include <linux/netlink.h>
#include <netlink/attr.h>
#include <netlink/genl/genl.h>
#include <netlink/msg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "../internal.h"
#include "../kipc_admin.h"

/* The kernel makes no part of a dump larger than this. */
#define KIPC_NETLINK_BUFFER 32768

/* ---- talk.c ---- */

/* A socket, and the datagram that is being read from it. */
struct kipc_netlink {
	int fd;
	int left;		/* bytes of @buf from @next on */
	struct nlmsghdr *next;
	unsigned char buf[KIPC_NETLINK_BUFFER] __attribute__((aligned(NLMSG_ALIGNTO)));
};

/* What the kernel has for the family's name, until the module is loaded anew. */
struct kipc_genl {
	uint16_t id;
	uint32_t objects;	/* groups */
	uint32_t trouble;
};

struct kipc_admin {
	struct kipc_netlink answers;
	struct kipc_netlink events;
	struct kipc_genl family;	/* as requests go to it */
	struct kipc_genl told;	/* as events come from it */
	uint32_t groups;		/* KIPC_ADMIN_OBJECTS, ...: watched */
	bool lost;			/* some events, after those that are left to take */
	uint32_t seq;			/* of the last request */
	char error[256];
};

/*
 * Called for each object of an answer with its attributes.  What is not 0 ends the
 * answer, and is its outcome.
 */
typedef int kipc_answer_fn(struct nlattr *attrs, int len, void *context);

int kipc_netlink_open(struct kipc_netlink *socket);
void kipc_netlink_close(struct kipc_netlink *socket);
int kipc_netlink_next(struct kipc_netlink *socket, int flags, struct nlmsghdr **msg);

int kipc_genl_find(struct kipc_admin *admin, struct kipc_genl *family);
int kipc_genl_read(struct kipc_genl *family, struct nlattr *attrs, int len);

struct nl_msg *kipc_request(struct kipc_admin *admin, uint8_t cmd, int flags);
int kipc_ask(struct kipc_admin *admin, struct nl_msg *request, kipc_answer_fn *each,
	     void *context);

/* ---- admin.c ---- */

int kipc_admin_fail(struct kipc_admin *admin, int err, const char *text);
int kipc_admin_begin(struct kipc_admin *admin);
bool kipc_admin_name_ok(struct kipc_admin *admin, const char *name);

/* ---- fill.c ---- */

int kipc_fill_channel(struct kipc_admin_channel *channel, struct nlattr *attrs, int len);
int kipc_fill_endpoint(struct kipc_admin_endpoint *endpoint, struct nlattr *attrs, int len);
int kipc_fill_queue(struct kipc_admin_queue *queue, struct nlattr *attrs, int len);
int kipc_fill_user(struct kipc_admin_user *user, struct nlattr *attrs, int len);
int kipc_fill_stats(struct kipc_admin_stats *stats, struct nlattr *attrs, int len);
int kipc_fill_message(struct kipc_admin_message *message, struct nlattr *attrs, int len);
int kipc_fill_trouble(struct kipc_admin_trouble *trouble, struct nlattr *attrs, int len);

void kipc_give(void *to, const void *from, size_t size);

/* Where the first version of each structure ended: whoever knows less is mistaken. */
#define KIPC_FIRST_ENDPOINT (offsetof(struct kipc_admin_endpoint, name) + KIPC_ADMIN_NAME)
#define KIPC_FIRST_CHANNEL (offsetof(struct kipc_admin_channel, name) + KIPC_ADMIN_NAME)
#define KIPC_FIRST_QUEUE (offsetof(struct kipc_admin_queue, name) + KIPC_ADMIN_NAME)
#define KIPC_FIRST_USER	(offsetof(struct kipc_admin_user, charge) + \
			 16 * sizeof(struct kipc_admin_charge))
#define KIPC_FIRST_STATS (offsetof(struct kipc_admin_stats, memory) + sizeof(uint64_t))
#define KIPC_FIRST_CHANGE (offsetof(struct kipc_admin_change, max_size) + sizeof(uint64_t))
#define KIPC_FIRST_EVENT (offsetof(struct kipc_admin_event, u) + KIPC_FIRST_CHANNEL)

#endif /* KIPC_ADMIN_PRIVATE_H */
