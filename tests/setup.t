#!/bin/sh
# scripts/setup: what it finds on a machine, and what it would write
. "${0%/*}/lib.sh"

# Installed, as it looks for the commands beside itself.
data=$tmp/opt/share/logferry
mkdir -p "$tmp/opt/bin" "$data"
cp "$B/logquiet" "$tmp/opt/bin"
cp -R "$top/logrotate.d" "$data"
cp -R "$top/scripts" "$data"
setup=$data/scripts/setup

# machine DAEMON...: a folder that looks like one
machine() {
	rm -rf machine
	mkdir -p machine/etc/rsyslog.d machine/etc/docker machine/usr/sbin \
	    machine/var/log machine/var/lib/docker/containers machine/run
	for d; do
		case $d in
		systemd) mkdir -p machine/run/systemd/system ;;
		journald)
			mkdir -p machine/run/systemd/journal
			: >machine/run/systemd/journal/socket ;;
		syslog-ng)
			mkdir -p machine/etc/syslog-ng
			printf 'source s_src { system(); internal(); };\n' \
			    >machine/etc/syslog-ng/syslog-ng.conf
			touch machine/usr/sbin/syslog-ng
			chmod +x machine/usr/sbin/syslog-ng ;;
		rsyslogd)
			: >machine/etc/rsyslog.conf
			touch machine/usr/sbin/rsyslogd
			chmod +x machine/usr/sbin/rsyslogd ;;
		esac
	done
}
driver() {			# DRIVER [ADDRESS]
	printf '{ "log-driver": "%s", "log-opts": { "tag": "docker/{{.Name}}"%s } }\n' \
	    "$1" "${2:+, \"syslog-address\": \"$2\"}" >machine/etc/docker/daemon.json
}
dry() { SETUP_ROOT=$tmp/machine "$setup" --dry-run "$@" >out 2>&1; }
would_write() { sed -n 's/^Would write \(.*\):$/\1/p' out | tr '\n' ' '; }
has() { grep -qF -e "$1" out; }

exits 2 'setup without a URL is misuse' "$setup" docker
exits 2 'setup refuses a URL that is no store' dry docker http://host/
exits 2 'setup refuses a URL that a shell could mistake' dry docker 's3://b/$(x)/'
exits 2 'setup refuses a file whose name a shell could mistake' \
    dry '/var/log/a&b.log' s3://bucket/
exits 2 'setup --remove of an empty name is trouble' "$setup" --remove ''
exits 2 'setup --remove of a folder above is trouble' "$setup" --remove ..
exits 2 'setup knows no other name' dry cobol s3://bucket/

machine systemd syslog-ng
driver syslog
dry docker 's3://b/{host}/{date:%Y}/'
is 'with syslog-ng its program() is the trigger' "$(would_write)" \
    '/etc/logrotate.d/docker /etc/syslog-ng/conf.d/logferry-docker.conf /etc/systemd/system/logferry-docker-ship.service /etc/systemd/system/logferry-docker-ship.timer '
ok 'the source of syslog-ng is called as in syslog-ng.conf' has 'source(s_src);'
ok 'the rotation delivers to the URL' has "postrotate\" \"\$1\" s3://b/{host}/{date:%Y}/"
ok 'a percent sign of the URL is doubled for systemd' has ' s3://b/{host}/{date:%%Y}/'
ok 'the commands are looked for where they are installed' has "PATH='$tmp/opt/bin:"
sed -i 's/s_src/s_sys/' machine/etc/syslog-ng/syslog-ng.conf
dry docker s3://b/
ok 'a source of syslog-ng with another name is found' has 'source(s_sys);'
driver syslog tcp://127.0.0.1:5140
dry docker s3://b/
ok 'syslog-ng gets a source for a local TCP address of Docker' has 'port(5140)'
ok 'the log statement has the source for a local TCP address' has 'source(s_docker_net); source(s_sys);'
driver syslog tcp://loghost:514
exits 2 'lines that Docker sends elsewhere are refused' dry docker s3://b/
rm -rf machine/run/systemd
driver syslog
dry docker s3://b/%Y/
is 'without systemd cron tries again' "$(would_write)" \
    '/etc/cron.d/logferry-docker /etc/logrotate.d/docker /etc/syslog-ng/conf.d/logferry-docker.conf '
ok 'a percent sign of the URL is escaped for cron' has "s3://b/\\%Y/"

