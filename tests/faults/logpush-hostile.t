#!/bin/sh
# logpush: servers that hang, flood or lie
. "${0%/*}/../lib.sh"

command -v python3 >/dev/null || skip_all 'python3 is not installed'
. "$top/tests/servers/lib.sh"
AWS_ACCESS_KEY_ID=id AWS_SECRET_ACCESS_KEY=secret HOME=$tmp
export AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY HOME
seq 10 >lines

# Runs a stream until its server has a request, ends it, and says in how many
# whole seconds (at most 11) and with what status it ended.
end_of() {
	logpush "$@" <lines >out 2>err & pid=$!
	until_true 20 test -s "$kind/requests"
	before=$(date +%s)
	kill -TERM $pid
	{ sleep 20; kill -KILL $pid 2>/dev/null; } & killer=$!
	wait $pid
	st=$?
	kill $killer 2>/dev/null
	after=$(($(date +%s) - before))
	[ $after -le 11 ] && echo "$st in time" || echo "$st after $after s"
}
for kind in drip drip-headers endless-headers endless-body continues; do
	start_server $kind "$top/tests/servers/evil" $kind
	case $kind in
	endless-body) want='0 in time' ;;	# it said 200, and that counts
	*) want='75 in time' ;;
	esac
	is "$kind: a stream ends within 10 s of SIGTERM" "$(end_of "$url/in")" "$want"
	rm -f $kind/requests
	is "$kind: a stream with a spool ends within 10 s of SIGTERM" \
		"$(end_of --spool "sp.$kind" "es+$url/i")" '75 in time'
done
for kind in endless-headers endless-body continues; do
	rm -f file; cp lines file
	url=http://127.0.0.1:$(cat $kind/port)
	timeout 60 logpush --rm --deadline 3s "$url/f/" file 2>err
	st=$?
	ok "$kind: a file is given up, and stays" test $st -ne 0 -a $st -ne 124 -a -e file
done
for kind in drip drip-headers endless-headers endless-body continues; do
	url=http://127.0.0.1:$(cat $kind/port)
	timeout 60 logpush --rm --deadline 1s --endpoint-url "$url" s3://bucket/ file 2>err
	st=$?
	ok "$kind: a file to S3 is given up, and stays" test $st -ne 0 -a $st -ne 124 -a -e file
	start=$(date +%s)
	timeout 60 logpush --deadline 1s --endpoint-url "$url" s3://bucket/ <lines 2>err
	st=$?
	# One of them has an object of every name: that is no fault of the lines.
	is "$kind: a stream to S3 is given up after --deadline" "$st $(($(date +%s) - start < 9))" '75 1'
	for way in AWS_CONTAINER_CREDENTIALS_FULL_URI AWS_EC2_METADATA_SERVICE_ENDPOINT; do
		timeout 60 env -u AWS_ACCESS_KEY_ID "$way=$url" AWS_METADATA_SERVICE_TIMEOUT=1000 logpush --deadline 1s \
			--endpoint-url http://127.0.0.1:1 s3://bucket/ file 2>err
		is "$kind: credentials from there are given up after --deadline ($way)" $? 75
	done
done
start_server taken "$top/tests/servers/evil" taken
exits 1 'a store where every name is taken is found out' \
	timeout 100 logpush --deadline 60s --endpoint-url "$url" s3://bucket/ lines
ok 'a store where every name is taken is asked for 100 of them' \
	test "$(grep -c '^HEAD' taken/requests)" -le 200
start_server yes "$top/tests/servers/evil" yes
timeout 60 logpush --rm --deadline 2s --endpoint-url "$url" s3://bucket/ lines 2>err
ok 'a store that takes all and has nothing keeps no file from us' test -e lines
done_testing
