// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * ring: addresses, regions, opening and closing.
 *
 * The name of a ring is the address of a region, less its options: ring:posix-shm:/jobs.
 * Of a region that has a name itself, listeners make a ring or join the one that is
 * there, as with the other stores of messages, and whoever made it takes the name along
 * when it closes; those who connect send.  It goes one way: an answer needs a ring of
 * its own.  A pair has two rings in one region, and can be of any kind of region.
 *
 * What kind of ring is in a region, its @config says, which the first who comes sets by
 * one compare-and-exchange: a region that has none is new, or its maker died early, and
 * all zero it is an empty ring.
 */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "ring.h"

#define KIPC_RING_BYTES		262144ULL	/* payload of a ring, if nobody says more */
#define KIPC_RING_MSGS		4ULL		/* messages of the largest size to have room for */
#define KIPC_RING_DEFAULT	"mmap-anon:"	/* a pair's region */
#define KIPC_RING_TRIES		64

/* An address of a region: three bytes for one of the name's that must be escaped. */
#define KIPC_RING_ADDRESS	(3 * PATH_MAX)

/* Two rings at most, in 16 bits; the order in 8; a magic number in the rest. */
static uint64_t kipc_ring_config(unsigned int order, unsigned int rings)
{
	return KIPC_RING_MAGIC << 16 | rings << 8 | order;
}

/* ---- sizes ---- */

static uint64_t kipc_ring_max_of(unsigned int order)
{
	return ((uint64_t)KIPC_RING_GRANULE << order) / 2 - KIPC_RING_HEAD;
}

/* The smallest ring that has so much room.  0: none is large enough. */
static unsigned int kipc_ring_order(uint64_t bytes, uint64_t size)
{
	unsigned int order;

	for (order = KIPC_RING_ORDER_MIN; order <= KIPC_RING_ORDER_MAX; order++)
		if ((uint64_t)KIPC_RING_GRANULE << order >= bytes &&
		    kipc_ring_max_of(order) >= size)
			return order;
	return 0;
}

/* What the address wants.  Only wished for, a size too large is cut down. */
static int kipc_ring_order_of(const struct kipc_address *address, unsigned int *order)
{
	uint64_t size = kipc_address_get(address, KIPC_PARAM_SIZE, 0);
	uint64_t msgs = kipc_address_get(address, KIPC_PARAM_MSGS, KIPC_RING_MSGS);
	uint64_t bytes = kipc_address_get(address, KIPC_PARAM_BYTES, KIPC_RING_BYTES);
	uint64_t each;

	if (size > kipc_ring_max_of(KIPC_RING_ORDER_MAX) &&
	    !kipc_address_demands(address, KIPC_PARAM_SIZE))
		size = kipc_ring_max_of(KIPC_RING_ORDER_MAX);
	each = size / KIPC_RING_GRANULE * KIPC_RING_GRANULE + KIPC_RING_GRANULE;
	if (!kipc_address_demands(address, KIPC_PARAM_BYTES) && bytes / msgs < each)
		bytes = msgs > UINT64_MAX / each ? UINT64_MAX : msgs * each;
	*order = kipc_ring_order(bytes, size);
	if (!*order && !kipc_address_demands(address, KIPC_PARAM_MSGS) &&
	    !kipc_address_demands(address, KIPC_PARAM_BYTES))
		*order = kipc_ring_order(0, size);
	return *order ? 0 : -EINVAL;
}

static size_t kipc_ring_region_size(unsigned int order, unsigned int rings)
{
	return sizeof(struct kipc_ring_header) + rings * kipc_ring_footprint(order);
}

/* ---- handles ---- */

static struct kipc_ring_end *kipc_ring_new(uint32_t side, const struct kipc_address *address)
{
	struct kipc_ring_end *end = kipc_handle_new(sizeof(*end), &kipc_ring_transport, side);

	if (!end)
		return NULL;
	end->hangup = -1;
	end->event = -1;
	end->others_event = -1;
	atomic_init(&end->poll, -1);
	/* With one CPU, whoever looks keeps the other from working. */
	if (sysconf(_SC_NPROCESSORS_ONLN) > 1)
		end->busy = kipc_address_get(address, KIPC_PARAM_BUSY, 0);
	return end;
}

