#!/bin/sh
# logpush: files into S3 stores, on a strict one of our own
. "${0%/*}/lib.sh"
command -v python3 >/dev/null || skip_all 'no python3'
. "$top/tests/servers/lib.sh"

aws_keys
host=$(uname -n)

serve s3
AWS_ENDPOINT_URL=$url
export AWS_ENDPOINT_URL
seq 1000 >app.log
touch -d @1624977000.25 app.log

ok 'a file becomes an object' logpush -q --receipts receipts \
	's3://bucket/logs/{host}/' app.log
ok 'the object has the bytes of the file' cmp app.log "s3/objects/logs%2F$host%2Fapp.log"
sum=$(sha256sum <app.log | cut -c1-64)
ok 'the object has the digest of the file' grep -q "\"x-amz-meta-sha256\": \"$sum\"" s3/objects/*.meta
ok 'the object has the time of the file' grep -q '"x-amz-meta-mtime": "1624977000.250000000"' s3/objects/*.meta
ok 'the receipt has the ETag' grep -q \
	"\"etag\":\"$(md5sum <app.log | cut -c1-32)\",\"size\":3893,\"sha256\":\"$sum\"" receipts
seq 3 | logpush --receipts streamed s3://bucket/streamed/
ok 'a receipt of a stream has the ETag of its object' \
	grep -q "\"etag\":\"$(cat s3/objects/streamed*.gz | md5sum | cut -c1-32)\"" streamed
rm s3/objects/streamed*
: >s3/requests
ok 'a file that is in the store already is success' logpush -q "s3://bucket/logs/$host/" app.log
is 'a file that is in the store already is not sent' "$(cut -d' ' -f1 s3/requests)" HEAD
echo more >>app.log
ok 'other contents of the same key are delivered' logpush -q "s3://bucket/logs/$host/" app.log
ok 'other contents of the same key are stored beside' cmp app.log "s3/objects/logs%2F$host%2Fapp.log_01"
exits 1 '--if-exists refuse: other contents of the same key are refused' logpush --if-exists refuse "s3://bucket/logs/$host/" app.log
ok '--if-exists overwrite: other contents of the same key are delivered' logpush -q --if-exists overwrite "s3://bucket/logs/$host/" app.log
ok '--if-exists overwrite: the object has the new contents' cmp app.log "s3/objects/logs%2F$host%2Fapp.log"

bytes="a b+=@:()!*'&~\$;,?#%41[]^|\"<>
.é.$(printf '\377\001').log"
cp app.log "$bytes"
ok 'a key may hold any byte' logpush -q s3://bucket/any/ "$bytes"
is 'a key is taken as it stands, without decoding' "$(ls s3/objects | grep -c '^any%2F.*%2541.*%FF%01.log$')" 1
ok 'a key with dots and slashes is delivered' logpush -q 's3://bucket//x/../y//./{name}' app.log
ok 'dots and slashes of a key are not squeezed' cmp app.log s3/objects/%2Fx%2F..%2Fy%2F%2F.%2Fapp.log

mkdir every
for c in $(seq 255 | grep -vx 47); do
	printf '%s\n' "$c" >"every/$(printf '%b' "\\0$(printf %o "$c")x")"
done
ok 'files of every byte that a name can hold are delivered' sh -c 'find every -type f -print0 |
	logpush -q -0 -T - "s3://bucket/{path}"'
is 'each byte of a name makes a key of its own' "$(cat s3/objects/every%2F%??x s3/objects/every%2F?x | sort -n | tr '\n' ' ')" \
	"$(seq 255 | grep -vx 47 | tr '\n' ' ')"
ok 'keys of every byte are found again' sh -c 'find every -type f -print0 |
	logpush -v -0 -T - --if-exists refuse "s3://bucket/{path}" 2>&1 |
	grep -c "is already at" | grep -qx 254'
exits 2 'an unknown bucket is trouble' logpush s3://nobucket/ app.log
says '^logpush: app.log: 404 NoSuchBucket: No: "NoSuchBucket"$' \
	'an unknown bucket is told with the code of the store' logpush s3://nobucket/ app.log
exits 2 'a wrong secret key is trouble' env AWS_SECRET_ACCESS_KEY=wrongsecret logpush s3://bucket/w/ app.log
echo a | AWS_SECRET_ACCESS_KEY=wrong logpush --spool sp s3://bucket/w/ 2>err & pid=$!
until_true 20 grep -q 'trying again' err
kill -TERM $pid
wait $pid
is 'the end of a run is told as no failure of the store' "$? $(grep -c interrupted err)" '75 0'
is 'the last word of a spool is that of the store, not that logpush ended' \
	"$(logpush --spool sp --status | sed -n 's/^last word \([^:]*\).*/\1/p')" '403 SignatureDoesNotMatch'
