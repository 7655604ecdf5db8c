/* receivers: which URLs and options they take, and what they say of others */
#include <stdlib.h>
#include <unistd.h>

#include "net/url.h"
#include "stream/http_batch.h"
#include "stream/receiver.h"
#include "tap.h"

#define NO_HOST "the URL has no host"
#define PORT "a port is a number from 1 to 65535"
#define ES "an es URL is es+http://host:port/index"
#define SLS "an sls URL is sls+https://project.endpoint/logstore"
#define SYSLOG "a syslog URL is syslog+tcp://host:port (or tls, udp)"
#define BRACE "a { without a field name and }"
#define LABEL "a label is the name of a field"
#define NO_PATH "--also takes a URL without a path or a user"
#define X64 "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"

static const struct {
	const char *url, *why;	/* NULL: it is taken */
} urls[] = {
	{ "http://h", NULL }, { "http://h:1", NULL }, { "http://[::1]", NULL },
	{ "https://[::1]:65535/a?b", NULL }, { "http://h:0/", PORT },
	{ "http://h:65536/", PORT }, { "http://h:/", PORT },
	{ "http://", NO_HOST }, { "http:///a", NO_HOST },
	{ "http://u@/a", NO_HOST }, { "http://:80/", NO_HOST },
	{ "http://u:p@192.0.2.1/", URL_SECRETS_STAY },
	{ "https://u:p@192.0.2.1/", NULL },
	{ "http://u:p@127.0.0.1/", NULL },

	{ "es+http://h/i", NULL }, { "es+http://h/i//", NULL },
	{ "es+http://h/a/{b}-{date:%Y/%m?}?c=d", NULL },
	{ "es+http://h", ES }, { "es+http://h//", ES },
	{ "es+http://h?a=/b", ES }, { "es+http://h/?a", ES },
	{ "es+http:///", NO_HOST }, { "es+http://?a", NO_HOST },
	{ "es+http://u:p@//", NO_HOST },
	{ "es+http://h/{", BRACE }, { "es+http://h/a{}b", BRACE },
	{ "es+http://h/{a}{b?c", BRACE },
	{ "es+http://h/{" X64 X64 "}", BRACE },
	{ "es+http://h/{" X64 "}", NULL },
	{ "es+http://u:p@192.0.2.1/i", URL_SECRETS_STAY },

	{ "logplex+http://h", NULL },
	{ "logplex+https://", NO_HOST },
	{ "logplex+http://t:p@192.0.2.1/", URL_SECRETS_STAY },
	{ "loki+http://h?a", NULL }, { "loki+http://h/", NULL },
	{ "loki+http://u:p@192.0.2.1/", URL_SECRETS_STAY },
	{ "otlp+http://h/x", NULL }, { "otlp+http://h/?x", NULL },
	{ "otlp+http://u:p@192.0.2.1/", URL_SECRETS_STAY },

	{ "sls+http://p.e/s", NULL }, { "sls+http://p.e/s//", NULL },
	{ "sls+http://p.e", SLS }, { "sls+http://p.e/", SLS },
	{ "sls+http://p.e/s/t", SLS }, { "sls+http://p/s.t", SLS },
	{ "sls+http:///", NO_HOST }, { "sls+http://:1/s", NO_HOST },
	{ "sls+http://u:p@192.0.2.1/s", URL_SECRETS_STAY },

	{ "syslog+tcp://h:514", NULL }, { "syslog+tls://[::1]:1/", NULL },
	{ "syslog+udp://h:514//", SYSLOG }, { "syslog+udp://h:514/a", SYSLOG },
	{ "syslog+tcp://h", SYSLOG }, { "syslog+tcp://h:514?a", SYSLOG },
	{ "syslog+tcp://u@h:514", SYSLOG }, { "syslog+tcp://h:514#a", SYSLOG },
	{ "syslog+tcp://h:", PORT }, { "syslog+tcp://", NO_HOST },
	{ "syslog+udp://:514", NO_HOST },
};

static const struct buf none;

/* Why the receiver cannot be opened, or NULL. */
static const char *
why_not(const struct receiver_options *o)
{
	const char *why = "no reason";
	struct receiver *r = receiver_open(o, &why);

	if (r == NULL)
		return why;
	receiver_free(r);
	return NULL;
}

static bool
same(const char *why, const char *want)
{
	bool yes = why == want ||
	    (why != NULL && want != NULL && strcmp(why, want) == 0);

	if (!yes)
		printf("# %s\n", why != NULL ? why : "it is taken");
	return yes;
}

static void
test_urls(void)
{
	for (size_t i = 0; i < sizeof urls / sizeof *urls; i++) {
		struct receiver_options o = { .url = urls[i].url, .host = "h",
			.headers = &none };

		ok(same(why_not(&o), urls[i].why), "%s is %s", o.url,
		    urls[i].why != NULL ? "refused" : "taken");
	}
	ok(receiver_kind_of("ftp://h/") == NULL &&
	    receiver_kind_of("es+syslog://h/") == NULL &&
	    receiver_kind_of("") == NULL, "other schemes are no receiver's");
}

