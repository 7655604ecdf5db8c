#!/bin/sh
# logpack: archives made and unpacked while calls fail, and killed at any moment
. "${0%/*}/../lib.sh"
kills=${KILLS:-200}

mkdir all all/sub
"$top/scripts/mkcorpus" -s 1M >all/a
head -n 300 all/a >all/b
head -c 200000 /dev/urandom >all/sub/c
touch -d '2021-06-29 10:05:03.123456789' all/a all/b all/sub/c
for s in tar.gz tar.zst tar.xz zip; do
	(cd all && logpack -1 -a "../all.$s" a b sub/c) >out
done
shim=$tmp/fault.so
cc -shared -fPIC -O1 -o "$shim" "$top/tests/faults/fault.c" -ldl 2>cc.err ||
	shim=

# run COMMAND...: in the folder d, with the fault that FAULT_... ask for
run() {
	(cd d && LD_PRELOAD=$shim FAULT_DIR=$tmp/d FAULT_LOG=$tmp/calls \
	    exec "$@") >out 2>err
}

# set_up pack|unpack SUFFIX: the folder d with three files or their archive
set_up() {
	chmod -R u+w d 2>/dev/null
	rm -rf d
	if [ "$1" = pack ]; then cp -pR all d; else
		mkdir d d/to
		cp -p "all.$2" "d/x.$2"
	fi
}

# holds ARCHIVE: all files, as other programs read it
holds() {
	rm -rf got
	mkdir got
	case $1 in
	*.zip) unzip -q "$1" -d got ;;
	*) tar -xf "$1" -C got ;;
	esac && diff -r all got
}

# sound pack|unpack SUFFIX: what is there is whole, and nothing is gone
sound() {
	[ "$1" = pack ] && in=d || in=d/to
	if [ -e "d/x.$2" ]; then
		holds "d/x.$2" || return 1
	fi
	for f in a b sub/c; do
		if [ -e "$in/$f" ]; then cmp "all/$f" "$in/$f" || return 1
		elif [ ! -e "d/x.$2" ]; then echo "$f is gone"; return 1; fi
	done
}

# done_with pack|unpack SUFFIX COMMAND...: nothing else is there
done_with() {
	sound "$1" "$2" || return 1
	left=$(cd d && find . ! -type d | sort | tr '\n' ' ')
	case "$1 $*" in
	pack*--rm*) [ "$left" = "./x.$2 " ] ;;
	pack*) [ "$left" = "./a ./b ./sub/c ./x.$2 " ] ;;
	*--rm*) [ "$left" = './to/a ./to/b ./to/sub/c ' ] ;;
	*) [ "$left" = "./to/a ./to/b ./to/sub/c ./x.$2 " ] ;;
	esac || { echo "there is: $left"; return 1; }
}

# repaired pack|unpack SUFFIX COMMAND...: by the next run
repaired() {
	what=$1 s=$2; shift 2
	if [ "$what" = unpack ] && [ ! -e "d/x.$s" ]; then
		done_with unpack "$s" "$@"	# killed when all was done
		return
	fi
	(cd d && "$@") >out 2>err || { cat err; return 1; }
	case $what in
	pack) [ "$(cat out)" = "x.$s" ] ;;
	*) [ "$(tr '\n' ' ' <out)" = 'to/a to/b to/sub/c ' ] ;;
	esac && done_with "$what" "$s" "$@"
}

# faults CALL ERRNO pack|unpack SUFFIX COMMAND...: at each such call in turn
faults() {
	FAULT_CALL=$1 FAULT_ERRNO=$2; shift 2
	export FAULT_CALL FAULT_ERRNO FAULT_NTH
	command=$*
	FAULT_NTH=0
	while :; do
		FAULT_NTH=$((FAULT_NTH + 1))
		set_up "$1" "$2"
		: >calls
		(shift 2; run "$@")
		st=$?
		at="$command: $FAULT_CALL $FAULT_NTH, errno $FAULT_ERRNO"
		sound "$1" "$2" || { echo "$at"; return 1; }
		grep -q fault calls || break
		if [ $st = 0 ]; then
			done_with "$@" || { echo "$at: status 0"; return 1; }
		elif [ "$FAULT_ERRNO" != 0 ]; then
			grep -q '^logpack: .*[abcxo].*: [A-Z]' err ||
			    { echo "$at: $(cat err)"; return 1; }
		fi
		repaired "$@" || { echo "$at: not repaired"; return 1; }
	done
	nth=$FAULT_NTH
	unset FAULT_CALL
	[ "$nth" -gt 1 ] && [ "$st" = 0 ] && done_with "$@"
}

# all_faults pack|unpack SUFFIX COMMAND...
all_faults() {
	faults write 28 "$@" &&
	faults read 5 "$@" && faults open 30 "$@" &&
	faults fsync 5 "$@" && faults close 5 "$@" &&
	faults rename 5 "$@" && faults rename 17 "$@" &&
	faults all 0 "$@" && faults unlink 30 "$@" || return
	[ "$1" = pack ] || {
		faults mkdir 28 "$@" && faults mode 1 "$@" &&
		faults time 1 "$@"
	}
}

