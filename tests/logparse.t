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
# akkeris (logshuttle's README and tests),
# cef-gelf-ltsv (ArcSight's CEF, Graylog's GELF 1.1, ltsv.org), containers
# (Kubernetes' CRI logging proposal, Docker's json-file driver, fluentd's
# kubernetes_metadata), spring-boot (Spring Boot's and logback's manuals),
# syslog (RFC 3164, RFC 5424, Heroku's Logplex), w3c-cloudfront (CloudFront's
# "standard log file format"), kubectl ("kubectl logs --help"); app, file-names,
# w3c-times, bom (two files, joined, that begin with the byte order mark of
# UTF-8), json, json-times, mixed and postgres-prefixes are made up,
# json-status, proxies, web-frameworks, postgres-csvlog and postgres-jsonlog
# follow what the programs named in their lines document.
for log in "$g"/*.log; do
	name=${log##*/} name=${name%.log}
	set -- --tz UTC --year 2021
	[ ! -f "$g/$name.opts" ] || while IFS= read -r o; do
		set -- "$@" "$o"
	done <"$g/$name.opts"
	same "records of golden/logparse/$name.log" "$g/$name.json" logparse "$@" "$log"
	case $name in
	*-bad) exits 1 "status 1 for golden/logparse/$name.log" logparse "$@" "$log" ;;
	journal*|w3c*|containers|*mat) ;;	# lines that belong together
	akkeris) ;;				# which is never guessed
	*) cat "$log" >&3; cat "$g/$name.json" >&4 ;;
	esac
done 3>lines 4>records
while IFS= read -r l; do
	printf '%s\n' "$l" | logparse --tz UTC --year 2021
done <lines >one-by-one
ok 'auto knows each format by one line alone' cmp records one-by-one
awk '{ print NR * 7919 % 1009 "\t" $0 }' lines | sort -n | cut -f2- >mixed
awk '{ print NR * 7919 % 1009 "\t" $0 }' records | sort -n | cut -f2- >want
same 'auto knows each format whatever the order of the lines' want logparse --tz UTC --year 2021 mixed

# Each format says where a line stops being one.
while IFS="$(printf '\t')" read -r f bad error; do
	is "-f $f says where a line fails: $error" "$(printf '%s\n' "$bad" | logparse -f "$f" |
	    jq -r 'select(.format == "raw") | .error')" "$error"
done <"$g/bad.tsv"

line='1.2.3.4 - - [29/Jun/2021:10:05:03 +0000] "GET /a HTTP/1.1" 200 5'

record 'a month in another language needs a year' \
    'out 12 10:05:03 of memory' '{"message":"out 12 10:05:03 of memory","format":"raw","error":"no known format"}'
record 'the name of a thread may have brackets in its brackets' \
    '2021-06-29 10:05:03 [main [x]] INFO hello' '{"timestamp":"2021-06-29T10:05:03Z","thread":"main [x]","level":"INFO","message":"hello","format":"app"}'
record 'what is no number behind the name of a file is no line of it' \
    "$(printf '2021-06-29T10:05:03Z\tINFO\tmain.go:12x\thello')" '{"timestamp":"2021-06-29T10:05:03Z","level":"INFO","logger":"main.go:12x","message":"hello","format":"app"}'
kube() { printf '{"log":"m","kubernetes":{"pod_name":"%s","container_name":"shop--web"}}\n' "$1" | logparse -o 'template:{instance}'; }
is 'a pod is an instance of its container, or of the application' \
    "$(kube shop--web-5d8f-abc) $(kube shop-5d8f)" '5d8f-abc 5d8f'
is 'a pod of another name is an instance as it stands' "$(kube other-5d8f)" other-5d8f
is 'of two statuses of one rank the worse counts, be it the first or the second' \
    "$(printf '%s\n' '{"statusCode":502,"response_code":200}' \
    '{"statusCode":200,"response_code":502}' | logparse -o 'template:{status}' | xargs)" '502 502'
record 'a year behind a zone whose name begins with A is the one that counts' \
    'Jun 29 10:05:03 AEST 2019 h x: y' '{"timestamp":"2019-06-29T10:05:03Z","hostname":"h","appname":"x","message":"y","format":"syslog"}'
