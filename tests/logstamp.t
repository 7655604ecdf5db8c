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
renames 'puts the mtime in place of the number' docker.log-1624977000 docker.log.1
is 'and the file is there' "$(ls)" docker.log-1624977000
is 'with its contents' "$(cat ./*)" docker.log.1
renames 'a stamped name is left alone' docker.log-1624977000 docker.log-1624977000
touch docker.log-1624977000
renames 'also when its mtime is another' docker.log-1624977000 docker.log-1624977000
is 'nothing else is there' "$(ls)" docker.log-1624977000

fresh a.log.1.gz b.log-20210629 c.log-2021062910.zst d.log app-1 e.log.12
renames 'before .gz' a.log-1624977000.gz a.log.1.gz
renames "in place of logrotate's date" b.log-1624977000 b.log-20210629
renames 'and its hour' c.log-1624977000.zst c.log-2021062910.zst
renames 'behind a live name' d.log-1624977000 d.log
renames 'a number is no stamp' app-1-1624977000 app-1
renames 'in place of two digits' ./e.log-1624977000 ./e.log.12

fresh a.log.1 a.log.2 a.log.3 a.log-20210628
logstamp a.log.1 >/dev/null
renames 'a taken name gets .1' a.log-1624977000.1 a.log.2
renames 'then .2' a.log-1624977000.2 a.log.3
renames 'which is a stamped name, too' a.log-1624977000.2 a.log-1624977000.2
is 'nothing was replaced' "$(cat a.log-1624977000)" a.log.1

fresh a.log-1624977000.gz a.log.1
renames 'a packed file takes the name as well' a.log-1624977000.1 a.log.1

fresh old.1 huge.1
touch -d @5 old.1
touch -d @4102444800 huge.1
renames 'a time long ago' old-5 old.1
renames 'is a stamp still' old-5 old-5
renames 'a time to come' huge-4102444800 huge.1

fresh a.1
touch -d '2021-06-29 14:30:00.000000123 UTC' a.1
renames 'a format' a-2021-06-29T14:30:00.000000123 -f '%FT%T.%N' a.1
renames 'is known again' ./a-2021-06-29T14:30:00.000000123 -f '%FT%T.%N' ./a-*
mv a-* a.1
is 'is in UTC' "$(TZ=Europe/Paris logstamp -n -f %H a.1)" a-14
is 'or local' "$(TZ=Europe/Paris logstamp -n --local --format %H a.1)" a-16
is 'a dry run renames nothing' "$(ls)" a.1
exits 2 'a slash in the format' logstamp -f %Y/%m a.1
exits 2 'a conversion that no name tells' logstamp -f %c a.1
exits 2 'no conversion' logstamp -f old a.1
says 'a.1: now a-1624977000' 'says what it does when asked' \
    sh -c 'touch -d @1624977000 a.1; logstamp -v a.1'

fresh 'with blank.1' b.1
mv b.1 'new
line.1'
printf 'with blank.1\0new\nline.1\0' >list
logstamp -0 -T list >out
is 'names from a list, and to one' "$(tr '\0\n' '|_' <out)" \
    'with blank-1624977000|new_line-1624977000|'
fresh a.1
is 'a list on standard input' "$(echo a.1 | logstamp --files-from -)" \
    a-1624977000
exits 2 'a list that is not there' logstamp -T nowhere

fresh log log.1 log.2 log.3.gz log.old log-x blog.1 log.10
touch -d @1624977100 log.1
renames 'the newest sibling' log-1624977100 -l log
renames 'then the next: with one mtime, the lower number' log-1624977000 -l log
renames 'then the last' log-1624977000.1 --latest log
exits 1 'then the answer is no' logstamp -l log
is 'the rest is untouched' "$(ls | tr '\n' ' ')" \
    'blog.1 log log-1624977000 log-1624977000.1 log-1624977100 log-x log.3.gz log.old '

