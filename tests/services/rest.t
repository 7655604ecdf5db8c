#!/bin/sh
# scripts/rest/logferry-drains.cgi behind lighttpd, and nginx with fcgiwrap
. "${0%/*}/../lib.sh"

for c in jq curl python3; do
	command -v $c >/dev/null || skip_all "no $c here"
done
# As the server's own user, whoever that is
root=$tmp/root
mkdir -m 700 "$root" "$root/drains" "$root/sessions" "$root/server"
cp "$top/scripts/rest/logferry-drains.cgi" "$root"
echo secret >"$root/key"
pids=
# fcgiwrap leaves its own processes behind, and makes new ones for those that go.
at_exit='for p in $pids; do kill "$p" $(pgrep -P "$p"); done 2>/dev/null; wait'
free_port() {
	python3 -c 'import socket
s = socket.socket()
s.bind(("127.0.0.1", 0))
print(s.getsockname()[1])'
}
auth=secret
web() { curl -s -m 30 -o body -w '%{http_code}' -H "Authorization: $auth" "$@"; }
drains=/apps/shop-live/log-drains
made='{"url":"https://logs.example.com/in"}'

# lines N: as logpush brings them
lines() {
	seq -f '{"timestamp":"2021-06-29T10:05:03Z","app":"shop","namespace":"live","proc_type":"web","instance":"1","message":"number %.0f"}' "$1"
}
have() { [ -n "$(find "$root/drains" -name '????????-*')" ]; }
has_lines() { [ "$(grep -c number session)" = "$1" ]; }

# check SERVER URL
check() {
	rm -f "$root"/drains/*
	until_true 20 curl -fs "$2/octhc" || sed 's/^/# /' "$root"/server/*
	is "$1: a drain is made" "$(web -d "$made" "$2$drains")" 201
	id=$(jq -r .id body)
	is "$1: drains are listed" "$(web "$2$drains") $(jq -r '.[].id' body)" "200 $id"
	is "$1: a drain is shown" "$(web "$2$drains/$id") $(jq -r .id body)" "200 $id"
	is "$1: another application has it not" "$(web -X DELETE "$2/apps/shop-test/log-drains/$id")" 404
	is "$1: a drain is removed" "$(web -X DELETE "$2$drains/$id") $(ls "$root/drains")" '200 '
	is "$1: other methods are told" "$(web -X PUT -d x "$2$drains")" 405
	is "$1: a drain to this machine is not made" \
		"$(web -d '{"url":"http://0x7f.1/"}' "$2$drains")" 422
	head -c 70000 /dev/zero | tr '\0' x >long
	is "$1: a long body is refused" "$(web --data-binary @long "$2$drains")" 413
	auth=wrong
	is "$1: a wrong key gets nowhere" "$(web -d "$made" "$2$drains")" 401
	is "$1: no key gets nowhere" "$(curl -s -o body -w '%{http_code}' "$2$drains")" 401
	auth=secret
	is "$1: an event is taken" "$(web -d '{"log":"x"}' "$2/log-events")" 201

	is "$1: a session is made" "$(web -d '{"app":"shop","space":"live"}' "$2/log-sessions")" 201
	curl -s -N -m 60 -o session "$(jq -r .logplex_url body)" &
	reader=$!
	pids="$pids $reader"
	until_true 20 have
	drain=$(echo "$root"/drains/????????-*)
	lines 20000 | logpush --deadline 30s "$(jq -r .url "$drain")" 2>err
	ok "$1: what logpush brings to a session is read at once" until_true 20 has_lines 20000
	grep number session | head -n 1 >first
	is "$1: a line of a session is as Akkeris has it" "$(cat first)" \
		'2021-06-29T10:05:03Z shop-live app[web.1]: number 1'
	seq -f 'number %.0f' 20000 >want
	sed -n 's/.*: number/number/p' session >got
	ok "$1: a session has all lines, in order" cmp want got
	kill $reader
	gone() { ! have; }
	ok "$1: when the reader goes, its drain goes" until_true 40 gone
}

# The configuration that logferry-drains(7) has for a server, with our places.
page() {			# the words that begin it
	awk -v words="$1" '/^\.Ed/ { inside = 0 }
	begins && index($0, words) == 1 { inside = 1 }
	inside
	{ begins = /^\.Bd/ }' "$top/man/logferry-drains.7" |
	    sed "s|/var/lib/logferry-drains|$root|; s|/etc/logferry|$root|
		s|/usr/local/share/logferry/scripts/rest|$root|
		s|/run/logferry-drains.sock|$root/server/socket|
		s|https://drains.example.com|http://127.0.0.1:$port|"
}

if command -v lighttpd >/dev/null; then
	port=$(free_port)
	cat >"$root/lighttpd.conf" <<-END
		server.bind = "127.0.0.1"
		server.port = $port
		server.errorlog = "$root/server/lighttpd"
		$(page server.modules | sed "/^server.username/d
		    s|^setenv.*|& \"PATH\" => \"$PATH\", \"LOGFERRY_EVENTS\" => \"$root/events\",|")
	END
	lighttpd -D -f "$root/lighttpd.conf" 2>"$root/server/start" &
	pids="$pids $!"
	check lighttpd "http://127.0.0.1:$port"
else
	skip 'no lighttpd' 'lighttpd: a drain is made'
fi

if command -v nginx >/dev/null && command -v fcgiwrap >/dev/null; then
	port=$(free_port)
	user=
	[ "$(id -u)" != 0 ] || user='user root;'
	cat >"$root/nginx.conf" <<-END
		$user
		daemon off;
		pid $root/server/pid;
		error_log $root/server/nginx;
		events { }
		http {
		    access_log off;
		    client_body_temp_path $root/server/body;
		    proxy_temp_path $root/server/proxy;
		    fastcgi_temp_path $root/server/fastcgi;
		    uwsgi_temp_path $root/server/uwsgi;
		    scgi_temp_path $root/server/scgi;
		    server {
		        listen 127.0.0.1:$port;
		        $(page location | sed "s|^}|fastcgi_param PATH $PATH; fastcgi_param LOGFERRY_EVENTS $root/events; }|")
		    }
		}
	END
	fcgiwrap -c 4 -s "unix:$root/server/socket" >"$root/server/fcgiwrap" 2>&1 &
	pids="$pids $!"
	nginx -c "$root/nginx.conf" -p "$root" 2>"$root/server/start" &
	pids="$pids $!"
	check nginx "http://127.0.0.1:$port"
else
	skip 'no nginx with fcgiwrap' 'nginx: a drain is made'
fi
done_testing
