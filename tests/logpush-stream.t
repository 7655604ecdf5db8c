#!/bin/sh
# logpush: streams, to small strict receivers of each kind
. "${0%/*}/lib.sh"

command -v python3 >/dev/null || skip_all 'python3 is not installed'
servers=$top/tests/servers
pids=
at_exit='for p in $pids; do kill "$p"; done 2>/dev/null; wait'

# start DIR SERVER [ARG...]: it runs, and $port is its port
start() {
	start_dir=$1; shift
	mkdir -p "$start_dir"
	start_server=$1; shift
	"$servers/$start_server" "$start_dir" "$@" >"$start_dir/log" 2>&1 &
	pids="$pids $!"
	until_true 20 test -s "$start_dir/port" || skip_all "$start_server: $(cat "$start_dir/log")"
	port=$(cat "$start_dir/port")
}
fresh() { rm -f "$1/docs" "$1/lines" "$1/logs" "$1/requests" "$1/mode" "$1/wrong"; }
field() { sed -n "s/.*\"$1\":\"\\([^\"]*\\)\".*/\\1/p"; }

cat >in <<'END'
{"timestamp":"2021-06-29T10:05:03.123456Z","hostname":"web1","appname":"shop","procid":"42","msgid":"ID7","facility":"local3","severity":"err","structured_data":{"a@1":{"k":"v\"]"}},"message":"first"}
a line of text

{"status":503}
{"status":503}
END

# --- NDJSON ---
start http http-drain
http=http://127.0.0.1:$port es=es+http://127.0.0.1:$port
exits 0 'lines are posted as NDJSON' logpush "$http/in" <in
sed '/^$/d; s/^a line of text$/{"message":"a line of text"}/' in >want
same 'records as they stand, text as a message, empty lines not at all' want cat http/lines
fresh http
printf '{"a":"\377"}\n\377\n{"a":1} x\n[1]' | logpush "$http/in"
cat >want <<'END'
{"a":"\ufffd","lossy":true}
{"message":"\ufffd","lossy":true}
{"message":"{\"a\":1} x"}
{"message":"[1]"}
END
ok 'what is no JSON or no UTF-8 becomes both' python3 -c '
import json
want = [json.loads(l) for l in open("want")]
got = [json.loads(l) for l in open("http/lines", encoding="utf-8")]
assert got == want, got'
fresh http
seq 10 | logpush --batch-lines 4 "$http/in"
is 'a batch has at most so many lines' "$(sed 's/.*"lines": \([0-9]*\).*/\1/' http/requests | tr '\n' ' ')" '4 4 2 '
fresh http
seq 1000 1099 | logpush --batch-bytes 100 "$http/in"
is 'and so many bytes, with what is put around a line' \
	"$(sed 's/.*"bytes": \([0-9]*\).*/\1/' http/requests | sort -u)" 95
is 'in order' "$(cat http/lines)" "$(seq -f '{"message":"%.0f"}' 1000 1099)"
fresh http
{ echo 1; until_true 20 test -s http/lines && echo 2; } |
	logpush --batch-time 50ms "$http/in"
is 'a line waits for others so long only' "$(wc -l <http/lines)" 2
fresh http
seq 1000 | logpush --gzip "$http/in"
is 'bodies may be compressed' "$(wc -l <http/lines)$(grep -c 'Content-Encoding": "gzip' http/requests)" 10001
fresh http
printf 'x%.0s' $(seq 25) >long
says 'longer than 10 bytes' 'a long line is cut, and that is told' \
	logpush --max-line 10 "$http/in" <long
is 'nothing of it is lost' "$(field message <http/lines | tr -d '\n')" "$(cat long)"
fresh http
seq 3 | gzip >f1; seq 4 6 >f2
ok 'files are streams where the URL is for streams only' \
	logpush "$es/files" f1 f2
is 'one after the other, compressed or not' "$(field message <http/docs | tr '\n' ' ')" '1 2 3 4 5 6 '
exits 2 'a receiver that does not exist is misuse' logpush es+http://127.0.0.1/ </dev/null
exits 2 'credentials do not go over http:// to other hosts' \
	logpush es+http://u:p@192.0.2.1/i </dev/null

