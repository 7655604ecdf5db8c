#!/bin/sh
# man pages, completions and examples keep to what the commands say
. "${0%/*}/lib.sh"

all='loggrep logpack logparse logpush logquiet logstamp'
man=$top/man

# The entries of a page: "-c --count" for .It Fl c , Fl -count
entries() {
	sed -n 's/^\.It Fl /Fl /p' "$1" | awk '{
		out = ""
		for (i = 1; i < NF; i++)
			if ($i == "Fl")
				out = out " -" $(i + 1)
		print out " "
	}'
}

for c in $all; do
	"$c" --help >help
	sed -En 's/^  (-.)?,? *(--[a-z0-9-]+)?[ =[].*/\1 \2/p' help >options
	ok "$c: --help lists options" test "$(wc -l <options)" -ge 3
	page=$man/$c.1
	if [ ! -e "$page" ]; then
		ok "$c: has a page" false
		continue
	fi
	entries "$page" >entries
	missing=
	for o in $(cat options); do
		grep -q -e " $o " entries || missing="$missing $o"
	done
	is "$c: each option has an entry in its page" "$missing" ''
	unknown=		# some are not in --help, as they are aliases
	for o in $(grep -o -e '-[^ ]*' entries); do
		! "$c" "$o" </dev/null 2>&1 | grep -q 'no such option' ||
		    unknown="$unknown $o"
	done
	is "$c: each entry of its page is an option" "$unknown" ''
	for s in NAME SYNOPSIS DESCRIPTION 'EXIT STATUS' EXAMPLES 'SEE ALSO'; do
		ok "$c: its page has the section $s" grep -qx "\.Sh $s" "$page"
	done
done

for page in "$man"/*.[157]; do
	if command -v mandoc >/dev/null; then
		ok "${page##*/}: is clean" \
		    mandoc -T lint -W warning "$page"
	else
		skip 'no mandoc' "${page##*/}: is clean"
	fi
done

# What bash offers after COMMAND WORD.
offers() {
	bash -c '. "$1"; COMP_WORDS=("$2" "$3") COMP_CWORD=1
	compopt() { :; }
	_logferry "$2"; printf "%s\n" "${COMPREPLY[@]}"' - \
	    "$top/scripts/completions/logferry.bash" "$@"
}
for c in $all; do
	"$c" --help | sed -En 's/^  (-.|   ),? ?(--[^ =]*=?).*/\2/p' | sort >want
	offers "$c" -- | sort >got
	ok "$c: bash completes its long options" cmp want got
done
is 'bash completes the start of an option' "$(offers loggrep --cou)" --count
: >some-file
is 'and a file name' "$(offers loggrep some)" some-file
if command -v zsh >/dev/null; then
	ok 'zsh reads its completion' \
	    zsh -n "$top/scripts/completions/_logferry"
else
	skip 'no zsh' 'zsh reads its completion'
fi

done_testing
