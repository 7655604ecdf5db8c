#!/bin/sh
# logferry(7): each of its examples does what it says, on logs of our own
. "${0%/*}/lib.sh"
. "$top/tests/servers/lib.sh"

# The page's examples, a file each: 1.page, 2.page, ...
awk '/^\.Sh EXAMPLES/ { on = 1 } /^\.Sh SEE/ { on = 0 }
on && /^\.Ed/ { inside = 0 }
inside { gsub(/\\e/, "\\"); print >(n ".page") }
on && /^\.Bd/ { inside = 1; n++ }' "$top/man/logferry.7"

# What stands before them needs real servers: tests/services/streams.t runs it, but
# for the main job, below, and tests/services/opensearch.t what sets up an index.
awk '/^\.Sh EXAMPLES/ { exit }
/^\.Ed/ { inside = 0 }
inside { print >(n ".before") }
/^\.Bd/ { inside = 1; n++ }' "$top/man/logferry.7"
{ sed -n "s/.*recipe '\([^']*\)'.*/\1/p" "$top/tests/services/streams.t"
printf '%s\n' d_docker lastaction setup-index; } >words
is 'each snippet before the examples is run by a test' "$(grep -LF -f words ./*.before)" ''

# Their world: /var and /etc are here, a bucket is a folder, follow is read.
mkdir -p bin var/log/nginx var/tmp var/spool etc/nginx bucket
cat >bin/tail <<'END'
#!/bin/sh
for file; do :; done
exec cat "$file"
END
cat >bin/mail <<END
#!/bin/sh
{ echo "\$*"; cat; } >>$tmp/mailbox
END
cat >bin/systemctl <<END
#!/bin/sh
echo "\$*" >$tmp/systemctl.log
END
chmod +x bin/*
PATH=$tmp/bin:$PATH

now=$(date +%d/%b/%Y:%H:%M:%S)
access() {			# path, status, size
	echo "192.0.2.7 - - [$now +0000] \"GET $1 HTTP/1.1\" $2 $3 \"-\" \"x\""
}
{ access / 200 512; access /api/a 503 12; access /b 404 5; } \
    >var/log/nginx/access.log
{ access /api/a 502 12; access /c 500 12; } | gzip \
    >var/log/nginx/access.log-1624977000.gz
echo 'http { log_format main "$remote_addr $status $request_time"; }' \
    >etc/nginx/nginx.conf
printf 'ok\nFATAL one\nok\nfatal two\n' >var/log/app.log

# A search engine, which is an S3 server, too, and a syslog collector; they
# accept everything.
cat >sink.py <<'END'
import hashlib, http.server, json, socketserver, threading
class Search(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        with open("search", "ab") as f:
            f.write(body)
        n = sum(b'"index":' in l[:9] or b'"create":' in l[:10]
                for l in body.splitlines())
        answer = json.dumps({"errors": False, "items":
            [{"index": {"status": 201}}] * n}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(answer)))
        self.send_header("Content-Type", "application/json")
        self.end_headers()
        self.wfile.write(answer)
    objects = {}
    def do_PUT(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.objects[self.path] = body
        with open("objects", "ab") as f:
            f.write(body)
        self.answer(200, body, 0)
    def do_HEAD(self):
        body = self.objects.get(self.path)
        self.answer(404 if body is None else 200, body or b"", len(body or b""))
    def answer(self, status, body, length):
        self.send_response(status)
        self.send_header("Content-Length", str(length))
        self.send_header("ETag", '"%s"' % hashlib.md5(body).hexdigest())
        self.end_headers()
    def log_message(self, *args):
        pass
class Collector(socketserver.StreamRequestHandler):
    def handle(self):
        with open("collector", "ab") as f:
            f.write(self.rfile.read())
search = http.server.HTTPServer(("127.0.0.1", 0), Search)
collector = socketserver.TCPServer(("127.0.0.1", 0), Collector)
threading.Thread(target=collector.serve_forever, daemon=True).start()
with open("ports.new", "w") as f:
    print(search.server_address[1], collector.server_address[1], file=f)
import os
os.rename("ports.new", "ports")
search.serve_forever()
END
python3 sink.py &
at_exit="$at_exit; kill $! 2>/dev/null"
until_true 20 test -e ports || skip_all 'no python3 to play the servers'
read -r search collector <ports
start_server intakes python3 "$top/tests/servers/intakes"
mkdir etc/logferry
echo 'Splunk 12345678-1234-1234-1234-1234567890AB' >etc/logferry/splunk-token
echo 'DD-API-KEY: 0123456789abcdef' >etc/logferry/datadog-header

# example WORDS [SET]: run the one of the page, or of SET, that holds them; what
# it prints is in out
example() {
	page=$(grep -lF -e "$1" ./*."${2-page}")
	sed -e "s|/var/|$tmp/var/|g" -e "s|/etc/|$tmp/etc/|g" \
	    -e "s|s3://bucket|${bucket:-file://$tmp/bucket}|" -e 's|-t 1m|-t 100ms|' \
	    -e "s|es+https://search[.a-z]*:9200|es+http://127.0.0.1:$search|" \
	    -e "s|https://[a-z.-]*\.com\(:[0-9]*\)\{0,1\}|$url|" \
	    -e "s|syslog+tls://logs.example.com:6514|syslog+tcp://127.0.0.1:$collector|" \
	    "$page" >script
	timeout 600 sh script >out 2>err
	example_st=$?
	is "${2+README, }with $1: says no error" "$(grep -v ' delivered in ' err)" ''
	is "${2+README, }with $1: succeeds" "$example_st" 0
	mv "$page" "$page.done"
}

example 'loggrep -5 --since 10m'
is 'what failed in the last ten minutes is listed' "$(grep -c 'api/a.* 503' out)" 1
example 'logparse -o tsv -s path'
is 'the page that failed most is first' "$(sed -n 's/^ *\([0-9]* \S*\).*/\1/p' out |
    head -n 1)" '2 /api/a'
