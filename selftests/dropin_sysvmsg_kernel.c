// SPDX-License-Identifier: GPL-2.0
/* The tests of dropin_sysvmsg.c, of the kernel's own calls. */
#define ON_KIPC 0
#include "dropin_sysvmsg.c"
