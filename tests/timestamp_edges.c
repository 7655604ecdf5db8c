/*
 * timestamp, timestamp_find, timestamp_strptime: what is just a stamp, what
 * just is none, and what stands behind it
 */
#include "record/timestamp.h"

#include <stdlib.h>

#include "guarded.h"
#include "tap.h"

enum { NEAR = 1624961103 };		/* 2021-06-29T10:05:03Z */

static struct zone zone;

static const char *
printed(const struct timestamp *t)
{
	static char text[TIMESTAMP_SIZE + 1];

	text[timestamp_print(text, t)] = '\0';
	return text;
}

/* The text, the time in it or "none", and what is not read of it. */
struct row {
	const char *text, *want, *rest;
};

typedef const char *read_fn(const char *p, const char *end, struct zone *z,
    struct timestamp *t);

/* Reads what is left of each text when it breaks off anywhere. */
static void
read_cut(read_fn *read, const struct row *row, size_t n)
{
	struct timestamp t;
	struct span cut;

	for (; n-- > 0; row++)
		for (size_t len = strlen(row->text); len-- > 0;) {
			cut = guarded(row->text, len);
			read(cut.p, cut.p + len, &zone, &t);
			cut = guarded_start(row->text, len);
			read(cut.p, cut.p + len, &zone, &t);
		}
}

/* Returns how many of the n rows are read wrongly. */
static int
misread(read_fn *read, const struct row *rows, size_t n)
{
	struct timestamp t;
	struct span text, rest;
	const char *behind, *got;
	int wrong = 0;

	for (const struct row *row = rows; row < rows + n; row++) {
		text = guarded(row->text, strlen(row->text));
		behind = read(text.p, text.p + text.len, &zone, &t);
		got = behind != NULL ? printed(&t) : "none";
		rest = behind != NULL ? span_of(behind,
		    text.len - (size_t)(behind - text.p)) : span_str(row->rest);
		if (strcmp(got, row->want) == 0 && span_is(rest, row->rest))
			continue;
		wrong++;
		printf("# %s: got %s, behind it: %.*s\n", row->text, got,
		    (int)rest.len, rest.p);
	}
	read_cut(read, rows, n);
	return wrong;
}

#define ROWS(fn, table, name) \
	ok(misread(fn, table, sizeof table / sizeof *table) == 0, name)

static const char *
find(const char *p, const char *end, struct zone *z, struct timestamp *t)
{
	const char *at;

	return timestamp_find(span_of(p, (size_t)(end - p)), z, t, &at);
}

static const struct row ctimes[] = {
	{ "Tue Jun 29 10:05:03.123456 2021", "2021-06-29T10:05:03.123456Z",
	    "" },
	{ "Tue Jun  9 10:05:03 2021 x", "2021-06-09T10:05:03Z", " x" },
	{ "Tue Jun 9 10:05:03 +0200 2021", "2021-06-09T08:05:03Z", "" },
	{ "Xue Jun 29 10:05:03 2021", "none", "" },
	{ "Tue Jun 29 10:05:03", "none", "" },
	{ "Tue,Jun 29 10:05:03 2021", "none", "" },
	{ "Tue Jux 29 10:05:03 2021", "none", "" },
	{ "Tue June29 10:05:03 2021", "none", "" },
	{ "Tue Jun xx 10:05:03 2021", "none", "" },
	{ "Tue Jun 29x10:05:03 2021", "none", "" },
	{ "Tue Jun 29 10-05-03 2021", "none", "" },
	{ "Tue Jun 31 10:05:03 2021", "none", "" },
	{ "Tue Jun 29 10:05:03.5", "none", "" },
	{ "Tue Jun 29 10:05:03x2021", "none", "" },
	{ "Tue Jun 29 10:05:03 202x", "none", "" },
};

