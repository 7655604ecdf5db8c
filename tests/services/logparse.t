#!/bin/sh
# logparse's outputs read by those they are for: rsyslog and syslog-ng read the
# syslog output back to equal fields, OpenSearch takes ECS records by a template,
# the OpenTelemetry Collector's and Graylog's libraries read OTLP and GELF
. "${0%/*}/../lib.sh"

servers=$top/tests/servers
chmod 755 "$tmp"		# OpenSearch may run as nobody
at_exit='for s in opensearch rsyslog syslog-ng; do
		[ ! -d "$tmp/$s.d" ] || "$servers/$s" stop "$tmp/$s.d"
	done'

free_port() {
	python3 -c 'import socket
s = socket.socket()
s.bind(("127.0.0.1", 0))
print(s.getsockname()[1])'
}
send() {	# PORT FILE: the file's lines over TCP
	python3 -c 'import socket, sys
with socket.create_connection(("127.0.0.1", int(sys.argv[1]))) as s:
    s.sendall(open(sys.argv[2], "rb").read())' "$1" "$2"
}
lines_are() { [ "$(wc -l <"$1")" = "$2" ]; }

# Lines of syslog, and what else has a message, as syslog again.
for f in syslog haproxy-2.6 postgres-15 python-3.11 apache-2.4-error; do
	cat "$golden/logparse/$f.log"
done | logparse --tz UTC --year 2021 >records
logparse -o syslog records >lines
n=$(wc -l <records)

