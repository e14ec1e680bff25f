#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# The programs of Documentation/examples do what they say: the client against each
# server over each mechanism that calls, many clients at once, and the one that is
# called back; a command under a lock.  TAP; runs under any POSIX sh, with the examples in PATH.

dir=$(mktemp -d) || exit 1
server=
trap '[ -z "$server" ] || kill "$server"; rm -rf "$dir"' EXIT
number=0
failures=0

report() { # STATUS NAME
	number=$((number + 1))
	if [ "$1" -eq 0 ]; then
		echo "ok $number $2"
	else
		echo "not ok $number $2"
		failures=$((failures + 1))
		sed 's/^/# /' "$dir/out" "$dir/err"
	fi
	: >"$dir/out"
	: >"$dir/err"
}

start() { # COMMAND...
	"$@" >>"$dir/out" 2>>"$dir/err" &
	server=$!
	sleep 1
}

# Its status: one server ends by a signal, the other because of it
stop() {
	kill $server
	wait $server
	status=$?
	server=
	return $status
}

is_a_time() {
	[ "$(tr 0-9 0 <"$dir/time")" = "00:00:00" ]
}

one_client() { # ADDRESS
	clock-client "$1" >"$dir/time" 2>>"$dir/err" && is_a_time
}

many_clients() { # ADDRESS
	for client in 1 2 3 4 5 6 7 8 9 10; do
		clock-client "$1" >"$dir/time.$client" 2>>"$dir/err" &
	done
	for client in 1 2 3 4 5 6 7 8 9 10; do
		wait_for "$dir/time.$client" || return
		mv "$dir/time.$client" "$dir/time"
		is_a_time || return
	done
}

# A background job's output, within some seconds
wait_for() { # FILE
	for _ in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
		[ ! -s "$1" ] || return 0
		sleep 0.2
	done
	return 1
}

nobody_there() { # ADDRESS
	! clock-client "$1" >"$dir/out" 2>"$dir/err" && grep -q "$1: .*server" "$dir/err"
}

echo "TAP version 13"
echo "1..40"

for program in threaded-server epoll-server libuv-server; do
	for address in channel:clock "unix-seqpacket:$dir/clock"; do
		start $program "$address"
		one_client "$address"
		report $? "$program over ${address%%:*}"
		many_clients "$address"
		report $? "$program over ${address%%:*}, many clients"
		stop
		ended=$?
		nobody_there "$address"
		report $? "$program over ${address%%:*} has ended, which the client says"
	done
	[ $program = threaded-server ] || report "$ended" "$program ends by itself"
done

for address in "unix:$dir/clock" "unix-dgram:$dir/clock" tcp:127.0.0.1:7010 "cma:$dir/clock" \
	"sunrpc:$dir/clock"; do
	start threaded-server "$address"
	one_client "$address"
	report $? "the same two programs over ${address%%:*}"
	stop
done

start callback server
callback client >"$dir/out" 2>>"$dir/err" &&
	[ "$(cat "$dir/out")" = "letter? yes
secret? no
poem? yes
copied 2" ]
report $? "callback"
stop
callback client >>"$dir/out" 2>>"$dir/err"
[ $? -eq 1 ] && grep -q "channel:copier: nobody listens" "$dir/err"
report $? "callback without its server"

start door
echo "behind the door" >"$dir/file"
door "$dir/file" >"$dir/out" 2>>"$dir/err" && [ "$(cat "$dir/out")" = "behind the door" ]
report $? "door"
door "$dir/none" >>"$dir/out" 2>>"$dir/err"
grep -q "none: it cannot be opened" "$dir/err"
report $? "door without what is asked for"
stop

start threaded-server channel:clock
who-talks >"$dir/out" 2>>"$dir/err" && grep -q "^clock: process $server of user 0$" "$dir/out"
report $? "who-talks"
stop

every-transport >"$dir/out" 2>"$dir/err"
report $? "the same over every transport"

# A command under a lock, by whatever address
only_one() { # ADDRESS
	rm -f "$dir/held" "$dir/done"
	lock "$1" sh -c "touch '$dir/held'; until [ -e '$dir/done' ]; do sleep 0.2; done" &
	holder=$!
	wait_for_file "$dir/held" && ! lock "$1" true 2>"$dir/err" &&
	grep -q "$1: the time was up" "$dir/err"
	refused=$?
	touch "$dir/done"
	wait $holder && [ $refused -eq 0 ] || return
	lock "$1" sh -c 'exit 7'
	[ $? -eq 7 ]
}

wait_for_file() { # FILE
	for _ in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
		[ ! -e "$1" ] || return 0
		sleep 0.2
	done
	return 1
}

only_one "flock:$dir/lock"
report $? "lock, a file lock"
only_one mutex:/kipc-example
report $? "lock, a mutex"
rm -f "$dir/held"
lock mutex:/kipc-example sh -c "touch '$dir/held'; sleep 1" &
wait_for_file "$dir/held"
kill -9 $!
wait $! 2>/dev/null
lock mutex:/kipc-example true 2>"$dir/err" && grep -q "died" "$dir/err"
report $? "lock, a mutex whose owner was killed"
rm -f /dev/shm/kipc-mutex.kipc-example

for address in channel: queue:; do
	region "$address" >"$dir/out" 2>"$dir/err" &&
		[ "$(cat "$dir/out")" = "1048576 bytes, for good, the last one is '~'" ]
	report $? "a region passed over ${address%:}"
done

for address in signal:RTMIN+3 eventfd:; do
	notice "$address" >"$dir/out" 2>>"$dir/err" && [ "$(cat "$dir/out")" = 42 ]
	report $? "notice over ${address%%:*}"
done

tracer sh -c 'kill -URG $$; exit 3' >>"$dir/out" 2>>"$dir/err" &&
	grep -q '\] call [0-9]*(.*) = ' "$dir/err" && grep -q '\] signal 23$' "$dir/err" &&
	grep -q '\] ended: 3$' "$dir/err"
report $? "tracer of a shell"
tracer /no/such/program >>"$dir/out" 2>>"$dir/err"
[ $? -eq 127 ] && grep -q 'no such process, thread or program' "$dir/err"
report $? "tracer of nothing"

[ $failures -eq 0 ]