static void
test_also(void)
{
	static const struct {
		const char *url, *also, *why;
	} rows[] = {
		{ "es+http://h/i", "es+http://h:2", NULL },
		{ "es+http://h/i", "es+https://h", NULL },
		{ "es+http://h/i", "http://h",
		    "--also is another server of the same kind" },
		{ "es+http://h/i", "es+http://h/", NO_PATH },
		{ "es+http://h/i", "es+http://u@h", NO_PATH },
		{ "es+http://h/i", "es+http://{h}", NO_PATH },
		{ "es+http://h/i", "es+http://", NO_HOST },
		{ "es+http://h/i", "es+http://h:x", PORT },
		{ "syslog+tcp://h:1", "syslog+tcp://h:2",
		    "--also is for streams over HTTP" },
		{ "es+https://u:p@h/i", "es+http://192.0.2.1",
		    URL_SECRETS_STAY },
		{ "es+https://u:p@h/i", "es+http://127.0.0.1", NULL },
	};

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct receiver_options o = { .url = rows[i].url, .host = "h",
			.headers = &none, .also = &rows[i].also, .n_also = 1 };

		ok(same(why_not(&o), rows[i].why), "%s is %s beside %s",
		    rows[i].also, rows[i].why != NULL ? "refused" : "taken",
		    o.url);
	}
}

static void
test_names(void)
{
	static const struct {
		const char *url, *hostname, *appname, *labels, *why;
	} rows[] = {
		{ "logplex+http://h", "{a}-{b.c}", "x", NULL, NULL },
		{ "logplex+http://h", "{a", NULL, NULL, BRACE },
		{ "logplex+http://h", "a", "{}", NULL, BRACE },
		{ "syslog+tcp://h:1", "{}", NULL, NULL, BRACE },
		{ "syslog+udp://h:1", NULL, "{a}{", NULL, BRACE },
		{ "syslog+udp://h:1", NULL, "{a}}", NULL, NULL },
		{ "loki+http://h", NULL, NULL, "", NULL },
		{ "loki+http://h", NULL, NULL, "a.b,c-d,", NULL },
		{ "loki+http://h", NULL, NULL, "a,,b", LABEL },
		{ "loki+http://h", NULL, NULL, X64 X64, LABEL },
		{ "loki+http://h", NULL, NULL, X64, NULL },
		{ "loki+http://h", NULL, NULL, "a,1b", LABEL },
		{ "loki+http://h", NULL, NULL, "a.b,c,a-b",
		    "two labels would have the same name" },
		{ "loki+http://h", NULL, NULL, "a,b,c,d,e,f,g,h,i,j,k,l,m,n,o",
		    NULL },
		{ "loki+http://h", NULL, NULL,
		    "a,b,c,d,e,f,g,h,i,j,k,l,m,n,o,p",
		    "Loki takes 15 labels at most" },
	};

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct receiver_options o = { .url = rows[i].url, .host = "h",
			.headers = &none, .hostname = rows[i].hostname,
			.appname = rows[i].appname, .labels = rows[i].labels };

		ok(same(why_not(&o), rows[i].why),
		    "%s: hostname %s, appname %s, labels %s: %s", o.url,
		    o.hostname != NULL ? o.hostname : "none",
		    o.appname != NULL ? o.appname : "none",
		    o.labels != NULL ? o.labels : "as they are",
		    rows[i].why != NULL ? "refused" : "taken");
	}
}

static void
test_keys(void)
{
	static const char unset[] =
	    "ALIBABA_CLOUD_ACCESS_KEY_ID and _SECRET are not set";
	struct receiver_options o = { .url = "sls+http://p.e/s", .host = "h",
		.headers = &none };

	unsetenv("ALIBABA_CLOUD_ACCESS_KEY_SECRET");
	ok(same(why_not(&o), unset), "the Log Service needs a secret");
	setenv("ALIBABA_CLOUD_ACCESS_KEY_SECRET", "secret", 1);
	setenv("ALIBABA_CLOUD_SECURITY_TOKEN", "", 1);
	o.endpoint = "http://127.0.0.1:1//";
	ok(same(why_not(&o), NULL), "an empty token is none, and another "
	    "endpoint may end in slashes");
	unsetenv("ALIBABA_CLOUD_ACCESS_KEY_ID");
	ok(same(why_not(&o), unset), "the Log Service needs a key");
}

