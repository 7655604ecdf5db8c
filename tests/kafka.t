#!/bin/sh
# kafka:// as an operand: what is refused, and what is told, without a broker
. "${0%/*}/lib.sh"

away=kafka://127.0.0.1:1/topic
form='a Kafka URL is kafka://broker'
says "$form" 'a URL without a topic is no Kafka URL' loggrep x kafka://broker
says "$form" 'one with an empty topic is none' logparse kafka://broker/
says "$form" 'one without a broker is none' logparse kafka:///topic
says 'a topic of Kafka has a name' 'a topic has no spaces' loggrep x 'kafka://broker/a b'
says 'a topic of Kafka has a name' 'an empty name in a list of topics is refused' \
	loggrep x kafka://broker/a,,b
for u in kafka://broker:x/t kafka://broker:0/t kafka://a,b:70000/t kafka://a,,b/t kafka://:9/t; do
	says 'a port is a number' "brokers have names and valid ports: $u" loggrep x "$u"
done
says 'goes into --kafka-config' 'a password in the URL is refused' \
	loggrep x kafka://me:secret@broker/topic
ok 'a password in the URL is not shown' not grep -q secret .err
says 'only logpush is a member' 'loggrep joins no group' loggrep x 'kafka://broker/topic?group=g'
says 'the group of a Kafka URL has a name' 'a group has a name' \
	loggrep x 'kafka://broker/topic?group='
exits 2 'a wrong URL is status 2' loggrep x kafka://broker
says 'files, or one Kafka URL' '--tail takes no file beside a topic' \
	loggrep --tail $away --tail log x

for u in kafka://broker/a,b 'kafka://broker/^a' 'kafka://broker/a?group=g'; do
	says 'lines go to one topic' "lines are delivered to one topic: $u" logpush "$u" </dev/null
done

# --- topics that logpush reads ---
mkdir d
group="$away?group=g"
says '\?group=name' 'logpush reads a topic only with a group' logpush --drains d --spool sp.g $away
says '\?group=name' 'a stream reads a topic only with a group' logpush http://127.0.0.1:1/ $away
says 'topics are the only input' 'a group is read with no other input' logpush --drains d --spool sp.g "$group" /dev/null
says 'topics are the only input' 'a group is read without --confirm' \
	logpush --confirm --spool sp.g http://127.0.0.1:1/ "$group" </dev/null
says 'a topic of Kafka has a name' 'topics of a group have names' logpush --drains d --spool sp.g 'kafka://a/b c?group=g'
exits 2 'a topic without a group is misuse' logpush --drains d --spool sp.g $away

mkdir nolib
: >nolib/librdkafka.so.1
missing() { LD_LIBRARY_PATH=$tmp/nolib "$@"; }
says 'librdkafka\.so\.1: .*' 'without librdkafka its name is told' missing loggrep x $away
exits 2 'without librdkafka the status is 2' missing loggrep x $away
exits 2 'no stream begins without librdkafka' missing logpush $away </dev/null
says 'librdkafka\.so\.1: .*' 'no group is read without librdkafka' missing logpush --drains d --spool sp.g "$group"
echo line >log
is 'what is no topic is read without it' "$(missing loggrep line log)" line
ok 'an ELF note names librdkafka' grep -q '"librdkafka.so.1"' "$B/loggrep"

if loggrep --deadline 100ms x $away 2>&1 | grep -q 'needs librdkafka'; then
	skip 'no librdkafka' 'a broker that is away is told'
	done_testing
	exit
fi
says "^loggrep: $away: .*Connection refused" 'a broker that is away is told' \
	loggrep --deadline 500ms x $away
exits 2 'a broker that is away is status 2' logparse --deadline 500ms $away
exits 0 'with -q a line of another operand is enough' loggrep -q --deadline 500ms line log $away

exits 75 'lines for a broker that is away wait for another try' \
	logpush --deadline 500ms --spool sp $away log
is 'lines for a broker that is away are kept in the spool' "$(logpush --spool sp --status | grep -c '1 record')" 1
says 'Connection refused.*trying again' 'a broker that is away is told by logpush' \
	logpush --deadline 500ms $away log
exits 2 'wrong settings are no reason to wait' \
	logpush --kafka-config /nonexistent $away log

config() { loggrep --deadline 200ms --kafka-config "$1" x $away; }
printf '# ours\n\nsecurity.protocol = plaintext\r\n' >good
chmod 600 good
says 'Connection refused' '--kafka-config: a file of settings is taken' config good
cp good open
chmod 644 open
says 'open: others can read it' '--kafka-config: not one that others can read' config open
chmod 620 open
says 'open: others can read it or change it' '--kafka-config: not one that the group can change' config open
says 'none: No such file' '--kafka-config: a file that is not there is told' config none
says 'not a regular file' '--kafka-config: a folder is refused' config nolib
(umask 077; echo 'sasl.passwort=hush' >typo; echo hush >bare; echo 'ssl.endpoint.identification.algorithm=hush' >value)
says 'typo: line 1: .* sasl.passwort$' 'a setting that there is not is named' config typo
says 'value: line 1: .* ssl.endpoint' 'a setting with a wrong value is named' config value
ok 'the value of a wrong setting is not shown' not grep -q hush .err
says 'bare: line 1 is not name=value' 'a line without = is told' config bare
ok 'a line without = is not shown' not grep -q hush .err
(umask 077; head -c 70000 /dev/zero >long)
says 'long: too long' 'a file of settings has a limit' config long
(umask 077; printf 'bootstrap.servers=127.0.0.1:2\n' >other)
says '127.0.0.1:1/' 'the brokers are those of the URL' config other

loggrep x --tail $away &
pid=$!
until_true 20 catches_term $pid
kill $pid
wait $pid
is 'SIGTERM ends --tail, also when the broker is away' $? 1

# --- a group ---
# ends STATUS NAME COMMAND...: it goes on until SIGTERM
ends() {
	ends_want=$1 ends_name=$2; shift 2
	: >err			# what the one before has said
	"$@" 2>err &
	pid=$!
	until_true 20 grep -q 'Connection refused' err
	kill $pid
	wait $pid
	is "$ends_name" $? "$ends_want"
}
ends 0 'SIGTERM ends a group, also when the broker is away' logpush --drains d --spool sp.g "$group"
ok 'a group whose broker is away says so' grep -q "^logpush: $away?group=g: .*Connection refused" err
ends 0 'SIGTERM ends a stream from a group' logpush --spool sp.s http://127.0.0.1:1/ "$group"
says 'Invalid argument' 'a pattern of topics that cannot be read is told' \
	logpush --drains d --spool sp.g 'kafka://127.0.0.1:1/^(?group=g'
says 'typo: line 1: ' 'a group takes --kafka-config' logpush --drains d --spool sp.g --kafka-config typo "$group"
done_testing
