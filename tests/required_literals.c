/*
 * required_literals: what each match of a pattern is known to hold
 *
 * A need is written as its shapes with | between them.  Before them stands =
 * when a text of the shapes is a match (^ and $ tell where in the line it must
 * be), and < when a match begins with them.
 */
#include "match/required_literals.h"

#include <stdlib.h>

#include "base/buf.h"
#include "guarded.h"
#include "tap.h"

static struct buf text;

/* A byte itself, or the set of bytes: [a-c5], or . for all but the LF. */
static void
add_set(const uint64_t set[4])
{
	int n = 0;

	for (int b = 0; b < 256; b++)
		n += set_has(set, (unsigned char)b);
	if (n == 255 && !set_has(set, '\n')) {
		buf_addc(&text, '.');
		return;
	}
	if (n != 1)
		buf_addc(&text, '[');
	for (int b = 0, from; b < 256; b++) {
		if (!set_has(set, (unsigned char)b))
			continue;
		for (from = b; b < 255 && set_has(set, (unsigned char)(b + 1));)
			b++;
		buf_addc(&text, (char)from);
		if (b > from + 1)
			buf_addc(&text, '-');
		if (b > from)
			buf_addc(&text, (char)b);
	}
	if (n != 1)
		buf_addc(&text, ']');
}

static const char *
needs_of(struct span pattern, bool caseless)
{
	struct need needs[NEEDS_MAX] = { 0 };
	size_t n = required_find(needs, guarded(pattern.p, pattern.len),
	    caseless);

	buf_clear(&text);
	for (size_t i = 0; i < n; i++) {
		buf_adds(&text, i > 0 ? "  " : "");
		buf_adds(&text, needs[i].exact ? "=" : "");
		buf_adds(&text, needs[i].front ? "<" : "");
		buf_adds(&text, needs[i].exact && needs[i].at_start ? "^" : "");
		for (size_t k = 0; k < needs[i].n; k++) {
			buf_adds(&text, k > 0 ? "|" : "");
			for (size_t b = 0; b < needs[i].shapes[k].len; b++)
				add_set(needs[i].shapes[k].set[b]);
		}
		buf_adds(&text, needs[i].exact && needs[i].at_end ? "$" : "");
		need_free(&needs[i]);
	}
	return buf_str(&text);
}

static const struct row {
	const char *pattern, *want;
} plain[] = {
	{ "abc", "=<abc" }, { "^abc", "=<^abc" }, { "abc$", "=<abc$" },
	{ "^abc$", "=<^abc$" }, { "a.c", "=<a.c" }, { "", "" },
	{ "(abc)", "=<abc" }, { "x(?:abc)y", "=<xabcy" },
	{ "a\\.b\\-", "=<a.b-" }, { "\\x61\\x4a", "=<aJ" },
	{ "\\tb\\eb", "=<\tb\033b" }, { "\\d", "=<[0-9]" },
	{ "aab*c", "<aa  c" }, { "aab+c", "<aab  c" }, { "ab?c", "<a  c" },
	{ "a{3}", "=<aaa" }, { "a{2,}", "<aa" }, { "a{2,3}b", "<aa  b" },
	{ "a{0}b", "=<b" }, { "ab*?c*+", "<a" }, { "x*", "" },
	{ "a(?=b)c", "<ac" }, { "a(?!b)c", "<ac" }, { "(?<=b)a", "<a" },
	{ "(?<!b)a", "<a" }, { "(?>ab)c", "=<abc" },
	{ "(?<n>ab)c", "=<abc" }, { "(?P<n>ab)c", "=<abc" },
	{ "(?i:a)b", "=<[Aa]b" }, { "a(?i)b", "<a[Bb]" },
	{ "(a(?i)b)c", "<a[Bb]  c" }, { "a\\bb", "<ab" }, { "a\\Kb", "<ab" },
	{ "a\\Gb", "ab" }, { "a\\Rb", "<a  b" }, { "a\\Xb", "<a  b" },
	{ "a^b", "<ab" }, { "a$b", "<ab" }, { "^*a", "<a" }, { "a$*", "<a" },
	{ "a^", "<a" }, { "^^a", "=<^a" },
	{ "(ab)\\1", "<abab" }, { "(a+)\\1b", "<a  b" },
	{ "(ab)\\1{2,}c", "<ababab  c" }, { "(ab)\\1*c", "<ab  c" },
	{ "(?:(a))(b)\\2", "<abb" }, { "a\\.5", "=<a.5" },
};

static const struct row classes[] = {
	{ "[a-c]x", "=<[a-c]x" }, { "[]a]x", "=<[]a]x" },
	{ "[\\]a]x", "=<[]a]x" }, { "[a\\]]x", "=<[]a]x" },
	{ "[a\\\\]x", "=<[\\a]x" }, { "[\\d.]x", "=<[.0-9]x" },
	{ "[[:digit:]]x", "=<[0-9]x" }, { "[[:digit:]a]x", "=<[0-9a]x" },
	{ "[a[]x", "=<[[a]x" }, { "[[]x", "=<[x" }, { "[[a]x", "=<[[a]x" },
	{ "[^\\n]x", "=<.x" }, { "[^]a]{0}x", "=<x" }, { "[a]b]", "=<ab]" },
	{ "[\\-\\]]]", "=<[-]]]" },
	{ "[[:a]", "" }, { "[[:a]xyz]", "" }, { "[\\x41]", "" },
	{ "[\\Qa\\E]", "" }, { "[\\cA]", "" }, { "[\\N{U+41}]", "" },
};

