# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh
#
# What the guest's jobs share.

# Words to the host go through a pipe that a process of its own empties into the port.
# Into the port itself they could be lost: a shell that is told of a child's end while it
# writes to a terminal has that write cut short, and drops the rest. Into a pipe it writes
# a line of up to 4 KiB whole or, cut short, not at all, and can try again.
open_verdict()
{
	mkfifo /run/verdict
	cat /run/verdict > "$1" & forwarder=$!
	exec 5> /run/verdict
	rm /run/verdict
}

tell()
{
	until printf '%s\n' "$*" >&5; do
		:
	done
}

# Returns when the host has it all
close_verdict()
{
	exec 5>&-
	wait "$forwarder"
}

# Load stock modules that this guest was given, and then the one under test
load_modules()
{
	xargs -rn1 modprobe < /job/modules || return
	insmod /lib/modules/kipc.ko && kipc_device
}

# What udev does on a machine that has it
kipc_device()
{
	[ ! -e /dev/kipc ] || chmod 666 /dev/kipc
}
