/*
 * pattern: a search of whole blocks finds the lines that a search of each line
 * by itself finds.  Input: a byte of flags (and ways to do without), patterns,
 * NUL, text.
 */
#include <stdlib.h>

#include "match/literal_finder.h"
#include "match/pattern.h"

int LLVMFuzzerTestOneInput(const unsigned char *p, size_t n);

/* The line at the start of rest, without its LF. */
static struct span
first_line(struct span rest)
{
	const char *lf = memchr(rest.p, '\n', rest.len);

	return span_of(rest.p, lf != NULL ? (size_t)(lf - rest.p) : rest.len);
}

static void
compare(struct matcher *m, struct span text)
{
	const char *end = text.p + text.len;
	struct span line, found = { 0 }, match;
	int wanted, got = 0;

	for (; text.len > 0; text.p = line.p + line.len + (line.p + line.len <
	    end), text.len = (size_t)(end - text.p)) {
		line = first_line(text);
		if ((wanted = matcher_find(m, line, 0, &match)) < 0)
			return;		/* a limit: how far is anyone's guess */
		if (got == 0 || found.p < line.p) {
			got = matcher_next(m, text, &found);
			if (got < 0)
				return;
		}
		if (wanted != (got > 0 && found.p == line.p))
			abort();
	}
}

int
LLVMFuzzerTestOneInput(const unsigned char *p, size_t n)
{
	const char *s = (const char *)p, *nul;
	struct buf error = { 0 };
	struct pattern *pattern;
	struct matcher *m;

	if (n < 2 || n > 2000 || (nul = memchr(s + 1, '\0', n - 1)) == NULL ||
	    nul - s > 100)
		return 0;
	pattern = pattern_new(span_of(s + 1, (size_t)(nul - s - 1)), *p & 15,
	    &error);
	buf_free(&error);
	if (pattern == NULL)
		return 0;
	finder_without = *p >> 4 & 3;
	if ((m = matcher_new(pattern)) != NULL)
		compare(m, span_of(nul + 1, n - (size_t)(nul + 1 - s)));
	matcher_free(m);
	pattern_free(pattern);
	return 0;
}
