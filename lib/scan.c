#include "scan.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "scanning.h"

enum { FORMATS = 64, WORST_CASE = 512 };

struct scanner {
	struct zone zone;
	const struct format *wanted[RECORD_LAYERS];	/* none: all is auto */
	unsigned n_wanted;
	bool auto_inside;	/* auto is the last of them */
	const struct format *last[RECORD_LAYERS];	/* that fitted */
	uint64_t by_first[256];	/* formats that can begin with a byte */
};

/* Which formats can begin with which byte. */
static void
index_formats(struct scanner *s)
{
	const char *first;

	for (unsigned f = 0; formats[f] != NULL; f++)
		for (unsigned c = 0; c < 256; c++) {
			first = formats[f]->first;
			if (first == NULL || strchr(first, is_digit((char)c) ?
			    '0' : is_letter((char)c) ? 'a' : (int)c) != NULL)
				s->by_first[c] |= UINT64_C(1) << f;
		}
}

struct scanner *
scanner_new(void)
{
	struct scanner *s = calloc(1, sizeof *s);

	if (s == NULL)
		return NULL;
	index_formats(s);
	zone_set(&s->zone, "local");
	scanner_input(s, (int64_t)time(NULL));
	return s;
}

void
scanner_free(struct scanner *s)
{
	free(s);
}

const char *const *
scan_format_names(void)
{
	static const char *names[FORMATS + 1];

	for (unsigned f = 0; formats[f] != NULL; f++)
		names[f] = formats[f]->name;
	return names;
}

static const struct format *
format_named(struct span name)
{
	for (unsigned f = 0; formats[f] != NULL; f++)
		if (span_is(name, formats[f]->name))
			return formats[f];
	return NULL;
}

int
scanner_formats(struct scanner *s, const char *list, struct span *bad)
{
	const char *comma;

	s->n_wanted = 0;
	s->auto_inside = false;
	for (;; list = comma + 1) {
		comma = strchrnul(list, ',');
		*bad = span_of(list, (size_t)(comma - list));
		if (s->auto_inside || s->n_wanted == RECORD_LAYERS)
			return -1;
		if (span_is(*bad, "auto"))
			s->auto_inside = true;
		else if ((s->wanted[s->n_wanted++] = format_named(*bad)) ==
		    NULL)
			return -1;
		if (*comma == '\0')
			return 0;
	}
}

struct zone *
scanner_zone(struct scanner *s)
{
	return &s->zone;
}

void
scanner_input(struct scanner *s, int64_t near)
{
	s->zone.near = near;
	memset(s->last, 0, sizeof s->last);
}

/* One layer more, if text is of this format. */
static bool
try_format(struct scan *scan, const struct format *f, struct span text)
{
	struct record *r = scan->rec;
	size_t n = r->n;
	int message = r->message;
	struct timestamp when = r->when;
	bool has_when = r->has_when;

	scan->start = text.p;
	scan->format = f;
	r->message = -1;
	if (f->scan(scan, text)) {
		if (message >= 0)
			r->fields[message].kind = FIELD_GONE;
		r->formats[r->layers++] = scan->format->name;
		return true;
	}
	r->n = n;
	r->message = message;
	r->when = when;
	r->has_when = has_when;
	return false;
}

/*
 * The first format that fits; the one of the line before goes first if nothing
 * else could be meant.  When none does, scan tells of the one that got furthest.
 */
static bool
try_all(struct scanner *s, struct scan *scan, struct span text)
{
	unsigned layer = scan->rec->layers;
	const struct format *last = s->last[layer], *f;
	struct scan best = *scan;
	uint64_t left;

	if (text.len == 0)
		return false;
	if (last != NULL && last->distinct && try_format(scan, last, text))
		return true;
	left = s->by_first[(unsigned char)*text.p];
	for (; left != 0; left &= left - 1) {
		f = formats[__builtin_ctzll(left)];
		if (try_format(scan, f, text)) {
			s->last[layer] = scan->format;
			return true;
		}
		if (scan->field > 1 && scan->at > best.at) {
			best = *scan;
			best.format = f;
		}
	}
	*scan = best;
	return false;
}

/* The rest of the text that the innermost layer left over, if any. */
static bool
rest_of(struct record *r, struct span *text)
{
	if (r->message < 0 || r->layers == RECORD_LAYERS)
		return false;
	*text = record_value(r, &r->fields[r->message]);
	return true;
}

static bool
scan_layers(struct scanner *s, struct scan *scan, struct span text)
{
	struct record *r = scan->rec;

	scan->sure = true;
	for (unsigned i = 0; i < s->n_wanted; i++) {
		if (i > 0 && !rest_of(r, &text))
			return scan_fail(scan, 1, text.p, "a message");
		if (!try_format(scan, s->wanted[i], text))
			return false;
	}
	if (s->n_wanted > 0 && !s->auto_inside)
		return true;
	scan->sure = false;
	if (s->n_wanted == 0 && !try_all(s, scan, text))
		return false;
	while (scan->format->nests && !scan->skip && rest_of(r, &text) &&
	    try_all(s, scan, text))
		;
	return true;
}

static void
make_raw(struct scan *scan, struct span line)
{
	struct record *r = scan->rec;
	char *p;
	int n;

	record_clear(r);
	record_add_message(r, line);
	if ((p = record_room(r, WORST_CASE)) == NULL)
		return;
	if (scan->expected == NULL)
		n = snprintf(p, WORST_CASE, "no known format");
	else
		n = snprintf(p, WORST_CASE, "field %u: expected %s (%s, byte "
		    "%zu)", scan->field, scan->expected, scan->format->name,
		    scan->at + 1);
	r->error = span_of(p, (size_t)n);
}

int
scan_line(struct scanner *s, struct span line, struct record *r)
{
	struct scan scan = { .rec = r, .zone = &s->zone };

	record_clear(r);
	if (line.len > 0 && line.p[line.len - 1] == '\r')
		line.len--;
	if (line.len == 0)
		return 0;
	if (scan_layers(s, &scan, line))
		return !scan.skip;
	make_raw(&scan, line);
	return -1;
}
