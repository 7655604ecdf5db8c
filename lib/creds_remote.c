#include "creds_ways.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "awsconf.h"
#include "ec2.h"
#include "headers.h"
#include "place.h"
#include "xml.h"

enum { FILE_MAX = 64 << 10, PATIENCE_MS = 10 * 1000, TRIES = 3 };

/* A small file's text, without its last newline. */
static int
read_file(const char *path, struct buf *out)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t got = fd < 0 ? -1 : 1;

	while (got > 0 && out->len < FILE_MAX) {
		if (buf_reserve(out, 4096) < 0)
			got = -1;
		else if ((got = read(fd, out->p + out->len, 4096)) > 0)
			out->len += (size_t)got;
	}
	if (fd >= 0)
		close(fd);
	while (out->len > 0 && (out->p[out->len - 1] == '\n' ||
	    out->p[out->len - 1] == '\r'))
		out->len--;
	return got < 0 ? -1 : 0;
}

/* Send r; again when the server is busy.  0 for an answer of 200. */
static int
ask(const struct http_options *o, struct http_request *r, const char *who,
    char error[256], bool *hopeless)
{
	struct http *h = http_new(o);

	r->timeout_ms = PATIENCE_MS;
	for (int tries = 0; h != NULL && tries < TRIES; tries++)
		if (http_do(h, r) == 0 && r->status < 500)
			break;
	http_free(h);
	if (r->status == 200)
		return 0;
	*hopeless = r->status >= 400 && r->status < 500 && r->status != 429;
	if (r->status != 0)
		snprintf(error, 256, "%s answers %d", who, r->status);
	else
		snprintf(error, 256, "%s: %.200s", who, r->error);
	return -1;
}

