// SPDX-License-Identifier: GPL-2.0
/*
 * ring: in a storm of kills, with every message accounted for.
 *
 * Some processes send and some receive on one ring, and one after the other is killed at
 * a random moment and replaced.  Each that sends has a number of its own and counts its
 * messages, before and after each; each that is received is marked.  Then:
 *
 *	nothing is received twice, and nothing that was not sent
 *	what one receives of one sender is in order
 *	all that was sent is received, but for one message at most for each receiver that
 *	was killed: it had it in hands and could not mark it any more
 *
 * KIPC_STORM_MS in the environment makes it last longer.
 */
#include <stdatomic.h>
#include <sys/mman.h>

#include "lib_test.h"

#define SENDERS_MAX	8192	/* in a row */
#define MESSAGES_MAX	65536	/* of each */
#define AT_ONCE		2	/* of each side */

struct sender {
	atomic_uint begun;	/* messages it may have sent */
	atomic_uint sent;	/* those it has certainly sent */
	atomic_uint_least64_t received[MESSAGES_MAX / 64];
};

struct storm {
	atomic_int stop;
	atomic_uint twice;
	atomic_uint spoilt;
	atomic_uint disordered;
	atomic_uint errors;
	atomic_uint count;
	struct sender senders[SENDERS_MAX];
};

struct letter {
	uint32_t sender;
	uint32_t number;
	unsigned char data[];
};

static size_t letter_len(uint32_t number)
{
	return sizeof(struct letter) + number * 37 % 700;
}

static bool send_letter(struct kipc *handle, uint32_t sender, uint32_t number)
{
	static char buf[1024];
	size_t len = letter_len(number);
	struct letter *letter = (struct letter *)buf;
	struct kipc_loan loan;

	if (number % 3 == 0) {
		if (kipc_loan(handle, &loan, sizeof(buf), LONG))
			return false;
		letter = loan.data;
	}
	letter->sender = sender;
	letter->number = number;
	fill(letter->data, len - sizeof(*letter), sender * 31 + number);
	if (number % 3 == 0)
		return !kipc_commit(&loan, len, LONG);
	return !kipc_send(handle, letter, len, LONG);
}

static void sender_main(struct storm *storm, const char *address, uint32_t id)
{
	struct sender *me = &storm->senders[id];
	struct kipc *handle;
	uint32_t n;

	if (kipc_connect(&handle, address, NULL))
		_exit(1);
	for (n = 0; n < MESSAGES_MAX && !atomic_load(&storm->stop); n++) {
		atomic_store(&me->begun, n + 1);
		if (!send_letter(handle, id, n))
			_exit(2);
		atomic_store(&me->sent, n + 1);
	}
	kipc_close(handle);
	_exit(0);
}

static void mark(struct storm *storm, const struct kipc_msg *msg, uint32_t *next)
{
	const struct letter *letter = msg->data;
	uint64_t bit = 1ULL << letter->number % 64;

	if (msg->len < sizeof(*letter) || letter->sender >= SENDERS_MAX ||
	    letter->number >= MESSAGES_MAX || msg->len != letter_len(letter->number) ||
	    !filled(letter->data, msg->len - sizeof(*letter),
		    letter->sender * 31 + letter->number)) {
		atomic_fetch_add(&storm->spoilt, 1);
		return;
	}
	if (atomic_fetch_or(&storm->senders[letter->sender].received[letter->number / 64], bit) &
	    bit)
		atomic_fetch_add(&storm->twice, 1);
	if (letter->number < next[letter->sender])
		atomic_fetch_add(&storm->disordered, 1);
	next[letter->sender] = letter->number + 1;
	atomic_fetch_add(&storm->count, 1);
}

/* Receive until there is nothing for a while after the end. */
static void receive(struct storm *storm, struct kipc *handle)
{
	uint32_t *next = calloc(SENDERS_MAX, sizeof(*next));
	struct kipc_msg msg;
	ssize_t n;

	do {
		n = kipc_recv(handle, &msg, KIPC_MS(500));
		if (n >= 0) {
			mark(storm, &msg, next);
			kipc_release(&msg);
		}
		if (n < 0 && n != -ETIMEDOUT)
			atomic_fetch_add(&storm->errors, 1);
	} while (n >= 0 || !atomic_load(&storm->stop));
	free(next);
}

static void receiver_main(struct storm *storm, const char *address)
{
	struct kipc *handle;

	if (kipc_listen(&handle, address, NULL))
		_exit(1);
	receive(storm, handle);
	kipc_close(handle);
	_exit(0);
}

