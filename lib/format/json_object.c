#include "format/json_object.h"

#include "format/known_keys.h"
#include "format/scan_util.h"

/* Adds the members of the object that is all of text. */
static bool
scan_members(struct scan *s, struct span text, struct keys *keys)
{
	struct json_value key, value;
	struct json j;
	int r;

	if (json_open(&j, text, true) < 0 || j.close != '}')
		return scan_fail(s, 1, text.p, "{");
	while ((r = json_next(&j, &key, &value)) > 0) {
		if (value.type == JSON_ABSENT)
			continue;
		record_add_json(s->rec, &key, &value);
		keys_note(keys, s->rec,
		    s->rec->fields[s->rec->n - 1].name);
	}
	while (r == 0 && j.p < j.end && (*j.p == ' ' || *j.p == '\t'))
		j.p++;
	if (r < 0 || j.p < j.end)
		return scan_fail(s, (unsigned)s->rec->n + 1, j.p, r < 0 ?
		    "a member" : "end of line");
	return true;
}

void
json_cut_newline(struct record *r)
{
	struct field *f = r->message >= 0 ? &r->fields[r->message] : NULL;
	size_t n = f != NULL ? f->value.len : 0;

	if (f == NULL || f->kind != FIELD_JSON_STRING || n < 2)
		return;
	if (memcmp(f->value.p + n - 2, "\\n", 2) == 0 &&
	    (n == 2 || f->value.p[n - 3] != '\\'))
		f->value.len -= 2;
}

/* Returns the last field called name, or NULL. */
static struct field *
last_named(struct record *r, struct span name)
{
	for (size_t i = r->n; i-- > 0 && r->fields[i].layer == r->layers;)
		if (span_eq(r->fields[i].name, name))
			return &r->fields[i];
	return NULL;
}

static bool
is_format_name(struct span name)
{
	return format_named(name) != NULL || span_is(name, "raw") ||
	    span_is(name, "custom");
}

/*
 * Whether the field format names formats of ours, as in a record that logparse
 * wrote.
 */
static bool
is_ours(struct record *r)
{
	struct field *f = last_named(r, NAME("format"));
	const char *p, *end, *comma;

	if (f == NULL || f->kind != FIELD_JSON_STRING || f->escaped)
		return false;
	for (p = f->value.p, end = p + f->value.len;; p = comma + 1) {
		if ((comma = memchr(p, ',', (size_t)(end - p))) == NULL)
			comma = end;
		if (!is_format_name(span_to(p, comma)))
			return false;
		if (comma == end)
			return true;
	}
}

/*
 * Take the time from a record of ours.  Its names and values need no change,
 * and it leaves no text for another format.
 */
static void
read_time(struct scan *s)
{
	struct field *f = last_named(s->rec, NAME("timestamp"));
	struct span v;
	struct timestamp t;

	if (f == NULL || f->kind != FIELD_JSON_STRING)
		return;
	v = f->value;
	if (timestamp_iso(v.p, v.p + v.len, s->zone, &t) == v.p + v.len) {
		s->rec->when = t;
		s->rec->has_when = true;
	}
}

/* Whether the value in text is not the start of something else, as of 503$. */
static bool
is_whole(struct span value, struct span text)
{
	const char *p = value.p + value.len;

	return p == text.p + text.len || (unsigned char)*p <= ' ' ||
	    (unsigned char)*p >= 0x7f || memchr("\",}]", *p, 4) != NULL;
}

/*
 * Make a record of an object that was cut short after its status: the text as
 * the message, and the status.
 */
static bool
keep_status(struct scan *s, struct span text, const struct keys *keys,
    const struct record_mark *mark)
{
	struct field *f = &s->rec->fields[keys->best[KNOWN_STATUS].field];
	struct span status = record_value(s->rec, f);

	if (!is_whole(f->value, text))
		return false;
	record_reset(s->rec, mark);
	record_add(s->rec, NAME("message"), text, FIELD_TEXT);
	record_add_number(s->rec, NAME("status"), status);
	scan_error(s);
	return true;
}

bool
scan_object(struct scan *s, struct span text)
{
	const struct format *nearer;
	struct record_mark mark;
	const char *missing;
	UNINITIALIZED struct keys keys;	/* large: keys_begin is enough */

	keys_begin(&keys, s->rec);
	mark = record_mark(s->rec);
	if (!scan_members(s, text, &keys))
		return !s->sure && (keys.found & 1u << KNOWN_STATUS) != 0 &&
		    keep_status(s, text, &keys, &mark);
	if (s->sure && s->format->keys[0] != NULL) {
		if ((missing = keys_missing(&keys, s->format)) != NULL)
			return scan_fail(s, 1, text.p, missing);
	} else if (keys_have_format(&keys) && is_ours(s->rec)) {
		read_time(s);
		return true;
	} else if (!s->sure && (nearer = keys_format(&keys)) != NULL) {
		s->format = nearer;
	}
	if (s->format->name_keys != NULL)
		s->format->name_keys(s, &keys);
	else
		keys_end(&keys, s, false);
	return true;
}

/*
 * Adds the members of the object at the end of a line.  Returns false when text
 * is no object.
 */
static bool
add_members(struct scan *s, struct span text)
{
	struct record_mark mark = record_mark(s->rec);
	struct json_value key, value;
	struct keys keys;
	struct json j;
	int r;

	if (json_open(&j, text, true) < 0 || j.close != '}')
		return false;
	keys_begin(&keys, s->rec);
	while ((r = json_next(&j, &key, &value)) > 0) {
		if (value.type == JSON_ABSENT)
			continue;
		record_add_json(s->rec, &key, &value);
		keys_note(&keys, s->rec,
		    s->rec->fields[s->rec->n - 1].name);
	}
	if (r < 0 || j.p < j.end) {
		record_reset(s->rec, &mark);
		return false;
	}
	keys_end_behind(&keys, s);
	return true;
}

/*
 * Cuts off the context and the extras that Monolog writes after a message, if
 * they are only [].
 */
static struct span
cut_empty_lists(struct span text)
{
	if (text.len == 0 || text.p[text.len - 1] != ']')
		return text;
	if (text.len > 6 && memcmp(text.p + text.len - 6, " [] []", 6) == 0)
		text.len -= 6;
	if (text.len > 4 && memcmp(text.p + text.len - 4, "} []", 4) == 0)
		text.len -= 3;
	return text;
}

void
add_message_and_object(struct scan *s, struct span text)
{
	struct span cut = cut_empty_lists(text);
	const char *end = cut.p + cut.len, *p;

	record_add_message(s->rec, cut);
	if (s->rec->message < 0 || cut.len == 0 || end[-1] != '}' ||
	    *cut.p == '{')
		return;
	for (p = cut.p; (p = find_char(p, end, '{')) < end; p++)
		if (p[-1] == ' ' || p[-1] == '\t')
			break;
	if (p < end && add_members(s, span_to(p, end)))
		s->rec->fields[s->rec->message].value =
		    span_trim(span_to(cut.p, p));
}
