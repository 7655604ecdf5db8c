/*
 * logplex+http:// and logplex+https://: a POST of syslog messages, each after
 * its length, as Heroku's and Akkeris' log drains have it
 */
#include "sender.h"

#include <errno.h>
#include <stdatomic.h>
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
	unsigned long frame;	/* the request's number, the same when repeated */
	uint64_t stream, position;	/* of its first line */
	size_t n;		/* lines, 0: no request yet */
};

static atomic_ulong frames;	/* of all connections, from 1 */

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

/*
 * What is missing is told in the stream itself, as log-shuttle does: L12 what
 * was dropped here, L13 what was sent in vain.  Returns how many messages.
 */
static size_t
add_losses(struct logplex *d)
{
	const struct {
		const char *code, *what;
		uint64_t n;
	} losses[] = {
		{ "L12", "dropped", d->s.lost }, { "L13", "lost", d->s.refused },
	};
	time_t now = time(NULL);
	struct tm tm;
	char when[32] = "-";
	size_t count = 0;

	if (gmtime_r(&now, &tm) != NULL)
		strftime(when, sizeof when, "%Y-%m-%dT%H:%M:%SZ", &tm);
	for (size_t i = 0; i < sizeof losses / sizeof *losses; i++) {
		if (losses[i].n == 0)
			continue;
		buf_clear(&d->line);
		buf_printf(&d->line, "<172>1 %s %s logplex logpush - - "
		    "Error %s: %llu messages %s.", when, d->post.o->host,
		    losses[i].code, (unsigned long long)losses[i].n,
		    losses[i].what);
		add_frame(d);
		count++;
	}
	return count;
}

/* And in headers. */
static void
add_counts(struct logplex *d, size_t n)
{
	struct buf *h = &d->post.headers;

	post_headers(&d->post, "application/logplex-1");
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
attempt(struct sender *s, struct item **items, size_t n)
{
	struct logplex *d = (struct logplex *)s;
	enum attempt result;
	size_t losses;

	buf_clear(&d->body);
	losses = add_losses(d);
	for (size_t i = 0; i < n; i++) {
		buf_clear(&d->line);
		rfc5424_add(&d->line, items[i]->line, d->post.o->host);
		add_frame(d);
	}
	if (d->body.failed || d->line.failed)
		return sender_fail(s, ATTEMPT_LATER, "%s", strerror(ENOMEM));
	number_request(d, items[0], n);
	add_counts(d, n + losses);
	result = post_send(&d->post, s, d->post.r.url, buf_span(&d->body));
	if (result == ATTEMPT_DONE) {
		sender_done(items, n);
		s->lost = s->refused = 0;
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
	d->s.overhead = 64;
	if (post_init(&d->post, o, why) < 0) {
		free(d);
		return NULL;
	}
	d->post.r.url = buf_str(&d->post.url);
	return &d->s;
}