service='/etc/systemd/system/logferry-docker-ship.service /etc/systemd/system/logferry-docker-ship.timer /etc/systemd/system/logferry-docker.path /etc/systemd/system/logferry-docker.service '
machine systemd rsyslogd
driver syslog
echo '$PrivDropToUser syslog' >machine/etc/rsyslog.conf
dry docker s3://b/
ok 'the user that rsyslogd works as is told' has 'as user syslog'
is 'with rsyslog and systemd a service is the trigger' "$(would_write)" \
    "/etc/logrotate.d/docker /etc/rsyslog.d/20-logferry-docker.conf $service"
ok 'with rsyslog and systemd rsyslogd starts nothing' not has omprog
rm -rf machine/run/systemd
exits 2 'rsyslogd that may not rotate, without systemd, is refused' dry docker s3://b/
: >machine/etc/rsyslog.conf
dry docker s3://b/
ok 'as root without systemd rsyslogd starts the trigger' has 'type="omprog"'

machine systemd journald
dry docker s3://b/
is 'Docker as it comes has its json-file logs followed' "$(would_write)" "$service"
ok 'Docker as it comes has the logs of all containers followed' has \
    '--tail "/var/lib/docker/containers/*/*-json.log" | logquiet'
driver journald
dry docker s3://b/
ok 'the journald driver has the journal followed' has 'journalctl -q -f -m -n 0'
driver syslog
dry docker s3://b/
ok 'the syslog driver has the journal followed where journald is alone' has 'journalctl -q -f -m -n 0'
driver local
exits 2 'a driver that cannot be followed is refused' dry docker s3://b/
ok 'a driver that is refused is told with what to write in daemon.json' has '"log-driver": "json-file"'

machine
for n in nginx docker; do
	mkdir -p machine/var/log/$n
	dry $n 'file:///srv/{date:%Y}/'
	is "without systemd cron repeats what failed for $n" \
	    "$(would_write | tr ' ' '\n' | grep -v logrotate)" /etc/cron.d/logferry-$n
	ok "without systemd the whole trigger for $n is told, to be run by hand" \
	    grep -qE "^ *PATH=.* loggrep --syslog -5 --tail .* \| logquiet .* \"$data/scripts/ship\" --over $n .* file:///srv/\{date:%Y\}/'" out
	ok "without systemd cron has the URL for $n with its percent sign escaped" \
	    grep -qE "^  \| \*.* root \"$data/scripts/ship\" $n .* file:///srv/\{date:.%Y\}/" out
done

# ship, in folders of ours; rotating takes until the file go is there
mkdir -p shipped.bin
sed "s|=\(/var/.*\)|=\"$tmp\1\"|; s|/run/logferry |\"$tmp/run/logferry\" |; s|/run/logferry/|$tmp&|" \
    "$data/scripts/ship" >shipped.bin/ship
printf '#!/bin/sh\necho rotate >>steps\nn=0\nuntil [ -e go ] || [ $((n += 1)) = 600 ]; do sleep 0.05; done\n' \
    >shipped.bin/logrotate
