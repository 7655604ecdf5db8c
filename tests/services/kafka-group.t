#!/bin/sh
# kafka://...?group= on a real Kafka: members are killed, and no line is lost
#
# KILLS in the environment says how often (24), SEED when and which.
. "${0%/*}/../lib.sh"

for c in kcat python3; do
	command -v $c >/dev/null || skip_all "$c is not installed"
done
kafka=$top/tests/servers/kafka
"$kafka" install >/dev/null 2>why || skip_all "no Kafka: $(head -n 1 why)"
. "$top/tests/servers/lib.sh"
m1='' m2=''
at_exit="$at_exit"'; kill -9 $m1 $m2 2>/dev/null; "$kafka" stop "$tmp/kafka.d"'
env=$(KAFKA_PARTITIONS=6 "$kafka" start kafka.d) || exit 1
eval "$env"
kills=${KILLS:-24} seed=${SEED:-1}
echo "# KILLS=$kills SEED=$seed"
LOGFERRY_ALLOW=127.0.0.1
export LOGFERRY_ALLOW
topics=kafka://$KAFKA_BROKER

# sink NAME [PORT]: a syslog receiver
sink() {
	start_server "$1" env THREADS=1 PORT="${2:-0}" \
		sh -c 'exec "$0" "$1" tcp' "$top/tests/servers/syslog-sink"
}
# send TOPIC FIRST LAST: numbered lines of each of eight applications
send() {
	awk -v a="$2" -v b="$3" 'BEGIN { for (n = a; n <= b; n++)
		for (i = 0; i < 8; i++)
			printf "%d:{\"x\":\"%120d\",\"app\":\"%d\",\"n\":%d}\n", i, n, i, n }' |
		kcat -P -b "$KAFKA_BROKER" -t "$1" -K:
}
cat >has.py <<'END'
"""has.py FILE APPS FIRST LAST HOW: the numbers of each application are in the
file: each; in order, as they come first; or once, so and no more; and no line of
another application."""
import re, sys
file, apps, first, last, how = sys.argv[1:]
got, first, last = {}, int(first), int(last)
for line in open(file):
    m = re.search(r'"app":"(\d)","n":(\d+)}', line)
    if m:
        got.setdefault(m[1], []).append(int(m[2]))
assert set(got) == set(apps), set(got)
for app, all in got.items():
    numbers = [n for n in all if first <= n <= last]
    if how == "order":
        numbers = list(dict.fromkeys(numbers))
    if how == "each":
        numbers = sorted(set(numbers))
    missing = set(range(first, last + 1)) - set(numbers)
    assert not missing, "app %s lacks %d, such as %d" % (app, len(missing), min(missing))
    assert numbers == list(range(first, last + 1)), "the order of app " + app
END
has() { python3 "$tmp/has.py" "$@"; }

# --- a stream whose spool is full ---
sink late
port_late=$port url_late=syslog+tcp://127.0.0.1:$port
stop_servers
stream() { exec logpush --spool sp.full --spool-max 64K "$url_late" "$topics/full?group=full"; }
send full 1 1000
stream 2>err & m1=$!
until_true 60 sh -c 'test "$(du -sb sp.full | cut -f1)" -gt 50000'
kill -9 $m1
wait $m1 2>/dev/null
ok 'a full spool holds but a part of the lines' test "$(du -sb sp.full | cut -f1)" -lt 100000
sink late "$port_late"
stream 2>err & m1=$!
ok 'SIGKILL with a full spool loses no line, and keeps the order' until_true 60 has late/lines 01234567 1 1000 order
kill $m1
wait $m1
is 'a stream from a group ends with 0' $? 0
stop_servers

