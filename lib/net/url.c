#include "net/url.h"

#include <errno.h>
#include <stdlib.h>
#include <strings.h>

#include "base/bytes.h"
#include "base/digest.h"
#include "net/libcurl.h"

/*
 * Whether the text in front of a = is the name of a parameter that is secret.
 */
static bool
is_secret(struct span name)
{
	static const char *const names[] = {
		"auth", "code", "sig", "pass", "pwd",
	};
	static const char *const ends[] = {
		"token", "key", "secret", "password", "signature", "credential",
		"authorization",
	};
	size_t n;

	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		if (name.len == strlen(names[i]) &&
		    strncasecmp(name.p, names[i], name.len) == 0)
			return true;
	for (size_t i = 0; i < sizeof ends / sizeof *ends; i++)
		if (name.len >= (n = strlen(ends[i])) &&
		    strncasecmp(name.p + name.len - n, ends[i], n) == 0)
			return true;
	return false;
}

struct span
url_user(const char *url)
{
	const char *host = strstr(url, "://"), *at;
	size_t n;

	host = host != NULL ? host + 3 : url;
	n = strcspn(host, "/?#");
	at = memrchr(host, '@', n);
	if (at == NULL && url_has_bad_port(span_of(host, n)))
		at = memrchr(host, '@', strcspn(host, "?#"));
	return span_of(host, at != NULL ? (size_t)(at + 1 - host) : 0);
}

struct span
url_host(const char *url)
{
	struct span user = url_user(url);
	const char *host = user.p + user.len;

	return span_of(host, strcspn(host, "/?#"));
}

bool
url_has_bad_port(struct span host)
{
	const char *end = host.p + host.len;
	const char *colon = memrchr(host.p, ':', host.len);
	unsigned port = 0;

	if (colon == NULL || memchr(colon, ']', (size_t)(end - colon)) != NULL)
		return false;
	while (++colon < end && is_digit(*colon) && port <= 65535)
		port = 10 * port + (unsigned)(*colon - '0');
	return colon < end || port < 1 || port > 65535;
}

/*
 * Returns the next secret value of the query at p, which is moved after it;
 * empty at the end.
 */
static struct span
next_secret(const char **p)
{
	const char *name = *p, *value;
	size_t n;

	while (*name != '\0' && *name != '#') {
		n = strcspn(name, "=&#");
		value = name + n;
		if (*value == '=') {
			size_t len = strcspn(++value, "&#");

			if (len > 0 && is_secret(span_of(name, n))) {
				*p = value + len;
				return span_of(value, len);
			}
			value += len;
		}
		name = value + (*value == '&');
	}
	*p = name;
	return span_of(name, 0);
}

static const char *
query_of(const char *url)
{
	const char *p = url + strcspn(url, "?#");

	return *p == '?' ? p + 1 : p;
}

void
url_redact(struct buf *out, const char *url)
{
	struct span user = url_user(url), secret;
	const char *from = user.p + user.len, *p = query_of(from);

	buf_add(out, url, (size_t)(user.p - url));
	while (p += *p == '&', (secret = next_secret(&p)).len > 0) {
		buf_add(out, from, (size_t)(secret.p - from));
		buf_adds(out, "xxx");
		from = p;
	}
	buf_adds(out, from);
}

void
url_blot(char *url)
{
	struct span user = url_user(url), secret;
	const char *p = query_of(user.p + user.len);

	if (user.len > 0)
		memset(url + (user.p - url), 'x', user.len - 1);
	while (p += *p == '&', (secret = next_secret(&p)).len > 0)
		memset(url + (secret.p - url), 'x', secret.len);
}

static char *
part(CURLU *u, CURLUPart what, unsigned flags)
{
	char *s = NULL;

	return curl.url_get(u, what, &s, flags) == CURLUE_OK ? s : NULL;
}

int
url_split_user(const char *url, struct buf *plain, struct buf *out)
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
	digest_base64((unsigned char *)both.p, both.len, base64);
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
url_redirect(const char *url, struct span location, struct buf *out,
    enum url_place *place)
{
	CURLU *from = curl.url(), *u = curl.url();
	char *text = strndup(location.p, location.len), *to = NULL;
	char *scheme = NULL;
	bool scheme_kept, host_kept;
	int got = -1;

	if (text == NULL ||
	    curl.url_set(from, CURLUPART_URL, url, 0) != CURLUE_OK ||
	    curl.url_set(u, CURLUPART_URL, url, 0) != CURLUE_OK ||
	    curl.url_set(u, CURLUPART_URL, text, 0) != CURLUE_OK ||
	    (scheme = part(u, CURLUPART_SCHEME, 0)) == NULL)
		goto done;
	scheme_kept = same_part(from, u, CURLUPART_SCHEME);
	host_kept = same_part(from, u, CURLUPART_HOST);
	if (!scheme_kept && strcasecmp(scheme, "https") != 0)
		goto done; /* it leads from https to http, or is odd */
	*place = !host_kept ? URL_ELSEWHERE : !scheme_kept ? URL_SECURED :
	    same_part(from, u, CURLUPART_PORT) ? URL_SAME : URL_ELSEWHERE;
	curl.url_set(u, CURLUPART_USER, NULL, 0);
	curl.url_set(u, CURLUPART_PASSWORD, NULL, 0);
	if ((to = part(u, CURLUPART_URL, 0)) != NULL && buf_adds(out, to) == 0)
		got = 0;
done:
	free(text);
	curl.free(to);
	curl.free(scheme);
	curl.url_cleanup(from);
	curl.url_cleanup(u);
	return got;
}

bool
url_is_loopback(const char *url)
{
	struct span place = url_host(url);
	const char *host = place.p;
	size_t n = place.len;

	if (n >= 5 && strncmp(host, "[::1]", 5) == 0)
		return true;
	if (memchr(host, ':', n) != NULL)
		n = strcspn(host, ":");
	/*
	 * 127.0.0.1.example.com is not this machine: only digits and dots are.
	 */
	return (n == 9 && strncasecmp(host, "localhost", 9) == 0) ||
	    (strncmp(host, "127.", 4) == 0 &&
	    strspn(host, "0123456789.") == n);
}
