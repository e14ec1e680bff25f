// SPDX-License-Identifier: GPL-2.0
/*
 * payload: the contract of payload.h, in a few short loops
 *
 * Buffers may lie anywhere (a slice of a pool, behind a library's header), so
 * words go through memcpy(), which compilers turn into plain loads and stores.
 */
#include "bench.h"

#include <string.h>

#include "payload.h"

#define ODD	0x9e3779b97f4a7c15ULL	/* 2^64 divided by the golden ratio */

uint64_t payload_word(uint64_t seed, uint64_t i)
{
	return (seed + i) * ODD;
}

void payload_write(void *buf, size_t len, uint64_t word)
{
	unsigned char *bytes = buf;
	size_t at;

	if (len < sizeof(word)) {
		memset(bytes, (int)(word >> 56), len);
		return;
	}
	for (at = 0; at + sizeof(word) <= len; at += PAYLOAD_LINE)
		memcpy(bytes + at, &word, sizeof(word));
}

uint64_t payload_sum(const void *buf, size_t len)
{
	const unsigned char *bytes = buf;
	uint64_t sum = 0, word;
	size_t at;

	if (len < sizeof(word)) {
		for (at = 0; at < len; at++)
			sum += bytes[at];
		return sum;
	}
	for (at = 0; at + sizeof(word) <= len; at += PAYLOAD_LINE) {
		memcpy(&word, bytes + at, sizeof(word));
		sum += word;
	}
	return sum;
}

uint64_t payload_expect(size_t len, uint64_t word)
{
	if (len < sizeof(word))
		return (word >> 56) * len;
	return word * ((len - sizeof(word)) / PAYLOAD_LINE + 1);
}

/*
 * xorshift with a multiplication: not for secrets, only to differ everywhere.
 */
static uint64_t random_next(uint64_t *state)
{
	uint64_t x = *state;

	x ^= x >> 12;
	x ^= x << 25;
	x ^= x >> 27;
	*state = x;
	return x * ODD;
}

void payload_random(void *buf, size_t len, uint64_t seed)
{
	uint64_t state = (seed + 1) * ODD | 1, word;
	unsigned char *bytes = buf;
	size_t at, n;

	for (at = 0; at < len; at += n) {
		word = random_next(&state);
		n = len - at < sizeof(word) ? len - at : sizeof(word);
		memcpy(bytes + at, &word, n);
	}
}

uint64_t payload_checksum(const void *buf, size_t len)
{
	const unsigned char *bytes = buf;
	uint64_t sum = len * ODD, word;
	size_t at, n;

	for (at = 0; at < len; at += n) {
		n = len - at < sizeof(word) ? len - at : sizeof(word);
		word = 0;
		memcpy(&word, bytes + at, n);
		sum = (sum ^ word) * ODD;
		sum ^= sum >> 32;
	}
	return sum;
}

size_t payload_verify_len(size_t size, unsigned int i)
{
	const size_t lens[PAYLOAD_VERIFY] = { size, size / 2 + 1, size - 1,
					      size };

	return lens[i % PAYLOAD_VERIFY] ? lens[i % PAYLOAD_VERIFY] : 1;
}
