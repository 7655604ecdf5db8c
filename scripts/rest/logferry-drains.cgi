#!/bin/sh
#
# logferry-drains.cgi - log drains by REST, as Akkeris' logshuttle has them
#
# A CGI (RFC 3875) for any web server; logferry-drains(7) has the set-up.  It
# writes the files that logpush --drains reads.  The environment says:
#   LOGFERRY_DRAINS       the folder of these files
#   LOGFERRY_KEY_FILE     its first line is what Authorization: must be
#   LOGFERRY_SESSIONS     a folder for the sessions, or none
#   LOGFERRY_SESSION_URL  where we are reached, for sessions: http://host:port
#   LOGFERRY_EVENTS       a file, or a URL for logpush, that gets events; or none
#   LOGFERRY_ALLOW        hosts, addresses and prefixes (with commas) that drains
#                         may name though they are loopback or link-local
#   LOGFERRY_TOPIC        kafka://broker/topic, for several machines: drains go
#                         there, and logferry-drains-follow brings them from there
#   LOGFERRY_KAFKA_CONFIG settings of librdkafka for it, such as TLS and SASL
#
# JSON is read with logparse.  What is written as JSON comes from letters that
# need no escape there: URLs are held to those of RFC 3986, names to fewer.

umask 077
PATH=$PATH:${0%/*}/../../../../bin
PATH="$PATH:/usr/local/bin:/usr/bin:/bin"
LC_ALL=C
export PATH LC_ALL
body_max=65536			# bytes
batch_max=16777216		# of lines for a session
waiting_max=100			# batches for a session
quiet_max=60			# seconds; a session ends after so many
arrive_max=5			# seconds that a drain has to arrive from the topic
alive_each=15			# seconds; finds that the client has gone

# answer STATUS TEXT [HEADER]: TEXT is JSON; ends.  A body that nobody read would
# be an error of ours to some servers.
answer() {
	case $unread in
	''|*[!0-9]*|??????????*) ;;
	*) head -c "$unread" >/dev/null ;;
	esac
	printf 'Status: %s\nContent-Type: application/json\n' "$1"
	printf '%s\n' "Cache-Control: no-store" ${3+"$3"} '' "$2"
	exit 0
}

# fail STATUS REASON [HEADER]: REASON needs no escape in JSON
fail() { answer "$1" "{\"message\":\"$2\"}" ${3+"$3"}; }
refuse() { fail '422 Unprocessable Entity' "$1"; }
not_found() { fail '404 Not Found' "${1-No such log drain or app found}"; }
broken() { fail '500 Internal Server Error' "$1"; }
only() { fail '405 Method Not Allowed' 'not for this path' "Allow: $1"; }

random() { od -An -v -N "$1" -tx1 /dev/urandom | tr -d ' \n'; }
uuid() {
	random 16 | sed 's/^\(.\{8\}\)\(.\{4\}\).\(...\).\(...\)\(.\{12\}\)$/\1-\2-4\3-a\4-\5/'
}
is_uuid() {
	case $1 in
	*[!0-9a-f-]*) return 1 ;;
	????????-????-????-????-????????????) return 0 ;;
	*) return 1 ;;
	esac
}

# A comparison of two strings ends at the first byte that differs, and so its
# time tells how many bytes were right.  Digests with a salt that nobody knows
# tell nothing: which of their bytes agree is chance.
digest() { printf '%s\n%s\n' "$salt" "$1" | sha256sum; }
is_authorized() {
	key=
	[ -r "${LOGFERRY_KEY_FILE-}" ] || return 1
	IFS= read -r key <"$LOGFERRY_KEY_FILE" || [ -n "$key" ] || return 1
	salt=$(random 32)
	wanted=$(digest "$key") got=$(digest "${HTTP_AUTHORIZATION-}")
	[ -n "$key" ] && [ ${#salt} = 64 ] && [ ${#wanted} -ge 64 ] &&
	    [ "$wanted" = "$got" ]
}
need_key() {
	is_authorized || fail '401 Unauthorized' 'the key is wrong'
}

# check_length MAX: the body has no more bytes than that
check_length() {
	case ${CONTENT_LENGTH-} in
	''|*[!0-9]*) fail '411 Length Required' 'a length is needed' ;;
	esac
	[ ${#CONTENT_LENGTH} -lt 10 ] && [ "$CONTENT_LENGTH" -le "$1" ] ||
	    fail '413 Content Too Large' "at most $1 bytes"
}

# One document may have several lines; a string in it has none.
read_body() {
	check_length $body_max
	unread=
	body=$(head -c "$CONTENT_LENGTH" | tr '\n\r\000' '   ')
	printf '%s\n' "$body" | logparse -f json --unparsed=fail >/dev/null 2>&1 ||
	    refuse 'the body is no JSON object'
}

# member NAME: its value in the body, or "-"
member() {
	printf '%s\n' "$body" | logparse -f json -o "template:{$1}" 2>/dev/null
}

# Why a drain must not name this host, if it must not: its addresses are told
# as inet_aton(3) and inet_pton(3) read them.
# shellcheck disable=SC2016	# awk's own
judge_host='
function number(s,   v, base, i, d) {
	base = 10
	if (s ~ /^0x[0-9a-f]*$/) { base = 16; s = substr(s, 3) }
	else if (s ~ /^0[0-9]+$/) { base = 8 }
	if (s !~ /^[0-9a-f]*$/ || (base < 16 && s !~ /^[0-9]+$/) ||
	    (base == 8 && s ~ /[89]/) || length(s) > 24)
		return -1
	for (i = 1; i <= length(s); i++) {
		d = index("0123456789abcdef", substr(s, i, 1)) - 1
		v = v * base + d
	}
	return v + 0
}
# Sets group[0..7] for an address of IPv4: ::ffff:a.b.c.d; false: it is none.
function v4(s,   part, n, i, v, whole) {
	n = split(s, part, ".")
	if (n > 4 || n == 0) return 0
	for (i = 1; i <= n; i++) {
		if (part[i] == "" || (v = number(part[i])) < 0) return 0
		if (i < n) {
			if (v > 255) return 0
			whole += v * 256 ^ (4 - i)
		} else {
			if (v >= 256 ^ (5 - n)) return 0
			whole += v
		}
	}
	for (i = 0; i < 5; i++) group[i] = 0
	group[5] = 65535
	group[6] = int(whole / 65536)
	group[7] = whole % 65536
	return 1
}
function v6(s,   sides, part, n, m, i, k, j, q) {
	if (s ~ /\..*:/ || s ~ /:::/ || s !~ /:/) return 0
	if (s ~ /\./) {		# the end is an address of IPv4
		k = match(s, /[0-9.]*$/)
		if (split(substr(s, k), q, ".") != 4) return 0
		for (i = 1; i <= 4; i++)
			if (q[i] !~ /^[0-9]+$/ || q[i] > 255) return 0
		s = substr(s, 1, k - 1) sprintf("%x:%x", q[1] * 256 + q[2],
		    q[3] * 256 + q[4])
	}
	if ((sides = split(s, part, "::")) > 2) return 0
	for (i = 0; i < 8; i++) group[i] = 0
	n = split(part[1], left, ":")
	m = sides == 2 ? split(part[2], right, ":") : 0
	if (sides == 1 ? n != 8 : n + m > 7) return 0
	for (i = 1; i <= n + m; i++) {
		q[0] = i <= n ? left[i] : right[i - n]
		if (q[0] !~ /^[0-9a-f]+$/ || length(q[0]) > 4) return 0
		group[i <= n ? i - 1 : 8 - m + i - n - 1] = number("0x" q[0])
	}
	return 1
}
function address(s) { return s ~ /:/ ? v6(s) : v4(s) }
function keep(   i) { for (i = 0; i < 8; i++) host[i] = group[i] }
# Whether host is in prefix, "address/bits"
function within(prefix,   part, n, bits, i, width) {
	n = split(prefix, part, "/")
	if (!address(part[1])) return 0
	bits = n == 1 ? 128 : part[2] + (part[1] ~ /:/ ? 0 : 96)
	for (i = 0; i < 8 && bits > 0; i++) {
		width = bits < 16 ? 16 - bits : 0
		if (int(host[i] / 2 ^ width) != int(group[i] / 2 ^ width))
			return 0
		bits -= 16
	}
	return 1
}
function any(list,   part, n, i) {
	n = split(list, part, /[ ,\t]+/)
	for (i = 1; i <= n; i++)
		if (part[i] != "" && within(part[i])) return 1
	return 0
}
function named(list, name,   part, n, i) {
	n = split(list, part, /[ ,\t]+/)
	for (i = 1; i <= n; i++)
		if (part[i] == name) return 1
	return 0
}
# Names of this machine, and of what tells a machine in a cloud about itself
function is_own(name) {
	return name ~ /^(localhost|ip6-localhost|ip6-loopback)$/ ||
	    name ~ /(\.localhost$)|(^localhost\.)/ ||
	    name ~ /^(metadata|instance-data)(\.|$)/
}
# What is wrapped in host leads to IPv4.
function unwrap(   i, at) {
	at = -1
	if (host[0] == 8194)				# 2002::/16
		at = 1
	else if (host[2] + host[3] + host[4] + host[5] == 0 &&
	    ((host[0] == 0 && host[1] == 0) ||		# ::/96
	    (host[0] == 100 && host[1] == 65435)))	# 64:ff9b::/96
		at = 6
	if (at < 0) return 0
	i = host[at]; host[7] = host[at + 1]; host[6] = i
	for (i = 0; i < 5; i++) host[i] = 0
	host[5] = 65535
	return 1
}
BEGIN {
	name = tolower(ENVIRON["host"])
	allow = tolower(ENVIRON["LOGFERRY_ALLOW"])
	never = "0.0.0.0/8 127.0.0.0/8 169.254.0.0/16 255.255.255.255 " \
	    "100.100.100.200 168.63.129.16 192.0.0.192 ::/128 ::1 " \
	    "fe80::/10 fd00:ec2::254 fd20:ce::254"
	if (name ~ /^\[.*\]$/) {
		name = substr(name, 2, length(name) - 2)
		if (!v6(name)) { print "its address is none"; exit }
	} else {
		sub(/\.$/, "", name)
		if (name == "" || name !~ /^[a-z0-9._-]+$/ || name ~ /\.\./ ||
		    name ~ /^\./ || name ~ /\.$/) {
			print "its host is none"; exit
		}
		n = split(name, label, ".")
		if (!v4(name)) {
			if (label[n] ~ /^(0x[0-9a-f]*|[0-9]+)$/)
				print "its address is none"
			else if (is_own(name) && !named(allow, name))
				print "its host is not allowed"
			exit
		}
	}
	keep()
	if (any(allow)) exit
	if (any(never) || (unwrap() && !any(allow) && any(never)))
		print "its address is not allowed"
}'

# check_url URL: sets where, the URL for logpush; or refuses it
check_url() {
	case $1 in
	*[!]A-Za-z0-9._~:/?#[@!\$\&\'\(\)*+,\;=%-]*)
		refuse 'url: a character that no URL has' ;;
	http://*|https://*) where=logplex+$1 ;;
	syslog://*) where=syslog+tcp://${1#*://} ;;
	syslog+tcp://*|syslog+tls://*|syslog+udp://*) where=$1 ;;
	*) refuse 'url: its scheme is none of http, https, syslog, syslog+tcp, syslog+tls, syslog+udp' ;;
	esac
	[ ${#1} -le 4096 ] || refuse 'url: it is too long'
	host=${1#*://}
	host=${host%%[/?#]*}
	case $host in
	*@*@*) refuse 'url: its host is none' ;;
	*@*) host=${host#*@} ;;
	esac
	case $host in
	\[*\]) ;;
	\[*\]:*|*:*) port=${host##*:} host=${host%:*}
		case $port in *[!0-9]*|??????*) refuse 'url: its port is none' ;; esac ;;
	esac
	why=$(host=$host LOGFERRY_ALLOW=${LOGFERRY_ALLOW-} awk "$judge_host" </dev/null) ||
	    broken 'awk failed'
	[ -z "$why" ] || refuse "url: $why"
}

# check_key KIND KEY: sets conditions, for where, and origin, for syslog
check_key() {
	case $2 in
	''|*[!A-Za-z0-9._-]*) refuse 'the name has other letters than A-Z, a-z, 0-9, dot, _ and -' ;;
	esac
	if [ "$1" = sites ]; then
		conditions="\"site=$2\"" origin="\"hostname\":\"$2\","
		return
	fi
	app=${2%%-*} space=${2#*-}
	[ -n "$app" ] && [ -n "$space" ] && [ "$app-$space" = "$2" ] ||
	    refuse 'an app is named app-space'
	conditions="\"app=$app\",\"namespace=$space\""
	origin='"hostname":"{app}-{namespace}","appname":"{proc_type}.{instance}",'
}

need_folder() {
	[ -d "${LOGFERRY_DRAINS-}" ] && [ -w "$LOGFERRY_DRAINS" ] ||
	    broken 'LOGFERRY_DRAINS is no folder that can be written'
}

# publish ID [JSON]: on all machines the drain is so, or, without JSON, gone.  No
# drain is named in the arguments of a command, as others could see them.
publish() {
	at=${LOGFERRY_TOPIC#kafka://}
	printf '%s|%s\n' "$1" "${2-}" |
	    kcat -P -q -Z -K '|' -b "${at%%/*}" -t "${at#*/}" -p 0 \
	    ${LOGFERRY_KAFKA_CONFIG:+-F "$LOGFERRY_KAFKA_CONFIG"} -X acks=all \
	    -X message.timeout.ms=10000 >/dev/null 2>&1
}

