/*
 * timestamp: years and zones that are not there, fractions, leap seconds, and
 * instants far away
 */
#include "record/timestamp.h"

#include <stdlib.h>
#include <sys/stat.h>

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
	    timestamp_is_printed(span_str(s)) == (strcmp(s, got) == 0)),
	    "reads %s",
	    name))
		printf("# %s: got %s\n", s, got);
}

static void
reads_forms(void)
{
	zone_set(&zone, "UTC");
	is("2021-06-29T10:05:03.123456Z", "2021-06-29T10:05:03.123456Z",
	    "ISO 8601 with a fraction");
	is("2021-06-29 10:05:03,120", "2021-06-29T10:05:03.120Z",
	    "a comma, and digits kept");
	is("2021-06-29T10:05:03.123456789123Z",
	    "2021-06-29T10:05:03.123456789Z", "nine digits at most");
	is("2021-06-29T10:05Z", "2021-06-29T10:05:00Z",
	    "ISO 8601 without seconds");
	is("2021-06-29T00:05:03+02:00", "2021-06-28T22:05:03Z",
	    "a zone east of Greenwich");
	is("2021/06/29 10:05:03 -0330", "2021-06-29T13:35:03Z",
	    "a zone west of Greenwich, behind a blank");
	is("2021-06-29", "2021-06-29T00:00:00Z", "a date alone");
	is("2021-180T10:05:03,5", "2021-06-29T10:05:03.5Z",
	    "a day of the year");
	is("2020180T100503Z", "2020-06-28T10:05:03Z",
	    "a day of a leap year, in digits alone");
	is("2020-366 23:59:59", "2020-12-31T23:59:59Z",
	    "the last day of a leap year");
	is("2021-366 10:05:03", "none", "no day 366 of another year");
	is("2021-000T10:05:03", "none", "no day 0 of a year");
	is("2021180 100503", "none", "no number for a day of the year");
	is("29/Jun/2021:10:05:03.5 +0200", "2021-06-29T08:05:03.5Z", "CLF");
	is("Tue Jun 29 10:05:03.123 2021", "2021-06-29T10:05:03.123Z", "ctime");
	is("Tue, 29 Jun 2021 10:05:03 GMT", "2021-06-29T10:05:03Z", "RFC 822");
	is("Mon1-06-29T10:05:03.1236Z", "2001-06-29T10:05:03.1236Z",
	    "a day of the week at the place of the year's first digits");
	is("Jun 29 2021 10:05:03", "2021-06-29T10:05:03Z", "BSD with a year");
	is("1624961103", "2021-06-29T10:05:03Z", "epoch in seconds");
	is("1624961103.250", "2021-06-29T10:05:03.250Z",
	    "epoch in seconds with a fraction");
	is("1624961103250", "2021-06-29T10:05:03.250Z",
	    "epoch in milliseconds");
	is("1624961103250001", "2021-06-29T10:05:03.250001Z",
	    "epoch in microseconds");
	is("1624961103250000001", "2021-06-29T10:05:03.250000001Z",
	    "epoch in nanoseconds");
}

/* The time of a line that begins with s, and what stands behind it. */
static void
finds(const char *line, const char *want, const char *rest, const char *name)
{
	struct timestamp t;
	const char *at = NULL;
	const char *behind = timestamp_find(span_str(line), &zone, &t, &at);
	const char *got = behind != NULL ? printed(&t) : "none";

	if (!ok(strcmp(got, want) == 0 && (behind == NULL ||
	    strcmp(behind, rest) == 0), "finds in a line: %s", name))
		printf("# %s: got %s, behind it: %s\n", line, got,
		    behind != NULL ? behind : "");
}

