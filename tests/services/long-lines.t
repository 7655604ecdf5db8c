#!/bin/sh
# logpush: lines of 1 to 200 KiB to a real rsyslog, which takes messages of 8,096
# bytes, and to a real syslog-ng, which closes the connection at one over 64 KiB
. "${0%/*}/../lib.sh"

servers=$top/tests/servers
at_exit='for s in rsyslog syslog-ng; do
		[ ! -d "$tmp/$s.d" ] || "$servers/$s" stop "$tmp/$s.d"
	done'
free_port() {
	python3 -c 'import socket
s = socket.socket()
s.bind(("127.0.0.1", 0))
print(s.getsockname()[1])'
}
python3 -c '
for i in range(1, 201):
    print("line %d %s end" % (i, "x" * (1024 * i - 20)))
    print("short %d" % i)' >lines
# whole FILE MAX: each line is there once, whole, or cut to MAX bytes and marked
whole() {
	python3 - "$1" "$2" <<-'END'
	import re, sys
	want = [l.rstrip("\n") for l in open("lines")]
	got = [l.rstrip("\n") for l in open(sys.argv[1])]
	assert len(got) == len(want), (len(got), len(want))
	cut = 0
	for g, w in zip(got, want):
	    m = re.search(r" \[cut (\d+) bytes\]$", g)
	    if m is None:
	        assert g.strip() == w, g[:60]
	        continue
	    cut += 1
	    text = g[:m.start()].lstrip()
	    assert w.startswith(text), g[:60]
	    assert len(text) + int(m[1]) == len(w), (len(text), m[1], len(w))
	    assert int(sys.argv[2]) - 300 < len(g) <= int(sys.argv[2])
	assert 0 < cut < 200, cut
	END
}
lines_are() { [ "$(wc -l <"$1")" = 400 ]; }

if command -v rsyslogd >/dev/null; then
	port=$(free_port)
	cat >rsyslog.conf <<-END
		global(workDirectory="$tmp")
		template(name="text" type="string" string="%msg%\n")
		module(load="imptcp")
		input(type="imptcp" port="$port" address="127.0.0.1" ruleset="tcp")
		ruleset(name="tcp") {
		    action(type="omfile" file="$tmp/rsyslog.got" template="text")
		}
	END
	"$servers/rsyslog" start "$tmp/rsyslog.d" rsyslog.conf || exit 1
	exits 0 'long lines do not stop a stream to rsyslog' \
		timeout 60 logpush "syslog+tcp://127.0.0.1:$port" <lines
	until_true 30 lines_are rsyslog.got
	ok 'rsyslog has every line, cut and marked where it must' whole rsyslog.got 8096
else
	skip 'no rsyslog' 'long lines do not stop a stream to rsyslog'
fi

if env=$("$servers/syslog-ng" env 2>/dev/null); then
	eval "$env"
	port=$(free_port)
	cat >syslog-ng.conf <<-END
		source s_tcp { syslog(ip("127.0.0.1") port($port) transport("tcp")); };
		log { source(s_sys); destination(d_own); };
		log { source(s_tcp); destination { file("$tmp/ng.got"
		    template("\${MESSAGE}\n")); }; };
	END
	"$servers/syslog-ng" start "$tmp/syslog-ng.d" syslog-ng.conf || exit 1
	for max in 8096 61440; do
		rm -f ng.got; kill -HUP "$(cat "$tmp/syslog-ng.d/pid")"
		exits 0 "long lines do not stop a stream to syslog-ng, of $max bytes" \
			timeout 60 logpush --max-message $max "syslog+tcp://127.0.0.1:$port" <lines
		until_true 30 lines_are ng.got
		ok "syslog-ng has every line, cut to $max bytes and marked where it must" \
			whole ng.got $max
	done
else
	skip 'no syslog-ng' 'long lines do not stop a stream to syslog-ng'
fi
done_testing
