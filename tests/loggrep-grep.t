#!/bin/sh
# loggrep: output and exit status are those of GNU grep -a -P
. "${0%/*}/lib.sh"

grep -V | grep -q 'GNU grep) 3\.\([4-9]\|[1-9][0-9]\)' && echo a | grep -qP a ||
	skip_all 'needs GNU grep 3.x with -P'

printf 'GET /a HTTP/1.1\nfoo bar\n\nfoo\nfo\no foo.\nx\ny\nz\nFOO foofoo\n' >t
printf 'one foo\r\ntwo\0foo\nfoo\r\n\377\376 foo \200\n\nlast foo' >u
printf 'bar\nfoo_bar bar-foo\na b\n5 500 512\n\n\n' >v
: >empty
printf 'no newline' >w
cp "$top/cmd/loggrep.c" src || exit 1
set -f				# patterns are no globs

bad='' n=0
# one GREP-ONLY-OPTIONS ARGUMENTS...
one() {
	only=$1; shift
	grep -a $only "$@" >want 2>want.err <src; want=$?
	loggrep "$@" >got 2>got.err <src; got=$?
	n=$((n + 1))
	if [ $want != $got ] || ! cmp -s want got; then
		bad="$bad
$* (status $got, grep's $want)"
		diff -a want got | head -n 4 >>diffs
	fi
}

report() { is "$1 ($n ways)" "$bad" ''; bad='' n=0; }

for p in foo '^foo' 'foo$' '' '^' '$' 'o*' '\bfoo\b' '[[:space:]]' '^$' 'FOO' \
	'(foo|fo)' '\d{3}' '(.)\1' '(?<=f)o' 'o(?!o)' '\r$' 'foo\K '
do
	for o in '' -c -i -v -n -b -o -w -x -l -q -m1 \
		'-o -b' '-o -i' '-v -n' '-c -v' '-n -b -H' '-w -o' '-x -i' \
		'-v -o' '-m2 -A1' '-m1 -c' '-v -m2' '-l -v' '-L -v' '-l -Z' \
		'-c -Z -H' '-x -v' '-w -v' '-i -w -c' '-L -s' '-h -Z' \
		'-o --color=always' '-n -b --color=always -H'; do
		one -P $o -e "$p" t u v empty w
	done
done
report "grep's options alone and in pairs"

for p in foo '^$' 'o$' ''; do
	for c in -A1 -B1 -C1 -A0 -C9 '-A1 -B2'; do
		for o in '' -n -v -c -o -m1 -m2 -b -H '-v -m1' '-o -n' '-n -b' \
			'-v -o' '-h --color=always' '-v --color=always' -l -q; do
			one -P $c $o -e "$p" t u v w
		done
		one -P $c -n -e "$p"
		one -P $c -v -n -e "$p" u
	done
done
report "grep's context"

for p in return '\t+if \(' '^}$' 'size_t|char'; do
	for o in '' -n -c -v '-n -b' -o -H '-A2 -n' '-B2 -n' '-m3' -l -L \
		'-H --label=input' '-c -H' '--label=x -l'; do
		one -P $o -e "$p"
		one -P $o -e "$p" -
		one -P $o -e "$p" - t
	done
done
report 'grep on standard input'

# Blocks: what is context lies in others
awk 'BEGIN { for (i = 0; i < 30000; i++) print "line", i, i % 1009 ? "" : "hit" }' \
	>big
for o in '-B3 -n' '-A5 -b' '-C2 -n -b' '-B2000 -n' '-v -m3 -A2' '-c -v' \
	'-m7 -A9 -n' '-C400 -c' '-o -b' '-B5000 -m2 -b'; do
	one -P $o hit big
	one -P $o 'e 29[0-9]* hit|e 1.* hit' big t
	(grep -a -P $o hit; cat) <big | cksum >want
	(loggrep $o hit; cat) <big | cksum >got
	cmp -s want got || bad="$bad
$o, then cat"
done
(cat big; printf 'line 7 hit') >big2
for p in hit '^line 2' ' hit$' 'hit|7 |^line 99' 'a|b|c|d|e 1' 'E 77'; do
	for o in '' -n -b -c '-v -n' '-v -b' '-m7 -b' '-i -n' '-i -c -v' -l \
		-L -x -w; do
		one -P $o -e "$p" big big2
		one -P $o -e "$p" big2
	done
done
report 'grep on inputs of many blocks'

# What standard input holds for whoever reads on
rest() {
	only=$1; shift
	(grep -a $only "$@"; echo $?; cat) <$in 2>/dev/null | cksum >want
	(loggrep "$@"; echo $?; cat) <$in 2>/dev/null | cksum >got
	n=$((n + 1))
	cmp -s want got || bad="$bad
$* <$in, then cat"
}
for in in t v big; do
	for o in -m1 -m3 '-m1 -c' '-m2 -v' '-m1 -o -n' '-m2 -A1' -m0; do
		rest -P $o '[el]'
		rest -P $o '[el]' - -
		rest -P $o -e nothing - t -
	done
	[ $in = big ] || for o in -l -L -q '-l -m1' '-L -m2' '-L -v'; do
		rest -P $o o
		rest -P $o -e 'o' - -
		rest -P $o -e 500 - t -
	done
	rest -F -v -F -e '' -e ''
	rest -F -v -F -e '
'
done
report 'grep: what is left of standard input'

for f in foo . 'a b' '' 'foo
bar' 'o
' '(' '\' '[' 'fo
foo' '$'; do
	for o in '' -i -c -v -x '-v -x' -o '-o -i' -n; do
		one -F -F $o -e "$f" t u v empty
	done
done
for f in foo bar 'bar-foo' o '512
500'; do
	for o in -w '-w -o' '-w -v' '-w -c -i'; do
		one -F -F $o -e "$f" t u v
	done
done
report 'grep -F'

for o in '' -c -v -o -i -x -w -n '-o -b' '-w -o'; do
	one -E $o -e foo -e bar t u v
	one -E $o -e fo -e foo -e 'o+' t u v
	one -E $o -e '^foo' -e 'bar$' -e '' t u v
	printf 'foo\n^bar\n' >pats
	one -E $o -f pats t u v
	one -E $o -f pats -e x t v
	one -E $o -f empty t v
	one -E $o -f empty -e y t v
	printf 'foo' >pats
	one -E $o -f pats t v
done
report 'grep with several patterns'

# Anything with anything
awk 'function pick(list,   a) { return a[int(rand() * split(list, a, " ")) + 1] }
function some(list, most,   s, n) {
	for (n = int(rand() * (most + 1)); n > 0; n--)
		s = s (s == "" ? "" : " ") pick(list)
	return s
}
BEGIN {
	srand(5)
	for (f = 1; f <= 6; f++) {
		cr = f % 3 ? "" : "\r"
		for (i = int(rand() * 25); i > 0; i--)
			printf("%s%s%s", some("foo bar Foo foo_bar 500 5 - . @ x=1 a aa", 4),
			    cr, i > 1 || f % 2 ? "\n" : "") >("any" f)
		printf("") >("any" f)
	}
	options = "-c -i -v -n -b -o -w -x -l -L -q -s -H -h -Z -m0 -m1 -m2 " \
	    "-m5 -A0 -A1 -A3 -B1 -B2 -C0 -C1 -C4 --color=always --label=in"
	patterns = "foo bar ^foo bar$ ^ $ o* a+ \\bfoo\\b \\b \\s ^$ foo|bar " \
	    "(a|aa) \\d{3} (.)\\1 (?<=f)o o(?!o) \\r$ foo\\K . ^. .$ \\x00 " \
	    "[^a] a*? (?i)FOO \\w+ \\W ^\\s*$ \\z \\A x? (?:) b| ^|b [^x]* " \
	    "(foo)?bar \\R (?=o)o \\Bo fo{2} - .* \\d+$"
	files = "any1 any2 any3 any4 any5 any6 any1 any2 empty . nofile -"
	for (i = 0; i < 250; i++)
		print some(options, 4) "~" (rand() < .05 ? "" : pick(patterns)) \
		    "~" some(files, 3)
}' >cases
for i in 1 2 3 4 5 6; do
	tr '@' '\0' <any$i >any && cp any any$i
done
while IFS='~' read -r o p f; do
	one -P $o -e "$p" $f
	case $o in
	*-w*-x*|*-x*-w*) ;;	# grep -F -o prints lines twice
	*) one -F -F $o -e "$p" -e foo $f ;;
	esac
done <cases
report 'grep: random options, patterns and files'

awk 'BEGIN { for (i = 0; i < 5000; i++) print "w" i * 7 "x" i % 89 }' >words
sed -n 's/.*\([a-z_]\{4\}(\).*/\1/p' src | head -n 60 >>words
(cat words; echo) >blank
for o in '' -c -n -o -b -i -x -v '-o -i' '-o -b' '-c -i' '-v -n' '-x -v' -l -q \
	'-o --color=always' '-A1 -n'; do
	one -F -F $o -f words src t u v
	one -F -F $o -f words
done
for o in '' -c -n -o -i -v; do
	one -F -F $o -f blank src t
done
report 'grep -F with thousands of strings'

for o in '' -q -s -c -l -L -v; do
	one -P $o foo nofile t
	one -P $o foo t nofile
	one -P $o absent nofile
	one -P $o absent t nofile v
	one -P $o foo . t
	one -P $o -m0 foo t
	one -P $o '(' t
	one -P $o -A x foo t
	one -P $o -A -1 foo t
	[ "$o" = -v ] || one -P $o -m -1 foo t	# grep -v selects none
	one -P $o -m 99999999999999999999 foo t
	one -P $o -A 99999999999999999999 foo t
	one -P $o -C 18446744073709551615 foo t
	one -P $o -f nofile t
done
report "grep's errors"

echo "1..$n_ok"
[ ! -s diffs ] || sed 's/^/# /' diffs | head -n 60
