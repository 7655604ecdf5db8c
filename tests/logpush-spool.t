#!/bin/sh
# logpush: the spool of a stream: whose it is, what it holds, and what damages it
. "${0%/*}/lib.sh"

command -v python3 >/dev/null || skip_all 'python3 is not installed'
. "$top/tests/servers/lib.sh"
fresh() { rm -f http/docs http/lines http/requests http/mode http/wrong err; }
numbers() { sed 's/.*"n":\([0-9]*\).*/\1/' "$1" | tr '\n' ' '; }
stream() { seq "$1" "$2" | sed 's/.*/{"n":&}/'; }
state() { logpush --spool "$1" --status=json; }
start_server http "$top/tests/servers/http-drain"
http=http://127.0.0.1:$port
hold() { echo status=503 >http/mode; logpush --deadline 100ms --spool "$1" "$2" 2>/dev/null; rm http/mode; }

# --- it belongs to one receiver ---
stream 1 5 | hold sp "$http/A?token=one"
exits 2 'what waits for one receiver is not sent to another' \
	logpush --spool sp "$http/B" </dev/null
says "sp holds records for $http/A.token=xxx; --respool sends them to $http/B" \
	'another receiver is misuse, and the message names both' \
	logpush --spool sp "$http/B" </dev/null
exits 0 'another token is the same receiver' \
	logpush --spool sp "$http/A?token=two" </dev/null
is 'what waited arrives where it belongs' "$(numbers http/lines)" '1 2 3 4 5 '
fresh
exits 0 'an empty spool takes any receiver' logpush --spool sp "$http/B" <<-END
	$(stream 6 7)
	END
stream 8 9 | hold sp "$http/B"
fresh
exits 0 '--respool sends what waits to another receiver' \
	logpush --spool sp --respool "$http/C" </dev/null
is '--respool: all that waited is there' "$(numbers http/lines)$(grep -c '"/C"' http/requests)" '8 9 1'
exits 2 '--respool without --spool is misuse' logpush --respool "$http/C" </dev/null
mkdir other; echo precious >other/file
exits 2 'a folder with other files is no spool' logpush --spool other "$http/C" </dev/null
is 'a folder with other files stays as it was' "$(ls other)" file
stream 1 3 | hold sp8 "$http/gone"
exits 0 'the spool of a machine that goes away is emptied into a folder' \
	logpush --spool sp8 --respool "file://$tmp/left/{host}/" </dev/null
is 'what was left of the spool is in the folder' \
	"$(cat left/"$(uname -n)"/* | gunzip | numbers /dev/stdin)" '1 2 3 '

# --- how it is ---
fresh
stream 1 5 | hold sp2 "$http/A"
ok '--status=json has all of it' python3 -c '
import json, sys
s = json.loads(sys.argv[1])
assert list(s) == ["url", "records", "bytes", "oldest_age", "failing_since",
    "last_error", "dropped", "refused", "damaged", "sending"], s
assert s["url"].endswith("/A") and s["records"] == 5 and s["bytes"] > 0, s
assert 0 <= s["oldest_age"] < 600 and s["failing_since"].startswith("20"), s
assert s["last_error"] == "HTTP status 503: being difficult", s
assert s["dropped"] == s["refused"] == s["damaged"] == 0, s
assert s["sending"] is False, s' "$(state sp2)"
logpush --spool sp2 --status >status
is '--status is for people' "$(sed 's/[0-9.]* MB/N MB/; s/for [0-9]* seconds/for N seconds/
	s/since .*/since T/' status)" "sp2: for $http/A (nobody is sending)
waiting   5 records, in N MB, the oldest for N seconds
failing   since T
last word HTTP status 503: being difficult
so far    0 refused, 0 dropped, 0 damaged"
echo 'bad=400:"n":3}' >http/mode
logpush --spool sp2 "$http/A" </dev/null 2>/dev/null
is 'what was refused is counted, and the failure is over' \
	"$(state sp2 | grep -o '"records":[0-9]*\|"failing_since":[^,]*\|"refused":[0-9]*' | tr '\n' ' ')" \
	'"records":0 "failing_since":null "refused":1 '
is '--status of a spool that is empty tells no old failure' \
	"$(logpush --spool sp2 --status | sed 1d)" 'waiting   0 records
so far    1 refused, 0 dropped, 0 damaged'
fresh
echo status=504:1 >http/mode
stream 1 5 | logpush --spool sp9 "$http/A" 2>err
is 'that the receiver takes lines again is told once, by its URL' \
	"$? $(sed 's/.*: //' err | tr '\n' '|')" '0 being difficult; trying again|delivering again|'

