/* AWS Signature Version 4: the vectors that AWS has published */
#include "aws/sigv4.h"

#include <errno.h>
#include <stdlib.h>

#include "net/http_headers.h"
#include "tap.h"

static const char empty[] =
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

struct vector {
	const char *name, *method, *path, *query, *headers, *payload, *want;
};

static void
check(const struct sigv4 *s, const struct vector *v)
{
	struct buf h = { 0 };
	struct span got;
	size_t n = strlen(v->want);

	buf_adds(&h, v->headers);
	if (!ok(sigv4_sign(s, v->method, v->path, v->query, &h,
	    v->payload != NULL ? v->payload : empty) == 0, "%s: is signed",
	    v->name))
		return;
	got = headers_get(&h, "Authorization");
	if (!ok(got.len >= n && memcmp(got.p + got.len - n, v->want, n) == 0,
	    "%s: has the signature that AWS gives", v->name))
		printf("# %.*s\n", (int)got.len, got.p);
	buf_free(&h);
}

/* aws-sig-v4-test-suite; its path rules are those of services other than S3 */
static const char host[] = "Host:example.amazonaws.com\n";
static const struct vector suite[] = {
	{ "get-vanilla", "GET", "/", "", host, NULL,
	    "SignedHeaders=host;x-amz-date, Signature="
	    "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d76"
	    "3fbf31" },
	{ "get-vanilla-query-order-key-case", "GET", "/",
	    "Param2=value2&Param1=value1", host, NULL,
	    "b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94c"
	    "df2500" },
	{ "get-vanilla-empty-query-key", "GET", "/", "Param1=value1",
	    host, NULL,
	    "a67d582fa61cc504c4bae71f336f98b97f1ea3c7a6bfe1b6e45aec7201"
	    "1b9aeb" },
	{ "get-header-key-duplicate", "GET", "/", "",
	    "Host:example.amazonaws.com\nMy-Header1:value2\n"
	    "My-Header1:value2\nMy-Header1:value1\n",
	    NULL,
	    "SignedHeaders=host;my-header1;x-amz-date, Signature="
	    "c9d5ea9f3f72853aea855b47ea873832890dbdd183b4468f858259531a"
	    "5138ea" },
	{ "get-header-value-order", "GET", "/", "",
	    "Host:example.amazonaws.com\nMy-Header1:value4\n"
	    "My-Header1:value1\nMy-Header1:value3\nMy-Header1:value2\n",
	    NULL,
	    "08c7e5a9acfcfeb3ab6b2185e75ce8b1deb5e634ec47601a50643f830c"
	    "755c01" },
	{ "get-header-value-trim", "GET", "/", "",
	    "Host:example.amazonaws.com\nMy-Header1: value1\n"
	    "My-Header2: \"a   b   c\"\n",
	    NULL,
	    "acc3ed3afb60bb290fc8d2dd0098b9911fcaa05412b367055dee359757"
	    "a9c736" },
	{ "get-unreserved", "GET",
	    "/-._~0123456789"
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz",
	    "", host, NULL,
	    "07ef7494c76fa4850883e2b006601f940f8a34d404d0cfa977f52a65bb"
	    "f5f24f" },
	{ "get-utf8", "GET", "/%E1%88%B4", "", host, NULL,
	    "8318018e0b0f223aa2bbf98705b62bb787dc9c0e678f255a891fd03141"
	    "be5d85" },
	{ "get-vanilla-query-unreserved", "GET", "/",
	    "-._~"
	    "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrst"
	    "uvwxyz=-._~"
	    "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklm"
	    "nopqrstuvwxyz",
	    host, NULL,
	    "9c3e54bfcdf0b19771a7f523ee5669cdf59bc7cc0884027167c21bb143"
	    "a40197" },
	{ "post-vanilla", "POST", "/", "", host, NULL,
	    "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92ef"
	    "be5d6b" },
	{ "post-header-key-sort", "POST", "/", "",
	    "Host:example.amazonaws.com\nMy-Header1:value1\n", NULL,
	    "c5410059b04c1ee005303aed430f6e6645f61f4dc9e1461ec8f8916fdf"
	    "18852c" },
	{ "post-header-value-case", "POST", "/", "",
	    "Host:example.amazonaws.com\nMy-Header1:VALUE1\n", NULL,
	    "cdbc9802e29d2942e5e10b5bccfdd67c5f22c7c4e8ae67b53629efa58b"
	    "974b7d" },
	{ "post-vanilla-query", "POST", "/", "Param1=value1", host,
	    NULL,
	    "28038455d6de14eafc1f9222cf5aa6f1a96197d7deb8263271d420d138"
	    "af7f11" },
	{ "post-x-www-form-urlencoded", "POST", "/", "",
	    "Host:example.amazonaws.com\n"
	    "Content-Type:application/x-www-form-urlencoded\n",
	    "9095672bbd1f56dfc5b65f3e153adc8731a4a654192329106275f4c7b2"
	    "4d0b6e",
	    "ff11897932ad3f4e8b18135d722051e5ac45fc38421b1da7b9d196a0fe"
	    "09473a" },
};

