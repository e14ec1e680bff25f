#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# kipcctl moves a whole file of several megabytes over every mechanism, between two
# processes, with the receiver first and with the sender first, and the SHA-256 is
# the same at the other end.  A sender that dies half-way is a failed receive.
# TAP; runs as root under any POSIX sh, with kipcctl in PATH.

KIPCCTL=${KIPCCTL:-kipcctl}
MEGABYTES=${MEGABYTES:-6}
dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT
number=0
failures=0

report() { # VERDICT NAME
	number=$((number + 1))
	case $1 in
	ok) echo "ok $number $2" ;;
	skip) echo "ok $number $2 # SKIP no /dev/kipc" ;;
	*)
		echo "not ok $number $2"
		failures=$((failures + 1))
		sed 's/^/# /' "$dir"/*.err 2>/dev/null
		;;
	esac
	rm -f "$dir"/*.err "$dir/out"
}

same() { # the file that came is the file that went
	[ "$(sha256sum <"$dir/in")" = "$(sha256sum <"$dir/out")" ]
}

missing() { # SCHEME: does it need the module, and is there none?
	case $1 in
	channel | queue) [ ! -e /dev/kipc ] ;;
	*) false ;;
	esac
}

receiver_first() { # ADDRESS
	$KIPCCTL recv --timeout 60 "$1" "$dir/out" 2>"$dir/recv.err" &
	receiver=$!
	sleep 1
	$KIPCCTL send --timeout 60 "$1" "$dir/in" 2>"$dir/send.err"
	sent=$?
	wait $receiver && [ $sent -eq 0 ] && same
}

sender_first() { # ADDRESS
	$KIPCCTL send --wait 60 --timeout 60 "$1" "$dir/in" 2>"$dir/send.err" &
	sender=$!
	sleep 1
	$KIPCCTL recv --timeout 60 -o "$dir/out" "$1" 2>"$dir/recv.err"
	received=$?
	wait $sender && [ $received -eq 0 ] && same
}

through_shell_pipe() {
	$KIPCCTL send pipe: - <"$dir/in" 2>"$dir/send.err" |
		$KIPCCTL recv pipe: >"$dir/out" 2>"$dir/recv.err" && same
}

# Half the stream, and then the end of it, is no file.
cut_short() {
	! $KIPCCTL send pipe: "$dir/in" 2>"$dir/send.err" |
		head -c 1000000 |
		$KIPCCTL recv pipe: >"$dir/out" 2>"$dir/recv.err"
}

address_of() { # SCHEME
	case $1 in
	fifo) echo "fifo:$dir/fifo" ;;
	unix-seqpacket) echo "unix-seqpacket:$dir/socket" ;;
	posix-mq) echo "posix-mq:/kipc-transfer-$$" ;;
	sysv-msg) echo "sysv-msg:$dir/in" ;;
	*) echo "$1:transfer-$$" ;;
	esac
}

transfer() { # SCHEME
	address=$(address_of "$1")
	for order in receiver_first sender_first; do
		if missing "$1"; then
			report skip "$1 $order"
			continue
		fi
		if $order "$address"; then
			report ok "$1 $order"
		else
			report fail "$1 $order"
		fi
		[ "$1" != queue ] || $KIPCCTL unlink "$address"
	done
}

echo "TAP version 13"
echo "1..15"

dd if=/dev/urandom of="$dir/in" bs=1048576 count="$MEGABYTES" 2>/dev/null
# Not a multiple of anything
echo "and a little more" >>"$dir/in"

for scheme in channel queue fifo unix-seqpacket posix-mq sysv-msg; do
	transfer $scheme
done
if through_shell_pipe; then
	report ok "pipe, in a shell pipeline"
else
	report fail "pipe, in a shell pipeline"
fi
if cut_short; then
	report ok "a stream that is cut short is a failure"
else
	report fail "a stream that is cut short is a failure"
fi
if $KIPCCTL send --wait 0 "unix-seqpacket:$dir/nobody" "$dir/in" 2>"$dir/send.err"; then
	report fail "sending to nobody is a failure"
else
	report ok "sending to nobody is a failure"
fi

[ $failures -eq 0 ]
