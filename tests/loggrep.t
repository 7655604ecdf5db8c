#!/bin/sh
# loggrep: what it does beyond grep; see loggrep-grep.t for the rest
. "${0%/*}/lib.sh"

g=$golden/loggrep

# The status field
grep -v '^# ' "$g/errors" | cut -f 2- >errors
grep -v '^# ' "$g/errors" | cut -f 1 >rules
grep -v '^# ' "$g/others" >others
same 'every shape of a server error is selected' errors loggrep -5 errors
same 'with no pattern, too' errors sh -c 'loggrep <errors'
is 'nothing else is' "$(loggrep --explain -5 others)" ''
is '--explain names the rule' \
	"$(loggrep -5 --explain errors | sed 's/:.*//' | diff - rules)" ''
sed 's/$//' errors | tr '\n' '\r' | sed 's/\r/\r\n/g' >crlf
same 'a CR before the LF does no harm' crlf loggrep -5 crlf
sed 's/^/Jun 29 10:05:03 web1 app[512]: /' errors >prefixed
same 'a syslog prefix does not hide any of them' prefixed \
	loggrep -5 prefixed
is 'nor makes one of the others' \
	"$(sed 's/^/Jun 29 10:05:03 web1 app[512]: /' others |
	loggrep -5)" ''
same '-v selects the others' others loggrep -5 -v errors others -h
is '-5 and a pattern: both must hold' \
	"$(loggrep -5 -e haproxy errors | grep -c '')" \
	"$(grep -c haproxy errors)"
is '-c counts them' "$(cat errors others | loggrep -c)" \
	"$(grep -c '' errors)"

path=$(printf '/%09999d' 0)
cat >far <<EOF
GET $path 500 12.3 ms - 22
500 GET $path (127.0.0.1) 1.23ms
2021/06/29 - 10:05:03 | 500 | 1.2ms | 127.0.0.1 | GET "$path" [GIN]
"GET http://host$path HTTP/1.1" from 127.0.0.1:1234 - 500 22B in 1ms
EOF
same 'a long path does not hide any of them' far loggrep -5 far

# A W3C log says where its status stands, again and again
cat >w3c <<'EOF'
#Version: 1.0
#Fields: sc-status time date cs-method cs-uri-stem sc-bytes time-taken
503 10:00:00 2021-06-29 GET /a 12 5
200 10:00:00 2021-06-29 GET /b 512 500
status=504
#Fields:  date time c-ip sc-bytes sc-status
2021-06-29 10:00:00 203.0.113.7 500 200
2021-06-29 10:00:00 203.0.113.7 200 500
2021-06-29 10:00:00 203.0.113.7 200 500 x
#Fields: date time c-ip sc-bytes
2021-06-29 10:00:00 203.0.113.7 500
EOF
tail -n 6 w3c | grep -v '^#' >nofields
want='3 5 8 '
lines() { loggrep -n "$@" | cut -d: -f1 | tr '\n' ' '; }
is '#Fields: tells which field is the status' "$(lines -5 w3c)" "$want"
is 'also when it comes from a pipe' "$(lines <w3c)" "$want"
is '-v selects the others of a W3C log' "$(lines -v -5 w3c)" '1 2 4 6 7 9 10 11 '
is 'a pattern must match as well' "$(lines -5 -e '^[^s]' w3c)" '3 8 '
is '--explain calls it w3c' "$(loggrep -5 --explain w3c | cut -d: -f1 |
	tr '\n' ' ')" 'w3c logfmt w3c '
is 'the next file has no #Fields: yet' "$(loggrep -h -c -5 w3c nofields |
	tr '\n' ' ')" '3 0 '
tr ' ' '\t' <w3c | sed 's/$/\r/' | sed 's/d:\t*/d: /' >tabs
is 'tabs and CRLF' "$(lines -5 tabs)" "$want"
cat >head <<'EOF'
#Fields: x sc-status
EOF
(cat head; awk 'BEGIN { for (i = 0; i < 60000; i++)
	print i % 500, i % 600 }') >long
is 'it holds for all of a long input' "$(loggrep -c -5 long)" 10000

