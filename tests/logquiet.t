#!/bin/sh
# logquiet: when it runs its command, and how often
. "${0%/*}/lib.sh"

cat >fired <<'END'
#!/bin/sh
# one line for each run: lines, bytes; then what the arguments say
echo "$LOGQUIET_LINES $LOGQUIET_BYTES" >>"$tmp/log"
"$@"
END
chmod +x fired
PATH=$tmp:$PATH
export tmp

runs() { [ ! -e log ] || tr '\n' ';' <log; }
ran() { [ "$(grep -c . log 2>/dev/null)" = "$1" ]; }

# keep COMMAND...: with the pipe "in" for input, held open by descriptor 9
keep() {
	rm -f in log
	mkfifo in
	"$@" <in &
	pid=$!
	exec 9>in
	until_true 10 takes_signals
}
takes_signals() {
	grep -q '^SigBlk:.*[1-9a-f]' /proc/$pid/status || [ ! -d /proc/self ]
}
# one_of_ten COMMAND...: it succeeds; on a busy machine not each time
one_of_ten() {
	for _ in 1 2 3 4 5 6 7 8 9 10; do
		! "$@" || return 0
	done
	return 1
}
# over: the input ends; its status
over() {
	exec 9>&-
	wait "$pid"
}

printf 'a\nb\nc' | logquiet -t 1h fired
is 'a burst fires at the end of input' "$? $(runs)" '0 3 5;'
rm -f log
logquiet -t 0 fired </dev/null
is 'no data, no run, status 0' "$? $(runs)" '0 '

keep logquiet -t 100ms fired
for n in 1 2 3; do
	kill -STOP $pid
	printf 'one\n' >&9
	printf 'two\n' >&9
	kill -CONT $pid
	until_true 10 ran $n
done
is 'three bursts, three runs' "$(runs)" '2 8;2 8;2 8;'
over

# late: the command runs a quiet time after the last data, at the earliest.
# Fails, too, when we were too slow for both lines to be one burst.
late() {
	rm -f log when
	echo 1 >&9
	until_true 10 asleep $pid
	sleep 0.2
	date +%s%N >wrote
	echo 2 >&9
	until_true 10 ran 1
	date +%s%N >when
	[ "$(runs)" = '2 4;' ] && [ $(($(cat when) - $(cat wrote))) -ge 500000000 ]
}
keep logquiet -t 500ms fired
ok 'more data puts the run off' one_of_ten late
over

keep logquiet -t 1h --max-wait 200ms fired
echo 1 >&9
ok 'a stream that is not quiet fires after max-wait' until_true 10 ran 1
over

keep logquiet --quiet 50ms --min-interval 700ms fired
start=$(date +%s%N)
echo 1 >&9; until_true 10 ran 1
echo 2 >&9; until_true 10 ran 2
ok '--min-interval: two starts are an interval apart' \
    test $((($(date +%s%N) - start) / 1000000)) -ge 700
echo 3 >&9
over
is '--min-interval: at the end of input a burst fires at once' "$(runs)" '1 2;1 2;1 2;'

keep logquiet -t 100ms fired \
    sh -c 'until [ -e go ]; do sleep 0.05; done; echo end >>$tmp/log'
echo 1 >&9; until_true 10 ran 1
yes | head -c 10000000 >&9
is 'the writer is not held up while the command runs' "$(runs)" '1 2;'
: >go
until_true 10 ran 4
is 'what came while the command ran is the next burst, and runs do not overlap' "$(runs)" \
    '1 2;end;5000000 10000000;end;'
over

keep logquiet -t 1h fired
echo 1 >&9; echo 2 >&9
kill -USR1 $pid
ok 'SIGUSR1 fires now' until_true 10 ran 1
kill -USR1 $pid
until_true 10 asleep $pid
echo 3 >&9
until_true 10 asleep $pid
is 'SIGUSR1 fires nothing when nothing is pending' "$(runs)" '2 4;'
kill -TERM $pid
ok 'SIGTERM fires what is pending' until_true 10 ran 2
over
is 'SIGTERM fires what is pending, and ends with status 0' "$? $(runs)" '0 2 4;1 2;'

# lingers: it takes what is written once it has seen SIGTERM, if that is soon
lingers() {
	keep logquiet -t 1h fired
	echo 1 >&9
	kill -TERM $pid
	until_true 10 asleep $pid
	(echo 2 >&9) 2>/dev/null
	wait $pid
	exec 9>&-
	[ "$(runs)" = '2 4;' ]
}
ok 'after SIGTERM the last of the pipe still comes' one_of_ten lingers