static void kipc_ring_put_memory(struct kipc_ring_memory *memory)
{
	if (!memory || atomic_fetch_sub(&memory->users, 1) != 1)
		return;
	kipc_region_close(memory->region);
	free(memory);
}

static void kipc_ring_close_fd(int fd)
{
	if (fd >= 0)
		close(fd);
}

/* Descriptors first: the others must find them closed when they are made to look. */
void kipc_ring_close(struct kipc *handle)
{
	struct kipc_ring_end *end = to_ring(handle);

	kipc_ring_close_fd(atomic_load(&end->poll));
	kipc_ring_close_fd(end->hangup);
	kipc_ring_close_fd(end->event);
	if (end->header) {
		kipc_ring_leave(end);
		atomic_fetch_add(&end->header->closes.at, 1);
		if (handle->side & KIPC_SIDE_SEND)
			kipc_ring_tell(&end->out.shared->recv_bell, -1);
		if (handle->side & KIPC_SIDE_RECV)
			kipc_ring_tell(&end->in.shared->send_bell, -1);
	}
	kipc_ring_close_fd(end->others_event);
	kipc_forkmark_deinit(&end->mark);
	kipc_ring_put_memory(end->memory);
	kipc_handle_free(handle);
}

static struct kipc_ring_memory *kipc_ring_memory_new(struct kipc_region *region)
{
	struct kipc_ring_memory *memory = malloc(sizeof(*memory));

	if (!memory)
		return NULL;
	atomic_init(&memory->users, 0);
	memory->region = region;
	return memory;
}

/* Lay the rings out: @in and @out say which is which, of none it is -1. */
static void kipc_ring_lay_out(struct kipc_ring_end *end, unsigned int order, int in, int out)
{
	char *base = kipc_region_data(end->memory->region);
	size_t each = kipc_ring_footprint(order);
	atomic_uint_least64_t *parties;

	end->header = (struct kipc_ring_header *)base;
	parties = end->header->parties;
	base += sizeof(struct kipc_ring_header);
	if (in >= 0)
		kipc_ring_attach(&end->in, base + (size_t)in * each, order, parties);
	if (out >= 0)
		kipc_ring_attach(&end->out, base + (size_t)out * each, order, parties);
	end->max_size = kipc_ring_max_of(order);
}

/* Take part, as a process that has not done so yet. */
static int kipc_ring_begin(struct kipc_ring_end *end)
{
	int err = kipc_forkmark_init(&end->mark);

	if (err)
		return err;
	atomic_store(end->mark.word, 0);
	atomic_store(&end->closes, atomic_load(&end->header->closes.at));
	return kipc_ring_join(end);
}

/* ---- names ---- */

bool kipc_ring_name_ok(const char *name)
{
	const struct kipc_mechanism *region = kipc_mechanism_find(name);

	if (!region || region->family != KIPC_FAMILY_REGION)
		return false;
	name += strlen(region->scheme);
	if (*name++ != ':')
		return false;
	return !*name || (region->name_rule && region->name_ok(name));
}

/* The region's address: its name is written as names are. */
static void kipc_ring_region_address(const struct kipc_address *address, char *text)
{
	static const char digits[] = "0123456789abcdef";
	const char *name;

	for (name = address->name; *name; name++) {
		if (*name != '%' && *name != '?') {
			*text++ = *name;
			continue;
		}
		*text++ = '%';
		*text++ = digits[*name >> 4 & 15];
		*text++ = digits[*name & 15];
	}
	*text = '\0';
}

int kipc_ring_unlink(const struct kipc_address *address)
{
	char text[KIPC_RING_ADDRESS];

	kipc_ring_region_address(address, text);
	return kipc_region_unlink(text);
}

/* ---- listening and connecting ---- */

/*
 * Set what kind of ring this is, or learn it: *@order is both.
 *
 * Returns 0, -EPROTO (something else is in that memory), -EADDRINUSE (it is a ring of
 * another size than is demanded) or, where there is none and @order is 0, -ENOENT.
 */
