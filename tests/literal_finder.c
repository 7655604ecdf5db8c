/*
 * literal_finder: each way to search finds what a plain loop finds
 */
#include "match/literal_finder.h"

#include <stdlib.h>
#include <string.h>

#include "guarded.h"
#include "tap.h"

enum { TEXT = 1500, MOST = 12 };

static uint64_t seed = 3;
static char text[TEXT];
static struct shape shape[MOST];

static size_t
rnd(size_t n)
{
	seed = seed * 6364136223846793005u + 1442695040888963407u;
	return (size_t)(seed >> 33) % n;
}

static void
add(struct shape *s, char c)
{
	s->set[s->len][(unsigned char)c >> 6] |= UINT64_C(1) << (c & 63);
}

/*
 * Make a shape of known bytes, of letters in both cases, or of bytes that are
 * one of several: it tells by which way it can be found.
 */
static void
make_shape(struct shape *s, bool folds, bool vague)
{
	static const char letters[] = "qzjxvk#%q\xe9";
	char c;

	*s = (struct shape){ .len = 0 };
	for (size_t n = 1 + rnd(rnd(4) == 0 ? SHAPE_MAX : 4); n > 0; n--) {
		c = letters[rnd(sizeof letters - 1)];
		add(s, c);
		if (folds && c >= 'a' && c <= 'z')
			add(s, (char)(c ^ 0x20));
		if (vague && rnd(3) > 0)
			for (char d = 'a'; d <= 'j'; d++)
				add(s, d);
		s->len++;
	}
}

/* Text in which what is looked for is rare, or almost there, or there. */
static size_t
make_text(size_t n)
{
	const struct shape *s;
	size_t len = rnd(TEXT), at;

	for (size_t i = 0; i < len; i++)
		text[i] = "abcdefghi \n\xc3"[rnd(rnd(9) == 0 ? 12 : 10)];
	for (size_t times = rnd(4); times > 0; times--) {
		s = &shape[rnd(n)];
		if (s->len > len)
			continue;
		at = rnd(len - s->len + 1);
		for (size_t k = 0; k < s->len; k++)
			for (int b = 0; b < 256; b++)
				if (set_has(s->set[k], (unsigned char)b) &&
				    rnd(20) > 0)
					text[at + k] = (char)b;
	}
	return len;
}

static bool
is_at(const struct shape *s, const char *p, const char *end)
{
	if ((size_t)(end - p) < s->len)
		return false;
	for (size_t k = 0; k < s->len; k++)
		if (!set_has(s->set[k], (unsigned char)p[k]))
			return false;
	return true;
}

static bool
is_any_at(size_t n, const char *p, const char *end)
{
	for (size_t i = 0; i < n; i++)
		if (is_at(&shape[i], p, end))
			return true;
	return false;
}

/* Whether got is in the first line from p on that holds a shape. */
static bool
is_right(size_t n, const char *p, const char *end, const char *got)
{
	const char *first = p;

	while (first < end && !is_any_at(n, first, end))
		first++;
	if (first == end || n == 1)
		return got == first;
	return got < end && is_any_at(n, got, end) &&
	    got >= first && memchr(first, '\n', (size_t)(got - first)) == NULL;
}

/* Returns how many of the searches go wrong, with n shapes at most. */
static int
search(size_t most, bool folds, bool vague)
{
	struct finder *f;
	int wrong = 0;
	size_t n, len;
	const char *p;

	for (int i = 0; i < 400; i++) {
		n = 1 + rnd(most);
		for (size_t k = 0; k < n; k++)
			make_shape(&shape[k], folds, vague);
		f = finder_new(shape, n);
		for (finder_without = 0; finder_without < 3;
		     finder_without++) {
			len = make_text(n);
			p = (i % 2 ? guarded : guarded_start)(text, len).p;
			finder_tune(f, p, p + (rnd(2) == 0 ? 0 : len));
			wrong += !is_right(n, p, p + len, finder_next(f, p,
			    p + len));
		}
		finder_free(f);
	}
	return wrong;
}

int
main(void)
{
	ok(search(1, false, false) == 0, "a few bytes are found");
	ok(search(1, true, false) == 0, "letters in either case are found");
	ok(search(1, true, true) == 0, "bytes from sets are found");
	ok(search(2, true, false) == 0, "one of two is found in either case");
	ok(search(4, false, false) == 0, "one of four is found");
	ok(search(4, true, true) == 0, "one of four is found among sets");
	ok(search(MOST, false, false) == 0, "one of many is found");
	ok(search(MOST, true, true) == 0, "one of many sets is found");
	return done_testing();
}
