// SPDX-License-Identifier: GPL-2.0
/*
 * Trouble: those who fork in masses, make namespaces and leave them, map and unmap, ask
 * netlink for everything, take the kernel's memory, and try to unload the module.
 */
#include <sched.h>

#include "soak.h"

/* What is listed is there: the STEADY channel, once. */

static int is_steady(const struct kipc_admin_channel *channel, void *context)
{
	char name[KIPC_NAME_SIZE];

	channel_name(name, STEADY);
	*(int *)context += !strcmp(channel->name, name);
	count(LISTED);
	return 0;
}

static int list_endpoint(const struct kipc_admin_endpoint *endpoint, void *context)
{
	count(LISTED);
	return 0;
}

static int list_queue(const struct kipc_admin_queue *queue, void *context)
{
	count(LISTED);
	return 0;
}

static void list_all(struct kipc_admin *admin)
{
	int steady = 0, err;

	err = kipc_admin_channels(admin, is_steady, &steady);
	must(err == -EAGAIN || (!err && steady == 1), "%d channels: %d", steady, err);
	err = kipc_admin_endpoints(admin, 0, list_endpoint, NULL);
	must(!err || err == -EAGAIN, "endpoints: %d", err);
	err = kipc_admin_queues(admin, list_queue, NULL);
	must(!err || err == -EAGAIN, "queues: %d", err);
}

void lister_run(struct actor *actor)
{
	struct kipc_admin *admin, *watch;
	struct kipc_admin_event event = { .size = sizeof(event) };
	int err, i;

	err = kipc_admin_open(&admin) ?: kipc_admin_open(&watch);
	must(!err, "admin: %d", err);
	err = kipc_admin_watch(watch, KIPC_ADMIN_OBJECTS | KIPC_ADMIN_TROUBLE);
	must(!err, "watch: %d", err);
	/* The steady server may only be coming. */
	nap_ms(2000);
	while (stage() == STAGE_RUN) {
		step("lists everything");
		list_all(admin);
		for (i = 0; i < 200; i++) {
			step("looks at events");
			err = kipc_admin_event(watch, &event, KIPC_MS(1));
			must(!err || err == -ETIMEDOUT || err == -ENOBUFS, "event: %d", err);
			if (err == -ETIMEDOUT)
				break;
			count(EVENTS);
		}
		nap_ms(chance(50));
	}
	kipc_admin_close(watch);
	kipc_admin_close(admin);
}

/* Map and unmap the pool of an endpoint into which messages come all the time. */

struct mapping {
	struct end end;
	int done;
};

static void mapping_change(void *arg)
{
	struct mapping *mapping = arg;
	size_t size = mapping->end.size;
	uint8_t *pool;

	while (!__atomic_load_n(&mapping->done, __ATOMIC_ACQUIRE)) {
		step("maps a pool");
		pool = mmap(NULL, size, PROT_READ, MAP_SHARED, mapping->end.fd, 0);
		must(pool != MAP_FAILED, "mmap: %d", errno);
		peek(pool + chance(size));
		must(mprotect(pool, PAGE, PROT_READ | PROT_WRITE), "a pool is writable");
		if (chance(2))
			madvise(pool, size, MADV_DONTNEED);
		munmap(pool, size / 2);
		peek(pool + size / 2 + chance(size / 2));
		munmap(pool + size / 2, size / 2);
		count(MAPPED);
	}
}

static void mapper_call(struct mapping *mapping, struct parcel *parcel)
{
	struct kipc_channel_call call = call_of(parcel, 0);
	int err;

	call.request.len = parcel_pack(parcel, TO_SERVER(STEADY), LARGEST, 0);
	call.request.tag = parcel->line;
	call.deadline = 0;
	err = request(mapping->end.fd, KIPC_IOC_CHANNEL_CALL, &call);
	must(!err || err == -ECONNRESET, "call: %d", err);
	if (err)
		return;
	parcel_open(mapping->end.pool + call.reply.offset, &call.reply, TO_CALLER);
	line_ended(parcel->line);
	count(CALLS);
	must(!channel_release(mapping->end.fd, call.reply.id), "release");
}

/* What the server sends besides is to be released, or the pool is full of it. */
static void mapper_drop(struct mapping *mapping)
{
	struct kipc_header msg;

	while (!channel_recv_now(mapping->end.fd, &msg))
		channel_release(mapping->end.fd, msg.id);
}

