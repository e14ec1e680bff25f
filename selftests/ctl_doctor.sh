#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# kipcctl doctor says why one cannot connect, and what to do: each thing that can be wrong is
# made so, and it is that which is found, as root and as an ordinary user, for kipc and for
# the other mechanisms.  TAP; runs as root with the module loaded, and leaves it loaded.
# with: tap_test.sh

. tap_test.sh

subcommand=doctor
module=/lib/modules/kipc.ko
server=

# shellcheck disable=SC2317 # the trap reaches it
cleanup()
{
	[ -z "$server" ] || kill "$server"
	wait
	[ -e /sys/module/kipc ] || insmod $module
	chmod 666 /dev/kipc
}

plan 28 $module /sys/module/kipc

# wrong CHECK FINDING REMEDY: that, and that alone, is wrong, and this is the advice
wrong()
{
	[ "$(grep -c '^WRONG' "$dir/out")" -eq 1 ] && grep -q "^WRONG  $1  *.*$2" "$dir/out" &&
		grep -A 1 '^WRONG' "$dir/out" | grep -q -e "-> .*$3"
}

well() # CHECK FINDING
{
	grep -q "^ok  *$1  *.*$2" "$dir/out"
}

# start COMMAND...: a server, and wait for it
start()
{
	"$@" 2> "$dir/err" & server=$!
}

stop()
{
	kill $server
	wait $server 2> /dev/null
	server=
}

# ---- kipc ----

ends 0 && well module loaded && well device /dev/kipc && well permission root &&
	well interface version && well control netlink && well namespace . && well limits root
result $? all_is_well
ends_for_user 0 && well permission "user user may open" && well limits user
result $? for_an_ordinary_user_too
start kipcctl serve channel:camera date
kipcctl call --wait 20 channel:camera < /dev/null > "$dir/out"
ends 0 channel:camera && well address channel && well name "served by" && well connect works
result $? a_server_that_is_there
ends_for_user 1 channel:camera && wrong mode "mode 0600 of owner root .* user user connect" "kipcctl set channel:camera mode="
result $? a_mode_that_does_not_let_in
ends 1 channel:camrea && wrong name "no channel 'camrea'" "is it channel:camera"
result $? a_name_that_is_nearly_right
ends 1 queue:camera && wrong name "no queue 'camera'" "there is a channel of that name"
result $? a_queue_for_a_channel
ends 1 channel:nobody && wrong name "no channel 'nobody'" "start its server"
result $? nobody_there
unshare -n kipcctl doctor channel:camera > "$dir/out" 2> "$dir/err"
[ $? -eq 1 ] && wrong name "in this network namespace" "in that of process .*nsenter --net -t"
result $? a_name_in_another_network_namespace
stop
kipcctl create queue:jobs --max-msgs 1 --mode 0640 && kipcctl send -m x queue:jobs
ends 0 queue:jobs && well name "1 of 1 messages" && grep -q '^note .*room .*full' "$dir/out"
result $? a_queue_that_is_full
ends_for_user 1 queue:jobs && wrong mode "does not let user user send" "kipcctl set queue:jobs"
result $? a_queue_of_somebody_elses
kipcctl remove queue:jobs
kipcctl limit user names=1 && su user -c "kipcctl create queue:mine"
ends_for_user 1 && wrong limits "names: user user has 1 of the 1" "kipcctl limit user names=N"
result $? a_limit_that_is_reached
kipcctl remove queue:mine && kipcctl limit user names=default
chmod 600 /dev/kipc
ends_for_user 1 && wrong permission "user user may not open /dev/kipc" "udev"
result $? a_device_that_one_may_not_open
chmod 666 /dev/kipc
ends 1 channel:a/b && wrong address "printable characters" "kipc_address(7)" &&
	ends 1 "channel:x?pol=3" && wrong address "no option 'pol'" "kipc_address(7)"
result $? an_address_that_makes_no_sense
ends 1 chanel:x && wrong address "no scheme 'chanel'" "is it channel:x" &&
	ends 1 camera && wrong address "no scheme" "channel:camera"
result $? a_scheme_that_is_none

# ---- others ----

start kipcctl serve --mode 600 "unix-seqpacket:$dir/socket" date
kipcctl call --wait 20 "unix-seqpacket:$dir/socket" < /dev/null > "$dir/out"
ends 0 "unix-seqpacket:$dir/socket" && well path "is a socket" && well listener open && well connect .
result $? a_socket
ends 1 "unix:$dir/socket" && wrong type "that of unix-seqpacket:" "unix-seqpacket:$dir/socket"
result $? a_socket_of_another_type
ends_for_user 1 "unix-seqpacket:$dir/socket" && wrong path "may not enter $dir" "chmod +x"
result $? a_directory_that_is_closed
chmod 755 "$dir"
ends_for_user 1 "unix-seqpacket:$dir/socket" && wrong mode "does not let user user write" "mode=666"
result $? a_socket_that_is_closed
kill -KILL $server
wait $server 2> /dev/null
server=
ends 1 "unix-seqpacket:$dir/socket" && wrong listener "nobody listens" "start the server"
result $? a_socket_that_was_left_behind
ends 1 "unix:$dir/none" && wrong path "No such file" "start the server" &&
	ends 1 "unix:$dir/no/where" && wrong path "$dir/no: No such file" "make the directory" &&
	ends 1 unix:@nobody-at-all && wrong listener "abstract name" "start the server"
result $? no_socket
: > "$dir/file"
ends 1 "fifo:$dir/file" && wrong path "is a file, and not a FIFO" "another path"
result $? no_fifo
ends 1 tcp:127.0.0.1:7399 && wrong listener "nobody answers at port 7399" "start the server"
result $? no_listener
ends 1 posix-mq:/kipc-nobody && wrong path "No such file" .
result $? no_queue

ends 0 pipe: && grep -q "not tried: .* no checks for pipe:" "$dir/out"
result $? what_it_knows_nothing_of
long=$(printf '%0506d' 0)
ends 1 "unix:${long#?}" && wrong address "at most 107 bytes" "kipc_address(7)" &&
	ends 1 "unix:$long" && wrong address "at most 107 bytes" "kipc_address(7)"
result $? an_address_as_long_as_a_finding

# ---- for programs, and without the module ----

ends 1 --json channel:nobody && grep -q '"well": false' "$dir/out" &&
	grep -q '"verdict": "wrong"' "$dir/out" && ends 0 --json && grep -q '"address": null' "$dir/out" &&
	ends 1 --json "channel:$(printf 'a\377b')" && grep -q '"address": "channel:a?b"' "$dir/out" &&
	ends 2 --nonsense && ends 2 a b && ends 0 --help
result $? json_and_usage
mv /dev/kipc /dev/kipc.away
ends 1 && wrong device "is not there" "mknod -m 666 /dev/kipc c [0-9]* [0-9]*"
missing=$?
mknod /dev/kipc c 10 250
ends 1 && wrong device "has the number 10:250" "remove it"
stale=$?
rm /dev/kipc
mv /dev/kipc.away /dev/kipc
[ $missing -eq 0 ] && [ $stale -eq 0 ]
result $? a_device_that_is_not_there_or_another
kipcctl unload && ends 1 channel:x && wrong module "not loaded" "kipcctl load" &&
	[ ! -e /sys/module/kipc ]
result $? no_module

[ $failed -eq 0 ]
