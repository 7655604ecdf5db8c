#!/bin/sh
# logpush: AWS credentials that others have to be asked for: roles, SSO, a
# metadata service that is slow or busy
. "${0%/*}/lib.sh"
command -v python3 >/dev/null || skip_all 'no python3'
. "$top/tests/servers/lib.sh"

no_aws
AWS_EC2_METADATA_DISABLED=true
export AWS_EC2_METADATA_DISABLED
mkdir meta && echo token-1 >meta/token && echo 3600 >meta/life
start_server meta python3 "$top/tests/servers/aws-metadata"
meta=$url
serve s3 --token token-1
AWS_ENDPOINT_URL_S3=$url AWS_ENDPOINT_URL_STS=$meta AWS_ENDPOINT_URL_SSO=$meta
export AWS_ENDPOINT_URL_S3 AWS_ENDPOINT_URL_STS AWS_ENDPOINT_URL_SSO
seq 10 >app.log
mkdir -p .aws/sso/cache
cat >.aws/credentials <<-END
	[base]
	aws_access_key_id = AKIDBASE
	aws_secret_access_key = base
	[wrong]
	aws_access_key_id = AKIDBASE
	aws_secret_access_key = other-secret
	[half]
	aws_access_key_id = AKIDBASE
END
role='role_arn = arn:aws:iam::1:role/log'
cat >.aws/config <<-END
	[profile role]
	$role
	source_profile = base
	external_id = an id/+
	role_session_name = night
	duration_seconds = 900
	[profile self]
	$role
	source_profile = self
	aws_access_key_id = AKIDBASE
	aws_secret_access_key = base
	[profile chain]
	$role
	source_profile = role
	[profile process]
	credential_process = printf '%s' '{"Version":1,"AccessKeyId":"AKIDBASE","SecretAccessKey":"base"}'
	[profile by-process]
	$role
	source_profile = process
	[profile environment]
	$role
	credential_source = Environment
	[profile container]
	$role
	credential_source = EcsContainer
	[profile ec2]
	$role
	credential_source = Ec2InstanceMetadata
	[profile odd]
	$role
	credential_source = Elsewhere
	[profile alone]
	$role
	[profile round]
	$role
	source_profile = about
	[profile about]
	$role
	source_profile = round
	[profile of-nobody]
	$role
	source_profile = nobody
	[profile of-half]
	$role
	source_profile = half
	[profile of-wrong]
	$role
	source_profile = wrong
	[profile sso]
	sso_session = my
	sso_account_id = 1234
	sso_role_name = Log Role
	[sso-session my]
	sso_region = eu-west-3
	sso_start_url = https://my.awsapps.com/start
	[profile old-sso]
	sso_region = eu-west-3
	sso_start_url = https://my.awsapps.com/start
	sso_account_id = 1234
	sso_role_name = Log Role
	[profile by-sso]
	$role
	source_profile = sso
	[profile other-sso]
	sso_session = my
	sso_account_id = 1234
	sso_role_name = Other
	[profile no-sso]
	sso_session = my
	sso_account_id = 1234
END

# push PROFILE [option ...]
push() { push_profile=$1; shift; logpush -q --profile "$push_profile" "$@" "s3://bucket/$push_profile/" app.log; }

ok 'a role is asked for with the keys of source_profile' push role
is 'STS gets external_id, role_session_name and duration_seconds' "$(tail -n1 meta/forms)" \
	'Action=AssumeRole&Version=2011-06-15&RoleArn=arn%3Aaws%3Aiam%3A%3A1%3Arole%2Flog&RoleSessionName=night&ExternalId=an%20id%2F%2B&DurationSeconds=900'
ok 'a profile may be its own source_profile' push self
ok 'source_profile may have a role itself' push chain
is 'a role of a role is asked for last' "$(tail -n1 meta/forms | grep -c RoleSessionName=logpush)" 1
ok 'source_profile may have a credential_process' push by-process
ok 'credential_source may be Environment' env AWS_ACCESS_KEY_ID=AKIDBASE AWS_SECRET_ACCESS_KEY=base \
	logpush -q --profile environment s3://bucket/env/ app.log
ok 'a role of AWS_PROFILE is asked for' env AWS_PROFILE=role logpush -q s3://bucket/env2/ app.log
ok 'keys in the environment go before the role of AWS_PROFILE' env AWS_PROFILE=of-nobody AWS_ACCESS_KEY_ID=AKIDTEST \
	AWS_SECRET_ACCESS_KEY='secret/+=key' AWS_SESSION_TOKEN=token-1 logpush -q s3://bucket/env3/ app.log
