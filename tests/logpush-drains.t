#!/bin/sh
# logpush --drains: many receivers of one stream, each for some of its lines
. "${0%/*}/lib.sh"

command -v python3 >/dev/null || skip_all 'python3 is not installed'
. "$top/tests/servers/lib.sh"
LOGFERRY_ALLOW=127.0.0.1
export LOGFERRY_ALLOW
start_server http "$top/tests/servers/http-drain"
http=http://127.0.0.1:$port
syslog() { start_server "$1" sh -c 'exec "$0" "$2" "$1"' "$top/tests/servers/syslog-sink" "${2:-tcp}"; }
syslog tcp
tcp=syslog+tcp://127.0.0.1:$port
dead=syslog+tcp://127.0.0.1:1
fresh() { rm -rf http/lines http/requests http/mode http/wrong tcp/lines d sp err fifo; mkdir d; }
# drain ID MEMBER...: the file of a drain appears, or changes
drain() {
	drain_id=$1; shift
	printf '{%s}\n' "$*" >"d/.$drain_id"
	mv "d/.$drain_id" "d/$drain_id"
}
numbers() { sed 's/.*"n":\([0-9]*\).*/\1/' "$@" | tr '\n' ' '; }
# of APP FIRST LAST: lines of an application
of() { seq "$2" "$3" | sed "s/.*/{\"app\":\"$1\",\"n\":&}/"; }
# status ID MEMBER
status() { sed -n "s/.*\"$2\":\(\"[^\"]*\"\|[^,}]*\).*/\1/p" "d/$1.status"; }
# says_status ID MEMBER VALUE
says_status() { [ "$(status "$1" "$2")" = "$3" ]; }
# arrived N: so many lines over TCP, which the sink writes a moment later
arrived() { until_true 20 sh -c "[ \$(wc -l <tcp/lines) -ge $1 ]"; }
sent() { grep -q "\"n\":$1}" "${2:-http/lines}"; }
to() { sed -n "s/.*\"path\": \"\\/$1\".*\"lines\": \\([0-9]*\\).*/\\1/p" http/requests; }

# --- which lines go where ---
fresh
drain a "\"url\":\"$http/a\",\"where\":[\"app=a\"]"
drain b5 "\"url\":\"$http/b5\",\"where\":[\"app=b\",\"n>5\"],\"other\":{\"x\":[1]}"
drain one "\"url\":\"$http/one\",\"where\":[\"n=01.0\",\"app=b\"]"
drain all "\"url\":\"$tcp\""
drain text "\"url\":\"$http/text\",\"where\":[\"message~^just\"]"
{ of a 1 10; of b 1 10; echo just text; } >in
exits 0 'all that was read is delivered at the end' logpush --drains d --spool sp in
is 'conditions say which lines a drain gets' \
	"$(for p in a b5 one text; do echo "$p $(to $p | sum)"; done | tr '\n' ' ')" 'a 10 b5 5 one 1 text 1 '
is 'lines of one drain keep their order' "$(grep '"app":"a"' http/lines | numbers | cut -c1-21)" '1 2 3 4 5 6 7 8 9 10 '
arrived 21
is 'a drain without conditions gets every line' "$(wc -l <tcp/lines)" 21
ok 'a status has all of it' python3 -c '
import json
s = json.load(open("d/a.status"))
assert list(s) == ["url", "waiting", "bytes", "oldest", "failing_since",
    "last_error", "delivered", "dropped", "refused", "damaged"], s
assert s["url"].endswith("/a") and s["delivered"] == 10 and s["waiting"] == 0, s
assert s["oldest"] is s["failing_since"] is s["last_error"] is None, s'
is 'nobody else may read a status' "$(stat -c %a d/a d/a.status | tr '\n' ' ')" "$(stat -c '%a %a' d/a) "

fresh
drain one "\"url\":\"$tcp\",\"batch_lines\":1"
of a 1 50 >fifty
before=$(wc -l <tcp/peers)
logpush --drains d --spool sp fifty
arrived 50
is 'all batches of a drain take one connection' \
	"$(($(wc -l <tcp/peers) - before))" 1

