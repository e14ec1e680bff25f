// SPDX-License-Identifier: GPL-2.0
/*
 * Limits: an ordinary user that takes all that it may have, and processes that the kernel
 * kills because their memory cgroup is full.  The others do not notice.
 */
#include <sys/mount.h>

#include "soak.h"

#define ENDPOINTS	24
#define GROUPS		"/sys/fs/cgroup"
#define GROUP		GROUPS "/soak"

static const unsigned long user_limits[KIPC_ADMIN_QUOTAS] = {
	[KIPC_ADMIN_ENDPOINTS] = ENDPOINTS,
	[KIPC_ADMIN_NAMES] = 1,
	[KIPC_ADMIN_POOL_BYTES] = 1 << 20,
	[KIPC_ADMIN_POOL_MSGS] = 1000,
	[KIPC_ADMIN_QUEUE_BYTES] = 200000,
	[KIPC_ADMIN_QUEUE_MSGS] = 100,
	[KIPC_ADMIN_FDS] = 10,
};

int limits_set(void)
{
	struct kipc_admin *admin;
	int what, err = kipc_admin_open(&admin);

	for (what = 0; !err && what < KIPC_ADMIN_QUOTAS; what++)
		err = kipc_admin_limit(admin, USER, what, user_limits[what]);
	kipc_admin_close(admin);
	if (err || access(GROUPS, F_OK))
		return err;
	/* Not every kernel has one. */
	if (!mount("none", GROUPS, "cgroup2", 0, NULL) &&
	    write_text(GROUPS "/cgroup.subtree_control", "+memory"))
		umount(GROUPS);
	return 0;
}

void limits_unset(void)
{
	rmdir(GROUP);
	umount(GROUPS);
}

/* The flood */

static bool is_refused(int err)
{
	if (err == -EDQUOT)
		count(REFUSED);
	return err == -EDQUOT || err == -EAGAIN;
}

static int flood_channel(int fd, struct parcel *parcel, int zero)
{
	int fds[3] = { zero, zero, zero };
	struct kipc_channel_send arg;
	struct kipc_payload payload;
	size_t len = parcel_pack(parcel, TO_SERVER(STEADY), 20000, LINE_EXACT);
	int err;

	payload = chance(8) ? payload_of(parcel, len) : payload_fds(parcel, len, fds, 3);
	payload.tag = parcel->line;
	arg = send_of(payload);
	arg.flags = KIPC_F_NONBLOCK;
	err = request(fd, KIPC_IOC_CHANNEL_SEND, &arg);
	if (err)
		line_void(parcel->line);
	else
		line_sent(parcel->line);
	return err;
}

/* As many clients as it may have, of which each sends until it may not. */
static void flood_channels(struct parcel *parcel, int zero)
{
	char name[KIPC_NAME_SIZE];
	int fds[ENDPOINTS + 2], n = 0, i, err = 0;
	uint64_t number, pool;

	channel_name(name, STEADY);
	while (stage() == STAGE_RUN) {
		step("a flooder connects");
		fds[n] = endpoint_open();
		if (fds[n] < 0)
			break;
		must(n <= ENDPOINTS, "more endpoints than a user may have");
		pool = 128 << 10;
		channel_connect(fds[n++], name, &pool, &number);
	}
	for (i = 0; i < n; i++) {
		int sends = 0;

		do {
			step("floods a channel");
			err = flood_channel(fds[i], parcel, zero);
			must(!err || is_refused(err) || err == -ENOTCONN, "flood: %d", err);
		} while (!err && sends++ < 50);
	}
	while (n--)
		close(fds[n]);
}

static void flood_queue(struct parcel *parcel)
{
	int fd = queue_open_sized("soak-flood", KIPC_QUEUE_CREATE | QUEUE_BOTH, 1000, 1 << 20,
				  LARGEST), err, other;
	struct kipc_header msg;
	long sent = 0;

	must(fd >= 0, "flood queue: %d", fd);
	other = queue_open_sized("soak-flood-more", KIPC_QUEUE_CREATE | QUEUE_BOTH, 10, 1 << 20,
				 LARGEST);
	must(other == -EDQUOT, "a user may have one name and has another: %d", other);
	do {
		step("floods a queue");
		err = queue_send_now(fd, parcel, chance(4000));
	} while (!err && ++sent < 200);
	must(is_refused(err), "200 messages of a user that may have 100: %d", err);
	do {
		err = queue_recv_now(fd, parcel, LARGEST, &msg);
	} while (!err);
	close(fd);
}

