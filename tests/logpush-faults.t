#!/bin/sh
# logpush: what networks and stores do to it
. "${0%/*}/lib.sh"
command -v python3 >/dev/null || skip_all 'no python3'
. "$top/tests/servers/lib.sh"

aws_keys
serve s3
start_server proxy python3 "$top/tests/servers/fault-proxy" "$port"
export AWS_ENDPOINT_URL="$url"
head -c 300000 /dev/zero | tr '\0' 'a' >app.log

# held REGEX: the proxy holds such a request; release: until now
held() { until_true 20 grep -q "$1.* go:" proxy/log; : >proxy/log; }
release() { : >proxy/go; until_true 20 test ! -e proxy/go; }

# once NAME FAULT [option ...]: it is delivered, once, after the fault
once() {
	once_name=$1; printf '%s\n' "$2" >proxy/plan; shift 2
	rm -rf s3/objects; mkdir s3/objects
	cp app.log once.log
	ok "$once_name" logpush -q --rm "$@" s3://bucket/ once.log
	is "$once_name: delivered once" "$(ls s3/objects | tr '\n' ' ') $(ls once.log 2>&-)$(cat proxy/plan)" \
		'once.log once.log.meta  '
	cmp -s app.log s3/objects/once.log || echo "# not equal"
}
once 'a reset in the middle' 'PUT reset'
once 'a connection closed at once' 'HEAD refuse'
once 'an answer that is lost' 'PUT mute'
once 'an answer cut short' 'PUT cut'
once 'a 503' 'PUT 503'
once 'SlowDown' 'PUT 503=SlowDown'
once 'an internal error' 'PUT 500=InternalError'
once 'a time-out of the store' 'PUT 400=RequestTimeout'
once 'a bucket so new that its name leads elsewhere' 'PUT 307=TemporaryRedirect'
once 'a digest that did not fit' 'PUT 400=BadDigest'
once 'another upload at the same time' 'PUT 409=ConditionalRequestConflict'
once 'a wrong ETag: the store is asked' 'PUT etag'
once 'no ETag: the store is asked' 'PUT noetag'
once 'a HEAD that fails' 'HEAD 500'
once 'a store that stops answering' 'PUT hang' --stall-timeout 1
once 'a store that stops reading' 'PUT stall' --stall-timeout 1
start=$(date +%s)
once 'a store that asks for time' 'PUT 503:1'
is 'a store that asks for time gets it' "$(($(date +%s) - start >= 1))" 1

printf 'HEAD hang*\n' >proxy/plan
exits 75 'a store that never answers: status 75' logpush --rm --deadline 0.5 s3://bucket/n/ app.log
ok 'a store that never answers: the file stays' test -f app.log
printf 'PUT 503*\n' >proxy/plan
exits 75 'a store that is always busy: status 75' logpush --rm --deadline 0.5 s3://bucket/n/ app.log
printf 'PUT 503:1000*\n' >proxy/plan
says 'app.log: 503' 'a store that is busy for longer than the deadline is told' \
	logpush --deadline 1m s3://bucket/n/ app.log
exits 75 'a store that is not there: status 75' logpush --deadline 0.5 --endpoint-url http://127.0.0.1:1 s3://bucket/n/ app.log
exits 2 'trouble beside a store that is busy: status 2' logpush --deadline 0.3 s3://bucket/n/ app.log absent
printf 'HEAD 403*\nPUT 403=AccessDenied*\n' >proxy/plan
exits 2 'a store that refuses: status 2' logpush s3://bucket/n/ app.log
: >proxy/plan

head -c 70000000 /dev/zero | tr '\0' b >big
# parts NAME FAULTS: as once, with a file in parts; no upload is left
parts() {
	parts_name=$1; printf '%s\n' "$2" | tr ',' '\n' >proxy/plan
	rm -rf s3/objects; mkdir s3/objects
	ok "$parts_name" logpush -q s3://bucket/ big
	is "$parts_name: delivered once" "$(ls s3/objects | tr '\n' ' ')" 'big big.meta '
}
parts 'a busy store, parts that fail, are reset, lost, and without ETag' \
	'POST.*uploads 503,partNumber=1 noetag,partNumber=2 500,partNumber=3 reset,partNumber=5 mute'
