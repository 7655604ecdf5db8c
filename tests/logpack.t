#!/bin/sh
# logpack: files and streams to gzip and back, and what it refuses
. "${0%/*}/lib.sh"

# holds FILE.gz CONTENTS: gunzip finds them in it
holds() { gzip -dc "$1" | cmp - "$2"; }

"$top/scripts/mkcorpus" -s 3M >log
touch -d '2021-06-29 10:05:03.123456789' log
cp -p log a
chmod 640 a
is 'prints the new name' "$(logpack a)" a.gz
ok 'gunzip reads it' holds a.gz log
ok 'the file is gone' test ! -e a
is 'mode and mtime are kept, to the nanosecond' \
	"$(stat -c '%a %y' a.gz)" '640 2021-06-29 10:05:03.123456789 +0000'
is 'no other file is left' "$(find . -name '*a*')" ./a.gz
is 'and back' "$(logpack --decompress a.gz)" a
ok 'to the same bytes' cmp a log
is 'mode and mtime' "$(stat -c '%a %y' a)" \
	'640 2021-06-29 10:05:03.123456789 +0000'
ok 'gone is the packed one' test ! -e a.gz

logpack <log >s1.gz 2>err
ok 'a stream is packed' holds s1.gz log
ok 'in silence' test ! -s err
for j in 1 2 5; do
	logpack --jobs=$j -c log >j$j.gz
	logpack -j $j -9 log --stdout >best$j.gz
done
ok 'the same bytes with 1, 2 and 5 threads' sh -c 'cmp j1.gz j2.gz && cmp j1.gz j5.gz'
ok 'at level 9, too' sh -c 'cmp best1.gz best2.gz && cmp best1.gz best5.gz'
cp log k
logpack --keep k >k.out
cp log k2
ok 'pieces end with a line, as the index in the header tells' sh -c '
	test "$(od -An -tu4 -j20 -N4 k.gz)" -eq \
	    "$(head -c 2097152 log | wc -l | xargs -I@ expr @ + 1 |
		xargs -I@ head -n @ log | wc -c)"'
ok 'and for a file of another name and time' sh -c '
	logpack -j 1 k2 && cmp k.gz k2.gz'
ok 'a kept file is kept' cmp k log
ok 'a stream is unpacked' sh -c 'logpack -d <s1.gz | cmp - log'
cat log a >two
ok 'files go to standard output one after the other' sh -c '
	logpack -c log a | gzip -dc | cmp - two && test -f a'
ok 'several members are unpacked' sh -c 'cat s1.gz k.gz | logpack -d | cmp - two'
logpack -dc k.gz k.gz >out
ok 'with an index, or two of them' cmp out two
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
for l in 6 9; do	# they mix levels, as a part of the contents tells
	logpack -j 1 -$l -c timed >mixed1.gz
	ok "some pieces of -$l: the same bytes with 1 and 5 threads" sh -c '
		logpack -j 5 -$0 -c timed | cmp - mixed1.gz &&
		logpack -$0 <timed | cmp - mixed1.gz' $l
	ok "which hold it and are no more than gzip -$l's" sh -c '
		gzip -dc mixed1.gz | cmp - timed &&
		test "$(wc -c <mixed1.gz)" -le "$(gzip -c -$0 timed | wc -c)"' $l
done
n=$(wc -c <timed.gz)
{ head -c $((n - 70000)) timed.gz; echo bad; tail -c 69996 timed.gz; } >hurt.gz
exits 2 'loggrep finds what is broken' loggrep -c . hurt.gz
exits 0 'and does not look at times that are not wanted' \
	loggrep -c --since 2026-06-28 --until 2026-06-29 hurt.gz

for l in 1 2 3 4 5 6 7 8 9; do
	ok "level $l packs no worse than gzip -$l" sh -c '
		logpack -$0 <log >l.gz && gzip -dc l.gz | cmp - log &&
		test "$(wc -c <l.gz)" -le "$(gzip -c -$0 log | wc -c)"' $l
done
ok '--best is 9, --fast is 1' sh -c '
	logpack --best <log | cmp - best1.gz && logpack -1 <log >1.gz &&
	logpack --fast <log | cmp - 1.gz'
