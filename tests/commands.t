#!/bin/sh
# all commands: what every one of them keeps
. "${0%/*}/lib.sh"

all='loggrep logpack logparse logpush logquiet logstamp'
line='192.0.2.7 - - [29/Jun/2021:10:05:03 +0000] "GET / HTTP/1.1" 503 12 "-" "-"'
for _ in 1 2 3; do echo "$line"; done >three.log

# stream COMMAND: run it as a filter of lines, in the shape closest to cat
stream() {
	case $1 in
	loggrep) exec loggrep 503 ;;
	logparse) exec logparse -o 'template:{client} {status}' ;;
	logpack) exec logpack ;;
	logquiet) exec logquiet -t 1h --tee true ;;
	esac
}
lines_of() {			# COMMAND FILE: the lines in what it wrote
	case $1 in
	logpack) gzip -dc <"$2" | wc -l ;;
	*) wc -l <"$2" ;;
	esac
}

for c in $all; do
	"$c" --help >help 2>err
	is "$c: --help is status 0" $? 0
	ok "$c: --help begins with its usage" grep -q "^usage: $c " help
	ok "$c: --help has its options in groups" \
	    test "$(grep -c '^[A-Z]' help)" -ge 3
	for o in --help --version --syslog; do
		ok "$c: --help tells of $o" grep -q -e "$o " help
	done
	is "$c: --help says nothing on standard error" "$(cat err)" ''
	"$c" --version >version
	is "$c: --version is status 0" $? 0
	ok "$c: --version names it" grep -Eq "^$c \(logferry\) [0-9.]+$" version
	ok "$c: --version names the libraries in use" \
	    grep -q '^with .*libc[.]' version
	is "$c: --version names each library of scripts/package/libraries that it is linked with" \
	    "$(awk -v c="$c" '$3 == "linked" && $0 ~ c { print $1 }' \
		"$top/scripts/package/libraries" |
		while read -r lib; do grep -qF " $lib." version || echo "$lib"; done)" ''

	# shellcheck disable=SC2016
	exits 2 "$c: --help to a full disk is trouble" sh -c '"$1" --help >/dev/full' - "$c"
	exits 2 "$c: an unknown long option is misuse" "$c" --no-such-option </dev/null
	exits 2 "$c: an unknown letter is misuse" "$c" -, </dev/null
	says "^$c: no such option: --no-such-option" \
	    "$c: says which option it does not know" \
	    "$c" --no-such-option=3 </dev/null
done

# Letters that h and V have in all but grep's relatives.
for c in logpack logparse logpush logquiet logstamp; do
	exits 0 "$c: -h is --help" "$c" -h
	exits 0 "$c: -V is --version" "$c" -V
done

# takes COMMAND OPTION ARGUMENT: the option is not what it complains of
takes() { "$1" "$2" "$3" --no-such-option 2>&1 | grep -q ': no such option'; }
# Command, option, the least number it takes, one that is less, the greatest, one
# that is more.
while read -r c o least less most more; do
	ok "$c: $o takes numbers from $least to $most" \
	    eval "takes $c $o $least && takes $c $o $most"
	ok "$c: $o takes neither $less nor $more" \
	    not eval "takes $c $o $less || takes $c $o $more"
done <<'END'
loggrep --jobs 1 0 256 257
loggrep --max-line 16 15 1G 1073741825
loggrep --year 1 0 9999 10000
logpack --jobs 1 0 256 257
logparse --jobs 1 0 256 257
logparse --max-line 1 0 1G 1073741825
logparse --year 1 0 9999 10000
logpush --batch-bytes 1 0 64M 67108865
logpush --batch-lines 1 0 2147483647 2147483648
logpush --jobs 1 0 256 257
logpush --max-line 1 0 32M 33554433
logpush --max-message 480 479 32M 33554433
logpush --limit-rate 1 0 8388607T 8388608T
logpush --spool-max 64K 65535 8388607T 8388608T
logquiet --retries 0 -1 1000000 1000001
END

# A failed write is never status 0.
for c in loggrep logparse logpack logquiet; do
	( stream $c ) <three.log >/dev/full 2>err
	st=$?
	case $c in
	logquiet)	# when --tee's reader goes, the rest goes on
		skip 'the rest goes on' "$c: a full disk is status 2" ;;
	*)	is "$c: a full disk is status 2" "$st" 2 ;;
	esac
	ok "$c: a full disk is told once" \
	    test "$(grep -c 'No space left on device' err)" = 1