static int kipc_ring_agree(struct kipc_region *region, unsigned int *order, bool demanded)
{
	struct kipc_ring_header *header = kipc_region_data(region);
	uint64_t config = 0, ours = *order ? kipc_ring_config(*order, 1) : 0;
	unsigned int theirs;

	if (kipc_region_size(region) < sizeof(*header))
		return -EPROTO;
	if (ours && kipc_region_size(region) >= kipc_ring_region_size(*order, 1)) {
		uint32_t none = 0;

		atomic_compare_exchange_strong(&header->pid_ns, &none, kipc_ring_pid_ns());
		if (atomic_compare_exchange_strong(&header->config, &config, ours))
			return 0;
	} else {
		config = atomic_load(&header->config);
	}
	if (!config)
		return *order ? -EADDRINUSE : -ENOENT;
	theirs = config & 0xff;
	if (config != kipc_ring_config(theirs, 1) || theirs < KIPC_RING_ORDER_MIN ||
	    theirs > KIPC_RING_ORDER_MAX ||
	    kipc_region_size(region) < kipc_ring_region_size(theirs, 1))
		return -EPROTO;
	if (demanded && theirs != *order)
		return -EADDRINUSE;
	*order = theirs;
	return 0;
}

static int kipc_ring_find_or_make(struct kipc_region **region, const char *text, size_t bytes,
				  mode_t mode)
{
	struct kipc_region_options options = KIPC_REGION_OPTIONS_INIT;
	int err, tries;

	options.mode = mode;
	options.flags = KIPC_REGION_TEMPORARY;
	for (tries = 0; tries < KIPC_RING_TRIES; tries++) {
		err = kipc_region_attach(region, text, NULL);
		if (err != -ENOENT && err != -ENODATA)
			return err;
		err = kipc_region_create(region, text, bytes, &options);
		if (err != -EADDRINUSE)
			return err;
	}
	return err;
}

/* An end of a ring with a name, in a region that is this handle's from now on. */
static int kipc_ring_open(struct kipc **handle, struct kipc_region *region, uint32_t side,
			  unsigned int order, const struct kipc_address *address)
{
	struct kipc_ring_end *end = kipc_ring_new(side, address);
	struct kipc_ring_memory *memory = end ? kipc_ring_memory_new(region) : NULL;
	bool receives = side == KIPC_SIDE_RECV;
	int err;

	if (!memory) {
		kipc_region_close(region);
		if (end)
			kipc_ring_close(&end->base);
		return -ENOMEM;
	}
	atomic_store(&memory->users, 1);
	end->memory = memory;
	kipc_ring_lay_out(end, order, receives ? 0 : -1, receives ? -1 : 0);
	err = kipc_ring_begin(end);
	if (err)
		kipc_ring_close(&end->base);
	else
		*handle = &end->base;
	return err;
}

int kipc_ring_listen(struct kipc **handle, const struct kipc_address *address)
{
	const uint64_t sizes = KIPC_PARAM_BIT(KIPC_PARAM_SIZE) | KIPC_PARAM_BIT(KIPC_PARAM_MSGS) |
			       KIPC_PARAM_BIT(KIPC_PARAM_BYTES);
	char text[KIPC_RING_ADDRESS];
	struct kipc_region *region;
	unsigned int order;
	int err = kipc_ring_order_of(address, &order);

	if (err)
		return err;
	kipc_ring_region_address(address, text);
	err = kipc_ring_find_or_make(&region, text, kipc_ring_region_size(order, 1),
				     kipc_address_mode(address));
	if (err)
		return err;
	err = kipc_ring_agree(region, &order, address->demanded & sizes);
	if (err) {
		kipc_region_close(region);
		return err;
	}
	return kipc_ring_open(handle, region, KIPC_SIDE_RECV, order, address);
}

int kipc_ring_connect(struct kipc **handle, const struct kipc_address *address)
{
	char text[KIPC_RING_ADDRESS];
	struct kipc_region *region;
	unsigned int order = 0;
	int err;

	kipc_ring_region_address(address, text);
	err = kipc_region_attach(&region, text, NULL);
	if (err)
		return err == -ENODATA ? -ENOENT : err;
	err = kipc_ring_agree(region, &order, false);
	if (err) {
		kipc_region_close(region);
		return err;
	}
	return kipc_ring_open(handle, region, KIPC_SIDE_SEND, order, address);
}

