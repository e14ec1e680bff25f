#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# kipc-bench does what it says: it measures, writes JSON that holds every field
# of Documentation/benchmarking.rst, checks payloads, refuses bad arguments, and
# finds mechanisms that are broken (it brings some, test-*).  Nothing here looks
# at how long anything takes.
# with: tap_test.sh

. tap_test.sh

# bench STATUS ARGUMENT...: run it, and see whether it ends with that status
bench()
{
	expected=$1
	shift
	kipc-bench "$@" > "$dir/out" 2> "$dir/err"
	status=$?
	[ $status -eq "$expected" ] && return 0
	echo "status $status instead of $expected" >> "$dir/err"
	return 1
}

# tiny STATUS ARGUMENT...: the shortest run there is
tiny()
{
	expected=$1
	shift
	bench "$expected" --rounds 1 --time 0.01 "$@"
}

# refuse NAME ARGUMENT...: bad usage, a message, and nothing measured
refuse()
{
	name=$1
	shift
	bench 2 "$@" && [ -s "$dir/err" ] && [ ! -s "$dir/out" ]
	result $? "refuse_$name"
}

# Is a file one JSON value?  Values are replaced from the inside out by a letter.
json_valid()
{
	awk '
	{ text = text $0 " " }
	END {
		gsub(/"([^"\\]|\\.)*"/, "s", text)
		gsub(/-?[0-9]+(\.[0-9]+)?([eE][-+]?[0-9]+)?/, "v", text)
		gsub(/true|false|null/, "v", text)
		gsub(/[ \t\n]+/, "", text)
		do {
			n = gsub(/\{\}|\[\]/, "v", text)
			n += gsub(/\{s:[sv](,s:[sv])*\}/, "v", text)
			n += gsub(/\[[sv](,[sv])*\]/, "v", text)
		} while (n)
		exit text != "v"
	}' "$1"
}

# json_has FIELD...: every one is there
json_has()
{
	for field; do
		grep -q "\"$field\":" "$dir/json" && continue
		echo "no field $field" >> "$dir/err"
		return 1
	done
}

# cell MECHANISM SIZE MEASURE: the lines of one cell
cell()
{
	awk -v mechanism="$1" -v size="$2" -v measure="$3" '
	/^  \{/ { text = "" }
	{ text = text $0 "\n" }
	/^  \}/ && index(text, "\"mechanism\": \"" mechanism "\"") &&
		index(text, "\"size\": " size ",") &&
		index(text, "\"measure\": \"" measure "\"") { printf "%s", text }
	' "$dir/json"
}

# check_cells SIZE MEASURE MECHANISM...: measured, and every payload arrived
check_cells()
{
	size=$1
	measure=$2
	shift 2
	for mechanism; do
		cell "$mechanism" "$size" "$measure" > "$dir/cell"
		if [ "$(grep -c '"status": "ok"' "$dir/cell")" -ne 2 ]; then
			cat "$dir/cell" >> "$dir/err"
			return 1
		fi
	done
}

# No process of it, and no object with a name
nothing_left()
{
	for comm in /proc/[0-9]*/comm; do
		[ "$(cat "$comm" 2>/dev/null)" = kipc-bench ] || continue
		echo "still running: $comm" >> "$dir/err"
		return 1
	done
	! grep -i 'kipc-bench' /proc/net/unix >> "$dir/err" || return 1
	[ -z "$(awk 'NR > 1 && $1 >= 1258291200 && $1 < 1275068416' \
		/proc/sysvipc/msg)" ] || return 1
	[ -z "$(find /dev/mqueue -name 'kipc-bench*' 2>/dev/null)" ]
}

if ! command -v kipc-bench > /dev/null; then
	echo "1..0 # SKIP no kipc-bench"
	exit 0
fi
plan 44
: > "$dir/out"
: > "$dir/err"

everywhere="pipe unix-seqpacket posix-mq sysv-msg"
everywhere="$everywhere raw-unix-seqpacket raw-unix-stream raw-pipe"
everywhere="$everywhere raw-posix-mq raw-sysv-msg"
oneway=raw-sysv-typed
[ ! -e /dev/kipc ] || everywhere="channel queue raw-queue $everywhere"
[ ! -e /dev/kipc ] || oneway="raw-queue-batch raw-queue-typed $oneway"
[ ! -w /dev/binder ] || everywhere="$everywhere raw-binder"
inplace="raw-process-vm raw-futex"

## Binder, which only some kernels have

if unshare -m mount -t tmpfs none /dev 2> /dev/null; then
	# shellcheck disable=SC2016 # for the inner shell to expand
	unshare -m sh -c 'mount -t tmpfs none /dev && exec kipc-bench "$@"' sh \
		--rounds 1 --time 0.01 --mechanisms raw-binder --sizes 8 \
		> "$dir/out" 2> "$dir/err"
	[ $? -eq 3 ] &&
		grep -q '^raw-binder, 8B: not available: .*binder_linux' "$dir/out"
	result $? binder_absent_says_why
else
	skip binder_absent_says_why "/dev cannot be hidden"
fi
if [ -w /dev/binder ]; then
	tiny 0 --mechanisms raw-binder --sizes 4M,5M --json "$dir/json" &&
		check_cells 4194304 latency raw-binder &&
		cell raw-binder 4194304 throughput | grep -q 'at the most one way' &&
		cell raw-binder 5242880 latency | grep -q '"status": "n/a"'
	result $? binder_too_large_is_not_clamped
else
	skip binder_too_large_is_not_clamped "no /dev/binder"
