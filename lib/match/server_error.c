#include "match/server_error.h"

#include <stdlib.h>

#include "base/bytes.h"
#include "format/format.h"
#include "format/scanner.h"
#include "match/literal_finder.h"
#include "match/status_scan.h"
#include "match/waiting_lines.h"

enum { SAMPLE = 1 << 16 };	/* the bytes by which a finder is tuned */

struct server_errors {
	struct scanner *scanner;
	struct record rec;
	struct buf line; /* a copy, as a block may be a file that changes */
	struct buf format;
	const char *next; /* the place where the search of the block goes on */
	/* A finder of the words that lines of a format depend on. */
	const struct format *carried;
	struct finder *carriers;
	const char *carrier; /* the first place from next on, or NULL */
	struct waiting_lines waiting;
	unsigned follows;	/* that of the line found last */
	bool failed;		/* see server_errors_failed */
};

struct server_errors *
server_errors_new(void)
{
	struct server_errors *e = calloc(1, sizeof *e);

	if (e != NULL && (e->scanner = scanner_new()) == NULL) {
		free(e);
		return NULL;
	}
	return e;
}

void
server_errors_free(struct server_errors *e)
{
	if (e == NULL)
		return;
	scanner_free(e->scanner);
	finder_free(e->carriers);
	record_free(&e->rec);
	buf_free(&e->line);
	buf_free(&e->format);
	waiting_free(&e->waiting);
	free(e);
}

void
server_errors_input(struct server_errors *e, int64_t near)
{
	scanner_input(e->scanner, near);
}

void
server_errors_block(struct server_errors *e)
{
	e->next = e->carrier = NULL;
	e->follows = 0;
	waiting_block(&e->waiting, e->scanner);
}

/* Whether the line, of which e has a copy, is a server error. */
static bool
judge(struct server_errors *e)
{
	bool is_error = scan_line(e->scanner, buf_span(&e->line),
	    &e->rec) != 0 && scan_status(&e->rec) / 100 == 5;

	e->failed |= e->rec.failed;
	return is_error;
}

/*
 * Whether a number that status_scan found may be a status, by the text around
 * it, as reading the line costs more.  The text after it must be able to follow
 * a status; it must not be the size after an access log's status.
 */
static bool
may_be_status(const char *start, const char *p, const char *end)
{
	char after = end - p > 3 ? p[3] : '\n';

	/* A line may be cut or damaged there: any byte that is not printed. */
	if (after > ' ' && after < 0x7f && strchr("\"'),;]|}\\.", after) == NULL)
		return false;
	return p - start < 6 || p[-1] != ' ' || !is_digit(p[-2]) ||
	    !is_digit(p[-3]) || !is_digit(p[-4]) || p[-5] != ' ' ||
	    p[-6] != '"';
}

/*
 * Returns the next number at or after p that may be a status, or a #, or end.
 */
static const char *
find_status(const char *p, const char *end)
{
	const char *start = p;

	while ((p = status_scan(p, end)) < end && *p != '#' &&
	    !may_be_status(start, p, end))
		p += 3;
	return p;
}

/* Make a finder of the words of the format by which lines depend on others. */
static void
take_carriers(struct server_errors *e, const struct format *f,
    struct span sample)
{
	struct shape words[2] = { { .len = 0 } };
	unsigned char c;
	size_t n;

	finder_free(e->carriers);
	e->carriers = NULL;
	e->carrier = NULL;
	e->carried = f;
	for (n = 0; n < 2 && f->carried_by[n] != NULL; n++)
		for (const char *p = f->carried_by[n]; *p != '\0'; p++) {
			c = (unsigned char)*p;
			words[n].set[words[n].len++][c >> 6] |=
			    UINT64_C(1) << (c & 63);
		}
	if (n > 0 && (e->carriers = finder_new(words, n)) != NULL)
		finder_tune(e->carriers, sample.p, sample.p +
		    (sample.len < SAMPLE ? sample.len : SAMPLE));
}

/*
 * Returns a place from p to end in the first line there that lines of the
 * format after it may depend on, by its words; or end.
 */