is 'a wrong secret key is not told' "$(AWS_SECRET_ACCESS_KEY=wrongsecret logpush -v s3://bucket/w/ app.log 2>&1 |
	grep -c wrongsecret)" 0
exits 2 'no credentials are trouble' env -u AWS_ACCESS_KEY_ID AWS_EC2_METADATA_DISABLED=true \
	logpush s3://bucket/w/ app.log
exits 2 'an s3 URL without a bucket is misuse' logpush s3:// app.log
exits 2 'credentials do not leave in clear' \
	logpush --endpoint-url http://192.0.2.1 s3://bucket/ app.log

ok 'the bucket may be in the name of the host' logpush -q \
	--addressing-style virtual --endpoint-url "http://localhost:$port" \
	s3://bucket/virtual/ app.log
ok 'a bucket in the name of the host is not in the path' grep -q 'PUT /virtual/app.log 200' s3/requests
ok 'the endpoint may have a path' logpush -q \
	--endpoint-url "$url/bucket/" s3://sub/ app.log
ok 'the path of the endpoint comes before the key' cmp app.log s3/objects/sub%2Fapp.log

mkdir -p .aws
cat >.aws/credentials <<-'END'
	[default]
	aws_access_key_id = nobody
	aws_secret_access_key = x
	[work]
	aws_access_key_id=AKIDTEST
	aws_secret_access_key = secret/+=key
END
printf '[profile work]\nregion = eu-central-1\n[default]\n' >.aws/config
ok 'a profile has the keys' env -u AWS_ACCESS_KEY_ID \
	logpush -q --profile work s3://bucket/p/ app.log
ok 'AWS_PROFILE names the profile' env -u AWS_ACCESS_KEY_ID AWS_PROFILE=work \
	logpush -q s3://bucket/p2/ app.log
exits 2 'without a profile the default one has the keys' env -u AWS_ACCESS_KEY_ID \
	logpush s3://bucket/p3/ app.log

ok 'options for headers of the object are accepted' logpush -q --storage-class STANDARD_IA --acl private \
	--sse aws:kms:key1 --tag 'k=v w' --tag a=b --metadata who=me \
	--content-type text/x-log s3://bucket/h/ app.log
is 'headers of the object are stored' "$(tr ',' '\n' <s3/objects/h%2Fapp.log.meta | grep -c -e '-tagging": "k=v%20w&a=b"' \
	-e '-class": "STANDARD_IA"' -e '-acl": "private"' -e '-encryption": "aws:kms"' \
	-e '-key-id": "key1"' -e '-meta-who": "me"' -e '-Type": "text/x-log"')" 7
for how in aws:kms:dsse aws:kms:dsse:key2; do
	logpush -q --sse $how s3://bucket/$how/ app.log
done
is '--sse aws:kms:dsse is taken, with a key and without' \
	"$(cat s3/objects/*dsse*.meta | tr ',' '\n' | grep -o -e '-encryption": "[^"]*"' -e '-key-id": "[^"]*"' | sort | tr '\n' ' ')" \
	'-encryption": "aws:kms:dsse" -encryption": "aws:kms:dsse" -key-id": "key2" '
ok 'credentials in the environment may end with a newline' env \
	AWS_SECRET_ACCESS_KEY="$AWS_SECRET_ACCESS_KEY
" logpush -q s3://bucket/newline/ app.log
for option in --cacert --cert --key; do
	exits 2 "$option: a file that is missing is trouble at the start" \
		timeout 20 logpush $option missing.pem s3://bucket/pem/ app.log
done
ok '-H may give the type of the object' logpush -q -H 'Content-Type: text/x-log' s3://bucket/h2/ app.log
ok '-H: the type that it gives is the only one' grep -q '"Content-Type": "text/x-log"' s3/objects/h2%2Fapp.log.meta
ok 'http_proxy and all_proxy are ignored for this machine' env http_proxy=http://127.0.0.1:1 \
	all_proxy=http://127.0.0.1:1 logpush -q s3://bucket/noproxy/ app.log
