#!/bin/sh
# make install puts all in place, make uninstall takes it away again
. "${0%/*}/lib.sh"
unset MAKEFLAGS MFLAGS

into() { make -s -C "$top" "$@" B="$B" DESTDIR="$tmp/root" PREFIX=/opt/x; }
ok 'make install' into install
at=root/opt/x
for c in loggrep logpack logparse logpush logquiet logstamp; do
	ok "$c runs from where it is" "$at/bin/$c" --version
	ok "$c has its manual" test -s "$at/share/man/man1/$c.1"
	ok "$c has its completion" \
	    test -s "$at/share/bash-completion/completions/$c"
done
for f in logrotate.d/docker scripts/syslog-ng/logferry.conf \
    scripts/rsyslog/logferry.conf scripts/cron/logferry \
    scripts/systemd/logferry-backlog.service; do
	ok "$f is there" test -s "$at/share/logferry/$f"
done
for f in scripts/postrotate scripts/rsyslog/docker-5xx; do
	ok "$f can be run" test -x "$at/share/logferry/$f"
done
is 'the snippets name the folder they lie in' \
    "$(grep -rl /usr/local/share/logferry "$at/share/logferry")" ''
is 'and so do the manuals' "$(grep -rl /usr/local/ "$at/share/man")" ''
ok 'make uninstall' into uninstall
is 'leaves no file' "$(find root ! -type d)" ''

done_testing
