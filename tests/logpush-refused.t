#!/bin/sh
# logpush: what receivers refuse, for good or for a while, and what becomes of it
. "${0%/*}/lib.sh"

command -v python3 >/dev/null || skip_all 'python3 is not installed'
. "$top/tests/servers/lib.sh"
fresh() { rm -f http/docs http/lines http/requests http/mode http/wrong dead err; : >dead; }
numbers() { sed 's/.*"n":\([0-9]*\).*/\1/' "$1" | tr '\n' ' '; }
stream() { seq "$1" "$2" | sed 's/.*/{"n":&}/'; }
requests() { sed 's/.*"path": "\([^"]*\)".*/\1/' http/requests; }
start_server http "$top/tests/servers/http-drain"
http=http://127.0.0.1:$port es=es+http://127.0.0.1:$port

# --- Elasticsearch: the index, the cluster and the rights ---
# outage MODE NAME: none is lost for it, though it begins in the middle
outage() {
	fresh; rm -rf sp "in.$$"; mkfifo "in.$$"; index=outage$((n_ok + 1))
	logpush --batch-time 20ms --spool sp --dead-letter dead "$es/$index" \
		<"in.$$" 2>err & pid=$!
	exec 7>"in.$$"
	stream 1 20 >&7
	until_true 20 sh -c 'test "$(wc -l <http/docs)" = 20'
	echo "$1" >http/mode
	: >http/requests
	stream 21 40 >&7
	until_true 20 sh -c 'test "$(wc -l <http/requests)" -ge 3'
	rm http/mode
	stream 41 60 >&7
	exec 7>&-
	wait $pid
	is "es: $2: each document arrives, none is refused" \
		"$? $(numbers http/docs)$(cat dead)" "0 $(seq 60 | tr '\n' ' ')"
}
outage outage=403:cluster_block_exception 'a write block'
outage outage=400:index_closed_exception 'a closed index'
outage outage=404:index_not_found_exception 'no index, and none is made'
outage outage=400:illegal_argument_exception 'an alias without a write index'
outage outage=400:validation_exception 'no more shards'
outage outage=403:security_exception 'rights that are missing'
outage outage=500:i_o_exception 'a full disk'

fresh; printf 'reject="n":7}\nas=400:odd_exception\n' >http/mode
exits 1 'es: a document with an error of unknown type is status 1' \
	logpush --dead-letter dead "$es/odd" <<-END
	$(stream 1 20)
	END
is 'es: an error of unknown type refuses what others of the index do not get' \
	"$(wc -l <http/docs) $(grep -c 'odd_exception.*"n":7' dead) $(wc -l <dead)" '19 1 1'
ok 'es: before that, the document is tried alone' \
	grep -q '"lines": 2,' http/requests
fresh; printf 'reject="n":1\nas=400:odd_exception\n' >http/mode
rm -f in2; mkfifo in2
logpush --batch-time 20ms --dead-letter dead "$es/alone" <in2 2>err & pid=$!
exec 7>in2
echo '{"n":1}' >&7
until_true 20 sh -c 'test "$(wc -l <http/requests)" -ge 3'
ok 'es: alone, it may be the index, and is kept' not test -s dead
echo '{"n":2}' >&7
until_true 20 test -s dead
is 'es: what comes later tells that it was the document' \
	"$(numbers http/docs)" '2 '
exec 7>&-
wait $pid
fresh; printf 'reject="n":\nas=400:odd_exception\n' >http/mode
stream 1 5 | sed 's/"n"/"k":"none"/' >bad5
exits 75 'es: an index that takes nothing is waited for' \
	logpush --deadline 1s --dead-letter dead "$es/nothing" <<-END
	$(stream 1 5)
	END
is 'es: an index that takes nothing refuses nothing' "$(cat dead)" ''

# Error texts quote the value, up to three times.
fresh; printf 'reject=poison\nlong=300000\n' >http/mode
{ stream 1 5; echo '{"n":"poison"}'; stream 6 9; } >poison
exits 1 'es: an answer longer than usual is read' \
	timeout 60 logpush --dead-letter dead "$es/poison" <poison
is 'es: one long error text does not stop the others' \
	"$(numbers http/docs) $(wc -l <dead)" "$(seq 9 | tr '\n' ' ') 1"

