#include "net/http.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/select.h>
#include <sys/socket.h>

#include "base/progress.h"
#include "base/termination.h"
#include "base/units.h"
#include "base/version.h"
#include "net/address.h"
#include "net/grace.h"
#include "net/http_headers.h"
#include "net/libcurl.h"
#include "net/no_proxy.h"
#include "net/rate_limit.h"
#include "net/url.h"

enum {
	ANSWER_MAX = 64 << 10, ANSWER_HEADERS_MAX = 64 << 10,
	HEADERS_MAX = 256 << 10,	/* of all answers to one request: 100s */
	ANSWER_MS = 2 * 60 * 1000,	/* from the request's end to the answer's */
	CONNECT_MS = 10 * 1000, STALL_MS = 30 * 1000,
	UPLOAD_BUFFER_MIN = 16 << 10,	/* libcurl takes no less */
	UPLOAD_BUFFER = 256 << 10, POLL_MS = 1000,
	DOWNLOAD_BUFFER = 128 << 10,	/* for what may be large */
};

struct http {
	struct http_options o;
	CURLM *multi;
	struct rate_limit rate;	/* of the requests made with http_do */
	CURL *spare;		/* a handle that is not in use, or NULL */
	struct http_transfer *active;
	bool headers_came;	/* all headers of an answer have come */
	struct libcurl_guard guard;
};

struct http_transfer {
	CURL *easy;
	struct http *of;
	struct curl_slist *headers;
	uint64_t sent;
	size_t header_bytes;
	int64_t sent_ms;	/* when all of the request was; 0: not yet */
	curl_off_t moved; /* bytes moved both ways, and when that was seen */
	int64_t moved_ms;
	struct http_request *r;
	struct http_transfer *next;
	char error[CURL_ERROR_SIZE];
};

void
http_load(void)
{
	libcurl_load();		/* a failure is reported when it is needed */
}

struct http *
http_new(const struct http_options *o)
{
	struct http *h;

	if (!libcurl_load() || (h = calloc(1, sizeof *h)) == NULL)
		return NULL;
	h->o = *o;
	h->guard.allow = o->allow;
	h->rate.rate = o->max_rate;
	if (h->o.connect_ms <= 0)
		h->o.connect_ms = CONNECT_MS;
	if (h->o.stall_ms <= 0)
		h->o.stall_ms = STALL_MS;
	if ((h->multi = curl.multi_init()) == NULL) {
		free(h);
		errno = ENOMEM;
		return NULL;
	}
	return h;
}

void
http_free(struct http *h)
{
	if (h == NULL)
		return;
	while (h->active != NULL)
		http_cancel(h, h->active->r);
	curl.easy_cleanup(h->spare);
	curl.multi_cleanup(h->multi);
	free(h);
}

static size_t
give_body(char *to, size_t size, size_t n, void *arg)
{
	struct http_transfer *t = arg;
	struct http_request *r = t->r;
	uint64_t left;
	ssize_t got;

	n *= size;
	if (!r->from_file) {
		left = r->body.len - t->sent;
		n = n < left ? n : left;
		if (n > 0)
			memcpy(to, r->body.p + t->sent, n);
		t->sent += n;
		return n;
	}
	left = r->size - t->sent;
	n = n < left ? n : left;
	do
		got = pread(r->fd, to, n, r->from + (off_t)t->sent);
	while (got < 0 && errno == EINTR);
	if (got < 0 || (got == 0 && n > 0))	/* the file has shrunk */
		return CURL_READFUNC_ABORT;
	t->sent += (uint64_t)got;
	progress_add((uint64_t)got);
	return (size_t)got;
}

/* libcurl sends the body again when an old connection turns out to be dead. */
static int
rewind_body(void *arg, curl_off_t to, int whence)
{
	struct http_transfer *t = arg;

	if (whence != SEEK_SET || to < 0)
		return CURL_SEEKFUNC_FAIL;
	t->sent = (uint64_t)to;
	return CURL_SEEKFUNC_OK;
}

static bool
is_success(const struct http_request *r)
{
	long status = 0;

	curl.easy_getinfo(r->transfer->easy, CURLINFO_RESPONSE_CODE, &status);
	return status / 100 == 2;
}

