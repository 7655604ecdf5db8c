#include "store/fetch.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "base/bytes.h"
#include "base/termination.h"
#include "base/write_all.h"
#include "net/http_headers.h"
#include "net/url.h"
#include "store/fetch_index.h"

enum {
	AHEAD_MAX = 32 << 20,	/* bytes held for results not yet waited for */
	/*
	 * Bytes held for all: beside what is ahead there is room for the one
	 * that is waited for, once those before it are read.
	 */
	HELD_MAX = 96 << 20,
	LOOK_MS = 100,		/* how often to look whether to go on */
	RESTARTS = 5, REDIRECTS = 5,
	LINES_MAX = 64 << 10,	/* of a topic: so many bytes are written on */
};

/* What became of a request. */
enum outcome {
	WHOLE,			/* all bytes came */
	LATER,			/* it may go on after a while */
	NEVER,			/* it is given up, with the reason */
	CHANGED,		/* the bytes so far are not of the rest */
};

int
fetcher_begin(struct fetcher *r)
{
	pthread_mutex_init(&r->lock, NULL);
	pthread_cond_init(&r->room, NULL);
	return (r->pool = http_pool_new(r->http)) != NULL ? 0 : -1;
}

void
fetcher_wait_for(struct fetcher *r, uint64_t turn)
{
	pthread_mutex_lock(&r->lock);
	r->turn = turn;
	pthread_cond_broadcast(&r->room);
	pthread_mutex_unlock(&r->lock);
}

void
fetcher_stop(struct fetcher *r)
{
	pthread_mutex_lock(&r->lock);
	r->stopping = true;
	pthread_cond_broadcast(&r->room);
	pthread_mutex_unlock(&r->lock);
}

void
fetcher_end(struct fetcher *r)
{
	http_pool_free(r->pool);
	pthread_cond_destroy(&r->room);
	pthread_mutex_destroy(&r->lock);
}

static void
fail(struct fetch *f, const char *fmt, ...) PRINTF_LIKE(2, 3);
static void
fail(struct fetch *f, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(f->reason, sizeof f->reason, fmt, ap);
	va_end(ap);
}

/* Whether nobody waits for the result any more. */
static bool
is_unwanted(struct fetch *f)
{
	bool stopping;

	pthread_mutex_lock(&f->fetcher->lock);
	stopping = f->fetcher->stopping || f->unread;
	pthread_mutex_unlock(&f->fetcher->lock);
	return stopping;
}

static void
set_unread(struct fetch *f)
{
	pthread_mutex_lock(&f->fetcher->lock);
	f->unread = true;
	pthread_mutex_unlock(&f->fetcher->lock);
}

/* Take room for n bytes, or wait for it.  False when nobody wants them. */
static bool
reserve(struct fetch *f, uint64_t n)
{
	struct fetcher *r = f->fetcher;
	bool wanted;

	if (f->piped)
		return true;
	pthread_mutex_lock(&r->lock);
	while (!r->stopping && r->held + n > (f->turn > r->turn ? AHEAD_MAX :
	    HELD_MAX))
		pthread_cond_wait(&r->room, &r->lock);
	r->held += n;
	f->reserved += n;
	wanted = !r->stopping;
	pthread_mutex_unlock(&r->lock);
	return wanted;
}

static void
release(struct fetch *f)
{
	struct fetcher *r = f->fetcher;

	pthread_mutex_lock(&r->lock);
	r->held -= f->reserved;
	f->reserved = 0;
	pthread_cond_broadcast(&r->room);
	pthread_mutex_unlock(&r->lock);
}

static bool
read_number(struct span *s, int64_t *n)
{
	size_t i = 0;

	*n = 0;
	while (i < s->len && is_digit(s->p[i]) && *n < INT64_MAX / 16)
		*n = 10 * *n + (s->p[i++] - '0');
	*s = span_of(s->p + i, s->len - i);
	return i > 0;
}