# Fields and times
cat >log <<'EOF'
{"timestamp":"2021-06-29T10:00:00Z","status":500,"path":"/api/x","http":{"status":"404"},"duration":0.25}
{"timestamp":"2021-06-29T11:00:00Z","status":"200","path":"/x","ok":true}
  a line without a time
{"timestamp":"2021-06-30T11:00:00Z","path":"/api/y"}
Jun 30 12:00:00 web1 todo[7]: 203.0.113.7 - - [30/Jun/2021:12:00:00 +0000] "GET /api/z HTTP/1.1" 503 12 "-" "-"
EOF
touch -d 2021-07-01 log
while read -r where want; do
	is "-W '$where'" "$(loggrep -n -W "$where" log | cut -d: -f1 |
		tr '\n' ' ' | tr -d ' ')" "$want"
done <<'EOF'
status>=500 15
status<500 2
status<=500 12
status>500 5
status=200 2
status!=200 15
path~^/api 145
path!~^/api 2
path=/x 2
path<=/api/y 14
status 125
!status 34
http.status=404 1
duration>200ms 1
duration=250ms 1
ok=true 2
hostname=web1 5
format=syslog,combined 5
format=raw 3
nosuch
nosuch!=1
EOF
cat >own <<'EOF'
{"lvl":"error","time":1624961103,"msg":"one","http":{"status":1}}
lvl=error ts=1624961103 msg="two words"
{"log":"GET / 5\n","stream":"stdout","time":"2021-06-29T10:05:03.5Z"}
{"level":"info","lvl":"error","message":"four"}
{"MESSAGE":"five","_PID":"7","__REALTIME_TIMESTAMP":"1624961103000000"}
{"log":"x","kubernetes":{"pod_name":"six"}}
{"agent":"a\xffb"}
EOF
while read -r where want; do
	is "-W '$where', the line's own name" "$(loggrep -n -W "$where" own |
		cut -d: -f1 | tr -d '\n')" "$want"
done <<'EOF'
lvl=error 124
level=error 12
level=info 4
time=1624961103 1
ts=1624961103 2
msg~^two 2
message~^(GET|one|four) 134
log~^GET 3
time 13
!time 24567
_PID=7 5
kubernetes.pod_name=six 6
lossy 7
lossy=true 7
EOF
is 'several -W must all hold' \
	"$(loggrep -c --where='status>=500' --where='path~z$' log)" 1
is '-W and a pattern must both hold' \
	"$(loggrep -c -W 'status>=500' -e web1 log)" 1
is 'the first of several operands is a pattern' \
	"$(loggrep -W 'status>=500' web1 log | grep -c '')" 1
is 'but not when it is a file' "$(loggrep -h -c -W status log log | tr '\n' ' ')" \
	'3 3 '
exits 2 'a single operand is a file' loggrep -W status nofile
exits 2 'a wrong condition' loggrep -W '=500' log
exits 2 'a wrong pattern in a condition' loggrep -W 'path~(' log
printf '{"id":%s}\n' 9007199254740993 9007199254740992 -9007199254740993 007 >ids
is '-W tells large whole numbers apart' \
	"$(loggrep -c -W id=9007199254740993 ids;
	loggrep -c -W 'id>9007199254740992' ids;
	loggrep -c -W 'id<-9007199254740992' ids)" "$(printf '1\n1\n1')"
numbers() { loggrep -n "$@" log | cut -d: -f1 | tr '\n' ' '; }
is '--since: a line without a time has that of the line before' \
	"$(numbers --since=2021-06-29T10:30:00Z)" '2 3 4 5 '
is '--until is before' "$(numbers --until=2021-06-29T11:00:00Z)" '1 '
is 'a date' "$(numbers --since 2021-06-30)" '4 5 '
is 'epoch seconds, both' \
	"$(numbers --since 1624964400 --until 1625011200)" '2 3 '