: >empty
ok 'an empty file' sh -c 'logpack <empty | gzip -dc | cmp - empty'
head -c 3000000 /dev/urandom >noise
ok 'bytes that cannot be made smaller' sh -c '
	logpack -k noise && gzip -dc noise.gz | cmp - noise'
for z in zstd:zst xz:xz bzip2:bz2 lz4:lz4; do
	if command -v ${z%:*} >/dev/null; then
		ok "unpacks what ${z%:*} made" sh -c '
			$0 -q -c <log >u.$1 && logpack -d u.$1 && cmp u log' \
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
	is "and .${z#*:} back" "$(logpack -d "t.${z#*:}"; cmp t log)" t
	is 'with its time' "$(stat -c %y t)" '2021-06-29 10:05:03.123456789 +0000'
	ok "a stream to .${z#*:}" sh -c '
		logpack --type="$0" -1 <log | logpack -d | cmp - log' "${z#*:}"
	exits 2 'a full disk is trouble' sh -c 'logpack --type=$0 <log >/dev/full' ${z#*:}
done
exits 2 'another type is misuse' logpack --type=rar log

logpack --rsyncable <log >r1.gz
{ head -c 100000 log; echo 'a line more'; tail -c +100001 log; } >log2
logpack --rsyncable -j 1 <log2 >r2.gz
ok '--rsyncable packs, too' holds r2.gz log2
is 'and a line more changes few bytes of the result' "$(
	n=$(wc -c <r1.gz)
	tail -c $((n * 3 / 4)) r1.gz | head -c $((n / 4)) >part1
	tail -c $((n * 3 / 4)) r2.gz | head -c $((n / 4)) >part2
	cmp part1 part2 && echo equal)" equal

mkdir many
for i in 1 2 3 4 5 6 7 8; do echo $i >many/$i; done
is 'names are printed in their order' "$(logpack -j 4 many/? | tr '\n' ' ')" \
	'many/1.gz many/2.gz many/3.gz many/4.gz many/5.gz many/6.gz many/7.gz many/8.gz '
is 'names from a list' \
	"$(find many -name '*.gz' | sort | logpack -d -T - | tail -n 1)" many/8
is 'with NUL' "$(printf 'many/1\0many/2\0' | logpack -0 --files-from=- | tr '\0' ,)" \
	many/1.gz,many/2.gz,
is 'or an option of that name' \
	"$(printf 'many/1.gz\0' | logpack --null-list -dT - | tr '\0' ,)" many/1,
ok 'an empty list is no trouble' logpack -T empty
is 'a dry run prints names' "$(logpack --dry-run many/3)" many/3.gz
ok 'and changes nothing' sh -c 'test -f many/3 && test ! -e many/3.gz'
says 'many/3: 2 to [0-9]* bytes' 'tells what was gained' \
	logpack --verbose -k many/3

is 'lists as gzip does' "$(logpack --list k.gz many/2.gz | tr -s ' ')" \
	"$(gzip -l k.gz many/2.gz | tr -s ' ')"
exits 0 'a good file passes the test' logpack --test k.gz many/2.gz
head -c 100000 k.gz >cut.gz
exits 1 'one cut short does not' logpack -t k.gz cut.gz
{ head -c 50000 k.gz; printf XXXX; tail -c +50005 k.gz; } >bent.gz
exits 1 'nor one with other bytes' logpack -t bent.gz
exits 1 'nor what is not compressed' logpack -t log
{ cat k.gz; head -c 512 /dev/zero; } >padded.gz
{ cat k.gz; echo garbage; } >behind.gz
exits 0 'NUL bytes behind the end are no matter' logpack -dk padded.gz
ok 'and no part of it' cmp padded log
exits 1 'other bytes are' logpack -d behind.gz
ok 'so the file is kept, and nothing made of it' test -f behind.gz -a ! -e behind
logpack -dc behind.gz >before 2>err
ok 'but what comes before them is to be had' cmp before log
exits 1 'a broken file is not unpacked' logpack -d bent.gz
ok 'and nothing is made of it' sh -c 'test -f bent.gz && test ! -e bent'

mkdir there
is 'a file is unpacked into another folder' \
	"$(logpack -dk -C there many/2.gz k.gz | tr '\n' ' ')" 'there/2 there/k '
ok 'the whole of it' cmp there/k log
echo mine >there/2
exits 1 'but not over what is there' logpack -d -C there many/2.gz
is 'and both are kept' "$(cat there/2; gzip -dc many/2.gz)" 'mine
2'
exits 2 'a folder that is not there is trouble' logpack -d -C nowhere k.gz
ok 'and the file is kept' test -f k.gz
exits 1 'what has a suffix is not packed again' logpack k.gz
exits 1 'what has none is not unpacked' logpack -d log
exits 1 'a folder is refused' logpack many
ln -s log link
exits 1 'a link is refused' logpack link
ln many/4 many/4b
exits 1 'a file with other links is refused' logpack many/4
ok 'but may be kept' logpack -k many/4
exits 2 'a missing file is trouble' logpack nothing
exits 2 'a full disk is trouble' sh -c 'logpack <log >/dev/full'
exits 2 'an unknown option' logpack --nothing
cp log a
echo other | gzip >a.gz
exits 1 'another result that is there is refused' logpack a
ok 'and both are kept' sh -c 'cmp a log && gzip -dc a.gz | grep -q other'
cp k.gz a.gz
is 'a killed run is completed' "$(logpack a)" a.gz
ok 'the file is gone' test ! -e a
echo leftover >.a2.gz.logferry
cp log a2
ok 'a leftover of a killed run is replaced' logpack a2
ok 'by the whole' sh -c '
	gzip -dc a2.gz | cmp - log && test ! -e .a2.gz.logferry'

cp log busy
(exec 3>>busy; : >opened; until [ -e enough ]; do sleep 0.05; done) &
until_true 5 test -e opened
exits 1 'a file open for writing is refused' logpack --wait 200ms busy
ok 'and kept' sh -c 'cmp busy log && test ! -e busy.gz'
(sleep 0.5; : >enough) &
ok 'it is packed when its writer lets go' logpack --wait=30 busy
ok 'the whole of it' holds busy.gz log
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
	is 'and a second without a change is waited for' \
		"$(other logpack --wait 20 theirs/log 2>&1)" theirs/log.gz
	is 'the group of another is not let in' \
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
	is 'and comes back' "$(getfacl -n attr | grep -v '^#')" "$acl"
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
	ok 'those of a read-only file, too' python3 -c '
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
	ok 'and has the log' holds rotated/app.log.1.gz log
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
ok 'and nothing is left of the try' sh -c '
	test -e grows && test ! -e grows.gz && test ! -e .grows.gz.logferry'
logpack -9 -j 1 grows >out 2>err &
pid=$!
until_true 10 test -e .grows.gz.logferry
kill -TERM $pid
wait $pid
is 'asked to finish, it gives up' "$?" 2
ok 'and nothing is left of that try' sh -c '
	test -e grows && test ! -e grows.gz && test ! -e .grows.gz.logferry'

# Archives.
mkdir b b/sub
cp -p log b/app.log
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
	ok 'to the same' diff -r b o
	is 'with mode and time' "$(stat -c '%a %Y' o/app.log)" '640 1624961103'
	rm o/ü
	echo else >o/sub/two.log
	is 'not over what is there, unless it is the same' \
		"$(logpack -d --directory=o x.$s 2>&1 | tr '\n' ' ')" \
		"logpack: x.$s: sub/two.log: File exists o/app.log o/ü "
	is 'and that is kept' "$(cat o/sub/two.log)" else
	rm -rf o
done
ok 'files given or removed leave the same bytes' sh -c '
	cd b && logpack -j 1 --archive ../y.tar.gz app.log sub/two.log "ü" &&
	cmp ../x.tar.gz ../y.tar.gz'
if command -v tar >/dev/null; then
	ok 'tar reads it, without a word' sh -c '
		test -z "$(tar -xzOf x.tar.gz app.log 2>&1 >o.log)" && cmp o.log log'
else
	skip 'no tar' 'tar reads it, without a word'
fi
mkdir o
logpack -d -C o x.tar.gz >out
is 'times are kept to the nanosecond in a tar' \
	"$(stat -c %y o/app.log)" '2021-06-29 10:05:03.123456789 +0000'
exits 1 'an archive that is there is not replaced' logpack -a x.tar.gz log
cp -pR b half
is 'but a killed run is completed' \
	"$(cd half && logpack --rm -a ../x.tar.gz sub/two.log 'ü' && find . -type f)" \
	'../x.tar.gz
./app.log'
is 'with all that it was given' "$(cd half &&
	logpack --rm -a ../x.tar.gz app.log sub/two.log 'ü' && find . -type f)" \
	../x.tar.gz
