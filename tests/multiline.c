/* multiline: what waits, for how long, and how much is joined */
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "format/multiline.h"
#include "tap.h"

enum { SOURCES = 64, PATIENCE = 1000, JOINED_MAX = 1 << 20 };

/* What was finished: how many lines, the last one, and how much was joined. */
struct done {
	unsigned n;
	char line[64];
	size_t len, more;
};

static void
finished(void *arg, struct span line, struct span more)
{
	struct done *d = arg;

	d->n++;
	snprintf(d->line, sizeof d->line, "%.*s", (int)line.len, line.p);
	d->len = line.len;
	d->more = more.len;
}

static struct multiline *
begin(struct done *d)
{
	struct scanner *outer = scanner_new();

	memset(d, 0, sizeof *d);
	zone_set(scanner_zone(outer), "UTC");
	return multiline_new(outer, finished, d);
}

static void
add(struct multiline *m, const char *line)
{
	multiline_add(m, span_str(line));
}

/* A line of the n-th source. */
static const char *
line_of(unsigned n, const char *text)
{
	static char line[64];

	snprintf(line, sizeof line, "<3>Jun 29 10:05:03 h a%u: %s", n, text);
	return line;
}

static void
many_sources(void)
{
	struct done d;
	struct multiline *m = begin(&d);

	for (unsigned i = 0; i < SOURCES; i++)
		add(m, line_of(i, "x"));
	ok(d.n == 0 && multiline_waits(m), "each of %d sources has a line that "
	    "waits for more", SOURCES);
	add(m, line_of(0, " at y"));
	add(m, line_of(SOURCES, "x"));
	ok(d.n == 1 && strcmp(d.line, line_of(1, "x")) == 0,
	    "one more source pushes out the line that waits longest");
	add(m, line_of(2, "z"));
	ok(d.n == 2 && strcmp(d.line, line_of(2, "x")) == 0 && d.more == 0,
	    "a line that continues none ends the one of its source");
	multiline_flush(m);
	ok(d.n == SOURCES + 2 && strcmp(d.line, line_of(2, "z")) == 0 &&
	    !multiline_waits(m), "all that wait are given in the end, in the "
	    "order of their last lines");
	multiline_free(m);
}

static void
patience(void)
{
	struct done d;
	struct multiline *m = begin(&d);

	add(m, line_of(0, "x"));
	for (unsigned i = 0; i < PATIENCE; i++)
		add(m, line_of(1, "y"));
	ok(d.n == PATIENCE - 1 && strcmp(d.line, line_of(1, "y")) == 0,
	    "a line waits while there are %d of others", PATIENCE);
	add(m, line_of(1, "y"));
	ok(d.n == PATIENCE + 1, "and is finished by one more");
	multiline_free(m);
}

/* A long quote: a row of CSV whose next lines belong to it. */
static void
quote(void)
{
	static const char row[] = "2021-06-29 10:05:03 UTC,\"u\",\"d\",7,,x,1,"
	    "\"\",,,,LOG,00000,\"text";
	struct done d;
	struct multiline *m = begin(&d);
	char *line = malloc(JOINED_MAX);

	memset(line, 'x', JOINED_MAX);
	add(m, row);
	ok(!multiline_waits(m), "a line that must have more waits without end");
	multiline_add(m, span_of(line, JOINED_MAX / 2));
	ok(d.n == 0, "what stands in its quote belongs to it");
	multiline_add(m, span_of(line, JOINED_MAX / 2));
	ok(d.n == 1 && d.len == sizeof row + JOINED_MAX / 2,
	    "not more than a MiB of that belongs to it");
	multiline_free(m);
	free(line);
}

/* A long trace, and a long run of empty messages. */
static void
long_traces(void)
{
	struct done d;
	struct multiline *m = begin(&d);
	char *line = malloc(JOINED_MAX);

	memset(line, ' ', JOINED_MAX);
	add(m, "2021-06-29 10:05:03 ERROR x");
	multiline_add(m, span_of(line, JOINED_MAX / 2));
	multiline_add(m, span_of(line, JOINED_MAX / 2 - 2));
	ok(d.n == 0, "a trace may have a MiB");
	add(m, "  ");
	ok(d.n == 1 && d.more == JOINED_MAX - 1, "and what is more begins a "
	    "record of its own");
	multiline_flush(m);
	add(m, line_of(0, "x"));
	d.n = 0;
	for (unsigned i = 0; i < JOINED_MAX / 28 && d.n == 0; i++)
		add(m, line_of(0, ""));
	ok(d.n > 0, "a line waits behind no more empty ones than a MiB");
	multiline_free(m);
	free(line);
}

int
main(void)
{
	many_sources();
	patience();
	quote();
	long_traces();
	return done_testing();
}