static const struct { const char *line, *rest, *name; } same_stamp[] = {
	{ "29-Jun-2021 10:05:03 INFO x", " INFO x", "Tomcat, BIND" },
	{ "1:M 29 Jun 2021 10:05:03 * x", " * x", "Redis" },
	{ "210629 10:05:03 [Note] x", " [Note] x", "MySQL 5.5" },
	{ "210629 100503 148 INFO x", " 148 INFO x", "HDFS" },
	{ "20210629-10:05:03 x", " x", "a date of eight digits" },
	{ "20210629T100503Z x", " x", "ISO's basic form" },
	{ "20210629100503 x", " x", "fourteen digits" },
	{ "[29-Jun-2021 10:05:03 UTC] x", "] x", "PHP" },
	{ "[29-Jun-2021 12:05:03 Europe/Berlin] x", "] x",
	    "PHP with the name of a zone" },
	{ "[29-Jun-2021 06:05:03 America/New_York] x", "] x",
	    "PHP with a zone west of Greenwich" },
	{ "[29-Jun-2021 10:05:03 Europe/../UTC] x",
	    " Europe/../UTC] x", "a name that leaves the folder" },
	{ "[29-Jun-2021 10:05:03 No/Such] x", " No/Such] x",
	    "a name that is none" },
	{ "type=SYSCALL msg=audit(1624961103:4567): x", ":4567): x",
	    "auditd" },
	{ "1624961103    100 192.0.2.1 x", "    100 192.0.2.1 x",
	    "Squid" },
	{ "21/06/29 10:05:03 INFO x", " INFO x", "log4j, Spark" },
	{ "Jun 29, 2021 10:05:03 AM x", " x", "java.util.logging" },
	{ "juin 29, 2021 10:05:03 AM x", " x", "Java in French" },
	{ "29 juin 2021 10:05:03 x", " x", "Java before 9 in French" },
	{ "六月 29, 2021 10:05:03 上午 x", " x", "Java in Chinese" },
	{ "06/29/2021 10:05:03 AM x", " x", "America" },
	{ "29.06.2021 10:05:03 x", " x", "Germany" },
	{ "29/06/2021 10:05:03 x", " x", "a day that is no month" },
	{ "I, [2021-06-29T10:05:03 #1234]  INFO -- : x",
	    " #1234]  INFO -- : x", "Ruby" },
	{ "192.0.2.1 - - [29/Jun/2021 10:05:03] \"GET / x",
	    "] \"GET / x", "Werkzeug" },
	{ "[GIN] 2021/06/29 - 10:05:03 | 500", " | 500", "gin" },
	{ "date=2021-06-29 time=12:05:03 tz=\"+0200\" x",
	    " tz=\"+0200\" x", "FortiGate" },
	{ "date=2021-06-29 time=10:05:03 x", " x", "without zone" },
	{ "2021-06-29 10:05:03, Info CBS x", ", Info CBS x",
	    "Windows" },
	{ "06-29 10:05:03  1702  2395 D x", "  1702  2395 D x",
	    "Android" },
	{ "- 1624961103 2021.06.29 R02 2021-06-29-10.05.03 R02 x",
	    " 2021.06.29 R02 2021-06-29-10.05.03 R02 x",
	    "Blue Gene" },
	{ "2021 Jun 29 10:05:03 CEST: x", " CEST: x", "NX-OS" },
	{ "Tue Jun 29 10:05:03 2021 x", " x", "ctime" },
	{ "Tue Jun 29 10:05:03 CEST 2021 x", " x", "date(1)" },
	{ "Tue, 29 Jun 2021 10:05:03 GMT x", " x", "mail" },
	{ "Tuesday, 29-Jun-21 10:05:03 UTC x", " x", "RFC 850" },
	{ "[06.29 10:05:03] x", "] x", "month and day alone" },
	{ "[10:05:03 INF] x", " INF] x", "a clock alone" },
};

/* An index must be told: without a zone a time may be half a day off. */
static void
knows_its_zone(const char *line, bool want, const char *name)
{
	struct timestamp t;
	const char *at;

	ok(timestamp_find(span_str(line), &zone, &t, &at) != NULL &&
	    want == ((t.lacks & LACKS_ZONE) == 0), "finds in a line: %s", name);
}

