/* URLs: what people see of them, where they lead, and by which proxy */
#include "net/url.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "net/http.h"
#include "net/no_proxy.h"
#include "store/url_options.h"
#include "tap.h"

static void
shown(const char *url, const char *redacted, const char *blotted)
{
	struct buf b = { 0 };
	char *copy = strdup(url);

	url_redact(&b, url);
	ok(span_is(buf_span(&b), redacted), "%s is shown as %s", url,
	    redacted);
	url_blot(copy);
	ok(strcmp(copy, blotted) == 0, "%s becomes %s", url, blotted);
	free(copy);
	buf_free(&b);
}

static void
are_shown(void)
{
	static const char *const secret[] = {
		"auth", "code", "sig", "pass", "pwd", "SIG", "access_token",
		"key", "X-Amz-Signature", "client_secret", "Password",
		"X-Amz-Credential", "authorization",
	}, *const open[] = {
		"codes", "barcode", "tokens", "author", "sign", "ke", "page",
	};
	char url[64], hidden[64], blot[64];

	for (size_t i = 0; i < sizeof secret / sizeof *secret; i++) {
		snprintf(url, sizeof url, "http://h/?%s=ab&x=1", secret[i]);
		snprintf(hidden, sizeof hidden, "http://h/?%s=xxx&x=1",
		    secret[i]);
		snprintf(blot, sizeof blot, "http://h/?%s=xx&x=1", secret[i]);
		shown(url, hidden, blot);
	}
	for (size_t i = 0; i < sizeof open / sizeof *open; i++) {
		snprintf(url, sizeof url, "http://h/?%s=ab&x=1", open[i]);
		shown(url, url, url);
	}
	shown("http://u:p@h/a?b", "http://h/a?b", "http://xxx@h/a?b");
	shown("u:p@h?sig=1#sig=2", "h?sig=xxx#sig=2", "xxx@h?sig=x#sig=2");
	shown("http://u:p/q@h/", "http://h/", "http://xxxxx@h/");
	shown("http://h/?sig=a&sig=b&c", "http://h/?sig=xxx&sig=xxx&c",
	    "http://h/?sig=x&sig=x&c");
	shown("http://h/?a&sig=&key", "http://h/?a&sig=&key",
	    "http://h/?a&sig=&key");
	shown("http://h/?sig=&key=ab", "http://h/?sig=&key=xxx",
	    "http://h/?sig=&key=xx");
	shown("http://h/a@b", "http://h/a@b", "http://h/a@b");
	shown("http://u@h:x/a@b", "http://h:x/a@b", "http://x@h:x/a@b");
	shown("http://h/#?sig=1", "http://h/#?sig=1", "http://h/#?sig=1");
	shown("http://h/?#", "http://h/?#", "http://h/?#");
	shown("", "", "");
}

static void
ports(void)
{
	static const struct { const char *host; bool bad; } t[] = {
		{ "h", false }, { "h:1", false }, { "h:65535", false },
		{ "h:65536", true }, { "h:0", true }, { "h:", true },
		{ "h:80x", true }, { "h:x", true }, { "[::1]", false },
		{ "[::1]:80", false }, { "[::1]:x", true },
		{ "h:999999999999999999999", true },
	};

	for (size_t i = 0; i < sizeof t / sizeof *t; i++)
		ok(url_has_bad_port(span_str(t[i].host)) == t[i].bad,
		    "%s has a port that is %s", t[i].host,
		    t[i].bad ? "none" : "one, or has none");
	ok(!url_has_bad_port(span_of("h:655351", strlen("h:65535"))),
	    "a port ends with its host");
}

