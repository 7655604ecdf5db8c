#include "s3.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>
#include <time.h>

#include "awsconf.h"
#include "creds.h"
#include "headers.h"
#include "place.h"
#include "sigv4.h"
#include "xml.h"

enum { FIXED_REGION = 1, FIXED_CLOCK = 2, FIXED_CREDS = 4,
	FIXED_CONDITION = 8 };
enum { SKEW_S = 4 * 60 };	/* S3 takes 15 minutes; the answer took time */

static const char no_body[] =
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

struct lesson {			/* what the server teaches us */
	char region[64];
	int64_t skew_s;		/* its clock is so far ahead */
	bool unconditional;	/* it takes no If-None-Match */
};

struct s3 {
	char *bucket;
	char *scheme;		/* "https" */
	char *host;		/* with its port; NULL: AWS */
	char *prefix;		/* the endpoint's own path, or "" */
	enum s3_style style;
	bool unsigned_payload;
	struct creds_source *creds;
	pthread_mutex_t lock;	/* for learned */
	struct lesson learned;
};

/* "https://host:port/prefix" into its parts; NULL or what is wrong. */
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
	if (memchr(host, '@', (size_t)(end - host)) != NULL || end == host)
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
	    !http_is_loopback(url))
		return "credentials do not go over http:// without "
		    "--insecure-http";
	return NULL;
}

static const char *
configure(struct s3 *s, const struct s3_options *o)
{
	const char *profile = awsconf_profile(o->profile);
	const char *endpoint = o->endpoint, *region = o->region, *why = NULL;
	char *from_file = NULL;

	if (endpoint == NULL)
		endpoint = awsconf_env("AWS_ENDPOINT_URL_S3");
	if (endpoint == NULL)
		endpoint = awsconf_env("AWS_ENDPOINT_URL");
	if (endpoint == NULL)
		endpoint = from_file = awsconf_get(profile, "endpoint_url");
	if (endpoint != NULL)
		why = take_endpoint(s, endpoint, o);
	free(from_file);
	from_file = NULL;
	if (region == NULL)
		region = awsconf_env("AWS_REGION");
	if (region == NULL)
		region = awsconf_env("AWS_DEFAULT_REGION");
	if (region == NULL)
		region = from_file = awsconf_get(profile, "region");
	snprintf(s->learned.region, sizeof s->learned.region, "%s",
	    region != NULL ? region : "us-east-1");
	free(from_file);
	return why;
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
	s->creds = creds_new(o->profile, o->http);
	if (s->bucket == NULL || s->creds == NULL)
		goto fail;
	if (len == 0) {
		*why = "no bucket in the URL";
		goto fail;
	}
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

/* May the bucket be part of the host's name? */
static bool
virtual_style(const struct s3 *s)
{
	if (s->style != S3_AUTO)
		return s->style == S3_VIRTUAL;
	/* A wildcard certificate covers no further dot. */
	return s->host == NULL && strchr(s->bucket, '.') == NULL;
}

/* Host and the path as signed and sent; region: the one to talk to. */
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
		buf_printf(host, "s3.%s.amazonaws.com%s", region,
		    strncmp(region, "cn-", 3) == 0 ? ".cn" : "");
	buf_printf(path, "%s/", s->prefix != NULL ? s->prefix : "");
	if (!is_virtual) {
		place_escape(path, span_str(s->bucket));
		if (key.len > 0)
			buf_addc(path, '/');
	}
	place_escape(path, key);
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
	if (c->signed_headers.p != NULL)
		explicit_bzero(c->signed_headers.p, c->signed_headers.cap);
	buf_clear(&c->signed_headers);
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
	if (c->creds == NULL &&
	    (c->creds = calloc(1, sizeof *c->creds)) == NULL)
		goto no_memory;
	creds_clear(c->creds);
	if (creds_get(s->creds, c->creds, why, hopeless) < 0) {
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

/* Take the server's words for it into code and reason. */
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

/* Another region than ours is meant: take it.  True when it is news. */
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

/* Is our clock wrong by the server's?  Then sign by the server's. */
static bool
correct_clock(struct s3 *s, struct s3_call *c)
{
	int64_t date = http_date(&c->http), skew;
	bool news;

	if (date < 0)
		return false;
	skew = date - (int64_t)time(NULL);
	pthread_mutex_lock(&s->lock);
	news = llabs(skew - s->learned.skew_s) > SKEW_S;
	if (news)
		s->learned.skew_s = skew;
	pthread_mutex_unlock(&s->lock);
	return news;
}

/* Once for each call: what the answer says is wrong may be put right. */
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
		return c->http.hopeless ? S3_NO : S3_LATER;
	}
	if (status / 100 == 2)
		return S3_DONE;
	read_error(c);
	if (correct(s, c))
		return S3_AGAIN;
	if ((status >= 500 && status != 501) || status == 429 ||
	    status == 408 || code_is(c, later)) {
		c->after_ms = http_retry_after_ms(&c->http);
		return S3_LATER;
	}
	return S3_NO;
}

enum s3_verdict
s3_do(struct s3 *s, struct http *h, struct s3_call *c, struct retry *retry)
{
	enum s3_verdict v;
	bool hopeless;

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
		if (v == S3_LATER && ((c->parcel != NULL &&
		    parcel_changed(c->parcel)) ||
		    !retry_wait(retry, c->after_ms)))
			return v;
	}
}

void
s3_call_free(struct s3_call *c)
{
	http_reset(&c->http);
	buf_free(&c->headers);
	if (c->signed_headers.p != NULL)
		explicit_bzero(c->signed_headers.p, c->signed_headers.cap);
	buf_free(&c->signed_headers);
	buf_free(&c->url);
	if (c->creds != NULL)
		creds_clear(c->creds);
	free(c->creds);
	c->creds = NULL;
}
