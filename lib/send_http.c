#include "trip.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "finish.h"
#include "headers.h"
#include "status.h"

/* Few: some servers answer any HEAD as if everything were there. */
enum { SUFFIXES = 100, REDIRECTS = 5 };

static void
wipe(struct buf *b)
{
	if (b->p != NULL)
		explicit_bzero(b->p, b->cap);
	buf_clear(b);
}

const char *
send_http_prepare(struct send *s)
{
	struct buf plain = { 0 }, basic = { 0 };
	const char *why = NULL;
	int r = http_split_user(s->url, &plain, &basic);

	if (r == 0 && headers_add(&s->headers, "Authorization", "%s",
	    basic.p) < 0)
		r = -1;
	wipe(&basic);
	buf_adds(&s->place, r == 0 ? plain.p : s->url);
	buf_free(&plain);
	buf_free(&basic);
	if (r < 0)
		why = errno == EINVAL ? "not a URL" : strerror(errno);
	else if (!s->http.insecure && strncmp(s->url, "http:", 5) == 0 &&
	    !http_is_loopback(s->url) &&
	    headers_get(&s->headers, "Authorization").p != NULL)
		why = "credentials do not go over http:// without "
		    "--insecure-http";
	else if (s->place.len > 0 && s->place.p[s->place.len - 1] == '/')
		buf_adds(&s->place, "{name}");
	s->origin = strdup("");
	s->escape = true;
	if (why == NULL && (s->origin == NULL || buf_str(&s->place) == NULL ||
	    (s->pool = http_pool_new(&s->http)) == NULL))
		why = "out of memory";
	return why;
}

/* One request with its retries and redirects. */
struct exchange {
	struct trip *t;
	const char *method;
	struct buf headers;	/* besides the user's own */
	struct http_request http;
	struct buf all, url;	/* headers and URL in force */
};

/* The user's headers may hold secrets: for the user's own host only. */
static int
set_headers(struct exchange *e, bool own_host)
{
	wipe(&e->all);
	if (own_host)
		buf_addspan(&e->all, buf_span(&e->t->s->headers));
	buf_addspan(&e->all, buf_span(&e->headers));
	return e->all.failed ? -1 : 0;
}

/*
 * Send it to where it is redirected; -1 without an answer.  A host that was
 * reached by way of another is not the user's own, whatever comes then.
 */
static int
follow(struct exchange *e)
{
	struct buf to = { 0 };
	struct digests none;
	bool own = true, same;
	int hops, r;

	buf_clear(&e->url);
	buf_addspan(&e->url, e->t->name);
	for (hops = 0; hops <= REDIRECTS; hops++) {
		if (buf_str(&e->url) == NULL || set_headers(e, own) < 0)
			break;
		e->http.method = e->method;
		e->http.url = e->url.p;
		e->http.headers = &e->all;
		e->http.timeout_ms = retry_left_ms(&e->t->retry);
		if (e->http.digest != NULL)	/* of this answer alone */
			hash_end(e->http.digest, &none);
		if (http_do(e->t->h, &e->http) < 0)
			break;
		buf_clear(&to);
		if ((r = http_redirect(&e->http, &to, &same)) <= 0)
			break;
		own = own && same;
		buf_clear(&e->url);
		buf_addspan(&e->url, buf_span(&to));
	}
	buf_free(&to);
	return e->http.status != 0 ? 0 : -1;
}

/* Is the answer one that may change by itself? */
static bool
may_change(int status)
{
	return status == 408 || status == 425 || status == 429 ||
	    (status >= 500 && status != 501 && status != 505);
}