static const struct row bsds[] = {
	{ "Jun 29 10:05:03 CST 2021 x", "2021-06-29T10:05:03Z", " x" },
	{ "Jun 29 10:05:03 CST 2021x", "2021-06-29T10:05:03Z", " CST 2021x" },
	{ "Jun 29 10:05:03 CST 1969 x", "2021-06-29T10:05:03Z", " CST 1969 x" },
	{ "Jun 29 10:05:03 CST 2200 x", "2021-06-29T10:05:03Z", " CST 2200 x" },
	{ "Jun 29 10:05:03 CST-2021 x", "2021-06-29T10:05:03Z", " CST-2021 x" },
	{ "Jun 28 10:05:03 ABCDEFGH", "2021-06-28T10:05:03Z", " ABCDEFGH" },
	{ "Jun 9 10:05:03 x", "2021-06-09T10:05:03Z", " x" },
	{ "Jun 27 10:05:03 2020 ", "2020-06-27T10:05:03Z", " " },
	{ "Jun 29 2021 10:05 +01 x", "2021-06-29T09:05:00Z", " x" },
	{ "Jun 29 2021 xx:05:03", "none", "" },
	{ "Jun 29 1005 1003", "none", "" },
	{ "Jun 29 10051003 x", "none", "" },
	{ "Jun xx 10:05:03", "none", "" },
	{ "Jun 29x10:05:03", "none", "" },
	{ "Jun.29 10:05:03", "none", "" },
	{ "Jun 29 10:05", "none", "" },
	{ "Jun 31 10:05:03", "none", "" },
};

static const struct row clfs[] = {
	{ "29/Jun/2021:10:05:03 +0200]", "2021-06-29T08:05:03Z", "]" },
	{ "29/Jun/2021:10:05:03.12345", "2021-06-29T10:05:03.12345Z", "" },
	{ "29/Jun/2021:10:05:03.54321", "2021-06-29T10:05:03.54321Z", "" },
	{ "29/Jun/1969:10:05:03 +0200", "1969-06-29T08:05:03Z", "" },
	{ "29/Jun/1969:11:05:03 +0200", "1969-06-29T09:05:03Z", "" },
	{ "29/Jun/9999:10:05:03 +0200", "9999-06-29T08:05:03Z", "" },
	{ "29/Jun/9999:11:05:03 +0200", "9999-06-29T09:05:03Z", "" },
	{ "29/Jun/2021:10:05:03 +2500", "2021-06-29T10:05:03Z", " +2500" },
	{ "29/Jun/2021:10:05:03 +020", "2021-06-29T08:05:03Z", "0" },
	{ "29/Jun/2021:10:05:03 GMT", "2021-06-29T10:05:03Z", "" },
	{ "29/Jun/2021:10:05:03 GMTx", "2021-06-29T10:05:03Z", " GMTx" },
	{ "29/Jun/2021:10:05:03 ", "2021-06-29T10:05:03Z", " " },
	{ "29/Jun/2021:10:05:", "2021-06-29T10:05:00Z", ":" },
	{ "29/Jun/2021:10:0", "none", "" },
	{ "29/Jun/2021:10:0x:00", "none", "" },
	{ "29/Jun/2021:1x:05:00", "none", "" },
	{ "29/Jun/2021:10-05:00", "none", "" },
	{ "29/Jun/2021:10:05:6x", "none", "" },
	{ "29/Jun-2021:10:05:03", "none", "" },
	{ "29/Jun/2021 10:05:03", "none", "" },
	{ "2x/Jun/2021:10:05:03", "none", "" },
	{ "29/Jun/202x:10:05:03", "none", "" },
	{ "29/Jux/2021:10:05:03", "none", "" },
};

static const struct row isos[] = {
	{ "2021-06-29t10:05:03z", "2021-06-29T10:05:03Z", "" },
	{ "2021-06-29T10:05:03,5 Z", "2021-06-29T10:05:03.5Z", "" },
	{ "2021-06-29T10:05:03 -0", "2021-06-29T10:05:03Z", " -0" },
	{ "2021-06-29T10:05:03.x", "2021-06-29T10:05:03Z", ".x" },
	{ "2021-06-29T10:05:03Zulu", "2021-06-29T10:05:03Z", "Zulu" },
	{ "0000-01-01T00:00:00Z", "0000-01-01T00:00:00Z", "" },
	{ "0000-02-29T10:05:03Z", "0000-02-29T10:05:03Z", "" },
	{ "9999-06-29T10:05:03Z", "9999-06-29T10:05:03Z", "" },
	{ "9999-06-29T11:05:03Z", "9999-06-29T11:05:03Z", "" },
	{ "2021-06-29x10:05:03Z", "none", "" },
	{ "2021-06/29T10:05:03Z", "none", "" },
	{ "2021.06.29T10:05:03Z", "none", "" },
	{ "2021-0x-29T10:05:03Z", "none", "" },
	{ "2021-06-2xT10:05:03Z", "none", "" },
	{ "202x-06-29T10:05:03Z", "none", "" },
};

