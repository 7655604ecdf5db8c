#!/bin/sh
# logpush: what is particular to AWS, which a store of our own plays behind a
# proxy
. "${0%/*}/lib.sh"
command -v python3 >/dev/null || skip_all 'no python3'
command -v openssl >/dev/null || skip_all 'no openssl'
. "$top/tests/servers/lib.sh"

unset AWS_ENDPOINT_URL AWS_ENDPOINT_URL_S3 AWS_REGION AWS_DEFAULT_REGION \
	AWS_PROFILE AWS_SESSION_TOKEN NO_PROXY no_proxy ALL_PROXY all_proxy
AWS_ACCESS_KEY_ID=AKIDTEST AWS_SECRET_ACCESS_KEY='secret/+=key'
HOME=$tmp AWS_CA_BUNDLE=$tmp/cert.pem
export AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY HOME AWS_CA_BUNDLE
names=
for region in us-east-1 eu-west-3 cn-north-1; do
	case $region in cn-*) cn=.cn ;; *) cn= ;; esac
	names="$names,DNS:s3.$region.amazonaws.com$cn,DNS:*.s3.$region.amazonaws.com$cn"
done
openssl req -x509 -newkey rsa:2048 -nodes -days 2 -keyout key.pem -out cert.pem \
	-subj /CN=aws -addext "subjectAltName=${names#,}" >/dev/null 2>&1
cat key.pem cert.pem >both.pem
seq 1000 >app.log

# aws NAME [option ...]: AWS, with its bucket
aws() {
	aws_name=$1; shift
	serve "$aws_name" --aws --cert "$tmp/both.pem" "$@"
	https_proxy=$url
	export https_proxy
}
# hosts NAME: those that were connected to, each once, without the port
hosts() { sed 's/:443$//' "$1/hosts" | uniq | tr '\n' ' '; }

aws home
ok 'a file goes to AWS' logpush -q s3://bucket/a/ app.log
is 'to the bucket as a host of us-east-1' "$(hosts home)" \
	'bucket.s3.us-east-1.amazonaws.com '
ok 'with its bytes' cmp app.log home/objects/a%2Fapp.log
ok 'and a checksum for AWS' grep -q "\"x-amz-checksum-sha256\": \"$(openssl dgst -sha256 -binary app.log |
	base64)\"" home/objects/a%2Fapp.log.meta
: >home/hosts
ok 'in the path when asked' logpush -q --addressing-style path s3://bucket/p/ app.log
is 'as a host of its own region' "$(hosts home)" 's3.us-east-1.amazonaws.com '
ok 'with the bucket in the path' grep -q 'PUT /bucket/p/app.log 200' home/requests
: >home/hosts
exits 2 'a bucket with a dot' logpush -q s3://my.bucket/ app.log
is 'fits no certificate as a host' "$(hosts home)" 's3.us-east-1.amazonaws.com '
ok 'AWS as an endpoint' logpush -q s3://bucket/e/ app.log \
	--endpoint-url https://s3.us-east-1.amazonaws.com
ok 'is AWS' grep -q checksum-sha256 home/objects/e%2Fapp.log.meta
head -c 70000000 /dev/zero >big
ok 'in parts' logpush -q s3://bucket/ big
ok 'whole' cmp big home/objects/big
ok 'an unsigned payload' logpush -q --unsigned-payload s3://bucket/u/ app.log

cp app.log b.log
for moved in 301 307 400; do
	aws "moved$moved" --region eu-west-3 --moved $moved
	ok "$moved: the bucket is in another region" \
		logpush -q -j1 s3://bucket/ app.log b.log
	is "$moved: which is learned once, and nobody else is asked" \
		"$(hosts "moved$moved")" \
		'bucket.s3.us-east-1.amazonaws.com bucket.s3.eu-west-3.amazonaws.com '
	ok "$moved: there are its bytes" cmp app.log "moved$moved/objects/app.log"
done
: >moved301/hosts
https_proxy=http://127.0.0.1:$(cat moved301/port)
ok 'the region may be given' logpush -q --region eu-west-3 s3://bucket/r1/ app.log
ok 'in the environment' env AWS_REGION=eu-west-3 logpush -q s3://bucket/r2/ app.log
ok 'by its other name' env AWS_DEFAULT_REGION=eu-west-3 logpush -q s3://bucket/r3/ app.log
mkdir .aws && printf '[profile eu]\nregion = eu-west-3\n' >.aws/config
ok 'in the profile' env AWS_PROFILE=eu logpush -q s3://bucket/r4/ app.log
is 'then it is right at once' "$(hosts moved301)" 'bucket.s3.eu-west-3.amazonaws.com '
is 'the proxy is told no credentials' "$(cat ./*/hosts | grep -c Authorization)" 0

aws cn --region cn-north-1
ok 'China' logpush -q --region cn-north-1 s3://bucket/ app.log
is 'has names of its own' "$(hosts cn)" 'bucket.s3.cn-north-1.amazonaws.com.cn '
serve other
ok 'other stores' logpush -q --endpoint-url "$url" s3://bucket/ app.log
is 'get no checksum of AWS' "$(grep -c checksum other/objects/app.log.meta)" 0
done_testing
