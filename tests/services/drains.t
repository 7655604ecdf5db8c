#!/bin/sh
# logpush --drains on a real Kafka, rsyslog and syslog-ng: two members of a group
# are killed, while drains of each kind live, are slow, hang, refuse or are dead
#
# KILLS in the environment says how often (20), SEED when and which.  Eight
# applications have 5,000 numbered lines each, or some more.  What is compared, and
# how, is told in drains.py.
. "${0%/*}/../lib.sh"

helpers=$top/tests/servers
for c in kcat python3 openssl curl rsyslogd; do
	command -v $c >/dev/null || skip_all "$c is not installed"
done
"$helpers/kafka" install >/dev/null 2>why || skip_all "no Kafka: $(head -n 1 why)"
env=$("$helpers/syslog-ng" env 2>why) || skip_all "no syslog-ng: $(head -n 1 why)"
eval "$env"
. "$helpers/lib.sh"
m1='' m2='' pause_tls='' sender=''
at_exit="$at_exit"'; kill -9 $m1 $m2 $sender; kill -CONT $pause_tls
	for s in kafka rsyslog syslog-ng; do "$helpers/$s" stop "$tmp/$s.d"; done'
at_exit="{ $at_exit; } 2>/dev/null"
env=$(KAFKA_PARTITIONS=8 "$helpers/kafka" start kafka.d) || exit 1
eval "$env"
kills=${KILLS:-20} seed=${SEED:-1} lines=5000
echo "# KILLS=$kills SEED=$seed"

# --- receivers ---
openssl req -x509 -newkey rsa:2048 -nodes -keyout key.pem -out cert.pem \
	-subj /CN=localhost -addext subjectAltName=DNS:localhost 2>/dev/null
free_port() {
	python3 -c 'import socket
s = socket.socket()
s.bind(("127.0.0.1", 0))
print(s.getsockname()[1])'
}
tcp=$(free_port) tls=$(free_port)
cat >rsyslog.conf <<END
global(workDirectory="$tmp")
template(name="text" type="string" string="%app-name% %msg%\n")
module(load="imptcp")
input(type="imptcp" port="$tcp" address="127.0.0.1")
action(type="omfile" file="$tmp/rsyslog.lines" template="text")
END
cat >syslog-ng.conf <<END
log { source(s_sys); destination(d_own); };
log { source { syslog(ip("127.0.0.1") port($tls) transport("tls")
    tls(key-file("$tmp/key.pem") cert-file("$tmp/cert.pem")
    peer-verify(optional-untrusted))); };
    destination { file("$tmp/syslog-ng.lines" template("\${PROGRAM} \${MESSAGE}\n")); }; };
END
for s in rsyslog syslog-ng; do
	"$helpers/$s" start $s.d $s.conf || exit 1
done
# sink NAME KIND [PORT]: a syslog receiver
sink() {
	start_server "$1" env THREADS=1 PORT="${3:-0}" sh -c \
		'exec "$0" "$3" "$1" cert.pem key.pem' "$helpers/syslog-sink" "$2" -
}
LOGFERRY_ALLOW='127.0.0.1, s3://bucket/'
export LOGFERRY_ALLOW
aws_keys
serve s3
s3=$url
sink udp udp; udp=$port
for s in logplex slow refuses stays goes; do
	start_server $s "$helpers/http-drain"
	eval "$s=$port"
done
start_server es "$helpers/http-drain"; es=$port
start_server https sh -c 'exec "$0" "$1" cert.pem key.pem' "$helpers/http-drain"; https=$port
sink hangs tls; hangs=$port pause_tls=$!
kill -STOP $pause_tls
sink dead tcp; dead=$port
kill $!
echo wait=0.1 >slow/mode
echo status=500 >refuses/mode

# --- drains, and two members ---
mkdir d1 d2
# drain ID APP URL [MEMBER]: for both; %M in the URL is 1 or 2
drain() {
	for m in 1 2; do
		printf '{"url":"%s","where":["app=app%s"]%s}\n' "$3" "$2" "${4-}" |
			sed "s/%M/$m/" >"d$m/$1"
	done
}
umask 077
full=',"max":65536'
drain tcp 0 "syslog+tcp://127.0.0.1:$tcp"
drain tls 1 "syslog+tls://localhost:$tls"
drain udp 2 "syslog+udp://127.0.0.1:$udp"
drain logplex 3 "logplex+http://127.0.0.1:$logplex/logplex"
drain https 4 "https://localhost:$https/"
drain es 5 "es+http://127.0.0.1:$es/m%M"
drain s3 6 's3://bucket/m%M/' ',"batch_lines":500,"batch_time":1'
drain kafka 7 "kafka://$KAFKA_BROKER/out%M"
drain slow 4 "http://127.0.0.1:$slow/" ',"batch_lines":50'
drain dead 0 "syslog+tcp://127.0.0.1:$dead" "$full"
drain hangs 1 "syslog+tls://localhost:$hangs" "$full"
drain refuses 3 "logplex+http://127.0.0.1:$refuses/logplex" "$full"
printf '%s\n' session.timeout.ms=600 heartbeat.interval.ms=150 >quick
printf '%s\n' session.timeout.ms=900000 max.poll.interval.ms=900000 heartbeat.interval.ms=300 >patient
# deliver MEMBER INPUT [OPTION...]: each run marks what it sends, where it can
run=0
deliver() {
	as=$1 in=$2; shift 2
	exec logpush --drains "d$as" --spool "sp$as" --batch-time 100ms \
		--cacert cert.pem --endpoint-url "$s3" --appname "m$as-$run" \
		-H "x-amz-meta-run: m$as-$run" "$@" "$in" 2>>"err$as"
}
# member N SETTINGS: start it
member() {
	run=$((run + 1))
	deliver "$1" "kafka://$KAFKA_BROKER/logs?group=g" --kafka-config "$2" &
	eval "m$1=$!"
}
# leave: both, by SIGTERM
leave() {
	for m in 1 2; do
		eval "kill \$m$m; wait \$m$m"
		is "SIGTERM: member $m ends with 75 if lines wait for those that are away$1" \
			$? "$(check leaves $m)"
	done
}
# send FIRST LAST: numbered lines of each of eight applications
send() {
	awk -v a="$1" -v b="$2" 'BEGIN { for (n = a; n <= b; n++)
		for (i = 0; i < 8; i++) {
			app = "app" i
			printf "%d:{\"x\":\"%100d\",\"hostname\":\"%s\",\"app\":\"%s\",\"namespace\":\"live\",\"n\":%d}\n", i, n, app, app, n
		} }' | kcat -P -b "$KAFKA_BROKER" -t logs -K:
}