static const struct row epochs[] = {
	{ "-1", "1969-12-31T23:59:59Z", "" },
	{ "1624961103250000001.5", "2021-06-29T10:05:03.250000001Z", "" },
	{ "99999999999", "5138-11-16T09:46:39Z", "" },
	{ "100000000000", "1973-03-03T09:46:40.000Z", "" },
	{ "16249611032500000019", "none", "" },
	{ "-99999999999", "none", "" },
	{ "-x", "none", "" },
	{ "", "none", "" },
};

static const char *
epoch(const char *p, const char *end, struct zone *z, struct timestamp *t)
{
	(void)z;
	return timestamp_epoch(p, end, t);
}

static void
reads_each_form(void)
{
	static const char nuls[24];
	struct timestamp t;

	ROWS(timestamp_ctime, ctimes, "a stamp of ctime(3) is read to its end");
	ROWS(timestamp_bsd, bsds, "a stamp of BSD is read to its end");
	ROWS(timestamp_clf, clfs, "a stamp of CLF is read to its end");
	ROWS(timestamp_iso, isos, "a stamp of ISO 8601 is read to its end");
	zone_set(&zone, "UTC");
	ok(timestamp_iso(nuls, nuls + sizeof nuls, &zone, &t) == NULL,
	    "the first stamp is not compared with one that was none");
	ROWS(epoch, epochs, "seconds since 1970 are read to their end");
}

static const struct row forms[] = {
	{ "29-Jun-2021::10:05:03 x", "2021-06-29T10:05:03Z", " x" },
	{ "29 June 2021 at 10:05:03 x", "2021-06-29T10:05:03Z", " x" },
	{ "29.06.2021, 10:05:03 x", "2021-06-29T10:05:03Z", " x" },
	{ "29.06.2021\t10:05:03 x", "2021-06-29T10:05:03Z", " x" },
	{ "29-Jun-21T10:05:03", "2021-06-29T10:05:03Z", "" },
	{ "29Jun2021 10:05:03", "2021-06-29T10:05:03Z", "" },
	{ "Tue. 29 Jun 2021 10:05:03", "2021-06-29T10:05:03Z", "" },
	{ "2021 Jun  9 10:05:03 CEST", "2021-06-09T10:05:03Z", " CEST" },
	{ "2021.6.9 9:05:03", "2021-06-09T09:05:03Z", "" },
	{ "20210629|100503.5|x", "2021-06-29T10:05:03.5Z", "|x" },
	{ "210629 1:05:03", "2021-06-29T01:05:03Z", "" },
	{ "29.06.21 10:05:03", "2021-06-29T10:05:03Z", "" },
	{ "29.06.2021 10:05:03:60", "2021-06-29T10:05:03Z", ":60" },
	{ "29.06.2021 10:05:03:6060", "2021-06-29T10:05:03Z", ":6060" },
	{ "29.06.2021 01:05:03 p", "2021-06-29T01:05:03Z", " p" },
	{ "29.06.2021 01:05:03 px", "2021-06-29T01:05:03Z", " px" },
	{ "29.06.2021 01:05:03 PMI", "2021-06-29T01:05:03Z", " PMI" },
	{ "29.06.2021 13:05:03 PM", "2021-06-29T13:05:03Z", " PM" },
	{ "29.06.2021 01:05:03pm", "2021-06-29T13:05:03Z", "" },
	{ "29.06.2021 13:05:03 下午", "2021-06-29T13:05:03Z", " 下午" },
	{ "Jun-29-2021 10:05:03", "2021-06-29T10:05:03Z", "" },
	{ "Jun 29 10:05:03 CEST 2021", "2021-06-29T10:05:03Z", "" },
	{ "Jun 27 10:05:03 AEST 2020", "2020-06-27T10:05:03Z", "" },
	{ "Jun 27 10:05:03 ZEST 2020", "2020-06-27T10:05:03Z", "" },
	{ "Jun 29 10:05:03 CEST 2021x", "2021-06-29T10:05:03Z", " CEST 2021x" },
	{ "Jun 29 10:05:03 1969", "2021-06-29T10:05:03Z", " 1969" },
	{ "Jun 29 10:05:03 CESTCESTC", "2021-06-29T10:05:03Z", " CESTCESTC" },
	{ "29 juin. 2021 10:05:03", "2021-06-29T10:05:03Z", "" },
	{ "juin 9, 2021 10:05:03", "2021-06-09T10:05:03Z", "" },
	{ "29/06/2021 10:05", "2021-06-29T10:05:00Z", "" },
	{ "07/01/2021 10:05:03", "2021-07-01T10:05:03Z", "" },
	{ "07/02/2021 10:05:03", "2021-02-07T10:05:03Z", "" },
};

