#!/bin/sh
# logpush: OpenTelemetry's OTLP and Grafana Loki, to strict intakes
. "${0%/*}/lib.sh"
. "$top/tests/servers/lib.sh"

command -v python3 >/dev/null || skip_all 'python3 is not installed'
fresh() { rm -f intakes/lines intakes/taken intakes/requests intakes/mode intakes/wrong dead; }
start_server intakes python3 "$top/tests/servers/intakes"

# --- OTLP ---
otlp=otlp+$url
cat >in <<'END'
{"timestamp":"2021-06-29T10:05:03.123456789Z","hostname":"web1","appname":"shop","container":"shop-1","pod":"shop-7","severity":"err","trace_id":"5b8efff798038103d269b633813fc60c","span_id":"eee19b7ec3c1b174","status":503,"message":"first","format":"json"}
{"timestamp":"2021-06-29T10:05:04Z","hostname":"web1","appname":"shop","container":"shop-1","pod":"shop-7","trace_id":"none","n":1.5,"ok":true,"message":"second","format":"json"}
a line of text

{"time":"2021-06-29T10:05:05.5Z","level":"warn","msg":"third"}
END
exits 0 'OTLP: records and lines are delivered' logpush "$otlp" <in
ok 'OTLP: a request breaks no rule of the specification' not test -e intakes/wrong
is 'OTLP: an empty path means /v1/logs' "$(jq -r .path intakes/requests)" /v1/logs
is 'OTLP: a batch is one request' "$(jq -s length intakes/taken)" 1
is 'OTLP: host, program, container and pod are the resource' \
	"$(jq -c '.resourceLogs[0].resource.attributes | map([.key, .value.stringValue])' intakes/taken)" \
	'[["host.name","web1"],["service.name","shop"],["container.name","shop-1"],["k8s.pod.name","shop-7"]]'
is 'OTLP: records of one resource that follow each other share it' \
	"$(jq -c '[.resourceLogs[].scopeLogs[].logRecords | length]' intakes/taken)" '[2,2]'
is 'OTLP: the body is the message, or the line' \
	"$(jq -r .body.stringValue intakes/lines | tr '\n' ' ')" 'first second a line of text third '
is 'OTLP: times are in nanoseconds, 0 where there is none' \
	"$(jq -r .timeUnixNano intakes/lines | tr '\n' ' ')" \
	'1624961103123456789 1624961104000000000 0 1624961105500000000 '
is 'OTLP: severities have a number and a text' \
	"$(jq -c '[.severityNumber, .severityText]' intakes/lines | tr '\n' ' ')" \
	'[17,"err"] [null,null] [null,null] [13,"warn"] '
is 'OTLP: ids of traces and spans are what is one' \
	"$(jq -c '[.traceId, .spanId]' intakes/lines | head -n 2 | tr '\n' ' ')" \
	'["5b8efff798038103d269b633813fc60c","eee19b7ec3c1b174"] [null,null] '
is 'OTLP: what is no such id stays an attribute, beside numbers and booleans' \
	"$(jq -sc '.[1].attributes | map([.key, (.value | to_entries[0] | .key, .value)])' intakes/lines)" \
	'[["trace_id","stringValue","none"],["n","doubleValue",1.5],["ok","boolValue",true],["format","stringValue","json"]]'
is 'OTLP: a status is the attribute that OpenTelemetry has for it' \
	"$(jq -sc '.[0].attributes[] | select(.key == "http.response.status_code")' intakes/lines)" \
	'{"key":"http.response.status_code","value":{"intValue":"503"}}'
before=$(date +%s)
is 'OTLP: it is told when a line was read' "$(jq -s --argjson now "$before" '
	map(.observedTimeUnixNano | tonumber / 1e9 | . > $now - 600 and . < $now + 600) | all' intakes/lines)" true

fresh
exits 0 'OTLP: requests of logparse -o otlp are delivered, other lines among them' \
	sh -c '{ logparse -o otlp "$1"; echo text; logparse -o otlp "$1"; } | logpush "$2"' - in "$otlp"
is 'OTLP: they are merged into one request' \
	"$(jq -c '.resourceLogs | length' intakes/taken)" 9
