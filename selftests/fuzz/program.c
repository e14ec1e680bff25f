// SPDX-License-Identifier: GPL-2.0
/*
 * Programs: made up, changed, written down and read.
 *
 * As text a call is a line, "name argument...", each argument in hexadecimal, in the order of
 * the table, without the zeros at the end; an "&" before the name makes it asynchronous.  A
 * program ends with an empty line.  What begins with "#" is a remark.
 */
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"

/* The next random number below @below (0: any).  The generator is splitmix64. */
uint64_t any(uint64_t *random, uint64_t below)
{
	uint64_t z = *random += 0x9e3779b97f4a7c15ULL;

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
	z ^= z >> 31;
	return below ? z % below : z;
}

static bool one_in(uint64_t *random, unsigned int n)
{
	return !any(random, n);
}

/* A number that somebody may have forgotten */
static uint64_t odd_number(uint64_t *random)
{
	uint64_t edge = 1ULL << any(random, 64);

	switch (any(random, 5)) {
	case 0:
		return edge;
	case 1:
		return edge - 1;
	case 2:
		return -any(random, 4096) - 1;
	case 3:
		return any(random, 4) * 4096 + any(random, 3) - 1;
	default:
		return any(random, 0) >> any(random, 64);
	}
}

static uint64_t any_length(uint64_t limit, uint64_t *random)
{
	switch (any(random, 8)) {
	case 0:
		return 0;
	case 1:
		return 4096 << any(random, 6);
	case 2:
		return any(random, limit + 1);
	case 3:
		return limit - any(random, 2);
	default:
		return any(random, 300);
	}
}

static uint64_t any_flags(uint64_t known, uint64_t *random)
{
	uint64_t flags = 0;

	if (one_in(random, 20))
		return 1ULL << any(random, 64);
	switch (any(random, 4)) {
	case 0:
		return 0;
	case 1:
		return known;
	case 2:
		flags = known & any(random, 0);
		return flags & any(random, 0);
	default:
		return known & any(random, 0);
	}
}

static uint64_t any_address(uint64_t *random)
{
	uint64_t offset = any(random, 3) ? any(random, 16) * 8 : any(random, 1 << 18);

	if (!one_in(random, 4))
		return PLACE_RIGHT;
	return any(random, PLACE_ODD + 1) | offset << 4;
}

static uint64_t any_deadline(uint64_t *random)
{
	switch (any(random, 6)) {
	case 0:
		return 0;
	case 1:
		return 1;
	case 2:
		return odd_number(random);
	default:
		return 2 + any(random, 500);
	}
}

/* One of @n remembered, most often the last */
static uint64_t any_recent(unsigned int n, uint64_t *random)
{
	switch (any(random, 8)) {
	case 0:
		return 0;
	case 1:
		return odd_number(random);
	case 2:
	case 3:
		return 1 + any(random, n);
	default:
		return 1;
	}
}

/* Fewer slots are more often the same */
static uint64_t any_slot(uint64_t *random)
{
	return any(random, one_in(random, 4) ? SLOTS : 4);
}

/* Number, form and value of an attribute of netlink: see netlink.c */
static uint64_t any_attr(uint64_t *random)
{
	if (one_in(random, 2))
		return 0;
	return (1 + any(random, 14)) | any(random, 8) << 8 |
	       (one_in(random, 4) ? odd_number(random) : any(random, 12)) << 16;
}

static uint64_t any_arg(const struct arg *arg, uint64_t *random)
{
	switch (arg->kind) {
	case NUMBER:
		return one_in(random, 12) ? odd_number(random) :
					    any(random, arg->limit == ~0ULL ? 0 : arg->limit + 1);
	case FLAGS:
		return any_flags(arg->limit, random);
	case LENGTH:
		return one_in(random, 16) ? odd_number(random) : any_length(arg->limit, random);
	case SIZE:
		return one_in(random, 40) ? any(random, 700) : 0;
	case SLOT:
		return any_slot(random);
	case DEADLINE:
		return any_deadline(random);
	case ID:
		return any_recent(IDS, random);
	case PEER:
	case QUEUE:
		return one_in(random, 2) ? 0 : any_recent(PEERS, random);
	case NAME:
		return one_in(random, 16) ? any(random, 16) : any(random, NAMES);
	case MAP:
		return any(random, MAPS);
	case ATTR:
		return any_attr(random);
	default:
		return any_address(random);
	}
}

