/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What is wrong with every request alike: its size, unknown flags, reserved fields,
 * addresses and payloads.
 *
 * Whoever includes this has a fixture "request" with a union @arg and a descriptor @fd,
 * and a variant of it for each request, with: @nr and @size, its number and size; @flags,
 * those that it knows; @payload, where it has a payload, or 0; @zero, its reserved fields
 * of 32 bits, a list that ends with 0.
 *
 * A test makes the request in wrong ways first, and then, unless it says otherwise, in the
 * right way: it must succeed as if nothing had been.
 */
#ifndef REQUEST_TEST_H
#define REQUEST_TEST_H

static int make_request(struct _test_data_request *self, unsigned int nr,
			size_t size, void *arg)
{
	return request(self->fd, _IOC(_IOC_READ | _IOC_WRITE, KIPC_IOC_MAGIC,
				      nr, size), arg);
}

#define MAKE(arg)	make_request(self, variant->nr, variant->size, arg)

TEST_F(request, succeeds)
{
	EXPECT_EQ(0, MAKE(&self->arg));
}

TEST_F(request, shorter_structure_einval)
{
	size_t size;

	for (size = 0; size < variant->size; size += 4) {
		self->arg.words[0] = size;
		EXPECT_EQ(-EINVAL, make_request(self, variant->nr, size,
						&self->arg));
	}
	self->arg.words[0] = variant->size;
	EXPECT_EQ(0, MAKE(&self->arg));
}

TEST_F(request, size_field_is_not_the_number_s_einval)
{
	size_t sizes[] = { 0, 1, variant->size - 1, variant->size + 1,
			   variant->size + 8, 0xffffffff }, i;

	for (i = 0; i < 6; i++) {
		self->arg.words[0] = sizes[i];
		EXPECT_EQ(-EINVAL, MAKE(&self->arg));
	}
	self->arg.words[0] = variant->size;
	EXPECT_EQ(0, MAKE(&self->arg));
}

TEST_F(request, longer_structure_with_something_new_e2big)
{
	size_t i;

	self->arg.words[0] = variant->size + 64;
	for (i = 0; i < 64; i++) {
		self->arg.bytes[variant->size + i] = 1;
		EXPECT_EQ(-E2BIG, make_request(self, variant->nr,
					       variant->size + 64, &self->arg));
		self->arg.bytes[variant->size + i] = 0;
	}
	self->arg.words[0] = variant->size;
	EXPECT_EQ(0, MAKE(&self->arg));
}

TEST_F(request, longer_structure_with_zeroes_succeeds)
{
	self->arg.words[0] = variant->size + 64;
	EXPECT_EQ(0, make_request(self, variant->nr, variant->size + 64,
				  &self->arg));
	EXPECT_EQ(variant->size + 64, self->arg.words[0]);
}

TEST_F(request, longest_structure_with_zeroes_succeeds)
{
	size_t size = (1 << _IOC_SIZEBITS) - 1;
	uint8_t *arg = memory(size);

	memcpy(arg, &self->arg, variant->size);
	*(uint32_t *)arg = size;
	EXPECT_EQ(0, make_request(self, variant->nr, size, arg));
}

TEST_F(request, unknown_flag_einval)
{
	uint32_t flags = self->arg.words[1];
	int bit;

	for (bit = 0; bit < 32; bit++) {
		if (variant->flags & 1U << bit)
			continue;
		self->arg.words[1] = flags | 1U << bit;
		EXPECT_EQ(-EINVAL, MAKE(&self->arg))
			TH_LOG("flag %d", bit);
	}
	self->arg.words[1] = flags;
	EXPECT_EQ(0, MAKE(&self->arg));
}

TEST_F(request, unknown_payload_flag_einval)
{
	struct kipc_payload *payload;
	int bit;

	if (!variant->payload)
		return;
	payload = (void *)self->arg.bytes + variant->payload;
	for (bit = 1; bit < 32; bit++) {
		payload->flags = 1U << bit;
		EXPECT_EQ(-EINVAL, MAKE(&self->arg));
	}
	payload->flags = 0;
	EXPECT_EQ(0, MAKE(&self->arg));
}

TEST_F(request, reserved_field_einval)
{
	int i;

	for (i = 0; i < 4 && variant->zero[i]; i++) {
		self->arg.bytes[variant->zero[i]] = 1;
		EXPECT_EQ(-EINVAL, MAKE(&self->arg));
		self->arg.bytes[variant->zero[i]] = 0;
		self->arg.bytes[variant->zero[i] + 3] = 0x80;
		EXPECT_EQ(-EINVAL, MAKE(&self->arg));
		self->arg.bytes[variant->zero[i] + 3] = 0;
	}
	EXPECT_EQ(0, MAKE(&self->arg));
}

TEST_F(request, bad_address_efault)
{
	struct guard guard;

	ASSERT_EQ(0, guard_init(&guard));
	EXPECT_EQ(-EFAULT, MAKE(NULL));
	EXPECT_EQ(-EFAULT, MAKE(guard.end));
	EXPECT_EQ(-EFAULT, MAKE((void *)-1UL));
	EXPECT_EQ(-EFAULT, MAKE((void *)0xffff888000000000UL));
	EXPECT_EQ(0, MAKE(&self->arg));
}

