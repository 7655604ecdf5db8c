/* burst: when it is over, what it tells the command; count: at any alignment */
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "tap.h"
#include "trigger/burst.h"

static void
test_count(void)
{
	char text[5000];
	size_t bad = 0;

	memset(text, '\n', sizeof text);
	for (size_t i = 0; i < sizeof text; i += 3)
		text[i] = i % 2 ? '\v' : (char)0x8a; /* near LF in their bits */
	for (size_t from = 0; from < 20; from++)
		for (size_t n = 0; n < sizeof text - from; n += 7) {
			size_t want = 0;

			for (size_t i = from; i < from + n; i++)
				want += text[i] == '\n';
			bad += count_byte(text + from, n, '\n') != want;
		}
	ok(bad == 0, "counts as a loop would, whatever the length and start");
	memset(text, 0, sizeof text);
	ok(count_byte(text, sizeof text, '\0') == sizeof text,
	    "counts a buffer of nothing else");
	ok(count_byte(text, sizeof text, '\n') == 0,
	    "counts none where there are none");
}

static void
add(struct burst *b, const char *text, int64_t now_ms)
{
	burst_came(b, now_ms);
	burst_count(b, text, strlen(text));
}

static void
test_due(void)
{
	struct burst b = { 0 };

	ok(burst_due_ms(&b, 30, 300) == BURST_NEVER, "nothing came: never");
	add(&b, "one\ntw", 1000);
	ok(burst_due_ms(&b, 30, 300) == 1030, "quiet time after the last data");
	add(&b, "o\nthree", 1020);
	ok(burst_due_ms(&b, 30, 300) == 1050,
	    "more data moves the quiet time on");
	add(&b, "\n", 1290);
	ok(burst_due_ms(&b, 30, 300) == 1300,
	    "the longest wait bounds the quiet time");
	ok(burst_due_ms(&b, 30, 1) == 1001,
	    "a longest wait of a millisecond is none of the quiet time");
	ok(burst_due_ms(&b, 30, 0) == 1320,
	    "without a longest wait the quiet time moves on");
	ok(b.lines == 3 && b.bytes == 14 && !b.open_line,
	    "counts lines and bytes");
}

static void
test_environment(void)
{
	struct burst b = { 0 };
	const struct timespec since = { 1624961103, 123456789 };

	burst_begin(&b, &since, 10);
	b.lines = 2;
	b.open_line = true;
	b.bytes = 1234567890123;
	ok(burst_setenv(&b) == 0, "the burst is put into the environment");
	ok(strcmp(getenv("LOGQUIET_FIRST"), "2021-06-29T10:05:03.123456Z") == 0,
	    "LOGQUIET_FIRST is RFC 3339: %s", getenv("LOGQUIET_FIRST"));
	ok(strcmp(getenv("LOGQUIET_LINES"), "3") == 0,
	    "LOGQUIET_LINES counts a last line without its end");
	ok(strcmp(getenv("LOGQUIET_BYTES"), "1234567890123") == 0,
	    "LOGQUIET_BYTES counts bytes");
	burst_begin(&b, &(struct timespec){ 1624961104, 0 }, 20);
	burst_setenv(&b);
	ok(strcmp(getenv("LOGQUIET_FIRST"), "2021-06-29T10:05:03.123456Z") == 0,
	    "data that came later is of a burst that began before");
	burst_begin(&b, &(struct timespec){ 1624961102, 0 }, 20);
	burst_setenv(&b);
	ok(strcmp(getenv("LOGQUIET_FIRST"), "2021-06-29T10:05:02.000000Z") == 0,
	    "data that came earlier is the first of a burst");
	b.lines = 7;
	burst_setenv(&b);
	ok(strcmp(getenv("LOGQUIET_LINES"), "8") == 0,
	    "the environment is set anew for the next burst");
}

int
main(void)
{
	test_count();
	test_due();
	test_environment();
	return done_testing();
}