static const char *
find_carrier(struct server_errors *e, const struct format *f, const char *p,
    const char *end)
{
	if (e->carried != f)
		take_carriers(e, f, span_to(p, end));
	if (f->carried_by[0] == NULL)
		return end;
	if (e->carriers == NULL)
		return p;	/* without memory, each line is read */
	if (e->carrier == NULL || e->carrier < p)
		e->carrier = finder_next(e->carriers, p, end);
	return e->carrier;
}

/* Returns the first line from p to end that is longer than len, or end. */
static const char *
find_long_line(const char *p, const char *end, size_t len)
{
	const char *lf;

	for (; (size_t)(end - p) > len; p = lf + 1)
		if ((lf = memrchr(p, '\n', len + 1)) == NULL)
			return p;
	return end;
}

/*
 * Returns a place at or after p in the next line that has to be read, as it may
 * hold a status, or the lines after it depend on it.
 */
static const char *
find_candidate(struct server_errors *e, const char *p, const char *end)
{
	const struct format *f = scanner_carried(e->scanner);

	if (p == NULL || p != e->next || *p == '#' ||
	    scanner_held(e->scanner, -1) > 0)
		return p;
	if (f == NULL)
		return find_status(p, end);
	/* The columns of W3C stand in any order. */
	end = status_scan(p, find_carrier(e, f, p, end));
	return f->carried_by_longer == 0 ? end :
	    find_long_line(p, end, f->carried_by_longer);
}

/* Copy the next line to be read, *line in the block; false at its end. */
static bool
copy_candidate(struct server_errors *e, const char *p, const char *end,
    struct span *line)
{
	const char *s = p < end ? find_candidate(e, p, end) : end, *lf;

	if (s >= end)
		return false;
	lf = memrchr(p, '\n', (size_t)(s - p));
	p = lf != NULL ? lf + 1 : p;
	lf = memchr(s, '\n', (size_t)(end - s));
	*line = span_to(p, lf != NULL ? lf : end);
	buf_clear(&e->line);
	if (buf_addspan(&e->line, *line) < 0) {
		e->failed = true;
		return false;
	}
	line->len += lf != NULL;
	e->next = line->p + line->len;
	return true;
}

/* Give out the next line that no longer waits; false when there is none. */
static bool
give(struct server_errors *e, struct span *line)
{
	struct given g;

	if (!waiting_give(&e->waiting, &g))
		return false;
	*line = g.line;
	e->follows = g.follows;
	buf_clear(&e->line);
	buf_add(&e->line, line->p, line->len -
	    (line->p[line->len - 1] == '\n'));
	buf_clear(&e->format);
	buf_adds(&e->format, g.format);
	e->failed |= e->line.failed || e->format.failed;
	return true;
}

bool
server_errors_next(struct server_errors *e, struct span rest,
    struct span *line)
{
	const char *end = rest.p + rest.len;
	size_t held[2];
	bool selected;

	/*
	 * The first line of a block is read in any case, as it may tell that
	 * the lines belong together.
	 */
	for (;;) {
		if (give(e, line))
			return true;
		if (!copy_candidate(e, e->next != NULL ? e->next : rest.p, end,
		    line))
			break;
		waiting_before(e->scanner, held);
		selected = judge(e);
		buf_clear(&e->format);
		if (!waiting_any(&e->waiting) &&
		    !waiting_concerns(e->scanner, held)) {
			e->follows = 0;
			if (selected)
				return true;
		} else {
			waiting_add(&e->waiting, e->scanner, held, *line,
			    selected, record_format(&e->rec));
		}
	}
	waiting_end(&e->waiting);
	return give(e, line);
}

bool
server_errors_carry(const struct server_errors *e)
{
	return scanner_carries(e->scanner);
}

const struct waiting_lines *
server_errors_waiting(const struct server_errors *e)
{
	return &e->waiting;
}

unsigned
server_errors_follows(const struct server_errors *e)
{
	return e->follows;
}

struct span
server_errors_line(const struct server_errors *e)
{
	return buf_span(&e->line);
}

const char *
server_errors_format(struct server_errors *e)
{
	if (e->format.len == 0)
		buf_addspan(&e->format, record_format(&e->rec));
	if (buf_str(&e->format) != NULL)
		return e->format.p;
	e->failed = true;
	return "";
}

bool
server_errors_failed(struct server_errors *e)
{
	bool failed = e->failed || waiting_failed(&e->waiting);

	e->failed = false;
	return failed;
}