/* What follows the payload is written only: it may have run by then. */
TEST_F(request, structure_that_ends_in_a_hole_efault)
{
	size_t size = variant->payload + sizeof(struct kipc_payload), len;
	struct guard guard;

	if (!variant->payload)
		size = variant->size;
	ASSERT_EQ(0, guard_init(&guard));
	for (len = 4; len < size; len += 4) {
		memcpy(guard.end - len, &self->arg, len);
		EXPECT_EQ(-EFAULT, MAKE(guard.end - len));
	}
	EXPECT_EQ(0, MAKE(&self->arg));
}

TEST_F(request, structure_at_the_end_of_memory_succeeds)
{
	struct guard guard;

	ASSERT_EQ(0, guard_init(&guard));
	memcpy(guard.end - variant->size, &self->arg, variant->size);
	EXPECT_EQ(0, MAKE(guard.end - variant->size));
}

TEST_F(request, structure_across_pages_succeeds)
{
	struct guard guard;

	ASSERT_EQ(0, guard_init(&guard));
	memcpy(guard.base + PAGE - 20, &self->arg, variant->size);
	EXPECT_EQ(0, MAKE(guard.base + PAGE - 20));
}

TEST_F(request, bad_payload_efault)
{
	struct kipc_payload *payload, good;
	struct guard guard;

	if (!variant->payload)
		return;
	ASSERT_EQ(0, guard_init(&guard));
	payload = (void *)self->arg.bytes + variant->payload;
	good = *payload;

	payload->data = 0;
	EXPECT_EQ(-EFAULT, MAKE(&self->arg));
	payload->data = (uintptr_t)guard.end;
	EXPECT_EQ(-EFAULT, MAKE(&self->arg));
	payload->data = (uintptr_t)guard.end - 1;
	EXPECT_EQ(-EFAULT, MAKE(&self->arg));
	payload->data = ~0ULL;
	EXPECT_EQ(-EFAULT, MAKE(&self->arg));
	payload->data = 0xffff888000000000ULL;
	EXPECT_EQ(-EFAULT, MAKE(&self->arg));

	*payload = good;
	EXPECT_EQ(0, MAKE(&self->arg));
}

TEST_F(request, bad_pieces_efault)
{
	struct kipc_payload *payload, good;
	struct kipc_vec vec[2] = { { (uintptr_t)"a", 1 }, { 0, 1 } };
	struct guard guard;

	if (!variant->payload)
		return;
	ASSERT_EQ(0, guard_init(&guard));
	payload = (void *)self->arg.bytes + variant->payload;
	good = *payload;
	payload->flags = KIPC_PAYLOAD_VEC;

	payload->data = 0;
	EXPECT_EQ(-EFAULT, MAKE(&self->arg));
	payload->len = 1;
	payload->data = (uintptr_t)guard.end - 8;
	EXPECT_EQ(-EFAULT, MAKE(&self->arg));
	payload->len = 2;
	payload->data = (uintptr_t)vec;
	EXPECT_EQ(-EFAULT, MAKE(&self->arg));
	vec[1].base = (uintptr_t)guard.end - 1;
	vec[1].len = 2;
	EXPECT_EQ(-EFAULT, MAKE(&self->arg));

	*payload = good;
	EXPECT_EQ(0, MAKE(&self->arg));
}

TEST_F(request, too_many_pieces_einval)
{
	struct kipc_payload *payload, good;

	if (!variant->payload)
		return;
	payload = (void *)self->arg.bytes + variant->payload;
	good = *payload;
	payload->flags = KIPC_PAYLOAD_VEC;
	payload->data = (uintptr_t)memory((KIPC_VEC_MAX + 1) *
					  sizeof(struct kipc_vec));
	payload->len = KIPC_VEC_MAX + 1;
	EXPECT_EQ(-EINVAL, MAKE(&self->arg));
	payload->len = ~0ULL;
	EXPECT_EQ(-EINVAL, MAKE(&self->arg));

	*payload = good;
	EXPECT_EQ(0, MAKE(&self->arg));
}

TEST_F(request, length_beyond_everything_emsgsize)
{
	struct kipc_vec vec[2] = { { (uintptr_t)"a", 1ULL << 63 },
				   { (uintptr_t)"b", (1ULL << 63) + 1 } };
	struct kipc_payload *payload, good;

	if (!variant->payload)
		return;
	payload = (void *)self->arg.bytes + variant->payload;
	good = *payload;
	payload->len = ~0ULL;
	EXPECT_EQ(-EMSGSIZE, MAKE(&self->arg));
	payload->len = 1ULL << 32;
	EXPECT_EQ(-EMSGSIZE, MAKE(&self->arg));

	/* The sum of these is 1, but for the carry. */
	*payload = payload_of(vec, 2);
	payload->flags = KIPC_PAYLOAD_VEC;
	EXPECT_EQ(-EMSGSIZE, MAKE(&self->arg));

	*payload = good;
	EXPECT_EQ(0, MAKE(&self->arg));
}

#endif /* REQUEST_TEST_H */
