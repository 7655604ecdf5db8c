/* pattern: whole blocks are searched as their lines are, one by one */
#include <stdlib.h>

#include "guarded.h"
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

/* The numbers of the lines that a list selects, as it is for grep(1). */
static const char *
selected(struct span list, int flags, const char *block)
{
	static char text[64];
	struct buf error = { 0 };
	struct pattern *p = pattern_new(list, flags, &error);
	struct matcher *m = matcher_new(p);
	struct span rest = span_str(block), line;
	size_t n = 0, at = 0;
	const char *q = block;

	while (rest.len > 0 && matcher_next(m, rest, &line) > 0) {
		for (n++; q < line.p; q++)
			n += *q == '\n';
		q = line.p + line.len;
		at += (size_t)snprintf(text + at, sizeof text - at, "%zu ", n);
		rest = span_of(q, rest.len - (size_t)(q - rest.p));
	}
	text[at] = '\0';
	matcher_free(m);
	pattern_free(p);
	buf_free(&error);
	return text;
}

/* Many strings, among them empty ones: first, last, in between, all. */
static void
selects_by_lists(void)
{
	static const char block[] = "ab\n\nxaby\nx y\nab cd\nXY\n";
	static const struct {
		const char *first, *between, *last;
		bool words;	/* of two letters, between them */
		int flags;
		const char *want;
	} rows[] = {
		{ "ab", "\n", "xy", true, 0, "1 3 5 " },
		{ "ab", "\n", "xy", true, PATTERN_CASELESS, "1 3 5 6 " },
		{ "ab", "\n", "xy", true, PATTERN_WORD, "1 5 " },
		{ "ab", "\n", "xy", true, PATTERN_LINE, "1 " },
		{ "", "\n", "zz", true, 0, "1 2 3 4 5 6 " },
		{ "zz", "\n", "", true, 0, "1 2 3 4 5 6 " },
		{ "zz", "\n\n", "zz", true, 0, "1 2 3 4 5 6 " },
		{ "", "\n", "", false, 0, "1 2 3 4 5 6 " },
		{ "ab", "\n\n", "xy", true, PATTERN_LINE, "1 2 " },
		{ "", "\n", "", false, PATTERN_LINE, "2 " },
		{ "zz", "\n", "zz", true, 0, "" },
	};
	struct buf list = { 0 };
	struct span s;
	int bad = 0;

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		buf_clear(&list);
		buf_adds(&list, rows[i].first);
		for (int k = 0; k < 40; k++)
			buf_printf(&list, "%s%s", rows[i].between,
			    rows[i].words ? "qq" : "");
		buf_printf(&list, "\n%s", rows[i].last);
		s = buf_span(&list);
		if (strcmp(selected(s, rows[i].flags | PATTERN_FIXED, block),
		    rows[i].want) != 0) {
			bad++;
			printf("# list %zu\n", i);
		}
	}
	ok(bad == 0, "many strings select lines, also with empty ones");
	ok(strcmp(selected(span_of(NULL, 0), PATTERN_FIXED, block), "") == 0 &&
	    strcmp(selected(span_of(NULL, 0), 0, block), "") == 0,
	    "an empty list selects no line");
	ok(strcmp(selected(span_str(""), PATTERN_FIXED, block),
	    "1 2 3 4 5 6 ") == 0, "an empty string selects each line");
	buf_free(&list);
}

/* Lists of patterns, which can be joined to one or not. */
static void
selects_by_some(void)
{
	static const char block[] = "ab\ncc\nx#y\n(z\nQE\n";
	static const struct {
		const char *list, *want;
	} rows[] = {
		{ "ab\ncc", "1 2 " }, { "#\ncc", "2 3 " },
		{ "(?i)AB\nqe", "1 " }, { "(c)\\1\n(a)b", "1 2 " },
		{ "\\Qx#\\E\nqe", "3 " }, { "\\Kab\nz", "1 4 " },
		{ "\\Gab\nz", "1 4 " }, { "\\(z\nq", "4 " },
		{ "(z)\n(c)", "2 4 " }, { "(*UCP)ab\nz", "1 4 " },
		{ "a*b\nx*z", "1 4 " }, { "c*\nab", "1 2 3 4 5 " },
		{ "ab\nc*", "1 2 3 4 5 " },
		{ "(?:a)b\nz", "1 4 " },
	};
	struct buf error = { 0 }, list = { 0 };
	int bad = 0;

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		if (strcmp(selected(span_str(rows[i].list), 0, block),
		    rows[i].want) != 0) {
			bad++;
			printf("# %s\n", rows[i].list);
		}
	ok(bad == 0, "a few patterns select the lines of each");
	for (int i = 0; i < 300; i++)
		buf_addc(&list, 'x');
	buf_addc(&list, '(');
	ok(pattern_new(buf_span(&list), 0, &error) == NULL && error.len < 300 &&
	    memmem(error.p, error.len, "xxx", 3) != NULL &&
	    memchr(error.p, '(', error.len) == NULL,
	    "of a long pattern the start is named");
	buf_free(&list);
	buf_free(&error);
}

static void
gives_up(void)
{
	static const char limit[] = "(*NO_START_OPT)(*LIMIT_MATCH=1)(a+)+b";
	struct buf error = { 0 };
	struct span line, match;
	bool good = true;

	for (int i = 0; i < 2; i++) {
		struct pattern *p = pattern_new(i == 0 ? span_str(limit) :
		    span_str("x\n(*NO_START_OPT)(*LIMIT_MATCH=1)(a+)+b"), 0,
		    &error);
		struct matcher *m = matcher_new(p);

		good &= matcher_find(m, span_str("aaaa"), 0, &match) < 0 &&
		    strstr(matcher_error(m), "limit") != NULL;
		good &= matcher_next(m, span_str("aaaa\nc\n"), &line) < 0 &&
		    span_is(line, "aaaa\n") &&
		    strstr(matcher_error(m), "limit") != NULL;
		matcher_free(m);
		pattern_free(p);
	}
	ok(good, "where PCRE2 gives up, the line is told, and why");
	matcher_free(NULL);
	pattern_free(NULL);
	buf_free(&error);
}

/* PCRE2 for ARM reads what stands behind a text: see file/file_map.c. */
#ifdef __aarch64__
enum { BEHIND = 16 };
#else
enum { BEHIND = 0 };
#endif

/* A copy of a text behind or before which memory ends. */
static struct span
guard(struct span text, bool behind)
{
	struct buf b = { 0 };
	struct span copy;

	if (!behind)
		return guarded_start(text.p, text.len);
	buf_addspan(&b, text);
	buf_add(&b, "aaaaaaaaaaaaaaaa", BEHIND);
	copy = guarded(b.p != NULL ? b.p : "", b.len);
	buf_free(&b);
	return span_of(copy.p, text.len);
}

int
main(void)
{
	struct buf pat = { 0 }, text = { 0 }, error = { 0 };
	struct pattern *p;
	struct matcher *m;
	struct span block;
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
			block = guard(buf_span(&text), k % 2);
			if (by_block(m, block) != by_line(m, block)) {
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
	selects_by_lists();
	selects_by_some();
	gives_up();
	buf_free(&pat);
	buf_free(&text);
	buf_free(&error);
	return done_testing();
}
