/*
 * sls+http:// and sls+https://: Alibaba Cloud's Log Service (PutLogs)
 */
#include "stream/receiver.h"

#include <errno.h>
#include <stdlib.h>

#include "net/http_headers.h"
#include "stream/http_batch.h"
#include "stream/sls_protocol.h"

enum { QUOTA_MS = 3000, EXPIRED_MS = 3000 };

struct sls {
	struct receiver s;
	struct http_batch post;
	struct sls_key key;
	struct buf url, host, resource;
	struct sls_group group, other;
	struct item *mine[SLS_GROUP_LOGS];	/* the items in the request */
	struct buf body, packed;
};

/*
 * Judges an answer that is no success.  A quota (403) holds for a shard and a
 * second, so waiting helps; so it does for a request that expired, as the clock
 * may be set.
 */
static enum attempt
judge(struct sls *d)
{
	int status = d->post.r.status;
	struct span answer = buf_span(&d->post.r.answer);
	bool expired = memmem(answer.p, answer.len, "RequestTimeExpired", 18)
	    != NULL;
	enum attempt result;

	if (expired ||
	    headers_get(&d->post.r.answer_headers, "x-log-requestid").p == NULL)
		result = ATTEMPT_LATER;
	else if (status == 400)
		/* One bad log makes the whole request fail. */
		result = ATTEMPT_SUSPECT;
	else if (status == 413)
		result = ATTEMPT_SPLIT;
	else
		result = ATTEMPT_LATER;
	http_batch_fail(&d->post, &d->s, result);
	if (status == 403 && d->s.retry_after_ms == 0)
		d->s.retry_after_ms = QUOTA_MS;
	if (expired)
		d->s.retry_after_ms = EXPIRED_MS;
	return result;
}

static enum attempt
send_group(struct sls *d)
{
	struct span body = buf_span(&d->body);
	enum attempt result;

	http_batch_headers(&d->post, "application/x-protobuf");
	headers_add(&d->post.headers, "x-log-apiversion", "0.6.0");
	headers_add(&d->post.headers, "x-log-bodyrawsize", "%zu", body.len);
	if (sls_compress(&d->packed, body) == 0) {
		headers_add(&d->post.headers, "x-log-compresstype", "lz4");
		body = buf_span(&d->packed);
	}
	if (sls_sign(&d->post.headers, &d->key, "POST", d->resource.p,
	    d->host.p, body, time(NULL)) < 0)
		return receiver_fail(
		    &d->s, ATTEMPT_LATER, "%s", strerror(ENOMEM));
	result = http_batch_send(&d->post, &d->s, d->url.p, body);
	return result == ATTEMPT_DONE || d->post.r.status == 0 ? result :
	    judge(d);
}

/*
 * Put the item into the request, which has n already.  Returns false when the
 * item must wait for another request.
 */
static bool
add_item(struct sls *d, struct item *item, size_t n)
{
	size_t before = d->body.len;

	if (n >= SLS_GROUP_LOGS ||
	    sls_group_of(&d->other, item->line, d->post.o->host) < 0 ||
	    !sls_group_same(&d->group, &d->other))
		return false;
	if (sls_add_log(&d->body, item->line, time(NULL)) < 0) {
		if (errno == EINVAL) {
			item->state = ITEM_REFUSED;
			item->reason = strdup("its time does not fit");
		}
		return false;
	}
	if (n > 0 && d->body.len > SLS_GROUP_BYTES) {
		d->body.len = before;
		return false;
	}
	return true;
}

/*
 * The logs of one request have the same topic, source and tags.  Send the items
 * that have those of the first waiting item; the caller calls again for the
 * rest.
 */