# some_faults pack|unpack SUFFIX COMMAND...: where libarchive has its part in it
some_faults() { faults write 122 "$@" && faults read 5 "$@"; }

# short pack|unpack SUFFIX COMMAND...: reads and writes that do half
short() {
	set_up "$1" "$2"
	(shift 2; FAULT_SHORT=1 run "$@") || { cat err; return 1; }
	done_with "$@"
}

# no_rename pack|unpack SUFFIX COMMAND...: a file system that cannot rename so
no_rename() {
	FAULT_RENAME=22
	export FAULT_RENAME
	faults link 5 "$@" && faults link 0 "$@" && faults unlink 0 "$@"
	st=$?
	unset FAULT_RENAME
	return $st
}

if [ -z "$shim" ] || ! LD_PRELOAD=$shim logpack -V >out; then
	skip "no shim: $(head -n 1 cc.err)" 'packing and unpacking lose nothing when system calls fail'
else
	for s in tar.gz tar.zst tar.xz zip; do
		case $s in tar.gz) which=all ;; *) which=some ;; esac
		set -- logpack -1 --rm -a x.$s a b sub/c
		ok "packing to .$s loses nothing when each call fails in turn" ${which}_faults pack $s "$@"
		ok "packing to .$s works with short reads and writes" short pack $s "$@"
		set -- logpack -d --rm -C to x.$s
		ok "unpacking .$s loses nothing when each call fails in turn" ${which}_faults unpack $s "$@"
		ok "unpacking .$s works with short reads and writes" short unpack $s "$@"
	done
	ok '-a without --rm, killed before every call, loses nothing' faults all 0 \
		pack zip logpack -1 -a x.zip a b sub/c
	ok 'without a rename that replaces nothing, link and unlink lose nothing' no_rename \
		pack tar.gz logpack -1 --rm -a x.tar.gz a b sub/c
	set_up pack tar.gz
	FAULT_RENAME=22 FAULT_CALL=fsync FAULT_NTH=2 FAULT_ERRNO=5 run logpack -1 a
	is 'a second name whose folder could not be synced goes again' \
		"$? $(ls -A d | tr '\n' ' ')" '2 a b sub '
fi

# killed pack|unpack SUFFIX COMMAND...: at moments all over its run
killed() {
	n=0 killed=0 ms=60
	set_up "$1" "$2"
	while [ $killed -lt "$kills" ] && [ $n -lt $((kills * 5)) ]; do
		n=$((n + 1))
		(shift 2; cd d && exec "$@") >out 2>err &
		pid=$!
		sleep "$(printf 0.%03d $((n * n * 7919 % 9973 % ms + 1)))"
		kill -KILL $pid 2>/dev/null
		wait $pid
		st=$?
		if [ $st = 137 ]; then
			killed=$((killed + 1)) ms=$((ms + ms / 20 + 1))
		else
			[ $st = 0 ] || { cat err; return 1; }
			ms=$((ms - ms / 10 + 2))
		fi
		[ $ms -lt 900 ] || ms=900
		sound "$1" "$2" || { echo "after kill $n"; return 1; }
		if [ $st = 0 ] || { [ "$1" = unpack ] && [ ! -e "d/x.$2" ]; }
		then
			done_with "$@" || return 1
			set_up "$1" "$2"
		fi
	done
	echo "$killed of $n were killed, within $ms ms"
	[ $killed = "$kills" ] && repaired "$@"
}
kills=$((kills / 8))
for s in tar.gz zip; do
	ok "packing to .$s, killed at $kills moments, loses nothing" \
		killed pack $s logpack -9 --rm -a x.$s a b sub/c
	ok "unpacking .$s, killed at $kills moments, loses nothing" \
		killed unpack $s logpack -d --rm -C to x.$s
done

# Many small members are synced at once, as each sync waits for the disk.
if [ -n "$shim" ] && command -v seq >/dev/null; then
	rm -rf d; mkdir d d/many
	for i in $(seq 300); do echo "$i" >"d/many/$i"; done
	tar -C d -cf d/x.tar many
	rm -r d/many
	: >calls
	run logpack -d x.tar
	is '300 small members are unpacked with less than 30 syncs' \
		"$(ls d/many | wc -l) $(($(grep -c '^fsync' calls) < 30))" \
		'300 1'
else
	skip 'no shim' '300 small members are unpacked with less than 30 syncs'
fi

if [ "$(id -u)" != 0 ]; then
	set_up pack zip
	chmod 555 d
	exits 2 'a folder that cannot be written to is trouble' \
		logpack --rm -a d/x.zip d/a d/b
	ok 'a folder that cannot be written to keeps its files' diff -r all d
else
	skip 'root may write there' 'a folder that cannot be written to'
fi
done_testing
