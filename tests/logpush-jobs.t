#!/bin/sh
# logpush: a stream over several connections, for receivers of each kind
. "${0%/*}/lib.sh"
command -v python3 >/dev/null || skip_all 'no python3'
command -v openssl >/dev/null || skip_all 'no openssl'
. "$top/tests/servers/lib.sh"

ALIBABA_CLOUD_ACCESS_KEY_ID=id ALIBABA_CLOUD_ACCESS_KEY_SECRET=secret
export ALIBABA_CLOUD_ACCESS_KEY_ID ALIBABA_CLOUD_ACCESS_KEY_SECRET
openssl req -x509 -newkey rsa:2048 -nodes -keyout key.pem -out cert.pem -days 2 \
	-subj /CN=localhost -addext subjectAltName=DNS:localhost 2>/dev/null
# sink KIND: its port is $port
sink() {
	start_server "$1" env THREADS=1 sh -c 'exec "$0" "$4" "$1" "$2" "$3"' \
		"$top/tests/servers/syslog-sink" "$1" cert.pem key.pem
}
seq 200 | awk '{ printf "{\"hostname\":\"h%d\",\"appname\":\"a\",\"n\":%d}\n",
	$1 % 7, $1 }' >sources

# arrived NAME FILE PEERS: each number once, those of a host in their order, over
# several connections
arrived() {
	until_true 20 sh -c 'test "$(wc -l <"$1")" -ge 200' - "$2"
	ok "$1: each line arrives once, in the order within its source" awk '
		{ match($0, /h[0-6]/); h = substr($0, RSTART, 2)
		  match($0, /\\?"n\\?": ?\\?"?[0-9]+/); i = substr($0, RSTART, RLENGTH)
		  sub(/.*[^0-9]/, "", i)
		  if (i in seen || i + 0 < last[h]) exit 1
		  seen[i]; last[h] = i + 0; count++ }
		END { exit count != 200 }' "$2"
	is "$1: several connections are used" "$(($(sort -u "$3" | wc -l) > 1))" 1
}

sink tls
exits 0 'TLS: a stream goes over several connections' \
	logpush -j 4 --batch-lines 20 --cacert cert.pem "syslog+tls://localhost:$port" <sources
arrived TLS tls/lines tls/peers
ok 'TLS: SSL_CERT_FILE names the authority of a syslog receiver' env SSL_CERT_FILE=cert.pem \
	logpush "syslog+tls://localhost:$port" sources
sink udp
exits 0 'UDP: a stream goes over several sockets' \
	logpush -j 4 --batch-lines 20 --limit-rate 200K "syslog+udp://127.0.0.1:$port" <sources
arrived UDP udp/lines udp/peers
start_server sls "$top/tests/servers/sls-store"
exits 0 'Log Service: a stream goes over several connections' \
	logpush -j 4 --batch-lines 20 "sls+http://project.localhost:$port/store" <sources
grep -o '"peer": [0-9]*' sls/requests >sls/peers
arrived 'Log Service' sls/logs sls/peers
start_server http "$top/tests/servers/http-drain"
logpush -j 4 --confirm --batch-lines 20 "http://127.0.0.1:$port/in" <sources >answers
is '--confirm: a stream goes over several connections' $? 0
grep -o '"peer": [0-9]*' http/requests >http/peers
is '--confirm: each message is answered, after a greeting' "$(sort answers | uniq -c | awk '{ print $1, $2 }')" '201 OK'
arrived --confirm http/lines http/peers

# One connection waits for more lines, the other has sent all of its own.
rm http/lines
mkfifo in
logpush -j 2 --spool sp --batch-lines 2 --batch-time 10m "http://127.0.0.1:$port/in" <in &
exec 7>in
for host in a d d d d; do echo "{\"hostname\":\"$host\"}"; done >&7
until_true 20 sh -c 'test "$(wc -l <http/lines)" -ge 4'
kill -9 $!
wait $! 2>/dev/null
exec 7>&-
ok 'what another connection delivers takes no line with it' sh -c '! grep -q "\"a\"" http/lines'
logpush --spool sp "http://127.0.0.1:$port/in" </dev/null
is 'after SIGKILL a line that waited is delivered' "$(grep -c '"a"' http/lines)" 1

# One connection fails for good, the others deliver: rsyslog has to send again.
echo 'bad=503:"h3"' >http/mode
rm http/lines
logpush -j 4 --confirm --deadline 0.5 --batch-lines 20 "http://127.0.0.1:$port/in" <sources >answers 2>/dev/null
is '--confirm: what one of several connections could not send is status 75' $? 75
is '--confirm: a message that did not arrive is not answered' \
	"$(($(grep -c OK answers) - 1 <= $(wc -l <http/lines)))" 1
ok 'the receivers found nothing wrong' test ! -e tls/wrong -a ! -e udp/wrong -a ! -e http/wrong
done_testing