static const char *const no_forms[] = {
	"29.06.1969 10:05:03", "2200.06.29 10:05:03", "2021-6-9", "2021-Jun",
	"2021-06- 9 10:05:03", "2021,06,29 10:05:03", "2021 06 29 10:05:03",
	"2021-xx-09 10:05:03", "2021-06-xx 10:05:03", "2021-06/29 10:05:03",
	"1969-180T10:05:03", "2021-367T10:05:03", "2021-180x10:05:03",
	"2021-180T10:0", "2021-180Tx0:05:03", "19690629 10:05:03",
	"20211329 10:05:03", "29 Jun", "29 Jun ", "29 Jun 1969 10:05:03",
	"29 Jun 20211 10:05:03", "29 Jun 2021", "29-Jun-21:10:05:03",
	"29-Jun-21", "29 Jun.", "29 juin 10:05:03", "juin xx, 2021 10:05:03",
	"juin 29 10:05:03", "29 juin", "29 juinx 2021 10:05:03", "Jun 9",
	"Jun:29 10:05:03", "Jun xx, 2021 10:05:03", "Tue", "Tue,", "Tue, ",
	"29 Jun 2021-", "29.06.2021-x", "29.06.2021", "29.06.2021x10:05:03",
	"29.06.2021::x", "29.06.2021 -x", "29.06.2021 1", "29.06.2021 10x05",
	"29.06.2021 10:x5", "29.06.2021 10.05", "29 Jun 10:05",
	"29.06.2021 24:05:03", "29.06.2021 10:60:03", "29.06.2021 10:05:61",
	"29.06.2021 10:05:03x", "31.06.2021 10:05:03", "29x06x2021 10:05:03",
	"29.13.2021 10:05:03", "99.99.99 10:05:03", "06-9 10:05:03", "1.2.",
	"29.06.202 10:05:03", "123 10:05:03", "2021366 10:05:03",
	"20210629 1005", "",
};

static const struct row lines[] = {
	{ "@4000000060daf06b0000000A", "none", "" },
	{ "@4000000060daf06b0000000g", "none", "" },
	{ "@0000000060daf06b00000000", "none", "" },
	{ "@4fffffffffffffff00000000", "none", "" },
	{ "@4000000060daf06b0000000", "none", "" },
	{ "up 1624961103", "2021-06-29T10:05:03Z", "" },
	{ "up 1624961103x", "none", "" },
	{ "up 0631151999 x", "none", "" },
	{ "up x1624961103 x", "none", "" },
	{ "a b c d e f 1624961103 x", "none", "" },
	{ "a\tb\tc\td\t1624961103,x", "2021-06-29T10:05:03Z", ",x" },
	{ "msg=audit(x): x", "none", "" },
	{ "七月 29, 2020 10:05:03 上午", "2020-07-29T10:05:03Z", "" },
	{ "二十 29, 2020 10:05:03", "none", "" },
	{ "<a/>", "none", "" },
	{ "- SystemTime=", "none", "" },
	{ "date=2021-06-29 time=12:05:03 tz=+0200 x", "2021-06-29T10:05:03Z",
	    " tz=+0200 x" },
	{ "date=\"2021-06-29\" time=\"12:05:03\" tz=\"+0200\"",
	    "2021-06-29T10:05:03Z", "\" tz=\"+0200\"" },
	{ "date=2021-06-29 time=12:05:03 tz=CEST", "2021-06-29T12:05:03Z",
	    " tz=CEST" },
	{ "date=2021-06-29 time=12:05:03 tz=", "2021-06-29T12:05:03Z",
	    " tz=" },
	{ "when=2021-06-29 time=12:05:03 tz=+0200", "2021-06-29T12:05:03Z",
	    " tz=+0200" },
	{ "10:05:03.5", "none", "" },
	{ "10:05:03x y z", "none", "" },
	{ "10:05:61 x y", "none", "" },
	{ "10-05:03 x y", "none", "" },
	{ "10:05-03 x y", "none", "" },
	{ "10:05:03|x", "2021-06-29T10:05:03Z", "|x" },
	{ "[10:05:03]", "2021-06-29T10:05:03Z", "]" },
};

