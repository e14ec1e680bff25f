#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# kipcctl limit and set: what is set is shown and bites, nobody else is affected, who may not
# set it is told what it takes, and what is misspelt changes nothing.  TAP; runs as root.
# with: tap_test.sh

. tap_test.sh

names=$(cat /sys/module/kipc/parameters/max_names 2> /dev/null)

plan 21 /dev/kipc

# shellcheck disable=SC2317 # the trap reaches it
cleanup()
{
	echo "$names" > /sys/module/kipc/parameters/max_names
	kipcctl remove --force queue:mine queue:yours 2> /dev/null
}

# charge NAME MEMBER: of the account in the JSON
charge()
{
	awk -v name="\"$1\":" -v member="\"$2\":" '
	$2 == "{" { here = $1 == name }
	here && $1 == member { gsub(/[",]/, "", $2); print $2; exit }
	' "$dir/out"
}

ends 0 limit && [ "$(wc -l < "$dir/out")" -eq 8 ] && shows "^WHAT  *LIMIT$" \
	"^endpoints  *65536$" "^names  *$names$" "^queue_bytes  *256M$" "^fds  *16384$"
result $? defaults
ends 0 limit --json && shows '"uid": null' && [ "$(charge queue_bytes limit)" = 268435456 ]
result $? defaults_json
ends 0 limit user && shows "^endpoints  *0  *65536  everybody  *0$" && ! shows "this user"
result $? a_user_without_an_account

ends 0 limit user pool_bytes=64M max_fds=3 && [ ! -s "$dir/out" ] && ends 0 limit user &&
	shows "^pool_bytes  *0  *64M  this user  *0$" "^fds  *0  *3  this user" \
		"^names  *0  *$names  everybody"
result $? what_is_set_is_shown
ends 0 limit root --json && [ "$(charge fds own)" = false ]
result $? nobody_else_has_it
ends 0 limit user queue_bytes=3K queue_msgs=1G && ends 0 limit user --json &&
	[ "$(charge queue_bytes limit)" = 3072 ] && [ "$(charge queue_msgs limit)" = 1073741824 ]
result $? units

ends 0 limit user names=0 && ends_for_user 1 recv -t 0.1 channel:mine && says "limits of kipc" &&
	ends 0 limit user && shows "^names  *0  *0  this user  *1$" &&
	ends 0 users && shows "^user  *1000 .* 0/0\*!  *0/64M\* .* 0/3\*  *1$"
result $? it_bites_and_is_counted
ends 6 recv -t 0.1 channel:mine
result $? others_go_on
ends 0 limit user names=default && ends 0 limit user --json && [ "$(charge names own)" = false ] &&
	ends_for_user 6 recv -t 0.1 channel:mine
result $? the_default_again

ends 0 limit user names=5 && ends 0 limit --default names=0 && ends 0 limit &&
	shows "^names  *0$" && ends 1 recv -t 0.1 channel:mine && says "limits of kipc" &&
	ends_for_user 6 recv -t 0.1 channel:mine
result $? defaults_bite_who_has_no_own
ends 0 limit --default "names=$names" && ends 0 limit && shows "^names  *$names$"
result $? defaults_set_back

ends_for_user 1 limit user fds=9 && says "CAP_SYS_RESOURCE" &&
	ends 0 limit user --json && [ "$(charge fds limit)" = 3 ]
result $? an_ordinary_user_sets_nothing
ends_for_user 0 limit user --json && [ "$(charge fds limit)" = 3 ] &&
	ends_for_user 1 limit root && says "the account of root"
result $? an_ordinary_user_looks

misspelt()
{
	for what in fds=x fds; do
		ends 2 limit user names=7 "$what" || return 1
	done
	ends 0 limit user --json && [ "$(charge names limit)" = 5 ]
}
misspelt && ends 2 limit user pol_bytes=5 && says "is it 'pool_bytes'"
result $? what_is_misspelt_changes_nothing
ends 2 limit fds=5 && says "whose limit" && ends 1 limit somebody fds=5 &&
	says "no user 'somebody'" && ends 2 limit --default fds=default && ends 2 limit --nonsense
result $? usage

# What a channel or queue is changed to
kipcctl create queue:mine && ends 0 set queue:mine mode=0660 owner=user group=tty max_msgs=2 &&
	ends 0 queues --json && shows '"mode": "0660"' '"uid": 1000' '"gid": 5' \
		'"max_msgs": 2' '"creator_uid": 0'
result $? set_changes_all
ends_for_user 0 set queue:mine max_bytes=3K max_size=1K && ends 0 queues --json &&
	shows '"max_bytes": 3072' '"max_size": 1024'
result $? its_owner_may
ends_for_user 0 send -m a -m b queue:mine && ends_for_user 6 send -t 0.1 -m c queue:mine
result $? a_queue_s_limit_bites
kipcctl create queue:yours && ends_for_user 1 set queue:yours mode=0666 &&
	says "only its owner" && ends 0 queues --json && ! shows '"mode": "0666"'
result $? others_may_not
kipcctl serve --once channel:mine -- cat > /dev/null 2>&1 & server=$!
for _ in $(seq 100); do
	kipcctl set channel:mine mode=0666 group=user 2> "$dir/err" && break
	sleep 0.1
done
ends 0 channels --json && shows '"mode": "0666"' '"gid": 1000' &&
	ends_for_user 0 call channel:mine second && [ "$(cat "$dir/out")" = second ]
result $? a_channel_is_opened_to_others
wait $server
ends 1 set queue:absent mode=600 && says "there is none" && ends 1 set queue:mine owner=somebody &&
	ends 2 set queue:mine mode=600 weight=9 && ends 2 set channel:mine max_msgs=3 &&
	ends 0 queues --json && shows '"mode": "0660"'
result $? set_usage

[ $failed -eq 0 ]
