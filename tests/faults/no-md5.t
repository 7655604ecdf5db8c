#!/bin/sh
# logpush where libcrypto gives no MD5, as where it keeps to FIPS 140
. "${0%/*}/../lib.sh"
command -v python3 >/dev/null || skip_all 'no python3'
. "$top/tests/servers/lib.sh"
cc -shared -fPIC -O1 -o no-md5.so "$top/tests/faults/no-md5.c" 2>cc.err -ldl ||
	skip_all "$(head -n 1 cc.err)"

aws_keys
serve s3 --object-lock
export AWS_ENDPOINT_URL="$url"
seq 1000 >app.log
head -c 70000000 /dev/zero | tr '\0' x >big
push() { env LD_PRELOAD="$tmp/no-md5.so" logpush "$@"; }

ok 'a file is delivered to S3' push -q s3://bucket/ app.log
ok 'the object has a checksum by SHA-256' grep -q x-amz-checksum-sha256 s3/objects/app.log.meta
ok 'a file that is there already is success' push -q s3://bucket/ app.log
ok 'a large file is delivered to S3' push -q s3://bucket/ big
ok 'a large file arrives whole' cmp big s3/objects/big
ok 'a file is delivered to a folder' push -q "file://$tmp/folder/" app.log
says 'the Log Service needs MD5' 'the Log Service, which needs MD5, is refused with the reason' env \
	ALIBABA_CLOUD_ACCESS_KEY_ID=k ALIBABA_CLOUD_ACCESS_KEY_SECRET=s LD_PRELOAD="$tmp/no-md5.so" \
	logpush -q sls+http://project.127.0.0.1:1/store app.log
done_testing