/* ---- pairs ---- */

static int kipc_ring_pair_region(struct kipc_region **region,
				 const struct kipc_address *address, unsigned int order)
{
	char text[KIPC_RING_ADDRESS] = KIPC_RING_DEFAULT;
	struct kipc_region_info info = KIPC_REGION_INFO_INIT;
	struct kipc_ring_header *header;
	int err;

	if (address->name[0])
		kipc_ring_region_address(address, text);
	/* Both ends are in hand: a name that others find would be a mistake. */
	if (address->name[0] && text[strlen(text) - 1] != ':' &&
	    (!kipc_region_scheme_info(text, &info) && info.can & KIPC_REGION_CAN_NAME))
		return -EINVAL;
	err = kipc_region_create(region, text, kipc_ring_region_size(order, 2), NULL);
	if (err)
		return err;
	/* Neither end may shorten it under the other's feet. */
	kipc_region_seal(*region, KIPC_SEAL_SHRINK | KIPC_SEAL_GROW | KIPC_SEAL_SEAL);
	header = kipc_region_data(*region);
	atomic_store(&header->pid_ns, kipc_ring_pid_ns());
	atomic_store(&header->config, kipc_ring_config(order, 2));
	return 0;
}

/* The descriptors of both ends; what was opened goes with the handles. */
static int kipc_ring_pair_fds(struct kipc_ring_end *ends[2])
{
	int sockets[2], i;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, sockets))
		return -errno;
	for (i = 0; i < 2; i++)
		ends[i]->hangup = sockets[i];
	for (i = 0; i < 2; i++) {
		ends[i]->event = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
		if (ends[i]->event < 0)
			return -errno;
		ends[!i]->others_event = fcntl(ends[i]->event, F_DUPFD_CLOEXEC, 0);
		if (ends[!i]->others_event < 0)
			return -errno;
	}
	return 0;
}

static int kipc_ring_pair_ends(struct kipc_ring_end *ends[2], struct kipc_region *region,
			       unsigned int order, const struct kipc_address *address)
{
	struct kipc_ring_memory *memory = kipc_ring_memory_new(region);
	int err, i;

	if (!memory) {
		kipc_region_close(region);
		return -ENOMEM;
	}
	/* Held here too, until both ends have it. */
	atomic_store(&memory->users, 1);
	for (i = 0, err = 0; i < 2 && !err; i++) {
		ends[i] = kipc_ring_new(KIPC_SIDE_BOTH, address);
		if (!ends[i]) {
			err = -ENOMEM;
			break;
		}
		atomic_fetch_add(&memory->users, 1);
		ends[i]->memory = memory;
		kipc_ring_lay_out(ends[i], order, i, !i);
		err = kipc_ring_begin(ends[i]);
	}
	if (!err)
		err = kipc_ring_pair_fds(ends);
	kipc_ring_put_memory(memory);
	return err;
}

int kipc_ring_pair(struct kipc *ends[2], const struct kipc_address *address)
{
	struct kipc_ring_end *made[2] = { NULL, NULL };
	struct kipc_region *region;
	unsigned int order;
	int i, err = kipc_ring_order_of(address, &order);

	if (!err)
		err = kipc_ring_pair_region(&region, address, order);
	if (err)
		return err;
	err = kipc_ring_pair_ends(made, region, order, address);
	for (i = 0; i < 2; i++) {
		if (!err)
			ends[i] = &made[i]->base;
		else if (made[i])
			kipc_ring_close(&made[i]->base);
	}
	return err;
}

/* ---- what it is ---- */

/* Only a pair goes both ways, and can be polled. */
void kipc_ring_limits(const struct kipc *handle, struct kipc_info *info)
{
	const struct kipc_ring_end *end = to_ring((struct kipc *)handle);

	info->max_size = handle ? end->max_size : kipc_ring_max_of(KIPC_RING_ORDER_MAX);
	if (handle && end->hangup < 0)
		info->can &= ~(uint32_t)(KIPC_CAN_DUPLEX | KIPC_CAN_CALL | KIPC_CAN_POLL |
					 KIPC_CAN_PAIR);
}