/* want is NULL for no URL, and "" where there is no user. */
static void
splits(const char *url, const char *want, const char *basic)
{
	struct buf plain = { 0 }, out = { 0 };
	int r = url_split_user(url, &plain, &out);

	if (want == NULL)
		ok(r < 0 && errno == EINVAL, "\"%s\" is no URL", url);
	else if (*want == '\0')
		ok(r == 1 && plain.len == 0 && out.len == 0,
		    "%s has no user", url);
	else
		ok(r == 0 && strcmp(buf_str(&plain), want) == 0 &&
		    strcmp(buf_str(&out), basic) == 0, "%s is %s with %s",
		    url, want, basic);
	buf_free(&plain);
	buf_free(&out);
}

static void
users(void)
{
	splits("http://u:p@h/x?y", "http://h/x?y", "Basic dTpw");
	splits("https://u@h/", "https://h/", "Basic dTo=");
	splits("http://u%40:p%3A@h:81/a/../b", "http://h:81/a/../b",
	    "Basic dUA6cDo=");
	splits("http://:p@h/", "http://h/", "Basic OnA=");
	splits("http://h/u:p@", "", NULL);
	splits("not a URL", NULL, NULL);
	splits("", NULL, NULL);
}

/* want is NULL where it is not followed, and "" where any URL is right. */
static void
leads(const char *url, const char *location, const char *want,
    enum url_place wanted)
{
	struct buf out = { 0 };
	enum url_place place = URL_SAME;
	int r = url_redirect(url, span_str(location), &out, &place);

	if (want == NULL)
		ok(r < 0 && out.len == 0, "%s does not lead to \"%s\"", url,
		    location);
	else if (!ok(r == 0 && place == wanted && (*want == '\0' ||
	    strcmp(buf_str(&out), want) == 0), "%s leads to %s %s", url,
	    location, wanted == URL_SAME ? "at the same place" :
	    wanted == URL_SECURED ? "with TLS" : "elsewhere"))
		printf("# %d %s\n", (int)place, r == 0 ? buf_str(&out) : "");
	buf_free(&out);
}

static void
redirects(void)
{
	leads("http://h/a/b?q", "c", "http://h/a/c", URL_SAME);
	leads("http://h/a/b", "/c?d", "http://h/c?d", URL_SAME);
	leads("http://h/a", "?d", "http://h/a?d", URL_SAME);
	leads("http://h/", "http://H:80/x", "", URL_SAME);
	leads("https://h:443/", "https://h/x", "https://h/x", URL_SAME);
	leads("http://h/", "https://h/x", "https://h/x", URL_SECURED);
	leads("http://h/", "http://h:81/x", "http://h:81/x", URL_ELSEWHERE);
	leads("http://h/", "http://i/", "http://i/", URL_ELSEWHERE);
	leads("http://h/", "//i/x", "http://i/x", URL_ELSEWHERE);
	leads("http://h/", "https://i/", "https://i/", URL_ELSEWHERE);
	leads("http://u:p@h/", "/x", "http://h/x", URL_SAME);
	leads("http://h/", "http://u:p@h/x", "http://h/x", URL_SAME);
	leads("https://h/", "http://h/", NULL, URL_SAME);
	leads("http://h/", "file:///etc/passwd", NULL, URL_SAME);
	leads("http://h/", "ftp://h/", NULL, URL_SAME);
	leads("http://h/", "http://h:99999/", NULL, URL_SAME);
	leads("no URL", "http://h/", NULL, URL_SAME);
}

static void
loopback(void)
{
	static const struct { const char *url; bool is; } t[] = {
		{ "http://localhost/", true }, { "http://LocalHost:80", true },
		{ "http://127.0.0.1:9000/x", true }, { "http://127.1", true },
		{ "http://[::1]/", true }, { "http://[::1]:80/", true },
		{ "http://u:p@localhost/", true },
		{ "http://localhost@h/", false },
		{ "http://h/127.0.0.1", false },
		{ "http://127.0.0.1.example.com/", false },
		{ "http://localhost.example.com/", false },
		{ "http://[::2]/", false }, { "http://128.0.0.1/", false },
		{ "http://1270.0.0.1/", false }, { "http://hostlocal/", false },
	};

	for (size_t i = 0; i < sizeof t / sizeof *t; i++)
		ok(url_is_loopback(t[i].url) == t[i].is, "%s is %sthis machine",
		    t[i].url, t[i].is ? "" : "not ");
}

