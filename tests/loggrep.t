#!/bin/sh
# loggrep: what it does beyond grep; see loggrep-grep.t for the rest
. "${0%/*}/lib.sh"

g=$golden/loggrep

# The status field
grep -v '^# ' "$g/errors" | cut -f 2- >errors
grep -v '^# ' "$g/errors" | cut -f 1 >rules
grep -v '^# ' "$g/others" >others
same 'every shape of a server error is selected' errors loggrep -5 errors
same 'server errors are selected when there is no pattern' errors sh -c 'loggrep <errors'
is '-5 selects nothing that is not a server error' "$(loggrep --explain -5 others)" ''
is '--explain names the rule that selected a line' \
	"$(loggrep -5 --explain errors | sed 's/:.*//' | diff - rules)" ''
sed 's/$//' errors | tr '\n' '\r' | sed 's/\r/\r\n/g' >crlf
same '-5: a CR before the LF does no harm' crlf loggrep -5 crlf
sed 's/^/Jun 29 10:05:03 web1 app[512]: /' errors >prefixed
same 'a syslog prefix hides no server error' prefixed \
	loggrep -5 prefixed
is 'a syslog prefix makes no server error of other lines' \
	"$(sed 's/^/Jun 29 10:05:03 web1 app[512]: /' others |
	loggrep -5)" ''
same '-5 -v selects the lines that are no server errors' others loggrep -5 -v errors others -h
is '-5 and a pattern: both must hold' \
	"$(loggrep -5 -e haproxy errors | grep -c '')" \
	"$(grep -c haproxy errors)"
is '-c counts server errors' "$(cat errors others | loggrep -c)" \
	"$(grep -c '' errors)"

path=$(printf '/%09999d' 0)
cat >far <<EOF
GET $path 500 12.3 ms - 22
500 GET $path (127.0.0.1) 1.23ms
[GIN] 2021/06/29 - 10:05:03 | 500 | 1.2ms | 127.0.0.1 | GET "$path"
"GET http://host$path HTTP/1.1" from 127.0.0.1:1234 - 500 22B in 1ms
EOF
same 'a path of 10,000 bytes hides no server error' far loggrep -5 far

# What a line is read as may depend on how near its time is to the file's.
printf 'x\t{"level":"error","ts":1624961103.1,"status":502}\n' >near
is '-5 reads a line as -W does' "$(loggrep -c -5 near)" \
    "$(loggrep -c -W 'status>=500' near)"

# A message that a container's runtime has cut: CRI marks the pieces, Docker
# cuts after 16 KiB.
cat >cri <<'EOF'
2021-06-29T10:05:03.1Z stdout P {"a": "a very long message
2021-06-29T10:05:03.2Z stderr F status=502
2021-06-29T10:05:03.3Z stdout P that is cut twice",
2021-06-29T10:05:03.4Z stderr P {"a": "another
2021-06-29T10:05:03.5Z stdout F "status":503}
2021-06-29T10:05:03.6Z stderr F one","status":200}
EOF
mkdir pods
sed -n '2p' cri >pods/0.log
cp pods/0.log pods/1.log
is '-5 reads lines with the name of a file in front' \
    "$(loggrep '' pods/0.log pods/1.log | loggrep -5 -c) $(
    loggrep -H '' "$PWD/pods/0.log" | loggrep -5 -c)" '2 1'
cp cri one-cri
is 'all pieces of a cut message are server errors' \
    "$(loggrep -5 -n cri | cut -d: -f1 | tr '\n' ' ')" '1 2 3 5 '
is '--explain names the rule of all pieces of a cut message' \
    "$(loggrep -5 --explain cri | cut -d: -f1 | tr '\n' ' ')" 'cri,json cri,logfmt cri,json cri,json '
is '--explain names it with -W, too' \
    "$(loggrep -5 -W status=503 --explain cri | cut -d: -f1 | sort | uniq -c | tr -s ' ')" ' 3 cri,json'
is '-v selects all pieces of the other messages' \
    "$(loggrep -5 -vn cri | cut -d: -f1 | tr '\n' ' ')" '4 6 '
