#include "aws/s3.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>
#include <time.h>

#include "aws/aws_config.h"
#include "aws/aws_endpoint.h"
#include "aws/creds_source.h"
#include "aws/sigv4.h"
#include "aws/xml.h"
#include "file/name_template.h"
#include "net/http_headers.h"
#include "net/url.h"

enum { FIXED_REGION = 1, FIXED_CLOCK = 2, FIXED_CREDS = 4,
	FIXED_CONDITION = 8 };
/* S3 accepts 15 minutes; some time went by for the answer. */
enum { SKEW_S = 4 * 60 };
enum { SKEW_MAX_S = 24 * 60 * 60 };	/* a foreign clock is followed so far */

static const char no_body[] =
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

struct lesson {			/* facts learnt from the server's answers */
	char region[64];
	int64_t skew_s;		/* how far its clock is ahead of ours */
	bool unconditional;	/* it accepts no If-None-Match */
};

struct s3 {
	char *bucket;
	char *scheme;		/* "https" */
	char *host;		/* with its port; NULL for AWS */
	char *prefix;		/* the endpoint's own path, or "" */
	struct aws_variant variant;	/* of AWS's host names */
	enum s3_style style;
	unsigned max_attempts;	/* for a request, 0 for any number */
	bool unsigned_payload;
	struct creds_source *creds;
	pthread_mutex_t lock;	/* for learned */
	struct lesson learned;
};

/*
 * Split "https://host:port/prefix" into its parts.  Returns NULL, or what is
 * wrong.
 */
static const char *
take_endpoint(struct s3 *s, const char *url, const struct s3_options *o)
{
	const char *host = strstr(url, "://"), *end;
	size_t n;

	if (host == NULL)
		return "an endpoint is a URL such as https://host:port";
	n = (size_t)(host - url);
	if (!((n == 4 && strncasecmp(url, "http", 4) == 0) ||
	    (n == 5 && strncasecmp(url, "https", 5) == 0)))
		return "an endpoint is http:// or https://";
	host += 3;
	end = host + strcspn(host, "/?#");
	/* A secret may hold slashes, so its @ may stand behind one. */
	if (strchr(host, '@') != NULL || end == host)
		return "an endpoint has a host and no user";
	if (strcspn(end, "?#") != strlen(end))
		return "an endpoint has no query";
	s->scheme = strndup(url, n);
	s->host = strndup(host, (size_t)(end - host));
	s->prefix = strdup(end);
	if (s->scheme == NULL || s->host == NULL || s->prefix == NULL)
		return "out of memory";
	for (n = strlen(s->prefix); n > 0 && s->prefix[n - 1] == '/'; n--)
		s->prefix[n - 1] = '\0';
	if (strcasecmp(s->scheme, "http") == 0 && !o->http->insecure &&
	    !url_is_loopback(url))
		return URL_SECRETS_STAY;
	return NULL;
}

/* The style of the profile's s3.addressing_style. */
static enum s3_style
configured_style(const char *profile)
{
	char *v = aws_config_get(profile, "s3.addressing_style");
	enum s3_style style = S3_AUTO;

	if (v != NULL && strcmp(v, "path") == 0)
		style = S3_PATH;
	else if (v != NULL && strcmp(v, "virtual") == 0)
		style = S3_VIRTUAL;
	free(v);
	return style;
}

/* Take the store's place: an endpoint of its own, or AWS's. */
static const char *
take_place(struct s3 *s, const char *profile, const struct s3_options *o)
{
	char *own = o->endpoint != NULL ? NULL :
	    aws_endpoint_configured(profile, "s3");
	const char *endpoint = own != NULL ? own : o->endpoint, *why = NULL;

	s->variant = aws_endpoint_variant(profile);
	if (aws_config_flag(profile, NULL, "s3.use_dualstack_endpoint"))
		s->variant.dualstack = true;
	if (endpoint != NULL)
		why = take_endpoint(s, endpoint, o);
	if (why == NULL && endpoint != NULL &&
	    (s->variant.fips || s->variant.dualstack))
		why = "use_fips_endpoint and use_dualstack_endpoint are for "
		    "AWS, not for an endpoint URL";
	free(own);
	return why;
}

