/* stamp, log_name: the time in a name, and what a rotation has added to it */
#include <stdint.h>
#include <string.h>

#include "rotate/log_name.h"
#include "rotate/stamp.h"
#include "tap.h"

enum { OTHER, UNSURE, ROTATED, STAMPED };
static const char *const kinds[] = { "other", "unsure", "rotated", "stamped" };

static const struct {
	const char *name, *format;
	size_t stem, whole;
	int kind;
	bool packed;
} names[] = {
	{ "a.log", "%s", 5, 5, OTHER, 0 },
	{ "a.log.1", "%s", 5, 7, ROTATED, 0 },
	{ "a.log.12.gz", "%s", 5, 8, ROTATED, 1 },
	{ "a.log-20210629", "%s", 5, 14, ROTATED, 0 },
	{ "a.log-2021-06-29.xz", "%s", 5, 16, ROTATED, 1 },
	{ "a.log-20211329", "%s", 14, 14, OTHER, 0 },
	{ "a.log-2021062910", "%s", 5, 16, ROTATED, 0 },
	{ "a.log-202106291005", "%s", 5, 18, ROTATED, 0 },
	{ "a.log-20210629100503", "%s", 5, 20, ROTATED, 0 },
	{ "a.log-2021062924", "%s", 5, 16, STAMPED, 0 },
	{ "a.log-1624977000", "%s", 5, 16, STAMPED, 0 },
	{ "a.log-1624977000.2.gz", "%s", 5, 18, STAMPED, 1 },
	{ "a.log-1624977000_01.gz", "%s", 5, 19, STAMPED, 1 },
	{ "a.log-1624977000_1", "%s", 18, 18, OTHER, 0 },
	{ "a.log-1624977000_01_01", "%s", 22, 22, OTHER, 0 },
	{ "a.log-1624977000_", "%s", 5, 17, ROTATED, 0 },
	{ "a.log-1624977000.", "%s", 5, 17, ROTATED, 0 },
	{ "a-.1", "%s", 2, 4, ROTATED, 0 },
	{ "a.log-20210629-1624977000", "%s", 5, 25, ROTATED, 0 },
	{ "a-1", "%s", 3, 3, OTHER, 0 },
	{ "a-2021", "%s", 6, 6, OTHER, 0 },
	{ "a20210629", "%s", 9, 9, OTHER, 0 },
	{ "a.1.log", "%s", 7, 7, OTHER, 0 },
	{ "a-1624977000x", "%s", 13, 13, OTHER, 0 },
	{ "a-1624977000.000000001", "%s.%N", 1, 22, STAMPED, 0 },
	{ "a-1624977000000000001", "%s%N", 1, 21, STAMPED, 0 },
	{ "a-2021-06-29T10:05:03+0200", "%FT%T%z", 1, 26, STAMPED, 0 },
	{ "a-20210629", "%Y%m%d", 1, 10, STAMPED, 0 },
	{ "a-29Jun21", "%d%b%y", 1, 9, STAMPED, 0 },
	{ "a-100%", "%j%%", 1, 6, STAMPED, 0 },
	{ "a-100", "%j%%", 5, 5, OTHER, 0 },
	{ "a-100x", "%j%%", 6, 6, OTHER, 0 },
	{ "a--0200", "%z", 1, 7, STAMPED, 0 },
	{ "a-+020", "%z", 6, 6, OTHER, 0 },
	{ "a-x0200", "%z", 7, 7, OTHER, 0 },
	{ "a-", "%z", 2, 2, OTHER, 0 },
	{ "a-+", "%z", 3, 3, OTHER, 0 },
	{ "a-3", "%u", 1, 3, STAMPED, 0 },
	{ "a-3", "%Y", 3, 3, OTHER, 0 },
	{ "a-3", "%F", 3, 3, OTHER, 0 },
	{ "a-10:05", "%R", 1, 7, STAMPED, 0 },
	{ "a-10:5", "%R", 6, 6, OTHER, 0 },
	{ "a-10:x5", "%R", 7, 7, OTHER, 0 },
	{ "a-2021-06", "%F", 9, 9, OTHER, 0 },
	{ "a-211", "%Y", 5, 5, OTHER, 0 },
	{ "a-Jun", "%b", 1, 5, STAMPED, 0 },
	{ "a-06", "%b", 4, 4, OTHER, 0 },
	{ "a-2021", "%Yx", 6, 6, OTHER, 0 },
	{ "a-2021y", "%Yx", 7, 7, OTHER, 0 },
	{ "a-b-1624977000", "%s", 3, 14, STAMPED, 0 },
	{ ".gz", "%s", 3, 3, OTHER, 0 },
	{ ".1", "%s", 2, 2, OTHER, 0 },
	{ "-", "%s", 1, 1, OTHER, 0 },
	{ "", "%s", 0, 0, OTHER, 0 },
};

