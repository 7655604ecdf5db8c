/* statusscan, servererror: every way to look for a status finds the same */
#include <stdlib.h>

#include "guarded.h"
#include "match/server_error.h"
#include "match/status_scan.h"
#include "tap.h"

/* All places that way finds in p, as a sum that tells them apart. */
static unsigned long
places(status_scan_fn *way, const char *p, const char *end)
{
	unsigned long sum = 0;

	for (const char *at = p; (at = way(at, end)) < end; at += 3)
		sum = sum * 31 + (unsigned long)(at - p) + 1;
	return sum;
}

static const char *
first_line(const char *text, struct span *line)
{
	static char format[64];
	struct server_errors *e = server_errors_new();

	snprintf(format, sizeof format, "%s",
	    e != NULL && server_errors_next(e, span_str(text), line) ?
	    server_errors_format(e) : "none");
	server_errors_free(e);
	return format;
}

int
main(void)
{
	static const char bytes[] = "5555000199  \"=:(//,.x#\n\n";
	status_scan_fn *const *ways = status_scan_ways();
	bool same = true;
	char text[200];
	struct span line;

	srand(1);
	for (int round = 0; round < 20000; round++) {
		size_t n = (size_t)rand() % sizeof text;
		const char *p;

		for (size_t i = 0; i < n; i++)
			text[i] = bytes[(size_t)rand() % (sizeof bytes - 1)];
		p = (round % 2 ? guarded : guarded_start)(text, n).p;
		for (int i = 1; ways[i] != NULL; i++)
			same &= places(ways[i], p, p + n) ==
			    places(ways[0], p, p + n);
	}
	ok(same, "each way to look for a status finds the same places");
	ok(strcmp(first_line("status=200\nstatus=503\nstatus=504", &line),
	    "logfmt") == 0, "the rule that found a server error is named");
	ok(span_is(line, "status=503\n"),
	    "the first line with a server error is found, with LF");
	ok(strcmp(first_line("x 512 y\nstatus=504", &line), "logfmt") == 0 &&
	    span_is(line, "status=504"),
	    "a last line with a server error is found without LF");
	ok(strcmp(first_line("", &line), "none") == 0,
	    "no server error is found in nothing");
	return done_testing();
}
