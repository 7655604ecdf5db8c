#!/bin/sh
# what is installed beside the commands does its work
. "${0%/*}/lib.sh"

scripts=$top/scripts

# mkcorpus
for f in combined syslog json; do
	"$scripts/mkcorpus" -s 300K -f $f >one
	"$scripts/mkcorpus" -s 300K -f $f >two
	ok "mkcorpus -f $f: the same twice" cmp one two
	n=$(($(wc -c <one)))
	ok "mkcorpus -f $f: as large as asked, but for a part of a line" \
	    test "$n" -le 307200 -a "$n" -gt 306000
done
is 'mkcorpus: JSON is JSON' "$(logparse -f json <one | grep -c '"error"')" 0
"$scripts/mkcorpus" -s 20M >big
is 'mkcorpus: longer than its block, still whole lines' \
    "$(loggrep -vc '"$' big)" 0
"$scripts/mkcorpus" -s 4M -e 10 >one
n=$(($(loggrep -5 -c one) * 100 / $(wc -l <one)))
ok 'mkcorpus -e: so many percent of 5xx' test $n -ge 9 -a $n -le 11
exits 2 'mkcorpus: misuse' "$scripts/mkcorpus" -f cobol
rm -f big

# postrotate
mkdir log
echo one >log/app.log.1
touch -d @1624977000 log/app.log.1
echo two | gzip >log/app.log-1624970000.gz
echo three >log/app.log
echo other >log/application.log.1
exits 0 'postrotate delivers' "$scripts/postrotate" "log/app.log " \
    "file://$tmp/store/"
is 'what was rotated, and what was left behind' \
    "$(cd store && ls; gzip -dc ./*)" 'app.log-1624970000.gz
app.log-1624977000.gz
two
one'
is 'and nothing else' "$(cd log && echo ./*)" './app.log ./application.log.1'
exits 0 'postrotate with nothing to do' "$scripts/postrotate" log/app.log \
    "file://$tmp/store/"
echo one >log/app.log.1
: >no-folder
"$scripts/postrotate" log/app.log "file://$tmp/no-folder/" 2>/dev/null
ok 'postrotate tells when it could not deliver' test $? -ne 0
is 'and keeps the packed log' "$(gzip -dc log/app.log-*.gz)" one
rm -rf log store
mkdir log log/one log/two 'log/a b'
for f in log/app.log log/one/x.log log/two/x.log 'log/a b/c d.log'; do
	echo "$f" >"$f.1"
	touch -d @1624977000 "$f.1"
done
exits 0 'postrotate takes several logs and patterns, as logrotate names them' \
    "$scripts/postrotate" "$tmp/log/app.log
\"$tmp/log/*/x.log\" " "file://$tmp/store/{path}"
exits 0 'and a log with blanks in its name' "$scripts/postrotate" \
    "$tmp/log/a b/c d.log " "file://$tmp/store/{path}"
is 'of all of them' "$(find store -name '*.gz' | sed 's|.*/log/||' | sort)" \
    'a b/c d.log-1624977000.gz
app.log-1624977000.gz
one/x.log-1624977000.gz
two/x.log-1624977000.gz'
echo one >log/app.log.1
touch -d @1624970000 log/app.log.1
exits 2 'a folder that is not there is told' "$scripts/postrotate" \
    "$tmp/nowhere/x.log $tmp/log/app.log " "file://$tmp/store/{path}"
ok 'and does not keep the others' test ! -e log/app.log.1 -a \
    "$(find store -name 'app.log-1624970000.gz')"
rm -rf log store

# The logrotate snippets with the real logrotate.
rotate() {			# snippet: force a rotation by it
	sed -e "s|/var/log|$tmp/log|g" -e "s|s3://bucket/logs/{host}|file://$tmp/store|" \
	    -e 's|create 0640 .*|create|' -e "s|/run/|$tmp/run/|g" \
	    -e 's|syslog-ng-ctl reopen 2>/dev/null|true|' \
	    "$top/logrotate.d/$1" >"$1.conf"
	chmod 600 "$1.conf"
	logrotate -s "$tmp/state" -f "$1.conf"
}
shipped() { (cd store && find . -name '*.gz' | sed 's/-[0-9]*\././' | sort); }
if command -v logrotate >/dev/null; then
	mkdir -p log/nginx log/apache2 run
	chmod 700 log log/*
	for f in nginx/access nginx/error apache2/access apache2/other \
	    docker syslog auth kern; do
		echo "$f" >log/$f.log
	done
	mv log/syslog.log log/syslog
	echo kept >log/dpkg.log-20210629.gz
	for s in nginx apache docker syslog; do
		exits 0 "logrotate.d/$s: is rotated and shipped" rotate $s
	done
	is 'each log is shipped once, packed' "$(shipped)" \
'./apache/access.log.gz
./apache/other.log.gz
./auth.log.gz
./docker.log.gz
./kern.log.gz
./nginx/access.log.gz
./nginx/error.log.gz
./syslog.gz'
	is 'with what was in it' "$(find store -name '*.gz' -exec gzip -dc {} + |
	    sort | tr '\n' ' ')" 'apache2/access apache2/other auth docker kern nginx/access nginx/error syslog '
	is "another program's rotated log stays" \
	    "$(find log -name '*.gz')" log/dpkg.log-20210629.gz
	is 'and new logs stand where no daemon makes them' \
	    "$(find log -name '*.log' -empty | wc -l)" 5
else
	skip 'no logrotate' 'the logrotate snippets'
fi

done_testing