static void call_make(struct call *call, uint64_t *random)
{
	unsigned int n, i;
	const struct arg *args;

	memset(call, 0, sizeof(*call));
	call->op = op_any(random);
	call->async = one_in(random, 12);
	args = op_args(call->op, &n);
	for (i = 0; i < n; i++)
		call->arg[i] = any_arg(&args[i], random);
}

void program_make(struct program *p, uint64_t *random)
{
	unsigned int i;

	p->n = 2 + any(random, CALLS_MAX - 2);
	for (i = 0; i < p->n; i++)
		call_make(&p->calls[i], random);
}

void program_drop(struct program *p, unsigned int at)
{
	memmove(&p->calls[at], &p->calls[at + 1], (p->n - at - 1) * sizeof(p->calls[0]));
	p->n--;
}

static void program_insert(struct program *p, unsigned int at, uint64_t *random)
{
	if (p->n == CALLS_MAX)
		return;
	memmove(&p->calls[at + 1], &p->calls[at], (p->n - at) * sizeof(p->calls[0]));
	call_make(&p->calls[at], random);
	p->n++;
}

static void change_arg(struct call *call, uint64_t *random)
{
	unsigned int n, i;
	const struct arg *args = op_args(call->op, &n);

	if (!n)
		return;
	i = any(random, n);
	switch (any(random, 6)) {
	case 0:
		call->arg[i] += any(random, 2) ? 1 : -1;
		break;
	case 1:
		call->arg[i] ^= 1ULL << any(random, 64);
		break;
	case 2:
		call->arg[i] = 0;
		break;
	default:
		call->arg[i] = any_arg(&args[i], random);
	}
}

/* The first part of @p, and the last of @other */
static void program_splice(struct program *p, const struct program *other, uint64_t *random)
{
	unsigned int at = any(random, p->n + 1), from = any(random, other->n), n = other->n - from;

	if (n > CALLS_MAX - at)
		n = CALLS_MAX - at;
	memcpy(&p->calls[at], &other->calls[from], n * sizeof(p->calls[0]));
	p->n = at + n;
}

/* Makes a few changes; there is at least one call before and after. */
void program_change(struct program *p, const struct program *other, uint64_t *random)
{
	do {
		unsigned int at = any(random, p->n);

		switch (any(random, 10)) {
		case 0:
			if (p->n > 1)
				program_drop(p, at);
			break;
		case 1:
		case 2:
		case 3:
			program_insert(p, at + any(random, 2), random);
			break;
		case 4:
			program_splice(p, other, random);
			break;
		case 5:
			p->calls[at].async = !p->calls[at].async;
			break;
		default:
			change_arg(&p->calls[at], random);
		}
	} while (p->n > 1 && !one_in(random, 3));
}

void program_write(FILE *file, const struct program *p)
{
	unsigned int i, j, n;

	for (i = 0; i < p->n; i++) {
		const struct call *call = &p->calls[i];

		op_args(call->op, &n);
		while (n && !call->arg[n - 1])
			n--;
		fprintf(file, "%s%s", call->async ? "&" : "", ops[call->op].name);
		for (j = 0; j < n; j++)
			fprintf(file, " %llx", (unsigned long long)call->arg[j]);
		fputc('\n', file);
	}
	fputc('\n', file);
}

static int call_read(char *text, struct call *call)
{
	unsigned int n, i;
	char *end, *rest;
	int op;

	memset(call, 0, sizeof(*call));
	call->async = *text == '&';
	text = strtok_r(text + call->async, " ", &rest);
	op = text ? op_find(text) : -1;
	if (op < 0)
		return -1;
	call->op = op;
	op_args(op, &n);
	for (i = 0; (text = strtok_r(NULL, " ", &rest)); i++) {
		if (i == n)
			return -1;
		call->arg[i] = strtoull(text, &end, 16);
		if (*end)
			return -1;
	}
	return 0;
}

/*
 * Reads the next program.
 *
 * Return: 1, or 0 at the end, or -1 at what is none; @line is counted up.
 */
int program_read(FILE *file, struct program *p, unsigned int *line)
{
	char text[1024];

	p->n = 0;
	while (fgets(text, sizeof(text), file)) {
		++*line;
		text[strcspn(text, "\n")] = '\0';
		if (*text == '#')
			continue;
		if (!*text) {
			if (p->n)
				return 1;
			continue;
		}
		if (p->n == CALLS_MAX || call_read(text, &p->calls[p->n]))
			return -1;
		p->n++;
	}
	return p->n != 0;
}