example "cut -c 12-16"
is 'the errors of a minute are a bar' "$(sed 's/^[0-9:]* //' out)" '1 #'
example 'client,path'
is 'a client is counted with the pages that it asked for' \
    "$(sed 's/^ *//' out)" '3 192.0.2.7'
mkdir var/log/postgresql
{ echo '2021-06-29 10:05:03.123 UTC [7] bob@shop ERROR:  deadlock detected'
echo '2021-06-29 10:05:04.123 UTC [7] bob@shop LOG:  checkpoint starting'
echo '2021-06-29 10:05:05.123 UTC [8] eve@shop ERROR:  deadlock detected'; } \
    >var/log/postgresql/main.log
example 'logparse -f postgres'
is 'the errors of a database are counted' "$(tr -s ' \t' '  ' <out)" ' 2 shop deadlock detected'
cat >bin/journalctl <<END
#!/bin/sh
cat "$tmp/var/log/nginx/access.log"
END
cat >bin/kubectl <<END
#!/bin/sh
sed "s|^|[pod/web-1/nginx] $(date -u +%Y-%m-%dT%H:%M:%S.123456789Z) |" \
    "$tmp/var/log/nginx/access.log"
END
chmod +x bin/*
example journalctl
is 'server errors of the journal are found' "$(grep -c 'api/a.* 503' out)$(wc -l <out)" 11
example kubectl
is 'server errors of pods are found' "$(grep -c 'web-1.*api/a.* 503' out)$(wc -l <out)" 11
mkdir -p var/log/containers var/log/pods/live_web-1_0/nginx
at() { date -u -d "$1" +%Y-%m-%dT%H:%M:%S.123456789Z; }
{ echo "$(at -2min) stdout F $(access /api/a 503 12 | sed 's/"x"$/"4bf92f3577b34da6"/')"
(now=$(date -u -d -3hours +%d/%b/%Y:%H:%M:%S)
echo "$(at -3hours) stdout F $(access /old 503 12)"); } >var/log/containers/web-1_live_nginx-0.log
{ echo "$(at -3min) stderr F $(date -u +'%Y-%m-%d %H:%M:%S.123') ERROR 7 --- [main] c.e.App  : no 4bf92f3577b34da6"
echo "$(at -3min) stderr F java.lang.IllegalStateException: empty"
printf '%s stderr F \tat a.A.a(A.java:7)\n' "$(at -3min)"; } >var/log/containers/api-1_live_api-0.log
example 'loggrep -c -5'
is 'server errors of the last hour are counted by pod' "$(sed 's|.*/||' out)" \
    web-1_live_nginx-0.log:1