static enum attempt
attempt(struct receiver *s, struct item **items, size_t n)
{
	struct sls *d = (struct sls *)s;
	enum attempt result;
	size_t in = 0, first = 0;

	while (first < n) {
		in = 0;
		buf_clear(&d->body);
		if (items[first]->state != ITEM_WAITING) {
			first++;
			continue;
		}
		sls_group_of(&d->group, items[first]->line, d->post.o->host);
		for (size_t i = first; i < n; i++)
			if (items[i]->state == ITEM_WAITING &&
			    add_item(d, items[i], in))
				d->mine[in++] = items[i];
		if (in == 0 && items[first]->state != ITEM_WAITING)
			continue;
		if (in == 0 || sls_add_group(&d->body, &d->group) < 0)
			return receiver_fail(s, ATTEMPT_LATER, "%s",
			    strerror(ENOMEM));
		result = send_group(d);
		if (result != ATTEMPT_DONE)
			return result;
		receiver_done(d->mine, in);
	}
	return ATTEMPT_DONE;
}

static void
free_sls(struct receiver *s)
{
	struct sls *d = (struct sls *)s;

	http_batch_free(&d->post);
	sls_group_free(&d->group);
	sls_group_free(&d->other);
	buf_free(&d->url);
	buf_free(&d->host);
	buf_free(&d->resource);
	buf_free(&d->body);
	buf_free(&d->packed);
	free(d);
}

/* Reads "https://project.endpoint/logstore". */
static const char *
set_url(struct sls *d, const struct receiver_options *o)
{
	const char *url, *host, *slash;

	while (d->post.url.p[d->post.url.len - 1] == '/')
		d->post.url.len--;
	url = buf_str(&d->post.url);
	host = strstr(url, "://") + 3;
	slash = strchr(host, '/');
	if (slash == NULL || slash[1] == '\0' ||
	    strchr(slash + 1, '/') != NULL ||
	    memchr(host, '.', (size_t)(slash - host)) == NULL)
		return "an sls URL is sls+https://project.endpoint/logstore";
	buf_add(&d->host, host, (size_t)(slash - host));
	buf_printf(&d->resource, "/logstores%s/shards/lb", slash);
	if (o->endpoint != NULL)
		buf_adds(&d->url, o->endpoint);
	else
		buf_add(&d->url, url, (size_t)(slash - url));
	while (d->url.len > 0 && d->url.p[d->url.len - 1] == '/')
		d->url.len--;
	if (buf_str(&d->resource) == NULL || buf_str(&d->host) == NULL)
		return "out of memory";
	buf_adds(&d->url, d->resource.p);
	return buf_str(&d->url) == NULL ? "out of memory" : NULL;
}

static const char *
set_key(struct sls *d, const struct receiver_options *o)
{
	d->key.id = getenv("ALIBABA_CLOUD_ACCESS_KEY_ID");
	d->key.secret = getenv("ALIBABA_CLOUD_ACCESS_KEY_SECRET");
	d->key.token = getenv("ALIBABA_CLOUD_SECURITY_TOKEN");
	d->key.region = o->region;
	if (d->key.token != NULL && *d->key.token == '\0')
		d->key.token = NULL;
	return d->key.id == NULL || d->key.secret == NULL ?
	    "ALIBABA_CLOUD_ACCESS_KEY_ID and _SECRET are not set" : NULL;
}

static struct receiver *
open_sls(const struct receiver_options *o, const char **why)
{
	struct sls *d;

	*why = "the Log Service needs MD5, which libcrypto does not give here";
	if (!digest_has_md5())
		return NULL;
	*why = "out of memory";
	if ((d = calloc(1, sizeof *d)) == NULL)
		return NULL;
	d->s.attempt = attempt;
	d->s.free = free_sls;
	d->s.trusts_past = true;
	d->s.overhead = 64;
	if (http_batch_init(&d->post, o, why) < 0) {
		free(d);
		return NULL;
	}
	if ((*why = set_url(d, o)) == NULL && (*why = set_key(d, o)) == NULL)
		return &d->s;
	free_sls(&d->s);
	return NULL;
}

const struct receiver_kind receiver_sls = {
	.schemes = { "sls+http://", "sls+https://" },
	.own = 4,
	.open = open_sls,
};
