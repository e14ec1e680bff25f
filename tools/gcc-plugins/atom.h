/* SPDX-License-Identifier: GPL-2.0 */
/* Atom: what values are made of, for those who make them (value.c, program.c). */
#ifndef PLUGIN_ATOM_H
#define PLUGIN_ATOM_H

#include "value.h"

#define uwide		unsigned HOST_WIDE_INT

struct atom atom_key(enum atom_kind kind, void *what);
void atom_type(struct atom *key, tree type);
int atom_intern(const struct atom *key);

struct value value_atom(const struct atom *key);
struct value value_decl(tree decl);
struct value value_name(tree name);
struct value value_expression(int code, tree type, const struct value *a, const struct value *b);

#endif /* PLUGIN_ATOM_H */
