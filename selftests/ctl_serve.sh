#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# kipcctl serve runs a command for each call, and kipcctl call makes one: what the command is
# told, several at once, and what goes wrong has an exit status that says whether one may try
# again.  (ctl_serve_mechanisms.sh has the mechanisms.)  TAP; runs as root.
# with: tap_test.sh

. tap_test.sh

socket=unix:$dir/socket
export DIR="$dir"

plan 26

details()
{
	for file in serve.err call.err out; do
		head -c 2000 "$dir/$file" | sed "s/^/$file: /"
	done
}

# start ARGUMENT...: a server in the background
start()
{
	kipcctl serve "$@" 2> "$dir/serve.err" > "$dir/serve.out" & server=$!
}

# ends STATUS ARGUMENT...: does the call end so?  Its reply is in out.
ends()
{
	expected=$1
	shift
	kipcctl call --wait 20 "$@" > "$dir/out" 2> "$dir/call.err" < /dev/null
	status=$?
	[ $status -eq "$expected" ] || echo "call: exit status $status" >> "$dir/call.err"
	[ $status -eq "$expected" ]
}

replied() # TEXT
{
	[ "$(cat "$dir/out")" = "$1" ]
}

# finished STATUS: the server ends so, by itself or now by a signal
finished()
{
	wait $server
	[ $? -eq "$1" ]
}

stop()
{
	kill $server
	finished 0
}

called() # REGULAR EXPRESSION: the message of the call
{
	grep -q "$1" "$dir/call.err"
}

served()
{
	grep -q "$1" "$dir/serve.err"
}

# Wait for something that others do
until_true()
{
	for _ in $(seq 400); do
		"$@" && return
		sleep 0.05
	done
	return 1
}

# Is one of the processes whose numbers this file has still there, and more than a zombie?
alive() # FILE
{
	while read -r pid; do
		grep -q '^State:[[:space:]]*[^ZX]' "/proc/$pid/status" 2> /dev/null && return
	done < "$1"
	return 1
}

dead()
{
	! alive "$1"
}

no_children() # PID
{
	! grep -qs "^PPid:[[:space:]]*$1\$" /proc/[0-9]*/status
}

# What the server runs in most cases: the first word of the request says what to do
cat > "$dir/word" << 'END'
#!/bin/sh
read -r word
case $word in
facts)	echo "$KIPC_KIND $KIPC_ADDRESS $KIPC_PEER_UID $KIPC_TYPE ${KIPC_PRIO-none} $OTHER" ;;
pid)	echo "$KIPC_PEER_PID" ;;
deaf)	exec <&-; head -c 300000 /dev/zero ;;
early)	echo early; exec >&-; sleep 0.1 ;;
leave)	sleep 60 & echo $! >> "$DIR/pids"; echo left ;;
fail)	echo "never seen"; exit 3 ;;
die)	kill -KILL $$ ;;
slow)	touch "$DIR/busy"
	while [ ! -e "$DIR/go" ]; do sleep 0.05; done
	echo slow ;;
hang)	echo $$ >> "$DIR/pids"; touch "$DIR/busy"; sleep 60 & echo $! >> "$DIR/pids"; wait ;;
meet)	touch "$DIR/meet.$$"
	while [ "$(ls "$DIR" | grep -c '^meet')" -lt 2 ]; do sleep 0.05; done
	echo met ;;
*)	echo "? $word" ;;
esac
END
chmod 755 "$dir" "$dir/word"

# ---- what goes in and out ----

export KIPC_PRIO=ours OTHER=other
start --jobs 2 "$socket" -- "$dir/word"
unset KIPC_PRIO
ends 0 --type 7 "$socket" facts && replied "call $socket $(id -u) 7 none other"
result $? the_command_is_told_who_calls_and_nothing_that_is_not_so
kipcctl call "$socket" pid > "$dir/out" 2> "$dir/call.err" & caller=$!
wait $caller && replied $caller
result $? and_which_process
{ echo deaf; head -c 400000 /dev/zero; } | kipcctl call "$socket" > "$dir/out" 2> "$dir/call.err" &&
	[ "$(wc -c < "$dir/out")" -eq 300000 ]
result $? a_command_need_not_read_its_request
ends 0 "$socket" early && replied early && ends 0 --timeout 20 "$socket" leave && replied left &&
	alive "$dir/pids"
result $? who_it_leaves_behind_is_not_waited_for
kill "$(cat "$dir/pids")" 2> /dev/null
kipcctl call "$socket" meet > "$dir/first" & first=$!
ends 0 --timeout 20 "$socket" meet && replied met && wait $first && grep -q met "$dir/first"
result $? two_at_once
echo stdin | kipcctl call "$socket" - > "$dir/out" && replied "? stdin" &&
	ends 0 "$socket" && replied "? "
result $? the_request_from_standard_input

stop
ls /proc/self/fd > "$dir/fds"
start --once "$socket" ls /proc/self/fd
ends 0 "$socket" && [ "$(wc -l < "$dir/out")" -eq "$(wc -l < "$dir/fds")" ] && finished 0
result $? the_command_has_no_descriptors_but_its_own

(exec <&- >&-; exec kipcctl serve --once "$socket" tr a-z A-Z) 2> "$dir/serve.err" & server=$!
ends 0 --timeout 20 "$socket" hello && replied HELLO && finished 0
result $? a_server_without_standard_input_and_output

# ---- what goes wrong ----

