#!/bin/sh
# logquiet: on a host that misbehaves: clocks, disks, processes, descriptors
. "${0%/*}/../lib.sh"

cat >fired <<'END'
#!/bin/sh
echo "$LOGQUIET_LINES" >>"$tmp/log"
END
chmod +x fired
export tmp
mkfifo in ack
exec 8<>ack
runs() { [ ! -e log ] || tr '\n' ';' <log; }
ran() { [ "$(grep -c . log 2>/dev/null)" = "$1" ]; }

# keep COMMAND...: its input is descriptor 9; pid is that of logquiet
keep() {
	rm -f log
	"$@" <in 8<&- &
	pid=$!
	exec 9>in
}
over() {
	exec 9>&-
	wait $pid
}
# The calendar jumps while a burst is on its way.
lib=$(echo /usr/lib/*/faketime/libfaketime.so.1)
if [ -e "$lib" ]; then
	for jump in -1d +1d; do
		echo +0 >when
		keep env LD_PRELOAD="$lib" FAKETIME_TIMESTAMP_FILE="$tmp/when" \
		    FAKETIME_NO_CACHE=1 DONT_FAKE_MONOTONIC=1 \
		    FAKETIME_DONT_FAKE_MONOTONIC=1 \
		    logquiet -t 2s "$tmp/fired"
		echo 1 >&9
		sleep 0.3
		echo $jump >when
		echo 2 >&9
		until_true 10 asleep $pid
		is "the clock is set by $jump: not before the quiet time" "$(runs)" ''
		until_true 10 ran 1
		is "the clock is set by $jump: the burst fires once after the quiet time" "$(runs)" '2;'
		over
	done
else
	skip 'no libfaketime' 'the clock is set'
fi
if unshare --time --boottime 100000 true 2>/dev/null; then
	keep unshare --time --boottime 100000 --monotonic 5 -- \
	    logquiet -t 300ms "$tmp/fired"
	echo 1 >&9
	ok 'a burst fires in a time namespace' until_true 10 ran 1
	over
else
	skip 'no time namespaces, or not allowed' 'a burst fires in a time namespace'
fi

# A disk of 8 KiB, full and then read-only; both for the state and for --feed.
if unshare -rm true 2>/dev/null; then
	mkdir disk
	cat >on-disk <<'END'
mount -t tmpfs -o size=8k none disk || exit
: >disk/state
echo | logquiet -t 1h --state disk/state ./fired; echo "works: $?"
cat /dev/zero >disk/zero 2>/dev/null
echo | logquiet -t 1h --state disk/state ./fired; echo "full: $?"
rm disk/zero
yes | head -c 20000 | logquiet -t 1h --state disk/state --feed \
    sh -c 'test "$(wc -c)" -gt 0 && ./fired'; echo "feed: $?"
mount -t tmpfs -o remount,ro none "$PWD/disk"
echo | logquiet -t 1h --state disk/state ./fired; echo "read-only: $?"
END
	rm -f log
	unshare -rm sh on-disk >out 2>messages
	is 'a full or read-only disk does not stop the trigger' "$(runs)" \
	    '1;1;10000;1;'
	is 'a full or read-only disk shows in the status' "$(tr '\n' ' ' <out)" \
	    'works: 0 full: 2 feed: 2 read-only: 2 '
	is 'a full or read-only disk is told once' "$(cat messages)" \
	    'logquiet: disk/state: No space left on device
logquiet: --feed: No space left on device
logquiet: disk/state: Read-only file system'
else
	skip 'no user namespaces' 'a full or read-only disk does not stop the trigger'
fi

# A command that is not there for a while.
cp fired mine
keep logquiet -t 50ms ./mine 2>messages
echo 1 >&9; until_true 10 ran 1
mv mine elsewhere
echo 2 >&9
ok 'a command that vanishes is told' until_true 10 \
    grep -q 'logquiet: ./mine: No such file or directory' messages
mv elsewhere mine
ok 'a command that vanished is run when it is back' until_true 10 ran 2
over

as_other() {
	exec setpriv --reuid=64999 --regid=64999 --clear-groups "$@"
}
# fork fails.  Root is not bound by the limit, so be somebody else.
if [ "$(id -u)" = 0 ] && command -v prlimit >/dev/null; then
	chmod 777 "$tmp"
	cp "$B/logquiet" .
	keep as_other ./logquiet -t 50ms ./fired 2>messages
	echo 1 >&9
	until_true 10 ran 1
	(as_other prlimit --pid $pid --nproc=0:)
	echo 2 >&9
	ok 'a fork that fails is told' until_true 10 \
	    grep -q 'fired: Resource temporarily unavailable' messages
	(as_other prlimit --pid $pid --nproc=500:)
	ok 'a fork that failed is done again' until_true 10 ran 2
	over
else
	skip 'not root, or no prlimit' 'a fork that fails is told'
fi

# Ten thousand bursts: each answers, and leaves no descriptor behind.
fds() { until_true 10 asleep $pid; find /proc/$pid/fd -type l | wc -l; }
bursts() {
	i=$1
	while [ "$i" -gt 0 ]; do
		echo x >&9
		read -r _ <&8 || return
		i=$((i - 1))
	done
}
keep logquiet -t 0 --feed --state state --lock lock cat >ack
bursts 10
before=$(fds)
bursts 10000
is 'ten thousand bursts leave no descriptor' "$(fds)" "$before"
is 'ten thousand bursts leave no file' "$(echo state*)" state
ok 'ten thousand bursts need no more memory than 3 MB' awk '/VmHWM/ { exit $2 >= 3072 }' /proc/$pid/status
over
is 'after ten thousand bursts it ends with status 0' $? 0
done_testing
