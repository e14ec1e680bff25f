#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# kipcctl serve and kipcctl call over every mechanism that carries calls, and with requests and
# replies larger than any pipe.  (ctl_serve.sh has the rest.)  TAP; runs as root.
# with: tap_test.sh

. tap_test.sh

plan 14

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

address_of() # SCHEME
{
	case $1 in
	unix* | pty | sunrpc) echo "$1:$dir/socket" ;;
	cma) echo "cma:$dir/socket?size=4M" ;;
	binder) echo binder:binder ;;
	tcp) echo tcp:127.0.0.1:7311 ;;
	udp) echo udp:127.0.0.1:7311 ;;
	*) echo "$1:serve-$$" ;;
	esac
}

missing() # SCHEME
{
	case $1 in
	channel) [ ! -e /dev/kipc ] ;;
	binder) [ ! -e /dev/binder ] ;;
	sunrpc) [ ! -e /usr/lib/x86_64-linux-gnu/libtirpc.so.3 ] ;;
	*) false ;;
	esac
}

for scheme in channel unix unix-seqpacket unix-dgram tcp udp cma sunrpc pty auto binder; do
	if missing $scheme; then
		skip "$scheme" "not here"
		continue
	fi
	address=$(address_of $scheme)
	start --count 2 "$address" -- tr a-z A-Z
	ends 0 --timeout 20 "$address" hello && replied HELLO &&
		ends 0 --timeout 20 "$address" "and again" && replied "AND AGAIN" && finished 0
	result $? "$scheme"
done

head -c 1500000 /dev/urandom > "$dir/in"
for scheme in channel unix cma; do
	if missing $scheme; then
		skip "${scheme}_large" "not here"
		continue
	fi
	address=$(address_of $scheme)
	start --once "$address" cat
	kipcctl call --wait 20 --timeout 60 "$address" < "$dir/in" > "$dir/out" 2> "$dir/call.err" &&
		finished 0 && cmp -s "$dir/in" "$dir/out"
	result $? "${scheme}_larger_than_a_pipe_both_ways"
done

[ $failed -eq 0 ]
