#!/bin/sh
# logpack: files and streams to gzip and back, and what it refuses
. "${0%/*}/lib.sh"

# holds FILE.gz CONTENTS: gunzip finds them in it
holds() { gzip -dc "$1" | cmp - "$2"; }

"$top/scripts/mkcorpus" -s 3M >log
head -n 2000 log >few		# for what packs slowly
touch -d '2021-06-29 10:05:03.123456789' log few
cp -p log a
chmod 640 a
is 'a file is packed and its new name printed' "$(logpack a)" a.gz
ok 'gunzip reads what was packed' holds a.gz log
ok 'the source is gone once its .gz stands' test ! -e a
is '.gz has the mode and the mtime of the source, to the nanosecond' \
	"$(stat -c '%a %y' a.gz)" '640 2021-06-29 10:05:03.123456789 +0000'
is 'packing leaves no other file' "$(find . -name '*a*')" ./a.gz
is '-d prints the name of what it unpacked' "$(logpack --decompress a.gz)" a
ok '-d gives back the same bytes' cmp a log
is '-d gives back mode and mtime' "$(stat -c '%a %y' a)" \
	'640 2021-06-29 10:05:03.123456789 +0000'
ok '-d removes the packed file' test ! -e a.gz

logpack <log >s1.gz 2>err
ok 'a stream is packed' holds s1.gz log
ok 'packing a stream says nothing' test ! -s err
for j in 1 2 5; do
	logpack --jobs=$j -c log >j$j.gz
	logpack -j $j -9 log --stdout >best$j.gz
done
ok '1, 2 and 5 threads give the same bytes' sh -c 'cmp j1.gz j2.gz && cmp j1.gz j5.gz'
ok '1, 2 and 5 threads give the same bytes at level 9' sh -c 'cmp best1.gz best2.gz && cmp best1.gz best5.gz'
cp log k
logpack --keep k >k.out
cp log k2
ok 'pieces end with a line, as the index in the header tells' sh -c '
	test "$(od -An -tu4 -j20 -N4 k.gz)" -eq \
	    "$(head -c 2097152 log | wc -l | xargs -I@ expr @ + 1 |
		xargs -I@ head -n @ log | wc -c)"'
ok 'files of other names and times give the same bytes' sh -c '
	logpack -j 1 k2 && cmp k.gz k2.gz'
ok '-k keeps the source as it was' cmp k log
ok 'a stream is unpacked' sh -c 'logpack -d <s1.gz | cmp - log'
cat log a >two
ok 'files go to standard output one after the other' sh -c '
	logpack -c log a | gzip -dc | cmp - two && test -f a'
ok 'several members are unpacked' sh -c 'cat s1.gz k.gz | logpack -d | cmp - two'
logpack -dc k.gz k.gz >out
ok 'files with an index are unpacked one after the other' cmp out two
cat k.gz k.gz >two.gz
ok 'an index does not hide what follows' sh -c 'logpack -dc two.gz | cmp - two'
# Times in the index.  The log of a day, then a trace, then the day again.
sed 's/29.Jun/28\/Jun/' log >day
{ cat log day; echo ' at trace'; cat log; } >timed
logpack -k timed >out
middle=$(sed -n '8000s/.*\[29.Jun.2026:\([0-9:]*\) .*/2026-06-29T\1Z/p' log)
for o in "--since $middle" "--until $middle" '--since 2026-06-30' \
    '--until 2026-06-28' '--since 2026-06-28T23:59:59.5Z' \
    '--since 2026-06-28 --until 2026-06-29' "--since $middle -n" \
    '--since 2026-06-29 -v' '--until 2026-06-29 -c' '--until 2026-06-29 -A 1'
do
	# shellcheck disable=SC2086
	is "loggrep $o finds the same with an index" \
		"$(loggrep $o timed.gz | cksum)" "$(loggrep $o timed | cksum)"
