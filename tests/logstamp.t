#!/bin/sh
# logstamp: the names it gives, what it refuses, how it exits
. "${0%/*}/lib.sh"

# fresh NAME...: a new folder with such files, all of the same mtime
dirs=0
fresh() {
	dirs=$((dirs + 1))
	mkdir "$tmp/$dirs" && cd "$tmp/$dirs" || exit 1
	for f; do
		echo "$f" >"$f" && touch -d @1624977000 "$f"
	done
}

# renames WANTED OPERAND...: what is printed, blanks for newlines
renames() {
	renames_name=$1 renames_want=$2; shift 2
	is "$renames_name" "$(logstamp "$@" 2>&1 | tr '\n' ' ')" \
	    "$renames_want "
}

fresh docker.log.1
renames 'the mtime is put in place of the number' docker.log-1624977000 docker.log.1
is 'a renamed file has its new name only' "$(ls)" docker.log-1624977000
is 'a renamed file has its contents' "$(cat ./*)" docker.log.1
renames 'a stamped name is left alone' docker.log-1624977000 docker.log-1624977000
touch docker.log-1624977000
renames 'a stamped name is left alone when its mtime is another' docker.log-1624977000 docker.log-1624977000
is 'a stamped name stays the only one' "$(ls)" docker.log-1624977000

fresh a.log.1.gz b.log-20210629 c.log-2021062910.zst d.log app-1 e.log.12
renames 'the stamp stands before .gz' a.log-1624977000.gz a.log.1.gz
renames "the stamp stands in place of logrotate's date" b.log-1624977000 b.log-20210629
renames "the stamp stands in place of logrotate's date with an hour" c.log-1624977000.zst c.log-2021062910.zst
renames 'the stamp stands after a live name' d.log-1624977000 d.log
renames 'a number is no stamp' app-1-1624977000 app-1
renames 'the stamp stands in place of two digits' ./e.log-1624977000 ./e.log.12

fresh a.log.1 a.log.2 a.log.3 a.log-20210628
logstamp a.log.1 >/dev/null
renames 'a taken name gets _01' a.log-1624977000_01 a.log.2
renames 'a second taken name gets _02' a.log-1624977000_02 a.log.3
renames 'a name with a stamp and _02 is left alone' a.log-1624977000_02 \
    a.log-1624977000_02
is 'a taken name is not replaced' "$(cat a.log-1624977000)" a.log.1

fresh a.log-1624977000.gz a.log.1
renames 'a packed file takes the name as well' a.log-1624977000_01 a.log.1
fresh a.log-1624977000.2
renames 'a name as it was given before, with a stamp and .2, is left alone' \
    a.log-1624977000.2 a.log-1624977000.2

fresh old.1 huge.1
touch -d @5 old.1
touch -d @4102444800 huge.1
renames 'a time long ago makes a stamp of one digit' old-5 old.1
renames 'a stamp of one digit is left alone' old-5 old-5
renames 'a time to come makes a stamp' huge-4102444800 huge.1

fresh a.1
touch -d '2021-06-29 14:30:00.000000123 UTC' a.1
renames '-f takes a format' a-2021-06-29T14:30:00.000000123 -f '%FT%T.%N' a.1
renames '-f: a stamp of the format is left alone' ./a-2021-06-29T14:30:00.000000123 -f '%FT%T.%N' ./a-*
mv a-* a.1
is '-f is in UTC' "$(TZ=Europe/Paris logstamp -n -f %H a.1)" a-14
is '--local: -f is in local time' "$(TZ=Europe/Paris logstamp -n --local --format %H a.1)" a-16
is '-n renames nothing' "$(ls)" a.1
exits 2 '-f: a slash in the format is misuse' logstamp -f %Y/%m a.1
exits 2 '-f: a conversion that cannot be read back is misuse' logstamp -f %c a.1
exits 2 '-f: a format without a conversion is misuse' logstamp -f old a.1
says 'a.1: now a-1624977000' '-v says what it does' \
    sh -c 'touch -d @1624977000 a.1; logstamp -v a.1'

fresh 'with blank.1' b.1
mv b.1 'new
line.1'
printf 'with blank.1\0new\nline.1\0' >list
logstamp -0 -T list >out
is '-0: names read and names printed end with NUL' "$(tr '\0\n' '|_' <out)" \
    'with blank-1624977000|new_line-1624977000|'
fresh a.1
is '--files-from takes a list on standard input' "$(echo a.1 | logstamp --files-from -)" \
    a-1624977000
