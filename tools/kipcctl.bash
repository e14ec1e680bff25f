# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# Completion of kipcctl's command line for bash: installed as
# share/bash-completion/completions/kipcctl.
#
# Verbs and options are what --help says, and names what the listing verbs do, so that they
# are those of the kipcctl that is installed.  What cannot be asked is not offered.

# The verbs: lines of two blanks and a word
_kipcctl_verbs()
{
	"$1" --help 2> /dev/null | sed -n 's/^  \([a-z]*\) .*/\1/p'
}

# The options of a verb, those with a value as --name=
_kipcctl_options()
{
	"$1" "$2" --help 2> /dev/null |
		sed -n 's/^  -., \(--[a-z-]*\)\(=\{0,1\}\).*/\1\2/p'
}

# What a verb sets: the words before two blanks, after "WHAT is one of"
_kipcctl_settings()
{
	"$1" "$2" --help 2> /dev/null |
		sed -n '/^WHAT is one of/,/^[A-Z].* is /s/^  \([a-z_]*\)  .*/\1=/p'
}

_kipcctl_parameters()
{
	"$1" load --list 2> /dev/null | sed -n '2,$s/ .*/=/p'
}

_kipcctl_schemes()
{
	"$1" schemes 2> /dev/null | sed -n '2,$s/ .*/:/p'
}

# _kipcctl_names PROGRAM channels|queues: those that have a name, as addresses
_kipcctl_names()
{
	"$1" "$2" 2> /dev/null |
		sed -n -e 1d -e '/^-/d' -e "s/^\([^ ]*\) .*/${2%s}:\1/p"
}

_kipcctl_addresses()
{
	_kipcctl_names "$1" channels
	_kipcctl_names "$1" queues
	_kipcctl_schemes "$1"
}

# What may stand in place of an operand of the verb
_kipcctl_operands()
{
	case $2 in
	call)
		_kipcctl_names "$1" channels
		_kipcctl_schemes "$1"
		;;
	create|remove|unlink)
		_kipcctl_names "$1" queues
		_kipcctl_schemes "$1"
		;;
	send|recv|serve|doctor)
		_kipcctl_addresses "$1"
		;;
	endpoints|show)
		_kipcctl_names "$1" channels
		_kipcctl_names "$1" queues
		;;
	set)
		_kipcctl_names "$1" channels
		_kipcctl_names "$1" queues
		_kipcctl_settings "$1" set
		;;
	limit)
		compgen -u
		_kipcctl_settings "$1" limit
		;;
	load)
		_kipcctl_parameters "$1"
		;;
	mechanisms)
		"$1" mechanisms 2> /dev/null | sed -n 's/^\([a-z-]*\)  .*/\1/p'
		;;
	help)
		_kipcctl_verbs "$1"
		;;
	esac
}

# What the value of an option may be; nothing is a file
_kipcctl_values()
{
	case $2 in
	--owner)	compgen -u ;;
	--group)	compgen -g ;;
	--mode)		printf '%s\n' 0600 0660 0666 ;;
	--sort)		printf '%s\n' messages bytes failures waiting name ;;
	esac
}

# _kipcctl_offer WORD CHOICE...: those that begin with the word.  Bash takes a colon and an
# equals sign for the end of a word, so what is before the last of them is left out.  A name
# is anybody's choice, and may be a command to the shell: it is offered quoted.
_kipcctl_offer()
{
	local word=$1 choice break head=
	shift

	for break in : =; do
		[[ $COMP_WORDBREAKS != *"$break"* || $word != *"$break"* ]] || head=${word%"$break"*}$break
	done
	[[ $word != *=*:* || $COMP_WORDBREAKS != *:* ]] || head=${word%:*}:
	for choice; do
		printf -v choice %q "$choice"
		[[ $choice != "$word"?* ]] || COMPREPLY+=("${choice#"$head"}")
	done
	# An option or address that has more to come gets no blank
	[[ ${COMPREPLY[0]-} != *[:=] ]] || compopt -o nospace 2> /dev/null
}

_kipcctl()
{
	local program=$1 line=${COMP_LINE:0:COMP_POINT} words word verb option choices
	read -ra words <<< "$line"
	COMPREPLY=()

	# The word that is being written: what follows the last blank
	word=${line##*[[:space:]]}
	verb=${words[1]-}
	if [[ ${#words[@]} -lt 2 || ( ${#words[@]} -eq 2 && -n $word ) ]]; then
		mapfile -t choices < <(_kipcctl_verbs "$program"; printf '%s\n' help --help --version)
		_kipcctl_offer "$word" "${choices[@]}"
		return
	fi

	case $word in
	--*=*)
		option=${word%%=*}
		mapfile -t choices < <(_kipcctl_values "$program" "$option")
		_kipcctl_offer "$word" "${choices[@]/#/$option=}"
		;;
	-*)
		mapfile -t choices < <(_kipcctl_options "$program" "$verb")
		_kipcctl_offer "$word" "${choices[@]}"
		;;
	*)
		mapfile -t choices < <(_kipcctl_operands "$program" "$verb")
		_kipcctl_offer "$word" "${choices[@]}"
		;;
	esac
	# Nothing of ours: a file
	[[ ${#COMPREPLY[@]} -gt 0 ]] || compopt -o default 2> /dev/null
}

complete -F _kipcctl kipcctl
