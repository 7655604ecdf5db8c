#!/bin/sh
# make install puts all in place, make uninstall takes it away again
. "${0%/*}/lib.sh"
unset MAKEFLAGS MFLAGS

into() { make -s -C "$top" "$@" B="$B" DESTDIR="$tmp/root" PREFIX=/opt/x; }
ok 'make install succeeds' into install
at=root/opt/x
for c in loggrep logpack logparse logpush logquiet logstamp; do
	ok "$c runs from where it is" "$at/bin/$c" --version
	ok "$c has its manual" test -s "$at/share/man/man1/$c.1"
	ok "$c has its completion for bash" \
	    test -s "$at/share/bash-completion/completions/$c"
	ok "$c has its completion for fish" \
	    test -s "$at/share/fish/vendor_completions.d/$c.fish"
done
ok 'all have their completion for zsh' grep -q \
    '^#compdef loggrep logpack logparse logpush logquiet logstamp$' \
    "$at/share/zsh/site-functions/_logferry"
for f in README NEWS LICENSE; do
	ok "$f is there" test -s "$at/share/doc/logferry/$f"
done
for f in logrotate.d/docker scripts/syslog-ng/logferry.conf \
    scripts/rsyslog/logferry.conf scripts/cron/logferry \
    scripts/systemd/logferry-docker.service scripts/setup.d/plan \
    scripts/grafana/logferry-dashboard.json; do
	ok "$f is there" test -s "$at/share/logferry/$f"
done
for f in scripts/postrotate scripts/rsyslog/docker-5xx scripts/setup \
    scripts/ship scripts/cut scripts/opensearch/setup-index \
    scripts/rest/logferry-drains.cgi scripts/rest/logferry-drains-follow; do
	ok "$f can be run" test -x "$at/share/logferry/$f"
done
is 'snippets, README and manuals name the folders that they are installed for' \
    "$(grep -rlE '/usr/local/(share/logferry|bin[:/])' "$at/share" | grep -v /NEWS)" ''
ok 'a unit looks for the commands where they are installed' grep -q \
    '^Environment="PATH=/opt/x/bin:' "$at/share/logferry/scripts/systemd/logferry-docker.service"
mkdir log && echo one >log/app.log.1
env PATH=/usr/bin:/bin LOGFERRY_RUN="$tmp/run" \
    "$at/share/logferry/scripts/postrotate" log/app.log "file://$tmp/store/"
is 'scripts/postrotate finds the commands it was installed with' \
    "$(gzip -dc store/app.log-*.gz)" one
ok 'make uninstall succeeds' into uninstall
is 'make uninstall leaves no file' "$(find root ! -type d)" ''
is 'make uninstall leaves no folder of its own' \
    "$(find root -name '*logferry*')" ''

blanks() {
	make -s -C "$top" "$@" B="$B" DESTDIR="$tmp/a root" PREFIX='/opt/a b'
}
umask 077
ok 'a prefix may hold blanks' blanks install
is 'everybody may read what is installed, whatever the umask was' \
    "$(find 'a root' ! -perm -444)" ''
ok 'a prefix with blanks can be uninstalled' blanks uninstall
is 'nothing is left below a prefix with blanks' "$(find 'a root' ! -type d)" ''

# Quotes keep it whole where it is a word, in each snippet's language; rsyslog's
# omprog has none.
blanks install
is 'no snippet below a prefix with blanks names it without quotes' \
    "$(grep -rE '(^|[[:blank:]=])/opt/a b/' 'a root/opt/a b/share/logferry' |
	grep -v '"PATH=')" ''
rm -rf 'a root'
if command -v logrotate >/dev/null; then
	make -s -C "$top" install B="$B" DESTDIR= PREFIX="$tmp/a b"
	mkdir -p log/nginx run && chmod 700 log log/nginx
	echo two >log/nginx/access.log
	sed -e "s|/var/log|$tmp/log|; s|/run/|$tmp/run/|" \
	    -e "s|s3://bucket/logs/{host}|file://$tmp/blank|" \
	    'a b/share/logferry/logrotate.d/nginx' >nginx.conf
	env PATH=/usr/sbin:/usr/bin:/sbin:/bin LOGFERRY_RUN="$tmp/run" \
	    logrotate -f -s state nginx.conf
	is 'a snippet for logrotate below a prefix with blanks delivers' \
	    "$(gzip -dc blank/nginx/access.log-*.gz)" two
else
	skip 'no logrotate' \
	    'a snippet for logrotate below a prefix with blanks delivers'
fi

# A few objects stand for all: names of folders come by __FILE__ and debuggers'.
for d in 'folder one' two; do
	mkdir "$d"
	cp -R "$top/Makefile" "$top/lib" "$top/cmd" "$d"
	CCACHE_DISABLE=1 make -s -C "$d" B=build build/cmd/logstamp.o \
	    build/lib/base/opt.o build/lib/net/http.o >>made 2>&1
done
for o in cmd/logstamp lib/base/opt lib/net/http; do
	ok "$o.o is the same, in whatever folder it was compiled" \
	    cmp "folder one/build/$o.o" "two/build/$o.o"
done
is 'make is brief unless V=1' "$(grep -c -e '^  CC ' -e -std=c11 made)" 6

