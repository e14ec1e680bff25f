#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# Somebody else's test of message queues, unchanged: stress-ng as Debian ships it, which
# checks every message (--verify), on the kernel's own queues and with a drop-in library
# in LD_PRELOAD on kipc's.  TAP; runs under any POSIX sh.
#
# with: stress-ng

OPS=${OPS:-4000}
log=$(mktemp) || exit 1
trap 'rm -f "$log"' EXIT
number=0
failures=0

report() { # VERDICT NAME [WHY]
	number=$((number + 1))
	case $1 in
	ok) echo "ok $number $2" ;;
	skip) echo "ok $number $2 # SKIP $3" ;;
	*)
		echo "not ok $number $2"
		failures=$((failures + 1))
		;;
	esac
	sed 's/^/# /' "$log"
	: >"$log"
}

# Of a file that is not there the dynamic linker says so, and goes on without it
missing() { # LIBRARY
	! said=$(LD_PRELOAD=$1 stress-ng --version 2>&1) || case $said in
	*"cannot be preloaded"*) true ;;
	*) false ;;
	esac
}

# stress-ng's status is 0 also where a worker has found a message to be wrong.  It reads
# the state of a queue with read(2), which a kipc queue's descriptor does not have: that
# is no message's failure.
stress() { # KIND
	stress-ng --"$1" 2 --"$1"-ops "$OPS" --verify --metrics-brief -t 60 >"$log" 2>&1 &&
		! sed '/mq read failed, errno=9 /d' "$log" | grep -q ' fail: ' &&
		grep -q 'successful run completed' "$log"
}

try() { # KIND LIBRARY
	if stress "$1"; then
		report ok "$1 on the kernel's own"
	else
		report fail "$1 on the kernel's own"
	fi
	if missing "$2"; then
		report skip "$1 with $2" "no such library"
	elif (export LD_PRELOAD="$2" && stress "$1"); then
		report ok "$1 with $2"
	else
		report fail "$1 with $2"
	fi
}

echo "TAP version 13"
if ! command -v stress-ng >/dev/null; then
	echo "1..0 # SKIP no stress-ng"
	exit 4
fi
echo "1..4"
try mq libkipc-mq.so.0
try msg libkipc-sysvmsg.so.0
[ $failures -eq 0 ]
