/* SPDX-License-Identifier: GPL-2.0 */
/* kipcctl mechanisms: its rows, for people and for programs. */
#ifndef KIPCCTL_PRINT_H
#define KIPCCTL_PRINT_H

#include "mechanisms.h"

/* What is to be said of a cell. */
enum verdict {
	VERDICT_NONE,		/* recorded, and nobody asked for more */
	VERDICT_AS_RECORDED,
	VERDICT_DIFFERS,
	VERDICT_UNTRIED,	/* it cannot be tried here */
	VERDICT_FAILED,		/* its probe failed */
};

enum verdict row_verdict(const struct row *row, enum cell cell);

void print_table(const struct row *rows, size_t count, bool verified);
void print_full(const struct row *rows, size_t count, bool verified);
int print_json(const struct row *rows, size_t count, bool verified);

#endif /* KIPCCTL_PRINT_H */
