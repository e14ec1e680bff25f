/* SPDX-License-Identifier: GPL-2.0 */
/*
 * table: the results for a reader at a terminal, on standard output
 */
#ifndef TABLE_H
#define TABLE_H

#include "bench.h"
#include "facts.h"

/* The row that ratios are taken against. */
#define TABLE_REFERENCE	"raw-unix-seqpacket"

void table_print(const struct results *results, const struct facts *facts);

/* What --list shows. */
void table_list(const struct driver * const *drivers);

#endif /* TABLE_H */
