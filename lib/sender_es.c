/*
 * es+http:// and es+https://: documents for Elasticsearch and OpenSearch
 */
#include "sender.h"

#include <errno.h>
#include <stdlib.h>

#include "bulk.h"
#include "payload.h"
#include "post.h"

enum { ANSWER_EACH = 2048 };	/* bytes of the answer for one document */

struct es {
	struct sender s;
	struct post post;
	struct bulk *bulk;
	struct buf url, index, body, reason;
};

static enum attempt
judge(struct es *d, struct item **items, size_t n)
{
	buf_clear(&d->reason);
	if (bulk_judge(buf_span(&d->post.r.answer), items, n, &d->reason) < 0)
		return post_fail(&d->post, &d->s, ATTEMPT_LATER);
	if (d->reason.len > 0)
		sender_fail(&d->s, ATTEMPT_DONE, "%.*s", (int)d->reason.len,
		    d->reason.p);
	return ATTEMPT_DONE;
}

static enum attempt
attempt(struct sender *s, struct item **items, size_t n)
{
	struct es *d = (struct es *)s;
	enum attempt result;

	buf_clear(&d->body);
	for (size_t i = 0; i < n; i++)
		bulk_add(d->bulk, &d->body, items[i]);
	if (d->body.failed)
		return sender_fail(s, ATTEMPT_LATER, "%s", strerror(ENOMEM));
	post_headers(&d->post, "application/x-ndjson");
	d->post.r.max_answer = (n + 1) * ANSWER_EACH;
	result = post_send(&d->post, s, d->url.p, buf_span(&d->body));
	return result == ATTEMPT_DONE ? judge(d, items, n) : result;
}

static void
free_es(struct sender *s)
{
	struct es *d = (struct es *)s;

	post_free(&d->post);
	bulk_free(d->bulk);
	buf_free(&d->url);
	buf_free(&d->index);
	buf_free(&d->body);
	buf_free(&d->reason);
	free(d);
}

/* Split "http://host:port/prefix/index" before the index. */
static const char *
set_index(struct es *d)
{
	const char *url = buf_str(&d->post.url), *host, *name, *why;

	host = strstr(url, "://") + 3;
	name = strrchr(host, '/');
	for (const char *p = host; (p = strchr(p, '{')) != NULL; p++)
		while (name != NULL && name > p)	/* a / in {date:} */
			name = memrchr(host, '/', (size_t)(name - host));
	if (name == NULL || name[1] == '\0')
		return "an es URL is es+http://host:port/index";
	if ((why = payload_check(name + 1)) != NULL)
		return why;
	buf_adds(&d->index, name + 1);
	if (strchr(name, '{') != NULL)
		buf_add(&d->url, url, (size_t)(name - url));
	else
		buf_adds(&d->url, url);
	buf_adds(&d->url, "/_bulk");
	if (buf_str(&d->url) == NULL || buf_str(&d->index) == NULL)
		return "out of memory";
	d->bulk = bulk_new(strchr(d->index.p, '{') != NULL ? d->index.p : NULL);
	return d->bulk == NULL ? "out of memory" : NULL;
}

struct sender *
sender_es_new(const struct sender_options *o, const char **why)
{
	struct es *d;

	*why = "out of memory";
	if ((d = calloc(1, sizeof *d)) == NULL)
		return NULL;
	d->s.attempt = attempt;
	d->s.free = free_es;
	d->s.overhead = 48;
	if (post_init(&d->post, o, why) < 0) {
		free(d);
		return NULL;
	}
	if ((*why = set_index(d)) == NULL)
		return &d->s;
	free_es(&d->s);
	return NULL;
}