static void
finds_each_form(void)
{
	struct timestamp t;
	const char *at;
	char line[400];
	size_t wrong = 0, n = sizeof no_forms / sizeof *no_forms;

	ROWS(timestamp_at, forms, "a date and a clock are read to their end");
	for (size_t i = 0; i < n; i++)
		if (timestamp_any(guarded(no_forms[i],
		    strlen(no_forms[i])), &zone, &t)) {
			printf("# %s: got %s\n", no_forms[i], printed(&t));
			wrong++;
		}
	ok(wrong == 0, "%zu texts that are almost times are none", n);
	ROWS(find, lines, "the time of a line is found, and what is none not");
	ok(timestamp_find(span_str(""), &zone, &t, &at) == NULL &&
	    timestamp_find_date(span_str(""), &zone, &t, &at) == NULL,
	    "an empty line has no time");
	snprintf(line, sizeof line, "<Event a='%0250d' SystemTime='"
	    "2021-06-29T10:05:03.5Z'/>", 0);
	ok(timestamp_find(span_str(line), &zone, &t, &at) != NULL &&
	    strcmp(printed(&t), "2021-06-29T10:05:03.5Z") == 0 &&
	    at == strstr(line, "2021"),
	    "the time of an event of Windows may be far from its front");
	*line = ' ';
	ok(timestamp_find(span_str(line), &zone, &t, &at) == NULL,
	    "the time of anything else may not");
}

static const struct {
	const char *format, *text, *want;
} by_format[] = {
	{ "%b%e %H:%M:%S", "Jun  9 10:05:03", "2021-06-09T10:05:03Z" },
	{ "%B %k:%M", "June  9:05", "2021-06-01T09:05:00Z" },
	{ "%d %b %Y", "29 Xxx 2021", "none" },
	{ "%d %b %Y", "xx Jun 2021", "none" },
	{ "%FT%T.%N", "2021-06-29T10:05:03.1234567891", "none" },
	{ "%FT%T.%f", "2021-06-29T10:05:03.123456789",
	    "2021-06-29T10:05:03.123456789Z" },
	{ "%FT%T.%f", "2021-06-29T10:05:03.x", "none" },
	{ "%FT%T.%f", "2021-06-29T10:05:03.", "none" },
	{ "%s", "-1", "1969-12-31T23:59:59Z" },
	{ "%s x", "1624961103 x", "2021-06-29T10:05:03Z" },
	{ "%Q", "1624961103250", "2021-06-29T10:05:03.250Z" },
	{ "%s", "x", "none" },
	{ "%s", "", "none" },
	{ "%y-%m-%d", "x1-06-29", "none" },
	{ "%y-%m-%d", "69-06-29", "1969-06-29T00:00:00Z" },
	{ "%Y", "202x", "none" },
	{ "%F %r", "2021-06-29 10:05:03 PM", "2021-06-29T22:05:03Z" },
	{ "%F %r", "2021-06-29 12:05:03 am", "2021-06-29T00:05:03Z" },
	{ "%F %l:%M %P", "2021-06-29  9:05 pm", "2021-06-29T21:05:00Z" },
	{ "%F %I %p", "2021-06-29 10 ", "none" },
	{ "%c", "Tue Jun 29 10:05:03 2021", "2021-06-29T10:05:03Z" },
	{ "%A, %h %d %Y", "Tuesday, Jun 29 2021", "2021-06-29T00:00:00Z" },
	{ "%A %F", "29 2021-06-29", "none" },
	{ "%Y%j", "202118x", "none" },
	{ "%Y%j", "2021000", "none" },
	{ "%Y%j", "2020366", "2020-12-31T00:00:00Z" },
	{ "%Y%j", "2021366", "none" },
	{ "%j %R", "180 10:05", "none" },
	{ "%F%z", "2021-06-29x", "none" },
	{ "%F %Z", "2021-06-29 CEST", "2021-06-29T00:00:00Z" },
	{ "%F%%", "2021-06-29x", "none" },
	{ "%F%%", "2021-06-29", "none" },
	{ "%F%", "2021-06-29%", "2021-06-29T00:00:00Z" },
	{ "%F%E", "2021-06-29E", "none" },
	{ "%-d.%-m.%EY", "9.6.2021", "2021-06-09T00:00:00Z" },
	{ "%Od.%m.%Y", "09.06.2021", "2021-06-09T00:00:00Z" },
	{ "%s.%3N", "1624961103.250", "2021-06-29T10:05:03.250Z" },
	{ "%s.%6N", "1624961103.250001", "2021-06-29T10:05:03.250001Z" },
	{ "%s.%9N", "1624961103.250000001",
	    "2021-06-29T10:05:03.250000001Z" },
	{ "%F x", "2021-06-29     x", "2021-06-29T00:00:00Z" },
	{ "%F ", "2021-06-29", "2021-06-29T00:00:00Z" },
	{ "%F-x", "2021-06-29-y", "none" },
	{ "%F-x", "2021-06-29-", "none" },
	{ "%F %H:%M", "2021-06-29 10:60", "none" },
	{ "%F %T", "2021-06-29 10:05:61", "none" },
	{ "%F %T", "2021-06-29 10:05:60", "2021-06-29T10:05:60Z" },
};

