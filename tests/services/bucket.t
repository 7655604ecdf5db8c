#!/bin/sh
# loggrep and logparse: what lies in a real S3 store, Ceph's gateway, is read as
# the same files on disk are
. "${0%/*}/../lib.sh"

servers=$top/tests/servers
for c in radosgw ceph-mon ceph-osd python3; do
	command -v $c >/dev/null || skip_all "no $c here"
done
s3=$tmp/s3
at_exit='"$servers/s3-server" stop --dir "$s3" --purge'
env=$("$servers/s3-server" start --dir "$s3" --store memstore) || exit 1
eval "$env"
AWS_ENDPOINT_URL=$S3_ENDPOINT HOME=$tmp
export AWS_ENDPOINT_URL HOME
"$servers/s3" PUT /bucket </dev/null || exit 1

# A day of ten servers, a log for each hour, every second one packed.
python3 - <<'END'
import os, random, time
r = random.Random(17)
apps, start = ["todo-list", "cart", "api"], 1795824000
for host in range(10):
    os.makedirs("logs/web%d" % host)
    for hour in range(24):
        end = start + 3600 * (hour + 1)
        lines = []
        for n in range(200):
            t = start + 3600 * hour + 18 * n
            when = time.strftime("%b %e %H:%M:%S", time.gmtime(t))
            lines.append('%s web%d %s[1]: 10.0.0.%d - - [%s] "GET /api/%d '
                'HTTP/1.1" %d %d "-" "-"\n' % (when, host, r.choice(apps),
                r.randrange(256), time.strftime("%d/%b/%Y:%H:%M:%S +0000",
                time.gmtime(t)), r.randrange(50),
                r.choice([200] * 30 + [304, 404, 500, 503]),
                r.randrange(10000)))
        name = "logs/web%d/docker.log-%d" % (host, end)
        with open(name, "w") as f:
            f.writelines(lines)
        os.utime(name, (end, end))
        if hour % 2:
            os.system("gzip -n " + name)
END
find logs -type f | sort >files
cp files all
ok 'the logs are delivered' logpush -q -j8 -T all 's3://bucket/{path}'
is 'the bucket has them' "$("$servers/s3" ls bucket logs/ | wc -l)" 240

sed 's|^|s3://bucket/|' files >urls
# both ARGUMENT...: the same search in the bucket and on disk
differ=
both() {
	loggrep "$@" s3://bucket/logs/ >bucket.out 2>bucket.err
	bucket_st=$?
	tr '\n' '\0' <files | xargs -0 loggrep -H "$@" 2>disk.err |
	    sed 's|^logs/|s3://bucket/logs/|' >disk.out
	cmp -s bucket.out disk.out && [ "$bucket_st" -lt 2 ] && return
	differ="$differ: $bucket_st: $*"
	cat bucket.err
}
python3 - "${QUERIES:-100}" >queries <<'END'
import random, sys
r = random.Random(4)
for _ in range(int(sys.argv[1])):
    q = r.choice([["-e", "/api/%d " % r.randrange(50)], ["-5"],
        ["-W", "status>=%d" % r.choice([300, 400, 500])],
        ["-W", "appname=" + r.choice(["cart", "api", "todo-list"])],
        ["-F", "-e", "10.0.0.%d " % r.randrange(256)], ["-e", "nowhere"]])
    if r.random() < .5:
        t = 1795824000 + r.randrange(86400)
        q += ["--since", str(t)]
        if r.random() < .5:
            q += ["--until", str(t + r.randrange(7200))]
    q += r.choice([[], [], ["-c"], ["-l"], ["-m2"], ["-o"], ["-j3"], ["-L"]])
    print("\t".join(q))
END
tab=$(printf '\t')
while IFS= read -r query; do
	IFS=$tab
	# shellcheck disable=SC2086	# a query is several arguments
	set -- $query
	unset IFS
	both "$@"
done <queries
is 'each random search gives the same lines as from files' "$differ" ''

xargs logparse <files >want
same 'logparse makes the same records as from files' want logparse s3://bucket/logs/
same '-T with URLs gives the same as a prefix' want logparse -T urls
says 'passed over by name: 2[0-9][0-9], .* bytes fetched: [0-9]{5,6} of [0-9]{7};' \
	'a search of the last hour fetches a part' \
	loggrep --stats -5 --since 1795906800 s3://bucket/logs/
head -c 100000000 /dev/zero | tr '\0' 'x' | fold -w 99 >large.log
printf '\nthe last line\n' >>large.log
ok 'a large object is delivered' logpush -q s3://bucket/ large.log
is 'a large object is searched' "$(loggrep -h last s3://bucket/large.log)" 'the last line'
ok 'a search in a bucket takes less than 128 MB' python3 -c '
import resource, subprocess, sys
subprocess.run(["loggrep", "-c", "last", "s3://bucket/"], check=True)
used = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
print(used, "KiB")
sys.exit(used >= 128 * 1024)'
done_testing
