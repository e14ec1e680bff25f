#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# kipcctl send and recv move single messages: texts and lines, with types and priorities, as
# text, raw or as JSON; and their exit status says what became of them.  (transfer.sh has
# files.)  TAP; runs as root.

plan=14
number=0
failed=0
dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT

if [ ! -e /dev/kipc ]; then
	echo "1..0 # SKIP no /dev/kipc"
	exit 0
fi
echo "TAP version 13"
echo "1..$plan"

# result STATUS NAME: one test, passed when STATUS is 0
result()
{
	number=$((number + 1))
	if [ "$1" -eq 0 ]; then
		echo "ok $number $2"
		return
	fi
	failed=$((failed + 1))
	echo "not ok $number $2"
	sed 's/^/# /' "$dir/out" "$dir/err"
}

# ends STATUS ARGUMENT...: does kipcctl end so?
ends()
{
	expected=$1
	shift
	kipcctl "$@" > "$dir/out" 2> "$dir/err"
	[ $? -eq "$expected" ]
}

says() # REGULAR EXPRESSION
{
	grep -q "$1" "$dir/err"
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