example 'logparse --multiline | loggrep -W level=ERROR'
is 'an error of a pod has its whole trace' "$(jq -r .message out | tr '\n' '|')" \
    "$(printf 'no 4bf92f3577b34da6|java.lang.IllegalStateException: empty|\tat a.A.a(A.java:7)|')"
example 'loggrep -hF 4bf92f3577b34da6 /var/log/containers'
is 'a request is found in all pods, in the order of time' \
    "$(cut -d ' ' -f 2 out | tr '\n' ' ')" 'stderr stdout '
echo old | gzip >var/log/pods/live_web-1_0/nginx/0.log.20210629-100503.gz
echo new >var/log/pods/live_web-1_0/nginx/0.log
example 'find /var/log/pods'
is 'rotated logs of pods are carried off, the others are not' \
    "$(find bucket -path '*/var/log/pods/live_web-1_0/nginx/0.log*' | sed 's|.*/||')" \
    0.log.20210629-100503.gz
rm -r var/log/containers var/log/pods bucket
example 'find /var/log'
is 'logs with server errors are found, wherever they lie' \
    "$(sed 's|.* [^ ]*/var/||' out | sort)" 'log/nginx/access.log
log/nginx/access.log-1624977000.gz'
echo '{"path":"/api/x","duration":2.5}
{"path":"/api/x","duration":1.5}' >var/log/nginx/access.log.json
mv var/log/nginx/access.log access.log.saved
mv var/log/nginx/access.log.json var/log/nginx/access.log
example 'duration>=2'
is 'the slow answers of one service are selected' "$(cat out)" '{"path":"/api/x","duration":2.5}'
mv access.log.saved var/log/nginx/access.log
example 'logstamp -0r'
is 'the application is told to reopen its log' \
    "$(cat systemctl.log)" 'kill -s HUP app'
is 'the log is shipped as it was' \
    "$(gzip -dc bucket/logs/*/app.log-*.gz | wc -l)" 4
printf 'ok\nFATAL one\nok\nfatal two\n' >var/log/app.log
example 'mail -s'
is 'one mail is sent per burst, with its lines' "$(cat mailbox)" \
    '-s it happened again root
FATAL one
fatal two'
example 'logpack -a'
is 'logs are bundled' "$(grep -c 'access\.log' out)" 2
mv var/log/nginx/access.log access.log.saved
echo '192.0.2.7 503 0.25' >var/log/nginx/access.log
example '--nginx-conf'
ok "the format is read in the server's configuration" grep -q '"status":503' out
mv access.log.saved var/log/nginx/access.log
# nginx's own line, by its configuration
sed "s/.*escape=json //; s/^ *'/'/" "$(grep -lF escape=json ./*.page)" | tr -d "';\n" |
    sed 's|$time_iso8601|2021-06-29T10:05:03+00:00|; s|$remote_addr|192.0.2.7|
	s|$request_method|GET|; s|$request_uri|/api/a|; s|$status|503|
	s|$body_bytes_sent|12|; s|$request_time|0.250|
	s|$http_user_agent|x \\"y\\"|' >json.log
is "nginx's JSON has the names that logparse knows" "$(logparse json.log)" \
    '{"timestamp":"2021-06-29T10:05:03Z","client":"192.0.2.7","method":"GET","path":"/api/a","status":503,"size":12,"duration":0.250,"agent":"x \"y\"","format":"json"}'
