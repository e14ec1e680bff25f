// SPDX-License-Identifier: GPL-2.0
/* Value: see value.h for what it is. */
#include "gcc.h"
#include "atom.h"

#define BUCKETS		4096

static struct atom **atoms;
static int atoms_count;
static int buckets[BUCKETS];		/* index of an atom plus one */

struct atom *atom_at(int index)
{
	return atoms[index];
}

struct value value_constant(wide bias)
{
	struct value value;

	memset(&value, 0, sizeof(value));
	value.bias = bias;
	return value;
}

struct value value_unknown(void)
{
	struct value value = value_constant(0);

	value.count = -1;
	return value;
}

bool value_is_constant(const struct value *value)
{
	return !value->count;
}

bool value_same(const struct value *a, const struct value *b)
{
	return !memcmp(a, b, sizeof(*a));
}

/* @a + @b * @factor.  Pointers wrap, and so may this. */
struct value value_add(const struct value *a, const struct value *b, wide factor)
{
	struct value sum = value_constant((uwide)a->bias + (uwide)b->bias * factor);
	int i = 0, j = 0;

	if (a->count < 0 || b->count < 0)
		return value_unknown();
	while (i < a->count || j < b->count) {
		struct term term = { 0, 0 };
		bool left = j == b->count ||
			    (i < a->count && a->terms[i].atom <= b->terms[j].atom);
		bool right = i == a->count ||
			     (j < b->count && b->terms[j].atom <= a->terms[i].atom);

		term.atom = left ? a->terms[i].atom : b->terms[j].atom;
		if (left)
			term.factor += a->terms[i++].factor;
		if (right)
			term.factor += b->terms[j++].factor * factor;
		if (!term.factor)
			continue;
		if (sum.count == VALUE_TERMS)
			return value_unknown();
		sum.terms[sum.count++] = term;
	}
	return sum;
}

/* The least that it can be, or WIDE_MIN. */
wide value_least(const struct value *value)
{
	wide least = value->bias;
	int i;

	if (value->count < 0)
		return WIDE_MIN;
	for (i = 0; i < value->count; i++) {
		const struct atom *atom = atom_at(value->terms[i].atom);
		wide factor = value->terms[i].factor;
		wide bound = factor > 0 ? atom->low : atom->high, product;

		if (bound == WIDE_MIN || bound == WIDE_MAX ||
		    __builtin_mul_overflow(bound, factor, &product) ||
		    __builtin_add_overflow(least, product, &least))
			return WIDE_MIN;
	}
	return least;
}

static unsigned int atom_hash(const struct atom *key)
{
	uintptr_t hash = key->kind + key->code * 31 + key->bytes * 7 + ((uintptr_t)key->what >> 3);
	int i;

	hash = hash * 31 + key->a.bias;
	for (i = 0; i < key->a.count; i++)
		hash = hash * 31 + key->a.terms[i].atom * 17 + key->a.terms[i].factor;
	return hash % BUCKETS;
}

struct atom atom_key(enum atom_kind kind, void *what)
{
	struct atom key;

	memset(&key, 0, sizeof(key));
	key.kind = kind;
	key.what = what;
	key.low = WIDE_MIN;
	key.high = WIDE_MAX;
	return key;
}

int atom_intern(const struct atom *key)
{
	int *bucket = &buckets[atom_hash(key)];
	struct atom *atom;
	int index;

	for (index = *bucket; index; index = atom->next) {
		atom = atoms[index - 1];
		if (atom->kind == key->kind && atom->code == key->code &&
		    atom->bytes == key->bytes && atom->what == key->what &&
		    value_same(&atom->a, &key->a) && value_same(&atom->b, &key->b))
			return index - 1;
	}
	if (!(atoms_count % 1024))
		atoms = XRESIZEVEC(struct atom *, atoms, atoms_count + 1024);
	atom = XNEW(struct atom);
	*atom = *key;
	atom->next = *bucket;
	atoms[atoms_count++] = atom;
	*bucket = atoms_count;
	return atoms_count - 1;
}

struct value value_atom(const struct atom *key)
{
	struct value value = value_constant(0);

	value.count = 1;
	value.terms[0].atom = atom_intern(key);
	value.terms[0].factor = 1;
	return value;
}

void atom_type(struct atom *key, tree type)
{
	key->pointer = POINTER_TYPE_P(type);
	if (INTEGRAL_TYPE_P(type) && TYPE_UNSIGNED(type))
		key->low = 0;
}

struct value value_decl(tree decl)
{
	struct atom key = atom_key(ATOM_DECL, decl);

	key.pointer = true;
	return value_atom(&key);
}

struct value value_name(tree name)
{
	struct atom key = atom_key(ATOM_NAME, name);

	atom_type(&key, TREE_TYPE(name));
	key.ref = name;
	return value_atom(&key);
}

struct value value_expression(int code, tree type, const struct value *a, const struct value *b)
{
	struct atom key = atom_key(ATOM_EXPR, NULL);

	if (a->count < 0 || b->count < 0)
		return value_unknown();
	key.code = code * 256 + (INTEGRAL_TYPE_P(type) ? TYPE_PRECISION(type) : 64);
	key.a = *a;
	key.b = *b;
	atom_type(&key, type);
	if (code == MIN_EXPR && value_is_constant(b))
		key.high = b->bias;
	return value_atom(&key);
}

/* The factor with which a value has an atom in it. */
wide value_factor(const struct value *value, int atom)
{
	int i;

	for (i = 0; i < value->count; i++)
		if (value->terms[i].atom == atom)
			return value->terms[i].factor;
	return 0;
}

/* Take apart what several ways lead to: where it begins, and how far it is from there. */
struct value value_expand(const struct value *value)
{
	struct value sum = *value;
	int rounds, i;

	for (rounds = 0; rounds < 16; rounds++) {
		for (i = 0; i < sum.count; i++) {
			const struct atom *atom = atom_at(sum.terms[i].atom);

			if (atom->kind == ATOM_PHI && atom->base)
				break;
		}
		if (i >= sum.count)
			break;
		struct term term = sum.terms[i];
		const struct atom *atom = atom_at(term.atom);
		struct value self = value_constant(0), way;

		self.count = 1;
		self.terms[0].factor = 1;
		way = self;
		self.terms[0].atom = term.atom;
		way.terms[0].atom = atom->way;
		sum = value_add(&sum, &self, -term.factor);
		sum = value_add(&sum, &atom->begin, term.factor);
		if (atom->way >= 0)
			sum = value_add(&sum, &way, term.factor);
	}
	return sum;
}

/*
 * The atom that is the pointer: the others say how far from it.  Where it has come as an
 * integer of the user's, the first that is as large as a pointer.
 */
int value_root(const struct value *value)
{
	int i, root = -1;

	for (i = 0; i < value->count; i++) {
		const struct atom *atom = atom_at(value->terms[i].atom);

		if (value->terms[i].factor != 1)
			continue;
		if (atom->pointer)
			return value->terms[i].atom;
		if (root < 0 && atom->kind != ATOM_STEP)
			root = value->terms[i].atom;
	}
	return root;
}
