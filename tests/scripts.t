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
is 'mkcorpus -f json makes JSON' "$(logparse -f json <one | grep -c '"error"')" 0
"$scripts/mkcorpus" -s 20M >big
is 'mkcorpus: longer than its block, still whole lines' \
    "$(loggrep -vc '"$' big)" 0
"$scripts/mkcorpus" -s 4M -e 10 >one
n=$(($(loggrep -5 -c one) * 100 / $(wc -l <one)))
ok 'mkcorpus -e: so many percent of 5xx' test $n -ge 9 -a $n -le 11
exits 2 'mkcorpus: an unknown format is misuse' "$scripts/mkcorpus" -f cobol
rm -f big

# postrotate
LOGFERRY_RUN=$tmp/run
PATH=$tmp/bin:$PATH
export LOGFERRY_RUN PATH
mkdir log bin
# stub NAME: a command of the tests' own, read from standard input
stub() { { echo '#!/bin/sh'; cat; } >"bin/$1" && chmod +x "bin/$1"; }
echo one >log/app.log.1
touch -d @1624977000 log/app.log.1
echo two | gzip >log/app.log-1624970000.gz
echo three >log/app.log
echo other >log/application.log.1
exits 0 'postrotate delivers with status 0' "$scripts/postrotate" "log/app.log " \
    "file://$tmp/store/"
is 'postrotate delivers what was rotated and what was left behind' \
    "$(cd store && ls; gzip -dc ./*)" 'app.log-1624970000.gz
app.log-1624977000.gz
two
one'
is 'postrotate takes no other log' "$(cd log && echo ./*)" './app.log ./application.log.1'
exits 0 'postrotate with nothing to do' "$scripts/postrotate" log/app.log \
    "file://$tmp/store/"
echo one >log/app.log.1
: >no-folder
"$scripts/postrotate" log/app.log "file://$tmp/no-folder/" 2>/dev/null
ok 'postrotate tells when it could not deliver' test $? -ne 0
is 'postrotate keeps the packed log that it could not deliver' "$(gzip -dc log/app.log-*.gz)" one
rm -rf log store
mkdir log log/one log/two 'log/a b'
for f in log/app.log log/one/x.log log/two/x.log 'log/a b/c d.log'; do
	echo "$f" >"$f.1"
	touch -d @1624977000 "$f.1"
done
exits 0 'postrotate takes several logs and patterns, as logrotate names them' \
    "$scripts/postrotate" "$tmp/log/app.log
\"$tmp/log/*/x.log\" " "file://$tmp/store/{path}"
exits 0 'postrotate takes a log with blanks in its name' "$scripts/postrotate" \
    "$tmp/log/a b/c d.log " "file://$tmp/store/{path}"
is 'postrotate delivers every log that logrotate named' "$(find store -name '*.gz' | sed 's|.*/log/||' | sort)" \
    'a b/c d.log-1624977000.gz
app.log-1624977000.gz
one/x.log-1624977000.gz
two/x.log-1624977000.gz'
echo one >log/app.log.1
touch -d @1624970000 log/app.log.1
exits 2 'postrotate tells of a missing folder' "$scripts/postrotate" \
    "$tmp/nowhere/x.log " "file://$tmp/store/{path}"
exits 0 'postrotate takes logs of which one folder is missing' \
    "$scripts/postrotate" "$tmp/nowhere/x.log $tmp/log/app.log " \
    "file://$tmp/store/{path}"
: >log/app.log-14
exits 1 'postrotate tells of a rotated file that is left' \
    "$scripts/postrotate" log/app.log "file://$tmp/store/"
ok 'postrotate delivers other logs though a folder is missing' test ! -e log/app.log.1 -a \
    "$(find store -name 'app.log-1624970000.gz')"
rm -rf log store

# What anybody may put into a log folder of theirs.
nl='
'
mkdir -p log/x "log/x$nl$tmp/victim" victim
echo "root's own" >victim/app.log-1.gz
echo kept >"log/x$nl$tmp/victim/app.log-1.gz"
echo one >'log/a[1].log.1'
echo two >"log/app.log.1${nl}app.log.1"
"$scripts/postrotate" 'log/a[1].log ' "file://$tmp/store/" >out 2>&1
is 'postrotate delivers a log with brackets in its name, and prints nothing' \
    "$(gzip -dc store/*; cat out)" one
"$scripts/postrotate" "$tmp/log/*.log " "file://$tmp/store/" >out 2>&1
"$scripts/postrotate" "$tmp/log/*/app.log " "file://$tmp/store/" >>out 2>&1
is 'postrotate is not led to another file by a newline in a name' \
    "$(cat victim/*)" "root's own"
rm -rf log store victim

