/*
 * The formats there are, in the order they are tried.
 */
#include "hex.h"
#include "scanning.h"

const struct format format_clf = { .name = "clf", .scan = scan_clf,
    .first = "0a:-[", .distinct = true };
/* As a guess it is found by scan_clf, as those below it are by scan_json. */
const struct format format_combined = { .name = "combined",
    .scan = scan_combined, .first = "" };
const struct format format_docker_json = { .name = "docker-json",
    .scan = scan_docker_json, .first = "", .nests = true };
const struct format format_kube = { .name = "kube", .scan = scan_kube,
    .first = "", .nests = true };
const struct format format_gelf = { .name = "gelf", .scan = scan_gelf,
    .first = "", .nests = true };
/* As JSON it is found by scan_json. */
const struct format format_journal = { .name = "journal",
    .scan = scan_journal, .first = "_", .nests = true };

static const struct format cri = { .name = "cri", .scan = scan_cri,
    .first = "0", .nests = true, .distinct = true };
static const struct format sls = { .name = "sls", .scan = scan_sls,
    .first = "0", .nests = true, .distinct = true };
static const struct format klog = { .name = "klog", .scan = scan_klog,
    .first = "a", .distinct = true };
static const struct format nginx_error = { .name = "nginx-error",
    .scan = scan_nginx_error, .first = "0", .distinct = true };
static const struct format apache_error = { .name = "apache-error",
    .scan = scan_apache_error, .first = "[", .distinct = true };
static const struct format w3c = { .name = "w3c", .scan = scan_w3c,
    .first = "#0a-" };
static const struct format cef = { .name = "cef", .scan = scan_cef,
    .first = "a", .distinct = true };
static const struct format syslog = { .name = "syslog", .scan = scan_syslog,
    .first = "<0a", .nests = true, .distinct = true };
static const struct format postgres = { .name = "postgres",
    .scan = scan_postgres, .first = "0" };
static const struct format spring = { .name = "spring", .scan = scan_spring,
    .first = "0" };
static const struct format supervisor = { .name = "supervisor",
    .scan = scan_supervisor, .first = "0" };
static const struct format python = { .name = "python", .scan = scan_python,
    .first = "0[a" };
static const struct format ltsv = { .name = "ltsv", .scan = scan_ltsv,
    .first = "0a_" };
static const struct format json = { .name = "json", .scan = scan_json,
    .nests = true };
static const struct format logfmt = { .name = "logfmt", .scan = scan_logfmt,
    .first = "a_@" };

/* Any words fit the first fields of these two: look before the rest is tried. */
static bool
scan_alb(struct scan *s, struct span text)
{
	static const char types[] = " http https h2 grpcs ws wss ";
	struct span type = token_at(text.p, text.p + text.len);
	const char *found = memmem(types, sizeof types - 1, type.p, type.len);

	if (found == NULL || type.len == 0 || found[-1] != ' ' ||
	    found[type.len] != ' ')
		return scan_fail(s, 1, text.p, "type");
	return scan_layout(s, text);
}

static bool
scan_s3_access(struct scan *s, struct span text)
{
	struct span owner = token_at(text.p, text.p + text.len);

	if (!s->sure && (owner.len != 64 || hex_digit(*owner.p) < 0))
		return scan_fail(s, 1, text.p, "bucket_owner");
	return scan_layout(s, text);
}

static const struct format alb = { .name = "alb", .scan = scan_alb,
    .first = "a", .distinct = true, .layout = "{type} {timestamp:iso} {elb} "
    "{client:address} {target} {request_processing_time:seconds} "
    "{target_processing_time:seconds} {response_processing_time:seconds} "
    "{status:number} {target_status_code} {received_bytes} {size:number} "
    "\"{request:request}\" \"{agent}\" {ssl_cipher} {ssl_protocol}{?} "
    "{target_group_arn} \"{trace_id}\" \"{domain_name}\" "
    "\"{chosen_cert_arn}\" {matched_rule_priority} {request_creation_time} "
    "\"{actions_executed}\" \"{redirect_url}\" \"{error_reason}\"{?} "
    "\"{target_port_list}\" \"{target_status_code_list}\" "
    "\"{classification}\" \"{classification_reason}\"{?} {conn_trace_id}{?} "
    "{extra}" };
static const struct format s3_access = { .name = "s3-access",
    .scan = scan_s3_access, .first = "0a", .distinct = true, .layout =
    "{bucket_owner} {bucket} [{timestamp:clf}] {client} {requester} "
    "{request_id} {operation} {key} \"{request:request}\" {status:number} "
    "{error_code} {size:number} {object_size} {duration:millis} "
    "{turn_around_time} \"{referer}\" \"{agent}\" {version_id}{?} {host_id} "
    "{signature_version} {cipher_suite} {authentication_type} {host_header} "
    "{tls_version}{?} {access_point_arn}{?} {acl_required}{?} {extra}" };
static const struct format uwsgi = { .name = "uwsgi", .scan = scan_layout,
    .first = "[", .distinct = true, .layout = "[pid: {pid:number}|app: {app}|"
    "req: {req}] {client} ({user}) {{{vars} vars in {vars_bytes} bytes} "
    "[{timestamp:ctime}] {method} {path} => generated {size:number} bytes in "
    "{duration:millis} msecs ({protocol} {status:number}) {headers} headers "
    "in {headers_bytes} bytes ({switches} switches on core {core})" };
static const struct format haproxy = { .name = "haproxy",
    .scan = scan_haproxy, .first = "0a:[", .distinct = true };

const struct format *const formats[] = {
	&sls, &cri, &format_clf, &format_combined, &nginx_error, &apache_error,
	&uwsgi, &haproxy, &alb, &s3_access, &klog, &cef, &w3c, &syslog,
	&postgres, &spring, &supervisor, &python, &format_journal,
	&format_docker_json, &format_kube, &format_gelf, &json, &ltsv, &logfmt,
	NULL,
};
