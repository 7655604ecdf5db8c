/*
 * journal: what journalctl -o json and -o export write
 *
 * An export entry is a KEY=value on each line up to an empty one; a value with
 * a LF in it stands on the lines after KEY, with its size in eight bytes
 * (little-endian) in front.
 */
#include "format/json_object.h"
#include "format/scan_util.h"
#include "record/syslog_priority.h"

enum { ENTRY_MAX = 4 << 20 };

static const struct {
	const char *theirs, *ours;
} names[] = {
	{ "_HOSTNAME", "hostname" }, { "SYSLOG_IDENTIFIER", "appname" },
	{ "_PID", "procid" }, { "MESSAGE", "message" }, { "CODE_FILE", "file" },
	{ "CODE_LINE", "line" }, { "CONTAINER_NAME", "container" },
	{ "CONTAINER_ID_FULL", "container_id" }, { "IMAGE_NAME", "image" },
};

/* Gives PRIORITY, 0 to 7, and SYSLOG_FACILITY, 0 to 23, their names. */
static bool
name_number(struct scan *s, struct field *f, const char *key, unsigned of)
{
	struct span v = record_value(s->rec, f);
	unsigned n = 0;

	if (!span_is(f->name, key) || !all_digits(v) || v.len > 2)
		return false;
	for (size_t i = 0; i < v.len; i++)
		n = n * 10 + (unsigned)(v.p[i] - '0');
	if (n >= (of == 0 ? PRIORITY_SEVERITIES : PRIORITY_FACILITIES))
		return false;
	f->value = span_str(of == 0 ? priority_severities[n] :
	    priority_facilities[n]);
	f->kind = FIELD_SAFE;
	f->clean = true;
	f->name = of == 0 ? NAME("severity") : NAME("facility");
	return true;
}

/* Decodes a message that is no UTF-8: it comes as an array of its bytes. */
static void
decode_bytes(struct scan *s, struct field *f)
{
	const char *p = f->value.p, *end = p + f->value.len;
	char *start, *to;
	unsigned n;

	if (f->kind != FIELD_JSON || f->value.len == 0 || *p != '[' ||
	    (start = to = record_room(s->rec, f->value.len)) == NULL)
		return;
	while (p < end) {
		if (!is_digit(*p)) {
			p++;
			continue;
		}
		for (n = 0; p < end && is_digit(*p) && n < 256; p++)
			n = n * 10 + (unsigned)(*p - '0');
		*to++ = (char)n;
	}
	f->value = span_of(start, (size_t)(to - start));
	f->kind = FIELD_TEXT;
}

static void
set_microseconds(struct scan *s, struct field *f)
{
	struct span v = record_value(s->rec, f);
	struct timestamp t;

	if (timestamp_epoch(v.p, v.p + v.len, &t) != v.p + v.len)
		return;
	f->name = NAME("timestamp");
	record_set_time(s->rec, f, &t);
}

static void
name_fields(struct scan *s)
{
	struct record *r = s->rec;
	struct field *f;
	size_t i;

	for (size_t n = 0; n < r->n; n++) {
		f = &r->fields[n];
		if (f->layer != r->layers)
			continue;
		record_own(r, f);
		f->plain_name = true;
		for (i = 0; i < sizeof names / sizeof names[0]; i++)
			if (span_is(f->name, names[i].theirs))
				break;
		if (i < sizeof names / sizeof names[0]) {
			f->name = span_str(names[i].ours);
			decode_bytes(s, f);
			if (span_is(f->name, "line") &&
			    all_digits(f->value) && f->value.len < 16)
				f->kind = FIELD_JSON;
			if (span_is(f->name, "message"))
				r->message = (int)n;
		} else if (span_is(f->name, "__REALTIME_TIMESTAMP")) {
			set_microseconds(s, f);
		} else if (!name_number(s, f, "PRIORITY", 0) &&
		    !name_number(s, f, "SYSLOG_FACILITY", 1)) {
			f->name = snake_case(r, f->name);
		}
	}
}

