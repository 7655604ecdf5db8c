/*
 * The requests of other web frameworks: Rails, Spring, Express, Koa, ASP.NET
 * Core, Serilog, Phoenix, CouchDB, TheHive, Vaultwarden, Rocket, uvicorn and
 * Tornado.
 */
#include "format/scan_util.h"

/* Returns the tags in brackets, as the request's id, in front of text. */
static struct span
tags_at(struct span text)
{
	const char *p = text.p, *end = p + text.len, *q;

	while (p < end && *p == '[' &&
	    (q = memmem(p, (size_t)(end - p), "] ", 2)) != NULL)
		p = q + 2;
	return span_to(text.p, p);
}

/* What the timings say may have parentheses of its own. */
static bool
scan_rails(struct scan *s, struct span text)
{
	struct span tags = tags_at(text), timings = span_of(NULL, 0);
	const char *p = text.p + tags.len, *end = text.p + text.len, *q;

	if (p < end && end[-1] == ')' &&
	    (q = memmem(p, (size_t)(end - p), " (", 2)) != NULL) {
		timings = span_to(q + 2, end - 1);
		end = q;
	}
	if (!scan_layout(s, span_to(p, end)))
		return false;
	if (timings.p != NULL)
		add_text(s, NAME("timings"), timings);
	if (tags.len > 0)
		add_text(s, NAME("tags"), span_trim(tags));
	return true;
}

const struct format format_rails = {
	.name = "rails", .description = "Rails' answers",
	.example = "Completed 200 OK in 12ms (ActiveRecord: 1.0ms)",
	.word = "Completed ",
	.first = "C[", .distinct = true, .scan = scan_rails,
	.status = "status",
	.layout = "{~}Completed {status:status} in {duration:duration}",
};

/* Whether words are the reason of a status from 500 on, as 502 BAD_GATEWAY. */
static bool
is_reason(struct span status, struct span words)
{
	static const char *const reasons[] = { "internal server error",
	    "not implemented", "bad gateway", "service unavailable",
	    "gateway timeout", "http version not supported",
	    "variant also negotiates", "insufficient storage",
	    "loop detected", "bandwidth limit exceeded", "not extended",
	    "network authentication required" };
	const char *reason;
	size_t i;

	if (status.len != 3 || *status.p != '5' || !all_digits(status))
		return false;
	i = (size_t)(status.p[1] - '0') * 10 + (size_t)(status.p[2] - '0');
	if (i >= sizeof reasons / sizeof reasons[0] ||
	    words.len != strlen(reasons[i]))
		return false;
	reason = reasons[i];
	for (i = 0; i < words.len; i++)
		if (words.p[i] != reason[i] && (reason[i] == ' ' ?
		    words.p[i] != '_' : words.p[i] != reason[i] - 'a' + 'A'))
			return false;
	return true;
}

/*
 * Any program may have "Completed 500 items", so the reason is wanted.  A
 * comma and the headers may follow it.
 */
static bool
scan_spring_answer(struct scan *s, struct span text)
{
	struct span tags = tags_at(text), status, reason;
	const char *end = text.p + text.len, *p;

	if ((p = skip(text.p + tags.len, end, "Completed ")) == NULL)
		return scan_fail(s, 1, text.p, "Completed");
	status = token_at(p, end);
	p += status.len;
	p += p < end;
	reason = span_to(p, find_char(p, end, ','));
	if (!is_reason(status, reason))
		return scan_fail(s, 2, status.p, "status");
	add_number(s, NAME("status"), status);
	add_text(s, NAME("reason"), reason);
	if (tags.len > 0)
		add_text(s, NAME("tags"), span_trim(tags));
	return true;
}

const struct format format_spring_answer = {
	.name = "spring-answer", .description = "Spring's answers that failed",
	.example = "Completed 500 INTERNAL_SERVER_ERROR",
	.word = "Completed ",
	.first = "C[", .distinct = true, .scan = scan_spring_answer,
	.status = "status",
};

const struct format format_morgan = {
	.name = "morgan", .description = "morgan's requests (Express)",
	.example = "GET /api 200 12.345 ms - 22",
	.word = " - ",
	.first = "0a:", .distinct = true, .undated = true, .scan = scan_layout,
	.status = "status",
	.layout = "{~}{method:method} {path:target} {status:status} "
	    "{duration:duration} - {size:number}\n"
	    "{~}{method:method} {path:target} {status:status} "
	    "{size:number} - {duration:duration}\n"
	    "{~}{client} {user} {method:method} {path:target} {protocol} "
	    "{status:status} {size:number} - {duration:duration}",
};

const struct format format_koa = {
	.name = "koa", .description = "koa-logger's requests",
	.example = "  --> GET / 200 3ms 12b",
	.first = " -<x", .distinct = true, .scan = scan_layout,
	.status = "status",
	.layout = "{~}--> {method:method} {path:target} {status:status} "
	    "{duration:duration} {length}\n"
	    "{~}xxx {method:method} {path:target} {status:status} "
	    "{duration:duration} {length}\n"
	    "{~}<-- {method:method} {path:target}",
};

#define KESTREL "{~}Request finished {protocol} {method:method} {path:target} "
#define KESTREL_ANSWER "- {status:status} {size:number} {content_type} "	\
	"{duration:duration}"

