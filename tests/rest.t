#!/bin/sh
# scripts/rest/logferry-drains.cgi: log drains by REST, as a web server runs it
# (RFC 3875), in each shell that is here; and by busybox httpd
. "${0%/*}/lib.sh"
. "$top/tests/servers/lib.sh"

command -v jq >/dev/null || skip_all 'jq is not installed'
cgi=$top/scripts/rest/logferry-drains.cgi
shell='sh'
mkdir drains sessions
echo 'the key' >key
auth='the key'

# ask METHOD PATH [BODY] [VARIABLE=VALUE ...]: the answer goes to head and body
# shellcheck disable=SC2086	# busybox sh
ask() {
	method=$1 path=$2 text=${3-}
	[ $# -lt 3 ] || shift
	shift 2
	printf %s "$text" | env -i PATH="$PATH" LOGFERRY_DRAINS="$tmp/drains" \
	    LOGFERRY_KEY_FILE="$tmp/key" LOGFERRY_SESSIONS="$tmp/sessions" \
	    LOGFERRY_SESSION_URL=http://10.0.0.1:8080 LOGFERRY_EVENTS="$tmp/events" \
	    HTTP_AUTHORIZATION="$auth" REQUEST_METHOD="$method" PATH_INFO="$path" \
	    CONTENT_LENGTH=${#text} "$@" $shell "$cgi" >answer 2>err
	sed '/^$/,$d' answer >head
	sed '1,/^$/d' answer >body
}
status() { sed -n 's/^Status: \([0-9]*\) .*/\1/p' head; }
# gives STATUS NAME METHOD PATH [BODY] [VARIABLE=VALUE ...]
gives() {
	gives_want=$1 gives_name=$2; shift 2
	ask "$@"
	is "$gives_name" "$(status) $(cat err)" "$gives_want "
}
drains=/apps/shop-live/log-drains
made='{"url":"https://logs.example.com/in?a=b"}'

for shell in dash 'busybox sh' 'bash --posix'; do
	if ! command -v "${shell%% *}" >/dev/null; then
		skip "no $shell" "$shell: a drain is made"
		continue
	fi
	rm -f drains/*
	gives 201 "$shell: a drain is made" POST $drains "$made"
	id=$(jq -r .id body)
	is "$shell: the answer has what Akkeris' has" \
		"$(jq -c '[.addon, .created_at == .updated_at, .token, .url]' body)" \
		'[{"id":"","name":""},true,"shop-live","https://logs.example.com/in?a=b"]'
	is "$shell: its file is for logpush" "$(jq -c '[.url, .where, .hostname, .appname]' "drains/$id")" \
		'["logplex+https://logs.example.com/in?a=b",["app=shop","namespace=live"],"{app}-{namespace}","{proc_type}.{instance}"]'
	is "$shell: nobody else may read the file" "$(find drains -type f -perm 600 | wc -l)" 1
	cp body want
	gives 200 "$shell: a drain is shown" GET "$drains/$id"
	same "$shell: a drain is shown as it was made" want cat body
	ask POST $drains '{"url":"syslog://logs.example.com:514"}'
	gives 200 "$shell: the drains of an application are listed" GET $drains
	is "$shell: the list has all of them" "$(jq -c 'map(.url) | sort' body)" \
		'["https://logs.example.com/in?a=b","syslog://logs.example.com:514"]'
	gives 200 "$shell: a drain is removed" DELETE "$drains/$id"
	same "$shell: the answer is the drain that was removed" want cat body
	gives 404 "$shell: a removed drain is gone" GET "$drains/$id"
	is "$shell: the other one is still there" "$(find drains -type f | wc -l)" 1
	gives 422 "$shell: no drain to this machine is made" POST $drains '{"url":"http://[::ffff:7f00:1]/"}'
	gives 201 "$shell: an event is taken" POST /log-events '{"log":"x"}'
	auth=wrong
	gives 401 "$shell: a wrong key gets nowhere" GET $drains
	auth='the key'
done
shell='sh'
rm -f drains/*

# --- who may ---
for auth in '' 'the ke' 'the keyy' 'The key' 'Bearer the key' ' the key'; do
	gives 401 "the key '$auth' is wrong" POST $drains "$made"
done
auth=
: >empty; echo >newline; printf '\nkey\n' >second
for file in empty newline second none .; do
	gives 401 "a key file ($file) without a key refuses everybody" \
		GET $drains '' "LOGFERRY_KEY_FILE=$tmp/$file"
done
gives 401 'no key file refuses everybody' GET $drains '' LOGFERRY_KEY_FILE=
auth='the key'
mkdir few
for c in sed tr od cat env; do ln -s "$(command -v $c)" few/; done
rm -f few/env
# A shell script finds no digest there; what is in /usr/bin is found all the same.
printf '#!/bin/sh\nexit 1\n' >few/sha256sum; chmod +x few/sha256sum
auth=wrong
gives 401 'without digests nobody is let in' GET $drains '' "PATH=$tmp/few:$PATH"
auth='the key'
is 'nothing was made without the key' "$(find drains -type f | wc -l)" 0
printf 'the key' >unended
gives 200 'the key file needs no newline' GET $drains '' "LOGFERRY_KEY_FILE=$tmp/unended"
is 'an application without drains has an empty list' "$(jq -c . body)" '[]'

# --- where ---
ask POST $drains "$made"; id=$(jq -r .id body)
gives 404 "a drain is not another application's" GET /apps/shop-test/log-drains/"$id"
gives 404 "nor is it removed by way of that" DELETE /apps/shop-test/log-drains/"$id"
gives 404 "nor is it that of a site" DELETE /sites/shop-live/log-drains/"$id"
is 'the drain is still there' "$(find drains -type f | wc -l)" 1
gives 404 'an id is no path' GET "$drains/../key"
gives 404 'an id that nobody has is not found' GET $drains/00000000-0000-4000-a000-000000000000
gives 200 'the drains of another application are other ones' GET /apps/shop-test/log-drains
gives 200 'a slash at the end of a path makes no difference' GET "$drains/$id/"
gives 200 'nor does one at the end of a list' GET "$drains/"
is 'the list with a slash is that of the application' "$(jq -r '.[].id' body)" "$id"
ask GET /apps/shop-test/log-drains
is 'the other application has none' "$(jq -c . body)" '[]'
ask POST /apps/a-b-c/log-drains "$made"
is 'an application is cut at its first -' "$(jq -c .where "drains/$(jq -r .id body)")" '["app=a","namespace=b-c"]'
for app in shop -live shop- - 'a b-c' 'a"-b' 'a\-b' 'a*-b' "a'-b"; do
	gives 422 "the application '$app' has no such name" POST "/apps/$app/log-drains" "$made"
done
ask POST /sites/www.example.com/log-drains "$made"
is 'the drain of a site gets the lines of the site' "$(jq -c .where "drains/$(jq -r .id body)")" \
	'["site=www.example.com"]'
ask GET /sites/www.example.com/log-drains
is 'a site has a list of its own' "$(jq -c 'map(.token)' body)" '["www.example.com"]'
gives 405 'a list is not removed' DELETE $drains
is 'the methods for it are told' "$(grep ^Allow head)" 'Allow: GET, POST'
gives 405 'a drain is not replaced' PUT "$drains/$id" "$made"
gives 404 'another path is not found' GET /
gives 404 'no path is not found' GET ''
gives 500 'without a folder for drains there is trouble' GET $drains '' LOGFERRY_DRAINS=none

# --- what ---
gives 201 'a document may have several lines' POST $drains '{
  "url": "https:\/\/logs.example.com\/\u0061",
  "more": [1, {"url": "http://other.example.com"}]
}'
is 'its members are read as JSON has them' "$(jq -r .url body)" https://logs.example.com/a
head -c 65537 /dev/zero | tr '\0' x >long
gives 413 'a body above 64 KiB is refused' POST $drains "$(cat long)"
printf '{"url":"https://logs.example.com/","x":"%s"}' "$(head -c 65490 long)" >most
gives 201 'a body of 64 KiB is taken' POST $drains "$(cat most)"
gives 411 'the length of a body must be told' POST $drains "$made" CONTENT_LENGTH=
gives 413 'a length that no number holds is too long' POST $drains "$made" CONTENT_LENGTH=99999999999999999999
gives 422 'half a body is none' POST $drains "$made" CONTENT_LENGTH=20
for body in '' '[]' 'x' '{"url":' '{}' '{"url":""}' '{"url":5}' '{"url":null}' '{"url":["http://a.example"]}' \
    "$made$made" '{"url":"ftp://a.example/"}' '{"url":"file:///etc/passwd"}' '{"url":"s3://b/"}' \
    '{"url":"http:/a.example"}' '{"url":"logplex+http://a.example/"}' '{"url":"http://a.example/\"}' \
    '{"url":"http://a.example/\n"}' '{"url":"http://a.example/ b"}' '{"url":"http://a.example/{x}"}' \
    '{"url":"http://a.example/\"x"}' '{"url":"http://a.example/\\"}' '{"url":"HTTP://a.example/é"}'; do
	gives 422 "no drain is made of $body" POST $drains "$body"
done
printf '{"url":"http://a.example/%s"}' "$(head -c 5000 long)" >body
gives 422 'a URL of 5000 bytes is too long' POST $drains "$(cat body)"
made() {
	ask POST $drains "{\"url\":\"$1\"}"
	jq -r .url "drains/$(jq -r .id body)"
}
is 'http is logplex' "$(made http://u:p@a.example:81/)" logplex+http://u:p@a.example:81/
is 'syslog is over TCP' "$(made syslog://a.example:514)" syslog+tcp://a.example:514
for u in syslog+tcp://a.example syslog+tls://a.example:6514 syslog+udp://a.example; do
	is "$u stays" "$(made $u)" $u
done
: >refused
for host in 127.0.0.1 127.9.9.9 2130706433 0x7f.1 0X7F000001 0177.0.0.1 017700000001 127.1 \
    127.0.0.1. localhost LOCALHOST. a.localhost localhost.localdomain ip6-localhost '[::1]' \
    '[0:0:0:0:0:0:0:1]' '[::ffff:127.0.0.1]' '[::FFFF:7f00:1]' '[::127.0.0.1]' \
    '[64:ff9b::7f00:1]' '[2002:7f00:1::]' '[fe80::1]' '[FEBF::1]' '[fd00:ec2::254]' '[::]' \
    169.254.169.254 0xa9fea9fe 0251.0376.0251.0376 169.254.43518 metadata.google.internal \
    metadata 0 0.0.0.0 100.100.100.200 168.63.129.16 '[::1%25lo]' u:p@127.0.0.1 u@b@127.0.0.1 \
    a.example@127.0.0.1 127%2e0.0.1 256.1.1.1 1.2.3.4.5 4294967296 08.1.1.1 0x '[::1' a..b \
    '' : :80 127.0.0.1:80 '[::1]:80' a.example:x a.example:999999 '127.0.0.1#a.example' \
    '127.0.0.1?a.example'; do
	ask POST $drains "{\"url\":\"https://$host/\"}"
	[ "$(status)" = 422 ] || echo "$host" >>refused
done
is 'no spelling of loopback, link-local and metadata addresses is taken' "$(cat refused)" ''
for host in 10.0.0.1 192.168.1.1 a.example 1e100.example 128.0.0.1 169.253.1.1 '[2001:db8::1]' \
    '[::ffff:10.0.0.1]' '[fec0::1]' '[2002:a00:1::]' u:p@a.example:5 a.example:65535 a_b.example.; do
	ask POST $drains "{\"url\":\"https://$host/x@y:z\"}"
	[ "$(status)" = 201 ] || echo "$host" >>refused
done
is 'all other hosts are taken' "$(cat refused)" ''
allow=LOGFERRY_ALLOW='10.0.0.0/8, 127.0.0.2,fe80::/16 Logs.localhost'
for host in 127.0.0.2 0x7f000002 '[::ffff:7f00:2]' '[fe80::5]' logs.localhost; do
	gives 201 "LOGFERRY_ALLOW allows $host" POST $drains "{\"url\":\"https://$host/\"}" "$allow"
done
for host in 127.0.0.3 '[fe81::5]' localhost '[::1]'; do
	gives 422 "LOGFERRY_ALLOW does not allow $host, which it does not name" \
		POST $drains "{\"url\":\"https://$host/\"}" "$allow"
done
is 'each file is a line of JSON' "$(cat drains/* | jq -c .url | wc -l)" "$(find drains -type f | wc -l)"

# --- events ---
rm -f events
event='{"log":"an \"event\" \\","stream":"stdout","kubernetes":{"container_name":"shop"},"topic":"live"}'
gives 201 'an event is taken' POST /log-events "$event"
is 'the answer to an event is the event' "$(jq -c . body)" "$(printf '%s\n' "$event" | jq -c .)"
ask POST /log-events "$(printf '%s\n' "$event" | jq .)"
is 'an event is a line, even when its body has several' "$(jq -c . events | uniq -c | tr -s ' ' | cut -d' ' -f2-)" \
	"2 $(printf '%s\n' "$event" | jq -c .)"
gives 422 'an event has a line of a log' POST /log-events '{"x":1}'
gives 405 'events are not read' GET /log-events
gives 404 'without a place for events there are none' POST /log-events "$event" LOGFERRY_EVENTS=
is 'the reason why there are no events is told' "$(jq -r .message body)" 'no events: LOGFERRY_EVENTS is not set'
gives 503 'an event that cannot be written is not taken' POST /log-events "$event" LOGFERRY_EVENTS=none/x
if command -v python3 >/dev/null; then
	start_server intakes python3 "$top/tests/servers/intakes"
	gives 201 'an event goes to a URL' POST /log-events "$event" "LOGFERRY_EVENTS=otlp+$url"
	is 'the event is there' "$(jq -r .body.stringValue intakes/lines)" 'an "event" \'
	ask POST /log-events "$event" LOGFERRY_EVENTS=unknown://x
	is 'an event that cannot be delivered is not taken' "$(status)" 503
fi

# --- sessions ---
rm -f drains/*
gives 201 'a session is made' POST /log-sessions '{"app":"shop","space":"live","lines":250,"tail":true}'
id=$(jq -r .id body)
is 'the answer tells where it is read' "$(jq -r .logplex_url body)" "http://10.0.0.1:8080/log-sessions/$id"
is 'a session is no drain before somebody reads it' "$(find drains -type f | wc -l)" 0
for body in '{}' '{"app":"shop"}' '{"space":"live"}' '{"app":"","space":"live"}' '{"app":"a b","space":"c"}'; do
	gives 422 "no session is made of $body" POST /log-sessions "$body"
done
gives 405 'sessions are not listed' GET /log-sessions
auth=wrong
gives 401 'to make a session needs the key' POST /log-sessions '{"app":"shop","space":"live"}'
# A session that ends soon, and tells sooner that it is alive
sed 's/^quiet_max=.*/quiet_max=6/; s/^alive_each=.*/alive_each=1/' "$cgi" >fast.cgi
whole=$cgi cgi=$tmp/fast.cgi
have() { [ -n "$(find drains -name '????????-*')" ]; }
gives 404 'what nobody made is not read' GET /log-sessions/00000000-0000-4000-a000-000000000000
(ask GET "/log-sessions/$id") &
reader=$!
until_true 20 have
drain=$(echo drains/????????-*)
is 'who reads a session has a drain' "$(jq -c '[.where, .max]' "$drain")" '[["app=shop","namespace=live"],1048576]'
until=$(jq -r '.until | fromdate' "$drain") now=$(date +%s)
ok 'the drain ends by itself in five minutes' test "$until" -gt $((now + 100)) -a "$until" -le $((now + 300))
at=$(jq -r .url "$drain")
bring() {
	printf '%s\n' "$1" | env -i PATH="$PATH" LOGFERRY_DRAINS="$tmp/drains" \
	    LOGFERRY_SESSIONS="$tmp/sessions" LOGFERRY_SESSION_URL=http://10.0.0.1:8080 \
	    REQUEST_METHOD=POST PATH_INFO="${at#http://10.0.0.1:8080}" CONTENT_LENGTH=$((${#1} + 1)) sh "$cgi" |
	    sed -n 's/^Status: //p'
}
line() {
	printf '{"timestamp":"2021-06-29T10:05:0%s.5Z","app":"shop","namespace":"live","proc_type":"web","instance":"7-x","message":"line %s"}\n' "$1" "$1"
}
is 'logpush brings lines' "$(bring "$(line 1; line 2)") $(bring "$(line 3)")" '200 OK 200 OK'
bring '{"timestamp":"2021-06-29T10:05:04Z","app":"shop","namespace":"live","appname":"akkeris/router","message":"path=/ app[-.-]: x"}' >/dev/null
bring '{"timestamp":"2021-06-29T10:05:05Z","app":"shop","namespace":"live","appname":"a b","message":"path=/ app[-.-]: x"}' >/dev/null
wait $reader
is 'a session is a text' "$(sed -n 's/^Content-Type: //p' head)" text/plain
is 'its lines are those of the application, in order' "$(grep 'app\[web' body)" \
	"$(for i in 1 2 3; do echo "2021-06-29T10:05:0$i.5Z shop-live app[web.7-x]: line $i"; done)"
is 'a line that is of no process has its own name' "$(grep router body)" \
	'2021-06-29T10:05:04Z shop-live akkeris/router: path=/ app[-.-]: x'
is 'a name of a line may have blanks' "$(grep 'a b' body)" \
	'2021-06-29T10:05:05Z shop-live a b: path=/ app[-.-]: x'
ok 'between them are blank lines, which find that a client has gone' grep -q '^$' body
is 'the drain ends with the session' "$(ls drains)" ''
is 'lines that come later are refused' "$(bring "$(line 4)")" '404 Not Found'
id2=33333333-3333-4333-a333-333333333333
mkdir sessions/$id2.d
at=http://10.0.0.1:8080/log-sessions/$id2
posts() { for i in 1 2 3 4 5 6 7 8 9 10; do bring "$(line $i)"; done; }
posts >posted1 & first=$!
posts >posted2
wait $first
is 'two machines bring lines at once, and none is lost' \
	"$(cat posted1 posted2 | sort | uniq -c | tr -s ' ') $(cat sessions/$id2.d/*.lines | wc -l)" ' 20 200 OK 20'
rm -r sessions/$id2.d
ask_gone() { ask GET "/log-sessions/$id"; }
mkfifo gone
env -i PATH="$PATH" LOGFERRY_DRAINS="$tmp/drains" LOGFERRY_SESSIONS="$tmp/sessions" \
    LOGFERRY_SESSION_URL=http://10.0.0.1:8080 REQUEST_METHOD=GET PATH_INFO="/log-sessions/$id" \
    sh "$cgi" >gone 2>err &
reader=$!
head -n 3 gone >/dev/null
ok 'a session ends when its client goes' wait $reader
is 'the drain of a session that ended goes' "$(ls drains)" ''
cgi=$whole
touch -d '6 minutes ago' "sessions/$id"
gives 404 'after five minutes a session is not read any more' GET "/log-sessions/$id"
auth='the key'
gives 404 'without a folder for sessions there are none' POST /log-sessions '{"app":"a","space":"b"}' \
	LOGFERRY_SESSIONS=
ok 'the reason why there are no sessions is told' grep -q 'no sessions: LOGFERRY_SESSIONS is no folder' body

# --- several machines: a topic ---
# A kcat that writes the file topic, does what logferry-drains-follow does with
# it, and reads the file messages.
rm -f drains/*
mkdir fake
cat >fake/kcat <<'END'
#!/bin/sh
here=${0%/*}/..
case $1 in
-C) cat "$here/messages"; exit ;;
esac
[ ! -e "$here/down" ] || exit 1
echo "$*" >>"$here/arguments"
IFS='|' read -r id json
echo "$id|$json" >>"$here/topic"
if [ -n "$json" ]; then echo "$json" >"$here/drains/$id"; else rm -f "$here/drains/$id"; fi
END
chmod +x fake/kcat
real=$PATH PATH=$tmp/fake:$PATH
topic=LOGFERRY_TOPIC=kafka://broker1:9092,broker2/drains
secret='{"url":"https://me:secret@logs.example.com/"}'
gives 201 'with a topic a drain is made' POST $drains "$secret" "$topic"
id=$(jq -r .id body)
same 'its file goes to the topic, under its id' topic printf '%s|%s\n' "$id" "$(cat "drains/$id")"
is 'the brokers and the topic are those of the URL' \
	"$(grep -c -- '-b broker1:9092,broker2 -t drains -p 0' arguments)" 1
ok 'no secret is in the arguments of a command' sh -c '! grep secret "$1"/arguments' - "$tmp"
: >down
gives 503 'a drain that no topic took is not made' POST $drains "$made" "$topic"
is 'a drain that no topic took is not there' "$(ls drains)" "$id"
gives 503 'a drain whose end no topic took is not removed' DELETE "$drains/$id" '' "$topic"
is 'a drain whose end no topic took is still there' "$(ls drains)" "$id"
rm down
gives 200 'with a topic a drain is removed' DELETE "$drains/$id" '' "$topic"
is 'a drain ends with a message without a value' "$(tail -n 1 topic) $(ls drains)" "$id| "
ask POST /log-sessions '{"app":"shop","space":"live"}'
id=$(jq -r .id body)
mkfifo leaves
env -i PATH="$PATH" LOGFERRY_DRAINS="$tmp/drains" LOGFERRY_SESSIONS="$tmp/sessions" "$topic" \
    LOGFERRY_SESSION_URL=http://10.0.0.1:8080 REQUEST_METHOD=GET PATH_INFO="/log-sessions/$id" \
    sh fast.cgi >leaves 2>err &
reader=$!
head -n 3 leaves >/dev/null
wait $reader
reader=$(tail -n 1 topic)
is 'a session is on all machines, and ends on all' "$(sed '1,2d; s/{.*"until".*/until/' topic)" "${reader}until
$reader"
mkdir "sessions/$id.d"
echo "{}" >"drains/$id"
touch -d '11 minutes ago' "sessions/$id.d"
ask POST /log-sessions '{"app":"shop","space":"live"}' "$topic"
is 'what a session left that was killed goes with the next one' \
	"$(tail -n 1 topic) $(find drains sessions -name "$id*" -type d -o -name "$id" -path 'drains/*')" "$id| "
PATH=$real

end='% Reached end of topic drains [0] at offset 9'
one=11111111-1111-4111-a111-111111111111
two=22222222-2222-4222-a222-222222222222
# message ID [JSON]: as kcat prints it
message() {
	if [ $# = 1 ]; then echo "$1|-1|"; else echo "$1|${#2}|$2"; fi
}
# follows: read the messages, and print what the folder has then
# shellcheck disable=SC2086	# busybox sh
follows() {
	cat >messages
	PATH="$tmp/fake:$PATH" LOGFERRY_DRAINS=$tmp/drains LOGFERRY_TOPIC=kafka://broker/drains \
	    $shell "$top/scripts/rest/logferry-drains-follow" 2>err
	echo "$? $(cd drains && grep -H . -- * .[!.]* 2>/dev/null | paste -sd ' ' -)"
}
# --- the manual's recipes ---
# recipe WORDS: runs the example of logferry-drains(7) that begins with them
recipe() {
	sed "s,/var/lib/logferry-drains/drains,drains,; s/\\\\e/\\\\/g" "$top/man/logferry-drains.7" |
		sed -n "/^$1/,/^\.Ed/p" | sed '$d' >recipe.sh
	PATH=$tmp/fake:$PATH sh recipe.sh
}
echo '{"url":"syslog://a.example","hostname":"{app}-{namespace}","appname":"{proc_type}"}' >drains/$one
recipe '(umask 077; mkdir test'
is "a copy of the drains sends as logshuttle's TEST_MODE does" "$(jq -c '[.hostname, .appname]' test/$one)" \
	'["logshuttle-test","{proc_type}"]'
rm topic
recipe 'cd .*drains$'
is 'drains that were there before the topic are given to it' "$(cat topic)" "$one|$(cat drains/$one)"
rm topic
printf '{"url":\n"syslog://a.example"}' >drains/$one
recipe 'cd .*drains$'
# The kcat of this test writes what it is given to the file, too.
is 'each is given as a line' "$(cat topic)" "$one|{\"url\":\"syslog://a.example\"}"

for shell in dash 'busybox sh' 'bash --posix'; do
	if ! command -v "${shell%% *}" >/dev/null; then
		skip "no $shell" "$shell: the folder becomes what the topic is"
		continue
	fi
	rm -rf drains; mkdir drains
	echo old >drains/$one; echo mine >drains/mine
	is "$shell: a topic that is not read to its end changes no drain" \
		"$(message $two '{}' | follows)" "1 $one:old mine:mine"
	is "$shell: an empty topic removes no drain" "$(echo "$end" | follows)" "1 $one:old mine:mine"
	ok "$shell: an empty topic is told" grep -q 'is empty' err
	is "$shell: the folder becomes what the topic is, but for files of others" \
		"$({ message $one '{"a|b":1}'; message $two '{"url":"a"}'; message $one; message $two '{"url":"b|"}'; echo "$end"; } | follows)" \
		"1 $two:{\"url\":\"b|\"} mine:mine"
	is "$shell: nobody else may read what comes from the topic" "$(find drains -name $two -perm 600 | wc -l)" 1
	find drains -name $two -printf '%i\n' >before
	is "$shell: what comes later is done at once" \
		"$({ message $two '{"url":"b|"}'; echo "$end"; message $one '{}'; message mine; echo "$end"; } | follows)" \
		"1 $one:{} $two:{\"url\":\"b|\"} mine:mine"
	same "$shell: a drain that did not change is not written" before find drains -name $two -printf '%i\n'
	is "$shell: a drain ends that the topic ends" \
		"$({ message $one '{}'; message $two; echo "$end"; message $one; } | follows)" '1 mine:mine'
	is "$shell: what is no drain is passed over" \
		"$({ message ../evil '{}'; message "$one/../../evil" '{}'; message '' '{}'; message "$one.status" '{}'
		    echo "$two|9|{}"; echo "$two|5|{"; echo '"}'; echo '%3|1|FAIL|a broker'; message $one '{}'; echo "$end"; } | follows)" \
		"1 $one:{} mine:mine"
	is "$shell: nothing was written elsewhere" "$(find . -name 'evil*')" ''
	ok "$shell: the words of kcat are told" grep -q 'FAIL|a broker' err
	is "$shell: a drain whose message cannot be read stays as it was" \
		"$({ echo "$one|5|{"; echo '"}'; echo "$end"; } | follows)" "1 $one:{} mine:mine"
	is "$shell: a change that cannot be read leaves the drain as it was" \
		"$({ message $one '{}'; echo "$end"; echo "$one|5|{"; echo '"}'; } | follows)" "1 $one:{} mine:mine"
done
shell='sh'
printf '#!/bin/sh\nexit 1\n' >fake/kcat
is 'without a topic no drain changes' "$(message $two '{}' | follows)" "1 $one:{} mine:mine"
rm -f drains/*

# --- health ---
auth=
ask GET /octhc
is 'it tells that it is well, without a key' "$(status) $(cat body)" '200 overall_status=good'
ask GET /octhc '' LOGFERRY_DRAINS=none
is 'it tells that it is not well' "$(status) $(cat body)" '503 overall_status=bad'
auth='the key'

# --- busybox httpd ---
if busybox httpd --help >/dev/null 2>&1 && command -v curl python3 >/dev/null; then
	rm -f drains/*
	mkdir -p www/cgi-bin
	chmod +x fast.cgi
	ln -s "$tmp/fast.cgi" www/cgi-bin/drains
	port=$(python3 -c 'import socket
s = socket.socket()
s.bind(("127.0.0.1", 0))
print(s.getsockname()[1])')
	# Its page's URL, with our port
	page=$(grep -o 'http://192.0.2.1:8080.*/apps/.*' "$top/man/logferry-drains.7")
	sessions=$(sed -n 's/.*LOGFERRY_SESSION_URL=\(http:.*\)/\1/p' "$top/man/logferry-drains.7" | sed "s/192.0.2.1:8080/127.0.0.1:$port/")
	LOGFERRY_SESSIONS=$tmp/sessions LOGFERRY_SESSION_URL=$sessions \
	LOGFERRY_DRAINS=$tmp/drains LOGFERRY_KEY_FILE=$tmp/key busybox httpd -f -p "127.0.0.1:$port" -h www 2>httpd.err &
	servers="$servers $!"
	at=http://127.0.0.1:$port/cgi-bin/drains
	until_true 20 curl -fs "$at/octhc"
	web() {
		curl -s -o body -w '%{http_code}' -H "Authorization: $auth" "$@"
	}
	is 'busybox httpd: a drain is made' "$(web -d "$made" "$at$drains")" 201
	id=$(jq -r .id body)
	is "busybox httpd: the manual's call lists the drains" \
		"$(web "$(echo "$page" | sed "s/192.0.2.1:8080/127.0.0.1:$port/")") $(jq -r '.[].id' body)" "200 $id"
	is 'busybox httpd: drains are listed' "$(web "$at$drains") $(jq -r '.[].id' body)" "200 $id"
	is 'busybox httpd: a drain is shown' "$(web "$at$drains/$id") $(jq -r .id body)" "200 $id"
	is 'busybox httpd: a drain is removed' "$(web -X DELETE "$at$drains/$id") $(ls drains)" '200 '
	web -d '{"app":"shop","space":"live"}' "$at/log-sessions" >code
	curl -sN -D session-head -o session "$(jq -r .logplex_url body)" &
	reader=$!
	ok 'busybox httpd: a session is read where its answer says' until_true 20 grep -q '^HTTP.* 200' session-head
	kill $reader
	ok "busybox httpd: a session's drain goes with its client" until_true 20 not have
	auth=wrong
	is 'busybox httpd: a wrong key gets nowhere' "$(web "$at$drains")" 401
else
	skip 'no busybox httpd' 'busybox httpd: a drain is made'
fi
# What the CGI refuses by name is what logpush refuses to connect to.
sed -n '/forbidden\[\] = {/,/};/p' "$top/lib/net/address.c" | grep -o '"[^"]*"' | tr -d '"' | sort >ours
sed -n '/never = /,/[^\\]$/p' "$top/scripts/rest/logferry-drains.cgi" | tr -d '"\\' | tr ' \t' '\n\n' | grep '[.:]' | sort >never
ok 'logpush and the CGI refuse the same addresses' sh -c 'test -s ours && cmp ours never'
done_testing
