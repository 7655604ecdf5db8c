/*
 * gin, fiber, chi and gitea: the requests of web frameworks for Go
 */
#include "format/scan_util.h"

const struct format format_gin = {
	.name = "gin", .description = "Gin's requests (Go)",
	.example = "[GIN] 2021/06/29 - 10:05:03 | 200 |     1.234ms |       "
	    "192.0.2.1 | GET      \"/api\"",
	.first = "[", .distinct = true, .scan = scan_layout,
	.status = "status",
	.layout = "{~}[GIN] {timestamp:time} | {status:status} | "
	    "{duration:duration} | {client} | {method:method} "
	    "\"{path:target}\"",
};

const struct format format_fiber = {
	.name = "fiber", .description = "Fiber's requests (Go)",
	.example = "10:05:03 | 200 |   1ms | 192.0.2.1 | GET | /",
	.first = "0", .after_date = "|", .distinct = true,
	.scan = scan_layout,
	.status = "status",
	.layout = "{~}{timestamp:time} | {status:status} | "
	    "{duration:duration} | {client} | {method:method} | "
	    "{path:target}{?} | {message:message}",
};

#define CHI "\"{request:request}\" from {client:address} - "		\
	"{status:status} {size:number}B in {duration:duration}"

const struct format format_chi = {
	.name = "chi", .description = "chi's requests (Go)",
	.example = "2021/06/29 10:05:03 \"GET http://localhost:3333/ HTTP/1.1\""
	    " from 192.0.2.1:51376 - 200 22B in 1.2ms",
	.first = "0\"[", .after_date = "\"[", .distinct = true,
	.scan = scan_layout,
	.status = "status",
	.layout = "{~}{timestamp:time} " CHI "\n"
	    "{~}{timestamp:time} [{request_id}] " CHI "\n"
	    "{~}" CHI "\n"
	    "{~}[{request_id}] " CHI,
};

#define GITEA "router: completed {method:method} {path:target} for "	\
	"{client:address}, {status:status} in {duration:duration} @ {handler}"

const struct format format_gitea = {
	.name = "gitea", .description = "requests of Gitea and Forgejo",
	.example = "2021/06/29 10:05:03 ...eb/routing/logger.go:102:func1() "
	    "[I] router: completed GET / for 192.0.2.1:0, 200 OK in 1.2ms @ "
	    "x.go:1",
	.first = "0a", .distinct = true, .scan = scan_layout,
	.status = "status",
	.layout = "{~}{timestamp:time} {file}:{line:number}:{function} "
	    "[{level}] " GITEA "\n"
	    "{~}" GITEA,
};