# --- its URL, its action, its receipts ---
fresh
stream 1 1 | logpush "$es/logs?pipeline=nginx&routing=a"
stream 1 1 | logpush "$es/logs-{date:%Y}/?require_alias=true"
is "es: a URL's query stands behind _bulk" "$(requests)" \
	'/logs/_bulk?pipeline=nginx&routing=a
/_bulk?require_alias=true'
fresh; echo action=index >http/mode
exits 0 'es: --es-action index asks for it' logpush --es-action index "$es/act" <poison
exits 0 'es: --es-action index may be sent again' logpush --es-action index "$es/act" <poison
is 'es: --es-action index: nothing was wrong' "$(cat http/wrong 2>&1)" \
	'cat: http/wrong: No such file or directory'
fresh; echo 'reject="n":3}' >http/mode
stream 1 4 | logpush --receipts receipts "$es/ids" 2>err
ok 'es: a receipt has the ids of what was delivered, as an array' python3 -c '
import json
r = json.loads(open("receipts").readlines()[-1])
got = [json.loads(l)["_id"] for l in open("http/docs")]
assert len(got) == 3 and r["ids"] == got, r'

# --- any HTTP receiver: a bad record among others ---
for status in 400 422; do
	fresh; echo "bad=$status:\"n\":50}" >http/mode
	stream 1 99 >some
	exits 1 "http: $status for one record is status 1" \
		logpush --dead-letter dead "$http/in" <some
	is "http: $status: the batch is halved until the record is alone" \
		"$(numbers http/lines)$(numbers dead)" \
		"$(seq 99 | grep -v 50 | tr '\n' ' ')50 "
done
ok 'http: halving takes few requests' test "$(wc -l <http/requests)" -le 20
fresh; echo status=400 >http/mode
exits 75 'http: a receiver that refuses everything is waited out' \
	logpush --deadline 1s --dead-letter dead "$http/in" <some
is 'http: a receiver that refuses everything gets no dead letters' "$(cat dead)" ''
for status in 304 404 410 416 424 425 428 451 501 504 508; do
	fresh; echo "status=$status:1" >http/mode
	exits 0 "http: $status is waited out" logpush "$http/in" <some
done
fresh; echo 'bad=400:"n":2}' >http/mode
exits 1 'http: the last record of a stream, refused alone, is refused' \
	timeout 60 logpush --batch-lines 1 --dead-letter dead "$http/in" <<-END
	$(stream 1 2)
	END
fresh; echo 'bad=400:"n":2}' >http/mode
stream 1 3 | logpush --batch-lines 1 --spool spd "$http/in" 2>err
is 'http: with a spool, what is refused goes to a file in it' \
	"$(sed 's/.*"error":"\([^"]*\)","record":\(.*\)}/\1 \2/' spd/refused)" \
	'HTTP status 400: a bad record {"n":2}'
fresh; echo 'bad=400:bad' >http/mode
{ seq 30 | sed 's/.*/{"n":"bad &"}/'; stream 1 9; } | logpush "$http/in" 2>err
is 'without --dead-letter a refused record is reported with its reason, not each' \
	"$(grep -c 'refused: HTTP status 400: a bad record' err) $(grep -c '30 records were refused' err)" '10 1'
fresh; printf 'bad=400:bad\n' >http/mode
{ seq 5 | sed 's/.*/{"n":"bad &"}/'; } >five
{ cat five; until_true 20 test -s http/requests; echo status=503 >>http/mode
  stream 1 9; } | logpush --deadline 1s "$http/in" 2>err
is 'some refused and some still held is status 75' "$(
	{ cat five; stream 1 9; } >mixed; rm -f http/mode; fresh
	printf 'bad=400:bad\nlimit=100\n' >http/mode
	rm -f in3; mkfifo in3
	logpush --batch-time 20ms --batch-lines 14 --deadline 1s "$http/in" <in3 2>err & p=$!
	exec 6>in3; cat mixed >&6
	until_true 20 grep -q refused err
	echo status=503 >http/mode; stream 1 9 >&6
	exec 6>&-; wait $p; echo $?)" 75

# --- dead letters and receipts: whole lines ---
fresh; echo 'bad=400:xxx' >http/mode
{ printf '{"m":"%03000d"}\n' 0 | tr 0 x; stream 1 2; } >large
(ulimit -f 1; logpush --dead-letter short "$http/in" <large 2>err)
is 'a dead letter that does not fit is told with its errno, and nothing of it stays' \
	"$? $(grep -c 'dead letters: File too large' err) $(wc -c <short)" '2 1 0'
