#include "store/store_http_common.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/status.h"
#include "base/termination.h"
#include "net/http_headers.h"
#include "net/url.h"

/*
 * There are few suffixes, as some servers answer any HEAD as if the file
 * existed.
 */
enum { SUFFIXES = 100, REDIRECTS = 5 };

const char *
store_http_prepare(struct store *s)
{
	struct buf plain = { 0 }, basic = { 0 };
	const char *why = NULL;
	int r = url_split_user(s->url, &plain, &basic);

	if (r == 0 && headers_add(&s->headers, "Authorization", "%s",
	    basic.p) < 0)
		r = -1;
	buf_wipe(&basic);
	buf_adds(&s->place, r == 0 ? plain.p : s->url);
	buf_free(&plain);
	if (r < 0)
		why = errno == EINVAL ? "not a URL" : strerror(errno);
	else if (!s->http.insecure && strncmp(s->url, "http:", 5) == 0 &&
	    !url_is_loopback(s->url) &&
	    headers_get(&s->headers, "Authorization").p != NULL)
		why = URL_SECRETS_STAY;
	else if (s->place.len > 0 && s->place.p[s->place.len - 1] == '/')
		buf_adds(&s->place, "{name}");
	s->url_prefix = strdup("");
	s->escape = true;
	if (why == NULL && (s->url_prefix == NULL || buf_str(&s->place) == NULL ||
	    (s->pool = http_pool_new(&s->http)) == NULL))
		why = "out of memory";
	return why;
}

/* One request with its retries and redirects. */
struct exchange {
	struct store_call *t;
	const char *method;
	struct buf headers;	/* in addition to the user's own headers */
	struct http_request http;
	struct buf all, url;	/* the headers and the URL that are used now */
};

/*
 * Set the headers.  The user's own may hold secrets: they are for the user's
 * own host only.
 */
static int
set_headers(struct exchange *e, bool own_host)
{
	buf_wipe(&e->all);
	if (own_host)
		buf_addspan(&e->all, buf_span(&e->t->s->headers));
	buf_addspan(&e->all, buf_span(&e->headers));
	return e->all.failed ? -1 : 0;
}

/*
 * Send the request, also to where it is redirected.  Returns -1 without an
 * answer.  A host that was reached by a redirect from another host is not the
 * user's own, and neither are the hosts after it.
 */
static int
follow(struct exchange *e)
{
	struct buf to = { 0 };
	struct digests none;
	enum url_place place;
	struct span location;
	bool own = true;
	int hops;

	buf_clear(&e->url);
	buf_addspan(&e->url, e->t->name);
	for (hops = 0; hops <= REDIRECTS; hops++) {
		if (buf_str(&e->url) == NULL || set_headers(e, own) < 0)
			break;
		e->http.method = e->method;
		e->http.url = e->url.p;
		e->http.headers = &e->all;
		e->http.timeout_ms = retry_left_ms(&e->t->retry);
		/* The digest is of this answer alone. */
		if (e->http.digest != NULL)
			digest_end(e->http.digest, &none);
		if (http_do(e->t->h, &e->http) < 0)
			break;
		buf_clear(&to);
		location = http_location(&e->http);
		if (location.len == 0 ||
		    url_redirect(e->url.p, location, &to, &place) < 0)
			break;
		own = own && place == URL_SAME;
		buf_clear(&e->url);
		buf_addspan(&e->url, buf_span(&to));
	}
	buf_free(&to);
	return e->http.status != 0 ? 0 : -1;
}

static void
exchange_free(struct exchange *e)
{
	http_reset(&e->http);
	buf_free(&e->headers);
	buf_wipe(&e->all);
	buf_free(&e->url);
}

/* --- folders of WebDAV (RFC 4918) --- */

enum folder { FOLDER_MADE, FOLDER_THERE, FOLDER_NO_PARENT, FOLDER_FAILED };

/*
 * Try to make the folder of a WebDAV server whose URL has n bytes, with its
 * slash.
 */
static enum folder
make_folder(struct store_call *t, size_t n)
{
	size_t path = strcspn(t->name.p, "?#");
	struct span whole = t->name;
	struct exchange e = { .t = t, .method = "MKCOL" };
	struct buf url = { 0 };
	int status;

	buf_add(&url, whole.p, n);
	buf_add(&url, whole.p + path, whole.len - path);	/* its query */
	t->name = buf_span(&url);
	status = !url.failed && follow(&e) == 0 ? e.http.status : 0;
	t->name = whole;
	exchange_free(&e);
	buf_free(&url);
	return status == 201 ? FOLDER_MADE : status == 405 ? FOLDER_THERE :
	    status == 409 || status == 404 ? FOLDER_NO_PARENT : FOLDER_FAILED;
}

/* The length of the URL's first n bytes up to the last slash before them. */
static size_t
parent_of(const char *url, size_t n)
{
	while (n > 0 && url[n - 1] != '/')
		n--;
	return n;
}

