// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * What happens: the groups of the family, on a socket of their own.
 *
 * When the module goes, the kernel takes its groups' members from them.  So the socket is a
 * member of the controller's group as well, which tells of families that come and go: it
 * joins again, and says that events may be lost.
 *
 * From the first event that has no room the kernel drops all, until the socket is empty, and
 * what the controller tells with them.  So an overflow is told where it was, after the events
 * that came before it, and then the family is looked up: it may have been another meanwhile.
 */
#include <poll.h>
#include <sys/socket.h>

#include "admin.h"

/* Of the controller, "notify": the kernel has always given it this number. */
#define KIPC_CONTROLLER_GROUP GENL_ID_CTRL

/* Room for some thousands of events, where the system lets us. */
#define KIPC_EVENT_BUFFER (4 << 20)

static int kipc_group(struct kipc_admin *admin, int option, uint32_t group)
{
	return setsockopt(admin->events.fd, SOL_NETLINK, option, &group, sizeof(group)) ?
	       -errno : 0;
}

/* Become a member of the groups, if they are there at all.  Returns 0; -EPERM; -ENODEV. */
static int kipc_groups_join(struct kipc_admin *admin, const struct kipc_genl *family,
			    uint32_t groups)
{
	int err = 0;

	if ((groups & KIPC_ADMIN_OBJECTS && !family->objects) ||
	    (groups & KIPC_ADMIN_TROUBLE && !family->trouble))
		return -EOPNOTSUPP;
	if (groups & KIPC_ADMIN_TROUBLE)
		err = kipc_group(admin, NETLINK_ADD_MEMBERSHIP, family->trouble);
	if (!err && groups & KIPC_ADMIN_OBJECTS)
		err = kipc_group(admin, NETLINK_ADD_MEMBERSHIP, family->objects);
	/* The module has just gone, and its groups with it. */
	return err == -ENOENT ? -ENODEV : err;
}

static void kipc_groups_leave(struct kipc_admin *admin, const struct kipc_genl *family,
			      uint32_t groups)
{
	if (groups & KIPC_ADMIN_OBJECTS && family->objects)
		kipc_group(admin, NETLINK_DROP_MEMBERSHIP, family->objects);
	if (groups & KIPC_ADMIN_TROUBLE && family->trouble)
		kipc_group(admin, NETLINK_DROP_MEMBERSHIP, family->trouble);
}

/* As much as the administrator allows, or more. */
static void kipc_event_room(struct kipc_admin *admin)
{
	int size = KIPC_EVENT_BUFFER;

	if (setsockopt(admin->events.fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size)))
		setsockopt(admin->events.fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
}

KIPC_EXPORT int kipc_admin_watch(struct kipc_admin *admin, uint32_t groups)
{
	struct kipc_genl now;
	int err = kipc_admin_begin(admin);

	if (err)
		return err;
	if (groups & ~(KIPC_ADMIN_OBJECTS | KIPC_ADMIN_TROUBLE))
		return kipc_admin_fail(admin, -EINVAL, "there are no such events");
	kipc_event_room(admin);
	err = kipc_group(admin, NETLINK_ADD_MEMBERSHIP, KIPC_CONTROLLER_GROUP);
	if (err)
		return kipc_admin_fail(admin, err, NULL);
	err = kipc_genl_find(admin, &now);
	if (err)
		return err;
	err = kipc_groups_join(admin, &now, groups);
	if (err) {
		kipc_groups_leave(admin, &now, groups & ~admin->groups);
		return kipc_admin_fail(admin, err, err == -EPERM ?
				       "to be told of trouble needs CAP_NET_ADMIN" : NULL);
	}
	kipc_groups_leave(admin, &now, admin->groups & ~groups);
	admin->told = now;
	admin->groups = groups;
	return 0;
}

KIPC_EXPORT int kipc_admin_fd(struct kipc_admin *admin)
{
	return admin ? admin->events.fd : -EINVAL;
}

static const char kipc_event_gone[] =
	"the module has been unloaded: events go on when it is loaded again";

/*
 * A family has come or gone.  If it is ours: returns -ENOBUFS, it is back, and we are its
 * groups' member again; -ENODEV, it has gone.  Otherwise -EAGAIN.
 * @why:	written: what to say of that
 */
static int kipc_event_family(struct kipc_admin *admin, int cmd, struct nlattr *attrs, int len,
			     const char **why)
{
	struct kipc_genl now;
	int err;

	if (cmd != CTRL_CMD_NEWFAMILY && cmd != CTRL_CMD_DELFAMILY)
		return -EAGAIN;
	if (kipc_genl_read(&now, attrs, len))
		return -EAGAIN;
	if (cmd == CTRL_CMD_DELFAMILY) {
		if (now.id != admin->told.id)
			return -EAGAIN;
		*why = kipc_event_gone;
		return -ENODEV;
	}
	err = kipc_groups_join(admin, &now, admin->groups);
	if (err)
		return err;
	admin->told = now;
	*why = "the module has been loaded again, and events may be lost";
	return -ENOBUFS;
}

/* Fill in an event of ours.  Returns 0; -EPROTO; -EAGAIN, it is none that is wanted. */
static int kipc_event_fill(struct kipc_admin *admin, struct kipc_admin_event *event, int cmd,
			   struct nlattr *attrs, int len)
{
	uint32_t group = cmd < KIPC_CMD_PEER_DIED ? KIPC_ADMIN_OBJECTS : KIPC_ADMIN_TROUBLE;