static const char *
configure(struct s3 *s, const struct s3_options *o)
{
	const char *profile = aws_config_profile(o->profile);
	char *region = aws_endpoint_region(o->region, profile);

	snprintf(s->learned.region, sizeof s->learned.region, "%s",
	    region != NULL ? region : "us-east-1");
	free(region);
	if (s->style == S3_CONFIGURED)
		s->style = configured_style(profile);
	s->max_attempts = (unsigned)aws_config_number(profile,
	    "AWS_MAX_ATTEMPTS", "max_attempts", INT32_MAX);
	return take_place(s, profile, o);
}

struct s3 *
s3_new(const char *bucket, const struct s3_options *o, const char **why)
{
	size_t len = strcspn(bucket, "/");
	struct s3 *s;

	*why = "out of memory";
	if ((s = calloc(1, sizeof *s)) == NULL)
		return NULL;
	pthread_mutex_init(&s->lock, NULL);
	s->style = o->style;
	s->unsigned_payload = o->unsigned_payload;
	s->bucket = strndup(bucket, len);
	s->creds = creds_new(o->profile, o->region, o->http);
	if (s->bucket == NULL || s->creds == NULL)
		goto fail;
	*why = len == 0 ? "no bucket in the URL" :
	    url_user(bucket).len > 0 ?
	    "s3:// is followed by the bucket; a key and its secret go into the "
	    "environment or ~/.aws/credentials" : NULL;
	if (*why != NULL)
		goto fail;
	if ((*why = configure(s, o)) != NULL)
		goto fail;
	if (s->host != NULL && s->unsigned_payload &&
	    strcasecmp(s->scheme, "https") != 0) {
		*why = "an unsigned payload needs https://";
		goto fail;
	}
	return s;
fail:
	s3_free(s);
	return NULL;
}

char *
s3_ca_bundle(const char *profile)
{
	return aws_config_setting(aws_config_profile(profile), "AWS_CA_BUNDLE",
	    "ca_bundle");
}

void
s3_free(struct s3 *s)
{
	if (s == NULL)
		return;
	creds_free(s->creds);
	free(s->bucket);
	free(s->scheme);
	free(s->host);
	free(s->prefix);
	pthread_mutex_destroy(&s->lock);
	free(s);
}

bool
s3_is_aws(const struct s3 *s)
{
	return s->host == NULL || strstr(s->host, ".amazonaws.com") != NULL;
}

/* Whether the bucket may be part of the host's name. */
static bool
virtual_style(const struct s3 *s)
{
	if (s->style != S3_AUTO)
		return s->style == S3_VIRTUAL;
	/* A wildcard certificate covers no further dot. */
	return s->host == NULL && strchr(s->bucket, '.') == NULL;
}

/*
 * Make the host and the path as they are signed and sent; region is the one to
 * talk to.
 */
static int
locate(struct s3 *s, const char *region, struct span key, struct buf *host,
    struct buf *path)
{
	bool is_virtual = virtual_style(s);

	if (is_virtual)
		buf_printf(host, "%s.", s->bucket);
	if (s->host != NULL)
		buf_adds(host, s->host);
	else
		aws_endpoint_host(host, "s3", region, s->variant);
	buf_printf(path, "%s/", s->prefix != NULL ? s->prefix : "");
	if (!is_virtual) {
		name_template_escape(path, span_str(s->bucket));
		if (key.len > 0)
			buf_addc(path, '/');
	}
	name_template_escape(path, key);
	return buf_str(host) == NULL || buf_str(path) == NULL ? -1 : 0;
}

static struct lesson
look(struct s3 *s)
{
	struct lesson l;

	pthread_mutex_lock(&s->lock);
	l = s->learned;
	pthread_mutex_unlock(&s->lock);
	return l;
}

static int
sign(struct s3 *s, struct s3_call *c, const char *host, const char *path,
    const struct lesson *l)
{
	const char *payload = c->sha256 != NULL ? c->sha256 : no_body;
	struct sigv4 v4 = {
		.id = c->creds->id, .secret = c->creds->secret,
		.token = c->creds->token, .region = l->region, .service = "s3",
		.when = time(NULL) + (time_t)l->skew_s,
	};

	if (s->unsigned_payload && c->sha256 != NULL)
		payload = "UNSIGNED-PAYLOAD";
	buf_wipe(&c->signed_headers);
	buf_addspan(&c->signed_headers, buf_span(&c->headers));
	headers_add(&c->signed_headers, "Host", "%s", host);
	headers_add(&c->signed_headers, "X-Amz-Content-Sha256", "%s", payload);
	if (c->if_absent && !l->unconditional)
		headers_add(&c->signed_headers, "If-None-Match", "*");
	return sigv4_sign(&v4, c->method, path, c->query, &c->signed_headers,
	    payload);
}

