// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Addresses: scheme:name?option=value&option=value
 *
 * The parser is strict, because an address comes from a command line or from a
 * configuration file and a misspelt option that is silently ignored is found out
 * much later.  What is not understood is -EINVAL, with a reason in words that
 * kipc_explain() hands on.
 *
 * In a name, %XX is the byte XX; a '?' and a '%' that belong to the name must be
 * written so.  A NUL byte cannot be part of it.  Sizes are decimal or 0x... and
 * may end in K, M or G (powers of 1024); a mode is octal; a flag has no value.
 */
#include <errno.h>
#include <linux/kipc.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "internal.h"

/* What an option is called, and the values it may have; a flag has a @max of 0. */
static const struct kipc_param_type {
	const char *key;
	bool octal;
	uint64_t min;
	uint64_t max;
} kipc_params[KIPC_PARAM_COUNT] = {
	[KIPC_PARAM_MODE]	= { "mode",	true,	1, 0777 },
	[KIPC_PARAM_SIZE]	= { "size",	false,	1, INT64_MAX },
	[KIPC_PARAM_MSGS]	= { "msgs",	false,	1, INT64_MAX },
	[KIPC_PARAM_BYTES]	= { "bytes",	false,	1, INT64_MAX },
	[KIPC_PARAM_POOL]	= { "pool",	false,	1, INT64_MAX },
	[KIPC_PARAM_CAPACITY]	= { "capacity",	false,	1, INT32_MAX },
	[KIPC_PARAM_FD]		= { "fd",	false,	0, INT32_MAX },
	[KIPC_PARAM_BUSY]	= { "busy",	false,	1, KIPC_BUSY_POLL_MAX },
	[KIPC_PARAM_RING]	= { "ring",	false,	KIPC_RING_MIN, KIPC_RING_MAX },
	[KIPC_PARAM_NOTICES]	= { "notices" },
	[KIPC_PARAM_NICE]	= { "nice" },
	[KIPC_PARAM_HUGE]	= { "huge" },
	[KIPC_PARAM_VALUE]	= { "value",	false,	0, INT32_MAX },
	[KIPC_PARAM_SEMS]	= { "count",	false,	1, 32000 },
	[KIPC_PARAM_PARTIES]	= { "parties",	false,	1, 65535 },
	[KIPC_PARAM_READERS]	= { "readers",	false,	1, 240 },
	[KIPC_PARAM_START]	= { "start",	false,	0, INT64_MAX },
	[KIPC_PARAM_LEN]	= { "len",	false,	0, INT64_MAX },
	[KIPC_PARAM_SPIN]	= { "spin",	false,	1, 1000000 },
	[KIPC_PARAM_RECURSIVE]	= { "recursive" },
	[KIPC_PARAM_INHERIT]	= { "inherit" },
	[KIPC_PARAM_MANUAL]	= { "manual" },
	[KIPC_PARAM_NOUNDO]	= { "noundo" },
	[KIPC_PARAM_FOREIGN]	= { "foreign" },
	[KIPC_PARAM_POLLABLE]	= { "poll" },
	[KIPC_PARAM_SEMAPHORE]	= { "semaphore" },
	[KIPC_PARAM_PROG]	= { "prog",	false,	0, UINT32_MAX },
	[KIPC_PARAM_VERS]	= { "vers",	false,	0, UINT32_MAX },
	[KIPC_PARAM_XDR]	= { "xdr" },
	[KIPC_PARAM_OUT]	= { "out",	false,	0, INT32_MAX },
	[KIPC_PARAM_DUPLEX]	= { "duplex" },
	[KIPC_PARAM_PACKET]	= { "packet" },
	[KIPC_PARAM_SHARED]	= { "shared" },
	[KIPC_PARAM_COOKED]	= { "cooked" },
	[KIPC_PARAM_ECHO]	= { "echo" },
	[KIPC_PARAM_KEEPALIVE]	= { "keepalive", false,	1, 32767 },
};

__attribute__((format(printf, 2, 3)))
static int kipc_refuse(char *reason, const char *format, ...)
{
	va_list args;

	if (reason) {
		va_start(args, format);
		vsnprintf(reason, KIPC_REASON_SIZE, format, args);
		va_end(args);
	}
	return -EINVAL;
}