rm -f log
printf 'a\n' | logquiet -t 1h --at-end=drop fired
echo a | logquiet -t 1h --at-end=run true
is '--at-end=drop drops what is pending' "$(runs)" ''
exits 2 '--at-end of anything else is misuse' logquiet --at-end=wait true

rm -f in log
mkfifo in
{ echo 1 >in; : >wrote; } &
( until_true 10 test -e wrote; exec logquiet -t 1h fired ) <in
is 'a burst is read from a FIFO whose writer has gone before' "$(runs)" '1 2;'

exits 7 'the status is that of the last command' sh -c 'echo | logquiet --retries 0 sh -c "exit 7"'
exits 143 'the status of a command that was killed is 128 and the signal' sh -c 'echo | logquiet --retries 0 sh -c "kill \$\$"'
exits 2 'a command that is not there is misuse' logquiet no-such-command </dev/null
says 'logquiet: no-such-command: No such file or directory' 'a command that is not there is told' \
    logquiet no-such-command </dev/null
exits 2 'a folder as the command is misuse' logquiet /tmp </dev/null
exits 2 'no command is misuse' logquiet -t 1 </dev/null
mkdir first second
echo 'echo right' >second/tool
chmod 755 second/tool
echo 'echo wrong' >first/tool
is 'a file in PATH that may not be executed is passed over' \
    "$(echo | PATH=$tmp/first:$tmp/second:$PATH logquiet tool)" right
says 'logquiet: tool: Permission denied' 'a command that may not be executed is told' \
    sh -c 'PATH=$0/first:$PATH logquiet tool </dev/null' "$tmp"
says 'logquiet: : No such file' 'an empty command is told' logquiet '' </dev/null
says 'logquiet: ./nothing: No such file' 'a path that is not there is told' \
    logquiet ./nothing </dev/null
echo '#!/nowhere/sh' >tool
chmod 755 tool
echo | logquiet --retries 0 ./tool 2>err
is 'a command that cannot be executed after all is told' "$? $(cat err)" \
    '127 logquiet: ./tool: No such file or directory
logquiet: ./tool: exit status 127, given up'
exits 2 'a wrong duration is misuse' logquiet -t soon true </dev/null
echo | logquiet -t 1h --retries 0 sh -c 'exec ./nothing' 2>err
is 'a command that fails is told' "$? $(tail -n 1 err)" \
    '127 logquiet: sh: exit status 127, given up'

rm -f log
echo a | logquiet -t 1h fired sh -c '[ -e twice ] || { [ ! -e once ] || >twice; >once; exit 3; }' 2>err
is 'a command that fails is run again' "$? $(runs)" '0 1 2;1 2;1 2;'
is 'each failure of a command is told, with the time to the next try' "$(cat err)" 'logquiet: fired: exit status 3, again in 1 s
logquiet: fired: exit status 3, again in 2 s'
rm -f go
keep logquiet -t 0 fired sh -c 'until [ -e go ]; do sleep 0.05; done; false' \
    2>err
echo a >&9
until_true 10 ran 1
kill -TERM $pid
: >go
over
is 'a command that fails is run only once after SIGTERM' "$? $(runs)" '1 1 2;1 2;'

if command -v python3 >/dev/null; then
	rm -f go log
	# A shell starts what runs in the background with SIGINT ignored.
	keep python3 -c 'import os, signal, sys
signal.signal(signal.SIGINT, signal.SIG_DFL)
os.execvp(sys.argv[1], sys.argv[1:])' logquiet -t 0 fired \
	    sh -c 'until [ -e go ]; do sleep 0.05; done'
	echo a >&9
	until_true 10 ran 1
	kill -INT $pid
	until_true 10 asleep $pid
	kill -TERM $pid
	until_true 10 asleep $pid
	ok 'after SIGINT it waits for its command, SIGTERM or not' kill -0 $pid
	kill -INT $pid
	wait $pid
	is 'a second SIGINT ends it at once' "$?" 130
	: >go
	exec 9>&-
	rm -f log
else
	skip 'no python3' 'a second SIGINT ends it at once'
fi

