#include "emit/parse_block.h"

#include <stdio.h>

static bool
has_field(const struct record *r, const char *name)
{
	for (size_t i = 0; i < r->n; i++)
		if (r->fields[i].kind != FIELD_GONE &&
		    span_is(r->fields[i].name, name))
			return true;
	return false;
}

/* Find a name for a line's own source: source_2 or, where that is taken, ... */
static struct span
free_name(struct record *r)
{
	char name[32], *kept;
	unsigned n = 2;
	int len;

	do
		len = snprintf(name, sizeof name, "source_%u", n++);
	while (has_field(r, name));
	if ((kept = record_room(r, (size_t)len)) == NULL)
		return span_of(NULL, 0);
	memcpy(kept, name, (size_t)len);
	return span_of(kept, (size_t)len);
}

static void
add_source(struct parser *p)
{
	struct record *r = &p->rec;

	for (size_t i = 0; i < r->n; i++)
		if (r->fields[i].kind != FIELD_GONE &&
		    span_is(r->fields[i].name, "source"))
			r->fields[i].name = free_name(r);
	record_add(r, NAME("source"), span_str(p->source), FIELD_TEXT);
}

/* Write the record, with its source; the whole of it, or nothing. */
static inline void
put(struct parser *p)
{
	size_t before = p->text.len;

	if (p->source != NULL)
		add_source(p);
	if (emit_record(p->emit, &p->rec, &p->text) < 0) {
		p->text.len = before;
		p->failed = true;
	}
}

static void
emit(struct parser *p, int r, struct span line)
{
	if (p->rec.failed) {	/* or r is not what it should be */
		p->failed = true;
		return;
	}
	if (p->with_tally)
		tally_count(&p->tally, &p->rec, r, line);
	else
		p->tally.lines++;
	if (r == 0)
		return;
	if (r < 0 && p->unparsed == UNPARSED_FAIL) {
		p->stopped = true;
		return;
	}
	if (!p->with_tally) {
		p->tally.records++;
		p->tally.bad += r < 0;
	}
	if (r < 0 && p->unparsed == UNPARSED_DROP)
		return;
	put(p);
}

void
parse_one(void *parser, struct span line, struct span more)
{
	struct parser *p = parser;
	int r = scan_line(p->scanner, line, &p->rec);

	if (r != 0 && more.len > 0)
		record_append_message(&p->rec, more);
	emit(p, r, line);
}

int
parse_line(struct parser *p, struct span line)
{
	if (p->multiline == NULL)
		emit(p, scan_line(p->scanner, line, &p->rec), line);
	else if (multiline_add(p->multiline, line) < 0)
		p->failed = true;
	return p->failed || p->stopped ? -1 : 0;
}

int
parse_lines(struct parser *p, struct span lines)
{
	const char *at = lines.p, *end = at + lines.len, *lf;
	struct span line;
	int r = 0;

	while (at < end && r == 0) {
		lf = memchr(at, '\n', (size_t)(end - at));
		line = span_of(at, (size_t)((lf != NULL ? lf : end) - at));
		r = parse_line(p, line);
		at += line.len + (lf != NULL);
	}
	return r;
}

int
parse_end(struct parser *p)
{
	if (p->multiline != NULL)
		multiline_flush(p->multiline);
	while (!p->failed && !p->stopped && scan_end(p->scanner, &p->rec) > 0)
		put(p);
	return p->failed || p->stopped ? -1 : 0;
}

void
parser_free(struct parser *p)
{
	multiline_free(p->multiline);
	record_free(&p->rec);
	buf_free(&p->text);
}
