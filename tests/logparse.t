#!/bin/sh
# logparse: what becomes of lines, and how it exits
. "${0%/*}/lib.sh"

g=$golden/logparse

# record NAME LINE WANTED [OPTION...]: the line gives that record
record() {
	record_name=$1 record_line=$2 record_want=$3; shift 3
	is "$record_name" "$(printf '%s\n' "$record_line" |
	    logparse "$@" 2>&1)" "$record_want"
}

# Golden files: NAME.log holds lines, as the software in the name writes them,
# NAME.json their records; NAME.opts more arguments, one on a line.  Where no
# software is named they are from documents: access (Apache's "Log Files"), aws
# (Elastic's and S3's "access log entries" and "server access log format"),
# cef-gelf-ltsv (ArcSight's CEF, Graylog's GELF 1.1, ltsv.org), containers
# (Kubernetes' CRI logging proposal, Docker's json-file driver, fluentd's
# kubernetes_metadata), spring-boot (Spring Boot's and logback's manuals),
# syslog (RFC 3164, RFC 5424, Heroku's Logplex), w3c-cloudfront (CloudFront's
# "standard log file format"); json and mixed are made up.
for log in "$g"/*.log; do
	name=${log##*/} name=${name%.log}
	set -- --tz UTC --year 2021
	[ ! -f "$g/$name.opts" ] || while IFS= read -r o; do
		set -- "$@" "$o"
	done <"$g/$name.opts"
	same "$name" "$g/$name.json" logparse "$@" "$log"
	case $name in
	*-bad) exits 1 "$name: exit status" logparse "$@" "$log" ;;
	journal*|w3c*|containers|*mat) ;;	# lines that belong together
	*) cat "$log" >&3; cat "$g/$name.json" >&4 ;;
	esac
done 3>lines 4>records
while IFS= read -r l; do
	printf '%s\n' "$l" | logparse --tz UTC --year 2021
done <lines >one-by-one
ok 'auto knows each format by one line alone' cmp records one-by-one
awk '{ print NR * 7919 % 1009 "\t" $0 }' lines | sort -n | cut -f2- >mixed
awk '{ print NR * 7919 % 1009 "\t" $0 }' records | sort -n | cut -f2- >want
same 'and in any order' want logparse --tz UTC --year 2021 mixed

# Each format says where a line stops being one.
while IFS="$(printf '\t')" read -r f bad error; do
	is "$f: $error" "$(printf '%s\n' "$bad" | logparse -f "$f" |
	    jq -r 'select(.format == "raw") | .error')" "$error"
done <"$g/bad.tsv"

line='1.2.3.4 - - [29/Jun/2021:10:05:03 +0000] "GET /a HTTP/1.1" 200 5'

# Options
record 'tsv has the fields that -s names, empty when absent' "$line" \
    "$(printf '200\t\t/a')" -o tsv -s status,user,path
record 'tsv without -s has the columns of the format' "$line" \
    "$(printf '2021-06-29T10:05:03Z\t1.2.3.4\t\t\tGET\t/a\tHTTP/1.1\t200\t5')" \
    -o tsv
record 'tsv keeps a line that was not parsed' 'no such line' \
    "$(printf '\t\tno such line')" -o tsv -s status,path
record 'a template' "$line" '2021-06-29T10:05:03Z 200 /a {-}' \
    -o 'template:{timestamp} {status} {path} {{{user}}'
record 'JSON of selected fields, in that order' "$line" \
    '{"status":200,"path":"/a"}' --select status,nothing,path
record 'a selected field inside an object' '{"a":{"b":[1]},"c":2}' \
    '{"a.b":[1]}' -s a.b
record 'a field of an envelope inside an envelope' \
    'Jun 29 10:05:03 a t: Jun 29 10:05:02 b t: Jun 29 10:05:01 c t: m' \
    '{"envelope.hostname":"b","envelope.envelope.hostname":"a"}' \
    -s envelope.hostname,envelope.envelope.hostname
record 'a line that is not parsed is written whole' 'no such line' \
    '{"message":"no such line","format":"raw","error":"no known format"}' \
    -s status
record 'a zone for stamps without one' 'Jun 29 10:05:03 h t: m' \
    2021-06-29T08:05:03Z --tz Europe/Berlin --year 2021 \
    -o 'template:{timestamp}'
record 'a numeric zone' 'Jun 29 10:05:03 h t: m' 2021-06-29T15:35:03Z \
    --tz=-05:30 --year=2021 -o 'template:{timestamp}'