const struct format format_kestrel = {
	.name = "kestrel", .description = "ASP.NET Core's requests",
	.example = "      Request finished HTTP/1.1 GET http://localhost/x - "
	    "200 - text/plain 12.3ms",
	.word = "Request finished ",
	.first = " R", .distinct = true, .scan = scan_layout,
	.status = "status",
	.layout = KESTREL KESTREL_ANSWER "\n"
	    KESTREL "{request_content_type} {request_size} " KESTREL_ANSWER "\n"
	    "{~}Request finished in {duration:duration} {status:status}{?} "
	    "{content_type}",
};

#define SERILOG "HTTP {method:method} {path:target} responded "	\
	"{status:status} in {duration:duration}"

const struct format format_serilog = {
	.name = "serilog", .description = "Serilog's requests (.NET)",
	.example = "2021-06-29 10:05:03.123 +00:00 [INF] HTTP GET / responded "
	    "200 in 12.3 ms",
	.word = " responded ",
	.first = "0[a", .after_date = "[", .distinct = true,
	.scan = scan_layout,
	.status = "status",
	.layout = "{~}{timestamp:time} [{level}] " SERILOG "\n"
	    "{~}[{timestamp:time} {level}] " SERILOG "\n"
	    "{~}" SERILOG,
};

const struct format format_phoenix = {
	.name = "phoenix", .description = "Phoenix' answers (Elixir)",
	.example = "10:05:03.123 request_id=F [info] Sent 200 in 12ms",
	.word = "Sent ",
	.first = "0a", .distinct = true, .scan = scan_layout,
	.status = "status",
	.layout = "{~}{timestamp:time} {metadata}[{level}] Sent "
	    "{status:status} in {duration:duration}\n"
	    "{~}Sent {status:status} in {duration:duration}",
};

/* Without a path, any words and a number would do. */
static bool
scan_with_path(struct scan *s, struct span text)
{
	if (memmem(text.p, text.len, " /", 2) == NULL)
		return scan_fail(s, 1, text.p, "a path");
	return scan_layout(s, text);
}

#define COUCHDB "{node} <{thread}> {request_id} {server} {client} {user} "
#define COUCHDB_1 "{node} <{thread}> {client} {user} {identity} "
#define COUCHDB_ANSWER "{method:method} {path:target} {status:number}"

const struct format format_couchdb = {
	.name = "couchdb", .description = "CouchDB's answers",
	.example = "couchdb@127.0.0.1 <0.8860.0> 4cf3f1a0e6 localhost:5984 "
	    "192.0.2.1 admin POST /userdb 201 ok 17",
	.first = "a", .distinct = true, .scan = scan_with_path,
	.status = "status",
	.layout = COUCHDB COUCHDB_ANSWER " {result} {duration:millis}\n"
	    COUCHDB_1 COUCHDB_ANSWER,
};

const struct format format_thehive = {
	.name = "thehive", .description = "TheHive's requests",
	.example = "[info] o.t.s.AccessLogFilter [1e60|2989] 192.0.2.1 POST "
	    "/api/v1/login took 8ms and returned 401 65 bytes",
	.word = "ms and returned ",
	.first = "[", .distinct = true, .scan = scan_layout,
	.status = "status",
	.layout = "[{level}] {logger} [{trace_id}|{span_id}] {client} "
	    "{method:method} {path:target} took {duration:millis}ms and "
	    "returned {status:number} {size:number} bytes",
};

const struct format format_vaultwarden = {
	.name = "vaultwarden", .description = "Vaultwarden's answers",
	.example = "(config) GET /api/config => 200 OK",
	.word = " => ",
	.first = "(", .distinct = true, .scan = scan_with_path,
	.status = "status",
	.layout = "({route}) {method:method} {path:target} => "
	    "{status:status}",
};

const struct format format_rocket = {
	.name = "rocket", .description = "Rocket's answers (Rust)",
	.example = "   >> Outcome: Success(200 OK)",
	.word = "Outcome: ",
	.first = " >", .distinct = true, .scan = scan_layout,
	.status = "status",
	.layout = "{~}>> Outcome: {outcome}({status:status})",
};

static bool
scan_uvicorn(struct scan *s, struct span text)
{
	return text.len > 0 && *text.p == '[' ? scan_with_path(s, text) :
	    scan_layout(s, text);
}

const struct format format_uvicorn = {
	.name = "uvicorn", .description = "uvicorn's requests (Python)",
	.example = "INFO:     192.0.2.1:56372 - \"GET /items HTTP/1.1\" 200 OK",
	.first = "a[", .distinct = true, .scan = scan_uvicorn,
	.status = "status",
	.layout = "{~}{level}: {client:address} - \"{request:request}\" "
	    "{status:status}\n"
	    "[{client:address}] {status:status} \"{method:method} "
	    "{path:target} {protocol}\"",
};

#define TORNADO "{status:status} {method:method} {path:target} ({client}) " \
	"{duration:duration}"

const struct format format_tornado = {
	.name = "tornado", .description = "Tornado's requests (Python)",
	.example = "[I 210629 10:05:03 web:2271] 200 GET /api (192.0.2.1) "
	    "1.23ms",
	.first = "0a[", .distinct = true, .undated = true, .scan = scan_layout,
	.status = "status",
	.layout = "{~}[{level} {timestamp:time} {file}:{line:number}] " TORNADO
	    "\n{~}{level}:{logger}:" TORNADO "\n{~}" TORNADO,
};
