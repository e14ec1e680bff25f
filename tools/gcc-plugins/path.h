/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Path: can one read come after another, of the same memory, within one function?
 */
#ifndef PLUGIN_PATH_H
#define PLUGIN_PATH_H

#include "effect.h"

bool path_between(struct function *fn, const struct summary *summary, const struct effect *a,
		  const struct effect *b);

#endif /* PLUGIN_PATH_H */
