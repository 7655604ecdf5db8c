#!/bin/sh
# what a store or web server may answer, and what becomes of it
. "${0%/*}/lib.sh"
command -v python3 >/dev/null || skip_all 'no python3'
. "$top/tests/servers/lib.sh"

aws_keys
start_server at python3 "$top/tests/servers/answers"
AWS_ENDPOINT_URL=$url
export AWS_ENDPOINT_URL

# reply NAME.N STATUS BODY [HEADER...]: the answer to the Nth request for NAME
reply() {
	reply_to=at/$1
	printf 'HTTP/1.1 %s x\r\n' "$2" >"$reply_to"
	body=$3
	shift 3
	[ $# = 0 ] || printf '%s\r\n' "$@" >>"$reply_to"
	printf '\r\n%b' "$body" >>"$reply_to"
}
# requests NAME: how many there were for it
requests() { grep -c "^$1 " at/requests; }
# --- contents ---
n=0
for range in bytes 'bytes ' 'octets 0-4/5' 'bytes x-4/5' 'bytes 0' 'bytes 0+4/5' \
	'bytes 0-' 'bytes 0-4' 'bytes 0-4:5' 'bytes 0-4/' 'bytes 0-4/*' 'bytes 0-4/5x' \
	'bytes 0-x/5' 'bytes 1-4/5' 'bytes 0-3/5' 'bytes 0-5/5' 'bytes 0-4/4' \
	'bytes 0-999999999999999999999999/5'; do
	n=$((n + 1))
	reply range$n.1 206 'line\n' "Content-Range: $range"
	is "a part that was not asked for is not taken: $range" \
		"$(loggrep line "$url/range$n" 2>&1)" \
		"loggrep: $url/range$n: the answer is a part that was not asked for"
done
reply whole.1 206 'line\n' 'Content-Range: bytes 0-4/5'
is 'a part that is the whole is taken' "$(loggrep line "$url/whole")" line
reply more.1 206 '7\r\nline\n12\r\n0\r\n\r\n' 'Content-Range: bytes 0-4/5' \
	'Transfer-Encoding: chunked'
is 'more than the answer says is not taken' "$(loggrep line "$url/more" 2>&1)" \
	"loggrep: $url/more: more bytes came than the answer says"
reply huge.1 200 'line\n' 'Content-Length: 99999999999999999999999'
says ': the answer.s Content-Length is no number|[Cc]ontent-[Ll]ength' \
	'a length that is no number is told' loggrep --deadline 200ms line "$url/huge"

wanted=
for status in 408 425 429 500 502 503; do
	reply later$status.1 $status '' 'Content-Length: 0'
	reply later$status.2 200 'line\n' 'Content-Length: 5'
	wanted="$wanted $url/later$status"
done
is 'a web server that is busy is asked again' "$(loggrep -c line $wanted)" \
	"$(for u in $wanted; do echo "$u:1"; done)"
is 'a store that is busy is asked again' \
	"$(rm -f at/requests; for s in 408 429 500 503; do
		cp at/later$s.1 at/s$s.1; cp at/later$s.2 at/s$s.2
		echo s3://bucket/s$s; done >list; loggrep -cT list line)" \
	"$(for s in 408 429 500 503; do echo "s3://bucket/s$s:1"; done)"
for status in 400 401 404 410 501 505; do
	reply never$status.1 $status '' 'Content-Length: 0'
	is "a web server that answers $status is not asked again" \
		"$(loggrep line "$url/never$status" 2>&1; requests never$status)" \
		"loggrep: $url/never$status: the server answers $status
1"
done
reply hop.1 302 '' "Location: $url/hop" 'Content-Length: 0'
says 'hop: the server answers 302' 'redirects without end are not followed' \
	loggrep line "$url/hop"
is 'redirects are followed five times' "$(requests hop)" 6
reply odd.1 302 '' 'Location: ftp://127.0.0.1/' 'Content-Length: 0'
says 'odd: the server answers 302' 'a redirect to another protocol is not followed' \
	loggrep line "$url/odd"

# --- lists ---
# list NAME XML: the list of what is in the bucket, by the endpoint $url/NAME
list() { reply "$1.1" 200 "<ListBucketResult>$2</ListBucketResult>"; }
listed() { logpush --deadline 1 --endpoint-url "$url/$1" --list s3://bucket/ 2>&1; }
last='<IsTruncated>false</IsTruncated>'
a='<Key>a</Key><Size>5</Size>'
n=0
while read -r why xml; do
	n=$((n + 1))
	list bad$n "$xml"
	is "a list is refused: $(echo "$why" | tr _ ' ')" "$(listed bad$n | grep -v "^-")" \
		'logpush: s3://bucket/: the answer is no list of objects'
done <<END
it_does_not_say_whether_it_is_whole <Contents>$a</Contents>
nothing_is_in_it_at_all
a_key_lacks $last<Contents><Size>5</Size></Contents>
a_size_lacks $last<Contents><Key>a</Key></Contents>
a_size_is_negative $last<Contents><Key>a</Key><Size>-5</Size></Contents>
a_size_is_empty $last<Contents><Key>a</Key><Size></Size></Contents>
a_size_is_no_number $last<Contents><Key>a</Key><Size>5x</Size></Contents>
a_size_is_too_large $last<Contents><Key>a</Key><Size>9999999999999999999</Size></Contents>
a_%_has_no_digits $last<EncodingType>url</EncodingType><Contents><Key>%%zz</Key><Size>5</Size></Contents>
a_%_has_one_digit $last<EncodingType>url</EncodingType><Contents><Key>%%4</Key><Size>5</Size></Contents>
a_%_is_a_NUL $last<EncodingType>url</EncodingType><Contents><Key>%%00</Key><Size>5</Size></Contents>
a_key_comes_twice $last<Contents>$a</Contents><Contents>$a</Contents>
a_key_is_too_long $last<Contents><Key>$(printf '%1025s' '' | tr ' ' k)</Key><Size>5</Size></Contents>
a_key_is_far_too_long $last<Contents><Key>$(printf '%7000s' '' | tr ' ' k)</Key><Size>5</Size></Contents>
there_is_more,_and_no_token <IsTruncated>true</IsTruncated><Contents>$a</Contents>
there_is_more,_and_an_empty_token <IsTruncated>true</IsTruncated><NextContinuationToken></NextContinuationToken>
END
list key "$last<Contents><Key>$(printf '%1024s' '' | tr ' ' k)</Key><Size>5</Size></Contents>"
is 'a key may have 1024 bytes' "$(listed key | wc -c)" $((1024 + 17))
list plain "$last<Contents><Key>a%41+</Key><Size>5</Size><LastModified>x</LastModified></Contents><Contents><Key>b&amp;&#34;</Key><Size>0</Size><LastModified>2021-06-29T14:30:00.000Z</LastModified></Contents>"
is 'a list that is not encoded is read, and times that are none' "$(listed plain)" \
	"$(printf -- '-\t5\ts3://bucket/a%%41+\n2021-06-29T14:30:00Z\t0\ts3://bucket/b&"')"
list coded "$last<EncodingType>url</EncodingType><Contents><Key>a%41+%2B%c3%A9</Key><Size>5</Size></Contents>"
is 'one that is encoded is decoded' "$(listed coded)" "$(printf -- '-\t5\ts3://bucket/aA +é')"
list cut '<IsTruncated>false</IsTruncated><Contents><Key>a</Key><Size>5</Size>'
is 'what is cut off is no object' "$(listed cut)" ''
list open '<IsTruncated>false'
sed -i 's|</ListBucketResult>||' at/open.1
is 'an element without an end is none' "$(listed open)" \
	'logpush: s3://bucket/: the answer is no list of objects'

# object NAME LISTED...: s3://bucket/ has an object NAME of 5 bytes, as listed
object() {
	list "of-$1" "$last<Contents><Key>$1</Key><Size>5</Size>$2</Contents>"
}
search() { loggrep --deadline 1 --endpoint-url "$url/of-$1" line s3://bucket/ 2>&1; }
object short '<ETag>&quot;e&quot;</ETag>'
reply short.1 200 '4\r\nline\r\n0\r\n\r\n' 'ETag: "e"' 'Transfer-Encoding: chunked'
is 'an object that is smaller than it was listed is told' "$(search short)" \
	'loggrep: s3://bucket/short: 4 bytes came, and 5 were listed'
object untold ''
reply untold.1 200 '4\r\nline\r\n0\r\n\r\n' 'Transfer-Encoding: chunked'
is 'an object without an ETag that is smaller than it was listed is told' "$(search untold)" \
	'loggrep: s3://bucket/untold: 4 bytes came, and 5 were listed'
object other '<ETag>&quot;e&quot;</ETag>'
reply other.1 200 '4\r\nline\r\n0\r\n\r\n' 'ETag: "f"' 'Transfer-Encoding: chunked'
is 'it may have changed since it was listed' "$(search other)" 's3://bucket/other:line'

# --- errors of a store ---
error() { reply "$1.1" "$2" "<Error><Code>$3</Code>$4</Error>" "X-A: b"; }
while read -r name status code more; do
	error "$name" "$status" "$code" "$more"
	is "$name: an error $status is told, and the request not sent again" \
		"$(loggrep --deadline 20 line s3://bucket/$name 2>&1; requests $name)" \
		"loggrep: s3://bucket/$name: $status $code
1"
done <<END
badregion 400 AuthorizationHeaderMalformed <Region>no region!</Region>
noregion 400 AuthorizationHeaderMalformed <Region></Region>
expired 400 ExpiredToken
END

# --- operands ---
list many "$last$(for i in $(seq 10000 12999); do
	printf %s "<Contents><Key>dt=2021-06-20/$i</Key><Size>5</Size></Contents>"
done)"
# search_many OPTION...: among 3000 objects that are too old by their names
search_many() {
	loggrep --endpoint-url "$url/many" --since 2021-06-29T12:00:00Z "$@" s3://bucket/
}
is 'thousands of objects may wait to be told' "$(search_many -c line | sort | uniq -c |
	awk '{ n += $1 } END { print n, $2 }')" '3000 s3://bucket/dt=2021-06-20/12999:0'
is 'none of them is fetched' "$(requests 10000; requests 12999)" '0
0'
says 'passed over by name: 3000' 'they are passed over' search_many --stats line
reply app.log-1624000000.1 200 '2026-11-28T10:10:00Z host app: line\n'
is 'a key that is too old by its name is passed over' "$(loggrep --since \
	2021-06-29T12:00:00Z -c line s3://bucket/app.log-1624000000)" 0
exits 1 'an object that is passed over selects nothing' loggrep --since 2021-06-29T12:00:00Z line \
	s3://bucket/app.log-1624000000
is 'it is not fetched' "$(requests app.log-1624000000)" 0
is 'one that is not is searched' "$(loggrep --since 1970-01-01T00:00:01Z -c line \
	s3://bucket/app.log-1624000000 2>&1)" 1
ok '-q ends with the first line, whatever else was fetched' \
	loggrep -q line "$url/whole" "$url/later500" "$url/later503" "$url/hop"
says 'not a URL' 'what is no URL is told' loggrep line 'http://[::1'
says 'credentials do not go over http://' 'a password does not leave in clear' \
	loggrep line http://me:pw@192.0.2.1/x
is 'to this machine it may go' "$(loggrep line "http://me:pw@127.0.0.1:$port/whole")" line
is 'a file of certificates is taken' "$(loggrep --cacert "$top/README" line "$url/whole")" line
done_testing
