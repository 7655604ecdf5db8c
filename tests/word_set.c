/*
 * word_set: many strings found at once are those found one by one
 */
#include "match/word_set.h"

#include <ctype.h>
#include <stdint.h>
#include <stdlib.h>

#include "guarded.h"
#include "tap.h"

enum { MOST = 60 };

static uint64_t seed = 7;

static size_t
rnd(size_t n)
{
	seed = seed * 6364136223846793005u + 1442695040888963407u;
	return (size_t)(seed >> 33) % n;
}

static void
fill(struct buf *b, const char *from, size_t n)
{
	for (size_t k = strlen(from); n > 0; n--)
		buf_addc(b, from[rnd(k)]);
}

static bool
same(const char *a, const char *b, size_t n, bool caseless)
{
	for (size_t i = 0; i < n; i++)
		if (caseless ? tolower((unsigned char)a[i]) !=
		    tolower((unsigned char)b[i]) : a[i] != b[i])
			return false;
	return true;
}

static bool
is_word(char c)
{
	return isalnum((unsigned char)c) || c == '_';
}

/* The longest string of the list that counts at p; or 0. */
static size_t
longest(struct span list, struct span text, const char *p, bool caseless,
    enum word_bounds bounds)
{
	const char *end = text.p + text.len, *at = list.p, *lf;
	size_t n, best = 0;

	for (; at <= list.p + list.len; at = lf + 1) {
		lf = memchr(at, '\n', (size_t)(list.p + list.len - at));
		lf = lf != NULL ? lf : list.p + list.len;
		n = (size_t)(lf - at);
		if (n <= best || n > (size_t)(end - p) ||
		    !same(at, p, n, caseless))
			continue;
		if (bounds == BOUNDS_WORD && ((p > text.p && is_word(p[-1])) ||
		    (p + n < end && is_word(p[n]))))
			continue;
		if (bounds == BOUNDS_LINE && (p > text.p || p + n < end))
			continue;
		best = n;
	}
	return best;
}

/* One list on one line, from every place on. */
static bool
agrees(struct span list, struct span text, bool caseless,
    enum word_bounds bounds)
{
	struct word_set *set = word_set_new(list, caseless, bounds);
	struct word_search *s = word_search_new(set);
	const char *p;
	struct span match;
	size_t n = 0;
	bool good = true, found = false;

	for (size_t from = 0; from <= text.len && good; from++) {
		for (p = text.p + from; p < text.p + text.len; p++)
			if ((n = longest(list, text, p, caseless, bounds)) > 0)
				break;
		found = word_search_leftmost(s, text, from, &match);
		good = found == (p < text.p + text.len) && (!found ||
		    (match.p == p && match.len == n));
		if (from == 0)
			good &= (word_search_next(s, text) != NULL) == found;
	}
	word_search_free(s);
	word_set_free(set);
	return good;
}

static void
agrees_with_one_by_one(void)
{
	static const char *const letters[] = { "ab", "aAb_", "abc -", "a\xe9." };
	struct buf list = { 0 }, text = { 0 };
	const char *from;
	size_t n, bad = 0;

	for (int i = 0; i < 4000; i++) {
		from = letters[rnd(4)];
		buf_clear(&list);
		for (n = 1 + rnd(MOST); n > 0; n--) {
			fill(&list, from, 1 + rnd(7));
			if (n > 1)
				buf_addc(&list, '\n');
		}
		buf_clear(&text);
		fill(&text, from, rnd(40));
		bad += !agrees(buf_span(&list), (i & 2 ? guarded : guarded_start)(
		    text.len > 0 ? text.p : "", text.len), i % 2,
		    (enum word_bounds)(i % 3));
	}
	buf_free(&list);
	buf_free(&text);
	ok(bad == 0, "4,000 lists of strings are found as one by one");
}

/* Where the first occurrence that counts ends in a block, or -1. */
static void
keeps_bounds_in_blocks(void)
{
	static const struct {
		const char *text;
		int any, word, line;	/* of ab and c_ */
	} rows[] = {
		{ "xab\nab\n", 3, 6, 6 }, { "ab", 2, 2, 2 },
		{ "abx\nab_\nab9\nab", 2, 14, 14 },
		{ "ab \nab", 2, 2, 6 },
		{ " ab\n", 3, 3, -1 }, { "9ab\n-ab-\nab\n", 3, 7, 11 },
		{ "Aab Zab\n", 3, -1, -1 }, { "c_\n", 2, 2, 2 },
		{ "ab{\n@ab\n`ab\n", 2, 2, -1 }, { "a\nb\n", -1, -1, -1 },
		{ "[ab]/ab:", 3, 3, -1 }, { "", -1, -1, -1 },
	};
	const char *at;
	int bad = 0, want;

	for (size_t i = 0; i < 3 * sizeof rows / sizeof *rows; i++) {
		struct span text = guarded(rows[i / 3].text,
		    strlen(rows[i / 3].text));
		struct word_set *set = word_set_new(span_str("ab\nc_"), false,
		    (enum word_bounds)(i % 3));
		struct word_search *s = word_search_new(set);

		want = i % 3 == BOUNDS_NONE ? rows[i / 3].any : i % 3 ==
		    BOUNDS_WORD ? rows[i / 3].word : rows[i / 3].line;
		at = word_search_next(s, text);
		if ((at != NULL ? at - text.p : -1) != want) {
			bad++;
			printf("# %s: not at %d\n", rows[i / 3].text, want);
		}
		word_search_free(s);
		word_set_free(set);
	}
	ok(bad == 0, "words and lines end where a block's lines do");
}

/* More nodes are reached than there is room for rows. */
static void
forgets(void)
{
	struct buf list = { 0 };
	struct word_set *set;
	struct word_search *s;
	const char *p, *end;
	struct span match, word;
	size_t bad = 0;

	for (int i = 0; i < 60000; i++) {
		if (i > 0)
			buf_addc(&list, '\n');
		for (int k = 0; k < 9; k++)
			buf_addc(&list, (char)('!' + rnd(94)));
	}
	set = word_set_new(buf_span(&list), false, BOUNDS_LINE);
	s = word_search_new(set);
	end = list.p + list.len;
	for (p = list.p; p < end; p += 10) {
		word = span_of(p, 9);
		bad += !word_search_leftmost(s, word, 0, &match) ||
		    !span_eq(match, word);
	}
	ok(bad == 0, "60,000 strings of 94 letters find themselves");
	word_search_free(s);
	word_set_free(set);
	buf_free(&list);
}

int
main(void)
{
	agrees_with_one_by_one();
	keeps_bounds_in_blocks();
	forgets();
	word_set_free(NULL);
	word_search_free(NULL);
	return done_testing();
}