static void
proxies(void)
{
	static const struct { const char *list, *url; bool has; } t[] = {
		{ "h:80", "http://h/", true }, { "h:443", "http://h/", false },
		{ "h:8", "http://h:8/", true }, { "*h:80", "http://h/", true },
		{ "b@h:80", "http://a.b@h/", false },
		{ "h:443", "https://h", true }, { "h", "http://h/", false },
		{ "H:8080", "http://u:p@h:8080/", true },
		{ "h:80", "http://h:8080/", false },
		{ "example.com:80", "http://a.example.com/", true },
		{ ".example.com:80", "http://a.example.com/", true },
		{ ".example.com:80", "http://example.com/", true },
		{ "*.example.com:80", "http://a.example.com/", true },
		{ "*example.com:80", "http://a.example.com/", true },
		{ "example.com:80", "http://anexample.com/", false },
		{ "a.example.com:80", "http://example.com/", false },
		{ "[::1]:80", "http://[::1]/", true },
		{ "[::1]:81", "http://[::1]:81/", true },
		{ "::1:80", "http://[::1]/", false },
		{ "a:1, b:2\th:80,c", "http://h/", true },
		{ ":80 .:80 *:80 , ,", "http://h/", false },
		{ "", "http://h/", false },
	};

	unsetenv("no_proxy");
	unsetenv("NO_PROXY");
	ok(!no_proxy_has_port_of("http://h/"), "without no_proxy none is in it");
	setenv("NO_PROXY", "h:80", 1);
	ok(no_proxy_has_port_of("http://h/"), "NO_PROXY is read");
	for (size_t i = 0; i < sizeof t / sizeof *t; i++) {
		setenv("no_proxy", t[i].list, 1);
		ok(no_proxy_has_port_of(t[i].url) == t[i].has,
		    "no_proxy=\"%s\" %s %s", t[i].list,
		    t[i].has ? "is for" : "is not for", t[i].url);
	}
}

static void
operands(void)
{
	static const struct { const char *name; bool url, many; } t[] = {
		{ "s3://b/k", true, false }, { "S3://b/p/", true, true },
		{ "s3://b", true, true }, { "s3://b/", true, true },
		{ "s3://b/a*c", true, true }, { "s3://b/[ab]", true, true },
		{ "s3://b/a?", true, true }, { "http://h/a*/", true, false },
		{ "HTTPS://h/", true, false }, { "kafka://h/t", true, false },
		{ "s3:/b", false, false }, { "ftp://h/", false, false },
		{ "file:///x", false, false }, { "-", false, false },
	};
	char file[] = "a?key=b", url[] = "http://u:p@h/?key=b";
	char *list[] = { file, url, NULL }, *none[] = { file, NULL };

	for (size_t i = 0; i < sizeof t / sizeof *t; i++)
		ok(url_is_operand(t[i].name) == t[i].url &&
		    url_is_many(t[i].name) == t[i].many, "%s is %s", t[i].name,
		    t[i].many ? "many objects" : t[i].url ? "one" : "a file");
	ok(url_hide(list) && list[0] == file &&
	    strcmp(list[1], "http://u:p@h/?key=b") == 0 &&
	    strcmp(url, "http://xxx@h/?key=x") == 0 &&
	    strcmp(file, "a?key=b") == 0,
	    "secrets are hidden in the command line, and kept");
	ok(!url_hide(none), "there is nothing to hide in a file's name");
	free(list[1]);
}

int
main(void)
{
	http_load();
	are_shown();
	ports();
	users();
	redirects();
	loopback();
	proxies();
	operands();
	return done_testing();
}
