#include "stream/http_batch.h"

#include <errno.h>
#include <libdeflate.h>
#include <stdio.h>
#include <string.h>

#include "base/digest.h"
#include "net/http_headers.h"
#include "net/url.h"

enum { GZIP_LEVEL = 2, GZIP_LEAST = 512, REASON_MAX = 200, REDIRECTS = 5 };
/*
 * How long an answer may be: an error repeats the value that is wrong two or
 * three times, escaped.
 */
enum { ANSWER_LEAST = 64 << 10, ANSWER_EACH = 2048, ANSWER_BYTES = 4 };
/* The time that one request and its answer may take. */
enum { TOTAL_MS = 2 * 60 * 1000 };

/*
 * Whether text begins with a scheme of authorization.  Where only a password is
 * expected, any word could belong to it, so only the usual schemes count there.
 */
static bool
has_scheme(const char *text, bool usual)
{
	static const char *const schemes[] = {
		"ApiKey", "Basic", "Bearer", "Splunk", "Token",
	};
	size_t n = strcspn(text, " :=,");

	if (n == 0 || text[n] != ' ')
		return false;
	for (size_t i = 0; i < sizeof schemes / sizeof *schemes; i++)
		if (n == strlen(schemes[i]) &&
		    strncasecmp(text, schemes[i], n) == 0)
			return true;
	return !usual;
}

/*
 * Sets Authorization: to Basic for "user:password"; to the text itself when it
 * begins with a scheme.
 */
static int
set_auth(struct http_batch *p, struct span user, const char *auth)
{
	struct buf plain = { 0 };
	size_t n;

	if (has_scheme(auth, user.len > 0))
		return buf_adds(&p->auth, auth);
	if (user.len > 0 && strchr(auth, ':') == NULL) {
		buf_addspan(&plain, user);
		buf_addc(&plain, ':');
	}
	buf_adds(&plain, auth);
	n = 4 * ((plain.len + 2) / 3) + 1;
	buf_adds(&p->auth, "Basic ");
	if (!plain.failed && buf_reserve(&p->auth, n) == 0) {
		digest_base64((const unsigned char *)plain.p, plain.len,
		    p->auth.p + p->auth.len);
		p->auth.len += n - 1;
	}
	buf_wipe(&plain);
	return p->auth.failed ? -1 : 0;
}

/* Sets Authorization from the options, or else from the user in the URL. */
static int
find_auth(struct http_batch *p, struct span user)
{
	const struct receiver_options *o = p->o;
	struct buf plain = { 0 };
	size_t n = strcspn(user.p != NULL ? user.p : "", ":@");
	int r;

	if (o->auth != NULL)
		return set_auth(p, span_of(user.p, n < user.len ? n : user.len),
		    o->auth);
	if (user.len == 0)
		return 0;
	r = url_split_user(receiver_rest(o->url), &plain, &p->auth);
	buf_free(&plain);
	return r < 0 ? -1 : 0;
}

/*
 * Whether credentials would go over http:// to another machine, though the user
 * did not allow it.
 */
static bool
gives_secrets_away(const struct http_batch *p, const char *url)
{
	return !p->o->http.insecure &&
	    strncmp(receiver_rest(url), "http:", 5) == 0 &&
	    !url_is_loopback(url) && (p->auth.len > 0 ||
	    headers_get(p->o->headers, "Authorization").p != NULL);
}

/*
 * Make the signer if the options ask for one, which makes another Authorization
 * impossible.  Returns NULL, or what is wrong.
 */
static const char *
set_signer(struct http_batch *p)
{
	const char *why = NULL;

	if (p->o->aws_service == NULL)
		return NULL;
	if (p->auth.len > 0 ||
	    headers_get(p->o->headers, "Authorization").p != NULL)
		return "--aws-sigv4 is there for other credentials";
	p->signer = aws_signer_new(p->o, &why);
	return p->signer == NULL ? why : NULL;
}

int
http_batch_init(
    struct http_batch *p, const struct receiver_options *o, const char **why)
{
	struct span user;
	bool bad;