is 'OTLP: all that they held is there, in order' \
	"$(jq -r .body.stringValue intakes/lines | tr '\n' ' ')" \
	'first second a line of text third text first second a line of text third '
ok 'OTLP: a merged request breaks no rule' not test -e intakes/wrong
fresh
printf '{"resourceLogs":[]}\n{"resourceLogs":"x"}\n{"a":"resourceLogs"}\n{"b":1,\n' | logpush "$otlp/"
is 'OTLP: what only looks like a request is a record, or text' \
	"$(jq -c '[.body.stringValue, (.attributes[0] | .key, .value.stringValue)]' intakes/lines | tr '\n' ' ')" \
	'[null,"resourceLogs","x"] [null,"a","resourceLogs"] ["{\"b\":1,","format","raw"] '
ok 'OTLP: an empty request among others breaks no rule' not test -e intakes/wrong
fresh
cat >almost <<'END'
{"resourceLogs":[],"msg":"one"}
{"message":"two","resourceLogs":[{"scopeLogs":[]}]}
{"resourceLogs":[{"msg":"three"}]}
{"resourceLogs":[{"scopeLogs":[]},4]}
{"resourceLogs":[{"scopeLogs":"five"}]}
END
exits 0 'OTLP: a record with a field resourceLogs is delivered' logpush "$otlp" almost
is 'OTLP: an array resourceLogs is a field where it is no request, or not alone' \
	"$(jq -r '.body.stringValue // (.attributes[] | select(.key == "resourceLogs").value.stringValue)' intakes/lines)" \
	'one
two
[{"msg":"three"}]
[{"scopeLogs":[]},4]
[{"scopeLogs":"five"}]'
is 'OTLP: beside its other fields, an array resourceLogs is kept' \
	"$(jq -sc '.[1].attributes[0]' intakes/lines)" \
	'{"key":"resourceLogs","value":{"stringValue":"[{\"scopeLogs\":[]}]"}}'
fresh
logpush "$otlp/insert/opentelemetry/v1/logs?a=b" <in
is 'OTLP: a path that is given stays, and the query' "$(jq -r .path intakes/requests)" \
	'/insert/opentelemetry/v1/logs?a=b'
fresh
printf '{"a":1e400,"b":-1e400,"c":123456789012345678901234567890,"d":null,"e":[1]}\n' | logpush "$otlp"
is 'OTLP: a number that no double holds is text' \
	"$(jq -c '[.attributes[:3][].value | keys[0]]' intakes/lines)" '["stringValue","stringValue","doubleValue"]'

fresh
printf '{"timestamp":"%s","message":"m"}\n' 9999-12-31T23:59:59Z nonsense 1960-01-01T00:00:00Z >times
exits 0 'OTLP: a record whose time cannot be told in nanoseconds is delivered' \
	logpush --deadline 10s "$otlp" times
is 'OTLP: a time that cannot be told in nanoseconds is none, and stays an attribute' \
	"$(jq -r '[.timeUnixNano, (.attributes[] | select(.key == "timestamp").value.stringValue)] | join(" ")' intakes/lines)" \
	"$(printf '0 %s\n' 9999-12-31T23:59:59Z nonsense 1960-01-01T00:00:00Z)"

fresh; echo 'partial=2:too old' >intakes/mode
seq 3 >numbers
says 'rejected 2 of 3 records, and does not say which: too old' \
	'OTLP: a partial success is told, with how many were rejected' \
	logpush --dead-letter dead "$otlp" numbers
is 'OTLP: after a partial success nothing is sent again' "$(wc -l <intakes/requests)" 1
is 'OTLP: all records of a partial success are dead letters, as any may be lost' \
	"$(jq -r .record.message dead | tr '\n' ' ')" '1 2 3 '
fresh; echo 'partial=0:use fewer attributes' >intakes/mode
exits 0 'OTLP: a warning refuses nothing' sh -c 'seq 3 | logpush --batch-lines 1 "$1" 2>err' - "$otlp"
is 'OTLP: a warning is told, once' "$(sed 's/.*: //' err)" 'use fewer attributes'
fresh; echo 'say=long' >intakes/mode
{ printf '{"partialSuccess":{"errorMessage":"'; head -c 70000 /dev/zero | tr '\0' x
printf '","rejectedLogRecords":"3"}}'; } >intakes/long
exits 1 'OTLP: a partial success whose answer is long is none the less seen' \
	logpush --dead-letter dead "$otlp" numbers
