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
for f in logrotate.d/docker scripts/syslog-ng/logferry.conf \
    scripts/rsyslog/logferry.conf scripts/cron/logferry \
    scripts/systemd/logferry-docker.service scripts/setup.d/plan \
    scripts/grafana/logferry-dashboard.json; do
	ok "$f is there" test -s "$at/share/logferry/$f"
done
for f in scripts/postrotate scripts/rsyslog/docker-5xx scripts/setup \
    scripts/ship scripts/cut scripts/opensearch/setup-index \
    scripts/rest/logferry-drains.cgi; do
	ok "$f can be run" test -x "$at/share/logferry/$f"
done
is 'the snippets name the folder they lie in' \
    "$(grep -rl /usr/local/share/logferry "$at/share/logferry")" ''
is 'the manuals name the folder that they are installed for' "$(grep -rl /usr/local/ "$at/share/man")" ''
mkdir log && echo one >log/app.log.1
env PATH=/usr/bin:/bin LOGFERRY_RUN="$tmp/run" \
    "$at/share/logferry/scripts/postrotate" log/app.log "file://$tmp/store/"
is 'scripts/postrotate finds the commands it was installed with' \
    "$(gzip -dc store/app.log-*.gz)" one
ok 'make uninstall succeeds' into uninstall
is 'make uninstall leaves no file' "$(find root ! -type d)" ''

blanks() {
	make -s -C "$top" "$@" B="$B" DESTDIR="$tmp/a root" PREFIX='/opt/a b'
}
umask 077
ok 'a prefix may hold blanks' blanks install
is 'everybody may read what is installed, whatever the umask was' \
    "$(find 'a root' ! -perm -444)" ''
ok 'a prefix with blanks can be uninstalled' blanks uninstall
is 'nothing is left below a prefix with blanks' "$(find 'a root' ! -type d)" ''

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

done_testing
