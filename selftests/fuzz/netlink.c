// SPDX-License-Identifier: GPL-2.0
/*
 * Control: operations on sockets of generic netlink, and what the supervisor asks of it.
 *
 * An attribute of a program is one number: the lowest byte is its type (0: none), the next
 * says its form, the rest is its value.  Limits that programs set are taken away again by the
 * supervisor, every now and then, lest all the rest be refused; in the end it looks whether
 * anything is still charged to anybody.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include <linux/genetlink.h>
#include <linux/kipc.h>
#include <linux/kipc_netlink.h>
#include <linux/netlink.h>

#include "fuzz.h"

#define ANSWER_SIZE	32768

struct ask {
	struct nlmsghdr head;
	struct genlmsghdr genl;
	uint8_t attrs[2048];
};

/* Numbers of the family and of its first group, which processes inherit */
static uint16_t family;
static uint32_t first_group;

static int nl_socket(void)
{
	struct timeval second = { .tv_sec = 1 };
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_GENERIC);

	if (fd >= 0)
		setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &second, sizeof(second));
	return fd;
}

static struct ask ask_of(uint16_t type, uint8_t cmd, uint16_t flags)
{
	return (struct ask){
		.head.nlmsg_len = NLMSG_LENGTH(GENL_HDRLEN),
		.head.nlmsg_type = type,
		.head.nlmsg_flags = NLM_F_REQUEST | flags,
		.genl.cmd = cmd,
		.genl.version = 1,
	};
}

static struct nlattr *put(struct ask *ask, uint16_t type, const void *data, size_t len)
{
	struct nlattr *attr = (void *)((uint8_t *)ask + ask->head.nlmsg_len);

	attr->nla_type = type;
	attr->nla_len = NLA_HDRLEN + len;
	memcpy((uint8_t *)attr + NLA_HDRLEN, data, len);
	ask->head.nlmsg_len += NLA_HDRLEN + NLA_ALIGN(len);
	return attr;
}

static void put_charge(struct ask *ask, uint16_t type, uint32_t what, const uint64_t *limit)
{
	struct nlattr *nest = put(ask, type | NLA_F_NESTED, NULL, 0);

	put(ask, KIPC_A_CHARGE_WHAT, &what, sizeof(what));
	if (limit)
		put(ask, KIPC_A_CHARGE_LIMIT, limit, sizeof(*limit));
	nest->nla_len = (uint8_t *)ask + ask->head.nlmsg_len - (uint8_t *)nest;
}

static void put_any(struct ask *ask, uint64_t arg)
{
	uint16_t type = arg & 0xff;
	uint64_t value = arg >> 16, limit = value >> 3;
	uint32_t half = value;
	char name[KIPC_NAME_SIZE] = "";

	switch (arg >> 8 & 7) {
	case 0:
		put(ask, type, &half, sizeof(half));
		break;
	case 1:
		put(ask, type, &value, sizeof(value));
		break;
	case 2:
		machine_name(value % 16, name);
		put(ask, type, name, strnlen(name, sizeof(name) - 1) + 1);
		break;
	case 3:
		put_charge(ask, type, value & 7, &limit);
		break;
	case 4:
		put_charge(ask, type, value & 7, NULL);
		break;
	case 5:
		put(ask, type, name, value % 64);
		break;
	case 6:
		put(ask, type, name, value % 64)->nla_len += value % 7 - 3;
		break;
	default:
		put(ask, type | NLA_F_NESTED, &value, sizeof(value));
	}
}

long do_nl_open(struct machine *m, const uint64_t *arg)
{
	int fd = nl_socket();

	machine_hold(m, arg[0], fd);
	return fd < 0 ? -errno : fd;
}

long do_nl_join(struct machine *m, const uint64_t *arg)
{
	int group = first_group + arg[1];

	return setsockopt(machine_fd(m, arg[0]), SOL_NETLINK,
			  arg[2] ? NETLINK_DROP_MEMBERSHIP : NETLINK_ADD_MEMBERSHIP, &group,
			  sizeof(group)) ? -errno : 0;
}

long do_nl_ask(struct machine *m, const uint64_t *arg)
{
	struct sockaddr_nl kernel = { .nl_family = AF_NETLINK };
	struct ask ask = ask_of(family, arg[1], arg[2] & 1 ? NLM_F_DUMP : NLM_F_ACK);
	unsigned int i;

	for (i = 3; i < 8; i++) {
		if (arg[i])
			put_any(&ask, arg[i]);
	}
	if (arg[2] == 3)
		ask.head.nlmsg_len -= arg[8] % 8;
	return sendto(machine_fd(m, arg[0]), &ask, ask.head.nlmsg_len, MSG_DONTWAIT,
		      (void *)&kernel, sizeof(kernel)) < 0 ? -errno : 0;
}

long do_nl_recv(struct machine *m, const uint64_t *arg)
{
	static __thread char buf[8192];
	unsigned int times = arg[1] % 16 + 1;
	long got = 0;

	while (times-- && got >= 0)
		got = recv(machine_fd(m, arg[0]), buf, sizeof(buf), MSG_DONTWAIT);
	return got < 0 ? -errno : got;
}

