#!/bin/sh
# logpush from a group of Kafka: what of it goes where, and what is committed;
# tests/services/kafka-group.t has a real one
. "${0%/*}/lib.sh"

for c in cc python3; do
	command -v $c >/dev/null || skip_all "$c is not installed"
done
. "$top/tests/servers/lib.sh"
kafka_group fake
LOGFERRY_ALLOW=127.0.0.1
export LOGFERRY_ALLOW
start_server http "$top/tests/servers/http-drain"
fresh() {
	rm -rf http/lines d sp err commits messages
	mkdir d
	: >messages
	printf '{"url":"%s/"}\n' "$url" >d/a
}
# run OPTION...: a member
run() {
	LD_LIBRARY_PATH=$tmp/fake logpush --batch-time 50ms --spool sp "$@" "kafka://fake/topic?group=g" 2>>err &
	pid=$!
}
ends() { kill "$pid"; wait "$pid"; }
# message PARTITION:TEXT...
message() { printf '%s\n' "$@" >>messages; }
texts() { sed -n 's/.*"message":"\([^"]*\)".*/\1/p' http/lines | tr '\n' ' '; }
sent() { grep -qF "$1" http/lines; }
# committed PARTITION OFFSET: it is what was committed last
committed() { [ "$(grep "^$1 " commits | tail -n 1)" = "$1 $2" ]; }
cri() { echo "$1:2021-06-29T10:05:03.1Z stdout $2 $3"; }

# --- pieces of a message ---
fresh
message "$(cri 0 F one)" "$(cri 0 P two-)"
run --drains d -f cri
ok 'a message before one that is not whole is delivered' until_true 20 sent one
ok 'what is committed ends before a message that is not whole' until_true 20 committed 0 2
message "$(cri 0 F three)"
ok 'a message is whole once its last piece has come' until_true 20 sent three
ok 'a message that is whole is committed' until_true 20 committed 0 4
message "$(cri 0 P four-)"
ends
is 'a member that leaves delivers no piece' "$? $(texts)" '0 one two-three '
run --drains d -f cri
message "$(cri 0 F five)"
ok 'the next member gets the message from its first piece on' until_true 20 sent four-five
message "$(cri 0 P six-)" revoke "$(cri 0 F seven)"
ok 'no piece is there twice after a partition was given away and back' until_true 20 sent '"six-seven"'
message "$(cri 0 P eight)" "$(cri 1 F nine)"
ok 'pieces of two partitions are not joined' until_true 20 sent '"nine"'
ok 'a piece goes before what comes from another partition' sent '"eight"'
ok 'a piece that no other has followed is committed' until_true 20 committed 0 10
message "$(cri 0 P ten)"
ok 'a piece waits for the others for a while' until_true 30 sent '"ten"'
ok 'a piece that has waited is committed' until_true 20 committed 0 12
ends
is 'each message is delivered once' "$(texts)" 'one two-three four-five six-seven eight nine ten '

fresh
cri_error() { echo "$1:2021-06-29T10:05:03.1Z stderr $2 $3"; }
message "$(cri 0 P one-)" "$(cri_error 0 P two-)" "$(cri 0 F three)" "$(cri 0 P four-)" "$(cri_error 0 F five)"
run --drains d -f cri
ok 'pieces of two streams that alternate are joined' until_true 20 sent two-five
ok 'what is committed ends before the first piece that still waits' until_true 20 committed 0 4
ends

# --- empty lines ---
fresh
message 0:__CURSOR=a 0:MESSAGE=one 0: 0:__CURSOR=b 0:MESSAGE=two 0: '0:__CURSOR=c|MESSAGE=three||' '0:__CURSOR=d|MESSAGE=four|'
run --drains d -f journal
ok 'an empty line ends an entry of the journal' until_true 20 sent three
message '0:|__CURSOR=e|MESSAGE=five||'
ok 'an empty line at the start of a message ends one, too' until_true 20 sent five
ends
is 'each entry of the journal is a record' "$(texts)" 'one two three four five '
fresh
message '0:{"message":"a"}||{"message":"b"}|' 0: '0:{"message":"c"}'
run --drains d
until_true 20 sent c
ends
is 'to drains an empty line is no record' "$(wc -l <http/lines) $(texts)" '3 a b c '
fresh
message '0:{"message":"a"}||{"message":"b"}|' 0: '0:{"message":"c"}'
run "$url/"
until_true 20 sent c
ends
is 'to one receiver an empty line is no record' "$(wc -l <http/lines) $(texts)" '3 a b c '

# --- what is no line ---
fresh
message '0:{"message":"a"}' 'error one' 'error two' '0:{"message":"b"}' 'error three' tombstone
: >refuse
run --drains d
ok 'a line after an error is delivered' until_true 20 sent b
ok 'what could not be committed is committed later, with what has no value' until_true 20 committed 0 7
ok 'that it was refused is no end' not test -e refuse
ends
is 'an error is told once until a line has come' "$(sed 's/.*: //' err | tr '\n' ' ')" 'one three '
fresh
message '0:123456789012345|abc||' '0:1234567890'
run --max-line 10 "$url/"
until_true 20 committed 0 3
ends
is 'a line that is too long is sent in pieces' "$(texts)" '1234567890 12345 abc 1234567890 '
done_testing