echo new >half/app.log
exits 1 'not for a file that is another by now' \
	sh -c 'cd half && logpack --rm -a ../x.tar.gz app.log "ü"'
is 'which is kept' "$(cat half/app.log)" new
exits 1 'nor for one that was never in it' \
	sh -c 'cd half && logpack --rm -a ../x.tar.gz no.log "ü"'
exits 2 'nor is one made of what is not there' logpack -a z.tar.gz log nothing
exits 2 'nor of a folder' sh -c 'logpack -a z.tar.gz log b; s=$?; test $s = 1 && exit 2; exit $s'
ok 'and nothing is left' sh -c 'test ! -e z.tar.gz && test ! -e .z.tar.gz.logferry'
exits 2 'a name that tells no format is misuse' logpack -a z.rar log
is 'no files, no archive' "$(logpack -a z.zip -T empty; echo $?; ls z.zip 2>&-)" 0
cp log gone
ok '--rm removes what was archived' sh -c '
	logpack --rm -a g.tar.gz gone && test ! -e gone && logpack -t g.tar.gz'
is 'and the archive that was unpacked' \
	"$(logpack -d --rm g.tar.gz && test ! -e g.tar.gz && cmp gone log)" gone
mkdir deep deep/er deep/er/er2
cp log deep/er/log
cp log deep/er/er2/log
is 'a member is never above its folder' "$(cd deep/er && logpack -a r.tar ../../log \
	"$tmp/log" .//er2/./log >&- 2>&-; logpack -l r.tar | tr '\n' ' ')" \
	"log ${tmp#/}/log er2/log "