is 'OTLP: after a long answer, the records of a partial success are dead letters' \
	"$(jq -r .record.message dead | tr '\n' ' ')" '1 2 3 '
echo '<html>please log in</html>' >intakes/html
head -c 60 intakes/long >intakes/torn
tr -d '}' <intakes/long >intakes/open
printf '\n\t\b\003' >intakes/binary
for answer in html torn open binary; do
	fresh; echo "say=$answer:2" >intakes/mode
	exits 0 "OTLP: success with a body that is no answer ($answer) is tried again" \
		logpush "$otlp" numbers
	is "OTLP: after a body that is no answer ($answer), all is sent again" \
		"$(jq -r .body.stringValue intakes/lines | tr '\n' ' ') $(jq -s length intakes/requests)" '1 2 3  3'
done
for answer in '' ' ' '{"a":[]} '; do
	fresh; echo 'say=fine' >intakes/mode
	printf %s "$answer" >intakes/fine
	exits 0 "OTLP: the answer '$answer' is success" logpush "$otlp" numbers
	is "OTLP: after the answer '$answer' nothing is sent again" "$(jq -s length intakes/requests)" 1
done
fresh; printf 'json=415\nsay=huge\n' >intakes/mode
{ head -c 60 intakes/long; head -c 300000 /dev/zero | tr '\0' x; tail -c 100 intakes/long; } >intakes/huge
exits 75 'OTLP: success with an answer that is too long to be read is none' \
	logpush --spool hsp --deadline 10ms "$otlp" numbers
for answer in 401 403 404 429 503; do
	fresh; echo "status=$answer:1" >intakes/mode
	seq 3 | logpush -q "$otlp" 2>err
	is "OTLP: after $answer all is sent again" \
		"$(jq -r .body.stringValue intakes/lines | tr '\n' ' ') $(grep -c "$answer" err)" '1 2 3  1'
done
fresh; echo 'reject=\"7\"' | tr -d '\\' >intakes/mode
exits 1 'OTLP: a bad record is status 1' \
	sh -c 'seq 20 | logpush --dead-letter dead "$1"' - "$otlp"
is 'OTLP: 400 halves until the bad record is alone' "$(jq -r .record.message dead)" 7
is 'OTLP: all the others are taken' "$(jq -s length intakes/lines)" 19
fresh; echo 'limit=1500' >intakes/mode
exits 0 'OTLP: 413 halves' sh -c 'seq 20 | logpush "$1"' - "$otlp"
is 'OTLP: no record is lost by that' "$(jq -r .body.stringValue intakes/lines | sort -n | tr '\n' ' ')" \
	"$(seq 20 | tr '\n' ' ')"
fresh; echo 'status=503' >intakes/mode
exits 75 'OTLP: what cannot be delivered stays in the spool' sh -c \
	'seq 5 | logpush --spool sp --deadline 10ms "$1"' - "$otlp"
fresh
exits 0 'OTLP: what the spool held is delivered' logpush --spool sp --gzip "$otlp" </dev/null
is 'OTLP: that is all of it' "$(jq -r .body.stringValue intakes/lines | tr '\n' ' ')" '1 2 3 4 5 '

# The same records in both encodings.
{ cat in; echo '{"a":-5,"b":true,"c":false,"d":0,"e":-1.25,"f":"\u00e9\\","pid":18,"message":""}'
logparse -o otlp in; } >both
plain='map(del(.observedTimeUnixNano))'
fresh; logpush "$otlp" both; jq -cs "$plain" intakes/lines >want
jq -c '.resourceLogs[].resource' intakes/taken >want_resources
for answer in 415 400; do
	fresh; echo "json=$answer" >intakes/mode
	exits 0 "OTLP: protobuf goes to a receiver that answers JSON with $answer" logpush "$otlp" both
	same "OTLP: after $answer, protobuf holds the same records as JSON" want jq -cs "$plain" intakes/lines
	same "OTLP: after $answer, protobuf holds the same resources as JSON" want_resources \
		jq -c '.resourceLogs[].resource' intakes/taken