# --- two members, which are killed ---
sink tcp
tcp=syslog+tcp://127.0.0.1:$port
start_server http "$top/tests/servers/http-drain"
http=$url
start_server logplex "$top/tests/servers/http-drain"
logplex=logplex+$url/logplex
sink tick
tick=syslog+tcp://127.0.0.1:$port
sink dead
port_dead=$port dead=syslog+tcp://127.0.0.1:$port
kill "$!"
mkdir d1
# drain APP URL [MEMBER]: the file of a drain
drain() { printf '{"url":"%s","where":["app=%s"]%s}\n' "$2" "$1" "${3-}" >"d1/app$1"; }
drain 0 "$tcp"; drain 1 "$http/"; drain 2 "$logplex"
drain 3 "$tcp"; drain 4 "$http/"; drain 5 "$logplex"
drain 9 "$tick"; drain 6 "$dead"; drain 7 "$dead" ',"max":65536'
chmod 600 d1/*
cp -p -R d1 d2
(umask 077
printf '%s\n' session.timeout.ms=1500 heartbeat.interval.ms=300 >quick
printf '%s\n' session.timeout.ms=900000 max.poll.interval.ms=900000 heartbeat.interval.ms=300 >patient)
# member N SETTINGS: start it
member() {
	logpush --batch-time 100ms --kafka-config "$2" --drains "d$1" --spool "sp$1" \
		"$topics/logs,^lo.s\$?group=g" 2>>"err$1" &
	eval "m$1=$!"
}
member 1 quick
member 2 quick
last=0
awk -v n="$kills" -v seed="$seed" 'BEGIN { srand(seed)
	while (n-- > 0) print 1 + int(rand() * 2), rand() * rand() }' >plan
while read -r who pause; do
	send logs $((last + 1)) $((last += 50))
	sleep "$pause"
	eval "kill -9 \$m$who; wait \$m$who" 2>/dev/null
	member "$who" quick
done <plan
delivered() {			# FIRST LAST HOW: the living have them
	has tcp/lines 03 "$@" && has http/lines 14 "$@" && has logplex/lines 25 "$@"
}
ok 'SIGKILLs: each living drain has each line of its application, and no other' \
	until_true 60 delivered 1 "$last" each
delivered 1 "$last" each || sed 's/^/# /' err1 err2 | tail -n 20
send logs $((last + 1)) $((last + 200))
until_true 60 delivered 1 $((last + 200)) each
ok 'lines come once and in order while members stay' delivered $((last + 1)) $((last += 200)) once

# --- SIGTERM ---
# status MEMBER APP NAME
status() { sed -n "s/.*\"$3\":\([^,}]*\).*/\1/p" "d$1/app$2.status"; }
# leaves MEMBER: by SIGTERM, with the status that what waits for the dead asks for
leaves() {
	eval "kill \$m$1; wait \$m$1"
	leaves_got=$? leaves_want=0
	[ $(($(status "$1" 6 waiting) + $(status "$1" 7 waiting))) = 0 ] || leaves_want=75
	echo "$leaves_got, and it should be $leaves_want"
	[ $leaves_got = $leaves_want ]
}
ok 'SIGTERM: 75 if lines wait for those that are dead' leaves 1
ok 'SIGTERM: likewise for the other' leaves 2
member 1 patient
member 2 patient
send logs $((last + 1)) $((last + 100))
until_true 60 delivered 1 $((last + 100)) each
ok 'SIGTERM: no line comes again after it' delivered $((last + 1)) $((last += 100)) once
began=$(date +%s%N)
kill $m1
wait $m1
send logs $((last + 1)) $((last += 100))
ok 'SIGTERM: the other takes over long before the session ends' until_true 20 delivered 1 "$last" each
echo "# taken over in $((($(date +%s%N) - began) / 1000000)) ms"
# taken MEMBER N: more than n lines went through it
taken() { [ "$(cat d"$1"/*.status | sed 's/.*"delivered":\([0-9]*\).*/\1/' | sum)" -gt "$2" ]; }
# What the other has read meanwhile is not read again by who had it before.
cat d1/*.status | sed 's/.*"delivered":\([0-9]*\).*/\1/' | sum >before
member 1 patient
shares() { send logs $((last += 1)) "$last"; sleep 0.2; taken 1 "$(cat before)"; }
until_true 60 shares
from=$last
until_true 60 delivered 1 "$last" each
leaves 1 >/dev/null
echo '0:{"app":"9","n":1}' | kcat -P -b "$KAFKA_BROKER" -t logs -K:
until_true 60 test -s tick/lines
leaves 2 >/dev/null
member 2 patient
send logs $((last + 1)) $((last += 100))
until_true 60 delivered 1 "$last" each
ok 'a member that gets its share back knows what the other has done' delivered "$from" "$last" once
kill $m2
wait $m2

# --- those that were dead ---
m1='' m2=''
both() { echo $(($(status 1 "$1" "$2") + $(status 2 "$1" "$2"))); }
waiting=$(both 7 waiting) dropped=$(both 7 dropped)
ok 'a bounded spool has dropped lines' test "$dropped" -gt 0
sink back "$port_dead"
exits 0 'what waits is delivered once they are back' logpush --drains d1 --spool sp1 /dev/null
exits 0 'what waits with the other member, too' logpush --drains d2 --spool sp2 /dev/null
six() { grep '"app":"6"' back/lines >six; has six 6 1 "$last" each; }
seven() { grep '"app":"7"' back/lines >seven; [ "$(wc -l <seven)" = "$waiting" ]; }
ok 'a drain that comes back gets every line' until_true 20 six
ok 'a bounded spool gives back what it has kept' until_true 20 seven
missing=$((last - $(sed 's/.*"n"://' seven | sort -u | wc -l)))
ok 'what a bounded spool has not kept is counted' test "$missing" -le "$dropped"
is 'the receiver is told what was dropped' "$(sed -n 's/.*Error L12: \([0-9]*\) messages.*/\1/p' back/lines | sum)" "$dropped"
echo "# lines: $((last * 8)), of the bounded one $missing missing, $dropped dropped, $waiting kept, $(both 7 delivered) counted as delivered"

# --- a spool that cannot be written ---
mkdir d3
rm back/lines
printf '{"url":"%s"}\n' "$dead" >d3/all
chmod 600 d3/all
send broken 1 500
(ulimit -f 100; exec logpush --drains d3 --spool sp3 "$topics/broken?group=broken") 2>err
is 'a spool that cannot be written ends it with 2' $? 2
ok 'a spool that cannot be written is told' grep -q 'sp3/all: File too large' err
logpush --drains d3 --spool sp3 "$topics/broken?group=broken" &
m1=$!
ok 'what was not written is read again' until_true 60 has back/lines 01234567 1 500 each
kill $m1
wait $m1
m1=

# --- a drain that cannot be opened ---
mkdir d4 sp4
rm back/lines
cp d3/all d4/all
: >sp4/all
send closed 1 100
timeout 120 logpush --drains d4 --spool sp4 "$topics/closed?group=closed" 2>err
is 'a drain that cannot be opened ends it with 2' $? 2
rm sp4/all
logpush --drains d4 --spool sp4 "$topics/closed?group=closed" &
m1=$!
ok 'what came for a drain that could not be opened is read again' \
	until_true 60 has back/lines 01234567 1 100 each
kill $m1
wait $m1

# --- a stream without a spool ---
rm back/lines
logpush --batch-time 20m "$dead" "$topics/closed?group=waits" &
m1=$!
ok 'without a spool no batch waits long for other lines' \
	until_true 60 has back/lines 01234567 1 100 each
kill $m1
wait $m1
m1=
done_testing