/*
 * Reads the field that begins at p.  Returns where the text goes on, or NULL
 * when a part of it is still to come.
 */
static const char *
split_field(const char *p, const char *end, struct span *key,
    struct span *value)
{
	const char *lf = memchr(p, '\n', (size_t)(end - p)), *equals;
	uint64_t size = 0;

	if (lf == NULL)
		return NULL;
	if ((equals = memchr(p, '=', (size_t)(lf - p))) != NULL) {
		*key = span_to(p, equals);
		*value = span_to(equals + 1, lf);
		return lf + 1;
	}
	*key = span_to(p, lf++);
	if (end - lf < 9)
		return NULL;
	for (int i = 7; i >= 0; i--)
		size = size << 8 | (unsigned char)lf[i];
	if (size > (uint64_t)(end - lf) - 9)
		return NULL;
	*value = span_of(lf + 8, (size_t)size);
	return lf + 8 + size + 1;
}

/* Adds all fields that were kept, in the record's memory. */
static bool
end_entry(struct scan *s)
{
	struct memory *m = s->memory;
	char *room = record_room(s->rec, m->entry.len);
	const char *p = room, *end, *next;
	struct span key, value;

	s->skip = false;
	if (p == NULL)
		return true;
	memcpy(room, m->entry.p, m->entry.len);
	end = p + m->entry.len;
	m->entry_done = 0;
	buf_clear(&m->entry);
	for (; p < end && (next = split_field(p, end, &key, &value)) != NULL;
	    p = next)
		record_add_pair(s->rec, key, value);
	if (p < end)		/* the input ended inside a field */
		add_text(s, NAME("extra"), span_to(p, end));
	name_fields(s);
	return true;
}

/*
 * Reads a line of an export entry; the empty one at its end gives the record.
 */
static bool
add_line(struct scan *s, struct span line)
{
	struct memory *m = s->memory;
	struct span key, value;
	const char *next;

	m->used = true;
	s->skip = true;
	if (line.len == 0 && m->entry_done == m->entry.len)
		return end_entry(s);
	buf_addspan(&m->entry, line);
	if (buf_addc(&m->entry, '\n') < 0) {
		s->rec->failed = true;
		m->entry_done = 0;
		buf_clear(&m->entry);
	}
	while (m->entry_done < m->entry.len && (next = split_field(m->entry.p +
	    m->entry_done, m->entry.p + m->entry.len, &key, &value)) != NULL)
		m->entry_done = (size_t)(next - m->entry.p);
	return m->entry.len < ENTRY_MAX || end_entry(s);
}

static bool
scan_journal(struct scan *s, struct span text)
{
	struct memory *m = s->memory;

	if (m->entry.len > 0)
		return add_line(s, text);
	if (text.len > 0 && *text.p == '{')
		return scan_object(s, text);
	if (skip(text.p, text.p + text.len, "__CURSOR=") == NULL)
		return scan_fail(s, 1, text.p, "__CURSOR=");
	return add_line(s, text);
}

static void
name_keys(struct scan *s, struct keys *keys)
{
	(void)keys;		/* the journal has its own keys, in capitals */
	name_fields(s);
}

static bool
is_open(const struct memory *m)
{
	return m->entry.len > 0;
}

static bool
end_journal(struct scan *s)
{
	return is_open(s->memory) && end_entry(s);
}

/* A line of JSON is found by scan_object, which json calls. */
const struct format format_journal = {
	.name = "journal", .description = "journalctl -o json and -o export",
	.example = "{\"__REALTIME_TIMESTAMP\":\"1624961103123456\","
	    "\"MESSAGE\":\"text\"}",
	.first = "_", .keys = { "__REALTIME_TIMESTAMP" },
	.scan = scan_journal, .name_keys = name_keys, .nests = true,
	.carried_by = { "__CURSOR=" }, .is_open = is_open, .end = end_journal,
};