# A packager's own checkout may be around the tarball.
mkdir own own/logferry && git -C own init -q
cp -R "$top/Makefile" "$top/NEWS" "$top/scripts" own/logferry
own/logferry/scripts/package/make-dist 0 dist >made 2>&1
ok "the tarball's own tarball is whole in a checkout of something else" \
    tar -tzf dist/logferry-0.tar.gz logferry-0/Makefile logferry-0/scripts/ship

# As git refuses a checkout of somebody else's, or is not installed.
mkdir refused
printf '#!/bin/sh\necho "fatal: detected dubious ownership" >&2\nexit 128\n' \
    >refused/git
chmod +x refused/git
git -C own/logferry init -q
PATH=$tmp/refused:$PATH own/logferry/scripts/package/make-dist 1 dist >made 2>&1
is 'where git refuses a checkout, no tarball is made, and its reason is told' \
    "$? $(ls dist) $(head -n 1 made)" \
    '2 logferry-0.tar.gz fatal: detected dubious ownership'

# Stands in for dpkg's and fails, as a compiler that is missing would make it.
mkdir debian.bin debs
printf '#!/bin/sh\necho "options: $DEB_BUILD_OPTIONS"; exit 2\n' \
    >debian.bin/dpkg-buildpackage
printf '#!/bin/sh\n' >debian.bin/dh
chmod +x debian.bin/*
cp dist/logferry-0.tar.gz debs
DEB_BUILD_OPTIONS=parallel=2 PATH=$tmp/debian.bin:$PATH \
    "$top/scripts/package/make-deb" 0 debs >made 2>&1
is 'a package that cannot be made is told with the end of its log and its name' \
    "$? $(cat made)" "1 options: parallel=2 nocheck
make-deb: no package; all that was said is in $tmp/debs/deb.log"

export CFLAGS='-O1 -DTHEIRS' LDFLAGS='-Wl,-z,theirs' CPPFLAGS=-DBEFORE
make -n -C "$top" V=1 B="$tmp/build" >commands 2>&1
ok "a packager's flags stand behind ours" \
    grep -q -e '-fstack-protector-strong.* -DBEFORE -O1 -DTHEIRS' commands
ok "a packager's flags reach the linker" grep -q -e 'relro.*-Wl,-z,theirs' commands
ok '_FORTIFY_SOURCE is ours where the packager gives none' \
    grep -q -e -D_FORTIFY_SOURCE=3 commands
CFLAGS='-O2 -D_FORTIFY_SOURCE=1' make -n -C "$top" V=1 B="$tmp/build" \
    >commands 2>&1
is "_FORTIFY_SOURCE is the packager's where there is one" \
    "$(grep -c -e -D_FORTIFY_SOURCE=3 commands)" 0
CFLAGS=-U_FORTIFY_SOURCE make -n -C "$top" V=1 B="$tmp/build" >commands 2>&1
is '_FORTIFY_SOURCE is left out where the packager does so' \
    "$(grep -c -e -D_FORTIFY_SOURCE commands)" 0
CC='cc -m64' PREFIX=/opt/env DESTDIR="$tmp/env" make -n -C "$top" V=1 \
    B="$tmp/build" install >commands 2>&1
ok 'CC may come from the environment' grep -q '^cc -m64 .*opt\.c' commands
ok 'PREFIX and DESTDIR may come from the environment' \
    grep -q "^install -m 755 .*\"$tmp/env/opt/env/bin\"" commands
make -n -C "$top" V=1 B="$tmp/build" CC='cc -m32' CFLAGS=-DC CPPFLAGS=-DCPP \
    LDFLAGS=-Wl,-z,line PREFIX=/opt/line install >commands 2>&1
ok 'flags of the command line are taken, not those of the environment' grep -q \
    '^cc -m32 .* -DCPP -DC -MMD' commands
ok 'LDFLAGS may come from the command line' grep -q -e '-Wl,-z,line' commands
ok 'PREFIX may come from the command line' \
    grep -q '^install -m 755 .*/opt/line/bin"' commands
is 'nothing of the environment is left beside the command line' \
    "$(grep -c -e THEIRS -e BEFORE -e theirs commands)" 0
unset CFLAGS LDFLAGS CPPFLAGS

# The sanitizers' libraries are no part of a package.
if command -v readelf >/dev/null; then
	for c in loggrep logpack logparse logpush logquiet logstamp; do
		readelf -d "$B/$c" |
		    sed -n "s/.*NEEDED.*\[\(lib.*\)\.so.*/\1 linked $c/p"
		readelf -p .note.dlopen "$B/$c" 2>/dev/null |
		    sed -n "s/.*\"soname\":\[\"\(lib[^\"]*\)\.so.*/\1 on-demand $c/p"
	done | grep -vE '^lib(m|asan|tsan|ubsan|gcc_s) ' | sort |
	    awk '$2 == "linked" { linked[$1 $3] = 1 }
	        !($2 == "on-demand" && linked[$1 $3])' >in-programs
	awk '/^    lib/ && $1 != "library" {
	    for (i = 4; i <= NF; i++) print $1, $3, $i }' \
	    "$top/scripts/package/libraries" | sort >listed
	same 'scripts/package/libraries lists what the programs use' \
	    in-programs cat listed
else
	skip 'no readelf' 'scripts/package/libraries lists what the programs use'
fi

done_testing
