#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# kipcctl monitor: what happens is told, once, in order, as text and as JSON; what goes wrong
# with who is concerned and why; to an ordinary user no more than objects; and when events are
# lost, that; and it ends when it is told to, also where nobody reads.  TAP; runs as root.
# with: tap_test.sh

. tap_test.sh

monitor=
others=
chmod 755 "$dir"
parameters=/sys/module/kipc/parameters
held_long=$(cat $parameters/pool_stuck 2> /dev/null)
room=$(cat /proc/sys/net/core/rmem_max)

plan 22 /dev/kipc

# shellcheck disable=SC2317 # the trap reaches it
cleanup()
{
	echo "$held_long" > $parameters/pool_stuck
	echo "$room" > /proc/sys/net/core/rmem_max
	# shellcheck disable=SC2086 # several, or none
	kill -KILL $monitor $others 2> /dev/null
}

# start ARGUMENT...: it listens when this returns
start()
{
	: > "$dir/err"
	kipcctl monitor "$@" > "$dir/out" 2> "$dir/err" & monitor=$!
	eventually says listening
}

start_for_user()
{
	: > "$dir/err"
	su user -c "exec kipcctl monitor" > "$dir/out" 2> "$dir/err" & monitor=$!
	eventually says listening
}

# listen FILE COMMAND...: one more, with what it says in FILE.err
listen()
{
	file=$1
	shift
	: > "$file.err"
	"$@" > "$file" 2> "$file.err" & listener=$!
	others="$others $listener"
	eventually grep -q listening "$file.err"
}

gone()
{
	[ ! -e "/proc/$1/exe" ]
}

# What it ends with by itself, or when told to
ended()
{
	wait "$monitor"
	status=$?
	monitor=
	[ $status -eq "$1" ]
}

stop()
{
	kill -TERM "$monitor"
	ended 0
}

# ordered REGULAR EXPRESSION...: are there lines like these, one after the other?
ordered()
{
	awk '
	BEGIN { for (i = 1; i < ARGC; i++) { want[i] = ARGV[i]; delete ARGV[i] } n = ARGC; i = 1 }
	i < n && $0 ~ want[i] { i++ }
	END { exit i < n }
	' "$@" < "$dir/out"
}

one_call()
{
	kipcctl serve --once channel:clock -- cat > /dev/null 2>&1 & server=$!
	kipcctl call --wait 20 channel:clock now > /dev/null
	wait $server
}

one_queue()
{
	kipcctl create "$@" --max-msgs 7 && kipcctl remove "$@"
}

start --objects
one_queue queue:jobs
one_call
eventually shows channel-gone "endpoint-gone .*client"
ordered "queue-new .*queue:jobs of root, mode 0600, room for 7 messages" \
	"queue-gone .*queue:jobs, with 0 messages in it"
result $? a_queue_comes_and_goes
# Each in its order; the client may be told of before the server, and gone after it
ordered "channel-new .*channel:clock of root, mode 0600, served by process $server" \
	"channel-gone .*channel:clock after [1-9][0-9]* messages" &&
	ordered "endpoint-new .*client [0-9]* of channel:clock, process [0-9]* .*of root" \
		"endpoint-gone .*client [0-9]* of channel:clock"
result $? a_channel_comes_and_goes
[ "$(grep -c channel-new "$dir/out")" -eq 1 ] && [ "$(grep -c channel-gone "$dir/out")" -eq 1 ] &&
	[ "$(grep -c queue-new "$dir/out")" -eq 1 ] && [ "$(grep -c queue-gone "$dir/out")" -eq 1 ]
result $? once_each
[ "$(grep -vc '^[0-2][0-9]:[0-5][0-9]:[0-5][0-9]\.[0-9]\{6\} [a-z-]* ' "$dir/out")" -eq 0 ] &&
	sort -c "$dir/out" 2> "$dir/err"
result $? each_line_has_its_time
stop
result $? a_signal_ends_it_well

start --objects --json --count 2 --name 'queue:j*'
one_queue queue:other
one_call
one_queue queue:jobs
ended 0 && [ "$(wc -l < "$dir/out")" -ge 2 ] &&
	ordered '^{"event":"queue-new","time_ns":[0-9]*,"queue":{"name":"jobs","mode":"0600",.*"max_msgs":7,.*}}$' &&
	! shows other && ! shows clock
result $? json_of_what_is_asked_for
start --objects --name nothing --timeout 0.2
one_queue queue:jobs
ended 0 && [ ! -s "$dir/out" ]
result $? the_time_is_up
start --objects --name nothing --timeout 0.2 --count 1
ended 1 && says "the time was up after 0 of 1 events"
result $? the_time_is_up_too_early

