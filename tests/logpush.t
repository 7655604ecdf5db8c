#!/bin/sh
# logpush: files to a folder, and what every destination has in common
. "${0%/*}/lib.sh"

seq 1000 >app.log
gzip -c app.log >app.log-1624977000.gz
touch -d @1624977000 app.log app.log-1624977000.gz

ok 'a file goes to a folder, which is made' logpush "file://$tmp/store/logs" app.log
ok 'the copy in the folder is equal' cmp app.log store/logs/app.log
is 'the copy keeps the time of the file' "$(stat -c %Y store/logs/app.log)" 1624977000
ok 'the source stays without --rm' test -f app.log
ok 'an equal file that is there already is success' \
	logpush "file://$tmp/store/logs/" app.log
is 'an equal file is not stored twice' "$(ls store/logs)" app.log

echo other >app.log
ok 'other contents are stored beside' logpush "file://$tmp/store/logs" app.log
ok 'other contents are stored under the name with _01' cmp app.log store/logs/app.log_01
ok 'contents that stand under _01 are found again' logpush "file://$tmp/store/logs" app.log
is 'contents that stand under _01 are not stored a third time' "$(ls store/logs | tr '\n' ' ')" 'app.log app.log_01 '
exits 1 '--if-exists=refuse: other contents are refused' \
	logpush --if-exists=refuse "file://$tmp/store/logs" app.log
ok '--if-exists=overwrite: other contents are delivered' logpush --if-exists=overwrite "file://$tmp/store/logs" app.log
ok '--if-exists=overwrite: the file has the new contents' cmp app.log store/logs/app.log

mkdir -p gz && cp app.log-1624977000.gz gz/a.gz
ok 'a .gz is stored in a folder' logpush "file://$tmp/store/gz" gz/a.gz
echo x | gzip >gz/a.gz
ok 'other contents of a .gz are stored' logpush "file://$tmp/store/gz" gz/a.gz
is 'the number of other contents stands before .gz' "$(ls store/gz | tr '\n' ' ')" 'a.gz a_01.gz '

ok 'fields make the name' logpush \
	"file://$tmp/t/{host}/{date:%Y/%m/%d}/{instance}/{path}-{mtime}-{name}" \
	--instance=i-0ce5 ./app.log-1624977000.gz
ok 'fields come from the file and the machine' test -f "t/$(uname -n)/2021/06/29/i-0ce5/app.log-1624977000.gz-1624977000-app.log-1624977000.gz"
ok '{sha256} is a field' logpush "file://$tmp/t/{sha256}" app.log
ok '{sha256} is the digest of the contents' cmp app.log "t/$(sha256sum <app.log | cut -c1-64)"
for f in "$(printf %0256d 0)" "$(printf %0100d 0 | sed 's/0/%Y/g')"; do
	says 'app.log: .*: Invalid argument' 'a date that is too long is told' \
	    logpush "file://$tmp/t/{date:$f}" app.log
done
exits 2 'an unknown field is misuse' logpush "file://$tmp/t/{nme}" app.log
exits 1 'a path does not climb' sh -c 'mkdir -p d && cd d &&
	logpush "file://$1/t/{path}" ../app.log' - "$tmp"

seq 10 >one.gz; seq 20 >two.gz
ok 'names come from a list' sh -c \
	'printf "%s\n" one.gz "" two.gz | logpush --rm -T - "file://$1/list"' - "$tmp"
is 'all files of a list are stored' "$(ls list | tr '\n' ' ')" 'one.gz two.gz '
ok 'all files of a list are removed with --rm' test ! -e one.gz -a ! -e two.gz
seq 5 >'new
line'
ok 'a list may end names with NUL' sh -c \
	'printf "new\nline\0" | logpush --rm -0 -T - "file://$1/list"' - "$tmp"
ok 'a name of a list that ends with NUL may hold a newline' test -f 'list/new
line'
exits 0 'an empty list is success' logpush -T /dev/null "file://$tmp/list"
exits 2 'a list that cannot be read is trouble' logpush -T /no/such "file://$tmp/list"

mkdir w1 w2 w3; seq 300000 >w1/w.gz; seq 2 300000 >w2/w.gz; cp w1/w.gz w3
ok 'files of one name may be on their way at once' \
	logpush --rm "file://$tmp/at-once/" w1/w.gz w2/w.gz w3/w.gz
is 'files of one name on their way at once are stored once each' "$(ls at-once | tr '\n' ' ')" 'w.gz w_01.gz '

says 'app.log/x/app.log: Not a directory$' 'a file where a folder should be is told' \
	logpush "file://$tmp/app.log/x/" app.log
seq 3 >only.log
exits 1 'a file is not its own copy' \
	logpush --rm "file://$tmp/" only.log
ok 'a file that would be its own copy is not removed' test -f only.log

mkdir done; seq 3 >m.log
is 'a moved file is named' \
	"$(logpush -q --move-to done "file://$tmp/moved" m.log)" done/m.log
ok 'a moved file was delivered' cmp done/m.log moved/m.log
exits 2 'a folder to move to must be there' \
	logpush --move-to absent "file://$tmp/first" done/m.log
ok 'a missing folder to move to is told before anything is sent' test ! -e first
exits 2 'a missing file is trouble' logpush "file://$tmp/x" absent
exits 1 'a folder is refused' logpush "file://$tmp/x" done
mkfifo fifo
exits 1 'a FIFO is refused without waiting' logpush "file://$tmp/x" fifo
ln -s app.log link.log
exits 1 'a link is refused' logpush --rm "file://$tmp/x" link.log
ok 'what a link points to goes nowhere' not test -e x/link.log

