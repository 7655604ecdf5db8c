#!/bin/sh
# logparse: what becomes of lines, and how it exits
. "${0%/*}/lib.sh"

g=$golden/logparse

# record NAME LINE WANTED [OPTION...]: the line gives that record
record() {
	record_name=$1 record_line=$2 record_want=$3; shift 3
	is "$record_name" "$(printf '%s\n' "$record_line" |
	    logparse "$@" 2>&1)" "$record_want"
}

# Golden files: NAME.log holds lines, NAME.json their records.
for log in "$g"/*.log; do
	name=${log##*/} name=${name%.log}
	case $name in *-bad) want=1 ;; *) want=0 ;; esac
	opts=
	[ ! -f "$g/$name.opts" ] || opts=$(cat "$g/$name.opts")
	# shellcheck disable=SC2086
	same "$name" "$g/$name.json" logparse $opts --tz UTC --year 2021 "$log"
	# shellcheck disable=SC2086
	exits $want "$name: exit status" logparse $opts --tz UTC --year 2021 \
	    "$log"
done

line='1.2.3.4 - - [29/Jun/2021:10:05:03 +0000] "GET /a HTTP/1.1" 200 5'

# Options
record 'tsv has the fields that -s names, empty when absent' "$line" \
    "$(printf '200\t\t/a')" -o tsv -s status,user,path
record 'tsv without -s has the columns of the format' "$line" \
    "$(printf '2021-06-29T10:05:03Z\t1.2.3.4\t\t\tGET\t/a\tHTTP/1.1\t200\t5')" \
    -o tsv
record 'tsv keeps a line that was not parsed' 'no such line' \
    "$(printf '\t\tno such line')" -o tsv -s status,path
record 'a template' "$line" '2021-06-29T10:05:03Z 200 /a {-}' \
    -o 'template:{timestamp} {status} {path} {{{user}}'
record 'JSON of selected fields, in that order' "$line" \
    '{"status":200,"path":"/a"}' --select status,nothing,path
record 'a selected field inside an object' '{"a":{"b":[1]},"c":2}' \
    '{"a.b":[1]}' -s a.b
record 'a line that is not parsed is written whole' 'no such line' \
    '{"message":"no such line","format":"raw","error":"no known format"}' \
    -s status
record 'a zone for stamps without one' 'Jun 29 10:05:03 h t: m' \
    2021-06-29T08:05:03Z --tz Europe/Berlin --year 2021 \
    -o 'template:{timestamp}'
record 'a numeric zone' 'Jun 29 10:05:03 h t: m' 2021-06-29T15:35:03Z \
    --tz=-05:30 --year=2021 -o 'template:{timestamp}'

printf 'Dec 31 23:59:59 h t: m\nJan  1 00:00:01 h t: m\n' >year.log
touch -d 2022-01-02T00:00:00Z year.log
is 'the year that is nearest to the file' \
    "$(logparse --tz UTC -s timestamp year.log | tr -d '\n')" \
    '{"timestamp":"2021-12-31T23:59:59Z"}{"timestamp":"2022-01-01T00:00:01Z"}'

printf '%s\nbad\n\n%s\n' "$line" "$line" >mixed.log
exits 1 'a line not parsed is status 1' logparse mixed.log
exits 1 'also when it is dropped' logparse --unparsed=drop mixed.log
is 'dropped lines are not written' \
    "$(logparse --unparsed=drop mixed.log | wc -l)" 2
exits 2 '--unparsed=fail ends with status 2' logparse --unparsed fail mixed.log
says 'logparse: mixed.log: line 2: no known format' 'and says why' \
    logparse --unparsed=fail mixed.log
exits 2 'an unknown format is misuse' logparse -f nothing
exits 2 'an unknown output is misuse' logparse --output nothing
exits 2 'an unknown zone is misuse' logparse --tz Mars/Base
exits 2 'a brace left open is misuse' logparse -o 'template:{status'
exits 2 'a missing file' logparse "$tmp/absent"
exits 2 'a full disk' sh -c 'logparse "$1" >/dev/full' - mixed.log
says '2 records, 0 lines' '-v says what was read' sh -c \
    'printf "a=1 b=2\na=1 b=2\n" | logparse -v'

# Inputs
gzip -k mixed.log
is 'compressed files are read like others' \
    "$(logparse mixed.log.gz | md5sum)" "$(logparse mixed.log | md5sum)"
printf 'mixed.log\0mixed.log.gz\0' >list
is 'names from a list' "$(logparse -0 -T list | wc -l)" 6
is 'CRLF and no last newline' "$(printf '%s\r\n%s' "$line" "$line" |
    logparse -s size | tr '\n' ' ')" '{"size":5} {"size":5} '
is 'a line that is too long comes in pieces' \
    "$(printf '%s\n' '{"a":1,"b":2}' | logparse --max-line=7 2>/dev/null |
	wc -l)" 2
says '1 line.* longer than 7' 'and is counted' \
    sh -c 'echo 0123456789 | logparse --max-line 7'
is 'NUL and bad UTF-8' \
    "$(printf '<13>a: x\0y\377z\n' | logparse -s message)" \
    '{"message":"x\u0000y'"$(printf '\357\277\275')"'z","lossy":true}'

# A live pipe: what was written comes out while the writer lives.
mkfifo pipe
logparse -s size <pipe >live.out & pid=$!
exec 3>pipe
printf '%s\n' "$line" >&3
ok 'a record is written before a read that waits' until_true 10 \
    test -s live.out
kill -TERM $pid
printf '%s\n' "$line" >&3
wait $pid
is 'SIGTERM means finish, status 0' $? 0
exec 3>&-
is 'and what was in the pipe is written' "$(wc -l <live.out)" 2
done_testing
