#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# Every program that the fuzzer has kept: one after the other, by several processes that share
# their names, and then for a few seconds changed at random, with workers that are killed.
# with: fuzz/fuzz

echo TAP version 13
echo 1..3
n=0
check()
{
	n=$((n + 1))
	if fuzz "$@" > said 2>&1; then
		echo "ok $n fuzz $*"
	else
		echo "not ok $n fuzz $*"
	fi
	sed 's/^/# /' said
	rm -f said corpus crash
}

check replay
check replay --workers 3
check run --seconds 3 --ops 20000
