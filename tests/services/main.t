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

ng=$tmp/ng s3=$tmp/s3
at_exit='"$servers/syslog-ng" stop "$ng"
	"$servers/s3-server" stop --dir "$s3" --purge'
mkdir "$ng" "$tmp/log"
env=$("$servers/s3-server" start --dir "$s3") || exit 1
eval "$env"
"$servers/s3" PUT /bucket </dev/null || exit 1

# The files that users copy, but for places and the quiet time (1 s).
adapt() {
	sed -e "s|/var/log|$tmp/log|g" -e "s|/var/lib/logrotate|$tmp|g" \
	    -e "s|logrotate -f /etc/logrotate.d|logrotate -s $tmp/state -f $tmp|" \
	    -e "s|-t 30|-t 1|" -e "s|ctl reopen|& --control=$ng/ctl|" \
	    -e "s|logpush|& --deadline 60 --endpoint-url $S3_ENDPOINT|" \
	    -e "s|/run/syslog-ng.pid|$ng/pid|" -e "s|create 0640.*|create|" "$1"
}
adapt "$top/logrotate.d/docker" >"$tmp/docker"
adapt "$top/scripts/syslog-ng/logferry.conf" >"$tmp/logferry.conf"

# The application's lines, each known by its number.
"$top/scripts/mkcorpus" -s 40M -e 0 | awk '{ print $0, "id=" NR }' >ok.log
"$top/scripts/mkcorpus" -s 1M -e 100 | awk '{ print $0, "id=5xx-" NR }' >5xx.log
exec 4<ok.log 5<5xx.log
take() {			# fd, how many lines
	n=$2
	while [ $((n -= 1)) -ge 0 ] && IFS= read -r l <&"$1"; do
		printf '%s\n' "$l"
	done
}
: >sent
send() {			# what is in the file new
	logger -u "$ng/log" -t docker/todo-list -f new
	cat new >>sent
}
traffic() { take 4 20 >new; send; }
errors() { { take 4 10; take 5 5; } >new; send; }
ten_mb() {			# with errors at its end
	{ dd bs=1M count=10 iflag=fullblock <&4; take 4 1; take 5 5; } \
	    >new 2>/dev/null
	send
}

objects() { "$servers/s3" ls bucket | sort -k3; }
more_objects_than() { [ "$(objects | wc -l)" -gt "$1" ]; }

# lag FROM: seconds from then to the newest object's time in the bucket
lag() {
	"$servers/s3" GET /bucket | python3 -c '
import re, sys, datetime
newest = max(re.findall("<LastModified>([^<]*)", sys.stdin.read()))
t = datetime.datetime.fromisoformat(newest.replace("Z", "+00:00"))
print("%.2f" % (t.timestamp() - float(sys.argv[1])))' "$1"
}

# Every line sent, once, in the objects; leaves lines missing or double behind.
fetch_all() {
	objects | while read -r _ _ key; do
		"$servers/s3" GET "/bucket/$key" | gzip -dc || echo "BAD $key"
	done | sed 's/^.*docker[^ ]*: //' | sort >found
	sort sent | diff - found >difference
}

"$servers/syslog-ng" start "$ng" "$tmp/logferry.conf" || exit 1

for _ in 1 2 3; do errors; traffic; done
"$servers/syslog-ng" reload "$ng" >/dev/null
for _ in 1 2 3; do errors; traffic; done
ok 'a burst with a reload of syslog-ng in its midst is shipped' \
    until_true 60 more_objects_than 0
is 'once' "$(objects | wc -l)" 1

best=99
for burst in 1 2 3; do
	before=$(objects | wc -l)
	ten_mb
	from=$(date +%s.%N)
	until_true 60 more_objects_than "$before"
	lag=$(lag "$from")
	echo "# burst $burst: 10 MB are an object $lag s after the last error," \
	    "of which 1 s is the quiet time"
	best=$(echo "$lag $best" | awk '{ print $1 < $2 ? $1 : $2 }')
done
ok 'a log of 10 MB is in the bucket within a second of the quiet time' \
    awk "BEGIN { exit !($best < 2) }"

# S3 away for a moment: logpush tries again.
held() { find "$tmp/log" -name '*.gz' | grep -q .; }
before=$(objects | wc -l)
"$servers/s3-server" stop --dir "$s3"
for _ in 1 2 3; do errors; traffic; done
ok 'with S3 down the packed log is held' until_true 60 held
"$servers/s3-server" start --dir "$s3" >/dev/null
ok 'and shipped once S3 is back' until_true 60 more_objects_than "$before"

# S3 away for longer than logpush tries.
sed -i 's|--deadline 60|--deadline 1|' "$tmp/docker"
"$servers/s3-server" stop --dir "$s3"
for _ in 1 2 3; do errors; traffic; done
until_true 60 held
sleep 3
"$servers/s3-server" start --dir "$s3" >/dev/null
before=$(objects | wc -l)
for _ in 1 2 3; do errors; traffic; done
ok 'after a longer outage it goes along with the next log' \
    until_true 60 more_objects_than $((before + 1))

# A reload at each rotation, and a trigger that does not survive it.
"$servers/syslog-ng" stop "$ng"
sed -i 's/syslog-ng-ctl [^|]*|| //' "$tmp/docker"
sed -i 's|keep-alive(yes)||' "$tmp/logferry.conf"
"$servers/syslog-ng" start "$ng" "$tmp/logferry.conf" || exit 1
for _ in 1 2 3; do
	before=$(objects | wc -l)
	for _ in 1 2 3; do errors; traffic; done
	ok 'logrotate survives that its postrotate HUPs its own syslog-ng' \
	    until_true 60 more_objects_than "$before"
done
errors
"$servers/syslog-ng" stop "$ng"
settled() { [ -z "$(find "$tmp/log" -type f -size +0)" ]; }
ok 'the end of syslog-ng ships the rest' until_true 60 settled

fetch_all
is 'every line sent is in the bucket exactly once' "$(head -n 5 difference)" ''
echo "# $(($(wc -l <sent))) lines in $(objects | wc -l) objects"
is 'nothing stays behind on the host' \
    "$(find "$tmp/log" -type f -size +0)" ''

done_testing
