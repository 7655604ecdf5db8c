/* s3_list: what a page of a bucket's list says, and which pages are none */
#include "aws/s3_list.h"

#include <stdlib.h>

#include "tap.h"

#define PAGE(truncated, rest) "<?xml version=\"1.0\"?>\n<ListBucketResult>" \
	"<Name>b</Name>" rest "<IsTruncated>" truncated "</IsTruncated>" \
	"</ListBucketResult>"
#define LAST(rest) PAGE("false", rest)
#define URL "<EncodingType>url</EncodingType>"
#define OBJECT(key, size, more) "<Contents><Key>" key "</Key><Size>" size \
	"</Size>" more "</Contents>"
#define TIME(text) "<LastModified>" text "</LastModified>"
#define TOKEN(text) "<NextContinuationToken>" text "</NextContinuationToken>"
#define X64 "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
#define NEVER "never"		/* ends a list */

struct seen {
	struct buf text;
	size_t n;
};

static bool
visit(void *arg, const struct s3_object *o)
{
	struct seen *seen = arg;

	buf_printf(&seen->text, "%s %lld %lld %s|", o->key, (long long)o->size,
	    (long long)o->changed, o->etag);
	return strcmp(o->key, NEVER) != 0;
}

static const struct {
	const char *name, *xml, *want;
	int result;
	const char *token;
} pages[] = {
	{ "an object", LAST(OBJECT("a/b", "12", "<ETag>&quot;x&quot;</ETag>"
	    TIME("2021-06-29T10:05:03.000Z"))),
	    "a/b 12 1624961103 \"x\"|", 0, "" },
	{ "no object", LAST(""), "", 0, "" },
	{ "what an object lacks is not the next one's", LAST(
	    OBJECT("a", "0", "") OBJECT("b", "1", "<ETag>e</ETag>"
	    TIME("1970-01-01T00:00:01Z"))), "a 0 -1 |b 1 1 e|", 0, "" },
	{ "a time that is none", LAST(OBJECT("a", "1", TIME("yesterday"))),
	    "a 1 -1 |", 0, "" },
	{ "a tag that is too long", LAST(OBJECT("a", "1", "<ETag>" X64 X64
	    "</ETag>")), "a 1 -1 |", 0, "" },
	{ "entities", LAST(OBJECT("a&amp;&lt;b&gt;&#34;", "1", "")),
	    "a&<b>\" 1 -1 |", 0, "" },

	{ "an encoded key", LAST(URL OBJECT("%01%10+%30%4a%4A%c3%A9%2F", "1",
	    "")), "\x01\x10 0JJ\xc3\xa9/ 1 -1 |", 0, "" },
	{ "a key that is not encoded", LAST(OBJECT("a%41+", "1", "")),
	    "a%41+ 1 -1 |", 0, "" },
	{ "another encoding", LAST("<EncodingType>x</EncodingType>"
	    OBJECT("a%41+", "1", "")), "a%41+ 1 -1 |", 0, "" },
	{ "a NUL in a key", LAST(URL OBJECT("a%00", "1", "")), "", -1, "" },
	{ "a key with half a %", LAST(URL OBJECT("a%4", "1", "")), "", -1, "" },
	{ "a key with %x4", LAST(URL OBJECT("a%x4", "1", "")), "", -1, "" },
	{ "a key with %4x", LAST(URL OBJECT("a%4x", "1", "")), "", -1, "" },

	{ "no key", LAST("<Contents><Size>1</Size></Contents>"), "", -1, "" },
	{ "an empty key", LAST(OBJECT("", "1", "")), "", -1, "" },
	{ "no size", LAST("<Contents><Key>a</Key></Contents>"), "", -1, "" },
	{ "an empty size", LAST(OBJECT("a", "", "")), "", -1, "" },
	{ "a size with a word", LAST(OBJECT("a", "1k", "")), "", -1, "" },
	{ "a size below 0", LAST(OBJECT("a", "-1", "")), "", -1, "" },
	{ "a size that is none", LAST(OBJECT("a", "9223372036854775808", "")),
	    "", -1, "" },
	{ "keys that go back", LAST(OBJECT("b", "1", "") OBJECT("a", "1", "")),
	    "b 1 -1 |", -1, "" },
	{ "a key twice", LAST(OBJECT("a", "1", "") OBJECT("a", "1", "")),
	    "a 1 -1 |", -1, "" },
	{ "no word on whether more follow", "<ListBucketResult>"
	    OBJECT("a", "1", "") "</ListBucketResult>", "", -1, "" },
	{ "an error", "<Error><Code>NoSuchBucket</Code></Error>", "", -1, "" },

	{ "a page before another", PAGE("true", OBJECT("a", "1", "")
	    TOKEN("t")), "a 1 -1 |", 0, "t" },
	{ "a last page with a token", PAGE("false", TOKEN("t")), "", 0, "" },
	{ "a page before another without its token", PAGE("true", ""), "", -1,
	    "" },
	{ "an empty token", PAGE("true", TOKEN("")), "", -1, "" },
	{ "who has seen enough", LAST(OBJECT("a", "1", "")
	    OBJECT(NEVER, "1", "") OBJECT("z", "1", "")),
	    "a 1 -1 |never 1 -1 |", 1, "" },
};