exits 2 '-T: a list that cannot be read is trouble' logstamp -T nowhere
exits 2 '-T: a folder as the list is trouble' logstamp -T /
says '^logstamp: -: Invalid' '-T: a list with NUL bytes in names is told' \
    sh -c 'printf "x\000y\n" | logstamp -T -'
mkdir shared
chmod 775 shared
: >shared/log.1
says 'shared/: a group may exchange the files' \
    '-v: a folder that a group may write is told' logstamp -nv shared/log.1
is 'without -v a folder that a group may write is not told' \
    "$(logstamp -n shared/log.1 2>&1 >/dev/null)" ''

fresh log log.1 log.2 log.3.gz log.old log-x blog.1 log.10
touch -d @1624977100 log.1
renames '-l takes the newest sibling' log-1624977100 -l log
renames '-l takes the lower number of two with one mtime' log-1624977000 -l log
renames '-l takes the last sibling' log-1624977000_01 --latest log
exits 1 '-l: nothing to do is status 1' logstamp -l log
is '-l leaves all other files' "$(ls | tr '\n' ' ')" \
    'blog.1 log log-1624977000 log-1624977000_01 log-1624977100 log-x log.3.gz log.old '

fresh log log.1 log.2 log.3.gz log-1624976999 log-20210627 log-1624970000.gz
touch -d @1624976999 log-1624976999
touch -d @1624976000 log-20210627
renames '-a prints all siblings, oldest first, and those of earlier runs' \
    'log-1624976000 log-1624976999 log-1624977000_01 log-1624977000_02' -a log
renames '-a prints the same when it is run again' \
    'log-1624976000 log-1624976999 log-1624977000_01 log-1624977000_02' --all log
is '-a: of two with one mtime the older has the lower number' \
    "$(cat log-1624977000_01)" log.2
is '-a stamps compressed siblings, and prints none' "$(echo ./*.gz)" \
    './log-1624970000.gz ./log-1624977000.gz'
renames '-p prints the stamped, compressed siblings, oldest first' \
    'log-1624970000.gz log-1624977000.gz' -p log
fresh log log-1624970001 other
ln -s other log-1624970000.gz
ln -s other log-1624970000
exits 1 '-p: a symbolic link is status 1' logstamp -p log
is '-p: a symbolic link is not printed' "$(logstamp -p log 2>/dev/null)" ''
is '-a: a symbolic link with a stamp is told, and not printed' \
    "$(logstamp -a log 2>&1)" \
    'log-1624970001
logstamp: log-1624970000: not a regular file, not printed'
fresh log log.1 log.2.gz log-1624977000 log-1624970000.xz blog-1624970000.gz
is '--packed prints what any compressor made, and of no other log' \
    "$(logstamp --packed log 2>&1)" log-1624970000.xz
is '-p changes nothing' "$(ls | tr '\n' ' ')" \
    'blog-1624970000.gz log log-1624970000.xz log-1624977000 log.1 log.2.gz '
is '-p: names end with NUL under -0' "$(logstamp -0p log | tr '\0' '|')" \
    'log-1624970000.xz|'
rm ./*.xz
exits 0 '-p: no compressed sibling is status 0' logstamp -p log
is '-p: no compressed sibling prints nothing' "$(logstamp -p log 2>&1)" ''
exits 2 '-p beside -a is misuse' logstamp -a log -p log
fresh log
exits 0 '-a: nothing to stamp is status 0' logstamp -a log
is '-a: nothing to stamp prints nothing' "$(logstamp -a "$PWD/nothing" 2>&1)" ''

fresh a.log a.log.1 b.log.1 c.txt.1 'my log.1'
renames '-a takes a pattern with a blank after it' \
    "$PWD/a.log-1624977000 $PWD/b.log-1624977000" -a "$PWD/*.log "
renames '-a takes several bases, with quotes' \
    "$PWD/my log-1624977000 c.txt-1624977000" -a "\"$PWD/my log\" c.txt "
fresh 'x*.log' 'x*.log.1' xy.log.1
renames '-a: a star in a real name is no pattern' 'x*.log-1624977000' -a 'x*.log'
mkdir sub sub/a sub/b && echo >sub/a/l.1 && echo >sub/b/l.1 && echo >sub/aa
touch -d @1624977000 sub/?/l.1
renames '-a takes folders by pattern, and passes over files' 'sub/a/l-1624977000 sub/b/l-1624977000' -a 'sub/*/l '

