#!/bin/sh
# logquiet: killed at each of its system calls in turn, for one line of input
. "${0%/*}/../lib.sh"
command -v strace >/dev/null || skip_all 'no strace here'
strace -qq -o out true 2>/dev/null || skip_all 'strace is not allowed here'

mkfifo in
exec 9<>in
# quiet COMMAND...: logquiet, run by it (strace); ends by SIGTERM if not killed
quiet() {
	timeout -s TERM 1 "$@" logquiet -t 0 --feed --state state --lock lock \
	    sh -c 'cat >>got; echo >>runs' 9<&- 2>/dev/null
}
# is_unread: the line is in the FIFO still; takes it out
is_unread() {
	[ -n "$(dd bs=64 count=1 iflag=nonblock <&9 2>/dev/null)" ]
}

# Between the first state and the data there are some calls, most of them of the
# way to the folder: a line that was read from a pipe dies with them.
# Which calls there are, how often: all up to the end of the first command.
echo line >&9
quiet strace -qq -o calls <in
grep -o '^[a-z_0-9]*' calls | sort | uniq -c | grep -v exit_group >plan

killed=0 read=0 lost=0 bad=
while read -r times name; do
	n=0
	while [ $((n += 1)) -le "$times" ]; do
		rm -f state* lock runs got
		echo line >&9
		quiet strace -qq -o /dev/null -e trace="$name" \
		    -e inject="$name:signal=KILL:when=$n" <in
		[ $? = 137 ] && killed=$((killed + 1))
		is_unread && continue
		read=$((read + 1))
		quiet env </dev/null
		[ -s runs ] && [ ! -s state ] || bad="$bad $name:$n"
		[ "$(head -n 1 got)" = line ] || lost=$((lost + 1))
	done
done <plan
is 'killed at any call once the line is read, the next start runs the command for it' "$bad" ''
ok 'killed at any call, the command gets the data that were in the file' test $lost -lt 12
ok 'the test killed at more than 50 calls' test "$killed" -gt 50
ok 'the test killed at more than 10 calls after the read' test "$read" -gt 10
echo "# killed at $killed system calls, $read times after the line was read"
done_testing
