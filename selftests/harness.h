/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The kernel's harness, for kernels that are slow as well: one with KASAN and lockdep takes
 * ten times as long, and a case that hangs is ended by its own deadlines before this.
 */
#ifndef HARNESS_H
#define HARNESS_H

#include "kselftest_harness.h"

#undef TEST_TIMEOUT_DEFAULT
#define TEST_TIMEOUT_DEFAULT 150

#endif