is 'an age' "$(numbers --since 10m)" ''
is 'yesterday' "$(numbers --until yesterday)" '1 2 3 4 5 '
is 'with a pattern' "$(numbers --since 2021-06-29T10:30:00Z -e line)" '3 '
is 'with -v' "$(numbers -v --since 2021-06-30)" '1 2 3 '
is 'across blocks' "$(awk 'BEGIN { print "2021-06-29T10:00:00Z a"
	for (i = 0; i < 40000; i++) print "no time here at all" }' |
	loggrep -c --since 2021-06-29)" 40001
exits 2 'no time' loggrep --since sometime log
is '-W knows the columns of a W3C log, whatever the pattern' \
	"$(lines -e '/b' -W status=200 w3c; lines -5 -W 'path=/a' w3c)" '4 3 '
cat >cri <<'EOF'
2021-06-29T10:00:00Z stdout P {"a":
2021-06-29T10:00:01Z stderr F {"a":"c"}
2021-06-29T10:00:02Z stdout F "b"}
EOF
is 'CRI: a message in parts, with --since' \
	"$(lines --since 2021-06-29 -W a=b cri)" '3 '
is 'and with a pattern' "$(lines -e F -W a=b cri)" '3 '

# Input
printf 'one\ntwo\nthree\n' >plain
{ printf 'one\n' | gzip; printf 'two\nth' | gzip; printf 'ree\n' | gzip; } >gz
same 'gzip with three members and no suffix is read' plain loggrep . gz
for z in 'xz -c' 'zstd -qc' 'bzip2 -c' 'lz4 -c' 'lz4 -lc'; do
	if command -v "${z%% *}" >/dev/null; then
		$z plain >packed
		same "a file from $z is read" plain loggrep . packed
	else
		skip "no ${z%% *}" "a file from $z is read"
	fi
done
if command -v zstd >/dev/null; then
	{ printf '\132\052\115\030\004\0\0\0abcd'; zstd -qc plain; } >packed
	same 'zstd behind a skippable frame is read' plain loggrep . packed
else
	skip 'no zstd' 'zstd behind a skippable frame is read'
fi
printf 'BZh9\027rE8P\220\0\0\0\0' >packed
exits 1 'bzip2 of nothing has no line' loggrep '' packed
printf 'plain\ngz\n' >list
is '-T takes names from a list' "$(loggrep -h -c o -T list | tr '\n' ' ')" '2 2 '
is '-0 has them end with NUL, printed ones too' \
	"$(printf 'plain\0gz\0' | loggrep -l -0 -T - two | tr '\0' '|')" \
	'plain|gz|'
awk 'BEGIN { for (i = 0; i < 300; i++) printf "0123456789"; print " end"
	print "next end" }' >long
is 'a line over the limit is cut, each piece searched' \
	"$(loggrep --max-line=1K -c . long 2>/dev/null)" 4
says 'longer than 1024 bytes, which were cut: 1$' 'and the line is counted' \
	loggrep --max-line=1K end long
exits 0 'and no trouble' loggrep --max-line=1K end long
says 'No such file' 'a missing file has a message' loggrep x nofile
is 'but not with -s' "$(loggrep -s x nofile 2>&1)" ''

# Several files at once
for i in 1 2 3 4 5 6 7 8 9; do
	awk -v n="$i" 'BEGIN { for (i = 0; i < n * 4000; i++)
		print "file", n, "line", i, i % 7 ? "" : "seven" }' >many.$i
	[ $((i % 3)) != 0 ] || gzip many.$i
done
for o in '' -n -c -l '-C1 -n' -L '-m3 -A2' '-o -b' -v; do
	# shellcheck disable=SC2086
	loggrep $o seven many.* nofile many.1 >one 2>one.err
	# shellcheck disable=SC2086
	same "-j changes nothing but the time${o:+ ($o)}" one \
		loggrep -j3 $o seven many.* nofile many.1
done
same 'long names: --jobs' one loggrep --jobs=2 -v seven many.* many.1
exits 0 '-j and -q' loggrep -j3 -q seven many.*
exits 1 '-j and nothing selected' loggrep -j3 eight many.*
exits 2 '-j and a missing file' loggrep -j3 seven many.* nofile
echo one >>self
says 'self: input file is also the output' 'output is not searched' \
	sh -c 'loggrep one self self >>self'

