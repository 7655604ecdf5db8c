#!/bin/sh
# loggrep and logparse: what lies in S3 stores and on web servers
. "${0%/*}/lib.sh"
command -v python3 >/dev/null || skip_all 'no python3'
. "$top/tests/servers/lib.sh"

aws_keys

# put KEY: standard input becomes an object
put() {
	cat >.object
	python3 -c '
import os, sys, urllib.parse as p
os.rename(sys.argv[1], sys.argv[2] + "/objects/" +
    p.quote(sys.argv[3], safe="-._~"))' .object "$server_name" "$1"
}
# begin NAME OPTION...: another store, with what the first one holds
begin() {
	serve "$@"
	[ "$1" = first ] || cp -p first/objects/* "$1/objects/"
	AWS_ENDPOINT_URL=$url
	export AWS_ENDPOINT_URL
}

begin first --page 7
mkdir -p logs/b
for i in $(seq 10 29); do
	for n in $(seq 200); do
		echo "2026-11-28T10:$i:00Z host$i app: line $n of $i"
	done >"logs/$i.log"
	put "logs/$i.log" <"logs/$i.log"
done
gzip -c logs/10.log >logs/b/x.gz
put logs/b/x.gz <logs/b/x.gz
: | put logs/folder/
seq 3 | put 'odd names/a b+=%41&<é>.log'

loggrep 'line 7 ' logs/*.log | sed 's|^|s3://bucket/|' >want
same 'all objects below a prefix are searched in the order of their keys' want \
	loggrep 'line 7 ' 's3://bucket/logs/*.log'
loggrep -c 'line 7 ' logs/*.log logs/b/x.gz | sed 's|^|s3://bucket/|' >want
same 'a prefix stands for what lies deeper, too, and for no marker of a folder' want \
	loggrep -c 'line 7 ' s3://bucket/logs/
same 'with -j the output is in the order of the keys' want \
	loggrep -j3 -c 'line 7 ' s3://bucket/logs/
same 'over a single connection all is found' want \
	loggrep --connections 1 -c 'line 7 ' s3://bucket/logs/
loggrep 'line 7 ' logs/12.log >want
same 'a key is one object, printed without its name' want \
	loggrep 'line 7 ' s3://bucket/logs/12.log
same '--endpoint-url names the store' want env -u AWS_ENDPOINT_URL \
	loggrep --endpoint-url "$url" 'line 7 ' s3://bucket/logs/12.log
loggrep -H 'line 7 ' logs/b/x.gz | sed 's|^|s3://bucket/|' >want
same 'a pattern prints the name of a single object, and finds a .gz' want \
	loggrep 'line 7 ' 's3://bucket/l*s/?/[xy].gz'
is 'a * stands for no slash' \
	"$(loggrep -l 'line 7 ' 's3://bucket/logs/*')" "$(printf 's3://bucket/%s\n' logs/*.log)"
echo 's3://bucket/odd names/a b+=%41&<é>.log:3' >want
same 'a key may hold any character' want loggrep 3 's3://bucket/odd names/'
printf '%s\n' s3://bucket/logs/12.log logs/13.log s3://bucket/logs/14.log >names
loggrep -c 'line 7 ' logs/12.log logs/13.log logs/14.log |
	sed '/13/!s|^|s3://bucket/|' >want
same '-T names objects and files' want loggrep -c 'line 7 ' -T names
exits 2 '-T names objects literally' sh -c "echo 's3://bucket/logs/1*' | loggrep -T - line"
logparse logs/1*.log >want
same 'logparse makes records of what is in a bucket' want logparse 's3://bucket/logs/1*.log'

is '--source: each record has the URL that it is from' \
	"$(logparse --source -o tsv -s source s3://bucket/logs/12.log logs/13.log | sort | uniq -c | tr -s ' \n' '  ')" \
	' 200 logs/13.log 200 s3://bucket/logs/12.log '

exits 1 'no line selected in a bucket is status 1' loggrep absent s3://bucket/logs/
exits 2 'nothing below a prefix is status 2' loggrep line s3://bucket/none/
says '^loggrep: s3://bucket/none/: there is no object below$' \
	'nothing below a prefix is told' loggrep line s3://bucket/none/
says '^loggrep: s3://bucket/n\*: 404 NoSuchKey' \
	'a pattern that matches no key is tried as a key' loggrep line 's3://bucket/n*'
says 's3://bucket/logs: 404 NoSuchKey.*\(a prefix ends in a slash\)$' \
	'a prefix without its slash is told what it lacks' loggrep line s3://bucket/logs
requests=$(wc -l <first/requests)
for u in s3://KEY:GEHEIM@bucket/logs/ s3://KEY:GEH/EIM@bucket/logs/; do
	exits 2 "loggrep: a key and its secret in $u are refused" loggrep line $u
	is "loggrep: the secret in $u is not printed" "$(loggrep line $u 2>&1)" \
		"loggrep: s3://bucket/logs/: s3:// is followed by the bucket; a key and its secret go into the environment or ~/.aws/credentials"
	exits 2 "logpush: a key and its secret in $u are refused" logpush $u names
	is "logpush: the secret in $u is not printed" \
		"$({ logpush $u names; logpush $u <names; logpush --list $u; } 2>&1 |
		grep -c -e KEY -e GEH -e EIM)" 0
done
is 'a key and its secret in the place of a bucket are not sent' "$(wc -l <first/requests)" "$requests"
exits 2 'logparse: a key that is not there is status 2' logparse s3://bucket/none
exits 2 'an unknown bucket is status 2' loggrep line s3://nobucket/
exits 2 'no credentials are status 2' env -u AWS_ACCESS_KEY_ID \
	AWS_EC2_METADATA_DISABLED=true loggrep line s3://bucket/logs/
exits 2 'a profile that is not there is status 2' \
	loggrep --profile nobody line s3://bucket/logs/
exits 2 'a file of certificates that is not there is misuse' \
	loggrep --cacert none line s3://bucket/logs/
for u in http://KEY:GEHEIM@127.0.0.1:1 http://KEY:GEH/EIM@127.0.0.1:1; do
	says '^loggrep: s3://bucket/logs/: an endpoint has a host and no user$' \
		"a user in the endpoint $u is told as such" \
		loggrep --endpoint-url $u line s3://bucket/logs/
done
exits 2 'credentials do not leave in clear' \
	loggrep --endpoint-url http://192.0.2.1 line s3://bucket/logs/
says 'given up|timed out|Timeout|moved|reach|connect' '--insecure-http lets credentials leave in clear' \
	loggrep --insecure-http --deadline 200ms --endpoint-url http://192.0.2.1 line s3://bucket/logs/
exits 2 'a refused connection is given up at once' timeout 10 \
	loggrep --endpoint-url http://127.0.0.1:1 line s3://bucket/logs/12.log

for i in archived forbidden gone; do echo line | put odd/$i; done
echo 'line at last' | put odd/last
echo 's3://bucket/odd/last:line at last' >want
same 'the search goes on after objects that do not come' want loggrep line s3://bucket/odd/
exits 2 'objects that do not come are status 2' loggrep line s3://bucket/odd/
says '^loggrep: s3://bucket/odd/archived: 403 InvalidObjectState' \
	'an archived object is told' loggrep line s3://bucket/odd/
says '^loggrep: s3://bucket/odd/gone: 404 NoSuchKey' \
	'an object that vanished is told' loggrep line s3://bucket/odd/
is '-s tells nothing of them' "$(loggrep -s line s3://bucket/odd/ 2>&1 >/dev/null)" ''

# Troubles: the same lines all the same.
loggrep -c 'line 7 ' s3://bucket/logs/ >want
begin troubled --trouble 10
for i in 1 2 3; do
	same 'a store that fails one request in ten gives the same lines' want \
		loggrep -c 'line 7 ' s3://bucket/logs/
done
seq 300000 >large
put large <large
seq 300000 | sed s/^/x/ >larger
cp larger troubled/objects/large.next
same 'an object that changed while it was read is read again' larger loggrep -h x s3://bucket/large
begin cutting --cut
put large <large
same 'a transfer that is cut goes on at its byte' large loggrep -h . s3://bucket/large
ok 'a transfer that is cut asks for the rest' grep -q 'GET /bucket/large 206' cutting/requests
begin cutting-whole --cut --no-range
put large <large
same 'a transfer that is cut begins again where there are no parts' large loggrep -h . s3://bucket/large
begin parts --cut --lie range
put large <large
same 'a part that was not asked for is not taken' large loggrep -h . s3://bucket/large
begin sizes --lie list
exits 2 'a size other than the listed one is status 2' loggrep line s3://bucket/logs/
says '^loggrep: s3://bucket/logs/10.log: [0-9]+ bytes are there, and [0-9]+ were listed$' \
	'a size other than the listed one is told' loggrep line s3://bucket/logs/
begin order --lie order
exits 2 'a list whose keys do not increase is trouble' loggrep line s3://bucket/logs/

# An object of more than 64 MiB goes through a pipe.
begin pipe --cut
seq 9000000 >long
put long <long
same 'an object larger than what is held is read' long loggrep -h . s3://bucket/long
ok '-m ends the transfer of a large object' loggrep -m1 1 s3://bucket/long
sed s/^/x/ long >pipe/objects/long.next
says '^loggrep: s3://bucket/long: changed while it was read$' \
	'a large object that changed is given up' loggrep -c 8999999 's3://bucket/lo*'
put long <long
cp large pipe/objects/long.next
logparse -e '(?<n>00000)' --unparsed drop 's3://bucket/lo*' >out 2>err
is 'logparse: a large object that changed is given up, and told' "$? $(cat err)" \
	'2 logparse: s3://bucket/long: changed while it was read'

# Of a .gz with an index, the pieces that can hold wanted lines are fetched.
begin indexed
for day in 20 21 22; do
	awk -v day=$day 'BEGIN { for (s = 0; s < 86400; s += 2)
		printf "10.0.0.%d - - [%d/Jun/2021:%02d:%02d:%02d +0000] \"GET " \
		    "/%d HTTP/1.1\" 200 %d \"-\" \"-\"\n", s % 250, day,
		    s / 3600, s / 60 % 60, s % 60, s * 7919 % 99991, s % 9973 }' >acc.$day
	touch -d 2021-06-23T00:00:00Z acc.$day
	logpack -k acc.$day
	put days/acc.$day.gz <acc.$day.gz
done
# window OPTION...: the same lines from the bucket and from the plain files
window() {
	window_name=$1; shift
	loggrep -H "$@" -e . acc.20 acc.21 acc.22 | sed -e 's|^acc[^:]*|&.gz|' \
		-e 's|^|s3://bucket/days/|' >want
	same "$window_name" want loggrep "$@" -e . s3://bucket/days/
}
noon='--since 2021-06-21T12:00:00Z --until 2021-06-21T12:10:00Z'
# shellcheck disable=SC2086	# two options
{
window 'a window of time has the same lines in a bucket as in files' $noon
window 'a window across two objects, too' --since 2021-06-20T23:55:00Z --until 2021-06-21T00:05:00Z
window 'the end of the last object, too' --since 2021-06-22T23:59:00Z
window 'the beginning of the first object, too' --until 2021-06-20T00:01:00Z
window 'a window with no line, too' --since 2021-06-21T12:00:00.1Z --until 2021-06-21T12:00:00.2Z
says 'files and objects: 3, .* by index: 2; bytes fetched: [1-4][0-9]{5} of [0-9]{7}; requests: 5;' \
	'--stats says what was passed over by index' loggrep --stats $noon -e . s3://bucket/days/
says 'by index: 0; bytes fetched: ([0-9]{7}) of \1; requests: 4;' \
	'where line numbers are printed all is fetched' loggrep -n --stats $noon -e . s3://bucket/days/
loggrep -c $noon -e . acc.20.gz acc.21.gz acc.22.gz | sed 's|^|s3://bucket/days/|' >want
same '-c names what was passed over by its index' want loggrep -c $noon -e . s3://bucket/days/
loggrep $noon -e . acc.21 >want
gzip -c acc.21 >bare.gz
put bare.gz <bare.gz
same 'one without an index is read as a whole' want \
	loggrep -h $noon -e . s3://bucket/bare.gz
is 'all of an index may be wanted' \
	"$(loggrep -c --since 2021-06-20T00:00:00Z -e . s3://bucket/days/acc.21.gz)" 43200
for how in --cut '--cut --no-range' --no-range '--trouble 3'; do
	begin "indexed${how%% *}${how##* }" $how
	for day in 20 21 22; do put days/acc.$day.gz <acc.$day.gz; done
	same "pieces come from a store with $how" want loggrep -h $noon -e . s3://bucket/days/
done
begin moving
put days/acc.21.gz <acc.20.gz
cp acc.21.gz moving/objects/days%2Facc.21.gz.next
same 'an object with an index that changed meanwhile is read as a whole' want \
	loggrep -h $noon -e . s3://bucket/days/
begin indexed-lie --cut --lie range
put days/acc.21.gz <acc.21.gz
exits 2 'pieces that were not asked for are not taken' loggrep -h $noon -e . s3://bucket/days/
}
serve indexed-web --mode plain
put acc.21.gz <acc.21.gz
# shellcheck disable=SC2086
same 'pieces are fetched from a web server, too' want loggrep $noon -e . "$url/acc.21.gz"

if command -v script >/dev/null; then
	begin slow --slow 0.5
	TERM=xterm script -qec 'loggrep --connections 1 -c line "s3://bucket/logs/1[0-4].log" >counts' tty \
		</dev/null >/dev/null
	ok 'on a terminal a bar tells the objects that are done' grep -q '[1-4] done, .* MB/s' tty
	is 'the bar tells no more bytes than were listed' \
		"$(tr '\r' '\n' <tty | sed -n 's/^\[[#.]*\] *\([0-9]*\)%.*/\1/p' | awk '$1 > 99 { n++ } END { print n + 0 }')" 0
else
	skip 'no script' 'on a terminal a bar tells the objects that are done'
fi

# With --since, what is too old by its name or its time is not opened.
begin aged
mkdir -p aged/dt=2021-06-20
for i in app.log-1624000000 app.log-1624977000 dt=2021-06-20/x new old; do
	echo "2021-06-29T13:00:00Z host app: $i" >"aged/$i"
	put "aged/$i" <"aged/$i"
done
touch -d 2021-06-01T00:00:00Z aged/old aged/objects/aged%2Fold
since='--since 2021-06-29T12:00:00Z'
printf '%s\n' aged/app.log-1624977000 aged/new >want.files
sed 's|^|s3://bucket/|' want.files >want
same 'objects that are too old are passed over' want loggrep $since -l app s3://bucket/aged/
same 'files that are too old are passed over' want.files \
	loggrep $since -l app aged/app* aged/dt*/x aged/new aged/old
says 'objects: 5, passed over by name: 2, by time of change: 1, by index: 0; bytes fetched: 85 of 217; requests: 3; seconds: ' \
	'--stats says what was passed over' loggrep --stats $since app s3://bucket/aged/
says 'records.*' 'logparse: --stats says what was read' logparse --stats s3://bucket/aged/
says '^logparse: files and objects: 5, .*bytes fetched: 217 of 217' \
	'logparse: --stats says what was fetched' logparse --stats s3://bucket/aged/
loggrep -c app aged/app* aged/dt*/x aged/new aged/old |
	sed -e 's|^|s3://bucket/|' -e '/1624000000\|dt=\|old/s/1$/0/' >want
same '-c names what was passed over' want loggrep $since -c app s3://bucket/aged/
printf 's3://bucket/aged/%s\n' app.log-1624000000 dt=2021-06-20/x old >want
same '-L names what was passed over' want loggrep $since -L app s3://bucket/aged/
says 'by name: 0, by time of change: 0, by index: 0' '-v passes nothing over' \
	loggrep --stats $since -v app s3://bucket/aged/

# By their sizes a few files are searched in turn, or on threads.
if [ -d /proc/self/task ]; then
	mkfifo fifo
	yes '2021-06-29T13:00:00Z host app: x' | head -c 300000 >aged/large
	# has_fifo: loggrep has come to the FIFO after its files
	has_fifo() {
		[ "$(cat "/proc/$pid/comm")" = loggrep ] &&
		    ls -l "/proc/$pid/fd" | grep -q fifo
	}
	# threads FILE...: how many threads loggrep has then
	threads() {
		exec 9<>fifo
		loggrep -j2 $since -c app "$@" fifo >/dev/null 9>&- &
		pid=$!
		until_true 20 has_fifo
		set -- "/proc/$pid/task"/*
		exec 9>&-
		wait "$pid"
		echo $#
	}
	is 'a small file is searched in turn' "$(threads aged/new)" 1
	ok 'a large file is searched on threads' test "$(threads aged/new aged/large)" -gt 1
	touch -d 2021-06-01T00:00:00Z aged/large
	is 'a large file that is passed over starts no threads' \
		"$(threads aged/new aged/large)" 1
else
	skip 'no /proc' 'a large file is searched on threads'
fi

tab=$(printf '\t')
is '--list: time, size and URL of an object' "$(logpush --list s3://bucket/aged/old)" \
	"2021-06-01T00:00:00Z${tab}35${tab}s3://bucket/aged/old"
is '--list: a prefix, a pattern and a time choose objects' \
	"$(logpush --list --since 2021-06-02 's3://bucket/aged/*[wd]' | cut -f3)" s3://bucket/aged/new
is '--list: --until chooses objects' \
	"$(logpush --list --until 2021-06-02 s3://bucket/aged/ | cut -f3)" s3://bucket/aged/old
is '-0 --list: its list is one for -0T' "$(logpush -0 --list s3://bucket/aged/ | loggrep -0T - -l . | tr '\0' ' ')" \
	"$(loggrep -l . s3://bucket/aged/ | tr '\n' ' ')"
exits 1 '--list: nothing there is status 1' logpush --list s3://bucket/none/
exits 2 '--list: an unknown bucket is trouble' logpush --list s3://nobucket/
exits 2 '--list: a web server has no list' logpush --list "$url/"
exits 2 '--since is for --list' logpush --since 1h s3://bucket/aged/ want

serve plain --mode plain --password 'me:pass word' --hop
put hop/app.log <logs/12.log
loggrep -H 'line 7 ' logs/12.log | sed "s|^logs/12.log|$url/app.log|" >want
same 'a web server is read, with a password, and where it leads to' want \
	loggrep -H 'line 7 ' "http://me:pass%20word@127.0.0.1:$port/app.log"
sed "s|app.log|&?x=1|" want >want.query
same 'a query is part of the name' want.query \
	loggrep -H 'line 7 ' "http://me:pass%20word@127.0.0.1:$port/app.log?x=1"
same 'a signed query is not printed' want loggrep -H 'line 7 ' \
	"http://me:pass%20word@127.0.0.1:$port/app.log?x=1&X-Amz-Signature=abc"
says "^loggrep: $url/app.log: the server answers 401\$" \
	'a wrong password is told, and not shown' loggrep x "http://me:wrong@127.0.0.1:$port/app.log"
serve chunked --mode plain --chunked
put app.log <logs/12.log
same 'a file of no known size is read' logs/12.log loggrep . "$url/app.log"
cat >silent.py <<'END'
import os, socket, sys
s = socket.create_server(("127.0.0.1", 0))
with open(sys.argv[1] + "/port.new", "w") as f:
    f.write("%d\n" % s.getsockname()[1])
os.rename(sys.argv[1] + "/port.new", sys.argv[1] + "/port")
kept = []
while True:
    kept.append(s.accept())
    open(sys.argv[1] + "/asked", "w")
END
start_server silent python3 silent.py
says 'no byte moved|ended early|timed out' 'a server that says nothing is given up after --deadline' \
	timeout 60 loggrep --deadline 300ms x "$url/app.log"
rm -f silent/asked
loggrep x "$url/app.log" 2>term.err &
pid=$!
until_true 20 test -e silent/asked
kill "$pid"
wait "$pid"
is 'SIGTERM ends a fetch, with status 2' "$?" 2
ok 'SIGTERM: what was not read is told' grep -q 'app.log: interrupted$' term.err
serve away --mode plain --redirect http://localhost:1
put app.log <logs/12.log
exits 2 'no redirect to another host is followed' loggrep . "$url/app.log"

done_testing