/* What is more than the caller wants ends the transfer: its status counts. */
static size_t
take_answer(char *p, size_t size, size_t n, void *arg)
{
	struct http_request *r = arg;
	size_t max = r->max_answer > 0 ? r->max_answer : ANSWER_MAX;
	size_t room = max - r->answer.len;

	n *= size;
	if (r->take != NULL && is_success(r)) {
		r->cut = r->take(r->take_arg, p, n) < 0;
		return r->cut ? CURL_WRITEFUNC_ERROR : n;
	}
	if (r->digest != NULL) {
		r->digested += n;
		r->cut = r->max_digest > 0 && r->digested > r->max_digest;
		digest_add(r->digest, p, n);
		return r->cut ? CURL_WRITEFUNC_ERROR : n;
	}
	if (buf_add(&r->answer, p, n < room ? n : room) < 0)
		return CURL_WRITEFUNC_ERROR;
	r->cut = n > room;
	return r->cut ? CURL_WRITEFUNC_ERROR : n;
}

static size_t
take_header(char *p, size_t size, size_t n, void *arg)
{
	struct http_request *r = arg;

	n *= size;
	if ((r->transfer->header_bytes += n) > HEADERS_MAX)
		return 0;
	if (n == 2)
		r->transfer->of->headers_came = true;
	if (n > 5 && memcmp(p, "HTTP/", 5) == 0) /* also after a status 100 */
		buf_clear(&r->answer_headers);
	else if (r->answer_headers.len + n <= ANSWER_HEADERS_MAX &&
	    buf_add(&r->answer_headers, p, n) < 0)
		return 0;
	return n;
}

/*
 * Make a list of the caller's headers, and of those that libcurl shall not add.
 */
static int
set_headers(struct http_transfer *t, const struct buf *headers)
{
	struct span rest, name, value;
	struct curl_slist *l;
	struct buf line = { 0 };

	t->headers = curl.slist_append(NULL, "Expect:");
	if (t->headers == NULL)
		return -1;
	rest = headers != NULL ? buf_span(headers) : span_of(NULL, 0);
	while (headers_next(&rest, &name, &value)) {
		buf_clear(&line);
		buf_addspan(&line, name);
		buf_adds(&line, value.len > 0 ? ": " : ";");
		buf_addspan(&line, value);
		l = buf_str(&line) != NULL ?
		    curl.slist_append(t->headers, line.p) : NULL;
		if (l == NULL)
			break;
		t->headers = l;
		l = NULL;
	}
	buf_wipe(&line);
	if (rest.len > 0)
		return -1;
	curl.easy_setopt(t->easy, CURLOPT_HTTPHEADER, t->headers);
	return 0;
}