static void
test_suite(void)
{
	struct sigv4 s = {
		.id = "AKIDEXAMPLE",
		.secret = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY",
		.region = "us-east-1", .service = "service",
		.when = 1440938160,	/* 2015-08-30T12:36:00Z */
	};
	static const struct vector sts = {
		"post-sts-header-before",
		"POST",
		"/",
		"",
		"Host:example.amazonaws.com\n",
		NULL,
		"85d96828115b5dc0cfc3bd16ad9e210dd772bbebba041836c64533a82be05e"
		"ad",
	};

	for (size_t i = 0; i < sizeof suite / sizeof *suite; i++)
		check(&s, &suite[i]);
	s.token =
	    "AQoDYXdzEPT//////////wEXAMPLEtc764bNrC9SAPBSM22wDOk4x4HIZ8j4FZ"
	    "TwdQWLWsKWHGBuFqwAeMicRXmxfpSPfIeoIYRqTflfKD8YUuwthAx7mSEI/qkPpKP"
	    "i/kMcGdQrmGdeehM4IC1NtBmUpp2wUE8phUZampKsburEDy0KPkyQDYwT7WZ0wq5V"
	    "SXDvp75YU9HFvlRd8Tx6q6fE8YQcHNVXAkiY9q6d+xo0rKwT38xVqr7ZD0u0iPPkU"
	    "L64lIZbqBAz+scqKmlzm8FDrypNC9Yjc8fPOLn9FX9KSYvKTr4rvx3iSIlTJabIQw"
	    "j2ICCR/oLxBA==";
	check(&s, &sts);
}

/* The examples in the S3 API reference: a path is encoded once, never tidied.
 */
static void
test_s3(void)
{
	static const struct vector v[] = {
		{ "GET object", "GET", "/test.txt", "",
		    "Host: examplebucket.s3.amazonaws.com\nRange: bytes=0-9\n"
		    "x-amz-content-sha256: e3b0c44298fc1c149afbf4c8996fb92427ae"
		    "41e4649b934ca495991b7852b855\n",
		    NULL,
		    "SignedHeaders=host;range;x-amz-content-sha256;x-amz-date, "
		    "Signature="
		    "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c603"
		    "6bdb41" },
		{ "PUT object", "PUT", "/test%24file.text", "",
		    "Host: examplebucket.s3.amazonaws.com\n"
		    "Date: Fri, 24 May 2013 00:00:00 GMT\n"
		    "x-amz-storage-class: REDUCED_REDUNDANCY\n"
		    "x-amz-content-sha256: 44ce7dd67c959e0d3524ffac1771dfbba87d"
		    "2b6b4b4e99e42034a8b803f8b072\n",
		    "44ce7dd67c959e0d3524ffac1771dfbba87d2b6b4b4e99e42034a8b803"
		    "f8b072",
		    "98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ec"
		    "e108bd" },
		{ "GET lifecycle", "GET", "/", "lifecycle",
		    "Host: examplebucket.s3.amazonaws.com\n"
		    "x-amz-content-sha256: e3b0c44298fc1c149afbf4c8996fb92427ae"
		    "41e4649b934ca495991b7852b855\n",
		    NULL,
		    "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136"
		    "783543" },
		{ "list objects", "GET", "/", "max-keys=2&prefix=J",
		    "Host: examplebucket.s3.amazonaws.com\n"
		    "x-amz-content-sha256: e3b0c44298fc1c149afbf4c8996fb92427ae"
		    "41e4649b934ca495991b7852b855\n",
		    NULL,
		    "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef6"
		    "9dc6f7" },
	};
	const struct sigv4 s = {
		.id = "AKIAIOSFODNN7EXAMPLE",
		.secret = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
		.region = "us-east-1", .service = "s3",
		.when = 1369353600,	/* 2013-05-24T00:00:00Z */
	};

	for (size_t i = 0; i < sizeof v / sizeof *v; i++)
		check(&s, &v[i]);
}