static const struct row groups[] = {
	{ "a|b", "=<[ab]" }, { "(a|b)c", "=<[ab]c" }, { "a|b|5", "=<[5ab]" },
	{ "ab|cd", "=ab|cd" }, { "ab|cd|e", "=ab|cd|e" },
	{ "^a|b", "a|b" }, { "a|^b", "a|b" }, { "a$|b", "a|b" },
	{ "a|b$", "a|b" }, { "a*|b", "" }, { "b|a*", "" }, { "ab*|c", "a|c" },
	{ "a+b#|c", "b#|c" }, { "ab|", "" }, { "|ab", "" },
	{ "x(ab|cd)", "ab|cd  <x" }, { "(ab|cd)x", "ab|cd  x" },
	{ "(ab|cd)", "=ab|cd" }, { "(ab|cd)+", "ab|cd" },
	{ "(ab|cd)?", "" }, { "(ab){2}", "<ab" }, { "(ab){0,2}c", "c" },
	{ "(^ab)", "<ab" }, { "(ab$)", "<ab" }, { "x(^b)y", "<x  b  y" },
	{ "x(b$)y", "<x  b  y" }, { "(a*)b", "b" }, { "()b", "b" },
	{ "(a|b)+c", "c  <[ab]" },
	{ "(0123456789)(abcdefghij)", "<0123456789  abcdefghij" },
	{ "0123456789abcdefghij", "<0123456789abcdef  ghij" },
	{ "a{20}", "<aaaaaaaaaaaaaaaa" },
	{ "1.*2.*3.*4.*#", "#  <1  2  3" },
	{ "#.*%.*!.*&.*e", "<#  %  !  &" },
	{ "((((((((((ab))))))))))", "=<ab" },
};

/* What is not understood, or no pattern at all: nothing is known. */
static const char *const unknown[] = {
	"(*UTF)a", "a(*F)b", "(?|a|b)", "(?#x)a", "(?x)a b", "(a)?(?(1)b|c)",
	"\\Qa\\E", "\\N", "a\\0b", "(a)\\10", "\\x{61}", "\\cA", "\\p{L}",
	"\\o{101}", "a{x}", "a{,3}", "{a", "a{2", "a{", "a{2,", "a{2,x}",
	"a{9999999}", "[", "[^", "[]", "[a", "[a\\", "[[:a", "\\", "\\x",
	"\\xg", "(", "(a", "(?", "(?<n", "(?P<n", "a)b", "*a", "+", "?", "(?:",
	"(?=", "a(*",
};

static int
wrong(const struct row *row, size_t n, bool caseless)
{
	const char *got;
	int bad = 0;

	for (; n-- > 0; row++) {
		got = needs_of(span_str(row->pattern), caseless);
		if (strcmp(got, row->want) == 0)
			continue;
		bad++;
		printf("# %s: got %s\n", row->pattern, got);
	}
	return bad;
}

#define ROWS(table, name) \
	ok(wrong(table, sizeof table / sizeof *table, false) == 0, name)

static void
knows_little(void)
{
	static const struct row caseless[] = {
		{ "a5-", "=<[Aa]5-" }, { "[a-c]x", "=<[A-Ca-c][Xx]" },
		{ "(ab)\\1", "<[Aa][Bb]" }, { "\\x61", "=<[Aa]" },
	};
	struct buf many = { 0 };
	int bad = 0;

	ok(wrong(caseless, sizeof caseless / sizeof *caseless, true) == 0,
	    "without case, letters are both");
	for (size_t i = 0; i < sizeof unknown / sizeof *unknown; i++)
		if (*needs_of(span_str(unknown[i]), false) != '\0') {
			bad++;
			printf("# %s: got %s\n", unknown[i], buf_str(&text));
		}
	ok(bad == 0, "of what is not understood nothing is known");
	for (int i = 0; i < NEED_SHAPES_MAX + 1; i++)
		buf_printf(&many, "%s%02dx", i > 0 ? "|" : "", i);
	ok(*needs_of(buf_span(&many), false) == '\0' &&
	    strncmp(needs_of(span_of(many.p, many.len - 4), false), "=00x|01x|",
	    9) == 0, "of too many alternatives nothing is known");
	buf_clear(&many);
	for (int i = 0; i < 50; i++)
		buf_addc(&many, '(');
	buf_adds(&many, "ab");
	for (int i = 0; i < 50; i++)
		buf_addc(&many, ')');
	ok(strcmp(needs_of(buf_span(&many), false), "=<ab") == 0,
	    "groups may be in others down to a depth");
	for (int i = 0; i < 50; i++)
		buf_adds(&many, "(a)");
	ok(*needs_of(buf_span(&many), false) != '\0',
	    "beside each other there may be more");
	buf_addc(&many, ')');
	buf_free(&many);
}

static void
is_not_too_deep(void)
{
	struct buf deep = { 0 };

	for (int i = 0; i < 51; i++)
		buf_addc(&deep, '(');
	buf_adds(&deep, "ab");
	for (int i = 0; i < 51; i++)
		buf_addc(&deep, ')');
	ok(*needs_of(buf_span(&deep), false) == '\0',
	    "of deeper groups nothing is known");
	buf_free(&deep);
}

int
main(void)
{
	ROWS(plain, "a sequence is known as far as it is always there");
	ROWS(classes, "a bracket expression ends where PCRE2 ends it");
	ROWS(groups, "groups and alternatives are known by their parts");
	knows_little();
	is_not_too_deep();
	buf_free(&text);
	return done_testing();
}
