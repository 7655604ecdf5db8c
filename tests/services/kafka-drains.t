#!/bin/sh
# Drains on several machines: scripts/rest/logferry-drains.cgi writes them to a
# topic of a real Kafka, and logferry-drains-follow brings them to each
. "${0%/*}/../lib.sh"

for c in kcat jq python3 setsid; do
	command -v $c >/dev/null || skip_all "$c is not installed"
done
kafka=$top/tests/servers/kafka
"$kafka" install >/dev/null 2>why || skip_all "no Kafka: $(head -n 1 why)"
. "$top/tests/servers/lib.sh"
f1='' f2='' f3='' p1='' p2=''
at_exit="$at_exit"'; for p in $f1 $f2 $f3; do kill -9 -$p; done 2>/dev/null
	kill -9 $p1 $p2 2>/dev/null; "$kafka" stop "$tmp/kafka.d"'
env=$(KAFKA_PARTITIONS=3 "$kafka" start kafka.d) || exit 1
eval "$env"
LOGFERRY_ALLOW=127.0.0.1
LOGFERRY_TOPIC=kafka://$KAFKA_BROKER/_drains
export LOGFERRY_ALLOW LOGFERRY_TOPIC
# The topic is there before somebody reads it.
echo 'none|' | kcat -P -b "$KAFKA_BROKER" -t _drains -p 0 -K '|' -Z
echo key >key

# follow N: as systemd has it, on machine N
follow() {
	mkdir -p "m$1"
	LOGFERRY_DRAINS=$tmp/m$1 setsid sh -c 'while :; do "$1"; sleep 0.2; done' - \
	    "$top/scripts/rest/logferry-drains-follow" 2>>"err$1" &
	eval "f$1=$!"
}
# ask N METHOD PATH [BODY]: of the CGI of machine N; prints the status
ask() {
	printf %s "${4-}" | env LOGFERRY_DRAINS="$tmp/m$1" LOGFERRY_KEY_FILE="$tmp/key" \
	    HTTP_AUTHORIZATION=key REQUEST_METHOD="$2" PATH_INFO="$3" \
	    CONTENT_LENGTH="$(printf %s "${4-}" | wc -c)" \
	    sh "$top/scripts/rest/logferry-drains.cgi" >answer
	sed '1,/^$/d' answer >body
	sed -n 's/^Status: \([0-9]*\) .*/\1/p' answer
}
# post N APP: makes a drain, and prints its id
post() {
	[ "$(ask "$1" POST "/apps/$2/log-drains" "{\"url\":\"syslog://127.0.0.1:$port\"}")" = 201 ] &&
	    jq -r .id body
}
# same_drains A B: these machines have the same files, the same as wanted
same_drains() {
	for m in "$@"; do
		(cd "m$m" && find . -name '*-*-*-*-*' ! -name '*.status' -type f | sed 's,./,,' | sort) >"list$m"
		sort wanted | cmp -s - "list$m" || return
		while read -r id; do cmp -s "m$1/$id" "m$m/$id" || return; done <wanted
	done
}

start_server sink env THREADS=1 sh -c 'exec "$0" "$1" tcp' "$top/tests/servers/syslog-sink"
follow 1
follow 2
: >wanted
for i in 1 2 3 4 5 6; do post 1 "app$i-live" >>wanted; done
is 'drains are made' "$(wc -l <wanted)" 6
ok 'a drain that is made on one machine comes to another' until_true 20 same_drains 1 2
is 'its file is for its owner alone' "$(find m2 -type f ! -perm 600)" ''
id=$(sed -n 2p wanted)
is 'a drain is removed on another machine' "$(ask 2 DELETE "/apps/app2-live/log-drains/$id")" 200
sed -i 2d wanted
ok 'a drain that is removed on one machine goes on the other' until_true 20 same_drains 1 2
follow 3
ok 'a machine that comes later has all drains' until_true 20 same_drains 1 2 3

kill -9 "-$f2"
wait "$f2" 2>/dev/null
post 1 app7-live >>wanted
id=$(sed -n 1p wanted)
is 'a drain is removed while a machine is away' "$(ask 3 DELETE "/apps/app1-live/log-drains/$id")" 200
sed -i 1d wanted
echo '{"url":"syslog+tcp://127.0.0.1:1"}' >m2/mine
until_true 20 same_drains 1 3
ok 'what nobody follows stays as it was' test -e "m2/$id"
follow 2
ok 'a machine that was away catches up' until_true 20 same_drains 1 2 3
ok "a file of the machine's own stays" test -e m2/mine
rm m2/mine

# --- the lines ---
# The topics of Akkeris: that of a space, of the router, and of builds
for topic in live alamoweblogs istio-access-logs alamobuildlogs; do
	echo '{}' | kcat -P -b "$KAFKA_BROKER" -t $topic
done
# member N: logpush of machine N
member() {
	logpush --batch-time 100ms -f akkeris --drains "m$1" --spool "sp$1" \
	    "kafka://$KAFKA_BROKER/^[^_]?group=g" 2>>"pusherr$1" &
	eval "p$1=$!"
}
member 1
member 2
# lines APP FIRST LAST, with numbers as keys, so that both members get some
lines() {
	awk -v app="$1" -v n="$2" -v last="$3" 'BEGIN { for (; n <= last; n++)
		printf "%d:{\"log\":\"line %d\",\"stream\":\"stdout\",\"kubernetes\":" \
		    "{\"container_name\":\"%s\",\"namespace_name\":\"live\",\"pod_name\":\"%s-x\"}}\n",
		    n, n, app, app }' | kcat -P -b "$KAFKA_BROKER" -t live -K:
}
has() {				# APP FIRST LAST
	sed -n "s/^<14>1 [^ ]* $1-live web.x .* line //p" sink/lines | sort -nu >got
	seq "$2" "$3" | cmp -s - got
}
lines app3 1 300
ok 'the lines that the members share come to one drain' until_true 60 has app3 1 300
echo 'hostname=app3-live.example.com source=1.1.1.1 path=/a method=get timestamp=2021-06-29T10:05:03Z' |
	kcat -P -b "$KAFKA_BROKER" -t alamoweblogs