# await ID JSON: the drain, or "", is what this machine has
await() {
	left=$((arrive_max * 10))
	until [ "$(cat "$LOGFERRY_DRAINS/$1" 2>/dev/null)" = "$2" ]; do
		[ $((left -= 1)) -gt 0 ] || return 0
		sleep 0.1
	done
}

# put_drain ID JSON: logpush finds the file whole
put_drain() {
	if [ -n "${LOGFERRY_TOPIC-}" ]; then
		publish "$1" "$2" ||
		    fail '503 Service Unavailable' 'the topic was not written'
		await "$1" "$2"
		return
	fi
	new=$LOGFERRY_DRAINS/.$1.$$
	printf '%s\n' "$2" >"$new" && sync "$new" &&
	    mv "$new" "$LOGFERRY_DRAINS/$1" && sync "$LOGFERRY_DRAINS" && return
	rm -f "$new" "$LOGFERRY_DRAINS/$1"
	broken 'the drain cannot be written'
}

remove_drain() {
	[ -n "${LOGFERRY_TOPIC-}" ] || { rm -f "$LOGFERRY_DRAINS/$1"; return; }
	publish "$1" && await "$1" ''
}

# drains KIND KEY FILE...: those of the files that belong there, as a client
# sees them, the oldest first
drains() {
	of_kind=$1 of_key=$2; shift 2
	[ -e "$1" ] || return 0
	loggrep -h -W "kind=$of_kind" -W "key=$of_key" "$@" 2>/dev/null |
	    logparse -f json -o 'template:{drain}' | sort
}