done
# An index of earlier versions, 16 bytes for each piece, in a file made by one.
old=$golden/logpack/old-index.log.gz
gzip -dc "$old" >old
ok 'a file with an index of an earlier version is unpacked' sh -c 'logpack -dc "$1" | cmp - old' - "$old"
{ head -c 1000 "$old"; printf damaged; tail -c +1008 "$old"; } >damaged.gz
is 'the times in an index of an earlier version spare reading what is before' \
	"$(loggrep --since 2021-06-30T20:00:00Z damaged.gz | cksum)" \
	"$(loggrep --since 2021-06-30T20:00:00Z old | cksum)"
is 'an index of an earlier version tells nothing of errors' \
	"$(loggrep -5c "$old")" "$(loggrep -5c old)"
for l in 6 9; do
	logpack -j 1 -$l -c timed >mixed1.gz
	ok "-$l: files and streams, 1 and 5 threads: the same bytes for a log of mixed contents" sh -c '
		logpack -j 5 -$0 -c timed >mixed5.gz && cmp mixed5.gz mixed1.gz &&
		logpack -$0 <timed >mixed.gz && cmp mixed.gz mixed1.gz' $l
	ok "-$l: a log of mixed contents comes back and is no larger than gzip makes it" sh -c '
		gzip -dc mixed1.gz | cmp - timed &&
		test "$(wc -c <mixed1.gz)" -le "$(gzip -c -$0 timed | wc -c)"' $l
done
n=$(wc -c <timed.gz)
{ head -c $((n - 70000)) timed.gz; echo bad; tail -c 69996 timed.gz; } >hurt.gz
exits 2 'loggrep reports a broken piece that it reads' loggrep -c . hurt.gz
exits 0 'loggrep passes over a broken piece of times that are not wanted' \
	loggrep -c --since 2026-06-28 --until 2026-06-29 hurt.gz

for l in 1 2 3 4 5 6 7 8 9; do
	ok "level $l packs no worse than gzip -$l" sh -c '
		logpack -$0 <log >l.gz && gzip -dc l.gz | cmp - log &&
		test "$(wc -c <l.gz)" -le "$(gzip -c -$0 log | wc -c)"' $l
done
ok '--best is -9, --fast is -1' sh -c '
	logpack --best <log >best.gz && cmp best.gz best1.gz &&
	logpack -1 <log >1.gz && logpack --fast <log >fast.gz && cmp 1.gz fast.gz'
: >empty
ok 'an empty stream is packed' sh -c 'logpack <empty | gzip -dc | cmp - empty'
head -c 3000000 /dev/urandom >noise
ok 'bytes that cannot be made smaller are packed' sh -c '
	logpack -k noise && gzip -dc noise.gz | cmp - noise'
for z in zstd:zst xz:xz bzip2:bz2 lz4:lz4; do
	if command -v ${z%:*} >/dev/null; then
		ok "unpacks what ${z%:*} made" sh -c '
			$0 -q -c <few >u.$1 && logpack -d u.$1 && cmp u few' \
			${z%:*} ${z#*:}
		rm -f u
	else
		skip "no ${z%:*}" "unpacks what ${z%:*} made"
	fi
done

