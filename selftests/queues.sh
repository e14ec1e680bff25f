#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# kipcctl queues lists what there is: a table for people, JSON for programs.
# TAP; runs as root, with kipcctl in PATH.
# with: tap_test.sh

. tap_test.sh

plan 8 /dev/kipc

# field QUEUE NAME: a number of the JSON
field()
{
	awk -v queue="\"$1\"," -v name="\"$2\":" '
	$1 == "\"name\":" { here = $2 == queue }
	here && $1 == name { gsub(/[",]/, "", $2); print $2 }
	' "$dir/out"
}

list()
{
	kipcctl queues "$@" > "$dir/out" 2> "$dir/err"
}

list && [ "$(wc -l < "$dir/out")" -eq 1 ] && grep -q '^NAME ' "$dir/out"
result $? none_is_a_heading
list --json && [ "$(tr -d ' \n' < "$dir/out")" = "[]" ]
result $? none_is_an_empty_array

# One that somebody waits on, and one that messages of another process wait in
kipcctl recv --timeout 20 'queue:empty?msgs=7&mode=640' /dev/null 2> "$dir/err" & receiver=$!
kipcctl recv --timeout 0.2 'queue:full?msgs=9&size=1000&bytes=5000' /dev/null 2> /dev/null
head -c 2500 /dev/zero > "$dir/in"
kipcctl send queue:full "$dir/in" 2> "$dir/err" & sender=$!
wait $sender
result $? sent
list && [ "$(wc -l < "$dir/out")" -eq 3 ] &&
	grep -q "^full .* root  *0600  *4/9  *2500/5000  *4  *$sender  *-  *0/0\$" "$dir/out" &&
	grep -q "^empty .* root  *0640  *0/7  *0/[0-9]*[KM]*  *0  *-  *-  *0/1\$" "$dir/out"
result $? table
list --json && [ "$(field full msgs)" = 4 ] && [ "$(field full bytes)" = 2500 ] &&
	[ "$(field full max_size)" = 1000 ] && [ "$(field full mode)" = 0600 ] &&
	[ "$(field full send_pid)" = $sender ] && [ "$(field full sent)" = 4 ] &&
	[ "$(field full received)" = 0 ] && [ "$(field full send_time_ns)" -gt 0 ] &&
	[ "$(field empty receivers)" = 1 ] && [ "$(field empty max_msgs)" = 7 ]
result $? json

# Its name is gone, and the number with it, though it is still in use
kipcctl unlink queue:empty 2> "$dir/err" && list && [ "$(wc -l < "$dir/out")" -eq 3 ] &&
	grep -q '^full ' "$dir/out" && grep -q "^-  *[0-9]*  *-  root  *0640  *0/7 " "$dir/out" &&
	list --json && grep -q '"name": null' "$dir/out"
result $? without_its_name_it_is_listed_as_such
kill $receiver
wait $receiver 2> /dev/null
kipcctl unlink queue:full 2> "$dir/err" && list && [ "$(wc -l < "$dir/out")" -eq 1 ]
result $? gone

kipcctl queues --nonsense > "$dir/out" 2> "$dir/err"
[ $? -eq 2 ] && [ ! -s "$dir/out" ] && kipcctl queues --help | grep -q '^Usage:'
result $? usage

[ $failed -eq 0 ]
