/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the tests of control share: generic netlink spoken by hand, so that what no library
 * would send can be sent, and what the kernel sends is seen as it is.
 *
 * A struct nl is a socket; a struct ask a request that is being written; a struct told one
 * message of the kernel's, its attributes found by number.  What an attribute says is read
 * by u32_of() and u64_of(), which are WRONG where it is missing or has another size.
 *
 * Everything that waits here waits ten seconds at most and fails with -EAGAIN then.
 */
#ifndef NETLINK_TEST_H
#define NETLINK_TEST_H

#include <sys/socket.h>
#include <linux/genetlink.h>
#include <linux/kipc_netlink.h>
#include <linux/netlink.h>

#include "queue_test.h"

/* What no attribute of a test says. */
#define WRONG		0xbad0bad0bad0bad0ULL

#define ASK_SIZE	4096
#define TOLD_SIZE	32768
#define TOLD_ATTRS	64

/**
 * struct nl - a socket of generic netlink that knows the family
 * @fd:		the socket
 * @family:	the family's number
 * @objects:	number of the group of that name
 * @trouble:	likewise
 * @plain:	send as write() does, without an address: as a program would that takes the
 *		socket for something else
 * @seq:	of the last request
 * @said:	what the kernel said of the last request: its words, or empty
 * @at:		where in the request it was wrong, or 0
 * @missing:	the attribute that was missing, or 0
 * @buf:	what was received last, and not looked at yet
 * @next:	where the next message in it begins
 * @end:	where the last one ends
 */
struct nl {
	int fd;
	uint16_t family;
	uint32_t objects;
	uint32_t trouble;
	bool plain;
	uint32_t seq;
	char said[256];
	uint32_t at;
	uint32_t missing;
	uint8_t buf[TOLD_SIZE];
	size_t next;
	size_t end;
};

/**
 * struct ask - a request
 * @head:	its header; nlmsg_len grows as attributes are put
 * @genl:	the family's header
 * @attrs:	attributes
 */
struct ask {
	struct nlmsghdr head;
	struct genlmsghdr genl;
	uint8_t attrs[ASK_SIZE];
};

/**
 * struct told - attributes, by number
 * @cmd:	of the message
 * @attr:	each, or NULL; of several with one number the first
 * @count:	how many of that number there are
 * @raw:	the message's attributes, as they lie there
 * @len:	their bytes
 */
struct told {
	uint8_t cmd;
	const struct nlattr *attr[TOLD_ATTRS];
	unsigned int count[TOLD_ATTRS];
	uint8_t raw[TOLD_SIZE];
	size_t len;
};

/* Writing a request */

static inline struct ask ask_of(const struct nl *nl, uint8_t cmd)
{
	return (struct ask){
		.head.nlmsg_len = NLMSG_LENGTH(GENL_HDRLEN),
		.head.nlmsg_type = nl->family,
		.head.nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK,
		.genl.cmd = cmd,
		.genl.version = KIPC_FAMILY_VERSION,
	};
}

static inline void *ask_end_at(struct ask *ask)
{
	return (uint8_t *)ask + NLMSG_ALIGN(ask->head.nlmsg_len);
}

/* An attribute of any number and any bytes; its length may lie. */
static inline void put_claiming(struct ask *ask, int type, const void *data, size_t len,
				size_t claimed)
{
	struct nlattr *attr = ask_end_at(ask);

	attr->nla_type = type;
	attr->nla_len = NLA_HDRLEN + claimed;
	if (len)
		memcpy((uint8_t *)attr + NLA_HDRLEN, data, len);
	ask->head.nlmsg_len = NLMSG_ALIGN(ask->head.nlmsg_len) + NLA_HDRLEN + NLA_ALIGN(len);
}

static inline void put_bytes(struct ask *ask, int type, const void *data, size_t len)
{
	put_claiming(ask, type, data, len, len);
}

static inline void put_u32(struct ask *ask, int type, uint32_t value)
{
	put_bytes(ask, type, &value, sizeof(value));
}

