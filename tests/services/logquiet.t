#!/bin/sh
# logquiet: as a child of real syslog-ng and rsyslog, with a real logrotate
. "${0%/*}/../lib.sh"

# What the command does: the burst on its standard input goes to "got".
cat >work <<END
#!/bin/sh
cd $tmp || exit
if [ -s running ] && read -r other <running && [ -d "/proc/\$other" ]; then
	echo "\$\$ began while \$other ran" >>overlaps
fi
echo \$\$ >running
cat >>got
sleep 0.1
echo "\$LOGQUIET_LINES" >>runs
rm -f running
END
chmod +x work

reset() {
	rm -rf "$tmp/ng" state lock
	: >sent; : >got; : >runs; : >overlaps
	n=0
}
# send SOCKET COUNT: access-log lines with status 503, each known by a number
send() {
	send_to=$((n + $2))
	while [ $n -lt "$send_to" ]; do
		n=$((n + 1))
		echo "10.0.0.1 - - [29/Jun/2021:10:05:03 +0000] \"GET /$n HTTP/1.1\" 503 12"
	done >new
	sed 's|.*GET /\([0-9]*\) .*|\1|' new >>sent
	logger -u "$1" -t app -f new
}
numbers() { sed 's|.*GET /\([0-9]*\) .*|\1|' got | sort -n; }
# all_came: each line sent is there once; leaves the difference
all_came() { numbers | diff sent - >difference; }
none_missing() { numbers | uniq | diff sent - >difference; }