static void
test_pages(void)
{
	for (size_t i = 0; i < sizeof pages / sizeof *pages; i++) {
		char after[S3_KEY_MAX + 1] = "", token[S3_TOKEN_MAX] = "old";
		struct seen seen = { 0 };
		int r = s3_list_page(span_str(pages[i].xml), after, token,
		    visit, &seen);

		if (!ok(r == pages[i].result &&
		    strcmp(token, pages[i].token) == 0 &&
		    span_is(buf_span(&seen.text), pages[i].want), "%s %s",
		    pages[i].name, r < 0 ? "is no page" : r == 0 ?
		    "is read" : "ends the list"))
			printf("# %d \"%s\" %s\n", r, token,
			    seen.text.len > 0 ? buf_str(&seen.text) : "");
		buf_free(&seen.text);
	}
}

static void
test_after(void)
{
	static const char page[] = LAST(OBJECT("m", "1", ""));
	char after[S3_KEY_MAX + 1] = "l", token[S3_TOKEN_MAX];
	struct seen seen = { 0 };

	ok(s3_list_page(span_str(page), after, token, visit, &seen) == 0 &&
	    strcmp(after, "m") == 0, "the last key of a page is known");
	ok(s3_list_page(span_str(page), after, token, visit, &seen) < 0,
	    "the next page begins after it");
	buf_free(&seen.text);
}

/* What is returned for a text of n bytes in front of which stands `before`. */
static int
long_text(const char *before, size_t n, const char *behind, char *token)
{
	char after[S3_KEY_MAX + 1] = "";
	struct buf page = { 0 };
	struct seen seen = { 0 };
	int r;

	buf_adds(&page, before);
	for (size_t i = 0; i < n; i++)
		buf_addc(&page, 'x');
	buf_adds(&page, behind);
	r = s3_list_page(buf_span(&page), after, token, visit, &seen);
	buf_free(&page);
	buf_free(&seen.text);
	return r;
}

static void
test_longest(void)
{
	static const char key[] = "<Contents><Key>", size[] = "</Key><Size>1"
	    "</Size></Contents><IsTruncated>false</IsTruncated>";
	static const char more[] = "<IsTruncated>true</IsTruncated>"
	    "<NextContinuationToken>", end[] = "</NextContinuationToken>";
	struct { char token[S3_TOKEN_MAX], guard; } t = { .guard = 'g' };

	ok(long_text(key, S3_KEY_MAX, size, t.token) == 0,
	    "the longest key is taken");
	ok(long_text(key, S3_KEY_MAX + 1, size, t.token) < 0,
	    "a longer key is not");
	ok(long_text(more, S3_TOKEN_MAX - 2, end, t.token) == 0 &&
	    strlen(t.token) == S3_TOKEN_MAX - 2, "the longest token is taken");
	for (size_t n = S3_TOKEN_MAX - 1; n <= S3_TOKEN_MAX + 1; n++)
		ok(long_text(more, n, end, t.token) < 0 && t.guard == 'g',
		    "a token of %zu bytes is not", n);
}

int
main(void)
{
	test_pages();
	test_after();
	test_longest();
	return done_testing();
}
