/*
 * grep: what is shown of a text that comes in blocks is what a naive reading of
 * all its lines shows.  Input: four bytes of options, a pattern, NUL, text.
 */
#include <stdint.h>
#include <stdlib.h>

#include "match/grep.h"

int LLVMFuzzerTestOneInput(const unsigned char *p, size_t n);

enum { LINES = 200 };

struct text {
	struct span line[LINES];	/* without LF */
	bool selected[LINES], shown[LINES];
	size_t n;
	const char *start;
};

static bool
split(struct text *t, struct span s)
{
	const char *end = s.p + s.len, *p = s.p, *lf;

	t->start = p;
	for (t->n = 0; p < end; p = lf != NULL ? lf + 1 : end) {
		if (t->n == LINES)
			return false;
		lf = memchr(p, '\n', (size_t)(end - p));
		t->line[t->n++] = span_of(p, (size_t)((lf != NULL ? lf : end) -
		    p));
	}
	return true;
}

/* Which lines are selected, and which are shown; false: a limit. */
static bool
decide(struct text *t, const struct grep_options *o, struct matcher *m)
{
	struct span match;
	uint64_t left = o->max, after = 0;
	int r;

	for (size_t i = 0; i < t->n; i++) {
		t->selected[i] = t->shown[i] = false;
		if ((r = matcher_find(m, t->line[i], 0, &match)) < 0)
			return false;
		if (left > 0 && (r > 0) != o->inverted) {
			t->selected[i] = t->shown[i] = true;
			left--;
			after = o->after != UINT64_MAX ? o->after : 0;
			for (size_t k = i; o->before != UINT64_MAX && k > 0 &&
			    i - k < o->before; k--)
				t->shown[k - 1] = true;
		} else if (after > 0) {
			after--;
			t->shown[i] = true;
		}
	}
	return true;
}

static void
head(struct buf *b, const struct grep_options *o, size_t i, size_t offset,
    char sep)
{
	if (o->numbers)
		buf_printf(b, "%zu%c", i + 1, sep);
	if (o->offsets)
		buf_printf(b, "%zu%c", offset, sep);
}

static void
show_line(struct buf *b, const struct text *t, size_t i,
    const struct grep_options *o, struct matcher *m)
{
	struct span line = t->line[i], match;
	size_t offset = (size_t)(line.p - t->start), at = 0;
	char sep = t->selected[i] ? ':' : '-';

	if (!o->only_matching) {
		head(b, o, i, offset, sep);
		buf_addspan(b, line);
		buf_addc(b, '\n');
		return;
	}
	while (t->selected[i] != o->inverted && at < line.len &&
	    matcher_find(m, line, at, &match) > 0) {
		at = (size_t)(match.p - line.p) + match.len;
		if (match.len == 0) {
			at++;
			continue;
		}
		head(b, o, i, offset + (size_t)(match.p - line.p), sep);
		buf_addspan(b, match);
		buf_addc(b, '\n');
	}
}

static void
show(struct buf *b, const struct text *t, const struct grep_options *o,
    struct matcher *m)
{
	size_t selected = 0, last = SIZE_MAX;

	for (size_t i = 0; i < t->n; i++) {
		selected += t->selected[i];
		if (!t->shown[i] || o->count)
			continue;
		if (last != SIZE_MAX && last + 1 != i && grep_has_context(o))
			buf_adds(b, "--\n");
		show_line(b, t, i, o, m);
		last = i;
	}
	if (o->count)
		buf_printf(b, "%zu\n", selected);
}

/* The same by blocks of some lines each. */
static bool
by_blocks(struct buf *b, const struct text *t, struct span all, size_t lines,
    const struct grep_options *o, const struct criteria *c)
{
	struct grep g = { 0 };
	struct buf error = { 0 };
	struct selector *s = selector_new(c, &error);
	const char *end = all.p + all.len;
	bool good;

	if (s == NULL)
		abort();
	grep_begin(&g, o, s, "text");
	for (size_t i = 0; i < t->n && !g.stopped; i += lines) {
		const char *p = t->line[i].p, *to = i + lines < t->n ?
		    t->line[i + lines].p : end;
		char *copy = malloc((size_t)(to - p));	/* blocks go away */

		if (copy == NULL)
			abort();
		memcpy(copy, p, (size_t)(to - p));
		grep_block(&g, span_of(copy, (size_t)(to - p)));
		free(copy);
	}
	grep_result(&g);
	buf_addspan(b, buf_span(&g.out));
	good = g.limits == 0;
	grep_free(&g);
	selector_free(s);
	return good;
}

static void
compare(const struct pattern *pattern, const unsigned char opts[4],
    struct span all)
{
	struct grep_options o = {
		.inverted = opts[0] & 1, .only_matching = opts[0] & 2,
		.numbers = opts[0] & 4, .offsets = opts[0] & 8,
		.count = opts[0] & 16,
		.max = opts[1] % 8 ? opts[1] % 8 : UINT64_MAX,
		.before = opts[2] % 6 ? opts[2] % 6 - 1 : UINT64_MAX,
		.after = opts[2] / 6 % 6 ? opts[2] / 6 % 6 - 1 : UINT64_MAX,
	};
	struct criteria c = { .pattern = pattern };
	struct matcher *m = matcher_new(pattern);
	struct buf wanted = { 0 }, got = { 0 };
	struct text t;

	if (m == NULL)
		abort();
	if (split(&t, all) && decide(&t, &o, m)) {
		show(&wanted, &t, &o, m);
		if (by_blocks(&got, &t, all, 1 + opts[3] % 7, &o, &c) &&
		    !span_eq(buf_span(&wanted), buf_span(&got)))
			abort();
	}
	buf_free(&wanted);
	buf_free(&got);
	matcher_free(m);
}

int
LLVMFuzzerTestOneInput(const unsigned char *p, size_t n)
{
	const char *s = (const char *)p, *nul;
	struct pattern *pattern;
	struct buf error = { 0 };

	if (n < 6 || n > 2000 || (nul = memchr(s + 4, '\0', n - 4)) == NULL ||
	    nul - s > 60)
		return 0;
	pattern = pattern_new(span_of(s + 4, (size_t)(nul - s - 4)),
	    p[0] >> 5, &error);
	buf_free(&error);
	if (pattern == NULL)
		return 0;
	compare(pattern, p, span_of(nul + 1, n - (size_t)(nul + 1 - s)));
	pattern_free(pattern);
	return 0;
}
