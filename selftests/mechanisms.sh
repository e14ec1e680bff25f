#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# The capability table is true of this kernel: kipcctl mechanisms tries every cell of every
# mechanism, and a mechanism of which one differs from the record is a failure here.  And
# it can tell: with other limits and permissions it says so, it says when a probe fails,
# and however it ends nothing is left behind.  TAP; runs as root, with kipcctl in PATH.
# with: tap_test.sh

. tap_test.sh

schemes=$(kipcctl mechanisms --json | sed -n 's/.*"scheme": "\(.*\)".*/\1/p')
msgmax=$(cat /proc/sys/kernel/msgmax)
msgmni=$(cat /proc/sys/kernel/msgmni)

# shellcheck disable=SC2317 # the trap reaches it
cleanup()
{
	echo "$msgmax" > /proc/sys/kernel/msgmax
	echo "$msgmni" > /proc/sys/kernel/msgmni
}

details()
{
	cat "$dir/notes"
}

# one_row SCHEME: what the run said of it; absent is skipped
one_row()
{
	grep "^$1[:,] " "$dir/out" > "$dir/notes"
	if grep -q "^$1: not tried: " "$dir/notes"; then
		skip "$1" "$(sed 's/.*not tried: //' "$dir/notes")"
		return
	fi
	[ ! -s "$dir/notes" ] && grep -q "^$1 " "$dir/out"
	result $? "$1"
}

# try STATUS MECHANISM...: does it end so?
try()
{
	expected=$1
	shift
	kipcctl mechanisms --verify "$@" > "$dir/notes" 2>&1
	[ $? -eq "$expected" ]
}

# Names of its own, processes of its own
nothing_left()
{
	for again in 1 2 3 4 5 6 7 8 9 10 11 12; do
		{
			find /tmp /dev/shm /dev/mqueue -name '*kipc-mech*'
			awk 'FNR > 1 { print FILENAME, $2 }' /proc/sysvipc/*
			pidof kipcctl
		} > "$dir/notes" 2> /dev/null
		[ -s "$dir/notes" ] || return 0
		sleep 0.$((again * 8 % 10))
	done
	return 1
}

# cut_short SIGNAL: in the midst of it
cut_short()
{
	kipcctl mechanisms --verify > /dev/null 2>&1 & pid=$!
	sleep 1.5
	kill "-$1" $pid
	! wait $pid 2> /dev/null && nothing_left
}

# shellcheck disable=SC2086 # one word a scheme
set -- $schemes
plan $(($# + 11))

kipcctl mechanisms --verify > "$dir/out" 2> "$dir/notes"
status=$?
for scheme; do
	one_row "$scheme"
done
tail -n 1 "$dir/out" > "$dir/notes"
sed 's/^/# /' "$dir/notes"
[ $status -eq 0 ]
result $? all_is_as_recorded
nothing_left
result $? nothing_is_left

# It would have seen a difference
echo 4096 > /proc/sys/kernel/msgmax
try 3 sysv-msg && grep -q "recorded: 8K" "$dir/notes" && grep -q " 4K " "$dir/notes"
result $? another_limit_is_seen
kipcctl mechanisms --verify --json sysv-msg > "$dir/notes"
[ "$(grep -c '"verdict": "differs"' "$dir/notes")" -eq 1 ] &&
	[ "$(grep -c '"verdict": "as recorded"' "$dir/notes")" -eq 17 ]
result $? another_limit_is_one_cell
echo "$msgmax" > /proc/sys/kernel/msgmax

# And what it cannot try it does not pass
echo 0 > /proc/sys/kernel/msgmni
try 1 sysv-msg && grep -q "the probe failed: serve: ENOSPC" "$dir/notes"
result $? a_failing_probe_is_told
echo "$msgmni" > /proc/sys/kernel/msgmni

# An ordinary user cannot play another machine
su user -c 'kipcctl mechanisms --verify fifo posix-shm mutex' > "$dir/notes" 2>&1 &&
	[ "$(grep -c 'not tried: needs privileges' "$dir/notes")" -eq 3 ]
result $? an_ordinary_user_tries_too

cut_short TERM
result $? ended_it_leaves_nothing
cut_short KILL
result $? killed_it_leaves_nothing

kipcctl mechanisms > "$dir/notes" && [ "$(grep -c '^[a-z]' "$dir/notes")" -ge 36 ] &&
	[ "$(awk 'length > 120' "$dir/notes" | wc -l)" -eq 0 ]
result $? table_fits
kipcctl mechanisms pipe --json > "$dir/notes" && grep -q '"verified": false' "$dir/notes" &&
	grep -q '"recorded": "1-way"' "$dir/notes" && ! grep -q '"fifo"' "$dir/notes"
result $? json_of_one

kipcctl mechanisms pigeon > "$dir/notes" 2>&1
[ $? -eq 2 ] && grep -q "no mechanism 'pigeon'" "$dir/notes" &&
	kipcctl mechanisms --help | grep -q '^Usage:'
result $? usage

[ $failed -eq 0 ]