# PCRE2's limits
printf 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab\nb\naaa\n' >evil
is 'a line that PCRE2 gives up on does not end the search' \
	"$(loggrep -n '^(a+)+$' evil evil -h 2>/dev/null | tr '\n' ' ')" \
	'3:aaa 3:aaa '
says 'evil: line 1: ' 'it is named' loggrep -n '^(a+)+$' evil
says 'gave up on.*: 1$' 'and counted' loggrep '^(a+)+$' evil
exits 2 'and the status is 2' loggrep '^(a+)+$' evil

# Live
mkfifo in
loggrep two <in >live & pid=$!
exec 9>in
printf 'one\ntwo\n' >&9
ok 'a line is out while the writer is silent' until_true 10 grep two live
kill -STOP $pid
printf 'two again\n' >&9
kill -TERM $pid
kill -CONT $pid
wait $pid
is 'SIGTERM is the end of input' $? 0
is 'and what was in the pipe came out' "$(tail -n 1 live)" 'two again'
exec 9>&-

# Progress, on a terminal
if command -v script >/dev/null; then
	cat >slow <<'EOF'
(echo a; until [ -s out ]; do sleep 0.1; done; sleep 1.2; echo a) |
	loggrep a >out
EOF
	: >out
	script -qec 'sh ./slow' tty </dev/null >/dev/null
	is 'a pipe has no percentage' \
		"$(grep -c 'MB/s' tty) $(grep -c '%' tty)" '1 0'
else
	skip 'no script' 'a pipe has no percentage'
fi

# --tail
echo 'old error' >app.log
loggrep -n --tail app.log error >live 2>tail.err & pid=$!
n=0				# it is not told when the watch stands
until grep -q probe live || [ $((n += 1)) -gt 200 ]; do
	echo 'error probe' >>app.log
	sleep 0.05
done
echo 'error one' >>app.log
ok '--tail: a line that is appended is out' until_true 10 grep -q 'error one' live
mv app.log app.log.1
echo 'error late' >>app.log.1
ok 'what is written to a rotated file, too' \
	until_true 10 grep -q 'error late' live
echo 'error two' >app.log
ok 'and to the new one of its name' until_true 10 grep -q 'error two' live
kill -TERM $pid
wait $pid
is 'SIGTERM ends it' $? 0
is 'what was there before is not searched' "$(grep -c old live)" 0
loggrep -m1 --tail app.log stop >live & pid=$!
until_true 10 sh -c 'echo stop >>app.log; ! kill -0 '$pid' 2>/dev/null'
wait $pid
is '-m ends it, too' "$? $(cat live)" '0 stop'
# follow FILE...: loggrep -H on these, once it watches all of them
follow() {
	tails=
	for f; do
		: >"$f"
		tails="$tails --tail $f"
	done
	# shellcheck disable=SC2086
	loggrep -H $tails '[A-Z]|rest$' >live & pid=$!
	for f; do
		n=0
		until grep -q "^$f:PROBE" live || [ $((n += 1)) -gt 200 ]; do
			echo PROBE >>"$f"
			sleep 0.05
		done
	done
}
followed() {			# ends it; what came but for the probes
	kill -TERM $pid
	wait $pid
	came=$(grep -v PROBE live | tr '\n' ';')
}
follow p1 p2
printf 'AAA ' >>p1
printf 'BBB\n' >>p2
until_true 10 grep -q BBB live
printf 'CCC\nDDD' >>p1
until_true 10 grep -q CCC live
printf 'EEE' >>p2
followed
is '--tail: lines of several files are not mixed, and have the right name' \
	"$came" 'p2:BBB;p1:AAA CCC;p1:DDD;p2:EEE;'
follow p1
printf 'SECOND\nUNFINISHED' >>p1
mv p1 p1.1
echo 'NEW line' >p1
until_true 10 grep -q NEW live
echo ' rest' >>p1.1
until_true 10 grep -q rest live
followed
is 'nor those of a file before and behind its rotation' \
	"$came" 'p1:SECOND;p1:NEW line;p1:UNFINISHED rest;'
