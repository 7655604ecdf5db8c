/* stamp: what is a stamp in a name, and what a rotation has added */
#include <string.h>

#include "stamp.h"
#include "tap.h"

static const struct {
	const char *name, *format;
	size_t base, stem, whole;
	bool stamped, rotated, packed;
} names[] = {
	{ "a.log", "%s", 5, 5, 5, 0, 0, 0 },
	{ "a.log.1", "%s", 5, 5, 7, 0, 1, 0 },
	{ "a.log.12.gz", "%s", 5, 5, 8, 0, 1, 1 },
	{ "a.log-20210629", "%s", 5, 5, 14, 0, 1, 0 },
	{ "a.log-2021-06-29.xz", "%s", 5, 5, 16, 0, 1, 1 },
	{ "a.log-20211329", "%s", 14, 14, 14, 0, 0, 0 },
	{ "a.log-2021062910", "%s", 5, 5, 16, 0, 1, 0 },
	{ "a.log-2021062924", "%s", 5, 5, 16, 1, 1, 0 },
	{ "a.log-1624977000", "%s", 5, 5, 16, 1, 1, 0 },
	{ "a.log-1624977000.2.gz", "%s", 5, 5, 18, 1, 1, 1 },
	{ "a.log-20210629-1624977000", "%s", 5, 14, 25, 1, 1, 0 },
	{ "a-1", "%s", 3, 3, 3, 0, 0, 0 },
	{ "a-1624977000x", "%s", 13, 13, 13, 0, 0, 0 },
	{ "a-1624977000.000000001", "%s.%N", 1, 1, 22, 1, 1, 0 },
	{ "a-1624977000000000001", "%s%N", 1, 1, 21, 1, 1, 0 },
	{ "a-2021-06-29T10:05:03+0200", "%FT%T%z", 1, 1, 26, 1, 1, 0 },
	{ "a-29Jun21", "%d%b%y", 1, 1, 9, 1, 1, 0 },
	{ "a-100%", "%j%%", 1, 1, 6, 1, 1, 0 },
	{ "a-b-1624977000", "%s", 3, 3, 14, 1, 1, 0 },
	{ ".gz", "%s", 3, 3, 3, 0, 0, 0 },
	{ ".1", "%s", 2, 2, 2, 0, 0, 0 },
	{ "-", "%s", 1, 1, 1, 0, 0, 0 },
	{ "", "%s", 0, 0, 0, 0, 0, 0 },
};

int
main(void)
{
	struct timespec t = { 1624961103, 5 };
	struct buf b = { 0 };
	struct log_name n;

	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		n = log_name_split(names[i].name, names[i].format, NULL);
		ok(n.base == names[i].base && n.stem == names[i].stem &&
		    n.whole == names[i].whole &&
		    n.stamped == names[i].stamped &&
		    n.rotated == names[i].rotated &&
		    n.packed == names[i].packed,
		    "\"%s\" by %s: %zu %zu %zu %d%d%d", names[i].name,
		    names[i].format, n.base, n.stem, n.whole, n.stamped,
		    n.rotated, n.packed);
	}
	n = log_name_split("a-5", "%s", "5");
	ok(n.stamped && n.stem == 1, "the stamp of its own mtime always counts");
	ok(stamp_print(&b, "%FT%T.%N_%s%%", t, false) == 0 &&
	    strcmp(buf_str(&b), "2021-06-29T10:05:03.000000005_1624961103%") ==
	    0, "prints a stamp: %s", buf_str(&b));
	buf_free(&b);
	ok(stamp_check("%s") == NULL && stamp_check("x%FT%H") == NULL, "formats");
	ok(stamp_check("") && stamp_check("x") && stamp_check("%Y/%m") &&
	    stamp_check("%") && stamp_check("%Ez") && stamp_check("%c"),
	    "and what is none");
	return done_testing();
}
