/* tally: what is counted together, and how it is shown */
#include <string.h>

#include "emit/tally.h"
#include "tap.h"

static struct tally tally, sum;

/* Counts a line of this format, or one that was not parsed for this reason. */
static void
count(const char *format, const char *why, const char *line)
{
	struct record r = { .layers = why == NULL, .formats = { format } };

	if (why != NULL)
		r.error = span_str(why);
	tally_count(&tally, &r, why != NULL ? -1 : format != NULL,
	    span_str(line));
	record_free(&r);
}

static const char counted[] =
    "5 lines, 4 records, 3 not parsed, 1 without a record of their own\n"
    "           1  syslog\n"
    "           3  raw\n"
    "           2  not parsed: field 1: expected time (app)\n"
    "              as in: b???c\n";

int
main(void)
{
	char long_line[2 * TALLY_NAME], name[32];
	struct buf b = { 0 };
	const struct tally_row *last = &tally.formats[TALLY_ROWS - 1];

	memset(long_line, 'x', sizeof long_line - 1);
	long_line[sizeof long_line - 1] = '\0';
	count("syslog", NULL, "a");
	count(NULL, NULL, "");
	count(NULL, "field 1: expected time (app, byte 1)", "b\x1b\x7f\tc");
	count(NULL, "field 1: expected time (app, byte 9)", "d");
	count(NULL, long_line, long_line);
	tally_print(&tally, &b);
	ok(strncmp(buf_str(&b), counted, strlen(counted)) == 0,
	    "reasons count together whatever byte they name, with the first "
	    "line as it may be shown");
	ok(strlen(tally.reasons[1].name) == TALLY_NAME - 1 &&
	    strlen(tally.reasons[1].example) == TALLY_NAME - 1,
	    "long reasons and lines are cut");
	for (int i = 0; i < TALLY_ROWS + 5; i++) {
		snprintf(name, sizeof name, "format-%d", i);
		count(name, NULL, "x");
	}
	ok(strcmp(last->name, "others") == 0 && last->n == 8,
	    "formats that have no row left count as others");
	tally_add(&sum, &tally);
	tally_add(&sum, &tally);
	ok(sum.lines == 2 * tally.lines && sum.bad == 6 &&
	    sum.formats[TALLY_ROWS - 1].n == 16 &&
	    strcmp(sum.reasons[0].example, "b???c") == 0,
	    "sums have all rows, and the first example");
	buf_free(&b);
	return done_testing();
}
