/*
 * logplex+http:// and logplex+https://: a POST of syslog messages, each after
 * its length, as Heroku's and Akkeris' log drains have it
 */
#include "sender.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "headers.h"
#include "post.h"
#include "rfc5424.h"

enum { LINE_MAX_BYTES = 10000 };	/* log-shuttle's */

struct logplex {
	struct sender s;
	struct post post;
	struct buf body, line;
	unsigned long frame;		/* number of the request, from 1 */
};

/* LEN SP MSG LF, where LEN counts the LF. */
static void
add_frame(struct logplex *d)
{
	size_t n = d->line.len;

	rfc5424_one_line(d->line.p, n);
	if (n > LINE_MAX_BYTES - 1)
		n = rfc5424_cut(d->line.p, LINE_MAX_BYTES - 1);
	buf_printf(&d->body, "%zu ", n + 1);
	buf_add(&d->body, d->line.p, n);
	buf_addc(&d->body, '\n');
}

/* What was lost is told in the stream itself: L12, as log-shuttle does. */
static void
add_loss(struct logplex *d)
{
	time_t now = time(NULL);
	struct tm tm;
	char when[32] = "-";

	if (gmtime_r(&now, &tm) != NULL)
		strftime(when, sizeof when, "%Y-%m-%dT%H:%M:%SZ", &tm);
	buf_clear(&d->line);
	buf_printf(&d->line, "<172>1 %s %s logplex logpush - - Error L12: "
	    "%llu messages dropped.", when, d->post.o->host,
	    (unsigned long long)d->s.lost);
	add_frame(d);
}

static enum attempt
attempt(struct sender *s, struct item **items, size_t n)
{
	struct logplex *d = (struct logplex *)s;
	enum attempt result;
	bool loss = s->lost > 0;

	buf_clear(&d->body);
	if (loss)
		add_loss(d);
	for (size_t i = 0; i < n; i++) {
		buf_clear(&d->line);
		rfc5424_add(&d->line, items[i]->line, d->post.o->host);
		add_frame(d);
	}
	if (d->body.failed || d->line.failed)
		return sender_fail(s, ATTEMPT_LATER, "%s", strerror(ENOMEM));
	post_headers(&d->post, "application/logplex-1");
	headers_add(&d->post.headers, "Logplex-Msg-Count", "%zu", n + loss);
	headers_add(&d->post.headers, "Logplex-Frame-Id", "%lu-%lu",
	    (unsigned long)getpid(), d->frame + 1);
	if (loss)
		headers_add(&d->post.headers, "Logplex-Drop-Count", "%llu",
		    (unsigned long long)s->lost);
	result = post_send(&d->post, s, d->post.r.url, buf_span(&d->body));
	if (result == ATTEMPT_DONE) {
		sender_done(items, n);
		s->lost = 0;
		d->frame++;
	}
	return result;
}

static void
free_logplex(struct sender *s)
{
	struct logplex *d = (struct logplex *)s;

	post_free(&d->post);
	buf_free(&d->body);
	buf_free(&d->line);
	free(d);
}

struct sender *
sender_logplex_new(const struct sender_options *o, const char **why)
{
	struct logplex *d;

	*why = "out of memory";
	if ((d = calloc(1, sizeof *d)) == NULL)
		return NULL;
	d->s.attempt = attempt;
	d->s.free = free_logplex;
	if (post_init(&d->post, o, why) < 0) {
		free(d);
		return NULL;
	}
	d->post.r.url = buf_str(&d->post.url);
	return &d->s;
}