for z in zstd:zst xz:xz; do
	if command -v ${z%:*} >/dev/null; then
		ok "makes what ${z%:*} reads" sh -c '
			cp -p log t && test "$(logpack --type $1 t)" = t.$1 &&
			test ! -e t && $0 -dc t.$1 | cmp - log' ${z%:*} ${z#*:}
	else
		skip "no ${z%:*}" "makes what ${z%:*} reads"
	fi
	is "a .${z#*:} is unpacked to the same bytes" "$(logpack -d "t.${z#*:}"; cmp t log)" t
	is "a .${z#*:} is unpacked with its time" "$(stat -c %y t)" '2021-06-29 10:05:03.123456789 +0000'
	ok "a stream is packed to .${z#*:} and back" sh -c '
		logpack --type="$0" -1 <log | logpack -d | cmp - log' "${z#*:}"
	exits 2 '--type: a full disk is trouble' sh -c 'logpack --type=$0 <few >/dev/full' ${z#*:}
done
exits 2 '--type: an unknown type is misuse' logpack --type=rar log

logpack --rsyncable <log >r1.gz
{ head -c 100000 log; echo 'a line more'; tail -c +100001 log; } >log2
logpack --rsyncable -j 1 <log2 >r2.gz
ok 'what --rsyncable packs is unpacked' holds r2.gz log2
is '--rsyncable: one line more changes few bytes of the result' "$(
	n=$(wc -c <r1.gz)
	tail -c $((n * 3 / 4)) r1.gz | head -c $((n / 4)) >part1
	tail -c $((n * 3 / 4)) r2.gz | head -c $((n / 4)) >part2
	cmp part1 part2 && echo equal)" equal

mkdir many
for i in 1 2 3 4 5 6 7 8; do echo $i >many/$i; done
is 'names are printed in their order' "$(logpack -j 4 many/? | tr '\n' ' ')" \
	'many/1.gz many/2.gz many/3.gz many/4.gz many/5.gz many/6.gz many/7.gz many/8.gz '
is '-T: names come from a list' \
	"$(find many -name '*.gz' | sort | logpack -d -T - | tail -n 1)" many/8
is '-0: names read and names printed end with NUL' "$(printf 'many/1\0many/2\0' | logpack -0 --files-from=- | tr '\0' ,)" \
	many/1.gz,many/2.gz,
is '--null-list is -0' \
	"$(printf 'many/1.gz\0' | logpack --null-list -dT - | tr '\0' ,)" many/1,
ok '-T: an empty list is no trouble' logpack -T empty
is '-n prints the names that would be made' "$(logpack --dry-run many/3)" many/3.gz
ok '-n makes and removes nothing' sh -c 'test -f many/3 && test ! -e many/3.gz'
says 'many/3: 2 to [0-9]* bytes' '--verbose tells what was gained' \
	logpack --verbose -k many/3

is '-l lists as gzip -l does' "$(logpack --list k.gz many/2.gz | tr -s ' ')" \
	"$(gzip -l k.gz many/2.gz | tr -s ' ')"
exits 0 '-t: good files pass' logpack --test k.gz many/2.gz
head -c 100000 k.gz >cut.gz
exits 1 '-t: a file cut short fails' logpack -t k.gz cut.gz
{ head -c 50000 k.gz; printf XXXX; tail -c +50005 k.gz; } >bent.gz
exits 1 '-t: a file with changed bytes fails' logpack -t bent.gz
exits 1 '-t: a file that is not compressed fails' logpack -t log
{ cat k.gz; head -c 512 /dev/zero; } >padded.gz
{ cat k.gz; echo garbage; } >behind.gz
exits 0 '-d: NUL bytes after the end are ignored' logpack -dk padded.gz
ok '-d: NUL bytes after the end do not get into the output' cmp padded log
exits 1 '-d: garbage after the end is an error' logpack -d behind.gz
ok '-d: a file with garbage after its end is kept, and not unpacked' test -f behind.gz -a ! -e behind
logpack -dc behind.gz >before 2>err
ok '-dc: what comes before garbage is written' cmp before log
exits 1 '-d: a broken file is an error' logpack -d bent.gz
ok '-d: a broken file is kept, and not unpacked' sh -c 'test -f bent.gz && test ! -e bent'

mkdir there
is '-d -C: a file is unpacked into another folder' \
	"$(logpack -dk -C there many/2.gz k.gz | tr '\n' ' ')" 'there/2 there/k '
ok '-d -C: a file is unpacked whole' cmp there/k log
echo mine >there/2
exits 1 '-d: a name that exists is refused' logpack -d -C there many/2.gz
is '-d: a name that exists and the packed file are kept' "$(cat there/2; gzip -dc many/2.gz)" 'mine
2'
exits 2 '-d -C: a missing folder is trouble' logpack -d -C nowhere k.gz
ok '-d -C: a missing folder leaves the packed file' test -f k.gz
exits 1 'a file that is packed already is refused' logpack k.gz
exits 1 '-d: a file without a known suffix is refused' logpack -d log
exits 1 'a folder is refused' logpack many
ln -s log link
exits 1 'a link is refused' logpack link
ln many/4 many/4b
exits 1 'a file with other links is refused' logpack many/4
ok 'a file with other links is packed under -k' logpack -k many/4
exits 2 'a missing file is trouble' logpack nothing
exits 2 'a full disk is trouble for a stream' sh -c 'logpack <log >/dev/full'
exits 2 'a full disk is trouble for a stream of many pieces' \
	sh -c 'logpack -1 <noise >/dev/full'
says '^logpack: -: is a directory' 'a folder as standard input is refused' \
	sh -c 'logpack </'
exits 1 '-t: a folder is refused' logpack -t many
exits 2 'an unknown option is misuse' logpack --nothing
mkfifo pipe
says '^logpack: pipe: is not a regular file' 'a FIFO is refused, and not waited for' \
	logpack pipe
for o in -c -d -l -t; do
	says 'none of -c, -d, -l and -t' "-a $o is misuse" logpack -a z.tar $o log
done
for o in --type=xz --rsyncable; do
	says 'neither --type nor --rsyncable' "-a $o is misuse" logpack -a z.tar $o log
done
says 'z.tar.bz2: not the name' '-a: a format that is only read is misuse' \
	logpack -a z.tar.bz2 log
says 'for gz only' '--rsyncable --type is misuse' logpack --rsyncable --type=zst log
if command -v flock >/dev/null; then
	cp log raced
	: >.raced.gz.logferry
	: >.raced.tar.logferry
	is 'a file that another logpack is at is left' "$(
		flock .raced.gz.logferry logpack raced 2>&1; echo $?; ls raced*)" \
		'logpack: raced: another logpack is at it