int
s3_prepare(struct s3 *s, struct s3_call *c, bool *hopeless)
{
	struct buf host = { 0 }, path = { 0 };
	struct lesson l = look(s);
	char why[256];
	int r = -1;

	*hopeless = false;
	c->attempts++;
	if (c->creds == NULL &&
	    (c->creds = calloc(1, sizeof *c->creds)) == NULL)
		goto no_memory;
	creds_clear(c->creds);
	if (creds_get(s->creds, c->http.timeout_ms, c->creds, why,
	    hopeless) < 0) {
		snprintf(c->reason, sizeof c->reason, "%s", why);
		return -1;
	}
	if (locate(s, l.region, c->key, &host, &path) < 0 ||
	    sign(s, c, host.p, path.p, &l) < 0)
		goto no_memory;
	buf_clear(&c->url);
	buf_printf(&c->url, "%s://%s%s%s%s",
	    s->scheme != NULL ? s->scheme : "https", host.p, path.p,
	    *c->query != '\0' ? "?" : "", c->query);
	if (buf_str(&c->url) == NULL)
		goto no_memory;
	c->http.method = c->method;
	c->http.url = c->url.p;
	c->http.headers = &c->signed_headers;
	r = 0;
no_memory:
	if (r < 0)
		snprintf(c->reason, sizeof c->reason, "%s", strerror(errno));
	buf_free(&host);
	buf_free(&path);
	return r;
}

/* Copy the server's error code and its reason into code and reason. */
static void
read_error(struct s3_call *c)
{
	struct span xml = buf_span(&c->http.answer);
	char message[200];

	xml_element(&xml, "Code", c->code, sizeof c->code);
	xml = buf_span(&c->http.answer);
	xml_element(&xml, "Message", message, sizeof message);
	for (char *p = message; *p != '\0'; p++)
		if ((unsigned char)*p < ' ')
			*p = ' ';
	snprintf(c->reason, sizeof c->reason, "%d%s%s%s%s", c->http.status,
	    c->code[0] != '\0' ? " " : "", c->code,
	    message[0] != '\0' ? ": " : "", message);
}

static bool
code_is(const struct s3_call *c, const char *const *codes)
{
	for (; *codes != NULL; codes++)
		if (strcmp(c->code, *codes) == 0)
			return true;
	return false;
}