done
cp three.log a.log.1
logstamp a.log.1 >/dev/full 2>err
is 'logstamp: a name that cannot be printed is status 2' $? 2
cp three.log b.log
logpack b.log >/dev/full 2>err
is 'logpack: a name that cannot be printed is status 2' $? 2

# A standard stream that is closed is an error, not the next file opened.
for c in loggrep logparse logpack logquiet; do
	( stream $c ) <&- >/dev/null 2>err
	is "$c: a closed standard input is status 2" $? 2
	ok "$c: a closed standard input is told" grep -q 'Bad file descriptor$' err
done
cp three.log c.log
logpack c.log >&- 2>err
is 'logpack: a closed standard output is status 2' $? 2
logpack -d c.log.gz no.gz >/dev/null 2>&-
ok 'logpack: neither names nor messages get into its files' \
    cmp c.log three.log

# A file that is read and written: no end of it.
for c in loggrep logparse; do
	cp three.log self.log
	case $c in loggrep) set -- . ;; logparse) set -- ;; esac
	"$c" "$@" self.log >>self.log 2>err
	is "$c: input that is also the output is status 2" $? 2
	ok "$c: input that is also the output is told" grep -q ': input file is also the output$' err
	ok "$c: input that is also the output is left alone" cmp self.log three.log
done

# A reader that goes away ends a filter quietly, as syslog-ng's children see it.
for c in loggrep logparse logpack; do
	for _ in 1 2 3 4 5 6 7 8; do cat three.log; done >24.log
	for _ in 1 2 3 4 5 6 7 8; do cat 24.log 24.log 24.log 24.log; done |
	    cat - 24.log >many.log
	n=0
	while [ $((n += 1)) -le 40 ]; do cat many.log; done |
	    ( trap '' PIPE; stream $c 2>err ) | head -c 1 >/dev/null
	is "$c: EPIPE is quiet" "$(cat err)" ''
done

# A hundred files, and leave to open 32: each is closed after its turn.
mkdir turns
for i in 1 2 3 4 5 6 7 8 9; do
	for j in 0 1 2 3 4 5 6 7 8 9; do cp three.log turns/$i$j.log.1; done
done
# shellcheck disable=SC3045
few() { ( ulimit -n 32; exec "$@" ) 2>&1; }
is 'loggrep: files that were searched are closed' \
    "$(few loggrep -hc 503 turns/* | sort | uniq -c | xargs)" '90 3'