/* Read "bytes 100-199/1000". */
static bool
read_range(struct span s, int64_t *from, int64_t *to, int64_t *total)
{
	static const char unit[] = "bytes ";

	if (s.len <= sizeof unit - 1 ||
	    memcmp(s.p, unit, sizeof unit - 1) != 0)
		return false;
	s = span_of(s.p + sizeof unit - 1, s.len - (sizeof unit - 1));
	if (!read_number(&s, from) || s.len == 0 || *s.p != '-')
		return false;
	s = span_of(s.p + 1, s.len - 1);
	if (!read_number(&s, to) || s.len == 0 || *s.p != '/')
		return false;
	s = span_of(s.p + 1, s.len - 1);
	return read_number(&s, total) && s.len == 0;
}

/* Where what is asked for ends in contents of that size. */
static uint64_t
end_of(const struct fetch *f, int64_t total)
{
	return f->end > 0 && f->end < (uint64_t)total ? f->end :
	    (uint64_t)total;
}

/*
 * Whether an answer is the part that was asked for, of the same contents as
 * what came before.  *total is the size of all of it.
 */
static bool
continues(const struct fetch *f, int64_t *total)
{
	const struct buf *h = &f->call.http.answer_headers;
	int64_t from, to;

	return read_range(headers_get(h, "Content-Range"), &from, &to,
	    total) && from == (int64_t)f->at && to < *total &&
	    to + 1 == (int64_t)end_of(f, *total) &&
	    (f->total < 0 || *total == f->total);
}

/* Keep the size of the contents; false with the reason. */
static bool
begin_size(struct fetch *f)
{
	const struct buf *h = &f->call.http.answer_headers;
	struct span size = headers_get(h, "Content-Length");
	int64_t total;

	f->total = -1;
	if (headers_get(h, "Content-Range").p != NULL) {
		if (!continues(f, &total)) {
			fail(f, "the answer is a part that was not asked for");
			return false;
		}
		f->total = total;
		return true;
	}
	f->end = 0;
	f->whole = true;
	if (size.len > 0 && (!read_number(&size, &f->total) || size.len > 0)) {
		fail(f, "the answer's Content-Length is no number");
		return false;
	}
	return true;
}

/* Keep what the first answer says of the contents. */
static bool
begin_contents(struct fetch *f)
{
	const struct http_request *q = &f->call.http;
	struct span etag = headers_get(&q->answer_headers, "ETag");
	int64_t changed = http_last_modified(q);
	bool other = f->etag[0] != '\0' && !span_is(etag, f->etag);

	if (!begin_size(f))
		return false;
	if (f->size >= 0 && f->total >= 0 && f->total != f->size && !other) {
		fail(f, "%lld bytes are there, and %lld were listed",
		    (long long)f->total, (long long)f->size);
		return false;
	}
	f->version[0] = '\0';
	if (etag.len < sizeof f->version && etag.len > 2 && *etag.p == '"') {
		memcpy(f->version, etag.p, etag.len);
		f->version[etag.len] = '\0';
	}
	if (changed >= 0)
		f->changed = changed;
	if (f->size < 0 && !f->counted && f->total > 0)
		__atomic_add_fetch(&f->fetcher->unlisted, (uint64_t)f->total,
		    __ATOMIC_RELAXED);
	f->counted = true;
	if (!f->piped && f->end == 0 &&
	    f->total > (int64_t)f->fetcher->hold_max) {
		f->large = true;
		return false;
	}
	return f->total <= 0 || reserve(f, end_of(f, f->total));
}

/* Take the next bytes of the contents. */
static int
take(void *arg, const char *p, size_t n)
{
	struct fetch *f = arg;
	int64_t total;

	if (!f->begun) {
		f->other = f->at > 0 && !continues(f, &total);
		if (f->other || (f->at == 0 && !begin_contents(f)))
			return -1;
		f->begun = true;
	}
	if (is_unwanted(f))
		return -1;
	if (f->total >= 0 && f->at + n > end_of(f, f->total)) {
		fail(f, "more bytes came than the answer says");
		return -1;
	}
	if (f->total < 0) {	/* its size is not told beforehand */
		if (!f->piped && f->at + n > f->fetcher->hold_max) {
			f->large = true;
			return -1;
		}
		if (!reserve(f, n))
			return -1;
	}
	if (write_all(f->to, p, n) < 0) {
		if (errno == EPIPE)
			set_unread(f);
		else
			fail(f, "%s", strerror(errno));
		return -1;
	}
	f->at += n;
	__atomic_add_fetch(&f->fetcher->bytes, n, __ATOMIC_RELAXED);
	return 0;
}

