#!/bin/sh
# logpush and a real OpenSearch: six troubles of its indices, in one stream of
# 20,000 numbered documents with poison among them; and the index templates and the
# dashboard of scripts/opensearch
#
# TROUBLE: how many seconds each lasts, 10 by default.
. "${0%/*}/../lib.sh"

os=$top/tests/servers/opensearch
"$os" install 2>/dev/null && command -v java >/dev/null || skip_all 'no OpenSearch'
trouble=${TROUBLE:-10}
chmod 755 "$tmp"; mkdir "$tmp/os"
at_exit=$at_exit'; "$os" stop "$tmp/os"'
env=$("$os" start "$tmp/os") || exit 1
eval "$env"
ask() { curl -fsS -o /dev/null -H 'Content-Type: application/json' "$@" || echo "# failed: $*"; }
U=$OPENSEARCH_URL
count() {
	ask -XPOST "$U/_refresh"
	curl -fsS "$U/$1/_count" | sed 's/.*"count":\([0-9]*\).*/\1/'
}
has() { test "$(count "$1")" = "$2"; }
settings() { ask -XPUT "$U/$1/_settings" -d "$2"; }
cluster() { ask -XPUT "$U/_cluster/settings" -d "{\"transient\":{$1}}"; }

# All indices are alike: n is a number, one shard, no replica.
ask -XPUT "$U/_index_template/t" -d '{"index_patterns":["t-*"],"template":{
	"settings":{"number_of_shards":1,"number_of_replicas":0},
	"mappings":{"properties":{"n":{"type":"integer"}}}}}'
ask -XPUT "$U/t-logs"
mkfifo in
logpush --spool sp --dead-letter dead --batch-time 100ms --batch-lines 500 \
	"es+$U/t-{index}" <in 2>err & pid=$!
exec 7>in

sent=0
# feed INDEX COUNT: the next numbers, and a poison document
feed() {
	seq $((sent + 1)) $((sent + $2)) |
		sed "s/.*/{\"index\":\"$1\",\"n\":&}/" >&7
	sent=$((sent + $2))
	echo "{\"index\":\"$1\",\"n\":\"poison $sent\"}" >&7
}
# trouble NAME INDEX BEGIN END: commands that begin it and end it
during() {
	was=$sent
	eval "$3"
	feed "$2" 3000
	sleep "$trouble"
	is "$1: meanwhile nothing is refused but what was before" \
		"$(grep -c "poison" dead)" "$(grep -c "poison" dead_before)"
	eval "$4"
	feed "$2" 300
	ok "$1: then all of it arrives" until_true 60 arrived
	cp dead dead_before
}
arrived() { has 't-*' "$sent" && test "$(grep -c poison dead)" -ge $((poison + 2)) && poison=$((poison + 2)); }
poison=1
feed logs 200
until_true 60 has t-logs 200
until_true 60 test -s dead
cp dead dead_before

during 'a write block' logs \
	'settings t-logs "{\"index.blocks.write\":true}"' \
	'settings t-logs "{\"index.blocks.write\":false}"'
during 'a closed index' logs 'ask -XPOST "$U/t-logs/_close"' 'ask -XPOST "$U/t-logs/_open"'
during 'a full disk' logs \
	'settings t-logs "{\"index.blocks.read_only_allow_delete\":true}"' \
	'settings t-logs "{\"index.blocks.read_only_allow_delete\":null}"'
during 'no index, and none is made' late \
	'cluster "\"action.auto_create_index\":\"false\""' \
	'cluster "\"action.auto_create_index\":null"'
during 'no more shards' extra \
	'cluster "\"cluster.max_shards_per_node\":1"' \
	'cluster "\"cluster.max_shards_per_node\":null"'
ask -XPUT "$U/t-a1"; ask -XPUT "$U/t-a2"
ask -XPOST "$U/_aliases" -d '{"actions":[{"add":{"index":"t-a1","alias":"t-alias"}},
	{"add":{"index":"t-a2","alias":"t-alias"}}]}'
during 'an alias without a write index' alias : \
	'ask -XPOST "$U/_aliases" -d "{\"actions\":[{\"add\":{\"index\":\"t-a1\",\"alias\":\"t-alias\",\"is_write_index\":true}}]}"'
exec 7>&-
wait $pid
is 'the stream ends, with status 1 for the poison' $? 1
ask -XPOST "$U/_refresh"
is 'every number is there once' "$(curl -fsS -H 'Content-Type: application/json' \
	-d '{"size":0,"track_total_hits":true,"aggs":{"n":{"stats":{"field":"n"}}}}' \
	"$U/t-*/_search" | python3 -c '