# --- what HTTP answers mean ---
fresh http; echo 'status=503:2' >http/mode
exits 0 'an overloaded receiver is tried again' logpush "$http/in" <in
is 'until all is there' "$(wc -l <http/lines)" 4
fresh http; printf 'status=429:1\nretry-after=1\n' >http/mode
before=$(date +%s%N)
logpush "$http/in" <in 2>/dev/null
ok 'Retry-After is respected' test $((($(date +%s%N) - before) / 1000000)) -ge 1000
fresh http; echo close >http/mode
exits 0 'a connection closed without an answer is no delivery' logpush "$http/in" <in
is 'the lines come again' "$(wc -l <http/lines)" 4
fresh http; echo 'status=422' >http/mode
exits 1 'what is refused for good gives 1' logpush --dead-letter dead "$http/in" <in
is 'and goes to the dead letters' "$(grep -c '"error":"HTTP status 422.*"record":{' dead)" 4
fresh http; echo limit=60 >http/mode
exits 1 'too much at once is cut in two' logpush "$http/in" <in
is 'down to one line' "$(wc -l <http/lines)" 3
fresh http; echo 'status=401' >http/mode
exits 75 'what is not delivered by the deadline gives 75' \
	logpush --deadline 300ms "$http/in" <in
says '401: being difficult.*trying' 'with the reason' \
	logpush --deadline 300ms "$http/in" <in
says '4 records were not delivered' 'and how much' \
	logpush --deadline 300ms "$http/in" <in
fresh http
logpush --receipts receipts "$http/in" <in
ok 'a batch has a receipt' grep -q '"url":"http://127.*"size":[1-9].*"sha256":"[0-9a-f]\{64\}"' receipts

# --- Elasticsearch ---
fresh http
exits 0 'records become documents' logpush "$es/logs" <in
is 'each once, equal lines too' "$(field _id <http/docs | sort -u | wc -l)" 4
exits 0 'sending them again is success' logpush "$es/logs" <in
gzip -c in >in.gz
exits 0 'packed as well' logpush "$es/logs" in.gz
is 'and adds nothing' "$(wc -l <http/docs)" 4
ok 'the server found nothing wrong' test ! -e http/wrong
fresh http
logpush "$es/web-{date:%Y.%m.%d}-{severity}" <in
is 'the index is made of time and fields' "$(field _index <http/docs | head -n 1)" web-2021.06.29-err
fresh http; seq 100 >numbers; echo busy=30 >http/mode
exits 0 'documents that the server was too busy for are tried again' \
	logpush "$es/busy" <numbers
is 'alone' "$(sed 's/.*"lines": \([0-9]*\).*/\1/' http/requests | tr '\n' ' ')" '200 60 '
fresh http; echo 'reject=7' >http/mode; rm -f dead
exits 1 'a bad document does not stop the others' \
	logpush --dead-letter dead "$es/bad" <numbers
is 'they are there' "$(wc -l <http/docs)" 81
is 'it is in the dead letters, with the reason' \
	"$(grep -c '"error":"status 400: mapper_parsing_exception: failed to parse"' dead)" 19
says 'refused: status 400.*mapper' 'and told' logpush "$es/bad2" <numbers
fresh http; echo "auth=Basic $(printf 'joe:secret' | base64)" >http/mode
exits 0 'a password may stand in the URL' \
	logpush --deadline 5s "es+http://joe:secret@${es#*//}/auth" <in
echo auth=none >http/mode
logpush --deadline 100ms --dead-letter dead "es+http://joe:secret@${es#*//}/auth" <in 2>err
ok 'and is not told' not grep -q secret err
echo "auth=Basic $(printf 'joe:secret' | base64)" >http/mode
echo secret >password
exits 0 'a password comes from a file' logpush --auth-file password --deadline 5s \
	"es+http://joe@${es#*//}/auth" <in
exits 0 'or from the environment' env LOGPUSH_AUTH=joe:secret \
	logpush --deadline 5s "$es/auth" <in
echo 'auth=ApiKey abc=' >http/mode
exits 0 'an API key too' env LOGPUSH_AUTH='ApiKey abc=' logpush --deadline 5s "$es/auth" <in
fresh http

# --- syslog ---
start tcp syslog-sink tcp
tcp=syslog+tcp://127.0.0.1:$port
exits 0 'records become syslog messages' logpush "$tcp" <in
until_true 20 sh -c 'test "$(wc -l <tcp/lines)" = 4'
until_true 20 test -s tcp/framing
is 'the header comes from the fields' "$(sed -n 1p tcp/lines)" \
	'<155>1 2021-06-29T10:05:03.123456Z web1 shop 42 ID7 [a@1 k="v\"\]"] first'
is 'or is user.info, this host, now' "$(sed -n 2p tcp/lines | sed 's/T[0-9:.]*Z/T/')" \
	"<14>1 $(date +%Y-%m-%d)T $(uname -n) - - - - a line of text"
is 'each after its length' "$(cat tcp/framing)" octet
fresh tcp
printf '{"message":"a\\nb"}\n' | logpush --framing lf "$tcp"
until_true 20 test -s tcp/framing && until_true 20 grep -q lf tcp/framing
is 'or before a LF, without others' "$(sed 's/.* - //' tcp/lines)" 'a b'
is 'so framed' "$(cat tcp/framing)" lf
fresh tcp
logpush "$tcp" <<'END'
{"timestamp":1624961103.5,"level":3,"message":"m"}
{"time":"2021-06-29T10:05:03Z","level":"E","message":"m"}
{"@timestamp":"2021-06-29 10:05:03Z","facility":4,"level":50,"message":"m"}
END
until_true 20 sh -c 'test "$(wc -l <tcp/lines)" = 3'
is 'other keys of the time, and numbers for level and facility, count' \
	"$(sed "s/ $(uname -n) .*//" tcp/lines | tr '\n' ' ')" \
	'<11>1 2021-06-29T10:05:03.5Z <11>1 2021-06-29T10:05:03Z <35>1 2021-06-29T10:05:03Z '
ok 'all of it is RFC 5424' test ! -e tcp/wrong
start udp syslog-sink udp
logpush "syslog+udp://127.0.0.1:$port" <in
until_true 20 sh -c 'test "$(wc -l <udp/lines)" = 4'
until_true 20 test -s udp/framing
is 'datagrams hold a message each' "$(cat udp/framing; wc -l <udp/lines)" 'datagram
4'
for u in syslog+tcp://127.0.0.1:99999 syslog+udp://127.0.0.1:0 \
    http://127.0.0.1:99999/ "es+http://[::1]:x/i" logplex+http://u:p@127.0.0.1:0/; do
	exits 2 "no port: $u" timeout 10 logpush "$u" <in
done
says 'kafka: no such kind' 'a kind of destination that there is not' \
	logpush kafka://127.0.0.1 <in
exits 2 'a syslog URL has a port' logpush syslog+tcp://127.0.0.1 </dev/null

# --- TLS ---
if openssl req -x509 -newkey rsa:2048 -nodes -keyout good.key -out good.pem \
	-subj /CN=localhost -addext subjectAltName=DNS:localhost 2>/dev/null; then
	start tls syslog-sink tls good.pem good.key
	tls=syslog+tls://localhost:$port
	exits 0 'syslog goes over TLS' logpush --cacert good.pem "$tls" <in
	until_true 20 sh -c 'test "$(wc -l <tls/lines)" = 4'
	until_true 20 test -s tls/framing
	is 'with octet counting' "$(cat tls/framing)" octet
	exits 75 'but not to whom nobody vouches for' \
		logpush --deadline 300ms "$tls" <in
	says 'certificate' 'and that is told' logpush --deadline 300ms "$tls" <in
	start https http-drain good.pem good.key
	exits 0 'documents go over TLS' logpush --cacert good.pem \
		"es+https://localhost:$port/tls" <in
	exits 75 'to a known receiver only' logpush --deadline 300ms \
		"es+https://localhost:$port/tls" <in
else
	skip 'openssl is not installed' 'TLS'
fi

# --- Logplex ---
exits 0 'Logplex takes them in frames' logpush "logplex+$http/logplex" <in
is 'with their number' "$(wc -l <http/lines)$(grep -c '"Logplex-Msg-Count": "4"' http/requests)" 41
fresh http; echo status=410:1 >http/mode
seq 2 | logpush --batch-lines 1 "logplex+$http/logplex" 2>/dev/null
is 'what it refused it is told with the next' "$(sed 's/.* - //' http/lines | tr '\n' ' ')" \
	'Error L13: 1 messages lost. 2 '
ok 'all as it should be' test ! -e http/wrong

# --- the Log Service ---
start sls sls-store
sls=sls+http://project.localhost:$port
export ALIBABA_CLOUD_ACCESS_KEY_ID=id ALIBABA_CLOUD_ACCESS_KEY_SECRET=secret
exits 0 'the Log Service takes records, signed' logpush "$sls/store" <in
is 'each at its time' "$(head -n 1 sls/logs | sed 's/.*\("time": [0-9]*\).*\("ns": [0-9]*\).*/\1 \2/')" \
	'"time": 1624961103 "ns": 123456000'
is 'its source is the host' "$(head -n 1 sls/logs | sed 's/.*"source": "\([^"]*\)".*/\1/')" web1
exits 0 'signature version 4 too' logpush --region cn-test "$sls/store" <in
ok 'with that method' grep -q '"hmac-sha256"' sls/requests
fresh sls
echo '{"__topic__":"t1","__source__":"10.0.0.1","__tag__:env":"prod","x":{"y":[1]},"n":2}' |
	logpush "$sls/store"
ok 'topic, source and tags come from the record' grep -q \
	'"source": "10.0.0.1".*"tags": {"env": "prod"}' sls/logs
ok 'and all else are texts' grep -Fq '{"x": "{\"y\":[1]}", "n": "2"}' sls/logs
fresh sls; echo 'reject=7' >sls/mode; rm -f dead
exits 1 'one bad log does not stop the others' logpush --dead-letter dead "$sls/store" <numbers
is 'only bad ones are refused' "$(wc -l <sls/logs) $(wc -l <dead)" '81 19'
fresh sls; echo 'fail=403:WriteQuotaExceed:1' >sls/mode
exits 0 'a quota is waited for' logpush "$sls/store" <in
fresh sls
exits 1 'a wrong key is refused' env ALIBABA_CLOUD_ACCESS_KEY_SECRET=wrong \
	logpush "$sls/store" <in
echo token1 >sls/token
exits 0 'temporary credentials have a token' env ALIBABA_CLOUD_SECURITY_TOKEN=token1 \
	logpush "$sls/store" <in
exits 2 'no credentials are misuse' env -u ALIBABA_CLOUD_ACCESS_KEY_ID logpush "$sls/store" <in

# --- the spool ---
fresh http; echo status=503 >http/mode
exits 75 'with a spool, what is not delivered is kept' \
	logpush --spool sp --deadline 200ms "$es/spool" <numbers
is 'and can be looked at' "$(logpush --spool sp --status | sed 's/"bytes.*//')" '{"spool":"sp","records":100,'
exits 75 'more is added' logpush --spool sp --deadline 200ms "$es/spool" <in
fresh http
exits 0 'the next start delivers it' logpush --spool sp "$es/spool" </dev/null
is 'all, and once' "$(wc -l <http/docs)" 104
is 'then it is empty' "$(logpush --spool sp --status | sed 's/"bytes.*//')" '{"spool":"sp","records":0,'
exits 2 'there must be a spool to look at' logpush --spool nosuch --status
fresh http; echo status=503 >http/mode; seq 20000 >many
exits 75 'a spool that is full may drop the oldest' logpush --spool sp2 \
	--spool-max 256K --spool-full drop --deadline 100ms "$es/drop" <many
fresh http
logpush --spool sp2 "logplex+$http/logplex" </dev/null 2>err
is 'the newest are there' "$(tail -n 1 http/lines | sed 's/.* //')" 20000
lost=$(sed -n 's/.* \([0-9]*\) records were dropped.*/\1/p' err)
is 'each of the others is counted' "$((lost + $(grep -vc L12 http/lines)))" 20000
ok 'and told to a drain' grep -q "Error L12: $lost messages dropped" http/lines
fresh http; echo status=503 >http/mode
logpush --spool sp3 --spool-max 256K "$es/block" <many 2>/dev/null &
blocked=$!
until_true 20 test -s http/requests
rm -f http/mode
wait $blocked
is 'or else waits' "$(wc -l <http/docs)" 20000

fresh http; mkfifo p1 p2
logpush --spool sp4 "$es/two" <p1 & first=$!
exec 7>p1
until_true 20 sh -c 'logpush --spool sp4 --status | grep -q "sending\":true"'
logpush --spool sp4 "$es/two" <p2 & second=$!
exec 8>p2
echo one >&7; echo two >&8
until_true 20 sh -c 'test "$(wc -l <http/docs)" = 2'
is 'two may write, one sends' "$(field message <http/docs | sort | tr '\n' ' ')" 'one two '
kill -KILL $first; wait $first 2>/dev/null
echo three >&8
until_true 20 sh -c 'test "$(wc -l <http/docs)" = 3'
is 'the other takes over when it is killed' "$(field message <http/docs | tail -n 1)" three
exec 7>&- 8>&-
wait $second
is 'and ends well' $? 0

# --- several connections ---
seq 4000 | awk '{ printf "{\"hostname\":\"h%d\",\"appname\":\"a\",\"n\":%d}\n",
	$1 % 7, $1 }' >sources
seq 4000 | awk '{ printf "<14>1 - h%d app - - - number %d\n", $1 % 7, $1 }' >raw
# Each number is there, the first time in order among those of its host.
in_order() {
	awk -v n="$2" '{ match($0, /[" ]h[0-6][" ]/); h = substr($0, RSTART, 4)
		match($0, /[0-9]+[^0-9]*$/); i = substr($0, RSTART) + 0
		if (i in seen) next
		seen[i]; count++
		if (i < last[h]) exit 1
		last[h] = i
	} END { exit count != n }' "$1"
}
start lanes http-drain
printf 'status=503:5\nclose\n' >lanes/mode
lanes=http://127.0.0.1:$port
exits 0 'several connections, some of which fail' \
	logpush -j 4 --batch-lines 100 "$lanes/in" <sources
ok 'keep the order within a source' in_order lanes/lines 4000
ok 'not among them' not cmp -s lanes/lines sources
fresh lanes
exits 0 'a syslog line has a source, too' \
	logpush -j 4 --batch-lines 100 "$lanes/in" <raw
ok 'which keeps its order' in_order lanes/lines 4000
is 'that of its host, not of the stream' \
	"$(head -n 100 lanes/lines | grep -o 'h[0-6]' | sort -u | wc -l | grep -c '[1-6]')" 1
fresh lanes
exits 0 'lines without a source have one' \
	logpush -j 4 --batch-lines 100 "$lanes/in" <numbers
is 'and keep their order' "$(field message <lanes/lines)" "$(cat numbers)"
fresh lanes; echo status=503 >lanes/mode
exits 75 'a spool keeps what several connections could not send' \
	logpush -j 4 --spool spj --deadline 200ms "es+$lanes/j" <sources
is 'all of it' "$(logpush --spool spj --status | grep -c '"records":4000,')" 1
rm lanes/mode
logpush -j 4 --batch-lines 20 --spool spj "es+$lanes/j" </dev/null & pid=$!
until_true 20 test -s lanes/docs
kill -KILL $pid; wait $pid 2>/dev/null
exits 0 'killed, and started again' logpush -j 4 --spool spj "es+$lanes/j" </dev/null
is 'each is there once' "$(wc -l <lanes/docs)" 4000
ok 'in order within its source' in_order lanes/docs 4000
fresh lanes; echo status=410:1 >lanes/mode; rm -f dead
exits 1 'what one connection is refused' logpush -j 4 --batch-lines 10 \
	--dead-letter dead "logplex+$lanes/logplex" <sources
is 'goes to the dead letters, the rest arrives' \
	"$(grep -c '"record"' dead) $(grep -vc L13 lanes/lines)" '10 3990'
is 'each request has a number of its own' \
	"$(grep -o '"Logplex-Frame-Id": "[^"]*"' lanes/requests | sort | uniq -d | wc -l)" 0
start several syslog-sink tcp
exits 0 'syslog over several connections' \
	logpush -j 4 "syslog+tcp://127.0.0.1:$port" <sources
until_true 20 sh -c 'test "$(wc -l <several/lines)" = 4000'
ok 'in order as well' in_order several/lines 4000
ok 'as each receiver wants it' test ! -e lanes/wrong -a ! -e several/wrong

# --- S3: an object for each batch ---
start s3 store
export AWS_ACCESS_KEY_ID=AKIDTEST AWS_SECRET_ACCESS_KEY=secret/+=key
s3="logpush --endpoint-url http://127.0.0.1:$port"
seq -f '{"timestamp":"2021-06-29T10:05:%02.0fZ"}' 10 19 >timed
exits 0 'an S3 store takes a stream in objects' \
	$s3 --batch-lines 4 's3://bucket/{date:%Y/%m/%d}/' <timed
is 'named by the time of their first record' \
	"$(ls s3/objects | grep -c '2021%2F06%2F29%2F20210629T10051[048]Z-[0-9a-f]*.log.gz$')" 3
is 'packed, and whole' "$(cat s3/objects/*.gz | gunzip | cmp - timed && echo same)" same
exits 0 'the same again' $s3 --batch-lines 4 's3://bucket/{date:%Y/%m/%d}/' <timed
is 'makes no other object' "$(ls s3/objects | grep -c 'gz$')" 3
exits 2 'a bucket that is not there is told, and ends it' \
	$s3 --spool s3spool s3://nosuch/ <timed
is 'but the spool keeps all' "$(logpush --spool s3spool --status | grep -c '"records":10,')" 1

# --- ends ---
fresh http; mkfifo p3
logpush "$http/in" <p3 & pid=$!
exec 7>p3
echo 0 >&7; until_true 20 test -s http/lines
seq 4999 >&7
kill -TERM $pid; wait $pid
is 'SIGTERM delivers what is in the pipe' "$? $(wc -l <http/lines)" '0 5000'
exec 7>&-
echo status=503 >http/mode
seq 10 >p3 & logpush --spool sp5 "$es/term" <p3 2>err & pid=$!
until_true 20 grep -q trying err
kill -TERM $pid; wait $pid
is 'and leaves the rest in a spool' "$? $(logpush --spool sp5 --status | grep -c '"records":10,')" '75 1'
fresh http

exits 2 'there is no dry run of a stream' logpush -n "$http/in" <in
exits 2 'nor is its file removed' logpush --rm "$es/in" in

# --- rsyslog's omprog ---
printf '%s\n' a 'BEGIN TRANSACTION' b c 'COMMIT TRANSACTION' |
	logpush --confirm "$http/in" >answers
is 'each message is answered, a transaction as a whole' "$(tr '\n' ' ' <answers)" \
	'OK OK OK DEFER_COMMIT DEFER_COMMIT OK '
is 'when it is delivered' "$(wc -l <http/lines)" 3
fresh http; mkfifo p4 p5
logpush --confirm --spool sp6 "$es/confirm" <p4 >p5 & pid=$!
exec 7>p4 8<p5
read -r hello <&8; echo m1 >&7; read -r m1 <&8
is 'with a spool, once it is synced there' "$hello $m1" 'OK OK'
until_true 20 test -s http/docs
kill -KILL $pid; wait $pid 2>/dev/null
exec 7>&- 8<&-
printf 'm1\nm2\n' | logpush --confirm --spool sp6 "$es/confirm" >/dev/null
is 'a message that comes again after a crash is known' \
	"$(field message <http/docs | tr '\n' ' ')" 'm1 m2 '
printf 'm2\n' | logpush --confirm --spool sp6 "$es/confirm" >/dev/null
is 'after a good end it is a new one' "$(wc -l <http/docs)" 3
ok 'no receiver had anything to complain about' test ! -e http/wrong -a ! -e tcp/wrong -a ! -e udp/wrong
done_testing