check() { python3 "$top/tests/services/drains.py" "$@"; }
# delivered: the living have all that was sent.  A look takes about a second.
delivered() { until_true 2 check each 1 "$last"; }

# --- SIGKILLs ---
member 1 quick
member 2 quick
last=0 step=$((lines * 4 / 5 / kills))
awk -v n="$kills" -v seed="$seed" 'BEGIN { srand(seed)
	while (n-- > 0) print 1 + int(rand() * 2), rand() * 2 }' >plan
while read -r who pause; do
	send $((last + 1)) $((last += step))
	sleep "$pause"
	eval "kill -9 \$m$who; wait \$m$who" 2>/dev/null
	member "$who" quick
done <plan
ok 'SIGKILLs: each living drain gets every line of its application' delivered
leave ' after many SIGKILLs'
# What is not committed yet is read again now, and no session ends any more.
member 1 patient
member 2 patient
send $((last + 1)) $((last += 20))
ok 'SIGKILLs: each living drain gets every line that comes after them' delivered
leave ' after few lines'
check note before
ok 'SIGKILLs: no drain was sent less than is counted as delivered' check settled before

# --- drains come and go ---
member 1 patient
member 2 patient
began=$last
traffic() {
	n=$began
	until [ -e enough ] && [ "$n" -ge "$lines" ]; do
		n=$((n + 20))
		echo $n >sent.new
		mv sent.new sent
		send $((n - 19)) $n
	done
}
echo secret >key
# rest METHOD [ID]: of a drain of app5, with the body from standard input
rest() {
	cat >body
	REQUEST_METHOD=$1 PATH_INFO=/apps/app5-live/log-drains${2+/$2} \
	HTTP_AUTHORIZATION=secret CONTENT_LENGTH=$(wc -c <body) \
	LOGFERRY_DRAINS=$tmp/d1 LOGFERRY_KEY_FILE=$tmp/key \
	sh "$top/scripts/rest/logferry-drains.cgi" <body
}
# made PORT: the id of a new drain, which both members know; sets since
made() {
	printf '{"url":"http://127.0.0.1:%s/logplex"}' "$1" | rest POST |
		sed -n 's/.*"id":"\([0-9a-f-]\{36\}\)".*/\1/p' >id
	id=$(cat id)
	cp "d1/$id" d2/.new && mv d2/.new "d2/$id"
	until_true 60 test -e "d1/$id.status" -a -e "d2/$id.status"
	since=$(($(cat sent) + 1))
}
no_status() { ! [ -e "d1/$1.status" ] && ! [ -e "d2/$1.status" ]; }
for m in 1 2; do check share $m >share$m; done
traffic &
sender=$!
for m in 1 2; do
	ok "member $m gets a share" until_true 20 check share $m "$(cat share$m)"
done
made "$goes"; goes_id=$id goes_since=$since
made "$stays"; stays_since=$since
ok 'REST: a drain that is made gets lines' until_true 5 check beyond goes $((goes_since + 100))
rest DELETE "$goes_id" </dev/null >answer
rm "d2/$goes_id"
ok 'REST: a drain is removed' grep -q '^Status: 200' answer
ok 'REST: a drain that is removed has no status any more' until_true 60 no_status "$goes_id"
goes_until=$(cat sent)
: >enough
wait $sender
sender='' last=$(cat sent)
[ "$last" -gt "$goes_until" ] || send $((last + 1)) $((last += 20))
ok 'REST: every other drain gets every line' delivered
until_true 5 check beyond stays $((last - 1))
ok 'REST: a drain that is made gets every line from then on' check between stays "$stays_since" "$last"
ok 'REST: a drain that is removed has got all lines until then, and gets no more' \
	check between goes "$goes_since" "$goes_until"
ok 'lines come once while members stay' check once $((began + 1)) "$last"
adds_up() { check note after >counts && check added before after $((last - began)); }
ok 'what waits, is delivered and is dropped adds up to what was sent' until_true 5 adds_up
leave ' after all'
ok 'what waits, is delivered and is dropped adds up at the end, too' adds_up
cat counts
ok 'no drain was sent less than is counted as delivered at the end' check settled after

# --- those that were away ---
sink dead tcp "$dead"
kill -CONT $pause_tls
rm refuses/mode
for m in 1 2; do
	run=$((run + 1))
	(deliver $m /dev/null)
	is "once all are back, nothing waits with member $m" $? 0
done
ok 'those that are back get what was kept, and what was dropped is counted and told' \
	until_true 2 check back after "$last"
ok 'each member sends the lines of an application in order, but for those that come again' check order
ok 'no drain gets a line of another application' check own
ok 'receivers found nothing wrong' not cat -- */wrong
done_testing