create_drain() {
	read_body
	url=$(member url)
	[ "$url" != - ] || refuse 'url: there is none'
	check_url "$url"
	id=$(uuid)
	is_uuid "$id" || broken 'no random numbers'
	now=$(date -u +%Y-%m-%dT%H:%M:%SZ)
	drain="{\"addon\":{\"id\":\"\",\"name\":\"\"},\"created_at\":\"$now\",\"id\":\"$id\",\"token\":\"$2\",\"updated_at\":\"$now\",\"url\":\"$url\"}"
	put_drain "$id" "{\"url\":\"$where\",\"where\":[$conditions],$origin\"kind\":\"$1\",\"key\":\"$2\",\"drain\":$drain}"
	answer '201 Created' "$drain"
}

# of_drains KIND KEY [ID]
of_drains() {
	need_key
	need_folder
	check_key "$1" "$2"
	if [ $# = 2 ]; then
		case $method in
		POST) create_drain "$@" ;;
		GET) answer '200 OK' "[$(drains "$@" "$LOGFERRY_DRAINS"/????????-????-????-????-???????????? |
			paste -sd , -)]" ;;
		*) only 'GET, POST' ;;
		esac
	fi
	is_uuid "$3" || not_found
	case $method in GET|DELETE) ;; *) only 'GET, DELETE' ;; esac
	drain=$(drains "$1" "$2" "$LOGFERRY_DRAINS/$3")
	[ -n "$drain" ] || not_found
	[ "$method" = GET ] || remove_drain "$3" ||
	    fail '503 Service Unavailable' 'the drain stays'
	answer '200 OK' "$drain"
}

