#!/bin/sh
# the main job: syslog-ng, loggrep, logquiet, logrotate, logstamp, logpack,
# logpush and an S3 gateway; every line sent is in the bucket exactly once
. "${0%/*}/../lib.sh"

servers=$top/tests/servers
env=$("$servers/syslog-ng" env 2>/dev/null) ||
    skip_all 'no syslog-ng: tests/servers/syslog-ng install'
eval "$env"
for c in logrotate radosgw ceph-mon ceph-osd python3; do
	command -v $c >/dev/null || skip_all "no $c here"
done

s3=$tmp/s3
at_exit='"$servers/syslog-ng" stop "$ng"
	"$servers/s3-server" stop --dir "$s3" --purge'
env=$("$servers/s3-server" start --dir "$s3") || exit 1
eval "$env"
AWS_ENDPOINT_URL=$S3_ENDPOINT
export AWS_ENDPOINT_URL
"$servers/s3" PUT /bucket </dev/null || exit 1

. "$top/tests/services/app.sh"
store="s3://bucket/logs/"
adapt "$top/logrotate.d/docker" >"$tmp/docker"
adapt "$top/scripts/syslog-ng/logferry.conf" >"$tmp/logferry.conf"

objects() { "$servers/s3" ls bucket | sort -k3; }
more_objects_than() { sleep 0.2; [ "$(objects | wc -l)" -gt "$1" ]; }

# lag FROM: seconds from then to the newest object's time in the bucket
lag() {
	"$servers/s3" GET /bucket | python3 -c '
import re, sys, datetime
newest = max(re.findall("<LastModified>([^<]*)", sys.stdin.read()))
t = datetime.datetime.fromisoformat(newest.replace("Z", "+00:00"))
print("%.2f" % (t.timestamp() - float(sys.argv[1])))' "$1"
}

"$servers/syslog-ng" start "$ng" "$tmp/logferry.conf" || exit 1

for _ in 1 2 3; do errors; traffic; done
"$servers/syslog-ng" reload "$ng" >/dev/null
for _ in 1 2 3; do errors; traffic; done
ok 'a burst with a reload of syslog-ng in its midst is shipped' \
    until_true 12 more_objects_than 0
is 'a burst with a reload of syslog-ng in its midst is shipped once' "$(objects | wc -l)" 1

best=99
for burst in 1 2 3; do
	before=$(objects | wc -l)
	ten_mb
	from=$(date +%s.%N)
	until_true 12 more_objects_than "$before"
	lag=$(lag "$from")
	echo "# burst $burst: 10 MB are an object $lag s after the last error," \
	    "of which 1 s is the quiet time"
	best=$(echo "$lag $best" | awk '{ print $1 < $2 ? $1 : $2 }')
done
limit=2			# on a machine that is busy otherwise: more
read -r load _ </proc/loadavg
[ "${load%.*}" -lt "$(nproc)" ] || limit=5
ok 'a log of 10 MB is in the bucket within a second of the quiet time' \
    awk "BEGIN { exit !($best < $limit) }"

# S3 away for a moment: logpush tries again.
held() { find "$tmp/log" -name '*.gz' | grep -q .; }
before=$(objects | wc -l)
"$servers/s3-server" stop --dir "$s3"
for _ in 1 2 3; do errors; traffic; done
ok 'with S3 down the packed log is held' until_true 60 held
"$servers/s3-server" start --dir "$s3" >/dev/null
ok 'with S3 back the held log is shipped' until_true 12 more_objects_than "$before"

# S3 away for longer than logpush tries.
deadline 1
"$servers/s3-server" stop --dir "$s3"
for _ in 1 2 3; do errors; traffic; done
until_true 60 held
sleep 3
"$servers/s3-server" start --dir "$s3" >/dev/null
before=$(objects | wc -l)
for _ in 1 2 3; do errors; traffic; done
ok 'after a longer outage the held log goes along with the next log' \
    until_true 12 more_objects_than $((before + 1))

# A reload at each rotation, and a trigger that does not survive it.
"$servers/syslog-ng" stop "$ng"
sed -i 's/syslog-ng-ctl [^|]*|| //' "$tmp/docker"
sed -i 's|keep-alive(yes)||' "$tmp/logferry.conf"
"$servers/syslog-ng" start "$ng" "$tmp/logferry.conf" || exit 1
for _ in 1 2 3; do
	before=$(objects | wc -l)
	for _ in 1 2 3; do errors; traffic; done
	ok 'logrotate survives that its postrotate HUPs its own syslog-ng' \
	    until_true 12 more_objects_than "$before"
done
errors
"$servers/syslog-ng" stop "$ng"
settled() { [ -z "$(find "$tmp/log" -type f -size +0)" ]; }
ok 'the end of syslog-ng ships the rest' until_true 60 settled

objects | while read -r _ _ key; do
	"$servers/s3" GET "/bucket/$key" | gzip -dc || echo "BAD $key"
done >found
is 'every line sent is in the bucket exactly once' "$(difference)" ''
echo "# $(($(wc -l <sent))) lines in $(objects | wc -l) objects"
is 'nothing stays behind on the host' \
    "$(find "$tmp/log" -type f -size +0)" ''

done_testing
