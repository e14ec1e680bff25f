// SPDX-License-Identifier: GPL-2.0
/*
 * Ledger: each message has a line of its own, on which its sender and its receiver note
 * what they know of it.  A message that comes twice, that was never sent, that is somebody
 * else's or has a wrong byte is seen by whoever receives it; one that does not come, when
 * the books are closed.
 */
#include "soak.h"

static uint8_t line_mark(uint64_t line, uint8_t bits)
{
	return __atomic_fetch_or(&board->lines[line], bits, __ATOMIC_ACQ_REL);
}

static size_t random_length(size_t most)
{
	most -= sizeof(struct parcel);
	if (most <= 300 || chance(12))
		return chance(most < 300 ? most : 300);
	return chance(most);
}

static size_t parcel_make(struct parcel *parcel, uint64_t line, uint64_t to, size_t most)
{
	size_t len = random_length(most);

	parcel->line = line;
	parcel->len = sizeof(*parcel) + len;
	parcel->to = to;
	parcel->pid = getpid();
	parcel->uid = getuid();
	fill(parcel->bytes, len, line ^ (to >> 30));
	return parcel->len;
}

/* A message of its own line.  Return: its length. */
size_t parcel_pack(struct parcel *parcel, uint64_t to, size_t most, unsigned int bits)
{
	uint64_t line = __atomic_fetch_add(&board->next, 1, __ATOMIC_RELAXED);

	must(line < LINES, "the ledger is full");
	line_mark(line, LINE_TRIED | bits);
	return parcel_make(parcel, line, to, most);
}

/* The answer to a call has the call's line. */
size_t parcel_answer(struct parcel *parcel, uint64_t line, size_t most)
{
	return parcel_make(parcel, line, TO_CALLER, most);
}

/* Check a message that has been received. */
const struct parcel *parcel_open(const void *data, const struct kipc_header *msg, uint64_t to)
{
	const struct parcel *parcel = data;

	must(msg->len >= sizeof(*parcel) && parcel->len == msg->len,
	     "a message of %llu bytes says %llu", (unsigned long long)msg->len,
	     msg->len >= sizeof(*parcel) ? (unsigned long long)parcel->len : 0);
	must(parcel->to == to, "a message for %llx came to %llx",
	     (unsigned long long)parcel->to, (unsigned long long)to);
	must(parcel->line < LINES && msg->tag == parcel->line, "line %llu has tag %llu",
	     (unsigned long long)parcel->line, (unsigned long long)msg->tag);
	must(filled(parcel->bytes, msg->len - sizeof(*parcel), parcel->line ^ (to >> 30)),
	     "line %llu is damaged", (unsigned long long)parcel->line);
	must(msg->pid == parcel->pid && msg->uid == parcel->uid,
	     "line %llu of %u (%u) came as one of %u (%u)", (unsigned long long)parcel->line,
	     parcel->pid, parcel->uid, msg->pid, msg->uid);
	return parcel;
}

void parcel_received(const struct parcel *parcel)
{
	uint8_t was = line_mark(parcel->line, LINE_RECEIVED);

	must(was & LINE_TRIED, "line %llu was never sent", (unsigned long long)parcel->line);
	must(!(was & LINE_RECEIVED), "line %llu came twice", (unsigned long long)parcel->line);
	must(!(was & LINE_VOID), "line %llu came, and its sender was told it would not",
	     (unsigned long long)parcel->line);
}

void line_sent(uint64_t line)
{
	line_mark(line, LINE_SENT);
}

void line_void(uint64_t line)
{
	must(!(line_mark(line, LINE_VOID) & LINE_RECEIVED),
	     "line %llu has been received, and its sender was told it was not",
	     (unsigned long long)line);
}

/* The reply to a call is here: there is one, and the call had been received. */
void line_ended(uint64_t line)
{
	uint8_t was = line_mark(line, LINE_ENDED);

	must(was & LINE_RECEIVED, "line %llu has a reply, and nobody received it",
	     (unsigned long long)line);
	must(!(was & LINE_ENDED), "line %llu ended twice", (unsigned long long)line);
}

/* Return: 0, or how many messages are missing that should not be. */
int ledger_close(void)
{
	uint64_t line, end = board->next < LINES ? board->next : LINES, bound = 0;
	int lost = 0;

	for (line = 0; line < end; line++) {
		uint8_t is = board->lines[line];

		if (!(is & LINE_SENT) || is & LINE_RECEIVED)
			continue;
		if (is & LINE_BOUND)
			bound++;
		if (!(is & LINE_EXACT))
			continue;
		if (lost++ < 10)
			printf("# soak: line %llu of %llu was sent and never came\n",
			       (unsigned long long)line, (unsigned long long)end);
	}
	if (bound <= board->lost)
		return lost;
	printf("# soak: %llu messages are missing, and killed receivers had at most %llu\n",
	       (unsigned long long)bound, (unsigned long long)board->lost);
	return lost + bound - board->lost;
}