fresh live target.1
chmod 640 live
renames '-r rotates a live log' live-1624977000 -r live
is '-r: the new log is empty, of the same mode' "$(stat -c '%a %s' live)" '640 0'
is '-r: the old log keeps its mode' "$(stat -c %a live-1624977000)" 640
is '-r leaves no other file' "$(ls -A | tr '\n' ' ')" \
    'live live-1624977000 target.1 '
touch -d @1624977000 live
logstamp -r live --reopen 'echo reopened; ls live-* >seen' >out 2>err
is '--reopen: the writer reopens before the name is printed' "$(cat seen)" \
    'live-1624977000
live-1624977000_01'
is '--reopen: what the command prints goes to standard error' "$(cat out err)" 'live-1624977000_01
reopened'
exits 2 '--reopen: a command that fails is trouble' logstamp -r live --reopen false
exits 2 '-r: a missing log is trouble' logstamp -r nowhere
# As a run leaves it that is killed where renaming takes a link.
echo linked >linked; ln linked .linked.logferry
exits 0 '-r: a name that a killed run left of the log does not stop it' logstamp -r linked
is '-r: the name that a killed run left has gone' "$(cat linked-*; ls -A | grep -c '^\.linked')" 'linked
0'
rm linked*
exits 2 '--reopen without -r is misuse' logstamp --reopen true target.1
if command -v setfacl >/dev/null && setfacl -m u:1:r live 2>/dev/null; then
	logstamp -r live >/dev/null
	ok '-r keeps the access control list' sh -c 'getfacl live | grep user:bin:r ||
	    getfacl -n live | grep user:1:r'
else
	skip 'no setfacl, or not on this file system' '-r keeps the access control list'
fi

fresh real.1 two.1 good.1
ln -s real.1 link.1
ln two.1 other
mkdir dir.1
exits 1 'a symbolic link is refused' logstamp link.1
exits 1 'a file of two names is refused' logstamp two.1
exits 1 'a folder is refused' logstamp dir.1
exits 1 '-r: a link that is a live log is refused' logstamp -r link.1
is 'what is refused stays as it was' "$(ls | tr '\n' ' ')" \
    'dir.1 good.1 link.1 other real.1 two.1 '
logstamp two.1 good.1 >out 2>err
is 'a file beside one that is refused goes through' "$? $(cat out)" '1 good-1624977000'
is 'a file of two names is told' "$(cat err)" 'logstamp: two.1: has other names, not renamed'
touch -hd @1624977001 link.1
renames '--links renames links and files of two names' 'two-1624977000 link-1624977001' --links two.1 link.1
ok '--links: a link stays a link' test -L link-1624977001
ln -s real.1 live
exits 1 '--links -r: a link that is a live log is refused' logstamp --links -r live
says 'live: a symbolic link, not rotated' '--links -r: a link that is a live log is told' \
    logstamp --links -r live
is '--links -r: a link that is a live log stays as it was' "$(readlink live; ls -A ./*live*)" 'real.1
./live'
says 'logstamp: gone.1: No such file or directory' 'a missing file is told' \
    logstamp gone.1
exits 2 'a missing file is trouble' logstamp gone.1
exits 2 'no operand is misuse' logstamp
exits 2 '-a beside -l is misuse' logstamp -a x -l y
fresh log
for i in $(seq 40); do echo "$i" >"log.$i"; done
touch -d @1600000000 log.*
logstamp -a log >out
is '-a: many of one second are numbered without a gap, older first' \
    "$(for i in '' $(seq -f _%02g 39); do cat "log-1600000000$i"; done | tr '\n' ' ')" \
    "$(seq 40 -1 1 | tr '\n' ' ')"
rm log-1600000000_07 out; echo new >log.1; touch -d @1600000000 log.1
logstamp -a log >out
is '-a: one more of a second takes a number that is free' "$(grep -l new log-*)" \
    log-1600000000_07

exits 2 'files beside -a are misuse' logstamp -a x y
exits 2 'names that cannot be printed are trouble' sh -c 'logstamp real.1 >/dev/full'

# What logrotate can name a rotated log, a mtime of its own for each.
fresh log.log log.log.1 log.2.log log.log.3.old log.log.4.gz log.5.log.gz \
    log.log-20210601 log.log20210602 log-20210603.log log.log.2021-06-04 \
    log.log_20210605100503 log.log-20210606-1622937600 log.log-202106071005 \
    log.log-20210608100503 log.log-2021060910 log.log-2021-W26 log.log-12-06-2021 other.log.1 \
    log.log.1.md5 log.log.bak loglog.1 log-x.log log-x.log.1
