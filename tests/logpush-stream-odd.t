#!/bin/sh
# logpush's streams over HTTP: whom they say they are, and files that cannot grow
. "${0%/*}/lib.sh"

command -v python3 >/dev/null || skip_all 'python3 is not installed'
. "$top/tests/servers/lib.sh"
start_server http "$top/tests/servers/http-drain"
host=127.0.0.1:$port
fresh() { rm -f http/docs http/lines http/requests http/mode http/wrong; }
base64_of() { printf %s "$1" | python3 -c 'import base64, sys
print(base64.b64encode(sys.stdin.buffer.read()).decode())'; }

# --- credentials ---
# authorizes USER TEXT HEADER: with the user in the URL and the text in a file
authorizes() {
	fresh
	printf '%s\n' "$2" >auth
	echo "auth=$3" >http/mode
	exits 0 "--auth-file '$2' and user '$1' make '${3%% *}'" sh -c \
		'echo a | logpush --deadline 2s --auth-file auth "$1"' - "http://${1:+$1@}$host/in"
}
authorizes '' 'Custom abc' 'Custom abc'
authorizes '' 'bearer abc' 'bearer abc'
authorizes '' me:pass "Basic $(base64_of me:pass)"
authorizes joe pass "Basic $(base64_of joe:pass)"
authorizes joe 'Bearer abc' 'Bearer abc'
authorizes joe 'open sesame' "Basic $(base64_of 'joe:open sesame')"
authorizes joe ann:pass "Basic $(base64_of ann:pass)"
authorizes joe:old pass "Basic $(base64_of joe:pass)"
fresh; echo "auth=Basic $(base64_of 'joe:p@ss')" >http/mode
exits 0 'a user and a password in the URL are decoded' \
	sh -c 'echo a | logpush --deadline 2s "$1"' - "http://joe:p%40ss@$host/in"
fresh; echo type=text/odd >http/mode
exits 0 '--content-type stands for that of a header' sh -c 'echo a | logpush --deadline 2s \
	--content-type text/odd -H "Content-Type: text/other" -H "X-Content-Typ: b" "$1"' - "http://$host/in"

# --- redirections ---
for status in 302 307; do
	fresh; echo "redirect=$status:http://192.0.2.1/in" >http/mode
	exits 75 "a redirection ($status) to another host is not followed" \
		sh -c 'echo a | logpush --deadline 200ms "$1"' - "http://$host/in"
done
fresh; echo "redirect=302:/moved" >http/mode
exits 75 'a redirection that would lose the body is not followed' \
	sh -c 'echo a | logpush --deadline 200ms "$1"' - "http://$host/in"
fresh; echo "redirect=301:/moved" >http/mode
exits 0 'another on the same host is' sh -c 'echo a | logpush --deadline 2s "$1"' - "http://$host/in"

# --- files that cannot grow ---
if [ -c /dev/full ]; then
	fresh
	says 'receipts: No space left' 'a receipt that cannot be written is told' \
		sh -c 'echo a | logpush --receipts /dev/full "$1"' - "es+http://$host/i"
	exits 2 'a receipt that cannot be written is status 2' \
		sh -c 'echo a | logpush --receipts /dev/full "$1"' - "es+http://$host/i"
	fresh; echo reject=bad >http/mode
	says 'dead letters: No space left' 'a dead letter that cannot be written is told' \
		sh -c 'echo bad | logpush --dead-letter /dev/full "$1"' - "es+http://$host/i"
	exits 2 'a dead letter that cannot be written is status 2' \
		sh -c 'echo bad | logpush --dead-letter /dev/full "$1"' - "es+http://$host/i"
else
	skip 'no /dev/full' 'receipts and dead letters that cannot be written are told'
fi
fresh; echo reject=bad >http/mode
mkdir sp sp/refused; : >sp/write.lock
echo bad >in
says 'sp/refused: Is a directory' 'dead letters that a spool has no file for are told' \
	logpush --spool sp "es+http://$host/i" in
fresh; rmdir sp/refused; echo reject=bad >http/mode
exits 1 'a record that was refused then is not lost' logpush --spool sp "es+http://$host/i" /dev/null
ok 'it is there' grep -q bad sp/refused
done_testing