static void
finds_times_in_lines(void)
{
	zone_set(&zone, "UTC");
	zone.near = 1624961103;
	for (size_t i = 0; i < sizeof same_stamp / sizeof same_stamp[0]; i++)
		finds(same_stamp[i].line, "2021-06-29T10:05:03Z", same_stamp[i].rest,
		    same_stamp[i].name);
	knows_its_zone("date=2021-06-29 time=12:05:03 tz=\"+0200\" x", true,
	    "FortiGate's own zone is known");
	knows_its_zone("date=2021-06-29 time=12:05:03 x", false,
	    "FortiGate without a zone lacks one");
	finds("06/05/2021 10:05:03 x", "2021-06-05T10:05:03Z", " x",
	    "the month goes first with slashes");
	finds("05.06.2021 10:05:03 x", "2021-06-05T10:05:03Z", " x",
	    "the day goes first with points");
	finds("12/11/2020 10:05:03 x", "2020-12-11T10:05:03Z", " x",
	    "a date that both orders make: the month goes first");
	finds("07/06/2021 10:05:03 x", "2021-06-07T10:05:03Z", " x",
	    "a date that would be still to come: the day goes first");
	finds("@400000003b4a39c23294b13c x", "2001-07-09T23:09:44.848605500Z",
	    " x", "TAI64N");
	finds("@400000003b4a39c2ffffffff x", "none", "",
	    "TAI64N has no more nanoseconds than a second");
	finds("29.06.2021 10:05 x", "2021-06-29T10:05:00Z", " x",
	    "a clock without seconds");
	finds("20210629-10:05:03:606|x", "2021-06-29T10:05:03.606Z", "|x",
	    "a fraction behind a colon");
	finds("2021-06-29 10:05:03,123 - x", "2021-06-29T10:05:03.123Z",
	    " - x", "a fraction behind a comma");
	finds("12:05:03.5 PM", "2021-06-29T12:05:03.5Z", " PM", "noon");
	finds("06/29/2021 12:05:03 AM x", "2021-06-29T00:05:03Z", " x",
	    "midnight in America");
	finds("210629  9:05:03 x", "2021-06-29T09:05:03Z", " x",
	    "MySQL with a blank for a digit");
	finds("2014:07:02-00:17:45: x", "2014-07-02T00:17:45Z", ": x",
	    "colons between the parts of a date");
	finds("[02/sept./2015:00:11:31 +0200] x", "2015-09-01T22:11:31Z",
	    "] x", "a month of French");
	finds("Main::INFO::2011-12-05 07:04:56,101::x",
	    "2011-12-05T07:04:56.101Z", "::x", "a time behind colons");
	finds("20120702.102240,672:x", "2012-07-02T10:22:40.672Z", ":x",
	    "a point between date and clock");
	finds("<Event><TimeCreated SystemTime='2021-06-29T10:05:03.5Z'/>",
	    "2021-06-29T10:05:03.5Z", "'/>", "an event of Windows");
	finds("call 1924961103 now", "none", "", "an epoch still to come");
	finds("release 2021-06-29 of 1.2.3.4", "none", "", "a date alone");
	finds("v10.30.16 10:05 x", "none", "", "a version");
}