day=1600000000
for f in log.log.1 log.2.log log.log.3.old log.log.4.gz log.5.log.gz \
    log*-20* log*.20* log*_20* log.log20*; do
	day=$((day + 86400))
	touch -d @$day "$f"
done
logstamp -a log.log >out 2>err
is '-a knows every name that logrotate can give' "$? $(cat err; wc -l <out)" \
    '0 14'
is '-a gives them all one form' "$(grep -vc '^log\.log-1600*[0-9]*$' out)" 0
is '-a takes no file that logrotate cannot have named so' \
    "$(rm out err; ls | grep -v '^log.log-16' | tr '\n' ' ')" \
    'log-x.log log-x.log.1 log.log log.log.1.md5 log.log.bak loglog.1 other.log.1 '
is '-a stamps what logrotate compressed itself' "$(logstamp -p log.log |
    tr '\n' ' ')" 'log.log-1600345600.gz log.log-1600432000.gz '
renames '-l takes a name with an extension' 'log-x.log-1624977000' -l log-x.log

fresh log log-29-13-2021 log.1-2021062910.backup log-14 log.1
logstamp -a log >out 2>err
is '-a: a rotated file whose name does not say when is status 1' \
    "$? $(cat out)" '1 log-1624977000'
is '-a: each rotated file that is left is told' "$(sort err)" \
"logstamp: log-14: may be rotated, but its name does not say when: not renamed
logstamp: log-29-13-2021: may be rotated, but its name does not say when: not renamed
logstamp: log.1-2021062910.backup: may be rotated, but its name does not say when: not renamed"

fresh app.log app.1.log app-20210629.log app.log.1
exec 8>>app.1.log
logstamp -a app.log >out 2>err
is '-a: a log with a number of its own, being written, is left' \
    "$? $(tr '\n' ' ' <out)$(ls app.1.log)" \
    '1 app.log-1624977000 app.log-1624977000_01 app.1.log'
is '-a: a log with a number of its own is told' "$(cat err)" \
    'logstamp: app.1.log: is still open for writing, perhaps a log of its own: not renamed'
echo more >app.log.1
touch -d @1624970000 app.log.1
touch app.1.log
is '-l: a log with a number of its own, being written, is passed over' \
    "$(logstamp -l app.log 2>/dev/null)" app.log-1624970000
exec 8>&-
rm app.log-1624970000
touch -d @1624977000 app.1.log
renames '-a: a file with a number that nobody writes is rotated' \
    'app.log-1624977000 app.log-1624977000_01 app.log-1624977000_02' -a app.log
fresh a.log b.1.log a.1.log a.log.1
renames '-a: what a pattern stands for is a log of its own' \
    a.log-1624977000 -a '*.log '

fresh log log.1 log.2 log.10 log-20210628 log-1624977000_01
touch -d @1624977000.9 log.2
touch -d @1624977000.1 log.1
logstamp -a log >out
# shellcheck disable=SC2046
is '-a: in one second the highest number is the oldest' \
    "$(cat $(cat out) | tr '\n' ' ')" \
    'log-20210628 log-1624977000_01 log.10 log.2 log.1 '
is '-a: names sort by time, compressed or not' "$(logpack -T out | sort)" \
    "$(sed 's/$/.gz/' out)"

fresh log log-20210628 log-20210629
touch -d @1624977000.2 log-20210628
touch -d @1624977000.1 log-20210629
# shellcheck disable=SC2046
is '-a: in one second and without a number the parts of a second tell' \
    "$(cat $(logstamp -a log) | tr '\n' ' ')" 'log-20210629 log-20210628 '

fresh a.log a.log.1 a.log.2 b.log.1 b.log.2
touch -d @1624970000 ./*.2
renames '-l with a pattern takes the newest of each log' \
    'a.log-1624977000 b.log-1624977000' -l '*.log '
renames '-l with a pattern takes the next of each log' \
    'a.log-1624970000 b.log-1624970000' -l '*.log '

mkdir -p logs/old elsewhere
for f in logs/a.log.1 logs/old/a.log.1 logs/old/a-20210628.log.gz \
    elsewhere/a.log.2; do
	echo "$f" >"$f" && touch -d @1624977000 "$f"
done
renames '--olddir: siblings are in a folder beside the log' \
    logs/old/a.log-1624977000_01 -a logs/a.log --olddir old
is '--olddir: -p looks there, too' \
    "$(logstamp -p logs/a.log --olddir old)" logs/old/a.log-1624977000.gz
renames '--olddir: a folder of any name' \
    "$PWD/elsewhere/a.log-1624977000" -l 'log*/a.log ' --olddir "$PWD/elsewhere"