fi

## Measuring

tiny 0 --sizes 1,100,4K,64K --json "$dir/json"
result $? measure_exits_0
json_valid "$dir/json"
result $? json_valid
json_has schema tool started elapsed_s interrupted settings machine clock \
	contract mechanisms cells targets
result $? json_has_top_level
json_has sizes measures cpus placement rounds cell_time_ns timeout_ns verify quick
result $? json_has_settings
json_has release version machine accelerator cpu cpus_online cpus_allowed governor \
	clocksource preemption cmdline memory_mib load_before load_after \
	steal_seconds vulnerabilities resolution_ns overhead_ns
result $? json_has_machine
json_has mechanism kind size measure status reason iterations count elapsed_ns \
	median_ns median min max mad samples_ns p50 p90 p99 p999 mean \
	messages_per_s bytes_per_s messages bytes
result $? json_has_cell
json_has against at_most at_least verdict
result $? json_has_target
# shellcheck disable=SC2086 # a list
check_cells 1 latency $everywhere $inplace
result $? latency_1_byte_verified
# shellcheck disable=SC2086
check_cells 100 latency $everywhere $inplace
result $? latency_100_bytes_verified
# shellcheck disable=SC2086
check_cells 4096 latency $everywhere $inplace
result $? latency_page_verified
# shellcheck disable=SC2086
check_cells 1 throughput $everywhere $oneway
result $? throughput_1_byte_verified
# shellcheck disable=SC2086
check_cells 4096 throughput $everywhere
result $? throughput_page_verified
check_cells 65536 throughput pipe unix-seqpacket raw-pipe
result $? throughput_64k_verified
cell sysv-msg 65536 latency | grep -q '"status": "n/a"'
result $? too_large_is_not_clamped
grep -q '^Targets' "$dir/out" && grep -q 'channel / raw-pipe' "$dir/out"
result $? table_has_targets
grep -q '^Targets: one-way' "$dir/out" &&
	grep -q 'raw-channel-ring / posix-mq .*>= .*not judged' "$dir/out"
result $? table_has_one_way_targets
grep -q 'size 64K (4 of 4)' "$dir/err"
result $? progress_is_on_stderr
if [ -e /dev/kipc ]; then
	tiny 0 --mechanisms raw-channel-ring,posix-mq --sizes 64 \
		--json "$dir/json" &&
		[ "$(grep -c '"ratio":' "$dir/json")" -eq 1 ] &&
		grep -q 'raw-channel-ring / posix-mq .*>= .*\(holds\|MISSED\)$' "$dir/out"
	result $? one_way_target_is_judged
else
	skip one_way_target_is_judged "no /dev/kipc"
fi
nothing_left
result $? nothing_left

## Choosing

tiny 0 --mechanisms raw-pipe --sizes 8 --measures latency --no-verify \
	--json "$dir/json" &&
	[ "$(grep -c '"iterations":' "$dir/json")" -eq 1 ] &&
	grep -q '"status": "skipped"' "$dir/json"
result $? choose_one_cell
if [ "$(nproc)" -gt 1 ]; then
	tiny 0 --mechanisms raw-pipe --sizes 8 --cpus two --json "$dir/json" &&
		grep -q '"placement": "two"' "$dir/json"
	result $? cpus_two
else
	skip cpus_two "one CPU"
fi
tiny 0 --mechanisms raw-pipe --sizes 8 --cpus free
result $? cpus_free
bench 0 --list && grep -q '^channel  *library' "$dir/out" &&
	grep -q '^raw-futex  *baseline' "$dir/out"
result $? list
bench 0 --help && grep -q '^Usage:' "$dir/out"
result $? help
bench 0 --version && grep -q '^kipc-bench [0-9]' "$dir/out"
result $? version

## Refusing

refuse size_0 --sizes 0
refuse size_huge --sizes 65M
refuse size_twice --sizes 1,1
refuse size_word --sizes many
refuse mechanism --mechanisms carrier-pigeon
refuse measure --measures beauty
refuse cpus --cpus three
refuse rounds --rounds 0
refuse time --time nan
refuse argument more
refuse option --no-such-option
bench 3 --json "$dir/absent/json" && [ ! -s "$dir/out" ]
result $? json_path_checked_first

## Finding what is broken

for fault in corrupt short reply; do
	tiny 1 --mechanisms test-$fault,raw-pipe --sizes 1,100 --json "$dir/json" &&
		cell test-$fault 100 latency | grep -q '"status": "failed"' &&
		check_cells 100 latency raw-pipe
	result $? "find_$fault"
done
tiny 1 --mechanisms test-hang,test-die,raw-pipe --sizes 8 --timeout 2 \
	--json "$dir/json" &&
	cell test-hang 8 latency | grep -q 'no answer' &&
	cell test-die 8 latency | grep -q 'ended with status 9' &&
	check_cells 8 latency raw-pipe && nothing_left
result $? survive_hang_and_death

## Interrupted

kipc-bench --mechanisms raw-pipe --sizes 8 --time 60 --rounds 100 --measures latency \
	--timeout 60 --json "$dir/json" > "$dir/out" 2> "$dir/err" & pid=$!
sleep 3
kill -INT $pid
wait $pid
[ $? -eq 130 ] && grep -q '^Interrupted' "$dir/out" && json_valid "$dir/json" &&
	grep -q '"interrupted": true' "$dir/json" && check_cells 8 latency raw-pipe &&
	nothing_left
result $? interrupt_keeps_results

[ $failed -eq 0 ]
