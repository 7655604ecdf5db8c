/* headers, and what an answer of a server says by them */
#include "net/http.h"

#include <errno.h>
#include <stdint.h>
#include <time.h>

#include "answers.h"
#include "net/http_headers.h"
#include "tap.h"

static void
headers(void)
{
	static const struct { const char *name, *value, *line; } t[] = {
		{ "X-A", "b", "X-A: b\n" }, { "a", "", "a: \n" },
		{ "!#$%&'*+-.^_`|~", "\t\xc3\xa9 x",
		    "!#$%&'*+-.^_`|~: \t\xc3\xa9 x\n" },
		{ "", "b", NULL }, { "a b", "b", NULL }, { "a:", "b", NULL },
		{ "\xc3\xa9", "b", NULL }, { "a", "b\nc", NULL },
		{ "a", "b\r", NULL }, { "a", "\x7f", NULL },
		{ "a", "\x1f", NULL },
	};
	static const char some[] = "A: 1\r\n\r\nno field\n b :2 \n:3\nA:4";
	struct span rest = span_str(some), name, value;
	struct buf b = { 0 };

	for (size_t i = 0; i < sizeof t / sizeof *t; i++) {
		bool added = headers_add(&b, t[i].name, "%s", t[i].value) == 0;

		ok(t[i].line == NULL ? !added && errno == EINVAL && b.len == 0 :
		    added && span_is(buf_span(&b), t[i].line),
		    "header %zu is %s", i + 1, t[i].line == NULL ? "refused" :
		    "added");
		buf_clear(&b);
	}
	ok(headers_next(&rest, &name, &value) && span_is(name, "A") &&
	    span_is(value, "1"), "a field is taken");
	ok(headers_next(&rest, &name, &value) && span_is(name, "b") &&
	    span_is(value, "2"),
	    "the next is taken without blanks; what is no field is passed over");
	ok(headers_next(&rest, &name, &value) && name.len == 0 &&
	    span_is(value, "3"), "a name may lack");
	ok(headers_next(&rest, &name, &value) && span_is(value, "4") &&
	    !headers_next(&rest, &name, &value),
	    "the LF at the end may lack, too; behind it there is none");
	buf_adds(&b, some);
	ok(span_is(headers_get(&b, "a"), "4"),
	    "the last one counts, in either case");
	ok(headers_get(&b, "B ").p == NULL && headers_get(&b, "").p != NULL,
	    "a name is compared as a whole");
	buf_free(&b);
}

static struct http_request
answer(int status, const char *header, const char *value)
{
	struct http_request r = { .status = status };

	buf_printf(&r.answer_headers, "%s: %s\r\n", header, value);
	return r;
}

static int64_t
after_ms(const char *value)
{
	struct http_request r = answer(503, "Retry-After", value);
	int64_t ms = http_retry_after_ms(&r);

	http_reset(&r);
	return ms;
}

static void
retry_after(void)
{
	time_t soon = time(NULL) + 1000;
	char date[64];
	int64_t ms;

	ok(after_ms("0") == 0 && after_ms("7") == 7000 &&
	    after_ms("120") == 120000, "Retry-After is in seconds");
	ok(after_ms("") == 0 && after_ms("soon") == 0 &&
	    after_ms("12x") == 0 && after_ms("-5") == 0 &&
	    after_ms("1.5") == 0, "or it is nothing");
	ok(after_ms("99999999999999999999") >= INT64_C(1000) * INT32_MAX,
	    "a very long time is one");
	strftime(date, sizeof date, "%a, %d %b %Y %H:%M:%S GMT", gmtime(&soon));
	ms = after_ms(date);
	ok(ms > 900000 && ms <= 1000000, "it may be a date");
	ok(after_ms("Fri, 31 Dec 1999 23:59:59 GMT") == 0,
	    "a date that has passed is no time to wait");
	ok(after_ms("Fri, 31 Dec 2099 23:59:59 GMT                          "
	    "                                                  x") == 0,
	    "what is too long is none");
}

static void
locations(void)
{
	static const struct { int status; bool leads; } t[] = {
		{ 300, false }, { 301, true }, { 302, true }, { 303, false },
		{ 304, false }, { 307, true }, { 308, true }, { 201, false },
	};

	for (size_t i = 0; i < sizeof t / sizeof *t; i++) {
		struct http_request r = answer(t[i].status, "Location", "/x");

		ok(span_is(http_location(&r), t[i].leads ? "/x" : ""),
		    "an answer %d %s", t[i].status,
		    t[i].leads ? "redirects" : "does not redirect");
		http_reset(&r);
	}
}

static void
dates(void)
{
	struct http_request r = answer(200, "Last-Modified",
	    "Tue, 29 Jun 2021 14:30:00 GMT");

	ok(http_last_modified(&r) == 1624977000 && http_date(&r) == -1,
	    "when it changed is told, and no date is -1");
	buf_adds(&r.answer_headers, "Date: Tue, 29 Jun 2021 14:30:01 GMT\r\n");
	ok(http_date(&r) == 1624977001, "the date of an answer is told");
	http_reset(&r);
}

/* Whether an answer is taken whose head, down to the blank line, is so long. */
static bool
takes_head(size_t size)
{
	static const struct http_options o = { 0 };
	static const char around[] = "HTTP/1.1 200 x\r\nConnection: close\r\n"
	    "Content-Length: 0\r\n\r\n";
	struct buf b = { 0 };
	struct answer list[2] = { { 200, NULL, NULL } };
	struct http *h = http_new(&o);
	struct http_request r = { .method = "GET", .url = answers.url };
	bool taken;

	for (size_t n = size - strlen(around), some; n > 0; n -= some) {
		some = n > 40000 ? 30000 : n;
		buf_printf(&b, "A: %*d\r\n", (int)some - 5, 0);
	}
	list[0].headers = buf_str(&b);
	answers_begin(list);
	taken = http_do(h, &r) == 0 && r.status == 200;
	answers_end();
	http_reset(&r);
	http_free(h);
	buf_free(&b);
	return taken;
}

int
main(void)
{
	http_load();
	headers();
	retry_after();
	locations();
	dates();
	ok(takes_head(256 << 10), "an answer may have 256 KiB of headers");
	ok(!takes_head((256 << 10) + 1), "and no more");
	return done_testing();
}
