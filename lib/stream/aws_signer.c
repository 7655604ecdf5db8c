#include "stream/aws_signer.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "aws/aws_config.h"
#include "aws/aws_endpoint.h"
#include "aws/creds_source.h"
#include "aws/sigv4.h"
#include "base/digest.h"
#include "file/name_template.h"
#include "net/http_headers.h"

enum { FORBIDDEN = 403 };

struct aws_signer {
	const struct receiver_options *o;
	struct creds_source *source;
	struct creds creds;		/* those of the last request */
	char *region;
	struct buf headers, host, path, query;
};

/* The region in a host's name, as in NAME.REGION.es.amazonaws.com, or NULL. */
static char *
region_of_host(const char *url, const char *service)
{
	const char *host = strstr(url, "://") + 3, *end, *start;
	struct buf mark = { 0 };
	char *region = NULL;

	buf_printf(&mark, ".%s.amazonaws.com", service);
	end = buf_str(&mark) != NULL ?
	    memmem(host, strcspn(host, "/?#"), mark.p, mark.len) : NULL;
	if (end != NULL) {
		start = memrchr(host, '.', (size_t)(end - host));
		if (start != NULL)
			region = strndup(start + 1, (size_t)(end - start - 1));
	}
	buf_free(&mark);
	return region;
}

struct aws_signer *
aws_signer_new(const struct receiver_options *o, const char **why)
{
	struct aws_signer *s = calloc(1, sizeof *s);

	*why = "out of memory";
	if (s == NULL)
		return NULL;
	s->o = o;
	s->region = o->region != NULL ? strdup(o->region) :
	    region_of_host(o->url, o->aws_service);
	if (s->region == NULL)
		s->region = aws_endpoint_region(NULL,
		    aws_config_profile(o->profile));
	s->source = creds_new(o->profile, s->region, &o->http);
	if (s->region == NULL)
		*why = "--aws-sigv4 needs a --region";
	else if (s->source != NULL)
		return s;
	aws_signer_free(s);
	return NULL;
}

void
aws_signer_free(struct aws_signer *s)
{
	if (s == NULL)
		return;
	creds_clear(&s->creds);
	creds_free(s->source);
	free(s->region);
	buf_wipe(&s->headers);
	buf_free(&s->host);
	buf_free(&s->path);
	buf_free(&s->query);
	free(s);
}

/*
 * Split the URL as it is signed: other services than S3 encode a path once more
 * than it goes over the wire.
 */
static int
split(struct aws_signer *s, const char *url)
{
	const char *host = strstr(url, "://") + 3;
	const char *path = host + strcspn(host, "/?"), *query = path;

	query += strcspn(path, "?");
	buf_clear(&s->host);
	buf_clear(&s->path);
	buf_clear(&s->query);
	buf_add(&s->host, host, (size_t)(path - host));
	if (query == path)
		buf_addc(&s->path, '/');
	name_template_escape(&s->path, span_of(path, (size_t)(query - path)));
	buf_adds(&s->query, query + (*query == '?'));
	return buf_str(&s->host) == NULL || buf_str(&s->path) == NULL ||
	    buf_str(&s->query) == NULL ? -1 : 0;
}

int
aws_signer_sign(struct aws_signer *s, struct http_request *r,
    const struct buf *headers, char error[256])
{
	unsigned char digest[SHA256_SIZE];
	char payload[SHA256_HEX];
	struct sigv4 v4 = { .region = s->region,
		.service = s->o->aws_service, .when = time(NULL) };
	bool hopeless;

	creds_clear(&s->creds);
	if (creds_get(s->source, r->timeout_ms, &s->creds, error,
	    &hopeless) < 0)
		return -1;
	v4.id = s->creds.id;
	v4.secret = s->creds.secret;
	v4.token = s->creds.token;
	sha256(r->body.p, r->body.len, digest);
	digest_hex(digest, sizeof digest, payload);
	buf_wipe(&s->headers);
	buf_addspan(&s->headers, buf_span(headers));
	if (split(s, r->url) < 0 ||
	    headers_add(&s->headers, "Host", "%s", s->host.p) < 0 ||
	    headers_add(&s->headers, "X-Amz-Content-Sha256", "%s",
	    payload) < 0 || sigv4_sign(&v4, r->method, s->path.p, s->query.p,
	    &s->headers, payload) < 0) {
		snprintf(error, 256, "cannot sign: %s", strerror(errno));
		return -1;
	}
	r->headers = &s->headers;
	return 0;
}

bool
aws_signer_renewed(struct aws_signer *s, const struct http_request *r)
{
	return r->status == FORBIDDEN && memmem(r->answer.p, r->answer.len,
	    "expired", 7) != NULL && creds_expired(s->source, &s->creds);
}
