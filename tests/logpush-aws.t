#!/bin/sh
# logpush: what is particular to AWS, which a store of our own plays behind a
# proxy
. "${0%/*}/lib.sh"
command -v python3 >/dev/null || skip_all 'no python3'
command -v openssl >/dev/null || skip_all 'no openssl'
. "$top/tests/servers/lib.sh"

unset AWS_ENDPOINT_URL AWS_ENDPOINT_URL_S3 AWS_DEFAULT_PROFILE AWS_REGION AWS_DEFAULT_REGION \
	AWS_PROFILE AWS_SESSION_TOKEN NO_PROXY no_proxy ALL_PROXY all_proxy
AWS_ACCESS_KEY_ID=AKIDTEST AWS_SECRET_ACCESS_KEY='secret/+=key'
HOME=$tmp AWS_CA_BUNDLE=$tmp/cert.pem
export AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY HOME AWS_CA_BUNDLE
names=
for region in us-east-1 eu-west-3 cn-north-1; do
	case $region in cn-*) cn=.cn ;; *) cn= ;; esac
	names="$names,DNS:s3.$region.amazonaws.com$cn,DNS:*.s3.$region.amazonaws.com$cn"
	for kind in s3-fips s3.dualstack s3-fips.dualstack; do
		names="$names,DNS:*.$kind.$region.amazonaws.com$cn"
	done
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
ok 'AWS: a file is delivered' logpush -q s3://bucket/a/ app.log
is 'AWS: the bucket is a host of us-east-1' "$(hosts home)" \
	'bucket.s3.us-east-1.amazonaws.com '
ok 'AWS: the object has the bytes of the file' cmp app.log home/objects/a%2Fapp.log
ok 'AWS: the object has its SHA-256 as a checksum' grep -q "\"x-amz-checksum-sha256\": \"$(openssl dgst -sha256 -binary app.log |
	base64)\"" home/objects/a%2Fapp.log.meta
: >home/hosts
ok 'AWS: --addressing-style path delivers' logpush -q --addressing-style path s3://bucket/p/ app.log
is 'AWS: path style asks the host of the region' "$(hosts home)" 's3.us-east-1.amazonaws.com '
ok 'AWS: path style has the bucket in the path' grep -q 'PUT /bucket/p/app.log 200' home/requests
mkdir .aws && printf '[default]\ns3 =\n  addressing_style = path\n' >.aws/config
: >home/hosts
ok 'AWS: a profile has s3.addressing_style' logpush -q s3://bucket/p2/ app.log
is 'AWS: s3.addressing_style path asks the host of the region' "$(hosts home)" 's3.us-east-1.amazonaws.com '
: >home/hosts
ok '--addressing-style goes before s3.addressing_style' logpush -q --addressing-style auto s3://bucket/p3/ app.log
is '--addressing-style auto: the bucket is a host, whatever the profile says' "$(hosts home)" \
	'bucket.s3.us-east-1.amazonaws.com '
: >.aws/config
for kind in 'FIPS s3-fips' 'DUALSTACK s3.dualstack'; do
	name=${kind% *} host=${kind#* }
	: >home/hosts
	ok "AWS: AWS_USE_${name}_ENDPOINT is heeded" env "AWS_USE_${name}_ENDPOINT=true" \
		logpush -q "s3://bucket/$name/" app.log
	is "AWS: AWS_USE_${name}_ENDPOINT names the host $host" "$(hosts home)" \
		"bucket.$host.us-east-1.amazonaws.com "
done
: >home/hosts
printf '[default]\nuse_fips_endpoint = true\ns3 =\n  use_dualstack_endpoint = True\n' >.aws/config
ok 'AWS: a profile may ask for FIPS and for IPv6' logpush -q s3://bucket/both/ app.log
is 'AWS: the host has the names of both' "$(hosts home)" 'bucket.s3-fips.dualstack.us-east-1.amazonaws.com '
printf '[default]\nca_bundle = %s\n' "$tmp/cert.pem" >.aws/config
ok 'AWS: a profile has a ca_bundle' env -u AWS_CA_BUNDLE logpush -q s3://bucket/ca/ app.log
printf '[default]\nca_bundle = /absent\n' >.aws/config
ok 'AWS: AWS_CA_BUNDLE goes before ca_bundle' logpush -q s3://bucket/ca2/ app.log
: >home/hosts
exits 2 'AWS: a missing bucket with a dot in its name is trouble' logpush -q s3://my.bucket/ app.log
is 'AWS: a bucket with a dot in its name is no host, which no certificate would fit' "$(hosts home)" 's3.us-east-1.amazonaws.com '
ok 'AWS: it may be given as an endpoint' logpush -q s3://bucket/e/ app.log \
	--endpoint-url https://s3.us-east-1.amazonaws.com
ok 'AWS: an endpoint of its own gets its checksum' grep -q checksum-sha256 home/objects/e%2Fapp.log.meta
head -c 70000000 /dev/zero >big
ok 'AWS: a large file is delivered in parts' logpush -q s3://bucket/ big
ok 'AWS: a large file arrives whole' cmp big home/objects/big
ok 'AWS: a payload may be unsigned' logpush -q --unsigned-payload s3://bucket/u/ app.log

cp app.log b.log
for moved in 301 307 400; do
	aws "moved$moved" --region eu-west-3 --moved $moved
	ok "AWS: files are delivered after a $moved from another region" \
		logpush -q -j1 s3://bucket/ app.log b.log
	is "AWS: the region is learned from a $moved once, and nobody else is asked" \
		"$(hosts "moved$moved")" \
		'bucket.s3.us-east-1.amazonaws.com bucket.s3.eu-west-3.amazonaws.com '
	ok "AWS: the object after a $moved has the bytes of the file" cmp app.log "moved$moved/objects/app.log"
done
: >moved301/hosts
https_proxy=http://127.0.0.1:$(cat moved301/port)
ok 'AWS: --region names the region' logpush -q --region eu-west-3 s3://bucket/r1/ app.log
ok 'AWS: AWS_REGION names the region' env AWS_REGION=eu-west-3 logpush -q s3://bucket/r2/ app.log
ok 'AWS: AWS_DEFAULT_REGION names the region' env AWS_DEFAULT_REGION=eu-west-3 logpush -q s3://bucket/r3/ app.log
printf '[profile eu]\nregion = eu-west-3\n' >.aws/config
ok 'AWS: a profile names the region' env AWS_PROFILE=eu logpush -q s3://bucket/r4/ app.log
is 'AWS: no other region is asked when the region is known' "$(hosts moved301)" 'bucket.s3.eu-west-3.amazonaws.com '
is 'AWS: the proxy is told no credentials' "$(cat ./*/hosts | grep -c Authorization)" 0

aws cn --region cn-north-1
ok 'AWS: a file is delivered to China' logpush -q --region cn-north-1 s3://bucket/ app.log
is 'AWS: China has host names of its own' "$(hosts cn)" 'bucket.s3.cn-north-1.amazonaws.com.cn '
serve other
ok 'a store other than AWS gets a file' logpush -q --endpoint-url "$url" s3://bucket/ app.log
is 'a store other than AWS gets no checksum of AWS' "$(grep -c checksum other/objects/app.log.meta)" 0
done_testing
