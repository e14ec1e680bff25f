// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Requests and answers.
 *
 * An answer is messages with the request's number: objects, and then its end, which is an
 * error (0 for none) or of a dump NLMSG_DONE.  It is always heard to its end, whatever
 * becomes of it on the way: the kernel makes one dump at a time for a socket.
 *
 * The kernel knows the family by a number, which is another one after the module has been
 * loaded anew.  A request with an old one is ENOENT, as is one for an object that is not
 * there: then the family is looked up again.
 */
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#include "admin.h"

/* What the kernel is asked to do on a socket.  Not to have it costs words only. */
static void kipc_netlink_tune(int fd)
{
	static const int options[] = {
		NETLINK_EXT_ACK,	/* say why */
		NETLINK_CAP_ACK,	/* and do not repeat the request */
		NETLINK_GET_STRICT_CHK,	/* refuse what a dump does not know */
	};
	size_t i;
	int one = 1;

	for (i = 0; i < ARRAY_SIZE(options); i++)
		setsockopt(fd, SOL_NETLINK, options[i], &one, sizeof(one));
}

/* Returns 0; -EPROTONOSUPPORT; -EMFILE; -ENOMEM. */
int kipc_netlink_open(struct kipc_netlink *s)
{
	struct sockaddr_nl any = { .nl_family = AF_NETLINK };

	s->left = 0;
	s->fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_GENERIC);
	if (s->fd < 0)
		return errno == EAFNOSUPPORT ? -EPROTONOSUPPORT : -errno;
	if (bind(s->fd, (struct sockaddr *)&any, sizeof(any)))
		return -errno;
	kipc_netlink_tune(s->fd);
	return 0;
}

void kipc_netlink_close(struct kipc_netlink *s)
{
	if (s->fd >= 0)
		close(s->fd);
	s->fd = -1;
}

/* A datagram of the kernel's; others may not send here, and if they can are not heard. */
static int kipc_netlink_recv(struct kipc_netlink *s, int flags)
{
	struct iovec iov = { s->buf, sizeof(s->buf) };
	struct sockaddr_nl from = { 0 };
	struct msghdr msg = {
		.msg_name = &from,
		.msg_iov = &iov,
		.msg_iovlen = 1,
	};
	ssize_t n;

	s->left = 0;
	do {
		msg.msg_namelen = sizeof(from);
		n = recvmsg(s->fd, &msg, flags);
		if (n < 0)
			return -errno;
	} while (from.nl_pid);
	if (msg.msg_flags & MSG_TRUNC)
		return -EPROTO;
	s->next = (struct nlmsghdr *)s->buf;
	s->left = n;
	return 0;
}

/*
 * The next message.
 * @msg: written: it, good until the next call
 *
 * Returns 0; -EPROTO; -ENOBUFS and others of recvmsg(2): -EAGAIN, -EINTR.
 */
int kipc_netlink_next(struct kipc_netlink *s, int flags, struct nlmsghdr **msg)
{
	int err;

	while (s->left <= 0) {
		err = kipc_netlink_recv(s, flags);
		if (err)
			return err;
	}
	if (!nlmsg_ok(s->next, s->left)) {
		s->left = 0;
		return -EPROTO;
	}
	*msg = s->next;
	s->next = nlmsg_next(s->next, &s->left);
	return 0;
}

/* The sentence among the attributes that follow an error, or NULL. */
static const char *kipc_ack_text(struct nlmsghdr *msg, size_t begin)
{
	struct nlattr *attr;
	const char *text;
	int rem;

	begin = NLMSG_ALIGN(begin);
	if (!(msg->nlmsg_flags & NLM_F_ACK_TLVS) || begin > (size_t)nlmsg_datalen(msg))
		return NULL;
	nla_for_each_attr(attr, (struct nlattr *)((char *)nlmsg_data(msg) + begin),
			  nlmsg_datalen(msg) - (int)begin, rem) {
		if (nla_type(attr) != NLMSGERR_ATTR_MSG)
			continue;
		text = nla_data(attr);
		if (nla_len(attr) > 1 && !text[nla_len(attr) - 1])
			return text;
	}
	return NULL;
}

