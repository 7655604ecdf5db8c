/*
 * alb and s3-access: the access logs of Amazon's load balancers and S3
 */
#include "base/bytes.h"
#include "format/scan_util.h"

/*
 * Any words fit the first fields of these two, so this is checked before the
 * rest is tried.
 */
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

/* Whether the line holds REST.GET.OBJECT or the like, as each line does. */
static bool
names_operation(struct span text)
{
	return memmem(text.p, text.len, " REST.", 6) != NULL ||
	    memmem(text.p, text.len, " WEBSITE.", 9) != NULL;
}

static bool
scan_s3_access(struct scan *s, struct span text)
{
	struct span owner = token_at(text.p, text.p + text.len);

	if (!s->sure && (owner.len == 0 || hex_digit(*owner.p) < 0 ||
	    (owner.len != 64 && !names_operation(text))))
		return scan_fail(s, 1, text.p, "bucket_owner");
	return scan_layout(s, text);
}

const struct format format_alb = {
	.name = "alb", .description = "AWS application load balancers",
	.example = "http 2018-07-02T22:23:00.186641Z app/my-lb/50dc "
	    "192.0.2.1:2817 10.0.0.1:80 0.000 0.001 0.000 200 200 34 366 "
	    "\"GET http://www.example.com:80/ HTTP/1.1\" \"curl/7.46.0\" - -",
	.first = "a", .distinct = true, .scan = scan_alb, .status = "status",
	.layout = "{type} {timestamp:iso} {elb} {client:address} {target} "
	    "{request_processing_time:seconds} "
	    "{target_processing_time:seconds} "
	    "{response_processing_time:seconds} {status:number} "
	    "{target_status_code} {received_bytes} {size:number} "
	    "\"{request:request}\" \"{agent}\" {ssl_cipher} {ssl_protocol}"
	    "{?} {target_group_arn} \"{trace_id}\"{?} \"{domain_name}\" "
	    "\"{chosen_cert_arn}\" {matched_rule_priority} "
	    "{request_creation_time} \"{actions_executed}\" "
	    "\"{redirect_url}\" \"{error_reason}\"{?} "
	    "\"{target_port_list}\" \"{target_status_code_list}\" "
	    "\"{classification}\" \"{classification_reason}\"{?} "
	    "{conn_trace_id}{?} {extra}",
};

const struct format format_elb = {
	.name = "elb", .description = "AWS classic load balancers",
	.example = "2015-05-13T23:39:43.945958Z my-lb 192.0.2.1:2817 "
	    "10.0.0.1:80 0.000073 0.001048 0.000057 200 200 0 29 "
	    "\"GET http://www.example.com:80/ HTTP/1.1\" \"curl/7.38.0\" - -",
	.first = "0", .after_date = "0a", .distinct = true,
	.scan = scan_layout,
	.status = "status",
	.layout = "{timestamp:iso} {elb} {client:address} {target} "
	    "{request_processing_time:seconds} "
	    "{target_processing_time:seconds} "
	    "{response_processing_time:seconds} {status:number} "
	    "{target_status_code} {received_bytes} {size:number} "
	    "\"{request:request}\"{?} \"{agent}\" {ssl_cipher} "
	    "{ssl_protocol}{?} {extra}",
};

const struct format format_s3_access = {
	.name = "s3-access", .description = "S3 server access logs",
	.example = "79a59df900b949e55d96a1e698fbacedfd6e09d98eacf8f8d5218e7c"
	    "d47ef2be bucket [06/Feb/2019:00:00:38 +0000] 192.0.2.3 79a5 "
	    "3E57427F3EXAMPLE REST.GET.OBJECT key \"GET /bucket/key HTTP/1.1\""
	    " 200 - 113 - 7 - \"-\" \"S3Console/0.4\" -",
	.first = "0a", .distinct = true, .undated = true, .scan = scan_s3_access,
	.status = "status",
	.layout = "{bucket_owner} {bucket} [{timestamp:clf}] {client} "
	    "{requester} {request_id} {operation} {key} "
	    "\"{request:request}\" {status:number} {error_code} "
	    "{size:number} {object_size} {duration:millis} "
	    "{turn_around_time} \"{referer}\" \"{agent}\"{?} "
	    "{version_id}{?} {host_id} {signature_version} {cipher_suite} "
	    "{authentication_type} {host_header} {tls_version}{?} "
	    "{access_point_arn}{?} {acl_required}{?} {extra}",
};
