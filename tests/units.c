/* units, utf8, buf: what they take and what they refuse */
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>

#include "base/buf.h"
#include "base/units.h"
#include "base/utf8.h"
#include "tap.h"

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
	static const char *const bad[] = { "", "s", "-1", "1 s", "1e3", "1E3",
		"1.5E3s", "0x10", "0X10", "1.2.3", "5x", "inf", "nan", ".",
		"104166667d", "99999999999999999h", NULL };
	int64_t ms;

	ok(lasts("30", 30000), "a bare number is seconds");
	ok(lasts("1.5s", 1500), "a duration with a fraction");
	ok(lasts("500ms", 500), "a duration in milliseconds");
	ok(lasts("5m", 300000), "a duration in minutes");
	ok(lasts("2h", 7200000), "a duration in hours");
	ok(lasts("0", 0), "a duration of zero");
	ok(lasts(".5", 500), "a duration that begins with the point");
	ok(lasts("104166666d", INT64_C(8999999942400000)),
	    "the longest number of days");
	ok(lasts("9000000000000", INT64_C(9000000000000000)),
	    "the longest number of seconds");
	for (int i = 0; bad[i] != NULL; i++)
		ok(units_duration_ms(bad[i], &ms) < 0, "no duration: '%s'",
		    bad[i]);
}

static void
sizes(void)
{
	static const char *const bad[] = { "", "K", "-1", "1.5M", "1X", "1KX",
		"99999999999999999999", "99999999999T", "16777216T", NULL };
	uint64_t v;

	ok(holds("4096", 4096), "a bare number is bytes");
	ok(holds("64K", 65536), "K is 1024");
	ok(holds("8M", 8 << 20), "M is 1024 K");
	ok(holds("1G", 1 << 30), "G is 1024 M");
	ok(holds("18446744073709551615", UINT64_MAX), "the largest number");
	ok(holds("16777215T", UINT64_MAX << 40), "the largest number of T");
	ok(holds("2kB", 2048), "kB is K");
	ok(holds("3MiB", 3 << 20), "MiB is M");
	for (int i = 0; bad[i] != NULL; i++)
		ok(units_size(bad[i], &v) < 0, "no size: '%s'", bad[i]);
}

static void
bufs(void)
{
	struct buf b = { 0 };

	ok(buf_add(&b, "a\0b", 3) == 0 && b.len == 3,
	    "a buffer takes bytes with a NUL");
	ok(buf_reserve(&b, SIZE_MAX) < 0 && errno == ENOMEM,
	    "a reserve that would wrap is refused");
	ok(b.len == 3 && b.failed,
	    "a buffer keeps what it had, and remembers the failure");
	buf_clear(&b);
	ok(buf_printf(&b, "%d-%s", 7, "x") == 0 && !b.failed &&
	    span_is(buf_span(&b), "7-x"), "clear forgets the failure");
	ok(strcmp(buf_str(&b), "7-x") == 0 && b.len == 3,
	    "a buffer gives its bytes as a string");
	buf_free(&b);
	ok(b.p == NULL && b.cap == 0, "free leaves an empty buffer");
}

/* RFC 3629: the least and the greatest of each length, and surrogates. */
static void
characters(void)
{
	static const struct { uint32_t c; const char *bytes; } chars[] = {
		{ 0x7f, "\x7f" }, { 0x80, "\xc2\x80" }, { 0x7ff, "\xdf\xbf" },
		{ 0x800, "\xe0\xa0\x80" }, { 0xd7ff, "\xed\x9f\xbf" },
		{ 0xd800, "\xef\xbf\xbd" }, { 0xdfff, "\xef\xbf\xbd" },
		{ 0xe000, "\xee\x80\x80" }, { 0xffff, "\xef\xbf\xbf" },
		{ 0x10000, "\xf0\x90\x80\x80" },
		{ 0x1f600, "\xf0\x9f\x98\x80" },
		{ 0x10ffff, "\xf4\x8f\xbf\xbf" },
	};
	char to[4];

	for (size_t i = 0; i < sizeof chars / sizeof *chars; i++)
		ok(span_is(span_of(to, utf8_put(to, chars[i].c)),
		    chars[i].bytes), "U+%04X in UTF-8", chars[i].c);
}

int
main(void)
{
	durations();
	sizes();
	characters();
	bufs();
	return done_testing();
}
