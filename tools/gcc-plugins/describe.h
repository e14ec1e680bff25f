/* SPDX-License-Identifier: GPL-2.0 */
/* Describe: a pointer as its author wrote it, nearly: to name it in a message. */
#ifndef PLUGIN_DESCRIBE_H
#define PLUGIN_DESCRIBE_H

#include "effect.h"

const char *describe(const struct effect *effect);

#endif /* PLUGIN_DESCRIBE_H */