syslog_ng() {
ng=$tmp/ng
at_exit='"$top/tests/servers/syslog-ng" stop "$ng"'
for keep in yes no; do
	reset
	cat >conf <<END
destination d_quiet { program("exec 2>>$tmp/messages; loggrep -5 |
    logquiet -t 300ms --feed --state $tmp/state --lock $tmp/lock $tmp/work"
    keep-alive($keep)); };
log { source(s_sys); destination(d_quiet); flags(flow-control); };
END
	"$top/tests/servers/syslog-ng" start "$ng" conf
	send "$ng/log" 5
	ok "syslog-ng, keep-alive($keep): a burst fires" until_true 10 test -s runs
	is "syslog-ng, keep-alive($keep): a burst fires once" "$(cat runs)" 5
	i=0
	while [ $((i += 1)) -le 20 ]; do
		send "$ng/log" 20
		"$top/tests/servers/syslog-ng" reload "$ng" >/dev/null
		send "$ng/log" 20
		sleep 0.4
	done
	until_true 20 all_came
	is "20 reloads in 10 seconds: of $n lines all come, once" \
	    "$(head -n 5 difference)" ''
	is "syslog-ng, keep-alive($keep): runs do not overlap across reloads" "$(cat overlaps)" ''
	before=$(wc -l <runs)
	send "$ng/log" 3
	sleep 0.1
	"$top/tests/servers/syslog-ng" stop "$ng"
	ok "syslog-ng, keep-alive($keep): what is pending when it stops fires" until_true 10 all_came
	"$top/tests/servers/syslog-ng" start "$ng" conf
	send "$ng/log" 3
	ok "syslog-ng, keep-alive($keep): bursts fire after a new start" until_true 10 all_came
	sleep 1
	ok "syslog-ng, keep-alive($keep): each burst fires once" test "$(wc -l <runs)" -le $((before + 3))
	is "syslog-ng, keep-alive($keep): nothing is pending in the end" "$(cat state)" ''
	"$top/tests/servers/syslog-ng" stop "$ng"
done
is 'syslog-ng: nothing was complained about' "$(cat messages)" ''

# The real command, while another logrotate has the state file.
reset
mkdir rotated
: >rotated/app.log
cat >fast.conf <<END
$tmp/rotated/app.log {
	su $(id -un) $(id -gn)
	rotate 50
	create
	postrotate
		"$top/tests/servers/syslog-ng" reload "$ng"
	endscript
}
END
: >rotated/slow.log
cat >slow.conf <<END
$tmp/rotated/slow.log {
	su $(id -un) $(id -gn)
	prerotate
		touch $tmp/slow; sleep 2
	endscript
}
END
chmod 644 ./*.conf
# A burst may fire twice (a slow machine cuts it in two), so rotated logs are
# not counted: each burst must be in one.
rotated() {
	cat rotated/app.log.* >got
	all_came
}
cat >rotate <<END
#!/bin/sh
exec logrotate -s $tmp/lr.state -f $tmp/fast.conf
END
chmod +x rotate
cat >conf <<END
destination d_file { file("$tmp/rotated/app.log"); };
destination d_quiet { program("exec 2>>$tmp/messages; loggrep -5 |
    logquiet -t 300ms --state $tmp/state --lock $tmp/lock $tmp/rotate"); };
log { source(s_sys); destination(d_file); };
log { source(s_sys); destination(d_quiet); };
END
logrotate -s lr.state -f slow.conf &
until_true 10 test -e slow
"$top/tests/servers/syslog-ng" start "$ng" conf
send "$ng/log" 5
ok 'logrotate runs after the one that held its state file' \
    until_true 20 rotated
wait
ok 'logrotate that was locked out is told with its status' grep -q 'exit status 3, again' messages
ok "the reload that logrotate's postrotate asks for does not stop it" \
    until_true 10 grep -q app.log lr.state
send "$ng/log" 5
ok 'logrotate runs for the next burst' until_true 20 rotated
"$top/tests/servers/syslog-ng" stop "$ng"
at_exit=:
cat rotated/app.log* >got
all_came
is "no line is lost across logrotate's rotations" "$(cat difference)" ''
}

stop_rsyslog() {
	[ ! -s "$tmp/pid" ] || kill "$(cat "$tmp/pid")"
	until_true 10 not test -e "$tmp/pid"
}
start_rsyslog() {
	cat >rconf <<END
global(workDirectory="$tmp")
module(load="imuxsock" SysSock.Use="off")
module(load="omprog")
input(type="imuxsock" Socket="$tmp/log" RateLimit.Interval="0")
template(name="bare" type="string" string="%msg%\n")
action(type="omprog" template="bare"
    binary="$B/logquiet -t 300ms --feed --state $tmp/state --lock $tmp/lock${2:+ $2} $tmp/work"
    $1)
END
	rm -f log
	rsyslogd -f "$tmp/rconf" -i "$tmp/pid"
	until_true 10 test -S log
}

rsyslog() {
at_exit=stop_rsyslog
for on in off on; do
	reset
	start_rsyslog "signalOnClose=\"$on\""
	send log 5
	ok "rsyslog, signalOnClose=$on: a burst fires" until_true 10 test -s runs
	send log 5
	sleep 0.1
	stop_rsyslog
	ok "rsyslog, signalOnClose=$on: what is pending when it stops fires" until_true 10 all_came
	is "rsyslog, signalOnClose=$on: two bursts, two runs" "$(tr '\n' ' ' <runs)" '5 5 '
done

reset
start_rsyslog 'confirmMessages="on" confirmTimeout="5000"
    action.resumeInterval="1" action.resumeRetryCount="-1"' --confirm
i=0
while [ $((i += 1)) -le 5 ]; do
	send log 10
	sleep 0.05
	victim=$(pgrep -f "^$B/logquiet .*--state $tmp/state" | head -n 1)
	[ -z "$victim" ] || kill -KILL "$victim"
	sleep 0.3
done
send log 1
until_true 30 none_missing
is "confirmMessages: of $n lines none is missing after 5 kills" \
    "$(cat difference)" ''
is 'confirmMessages: runs do not overlap' "$(cat overlaps)" ''
stop_rsyslog
}

if [ -x /usr/sbin/rsyslogd ]; then
	rsyslog
else
	skip 'no rsyslog' 'rsyslog: a burst fires under omprog'
fi
if env=$("$top/tests/servers/syslog-ng" env 2>/dev/null); then
	eval "$env"
	syslog_ng
else
	skip 'no syslog-ng: tests/servers/syslog-ng install' \
	    'syslog-ng: a burst fires under program()'
fi
until_true 10 not pgrep -f "$tmp" >/dev/null
done_testing
