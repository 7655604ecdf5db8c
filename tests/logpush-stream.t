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
exits 0 'NDJSON: lines are posted' logpush "$http/in" <in
sed '/^$/d; s/^a line of text$/{"message":"a line of text"}/' in >want
same 'NDJSON: records as they stand, text as a message, empty lines not at all' want cat http/lines
fresh http
printf '{"a":"\377"}\n\377\n{"a":1} x\n[1]' | logpush "$http/in"
cat >want <<'END'
{"a":"\ufffd","lossy":true}
{"message":"\ufffd","lossy":true}
{"message":"{\"a\":1} x"}
{"message":"[1]"}
END
ok 'NDJSON: what is no JSON or no UTF-8 becomes both' python3 -c '
import json
want = [json.loads(l) for l in open("want")]
got = [json.loads(l) for l in open("http/lines", encoding="utf-8")]
assert got == want, got'
fresh http
seq 10 | logpush --batch-lines 4 "$http/in"
is 'a batch has at most so many lines' "$(sed 's/.*"lines": \([0-9]*\).*/\1/' http/requests | tr '\n' ' ')" '4 4 2 '
fresh http
seq 1000 1099 | logpush --batch-bytes 100 "$http/in"
is 'a batch has at most so many bytes, with what is put around a line' \
	"$(sed 's/.*"bytes": \([0-9]*\).*/\1/' http/requests | sort -u)" 95
is 'batches keep the order of the lines' "$(cat http/lines)" "$(seq -f '{"message":"%.0f"}' 1000 1099)"
fresh http
{ echo 1; until_true 20 test -s http/lines && echo 2; } |
	logpush --batch-time 50ms "$http/in"
is '--batch-time: a line waits for others so long only' "$(wc -l <http/lines)" 2
fresh http
seq 1000 | logpush --gzip "$http/in"
is '--gzip compresses bodies' "$(wc -l <http/lines)$(grep -c 'Content-Encoding": "gzip' http/requests)" 10001
fresh http
printf 'x%.0s' $(seq 25) >long
says 'longer than 10 bytes' '--max-line: a long line is cut, and that is told' \
	logpush --max-line 10 "$http/in" <long
is '--max-line: nothing of a long line is lost' "$(field message <http/lines | tr -d '\n')" "$(cat long)"
fresh http
seq 3 | gzip >f1; seq 4 6 >f2
ok 'files are streams where the URL is for streams only' \
	logpush "$es/files" f1 f2
is 'files are sent one after the other, compressed or not' "$(field message <http/docs | tr '\n' ' ')" '1 2 3 4 5 6 '
exits 2 'a receiver that does not exist is misuse' logpush es+http://127.0.0.1/ </dev/null
exits 2 'credentials do not go over http:// to other hosts' \
	logpush es+http://u:p@192.0.2.1/i </dev/null

