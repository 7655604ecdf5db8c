#include "pack/piece_facts.h"

#include <stdlib.h>

#include "base/bytes.h"
#include "format/line_time.h"
#include "match/server_error.h"

enum {
	LINE_MOST = 1 << 20,	/* readers may cut longer lines */
	/*
	 * After so many lines it is known whether they have times, and what it
	 * takes to find them.
	 */
	TRIES = 256,
};

struct piece_reader {
	int64_t near;
	bool hasty;
	size_t scanned;		/* how many lines of the piece were read */
	struct scanner *scanner;
	struct line_times *times;
	struct server_errors *errors;
	struct record rec;
};

struct piece_reader *
piece_reader_new(int64_t near, bool hasty)
{
	struct piece_reader *r = calloc(1, sizeof *r);

	if (r == NULL)
		return NULL;
	r->near = near;
	r->hasty = hasty;
	r->scanner = scanner_new();
	r->times = line_times_new();
	r->errors = server_errors_new();
	if (r->scanner != NULL && r->times != NULL && r->errors != NULL) {
		zone_set(scanner_zone(r->scanner), "UTC");
		return r;
	}
	piece_reader_free(r);
	return NULL;
}

void
piece_reader_free(struct piece_reader *r)
{
	if (r == NULL)
		return;
	scanner_free(r->scanner);
	line_times_free(r->times);
	server_errors_free(r->errors);
	record_free(&r->rec);
	free(r);
}

/* Say that the times of a piece are not known. */
static void
drop_times(struct gzip_piece *p)
{
	p->flags &= ~(unsigned)(PIECE_ZONED | PIECE_LOCAL | PIECE_YEARLESS);
	p->flags |= PIECE_INHERITS;
}

void
piece_unknown(struct gzip_piece *p)
{
	drop_times(p);
	p->flags |= PIECE_ERROR;
}

/* Find the first line "#Fields:" of a block from p on; NULL: none. */
static const char *
next_fields(struct span block, const char *p, struct span *fields)
{
	const char *end = block.p + block.len, *lf, *start;

	for (; (p = memchr(p, '#', (size_t)(end - p))) != NULL; p++) {
		start = p - block.p == 3 && memcmp(block.p, "\xef\xbb\xbf",
		    3) == 0 ? block.p : p;
		if ((start > block.p && start[-1] != '\n') ||
		    skip(p, end, "#Fields:") == NULL)
			continue;
		lf = memchr(p, '\n', (size_t)(end - p));
		*fields = span_to(p, lf != NULL ? lf : end);
		return fields->p + fields->len;
	}
	return NULL;
}

bool
piece_fields(struct span block, struct span *fields)
{
	const char *p = block.p;
	bool found = false;

	for (; (p = next_fields(block, p, fields)) != NULL; found = true)
		;
	return found;
}

/*
 * Whether the columns have a time without a date: then the day is that of the
 * line before.
 */
static bool
is_dateless(struct span fields)
{
	return fields.len > 0 &&
	    memmem(fields.p, fields.len, "time", 4) != NULL &&
	    memmem(fields.p, fields.len, "date", 4) == NULL;
}

/* Whether a line of the block, or one after it, may be dateless. */
static bool
has_dateless(struct span block, struct span fields)
{
	const char *p = block.p;
	bool any = is_dateless(fields);

	while (!any && (p = next_fields(block, p, &fields)) != NULL)
		any = is_dateless(fields);
	return any;
}

/* Extend the times of a piece by t.  Returns false when that cannot be told. */
static bool
add_time(struct gzip_piece *p, const struct timestamp *t)
{
	bool local = t->lacks & LACKS_ZONE;
	unsigned flag = local ? PIECE_LOCAL : PIECE_ZONED;
	uint32_t *first = local ? &p->local_first : &p->first;
	uint32_t *last = local ? &p->local_last : &p->last;
	uint32_t sec = (uint32_t)t->sec;

	if (t->sec <= 0 || t->sec > UINT32_MAX || (t->lacks & LACKS_DAY))
		return false;
	if ((p->flags & flag) == 0)
		*first = *last = sec;
	*first = sec < *first ? sec : *first;
	*last = sec > *last ? sec : *last;
	p->flags |= flag | (t->lacks & LACKS_YEAR ? PIECE_YEARLESS : 0);
	return true;
}

