#!/bin/sh
# logpush: syslog messages: how long they are, what their header is made of, and
# receivers that reset the connection
. "${0%/*}/lib.sh"

command -v python3 >/dev/null || skip_all 'python3 is not installed'
. "$top/tests/servers/lib.sh"
sink() {		# NAME ARG...: its URL is $tcp
	mkdir -p "$1"
	"$top/tests/servers/syslog-sink" "$1" tcp >"$1/log" 2>&1 &
	servers="$servers $!"
	until_true 20 test -s "$1/port"
	tcp=syslog+tcp://127.0.0.1:$(cat "$1/port")
}
came() { until_true 20 sh -c "test \"\$(wc -l <tcp/lines)\" = $1"; }
fresh() { rm -f tcp/lines tcp/wrong; }
sink tcp

# --- too long ---
python3 -c 'print("x" * 20000); print("short")' >long
exits 0 'a message that is too long does not stop a stream' logpush "$tcp" <long
came 2
is 'the text is cut at what rsyslog takes, and says how much was' \
	"$(awk 'NR == 1 { print length }' tcp/lines) $(grep -o ' \[cut [0-9]* bytes\]' tcp/lines)" \
	"8096 $(python3 -c '
import re
m = open("tcp/lines").readline().rstrip("\n")
n = m.count("x", m.index(" - - - - "))
print(" [cut %d bytes]" % (20000 - n))')"
fresh
python3 -c 'print("é" * 2000)' >wide
for size in 1000 1001; do logpush --max-message $size "$tcp" <wide; done
came 2
ok 'a text is cut at the end of a character' python3 -c '
for l in open("tcp/lines", encoding="utf-8"):
    assert 990 < len(l.rstrip("\n").encode()) <= 1001, l'
exits 2 'less than every receiver takes is misuse' logpush --max-message 100 "$tcp" <long

# --- what is a message already ---
fresh
cat >raw <<'END'
<165>1 2003-10-11T22:14:15.003Z mymachine.example.com evntslog - ID47 [exampleSDID@32473 iut="3" x="a\]b"][y@1] An application event
<14>1 - h a - - - 
<192>1 - h a - - - no such priority
END
logpush "$tcp/" <raw
came 3
is 'a line that is RFC 5424 passes as it stands; the URL may end in a slash' \
	"$(head -n 2 tcp/lines)" "$(head -n 2 raw)"
is 'one that is not quite becomes the text of one' \
	"$(sed -n '3s/.* - - - - //p' tcp/lines)" '<192>1 - h a - - - no such priority'
start_server http "$top/tests/servers/http-drain"
logpush "logplex+http://127.0.0.1:$port/logplex" <raw
is 'Logplex: a line that is RFC 5424 passes as it stands' \
	"$(head -n 2 http/lines)" "$(head -n 2 raw)"

# --- the header ---
fresh
logpush --hostname '{namespace}' --appname '{container}-{namespace}' "$tcp" <<'END'
{"timestamp":"2021-06-29T10:05:03Z","namespace":"shop","container":"web","message":"m"}
{"timestamp":"2021-06-29T10:05:03Z","namespace":"shop","appname":"router","message":"m"}
{"timestamp":"2021-06-29T10:05:03Z","hostname":"h","container":"web","message":"m"}
END
came 3
is '--hostname and --appname are made of fields' "$(sed -n 1p tcp/lines)" \
	'<14>1 2021-06-29T10:05:03Z shop web-shop - - - m'
is "where a field lacks the record's own name counts, if it has one" "$(sed 1d tcp/lines)" \
	"<14>1 2021-06-29T10:05:03Z shop router - - - m
<14>1 2021-06-29T10:05:03Z h web-unknown - - - m"
fresh
echo '{"version":"1.1","host":"example.org","short_message":"a text","timestamp":1624961103.5,"level":3}' |
	logpush "$tcp"
came 1
is "GELF's host, short_message and level fill the header" "$(cat tcp/lines)" \
	'<11>1 2021-06-29T10:05:03.5Z example.org - - - - a text'
exits 2 'a template that is none is misuse' logpush --hostname '{a' "$tcp" <long

# --- a receiver that resets ---
cat >picky <<'END'
import socket, struct, sys, threading
s = socket.socket()
s.bind(("127.0.0.1", 0))
s.listen(8)
open("picky.new", "w").write("%d\n" % s.getsockname()[1])
import os
os.rename("picky.new", "picky.port")
def serve(c):
    f = c.makefile("rb")
    while True:
        n = b""
        while not n.endswith(b" "):
            b = f.read(1)
            if not b:
                return
            n += b
        if int(n) > 1000:		# as syslog-ng does above log-msg-size
            c.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            f.close()
            c.close()
            return
        open("picky.lines", "ab").write(f.read(int(n)).split(b" - - - - ")[1] + b"\n")
while True:
    threading.Thread(target=serve, args=(s.accept()[0],), daemon=True).start()
END
python3 picky & servers="$servers $!"
until_true 20 test -s picky.port
picky=syslog+tcp://127.0.0.1:$(cat picky.port)
{ seq 1 5; head -c 3000 /dev/zero | tr '\0' x; echo; seq 6 12; } >mixed
exits 1 'a message at which a receiver resets is refused' \
	timeout 300 logpush --dead-letter dead "$picky" <mixed
is 'only that one is refused, with the reason' \
	"$(wc -l <dead) $(grep -c 'Connection reset.*xxxx' dead)" '1 1'
is 'all others arrive' "$(sort -un picky.lines | tr '\n' ' ')" \
	"$(seq 12 | tr '\n' ' ')"
exits 75 'alone, it may be the receiver: it is kept' \
	logpush --deadline 1s --dead-letter dead2 "$picky" <<-END
	$(sed -n 6p mixed)
	END
is 'alone, it is not refused' "$(cat dead2)" ''
ok 'all of it was RFC 5424' test ! -e tcp/wrong
done_testing