is 'a line of w3c has no separator behind its last column' "$(printf '%s\n' \
    '#Fields: date time cs-method sc-status' '2021-06-29 10:05:03 GET 200 ' |
    logparse -f w3c -o 'template:{error}')" 'field 5: expected end of line (w3c, byte 29)'
record 'a time without seconds may be in the last minute of an hour' \
    '<34>1 2021-06-29T23:59Z h x - - - y' '{"facility":"auth","severity":"crit","version":1,"timestamp":"2021-06-29T23:59:00Z","hostname":"h","appname":"x","message":"y","format":"syslog"}'

# Options
record 'tsv has the fields that -s names, empty when absent' "$line" \
    "$(printf '200\t\t/a')" -o tsv -s status,user,path
record 'tsv without -s has the columns of the format' "$line" \
    "$(printf '2021-06-29T10:05:03Z\t1.2.3.4\t\t\tGET\t/a\t\tHTTP/1.1\t200\t5')" \
    -o tsv
record 'tsv keeps a line that was not parsed' 'no such line' \
    "$(printf '\t\tno such line')" -o tsv -s status,path
record '-o template writes fields as the template says' "$line" '2021-06-29T10:05:03Z 200 /a {-}' \
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
record '--tz takes a numeric zone' 'Jun 29 10:05:03 h t: m' 2021-06-29T15:35:03Z \
    --tz=-05:30 --year=2021 -o 'template:{timestamp}'

printf 'Dec 31 23:59:59 h t: m\nJan  1 00:00:01 h t: m\n' >year.log
touch -d 2022-01-02T00:00:00Z year.log
is 'the year that is nearest to the file' \
    "$(logparse --tz UTC -s timestamp year.log | tr -d '\n')" \
    '{"timestamp":"2021-12-31T23:59:59Z"}{"timestamp":"2022-01-01T00:00:01Z"}'

printf '%s\nbad\n\n%s\n' "$line" "$line" >mixed.log
exits 1 'a line not parsed is status 1' logparse mixed.log
exits 1 'a line not parsed that is dropped is status 1' logparse --unparsed=drop mixed.log
is 'dropped lines are not written' \
    "$(logparse --unparsed=drop mixed.log | wc -l)" 2
exits 2 '--unparsed=fail ends with status 2' logparse --unparsed fail mixed.log
says 'logparse: mixed.log: line 2: no known format' '--unparsed=fail says which line and why' \
    logparse --unparsed=fail mixed.log
exits 2 'an unknown format is misuse' logparse -f nothing
for f in auto,json syslog,auto,auto cri,cri,cri,cri,cri,cri,cri,cri,cri; do
	says "^logparse: ${f##*,}: auto is the last format, and 8 are the most" \
	    "-f $f has a format too many, which is told" logparse -f $f
done
says '^logparse: fm: auto is the last format' '-f auto,FORMAT names a format of the user that is one too many' \
	sh -c 'printf "[fm]\nregex = (?<message>.*)\n" >fm; exec logparse --formats fm -f auto,fm'
exits 2 'an unknown output is misuse' logparse --output nothing
exits 2 'an unknown zone is misuse' logparse --tz Mars/Base
exits 2 '-o template: a brace left open is misuse' logparse -o 'template:{status'
exits 2 'a missing file is trouble' logparse "$tmp/absent"
mkdir folder
is 'a folder gets a hint' "$(logparse folder 2>&1)" \
    'logparse: folder: Is a directory (name its files, as in DIR/*)'
exits 2 'a full disk is trouble' sh -c 'logparse "$1" >/dev/full' - mixed.log
says '2 records, 0 lines' '-v says what was read' sh -c \
    'printf "a=1 b=2\na=1 b=2\n" | logparse -v'

