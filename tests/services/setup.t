#!/bin/sh
# scripts/setup on machines as Debian, Ubuntu and Docker ship them: what the
# containers write is in the bucket exactly once, and setup takes all back
. "${0%/*}/../lib.sh"

machine=$top/tests/servers/machine
[ "$(id -u)" = 0 ] || skip_all 'only root can boot a machine'
for c in debootstrap systemd-nspawn nsenter python3; do
	command -v $c >/dev/null || skip_all "no $c here"
done

host=$(uname -n)
setup=/usr/local/share/logferry/scripts/setup
at_exit='[ -z "$m" ] || "$machine" stop "$m"; kill $servers 2>/dev/null'
m='' servers=''

# The bucket, and a proxy that spoils what its plan says.
mkdir s3 fault
"$top/tests/servers/store" s3 >store.log 2>&1 &
servers=$!
until_true 20 test -s s3/port || exit 1
: >fault/plan
"$top/tests/servers/fault-proxy" "$(cat s3/port)" fault >proxy.log 2>&1 &
servers="$servers $!"
until_true 20 test -s fault/port || exit 1

in_it() { "$machine" run "$m" "$@"; }

# make_machine NAME SUITE PACKAGE...: boot it with our commands, a quiet time of
# 2 s, and the store's credentials where users put them
make_machine() {
	m=$tmp/$1
	shift
	"$machine" make "$m" "$@" 2>why || { why=$(cat why); m=; return 1; }
	make -s -C "$top" install B="$B" DESTDIR="$m" PREFIX=/usr/local >/dev/null
	cp "$top/tests/servers/docker-syslog" "$m/usr/local/bin"
	grep -rl -e '-t 30' "$m/usr/local/share/logferry" | xargs sed -i 's/-t 30/-t 2/'
	mkdir -p "$m/etc/docker"
	cat >"$m/etc/default/logferry" <<-END
	AWS_ACCESS_KEY_ID=AKIDTEST
	AWS_SECRET_ACCESS_KEY=secret/+=key
	AWS_ENDPOINT_URL=http://127.0.0.1:$(cat fault/port)
	END
	"$machine" boot "$m" 2>why || { why=$(cat why); return 1; }
}

end_machine() {
	"$machine" stop "$m"
	rm -rf --one-file-system "$m"
	m=
}

# What is in the bucket below logs/$run/.
run=0
next_run() {
	run=$((run + 1)) id=0
	: >sent
}
url() { echo "s3://bucket/logs/$run/"; }
objects() { find s3/objects -name "logs%2F$run%2F*.gz"; }
n_objects() { objects | wc -l; }
more_than() { [ "$(n_objects)" -gt "$1" ]; }
difference() {
	objects | xargs -r gzip -dc | tr -d '\\' |
	    sed -n 's/.*\(203\.0\.113\.[0-9]* .* id=[0-9]*\).*/\1/p' | sort >found
	sort sent | diff - found | head -n 5
}

# lines STATUS HOW-MANY: the application's, each known by its number
lines() {
	n=$2
	while [ $((n -= 1)) -ge 0 ]; do
		id=$((id + 1))
		printf '203.0.113.%d - - [%s] "GET /x HTTP/1.1" %s 512 id=%d\n' \
		    $((id % 250)) '29/Jun/2021:10:05:03 +0000' "$1" "$id"
	done >new
	cat new >>sent
}

# What Docker's driver sends, in each framing, to each address, with both tags.
send_syslog() {			# STATUS
	for address in unixgram:///dev/log "tcp://127.0.0.1:$port"; do
		for format in default rfc3164 rfc5424 rfc5424micro; do
			for tag in docker/todo-list 0123456789ab; do
				lines "$1" 3
				in_it docker-syslog "$address" "$format" "$tag" <new
			done
		done
	done
}

# As the day's run, a day later: its unit, and what it prints.
next_day() {
	[ ! -e "$m/var/lib/logrotate/status" ] ||
	    sed -i "s|^\\(\"/var/log/docker.log\"\\) .*|\\1 2021-6-29-0:0:0|" \
	    "$m/var/lib/logrotate/status"
	in_it systemctl start logrotate.service
}
rotation_said() {
	in_it journalctl -q -o cat -u logrotate.service _COMM=logrotate
	in_it journalctl -q -o cat -u logferry-docker-ship.service \
	    _COMM=logrotate + _COMM=ship + _COMM=logpush + _COMM=logpack
}

trace() {			# what setup may leave, and files of others
	(cd "$m" && find etc var/lib/logferry* var/lib/private var/lib/logrotate \
	    var/spool run/logferry ! -type d ! -name status \
	    ! -path 'var/lib/private/systemd*' ! -path 'var/spool/rsyslog/*' \
	    -exec sha256sum {} + 2>/dev/null | sort -k2)
}

# bursts SEND: three of them, with traffic between and the day's runs beside
bursts() {
	for burst in 1 2 3; do
		before=$(n_objects)
		$1 200
		$1 503
		[ $burst = 1 ] || next_day
		$1 200
		ok "$here: burst $burst is shipped" until_true 90 more_than "$before"
	done
	before=$(n_objects)
	printf 'PUT 503\nPUT 503\nPUT 503\n' >fault/plan
	spoiled=$(grep -c ' 503$' proxy.log)
	$1 503
	ok "$here: with the bucket down for three tries it is shipped at last" \
	    until_true 120 more_than "$before"
	is "$here: with the bucket down the tries were three" \
	    $(($(grep -c ' 503$' proxy.log) - spoiled)) 3
	$1 503
	ok "$here: every line is in the bucket exactly once" until_true 90 all_there
	is "$here: of the lines none is missing and none is twice" "$(difference)" ''
	echo "# $here: $(wc -l <sent) lines in $(n_objects) objects"
}
all_there() { [ -z "$(difference)" ]; }