ok "a server error in nginx's JSON is one" loggrep -q -5 json.log
mv "$(grep -lF escape=json ./*.page)" json.done
if command -v goaccess >/dev/null; then
	mv var/log/nginx/access.log access.log.saved
	for day in 28 29 30; do
		echo "192.0.2.$day - - [$day/Jun/2021:10:05:03 +0000] \"GET /$day HTTP/1.1\" 200 5 \"-\" \"x\""
	done >var/log/nginx/access.log
	example goaccess
	mv access.log.saved var/log/nginx/access.log
	is 'goaccess reports what it was fed, no other day' \
	    "$(grep -o '192.0.2.[23][0-9]' var/tmp/report.html | sort -u)" 192.0.2.29
else
	skip 'no goaccess' 'goaccess reports what it was fed, no other day'
	rm "$(grep -lF goaccess ./*.page)"
fi
intakes=$url url=http://127.0.0.1:$search
example hooks.example.com
url=$intakes
is "a chat's webhook gets the lines of a burst, as JSON" "$(jq -r .text search)" 'FATAL one
fatal two'
rm search
# README's, whose logs are in the current folder
awk '/^Recipes/ { on = 1 } /^Figures/ { on = 0 }
on && /^    / { if (!inside) n++; print substr($0, 5) >(n ".readme") }
{ inside = /^    / }' "$top/README"
# and what its first screen types: each command is from "$ " on
awk '/^Quick start/ { exit }
sub(/^    \$ /, "") { inside = 1; n++ }
inside { print >(n ".first") }
!/\|$/ { inside = 0 }' "$top/README"
ln -s "$B" build
example 'loggrep -5' first
is "README: the server errors of one's own log are listed" "$(grep -c 'api/a.* 503' out)$(wc -l <out)" 11
example 'logparse -o tsv -s path' first
is 'README: the page that failed most is first' "$(sed -n '1s/^ *//p' out)" '2 /api/a'
cp var/log/nginx/access.log var/log/app.log .
example 'loggrep -5 --since 10m' readme
is 'README: what failed in the last ten minutes is listed' "$(grep -c 'api/a.* 503' out)" 1
echo '{"client":"192.0.2.7","duration":2.5}
{"client":"192.0.2.8","duration":2.5}' >slow.log
sed -i 's/ access.log/ slow.log/' "$(grep -lF 'duration>=2' ./*.readme)"
example 'duration>=2' readme
is 'README: the slow requests of one client are selected' "$(jq -r .client out)" 192.0.2.7
echo '192.0.2.7 503 0.25' >own.log
sed -i 's/ access.log/ own.log/' "$(grep -lF nginx.conf ./*.readme)"
example '--nginx-conf' readme
is "README: the format is read in the server's configuration" "$(jq .status out)" 503
example 'es+https:' readme
is 'README: every request gets to a search engine' "$(grep -c '"status":' search)" 3
rm search
example 'cut -c 12-16' readme
is 'README: the errors of a minute are a bar' "$(sed 's/^[0-9:]* //' out)" '1 #'
rm mailbox
example 'mail -s' readme
is 'README: one mail is sent per burst, with its lines' "$(sed 1d mailbox)" 'FATAL one
fatal two'

AWS_ENDPOINT_URL=http://127.0.0.1:$search AWS_REGION=here
AWS_ACCESS_KEY_ID=a AWS_SECRET_ACCESS_KEY=b
export AWS_ENDPOINT_URL AWS_REGION AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY
bucket=s3://bucket
example '--batch-time'
bucket=
is 'requests get into a bucket as records' "$(gzip -dcf objects |
    grep -c '"status":')" 3
example 'syslog+tls:'
ok 'server errors get to a collector' until_true 20 grep -q '503' collector
example 'es+https:'
is 'every request gets to a search engine' "$(grep -c '"status":' search)" 3
# taken FILTER: what the intake got since the last time, by jq(1)
taken() {
	jq -c "$1" intakes/lines
	rm -f intakes/lines
}
example 'otlp+https:'
is "every request gets to OpenTelemetry's Collector" "$(taken '.attributes[] |
    select(.key == "http.response.status_code").value.intValue' | sort | tr -d '\n"')" 200404503