/* Find the time of the line.  Returns false when it has none of its own. */
static bool
time_of(struct piece_reader *r, struct span line, struct timestamp *t)
{
	if (line_time(r->times, r->scanner, line, t))
		return true;
	r->scanned++;
	scan_line(r->scanner, line, &r->rec);
	line_time_learn(r->times, r->scanner, line, &r->rec);
	*t = r->rec.when;
	return r->rec.has_when;
}

/* Find the times of the lines.  Returns false when they cannot be told. */
static bool
read_times(struct piece_reader *r, struct span block,
    struct piece_facts *facts)
{
	const char *p = block.p, *end = p + block.len, *lf;
	size_t untimed = 0, lines = 0;
	struct timestamp t;
	bool timed;

	for (; p < end; p = lf + 1) {
		lf = memchr(p, '\n', (size_t)(end - p));
		lf = lf != NULL ? lf : end;
		if (lf - p >= LINE_MOST || (r->hasty && ++lines > TRIES &&
		    r->scanned > lines / 2))
			return false;
		timed = time_of(r, span_to(p, lf), &t);
		if (r->rec.failed)
			return false;
		if (timed) {
			if (!add_time(&facts->range, &t))
				return false;
			facts->last = t;
			facts->has_last = true;
		} else if (!facts->has_last) {
			facts->untimed = true;
			if (++untimed == TRIES)
				return false;
		}
	}
	return scanner_held(r->scanner, -1) == 0;
}

/* Whether a line is a server error, or could be one without memory. */
static bool
has_error(struct piece_reader *r, struct span block, struct span fields)
{
	struct span found;
	bool any;

	server_errors_input(r->errors, r->near);
	server_errors_block(r->errors);
	if (fields.len > 0)
		server_errors_next(r->errors, fields, &found);
	server_errors_block(r->errors);
	any = server_errors_next(r->errors, block, &found);
	return server_errors_failed(r->errors) || any;
}

void
piece_read(struct piece_reader *r, struct span block, struct span fields,
    struct piece_facts *facts)
{
	struct gzip_piece *p = &facts->range;
	struct span inside;

	*facts = (struct piece_facts){ .odd = false };
	r->scanned = 0;
	scanner_input(r->scanner, r->near);
	if (fields.len > 0)
		scan_line(r->scanner, fields, &r->rec);
	facts->odd = !read_times(r, block, facts);
	facts->cut = block.len > 0 && block.p[block.len - 1] != '\n';
	if (scanner_has_columns(r->scanner)) {
		if (piece_fields(block, &inside))
			p->flags |= PIECE_CARRIES;
		else
			facts->lost = fields.len == 0;
		facts->lost |= has_dateless(block, fields);
	}
	if (facts->odd || facts->lost || r->rec.failed ||
	    has_error(r, block, fields))
		p->flags |= PIECE_ERROR;
}

bool
piece_chain_add(struct piece_chain *c, struct piece_facts *facts)
{
	struct gzip_piece *p = &facts->range;
	bool odd = c->odd || c->cut || c->lost || facts->odd || facts->lost;
	bool whole = !c->cut;

	if (odd) {
		piece_unknown(p);
	} else if (facts->untimed && c->unknown) {
		drop_times(p);
	} else if (facts->untimed && c->has_last) {
		p->flags |= PIECE_INHERITS;
		add_time(p, &c->last);
	}
	if ((p->flags & (PIECE_ZONED | PIECE_LOCAL)) == 0)
		drop_times(p);
	c->odd = facts->odd;
	c->lost |= facts->lost;
	c->cut = facts->cut;
	if (odd) {
		c->unknown = true;
	} else if (facts->has_last) {
		c->unknown = false;
		c->has_last = true;
		c->last = facts->last;
	}
	return whole;
}
