#include "format/scanner.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "format/file_name.h"
#include "format/format_index.h"
#include "format/known_keys.h"
#include "format/named_groups.h"
#include "format/scan_util.h"
#include "record/calendar.h"
#include "record/zone_file.h"

struct choice {
	const struct format *format;	/* NULL: no format */
	uint64_t bit;		/* the bit of the format in by_first, or 0 */
};

struct scanner {
	struct zone zone;
	int64_t near; /* the input's time; zone.near may be an envelope's */
	/* The formats that were asked for; none: all is auto. */
	struct choice wanted[RECORD_LAYERS];
	unsigned n_wanted;
	bool auto_inside;	/* the last of them is auto */
	struct choice last[RECORD_LAYERS]; /* the formats that fitted last */
	/* The outermost format of the last line, or NULL. */
	const struct format *outer;
	const struct user_formats *custom;
	struct memory memory;
	/* The name of a file in front of this line; p is NULL until it is known. */
	struct span name;
};

/* The format as a choice. */
static struct choice
choice_of(unsigned f)
{
	return (struct choice){ formats[f], UINT64_C(1) << f };
}

struct scanner *
scanner_new(void)
{
	struct scanner *s;

	format_index_prepare();
	if ((s = calloc(1, sizeof *s)) == NULL)
		return NULL;
	zone_set(&s->zone, "local");
	scanner_input(s, ZONE_NOW);
	return s;
}

void
scanner_free(struct scanner *s)
{
	if (s == NULL)
		return;
	buf_free(&s->memory.columns);
	for (int i = 0; i < 2; i++) {
		buf_free(&s->memory.partial[i].text);
		buf_free(&s->memory.partial[i].name);
	}
	buf_free(&s->memory.entry);
	named_groups_found_free(s->memory.found);
	free(s);
}

void
scanner_custom(struct scanner *s, const struct user_formats *c)
{
	bool only_named;

	s->custom = user_formats_at(c, 0, &only_named) != NULL ? c : NULL;
}

bool
scanner_is_stateful(const struct scanner *s)
{
	return s->memory.used;
}

bool
scanner_has_columns(const struct scanner *s)
{
	return s->memory.columns.len > 0;
}

static bool
has_word(struct span line, const char *word)
{
	size_t len = strlen(word);
	const char *p = line.p, *end = p + line.len;
#ifdef __SSE2__
	const size_t last = len - 1;
	const __m128i first_byte = _mm_set1_epi8(*word);
	const __m128i last_byte = _mm_set1_epi8(word[last]);
	unsigned bits;

	for (; end - p >= (ptrdiff_t)len; p += 16) {
		if (end - p < (ptrdiff_t)(16 + last)) {
			if (line.len < 16 + last)
				break;
			p = end - 16 - last;
		}
		bits = (unsigned)_mm_movemask_epi8(_mm_and_si128(
		    _mm_cmpeq_epi8(load16(p), first_byte),
		    _mm_cmpeq_epi8(load16(p + last), last_byte)));
		for (; bits != 0; bits &= bits - 1)
			if (memcmp(p + __builtin_ctz(bits), word, len) == 0)
				return true;
	}
#endif
	return end - p >= (ptrdiff_t)len &&
	    memmem(p, (size_t)(end - p), word, len) != NULL;
}

/* Returns the format whose lines are in the middle of a record, if any. */
static struct choice
open_format(const struct scanner *s)
{
	for (unsigned f = 0; formats[f] != NULL; f++)
		if (formats[f]->is_open != NULL &&
		    formats[f]->is_open(&s->memory))
			return choice_of(f);
	return (struct choice){ NULL, 0 };
}

const struct format *
scanner_carried(const struct scanner *s)
{
	const struct format *f = s->outer;

	return f != NULL && (f->carried_by[0] != NULL ||
	    f->carried_by_longer > 0) ? f : NULL;
}

bool
scanner_carries(const struct scanner *s)
{
	return scanner_held(s, -1) > 0 ||
	    (s->outer != NULL && s->outer->carried_by[0] != NULL);
}

size_t
scanner_held(const struct scanner *s, int stream)
{
	const struct partial *part = s->memory.partial;

	if (!s->memory.used)
		return 0;
	if (stream == 0 || stream == 1)
		return part[stream].held ?
		    part[stream].text.len + part[stream].pieces : 0;
	return open_format(s).format != NULL ||
	    (stream < 0 && (part[0].held || part[1].held));
}

/* Whether later lines may depend on this one, of whatever format it is. */
static bool
is_carrier(struct span line)
{
	const struct format *f;

	for (unsigned i = 0; (f = formats[i]) != NULL; i++) {
		for (unsigned w = 0; w < 2 && f->carried_by[w] != NULL; w++)
			if (has_word(line, f->carried_by[w]))
				return true;
		if (f->carried_by_longer > 0 && line.len > f->carried_by_longer)
			return true;
	}
	return false;
}

