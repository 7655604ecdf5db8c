/*
 * es+http:// and es+https://: documents for Elasticsearch and OpenSearch
 */
#include "stream/receiver.h"

#include <errno.h>
#include <stdlib.h>

#include "stream/es_bulk.h"
#include "stream/http_batch.h"
#include "stream/json_document.h"

struct es {
	struct receiver s;
	struct http_batch post;
	struct es_bulk *bulk;
	struct buf url, index, body, reason;
};

static enum attempt
judge(struct es *d, struct item **items, size_t n)
{
	struct http_request *r = &d->post.r;

	buf_clear(&d->reason);
	if (es_bulk_judge(d->bulk, buf_span(&r->answer), items, n,
	    &d->reason) < 0)
		/*
		 * An answer that is too long for us may be shorter for fewer
		 * items.
		 */
		return http_batch_fail(&d->post, &d->s,
		    r->answer.len < r->max_answer ? ATTEMPT_LATER :
		    ATTEMPT_SUSPECT);
	if (d->reason.len > 0)
		receiver_fail(&d->s, ATTEMPT_DONE, "%.*s", (int)d->reason.len,
		    d->reason.p);
	return ATTEMPT_DONE;
}

static enum attempt
attempt(struct receiver *s, struct item **items, size_t n)
{
	struct es *d = (struct es *)s;
	enum attempt result;

	buf_clear(&d->body);
	for (size_t i = 0; i < n; i++)
		es_bulk_add(d->bulk, &d->body, items[i]);
	if (d->body.failed)
		return receiver_fail(s, ATTEMPT_LATER, "%s", strerror(ENOMEM));
	http_batch_headers(&d->post, "application/x-ndjson");
	http_batch_expect(&d->post, n, d->body.len);
	result = http_batch_send(&d->post, s, d->url.p, buf_span(&d->body));
	/*
	 * The status is that of the whole request: no single document is to
	 * blame.
	 */
	if (result == ATTEMPT_SUSPECT)
		return http_batch_fail(&d->post, s, ATTEMPT_LATER);
	return result == ATTEMPT_DONE ? judge(d, items, n) : result;
}

static void
free_es(struct receiver *s)
{
	struct es *d = (struct es *)s;

	http_batch_free(&d->post);
	es_bulk_free(d->bulk);
	buf_free(&d->url);
	buf_free(&d->index);
	buf_free(&d->body);
	buf_free(&d->reason);
	free(d);
}

/*
 * Splits "http://host:port/prefix/index?parameters" around the index.  The
 * action of each document names it, unless it is all of the path: behind a
 * prefix there are servers that know _bulk alone.
 */
static const char *
set_index(struct es *d, const char *action)
{
	const char *url = d->post.url.p, *host = strstr(url, "://") + 3;
	const char *name, *why, *query, *end;
	size_t n;
	bool named;

	/* A format in {date:} may hold a ?, too. */
	for (query = host; *query != '\0' && *query != '?'; query++)
		if (*query == '{' && (end = strchr(query, '}')) != NULL)
			query = end;
	for (n = (size_t)(query - url); url[n - 1] == '/'; n--)
		;
	name = memrchr(host, '/', (size_t)(url + n - host));
	for (const char *p = host; (p = strchr(p, '{')) != NULL && p < query;
	     p++)
		/* A format in {date:} holds this slash. */
		while (name != NULL && name > p)
			name = memrchr(host, '/', (size_t)(name - host));
	if (name == NULL || name + 1 >= url + n)
		return "an es URL is es+http://host:port/index";
	buf_add(&d->index, name + 1, (size_t)(url + n - name - 1));
	if (buf_str(&d->index) == NULL)
		return "out of memory";
	if ((why = json_document_check(d->index.p)) != NULL)
		return why;
	named = strchr(d->index.p, '{') != NULL ||
	    memchr(host, '/', (size_t)(name - host)) != NULL;
	buf_add(&d->url, url, named ? (size_t)(name - url) : n);
	buf_adds(&d->url, "/_bulk");
	buf_adds(&d->url, query);
	d->bulk = es_bulk_new(action, named ? d->index.p : NULL);
	return d->bulk == NULL || buf_str(&d->url) == NULL ? "out of memory" :
	    NULL;
}

static struct receiver *
open_es(const struct receiver_options *o, const char **why)
{
	struct es *d;

	*why = "out of memory";
	if ((d = calloc(1, sizeof *d)) == NULL)
		return NULL;
	d->s.attempt = attempt;
	d->s.free = free_es;
	d->s.has_ids = true;
	d->s.overhead = 48;
	if (http_batch_init(&d->post, o, why) < 0) {
		free(d);
		return NULL;
	}
	if ((*why = set_index(d, o->es_index ? "index" : "create")) == NULL)
		return &d->s;
	free_es(&d->s);
	return NULL;
}

const struct receiver_kind receiver_es = {
	.schemes = { "es+http://", "es+https://" },
	.own = 3,
	.nodes = true,
	.open = open_es,
};
