# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh
#
# What the guest's jobs share.

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
