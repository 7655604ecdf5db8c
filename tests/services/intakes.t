#!/bin/sh
# logpush to real receivers of OTLP and Loki's push API, which go away twice
. "${0%/*}/../lib.sh"

servers=$top/tests/servers
at_exit='for s in victoria-logs otelcol; do
		[ ! -d "$tmp/$s.d" ] || "$servers/$s" stop "$tmp/$s.d"
	done
	[ -z "$pid" ] || kill "$pid" 2>/dev/null'
pid=
total=20000

# feed FROM TO: some of the numbered records
feed() {
	seq -f '{"timestamp":"2021-06-29T10:05:03.123Z","hostname":"web1","appname":"shop","severity":"info","message":"number %.0f"}' \
		"$1" "$2" >&7
}
failed() { [ "$(grep -c 'trying again' err)" -gt "$1" ]; }

# away SERVER FROM TO: it ends, gets records, and starts when logpush has told that
# it is away
away() {
	before=$(grep -c 'trying again' err)
	"$servers/$1" stop "$1.d"
	feed "$2" "$3"
	until_true 30 failed "$before" || echo "# logpush did not tell that $1 is away"
	"$servers/$1" start "$1.d" 7>&- >/dev/null
}

# numbered SERVER NAME URL QUERY...: all records arrive; QUERY counts the numbers
numbered() {
	server=$1 name=$2 url=$3; shift 3
	: >err
	rm -f fifo && mkfifo fifo
	logpush --spool "spool.$name" --batch-lines 500 "$url" <fifo 2>err &
	pid=$!
	exec 7>fifo
	feed 1 4000
	until_true 30 some "$@" || echo "# nothing arrived"
	feed 4001 8000
	away "$server" 8001 10000
	feed 10001 14000
	away "$server" 14001 16000
	feed 16001 "$total"
	exec 7>&-
	wait "$pid"
	is "$server: $name: the stream ends well, though the receiver went away twice" $? 0
	pid=
	until_true 30 all "$@"
	is "$server: $name: every number is found" "$("$@")" "$total"
}
some() { [ "$("$@")" -gt 0 ]; }
all() { [ "$("$@")" = "$total" ]; }

if "$servers/victoria-logs" install >why 2>&1; then
	env=$("$servers/victoria-logs" start victoria-logs.d) || exit 1
	eval "$env"
	# found STREAM: how many different numbers the stream's records have
	found() {
		curl -fsSG -m 30 "$VICTORIA_LOGS_URL/select/logsql/query" \
			--data-urlencode "query=$1 \"number\" | count_uniq(_msg) n" |
			sed 's/.*"n":"\([0-9]*\)".*/\1/'
	}
	numbered victoria-logs OTLP "otlp+$VICTORIA_LOGS_URL/insert/opentelemetry/v1/logs" \
		found '{service.name=shop}'
	numbered victoria-logs Loki \
		"loki+$VICTORIA_LOGS_URL/insert/loki/api/v1/push?_msg_field=message" \
		found '{appname=shop}'
else
	skip "no VictoriaLogs: $(tail -n 1 why)" 'VictoriaLogs: every number is found'
fi
done_testing
