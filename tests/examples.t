#!/bin/sh
# the EXAMPLES of the commands' pages: each does what its page says
. "${0%/*}/lib.sh"
. "$top/tests/servers/lib.sh"

# A file each: loggrep.1.1, loggrep.1.2, ...
for page in "$top"/man/*.1; do
	awk -v name="${page##*/}" '/^\.Sh/ { in_examples = /EXAMPLES/ }
	!in_examples { next }
	{ gsub(/\\e/, "\\") }
	sub(/^\.Dl (\$ )?/, "") { print >(name "." ++n) }
	/^\.Ed/ { inside = 0 }
	inside { print >(name "." n) }
	/^\.Bd/ { inside = 1; n++ }' "$page"
done

# Their world: /var, /etc and /mnt are here, time is short, and the buckets are on
# a store that lists.
mkdir -p bin var/log/nginx var/spool etc/nginx mnt/logs
cat >bin/logrotate <<END
#!/bin/sh
echo "\$*" >>$tmp/rotated
END
cat >bin/mail <<END
#!/bin/sh
{ echo "\$*"; cat; } >>$tmp/mailbox
END
cat >bin/job <<'END'
#!/bin/sh
echo it began
echo it failed >&2
END
chmod +x bin/*
real_logrotate=$(command -v logrotate)
syslog_ng=$("$top/tests/servers/syslog-ng" env 2>/dev/null)
PATH=$tmp/bin:$PATH
command -v python3 >/dev/null || skip_all 'no python3 to play the servers'
aws_keys
serve s3
AWS_ENDPOINT_URL=$url AWS_REGION=us-east-1
export AWS_ENDPOINT_URL AWS_REGION
start_server search python3 "$top/tests/servers/http-drain"

now=$(date +%d/%b/%Y:%H:%M:%S)
access() {			# path, status
	echo "192.0.2.7 - - [$now +0000] \"GET $1 HTTP/1.1\" $2 12 \"-\" \"x\""
}
for page in / /a /b; do access $page 200; done >var/log/nginx/access.log
access /api/a 503 >>var/log/nginx/access.log
{ access /api/a 502; access /c 500; } | gzip >var/log/nginx/access.log-1624977000.gz
cp var/log/nginx/access.log access.log

# example PAGE WORDS: run the one of the page that holds them, with what is in the
# file input; what it prints is in out
: >input
example() {
	found=$(grep -lF -e "$2" "$1".1.*)
	sed -e "s|/var/|$tmp/var/|g" -e "s|/etc/nginx|$tmp/etc/nginx|" \
	    -e "s|/mnt/|$tmp/mnt/|" -e 's/-t [1-9][0-9]*m*/-t 100ms/' \
	    -e "s|es+https://writer@[a-z.]*:9200|es+$url|" "$found" >script
	timeout 100 sh script <input >out 2>err
	example_st=$?
	is "$1, example with $2: says no error" "$(grep -v ' delivered in ' err)" ''
	is "$1, example with $2: succeeds" "$example_st" 0
	mv "$found" "done.$found"
}

record() {			# duration
	echo "{\"timestamp\":\"$(date +%Y-%m-%dT%H:%M:%SZ)\",\"appname\":\"todo-list\",\"duration\":$1}"
}
{ record 1; record 2; } >app.log
cp app.log s3/objects/logs%2Fweb1%2Fa.log
example loggrep s3://bucket
is 'the lines of one application are found in a bucket' "$(wc -l <out)" 2
rm s3/objects/logs*
example loggrep -B2
is 'a server error has the two lines before it' \
    "$(sed 's/.*GET \([^ ]*\).*/\1/' out | tr '\n' ' ')" '/a /b /api/a '
example loggrep '-c -5'
is 'server errors are counted in each rotated log' "$(sed 's/.*:/:/' out | sort | tr -d '\n')" ':1:2'
example loggrep duration
is 'slow answers of one application are found' "$(jq .duration out)" 2
cp access.log input
example loggrep 'logquiet -t 30'
is 'logrotate is started after a burst of server errors' "$(cat rotated)" \
    '-f /etc/logrotate.d/docker'
: >input

cp access.log var/log/docker.log
example logparse template:
is 'the paths of server errors are printed' "$(cat out)" '503 /api/a'
example logparse '-s status'
is 'requests are counted by status' "$(tr -s ' \n' ' ' <out)" ' 3 200 1 503 '
echo 'http { log_format main "$remote_addr $status $request_time"; }' >etc/nginx/nginx.conf
mv access.log access.log.saved
echo '192.0.2.7 503 0.25' >access.log
example logparse --nginx-conf
is "a log is read by its server's configuration" "$(jq .status out)" 503
mv access.log.saved access.log