	*p = (struct http_batch){ .o = o };
	*why = "out of memory";
	receiver_plain_url(&p->url, receiver_rest(o->url), &user);
	p->http = http_new(&o->http);
	if (p->http == NULL || buf_str(&p->url) == NULL ||
	    find_auth(p, user) < 0) {
		http_batch_free(p);
		return -1;
	}
	bad = gives_secrets_away(p, o->url);
	for (size_t i = 0; i < o->n_also; i++)
		bad |= gives_secrets_away(p, o->also[i]);
	if (bad) {
		*why = URL_SECRETS_STAY;
		http_batch_free(p);
		return -1;
	}
	if ((*why = set_signer(p)) != NULL) {
		http_batch_free(p);
		return -1;
	}
	*why = "out of memory";		/* if the caller fails */
	return 0;
}

void
http_batch_free(struct http_batch *p)
{
	http_reset(&p->r);
	http_free(p->http);
	aws_signer_free(p->signer);
	buf_wipe(&p->auth);
	buf_wipe(&p->headers);
	buf_free(&p->packed);
	buf_free(&p->url);
	buf_free(&p->at_node);
	buf_free(&p->redirected);
}

int
http_batch_default_path(struct http_batch *p, const char *path)
{
	const char *url = p->url.p, *host = strstr(url, "://") + 3;
	const char *end = host + strcspn(host, "/?#");
	struct buf whole = { 0 };

	if (*end == '/' && end[1] != '\0' && end[1] != '?')
		return 0;
	buf_add(&whole, url, (size_t)(end - url));
	buf_adds(&whole, path);
	buf_adds(&whole, end + (*end == '/'));
	buf_free(&p->url);
	p->url = whole;
	return buf_str(&p->url) != NULL ? 0 : -1;
}

/* The user's own headers; --content-type stands for one of them. */
static void
add_users(struct buf *headers, const struct buf *own, bool typed)
{
	struct span rest = buf_span(own), name, value;

	while (headers_next(&rest, &name, &value)) {
		if (typed && name.len == strlen("Content-Type") &&
		    strncasecmp(name.p, "Content-Type", name.len) == 0)
			continue;
		buf_addspan(headers, name);
		buf_adds(headers, ": ");
		buf_addspan(headers, value);
		buf_addc(headers, '\n');
	}
}

void
http_batch_headers(struct http_batch *p, const char *content_type)
{
	buf_clear(&p->headers);
	if (p->o->content_type != NULL)
		content_type = p->o->content_type;
	if (p->o->content_type != NULL ||
	    headers_get(p->o->headers, "Content-Type").p == NULL)
		headers_add(&p->headers, "Content-Type", "%s", content_type);
	if (p->auth.len > 0)
		headers_add(&p->headers, "Authorization", "%.*s",
		    (int)p->auth.len, p->auth.p);
	add_users(&p->headers, p->o->headers, p->o->content_type != NULL);
}

void
http_batch_expect(struct http_batch *p, size_t n, size_t bytes)
{
	p->r.max_answer = ANSWER_LEAST + n * ANSWER_EACH +
	    bytes * ANSWER_BYTES;
}

/*
 * Returns the body in gzip form, if the options ask for it and that is smaller.
 */
static struct span
pack(struct http_batch *p, struct span body)
{
	struct libdeflate_compressor *z;
	size_t n;

	if (!p->o->gzip || body.len < GZIP_LEAST)
		return body;
	buf_clear(&p->packed);
	if (buf_reserve(&p->packed, body.len) < 0 ||
	    (z = libdeflate_alloc_compressor(GZIP_LEVEL)) == NULL)
		return body;
	n = libdeflate_gzip_compress(
	    z, body.p, body.len, p->packed.p, body.len);
	libdeflate_free_compressor(z);
	if (n == 0)
		return body;
	headers_add(&p->headers, "Content-Encoding", "gzip");
	return span_of(p->packed.p, n);
}

/* Returns what an HTTP status means for the batch. */
static enum attempt
judge(int status)
{
	if (status >= 200 && status < 300)
		return ATTEMPT_DONE;
	switch (status) {
	case 400: case 422:
		return ATTEMPT_SUSPECT;
	case 413:
		return ATTEMPT_SPLIT;
	default:
		return ATTEMPT_LATER;
	}
}