cat >empty-cri <<'EOF'
2021-06-29T10:05:03.1Z stdout P 
2021-06-29T10:05:03.2Z stdout P {"a":"a message with
2021-06-29T10:05:03.3Z stdout P 
2021-06-29T10:05:03.4Z stdout P
2021-06-29T10:05:03.5Z stdout F empty pieces","status":503}
EOF
is 'pieces of a cut message may be empty' \
    "$(loggrep -5 -c empty-cri) $(loggrep -W 'status=503' -c empty-cri)" '5 5'
pad=$(printf '%016376d' 0)
cat >docker <<EOF
{"log":"no LF, but short","stream":"stdout","time":"2021-06-29T10:05:03.1Z"}
{"log":"{\"a\":\"$pad\",","stream":"stdout","time":"2021-06-29T10:05:03.2Z"}
{"log":"well\n","stream":"stderr","time":"2021-06-29T10:05:03.3Z"}
{"log":"\"status\":503}\n","stream":"stdout","time":"2021-06-29T10:05:03.4Z"}
EOF
is "Docker's pieces of 16 KiB are one message" \
    "$(loggrep -5 -n docker | cut -d: -f1 | tr '\n' ' ')" '2 4 '
is "logparse joins Docker's pieces of 16 KiB" \
    "$(logparse -s timestamp,status,format docker | tail -n 1)" \
    '{"timestamp":"2021-06-29T10:05:03.2Z","status":503,"format":"docker-json,json"}'

lines() { loggrep -n "$@" | cut -d: -f1 | tr '\n' ' '; }
# Blocks of a file are of 1 MiB at most.
fill() { yes "$1" | head -n 40000; }
ok_line='2021-06-29T10:05:03.2Z stderr F all is well'
{
	sed -n 1p cri; fill "$ok_line"
	echo '2021-06-29T10:05:03.3Z stdout F that is cut","status":200}'
	sed -n 1p cri; fill "$ok_line"
	sed -n 3p cri; fill "$ok_line"
	echo '2021-06-29T10:05:03.4Z stdout P "b":1,'
	sed -n 5p cri
} >far-cri
all='40003 80004 120005 120006 '
is 'pieces of a cut message in earlier blocks are server errors' "$(lines -5 far-cri)" "$all"
is 'pieces of a cut message in earlier reads are server errors' "$(lines -5 <far-cri)" "$all"
is '-c counts pieces in earlier blocks' "$(loggrep -5 -c far-cri)" 4
is '-m takes pieces in earlier blocks first' "$(lines -5 -m 2 far-cri)" '40003 80004 '
is '-b gives the offsets of pieces in earlier blocks' "$(loggrep -5 -b far-cri | head -n 1 | cut -d: -f1)" \
    "$(head -n 40002 far-cri | wc -c)"
status='status>=500'
is '-W prints all pieces of a cut message' "$(lines -W "$status" one-cri)" '1 2 3 5 '
is '-W prints the pieces of one stream' "$(lines -W status=200 one-cri)" '4 6 '
is '-v -W prints all pieces of the other messages' "$(lines -v -W "$status" one-cri)" '4 6 '
is '-5 and -W print all pieces of a cut message' "$(lines -5 -W status=503 one-cri)" '1 3 5 '
is '-W prints the pieces that a pattern matches' \
    "$(lines -e cut -e another -W "$status" one-cri)" '3 '
is "-W prints Docker's pieces of 16 KiB" "$(lines -W "$status" docker)" '2 4 '
is '-W prints pieces in earlier blocks' "$(lines -W "$status" far-cri)" "$all"
is '-W prints pieces in earlier reads' "$(lines -W "$status" <far-cri)" "$all"
is '-5 and -W print pieces in earlier blocks' "$(lines -5 -W b=1 far-cri)" "$all"
is '-W -c counts pieces in earlier blocks' "$(loggrep -W "$status" -c far-cri)" 4
is 'a pattern with -W sees the pieces in earlier blocks' \
    "$(lines -W "$status" -e 'very long' far-cri)" '40003 '
is 'a piece in an earlier block is selected if the pattern matches it' \
    "$(lines -5 -e 'very long' far-cri)" '40003 '
is 'context parts pieces in earlier blocks from other lines' \
    "$(loggrep -5 -n -A 0 far-cri | sed 's/:.*//' | tr '\n' ' ')" '40003 80004 -- 120005 120006 '
{
	sed -n 2p docker
	fill '{"log":"well\n","stream":"stderr","time":"2021-06-29T10:05:03.3Z"}'
	sed -n 4p docker
} >far-docker
is "Docker's pieces in earlier blocks are server errors" "$(lines -5 far-docker)" '1 40002 '
is "Tornado's status is found behind any name of a logger" "$(printf '%s\n' x \
    'I:log2:503 GET / (192.0.2.1) 1.23ms' 'E:db2:500 GET / (192.0.2.1) 1.23ms' |
    loggrep -5 -n | cut -d: -f1 | tr '\n' ' ')" '2 3 '
