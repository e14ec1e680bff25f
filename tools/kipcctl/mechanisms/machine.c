// SPDX-License-Identifier: GPL-2.0
/*
 * Another machine, as far as one kernel can play two: new namespaces, empty directories
 * where devices, shared memory and temporary files were, and a wire if it is wanted.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <linux/veth.h>
#include <net/if.h>
#include <sched.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <unistd.h>

#include "mechanisms.h"

#define WIRE "wire"

/* What is to become another machine leaves this one; its network is empty. */
int leave_machine(struct trial *trial)
{
	static const char * const local[] = { "/dev", "/tmp" };
	unsigned int i;

	if (unshare(CLONE_NEWNS | CLONE_NEWNET | CLONE_NEWIPC | CLONE_NEWUTS))
		return bad(trial, -errno, "unshare");
	if (mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL))
		return bad(trial, -errno, "make mounts private");
	for (i = 0; i < ARRAY_SIZE(local); i++)
		if (mount("kipc-mechanism", local[i], "tmpfs", 0, NULL))
			return bad(trial, -errno, "mount an empty directory");
	return 0;
}

/* ---- the wire ---- */

struct request {
	struct nlmsghdr head;
	struct ifinfomsg info;
	char rest[256];
};

static struct rtattr *put_attribute(struct request *request, int type, const void *data,
				    size_t len)
{
	struct rtattr *attribute = (void *)((char *)request + NLMSG_ALIGN(request->head.nlmsg_len));

	attribute->rta_type = (unsigned short)type;
	attribute->rta_len = (unsigned short)RTA_LENGTH(len);
	if (len)
		memcpy(RTA_DATA(attribute), data, len);
	request->head.nlmsg_len = NLMSG_ALIGN(request->head.nlmsg_len) +
				  RTA_ALIGN(attribute->rta_len);
	return attribute;
}

/* @nest holds all that was put after it. */
static void end_nest(struct request *request, struct rtattr *nest)
{
	nest->rta_len = (unsigned short)((char *)request + request->head.nlmsg_len - (char *)nest);
}

/* A veth pair, of which the far end is in the network namespace of @other. */
static void veth_request(struct request *request, pid_t other)
{
	struct ifinfomsg peer_info = { .ifi_family = AF_UNSPEC };
	struct rtattr *link, *data, *peer;

	*request = (struct request){
		.head = {
			.nlmsg_len = NLMSG_LENGTH(sizeof(struct ifinfomsg)),
			.nlmsg_type = RTM_NEWLINK,
			.nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK | NLM_F_CREATE | NLM_F_EXCL,
		},
	};
	put_attribute(request, IFLA_IFNAME, WIRE, sizeof(WIRE));
	link = put_attribute(request, IFLA_LINKINFO, NULL, 0);
	put_attribute(request, IFLA_INFO_KIND, "veth", 4);
	data = put_attribute(request, IFLA_INFO_DATA, NULL, 0);
	peer = put_attribute(request, VETH_INFO_PEER, &peer_info, sizeof(peer_info));
	put_attribute(request, IFLA_IFNAME, WIRE, sizeof(WIRE));
	put_attribute(request, IFLA_NET_NS_PID, &other, sizeof(other));
	end_nest(request, peer);
	end_nest(request, data);
	end_nest(request, link);
}

static int make_wire(pid_t other)
{
	struct {
		struct nlmsghdr head;
		struct nlmsgerr error;
		char rest[512];
	} answer;
	struct request request;
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
	int err = 0;

	if (fd < 0)
		return -errno;
	veth_request(&request, other);
	if (send(fd, &request, request.head.nlmsg_len, 0) < 0 ||
	    recv(fd, &answer, sizeof(answer), 0) < (ssize_t)(NLMSG_LENGTH(sizeof(int))))
		err = -errno;
	else if (answer.head.nlmsg_type == NLMSG_ERROR)
		err = answer.error.error;
	close(fd);
	return err;
}

/* Give our end of the wire an address, 10.77.0.@host, and put it up. */
static int plug_in(unsigned int host)
{
	struct ifreq request = { .ifr_name = WIRE };
	struct sockaddr_in *address = (void *)&request.ifr_addr;
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), err = 0;

	if (fd < 0)
		return -errno;
	address->sin_family = AF_INET;
	address->sin_addr.s_addr = htonl(0x0a4d0000 | host);
	if (ioctl(fd, SIOCSIFADDR, &request))
		err = -errno;
	address->sin_addr.s_addr = htonl(0xffffff00);
	if (!err && ioctl(fd, SIOCSIFNETMASK, &request))
		err = -errno;
	request.ifr_flags = IFF_UP | IFF_RUNNING;
	if (!err && ioctl(fd, SIOCSIFFLAGS, &request))
		err = -errno;
	close(fd);
	return err;
}

/* The child @other left the machine; it plugs in by itself (wire_end()). */
int wire_machines(struct trial *trial, pid_t other)
{
	int err;

	if (unshare(CLONE_NEWNET))
		return bad(trial, -errno, "unshare");
	err = make_wire(other);
	if (!err)
		err = plug_in(1);
	trial->host = htonl(0x0a4d0001);
	trial->stage->address = trial->host;
	return err ? bad(trial, err, "lay a wire") : 0;
}

/* On the other machine, when there is a wire. */
int wire_end(struct trial *trial)
{
	trial->host = (uint32_t)trial->stage->address;
	return plug_in(2);
}

/* ---- another machine's processes ---- */

struct elsewhere {
	int (*run)(struct trial *trial, void *arg);
};

/* The first process of a pid namespace is a child of who made that. */
static int begin_pids(struct trial *trial, void *arg)
{
	const struct elsewhere *elsewhere = arg;
	pid_t pid;

	if (unshare(CLONE_NEWPID))
		return bad(trial, -errno, "unshare");
	pid = fork_peer(trial, elsewhere->run, NULL);
	return pid < 0 ? pid : await(trial, UINT32_MAX);
}

/* Run @run as process 1 of other process numbers. */
int in_other_pids(struct trial *trial, int (*run)(struct trial *trial, void *arg))
{
	struct elsewhere elsewhere = { run };
	pid_t pid = fork_peer(trial, begin_pids, &elsewhere);

	return pid < 0 ? pid : 0;
}