seq 7 >r.log
ok '--receipts delivers' logpush --receipts receipts "file://$tmp/r" r.log
is 'a receipt tells what is where' "$(sed 's/"time":"20.*Z"/T/' receipts)" \
	"{\"file\":\"r.log\",\"url\":\"file://$tmp/r/r.log\",\"etag\":\"\",\"size\":14,\"sha256\":\"$(sha256sum <r.log | cut -c1-64)\",T}"
exits 2 'a receipt that cannot be written is trouble' logpush --rm --receipts /dev/full "file://$tmp/r" r.log
ok 'no file is removed whose receipt could not be written' test -f r.log

is 'a dry run tells where' "$(logpush -n "file://$tmp/dry" r.log)" "file://$tmp/dry/r.log"
cp r.log 'a b?'
lf='
'
exits 2 '--metadata: a key that is too long is misuse' \
	logpush -n --metadata "$(printf %0250d 1)=b" s3://b/ r.log
exits 2 '--metadata: a key of our own is misuse' logpush -n --metadata SHA256=b s3://b/ r.log
exits 2 'two files for one place are misuse' logpush -n 's3://b/{host}' r.log done/m.log
exits 2 'two files of a list for one place are misuse' sh -c 'printf "%s\n" r.log done/m.log |
	logpush -n -T - http://h/x'
exits 2 'two files for one place in a folder are misuse' \
	logpush "file://$tmp/one/{host}" r.log done/m.log
ok 'two files for one place: nothing was sent' test ! -e one
is 'a single file may have a place without its name' "$(logpush -n s3://b/x r.log)" s3://b/x
for o in "--metadata=a b=c" "--metadata=a${lf}b=c" "--metadata=a=b${lf}c" \
	"--acl=a${lf}b" "--storage-class=a${lf}b" "--sse=a${lf}b" '--header=a b: c'; do
	exits 2 'what does not fit into a header is misuse' logpush -n "$o" s3://b/ r.log
done
is 'a dry run tells where for any kind of store' "$(logpush -n 's3://b/{mtime}/' r.log) $(logpush -n http://h/ 'a b?')" \
	"s3://b/$(stat -c %Y r.log)/r.log http://h/a%20b%3F"
ok 'a dry run stores nothing' test ! -e dry
says '1 file, .* delivered' 'a summary of what was delivered ends a run' logpush "file://$tmp/r" r.log
is '--quiet has no summary' "$(logpush -q "file://$tmp/r" r.log 2>&1)" ''
says 'r.log: is already at file:' '--verbose tells of each file' \
	logpush -v "file://$tmp/r" r.log
for o in --tag=a --metadata=a --metadata==b --header=a --header=:b; do
	exits 2 "what has no name and value is misuse: $o" logpush -n "$o" s3://b/ r.log
done
printf 'X-A: 1\r\n\nX-B:2\n' >headers
printf 'no header\n' >no-headers
ok '--header=@file: a line each, and empty ones' \
	logpush -n --header=@headers http://h/ r.log
exits 2 '--header=@file: a line that is no header is misuse' \
	logpush -n --header=@no-headers http://h/ r.log
exits 2 '--header=@file: a file that is not there is trouble' \
	logpush -n --header=@nowhere http://h/ r.log
exits 2 '--since without --list is misuse' logpush --since 1h s3://b/
exits 2 '--until without --list is misuse' logpush --until 1h s3://b/
exits 2 '--list: a time that is none is misuse' logpush --list --since soon s3://b/
exits 2 '--list of a folder is misuse' logpush --list "file://$tmp/"
exits 2 '--list of files is misuse' logpush --list s3://b/ r.log
exits 2 '--abort-stale of a folder is misuse' logpush --abort-stale 1d "file://$tmp/"
says 'for one receiver' '--drains with what is for one receiver is misuse' \
	logpush --drains . --spool . --receipts x
says 'for one receiver' '--drains --confirm is misuse' logpush --drains . --spool . --confirm
for o in '-n' '--rm' '--move-to .'; do
	# shellcheck disable=SC2086
	says 'are for files' "--drains $o is misuse" logpush --drains . --spool . $o
done
for o in -j2 --respool '--also tcp://h:1'; do
	# shellcheck disable=SC2086
	says 'for one receiver' "--drains $o is misuse" logpush --drains . --spool . $o
done
exits 2 'no URL is misuse' logpush
exits 2 'an unknown kind of URL is misuse' logpush gopher://x r.log
exits 2 'a relative folder in a file URL is misuse' logpush file://r r.log
exits 2 '--rm and --move-to exclude each other' \
	logpush --rm --move-to done "file://$tmp/r" r.log

if [ "$(id -u)" != 0 ]; then
	mkdir ro && chmod 555 ro
	exits 2 'a folder that cannot be written' logpush "file://$tmp/ro" r.log
else
	skip 'root may write anywhere' 'a folder that cannot be written'
fi
mkdir many
for i in $(seq 40); do echo "$i" >"many/$i.log"; done
ok 'many files are delivered with -j 8' logpush --rm -j 8 "file://$tmp/all" many/*.log
is 'many files all arrive' "$(cat all/*.log | sort -n | tr '\n' ' ')" "$(seq 40 | tr '\n' ' ')"
is 'many files are all removed' "$(ls many)" ''
done_testing