# --- a dead one ---
fresh
drain alive "\"url\":\"$http/alive\",\"where\":[\"app=a\"]"
drain dead "\"url\":\"$dead\",\"where\":[\"app=a\"]"
drain secret "\"url\":\"https://u:geheim@127.0.0.1:1/?token=geheim\""
exits 75 'a dead drain has its lines wait' logpush --drains d --spool sp --deadline 1s in
is 'a dead drain holds up no other' "$(numbers http/lines)" '1 2 3 4 5 6 7 8 9 10 '
is 'a status counts what waits' "$(status dead waiting) $(status dead delivered)" '10 0'
ok 'a status says why, and since when' sh -c 'grep -q "\"failing_since\":\"20.*\"last_error\":\"127.0.0.1:1: .*\"oldest\":\"20\|\"oldest\":\"20.*\"failing_since\":\"20.*\"last_error\":\"127" d/dead.status'
ok 'no status has a secret' not grep -rq geheim d/secret.status
logpush --drains-status d >table
ok '--drains-status is a table of them' sh -c 'grep -q "^drain  *waiting" table && grep -q "^dead  *10 " table &&
	grep -q "^alive  *0 .* 10 " table && ! grep -q geheim table'
is '--drains-status: bytes are those on disk' "$(sed -n '1s/.* \(disk bytes\) .*/\1/p' table)" 'disk bytes'
drain dead "\"url\":\"$http/moved\",\"where\":[\"app=a\"]"
rm d/secret
fresh_lines=$(wc -l <http/lines)
exits 0 'what waits goes to where the drain has moved' logpush --drains d --spool sp /dev/null
is 'each line that waited, and no other, goes there' "$(tail -n +$((fresh_lines + 1)) http/lines | numbers)" '1 2 3 4 5 6 7 8 9 10 '
is 'what is delivered adds up over runs' "$(status alive delivered) $(status dead delivered)" '10 10'
is 'a drain that has recovered has no last error' "$(status dead failing_since) $(status dead last_error)" 'null null'

# --- while it runs ---
# run [OPTION...]: it reads from fd 9
run() {
	mkfifo fifo
	logpush --drains d --spool sp "$@" <fifo 2>err &
	pid=$!
	exec 9>fifo
}
fresh
drain a "\"url\":\"$http/a\",\"where\":[\"app=a\"]"
run --batch-time 50ms
of a 1 2 >&9
ok 'lines are delivered as they come' until_true 20 sent 2
drain b "\"url\":\"$http/b\",\"where\":[\"app=b\"]"
ok 'a new drain gets its lines' until_true 20 sh -c "$(cat <<'END'
echo '{"app":"b","n":3}' >&9; sleep 0.1; grep -q '"n":3}' http/lines
END
)"
ok 'a drain has a status while it runs' until_true 20 test -e d/b.status
drain b "\"url\":\"$http/b\",\"where\":\"app=b\""
ok 'a broken file is told' until_true 20 grep -q 'd/b: where is no array' err
of b 4 4 >&9
ok 'a drain whose file is broken goes on as it was' until_true 20 sent 4
ok '--drains-status: a drain that goes on as it was has the reason why its file is not taken' \
	sh -c "\"\$@\" | grep -q '^b .*/b - file not taken: where is no array$'" - logpush --drains-status d
drain b "\"url\":\"$http/b\",\"where\":[\"app=c\"]"
ok 'a changed drain gets other lines' until_true 20 sh -c "$(cat <<'END'
echo '{"app":"c","n":5}' >&9; sleep 0.1; grep -q '"n":5}' http/lines
END
)"
is '--drains-status: a file that was mended has no reason any more' "$(logpush --drains-status d | grep 'not taken')" ''
echo status=503 >http/mode
of c 6 6 >&9
ok 'a drain that fails says so while it runs' until_true 20 says_status b last_error '"HTTP status 503: being difficult"'
drain b '"url":5'
ok 'a file that is broken again has a reason again' until_true 20 grep -q '"error":"url is no string"' d/b.error
rm d/b
ok 'the status, the reason and the lines of a drain that is removed go' until_true 20 \
	sh -c '! [ -e d/b.status ] && ! [ -e d/b.error ] && ! [ -e sp/b ]'
rm http/mode
drain late "\"url\":\"$http/late\",\"where\":[\"app=a\"],\"until\":\"$(date -u -d '+2 seconds' +%Y-%m-%dT%H:%M:%SZ)\""
ok 'a drain whose time is over goes' until_true 20 sh -c '[ -e sp/late ] || [ -e d/late.status ]'
ok 'with its file, its status and its spool' until_true 20 sh -c '! [ -e d/late ] && ! [ -e d/late.status ] && ! [ -e sp/late ]'
of a 7 7 >&9
exec 9>&-
wait "$pid"
is 'what was going on has harmed nothing' "$? $(numbers http/lines | tr ' ' '\n' | sort -nu | tr '\n' ' ')" '0 1 2 3 4 5 7 '
ok 'the drain that stays has no line twice' test "$(grep '"app":"a"' http/lines | sort | uniq -d | wc -l)" = 0