1
raced'
	is '-a: an archive that another logpack is at is left' "$(
		flock .raced.tar.logferry logpack -a raced.tar raced 2>&1
		echo $?; ls raced*)" 'logpack: raced.tar: another logpack is at it
1
raced'
	rm raced .raced.*
else
	skip 'no flock(1)' 'a file that another logpack is at is left'
fi
cp log reads
mkfifo .reads.gz.logferry
exec 7<>.reads.gz.logferry
exits 2 'something else that has the temporary name is trouble' logpack reads
exec 7>&-
ok 'something else that has the temporary name stays, and the source' \
	test -p .reads.gz.logferry -a -f reads -a ! -e reads.gz
rm .reads.gz.logferry reads
cp log a
echo other | gzip >a.gz
exits 1 'a .gz of other contents that exists is refused' logpack a
ok 'a .gz of other contents that exists and the source are kept' sh -c 'cmp a log && gzip -dc a.gz | grep -q other'
cp k.gz a.gz
is 'a run that was killed before the source went is completed' "$(logpack a)" a.gz
ok 'a completed run removes the source' test ! -e a
echo leftover >.a2.gz.logferry
cp log a2
ok 'a leftover of a killed run is replaced' logpack a2
ok 'what replaces a leftover is whole' sh -c '
	gzip -dc a2.gz | cmp - log && test ! -e .a2.gz.logferry'

cp log busy
(exec 3>>busy; : >opened; until [ -e enough ]; do sleep 0.05; done) &
until_true 5 test -e opened
exits 1 'a file open for writing is refused' logpack --wait 200ms busy
ok 'a file open for writing is kept, and not packed' sh -c 'cmp busy log && test ! -e busy.gz'
(sleep 0.5; : >enough) &
ok 'a file open for writing is packed once its writer lets go' logpack --wait=30 busy
ok 'a file whose writer let go is packed whole' holds busy.gz log
wait