ok 'credential_source may be EcsContainer' env AWS_CONTAINER_CREDENTIALS_FULL_URI="$meta/agent" \
	AWS_CONTAINER_AUTHORIZATION_TOKEN=agent-token logpush -q --profile container s3://bucket/c/ app.log
ok 'credential_source may be Ec2InstanceMetadata' env AWS_EC2_METADATA_DISABLED=false \
	AWS_EC2_METADATA_SERVICE_ENDPOINT="$meta" logpush -q --profile ec2 s3://bucket/ec2/ app.log
echo 1000 >meta/busy
exits 75 'a busy metadata service is waited for with a role as without' env AWS_EC2_METADATA_DISABLED=false \
	AWS_EC2_METADATA_SERVICE_ENDPOINT="$meta" logpush -q --profile ec2 --deadline 3 s3://bucket/ec2b/ app.log
rm meta/busy
# fails PROFILE MESSAGE NAME: with that message, at once
fails() {
	exits 2 "$3" push "$1" --deadline 60
	is "$3: that is told" "$(head -n1 "$tmp/.out")" "logpush: app.log: $2"
}
fails odd 'profile odd: Elsewhere gives no credentials' 'an unknown credential_source is an error'
fails alone 'profile alone: role_arn without source_profile or credential_source' 'a role without a source is an error'
fails round 'profile round: source_profile leads in a circle' 'profiles that name each other are an error'
fails of-nobody 'no profile nobody' 'a source_profile that is not there is an error'
fails of-half 'profile half: aws_access_key_id without aws_secret_access_key' 'a source_profile without keys is an error'
fails of-wrong 'STS answers 400 InvalidIdentityToken' 'a wrong signature is refused by STS'
is 'no message has a secret' "$(push of-wrong 2>&1 | grep -c other-secret)" 0
exits 2 'no role is asked for in clear' env AWS_ENDPOINT_URL_STS=http://192.0.2.1 \
	logpush -q --profile role --deadline 60 s3://bucket/x/ app.log
ok 'STS may be at AWS_ENDPOINT_URL' env -u AWS_ENDPOINT_URL_STS AWS_ENDPOINT_URL="$meta" \
	logpush -q --profile role s3://bucket/y/ app.log
echo 2 >meta/busy
ok 'a busy STS is asked again' push role
rm meta/busy

# The name of a token's file is the SHA-1 of the session's name or its start URL.
for name in my https://my.awsapps.com/start; do
	cache=.aws/sso/cache/$(printf %s $name | sha1sum | cut -d' ' -f1).json
	printf '{"startUrl": "x", "accessToken": "sso-token", "expiresAt": "2099-01-01T00:00:00Z"}' >"$cache"
	[ "$name" != my ] || session=$cache
done
ok 'SSO: a session gives credentials' push sso
ok 'SSO: a profile with the session in it gives credentials' push old-sso
ok 'SSO: its credentials may ask for a role' push by-sso
fails other-sso 'SSO answers 403' 'SSO: a role that is not allowed is an error'
fails no-sso 'profile no-sso: no sso_role_name' 'SSO: a profile that lacks a setting is an error'
exits 2 'SSO: a token does not leave in clear' env AWS_ENDPOINT_URL_SSO=http://192.0.2.1 \
	logpush -q --profile sso --deadline 60 s3://bucket/x/ app.log
printf '{"accessToken": "sso-token", "expiresAt": "2020-01-01T00:00:00Z"}' >"$session"
fails sso 'profile sso: the token has expired, "aws sso login" gets one' 'SSO: a token that has expired is an error'
printf '{"accessToken": "wrong", "expiresAt": "2099-01-01T00:00:00Z"}' >"$session"
fails sso 'SSO answers 401' 'SSO: a token that is not valid is an error'
ln -sf /dev/zero "$session"
fails sso 'profile sso: no token, "aws sso login" gets one' 'SSO: an endless token is none'
rm "$session"
fails sso 'profile sso: no token, "aws sso login" gets one' 'SSO: a missing token is an error'

