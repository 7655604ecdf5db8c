/* statusscan, servererror: every way to look for a status finds the same */
#include <stdlib.h>

#include "servererror.h"
#include "statusscan.h"
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
	struct server_errors e = { 0 };
	const char *rule = server_errors_next(&e, span_str(text), line);

	buf_free(&e.line);
	return rule != NULL ? rule : "none";
}

int
main(void)
{
	static const char bytes[] = "5555000199 \"=:,.x#\n\n";
	status_scan_fn *const *ways = status_scan_ways();
	bool same = true;
	char text[200];
	struct span line;

	srand(1);
	for (int round = 0; round < 20000; round++) {
		size_t n = (size_t)rand() % sizeof text;
		char *p = text + sizeof text - n;	/* reads past it show */

		for (size_t i = 0; i < n; i++)
			p[i] = bytes[(size_t)rand() % (sizeof bytes - 1)];
		for (int i = 1; ways[i] != NULL; i++)
			same &= places(ways[i], p, p + n) ==
			    places(ways[0], p, p + n);
	}
	ok(same, "each way to look for a status finds the same places");
	ok(strcmp(first_line("status=200\nstatus=503\nstatus=504", &line),
	    "logfmt") == 0, "the rule is named");
	ok(span_is(line, "status=503\n"), "the first line is found, with LF");
	ok(strcmp(first_line("x 512 y\nstatus=504", &line), "logfmt") == 0 &&
	    span_is(line, "status=504"), "a last line without LF, too");
	ok(strcmp(first_line("", &line), "none") == 0, "nothing has none");
	return done_testing();
}
