#include "scan.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "groups.h"
#include "layout.h"
#include "scanning.h"

enum { FORMATS = 64, WORST_CASE = 512 };

struct choice {
	const struct format *format;	/* NULL: none */
	const struct layout *layout;	/* of the format, where it has one */
};

struct scanner {
	struct zone zone;
	struct choice wanted[RECORD_LAYERS];	/* none: all is auto */
	unsigned n_wanted;
	bool auto_inside;	/* auto is the last of them */
	struct choice last[RECORD_LAYERS];	/* that fitted */
	uint64_t by_first[256];	/* formats that can begin with a byte */
	struct layout *layouts[FORMATS];	/* of those that are tables */
	const struct custom *custom;
	struct memory memory;
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

/* 0, or -1 with errno ENOMEM. */
static int
compile_layouts(struct scanner *s)
{
	for (unsigned f = 0; formats[f] != NULL; f++)
		if (formats[f]->layout != NULL && (s->layouts[f] =
		    layout_of(formats[f]->layout)) == NULL)
			return -1;
	return 0;
}

struct scanner *
scanner_new(void)
{
	struct scanner *s = calloc(1, sizeof *s);

	if (s == NULL || compile_layouts(s) < 0) {
		scanner_free(s);
		return NULL;
	}
	index_formats(s);
	zone_set(&s->zone, "local");
	scanner_input(s, (int64_t)time(NULL));
	return s;
}

void
scanner_free(struct scanner *s)
{
	if (s == NULL)
		return;
	for (unsigned f = 0; f < FORMATS; f++)
		layout_free(s->layouts[f]);
	buf_free(&s->memory.columns);
	buf_free(&s->memory.partial[0].text);
	buf_free(&s->memory.partial[1].text);
	buf_free(&s->memory.entry);
	groups_found_free(s->memory.found);
	free(s);
}

void
scanner_custom(struct scanner *s, const struct custom *c)
{
	bool only_named;

	s->custom = custom_at(c, 0, &only_named) != NULL ? c : NULL;
}

bool
scanner_is_stateful(const struct scanner *s)
{
	return s->memory.used;
}

static bool
has_word(struct span line, const char *word)
{
	return memmem(line.p, line.len, word, strlen(word)) != NULL;
}

bool
scanner_minds(const struct scanner *s, struct span line)
{
	return s->memory.used || has_word(line, "#Fields:") ||
	    has_word(line, "out P") || has_word(line, "err P") ||
	    has_word(line, "__CURSOR=");
}

bool
scanner_takes_syslog(const struct scanner *s)
{
	if (s->n_wanted > 0)
		return s->wanted[0].format->scan == scan_syslog;
	return s->custom == NULL || custom_count(s->custom) == 0;
}

const char *const *
scan_format_names(void)
{
	static const char *names[FORMATS + 1];

	for (unsigned f = 0; formats[f] != NULL; f++)
		names[f] = formats[f]->name;
	return names;
}

static struct choice
format_named(const struct scanner *s, struct span name)
{
	const struct format *custom;
	bool only_named;

	for (unsigned i = 0; (custom = custom_at(s->custom, i, &only_named)) !=
	    NULL; i++)
		if (span_is(name, custom->name))
			return (struct choice){ custom, NULL };
	for (unsigned f = 0; formats[f] != NULL; f++)
		if (span_is(name, formats[f]->name))
			return (struct choice){ formats[f], s->layouts[f] };
	return (struct choice){ NULL, NULL };
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
		else if ((s->wanted[s->n_wanted++] = format_named(s,
		    *bad)).format == NULL)
			return -1;
		if (*comma == '\0')
			return 0;
	}
}

struct scanner *
scanner_copy(const struct scanner *from)
{
	struct scanner *s = scanner_new();

	if (s == NULL)
		return NULL;
	s->zone = from->zone;
	s->custom = from->custom;
	s->n_wanted = from->n_wanted;
	s->auto_inside = from->auto_inside;
	for (unsigned i = 0; i < s->n_wanted; i++)
		s->wanted[i] = format_named(s,
		    span_str(from->wanted[i].format->name));
	for (unsigned i = 0; i < RECORD_LAYERS; i++)
		if (from->last[i].format != NULL)
			s->last[i] = format_named(s,
			    span_str(from->last[i].format->name));
	return s;
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
	buf_clear(&s->memory.columns);
	buf_clear(&s->memory.entry);
	s->memory.entry_done = 0;
	s->memory.partial[0].held = s->memory.partial[1].held = false;
	s->memory.used = false;
}

/* One layer more, if text is of this format. */
static bool
try_format(struct scan *scan, struct choice c, struct span text)
{
	struct record *r = scan->rec;
	size_t n = r->n, n_own = r->n_own;
	int message = r->message;
	struct timestamp when = r->when;
	bool has_when = r->has_when;

	scan->start = text.p;
	scan->format = c.format;
	scan->layout = c.layout;
	r->message = -1;
	if (c.format->scan(scan, text)) {
		if (message >= 0)
			r->fields[message].kind = FIELD_GONE;
		r->formats[r->layers++] = scan->format->name;
		return true;
	}
	scan->format = c.format;
	r->n = n;
	r->n_own = n_own;
	r->message = message;
	r->when = when;
	r->has_when = has_when;
	return false;
}