printf 'a\nb\n' | logquiet --tee -t 1h fired >out
is '--tee copies the input' "$? $(tr '\n' , <out)" '0 a,b,'
yes | head -n 1000000 | logquiet --tee true | cksum >out
is '--tee copies all of a large input' "$(cat out)" "$(yes | head -n 1000000 | cksum)"
rm -f log
yes | head -n 1000000 | logquiet --tee -t 1h fired | head -n 1 >out
is '--tee: the command is run though the reader of the copy has gone' "$(cat out) $(runs)" 'y 1000000 2000000;'
exits 2 '--tee: a copy that cannot be written is trouble' sh -c 'echo | logquiet --tee true >/dev/full'

printf 'a\nb' | logquiet --feed cat >out
is '--feed: the command reads the burst' "$(tr '\n' , <out)" a,b
is '--feed: a TMPDIR that is no absolute path is left alone' \
    "$(echo a | TMPDIR=first logquiet --feed cat; ls first)" 'a
tool'
for d in /nowhere /proc; do
	echo a | TMPDIR=$d logquiet --feed cat >out 2>err
	is "--feed: no room for the data in $d is trouble, and the command is run" \
	    "$? $(grep -c '^logquiet: --feed: ' err) $(cat out)" '2 1 '
done
printf 'a\nb' | logquiet cat >out
is 'without --feed the command reads nothing' "$(cat out)" ''
rm -f again
echo data | logquiet --feed -t 1h sh -c 'cat; [ -e again ] || { >again; exit 1; }' >out 2>&1
is '--feed: a command that is run again reads the burst again' "$(tr '\n' , <out)" \
    'data,logquiet: sh: exit status 1, again in 1 s,data,'
printf 'a\nb\n' | logquiet --confirm -t 1h echo noise >out 2>err
is '--confirm answers as omprog wants' "$(tr '\n' , <out) $(cat err)" 'OK,OK,OK, noise'
exits 2 '--tee and --confirm exclude each other' logquiet --tee --confirm true

echo | logquiet sh -c 'echo $LOGQUIET_FIRST $LOGQUIET_LAST' >out
ok 'the environment tells the time of the burst' grep -qE \
    '^(20[0-9-]{8}T[0-9:]{8}\.[0-9]{6}Z) \1$' out
echo | logquiet sh -c 'ps -o sid= -p $$; ps -o sid= -p $PPID' >out
is 'the command has a session of its own' "$(sort -u out | wc -l)" 2
is 'the command has no file open that logquiet was not given' \
    "$(echo | logquiet ls /proc/self/fd)" "$(echo | sh -c 'exec ls /proc/self/fd')"
printf 'x\n' | env -i "$B/logquiet" sh -c 'echo $PATH' >out
ok 'the command has a PATH where there was none' grep -q :/usr/sbin: out
echo | logquiet --retries 0 --timeout 200ms \
    sh -c "sleep 31.$$ & sleep 32.$$" 2>err
is '--timeout: a command that does not end is ended' "$? $(head -n 1 err)" \
    '143 logquiet: sh: still running after 0.2 s, ended'
ok '--timeout: the whole session of a command is ended' \
    until_true 10 not pgrep -f "^sleep 3[12]\.$$\$"
echo | logquiet -v true 2>err
is '-v says what it does' "$(cat err)" \
    'logquiet: true: for 1 lines, 1 bytes
logquiet: true: done'

# Crashes.
keep logquiet -t 1h --state state fired
echo 1 >&9
until_true 10 grep -q . state
kill -KILL $pid; wait $pid 2>/dev/null
exec 9>&-
logquiet -t 1h --state state fired </dev/null
is '--state: what was pending at a crash fires at the next start' "$? $(runs)" '0 0 0;'
logquiet -t 1h --state state fired </dev/null
is '--state: what fired after a crash does not fire again' "$(runs)" '0 0;'
echo | logquiet --state state --retries 0 false 2>/dev/null
logquiet --state state fired </dev/null
is '--state: a burst whose command failed fires at the next start' "$(runs)" '0 0;0 0;'
printf '\0\0\0\0' >state
logquiet --state state fired </dev/null
is '--state: a damaged file fires' "$(runs)" '0 0;0 0;0 0;'
logquiet --state state fired </dev/null
is '--state: a damaged file fires once' "$(runs)" '0 0;0 0;0 0;'
keep logquiet -t 1h --state state fired
echo 1 >&9
until_true 10 grep -q . state
logquiet --state state fired </dev/null
is '--state: what a live instance holds is left to it' "$(runs)" ''
over
is '--state: a live instance fires what it holds' "$(runs)" '1 2;'
keep logquiet -t 1h --feed --state state cat
echo 1 >&9
until_true 10 test -s state.$pid.0
kill -KILL $pid; wait $pid 2>/dev/null
exec 9>&-
is '--state with --feed: the data survives a crash' "$(logquiet --feed --state state cat </dev/null)" 1
is '--state with --feed: the data is removed once it was read' "$(echo state.*)" 'state.*'
# shellcheck disable=SC3045
is 'the command has the limit of open files that logquiet was given' \
	"$(ulimit -Sn 64; echo | logquiet sh -c 'ulimit -Sn')" 64
