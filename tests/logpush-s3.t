#!/bin/sh
# logpush: files into S3 stores, on a strict one of our own
. "${0%/*}/lib.sh"
command -v python3 >/dev/null || skip_all 'no python3'
. "$top/tests/servers/lib.sh"

AWS_ACCESS_KEY_ID=AKIDTEST AWS_SECRET_ACCESS_KEY='secret/+=key'
HOME=$tmp
export AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY HOME
host=$(uname -n)

serve s3
AWS_ENDPOINT_URL=$url
export AWS_ENDPOINT_URL
seq 1000 >app.log
touch -d @1624977000.25 app.log

ok 'a file becomes an object' logpush -q --receipts receipts \
	's3://bucket/logs/{host}/' app.log
ok 'with its bytes' cmp app.log "s3/objects/logs%2F$host%2Fapp.log"
sum=$(sha256sum <app.log | cut -c1-64)
ok 'its digest' grep -q "\"x-amz-meta-sha256\": \"$sum\"" s3/objects/*.meta
ok 'and its time' grep -q '"x-amz-meta-mtime": "1624977000.250000000"' s3/objects/*.meta
ok 'the receipt has the ETag' grep -q \
	"\"etag\":\"$(md5sum <app.log | cut -c1-32)\",\"size\":3893,\"sha256\":\"$sum\"" receipts
: >s3/requests
ok 'again is success' logpush -q "s3://bucket/logs/$host/" app.log
is 'and sends nothing' "$(cut -d' ' -f1 s3/requests)" HEAD
echo more >>app.log
ok 'other contents' logpush -q "s3://bucket/logs/$host/" app.log
ok 'are stored beside' cmp app.log "s3/objects/logs%2F$host%2Fapp.log.1"
exits 1 'or refused' logpush --if-exists refuse "s3://bucket/logs/$host/" app.log
ok 'or written over' logpush -q --if-exists overwrite "s3://bucket/logs/$host/" app.log
ok 'when asked' cmp app.log "s3/objects/logs%2F$host%2Fapp.log"

bytes="a b+=@:()!*'&~\$;,?#%41[]^|\"<>
.é.$(printf '\377\001').log"
cp app.log "$bytes"
ok 'a key may hold any byte' logpush -q s3://bucket/any/ "$bytes"
is 'and is taken as it stands' "$(ls s3/objects | grep -c '^any%2F.*%2541.*%FF%01.log$')" 1
ok 'dots and slashes too' logpush -q 's3://bucket//x/../y//./{name}' app.log
ok 'are not squeezed' cmp app.log s3/objects/%2Fx%2F..%2Fy%2F%2F.%2Fapp.log

mkdir every
for c in $(seq 255 | grep -vx 47); do
	printf '%s\n' "$c" >"every/$(printf '%b' "\\0$(printf %o "$c")x")"
done
ok 'every byte there is' sh -c 'find every -type f -print0 |
	logpush -q -0 -T - "s3://bucket/{path}"'
is 'in a key of its own' "$(cat s3/objects/every%2F%??x s3/objects/every%2F?x | sort -n | tr '\n' ' ')" \
	"$(seq 255 | grep -vx 47 | tr '\n' ' ')"
ok 'which is found again' sh -c 'find every -type f -print0 |
	logpush -v -0 -T - --if-exists refuse "s3://bucket/{path}" 2>&1 |
	grep -c "is already at" | grep -qx 254'
exits 2 'an unknown bucket' logpush s3://nobucket/ app.log
says '^logpush: app.log: 404 NoSuchBucket: No: "NoSuchBucket"$' \
	'is named with the code of the store' logpush s3://nobucket/ app.log
exits 2 'a wrong key' env AWS_SECRET_ACCESS_KEY=wrongsecret logpush s3://bucket/w/ app.log
is 'no secret is told' "$(AWS_SECRET_ACCESS_KEY=wrongsecret logpush -v s3://bucket/w/ app.log 2>&1 |
	grep -c wrongsecret)" 0
exits 2 'no credentials' env -u AWS_ACCESS_KEY_ID AWS_EC2_METADATA_DISABLED=true \
	logpush s3://bucket/w/ app.log
exits 2 'no bucket' logpush s3:// app.log
exits 2 'credentials do not leave in clear' \
	logpush --endpoint-url http://192.0.2.1 s3://bucket/ app.log

ok 'the bucket may be in the name of the host' logpush -q \
	--addressing-style virtual --endpoint-url "http://localhost:$port" \
	s3://bucket/virtual/ app.log
ok 'and not in the path' grep -q 'PUT /virtual/app.log 200' s3/requests
ok 'the endpoint may have a path' logpush -q \
	--endpoint-url "$url/bucket/" s3://sub/ app.log
ok 'which comes before' cmp app.log s3/objects/sub%2Fapp.log

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
ok 'AWS_PROFILE names it' env -u AWS_ACCESS_KEY_ID AWS_PROFILE=work \
	logpush -q s3://bucket/p2/ app.log
exits 2 'the default is another' env -u AWS_ACCESS_KEY_ID \
	logpush s3://bucket/p3/ app.log

ok 'headers of the object' logpush -q --storage-class STANDARD_IA --acl private \
	--sse aws:kms:key1 --tag 'k=v w' --tag a=b --metadata who=me \
	--content-type text/x-log s3://bucket/h/ app.log
is 'are stored' "$(tr ',' '\n' <s3/objects/h%2Fapp.log.meta | grep -c -e '-tagging": "k=v%20w&a=b"' \
	-e '-class": "STANDARD_IA"' -e '-acl": "private"' -e '-encryption": "aws:kms"' \
	-e '-key-id": "key1"' -e '-meta-who": "me"' -e '-Type": "text/x-log"')" 7
ok 'a header may be the type' logpush -q -H 'Content-Type: text/x-log' s3://bucket/h2/ app.log
ok 'then there is no other' grep -q '"Content-Type": "text/x-log"' s3/objects/h2%2Fapp.log.meta
ok 'this machine is not behind a proxy' env http_proxy=http://127.0.0.1:1 \
	all_proxy=http://127.0.0.1:1 logpush -q --deadline 5 s3://bucket/noproxy/ app.log
gzip -k app.log
ok 'a .gz is a file' logpush -q s3://bucket/g1/ app.log.gz
ok 'of its own type' grep -q '"Content-Type": "application/gzip"' s3/objects/g1*.meta
ok 'or an encoding' logpush -q --gzip-as encoding s3://bucket/g2/ app.log.gz
ok 'of text' grep -q '"Content-Encoding": "gzip", "Content-Type": "text/plain"' s3/objects/g2*.meta

head -c 70000000 /dev/zero | tr '\0' x >big
ok 'a large file goes in parts' logpush -q s3://bucket/ big
ok 'and arrives whole' cmp big s3/objects/big
is 'five of them' "$(grep -c 'PUT /bucket/big?partNumber=' s3/requests)" 5
: >s3/requests
ok 'again is success' logpush -q s3://bucket/ big
is 'for parts too' "$(cut -d' ' -f1 s3/requests)" HEAD

truncate -s 1T huge
timeout -s KILL 120 logpush -q s3://bucket/huge/ huge 2>/dev/null & pid=$!
for i in $(seq 600); do grep -q 'HEAD /bucket/huge/' s3/requests && break; sleep 0.1; done
kill $pid; wait $pid
is 'a signal ends it while it digests' $? 75
truncate -s 0 huge

cp big big2
start=$(date +%s%N)
ok 'a rate is for all parts of all files' logpush -q -j2 --limit-rate 50M s3://bucket/rate/ big big2
is 'together' "$(($(date +%s%N) - start > 2500000000))" 1

mkdir many
for i in $(seq 60); do echo "$i" >"many/$i.log"; done
ok 'many files' logpush -q --rm -j8 s3://bucket/many/ many/*.log
is 'all arrive' "$(cat s3/objects/many%2F*.log | sort -n | tr '\n' ' ')" "$(seq 60 | tr '\n' ' ')"
is 'none stays' "$(ls many)" ''

serve other --region eu-west-3 --no-conditional --no-message --clock 5000
export AWS_ENDPOINT_URL="$url"
ok 'region, clock and a store without conditions are got right' \
	logpush -q s3://bucket/ app.log
ok 'with the bytes' cmp app.log other/objects/app.log
start_server proxy python3 "$top/tests/servers/fault-proxy" "$port"
printf 'partNumber=5 503:1\n' >proxy/plan
logpush -q --endpoint-url "$url" s3://bucket/meanwhile big &
pid=$!
until_true 20 grep -q 'PUT .*meanwhile.*partNumber=[1-4]' other/requests
ok 'a key that was given away' logpush -q s3://bucket/meanwhile app.log
wait $pid
is 'while parts were sent' $? 0
ok 'is not written over' cmp app.log other/objects/meanwhile
ok 'the parts stand beside it' cmp big other/objects/meanwhile.1
is 'and none stay' "$(grep -c 'DELETE .*meanwhile?uploadId' other/requests)" 1

serve wo --write-only
export AWS_ENDPOINT_URL="$url"
ok 'credentials that only write' logpush -q s3://bucket/ app.log
ok 'of large files too' logpush -q s3://bucket/ big
echo again >>app.log
ok 'never write over' logpush -q s3://bucket/ app.log
is 'what is there' "$(ls wo/objects | grep -v meta | tr '\n' ' ')" 'app.log app.log.1 big '
done_testing
