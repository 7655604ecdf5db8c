/* header fields as text, and how long a retry waits */
#include <errno.h>
#include <unistd.h>

#include "headers.h"
#include "retry.h"
#include "tap.h"

static void
test_headers(void)
{
	struct buf h = { 0 };
	struct span rest, name, value;
	int n = 0;

	ok(headers_add(&h, "ETag", "\"%s\"", "abc") == 0, "adds a field");
	ok(headers_add(&h, "X", "a\r\nY: b") < 0 && errno == EINVAL,
	    "a value cannot hold a field of its own");
	ok(headers_add(&h, "X\nY", "a") < 0 && errno == EINVAL &&
	    headers_add(&h, "X Y", "a") < 0 && headers_add(&h, "", "a") < 0 &&
	    headers_add(&h, "X:", "a") < 0, "nor can a name");
	buf_adds(&h, "junk\r\n\r\nx-a :  1 \r\nX-A: 2");
	ok(span_is(headers_get(&h, "etag"), "\"abc\""), "finds it by any case");
	ok(span_is(headers_get(&h, "X-A"), "2"), "the last of two, without LF");
	ok(headers_get(&h, "X").p == NULL, "none is none");
	for (rest = buf_span(&h); headers_next(&rest, &name, &value);)
		n++;
	ok(n == 3, "a line without a colon is none");
	buf_free(&h);
}

static void
test_retry(void)
{
	struct retry r;
	int64_t wait, most = 0;
	bool bounded = true;

	retry_begin(&r, 0);
	for (int i = 0; i < 200; i++) {
		wait = retry_next_ms(&r, 0);
		bounded = bounded && wait >= 0 && wait <= 20000;
		most = wait > most ? wait : most;
	}
	ok(bounded && most > 2000, "waits grow, and have a limit");
	ok(retry_next_ms(&r, 70000) == 70000, "the server may ask for more");
	ok(retry_left_ms(&r) == 0, "no deadline, no time left to tell");
	retry_begin(&r, 0);
	ok(retry_next_ms(&r, 0) <= 200, "the first wait is short");
	retry_begin(&r, 1000);
	ok(retry_next_ms(&r, 5000) < 0, "none that ends after the deadline");
	ok(retry_left_ms(&r) > 0 && retry_left_ms(&r) <= 1000,
	    "what is left can be told");
	retry_begin(&r, 50);
	usleep(60000);
	ok(retry_next_ms(&r, 0) < 0, "nothing after the deadline");
	retry_restart(&r);
	ok(r.tries == 0 && retry_left_ms(&r) > 40, "progress begins it anew");
}

int
main(void)
{
	test_headers();
	test_retry();
	return done_testing();
}
