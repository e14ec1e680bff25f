// SPDX-License-Identifier: GPL-2.0
/* Trace: the tracepoints of trace.h are made here. */
#ifndef __CHECKER__
#include "quota.h"

#define CREATE_TRACE_POINTS
#include "trace.h"
#endif
