/*
 * zone, zone_file: which zones there are, by number and by name, and what a
 * file of the zone database has to be like
 */
#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "record/timestamp.h"
#include "tap.h"

enum { HOUR = 3600, DAY = 86400, NOON = 43200 };

static char dir[] = "/tmp/logferry-test.XXXXXX";

static void
reads_numbers(void)
{
	static const struct {
		const char *name;
		int offset_s;
	} good[] = {
		{ "UTC", 0 }, { "GMT", 0 }, { "Z", 0 }, { "+2", 2 * HOUR },
		{ "-2", -2 * HOUR }, { "+02", 2 * HOUR },
		{ "+2:30", 9000 }, { "+0230", 9000 }, { "-02:30", -9000 },
		{ "+23:59", 24 * HOUR - 60 },
	};
	static const char *const bad[] = {
		"+", "-", "+x", "+ 2", "2", "x2", "+02:", "+02:5", "+025",
		"+02:300", "+02:60", "+24", "+02:x0", "+02:3x", "+2x", "",
		"/etc/localtime", "Europe/../UTC", "No/Such",
	};
	struct zone z = { 0 };
	int wrong = 0;

	for (size_t i = 0; i < sizeof good / sizeof *good; i++)
		if (zone_set(&z, good[i].name) < 0 || !z.fixed ||
		    z.offset_s != good[i].offset_s) {
			wrong++;
			printf("# %s\n", good[i].name);
		}
	ok(wrong == 0, "a zone by number is hours, and minutes of two digits");
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		errno = 0;
		if (zone_set(&z, bad[i]) == 0 || errno != EINVAL) {
			wrong++;
			printf("# %s\n", bad[i]);
		}
	}
	ok(wrong == 0, "what is no zone is refused");
	ok(zone_set(&z, "UTC") == 0 && zone_to_utc(&z, -5) == -5,
	    "UTC is the same before 1970");
}

/* A file of one zone: what is to be read, and how it is broken. */
struct zone_file {
	const char *footer;	/* NULL: none, nor its LF */
	int changes;		/* each an hour more, from 1970 on */
	const char *magic;	/* NULL: as it should be */
	int kinds;		/* one more than changes, when 0 */
	int wrong_kind;		/* the kind of the first change, if not 0 */
	long cut;		/* so many bytes are missing at the end */
	int first_count;	/* a count in the header of the first part */
};

static void
add_number(struct buf *b, int64_t v, int bytes)
{
	while (bytes-- > 0)
		buf_addc(b, (char)(v >> bytes * 8));
}

static void
add_head(struct buf *b, const char *magic, int changes, int kinds)
{
	buf_add(b, magic, 5);
	for (int i = 0; i < 15; i++)
		buf_addc(b, '\0');
	for (int i = 0; i < 3; i++)
		add_number(b, 0, 4);
	add_number(b, changes, 4);
	add_number(b, kinds, 4);
	add_number(b, 4, 4);		/* bytes of abbreviations */
}

/* Write the file Own/name in the folder of zones (RFC 9636). */
static void
write_zone(const char *name, const struct zone_file *z)
{
	const char *magic = z->magic != NULL ? z->magic : "TZif2";
	int kinds = z->kinds != 0 ? z->kinds : z->changes + 1;
	struct buf b = { 0 };
	char path[128];
	FILE *f;

	add_head(&b, magic, 0, z->first_count);
	add_number(&b, 0, 4);
	add_head(&b, magic, z->changes, kinds);
	for (int i = 0; i < z->changes; i++)
		add_number(&b, (int64_t)i * 365 * DAY, 8);
	for (int i = 0; i < z->changes; i++)
		buf_addc(&b, (char)(i == 0 && z->wrong_kind != 0 ?
		    z->wrong_kind : i + 1));
	for (int i = 0; i < kinds && i < 100; i++) {
		add_number(&b, i * HOUR, 4);
		add_number(&b, 0, 2);
	}
	buf_adds(&b, "AAA");
	buf_addc(&b, '\0');
	if (z->footer != NULL)
		buf_printf(&b, "\n%s\n", z->footer);
	snprintf(path, sizeof path, "%s/Own/%s", dir, name);
	if ((f = fopen(path, "w")) == NULL)
		abort();
	fwrite(b.p, 1, b.len - (size_t)z->cut, f);
	fclose(f);
	buf_free(&b);
}

/* By how many minutes UTC differs from the zone's noon of a day, or 9999. */
static int
minutes_at(const char *name, int64_t day)
{
	char full[64];
	int64_t utc;

	snprintf(full, sizeof full, "Own/%s", name);
	if (zone_named_to_utc(span_str(full), day * DAY + NOON, &utc) < 0)
		return 9999;
	return (int)((day * DAY + NOON - utc) / 60);
}

enum {				/* days */
	MAY_1970 = 120, JUN_1972 = 900, JAN_2021 = 18640, JUL_2021 = 18820,
};