# EC2's metadata
AWS_EC2_METADATA_DISABLED=false
export AWS_EC2_METADATA_SERVICE_ENDPOINT="$meta"
# asked STATUS: how often the metadata service was asked for its token, and
# answered so
asked() { grep -c "PUT /latest/api/token $1" meta/requests; }
ec2() { : >meta/requests; logpush -q "$@" "s3://bucket/ec2-$(date +%N)/" app.log; }
echo 2 >meta/busy
ok 'EC2: a busy metadata service is asked again' ec2 --deadline 60
is 'EC2: a metadata service was busy twice' "$(asked 429)" 2
: >meta/hold
AWS_METADATA_SERVICE_NUM_ATTEMPTS=2
export AWS_METADATA_SERVICE_NUM_ATTEMPTS
exits 75 'EC2: a metadata service that does not answer is worth another try' ec2 --deadline 3
is 'EC2: a slow metadata service is told' "$(grep -c 'app.log: the metadata service: ' "$tmp/.out")" 1
rm meta/hold
echo 1000 >meta/busy
exits 75 'EC2: --deadline ends what a busy metadata service is asked' env AWS_METADATA_SERVICE_NUM_ATTEMPTS=99 \
	logpush -q --deadline 3 s3://bucket/busy/ app.log
rm meta/busy
# A port whose queue of connections is full: the next one waits.
cat >full <<'END'
import os, socket, time
s = socket.socket()
s.bind(("127.0.0.1", 0))
s.listen(0)
waiting = [socket.socket() for _ in range(8)]
for c in waiting:
    c.setblocking(False)
    c.connect_ex(s.getsockname())
open("full.new", "w").write("%d\n" % s.getsockname()[1])
os.rename("full.new", "full.port")
time.sleep(300)
END
python3 full & servers="$servers $!"
until_true 20 test -s full.port
exits 75 'EC2: a metadata service that had no time for a connection may be there' \
	env AWS_EC2_METADATA_SERVICE_ENDPOINT="http://127.0.0.1:$(cat full.port)" AWS_METADATA_SERVICE_TIMEOUT=60 \
	logpush -q --deadline 0.3 s3://bucket/far/ app.log
unset AWS_EC2_METADATA_SERVICE_ENDPOINT
printf '[default]\nec2_metadata_service_endpoint = %s\n' "$meta" >.aws/config
ok 'EC2: ec2_metadata_service_endpoint is heeded' ec2
exits 2 'EC2: AWS_EC2_METADATA_SERVICE_ENDPOINT goes before it' env AWS_EC2_METADATA_SERVICE_ENDPOINT=http://127.0.0.1:1 \
	logpush -q s3://bucket/none/ app.log
printf '[default]\nmetadata_service_num_attempts = 1\nec2_metadata_service_endpoint = %s\n' "$meta" >.aws/config
unset AWS_METADATA_SERVICE_NUM_ATTEMPTS
: >meta/requests
echo 1 >meta/busy
exits 75 'EC2: metadata_service_num_attempts is heeded' logpush -q 's3://bucket/{instance}/' app.log
is 'EC2: metadata_service_num_attempts: one request was made' "$(asked 429)" 1
rm meta/busy

# The servers answer nothing; a request to one of them would take 10 s, or more.
: >meta/hold
# gives_up NAME COMMAND...: because of --deadline, long before that
gave_up=75
gives_up() {
	gives_up_name=$1; shift
	start=$(date +%s%N)
	exits $gave_up "$gives_up_name" "$@"
	is "$gives_up_name in time" "$(($(date +%s%N) - start < 9000000000))" 1
}
printf '[profile role]\n%s\nsource_profile = base\n' "$role" >.aws/config
gives_up '--deadline gives STS up' push role --deadline 3
gave_up=2
gives_up '--deadline of loggrep gives STS up' loggrep --deadline 3 --profile role -q x s3://bucket/app.log
gave_up=75
: >.aws/config
gives_up "--deadline gives a container's agent up" env AWS_CONTAINER_CREDENTIALS_FULL_URI="$meta/agent" \
	AWS_CONTAINER_AUTHORIZATION_TOKEN=agent-token logpush -q --deadline 3 s3://bucket/d/ app.log
gives_up '--deadline gives EC2 up' env AWS_EC2_METADATA_SERVICE_ENDPOINT="$meta" \
	AWS_METADATA_SERVICE_TIMEOUT=3000 logpush -q --deadline 3 s3://bucket/d/ app.log
gives_up '--deadline gives the id of the machine up' env AWS_EC2_METADATA_SERVICE_ENDPOINT="$meta" \
	AWS_METADATA_SERVICE_TIMEOUT=3000 logpush -q --deadline 3 's3://bucket/{instance}/' app.log
printf '[default]\ncredential_process = exec sleep 1000\n' >.aws/config
gives_up '--deadline gives a credential_process up' logpush -q --deadline 3 s3://bucket/d/ app.log
rm meta/hold
done_testing