static int kipc_hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

static int kipc_name_decode(struct kipc_address *address, const char *text, size_t len,
			    char *reason)
{
	const char *end = text + len;
	size_t out = 0;

	while (text < end) {
		int c = (unsigned char)*text++;

		if (c == '%') {
			int high = text < end ? kipc_hex_digit(text[0]) : -1;
			int low = text + 1 < end ? kipc_hex_digit(text[1]) : -1;

			c = high < 0 || low < 0 ? 0 : high << 4 | low;
			if (!c)
				return kipc_refuse(reason, "'%%' begins a byte in hex, not 00");
			text += 2;
		}
		if (out + 1 == sizeof(address->name))
			return kipc_refuse(reason, "the name is too long");
		address->name[out++] = (char)c;
	}
	address->name[out] = '\0';
	return 0;
}

/* A whole number, all of the @len bytes of @text. */
static int kipc_number_parse(const struct kipc_param_type *type, const char *text,
			     size_t len, uint64_t *value)
{
	static const char units[] = "KMG";
	char digits[24], *end;
	const char *unit;
	int shift = 0;

	if (len && !type->octal) {
		unit = strchr(units, text[len - 1]);
		if (unit && *unit) {
			shift = 10 * (unit - units + 1);
			len--;
		}
	}
	if (!len || len >= sizeof(digits) || text[0] < '0' || text[0] > '9')
		return -EINVAL;
	memcpy(digits, text, len);
	digits[len] = '\0';

	errno = 0;
	*value = strtoull(digits, &end, type->octal ? 8 :
			  !strncmp(digits, "0x", 2) ? 16 : 10);
	if (*end || errno || *value > UINT64_MAX >> shift)
		return -EINVAL;
	*value <<= shift;
	return *value < type->min || *value > type->max ? -EINVAL : 0;
}

/* What stands behind an option: @equals and the value up to @end, or NULL and nothing. */
static int kipc_value_parse(struct kipc_address *address, enum kipc_param param,
			    const char *equals, const char *end, char *reason)
{
	const struct kipc_param_type *type = &kipc_params[param];

	if (!type->max && equals)
		return kipc_refuse(reason, "option '%s' takes no value", type->key);
	if (!type->max) {
		address->value[param] = 1;
		return 0;
	}
	if (equals && !kipc_number_parse(type, equals + 1, end - equals - 1,
					 &address->value[param]))
		return 0;
	return kipc_refuse(reason, "'%.*s' is not a value of option '%s'",
			   equals ? (int)(end - equals - 1) : 0, equals ? equals + 1 : "",
			   type->key);
}

/* One option=value, @len bytes long. */
static int kipc_param_parse(struct kipc_address *address, const char *text, size_t len,
			    char *reason)
{
	const char *equals = memchr(text, '=', len);
	size_t key = equals ? (size_t)(equals - text) : len;
	unsigned int p;
	int err;

	for (p = 0; p < KIPC_PARAM_COUNT; p++)
		if (strlen(kipc_params[p].key) == key && !memcmp(kipc_params[p].key, text, key))
			break;
	if (p == KIPC_PARAM_COUNT || !(address->mechanism->params & KIPC_PARAM_BIT(p)))
		return kipc_refuse(reason, "%s: has no option '%.*s'",
				   address->mechanism->scheme, (int)key, text);
	if (address->demanded & KIPC_PARAM_BIT(p))
		return kipc_refuse(reason, "option '%s' is given twice", kipc_params[p].key);
	err = kipc_value_parse(address, p, equals, text + len, reason);
	if (err)
		return err;
	address->given |= KIPC_PARAM_BIT(p);
	address->demanded |= KIPC_PARAM_BIT(p);
	return 0;
}

static int kipc_params_parse(struct kipc_address *address, const char *text, char *reason)
{
	int err;

	for (;;) {
		size_t len = strcspn(text, "&");

		err = kipc_param_parse(address, text, len, reason);
		if (err || !text[len])
			return err;
		text += len + 1;
	}
}