static void
test_aws(void)
{
	static const char region[] = "--aws-sigv4 needs a --region";
	static const char others[] =
	    "--aws-sigv4 is there for other credentials";
	static const struct {
		const char *url, *region, *why;
	} rows[] = {
		{ "http://a.eu-test-1.es.amazonaws.com/i", NULL, NULL },
		{ "http://127.0.0.1/i", "r", NULL },
		{ "http://127.0.0.1/i", NULL, region },
		{ "http://127.0.0.1/a.b.es.amazonaws.com", NULL, region },
		{ "http://es.amazonaws.com/i", NULL, region },
		{ "http://a.es.amazonaws.com/i", NULL, region },
		{ "http://u:p@127.0.0.1/i", "r", others },
	};
	struct buf headers = { 0 };
	struct receiver_options o = { .url = "http://127.0.0.1", .host = "h",
		.headers = &headers, .region = "r", .aws_service = "es" };

	buf_adds(&headers, "Authorization: Bearer x\n");
	ok(same(why_not(&o), others),
	    "AWS: there is one Authorization, not the user's, too");
	o.url = "http://192.0.2.1";
	ok(same(why_not(&o), URL_SECRETS_STAY),
	    "the user's own Authorization is a secret, too");
	o.http.insecure = true;
	o.aws_service = NULL;
	ok(same(why_not(&o), NULL), "the user may allow to tell it");
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct receiver_options a = { .url = rows[i].url, .host = "h",
			.headers = &none, .region = rows[i].region,
			.aws_service = "es" };

		ok(same(why_not(&a), rows[i].why), "AWS: %s with region %s is %s",
		    a.url, a.region != NULL ? a.region : "none",
		    rows[i].why != NULL ? "refused" : "taken");
	}
	buf_free(&headers);
}

static void
test_authorization(void)
{
#define JOE_SECRET "Basic am9lOnNlY3JldA=="
	static const struct {
		const char *user, *auth, *want;
	} rows[] = {
		{ "", NULL, "" }, { "joe:secret@", NULL, JOE_SECRET },
		{ "", "joe:secret", JOE_SECRET },
		{ "joe@", "secret", JOE_SECRET },
		{ "joe@", "joe:secret", JOE_SECRET },
		{ "joe:other@", "secret", JOE_SECRET },
		{ "", "secret", "Basic c2VjcmV0" },
		{ "", " secret", "Basic IHNlY3JldA==" },
		{ "", "Bearer a b", "Bearer a b" },
		{ "joe@", "bearer a", "bearer a" },
		{ "joe@", "ApiKey a", "ApiKey a" },
		{ "joe@", "Bearex a", "Basic am9lOkJlYXJleCBh" },
		{ "j@", "Own a", "Basic ajpPd24gYQ==" },
		{ "u@", "p", "Basic dTpw" },
		{ "", "Own a", "Own a" }, { "", "O a", "O a" },
		{ "joe@", "O a", "Basic am9lOk8gYQ==" },
	};
	char url[64];

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct receiver_options o = { .url = url, .host = "h",
			.headers = &none, .auth = rows[i].auth };
		struct http_batch p;
		const char *why;

		snprintf(url, sizeof url, "http://%s127.0.0.1/", rows[i].user);
		ok(http_batch_init(&p, &o, &why) == 0 &&
		    p.auth.len == strlen(rows[i].want) &&
		    same(p.auth.len > 0 ? buf_str(&p.auth) : "", rows[i].want),
		    "%s with \"%s\" is authorized by \"%s\"", url,
		    o.auth != NULL ? o.auth : "", rows[i].want);
		http_batch_free(&p);
	}
}

/* What is told of an answer that refuses a batch. */
static void
test_reasons(void)
{
	static const struct {
		const char *answer, *want;
	} rows[] = {
		{ "", "HTTP status 503" }, { " \r\n", "HTTP status 503" },
		{ "x", "HTTP status 503: x" },
		{ "too many\r\n", "HTTP status 503: too many" },
		{ " {\"a\":\n\t1~}", "HTTP status 503:  {\"a\":  1~}" },
		{ "\x7f""a\x1f\xc3\xa4""b\xff", "HTTP status 503:  a   b" },
		{ X64 X64 X64 "12345678901", "HTTP status 503: " X64 X64 X64
		    "12345678" },
	};

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct http_batch p = { .r.status = 503 };
		struct receiver s = { 0 };
		struct receiver_options o = { 0 };

		p.o = &o;
		buf_adds(&p.r.answer, rows[i].answer);
		ok(http_batch_fail(&p, &s, ATTEMPT_LATER) == ATTEMPT_LATER &&
		    same(s.error, rows[i].want), "answer %zu is told", i + 1);
		buf_free(&p.r.answer);
	}
}

int
main(void)
{
	static const char *const away[] = { "AWS_REGION", "AWS_DEFAULT_REGION",
		"AWS_PROFILE", "AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE" };

	for (size_t i = 0; i < sizeof away / sizeof *away; i++)
		unsetenv(away[i]);
	setenv("HOME", "/nonexistent", 1);
	setenv("ALIBABA_CLOUD_ACCESS_KEY_ID", "id", 1);
	setenv("ALIBABA_CLOUD_ACCESS_KEY_SECRET", "secret", 1);
	test_urls();
	test_also();
	test_names();
	test_keys();
	test_aws();
	test_authorization();
	test_reasons();
	return done_testing();
}
