/* SPDX-License-Identifier: GPL-2.0 */
/*
 * payload: the one contract that every mechanism is measured under
 *
 * Measured messages.  A request carries SIZE bytes.  Its sender writes one
 * 8-byte word into every 64-byte line of it, a number new for every message
 * (payload_write()); its receiver reads every one of these words where the
 * mechanism put them and adds them up (payload_sum()).  The reply carries
 * min(SIZE, 8) bytes: that sum, which the client knows beforehand
 * (payload_expect()) and checks.  So both ends touch every cache line of every
 * message, whether the mechanism copies it or not, at a cost that is small next
 * to that of a copy, and no measured message goes unchecked.  Below 8 bytes
 * every byte is written and read.
 *
 * Verified messages.  Every byte is pseudo-random, by a number that both ends
 * know (payload_random()); the receiver makes the same bytes again and compares
 * each, and the length; the reply is a checksum over contents and length
 * (payload_checksum()), which the client compares with its own.
 */
#ifndef PAYLOAD_H
#define PAYLOAD_H

#include <stddef.h>
#include <stdint.h>

#define PAYLOAD_LINE	64
#define PAYLOAD_REPLY	8

/* Messages that one verification moves. */
#define PAYLOAD_VERIFY	4

static inline size_t payload_reply_len(size_t len)
{
	return len < PAYLOAD_REPLY ? len : PAYLOAD_REPLY;
}

/* The number of the @i-th message of a run. */
uint64_t payload_word(uint64_t seed, uint64_t i);

void payload_write(void *buf, size_t len, uint64_t word);
uint64_t payload_sum(const void *buf, size_t len);
uint64_t payload_expect(size_t len, uint64_t word);

void payload_random(void *buf, size_t len, uint64_t seed);
uint64_t payload_checksum(const void *buf, size_t len);

/* The length of the @i-th verified message, where @size is the largest. */
size_t payload_verify_len(size_t size, unsigned int i);

#endif /* PAYLOAD_H */
