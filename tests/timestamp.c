/*
 * timestamp: years and zones that are not there, fractions, leap seconds, and
 * instants far away
 */
#include "timestamp.h"

#include <stdlib.h>

#include "tap.h"

static struct zone zone;

static const char *
printed(const struct timestamp *t)
{
	static char text[TIMESTAMP_SIZE + 1];

	text[timestamp_print(text, t)] = '\0';
	return text;
}

/*
 * s in any form, as RFC 3339; "none" when it is no time.  Only one that is
 * printed as it stands is said to be.
 */
static void
is(const char *s, const char *want, const char *name)
{
	struct timestamp t;
	bool good = timestamp_any(span_str(s), &zone, &t);
	const char *got = good ? printed(&t) : "none";

	if (!ok(strcmp(got, want) == 0 && (!good ||
	    timestamp_is_printed(span_str(s)) == (strcmp(s, got) == 0)), "%s",
	    name))
		printf("# %s: got %s\n", s, got);
}

static void
reads_forms(void)
{
	zone_set(&zone, "UTC");
	is("2021-06-29T10:05:03.123456Z", "2021-06-29T10:05:03.123456Z", "ISO");
	is("2021-06-29 10:05:03,120", "2021-06-29T10:05:03.120Z",
	    "a comma, and digits kept");
	is("2021-06-29T10:05:03.123456789123Z",
	    "2021-06-29T10:05:03.123456789Z", "nine digits at most");
	is("2021-06-29T10:05Z", "2021-06-29T10:05:00Z", "no seconds");
	is("2021-06-29T00:05:03+02:00", "2021-06-28T22:05:03Z",
	    "a zone east of Greenwich");
	is("2021/06/29 10:05:03 -0330", "2021-06-29T13:35:03Z", "and west");
	is("2021-06-29", "2021-06-29T00:00:00Z", "a date alone");
	is("29/Jun/2021:10:05:03.5 +0200", "2021-06-29T08:05:03.5Z", "CLF");
	is("Tue Jun 29 10:05:03.123 2021", "2021-06-29T10:05:03.123Z", "ctime");
	is("Tue, 29 Jun 2021 10:05:03 GMT", "2021-06-29T10:05:03Z", "RFC 822");
	is("Jun 29 2021 10:05:03", "2021-06-29T10:05:03Z", "BSD with a year");
	is("1624961103", "2021-06-29T10:05:03Z", "epoch in seconds");
	is("1624961103.250", "2021-06-29T10:05:03.250Z", "with a fraction");
	is("1624961103250", "2021-06-29T10:05:03.250Z", "in milliseconds");
	is("1624961103250001", "2021-06-29T10:05:03.250001Z",
	    "in microseconds");
	is("1624961103250000001", "2021-06-29T10:05:03.250000001Z",
	    "in nanoseconds");
}

/* The day and the zone of one stamp are remembered for the next. */
static void
reads_one_after_another(void)
{
	is("29/Jun/2021:10:05:03 +0200", "2021-06-29T08:05:03Z", "a stamp");
	is("29/Jun/2021:01:59:59 +0200", "2021-06-28T23:59:59Z",
	    "another of that day");
	is("29/Jun/2021:01:59:59 -0200", "2021-06-29T03:59:59Z",
	    "in another zone");
	is("30/Jun/2021:01:59:59 -0200", "2021-06-30T03:59:59Z",
	    "of another day");
	is("30/Jun/2021:21:59:60 -0200", "2021-06-30T23:59:60Z",
	    "in a leap second");
	is("30/Jun/2021:21:59:59.5 -0200", "2021-06-30T23:59:59.5Z",
	    "with a fraction");
	is("30/Jun/2021:10:05:03", "2021-06-30T10:05:03Z", "without a zone");
	is("30/Jun/2021:24:00:00 -0200", "none", "and no hour is 24");
	is("2021-06-30T10:05:03.25Z", "2021-06-30T10:05:03.25Z", "and an ISO");
	is("2021-06-30T10:05:03+02:00", "2021-06-30T08:05:03Z",
	    "another in another zone");
	is("2021-06-30T10:05:03", "2021-06-30T10:05:03Z", "and with none");
	is("2021-06-30T23:59:60Z", "2021-06-30T23:59:60Z",
	    "and in a leap second");
	is("2021-06-30T10:05", "2021-06-30T10:05:00Z", "and without seconds");
	is("2021-06-30T10:60:00Z", "none", "where no minute is 60");
	is("2021-06-3010:05:03Z", "none", "nor the T left out");
	is("30/Jun/2021:10/05/03 -0200", "none", "nor is a slash a colon");
}

static void
reads_far_away(void)
{
	is("1969-12-31T23:59:59.5Z", "1969-12-31T23:59:59.5Z", "before 1970");
	is("-0.5", "1969-12-31T23:59:59.5Z", "as a negative number");
	is("1901-01-01T00:00:00Z", "1901-01-01T00:00:00Z", "1901");
	is("2038-01-19T03:14:08Z", "2038-01-19T03:14:08Z", "after 2038");
	is("9999-12-31T23:59:59Z", "9999-12-31T23:59:59Z", "the last");
	is("9999-12-31T23:59:59-01:00", "none", "but not behind it");
	is("0000-01-01T00:00:00+01:00", "none", "nor before the first");
	is("2016-12-31T23:59:60Z", "2016-12-31T23:59:60Z", "a leap second");
	is("2017-01-01T01:59:60.5+02:00", "2016-12-31T23:59:60.5Z",
	    "a leap second elsewhere");
	is("2000-02-29T00:00:00Z", "2000-02-29T00:00:00Z", "29 February");
	is("1900-02-29T00:00:00Z", "none", "which 1900 had not");
	is("2021-13-01T00:00:00Z", "none", "a month too many");
	is("2021-06-29T24:00:00Z", "none", "an hour too many");
	is("2021-06-29T10:05:61Z", "none", "a second too many");
	is("-", "none", "NILVALUE");
	is("", "none", "nothing");
}