/* Take the region that the server names.  Returns true when it was another. */
static bool
correct_region(struct s3 *s, struct s3_call *c)
{
	struct span xml = buf_span(&c->http.answer);
	struct span header = headers_get(&c->http.answer_headers,
	    "x-amz-bucket-region");
	char region[64];
	bool news;

	if (header.len > 0 && header.len < sizeof region) {
		memcpy(region, header.p, header.len);
		region[header.len] = '\0';
	} else if (!xml_element(&xml, "Region", region, sizeof region)) {
		return false;
	}
	if (region[0] == '\0' || strspn(region, "abcdefghijklmnopqrstuvwxyz"
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_") != strlen(region))
		return false;
	pthread_mutex_lock(&s->lock);
	news = strcmp(s->learned.region, region) != 0;
	memcpy(s->learned.region, region, sizeof region);
	pthread_mutex_unlock(&s->lock);
	return news;
}

/*
 * Whether our clock differs from the server's; then requests are signed by the
 * server's.
 */
static bool
correct_clock(struct s3 *s, struct s3_call *c)
{
	int64_t date = http_date(&c->http), skew;
	bool news;

	if (date < 0)
		return false;
	skew = date - (int64_t)time(NULL);
	if (llabs(skew) > SKEW_MAX_S)	/* that clock is wrong, not ours */
		return false;
	pthread_mutex_lock(&s->lock);
	news = llabs(skew - s->learned.skew_s) > SKEW_S;
	if (news)
		s->learned.skew_s = skew;
	pthread_mutex_unlock(&s->lock);
	return news;
}

/* Correct what the answer says is wrong, each thing once in a call. */
static bool
correct(struct s3 *s, struct s3_call *c)
{
	static const char *const expired[] = {
		"ExpiredToken", "ExpiredTokenException", "TokenRefreshRequired",
		NULL,
	};
	int status = c->http.status;

	if (!(c->fixed & FIXED_REGION) && (status == 301 || status == 307 ||
	    status == 400 || status == 403) && correct_region(s, c)) {
		c->fixed |= FIXED_REGION;
		return true;
	}
	if (!(c->fixed & FIXED_CLOCK) && status == 403 && correct_clock(s, c)) {
		c->fixed |= FIXED_CLOCK;
		return true;
	}
	if (!(c->fixed & FIXED_CREDS) && code_is(c, expired) &&
	    creds_expired(s->creds, c->creds)) {
		c->fixed |= FIXED_CREDS;
		return true;
	}
	if (c->if_absent && status == 501 && !(c->fixed & FIXED_CONDITION)) {
		c->fixed |= FIXED_CONDITION;
		pthread_mutex_lock(&s->lock);
		s->learned.unconditional = true;
		pthread_mutex_unlock(&s->lock);
		return true;
	}
	return false;
}

enum s3_verdict
s3_judge(struct s3 *s, struct s3_call *c)
{
	static const char *const later[] = {
		"RequestTimeout", "RequestTimeTooSkewed", "SlowDown",
		"Throttling", "ThrottlingException", "RequestLimitExceeded",
		"OperationAborted", "ConditionalRequestConflict",
		"BadDigest", "XAmzContentSHA256Mismatch", "IncompleteBody",
		"TemporaryRedirect", NULL,
	};
	int status = c->http.status;

	c->code[0] = '\0';
	c->after_ms = 0;
	if (status == 0) {
		snprintf(c->reason, sizeof c->reason, "%s", c->http.error);
		return c->http.hopeless || (c->impatient && c->http.refused) ?
		    S3_NO : S3_LATER;
	}
	if (status / 100 == 2)
		return S3_DONE;
	read_error(c);
	if (correct(s, c)) {
		c->attempts--;
		return S3_AGAIN;
	}
	if ((status >= 500 && status != 501) || status == 429 ||
	    status == 408 || code_is(c, later)) {
		c->after_ms = http_retry_after_ms(&c->http);
		return S3_LATER;
	}
	return S3_NO;
}

int
s3_add_checksum(struct buf *headers, const struct digests *d)
{
	char base64[64];

	if (d->has_md5) {
		digest_base64(d->md5, MD5_SIZE, base64);
		return headers_add(headers, "Content-MD5", "%s", base64);
	}
	digest_base64(d->sha256, SHA256_SIZE, base64);
	return headers_add(headers, "x-amz-checksum-sha256", "%s", base64);
}

bool
s3_out_of_attempts(const struct s3 *s, unsigned attempts)
{
	return s->max_attempts > 0 && attempts >= s->max_attempts;
}

enum s3_verdict
s3_do(struct s3 *s, struct http *h, struct s3_call *c, struct retry *retry)
{
	enum s3_verdict v;
	bool hopeless;

	c->attempts = 0;
	for (;;) {
		c->http.timeout_ms = retry_left_ms(retry);
		if (s3_prepare(s, c, &hopeless) == 0) {
			http_do(h, &c->http);
			v = s3_judge(s, c);
		} else {
			v = hopeless ? S3_NO : S3_LATER;
		}
		if (v == S3_DONE || v == S3_NO)
			return v;
		if (v == S3_LATER && (s3_out_of_attempts(s, c->attempts) ||
		    (c->upload != NULL && upload_changed(c->upload)) ||
		    !retry_wait(retry, c->after_ms)))
			return v;
	}
}

void
s3_call_free(struct s3_call *c)
{
	http_reset(&c->http);
	buf_free(&c->headers);
	buf_wipe(&c->signed_headers);
	buf_free(&c->url);
	if (c->creds != NULL)
		creds_clear(c->creds);
	free(c->creds);
	c->creds = NULL;
}
