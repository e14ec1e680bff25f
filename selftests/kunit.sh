#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# The unit tests of the module (kernel/tests), in a kernel that has KUnit: one case of TAP for
# each of theirs. Loading kipc_kunit.ko runs them, and what became of them is read from
# debugfs. The module's own verdicts are not taken on trust: a suite that ran fewer cases than
# it has, or failed as a whole, fails here.
# TAP; runs as root.

module=/lib/modules/kipc_kunit.ko
results=/sys/kernel/debug/kunit
dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT

if [ ! -d $results ]; then
	echo "1..0 # SKIP no KUnit"
	exit 0
fi
echo "TAP version 13"
if ! insmod $module; then
	echo "Bail out! $module does not load"
	exit 1
fi
cat $results/kipc_*/results > "$dir/results"
rmmod kipc_kunit

# Cases are indented by four columns, parameters of one by eight, and words about a case come
# before its verdict
awk '
/^    1\.\.[0-9]+$/ { plan += substr($1, 4); suites++ }
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
		} else if (/^    (not )?ok [0-9]+ /) {
			verdict = $1 == "not" ? "not ok" : "ok"
			sub(/^    (not )?ok [0-9]+ /, "")
			print verdict, ++number, suite "." $0
			bad += verdict == "not ok"
		} else if (/^not ok /) {
			# Counted where one of its cases says so; else it is one too many
			if (bad == said)
				print "not ok", ++number, "the suite", $4, "as a whole"
			said = ++bad
		} else if (!/^ *(KTAP version|1\.\.|#? *$)/ && !/^ok /) {
			sub(/^ *#? */, "# ")
			print
		}
	}
	exit bad || number != plan
}' "$dir/results"