static inline void put_u64(struct ask *ask, int type, uint64_t value)
{
	put_bytes(ask, type, &value, sizeof(value));
}

static inline void put_text(struct ask *ask, int type, const char *text)
{
	put_bytes(ask, type, text, strlen(text) + 1);
}

/* Begin a nest.  Return: what nest_end() wants. */
static inline struct nlattr *nest_begin(struct ask *ask, int type)
{
	struct nlattr *nest = ask_end_at(ask);

	put_bytes(ask, type | NLA_F_NESTED, NULL, 0);
	return nest;
}

static inline void nest_end(struct ask *ask, struct nlattr *nest)
{
	nest->nla_len = (uint8_t *)ask_end_at(ask) - (uint8_t *)nest;
}

/* Reading a message */

static inline const void *attr_data(const struct nlattr *attr)
{
	return (const uint8_t *)attr + NLA_HDRLEN;
}

static inline size_t attr_len(const struct nlattr *attr)
{
	return attr->nla_len - NLA_HDRLEN;
}

static inline const struct nlattr *attr_next(const struct nlattr *attr)
{
	return (const void *)((const uint8_t *)attr + NLA_ALIGN(attr->nla_len));
}

/* Sort attributes that lie in a message or a nest.  Return: are they well made? */
static inline bool told_sort(struct told *told, const void *data, size_t len)
{
	const uint8_t *at = data, *end = at + len;

	memset(told->attr, 0, sizeof(told->attr));
	memset(told->count, 0, sizeof(told->count));
	while (at + NLA_HDRLEN <= end) {
		const struct nlattr *attr = (const void *)at;
		unsigned int type = attr->nla_type & NLA_TYPE_MASK;

		if (attr->nla_len < NLA_HDRLEN || at + attr->nla_len > end ||
		    type >= TOLD_ATTRS)
			return false;
		if (!told->count[type]++)
			told->attr[type] = attr;
		at += NLA_ALIGN(attr->nla_len);
	}
	return at >= end;
}

static inline bool told_message(struct told *told, const struct nlmsghdr *head)
{
	const struct genlmsghdr *genl = NLMSG_DATA(head);
	const uint8_t *data = (const uint8_t *)genl + GENL_HDRLEN;

	told->cmd = genl->cmd;
	told->len = head->nlmsg_len - NLMSG_LENGTH(GENL_HDRLEN);
	memcpy(told->raw, data, told->len);
	return told_sort(told, told->raw, told->len);
}

/* What a nest has; it lies in the message that it is of. */
static inline struct told nest_of(const struct nlattr *nest)
{
	struct told told = { };

	if (!nest || !told_sort(&told, attr_data(nest), attr_len(nest)))
		told = (struct told){ };
	return told;
}

static inline uint64_t u32_of(const struct told *told, int type)
{
	const struct nlattr *attr = told->attr[type];
	uint32_t value;

	if (told->count[type] != 1 || attr_len(attr) != sizeof(value))
		return WRONG;
	memcpy(&value, attr_data(attr), sizeof(value));
	return value;
}

static inline uint64_t u64_of(const struct told *told, int type)
{
	const struct nlattr *attr = told->attr[type];
	uint64_t value;

	if (told->count[type] != 1 || attr_len(attr) != sizeof(value))
		return WRONG;
	memcpy(&value, attr_data(attr), sizeof(value));
	return value;
}

/* Never NULL, so that it can be compared */
static inline const char *text_of(const struct told *told, int type)
{
	const struct nlattr *attr = told->attr[type];

	if (told->count[type] != 1 || !attr_len(attr) ||
	    strnlen(attr_data(attr), attr_len(attr)) != attr_len(attr) - 1)
		return "(absent)";
	return attr_data(attr);
}

static inline bool has(const struct told *told, int type)
{
	return told->count[type];
}

/* Sending and receiving */