exits 2 'dead letters on a full disk are trouble' \
	logpush --dead-letter /dev/full --spool spf "$http/in" <large
exits 1 'with room for it, what the spool kept is refused again and written' \
	logpush --dead-letter short --spool spf "$http/in" </dev/null
ok 'dead letters are JSON, each on a line of its own' python3 -c '
import json
assert [len(json.loads(l)["record"]["m"]) for l in open("short")] == [3000]'
printf '{"time":"2026-01-01T00:00:00Z","torn' >torn
echo '{"m":"xxx"}' | cat - some | logpush --dead-letter torn "$http/in" 2>/dev/null
ok 'what a killed run left of a line is cut off' python3 -c '
import json
assert [json.loads(l)["record"]["m"] for l in open("torn")] == ["xxx"]'
echo precious >other
exits 2 'a file of dead letters that holds something else is misuse' \
	logpush --dead-letter other "$http/in" <some
exits 2 'a file of receipts that holds something else is misuse' \
	logpush --receipts other "$http/in" <some
is 'a file that holds something else is left as it was' "$(cat other)" precious
for i in 1 2 3 4; do
	seq 20 | sed "s/.*/{\"m\":\"xxx $i &\"}/" | cat - some |
		logpush --dead-letter many --receipts receipts2 "$http/in" 2>/dev/null &
	all="$all $!"
done
# shellcheck disable=SC2086
wait $all
ok 'several processes append whole lines' python3 -c '
import json
assert len([json.loads(l) for l in open("many")]) == 80
assert len([json.loads(l) for l in open("receipts2")]) == 4'

# --- the request ---
fresh
stream 1 1 | logpush "$http/in/"
stream 1 1 | logpush "$http/in?next=/a/"
is 'http: path and query are sent as they stand' "$(requests)" '/in/
/in?next=/a/'
fresh; echo type=application/vnd.x+json >http/mode
exits 0 'http: -H Content-Type replaces ours' logpush \
	-H 'Content-Type: application/vnd.x+json' "$http/in" <some
exits 0 'http: --content-type replaces ours' logpush \
	--content-type application/vnd.x+json -H 'Content-Type: text/plain' "$http/in" <some
is 'http: there is one Content-Type' \
	"$(grep -c 'application/vnd.x+json' http/requests) $(grep -c 'text/plain' http/requests)" '2 0'
for body in ndjson array single; do
	fresh
	exits 0 "http: --body $body is taken" logpush --body $body "$http/in" <some
	is "http: --body $body: all is there, in order" "$(cat http/lines)" "$(cat some)"
done
is 'http: --body single is a request each' "$(wc -l <http/requests)" 99
fresh; echo 'bad=422:"n":50}' >http/mode
exits 1 'http: --body single: one bad record is refused' \
	logpush --body single --dead-letter dead "$http/in" <some
is 'http: --body single: the others arrive' "$(wc -l <http/lines) $(wc -l <dead)" '98 1'
for status in 301 307 308; do
	fresh; echo "redirect=$status:/moved/in" >http/mode
	exits 0 "http: $status is followed on the same host" logpush "$http/in" <some
	is "http: $status: the body goes there" "$(wc -l <http/lines)" 99
done
fresh; echo "redirect=307:http://localhost:$port/moved/in" >http/mode
exits 75 'http: a redirection to another host is not followed' \
	logpush --deadline 300ms "$http/in" <some
is 'http: a redirection to another host gets nothing' "$(requests | grep -c moved)" 0
fresh; echo 'auth=Splunk abc' >http/mode; echo 'Splunk abc' >auth
exits 0 '--auth-file takes any scheme' logpush --auth-file auth --deadline 5s "$http/in" <some
fresh; echo status=401 >http/mode
stream 1 1 | logpush --deadline 300ms --receipts receipts3 --dead-letter dead3 \
	"$http/in?dd-api-key=7&a=1&access_token=hidden2&Client_Secret=hidden3" 2>err
is 'secrets of a query are not told, not even the shortest' \
	"$(grep -c hidden err) $(grep -c 'dd-api-key=xxx&a=1&access_token=xxx&Client_Secret=xxx' err)" '0 2'
fresh
stream 1 1 | logpush --receipts receipts3 "$http/in?api_key=hidden1&a=1"
is 'secrets of a query stand in no receipt, but reach the receiver' \
	"$(grep -c hidden receipts3) $(requests)" '0 /in?api_key=hidden1&a=1'
done_testing