bool
scanner_minds(const struct scanner *s, struct span line)
{
	return s->memory.used || is_carrier(line);
}

bool
scanner_takes_syslog(const struct scanner *s)
{
	if (s->n_wanted > 0)
		return strcmp(s->wanted[0].format->name, "syslog") == 0;
	return s->custom == NULL || user_formats_count(s->custom) == 0;
}

static struct choice
choose(const struct scanner *s, struct span name)
{
	const struct format *custom;
	bool only_named;

	for (unsigned i = 0;
	     (custom = user_formats_at(s->custom, i, &only_named)) != NULL; i++)
		if (span_is(name, custom->name))
			return (struct choice){ custom, 0 };
	for (unsigned f = 0; formats[f] != NULL; f++)
		if (span_is(name, formats[f]->name))
			return choice_of(f);
	return (struct choice){ NULL, 0 };
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
			return -2;
		if (span_is(*bad, "auto"))
			s->auto_inside = true;
		else if ((s->wanted[s->n_wanted++] = choose(s,
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
	s->near = from->near;
	s->custom = from->custom;
	s->n_wanted = from->n_wanted;
	s->auto_inside = from->auto_inside;
	for (unsigned i = 0; i < s->n_wanted; i++)
		s->wanted[i] = choose(s,
		    span_str(from->wanted[i].format->name));
	for (unsigned i = 0; i < RECORD_LAYERS; i++)
		if (from->last[i].format != NULL)
			s->last[i] = choose(s,
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
	s->near = near;
	memset(s->last, 0, sizeof s->last);
	s->outer = NULL;
	buf_clear(&s->memory.columns);
	s->memory.near = 0;
	buf_clear(&s->memory.entry);
	s->memory.entry_done = 0;
	s->memory.partial[0].held = s->memory.partial[1].held = false;
	s->memory.used = false;
}

/* Adds one layer more, if text is of this format. */
static bool
try_format(struct scan *scan, struct choice c, struct span text)
{
	struct record *r = scan->rec;
	struct record_mark mark = record_mark(r);

	scan->start = text.p;
	scan->format = c.format;
	if (c.bit != 0 && c.format->layout != NULL) {
		scan->layout = format_layout((unsigned)__builtin_ctzll(c.bit));
		r->failed |= scan->layout == NULL;
	}
	r->message = -1;
	if (c.format->scan(scan, text)) {
		if (mark.message >= 0)
			r->fields[mark.message].kind = FIELD_GONE;
		r->formats[r->layers++] = scan->format->name;
		return true;
	}
	scan->format = c.format;
	record_reset(r, &mark);
	return false;
}

/* Keeps the error of the format that got furthest into the text. */
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

/* Tries the formats of the user's own: those of files, or the others. */
static bool
try_custom(struct scanner *s, struct scan *scan, struct span text,
    bool of_files)
{
	struct scan best = *scan;
	const struct format *f;
	bool only_named;

	for (unsigned i = 0;
	     (f = user_formats_at(s->custom, i, &only_named)) != NULL; i++) {
		if (only_named != of_files)
			continue;
		if (try_format(scan, (struct choice){ f, 0 }, text))
			return true;
		keep_best(&best, scan, f);
	}
	*scan = best;
	return false;
}

/*
 * Try the format of the line before.  When it does not fit, scan tells what it
 * told before: the reason is given by those that are tried in their order.
 */
static bool
try_last(struct scan *scan, struct choice last, struct span text)
{
	const struct format *format = scan->format;
	const char *expected = scan->expected;
	size_t at = scan->at;
	unsigned field = scan->field;

	if (try_format(scan, last, text))
		return true;
	scan->format = format;
	scan->expected = expected;
	scan->at = at;
	scan->field = field;
	return false;
}

extern const struct format format_cri, format_kubectl, format_syslog;

/*
 * Tries the envelopes that no line of another format has, which go before
 * formats of the user's own: one that begins with any word would take them.
 */
static bool
try_envelope(struct scan *scan, struct span text)
{
	const struct format *f = *text.p == '<' ? &format_syslog :
	    *text.p == '[' ? &format_kubectl : &format_cri;

	return try_last(scan, (struct choice){ f, 0 }, text);
}

/* The first format that fits of those that have a bit in left; see try_all. */
static bool
try_each(const struct scanner *s, struct scan *scan, struct span text,
    uint64_t left, struct choice *fits)
{
	struct scan best = *scan;
	bool ruled = false;
	int f;

	left = format_index_by_date(left, text, s->memory.columns.len > 0);
	for (; left != 0; left &= left - 1) {
		if (!ruled && (left & -left & format_index.needy) != 0) {
			ruled = true;
			if ((left = format_index_rule_out(left, text)) == 0)
				break;
		}
		f = __builtin_ctzll(left);
		if (formats[f]->word != NULL && !has_word(text,
		    formats[f]->word))
			continue;
		*fits = choice_of((unsigned)f);
		if (try_format(scan, *fits, text))
			return true;
		/*
		 * Formats without a layout tell better, as layouts take any
		 * words at first.
		 */
		if (formats[f]->layout == NULL)
			keep_best(&best, scan, formats[f]);
	}
	*scan = best;
	return false;
}

/*
 * Finds the first format that fits.  The format of the line before is tried
 * first if the text cannot be of another.  among has a bit for each format that
 * is tried.  When none fits, scan has the error of the one that got furthest.
 */
static bool
try_all(struct scanner *s, struct scan *scan, struct span text,
    uint64_t among)
{
	struct choice *last = &s->last[scan->rec->layers], fits;

	if (text.len == 0)
		return false;
	if (s->custom != NULL && (try_envelope(scan, text) ||
	    try_custom(s, scan, text, true)))
		return true;
	if (last->format != NULL && last->format->distinct &&
	    (format_index.by_first[(unsigned char)*text.p] & last->bit) != 0 &&
	    (among != format_index.answers || last->format->status != NULL) &&
	    try_last(scan, *last, text))
		return true;
	if (!try_each(s, scan, text, among &
	    format_index.by_first[(unsigned char)*text.p], &fits))
		return false;
	*last = fits;
	return true;
}

/*
 * Sets text to the rest that the innermost layer left over, if any.  Stamps in
 * it are near to that layer's: of the same day, as far as a year depends on it.
 */
static bool
rest_of(struct scanner *s, struct record *r, struct span *text)
{
	if (r->message < 0 || r->layers == RECORD_LAYERS)
		return false;
	*text = record_value(r, &r->fields[r->message]);
	/*
	 * The %msg% of rsyslog begins with a blank, a container's line ends
	 * with a LF.
	 */
	while (text->len > 0 && (text->p[text->len - 1] == '\n' ||
	    text->p[text->len - 1] == '\r'))
		text->len--;
	*text = span_to(skip_spaces(text->p, text->p + text->len),
	    text->p + text->len);
	s->zone.enveloped = r->has_when;
	if (r->has_when)
		s->zone.near = r->when.sec - r->when.sec % DAY_S;
	return true;
}

/*
 * Begins a line.  At the outermost layer, stamps are near to the input's time.
 * Returns false without memory: formats look at the field that they have just
 * added, so there must be room for fields.
 */
static bool
begin_line(struct scanner *s, struct record *r)
{
	record_clear(r);
	s->zone.near = s->near;
	s->zone.enveloped = false;
	s->memory.iso.at = s->memory.any.at = NULL;
	return r->cap > 0 || record_grow(r);
}

/* Adds one layer more, if the rest of the text has one. */
static bool
try_inner(struct scanner *s, struct scan *scan, struct span text)
{
	if (scan->format->nests ? try_all(s, scan, text, ~UINT64_C(0)) :
	    format_index_may_answer(text) &&
	    try_all(s, scan, text, format_index.answers))
		return true;
	scan->skip = false;	/* the outer layers are a record */
	return false;
}

/* Reads the layers that were asked for, from the outside in. */
static bool
scan_wanted(struct scanner *s, struct scan *scan, struct span *text)
{
	struct record *r = scan->rec;
	bool inside = s->custom != NULL && user_formats_count(s->custom) > 0;

	scan->sure = true;
	for (unsigned i = 0; i < s->n_wanted + inside; i++) {
		if (i > 0 && !rest_of(s, r, text))
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
	const struct format *inner;
	struct timestamp t;
	const char *at;
	bool wanted = s->n_wanted > 0 || (s->custom != NULL &&
	    user_formats_count(s->custom) > 0);

	if (wanted && !scan_wanted(s, scan, &text))
		return false;
	if (wanted && !s->auto_inside)
		return true;
	scan->sure = false;
	if (!wanted && !try_all(s, scan, text, ~UINT64_C(0)))
		return false;
	s->outer = inner = scan->format;
	while (inner != NULL && (inner->nests || inner->nests_answers) &&
	    !scan->skip && rest_of(s, r, &text) && try_inner(s, scan, text))
		inner = scan->format;
	if (!r->has_when && inner != NULL && inner->nests && r->message >= 0 &&
	    timestamp_find(text, scan->zone, &t, &at) != NULL)
		record_add_time(r, &t);
	return true;
}

static void
make_raw(struct scanner *s, struct scan *scan, struct span line)
{
	struct record *r = scan->rec;
	bool failed = r->failed;
	struct timestamp t;
	const char *at;

	begin_line(s, r);
	r->failed |= failed;	/* with memory it might have had a format */
	if (timestamp_find(line, scan->zone, &t, &at) != NULL)
		record_add_time(r, &t);
	record_add_message(r, line);
	scan_error(scan);
}

/*
 * Returns the line without a CR at its end, and without the mark of UTF-8 that
 * begins some files.
 */
static inline struct span
bare_line(struct span line)
{
	if (line.len >= 3 && memcmp(line.p, "\xef\xbb\xbf", 3) == 0)
		line = span_of(line.p + 3, line.len - 3);
	if (line.len > 0 && line.p[line.len - 1] == '\r')
		line.len--;
	return line;
}

/* Give the line to the format whose record is not complete, if there is one. */
static bool
scan_open(struct scanner *s, struct scan *scan, struct span line)
{
	struct choice open = open_format(s);

	if (open.format == NULL)
		return false;
	try_format(scan, open, line);
	return true;
}

/* As scan_line, of a line that seems to have the name of a file in front. */
static int
scan_named(struct scanner *s, struct span line, size_t name, struct record *r)
{
	int found;
	bool failed;

	s->name = span_of(line.p, name);
	found = scan_line(s, span_of(line.p + name, line.len - name), r);
	s->name.len = 0;
	failed = r->failed;
	if (found < 0)
		found = scan_line(s, line, r);
	r->failed |= failed;
	s->name.p = NULL;
	return found;
}

int
scan_line(struct scanner *s, struct span line, struct record *r)
{
	struct scan scan = { .rec = r, .zone = &s->zone,
	    .memory = &s->memory };
	size_t name;

	if (!begin_line(s, r))
		return 1;
	if (s->memory.used && scan_open(s, &scan, line))
		return !scan.skip;
	line = bare_line(line);
	if (line.len == 0)
		return 0;
	if (s->name.p == NULL) {
		if ((name = file_name_len(&scan, line)) > 0)
			return scan_named(s, line, name, r);
	} else if (s->name.len > 0) {
		record_add(r, NAME("prefix"), s->name, FIELD_TEXT);
	}
	if (!scan_layers(s, &scan, line))
		make_raw(s, &scan, line);
	r->failed |= zone_file_failed();
	return r->error.len > 0 ? -1 : !scan.skip;
}

int
scan_outer(struct scanner *s, struct span line, struct record *r)
{
	struct scan scan = { .rec = r, .zone = &s->zone,
	    .memory = &s->memory };
	size_t name;
	bool failed;

	s->outer = NULL;
	if (!begin_line(s, r))
		return -1;
	if (s->memory.used && open_format(s).format != NULL)
		return scan_line(s, line, r);
	line = bare_line(line);
	if (line.len == 0)
		return 0;
	if ((name = file_name_len(&scan, line)) > 0) {
		record_add(r, NAME("prefix"), span_of(line.p, name),
		    FIELD_TEXT);
		line = span_of(line.p + name, line.len - name);
	}
	if (s->n_wanted > 0) {
		scan.sure = true;
		if (!try_format(&scan, s->wanted[0], line))
			return -1;
	} else if (s->custom != NULL && user_formats_count(s->custom) > 0) {
		if (!try_custom(s, &scan, line, false))
			return -1;
	} else if (!try_all(s, &scan, line, ~UINT64_C(0))) {
		return -1;
	}
	s->outer = scan.format;
	if (!scan.format->nests) {
		failed = r->failed;
		record_clear(r);
		r->failed = failed;
	}
	return !scan.skip;
}

bool
scanner_goes_on(const struct scanner *s, struct span line)
{
	const struct format *f = s->outer;

	return f != NULL && f->goes_on != NULL && f->goes_on(line);
}

unsigned
scan_status(struct record *r)
{
	const struct format *format;
	struct field f;
	const char *p;

	for (unsigned i = r->layers; i-- > 0;) {
		format = format_named(span_str(r->formats[i]));
		if (format == NULL || format->status == NULL)
			continue;
		if (!record_lookup(r, span_str(format->status), &f) ||
		    !is_http_status(f.value) ||
		    (f.kind != FIELD_JSON && f.value.len > 3))
			return 0;
		p = f.value.p;
		return (unsigned)((p[0] - '0') * 100 + (p[1] - '0') * 10 +
		    (p[2] - '0'));
	}
	return 0;
}

int
scan_end(struct scanner *s, struct record *r)
{
	struct scan scan = { .rec = r, .zone = &s->zone,
	    .memory = &s->memory };

	for (unsigned f = 0; formats[f] != NULL; f++) {
		if (!begin_line(s, r))
			return 1;
		scan.format = formats[f];
		if (formats[f]->end == NULL || !formats[f]->end(&scan))
			continue;
		r->formats[r->layers++] = formats[f]->name;
		return 1;
	}
	return 0;
}
