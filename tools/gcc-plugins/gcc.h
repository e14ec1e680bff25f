/* SPDX-License-Identifier: GPL-2.0 */
/* Of gcc 12's plugin headers, those that are used, in the one order that works. */
#ifndef PLUGIN_GCC_H
#define PLUGIN_GCC_H

#include "gcc-plugin.h"
#include "plugin-version.h"
#include "tree.h"
#include "gimple.h"
#include "tree-pass.h"
#include "context.h"
#include "cgraph.h"
#include "ssa.h"
#include "gimple-iterator.h"
#include "cfganal.h"
#include "diagnostic.h"
#include "stringpool.h"
#include "attribs.h"
#include "fold-const.h"
#include "tree-cfg.h"
#include "tree-dfa.h"
#include "ipa-utils.h"

#endif /* PLUGIN_GCC_H */