/*
 * Make the folders that a file lacks: up to one that can be made, as its own
 * parent is there, and down from it.  Returns whether the file's folder is
 * there then, as far as a WebDAV server says so; another server knows no MKCOL.
 */
static bool
make_folders(struct store_call *t)
{
	const char *url = t->name.p, *host = strstr(url, "://");
	size_t root = host != NULL ? (size_t)(host + 3 - url) : 0;
	size_t last = parent_of(url, strcspn(url, "?#")), n = last;
	enum folder got;

	root += strcspn(url + root, "/") + 1;
	for (;;) {
		if (n <= root)
			return false;
		if ((got = make_folder(t, n)) != FOLDER_NO_PARENT)
			break;
		n = parent_of(url, n - 1);
	}
	while (got != FOLDER_FAILED && got != FOLDER_NO_PARENT && n < last) {
		n += strcspn(url + n, "/") + 1;
		got = make_folder(t, n);
	}
	return got == FOLDER_MADE || got == FOLDER_THERE;
}

/*
 * Whether a PUT was answered as WebDAV servers do when a folder is missing: 409,
 * some 404, and nginx 500.  The question is asked once for a file.
 */
static bool
may_lack_folders(struct exchange *e, int status)
{
	if (strcmp(e->method, "PUT") != 0 || e->t->made_folders ||
	    (status != 409 && status != 404 && status != 500))
		return false;
	e->t->made_folders = true;
	return true;
}

/* Whether the answer may change by itself. */
static bool
may_change(int status)
{
	return status == 408 || status == 425 || status == 429 ||
	    (status >= 500 && status != 501 && status != 505);
}

/*
 * Make an exchange with retries.  Returns STATUS_OK for any answer that stays,
 * else the upload's status.
 */
static int
exchange(struct exchange *e)
{
	struct store_call *t = e->t;
	int status;

	for (;;) {
		status = follow(e) == 0 ? e->http.status : 0;
		if (may_lack_folders(e, status) && make_folders(t))
			continue;
		if (status != 0 && !may_change(status))
			return STATUS_OK;
		if (termination_asked())
			return upload_fail(t->p, STATUS_RETRY, "interrupted");
		if (status == 0)
			upload_fail(t->p, STATUS_RETRY, "%s", e->http.error);
		else
			upload_fail(t->p, STATUS_RETRY, "the server answers %d",
			    status);
		if (status == 0 && e->http.hopeless)
			return STATUS_TROUBLE;
		if (upload_changed(t->p) || !retry_wait(&t->retry,
		    status != 0 ? http_retry_after_ms(&e->http) : 0))
			return STATUS_RETRY;
	}
}

static void
keep_etag(struct store_call *t, const struct exchange *e)
{
	struct span etag = headers_get(&e->http.answer_headers, "ETag");

	if (etag.len >= 2 && etag.p[0] == '"')
		etag = span_of(etag.p + 1, etag.len - 2);
	buf_clear(&t->p->etag);
	buf_addspan(&t->p->etag, etag);
}

/* Fetch the file that the server has and compare it. */
static enum found
compare(struct store_call *t, int *status)
{
	struct exchange e = { .t = t, .method = "GET" };
	enum found found = FOUND_OTHER;
	struct digests d;

	/* More than the file holds is no copy of it, and may never end. */
	e.http.max_digest = (uint64_t)t->p->st.st_size + 1;
	if ((e.http.digest = digest_new(HASH_SHA256)) == NULL) {
		*status = upload_fail_errno(t->p, STATUS_TROUBLE, NULL);
		return FOUND_FAILED;
	}
	if ((*status = exchange(&e)) != STATUS_OK) {
		found = FOUND_FAILED;
	} else if (e.http.status == 200) {
		digest_end(e.http.digest, &d);
		if (!e.http.cut && memcmp(d.sha256, t->p->digests.sha256, SHA256_SIZE) == 0) {
			found = FOUND_EQUAL;
			keep_etag(t, &e);
		}
	}
	digest_free(e.http.digest);
	exchange_free(&e);
	return found;
}

static enum found
look(struct store_call *t, int *status)
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
put(struct store_call *t, bool if_absent, bool *taken)
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
	if (store_content_type(t->s, t->p, &e.headers) < 0)
		status = upload_fail_errno(t->p, STATUS_TROUBLE, NULL);
	else if ((status = exchange(&e)) == STATUS_OK) {
		if (e.http.status / 100 == 2) {
			keep_etag(t, &e);
			t->accepted = true;
			/* The server is done: look at the file. */
			if (e.http.status != 202)
				status = STATUS_NO;
		} else {
			*taken = if_absent && e.http.status == 412;
			status = upload_fail(t->p, *taken ? STATUS_NO :
			    STATUS_TROUBLE, "the server answers %d",
			    e.http.status);
		}
	}
	exchange_free(&e);
	return status;
}

int
store_http(struct store *s, struct upload *p)
{
	static const struct store_call_kind kind = {
		.which = HASH_SHA256, .digest_max = INT64_MAX,
		.suffixes = SUFFIXES,
		.look = look, .put = put,
	};

	return store_call_make(s, p, &kind);
}
