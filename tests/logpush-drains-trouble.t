#!/bin/sh
# logpush --drains: what it says and does where something is wrong
. "${0%/*}/lib.sh"

command -v python3 >/dev/null || skip_all 'python3 is not installed'
. "$top/tests/servers/lib.sh"
LOGFERRY_ALLOW=127.0.0.1
export LOGFERRY_ALLOW
start_server http "$top/tests/servers/http-drain"
http=http://127.0.0.1:$port
dead=syslog+tcp://127.0.0.1:1
fresh() { rm -rf http/lines http/requests http/mode d sp err fifo; mkdir d; }
drain() { printf '{"url":"%s"%s}\n' "$2" "$3" >"d/$1"; }
lines() { seq "$1" "$2" | sed 's/.*/{"n":&}/'; }
numbers() { sed -n 's/.*"n":\([0-9]*\).*/\1/p' http/lines | tr '\n' ' '; }
status() { sed -n "s/.*\"$2\":\(\"[^\"]*\"\|[^,}]*\).*/\1/p" "d/$1.status"; }
push() { logpush --drains d --spool sp "$@"; }
run() {				# it reads from fd 9
	mkfifo fifo
	push "$@" <fifo 2>err &
	pid=$!
	exec 9>fifo
}

# --- a receiver that was closed before it could be told ---
fresh
drain a "logplex+$http/logplex"
echo bad=400:two >http/mode
run --batch-time 50ms
printf 'one\ntwo\nthree\n' >&9
ok 'a line is refused' until_true 20 sh -c 'grep -q three http/lines && grep -q "\"refused\":1," d/a.status'
printf 'bad=400:two\nstatus=503\n' >http/mode
: >http/requests
echo four >&9
ok 'the next one fails, on a connection that is closed' until_true 20 sh -c '[ $(wc -l <http/requests) -ge 2 ]'
rm http/mode
ok 'it is delivered in the end' until_true 20 grep -q four http/lines
exec 9>&-
wait "$pid"
is 'the refused line is told with it, on another connection' \
	"$? $(sed 's/.* - //' http/lines | tr '\n' ' ')" '1 one three Error L13: 1 messages lost. four '

# --- a document that may be to blame itself ---
fresh; rm -f http/docs
drain a "es+$http/i"
printf 'reject="n":1\nas=400:odd_exception\n' >http/mode
run --batch-time 20ms
echo '{"n":1}' >&9
ok 'a document that alone is not taken waits' until_true 20 sh -c '
	[ $(wc -l <http/requests) -ge 3 ] && grep -q "\"waiting\":1,.*\"refused\":0," d/a.status'
echo '{"n":2}' >&9
ok 'once another is taken, it is refused' until_true 20 grep -q '"refused":1,' d/a.status
exec 9>&-
wait "$pid"
is 'the other is there, and the refused one is kept' \
	"$? $(grep -c '"n":2}' http/docs) $(grep -c odd_exception sp/a/refused)" '1 1 1'

# --- a file of the spool that cannot grow ---
fresh
drain a "$dead"
lines 1 5000 >in
exits 2 'a spool that cannot be written is status 2' \
	sh -c 'trap "" XFSZ; ulimit -f 32; exec logpush --drains d --spool sp --deadline 10ms in 2>err'
is 'a spool that cannot be written is told once' "$(cat err)" 'logpush: sp/a: File too large'
drain a "$http/a"
exits 0 'the next run goes on' push in
is 'with whole lines' "$(numbers)" "$(seq 5000 | tr '\n' ' ')"

# --- what it reads ---
fresh
drain a "$http/a"
lines 1 3 >in
exits 2 'a file that is not there is status 2' push in nosuch
exits 2 'a list that is not there is status 2' push -T nosuch
gzip -c in | head -c 30 >torn.gz
says 'torn.gz: unexpected end' 'a torn file is told' push torn.gz
exits 2 'a torn file is status 2' push torn.gz
head -c 250 /dev/zero | tr '\0' x >long
says '^logpush: 1 lines were longer than 100 bytes and sent in pieces$' \
	'a line that is too long is told' push --max-line 100 long
is 'its pieces are lines' "$(grep x http/lines | tail -n 3 | sed 's/[^x]//g' | awk '{ print length }' | tr '\n' ' ')" '100 100 50 '

# --- what is misused ---
: >file
says 'file: Not a directory' 'spools are in a folder' logpush --drains d --spool file in
says 'file/x: Not a directory' 'that can be made' logpush --drains d --spool file/x in
says 'nosuch: no such format' 'a format is known' push -f nosuch in
says 'json: auto is the last format' 'auto stands at the end' push -f auto,json in
says 'nosuch: No such file' 'there is no table of no folder' logpush --drains-status nosuch
exits 2 'that is status 2' logpush --drains-status nosuch

# --- the table ---
fresh
drain a "$dead"
printf '{"url":"a\\u001b[1mb","waiting":null,"bytes":"","delivered":7}' >d/a.status
logpush --drains-status d >table
is 'a status that somebody else wrote is shown as it may be' \
	"$(sed -n '2s/  */ /gp' table | tr -d '\033' | cut -d' ' -f 1-4)" 'a - - 7'
ok 'no control character of it is' not grep -q "$(printf '\033')" table
rm d/a.status
is 'a drain without a status has a row' "$(logpush --drains-status d | sed -n '2s/  */ /gp')" 'a - - - - - - - - -'
done_testing
