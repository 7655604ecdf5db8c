#!/bin/sh
# logpack: the index in the header, and what loggrep spares with it
. "${0%/*}/lib.sh"

holds() { gzip -dc "$1" | cmp - "$2"; }
mark() { od -An -c -j12 -N2 "$1" | tr -d ' '; }
# damage FILE OFFSET: change some bytes there
damage() { printf 'damaged' | dd of="$1" bs=1 seek="$2" conv=notrunc 2>/dev/null; }

"$top/scripts/mkcorpus" -s 12M -f syslog >wrapped
touch -d '2026-06-30 00:00:00' wrapped
head -n 3 wrapped >few

# --- Which files have one ---
logpack -k few >out
is 'a file of one piece has an index' "$(mark few.gz)" LT
ok 'gunzip reads it' holds few.gz few
logpack <few | cat >piped.gz
ok 'a pipe of one piece gets the same bytes' cmp few.gz piped.gz
logpack <few >streamed.gz
ok 'a stream that becomes a file gets the same bytes' cmp few.gz streamed.gz
logpack <wrapped | cat >piped.gz
is 'a pipe of several pieces has none' "$(od -An -tu1 -j3 -N1 piped.gz)" '   0'
ok 'it is read all the same' holds piped.gz wrapped
logpack -1 <wrapped >streamed.gz
is 'a stream that becomes a file of many pieces has one' "$(mark streamed.gz)" LT
ok 'gunzip reads that, too' holds streamed.gz wrapped
{ printf 'before'; logpack -1; } <wrapped >behind
tail -c +7 behind >behind.gz
ok 'a stream begins anywhere in a file' cmp behind.gz streamed.gz
: >appended.gz
logpack -1 <wrapped >>appended.gz
is 'what is appended to a file of many pieces has none' "$(od -An -tu1 -j3 -N1 appended.gz)" '   0'
ok 'it is whole' holds appended.gz wrapped
logpack -k --rsyncable -c wrapped >rsync.gz
is 'what is packed with --rsyncable has no index' "$(od -An -tu1 -j3 -N1 rsync.gz)" '   0'
: >empty
logpack <empty >nothing.gz
is 'nothing to tell of has none' "$(od -An -tu1 -j3 -N1 nothing.gz)" '   0'

# --- What loggrep leaves unread, in files with a piece that is broken ---
logpack -5k wrapped >out
late=$(tail -n 5000 wrapped | sed -n '1s/.*\[29.Jun.2026:\([0-9:]*\) .*/2026-06-29T\1Z/p')
cp -p wrapped.gz hurt.gz
damage hurt.gz 3000
is 'lines of an access log in the envelope of syslog have times in the index' \
	"$(TZ=UTC loggrep --since "$late" hurt.gz | cksum)" \
	"$(TZ=UTC loggrep --since "$late" wrapped | cksum)"
is 'pieces are passed over under -c' "$(TZ=UTC loggrep --since "$late" -c hurt.gz)" \
	"$(TZ=UTC loggrep --since "$late" -c wrapped)"
exits 2 'no piece is passed over under -v' loggrep --since "$late" -vc hurt.gz
exits 2 'no piece is passed over under -n' loggrep --since "$late" -n hurt.gz
exits 2 'no piece is passed over where lines are cut' loggrep --since "$late" --max-line 100 hurt.gz
is '-L names a file of which nothing is read' "$(TZ=UTC loggrep -L --since 2027-01-01 --tz UTC hurt.gz)" hurt.gz
is '-c counts nothing in it' "$(TZ=UTC loggrep -c --since 2027-01-01 --tz UTC hurt.gz)" 0

sed 's/" 5[0-9][0-9] /" 200 /' wrapped >calm
{ cat calm; sed -n '1s/" 200 /" 502 /p' calm; } >error
logpack -5k error calm >out
damage error.gz 3000
is '-5 reads only pieces that may hold a server error' "$(loggrep -5 error.gz)" "$(tail -n 1 error)"
damage calm.gz 3000
exits 1 '-5 reads nothing where there is none' loggrep -5 calm.gz
exits 2 '-5 beside -v reads all' loggrep -5vc calm.gz

# --- Times without zone and year, of several days, and lines without a time ---
awk 'BEGIN {
	for (i = 0; i < 16000; i++) {
		printf "Jun %2d %02d:%02d:%02d host app[1]: %s %d\n", 27 + i / 5334,
		    i / 222 % 24, i / 4 % 60, i % 60, "a line of some program", i
		if (i % 50 == 0)
			for (k = 0; k < 20; k++)
				print "\tat com.example.Main.run(Main.java:" k ")"
	}
}' >app
awk '{ print } NR % 5 == 0 { printf "2026-06-2%dT12:00:%02dZ INFO a line of another %s\n",
	7 + NR / 8000, NR % 60, "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx" }' app >both
for i in 1 2 3; do cat both; done >long
touch -d '2026-06-30 01:00:00' app both long
logpack -5k app both long >out
differ=
for zone in UTC JST-9 EST5EDT,M3.2.0,M11.1.0 CET-1CEST,M3.5.0,M10.5.0; do
	for o in '--since 2026-06-28T10:00:00' '--until 2026-06-27T02:00:00' \
	    '--since 2026-06-28T12:00:05Z --until 2026-06-28T12:00:06Z' \
	    '--since 2026-06-29T23:10:00 --until 2026-06-29T23:20:00' \
	    '--since 2026-06-29 --year 2026' '--since 2025-06-29 --year 2025' \
	    '--until 2026-01-01 --tz +12:00' '--since 2026-06-28T10:00:00 -5'
	do
		for f in app both long; do
			# shellcheck disable=SC2086
			[ "$(TZ=$zone loggrep $o $f | cksum)" = \
			    "$(TZ=$zone loggrep $o $f.gz | cksum)" ] ||
				differ="$differ $zone $o $f;"
		done
	done
done
is 'times without a zone are those of the reader' "$differ" ''
touch -d '2027-06-30 01:00:00' app app.gz
is 'times without a year are near to the change that the reader sees' \
	"$(TZ=UTC loggrep -c --since 2027-06-28 app.gz)" \
	"$(TZ=UTC loggrep -c --since 2027-06-28 app)"

# --- W3C: columns that a line before names ---
{
	echo '#Fields: date time cs-method cs-uri-stem sc-status'
	awk 'BEGIN { for (i = 0; i < 60000; i++)
		printf "2021-06-29 %02d:%02d:%02d GET /%d %d\n", i / 3600, i / 60 % 60,
		    i % 60, i, i == 59000 ? 503 : 200 }'
} >w3c
logpack -5k w3c >out
for o in '-5' '--since 2021-06-29T16:00:00Z' '--until 2021-06-29T00:10:00Z' \
    '-5 --since 2021-06-29T16:00:00Z' '-c -W status=503 --since 2021-06-29T16:00:00Z'
do
	# shellcheck disable=SC2086
	is "$o: W3C's columns are known in later pieces" \
		"$(TZ=EST5 loggrep $o w3c.gz | cksum)" "$(TZ=EST5 loggrep $o w3c | cksum)"
done
done_testing
