#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# The tests of POSIX message queues, which test the kernel's own when they are run as they
# are, with libkipc-mq.so in LD_PRELOAD: the same programs, and kipc's queues.  TAP; runs
# as root under any POSIX sh, with the programs in PATH.
#
# with: dropin_mq_open dropin_mq dropin_mq_notify

library=${1:-libkipc-mq.so.0}
numbers=$(mktemp) || exit 1
trap 'rm -f "$numbers"' EXIT
status=0
before=0

echo "TAP version 13"
for program in dropin_mq_open dropin_mq dropin_mq_notify; do
	{
		LD_PRELOAD=$library $program 2>&1
		ended=$?
		# 4 is a program that has skipped all
		[ $ended -eq 0 ] || [ $ended -eq 4 ] || echo "# $program ended with $ended"
		[ $ended -eq 0 ]
	} | awk -v before="$before" -v numbers="$numbers" '
		/^TAP version/ { next }
		/^1\.\./ { planned = substr($1, 4); next }
		/^(not )?ok [0-9]+/ {
			at = $1 == "not" ? 3 : 2
			$at = before + ++count
			failed += $1 == "not"
		}
		{ print; fflush() }
		END { print planned + 0, count + 0, failed + 0 > numbers }'
	read -r planned count failed <"$numbers"
	# What a program that died has not come to has failed
	while [ "$count" -lt "$planned" ]; do
		count=$((count + 1))
		failed=$((failed + 1))
		echo "not ok $((before + count)) $program did not come to this one"
	done
	if [ "$planned" -eq 0 ]; then
		count=$((count + 1))
		failed=$((failed + 1))
		echo "not ok $((before + count)) $program tests nothing"
	fi
	[ "$failed" -eq 0 ] || status=1
	before=$((before + count))
done
echo "1..$before"
exit $status