static inline int nl_send(struct nl *nl, struct ask *ask)
{
	struct sockaddr_nl kernel = { .nl_family = AF_NETLINK };

	ask->head.nlmsg_seq = ++nl->seq;
	nl->said[0] = 0;
	nl->at = 0;
	nl->missing = 0;
	if (nl->plain)
		return write(nl->fd, ask, ask->head.nlmsg_len) < 0 ? -errno : 0;
	return sendto(nl->fd, ask, ask->head.nlmsg_len, 0, (struct sockaddr *)&kernel,
		      sizeof(kernel)) < 0 ? -errno : 0;
}

/* The next message.  Return: 0 or -errno. */
static inline int nl_recv(struct nl *nl, const struct nlmsghdr **head)
{
	const struct nlmsghdr *h;
	ssize_t n;

	if (nl->next >= nl->end) {
		n = recv(nl->fd, nl->buf, sizeof(nl->buf), MSG_TRUNC);
		if (n < 0)
			return -errno;
		if (n > (ssize_t)sizeof(nl->buf) || n < NLMSG_HDRLEN)
			return -EPROTO;
		nl->next = 0;
		nl->end = n;
	}
	h = (const void *)(nl->buf + nl->next);
	if (h->nlmsg_len < NLMSG_HDRLEN || nl->next + h->nlmsg_len > nl->end)
		return -EPROTO;
	nl->next += NLMSG_ALIGN(h->nlmsg_len);
	*head = h;
	return 0;
}

/* What an answer without content, or the end of a dump, says.  Return: its 0 or -errno. */
static inline int nl_verdict(struct nl *nl, const struct nlmsghdr *head)
{
	const uint8_t *data = NLMSG_DATA(head);
	size_t skip = sizeof(int);
	struct told told;
	int err;

	memcpy(&err, data, sizeof(err));
	if (head->nlmsg_type == NLMSG_ERROR) {
		const struct nlmsgerr *error = (const void *)data;

		skip = sizeof(*error);
		if (!(head->nlmsg_flags & NLM_F_CAPPED))
			skip += NLMSG_ALIGN(error->msg.nlmsg_len) - NLMSG_HDRLEN;
	}
	if (head->nlmsg_flags & NLM_F_ACK_TLVS &&
	    told_sort(&told, data + skip, head->nlmsg_len - NLMSG_HDRLEN - skip)) {
		if (has(&told, NLMSGERR_ATTR_MSG))
			snprintf(nl->said, sizeof(nl->said), "%s",
				 text_of(&told, NLMSGERR_ATTR_MSG));
		if (has(&told, NLMSGERR_ATTR_OFFS))
			nl->at = u32_of(&told, NLMSGERR_ATTR_OFFS);
		if (has(&told, NLMSGERR_ATTR_MISS_TYPE))
			nl->missing = u32_of(&told, NLMSGERR_ATTR_MISS_TYPE);
	}
	return err;
}

/* Ask, and be answered.  @told may be NULL where no answer is expected. */
static inline int nl_ask(struct nl *nl, struct ask *ask, struct told *told)
{
	const struct nlmsghdr *head = NULL;
	bool answered = !told;
	int err = nl_send(nl, ask);

	while (!err) {
		err = nl_recv(nl, &head);
		if (err)
			break;
		if (head->nlmsg_seq != nl->seq)
			continue;
		if (head->nlmsg_type == NLMSG_ERROR) {
			err = nl_verdict(nl, head);
			return err ?: answered ? 0 : -ENOMSG;
		}
		if (answered || !told_message(told, head))
			err = -EPROTO;
		answered = true;
	}
	return err;
}

/* Called for each message of a dump; what is not 0 ends it. */
typedef int told_fn(const struct told *told, void *arg);

/* Ask for all of them.  Return: 0, what the function returned, or -errno. */
static inline int nl_dump(struct nl *nl, struct ask *ask, told_fn *each, void *arg)
{
	const struct nlmsghdr *head = NULL;
	struct told told;
	int err, said = 0;

	ask->head.nlmsg_flags |= NLM_F_DUMP;
	err = nl_send(nl, ask);
	while (!err) {
		err = nl_recv(nl, &head);
		if (err || head->nlmsg_seq != nl->seq)
			continue;
		if (head->nlmsg_type == NLMSG_DONE || head->nlmsg_type == NLMSG_ERROR) {
			err = nl_verdict(nl, head);
			return err ?: said;
		}
		if (!told_message(&told, head))
			err = -EPROTO;
		else if (!said)
			said = each(&told, arg);
	}
	return err;
}