printf 'Dec 31 23:59:59 h t: m\nJan  1 00:00:01 h t: m\n' >year.log
touch -d 2022-01-02T00:00:00Z year.log
is 'the year that is nearest to the file' \
    "$(logparse --tz UTC -s timestamp year.log | tr -d '\n')" \
    '{"timestamp":"2021-12-31T23:59:59Z"}{"timestamp":"2022-01-01T00:00:01Z"}'

printf '%s\nbad\n\n%s\n' "$line" "$line" >mixed.log
exits 1 'a line not parsed is status 1' logparse mixed.log
exits 1 'also when it is dropped' logparse --unparsed=drop mixed.log
is 'dropped lines are not written' \
    "$(logparse --unparsed=drop mixed.log | wc -l)" 2
exits 2 '--unparsed=fail ends with status 2' logparse --unparsed fail mixed.log
says 'logparse: mixed.log: line 2: no known format' 'and says why' \
    logparse --unparsed=fail mixed.log
exits 2 'an unknown format is misuse' logparse -f nothing
exits 2 'an unknown output is misuse' logparse --output nothing
exits 2 'an unknown zone is misuse' logparse --tz Mars/Base
exits 2 'a brace left open is misuse' logparse -o 'template:{status'
exits 2 'a missing file' logparse "$tmp/absent"
exits 2 'a full disk' sh -c 'logparse "$1" >/dev/full' - mixed.log
says '2 records, 0 lines' '-v says what was read' sh -c \
    'printf "a=1 b=2\na=1 b=2\n" | logparse -v'

# The manual knows each format, and each example in it is one.
sed -n '/^.Sh FORMATS$/,/^.Sh FORMATS OF/p' "$top/man/logferry-formats.5" >formats
sed -n 's/^\.It Cm //p' formats | tr -d , | xargs -n 1 | sort >in-man
cut -f1 "$g/bad.tsv" | sort -u | grep -v '^ltsv$' >tested
ok 'each format has its place in the manual' sh -c \
    'grep -vx ltsv in-man | cmp - tested'
sed -n 's/^\.Dl //p' formats | sed 's/\\(dq/"/g; s/\\en/\\n/; s/\\et/\t/; s/\\&//g' |
    grep -v '\.\.\.' | grep -v '^2021-06-29 10:05:03 192' >examples
ok 'with an example that is recognised' logparse examples

for client in 1.2.3.4 '[2001:db8::1]'; do
	echo "$client:443 - - [29/Jun/2021:10:05:03 +0000] \"GET /\" 200 1"
done >ports.log
is 'client is the address alone' \
    "$(logparse -o tsv -s client,client_port,format ports.log)" \
    "$(printf '1.2.3.4\t443\tclf\n2001:db8::1\t443\tclf')"

# Formats of one's own
ng='$remote_addr $status "$request" $request_time $upstream_status'
echo '192.0.2.1 502 "GET / HTTP/1.1" 0.5 502, 504 : 200' >ng.log
want='{"client":"192.0.2.1","status":502,"method":"GET","path":"/",'
want=$want'"protocol":"HTTP/1.1","duration":0.5,'
want=$want'"upstream_status":["502","504","200"],"format":"custom"}'
is "-F with nginx's log_format" "$(logparse -F "$ng" ng.log)" "$want"
is 'also with its quotes' "$(logparse --log-format "'$ng';" ng.log)" "$want"
exits 2 '-F: two fields with nothing between' logparse -F '$status$request'
exits 2 '-F: no field at all' logparse -F 'nothing'
exits 2 '-F: a directive that Apache has not' logparse -F '%Z'
says 'Z: no such directive' 'and says so' logparse -F '%h %Z'
is '-F inside syslog' "$(sed 's/^/<13>Jun 29 10:05:03 h nginx: /' ng.log |
    logparse -f syslog -F "$ng" -o 'template:{format} {hostname} {status}')" \
    'syslog,custom h 502'
cat >nginx.conf <<'EOF'
http {	# log_format no 'in a comment';
	log_format short '$remote_addr $status "$request" '
	    "$request_time $upstream_status";
	log_format js escape=json '{"a":"$remote_addr","u":"$http_user_agent"}';
}
EOF
is '--nginx-conf with a name' "$(logparse --nginx-conf nginx.conf:short \
    -o 'template:{format} {status}' ng.log)" 'short 502'
is '--nginx-conf with all of its formats' \
    "$(echo '{"a":"192.0.2.1","u":"say \"\u00e9\""}' |
	logparse --nginx-conf nginx.conf -o 'template:{format} {agent}')" \
    'js say "é"'
says 'no log_format other in it' '--nginx-conf: no such name' \
    logparse --nginx-conf nginx.conf:other ng.log
exits 2 '--nginx-conf: no such file' logparse --nginx-conf absent.conf ng.log
is '-e takes named groups' "$(echo 'GET=7 a' | logparse -e \
    '^(?<method>\w+)=(?<status>\d+) (?<message>.*)')" \
    '{"method":"GET","status":7,"message":"a","format":"custom"}'
