#include "post.h"

#include <errno.h>
#include <libdeflate.h>
#include <stdio.h>
#include <string.h>

#include "hash.h"
#include "headers.h"

enum { GZIP_LEVEL = 2, GZIP_LEAST = 512, REASON_MAX = 200 };

/* "user:password" as Basic; what has a scheme already as it stands. */
static int
set_auth(struct post *p, struct span user, const char *auth)
{
	struct buf plain = { 0 };
	size_t n;

	if (strncasecmp(auth, "ApiKey ", 7) == 0 ||
	    strncasecmp(auth, "Bearer ", 7) == 0 ||
	    strncasecmp(auth, "Basic ", 6) == 0)
		return buf_adds(&p->auth, auth);
	if (user.len > 0 && strchr(auth, ':') == NULL) {
		buf_addspan(&plain, user);
		buf_addc(&plain, ':');
	}
	buf_adds(&plain, auth);
	n = 4 * ((plain.len + 2) / 3) + 1;
	buf_adds(&p->auth, "Basic ");
	if (!plain.failed && buf_reserve(&p->auth, n) == 0) {
		hash_base64((const unsigned char *)plain.p, plain.len,
		    p->auth.p + p->auth.len);
		p->auth.len += n - 1;
	}
	if (plain.p != NULL)
		explicit_bzero(plain.p, plain.len);
	buf_free(&plain);
	return p->auth.failed ? -1 : 0;
}

/* Who we are: as the options say, or as the URL does. */
static int
find_auth(struct post *p, struct span user)
{
	const struct sender_options *o = p->o;
	struct buf plain = { 0 };
	size_t n = strcspn(user.p != NULL ? user.p : "", ":@");
	int r;

	if (o->auth != NULL)
		return set_auth(p, span_of(user.p, n < user.len ? n : user.len),
		    o->auth);
	if (user.len == 0)
		return 0;
	r = http_split_user(sender_rest(o->url), &plain, &p->auth);
	buf_free(&plain);
	return r < 0 ? -1 : 0;
}

int
post_init(struct post *p, const struct sender_options *o, const char **why)
{
	struct span user;

	*p = (struct post){ .o = o };
	*why = "out of memory";
	sender_plain_url(&p->url, sender_rest(o->url), &user);
	while (p->url.len > 0 && p->url.p[p->url.len - 1] == '/')
		p->url.len--;
	p->http = http_new(&o->http);
	if (p->http == NULL || p->url.failed || find_auth(p, user) < 0) {
		post_free(p);
		return -1;
	}
	if (!o->http.insecure &&
	    strncmp(sender_rest(o->url), "http:", 5) == 0 &&
	    !http_is_loopback(o->url) && (p->auth.len > 0 ||
	    headers_get(o->headers, "Authorization").p != NULL)) {
		*why = "credentials do not go over http:// without "
		    "--insecure-http";
		post_free(p);
		return -1;
	}
	return 0;
}

void
post_free(struct post *p)
{
	http_reset(&p->r);
	http_free(p->http);
	if (p->auth.p != NULL)
		explicit_bzero(p->auth.p, p->auth.cap);
	if (p->headers.p != NULL)
		explicit_bzero(p->headers.p, p->headers.cap);
	buf_free(&p->headers);
	buf_free(&p->packed);
	buf_free(&p->url);
	buf_free(&p->auth);
}

void
post_headers(struct post *p, const char *content_type)
{
	buf_clear(&p->headers);
	headers_add(&p->headers, "Content-Type", "%s", content_type);
	if (p->auth.len > 0)
		headers_add(&p->headers, "Authorization", "%.*s",
		    (int)p->auth.len, p->auth.p);
	buf_addspan(&p->headers, buf_span(p->o->headers));
}

/* The body in gzip form, if that is wanted and makes it smaller. */
static struct span
pack(struct post *p, struct span body)
{
	struct libdeflate_compressor *z;
	size_t n;

	if (!p->o->gzip || body.len < GZIP_LEAST)
		return body;
	buf_clear(&p->packed);
	if (buf_reserve(&p->packed, body.len) < 0 ||
	    (z = libdeflate_alloc_compressor(GZIP_LEVEL)) == NULL)
		return body;
	n = libdeflate_gzip_compress(z, body.p, body.len, p->packed.p, body.len);
	libdeflate_free_compressor(z);
	if (n == 0)
		return body;
	headers_add(&p->headers, "Content-Encoding", "gzip");
	return span_of(p->packed.p, n);
}

enum attempt
post_judge(int status)
{
	if (status >= 200 && status < 300)
		return ATTEMPT_DONE;
	switch (status) {
	case 410: case 416: case 422: case 424: case 425: case 451: case 508:
		return ATTEMPT_REFUSED;
	case 102: case 103: case 304: case 428: case 504:
		return ATTEMPT_FEW;
	case 413:
		return ATTEMPT_SPLIT;
	default:
		return ATTEMPT_LATER;
	}
}

enum attempt
post_fail(struct post *p, struct sender *s, enum attempt result)
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
	return sender_fail(s, result, "HTTP status %d%s%s", p->r.status,
	    n > 0 ? ": " : "", text);
}

enum attempt
post_send(struct post *p, struct sender *s, const char *url, struct span body)
{
	enum attempt result;

	p->r.method = "POST";
	p->r.url = url;
	p->r.body = pack(p, body);
	p->r.headers = &p->headers;
	s->retry_after_ms = 0;
	if (p->headers.failed)
		return sender_fail(s, ATTEMPT_LATER, "%s", strerror(ENOMEM));
	if (http_do(p->http, &p->r) < 0)
		return sender_fail(s, ATTEMPT_LATER, "%s", p->r.error);
	result = post_judge(p->r.status);
	return result == ATTEMPT_DONE ? result : post_fail(p, s, result);
}