/* The day and the zone of one stamp are remembered for the next. */
static void
reads_one_after_another(void)
{
	is("29/Jun/2021:10:05:03 +0200", "2021-06-29T08:05:03Z",
	    "CLF in sequence: the first stamp");
	is("29/Jun/2021:01:59:59 +0200", "2021-06-28T23:59:59Z",
	    "CLF in sequence: another stamp of that day");
	is("29/Jun/2021:01:59:59 -0200", "2021-06-29T03:59:59Z",
	    "CLF in sequence: a stamp in another zone");
	is("30/Jun/2021:01:59:59 -0200", "2021-06-30T03:59:59Z",
	    "CLF in sequence: a stamp of another day");
	is("30/Jun/2021:21:59:60 -0200", "2021-06-30T23:59:60Z",
	    "CLF in sequence: a stamp in a leap second");
	is("30/Jun/2021:20:59:59 -0200", "2021-06-30T22:59:59Z",
	    "CLF in sequence: a stamp of a day that had a leap second");
	is("30/Jun/2021:21:59:59.5 -0200", "2021-06-30T23:59:59.5Z",
	    "CLF in sequence: a stamp with a fraction");
	is("30/Jun/2021:10:05:03", "2021-06-30T10:05:03Z",
	    "CLF in sequence: a stamp without a zone");
	is("30/Jun/2021:24:00:00 -0200", "none",
	    "CLF in sequence: no hour is 24");
	is("2021-06-30T10:05:03.25Z", "2021-06-30T10:05:03.25Z",
	    "ISO in sequence: the first stamp");
	is("2021-06-30T10:05:03+02:00", "2021-06-30T08:05:03Z",
	    "ISO in sequence: a stamp in another zone");
	is("2021-06-30T10:05:03", "2021-06-30T10:05:03Z",
	    "ISO in sequence: a stamp without a zone");
	is("2021-06-30T23:59:60Z", "2021-06-30T23:59:60Z",
	    "ISO in sequence: a stamp in a leap second");
	is("2021-06-30T10:05", "2021-06-30T10:05:00Z",
	    "ISO in sequence: a stamp without seconds");
	is("2021-06-30T10:60:00Z", "none", "ISO in sequence: no minute is 60");
	is("2021-06-3010:05:03Z", "none",
	    "ISO in sequence: the T is not left out");
	is("30/Jun/2021:10/05/03 -0200", "none",
	    "CLF in sequence: a slash is no colon");
}

static void
reads_far_away(void)
{
	is("1969-12-31T23:59:59.5Z", "1969-12-31T23:59:59.5Z",
	    "a time before 1970");
	is("-0.5", "1969-12-31T23:59:59.5Z",
	    "a time before 1970 as a negative number");
	is("1901-01-01T00:00:00Z", "1901-01-01T00:00:00Z", "a time in 1901");
	is("2038-01-19T03:14:08Z", "2038-01-19T03:14:08Z", "a time after 2038");
	is("9999-12-31T23:59:59Z", "9999-12-31T23:59:59Z",
	    "the last second of the year 9999");
	is("9999-12-31T23:59:59-01:00", "none",
	    "no time after the year 9999 in UTC");
	is("0000-01-01T00:00:00+01:00", "none",
	    "no time before the year 0 in UTC");
	is("2016-12-31T23:59:60Z", "2016-12-31T23:59:60Z", "a leap second");
	is("2017-01-01T01:59:60.5+02:00", "2016-12-31T23:59:60.5Z",
	    "a leap second elsewhere");
	is("2021-06-31T00:00:00Z", "none", "no 31 June");
	is("2000-02-29T00:00:00Z", "2000-02-29T00:00:00Z",
	    "29 February of a leap year");
	is("1900-02-29T00:00:00Z", "none", "no 29 February in 1900");
	is("2021-13-01T00:00:00Z", "none", "a month too many");
	is("2021-06-29T24:00:00Z", "none", "an hour too many");
	is("2021-06-29T10:05:61Z", "none", "a second too many");
	is("-", "none", "the NILVALUE of syslog is no time");
	is("", "none", "an empty text is no time");
}