echo '{"time":"2021-06-29T10:05:03Z","bytes":1,"method":"GET","source":"s","space":"live","path":"/b","request_id":"r","app":"app3","fwd":"1.1.1.1","status":200,"service":"1ms","dyno":"d","total":"2ms"}' |
	kcat -P -b "$KAFKA_BROKER" -t istio-access-logs
echo '{"metadata":"app3-live","build":4,"job":"4","message":"built"}' | kcat -P -b "$KAFKA_BROKER" -t alamobuildlogs
cat >platform <<'END'
app3-live akkeris/build built
app3-live akkeris/router bytes=1 method=GET request_id=r fwd=1.1.1.1 origin= status=200 service=1ms total=2ms source=s dyno=d host=app3-live path=/b
app3-live akkeris/router fwd="1.1.1.1" method=get host=app3-live path=/a
END
platform() {
	sed -n 's/^<14>1 [^ ]* \(app3-live akkeris.[^ ]*\) - - \(-\|\[[^]]*\]\) /\1 /p' sink/lines | sort | cmp -s - platform
}
ok 'lines of the router and of builds come to the drain of their application' until_true 60 platform
# A drain has a status once logpush has seen its file, and none once it is gone.
have_status() { [ -e "m1/$1.status" ] && [ -e "m2/$1.status" ]; }
have_none() { [ ! -e "m1/$1.status" ] && [ ! -e "m2/$1.status" ]; }
post 3 app8-live >>wanted
id=$(sed -n '$p' wanted)
until_true 20 have_status "$id"
lines app8 1 300
ok 'a drain that is made elsewhere gets its lines from each member' until_true 60 has app8 1 300
ask 3 DELETE "/apps/app8-live/log-drains/$id" >/dev/null
sed -i '$d' wanted
until_true 20 have_none "$id"
lines app8 301 400
lines app3 301 400
until_true 60 has app3 1 400
ok 'a drain that was removed elsewhere gets no more lines' has app8 1 300

# --- without the topic ---
"$kafka" stop kafka.d
is 'without the broker no drain is made' "$(ask 1 POST /apps/app9-live/log-drains '{"url":"https://logs.example.com/"}')" 503
id=$(sed -n 1p wanted)
is 'without the broker no drain is removed' "$(ask 1 DELETE "/apps/app3-live/log-drains/$id")" 503
ok 'without the broker the drains stay' same_drains 1 2 3
"$kafka" start kafka.d >/dev/null
post 2 app10-live >>wanted
ok 'when the broker is back they go on' until_true 60 same_drains 1 2 3
kill $p1 $p2
wait $p1 $p2
p1='' p2=''
done_testing