struct account {
	unsigned int lost, forged, killed_senders, killed_receivers, senders;
};

static void settle(struct storm *storm, struct account *account)
{
	unsigned int i, n;

	for (i = 0; i < account->senders; i++) {
		struct sender *s = &storm->senders[i];

		for (n = 0; n < MESSAGES_MAX; n++) {
			bool got = s->received[n / 64] >> n % 64 & 1;

			account->lost += !got && n < s->sent;
			account->forged += got && n >= s->begun;
		}
	}
}

static pid_t start(struct storm *storm, const char *address, struct account *account,
		   bool sends)
{
	uint32_t id = account->senders;
	pid_t pid = fork();

	if (!pid && sends)
		sender_main(storm, address, id);
	if (!pid)
		receiver_main(storm, address);
	account->senders += sends;
	return pid;
}

/* Kill one after the other, until the time is over. */
static void rage(struct storm *storm, const char *address, struct account *account,
		 bool kill_senders, bool kill_receivers)
{
	int64_t until = now_ns() + (getenv("KIPC_STORM_MS") ?
				    KIPC_MS(atoi(getenv("KIPC_STORM_MS"))) : KIPC_MS(700));
	pid_t pids[2][AT_ONCE];
	unsigned int seed = getpid(), i;
	int side;

	for (i = 0; i < AT_ONCE; i++)
		for (side = 0; side < 2; side++)
			pids[side][i] = start(storm, address, account, side);
	while (now_ns() < until && account->senders < SENDERS_MAX) {
		side = kill_senders && (!kill_receivers || rand_r(&seed) % 2);
		i = rand_r(&seed) % AT_ONCE;
		nap(KIPC_US(rand_r(&seed) % 3000));
		kill(pids[side][i], SIGKILL);
		if (exit_status(pids[side][i]) == 128 + SIGKILL)
			*(side ? &account->killed_senders : &account->killed_receivers) += 1;
		pids[side][i] = start(storm, address, account, side);
	}
	atomic_store(&storm->stop, 1);
	for (i = 0; i < AT_ONCE; i++)
		for (side = 0; side < 2; side++)
			if (exit_status(pids[side][i]))
				atomic_fetch_add(&storm->errors, 1);
}

FIXTURE(storm)
{
	struct storm *storm;
	struct kipc *keeper;
	char address[128];
};

FIXTURE_VARIANT(storm)
{
	bool senders;
	bool receivers;
	const char *options;
};

FIXTURE_VARIANT_ADD(storm, senders) { .senders = true, .options = "?bytes=4K" };
FIXTURE_VARIANT_ADD(storm, receivers) { .receivers = true, .options = "?bytes=4K" };
FIXTURE_VARIANT_ADD(storm, both) { .senders = true, .receivers = true, .options = "" };
FIXTURE_VARIANT_ADD(storm, both_busy) {
	.senders = true, .receivers = true, .options = "?bytes=16K&busy=20000",
};

FIXTURE_SETUP(storm)
{
	char name[100];

	self->storm = mmap(NULL, sizeof(*self->storm), PROT_READ | PROT_WRITE,
			   MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	ASSERT_NE(MAP_FAILED, self->storm);
	fresh_address("ring", name);
	snprintf(self->address, sizeof(self->address), "%s%s", name, variant->options);
	ASSERT_EQ(0, kipc_listen(&self->keeper, self->address, NULL));
}

FIXTURE_TEARDOWN(storm)
{
	kipc_close(self->keeper);
	munmap(self->storm, sizeof(*self->storm));
}

TEST_F(storm, every_message_is_received_exactly_once)
{
	struct account account = { 0 };

	rage(self->storm, self->address, &account, variant->senders, variant->receivers);
	receive(self->storm, self->keeper);
	settle(self->storm, &account);
	printf("# %u messages; killed: %u senders, %u receivers; in their hands: %u\n",
	       atomic_load(&self->storm->count), account.killed_senders,
	       account.killed_receivers, account.lost);
	EXPECT_EQ(0, atomic_load(&self->storm->twice));
	EXPECT_EQ(0, atomic_load(&self->storm->spoilt));
	EXPECT_EQ(0, atomic_load(&self->storm->disordered));
	EXPECT_EQ(0, atomic_load(&self->storm->errors));
	EXPECT_EQ(0, account.forged);
	EXPECT_GE(account.killed_receivers, account.lost);
	EXPECT_LT(0, atomic_load(&self->storm->count));
	EXPECT_LT(0, account.killed_senders + account.killed_receivers);
}

TEST_HARNESS_MAIN
