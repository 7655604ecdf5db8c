#include "aws/creds_sts.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>
#include <time.h>

#include "aws/aws_config.h"
#include "aws/aws_endpoint.h"
#include "aws/creds_local.h"
#include "aws/creds_remote.h"
#include "aws/creds_request.h"
#include "aws/creds_sso.h"
#include "aws/sigv4.h"
#include "aws/xml.h"
#include "file/name_template.h"
#include "net/http_headers.h"

enum { TOKEN_MAX = 64 << 10, DEPTH_MAX = 8 };

static void
add_parameter(struct buf *b, const char *name, struct span value)
{
	buf_printf(b, "&%s=", name);
	name_template_escape_query(b, value);
}

/* Add a parameter whose value is in the profile, if it is. */
static void
add_setting(struct buf *b, const char *name, const char *profile,
    const char *key)
{
	char *v = aws_config_get(profile, key);

	if (v != NULL)
		add_parameter(b, name, span_str(v));
	free(v);
}

static char *
element(struct span xml, const char *name)
{
	char text[8192];
	char *s = xml_element(&xml, name, text, sizeof text) ? strdup(text) :
	    NULL;

	explicit_bzero(text, sizeof text);
	return s;
}

static int
take_xml(struct span xml, struct creds *out, char error[256])
{
	char *when = element(xml, "Expiration");

	out->id = element(xml, "AccessKeyId");
	out->secret = element(xml, "SecretAccessKey");
	out->token = element(xml, "SessionToken");
	out->expires = creds_time(when);
	free(when);
	if (out->id != NULL && out->secret != NULL)
		return 1;
	snprintf(error, 256, "STS gave no credentials");
	return -1;
}

/* Sign a request for url, "https://host/path", whose body is body. */
static int
sign(const struct creds *c, const char *region, const char *url,
    struct span body, struct buf *headers)
{
	const char *host = strstr(url, "://") + 3;
	const char *path = host + strcspn(host, "/");
	struct sigv4 v4 = {
		.id = c->id, .secret = c->secret, .token = c->token,
		.region = region, .service = "sts", .when = time(NULL),
	};
	unsigned char d[SHA256_SIZE];
	char hex[SHA256_HEX];

	sha256(body.p, body.len, d);
	digest_hex(d, sizeof d, hex);
	headers_add(headers, "Host", "%.*s", (int)(path - host), host);
	return sigv4_sign(&v4, "POST", path, "", headers, hex);
}

/*
 * Send body to STS, signed with the credentials c unless that is NULL, and take
 * the credentials that it answers with.
 */
static int
call(const struct creds_where *w, const struct creds *c, struct buf *body,
    struct creds *out, char error[256], bool *hopeless)
{
	char *region = aws_endpoint_region(w->region, w->profile);
	const char *at = region != NULL ? region : "us-east-1", *why;
	struct buf url = { 0 }, headers = { 0 };
	struct http_request r = { .method = "POST", .headers = &headers };
	int got = -1;

	*hopeless = true;
	headers_add(&headers, "Content-Type",
	    "application/x-www-form-urlencoded");
	why = aws_endpoint_url(&url, w->profile, "sts", at, w->http->insecure);
	r.url = url.p;
	r.body = buf_span(body);
	if (why == NULL && (body->failed ||
	    (c != NULL && sign(c, at, url.p, r.body, &headers) < 0)))
		why = strerror(errno);
	if (why != NULL)
		snprintf(error, 256, "STS: %s", why);
	else if (creds_request(w, w->http, &r, "STS", error, hopeless) == 0)
		got = take_xml(buf_span(&r.answer), out, error);
	http_reset(&r);
	buf_wipe(&headers);
	buf_wipe(body);
	buf_free(&url);
	free(region);
	return got;
}

/* A setting whose variable does not count when a profile was asked for. */
static char *
setting(const struct creds_where *w, const char *variable, const char *key)
{
	return w->profile_asked ? aws_config_get(w->profile, key) :
	    aws_config_setting(w->profile, variable, key);
}

static void
begin(struct buf *body, const char *action, const char *role,
    const char *session)
{
	buf_printf(body, "Action=%s&Version=2011-06-15", action);
	add_parameter(body, "RoleArn", span_str(role));
	add_parameter(body, "RoleSessionName",
	    span_str(session != NULL ? session : "logpush"));
}

