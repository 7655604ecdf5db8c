#!/bin/sh
# the main job under rsyslog: every line sent is in the store exactly once
. "${0%/*}/../lib.sh"

for c in rsyslogd logrotate; do
	command -v $c >/dev/null || skip_all "no $c here"
done
. "$top/tests/services/app.sh"
store=file://$tmp/store/
mkdir "$tmp/store"
adapt "$top/logrotate.d/docker" | sed 's/syslog-ng-ctl [^|]*|| //' >"$tmp/docker"
adapt "$top/scripts/rsyslog/docker-5xx" | sed "s|^PATH=.*|PATH=$PATH|" \
    >"$tmp/docker-5xx"
chmod +x "$tmp/docker-5xx"
{
	cat <<END
module(load="imuxsock" SysSock.Use="off")
global(workDirectory="$ng")
input(type="imuxsock" Socket="$ng/log" RateLimit.Interval="0")
END
	adapt "$top/scripts/rsyslog/logferry.conf" |
	    sed "s|/usr/local/.*/docker-5xx|$tmp/docker-5xx|"
} >"$ng/rsyslog.conf"

rsyslogd -f "$ng/rsyslog.conf" -i "$ng/pid" || exit 1
up() { [ -S "$ng/log" ] && [ -s "$ng/pid" ]; }
until_true 20 up || exit 1
pid=$(cat "$ng/pid")
at_exit='kill "$pid" 2>/dev/null'

objects() { find "$tmp/store" -name '*.gz'; }
more_objects_than() { [ "$(objects | wc -l)" -gt "$1" ]; }

for burst in 1 2 3; do
	before=$(objects | wc -l)
	for _ in 1 2 3; do errors; traffic; done
	ok "burst $burst is shipped" until_true 60 more_objects_than "$before"
	traffic
done
errors
kill "$pid"
settled() { [ -z "$(find "$tmp/log" -type f -size +0)" ]; }
ok 'the end of rsyslog ships the rest' until_true 60 settled
objects | xargs gzip -dc >found
is 'every line sent is in the store exactly once' "$(difference)" ''
echo "# $(($(wc -l <sent))) lines in $(objects | wc -l) objects"

done_testing
