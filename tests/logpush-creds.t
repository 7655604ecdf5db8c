#!/bin/sh
# logpush: where its AWS credentials come from, and that they are renewed
. "${0%/*}/lib.sh"
command -v python3 >/dev/null || skip_all 'no python3'
. "$top/tests/servers/lib.sh"

HOME=$tmp
export HOME
unset AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY AWS_SESSION_TOKEN AWS_PROFILE AWS_DEFAULT_PROFILE
mkdir meta && echo token-1 >meta/token && echo 3600 >meta/life
start_server meta python3 "$top/tests/servers/aws-metadata"
meta=$url
serve s3 --token token-1
export AWS_ENDPOINT_URL="$url"
seq 10 >app.log
key='AKIDTEST secret/+=key'

ok 'credentials come from the environment' env AWS_ACCESS_KEY_ID="${key% *}" \
	AWS_SECRET_ACCESS_KEY="${key#* }" AWS_SESSION_TOKEN=token-1 \
	logpush -q s3://bucket/env/ app.log

printf '[default]\naws_access_key_id = nobody\naws_secret_access_key = x\n' >nobody
ok 'credentials of the environment go before those of a file' env AWS_SHARED_CREDENTIALS_FILE=nobody \
	AWS_ACCESS_KEY_ID="${key% *}" AWS_SECRET_ACCESS_KEY="${key#* }" \
	AWS_SESSION_TOKEN=token-1 logpush -q s3://bucket/env2/ app.log

export AWS_EC2_METADATA_SERVICE_ENDPOINT="$meta/" AWS_METADATA_SERVICE_TIMEOUT=60
ok 'credentials come from EC2 (IMDSv2)' logpush -q s3://bucket/ec2/ app.log
is 'EC2 is asked for a token first' "$(head -n1 meta/requests)" 'PUT /latest/api/token 200'
# It takes longer than a request may without AWS_METADATA_SERVICE_TIMEOUT.
: >meta/hold
logpush -q s3://bucket/hold/ app.log & pid=$!
sleep 2.5
rm meta/hold
wait $pid
is 'AWS_METADATA_SERVICE_TIMEOUT: EC2 may take longer' $? 0
ok '{instance} comes from EC2' logpush -q 's3://bucket/{instance}/' app.log
ok '{instance} names the object' test -f s3/objects/i-0ce5c29636da94d4c%2Fapp.log
mkdir -p var && cp app.log var/docker.log-1700000000.gz && cp app.log var/messages-1.gz
ok '--dcopylogs delivers under the names of dcopylogs' logpush -q --dcopylogs s3://bucket/docker \
	var/docker.log-1700000000.gz var/messages-1.gz
is '--dcopylogs: names hold the id of the instance' "$(ls s3/objects | grep '^docker.*gz$')" \
	'docker%2Fvar%2Fdocker.log-0ce5c29636da94d4c-1700000000.gz
docker%2Fvar%2Fmessages-1-0ce5c29636da94d4c.gz'
ok '--dcopylogs: objects have the types that dcopylogs gives' grep -q '"Content-Encoding": "gzip", "Content-Type": "text/plain"' \
	s3/objects/docker*messages*.meta
exits 2 'credentials of a file go before those of EC2' env AWS_SHARED_CREDENTIALS_FILE=nobody \
	logpush s3://bucket/order/ app.log
ok 'credentials of a container go before those of EC2' env AWS_CONTAINER_CREDENTIALS_FULL_URI="$meta/agent" \
	AWS_CONTAINER_AUTHORIZATION_TOKEN=agent-token sh -c ': >"$1/requests" &&
	logpush -q s3://bucket/order2/ app.log && ! grep security-cred "$1/requests"' - "$PWD/meta"
exits 2 'AWS_EC2_METADATA_DISABLED: EC2 gives no credentials' env AWS_EC2_METADATA_DISABLED=true \
	logpush s3://bucket/off/ app.log
says '^logpush: app.log: no credentials found: not in AWS_ACCESS_KEY_ID, profile default of .*/credentials, nor from a role of this machine$' \
	'who has no credentials is told where they were looked for' \
	env AWS_EC2_METADATA_DISABLED=true logpush s3://bucket/off/ app.log
exits 2 'AWS_EC2_METADATA_DISABLED: there is no {instance}' env AWS_EC2_METADATA_DISABLED=true \
	logpush 's3://bucket/{instance}/' app.log

export AWS_EC2_METADATA_DISABLED=true
ok 'credentials come from a container' env AWS_CONTAINER_CREDENTIALS_FULL_URI="$meta/agent" \
	AWS_CONTAINER_AUTHORIZATION_TOKEN=agent-token logpush -q s3://bucket/c1/ app.log
echo agent-token >agent-token
ok 'the token of a container may be in a file' env AWS_CONTAINER_CREDENTIALS_FULL_URI="$meta/agent" \
	AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE=agent-token \
	logpush -q s3://bucket/c2/ app.log
