#!/bin/sh
# man pages and examples keep to what the commands say
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

# logferry-formats(5) lists the formats that there are, in their order.
logparse --list-formats >list
sed -n '/^\.Sh FORMATS$/,/^\.Sh FORMATS OF/s/^\.It Cm //p' \
    "$man/logferry-formats.5" | sed 's/ , /\n/g' >page
cut -f1 list >names
same 'logferry-formats(5) lists the formats that logparse has' page cat names
is 'each format has a description' "$(grep -Ecv '^[^	]+	[^	]+$' list)" 0

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

if command -v mandb >/dev/null; then
	for page in "$man"/*.[157]; do
		mkdir -p "manual/man${page##*.}"
		cp "$page" "manual/man${page##*.}"
		echo "${page##*/}" | sed 's/\.\(.\)$/ (\1)/'
	done | sort >pages
	mandb -c -u -q manual >err 2>&1
	man -M manual -k logferry | sed 's/ *- .*//' | sort >found
	ok 'man -k logferry finds each page' cmp found pages
else
	skip 'no mandb' 'man -k logferry finds each page'
fi
for page in "$man"/*.[157]; do
	if command -v mandoc >/dev/null; then
		ok "${page##*/}: mandoc finds nothing wrong" \
		    mandoc -T lint -W warning "$page"
	else
		skip 'no mandoc' "${page##*/}: mandoc finds nothing wrong"
	fi
done

# As pages for a browser; not in the tree's own build/.
if command -v mandoc >/dev/null; then
	cp -R "$top/man" "$top/Makefile" .
	ok 'make html makes pages' env -u MAKEFLAGS make -s html
	for page in man/*.[157]; do
		grep -q "href='${page#man/}.html'" build/html/index.html || echo "$page"
	done >unlisted
	is 'the index of the pages has each' "$(cat unlisted)" ''
	grep -ho 'href="[^"#]*"' build/html/*.html | tr -d '"' |
	    sed '/=https:/d; s/.*=//' | sort -u >links
	(cd build/html && while read -r l; do [ -e "$l" ] || echo "$l"; done) \
	    <links >broken
	is 'a page refers only to pages that there are, or to those of Debian' \
	    "$(cat broken)" ''
	ok 'pages refer to each other' grep -qx loggrep.1.html links
else
	skip 'no mandoc' 'make html makes pages'
fi

# Each test that logferry-promises(7) names is there.
page=$man/logferry-promises.7
sed -n 's/^\.Pa \(tests[^ ]*\).*/\1/p' "$page" | sort -u >paths
missing=
while read -r path; do
	[ -e "$top/$path" ] || missing="$missing $path"
done <paths
is 'logferry-promises(7) names tests that there are' "$missing" ''
ok 'logferry-promises(7) names ten tests at least' test "$(wc -l <paths)" -ge 10
sed -n 's/^\.Ql \(\(log[a-z]*\|rotate,\) .*\)/\1/p' "$page" |
    sed 's/ [.,]$//' | sort -u >named
if command -v python3 >/dev/null; then
	"$top/tests/crash/crash" -l | sort >scenarios
	is 'logferry-promises(7) names scenarios of tests/crash that there are' \
	    "$(comm -23 named scenarios)" ''
else
	skip 'no python3' \
	    'logferry-promises(7) names scenarios of tests/crash that there are'
fi
is 'each promise of logferry-promises(7) names a test' "$(awk '
	function tell() { if (item != "" && !named) print item }
	/^\.It / { tell(); item = $0; named = 0 }
	/^\.Pa tests|^[Ss]cenarios?$|all scenarios/ { named = 1 }
	END { tell() }' "$page")" ''
for p in logferry.7 logstamp.1 logpack.1 logpush.1 logquiet.1; do
	ok "$p refers to logferry-promises(7)" \
	    grep -q '^\.Xr logferry-promises 7' "$man/$p"
done

done_testing