/* The end of an answer.  Returns 0 or -errno, with a sentence. */
static int kipc_answer_end(struct kipc_admin *admin, struct nlmsghdr *msg)
{
	size_t begin = sizeof(int);
	int err = 0;

	if (nlmsg_datalen(msg) >= (int)sizeof(err))
		memcpy(&err, nlmsg_data(msg), sizeof(err));
	else if (msg->nlmsg_type == NLMSG_ERROR)
		err = -EPROTO;
	if (err > 0)
		err = -EPROTO;
	if (!err)
		return 0;
	if (msg->nlmsg_type == NLMSG_ERROR) {
		begin = sizeof(struct nlmsgerr);
		if (!(msg->nlmsg_flags & NLM_F_CAPPED) && nlmsg_datalen(msg) >= (int)begin)
			begin += ((struct nlmsgerr *)nlmsg_data(msg))->msg.nlmsg_len -
				 sizeof(struct nlmsghdr);
	}
	return kipc_admin_fail(admin, err, kipc_ack_text(msg, begin));
}

/* What is left of an answer that cannot be understood, as far as it is there. */
static void kipc_answer_drop(struct kipc_admin *admin)
{
	struct nlmsghdr *msg;
	int err, troubles = 0;

	do {
		err = kipc_netlink_next(&admin->answers, MSG_DONTWAIT, &msg);
		if (err && err != -EAGAIN && ++troubles > 100)
			return;
	} while (err != -EAGAIN);
}

/*
 * Hear an answer.
 * @outcome: written: what @each ended it with, or 0
 *
 * Returns 0 or -errno: how the kernel ended it.
 */
static int kipc_answer_hear(struct kipc_admin *admin, kipc_answer_fn *each, void *context,
			    int *outcome)
{
	struct nlmsghdr *msg;
	bool disturbed = false;
	int err;

	*outcome = 0;
	for (;;) {
		err = kipc_netlink_next(&admin->answers, 0, &msg);
		if (err == -EINTR)
			continue;
		if (err) {
			kipc_answer_drop(admin);
			return kipc_admin_fail(admin, err, NULL);
		}
		if (msg->nlmsg_seq != admin->seq)
			continue;
		disturbed |= !!(msg->nlmsg_flags & NLM_F_DUMP_INTR);
		if (msg->nlmsg_type == NLMSG_ERROR || msg->nlmsg_type == NLMSG_DONE)
			break;
		if (msg->nlmsg_type < NLMSG_MIN_TYPE || *outcome || !each)
			continue;
		if (!genlmsg_valid_hdr(msg, 0))
			*outcome = kipc_admin_fail(admin, -EPROTO, NULL);
		else
			*outcome = each(genlmsg_attrdata(nlmsg_data(msg), 0),
					genlmsg_attrlen(nlmsg_data(msg), 0), context);
	}
	err = kipc_answer_end(admin, msg);
	if (!err && disturbed)
		err = kipc_admin_fail(admin, -EAGAIN, "things changed meanwhile: ask again");
	return err;
}

static int kipc_netlink_send(struct kipc_admin *admin, struct nl_msg *request)
{
	struct nlmsghdr *hdr = nlmsg_hdr(request);
	ssize_t n;

	hdr->nlmsg_seq = ++admin->seq;
	do {
		n = send(admin->answers.fd, hdr, hdr->nlmsg_len, 0);
	} while (n < 0 && errno == EINTR);
	return n < 0 ? kipc_admin_fail(admin, -errno, NULL) : 0;
}

static struct nl_msg *kipc_request_to(uint16_t family, uint8_t cmd, uint8_t version, int flags)
{
	struct nl_msg *request = nlmsg_alloc();

	if (request && !genlmsg_put(request, 0, 0, family, 0, NLM_F_REQUEST | flags, cmd,
				    version)) {
		nlmsg_free(request);
		request = NULL;
	}
	return request;
}