static void
finds_years(void)
{
	zone.near = 1640995200 + 3600;		/* 2022-01-01T01:00:00Z */
	is("Dec 31 23:59:59", "2021-12-31T23:59:59Z", "December in January");
	is("Jan  1 00:30:00", "2022-01-01T00:30:00Z", "January in January");
	is("Jan  1 00:30:00.25", "2022-01-01T00:30:00.25Z",
	    "a time without a year, with a fraction");
	is("Jan  1 00:30:00 CST 2021 ", "none", "a blank behind a year");
	is("Jan  1 24:30:00", "none", "a time without a year: no hour is 24");
	zone.near = 1640995200 - 3600;
	is("Jan  1 00:30:00", "2022-01-01T00:30:00Z",
	    "a clock that is ahead, in December");
	zone.near = 1795740000;			/* 2026-11-27 */
	is("Feb 29 00:00:00", "2024-02-29T00:00:00Z",
	    "29 February may be more than a year away");
	is("Nov 28 23:00:00", "2026-11-28T23:00:00Z",
	    "a stamp a day ahead of the file");
	is("Nov 29 00:00:00", "2025-11-29T00:00:00Z",
	    "a stamp two days ahead is past");
	zone.enveloped = true;
	is("Feb 29 00:00:00", "2028-02-29T00:00:00Z",
	    "in an envelope the nearest 29 February, also one ahead");
	is("Nov 29 00:00:00", "2026-11-29T00:00:00Z",
	    "in an envelope a stamp after its day");
	zone.enveloped = false;
	zone.near = 4118083200;			/* 2100-07-01, no leap year */
	is("Feb 29 00:00:00", "2096-02-29T00:00:00Z",
	    "29 February may be more than four years away");
	zone.near = 1614556800;			/* 2021-03-01 */
	is("Feb 29 00:00:00", "2020-02-29T00:00:00Z",
	    "29 February is of a year that has it");
	is("Dec 31 23:59:59", "2020-12-31T23:59:59Z", "December in March");
	zone.year = 2019;
	is("Dec 31 23:59:59", "2019-12-31T23:59:59Z", "the year that was said");
	zone.year = 0;
	zone.near += 366 * 86400;
	is("Dec 31 23:59:59", "2021-12-31T23:59:59Z",
	    "December, with a file a year later");
}

static void
finds_zones(void)
{
	zone.near = 1624961103;
	ok(zone_set(&zone, "Europe/Berlin") == 0, "a zone by name");
	is("2021-06-29 10:05:03", "2021-06-29T08:05:03Z",
	    "a zone by name in summer");
	is("2021-01-29 10:05:03", "2021-01-29T09:05:03Z",
	    "a zone by name in winter");
	is("2021-10-31 02:30:00", "2021-10-31T00:30:00Z",
	    "the first of an hour that comes twice");
	is("2021-10-31 03:30:00", "2021-10-31T02:30:00Z",
	    "the hour after one that comes twice");
	is("2021-03-28 02:30:00", "2021-03-28T01:30:00Z",
	    "an hour that was left out");
	is("2021-03-28 01:59:59", "2021-03-28T00:59:59Z",
	    "the second before an hour that is left out");
	is("2021-06-29 10:05:03Z", "2021-06-29T10:05:03Z",
	    "a zone that is there counts");
	is("1890-01-01 00:00:00", "1889-12-31T23:06:32Z",
	    "a zone with odd seconds");
	ok(zone_set(&zone, "-03:30") == 0, "a zone by number");
	is("2021-06-29 10:05:03", "2021-06-29T13:35:03Z",
	    "a zone by number, west of Greenwich");
	ok(zone_set(&zone, "Mars/Base") < 0 && zone_set(&zone, "") < 0 &&
	    zone_set(&zone, "../etc") < 0 && zone_set(&zone, "+25") < 0,
	    "zones that there are not are refused");
	zone_set(&zone, "UTC");
}