done
fresh; echo json=415 >intakes/mode
seq 3 | logpush --batch-lines 1 --gzip "$otlp"
is 'OTLP: JSON is tried once only' "$(jq -r '.headers["Content-Type"]' intakes/requests | uniq -c | tr -s ' \n' ' ')" \
	' 1 application/json 3 application/x-protobuf '
fresh; printf 'json=415\npartial=2:too old\n' >intakes/mode
says 'rejected 2 of 3 records, and does not say which: too old' \
	'OTLP: a partial success in protobuf is told' logpush --dead-letter dead "$otlp" numbers
is 'OTLP: records of a partial success in protobuf are dead letters' "$(jq -r .record.message dead | tr '\n' ' ')" '1 2 3 '
printf '\n\020\b\002\022\020torn' >intakes/half
printf '\022' >intakes/key
cp intakes/html intakes/html2
for answer in half key html2; do
	fresh; { echo json=415; echo "say=$answer:2"; } >intakes/mode
	exits 0 "OTLP: protobuf: success with a body that is no answer ($answer) is tried again" \
		logpush "$otlp" numbers
	is "OTLP: protobuf: after a body that is no answer ($answer), all is sent again" \
		"$(jq -r .body.stringValue intakes/lines | tr '\n' ' ')" '1 2 3 '
done
fresh; echo json=415 >intakes/mode
{ echo good; echo '{"resourceLogs":[{"scopeLogs":[{"logRecords":["none"]}]}]}'; echo fine; } >mixed
exits 1 'OTLP: what is no request cannot be made protobuf, and is refused' \
	logpush --dead-letter dead "$otlp" mixed
is 'OTLP: beside it, the others are taken' "$(jq -r .body.stringValue intakes/lines | tr '\n' ' ')" 'good fine '

# --- Loki ---
fresh
loki=loki+$url
cat >in <<'END'
{"timestamp":"2021-06-29T10:05:03.123456789Z","hostname":"web1","appname":"shop","level":"error","message":"first","n":1}
{"timestamp":"2021-06-29T10:05:04Z","hostname":"web1","appname":"shop","severity":"err","message":"second"}
a line "of" text
{"timestamp":"2021-06-29T10:05:03Z","hostname":"web1","appname":"shop","level":"error","message":"third"}
END
exits 0 'Loki: records and lines are delivered' logpush "$loki" <in
ok 'Loki: a request breaks no rule of the push API' not test -e intakes/wrong
is 'Loki: an empty path means /loki/api/v1/push' "$(jq -r .path intakes/requests)" /loki/api/v1/push
is 'Loki: a stream has the labels appname, hostname and level, or severity' \
	"$(jq -c '.streams[].stream' intakes/taken | tr '\n' ' ')" \
	'{"appname":"shop","hostname":"web1","level":"error"} {"appname":"shop","hostname":"web1","level":"err"} {"job":"logferry"} '
is 'Loki: lines with the same labels are one stream, in their order' \
	"$(jq -c '[.streams[].values | map(.[1] | fromjson? | .message)]' intakes/taken)" \
	'[["first","third"],["second"],[]]'
is 'Loki: an entry is the line' "$(jq -r .line intakes/lines | sort)" "$(sort in)"
is 'Loki: the time is that of the record, in nanoseconds' \
	"$(jq -r '.streams[0].values[0][0]' intakes/taken)" 1624961103123456789
now=$(date +%s)
is 'Loki: the time of a line without one is that of reading' \
	"$(jq --argjson now "$now" '.streams[2].values[0][0] | tonumber / 1e9 |
	. > $now - 600 and . < $now + 600' intakes/taken)" true
fresh
{ for i in 1 2 3 4; do echo '{"timestamp":"2021-06-29T10:05:03Z","status":200}'; echo same; done
for i in 1 2; do echo '{"timestamp":"2021-06-29T10:05:03.123456Z","status":200}'; done; } | logpush "$loki"
is 'Loki: equal lines of one time are not taken for one' "$(jq -s length intakes/lines)" 10
is 'Loki: what a time says is kept' "$(jq -r '.at[:16]' intakes/lines | grep ^1624961 | cut -c 1-13,14-16 |
	sed 's/^1624961103000...$/1624961103/' | sort | uniq -c | tr -s ' \n' ' ')" \
	' 4 1624961103 2 1624961103123456 '