# Where there is no lease to be had: a file of somebody else's.
if [ "$(id -u)" = 0 ] && command -v setpriv >/dev/null; then
	mkdir theirs
	cp log theirs/log
	chmod 755 "$tmp"
	chown 65534 theirs
	chmod 644 theirs/log
	other() { setpriv --reuid=65534 --regid=65534 --clear-groups "$@"; }
	chmod 666 theirs/log
	other sh -c 'exec 3>>theirs/log; : >theirs/opened
		until [ -e theirs/enough ]; do sleep 0.05; done' &
	until_true 10 test -e theirs/opened
	is 'without a lease, /proc tells who writes' \
		"$(other logpack --wait 200ms theirs/log 2>&1; echo $?)" \
		'logpack: theirs/log: is still open for writing
1'
	: >theirs/enough
	wait
	touch theirs/log
	is 'without a lease, a second without a change is waited for' \
		"$(other logpack --wait 20 theirs/log 2>&1)" theirs/log.gz
	is 'a source in a group of another does not let that group into the .gz' \
		"$(stat -c '%a %u' theirs/log.gz)" '606 65534'
else
	skip 'not root, or no setpriv' 'without a lease, /proc tells who writes'
fi

cp log attr
if command -v setfacl >/dev/null && setfacl -m u:1:r attr 2>/dev/null; then
	acl=$(getfacl -n attr | grep -v '^#')
	logpack attr >out
	is 'the access control list is kept' \
		"$(getfacl -n attr.gz | grep -v '^#')" "$acl"
	logpack -d attr.gz >out
	is 'the access control list comes back with -d' "$(getfacl -n attr | grep -v '^#')" "$acl"
	mkdir open
	echo secret >open/f
	chmod 640 open/f
	acl=$(getfacl -n open/f | grep -v '^#')
	setfacl -d -m u:1:rw open
	logpack open/f >out
	is 'a folder that lets others in does not let them into old files' \
		"$(getfacl -n open/f.gz | grep -v '^#')" "$acl"
else
	skip 'no setfacl, or not on this file system' 'the access control list is kept'
fi
if command -v python3 >/dev/null && python3 -c '
import os; os.setxattr("attr", "user.origin", b"here\0")' 2>/dev/null; then
	logpack attr >out
	logpack -d attr.gz >out
	logpack --rm -a attr.tar attr >out
	logpack -d attr.tar >out
	ok 'extended attributes survive .gz and .tar' python3 -c '
import os; assert os.getxattr("attr", "user.origin") == b"here\0"'
	chmod 755 "$tmp"
	mkdir readonly
	mv attr readonly
	chmod 400 readonly/attr
	if [ "$(id -u)" = 0 ]; then
		chown -R 65534:65534 readonly
		other() { setpriv --reuid=65534 --regid=65534 --clear-groups "$@"; }
	else
		other() { "$@"; }
	fi
	(cd readonly && other logpack attr && other logpack -d attr.gz &&
		other logpack --rm -a t.tar attr && other logpack -d t.tar) >out
	ok 'extended attributes of a read-only file survive .gz and .tar' python3 -c '
import os
os.chdir("readonly")
assert os.getxattr("attr", "user.origin") == b"here\0"
assert os.stat("attr").st_mode & 0o777 == 0o400'
else
	skip 'no python3, or not on this file system' 'extended attributes survive'
fi

if command -v logrotate >/dev/null; then
	mkdir rotated
	cp -p log rotated/app.log
	cat >rotate.conf <<E
$tmp/rotated/app.log {
	rotate 3
	compress
	compresscmd $(command -v logpack)
	compressoptions -9 -j 1
	compressext .gz
}
E
	chmod 644 rotate.conf
	chmod 755 rotated
	is 'logrotate takes it for compresscmd, without a word' \
		"$(logrotate -f -s "$tmp/state" rotate.conf 2>&1; ls rotated)" \
		app.log.1.gz
	ok 'logrotate: the packed log is whole' holds rotated/app.log.1.gz log
else
	skip 'no logrotate' 'logrotate takes it for compresscmd'
fi

