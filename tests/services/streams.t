#!/bin/sh
# logpush's streams on real receivers: OpenSearch, Kafka, rsyslog, syslog-ng;
# and the recipes of logferry(7) that end in them
. "${0%/*}/../lib.sh"

servers=$top/tests/servers
chmod 755 "$tmp"		# OpenSearch may run as nobody
at_exit='for s in opensearch kafka rsyslog syslog-ng; do
		for d in "$tmp/$s".*; do
			[ ! -d "$d" ] || "$servers/$s" stop "$d"
		done
	done
	for p in $pids; do kill "$p"; done 2>/dev/null'
pids=

free_port() {
	python3 -c 'import socket
s = socket.socket()
s.bind(("127.0.0.1", 0))
print(s.getsockname()[1])'
}
lines_are() { [ "$(wc -l <"$1")" = "$2" ]; }

openssl req -x509 -newkey rsa:2048 -nodes -keyout key.pem -out cert.pem \
	-subj /CN=localhost -addext subjectAltName=DNS:localhost 2>/dev/null ||
    skip_all 'openssl is not installed'
# The parts of logferry(7) that are literal, a file each; recipe WORDS: the one
# that holds them, with our places
awk '/^\.Ed/ { inside = 0 }
inside { gsub(/\\e/, "\\"); print >("recipe." n) }
/^\.Bd/ { inside = 1; n++ }' "$top/man/logferry.7"
recipe() {
	sed -e "s|/var/|$tmp/var/|g" -e "s|kafka://broker/|kafka://${KAFKA_BROKER-}/|" \
	    -e "s|broker:9092|${KAFKA_BROKER-}|" \
	    -e "s|syslog+tls://[^ ]*|--cacert cert.pem ${rsyslog_tls-}|" \
	    "$(grep -lF -e "$1" recipe.*)"
}
mkdir -p var/spool var/log/nginx

seq -f '{"timestamp":"2021-06-29T10:05:03Z","hostname":"web1","appname":"shop","procid":"1","message":"number %.0f"}' \
	10000 >records
seq -f 'number %.0f' 10000 >want

# --- drains received by rsyslog and syslog-ng, over TCP and TLS ---
# received NAME URL FILE: all records arrive in FILE, in order
received() {
	exits 0 "$1 takes all" logpush --cacert cert.pem --deadline 30s "$2" <records
	until_true 30 lines_are "$3" 10000
	ok "$1 has each once, in order" cmp want "$3"
}