is '--regex: a line that does not match' "$(echo x | logparse --regex \
    '(?<a>\d)' -o 'template:{message} {error}')" \
    'x field 1: expected a match of the pattern (custom, byte 1)'
exits 2 '-e without a named group' logparse -e '(a)'
exits 2 '-e that is no pattern' logparse -e '(?<a>'
cat >my.formats <<'EOF'
# two of them
[dotted]
regex = ^(?<timestamp>\S+ \S+) (?<level>\w+) (?<message>.*)
time = %d.%m.%Y %H:%M:%S,%f

[short]
log_format = $remote_addr $status "$request" $request_time $upstream_status
EOF
is '--formats adds to auto, with any strftime' \
    "$(echo '29.06.2021 10:05:03,250 WARN a=1 b=2' |
	logparse --tz Europe/Berlin --formats my.formats)" \
    '{"timestamp":"2021-06-29T08:05:03.250Z","level":"WARN","a":"1","b":"2","format":"dotted,logfmt"}'
is '--formats gives names to -f' "$(logparse --formats my.formats -f short \
    -s format,status ng.log)" '{"format":"short","status":502}'
for bad in 'regex = (?<a>.)' '[a]' '[a]
regex = (' '[a]
nothing = x' 'neither'; do
	printf '%s\n' "$bad" >bad.formats
	exits 2 "--formats refuses $(echo "$bad" | tr '\n' ' ')" \
	    logparse --formats bad.formats ng.log
done

# Outputs: what a record becomes in each.
cat >out.log <<'EOF'
<165>1 2003-10-11T22:14:15.123456789Z my.example.com evntslog 8 ID47 [ex@32473 iut="3" s="a\"\]"] An event
192.0.2.1 - bob [29/Jun/2021:10:05:03 +0000] "GET /a,b\"c HTTP/1.1" 503 5 "-" "a	b"
2021-06-29 10:05:03.5 UTC [7] ERROR:  it, failed
no such line
EOF
for o in tsv csv logfmt ltsv syslog sls ecs otlp gelf; do
	logparse -o "$o" out.log |
	    sed "s/\"host\":\"$(uname -n)\"/\"host\":\"HOST\"/" >"out.$o"
	same "output $o" "$g/out.$o" cat "out.$o"
done
for o in ecs otlp gelf; do
	ok "$o is JSON" jq . "out.$o"
done
gelf='{"version":"1.1","host":"h","short_message":"s","full_message":"f",'
gelf=$gelf'"timestamp":1.5,"level":3,"_user":"u"}'
is 'gelf becomes gelf again' "$(echo "$gelf" | logparse -o gelf |
    jq -c 'del(._format)')" "$gelf"
is "gelf: a request's host is not the sender" "$(echo '2021/06/29 10:05:03 \
[error] 1#1: m, client: 192.0.2.1, host: "x"' | tr -d '\\\n' |
    logparse -o gelf | jq -r '.host + " " + ._host')" "$(uname -n) x"
is 'numbers of levels are severities, words of CEF not' "$(printf '%s\n' \
    '{"level":3,"msg":"m"}' '{"level":50,"msg":"m"}' 'CEF:0|a|b|c|d|e|7|' |
    logparse -o syslog | cut -c1-4 | tr '\n' ' ')" '<11> <11> <14> '
logparse -o syslog out.log >again
header=hostname,appname,procid,msgid,facility,severity,message
is 'syslog output read again has the same header' \
    "$(logparse -f syslog -s "$header" again | head -n 1)" \
    "$(logparse -s "$header" out.log | head -n 1)"
logparse -o sls out.log | logparse -f sls -o logfmt >again
is 'sls output read again has the same message' \
    "$(logparse -o logfmt -s hostname,appname out.log | head -n 1)" \
    "$(head -n 1 again | grep -o 'hostname=.* app[^ ]*' |
	sed 's/ .* / /')"
fields=hostname,client,path,agent
is 'logfmt output read again is the same' \
    "$(logparse -o logfmt out.log | logparse -f logfmt -o logfmt -s $fields |
	head -n 3)" "$(logparse -o logfmt -s $fields out.log | head -n 3)"
same 'json output read again is the same' records logparse records
is '--header names the columns' "$(logparse --header -o csv -s status,path \
    mixed.log | head -n 1)" status,path
exits 2 'fields of a fixed output cannot be chosen' logparse -o ecs -s status

for o in logfmt ltsv syslog sls otlp gelf; do
	is "$o says the format of a record once" "$(echo '{"a":"1"}' |
	    logparse | logparse -o $o | grep -o '"json"\|[=:]json' | wc -l)" 1