for v in 503.5 503.0 499.9 600.5; do
	printf '{"status":%s}\n' "$v"
done >fractions
is '-5 reads a status with a fraction as -W does' "$(loggrep -5 fractions | tr '\n' ' ')" \
    "$(loggrep -W 'status>=500' -W 'status<600' fractions | tr '\n' ' ')"
is '-W with a status from 500 to 599 selects no line that -5 leaves' \
    "$(loggrep -W 'status>=500' -W 'status<600' "$golden/loggrep/others")" ''
is 'a status that is no number is neither above nor below one, but may be equal' \
    "$(printf '%s\n' '{"status":"failed"}' '{"status":"0503"}' '{"status":"7"}' |
    loggrep -n -W 'status>=1'; printf '{"status":"0503"}\n' | loggrep -c -W status=503
    printf '{"status":-1}\n{"status":1.5}\n' | loggrep -c -W 'status<2')" \
    "$(printf '3:{"status":"7"}\n1\n2')"
is "answers of FTP, SMTP and SIP have their status under sc_status" \
    "$(printf '%s\n' '{"method":"INVITE","status":503}' '{"command":"RCPT","code":"x","response_code":"550"}' |
    logparse -s status,sc_status)" "$(printf '{"sc_status":503}\n{"sc_status":550}')"
is 'a number that goes on with another sign is no status, wherever the line is' \
    "$(printf '{"status":503$"a":1}\n{"status":503$"a":1}\n' | loggrep -5 -c)" 0

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
is 'W3C: #Fields: tells which field is the status' "$(lines -5 w3c)" "$want"
is 'W3C: #Fields: tells which field is the status in a pipe' "$(lines <w3c)" "$want"
is '-v selects the others of a W3C log' "$(lines -v -5 w3c)" '1 2 4 6 7 9 10 11 '
is 'W3C: -5 and a pattern must both hold' "$(lines -5 -e '^[^s]' w3c)" '3 8 '
is 'W3C: --explain calls the rule w3c' "$(loggrep -5 --explain w3c | cut -d: -f1 |
	tr '\n' ' ')" 'w3c logfmt w3c '
is 'W3C: #Fields: of one file does not hold for the next' "$(loggrep -h -c -5 w3c nofields |
	tr '\n' ' ')" '3 0 '
tr ' ' '\t' <w3c | sed 's/$/\r/' | sed 's/d:\t*/d: /' >tabs
is 'W3C: fields may be separated by tabs and lines end in CRLF' "$(lines -5 tabs)" "$want"
cat >quoted <<'EOF'
#Fields: date time cs(Referer) x sc-status sc-bytes
2021-06-29 10:00:00 "-" 200 200 5
2021-06-29 10:00:00 "-" 200 503 5
EOF
is 'W3C: a status is found behind any other number' "$(lines -5 quoted)" '3 '
cat >head <<'EOF'
#Fields: x sc-status
EOF
(cat head; awk 'BEGIN { for (i = 0; i < 60000; i++)
	print i % 500, i % 600 }') >long
is 'W3C: #Fields: holds for all of a long input' "$(loggrep -c -5 long)" 10000

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
is 'several -W: all must hold' \
	"$(loggrep -c --where='status>=500' --where='path~z$' log)" 1
