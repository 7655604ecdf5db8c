#!/bin/sh
# logpack: archives and files that somebody made to do harm
. "${0%/*}/lib.sh"
command -v python3 >/dev/null || skip_all 'no python3'

# tar FILE NAME [ATTRIBUTE=VALUE]...: a tar with such a member, then "good"
cat >mktar.py <<'EOF'
import io, sys, tarfile
t = tarfile.open(sys.argv[1], "w", format=tarfile.PAX_FORMAT)
def add(name, **attributes):
    i = tarfile.TarInfo(name)
    i.size = 4
    for a, v in attributes.items():
        setattr(i, a, v)
    t.addfile(i, io.BytesIO(b"evil"))
add(sys.argv[2].replace("|", "\n"),
    **{k: int(v) for k, v in (a.split("=") for a in sys.argv[3:])})
add("good")
t.close()
EOF
# refuses NAME WHAT [ATTRIBUTE=VALUE]...: status 1, and only "good" is unpacked
refuses() {
	name=$1 what=$2; shift 2
	python3 mktar.py evil.tar "$name" "$@"
	rm -rf o; mkdir o
	exits 1 "a member $what makes status 1" logpack -d --rm -C o evil.tar
	is "a member $what leaves nothing behind, and the archive is kept" \
		"$(cd o && find . ! -name . | tr '\n' ' ')$(ls evil.tar)" \
		'./good evil.tar'
}
refuses 'made/a|b' 'with a newline in its name'
refuses 'made/../../up' 'with two dots in its name'
refuses 'made/big' 'whose owner has more than 32 bits' uid=4294967301
refuses 'made/all' 'whose group is the number that means none' gid=4294967295
refuses 'made/.good.logferry' 'with the name of a temporary file of ours'

mkdir o2
python3 - <<'EOF'
import io, tarfile
for a, n in (("1.tar", "one"), ("2.tar", "two")):
    t = tarfile.open(a, "w")
    i = tarfile.TarInfo(n)
    i.size = 4
    t.addfile(i, io.BytesIO(b"data"))
    t.close()
EOF
gzip -k 1.tar 2.tar
cat 1.tar 2.tar >both.tar
cat 1.tar.gz 2.tar.gz >both.tar.gz
for a in both.tar both.tar.gz; do
	rm -rf o2; mkdir o2
	is "--rm: of two archives in one file ($a) both are unpacked" \
		"$(logpack -d --rm -C o2 $a | tr '\n' ' ')$(ls o2 | tr '\n' ' ')" \
		'o2/one o2/two one two '
done
{ cat 1.tar; echo junk; head -c 2000 /dev/urandom; } >junk.tar
rm -rf o2; mkdir o2
exits 1 '--rm: what is no archive behind an archive makes status 1' \
	logpack -d --rm -C o2 junk.tar
ok '--rm: an archive with something else behind it is kept' test -f junk.tar
python3 - <<'EOF'
import zipfile
for a, n in (("1.zip", "one"), ("2.zip", "two")):
    z = zipfile.ZipFile(a, "w")
    z.writestr(n, "data")
    z.close()
EOF
cat 1.zip 2.zip >both.zip
{ cat 1.zip; echo junk; } >junk.zip
for a in both.zip junk.zip; do
	rm -rf o2; mkdir o2
	exits 1 "--rm: a zip that is not all of its file ($a) makes status 1" \
		logpack -d --rm -C o2 $a
	ok "--rm: a zip that is not all of its file ($a) is kept" test -f $a
done
ok '--rm: a zip that is all of its file goes' sh -c '
	logpack -d --rm -C o2 2.zip && test ! -e 2.zip && test -f o2/two'
python3 - <<'EOF'
import zipfile
z = zipfile.ZipFile("large.zip", "w")
with z.open(zipfile.ZipInfo("f"), "w", force_zip64=True) as f:
    f.write(b"data")
for i in range(66000):
    z.writestr("e%d/" % i, "")
z.close()
EOF
ok 'a zip of more than 65,535 members is known to be whole' \
	logpack -t large.zip

# Two members of one name: what is written first is not taken for a leftover.
python3 - <<'EOF'
import io, tarfile
t = tarfile.open("twice.tar", "w")
for data in (b"first", b"second"):
    i = tarfile.TarInfo("dup")
    i.size = len(data)
    t.addfile(i, io.BytesIO(data))
t.close()
EOF
exits 1 'a second member of the same name makes status 1' \
	logpack -d --rm twice.tar
is 'the first of two members of the same name is kept' "$(cat dup)" first

echo x >idfile
chmod 4755 idfile
exits 1 'a set-user-ID file is not packed' logpack idfile
ok 'a set-user-ID file that was refused is as it was' sh -c '
	test -u idfile && test ! -e idfile.gz'
ok '-c packs a set-user-ID file' sh -c 'logpack -c idfile | gzip -t'
chmod 2755 idfile
exits 1 'a set-group-ID file is not packed' logpack idfile

latin=$(printf 'caf\351.log')
if : >"$latin" 2>/dev/null; then
	says 'cannot hold a name' 'a name that no zip can hold is told' \
		logpack -a latin.zip "$latin"
	ok 'a name that no zip can hold leaves no archive' test ! -e latin.zip
else
	skip 'no such names here' 'a name that no zip can hold is told'
fi
: >'a\b.log'
exits 1 'a name with a backslash is refused for a zip' logpack -a b.zip 'a\b.log'

# A file that may not become as large as it has to.
head -c 400000 /dev/urandom >noise
(ulimit -f 100; exec logpack noise) 2>err
is 'a file that would be too large is an error, and the source is kept' \
	"$? $(cat err) $(ls noise*)" '2 logpack: noise.gz: File too large noise'

# A file that claims to be very large, and a signal.
python3 - <<'EOF'
import io, tarfile
t = tarfile.open("sparse.tar", "w", format=tarfile.PAX_FORMAT)
m = b"1\n800000000000000000\n1\n".ljust(512, b"\0") + b"x"
i = tarfile.TarInfo("GNUSparseFile.0/s")
i.size = len(m)
i.pax_headers = {"GNU.sparse.major": "1", "GNU.sparse.minor": "0",
    "GNU.sparse.name": "s", "GNU.sparse.realsize": "800000000000000001"}
t.addfile(i, io.BytesIO(m))
t.close()
EOF
logpack -t sparse.tar 2>err &
pid=$!
until_true 10 sh -c "ls -l /proc/$pid/fd | grep -q sparse.tar"
kill $pid
wait $pid
is 'SIGTERM ends the test of a tar that claims to be very large' "$?" 2
done_testing
