#!/bin/sh
# logpush --drains: a spool that cannot be read for a while
. "${0%/*}/../lib.sh"

command -v python3 >/dev/null || skip_all 'no python3'
cat >shim.c <<'END'
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* With a file "broken" nothing can be read from a spool. */
static ssize_t
fail(const char *name, int fd, void *to, size_t n, off_t at)
{
	ssize_t (*real)(int, void *, size_t, off_t) =
	    (ssize_t (*)(int, void *, size_t, off_t))dlsym(RTLD_NEXT, name);
	char link[64], path[512];
	ssize_t len;

	snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
	len = readlink(link, path, sizeof path - 1);
	path[len > 0 ? len : 0] = '\0';
	if (access("broken", F_OK) == 0 && strstr(path, ".spool") != NULL) {
		errno = EIO;
		return -1;
	}
	return real(fd, to, n, at);
}

ssize_t pread(int fd, void *to, size_t n, off_t at)
{ return fail("pread", fd, to, n, at); }
ssize_t pread64(int fd, void *to, size_t n, off_t at)
{ return fail("pread64", fd, to, n, at); }
END
cc -shared -fPIC -o shim.so shim.c -ldl || skip_all 'no compiler'
. "$top/tests/servers/lib.sh"
LOGFERRY_ALLOW=127.0.0.1
export LOGFERRY_ALLOW
start_server http "$top/tests/servers/http-drain"
mkdir d
printf '{"url":"http://127.0.0.1:%s/a"}\n' "$port" >d/a
waiting() { sed -n 's/.*"waiting":\([0-9]*\).*/\1/p' d/a.status; }
mkfifo fifo
LD_PRELOAD=$PWD/shim.so logpush --drains d --spool sp --batch-time 50ms <fifo 2>err &
pid=$!
exec 9>fifo
echo '{"n":1}' >&9
ok 'a line is delivered' until_true 20 grep -q '"n":1' http/lines
: >broken
echo '{"n":2}' >&9
ok 'a spool that cannot be read is told' until_true 30 grep -q 'sp/a: Input/output error' err
ok 'a line that cannot be read waits' until_true 20 sh -c 'grep -q "\"waiting\":1," d/a.status'
kill "$pid"
wait "$pid"
is 'a line that cannot be read is still there at the end' "$? $(waiting)" '75 1'
exec 9>&-
rm broken
exits 0 'a line that could not be read is delivered by the next run' \
	logpush --drains d --spool sp /dev/null
is 'each line is delivered once' "$(sed 's/[^0-9]//g' http/lines | tr '\n' ' ')" '1 2 '

# --- a drain whose file cannot be read for a while ---
cat >full.c <<'END'
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <string.h>
#include <unistd.h>

/* With a file "full" there is no descriptor for the file "b". */
static int
fail(const char *call, int dir, const char *name, int flags, int mode)
{
	int (*real)(int, const char *, int, int) =
	    (int (*)(int, const char *, int, int))dlsym(RTLD_NEXT, call);

	if (strcmp(name, "b") == 0 && access("full", F_OK) == 0) {
		errno = EMFILE;
		return -1;
	}
	return real(dir, name, flags, mode);
}

int openat(int dir, const char *name, int flags, int mode)
{ return fail("openat", dir, name, flags, mode); }
int openat64(int dir, const char *name, int flags, int mode)
{ return fail("openat64", dir, name, flags, mode); }
END
cc -shared -fPIC -o full.so full.c -ldl || exit 1
kafka_group fake
rm -rf http/lines sp d/*
printf '{"url":"%s/"}\n' "$url" >d/b
seq 3 | sed 's/.*/0:{"n":&}/' >messages
: >full
group() {
	exec timeout 120 env LD_PRELOAD="$PWD/full.so" LD_LIBRARY_PATH="$PWD/fake" \
		logpush --drains d --spool sp 'kafka://fake/topic?group=g' 2>err
}
(group)
is 'a group of Kafka ends with 2 if the file of a drain cannot be read for want of descriptors' $? 2
ok 'why the file of a drain cannot be read is told' grep -q 'd/b: Too many open files' err
ok 'nothing is committed that a drain should have got' not test -s commits
rm full
group & pid=$!
ok 'the next run has every line for the drain' until_true 20 grep -q '"n":3' http/lines
kill "$pid"
wait "$pid"
is 'that run ends with 0' $? 0

# --- a file system that does not answer ---
cat >hang.c <<'END'
#define _GNU_SOURCE
#include <dlfcn.h>
#include <string.h>
#include <unistd.h>

/* With a file "hangs" a file "secret" is as one whose server has gone. */
static void
hang(const char *path)
{
	while (strstr(path, "/secret") != NULL && access("hangs", F_OK) == 0)
		usleep(10000);
}

#define OPEN(name) int name(const char *path, int flags, int mode) { \
	hang(path); \
	return ((int (*)(const char *, int, int))dlsym(RTLD_NEXT, #name))(path, \
	    flags, mode); }
OPEN(open) OPEN(open64) OPEN(__open_2) OPEN(__open64_2)
END
cc -shared -fPIC -o hang.so hang.c -ldl || exit 1
rm -rf http/lines sp d/*
echo 'Authorization: Bearer one' >secret
chmod 600 secret
printf '{"url":"%s/a"}\n' "$url" >d/a
printf '{"url":"%s/h","auth_file":"%s/secret"}\n' "$url" "$tmp" >d/h
sent() {			# sent N TIMES: a line is there so often
	[ "$(grep -c "\"n\":$1}" http/lines)" = "$2" ]
}
LD_PRELOAD=$PWD/hang.so logpush --drains d --spool sp --batch-time 50ms <fifo 2>err &
pid=$!
exec 9>fifo
echo '{"n":1}' >&9
ok 'a line goes to a drain with an auth_file and to one without' until_true 20 sent 1 2
: >hangs
cp d/h .h
sed 's|/h"|/h2"|' .h >d/.h	# it is not opened because it answered just now
mv d/.h d/h
printf '{"url":"%s/a","where":["msg=yes"]}\n' "$url" >d/.b
mv d/.b d/b
ok 'a drain is taken while the file system of another'"'"'s auth_file hangs' until_true 20 test -e d/b.status
sed 's/secret/secret2/' .h >d/.n
mv d/.n d/n
ok 'a new drain whose auth_file gives no answer is told' until_true 20 grep -q 'd/n: auth_file or cacert: a file system' err
ok 'it is told in the folder, too' until_true 20 grep -q 'does not answer' d/n.error
echo '{"n":2}' >&9
ok 'lines go on to all that were there' until_true 20 sent 2 2
cp secret secret2
rm hangs
ok 'once it answers, the new drain is taken' until_true 20 test -e d/n.status -a ! -e d/n.error
: >hangs
kill "$pid"
until_true 30 not kill -0 "$pid" || kill -9 "$pid"
wait "$pid"
is 'the end does not wait for a file system; 2, as a drain was not taken' $? 2
exec 9>&-

LD_PRELOAD=$PWD/hang.so timeout 60 logpush --drains d --spool sp --batch-time 50ms <fifo 2>err &
pid=$!
exec 9>fifo
echo '{"n":3}' >&9
ok 'at first, lines wait for the answer' until_true 20 grep -q 'd/h: waits for auth_file' err
sent 3 0
is 'no line goes to another drain while lines wait for a file system' $? 0
rm hangs
ok 'once it answers, they go to each' until_true 20 sent 3 3
exec 9>&-
wait "$pid"
is 'that run ends with 0' $? 0
done_testing