echo 'tenant=web' >intakes/mode
echo '2021/06/29 10:05:03 [error] 1#1: *2 open() failed' >var/log/nginx/error.log
example 'loki+https:'
rm intakes/mode
is 'every line gets to Loki, with its level' "$(taken '[.level, (.line | fromjson | .level)]')" \
    '["error","error"]'
example 'splunk-token'
is 'every request gets to Splunk' "$(taken .event.status | sort | tr '\n' ' ')" \
    '200 404 503 '
example 'datadog-header'
is 'every line gets to Datadog' "$(taken .message | jq -r . | sort)" \
    "$(sort var/log/nginx/access.log)"
is 'Datadog is told the source, for the whole request' \
    "$(sed -n '$p' intakes/requests | jq -r .path)" '/api/v2/logs?ddsource=nginx'
example '-o gelf'
is 'every request gets to Graylog' "$(taken ._status | sort | tr '\n' ' ')" \
    '200 404 503 '
# A bucket on a store that lists.
serve s3
AWS_ENDPOINT_URL=$url AWS_REGION=us-east-1
AWS_ACCESS_KEY_ID=AKIDTEST AWS_SECRET_ACCESS_KEY='secret/+=key'
{ access /a 502 12; access /4bf92f3577b34da6 200 12; } >s3/objects/logs%2Fweb1%2Fa.log
{ access /4bf92f3577b34da6 500 12; access /c 500 12; } >s3/objects/logs%2Fweb2%2Fa.log
access /b 200 12 >s3/objects/logs%2Fweb3%2Fa.log
bucket=s3://bucket
example 'cut -d / -f 5'
is 'the errors of each server are counted' "$(tr -s ' \n' '  ' <out)" ' 2 web2 1 web1 '
example '--source'
is 'a request is found on all servers' "$(jq -r '[.source, .status] | join(" ")' out | tr '\n' ' ')" \
    's3://bucket/logs/web1/a.log 200 s3://bucket/logs/web2/a.log 500 '
echo one >var/log/nginx/error.log.1
example minio
is "a store of one's own gets rotated logs" \
    "$(gzip -dc s3/objects/logs%2F*%2Ferror.log-*.gz)" one

# The main job, as the page and README tell it
main_job() {
	sed 's/^ *//; s/\\e/\\/g' "$1" |
	    sed -n '/^destination d_docker /,/keep-alive/p; /^postrotate$/,/^syslog/p
		/^lastaction$/,/^endscript$/p'
}
main_job "$top/man/logferry.7" >main-page
main_job "$top/README" >main-readme
ok 'README and logferry(7) tell the same main job' cmp main-page main-readme
sed -n '/^lastaction$/,/^endscript$/p' main-page | sed '1d; $d' |
    sed "s|/var/|$tmp/var/|; s|s3://bucket|file://$tmp/bucket|" >lastaction
access /main 503 12 >var/log/docker.log.1
ok 'the lastaction of the main job succeeds' sh lastaction
is 'the lastaction of the main job delivers the rotated log' \
    "$(gzip -dc bucket/logs/*/docker.log-*.gz | grep -c '/main.* 503')" 1
is 'the lastaction of the main job leaves no copy' "$(ls var/log | grep docker)" ''

is 'no recipe sends the last ten lines again when it is started again' \
    "$(grep -h 'tail -F' "$top/README" "$top/man/logferry.7")" ''
ok 'README has no more than three pages of 66 lines' test "$(wc -l <"$top/README")" -le 198
ok 'the strict intakes found nothing wrong' not test -e intakes/wrong
is 'each example of the page was run' "$(cat ./*.page 2>/dev/null)" ''
is 'each recipe of README was run' "$(cat ./*.readme ./*.first 2>/dev/null)" ''

done_testing
