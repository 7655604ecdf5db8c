#!/bin/sh
# logpush: on real S3 stores, Ceph's gateway and OpenStack Swift
. "${0%/*}/../lib.sh"

s3=$top/tests/servers/s3-server
HOME=$tmp
export HOME
at_exit='"$s3" stop --dir "$tmp/rgw" --purge; "$s3" stop --dir "$tmp/swift" --purge'

# Every character that a key may hold: S3 takes UTF-8, and no control
# characters but in some stores.
mkdir chars && cd chars || exit 1
for c in $(seq 32 126 | grep -vx 47); do
	f="c$c-$(printf '%b' "\\0$(printf %o "$c")")x"
	echo "$c" >"$f"
done
echo umlaut >'ä€𝄞 and e.gz'
mkdir -p 'a b/=&+' && echo deep >'a b/=&+/%41%2F?#;:@$,!*()~'
cd .. || exit 1

head -c 1000000 /dev/urandom >1m
head -c 150000000 /dev/urandom >150m
: >empty

put() { logpush -q --deadline 60 "$@"; }
# get KEY: the object's bytes
get() { "$top/tests/servers/s3" GET "/bucket/$1"; }

start() {
	env=$("$s3" start --dir "$tmp/$1" --engine "$@" 2>"$1.log") || return 1
	eval "$env"
	export AWS_ENDPOINT_URL="$S3_ENDPOINT"
	"$top/tests/servers/s3" PUT /bucket </dev/null
}

common() {
	ok "$1: a file is delivered" put s3://bucket/a/ 1m
	ok "$1: a delivered file is there" sh -c '"$1/tests/servers/s3" GET /bucket/a/1m | cmp - 1m' - "$top"
	ok "$1: delivering a file again is success" put s3://bucket/a/ 1m
	ok "$1: an empty file is delivered" put s3://bucket/a/ empty
	head -c 1000 1m >a.gz
	ok "$1: a .gz is delivered" put s3://bucket/a/ a.gz
	head -c 1001 1m >a.gz
	ok "$1: other contents of a .gz are delivered" put s3://bucket/a/ a.gz
	is "$1: other contents of a .gz stand beside it" "$(get a/a_01.gz | wc -c)" 1001
	exits 1 "$1: --if-exists refuse: other contents are refused" put --if-exists refuse s3://bucket/a/ a.gz
	ok "$1: --if-exists overwrite: other contents are delivered" put --if-exists overwrite s3://bucket/a/ a.gz
	is "$1: --if-exists overwrite: the object has the new contents" "$(get a/a.gz | wc -c)" 1001
	(cd chars && find . -type f -print0 | sed -z 's|^\./||') >names
	ok "$1: names of any character are delivered" sh -c 'cd chars && logpush -q -0 -T ../names "s3://bucket/chars/{path}"'
	ok "$1: any character stands in the key as it is" sh -c 'cd chars &&
		logpush -v -0 -T ../names --if-exists refuse "s3://bucket/chars/{path}" 2>&1 |
		grep -c "is already at" | grep -qx "$(tr -cd "\0" <../names | wc -c)"'
	ok "$1: a large file is delivered in parts" put s3://bucket/a/ 150m
	is "$1: a large file arrives whole" "$(get a/150m | sha256sum)" "$(sha256sum <150m)"
	ok "$1: delivering a large file again is success" put s3://bucket/a/ 150m
	exits 2 "$1: an unknown bucket is trouble" put s3://nobucket/ 1m
	exits 2 "$1: a wrong secret is trouble" env AWS_SECRET_ACCESS_KEY=x \
		logpush --deadline 20 s3://bucket/ 1m
	mkdir many
	for i in $(seq 1000); do echo "$i" >"many/$i.log"; done
	ok "$1: a thousand files are delivered" sh -c 'find many -type f |
		logpush -q -j8 --rm -T - s3://bucket/many/'
	is "$1: a thousand files are removed" "$(ls many)" ''
	is "$1: a thousand files are all there" "$("$top/tests/servers/s3" ls bucket many/ | wc -l)" 1000
	rmdir many
	killed "$1"
}

# Killed at some time, again and again: at the end it is there, once.
killed() {
	rm -f k.log && cp 150m k.log
	for t in 0.05 0.1 0.15 0.2 0.3 0.4; do
		timeout -s KILL "$t" logpush -q --rm s3://bucket/killed/ k.log
	done 2>/dev/null
	ok "$1: killed in parts, the next run delivers" sh -c \
		'test ! -e k.log || logpush -q --deadline 60 --rm s3://bucket/killed/ k.log'
	is "$1: killed in parts, the object is whole in the end" "$(get killed/k.log | sha256sum)" "$(sha256sum <150m)"
	is "$1: killed in parts, the object is there once" "$("$top/tests/servers/s3" ls bucket killed/ | wc -l)" 1
	ok "$1: killed in parts, what else was begun can be swept" put --abort-stale 0.001s s3://bucket/
}

for engine in rgw swift; do
	case $engine in rgw) need=radosgw ;; *) need=swift-proxy-server ;; esac
	if ! command -v $need >/dev/null; then
		skip "no $need" "$engine"
	elif start $engine; then
		common $engine
	else
		ok "$engine starts" cat $engine.log /dev/null/x
	fi
done

if [ -n "$AWS_ENDPOINT_URL" ] && [ "$(df --output=avail . | tail -n 1)" -gt 12000000 ] &&
    command -v radosgw >/dev/null; then
	"$s3" stop --dir "$tmp/swift" --purge 2>/dev/null
	eval "$("$s3" env --dir "$tmp/rgw")"
	export AWS_ENDPOINT_URL="$S3_ENDPOINT"
	truncate -s 5G sparse && printf end | dd of=sparse bs=1 seek=5368709117 conv=notrunc status=none
	ok 'rgw: a file of five gigabytes is delivered' put --deadline 10m s3://bucket/5g/ sparse
	is 'rgw: a file of five gigabytes arrives whole' "$("$top/tests/servers/s3" HEAD /bucket/5g/sparse |
		tr -d '\r' | sed -n 's/^[Cc]ontent-[Ll]ength: //p')" 5368709120
else
	skip 'no 12 GB of disk, or no RGW' 'rgw: a file of five gigabytes is delivered'
fi
done_testing