is '-W and a pattern must both hold' \
	"$(loggrep -c -W 'status>=500' -e web1 log)" 1
is '-W: the first of several operands is a pattern' \
	"$(loggrep -W 'status>=500' web1 log | grep -c '')" 1
is '-W: operands that are all files leave no pattern' "$(loggrep -h -c -W status log log | tr '\n' ' ')" \
	'3 3 '
exits 2 '-W: a single operand is a file' loggrep -W status nofile
says 'explain is for server errors' '--explain of a pattern is misuse' \
    loggrep --explain x log
for n in - -x 5x ''; do
	says 'not a number from 0$' "-m '$n' is misuse" loggrep -m "$n" x log
done
is '-m: a negative number is no limit' "$(loggrep -m -5 -c . log)" "$(grep -c . log)"
exits 2 '--tail beside a list is misuse' loggrep --tail log x -T log
exits 2 '-W: a wrong condition is misuse' loggrep -W '=500' log
exits 2 '-W: a wrong pattern in a condition is misuse' loggrep -W 'path~(' log
printf '{"id":%s}\n' 9007199254740993 9007199254740992 -9007199254740993 007 >ids
is '-W tells large whole numbers apart' \
	"$(loggrep -c -W id=9007199254740993 ids;
	loggrep -c -W 'id>9007199254740992' ids;
	loggrep -c -W 'id<-9007199254740992' ids)" "$(printf '1\n1\n1')"
numbers() { loggrep -n "$@" log | cut -d: -f1 | tr '\n' ' '; }
is '--since: a line without a time has that of the line before' \
	"$(numbers --since=2021-06-29T10:30:00Z)" '2 3 4 5 '
is '--until is before' "$(numbers --until=2021-06-29T11:00:00Z)" '1 '
is '--since takes a date' "$(numbers --since 2021-06-30)" '4 5 '
is '--since and --until take epoch seconds' \
	"$(numbers --since 1624964400 --until 1625011200)" '2 3 '
is '--since takes an age' "$(numbers --since 10m)" ''
is '--until takes yesterday' "$(numbers --until yesterday)" '1 2 3 4 5 '
is '--since and a pattern must both hold' "$(numbers --since 2021-06-29T10:30:00Z -e line)" '3 '
is '--since with -v selects what is older' "$(numbers -v --since 2021-06-30)" '1 2 3 '
is '--since: lines without a time follow one across blocks' "$(awk 'BEGIN { print "2021-06-29T10:00:00Z a"
	for (i = 0; i < 40000; i++) print "no time here at all" }' |
	loggrep -c --since 2021-06-29)" 40001
exits 2 '--since: what is no time is misuse' loggrep --since sometime log
says 'not a time such as .*, today, yesterday$' '--since: all kinds of times are told' \
	loggrep --since 'yesterday 22:00' log
printf 'no\ntime\n' >timeless
loggrep --since 10m timeless 2>err; st=$?
is 'a file in which no line has a time is named, and trouble' "$st $(cat err)" \
	'2 loggrep: timeless: no line with a time that --since could select by'
is 'a file without times is named, but no trouble when another file has a line' \
	"$(loggrep -h -m1 --until now timeless log 2>err; echo "$?"; cat err)" \
	"$(head -n1 log; echo 0
	echo 'loggrep: timeless: no line with a time that --until could select by')"
exits 1 'a file without lines is not named for its lack of times' loggrep --since 10m /dev/null
is 'a pattern that was taken for a file gets a hint' \
	"$(loggrep --since 10m boom </dev/null 2>&1)" "loggrep: boom: No such \
file or directory (a pattern beside -W, --since or --until goes behind -e: -e \
boom)"
mkdir folder
is 'a folder and a URL that only logpush takes get a hint' \
	"$(loggrep x folder "file://$PWD/folder/" 2>&1)" "loggrep: folder: Is a \