exits 2 'a container gives nothing for a wrong token' env AWS_CONTAINER_CREDENTIALS_FULL_URI="$meta/agent" \
	AWS_CONTAINER_AUTHORIZATION_TOKEN=wrong logpush s3://bucket/c3/ app.log
exits 2 'credentials of a container do not come in clear from another host' \
	env AWS_CONTAINER_CREDENTIALS_FULL_URI=http://192.0.2.1/ \
	logpush s3://bucket/c4/ app.log

printf 'web/token+=' >web-token
ok 'credentials come from a web identity' env AWS_WEB_IDENTITY_TOKEN_FILE=web-token \
	AWS_ROLE_ARN=arn:aws:iam::1:role/log AWS_ENDPOINT_URL_STS="$meta" \
	logpush -q s3://bucket/web/ app.log
exits 2 'a web identity with a wrong role is trouble' env AWS_WEB_IDENTITY_TOKEN_FILE=web-token \
	AWS_ROLE_ARN=arn:aws:iam::1:role/no AWS_ENDPOINT_URL_STS="$meta" \
	logpush s3://bucket/web2/ app.log

exits 2 'the token of a web identity does not leave in clear' \
	env AWS_WEB_IDENTITY_TOKEN_FILE=web-token AWS_ROLE_ARN=arn:aws:iam::1:role/log \
	AWS_ENDPOINT_URL_STS=http://192.0.2.1 logpush --deadline 0.3 s3://bucket/web2/ app.log

mkdir .aws
cat >.aws/config <<-END
	[profile proc]
	credential_process = printf '%s' '{"Version":1,"AccessKeyId":"AKIDTEST","SecretAccessKey":"secret/+=key","SessionToken":"token-1"}'
	[profile mask]
	credential_process = sed -n 's/^SigBlk:.//p; s/^SigIgn:.*\(.\)...\$/\1/p' /proc/self/status >mask
	[profile slow]
	credential_process = touch asked; exec sleep 300
	[profile quiet]
	credential_process = printf '{}'; exec >&-; exec sleep 300
	[profile bad]
	credential_process = false
	[profile web]
	role_arn = arn:aws:iam::1:role/log
	web_identity_token_file = $tmp/web-token
END
ok 'a profile that is asked for comes before the environment' \
	env AWS_WEB_IDENTITY_TOKEN_FILE=web-token AWS_ROLE_ARN=arn:aws:iam::1:role/no \
	AWS_ENDPOINT_URL_STS="$meta" logpush -q --profile proc s3://bucket/proc1/ app.log
ok 'credentials come from a process' logpush -q --profile proc s3://bucket/proc/ app.log
says 'app.log: credential_process failed' 'a credential_process that fails is told' \
	logpush --profile bad s3://bucket/bad/ app.log
logpush -q --profile mask s3://bucket/m/ app.log 2>/dev/null
is 'a credential_process has the usual signals' "$(tr '\n' ' ' <mask)" '0000000000000000 0 '
logpush -q --profile slow s3://bucket/slow/ app.log 2>/dev/null & pid=$!
until_true 20 test -e asked
kill $pid
until_true 60 not grep -qs ') [^Z]' "/proc/$pid/stat" || kill -9 $pid
wait $pid
is 'SIGTERM does not wait for a credential_process' $? 75
exits 75 'a credential_process that closes its output and goes on has the deadline' \
	timeout -k 1 60 logpush -q --profile quiet --deadline 1 s3://bucket/quiet/ app.log
says 'AWS_ACCESS_KEY_ID without AWS_SECRET_ACCESS_KEY' 'half of the keys in the environment is told' \
	env AWS_ACCESS_KEY_ID=AKIDTEST logpush s3://bucket/half/ app.log
says 'app.log: no profile typo$' 'a profile that is not there is told' \
	logpush --profile typo s3://bucket/typo/ app.log
ok 'credentials come from a web identity in the profile' env AWS_ENDPOINT_URL_STS="$meta" \
	logpush -q --profile web s3://bucket/web3/ app.log

unset AWS_EC2_METADATA_DISABLED
echo 100 >meta/life
: >meta/requests
for i in 1 2 3; do cp app.log "$i.log"; done
ok 'files are delivered with credentials that end soon' logpush -q -j1 s3://bucket/soon/ ./?.log
is 'credentials that end soon are renewed' "$(($(grep -c log-role meta/requests) > 1))" 1
echo 3600 >meta/life
# The store takes token-2 only: token-1, which comes first, has expired.
serve late --token token-2
export AWS_ENDPOINT_URL="$url"
exits 2 'an expired token that is not replaced is trouble' logpush -q s3://bucket/late/ 1.log
echo token-1 token-2 >meta/token
ok 'an expired token that is replaced is renewed' logpush -q s3://bucket/late/ 1.log
done_testing