# Trouble: each with who, and why.  Three listen to the same: they cost less than trouble
listen "$dir/json" kipcctl monitor --trouble --json --count 1
json=$listener
listen "$dir/user" su user -c "exec kipcctl monitor"
user=$listener
start --trouble
kipcctl limit user names=0
su user -c 'kipcctl create queue:mine' > /dev/null 2>&1
eventually shows limit-hit
kipcctl limit user names=default
ordered "limit-hit .*user wanted 1 names and may have 0"
result $? a_limit_that_is_hit
stop
eventually gone "$json" && wait "$json" && grep -q '^{"event":"limit-hit","time_ns":[0-9]*,"uid":1000,"pid":[0-9]*,"pid_ns":[0-9]*,"what":"names","limit":0,"wanted":1,"times":[0-9]*}$' "$dir/json"
result $? a_limit_as_json
one_queue queue:jobs
eventually grep -q "queue-gone .*queue:jobs" "$dir/user"
grep -q "objects only: trouble needs CAP_NET_ADMIN" "$dir/user.err" &&
	grep -q "queue-new .*queue:jobs" "$dir/user"
result $? an_ordinary_user_is_told_of_objects
! grep -q limit-hit "$dir/user"
result $? and_of_no_trouble
kill "$user"
wait "$user"
su user -c 'kipcctl monitor --trouble' > "$dir/out" 2> "$dir/err"
[ $? -eq 1 ] && says "CAP_NET_ADMIN" && [ ! -s "$dir/out" ]
result $? nor_if_it_asks_for_it

mkfifo "$dir/go"
kipcctl serve channel:stuck -- sh -c "cat > /dev/null; cat $dir/go" > /dev/null 2>&1 & server=$!
echo 1 > $parameters/pool_stuck
start --trouble
kipcctl call --wait 20 --timeout 1 channel:stuck now 2> /dev/null
[ $? -eq 6 ] && eventually shows call-failed
ordered "call-failed .*client [0-9]* of channel:stuck, process [0-9]* of root, call [0-9]*: .*timed out; the server has seen it, it may have run"
result $? a_call_that_failed
kipcctl call --timeout 0.3 channel:stuck now 2> /dev/null
[ $? -eq 4 ] && eventually ordered "the server has seen it" \
	"call-failed .*timed out; the server has not seen it"
result $? a_call_that_was_not_delivered
eventually shows pool-stuck
ordered "pool-stuck .*the server of channel:stuck, process $server of root, holds [0-9]* message.*, the oldest for [1-9]"
result $? a_pool_that_is_stuck
stop

# It is told of where there is somebody else to whom it matters
start --trouble --json --name stuck
kipcctl call channel:stuck now 2> /dev/null & client=$!
connected()
{
	kipcctl channels --json | grep -q '"clients": 1,'
}
eventually connected
kill -KILL $server
wait $server $client 2> /dev/null
eventually shows peer-died
ordered '^{"event":"peer-died",.*"uid":0,"pid":'$server',.*"name":"stuck",.*"role":"server",'
result $? a_server_that_died
stop
# Its command may have been left
timeout 2 sh -c "echo go > $dir/go"

unshare -n sh -c "kipcctl monitor --timeout 1 > $dir/out 2> $dir/err" & monitor=$!
eventually says listening
one_queue queue:jobs
ended 0 && [ ! -s "$dir/out" ]
result $? another_network_namespace_is_quiet

# Hundreds of events, while it does not take them and has little room
echo 4096 > /proc/sys/net/core/rmem_max
start_for_user
kill -STOP "$monitor"
many=$(seq 200 | sed 's/^/queue:many/')
# shellcheck disable=SC2086 # one word a queue
kipcctl create $many && kipcctl remove $many
kill -CONT "$monitor"
eventually shows " lost "
ordered "queue-new .*queue:many1 " " lost .*some are missing"
result $? what_is_lost_is_told
one_queue queue:last
eventually ordered " lost " "queue-gone .*queue:last"
result $? and_then_it_goes_on
stop

# A pipe that is full, and that nobody reads
mkfifo "$dir/full"
ln -s full "$dir/same"
exec 3<> "$dir/full"
head -c 65536 /dev/zero >&3
listen "$dir/same" kipcctl monitor --objects
told=$listener
listen "$dir/full" kipcctl monitor --objects --timeout 1
one_queue queue:jobs
kill -TERM "$told"
eventually gone "$told" && wait "$told" && eventually gone "$listener" && wait "$listener"
result $? it_ends_where_nobody_reads
exec 3>&-

kipcctl monitor --nonsense > "$dir/out" 2> "$dir/err"
[ $? -eq 2 ] && [ ! -s "$dir/out" ] && kipcctl monitor --help > "$dir/out" && shows "^Usage:" &&
	! kipcctl monitor --count 0 2> /dev/null && ! kipcctl monitor -T x 2> /dev/null
result $? usage

[ $failed -eq 0 ]
