#include "aws/ec2_metadata.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

#include "aws/aws_config.h"
#include "net/http_headers.h"
#include "net/retry.h"

enum { PATIENCE_S = 1, PATIENCE_MAX_S = 3600, TRIES = 3, TRIES_MAX = 100 };

struct service {
	const struct creds_where *w;
	struct http *h;
	char *host;		/* "http://169.254.169.254", no slash at the end */
	int64_t patience_ms;	/* for a connection; a request has twice that */
	int64_t tries;
	bool hurried;		/* a deadline comes before the patience ends */
};

/* Returns the host that is asked, for free(). */
static char *
find_host(const char *profile)
{
	char *host = aws_config_setting(profile,
	    "AWS_EC2_METADATA_SERVICE_ENDPOINT",
	    "ec2_metadata_service_endpoint"), *mode;

	if (host != NULL && host[strlen(host) - 1] == '/')
		host[strlen(host) - 1] = '\0';
	if (host != NULL)
		return host;
	mode = aws_config_setting(profile,
	    "AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE",
	    "ec2_metadata_service_endpoint_mode");
	host = strdup(mode != NULL && strcasecmp(mode, "ipv6") == 0 ?
	    "http://[fd00:ec2::254]" : "http://169.254.169.254");
	free(mode);
	return host;
}

/*
 * Whether the service is slow or busy.  Where no connection can be made there is
 * most likely no such service, unless it was given no time for it.
 */
static bool
is_busy(const struct service *s, const struct http_request *r)
{
	return r->status == 429 || r->status >= 500 || (r->status == 0 &&
	    (r->connected || (s->hurried && !r->refused)));
}

/* Make one request, again when the service is slow or busy. */
static int
ask(struct service *s, const char *method, const char *path,
    struct buf *headers, struct http_request *r)
{
	struct retry retry;
	char url[1024];

	snprintf(url, sizeof url, "%s/latest/%s", s->host, path);
	*r = (struct http_request){
		.method = method, .url = url, .headers = headers,
	};
	retry_begin(&retry, s->w->end_ms != 0 ?
	    creds_left_ms(s->w, INT64_MAX) : 0);
	for (int64_t tries = 1;; tries++) {
		r->timeout_ms = creds_left_ms(s->w, 2 * s->patience_ms);
		http_do(s->h, r);
		if (!is_busy(s, r) || tries == s->tries || !retry_wait(&retry, 0))
			break;
	}
	r->url = NULL;
	return r->status;
}

static int
fetch(struct service *s, const char *path, struct buf *out, char error[256])
{
	struct buf headers = { 0 };
	struct http_request r;
	char full[512];
	int status;

	headers_add(&headers, "X-aws-ec2-metadata-token-ttl-seconds", "21600");
	status = ask(s, "PUT", "api/token", &headers, &r);
	if (status != 200 || buf_str(&r.answer) == NULL)
		goto done;
	buf_clear(&headers);
	headers_add(&headers, "X-aws-ec2-metadata-token", "%s", r.answer.p);
	http_reset(&r);
	snprintf(full, sizeof full, "meta-data/%s", path);
	status = ask(s, "GET", full, &headers, &r);
	if (status == 200)
		buf_addspan(out, buf_span(&r.answer));
done:
	if (status == 0)
		snprintf(error, 256, "the metadata service: %.200s", r.error);
	else
		snprintf(error, 256, "the metadata service answers %d", status);
	status = status == 200 ? 1 : is_busy(s, &r) ? -1 : 0;
	http_reset(&r);
	buf_wipe(&headers);
	return status;
}

int
ec2_metadata(const struct creds_where *w, const char *path, struct buf *out,
    char error[256])
{
	const char *off = aws_config_env("AWS_EC2_METADATA_DISABLED");
	struct service s = { .w = w };
	struct http_options o = { .no_proxy = true };
	int64_t seconds;
	int r = -1;

	if (off != NULL && strcasecmp(off, "true") == 0)
		return 0;
	seconds = aws_config_number(w->profile, "AWS_METADATA_SERVICE_TIMEOUT",
	    "metadata_service_timeout", PATIENCE_MAX_S);
	s.patience_ms = (seconds > 0 ? seconds : PATIENCE_S) * 1000;
	o.connect_ms = creds_left_ms(w, s.patience_ms);
	s.hurried = o.connect_ms < s.patience_ms;
	s.tries = aws_config_number(w->profile,
	    "AWS_METADATA_SERVICE_NUM_ATTEMPTS",
	    "metadata_service_num_attempts", TRIES_MAX);
	if (s.tries == 0)
		s.tries = TRIES;
	if ((s.host = find_host(w->profile)) != NULL &&
	    (s.h = http_new(&o)) != NULL)
		r = fetch(&s, path, out, error);
	else
		snprintf(error, 256, "%s", strerror(errno));
	http_free(s.h);
	free(s.host);
	return r;
}
