#!/bin/sh
# The Debian package: made, installed on machines of its own, used, taken away
. "${0%/*}/../lib.sh"

[ "$(id -u)" = 0 ] || skip_all 'only root can fill a machine'
for c in debootstrap dh lintian; do
	command -v $c >/dev/null || skip_all "no $c here"
done
unset MAKEFLAGS MFLAGS DEB_BUILD_OPTIONS

# Out of a copy, as one who has the tarball does it.
version=$(sed -n 's/.*LOGFERRY_VERSION "\(.*\)"/\1/p' "$top/lib/base/version.h")
ok 'make dist makes a tarball' \
    "$top/scripts/package/make-dist" "$version" dist
tar -xzf "dist/logferry-$version.tar.gz"
ok 'make deb makes a package out of the tarball' \
    make -s -C "logferry-$version" deb
deb=$(echo "logferry-$version"/build/dist/logferry_*.deb)
is 'lintian finds nothing in the package' \
    "$(lintian "logferry-$version"/build/dist/*.changes 2>&1 |
	grep -v 'root privileges')" ''
if command -v rpmbuild >/dev/null; then
	ok 'make rpm makes a package out of the tarball' \
	    make -s -C "logferry-$version" rpm
else
	skip 'no rpmbuild' 'make rpm makes a package out of the tarball'
fi
if command -v rpmbuild >/dev/null && command -v rpmlint >/dev/null; then
	rpmlint -r "$top/scripts/package/logferry.rpmlintrc" \
	    "logferry-$version"/build/dist/*.rpm >rpmlint 2>&1
	is 'rpmlint finds nothing in the package but what is not for us to mend' \
	    "$(sed -n 's/.*checked; \(.*\); has.*/\1/p' rpmlint)$(grep ': [EW]: ' rpmlint)" \
	    '0 errors, 0 warnings, 0 badness'
else
	skip 'no rpmlint' 'rpmlint finds nothing in the package but what is not for us to mend'
fi
ok "the tarball's own tarball is the same" cmp "dist/logferry-$version.tar.gz" \
    "logferry-$version/build/dist/logferry-$version.tar.gz"

files() { (cd "$1" && find usr/bin usr/share/logferry usr/share/man -name 'log*' | sort); }
for suite in bookworm trixie noble; do
	root=$tmp/$suite
	if ! "$top/tests/servers/machine" make "$root" $suite 2>why; then
		skip "$(tail -n 1 why)" "$suite: the package does the main job"
		continue
	fi
	files "$root" 2>/dev/null >before
	cp "$deb" "$root/logferry.deb"
	cp "logferry-$version/scripts/package/debian/tests/main-job" "$root/"
	ok "$suite: apt installs the package" chroot "$root" \
	    apt-get install -y -q --no-install-recommends /logferry.deb
	ok "$suite: the package does the main job" chroot "$root" /main-job
	is "$suite: the package switches nothing on" \
	    "$(find "$root/etc" -name '*logferry*')" ''
	ok "$suite: apt takes the package away" chroot "$root" \
	    apt-get purge -y -q logferry
	files "$root" 2>/dev/null >after
	ok "$suite: the package leaves nothing" cmp before after
	rm -rf --one-file-system "$root"
done

done_testing