import json, sys
a = json.load(sys.stdin)["aggregations"]["n"]
print(a["count"], int(a["min"]), int(a["max"]), int(a["sum"]))')" \
	"$sent 1 $sent $((sent * (sent + 1) / 2))"
is 'poison documents are in the dead letters, and only they' \
	"$(grep -c poison dead) $(grep -vc poison dead)" '13 0'
is 'all that was sent is what was asked for' "$sent" 20000

# --- scripts/opensearch ---
setup=$top/scripts/opensearch
exits 1 'setup-index installs the templates, and tells that there is no index management' \
	"$setup/setup-index" "$U"
exits 1 'setup-index takes a URL with a slash at its end, a second time' "$setup/setup-index" "$U/"
cat "$golden"/logparse/*.json >records
for log in "$golden"/logparse/*.log; do logparse -o ecs "$log"; done >ecs 2>ecs.err
logpush --dead-letter dead_records "es+$U/logferry-records-a" records 2>err
: >>dead_records
is 'all records of the goldens fit, but for own keys that elsewhere are objects' \
	"$(jq -r .error dead_records | grep -v ': object mapping for .* tried to parse field')" ''
ok 'such records are few' test "$(($(wc -l <dead_records) * 50))" -lt "$(($(wc -l <records)))"
exits 0 'all records of the goldens fit as ECS' logpush "es+$U/logferry-ecs-a" ecs
cat >records.more <<'END'
{"timestamp":"2021-06-29T10:05:03.123456789Z","client":"2001:db8::1","status":503,"message":"Some words"}
{"timestamp":"none","client":"host.example","status":"none","message":"malformed"}
END
exits 0 'a value that does not fit its type does not cost the record' \
	logpush "es+$U/logferry-records-b" records.more
ask -XPOST "$U/_refresh"
found() { curl -fsSG "$U/logferry-records-b/_count" --data-urlencode "q=$1" | jq .count; }
is 'a client is found by its network, or its name' \
	"$(found 'client:"2001:db8::/32"') $(found 'client.name:host.example')" '1 1'
is 'a message is found by a word of it' "$(found 'message:words')" 1
is 'a time is kept to the nanosecond' "$(curl -fsS -H 'Content-Type: application/json' \
	"$U/logferry-records-b/_search" -d '{"query":{"exists":{"field":"timestamp"}},
	"docvalue_fields":[{"field":"timestamp","format":"strict_date_optional_time_nanos"}]}' |
	jq -r '.hits.hits[].fields.timestamp[]')" 2021-06-29T10:05:03.123456789Z

# --- data streams ---
ask -XPUT "$U/_index_template/ds" -d '{"index_patterns":["ds-*"],"data_stream":{},"priority":200}'
seq 300 | sed 's/.*/{"timestamp":"2021-06-29T10:05:03.5Z","message":"&","format":"json"}/' |
	logparse -o ecs >ds
exits 0 'a data stream takes documents' logpush "es+$U/ds-web" ds
exits 0 'a data stream takes documents again' logpush "es+$U/ds-web" ds
ok 'a data stream has each document once' has ds-web 300
is 'a data stream was made' "$(curl -fsS "$U/_data_stream/ds-web" | jq -r '.data_streams[].name')" ds-web

# What type each field has, beside those that are dynamic: text is a keyword,
# and numbers are numbers.
cat >types.py <<'END'
import json, sys, urllib.request
url, setup = sys.argv[1:]
def leaves(properties, before=""):
    for name, m in properties.items():
        if "properties" in m:
            yield from leaves(m["properties"], before + name + ".")
        elif m.get("type") != "object":     # one without any member
            yield before + name, m["type"]
def values(doc, before=""):
    for name, v in doc.items():
        if isinstance(v, dict):
            yield from values(v, before + name + ".")
        else:
            yield before + name, v
