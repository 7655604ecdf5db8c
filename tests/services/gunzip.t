#!/bin/sh
# logpack: what it makes is read by every gunzip, and by HTTP clients
. "${0%/*}/../lib.sh"

"$top/scripts/mkcorpus" -s 5M >log
logpack -9 -k log >out			# two pieces and an index
mkdir s
logpack <log >s/log.gz			# five pieces, no index
mkdir r
logpack --rsyncable <log >r/log.gz
touch -d '2021-06-29 10:05:03Z' log

# reads PROGRAM COMMAND...: the command, which needs it, unpacks the file $f
reads() {
	reads_name=$1; shift
	if ! command -v "$reads_name" >/dev/null; then
		skip "no $reads_name" "$reads_name reads what logpack makes"
		return
	fi
	# shellcheck disable=SC2016
	ok "$reads_name reads what logpack makes" sh -c 'for f in log.gz s/log.gz r/log.gz; do
		export f; "$@" | cmp - log || exit 1; done' - "$@"
}

cat >g.go <<'E'
package main

import ("compress/gzip"; "io"; "os")

func main() {
	f, _ := os.Open(os.Getenv("f"))
	g, err := gzip.NewReader(f)
	if err != nil { panic(err) }
	if _, err = io.Copy(os.Stdout, g); err != nil { panic(err) }
}
E
cat >G.java <<'E'
public class G {
	public static void main(String[] a) throws Exception {
		new java.util.zip.GZIPInputStream(new java.io.FileInputStream(
		    System.getenv("f"))).transferTo(System.out);
		System.out.flush();
	}
}
E
# shellcheck disable=SC2016
{
	reads gzip sh -c 'gzip -dc $f'
	reads pigz sh -c 'pigz -dc $f'
	reads igzip sh -c 'igzip -dc $f'
	reads libdeflate-gunzip sh -c 'libdeflate-gunzip -kc $f'
	reads busybox sh -c 'busybox gunzip -c $f'
	reads bsdcat sh -c 'bsdcat $f'
	reads 7z sh -c '7z x -so $f'
	reads python3 python3 -c '
import gzip, os, shutil, sys
shutil.copyfileobj(gzip.open(os.environ["f"]), sys.stdout.buffer)'
	reads perl perl -MIO::Uncompress::Gunzip=gunzip -e 'gunzip $ENV{f}, "-"'
	reads node node -e '
process.stdout.write(require("zlib").gunzipSync(
    require("fs").readFileSync(process.env.f)))'
	reads java java G.java
	GOCACHE=$tmp/go GOFLAGS=-buildvcs=false
	export GOCACHE GOFLAGS
	reads go go run g.go
}
is 'gzip -l knows the size' "$(gzip -l s/log.gz | awk 'NR == 2 { print $2 }')" \
	"$(wc -c <log | tr -d ' ')"

# nginx gives the file out as it is, or unpacked to who cannot do that.
if ! command -v nginx >/dev/null || ! command -v curl >/dev/null ||
    ! nginx -V 2>&1 | grep -q gunzip; then
	skip 'no nginx with gunzip, or no curl' 'HTTP with Content-Encoding: gzip'
	done_testing
	exit
fi
mv log.gz s/packed.gz
cp log s/plain
rm -f s/log.gz
mv s/packed.gz s/log.gz
cat >nginx.conf <<E
daemon off;
pid $tmp/nginx.pid;
error_log stderr;
events { }
http {
	access_log off;
	client_body_temp_path $tmp/t; proxy_temp_path $tmp/t;
	fastcgi_temp_path $tmp/t; uwsgi_temp_path $tmp/t; scgi_temp_path $tmp/t;
	server {
		listen unix:$tmp/http;
		root $tmp/s;
		gzip_static always;
		gunzip on;
	}
}
E
nginx -c "$tmp/nginx.conf" -p "$tmp" 2>nginx.err &
nginx=$!
at_exit="kill $nginx"
chmod 755 "$tmp" s
chmod 644 s/*
get() { curl -sS --unix-socket "$tmp/http" "$@" http://localhost/log; }
until_true 10 get
get --compressed >curl.out
ok 'curl --compressed reads what nginx gives out packed' cmp curl.out log
get >plain.out
ok 'nginx unpacks it for who cannot' cmp plain.out log
if command -v node >/dev/null; then
	ok 'node reads it with DecompressionStream, as browsers do' sh -c '
		curl -sS --unix-socket http -H "Accept-Encoding: gzip" \
		    http://localhost/log -o wire && cmp wire s/log.gz &&
		node -e "
const b = new Blob([require(\"fs\").readFileSync(\"wire\")]).stream()
    .pipeThrough(new DecompressionStream(\"gzip\"));
new Response(b).arrayBuffer().then(a =>
    process.stdout.write(Buffer.from(a)))" | cmp - log'
else
	skip 'no node' 'node reads it with DecompressionStream, as browsers do'
fi
kill $nginx
wait $nginx
at_exit=:
done_testing