mkfifo slow
: >p1
loggrep --tail p1 '' >slow & pid=$!
{
	head -n 1 >probed
	until_true 20 test -e ended
	for i in 1 2 3 4 5 6 7 8; do
		dd bs=64K count=1 status=none
		sleep 0.2
	done >late
	cat >>late
} <slow & reader=$!
until_true 10 sh -c 'test -s probed || { echo x >>p1; sleep 0.05; false; }'
seq 300000 >>p1
sleep 0.2
kill -TERM $pid
: >ended
wait $pid $reader
is '--tail: at SIGTERM a slow reader still gets all there was' \
	"$(grep -c '[0-9]' late) $(tail -n 1 late)" '300000 300000'
exits 2 'a folder that is not there' loggrep --tail nodir/x error
exits 2 'with other files it is misuse' loggrep --tail app.log error plain

# A terminal
if command -v python3 >/dev/null; then
	python3 - >told <<'END'
import os, pty, select, signal, sys
pid, fd = pty.fork()
if pid == 0:
    os.execvp('loggrep', ['loggrep', 'FILE'])
if select.select([fd], [], [], 20)[0]:
    sys.stdout.write(os.read(fd, 500).decode())
os.kill(pid, signal.SIGKILL)
os.waitpid(pid, 0)
END
	is 'a terminal for input is told' "$(tr -d '\r' <told)" \
	    'loggrep: reading standard input, a terminal; the pattern is FILE'
else
	skip 'no python3' 'a terminal for input is told'
fi

# Options
is '--color=always colors what matched' \
	"$(loggrep --color=always w plain | cat -v)" \
	't^[[01;31m^[[Kw^[[m^[[Ko'
is '--colour is the same' "$(loggrep --colour=always w plain)" \
	"$(loggrep --color=always w plain)"
is '--color alone is for terminals' "$(loggrep --color w plain)" two
is 'GREP_COLORS holds the colors' \
	"$(GREP_COLORS='ms=7:fn=:ne' loggrep -H --color=always w plain |
	cat -v)" 'plain^[[36m:^[[mt^[[7mw^[[mo'
is '-P, -E, -a and --line-buffered change nothing' \
	"$(loggrep -P -E -a --line-buffered w plain)" two
is 'long names work' "$(loggrep --line-number --byte-offset --with-filename \
	--regexp=TWO --ignore-case --line-regexp --max-count=1 plain)" \
	'plain:2:4:two'
is 'more of them' "$(loggrep --fixed-strings --word-regexp --invert-match \
	--count --no-filename two plain plain | tr '\n' ' ')" '2 2 '
is 'and more' "$(loggrep --files-with-matches --null one plain |
	tr '\0' '|')$(loggrep --files-without-match one plain long)" 'plain|long'
is 'those of context' "$(loggrep --after-context=1 one plain;
	loggrep --before-context=1 three plain; loggrep --context=1 two plain;
	loggrep --label=x --only-matching -H w <plain)" \
	"$(printf 'one\ntwo\ntwo\nthree\none\ntwo\nthree\nx:w')"
is '-f and --file read patterns' \
	"$(echo two >p; loggrep --file=p plain; loggrep -f p plain | wc -l)" \
	"$(printf 'two\n1')"
exits 0 '--quiet is silent' loggrep --quiet one plain
exits 0 '--no-messages leaves an error out' loggrep --no-messages -q one plain

# Octet-counted syslog
line='<14>1 2021-06-29T10:05:03Z h app - - - "GET / HTTP/1.1" 503 5'
printf '%s\n' "$((${#line} + 1)) $line" >counted
same 'a line of Logplex is selected by its fields' counted \
    loggrep -W appname=app counted
same 'and by its status' counted loggrep -5 counted

# Exit status
exits 0 'a line selected' loggrep two plain
exits 1 'no line selected' loggrep four plain
exits 2 'a missing file' loggrep two plain nofile
exits 2 'a wrong pattern' loggrep '(' plain
exits 2 'an unknown option' loggrep --nonsense two plain
exits 2 'a full disk' sh -c 'loggrep . plain >/dev/full'
exits 0 'help' loggrep --help
exits 0 'the version' loggrep -V
done_testing