# the_job: set up, ship, take back, and what is printed
the_job() {			# SEND
	trace >before
	in_it $setup docker "$(url)" >out 2>&1
	is "$here: setup proves itself" "$?" 0
	is "$here: the marked line is read back from the bucket" \
	    "$(grep -c 'read back' out)" 0
	sed 's/^/# /' out | grep -e Found -e trigger -e 'after it was written' -e setup:
	[ ! -e "$m/etc/systemd/system/logferry-docker.service" ] ||
	    ok "$here: systemd-analyze finds the units' exposure below 4" hardened
	trace >between
	in_it $setup docker "$(url)" >out 2>&1
	is "$here: a second setup succeeds" "$?" 0
	is "$here: a second setup changes nothing" "$(trace | diff between - | grep etc/)" ''
	drop_in=$m/etc/systemd/system/logferry-docker-ship.service.d
	mkdir "$drop_in" && echo broken >"$drop_in/broken.conf"
	in_it $setup docker "$(url)other/" >out 2>&1
	is "$here: a setup whose units are refused is status 2" "$?" 2
	rm -r "$drop_in"
	in_it systemctl daemon-reload
	is "$here: a setup that is refused leaves what worked before" \
	    "$(trace | diff between - | grep -e etc/ -e logferry/setup)" ''
	bursts "$1"
	is "$here: logrotate and its scripts print nothing" "$(rotation_said)" ''
	exits 0 "$here: setup --check" in_it $setup --check
	exits 0 "$here: setup --remove" in_it $setup --remove docker
	is "$here: setup --remove leaves no trace" "$(trace | diff before -)" ''
}

syslog_job() {
	next_run
	port=$((20000 + $$ % 10000 + run))
	cat >"$m/etc/docker/daemon.json" <<-END
	{
		"log-driver": "syslog",
		"log-opts": {
			"syslog-address": "tcp://127.0.0.1:$port",
			"tag": "docker/{{.Name}}"
		}
	}
	END
	the_job send_syslog
	rm "$m/etc/docker/daemon.json"
}

# Docker as it comes: json-file.
ident=$(printf '%064d' 7)
send_json() {
	lines "$1" 20
	"$top/tests/servers/docker-json" "$m/var/lib/docker" "$ident" \
	    todo-list 3000 4 <new
}
json_job() {
	next_run
	mkdir -p "$m/var/lib/docker/containers"
	the_job send_json
	is "$here: the objects are named after the container" \
	    "$(objects | sed 's/.*%2F//; s/-[0-9_]*\.gz$//' | sort -u | tr '\n' ' ')" \
	    'logferry-setup.log todo-list.log '
	rm -r "$m/var/lib/docker/containers"	# as docker rm: its driver was this
}

# The journald driver, and the syslog driver where journald is alone: a process
# of docker.service writes to the journal's sockets.
send_journal() {
	for how in 'unixgram:///dev/log default docker/todo-list' \
	    'unixgram:///run/systemd/journal/socket journald 0123456789ab'; do
		lines "$1" 10
		# shellcheck disable=SC2086
		in_it systemd-run -q --wait --pipe --unit=docker.service \
		    docker-syslog $how <new
	done
}
journal_job() {
	next_run
	echo '{ "log-driver": "journald" }' >"$m/etc/docker/daemon.json"
	the_job send_journal
	rm "$m/etc/docker/daemon.json"
}

hardened() {
	for u in docker docker-ship; do
		in_it systemd-analyze security --no-pager "logferry-$u.service" |
		    sed -n 's/.*exposure level.*: \([0-9.]*\) .*/\1/p'
	done | awk '{ print "# exposure " $1; if ($1 >= 4) bad = 1 } END { exit bad || NR != 2 }'
}

for part in ${SETUP_MACHINES:-bookworm trixie noble}; do
	case $part in
	bookworm)
		here='Debian 12 with journald alone'
		make_machine bookworm bookworm ||
			{ skip "$why" "$here"; continue; }
		journal_job
		here='Debian 12 with Docker as it comes'
		json_job
		here='Debian 12 with rsyslog'
		chroot "$m" apt-get install -qq -y rsyslog >/dev/null 2>&1
		in_it systemctl restart rsyslog
		syslog_job
		here='Debian 12 with syslog-ng'
		chroot "$m" apt-get install -qq -y --no-install-recommends \
		    syslog-ng-core >/dev/null 2>&1
		in_it systemctl daemon-reload
		in_it systemctl restart syslog-ng
		syslog_job
		;;
	trixie)
		here='Debian 13 with rsyslog'
		make_machine trixie trixie rsyslog ||
			{ skip "$why" "$here"; continue; }
		syslog_job ;;
	noble)
		here='Ubuntu 24.04 with rsyslog as user syslog'
		make_machine noble noble rsyslog apparmor ||
			{ skip "$why" "$here"; continue; }
		syslog_job ;;
	esac
	end_machine
done

done_testing