static void
set_options(CURL *c, const struct http_options *o)
{
	curl.easy_setopt(c, CURLOPT_NOSIGNAL, 1L);
	curl.easy_setopt(c, CURLOPT_PROTOCOLS_STR, "http,https");
	curl.easy_setopt(c, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
	curl.easy_setopt(c, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
	curl.easy_setopt(c, CURLOPT_PATH_AS_IS, 1L);
	curl.easy_setopt(c, CURLOPT_USERAGENT, "logferry/" LOGFERRY_VERSION);
	curl.easy_setopt(c, CURLOPT_UPLOAD_BUFFERSIZE, o->max_rate > 0 ?
	    (long)UPLOAD_BUFFER_MIN : (long)UPLOAD_BUFFER);
	curl.easy_setopt(c, CURLOPT_CONNECTTIMEOUT_MS, (long)o->connect_ms);
	curl.easy_setopt(c, CURLOPT_MAX_SEND_SPEED_LARGE,
	    (curl_off_t)o->max_rate);
	libcurl_set_certificates(c, o->cacert, o->cert, o->key);
}

static void
set_request(struct http_transfer *t)
{
	struct http_request *r = t->r;
	CURL *c = t->easy;

	curl.easy_setopt(c, CURLOPT_URL, r->url);
	curl.easy_setopt(c, CURLOPT_ERRORBUFFER, t->error);
	curl.easy_setopt(c, CURLOPT_PRIVATE, t);
	curl.easy_setopt(c, CURLOPT_TIMEOUT_MS, (long)r->timeout_ms);
	if (r->take != NULL)
		curl.easy_setopt(c, CURLOPT_BUFFERSIZE, (long)DOWNLOAD_BUFFER);
	curl.easy_setopt(c, CURLOPT_WRITEFUNCTION, take_answer);
	curl.easy_setopt(c, CURLOPT_WRITEDATA, r);
	curl.easy_setopt(c, CURLOPT_HEADERFUNCTION, take_header);
	curl.easy_setopt(c, CURLOPT_HEADERDATA, r);
	if (strcmp(r->method, "HEAD") == 0) {
		curl.easy_setopt(c, CURLOPT_NOBODY, 1L);
		return;
	}
	if (strcmp(r->method, "PUT") == 0 || strcmp(r->method, "POST") == 0) {
		curl.easy_setopt(c, CURLOPT_UPLOAD, 1L);
		curl.easy_setopt(c, CURLOPT_INFILESIZE_LARGE, (curl_off_t)
		    (r->from_file ? r->size : (uint64_t)r->body.len));
		curl.easy_setopt(c, CURLOPT_READFUNCTION, give_body);
		curl.easy_setopt(c, CURLOPT_READDATA, t);
		curl.easy_setopt(c, CURLOPT_SEEKFUNCTION, rewind_body);
		curl.easy_setopt(c, CURLOPT_SEEKDATA, t);
	}
	curl.easy_setopt(c, CURLOPT_CUSTOMREQUEST, r->method);
}

void
http_reset(struct http_request *r)
{
	if (r->answer.p != NULL)	/* the answer may hold credentials */
		explicit_bzero(r->answer.p, r->answer.cap);
	buf_free(&r->answer_headers);
	buf_free(&r->answer);
	r->status = 0;
	r->hopeless = r->refused = r->cut = r->connected = false;
	r->digested = 0;
	r->error[0] = '\0';
}

int
http_start(struct http *h, struct http_request *r)
{
	struct http_transfer *t;

	http_reset(r);
	if ((t = calloc(1, sizeof *t)) == NULL)
		goto no_memory;
	t->r = r;
	t->of = h;
	t->easy = h->spare != NULL ? h->spare : curl.easy_init();
	h->spare = NULL;
	if (t->easy == NULL)
		goto no_memory;
	curl.easy_reset(t->easy);
	set_options(t->easy, &h->o);
	h->guard.refused = false;
	if (h->o.guarded)
		libcurl_guard(t->easy, &h->guard);
	set_request(t);
	/* Requests to this machine use no proxy: they may be in clear. */
	if (h->o.no_proxy || url_is_loopback(r->url) ||
	    no_proxy_has_port_of(r->url))
		curl.easy_setopt(t->easy, CURLOPT_NOPROXY, "*");
	if (set_headers(t, r->headers) < 0 ||
	    curl.multi_add_handle(h->multi, t->easy) != CURLM_OK)
		goto no_memory;
	t->moved_ms = units_now_ms();
	t->next = h->active;
	h->active = t;
	r->transfer = t;
	return 0;
no_memory:
	if (t != NULL) {
		curl.easy_cleanup(t->easy);
		curl.slist_free_all(t->headers);
	}
	free(t);
	errno = ENOMEM;
	snprintf(r->error, sizeof r->error, "%s", strerror(errno));
	return -1;
}

/* Take r out of the requests under way. */
void
http_cancel(struct http *h, struct http_request *r)
{
	struct http_transfer *t = r->transfer, **at = &h->active;
	curl_off_t us = 0;

	if (t == NULL)
		return;
	curl.easy_getinfo(t->easy, CURLINFO_PRETRANSFER_TIME_T, &us);
	r->connected = us > 0;
	while (*at != t)
		at = &(*at)->next;
	*at = t->next;
	r->transfer = NULL;
	curl.multi_remove_handle(h->multi, t->easy);
	for (struct curl_slist *l = t->headers; l != NULL; l = l->next)
		explicit_bzero(l->data, strlen(l->data));
	curl.slist_free_all(t->headers);
	if (h->spare == NULL)
		h->spare = t->easy;
	else
		curl.easy_cleanup(t->easy);
	free(t);
}

static bool
is_hopeless(CURLcode code)
{
	switch (code) {
	case CURLE_UNSUPPORTED_PROTOCOL:
	case CURLE_URL_MALFORMAT:
	case CURLE_NOT_BUILT_IN:
	case CURLE_SSL_CERTPROBLEM:
	case CURLE_SSL_CACERT_BADFILE:
	case CURLE_SSL_ISSUER_ERROR:
	case CURLE_PEER_FAILED_VERIFICATION:
		return true;
	default:
		return false;
	}
}

static uint64_t
body_size(const struct http_request *r)
{
	return r->from_file ? r->size : (uint64_t)r->body.len;
}

/*
 * Whether a server that closes the connection took a request before it had all
 * of the body: libcurl then stops to send, and finds no fault.
 */
static bool
took_too_early(struct http_transfer *t, long status)
{
	curl_off_t sent = 0;

	curl.easy_getinfo(t->easy, CURLINFO_SIZE_UPLOAD_T, &sent);
	return status / 100 == 2 && (uint64_t)sent < body_size(t->r);
}

static void
finished(struct http_transfer *t, CURLcode code)
{
	struct http_request *r = t->r;
	long status = 0;

	curl.easy_getinfo(t->easy, CURLINFO_RESPONSE_CODE, &status);
	if (code == CURLE_OK && took_too_early(t, status)) {
		snprintf(r->error, sizeof r->error,
		    "the answer %ld came before all was sent", status);
		return;
	}
	/*
	 * A server may refuse without reading the body: its answer counts even
	 * when sending then failed.
	 */
	if (code == CURLE_OK || (code == CURLE_SEND_ERROR && status >= 300) ||
	    (code == CURLE_WRITE_ERROR && r->cut)) {
		r->status = (int)status;
		return;
	}
	r->hopeless = is_hopeless(code);
	r->refused = code == CURLE_COULDNT_CONNECT ||
	    code == CURLE_COULDNT_RESOLVE_HOST;
	snprintf(r->error, sizeof r->error, "%s", t->of->guard.refused ?
	    ADDRESS_REFUSED : t->error[0] != '\0' ? t->error :
	    curl.easy_strerror(code));
}

/* Returns a request that is done, if there is one. */
static struct http_request *
next_done(struct http *h)
{
	struct http_transfer *t;
	struct http_request *r;
	CURLMsg *m;
	int left;

	while ((m = curl.multi_info_read(h->multi, &left)) != NULL) {
		if (m->msg != CURLMSG_DONE)
			continue;
		curl.easy_getinfo(m->easy_handle, CURLINFO_PRIVATE, &t);
		finished(t, m->data.result);
		r = t->r;
		http_cancel(h, r);
		return r;
	}
	return NULL;
}

/* Lets all requests under way fail, one at each call. */
static struct http_request *
interrupt(struct http *h)
{
	struct http_request *r;

	if (h->active == NULL)
		return NULL;
	r = h->active->r;
	http_cancel(h, r);
	snprintf(r->error, sizeof r->error, "interrupted");
	return r;
}

/* What is fetched may be large: its caller has a deadline. */
static bool
answers_too_slowly(struct http_transfer *t, uint64_t up, int64_t now)
{
	const struct http_request *r = t->r;

	if (r->digest != NULL || r->take != NULL || up < body_size(r))
		return false;
	if (t->sent_ms == 0)
		t->sent_ms = now;
	return now - t->sent_ms > ANSWER_MS;
}

/*
 * Returns a request whose bytes have not moved for too long.  If there is none,
 * *left_ms becomes at most the time until there may be one.  libcurl's own
 * CURLOPT_LOW_SPEED_TIME looks at an average, and is six seconds late.
 */
static struct http_request *
stalled(struct http *h, int64_t *left_ms)
{
	int64_t now = units_now_ms(), left;
	curl_off_t up, down;

	for (struct http_transfer *t = h->active; t != NULL; t = t->next) {
		struct http_request *r = t->r;

		curl.easy_getinfo(t->easy, CURLINFO_SIZE_UPLOAD_T, &up);
		curl.easy_getinfo(t->easy, CURLINFO_SIZE_DOWNLOAD_T, &down);
		if (up + down != t->moved) {
			/* libcurl waits after them, to keep to the rate. */
			t->moved_ms = now + (h->o.max_rate == 0 ? 0 : (int64_t)
			    ((double)(up + down - t->moved) * 1000 /
			    (double)h->o.max_rate));
			t->moved = up + down;
		}
		left = t->moved_ms + h->o.stall_ms - now;
		if (left <= 0) {
			http_cancel(h, r);
			snprintf(r->error, sizeof r->error,
			    "no byte moved for %.1f s",
			    (double)h->o.stall_ms / 1e3);
			return r;
		}
		if (answers_too_slowly(t, (uint64_t)up, now)) {
			http_cancel(h, r);
			snprintf(r->error, sizeof r->error,
			    "the answer takes longer than two minutes");
			return r;
		}
		*left_ms = left < *left_ms ? left : *left_ms;
	}
	return NULL;
}

/*
 * Acknowledge headers that came without their body: Ceph's gateway, for one,
 * writes them apart, and its kernel holds the second back until ours says that
 * it has the first (RFC 896), which it would put off for 40 ms.
 */
static void
acknowledge(struct http *h)
{
	fd_set in, out, other;
	int max = -1, yes = 1;

	FD_ZERO(&in);
	FD_ZERO(&out);
	FD_ZERO(&other);
	curl.multi_fdset(h->multi, &in, &out, &other, &max);
	for (int fd = 0; fd <= max; fd++)
		if (FD_ISSET(fd, &in))
			setsockopt(fd, IPPROTO_TCP, TCP_QUICKACK, &yes,
			    sizeof yes);
}

struct http_request *
http_wait(struct http *h, int64_t timeout_ms)
{
	struct curl_waitfd fin = {
		.fd = termination_fd(), .events = CURL_WAIT_POLLIN,
	};
	int64_t end_ms = units_now_ms() + timeout_ms, left;
	unsigned nfin = !h->o.until_done && fin.fd >= 0;
	struct http_request *r;
	int running;

	for (;;) {
		if (nfin > 0 ? termination_asked() : grace_left_ms() == 0)
			return interrupt(h);
		h->headers_came = false;
		curl.multi_perform(h->multi, &running);
		if ((r = next_done(h)) != NULL ||
		    (h->active == NULL && timeout_ms < 0))
			return r;
		if (h->headers_came)
			acknowledge(h);
		left = POLL_MS;
		if ((r = stalled(h, &left)) != NULL)
			return r;
		if (timeout_ms >= 0 && end_ms - units_now_ms() < left)
			left = end_ms - units_now_ms();
		if (left <= 0)
			return NULL;
		curl.multi_poll(h->multi, &fin, nfin, (int)left, NULL);
	}
}

int
http_do(struct http *h, struct http_request *r)
{
	/* libcurl limits the rate in a request, but not that of many. */
	rate_limit_wait(&h->rate, h->o.until_done);
	if (http_start(h, r) < 0)
		return -1;
	rate_limit_add(&h->rate, r->from_file ? r->size :
	    (uint64_t)r->body.len);
	while (r->transfer != NULL)
		http_wait(h, -1);
	return r->status != 0 ? 0 : -1;
}

/* Reads a date as HTTP writes it; -1 for none. */
static int64_t
date(struct span s)
{
	char text[64];

	if (s.p == NULL || s.len >= sizeof text)
		return -1;
	memcpy(text, s.p, s.len);
	text[s.len] = '\0';
	return (int64_t)curl.getdate(text, NULL);
}

int64_t
http_date(const struct http_request *r)
{
	return date(headers_get(&r->answer_headers, "Date"));
}

int64_t
http_last_modified(const struct http_request *r)
{
	return date(headers_get(&r->answer_headers, "Last-Modified"));
}

struct span
http_location(const struct http_request *r)
{
	bool moved = r->status == 301 || r->status == 302 ||
	    r->status == 307 || r->status == 308;

	return moved ? headers_get(&r->answer_headers, "Location") :
	    span_of(NULL, 0);
}

int64_t
http_retry_after_ms(const struct http_request *r)
{
	struct span s = headers_get(&r->answer_headers, "Retry-After");
	int64_t seconds = 0, when;

	for (size_t i = 0; i < s.len && seconds >= 0; i++)
		if (s.p[i] < '0' || s.p[i] > '9')
			seconds = -1;
		else if (seconds < INT32_MAX)
			seconds = 10 * seconds + (s.p[i] - '0');
	if (seconds < 0 && (when = date(s)) >= 0)
		seconds = when - (int64_t)time(NULL);
	return seconds > 0 ? seconds * 1000 : 0;
}

struct http_pool {
	struct http_options o;
	pthread_mutex_t lock;
	unsigned n;
	struct http *idle[64];
};

struct http_pool *
http_pool_new(const struct http_options *o)
{
	struct http_pool *p;

	if ((p = calloc(1, sizeof *p)) == NULL)
		return NULL;
	p->o = *o;
	pthread_mutex_init(&p->lock, NULL);
	return p;
}

struct http *
http_pool_take(struct http_pool *p)
{
	struct http *h = NULL;

	pthread_mutex_lock(&p->lock);
	if (p->n > 0)
		h = p->idle[--p->n];
	pthread_mutex_unlock(&p->lock);
	return h != NULL ? h : http_new(&p->o);
}

void
http_pool_give(struct http_pool *p, struct http *h)
{
	if (h == NULL)
		return;
	pthread_mutex_lock(&p->lock);
	if (p->n < sizeof p->idle / sizeof *p->idle) {
		p->idle[p->n++] = h;
		h = NULL;
	}
	pthread_mutex_unlock(&p->lock);
	http_free(h);
}

void
http_pool_free(struct http_pool *p)
{
	if (p == NULL)
		return;
	while (p->n > 0)
		http_free(p->idle[--p->n]);
	pthread_mutex_destroy(&p->lock);
	free(p);
}
