#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# What bash completes of kipcctl's command line is what kipcctl has: its verbs, the options of
# each as its help has them, and as it takes them; schemes, names and parameters that are
# there.  TAP; runs as root.
# with: tap_test.sh

. tap_test.sh

script=/usr/share/bash-completion/completions/kipcctl

plan 12 $script /dev/kipc
# shellcheck source=tools/kipcctl.bash
. $script

details()
{
	cat "$dir/notes"
	echo "offered: ${COMPREPLY[*]}"
}

# What is offered for a line, of which the cursor is at the end
complete_line()
{
	COMP_LINE=$1
	COMP_POINT=${#1}
	_kipcctl cached
}

offers() # LINE WORD...: exactly these, which are all different
{
	complete_line "$1"
	shift
	[ ${#COMPREPLY[@]} -eq $# ] || return 1
	for word; do
		[[ " ${COMPREPLY[*]} " == *" $word "* ]] || return 1
	done
}

# What stays the same is asked for once: the completion asks this
declare -A help flags
cached()
{
	case $* in
	--help)		printf '%s\n' "$list" ;;
	schemes)	printf '%s\n' "$schemes" ;;
	*\ --help)	printf '%s\n' "${help[$1]-}" ;;
	*)		kipcctl "$@" ;;
	esac
}

: > "$dir/notes"
list=$(kipcctl --help)
schemes=$(kipcctl schemes)
mapfile -t verbs < <(sed -n 's/^  \([a-z]*\) .*/\1/p' <<< "$list")
[ ${#verbs[@]} -gt 15 ] && offers "kipcctl " "${verbs[@]}" help --help --version
result $? the_verbs_are_those_of_help

# All at once: they take their time to start
for verb in "${verbs[@]}"; do
	{ kipcctl "$verb" --help > "$dir/help-$verb" || echo "$verb: no help" >> "$dir/notes"; } &
done
wait
for verb in "${verbs[@]}"; do
	help[$verb]=$(< "$dir/help-$verb")
	[[ ${help[$verb]} == "Usage: kipcctl $verb"* ]] || echo "$verb: no usage" >> "$dir/notes"
	options=()
	while IFS= read -r line; do
		[[ ! $line =~ ^'  '-.,\ (--[a-z-]*=?) ]] || options+=("${BASH_REMATCH[1]}")
	done <<< "${help[$verb]}"
	flags[$verb]=${options[*]}
	offers "kipcctl $verb --" "${options[@]}" ||
		echo "$verb: help has ${options[*]}, offered are ${COMPREPLY[*]}" >> "$dir/notes"
	[[ " ${options[*]} " == *" --help "* ]] || echo "$verb: no --help" >> "$dir/notes"
done
[ ! -s "$dir/notes" ]
result $? and_so_are_the_options_of_each

# An option that is not one ends the reading of them: those before it are known then
for verb in "${verbs[@]}"; do
	words=()
	for option in ${flags[$verb]}; do
		case $option in
		--help)			;;
		--owner=|--group=)	words+=("${option}root") ;;
		--mode=)		words+=("${option}0600") ;;
		--sort=)		words+=("${option}name") ;;
		*=)			words+=("${option}1") ;;
		*)			words+=("$option") ;;
		esac
	done
	{
		kipcctl "$verb" "${words[@]}" --is-no-option < /dev/null > "$dir/said-$verb" 2>&1
		[ $? -eq 2 ] && grep -q "option '--is-no-option'" "$dir/said-$verb" ||
			echo "$verb does not take ${words[*]}" >> "$dir/notes"
	} &
done
wait
[ ! -s "$dir/notes" ]
result $? which_are_taken

offers "kipcctl chan" channels && offers "kipcctl send --ea" --each-line &&
	offers "kipcctl send --pri" --prio= && offers "kipcctl x --"
result $? beginnings
offers "kipcctl send unix-" unix-seqpacket: unix-dgram: && offers "kipcctl call chann" channel:
result $? schemes
bad=("queue:bad;reboot" "queue:bad\$(reboot)")
kipcctl create queue:jobs-a queue:jobs-b queue:other "${bad[@]}"
kipcctl serve channel:clock date 2> /dev/null & server=$!
kipcctl call --wait 20 channel:clock < /dev/null > "$dir/out"
offers "kipcctl remove queue:jobs" jobs-a jobs-b && offers "kipcctl recv --count 1 queue:o" other
result $? queues
offers "kipcctl show queue:ba" 'bad\;reboot' 'bad\$\(reboot\)' &&
	offers 'kipcctl show queue:bad\;' 'bad\;reboot'
result $? names_are_no_commands
offers "kipcctl call channel:cl" clock && offers "kipcctl show cha" channel:clock
result $? channels
kill $server
wait $server
kipcctl remove queue:jobs-a queue:jobs-b queue:other "${bad[@]}"
offers "kipcctl limit root pool_" pool_bytes= pool_msgs= && offers "kipcctl set channel:x mo" mode= &&
	offers "kipcctl limit us" user
result $? settings_and_users
offers "kipcctl create --mode=06" 0600 0660 0666 && offers "kipcctl top --sort=me" messages
result $? values_of_options
offers "kipcctl help unl" unload && offers "kipcctl unix"
result $? nothing_where_there_is_nothing
kipcctl unload && offers "kipcctl call channel:" && offers "kipcctl remove queue:"
status=$?
insmod /lib/modules/kipc.ko && chmod 666 /dev/kipc
result $status silent_without_the_module

[ $failed -eq 0 ]