# The writer comes when logpack has begun.
for _ in 1 2 3 4 5 6 7 8 9 10; do cat log; done >grows
logpack -9 -j 1 grows >out 2>err &
pid=$!
until_true 10 test -e .grows.gz.logferry
kill -STOP $pid
echo more >>grows
kill -CONT $pid
wait $pid
is 'a file that changes meanwhile is refused' "$? $(cat err)" \
	'1 logpack: grows: changed while it was read'
ok 'a file that changes meanwhile is kept, nothing else is left' sh -c '
	test -e grows && test ! -e grows.gz && test ! -e .grows.gz.logferry'
logpack -9 -j 1 grows >out 2>err &
pid=$!
until_true 10 test -e .grows.gz.logferry
kill -STOP $pid
exec 8>>grows
kill -CONT $pid
wait $pid
is 'a file that is opened for writing meanwhile is refused' "$? $(cat err)" \
	'1 logpack: grows: was opened for writing again'
exec 8>&-
ok 'a file that is opened for writing meanwhile is kept, nothing else is left' \
	sh -c 'test -e grows && test ! -e grows.gz && test ! -e .grows.gz.logferry'
logpack -9 -j 1 grows >out 2>err &
pid=$!
until_true 10 test -e .grows.gz.logferry
kill -TERM $pid
wait $pid
is 'SIGTERM: packing a file is given up' "$?" 2
ok 'SIGTERM: the file is kept, nothing else is left' sh -c '
	test -e grows && test ! -e grows.gz && test ! -e .grows.gz.logferry'

# Archives.
mkdir b b/sub
cp -p few b/app.log
chmod 640 b/app.log
echo two >b/sub/two.log
echo ü >'b/ü'
for s in tar tar.gz tgz tar.zst tar.xz zip; do
	is "makes a .$s" "$(cd b && logpack -a ../x.$s app.log sub/two.log 'ü')" ../x.$s
	is "lists a .$s" "$(logpack -l x.$s | tr '\n' ' ')" 'app.log sub/two.log ü '
	exits 0 "tests a .$s" logpack -t x.$s
	mkdir o
	is "unpacks a .$s" "$(logpack -d -C o x.$s | tr '\n' ' ')" \
		'o/app.log o/sub/two.log o/ü '
	ok "a .$s gives back the same files" diff -r b o
	is "a .$s gives back mode and time" "$(stat -c '%a %Y' o/app.log)" '640 1624961103'
	rm o/ü
	echo else >o/sub/two.log
	is "a .$s is not unpacked over other contents, and is completed where they are equal" \
		"$(logpack -d --directory=o x.$s 2>&1 | tr '\n' ' ')" \
		"logpack: x.$s: sub/two.log: File exists o/app.log o/ü "
	is "a .$s leaves an existing file of other contents as it was" "$(cat o/sub/two.log)" else
	rm -rf o
done
ok 'an archive has the same bytes with one job and with many' sh -c '
	cd b && logpack -j 1 --archive ../y.tar.gz app.log sub/two.log "ü" &&
	cmp ../x.tar.gz ../y.tar.gz'
if command -v tar >/dev/null; then
	ok 'tar reads a .tar.gz without a word' sh -c '
		test -z "$(tar -xzOf x.tar.gz app.log 2>&1 >o.log)" && cmp o.log few'
else
	skip 'no tar' 'tar reads a .tar.gz without a word'
fi
mkdir o
logpack -d -C o x.tar.gz >out
is 'times are kept to the nanosecond in a tar' \
	"$(stat -c %y o/app.log)" '2021-06-29 10:05:03.123456789 +0000'
is '-d -n: the members that would be unpacked are printed, and not made' \
	"$(logpack -dn -C o x.tar.gz | tr '\n' ' '; ls o)" \
	"o/app.log o/sub/two.log o/ü $(ls o)"