static void
add_parameter(struct buf *b, const char *name, struct span value)
{
	buf_printf(b, "&%s=", name);
	place_escape_query(b, value);
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

/* Where to change tokens; NULL with the reason in error. */
static const char *
sts_url(const struct creds_where *w, struct buf *url, char error[256])
{
	const char *region = awsconf_env("AWS_REGION");
	const char *endpoint = awsconf_env("AWS_ENDPOINT_URL_STS");

	if (region == NULL)
		region = awsconf_env("AWS_DEFAULT_REGION");
	if (endpoint != NULL)
		buf_printf(url, "%s/", endpoint);
	else if (region != NULL)
		buf_printf(url, "https://sts.%s.amazonaws.com%s/", region,
		    strncmp(region, "cn-", 3) == 0 ? ".cn" : "");
	else
		buf_adds(url, "https://sts.amazonaws.com/");
	if (buf_str(url) == NULL) {
		snprintf(error, 256, "%s", strerror(errno));
	} else if (strncmp(url->p, "https://", 8) != 0 &&
	    !w->http->insecure && !http_is_loopback(url->p)) {
		snprintf(error, 256, "AWS_ENDPOINT_URL_STS: a token does not "
		    "go over http:// without --insecure-http");
		return NULL;
	}
	return url->p;
}

/* Change a token for credentials (AssumeRoleWithWebIdentity). */
static int
assume_role(const struct creds_where *w, const char *role, struct span token,
    struct creds *out, char error[256], bool *hopeless)
{
	const char *name = awsconf_env("AWS_ROLE_SESSION_NAME");
	struct http_request r = { .method = "POST" };
	struct buf body = { 0 }, headers = { 0 }, url = { 0 };
	struct tm tm = { 0 };
	char *when;
	int got = -1;

	buf_adds(&body, "Action=AssumeRoleWithWebIdentity&Version=2011-06-15");
	add_parameter(&body, "RoleArn", span_str(role));
	add_parameter(&body, "RoleSessionName",
	    span_str(name != NULL ? name : "logpush"));
	add_parameter(&body, "WebIdentityToken", token);
	headers_add(&headers, "Content-Type",
	    "application/x-www-form-urlencoded");
	r.url = sts_url(w, &url, error);
	r.body = buf_span(&body);
	r.headers = &headers;
	if (r.url == NULL)
		*hopeless = true;
	else if ((got = ask(w->http, &r, "STS", error, hopeless)) == 0) {
		out->id = element(buf_span(&r.answer), "AccessKeyId");
		out->secret = element(buf_span(&r.answer), "SecretAccessKey");
		out->token = element(buf_span(&r.answer), "SessionToken");
		when = element(buf_span(&r.answer), "Expiration");
		if (when != NULL &&
		    strptime(when, "%Y-%m-%dT%H:%M:%S", &tm) != NULL)
			out->expires = (int64_t)timegm(&tm);
		free(when);
		got = out->id != NULL && out->secret != NULL ? 1 : -1;
		if (got < 0)
			snprintf(error, 256, "STS gave no credentials");
	}
	if (body.p != NULL)
		explicit_bzero(body.p, body.cap);
	http_reset(&r);
	buf_free(&body);
	buf_free(&headers);
	buf_free(&url);
	return got;
}

static char *
setting(const struct creds_where *w, const char *variable, const char *key)
{
	const char *v = w->profile_asked ? NULL : awsconf_env(variable);

	return v != NULL ? strdup(v) : awsconf_get(w->profile, key);
}

int
creds_from_web_identity(const struct creds_where *w, struct creds *out,
    char error[256], bool *hopeless)
{
	char *path = setting(w, "AWS_WEB_IDENTITY_TOKEN_FILE",
	    "web_identity_token_file");
	char *role = setting(w, "AWS_ROLE_ARN", "role_arn");
	struct buf token = { 0 };
	int r = 0;

	if (path != NULL && role != NULL) {
		if (read_file(path, &token) < 0) {
			snprintf(error, 256, "%.200s: %s", path,
			    strerror(errno));
			*hopeless = true;
			r = -1;
		} else {
			r = assume_role(w, role, buf_span(&token), out, error,
			    hopeless);
		}
	}
	if (token.p != NULL)
		explicit_bzero(token.p, token.cap);
	buf_free(&token);
	free(path);
	free(role);
	return r;
}

/* In clear the token goes to this host or the container's agent only. */
static bool
is_trusted(const char *url)
{
	static const char *const agents[] = {
		"http://169.254.170.2/", "http://169.254.170.23/",
		"http://[fd00:ec2::23]/",
	};

	for (size_t i = 0; i < sizeof agents / sizeof *agents; i++)
		if (strncmp(url, agents[i], strlen(agents[i])) == 0)
			return true;
	return strncmp(url, "https://", 8) == 0 || http_is_loopback(url);
}

/* The agent's token, from the environment or a file, as a header. */
static int
add_token(struct buf *headers, char error[256])
{
	const char *path =
	    awsconf_env("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE");
	const char *token = awsconf_env("AWS_CONTAINER_AUTHORIZATION_TOKEN");
	struct buf b = { 0 };
	int r = 0;

	if (path != NULL) {
		if (read_file(path, &b) < 0 || (token = buf_str(&b)) == NULL) {
			snprintf(error, 256, "%.200s: %s", path,
			    strerror(errno));
			r = -1;
		}
	}
	if (r == 0 && token != NULL)
		r = headers_add(headers, "Authorization", "%s", token);
	if (b.p != NULL)
		explicit_bzero(b.p, b.cap);
	buf_free(&b);
	return r;
}

int
creds_from_container(const struct creds_where *w, struct creds *out,
    char error[256], bool *hopeless)
{
	const char *relative =
	    awsconf_env("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI");
	const char *full = awsconf_env("AWS_CONTAINER_CREDENTIALS_FULL_URI");
	struct http_options o = *w->http;
	struct buf url = { 0 }, headers = { 0 };
	struct http_request r = { .method = "GET", .headers = &headers };
	int got = -1;

	if (relative == NULL && full == NULL)
		return 0;
	if (relative != NULL)
		buf_printf(&url, "http://169.254.170.2%s", relative);
	else
		buf_adds(&url, full);
	o.no_proxy = true;
	*hopeless = true;
	if ((r.url = buf_str(&url)) == NULL)
		snprintf(error, 256, "%s", strerror(errno));
	else if (!is_trusted(r.url))
		snprintf(error, 256, "AWS_CONTAINER_CREDENTIALS_FULL_URI is "
		    "neither https:// nor on this host");
	else if (add_token(&headers, error) == 0 &&
	    ask(&o, &r, "the container's agent", error, hopeless) == 0)
		got = creds_take_json(buf_span(&r.answer), out, error);
	if (headers.p != NULL)
		explicit_bzero(headers.p, headers.cap);
	http_reset(&r);
	buf_free(&headers);
	buf_free(&url);
	return got;
}

int
creds_from_ec2(const struct creds_where *w, struct creds *out,
    char error[256], bool *hopeless)
{
	static const char base[] = "iam/security-credentials/";
	struct buf role = { 0 }, json = { 0 };
	char path[512];
	int r;

	(void)w, (void)hopeless;
	if ((r = ec2_metadata(base, &role, error)) > 0) {
		role.len = role.len > 0 ? strcspn(buf_str(&role), "\r\n") : 0;
		snprintf(path, sizeof path, "%s%.*s", base, (int)role.len,
		    role.p);
		r = role.len > 0 ? ec2_metadata(path, &json, error) : 0;
	}
	if (r > 0)
		r = creds_take_json(buf_span(&json), out, error);
	if (json.p != NULL)
		explicit_bzero(json.p, json.cap);
	buf_free(&json);
	buf_free(&role);
	return r;
}
