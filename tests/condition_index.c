/*
 * condition_index: it finds just the sets that each condition by itself tells
 */
#include "match/condition_index.h"

#include <stdio.h>
#include <stdlib.h>

#include "format/scanner.h"
#include "tap.h"

enum { SETS = 400, RECORDS = 3000, MOST = 3 };

static const char *const conditions[] = {
	"app=a", "app=b", "app=ab", "space=c", "space=bc", "n=1", "n=01.0",
	"n=-0", "n=1000ms", "n=1s", "n>1", "!n", "n", "app!=a", "app~^a",
	"n=00000000000000000000000000000000000000000000000000000000000000007",
	"app=", "lossy=true", "n=7", "app=A", "n=-7", "n=12345678901234567891",
};
static const char *const values[] = {
	"\"a\"", "\"b\"", "\"ab\"", "\"c\"", "\"bc\"", "1", "\"1s\"", "0", "7",
	"-7", "1.0", "\"\"", "12345678901234567890", "12345678901234567891",
	"\"\\ud800\"", "null", "\"A\"", "\"1000ms\"", "\"0007\"",
};
static const char *const names[] = { "app", "space", "n" };

struct candidate {
	struct condition_set *set;
	struct condition *each[MOST];
	size_t n;
	bool in;
	unsigned found;
};

static struct candidate sets[SETS];
static uint64_t seed = 1;

static unsigned
below(size_t n)
{
	seed = seed * 6364136223846793005 + 1442695040888963407;
	return (unsigned)((seed >> 33) % n);
}

static void
found(void *arg, void *what)
{
	struct candidate *c = what;

	(void)arg;
	c->found++;
}

static void
make(struct candidate *c)
{
	char *where[MOST + 1] = { NULL };
	struct buf error = { 0 };

	c->n = below(MOST + 1);
	for (size_t i = 0; i < c->n; i++) {
		where[i] = strdup(conditions[below(
		    sizeof conditions / sizeof *conditions)]);
		c->each[i] = condition_new(where[i], &error);
	}
	c->set = condition_set_new(where, c, &error);
	for (size_t i = 0; i < c->n; i++)
		free(where[i]);
	buf_free(&error);
}

static void
make_line(struct buf *line)
{
	buf_clear(line);
	buf_addc(line, '{');
	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		if (below(5) > 0)
			buf_printf(line, "%s\"%s\":%s",
			    line->len > 1 ? "," : "", names[i], values[below(
			    sizeof values / sizeof *values)]);
	buf_addc(line, '}');
}

static bool
holds(struct candidate *c, struct record *r)
{
	for (size_t i = 0; i < c->n; i++)
		if (r == NULL || condition_holds(c->each[i], r) <= 0)
			return false;
	return true;
}

/* Returns how many sets are found wrongly. */
static unsigned
compare(struct condition_index *ix, struct record *r, unsigned *hits)
{
	unsigned wrong = 0;

	for (int i = 0; i < SETS; i++)
		sets[i].found = 0;
	condition_index_find(ix, r, found, NULL);
	for (int i = 0; i < SETS; i++) {
		wrong += sets[i].found != (sets[i].in && holds(&sets[i], r));
		*hits += sets[i].found;
	}
	return wrong;
}

int
main(void)
{
	struct condition_index *ix = condition_index_new();
	struct scanner *s = scanner_new();
	struct record r = { .keeps_own = true };
	unsigned wrong = 0, hits = 0, none = 0;
	struct buf line = { 0 }, error = { 0 };
	char bad[] = "a==b", *where[] = { bad, NULL };
	struct candidate *c;

	ok(condition_index_is_trivial(ix), "an empty index needs no record");
	ok(condition_set_new(where, NULL, &error) == NULL && error.len > 0,
	    "a set with a wrong condition is refused, with the reason");
	for (int i = 0; i < SETS; i++)
		make(&sets[i]);
	scanner_input(s, 0);
	for (int i = 0; i < RECORDS; i++) {
		c = &sets[below(SETS)];
		if (c->in)
			condition_index_remove(ix, c->set);
		else if (condition_index_add(ix, c->set) < 0)
			wrong++;
		c->in = !c->in;
		make_line(&line);
		if (scan_line(s, buf_span(&line), &r) > 0)
			wrong += compare(ix, &r, &hits);
	}
	ok(wrong == 0, "sets that come and go are found as they hold");
	ok(hits > RECORDS, "there were enough of them");
	ok(compare(ix, NULL, &none) == 0,
	    "without a record only those without conditions hold");
	ok(none > 0 && !condition_index_is_trivial(ix), "of which there are");
	for (int i = 0; i < SETS; i++) {
		for (size_t k = 0; k < sets[i].n; k++)
			condition_free(sets[i].each[k]);
		if (!sets[i].in)
			condition_set_free(sets[i].set);
	}
	condition_index_free(ix);
	scanner_free(s);
	record_free(&r);
	buf_free(&line);
	buf_free(&error);
	return done_testing();
}
