#!/bin/sh
# logstamp: fifty at once on the same names, and kills, on several file systems
. "${0%/*}/../lib.sh"
ROUNDS=${ROUNDS:-20}

# In the folder $1: each of 40 files has its own contents and the same mtime.
cat >crowd <<'END'
cd "$1" || exit
rm -rf ./*
i=0
while [ $i -lt 40 ]; do
	i=$((i + 1))
	echo $i >log.$i
done
touch -d @1624977000 log.*
pids= i=0
while [ $i -lt 50 ]; do
	i=$((i + 1))
	case $((i % 4)) in
	0) logstamp -a log ;;
	1) logstamp -l log ;;
	2) logstamp log.[0-9]* ;;
	3) logstamp -a '*og ' ;;
	esac >>../names 2>/dev/null &
	[ "$2" != kill ] || [ $((i % 3)) -gt 0 ] || pids="$pids $!"
done
[ -z "$pids" ] || kill -KILL $pids 2>/dev/null
wait
logstamp -a log >../last || exit
[ "$(cat log-* | sort -n | uniq | wc -l)" = 40 ] &&
    [ "$(ls -A | wc -l)" = 40 ] && [ "$(sort -u ../last | wc -l)" = 40 ]
END

rounds() {			# FOLDER HOW
	n=$ROUNDS
	while [ $((n -= 1)) -ge 0 ]; do
		sh "$tmp/crowd" "$1" "$2" || return
	done
}
export tmp ROUNDS

mkdir here
ok "on $(stat -f -c %T .): every file survives under a name of its own" \
    rounds here all
ok "on $(stat -f -c %T .): every file survives when some are killed" rounds here kill
if unshare -rm true 2>/dev/null; then
	mkdir mem lower upper work merged
	cat >mounted <<'END'
set -e
mount -t tmpfs none mem
mkdir mem/here mem/lower mem/upper mem/work mem/merged
if [ "$1" = tmpfs ]; then cd mem; else
	mount -t overlay -o lowerdir=mem/lower,upperdir=mem/upper,workdir=mem/work \
	    none mem/merged || exit 77
	mkdir mem/merged/here
	cd mem/merged
fi
n=$ROUNDS
while [ $((n -= 1)) -ge 0 ]; do sh "$tmp/crowd" "$PWD/here" kill; done
END
	ok 'on tmpfs: every file survives when some are killed' unshare -rm sh mounted tmpfs
	unshare -rm sh mounted overlay >out 2>&1
	case $? in
	0) ok 'on overlay: every file survives when some are killed' true ;;
	77) skip 'overlay cannot be mounted here' 'on overlay: every file survives when some are killed' ;;
	*) ok 'on overlay: every file survives when some are killed' sh -c 'cat out; false' ;;
	esac
else
	skip 'no user namespaces' 'on tmpfs and overlay: every file survives when some are killed'
fi
done_testing
