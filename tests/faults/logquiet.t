#!/bin/sh
# logquiet: what a kill at any moment cannot do
#
# The pipeline loggrep | logquiet | command lives between two FIFOs that are
# never closed, and is started again like a program() of syslog-ng.  In each
# round bursts are written, and at a random moment one process is killed, or all
# get the SIGTERM of a reload while the next instance starts.  After that
# - some command that began after the last line that logquiet read has ended,
# - no two commands ran at once.
#
# ROUNDS and SEED may be set.
. "${0%/*}/../lib.sh"
ROUNDS=${ROUNDS:-200}
SEED=${SEED:-$(date +%s)}
echo "# SEED=$SEED ROUNDS=$ROUNDS"

# What the command does.  $1: seconds it takes.  The lines written, and those
# that logquiet has copied, are counted at its start; a line of "done" is an
# end.  A command that was killed leaves "running" behind.
cat >work <<'END'
#!/bin/sh
if [ -s running ] && read -r other <running && [ -d "/proc/$other" ]; then
	echo "$$ began while $other ran" >>overlaps
fi
echo $$ >running
began="$(wc -l <sent) $(wc -l <seen)"
sleep "$1"
echo "$began" >>done
rm -f running
END
chmod +x work
line='10.0.0.1 - - [29/Jun/2021:10:05:03 +0000] "GET / HTTP/1.1" 503 12'
mkfifo in between
exec 8<>in 9<>between
: >sent; : >seen; : >done

start_grep() {
	loggrep -5 <in >between 8<&- 9<&- &
	grep_pid=$!
}
start_quiet() {
	logquiet -t 60ms --state state --lock lock --tee \
	    ./work "$1" <between >>seen 2>>messages 8<&- 9<&- &
	quiet_pid=$!
}
at_exit='kill $grep_pid $quiet_pid 2>/dev/null; wait'

runs() { grep -q "^$1" "/proc/$2/comm"; }

kill_one() {			# WHICH SECONDS
	case $1 in
	loggrep)
		kill -KILL $grep_pid; wait $grep_pid
		start_grep ;;
	logquiet)
		kill -KILL $quiet_pid; wait $quiet_pid
		start_quiet "$2" ;;
	command)		# or its shell's child, or one that waits
		victim=$(pgrep -P "$quiet_pid" | head -n 1)
		[ -z "$victim" ] || kill -KILL "$victim" ;;
	both)
		kill -KILL $grep_pid $quiet_pid; wait $grep_pid $quiet_pid
		start_quiet "$2"; start_grep ;;
	reload)			# dash loses a signal between fork and exec
		until_true 5 runs loggrep "$grep_pid"
		until_true 5 runs logquiet "$quiet_pid"
		old_grep=$grep_pid old_quiet=$quiet_pid
		kill -TERM "$old_grep" "$old_quiet"
		start_quiet "$2"; start_grep
		wait "$old_grep" "$old_quiet" ;;
	esac 2>/dev/null
}

# The invariant.  Lines that loggrep had in hand when it was killed never came.
covered() {
	awk -v sent="$(wc -l <sent)" -v seen="$(wc -l <seen)" -v lost="$lost" '
		(lost || $1 == sent) && $2 >= seen { good = 1 }
		END { exit !good }' done
}

# One line a round: who, when, how long the command takes, pauses of the writer.
awk -v seed="$SEED" -v rounds="$ROUNDS" 'BEGIN {
	srand(seed)
	n = split("loggrep logquiet logquiet command command both reload", who)
	for (i = 0; i < rounds; i++) {
		printf "%s %.3f %.3f", who[1 + int(rand() * n)], rand() * .4,
		    rand() * rand() * .3
		for (k = 1 + int(rand() * 6); k > 0; k--)
			printf " %.3f", rand() < .5 ? 0 : rand() * .15
		printf "\n"
	}
}' >plan

start_grep
start_quiet 0.05
round=0 bad=0
while read -r who when takes pauses; do
	round=$((round + 1))
	case $who in loggrep|both) lost=1 ;; *) lost=0 ;; esac
	(
		for pause in $pauses; do
			sleep "$pause"
			echo x >>sent
			echo "$line" >&8
		done
	) &
	writer=$!
	sleep "$when"
	kill_one "$who" "$takes"
	wait $writer
	until_true 30 covered || {
		bad=$((bad + 1))
		echo "# round $round: $who after $when s, command $takes s," \
		    "pauses $pauses: sent $(wc -l <sent), seen $(wc -l <seen)," \
		    "last done $(tail -n 1 done)"
	}
done <plan

is "$round rounds: each burst leads to a command that ends" $bad 0
is 'no two commands ran at once' "$(cat overlaps 2>/dev/null)" ''
ok 'after all rounds nothing is pending' until_true 30 not grep -q . state
kill -TERM $quiet_pid
wait $quiet_pid
is 'after all rounds it ends with status 0' $? 0
echo "# $(wc -l <sent) lines sent, $(wc -l <seen) read," \
    "$(wc -l <done) commands ended"
done_testing
