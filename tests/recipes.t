#!/bin/sh
# logferry(7): each of its examples does what it says, on logs of our own
. "${0%/*}/lib.sh"
. "$top/tests/servers/lib.sh"

# The page's examples, a file each: 1, 2, ...
awk '/^\.Sh EXAMPLES/ { on = 1 } /^\.Sh SEE/ { on = 0 }
on && /^\.Ed/ { inside = 0 }
inside { gsub(/\\e/, "\\"); print >(n ".page") }
on && /^\.Bd/ { inside = 1; n++ }' "$top/man/logferry.7"

# Their world: /var and /etc are here, a bucket is a folder, follow is read.
mkdir -p bin var/log/nginx var/tmp var/spool etc/nginx bucket
cat >bin/tail <<'END'
#!/bin/sh
exec cat "$2"
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

# example NUMBER: run it; what it prints is in out
example() {
	sed -e "s|/var/|$tmp/var/|g" -e "s|/etc/|$tmp/etc/|g" \
	    -e "s|s3://bucket|${bucket:-file://$tmp/bucket}|" -e 's|-t 1m|-t 100ms|' \
	    -e "s|es+https://search.example.com:9200|es+http://127.0.0.1:$search|" \
	    -e "s|https://[a-z.-]*\.com\(:[0-9]*\)\{0,1\}|$url|" \
	    -e "s|syslog+tls://logs.example.com:6514|syslog+tcp://127.0.0.1:$collector|" \
	    "$1.page" >"$1.sh"
	timeout 600 sh "$1.sh" >out 2>err
	example_st=$?
	is "example $1: says no error" "$(grep -v ' delivered in ' err)" ''
	is "example $1: succeeds" "$example_st" 0
}

example 1
is 'example 1 lists what failed in the last ten minutes' "$(grep -c 'api/a.* 503' out)" 1
example 2
is 'example 2 counts which pages failed most' "$(sed -n 's/^ *\([0-9]* \S*\).*/\1/p' out |
    head -n 1)" '2 /api/a'
echo '{"path":"/api/x","duration":2.5}
{"path":"/api/x","duration":1.5}' >var/log/nginx/access.log.json
mv var/log/nginx/access.log access.log.saved
mv var/log/nginx/access.log.json var/log/nginx/access.log
example 3
is 'example 3 selects the slow answers of one service' "$(cat out)" '{"path":"/api/x","duration":2.5}'
mv access.log.saved var/log/nginx/access.log
example 4
is 'example 4 tells the application to reopen its log' \
    "$(cat systemctl.log)" 'kill -s HUP app'
is 'example 4 ships the log as it was' \
    "$(gzip -dc bucket/logs/*/app.log-*.gz | wc -l)" 4
printf 'ok\nFATAL one\nok\nfatal two\n' >var/log/app.log
example 5
is 'example 5 sends one mail per burst, with its lines' "$(cat mailbox)" \
    '-s it happened again root
FATAL one
fatal two'
example 6
is 'example 6 bundles logs' "$(grep -c 'access\.log' out)" 2
mv var/log/nginx/access.log access.log.saved
echo '192.0.2.7 503 0.25' >var/log/nginx/access.log
example 7
ok "example 7 reads the format of the server's configuration" grep -q '"status":503' out
mv access.log.saved var/log/nginx/access.log
AWS_ENDPOINT_URL=http://127.0.0.1:$search AWS_REGION=here
AWS_ACCESS_KEY_ID=a AWS_SECRET_ACCESS_KEY=b
export AWS_ENDPOINT_URL AWS_REGION AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY
bucket=s3://bucket
example 8
bucket=
is 'example 8 puts requests as records into a bucket' "$(gzip -dcf objects |
    grep -c '"status":')" 3
example 9
ok 'example 9 sends server errors to a collector' until_true 20 grep -q '503' collector
example 10
is 'example 10 sends every request to a search engine' "$(grep -c '"status":' search)" 3
# taken FILTER: what the intake got since the last time, by jq(1)
taken() {
	jq -c "$1" intakes/lines
	rm -f intakes/lines
}
example 11
is 'example 11 sends every request to a Collector' "$(taken '.attributes[] |
    select(.key == "http.response.status_code").value.intValue' | sort | tr -d '\n"')" 200404503
echo 'tenant=web' >intakes/mode
echo '2021/06/29 10:05:03 [error] 1#1: *2 open() failed' >var/log/nginx/error.log
example 12
rm intakes/mode
is 'example 12 sends every line to Loki, with its level' "$(taken '[.level, (.line | fromjson | .level)]')" \
    '["error","error"]'
example 13
is 'example 13 sends every request to Splunk' "$(taken .event.status | sort | tr '\n' ' ')" \
    '200 404 503 '
example 14
is 'example 14 sends every line to Datadog' "$(taken .message | jq -r . | sort)" \
    "$(sort var/log/nginx/access.log)"
is 'example 14 names the source, for the whole request' \
    "$(sed -n '$p' intakes/requests | jq -r .path)" '/api/v2/logs?ddsource=nginx'
example 15
is 'example 15 sends every request to Graylog' "$(taken ._status | sort | tr '\n' ' ')" \
    '200 404 503 '
# A bucket on a store that lists.
serve s3
AWS_ENDPOINT_URL=$url AWS_REGION=us-east-1
AWS_ACCESS_KEY_ID=AKIDTEST AWS_SECRET_ACCESS_KEY='secret/+=key'
{ access /a 502 12; access /4bf92f3577b34da6 200 12; } >s3/objects/logs%2Fweb1%2Fa.log
{ access /4bf92f3577b34da6 500 12; access /c 500 12; } >s3/objects/logs%2Fweb2%2Fa.log
access /b 200 12 >s3/objects/logs%2Fweb3%2Fa.log
bucket=s3://bucket
example 16
is 'example 16 counts the errors of each server' "$(tr -s ' \n' '  ' <out)" ' 2 web2 1 web1 '
example 17
is 'example 17 finds a request on all servers' "$(jq -r '[.source, .status] | join(" ")' out | tr '\n' ' ')" \
    's3://bucket/logs/web1/a.log 200 s3://bucket/logs/web2/a.log 500 '

ok 'the strict intakes found nothing wrong' not test -e intakes/wrong
is 'the page has seventeen examples, and each was run' "$(ls ./*.page | wc -l)" 17

done_testing