/* Send the request.  Returns false when the answer is not wanted any more. */
static bool
exchange(struct fetch *f, struct http *h)
{
	struct http_request *q = &f->call.http;

	__atomic_add_fetch(&f->fetcher->requests, 1, __ATOMIC_RELAXED);
	f->begun = f->other = false;
	if (http_start(h, q) < 0)
		return true;
	while (q->transfer != NULL) {
		http_wait(h, LOOK_MS);
		if (q->transfer != NULL && is_unwanted(f)) {
			http_cancel(h, q);
			return false;
		}
	}
	return true;
}

/* What a whole answer means. */
static enum outcome
judge_whole(struct fetch *f)
{
	if (f->other)
		return CHANGED;
	if (f->call.http.cut)
		return NEVER;
	/* An empty answer was not given to take(). */
	if (!f->begun && f->at == 0 && !begin_contents(f))
		return NEVER;
	if (f->total < 0)
		f->total = (int64_t)f->at;
	if (f->at < end_of(f, f->total))
		return LATER;
	if (f->size >= 0 && f->total != f->size && (f->etag[0] == '\0' ||
	    strcmp(f->etag, f->version) == 0)) {
		fail(f, "%lld bytes came, and %lld were listed",
		    (long long)f->total, (long long)f->size);
		return NEVER;
	}
	return WHOLE;
}

static int
add_range(struct fetch *f, struct buf *headers)
{
	unsigned long long at = f->at, end = f->end;

	buf_clear(headers);
	if (at == 0 && end == 0)
		return 0;
	if (at > 0 && f->version[0] != '\0')
		headers_add(headers, "If-Match", "%s", f->version);
	return end > 0 ? headers_add(headers, "Range", "bytes=%llu-%llu", at,
	    end - 1) : headers_add(headers, "Range", "bytes=%llu-", at);
}

/* Whether an answer means that there are other contents than those so far. */
static bool
is_changed(const struct fetch *f)
{
	int status = f->call.http.status;

	return (f->at > 0 && status == 412) ||
	    ((f->at > 0 || f->end > 0) && status == 416);
}

/* Ask an S3 store for the rest. */
static enum outcome
ask_s3(struct fetch *f, struct http *h, int64_t *after_ms)
{
	struct s3_call *c = &f->call;
	enum s3_verdict v;
	bool hopeless;
	int r;

	c->method = "GET";
	c->key = span_str(f->key);
	c->query = "";
	c->impatient = true;
	c->fixed = 0;
	do {
		if (add_range(f, &c->headers) < 0) {
			fail(f, "%s", strerror(errno));
			return NEVER;
		}
		/* For the credentials: the object may take longer. */
		c->http.timeout_ms = f->fetcher->deadline_ms;
		r = s3_prepare(f->s3, c, &hopeless);
		c->http.timeout_ms = 0;
		if (r < 0) {
			fail(f, "%s", c->reason);
			return hopeless ? NEVER : LATER;
		}
		if (!exchange(f, h))
			return NEVER;
		v = s3_judge(f->s3, c);
	} while (v == S3_AGAIN);
	*after_ms = c->after_ms;
	if (v == S3_DONE)
		return judge_whole(f);
	if (is_changed(f))
		return CHANGED;
	fail(f, "%s%s", c->reason, f->size < 0 &&
	    strcmp(c->code, "NoSuchKey") == 0 ? " (a prefix ends in a slash)" :
	    "");
	return v == S3_LATER ? LATER : NEVER;
}

/* What a web server's answer means that is not the contents. */
static enum outcome
judge_web(struct fetch *f, int64_t *after_ms)
{
	const struct http_request *q = &f->call.http;
	int status = q->status;

	if (status == 0) {
		fail(f, "%s", q->error);
		return q->hopeless || q->refused ? NEVER : LATER;
	}
	if (is_changed(f))
		return CHANGED;
	fail(f, http_location(q).len > 0 ? "the server answers %d, which "
	    "leads to another host" : "the server answers %d", status);
	*after_ms = http_retry_after_ms(q);
	return status == 408 || status == 425 || status == 429 ||
	    (status >= 500 && status != 501 && status != 505) ? LATER : NEVER;
}

