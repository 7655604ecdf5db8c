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
# over: the input ends; its status
over() {
	exec 9>&-
	wait "$pid"
}

printf 'a\nb\nc' | logquiet -t 1h fired
is 'a burst fires at the end of input' "$? $(runs)" '0 3 5;'
rm -f log
logquiet -t 0 fired </dev/null
is 'no data, no run' "$? $(runs)" '0 '

keep logquiet -t 200ms fired
for n in 1 2 3; do
	printf 'one\n' >&9
	sleep 0.05
	printf 'two\n' >&9
	until_true 10 ran $n
done
is 'three bursts, three runs, none before the end' "$(runs)" '2 8;2 8;2 8;'
over

keep logquiet -t 400ms --max-wait 1s fired
for n in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16; do
	echo $n >&9
	sleep 0.1
done
ok 'a stream that never goes quiet fires after max-wait' test -s log
over

keep logquiet --quiet 100ms --min-interval 1500ms fired
start=$(date +%s%N)
echo 1 >&9; until_true 10 ran 1
echo 2 >&9; until_true 10 ran 2
ok 'two starts are an interval apart' \
    test $((($(date +%s%N) - start) / 1000000)) -ge 1500
echo 3 >&9
over
is 'but not at the end' "$(runs)" '1 2;1 2;1 2;'

keep logquiet -t 100ms fired sh -c 'sleep 1; echo end >>$tmp/log'
echo 1 >&9; until_true 10 ran 1
yes | head -c 10000000 >&9
is 'the writer is not held up while the command runs' "$(runs)" '1 2;'
until_true 10 ran 4
is 'then the next burst fires, and runs do not overlap' "$(runs)" \
    '1 2;end;5000000 10000000;end;'
over

keep logquiet -t 1h fired
echo 1 >&9; echo 2 >&9
kill -USR1 $pid
ok 'SIGUSR1 fires now' until_true 10 ran 1
kill -USR1 $pid
sleep 0.2
echo 3 >&9
sleep 0.2
is 'but nothing when nothing is pending' "$(runs)" '2 4;'
kill -TERM $pid
ok 'SIGTERM fires what is pending' until_true 10 ran 2
over
is 'and ends' "$? $(runs)" '0 2 4;1 2;'

keep logquiet -t 1h fired
echo 1 >&9
(sleep 0.1; echo 2; sleep 0.1; echo 3) >&9 &
kill -TERM $pid
wait $pid
is 'after SIGTERM the last of the pipe still comes' "$(runs)" '3 6;'
exec 9>&-

printf 'a\n' | logquiet -t 1h --at-end=drop fired
echo a | logquiet -t 1h --at-end=run true
is 'the end can drop it' "$(runs)" '3 6;'
exits 2 'any other end is misuse' logquiet --at-end=wait true

rm -f in log
mkfifo in
echo 1 >in &
( sleep 0.3; exec logquiet -t 1h fired ) <in
is 'a FIFO whose writer has gone before' "$(runs)" '1 2;'

exits 7 'the status of the last command' sh -c 'echo | logquiet --retries 0 sh -c "exit 7"'
exits 143 'of one that was killed' sh -c 'echo | logquiet --retries 0 sh -c "kill \$\$"'
exits 2 'no such command is misuse' logquiet no-such-command </dev/null
says 'logquiet: no-such-command: No such file or directory' 'and it says so' \
    logquiet no-such-command </dev/null
exits 2 'so is a folder' logquiet /tmp </dev/null
exits 2 'and no command' logquiet -t 1 </dev/null
exits 2 'and no duration' logquiet -t soon true </dev/null
echo | logquiet -t 1h --retries 0 sh -c 'exec ./nothing' 2>err
is 'a command that fails is told' "$? $(tail -n 1 err)" \
    '127 logquiet: sh: exit status 127, given up'

rm -f log
echo a | logquiet -t 1h fired sh -c '[ -e twice ] || { [ ! -e once ] || >twice; >once; exit 3; }' 2>err
is 'a command that fails is run again' "$? $(runs)" '0 1 2;1 2;1 2;'
is 'which is told' "$(cat err)" 'logquiet: fired: exit status 3, again in 1 s
logquiet: fired: exit status 3, again in 2 s'
keep logquiet -t 0 fired false 2>err
echo a >&9
until_true 10 ran 1
kill -TERM $pid
over
is 'after SIGTERM only once' "$? $(runs)" '1 1 2;1 2;'

