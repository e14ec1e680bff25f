#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# kipcctl channels, queues, endpoints, users, show and status: what there is, in tables and
# JSON, for root and for an ordinary user; and of a server that does not answer they say who
# waits for whom.  TAP; runs as root.
# with: tap_test.sh

. tap_test.sh

module=/lib/modules/kipc.ko

cleanup()
{
	[ -e /sys/module/kipc ] || insmod $module
}

plan 29 /dev/kipc

lines()
{
	[ "$(wc -l < "$dir/out")" -eq "$1" ]
}

# member NAME: the first of that name in the JSON
member()
{
	awk -v name="\"$1\":" '$1 == name { gsub(/[",]/, "", $2); print $2; exit }' "$dir/out"
}

stuck()
{
	kipcctl show channel:stuck > "$dir/out" 2> "$dir/err" &&
		shows "has held call" "1 message waits for the server"
}

clients_are()
{
	kipcctl channels --json > "$dir/out" 2> "$dir/err" && [ "$(member clients)" = "$1" ]
}

all_empty()
{
	for list in channels queues endpoints users; do
		ends 0 $list && lines 1 && shows "^[NU][AS][ME][ER] " || return 1
	done
	ends 0 channels --json && [ "$(cat "$dir/out")" = "[]" ]
}

all_empty
result $? none_is_a_heading_and_an_empty_array

# A server whose command waits: one call is with it, and one waits for it
mkfifo "$dir/go"
kipcctl serve --count 2 channel:stuck -- sh -c "cat > /dev/null; cat $dir/go" > /dev/null 2>&1 &
server=$!
kipcctl call --wait 20 channel:stuck hello > "$dir/reply" 2>&1 & one=$!
eventually clients_are 1
kipcctl call --wait 20 channel:stuck again > /dev/null 2>&1 & two=$!
eventually stuck
result $? who_is_stuck_is_told
# Whichever of the two came first
shows "^The server of channel:stuck, process $server (kipcctl), has held call [0-9]* for [0-9]" \
	": client [0-9]*, process \($one\|$two\) (kipcctl), waits for the reply.$"
result $? who_waits_for_whom
shows "^1 message waits for the server of channel:stuck, .* none of its threads receives"
result $? who_does_not_receive
shows "^  server  *process $server (kipcctl) of root" "^  owner  *root, .* mode 0600" \
	"^ *[0-9]*  client [0-9]*  *$one  kipcctl  *root " "^server  *[0-9]*  call .* awaited$"
result $? show_has_the_rest
ends 0 show --json channel:stuck && shows '^ *"The server of channel:stuck, .*has held call' \
	'"awaited": true' '"kind": "call"' && [ "$(member name)" = stuck ]
result $? show_json

ends 0 channels && lines 2 &&
	shows "^NAME .* POOL$" "^stuck  root   0600  *$server  *2  *2  *[0-9]*  *1  *1 .*[ms] .*/[0-9]*M$"
result $? channels_table
ends 0 channels --json && [ "$(member mode)" = 0600 ] &&
	[ "$(member clients)" = 2 ] && [ "$(member pid)" = $server ] &&
	[ "$(member held)" = 1 ] && [ "$(member queued)" = 1 ] && [ "$(member held_ns)" -gt 0 ]
result $? channels_json
ends 0 endpoints && lines 4 &&
	shows "^channel:stuck  *[0-9]*  server  *$server  kipcctl  *root " \
		"^channel:stuck  *[0-9]*  client [0-9]*  *$one  kipcctl  *root " \
		"^channel:stuck  *[0-9]*  client [0-9]*  *$two  kipcctl  *root "
result $? endpoints_table
ends 0 endpoints --json channel:stuck && [ "$(grep -c '"role": "client"' "$dir/out")" -eq 2 ] &&
	[ "$(grep -c '"role": "server"' "$dir/out")" -eq 1 ]
result $? endpoints_of_one
ends 1 endpoints channel:absent && says "channel:absent" && ends 2 endpoints stuck
result $? endpoints_of_none