is '-d: an archive of more members than files may be open is unpacked' "$(
	mkdir members && cd members || exit
	for i in 10 11 12 13 14 15 16 17 18 19 20 21; do echo $i >$i; done
	logpack --rm -a ../members.tar ./* >&2
	# shellcheck disable=SC3045	# dash and bash have it
	ulimit -n 40
	logpack -j1 -d ../members.tar | tr '\n' ' '; cat ./* | tr '\n' ' ')" \
	'10 11 12 13 14 15 16 17 18 19 20 21 10 11 12 13 14 15 16 17 18 19 20 21 '
ln -s x.tar.gz linked.tar.gz
says 'linked.tar.gz: already exists' '-a: a link in the place of the archive stays' \
	logpack -a linked.tar.gz few
is '-a: an empty list beside an archive that is there does nothing' \
	"$(logpack -a x.tar.gz -T empty; echo $?)" 0
if command -v flock >/dev/null; then
	mkdir held
	: >held/.app.log.logferry
	is '-d: a member that another logpack is at is left, and the others come' "$(
		flock held/.app.log.logferry logpack -d -C held x.tar.gz 2>err
		echo $?)" 'held/sub/two.log
held/ü
1'
else
	skip 'no flock(1)' '-d: a member that another logpack is at is left'
fi
exits 1 'an archive that is there is not replaced' logpack -a x.tar.gz log
cp -pR b half
is '--rm -a: a killed run is completed for a part of the files' \
	"$(cd half && logpack --rm -a ../x.tar.gz sub/two.log 'ü' && find . -type f)" \
	'../x.tar.gz
./app.log'
is '--rm -a: a killed run is completed for all of the files' "$(cd half &&
	logpack --rm -a ../x.tar.gz app.log sub/two.log 'ü' && find . -type f)" \
	../x.tar.gz
echo new >half/app.log
exits 1 '--rm -a: a source that changed since is refused' \
	sh -c 'cd half && logpack --rm -a ../x.tar.gz app.log "ü"'
is '--rm -a: a source that changed since is kept' "$(cat half/app.log)" new
exits 1 '--rm -a: a source that is not in the existing archive is refused' \
	sh -c 'cd half && logpack --rm -a ../x.tar.gz no.log "ü"'
exits 2 '-a: a missing source is trouble' logpack -a z.tar.gz log nothing
exits 2 '-a: a folder is trouble' sh -c 'logpack -a z.tar.gz log b; s=$?; test $s = 1 && exit 2; exit $s'
ok '-a: after a missing source or a folder there is no archive' sh -c 'test ! -e z.tar.gz && test ! -e .z.tar.gz.logferry'
seq 5000 >long
logpack long >/dev/null
( ulimit -f 4; exec logpack -d long.gz ) >out 2>err
is '-d: no room for what is unpacked is trouble, and told' "$? $(cat out err; ls long*)" \
	'2 logpack: long.gz: File too large
long.gz'
mkdir empties
for i in $(seq 50); do : >"empties/$i"; done
# A tar of empty files is their names alone.  libarchive leaks then.
( ulimit -f 4; export ASAN_OPTIONS="$ASAN_OPTIONS:detect_leaks=0"
exec logpack -a e.tar empties/* ) 2>err
is '-a: no room for a name in the archive is trouble, and told' "$? $(cat err)" \
	'2 logpack: e.tar: File too large'
exits 2 '-a: a name that tells no format is misuse' logpack -a z.rar log
is '-a: an empty list makes no archive' "$(logpack -a z.zip -T empty; echo $?; ls z.zip 2>&-)" 0
cp log gone
ok '--rm -a removes what was archived' sh -c '
	logpack --rm -a g.tar.gz gone && test ! -e gone && logpack -t g.tar.gz'
is '-d --rm removes the archive that was unpacked' \
	"$(logpack -d --rm g.tar.gz && test ! -e g.tar.gz && cmp gone log)" gone
mkdir deep deep/er deep/er/er2
cp log deep/er/log
cp log deep/er/er2/log
is 'a member is never above its folder' "$(cd deep/er && logpack -a r.tar ../../log \
	"$tmp/log" .//er2/./log >&- 2>&-; logpack -l r.tar | tr '\n' ' ')" \
	"log ${tmp#/}/log er2/log "
mkdir deep/.d
cp log deep/.d/.l
is '-a: names that begin with a point are kept' \
	"$(cd deep && logpack -a h.tar ./.d/.l >/dev/null; logpack -l h.tar)" .d/.l
exits 1 '-a: two sources of one name are refused' \
	logpack --rm -a same.tar.gz log deep/../log
says 'deep/../log: another file has its name' '-a: two sources of one name are told' \
	logpack --rm -a same.tar.gz log deep/../log
ok '-a: two sources of one name leave no archive, and are kept' test ! -e same.tar.gz -a -e log
head -c 20000 x.tar.gz >cut.tar.gz
exits 1 '-t: an archive cut short fails' logpack -t cut.tar.gz
mkdir c
exits 1 '-d: an archive cut short is an error' logpack -d -C c cut.tar.gz
is '-d: of an archive cut short no partial member is left' "$(ls -A c)" ''
if command -v python3 >/dev/null; then
	python3 -c '
import io, tarfile as t
a = t.open("evil.tar", "w")
def add(name, type=t.REGTYPE, link=""):
    i = t.TarInfo(name)
    i.type, i.linkname, i.size, i.mode = type, link, 4 * (type == t.REGTYPE), 0o4755
    i.pax_headers = {"SCHILY.xattr.security.capability":
        "\x01\0\0\x02\0\x20" + 14 * "\0"}
    a.addfile(i, io.BytesIO(b"evil"))
add("../evil"); add("a/../../evil"); add("link", t.SYMTYPE, "/"); add("link/x")
add("hard", t.LNKTYPE, "/etc/passwd"); add("/abs"); add("here/x"); add("here/x"); add("good")
a.close()'
	mkdir e e/in
	ln -s .. e/in/here
	exits 1 'an archive with members outside its folder has status 1' logpack -d -C e/in evil.tar
	is 'no member of an archive gets out of the folder' "$(find e -type f | sort | tr '\n' ' ')" \
		'e/in/abs e/in/good e/in/link/x '
	is 'no member of an archive gets a set-id bit' "$(stat -c %a e/in/good)" 755
	is 'no member of an archive gets a capability' "$(python3 -c '
import os; print("security.capability" in os.listxattr("e/in/good"))')" False
else
	skip 'no python3' 'no member of an archive gets out of the folder'
fi
# A writer that never lets go: the archive has what there was.
cp log grows2
logpack -9 -j 1 -a g2.tar.xz grows2 >out 2>err &
pid=$!
until_true 10 sh -c "ls -l /proc/$pid/fd | grep -q grows2"
kill -STOP $pid
echo more >>grows2
kill -CONT $pid
wait $pid
is '-a: a growing source is reported' "$? $(cat err out)" \
	'1 logpack: grows2: changed; archived up to the size it had
g2.tar.xz'
mkdir o2
ok '-a: a growing source is archived up to the size it had' sh -c 'logpack -d -C o2 g2.tar.xz && cmp o2/grows2 log'

mkfifo pipe
if [ -z "${QEMU-}" ]; then
	logpack -t pipe 2>err &
	pid=$!
	until_true 10 catches_term $pid
	kill -TERM $pid
	until_true 10 not kill -0 $pid || kill -KILL $pid
	wait $pid
	is 'SIGTERM ends the test of a pipe that nobody writes to' "$?" 2
else
	skip 'qemu catches it from its beginning' \
		'SIGTERM ends the test of a pipe that nobody writes to'
fi
logpack <pipe >term.gz &
pid=$!
exec 4>pipe
cat log >&4
kill -TERM $pid
wait $pid
is 'SIGTERM: a stream ends with status 0' $? 0
ok 'SIGTERM: a stream is packed with all that was in its pipe' holds term.gz log
exec 4>&-
done_testing
