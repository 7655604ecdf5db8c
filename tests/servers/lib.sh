# shellcheck shell=sh
# lib.sh - servers of our own for shell tests; they end with the test

servers=
at_exit="$at_exit; stop_servers"
stop_servers() {
	for pid in $servers; do kill "$pid" 2>/dev/null; done
	servers=
}

# serve NAME [option ...]: a store in the folder NAME; sets url
serve() {
	serve_name=$1; shift
	mkdir -p "$tmp/$serve_name"
	rm -f "$tmp/$serve_name/port"
	python3 "$top/tests/servers/store" "$@" "$tmp/$serve_name" \
		>"$tmp/$serve_name/log" 2>&1 </dev/null &
	servers="$servers $!"
	until_true 20 test -s "$tmp/$serve_name/port"
	port=$(cat "$tmp/$serve_name/port")
	# shellcheck disable=SC2034	# for the test
	url=http://127.0.0.1:$port
}