# --- formats ---
fresh
says '^logpush: jsn: no such format' 'a format that is not there is named' logpush --drains d --spool sp -f jsn /dev/null
says '^logpush: json: auto is the last format' 'a format that stands after auto is named' logpush --drains d --spool sp -f auto,json /dev/null

# --- more time ---
fresh
at=$(($(date +%s) + 2))
for id in a b; do
	drain $id "\"url\":\"$dead\",\"until\":\"$(date -u -d @$at +%Y-%m-%dT%H:%M:%SZ)\""
done
printf '{"url":"%s","until":"2100-01-01T00:00:00Z"}' "$dead" >later
run
in_time=$(python3 -c '
import os, sys, time
end = float(sys.argv[1])
time.sleep(max(0, end - 0.03 - time.time()))
os.rename("later", "d/a")
print(time.time() < end)' $at)
until_true 20 not test -e d/b
if [ "$in_time" = True ]; then
	ok 'a drain that gets more time in its last moment stays' test -e d/a
else
	skip 'the machine is too slow' 'a drain that gets more time in its last moment stays'
fi
exec 9>&-
wait "$pid"

# --- a time that is over ---
fresh
drain a "\"url\":\"$dead\""
of a 1 3 | logpush --drains d --spool sp --deadline 200ms 2>err
drain a "\"url\":\"$dead\",\"until\":\"2020-01-01T00:00:00Z\""
of a 4 4 >in
exits 75 'a drain whose time is over stays while lines wait' logpush --drains d --spool sp --deadline 200ms in
logpush --drains d --spool sp --deadline 200ms in 2>err
ok 'one drain that is away is told as one' grep -q ': 1 drain: not delivered, 3 records are kept in sp$' err
is 'a drain whose time is over gets no more lines' "$(status a waiting)" 3
drain a "\"url\":\"$http/a\",\"until\":\"2020-01-01T00:00:00Z\""
exits 0 'a drain whose time is over delivers what waits' logpush --drains d --spool sp in
is 'a drain whose time is over has gone, with its file, status and spool, when the run ends' \
	"$(numbers http/lines)$(ls d sp | grep -v :)" '1 2 3 '

# --- the oldest line ---
fresh
drain a "\"url\":\"$dead\""
seconds() { date -d "$(status a oldest | tr -d '"')" +%s; }
began=$(date +%s)
of a 1 1 | logpush --drains d --spool sp --deadline 200ms 2>err
oldest=$(seconds)
ok 'a status says when the oldest line was read' test "$oldest" -ge "$began" -a "$oldest" -le "$(date +%s)"
later() { [ "$(date +%s)" -gt "$oldest" ]; }
until_true 20 later
run --batch-time 10m
of a 2 2 >&9
ok 'a line that waits is counted before it is tried' until_true 20 says_status a waiting 2
is 'the oldest line is still the one of the run before' "$(seconds)" "$oldest"
kill "$pid"
wait "$pid"
exec 9>&-

# --- a limit that becomes smaller ---
fresh
drain a "\"url\":\"$dead\""
drain b "\"url\":\"$http/b\""
of a 1 20000 >in
logpush --drains d --spool sp --deadline 1s in 2>err
drain a "\"url\":\"$dead\",\"max\":65536"
of a 20001 25000 >in
exits 75 'a spool above a limit that is new holds up no other' timeout 100 logpush --drains d --spool sp --deadline 1s in
ok 'the other has its lines' sent 25000
ok 'the spool keeps the new limit' test "$(status a bytes)" -le 65536
is 'what went for it is counted' "$(($(status a waiting) + $(status a dropped)))" 25000

# --- a spool that is full ---
fresh
drain l "\"url\":\"logplex+$http/logplex\",\"max\":65536"
drain s "\"url\":\"$dead\",\"max\":65536"
drain all "\"url\":\"$http/all\""
echo status=503 >http/mode
of x 1 5000 >in
logpush --drains d --spool sp --deadline 1s in 2>err
is 'what is dropped and what waits is what was read' \
	"$(($(status l waiting) + $(status l dropped))) $(($(status s waiting) + $(status s dropped)))" '5000 5000'
ok 'a full spool keeps the newest, and three quarters at least' sh -c '
	[ $(du -sb sp/l | cut -f1) -le 80000 ] && [ '"$(status l bytes)"' -ge 49152 ]'
is 'another one is not concerned' "$(status all waiting) $(status all dropped)" '5000 0'
dropped=$(status l dropped)
rm http/mode
drain s "\"url\":\"$tcp\",\"max\":65536"
exits 0 'the rest is delivered once they are back' logpush --drains d --spool sp /dev/null
until_true 20 sent 5000 tcp/lines
is 'what was dropped stays counted' "$(status l dropped) $(status s waiting)" "$dropped 0"
is 'Logplex is told how many were dropped' "$(sed -n 's/.*Error L12: \([0-9]*\) messages dropped.*/\1/p' http/lines)" "$dropped"
is 'syslog is told how many were dropped, too' "$(sed -n 's/.*Error L12: \([0-9]*\) messages dropped.*/\1/p' tcp/lines)" "$(status s dropped)"
is 'no line that was kept is missing, and the last is there' \
	"$(grep -c '"n":' tcp/lines) $(tail -n 1 tcp/lines | numbers)" "$(status s delivered) 5000 "

# --- SIGKILL while it drops ---
fresh
drain s "\"url\":\"$dead\",\"max\":65536"
of x 1 100 | logpush --drains d --spool sp --deadline 200ms 2>err
cp sp/s/report report
of x 101 5000 | logpush --drains d --spool sp --deadline 200ms 2>err
logpush --drains d --spool sp --deadline 200ms /dev/null 2>err
kept=$(status s waiting)
# As if SIGKILL had come between the two files
mv report sp/s/report
logpush --drains d --spool sp --deadline 200ms /dev/null 2>err
is 'what was dropped and is in no report yet is counted by the next run' \
	"$(status s waiting) $(status s dropped) $(status s delivered)" "$kept $((5000 - kept)) 0"

# --- after a power cut ---
fresh
of a 1 20 >in
drain a "\"url\":\"$http/a\""
logpush --drains d --spool sp in
drain a "\"url\":\"$dead\""
of a 21 60 >in
logpush --drains d --spool sp --deadline 1s in 2>err
# frame N: where the frame of a line begins
frame() { echo $(($(grep -abo "{\"app\":\"a\",\"n\":$1}" sp/a/*.spool | cut -d: -f1) - 32)); }
dd if=/dev/zero of="$(echo sp/a/*.spool)" bs=1 seek="$(frame 10)" \
	count=$(($(frame 41) - $(frame 10))) conv=notrunc 2>/dev/null
drain a "\"url\":\"$http/a\""
run --batch-time 50ms
ok 'what comes after frames that were lost is delivered' until_true 20 sent 60
of a 61 61 >&9
ok 'a line does not wait for as many as were lost' until_true 20 sent 61
of a 62 62 >&9
exec 9>&-
wait "$pid"
is 'the last line is delivered, too' "$(numbers http/lines | cut -d' ' -f21-)" \
	"$(seq 41 62 | tr '\n' ' ')"

# --- lines that are damaged ---
fresh
drain a "\"url\":\"$dead\""
of a 1 3 >in
logpush --drains d --spool sp --deadline 200ms in 2>err
printf X | dd of="$(echo sp/a/*.spool)" bs=1 seek=$(($(frame 2) + 35)) conv=notrunc 2>/dev/null
drain a "\"url\":\"$http/a\""
of a 4 4 >in
exits 1 'a line that is damaged is an error' logpush --drains d --spool sp in
is 'what is found damaged in the last batch is counted, too' \
	"$(numbers http/lines) $(status a delivered) $(status a damaged)" '1 3 4  3 1'
exits 0 'what was damaged is told once' logpush --drains d --spool sp /dev/null

# --- at the end ---
fresh
drain a "\"url\":\"$http/a\""
run --batch-time 10m
of a 1 1 >&9
ok 'a line waits for the time of its batch' until_true 20 says_status a waiting 1
exec 9>&-
ok 'at the end of the input a line waits for no others' until_true 20 not kill -0 "$pid"
kill "$pid" 2>/dev/null
wait "$pid"
is 'a line that waited for others is delivered at the end' "$? $(numbers http/lines)" '0 1 '

# --- what the system has no room for ---
fresh
mkdir sp
: >sp/a
drain a "\"url\":\"$http/a\""
drain b "\"url\":\"$http/b\""
run --batch-time 50ms
ok 'a drain whose spool cannot be made is told' until_true 20 grep -q 'd/a: sp/a: Not a directory' err
of a 1 1 >&9
ok 'another drain has its spool' until_true 20 sent 1
rm sp/a
ok 'the spool is made once that can be done' until_true 20 test -e sp/a/write.lock
of a 2 2 >&9
exec 9>&-
wait "$pid"
is 'lines that were in no spool are trouble, those after it are delivered' \
	"$? $(to a | sum) $(to b | sum)" '2 1 2'
is 'a spool that cannot be made is told once' "$(grep -c 'd/a: ' err)" 1

# --- SIGTERM ---
fresh
start_server hang python3 -c '
import os, socket, sys, time
s = socket.create_server(("127.0.0.1", 0))
with open(sys.argv[1] + "/port.new", "w") as f:
    f.write("%d\n" % s.getsockname()[1])
os.rename(sys.argv[1] + "/port.new", sys.argv[1] + "/port")
time.sleep(1000)'
drain hang "\"url\":\"syslog+tls://127.0.0.1:$port\""
drain slow "\"url\":\"http://127.0.0.1:$port/\""
drain alive "\"url\":\"$http/alive\""
run --batch-time 50ms
of a 1 100 >&9
ok 'one that hangs holds up no other' until_true 20 sent 100
of a 101 101 >&9
sleep 0.2
began=$(date +%s)
kill "$pid"
wait "$pid"
is 'SIGTERM: 75 when something waits' "$?" 75
ok 'SIGTERM: it has gone within 10 s, whatever hangs' test $(($(date +%s) - began)) -le 10
exec 9>&-
drain hang "\"url\":\"$http/back\""
drain slow "\"url\":\"$http/back\""
rm -f http/lines http/requests
exits 0 'SIGTERM: what waits is delivered by the next run' logpush --drains d --spool sp /dev/null
is 'SIGTERM: every line that was read is there' "$(numbers http/lines | tr ' ' '\n' | sort -n | uniq -c | sed -n 's/^ *2 //p' | wc -l)" 101

# --- records ---
fresh
drain k "\"url\":\"$tcp\",\"where\":[\"app=shop\",\"namespace=live\"],\"hostname\":\"{app}-{namespace}\",\"appname\":\"{proc_type}.{instance}\""
cat >in <<'END'
{"log":"hello\n","stream":"stderr","time":"2021-06-29T10:05:03.123456789Z","kubernetes":{"container_name":"shop--worker","namespace_name":"live","pod_name":"shop--worker-5d8f7-x2x8z","host":"n1"},"topic":"live"}
{"log":"web","stream":"stdout","time":"2021-06-29T10:05:04Z","kubernetes":{"container_name":"shop","namespace_name":"live","pod_name":"shop-5d8f7-aaaaa"}}
{"log":"no","stream":"stdout","time":"2021-06-29T10:05:04Z","kubernetes":{"container_name":"shopl","namespace_name":"ive","pod_name":"shopl-1"}}
{"log":"pod","stream":"stdout","time":"2021-06-29T10:05:05Z","kubernetes":{"container_name":"shop--","namespace_name":"live","pod_name":"other"}}
END
exits 0 '-f kube: lines are read as such' logpush -f kube --drains d --spool sp in
cat >want <<'END'
<11>1 2021-06-29T10:05:03.123456Z shop-live worker.5d8f7-x2x8z - - - hello
<14>1 2021-06-29T10:05:04Z shop-live web.5d8f7-aaaaa - - - web
END
arrived 2
same '-f kube: application, type and instance are in the messages' want sed 's/ - - \[[^]]*\] / - - - /' tcp/lines
fresh
drain k "\"url\":\"$tcp\",\"where\":[\"app=shop\",\"namespace=live\"],\"hostname\":\"{app}-{namespace}\",\"appname\":\"{proc_type}.{instance}\""
drain site "\"url\":\"$http/site\",\"where\":[\"site=www.example.com\"]"
cat >in <<'END'
{"log":"hello\n","stream":"stderr","time":"2021-06-29T10:05:03.123456789Z","kubernetes":{"container_name":"shop--worker","namespace_name":"live","pod_name":"shop--worker-5d8f7-x2x8z","host":"n1"},"topic":"live"}
hostname=shop-live.example.com source=1.1.1.1 path=/some_path timestamp=2021-06-29T10:05:04Z site_domain=www.example.com site_path=/ status=503
{"time":"2021-06-29T10:05:05Z","bytes":10,"method":"GET","source":"s","space":"live","path":"/p","request_id":"r","host":"h","app":"shop","fwd":"1.1.1.1","status":200,"service":"5ms","dyno":"shop-1","total":"7ms"}
{"metadata":"shop-live","build":40,"job":"40","message":"Step 3/7 : ARG TOKEN=0123"}
{"metadata":"other-live","build":40,"job":"40","message":"no"}
hostname=shop-test.example.com source=1.1.1.1 path=/
END
exits 0 '-f akkeris: lines are read as such' logpush -f akkeris --drains d --spool sp in
cat >want <<'END'
<11>1 2021-06-29T10:05:03.123456Z shop-live worker.5d8f7-x2x8z - - - hello
<14>1 2021-06-29T10:05:04Z shop-live akkeris/router - - - fwd="1.1.1.1" site_domain=www.example.com site_path=/ status=503 host=shop-live path=/some_path
<14>1 2021-06-29T10:05:05Z shop-live akkeris/router - - - bytes=10 method=GET request_id=r fwd=1.1.1.1 origin= status=200 service=5ms total=7ms source=s dyno=shop-1 host=shop-live path=/p
<14>1 NOW shop-live akkeris/build - - - Step 3/7 : ARG TOKEN=...
END
arrived 4
same '-f akkeris: the router and builds have their names, as applications have' want \
	sed 's/ - - \[[^]]*\] / - - - /; s/ [^ ]*\( [^ ]* akkeris.build\)/ NOW\1/' tcp/lines
is '-f akkeris: a site has its own lines' "$(to site)" 1
fresh
drain k "\"url\":\"$http/k\",\"where\":[\"stream=stdout\"]"
printf '2021-06-29T10:05:0%s.1Z stdout %s {"n":%s}\n' 3 P 1 4 F 2 5 F 3 >in
exits 0 'lines with pieces of messages are taken' logpush --drains d --spool sp in
is 'a piece of a message meets conditions as a line does' \
	"$(sed 's/.*n[^:]*:\([0-9]\).*/\1/' http/lines | tr '\n' ' ')" '1 2 3 '
fresh
drain j "\"url\":\"$http/j\""
printf '__CURSOR=%s\nMESSAGE=%s\n\n' a one b two c three >in
exits 0 '-f journal: entries of several lines are taken' logpush -f journal --drains d --spool sp in
is '-f journal: each entry is a record' "$(sed -n 's/.*"message":"\([a-z]*\)".*/\1/p' http/lines | tr '\n' ' ')" 'one two three '
exits 2 '-f: a format must be known' logpush -f nonesuch --drains d --spool sp in

# --- stores ---
fresh
LOGFERRY_ALLOW="127.0.0.1, file://$tmp/store/ s3://bucket/logs/"
objects() { find store -type f 2>/dev/null | sort; }
in_each() { objects | while read -r f; do gunzip -c "$f" | wc -l; done | tr '\n' ' '; }
drain f "\"url\":\"file://$tmp/store/{host}/\",\"where\":[\"app=a\"],\"batch_bytes\":1000,\"batch_time\":3600"
{ of b 1 5; of a 1 100; } >in
exits 0 'a folder: all lines are there at the end' logpush --drains d --spool sp --batch-lines 50 in
is 'a folder: it has a packed file for each batch, of as many lines or bytes as are asked' "$(in_each)" '50 50 '
drain f "\"url\":\"file://$tmp/store/{host}/\",\"where\":[\"app=a\"],\"batch_bytes\":1200,\"batch_lines\":500"
of a 101 200 >in
logpush --drains d --spool sp --batch-lines 50 in
is 'a folder: a drain says how large its batches are' "$(in_each)" '50 50 60 40 '
is 'a folder: its files have each line once, in order' "$(objects | xargs gunzip -c | numbers)" "$(seq 200 | tr '\n' ' ')"
is 'a folder: the status is as with any drain' "$(status f delivered) $(status f waiting)" '200 0'
# A file stands where the folder would be.
rm -rf store; : >store
of a 1 5 >in
exits 75 'a store that is away has its lines wait' logpush --drains d --spool sp --deadline 1s in
rm store
of a 6 15 >in
exits 0 'a store that is back gets what waited' logpush --drains d --spool sp in
is 'what was begun before stays one batch, and the same' "$(in_each)" '5 10 '
drain f "\"url\":\"file://$tmp/store/{host}/\",\"batch_time\":3600,\"batch_lines\":4"
rm -rf store
run
of a 1 3 >&9
ok 'lines wait until the batch is full' until_true 20 says_status f waiting 3
is 'nothing is stored before that' "$(objects | wc -l)" 0
of a 4 4 >&9
stored() { [ "$(in_each)" = "$1" ]; }
ok 'a batch that is full is stored' until_true 20 stored '4 '
of a 5 5 >&9
exec 9>&-
wait "$pid"
is 'the end of the input waits for no batch' "$? $(in_each)" '0 4 1 '
fresh
aws_keys
serve s3
drain s '"url":"s3://bucket/logs/{name}","headers":{"x-amz-tagging":"a=b"}'
drain no '"url":"s3://bucket/other/"'
of a 1 100 >in
says 'd/no: url is of a store that LOGFERRY_ALLOW does not name' 'S3: no drain leads elsewhere' \
	logpush --drains d --spool sp --endpoint-url "$url" in
is 'S3: a drain stores its lines' "$(gunzip -c s3/objects/logs%2F*.gz | numbers)" "$(seq 100 | tr '\n' ' ')"
ok 'S3: with its headers' grep -q '"x-amz-tagging": "a=b"' s3/objects/*.meta
# The example of logferry-drains(7), with our servers, and a pipe that ends
sed -n '/^\.Ss One machine and a pipe/,/^\.Ed/p' "$top/man/logferry-drains.7" | sed "1,/^\.Bd/d; /^\.Ed/d
	s,http://127.0.0.1:8080,$http,; s/tail -n +1 -F/cat/" >script
fresh
rm -r d s3/objects/*
mkdir page
{ of shop 1 2; of other 3 4; of blog 5 6; of shopper 7 8; } >page/app.log
(cd page || exit
AWS_ENDPOINT_URL=$url; export AWS_ENDPOINT_URL
sh ../script >out 2>err)
is 'the example with one machine and a pipe delivers and stores what it says' \
	"$? $(cat page/err) $(numbers http/lines)- $(gunzip -c s3/objects/logs%2F*.gz | numbers)" '0  1 2 5 6 - 1 2 3 4 5 6 7 8 '
mkdir d
echo 'plain text' >in
drain a "\"url\":\"$tcp\",\"framing\":\"lf\""
logpush --drains d --spool sp in
echo '{"message":"m","appname":"my","hostname":"hh"}' >in
logpush --drains d --spool sp in
arrived 2
is 'without templates a line has its own appname and hostname, if any' "$(cut -d' ' -f3,4 tcp/lines | tr '\n' ' ')" \
	"$(uname -n) - hh my "
LOGFERRY_ALLOW=127.0.0.1

# --- where a drain may not lead ---
fresh
for url in "$tcp" "syslog+udp://127.0.0.1:9" "$http/" "http://localhost:1/"; do
	drain x "\"url\":\"$url\""
	rm -rf sp
	of a 1 1 >in
	(unset LOGFERRY_ALLOW
	says 'its address is not allowed' "a drain does not lead to this machine: $(echo "$url" | sed 's/:[0-9]*\/*$//')" \
		logpush --drains d --spool sp --deadline 200ms in)
	n_ok=$((n_ok + 1))
done
if [ -n "$TSAN_OPTIONS" ]; then
	skip 'ThreadSanitizer does not know the threads of librdkafka' \
		'a drain does not lead to a Kafka on this machine'
elif ldconfig -p 2>/dev/null | grep -q librdkafka.so.1; then
	drain x '"url":"kafka://127.0.0.1:9/topic"'
	rm -rf sp
	(unset LOGFERRY_ALLOW
	says 'its address is not allowed' 'a drain does not lead to a Kafka on this machine' \
		logpush --drains d --spool sp --deadline 3s in)
	n_ok=$((n_ok + 1))
else
	skip 'librdkafka is not installed' 'a drain does not lead to a Kafka on this machine'
fi
ok 'nothing went there' not grep -q '"n":1}' tcp/lines http/lines
rm d/x
says 'sp/x: is the spool of no drain' 'the spool of a drain that has gone is told' \
	logpush --drains d --spool sp /dev/null

# --- what a file may not say ---
fresh
# refuses WHY MEMBER...
refuses() {
	refuses_why=$1; shift
	drain x "$@"
	says "d/x: $refuses_why" "a drain's file: $refuses_why" logpush --drains d --spool sp /dev/null
}
refuses 'url is missing' '"where":[]'
refuses 'url is of no kind' '"url":"gopher://x"'
ok '--drains-status: a drain that was never valid has the reason' sh -c \
	"logpush --drains-status d | grep -q '^x .* file not taken: url is of no kind that takes a stream\$'"
refuses 'url is of a store that LOGFERRY_ALLOW does not name' '"url":"file:///tmp/"'
refuses 'batch_bytes is no number from 1 to 67108864' "\"url\":\"$dead\",\"batch_bytes\":0"
refuses 'batch_lines is no number' "\"url\":\"$dead\",\"batch_lines\":\"5\""
refuses 'batch_time is no number from 1 to 86400' "\"url\":\"$dead\",\"batch_time\":1.5"
refuses 'is no JSON object' '"url":'
refuses 'max is no number from 65536' "\"url\":\"$dead\",\"max\":1000"
refuses 'max is no number' "\"url\":\"$dead\",\"max\":\"1M\""
refuses 'until is no time' "\"url\":\"$dead\",\"until\":\"tomorrow\""
refuses 'headers is no header' "\"url\":\"$http/\",\"headers\":{\"a\":\"b\\nc\"}"
refuses 'framing is neither' "\"url\":\"$dead\",\"framing\":\"nul\""
refuses 'cacert No such file' "\"url\":\"$dead\",\"cacert\":\"/nonesuch\""
head -c 16384 /dev/zero | tr '\0' k >long
refuses 'auth_file File too large' "\"url\":\"$http/\",\"auth_file\":\"$tmp/long\""
refuses 'auth_file No such file' "\"url\":\"$http/\",\"auth_file\":\"/nonesuch\""
refuses 'not a condition' "\"url\":\"$dead\",\"where\":[\"!\"]"
drain x "\"url\":\"$dead\""; chmod 666 d/x
says 'd/x: anybody may change it' "a drain's file that anybody may change is not used" logpush --drains d --spool sp /dev/null
rm d/x; ln -s /etc/passwd d/x
says 'd/x: ' "a drain's file is no link" logpush --drains d --spool sp /dev/null
fresh
drain x "\"url\":\"$http/x\",\"wher\":[\"app=a\"]"
of b 1 1 >in
says 'd/x: wher is ignored .did you mean where' "a drain's member that may be mistyped is told" \
	logpush --drains d --spool sp in
refuses 'url is missing; uri is ignored' "\"uri\":\"$http/\""
drain x "\"url\":\"$http/x\",\"kind\":\"apps\",\"key\":\"a-b\",\"drain\":{},\"name\":1"
logpush --drains d --spool sp /dev/null 2>err
is "a drain's members of others are told nothing" "$(cat err)" ''
fresh
says 'd: no drains: lines are passed over' 'a folder without drains is told' logpush --drains d --spool sp in
fresh
drain h "\"url\":\"$http/h\",\"headers\":{\"X-One\":\"1\"},\"auth_file\":\"$tmp/auth\""
echo 'Bearer secret' >auth
of a 1 1 | logpush --drains d --spool sp
ok 'headers and auth_file are those of the drain' sh -c 'grep -q "\"X-One\": \"1\"" http/requests && grep -q "Bearer secret" http/requests'
fresh
echo 'Bearer one' >auth
rm -f pem
drain h "\"url\":\"$http/h\",\"auth_file\":\"$tmp/auth\""
drain c "\"url\":\"$tcp\",\"cacert\":\"$tmp/pem\""
run --batch-time 50ms
of a 1 1 >&9
ok 'a line is sent with what auth_file says' until_true 20 grep -q 'Bearer one' http/requests
ok 'a cacert that is missing is told' grep -q 'd/c: cacert No such file' err
echo 'Bearer two' >auth.new
mv auth.new auth
: >pem
sends() { echo '{"n":2}' >&9; sleep 0.1; grep -q "$1" http/requests; }
ok 'an auth_file that has changed takes effect' until_true 20 sends 'Bearer two'
ok 'a cacert that has come to be there does, too' until_true 20 test -e d/c.status
rm auth
ok 'an auth_file that has gone is told' until_true 20 grep -q 'd/h: auth_file No such file' err
of a 3 3 >&9
exec 9>&-
wait "$pid"
ok 'a drain whose auth_file has gone goes on as it was' sent 3
is 'neither is told twice' "$(grep -c 'No such file' err)" 2
exits 2 '--drains without --spool is misuse' logpush --drains d </dev/null
exits 2 '--drains with a URL to deliver to is misuse' logpush --drains d --spool sp http://x/ </dev/null
says 'http://x/: --drains takes no URL to deliver to, each drain has its own' '--drains with a URL to deliver to says so' \
	logpush --drains d --spool sp http://x/
exits 2 '--drains with --confirm is misuse' logpush --drains d --spool sp --confirm </dev/null
exits 2 'a folder of drains that is not there is trouble' logpush --drains nonesuch --spool sp </dev/null
exits 2 '--drains-status of a folder that is not there is trouble' logpush --drains-status nonesuch
done_testing