/* What is a sibling of which log; a pattern has a star. */
static const struct {
	const char *base, *name;
	int kind;
	long number;
} siblings[] = {
	{ "a.log", "a.log", OTHER, -1 },
	{ "a.log", "a.log.0", ROTATED, 0 },
	{ "a.log", "a.log.12", ROTATED, 12 },
	{ "a.log", "a.log.12.gz", ROTATED, 12 },
	{ "a.log", "a.log.123456789", ROTATED, 123456789 },
	{ "a.log", "a.log.1234567890", ROTATED, -1 },
	{ "a.log", "a.log-1", UNSURE, -1 },
	{ "a.log", "a.log-1x", OTHER, -1 },
	{ "a", "a-1", UNSURE, -1 },
	{ "a.log", "a.log.12.old", ROTATED, 12 },
	{ "a.log", "a.log.12.old.gz", ROTATED, 12 },
	{ "a.log", "a.12.log", ROTATED, 12 },
	{ "a.log", "a.12.log.zst", ROTATED, 12 },
	{ "a.b.log", "a.1.b.log", ROTATED, 1 },
	{ "a.log", "ab.1.log", OTHER, -1 },
	{ "a.log", "a.log.x", OTHER, -1 },
	{ "a.log", "a.x.log", OTHER, -1 },
	{ "a.log", "b.log.1", OTHER, -1 },
	{ "a.log", "a.log-192.168.1.100", OTHER, -1 },
	{ "a.log", "a.log-10.10.20.15", OTHER, -1 },
	{ "a.log", "a.log-10.100.200.15", OTHER, -1 },
	{ "a.log", "a.log-10.12.20.21", OTHER, -1 },
	{ "a.log", "a.log-12:30:20:45", OTHER, -1 },
	{ "a.log", "a.log-29062021", ROTATED, -1 },
	{ "a.log", "a.log-29.06.2021_10:05", ROTATED, -1 },
	{ "a", "a-b-20210629", OTHER, -1 },
	{ "a", "a-2-20210629", OTHER, -1 },
	{ "a.log", "a.log-20210629", ROTATED, -1 },
	{ "a.log", "a.log20210629", ROTATED, -1 },
	{ "a2", "a220210629", OTHER, -1 },
	{ "a.log", "a.log.20210629", ROTATED, -1 },
	{ "a.log", "a.log_20210629100503", ROTATED, -1 },
	{ "a.log", "a.log.2021-06-29-1624977000", ROTATED, -1 },
	{ "a.log", "a-20210629-1624977000.log", ROTATED, -1 },
	{ "a.log", "a.log-20210629-1624977000.gz", ROTATED, -1 },
	{ "a.log", "a.log-2021-W26", ROTATED, -1 },
	{ "a.log", "a.log-202126", ROTATED, -1 },
	{ "a.log", "a.log-2021", ROTATED, -1 },
	{ "a.log", "a.log-2021-06-29T10:05:03+0200", ROTATED, -1 },
	{ "a.log", "a-1624977000.log", ROTATED, -1 },
	{ "a.log", "a.log_1624977000", ROTATED, -1 },
	{ "a.log", "a.log-202106291005", ROTATED, -1 },
	{ "a.log", "a.log-20210629100503", ROTATED, -1 },
	{ "a.log", "a.log-1624977000", STAMPED, -1 },
	{ "a.log", "a.log-1624977000_12.zst", STAMPED, -1 },
	{ "a.log", "a.log-05----9900", UNSURE, -1 },
	{ "a.log", "a.log-29-06-2021", ROTATED, -1 },
	{ "a.log", "a.log-06.29.2021.gz", ROTATED, -1 },
	{ "a.log", "a.log-29062021", ROTATED, -1 },
	{ "a.log", "a.log-29062021-10", ROTATED, -1 },
	{ "a.log", "a.log_29-06-2021_10:05", ROTATED, -1 },
	{ "a.log", "a.log-29-06-2021-1624977000", ROTATED, -1 },
	{ "a.log", "a-29-06-2021.log", ROTATED, -1 },
	{ "a.log", "a.log-29-13-2021", UNSURE, -1 },
	{ "a.log", "a.log-29-06-1021", UNSURE, -1 },
	{ "a.log", "a.log-32062021", UNSURE, -1 },
	{ "a.log", "a.log--20210629", ROTATED, -1 },
	{ "a.log", "a.log-", OTHER, -1 },
	{ "a.log", "a.log.", OTHER, -1 },
	{ "a.log", "", OTHER, -1 },
	{ "a.log", "a.log-0123-456789", UNSURE, -1 },
	{ "a.log", "a.log-202153", ROTATED, -1 },
	{ "a.log", "a.log-202154", UNSURE, -1 },
	{ "a.log", "a.log-2021-06-29T10:05:03.1234", ROTATED, -1 },
	{ "a.log", "a.log-2021-13-45-00503129-34", UNSURE, -1 },
	{ "*.log", "a.log-29-06-2021", ROTATED, -1 },
	{ "*.log", "a-29-06-2021.log", OTHER, -1 },
	{ "a.log", "a.log-14", UNSURE, -1 },
	{ "a.log", "a.log-14.gz", UNSURE, -1 },
	{ "a.log", "a.log-20211329", UNSURE, -1 },
	{ "a.log", "a.log.1-2021062910.backup", UNSURE, -1 },
	{ "a.log", "a.log.1.gz-2021062910.backup", UNSURE, -1 },
	{ "a.log", "a.log.x-2021062910.backup", OTHER, -1 },
	{ "a.log", "a.log.1-2021132910.backup", OTHER, -1 },
	{ "a.log", "a.log.1-2021062910.kept", OTHER, -1 },
	{ "*.log", "a.log.1", ROTATED, 1 },
	{ "*.log", "a.log.1.old", ROTATED, 1 },
	{ "*.log", "a.1.log", OTHER, -1 },
	{ "*.log", "a-14.log", OTHER, -1 },
	{ "*.log", "a.1.log.gz", ROTATED, 1 },
	{ "*.log", "a.log-14", UNSURE, -1 },
	{ "*.log", "a.log-20210629", ROTATED, -1 },
	{ "*.log", "a.txt.1", OTHER, -1 },
	{ "[*", "[a.1", ROTATED, 1 },
};