wrong, seen = [], 0
refused = [json.loads(line)["record"] for line in open("dead_records")]
for kind, lines in ("records", "records"), ("ecs", "ecs"):
    index = "logferry-%s-a" % kind
    with urllib.request.urlopen("%s/%s/_mapping" % (url, index)) as f:
        got = dict(leaves(json.load(f)[index]["mappings"]["properties"]))
    with open("%s/logferry-%s.json" % (setup, kind)) as f:
        want = dict(leaves(json.load(f)["template"]["mappings"]["properties"]))
    for line in open(lines):
        doc = json.loads(line)
        if doc in refused:
            continue
        for path, v in values(doc):
            flat = [p for p in want if want[p] == "flat_object" and
                    path.startswith(p + ".")]
            # An object is kept, not indexed, where others have a value.
            parts = path.split(".")
            hidden = any(".".join(parts[:n]) in got
                         for n in range(1, len(parts)))
            if flat or hidden or v is None or v == []:
                continue
            v = v[0] if isinstance(v, list) else v
            if path in want:
                types = {want[path]}
            elif path.startswith("envelope.") and path.endswith(".timestamp"):
                types = {"date_nanos"}
            elif isinstance(v, bool):
                types = {"boolean", "keyword"}
            elif isinstance(v, (int, float)):
                types = {"long", "float", "keyword"}
            else:
                types = {"keyword", "long", "float"}
            seen += 1
            if not isinstance(v, dict) and got.get(path) not in types:
                wrong.append((kind, path, got.get(path), v))
print(seen > 3000, wrong)
END
is 'every field of the goldens has the wanted type' "$(python3 types.py "$U" "$setup")" 'True []'

# Each saved object, with its query and its aggregations as a request.
cat >dashboard.py <<'END'
import json, sys, urllib.request
url, path = sys.argv[1:]
objects = [json.loads(line) for line in open(path)]
ids = {(o["type"], o["id"]) for o in objects}
for o in objects:
    for r in o["references"]:
        assert (r["type"], r["id"]) in ids, r
def ask(body):
    request = urllib.request.Request(url + "/logferry-records-c/_search",
        json.dumps(body).encode(), {"Content-Type": "application/json"})
    return json.load(urllib.request.urlopen(request))
for o in objects:
    attributes = o["attributes"]
    for name in "visState", "panelsJSON", "optionsJSON":
        state = json.loads(attributes.get(name, "null"))
        if name == "panelsJSON" and state:
            assert ({p["panelRefName"] for p in state} ==
                    {r["name"] for r in o["references"]}), state
    if o["type"] not in ("search", "visualization"):
        continue
    meta = json.loads(attributes["kibanaSavedObjectMeta"]["searchSourceJSON"])
    body = {"size": 0, "track_total_hits": True, "query":
        {"query_string": {"query": meta["query"]["query"]}}}
    result = [o["id"]]
    if o["type"] == "search":
        result.append(ask(body)["hits"]["total"]["value"])
    else:
        metric, bucket = json.loads(attributes["visState"])["aggs"]
        field = bucket["params"]["field"]
        if bucket["type"] == "date_histogram":
            aggs = {"date_histogram": {"field": field, "min_doc_count": 1,
                "calendar_interval": "1" + bucket["params"]["interval"]}}
        else:
            aggs = {"terms": {"field": field, "size": bucket["params"]["size"],
                "order": {"_count" if metric["type"] == "count" else "m":
                          bucket["params"]["order"]}}}
        if metric["type"] != "count":
            aggs["aggs"] = {"m": {metric["type"]: metric["params"]}}
        body["aggs"] = {"b": aggs}
        for b in ask(body)["aggregations"]["b"]["buckets"]:
            result.append("%s=%g" % (b.get("key_as_string", b["key"]),
                b["m"]["value"] if "m" in b else b["doc_count"]))
    print(*result)
END
for i in $(seq 12); do
	printf '{"timestamp":"2021-06-29T10:%02d:00Z","hostname":"web%d","path":"/p%d","status":%d,"duration":%d.5}\n' \
		$((i / 6)) $((i % 3)) $((i % 4)) $((i % 4 == 0 ? 503 : 200)) $((i % 2))
done | logpush "es+$U/logferry-records-c" 2>err
ask -XPOST "$U/_refresh"
cat >want <<'END'
logferry-errors 3
logferry-slow 6
logferry-errors-per-minute 2021-06-29T10:00:00.000Z=1 2021-06-29T10:01:00.000Z=1 2021-06-29T10:02:00.000Z=1
logferry-by-status 200=9 503=3
logferry-slowest-paths /p1=1.5 /p3=1.5 /p0=0.5 /p2=0.5
logferry-by-host web0=4 web1=4 web2=4
END
same 'the queries of the dashboard give the known numbers' want \
	python3 dashboard.py "$U" "$setup/logferry-dashboard.ndjson"
done_testing
