#include "http.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>
#include <time.h>
#include <unistd.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/select.h>
#include <sys/socket.h>

#include "finish.h"
#include "headers.h"
#include "libcurl.h"
#include "progress.h"
#include "units.h"
#include "version.h"

enum {
	ANSWER_MAX = 64 << 10, ANSWER_HEADERS_MAX = 64 << 10,
	CONNECT_MS = 10 * 1000, STALL_MS = 30 * 1000,
	UPLOAD_BUFFER = 256 << 10, POLL_MS = 1000,
};

struct http {
	struct http_options o;
	CURLM *multi;
	CURL *spare;		/* a handle that is not in use, or NULL */
	struct http_transfer *active;
	bool headers_came;	/* an answer's, all of them */
};

struct http_transfer {
	CURL *easy;
	struct http *of;
	struct curl_slist *headers;
	uint64_t sent;
	curl_off_t moved;	/* bytes, both ways, and when that was seen: */
	int64_t moved_ms;
	struct http_request *r;
	struct http_transfer *next;
	char error[CURL_ERROR_SIZE];
};

void
http_load(void)
{
	libcurl_load();		/* a failure is told when it is needed */
}

struct http *
http_new(const struct http_options *o)
{
	struct http *h;

	if (!libcurl_load() || (h = calloc(1, sizeof *h)) == NULL)
		return NULL;
	h->o = *o;
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
	if (got < 0 || (got == 0 && n > 0))	/* it shrank */
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

static size_t
take_answer(char *p, size_t size, size_t n, void *arg)
{
	struct http_request *r = arg;
	size_t max = r->max_answer > 0 ? r->max_answer : ANSWER_MAX;
	size_t room = max - r->answer.len;

	n *= size;
	if (r->digest != NULL)
		hash_add(r->digest, p, n);
	else if (buf_add(&r->answer, p, n < room ? n : room) < 0)
		return CURL_WRITEFUNC_ERROR;
	return n;
}

static size_t
take_header(char *p, size_t size, size_t n, void *arg)
{
	struct http_request *r = arg;

	n *= size;
	if (n == 2)
		r->transfer->of->headers_came = true;
	if (n > 5 && memcmp(p, "HTTP/", 5) == 0)	/* after a 100, too */
		buf_clear(&r->answer_headers);
	else if (r->answer_headers.len + n <= ANSWER_HEADERS_MAX &&
	    buf_add(&r->answer_headers, p, n) < 0)
		return 0;
	return n;
}

/* The caller's headers as a list, and those that libcurl shall not add. */
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
	if (line.p != NULL)
		explicit_bzero(line.p, line.cap);
	buf_free(&line);
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
	curl.easy_setopt(c, CURLOPT_UPLOAD_BUFFERSIZE, (long)UPLOAD_BUFFER);
	curl.easy_setopt(c, CURLOPT_CONNECTTIMEOUT_MS, (long)o->connect_ms);
	curl.easy_setopt(c, CURLOPT_MAX_SEND_SPEED_LARGE,
	    (curl_off_t)o->max_rate);
	if (o->cacert != NULL)
		curl.easy_setopt(c, CURLOPT_CAINFO, o->cacert);
	if (o->cert != NULL)
		curl.easy_setopt(c, CURLOPT_SSLCERT, o->cert);
	if (o->key != NULL)
		curl.easy_setopt(c, CURLOPT_SSLKEY, o->key);
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
	if (r->answer.p != NULL)	/* it may hold credentials */
		explicit_bzero(r->answer.p, r->answer.cap);
	buf_free(&r->answer_headers);
	buf_free(&r->answer);
	r->status = 0;
	r->hopeless = false;
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
	set_request(t);
	/* What is for this machine stays on it: it may be in clear. */
	if (h->o.no_proxy || http_is_loopback(r->url))
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

/* Take r out of what is under way. */
void
http_cancel(struct http *h, struct http_request *r)
{
	struct http_transfer *t = r->transfer, **at = &h->active;

	if (t == NULL)
		return;
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

static void
finished(struct http_transfer *t, CURLcode code)
{
	struct http_request *r = t->r;
	long status = 0;

	curl.easy_getinfo(t->easy, CURLINFO_RESPONSE_CODE, &status);
	/*
	 * A server may refuse without reading the body: its answer counts even
	 * when sending then failed.
	 */
	if (code == CURLE_OK || (code == CURLE_SEND_ERROR && status >= 300)) {
		r->status = (int)status;
		return;
	}
	r->hopeless = is_hopeless(code);
	snprintf(r->error, sizeof r->error, "%s", t->error[0] != '\0' ?
	    t->error : curl.easy_strerror(code));
}

/* A request that is done, if there is one. */
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

/* All that is under way fails, one at each call. */
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

/*
 * One whose bytes have not moved for too long; if there is none, *left_ms is at
 * most the time until there may be one.  libcurl's own CURLOPT_LOW_SPEED_TIME
 * looks at an average, and is six seconds late.
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
			t->moved = up + down;
			t->moved_ms = now;
		}
		left = t->moved_ms + h->o.stall_ms - now;
		if (left <= 0) {
			http_cancel(h, r);
			snprintf(r->error, sizeof r->error,
			    "no byte moved for %.1f s",
			    (double)h->o.stall_ms / 1e3);
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
		.fd = finish_fd(), .events = CURL_WAIT_POLLIN,
	};
	int64_t end_ms = units_now_ms() + timeout_ms, left;
	unsigned nfin = !h->o.until_done && fin.fd >= 0;
	struct http_request *r;
	int running;

	for (;;) {
		if (nfin > 0 && finish_asked())
			return interrupt(h);
		h->headers_came = false;
		curl.multi_perform(h->multi, &running);
		if ((r = next_done(h)) != NULL || h->active == NULL)
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
	if (http_start(h, r) < 0)
		return -1;
	while (r->transfer != NULL)
		http_wait(h, -1);
	return r->status != 0 ? 0 : -1;
}

/* A date as HTTP writes it, or -1. */
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

static char *
part(CURLU *u, CURLUPart what, unsigned flags)
{
	char *s = NULL;

	return curl.url_get(u, what, &s, flags) == CURLUE_OK ? s : NULL;
}

int
http_split_user(const char *url, struct buf *plain, struct buf *out)
{
	CURLU *u;
	char *user = NULL, *password = NULL, *rest = NULL, *base64 = NULL;
	struct buf both = { 0 };
	int r = -1;

	if (!libcurl_load() || (u = curl.url()) == NULL)
		return -1;
	errno = EINVAL;
	if (curl.url_set(u, CURLUPART_URL, url,
	    CURLU_PATH_AS_IS) != CURLUE_OK)
		goto done;
	r = 1;
	if ((user = part(u, CURLUPART_USER, CURLU_URLDECODE)) == NULL)
		goto done;
	password = part(u, CURLUPART_PASSWORD, CURLU_URLDECODE);
	curl.url_set(u, CURLUPART_USER, NULL, 0);
	curl.url_set(u, CURLUPART_PASSWORD, NULL, 0);
	rest = part(u, CURLUPART_URL, 0);
	buf_printf(&both, "%s:%s", user, password != NULL ? password : "");
	r = -1;
	if (rest == NULL || both.failed ||
	    (base64 = malloc(4 * (both.len / 3 + 1) + 1)) == NULL)
		goto done;
	hash_base64((unsigned char *)both.p, both.len, base64);
	buf_adds(plain, rest);
	buf_printf(out, "Basic %s", base64);
	explicit_bzero(both.p, both.cap);
	explicit_bzero(base64, strlen(base64));
	if (password != NULL)
		explicit_bzero(password, strlen(password));
	r = buf_str(plain) == NULL || out->failed ? -1 : 0;
done:
	free(base64);
	buf_free(&both);
	curl.free(user);
	curl.free(password);
	curl.free(rest);
	curl.url_cleanup(u);
	return r;
}

static bool
same_part(CURLU *a, CURLU *b, CURLUPart what)
{
	char *x = part(a, what, CURLU_DEFAULT_PORT);
	char *y = part(b, what, CURLU_DEFAULT_PORT);
	bool same = x != NULL && y != NULL && strcasecmp(x, y) == 0;

	curl.free(x);
	curl.free(y);
	return same;
}

int
http_redirect(const struct http_request *r, struct buf *out, bool *same)
{
	struct span to = headers_get(&r->answer_headers, "Location");
	CURLU *from = curl.url(), *u = curl.url();
	char *location = NULL, *url = NULL, *scheme = NULL;
	bool moved = r->status == 301 || r->status == 302 ||
	    r->status == 307 || r->status == 308;
	int got = moved && to.len > 0 ? -1 : 0;

	if (got == 0 || (location = strndup(to.p, to.len)) == NULL ||
	    curl.url_set(from, CURLUPART_URL, r->url, 0) != CURLUE_OK ||
	    curl.url_set(u, CURLUPART_URL, r->url, 0) != CURLUE_OK ||
	    curl.url_set(u, CURLUPART_URL, location, 0) != CURLUE_OK ||
	    (scheme = part(u, CURLUPART_SCHEME, 0)) == NULL)
		goto done;
	*same = same_part(from, u, CURLUPART_SCHEME) &&
	    same_part(from, u, CURLUPART_HOST) &&
	    same_part(from, u, CURLUPART_PORT);
	if (!same_part(from, u, CURLUPART_SCHEME) &&
	    strcasecmp(scheme, "https") != 0)	/* from https to http, or odd */
		goto done;
	curl.url_set(u, CURLUPART_USER, NULL, 0);
	curl.url_set(u, CURLUPART_PASSWORD, NULL, 0);
	if ((url = part(u, CURLUPART_URL, 0)) != NULL &&
	    buf_adds(out, url) == 0)
		got = 1;
done:
	free(location);
	curl.free(url);
	curl.free(scheme);
	curl.url_cleanup(from);
	curl.url_cleanup(u);
	return got;
}

bool
http_is_loopback(const char *url)
{
	const char *host = strstr(url, "://"), *at;
	size_t n;

	host = host != NULL ? host + 3 : url;
	n = strcspn(host, "/?#");
	if ((at = memchr(host, '@', n)) != NULL) {
		n -= (size_t)(at + 1 - host);
		host = at + 1;
	}
	if (n >= 5 && strncmp(host, "[::1]", 5) == 0)
		return true;
	if (memchr(host, ':', n) != NULL)
		n = strcspn(host, ":");
	/* 127.0.0.1.example.com is none: digits and dots only. */
	return (n == 9 && strncasecmp(host, "localhost", 9) == 0) ||
	    (strncmp(host, "127.", 4) == 0 &&
	    strspn(host, "0123456789.") == n);
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