/* The times of a file end in 2037 or before; its last line has a rule for later. */
static const struct {
	const char *stamp, *utc, *name;
} by_rule[] = {
	{ "15-Jan-2050 12:00:00 Europe/Berlin",
	    "2050-01-15T11:00:00Z", "winter in the north" },
	{ "15-Jul-2050 12:00:00 Europe/Berlin",
	    "2050-07-15T10:00:00Z", "summer in the north" },
	{ "15-Jan-2050 12:00:00 America/New_York",
	    "2050-01-15T17:00:00Z", "winter west of Greenwich" },
	{ "15-Jul-2050 12:00:00 America/New_York",
	    "2050-07-15T16:00:00Z", "summer west of Greenwich" },
	{ "15-Jan-2050 12:00:00 Australia/Sydney",
	    "2050-01-15T01:00:00Z", "summer in the south" },
	{ "15-Jul-2050 12:00:00 Australia/Sydney",
	    "2050-07-15T02:00:00Z", "winter in the south" },
	{ "26-Mar-2050 21:30:00 America/Nuuk",
	    "2050-03-26T23:30:00Z", "before a change on the eve of its day" },
	{ "27-Mar-2050 00:30:00 America/Nuuk",
	    "2050-03-27T01:30:00Z", "after a change on the eve of its day" },
	{ "29-Feb-2028 12:00:00 Own/Zone",
	    "2028-02-29T15:30:00Z", "29 February is before day J60" },
	{ "01-Mar-2028 02:30:00 Own/Zone",
	    "2028-03-01T05:00:00Z", "1 March of a leap year is day J60" },
	{ "01-Mar-2027 02:30:00 Own/Zone",
	    "2027-03-01T05:00:00Z", "1 March of another year is day J60" },
	{ "28-Oct-2028 01:00:00 Own/Zone",
	    "2028-10-28T03:30:00Z",
	    "day 300 of a leap year and 26 hours are not over" },
	{ "28-Oct-2028 03:00:00 Own/Zone",
	    "2028-10-28T06:30:00Z",
	    "day 300 of a leap year and 26 hours are over" },
	{ "29-Oct-2027 03:00:00 Own/Zone",
	    "2027-10-29T06:30:00Z",
	    "day 300 of another year and 26 hours are over" },
};

/* A file of a zone that holds no times, only a rule (RFC 9636). */
static void
write_zone(const char *path)
{
	unsigned char head[44] = "TZif2", second[44] = "TZif2";
	FILE *f = fopen(path, "w");

	second[39] = 1;			/* one kind of time, of 6 bytes */
	if (f == NULL)
		return;
	fwrite(head, sizeof head, 1, f);
	fwrite(second, sizeof second, 1, f);
	fwrite("\0\0\0\0\0\0", 6, 1, f);
	fputs("\nAAA3:30BBB,J60/1,300/26:30\n", f);
	fclose(f);
}

static void
finds_zones_by_rule(void)
{
	char dir[] = "/tmp/logferry-test.XXXXXX", own[64], path[128],
	    line[64];

	if (mkdtemp(dir) == NULL)
		return;
	snprintf(own, sizeof own, "%s/Own", dir);
	mkdir(own, 0700);
	snprintf(path, sizeof path, "%s/Zone", own);
	write_zone(path);
	for (size_t i = 0; i < sizeof by_rule / sizeof by_rule[0]; i++) {
		if (strstr(by_rule[i].stamp, "Own") != NULL)
			setenv("TZDIR", dir, 1);
		snprintf(line, sizeof line, "[%s] x", by_rule[i].stamp);
		finds(line, by_rule[i].utc, "] x", by_rule[i].name);
	}
	unsetenv("TZDIR");
	remove(path);
	remove(own);
	remove(dir);
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
	finds_times_in_lines();
	reads_one_after_another();
	reads_far_away();
	finds_years();
	finds_zones();
	finds_zones_by_rule();
	reads_formats();
	ok(timestamp_cmp(&a, &b) < 0 && timestamp_cmp(&b, &a) > 0 &&
	    timestamp_cmp(&a, &a) == 0,
	    "timestamps compare by seconds, then nanoseconds");
	return done_testing();
}