parts 'complete says 200 and an error' 'POST.*uploadId 200=InternalError'
parts 'complete fails, after a 200' 'POST.*uploadId 0=InternalError'
parts 'complete is done, its answer lost, the upload then unknown' 'POST.*uploadId mute,POST.*uploadId 500'
: >proxy/plan
printf 'partNumber=4 403=AccessDenied\n' >proxy/plan
exits 2 'a part that is refused: status 2' logpush s3://bucket/refused/ big
# uploads: how many the store still has
uploads() { grep -c 'POST .*uploads= 200' s3/requests; }
ended() { grep -c -e 'POST .*uploadId=.* 200' -e 'DELETE .*uploadId=.* 204' s3/requests; }
printf 'partNumber=4 404=NoSuchUpload\n' >proxy/plan
exits 75 'an upload that is gone is worth another try' logpush s3://bucket/refused/ big
is 'an upload that failed is aborted' "$(ended)" "$(uploads)"

printf 'partNumber=[345] hang*\n' >proxy/plan
logpush -q --rm s3://bucket/killed/ big &
pid=$!
until_true 20 sh -c 'test $(grep -c "PUT .*killed.*partNumber=[12]" s3/requests) = 2'
kill -9 $pid
wait $pid 2>/dev/null
: >proxy/plan; : >s3/requests
ok 'after a kill -9 in an upload the next run delivers' logpush -q --rm s3://bucket/killed/ big
is 'after a kill -9 only the missing parts are sent' "$(grep -c 'PUT .*killed' s3/requests)" 3
is 'after a kill -9 the object is whole' "$(tr -d b <s3/objects/killed%2Fbig | wc -c) $(wc -c <s3/objects/killed%2Fbig)" '0 70000000'
ok 'after a kill -9 the file goes once it is delivered' test ! -e big

printf 'partNumber=[345] hang*\n' >proxy/plan
tr b d <s3/objects/killed%2Fbig >big
logpush -q s3://bucket/another/ big &
pid=$!
until_true 20 sh -c 'test $(grep -c "PUT .*another.*partNumber=[12]" s3/requests) = 2'
kill -9 $pid
wait $pid 2>/dev/null
: >proxy/plan; : >s3/requests
tr b e <s3/objects/killed%2Fbig >other && touch -d 2021-01-01 other
ok 'a file is delivered where an upload of another file was left' logpush -q s3://bucket/another/big other
is 'an upload of another file is not gone on with' "$(grep -c 'POST .*uploads=' s3/requests)" 1
is 'beside an upload of another file the object is completed once' "$(grep -c 'POST .*uploadId' s3/requests)" 1
ok '--abort-stale sweeps uploads under a key' logpush --abort-stale 0 s3://bucket/another/

head -c 70000000 /dev/zero | tr '\0' c >big
printf 'partNumber=[345] hang*\n' >proxy/plan
logpush -q --rm s3://bucket/term/ big 2>term.err &
pid=$!
until_true 20 sh -c 'test $(grep -c "PUT .*term.*partNumber=[12]" s3/requests) = 2'
kill -TERM $pid
wait $pid
is 'SIGTERM in an upload: status 75' $? 75
ok 'SIGTERM in an upload: the file stays' test -f big
ok 'SIGTERM in an upload: it is aborted' grep -q 'DELETE .*term.*uploadId' s3/requests
is 'SIGTERM in an upload is told once' "$(cat term.err)" 'logpush: big: interrupted'

: >proxy/plan
printf 'partNumber=[345] hang*\n' >proxy/plan
logpush -q s3://bucket/stale/ big & 
pid=$!
until_true 20 sh -c 'test $(grep -c "PUT .*stale.*partNumber=[12]" s3/requests) = 2'
kill -9 $pid
wait $pid 2>/dev/null
: >proxy/plan
ok '--abort-stale: a young upload is not stale' logpush --abort-stale 1h s3://bucket/stale/
ok '--abort-stale: a young upload stays' not grep -q 'DELETE .*stale' s3/requests
sleep 1.1
says '1 stale upload aborted' '--abort-stale: an old upload is aborted' \
	logpush --abort-stale 0.001s s3://bucket/