if command -v rsyslogd >/dev/null; then
	tcp=$(free_port) tls=$(free_port)
	ossl=$(find /usr/lib*/ -name lmnsd_ossl.so 2>/dev/null | head -n 1)
	cat >rsyslog.conf <<-END
		global(workDirectory="$tmp")
		template(name="text" type="string" string="%msg%\n")
		module(load="imptcp")
		input(type="imptcp" port="$tcp" address="127.0.0.1" ruleset="tcp")
		ruleset(name="tcp") {
		    action(type="omfile" file="$tmp/rsyslog.tcp" template="text")
		}
	END
	[ -z "$ossl" ] || cat >>rsyslog.conf <<-END
		module(load="imtcp" streamdriver.name="ossl" streamdriver.mode="1"
		    streamdriver.authmode="anon")
		global(defaultNetstreamDriverCAFile="$tmp/cert.pem"
		    defaultNetstreamDriverCertFile="$tmp/cert.pem"
		    defaultNetstreamDriverKeyFile="$tmp/key.pem")
		input(type="imtcp" port="$tls" address="127.0.0.1" ruleset="tls")
		ruleset(name="tls") {
		    action(type="omfile" file="$tmp/rsyslog.tls" template="text")
		}
	END
	"$servers/rsyslog" start rsyslog.d rsyslog.conf || exit 1
	received 'rsyslog over TCP' "syslog+tcp://127.0.0.1:$tcp" rsyslog.tcp
	if [ -n "$ossl" ]; then
		received 'rsyslog over TLS' "syslog+tls://localhost:$tls" rsyslog.tls
	else
		skip 'no rsyslog-openssl' 'rsyslog over TLS takes all'
	fi
	rsyslog_tls=${ossl:+syslog+tls://localhost:$tls}
else
	skip 'no rsyslog' 'rsyslog over TCP takes all'
fi

if env=$("$servers/syslog-ng" env 2>/dev/null); then
	eval "$env"
	tcp=$(free_port) tls=$(free_port) lf=$(free_port)
	cat >syslog-ng.conf <<-END
		source s_tcp { syslog(ip("127.0.0.1") port($tcp) transport("tcp")); };
		source s_lf { network(ip("127.0.0.1") port($lf) transport("tcp")
		    flags(syslog-protocol)); };
		source s_tls { syslog(ip("127.0.0.1") port($tls) transport("tls")
		    tls(key-file("$tmp/key.pem") cert-file("$tmp/cert.pem")
		    peer-verify(optional-untrusted))); };
		log { source(s_sys); destination(d_own); };
		log { source(s_tcp); destination { file("$tmp/ng.tcp"
		    template("\${MESSAGE}\n")); }; };
		log { source(s_lf); destination { file("$tmp/ng.lf"
		    template("\${MESSAGE}\n")); }; };
		log { source(s_tls); destination { file("$tmp/ng.tls"
		    template("\${MESSAGE}\n")); }; };
	END
	"$servers/syslog-ng" start syslog-ng.d syslog-ng.conf || exit 1
	received 'syslog-ng over TCP' "syslog+tcp://127.0.0.1:$tcp" ng.tcp
	received 'syslog-ng over TLS' "syslog+tls://localhost:$tls" ng.tls
	ok 'syslog-ng with LF framing takes all' logpush --framing lf --deadline 30s \
		"syslog+tcp://127.0.0.1:$lf" records
	until_true 30 lines_are ng.lf 10000
	ok 'syslog-ng with LF framing has each once, in order' cmp want ng.lf
else
	skip 'no syslog-ng' 'syslog-ng over TCP takes all'
fi

# --- Kafka: a topic, logparse, a drain ---
if "$servers/kafka" install >/dev/null 2>why && command -v kcat >/dev/null; then
	env=$("$servers/kafka" start kafka.d) || exit 1
	eval "$env"
	seq -f '{"log":"number %.0f\n","stream":"stdout","time":"2021-06-29T10:05:03.1Z","kubernetes":{"pod_name":"shop-1","namespace_name":"default","container_name":"shop"},"topic":"apps"}' \
		10000 | kcat -P -b "$KAFKA_BROKER" -t apps
	is 'Kafka: records go to a topic by kcat' \
		"$(kcat -C -e -q -b "$KAFKA_BROKER" -t apps | wc -l)" 10000
	# ended_by COMMAND: what follows the topic is ended when all is there
	to_drain() {
		rm -f rsyslog.tls; kill -HUP "$(cat rsyslog.d/pid)"
		PATH=$tmp/bin:$PATH sh ./script 2>err & pids="$pids $!"
		until_true 60 lines_are rsyslog.tls 10000
		kill "$(cat reader)"
		wait $!
		is "Kafka: $1 ends without an error" "$(cat err)" ''
	}
	mkdir bin
	for c in kcat logpush; do
		printf '#!/bin/sh\ncase "${0##*/} $*" in kcat*|*kafka:*) echo $$ >reader ;; esac\nexec %s "$@"\n' \
		    "$(command -v $c)" >bin/$c
		chmod +x bin/$c
	done
	if [ -n "${rsyslog_tls-}" ]; then
		# A group that is new begins at the end for kcat, unless told.
		recipe 'kcat -u' | sed 's/-G /-X auto.offset.reset=earliest -G /' >script
		to_drain 'the recipe with kcat'
		ok 'Kafka: from a topic to a TLS drain by the recipe with kcat, each once, in order' \
			cmp want rsyslog.tls
		rm reader
		recipe '?group=drains' | sed 's/group=drains/group=own/' >script
		to_drain 'the recipe of a member of a group'
		is 'Kafka: a member of a group hands over all, by the recipe' \
			"$(wc -l <rsyslog.tls)" 10000
	fi
	access() {
		echo "192.0.2.7 - - [$(date +%d/%b/%Y:%H:%M:%S) +0000] \"GET $1 HTTP/1.1\" $2 12 \"-\" \"x\""
	}
	access /a 503 | kcat -P -b "$KAFKA_BROKER" -t apps
	{ access /b 200; access /c 500; } >var/log/nginx/access.log
	recipe 'loggrep --since 1h' >script
	sh ./script >out 2>err
	is 'Kafka: a topic is searched by the recipe' \
		"$(sed 's/.*GET \([^ ]*\).*/\1/' out)" /a
	is 'Kafka: a topic takes lines by the recipe' \
		"$(kcat -C -e -q -b "$KAFKA_BROKER" -t web | jq -r .path | tr '\n' ' ')" '/b /c '
	"$servers/kafka" stop kafka.d
else
	skip "no Kafka: $(head -n 1 why)" 'Kafka: records go to a topic by kcat'
fi

# --- rsyslog's omprog, confirmed, to the Log Service ---
if command -v rsyslogd >/dev/null; then
	mkdir sls
	"$servers/sls-store" sls >sls.out 2>&1 & pids="$pids $!"
	until_true 20 test -s sls/port
	# script NAME: a script for omprog of what is on standard input
	script() {
		{ echo '#!/bin/sh'
		echo 'export ALIBABA_CLOUD_ACCESS_KEY_ID=id ALIBABA_CLOUD_ACCESS_KEY_SECRET=secret'
		echo "PATH=$B:\$PATH"
		sed "s|sls+https://[^ ]*|sls+http://project.localhost:$(cat sls/port)/store|
			s|https://logs.example.com/in|sls+http://project.localhost:$(cat sls/port)/confirmed|"
		} >"$1"
		chmod +x "$1"
	}
	recipe 'logparse -f sls' | script to-sls
	recipe 'logpush --confirm' | script confirmed
	in=$(free_port)
	cat >omprog.conf <<-END
		global(workDirectory="$tmp" maxMessageSize="64k")
		module(load="imptcp")
		module(load="omprog")
		input(type="imptcp" port="$in" address="127.0.0.1")
		$(recipe 'template(name="sls"' | tr -d '\n')
		action(type="omprog" binary="$tmp/to-sls" template="sls")
		template(name="text" type="string" string="%msg%\n")
		$(recipe 'confirmMessages' | sed "s|/usr/local/sbin|$tmp|
			s|RSYSLOG_SyslogProtocol23Format|text|")
	END
	"$servers/rsyslog" start rsyslog.omprog omprog.conf || exit 1
	logpush --deadline 30s "syslog+tcp://127.0.0.1:$in" <records
	number() { grep -o '"message": "number [0-9]*".*"logstore": "'"$1"'"' \
		sls/logs | sed 's/.*"message": "\([^"]*\)".*/\1/'; }
	all_there() { [ "$(number "$1" | wc -l)" -ge 10000 ]; }
	until_true 60 all_there store
	number store >got
	ok "rsyslog's template, logparse -f sls, the Log Service: each once" \
		cmp want got
	is "rsyslog's template, logparse -f sls, the Log Service: with topic and host" \
		"$(grep '"store"' sls/logs | grep -c '"topic": "sys_tag", "source": "web1"')" 10000
	until_true 60 all_there confirmed
	number confirmed >got
	ok 'rsyslog, confirmed to omprog: each record once, in order' cmp want got
	"$servers/rsyslog" stop rsyslog.omprog
fi

# --- nginx, syslog-ng, logparse, OpenSearch, a query ---
if "$servers/opensearch" install 2>why; then
	mkdir "$tmp/opensearch.d"
	env=$("$servers/opensearch" start "$tmp/opensearch.d") || exit 1
	eval "$env"
	es=es+$OPENSEARCH_URL
	ask() { curl -fsS -m 30 "$OPENSEARCH_URL/$1"; }
	count() {
		ask _refresh >/dev/null
		ask "$1/_count" | sed 's/.*"count":\([0-9]*\).*/\1/'
	}
	count_is() { [ "$(count "$1")" = "$2" ]; }
	exits 0 'OpenSearch takes documents' logpush "$es/numbers" <records
	is 'OpenSearch has all documents' "$(count numbers)" 10000
	exits 0 'OpenSearch takes the same documents again' logpush --gzip "$es/numbers" <records
	is 'OpenSearch has no second copy of a document' "$(count numbers)" 10000
	curl -fsS -o /dev/null -X PUT -H 'Content-Type: application/json' \
		-d '{"mappings":{"properties":{"n":{"type":"integer"}}}}' \
		"$OPENSEARCH_URL/strict"
	printf '{"n":1}\n{"n":"one"}\n{"n":2}\n' >three
	exits 1 'OpenSearch: a document that does not fit is status 1' \
		logpush --dead-letter dead "$es/strict" <three
	is 'OpenSearch: only the document that does not fit is refused' "$(count strict) $(grep -c mapper_parsing dead)" '2 1'
	curl -fsS -o /dev/null -X PUT -H 'Content-Type: application/json' \
		-d '{"index_patterns":["stream-*"],"data_stream":{}}' \
		"$OPENSEARCH_URL/_index_template/stream"
	logparse -o ecs records >ecs
	exits 0 'OpenSearch: a data stream takes ECS records' logpush "$es/stream-web" <ecs
	is 'OpenSearch: a data stream has all ECS records' "$(count stream-web)" 10000
	if env=$("$servers/syslog-ng" env 2>/dev/null); then
		eval "$env"
		cat >nginx.conf <<-END
			$(recipe 'destination d_search' |
			    sed "s|program(\"|&PATH=$B:\$PATH;|; s|es+https://search:9200|$es|")
			log { source(s_sys); destination(d_search); };
		END
		"$servers/syslog-ng" start syslog-ng.es nginx.conf || exit 1
		seq 300 | while read -r n; do
			echo "{\"time\":\"2021-06-29T10:05:03+00:00\",\"remote_addr\":\"10.0.0.1\",\"request\":\"GET /page-$n HTTP/1.1\",\"status\":$((n % 3 == 0 ? 503 : 200)),\"body_bytes_sent\":$n}"
		done >nginx.log
		logger -u syslog-ng.es/log -t nginx -f nginx.log
		ok 'errors in an nginx log get to OpenSearch' \
			until_true 90 count_is 'nginx-*' 100
		recipe 'page-42' | sed "s|https://search:9200|$OPENSEARCH_URL|" >script
		ok 'errors in an nginx log are found in OpenSearch, by the recipe' \
			until_true 20 sh -c 'sh ./script | grep "\"path\":\"/page-42\""'
		"$servers/syslog-ng" stop syslog-ng.es
	fi
else
	skip "no OpenSearch: $(head -n 1 why)" 'OpenSearch takes documents'
fi
done_testing