printf 'a\nb\n' | logquiet --tee -t 1h fired >out
is 'copies its input' "$? $(tr '\n' , <out)" '0 a,b,'
yes | head -n 1000000 | logquiet --tee true | cksum >out
is 'all of it' "$(cat out)" "$(yes | head -n 1000000 | cksum)"
rm -f log
yes | head -n 1000000 | logquiet --tee -t 1h fired | head -n 1 >out
is 'and goes on when nobody reads' "$(cat out) $(runs)" 'y 1000000 2000000;'
exits 2 'a copy that cannot be written' sh -c 'echo | logquiet --tee true >/dev/full'

printf 'a\nb' | logquiet --feed cat >out
is 'the command may read the burst' "$(tr '\n' , <out)" a,b
printf 'a\nb' | logquiet cat >out
is 'else it reads nothing' "$(cat out)" ''
rm -f again
echo data | logquiet --feed -t 1h sh -c 'cat; [ -e again ] || { >again; exit 1; }' >out 2>&1
is 'and again when it is run again' "$(tr '\n' , <out)" \
    'data,logquiet: sh: exit status 1, again in 1 s,data,'
printf 'a\nb\n' | logquiet --confirm -t 1h echo noise >out 2>err
is 'answers as omprog wants' "$(tr '\n' , <out) $(cat err)" 'OK,OK,OK, noise'
exits 2 'tee and confirm exclude each other' logquiet --tee --confirm true

echo | logquiet sh -c 'echo $LOGQUIET_FIRST $LOGQUIET_LAST' >out
ok 'tells the time of the burst' grep -qE \
    '^(20[0-9-]{8}T[0-9:]{8}\.[0-9]{6}Z) \1$' out
echo | logquiet sh -c 'ps -o sid= -p $$; ps -o sid= -p $PPID' >out
is 'a session of its own' "$(sort -u out | wc -l)" 2
printf 'x\n' | env -i "$B/logquiet" sh -c 'echo $PATH' >out
ok 'a PATH where there was none' grep -q :/usr/sbin: out
echo | logquiet --retries 0 --timeout 200ms sh -c 'sleep 31 & sleep 32' 2>err
is 'a command that does not end is ended' "$? $(head -n 1 err)" \
    '143 logquiet: sh: still running after 0.2 s, ended'
ok 'with all of its session' not pgrep -f '^sleep 3[12]$'
echo | logquiet -v true 2>err
is 'says what it does when asked' "$(cat err)" \
    'logquiet: true: for 1 lines, 1 bytes
logquiet: true: done'

# Crashes.
keep logquiet -t 1h --state state fired
echo 1 >&9
until_true 10 grep -q . state
sleep 0.2
kill -KILL $pid; wait $pid 2>/dev/null
exec 9>&-
logquiet -t 1h --state state fired </dev/null
is 'what was pending at a crash fires at the next start' "$? $(runs)" '0 0 0;'
logquiet -t 1h --state state fired </dev/null
is 'and only there' "$(runs)" '0 0;'
echo | logquiet --state state --retries 0 false 2>/dev/null
logquiet --state state fired </dev/null
is 'so does one that failed' "$(runs)" '0 0;0 0;'
printf 'rubbish\0' >state
logquiet --state state fired </dev/null
is 'a damaged state fires, too' "$(runs)" '0 0;0 0;0 0;'
logquiet --state state fired </dev/null
is 'once' "$(runs)" '0 0;0 0;0 0;'
keep logquiet -t 1h --state state fired
echo 1 >&9
until_true 10 grep -q . state
logquiet --state state fired </dev/null
is 'what a live instance holds is left to it' "$(runs)" ''
over
is 'which acts on it' "$(runs)" '1 2;'
keep logquiet -t 1h --feed --state state cat
echo 1 >&9
until_true 10 test -s state.$pid.0
kill -KILL $pid; wait $pid 2>/dev/null
exec 9>&-
is 'the data survives, too' "$(logquiet --feed --state state cat </dev/null)" 1
is 'and is gone then' "$(echo state.*)" 'state.*'
rm -f log
echo | logquiet --state /nowhere/state fired 2>err
is 'without a place for its state it fires all the same' "$? $(runs)" '2 1 1;'
exits 2 'but not without its lock' logquiet --lock /nowhere/lock true

rm -f log
for n in 1 2 3; do
	echo | logquiet --lock lock sh -c 'echo begin >>log; sleep 0.3; echo end >>log' &