/* The groups of a family, as far as they are known here. */
static int kipc_genl_groups(struct kipc_genl *family, struct nlattr *groups)
{
	struct nlattr *group, *name, *id;
	int rem;

	nla_for_each_nested(group, groups, rem) {
		name = nla_find(nla_data(group), nla_len(group), CTRL_ATTR_MCAST_GRP_NAME);
		id = nla_find(nla_data(group), nla_len(group), CTRL_ATTR_MCAST_GRP_ID);
		if (!name || !id || nla_len(id) != sizeof(uint32_t))
			return -EPROTO;
		if (!nla_strcmp(name, KIPC_MCGRP_OBJECTS))
			family->objects = nla_get_u32(id);
		else if (!nla_strcmp(name, KIPC_MCGRP_TROUBLE))
			family->trouble = nla_get_u32(id);
	}
	return 0;
}

/* What the kernel tells of families.  Returns 0; -ENOENT, it is another one; -EPROTO. */
int kipc_genl_read(struct kipc_genl *family, struct nlattr *attrs, int len)
{
	struct nlattr *name = nla_find(attrs, len, CTRL_ATTR_FAMILY_NAME);
	struct nlattr *id = nla_find(attrs, len, CTRL_ATTR_FAMILY_ID);
	struct nlattr *groups = nla_find(attrs, len, CTRL_ATTR_MCAST_GROUPS);

	if (!name || !id || nla_len(id) != sizeof(uint16_t))
		return -EPROTO;
	if (nla_strcmp(name, KIPC_FAMILY_NAME))
		return -ENOENT;
	memset(family, 0, sizeof(*family));
	family->id = nla_get_u16(id);
	return groups ? kipc_genl_groups(family, groups) : 0;
}

static int kipc_genl_answer(struct nlattr *attrs, int len, void *context)
{
	return kipc_genl_read(context, attrs, len);
}

/* Which number the family has now, and its groups.  Returns 0; -ENODEV; -EPROTO; -ENOMEM. */
int kipc_genl_find(struct kipc_admin *admin, struct kipc_genl *family)
{
	struct nl_msg *request = kipc_request_to(GENL_ID_CTRL, CTRL_CMD_GETFAMILY, 1, NLM_F_ACK);
	struct kipc_genl found = { 0 };
	int err, outcome;

	if (!request || nla_put_string(request, CTRL_ATTR_FAMILY_NAME, KIPC_FAMILY_NAME)) {
		nlmsg_free(request);
		return kipc_admin_fail(admin, -ENOMEM, NULL);
	}
	err = kipc_netlink_send(admin, request);
	nlmsg_free(request);
	if (!err)
		err = kipc_answer_hear(admin, kipc_genl_answer, &found, &outcome);
	if (err)
		return kipc_admin_fail(admin, err == -ENOENT ? -ENODEV : err, NULL);
	if (outcome || !found.id)
		return kipc_admin_fail(admin, -EPROTO, NULL);
	*family = found;
	return 0;
}

/* A request, for kipc_ask().  @flags: NLM_F_DUMP or NLM_F_ACK.  NULL: no memory. */
struct nl_msg *kipc_request(struct kipc_admin *admin, uint8_t cmd, int flags)
{
	struct nl_msg *request = kipc_request_to(admin->family.id, cmd, KIPC_FAMILY_VERSION, flags);

	if (!request)
		kipc_admin_fail(admin, -ENOMEM, NULL);
	return request;
}

/*
 * Ask, and hear the answer.
 * @request: is freed here; NULL: there was no memory for it
 *
 * Returns 0; what @each returned; -errno.
 */
int kipc_ask(struct kipc_admin *admin, struct nl_msg *request, kipc_answer_fn *each,
	     void *context)
{
	char said[sizeof(admin->error)];
	uint16_t id = admin->family.id;
	int err, outcome = 0;

	if (!request)
		return -ENOMEM;
	do {
		nlmsg_hdr(request)->nlmsg_type = id = admin->family.id;
		err = kipc_netlink_send(admin, request);
		if (!err)
			err = kipc_answer_hear(admin, each, context, &outcome);
		if (err != -ENOENT)
			break;
		memcpy(said, admin->error, sizeof(said));
		err = kipc_genl_find(admin, &admin->family);
		if (!err && id == admin->family.id)
			err = kipc_admin_fail(admin, -ENOENT, said);
		else if (!err)
			kipc_admin_begin(admin);
	} while (!err);
	nlmsg_free(request);
	return outcome ? outcome : err;
}