done

# --stats
logparse --stats mixed.log >/dev/null 2>stats
ok '--stats counts lines and records' grep -q \
    '4 lines, 3 records, 1 not parsed, 1 without' stats
ok 'per format' grep -Eq ' 2  clf$' stats
ok 'and reasons' grep -q ' 1  not parsed: no known format' stats
ok 'with an example' grep -q 'as in: bad' stats

# --multiline
same 'stack traces are joined, by source too' "$g/traces.json" \
    logparse --multiline --tz UTC --year 2021 "$g/traces.txt"
mkfifo trace
logparse --multiline -o 'template:{message}' <trace >trace.out & pid=$!
exec 3>trace
printf 'a: 1\n b\n' >&3
ok 'a trace is not waited for for ever' until_true 10 test -s trace.out
exec 3>&-
wait $pid
is 'and comes whole' "$(cat trace.out)" 'a: 1\n b'

# -j
i=0
while [ $((i += 1)) -le 60 ]; do cat lines; done >big
logparse --tz UTC --stats big >one 2>one.err
logparse --tz UTC --stats -j 3 big >three 2>three.err
ok 'threads keep the order' cmp one three
ok 'and the sums' cmp one.err three.err
cat big "$g/containers.log" "$g/w3c-iis-8.5.log" big >stateful
logparse --tz UTC stateful >one
ok 'also where lines depend on those before them' \
    sh -c 'logparse --tz UTC --jobs=2 stateful | cmp - one'

# Inputs
gzip -k mixed.log
is 'compressed files are read like others' \
    "$(logparse mixed.log.gz | md5sum)" "$(logparse mixed.log | md5sum)"
printf 'mixed.log\0mixed.log.gz\0' >list
is 'names from a list' "$(logparse -0 -T list | wc -l)" 6
is 'CRLF and no last newline' "$(printf '%s\r\n%s' "$line" "$line" |
    logparse -s size | tr '\n' ' ')" '{"size":5} {"size":5} '
is 'a line that is too long comes in pieces' \
    "$(printf '%s\n' '{"a":1,"b":2}' | logparse --max-line=7 2>/dev/null |
	wc -l)" 2
says '1 line.* longer than 7' 'and is counted' \
    sh -c 'echo 0123456789 | logparse --max-line 7'
is 'NUL and bad UTF-8' \
    "$(printf '<13>a: x\0y\377z\n' | logparse -s message)" \
    '{"message":"x\u0000y'"$(printf '\357\277\275')"'z","lossy":true}'

# Octet-counted syslog (RFC 6587)
frame() { printf '%d %s' ${#1} "$1"; }
{
	frame '<13>Jun 29 10:05:03 h t: one'
	frame '<14>1 - h t - - - two
lines'
	frame '<14>1 - h t - - - 3'
} >frames
want='one|two\nlines|3|'
for f in auto syslog; do
	is "$f: frames need no LF between them" "$(logparse -f "$f" \
	    -o 'template:{message}' frames | tr '\n' '|')" "$want"
done
is 'nor with threads, packed' "$(gzip -c frames | logparse -j 2 \
    -o 'template:{message}' | tr '\n' '|')" "$want"
is 'with other formats they are lines' \
    "$(logparse -e '(?<all>.*)' -o 'template:{all}' frames | wc -l)" 2
is 'one that is cut short is a line' \
    "$(printf '5 <13>a50 <13>b' | logparse -o 'template:{message}')" 'a
b'
is 'and so is a longer one than --max-line' "$(printf '12 <13>abcdefgh' |
    logparse --max-line 11 -o 'template:{message}' 2>/dev/null)" 'abcd
efgh'
grep '^<' "$g/syslog.log" >uncounted
sed 's/^/60 /' uncounted >counted
is 'a count that does not fit does no harm' "$(logparse --tz UTC counted)" \
    "$(logparse --tz UTC uncounted)"
mkfifo frame-pipe
logparse -o 'template:{message}' <frame-pipe >frame.out & pid=$!
exec 3>frame-pipe
frame '<13>h t: live' >&3
ok 'a whole frame is a record at once' until_true 10 grep -q live frame.out
exec 3>&-
wait $pid

# A live pipe: what was written comes out while the writer lives.
mkfifo pipe
logparse -s size <pipe >live.out & pid=$!
exec 3>pipe
printf '%s\n' "$line" >&3
ok 'a record is written before a read that waits' until_true 10 \
    test -s live.out
kill -TERM $pid
printf '%s\n' "$line" >&3
wait $pid
is 'SIGTERM means finish, status 0' $? 0
exec 3>&-
is 'and what was in the pipe is written' "$(wc -l <live.out)" 2
done_testing