echo 'root:x:0:0' >precious
exits 2 '--state: a file that holds something else is refused' \
	logquiet --state precious true </dev/null
exits 2 '--lock: a file that holds something else is refused' \
	logquiet --lock precious true </dev/null
is 'a file that was refused is as it was' "$(cat precious)" 'root:x:0:0'
# Parts of a state whose name would be a pattern, and more than ten of them.
mkdir 'a[b]*'
logquiet --state 'a[b]*/s' true </dev/null
echo '4194304 1 - 1600000000.000000000' >'a[b]*/s'
for n in 10 2 0; do echo "part $n" >"a[b]*/s.4194304.$n"; done
echo other >"a[b]*/s.4194304.x"
is '--state with --feed: parts are found by any name, in their order' \
	"$(logquiet --feed --state 'a[b]*/s' cat </dev/null | tr '\n' ';')" \
	'part 0;part 2;part 10;'
is '--state with --feed: only parts are removed' "$(cd 'a[b]*' && echo s.*)" \
	s.4194304.x
printf '\0\0' >hurt
echo live >hurt.1.0
echo dead >hurt.4194304.0
is '--state with --feed: a damaged file leaves the parts of those that live' \
	"$(logquiet --feed --state hurt cat </dev/null; cat hurt.*)" 'dead
live'
echo '4194304 1 - 1600000000.000000000' >linked
echo secret >elsewhere
ln -s elsewhere linked.4194304.0
logquiet --feed --state linked cat </dev/null >out 2>err
is '--state with --feed: a link in the place of a part is not followed' \
	"$? $(cat out)" '2 '
mkdir locks
keep logquiet -t 1h --retries 0 --lock locks/lock true 2>err
rm -r locks
echo >&9
over
is '--lock: a folder that has gone is told once the command is due' "$? $(cat err)" \
	'126 logquiet: true: No such file or directory
logquiet: true: exit status 126, given up'
rm -f log
echo | logquiet --state /nowhere/state fired 2>err
is '--state: a burst fires where there is no place for the file' "$? $(runs)" '2 1 1;'
exits 2 '--lock: no place for the file is trouble' logquiet --lock /nowhere/lock true

rm -f log
for n in 1 2 3; do
	echo | logquiet --lock lock sh -c 'echo begin >>log; sleep 0.1; echo end >>log' &
done
wait
is '--lock: instances take turns' "$(runs)" 'begin;end;begin;end;begin;end;'
rm -f go
keep logquiet -t 0 --lock lock sh -c 'echo begin >>log
    until [ -e go ]; do sleep 0.05; done; echo end >>log'
echo >&9
until_true 10 ran 1
not flock -n lock true && echo held >held
kill -KILL $pid; wait $pid 2>/dev/null
exec 9>&-
echo | logquiet --lock lock sh -c 'echo next >>log' &
sleep 0.2
: >go
wait $!
is '--lock: an instance waits for a command whose logquiet was killed' "$(runs)" 'begin;end;next;'
is '--lock: flock(1) sees the lock' "$(cat held)" held
rm -f go
flock lock sh -c ': >locked; until [ -e go ]; do sleep 0.05; done
    echo flock >>log' &
until_true 10 test -e locked
echo | logquiet --lock lock sh -c 'echo last >>log' &
sleep 0.2
: >go
wait
is '--lock: flock(1) is waited for' "$(runs)" 'begin;end;next;flock;last;'

