#!/bin/sh
# logpack: whatever fails, and whenever it is killed, no log is lost
. "${0%/*}/../lib.sh"

"$top/scripts/mkcorpus" -s 3M >log
touch -d '2021-06-29 10:05:03.123456789' log
gzip -c log >log.packed
mkdir d
shim=$tmp/fault.so
cc -shared -fPIC -O1 -o "$shim" "$top/tests/faults/fault.c" -ldl 2>cc.err ||
	shim=

# run COMMAND...: with the fault that FAULT_... ask for
run() {
	LD_PRELOAD=$shim FAULT_DIR=$tmp/d FAULT_LOG=$tmp/calls "$@" >out 2>err
}

# set_up pack|unpack: a folder d with one file in it
set_up() {
	rm -rf d
	mkdir d
	if [ "$1" = pack ]; then cp -p log d/f; else cp -p log.packed d/f.gz; fi
}

# sound pack|unpack: one of the two is there, and what is there is whole
sound() {
	[ -e d/f ] || [ -e d/f.gz ] || { echo 'both are gone'; return 1; }
	if [ -e d/f ]; then
		cmp log d/f || return 1
	fi
	if [ -e d/f.gz ]; then
		gzip -dc d/f.gz | cmp - log || return 1
	fi
}

# repaired pack|unpack: the next run does the rest, and leaves nothing else
repaired() {
	if [ "$1" = pack ]; then
		[ ! -e d/f ] || [ "$(logpack d/f)" = d/f.gz ] || return 1
		sound pack && [ "$(ls -A d)" = f.gz ]
	else
		[ ! -e d/f.gz ] || [ "$(logpack -d d/f.gz)" = d/f ] || return 1
		sound unpack && [ "$(ls -A d)" = f ]
	fi
}

# faults CALL ERRNO pack|unpack COMMAND...: at each such call in turn
faults() {
	FAULT_CALL=$1 FAULT_ERRNO=$2 what=$3; shift 3
	export FAULT_CALL FAULT_ERRNO FAULT_NTH
	FAULT_NTH=0
	while :; do
		FAULT_NTH=$((FAULT_NTH + 1))
		set_up "$what"
		: >calls
		run "$@"
		st=$?
		sound "$what" || { echo "at call $FAULT_NTH"; return 1; }
		grep -q fault calls || break
		if [ "$st" = 0 ] && [ ! -s err ] && [ "$FAULT_ERRNO" != 0 ]; then
			case $FAULT_CALL in read|open|close|mode|time) ;; *)
				echo "status 0 at call $FAULT_NTH"; return 1 ;;
			esac
		fi
		if ! repaired "$what"; then
			echo "not repaired after call $FAULT_NTH"
			return 1
		fi
	done
	[ $FAULT_NTH -gt 1 ] && [ "$st" = 0 ] && repaired "$what"
}

if [ -z "$shim" ] || ! run logpack -V; then
	skip "no shim: $(head -n 1 cc.err)" 'packing and unpacking lose nothing when system calls fail'
else
	for what in pack unpack; do
		if [ "$what" = pack ]; then set -- logpack d/f
		else set -- logpack -d d/f.gz; fi
		ok "$what: no space left, at every write" faults write 28 "$what" "$@"
		ok "$what: quota exceeded, at every write" faults write 122 "$what" "$@"
		ok "$what: write error, at every write" faults write 5 "$what" "$@"
		ok "$what: read error, at every read" faults read 5 "$what" "$@"
		ok "$what: sync error, at every fsync" faults fsync 5 "$what" "$@"
		ok "$what: an error at every close" faults close 5 "$what" "$@"
		ok "$what: read-only, at every open" faults open 30 "$what" "$@"
		ok "$what: a rename that fails" faults rename 5 "$what" "$@"
		ok "$what: a removal that fails" faults unlink 30 "$what" "$@"
		ok "$what: a mode that cannot be set" faults mode 1 "$what" "$@"
		ok "$what: a time that cannot be set" faults time 1 "$what" "$@"
		ok "$what: killed before every call" faults all 0 "$what" "$@"
	done
	unset FAULT_CALL
	set_up pack
	: >calls
	run logpack d/f
	is 'packing writes, reads back, syncs, names, syncs, removes, syncs, in this order' \
		"$(uniq calls | tr '\n' ' ' | sed 's/^.*write read/write read/')" \
		'write read close mode time fsync rename close fsync unlink fsync '
fi

# kills pack|unpack FILE COMMAND...: 100 times, at moments all over its run
kills() {
	what=$1 file=$2; shift 2
	n=0 killed=0 ms=300	# about what it takes
	set_up "$what"
	while [ $killed -lt 100 ] && [ $n -lt 1000 ]; do
		n=$((n + 1))
		"$@" >out 2>err &
		pid=$!
		sleep "$(printf 0.%03d $((n * n * 7919 % 9973 % ms + 1)))"
		kill -KILL $pid 2>/dev/null
		wait $pid
		if [ $? = 137 ]; then
			killed=$((killed + 1)) ms=$((ms + ms / 20))
		else
			ms=$((ms - ms / 10 + 2))
		fi
		[ $ms -lt 900 ] || ms=900
		sound "$what" || { echo "after kill $n"; return 1; }
		if [ ! -e "$file" ]; then
			repaired "$what" || return 1
			set_up "$what"
		fi
	done
	echo "$killed of $n were killed, within $ms ms"
	[ $killed = 100 ] && repaired "$what"
}
cp log short
for _ in 1 2 3 4 5 6; do cat short; done >log
touch -d '2021-06-29 10:05:03.123456789' log
gzip -c log >log.packed
ok 'packing, killed at 100 moments, loses nothing' kills pack d/f logpack -9 -j 1 d/f
sed -n 's/^[0-9]* of/# &/p' .out
ok 'unpacking, killed at 100 moments, loses nothing' kills unpack d/f.gz logpack -d d/f.gz
sed -n 's/^[0-9]* of/# &/p' .out

cp short log
mkdir small
if unshare -rm true 2>/dev/null && unshare -rm sh -c '
    mount -t tmpfs -o size=3200k none small' 2>/dev/null; then
	# shellcheck disable=SC2016
	ok 'a disk that is really full leaves the source' unshare -rm sh -c '
		mount -t tmpfs -o size=3200k none small && cp log small/f &&
		! logpack -1 small/f 2>err && grep -q "No space left" err &&
		cmp log small/f && test "$(ls -A small)" = f'
else
	skip 'no mount in a user namespace' 'a disk that is really full leaves the source'
fi
if [ "$(id -u)" != 0 ]; then
	cp log small/f
	chmod 555 small
	exits 2 'a folder that cannot be written to is trouble' logpack small/f
	ok 'a folder that cannot be written to keeps its file' cmp log small/f
else
	skip 'root may write there' 'a folder that cannot be written to'
fi
done_testing