	if (!(admin->groups & group))
		return -EAGAIN;
	memset(event, 0, sizeof(*event));
	switch (cmd) {
	case KIPC_CMD_CHANNEL_NEW_NTF:
	case KIPC_CMD_CHANNEL_DEL_NTF:
		event->what = cmd == KIPC_CMD_CHANNEL_NEW_NTF ?
			      KIPC_ADMIN_CHANNEL_NEW : KIPC_ADMIN_CHANNEL_GONE;
		return kipc_fill_channel(&event->u.channel, attrs, len);
	case KIPC_CMD_ENDPOINT_NEW_NTF:
	case KIPC_CMD_ENDPOINT_DEL_NTF:
		event->what = cmd == KIPC_CMD_ENDPOINT_NEW_NTF ?
			      KIPC_ADMIN_ENDPOINT_NEW : KIPC_ADMIN_ENDPOINT_GONE;
		return kipc_fill_endpoint(&event->u.endpoint, attrs, len);
	case KIPC_CMD_QUEUE_NEW_NTF:
	case KIPC_CMD_QUEUE_DEL_NTF:
		event->what = cmd == KIPC_CMD_QUEUE_NEW_NTF ?
			      KIPC_ADMIN_QUEUE_NEW : KIPC_ADMIN_QUEUE_GONE;
		return kipc_fill_queue(&event->u.queue, attrs, len);
	case KIPC_CMD_PEER_DIED:
		event->what = KIPC_ADMIN_PEER_DIED;
		break;
	case KIPC_CMD_LIMIT_HIT:
		event->what = KIPC_ADMIN_LIMIT_HIT;
		break;
	case KIPC_CMD_POOL_STUCK:
		event->what = KIPC_ADMIN_POOL_STUCK;
		break;
	case KIPC_CMD_CALL_FAILED:
		event->what = KIPC_ADMIN_CALL_FAILED;
		break;
	default:
		return -EAGAIN;
	}
	return kipc_fill_trouble(&event->u.trouble, attrs, len);
}

/* One message of the socket.  Returns as kipc_event_fill(), or an error to tell. */
static int kipc_event_read(struct kipc_admin *admin, struct kipc_admin_event *event,
			   struct nlmsghdr *msg, const char **why)
{
	struct genlmsghdr *genl = nlmsg_data(msg);

	if (msg->nlmsg_type < NLMSG_MIN_TYPE)
		return -EAGAIN;
	if (!genlmsg_valid_hdr(msg, 0))
		return -EPROTO;
	if (msg->nlmsg_type == GENL_ID_CTRL)
		return kipc_event_family(admin, genl->cmd, genlmsg_attrdata(genl, 0),
					 genlmsg_attrlen(genl, 0), why);
	if (msg->nlmsg_type != admin->told.id)
		return -EAGAIN;
	return kipc_event_fill(admin, event, genl->cmd, genlmsg_attrdata(genl, 0),
			       genlmsg_attrlen(genl, 0));
}

/*
 * What came before an overflow has been taken.  Returns -ENOBUFS, and from here on it goes on;
 * -ENODEV, the module has gone meanwhile; another error, and then it is to be tried again.
 */
static int kipc_event_resume(struct kipc_admin *admin, const char **why)
{
	static const struct kipc_genl none;
	struct kipc_genl now;
	int err = kipc_genl_find(admin, &now);

	if (!err && now.id != admin->told.id) {
		err = kipc_groups_join(admin, &now, admin->groups);
		if (!err)
			*why = "the module has been loaded again, and events are lost";
	}
	if (err == -ENODEV)
		*why = kipc_event_gone;
	else if (err)
		return err;
	admin->told = err ? none : now;
	admin->lost = false;
	return err ? err : -ENOBUFS;
}

/* The next event that is there, or -EAGAIN when there is none. */
static int kipc_event_take(struct kipc_admin *admin, struct kipc_admin_event *event,
			   const char **why)
{
	struct nlmsghdr *msg;
	int err;

	for (;;) {
		err = kipc_netlink_next(&admin->events, MSG_DONTWAIT, &msg);
		if (err == -EAGAIN && admin->lost)
			return kipc_event_resume(admin, why);
		if (err == -ENOBUFS) {
			admin->lost = true;
			continue;
		}
		if (err)
			return err;
		err = kipc_event_read(admin, event, msg, why);
		if (err != -EAGAIN)
			return err;
	}
}

KIPC_EXPORT int kipc_admin_event(struct kipc_admin *admin, struct kipc_admin_event *event,
				 int64_t timeout)
{
	kipc_deadline deadline = kipc_deadline_after(timeout);
	struct kipc_admin_event now;
	const char *why = NULL;
	int err = kipc_admin_begin(admin);

	if (err)
		return err;
	if (!event || event->size < KIPC_FIRST_EVENT)
		return kipc_admin_fail(admin, -EINVAL,
				       "the structure does not begin with its size");
	do {
		err = kipc_event_take(admin, &now, &why);
		if (err != -EAGAIN || deadline == KIPC_AT_ONCE)
			break;
		err = kipc_wait_fd(admin->events.fd, POLLIN, deadline);
	} while (!err);
	if (err)
		return kipc_admin_fail(admin, err, why);
	kipc_give(event, &now, sizeof(now));
	return 0;
}