ok '--abort-stale: the store has aborted the upload' until_true 10 grep -q 'DELETE .*stale.* 204' s3/requests

printf 'GET.*uploads 403\n' >proxy/plan
exits 2 '--abort-stale: a store that does not tell its uploads is trouble' \
	logpush --abort-stale 1h s3://bucket/
printf 'GET.*uploads 403\n' >proxy/plan
says 's3://bucket/: .*403' '--abort-stale: what the store said is told' \
	logpush --abort-stale 1h s3://bucket/

# Resuming would give the object the digest of what the upload was begun for.
printf 'partNumber=[345] hang*\n' >proxy/plan
logpush -q s3://bucket/other/ big &
pid=$!
until_true 20 sh -c 'test $(grep -c "PUT .*other.*partNumber=[12]" s3/requests) = 2'
kill -9 $pid
wait $pid 2>/dev/null
printf 'HEAD 403*\n' >proxy/plan
printf d | dd of=big conv=notrunc status=none
touch -d "@$(($(date +%s) + 60))" big
ok 'an upload older than the file is not gone on with' logpush -q s3://bucket/other/ big
ok 'an upload older than the file: the object has the digest of the file' grep -q "$(sha256sum <big | cut -c1-64)" s3/objects/other%2Fbig.meta

printf 'partNumber=5 go:503\n' >proxy/plan
logpush -q --rm s3://bucket/mix/ big &
pid=$!
held 'mix/big?partNumber=5'
printf e | dd of=big conv=notrunc status=none
cp big want
release
wait $pid
is 'a file that is changed while its parts are sent: status 0' $? 0
ok 'a file that is changed while its parts are sent arrives as it is now' cmp want s3/objects/mix%2Fbig
is 'a file that is changed while its parts are sent is completed once' "$(grep -c 'POST .*mix/big?uploadId=.* 200' s3/requests)" 1
mv want big

seq 100000 >grow.log
printf 'PUT go:reset\n' >proxy/plan
logpush -q --rm s3://bucket/grow/ grow.log &
pid=$!
held 'PUT .*grow'
echo more >>grow.log
release
wait $pid
is 'a file that grew meanwhile is sent again' $? 0
seq 100000 >want; echo more >>want
ok 'a file that grew meanwhile arrives as it is now' cmp want s3/objects/grow%2Fgrow.log
is 'a file that grew meanwhile is stored once' "$(ls s3/objects | grep -c 'grow.*log$')" 1
ok 'a file that grew meanwhile is removed' test ! -e grow.log
printf 'PUT go:\nPUT go:\n' >proxy/plan
echo tick >tick.log
logpush -q --rm s3://bucket/tick/ tick.log 2>tick.err &
pid=$!
for _ in 1 2; do
	held 'PUT .*tick'
	echo tick >>tick.log
	release
done
wait $pid
is 'a file that grows on is refused' $? 1
ok 'a file that grows on stays' test -f tick.log

: >proxy/plan
logpush -q s3://bucket/gone/ big
printf 'HEAD 404\npartNumber=4 404=NoSuchUpload\n' >proxy/plan
ok 'an upload that is gone as another run completed it' logpush -q s3://bucket/gone/ big

serve plain --mode plain
start_server web python3 "$top/tests/servers/fault-proxy" "$port"
seq 100 >web.log
printf 'PUT 0=x\n' >web/plan
exits 75 'a web server that says it has the file, and has not: status 75' logpush -q --rm "$url/" web.log
ok 'a web server that says it has the file is not believed' test -f web.log
printf 'PUT flip\n' >web/plan
ok 'a web server that stored other bytes is sent the file again' logpush -q --rm "$url/" web.log
is 'a web server that stored other bytes has the right ones then' "$(sha256sum <plain/objects/web.log)" "$(seq 100 | sha256sum)"
seq 101 >web.log
printf 'PUT 202\n' >web/plan
ok 'the status 202 of a web server is enough' logpush -q "$url/queue/" web.log
done_testing