/* What the format that got furthest into the text says. */
static void
keep_best(struct scan *best, const struct scan *scan, const struct format *f)
{
	if (!scan->sure && (scan->field < 3 || scan->at <= best->at))
		return;
	if (scan->sure && best->expected != NULL && scan->at <= best->at)
		return;
	*best = *scan;
	best->format = f;
}

/* The formats of the user's own: those of files, or the others. */
static bool
try_custom(struct scanner *s, struct scan *scan, struct span text,
    bool of_files)
{
	struct scan best = *scan;
	const struct format *f;
	bool only_named;

	for (unsigned i = 0; (f = custom_at(s->custom, i, &only_named)) != NULL;
	    i++) {
		if (only_named != of_files)
			continue;
		if (try_format(scan, (struct choice){ f, NULL }, text))
			return true;
		keep_best(&best, scan, f);
	}
	*scan = best;
	return false;
}

/*
 * The first format that fits; the one of the line before goes first if nothing
 * else could be meant.  When none does, scan tells of the one that got furthest.
 */
static bool
try_all(struct scanner *s, struct scan *scan, struct span text)
{
	struct choice *last = &s->last[scan->rec->layers], c;
	struct scan best = *scan;
	uint64_t left;
	int f;

	if (text.len == 0)
		return false;
	if (s->custom != NULL && try_custom(s, scan, text, true))
		return true;
	if (last->format != NULL && last->format->distinct &&
	    try_format(scan, *last, text))
		return true;
	left = s->by_first[(unsigned char)*text.p];
	for (; left != 0; left &= left - 1) {
		f = __builtin_ctzll(left);
		c = (struct choice){ formats[f], s->layouts[f] };
		if (try_format(scan, c, text)) {
			*last = c;
			return true;
		}
		if (c.layout == NULL)	/* those take any words at first */
			keep_best(&best, scan, formats[f]);
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

/* One layer more, while what is left may hold one. */
static bool
try_inner(struct scanner *s, struct scan *scan, struct span text)
{
	struct scan before = *scan;

	if (try_all(s, scan, text))
		return true;
	*scan = before;
	return false;
}

/* The layers that were asked for, from the outside in. */
static bool
scan_wanted(struct scanner *s, struct scan *scan, struct span *text)
{
	struct record *r = scan->rec;
	bool inside = s->custom != NULL && custom_count(s->custom) > 0;

	scan->sure = true;
	for (unsigned i = 0; i < s->n_wanted + inside; i++) {
		if (i > 0 && !rest_of(r, text))
			return scan_fail(scan, 1, text->p, "a message");
		if (i == s->n_wanted)
			return try_custom(s, scan, *text, false);
		if (!try_format(scan, s->wanted[i], *text))
			return false;
		if (scan->skip)
			return true;
	}
	return true;
}

static bool
scan_layers(struct scanner *s, struct scan *scan, struct span text)
{
	struct record *r = scan->rec;
	bool wanted = s->n_wanted > 0 || (s->custom != NULL &&
	    custom_count(s->custom) > 0);

	if (wanted && !scan_wanted(s, scan, &text))
		return false;
	if (wanted && !s->auto_inside)
		return true;
	scan->sure = false;
	if (!wanted && !try_all(s, scan, text))
		return false;
	while (scan->format->nests && !scan->skip && rest_of(r, &text) &&
	    try_inner(s, scan, text))
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

static const struct choice journal = { &format_journal, NULL };

int
scan_line(struct scanner *s, struct span line, struct record *r)
{
	struct scan scan = { .rec = r, .zone = &s->zone,
	    .memory = &s->memory };

	record_clear(r);
	if (s->memory.entry.len > 0) {	/* in an export of the journal */
		try_format(&scan, journal, line);
		return !scan.skip;
	}
	if (line.len > 0 && line.p[line.len - 1] == '\r')
		line.len--;
	if (line.len == 0)
		return 0;
	if (scan_layers(s, &scan, line))
		return !scan.skip;
	make_raw(&scan, line);
	return -1;
}

int
scan_outer(struct scanner *s, struct span line, struct record *r)
{
	struct scan scan = { .rec = r, .zone = &s->zone,
	    .memory = &s->memory };

	record_clear(r);
	if (s->memory.entry.len > 0)
		return scan_line(s, line, r);
	if (line.len > 0 && line.p[line.len - 1] == '\r')
		line.len--;
	if (line.len == 0)
		return 0;
	if (s->n_wanted > 0) {
		scan.sure = true;
		if (!try_format(&scan, s->wanted[0], line))
			return -1;
	} else if (!try_all(s, &scan, line)) {
		return -1;
	}
	if (!scan.format->nests)
		record_clear(r);
	return !scan.skip;
}

int
scan_end(struct scanner *s, struct record *r)
{
	struct scan scan = { .rec = r, .zone = &s->zone,
	    .memory = &s->memory };

	record_clear(r);
	if (s->memory.entry.len > 0) {
		s->memory.entry_done = s->memory.entry.len;
		return try_format(&scan, journal, NAME(""));
	}
	for (int i = 0; i < 2; i++)
		if (s->memory.partial[i].held) {
			scan_cri_end(&scan, i);
			r->formats[r->layers++] = "cri";
			return 1;
		}
	return 0;
}