# The manual knows each format, and each example in it is one.
sed -n '/^.Sh FORMATS$/,/^.Sh FORMATS OF/p' "$top/man/logferry-formats.5" >formats
logparse --list-formats | cut -f1 >names
cat "$g"/*.json | jq -r .format | tr , '\n' | sort -u >in-golden
is 'each format has lines among the golden files' \
    "$(sort names | comm -23 - in-golden)" ''
sed -n 's/^\.Dl //p' formats | sed 's/\\(dq/"/g; s/\\en/\\n/; s/\\et/\t/; s/\\&//g' |
    grep -v '\.\.\.' >examples
ok 'each example in the manual is recognised' logparse examples

for client in 1.2.3.4 '[2001:db8::1]'; do
	echo "$client:443 - - [29/Jun/2021:10:05:03 +0000] \"GET /\" 200 1"
done >ports.log
is 'client is the address alone' \
    "$(logparse -o tsv -s client,client_port,format ports.log)" \
    "$(printf '1.2.3.4\t443\tclf\n2001:db8::1\t443\tclf')"

# Times
cat >yearless.log <<'EOF'
2007-06-29T10:05:03.123456789Z stderr F I0629 10:05:03.500000       1 x.go:1] y
{"log":"I1231 10:05:03.500000       1 x.go:1] y\n","stream":"stderr","time":"2008-01-01T10:05:03Z"}
{"timestamp":"2007-12-31 23:59:59.000","message":"Jan  1 00:00:01 h t[7]: y"}
EOF
is 'a stamp without a year takes the year nearest to its envelope' \
    "$(logparse --tz UTC -o tsv -s timestamp,format yearless.log)" \
    "$(printf '%s\t%s\n' 2007-06-29T10:05:03.500000Z cri,klog \
    2007-12-31T10:05:03.500000Z docker-json,klog \
    2008-01-01T00:00:01Z json,syslog)"
echo 'Jul  1 10:05:03 h t: x' >file.log
touch -d 2019-06-30T10:00:00Z file.log
is 'a stamp without a year is no more than a day ahead of its file' \
    "$(logparse --tz UTC -s timestamp file.log
    touch -d 2019-06-29T10:00:00Z file.log
    logparse --tz UTC -s timestamp file.log)" \
    '{"timestamp":"2019-07-01T10:05:03Z"}
{"timestamp":"2018-07-01T10:05:03Z"}'
record 'a zone that the line names goes before --tz' \
    '[29-Jun-2021 12:05:03 Europe/Berlin] PHP Warning:  x' \
    '{"timestamp":"2021-06-29T10:05:03Z"}' --tz America/New_York -s timestamp

# Formats of one's own
ng='$remote_addr $status "$request" $request_time $upstream_status'
echo '192.0.2.1 502 "GET / HTTP/1.1" 0.5 502, 504 : 200' >ng.log
want='{"client":"192.0.2.1","status":502,"method":"GET","path":"/",'
want=$want'"protocol":"HTTP/1.1","duration":0.5,'
want=$want'"upstream_status":["502","504","200"],"format":"custom"}'
is "-F with nginx's log_format" "$(logparse -F "$ng" ng.log)" "$want"
is "-F with nginx's log_format in its quotes" "$(logparse --log-format "'$ng';" ng.log)" "$want"
exits 2 '-F: two fields with nothing between are misuse' logparse -F '$status$request'
exits 2 '-F without a field is misuse' logparse -F 'nothing'
exits 2 '-F: a directive that Apache does not have is misuse' logparse -F '%Z'
says 'Z: no such directive' '-F: an unknown directive is named' logparse -F '%h %Z'
is 'pieces are joined with those of the same file alone' \
    "$(printf '%s\n' '/l/a.log:2021-06-29T10:05:03Z stdout P one ' \
	'/l/b.log:2021-06-29T10:05:04Z stdout F other' \
	'/l/c.log:2021-06-29T10:05:05Z stdout P piece ' \
	'/l/a.log:2021-06-29T10:05:06Z stdout F two' \
	'/l/d.log:2021-06-29T10:05:07Z stdout P rest' |
	logparse -o 'template:{prefix}{timestamp} {message}')" \
    '/l/b.log:2021-06-29T10:05:04Z other
/l/c.log:2021-06-29T10:05:05Z piece 
/l/a.log:2021-06-29T10:05:03Z one two
/l/d.log:2021-06-29T10:05:07Z rest'
is '-F reads what is inside syslog' "$(sed 's/^/<13>Jun 29 10:05:03 h nginx: /' ng.log |
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
mkdir self
printf 'log_format x "$status y";\ninclude *.conf;\n' >self/a:b.conf
is '--nginx-conf: a file may include itself, and have a colon in its name' \
    "$(echo 200 y | logparse --nginx-conf self/a:b.conf -o 'template:{format} {status}')" 'x 200'
says 'no log_format other in it but short' '--nginx-conf: a missing name is told, with those that are there' \
    logparse --nginx-conf nginx.conf:other ng.log
is '--nginx-conf: a missing name is no misuse, so that no usage is told' \
    "$(logparse --nginx-conf nginx.conf:other ng.log 2>&1 | wc -l)" 1
mkdir conf.d
echo "log_format own '\$status \$remote_addr';" >conf.d/own.conf
echo 'http { include conf.d/*.conf; include absent/*; }' >main.conf
echo '502 192.0.2.7' >own.log
is '--nginx-conf follows include' \
    "$(logparse --nginx-conf main.conf -o 'template:{format} {status}' own.log)" \
    'own 502'
echo 'http { access_log /var/log/nginx/access.log combined; }' >bare.conf
for conf in bare.conf bare.conf:combined main.conf:combined; do
	echo '192.0.2.7 - - [29/Jun/2021:10:05:03 +0000] "GET /" 502 1 "-" "-"' |
	    logparse --nginx-conf $conf -o 'template:{format} {status}'
done >combined.out
is '--nginx-conf knows the predefined combined' "$(uniq -c combined.out |
    tr -s ' ')" ' 3 combined 502'
exits 2 '--nginx-conf: a missing file is trouble' logparse --nginx-conf absent.conf ng.log
is '-e takes named groups' "$(echo 'GET=7 a' | logparse -e \
    '^(?<method>\w+)=(?<status>\d+) (?<message>.*)')" \
    '{"method":"GET","status":7,"message":"a","format":"custom"}'
is '--regex: a line that does not match' "$(echo x | logparse --regex \
    '(?<a>\d)' -o 'template:{message} {error}')" \
    'x field 1: expected a match of the pattern (custom, byte 1)'
exits 2 '-e without a named group is misuse' logparse -e '(a)'
exits 2 '-e: a wrong pattern is misuse' logparse -e '(?<a>'
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
printf '%s\n' '[plain]' 'log_format = $remote_addr - $remote_user [$time_local] "$request" $status' >plain.formats
for front in '2021-06-29T10:05:03.1Z stdout F' '[pod/web-1/nginx]' \
    '<34>1 2021-06-29T10:05:03.003Z host nginx - - -'; do
	echo "$front 192.0.2.7 - - [29/Jun/2021:10:05:03 +0000] \"GET /a HTTP/1.1\" 503"
done >fronts
is '--formats reads what is inside of an envelope' \
    "$(logparse --formats plain.formats -o 'template:{format} {client}' fronts)" \
    'cri,plain 192.0.2.7
kubectl,plain 192.0.2.7
syslog,plain 192.0.2.7'
is '--formats gives names to -f' "$(logparse --formats my.formats -f short \
    -s format,status ng.log)" '{"format":"short","status":502}'
is '--list-formats begins with the formats of --formats, which are tried first' \
    "$(logparse --list-formats --formats my.formats | cut -f1 | head -n 3 |
	tr '\n' ' ')" "dotted short $(head -n 1 names) "
for bad in 'regex = (?<a>.)' '[a]' '[a]
regex = (' '[a]
nothing = x' '[a]
regex = (?<a>.)
nothing = x' '[a]
regex = (?<a>.)
log_format = $status' '[a]
time = %s
time = %s
regex = (?<a>.)' '[app]
regex = (?<a>.)' '[raw]
regex = (?<a>.)' 'neither'; do
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
for o in tsv csv logfmt ltsv syslog sls ecs otlp gelf hec; do
	logparse -o "$o" out.log |
	    sed "s/\"host\":\"$(uname -n)\"/\"host\":\"HOST\"/" >"out.$o"
	same "output $o is as in golden/logparse/out.$o" "$g/out.$o" cat "out.$o"
done
for o in ecs otlp gelf hec; do
	ok "output $o is JSON" jq . "out.$o"
done
is 'output ecs has nanoseconds, and 0 for what they cannot tell' \
    "$(printf '{"duration":%s}\n' 1.5 1e10 -0.5 | logparse -o ecs |
	grep -o '"duration":[^,}]*' | tr '\n' ' ')" \
    '"duration":1500000000 "duration":0 "duration":0 '
gelf='{"version":"1.1","host":"h","short_message":"s","full_message":"f",'
gelf=$gelf'"timestamp":1.5,"level":3,"_user":"u"}'
is 'a GELF record comes out of -o gelf as it went in' "$(echo "$gelf" | logparse -o gelf |
    jq -c 'del(._format)')" "$gelf"
is "gelf: a request's host is not the sender" "$(echo '2021/06/29 10:05:03 \
[error] 1#1: m, client: 192.0.2.1, host: "x"' | tr -d '\\\n' |
    logparse -o gelf | jq -r '.host + " " + ._host')" "$(uname -n) x"
is 'hec: the event is the record as -o json has it' "$(logparse -o hec out.log |
    jq -c .event)" "$(logparse out.log | jq -c .)"
is 'hec: the source is the container, where there is no appname' \
    "$(echo '{"container":"web-1","message":"m"}' | logparse -o hec | jq -r .source)" web-1
is 'hec: a time before 1970 is left to Splunk' \
    "$(echo '{"time":"1969-12-31T23:59:59.5Z","message":"m"}' | logparse -o hec |
	jq -c '[.time, .event.timestamp]')" '[null,"1969-12-31T23:59:59.5Z"]'
is '-o syslog: numeric levels are severities, those of CEF are not' "$(printf '%s\n' \
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

for o in logfmt ltsv syslog sls otlp gelf hec; do
	is "$o says the format of a record once" "$(echo '{"a":"1"}' |
	    logparse | logparse -o $o | grep -o '"json"\|[=:]json' | wc -l)" 1
done

# --stats
logparse --stats mixed.log >/dev/null 2>stats
ok '--stats counts lines and records' grep -q \
    '4 lines, 3 records, 1 not parsed, 1 without' stats
ok '--stats counts the records of each format' grep -Eq ' 2  clf$' stats
ok '--stats counts why lines failed' grep -q ' 1  not parsed: no known format' stats
ok '--stats shows an example of a line that failed' grep -q 'as in: bad' stats

# --multiline
same '--multiline joins stack traces, those of several sources, too' "$g/traces.json" \
    logparse --multiline --tz UTC --year 2021 "$g/traces.txt"
same '--multiline joins what Go, Node.js, Ruby and PHP wrote, a record per goroutine' \
    "$g/traces-programs.json" \
    logparse --multiline --tz UTC --year 2021 "$g/traces-programs.txt"
same '--multiline joins the lines of a row of csvlog, whatever its quotes hold' \
    "$g/postgres-csvlog.json" \
    logparse --multiline --tz UTC "$g/postgres-csvlog.txt"
mkfifo trace
logparse --multiline -o 'template:{message}' <trace >trace.out & pid=$!
exec 3>trace
printf 'a: 1\n b\n' >&3
ok '--multiline: a trace is written though no line follows' until_true 10 test -s trace.out
exec 3>&-
wait $pid
is '--multiline: a trace that no line follows is whole' "$(cat trace.out)" 'a: 1\n b'

# joins NAME LINES WANTED [OPTION...]: the messages of the records
joins() {
	joins_name=$1 joins_lines=$2 joins_want=$3; shift 3
	is "--multiline: $joins_name" "$(printf '%b' "$joins_lines" |
	    logparse --multiline -o 'template:{message};' "$@" |
	    tr '\n' ' ')" "$joins_want "
}

cat >stamped.formats <<'E'
[stamped]
regex = ^(?<timestamp>\S+ \S+) (?<level>\w): (?<message>.*)
E
t=2021-06-29T10:05:03.123456789Z
joins 'pods of kubectl logs have a trace each' "[pod/a/x] $t ERROR one
[pod/b/x] $t ERROR two
[pod/a/x] $t java.lang.IllegalStateException: empty
[pod/b/x] $t \tat b.B.b(B.java:7)" \
    'ERROR one\njava.lang.IllegalStateException: empty; ERROR two\n\tat b.B.b(B.java:7);'
joins 'the times of kubectl logs part no trace' "$t ERROR one
$t Caused by: java.io.IOException: gone
$t \tat a.A.a(A.java:7)" 'one\nCaused by: java.io.IOException: gone\n\tat a.A.a(A.java:7);'
joins 'files that loggrep names have a trace each' "a.log:$t stdout F one
b.log:$t stdout F two
a.log:$t stdout F \tat a.A.a(A.java:7)" 'two; one\n\tat a.A.a(A.java:7);'
joins 'an empty message of another level is a record of its own' \
    '2026-11-30 06:57:50 I: a\n2026-11-30 06:57:51 E: \n2026-11-30 06:57:52 I: c\n' \
    'a; ; c;' --formats stamped.formats
joins 'an empty message that no trace follows stays a record, also the last one' \
    '2026-11-30 06:57:50 I: a\n2026-11-30 06:57:50 I: \n2026-11-30 06:57:50 I: c\n2026-11-30 06:57:50 I: \n' \
    'a; ; c; ;' --formats stamped.formats -f stamped
joins 'an empty message in a trace is a part of it' \
    '2026-11-30 06:57:50 I: a\n2026-11-30 06:57:50 I: \n2026-11-30 06:57:50 I:   b\n' \
    'a\n\n  b;' --formats stamped.formats
joins 'a pattern of -e tells the message and the time of a line' \
    '2026-11-30 06:57:50 I: a\n2026-11-30 06:57:50 I:   b\n2026-11-30 06:57:51 I:   c\n' \
    'a\n  b;   c;' -e '^(?<timestamp>\S+ \S+) (?<level>\w): (?<message>.*)'
joins 'lines of syslog with another severity or time are records of their own' \
    '<11>Nov 30 06:57:50 h app[1]: start\n<14>Nov 30 06:57:50 h app[1]:  \n<14>Nov 30 06:58:50 h app[1]:   x\n' \
    'start;  ;   x;'
joins 'JSON lines with another level or time are records of their own' \
    '{"time":"2026-11-30T06:57:50Z","level":"info","msg":"a"}\n{"time":"2026-11-30T06:57:50Z","level":"error","msg":""}\n{"time":"2026-11-30T06:57:50.3Z","level":"error","msg":"  x"}\n' \
    'a; ;   x;'
joins 'lines of a container within a fifth of a second are one record' \
    '{"log":"a\\n","stream":"stderr","time":"2026-11-30T06:57:50.9Z"}\n{"log":"\\n","stream":"stderr","time":"2026-11-30T06:57:50.95Z"}\n{"log":"  b\\n","stream":"stderr","time":"2026-11-30T06:57:51.05Z"}\n' \
    'a\n\n  b;'
joins 'lines without a stamp belong to one of a format of --formats' \
    '2026-11-30 06:57:50 I: a\n  b\n' 'a\n  b;' --formats stamped.formats
joins 'lines without a stamp belong to a JSON line' \
    '{"level":"error","msg":"a"}\n  at x.Y.z(Y.java:1)\n' \
    'a\n  at x.Y.z(Y.java:1);'
joins 'records without a name of a source keep their order where pairs stand in one' \
    '2026-11-30  6:57:49 0 [Note] InnoDB: a=1, b=2\n2026-11-30  6:57:50 0 [Note] InnoDB: x\n2026-11-30  6:57:51 0 [Note] y\n' \
    '-; x; y;'

# -j
i=0
while [ $((i += 1)) -le 60 ]; do cat lines; done >big
logparse --tz UTC --stats big >one 2>one.err
logparse --tz UTC --stats -j 3 big >three 2>three.err
ok '-j keeps the order of the lines' cmp one three
ok '-j keeps the sums of --stats' cmp one.err three.err
cat big "$g/containers.log" "$g/w3c-iis-8.5.log" big >stateful
logparse --tz UTC stateful >one
ok '-j changes nothing where lines depend on those before them' \
    sh -c 'logparse --tz UTC --jobs=2 stateful | cmp - one'

# Inputs
gzip -k mixed.log
is 'compressed files are read like others' \
    "$(logparse mixed.log.gz | md5sum)" "$(logparse mixed.log | md5sum)"
printf 'mixed.log\0mixed.log.gz\0' >list
is '-T: names come from a list' "$(logparse -0 -T list | wc -l)" 6
is 'lines may end in CRLF, the last without a newline' "$(printf '%s\r\n%s' "$line" "$line" |
    logparse -s size | tr '\n' ' ')" '{"size":5} {"size":5} '
is 'a line that is too long comes in pieces' \
    "$(printf '%s\n' '{"a":1,"b":2}' | logparse --max-line=7 2>/dev/null |
	wc -l)" 2
says '1 line.* longer than 7' 'a line that is too long is counted in a warning' \
    sh -c 'echo 0123456789 | logparse --max-line 7'
is 'NUL is kept in a message, bad UTF-8 replaced and marked' \
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
	is "$f: octet-counted frames need no LF between them" "$(logparse -f "$f" \
	    -o 'template:{message}' frames | tr '\n' '|')" "$want"
done
is 'octet-counted frames in a .gz need no LF between them with -j' "$(gzip -c frames | logparse -j 2 \
    -o 'template:{message}' | tr '\n' '|')" "$want"
is 'octet-counted frames are lines for other formats' \
    "$(logparse -e '(?<all>.*)' -o 'template:{all}' frames | wc -l)" 2
is 'an octet-counted frame that is cut short is a line' \
    "$(printf '5 <13>a50 <13>b' | logparse -o 'template:{message}')" 'a
b'
is 'an octet-counted frame that is longer than --max-line is cut' "$(printf '12 <13>abcdefgh' |
    logparse --max-line 11 -o 'template:{message}' 2>/dev/null)" 'abcd
efgh'
grep '^<' "$g/syslog.log" >uncounted
sed 's/^/60 /' uncounted >counted
is 'a frame count that does not fit is dropped' "$(logparse --tz UTC counted)" \
    "$(logparse --tz UTC uncounted)"
mkfifo frame-pipe
logparse -o 'template:{message}' <frame-pipe >frame.out & pid=$!
exec 3>frame-pipe
frame '<13>h t: live' >&3
ok 'a whole octet-counted frame is written before a read that waits' until_true 10 grep -q live frame.out
exec 3>&-
wait $pid

tagged='haproxy[12]:10.0.1.2:80 127.0.0.1 - - [29/Jun/2021:10:05:03 +0000] "GET / HTTP/1.0" 503 -'
is 'a tag of syslog is the same tag alone and after lines of syslog' "$(printf '%s\n' "$tagged" \
    'Jun 29 10:05:03 h t: x' "$tagged" | logparse -s appname,procid | sed -n '1p;3p' | uniq | wc -l)" 1

begun='[2021-06-29T10:05:03.1Z] "GET / HTTP/1.1" 503 UF - "-" 0 1 2 - "-" "a" "-" "-" "1'
is 'a time in brackets is no client, whatever lines were before it' "$(printf '%s\n' \
    '[::1]:80 - - [29/Jun/2021:10:05:03 +0000] "GET / HTTP/1.1" 200 5' \
    "$begun - - [29/Jun/2021:10:05:03 +0000] \"GET / HTTP/1.1\" 200 12" |
    logparse -s client,client_port | tr '\n' ' ')" '{"client":"::1","client_port":"80"} {} '

audit='type=USER_LOGIN msg=audit(1624961103.123:456): pid=12 msg='"'op=login acct=\"bob\" res=success'"
want='{"type":"USER_LOGIN","message":"audit(1624961103.123:456):","pid":12,"op":"login","acct":"bob","res":"success"'
time='"timestamp":"2021-06-29T10:05:03.123Z","format":"logfmt"}'
record "auditd: the pairs in msg='...' are fields" "$audit" "$want,$time"
record 'auditd: names behind the pairs are fields' "$audit$(printf '\035')UID=\"root\"" \
    "$want,\"UID\":\"root\",$time"
is 'W3C: values may be quoted, dates as well' "$(printf '%s\n' '#Fields: date time sc-status cs(User-Agent)' \
    '"2021-06-29" "10:05:03" 503 "a b"' '2021-06-29 10:05:03 503 "a' | logparse -s timestamp,status,agent)" \
    '{"timestamp":"2021-06-29T10:05:03Z","status":503,"agent":"a b"}
{"timestamp":"2021-06-29T10:05:03Z","status":503,"agent":"\"a"}'

esc=$(printf '\033')
record 'colors of a terminal hide no level' "2021-06-29 10:05:03 ${esc}[1;32mINFO${esc}[0m app: x" \
    '{"timestamp":"2021-06-29T10:05:03Z","level":"INFO","logger":"app","message":"x","format":"app"}'
record 'colors of a terminal hide no time' "${esc}[2m2021-06-29T10:05:03Z${esc}[0m ${esc}[31mERROR${esc}[m x${esc}[2" \
    '{"timestamp":"2021-06-29T10:05:03Z","level":"ERROR","message":"x\u001b[2","format":"app"}'

# Each of these lines took a minute or more when each part of it was compared
# with all others.
many() { yes "$1" | head -n "$2" | tr -d '\n'; }
is 'pairs with ", " between them, and a comma at the end, are read as others' \
    "$(for pairs in 'rt=0.1, ua="10.0.0.1:80", us="200"' 'rt=0.1, us=502,' 'x="a\", b=c" us="200", y="z",'; do
	echo '1.2.3.4 - - [29/Jun/2021:10:05:03 +0000] "GET /a HTTP/1.1" 200 5 "-" "x"' "$pairs"
done | logparse | jq -c '[.duration, .upstream_addr, .upstream_status, .x, .y, .extra]')" \
    '[0.1,"10.0.0.1:80","200",null,null,null]
[0.1,null,"502",null,null,null]
[null,null,"200","a\", b=c","z",null]'
{
	printf '<14>1 - h a - - [x@1'
	many ' a="1"' 60000
	many ' b="2"' 60000
	echo '] m'
} >params
exits 0 'a line of many params in structured data is read in linear time' timeout 20 logparse params
{
	printf '1.2.3.4 - - [29/Jun/2021:10:05:03 +0000] "GET /'
	many 'a" ' 3000000
	echo 'HTTP/1.1" 200 5'
} >quotes
exits 0 'a request with many quotes is read in linear time' timeout 20 logparse --max-line 16M quotes
{
	printf '{"stream":"stdout","log":"'
	seq -f 'k%.0f=1' -s ' ' 100000 2 350000
	printf '",'
	seq -f '"k%.0f":1,' 100001 2 350000
	echo '"x":1}'
} | tr -d '\n' >layers
exits 0 'many fields in two layers are compared in linear time' timeout 20 logparse --max-line 16M layers
{
	printf '{"log":"x","kubernetes":{'
	seq -f '"a%.0f":1,' 300000
	echo '"b":1}}'
} | tr -d '\n' >labels
exits 0 'many fields beside a line in kube are compared in linear time' timeout 20 logparse --max-line 16M labels
is 'structured data of 256 params is read, one of more is text' "$(for n in 256 257; do
	{ printf '<14>1 - h a - - [x@1'; many ' a="1"' $n; echo ']'; } |
	    logparse | jq '.structured_data["x@1"].a | length'
done | tr '\n' ' ')" '256 0 '
is 'fields of many names are hidden by those of an inner layer' "$({
	printf '{"stream":"stdout","log":"k1=in k2=in",'
	seq -f '"k%.0f":"out",' 100
	echo '"x":1}'; } | tr -d '\n' | logparse | jq -c '[.k1, .k3, .envelope]')" \
    '["in","out",{"k1":"out","k2":"out"}]'

# A live pipe: what was written comes out while the writer lives.
mkfifo pipe
logparse -s size <pipe >live.out & pid=$!
exec 3>pipe
printf '%s\n' "$line" >&3
ok 'a record is written before a read that waits' until_true 10 \
    test -s live.out
kill -STOP $pid
printf '%s\n' "$line" >&3
kill -TERM $pid
kill -CONT $pid
wait $pid
is 'SIGTERM means finish, status 0' $? 0
exec 3>&-
is 'SIGTERM: what was in the pipe is written' "$(wc -l <live.out)" 2
is 'ECS: an object where ECS has a name becomes a label' \
    "$(echo '{"user":{"id":3},"status":503}' | logparse -o ecs |
	jq -c '[.user, .labels.user]')" '[null,"{\"id\":3}"]'

echo '{"source":"x","source_2":"y","msg":"m"}' >sourced
is '--source: a source of the line itself gets another name' "$(logparse --source sourced)" \
	'{"source_3":"x","source_2":"y","message":"m","source":"sourced","format":"json"}'
is '--source: standard input is -' "$(echo nothing | logparse --source | grep -c '"source":"-"')" 1
for i in $(seq 3000); do echo "{\"n\":$i}"; done >many
is 'a table is the same with threads' \
    "$(logparse -j2 -o tsv -s n many | cksum)" \
    "$(logparse -o tsv -s n many | cksum)"
is 'with names above it, too' \
    "$(logparse -j2 --header -o csv many | cksum)" \
    "$(logparse --header -o csv many | cksum)"
is '--source: with threads each record has it' "$(logparse -j2 --source many sourced | grep -c '"source":"many"')" 3000

done_testing