# The line is added in one write, so that events do not mix.
add_event() {
	case $LOGFERRY_EVENTS in
	*://*) printf '%s\n' "$body" |
	    logpush -q --deadline 10s "$LOGFERRY_EVENTS" >/dev/null ;;
	*) printf '%s\n' "$body" | dd obs=1048576 2>/dev/null >>"$LOGFERRY_EVENTS" ;;
	esac
}

create_event() {
	[ "$method" = POST ] || only POST
	need_key
	[ -n "${LOGFERRY_EVENTS-}" ] || not_found 'no events: LOGFERRY_EVENTS is not set'
	read_body
	# "log" is the message of a record.
	[ "$(member message)" != - ] || refuse 'log: there is none'
	add_event || fail '503 Service Unavailable' 'the event was not taken'
	answer '201 Created' "$body"
}

need_sessions() {
	[ -d "${LOGFERRY_SESSIONS-}" ] && [ -w "$LOGFERRY_SESSIONS" ] &&
	    [ -n "${LOGFERRY_SESSION_URL-}" ] ||
	    not_found 'no sessions: LOGFERRY_SESSIONS is no folder that can be written, or LOGFERRY_SESSION_URL is not set'
}

create_session() {
	[ "$method" = POST ] || only POST
	need_key
	need_sessions
	read_body
	kind=apps key=$(member app)-$(member space) site=$(member site)
	if [ "$site" != - ] && [ -n "$site" ]; then
		kind=sites key=$site
	fi
	check_key $kind "$key"
	[ "$key" = "${key%-}" ] || refuse 'an app and a space are needed, or a site'
	clear_sessions
	id=$(uuid)
	is_uuid "$id" || broken 'no random numbers'
	printf '%s %s\n' $kind "$key" >"$LOGFERRY_SESSIONS/$id" ||
	    broken 'the session cannot be written'
	answer '201 Created' "{\"id\":\"$id\",\"logplex_url\":\"$LOGFERRY_SESSION_URL/log-sessions/$id\"}"
}

