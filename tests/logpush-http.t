#!/bin/sh
# logpush: files to HTTP servers with PUT, over TLS too
. "${0%/*}/lib.sh"
command -v python3 >/dev/null || skip_all 'no python3'
. "$top/tests/servers/lib.sh"

unset no_proxy NO_PROXY http_proxy https_proxy all_proxy ALL_PROXY HTTPS_PROXY SSL_CERT_FILE
serve plain --mode plain --password 'joe:pass word'
seq 1000 >app.log
auth=${url#http://}; auth=http://joe:pass%20word@$auth

ok 'a file is PUT' logpush -q --receipts receipts "$auth/logs/" app.log
ok 'what is PUT has the bytes of the file' cmp app.log plain/objects/logs%2Fapp.log
is 'no password is in a receipt' "$(grep -c -e pass -e joe receipts)" 0
exits 2 '401 is trouble' logpush "$url/x/" app.log
says 'app.log: the server answers 401' '401 is told' logpush "$url/x/" app.log
printf 'Authorization: Basic %s\n' "$(printf 'joe:pass word' | base64)" >secret
ok 'the password may be in a file of headers' logpush -q -H @secret "$url/f/" app.log
ok 'PUT: a file that is there already is success' logpush -q "$auth/logs/" app.log
echo more >>app.log
ok 'PUT: other contents of the same name are delivered' logpush -q "$auth/logs/" app.log
ok 'PUT: other contents of the same name are stored beside' cmp app.log plain/objects/logs%2Fapp.log_01
tr 0-9 1-90 <app.log >same && mv same app.log
logpush -q --rm "$auth/logs/" app.log
is 'PUT: other contents of the same name and size are stored beside' \
	"$? $(tr 1-90 0-9 <'plain/objects/logs%2Fapp.log_02' | cmp - 'plain/objects/logs%2Fapp.log_01' 2>&1)" '0 '
cp 'plain/objects/logs%2Fapp.log_01' app.log
ok 'PUT: values of fields are escaped' logpush -q "$auth/{path}" './app.log'
cp app.log 'a b?.log'
ok 'PUT: a name with a blank and a question mark is delivered' logpush -q "$auth/e/" 'a b?.log'
ok 'PUT: a name with a blank and a question mark is escaped' cmp app.log 'plain/objects/e%2Fa%20b%3F.log'
exits 2 'credentials do not leave in clear: the host stands behind the last @' \
	logpush --deadline 0.3 http://joe@localhost:x@192.0.2.1/ app.log
exits 2 'credentials do not leave in clear' \
	logpush http://joe:secret@192.0.2.1/ app.log
is 'a bad header is refused' "$(logpush -H nonsense "$url/" app.log 2>&1 | head -n1)" \
	'logpush: a header is "Name: value"'

serve from --mode plain --redirect "$url"
exits 2 'a redirect to another port gets no password' \
	logpush "http://joe:pass%20word@${url#http://}/r/" app.log
serve hop --mode plain --hop --password 'joe:pass word'
serve from3 --mode plain --redirect "$url"
exits 2 'a second redirect gets no password' \
	logpush "http://joe:pass%20word@${url#http://}/r/" app.log
is 'a server that a redirect leads to asked for the password' "$(grep -c 'PUT /hop/r/app.log 401' hop/requests)" 1
serve open --mode plain
serve from2 --mode plain --redirect "$url"
ok 'a redirect is followed' logpush -q "$url/r/" app.log
ok 'a redirect is followed with the body' cmp app.log open/objects/r%2Fapp.log

# A server that answers and closes before it has read what it is sent.
cat >hasty <<'END'
import socket
s = socket.socket()
s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
s.bind(("127.0.0.1", 0))
s.listen(8)
open("hasty.port", "w").write("%d\n" % s.getsockname()[1])
while True:
    c, _ = s.accept()
    head = b""
    while b"\r\n\r\n" not in head:
        head += c.recv(1)
    c.sendall(b"HTTP/1.1 201 X\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"
              if head.startswith((b"PUT", b"POST")) else
              b"HTTP/1.1 405 X\r\nConnection: close\r\nContent-Length: 0\r\n\r\n")
    for _ in range(100):
        if not c.recv(4096):
            break
    c.close()
END
python3 hasty & hasty_pid=$!
until_true 20 test -s hasty.port
yes 'a line of a file that a server did not read' | head -c 40000000 >big.log
exits 75 'a 201 that comes before the file was sent is no delivery' \
    logpush -q --rm --deadline 2 "http://127.0.0.1:$(cat hasty.port)/" big.log
ok 'a file that was not sent whole is not removed' test -s big.log
kill $hasty_pid
rm big.log

exits 75 'a host that is not there: status 75' logpush --connect-timeout 0.2 --deadline 0.3 \
	http://192.0.2.1/ app.log
head -c 300000 /dev/zero >300k
start=$(date +%s%N)
ok '--limit-rate delivers' logpush -q --limit-rate 200K "$url/slow/" 300k
is '--limit-rate takes its time' "$(($(date +%s%N) - start > 700000000))" 1

# A host that only the proxy finds: without it, delivery fails.
serve proxy --mode plain
deadline=9
proxied() { env no_proxy="$1" http_proxy="$url" logpush -q --deadline $deadline "$2/$(date +%N)/" app.log; }
for entry in '' other.invalid:80 logs.invalid:81 ogs.invalid:80 '[::1]:80' ::80 :80 .:80 '*:80' \
	'a.logs.invalid:80,logs.invalid:8080'; do
	ok "no_proxy '$entry' leaves the proxy" proxied "$entry" http://logs.invalid
done
ok "no_proxy 'logs.invalid:80' leaves the proxy to other ports" proxied logs.invalid:80 http://logs.invalid:8080
ok "no_proxy '[2001:db8::1]:81' leaves the proxy to other ports" proxied '[2001:db8::1]:81' 'http://[2001:db8::1]'
: >proxy/requests
deadline=0.3
for entry in logs.invalid:80 LOGS.invalid:80 .logs.invalid:80 '*.invalid:80' 'a, invalid:80' ' x:1 logs.invalid:80 '; do
	exits 75 "no_proxy '$entry' means no proxy for that port" proxied "$entry" http://logs.invalid
	exits 75 "no_proxy '$entry' means no proxy for that port, with a user" env no_proxy="$entry" \
		http_proxy="$url" logpush -q --insecure-http --deadline 0.3 http://a:b@logs.invalid:80/ app.log
done
exits 75 "NO_PROXY is heeded as no_proxy is" env NO_PROXY=logs.invalid:8080 http_proxy="$url" \
	logpush -q --deadline 0.3 http://logs.invalid:8080/ app.log
exits 75 "no_proxy '[2001:db8::1]:80' means no proxy for that port" proxied '[2001:db8::1]:80' 'http://[2001:db8::1]'
is 'no_proxy: the proxy was not asked' "$(cat proxy/requests)" ''
ok 'no_proxy goes before NO_PROXY' env no_proxy=other.invalid NO_PROXY=logs.invalid:80 http_proxy="$url" \
	logpush -q --deadline 9 http://logs.invalid/ app.log

serve dav --mode plain --dav 409
ok 'WebDAV: folders that are missing are made' logpush -q "$url/dav/{date:%Y}/b%20c/{name}?x=1" app.log
sed 's/ [0-9]*$//' dav/requests >asked
year=$(date -ur app.log +%Y)
is 'WebDAV: folders are made from the first that is missing, down, and the file is sent again' "$(cat asked)" \
	"HEAD /dav/$year/b%20c/app.log?x=1 404
PUT /dav/$year/b%20c/app.log?x=1 409
MKCOL /dav/$year/b%20c/?x=1 409
MKCOL /dav/$year/?x=1 201
MKCOL /dav/$year/b%20c/?x=1 201
PUT /dav/$year/b%20c/app.log?x=1 200
HEAD /dav/$year/b%20c/app.log?x=1 200
GET /dav/$year/b%20c/app.log?x=1 200"
: >dav/requests
cp app.log app2.log
ok 'WebDAV: a file goes into a folder that is there' logpush -q "$url/dav/$year/{name}" app2.log
is 'WebDAV: no folder is made that is there' "$(grep -c MKCOL dav/requests)" 0
mkdir lots
for i in $(seq 20); do echo "$i" >"lots/$i.log"; done
ok 'WebDAV: several files at a time may miss the same folders' logpush -q -j8 "$url/dav/1/2/3/" lots/*.log
is 'WebDAV: all of them arrive' "$(ls dav/objects | grep -c '^dav%2F1%2F2%2F3%2F.*log$')" 20
for status in 404 500; do
	serve "dav$status" --mode plain --dav $status
	ok "WebDAV: a server may answer $status where a folder is missing" logpush -q "$url/dav/a/b/" app.log
done
# A server whose 409 or 404 means something else: it is told, and not asked again.
for status in 501 403 404 409 503; do
	serve "no$status" --mode plain --dav 409 --mkcol $status
	says 'app.log: the server answers 409$' "a 409 without WebDAV is told (MKCOL: $status)" \
		logpush -q "$url/a/b/" app.log
	is "a file is not sent again without WebDAV (MKCOL: $status)" "$(grep -c PUT "no$status/requests")" 1
done
serve no405 --mode plain --dav 409 --mkcol 405
exits 2 'a file that is refused though its folder is there is trouble' logpush -q "$url/a/b/" app.log
is 'a file that is refused though its folder is there is sent twice' "$(grep -c PUT no405/requests)" 2

if command -v openssl >/dev/null; then
	openssl req -x509 -newkey rsa:2048 -nodes -days 2 -keyout key.pem \
		-out cert.pem -subj /CN=localhost -addext \
		subjectAltName=DNS:localhost >/dev/null 2>&1
	cat key.pem cert.pem >both.pem
	serve tls --mode plain --cert "$tmp/both.pem"
	ok 'TLS: --cacert names the authority' logpush -q --cacert cert.pem \
		"https://localhost:$port/t/" app.log
	ok 'TLS: the file arrives with its bytes' cmp app.log tls/objects/t%2Fapp.log
	ok 'TLS: SSL_CERT_FILE names the authority' env SSL_CERT_FILE=cert.pem logpush -q \
		"https://localhost:$port/t1/" app.log
	ok 'TLS: --cacert goes before SSL_CERT_FILE' env SSL_CERT_FILE=/absent logpush -q --cacert cert.pem \
		"https://localhost:$port/t2/" app.log
	exits 2 'TLS: a SSL_CERT_FILE that is not there is trouble' env SSL_CERT_FILE=/absent logpush -q \
		"https://localhost:$port/t3/" app.log
	exits 2 'TLS: an unknown authority is refused' logpush \
		"https://localhost:$port/t/" app.log
	AWS_CA_BUNDLE=$tmp/cert.pem AWS_ACCESS_KEY_ID=AKIDTEST \
	AWS_SECRET_ACCESS_KEY='secret/+=key' HOME=$tmp
	export AWS_CA_BUNDLE AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY HOME
	serve tls2 --cert "$tmp/both.pem"
	ok 'TLS: AWS_CA_BUNDLE goes before SSL_CERT_FILE' env SSL_CERT_FILE=/absent logpush -q \
		--endpoint-url "https://localhost:$port" s3://bucket/a/ app.log
	serve tls3 --cert "$tmp/both.pem" --client-ca "$tmp/cert.pem"
	ok 'TLS: S3 with a certificate of our own' logpush -q --cert cert.pem \
		--key key.pem --endpoint-url "https://localhost:$port" s3://bucket/a/ app.log
	exits 75 'TLS: without the certificate that the server wants: status 75' logpush --deadline 0.3 \
		--endpoint-url "https://localhost:$port" s3://bucket/b/ app.log
	serve tls4 --cert "$tmp/both.pem"
	ok 'TLS: the payload may be unsigned' logpush -q --unsigned-payload \
		--endpoint-url "https://localhost:$port" s3://bucket/a/ app.log
	ok 'TLS: an unsigned payload arrives with its bytes' cmp app.log tls4/objects/a%2Fapp.log
	exits 2 'an unsigned payload without TLS is misuse' logpush -q --unsigned-payload \
		--endpoint-url "http://localhost:$port" s3://bucket/a/ app.log
	cat >old.cnf <<-'END'
		openssl_conf = init
		[init]
		ssl_conf = ssl
		[ssl]
		system_default = old
		[old]
		MinProtocol = TLSv1
		CipherString = DEFAULT@SECLEVEL=0
	END
	serve tls5 --mode plain --cert "$tmp/both.pem" --old-tls
	ok 'TLS: curl on this machine would speak TLS 1.1' env OPENSSL_CONF="$tmp/old.cnf" \
		curl -sf --noproxy '*' --tlsv1.0 --cacert cert.pem -T app.log "https://localhost:$port/c"
	exits 75 'TLS: TLS 1.1 is not spoken' env OPENSSL_CONF="$tmp/old.cnf" \
		logpush --deadline 0.3 --cacert cert.pem "https://localhost:$port/t/" app.log
	port=$(cat tls/port)
	exits 2 'TLS: a certificate of another name is refused' logpush --cacert cert.pem \
		"https://127.0.0.1:$port/t/" app.log
else
	skip 'no openssl' 'TLS'
fi
done_testing