/* With retries: STATUS_OK for any answer that stays, else the parcel's. */
static int
exchange(struct exchange *e)
{
	struct trip *t = e->t;
	int status;

	for (;;) {
		status = follow(e) == 0 ? e->http.status : 0;
		if (status != 0 && !may_change(status))
			return STATUS_OK;
		if (finish_asked())
			return parcel_fail(t->p, STATUS_RETRY, "interrupted");
		if (status == 0)
			parcel_fail(t->p, STATUS_RETRY, "%s", e->http.error);
		else
			parcel_fail(t->p, STATUS_RETRY, "the server answers %d",
			    status);
		if (status == 0 && e->http.hopeless)
			return STATUS_TROUBLE;
		if (parcel_changed(t->p) || !retry_wait(&t->retry,
		    status != 0 ? http_retry_after_ms(&e->http) : 0))
			return STATUS_RETRY;
	}
}

static void
exchange_free(struct exchange *e)
{
	http_reset(&e->http);
	buf_free(&e->headers);
	wipe(&e->all);
	buf_free(&e->all);
	buf_free(&e->url);
}

static void
keep_etag(struct trip *t, const struct exchange *e)
{
	struct span etag = headers_get(&e->http.answer_headers, "ETag");

	if (etag.len >= 2 && etag.p[0] == '"')
		etag = span_of(etag.p + 1, etag.len - 2);
	buf_clear(&t->p->etag);
	buf_addspan(&t->p->etag, etag);
}

/* Fetch what is there and compare it. */
static enum found
compare(struct trip *t, int *status)
{
	struct exchange e = { .t = t, .method = "GET" };
	enum found found = FOUND_OTHER;
	struct digests d;

	if ((e.http.digest = hash_new(HASH_SHA256)) == NULL) {
		*status = parcel_fail_errno(t->p, STATUS_TROUBLE, NULL);
		return FOUND_FAILED;
	}
	if ((*status = exchange(&e)) != STATUS_OK) {
		found = FOUND_FAILED;
	} else if (e.http.status == 200) {
		hash_end(e.http.digest, &d);
		if (memcmp(d.sha256, t->p->digests.sha256, SHA256_SIZE) == 0) {
			found = FOUND_EQUAL;
			keep_etag(t, &e);
		}
	}
	hash_free(e.http.digest);
	exchange_free(&e);
	return found;
}

static enum found
look(struct trip *t, int *status)
{
	struct exchange e = { .t = t, .method = "HEAD" };
	enum found found = FOUND_UNKNOWN;
	struct span size;
	char want[32];

	if ((*status = exchange(&e)) != STATUS_OK) {
		found = FOUND_FAILED;
	} else if (e.http.status == 404 || e.http.status == 410) {
		found = FOUND_NONE;
	} else if (e.http.status == 200) {
		size = headers_get(&e.http.answer_headers, "Content-Length");
		snprintf(want, sizeof want, "%lld",
		    (long long)t->p->st.st_size);
		found = FOUND_OTHER;
		if (size.p == NULL || span_is(size, want))
			found = compare(t, status);
	}
	exchange_free(&e);
	return found;
}

static int
put(struct trip *t, bool if_absent, bool *taken)
{
	struct exchange e = {
		.t = t, .method = "PUT",
		.http = { .from_file = true, .fd = t->p->fd,
		    .size = (uint64_t)t->p->st.st_size },
	};
	int status;

	*taken = false;
	if (if_absent)
		headers_add(&e.headers, "If-None-Match", "*");
	if (send_content_type(t->s, t->p, &e.headers) < 0)
		status = parcel_fail_errno(t->p, STATUS_TROUBLE, NULL);
	else if ((status = exchange(&e)) == STATUS_OK) {
		if (e.http.status / 100 == 2) {
			keep_etag(t, &e);
			t->accepted = true;
			if (e.http.status != 202)	/* done: look */
				status = STATUS_NO;
		} else {
			*taken = if_absent && e.http.status == 412;
			status = parcel_fail(t->p, *taken ? STATUS_NO :
			    STATUS_TROUBLE, "the server answers %d",
			    e.http.status);
		}
	}
	exchange_free(&e);
	return status;
}

int
send_http(struct send *s, struct parcel *p)
{
	static const struct trip_kind kind = {
		.which = HASH_SHA256, .digest_max = INT64_MAX,
		.suffixes = SUFFIXES,
		.look = look, .put = put,
	};

	return trip_make(s, p, &kind);
}