start --jobs 2 "$socket" -- "$dir/word"
ends 5 "$socket" fail && [ ! -s "$dir/out" ] && served "of user $(id -u): exit status 3"
result $? a_command_that_fails_gives_no_reply_but_an_error
ends 5 "$socket" die && served "killed by signal 9"
result $? and_so_does_one_that_is_killed
ends 6 --timeout 0.5 "$socket" hang && called "may have run"
result $? a_call_whose_time_is_up_may_have_run
rm -f "$dir/busy"
kipcctl call "$socket" hang > "$dir/out" 2> "$dir/call.err" & caller=$!
until_true [ -e "$dir/busy" ]
kill -KILL $server
wait $server 2> /dev/null
wait $caller
[ $? -eq 5 ] && called "had received the call"
result $? a_server_that_dies_with_the_call
xargs kill < "$dir/pids" 2> /dev/null
kipcctl call "$socket" anybody > "$dir/out" 2> "$dir/call.err" < /dev/null
[ $? -eq 4 ] && called "its server has ended"
result $? nobody_is_there

: > "$dir/pids"
start --timeout 0.5 "$socket" "$dir/word"
ends 5 --timeout 30 "$socket" hang && served "its time was up" && until_true dead "$dir/pids"
result $? a_command_that_takes_too_long_is_killed_with_its_children
no_children $server && stop && [ ! -e "$dir/socket" ]
result $? no_zombie_stays_and_no_name
start "$socket" "$dir/word"
rm -f "$dir/busy"
until_true [ -e "$dir/socket" ]
kipcctl call "$socket" slow > "$dir/out" 2> "$dir/call.err" & caller=$!
until_true [ -e "$dir/busy" ]
kill $server
until_true served "a second signal kills"
touch "$dir/go"
finished 0 && wait $caller && replied slow
result $? a_signal_lets_the_running_command_end
start "$socket" "$dir/word"
rm -f "$dir/busy"
until_true [ -e "$dir/socket" ]
: > "$dir/pids"
kipcctl call "$socket" hang > "$dir/out" 2> "$dir/call.err" & caller=$!
until_true [ -e "$dir/busy" ]
kill -HUP $server
until_true served "a second signal kills"
stop && until_true dead "$dir/pids"
status=$?
wait $caller
[ $? -eq 5 ] && [ $status -eq 0 ]
result $? a_second_one_does_not
start --count 2 "$socket" "$dir/word"
ends 5 "$socket" fail && ends 0 "$socket" fine && finished 1
result $? of_a_number_of_calls_one_has_failed
start --once udp:127.0.0.1:7312 -- head -c 200000 /dev/zero
ends 5 --timeout 20 udp:127.0.0.1:7312 && finished 1 && served "larger than a datagram"
result $? or_its_reply_did_not_go
(trap '' HUP; exec kipcctl serve "$socket" cat) 2> "$dir/serve.err" & server=$!
ends 0 "$socket" && kill -HUP $server && kill -INT $server && ends 0 "$socket" hello &&
	replied hello && stop
result $? a_signal_that_is_ignored_at_its_start_does_not_end_it
kipcctl serve "$socket" no-such-command 2> "$dir/serve.err"
[ $? -eq 1 ] && served "no-such-command: no such command" && [ ! -e "$dir/socket" ] &&
	! kipcctl serve "$socket" "$dir" 2> "$dir/serve.err" && served "$dir: no such command"
result $? no_command
for wrong in serve "serve $socket" "serve --jobs 0 $socket cat" "serve --count x $socket cat" \
	"serve --mode 999 $socket cat" call "call a b c" "call --timeout x a" "call --prio 99999 a"; do
	# shellcheck disable=SC2086 # words
	kipcctl $wrong > "$dir/out" 2> "$dir/call.err" < /dev/null
	[ $? -eq 2 ] || { echo "kipcctl $wrong" >> "$dir/call.err"; break; }
	grep -q '^Usage' "$dir/call.err" || break
	wrong=
done
[ -z "$wrong" ] && kipcctl serve --help | grep -q '^Usage' && kipcctl call --help | grep -q '^Usage'
result $? usage
ends 1 "nonsense:x" && ends 1 "$socket?size=x" && called "not a value of option 'size'"
result $? an_address_that_is_wrong

# ---- with the module ----

if [ ! -e /dev/kipc ]; then
	for name in one_way_messages an_ordinary_user unless_the_mode_says_so; do
		skip $name "not here"
	done
else
	start --once queue:serve -- "$dir/word"
	kipcctl send --wait 20 --type 5 --prio 3 -m facts queue:serve 2> "$dir/call.err" && finished 0 &&
		grep -q "^send queue:serve 0 5 3 other\$" "$dir/serve.out" && kipcctl remove queue:serve
	result $? of_a_one_way_message_the_output_goes_to_standard_output
	start channel:closed "$dir/word"
	ends 0 channel:closed hello
	su user -c "kipcctl call channel:closed x" > "$dir/out" 2> "$dir/call.err" < /dev/null
	[ $? -eq 1 ] && called "permission denied" && stop
	result $? an_ordinary_user_is_not_let_in
	start --mode 666 channel:open "$dir/word"
	ends 0 channel:open hello && su user -c "kipcctl call channel:open facts" > "$dir/out" &&
		replied "call channel:open 1000 0 0 other" && stop
	result $? unless_the_mode_says_so
fi

[ $failed -eq 0 ]
