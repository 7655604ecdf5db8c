#!/bin/sh
# logpush: --limit-rate holds for each kind of store and of receiver
. "${0%/*}/lib.sh"
command -v python3 >/dev/null || skip_all 'no python3'
command -v openssl >/dev/null || skip_all 'no openssl'
. "$top/tests/servers/lib.sh"

HOME=$tmp AWS_ACCESS_KEY_ID=AKIDTEST AWS_SECRET_ACCESS_KEY=secret/+=key
ALIBABA_CLOUD_ACCESS_KEY_ID=id ALIBABA_CLOUD_ACCESS_KEY_SECRET=secret
export HOME AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY ALIBABA_CLOUD_ACCESS_KEY_ID ALIBABA_CLOUD_ACCESS_KEY_SECRET
openssl req -x509 -newkey rsa:2048 -nodes -keyout key.pem -out cert.pem -days 2 \
	-subj /CN=localhost -addext subjectAltName=DNS:localhost 2>/dev/null
for kind in tcp tls udp; do
	start_server "sink-$kind" sh -c 'exec "$0" "$4" "$1" "$2" "$3"' \
		"$top/tests/servers/syslog-sink" $kind cert.pem key.pem
	eval "$kind=$port"
done
start_server http "$top/tests/servers/http-drain"; http=$port
start_server sls "$top/tests/servers/sls-store"; sls=$port
serve s3; s3=$url
serve put --mode plain; put=$url

# Random text, which no compression makes smaller than 100 KB
head -c 100000 /dev/urandom | base64 -w 99 >lines
head -c 100000 /dev/urandom >file
cp file file2

# slow NAME COMMAND...: it succeeds, in no less than the 0.32 s that 80,000
# bytes take at 250,000 bytes a second
slow() {
	slow_name=$1; shift
	start=$(date +%s%N)
	ok "$slow_name delivers" timeout 60 logpush -q --limit-rate 244K "$@"
	is "$slow_name takes its time" "$(($(date +%s%N) - start > 320000000))" 1
}
slow 'a file to a folder' "file://$tmp/folder/" file
slow 'a file to S3' --endpoint-url "$s3" s3://bucket/ file
slow 'a file by PUT' "$put/" file
slow 'several files at a time, to a folder' -j2 "file://$tmp/folder2/" file file2
split -b 1000 file small.
slow 'many small files by PUT' "$put/small/" small.*

stream() { stream_name=$1; shift; slow "a stream $stream_name" --batch-bytes 20000 "$@" - <lines; }
stream 'by HTTP' "http://127.0.0.1:$http/in"
stream 'to Elasticsearch' "es+http://127.0.0.1:$http/index"
stream 'to Logplex' "logplex+http://127.0.0.1:$http/logplex"
stream 'to the Log Service' "sls+http://project.localhost:$sls/store"
stream 'of syslog by TCP' "syslog+tcp://127.0.0.1:$tcp"
stream 'of syslog by TLS' --cacert cert.pem "syslog+tls://localhost:$tls"
stream 'of syslog by UDP' "syslog+udp://127.0.0.1:$udp"
stream 'over several connections' -j2 "syslog+tcp://127.0.0.1:$tcp"
stream 'to S3' --endpoint-url "$s3" s3://bucket/stream/
stream 'to a folder' "file://$tmp/stream/"
head -c 40000 lines >few
ok 'a stream at a low rate is not taken for one that has stalled' timeout 60 logpush -q --limit-rate 20K \
	--stall-timeout 0.5 "http://127.0.0.1:$http/in" - <few
ok 'a file at a low rate is not taken for one that has stalled' timeout 60 logpush -q --limit-rate 20K \
	--stall-timeout 0.5 --deadline 30 "$put/low/" few
done_testing
