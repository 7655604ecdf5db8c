/*
 * logplex+http:// and logplex+https://: a POST of syslog messages, each after
 * its length, as Heroku's and Akkeris' log drains have it
 */
#include "stream/receiver.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "emit/syslog_header.h"
#include "net/http_headers.h"
#include "stream/http_batch.h"
#include "stream/syslog_message.h"

enum { LINE_MAX_BYTES = 10000 };	/* the limit that log-shuttle has */

struct logplex {
	struct receiver s;
	struct http_batch post;
	struct syslog_message message;
	struct buf body;
	/* The request's number; a repeated request keeps its number. */
	unsigned long frame;
	uint64_t stream, position;	/* those of the request's first line */
	size_t n; /* how many lines the request has, 0: no request yet */
};

/* The last request's number on any connection; the first is 1. */
static atomic_ulong frames;

/* Add the line to the body as LEN SP MSG LF, where LEN counts the LF. */
static void
add_frame(struct logplex *d, struct buf *line)
{
	syslog_header_one_line(line->p, line->len);
	buf_printf(&d->body, "%zu ", line->len + 1);
	buf_addspan(&d->body, buf_span(line));
	buf_addc(&d->body, '\n');
	d->body.failed |= line->failed;
}

/* Report missing lines.  Returns how many messages were added. */
static size_t
add_losses(struct logplex *d)
{
	size_t count = 0;

	for (int i = 0; i < SYSLOG_LOSSES; i++)
		if (syslog_message_loss(&d->message, &d->s,
		    (enum syslog_loss)i)) {
			add_frame(d, &d->message.text);
			count++;
		}
	return count;
}

/* Add the request's headers, which give the numbers of missing lines, too. */
static void
add_counts(struct logplex *d, size_t n)
{
	struct buf *h = &d->post.headers;

	http_batch_headers(&d->post, "application/logplex-1");
	headers_add(h, "Logplex-Msg-Count", "%zu", n);
	headers_add(h, "Logplex-Frame-Id", "%lu-%lu", (unsigned long)getpid(),
	    d->frame);
	if (d->s.lost > 0)
		headers_add(h, "Logplex-Drop-Count", "%llu",
		    (unsigned long long)d->s.lost);
	if (d->s.refused > 0)
		headers_add(h, "Logplex-Lost-Count", "%llu",
		    (unsigned long long)d->s.refused);
}

static void
number_request(struct logplex *d, const struct item *first, size_t n)
{
	if (n == d->n && first->stream == d->stream &&
	    first->position == d->position)
		return;
	d->n = n;
	d->stream = first->stream;
	d->position = first->position;
	d->frame = ++frames;
}

static enum attempt
attempt(struct receiver *s, struct item **items, size_t n)
{
	struct logplex *d = (struct logplex *)s;
	enum attempt result;
	size_t losses;

	buf_clear(&d->body);
	losses = add_losses(d);
	for (size_t i = 0; i < n; i++) {
		if (syslog_message_make(&d->message, items[i]->line) < 0)
			d->body.failed = true;
		else
			add_frame(d, &d->message.text);
	}
	if (d->body.failed)
		return receiver_fail(s, ATTEMPT_LATER, "%s", strerror(ENOMEM));
	number_request(d, items[0], n);
	add_counts(d, n + losses);
	result =
	    http_batch_send(&d->post, s, d->post.url.p, buf_span(&d->body));
	if (result == ATTEMPT_DONE) {
		receiver_done(items, n);
		s->lost = s->refused = 0;
	}
	return result;
}

static void
free_logplex(struct receiver *s)
{
	struct logplex *d = (struct logplex *)s;

	http_batch_free(&d->post);
	syslog_message_free(&d->message);
	buf_free(&d->body);
	free(d);
}

static struct receiver *
open_logplex(const struct receiver_options *o, const char **why)
{
	struct logplex *d;

	*why = "out of memory";
	if ((d = calloc(1, sizeof *d)) == NULL)
		return NULL;
	d->s.attempt = attempt;
	d->s.free = free_logplex;
	d->s.trusts_past = true;
	d->s.overhead = 64;
	if (http_batch_init(&d->post, o, why) < 0) {
		free(d);
		return NULL;
	}
	syslog_message_init(&d->message, o, LINE_MAX_BYTES - 1);
	if ((*why = syslog_message_check(o)) == NULL)
		return &d->s;
	free_logplex(&d->s);
	return NULL;
}

const struct receiver_kind receiver_logplex = {
	.schemes = { "logplex+http://", "logplex+https://" },
	.own = 8,
	.nodes = true,
	.open = open_logplex,
};
