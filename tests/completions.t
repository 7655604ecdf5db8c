#!/bin/sh
# bash, zsh and fish offer the options that --help lists, and the words that
# they take
. "${0%/*}/lib.sh"

completions=$top/scripts/completions
all='loggrep logpack logparse logpush logquiet logstamp'

# What each shell offers after the words, the last of which is the beginning of
# one, sorted.
bash_offers() {
	bash -c '. "$1"; shift; COMP_WORDS=("$@") COMP_CWORD=$(($# - 1))
	compopt() { :; }
	_logferry "$1"; printf "%s\n" "${COMPREPLY[@]}"' - \
	    "$completions/logferry.bash" "$@" | sort
}

fish_offers() {
	fish --no-config -c 'for c in '"$all"'; ln -sf $argv[1] $c.fish
	source $c.fish; end; complete -C "$argv[2]"' \
	    "$completions/logferry.fish" "$*" | cut -f1 | sort
}

# zsh completes only what is typed at a terminal.
cat >zshrc <<'END'
PS1='ready>' fpath=($COMPLETIONS $fpath)
autoload -Uz compinit && compinit -D -u
zstyle ':completion:*' verbose no
compadd() {
	local -a found
	if [[ ${@[1,(i)(-|--)]} != *-(O|A|D)\ * ]]; then
		builtin compadd -A found "$@"
		print -rl -- $found >>$TMPDIR/found
	fi
	builtin compadd "$@"
}
offer() { zle complete-word; print >$TMPDIR/done; exit }
zle -N offer
bindkey '^I' offer
END
cat >type <<'END'
zmodload zsh/zpty
zpty shell zsh -f -i
zpty -w shell 'source ./zshrc'
zpty -r -m shell line '*ready>*'
zpty -w -n shell "$1"$'\t'
while [[ ! -e done ]]; do
	zpty -r -t shell line || sleep 0.05
	(( SECONDS < 60 )) || break
done
END
zsh_offers() {
	rm -f found done
	env COMPLETIONS="$completions" TMPDIR="$tmp" TERM=xterm zsh -f ./type "$*" >log 2>&1
	grep . found 2>/dev/null | sort -u
}

for sh in bash zsh fish; do
	if ! command -v $sh >/dev/null; then
		skip "no $sh" "$sh completes"
		continue
	fi
	for c in $all; do
		"$c" --help |
		    sed -En 's/^  (-.|   ),? ?(--[^][ =]*).*/\2/p' | sort >want
		${sh}_offers "$c" -- | sed 's/[=[].*//; s/=-$//' | sort -u >got
		ok "$c: $sh completes its long options" cmp want got
	done
	: >some-file
	is "$sh completes the start of an option" \
	    "$(${sh}_offers loggrep --cou | sed 's/-$//')" --count
	is "$sh completes the name of a format" "$(${sh}_offers logparse -f klo)" klog
	is "$sh completes the form of output" "$(${sh}_offers logparse -o e)" ecs
	is "$sh completes a word of an option" \
	    "$(${sh}_offers logpush --if-exists s)" suffix
	is "$sh completes a file name" "$(${sh}_offers loggrep some)" some-file
	is "$sh offers no examples as values" \
	    "$(${sh}_offers loggrep --since 10)" ''
done

for sh in bash zsh fish; do
	name="$sh completes the options of logquiet's command"
	if ! command -v $sh >/dev/null; then
		skip "no $sh" "$name"
		continue
	fi
	is "$name" "$(${sh}_offers logquiet logparse --unp | sed 's/=$//')" --unparsed
	is "$name behind options of its own" \
	    "$(${sh}_offers logquiet -t 3 --lock x --feed -- logparse -o e)" ecs
done
is 'bash completes the options of a command behind a value after =' \
    "$(bash_offers logquiet --quiet = 3 logparse -o e)" ecs
is 'bash completes the options of a command behind letters in one word' \
    "$(bash_offers logquiet -qt 3 logparse -o e) $(bash_offers logquiet -qt3 logparse -o e)" 'ecs ecs'
is 'bash completes a word after =' "$(bash_offers loggrep --color = al)" always
is 'bash completes what AWS service a stream is signed for' \
    "$(bash_offers logpush --aws-sigv4 a)" aoss

# What --help lists are the words that the option takes.
for c in $all; do
	"$c" --help | sed -En \
	    's/^  .*--([a-z0-9-]+)\[?=.*: ([A-Za-z0-9:-]+(, [A-Za-z0-9:-]+)+)( \(.*)?$/\1 \2/p' |
	    tr -d , >words
	bad=
	while read -r name words; do
		taken=$("$c" "--$name=no-such-word" . </dev/null 2>&1)
		case $taken in *'one of '*) ;; *) continue ;; esac
		for w in $words; do
			case " $(echo $taken) " in *" $w "*) ;;
			*) bad="$bad --$name=$w" ;; esac
		done
	done <words
	is "$c: the words that --help lists are taken" "$bad" ''
done

done_testing