void flooder_run(struct actor *actor)
{
	struct parcel *parcel = memory(LARGEST);
	char name[KIPC_NAME_SIZE];
	int zero, err;

	must(!become(USER), "not another user");
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	zero = open("/dev/zero", O_RDONLY | O_CLOEXEC);
	queue_name(name, STEADY);
	while (stage() == STAGE_RUN) {
		flood_queue(parcel);
		flood_channels(parcel, zero);
		err = queue_unlink(name);
		must(err == -EACCES, "another's queue: %d", err);
		nap_ms(chance(30));
	}
}

/* Out of memory */

#define HELPING		(256UL << 10)

/* The child moves in place of the actor that waits for it. */
static void take_memory(void)
{
	uint8_t *some = memory(HELPING);
	size_t i;

	step("takes memory");
	for (i = 0; some && i < HELPING; i += PAGE)
		poke(some + i, 1);
}

/* Call the steady server and send to a queue, from more and more memory. */
static void hog_call(struct parcel *parcel)
{
	char name[KIPC_NAME_SIZE];
	struct end end = { .fd = -1 };
	struct kipc_channel_call call;

	channel_name(name, STEADY);
	end_connect(&end, name, 1 << 20);
	for (;;) {
		call = call_of(parcel, parcel_pack(parcel, TO_SERVER(STEADY), LARGEST, 0));
		call.request.tag = parcel->line;
		call.deadline = in_ms(500);
		request(end.fd, KIPC_IOC_CHANNEL_CALL, &call);
		/* Replies are kept: they are its memory, too. */
		take_memory();
	}
}

static void hog_serve(void)
{
	struct kipc_header msg;
	struct end end;

	if (end_serve(&end, "soak-hog", 4 << 20))
		_exit(3);
	for (;;) {
		if (!channel_recv_until(end.fd, &msg, in_ms(100)))
			channel_reply(end.fd, msg.id, end.pool + msg.offset, msg.len);
		take_memory();
	}
}

static void hog_live(bool serves)
{
	struct parcel *parcel = memory(LARGEST);

	if (write_text(GROUP "/cgroup.procs", "0"))
		_exit(2);
	if (serves)
		hog_serve();
	hog_call(parcel);
}

/* Call a server that is going to be killed, with no deadline: the call ends with it. */
static void hog_use(void)
{
	struct kipc_header reply;
	struct end end;
	int err, i;

	for (i = 0; i < 200 && end_connect(&end, "soak-hog", 1 << 20); i++)
		nap_ms(5);
	if (i == 200)
		return;
	do {
		struct kipc_channel_call call = call_of("more", 4);

		step("calls a server that runs out of memory");
		call.deadline = 0;
		err = request(end.fd, KIPC_IOC_CHANNEL_CALL, &call);
		reply = call.reply;
		if (!err)
			channel_release(end.fd, reply.id);
	} while (!err);
	must(err == -EPIPE || err == -ECONNRESET, "call: %d", err);
	end_close(&end);
}

void hog_run(struct actor *actor)
{
	bool serves = false;
	pid_t child;
	int status;

	if (access(GROUPS "/cgroup.procs", F_OK))
		return;
	must(!mkdir(GROUP, 0755) || errno == EEXIST, "no group");
	must(!write_text(GROUP "/memory.max", "24M"), "no memory controller");
	while (stage() == STAGE_RUN) {
		step("lets somebody run out of memory");
		child = spawn();
		if (!child)
			hog_live(serves);
		if (serves)
			hog_use();
		step("waits for somebody to run out of memory");
		status = reap(child);
		must(status == 128 + SIGKILL, "out of memory: %d", status);
		count(OOMS);
		serves = !serves;
		nap_ms(200 + chance(1000));
	}
}
