#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# kipcctl top without a terminal: what is carried is seen as a rate, on whichever channel or
# queue it is, sorted as asked for; and what rests has none.  On a terminal: ctl_terminal.c.
# TAP; runs as root.
# with: tap_test.sh

. tap_test.sh

plan 10 /dev/kipc

top()
{
	kipcctl top "$@" > "$dir/out" 2> "$dir/err"
}

# rate NAME MEMBER: of the last look, as JSON in a line; whole
rate()
{
	tail -n 1 "$dir/out" | sed 's/.*"rates"://; s/},{/}\n{/g' | grep "\"name\":\"$1\"" |
		sed "s/.*\"$2\":\([0-9]*\).*/\1/"
}

# Names in the order of the last table
names()
{
	awk '/^NAME/ { list = ""; next } /^(channel|queue):/ { list = list $1 " " } END { print list }' \
		"$dir/out"
}

top --count 1 --interval 0.1 && shows "  0 channels, 0 queues, 0 endpoints, 0 of memory" &&
	shows "^in a second: 0 messages" && [ "$(tail -n 1 "$dir/out" | cut -c 1-5)" = "NAME " ]
result $? nothing

kipcctl recv channel:busy /dev/null 2> /dev/null & receiver=$!
kipcctl send --wait 20 channel:busy /dev/zero 2> /dev/null & sender=$!
kipcctl create --max-msgs 9 queue:idle queue:busy
kipcctl serve channel:idle -- cat > /dev/null 2>&1 & server=$!
kipcctl call --wait 20 channel:idle once > /dev/null
yes | kipcctl send --each-line queue:busy 2> /dev/null & feeder=$!
kipcctl recv --follow queue:busy > /dev/null 2>&1 & eater=$!

# A machine may be slow: any rate will do
moving()
{
	for _ in $(seq 30); do
		top --json --count 2 --interval 0.3 || return 1
		[ "$(rate channel:busy messages_per_s)" -gt 0 ] &&
			[ "$(rate queue:busy taken_per_s)" -gt 0 ] && return 0
	done
	return 1
}

moving && [ "$(wc -l < "$dir/out")" -eq 2 ] && [ "$(rate channel:busy bytes_per_s)" -gt 1000 ] &&
	[ "$(rate queue:busy messages_per_s)" -gt 0 ]
result $? what_is_carried_is_seen
[ "$(rate channel:idle messages_per_s)" = 0 ] && [ "$(rate queue:idle messages_per_s)" = 0 ] &&
	[ "$(rate channel:busy server)" = $receiver ] && [ "$(rate channel:busy clients)" = 1 ]
result $? what_rests_has_no_rate
grep -q '^{"seconds":[0-9.]*,"channels":2,"queues":2,.*"messages_per_s":[1-9]' "$dir/out"
result $? totals
top --count 2 --interval 0.3 && [ "$(grep -c '^NAME .*MSGS/S  *TAKEN/S  *BYTES/S ' "$dir/out")" -eq 2 ] &&
	shows "  2 channels, 2 queues, [0-9]* endpoints, .* by messages$" &&
	shows "^channel:idle  *0  *-  *0  *0  *0  *0  *-  *0  *$server$"
result $? one_table_after_the_other
top --count 1 --interval 0.2 --sort name &&
	[ "$(names)" = "channel:busy channel:idle queue:busy queue:idle " ]
result $? sorted_by_name
top --count 1 --interval 1 --sort bytes && names | grep -q "^channel:busy "
result $? sorted_by_bytes
su user -c 'kipcctl top --count 1 --interval 0.2' > "$dir/out" 2> "$dir/err" &&
	shows "^channel:busy "
result $? an_ordinary_user_looks_too

kill $sender $receiver $server $feeder $eater
wait
kipcctl remove queue:idle queue:busy
top --count 1 --interval 0.1 --json && shows '"rates":\[\]'
result $? gone

usage()
{
	for wrong in --nonsense "--sort colour" "--interval 0" "--interval x" "--count 0" more; do
		# shellcheck disable=SC2086 # two words
		top $wrong
		[ $? -eq 2 ] && [ ! -s "$dir/out" ] || return 1
	done
	top --help && shows "^Usage: kipcctl top"
}
usage
result $? usage

[ $failed -eq 0 ]