directory (name its files, as in DIR/*)
loggrep: file://$PWD/folder/: No such file or directory (only logpush takes \
file://: give the path alone)"
is '--tail: a pattern too far in front gets a hint' \
	"$(loggrep --tail 'folder/*/*/0.log' x 2>&1)" "loggrep: folder/*/*/0.log: \
No such file or directory (only its last two parts may be patterns)"
printf '29-Jun-2021 10:05:03 x\n' >local
is '--tz says where a time is local, in the line and on the command line' \
	"$(for since in 2021-06-29T08:05:03Z 2021-06-29T08:05:04Z \
	    '2021-06-29 10:05:03' '2021-06-29 10:05:04'; do
		loggrep -c --since "$since" --tz Europe/Berlin local
	done | tr '\n' ' ')" '1 0 1 0 '
exits 2 '--tz: a zone that is not known is misuse' loggrep --tz Nowhere --since 10m local
printf 'Jun 29 10:05:03 h t: x\n' >yearless
is '--year is that of times without one' \
	"$(loggrep -c --since 2012-06-29 --until 2012-07-01 --year 2012 yearless
	loggrep -c --since 2012-06-29 --until 2012-07-01 yearless)" \
	"$(printf '1\n0')"
is '--since sees the time of a line in any form' "$(while IFS= read -r l; do
	printf '%s\n' "$l" >one
	loggrep -q --tz UTC --year 2021 --since 2021-06-29T10:05:03Z \
	    --until 2021-06-29T10:05:04Z one 2>&1 || echo "$l"
done <"$golden/loggrep/times.log")" ''
is '-W knows the columns of a W3C log, whatever the pattern' \
	"$(lines -e '/b' -W status=200 w3c; lines -5 -W 'path=/a' w3c)" '4 3 '
cat >cri <<'EOF'
2021-06-29T10:00:00Z stdout P {"a":
2021-06-29T10:00:01Z stderr F {"a":"c"}
2021-06-29T10:00:02Z stdout F "b"}
EOF
is 'CRI: a message in parts is one for --since and -W, which print all of them' \
	"$(lines --since 2021-06-29 -W a=b cri)" '1 3 '
is 'CRI: a message in parts is one for a pattern and -W' "$(lines -e F -W a=b cri)" '3 '
is 'CRI: --since gives a part the time of its message' \
	"$(lines --since 2021-06-29T10:00:01Z cri; lines --until 2021-06-29T10:00:01Z cri)" '2 1 3 '

# Input
printf 'one\ntwo\nthree\n' >plain
{ printf 'one\n' | gzip; printf 'two\nth' | gzip; printf 'ree\n' | gzip; } >gz
same 'gzip with three members and no suffix is read' plain loggrep . gz
seq 2000 >lines
gzip -n <lines >whole.gz
same 'a small .gz is read' lines loggrep . whole.gz
{ cat whole.gz; head -c 700 /dev/zero; } >padded.gz
same 'zero bytes after a small .gz are padding' lines loggrep . padded.gz
{ gzip -n </dev/null; cat whole.gz; } >two.gz
same 'an empty member before another is read' lines loggrep . two.gz
{ cat whole.gz; echo other; } >other.gz
same 'a small .gz with other bytes after it is read' lines loggrep . other.gz
says '^loggrep: other.gz: garbage after the compressed data$' \
	'other bytes after a small .gz are told' loggrep . other.gz
head -c $(($(wc -c <whole.gz) - 9)) whole.gz >short.gz
ok 'a small .gz that was cut short is read as far as it goes' \
	sh -c 'loggrep . short.gz 2>short.err | head -n 1900 | cmp - short.lines' \
	"$(head -n 1900 lines >short.lines)"
says '^loggrep: short.gz: unexpected end of the compressed data$' \
	'that it was cut short is told' loggrep . short.gz
cp whole.gz wrong.gz
printf 'wxyz' | dd of=wrong.gz bs=1 seek=$(($(wc -c <whole.gz) - 8)) conv=notrunc 2>/dev/null
says '^loggrep: wrong.gz: incorrect data check$' 'a wrong CRC of a small .gz is told' loggrep . wrong.gz
exits 2 'a wrong CRC of a small .gz is trouble' loggrep . wrong.gz
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
is '-0: names read and names printed end with NUL' \
	"$(printf 'plain\0gz\0' | loggrep -l -0 -T - two | tr '\0' '|')" \
	'plain|gz|'