/* The supervisor's own: one request, its answer or all of them in one buffer. */
static long exchange(struct ask *ask, uint8_t *answer)
{
	int fd = nl_socket();
	long got, len = 0;

	if (fd < 0)
		return -1;
	if (send(fd, ask, ask->head.nlmsg_len, 0) < 0)
		goto end;
	do {
		got = recv(fd, answer + len, ANSWER_SIZE - len, 0);
		if (got <= 0)
			break;
		len += got;
	} while (ask->head.nlmsg_flags & NLM_F_DUMP &&
		 ((struct nlmsghdr *)(answer + len - got))->nlmsg_type != NLMSG_DONE &&
		 len < ANSWER_SIZE / 2);
end:
	close(fd);
	return len;
}

/* The attribute of a type among those from @at to @end, after @after */
static const struct nlattr *find(const uint8_t *at, const uint8_t *end, uint16_t type,
				 const struct nlattr *after)
{
	while (at + NLA_HDRLEN <= end) {
		const struct nlattr *attr = (const void *)at;

		if (attr->nla_len < NLA_HDRLEN)
			return NULL;
		if ((attr->nla_type & NLA_TYPE_MASK) == type && attr > after)
			return attr;
		at += NLA_ALIGN(attr->nla_len);
	}
	return NULL;
}

static uint64_t value_of(const struct nlattr *nest, uint16_t type)
{
	const uint8_t *at = (const uint8_t *)nest;
	const struct nlattr *attr = find(at + NLA_HDRLEN, at + nest->nla_len, type, NULL);
	uint64_t value = 0;

	if (attr)
		memcpy(&value, attr + 1, attr->nla_len - NLA_HDRLEN < 8 ? 4 : 8);
	return value;
}

/* Finds the numbers.  Return: 0, or -1 if there is no such family. */
int control_find(void)
{
	struct ask ask = ask_of(GENL_ID_CTRL, CTRL_CMD_GETFAMILY, 0);
	uint8_t answer[ANSWER_SIZE];
	const struct nlattr *attr;
	const uint8_t *at = answer + NLMSG_LENGTH(GENL_HDRLEN), *end;
	long len;

	put(&ask, CTRL_ATTR_FAMILY_NAME, KIPC_FAMILY_NAME, sizeof(KIPC_FAMILY_NAME));
	len = exchange(&ask, answer);
	end = answer + len;
	attr = find(at, end, CTRL_ATTR_FAMILY_ID, NULL);
	if (!attr)
		return -1;
	memcpy(&family, attr + 1, sizeof(family));
	attr = find(at, end, CTRL_ATTR_MCAST_GROUPS, NULL);
	if (attr)
		first_group = value_of(attr + 1, CTRL_ATTR_MCAST_GRP_ID);
	return 0;
}

/* Calls @each with every charge that a command tells of; the user is ~0 for the defaults. */
static void each_charge(uint16_t flags,
			void (*each)(void *arg, uint32_t uid, const struct nlattr *charge),
			void *arg)
{
	struct ask ask = ask_of(family, KIPC_CMD_USER_GET, flags);
	uint8_t answer[ANSWER_SIZE];
	long len = exchange(&ask, answer);
	const struct nlmsghdr *head = (void *)answer;

	for (; NLMSG_OK(head, len); head = NLMSG_NEXT(head, len)) {
		const uint8_t *at = (const uint8_t *)head + NLMSG_LENGTH(GENL_HDRLEN);
		const uint8_t *end = (const uint8_t *)head + head->nlmsg_len;
		const struct nlattr *user, *charge = NULL;
		uint32_t uid = ~0U;

		if (head->nlmsg_type != family)
			continue;
		user = find(at, end, KIPC_A_USER_UID, NULL);
		if (user)
			memcpy(&uid, user + 1, sizeof(uid));
		while ((charge = find(at, end, KIPC_A_USER_CHARGE, charge)))
			each(arg, uid, charge);
	}
}

static void put_limit(void *arg, uint32_t uid, const struct nlattr *charge)
{
	uint64_t limit = value_of(charge, KIPC_A_CHARGE_LIMIT);

	put_charge(arg, KIPC_A_USER_CHARGE, value_of(charge, KIPC_A_CHARGE_WHAT), &limit);
}

/* Takes away the limits that programs have set.  The first time it notes what the defaults are. */
void control_reset(void)
{
	static struct ask defaults;
	static const uint32_t uids[] = { 0, 1000 };
	uint8_t answer[ANSWER_SIZE];
	unsigned int i, what;

	if (!defaults.head.nlmsg_len) {
		defaults = ask_of(family, KIPC_CMD_USER_SET, NLM_F_ACK);
		each_charge(0, put_limit, &defaults);
	}
	exchange(&defaults, answer);
	for (i = 0; i < ARRAY_SIZE(uids); i++) {
		struct ask ask = ask_of(family, KIPC_CMD_USER_SET, NLM_F_ACK);

		put(&ask, KIPC_A_USER_UID, &uids[i], sizeof(uids[i]));
		for (what = 0; what < KIPC_QUOTA_COUNT; what++)
			put_charge(&ask, KIPC_A_USER_CHARGE, what, NULL);
		exchange(&ask, answer);
	}
}

static void count_taken(void *arg, uint32_t uid, const struct nlattr *charge)
{
	uint64_t taken = value_of(charge, KIPC_A_CHARGE_TAKEN);

	if (!taken)
		return;
	printf("# user %u still has %llu of quota %u\n", uid, (unsigned long long)taken,
	       (unsigned int)value_of(charge, KIPC_A_CHARGE_WHAT));
	++*(int *)arg;
}

/* Return: how many charges there are that are not 0.  It says which. */
int control_settled(void)
{
	int taken = 0;

	each_charge(NLM_F_DUMP, count_taken, &taken);
	return taken;
}
