/* piece_facts: an index never hides a line from those who look for it */
#include <glob.h>
#include <stdlib.h>

#include "base/bytes.h"
#include "format/scanner.h"
#include "input/input.h"
#include "match/server_error.h"
#include "pack/piece_facts.h"
#include "tap.h"

enum { NEAR = 1624961103 + 3600, PIECES_MAX = 4096 };

/* The pieces of a text, and what their index says of them. */
struct pieces {
	struct span piece[PIECES_MAX];
	struct gzip_piece facts[PIECES_MAX];
	size_t n;
};

/* Cut the text after so many lines each. */
static void
cut(struct pieces *x, struct span text, int lines)
{
	const char *p = text.p, *end = p + text.len, *from = p;

	x->n = 0;
	while (from < end && x->n < PIECES_MAX) {
		p = from;
		for (int i = 0; i < lines && p < end; i++) {
			p = memchr(p, '\n', (size_t)(end - p));
			p = p != NULL ? p + 1 : end;
		}
		x->piece[x->n++] = span_to(from, p);
		from = p;
	}
}

static void
look_in_haste(struct pieces *x, bool hasty)
{
	struct piece_reader *r = piece_reader_new(NEAR, hasty);
	struct piece_chain chain = { .odd = false };
	struct piece_facts facts;
	struct span fields = span_of("", 0);

	if (r == NULL)
		abort();
	for (size_t i = 0; i < x->n; i++) {
		piece_read(r, x->piece[i], fields, &facts);
		piece_fields(x->piece[i], &fields);
		if (!piece_chain_add(&chain, &facts) && i > 0)
			piece_unknown(&x->facts[i - 1]);
		x->facts[i] = facts.range;
	}
	piece_reader_free(r);
}

static void
look(struct pieces *x)
{
	look_in_haste(x, false);
}

static bool
holds(const struct gzip_piece *p, const struct timestamp *t)
{
	if ((p->flags & (PIECE_ZONED | PIECE_LOCAL)) == 0)
		return true;
	if (t->lacks & LACKS_DAY)
		return false;
	if ((t->lacks & LACKS_YEAR) && !(p->flags & PIECE_YEARLESS))
		return false;
	if (t->lacks & LACKS_ZONE)
		return (p->flags & PIECE_LOCAL) && t->sec >= p->local_first &&
		    t->sec <= p->local_last;
	return (p->flags & PIECE_ZONED) && t->sec >= p->first &&
	    t->sec <= p->last;
}

/*
 * Whether each line's time, read one after the other, is within those of its
 * piece; a first line without a time says that it has one from before.
 */
static bool
times_hold(const struct pieces *x, unsigned *known)
{
	struct scanner *s = scanner_new();
	struct record r = { 0 };
	struct timestamp t = { 0 };
	bool has = false, good = true, own;
	const char *p, *end, *lf;

	zone_set(scanner_zone(s), "UTC");
	scanner_input(s, NEAR);
	for (size_t i = 0; i < x->n && good; i++) {
		own = false;
		p = x->piece[i].p;
		end = p + x->piece[i].len;
		*known += (x->facts[i].flags & (PIECE_ZONED | PIECE_LOCAL)) != 0;
		for (; p < end && good; p = lf + 1) {
			lf = memchr(p, '\n', (size_t)(end - p));
			lf = lf != NULL ? lf : end;
			scan_line(s, span_to(p, lf), &r);
			if (r.has_when)
				t = r.when;
			has |= r.has_when;
			own |= r.has_when;
			good = !has || (holds(&x->facts[i], &t) && (own ||
			    (x->facts[i].flags & PIECE_INHERITS)));
		}
	}
	record_free(&r);
	scanner_free(s);
	return good;
}

/* Whether each piece with a server error says so. */
static bool
errors_hold(const struct pieces *x)
{
	struct server_errors *e = server_errors_new();
	struct span rest, line;
	bool good = true;

	server_errors_input(e, NEAR);
	for (size_t i = 0; i < x->n; i++) {
		rest = x->piece[i];
		server_errors_block(e);
		while (server_errors_next(e, rest, &line)) {
			good &= (x->facts[i].flags & PIECE_ERROR) != 0;
			rest = span_to(line.p + line.len, rest.p + rest.len);
		}
	}
	server_errors_free(e);
	return good;
}

static struct pieces pieces;

static unsigned
test_text(const char *name, struct span text)
{
	static const int sizes[] = { 1, 2, 3, 5, 1000 };
	unsigned known = 0;
	bool times = true, errors = true;

	for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
		cut(&pieces, text, sizes[i]);
		look(&pieces);
		times &= times_hold(&pieces, &known);
		errors &= errors_hold(&pieces);
	}
	ok(times, "%s: the times of all lines are in the index", name);
	ok(errors, "%s: and the server errors", name);
	return known;
}

/* The flags of the last piece of a text, one line a piece. */
static unsigned
flags_of(const char *text, struct gzip_piece *last)
{
	cut(&pieces, span_str(text), 1);
	look(&pieces);
	*last = pieces.facts[pieces.n - 1];
	return last->flags;
}

