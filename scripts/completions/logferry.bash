# bash completion for the six commands: options come from their own --help, and
# so do the words that an option takes, which end its line there.
# shellcheck shell=bash

# The values of option $2 of command $1, where there is a list of them.
_logferry_values() {
	local words

	case ${1##*/}$2 in
	logparse-f|logparse--format) "$1" --list-formats | cut -f1; return ;;
	esac
	words=$("$1" --help 2>/dev/null | sed -En \
	    "/^  (-., |    )?$2[],= []/s/.*: ([A-Za-z0-9:-]+(, [A-Za-z0-9:-]+)+)( \\(.*)?\$/\\1/p")
	[[ -n $words ]] && echo "${words//,/}"
}

# Where in COMP_WORDS the command is that logquiet runs.
_logquiet_command() {
	local i valued letters w

	valued=$("$1" --help 2>/dev/null | sed -En \
	    's/^  (-.|   ),? ?(--[^ =[]*)=.*/\1 \2/p')
	letters=$(sed -n 's/^-\(.\) .*/\1/p' <<<"$valued" | tr -d '\n')
	for ((i = 1; i < COMP_CWORD; i++)); do
		w=${COMP_WORDS[i]}
		[[ $w == -?* ]] || break
		[[ $w != -- ]] || { i=$((i + 1)) && break; }
		if [[ ${COMP_WORDS[i+1]-} == = ]]; then
			i=$((i + 2))
		elif [[ $'\n '${valued//$'\n'/ }' ' == *" $w "* ||
		    $w =~ ^-[^-$letters]*[$letters]$ ]]; then
			i=$((i + 1))
		fi
	done
	echo $i
}

# Complete the command that logquiet runs, from word $1 on.
_logferry_command() {
	local cur=${COMP_WORDS[COMP_CWORD]}

	if (($1 == COMP_CWORD)); then
		mapfile -t COMPREPLY < <(compgen -c -- "$cur")
	elif declare -F _command_offset >/dev/null; then
		_command_offset "$1"
	elif [[ $(complete -p "${COMP_WORDS[$1]}" 2>/dev/null) == *' _logferry '* ]]
	then
		COMP_WORDS=("${COMP_WORDS[@]:$1}") COMP_CWORD=$((COMP_CWORD - $1))
		_logferry "${COMP_WORDS[0]}"
	else
		mapfile -t COMPREPLY < <(compgen -f -- "$cur")
		compopt -o filenames
	fi
}

_logferry() {
	local cmd=${1##*/} cur=${COMP_WORDS[COMP_CWORD]} i words
	local prev=${COMP_WORDS[COMP_CWORD-1]-}

	if [[ $cmd == logquiet ]]; then	# the command it runs has its own
		i=$(_logquiet_command "$1")
		if ((i < COMP_CWORD)) || { ((i == COMP_CWORD)) && [[ $cur != -* ]]; }
		then
			_logferry_command "$i"
			return
		fi
	fi
	# "--color=al" comes as three words: --color, = and al
	if [[ $cur == = ]]; then
		cur=
	elif [[ $prev == = ]]; then
		prev=${COMP_WORDS[COMP_CWORD-2]}
	fi
	if [[ $prev == -* ]] && words=$(_logferry_values "$1" "$prev"); then
		mapfile -t COMPREPLY < <(compgen -W "$words" -- "$cur")
	elif [[ $cur == -* ]]; then
		words=$("$1" --help 2>/dev/null | sed -En \
		    's/^  (-.|   ),? ?(--[^ =[]*)?(=)?.*/\1 \2\3/p')
		mapfile -t COMPREPLY < <(compgen -W "$words" -- "$cur")
		[[ ${COMPREPLY[0]-} != *= ]] || compopt -o nospace
	else
		mapfile -t COMPREPLY < <(compgen -f -- "$cur")
		compopt -o filenames
	fi
}
complete -F _logferry loggrep logpack logparse logpush logquiet logstamp