fresh log log.1 log.2 log.3.gz log-1624976999 log-20210627 log-1624970000.gz
touch -d @1624976999 log-1624976999
touch -d @1624976000 log-20210627
renames 'all siblings, oldest first, and those of earlier runs' \
    'log-1624976000 log-1624976999 log-1624977000 log-1624977000.1' -a log
renames 'again the same' \
    'log-1624976000 log-1624976999 log-1624977000 log-1624977000.1' --all log
is 'the older of two is .2' "$(cat log-1624977000)" log.2
is 'packed ones stay' "$(echo ./*.gz)" './log-1624970000.gz ./log.3.gz'
fresh log
exits 0 'nothing to stamp is fine' logstamp -a log
is 'and prints nothing' "$(logstamp -a "$PWD/nothing" 2>&1)" ''

fresh a.log a.log.1 b.log.1 c.txt.1 'my log.1'
renames 'a pattern with a blank behind it' \
    "$PWD/a.log-1624977000 $PWD/b.log-1624977000" -a "$PWD/*.log "
renames 'several, with quotes' \
    "$PWD/my log-1624977000 c.txt-1624977000" -a "\"$PWD/my log\" c.txt "
fresh 'x*.log' 'x*.log.1' xy.log.1
renames 'a star in a real name is no pattern' 'x*.log-1624977000' -a 'x*.log'
mkdir sub sub/a sub/b && echo >sub/a/l.1 && echo >sub/b/l.1
touch -d @1624977000 sub/?/l.1
renames 'folders by pattern' 'sub/a/l-1624977000 sub/b/l-1624977000' -a 'sub/*/l '

fresh live target.1
chmod 640 live
renames 'rotates a live log' live-1624977000 -r live
is 'of the same mode, empty' "$(stat -c '%a %s' live)" '640 0'
is 'the old one keeps its own' "$(stat -c %a live-1624977000)" 640
is 'no other file is left' "$(ls -A | tr '\n' ' ')" \
    'live live-1624977000 target.1 '
touch -d @1624977000 live
logstamp -r live --reopen 'echo reopened; ls live-* >seen' >out 2>err
is 'the writer reopens before the name is out' "$(cat seen)" \
    'live-1624977000
live-1624977000.1'
is 'and prints no names of its own' "$(cat out err)" 'live-1624977000.1
reopened'
exits 2 'a reopen that fails' logstamp -r live --reopen false
exits 2 'no such live log' logstamp -r nowhere
exits 2 'reopen without a live log' logstamp --reopen true target.1
if command -v setfacl >/dev/null && setfacl -m u:1:r live 2>/dev/null; then
	logstamp -r live >/dev/null
	ok 'keeps the access control list' sh -c 'getfacl live | grep user:bin:r ||
	    getfacl -n live | grep user:1:r'
else
	skip 'no setfacl, or not on this file system' 'keeps the access control list'
fi

fresh real.1 two.1 good.1
ln -s real.1 link.1
ln two.1 other
mkdir dir.1
exits 1 'a symbolic link is refused' logstamp link.1
exits 1 'so is a file of two names' logstamp two.1
exits 1 'and a folder' logstamp dir.1
exits 1 'and a link that is a live log' logstamp -r link.1
is 'all are as they were' "$(ls | tr '\n' ' ')" \
    'dir.1 good.1 link.1 other real.1 two.1 '
logstamp two.1 good.1 >out 2>err
is 'the rest goes through' "$? $(cat out)" '1 good-1624977000'
is 'the message' "$(cat err)" 'logstamp: two.1: has other names, not renamed'
touch -hd @1624977001 link.1
renames 'links, when asked' 'two-1624977000 link-1624977001' --links two.1 link.1
ok 'a link stays one' test -L link-1624977001
ln -s real.1 live
exits 1 'but no link is rotated' logstamp --links -r live
says 'live: a symbolic link, not rotated' 'which is told' \
    logstamp --links -r live
is 'and nothing was done' "$(readlink live; ls -A ./*live*)" 'real.1
./live'
says 'logstamp: gone.1: No such file or directory' 'says what is missing' \
    logstamp gone.1
