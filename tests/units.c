/* units, buf: what they take and what they refuse */
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>

#include "buf.h"
#include "tap.h"
#include "units.h"

static bool
lasts(const char *s, int64_t want_ms)
{
	int64_t ms = -1;

	return units_duration_ms(s, &ms) == 0 && ms == want_ms;
}

static bool
holds(const char *s, uint64_t want)
{
	uint64_t v = 0;

	return units_size(s, &v) == 0 && v == want;
}

static void
durations(void)
{
	static const char *const bad[] = { "", "s", "-1", "1 s", "1e3", "0x10",
		"1.2.3", "5x", "inf", "nan", "99999999999999999h", NULL };
	int64_t ms;

	ok(lasts("30", 30000), "a bare number is seconds");
	ok(lasts("1.5s", 1500), "fractions");
	ok(lasts("500ms", 500), "milliseconds");
	ok(lasts("5m", 300000), "minutes");
	ok(lasts("2h", 7200000), "hours");
	ok(lasts("0", 0), "zero");
	for (int i = 0; bad[i] != NULL; i++)
		ok(units_duration_ms(bad[i], &ms) < 0, "no duration: '%s'",
		    bad[i]);
}

static void
sizes(void)
{
	static const char *const bad[] = { "", "K", "-1", "1.5M", "1X", "1KX",
		"99999999999999999999", "99999999999T", NULL };
	uint64_t v;

	ok(holds("4096", 4096), "bytes");
	ok(holds("64K", 65536), "K is 1024");
	ok(holds("8M", 8 << 20), "M");
	ok(holds("1G", 1 << 30), "G");
	ok(holds("2kB", 2048), "kB is the same");
	ok(holds("3MiB", 3 << 20), "and MiB");
	for (int i = 0; bad[i] != NULL; i++)
		ok(units_size(bad[i], &v) < 0, "no size: '%s'", bad[i]);
}

static void
bufs(void)
{
	struct buf b = { 0 };

	ok(buf_add(&b, "a\0b", 3) == 0 && b.len == 3, "bytes with a NUL");
	ok(buf_reserve(&b, SIZE_MAX) < 0 && errno == ENOMEM, "will not wrap");
	ok(b.len == 3 && b.failed, "keeps what it had, and remembers");
	buf_clear(&b);
	ok(buf_printf(&b, "%d-%s", 7, "x") == 0 && !b.failed &&
	    span_is(buf_span(&b), "7-x"), "clear forgets the failure");
	ok(strcmp(buf_str(&b), "7-x") == 0 && b.len == 3, "as a string");
	buf_free(&b);
	ok(b.p == NULL && b.cap == 0, "free leaves an empty one");
}

int
main(void)
{
	durations();
	sizes();
	bufs();
	return done_testing();
}
