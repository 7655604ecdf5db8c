/*
 * envoy, npm, home-assistant, romm, squid, sogo and php-fpm: the access logs of
 * other servers and proxies
 */
#include "format/scan_util.h"

#define ENVOY "[{timestamp:iso}] \"{request:request}\" {status:number} "	\
	"{response_flags} "
#define ENVOY_REST "{received_bytes} {size:number} {duration:millis} "	\
	"{upstream_service_time} \"{http_x_forwarded_for}\" \"{agent}\" "	\
	"\"{request_id}\" \"{server}\" \"{upstream_addr}\""

const struct format format_envoy = {
	.name = "envoy", .description = "Envoy's and Istio's default format",
	.example = "[2016-04-15T20:17:00.310Z] \"GET / HTTP/2\" 200 - 154 0 "
	    "226 100 \"192.0.2.1\" \"curl\" \"cc21d9b0\" \"locations\" "
	    "\"10.0.2.1:80\"",
	.first = "[", .distinct = true, .scan = scan_layout,
	.status = "status",
	.layout = ENVOY ENVOY_REST "\n"
	    ENVOY "{response_code_details} {connection_termination_details} "
	    "\"{upstream_transport_failure_reason}\" " ENVOY_REST "{?} "
	    "{upstream_cluster} {upstream_local_address} "
	    "{downstream_local_address} {client:address} "
	    "{requested_server_name} {route_name}",
};

#define NPM "- {method:method} {scheme} {server} \"{path:target}\" "	\
	"[Client {client}] [Length {size:number}] [Gzip {gzip_ratio}] "

const struct format format_npm = {
	.name = "npm", .description = "Nginx Proxy Manager and NPMplus",
	.example = "[29/Jun/2021:10:05:03 +0000] - 200 200 - GET https "
	    "api.example.com \"/v1/data\" [Client 192.0.2.1] [Length 567] "
	    "[Gzip -] [Sent-to 10.0.0.16] \"curl/7.68.0\" \"-\"",
	.first = "[", .distinct = true, .scan = scan_layout,
	.status = "status",
	.layout = "[{timestamp:clf}] {upstream_cache_status} "
	    "{upstream_status} {status:status} " NPM "[Sent-to {upstream_addr}]"
	    " \"{agent}\" \"{referer}\"\n"
	    "[{timestamp:clf}] {status:status} " NPM "\"{agent}\" "
	    "\"{referer}\"\n"
	    "[{timestamp:clf}] {server} {client:address} {duration:seconds} "
	    "\"{request:request}\" {status:number} {size:number} "
	    "{bytes_sent} {referer} {agent}",
};

static bool
scan_home_assistant(struct scan *s, struct span text)
{
	/* The agent may hold brackets, so that only the last one ends it. */
	if (text.len == 0 || text.p[text.len - 1] != ')')
		return scan_fail(s, 1, text.p, "a bracket at the end");
	return scan_layout(s, span_of(text.p, text.len - 1));
}

const struct format format_home_assistant = {
	.name = "home-assistant",
	.description = "nginx in Home Assistant's add-ons",
	.example = "[29/Jun/2021:10:05:03 +0000] 200 192.0.2.1(172.30.32.2) "
	    "GET / HTTP/1.1 (curl/7.68.0)",
	.first = "[", .distinct = true, .scan = scan_home_assistant,
	.status = "status",
	.layout = "[{timestamp:clf}] {status:number} "
	    "{http_x_forwarded_for}({client}) {request:request} ({agent}",
};

static bool
scan_romm(struct scan *s, struct span text)
{
	if (skip(text.p, text.p + text.len, "INFO:     [RomM]") == NULL)
		return scan_fail(s, 1, text.p, "INFO:     [RomM]");
	return scan_layout(s, text);
}

const struct format format_romm = {
	.name = "romm", .description = "RomM's nginx",
	.example = "INFO:     [RomM][nginx][2021-06-29 10:05:03] 172.22.0.2 | "
	    "192.0.2.1 | GET / 200 | 743 | Chrome macOS | 0.001",
	.first = "I", .distinct = true, .scan = scan_romm,
	.status = "status",
	.layout = "{level}:     [RomM][nginx][{timestamp:iso}] {client} | "
	    "{http_x_forwarded_for} | {method:method} {path:target} "
	    "{status:number} | {size:number} | {browser} | "
	    "{duration:seconds}",
};

const struct format format_squid = {
	.name = "squid", .description = "Squid's native access log",
	.example = "1624961103.123    100 192.0.2.1 TCP_MISS/200 1234 GET "
	    "http://example.com/ - HIER_DIRECT/192.0.2.9 text/html",
	.first = "0", .distinct = true, .undated = true, .scan = scan_layout,
	.status = "status",
	.layout = "{~}{timestamp:epoch} {duration:millis} {client} "
	    "{cache_result}/{status:number} {size:number} {method:method} "
	    "{path:target} {user} {hierarchy}/{upstream_addr} {content_type}"
	    "{?} {extra}",
};

const struct format format_sogo = {
	.name = "sogo", .description = "SOGo's requests",
	.example = "192.0.2.1 - - [29/Jun/2021:10:05:03 GMT] "
	    "\"POST /SOGo/connect HTTP/1.1\" 403 34/38 0.311 - - 2M",
	.first = "0a:", .distinct = true, .undated = true, .scan = scan_layout,
	.status = "status",
	.layout = "{client} - {user} [{timestamp:clf}] \"{request:request}\" "
	    "{status:number} {size:number}/{request_length} "
	    "{duration:seconds} {unpacked_size} {saved} {memory}",
};

#define PHP_FPM "{timestamp:time} \"{request:request}\" {status:status}"

const struct format format_php_fpm = {
	.name = "php-fpm", .description = "PHP-FPM's access log",
	.example = "192.0.2.1 -  29/Jun/2021:10:05:03 +0000 "
	    "\"GET /index.php\" 200",
	.first = "0a:", .distinct = true, .undated = true, .scan = scan_layout,
	.status = "status",
	.layout = "{~}{client} - " PHP_FPM "\n{~}{client} - {user} " PHP_FPM,
};