exits 1 'two files of one name in it are refused' \
	logpack --rm -a same.tar.gz log deep/../log
says 'deep/../log: another file has its name' 'which is told' \
	logpack --rm -a same.tar.gz log deep/../log
ok 'there is no archive, and both files are' test ! -e same.tar.gz -a -e log
head -c 100000 x.tar.gz >cut.tar.gz
exits 1 'an archive cut short fails the test' logpack -t cut.tar.gz
mkdir c
exits 1 'and is not unpacked' logpack -d -C c cut.tar.gz
is 'but for what is whole' "$(ls -A c)" ''
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
	exits 1 'an evil archive' logpack -d -C e/in evil.tar
	is 'does not get out' "$(find e -type f | sort | tr '\n' ' ')" \
		'e/in/abs e/in/good e/in/link/x '
	is 'nor sets an id bit' "$(stat -c %a e/in/good)" 755
	is 'nor a capability' "$(python3 -c '
import os; print("security.capability" in os.listxattr("e/in/good"))')" False
else
	skip 'no python3' 'an evil archive'
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
is 'a growing member is reported' "$? $(cat err out)" \
	'1 logpack: grows2: changed; archived up to the size it had
g2.tar.xz'
mkdir o2
ok 'and has the size it had' sh -c 'logpack -d -C o2 g2.tar.xz && cmp o2/grows2 log'

mkfifo pipe
logpack -t pipe 2>err &
pid=$!
until_true 10 sh -c "grep -qx logpack /proc/$pid/comm && grep -q 'SigCgt:.*[4-7c-f]...$' /proc/$pid/status"
kill -TERM $pid
until_true 10 not kill -0 $pid || kill -KILL $pid
wait $pid
is 'nor does a pipe that nobody writes to keep it' "$?" 2
logpack <pipe >term.gz &
pid=$!
exec 4>pipe
cat log >&4
kill -TERM $pid
wait $pid
is 'asked to finish, a stream ends well' $? 0
ok 'and is complete' holds term.gz log
exec 4>&-
done_testing