mkdir log log/old store
for f in log/app.log.1 log/old/app.log.1.gz; do
	echo "$f" | if [ "${f%.gz}" = "$f" ]; then cat; else gzip; fi >"$f"
done
exits 0 'postrotate takes an olddir' "$scripts/postrotate" --olddir old \
    log/app.log "file://$tmp/store/"
is 'postrotate delivers what is in the olddir' "$(gzip -dc store/*; ls log)" \
    'log/old/app.log.1.gz
app.log.1
old'

# Two at once.  A logpush that takes its time finds out whether they meet.
stub logpush <<END
mkdir "$tmp/busy" || echo met >>"$tmp/met"
cat >/dev/null
sleep 0.3
rmdir "$tmp/busy"
END
for log in log/app.log "$tmp/log/*.log " log/other.log; do
	"$scripts/postrotate" "$log" "file://$tmp/store/" &
done
wait
is 'postrotate: two runs for one folder never meet' "$(cat met 2>&1)" \
    'cat: met: No such file or directory'

# One that leaves something in the background, as a credential_process may.
stub logpush <<END
sleep 60 </dev/null >/dev/null 2>&1 &
echo \$! >>"$tmp/pids"
END
"$scripts/postrotate" log/app.log "file://$tmp/store/"
exits 0 'postrotate: what logpush leaves in the background keeps no lock' \
    timeout 20 "$scripts/postrotate" log/app.log "file://$tmp/store/"
xargs kill <pids

# A file waits longer than an hour: a clock and a logger of the test's own.
stub logpush <<END
cat >/dev/null
echo "logpush: no bucket" >&2
exit 75
END
stub logger <<END
shift 5
echo "\$*" >>"$tmp/told"
END
echo one >log/app.log.1
later() {			# run it as if so many seconds had passed
	stub date <<-END
	echo $(($(/bin/date +%s) + $1))
	END
	"$scripts/postrotate" log/app.log "file://$tmp/store/" 2>>err
}
: >told
later 3000
is 'postrotate gives the status of a failed delivery' $? 75
is 'postrotate tells nothing of its own within an hour' "$(cat told)" ''
: >err
later 4000; later 5000; later 6000
is 'postrotate tells once that a file waits longer than an hour' \
    "$(cat told)" 'log/app.log: waits longer than an hour to be delivered'
is 'postrotate: what a store says is not repeated after that' \
    "$(cat err)" 'logpush: no bucket'
rm bin/logpush
later 7000; later 8000
is 'postrotate tells once that what waited is delivered' "$(sed 1d told)" \
    'log/app.log: what waited longer than an hour is delivered'
rm -rf log store bin/date bin/logger

# The logrotate snippets with the real logrotate.
stub syslog-ng-ctl </dev/null
rotate() {			# SNIPPET [sed's]: force a rotation by it
	sed -e "s|/var/log|$tmp/log|g" -e "s|s3://bucket/logs/{host}|file://$tmp/store|" \
	    -e "s|/run/|$tmp/run/|g" -e "${2:-/^	su /d}" \
	    -e "s|/usr/local/share/logferry|$top|" \
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
		is "logrotate.d/$s: a good run prints nothing" "$(cat .out)" ''
	done
	is 'the logrotate snippets ship each log once, packed' "$(shipped)" \
'./apache/access.log.gz
./apache/other.log.gz
./auth.log.gz
./docker.log.gz
./kern.log.gz
./nginx/access.log.gz
./nginx/error.log.gz
./syslog.gz'
	is 'the logrotate snippets ship what was in the logs' "$(find store -name '*.gz' -exec gzip -dc {} + |
	    sort | tr '\n' ' ')" 'apache2/access apache2/other auth docker kern nginx/access nginx/error syslog '
	is "the logrotate snippets leave another program's rotated log" \
	    "$(find log -name '*.gz')" log/dpkg.log-20210629.gz
	is 'the logrotate snippets make new logs where no daemon does' \
	    "$(find log -name '*.log' -empty | wc -l)" 7
	rm -rf store && : >store
	for f in nginx/access docker syslog; do
		echo again >log/$f.log
	done
	for s in nginx docker syslog; do
		exits 0 "logrotate.d/$s: a failed delivery is no failed rotation" \
		    rotate $s
		is "logrotate.d/$s: a failed delivery prints nothing" \
		    "$(cat .out)" ''
	done
	rm -rf log store

	# As on Ubuntu: a group may write to the folder, and the daemon is not root.
	if [ "$(id -u)" = 0 ] && chgrp adm . 2>/dev/null; then
		chmod 755 . && mkdir log && chgrp adm log && chmod 775 log
		echo one >log/docker.log
		chown nobody:adm log/docker.log && chmod 640 log/docker.log
		exits 0 'logrotate.d/docker: a group may write to the folder' \
		    rotate docker '/^$/d'
		is 'logrotate.d/docker: the new log has the same owner and mode' \
		    "$(cd log && stat -c '%n %U %G %a' docker.log; gzip -dc ../store/*)" \
		    'docker.log nobody adm 640