/* The groups that the family has, from the answer of the controller */
static inline void nl_learn_groups(struct nl *nl, const struct nlattr *groups)
{
	const struct nlattr *group;
	const uint8_t *end = (const uint8_t *)groups + groups->nla_len;

	for (group = attr_data(groups); (const uint8_t *)group + NLA_HDRLEN <= end;
	     group = attr_next(group)) {
		struct told told = nest_of(group);
		const char *name = text_of(&told, CTRL_ATTR_MCAST_GRP_NAME);

		if (!strcmp(name, KIPC_MCGRP_OBJECTS))
			nl->objects = u32_of(&told, CTRL_ATTR_MCAST_GRP_ID);
		if (!strcmp(name, KIPC_MCGRP_TROUBLE))
			nl->trouble = u32_of(&told, CTRL_ATTR_MCAST_GRP_ID);
	}
}

static inline int nl_find_family(struct nl *nl)
{
	struct ask ask = ask_of(nl, CTRL_CMD_GETFAMILY);
	struct told told;
	uint16_t number;
	int err;

	ask.head.nlmsg_type = GENL_ID_CTRL;
	put_text(&ask, CTRL_ATTR_FAMILY_NAME, KIPC_FAMILY_NAME);
	err = nl_ask(nl, &ask, &told);
	if (err)
		return err;
	if (!has(&told, CTRL_ATTR_FAMILY_ID) || !has(&told, CTRL_ATTR_MCAST_GROUPS))
		return -EPROTO;
	memcpy(&number, attr_data(told.attr[CTRL_ATTR_FAMILY_ID]), sizeof(number));
	nl->family = number;
	nl_learn_groups(nl, told.attr[CTRL_ATTR_MCAST_GROUPS]);
	return 0;
}

/* A socket in this network namespace, with this process's rights.  Return: 0 or -errno. */
static inline int nl_open(struct nl *nl)
{
	struct timeval limit = { .tv_sec = 10 };
	int on = 1;

	memset(nl, 0, sizeof(*nl));
	nl->fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_GENERIC);
	if (nl->fd < 0)
		return -errno;
	if (setsockopt(nl->fd, SOL_NETLINK, NETLINK_EXT_ACK, &on, sizeof(on)) ||
	    setsockopt(nl->fd, SOL_NETLINK, NETLINK_CAP_ACK, &on, sizeof(on)) ||
	    setsockopt(nl->fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit)))
		return -errno;
	return nl_find_family(nl);
}

/* One object, by a number or a name */

static inline int get_by_number(struct nl *nl, uint8_t cmd, int type, uint32_t number,
				struct told *told)
{
	struct ask ask = ask_of(nl, cmd);

	put_u32(&ask, type, number);
	return nl_ask(nl, &ask, told);
}

static inline int get_by_name(struct nl *nl, uint8_t cmd, int type, const char *name,
			      struct told *told)
{
	struct ask ask = ask_of(nl, cmd);

	put_text(&ask, type, name);
	return nl_ask(nl, &ask, told);
}

static inline int get_channel(struct nl *nl, const char *name, struct told *told)
{
	return get_by_name(nl, KIPC_CMD_CHANNEL_GET, KIPC_A_CHANNEL_NAME, name, told);
}

static inline int get_endpoint(struct nl *nl, uint32_t id, struct told *told)
{
	return get_by_number(nl, KIPC_CMD_ENDPOINT_GET, KIPC_A_ENDPOINT_ID, id, told);
}

static inline int get_queue(struct nl *nl, const char *name, struct told *told)
{
	return get_by_name(nl, KIPC_CMD_QUEUE_GET, KIPC_A_QUEUE_NAME, name, told);
}