static void
reads_files(void)
{
	static const struct {
		struct zone_file file;
		int64_t day;
		int minutes;
	} rows[] = {
		{ { .footer = "AAA-2" }, JAN_2021, 120 },
		{ { .footer = "AAA+2" }, JAN_2021, -120 },
		{ { .footer = "AzZ-2" }, JAN_2021, 120 },
		{ { .footer = "<+0530>-5:30" }, JAN_2021, 330 },
		{ { .footer = "<-02>2" }, JAN_2021, -120 },
		{ { .footer = "AAA3BBB2:30,M3.2.0,M11.1.0" }, JUL_2021, -150 },
		{ { .footer = "AAA3BBB2:30,M3.2.0,M11.1.0" }, JAN_2021, -180 },
		{ { .footer = "AAA3BBB,M3.2.0/1,M11.1.0" }, JUL_2021, -120 },
		{ { .footer = "AAA0BBB,60,300" }, JUL_2021, 60 },
		{ { .footer = "" }, JAN_2021, 0 },
		{ { .footer = NULL }, JAN_2021, 0 },
		{ { .footer = NULL, .changes = 3 }, MAY_1970, 60 },
		{ { .footer = NULL, .changes = 3 }, JUN_1972, 180 },
		{ { .footer = NULL, .changes = 3 }, -400, 0 },
		{ { .footer = "AAA-3", .changes = 3 }, JAN_2021, 180 },
		{ { .footer = "AAA-5", .changes = 3 }, JAN_2021, 300 },
		{ { .footer = "AAA-5", .changes = 3 }, MAY_1970, 60 },
	};
	char name[16];
	int got, wrong = 0;

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		snprintf(name, sizeof name, "good_%zu", i);
		write_zone(name, &rows[i].file);
		got = minutes_at(name, rows[i].day);
		if (got != rows[i].minutes || got != minutes_at(name,
		    rows[i].day)) {
			wrong++;
			printf("# file %zu: %d\n", i, got);
		}
	}
	ok(wrong == 0, "a zone is what its changes say, then its last line");
}

/* With Own/ in front of it. */
#define LONGEST "a_name_of_thirty-six_letters_0123456"

static void
refuses_files(void)
{
	static const struct zone_file bad[] = {
		{ .footer = "AAA3BBB" }, { .footer = "AAA3BBB,M3.2.0" },
		{ .footer = "AAA3BBB,M13.1.0,M11.1.0" },
		{ .footer = "AAA3BBB,M0.1.0,M11.1.0" },
		{ .footer = "AAA3BBB,M3.0.0,M11.1.0" },
		{ .footer = "AAA3BBB,M3.6.0,M11.1.0" },
		{ .footer = "AAA3BBB,M3.1.7,M11.1.0" },
		{ .footer = "AAA3BBB,M3.1.0,Mx.1.0" },
		{ .footer = "AAA3BBB,Jx,300" }, { .footer = "AAA3BBB,x,300" },
		{ .footer = "AAA0", .magic = "TZif1" },
		{ .footer = "AAA0", .magic = "TZxf2" },
		{ .footer = "AAA0", .kinds = -1 },
		{ .footer = "AAA0", .kinds = 1 << 20 },
		{ .footer = NULL, .changes = 2, .wrong_kind = 3 },
		{ .footer = NULL, .changes = 2, .cut = 1 },
		{ .footer = NULL, .cut = 20 },
		{ .footer = NULL, .first_count = 1000 },
		{ .footer = NULL, .first_count = -1 },
		{ .footer = NULL, .cut = 70 },
	};
	static const char *const names[] = {
		"", "/Own/x", "Own/good_0.", "Own/good 0", "Own",
		"Own/a-name+of_more/than-forty+bytes_0123456789",
	};
	char name[16];
	int wrong = 0;
	int64_t utc;

	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		snprintf(name, sizeof name, "bad-%zu", i);
		write_zone(name, &bad[i]);
		if (minutes_at(name, JAN_2021) != 9999) {
			wrong++;
			printf("# file %zu: %d\n", i, minutes_at(name,
			    JAN_2021));
		}
	}
	ok(wrong == 0, "a file that is no zone's, or is cut, is refused");
	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		wrong += zone_named_to_utc(span_str(names[i]), 0, &utc) == 0;
	ok(wrong == 0, "what is no name of a zone is refused");
	write_zone(LONGEST, &(struct zone_file){ .footer = "UTC-1" });
	ok(minutes_at(LONGEST, JAN_2021) == 60, "a name may have 40 letters");
}

int
main(void)
{
	char own[64], path[128];

	reads_numbers();
	if (mkdtemp(dir) == NULL)
		abort();
	snprintf(own, sizeof own, "%s/Own", dir);
	mkdir(own, 0700);
	setenv("TZDIR", dir, 1);
	reads_files();
	refuses_files();
	for (int i = 0; i < 40; i++) {
		snprintf(path, sizeof path, "%s/%s%d", own, i < 20 ? "good_" :
		    "bad-", i % 20);
		unlink(path);
	}
	snprintf(path, sizeof path, "%s/%s", own, LONGEST);
	unlink(path);
	rmdir(own);
	rmdir(dir);
	return done_testing();
}