printf '#!/bin/sh\necho deliver >>steps\n' >shipped.bin/postrotate
chmod +x shipped.bin/*
echo 'PATH=$PWD/shipped.bin:$PATH exec sh shipped.bin/ship "$@"' >shipped
waits_for_lock() {		# PID: its child is flock(1)
	read -r child _ <"/proc/$1/task/$1/children"
	grep -qs '(flock)' "/proc/$child/stat"
}
mkdir run
sh shipped nginx rotate conf log url
is 'without a burst ship delivers what waits' "$(cat steps)" deliver
sh shipped --over nginx rotate conf log url & over=$!
until_true 20 grep -q rotate steps
exits 0 'ship from cron waits for no other run' timeout 20 sh shipped nginx rotate conf log url
sh shipped --over nginx rotate conf log url & second=$!
until_true 20 waits_for_lock $second
: >go
wait $over && wait $second
is 'with --over ship rotates, and another burst waits for it' \
    "$(tr '\n' ' ' <steps)" 'deliver rotate deliver rotate deliver '

# made NAME DRIVER [OPTIONS]: a container with --log-driver and --log-opt
made() {
	c=machine/var/lib/docker/containers/$(printf %s "$1" | sha256sum | cut -d' ' -f1)
	mkdir -p "$c"
	printf '{"ID":"x","State":{"Running":true},"Name":"/%s","MountPoints":{"/d":{"Name":"vol"}}}\n' \
	    "$1" >"$c/config.v2.json"
	printf '{"Binds":null,"LogConfig":{"Type":"%s","Config":{%s}},"NetworkMode":"bridge"}\n' \
	    "$2" "${3-}" >"$c/hostconfig.json"
}
machine systemd journald
made plain json-file '"tag":"{{.Name}}","max-size":"10m","max-file":"3"'
dry docker s3://b/
st=$?
ok 'a container with the daemon'"'"'s log driver is nothing to tell' not has 'container plain'
is 'containers with the daemon'"'"'s log driver leave nothing to do' "$st" 0
made gone journald
sed -i 's/"Running":true/"Running":false/' "$c/config.v2.json"
dry docker s3://b/
is 'a container that does not run leaves nothing to do' "$?" 0
made own journald
made quiet none
made small json-file '"max-size":"10m"'
dry docker s3://b/
ok 'a container with a log driver of its own is told, with what to do' has \
    'by hand: container own has the log driver journald, not json-file'
ok 'a container without a log is told' has 'container quiet keeps no log'
ok 'a container of which Docker keeps one file is told' has 'container small keeps one file of 10m'
driver syslog
touch machine/usr/sbin/rsyslogd machine/etc/rsyslog.conf
chmod +x machine/usr/sbin/rsyslogd
made tagged syslog '"tag":"app {{.Name}}"'
made away syslog '"syslog-address":"tcp://loghost:514","tag":"docker/{{.Name}}"'
dry docker s3://b/
ok 'a container with a tag of its own is told' has 'by hand: container tagged has the tag app {{.Name}}'
ok 'a container that sends its lines elsewhere is told' has \
    'by hand: container away sends its lines to tcp://loghost:514'

machine systemd
mkdir -p machine/var/log/nginx machine/etc/logrotate.d
echo old >machine/etc/logrotate.d/nginx
dry nginx s3://b/n/
ok "another package's rotation is replaced, and kept for --remove" \
    has 'Would replace /etc/logrotate.d/nginx, keeping it'
ok 'nginx has all its logs followed' has '--tail "/var/log/nginx/*.log"'
ok 'nginx has its logs shipped to the URL as it was given' has 'postrotate" "$1" s3://b/n/ ||'
is 'a dry run writes nothing' "$(cat machine/etc/logrotate.d/nginx; find machine -newer out)" old
exits 2 'apache that is not there is refused' dry apache s3://b/

# cut: what Docker's json-file logs hold since the last time
docker=$tmp/docker spool=$tmp/spool
a=$docker/containers/$(printf '%064d' 1)
write() { printf '{"log":"%s\\n","time":"%s"}\n' "$1" "$1" >>"$a/${a##*/}-json.log"; }
rotate() { mv "$a/${a##*/}-json.log" "$a/${a##*/}-json.log.1"; }
cut_out() { "$top/scripts/cut" docker "$spool" "$docker" 2>>err; }
lines() { cat "$spool"/*.log-* 2>/dev/null | sed 's/.*"time":"\([^"]*\).*/\1/' | sort -n | tr '\n' ' '; }
mkdir -p "$a"
echo '{"Name":"/todo-list"}' >"$a/config.v2.json"
write 1
"$top/scripts/cut" docker-begin "$spool" "$docker"
write 2
printf '{"log":"half' >>"$a/${a##*/}-json.log"
exits 0 'what was written since is cut out' cut_out
is 'what is cut out is whole lines' "$(lines)" '2 '
ok 'what is cut out has the name of the container' test -n "$(ls "$spool"/todo-list.log-*)"
exits 0 'cutting again with nothing new succeeds' cut_out
is 'cutting again with nothing new gives no line twice' "$(lines)" '2 '
printf 'way\\n","time":"3"}\n' >>"$a/${a##*/}-json.log"
rotate
write 4
mv "$a/${a##*/}-json.log.1" "$a/${a##*/}-json.log.2"
gzip "$a/${a##*/}-json.log.2"
rotate
write 5
exits 0 'cutting succeeds when Docker has rotated twice and compressed' cut_out
is 'no line is left out when Docker has rotated twice and compressed' "$(lines)" '2 3 4 5 '
rm "$a/${a##*/}-json.log".*
rotate
rm "$a/${a##*/}-json.log.1"
write 6
exits 0 'cutting succeeds when Docker has removed the file that was read last' cut_out
is 'what is there is cut out when Docker has removed the file read last' "$(lines)" '2 3 4 5 6 '
ok 'it is told that Docker has removed the file read last' grep -q 'todo-list: Docker removed' err
write 7
printf '0-0 0\nbase todo-list.log\n' >"$spool/.state/${a##*/}.new"
exits 0 'cutting succeeds after a run that was killed before its lines had a name' cut_out
is 'the lines of a run that was killed before they had a name are cut out' "$(lines)" '2 3 4 5 6 7 '

# Docker keeps one file of 4,000 bytes and removes it when it is full.
one=$(printf '%064d' 2)
fed() { seq "$1" "$2" | "$top/tests/servers/docker-json" "$docker" "$one" one-file 4000 1; }
rotated() { "$top/scripts/cut" docker-rotated "$spool" "$docker" 2>>err; }
ones() { cat "$spool"/one-file.log-* 2>/dev/null | sed 's/.*"log":"\([0-9]*\).*/\1/' | tr '\n' ' '; }
if command -v python3 >/dev/null; then
	fed 1 1
	"$top/scripts/cut" docker-begin "$spool" "$docker"
	fed 2 10
	rotated
	is 'a log that is far from its end waits for a burst' "$(ones)" ''
	fed 11 30
	rotated
	is 'a log of which Docker keeps one file is cut when it is half full' \
	    "$(ones)" "$(seq 2 30 | tr '\n' ' ')"
	fed 31 60
	rotated
	ok 'what Docker removed since then is told' grep -q 'one-file: Docker removed' err
	is 'what follows the removed lines is cut out' "$(ones | tail -c 3)" '60 '
	rm -rf "$docker/containers/$one" "$spool"/one-file.log-*
else
	skip 'python3 is not installed' 'a log of which Docker keeps one file is cut in time'
fi

has_line() { lines | grep -q "$1"; }
write 8
rotate
gzip "$a/${a##*/}-json.log.1"
truncate -s -12 "$a/${a##*/}-json.log.1.gz"
write 9
exits 1 'a rotated file that is damaged is status 1' cut_out
ok 'a rotated file that is damaged is told' grep -q 'json.log.1.gz is damaged' err
ok 'what follows a damaged file is cut out' has_line 9
exits 0 'a damaged file holds up nothing the next time' cut_out

machine systemd rsyslogd
: >machine/var/log/docker.log
dry /var/log/docker.log s3://b/
ok "a file that is called as Docker's set-up gets another name" \
    has 'Would write /etc/logrotate.d/logferry-docker_log:'
mkdir -p machine/var/log/a machine/etc/logrotate.d
: >machine/var/log/a/b.log; : >machine/var/log/a_b.log
echo '/var/log/a/b.log {' >machine/etc/logrotate.d/logferry-a_b
exits 0 'a file that was set up may be set up again' dry /var/log/a/b.log s3://b/
exits 2 'a file whose name another set-up has is refused' dry /var/log/a_b.log s3://b/
ok 'the rotation that has the name of a new set-up is told' \
    has 'logferry-a_b: rotates another log than /var/log/a_b.log'

# Where the test line goes in; the folder is another user's.
put_line() {			# NAME HOW LOG
	sh -c '. "$1"; name=$2 how=$3 log=$4 line="the line" own=$5 mark=mark
	warn() { echo "$*" >&2; }
	put_in && echo "$put_where"' - "$top/scripts/setup.d/test" "$@" "$tmp/own" 2>>err
}
mkdir -p logs own away/containers
echo "$tmp/away" >own/docker
echo first >logs/access.log
echo precious >precious
is "the test line is appended to the application's log" \
    "$(put_line nginx follow "$tmp/logs/*.log" >out; cat logs/access.log)" 'first
the line'
rm logs/access.log; ln -s ../precious logs/access.log
exits 1 'the test line goes through no link' put_line nginx follow "$tmp/logs/*.log"
is 'what a link leads to is left as it was' "$(cat precious)" precious
sh -c 'echo precious; exec sleep 100' >precious.out & sleeper=$!
until_true 20 test -s precious.out
mkdir docker.bin
printf '#!/bin/sh\n[ "$1" = ps ] && echo abc || echo %s\n' $sleeper >docker.bin/docker
chmod +x docker.bin/docker
is "a file that is a container's output gets no test line" \
    "$(PATH=$tmp/docker.bin:$PATH put_line docker json '' | sed 's|/containers/.*||'
	cat precious.out)" "$tmp/away
precious"
kill $sleeper

done_testing
