# shellcheck shell=sh
# lib.sh - what the shell tests share: TAP, a private folder, the commands
#
# . "${0%/*}/lib.sh" from a test in tests/ (or ../lib.sh from a folder below).
# Sets: top (the source tree), B (the build), tmp (a folder of this test's own,
# the current one, removed at the end), golden.  PATH finds our commands first.

case $0 in */services/*|*/faults/*) top=$(cd "${0%/*}/../.." && pwd) ;;
*) top=$(cd "${0%/*}/.." && pwd) ;; esac
B=${B:-$top/build}
golden=$top/tests/golden
PATH=$B:$PATH:/usr/sbin:/sbin
LC_ALL=C TZ=UTC
export PATH LC_ALL TZ
tmp=$(mktemp -d "${TMPDIR:-/tmp}/logferry-test.XXXXXX") || exit 1
cd "$tmp" || exit 1
at_exit=:			# more to do at the end, for eval
trap 'st=$?; eval "$at_exit"; cd /; chmod -R u+rwX "$tmp"; rm -rf "$tmp"; exit $st' EXIT
trap 'exit 129' HUP INT TERM

n_ok=0

plan() { echo "1..$1"; }
done_testing() { echo "1..$n_ok"; }
skip_all() { echo "1..0 # SKIP $*"; exit 0; }

# ok NAME COMMAND...: the command succeeds
ok() {
	ok_name=$1; shift
	n_ok=$((n_ok + 1))
	if "$@" >"$tmp/.out" 2>&1; then
		echo "ok $n_ok - $ok_name"
	else
		echo "not ok $n_ok - $ok_name"
		sed 's/^/#   /' "$tmp/.out" | head -n 20
	fi
}

# not COMMAND...: it fails
not() { ! "$@"; }

# skip WHY NAME
skip() { n_ok=$((n_ok + 1)); echo "ok $n_ok - $2 # SKIP $1"; }

# is NAME GOT WANTED: two strings are equal
is() {
	n_ok=$((n_ok + 1))
	if [ "$2" = "$3" ]; then
		echo "ok $n_ok - $1"
	else
		echo "not ok $n_ok - $1"
		printf '%s\n' "got: $2" "wanted: $3" | head -n 40 | sed 's/^/#   /'
	fi
}

# same NAME FILE COMMAND...: standard output equals the file's bytes
same() {
	same_name=$1 same_file=$2; shift 2
	"$@" >"$tmp/.got" 2>"$tmp/.err" </dev/null
	n_ok=$((n_ok + 1))
	if cmp -s "$same_file" "$tmp/.got"; then
		echo "ok $n_ok - $same_name"
	else
		echo "not ok $n_ok - $same_name"
		diff -a "$same_file" "$tmp/.got" | head -n 20 | sed 's/^/#   /'
		sed 's/^/#   stderr: /' "$tmp/.err" | head -n 5
	fi
}

# exits STATUS NAME COMMAND...: ends with that status
exits() {
	exits_want=$1 exits_name=$2; shift 2
	"$@" >"$tmp/.out" 2>&1
	exits_got=$?
	n_ok=$((n_ok + 1))
	if [ "$exits_got" = "$exits_want" ]; then
		echo "ok $n_ok - $exits_name"
	else
		echo "not ok $n_ok - $exits_name"
		echo "#   status $exits_got, wanted $exits_want"
		sed 's/^/#   /' "$tmp/.out" | head -n 10
	fi
}

# says PATTERN NAME COMMAND...: standard error matches the grep -E pattern
says() {
	says_want=$1 says_name=$2; shift 2
	"$@" 2>"$tmp/.err" >/dev/null
	n_ok=$((n_ok + 1))
	if grep -Eq -e "$says_want" "$tmp/.err"; then
		echo "ok $n_ok - $says_name"
	else
		echo "not ok $n_ok - $says_name"
		sed 's/^/#   /' "$tmp/.err" | head -n 10
	fi
}

# sum: of the numbers on standard input, one to a line
sum() { awk '{ n += $1 } END { print n }'; }

# until_true SECONDS COMMAND...: poll until it succeeds.  That is enough time on
# an idle machine; a busy one gets ten times as much.
until_true() {
	until_n=$(($1 * 200)); shift
	while ! "$@" >/dev/null 2>&1; do
		until_n=$((until_n - 1))
		[ "$until_n" -gt 0 ] || return 1
		sleep 0.05
	done
}

# Signs that a process of one thread gives; where there is no /proc, none.
# asleep PID: it has handled all that was written, sent or done before
asleep() { ! grep -q '^State:.[RD]' "/proc/$1/status" 2>/dev/null; }

# catches_term PID: it has begun, and SIGTERM does not just kill it any more.  The
# shell's child catches it, too, before it becomes the command.
catches_term() {
	case $(cat "/proc/$1/comm" 2>/dev/null) in sh|dash|bash) return 1 ;; esac
	grep -q '^SigCgt:.*[4-7c-f]...$' "/proc/$1/status" ||
	    [ ! -d /proc/self ]
}
