# shellcheck shell=sh
# lib.sh - servers of our own for shell tests; they end with the test

servers=
at_exit="$at_exit; stop_servers"
stop_servers() {
	for pid in $servers; do kill "$pid" 2>/dev/null; done
	servers=
}

# start_server NAME PROGRAM [argument ...]: with the folder NAME as its last
# argument, where it writes its port; sets port and url
start_server() {
	server_name=$1; shift
	mkdir -p "$tmp/$server_name"
	rm -f "$tmp/$server_name/port"
	"$@" "$tmp/$server_name" >"$tmp/$server_name/log" 2>&1 </dev/null &
	servers="$servers $!"
	until_true 20 test -s "$tmp/$server_name/port"
	port=$(cat "$tmp/$server_name/port")
	# shellcheck disable=SC2034	# for the test
	url=http://127.0.0.1:$port
}

# serve NAME [option ...]: a store
serve() {
	serve_name=$1; shift
	start_server "$serve_name" python3 "$top/tests/servers/store" "$@"
}

# A home without settings, and no AWS variables of the one who tests.
no_aws() {
	HOME=$tmp
	export HOME
	for name in $(env | sed -n 's/^\(AWS_[A-Z0-9_]*\)=.*/\1/p'); do unset "$name"; done
}

# aws_keys: those that the store knows, in the environment
aws_keys() {
	no_aws
	AWS_ACCESS_KEY_ID=AKIDTEST AWS_SECRET_ACCESS_KEY='secret/+=key'
	export AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY
}

# kafka_group DIR: a librdkafka in it that reads files, see kafka-group.c
kafka_group() {
	mkdir "$1"
	for half in GROUP REST; do
		cc -std=c11 -D_DEFAULT_SOURCE -D"$half" -fPIC -I "$top/lib" -c \
			-o "$1/$half.o" "$top/tests/servers/kafka-group.c" || exit 1
	done
	cc -shared -o "$1/librdkafka.so.1" "$1/GROUP.o" "$1/REST.o" || exit 1
}