mkdir logs2
: >elsewhere/a.log-1624977000.gz
is '--olddir: a folder that several logs share is looked through once' \
    "$(logstamp -p 'logs*/*.log ' --olddir "$PWD/elsewhere")" "$(
    echo "$PWD/elsewhere/a.log-1624977000.gz")"
rm -r logs2 elsewhere/*.gz
is '--olddir: nothing else is stamped' "$(ls logs)" 'a.log.1
old'
exits 2 '--olddir without -a, -l or -p is misuse' \
    logstamp --olddir old logs/a.log.1

n=$(printf '%0244d' 0)
fresh "$n.1" "$n" "x$n.1"
exits 1 'a name with no room for the stamp is refused' logstamp "$n.1"
says 'no room in the name for the stamp and .gz: not renamed' \
    'a name with no room for the stamp is told' logstamp -a "$n"
n=$(printf '%0241d' 0)
fresh "$n.1"
is 'a name with just enough room gets its stamp' \
    "$(logstamp "$n.1" | logpack -T -)" "$n-1624977000.gz"
n=${n}0
fresh "$n.1"
exits 1 'a name without room for .gz after the stamp is refused' \
    logstamp "$n.1"

# Dates that logrotate's dateformat leaves are no stamps.
fresh app.log
for m in 05 06 07; do
	echo "$m" >app.log-2024062910$m
	touch -d 2024-06-29T10:$m:30Z app.log-2024062910$m
done
renames 'twelve digits that are a date are no stamp' \
    'app.log-1719655530 app.log-1719655590 app.log-1719655650' -a app.log

# Fifty at once on the same names: every file survives under a name of its own.
fresh
i=0
while [ $i -lt 40 ]; do
	i=$((i + 1))
	echo $i >log.$i
done
touch -d @1624977000 log.*
i=0
while [ $i -lt 50 ]; do
	i=$((i + 1))
	case $((i % 3)) in
	0) logstamp -a log ;;
	1) logstamp -l log ;;
	2) logstamp log.*[0-9] ;;
	esac >/dev/null 2>&1 &
done
wait
logstamp -a log >names
is 'fifty instances at once lose no file' "$(cat log-* | sort -n | uniq | wc -l)" 40
is 'fifty instances at once leave no other name' "$(ls log* | wc -l) $(wc -l <names)" '40 40'
# What logrotate hands over may be a name with blanks, or none that is there.
touch -d @1624977000 'e f.log.1' 'a[1].log.1'
is '-a takes a name with a blank whose log is not there' "$(logstamp -a 'e f.log ')" \
	'e f.log-1624977000'
is '-a takes a name that could be a pattern' "$(logstamp -a 'a[1].log')" \
	'a[1].log-1624977000'
says 'nowhere/: No such file' '-a: a missing folder is told' \
	logstamp -a "$tmp/nowhere/x.log"
exits 2 '-a: a missing folder is trouble' logstamp -a "$tmp/nowhere/x.log"
touch -d @1624977000 "$tmp/some.log.1"
is '-a: a missing folder does not keep others from their stamps' \
	"$(logstamp -a "$tmp/nowhere/x.log $tmp/some.log")" \
	"$tmp/some.log-1624977000"
touch -d @1624977000 "$tmp/quoted.log.1"
is '-a: a name in single quotes is one name' \
	"$(logstamp -a "'$tmp/nothing here.log' '$tmp/quoted.log'")" \
	"$tmp/quoted.log-1624977000"
exits 2 '-a with blanks alone is misuse' logstamp -a '  '
exits 0 '-a: a pattern that nothing fits is status 0' logstamp -a '*.nothing '
touch -d @1624977000 "$tmp/other.log.1"
is '-a: a pattern whose folder is not there does not keep others from their stamps' \
	"$(logstamp -a "$tmp/nowhere*/x.log $tmp/other.log")" "$tmp/other.log-1624977000"
exits 2 '-a with an empty base is misuse' logstamp -a ''
touch -d @1624977000 pair.log-1624977000 pair.log.1.gz
is 'a packed log does not get the name of one that is not' \
	"$(logstamp pair.log.1.gz)" pair.log-1624977000_01.gz
done_testing
