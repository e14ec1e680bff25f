#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# kipcctl create and remove: queues that are there before their users, with the limits, mode
# and owner that were asked for, again and again the same.  TAP; runs as root.
# with: tap_test.sh

. tap_test.sh

plan 13 /dev/kipc

# listed QUEUE REGULAR EXPRESSION...: the table's line, its owner, mode and limits
listed()
{
	kipcctl queues > "$dir/out" && grep -q "^$1 $2" "$dir/out"
}

(umask 077; ends 0 create queue:made --max-msgs 7 --max-bytes 1M --max-size 64K --mode 0660)
listed made '.* root  *0660  *0/7  *0/1M '
result $? with_its_limits_and_mode_whatever_the_umask
ends 0 create queue:made -n 7 && ends 0 create queue:made -b 1M -s 64K && listed made '.* 0660 '
result $? again_with_the_same_limits
ends 1 create queue:made --max-msgs 8 && says "other limits" && listed made '.* 0/7 '
result $? other_limits_are_a_failure_and_change_nothing
ends 0 create queue:made --owner user --group 1000 --mode 0640 && listed made '.* user  *0640 '
result $? owner_and_mode_by_name_and_number
ends_for_user 0 send --wait 0 -m hello queue:made && listed made '.* 1/7 '
result $? its_owner_may_use_it
ends 0 create queue:roots --mode 0666 && ends_for_user 1 create queue:roots --mode 0600 &&
	says "only its owner" && listed roots '.* root  *0666 ' && ends 0 remove queue:roots
result $? and_nobody_else_may_change_it
ends_for_user 0 create queue:mine queue:too && listed mine '.* user  *0600 ' && listed too '.* user'
result $? an_ordinary_user_makes_two
ends 0 remove queue:made queue:mine queue:too && ! listed made '.*'
result $? remove
ends 1 remove queue:made queue:mine && says "queue:made: " && says "queue:mine: " &&
	ends 0 remove --force queue:made && ends 1 unlink queue:made
result $? what_is_not_there_cannot_be_removed
ends 0 create posix-mq:/kipc-made --max-msgs 3 --max-size 1K --mode 0644 &&
	[ "$(stat -c %a /dev/mqueue/kipc-made)" = 644 ] && ends 0 remove posix-mq:/kipc-made
result $? a_posix_queue
ends 0 create sysv-msg:0x6b637431 --mode 0604 -b 2K &&
	awk '$1 == 1801679921 && $3 == 604 { found = 1 } END { exit !found }' /proc/sysvipc/msg &&
	ends 0 remove sysv-msg:0x6b637431
result $? a_system_v_queue
ends 1 create channel:made && says "only queues" && ends 1 create nonsense:made &&
	ends 1 create posix-mq:/kipc-made --max-bytes 5 && says "no option 'bytes'"
result $? what_cannot_be_made
ends 2 create && ends 2 create queue:x --mode 888 && says "no mode" &&
	ends 2 create queue:x --max-msgs 0 && says "no number" &&
	ends 1 create queue:x --owner nobody-at-all && says "no user" &&
	ends 1 create queue:x --group nobody-at-all && says "no group" &&
	ends 2 create queue:x --max-size 7Q && ends 0 create --help && ends 0 remove --help &&
	ends 2 remove && ! listed x '.*'
result $? usage

[ $failed -eq 0 ]
