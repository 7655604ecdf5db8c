# shellcheck shell=sh
# app.sh - an application that logs through the private syslog daemon in $ng
#
# After lib.sh.  Sets up: ok.log and 5xx.log, of which the application's lines
# are taken, each known by its number; sent, all that were sent; $tmp/log.

ng=$tmp/ng
mkdir "$ng" "$tmp/log"
: >sent
"$top/scripts/mkcorpus" -s 40M -e 0 | awk '{ print $0, "id=" NR }' >ok.log
"$top/scripts/mkcorpus" -s 1M -e 100 | awk '{ print $0, "id=5xx-" NR }' >5xx.log
exec 4<ok.log 5<5xx.log

# adapt FILE: a snippet that users copy, but for places (the URL is $store) and
# the quiet time (1 s)
adapt() {
	sed -e "s|s_src|s_sys|" -e "s|PATH='/[^;]*; ||" \
	    -e "s|/var/log|$tmp/log|g" -e "s|/var/lib/logrotate|$tmp|g" \
	    -e "s|logrotate -f /etc/logrotate.d|logrotate -s $tmp/state -f $tmp|" \
	    -e "s|-t 30|-t 1|" -e "s|ctl reopen|& --control=$ng/ctl|" \
	    -e "s|s3://bucket/logs/{host}/|$store|" \
	    -e "s|/usr/local/share/logferry/scripts/postrotate|$top/scripts/postrotate|" \
	    -e "s|/usr/lib/rsyslog/rsyslog-rotate|kill -HUP \$(cat $ng/pid)|" \
	    -e '/^	su /d' "$1"
}

# deadline SECONDS: how long each logpush tries
deadline() {
	printf '%s\n' '#!/bin/sh' "exec '$B/logpush' --deadline $1 \"\$@\"" \
	    >"$tmp/bin/logpush"
	chmod +x "$tmp/bin/logpush"
}
mkdir "$tmp/bin"
LOGFERRY_RUN=$tmp/run
PATH=$tmp/bin:$PATH
export LOGFERRY_RUN PATH
deadline 60

take() {			# fd, how many lines
	n=$2
	while [ $((n -= 1)) -ge 0 ] && IFS= read -r l <&"$1"; do
		printf '%s\n' "$l"
	done
}
send() {			# what is in the file new
	logger -u "$ng/log" -t docker/todo-list -f new
	cat new >>sent
}
traffic() { take 4 20 >new; send; }
errors() { { take 4 10; take 5 5; } >new; send; }
ten_mb() {			# with errors at its end
	{ dd bs=1M count=10 iflag=fullblock <&4; take 4 1; take 5 5; } \
	    >new 2>/dev/null
	send
}

# How the lines in the file found differ from those sent: nothing, if each is
# there once.
difference() {
	sed 's/^.*docker[^ ]*: //' found | sort >found.sorted
	sort sent | diff - found.sorted | head -n 5
}
