#!/bin/sh
# kafka:// on a real Kafka: read, followed, with TLS and a password
. "${0%/*}/../lib.sh"

servers=$top/tests/servers
pids=
at_exit='for p in $pids; do kill "$p"; done 2>/dev/null
	[ ! -d "$tmp/kafka.d" ] || "$servers/kafka" stop "$tmp/kafka.d"'
command -v kcat >/dev/null || skip_all 'kcat is not installed'
"$servers/kafka" install >/dev/null 2>why || skip_all "no Kafka: $(head -n 1 why)"
env=$(KAFKA_PARTITIONS=3 "$servers/kafka" start kafka.d) || exit 1
eval "$env"
broker=kafka://$KAFKA_BROKER

send() { kcat -P -b "$KAFKA_BROKER" -t "$@"; }
lines_are() { [ "$(wc -l <"$1")" -ge "$2" ]; }

# The layouts and codes that we declare ourselves are librdkafka's.
cat >layout.c <<'END'
#include <librdkafka/rdkafka.h>
#include "net/librdkafka.h"
#define SAME(ours, a, theirs, b) \
	_Static_assert(offsetof(struct ours, a) == offsetof(theirs, b), #b)
#define CODE(ours, theirs) \
	_Static_assert((int)ours == (int)theirs, #ours)
SAME(rdk_message, err, rd_kafka_message_t, err);
SAME(rdk_message, topic, rd_kafka_message_t, rkt);
SAME(rdk_message, partition, rd_kafka_message_t, partition);
SAME(rdk_message, value, rd_kafka_message_t, payload);
SAME(rdk_message, len, rd_kafka_message_t, len);
SAME(rdk_message, offset, rd_kafka_message_t, offset);
SAME(rdk_message, private, rd_kafka_message_t, _private);
SAME(rdk_partition, topic, rd_kafka_topic_partition_t, topic);
SAME(rdk_partition, partition, rd_kafka_topic_partition_t, partition);
SAME(rdk_partition, offset, rd_kafka_topic_partition_t, offset);
SAME(rdk_partition, err, rd_kafka_topic_partition_t, err);
SAME(rdk_partitions, n, rd_kafka_topic_partition_list_t, cnt);
SAME(rdk_partitions, at, rd_kafka_topic_partition_list_t, elems);
SAME(rdk_meta_partition, id, rd_kafka_metadata_partition_t, id);
SAME(rdk_meta_topic, name, rd_kafka_metadata_topic_t, topic);
SAME(rdk_meta_topic, n, rd_kafka_metadata_topic_t, partition_cnt);
SAME(rdk_meta_topic, partitions, rd_kafka_metadata_topic_t, partitions);
SAME(rdk_meta_topic, err, rd_kafka_metadata_topic_t, err);
SAME(rdk_metadata, n_topics, rd_kafka_metadata_t, topic_cnt);
SAME(rdk_metadata, topics, rd_kafka_metadata_t, topics);
_Static_assert(sizeof(struct rdk_partition) == sizeof(rd_kafka_topic_partition_t) &&
    sizeof(struct rdk_meta_partition) == sizeof(rd_kafka_metadata_partition_t) &&
    sizeof(struct rdk_meta_topic) == sizeof(rd_kafka_metadata_topic_t), "arrays");
CODE(RDK_CONSUMER, RD_KAFKA_CONSUMER);
CODE(RDK_PARTITION_EOF, RD_KAFKA_RESP_ERR__PARTITION_EOF);
CODE(RDK_ALL_BROKERS_DOWN, RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN);
CODE(RDK_TIMED_OUT, RD_KAFKA_RESP_ERR__TIMED_OUT);
CODE(RDK_QUEUE_FULL, RD_KAFKA_RESP_ERR__QUEUE_FULL);
CODE(RDK_ASSIGN_PARTITIONS, RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS);
CODE(RDK_NO_OFFSET, RD_KAFKA_RESP_ERR__NO_OFFSET);
CODE(RDK_FATAL, RD_KAFKA_RESP_ERR__FATAL);
CODE(RDK_INVALID_MSG, RD_KAFKA_RESP_ERR_INVALID_MSG);
CODE(RDK_MSG_TOO_LARGE, RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE);
CODE(RDK_INVALID_TIMESTAMP, RD_KAFKA_RESP_ERR_INVALID_TIMESTAMP);
CODE(RDK_INVALID_RECORD, RD_KAFKA_RESP_ERR_INVALID_RECORD);
CODE(RDK_ANY_PARTITION, RD_KAFKA_PARTITION_UA);
CODE(RDK_COPY, RD_KAFKA_MSG_F_COPY);
CODE(RDK_PURGE_QUEUE, RD_KAFKA_PURGE_F_QUEUE);
CODE(RDK_PURGE_IN_FLIGHT, RD_KAFKA_PURGE_F_INFLIGHT);
END
if echo '#include <librdkafka/rdkafka.h>' |
    ${CC:-cc} ${CPPFLAGS-} -fsyntax-only -xc - 2>/dev/null; then
	# shellcheck disable=SC2086
	ok 'what we declare of librdkafka is what its header has' \
		${CC:-cc} ${CPPFLAGS-} -std=c11 -iquote "$top/lib" -fsyntax-only layout.c
else
	skip 'no librdkafka/rdkafka.h' 'what we declare of librdkafka is what its header has'
fi

# --- without a group ---
awk 'BEGIN { for (i = 1; i <= 20000; i++) print i % 8 ":app " i % 8 " line " i }' >keyed
sed 's/^.://' keyed >want
send apps -K: <keyed
loggrep . "$broker/apps" >got
sort got >got.sorted
sort want >want.sorted
ok 'a topic is read from the oldest message to its end' cmp got.sorted want.sorted
in_order() {			# FILE: the lines of each application are
	for key in 0 1 2 3 4 5 6 7; do
		grep "^app $key " "$1" >one
		grep "^app $key " want | cmp - one || return
	done
}
ok 'lines of one partition are in order' in_order got
is 'it has several partitions' "$(kcat -L -b "$KAFKA_BROKER" -t apps | grep -c ' partition ')" 3
is 'logparse reads it, too' "$(logparse -f raw "$broker/apps" 2>/dev/null | wc -l)" \
	"$(logparse -f raw want 2>/dev/null | wc -l)"
is 'its name is the URL' "$(loggrep -c 'line 7$' "$broker/apps" want)" "$broker/apps:1
want:1"
printf 'first\nsecond\n' >two
send multi -p 0 two
printf 'third' | send multi -p 0
loggrep . "$broker/multi" >got
ok 'a message with newlines is several lines in a row' cmp -s got - <<END
first
second
third
END
printf 'key:\nkey:line\n' | send tombs -p 0 -Z -K:
is 'a tombstone, which has no value, is no line' "$(loggrep '' "$broker/tombs")" line
is 'several topics and a pattern are read together' \
	"$(loggrep -c . "$broker/multi,^ap*s\$")" 20003
says 'there is no topic nosuch$' 'a topic that there is not is told' loggrep . "$broker/nosuch"
says 'there is no topic \^nosuch$' 'a pattern that finds no topic is told' loggrep . "$broker/^nosuch"
exits 2 'one missing topic of two is status 2' loggrep . "$broker/apps,nosuch"
says '\^\(: ' 'a pattern that cannot be read is told' loggrep . "$broker/^("
ok 'reading makes no topic' not loggrep -q . "$broker/nosuch"
kcat -C -e -q -X allow.auto.create.topics=true -b "$KAFKA_BROKER" -t empty 2>/dev/null
is_empty() { loggrep . "$1"; [ $? = 1 ]; }
until_true 20 is_empty "$broker/empty"
ok 'an empty topic is an empty file' is_empty "$broker/empty"
loggrep -m 1 'line 19999$' "$broker/apps" >got
is '-m ends it early' "$(cat got)" 'app 7 line 19999'

date -u '+%Y-%m-%dT%H:%M:%SZ now' | send times
loggrep --since 1h -e . "$broker/times" >got
is '--since takes what is new' "$(wc -l <got)" 1
exits 1 '--since takes nothing when all is older' loggrep --since 2100-01-01 -e . "$broker/times"
ok '--since a time of the future reads no message' grep -q 'bytes fetched: 0 of' .stats <<END
$(loggrep --stats --since 2100-01-01 -e . "$broker/apps" 2>.stats)
END

loggrep --tail "$broker/apps" . >tailed &
pids="$pids $!" tail=$!
until_true 20 sh -c 'echo probe | kcat -P -b "$1" -t apps; [ -s tailed ]' sh "$KAFKA_BROKER"
printf 'after\n' | send apps
until_true 20 grep -q after tailed
ok '--tail prints what comes from now on, at once' grep -q after tailed
ok '--tail prints nothing that was there' not grep -q app tailed
kill $tail
wait $tail
is 'SIGTERM ends --tail as an end of input' $? 0

# --- delivery ---
awk 'BEGIN { for (i = 1; i <= 20000; i++)
	printf "{\"hostname\":\"h%d\",\"appname\":\"a\",\"message\":\"line %d\"}\n", i % 8, i }' >records
exits 0 'records are delivered to a topic' logpush --deadline 60s "$broker/out" <records
loggrep . "$broker/out" >got
sort records >records.sorted
sort got >got.sorted
ok 'each record is in the topic once' cmp records.sorted got.sorted
by_host() {			# FILE: the records of each host are in order
	for host in 0 1 2 3 4 5 6 7; do
		grep "\"h$host\"" "$1" >one
		grep "\"h$host\"" records | cmp - one || return
	done
}
ok 'the records of one program are in order' by_host got
is 'each program has one partition' \
	"$(kcat -C -e -q -b "$KAFKA_BROKER" -t out -f '%p %k\n' | sort -u | wc -l)" 8
exits 0 'lines without an origin are delivered' logpush --gzip --deadline 60s "$broker/plain" want
ok 'lines without an origin are in the order of their input' cmp want - <<END
$(loggrep . "$broker/plain")
END
{
	echo before
	head -c 1500000 /dev/zero | tr '\0' x
	printf '\nafter\n'
} | logpush --max-line 2M --dead-letter dead --deadline 60s "$broker/large" 2>/dev/null
is 'a line that the broker calls too large is refused, status 1' "$?" 1
is 'lines beside one that is too large are delivered' "$(loggrep . "$broker/large" | tr '\n' ' ')" 'before after '
is 'the dead letter of a line that is too large says why' "$(grep -c 'Message size too large' dead)" 1

mkfifo slow
logpush --stall-timeout 5s --batch-time 50ms --spool sp "$broker/restart" <slow 2>err &
pids="$pids $!" push=$!
exec 7>slow
head -n 5000 records >&7
until_true 20 sh -c 'test "$(loggrep -c . "$1")" = 5000' sh "$broker/restart"
"$servers/kafka" stop kafka.d
tail -n +5001 records >&7
until_true 60 grep -q 'trying again' err
"$servers/kafka" start kafka.d >/dev/null 7>&-
exec 7>&-
wait $push
is 'a broker that is restarted gets what waited' "$?" 0
loggrep . "$broker/restart" | sort -u >got.sorted
ok 'a broker that is restarted loses no record' cmp records.sorted got.sorted
loggrep . "$broker/restart" | awk '!seen[$0]++' >got
ok 'the order of one program holds over a restart' by_host got

# --- TLS and a password ---
settings() {			# CERT PASSWORD
	printf '%s\n' security.protocol=sasl_ssl sasl.mechanism=PLAIN \
	    "ssl.ca.location=$1" sasl.username=me "sasl.password=$2"
}
openssl req -x509 -newkey rsa:2048 -nodes -keyout k.pem -out strange.pem \
	-subj /CN=localhost 2>/dev/null
(umask 077; settings kafka.d/cert.pem 'open sesame' >right
	settings kafka.d/cert.pem wrong >wrong
	settings strange.pem 'open sesame' >strange)
tls=kafka://$KAFKA_TLS
exits 0 'logpush --kafka-config: TLS and a password' \
	logpush --deadline 60s --kafka-config right "kafka://$KAFKA_TLS/secured" want
is 'what went over TLS is there' "$(loggrep -c . "$broker/secured")" 20000
is 'loggrep --kafka-config: TLS and a password' \
	"$(loggrep -c '^app' --kafka-config right "$tls/apps")" 20000
says 'uthentication failed' 'a wrong password is told' \
	loggrep --deadline 3s --kafka-config wrong x "$tls/apps"
ok 'a wrong password is not shown' not grep -q wrong .err
says 'certificate' 'a certificate that is not trusted is told' \
	loggrep --deadline 3s --kafka-config strange x "$tls/apps"
says 'certificate|hostname|name' 'a certificate of another name is not taken' \
	loggrep --deadline 3s --kafka-config right x "kafka://127.0.0.1:${KAFKA_TLS#*:}/apps"
done_testing