# --- several at one spool ---
fresh; mkfifo shared
logpush --spool sp10 --batch-time 20ms "$http/A" <shared 2>err & first=$!
exec 7>shared
stream 1 3 >&7
until_true 20 sh -c 'test "$(wc -l <http/lines)" = 3'
is 'who finds another sending ends once that one has sent its lines, too' \
	"$(stream 4 6 | logpush --spool sp10 "$http/A"; echo $?) $(numbers http/lines)" '0 1 2 3 4 5 6 '
echo status=503 >http/mode
exits 75 'who finds another that cannot send ends at its deadline' sh -c \
	'stream() { seq "$1" "$2" | sed "s/.*/{\"n\":&}/"; }; stream 7 9 | logpush --spool sp10 --deadline 300ms "$1/A"' - "$http"
stream 10 12 | logpush --spool sp10 "$http/A" 2>err2 & second=$!
until_true 20 sh -c 'logpush --spool sp10 --status=json | grep -q "\"records\":6,"'
kill "$second"; wait "$second"
is 'who finds another that cannot send ends after SIGTERM' $? 75
rm http/mode
exec 7>&-
wait "$first"
is 'the first sends what they have left' "$? $(numbers http/lines)" "0 $(seq 12 | tr '\n' ' ')"

# --- damage ---
# one byte at OFFSET of the newest segment of SPOOL changes
damage() {
	python3 -c 'import glob, sys
f = open(sorted(glob.glob(sys.argv[1] + "/*.spool"))[-1], "r+b")
f.seek(int(sys.argv[2]), 0 if sys.argv[2][0] != "-" else 2)
b = f.read(1)
f.seek(-1, 1)
f.write(bytes([b[0] ^ 1]))' "$1" "$2"
}
fresh
stream 1 2000 | hold sp3 "$http/A"
damage sp3 33000
logpush --spool sp3 "$http/A" </dev/null 2>err
is 'a damaged byte costs its record, which is told, and the status is 1' \
	"$? $(wc -l <http/lines) $(grep -c '1 records are damaged' err)" '1 1999 1'
ok 'the damaged segment is kept' test -s sp3/damaged/0000000000000000.spool
is 'what is damaged is counted' "$(state sp3 | grep -o '"damaged":[0-9]*')" '"damaged":1'
exits 0 'damage is told once' logpush --spool sp3 "$http/A" </dev/null
fresh
stream 1 10 | hold sp4 "$http/A"
damage sp4 -1
logpush --spool sp4 "$http/A" </dev/null 2>err
is 'a damaged byte in the last record is told' \
	"$? $(numbers http/lines)$(grep -c '1 records are damaged' err)" '1 1 2 3 4 5 6 7 8 9 1'
fresh
stream 1 10 | hold sp5 "$http/A"
truncate -s -3 sp5/*.spool	# as a writer that was killed leaves it
exits 0 'the torn end of a killed writer is no damage' \
	logpush --spool sp5 "$http/A" </dev/null
fresh
stream 1 10 | hold sp6 "$http/A"
printf '\377' | dd of=sp6/delivered bs=1 seek=25 conv=notrunc 2>/dev/null
logpush --spool sp6 "$http/A" </dev/null 2>err
is 'where delivery stands, once it is damaged, costs no record' "$? $(numbers http/lines)" '0 1 2 3 4 5 6 7 8 9 10 '
exits 2 'a spool that cannot be is trouble' logpush --spool /dev/null/x "$http/A" </dev/null

# --- a full disk ---
if mkdir small && mount -t tmpfs -o size=256k tmpfs small 2>/dev/null; then
	at_exit="$at_exit; umount '$tmp/small'"
	fresh; mkdir small/sp; head -c 220000 /dev/zero >small/fill
	stream 1 2000 >many; mkfifo in
	echo status=503 >http/mode
	: >err
	logpush --spool small/sp "$http/A" <in 2>err & pid=$!
	cat many >in & cat=$!
	until_true 20 grep -q 'No space left on device; waiting for room' err
	rm small/fill http/mode
	wait $cat $pid
	is 'a full disk is said once, and with room the stream goes on' \
		"$? $(wc -l <http/lines) $(grep -c 'No space' err)" '0 2000 1'
else
	skip 'no tmpfs here' 'a full disk is said once, and with room the stream goes on'
fi
done_testing
