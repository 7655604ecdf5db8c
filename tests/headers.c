/*
 * header fields as text, how long a retry waits, how much is sent at once, and
 * waiting for no request
 */
#include <errno.h>
#include <unistd.h>

#include "base/units.h"
#include "net/http.h"
#include "net/http_headers.h"
#include "net/rate_limit.h"
#include "net/retry.h"
#include "tap.h"

static void
test_headers(void)
{
	struct buf h = { 0 };
	struct span rest, name, value;
	int n = 0;

	ok(headers_add(&h, "ETag", "\"%s\"", "abc") == 0, "a field is added");
	ok(headers_add(&h, "X", "a\r\nY: b") < 0 && errno == EINVAL,
	    "a value cannot hold a field of its own");
	ok(headers_add(&h, "X\nY", "a") < 0 && errno == EINVAL &&
	    headers_add(&h, "X Y", "a") < 0 && headers_add(&h, "", "a") < 0 &&
	    headers_add(&h, "X:", "a") < 0,
	    "a name cannot hold a colon, a blank or a line break");
	ok(headers_add(&h, "X", "a\x7f") < 0 && errno == EINVAL &&
	    headers_add(&h, "X", "\x1f") < 0 &&
	    span_is(buf_span(&h), "ETag: \"abc\"\n"),
	    "a value holds no control characters");
	buf_adds(&h, "junk\r\n\r\nx-a :  1 \r\nX-A: 2");
	ok(span_is(headers_get(&h, "etag"), "\"abc\""),
	    "a field is found whatever its case");
	ok(span_is(headers_get(&h, "X-A"), "2"),
	    "of two fields of a name the last is found");
	ok(headers_get(&h, "X").p == NULL,
	    "a field that is missing is not found");
	for (rest = buf_span(&h); headers_next(&rest, &name, &value);)
		n++;
	ok(n == 3, "a line without a colon is no field");
	buf_clear(&h);
	ok(headers_add(&h, "A", "b c\td\xc3\xa4~") == 0 &&
	    headers_add(&h, "B", "%s", "") == 0 && span_is(buf_span(&h),
	    "A: b c\td\xc3\xa4~\nB: \n"),
	    "a value may hold blanks, or nothing");
	buf_free(&h);
}

static void
test_retry(void)
{
	struct retry r;
	int64_t wait, most = 0, least = INT64_MAX, end_ms;
	bool bounded = true;

	retry_begin(&r, 0);
	for (int i = 0; i < 200; i++) {
		wait = retry_next_ms(&r, 0);
		bounded = bounded && wait >= 0 && wait <= 20000;
		most = wait > most ? wait : most;
		if (i >= 10)	/* all of these may be up to the limit */
			least = wait < least ? wait : least;
	}
	ok(bounded && most > 2000, "waits grow, and have a limit");
	ok(least < 5000 && most > 15000, "waits are random, of any length up to the limit");
	ok(retry_next_ms(&r, 70000) == 70000, "the server may ask for more");
	ok(retry_left_ms(&r) == 0, "no deadline, no time left to tell");
	retry_begin(&r, 0);
	ok(retry_next_ms(&r, 0) <= 200, "the first wait is short");
	retry_begin(&r, 1000);
	ok(retry_next_ms(&r, 5000) < 0, "no wait that ends after the deadline");
	ok(retry_left_ms(&r) > 0 && retry_left_ms(&r) <= 1000,
	    "the time that is left can be told");
	retry_begin(&r, 1);
	usleep(2000);
	ok(retry_next_ms(&r, 0) < 0, "no wait after the deadline");
	retry_begin(&r, 60000);
	end_ms = r.end_ms;
	usleep(2000);
	retry_next_ms(&r, 0);
	retry_restart(&r);
	ok(r.tries == 0 && r.end_ms > end_ms,
	    "progress begins the deadline anew");
}

static void
test_wait(void)
{
	struct http_options o = { 0 };
	struct http *h = http_new(&o);
	int64_t start = units_now_ms();

	ok(h != NULL && http_wait(h, 30) == NULL &&
	    units_now_ms() - start >= 30,
	    "waiting without a request takes the time that was given");
	ok(h != NULL && http_wait(h, -1) == NULL,
	    "without a request and a time there is nothing to wait for");
	http_free(h);
}

static void
test_rate(void)
{
	const struct rate_limit none = { .rate = 0 }, low = { .rate = 1 },
	    some = { .rate = 1000 };

	ok(rate_limit_portion(&none, 1 << 20) == 1 << 20,
	    "without a limit all is sent at once");
	ok(rate_limit_portion(&some, 1 << 20) == 101 &&
	    rate_limit_portion(&some, 101) == 101 &&
	    rate_limit_portion(&some, 50) == 50,
	    "with one a tenth of a second's bytes are");
	ok(rate_limit_portion(&low, 5) == 1, "it is one byte at least");
}

int
main(void)
{
	test_headers();
	test_retry();
	test_wait();
	test_rate();
	return done_testing();
}