fresh
exits 0 'Loki: a record whose time cannot be told in nanoseconds is delivered' \
	logpush --deadline 10s "$loki" times
is 'Loki: its time is that of reading' "$(jq --argjson now "$now" -s \
	'map(.at | tonumber / 1e9 | . > $now - 600 and . < $now + 600) | all and length == 3' intakes/lines)" true
fresh
echo '{"a":{"b":1},"c-d":"\u00e9","level":""}' | logpush --labels a.b,c-d,level "$loki/"
is 'Loki: --labels reaches into objects, and its names are valid' \
	"$(jq -c '.streams[].stream' intakes/taken)" '{"a_b":"1","c_d":"é"}'
fresh
{ printf '{"appname":"'; head -c 3000 /dev/zero | tr '\0' x; printf '"}\n'; } | logpush "$loki"
is 'Loki: the value of a label is cut at its limit' \
	"$(jq '.streams[].stream.appname | length' intakes/taken)" 2048
for bad in ,a a,,b a.b,a_b 1a a,b,c,d,e,f,g,h,i,j,k,l,m,n,o,p; do
	exits 2 "Loki: --labels refuses $bad" logpush --labels "$bad" "$loki" </dev/null
done
fresh; echo tenant=one >intakes/mode
exits 0 'Loki: the tenant is a header' logpush -H 'X-Scope-OrgID: one' "$loki" in
fresh; echo 'oldest=1624961104000000000' >intakes/mode
exits 1 'Loki: entries that are too old are refused' logpush --dead-letter dead "$loki" in
is 'Loki: they are told in the dead letters' \
	"$(jq -r .record.message dead | tr '\n' ' ')" 'first third '
is 'Loki: the others are taken, each once' \
	"$(jq -r .line intakes/lines | cut -c 1-20 | sort | tr '\n' ' ')" \
	'a line "of" text {"timestamp":"2021-0 '
grep first in >old
fresh; echo 'oldest=9000000000000000000' >intakes/mode
exits 1 'Loki: what is too old is not tried for ever, though nothing else is taken' \
	logpush --dead-letter dead "$loki" old
fresh; echo 'status=260:2' >intakes/mode
exits 0 'Loki: while ingestion is blocked (260), lines wait' logpush "$loki" old
is 'Loki: what waited is taken' "$(jq -s length intakes/lines) $(jq -s length intakes/requests)" '1 3'
fresh; echo 'status=503' >intakes/mode
exits 75 'Loki: what cannot be delivered stays in the spool' \
	logpush --spool lsp --deadline 10ms "$loki" numbers
fresh
exits 0 'Loki: what the spool held is delivered' logpush --spool lsp --gzip "$loki" </dev/null
is 'Loki: that is all of it, in order' "$(jq -r .line intakes/lines | tr '\n' ' ')" '1 2 3 '

# --- Several servers ---
good=$url
start_server other python3 "$top/tests/servers/intakes"
wrong_answer() {
	fresh; rm -f other/requests
	echo "status=$2" >other/mode
	exits 0 "--also: $1: the next server gets the batch after an answer $2 that is wrong" \
		logpush --deadline 1m --also "$3$good" "$3$url" numbers
	is "--also: $1: after an answer $2 that is wrong, all is at the next server" \
		"$(jq -s length intakes/lines) $(jq -s length other/requests)" '3 1'
}
wrong_answer OTLP 200 otlp+
wrong_answer Loki 260 loki+
for kind in otlp loki; do
	fresh; rm -f other/requests
	echo status=400 >other/mode
	seq 100 >hundred
	exits 0 "--also: $kind: the next server gets what the first refuses altogether" \
		logpush --deadline 1m --dead-letter dead --also "$kind+$good" "$kind+$url" hundred
	is "--also: $kind: nothing is refused of what the next server takes" \
		"$(jq -s length intakes/lines) $(wc -l <dead)" '100 0'
done
done_testing
