/* sls: signatures as Alibaba Cloud publishes them, and messages byte by byte */
#include <errno.h>
#include <lz4.h>

#include "net/http_headers.h"
#include "stream/sls_protocol.h"
#include "tap.h"

/* From the tests of aliyun-log-go-sdk, signature_v4_test.go. */
static void
test_v1(void)
{
	struct buf h = { 0 };
	char out[SLS_SIGNATURE_SIZE];

	headers_add(&h, "x-log-apiversion", "0.6.0");
	headers_add(&h, "x-log-signaturemethod", "hmac-sha1");
	headers_add(&h, "x-log-bodyrawsize", "0");
	headers_add(&h, "Date", "Mon, 3 Jan 2010 08:33:47 GMT");
	ok(sls_signature_v1("mockAccessKeySecret", "GET", "/logstores", &h,
	    out) == 0 && span_is(span_str(out), "Rwm6cTKzoti4HWoe+GKcb6Kv07E="),
	    "signature v1 without a body");
	buf_clear(&h);
	headers_add(&h, "x-log-apiversion", "0.6.0");
	headers_add(&h, "x-log-signaturemethod", "hmac-sha1");
	headers_add(&h, "x-log-bodyrawsize", "50");
	headers_add(&h, "Content-MD5", "8D6881250FF5559F59BBDF04100F6E59");
	headers_add(&h, "Content-Type", "application/x-protobuf");
	headers_add(&h, "Content-Length", "50");
	headers_add(&h, "Date", "Mon, 3 Jan 2010 08:33:47 GMT");
	ok(sls_signature_v1("mockAccessKeySecret", "GET", "/logstores/app_log",
	    &h, out) == 0 &&
	    span_is(span_str(out), "87xQWqFaOSewqRIma8kPjGYlXHc="),
	    "signature v1 with a protobuf body");
	/* base64(hmac-sha1("s", "GET\n\n\n\nx-log-a:1\nx-log-ab:2\n..." */
	buf_clear(&h);
	headers_add(&h, "X-Log-AB", "2");
	headers_add(&h, "x-log-b", "3");
	headers_add(&h, "x-log-a", "1");
	ok(sls_signature_v1("s", "GET", "/r", &h, out) == 0 &&
	    span_is(span_str(out), "kgU2chDxQMsmuPGUdm5B3m17ink="),
	    "a name goes before one that it begins");
	buf_free(&h);
}

/* headers as those tests have them, for a body with this digest. */
static void
set_headers(struct buf *h, bool more, const char *when, const char *digest)
{
	buf_clear(h);
	if (more) {
		headers_add(h, "hello", "world");
		headers_add(h, "hello-Text", "a12X- ");
		headers_add(h, "x-log-test", "het123");
		headers_add(h, "x-acs-ppp", "dds");
	}
	headers_add(h, "x-log-date", "%s", when);
	headers_add(h, "x-log-content-sha256", "%s", digest);
}

static void
test_v4(void)
{
	static const char query[] = "=efg& abc=efg& agc &A-bc=eFg";
	static const char empty[] = "e3b0c44298fc1c149afbf4c8996fb924"
	    "27ae41e4649b934ca495991b7852b855";
	static const char body[] = "c7a4fd95f1d70933caf91641e8000768"	/* of */
	    "cea86100dc5649fd4f16fead718a62e4";		/* adasd= -asd zcas */
	static const char when[] = "20220808T032330Z";
	static const struct {
		const char *region, *method, *query, *digest, *signature;
	} tests[] = {
		{ "cn-hangzhou", "POST", query, body, "a98f5632e93836e63839cd"
		    "836a54055f480020a9364ca944e2d34f2eb9bf1bed" },
		{ "cn-shanghai", "POST", "", body, "8a10a5e723cb2e75964816de66"
		    "0b2c16a58af8bc0261f7f0722d832468c76ce8" },
		{ "cn-hangzhou", "POST", query, empty, "5a66d8f8051983e0e9d08e"
		    "0f960ef9252ef971eead5bb5c7acec8617a2eb2701" },
		{ "cn-hangzhou", "GET", query, empty, "d92741852500791d662a8d"
		    "469ff61627c0559ecd86c3f59b7bf6772b6c62666a" },
	};
	struct sls_key k = { .id = "acsddda21dsd", .secret = "zxasdasdasw2" };
	char out[SLS_SIGNATURE_SIZE];
	struct buf h = { 0 };

	for (size_t i = 0; i < sizeof tests / sizeof *tests; i++) {
		k.region = tests[i].region;
		set_headers(&h, *tests[i].query != '\0', when,
		    tests[i].digest);
		ok(sls_signature_v4(&k, tests[i].method, "/logstores",
		    tests[i].query, &h, when, tests[i].digest, out) == 0 &&
		    span_is(span_str(out), tests[i].signature),
		    "signature v4, case %zu", i + 1);
	}
	buf_free(&h);
}