/* Ask a web server for the rest; it may lead elsewhere on the same host. */
static enum outcome
ask_web(struct fetch *f, struct http *h, int64_t *after_ms)
{
	struct http_request *q = &f->call.http;
	struct buf to = { 0 };
	enum url_place place;
	struct span location;

	buf_clear(&f->place);
	buf_adds(&f->place, f->url);
	q->method = "GET";
	q->headers = &f->headers;
	for (int hops = 0; hops <= REDIRECTS; hops++) {
		if (add_range(f, &f->headers) < 0 ||
		    (f->authorization != NULL && headers_add(&f->headers,
		    "Authorization", "%s", f->authorization) < 0) ||
		    (q->url = buf_str(&f->place)) == NULL) {
			fail(f, "out of memory");
			break;
		}
		if (!exchange(f, h)) {
			buf_free(&to);
			return NEVER;
		}
		location = http_location(q);
		buf_clear(&to);
		if (location.len == 0 || url_redirect(q->url, location, &to,
		    &place) < 0 || place == URL_ELSEWHERE)
			break;
		buf_clear(&f->place);
		buf_addspan(&f->place, buf_span(&to));
	}
	buf_free(&to);
	return q->status / 100 == 2 ? judge_whole(f) : judge_web(f, after_ms);
}

/* Begin anew, as the contents changed.  Returns whether that is possible. */
static bool
restart(struct fetch *f)
{
	if (f->piped || ++f->restarts > RESTARTS ||
	    ftruncate(f->to, 0) < 0 || lseek(f->to, 0, SEEK_SET) < 0) {
		fail(f, "changed while it was read");
		return false;
	}
	f->at = f->end = 0;
	f->whole = true;
	f->total = -1;
	release(f);
	return true;
}

/*
 * Fetch what is asked for, or all of it when it changed.  False with the
 * reason, or when it is not wanted.
 */
static bool
transfer(struct fetch *f)
{
	struct http *h = http_pool_take(f->fetcher->pool);
	enum outcome o = LATER;
	struct retry retry;
	int64_t after_ms;
	uint64_t before;

	if (h == NULL) {
		fail(f, "%s", strerror(errno));
		return false;
	}
	f->call.http.take = take;
	f->call.http.take_arg = f;
	retry_begin(&retry, f->fetcher->deadline_ms);
	while (o == LATER || o == CHANGED) {
		before = f->at;
		after_ms = 0;
		o = f->s3 != NULL ? ask_s3(f, h, &after_ms) :
		    ask_web(f, h, &after_ms);
		if (f->at > before)
			retry_restart(&retry);
		if (o == CHANGED && !restart(f))
			o = NEVER;
		if (o == LATER && !retry_wait(&retry, after_ms))
			break;
	}
	http_pool_give(f->fetcher->pool, h);
	if (o == WHOLE)
		f->reason[0] = '\0';
	else if (termination_asked())
		fail(f, "interrupted");
	else if (o == LATER && f->reason[0] == '\0')
		fail(f, "the transfer ended early");
	return o == WHOLE;
}

bool
fetch_part(struct fetch *f, uint64_t from, uint64_t end)
{
	uint64_t n;

	if (f->whole)
		return true;
	f->at = from;
	f->end = end;
	if (from == 0)		/* the first answer says how much there is */
		return transfer(f);
	n = end_of(f, f->total) - from;
	if (f->reserved + n > f->fetcher->hold_max) {
		f->large = true;
		return false;
	}
	return n == 0 || (lseek(f->to, (off_t)from, SEEK_SET) >= 0 &&
	    reserve(f, n) && transfer(f));
}