void mapper_run(struct actor *actor)
{
	struct parcel *parcel = memory(LARGEST);
	struct mapping mapping;
	char name[KIPC_NAME_SIZE];
	struct part parts[2];
	int i;

	channel_name(name, STEADY);
	while (stage() == STAGE_RUN) {
		step("a mapper connects");
		if (end_connect(&mapping.end, name, 256 << 10)) {
			nap_ms(2);
			continue;
		}
		mapping.done = 0;
		for (i = 0; i < 2; i++)
			part_begin(&parts[i], actor, i + 1, mapping_change, &mapping);
		for (i = chance(300); i >= 0 && stage() == STAGE_RUN; i--) {
			step("a mapper calls");
			mapper_call(&mapping, parcel);
			mapper_drop(&mapping);
		}
		__atomic_store_n(&mapping.done, 1, __ATOMIC_RELEASE);
		for (i = 0; i < 2; i++)
			part_end(&parts[i]);
		end_close(&mapping.end);
	}
}

/* Many children at once, which share an endpoint. */

static void child_calls(int fd, struct parcel *parcel, unsigned int number)
{
	struct kipc_channel_call call = call_of(parcel, 0);
	int err;

	random_state += number;
	call.request.len = parcel_pack(parcel, TO_SERVER(MORTAL), 2000, 0);
	call.request.tag = parcel->line;
	call.deadline = now_ns() + chance(100000000);
	err = request(fd, KIPC_IOC_CHANNEL_CALL, &call);
	if (!err && call.outcome == KIPC_OUTCOME_REPLIED && chance(2))
		channel_release(fd, call.reply.id);
	_exit(0);
}

void forker_run(struct actor *actor)
{
	struct parcel *parcel = memory(LARGEST);
	char name[KIPC_NAME_SIZE];
	struct end end;
	int i, n;

	channel_name(name, MORTAL);
	while (stage() == STAGE_RUN) {
		step("a forker connects");
		if (end_connect(&end, name, 256 << 10)) {
			nap_ms(2);
			continue;
		}
		n = 5 + chance(25);
		for (i = 0; i < n; i++) {
			step("forks");
			if (!spawn())
				child_calls(end.fd, parcel, i);
			count(FORKS);
		}
		/* Sometimes the children have the last descriptors of it. */
		if (chance(2))
			end_close(&end);
		while (waitpid(-1, NULL, 0) > 0)
			step("reaps");
		end_close(&end);
		nap_ms(chance(200));
	}
}

/* A network namespace, with names that are taken outside, left with all that is in it. */

static void live_in_space(void)
{
	char name[KIPC_NAME_SIZE];
	struct end server, client;
	struct kipc_header msg;
	int queue, err;

	if (unshare(CLONE_NEWNET | CLONE_NEWIPC | CLONE_NEWPID))
		_exit(2);
	channel_name(name, STEADY);
	err = end_connect(&client, name, 0);
	must(err == -ENOENT, "another namespace's channel: %d", err);
	err = end_serve(&server, name, 0) ?: end_connect(&client, name, 0) ?:
	      channel_send(client.fd, 0, "in here", 7) ?: channel_recv(server.fd, &msg);
	must(!err && end_has(&server, &msg, "in here", 7), "in a namespace: %d", err);
	channel_send(client.fd, 0, "left", 4);
	queue = queue_make_slot(STEADY);
	must(queue >= 0, "queue: %d", queue);
	err = queue_send(queue, "left", 4) ?: queue_send(queue, "left", 4);
	must(!err, "send: %d", err);
	_exit(0);
}

void space_run(struct actor *actor)
{
	pid_t child;
	int status;

	while (stage() == STAGE_RUN) {
		step("a namespace comes and goes");
		child = spawn();
		if (!child)
			live_in_space();
		if (!chance(4)) {
			nap_ms(chance(20));
			kill(child, SIGKILL);
		}
		status = reap(child);
		must(!status || status == 128 + SIGKILL, "in a namespace: %d", status);
		count(SPACES);
		nap_ms(300 + chance(500));
	}
}

/* Take back what the kernel can do without. */
void presser_run(struct actor *actor)
{
	while (stage() == STAGE_RUN) {
		step("drops caches");
		must(!write_text("/proc/sys/vm/drop_caches", chance(3) ? "2" : "3"), "no caches");
		count(DROPS);
		nap_ms(200 + chance(400));
	}
}

/* The module is in use: it stays. */
void unloader_run(struct actor *actor)
{
	while (stage() == STAGE_RUN) {
		step("unloads the module");
		must(syscall(SYS_delete_module, "kipc", O_NONBLOCK) == -1,
		     "the module went away under everybody");
		must(errno == EAGAIN || errno == EBUSY, "unload: %d", errno);
		count(RMMODS);
		nap_ms(chance(100));
	}
}