static void
reads_formats(void)
{
	struct timestamp t;
	struct span text;
	const char *p, *got = "none", *format;
	int wrong = 0;

	for (size_t i = 0; i < sizeof by_format / sizeof *by_format; i++) {
		format = by_format[i].format;
		p = by_format[i].text;
		for (size_t n = 0; n <= strlen(p); n++) {
			text = guarded(p, n);
			got = timestamp_strptime(text.p, text.p + n, format,
			    &zone, &t) == text.p + n ? printed(&t) : "none";
		}
		if (strcmp(got, by_format[i].want) == 0)
			continue;
		wrong++;
		printf("# %s: %s: got %s\n", format, p, got);
	}
	ok(wrong == 0, "each conversion of strptime(3) reads what it should");
	p = "180 10:05";
	zone.year = 2021;
	ok(timestamp_strptime(p, p + 9, "%j %R", &zone, &t) == p + 9 &&
	    strcmp(printed(&t), "2021-06-29T10:05:00Z") == 0,
	    "a day of the year is one of the year that --year says");
	zone.year = 0;
}

static void
tells_what_is_printed(void)
{
	static const char *const others[] = {
		"2021-06-29T10:05:03,5Z", "2021-06-29T10:05:03.5 Z",
		"2021-06-29 10:05:03Z", "2021/06-29T10:05:03Z",
		"2021-06-29T10:05:03z", "2021-06-29T10:05:03",
		"x021-06-29T10:05:03Z", "2x21-06-29T10:05:03Z",
		"20x1-06-29T10:05:03Z", "202x-06-29T10:05:03Z",
		"2021-06-29T10:05:03.1234567890Z",
	};
	bool good = timestamp_is_printed(span_str("2021-06-29T10:05:03Z")) &&
	    timestamp_is_printed(span_str("2021-06-29T10:05:03.123456789Z"));

	for (size_t i = 0; i < sizeof others / sizeof *others; i++)
		good &= !timestamp_is_printed(span_str(others[i]));
	ok(good, "only what is printed for a time is said to be");
}

static void
compares(void)
{
	struct timestamp a = { .sec = 59 }, b = { .sec = 59, .leap = true };

	ok(timestamp_cmp(&a, &b) < 0 && timestamp_cmp(&b, &a) > 0 &&
	    timestamp_cmp(&b, &b) == 0,
	    "a leap second follows the second that has its number");
	a.nsec = 999999999;
	ok(timestamp_cmp(&a, &b) < 0, "and all of that second");
}

static void
takes_the_year_told(void)
{
	static const struct row last[] = {
		{ "Dec 31 10:05:03 x", "9999-12-31T10:05:03Z", " x" },
		{ "Dec 31 11:05:03 x", "9999-12-31T11:05:03Z", " x" },
	}, any[] = {
		{ "2021x06-29", "none", "" }, { "2021-06x29", "none", "" },
		{ "2021-0x-29", "none", "" }, { "2021-06-2x", "none", "" },
		{ "202x-06-29", "none", "" },
	};
	struct timestamp t;
	bool none = true;

	zone.year = 9999;
	ROWS(timestamp_bsd, last, "the year that is told may be the last one");
	zone.year = 0;
	for (size_t i = 0; i < sizeof any / sizeof *any; i++)
		none &= !timestamp_any(span_str(any[i].text), &zone, &t);
	ok(none, "ten bytes that are almost a date are none");
}

int
main(void)
{
	zone_set(&zone, "UTC");
	zone.near = NEAR;
	reads_each_form();
	finds_each_form();
	reads_formats();
	tells_what_is_printed();
	compares();
	takes_the_year_told();
	return done_testing();
}