one'
		rm -rf log store
	else
		skip 'not root' \
		    'logrotate.d/docker: a group may write to the folder'
	fi

	# settings NAME LINE...: rotated three times, all is delivered
	settings() {
		name=$1
		shift
		mkdir log store
		{
			echo "$tmp/log/app.log {"
			printf '%s\n' 'rotate 1' missingok create sharedscripts "$@"
			echo lastaction
			echo "\"$scripts/postrotate\" ${old:+--olddir $old} \"\$1\" file://$tmp/store/"
			echo endscript
			echo '}'
		} >conf
		chmod 600 conf
		for i in 1 2 3; do
			echo "line $i" >>log/app.log
			# a second of its own for each
			touch -d "@$((1624977000 + i))" log/app.log
			logrotate -s state.app -f conf 2>&1
			# and for the names that hold logrotate's clock
			case $*,$i in *%*,[12]) sleep 1.1 ;; esac
		done >out
		is "logrotate with $name: all is delivered in the order of the names" \
		    "$(cat out; ls store | sed 's/-1624977.*//' | uniq; gzip -dc store/*)" \
		    'app.log
line 1
line 2
line 3'
		rm -rf log store state.app
	}
	settings nocompress nocompress
	settings compress compress
	settings 'compress and delaycompress' compress delaycompress
	settings 'extension .log' nocompress 'extension .log'
	settings 'addextension .old' nocompress 'addextension .old'
	settings 'start 0' nocompress 'start 0'
	settings dateext dateext 'dateformat -%Y%m%d-%s' compress
	settings 'dateext and extension' nocompress dateext \
	    'dateformat -%Y%m%d-%s' 'extension .log'
	settings 'dateformat .%Y-%m-%d-%s' nocompress dateext \
	    'dateformat .%Y-%m-%d-%s'
	settings 'dateformat _%Y%m%d%H%M%S' nocompress dateext \
	    'dateformat _%Y%m%d%H%M%S'
	old=archive settings olddir nocompress 'olddir archive' createolddir
	mkdir log log/archive store said
	printf '#!/bin/sh\nprintf "%%s\\n" "$*" >>"%s/said/log"\n' "$tmp" >said/logger
	chmod +x said/logger
	for script in '"$0" "$1" file://$1store/ && touch delivered' '"$0" "$1" file://$1store/'; do
		echo line >log/app.log
		printf '%s {\n%s\nlastaction\n%s\nendscript\n}\n' "$tmp/log/app.log" \
		    'olddir archive' "$(printf %s "$script" |
		    sed "s|\$0|$scripts/postrotate|; s|\$1store|$tmp/store|")" >conf
		chmod 600 conf
		PATH=$tmp/said:$PATH logrotate -s state.app -f conf >out 2>&1
	done
	is 'an olddir that postrotate does not know is told' \
	    "$(sed 's|.* -- ||' said/log | uniq -c | tr -s ' ')" \
	    " 2 $tmp/log/app.log: logrotate rotated it, but no rotated file is found; where it has an olddir, say --olddir DIR, unless another run has delivered it"
	rm -rf log store said state.app
else
	skip 'no logrotate' 'the logrotate snippets ship each log once, packed'
fi

# The unit that empties a spool, without its systemd
mkdir -p spools
seq 3 | logpush -q --spool spools/es --deadline 100ms \
    es+http://127.0.0.1:1/index 2>/dev/null
sed -n "s|^ExecStop=/bin/sh -c '\(.*\)'\$|\1|p" \
    "$scripts/systemd/logferry-empty@.service" |
    sed "s|/var/spool/logferry/%I|$tmp/spools/es|; s/--syslog //" >stop
LEFT_OVER=file://$tmp/left/ sh -e stop 2>err
is 'the unit for the shutdown sends what a spool holds somewhere else' \
    "$? $(cat left/* | gzip -dcf | tr '\n' ' ')" '0 1 2 3 '

exits 0 'bootstrap --help is status 0' "$scripts/bootstrap" --help
is 'bootstrap --help begins with its usage and installs nothing' \
    "$(grep -c -e '^usage: bootstrap ' -e '^bootstrap: ' .out)" 1

# What is changed to try the tests has tests
if python3 -c 'import multiprocessing as m; m.Lock()' 2>err; then
	exits 0 'tests/mutants knows the suites of each room' "$top/tests/mutants" -n 0
else
	skip "$(tail -n 1 err)" 'tests/mutants knows the suites of each room'
fi

done_testing