awk 'BEGIN { for (i = 0; i < 300; i++) printf "0123456789"; print " end"
	print "next end" }' >long
is 'a line over the limit is cut, each piece searched' \
	"$(loggrep --max-line=1K -c . long 2>/dev/null)" 4
says 'longer than 1024 bytes, which were cut: 1$' 'a line over the limit is counted in a warning' \
	loggrep --max-line=1K end long
exits 0 'a line over the limit leaves the status 0' loggrep --max-line=1K end long
says 'No such file' 'a missing file has a message' loggrep x nofile
is '-s: a missing file has no message' "$(loggrep -s x nofile 2>&1)" ''

# Several files at once
for i in 1 2 3 4 5 6 7 8 9; do
	awk -v n="$i" 'BEGIN { for (i = 0; i < n * 4000; i++)
		print "file", n, "line", i, i % 7 ? "" : "seven" }' >many.$i
	[ $((i % 3)) != 0 ] || gzip many.$i
done
for o in '' -n -c -l '-C1 -n' -L '-m3 -A2' '-o -b' -v; do
	# shellcheck disable=SC2086
	loggrep -j1 $o seven many.* nofile many.1 >one 2>one.err
	# shellcheck disable=SC2086
	same "-j changes nothing but the time${o:+ ($o)}" one \
		loggrep -j3 $o seven many.* nofile many.1
done
same '--jobs is -j' one loggrep --jobs=2 -v seven many.* many.1
for i in 1 2 3; do seq 200000 | sed "s/^/$i /" >"large.$i"; done
loggrep -j1 -n 99999 large.? >one
same 'several files are searched at once and printed in their order' one loggrep -n 99999 large.?
loggrep -j1 . large.? >one
same 'what is found in several files at once waits for its turn' one loggrep . large.?
exits 0 '-j with -q: status 0 when a line is selected' loggrep -j3 -q seven many.*
exits 1 '-j: status 1 when nothing is selected' loggrep -j3 eight many.*
exits 2 '-j: status 2 when a file is missing' loggrep -j3 seven many.* nofile
echo one >>self
says 'self: input file is also the output' 'the file that output goes to is not searched' \
	sh -c 'loggrep one self self >>self'

# PCRE2's limits
printf 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab\nb\naaa\n' >evil
is 'a line that PCRE2 gives up on does not end the search' \
	"$(loggrep -n '^(a+)+$' evil evil -h 2>/dev/null | tr '\n' ' ')" \
	'3:aaa 3:aaa '
says 'evil: line 1: ' 'a line that PCRE2 gives up on is named' loggrep -n '^(a+)+$' evil
says 'gave up on.*: 1$' 'lines that PCRE2 gives up on are counted' loggrep '^(a+)+$' evil
exits 2 'a line that PCRE2 gives up on makes the status 2' loggrep '^(a+)+$' evil

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
is 'SIGTERM ends a search as the end of input does' $? 0
is 'SIGTERM: what was in the pipe is searched first' "$(tail -n 1 live)" 'two again'
exec 9>&-

# has_worked PID: for half a second of processor time (of which Python's start
# takes less)
has_worked() {
	[ ! -d /proc/self ] || [ "$(cut -d ' ' -f 14 "/proc/$1/stat")" -ge 50 ]
}
# PCRE2 works long on each line of a block before it gives up: minutes for all.
yes "$(printf '%060d!' 0)" | head -n 15000 >slow-lines
printf '%0900000d\n' 0 >slow-line
while IFS="$(printf '\t')" read -r what file args; do
	for sig in TERM INT; do
		# A shell starts what runs in the background with SIGINT ignored.
		python3 -c 'import os, signal, sys
signal.signal(signal.SIGINT, signal.SIG_DFL)
os.execvp("loggrep", ["loggrep"] + sys.argv[1:])' $args "$file" >out 2>err & pid=$!
		until_true 20 catches_term $pid
		until_true 20 has_worked $pid
		kill -$sig $pid
		ok "SIG$sig ends $what" until_true 40 sh -c '! kill -0 '$pid
		kill -KILL $pid 2>/dev/null
		wait $pid
		is "SIG$sig that ends $what makes the status 2" $? 2
		is "SIG$sig that ends $what is told of" "$(cat err)" \
		    'loggrep: ended by a signal before all was searched'
	done