echo one >var/log/docker.log.1
example logpack 'logstamp -0a'
is 'what was renamed is packed' "$(gzip -dc var/log/docker.log-*.gz)" one
example logpush 'file:///mnt'
is 'packed logs are kept in a folder for each host' "$(gzip -dc mnt/logs/*/docker.log-*.gz)" one
is 'packed logs that were delivered to a folder are removed' "$(ls var/log | grep docker.log-)" ''
for how in logstamp logpush; do
	echo "$how" >var/log/docker.log.1
	[ $how = logpush ] || example logstamp 'logpack -9'
	[ $how = logstamp ] ||
	    logstamp -0a var/log/docker.log | logpack -0T - >/dev/null
	example $how '--rm -0T - s3:'
	is "$how's page: packed logs get to a bucket" \
	    "$(gzip -dc s3/objects/logs*docker.log-*.gz)" $how
	is "$how's page: packed logs that got to a bucket are removed" \
	    "$(ls var/log | grep docker.log-)" ''
	rm s3/objects/logs*
done
example logstamp '--move-to'
is 'a log that was rotated without logrotate gets to a bucket' "$(ls s3/objects | grep -c 'app.log-.*gz$')" 1
is 'what was delivered of a log that was rotated without logrotate is kept' "$(ls sent | wc -l)" 1
echo old >old && gzip old && mv old.gz sent/app.log-1624977000.gz
touch -d @1624977000 sent/app.log-1624977000.gz
echo new >app.log.1
logstamp -0a app.log | logpack -0T - >/dev/null
example logpush --move-to
is 'what was delivered is kept for a week' "$(gzip -dc sent/*.gz | grep -cx -e new -e old)" 1

echo 'kill -USR1' >app.log
sleep 600 & writer=$!
servers="$servers $writer"
echo $writer >app.pid
example logstamp '--reopen'
wait $writer 2>/dev/null
is "the writer gets the signal that a page's example sends" "$(kill -l $?)" USR1
is 'a log whose writer got a signal is packed' "$(gzip -dc "$(tr -d '\0' <out)")" 'kill -USR1'

logparse access.log | logpush --deadline 100ms --spool var/spool/logferry-es \
    es+http://127.0.0.1:1/away 2>err
example logpush --respool
is 'what a spool holds gets to a bucket' \
    "$(gzip -dcf s3/objects/left*z | jq .status | tr '\n' ' ')" '200 200 200 503 '
cp access.log input
example logpush --dead-letter
is 'a search cluster gets all records' "$(jq -r '._index // empty' search/docs 2>/dev/null | wc -l)" 4
: >input
example logquiet 'mail -s'
is 'what a job printed is mailed' "$(cat mailbox)" '-s job root
it began
it failed'
# What stands in the configuration of others
if [ -n "$real_logrotate" ]; then
	mkdir rotated.d
	chmod 755 rotated.d
	{ printf '%s\n' "$tmp/rotated.d/app.log {" 'rotate 3' compress
	sed "s|/usr/local/bin|$B|" logpack.1.2
	echo '}'; } >rotate.conf
	chmod 644 rotate.conf
	for n in 1 2; do
		echo $n >rotated.d/app.log
		"$real_logrotate" -f -s "$tmp/state" rotate.conf
	done >out 2>&1
	is 'logrotate takes the example of logpack(1) without a word' "$(cat out)" ''
	is 'logrotate packs by the example of logpack(1)' \
	    "$(cat rotated.d/app.log.1; gzip -dc rotated.d/app.log.2.gz)" '2
1'
else
	skip 'no logrotate' 'logrotate packs by the example of logpack(1)'
fi
rm logpack.1.2
if [ -n "$syslog_ng" ]; then
	eval "$syslog_ng"
	PATH=$tmp/bin:$PATH
	at_exit="$at_exit; $top/tests/servers/syslog-ng stop '$tmp/ng'"
	rm rotated
	sed "s|\"loggrep|\"PATH=$PATH; loggrep|; s/-t 30/-t 100ms/
	    1s/^/log { source(s_sys); /; \$s/\$/ };/" logquiet.1.1 >ng.conf
	"$top/tests/servers/syslog-ng" start "$tmp/ng" ng.conf
	logger -u ng/log -t nginx -f access.log
	ok 'syslog-ng rotates by the example of logquiet(1)' \
	    until_true 20 grep -qx -e '-f /etc/logrotate.d/docker' rotated
else
	skip 'no syslog-ng' 'syslog-ng rotates by the example of logquiet(1)'
fi
rm logquiet.1.1
is 'each example of the pages was run' \
    "$(ls | grep '^log.*\.1\.' | tr '\n' ' ')" ''
done_testing