void
fetch_hold(struct fetch *f)
{
	struct timespec times[2];
	bool indexed = fetch_may_have_index(f);

	f->fd = -1;
	f->reason[0] = '\0';
	f->total = -1;
	if (f->kafka != NULL ||
	    (f->size > (int64_t)f->fetcher->hold_max && !indexed)) {
		f->large = true;
		return;
	}
	if ((f->to = memfd_create("object", MFD_CLOEXEC)) < 0) {
		fail(f, "%s", strerror(errno));
		return;
	}
	if (!(indexed ? fetch_indexed(f) : transfer(f)) ||
	    lseek(f->to, 0, SEEK_SET) < 0) {
		close(f->to);
		release(f);
		return;
	}
	times[0] = times[1] = (struct timespec){ .tv_sec = f->changed };
	if (f->changed >= 0)
		futimens(f->to, times);
	f->fd = f->to;
}

/* The lines of a topic on their way into the pipe. */
struct topic_lines {
	struct fetch *f;
	struct buf text;
};

static bool
is_topic_unwanted(void *arg)
{
	const struct topic_lines *t = arg;

	return termination_asked() || is_unwanted(t->f);
}

static int
flush_lines(void *arg)
{
	struct topic_lines *t = arg;
	int r = write_all(t->f->to, t->text.p, t->text.len);

	if (r < 0 && errno == EPIPE)
		set_unread(t->f);
	else if (r < 0)
		fail(t->f, "%s", strerror(errno));
	__atomic_add_fetch(&t->f->fetcher->bytes, t->text.len,
	    __ATOMIC_RELAXED);
	__atomic_add_fetch(&t->f->fetcher->unlisted, t->text.len,
	    __ATOMIC_RELAXED);
	buf_clear(&t->text);
	return r;
}

/* Add a message as a line, or as several when there are LFs inside. */
static int
add_lines(struct topic_lines *t, struct span value)
{
	buf_addspan(&t->text, value);
	if (value.len == 0 || value.p[value.len - 1] != '\n')
		buf_addc(&t->text, '\n');
	if (t->text.failed) {
		fail(t->f, "%s", strerror(ENOMEM));
		return -1;
	}
	return t->text.len < LINES_MAX ? 0 : flush_lines(t);
}

/* Pass the messages of topics on; false with the reason, as transfer. */
static bool
transfer_topics(struct fetch *f)
{
	struct topic_lines t = { .f = f };
	struct kafka_reader_options o = *f->kafka;
	struct kafka_reader *r;
	struct kafka_message m;
	int got = -1;

	o.url = f->url;
	o.stop = is_topic_unwanted;
	o.idle = flush_lines;
	o.arg = &t;
	if ((r = kafka_reader_new(&o)) == NULL) {
		fail(f, "%s", strerror(ENOMEM));
		return false;
	}
	while ((got = kafka_reader_next(r, &m)) > 0 &&
	    add_lines(&t, m.value) == 0)
		;
	if (got < 0)
		fail(f, "%s", kafka_reader_error(r));
	flush_lines(&t);
	if (got == 0 && !o.tail && termination_asked())
		fail(f, "interrupted");
	kafka_reader_free(r);
	buf_free(&t.text);
	return f->reason[0] == '\0';
}

/* The thread that fetches what goes through a pipe. */
static void *
pass(void *arg)
{
	struct fetch *f = arg;
	bool whole = f->kafka != NULL ? transfer_topics(f) : transfer(f);

	if (!whole && is_unwanted(f) && !termination_asked())
		f->reason[0] = '\0';
	close(f->to);
	return NULL;
}

int
fetch_pipe(struct fetch *f)
{
	sigset_t all, old;
	int ends[2], r;

	f->reason[0] = '\0';
	f->large = false;
	f->at = f->end = 0;
	f->total = -1;
	if (pipe2(ends, O_CLOEXEC) < 0)
		return -1;
	f->fd = ends[0];
	f->to = ends[1];
	f->piped = true;
	/* SIGPIPE, too: a reader that went away is seen by EPIPE. */
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	r = pthread_create(&f->thread, NULL, pass, f);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	if (r == 0)
		return 0;
	close(ends[0]);
	close(ends[1]);
	f->piped = false;
	f->fd = -1;
	errno = r;
	return -1;
}

void
fetch_end(struct fetch *f)
{
	if (f->piped) {
		set_unread(f);
		pthread_join(f->thread, NULL);
		f->piped = false;
	}
	release(f);
	s3_call_free(&f->call);
	buf_wipe(&f->headers);
	buf_free(&f->place);
}