static void
test_flags(void)
{
	struct gzip_piece p;

	ok(flags_of("2021-06-29T10:05:03Z INFO a\n", &p) == PIECE_ZONED &&
	    p.first == 1624961103 && p.last == 1624961103,
	    "a time with its zone");
	ok(flags_of("2021-06-29 10:05:03 INFO a\n", &p) == PIECE_LOCAL &&
	    p.local_first == 1624961103, "a time without");
	ok(flags_of("Jun 29 10:05:03 host sshd[1]: a\n", &p) ==
	    (PIECE_LOCAL | PIECE_YEARLESS) && p.local_last == 1624961103,
	    "a time without zone and year");
	ok(flags_of("10:05:03 INFO a\n", &p) == (PIECE_INHERITS | PIECE_ERROR),
	    "a time without a day is none");
	ok(flags_of("2021-06-29T10:05:03Z INFO a\n at b\n", &p) ==
	    (PIECE_ZONED | PIECE_INHERITS) && p.first == 1624961103,
	    "a line without a time has that of the line before");
	ok(flags_of("at a\nat b\n", &p) == PIECE_INHERITS,
	    "where there is none, nothing is known");
	ok(flags_of("2021-06-29T10:05:03Z INFO a\nx\n"
	    "2021-06-29T10:05:04Z INFO a", &p) == PIECE_ZONED &&
	    p.first == 1624961104, "a last line without LF");
	ok(flags_of("2400-06-29T10:05:03Z INFO a\n", &p) ==
	    (PIECE_INHERITS | PIECE_ERROR), "a time that does not fit");
	ok(flags_of("2106-02-07T06:28:15Z INFO a\n", &p) == PIECE_ZONED &&
	    p.last == UINT32_MAX, "the last time that fits");
	ok(flags_of("2106-02-07T06:28:16Z INFO a\n", &p) ==
	    (PIECE_INHERITS | PIECE_ERROR), "a second more does not");
	ok(flags_of("1970-01-01T00:00:01Z INFO a\n", &p) == PIECE_ZONED &&
	    p.first == 1, "the first time that fits");
	ok(flags_of("1970-01-01T00:00:00Z INFO a\n", &p) ==
	    (PIECE_INHERITS | PIECE_ERROR), "a second less does not");
	ok(flags_of("\xef\xbb\xbf#Fields: date time sc-status\n"
	    "2021-06-29 10:05:03 500\n", &p) == (PIECE_ZONED | PIECE_ERROR),
	    "W3C's columns are known after a byte order mark");
	ok((flags_of("abc#Fields: date time sc-status\n"
	    "2021-06-29 10:05:03 500\n", &p) & PIECE_ZONED) == 0,
	    "what stands inside a line names no columns");
	ok(flags_of("#Fields: date time sc-status\n2021-06-29 10:05:03 200\n",
	    &p) == PIECE_ZONED && p.first == 1624961103,
	    "W3C's columns are known from a piece before");
	ok(flags_of("#Fields: date time sc-status\n2021-06-29 10:05:03 500\n",
	    &p) == (PIECE_ZONED | PIECE_ERROR), "so are its errors");
	ok(flags_of("#Fields: date time sc-status\n", &p) & PIECE_CARRIES,
	    "later lines depend on the columns");
}

/* The flags of a piece of 400 such lines, in haste. */
static unsigned
hasty_flags(const char *line)
{
	struct buf text = { 0 };
	unsigned flags;

	for (int i = 0; i < 400; i++)
		buf_adds(&text, line);
	cut(&pieces, buf_span(&text), 1000);
	look_in_haste(&pieces, true);
	flags = pieces.facts[0].flags;
	buf_free(&text);
	return flags;
}

static void
test_haste(void)
{
	ok(hasty_flags("::1 - - [29/Jun/2021:10:05:03 +0000] \"GET / \" 200 5\n")
	    == PIECE_ZONED, "in haste, times are found that take little");
	ok(hasty_flags("{\"time\":\"2021-06-29T10:05:03Z\"}\n") ==
	    (PIECE_INHERITS | PIECE_ERROR), "but no others");
}

/* A piece that ends inside a line. */
static void
test_cut(void)
{
	static const char text[] = "2021-06-29T10:05:03Z INFO a b c\n"
	    "2021-06-29T10:05:04Z INFO d\n2021-06-29T10:05:05Z INFO e\n";

	pieces.piece[0] = span_of(text, 28);
	pieces.piece[1] = span_of(text + 28, 32);
	pieces.piece[2] = span_str(text + 60);
	pieces.n = 3;
	look(&pieces);
	ok(pieces.facts[0].flags == (PIECE_INHERITS | PIECE_ERROR) &&
	    pieces.facts[1].flags == (PIECE_INHERITS | PIECE_ERROR),
	    "of both pieces with a line nothing is known");
	ok(pieces.facts[2].flags == PIECE_ZONED, "of the next it is");
}

static void
test_golden(const char *top)
{
	struct buf all = { 0 }, text = { 0 }, pattern = { 0 };
	unsigned known = 0;
	char part[4096];
	struct input *in;
	ssize_t n;
	glob_t g;

	buf_printf(&pattern, "%s/tests/golden/logparse/*.log", top);
	if (glob(buf_str(&pattern), 0, NULL, &g) != 0)
		abort();
	for (size_t i = 0; i < g.gl_pathc; i++) {
		buf_clear(&text);
		if ((in = input_open(g.gl_pathv[i])) == NULL)
			abort();
		while ((n = input_read(in, part, sizeof part)) > 0)
			buf_add(&text, part, (size_t)n);
		input_close(in);
		known += test_text(strrchr(g.gl_pathv[i], '/') + 1,
		    buf_span(&text));
		buf_addspan(&all, buf_span(&text));
	}
	known += test_text("all logs one after the other", buf_span(&all));
	ok(known > 1000, "of many pieces the times are known: %u", known);
	globfree(&g);
	buf_free(&all);
	buf_free(&text);
	buf_free(&pattern);
}

int
main(void)
{
	test_flags();
	test_haste();
	test_cut();
	test_golden(".");
	return done_testing();
}