done
wait
is 'with a lock, instances take turns' "$(runs)" 'begin;end;begin;end;begin;end;'
keep logquiet -t 0 --lock lock sh -c 'echo begin >>log; sleep 1; echo end >>log'
echo >&9
until_true 10 ran 1
not flock -n lock true && echo held >held
kill -KILL $pid; wait $pid 2>/dev/null
exec 9>&-
echo | logquiet --lock lock sh -c 'echo next >>log'
is 'also with a command whose logquiet was killed' "$(runs)" 'begin;end;next;'
is 'flock(1) sees the lock' "$(cat held)" held
flock lock sh -c 'sleep 0.5; echo flock >>log' &
sleep 0.2
echo | logquiet --lock lock sh -c 'echo last >>log'
is 'and is waited for' "$(runs)" 'begin;end;next;flock;last;'
wait

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
mv w/a.log w/a.log.1
echo late >>w/a.log.1
echo new >w/a.log; until_true 10 ran 2
echo later >>w/a.log.1; until_true 10 ran 3
echo 2 >>w/a.log; until_true 10 ran 4
is 'watches a file across a rename, both parts' "$(runs)" '1 2;2 9;1 6;1 2;'
: >w/a.log; sleep 0.3
echo 12 >>w/a.log; until_true 10 ran 5
rm w/a.log; sleep 0.1
echo again >w/a.log; until_true 10 ran 6
is 'across truncation and removal' "$(runs)" '1 2;2 9;1 6;1 2;1 3;1 6;'
echo last >>w/a.log
end
is 'and ends on SIGTERM' "$? $(runs)" '0 1 2;2 9;1 6;1 2;1 3;1 6;1 5;'
watching -w w/new.log --watch 'w/x*.log' --feed fired sh -c 'cat >>fed'
echo 1 >w/x1.log; until_true 10 ran 1
echo 22 >w/x2.log; echo 3 >>w/x1.log; echo nothing >w/y.log
until_true 10 ran 2
echo 4444 >w/new.log; until_true 10 ran 3
end
is 'files that are not there yet, by pattern, and their data' \
    "$(runs) $(sort fed | tr '\n' ,)" '1 2;2 5;1 5; 1,22,3,4444,'
rm fed
watching -w w/p1.log -w w/p2.log --feed --tee fired sh -c 'cat >>fed' >copy
printf 'AAA ' >>w/p1.log; until_true 10 ran 1
until_true 10 test -s fed
is 'the start of a line is a burst' "$(runs) $(cat fed copy)" '1 4; AAA AAA '
end
rm fed
watching -t 1h -w w/p1.log -w w/p2.log --feed --tee fired sh -c 'cat >>fed' >copy
printf 'AAA ' >>w/p1.log; sleep 0.2
echo BBB >>w/p2.log; until_true 10 grep -q BBB copy
echo CCC >>w/p1.log; until_true 10 grep -q CCC copy
printf DDD >>w/p1.log; sleep 0.2
printf EEE >>w/p2.log; sleep 0.2
kill -USR1 $pid; until_true 10 test -s fed
echo FFF >>w/p2.log; until_true 10 grep -q FFF copy
end
is 'lines of several files are not mixed' "$(tr '\n' , <copy)" \
    'BBB,AAA CCC,DDD,EEEFFF,'
is 'nor in what the command reads' "$(tr '\n' , <fed)" \
    'BBB,AAA CCC,DDD,EEEFFF,'
is 'and they are counted' "$(runs)" '4 18;1 4;'
rm -f fed copy
mkdir far
echo old >far/0.log
ln -s ../far/0.log w/link.log
watching -w w/link.log fired
echo 1 >>far/0.log; until_true 10 ran 1
mv far/0.log far/1.log
echo 22 >>far/0.log; until_true 10 ran 2
is 'where a link points to' "$(runs)" '1 2;1 3;'
end
watching -w far/0.log fired
rm -r far
wait $pid
is 'ends when the folder goes away' $? 2
exits 2 'no folder to watch is said at once' logquiet -w nowhere/log true

# Idle: the kernel counts its wake-ups.
if [ -r /proc/self/status ]; then
	keep logquiet -t 100ms fired
	echo >&9
	until_true 10 ran 1
	sleep 0.5
	switches() { awk '/ctxt_switches/ { n += $2 } END { print n }' /proc/$pid/status; }
	before=$(switches)
	sleep 3
	is 'not one wake-up while nothing happens' "$(switches)" "$before"
	if [ -n "$ASAN_OPTIONS" ]; then
		skip 'the sanitizer takes more' 'in less than 3 MB'
	else
		ok 'in less than 3 MB' \
		    awk '/VmHWM/ { exit $2 >= 3072 }' /proc/$pid/status
	fi
	over
else
	skip 'no /proc' 'not one wake-up while nothing happens'
	skip 'no /proc' 'in less than 3 MB'
fi
done_testing
