#include "aws/sigv4.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/digest.h"
#include "net/http_headers.h"

enum {
	PARTS_MAX = 256,	/* the most headers, or query parameters */
	SECRET_MAX = 500,	/* bytes; those of AWS have 40 */
};

struct field {
	struct span name, value;
	size_t at;		/* keeps equal names in their order */
};

/* Compares names in lower case; equal ones keep their order. */
static int
by_name(const void *a, const void *b)
{
	const struct field *x = a, *y = b;
	size_t n = x->name.len < y->name.len ? x->name.len : y->name.len;
	int c = strncasecmp(x->name.p, y->name.p, n);

	if (c != 0)
		return c;
	if (x->name.len != y->name.len)
		return x->name.len < y->name.len ? -1 : 1;
	return x->at < y->at ? -1 : 1;
}

static int
by_bytes(struct span a, struct span b)
{
	size_t n = a.len < b.len ? a.len : b.len;
	int c = n > 0 ? memcmp(a.p, b.p, n) : 0;

	return c != 0 ? c : (a.len > b.len) - (a.len < b.len);
}

static int
by_name_and_value(const void *a, const void *b)
{
	const struct field *x = a, *y = b;
	int c = by_bytes(x->name, y->name);

	return c != 0 ? c : by_bytes(x->value, y->value);
}

static void
add_lower(struct buf *b, struct span s)
{
	for (size_t i = 0; i < s.len; i++)
		buf_addc(b, (char)tolower((unsigned char)s.p[i]));
}

/* Add a value; runs of blanks count as one. */
static void
add_squeezed(struct buf *b, struct span s)
{
	for (size_t i = 0; i < s.len; i++)
		if (s.p[i] != ' ' || i == 0 || s.p[i - 1] != ' ')
			buf_addc(b, s.p[i]);
}

/* Add the parameters in order, each with its "=". */
static int
add_query(struct buf *b, const char *query)
{
	struct field f[PARTS_MAX];
	size_t n = 0;

	while (*query != '\0') {
		size_t len = strcspn(query, "&"), name = strcspn(query, "=&");

		if (n == PARTS_MAX) {
			errno = E2BIG;
			return -1;
		}
		f[n].name = span_of(query, name);
		f[n].value = name < len ?
		    span_of(query + name + 1, len - name - 1) :
		    span_of(NULL, 0);
		n++;
		query += len + (query[len] == '&');
	}
	if (n > 0)
		qsort(f, n, sizeof *f, by_name_and_value);
	for (size_t i = 0; i < n; i++) {
		if (i > 0)
			buf_addc(b, '&');
		buf_addspan(b, f[i].name);
		buf_addc(b, '=');
		buf_addspan(b, f[i].value);
	}
	return 0;
}

/* Add the headers, one to a line, and the list of their names. */
static int
add_headers(struct buf *b, struct buf *names, const struct buf *headers)
{
	struct span rest = buf_span(headers);
	struct field f[PARTS_MAX];
	size_t n = 0;

	while (n < PARTS_MAX && headers_next(&rest, &f[n].name, &f[n].value)) {
		f[n].at = n;
		n++;
	}
	if (rest.len > 0) {
		errno = E2BIG;
		return -1;
	}
	qsort(f, n, sizeof *f, by_name);
	for (size_t i = 0; i < n; i++) {
		bool again = i > 0 && f[i].name.len == f[i - 1].name.len &&
		    strncasecmp(f[i].name.p, f[i - 1].name.p,
		    f[i].name.len) == 0;

		if (!again) {
			if (i > 0) {
				buf_addc(b, '\n');
				buf_addc(names, ';');
			}
			add_lower(names, f[i].name);
			add_lower(b, f[i].name);
		}
		buf_addc(b, again ? ',' : ':');
		add_squeezed(b, f[i].value);
	}
	buf_addc(b, '\n');
	return 0;
}

/* Write the digest of the canonical request, in hex. */
static int
digest_request(const char *method, const char *path, const char *query,
    const struct buf *headers, const char *payload, struct buf *names,
    char hex[SHA256_HEX])
{
	unsigned char d[SHA256_SIZE];
	struct buf b = { 0 };
	int r = -1;

	buf_printf(&b, "%s\n%s\n", method, path);
	if (add_query(&b, query) < 0)
		goto done;
	buf_addc(&b, '\n');
	if (add_headers(&b, names, headers) < 0)
		goto done;
	buf_printf(&b, "\n%.*s\n%s", (int)names->len, names->p, payload);
	if (b.failed || names->failed)
		goto done;
	sha256(b.p, b.len, d);
	digest_hex(d, sizeof d, hex);
	r = 0;
done:
	if (b.p != NULL)
		explicit_bzero(b.p, b.cap);	/* it holds the token */
	buf_free(&b);
	return r;
}

/* Derive the key for one day, region and service. */
static void
derive_key(const struct sigv4 *s, const char *day, unsigned char k[SHA256_SIZE])
{
	char first[4 + SECRET_MAX + 1];
	int n = snprintf(first, sizeof first, "AWS4%s", s->secret);

	hmac_sha256(first, (size_t)n, day, strlen(day), k);
	hmac_sha256(k, SHA256_SIZE, s->region, strlen(s->region), k);
	hmac_sha256(k, SHA256_SIZE, s->service, strlen(s->service), k);
	hmac_sha256(k, SHA256_SIZE, "aws4_request", 12, k);
	explicit_bzero(first, sizeof first);
}

int
sigv4_sign(const struct sigv4 *s, const char *method, const char *path,
    const char *query, struct buf *headers, const char *payload)
{
	char stamp[32], day[16], hex[SHA256_HEX];
	unsigned char k[SHA256_SIZE];
	struct buf names = { 0 }, scope = { 0 }, text = { 0 };
	struct tm tm;
	int r = -1;

	gmtime_r(&s->when, &tm);
	strftime(stamp, sizeof stamp, "%Y%m%dT%H%M%SZ", &tm);
	strftime(day, sizeof day, "%Y%m%d", &tm);
	if (strlen(s->secret) > SECRET_MAX) {
		errno = E2BIG;
		goto done;
	}
	if (headers_add(headers, "X-Amz-Date", "%s", stamp) < 0 ||
	    (s->token != NULL && headers_add(headers, "X-Amz-Security-Token",
	    "%s", s->token) < 0) ||
	    digest_request(method, path, query, headers, payload, &names,
	    hex) < 0)
		goto done;
	buf_printf(&scope, "%s/%s/%s/aws4_request", day, s->region, s->service);
	buf_printf(&text, "AWS4-HMAC-SHA256\n%s\n%s\n%s", stamp,
	    buf_str(&scope), hex);
	if (text.failed || scope.failed)
		goto done;
	derive_key(s, day, k);
	hmac_sha256(k, sizeof k, text.p, text.len, k);
	digest_hex(k, sizeof k, hex);
	explicit_bzero(k, sizeof k);
	r = headers_add(headers, "Authorization", "AWS4-HMAC-SHA256 "
	    "Credential=%s/%s, SignedHeaders=%s, Signature=%s", s->id,
	    scope.p, buf_str(&names), hex);
done:
	buf_free(&names);
	buf_free(&scope);
	buf_free(&text);
	return r;
}
