#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# kipcctl send and recv move single messages: texts and lines, with types and priorities, as
# text, raw or as JSON; and their exit status says what became of them.  (transfer.sh has
# files.)  TAP; runs as root.
# with: tap_test.sh

. tap_test.sh

plan 18 /dev/kipc

# The same, while another one's output is in out and err
ends_quietly()
{
	expected=$1
	shift
	kipcctl "$@" > "$dir/quiet" 2>&1
	[ $? -eq "$expected" ]
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

writing() # PID: is it in write() or writev()?
{
	grep -q -e '^1 ' -e '^20 ' "/proc/$1/syscall"
}

gone() # PID: has it ended, waited for or not?
{
	! grep -qs '^State:[[:space:]]*[^ZX]' "/proc/$1/status"
}

# came TEXT: is that what was received, to the byte?
came()
{
	printf '%b' "$1" | cmp -s - "$dir/out"
}

ends 0 create queue:messages --max-size 1K --max-msgs 100
ends 0 send -m one -m 'two words' -m '' queue:messages && ends 0 recv --count 3 queue:messages &&
	came 'one\ntwo words\n\n'
result $? texts_become_lines
printf 'first\n\nlast without an end' | ends 0 send --each-line queue:messages &&
	ends 0 recv -c 3 queue:messages && came 'first\n\nlast without an end\n'
result $? each_line_is_a_message
printf 'a\nb\n' > "$dir/in"
ends 0 send --each-line queue:messages "$dir/in" && ends 0 recv -c 2 --raw queue:messages "$dir/got" &&
	cp "$dir/got" "$dir/out" && came ab
result $? raw_into_a_file
ends 0 send --prio 1 -m low queue:messages && ends 0 send --prio 9 -m high queue:messages &&
	ends 0 recv -c 2 queue:messages && came 'high\nlow\n'
result $? priorities
ends 0 send --type 1 -m one queue:messages && ends 0 send --type 2 -m two queue:messages &&
	ends 0 recv -c 1 --type 2 queue:messages && came 'two\n' &&
	ends 0 recv -c 1 queue:messages && came 'one\n'
result $? types
kipcctl send --type 7 --prio 3 -m 'a "text"' queue:messages 2> "$dir/err" & sender=$!
wait $sender
ends 0 recv -c 1 --json queue:messages &&
	echo '{"type":7,"prio":3,"pid":'$sender',"uid":0,"gid":0,"len":8,"data":"a \"text\""}' |
	cmp -s - "$dir/out"
result $? json_has_all_that_is_known
printf 'a\0\377z' > "$dir/in"
ends 0 send --each-line queue:messages "$dir/in" && ends 0 recv -c 1 --json queue:messages &&
	grep -q '"len":4,"base64":"YQD/eg=="}$' "$dir/out"
result $? what_is_no_text_is_base64_in_json
ends 6 recv -c 1K --timeout 0.1 queue:messages && says "the time was up" && came ''
result $? nothing_came_in_time
head -c 2000 /dev/zero | tr '\0' x > "$dir/in"
ends 1 send --each-line queue:messages "$dir/in" && says "larger than the queue's messages"
result $? a_message_that_is_too_large
ends 0 create queue:narrow --max-msgs 1 && ends 6 send --timeout 0.1 -m 1 -m 2 queue:narrow &&
	says "the time was up" && ends 0 recv -c 1 queue:narrow && came '1\n'
result $? no_room_in_time
ends 4 send --wait 0 -m x channel:nobody && says "nobody listens there"
result $? nobody_receives

# Until a signal ends it: then that is no failure, and what came is there
kipcctl recv --follow channel:follow > "$dir/out" 2> "$dir/err" & follower=$!
kipcctl send --wait 20 -m 1 channel:follow && kipcctl send -m 2 channel:follow
kipcctl call channel:follow x < /dev/null 2> /dev/null
[ $? -eq 5 ] && kill $follower && wait $follower && came '1\n2\n' && says "kipcctl serve"
result $? follow_until_a_signal_and_refuse_calls
# (nohup, and a stop that interrupts its wait)
(trap '' HUP; exec kipcctl recv --follow "unix:$dir/follow" > "$dir/out" 2> "$dir/err") & follower=$!
ends_quietly 0 send --wait 20 -m 1 "unix:$dir/follow"
kill -HUP $follower && kill -STOP $follower &&
	until_true grep -q '^State:[[:space:]]*T' /proc/$follower/status && kill -CONT $follower &&
	ends_quietly 0 send -m 2 "unix:$dir/follow" && until_true came '1\n2\n' && kill $follower &&
	wait $follower
result $? a_signal_that_is_ignored_or_none_of_ours_does_not_end_it

# A server that accepts nobody, and has room for one to wait
backlog=$(cat /proc/sys/net/core/somaxconn)
echo 0 > /proc/sys/net/core/somaxconn
kipcctl recv --follow "unix:$dir/full" > /dev/null 2>&1 & follower=$!
ends 0 send --wait 20 -m 1 "unix:$dir/full" && kill -STOP $follower &&
	ends 0 send -m 2 "unix:$dir/full" && ends 4 send --timeout 0.1 -m 3 "unix:$dir/full" &&
	says "the time was up" && ends 4 call --timeout 0.1 "unix:$dir/full" x < /dev/null &&
	says "the time was up"
result $? who_cannot_connect_in_time_has_not_been_heard
echo "$backlog" > /proc/sys/net/core/somaxconn
kill $follower
kill -CONT $follower
wait $follower

mkfifo "$dir/pipe"
exec 3<> "$dir/pipe"
head -c 150000 /dev/zero | tr '\0' x > "$dir/in"
kipcctl recv --follow "unix:$dir/blocked" > "$dir/pipe" 2> "$dir/err" & follower=$!
ends_quietly 0 send --wait 20 --each-line "unix:$dir/blocked" "$dir/in"
until_true writing $follower
kill $follower
until_true gone $follower
result $? a_signal_ends_it_in_the_midst_of_a_write_too
kill -KILL $follower 2> /dev/null
wait $follower
[ $? -eq 1 ] && says "a signal came before all was written"
result $? and_then_it_is_a_failure
exec 3>&-
ends 0 create posix-mq:/kipc-typeless && ends 1 send --type 4 -m x posix-mq:/kipc-typeless &&
	says "cannot do that" && ends 0 remove posix-mq:/kipc-typeless
result $? a_type_where_there_is_none
for wrong in send "send queue:messages" "send -m x" "send -m x queue:messages file" "send -l" \
	"send -m x -l queue:messages" "send --prio 32768 -m x queue:messages" recv \
	"recv --count 0 queue:messages" "recv --count 1 --follow queue:messages" \
	"recv --raw queue:messages" "recv --json queue:messages" "recv -c 1 --json --raw queue:messages"; do
	# shellcheck disable=SC2086 # words
	ends 2 $wrong || { echo "$wrong" >> "$dir/err"; break; }
	says '^Usage' || break
	wrong=
done < /dev/null
[ -z "$wrong" ] && ends 0 send --help && ends 0 recv --help
result $? usage
kipcctl remove queue:messages queue:narrow

[ $failed -eq 0 ]
