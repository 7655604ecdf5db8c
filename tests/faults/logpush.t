#!/bin/sh
# logpush killed at any time, again and again: each file is in the store once,
# and none is lost
. "${0%/*}/../lib.sh"
command -v python3 >/dev/null || skip_all 'no python3'
. "$top/tests/servers/lib.sh"

aws_keys
rounds=${ROUNDS:-40}
serve s3
export AWS_ENDPOINT_URL="$url"

# A time of up to so many milliseconds, in seconds.
some_time() { awk -v n="$1" -v s="$(od -An -N4 -tu4 /dev/urandom)" \
	'BEGIN { srand(s); printf "%.3f\n", rand() * n / 1000 }'; }

# kill_often URL LONGEST: with all files in todo, until they are gone
kill_often() {
	i=0 killed=0
	while [ $((i += 1)) -le "$rounds" ]; do
		timeout -s KILL "$(some_time "$2")" \
			logpush -q --rm -j4 "$1" todo/* 2>/dev/null
		[ $? != 137 ] || killed=$((killed + 1))
		[ -n "$(ls todo)" ] || break
	done
	echo "# killed $killed times, $(ls todo | wc -l) files left"
	logpush -q --rm "$1" todo/*
}

fill() {
	mkdir -p todo want
	for n in $(seq 30); do
		head -c $((n * 30000)) /dev/urandom >"want/$n.log"
	done
	head -c 80000000 /dev/urandom >want/big
	cp -p want/* todo
}

fill
kill_often "file://$tmp/store" 100
is 'file: after kills, the next run removes all sources' "$(ls -A todo)" ''
ok 'file: after kills, each file is there whole, once, without leftovers' diff -r want store
fill
kill_often s3://bucket/ 300
is 'S3: after kills, the next run removes all sources' "$(ls -A todo)" ''
rm -f s3/objects/*.meta
ok 'S3: after kills, each object is there whole, once' diff -r want s3/objects
done_testing