static void
test_siblings(void)
{
	for (size_t i = 0; i < sizeof siblings / sizeof *siblings; i++) {
		const char *base = siblings[i].base, *name = siblings[i].name;
		struct log_base b = { base, strchr(base, '*') == NULL, false };
		struct log_name n = log_name_split(name, "%s", NULL, &b);

		ok((int)n.kind == siblings[i].kind &&
		    n.number == siblings[i].number,
		    "\"%s\" is %s for the log \"%s\": %s, %ld", name,
		    kinds[siblings[i].kind], base, kinds[n.kind], n.number);
	}
}

static void
test_long(void)
{
	struct log_base b = { "*n", false, false };
	char name[300];

	memset(name, 'n', sizeof name);
	memcpy(name + sizeof name - 3, ".1", 3);
	ok(log_name_split(name, "%s", NULL, &b).kind == LOG_NAME_OTHER,
	    "a name that is too long is no sibling");
	memcpy(name + sizeof name - 19, "-2021062910.backup", 19);
	ok(log_name_split(name, "%s", NULL, &b).kind == LOG_NAME_OTHER,
	    "a name that is too long was not set aside");
	memset(name, '2', sizeof name - 1);
	name[1] = '-';
	name[200] = '\0';
	ok(log_name_split(name, "%s", NULL, NULL).kind == LOG_NAME_OTHER,
	    "a name of many digits is no date");
}

