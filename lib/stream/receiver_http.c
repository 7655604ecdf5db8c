/*
 * http:// and https://: a POST of JSON documents: one to a line, as an array,
 * or each by itself
 */
#include "stream/receiver.h"

#include <errno.h>
#include <stdlib.h>

#include "stream/http_batch.h"
#include "stream/json_document.h"

struct http_stream {
	struct receiver s;
	struct http_batch post;
	struct buf body;
};

static enum attempt
post(struct http_stream *d, const char *content_type)
{
	if (d->body.failed)
		return receiver_fail(&d->s, ATTEMPT_LATER, "%s",
		    strerror(ENOMEM));
	http_batch_headers(&d->post, content_type);
	return http_batch_send(&d->post, &d->s, d->post.url.p,
	    buf_span(&d->body));
}

static enum attempt
attempt(struct receiver *s, struct item **items, size_t n)
{
	struct http_stream *d = (struct http_stream *)s;
	bool array = d->post.o->body == BODY_ARRAY;
	enum attempt result;

	buf_clear(&d->body);
	for (size_t i = 0; i < n; i++) {
		if (array)
			buf_addc(&d->body, i == 0 ? '[' : ',');
		json_document_add(&d->body, items[i]->line);
		if (!array)
			buf_addc(&d->body, '\n');
	}
	if (array)
		buf_addc(&d->body, ']');
	result = post(d, array ? "application/json" : "application/x-ndjson");
	if (result == ATTEMPT_DONE)
		receiver_done(items, n);
	return result;
}

/*
 * Send each item in a request of its own.  One that is not taken does not stop
 * the others.
 */
static enum attempt
attempt_each(struct receiver *s, struct item **items, size_t n)
{
	struct http_stream *d = (struct http_stream *)s;
	enum attempt result;

	for (size_t i = 0; i < n; i++) {
		items[i]->suspect = false;
		buf_clear(&d->body);
		json_document_add(&d->body, items[i]->line);
		result = post(d, "application/json");
		if (result == ATTEMPT_LATER)
			return result;
		if (result == ATTEMPT_DONE)
			items[i]->state = ITEM_DONE;
		else
			receiver_suspect(s, items[i]);
		/* The item is too large by itself. */
		if (result == ATTEMPT_SPLIT)
			items[i]->state = ITEM_REFUSED;
	}
	return ATTEMPT_DONE;
}

static void
free_stream(struct receiver *s)
{
	struct http_stream *d = (struct http_stream *)s;

	http_batch_free(&d->post);
	buf_free(&d->body);
	free(d);
}

static struct receiver *
open_http(const struct receiver_options *o, const char **why)
{
	struct http_stream *d;

	*why = "out of memory";
	if ((d = calloc(1, sizeof *d)) == NULL)
		return NULL;
	d->s.attempt = o->body == BODY_SINGLE ? attempt_each : attempt;
	d->s.trusts_past = true;
	d->s.free = free_stream;
	d->s.overhead = strlen("{\"message\":\"\"}");
	if (http_batch_init(&d->post, o, why) < 0) {
		free(d);
		return NULL;
	}
	return &d->s;
}

const struct receiver_kind receiver_http = {
	.schemes = { "http://", "https://" },
	.files = true,
	.nodes = true,
	.open = open_http,
};