static void
test_message(void)
{
	static const char line[] = "{\"timestamp\":\"1970-01-01T00:02:03.5Z\","
	    "\"a\":\"b\",\"a\":\"again\",\"n\":1,\"__topic__\":\"t\","
	    "\"__tag__:k\":\"v\"}";
	static const char log[] = "\x0a\x17\x08\x7b\x12\x06\x0a\x01" "a\x12\x01"
	    "b\x12\x06\x0a\x01" "n\x12\x01" "1\x25\x00\x65\xcd\x1d";
	static const char group[] = "\x1a\x01" "t\x22\x01" "h\x32\x06\x0a\x01"
	    "k\x12\x01" "v";
	struct sls_group g = { 0 }, other = { 0 };
	struct buf b = { 0 };

	ok(sls_add_log(&b, span_str(line), 0) == 0 &&
	    span_eq(buf_span(&b), span_of(log, sizeof log - 1)),
	    "a log is a message, its keys are unique");
	buf_clear(&b);
	ok(sls_group_of(&g, span_str(line), "h") == 0 &&
	    sls_add_group(&b, &g) == 0 &&
	    span_eq(buf_span(&b), span_of(group, sizeof group - 1)),
	    "topic, source and tags are the group's");
	ok(sls_group_of(&other, span_str("text"), "h") == 0 &&
	    !sls_group_same(&g, &other) && sls_group_same(&g, &g),
	    "records of different topics are of different groups");
	errno = 0;
	ok(sls_add_log(&b, span_str("{\"timestamp\":\"1950-01-01T00:00:00Z\","
	    "\"a\":1}"), 0) < 0 && errno == EINVAL,
	    "a time before 1970 is refused");
	errno = 0;
	ok(sls_add_log(&b, span_str("{\"timestamp\":\"2106-02-07T06:28:16Z\","
	    "\"a\":1}"), 0) < 0 && errno == EINVAL,
	    "a time that 32 bits do not hold is refused");
	buf_clear(&b);
	ok(sls_add_log(&b, span_str("{\"timestamp\":\"2106-02-07T06:28:15Z\","
	    "\"a\":1}"), 0) == 0 && b.len == 16 &&
	    memcmp(b.p, "\x0a\x0e\x08\xff\xff\xff\xff\x0f\x12", 9) == 0,
	    "the last time that they hold is taken, and has no fraction");
	buf_free(&b);
	sls_group_free(&g);
	sls_group_free(&other);
}

/* Fields that are not UTF-8, in places where protobuf has strings */
static void
test_utf8(void)
{
	static const struct {
		const char *line, *want, *name;
	} groups[] = {
		{ "{\"__topic__\":\"t\xff\",\"__source__\":\"s\"}",
		    "\x1a\x04t\xef\xbf\xbd\x22\x01s", "a topic" },
		{ "{\"tag\":\"t\\u00e9\xff\",\"hostname\":\"\xff\"}",
		    "\x1a\x06t\xc3\xa9\xef\xbf\xbd\x22\x03\xef\xbf\xbd",
		    "a tag and a host" },
		{ "{\"__source__\":\"s\",\"__tag__:\xff\":\"\\\"\xff\"}",
		    "\x22\x01s\x32\x0b\x0a\x03\xef\xbf\xbd\x12\x04\"\xef\xbf\xbd",
		    "a tag's name and value" },
		{ "{\"__source__\":\"s\",\"__tag__:\\u00e9\":2}",
		    "\x22\x01s\x32\x07\x0a\x02\xc3\xa9\x12\x01" "2",
		    "an escape in a tag's name" },
		{ "{\"__tag__:\":2,\"__topic__\":\"\"}", "\x22\x01h",
		    "a tag without a name, and an empty topic" },
		{ "[\"__tag__:a\"]", "\x22\x01h", "a text" },
	};
	struct sls_group g = { 0 };
	struct buf b = { 0 };

	for (size_t i = 0; i < sizeof groups / sizeof *groups; i++) {
		buf_clear(&b);
		if (!ok(sls_group_of(&g, span_str(groups[i].line), "h") == 0 &&
		    sls_add_group(&b, &g) == 0 &&
		    span_is(buf_span(&b), groups[i].want),
		    "a group is UTF-8: %s", groups[i].name))
			printf("# %.*s\n", (int)b.len, b.p);
	}
	buf_free(&b);
	sls_group_free(&g);
}

/* Values whose lengths have two and three bytes. */
static void
test_lengths(void)
{
	static const size_t lengths[] = { 127, 128, 16383, 16384 };
	static const char *const heads[] = {
		"\x0a\x89\x01\x08\x05\x12\x84\x01\x0a\x01" "a\x12\x7f",
		"\x0a\x8b\x01\x08\x05\x12\x86\x01\x0a\x01" "a\x12\x80\x01",
		"\x0a\x8b\x80\x01\x08\x05\x12\x85\x80\x01\x0a\x01" "a\x12"
		"\xff\x7f",
		"\x0a\x8d\x80\x01\x08\x05\x12\x87\x80\x01\x0a\x01" "a\x12"
		"\x80\x80\x01",
	};
	struct buf line = { 0 }, b = { 0 };

	for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++) {
		size_t n = strlen(heads[i]);

		buf_clear(&line);
		buf_clear(&b);
		buf_printf(&line, "{\"a\":\"%0*d\"}", (int)lengths[i], 0);
		ok(sls_add_log(&b, buf_span(&line), 5) == 0 &&
		    b.len == n + lengths[i] && memcmp(b.p, heads[i], n) == 0,
		    "a value has %zu bytes", lengths[i]);
	}
	buf_free(&line);
	buf_free(&b);
}

static void
test_compress(void)
{
	struct buf b = { 0 };
	char text[500], back[500];

	memset(text, 'x', sizeof text);
	ok(sls_compress(&b, span_of(text, sizeof text)) == 0 &&
	    LZ4_decompress_safe(b.p, back, (int)b.len, sizeof back) ==
	    sizeof back && memcmp(text, back, sizeof text) == 0,
	    "LZ4 is used where it helps");
	ok(sls_compress(&b, span_str("a1")) < 0,
	    "LZ4 is not used where it does not help");
	buf_free(&b);
}

int
main(void)
{
	test_v1();
	test_v4();
	test_message();
	test_utf8();
	test_lengths();
	test_compress();
	return done_testing();
}
