#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# The unit tests of the module (kernel/tests), in a kernel that has KUnit: one case of TAP for
# each of theirs. Loading kipc_kunit.ko runs them, and what became of them is read from
# debugfs. A suite that ran fewer cases than it has, or failed as a whole, fails here; so does
# a kernel with KUnit that ran none.
# TAP; runs as root.
#
# "kunit.sh judge FILE..." makes TAP of such results (check-runner).

module=/lib/modules/kipc_kunit.ko
results=/sys/kernel/debug/kunit

# Cases are indented by four columns and the parameters of one by eight; words about a case
# come before its verdict, that of a suite after all of its own
judge()
{
	awk '
	/^    1\.\.[0-9]+$/ { plan += substr($1, 4) }
	{ line[NR] = $0 }
	END {
		if (!plan) {
			print "Bail out! no case was run"
			exit 1
		}
		print "1.." plan
		for (i = 1; i <= NR; i++) {
			$0 = line[i]
			if (/^    # Subtest: /) {
				suite = $3
				bad = 0
			} else if (/^    (not )?ok [0-9]+ /) {
				verdict = $1 == "not" ? "not ok" : "ok"
				bad += $1 == "not"
				sub(/^    (not )?ok [0-9]+ /, "")
				print verdict, ++number, suite "." $0
			} else if (/^not ok /) {
				# One too many, unless a case has said so already
				if (!bad)
					print "not ok", ++number, suite " as a whole"
				failed = 1
			} else if (!/^ok / && !/^ *(KTAP version |1\.\.|$)/) {
				sub(/^ *#? */, "# ")
				print
			}
		}
		exit failed || number != plan
	}' "$@"
}

echo "TAP version 13"
if [ "${1-}" = judge ]; then
	shift
	judge "$@"
	exit
fi
if [ ! -d $results ]; then
	echo "1..0 # SKIP no KUnit"
	exit 0
fi
# What insmod does not do itself: parameters from the kernel's command line
parameters=$(tr ' ' '\n' < /proc/cmdline | sed -n 's/^kipc_kunit\.//p')
# shellcheck disable=SC2086 # each is a word
if ! insmod $module $parameters; then
	echo "Bail out! $module does not load"
	exit 1
fi
judge $results/kipc_*/results
status=$?
rmmod kipc_kunit
exit $status
