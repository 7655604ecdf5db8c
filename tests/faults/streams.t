#!/bin/sh
# logpush's streams: receivers that fail, and SIGKILL at any moment
. "${0%/*}/../lib.sh"

command -v python3 >/dev/null || skip_all 'python3 is not installed'
servers=$top/tests/servers
kills=${KILLS:-200}
pids=
at_exit='for p in $pids; do kill "$p"; done 2>/dev/null'

start() {			# DIR SERVER [ARG...]
	start_dir=$1 start_server=$2; shift 2
	mkdir -p "$start_dir"
	"$servers/$start_server" "$start_dir" "$@" >"$start_dir/log" 2>&1 7>&- &
	pids="$pids $!" last=$!
	until_true 20 test -s "$start_dir/port" || skip_all "$start_server did not start"
	port=$(cat "$start_dir/port")
}

# --- killed while it is fed, and fed again ---
start http http-drain
n=$("$top/tests/faults/feed-and-kill" "$kills" \
	logpush --confirm --spool sp1 "es+http://127.0.0.1:$port/killed" 2>err)
ok "after $kills kills, every confirmed number is a document" test "${n:-0}" -gt 1000
seq -f 'number %.0f' "${n:-0}" >want
sed 's/.*"message":"\(number [0-9]*\)".*/\1/' http/docs >got
ok 'after kills, every confirmed number is a document once, in order' cmp want got
ok 'after kills, nothing else was sent' test ! -e http/wrong

start tcp syslog-sink tcp
n=$("$top/tests/faults/feed-and-kill" "$kills" \
	logpush --confirm --spool sp2 "syslog+tcp://127.0.0.1:$port" 2>err)
seq -f 'number %.0f' "${n:-0}" >want
in_order() {	# each at least once; the first time in order
	sed 's/.* - //' tcp/lines | awk '!seen[$0]++' | cmp want -
}
ok 'syslog has every number at least once, in order' until_true 60 in_order

# --- a file sent whole, killed, and sent again ---
start http2 http-drain
seq -f '{"message":"number %.0f"}' 20000 >file
i=0
while [ $i -lt 20 ]; do
	logpush --spool sp3 --batch-lines 100 "es+http://127.0.0.1:$port/file" file &
	sleep "0.$(($(od -An -N1 -tu1 /dev/urandom) % 3))$i"
	kill -KILL $! 2>/dev/null
	wait $! 2>/dev/null
	i=$((i + 1))
done
ok 'a file sent again after kills: the last run ends with status 0' logpush --spool sp3 "es+http://127.0.0.1:$port/file" file
is 'a file is delivered once, however often it was sent' \
	"$(wc -l <http2/docs)" 20000

# --- a receiver that was down for longer than the spool holds ---
seq 200000 >many
closed=$(python3 -c 'import socket
s = socket.socket()
s.bind(("127.0.0.1", 0))
print(s.getsockname()[1])')
exits 75 'a receiver that is down: what fits is kept, the newest' \
	logpush --spool sp4 --spool-max 1M --spool-full drop --deadline 200ms \
	"syslog+tcp://127.0.0.1:$closed" <many
PORT=$closed; export PORT
start late syslog-sink tcp
unset PORT
logpush --spool sp4 "syslog+tcp://127.0.0.1:$closed" </dev/null 2>err
lost=$(sed -n 's/.* \([0-9]*\) records were dropped.*/\1/p' err)
got=$((200000 - ${lost:-0}))
until_true 30 sh -c 'test "$(wc -l <late/lines)" = '$got
seq $((200000 - got + 1)) 200000 >want
sed 's/.* - //' late/lines >got
ok 'a receiver that is back gets what was kept, in order, and the rest was counted' cmp want got

# --- connections that are half open, slow receivers, names, certificates ---
cat >deaf <<'END'
import socket, sys, time
s = socket.socket()
s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
s.bind(("127.0.0.1", 0))
s.listen(8)
open("deaf.port", "w").write("%d\n" % s.getsockname()[1])
kept = []
while True:
    c, _ = s.accept()
    kept.append(c)			# and never read
END
python3 deaf & pids="$pids $!"
until_true 20 test -s deaf.port
deaf=$(cat deaf.port)
says 'trying again' 'a receiver that does not read is left after a while' \
	logpush --stall-timeout 1 --deadline 2s "syslog+tcp://127.0.0.1:$deaf" <many
exits 75 'a receiver that does not answer: status 75' \
	logpush --stall-timeout 1 --deadline 2s "http://127.0.0.1:$deaf/" <file
start again syslog-sink tcp
mkfifo in
logpush "syslog+tcp://127.0.0.1:$port" <in 2>err & pid=$!
exec 7>in
echo one >&7; until_true 20 test -s again/lines
kill $last; wait $last 2>/dev/null
echo two >&7; sleep 0.3
rm -f again/port
PORT=$port; export PORT
start again syslog-sink tcp
unset PORT
until_true 40 grep -q two again/lines
echo three >&7; exec 7>&-
wait $pid; st=$?
until_true 40 grep -q three again/lines		# which the sink may still read
is 'a receiver that was started again misses nothing' \
	"$st $(sed 's/.* - //' again/lines | tr '\n' ' ')" '0 one two three '
says 'resolve' 'a name that does not resolve is told' \
	logpush --deadline 200ms es+http://no.such.host.invalid/i <file
if openssl req -x509 -newkey rsa:2048 -nodes -keyout k.pem -out c.pem -days 1 \
	-subj /CN=localhost -addext subjectAltName=DNS:localhost 2>/dev/null &&
    command -v faketime >/dev/null; then
	start expired syslog-sink tls c.pem k.pem
	says 'expired' 'an expired certificate is told' faketime -f +3d \
		logpush --cacert c.pem --deadline 200ms "syslog+tls://localhost:$port" <file
else
	skip 'no faketime' 'an expired certificate is told'
fi

# --- the same in OpenSearch ---
if "$servers/opensearch" install 2>/dev/null && command -v java >/dev/null; then
	chmod 755 "$tmp"; mkdir "$tmp/opensearch.d"
	at_exit=$at_exit'; "$servers/opensearch" stop "$tmp/opensearch.d"'
	env=$("$servers/opensearch" start "$tmp/opensearch.d") || exit 1
	eval "$env"
	n=$("$top/tests/faults/feed-and-kill" "$kills" \
		logpush --confirm --spool sp5 "es+$OPENSEARCH_URL/killed" 2>err)
	curl -fsS -o /dev/null "$OPENSEARCH_URL/_refresh"
	is 'OpenSearch has every number once' "$(curl -fsS \
		"$OPENSEARCH_URL/killed/_count" |
		sed 's/.*"count":\([0-9]*\).*/\1/')" "${n:-none}"
	is 'OpenSearch has no other number' "$(curl -fsS -H 'Content-Type: application/json' \
		-d '{"size":0,"aggs":{"n":{"stats":{"field":"n"}}}}' \
		"$OPENSEARCH_URL/killed/_search" |
		sed 's/.*"max":\([0-9]*\).*"sum":\([0-9.E]*\).*/\1 \2/' |
		awk '{ printf "%d %.0f\n", $1, $2 }')" \
		"$n $((n * (n + 1) / 2))"
else
	skip 'no OpenSearch' 'OpenSearch has every number once'
fi
done_testing
