/* pattern: whole blocks are searched as their lines are, one by one */
#include <stdlib.h>

#include "match/literal_finder.h"
#include "match/pattern.h"
#include "tap.h"

static uint64_t seed = 1;

static size_t
rnd(size_t n)
{
	seed = seed * 6364136223846793005u + 1442695040888963407u;
	return (size_t)(seed >> 33) % n;
}

/* A pattern from pieces that often make sense together. */
static void
make_pattern(struct buf *b)
{
	static const char *const pieces[] = {
		"a", "b", "c", "ab", "abc", "aB", " ", "5", "55", "\"", "-",
		".", "[ab]", "[^a]", "[[:digit:]]", "\\d", "\\s", "\\w", "\\.",
		"(a|b)", "(ab|c)", "(?:ab|bc|ca)", "(a)", "(?:abc)", "(?=a)",
		"(?!a)", "(?<=b)", "(?<!c)", "(?i:ab)", "(?i)", "(?>ab)",
		"^", "$", "\\b", "|", "*", "+", "?", "{2}", "{1,2}", "{0,1}",
		"{2,}", "+?", "*+", "\\x61", "[\\]a]", "[]a]", "(?<n>b)", "\\1",
		"\\K", "\\n", "\\B", "[^\\d]", "\\Qa\\E", "(?x)a b", "()",
		"\\G", "\\R", "[ab]{3}", "[^b]{4}", "\\w{5,}", "\\2{2}",
		"([ab])\\1", "(a|bb)\\1", "([aB])(?i)\\1", "(?<m>[bc])(a)\\1",
	};
	size_t n = 1 + rnd(6);

	buf_clear(b);
	if (rnd(8) == 0)
		buf_adds(b, "^");
	for (size_t i = 0; i < n; i++)
		buf_adds(b, pieces[rnd(sizeof pieces / sizeof *pieces)]);
	if (rnd(8) == 0)
		buf_adds(b, "$");
	if (rnd(8) == 0)
		buf_adds(b, "\nabc");
}

/* Or some words: a few are looked for in another way than many. */
static void
make_words(struct buf *b)
{
	size_t n = 1 + rnd(7);

	buf_clear(b);
	for (size_t i = 0; i < n; i++) {
		if (i > 0)
			buf_addc(b, '|');
		for (size_t k = 1 + rnd(5); k > 0; k--)
			buf_addc(b, "aabbccAB5 -"[rnd(11)]);
	}
}

static void
make_text(struct buf *b)
{
	static const char bytes[] = "aaabbbccABC55 \"-.\r\xc3\n\n";
	size_t n = rnd(600);

	buf_clear(b);
	buf_addc(b, 'a');
	for (size_t i = 0; i < n; i++)
		buf_addc(b, bytes[rnd(sizeof bytes - 1)]);
}

/* Lines found by matcher_next, as a number that tells their places. */
static size_t
by_block(struct matcher *m, struct span rest)
{
	struct span line;
	const char *start = rest.p;
	size_t sum = 0;

	while (rest.len > 0 && matcher_next(m, rest, &line) > 0) {
		sum = sum * 31 + (size_t)(line.p - start) + 1;
		rest.len -= (size_t)(line.p + line.len - rest.p);
		rest.p = line.p + line.len;
	}
	return sum;
}

static size_t
by_line(struct matcher *m, struct span rest)
{
	struct span line, match;
	const char *start = rest.p, *lf;
	size_t sum = 0;

	for (; rest.len > 0; rest.p += line.len, rest.len -= line.len) {
		lf = memchr(rest.p, '\n', rest.len);
		line = rest;
		if (lf != NULL)
			line.len = (size_t)(lf - rest.p);
		if (matcher_find(m, line, 0, &match) > 0)
			sum = sum * 31 + (size_t)(rest.p - start) + 1;
		line.len += lf != NULL;
	}
	return sum;
}

int
main(void)
{
	struct buf pat = { 0 }, text = { 0 }, error = { 0 };
	struct pattern *p;
	struct matcher *m;
	int good = 0, bad = 0;

	for (int i = 0; i < 20000 && bad < 5; i++) {
		if (i % 4 == 0)
			make_words(&pat);
		else
			make_pattern(&pat);
		buf_clear(&error);
		p = pattern_new(buf_span(&pat), (int)rnd(16), &error);
		if (p == NULL)
			continue;
		good++;
		finder_without = (unsigned)rnd(3);
		m = matcher_new(p);
		for (int k = 0; k < 3; k++) {
			make_text(&text);
			if (by_block(m, buf_span(&text)) !=
			    by_line(m, buf_span(&text))) {
				bad++;
				printf("# differs: %s\n", buf_str(&pat));
				break;
			}
		}
		matcher_free(m);
		pattern_free(p);
	}
	ok(good > 5000, "%d patterns compiled", good);
	ok(bad == 0, "blocks give the same lines as lines do");
	buf_clear(&error);
	ok(pattern_new(span_str("a\n(b"), 0, &error) == NULL &&
	    strstr(buf_str(&error), "(b") != NULL,
	    "an error names the pattern");
	buf_free(&pat);
	buf_free(&text);
	buf_free(&error);
	return done_testing();
}