done <<'EOF'
lines that PCRE2 gives up on	slow-lines	-s (0|00)+$
the search for the parts of a long line	slow-line	-so 0+1|00
EOF

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
: >live
loggrep -n --tail app.log error >live 2>tail.err & pid=$!
# It is not told when the watch stands: until then it is probed.
probed() {
	grep -q probe live || { echo 'error probe' >>app.log; false; }
}
until_true 10 probed
echo 'error one' >>app.log
ok '--tail: a line that is appended is out' until_true 10 grep -q 'error one' live
mv app.log app.log.1
echo 'error late' >>app.log.1
ok '--tail: what is written to a rotated file is out' \
	until_true 10 grep -q 'error late' live
echo 'error two' >app.log
ok '--tail: what is written to a new file of the name is out' until_true 10 grep -q 'error two' live
kill -TERM $pid
wait $pid
is '--tail: SIGTERM ends it with status 0' $? 0
is '--tail: what was in the file before is not searched' "$(grep -c old live)" 0
# Lines of other files come in between those of a message, or of a table.
: >pod-a; : >pod-b; : >live
loggrep -5 --tail 'pod-*' >live & pid=$!
ready() {
	grep -q "$1,\"ready" live || { echo "{\"status\":$1,\"ready\":1}" >>"$2"; false; }
}
until_true 10 ready 510 pod-a; until_true 10 ready 511 pod-b
cri=2021-06-29T10:05:03.1Z
# brings FILE LINES STATUS: append the lines, and wait for one of that status
brings() {
	printf "$2" >>"$1"
	ok "--tail: of two files, status $3 is out" until_true 10 grep -q "$3" live
}
brings pod-a "$cri stdout P {\"a\":1,\n$cri stderr F status=502\n" 502
brings pod-b "$cri stdout F \"status\":503}\n$cri stderr F status=504\n" 504
brings pod-a "$cri stdout F \"status\":505}\n" 505
brings pod-a '#Fields: date time sc-status cs-method\n2021-06-29 10:05:03 506 GET\n' 506
brings pod-b '#Fields: date time cs-method sc-status\n2021-06-29 10:05:03 GET 507\n' 507
brings pod-a '2021-06-29 10:05:04 508 GET\n' 508
brings pod-b '2021-06-29 10:05:04 GET 509\n' 509
kill -TERM $pid
wait $pid
is '--tail: messages and tables of several files go on for themselves' \
	"$(grep -v ready live)" "$cri stderr F status=502
