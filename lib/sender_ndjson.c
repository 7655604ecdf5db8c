/*
 * http:// and https://: a POST of one JSON document to a line
 */
#include "sender.h"

#include <errno.h>
#include <stdlib.h>

#include "payload.h"
#include "post.h"

struct ndjson {
	struct sender s;
	struct post post;
	struct buf body;
};

static enum attempt
attempt(struct sender *s, struct item **items, size_t n)
{
	struct ndjson *d = (struct ndjson *)s;
	enum attempt result;

	buf_clear(&d->body);
	for (size_t i = 0; i < n; i++) {
		payload_add(&d->body, items[i]->line);
		buf_addc(&d->body, '\n');
	}
	if (d->body.failed)
		return sender_fail(s, ATTEMPT_LATER, "%s", strerror(ENOMEM));
	post_headers(&d->post, "application/x-ndjson");
	result = post_send(&d->post, s, d->post.r.url, buf_span(&d->body));
	if (result == ATTEMPT_DONE)
		sender_done(items, n);
	return result;
}

static void
free_ndjson(struct sender *s)
{
	struct ndjson *d = (struct ndjson *)s;

	post_free(&d->post);
	buf_free(&d->body);
	free(d);
}

struct sender *
sender_ndjson_new(const struct sender_options *o, const char **why)
{
	struct ndjson *d;

	*why = "out of memory";
	if ((d = calloc(1, sizeof *d)) == NULL)
		return NULL;
	d->s.attempt = attempt;
	d->s.free = free_ndjson;
	d->s.overhead = strlen("{\"message\":\"\"}");
	if (post_init(&d->post, o, why) < 0) {
		free(d);
		return NULL;
	}
	d->post.r.url = buf_str(&d->post.url);
	return &d->s;
}