# watching ARGUMENT...: logquiet -t 200ms with these, until it is told to end
watching() {
	rm -f log
	logquiet -t 200ms "$@" </dev/null &
	pid=$!
	until_true 10 takes_signals
}
end() {
	kill -TERM $pid
	wait $pid
}
mkdir w
echo old >w/a.log
watching -w w/a.log fired
echo 1 >>w/a.log; until_true 10 ran 1
kill -STOP $pid
mv w/a.log w/a.log.1
echo late >>w/a.log.1
echo new >w/a.log
kill -CONT $pid
until_true 10 ran 2
echo later >>w/a.log.1; until_true 10 ran 3
echo 2 >>w/a.log; until_true 10 ran 4
is '-w: both parts of a file that is renamed are watched' "$(runs)" '1 2;2 9;1 6;1 2;'
: >w/a.log
until_true 10 asleep $pid
echo 12 >>w/a.log; until_true 10 ran 5
rm w/a.log
until_true 10 asleep $pid
echo again >w/a.log; until_true 10 ran 6
is '-w: a file is watched across truncation and removal' "$(runs)" '1 2;2 9;1 6;1 2;1 3;1 6;'
echo last >>w/a.log
end
is '-w: SIGTERM fires what is pending, and ends with status 0' "$? $(runs)" '0 1 2;2 9;1 6;1 2;1 3;1 6;1 5;'
watching -w w/new.log --watch 'w/x*.log' --feed fired sh -c 'cat >>fed'
echo 1 >w/x1.log; until_true 10 ran 1
kill -STOP $pid
echo 22 >w/x2.log; echo 3 >>w/x1.log; echo nothing >w/y.log
kill -CONT $pid
until_true 10 ran 2
echo 4444 >w/new.log; until_true 10 ran 3
end
is '-w: files that are not there yet are watched, by pattern, and their data read' \
    "$(runs) $(sort fed | tr '\n' ,)" '1 2;2 5;1 5; 1,22,3,4444,'
rm fed
watching -w w/p1.log -w w/p2.log --feed --tee fired sh -c 'cat >>fed' >copy
printf 'AAA ' >>w/p1.log; until_true 10 ran 1
until_true 10 test -s fed
is '-w: the start of a line is a burst' "$(runs) $(cat fed copy)" '1 4; AAA AAA '
end
rm fed
watching -t 1h -w w/p1.log -w w/p2.log --feed --tee fired sh -c 'cat >>fed' >copy
printf 'AAA ' >>w/p1.log; until_true 10 asleep $pid
echo BBB >>w/p2.log; until_true 10 grep -q BBB copy
echo CCC >>w/p1.log; until_true 10 grep -q CCC copy
printf DDD >>w/p1.log; until_true 10 asleep $pid
printf EEE >>w/p2.log; until_true 10 asleep $pid
kill -USR1 $pid; until_true 10 test -s fed
echo FFF >>w/p2.log; until_true 10 grep -q FFF copy
end
is '-w: lines of several files are not mixed in the copy' "$(tr '\n' , <copy)" \
    'BBB,AAA CCC,DDD,EEEFFF,'
is '-w: lines of several files are not mixed in what the command reads' "$(tr '\n' , <fed)" \
    'BBB,AAA CCC,DDD,EEEFFF,'
is '-w: lines of several files are counted' "$(runs)" '4 18;1 4;'
rm -f fed copy
mkdir far
echo old >far/0.log
ln -s ../far/0.log w/link.log
watching -w w/link.log fired
echo 1 >>far/0.log; until_true 10 ran 1
mv far/0.log far/1.log
echo 22 >>far/0.log; until_true 10 ran 2
is '-w: the file that a link points to is watched across its rotation' "$(runs)" '1 2;1 3;'
end
watching -w far/0.log fired 2>err
rm -r far
wait $pid
is '-w: it ends when the folder goes away, and tells so' "$? $(cat err)" \
    '2 logquiet: --watch: No such file or directory'
exits 2 '-w: a missing folder is trouble' logquiet -w nowhere/log true

# Idle: the kernel counts its wake-ups.
if [ -r /proc/self/status ]; then
	keep logquiet -t 100ms fired
	echo >&9
	until_true 10 ran 1
	switches() { awk '/ctxt_switches/ { n += $2 } END { print n }' /proc/$pid/status; }
	settled() { before=$(switches); sleep 0.3; [ "$(switches)" = "$before" ]; }
	until_true 10 settled
	sleep 2
	is 'not one wake-up while nothing happens' "$(switches)" "$before"
	if [ -n "$ASAN_OPTIONS" ]; then
		skip 'the sanitizer takes more' 'it needs less than 3 MB of memory'
	else
		ok 'it needs less than 3 MB of memory' \
		    awk '/VmHWM/ { exit $2 >= 3072 }' /proc/$pid/status
	fi
	over
else
	skip 'no /proc' 'not one wake-up while nothing happens'
	skip 'no /proc' 'it needs less than 3 MB of memory'
fi
done_testing
