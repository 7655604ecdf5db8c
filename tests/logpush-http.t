#!/bin/sh
# logpush: files to HTTP servers with PUT, over TLS too
. "${0%/*}/lib.sh"
command -v python3 >/dev/null || skip_all 'no python3'
. "$top/tests/servers/lib.sh"

serve plain --mode plain --password 'joe:pass word'
seq 1000 >app.log
auth=${url#http://}; auth=http://joe:pass%20word@$auth

ok 'a file is PUT' logpush -q --receipts receipts "$auth/logs/" app.log
ok 'with its bytes' cmp app.log plain/objects/logs%2Fapp.log
is 'no password is kept' "$(grep -c -e pass -e joe receipts)" 0
exits 2 'without the password' logpush "$url/x/" app.log
says 'app.log: the server answers 401' 'it is refused' logpush "$url/x/" app.log
printf 'Authorization: Basic %s\n' "$(printf 'joe:pass word' | base64)" >secret
ok 'the password may be in a file' logpush -q -H @secret "$url/f/" app.log
ok 'again is success' logpush -q "$auth/logs/" app.log
echo more >>app.log
ok 'other contents' logpush -q "$auth/logs/" app.log
ok 'are stored beside' cmp app.log plain/objects/logs%2Fapp.log.1
ok 'values are escaped' logpush -q "$auth/{path}" './app.log'
cp app.log 'a b?.log'
ok 'in names too' logpush -q "$auth/e/" 'a b?.log'
ok 'so they arrive' cmp app.log 'plain/objects/e%2Fa%20b%3F.log'
exits 2 'credentials do not leave in clear' \
	logpush http://joe:secret@192.0.2.1/ app.log
is 'a bad header is refused' "$(logpush -H nonsense "$url/" app.log 2>&1 | head -n1)" \
	'logpush: a header is "Name: value"'

serve from --mode plain --redirect "$url"
exits 2 'a redirect to another port gets no password' \
	logpush "http://joe:pass%20word@${url#http://}/r/" app.log
serve hop --mode plain --hop --password 'joe:pass word'
serve from3 --mode plain --redirect "$url"
exits 2 'nor does one that follows there' \
	logpush "http://joe:pass%20word@${url#http://}/r/" app.log
is 'which asked for it' "$(grep -c 'PUT /hop/r/app.log 401' hop/requests)" 1
serve open --mode plain
serve from2 --mode plain --redirect "$url"
ok 'a redirect is followed' logpush -q "$url/r/" app.log
ok 'with the body' cmp app.log open/objects/r%2Fapp.log

exits 75 'a host that is not there' logpush --connect-timeout 0.2 --deadline 0.3 \
	http://192.0.2.1/ app.log
head -c 300000 /dev/zero >300k
start=$(date +%s%N)
ok 'a limited rate' logpush -q --limit-rate 200K "$url/slow/" 300k
is 'takes its time' "$(($(date +%s%N) - start > 700000000))" 1

if command -v openssl >/dev/null; then
	openssl req -x509 -newkey rsa:2048 -nodes -days 2 -keyout key.pem \
		-out cert.pem -subj /CN=localhost -addext \
		subjectAltName=DNS:localhost >/dev/null 2>&1
	cat key.pem cert.pem >both.pem
	serve tls --mode plain --cert "$tmp/both.pem"
	ok 'TLS by a given authority' logpush -q --cacert cert.pem \
		"https://localhost:$port/t/" app.log
	ok 'carries the bytes' cmp app.log tls/objects/t%2Fapp.log
	exits 2 'an unknown authority is refused' logpush \
		"https://localhost:$port/t/" app.log
	AWS_CA_BUNDLE=$tmp/cert.pem AWS_ACCESS_KEY_ID=AKIDTEST \
	AWS_SECRET_ACCESS_KEY='secret/+=key' HOME=$tmp
	export AWS_CA_BUNDLE AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY HOME
	serve tls3 --cert "$tmp/both.pem" --client-ca "$tmp/cert.pem"
	ok 'a certificate of our own, and S3 over TLS' logpush -q --cert cert.pem \
		--key key.pem --endpoint-url "https://localhost:$port" s3://bucket/a/ app.log
	exits 75 'without it the server hangs up' logpush --deadline 0.3 \
		--endpoint-url "https://localhost:$port" s3://bucket/b/ app.log
	serve tls4 --cert "$tmp/both.pem"
	ok 'the payload may be unsigned' logpush -q --unsigned-payload \
		--endpoint-url "https://localhost:$port" s3://bucket/a/ app.log
	ok 'over TLS' cmp app.log tls4/objects/a%2Fapp.log
	exits 2 'only' logpush -q --unsigned-payload \
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
	ok 'TLS 1.1, which this machine would speak' env OPENSSL_CONF="$tmp/old.cnf" \
		curl -sf --noproxy '*' --tlsv1.0 --cacert cert.pem -T app.log "https://localhost:$port/c"
	exits 75 'is not spoken' env OPENSSL_CONF="$tmp/old.cnf" \
		logpush --deadline 0.3 --cacert cert.pem "https://localhost:$port/t/" app.log
	port=$(cat tls/port)
	exits 2 'so is another name' logpush --cacert cert.pem \
		"https://127.0.0.1:$port/t/" app.log
else
	skip 'no openssl' 'TLS'
fi
done_testing