int
creds_from_web_identity(const struct creds_where *w, struct creds *out,
    char error[256], bool *hopeless)
{
	char *path = setting(w, "AWS_WEB_IDENTITY_TOKEN_FILE",
	    "web_identity_token_file");
	char *role = setting(w, "AWS_ROLE_ARN", "role_arn");
	char *session = setting(w, "AWS_ROLE_SESSION_NAME",
	    "role_session_name");
	struct buf token = { 0 }, body = { 0 };
	int r = 0;

	if (path == NULL || role == NULL)
		goto done;
	if (aws_config_read(path, TOKEN_MAX, &token) < 0) {
		snprintf(error, 256, "%.200s: %s", path, strerror(errno));
		*hopeless = true;
		r = -1;
		goto done;
	}
	begin(&body, "AssumeRoleWithWebIdentity", role, session);
	add_parameter(&body, "WebIdentityToken", buf_span(&token));
	r = call(w, NULL, &body, out, error, hopeless);
done:
	buf_wipe(&token);
	free(path);
	free(role);
	free(session);
	return r;
}

/* The credentials of a source_profile. */
static int
from_profile(const struct creds_where *w, const char *profile,
    struct creds *out, char error[256], bool *hopeless)
{
	static creds_way *const ways[] = {
		creds_from_files, creds_from_role, creds_from_web_identity,
		creds_check_profile, creds_from_sso, creds_from_process,
	};
	struct creds_where source = *w;

	source.profile = profile;
	source.profile_asked = true;
	source.depth++;
	return creds_try(ways, sizeof ways / sizeof *ways, &source, out, error,
	    hopeless);
}

/* The credentials of a credential_source. */
static int
from_source(const struct creds_where *w, const char *source,
    struct creds *out, char error[256], bool *hopeless)
{
	static const struct { const char *name; creds_way *way; } sources[] = {
		{ "Environment", creds_from_environment },
		{ "EcsContainer", creds_from_container },
		{ "Ec2InstanceMetadata", creds_from_ec2 },
	};

	for (size_t i = 0; i < sizeof sources / sizeof *sources; i++)
		if (strcasecmp(sources[i].name, source) == 0)
			return sources[i].way(w, out, error, hopeless);
	return 0;
}

/* Find the credentials that the role is asked for with. */
static int
find_source(const struct creds_where *w, const char *profile,
    const char *source, struct creds *out, char error[256], bool *hopeless)
{
	int r = -1;

	*hopeless = true;
	if (w->depth == DEPTH_MAX)
		snprintf(error, 256, "profile %.100s: source_profile leads in "
		    "a circle", w->profile);
	else {
		*hopeless = false;	/* the source says what is so */
		r = profile != NULL ?
		    from_profile(w, profile, out, error, hopeless) :
		    from_source(w, source, out, error, hopeless);
	}
	if (r != 0)
		return r;
	*hopeless = true;
	snprintf(error, 256, "profile %.100s: %.100s gives no credentials",
	    w->profile, profile != NULL ? profile : source);
	return -1;
}

int
creds_from_role(const struct creds_where *w, struct creds *out,
    char error[256], bool *hopeless)
{
	char *role = aws_config_get(w->profile, "role_arn");
	char *profile = aws_config_get(w->profile, "source_profile");
	char *source = aws_config_get(w->profile, "credential_source");
	char *session = aws_config_get(w->profile, "role_session_name");
	struct creds c = { 0 };
	struct buf body = { 0 };
	int r = 0;

	if (role == NULL || (profile == NULL && source == NULL))
		goto done;
	r = find_source(w, profile, source, &c, error, hopeless);
	if (r > 0) {
		begin(&body, "AssumeRole", role, session);
		add_setting(&body, "ExternalId", w->profile, "external_id");
		add_setting(&body, "DurationSeconds", w->profile,
		    "duration_seconds");
		r = call(w, &c, &body, out, error, hopeless);
	}
done:
	creds_clear(&c);
	free(role);
	free(profile);
	free(source);
	free(session);
	return r;
}