gzip -k app.log
ok 'a .gz is delivered' logpush -q s3://bucket/g1/ app.log.gz
ok 'a .gz has the type of gzip' grep -q '"Content-Type": "application/gzip"' s3/objects/g1*.meta
ok '--gzip-as encoding delivers a .gz' logpush -q --gzip-as encoding s3://bucket/g2/ app.log.gz
ok '--gzip-as encoding: a .gz is text with an encoding' grep -q '"Content-Encoding": "gzip", "Content-Type": "text/plain"' s3/objects/g2*.meta

head -c 70000000 /dev/zero | tr '\0' x >big
ok 'a large file goes in parts' logpush -q s3://bucket/ big
ok 'a large file arrives whole' cmp big s3/objects/big
is 'a large file of 70 MB is sent in five parts' "$(grep -c 'PUT /bucket/big?partNumber=' s3/requests)" 5
: >s3/requests
ok 'a large file that is in the store already is success' logpush -q s3://bucket/ big
is 'a large file that is in the store already is not sent' "$(cut -d' ' -f1 s3/requests)" HEAD

truncate -s 1T huge
timeout -s KILL 1200 logpush -q s3://bucket/huge/ huge 2>/dev/null & pid=$!
until_true 20 grep -q 'HEAD /bucket/huge/' s3/requests
kill $pid; wait $pid
is 'SIGTERM ends it while it makes a digest' $? 75
truncate -s 0 huge

cp big big2
start=$(date +%s%N)
ok 'a rate is for all parts of all files' logpush -q -j2 --limit-rate 50M s3://bucket/rate/ big big2
is 'a rate is kept by all parts of all files together' "$(($(date +%s%N) - start > 2500000000))" 1

serve locked --object-lock
ok 'Object Lock: a small file is delivered' logpush -q --endpoint-url "$url" s3://bucket/ app.log
ok 'Object Lock: a large file is delivered' logpush -q --endpoint-url "$url" s3://bucket/ big
ok 'Object Lock: a large file arrives whole' cmp big locked/objects/big

mkdir many
for i in $(seq 60); do echo "$i" >"many/$i.log"; done
ok 'many files are delivered with -j8' logpush -q --rm -j8 s3://bucket/many/ many/*.log
is 'many files all arrive' "$(cat s3/objects/many%2F*.log | sort -n | tr '\n' ' ')" "$(seq 60 | tr '\n' ' ')"
is 'many files are all removed' "$(ls many)" ''

for hours in 23 -23; do
	serve "clock$hours" --clock $((hours * 3600))
	ok "a store's clock that is $hours hours from ours is followed" logpush -q --endpoint-url "$url" s3://bucket/ app.log
done
for hours in 25 -25; do
	serve "clock$hours" --clock $((hours * 3600))
	exits 75 "a store's clock that is $hours hours from ours is not followed" \
		logpush -q --deadline 0.5 --endpoint-url "$url" s3://bucket/ app.log
done

serve other --region eu-west-3 --no-conditional --no-message --clock 5000
export AWS_ENDPOINT_URL="$url"
ok 'region, clock and a store without conditions are got right' \
	logpush -q s3://bucket/ app.log
ok 'in a store without conditions the object has the bytes of the file' cmp app.log other/objects/app.log
start_server proxy python3 "$top/tests/servers/fault-proxy" "$port"
printf 'partNumber=5 go:\n' >proxy/plan
logpush -q --endpoint-url "$url" s3://bucket/meanwhile big &
pid=$!
until_true 20 grep -q 'meanwhile.*partNumber=5.* go:' proxy/log
ok 'a key that another upload is about to take is taken first' logpush -q s3://bucket/meanwhile app.log
: >proxy/go
wait $pid
is 'an upload whose key was taken meanwhile: status 0' $? 0
ok 'an upload whose key was taken meanwhile does not write over it' cmp app.log other/objects/meanwhile
ok 'an upload whose key was taken meanwhile stands beside it' cmp big other/objects/meanwhile_01
is 'an upload whose key was taken meanwhile leaves no parts' "$(grep -c 'DELETE .*meanwhile?uploadId' other/requests)" 1

serve wo --write-only
export AWS_ENDPOINT_URL="$url"
ok 'credentials that may only write deliver' logpush -q s3://bucket/ app.log
ok 'credentials that may only write deliver large files' logpush -q s3://bucket/ big
echo again >>app.log
ok 'credentials that may only write deliver other contents of the same key' logpush -q s3://bucket/ app.log
is 'credentials that may only write never write over an object' "$(ls wo/objects | grep -v meta | tr '\n' ' ')" 'app.log app.log_01 big '
done_testing
