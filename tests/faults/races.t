#!/bin/sh
# All commands: root works where another user may write, who wants root's files
. "${0%/*}/../lib.sh"
[ "$(id -u)" = 0 ] || skip_all 'not root'
command -v setpriv >/dev/null || skip_all 'no setpriv'
cc -O1 -o race "$top/tests/faults/race.c" 2>err || skip_all "$(head -n 1 err)"
rounds=${ROUNDS:-40}

chmod 755 "$tmp"
other() { setpriv --reuid 65534 --clear-groups "$@"; }
# set_up: a folder of the other user's, with a folder and a link to root's
set_up() {
	rm -rf app victim dest
	mkdir app victim dest
	chown 65534 app
	chmod 700 victim
	other mkdir app/d
	other ln -s "$tmp/victim" app/link
}
fill() {
	for f in x.log y.log.1 z.log-1600000000.gz; do
		for to in "victim/$f" "app/d/$f"; do
			[ -e "$to" ] || echo "root's $f" >"$to"
			touch -d 2020-01-01 "$to"
		done
	done
} 2>/dev/null
# keeps NAME COMMAND...: root's files are there after so many rounds of it
keeps() {
	keeps_name=$1; shift
	set_up
	fill
	other ./race exchange app d link &
	eve=$!
	n=0 lost=0
	while [ $n -lt "$rounds" ]; do
		n=$((n + 1))
		"$@" >out 2>err
		[ "$(ls victim | tr '\n' ' ')" = \
		    'x.log y.log.1 z.log-1600000000.gz ' ] ||
			lost=$((lost + 1))
		rm -rf dest/* victim/*
		rm -f app/d/*.gz app/d/*log-* 2>/dev/null
		fill
	done
	kill $eve
	wait $eve 2>/dev/null
	is "$keeps_name" "$lost" 0
}
keeps 'logpack packs no file through a folder that becomes a link' \
	logpack --wait 0 app/d/x.log
keeps 'logstamp renames no file through a folder that becomes a link' \
	logstamp app/d/y.log.1
keeps 'logpush removes no file through a folder that becomes a link' \
	logpush -q --rm "file://$tmp/dest/" app/d/z.log-1600000000.gz
keeps 'logpush moves no file through a folder that becomes a link' \
	logpush -q --move-to dest "file://$tmp/dest/" app/d/x.log
keeps 'logpush delivers nothing through a folder that becomes a link' \
	logpush -q "file://$tmp/app/d/" app/d/x.log
keeps 'logpack unpacks nothing through a folder that becomes a link' \
	sh -c 'echo new | gzip >app/new.gz; logpack -k -d -C app/d app/new.gz'

# proven NAME TEMP COMMAND...: the data is there, whatever becomes of TEMP
proven() {
	proven_name=$1 temp=$2; shift 2
	for how in link file fifo dir; do
		mkdir -p w src
		chown 65534 w
		other ./race replace w "$temp" $how &
		eve=$!
		n=0 lost=0
		while [ $n -lt 8 ]; do
			n=$((n + 1))
			rm -rf w/* w/.[!.]* src/*
			cp data w/x.log
			cp data src/x.log-1.gz
			"$@" >out 2>err || continue
			[ -e w/x.log ] || gzip -dc w/x.log.gz | cmp -s - data ||
				lost=$((lost + 1))
			[ -e src/x.log-1.gz ] || cmp -s w/x.log-1.gz data ||
				lost=$((lost + 1))
		done
		kill $eve
		wait $eve 2>/dev/null
		rm -rf w
		is "$proven_name $how" "$lost" 0
	done
}
head -c 2000000 /dev/urandom >data
proven 'logpack loses nothing where its temporary file becomes a' \
	.x.log.gz.logferry logpack w/x.log
proven 'logpush loses nothing where its temporary file becomes a' \
	.x.log-1.gz.logferry logpush -q --rm "file://$tmp/w/" src/x.log-1.gz

# Folders that others may write to are told of, once.
mkdir open
chmod 777 open
echo 1 >open/a
echo 2 >open/b
is 'a folder that anybody may write to is told of once' \
	"$(logpack -k open/a open/b 2>&1 >/dev/null)" \
	'logpack: open/: anybody may exchange the files in this folder'
chmod 1777 open
is 'a sticky folder is not told of' "$(logpack -c open/a 2>&1 >/dev/null)" ''
chmod 755 open
chown 65534 open
rm -f open/*.gz
is 'a folder of another user is told of' \
	"$(logstamp -n open/a 2>&1 >/dev/null)" \
	'logstamp: open/: another user owns this folder, and may exchange the files in it'
# Names that a pattern or a list found lead through no link of another user.
set_up
echo "root's secret" >victim/secret.log
other ln -s "$tmp/victim/secret.log" app/theirs.log
echo app/theirs.log >list
exits 2 'loggrep -T opens no link of another user' loggrep -c . -T list
exits 2 'logparse -T opens no link of another user' logparse -T list
exits 2 'logpack -c -T opens no link of another user' logpack -c -T list
is 'loggrep follows a link that it is given as an operand' \
	"$(loggrep -c . app/theirs.log)" 1
ln -s "$tmp/victim/secret.log" ours.log
echo ours.log >list
is 'loggrep -T follows a link of our own' "$(loggrep -hc . -T list)" 1
echo here >app/plain.log
loggrep --tail 'app/*.log' . >out 2>err &
pid=$!
until_true 10 sh -c "ls -l /proc/$pid/fd | grep -q inotify"
echo "root's next secret" >>victim/secret.log
until_true 10 sh -c 'echo plain >>app/plain.log; grep -q plain out'
kill $pid
wait $pid
is 'loggrep --tail follows no link of another user that a pattern found' \
	"$(grep -c secret out)" 0
done_testing