static void
take_next_node(struct http_batch *p)
{
	p->node = (p->node + 1) % (p->o->n_also + 1);
}

static enum attempt
fail(struct http_batch *p, struct receiver *s, enum attempt result)
{
	struct span a = buf_span(&p->r.answer);
	char text[REASON_MAX + 1];
	size_t n = 0;

	for (size_t i = 0; i < a.len && n < REASON_MAX; i++)
		text[n++] = a.p[i] >= ' ' && a.p[i] <= '~' ? a.p[i] : ' ';
	while (n > 0 && text[n - 1] == ' ')
		n--;
	text[n] = '\0';
	s->retry_after_ms = http_retry_after_ms(&p->r);
	return receiver_fail(s, result, "HTTP status %d%s%s", p->r.status,
	    n > 0 ? ": " : "", text);
}

enum attempt
http_batch_fail(struct http_batch *p, struct receiver *s, enum attempt result)
{
	if (result == ATTEMPT_LATER)
		take_next_node(p);
	return fail(p, s, result);
}

/*
 * Follows a redirection, but only to the same host, and never from https to
 * http.  301 is taken for 308, as the body must not be lost.
 */
static bool
is_redirected(struct http_batch *p)
{
	struct span location = http_location(&p->r);
	struct buf to = { 0 };
	enum url_place place;
	bool yes = p->r.status != 302 && location.len > 0 &&
	    url_redirect(p->r.url, location, &to, &place) == 0 &&
	    place != URL_ELSEWHERE && buf_str(&to) != NULL;

	if (yes) {
		buf_clear(&p->redirected);
		buf_addspan(&p->redirected, buf_span(&to));
		p->r.url = buf_str(&p->redirected);
	}
	buf_free(&to);
	return yes && p->r.url != NULL;
}

/* Returns url at the server in use, or NULL without memory. */
static const char *
url_at_node(struct http_batch *p, const char *url)
{
	const char *path = strstr(url, "://") + 3;

	if (p->node == 0)
		return url;
	buf_clear(&p->at_node);
	buf_adds(&p->at_node, receiver_rest(p->o->also[p->node - 1]));
	buf_adds(&p->at_node, path + strcspn(path, "/?#"));
	return buf_str(&p->at_node);
}

/* Send the request to the server in use. */
static enum attempt
send_once(struct http_batch *p, struct receiver *s, const char *url)
{
	enum attempt result;
	char error[256];
	int hops = 0;

	s->retry_after_ms = 0;
	p->r.url = url_at_node(p, url);
	if (p->headers.failed || p->r.url == NULL)
		return receiver_fail(s, ATTEMPT_LATER, "%s", strerror(ENOMEM));
	do {
		if (p->signer != NULL && aws_signer_sign(p->signer, &p->r,
		    &p->headers, error) < 0)
			return receiver_fail(s, ATTEMPT_LATER, "%s", error);
		if (http_do(p->http, &p->r) < 0)
			return receiver_fail(s, ATTEMPT_LATER, "%s",
			    p->r.error);
	} while (hops++ < REDIRECTS && (is_redirected(p) ||
	    (p->signer != NULL && aws_signer_renewed(p->signer, &p->r))));
	result = judge(p->r.status);
	return result == ATTEMPT_DONE ? result : fail(p, s, result);
}

enum attempt
http_batch_send(
    struct http_batch *p, struct receiver *s, const char *url, struct span body)
{
	enum attempt result = ATTEMPT_LATER;

	p->r.method = "POST";
	p->r.body = pack(p, body);
	p->r.headers = &p->headers;
	p->r.timeout_ms = p->o->total_ms > 0 && p->o->total_ms < TOTAL_MS ?
	    p->o->total_ms : TOTAL_MS;
	if (s->leave_server)
		take_next_node(p);
	s->leave_server = false;
	for (size_t tries = 0; tries <= p->o->n_also; tries++) {
		if ((result = send_once(p, s, url)) != ATTEMPT_LATER)
			break;
		take_next_node(p);
	}
	return result;
}