# --- what HTTP answers mean ---
fresh http; echo 'status=503:2' >http/mode
exits 0 'an overloaded receiver is tried again' logpush "$http/in" <in
is 'an overloaded receiver is tried again until all is there' "$(wc -l <http/lines)" 4
fresh http; printf 'status=429:1\nretry-after=1\n' >http/mode
before=$(date +%s%N)
logpush "$http/in" <in 2>/dev/null
ok 'Retry-After is respected' test $((($(date +%s%N) - before) / 1000000)) -ge 1000
fresh http; echo close >http/mode
exits 0 'a connection closed without an answer is tried again' logpush "$http/in" <in
is 'after a connection closed without an answer the lines come again' "$(wc -l <http/lines)" 4
fresh http; echo 'bad=422:503' >http/mode
exits 1 'what is refused for good gives 1' logpush --dead-letter dead "$http/in" <in
is 'what is refused for good goes to the dead letters' "$(grep -c '"error":"HTTP status 422.*"record":{' dead)" 2
fresh http; echo limit=60 >http/mode
exits 1 '413: a batch is cut in two' logpush "$http/in" <in
is '413: a batch is cut down to one line' "$(wc -l <http/lines)" 3
# What waits for longer than the deadline is not tried again.
fresh http; printf 'status=401\nretry-after=1000\n' >http/mode
logpush --deadline 1m "$http/in" <in 2>err
is 'what is not delivered by the deadline gives 75' $? 75
ok 'what is not delivered by the deadline is told with the reason' \
	grep -q '401: being difficult.*trying' err
ok 'what is not delivered by the deadline is counted' \
	grep -q '4 records were not delivered' err
fresh http
logpush --receipts receipts "$http/in" <in
ok '--receipts: a batch has a receipt' grep -q '"url":"http://127.*"size":[1-9].*"sha256":"[0-9a-f]\{64\}"' receipts

# --- Elasticsearch ---
fresh http
exits 0 'Elasticsearch: records become documents' logpush "$es/logs" <in
is 'Elasticsearch: each line is one document, equal lines, too' "$(field _id <http/docs | sort -u | wc -l)" 4
exits 0 'Elasticsearch: sending documents again is success' logpush "$es/logs" <in
gzip -c in >in.gz
exits 0 'Elasticsearch: sending documents again from a packed file is success' logpush "$es/logs" in.gz
is 'Elasticsearch: sending documents again adds nothing' "$(wc -l <http/docs)" 4
ok 'Elasticsearch: the server found nothing wrong' test ! -e http/wrong
fresh http
logpush "$es/web-{date:%Y.%m.%d}-{severity}" <in
is 'Elasticsearch: the index is made of time and fields' "$(field _index <http/docs | head -n 1)" web-2021.06.29-err
fresh http
logpush "$es/insert/elastic/web?a=b" <in
is 'Elasticsearch: behind a prefix, the action of each document names the index' \
	"$(jq -r .path http/requests) $(field _index <http/docs | uniq -c | tr -d ' ')" '/insert/elastic/_bulk?a=b 4web'
fresh http; seq 100 >numbers; echo busy=30 >http/mode
exits 0 'Elasticsearch: documents that the server was too busy for are tried again' \
	logpush "$es/busy" <numbers
is 'Elasticsearch: only documents that the server was too busy for are sent again' "$(sed 's/.*"lines": \([0-9]*\).*/\1/' http/requests | tr '\n' ' ')" '200 60 '
# Several servers, of which one is down and one is out of order.
start other http-drain
other=es+http://127.0.0.1:$port
fresh http; fresh other; echo status=503 >other/mode
exits 0 '--also: a batch goes to the next server when one fails' \
	logpush --batch-lines 40 --also "$other" --also "$es" es+http://127.0.0.1:1/also/web?x <numbers
is '--also: all is there, at the one that works' "$(wc -l <http/docs) $(test -e other/docs; echo $?)" '100 1'
is '--also: the server that worked gets the next batch first' "$(wc -l <other/requests) $(wc -l <http/requests)" '1 3'
for status in 200 260 400; do
	fresh http; fresh other; echo "status=$status" >other/mode
	sed "s/^/$status /" numbers >again
	exits 0 "--also: the next server gets the batch after an answer $status that is none to _bulk" \
		logpush --deadline 1m --also "$es" "$other/also/web?x" <again
	is "--also: after an answer $status that is none to _bulk, all is at the next server" \
		"$(wc -l <http/docs) $(wc -l <other/requests)" '100 1'
done
is '--also: the path is that of the first URL' "$(jq -r .path http/requests | sort -u)" '/also/_bulk?x'
fresh other; echo status=503 | tee other/mode >http/mode
exits 75 '--also: when all fail, the spool keeps the lines' \
	logpush --spool alsosp --deadline 10ms --also "$other" "$es/also" <numbers
fresh http
exits 0 '--also: the first URL names the spool' logpush --spool alsosp "$es/also" </dev/null
is '--also: the spool held all of it' "$(field message <http/docs | tr '\n' ' ')" "$(tr '\n' ' ' <numbers)"
for bad in http://127.0.0.1 es+http://127.0.0.1/path es+http://u:p@127.0.0.1 es+http://127.0.0.1:0; do
	exits 2 "--also refuses $bad" logpush --also "$bad" "$es/also" </dev/null
done
exits 2 '--also is refused for syslog' logpush --also syslog+tcp://127.0.0.1:2 syslog+tcp://127.0.0.1:1 </dev/null
exits 2 '--also: credentials do not go over http:// to other hosts' \
	logpush --also es+http://192.0.2.1 es+https://u:p@localhost/i </dev/null
# Signed for AWS; AKID and its secret are those of the server.
aws() {
	env -u AWS_REGION -u AWS_DEFAULT_REGION HOME="$tmp" AWS_EC2_METADATA_DISABLED=true \
		AWS_ACCESS_KEY_ID=AKID AWS_SECRET_ACCESS_KEY=secret "$@"
}
fresh http; echo sigv4=es:eu-test-1 >http/mode
exits 0 '--aws-sigv4: requests are signed' \
	aws logpush --aws-sigv4 es --region eu-test-1 --deadline 20s "$es/signed" <numbers
exits 0 '--aws-sigv4: a path with escapes, a query and a packed body are signed' \
	aws logpush --aws-sigv4 es --region eu-test-1 --deadline 20s --gzip "$es/a%20b/c/signed2?z=1&a=b%2Fc" <numbers
is '--aws-sigv4: all is there' "$(wc -l <http/docs)" 200
fresh http; echo sigv4=aoss:eu-test-1 >http/mode
exits 0 '--aws-sigv4 aoss: requests are signed for Serverless' \
	aws logpush --aws-sigv4 aoss --region eu-test-1 --deadline 20s "$es/signed" <numbers
fresh http; echo sigv4=es:eu-test-2:token-2 >http/mode
mkdir -p .aws
printf '[default]\ncredential_process = %s/next\n' "$tmp" >.aws/config
cat >next <<'END'
#!/bin/sh
n=$(($(cat asked 2>/dev/null || echo 0) + 1)); echo $n >asked
printf '{"Version":1,"AccessKeyId":"AKID","SecretAccessKey":"secret","SessionToken":"token-%s","Expiration":"2099-01-01T00:00:00Z"}' $n
END
chmod +x next
exits 0 '--aws-sigv4: a token that has expired is renewed, at once' \
	aws env -u AWS_ACCESS_KEY_ID -u AWS_SECRET_ACCESS_KEY logpush --aws-sigv4 es \
	--region eu-test-2 --deadline 20s "$es/renewed" <numbers
is '--aws-sigv4: with the renewed token all is there' "$(wc -l <http/docs) $(cat asked)" '100 2'
fresh http; echo sigv4=es:eu-test-3 >http/mode
exits 0 "--aws-sigv4: the region is that of the host's name" aws logpush --aws-sigv4 es \
	--deadline 20s "es+http://x.eu-test-3.es.amazonaws.com.localhost:${es##*:}/named" <numbers
exits 75 '--aws-sigv4: without credentials the lines wait' aws env -u AWS_ACCESS_KEY_ID \
	-u AWS_SECRET_ACCESS_KEY HOME=/nonexistent logpush --aws-sigv4 es --region eu-test-1 \
	--spool awssp --deadline 100ms "$es/i" <in
exits 2 '--aws-sigv4 needs a region' aws logpush --aws-sigv4 es "$es/i" <in
exits 2 '--aws-sigv4 is there for other credentials' \
	aws logpush --aws-sigv4 es --region r es+http://u:p@127.0.0.1/i <in
exits 2 '--aws-sigv4 refuses other services' logpush --aws-sigv4 s3 "$es/i" <in
fresh http; echo 'reject=7' >http/mode; rm -f dead
exits 1 'Elasticsearch: a refused document is status 1' \
	logpush --dead-letter dead "$es/bad" <numbers
is 'Elasticsearch: a refused document does not stop the others' "$(wc -l <http/docs)" 81
is 'Elasticsearch: a refused document is in the dead letters, with the reason' \
	"$(grep -c '"error":"status 400: mapper_parsing_exception: failed to parse"' dead)" 19
says 'refused: status 400.*mapper' 'Elasticsearch: a refused document is told with the reason' logpush "$es/bad2" <numbers
fresh http; echo "auth=Basic $(printf 'joe:secret' | base64)" >http/mode
exits 0 'Elasticsearch: a password may stand in the URL' \
	logpush --deadline 1m "es+http://joe:secret@${es#*//}/auth" <in
printf 'auth=none\nretry-after=1000\n' >http/mode
logpush --deadline 1m "es+http://joe:secret@${es#*//}/auth" <in 2>err
ok 'a password in the URL is not told' sh -c 'grep 401 err && ! grep secret err'
echo "auth=Basic $(printf 'joe:secret' | base64)" >http/mode
echo secret >password
exits 0 '--auth-file: a password comes from a file' logpush --auth-file password --deadline 1m \
	"es+http://joe@${es#*//}/auth" <in
exits 0 'LOGPUSH_AUTH: a password comes from the environment' env LOGPUSH_AUTH=joe:secret \
	logpush --deadline 1m "$es/auth" <in
echo 'auth=ApiKey abc=' >http/mode
exits 0 'LOGPUSH_AUTH: an API key comes from the environment' env LOGPUSH_AUTH='ApiKey abc=' logpush --deadline 1m "$es/auth" <in
fresh http

# --- syslog ---
start tcp syslog-sink tcp
tcp=syslog+tcp://127.0.0.1:$port
exits 0 'syslog: records become messages' logpush "$tcp" <in
until_true 20 sh -c 'test "$(wc -l <tcp/lines)" = 4'
until_true 20 test -s tcp/framing
is 'syslog: the header comes from the fields' "$(sed -n 1p tcp/lines)" \
	'<155>1 2021-06-29T10:05:03.123456Z web1 shop 42 ID7 [a@1 k="v\"\]"] first'
is 'syslog: without fields the header is user.info, this host, now' "$(sed -n 2p tcp/lines | sed 's/T[0-9:.]*Z/T/')" \
	"<14>1 $(date +%Y-%m-%d)T $(uname -n) - - - - a line of text"
is 'syslog: over TCP each message stands after its length' "$(cat tcp/framing)" octet
fresh tcp
printf '{"message":"a\\nb"}\n' | logpush --framing lf "$tcp"
until_true 20 test -s tcp/framing && until_true 20 grep -q lf tcp/framing
is '--framing lf: LFs in a message become blanks' "$(sed 's/.* - //' tcp/lines)" 'a b'
is '--framing lf: messages end with LF' "$(cat tcp/framing)" lf
fresh tcp
logpush "$tcp" <<'END'
{"timestamp":1624961103.5,"level":3,"message":"m"}
{"time":"2021-06-29T10:05:03Z","level":"E","message":"m"}
{"@timestamp":"2021-06-29 10:05:03Z","facility":4,"level":50,"message":"m"}
END
until_true 20 sh -c 'test "$(wc -l <tcp/lines)" = 3'
is 'syslog: other keys of the time, and numbers for level and facility, count' \
	"$(sed "s/ $(uname -n) .*//" tcp/lines | tr '\n' ' ')" \
	'<11>1 2021-06-29T10:05:03.5Z <11>1 2021-06-29T10:05:03Z <35>1 2021-06-29T10:05:03Z '
ok 'syslog: all messages are RFC 5424' test ! -e tcp/wrong
start udp syslog-sink udp
logpush "syslog+udp://127.0.0.1:$port" <in
until_true 20 sh -c 'test "$(wc -l <udp/lines)" = 4'
until_true 20 test -s udp/framing
is 'syslog: over UDP a datagram holds one message' "$(cat udp/framing; wc -l <udp/lines)" 'datagram
4'
{ head -c 70000 /dev/zero | tr '\0' x; printf '\nnext\n'; } >long
rm udp/lines
exits 0 'UDP: a message longer than a datagram does not hold the stream' \
	logpush --deadline 5s --max-message 100K "syslog+udp://127.0.0.1:$port" <long
until_true 20 grep -q next udp/lines
is 'UDP: a message longer than a datagram can be is cut to that' \
	"$(head -n 1 udp/lines | awk '{ print (length > 65500 && length <= 65507) }') $(grep -c 'x \[cut [0-9]* bytes\]$' udp/lines)" \
	'1 1'
for u in syslog+tcp://127.0.0.1:99999 syslog+udp://127.0.0.1:0 \
    http://127.0.0.1:99999/ "es+http://[::1]:x/i" logplex+http://u:p@127.0.0.1:0/; do
	exits 2 "a URL without a valid port is misuse: $u" timeout 100 logpush "$u" <in
done
says '^logpush: one.log: no URL, which stands before the files' \
    'a URL behind the files is told where it belongs' \
    logpush --rm one.log two.log s3://bucket/
says 'mqtt: no such kind' 'a kind of destination that there is not is told' \
	logpush mqtt://127.0.0.1 <in
exits 2 'a syslog URL without a port is misuse' logpush syslog+tcp://127.0.0.1 </dev/null

# --- TLS ---
# unknown WHO URL: no authority that is known here vouches for it
unknown() {
	: >err
	logpush --spool "unknown $1" "$2" <in 2>err & pid=$!
	ok "TLS: $1 of an unknown authority is told" until_true 20 grep -q certificate err
	kill -TERM $pid; wait $pid
	is "TLS: $1 of an unknown authority gets nothing" \
		"$? $(logpush --spool "unknown $1" --status=json | grep -c '"records":4,')" '75 1'
}
if openssl req -x509 -newkey rsa:2048 -nodes -keyout good.key -out good.pem \
	-subj /CN=localhost -addext subjectAltName=DNS:localhost 2>/dev/null; then
	start tls syslog-sink tls good.pem good.key
	tls=syslog+tls://localhost:$port
	exits 0 'TLS: syslog is delivered' logpush --cacert good.pem "$tls" <in
	until_true 20 sh -c 'test "$(wc -l <tls/lines)" = 4'
	until_true 20 test -s tls/framing
	is 'TLS: syslog is framed with octet counting' "$(cat tls/framing)" octet
	unknown 'a syslog receiver' "$tls"
	start https http-drain good.pem good.key
	exits 0 'TLS: documents are delivered' logpush --cacert good.pem \
		"es+https://localhost:$port/tls" <in
	unknown 'an HTTP receiver' "es+https://localhost:$port/tls"
else
	skip 'openssl is not installed' 'TLS: documents and syslog are delivered'
fi

# --- Logplex ---
exits 0 'Logplex: messages are delivered' logpush "logplex+$http/logplex" <in
is 'Logplex: a request tells the number of its messages' "$(wc -l <http/lines)$(grep -c '"Logplex-Msg-Count": "4"' http/requests)" 41
fresh http; echo bad=400:two >http/mode
printf '%s\n' one two three four | logpush --batch-lines 3 "logplex+$http/logplex" 2>/dev/null
is 'Logplex: messages that were refused are told with the next' "$(sed 's/.* - //' http/lines | tr '\n' ' ')" \
	'one three Error L13: 1 messages lost. four '
ok 'Logplex: the receiver found nothing wrong' test ! -e http/wrong

# --- the Log Service ---
start sls sls-store
sls=sls+http://project.localhost:$port
export ALIBABA_CLOUD_ACCESS_KEY_ID=id ALIBABA_CLOUD_ACCESS_KEY_SECRET=secret
exits 0 'Log Service: records are delivered, signed' logpush "$sls/store" <in
is 'Log Service: a record has its time, to the nanosecond' "$(head -n 1 sls/logs | sed 's/.*\("time": [0-9]*\).*\("ns": [0-9]*\).*/\1 \2/')" \
	'"time": 1624961103 "ns": 123456000'
is 'Log Service: the source is the host' "$(head -n 1 sls/logs | sed 's/.*"source": "\([^"]*\)".*/\1/')" web1
exits 0 'Log Service: --region delivers with signature version 4' logpush --region cn-test "$sls/store" <in
ok 'Log Service: --region signs with hmac-sha256' grep -q '"hmac-sha256"' sls/requests
fresh sls
echo '{"__topic__":"t1","__source__":"10.0.0.1","__tag__:env":"prod","x":{"y":[1]},"n":2}' |
	logpush "$sls/store"
ok 'Log Service: topic, source and tags come from the record' grep -q \
	'"source": "10.0.0.1".*"tags": {"env": "prod"}' sls/logs
ok 'Log Service: all other fields are texts' grep -Fq '{"x": "{\"y\":[1]}", "n": "2"}' sls/logs
fresh sls; echo 'reject=7' >sls/mode; rm -f dead
exits 1 'Log Service: a refused record is status 1' logpush --dead-letter dead "$sls/store" <numbers
is 'Log Service: a refused record does not stop the others' "$(wc -l <sls/logs) $(wc -l <dead)" '81 19'
fresh sls; echo 'fail=403:WriteQuotaExceed:1' >sls/mode
exits 0 'Log Service: a quota is waited for' logpush "$sls/store" <in
fresh sls; echo 'fail=400:RequestTimeExpired:1' >sls/mode
seq 4 >four
exits 0 'Log Service: a request that expired is sent again, and refuses nothing' logpush "$sls/store" <four
is 'Log Service: after that, all is there once' "$(wc -l <sls/logs) $(wc -l <sls/requests)" '4 2'
fresh sls; echo 'fail=413:PostBodyTooLarge:1' >sls/mode
exits 0 'Log Service: what is too large goes in two requests' logpush "$sls/store" <four
is 'Log Service: after that, all is there once in three requests' "$(wc -l <sls/logs) $(wc -l <sls/requests)" '4 3'
fresh sls; rm -f dead
printf '{"timestamp":"%s-01-01T00:00:00Z","n":"%s"}\n' 1960 a 2021 b 1969 c 2021 d |
	logpush --dead-letter dead "$sls/store" 2>/dev/null
is 'Log Service: a time that does not fit refuses the record alone' \
	"$? $(wc -l <sls/logs) $(grep -c 'its time does not fit' dead)" '1 2 2'
fresh sls; seq 5000 >many
exits 0 'Log Service: more lines than a request may have are sent' logpush --batch-lines 5000 "$sls/store" <many
is 'Log Service: a request has 4096 at most' "$(wc -l <sls/logs) $(wc -l <sls/requests)" '5000 2'
fresh sls; head -c 4000000 /dev/zero | tr '\0' x | fold -w 1000000 >wide
exits 0 'Log Service: more bytes than a request may have are sent' logpush --batch-bytes 8M "$sls/store" wide
is 'Log Service: a request has 3 MiB at most' "$(wc -l <sls/logs) $(wc -l <sls/requests)" '4 2'
fresh http; echo status=400 >http/mode; rm -f dead
exits 75 'Log Service: what somebody else answers refuses nothing' logpush --deadline 300ms \
	--dead-letter dead --endpoint "$http" sls+http://project.localhost/x <four
ok 'Log Service: after that, there is no dead letter' not test -s dead
fresh sls
exits 75 'Log Service: a wrong key is waited out' env ALIBABA_CLOUD_ACCESS_KEY_SECRET=wrong \
	logpush --deadline 300ms "$sls/store" <in
echo token1 >sls/token
exits 0 'Log Service: temporary credentials have a token' env ALIBABA_CLOUD_SECURITY_TOKEN=token1 \
	logpush "$sls/store" <in
exits 2 'Log Service: no credentials are misuse' env -u ALIBABA_CLOUD_ACCESS_KEY_ID logpush "$sls/store" <in

# --- the spool ---
fresh http; echo status=503 >http/mode
exits 75 'spool: what is not delivered is status 75' \
	logpush --spool sp --deadline 200ms "$es/spool" <numbers
is 'spool: --status counts what is kept' "$(logpush --spool sp --status=json | grep -o '"records":[0-9]*')" '"records":100'
says 'not delivered, 1 records are kept in sp1$' 'spool: a single record that is kept is told' \
	sh -c 'echo one | logpush --spool sp1 --deadline 200ms "$1/spool"' - "$es"
for i in 1 2 3 4 5 6; do
	printf '%s%050000d\n' $i 0
done >large
# By what sends, if it has come by, or at the end.
says 'sp9, 1 dropped$|sp9: 1 records were dropped$' 'spool: a single record that was dropped is told' \
	logpush --spool sp9 --spool-max 256K --spool-full drop --deadline 100ms "$es/spool" <large
exits 75 'spool: more is added to what is kept' logpush --spool sp --deadline 200ms "$es/spool" <in
fresh http
exits 0 'spool: the next start delivers what is kept' logpush --spool sp "$es/spool" </dev/null
is 'spool: all that was kept is delivered, and once' "$(wc -l <http/docs)" 104
is 'spool: --status says that nothing is left' "$(logpush --spool sp --status=json | grep -o '"records":[0-9]*')" '"records":0'
exits 2 'spool: --status without a spool is trouble' logpush --spool nosuch --status
fresh http; echo status=503 >http/mode; seq 20000 >many
exits 75 'spool: --spool-full drop drops when it is full' sh -c 'logpush --spool sp2 \
	--spool-max 256K --spool-full drop --deadline 100ms "$1/drop" <many 2>told' - "$es"
told=$(sed -n 's/.* kept in sp2, \([0-9]*\) dropped$/\1/p' told)
fresh http
logpush --spool sp2 --respool "logplex+$http/logplex" </dev/null 2>err
is 'spool: --spool-full drop keeps the newest' "$(tail -n 1 http/lines | sed 's/.* //')" 20000
rest=$(sed -n 's/.* \([0-9]*\) records were dropped.*/\1/p' err)
# On a busy machine some are missed, and told, before the first run gives up.
lost=$(sed -n 's/.* \([0-9]*\) records were dropped.*/\1/p' told err | sum)
is 'spool: --spool-full drop counts each record that it dropped' "$((lost + $(grep -vc L12 http/lines)))" 20000
is 'spool: --status counts each dropped record once, and forgets none' \
	"$(logpush --spool sp2 --status=json | grep -o '"dropped":[0-9]*')" \
	"\"dropped\":$((20000 - $(grep -vc L12 http/lines)))"
is 'spool: --spool-full drop says how many were dropped before any is delivered' "$told" "$rest"
ok 'spool: --spool-full drop tells a drain how many were dropped' grep -q "Error L12: $lost messages dropped" http/lines
fresh http; echo status=503 >http/mode
logpush --spool sp3 --spool-max 256K "$es/block" <many 2>/dev/null &
blocked=$!
until_true 20 test -s http/requests
rm -f http/mode
wait $blocked
is 'spool: a full one waits, and all is delivered' "$(wc -l <http/docs)" 20000

fresh http
# shellcheck disable=SC3045
(trap '' XFSZ; ulimit -f 64
	exec logpush --spool sp7 "$es/limit" <many 2>err)
is 'spool: a write that fails ends it, and is told with the reason' \
	"$? $(grep -v trying err | head -n 1)" '2 logpush: sp7: File too large'

fresh http; mkfifo p1 p2
logpush --spool sp4 "$es/two" <p1 & first=$!
exec 7>p1
until_true 20 sh -c 'logpush --spool sp4 --status=json | grep -q "sending\":true"'
logpush --spool sp4 "$es/two" <p2 & second=$!
exec 8>p2
echo one >&7; echo two >&8
until_true 20 sh -c 'test "$(wc -l <http/docs)" = 2'
is 'spool: two instances may write, one sends' "$(field message <http/docs | sort | tr '\n' ' ')" 'one two '
kill -KILL $first; wait $first 2>/dev/null
echo three >&8
until_true 20 sh -c 'test "$(wc -l <http/docs)" = 3'
is 'spool: the other instance takes over when the sender is killed' "$(field message <http/docs | tail -n 1)" three
exec 7>&- 8>&-
wait $second
is 'spool: the instance that took over ends with status 0' $? 0

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
exits 0 '-j: several connections, some of which fail, deliver' \
	logpush -j 4 --batch-lines 100 "$lanes/in" <sources
ok '-j: the order within a source is kept' in_order lanes/lines 4000
ok '-j: several connections are used' \
	test "$(grep -o '"peer": [0-9]*' lanes/requests | sort -u | wc -l)" -ge 4
fresh lanes
exits 0 '-j: syslog lines are delivered' \
	logpush -j 4 --batch-lines 100 "$lanes/in" <raw
ok '-j: the order of syslog lines of one host is kept' in_order lanes/lines 4000
is '-j: the source of a syslog line is its host' \
	"$(head -n 100 lanes/lines | grep -o 'h[0-6]' | sort -u | wc -l | grep -c '[1-6]')" 1
fresh lanes
exits 0 '-j: lines without a source are delivered' \
	logpush -j 4 --batch-lines 100 "$lanes/in" <numbers
is '-j: lines without a source keep their order' "$(field message <lanes/lines)" "$(cat numbers)"
fresh lanes; echo status=503 >lanes/mode
exits 75 '-j, spool: what several connections could not send is status 75' \
	logpush -j 4 --spool spj --deadline 200ms "es+$lanes/j" <sources
is '-j, spool: all that could not be sent is kept' "$(logpush --spool spj --status=json | grep -c '"records":4000,')" 1
rm lanes/mode
logpush -j 4 --batch-lines 20 --spool spj "es+$lanes/j" </dev/null & pid=$!
until_true 20 test -s lanes/docs
kill -KILL $pid; wait $pid 2>/dev/null
exits 0 '-j, spool: killed, and started again, it delivers' logpush -j 4 --spool spj "es+$lanes/j" </dev/null
is '-j, spool: killed, and started again, each record is there once' "$(wc -l <lanes/docs)" 4000
ok '-j, spool: killed, and started again, the order within a source is kept' in_order lanes/docs 4000
fresh lanes; echo 'bad=400:"n":2345' >lanes/mode; rm -f dead
exits 1 '-j: what one connection is refused is status 1' logpush -j 4 --batch-lines 10 \
	--dead-letter dead "logplex+$lanes/logplex" <sources
is '-j: what one connection is refused goes to the dead letters, the rest arrives' \
	"$(grep -c '"record"' dead) $(grep -vc L13 lanes/lines)" '1 3999'
is '-j: each Logplex request has a number of its own' \
	"$(grep -o '"Logplex-Frame-Id": "[^"]*"' lanes/requests | sort | uniq -d | wc -l)" 0
start several syslog-sink tcp
exits 0 '-j: syslog over several connections is delivered' \
	logpush -j 4 "syslog+tcp://127.0.0.1:$port" <sources
until_true 20 sh -c 'test "$(wc -l <several/lines)" = 4000'
ok '-j: syslog over several connections keeps the order within a source' in_order several/lines 4000
ok '-j: the receivers found nothing wrong' test ! -e lanes/wrong -a ! -e several/wrong

# --- S3: an object for each batch ---
start s3 store
export AWS_ACCESS_KEY_ID=AKIDTEST AWS_SECRET_ACCESS_KEY=secret/+=key
s3="logpush --endpoint-url http://127.0.0.1:$port"
seq -f '{"timestamp":"2021-06-29T10:05:%02.0fZ"}' 10 19 >timed
exits 0 'S3: a stream is delivered in objects' \
	$s3 --batch-lines 4 's3://bucket/{date:%Y/%m/%d}/' <timed
is 'S3: objects are named by the time that they were read, and a number' \
	"$(ls s3/objects | sed 's/%2F/ /g; s/20[0-9T.]*Z-/TIME-/' | grep 'gz$')" \
	'2021 06 29 TIME-000000000000.log.gz
2021 06 29 TIME-000000000004.log.gz
2021 06 29 TIME-000000000008.log.gz'
is 'S3: objects are packed, and hold the whole stream' "$(cat s3/objects/*.gz | gunzip | cmp - timed && echo same)" same
is 'S3: objects have the index of logpack' \
	"$(for f in s3/objects/*.gz; do od -An -c -j12 -N2 "$f"; done | tr -d ' ' | sort -u)" LT
rm s3/objects/*
printf '{"timestamp":"20%s-01-01T00:00:00Z"}\n' 30 26 40 20 >odd
$s3 --batch-lines 1 --spool s3order s3://bucket/order/ <odd
$s3 --batch-lines 1 --spool s3order s3://bucket/order/ <odd
is "S3: objects sort in the stream's order, whatever the records' times are" \
	"$(cat s3/objects/*.gz | gunzip)" "$(cat odd odd)"
is 'S3: with a spool numbers go on over a restart' \
	"$(ls s3/objects | grep 'gz$' | sed 's/.*-0*\(.*\).log.gz/\1/' | tr '\n' ' ')" ' 1 2 3 4 5 6 7 '
exits 0 'a stream goes to a folder, too' logpush --batch-lines 4 "file://$tmp/folder/" <timed
is 'in a folder the files sort as the stream does' "$(cat folder/*.gz | gunzip)" "$(cat timed)"
now=$(date -u +%Y-%m-%dT%H:%M:%SZ)
printf '{"timestamp":"%s"}\n' 2021-06-29T10:05:00Z "$now" | logpush "file://$tmp/later/{date:%Y}/"
is 'what looks for files by their time finds the last record of a batch' \
    "$(cd later/2021 && loggrep -c --since 1h '' ./*)" 1
for u in s3://bucket/all.log.gz 's3://bucket/{date:%F}.log' 'file:///tmp/{mtime}.log' 's3://bucket/{sha256}'; do
	exits 2 "a stream needs a name for each batch: $u is misuse" $s3 --deadline 1s "$u" <timed
	says 'end the URL in a slash, or use {name}' "what name a stream needs is told: $u" \
		$s3 --deadline 1s "$u" <timed
done
exits 75 'what a store says about a name is no fault of the records, and is waited out' \
	logpush --deadline 10ms --spool climbing "file://$tmp/folder/../{name}" <timed
ok 'records whose name is no good are not refused' test ! -s climbing/refused
exits 75 'S3: a missing bucket is waited for' \
	$s3 --deadline 500ms --spool s3spool s3://nosuch/ <timed
is 'S3: a missing bucket leaves all in the spool' "$(logpush --spool s3spool --status=json | grep -c '"records":10,')" 1

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
: >err
seq 10 >p3 & logpush --spool sp5 "$es/term" <p3 2>err & pid=$!
until_true 20 grep -q trying err
kill -TERM $pid; wait $pid
is 'SIGTERM leaves what is not delivered in the spool' "$? $(logpush --spool sp5 --status=json | grep -c '"records":10,')" '75 1'
fresh http

exits 2 '-n with a stream is misuse' logpush -n "$http/in" <in
exits 2 '--rm with a stream is misuse' logpush --rm "$es/in" in

# --- rsyslog's omprog ---
printf '%s\n' 'BEGIN TRANSACTION' b c 'COMMIT TRANSACTION' |
	logpush --confirm "$http/in" >answers
is '--confirm: each message is answered, a transaction as a whole' "$(tr '\n' ' ' <answers)" \
	'OK OK DEFER_COMMIT DEFER_COMMIT OK '
is '--confirm: what was answered is delivered' "$(wc -l <http/lines)" 2
fresh http
printf '%s\n' a 'BEGIN TRANSACTION' 'COMMIT TRANSACTION' |
	logpush --confirm "$http/in" >answers
is '--confirm: without transactions their marks are messages' \
	"$(tr '\n' ' ' <answers)$(wc -l <http/lines)" 'OK OK OK OK 3'
fresh http
printf '%s\n' 'BEGIN TRANSACTION' 'BEGIN TRANSACTION' 'commit transaction' 'COMMIT TRANSACTION' |
	logpush --confirm "$http/in" >answers
is '--confirm: a mark where it cannot stand is a message' \
	"$(tr '\n' ' ' <answers)$(wc -l <http/lines)" 'OK OK DEFER_COMMIT DEFER_COMMIT OK 2'
fresh http; mkfifo p4 p5
logpush --confirm --spool sp6 "$es/confirm" <p4 >p5 & pid=$!
exec 7>p4 8<p5
read -r hello <&8; echo m1 >&7; read -r m1 <&8
is '--confirm, spool: a message is answered once it is synced there' "$hello $m1" 'OK OK'
until_true 20 test -s http/docs
kill -KILL $pid; wait $pid 2>/dev/null
exec 7>&- 8<&-
printf 'm1\nm2\n' | logpush --confirm --spool sp6 "$es/confirm" >/dev/null
is '--confirm, spool: a message that comes again after a crash is known' \
	"$(field message <http/docs | tr '\n' ' ')" 'm1 m2 '
printf 'm2\n' | logpush --confirm --spool sp6 "$es/confirm" >/dev/null
is '--confirm, spool: an equal message after a good end is a new one' "$(wc -l <http/docs)" 3
ok 'no receiver found anything wrong' test ! -e http/wrong -a ! -e tcp/wrong -a ! -e udp/wrong
done_testing