exits 2 'and that is trouble' logstamp gone.1
exits 2 'no operand' logstamp
exits 2 'two ways at once' logstamp -a x -l y
exits 2 'files beside -a' logstamp -a x y
exits 2 'a full disk where the names go' sh -c 'logstamp real.1 >/dev/full'

fresh log log.1 log.2 log-1624970001 log-1624970002.gz log-1624970003 \
    log-20210601 other-1624970000 app.log-1624970000
touch -d @1624970001 log-1624970001
touch -d @1624970002 log-*2.gz
touch -d @1624970003 log-*3
renames 'keeps the newest' 'log-1624970003 log-1624977000 log-1624977000.1 log-1624977000.2' \
    --keep 4 -a log
is 'removes the oldest, and nothing else' "$(ls | tr '\n' ' ')" \
    'app.log-1624970000 log log-1624970003 log-1624977000 log-1624977000.1 log-1624977000.2 other-1624970000 '
touch log-1624970003
renames 'removes what is too old' log-1624977000 --max-age 1h -r log
is 'but not what it stamps' "$(ls log-* | tr '\n' ' ')" \
    'log-1624970003 log-1624977000 '
fresh log a.log-1624970001 a.log-1624970002 b.log-1624970001 b.log-1624970002 a.log.1
logstamp --keep 1 -n -v -a '*.log' >out 2>err
is 'a dry run removes nothing' "$(ls ./*.log* | wc -l)" 5
logstamp --keep 1 -a '*.log' >/dev/null
is 'of each log so many' "$(ls [ab].log* | tr '\n' ' ')" \
    'a.log-1624977000 b.log-1624970002 '
fresh log log-1624970001.gz log-1624970002.gz log-1624970003.gz log-1624970004.gz
logpush -q --receipts receipts "file://$PWD/store/" log-*1.gz log-*2.gz log-*3.gz
echo more >>log-1624970003.gz
sed -i s/log-1624970002/log-1624970009/ receipts
exits 1 'with receipts' logstamp --only-pushed receipts --max-age 1h -l log
is 'removes what was delivered as it is' "$(ls log-* | tr '\n' ' ')" \
    'log-1624970002.gz log-1624970003.gz log-1624970004.gz '
exits 2 'no receipts' logstamp --only-pushed nowhere --keep 1 -a log
is 'nothing is removed then' "$(ls log-* | wc -l)" 3
exits 2 'retention needs a log' logstamp --keep 1 log-1624970002.gz

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
is 'fifty at once lose nothing' "$(cat log-* | sort -n | uniq | wc -l)" 40
is 'and leave no other name' "$(ls log* | wc -l) $(wc -l <names)" '40 40'
# What logrotate hands over may be a name with blanks, or none that is there.
touch -d @1624977000 'e f.log.1' 'a[1].log.1'
is 'a name with a blank, its log not there' "$(logstamp -a 'e f.log ')" \
	'e f.log-1624977000'
is 'and one that could be a pattern' "$(logstamp -a 'a[1].log')" \
	'a[1].log-1624977000'
says 'nowhere/: No such file' 'a folder that is not there is told' \
	logstamp -a "$tmp/nowhere/x.log"
exits 2 'it is trouble' logstamp -a "$tmp/nowhere/x.log"
touch -d @1624977000 "$tmp/some.log.1"
is 'but does not keep others from their stamps' \
	"$(logstamp -a "$tmp/nowhere/x.log $tmp/some.log")" \
	"$tmp/some.log-1624977000"
exits 0 'a pattern that nothing fits is not' logstamp -a '*.nothing '
exits 2 'no name at all is misuse' logstamp -a ''
touch -d @1624977000 pair.log-1624977000 pair.log.1.gz
is 'a packed log does not get the name of one that is not' \
	"$(logstamp pair.log.1.gz)" pair.log-1624977000.1.gz
done_testing