static inline int get_user(struct nl *nl, uid_t uid, struct told *told)
{
	return get_by_number(nl, KIPC_CMD_USER_GET, KIPC_A_USER_UID, uid, told);
}

static inline int get_defaults(struct nl *nl, struct told *told)
{
	struct ask ask = ask_of(nl, KIPC_CMD_USER_GET);

	return nl_ask(nl, &ask, told);
}

static inline int get_stats(struct nl *nl, struct told *told)
{
	struct ask ask = ask_of(nl, KIPC_CMD_STATS_GET);

	return nl_ask(nl, &ask, told);
}

/* One charge of an account; empty where it is not there exactly once. */
static inline struct told charge_of(const struct told *user, uint32_t what)
{
	const uint8_t *end = user->raw + user->len;
	const struct nlattr *attr;
	struct told found = { };
	int n = 0;

	for (attr = (const void *)user->raw; (const uint8_t *)attr < end;
	     attr = attr_next(attr)) {
		struct told told;

		if ((attr->nla_type & NLA_TYPE_MASK) != KIPC_A_USER_CHARGE)
			continue;
		told = nest_of(attr);
		if (u32_of(&told, KIPC_A_CHARGE_WHAT) != what)
			continue;
		found = told;
		n++;
	}
	return n == 1 ? found : (struct told){ };
}

static inline uint64_t taken_by(struct nl *nl, uid_t uid, uint32_t what)
{
	struct told user, charge;

	if (get_user(nl, uid, &user))
		return WRONG;
	charge = charge_of(&user, what);
	return u64_of(&charge, KIPC_A_CHARGE_TAKEN);
}

/* Limits */

/* Without a user the defaults, without a limit take the user's own away. */
#define DEFAULTS	((int64_t)-1)
#define NO_LIMIT	((int64_t)-1)

static inline int set_limit(struct nl *nl, int64_t uid, uint32_t what, int64_t limit)
{
	struct ask ask = ask_of(nl, KIPC_CMD_USER_SET);
	struct nlattr *nest;

	if (uid != DEFAULTS)
		put_u32(&ask, KIPC_A_USER_UID, uid);
	nest = nest_begin(&ask, KIPC_A_USER_CHARGE);
	put_u32(&ask, KIPC_A_CHARGE_WHAT, what);
	if (limit != NO_LIMIT)
		put_u64(&ask, KIPC_A_CHARGE_LIMIT, limit);
	nest_end(&ask, nest);
	return nl_ask(nl, &ask, NULL);
}

/* Events */

static inline int nl_join(struct nl *nl, uint32_t group)
{
	return setsockopt(nl->fd, SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, &group,
			  sizeof(group)) ? -errno : 0;
}

/* A socket that listens to a group.  Return: 0 or -errno. */
static inline int nl_listen(struct nl *nl, bool trouble)
{
	int err = nl_open(nl);

	return err ?: nl_join(nl, trouble ? nl->trouble : nl->objects);
}

static inline int nl_next_event(struct nl *nl, struct told *told)
{
	const struct nlmsghdr *head = NULL;
	int err = nl_recv(nl, &head);

	return err ?: told_message(told, head) ? 0 : -EPROTO;
}

/* The next event of a kind; others are passed over. */
static inline int nl_await_event(struct nl *nl, uint8_t cmd, struct told *told)
{
	int err;

	do {
		err = nl_next_event(nl, told);
	} while (!err && told->cmd != cmd);
	return err;
}

/* Is there none of that kind, of those that have arrived? */
static inline int count_events(struct nl *nl, uint8_t cmd)
{
	struct timeval soon = { .tv_usec = 100000 }, later = { .tv_sec = 10 };
	struct told told;
	int n = 0;

	setsockopt(nl->fd, SOL_SOCKET, SO_RCVTIMEO, &soon, sizeof(soon));
	while (!nl_next_event(nl, &told))
		n += told.cmd == cmd;
	setsockopt(nl->fd, SOL_SOCKET, SO_RCVTIMEO, &later, sizeof(later));
	return n;
}

#endif /* NETLINK_TEST_H */
