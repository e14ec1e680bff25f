/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The kernel's harness, for kernels that are slow as well: one with KASAN and lockdep takes
 * ten times as long. A case that hangs is ended by its own deadlines before the harness
 * ends it; a deadline that is to pass, but not before something has begun, is prolonged.
 */
#ifndef HARNESS_H
#define HARNESS_H

#include <stdlib.h>
#include "kselftest_harness.h"

#undef TEST_TIMEOUT_DEFAULT
#define TEST_TIMEOUT_DEFAULT 150

/* How many times as slow as a stock kernel's this one is, as the runner says */
static inline unsigned int slow(void)
{
	const char *times = getenv("KIPC_SLOW");

	return times && *times ? atoi(times) : 1;
}

#endif