static void
test_dates(void)
{
	static const struct { const char *digits; bool is; } dates[] = {
		{ "20210629", true }, { "2021062", false },
		{ "202106291", false }, { "2021062910050301", false },
		{ "19210629", false }, { "2021062x", false },
		{ "20210029", false }, { "20210600", false },
		{ "20210632", false }, { "20211231235960", true },
		{ "20211231235961", false }, { "202112312360", false },
		{ "2021123124", false }, { "20210101000000", true },
		{ "2021062:", false }, { "202106291", false },
	};

	for (size_t i = 0; i < sizeof dates / sizeof *dates; i++)
		ok(stamp_is_date(dates[i].digits, strlen(dates[i].digits)) ==
		    dates[i].is, "%s is %s", dates[i].digits,
		    dates[i].is ? "a date" : "none");
	ok(!stamp_is_date("2021062910", 9),
	    "nine digits are no date, whatever follows");
}

int
main(void)
{
	struct timespec t = { 1624961103, 5 };
	struct log_base apart = { "*.log", false, true };
	struct buf b = { 0 };
	struct log_name n;

	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		n = log_name_split(names[i].name, names[i].format, NULL, NULL);
		ok(n.stem == names[i].stem && n.whole == names[i].whole &&
		    (int)n.kind == names[i].kind && n.packed == names[i].packed,
		    "\"%s\" by %s is %s: %zu %zu %s %d", names[i].name,
		    names[i].format, kinds[names[i].kind], n.stem, n.whole,
		    kinds[n.kind], n.packed);
	}
	n = log_name_split("a-5", "%s", "5", NULL);
	ok(n.kind == LOG_NAME_STAMPED && n.stem == 1,
	    "the stamp of its own mtime always counts");
	ok(log_name_split("a-5_01", "%s", "5", NULL).kind == LOG_NAME_STAMPED,
	    "the stamp of its own mtime counts in front of a number");
	test_siblings();
	test_long();
	test_dates();
	n = log_name_split("a.1.b.log", "%s", NULL, &apart);
	ok(n.kind == LOG_NAME_ROTATED && n.stem == 1 && n.cut == 3 &&
	    n.tail == 3 && n.whole == 9,
	    "in a folder of rotated logs no name is a live log");
	ok(stamp_print(&b, "%FT%T.%N_%s%%", t, false) == 0 &&
	    strcmp(buf_str(&b), "2021-06-29T10:05:03.000000005_1624961103%") ==
	    0, "prints a stamp: %s", buf_str(&b));
	buf_free(&b);
	t.tv_sec = INT64_MAX;
	ok(stamp_print(&b, "%Y", t, false) < 0 &&
	    stamp_print(&b, "%Y", t, true) < 0,
	    "a time whose year is too large has no stamp");
	buf_free(&b);
	ok(stamp_check("%s") == NULL && stamp_check("x%FT%H") == NULL &&
	    stamp_check("%Y") == NULL,
	    "formats that can be read back are accepted");
	ok(stamp_check("") && stamp_check("x") && stamp_check("%Y/%m") &&
	    stamp_check("%") && stamp_check("%Ez") && stamp_check("%c"),
	    "formats that cannot be read back are refused");
	return done_testing();
}