is 'logparse: files that were read are closed' "$(few logparse turns/* | wc -l)" 270
few logpack -k turns/* >out
is 'logpack: files that were packed are closed' "$(grep -c '[.]gz$' out)" 90
few logpack -k turns/*.1 >out
is 'logpack: files that were packed before are closed' "$(grep -c '[.]gz$' out)" 90
is 'logpack: files whose name is taken are closed' \
    "$(cp three.log other; for f in turns/*.gz; do gzip -c other >"$f"; echo >>"${f%.gz}"; done
    few logpack -k turns/*.1 | grep -c 'already exists$')" 90
is 'logpack -d: files whose name is taken are closed' \
    "$(few logpack -d turns/*.gz | grep -c 'already exists$')" 90
is 'logpack -t: files that were tested are closed' "$(few logpack -t turns/*.gz)" ''
is 'logpush: files that were delivered are closed' \
    "$(few logpush -q "file://$tmp/turned/" turns/*; ls turned | wc -l)" 180
is 'logpush: files that were there already are closed' \
    "$(few logpush -q --rm "file://$tmp/turned/" turns/*.gz; ls turns | wc -l)" 90
is 'logstamp: files that were renamed are closed' \
    "$(few logstamp turns/* | grep -c -- '-[0-9]*$')" 90

# Lists of names.
mkdir list
cp three.log 'list/a b'
cp three.log 'list/c
d'
printf 'list/a b\n' >names
printf 'list/a b\0list/c\nd\0' >names0
is 'loggrep: -T takes names from a list' "$(loggrep -hc -T names 503)" 3
is 'loggrep: -0 takes names that end with NUL' "$(loggrep -h -T names0 -0 503 | wc -l)" 6
is 'loggrep: -T - is standard input' "$(loggrep -hc -T - 503 <names)" 3
is 'logparse: -T takes names from a list' "$(logparse -T names | wc -l)" 3
is 'logparse: -0 takes names that end with NUL' "$(logparse -0 -T - <names0 | wc -l)" 6
is 'logpack: -0, names in and out' \
    "$(logpack -0 -T - <names0 | tr '\0\n' '\n+' | sort)" \
    "$(printf 'list/a b.gz\nlist/c+d.gz')"
ls list/*.gz | head -n 1 >names
mkdir store
logpush -qT names "file://$tmp/store/" >/dev/null
is 'logpush: -T takes names from a list' "$(ls store)" 'a b.gz'
find list -name '*.gz' -print0 | logpush -q -0 -T - "file://$tmp/store/" >/dev/null
is 'logpush: -0 takes names that end with NUL' "$(find store -type f -name '[!.]*' -print0 |
    tr -dc '\0' | wc -c)" 2
touch -d @1624977000 list/x.1 list/y.1
is 'logstamp: -T takes names from a list' "$(ls list/?.1 | logstamp -T -)" "$(printf '%s\n' \
    list/x-1624977000 list/y-1624977000)"
for c in loggrep logparse logpack logstamp logpush; do
	case $c in
	loggrep) set -- -T /no/such/list x ;;
	logpush) set -- -T /no/such/list "file://$tmp/store/" ;;
	*) set -- -T /no/such/list ;;
	esac
	exits 2 "$c: a list that cannot be read" "$c" "$@"
	exits 2 "$c: a second list is misuse, not the only one" \
		"$c" -T names -T names0
	is "$c: a second list is told" "$(head -n 1 .out)" "$c: -T: given twice"
done

# A newline in a name would make two of it, in a list whose names end with one.
unlisted='the name holds a newline: printed with -0 only'
odd='list/o
dd'
# unlisted WHAT COMMAND ARGUMENT...: it prints no part of the name, and says why
unlisted() {
	what=$1
	shift
	"$@" >out 2>err
	is "$what: a name with a newline is status 1 without -0" $? 1
	is "$what: a name with a newline is not printed without -0" \
	    "$(cat out)" ''
	ok "$what: a name with a newline is told, and shown as \\x0A" \
	    grep -q "^$1: list/o\\\\x0Add[-.0-9a-z]*: $unlisted\$" err
}
echo one >"$odd.1" && touch -d @1624977000 "$odd.1"
unlisted logstamp logstamp "$odd.1"
unlisted "loggrep -l" loggrep -l one "$odd-1624977000"
unlisted logpack logpack "$odd-1624977000"
unlisted "logpack -l" logpack -l "$odd-1624977000.gz"
unlisted "logpush -n" logpush -n "file://$tmp/store/" "$odd-1624977000.gz"
mkdir list/moved
unlisted "logpush --move-to" logpush -q --move-to list/moved "file://$tmp/store/" \
    "$odd-1624977000.gz"
mv "list/moved/${odd#list/}-1624977000.gz" "$odd.gz"
is 'loggrep: a newline in a name in front of a line is shown' \
    "$(loggrep -H one "$odd.gz")" 'list/o\x0Add.gz:one'
is 'loggrep: a newline in a name in front of a count is shown' \
    "$(loggrep -cH one "$odd.gz")" 'list/o\x0Add.gz:1'
is 'loggrep: a name with a newline goes as it is before NUL' \
    "$(loggrep -lZ one "$odd.gz" | tr '\0' '|')" "$odd.gz|"
rm -rf "$odd.gz" list/moved

# What a name or a server says cannot move the cursor or forge a second line.
esc=$(printf 'a\033[31m\tb\177\302\205c\233d\351\303\251')
loggrep x "$esc" 2>err
is 'messages: control characters and what is not UTF-8 are shown' \
    "$(cat err)" 'loggrep: a\x1B[31m\x09b\x7F\xC2\x85c\x9Bd\xE9'"$(
    printf '\303\251'): No such file or directory"

if command -v script >/dev/null; then
	echo one >"$esc.1" && touch -d @1624977000 "$esc.1"
	script -qec 'loggrep -l one *m*.1; loggrep -H one *m*.1; logstamp *m*.1' \
	    tty </dev/null | tr -d '\r' >out
	shown='a\x1B[31m\x09b\x7F\xC2\x85c\x9Bd\xE9'$(printf '\303\251')
	is 'names: control characters do not reach a terminal' "$(cat out)" \
	    "$shown.1
$shown.1:one
$shown-1624977000"
	rm ./*m*-1624977000
	script -qec 'logpack -c one.log; logpack -d' tty </dev/null |
	    tr -d '\r' | grep -v usage >out
	is 'logpack: compressed data is not for a terminal' \
	    "$(sed -n 1p out)" 'logpack: compressed data is not for a terminal'
	is 'logpack: compressed data does not come from a terminal' "$(sed -n 2p out)" \
	    'logpack: compressed data does not come from a terminal'
else
	skip 'no script(1)' 'names: control characters do not reach a terminal'
fi

# Compressed input is known by its first bytes.
head -n 1 three.log | gzip >z.gz
tail -n 2 three.log | gzip >>z.gz
for z in zstd xz bzip2 lz4; do
	if command -v $z >/dev/null; then
		$z -c <three.log >z.$z
	else
		: >z.$z
	fi
done
for z in gz zstd xz bzip2 lz4; do
	for c in loggrep logparse; do
		if [ ! -s z.$z ]; then
			skip "no $z" "$c: reads $z"
			continue
		fi
		cp z.$z plain-name
		case $c in
		loggrep) set -- -c 503 ;;
		logparse) set -- -s client,status ;;
		esac
		is "$c: reads $z from a file and from a pipe" \
		    "$("$c" "$@" plain-name | md5sum)$(cat z.$z |
		    "$c" "$@" | md5sum)" \
		    "$("$c" "$@" three.log | md5sum)$("$c" "$@" <three.log |
		    md5sum)"
	done
done

# Live: what came in is out before the next read waits.
mkfifo fifo
for c in loggrep logparse logquiet; do
	rm -f out
	( stream $c ) <fifo >out &
	exec 3>fifo
	echo "$line" >&3
	ok "$c: a line is out while the input waits" until_true 20 test -s out
	exec 3>&-
	wait $!
done

# SIGTERM means finish: what is in the pipe is taken first.
for c in loggrep logparse logpack logquiet; do
	rm -f out
	( stream $c ) <fifo >out 2>err &
	pid=$!
	exec 3>fifo
	echo "$line" >&3
	case $c in
	logpack) until_true 20 catches_term $pid ;;
	*) until_true 20 test -s out ;;
	esac
	kill -STOP $pid
	cat three.log >&3
	kill -TERM $pid
	kill -CONT $pid
	wait $pid
	is "$c: SIGTERM ends it as the end of input does" $? 0
	is "$c: SIGTERM: what was in its pipe is taken" "$(lines_of $c out)" 4
	is "$c: SIGTERM: nothing is said" "$(cat err)" ''
	exec 3>&-
done

strace=
strace -o /dev/null true 2>/dev/null && strace=yes

# Also when the signal comes before the first read.
if [ -n "$strace" ]; then
	ASAN_OPTIONS=detect_leaks=0 strace -f -o trace -e trace=clone,clone3 \
	    -e inject=clone,clone3:signal=TERM:when=1 \
	    logpack <three.log >out 2>err
	is 'logpack: an early SIGTERM does not pass for an empty input' \
	    "$?$(gzip -dc <out 2>/dev/null | wc -l)" 20
	tail three.log | ASAN_OPTIONS=detect_leaks=0 strace -f -o trace \
	    -e trace=clone,clone3 \
	    -e inject=clone,clone3:signal=TERM:when=1 logpack >out 2>err
	is 'logpack: at an early SIGTERM its pipe is taken' \
	    "$?$(gzip -dc <out 2>/dev/null | wc -l)" 03
else
	skip 'no strace here' 'logpack: an early SIGTERM does not pass for an empty input'
	skip 'no strace here' 'logpack: at an early SIGTERM its pipe is taken'
fi

# --syslog: nothing on standard error, all to /dev/log.
for c in $all; do
	case $c in
	loggrep) set -- --syslog x /no/such/file ;;
	logquiet) set -- --syslog /no/such/command ;;
	logpush) set -- --syslog "file://$tmp/store/" /no/such/file ;;
	*) set -- --syslog /no/such/file ;;
	esac
	"$c" "$@" </dev/null 2>err
	is "$c: --syslog leaves standard error alone" "$(cat err)" ''
	if [ -n "$strace" ]; then
		ASAN_OPTIONS=detect_leaks=0 strace -f -e trace=connect -o trace \
		    "$c" "$@" </dev/null
		# 110: of a process that hides its memory only the size of a
		# Unix socket's address is seen
		ok "$c: --syslog writes to the system's log" \
		    grep -Eq '/dev/log|connect.*, 110\)' trace
	else
		skip 'no strace here' "$c: --syslog writes to the system's log"
	fi
done

# Libraries that are loaded on demand
mkdir broken
: >broken/libarchive.so.13
echo 'a line' | xz -c >line.xz
if [ -z "${FOREIGN-}" ]; then
	LD_LIBRARY_PATH=$PWD/broken loggrep line line.xz 2>err
	is 'loggrep: a file that a missing library would unpack is trouble' $? 2
	ok 'loggrep: the error names the missing library' \
	    grep -q libarchive.so.13 err
else
	for name in 'a file that a missing library would unpack is trouble' \
	    'the error names the missing library'; do
		skip 'the programs hold the names of their libraries' \
		    "loggrep: $name"
	done
fi
for c in loggrep logparse logpack; do
	ok "$c: an ELF note names the library that is loaded on demand" \
	    grep -aq '"soname":\["libarchive.so.13"\]' "$B/$c"
done

# On a terminal
cat >by-hand <<'END'
(echo 1.log; until [ -e 1.log.gz ]; do sleep 0.1; done; sleep 1.2; echo 2.log) |
    logpack -T -
END
if command -v script >/dev/null; then
	export TERM=xterm
	echo 1 >1.log
	echo 2 >2.log
	script -qec 'sh ./by-hand' tty </dev/null >/dev/null
	ok 'the bar tells the files that are done, on the terminal of the names' \
	    grep -q '1 done, .* MB/s' tty
	is 'names are printed on a line that the bar has left' \
	    "$(tr -d '\r' <tty | sed 's/.*\[K//' | grep -c '^[12].log.gz$')" 2
	rm -f ./*.log.gz
	echo 1 >1.log
	echo 2 >2.log
	TERM=dumb script -qec 'sh ./by-hand' tty </dev/null >/dev/null
	is 'a dumb terminal has no bar' "$(grep -c 'MB/s' tty)" 0
	script -qec 'loggrep --color 2 2.log.gz' tty </dev/null >/dev/null
	ok 'a terminal has colors' grep -q '\[01;31m' tty
	NO_COLOR=1 script -qec 'loggrep --color 2 2.log.gz' tty </dev/null >/dev/null
	is 'NO_COLOR means no colors' "$(grep -c '\[01;31m' tty)" 0
	NO_COLOR=1 script -qec 'loggrep --color=always 2 2.log.gz' tty \
	    </dev/null >/dev/null
	ok '--color=always beats NO_COLOR' grep -q '\[01;31m' tty
else
	skip 'no script' 'the bar tells the files that are done'
fi

# As a person sees it, on a screen.  A file of holes takes an hour, unless it is
# cut short once the bar is there.
# A server that was told to end still takes sessions for a moment: each screen
# has one of its own.
screens=0
screen() { LC_ALL=C.UTF-8 tmux -S "$tmp/tmux.$screens" "$@"; }
on_screen() {			# columns, command
	screens=$((screens + 1))
	truncate -s 300G holes.log
	screen -f /dev/null new-session -d -x "$1" -y 24 \
	    "PATH=$PATH; $2; echo status \$?; exec cat"
}
shows() { screen capture-pane -p >screen 2>&1; grep -Eq -e "$1" screen; }
shows_later() { shows 'MB/s' && ! cmp -s screen "$1"; }
off_screen() {			# what is there at the end
	: >holes.log
	until_true 20 shows 'status [0-9]'
	screen kill-server
	grep . screen
}
if command -v tmux >/dev/null; then
	at_exit="$at_exit; screen kill-server 2>/dev/null"
	rm -f 1.log.gz
	echo 1 >1.log
	on_screen 100 'logpack 1.log holes.log'
	ok 'a screen shows a bar: files, bytes, speed and the time left' until_true 20 \
	    shows '^\[#*\.+\] +[0-9]+% 1 done, [0-9]+ MB, [0-9]+ MB/s, [0-9]+ s left$'
	is 'a screen shows names and messages where the bar was, and nothing of it' \
	    "$(off_screen)" '1.log.gz
logpack: holes.log: changed while it was read
status 1'
	on_screen 30 'logpack holes.log'
	until_true 20 shows 'MB/s'
	cp screen earlier
	ok 'a narrow screen shows a bar' until_true 20 shows_later earlier
	is 'a narrow screen shows nothing of the bar at the end' "$(off_screen)" \
	    'logpack: holes.log: changed wh
ile it was read
status 1'
	echo one >1.log
	on_screen 100 'loggrep one 1.log holes.log'
	ok 'a screen shows a bar while loggrep searches' until_true 20 shows '^\[.* s left$'
	is 'a screen shows a line as soon as loggrep has found it' \
	    "$(head -n 1 screen)" 1.log:one
	is 'a screen shows what loggrep found where the bar was, and nothing of it' \
	    "$(off_screen | sed '/were cut/d; s/[0-9]$//')" '1.log:one
status '
	rm -f 1.log.gz holes.log
else
	for name in 'a screen shows a bar: files, bytes, speed and the time left' \
	    'a narrow screen shows nothing of the bar at the end' \
	    'a screen shows a line as soon as loggrep has found it'; do
		skip 'no tmux' "$name"
	done
fi

loggrep --sinze=1h x 2.log.gz 2>err
ok 'a mistyped option is told the nearest one' \
    grep -q 'did you mean --since?' err
loggrep --cuont x 2.log.gz 2>err
ok "two letters in each other's place are one mistake" \
    grep -q 'did you mean --count?' err
logparse -o jsn 2.log.gz 2>err
ok 'a mistyped form of output is told the nearest one' \
    grep -q 'did you mean json?' err
logparse -o ecs -s status 2.log.gz 2>err
is 'fields that are wrong do not make a known output one that is mistyped' \
    "$(grep -c 'did you mean' err)" 0
logparse -f combned 2.log.gz 2>err
ok 'a mistyped format is told the nearest one' \
    grep -q 'did you mean combined?' err
logparse -f docker 2.log.gz 2>err
is 'a format that is not known is told no word that has little in common' \
    "$(head -n 1 err)" \
    'logparse: docker: no such format; --list-formats lists them'
loggrep --zzzzzz 2>err
is 'what is like no option is told none' "$(grep -c 'did you mean' err)" 0

# A time that a number of 32 bits does not hold.
late=2382343503
echo "$line" | sed s/2021/2045/ | cat three.log - >late.log
mkdir late
cp three.log late/a.log.1
touch -d @$late late.log late/a.log.1
is 'logparse: a time after 2038 is printed' "$(logparse -s timestamp late.log |
    tail -n 1)" '{"timestamp":"2045-06-29T10:05:03Z"}'
is 'loggrep: --since can be after 2038' "$(loggrep -c --since 2040-01-01 late.log)" 1
is 'loggrep: --until can be after 2038' "$(loggrep -c --until 2040-01-01 late.log)" 3
for format in tar.gz tar.zst tar.xz zip; do
	mkdir late/$format
	logpack -k -a late.$format late/a.log.1 >out 2>err &&
	    logpack -d -C late/$format late.$format >out 2>err
	if grep -q 'Value too large' err; then
		skip 'libarchive has times of 32 bits' \
		    "logpack: a .$format keeps a time after 2038"
		continue
	fi
	is "logpack: a .$format keeps a time after 2038" \
	    "$(stat -c %Y late/$format/late/a.log.1)" $late
done
is 'logpack: a packed file keeps a time after 2038' \
    "$(logpack -k late/a.log.1 && stat -c %Y late/a.log.1.gz)" \
    "late/a.log.1.gz
$late"
logpush -q "file://$tmp/late/{date:%Y}/" late/a.log.1
is 'logpush: a delivered file keeps a time after 2038' \
    "$(stat -c %Y late/2045/a.log.1)" $late
is 'logstamp: a name can hold a time after 2038' "$(logstamp late/a.log.1)" \
    late/a.log-$late

# A run with many files opens as many as the hard limit allows.
if [ -r /proc/self/limits ]; then
	mkfifo limits_pipe
	# shellcheck disable=SC3045
	( ulimit -Sn 64; exec loggrep x <limits_pipe ) &
	pid=$!
	exec 8>limits_pipe
	ok 'as many files may be open as the hard limit says' until_true 10 \
	    awk '/^Max open files/ { exit $4 != $5 }' /proc/$pid/limits
	exec 8>&-
	wait $pid
else
	skip 'no /proc' 'as many files may be open as the hard limit says'
fi

# What only reads gives up the right to write to files, before it reads.
if loggrep --version | grep -q 'Landlock version'; then
	mkfifo quiet_pipe
	for c in 'loggrep x' logparse logpack 'logpack -d'; do
		# shellcheck disable=SC2086
		$c <quiet_pipe >/dev/null 2>&1 &
		pid=$!
		exec 8>quiet_pipe
		ok "$c: what reads standard input can gain no rights" \
			until_true 10 grep -q '^NoNewPrivs:.1' /proc/$pid/status
		exec 8>&-
		wait $pid
	done
else
	skip 'no Landlock' 'what reads standard input can gain no rights'
fi
done_testing