ends 0 endpoints --json
id=$(member id)
ends 0 show "endpoint:$id" && shows "^endpoint:$id$" "^  of  *channel:stuck$" &&
	ends 0 show "$id" && shows "channel:stuck"
result $? by_its_number
ends 0 show root && shows "^user:root$" "^endpoints  *3  *65536  everybody  *0$" &&
	shows "^ *[0-9]*  server  *$server  kipcctl"
result $? a_user_with_its_endpoints
ends 0 show stuck user:user && shows "^channel:stuck$" "^user:user$"
result $? several_at_once
ends 1 show absent && says "absent: there is no such" && ends 1 show queue:stuck
result $? one_that_is_not_there

ends 0 users && lines 2 && shows "^root  *0  *3/65536  *1/65536 .*  0$"
result $? users_table
ends 0 users --json && [ "$(member user)" = root ] && [ "$(member uid)" = 0 ] &&
	[ "$(member taken)" = 3 ] && [ "$(member own)" = false ]
result $? users_json

# Others may look, but not at accounts
ends_for_user 0 channels && lines 2 && shows "^stuck  root " && ends_for_user 0 show stuck &&
	shows "has held call"
result $? an_ordinary_user_sees_channels
ends_for_user 0 users && lines 1 && says "only your own account" &&
	ends_for_user 0 show user:user && ends_for_user 1 show user:root && says CAP_SYS_RESOURCE
result $? an_ordinary_user_sees_its_account

# Narrow: columns go, and no row is broken
COLUMNS=40 kipcctl endpoints > "$dir/out" 2> "$dir/err" && lines 4 &&
	shows "^NAME  *ID  ROLE  *PID" && ! shows COMMAND && ! shows MEMORY
result $? narrow_tables_lose_columns

unshare -n kipcctl channels > "$dir/out" 2> "$dir/err" && lines 1 &&
	! unshare -n kipcctl show stuck > "$dir/out" 2>&1
result $? another_network_namespace_has_others

ends 0 status && shows "^channels  *1$" "^endpoints  *3$" "^messages of channels  *2$" \
	"^limit of endpoints  *65536$" "^max_endpoints  *65536$"
result $? status_counts
ends 0 status --json && shows '"loaded": true' '"endpoints": 3,' '"max_fds": "16384"' &&
	[ "$(member channels)" = 1 ]
result $? status_json

# It goes on
echo go > "$dir/go"
eventually clients_are 1
echo go > "$dir/go"
wait $one && wait $two && wait $server
result $? the_calls_end_well

# A queue that is full, and whose sender waits
kipcctl create --max-msgs 1 queue:full && kipcctl send -m a queue:full
kipcctl send -m b queue:full 2> "$dir/err" & sender=$!
full()
{
	ends 0 show queue:full && shows "^1 thread waits for room to send: there are 1 of 1 messages"
}
eventually full && shows "nobody has received one yet" "^ *[0-9]*  [a-z]*  *$sender  kipcctl"
result $? a_full_queue_is_told
kipcctl recv -c 2 queue:full > "$dir/out" && wait $sender && ends 0 show --json queue:full &&
	shows '"stuck": \[\]' && [ "$(member sent)" = 2 ] && ends 0 show full &&
	shows "^Nobody is stuck.$"
result $? then_nobody_is_stuck
kipcctl remove queue:full && ends 0 endpoints && lines 1
result $? nothing_is_left

all_usage()
{
	for verb in "channels --nonsense" "status --nonsense" "channels more" show; do
		# shellcheck disable=SC2086 # its arguments
		ends 2 $verb && [ ! -s "$dir/out" ] || return 1
	done
	ends 0 show --help && shows "^Usage: kipcctl show"
}
all_usage
result $? usage

without()
{
	for verb in channels top limit status; do
		# shellcheck disable=SC2086 # its arguments
		ends 1 $verb && [ "$(wc -l < "$dir/err")" -eq 1 ] && says "kipcctl load" || return 1
	done
}
kipcctl unload && without
result $? without_the_module
insmod $module 2> /dev/null

[ $failed -eq 0 ]
