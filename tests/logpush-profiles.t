#!/bin/sh
# logpush: what the files in ~/.aws and the variables beside them mean
. "${0%/*}/lib.sh"
command -v python3 >/dev/null || skip_all 'no python3'
. "$top/tests/servers/lib.sh"

no_aws
AWS_EC2_METADATA_DISABLED=true
export AWS_EC2_METADATA_DISABLED
serve s3
s3=$url
seq 10 >app.log
mkdir .aws

# delivers NAME [option ...]: with what is in ~/.aws, from standard input
n=0
delivers() {
	delivers_name=$1; shift
	n=$((n + 1))
	cat >.aws/credentials
	ok "$delivers_name" logpush -q "$@" "s3://bucket/$n/" app.log
}
config() { printf '%s\n' "$@" >.aws/config; }

config '[default]' "endpoint_url = $s3"
delivers 'an AWS file may have indented entries' <<-'END'
	[default]
	  aws_access_key_id = AKIDTEST
	  aws_secret_access_key = secret/+=key
END
delivers 'an AWS file may have keys in upper case' <<-'END'
	[default]
	AWS_ACCESS_KEY_ID = AKIDTEST
	Aws_Secret_Access_Key = secret/+=key
END
delivers 'an AWS file may have colons for equals signs' <<-'END'
	[default]
	aws_access_key_id: AKIDTEST
	aws_secret_access_key:secret/+=key
END
printf '[default]\r\naws_access_key_id=AKIDTEST\r\naws_secret_access_key=secret/+=key\r\n' >crlf
delivers 'an AWS file may have CRLF line ends' <crlf
config '[default]' "endpoint_url = $s3" 'aws_access_key_id = OLD' \
    'aws_secret_access_key = old' 'aws_session_token = old'
delivers 'the keys are those of one AWS file, without the token of another' <<-'END'
	[default]
	aws_access_key_id = AKIDTEST
	aws_secret_access_key = secret/+=key
END
config '[default]' "endpoint_url = $s3"
delivers 'comments and other blocks in an AWS file are passed over' <<-'END'
	# [default]
	[other]
	aws_access_key_id = nobody
	[default]
	s3 =
	  aws_access_key_id = nobody
	  # aws_access_key_id = nobody
	; aws_access_key_id = nobody
	aws_access_key_id = AKIDTEST
	aws_secret_access_key = secret/+=key
END
keys='aws_access_key_id = AKIDTEST
aws_secret_access_key = secret/+=key'
config "[profile 'my own']" "endpoint_url = $s3"
delivers 'the name of a profile may have quotes and blanks, and odd lines are passed over' --profile 'my own' <<-END
	[my own]
	= an entry without a key
	no entry
	$keys
END
config '[default]' 'services = store' '[services other]' 's3 =' ' endpoint_url = http://127.0.0.1:1' \
	'[services store]' 'ec2 =' '  endpoint_url = http://127.0.0.1:1' 's3 =' '  other = x' \
	"  endpoint_url = $s3"
delivers 'a section of services has the endpoint' <<-END
	[default]
	$keys
END
echo "endpoint_url = http://127.0.0.1:1" >>.aws/config
sed -i "s/^services = store/&\nendpoint_url = http:\/\/127.0.0.1:1/" .aws/config
delivers "a service's endpoint goes before that of all services" <<-END
	[default]
	$keys
END
AWS_ENDPOINT_URL=$s3
export AWS_ENDPOINT_URL
config '[default]' 'endpoint_url = http://127.0.0.1:1'
delivers 'an endpoint in the environment goes before that of a file' <<-END
	[default]
	$keys
END

printf '[nobody]\naws_access_key_id = nobody\naws_secret_access_key = x\n[somebody]\n%s\n' "$keys" >.aws/credentials
ok 'AWS_PROFILE names the profile' env AWS_PROFILE=somebody logpush -q s3://bucket/p1/ app.log
ok 'AWS_DEFAULT_PROFILE names the profile' env AWS_DEFAULT_PROFILE=somebody logpush -q s3://bucket/p2/ app.log
ok 'AWS_DEFAULT_PROFILE goes before AWS_PROFILE' env AWS_DEFAULT_PROFILE=somebody \
	AWS_PROFILE=nobody logpush -q s3://bucket/p3/ app.log
exits 2 '--profile goes before AWS_DEFAULT_PROFILE' env AWS_DEFAULT_PROFILE=somebody \
	logpush -q --profile nobody s3://bucket/p4/ app.log
head -c 2000000 /dev/zero | tr '\0' '\n' >.aws/config
printf '[default]\nregion = elsewhere\n' >>.aws/config
ok 'no more than 1 MiB of an AWS file is read' env AWS_PROFILE=somebody logpush -q s3://bucket/p5/ app.log
exits 2 'an endless AWS file is read no further' env AWS_SHARED_CREDENTIALS_FILE=/dev/zero \
	timeout 20 logpush -q s3://bucket/p6/ app.log

printf '[default]\n%s\n' "$keys" >.aws/credentials

# A store that is always busy.
start_server busy python3 -c '
import http.server, os, sys
class Busy(http.server.BaseHTTPRequestHandler):
    def log_message(self, *args): pass
    def do_PUT(self):
        with open(sys.argv[1] + "/requests", "a") as f: f.write(self.command + "\n")
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.send_response(503); self.send_header("Content-Length", "0"); self.end_headers()
    do_GET = do_HEAD = do_POST = do_DELETE = do_PUT
s = http.server.HTTPServer(("127.0.0.1", 0), Busy)
open(sys.argv[1] + "/port", "w").write("%d\n" % s.server_port)
s.serve_forever()'
AWS_ENDPOINT_URL=$url
exits 75 'AWS_MAX_ATTEMPTS: a request is given up after so many' env AWS_MAX_ATTEMPTS=3 \
	logpush -q --deadline 0 s3://bucket/ app.log
is 'AWS_MAX_ATTEMPTS: that many requests were made' "$(grep -c HEAD busy/requests)" 3
: >busy/requests
config '[default]' 'max_attempts = 2'
exits 75 'max_attempts in a profile: a request is given up after so many' logpush -q --deadline 0 s3://bucket/ app.log
is 'max_attempts: that many requests were made' "$(grep -c HEAD busy/requests)" 2
: >busy/requests
exits 75 '--deadline ends a request before AWS_MAX_ATTEMPTS does' env AWS_MAX_ATTEMPTS=100000 \
	logpush -q --deadline 0.3 s3://bucket/ app.log
for v in 0 x -1 99999999999; do
	: >busy/requests
	AWS_MAX_ATTEMPTS=$v logpush -q s3://bucket/ app.log 2>/dev/null & pid=$!
	ok "AWS_MAX_ATTEMPTS=$v is no limit" until_true 20 sh -c 'test "$(grep -c HEAD busy/requests)" -gt 2'
	kill $pid
	wait $pid
done

AWS_ENDPOINT_URL=$s3
for name in FIPS DUALSTACK; do
	says 'not for an endpoint URL' "AWS_USE_${name}_ENDPOINT does not go with an endpoint URL" \
		env "AWS_USE_${name}_ENDPOINT=true" logpush -q s3://bucket/f/ app.log
done
done_testing
