/*
 * uwsgi: a line for each request that uWSGI answered
 */
#include "format/scan_util.h"

#define UWSGI(duration)							\
	"[pid: {pid:number}|app: {app}|req: {req}] {client} ({user}) "	\
	"{{{vars} vars in {vars_bytes} bytes} [{timestamp:ctime}] "	\
	"{method} {path:target} => generated {size:number} bytes in "	\
	duration " ({protocol} {status:number}) {headers} headers in "	\
	"{headers_bytes} bytes ({switches} switches on core {core})"

const struct format format_uwsgi = {
	.name = "uwsgi", .description = "uWSGI's requests",
	.example = "[pid: 1|app: 0|req: 1/1] 192.0.2.1 () {24 vars in 251 "
	    "bytes} [Tue Jun 29 10:05:03 2021] GET / => generated 5 bytes in "
	    "7 msecs (HTTP/1.1 200) 2 headers in 63 bytes (1 switches on core "
	    "0)",
	.first = "[", .distinct = true, .scan = scan_layout,
	.status = "status",
	.layout = UWSGI("{duration:millis} msecs") "\n"
	    UWSGI("{duration:micros} micros"),
};
