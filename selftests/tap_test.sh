# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh
#
# What the test scripts share: TAP, a directory that goes when the script ends, and how kipcctl
# ended and what it said. A script sources it, says "plan N", and has "result STATUS NAME" for
# each test and "[ $failed -eq 0 ]" as its last line. It may have functions of its own for
# cleanup, before its directory goes, and for details, what is shown of a failure.

subcommand=
number=0
failed=0
dir=$(mktemp -d) || exit 1
trap 'cleanup; rm -rf "$dir"' EXIT

cleanup()
{
	:
}

details()
{
	head -n 50 "$dir/out" "$dir/err" 2>&1
}

# plan N [FILE...]: that many tests, or none where a file is not there
plan()
{
	count=$1
	shift
	for file; do
		if [ ! -e "$file" ]; then
			echo "1..0 # SKIP no $file"
			exit 0
		fi
	done
	echo "TAP version 13"
	echo "1..$count"
}

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
	details | sed 's/^/# /'
}

# skip NAME REASON: one test that cannot be had here
skip()
{
	number=$((number + 1))
	echo "ok $number $1 # SKIP $2"
}

# ends STATUS ARGUMENT...: does kipcctl end so, or its subcommand, where a script sets one?
ends()
{
	expected=$1
	shift
	kipcctl ${subcommand:+"$subcommand"} "$@" > "$dir/out" 2> "$dir/err"
	[ $? -eq "$expected" ]
}

# The same for an ordinary user, who may read "dir" only if the script allows it
ends_for_user()
{
	expected=$1
	shift
	su user -c "kipcctl $subcommand $*" > "$dir/out" 2> "$dir/err"
	[ $? -eq "$expected" ]
}

# shows REGULAR EXPRESSION...: is each in a line of the output?
shows()
{
	for line; do
		grep -q -e "$line" "$dir/out" || { echo "no line: $line" >> "$dir/err"; return 1; }
	done
}

# says REGULAR EXPRESSION: on its standard error
says()
{
	grep -q -e "$1" "$dir/err"
}

# eventually COMMAND...: is it true, or within half a minute?
eventually()
{
	for _ in $(seq 300); do
		"$@" && return 0
		sleep 0.1
	done
	return 1
}
