#!/bin/sh
# scripts/grafana: the dashboard asks Loki for what logpush sends it
# (grafana.com/docs/grafana/latest/visualizations/dashboards/build-dashboards/
# view-dashboard-json-model; grafana.com/docs/loki/latest/query)
. "${0%/*}/lib.sh"
. "$top/tests/servers/lib.sh"

command -v python3 >/dev/null || skip_all 'python3 is not installed'
board=$top/scripts/grafana/logferry-dashboard.json
start_server intakes python3 "$top/tests/servers/intakes"
cat >in <<'EOF'
<190>Jun 29 10:05:03 web1 nginx: 10.0.0.1 - - [29/Jun/2021:10:05:03 +0000] "GET /a HTTP/1.1" 503 5 "-" "curl" 1.250
<190>Jun 29 10:05:04 web2 nginx: 10.0.0.1 - - [29/Jun/2021:10:05:04 +0000] "GET /b HTTP/1.1" 200 5 "-" "curl" 0.001
EOF
logparse in >records
exits 0 'records go to Loki' logpush "loki+$url" records

cat >look.py <<'EOF'
import json, re, sys
board = json.load(open(sys.argv[1]))
taken = [json.loads(line) for line in open("intakes/taken")]
streams = [s for t in taken for s in t["streams"]]
labels = set.intersection(*(set(s["stream"]) for s in streams))
records = [json.loads(v[1]) for s in streams for v in s["values"]]
variables = {v["name"]: v for v in board["templating"]["list"]}
own = {"__auto", "__range", "__interval"}   # Grafana's own
used = set()
exprs = []

def say(what, bad):
    print(what + ":", *sorted(map(str, bad)))

def balanced(text, pairs):
    """Whether brackets close what was opened, quotes left out."""
    stack = []
    for c in re.sub(r'"(\\.|[^"\\])*"', "", text):
        if c in pairs:
            stack.append(pairs[c])
        elif c in pairs.values() and (not stack or stack.pop() != c):
            return False
    return not stack

panels = board["panels"]
say("ids that are not unique", [] if len({p["id"] for p in panels}) ==
    len(panels) else [p["id"] for p in panels])
for p in panels:
    g = p["gridPos"]
    cells = {(x, y) for x in range(g["x"], g["x"] + g["w"])
             for y in range(g["y"], g["y"] + g["h"])}
    if cells & used or g["x"] + g["w"] > 24:
        say("places taken twice", [p["id"]])
    used |= cells
    assert p["datasource"] == {"type": "loki", "uid": "${loki}"}, p
    for t in p["targets"]:
        assert t["datasource"] == p["datasource"], p
        assert t["queryType"] in ("range", "instant"), t
        # A log panel has lines; all others a number.
        assert (p["type"] == "logs") == t["expr"].startswith("{"), t
        exprs.append(t["expr"])
say("unknown variables", {v for e in exprs + ["${loki}"] for v in
    re.findall(r"\$\{?(\w+)", e)} - set(variables) - own)
say("expressions whose brackets do not match", [e for e in exprs
    if not balanced(e, {"(": ")", "{": "}", "[": "]"})])
fields = {f for e in exprs for f in re.findall(r'\w+="(\w+)"', e)}
say("fields", fields)
say("fields that no record has", [f for f in fields
    if not all(f in r for r in records)])
for name in "status", "duration":
    say(name + " that is no number", [r for r in records
        if not isinstance(r[name], (int, float))])
grouped = {n for e in exprs for g in re.findall(r"by \((.*?)\)", e)
           for n in g.split(", ")}
say("groups that are neither label nor field", grouped - fields - labels)
say("labels that the streams lack", set(re.findall(r'(\w+)=~',
    variables["streams"]["query"])) - labels)
EOF
cat >want <<'EOF'
ids that are not unique:
unknown variables:
expressions whose brackets do not match:
fields: duration path status
fields that no record has:
status that is no number:
duration that is no number:
groups that are neither label nor field:
labels that the streams lack:
EOF
same 'panels, variables, labels and fields fit each other, and what is sent' want \
	python3 look.py "$board"
done_testing