$cri stderr F status=504
$cri stdout P {\"a\":1,
$cri stdout F \"status\":505}
2021-06-29 10:05:03 506 GET
2021-06-29 10:05:03 GET 507
2021-06-29 10:05:04 508 GET
2021-06-29 10:05:04 GET 509"
: >live
loggrep -m1 --tail app.log stop >live & pid=$!
until_true 10 sh -c 'echo stop >>app.log; ! kill -0 '$pid' 2>/dev/null'
wait $pid
is '--tail: -m ends it' "$? $(cat live)" '0 stop'
# follow FILE...: loggrep -H on these, once it watches all of them
follow() {
	tails=
	: >live
	for f; do
		: >"$f"
		tails="$tails --tail $f"
	done
	# shellcheck disable=SC2086
	loggrep -H $tails '[A-Z]|rest$' >live & pid=$!
	for f; do
		until_true 10 seen "$f"
	done
}
seen() {			# FILE: else it is probed
	grep -q "^$1:PROBE" live || { echo PROBE >>"$1"; false; }
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
is '--tail: lines of a file before and after its rotation are not mixed' \
	"$came" 'p1:SECOND;p1:NEW line;p1:UNFINISHED rest;'
mkfifo slow-pipe
: >p1
loggrep --tail p1 '' >slow-pipe & pid=$!
{
	head -n 1 >probed
	until_true 20 test -e ended
	for i in 1 2 3 4 5 6 7 8; do
		dd bs=64K count=1 status=none
		sleep 0.2
	done >late
	cat >>late
} <slow-pipe & reader=$!
until_true 10 sh -c 'test -s probed || { echo x >>p1; sleep 0.05; false; }'
seq 100000 >>p1
sleep 0.2
kill -TERM $pid
: >ended
wait $pid $reader
is '--tail: at SIGTERM a slow reader still gets all there was' \
	"$(grep -c '[0-9]' late) $(tail -n 1 late)" '100000 100000'
exits 2 '--tail: a missing folder is trouble' loggrep --tail nodir/x error
exits 2 '--tail beside other files is misuse' loggrep --tail app.log error plain

# A terminal
if command -v python3 >/dev/null; then
	python3 - >told <<'END'
import os, pty, select, signal, sys
pid, fd = pty.fork()
if pid == 0:
    os.execvp('loggrep', ['loggrep', 'FILE'])
if select.select([fd], [], [], 200)[0]:
    sys.stdout.write(os.read(fd, 500).decode())
os.kill(pid, signal.SIGKILL)
os.waitpid(pid, 0)
END
	is 'standard input that is a terminal is told' "$(tr -d '\r' <told)" \
	    'loggrep: reading standard input, a terminal; the pattern is FILE'
else
	skip 'no python3' 'standard input that is a terminal is told'
fi

# Options
is '--color=always colors what matched' \
	"$(loggrep --color=always w plain | cat -v)" \
	't^[[01;31m^[[Kw^[[m^[[Ko'
is '--colour is --color' "$(loggrep --colour=always w plain)" \
	"$(loggrep --color=always w plain)"
is '--color alone colors on terminals only' "$(loggrep --color w plain)" two
is 'GREP_COLORS holds the colors' \
	"$(GREP_COLORS='ms=7:fn=:ne' loggrep -H --color=always w plain |
	cat -v)" 'plain^[[36m:^[[mt^[[7mw^[[mo'
is 'GREP_COLORS: with rv and -v, context has the color of selected lines, and its matches their own' \
	"$(GREP_COLORS='rv:sl=1:cx=2:ms=4:mc=5:ne' loggrep -vC1 --color=always w plain | cat -v | tr '\n' '|')" \
	'^[[2mone^[[m|^[[1mt^[[m^[[5mw^[[m^[[1mo^[[m|^[[2mthree^[[m|'
is '-P, -E, -a and --line-buffered change nothing' \
	"$(loggrep -P -E -a --line-buffered w plain)" two
is 'long options: line numbers, offsets, names, pattern, case, line, count' "$(loggrep --line-number --byte-offset --with-filename \
	--regexp=TWO --ignore-case --line-regexp --max-count=1 plain)" \
	'plain:2:4:two'
is 'long options: fixed strings, words, inverted, counted, no names' "$(loggrep --fixed-strings --word-regexp --invert-match \
	--count --no-filename two plain plain | tr '\n' ' ')" '2 2 '
is 'long options: names of files with and without matches, NUL' "$(loggrep --files-with-matches --null one plain |
	tr '\0' '|')$(loggrep --files-without-match one plain long)" 'plain|long'
is 'long options: context, label, only what matched' "$(loggrep --after-context=1 one plain;
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
same 'an octet-counted line is selected by its fields' counted \
    loggrep -W appname=app counted
same 'an octet-counted line is selected by its status' counted loggrep -5 counted

# Exit status
exits 0 'status 0: a line was selected' loggrep two plain
exits 1 'status 1: no line was selected' loggrep four plain
exits 2 'status 2: a file is missing' loggrep two plain nofile
exits 2 'status 2: a wrong pattern' loggrep '(' plain
exits 2 'status 2: an unknown option' loggrep --nonsense two plain
exits 2 'status 2: the disk is full' sh -c 'loggrep . plain >/dev/full'
exits 0 'status 0: --help' loggrep --help
exits 0 'status 0: --version' loggrep -V
is 'a status that a byte of another kind cuts off is found in any line' \
    "$(printf 'x\n{"status":500\177\n' | loggrep -5 -c)" 1

done_testing
