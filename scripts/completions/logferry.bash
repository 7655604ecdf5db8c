# bash completion for the six commands: options come from their own --help.
# shellcheck shell=bash
_logferry() {
	local cur=${COMP_WORDS[COMP_CWORD]} words
	if [[ $cur == -* ]]; then
		words=$("$1" --help 2>/dev/null | sed -En \
		    's/^  (-.|   ),? ?(--[^ =]*)?(=)?.*/\1 \2\3/p')
		mapfile -t COMPREPLY < <(compgen -W "$words" -- "$cur")
		[[ ${COMPREPLY[0]-} != *= ]] || compopt -o nospace
	else
		mapfile -t COMPREPLY < <(compgen -f -- "$cur")
		compopt -o filenames
	fi
}
complete -F _logferry loggrep logpack logparse logpush logquiet logstamp