/* What is the same request has the same signature. */
static void
test_same(void)
{
	static const struct {
		const char *name, *query[2], *headers[2];
	} rows[] = {
		{ "parameters come in any order",
		    { "b=1&a=2&ab=3&aa=4", "aa=4&a=2&b=1&ab=3" }, { "", "" } },
		{ "values of a parameter come in any order",
		    { "a=2&a=1&a=10&a=", "a&a=10&a=1&a=2" }, { "", "" } },
		{ "headers come in any order", { "", "" },
		    { "B: 1\nA: 2\nAb: 3\n", "A: 2\nAb: 3\nB: 1\n" } },
		{ "a header that comes twice is one with both values",
		    { "", "" }, { "A: 2\nB: 3\nA: 1\n", "A: 2,1\nB: 3\n" } },
		{ "blanks in a header count as one", { "", "" },
		    { "A: b   c  d\n", "a:b c d\n" } },
	};
	const struct sigv4 s = { .id = "id", .secret = "s", .region = "r",
		.service = "s3" };

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct buf h[2] = { 0 };
		struct span got[2];

		for (int k = 0; k < 2; k++) {
			buf_adds(&h[k], rows[i].headers[k]);
			if (sigv4_sign(&s, "GET", "/", rows[i].query[k], &h[k],
			    empty) < 0)
				abort();
			got[k] = headers_get(&h[k], "Authorization");
		}
		if (!ok(span_eq(got[0], got[1]), "%s", rows[i].name))
			printf("# %.*s\n# %.*s\n", (int)got[0].len, got[0].p,
			    (int)got[1].len, got[1].p);
		buf_free(&h[0]);
		buf_free(&h[1]);
	}
}

/* What cannot be signed. */
static void
refusals(void)
{
	struct sigv4 s = { .id = "id", .secret = "s", .region = "r",
		.service = "s3" }, bad = s;
	char secret[502] = "";
	struct buf h = { 0 }, many = { 0 };

	for (int i = 0; i < 257; i++)
		buf_printf(&many, "a%d&", i);
	ok(sigv4_sign(&s, "GET", "/", buf_str(&many), &h, empty) < 0 &&
	    errno == E2BIG, "a query has at most 256 parameters");
	many.p[many.len - strlen("a256&")] = '\0';
	buf_clear(&h);
	ok(sigv4_sign(&s, "GET", "/", many.p, &h, empty) == 0,
	    "a query of 256 parameters can be signed");
	buf_clear(&h);
	for (int i = 0; i < 256; i++)
		buf_printf(&h, "A%d: x\n", i);
	ok(sigv4_sign(&s, "GET", "/", "", &h, empty) < 0 && errno == E2BIG,
	    "256 headers with the date cannot be signed");
	buf_clear(&h);
	bad.token = "a\nb";
	ok(sigv4_sign(&bad, "GET", "/", "", &h, empty) < 0 && errno == EINVAL,
	    "a token has one line");
	buf_clear(&h);
	memset(secret, 'x', sizeof secret - 1);
	bad = s;
	bad.secret = secret;
	ok(sigv4_sign(&bad, "GET", "/", "", &h, empty) < 0 && errno == E2BIG,
	    "a secret of more than 500 bytes is refused, not cut");
	secret[500] = '\0';
	buf_clear(&h);
	ok(sigv4_sign(&bad, "GET", "/", "", &h, empty) == 0,
	    "a secret of 500 bytes can be used");
	buf_free(&h);
	buf_free(&many);
}

int
main(void)
{
	test_suite();
	test_s3();
	test_same();
	refusals();
	return done_testing();
}
