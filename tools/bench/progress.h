/* SPDX-License-Identifier: GPL-2.0 */
/*
 * progress: tell the user where the run is, on standard error only
 *
 * On a terminal one line is drawn over and over, with the time that is left by
 * the pace so far; elsewhere (a log, a guest's console) one plain line a size.
 */
#ifndef PROGRESS_H
#define PROGRESS_H

#include "bench.h"

void progress_start(uint64_t steps);

/* A size begins: its set-up, and what has been done of all @sizes of them. */
void progress_size(unsigned int at, unsigned int sizes, uint64_t size);

/* @steps more are done; the next thing is @what, with @who. */
void progress_step(uint64_t steps, const char *what, const char *who);

/* A sentence that stays: the line in progress is kept clear of it. */
void __printf(1, 2) progress_note(const char *format, ...);

void progress_end(void);

#endif /* PROGRESS_H */