# What they should find: the header, one parameter, and the text, as ours do.
# An absent value is - in the header; both drop the blank in front of the text.
jq -r '[.hostname, .appname, .procid, .msgid, .facility // "user",
    .severity // ({ERROR: "err", WARNING: "warning", alert: "alert",
	error: "err"}[.level // ""]) // "info"] | map(. // "-") |
    join("|")' records >header
jq -r '.logger // ""' records >loggers
jq -r '.message // "" | ltrimstr(" ")' records >texts
paste -d'|' header loggers texts >want

if command -v rsyslogd >/dev/null; then
	port=$(free_port)
	cat >rsyslog.conf <<-END
		global(workDirectory="$tmp" parser.escapeControlCharactersOnReceive="off")
		module(load="imptcp")
		module(load="mmpstrucdata")
		template(name="t" type="string" string="%hostname%|%app-name%|%procid%|%msgid%|%syslogfacility-text%|%syslogseverity-text%|%\$!rfc5424-sd!logferry@32473!logger%|%msg%\n")
		input(type="imptcp" port="$port" address="127.0.0.1" ruleset="r")
			ruleset(name="r") {
		    action(type="mmpstrucdata")
		    action(type="omfile" file="$tmp/rsyslog.out" template="t")
		}
	END
	"$servers/rsyslog" start rsyslog.d rsyslog.conf || exit 1
	send "$port" lines
	until_true 30 lines_are rsyslog.out "$n"
	same 'rsyslog reads the same fields' want sed 's/| /|/' rsyslog.out
else
	skip 'no rsyslog' 'rsyslog reads the same fields'
fi

if env=$("$servers/syslog-ng" env 2>/dev/null); then
	eval "$env"
	port=$(free_port)
	cat >syslog-ng.conf <<-END
		source s_lf { network(ip("127.0.0.1") port($port) transport("tcp")
		    flags(syslog-protocol)); };
		log { source(s_sys); destination(d_own); };
		log { source(s_lf); destination { file("$tmp/ng.out"
		    template("\${HOST:--}|\${PROGRAM:--}|\${PID:--}|\${MSGID:--}|\$FACILITY|\$LEVEL|\${.SDATA.logferry@32473.logger}|\$MSG\n")); }; };
	END
	"$servers/syslog-ng" start syslog-ng.d syslog-ng.conf || exit 1
	send "$port" lines
	until_true 30 lines_are ng.out "$n"
	# It puts the sender where there is no host.
	sed -i 's/^localhost|/-|/' want
	same 'syslog-ng reads the same fields' want \
	    sed 's/^\(127\.0\.0\.1\|localhost\)|/-|/; s/| /|/' ng.out
else
	skip 'no syslog-ng' 'syslog-ng reads the same fields'
fi

# An index by ECS's field types, which takes no document that does not fit.
cat >template.json <<'END'
{"index_patterns":["ecs-*"],"template":{"mappings":{"dynamic":"strict",
"properties":{
"@timestamp":{"type":"date"},"message":{"type":"match_only_text"},
"ecs":{"properties":{"version":{"type":"keyword"}}},
"labels":{"type":"object","dynamic":true},
"client":{"properties":{"address":{"type":"keyword"},"port":{"type":"long"}}},
"container":{"properties":{"id":{"type":"keyword"},"name":{"type":"keyword"},
  "image":{"properties":{"name":{"type":"keyword"}}},
  "labels":{"type":"object","dynamic":true}}},
"error":{"properties":{"message":{"type":"match_only_text"},
  "stack_trace":{"type":"keyword"}}},
"event":{"properties":{"duration":{"type":"long"},
  "dataset":{"type":"keyword"}}},
"host":{"properties":{"hostname":{"type":"keyword"}}},
"http":{"properties":{"version":{"type":"keyword"},
  "request":{"properties":{"method":{"type":"keyword"},
    "referrer":{"type":"keyword"}}},
  "response":{"properties":{"status_code":{"type":"long"},
    "body":{"properties":{"bytes":{"type":"long"}}}}}}},
"kubernetes":{"properties":{"namespace":{"type":"keyword"},
  "pod":{"properties":{"name":{"type":"keyword"}}}}},
"log":{"properties":{"level":{"type":"keyword"},"logger":{"type":"keyword"},
  "origin":{"properties":{"file":{"properties":{"name":{"type":"keyword"},
    "line":{"type":"long"}}}}},
  "syslog":{"properties":{"appname":{"type":"keyword"},
    "msgid":{"type":"keyword"},"procid":{"type":"keyword"},
    "version":{"type":"keyword"},
    "structured_data":{"type":"object","enabled":false},
    "facility":{"properties":{"name":{"type":"keyword"}}},
    "severity":{"properties":{"name":{"type":"keyword"}}}}}}},
"process":{"properties":{"pid":{"type":"long"},
  "thread":{"properties":{"name":{"type":"keyword"}}}}},
"url":{"properties":{"original":{"type":"wildcard"},
  "path":{"type":"wildcard"},"query":{"type":"keyword","ignore_above":1024}}},
"user":{"properties":{"name":{"type":"keyword"}}},
"user_agent":{"properties":{"original":{"type":"keyword"}}}}}}}
END
for f in "$golden"/logparse/*.log; do
	case $f in *journal*|*gelf*|*json.log) continue ;; esac
	cat "$f"
done | logparse --tz UTC --year 2021 -o ecs >ecs
if "$servers/opensearch" install >/dev/null 2>why &&
    env=$("$servers/opensearch" start opensearch.d 2>why); then
	eval "$env"
	put() { curl -sS -H 'Content-Type: application/json' "$@"; }
	put -X PUT "$OPENSEARCH_URL/_index_template/ecs" -d @template.json >out
	ok 'OpenSearch takes the template' jq -e .acknowledged out
	sed 'i {"index":{}}' ecs >bulk
	put -X POST "$OPENSEARCH_URL/ecs-logs/_bulk?refresh=true" \
	    --data-binary @bulk >out
	ok 'OpenSearch takes every ECS record' jq -e '.errors == false' out
	jq -c '.items[].index | select(.error) | .error' out | head -n 5 |
	    sed 's/^/# /'
	found() {
		put "$OPENSEARCH_URL/ecs-logs/_count" -d "$1" | jq .count
	}
	is 'OpenSearch finds server errors by number' \
	    "$(found '{"query":{"range":{"http.response.status_code":{"gte":500}}}}')" \
	    "$(jq -c 'select(.http.response.status_code >= 500)' ecs | wc -l)"
	is 'OpenSearch finds records by time' \
	    "$(found '{"query":{"range":{"@timestamp":{"lt":"2001-01-01"}}}}')" \
	    "$(jq -c 'select(."@timestamp" < "2001" and ."@timestamp" != null)' \
		ecs | wc -l)"
else
	skip "no OpenSearch: $(head -n 1 why)" 'OpenSearch takes ECS records'
fi

# OTLP and GELF.  The fields that their readers should find are told from JSON:
# time, host, application, severity, message, status, path.
for f in "$golden"/logparse/*.log; do
	case $f in *-bad.log|*journal*|*gelf*|*json.log) continue ;; esac
	cat "$f"
done | logparse --tz UTC --year 2021 >records
cat >want.py <<'END'
import json, platform, re, sys
of_otlp = sys.argv[1] == "otlp"
words = [["emerg"], ["alert"], ["crit", "fatal"], ["err", "e$"], ["warn", "w$"],
    ["notice"], ["info"], ["debug", "trac"]]
def severity(r):
    word = r.get("severity", r.get("level", "info")).lower()
    return next((n for n, starts in enumerate(words)
        if any(re.match(s, word) for s in starts)), 6)
for line in open(sys.argv[2], encoding="utf8"):
    r = json.loads(line)
    when, host, text = [r.get(k) for k in ("timestamp", "hostname", "message")]
    level = severity(r)
    if of_otlp:
        when = when and re.sub(r"(\.\d*?)0*Z", r"\1Z", when).replace(".Z", "Z")
        level = [21, 19, 18, 17, 13, 10, 9, 5][level] \
            if "severity" in r or "level" in r else 0
    else:       # where there is no host or message it must have one
        when = when and re.sub(r"\.\d*", "", when)
        host = host or platform.node()
        text = text or ("method" in r and "path" in r and
            r["method"] + " " + r["path"] +
            ("?" + r["query"] if "query" in r else "")) or "-"
    print(json.dumps([when, host, r.get("appname"), level, text,
        r.get("status"), r.get("path")], ensure_ascii=False,
        separators=(",", ":")))
END
if "$servers/log-readers" install 2>why; then
	for o in otlp gelf; do
		logparse -o "$o" records >"$o"
		"$servers/log-readers" "$o" <"$o" >"$o.fields" 2>&1
	done
	same 'the Collector reads the same fields from OTLP' otlp.fields \
	    env PYTHONIOENCODING=utf8 python3 want.py otlp records
	same "Graylog's library reads the same fields from GELF" gelf.fields \
	    env PYTHONIOENCODING=utf8 python3 want.py gelf records
else
	why=$(head -n 1 why)
	skip "$why" 'the Collector reads the same fields from OTLP'
	skip "$why" "Graylog's library reads the same fields from GELF"
fi
done_testing