static void
finds_years(void)
{
	zone.near = 1640995200 + 3600;		/* 2022-01-01T01:00:00Z */
	is("Dec 31 23:59:59", "2021-12-31T23:59:59Z", "December in January");
	is("Jan  1 00:30:00", "2022-01-01T00:30:00Z", "January in January");
	is("Jan  1 00:30:00.25", "2022-01-01T00:30:00.25Z", "with a fraction");
	is("Jan  1 00:30:00 CST 2021 ", "none", "a blank behind a year");
	is("Jan  1 24:30:00", "none", "no hour is 24");
	zone.near = 1640995200 - 3600;
	is("Jan  1 00:30:00", "2022-01-01T00:30:00Z",
	    "a clock that is ahead, in December");
	zone.near = 1795740000;			/* 2026-11-27 */
	is("Feb 29 00:00:00", "2028-02-29T00:00:00Z",
	    "which may be more than one away");
	zone.near = 4118083200;			/* 2100-07-01, no leap year */
	is("Feb 29 00:00:00", "2104-02-29T00:00:00Z", "or four");
	zone.near = 1614556800;			/* 2021-03-01 */
	is("Feb 29 00:00:00", "2020-02-29T00:00:00Z",
	    "29 February is of a year that has it");
	is("Dec 31 23:59:59", "2020-12-31T23:59:59Z", "December in March");
	zone.year = 2019;
	is("Dec 31 23:59:59", "2019-12-31T23:59:59Z", "the year that was said");
	zone.year = 0;
	zone.near += 366 * 86400;
	is("Dec 31 23:59:59", "2021-12-31T23:59:59Z", "and a year later");
}

static void
finds_zones(void)
{
	zone.near = 1624961103;
	ok(zone_set(&zone, "Europe/Berlin") == 0, "a zone by name");
	is("2021-06-29 10:05:03", "2021-06-29T08:05:03Z", "in summer");
	is("2021-01-29 10:05:03", "2021-01-29T09:05:03Z", "in winter");
	is("2021-10-31 02:30:00", "2021-10-31T00:30:00Z",
	    "the first of an hour that comes twice");
	is("2021-10-31 03:30:00", "2021-10-31T02:30:00Z", "and behind it");
	is("2021-03-28 02:30:00", "2021-03-28T01:30:00Z",
	    "an hour that was left out");
	is("2021-03-28 01:59:59", "2021-03-28T00:59:59Z", "before it");
	is("2021-06-29 10:05:03Z", "2021-06-29T10:05:03Z",
	    "a zone that is there counts");
	is("1890-01-01 00:00:00", "1889-12-31T23:06:32Z",
	    "a zone with odd seconds");
	ok(zone_set(&zone, "-03:30") == 0, "a zone by number");
	is("2021-06-29 10:05:03", "2021-06-29T13:35:03Z", "west of Greenwich");
	ok(zone_set(&zone, "Mars/Base") < 0 && zone_set(&zone, "") < 0 &&
	    zone_set(&zone, "../etc") < 0 && zone_set(&zone, "+25") < 0,
	    "no such zones");
	zone_set(&zone, "UTC");
}

static void
by(const char *format, const char *s, const char *want)
{
	const char *end = s + strlen(s), *got = "none";
	struct timestamp t;

	if (timestamp_strptime(s, end, format, &zone, &t) == end)
		got = printed(&t);
	if (!ok(strcmp(got, want) == 0, "strptime %s", format))
		printf("# %s: got %s\n", s, got);
}

static void
reads_formats(void)
{
	by("%d.%m.%Y %H:%M:%S,%f", "29.06.2021 10:05:03,250",
	    "2021-06-29T10:05:03.250Z");
	by("%a, %d %b %y %I:%M:%S %p %z", "Tue, 29 Jun 21 10:05:03 PM +02:00",
	    "2021-06-29T20:05:03Z");
	by("%FT%T%z", "2021-06-29T10:05:03-0100", "2021-06-29T11:05:03Z");
	by("%Y%j %R", "2021180 10:05", "2021-06-29T10:05:00Z");
	by("%s.%L", "1624961103.250", "2021-06-29T10:05:03.250Z");
	by("%b %e %H:%M:%S", "Jun  9 10:05:03", "2021-06-09T10:05:03Z");
	by("100%% %D", "100% 06/29/21", "2021-06-29T00:00:00Z");
	by("%Y-%m-%d", "2021-02-30", "none");
	by("%H:%M", "25:00", "none");
	by("%q", "x", "none");
}

int
main(void)
{
	struct timestamp a = { .sec = 1 }, b = { .sec = 1, .nsec = 1 };

	reads_forms();
	reads_one_after_another();
	reads_far_away();
	finds_years();
	finds_zones();
	reads_formats();
	ok(timestamp_cmp(&a, &b) < 0 && timestamp_cmp(&b, &a) > 0 &&
	    timestamp_cmp(&a, &a) == 0, "compared");
	return done_testing();
}