# end_session: whatever ends us; but see clear_sessions
end_session() {
	remove_drain "$reader" && rm -rf "$lines"
}

# What those left that were killed, or could not end.  A folder that is in use
# changes each minute.
clear_sessions() {
	find "$LOGFERRY_SESSIONS" -type f -mmin +10 -exec rm -f {} + 2>/dev/null
	find "$LOGFERRY_SESSIONS" -name '*-*.d' -mmin +10 2>/dev/null |
	while IFS= read -r lines; do
		reader=${lines##*/}
		reader=${reader%.d}
		end_session
	done
}

# In five minutes the drain ends by itself, in case that we cannot end it.
renew_session() {
	until=$(TZ=now-0:05 date +%Y-%m-%dT%H:%M:%SZ)
	put_drain "$reader" "{\"url\":\"$LOGFERRY_SESSION_URL/log-sessions/$reader\",\"where\":[$conditions],\"max\":1048576,\"until\":\"$until\"}"
}

# What is no process of an application has another name, as akkeris/router.  A
# name may have blanks: it ends with a control character.
name_end=$(printf '\001')
name_origin="s/^\([^ ]* [^ ]* [^$name_end-][^$name_end]*\)$name_end app\[-\.-\]:/\1:/
t
s/^\([^ ]* [^ ]* \)[^$name_end]*$name_end /\1/"

# print_lines: what logpush has brought; fails when the client has gone
print_lines() {
	for batch in "$lines"/*.lines; do
		[ -e "$batch" ] || break
		quiet=0
		logparse -f json -o "template:{timestamp} $key {appname}$name_end app[{proc_type}.{instance}]: {message}" \
		    "$batch" | sed "$name_origin" || return
		rm -f "$batch"
	done
}

# read_session ID: another drain for each that reads
read_session() {
	need_folder
	[ -n "$(find "$LOGFERRY_SESSIONS/$1" -type f -mmin -5 2>/dev/null)" ] || not_found
	read -r kind key <"$LOGFERRY_SESSIONS/$1" || not_found
	check_key "$kind" "$key"
	reader=$(uuid)
	is_uuid "$reader" || broken 'no random numbers'
	lines=$LOGFERRY_SESSIONS/$reader.d
	mkdir "$lines" || broken 'the session cannot be written'
	trap end_session EXIT
	trap 'exit 0' HUP INT TERM PIPE
	renew_session
	printf '%s\n' 'Status: 200 OK' 'Content-Type: text/plain' \
	    'Cache-Control: no-store' 'X-Accel-Buffering: no' ''
	age=0 quiet=0
	while [ $quiet -lt $quiet_max ]; do
		print_lines || exit 0
		sleep 1
		age=$((age + 1)) quiet=$((quiet + 1))
		[ $((age % 120)) != 0 ] || renew_session
		[ $((quiet % alive_each)) != 0 ] || printf '\n' || exit 0
	done
	exit 0
}

# Prints the number of the next batch: several logpush may bring lines at once.
next_number() {
	{
		flock 9 || return
		read -r n <"$lines/number"
		echo $((${n:-0} + 1)) | tee "$lines/number"
	} 9>>"$lines/number"
}

# take_lines ID: from logpush, which alone has been told this id
take_lines() {
	lines=$LOGFERRY_SESSIONS/$1.d
	[ -d "$lines" ] || not_found
	check_length $batch_max
	set -- "$lines"/*.lines
	[ $# -lt $waiting_max ] || fail '503 Service Unavailable' 'the reader is slow'
	unread=
	n=$(next_number) && name=$(printf '%09d' "$n") && head -c "$CONTENT_LENGTH" \
	    >"$lines/$name" && mv "$lines/$name" "$lines/$name.lines" ||
	    broken 'no room'
	answer '200 OK' '{}'
}

of_session() {
	need_sessions
	is_uuid "$1" || not_found
	case $method in
	GET) read_session "$1" ;;
	POST) take_lines "$1" ;;
	*) only 'GET, POST' ;;
	esac
}

health() {
	[ "$method" = GET ] || only GET
	state=good status='200 OK'
	[ -d "${LOGFERRY_DRAINS-}" ] && [ -w "$LOGFERRY_DRAINS" ] ||
	    state=bad status='503 Service Unavailable'
	printf 'Status: %s\nContent-Type: text/plain\n\noverall_status=%s\n' \
	    "$status" $state
}

unread=${CONTENT_LENGTH-}
method=${REQUEST_METHOD-} path=${PATH_INFO-}
path=${path%/}
case $path in
/octhc) health ;;
/log-events) create_event ;;
/log-sessions) create_session ;;
/log-sessions/*) of_session "${path#/log-sessions/}" ;;
/apps/*/log-drains|/sites/*/log-drains)
	rest=${path#/*/} kind=${path#/}
	of_drains "${kind%%/*}" "${rest%/log-drains}" ;;
/apps/*/log-drains/*|/sites/*/log-drains/*)
	rest=${path#/*/} kind=${path#/}
	of_drains "${kind%%/*}" "${rest%%/log-drains/*}" "${rest#*/log-drains/}" ;;
*) not_found ;;
esac