static int kipc_name_check(const struct kipc_address *address, char *reason)
{
	const struct kipc_mechanism *mechanism = address->mechanism;

	if (!mechanism->name_rule)
		return address->name[0] ?
			kipc_refuse(reason, "%s: takes no name", mechanism->scheme) : 0;
	/* kipc_pair() needs none, and a dispatcher checks for itself. */
	if (address->name[0] && !mechanism->name_ok(address->name))
		return kipc_refuse(reason, "%s", mechanism->name_rule);
	return 0;
}

/**
 * kipc_address_parse() - take an address apart
 * @address:	filled in
 * @text:	what the user wrote
 * @reason:	%KIPC_REASON_SIZE bytes for what is wrong with it, or NULL
 *
 * Return: 0 or -EINVAL.
 */
int kipc_address_parse(struct kipc_address *address, const char *text, char *reason)
{
	const char *name, *options;
	int err;

	address->given = 0;
	address->demanded = 0;
	address->mechanism = kipc_mechanism_find(text);
	if (!address->mechanism)
		return kipc_refuse(reason, "no scheme '%.*s'; an address is scheme:name",
				   (int)strcspn(text, ":?"), text);
	name = text + strlen(address->mechanism->scheme);
	if (*name++ != ':')
		return kipc_refuse(reason, "a ':' belongs after '%s'",
				   address->mechanism->scheme);

	options = strchrnul(name, '?');
	err = kipc_name_decode(address, name, options - name, reason);
	if (!err)
		err = kipc_name_check(address, reason);
	if (!err && *options)
		err = kipc_params_parse(address, options + 1, reason);
	return err;
}

/**
 * kipc_address_parse_as() - take an address of one family apart
 * @address:	filled in
 * @text:	what the user wrote, or NULL
 * @family:	what it must be
 *
 * Return: 0, -EINVAL or, where it is of another family, -EOPNOTSUPP.
 */
int kipc_address_parse_as(struct kipc_address *address, const char *text,
			  enum kipc_family family)
{
	int err = text ? kipc_address_parse(address, text, NULL) : -EINVAL;

	return !err && address->mechanism->family != family ? -EOPNOTSUPP : err;
}

/**
 * kipc_address_wish() - let a program's option count where no demand was made
 * @address:	parsed
 * @param:	the option
 * @value:	0: it has none
 */
void kipc_address_wish(struct kipc_address *address, enum kipc_param param,
		       uint64_t value)
{
	if (!value || address->given & KIPC_PARAM_BIT(param) ||
	    !(address->mechanism->params & KIPC_PARAM_BIT(param)))
		return;
	address->value[param] = value;
	address->given |= KIPC_PARAM_BIT(param);
}

/* Options as a program made them: an older one's are shorter. */
static int kipc_options_read(struct kipc_options *options, const struct kipc_options *given)
{
	memset(options, 0, sizeof(*options));
	if (given->size < offsetof(struct kipc_options, busy_poll) ||
	    given->size > sizeof(*options))
		return -EINVAL;
	memcpy(options, given, given->size);
	if (options->flags & ~(KIPC_OPT_NOTICES | KIPC_OPT_NICE) || options->reserved ||
	    options->mode & ~0777U)
		return -EINVAL;
	return 0;
}

/**
 * kipc_address_add_options() - let a program's options fill what is not demanded
 * @address:	parsed
 * @given:	or NULL
 *
 * Return: 0 or -EINVAL.
 */
int kipc_address_add_options(struct kipc_address *address, const struct kipc_options *given)
{
	struct kipc_options options;

	if (!given)
		return 0;
	if (kipc_options_read(&options, given))
		return -EINVAL;
	kipc_address_wish(address, KIPC_PARAM_MODE, options.mode);
	kipc_address_wish(address, KIPC_PARAM_SIZE, options.max_size);
	kipc_address_wish(address, KIPC_PARAM_MSGS, options.max_msgs);
	kipc_address_wish(address, KIPC_PARAM_POOL, options.pool_size);
	kipc_address_wish(address, KIPC_PARAM_BUSY, options.busy_poll);
	kipc_address_wish(address, KIPC_PARAM_RING, options.ring);
	kipc_address_wish(address, KIPC_PARAM_NOTICES, options.flags & KIPC_OPT_NOTICES);
	kipc_address_wish(address, KIPC_PARAM_NICE, options.flags & KIPC_OPT_NICE);
	return 0;
}
